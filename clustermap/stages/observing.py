"""Observing: what the null model is held against, counted for three boundaries in one pass."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from clustermap.layers import projection
from clustermap.layers.cells import OUTSIDE
from clustermap.network.ends import count_ends, merge_ends
from clustermap.network.flows import (
    count_flows,
    count_yearly,
    merge_flows,
    merge_yearly,
    orient,
)
from clustermap.network.linkages import EDGES, NO_UNIT
from clustermap.network.observed import BOUNDARIES, MOVED, Boundary, Observed
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
    Reach,
    build_reach,
    count_squares,
    merge_squares,
    scale_squares,
)
from clustermap.stages.gauge import Gauge
from clustermap.stages.reading import Layers, join_actors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import numpy.typing as npt

    from clustermap.layers.actors import Register
    from clustermap.project import Project

_YEARLY = "yearly"
_FEW_ROWS = 1_000_000
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
    there = np.column_stack([cell, members[actor]])
    pairs, many = np.unique(there[there[:, 1] >= 0], axis=0, return_counts=True)
    for at, region in pairs[np.lexsort((-pairs[:, 1], many))]:  # most last, ties by name
        regions[at] = region
    # A piece of several clusters lies where the first of them does.
    pieces = cells.held_cell >= cells.clusters
    for at, cluster in zip(
        cells.held_cell[pieces][::-1], cells.held_cluster[pieces][::-1], strict=True
    ):
        regions[at] = own[cluster] if own[cluster] >= 0 else regions[at]
    regions[: cells.clusters] = np.where(own >= 0, own, regions[: cells.clusters])
    return regions


@dataclass
class Pile:
    """Counts that come in part by part, added up whenever as much again has come in.

    Parameters
    ----------
    merge
        Adds parts up.
    parts
        What came in.
    """

    merge: Callable[[Sequence[pa.Table]], pa.Table]
    parts: list[pa.Table] = field(default_factory=list)

    def add(self, part: pa.Table) -> None:
        """Take a part in.

        Parameters
        ----------
        part
            Of the form that ``merge`` takes.
        """
        self.parts.append(part)
        if sum(part.num_rows for part in self.parts[1:]) > max(self.parts[0].num_rows, _FEW_ROWS):
            self.parts = [self.sum()]

    def sum(self) -> pa.Table:
        """Return all parts added up.

        Returns
        -------
        pa.Table
            Of the same form.
        """
        self.parts = [_merge(self.merge, self.parts)]
        return self.parts[0]


def _merge(merge: Callable[[Sequence[pa.Table]], pa.Table], parts: Sequence[pa.Table]) -> pa.Table:
    """Add parts up that are sums already: of one that holds anything nothing is left to do."""
    holding = [part for part in parts if part.num_rows]
    if len(holding) <= 1:
        return holding[0] if holding else parts[0]
    return merge(holding)


class Tally(NamedTuple):
    """What some links come to by one boundary.

    Parameters
    ----------
    flows, ends, squares
        As from count_flows, count_ends and count_squares.
    """

    flows: pa.Table
    ends: pa.Table
    squares: pa.Table


_MERGES = Tally(merge_flows, merge_ends, merge_squares)
_COUNTS = ("links", "credit", "squares")


def _count(edges: pa.Table, register: Register, gauge: Gauge) -> Tally:
    cells, space = gauge.cells, gauge.space
    turned = orient(edges, register)
    bands = space.find_bands(turned.a, turned.b, register)
    return Tally(
        count_flows(edges, register, space, turned, bands),
        count_ends(edges, register, turned),
        count_squares(edges, register, cells, space, gauge.reach, turned, bands),
    )


def _negate(counted: pa.Table) -> pa.Table:
    """Return counts to be taken away."""
    for at, name in enumerate(counted.column_names):
        if name in _COUNTS:
            counted = counted.set_column(at, name, pc.negate(counted[name]))
    return counted


def _find_moved(edges: pa.Table, drawn: Register, moved: Register) -> npt.NDArray[np.bool_]:
    """Return which edges a moved boundary may count otherwise: all of a unit, or none."""
    changed = drawn.cells != moved.cells
    concerned = changed[edges["a"].to_numpy()] | changed[edges["b"].to_numpy()]
    unit = edges["unit"].to_numpy()
    of_unit = concerned & (unit != NO_UNIT)
    return np.asarray(concerned | np.isin(unit, np.unique(unit[of_unit])), dtype=bool)


class LinkCounts:
    """What the links of one table come to, by boundary.

    Few actors change their cell when a boundary is moved: links are counted once by the boundary
    as drawn, and those of these actors again. All counts are whole numbers, so that what is added
    and taken away is exact.

    Parameters
    ----------
    gauge
        What links are counted by.
    independent_units
        Units that the project file states for a table of pairs; None: every link is one.
    """

    def __init__(self, gauge: Gauge, independent_units: int | None = None) -> None:
        self.gauge = gauge
        self.links = 0
        self._independent_units = independent_units
        self._piles = {name: [Pile(merge) for merge in _MERGES] for name in BOUNDARIES}
        self._yearly = Pile(merge_yearly)
        self.take(EDGES.empty_table())

    def take(self, edges: pa.Table) -> None:
        """Count some edges.

        Parameters
        ----------
        edges
            EDGES; all edges of a unit at once.
        """
        registers = self.gauge.registers
        drawn = registers["drawn"]
        self._yearly.add(count_yearly(edges, drawn))
        self._add("drawn", _count(edges, drawn, self.gauge))
        for name in MOVED:
            concerned = edges.filter(pa.array(_find_moved(edges, drawn, registers[name])))
            before = _count(concerned, drawn, self.gauge)
            self._add(name, Tally(*map(_negate, before)))
            self._add(name, _count(concerned, registers[name], self.gauge))
        self.links += edges.num_rows

    def _add(self, name: str, tally: Tally) -> None:
        for pile, part in zip(self._piles[name], tally, strict=True):
            pile.add(part)

    def pack(self) -> dict[str, pa.Table]:
        """Return what was counted as tables that can be merged with those of other links.

        Returns
        -------
        dict
            For :func:`merge_counted` and :meth:`add`; of moved boundaries what they change.
        """
        counted = {
            f"{name}_{what}": pile.sum()
            for name, piles in self._piles.items()
            for what, pile in zip(Tally._fields, piles, strict=True)
        }
        return {**counted, _YEARLY: self._yearly.sum()}

    def add(self, counted: Mapping[str, pa.Table], links: int) -> None:
        """Take in what other links come to.

        Parameters
        ----------
        counted
            From :meth:`pack`.
        links
            How many they are.
        """
        for name in self._piles:
            self._add(name, Tally(*(counted[f"{name}_{what}"] for what in Tally._fields)))
        self._yearly.add(counted[_YEARLY])
        self.links += links

    def sum_years(self) -> pa.Table:
        """Return the links by year, by the boundary drawn.

        Returns
        -------
        pa.Table
            From merge_yearly.
        """
        return self._yearly.sum()

    def sum(self, name: str) -> Tally:
        """Return what the links come to by one boundary.

        Parameters
        ----------
        name
            Boundary.

        Returns
        -------
        Tally
            Squares are scaled to the units that the project file states.
        """
        counted = [pile.sum() for pile in self._piles["drawn"]]
        if name != "drawn":
            changes = [pile.sum() for pile in self._piles[name]]
            counted = [
                _merge(merge, parts)
                for merge, *parts in zip(_MERGES, counted, changes, strict=True)
            ]
        flows, ends, squares = (_drop_empty(table) for table in counted)
        return Tally(flows, ends, scale_squares(squares, self.links, self._independent_units))


def merge_counted(counted: Sequence[Mapping[str, pa.Table]]) -> dict[str, pa.Table]:
    """Add up what links come to.

    Parameters
    ----------
    counted
        From :meth:`LinkCounts.pack`, at least one.

    Returns
    -------
    dict
        The same for every order and grouping.
    """
    merged = {
        f"{name}_{what}": merge([tables[f"{name}_{what}"] for tables in counted])
        for name in BOUNDARIES
        for what, merge in zip(Tally._fields, _MERGES, strict=True)
    }
    return {**merged, _YEARLY: merge_yearly([tables[_YEARLY] for tables in counted])}


def _drop_empty(counted: pa.Table) -> pa.Table:
    """Return the rows that still count something."""
    first = next(name for name in _COUNTS if name in counted.column_names)
    still = pc.not_equal(counted[first], 0)
    return counted if pc.all(still).as_py() is not False else counted.filter(still)


def sum_years(survey: Survey, counted: Iterable[LinkCounts]) -> pa.Table:
    """Return the links by year over all tables of linkages.

    Parameters
    ----------
    survey
        What links were observed by.
    counted
        Counts of every table of linkages.

    Returns
    -------
    pa.Table
        From merge_yearly.
    """
    tables = [LinkCounts(survey.gauge), *counted]
    return _merge(merge_yearly, [table.sum_years() for table in tables])


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
    boundaries = {}
    for name, register in survey.registers.items():
        members = count_members(register.cells, register.stratum, shape)
        tallies = zip(*(table.sum(name) for table in tables), strict=True)
        merged = [_merge(merge, parts) for merge, parts in zip(_MERGES, tallies, strict=True)]
        boundaries[name] = Boundary(name, members, *merged)
    return Observed(
        layers.all_cells, layers.strata, survey.space, survey.radii_m, survey.regions, **boundaries
    )
