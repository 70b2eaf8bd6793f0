"""A fictional world as the core sees it: actors, cells and coded edges, without any file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from pyproj import CRS

from clustermap.layers.actors import Register
from clustermap.layers.cells import ABROAD, Cells
from clustermap.layers.industries import CodedIndustries
from clustermap.network.ends import count_ends
from clustermap.network.flows import count_flows
from clustermap.network.linkages import (
    DIRECTED_KINDS,
    EDGES,
    NO_UNIT,
    Participations,
    expand_projects,
)
from clustermap.network.observed import Boundary, Observed
from clustermap.network.space import Ground, build_edges, build_space, mean_distance_m
from clustermap.network.strata import Strata, assign_strata, count_members, taking_part
from clustermap.network.units import build_reach, count_squares
from clustermap.sources.world.build import World, read_nation
from clustermap.sources.world.drawing import CHANNEL_KINDS, draw_linkages
from clustermap.sources.world.law import FIRM, GRID_SPREAD_M, TYPES, area_km2
from clustermap.sources.world.linkages import date_links
from clustermap.sources.world.nation import (
    build_typical,
    plant_law,
    read_noise,
    set_stage,
    unplant,
)
from clustermap.sources.world.parameters import open_stream
from clustermap.sources.world.places import CRS as MAP
from clustermap.tables import ACTOR_TYPES, KINDS, SHARE_UNIT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from clustermap.sources.world.drawing import Pairs, Projects
    from clustermap.sources.world.law import Cells as WorldCells
    from clustermap.sources.world.nation import Nation
    from clustermap.sources.world.places import Indices

_CODES = np.array([ACTOR_TYPES.index(kind) for kind in TYPES], dtype=np.uint8)
_DIRECTED = np.isin(np.array(KINDS), list(DIRECTED_KINDS))
_YEAR_BITS, _KIND_BITS = 12, 3


@dataclass(frozen=True)
class Edges:
    """Coded edges, sorted by a, b, kind, year and unit.

    Parameters
    ----------
    a, b
        int32; positions in the register; a <= b unless the edge is directed.
    kind
        uint8; position in KINDS.
    directed
        bool; whether it leads from a to b.
    year
        int16.
    unit
        int32; project that it comes from, NO_UNIT for a pair.
    credit
        int64; 1e-9, one for a pair, 1/(k - 1) for two of k participants.
    """

    a: NDArray[np.int32]
    b: NDArray[np.int32]
    kind: NDArray[np.uint8]
    directed: NDArray[np.bool_]
    year: NDArray[np.int16]
    unit: NDArray[np.int32]
    credit: NDArray[np.int64]

    def table(self) -> pa.Table:
        """Return the edges as the core counts them.

        Returns
        -------
        pa.Table
            EDGES.
        """
        columns = (self.a, self.b, self.kind, self.directed, self.year, self.unit, self.credit)
        return pa.table([pa.array(column) for column in columns], schema=EDGES)


@dataclass(frozen=True)
class Observation:
    """Who is there, as the core sees it.

    Parameters
    ----------
    register
        Actors, and then partners abroad.
    cells
        Clusters, and then all other cells by name.
    strata
        Strata of the actors.
    ground
        Where the cells are.
    regions
        int32; region of every cell, -1 abroad.
    firms
        Positions of the firms in the register.
    employees
        int64 by firm, null where unknown.
    industries
        Divisions by firm.
    """

    register: Register
    cells: Cells
    strata: Strata
    ground: Ground
    regions: NDArray[np.int32]
    firms: Indices
    employees: pa.Array
    industries: CodedIndustries


def draw_edges(world: World | Nation, seed: int, *, planted: bool = True) -> Edges:
    """Draw a world's links as coded edges.

    Parameters
    ----------
    world
        The world, with its names or without.
    seed
        Seed of the links; the same as for ``redraw_linkages`` gives the same links.
    planted
        Whether the planted clusters keep what is planted in them.

    Returns
    -------
    Edges
        Positions as in ``observe``.
    """
    nation = read_nation(world) if isinstance(world, World) else world
    nation = nation if planted else unplant(nation)
    law = plant_law(nation, build_typical(nation, read_noise(nation)))
    asked = nation.parameters
    pairs, projects = draw_linkages(
        seed, set_stage(nation, law), asked.links - asked.project_links, asked.project_links
    )
    count = int(projects.project.max(initial=-1)) + 1
    growing = asked.attachment > 0
    years = date_links(open_stream(seed, "years"), len(pairs.source), count, growing=growing)
    coded = [_code_pairs(pairs, years[0])]
    if count:
        coded.append(_code_projects(nation, projects, years[1]))
    return _sort(coded)


def _code_pairs(pairs: Pairs, years: Indices) -> pa.Table:
    kind = CHANNEL_KINDS[pairs.channel]
    directed = _DIRECTED[kind]
    turn = ~directed & (pairs.source > pairs.target)
    count = len(kind)
    columns = (
        np.where(turn, pairs.target, pairs.source).astype(np.int32),
        np.where(turn, pairs.source, pairs.target).astype(np.int32),
        kind,
        directed,
        years.astype(np.int16),
        np.full(count, NO_UNIT, dtype=np.int32),
        np.full(count, SHARE_UNIT),
    )
    return pa.table([pa.array(column) for column in columns], schema=EDGES)


def _code_projects(nation: Nation, projects: Projects, years: Indices) -> pa.Table:
    order = np.lexsort((projects.actor, projects.project))
    unit = projects.project[order]
    coded = Participations(
        unit.astype(np.int32),
        projects.actor[order].astype(np.int32),
        projects.kind[order],
        years[unit].astype(np.int16),
        np.bincount(unit).astype(np.int32),
    )
    return pa.concat_tables(expand_projects(coded, _list_types(nation)))


def _sort(coded: list[pa.Table]) -> Edges:
    edges = pa.concat_tables(coded)
    columns = [edges[name].to_numpy() for name in EDGES.names]
    a, b, kind, _, year = (column.astype(np.int64) for column in columns[:5])
    # One whole number for a, b, kind and year; equal ones stay in the order of their units.
    key = (a * (int(b.max(initial=0)) + 1) + b) << (_KIND_BITS + _YEAR_BITS)
    key += (kind << _YEAR_BITS) + year
    order = np.argsort(key, kind="stable")
    return Edges(*(column[order] for column in columns))


def _list_types(nation: Nation) -> Register:
    types = _CODES[np.append(nation.roster.types, nation.partners.types)]
    return Register(pa.nulls(len(types), pa.string()), types, np.zeros(len(types), np.int32))


def observe(world: World | Nation) -> Observation:
    """Return a world's actors and cells as the core has them after reading.

    Parameters
    ----------
    world
        The world, with its names or without.

    Returns
    -------
    Observation
        Actors in the order in which edges name them; identifiers are their positions.
    """
    nation = read_nation(world) if isinstance(world, World) else world
    cells, traits = nation.cells, nation.traits
    abroad, country = np.unique(np.array(nation.partners.countries, dtype=str), return_inverse=True)
    names = np.array([*cells.names, *(f"{ABROAD}{name}" for name in abroad)])
    # Clusters keep their numbers; all others follow by name.
    others = np.argsort(names[cells.clusters :], kind="stable") + cells.clusters
    order = np.append(np.arange(cells.clusters), others)
    code = np.empty(len(order), dtype=np.int32)
    code[order] = np.arange(len(order))
    own = np.arange(cells.clusters, dtype=np.int32)
    held = Cells(tuple(map(str, names[order])), cells.clusters, own, own)
    regions = np.append(cells.regions, np.full(len(abroad), -1)).astype(np.int32)
    firms = np.flatnonzero(nation.roster.types == FIRM)
    employees = pa.array(traits.employees[firms], mask=traits.employees[firms] < 0)
    industries = _code_divisions(traits.sector[firms])
    codes = code[np.append(nation.roster.cells, len(cells.names) + country)]
    types = _list_types(nation).types
    strata, stratum = assign_strata(types, employees, industries, firms, taking_part(codes, held))
    none = np.full(len(nation.partners.types), -1)
    x, y = (np.append(axis, np.where(none < 0, np.nan, 0.0)) for axis in (traits.x, traits.y))
    register = Register(
        pa.array(np.arange(len(types))).cast(pa.string()),
        types,
        codes,
        x,
        y,
        ~np.isnan(x),
        stratum,
        np.append(traits.group, none).astype(np.int32),
        np.append(traits.site, np.zeros(len(none))).astype(np.uint8),
    )
    ground = _find_ground(cells, order)
    return Observation(register, held, strata, ground, regions[order], firms, employees, industries)


def _find_ground(cells: WorldCells, order: Indices) -> Ground:
    abroad = np.full(len(order) - len(cells.names), np.nan)
    x, y = (np.append(axis * 1000, abroad)[order] for axis in cells.sites_km.T)
    spread_m = np.append(np.full(len(cells.names), GRID_SPREAD_M), abroad)
    spread_m[: cells.clusters] = mean_distance_m(area_km2(cells.counts[: cells.clusters, FIRM]))
    return Ground(x, y, spread_m[order], CRS.from_user_input(MAP))


def count_world(
    seen: Observation, edges: Edges, radii_m: Sequence[float] = (0, 10_000, 30_000)
) -> Observed:
    """Count a world's links as a run does.

    Parameters
    ----------
    seen
        From ``observe``.
    edges
        From ``draw_edges``.
    radii_m
        Local radii, the first 0 (the fence).

    Returns
    -------
    Observed
        Counts by the clusters as they are drawn, which stand for the two moved boundaries too.
    """
    register, cells = seen.register, seen.cells
    space = build_space([register.cells], register, seen.ground, build_edges(radii_m), seed=1)
    reach, table = build_reach(radii_m, space, seen.regions), edges.table()
    drawn = Boundary(
        "drawn",
        count_members(register.cells, register.stratum, (len(cells.names), len(seen.strata))),
        count_flows(table, register, space),
        count_ends(table, register),
        count_squares(table, register, cells, space, reach),
    )
    smaller, larger = (replace(drawn, name=name) for name in ("smaller", "larger"))
    return Observed(cells, seen.strata, space, tuple(radii_m), seen.regions, drawn, smaller, larger)


def _code_divisions(sector: NDArray[np.int16]) -> CodedIndustries:
    found, at = np.unique(sector[sector >= 0], return_inverse=True)
    codes = np.zeros(len(sector), dtype=np.int16)
    codes[sector >= 0] = at + 1
    return CodedIndustries(
        ((),), np.zeros(len(sector), dtype=np.int16), ("", *(f"{n:02d}" for n in found)), codes
    )
