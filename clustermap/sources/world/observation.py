"""A fictional world's actors and counts as the core has them after a run, without any file."""

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
from clustermap.network.observed import Boundary, Observed
from clustermap.network.space import Ground, build_edges, build_space, mean_distance_m
from clustermap.network.strata import Strata, assign_strata, count_members, find_sites, taking_part
from clustermap.network.units import build_reach, count_squares
from clustermap.sources.world.build import World, read_nation
from clustermap.sources.world.edges import list_types
from clustermap.sources.world.law import FIRM, GRID_SPREAD_M, area_km2
from clustermap.sources.world.places import CRS as MAP

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from clustermap.sources.world.edges import Edges
    from clustermap.sources.world.law import Cells as WorldCells
    from clustermap.sources.world.nation import Nation
    from clustermap.sources.world.places import Indices


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
    types = list_types(nation).types
    none = np.full(len(nation.partners.types), -1)
    group = np.append(traits.group, none).astype(np.int32)
    site = np.append(traits.site, np.zeros(len(none))).astype(np.uint8)
    strata, stratum = assign_strata(
        types,
        employees,
        industries,
        firms,
        taking_part(codes, held),
        find_sites(types, group, site),
    )
    x, y = (np.append(axis, np.where(none < 0, np.nan, 0.0)) for axis in (traits.x, traits.y))
    register = Register(
        pa.array(np.arange(len(types))).cast(pa.string()),
        types,
        codes,
        x,
        y,
        ~np.isnan(x),
        stratum,
        group,
        site,
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
        count_ends(table, register),
        count_squares(table, register, cells, space, reach),
    )
    smaller, larger = (replace(drawn, name=name) for name in ("smaller", "larger"))
    flows = count_flows(table, register, space)
    place = cells, seen.strata, space, tuple(radii_m), seen.regions
    return Observed(*place, flows, drawn, smaller, larger)


def _code_divisions(sector: NDArray[np.int16]) -> CodedIndustries:
    found, at = np.unique(sector[sector >= 0], return_inverse=True)
    codes = np.zeros(len(sector), dtype=np.int16)
    codes[sector >= 0] = at + 1
    return CodedIndustries(
        ((),), np.zeros(len(sector), dtype=np.int16), ("", *(f"{n:02d}" for n in found)), codes
    )
