"""Observing: what the null model is held against, counted for three boundaries in one pass."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import shapely

from clustermap.layers import projection
from clustermap.layers.cells import OUTSIDE
from clustermap.network.ends import count_ends, merge_ends
from clustermap.network.flows import count_flows, merge_flows
from clustermap.network.linkages import EDGES
from clustermap.network.observed import BOUNDARIES, Boundary, Observed
from clustermap.network.space import Ground, Space, build_edges, build_space, mean_distance_m
from clustermap.network.strata import count_members
from clustermap.network.units import (
    Reach,
    build_reach,
    count_squares,
    merge_squares,
    scale_squares,
)
from clustermap.stages.reading import Layers, join_actors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import numpy.typing as npt

    from clustermap.layers.actors import Register
    from clustermap.project import Project

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
        name: replace(register, cells=layers.moved.get(name, register.cells)) for name in BOUNDARIES
    }
    radii_m = project.score.radii_m
    space = build_space(
        [moved.cells for moved in registers.values()],
        register,
        _find_ground(layers),
        build_edges(radii_m),
        project.project.seed,
    )
    regions = _find_regions(layers)
    reach = build_reach(radii_m, space, regions)
    return Survey(layers, space, radii_m, regions, reach, registers)


def _find_ground(layers: Layers) -> Ground:
    """Return what is known of the cells themselves: clusters have a middle and an area."""
    cells, crs = layers.cells, layers.clusters.crs
    shapes = layers.clusters.geometry.to_numpy()
    middles = shapely.centroid(shapes)
    x, y, spread_m = (np.full(len(cells.names), np.nan) for _ in range(3))
    x[: cells.clusters], y[: cells.clusters] = shapely.get_x(middles), shapely.get_y(middles)
    spread_m[: cells.clusters] = mean_distance_m(projection.areas_km2(shapes, crs))
    grid = [bool(_GRID.fullmatch(name)) for name in cells.names]
    spread_m[np.array(grid, dtype=bool)] = _GRID_SPREAD_M
    return Ground(x, y, spread_m, crs)


def _find_regions(layers: Layers) -> npt.NDArray[np.int32]:
    """Return the region of every cell: as the cluster says, else that of most of its members."""
    cells = layers.cells
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
    known = members >= 0
    pairs, many = np.unique(
        np.column_stack([layers.register.cells[known], members[known]]), axis=0, return_counts=True
    )
    for cell, region in pairs[np.lexsort((-pairs[:, 1], many))]:  # most last, ties by name
        regions[cell] = region
    # A piece of several clusters lies where the first of them does.
    pieces = cells.held_cell >= cells.clusters
    for cell, cluster in zip(
        cells.held_cell[pieces][::-1], cells.held_cluster[pieces][::-1], strict=True
    ):
        regions[cell] = own[cluster] if own[cluster] >= 0 else regions[cell]
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
        return self.merge(self.parts)


@dataclass
class LinkCounts:
    """What the links of one table come to, by boundary.

    Parameters
    ----------
    survey
        What links are observed by.
    independent_units
        Units that the project file states for a table of pairs; None: every link is one.
    """

    survey: Survey
    independent_units: int | None = None
    links: int = 0
    flows: dict[str, Pile] = field(default_factory=dict)
    ends: dict[str, Pile] = field(default_factory=dict)
    squares: dict[str, Pile] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in BOUNDARIES:
            self.flows[name] = Pile(merge_flows)
            self.ends[name] = Pile(merge_ends)
            self.squares[name] = Pile(merge_squares)
        self.take(EDGES.empty_table())

    def take(self, edges: pa.Table) -> None:
        """Count some edges.

        Parameters
        ----------
        edges
            EDGES; all edges of a unit at once.
        """
        survey = self.survey
        cells, space = survey.layers.cells, survey.space
        for name, register in survey.registers.items():
            self.flows[name].add(count_flows(edges, register, space))
            self.ends[name].add(count_ends(edges, register))
            self.squares[name].add(count_squares(edges, register, cells, space, survey.reach))
        self.links += edges.num_rows

    def sum_squares(self, name: str) -> pa.Table:
        """Return squares by one boundary, scaled to the units that the project file states.

        Parameters
        ----------
        name
            Boundary.

        Returns
        -------
        pa.Table
            As from merge_squares.
        """
        return scale_squares(self.squares[name].sum(), self.links, self.independent_units)


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
    tables = [LinkCounts(survey), *counted]
    shape = len(layers.cells.names), len(layers.strata)
    boundaries = {
        name: Boundary(
            name,
            count_members(register.cells, register.stratum, shape),
            merge_flows([table.flows[name].sum() for table in tables]),
            merge_ends([table.ends[name].sum() for table in tables]),
            merge_squares([table.sum_squares(name) for table in tables]),
        )
        for name, register in survey.registers.items()
    }
    return Observed(
        layers.cells, layers.strata, survey.space, survey.radii_m, survey.regions, **boundaries
    )
