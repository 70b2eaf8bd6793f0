"""Expected links by where they lead, seen from each cluster: inside its fence, near it, beyond.

They are summed up here as :mod:`clustermap.network.units` sums up observed ones, so that their
ratio compares like with like: local reaches hold all that is nearer, and a link that touches a
cluster with one end or both counts once for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from clustermap.network.expected import Desk, in_parts

if TYPE_CHECKING:
    import numpy.typing as npt

    from clustermap.layers.cells import Cells
    from clustermap.network.expected import PairExpectation
    from clustermap.network.space import Space
    from clustermap.network.units import Reach

    Numbers = npt.NDArray[np.float64]
    Codes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Sums:
    """Expected links of clusters by reach.

    Parameters
    ----------
    links
        Clusters x (local reaches + 1): local ones hold all that is nearer; the last is what lies
        beyond them.
    squares
        The same of squares over pairs of different cells; they say how far dispersion averages
        out. Links within the fence have none: what sets that one place apart is what is measured.
    """

    links: Numbers
    squares: Numbers


@dataclass(frozen=True)
class Surroundings:
    """What lies around every cluster: the few pairs of cells that do not simply lie beyond.

    Parameters
    ----------
    reach
        How far links reach.
    clusters
        Number of clusters.
    cluster, held
        Clusters in order, and the cells that they hold.
    at, cell
        The pairs: position in ``held``, ascending, and the other cell.
    level
        Reach of the other cell; ``NEAR`` where the distances of actors differ, ``OWN`` where the
        cluster holds it itself.
    row
        Row of the near pairs for those that are ``NEAR``.
    """

    reach: Reach
    clusters: int
    cluster: Codes
    held: Codes
    at: Codes
    cell: Codes
    level: Codes
    row: Codes


NEAR, OWN = 254, 255
"""Stand for a reach where distances of actors tell it, and where there is none."""


def look_around(cells: Cells, space: Space, reach: Reach) -> Surroundings:
    """Find what lies around every cluster.

    Parameters
    ----------
    cells
        Which clusters hold which cells.
    space
        Near pairs and distance bins.
    reach
        How far links reach.

    Returns
    -------
    Surroundings
        The same for whatever is expected.
    """
    order = np.argsort(cells.held_cluster, kind="stable")
    cluster, held = (at[order].astype(np.int64) for at in (cells.held_cluster, cells.held_cell))
    holds = np.bincount(cluster, minlength=cells.clusters)
    ends = np.cumsum(holds)
    everyone, found = np.arange(len(space.bins), dtype=np.int32), []
    for part in in_parts(len(held)):
        # The region that is home is that of the cluster, also for its pieces.
        level = reach.find(cluster[part, None].astype(np.int32), everyone, space.bins[held[part]])
        if len(reach.of_band):
            at, partner, _ = space.near_of(held[part])
            level[at, partner] = NEAR
        for number, own in enumerate(cluster[part]):
            level[number, held[ends[own] - holds[own] : ends[own]]] = OWN
        at, cell = np.nonzero(level != reach.levels)
        found.append(np.stack([at + part.start, cell, level[at, cell]]))
    at, cell, level = np.hstack([np.zeros((3, 0), dtype=np.int64), *found])
    near = level == NEAR
    row = space.find_near(held[at[near]].astype(np.int32), cell[near].astype(np.int32))
    return Surroundings(reach, cells.clusters, cluster, held, at, cell, level, row)


def sum_by_reach(
    expected: PairExpectation,
    cells: Cells,
    space: Space,
    reach: Reach,
    around: Surroundings | None = None,
) -> Sums:
    """Sum up expected links by cluster and reach.

    Parameters
    ----------
    expected
        Expected links of pairs of cells.
    cells
        Which clusters hold which cells.
    space
        Near pairs and distance bins.
    reach
        How far links reach.
    around
        From :func:`look_around`, where it is known already.

    Returns
    -------
    Sums
        Of all clusters.
    """
    around = look_around(cells, space, reach) if around is None else around
    links, squares = np.zeros((2, len(around.held), reach.levels + 1))
    _add_local(expected, around, links, squares)
    _add_beyond(expected, around, links, squares)
    sums = Sums(*(_sum_clusters(values, around) for values in (links, squares)))
    own = around.level == OWN
    once = own & (around.cell >= around.held[around.at])
    cell, other = around.held[around.at[once]], around.cell[once]
    within = expected.links[cell, other]
    inside = np.bincount(around.cluster[around.at[once]], within, around.clusters)
    sums.links[:, : reach.levels] += inside[:, None]
    return sums


def _add_local(
    expected: PairExpectation, around: Surroundings, links: Numbers, squares: Numbers
) -> None:
    """Add up what the few pairs around each cell say, level by level.

    A pair whose actors lie in two levels is squared as one.
    """
    levels, of_band = around.reach.levels, around.reach.of_band
    by_level = np.zeros((len(around.row), levels))
    if len(of_band):
        # What lies as near as each level, and last what lies beyond.
        lying = of_band[:, None] <= np.arange(1, levels + 1)
        lying[:, -1] = of_band == levels
        by_level = (expected.near @ lying)[around.row]
    near, local = around.level == NEAR, around.level < levels
    at = np.concatenate([around.at[near], around.at[local]])
    typical = expected.links[around.held[around.at[local]], around.cell[local]]
    for level in range(1, levels + 1):
        there = (around.level[local] <= level) & (level < levels)
        values = np.concatenate([by_level[:, level - 1], np.where(there, typical, 0.0)])
        links[:, level] += np.bincount(at, values, len(links))
        squares[:, level] += np.bincount(at, values**2, len(links))


def _add_beyond(
    expected: PairExpectation, around: Surroundings, links: Numbers, squares: Numbers
) -> None:
    """Add up all other pairs of each cell."""
    desk = Desk(len(expected.links))
    for part in in_parts(len(around.held)):
        rows = desk.take(expected.links, around.held[part])
        there = slice(*np.searchsorted(around.at, [part.start, part.stop]))
        rows[around.at[there] - part.start, around.cell[there]] = 0.0
        links[part, -1] += rows.sum(axis=1)
        squares[part, -1] += np.einsum("ij,ij->i", rows, rows)


def _sum_clusters(values: Numbers, around: Surroundings) -> Numbers:
    return np.stack(
        [np.bincount(around.cluster, of_level, around.clusters) for of_level in values.T], axis=1
    )
