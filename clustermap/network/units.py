"""Independent units: how far a cluster's links speak with one voice, because they share a project.

A Poisson count of n links that come in projects varies more than n. The sum of squared credits of
the units behind it says how much more: it equals n where every link is a unit of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from clustermap.network.flows import orient
from clustermap.network.linkages import NO_UNIT
from clustermap.network.running import Key, Keys
from clustermap.network.strata import LEFT_OUT
from clustermap.network.sums import ROWS_AT_ONCE, sum_rows
from clustermap.tables import KINDS, SCORED_KINDS, SHARE_UNIT

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from clustermap.layers.actors import Register
    from clustermap.layers.cells import Cells
    from clustermap.network.flows import Oriented
    from clustermap.network.space import Space

    Whole = npt.NDArray[np.int64]

ALL_KINDS = -1
"""Code of all scored kinds together."""

_KEYS = ["cluster", "kind", "reach"]
SQUARE_KEYS = Keys(
    (
        Key("cluster", np.dtype(np.int32), 2**31),
        Key("kind", np.dtype(np.int8), 2**8, -(2**7)),
        Key("reach", np.dtype(np.uint8), 2**8),
    )
)
"""What tells squares apart, for running sums."""

_MILLI = SHARE_UNIT // 1000
_SCORED = len(SCORED_KINDS)


@dataclass(frozen=True)
class Reach:
    """How far links reach from clusters: the fence is 0, what follows is wider and wider.

    Parameters
    ----------
    levels
        Number of local reaches; what lies beyond all of them is ``levels``.
    of_band
        uint8; reach of a link that leaves the fence, by its distance bin; empty where regions
        decide.
    regions
        int32; region of every cell, -1 where none is known.
    """

    levels: int
    of_band: npt.NDArray[np.uint8]
    regions: npt.NDArray[np.int32]

    def find(
        self,
        cluster: npt.NDArray[np.int32],
        other: npt.NDArray[np.int32],
        band: npt.NDArray[np.uint8],
    ) -> npt.NDArray[np.uint8]:
        """Return the reach of links that leave a cluster.

        Parameters
        ----------
        cluster
            Position of the cluster at one end.
        other
            Code of the cell at the other end.
        band
            Distance bin.

        Returns
        -------
        np.ndarray
            uint8, 1 to ``levels``.
        """
        if len(self.of_band):
            return self.of_band[band]
        home, there = self.regions[cluster], self.regions[other]
        return np.where((home == there) & (home >= 0), 1, 2).astype(np.uint8)


def build_reach(radii_m: Sequence[float], space: Space, regions: npt.NDArray[np.int32]) -> Reach:
    """Return how far links reach.

    Parameters
    ----------
    radii_m
        Local radii, ascending, the first 0; empty where what is local ends at the region.
    space
        Distances between the cells; the radii are ends of its bins.
    regions
        Region of every cell.

    Returns
    -------
    Reach
        With as many local reaches as radii, or two: the fence and the region.
    """
    if not radii_m:
        return Reach(2, np.zeros(0, dtype=np.uint8), regions)
    ends = np.append(space.edges_m, [np.inf, np.inf])  # farther, and unknown
    of_band = np.maximum(np.searchsorted(radii_m, ends, side="left"), 1)
    return Reach(len(radii_m), of_band.astype(np.uint8), regions)


def count_squares(
    edges: pa.Table,
    register: Register,
    cells: Cells,
    space: Space,
    reach: Reach,
) -> pa.Table:
    """Count the credits of every cluster's links, and the squares of those of their units.

    Links with an end that the null model leaves out are not counted.

    Parameters
    ----------
    edges
        EDGES; all edges of a unit in one chunk.
    register
        Types, cells, places and strata of the actors.
    cells
        Which clusters hold which cells.
    space
        Distances between the cells.
    reach
        How far links reach.

    Returns
    -------
    pa.Table
        cluster (int32 position), kind (int8; ALL_KINDS: those scored together), reach (uint8;
        local reaches hold all nearer ones, the last is what lies beyond them), credit (1e-9),
        squares (int64; units of 1e-6).
    """
    turned = orient(edges, register)
    bands = space.find_bands(turned.a, turned.b, register)
    held = find_held(turned, register)
    rows = sum_rows(
        pa.table(
            {
                "unit": edges["unit"].to_numpy()[held],
                "source": turned.source[held],
                "target": turned.target[held],
                "kind": turned.kind[held],
                "band": bands[held],
                "credit": turned.credit[held],
            }
        ),
        ["unit", "source", "target", "kind", "band"],
    )
    unit, source, target, kind, band, credit = (column.to_numpy() for column in rows.columns)
    return _square_rows(unit, (source, target, band), kind, credit, cells, reach)


def find_held(turned: Oriented, register: Register) -> npt.NDArray[np.bool_]:
    """Return which links the null model speaks of: those with both ends in a stratum.

    Parameters
    ----------
    turned
        From :func:`clustermap.network.flows.orient`.
    register
        Strata of the actors.

    Returns
    -------
    np.ndarray
        bool.
    """
    ends = register.stratum.take(turned.a), register.stratum.take(turned.b)
    return np.asarray((ends[0] != LEFT_OUT) & (ends[1] != LEFT_OUT), dtype=bool)


def square_flows(flows: pa.Table, cells: Cells, reach: Reach) -> pa.Table:
    """Count what pairs come to, of which each is a unit of its own, from their flows.

    Parameters
    ----------
    flows
        Of pairs that the null model speaks of: from :func:`clustermap.network.flows.count_flows`.
    cells
        Which clusters hold which cells.
    reach
        How far links reach.

    Returns
    -------
    pa.Table
        As :func:`count_squares` of the pairs themselves.
    """
    blocks = [
        flows.slice(start, ROWS_AT_ONCE) for start in range(0, flows.num_rows + 1, ROWS_AT_ONCE)
    ]
    return merge_squares([_square_block(block, cells, reach) for block in blocks])


def _square_block(flows: pa.Table, cells: Cells, reach: Reach) -> pa.Table:
    source, target, kind, band, credit = (
        flows[name].to_numpy() for name in ("source", "target", "kind", "band", "credit")
    )
    alone = np.full(len(source), NO_UNIT, dtype=np.int32)
    return _square_rows(alone, (source, target, band), kind, credit, cells, reach)


def _square_rows(
    unit: npt.NDArray[np.int32],
    place: tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.uint8]],
    kind: npt.NDArray[np.uint8],
    credit: Whole,
    cells: Cells,
    reach: Reach,
) -> pa.Table:
    """Return squares of credits by unit, cells and distance bin, and kind."""
    row, cluster, level = _touch(*place, cells, reach)
    unit, credit, code = unit[row], credit[row], kind[row].astype(np.int64)
    scored = code < _SCORED
    together = np.full(int(scored.sum()), len(KINDS))
    shape = (cells.clusters, len(KINDS) + 1, reach.levels + 1)
    sums = [
        _square(unit[some], cluster[some], of_kind, level[some], credit[some], shape)
        for some, of_kind in ((slice(None), code), (scored, together))
    ]
    totals, squares = (one + other for one, other in zip(*sums, strict=True))
    return _write(totals, squares)


def _touch(
    source: npt.NDArray[np.int32],
    target: npt.NDArray[np.int32],
    band: npt.NDArray[np.uint8],
    cells: Cells,
    reach: Reach,
) -> tuple[Whole, npt.NDArray[np.int32], npt.NDArray[np.uint8]]:
    """Return every row once for each cluster at its ends, with the reach that it has from there."""
    many = np.bincount(cells.held_cell, minlength=len(cells.names))
    if many.max(initial=0) <= 1:
        return _touch_once(source, target, band, cells, reach)
    order = np.argsort(cells.held_cell, kind="stable")
    holder = cells.held_cluster[order]
    first = np.cumsum(many) - many
    keys, others = [], []
    for cell, other in ((source, target), (target, source)):
        row = np.repeat(np.arange(len(cell)), many[cell])
        at = np.arange(len(row)) - np.repeat(np.cumsum(many[cell]) - many[cell], many[cell])
        keys.append(row * cells.clusters + holder[first[cell[row]] + at])
        others.append(other[row])
    key, at, ends = np.unique(np.concatenate(keys), return_index=True, return_counts=True)
    row, cluster = np.divmod(key, max(cells.clusters, 1))
    cluster = cluster.astype(np.int32)
    level = reach.find(cluster, np.concatenate(others)[at], band[row])
    return row, cluster, np.where(ends == 2, 0, level).astype(np.uint8)


def _touch_once(
    source: npt.NDArray[np.int32],
    target: npt.NDArray[np.int32],
    band: npt.NDArray[np.uint8],
    cells: Cells,
    reach: Reach,
) -> tuple[Whole, npt.NDArray[np.int32], npt.NDArray[np.uint8]]:
    """Return the same as _touch where no cell lies in several clusters."""
    holder = np.full(len(cells.names), -1, dtype=np.int32)
    holder[cells.held_cell] = cells.held_cluster
    ends = holder[source], holder[target]
    inside = ends[0] == ends[1]
    within = np.flatnonzero(inside & (ends[0] >= 0))
    rows, clusters = [within], [ends[0][within]]
    levels = [np.zeros(len(within), dtype=np.uint8)]
    for cluster, other in ((ends[0], target), (ends[1], source)):
        row = np.flatnonzero(~inside & (cluster >= 0))
        rows.append(row)
        clusters.append(cluster[row])
        levels.append(reach.find(cluster[row], other[row], band[row]).astype(np.uint8))
    return np.concatenate(rows), np.concatenate(clusters), np.concatenate(levels)


def _square(
    unit: npt.NDArray[np.int32],
    cluster: npt.NDArray[np.int32],
    kind: Whole,
    level: npt.NDArray[np.uint8],
    credit: Whole,
    shape: tuple[int, int, int],
) -> tuple[Whole, Whole]:
    """Return credits and squares by cluster, kind and reach."""
    clusters, kinds, levels = shape
    group = cluster.astype(np.int64) * kinds + kind
    alone = unit == NO_UNIT
    totals = _gather(group, level, credit, clusters * kinds, levels)
    # A pair is a unit of its own: its square is its credit, which is one.
    squares = _gather(group[alone], level[alone], credit[alone], clusters * kinds, levels) // 1000
    key, inverse = np.unique(
        unit[~alone].astype(np.int64) * (clusters * kinds) + group[~alone], return_inverse=True
    )
    of_units = _gather(inverse, level[~alone], credit[~alone], len(key), levels)
    milli = (of_units + _MILLI // 2) // _MILLI
    np.add.at(squares, key % max(clusters * kinds, 1), milli**2)
    return totals.reshape(shape), squares.reshape(shape)


def _gather(
    group: Whole, level: npt.NDArray[np.uint8], credit: Whole, groups: int, levels: int
) -> Whole:
    """Return credits by group and reach, local ones with all that is nearer."""
    flat = np.zeros(groups * levels, dtype=np.int64)
    np.add.at(flat, group * levels + level, credit)  # one index: numpy is many times as fast
    sums = flat.reshape(groups, levels)
    sums[:, :-1] = sums[:, :-1].cumsum(axis=1)
    return sums


def _write(totals: Whole, squares: Whole) -> pa.Table:
    cluster, kind, level = np.nonzero(totals)
    return pa.table(
        {
            "cluster": cluster.astype(np.int32),
            "kind": np.where(kind == len(KINDS), ALL_KINDS, kind).astype(np.int8),
            "reach": level.astype(np.uint8),
            "credit": totals[cluster, kind, level],
            "squares": squares[cluster, kind, level],
        }
    ).sort_by([(key, "ascending") for key in _KEYS])


def merge_squares(squares: Sequence[pa.Table]) -> pa.Table:
    """Add counted squares up.

    Parameters
    ----------
    squares
        Results of count_squares of chunks that share no unit, at least one.

    Returns
    -------
    pa.Table
        One table of the same form; the same for every order and grouping.
    """
    return sum_rows(pa.concat_tables(squares), _KEYS)


def scale_squares(squares: pa.Table, links: int, independent_units: int | None) -> pa.Table:
    """Return squares of pairs that come from fewer units than they are.

    Parameters
    ----------
    squares
        From merge_squares, of one table of pairs.
    links
        Links of that table.
    independent_units
        Number of units that the project file states; None: every link is one.

    Returns
    -------
    pa.Table
        Squares times links / independent_units where that is above one.
    """
    if independent_units is None or independent_units >= links:
        return squares
    scaled = np.rint(squares["squares"].to_numpy() * (links / independent_units))
    at = squares.column_names.index("squares")
    return squares.set_column(at, "squares", pa.array(scaled.astype(np.int64)))
