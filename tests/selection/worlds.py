"""Linkages of the small nation of tests/network, and a handful of actors drawn by hand."""

from __future__ import annotations

from dataclasses import fields
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pyarrow as pa

from clustermap.layers.actors import Register
from clustermap.network.edges import EDGE_TYPES, Edges, code_edges, sort_edges
from clustermap.network.standardise import standardise
from clustermap.scores.parts import Linkages
from clustermap.tables import ACTOR_TYPES, KINDS, SHARE_UNIT
from tests.network.nation import count, draw_edges, draw_nation, measure, rename

if TYPE_CHECKING:
    import numpy.typing as npt


def draw_linkages(links: int, number: npt.NDArray[np.int64] | None = None) -> Linkages:
    """Return a nation of seventy clusters with its links, under the mass null.

    With ``number`` the actors come in another order: each has that position.
    """
    nation = draw_nation()
    edges = draw_edges(nation, links=links)
    if number is not None:
        edges = rename(edges, number)
        first = np.argsort(number)
        register = nation.register
        columns = {
            field.name: getattr(register, field.name)[first]
            for field in fields(register)
            if field.name != "ids"
        }
        moved = Register(register.ids.take(pa.array(first)), **columns)
        nation = measure(moved, nation.cells, nation.strata)
    observed = count(nation, [edges])
    found = standardise(observed, beside=False, circumstances=())
    return Linkages(observed, found, sort_edges([code_edges(edges)]), nation.register)


def write_edges(pairs: list[tuple[int, int]], years: list[int] | None = None) -> Edges:
    """Return links of firms with whomever, one a pair of actors."""
    one, other = np.array(pairs, dtype=np.int32).reshape(-1, 2).T
    columns: dict[str, Any] = {
        "a": one,
        "b": other,
        "kind": np.full(len(one), KINDS.index("research")),
        "directed": np.zeros(len(one), dtype=bool),
        "year": years or np.zeros(len(one)),
        "unit": np.full(len(one), -1),
        "credit": np.full(len(one), SHARE_UNIT),
    }
    return Edges(**{name: np.asarray(columns[name], dtype=t) for name, t in EDGE_TYPES.items()})


def write_register(types: list[str], cells: list[int], x: list[float] | None = None) -> Register:
    """Return actors named a, b, c, ... that stand on a line, of one stratum."""
    size = len(types)
    return Register(
        pa.array([chr(ord("a") + at) for at in range(size)]),
        np.array([ACTOR_TYPES.index(name) for name in types], dtype=np.uint8),
        np.array(cells, dtype=np.int32),
        np.array(x or [0.0] * size),
        np.zeros(size),
        np.ones(size, dtype=bool),
        np.zeros(size, dtype=np.int16),
    )


def tie(register: Register, edges: Edges, clusters: int) -> Linkages:
    """Return linkages that know edges and members, and nothing else."""
    own = np.arange(clusters, dtype=np.int32)
    cells = SimpleNamespace(held_cell=own, held_cluster=own, clusters=clusters)
    comparison = SimpleNamespace(kinds=(KINDS.index("research"),))
    found = SimpleNamespace(comparisons={("mass", "drawn"): comparison}, headline="mass")
    return Linkages(cast("Any", SimpleNamespace(cells=cells)), cast("Any", found), edges, register)
