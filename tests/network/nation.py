"""A small nation of firms, universities and support bodies whose links are counted as a run does.

Seventy clusters lie on a plain of 200 km, twenty cells between them are in none. Actors of a cell
stand at its middle or 2 km east of it. Cells are active to very different degrees; who links with
whom is chance else: one link in three stays within its cell, and some come from projects.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from clustermap.layers.actors import Register
from clustermap.layers.cells import Cells
from clustermap.layers.industries import CodedIndustries
from clustermap.network.ends import count_ends, merge_ends
from clustermap.network.flows import count_flows, merge_flows
from clustermap.network.linkages import EDGES, NO_UNIT, NO_YEAR, derive_kinds
from clustermap.network.observed import Boundary, Observed
from clustermap.network.space import Ground, Space, build_edges, build_space
from clustermap.network.strata import Strata, assign_strata, count_members
from clustermap.network.units import build_reach, count_squares, merge_squares
from clustermap.tables import ACTOR_TYPES, KINDS, SHARE_UNIT
from tests.network.worlds import METRES

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

CLUSTERS, CELLS = 70, 90
RADII = (0.0, 10_000.0, 30_000.0)
_FIRM, _UNIVERSITY, _SUPPORT = (
    ACTOR_TYPES.index(name) for name in ("firm", "university", "support")
)
_TRANSFER = KINDS.index("transfer")


@dataclass(frozen=True)
class Nation:
    """Actors in cells, and how far all is."""

    register: Register
    cells: Cells
    strata: Strata
    space: Space


def draw_nation(seed: int = 1) -> Nation:
    rng = np.random.default_rng(seed)
    size = np.minimum(np.ceil(rng.pareto(1.5, CELLS) * 10 + 8), 40).astype(int)
    cell = np.repeat(np.arange(CELLS), size).astype(np.int32)
    chance = rng.random(len(cell))
    types = np.select([chance < 0.1, chance < 0.2], [_UNIVERSITY, _SUPPORT], _FIRM)
    firms = np.flatnonzero(types == _FIRM)
    sectors = rng.integers(1, 4, len(firms)).astype(np.int16)
    own = np.arange(CLUSTERS, dtype=np.int32)
    names = [f"K{at:02d}" for at in range(CLUSTERS)]
    names += [f"outside:{at:02d}_0" for at in range(CLUSTERS, CELLS)]
    middle = rng.uniform(0, 200_000, (CELLS, 2))
    x = middle[cell, 0] + rng.integers(0, 2, len(cell)) * 2_000
    strata, stratum = assign_strata(
        types.astype(np.uint8),
        pa.array(rng.integers(1, 60, len(firms))),
        CodedIndustries(((),), np.zeros(len(firms), np.int16), ("", "10", "20", "26"), sectors),
        firms,
        np.ones(len(cell), dtype=bool),
    )
    register = Register(
        pa.array([f"a{at}" for at in range(len(cell))]),
        types.astype(np.uint8),
        cell,
        x,
        middle[cell, 1],
        np.ones(len(cell), dtype=bool),
        stratum,
    )
    return measure(register, Cells(tuple(names), CLUSTERS, own, own), strata)


def measure(register: Register, cells: Cells, strata: Strata) -> Nation:
    nowhere = np.full(len(cells.names), np.nan)
    ground = Ground(nowhere, nowhere, nowhere, METRES)
    space = build_space([register.cells], register, ground, build_edges(RADII), seed=1)
    return Nation(register, cells, strata, space)


def draw_edges(nation: Nation, seed: int = 1, links: int = 10_000) -> pa.Table:
    """Draw links: a third within their cells, the others anywhere; a fifth come from projects."""
    rng = np.random.default_rng(seed)
    cell = nation.register.cells
    actors = len(cell)
    first = np.searchsorted(cell, np.arange(CELLS))
    size = np.bincount(cell, minlength=CELLS)
    active = np.random.default_rng(3).gamma(2.0, size=CELLS)[cell]
    one, far = rng.choice(actors, (2, links), p=active / active.sum())
    home = (rng.random(links) * size[cell[one]]).astype(int) + first[cell[one]]
    other = np.where(rng.random(links) < 1 / 3, home, far)
    one, other = one[one != other], other[one != other]
    unit = np.where(rng.random(len(one)) < 0.2, rng.integers(0, links // 20, len(one)), NO_UNIT)
    types = nation.register.types
    kind = derive_kinds(types[one], types[other])
    directed = (kind == 0) & (rng.random(len(one)) < 0.2)
    kind[directed] = _TRANSFER
    share = np.where(unit == NO_UNIT, SHARE_UNIT, SHARE_UNIT // 2)
    turn = ~directed & (one > other)
    columns = (
        np.where(turn, other, one),
        np.where(turn, one, other),
        kind,
        directed,
        np.full(len(one), NO_YEAR),
        unit,
        share,
    )
    return pa.table(
        [pa.array(c.astype(f.type.to_pandas_dtype())) for c, f in zip(columns, EDGES, strict=True)],
        schema=EDGES,
    )


def count(nation: Nation, chunks: Sequence[pa.Table]) -> Observed:
    """Count links chunk by chunk; both moved boundaries are the one drawn."""
    register, cells, space = nation.register, nation.cells, nation.space
    regions = np.zeros(CELLS, dtype=np.int32)
    reach = build_reach(RADII, space, regions)
    drawn = Boundary(
        "drawn",
        count_members(register.cells, register.stratum, (CELLS, len(nation.strata))),
        merge_ends([count_ends(part, register) for part in chunks]),
        merge_squares([count_squares(part, register, cells, space, reach) for part in chunks]),
    )
    smaller, larger = (replace(drawn, name=name) for name in ("smaller", "larger"))
    flows = merge_flows([count_flows(part, register, space) for part in chunks])
    return Observed(cells, nation.strata, space, RADII, regions, flows, drawn, smaller, larger)


def repeat_edges(edges: pa.Table, times: int) -> pa.Table:
    """Return every link so many times, projects as projects of their own."""
    unit = edges["unit"].to_numpy()
    at = EDGES.get_field_index("unit")
    parts = [
        edges.set_column(at, EDGES.field(at), pa.array(moved.astype(np.int32)))
        for moved in (np.where(unit >= 0, unit + n * (unit.max() + 1), unit) for n in range(times))
    ]
    return pa.concat_tables(parts)


def rename(edges: pa.Table, number: npt.NDArray[np.integer]) -> pa.Table:
    """Return links whose actors have other numbers; those without direction are turned."""
    one, other = (number[edges[end].to_numpy()] for end in ("a", "b"))
    turn = ~edges["directed"].to_numpy() & (one > other)
    ends = np.where(turn, other, one), np.where(turn, one, other)
    for at, end in enumerate(ends):
        edges = edges.set_column(at, EDGES.field(at), pa.array(end.astype(np.int32)))
    return edges
