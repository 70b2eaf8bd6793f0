"""Pairs of a cluster with what is near it: links seen, links typical, and fields that both have.

What is typical comes from the mass null: links of such actors at such distances. An institute's
are multiplied with the ratio of all its own links, shrunk, for a small college is not to be told
to link with everybody around; a cluster's are not, for what it lacks in all is what is asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import special

from clustermap.network.actor_links import Membership
from clustermap.network.distinct import count_runs, distinct
from clustermap.network.expected import Stage
from clustermap.network.meetings import Meetings, expect_meetings
from clustermap.network.pairs import relative_sizes
from clustermap.network.shrinkage import (
    ENDLESS,
    Evidence,
    estimate_dispersion,
    find_belief,
    fit_prior,
)
from clustermap.network.strata import LEFT_OUT
from clustermap.selection.distance import find_within, plane_unit, straight_line
from clustermap.tables import ACTOR_TYPES, KINDS, SHARE_UNIT

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from clustermap.network.edges import Edges
    from clustermap.scores.parts import Linkages
    from clustermap.selection.fields import Fields

    Numbers = npt.NDArray[np.float64]
    Positions = npt.NDArray[np.int64]

NEAR_M = 30_000.0
"""Straight line up to which an institute or a cluster is near, metres."""

INSTITUTE_TYPES = tuple(
    ACTOR_TYPES.index(name) for name in ("university", "public_institute", "hospital", "support")
)
"""Actor types that are paired with clusters, as codes."""

_LEAST_SIZE, _MOST_SIZE = 1e-6, 1e9
_EDGES_AT_ONCE = 1_000_000


def lower_tail(observed: npt.ArrayLike, mean: npt.ArrayLike, size: npt.ArrayLike) -> Numbers:
    """Return the chance of so few links or fewer in a typical pair.

    Parameters
    ----------
    observed
        Links; they need not be whole.
    mean
        Links that are typical.
    size
        Size of the negative binomial; ENDLESS for Poisson.

    Returns
    -------
    Numbers
        Regularised incomplete beta or gamma function; 1 where nothing is typical.

    Examples
    --------
    No link where three are typical: exp(-3) by Poisson, 1 / (1 + 3) with a size of 1.

    >>> lower_tail([0, 0], [3, 3], [1e12, 1]).round(6).tolist()
    [0.049787, 0.25]
    """
    seen, typical, spread = (np.asarray(v, dtype=np.float64) for v in (observed, mean, size))
    limited = np.clip(spread, _LEAST_SIZE, _MOST_SIZE)
    typical = np.maximum(typical, 0)
    if (spread < _MOST_SIZE).all():
        return np.asarray(special.betainc(limited, seen + 1, limited / (limited + typical)))
    wide = special.betainc(limited, seen + 1, limited / (limited + typical))
    narrow = special.gammaincc(seen + 1, typical)
    return np.asarray(np.where(spread >= _MOST_SIZE, narrow, wide))


@dataclass(frozen=True)
class NearPairs:
    """Pairs of a cluster and what is near it.

    Parameters
    ----------
    table
        One row a pair: cluster (position), other (position in the register, or of a cluster),
        distance_m (NaN where the place of one is not known well), observed, expected, probability
        and least (chances of so few links and of none in a typical pair), lacking (position in
        KINDS of the kind that lacks most), matched (1, 0, NaN where fields are not known).
    common
        Fields that both have, one entry a row.
    dispersion
        Dispersion of pairs around what is typical.
    design
        Links per independent unit.
    """

    table: pd.DataFrame
    common: tuple[tuple[str, ...], ...]
    dispersion: float
    design: float


def pair_institutes(linkages: Linkages, fields: Fields, near_m: float = NEAR_M) -> NearPairs:
    """Pair every cluster with the institutes near it.

    Parameters
    ----------
    linkages
        Observed and expected links, edges, and every actor.
    fields
        What they work on.
    near_m
        How far an institute may lie from the middle of the cluster's members, metres.

    Returns
    -------
    NearPairs
        By cluster, then by the position of the institute.
    """
    register, space = linkages.register, linkages.observed.space
    there = np.isin(register.types, INSTITUTE_TYPES) & (register.stratum != LEFT_OUT)
    there &= register.precise | ~register.placed  # known to its district, it may be far away
    actors = np.flatnonzero(there)
    located = np.isfinite(register.x[actors]) & np.isfinite(register.y[actors])
    cells = register.cells[actors]
    x, y = (
        np.where(located, point[actors], middle[cells])
        for point, middle in ((register.x, space.x), (register.y, space.y))
    )
    cluster, at, distance = _find_near(linkages, x, y, near_m)
    actor = actors[at]
    # A place known to a few kilometres tells that it is near, not how near.
    told = np.where(register.precise[actor], distance, np.nan)
    shared = _share_fields(fields, cluster, actors, at)
    expected = _expect_institutes(linkages, cluster, actors, at)
    expected *= _own_ratio(linkages, actors)[at][:, None]
    seen = _count_institutes(linkages, cluster * len(actors) + at, actors)
    return _judge(linkages, (cluster, actor, told), (seen, expected), shared, scatter=True)


def pair_clusters(linkages: Linkages, fields: Fields, near_m: float = NEAR_M) -> NearPairs:
    """Pair every cluster with the clusters near it that share no member with it.

    Parameters
    ----------
    linkages
        Observed and expected links, edges, and every actor.
    fields
        What they work on.
    near_m
        How far the middles of their members may be apart, metres.

    Returns
    -------
    NearPairs
        Each pair once, the cluster that comes first in the layer first.
    """
    space, many = linkages.observed.space, linkages.observed.cells.clusters
    cluster, other, distance = _find_near(linkages, space.x[:many], space.y[:many], near_m)
    once = (cluster < other) & _peopled(linkages)[other]
    once &= ~np.isin(cluster * many + other, _find_overlaps(linkages))
    cluster, other, distance = cluster[once], other[once], distance[once]
    found = [
        fields.common_with(c, fields.clusters[o])
        for c, o in zip(cluster.tolist(), other.tolist(), strict=True)
    ]
    shared = _Shared(found, np.arange(len(found)))
    expected = _expect_clusters(linkages, cluster, other)
    seen = _count_clusters(linkages, cluster * many + other)
    return _judge(linkages, (cluster, other, distance), (seen, expected), shared, scatter=False)


def _peopled(linkages: Linkages) -> npt.NDArray[np.bool_]:
    cells = linkages.observed.cells
    members = linkages.observed.drawn.members.sum(axis=1)[cells.held_cell]
    return np.bincount(cells.held_cluster, members, cells.clusters) > 0


def _find_near(
    linkages: Linkages, x: Numbers, y: Numbers, near_m: float
) -> tuple[Positions, Positions, Numbers]:
    space, many = linkages.observed.space, linkages.observed.cells.clusters
    measure = straight_line(space.crs)
    places = space.x[:many], space.y[:many]
    found = find_within(places, (x, y), measure, near_m, plane_unit(space.crs))
    kept = _peopled(linkages)[found[0]]
    return found[0][kept], found[1][kept], found[2][kept]


def _members(linkages: Linkages) -> Membership:
    cells = linkages.observed.cells
    return Membership(linkages.register.cells, cells.held_cell, cells.held_cluster, cells.clusters)


def _find_overlaps(linkages: Linkages) -> Positions:
    """Return the pairs of clusters that hold a cell together, as whole numbers."""
    cells = linkages.observed.cells
    held = pd.DataFrame({"cell": cells.held_cell, "cluster": cells.held_cluster})
    both = held.merge(held, on="cell")
    return np.unique(both["cluster_x"].to_numpy(np.int64) * cells.clusters + both["cluster_y"])


def _hold(linkages: Linkages, clusters: Positions) -> tuple[Positions, Positions]:
    """Return the cells that clusters hold: position in the list, and cell."""
    cells = linkages.observed.cells
    order = np.argsort(cells.held_cluster, kind="stable")
    first = np.searchsorted(cells.held_cluster[order], np.arange(cells.clusters + 1))
    times = first[clusters + 1] - first[clusters]
    row = np.repeat(np.arange(len(clusters)), times)
    step = np.arange(len(row)) - np.repeat(np.cumsum(times) - times, times)
    return row, cells.held_cell[order][first[clusters][row] + step].astype(np.int64)


def _stage(linkages: Linkages) -> Stage:
    observed = linkages.observed
    members = observed.drawn.members
    return Stage(members, observed.space, observed.strata, relative_sizes(members))


def _kinds(linkages: Linkages) -> tuple[int, ...]:
    found = linkages.standardised
    return found.comparisons[found.headline, "drawn"].kinds


@dataclass(frozen=True)
class _Shared:
    # Fields that both ends of pairs have, once for pairs that are alike, and which are each pair's.
    found: list[frozenset[str] | None]
    which: Positions


def _share_fields(fields: Fields, cluster: Positions, actors: Positions, at: Positions) -> _Shared:
    """Return what fields clusters share with institutes; many of these work on the same."""
    number = dict[frozenset[str], int]()
    own = [fields.actors.get(actor, frozenset()) for actor in actors.tolist()]
    code = np.array([number.setdefault(one, len(number)) for one in own], dtype=np.int64)
    some, which = _find_alike(cluster * len(number) + code[at])
    sets = list(number)
    pairs = np.divmod(some, max(len(sets), 1))
    found = [
        fields.common_with(c, sets[s])
        for c, s in zip(*(end.tolist() for end in pairs), strict=True)
    ]
    return _Shared(found, which)


def _find_alike(keys: Positions) -> tuple[Positions, Positions]:
    """Return the different ones of whole numbers, ascending, and which of them each is."""
    different = distinct(keys)
    return different, np.searchsorted(different, keys)


def _expect_institutes(
    linkages: Linkages, cluster: Positions, actors: Positions, at: Positions
) -> Numbers:
    register, strata = linkages.register, len(linkages.observed.strata)
    # Of institutes of one stratum in one cell the same is expected.
    sorts, sort = _find_alike(
        register.cells[actors].astype(np.int64) * strata + register.stratum[actors]
    )
    some, which = _find_alike(cluster * len(sorts) + sort[at])
    pairs = np.divmod(some, max(len(sorts), 1))
    row, cell = _hold(linkages, pairs[0])
    other, stratum = np.divmod(sorts[pairs[1]][row], strata)
    return _sum_fits(linkages, Meetings(cell, other, stratum), row, len(some))[which]


def _expect_clusters(linkages: Linkages, cluster: Positions, other: Positions) -> Numbers:
    row, cell = _hold(linkages, cluster)
    again, far = _hold(linkages, other[row])
    return _sum_fits(linkages, Meetings(cell[again], far), row[again], len(cluster))


def _sum_fits(linkages: Linkages, meetings: Meetings, pair: Positions, pairs: int) -> Numbers:
    """Return what the mass null expects of pairs, pairs x kinds."""
    kinds, stage = _kinds(linkages), _stage(linkages)
    expected = np.zeros((pairs, len(kinds)))
    for (null, _), fit in linkages.standardised.fits.items():
        if null == "mass":
            links = expect_meetings(fit, stage, meetings)
            expected[:, kinds.index(fit.channel.kind)] += np.bincount(pair, links, pairs)
    return expected


def _own_ratio(linkages: Linkages, actors: Positions) -> Numbers:
    """Return the ratio of all links of each institute to those typical of it, shrunk."""
    register, found, kinds = linkages.register, linkages.standardised, _kinds(linkages)
    edges, home = linkages.edges, register.stratum != LEFT_OUT
    scored = np.isin(np.arange(len(KINDS)), kinds)
    credit = np.zeros(len(register.cells), dtype=np.int64)
    asked = np.zeros(len(credit), dtype=bool)
    asked[actors] = True
    for end, far in ((edges.a, edges.b), (edges.b, edges.a)):
        own = np.flatnonzero(asked[end])
        own = own[scored[edges.kind[own]] & home[far[own]]]
        np.add.at(credit, end[own], edges.credit[own])
    typical = np.zeros(len(actors))
    for kind in kinds:
        typical += found.ends[kind][register.cells[actors], register.stratum[actors]]
    design = _design(linkages)
    evidence = Evidence(
        credit[actors] / SHARE_UNIT / design, typical / design, np.full(len(actors), ENDLESS)
    )
    # Sorted, so that the fit is the same to the last digit whatever the order of the actors.
    order = np.lexsort((evidence.observed, evidence.expected))
    prior = fit_prior(Evidence(*(part[order] for part in vars(evidence).values())))
    belief = find_belief(evidence, prior)
    mean = (belief.weight * belief.shape / belief.rate).sum(axis=1)
    return np.asarray(np.where(typical > 0, mean, 1.0))


def _design(linkages: Linkages) -> float:
    found = linkages.standardised
    return float(np.median(found.comparisons[found.headline, "drawn"].design[:, -1, -1]))


def _count_institutes(linkages: Linkages, wanted: Positions, actors: Positions) -> Numbers:
    edges, members = linkages.edges, _members(linkages)
    asked = np.zeros(len(linkages.register.cells), dtype=bool)
    asked[actors] = True
    slot = np.cumsum(asked) - 1  # actors are ascending
    links = np.zeros((len(wanted), len(KINDS)), dtype=np.int64)
    for some in _split(edges):
        for one, other in ((some.a, some.b), (some.b, some.a)):
            rows = np.flatnonzero(asked[one])
            at, cluster = members.holders(other[rows])
            rows = rows[at].astype(np.int64)
            _tally(links, wanted, cluster * len(actors) + slot[one[rows]], some.part(rows))
    return links[:, list(_kinds(linkages))] / SHARE_UNIT


def _count_clusters(linkages: Linkages, wanted: Positions) -> Numbers:
    edges, members = linkages.edges, _members(linkages)
    many = members.clusters
    links = np.zeros((len(wanted), len(KINDS)), dtype=np.int64)
    for some in _split(edges):
        rows, one = members.holders(some.a)
        at, other = members.holders(some.b[rows])
        rows, one = rows[at], one[at]
        keys = np.minimum(one, other) * many + np.maximum(one, other)
        _tally(links, wanted, keys, some.part(rows.astype(np.int64)))
    return links[:, list(_kinds(linkages))] / SHARE_UNIT


def _split(edges: Edges) -> Iterator[Edges]:
    for start in range(0, len(edges.a), _EDGES_AT_ONCE):
        yield edges.part(slice(start, start + _EDGES_AT_ONCE))


def _tally(links: npt.NDArray[np.int64], wanted: Positions, keys: Positions, edges: Edges) -> None:
    """Add the credit of edges to the pairs that are wanted, which are sorted."""
    if not len(wanted) or not len(keys):
        return
    keys = keys * len(KINDS) + edges.kind
    # Sorted, for there may be millions of both: places are then looked up one after the other.
    order = np.argsort(keys)
    start, _ = count_runs(keys := keys[order])
    pair, kind = np.divmod(keys[start], len(KINDS))
    credit = np.add.reduceat(edges.credit[order], start)
    at = np.minimum(np.searchsorted(wanted, pair), len(wanted) - 1)
    kept = wanted[at] == pair
    links[at[kept], kind[kept]] += credit[kept]


def _judge(
    linkages: Linkages,
    pair: tuple[Positions, Positions, Numbers],
    links: tuple[Numbers, Numbers],
    shared: _Shared,
    *,
    scatter: bool,
) -> NearPairs:
    by_kind, expected_by_kind = links
    observed, expected = by_kind.sum(axis=1), expected_by_kind.sum(axis=1)
    design = _design(linkages)
    dispersion = float(linkages.standardised.dispersion[-1])
    if scatter:
        # Institutes differ among themselves beyond what cells, which are sums of actors, do.
        # Sorted, so that the order of the pairs changes no digit.
        both = np.sort(expected + 1j * observed)
        own = estimate_dispersion(both.imag, both.real, design=design)
        dispersion = max(dispersion, own)
    size = 1 / dispersion if dispersion > 0 else ENDLESS
    none = np.zeros(len(observed))
    kinds = np.array(_kinds(linkages), dtype=np.int64)
    by_kind -= expected_by_kind
    lacking = by_kind.argmin(axis=1) if len(kinds) else none.astype(int)
    cluster, other, distance_m = pair
    matched = [np.nan if one is None else float(bool(one)) for one in shared.found]
    told = (tuple(sorted(one or ())) for one in shared.found)
    common = np.fromiter(told, dtype=object, count=len(matched))
    table = pd.DataFrame(
        {
            "cluster": cluster,
            "other": other,
            "distance_m": distance_m,
            "observed": observed,
            "expected": expected,
            "probability": lower_tail(observed / design, expected / design, size),
            "least": lower_tail(none, expected / design, size),
            "lacking": kinds[lacking],
            "matched": np.array(matched, dtype=np.float64)[shared.which],
        }
    )
    return NearPairs(table, tuple(common[shared.which].tolist()), dispersion, design)
