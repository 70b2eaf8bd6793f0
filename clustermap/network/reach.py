"""Links by where they lead, seen from each cluster: inside its fence, near it, beyond.

Observed and expected links are summed up here in the same way, so that their ratio compares like
with like. Local reaches are cumulative: links within 10 km hold those inside the fence. A link that
touches a cluster with one end or both counts once for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from clustermap.layers.cells import Cells
    from clustermap.network.expected import PairExpectation
    from clustermap.network.space import Space

    Numbers = npt.NDArray[np.float64]
    Codes = npt.NDArray[np.integer]

FENCE = 0


@dataclass(frozen=True)
class Limits:
    """What counts as local.

    Parameters
    ----------
    radii_m
        Radii of the local reaches, the fence being 0; None where regions decide.
    regions
        Code of the region of each cell where regions decide, -1 where it is unknown; else None.
    """

    radii_m: tuple[float, ...] | None
    regions: npt.NDArray[np.int64] | None

    @property
    def local(self) -> int:
        """Number of local reaches, the fence included; the next reach is all that lies beyond."""
        return 2 if self.radii_m is None else len(self.radii_m)

    def of_bins(self, space: Space) -> npt.NDArray[np.int64]:
        """Return the first local reach that each distance bin lies in, or the one beyond.

        Parameters
        ----------
        space
            Its distance bins.

        Returns
        -------
        np.ndarray
            int64, one reach a bin; the last two bins, open and unknown, lie beyond.
        """
        bins = space.shares.shape[1]
        reach = np.full(bins, self.local)
        if self.radii_m is not None:
            uppers = np.asarray(space.edges_m, dtype=float)
            reach[: len(uppers)] = np.searchsorted(self.radii_m, uppers, side="left")
        return np.minimum(reach, self.local)


@dataclass(frozen=True)
class Sums:
    """Links of clusters by reach.

    Parameters
    ----------
    links
        Clusters x (local reaches + 1): cumulative over the local reaches; in the last column all
        links beyond the largest.
    squares
        The same of squares over pairs of cells; they say how far dispersion averages out.
    """

    links: Numbers
    squares: Numbers


def sum_expected(
    expected: PairExpectation, cells: Cells, space: Space, limits: Limits
) -> Sums:
    """Sum up expected links by reach.

    Parameters
    ----------
    expected
        Expected links of pairs of cells.
    cells
        Which clusters hold which cells.
    space
        Near pairs and distance bins.
    limits
        What counts as local.

    Returns
    -------
    Sums
        Of all clusters.
    """
    holdings = _holdings(cells)
    links = np.zeros((cells.clusters, limits.local + 1))
    squares = np.zeros_like(links)
    spread = _Spread(expected, space, limits)
    for cluster, held in enumerate(holdings):
        links[cluster], squares[cluster] = spread.of_cluster(held)
    return Sums(links, squares)


def _holdings(cells: Cells) -> list[npt.NDArray[np.int64]]:
    order = np.argsort(cells.held_cluster, kind="stable")
    starts = np.searchsorted(cells.held_cluster[order], np.arange(cells.clusters + 1))
    held = cells.held_cell[order].astype(np.int64)
    return [held[a:b] for a, b in zip(starts[:-1], starts[1:], strict=True)]


class _Spread:
    """Expected links of every cell with every other, by reach."""

    def __init__(self, expected: PairExpectation, space: Space, limits: Limits) -> None:
        self.links, self.limits = expected.links, limits
        self.reach = limits.of_bins(space)
        self.bins = space.bins
        # Near pairs by cell, so that one cluster's are found at once.
        near = np.concatenate([space.near, space.near[:, ::-1]])
        by_reach = np.zeros((len(space.near), limits.local + 1))
        for reach in range(limits.local + 1):
            by_reach[:, reach] = expected.near[:, self.reach == reach].sum(axis=1)
        order = np.argsort(near[:, 0], kind="stable")
        self.partner = near[order, 1]
        self.shares = np.concatenate([by_reach, by_reach])[order]
        self.starts = np.searchsorted(near[order, 0], np.arange(len(space.bins) + 1))

    def of_cluster(self, held: npt.NDArray[np.int64]) -> tuple[Numbers, Numbers]:
        local = self.limits.local
        links, squares = np.zeros(local + 1), np.zeros(local + 1)
        inside = np.zeros(len(self.links), dtype=bool)
        inside[held] = True
        for cell in held:
            row = self.by_reach(int(cell))
            within = row[held[held >= cell]].sum(axis=1)
            links[FENCE] += within.sum()
            squares[FENCE] += (within**2).sum()
            row[inside] = 0.0
            # Cumulative over local reaches; the part of each pair that lies beyond comes last.
            row[:, :local] = row[:, :local].cumsum(axis=1)
            links[1:] += row[:, 1:].sum(axis=0)
            squares[1:] += (row[:, 1:] ** 2).sum(axis=0)
        links[1:local] += links[FENCE]
        squares[1:local] += squares[FENCE]
        return links, squares

    def by_reach(self, cell: int) -> Numbers:
        """Return links with every cell, cells x reaches; those inside the cell count once."""
        row = np.zeros((len(self.links), self.limits.local + 1))
        if self.limits.regions is not None:
            own = self.limits.regions[cell]
            same = (self.limits.regions == own) & (own >= 0)
            row[np.arange(len(row)), np.where(same, 1, 2)] = self.links[cell]
            return row
        row[np.arange(len(row)), self.reach[self.bins[cell]]] = self.links[cell]
        span = slice(self.starts[cell], self.starts[cell + 1])
        row[self.partner[span]] = self.shares[span]
        return row


def sum_observed(
    flows: pd.DataFrame, cells: Cells, space: Space, limits: Limits, groups: Sequence[int]
) -> Numbers:
    """Sum up observed links by reach.

    Parameters
    ----------
    flows
        Links between cells that the null covers: source, target, kind, band, links.
    cells
        Which clusters hold which cells.
    space
        Distance bins.
    limits
        What counts as local.
    groups
        Kinds, in the order wanted.

    Returns
    -------
    Numbers
        Clusters x kinds x (local reaches + 1), cumulative over the local reaches.
    """
    place = pd.Index(groups).get_indexer(pd.Index(flows["kind"]))
    source, target = flows["source"].to_numpy(), flows["target"].to_numpy()
    credit = flows["links"].to_numpy(dtype=float)
    if limits.regions is None:
        reach = limits.of_bins(space)[flows["band"].to_numpy()]
    else:
        one, other = limits.regions[source], limits.regions[target]
        reach = np.where((one == other) & (one >= 0), 1, 2)
    rows = touch_clusters(source, target, cells)
    shape = (cells.clusters, len(groups), limits.local + 1)
    at = np.where(rows.inside, FENCE, np.maximum(reach[rows.flow], 1))
    kept = place[rows.flow] >= 0
    where = np.ravel_multi_index(
        (rows.cluster[kept], place[rows.flow][kept], at[kept]), shape
    )
    sums = np.bincount(where, credit[rows.flow][kept], int(np.prod(shape))).reshape(shape)
    sums[:, :, : limits.local] = sums[:, :, : limits.local].cumsum(axis=2)
    return np.asarray(sums)


@dataclass(frozen=True)
class Touches:
    """Which flows touch which clusters.

    Parameters
    ----------
    flow, cluster
        Positions, one entry for every cluster that a flow touches.
    inside
        Whether the cluster holds both ends.
    """

    flow: npt.NDArray[np.int64]
    cluster: npt.NDArray[np.int64]
    inside: npt.NDArray[np.bool_]


def touch_clusters(source: Codes, target: Codes, cells: Cells) -> Touches:
    """Return which flows touch which clusters, and whether with both ends.

    Parameters
    ----------
    source, target
        Cells of the two ends.
    cells
        Which clusters hold which cells.

    Returns
    -------
    Touches
        Ordered by flow, then by cluster.
    """
    order = np.argsort(cells.held_cell, kind="stable")
    starts = np.searchsorted(cells.held_cell[order], np.arange(len(cells.names) + 1))
    clusters = cells.held_cluster[order].astype(np.int64)
    ends = []
    for end in (source, target):
        many = starts[end + 1] - starts[end]
        flow = np.repeat(np.arange(len(end)), many)
        first = np.repeat(starts[end], many)
        step = np.arange(len(flow)) - np.repeat(np.cumsum(many) - many, many)
        ends.append(flow * cells.clusters + clusters[first + step])
    keys, count = np.unique(np.concatenate(ends), return_counts=True)
    flow, cluster = np.divmod(keys, max(cells.clusters, 1))
    return Touches(flow, cluster, count == 2)
