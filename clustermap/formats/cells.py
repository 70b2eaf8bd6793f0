"""Cells of an export: text without control characters, columns of types that every format knows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import pyarrow as pa
import pyarrow.compute as pc

from clustermap.errors import TableFault, shorten

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

Happened = Literal[
    "control", "infinite", "precision", "rounded", "cut", "encoding", "spaces", "formula"
]

CONTROL = r"[\x00-\x1f\x7f\x{80}-\x{9f}]"
REPLACEMENT = "\ufffd"
TEXT = pa.large_string()
TIME = pa.timestamp("ms", tz="UTC")
_START = 40  # characters of a changed value that tell which one it was


@dataclass(frozen=True)
class Change:
    """A cell that a file could not hold as it was.

    Parameters
    ----------
    file
        File, or layer where the cell was changed in every file.
    column
        Column, by our name.
    row
        Identifier of the row: the values of its key joined by "/".
    start
        Start of the value before the change.
    happened
        "control" (control characters became U+FFFD), "infinite" (became empty), "precision" (a
        time was cut to milliseconds), "rounded" (a weight too large for all its decimals), "cut"
        (text too long), "encoding" (characters became "?"), "spaces" (those at the start or end
        are lost), "formula" (an apostrophe was put before it).
    """

    file: str
    column: str
    row: str
    start: str
    happened: Happened


def _without_surrogates(values: pd.Series[str]) -> list[object]:
    # A lone surrogate is in no encoding: it goes the way of the control characters.
    return [
        "".join("\x00" if "\ud800" <= c <= "\udfff" else c for c in value)
        if isinstance(value, str)
        else value
        for value in values
    ]


def _read_arrow(table: str, name: str, values: pd.Series[str]) -> pa.ChunkedArray:
    try:
        try:
            array = pa.array(values, from_pandas=True)
        except UnicodeEncodeError:
            array = pa.array(_without_surrogates(values), from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError) as error:
        raise TableFault("export_type", table=table, column=name, found=str(error)) from error
    return array if isinstance(array, pa.ChunkedArray) else pa.chunked_array([array])


def _widened_type(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_boolean(kind):
        return kind
    if pa.types.is_integer(kind):
        return pa.int64()
    if pa.types.is_floating(kind):
        return pa.float64()
    if pa.types.is_date(kind):
        return pa.date32()
    return TIME if pa.types.is_timestamp(kind) and kind.tz else TEXT


def _widen(values: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    wanted = _widened_type(values.type)
    try:
        return values.cast(wanted, safe=wanted != TIME)
    except pa.ArrowInvalid:
        if wanted == pa.int64():  # uint64 beyond int64: no format holds it as a number
            return values.cast(TEXT)
        raise


def _differing(before: pa.ChunkedArray, after: pa.ChunkedArray) -> list[int]:
    differs = pc.fill_null(pc.not_equal(before, after), fill_value=False)
    rows: list[int] = pc.indices_nonzero(differs).to_pylist()
    return rows


def _finite(values: pa.ChunkedArray) -> tuple[pa.ChunkedArray, list[int]]:
    values = pc.if_else(pc.is_nan(values), None, values)
    infinite = pc.fill_null(pc.is_inf(values), fill_value=False)
    return pc.if_else(infinite, None, values), pc.indices_nonzero(infinite).to_pylist()


def holds(values: pa.ChunkedArray, pattern: str) -> bool:
    """Return whether any text matches a pattern; of categories each is looked at once.

    Parameters
    ----------
    values
        TEXT, or categories that are text.
    pattern
        Regular expression (RE2).

    Returns
    -------
    bool
        True as well where a category matches that no row has.
    """
    told = pa.types.is_dictionary(values.type)
    texts = (chunk.dictionary.cast(TEXT) if told else chunk for chunk in values.chunks)
    return any(pc.any(pc.match_substring_regex(text, pattern)).as_py() for text in texts)


def _clean(values: pa.ChunkedArray) -> tuple[pa.ChunkedArray, list[int], Happened]:
    """Return a column that every format holds, the rows changed, and what happened to them."""
    widened = _widen(values)
    if widened.type == pa.float64():
        finite, rows = _finite(widened)
        return finite, rows, "infinite"
    if widened.type == TIME:
        return widened, _differing(values, widened.cast(values.type)), "precision"
    told = values if pa.types.is_dictionary(values.type) else widened
    if widened.type == TEXT and holds(told, CONTROL):
        cleaned = pc.replace_substring_regex(widened, CONTROL, REPLACEMENT)
        return cleaned, _differing(widened, cleaned), "control"
    return widened, [], "control"


def clean_columns(
    table: str, frame: pd.DataFrame, key: Sequence[str]
) -> tuple[pa.Table, list[Change]]:
    """Bring the columns of a table to the few types that every format holds.

    Parameters
    ----------
    table
        Name of the layer, for faults and changes.
    frame
        Attributes only, without geometry.
    key
        Columns whose values identify a row.

    Returns
    -------
    pa.Table
        Columns of bool, int64, float64 (finite), date32, timestamp (ms, UTC) or large_string
        (without control characters); missing is null.
    list of Change
        What was changed.

    Raises
    ------
    TableFault
        ``export_type`` if a column mixes types or has one that no format holds.
    """
    columns: dict[str, pa.ChunkedArray] = {}
    changed: list[tuple[int, Change]] = []
    for name in frame.columns:
        given = _read_arrow(table, name, frame[name])
        try:
            columns[name], rows, happened = _clean(given)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise TableFault(
                "export_type", table=table, column=name, found=str(given.type)
            ) from error
        changed += [
            (row, Change(table, name, "", start(given[row].as_py()), happened)) for row in rows
        ]
    rows_kept = pa.table(columns)
    changes = [replace(change, row=row_id(rows_kept, key, row)) for row, change in changed]
    return rows_kept, changes


def start(value: object) -> str:
    """Return the start of a value, as changes show it.

    Parameters
    ----------
    value
        The value before it was changed.

    Returns
    -------
    str
        One short line.
    """
    return shorten(value, _START)


def row_id(rows: pa.Table, key: Sequence[str], row: int) -> str:
    """Return the identifier of a row.

    Parameters
    ----------
    rows
        The layer's rows.
    key
        Columns whose values identify a row; without any the row's number is given.
    row
        Position of the row.

    Returns
    -------
    str
        The key's values joined by "/".
    """
    if not key:
        return str(row + 1)
    return "/".join(str(rows.column(name)[row].as_py()) for name in key)
