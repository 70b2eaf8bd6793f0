"""Intermediaries: whom each support body reaches and brings together, and where one is wanting.

Who is near is asked of :mod:`clustermap.selection.reach`: half an hour by road, or a straight line
where no roads were read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import optimize, sparse

from clustermap.indicators.evidence import divide, wilson_interval
from clustermap.network.distinct import count_runs, distinct_rows
from clustermap.network.roles import PLACES, broker_pairs
from clustermap.network.strata import LEFT_OUT
from clustermap.network.ties import list_partners, tie_actors
from clustermap.selection.distance import find_within
from clustermap.tables import ACTOR_TYPES, INTERMEDIARIES, NEXT_SITES

if TYPE_CHECKING:
    import numpy.typing as npt

    from clustermap.layers.actors import Register
    from clustermap.network.actor_links import Membership
    from clustermap.network.edges import Edges
    from clustermap.selection.names import Named
    from clustermap.selection.reach import Nearness, Reach

    Numbers = npt.NDArray[np.float64]
    Positions = npt.NDArray[np.int64]
    Marks = npt.NDArray[np.bool_]

SQUARE_M = 1_000.0
"""Side of the squares that firms out of reach are counted in, on a map in metres."""

_FINE = 30
"""Bits that the place of a firm in its square is told with."""

FEW_VARIABLES = 3_000
"""Candidates and squares up to which the best sites are found exactly."""

_FIRM, _SUPPORT = ACTOR_TYPES.index("firm"), ACTOR_TYPES.index("support")


def score_intermediaries(
    register: Register,
    members: Membership,
    edges: Edges,
    ids: Named,
    reach: Nearness,
    ties: sparse.csr_array | None = None,
) -> pd.DataFrame:
    """Return whom each support body reaches and brings together.

    Parameters
    ----------
    register
        Every actor.
    members
        Which clusters hold which actors.
    edges
        Links of the kinds that count.
    ids
        Identifier of every actor.
    reach
        What is near.
    ties
        Who is linked with whom by these links, where it is known already.

    Returns
    -------
    pd.DataFrame
        The table INTERMEDIARIES, by identifier: firms within reach and how many of them it is
        linked with (with Wilson's interval of the share), partners, clusters joined, and pairs of
        partners that are not linked with each other, by place: both at its own (coordinator), both
        at one other (itinerant), one at its own and one elsewhere (gateway), at two others
        (liaison). A place is a cluster or a background cell.

    References
    ----------
    Gould, R. V. and Fernandez, R. M. (1989). Structures of mediation: a formal approach to
    brokerage in transaction networks. Sociological Methodology 19, 89-126. Links are taken without
    direction, so that every pair counts once, and gatekeeper and representative are one role.
    """
    bodies = np.flatnonzero((register.types == _SUPPORT) & (register.stratum != LEFT_OUT))
    if ties is None:
        ties = tie_actors(edges.a, edges.b, len(register.cells))
    linked = list_partners(ties, bodies)
    near, near_linked = _count_near(register, bodies, linked, reach)
    share = divide(near_linked, near)
    low, high = wilson_interval(share, near)
    roles = broker_pairs(ties, bodies, register.cells)
    table = pd.DataFrame(
        {
            "institute": ids[bodies],
            "near_firms": near,
            "near_linked": near_linked,
            "near_share": share,
            "near_low": low,
            "near_high": high,
            "partners": np.bincount(linked[0], minlength=len(bodies)),
            "joined": _count_joined(linked, len(bodies), members),
            **{name: roles[:, at] for at, name in enumerate(PLACES)},
        }
    )
    names = [column.name for column in INTERMEDIARIES.columns]
    return table[names].sort_values("institute").reset_index(drop=True)


def _located(register: Register, actors: Positions) -> Marks:
    """Return who is known to stand where, well enough to measure distances of some kilometres."""
    return np.asarray(register.precise[actors], dtype=bool)


def _count_near(
    register: Register, bodies: Positions, linked: tuple[Positions, Positions], reach: Nearness
) -> tuple[Positions, Positions]:
    firms = np.flatnonzero((register.types == _FIRM) & (register.stratum != LEFT_OUT))
    firms = firms[_located(register, firms)]
    own_x, own_y = _find_spots(register, bodies)
    there = register.x[firms], register.y[firms]
    near = reach.count((own_x, own_y), there, np.ones(len(firms), dtype=np.int64))
    del there, firms
    row, partner = linked
    firm = (register.types[partner] == _FIRM) & (register.stratum[partner] != LEFT_OUT)
    row, partner = row[firm], partner[firm]
    held = reach.holds((own_x[row], own_y[row]), _find_spots(register, partner))
    return near, np.bincount(row[held], minlength=len(bodies)).astype(np.int64)


def _find_spots(register: Register, actors: Positions) -> tuple[Numbers, Numbers]:
    """Return where actors stand; who is known only to a district is near nobody for sure."""
    known = _located(register, actors)
    x, y = (np.where(known, v[actors], np.nan) for v in (register.x, register.y))
    return x, y


def _count_joined(
    linked: tuple[Positions, Positions], bodies: int, members: Membership
) -> Positions:
    row, partner = linked
    at, cluster = members.holders(partner)
    joined, _ = distinct_rows((row[at], cluster))
    return np.bincount(joined, minlength=bodies).astype(np.int64)


def find_unreached(register: Register, reach: Nearness, side: float = SQUARE_M) -> pd.DataFrame:
    """Return where firms are that no support body reaches, by square.

    Parameters
    ----------
    register
        Every actor.
    reach
        What is near.
    side
        Side of the squares, in units of the map.

    Returns
    -------
    pd.DataFrame
        x, y (mean of the firms there), firms, reached (bool), by square; firms without a place, or
        with one that is known no better than to 2 km, are left out.
    """
    firms = np.flatnonzero((register.types == _FIRM) & (register.stratum != LEFT_OUT))
    firms = firms[_located(register, firms)]
    bodies = np.flatnonzero((register.types == _SUPPORT) & (register.stratum != LEFT_OUT))
    bodies = bodies[_located(register, bodies)]
    x, y = register.x[firms], register.y[firms]
    served = reach.serve((register.x[bodies], register.y[bodies]), (x, y))
    column, row = (np.floor(v / side).astype(np.int64) for v in (x, y))
    rows = np.ptp(row) + 1 if len(row) else 1
    square = (column * rows + row) * 2 + served
    order = np.argsort(square)
    start, number = count_runs(square[order])
    first = order[start]
    # Sums of whole numbers, so that means are the same whatever the order of the firms.
    step = 2.0 ** (np.floor(np.log2(side)) - _FINE)
    means = []
    for v, at in ((x, column), (y, row)):
        beyond = np.rint((v - at * side) / step).astype(np.int64)[order]
        total = np.add.reduceat(beyond, start) if len(start) else beyond
        means.append(at[first] * side + total / number * step)
    found = {"x": means[0], "y": means[1], "firms": number, "reached": served[first]}
    return pd.DataFrame(found)


def choose_sites(covers: sparse.csr_array, firms: Positions, number: int) -> list[int]:
    """Choose sites one after the other, each where it adds most firms.

    Parameters
    ----------
    covers
        Candidates x squares: 1 where a site would reach a square.
    firms
        Firms of each square.
    number
        Sites wanted.

    Returns
    -------
    list of int
        Candidates in the order chosen; of equal ones the first. No more than add any firm.

    References
    ----------
    Church, R. and ReVelle, C. (1974). The maximal covering location problem. Papers of the Regional
    Science Association 32, 101-118.

    Examples
    --------
    Two squares in the middle hold 6 firms each, the ends 5: the greedy first site takes the middle.

    >>> covers = sparse.csr_array([[1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 1]])
    >>> choose_sites(covers, np.array([5, 6, 6, 5]), 2), cover_most(covers, [5, 6, 6, 5], 2)
    ([1, 0], [0, 2])
    """
    left, chosen = np.asarray(firms, dtype=np.int64).copy(), list[int]()
    for _ in range(number):
        added = covers @ left
        if not len(added) or added.max() <= 0:
            break
        best = int(added.argmax())
        chosen.append(best)
        left[covers[[best]].indices] = 0
    return chosen


def cover_most(covers: sparse.csr_array, firms: npt.ArrayLike, number: int) -> list[int]:
    """Choose so many sites that reach most firms together.

    Parameters
    ----------
    covers, firms, number
        As for :func:`choose_sites`.

    Returns
    -------
    list of int
        Candidates, ascending; exact.

    Raises
    ------
    ValueError
        If the solver does not finish.

    References
    ----------
    As :func:`choose_sites`.
    """
    weights = np.asarray(firms, dtype=float)
    sites, squares = covers.shape
    cost = np.concatenate([np.zeros(sites), -weights])
    reached = sparse.hstack([-covers.T, sparse.eye_array(squares)], format="csr")
    built = np.concatenate([np.ones(sites), np.zeros(squares)])[None]
    found = optimize.milp(
        cost,
        integrality=np.concatenate([np.ones(sites), np.zeros(squares)]),
        bounds=optimize.Bounds(0, 1),
        constraints=[
            optimize.LinearConstraint(reached, ub=np.zeros(squares)),
            optimize.LinearConstraint(built, ub=number),
        ],
    )
    if found.x is None:
        raise ValueError(f"no sites were found: {found.message}")
    return [int(site) for site in np.flatnonzero(found.x[:sites] > 0.5)]


def _points(table: pd.DataFrame) -> tuple[Numbers, Numbers]:
    return table["x"].to_numpy(dtype=float), table["y"].to_numpy(dtype=float)


def find_next_sites(
    unreached: pd.DataFrame, candidates: pd.DataFrame, reach: Reach, number: int = 5
) -> pd.DataFrame:
    """Return where further support bodies would reach most firms that none reaches.

    Parameters
    ----------
    unreached
        From :func:`find_unreached`.
    candidates
        Where one might stand: x, y on the index of clusters.
    reach
        What is near.
    number
        Sites wanted.

    Returns
    -------
    pd.DataFrame
        The table NEXT_SITES. Of few candidates and squares the set is the best there is, told in
        the order in which its sites add most; else each is the best after those before it, which
        together reach at least 1 - 1/e of what the best set would.

    References
    ----------
    As :func:`choose_sites`. Nemhauser, G. L., Wolsey, L. A. and Fisher, M. L. (1978). An analysis
    of approximations for maximizing submodular set functions - I. Mathematical Programming 14(1),
    265-294.
    """
    open_ = unreached[~unreached["reached"]].reset_index(drop=True)
    ordered = candidates.sort_index()
    spots = _points(ordered), _points(open_)
    site, square, _ = find_within(*spots, reach.distance, reach.limit, reach.unit)
    shape = (len(ordered), len(open_))
    covers = sparse.csr_array((np.ones(len(site), np.int64), (site, square)), shape=shape)
    firms = open_["firms"].to_numpy(dtype=np.int64)
    kept = np.arange(len(ordered))
    if len(site) and sum(shape) <= FEW_VARIABLES:
        kept = np.array(cover_most(covers, firms, number), dtype=np.int64)
    chosen = kept[choose_sites(covers[kept], firms, number)]
    before = int(unreached.loc[unreached["reached"], "firms"].sum())
    rows, left = [], firms.copy()
    for turn, best in enumerate(chosen, start=1):
        own = covers[[best]].indices
        added = int(left[own].sum())
        left[own] = 0
        before += added
        rows.append((turn, ordered.index[best], added, before, int(unreached["firms"].sum())))
    return pd.DataFrame(rows, columns=[column.name for column in NEXT_SITES.columns])
