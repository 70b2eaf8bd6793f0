"""The coded edge list: every link of a run as numbers, sorted, for families that need actors.

A billion links do not fit into memory: they are coded and sorted run by run, and sorted runs are
merged block by block. This module knows arrays alone; where they lie is a matter of the store.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pyarrow as pa

from clustermap.network.linkages import NO_UNIT
from clustermap.network.sums import sum_rows
from clustermap.tables import SHARE_UNIT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy.typing as npt

    from clustermap.layers.actors import Register
    from clustermap.network.linkages import Participations

ROWS_AT_ONCE = 2_000_000
"""Edges that are sorted in memory at a time."""

_BITS = 63
_PACKED = ("a", "b", "kind", "year", "directed")
"""Columns that edges are sorted by, and that tell pairs apart."""

EDGE_TYPES: Mapping[str, np.dtype[Any]] = {
    "a": np.dtype(np.int32),
    "b": np.dtype(np.int32),
    "kind": np.dtype(np.uint8),
    "directed": np.dtype(np.bool_),
    "year": np.dtype(np.int16),
    "unit": np.dtype(np.int32),
    "credit": np.dtype(np.int64),
}
"""Columns of the coded edge list."""


@dataclass(frozen=True)
class Edges:
    """Coded edges, one entry a link; sorted by a, b, kind, year and unit.

    Parameters
    ----------
    a, b
        int32; positions of the two actors in the register; a is the smaller one unless the link
        has a direction, from a to b.
    kind
        uint8; position in KINDS.
    directed
        bool; whether the direction carries meaning.
    year
        int16; NO_YEAR where none is given.
    unit
        int32; project or document, numbered over all tables; NO_UNIT for pairs.
    credit
        int64; 1e-9: one for a pair, its share for a pair of a unit's participants.
    """

    a: npt.NDArray[np.int32]
    b: npt.NDArray[np.int32]
    kind: npt.NDArray[np.uint8]
    directed: npt.NDArray[np.bool_]
    year: npt.NDArray[np.int16]
    unit: npt.NDArray[np.int32]
    credit: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.a)

    def columns(self) -> dict[str, npt.NDArray[Any]]:
        """Return the columns by their names.

        Returns
        -------
        dict
            In the order of EDGE_TYPES.
        """
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def part(self, rows: slice | npt.NDArray[np.int64]) -> Edges:
        """Return some of the edges.

        Parameters
        ----------
        rows
            Which, and in which order.

        Returns
        -------
        Edges
            Those edges.
        """
        return Edges(**{name: column[rows] for name, column in self.columns().items()})


def no_edges() -> Edges:
    """Return a list without edges.

    Returns
    -------
    Edges
        Empty.
    """
    return Edges(**{name: np.zeros(0, dtype=type_) for name, type_ in EDGE_TYPES.items()})


def code_edges(edges: pa.Table, first_unit: int = 0) -> Edges:
    """Return edges as entries of the list, in the order that they came in.

    Parameters
    ----------
    edges
        EDGES.
    first_unit
        Number of units in the tables before this one.

    Returns
    -------
    Edges
        Not yet sorted.
    """
    a, b, kind, directed, year, unit, share = (column.to_numpy() for column in edges.columns)
    turn = ~directed & (a > b)
    alone = unit == NO_UNIT
    return Edges(
        np.where(turn, b, a),
        np.where(turn, a, b),
        kind,
        directed,
        year,
        np.where(alone, NO_UNIT, unit + first_unit).astype(np.int32),
        np.where(alone, SHARE_UNIT, share),
    )


def sort_edges(parts: Sequence[Edges]) -> Edges:
    """Join edges and sort them; those that are equal in everything are the same in any order.

    Parameters
    ----------
    parts
        Edges in any order.

    Returns
    -------
    Edges
        All of them, sorted.
    """
    joined = Edges(
        **{
            name: np.concatenate([np.zeros(0, type_), *(getattr(part, name) for part in parts)])
            for name, type_ in EDGE_TYPES.items()
        }
    )
    if not len(joined):
        return joined
    packed = _sort_packed(joined)
    if packed is not None:
        return packed
    # Two whole numbers in place of six columns: sorting by them is several times as fast.
    ends = joined.a.astype(np.int64) << 32 | joined.b
    rest = joined.kind.astype(np.int64) << 50 | joined.year.astype(np.int64) << 34
    rest |= (joined.unit.astype(np.int64) + 1) << 1 | joined.directed
    return joined.part(np.lexsort((joined.credit, rest, ends)))


def _sort_packed(edges: Edges) -> Edges | None:
    """Sort edges as whole numbers, None where they do not fit into one each.

    Pairs mostly do: they have no unit and count one, so that their columns follow from the number.
    """
    if (edges.unit != NO_UNIT).any() or (edges.credit != SHARE_UNIT).any():
        return None
    first = int(edges.year.min())
    widths = {
        name: (int(getattr(edges, name).max()) - (first if name == "year" else 0)).bit_length()
        for name in _PACKED
    }
    if sum(widths.values()) > _BITS:
        return None
    packed = np.zeros(len(edges), dtype=np.int64)
    for name, width in widths.items():
        packed <<= width
        packed |= edges.year - np.int16(first) if name == "year" else getattr(edges, name)
    packed.sort()
    found = {}
    for name, width in reversed(widths.items()):
        column = packed & ((1 << width) - 1)
        column += first if name == "year" else 0
        found[name] = column.astype(EDGE_TYPES[name])
        packed >>= width
    rows = len(packed)
    unit, credit = (EDGE_TYPES[name] for name in ("unit", "credit"))
    return Edges(
        **found, unit=np.full(rows, NO_UNIT, unit), credit=np.full(rows, SHARE_UNIT, credit)
    )


class Run(Protocol):
    """Sorted edges, wherever they lie: as much of them as the merging of several needs."""

    def __len__(self) -> int: ...

    @property
    def a(self) -> npt.NDArray[np.int32]:
        """Position of the first actor, one entry a link."""

    def part(self, rows: slice) -> Edges:
        """Return some of the edges.

        Parameters
        ----------
        rows
            Which.

        Returns
        -------
        Edges
            Those edges.
        """


def merge_edges(runs: Sequence[Run], rows: int = ROWS_AT_ONCE) -> Iterator[Edges]:
    """Merge sorted runs, block by block: each block holds all edges of some first actors.

    Parameters
    ----------
    runs
        Sorted edges.
    rows
        About how many edges a block holds; all edges of one first actor stay together.

    Yields
    ------
    Edges
        Sorted, and after those of the blocks before.
    """
    most = max((int(run.a[-1]) for run in runs if len(run)), default=-1)
    counts = np.zeros(most + 2, dtype=np.int64)
    for run in runs:
        counts[: most + 1] += np.bincount(run.a, minlength=most + 1)
    before = np.cumsum(counts) - counts  # edges of all smaller first actors
    bounds = np.unique(np.searchsorted(before, np.arange(0, before[-1] + rows, rows)))
    for start, stop in pairwise(np.minimum(bounds, most + 1)):
        spans = [slice(*np.searchsorted(run.a, (start, stop))) for run in runs]
        block = sort_edges([run.part(span) for run, span in zip(runs, spans, strict=True)])
        if len(block):
            yield block


_MEMBERSHIP_KEYS = ["unit", "cell", "type"]


def count_memberships(
    projects: Participations, register: Register, first_unit: int = 0
) -> pa.Table:
    """Count the participants of projects and documents by cell and type.

    Parameters
    ----------
    projects
        Who takes part in what.
    register
        Types and cells of the actors.
    first_unit
        Number of units in the tables before this one.

    Returns
    -------
    pa.Table
        unit (int32; as in Edges), cell (int32), type (uint8; position in ACTOR_TYPES),
        participants (int64); one row a combination, sorted.
    """
    return sum_rows(
        pa.table(
            {
                "unit": (projects.unit + first_unit).astype(np.int32),
                "cell": register.cells[projects.actor],
                "type": register.types[projects.actor],
                "participants": np.ones(len(projects.unit), dtype=np.int64),
            }
        ),
        _MEMBERSHIP_KEYS,
    )


def merge_memberships(memberships: Sequence[pa.Table]) -> pa.Table:
    """Add counted memberships up.

    Parameters
    ----------
    memberships
        Results of count_memberships, at least one.

    Returns
    -------
    pa.Table
        One table of the same form; the same for every order and grouping.
    """
    return sum_rows(pa.concat_tables(memberships), _MEMBERSHIP_KEYS)
