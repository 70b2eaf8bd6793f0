"""Distinct rows: which rows of whole numbers differ, found by sorting one number a row.

Where columns fit into 63 bits together, sorting what they are packed into is many times as fast as
sorting rows, or as looking values up in a hash.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Numbers = npt.NDArray[np.int64]
    Marks = npt.NDArray[np.bool_]

_BITS = 63


def distinct(values: npt.ArrayLike, *, in_place: bool = False) -> Numbers:
    """Return the different values of whole numbers, ascending.

    Parameters
    ----------
    values
        Whole numbers of any sign.
    in_place
        Whether the values may be sorted where they stand, if they are in int64.

    Returns
    -------
    ndarray
        int64.

    Examples
    --------
    >>> distinct([3, -1, 3, 2]).tolist()
    [-1, 2, 3]
    """
    ordered = np.array(values, dtype=np.int64, copy=None if in_place else True)
    ordered.sort()
    found: Numbers = ordered[_firsts(ordered)]
    return found


def distinct_rows(columns: Sequence[npt.NDArray[np.integer]]) -> tuple[Numbers, ...]:
    """Return the different rows of a table, ordered by its columns.

    Parameters
    ----------
    columns
        Whole numbers from 0, columns of one length.

    Returns
    -------
    tuple of ndarray
        Columns in int64.

    Examples
    --------
    >>> first, second = distinct_rows([np.array([1, 0, 1, 1]), np.array([5, 7, 5, 2])])
    >>> first.tolist(), second.tolist()
    ([0, 1, 1], [7, 2, 5])
    """
    bits = [int(column.max(initial=0)).bit_length() for column in columns]
    if sum(bits) > _BITS:
        order = np.lexsort(columns[::-1])
        sorted_ = [column[order].astype(np.int64) for column in columns]
        new = np.logical_or.reduce([_firsts(column) for column in sorted_])
        return tuple(column[new] for column in sorted_)
    packed = distinct(_pack(columns, bits), in_place=True)
    found = []
    for width in reversed(bits):
        found.append(packed & ((1 << width) - 1))
        packed >>= width
    return tuple(reversed(found))


def _pack(columns: Sequence[npt.NDArray[np.integer]], bits: Sequence[int]) -> Numbers:
    packed = columns[0].astype(np.int64)
    for column, width in zip(columns[1:], bits[1:], strict=True):
        packed <<= width
        packed |= column
    return packed


def _firsts(ordered: npt.NDArray[np.number | np.bool_]) -> Marks:
    """Mark the first of every run of equal values."""
    first = np.ones(len(ordered), dtype=bool)
    np.not_equal(ordered[1:], ordered[:-1], out=first[1:])
    return first


def count_runs(*columns: npt.NDArray[np.number | np.bool_]) -> tuple[Numbers, Numbers]:
    """Return where runs of equal rows start, and how long they are.

    Parameters
    ----------
    *columns
        Columns of one length.

    Returns
    -------
    start : ndarray
        Position of the first row of each run.
    length : ndarray
        Rows of each run.

    Examples
    --------
    >>> [part.tolist() for part in count_runs(np.array([4, 4, 4, 9]), np.array([0, 0, 1, 1]))]
    [[0, 2, 3], [2, 1, 1]]
    """
    new = np.zeros(len(columns[0]), dtype=bool)
    for column in columns:
        new |= _firsts(column)
    start = np.flatnonzero(new)
    return start, np.diff(start, append=len(new))
