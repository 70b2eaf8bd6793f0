r"""One small world of actors in cells, with every link that matters drawn.

    cluster A: f1 f2 u1      cluster B: f3 s1      cluster C: f4     outside:1_1: f5   abroad:US: p1

          f1 --- f2                    pairs (P) and the project J of f1, u1, f3:
         /|  \___                      f1-f2 twice, f1-f3, f3>f1 transfer, f2-s1, f4-f5, u1-p1
      J / |      \
      u1  +---J--- f3    s1 --- f2     f4 --- f5        u1 --- p1

A lies around 0 km east, B around 8 km, C around 50 km, f5 at 15 km east and north; the place of s1
is not known well.

With overlaps = "all", the piece "A ∩ B" holds u1: it then stands in A and in B.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from pyproj import CRS

from clustermap import tables
from clustermap.checks import Chunk, check_chunk
from clustermap.layers.actors import Register
from clustermap.layers.cells import JOINT, Cells, build_cells
from clustermap.network.linkages import (
    Reading,
    code_pairs,
    code_participations,
    expand_projects,
)
from clustermap.network.space import Ground, Space, build_edges, build_space
from clustermap.network.strata import Strata, assign_strata, taking_part
from clustermap.tables import ACTOR_TYPES

METRES = CRS.from_epsg(5179)
ACTORS = {
    "f1": ("firm", "A"),
    "f2": ("firm", "A"),
    "u1": ("university", "A"),
    "f3": ("firm", "B"),
    "s1": ("support", "B"),
    "f4": ("firm", "C"),
    "f5": ("firm", "outside:1_1"),
    "p1": ("other", "abroad:US"),
}
POINTS = {
    "f1": (0, 0),
    "f2": (300, 0),
    "u1": (600, 0),
    "f3": (8_000, 0),
    "s1": (8_500, 0),
    "f4": (50_000, 0),
    "f5": (15_000, 15_000),
    "p1": (np.nan, np.nan),
}
PAIRS = [
    # source, target, kind, year
    ("f1", "f2", None, 2020),
    ("f2", "f1", None, 2021),
    ("f3", "f1", None, 2020),
    ("f3", "f1", "transfer", None),
    ("s1", "f2", None, 2020),
    ("f5", "f4", None, None),
    ("p1", "u1", None, 2020),
]
PROJECT = ["u1", "f1", "f3"]


@dataclass(frozen=True)
class World:
    """Actors in cells, edges of the pairs and of the project, and how far all is."""

    register: Register
    cells: Cells
    strata: Strata
    space: Space
    pairs: pa.Table
    project: pa.Table


def draw(clusters: tuple[str, ...] = ("A", "B", "C"), *, joint: bool = False) -> World:
    """Return the world; the order of clusters numbers the cells."""
    places = {who: cell for who, (_, cell) in ACTORS.items()}
    if joint:
        places["u1"] = f"A{JOINT}B"
    named = pa.array(list(places.values())).dictionary_encode()
    cells = build_cells(clusters, [named])
    types = np.array([ACTOR_TYPES.index(kind) for kind, _ in ACTORS.values()], np.uint8)
    codes = cells.codes(named)
    points = np.array(list(POINTS.values()), dtype=float).T
    precise = np.array([who not in {"s1", "p1"} for who in ACTORS])
    held = taking_part(codes, cells)
    strata, stratum = assign_strata(types, None, None, np.zeros(0, int), held)
    register = Register(pa.array(list(ACTORS)), types, codes, *points, precise, stratum)
    nowhere = np.full(len(cells.names), np.nan)
    ground = Ground(nowhere, nowhere, nowhere, METRES)
    space = build_space([codes], register, ground, build_edges(), seed=1)
    source, target, kind, year = (list(column) for column in zip(*PAIRS, strict=True))
    rows = {"source": source, "target": target, "kind": pa.array(kind, pa.string()), "year": year}
    checked = check_chunk(tables.PAIRS, _chunk(pa.table(rows)))
    pairs = code_pairs("pairs", checked, register, Reading())
    assert pairs.faults.num_rows == 0
    rows = {"project": ["J"] * len(PROJECT), "participant": PROJECT}
    checked = check_chunk(tables.PROJECTS, _chunk(pa.table(rows)))
    coded, _, _ = code_participations("projects", checked, register, Reading())
    (project,) = expand_projects(coded, register)
    return World(register, cells, strata, space, pairs.rows, project)


def _chunk(rows: pa.Table) -> Chunk:
    return Chunk("f.csv", pa.array(range(2, 2 + rows.num_rows)), rows)
