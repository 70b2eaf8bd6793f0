"""Whether missing links are found: links of fictional worlds are deleted, and asked for again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from clustermap.network.edges import code_edges, sort_edges
from clustermap.network.standardise import standardise
from clustermap.scores.parts import Linkages
from clustermap.selection.distance import find_within, straight_line
from clustermap.selection.fields import Fields
from clustermap.selection.near_pairs import INSTITUTE_TYPES, NEAR_M, pair_institutes
from clustermap.sources.world import build_nation, count_world, draw_edges, observe
from clustermap.sources.world.edges import Edges

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

    from clustermap.sources.world import Observation
    from scripts.validation.worlds import World

    Numbers = npt.NDArray[np.float64]
    Marks = npt.NDArray[np.bool_]
    Positions = npt.NDArray[np.int64]

WAYS = ("scattered", "pairs")
"""What is deleted: links at random, or all links of pairs at random."""
SHARE = 0.1
PLACES = (10, 50, 100)
"""Numbers of pairs told among which those deleted are counted."""
RANKINGS = ("ours", "distance", "degree", "chance")


def key_pairs(edges: Edges, seen: Observation) -> Positions:
    """Return the pair of a cluster and an institute that each link joins.

    Parameters
    ----------
    edges
        Links of a world.
    seen
        Its actors.

    Returns
    -------
    np.ndarray
        int64: cluster times the number of actors plus institute; -1 for links of no such pair. A
        link of two institutes belongs to none here.
    """
    register, clusters = seen.register, seen.cells.clusters
    table = edges.table()
    a, b = (table[end].to_numpy() for end in ("a", "b"))
    institute = np.isin(register.types, INSTITUTE_TYPES)
    turned = institute[a]
    inst, firm = np.where(turned, a, b), np.where(turned, b, a)
    cell = register.cells[firm].astype(np.int64)
    one = (institute[a] != institute[b]) & (cell < clusters)
    return np.where(one, cell * len(register.cells) + inst, -1)


def choose_deleted(
    keys: Positions, near: Positions, way: str, seed: int, share: float = SHARE
) -> Marks:
    """Choose the links to delete: a share of those between clusters and institutes near them.

    Parameters
    ----------
    keys
        From key_pairs.
    near
        Keys of the pairs that are near.
    way
        One of WAYS.
    seed
        Of the choice.
    share
        Share of these links; pairs are taken whole until it is reached.

    Returns
    -------
    np.ndarray
        bool, one a link.
    """
    rng = np.random.default_rng(seed)
    among = np.flatnonzero(np.isin(keys, near))
    wanted = round(share * len(among))
    gone = np.zeros(len(keys), dtype=bool)
    if way == "scattered":
        gone[rng.choice(among, wanted, replace=False)] = True
        return gone
    found, at, links = np.unique(keys[among], return_inverse=True, return_counts=True)
    order = rng.permutation(len(found))
    taken = order[: np.searchsorted(np.cumsum(links[order]), wanted) + 1]
    gone[among] = np.isin(at, taken)
    return gone


def rank_pairs(table: pd.DataFrame, degrees: tuple[Numbers, Numbers]) -> dict[str, Numbers]:
    """Return what each ranking makes of the pairs without a link left, the more the sooner told.

    Parameters
    ----------
    table
        Pairs: cluster, other, distance_m, expected.
    degrees
        Links left of clusters, and of actors.

    Returns
    -------
    dict
        Ranking to value; by degrees they are multiplied, as in preferential attachment
        (Liben-Nowell and Kleinberg 2007, Journal of the American Society for Information Science
        and Technology 58(7), 1019-1031).
    """
    of_clusters, of_actors = degrees
    return {
        "ours": table["expected"].to_numpy(dtype=float),
        "distance": -table["distance_m"].to_numpy(dtype=float),
        "degree": of_clusters[table["cluster"]] * of_actors[table["other"]],
    }


def precision_at(value: Numbers, right: Marks, places: int) -> float:
    """Return the share of right pairs among those told first.

    Parameters
    ----------
    value
        The more the sooner told; those alike count by the share of places that is left.
    right
        Which pairs are right.
    places
        How many are told.

    Returns
    -------
    float
        NaN with fewer pairs than places.

    Examples
    --------
    >>> precision_at(np.array([3.0, 2.0, 2.0, 1.0]), np.array([True, True, False, True]), 2)
    0.75
    """
    if len(value) < places:
        return float("nan")
    end = np.sort(value)[-places]
    above, alike = value > end, value == end
    left = (places - above.sum()) / alike.sum()
    return float(((right & above).sum() + left * (right & alike).sum()) / places)


def measure_missing(seen: Observation, edges: Edges, way: str, seed: int) -> dict[str, float]:
    """Delete a tenth of the links, and return how many of the pairs told first had some.

    All rankings see the same: the pairs of a cluster and an institute within 30 km that have no
    link left. Right are those that had one.

    Parameters
    ----------
    seen
        Actors of a world.
    edges
        Its links.
    way
        One of WAYS.
    seed
        Of what is deleted.

    Returns
    -------
    dict
        pairs, right, and ``<ranking>.<places>``; chance is the share of right pairs among all.
    """
    keys = key_pairs(edges, seen)
    actors = len(seen.register.cells)
    kept = ~choose_deleted(keys, _key_near(seen), way, seed)
    left = Edges(*(column[kept] for column in vars(edges).values()))
    table = _list_pairs(left, seen)
    table = table[table["observed"] == 0]
    asked = table["cluster"].to_numpy() * actors + table["other"].to_numpy()
    right = np.isin(asked, keys[~kept])
    ends = left.table()
    of_actors = sum(
        np.bincount(ends[end].to_numpy(), minlength=actors).astype(float) for end in ("a", "b")
    )
    of_cells = np.bincount(seen.register.cells, of_actors, len(seen.cells.names))
    found = {"pairs": float(len(table)), "right": float(right.sum())}
    for name, value in rank_pairs(table, (of_cells, np.asarray(of_actors))).items():
        found |= {f"{name}.{k}": precision_at(value, right, k) for k in PLACES}
    return found | {f"chance.{k}": float(right.mean()) for k in PLACES}


def _key_near(seen: Observation) -> Positions:
    register, clusters = seen.register, seen.cells.clusters
    actors = np.flatnonzero(np.isin(register.types, INSTITUTE_TYPES))
    x, y = (
        np.bincount(register.cells, np.nan_to_num(axis), len(seen.cells.names))[:clusters]
        / np.bincount(register.cells, minlength=len(seen.cells.names))[:clusters]
        for axis in (register.x, register.y)
    )
    measure = straight_line(seen.ground.crs)
    cluster, at, _ = find_within((x, y), (register.x[actors], register.y[actors]), measure, NEAR_M)
    return cluster * len(register.cells) + actors[at]


def _list_pairs(edges: Edges, seen: Observation) -> pd.DataFrame:
    observed = count_world(seen, edges)
    standardised = standardise(observed, beside=False, circumstances=())
    coded = sort_edges([code_edges(edges.table())])
    linkages = Linkages(observed, standardised, coded, seen.register)
    unknown = Fields([frozenset()] * seen.cells.clusters, {})
    return pair_institutes(linkages, unknown).table


def visit_missing(world: World) -> dict[str, Any]:
    """Return what is recorded of a world whose links are deleted.

    Parameters
    ----------
    world
        The world.

    Returns
    -------
    dict
        By way: measures, null where there is none.
    """
    nation = build_nation(
        clusters=world.clusters, links=world.links, seed=world.seed, law=world.law
    )
    edges, seen = draw_edges(nation, world.seed), observe(nation)
    return {
        "missing": {
            way: {
                name: None if np.isnan(value) else float(f"{value:.6g}")
                for name, value in measure_missing(seen, edges, way, world.seed).items()
            }
            for way in WAYS
        }
    }
