"""Running sums: rows by several small keys, one whole number each, added up as they come in."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from clustermap.network.distinct import distinct
from clustermap.network.sums import ROWS_AT_ONCE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy.typing as npt

    Whole = npt.NDArray[np.int64]

PACKED = "key"
"""Column of several keys as one whole number."""

_MOST_BITS = 63
_WAITING = 4_000_000
"""Sums that may come in before they are added to those that are added up already."""
_WAY_BITS = 3
_WAYS = 1 << _WAY_BITS
"""Ways to count, as weights of links are mostly one or two, that are told beside the key."""
_UNSORTED = 32_000_000
"""Rows that may come in before they are sorted: eight bytes each."""
_KEYS_AT_ONCE = 250_000
"""Sorted rows that are added up at once: what is worked out in between stays near the processor."""


@dataclass(frozen=True)
class Key:
    """A column of keys.

    Parameters
    ----------
    name
        Of the column.
    type
        Of its whole numbers.
    values
        Number of values that it may have, from ``lowest`` on.
    lowest
        Smallest value.
    """

    name: str
    type: np.dtype[Any]
    values: int
    lowest: int = 0

    @property
    def bits(self) -> int:
        """Bits that tell its values apart."""
        return max(self.values - 1, 0).bit_length()


@dataclass(frozen=True)
class Keys:
    """Columns of keys as one whole number a row, which sorts as they do.

    Parameters
    ----------
    columns
        The first decides, then the second, and so on.

    Raises
    ------
    ValueError
        If one number of 63 bits cannot hold them.
    """

    columns: tuple[Key, ...]

    def __post_init__(self) -> None:
        if self.bits > _MOST_BITS:
            raise ValueError(f"too many values: {self.columns}")

    @property
    def bits(self) -> int:
        """Bits that tell rows apart."""
        return sum(key.bits for key in self.columns)

    def pack(self, rows: Mapping[str, npt.NDArray[np.integer]]) -> Whole:
        """Return one whole number a row.

        Parameters
        ----------
        rows
            The columns, and maybe others.

        Returns
        -------
        np.ndarray
            int64.
        """
        packed = np.zeros(len(rows[self.columns[0].name]), dtype=np.int64)
        for key in self.columns:
            packed <<= key.bits
            column = rows[key.name]
            packed |= column if not key.lowest else column.astype(np.int64) - key.lowest
        return packed

    def unpack(self, packed: Whole) -> dict[str, npt.NDArray[Any]]:
        """Return the columns of packed rows.

        Parameters
        ----------
        packed
            From :meth:`pack`.

        Returns
        -------
        dict
            By name, in the order of the columns.
        """
        found, shift = {}, 0
        for key in reversed(self.columns):
            values = (packed >> shift) & ((1 << key.bits) - 1)
            found[key.name] = (values + key.lowest if key.lowest else values).astype(key.type)
            shift += key.bits
        return dict(reversed(found.items()))


class RunningSums:
    """Whole numbers added up by key, as their rows come in.

    Where rows count in a few ways, each is kept as one number, its key and its way, and all are
    sorted together, late: that takes a fraction of the time and of the room of sums that are
    merged again and again.

    Parameters
    ----------
    keys
        How rows are told apart.
    values
        Columns that are added up.
    few
        Whether there are much fewer keys than rows, so that rows are better added up at once.

    Examples
    --------
    >>> cells = Keys((Key("cell", np.dtype(np.int32), 10),))
    >>> links = RunningSums(cells, ["links"])
    >>> links.add({"cell": np.array([2, 1, 2]), "links": np.array([1, 1, 5])})
    >>> links.add({"cell": np.array([1]), "links": np.array([1])}, sign=-1)
    >>> links.table().to_pydict()
    {'cell': [1, 2], 'links': [0, 6]}
    """

    def __init__(self, keys: Keys, values: Sequence[str], *, few: bool = False) -> None:
        self.keys = keys
        self.values = tuple(values)
        self._few = few or keys.bits + _WAY_BITS > _MOST_BITS
        none = np.zeros(0, dtype=np.int64)
        self._parts: list[list[Whole]] = [[none] * (1 + len(self.values))]
        self._ways: list[tuple[int, ...]] = []
        self._unsorted: list[Whole] = []

    def add(self, rows: Mapping[str, npt.NDArray[np.integer]], sign: int = 1) -> None:
        """Add rows.

        Parameters
        ----------
        rows
            Keys and values by name.
        sign
            -1 takes them away.
        """
        packed = self.keys.pack(rows)
        if not len(packed):
            return
        values = [rows[name] for name in self.values]
        ways = None if self._few else self._find_ways(values, sign)
        if ways is None:
            summed = _sum_packed(packed, values)
            self._take([summed[0], *(sign * column for column in summed[1:])])
        else:
            self._keep([packed << _WAY_BITS | ways])

    def take(self, packed: pa.Table) -> None:
        """Add what other rows come to.

        Parameters
        ----------
        packed
            From :meth:`pack`.
        """
        if packed.num_rows:
            self._take([packed[name].to_numpy() for name in (PACKED, *self.values)])

    def join(self, others: RunningSums) -> None:
        """Add other sums of the same keys and values.

        Parameters
        ----------
        others
            They must not be used any more.
        """
        numbers = [self._number(way) for way in others._ways]
        if None in numbers:
            others._settle()
        for part in others._parts:
            if len(part[0]):
                self._take(part)
        self._keep([_renumber(some, numbers) for some in others._unsorted])

    def pack(self) -> pa.Table:
        """Return the sums in the form that they are kept in.

        Returns
        -------
        pa.Table
            PACKED (int64), then values (int64); sorted. Sums of the same keys are added up by it.
        """
        packed, *sums = self._settle()
        return pa.table({PACKED: packed, **dict(zip(self.values, sums, strict=True))})

    def _find_ways(self, values: Sequence[npt.NDArray[np.integer]], sign: int) -> Whole | None:
        """Return the way that each row counts in, one where all do; None where they are many."""
        various = [column for column in values if (column != column[0]).any()]
        if len(various) > 1:
            return None
        found = distinct(various[0]) if various else np.zeros(1, dtype=np.int64)
        if len(found) > _WAYS:
            return None
        numbers = []
        for one in found.tolist():
            way = (one if various and column is various[0] else int(column[0]) for column in values)
            numbers.append(self._number(tuple(sign * value for value in way)))
        if None in numbers:
            return None
        known = np.array(numbers, dtype=np.int64)
        return known[np.searchsorted(found, various[0])] if various else known

    def _number(self, way: tuple[int, ...]) -> int | None:
        if way not in self._ways:
            if len(self._ways) == _WAYS:
                return None
            self._ways.append(way)
        return self._ways.index(way)

    def _keep(self, unsorted: list[Whole]) -> None:
        self._unsorted += unsorted
        if sum(map(len, self._unsorted)) > _UNSORTED:
            self._settle()

    def _take(self, part: list[Whole]) -> None:
        self._parts.append(part)
        waiting = sum(len(part[0]) for part in self._parts[1:])
        if waiting > max(len(self._parts[0][0]), _WAITING):
            self._settle()

    def _settle(self) -> list[Whole]:
        if self._unsorted:
            self._parts.append(_count_sorted(self._unsorted, np.array(self._ways).T))
        if len(self._parts) > 1:
            self._parts = [_merge([part for part in self._parts if len(part[0])])]
        return self._parts[0]

    def table(self) -> pa.Table:
        """Return the sums.

        Returns
        -------
        pa.Table
            Keys, then values (int64); one row a combination that came in, sorted by the keys.
        """
        packed, *sums = self._settle()
        return pa.table({**self.keys.unpack(packed), **dict(zip(self.values, sums, strict=True))})


def _count_sorted(unsorted: list[Whole], ways: Whole) -> list[Whole]:
    """Add up rows that are one number each: their key, and which of the ways they count in."""
    rows = _join(unsorted)
    rows.sort()
    blocks = [_count_block(some, ways) for some in _list_blocks(rows)]
    return [_join(list(column)) for column in zip(*blocks, strict=True)]


def _list_blocks(rows: Whole) -> Iterator[Whole]:
    """Yield stretches of sorted rows, all rows of a key in one."""
    start = 0
    while start < len(rows):
        last = rows[min(start + _KEYS_AT_ONCE, len(rows)) - 1]
        end = int(np.searchsorted(rows, last | (_WAYS - 1), "right"))
        yield rows[start:end]
        start = end


def _count_block(rows: Whole, ways: Whole) -> list[Whole]:
    keys = rows >> _WAY_BITS
    first = _find_firsts(keys)
    many = np.diff(first, append=len(keys))
    return [keys[first], *(_sum_ways(rows, first, many, values) for values in ways)]


def _sum_ways(rows: Whole, first: Whole, many: Whole, values: Whole) -> Whole:
    """Return the sums of one value; ``values`` says by way what a row counts."""
    if (values == values[0]).all():
        return many * int(values[0])
    return np.asarray(np.add.reduceat(values[rows & (_WAYS - 1)], first), dtype=np.int64)


def _renumber(rows: Whole, numbers: Sequence[int | None]) -> Whole:
    """Return rows whose ways have other numbers."""
    if list(numbers) == [*range(len(numbers))]:
        return rows
    renumbered = np.array(numbers, dtype=np.int64)
    return np.asarray(rows & -_WAYS | renumbered[rows & (_WAYS - 1)])


def _find_firsts(ordered: Whole) -> Whole:
    """Return where each key comes first; some keys at least."""
    return np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))


def _sum_packed(packed: Whole, values: Sequence[npt.NDArray[np.integer]]) -> list[Whole]:
    """Add up the values of rows by their keys; some rows at least."""
    order = np.argsort(packed)
    packed = packed[order]
    first = _find_firsts(packed)
    return [packed[first], *(np.add.reduceat(c[order], first, dtype=np.int64) for c in values)]


def _merge(parts: Sequence[Sequence[Whole]]) -> list[Whole]:
    """Add up sums: all of them are sorted, so that some keys after the others can be looked at."""
    if len(parts) == 1:
        return list(parts[0])
    largest = max((part[0] for part in parts), key=len)
    rows = sum(len(part[0]) for part in parts)
    bounds = largest[:: max(len(largest) * ROWS_AT_ONCE // rows, 1)][1:]
    cuts = [[0, *np.searchsorted(part[0], bounds).tolist(), len(part[0])] for part in parts]
    blocks = []
    for spans in zip(*map(pairwise, cuts), strict=True):
        some = [[c[a:b] for c in part] for part, (a, b) in zip(parts, spans, strict=True) if a < b]
        if some:
            packed, *values = (np.concatenate(columns) for columns in zip(*some, strict=True))
            blocks.append(_sum_packed(packed, values))
    columns = [list(column) for column in zip(*blocks, strict=True)]
    del blocks
    return [_join(column) for column in columns]


def _join(pieces: list[Whole]) -> Whole:
    """Join pieces of a column; the list is emptied, so that no two copies of a table are held."""
    joined = np.concatenate(pieces)
    pieces.clear()
    return joined
