"""Sums: rows with the same keys added up, in whole numbers and in one pass of sorting."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Whole = npt.NDArray[np.int64]

_MOST_BITS = 63

ROWS_AT_ONCE = 1_000_000
"""Rows of large sums that are added up at a time."""


def sum_rows(rows: pa.Table, keys: Sequence[str]) -> pa.Table:
    """Add up the rows that have the same keys.

    Parameters
    ----------
    rows
        Keys first, then whole numbers; no nulls.
    keys
        Columns of the keys, whole numbers too.

    Returns
    -------
    pa.Table
        The same columns, one row a combination, sorted by the keys.

    Examples
    --------
    >>> rows = pa.table({"cell": [2, 1, 2], "links": [1, 1, 5]})
    >>> sum_rows(rows, ["cell"]).to_pydict()
    {'cell': [1, 2], 'links': [1, 6]}
    """
    if not rows.num_rows:
        return rows
    columns = {name: rows[name].to_numpy() for name in rows.column_names}
    codes = _Codes([columns[key] for key in keys])
    if sum(codes.bits) > _MOST_BITS:
        return _sum_by_table(rows, keys)
    packed = codes.pack()
    values = {name: column for name, column in columns.items() if name not in keys}
    # Where all rows count alike the number of rows tells the sum, and keys alone are sorted.
    alike = {name: int(v[0]) for name, v in values.items() if (v == v[0]).all()}
    order = None if len(alike) == len(values) else np.argsort(packed)
    packed = np.sort(packed) if order is None else packed[order]
    first = np.flatnonzero(np.concatenate([[True], packed[1:] != packed[:-1]]))
    many = np.diff(np.append(first, len(packed)))
    summed = dict(zip(keys, codes.unpack(packed[first]), strict=True))
    for name, column in values.items():
        if name in alike:
            summed[name] = many * alike[name]
        else:
            summed[name] = np.add.reduceat(column[order].astype(np.int64), first)
    return pa.table({name: summed[name] for name in rows.column_names})


def merge_rows(parts: Sequence[pa.Table], keys: Sequence[str]) -> pa.Table:
    """Add up sums: as sum_rows of all parts, in the room of the parts and the result alone.

    Parameters
    ----------
    parts
        Rows as for sum_rows, sorted by the first key, as its own results are; at least one.
    keys
        Columns of the keys.

    Returns
    -------
    pa.Table
        The same columns, one row a combination, sorted by the keys.

    Examples
    --------
    >>> parts = [pa.table({"cell": [1, 2], "links": [1, 1]}), pa.table({"cell": [2], "links": [5]})]
    >>> merge_rows(parts, ["cell"]).to_pydict()
    {'cell': [1, 2], 'links': [1, 6]}
    """
    rows = sum(part.num_rows for part in parts)
    if rows <= ROWS_AT_ONCE:
        return sum_rows(pa.concat_tables(parts), keys)
    # All parts are sorted by the first key: what lies between two of its values is added up alone.
    first = [part[keys[0]].to_numpy() for part in parts]
    largest = max(first, key=len)
    step = max(len(largest) * ROWS_AT_ONCE // rows, 1)
    bounds = np.unique(largest[::step])[1:]
    cuts = [[0, *np.searchsorted(own, bounds).tolist(), len(own)] for own in first]
    blocks = []
    for spans in zip(*map(pairwise, cuts), strict=True):
        some = [part.slice(a, b - a) for part, (a, b) in zip(parts, spans, strict=True)]
        blocks.append(sum_rows(pa.concat_tables(some), keys))
    return join_parts(blocks)


def join_parts(parts: list[pa.Table]) -> pa.Table:
    """Return rows in one chunk; column by column, so that no two copies of all are held.

    Parameters
    ----------
    parts
        Rows with the same columns, or with some of them; at least one. The list is emptied: where
        nobody else holds the parts, each of their columns is free once it is joined.

    Returns
    -------
    pa.Table
        All rows; null in columns that a part lacks.
    """
    rows = pa.concat_tables(parts, promote_options="default").unify_dictionaries()
    parts.clear()
    columns = dict[str, pa.Array]()
    for name in rows.column_names:
        columns[name] = rows[name].combine_chunks()
        rows = rows.drop_columns([name])
    return pa.table(columns)


def order_rows(columns: Sequence[npt.NDArray[np.integer]]) -> npt.NDArray[np.int64]:
    """Return the order of rows sorted by whole numbers.

    Parameters
    ----------
    columns
        The first decides, then the second, and so on.

    Returns
    -------
    np.ndarray
        int64; rows that are equal in all stand in the order that they came in.
    """
    if not len(columns[0]):
        return np.zeros(0, dtype=np.int64)
    codes = _Codes(columns)
    if sum(codes.bits) > _MOST_BITS:
        return np.lexsort(list(reversed(columns)))
    return np.argsort(codes.pack(), kind="stable")


class _Codes:
    """Several whole numbers as one that sorts as they do."""

    def __init__(self, columns: Sequence[npt.NDArray[np.integer]]) -> None:
        self._columns = columns
        self._lowest = [int(column.min()) for column in columns]
        highest = [int(column.max()) for column in columns]
        spans = zip(self._lowest, highest, strict=True)
        self.bits = [(high - low).bit_length() for low, high in spans]

    def pack(self) -> Whole:
        packed = np.zeros(len(self._columns[0]), dtype=np.int64)
        for column, low, bits in zip(self._columns, self._lowest, self.bits, strict=True):
            packed <<= bits
            packed |= column - low if low >= 0 else column.astype(np.int64) - low
        return packed

    def unpack(self, packed: Whole) -> list[npt.NDArray[np.integer]]:
        found = []
        parts = zip(self._columns, self._lowest, self.bits, strict=True)
        for column, low, bits in reversed(list(parts)):
            found.append(((packed & ((1 << bits) - 1)) + low).astype(column.dtype))
            packed = packed >> bits
        return found[::-1]


def _sum_by_table(rows: pa.Table, keys: Sequence[str]) -> pa.Table:
    """Add up rows whose keys are too wide for one whole number."""
    sums = [name for name in rows.column_names if name not in keys]
    summed = rows.group_by(list(keys), use_threads=False).aggregate([(n, "sum") for n in sums])
    renamed = summed.rename_columns({f"{name}_sum": name for name in sums})
    return renamed.select(rows.column_names).sort_by([(key, "ascending") for key in keys])
