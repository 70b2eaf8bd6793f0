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
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    Whole = npt.NDArray[np.int64]

PACKED = "key"
"""Column of several keys as one whole number."""

_MOST_BITS = 63
_WAITING = 4_000_000
"""Sums that may come in before they are added to those that are added up already."""
_WAYS = 8
"""Ways to count, as weights of links are mostly one or two, in which rows still count alike."""
_UNSORTED = 32_000_000
"""Rows that may come in before they are sorted: eight bytes each."""


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
        if sum(key.bits for key in self.columns) > _MOST_BITS:
            raise ValueError(f"too many values: {self.columns}")

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

    Rows that count alike are kept as keys alone and sorted together, late: that takes a
    fraction of the time and of the room of sums that are merged again and again.

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
        self._few = few
        none = np.zeros(0, dtype=np.int64)
        self._parts: list[list[Whole]] = [[none] * (1 + len(self.values))]
        self._alike: dict[tuple[int, ...], list[Whole]] = {}

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
        parted = None if self._few else _part_alike(packed, values)
        if parted is None:
            summed = _sum_packed(packed, values)
            self._take([summed[0], *(sign * column for column in summed[1:])])
            return
        for alike, some in parted:
            self._keep(tuple(sign * one for one in alike), [some])

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
        for part in others._parts:
            if len(part[0]):
                self._take(part)
        for alike, packed in others._alike.items():
            self._keep(alike, packed)

    def pack(self) -> pa.Table:
        """Return the sums in the form that they are kept in.

        Returns
        -------
        pa.Table
            PACKED (int64), then values (int64); sorted. Sums of the same keys are added up by it.
        """
        packed, *sums = self._settle()
        return pa.table({PACKED: packed, **dict(zip(self.values, sums, strict=True))})

    def _keep(self, alike: tuple[int, ...], packed: list[Whole]) -> None:
        self._alike.setdefault(alike, []).extend(packed)
        if sum(len(some) for each in self._alike.values() for some in each) > _UNSORTED:
            self._settle()

    def _take(self, part: list[Whole]) -> None:
        self._parts.append(part)
        waiting = sum(len(part[0]) for part in self._parts[1:])
        if waiting > max(len(self._parts[0][0]), _WAITING):
            self._settle()

    def _settle(self) -> list[Whole]:
        while self._alike:
            alike, packed = self._alike.popitem()
            self._parts.append(_count_keys(packed, alike))
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


def _find_alike(values: Sequence[npt.NDArray[np.integer]]) -> tuple[int, ...] | None:
    """Return what every row counts, None where they count otherwise; some rows at least."""
    if any((column != column[0]).any() for column in values):
        return None
    return tuple(int(column[0]) for column in values)


def _part_alike(
    packed: Whole, values: Sequence[npt.NDArray[np.integer]]
) -> list[tuple[tuple[int, ...], Whole]] | None:
    """Return what rows count and their keys, for each of a few ways to count; None of many."""
    same = [bool((column == column[0]).all()) for column in values]
    if all(same):
        return [(tuple(int(column[0]) for column in values), packed)]
    if same.count(False) > 1:
        return None
    various = values[same.index(False)]
    found = distinct(various)
    if len(found) > _WAYS:
        return None
    return [
        (
            tuple(
                int(column[0]) if alike else int(one)
                for column, alike in zip(values, same, strict=True)
            ),
            packed[various == one],
        )
        for one in found
    ]


def _count_keys(packed: list[Whole], alike: tuple[int, ...]) -> list[Whole]:
    """Add up rows that count alike; the list is emptied, so that no two copies are held."""
    keys = np.concatenate(packed)
    packed.clear()
    keys.sort()
    first = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
    keys, many = keys[first], np.diff(first, append=len(keys))
    return [keys, *(many * one for one in alike)]


def _sum_packed(packed: Whole, values: Sequence[npt.NDArray[np.integer]]) -> list[Whole]:
    """Add up the values of rows by their keys; some rows at least."""
    alike = _find_alike(values)
    if alike is not None:
        return _count_keys([packed], alike)
    order = np.argsort(packed)
    packed = packed[order]
    first = np.flatnonzero(np.concatenate([[True], packed[1:] != packed[:-1]]))
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
    return [np.concatenate(columns) for columns in zip(*blocks, strict=True)]
