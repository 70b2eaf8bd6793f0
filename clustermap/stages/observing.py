"""Observing: what the null model is held against, counted for three boundaries in one pass."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from clustermap.layers import projection
from clustermap.layers.cells import OUTSIDE
from clustermap.network.ends import END_KEYS, list_ends, merge_ends
from clustermap.network.flows import (
    keys_by_band,
    keys_by_year,
    list_flows,
    list_yearly,
    merge_flows,
    merge_yearly,
    orient,
)
from clustermap.network.linkages import NO_UNIT
from clustermap.network.observed import BOUNDARIES, MOVED, Boundary, Observed
from clustermap.network.running import RunningSums
from clustermap.network.space import (
    Ground,
    Space,
    build_edges,
    build_space,
    find_members,
    mean_distance_m,
)
from clustermap.network.strata import count_members
from clustermap.network.units import (
    SQUARE_KEYS,
    Reach,
    build_reach,
    count_squares,
    find_held,
    merge_squares,
    scale_squares,
    square_flows,
)
from clustermap.stages.assigning import join_actors
from clustermap.stages.gauge import Gauge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    import numpy.typing as npt

    from clustermap.layers.actors import Register
    from clustermap.network.flows import Oriented
    from clustermap.project import Project
    from clustermap.stages.reading import Layers

_GRID = re.compile(rf"{OUTSIDE}-?\d+_-?\d+")
_GRID_SPREAD_M = 5_214.0
"""Mean distance of two random points in a square of 10 km: .5214 of its side."""


@dataclass(frozen=True)
class Survey:
    """What links are observed by.

    Parameters
    ----------
    layers
        Clean layers, actors in their cells.
    space
        Distances between the cells.
    radii_m
        Local radii; empty where what is local ends at the region.
    regions
        int32; region of every cell, -1 where none is known.
    reach
        How far links reach.
    registers
        By the name of each boundary: all actors, in the cells that it puts them in.
    """

    layers: Layers
    space: Space
    radii_m: tuple[float, ...]
    regions: npt.NDArray[np.int32]
    reach: Reach
    registers: Mapping[str, Register]

    @cached_property
    def gauge(self) -> Gauge:
        """What single links are counted by."""
        return Gauge(self.registers, self.layers.all_cells, self.space, self.reach)


def survey_layers(project: Project, layers: Layers) -> Survey:
    """Measure the cells of a run.

    Parameters
    ----------
    project
        The project file.
    layers
        Clean layers, actors in their cells.

    Returns
    -------
    Survey
        Distances, regions and registers.
    """
    register = layers.register
    registers = {
        "drawn": register,
        **{name: replace(register, cells=layers.moved[name]) for name in MOVED},
    }
    radii_m = project.score.radii_m
    space = build_space(
        [moved.cells for moved in registers.values()],
        register,
        _find_ground(layers),
        build_edges(radii_m),
        project.project.seed,
    )
    regions = _find_regions(layers, [moved.cells for moved in registers.values()])
    reach = build_reach(radii_m, space, regions)
    return Survey(layers, space, radii_m, regions, reach, registers)


def _find_ground(layers: Layers) -> Ground:
    """Return what is known of the cells themselves: clusters have a middle and an area."""
    cells, crs = layers.all_cells, layers.clusters.crs
    shapes = layers.clusters.geometry.to_numpy()
    middles = shapely.centroid(shapes)
    x, y, spread_m = (np.full(len(cells.names), np.nan) for _ in range(3))
    x[: cells.clusters], y[: cells.clusters] = shapely.get_x(middles), shapely.get_y(middles)
    spread_m[: cells.clusters] = mean_distance_m(projection.areas_km2(shapes, crs))
    grid = [bool(_GRID.fullmatch(name)) for name in cells.names]
    spread_m[np.array(grid, dtype=bool)] = _GRID_SPREAD_M
    return Ground(x, y, spread_m, crs)


def _find_regions(
    layers: Layers, by_boundary: Sequence[npt.NDArray[np.int32]]
) -> npt.NDArray[np.int32]:
    """Return the region of every cell: as the cluster says, else that of most of its members."""
    cells = layers.all_cells
    of_actor = join_actors(layers.actors, "region", pa.string())
    stated = pa.nulls(cells.clusters, pa.string())
    if "region" in layers.clusters:
        stated = pa.array(layers.clusters["region"].to_numpy(), pa.string(), from_pandas=True)
    coded = pa.concat_arrays([stated, of_actor]).dictionary_encode()
    names = coded.dictionary.to_pylist()
    order = np.array([sorted(names).index(name) for name in names], dtype=np.int32)
    codes = np.append(order, -1)[
        np.asarray(coded.indices.fill_null(len(names)).to_numpy(zero_copy_only=False))
    ].astype(np.int32)
    regions = np.full(len(cells.names), -1, dtype=np.int32)
    own, members = codes[: cells.clusters], codes[cells.clusters :]
    cell, actor = find_members(by_boundary, layers.register, len(cells.names))
    region = members[actor]
    stated_by = np.bincount(cell[region >= 0] * len(names) + region[region >= 0])
    key = np.flatnonzero(stated_by)
    pairs = np.column_stack(np.divmod(key, max(len(names), 1)))
    for at, region in pairs[np.lexsort((-pairs[:, 1], stated_by[key]))]:  # most last, ties by name
        regions[at] = region
    # A piece of several clusters lies where the first of them does.
    pieces = cells.held_cell >= cells.clusters
    for at, cluster in zip(
        cells.held_cell[pieces][::-1], cells.held_cluster[pieces][::-1], strict=True
    ):
        regions[at] = own[cluster] if own[cluster] >= 0 else regions[at]
    regions[: cells.clusters] = np.where(own >= 0, own, regions[: cells.clusters])
    return regions


class Tally(NamedTuple):
    """What some links come to by one boundary.

    Parameters
    ----------
    flows, ends, squares
        As from count_flows, count_ends and count_squares.
    apart
        Of ``flows`` those of pairs that the null model leaves out.
    """

    flows: pa.Table
    ends: pa.Table
    squares: pa.Table
    apart: pa.Table


_COUNTS = ("links", "credit", "squares")


def _merge(merge: Callable[[Sequence[pa.Table]], pa.Table], parts: Sequence[pa.Table]) -> pa.Table:
    """Add parts up that are sums already: of one that holds anything nothing is left to do."""
    holding = [part for part in parts if part.num_rows]
    if len(holding) <= 1:
        return holding[0] if holding else parts[0]
    return merge(holding)


class _View(NamedTuple):
    """Edges as one boundary sees them."""

    edges: pa.Table
    turned: Oriented
    bands: npt.NDArray[np.uint8]
    register: Register

    def part(self, edges: pa.Table, rows: npt.NDArray[np.bool_]) -> _View:
        return _View(edges, self.turned.part(rows), self.bands[rows], self.register)


def _view(edges: pa.Table, register: Register, space: Space) -> _View:
    turned = orient(edges, register)
    return _View(edges, turned, space.find_bands(turned.a, turned.b, register), register)


class _Sums:
    """What links come to by one boundary, or what moving it changes."""

    def __init__(self, gauge: Gauge, *, by_unit: bool) -> None:
        by_band = keys_by_band(len(gauge.cells.names))
        self.gauge = gauge
        self.by_unit = by_unit
        self.flows = RunningSums(by_band, ["credit"])
        self.ends = RunningSums(END_KEYS, ["links", "credit"], few=True)
        self.squares = RunningSums(SQUARE_KEYS, ["credit", "squares"], few=True)
        self.apart = RunningSums(by_band, ["credit"])

    def add(self, view: _View, sign: int = 1) -> None:
        """Add links, or take them away."""
        rows = list_flows(view.turned, view.bands)
        self.flows.add(rows, sign)
        self.ends.add(list_ends(view.turned, view.register), sign)
        if self.by_unit:
            gauge = self.gauge
            found = count_squares(view.edges, view.register, gauge.cells, gauge.space, gauge.reach)
            self.squares.add({name: found[name].to_numpy() for name in found.column_names}, sign)
            return
        left = ~find_held(view.turned, view.register)
        if left.any():
            self.apart.add({name: column.compress(left) for name, column in rows.items()}, sign)

    def __iter__(self) -> Iterator[tuple[str, RunningSums]]:
        return ((name, getattr(self, name)) for name in Tally._fields)

    def tally(self) -> Tally:
        return Tally(*(sums.table() for _, sums in self))


def _negate(counted: pa.Table) -> pa.Table:
    """Return counts to be taken away."""
    for at, name in enumerate(counted.column_names):
        if name in _COUNTS:
            counted = counted.set_column(at, name, pc.negate(counted[name]))
    return counted


def _find_moved(edges: pa.Table, changed: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Return which edges a moved boundary may count otherwise: all of a unit, or none."""
    concerned = changed.take(edges["a"].to_numpy()) | changed.take(edges["b"].to_numpy())
    unit = edges["unit"].to_numpy()
    of_unit = concerned & (unit != NO_UNIT)
    if of_unit.any():
        concerned |= np.isin(unit, np.unique(unit[of_unit]))
    return np.asarray(concerned, dtype=bool)


class LinkCounts:
    """What the links of one table come to, by boundary.

    Few actors change their cell when a boundary is moved: links are counted once by the boundary
    as drawn, and those of these actors again. All counts are whole numbers, so that what is added
    and taken away is exact. A pair is an independent unit of its own: what its square comes to
    follows from the flows.

    Parameters
    ----------
    gauge
        What links are counted by.
    independent_units
        Units that the project file states for a table of pairs; None: every link is one.
    by_unit
        Whether the links are those of projects or documents.
    """

    def __init__(
        self, gauge: Gauge, independent_units: int | None = None, *, by_unit: bool = False
    ) -> None:
        self.gauge = gauge
        self.links = 0
        self._independent_units = independent_units
        self._sums = {name: _Sums(gauge, by_unit=by_unit) for name in BOUNDARIES}
        self._yearly = RunningSums(keys_by_year(len(gauge.cells.names)), ["links", "weight"])

    def take(self, edges: pa.Table) -> None:
        """Count some edges.

        Parameters
        ----------
        edges
            EDGES; all edges of a unit at once.
        """
        gauge = self.gauge
        drawn = _view(edges, gauge.registers["drawn"], gauge.space)
        self._yearly.add(list_yearly(edges, drawn.turned))
        self._sums["drawn"].add(drawn)
        for name in MOVED:
            concerned = _find_moved(edges, gauge.changed[name])
            again = edges.filter(pa.array(concerned))
            self._sums[name].add(drawn.part(again, concerned), sign=-1)
            self._sums[name].add(_view(again, gauge.registers[name], gauge.space))
        self.links += edges.num_rows

    def pack(self) -> dict[str, pa.Table]:
        """Return what was counted as tables that can be merged with those of other links.

        Returns
        -------
        dict
            For :meth:`add` and :func:`clustermap.network.sums.merge_rows` by PACKED; of moved
            boundaries what they change.
        """
        return {name: sums.pack() for name, sums in self._list_sums()}

    def _list_sums(self) -> Iterator[tuple[str, RunningSums]]:
        for name, by_boundary in self._sums.items():
            yield from ((f"{name}_{what}", sums) for what, sums in by_boundary)
        yield "yearly", self._yearly

    def add(self, counted: Mapping[str, pa.Table], links: int) -> None:
        """Take in what other links come to.

        Parameters
        ----------
        counted
            From :meth:`pack`.
        links
            How many they are.
        """
        for name, sums in self._list_sums():
            sums.take(counted[name])
        self.links += links

    def join(self, others: LinkCounts) -> None:
        """Take in what other links come to.

        Parameters
        ----------
        others
            Counts that must not be used any more.
        """
        for (_, sums), (_, more) in zip(self._list_sums(), others._list_sums(), strict=True):
            sums.join(more)
        self.links += others.links

    def sum_years(self) -> pa.Table:
        """Return the links by year, by the boundary drawn.

        Returns
        -------
        pa.Table
            From merge_yearly.
        """
        return self._yearly.table()

    def sum_flows(self) -> pa.Table:
        """Return the flows that the links come to, by the boundary drawn.

        Returns
        -------
        pa.Table
            As from merge_flows.
        """
        return _drop_empty(self._drawn.flows)

    def sum(self, name: str) -> tuple[pa.Table, pa.Table]:
        """Return what else the links come to by one boundary.

        Parameters
        ----------
        name
            Boundary.

        Returns
        -------
        tuple
            Ends and squares; squares are scaled to the units that the project file states.
        """
        parts = [self._drawn] if name == "drawn" else [self._drawn, self._tally(name)]
        ends, squares = (
            _drop_empty(_merge(merge, [getattr(part, what) for part in parts]))
            for what, merge in (("ends", merge_ends), ("squares", merge_squares))
        )
        return ends, scale_squares(squares, self.links, self._independent_units)

    @cached_property
    def _drawn(self) -> Tally:
        return self._tally("drawn")

    def _tally(self, name: str) -> Tally:
        """Return what was counted by a boundary, or what moving it changes; squares of both."""
        sums = self._sums[name]
        found = sums.tally()
        if sums.by_unit:
            return found
        # The square of a pair is its credit: what a moved boundary changes of the one, it changes
        # of the other.
        reach = self.gauge.cells, self.gauge.reach
        spoken_of, left = (square_flows(table, *reach) for table in (found.flows, found.apart))
        return found._replace(squares=_merge(merge_squares, [spoken_of, _negate(left)]))


def _drop_empty(counted: pa.Table) -> pa.Table:
    """Return the rows that still count something."""
    first = next(name for name in _COUNTS if name in counted.column_names)
    still = pc.not_equal(counted[first], 0)
    return counted if pc.all(still).as_py() is not False else counted.filter(still)


def sum_years(survey: Survey, yearly: Iterable[pa.Table]) -> pa.Table:
    """Return the links by year over all tables of linkages.

    Parameters
    ----------
    survey
        What links were observed by.
    yearly
        What every table of linkages comes to, from :meth:`LinkCounts.sum_years`.

    Returns
    -------
    pa.Table
        From merge_yearly.
    """
    return _merge(merge_yearly, [LinkCounts(survey.gauge).sum_years(), *yearly])


def observe(survey: Survey, counted: Iterable[LinkCounts]) -> Observed:
    """Bring everything together that the null model is held against.

    Parameters
    ----------
    survey
        What links were observed by.
    counted
        Counts of every table of linkages.

    Returns
    -------
    Observed
        By three boundaries.
    """
    layers = survey.layers
    tables = [LinkCounts(survey.gauge), *counted]
    shape = len(layers.all_cells.names), len(layers.strata)

    def see(name: str) -> Boundary:
        register = survey.registers[name]
        members = count_members(register.cells, register.stratum, shape)
        ends, squares = zip(*(table.sum(name) for table in tables), strict=True)
        return Boundary(name, members, _merge(merge_ends, ends), _merge(merge_squares, squares))

    flows = _merge(merge_flows, [table.sum_flows() for table in tables])
    place = layers.all_cells, layers.strata, survey.space, survey.radii_m, survey.regions
    return Observed(*place, flows, *(see(name) for name in ("drawn", *MOVED)))
