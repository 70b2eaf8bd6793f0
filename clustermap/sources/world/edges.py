"""The links of a fictional world as the core codes them, without any file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from clustermap.layers.actors import Register
from clustermap.network.linkages import (
    DIRECTED_KINDS,
    EDGES,
    NO_UNIT,
    Participations,
    expand_projects,
)
from clustermap.sources.world.build import World, read_nation
from clustermap.sources.world.drawing import CHANNEL_KINDS, draw_linkages
from clustermap.sources.world.law import TYPES
from clustermap.sources.world.linkages import date_links
from clustermap.sources.world.nation import (
    build_typical,
    plant_law,
    read_noise,
    set_stage,
    unplant,
)
from clustermap.sources.world.parameters import open_stream
from clustermap.tables import ACTOR_TYPES, KINDS, SHARE_UNIT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clustermap.sources.world.drawing import Pairs, Projects
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
    return pa.concat_tables(expand_projects(coded, list_types(nation)))


def _sort(coded: list[pa.Table]) -> Edges:
    edges = pa.concat_tables(coded)
    columns = [edges[name].to_numpy() for name in EDGES.names]
    a, b, kind, _, year = (column.astype(np.int64) for column in columns[:5])
    # One whole number for a, b, kind and year; equal ones stay in the order of their units.
    key = (a * (int(b.max(initial=0)) + 1) + b) << (_KIND_BITS + _YEAR_BITS)
    key += (kind << _YEAR_BITS) + year
    order = np.argsort(key, kind="stable")
    return Edges(*(column[order] for column in columns))


def list_types(nation: Nation) -> Register:
    """Return the types of a world's actors, as much of the register as coding its links needs.

    Parameters
    ----------
    nation
        The world.

    Returns
    -------
    Register
        Actors, and then partners abroad, all in one cell.
    """
    types = _CODES[np.append(nation.roster.types, nation.partners.types)]
    return Register(pa.nulls(len(types), pa.string()), types, np.zeros(len(types), np.int32))
