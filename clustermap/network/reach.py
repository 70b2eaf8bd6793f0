"""Expected links by where they lead, seen from each cluster: inside its fence, near it, beyond.

They are summed up here as :mod:`clustermap.network.units` sums up observed ones, so that their
ratio compares like with like: local reaches hold all that is nearer, and a link that touches a
cluster with one end or both counts once for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from clustermap.layers.cells import Cells
    from clustermap.network.expected import PairExpectation
    from clustermap.network.space import Space
    from clustermap.network.units import Reach

    Numbers = npt.NDArray[np.float64]
    Codes = npt.NDArray[np.int64]

_ROWS_AT_ONCE = 64  # so few that they stay in the cache


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


def sum_by_reach(expected: PairExpectation, cells: Cells, space: Space, reach: Reach) -> Sums:
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

    Returns
    -------
    Sums
        Of all clusters.
    """
    spread = _Spread(expected, space, reach)
    many = np.bincount(cells.held_cluster, minlength=cells.clusters)
    links = np.zeros((cells.clusters, reach.levels + 1))
    squares = np.zeros_like(links)
    order = np.argsort(cells.held_cluster, kind="stable")
    held, first = cells.held_cell[order].astype(np.int64), np.cumsum(many) - many
    alone = np.flatnonzero(many == 1)
    for start in range(0, len(alone), _ROWS_AT_ONCE):
        part = alone[start : start + _ROWS_AT_ONCE]
        links[part], squares[part] = spread.of_cells(part, held[first[part]])
    for cluster in np.flatnonzero(many > 1):
        own = held[first[cluster] : first[cluster] + many[cluster]]
        links[cluster], squares[cluster] = spread.of_several(int(cluster), own)
    return Sums(links, squares)


class _Spread:
    """Expected links of cells with all cells, by reach."""

    def __init__(self, expected: PairExpectation, space: Space, reach: Reach) -> None:
        self.links, self.reach, self.bins = expected.links, reach, space.bins
        self.levels = reach.levels
        near = np.concatenate([space.near, space.near[:, ::-1]]).astype(np.int64)
        by_level = np.zeros((len(space.near), self.levels + 1))
        if len(reach.of_band):
            for level in range(1, self.levels + 1):
                by_level[:, level] = expected.near[:, reach.of_band == level].sum(axis=1)
        order = np.argsort(near[:, 0], kind="stable")
        self.partner = near[order, 1]
        self.by_level = np.ascontiguousarray(np.concatenate([by_level, by_level])[order].T)
        self.starts = np.searchsorted(near[order, 0], np.arange(len(space.bins) + 1))

    def rows(self, home: Codes, held: Codes) -> Numbers:
        """Return links of some cells with every cell, by level: levels x cells x all cells.

        The region that is home is that of the cluster, also for its pieces.
        """
        everyone = np.arange(len(self.links), dtype=np.int32)
        own = home[:, None].astype(np.int32)
        level = self.reach.find(own, everyone, self.bins[held])
        links = self.links[held]
        found = np.stack([links * (level == each) for each in range(self.levels + 1)])
        if len(self.reach.of_band):
            for row, cell in enumerate(held):
                span = slice(self.starts[cell], self.starts[cell + 1])
                found[:, row, self.partner[span]] = self.by_level[:, span]
        return found

    def of_cells(self, clusters: Codes, held: Codes) -> tuple[Numbers, Numbers]:
        """Return sums of clusters that are one cell each."""
        rows = self.rows(clusters, held)
        inside = self.links[held, held]
        rows[:, np.arange(len(held)), held] = 0.0
        links, squares = self._accumulate(rows)
        links[:, : self.levels] += inside[:, None]
        return links, squares

    def of_several(self, cluster: int, held: Codes) -> tuple[Numbers, Numbers]:
        """Return sums of one cluster that holds several cells."""
        within = self.links[np.ix_(held, held)]
        inside = np.triu(within)
        rows = self.rows(np.full(len(held), cluster), held)
        rows[:, :, held] = 0.0
        links, squares = (found.sum(axis=0) for found in self._accumulate(rows))
        links[: self.levels] += inside.sum()
        return links, squares

    def _accumulate(self, rows: Numbers) -> tuple[Numbers, Numbers]:
        # Level by level, so that a pair whose actors lie in two levels is squared as one.
        nearer = np.zeros(rows.shape[1:])
        links, squares = np.zeros((2, rows.shape[1], self.levels + 1))
        for level in range(1, self.levels):
            nearer += rows[level]
            links[:, level] = nearer.sum(axis=1)
            squares[:, level] = np.einsum("ij,ij->i", nearer, nearer)
        beyond = rows[self.levels]
        links[:, self.levels] = beyond.sum(axis=1)
        squares[:, self.levels] = np.einsum("ij,ij->i", beyond, beyond)
        return links, squares
