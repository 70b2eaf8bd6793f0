"""Cells and kinds as numbers while a release is made: millions of flows are compared by them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Whole = npt.NDArray[np.int64]

_FLOW = ("source", "target", "kind")

_CODES_AT_ONCE = 1_000_000
"""Numbers that are looked up together: what is worked out in between takes little room."""


def sort_texts(*columns: pd.Series[Any]) -> pa.Array:
    """Return the different texts of several columns.

    Parameters
    ----------
    *columns
        Texts, or categories of texts; none missing.

    Returns
    -------
    pa.Array
        Sorted.
    """
    texts = pa.chunked_array([_read_known(column) for column in columns], pa.large_string())
    known = pc.unique(texts)
    return known.take(pc.array_sort_indices(known))


def code_texts(column: pd.Series[Any], known: pa.Array) -> Whole:
    """Return the place of each text among those that are known.

    Parameters
    ----------
    column
        Texts, or categories of texts.
    known
        From :func:`sort_texts`, of these columns or of others.

    Returns
    -------
    np.ndarray
        int64; -1 where it is not known.
    """
    if isinstance(column.dtype, pd.CategoricalDtype):
        places = np.append(_find(_read_arrow(column.cat.categories), known), -1)
        return places[column.cat.codes.to_numpy()]
    return _find(_read_arrow(column), known)


def name_codes(codes: Whole, known: pa.Array) -> pd.Series[str]:
    """Return the texts that numbers stand for.

    Parameters
    ----------
    codes
        From :func:`code_texts`, all known.
    known
        As there.

    Returns
    -------
    pd.Series
        str.
    """
    return pd.Series(pd.array(known.take(pa.array(codes)), dtype="str"))


def starts_with(column: pd.Series[Any], starts: str | tuple[str, ...]) -> npt.NDArray[np.bool_]:
    """Return which texts begin so.

    Parameters
    ----------
    column
        Texts, or categories of texts, each of which is looked at once; none missing.
    starts
        How they may begin.

    Returns
    -------
    np.ndarray
        bool.
    """
    if isinstance(column.dtype, pd.CategoricalDtype):
        named = column.cat.categories.str.startswith(starts)
        return np.asarray(named, dtype=bool)[column.cat.codes.to_numpy()]
    return column.str.startswith(starts).to_numpy(dtype=bool)


def _find(texts: pa.Array, known: pa.Array) -> Whole:
    places = pc.fill_null(pc.index_in(texts, value_set=known), -1)
    return np.asarray(places.to_numpy(zero_copy_only=False), dtype=np.int64)


def _read_known(column: pd.Series[Any]) -> pa.Array:
    if isinstance(column.dtype, pd.CategoricalDtype):
        used = np.unique(column.cat.codes.to_numpy())
        return _read_arrow(column.cat.categories).take(pa.array(used))
    return pc.unique(_read_arrow(column))


def _read_arrow(column: pd.Series[Any] | pd.Index[Any]) -> pa.Array:
    found = pa.array(column.array, pa.large_string(), from_pandas=True)
    return found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found


@dataclass(frozen=True)
class FlowCodes:
    """The names that flows between cells are numbered by.

    Parameters
    ----------
    cells, kinds
        Sorted texts.
    """

    cells: pa.Array
    kinds: pa.Array

    @classmethod
    def of(cls, flows: pd.DataFrame) -> FlowCodes:
        """Return the names in a table of flows.

        Parameters
        ----------
        flows
            Columns source, target, kind.

        Returns
        -------
        FlowCodes
            Names of these cells and kinds.
        """
        return cls(sort_texts(flows["source"], flows["target"]), sort_texts(flows["kind"]))

    def code(self, flows: pd.DataFrame, *, turn: bool = False) -> Whole:
        """Return one number for source, target and kind of each flow.

        Parameters
        ----------
        flows
            Columns source, target, kind.
        turn
            Whether the two cells are put in the order of their names first.

        Returns
        -------
        np.ndarray
            int64, ordered as the names are; -1 where a name is not known.
        """
        codes = np.empty(len(flows), dtype=np.int64)
        for start in range(0, len(flows), _CODES_AT_ONCE):
            some = slice(start, start + _CODES_AT_ONCE)
            codes[some] = self._code_some(flows.iloc[some], turn=turn)
        return codes

    def _code_some(self, flows: pd.DataFrame, *, turn: bool) -> Whole:
        one, other = (code_texts(flows[end], self.cells) for end in ("source", "target"))
        kind = code_texts(flows["kind"], self.kinds)
        unknown = (one < 0) | (other < 0) | (kind < 0)
        if turn:
            one, other = np.minimum(one, other), np.maximum(one, other)
        for after, names in ((other, self.cells), (kind, self.kinds)):
            one *= len(names)
            one += after
        one[unknown] = -1
        return one

    def find_between(self, codes: Whole, starts: str) -> npt.NDArray[np.bool_]:
        """Return which flows run between two cells whose names both start with a text.

        Parameters
        ----------
        codes
            From :meth:`code`, all known.
        starts
            The text.

        Returns
        -------
        np.ndarray
            bool, one value a flow.
        """
        among = pc.starts_with(self.cells, starts).to_numpy(zero_copy_only=False)
        found = np.empty(len(codes), dtype=bool)
        for at in range(0, len(codes), _CODES_AT_ONCE):
            some = codes[at : at + _CODES_AT_ONCE] // len(self.kinds)
            source, target = np.divmod(some, len(self.cells))
            found[at : at + _CODES_AT_ONCE] = among[source] & among[target]
        return found

    def name(self, codes: Whole, columns: Sequence[str] = _FLOW) -> pd.DataFrame:
        """Return the names that numbers stand for.

        Parameters
        ----------
        codes
            From :meth:`code`, all known.
        columns
            What the columns are called.

        Returns
        -------
        pd.DataFrame
            Three columns of texts.
        """
        cells, kinds = len(self.cells), len(self.kinds)
        named = (
            name_codes(codes // (kinds * cells), self.cells),
            name_codes(codes // kinds % cells, self.cells),
            name_codes(codes % kinds, self.kinds),
        )
        return pd.DataFrame(dict(zip(columns, named, strict=True)), copy=False)


def sum_codes(codes: Whole, **values: npt.NDArray[Any]) -> tuple[Whole, dict[str, Whole]]:
    """Add up whole numbers by code.

    Parameters
    ----------
    codes
        A number each.
    **values
        Whole numbers, one a code.

    Returns
    -------
    tuple
        Different codes, rising; and the sums of each column.

    Examples
    --------
    >>> codes, sums = sum_codes(np.array([7, 2, 7]), links=np.array([1, 2, 3]))
    >>> codes.tolist(), sums["links"].tolist()
    ([2, 7], [2, 4])
    """
    ordered, order = codes, None
    if (codes[1:] < codes[:-1]).any():  # the table FLOWS is in their order already
        order = np.argsort(codes, kind="stable")
        ordered = codes[order]
    first = np.ones(len(ordered), dtype=bool)
    np.not_equal(ordered[1:], ordered[:-1], out=first[1:])
    starts = np.flatnonzero(first)
    sums = {}
    for name, column in values.items():
        whole = column.astype(np.int64, copy=False)
        taken = whole if order is None else whole[order]
        sums[name] = np.add.reduceat(taken, starts) if len(codes) else ordered
    return ordered[starts], sums


def find_codes(codes: Whole, among: Whole) -> Whole:
    """Return where codes stand in a rising list.

    Parameters
    ----------
    codes
        Numbers, in any order.
    among
        Different numbers, rising.

    Returns
    -------
    np.ndarray
        int64; -1 where one is not in the list.

    Examples
    --------
    >>> find_codes(np.array([5, 2, 9]), np.array([2, 5])).tolist()
    [1, 0, -1]
    """
    if not len(among):
        return np.full(len(codes), -1, dtype=np.int64)
    found = np.empty(len(codes), dtype=np.int64)
    for start in range(0, len(codes), _CODES_AT_ONCE):
        some = codes[start : start + _CODES_AT_ONCE]
        at = np.minimum(np.searchsorted(among, some), len(among) - 1)
        found[start : start + _CODES_AT_ONCE] = np.where(among[at] == some, at, -1)
    return found
