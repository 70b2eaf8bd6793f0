"""Checks at the door: raw columns become typed columns, and faulty rows step aside with a reason.

Nothing is lost: every row read is either in ``Checked.rows`` or in ``Checked.faults``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clustermap.errors import TableFault
from clustermap.tables import SHARE_UNIT, Column, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy.typing as npt

FILE = "#file"
LINE = "#line"
"""Where a row came from; carried beside the typed columns until the last fault can be found."""

FAULTS = pa.schema(
    [
        ("table", pa.string()),
        ("file", pa.string()),
        ("line", pa.int64()),
        ("column", pa.string()),
        ("value", pa.string()),
        ("reason", pa.string()),
    ]
)
"""One row a faulty row; ``reason`` is a key below ``row_fault`` in the catalogue."""

_SIMPLE = (pa.types.is_string, pa.types.is_large_string, pa.types.is_integer, pa.types.is_floating)
_SAMPLE = 1000
"""Rows that tell whether values of a column repeat."""

_CONTROL = r"[\x00-\x1f\x7f-\x9f]"
_COMPOSABLE = r"[^\x20-\x7e가-힣]"
"""What normalisation may change: all but plain letters and whole Korean syllables."""

_MENDED = "#mended"
_NUMBER = r"^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d{1,3})?$"
_PLAIN = r"^[-+]?\d{0,10}\.?\d{0,18}$"
_DECIMAL = pa.decimal256(60, 30)
_WIDE = r"^[\s\d,.+\-０-９，．＋－명인]*$"
_UNIT_WORDS = {"persons": r"^(.*\d)\s*[명인]$"}
"""By unit: a number with a word behind that says the unit."""
_GROUPED = r"^[-+]?\d{1,3}(,\d{3})+(\.\d+)?$"
_DESTROYED = r"^\d(\.\d+)?[eE]\+\d+$"
_ARROW_TYPES = {
    "id": pa.string(),
    "text": pa.string(),
    "texts": pa.string(),
    "choice": pa.string(),
    "integer": pa.int64(),
    "year": pa.int16(),
    "number": pa.float64(),
    "share": pa.int64(),
    "geometry": pa.binary(),
}


@dataclass(frozen=True)
class Chunk:
    """Some rows of a file as they were read, under our column names.

    Parameters
    ----------
    file
        Name of the file, as shown to people.
    lines
        int64; line of the file (text files) or number of the row (others), counted from 1.
    rows
        Raw columns by our names, of any Arrow type; columns that the file lacks are absent.
    crs
        Coordinate system that the file states for itself, "" where it states none.
    dialect
        Dialect that the file was recognised as, "" for our own layout.
    elsewhere
        Rows of the file that were passed over because they belong into another table.
    told
        What else its reader has to tell of it: rows by fact, for the ledger.
    """

    file: str
    lines: pa.Array
    rows: pa.Table
    crs: str = ""
    dialect: str = ""
    elsewhere: int = 0
    told: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Checked:
    """Rows that hold, typed, and the faults of those that do not.

    Parameters
    ----------
    rows
        Typed columns of the declaration, with FILE (dictionary of text) and LINE (int64).
    faults
        FAULTS.
    mended
        Texts whose control characters were replaced, by column.
    """

    rows: pa.Table
    faults: pa.Table
    mended: Mapping[str, int] = field(default_factory=dict)


Typed: TypeAlias = "tuple[pa.Array, dict[str, npt.NDArray[np.bool_]]]"
"""A typed column and, by reason, which rows are faulty in it."""


def _flags(mask: pa.Array | pa.ChunkedArray) -> npt.NDArray[np.bool_]:
    filled = pc.fill_null(mask, False)
    if isinstance(filled, pa.ChunkedArray):
        filled = filled.combine_chunks()
    return np.asarray(filled.to_numpy(zero_copy_only=False), dtype=bool)


def _is_plain(text: pa.Array) -> bool:
    """Return whether text is printable ASCII without any blank: nothing of it needs mending."""
    if not pa.types.is_string(text.type) or not len(text) or text.null_count:
        return False
    starts, used = _list_bytes(text)
    if (starts[1:] == starts[:-1]).any():  # an empty one
        return False
    return bool(used.min() > ord(" ") and used.max() < 0x7F)


def _list_bytes(text: pa.Array) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint8]]:
    """Return where texts begin, and their bytes; at least one text."""
    _, offsets, content = text.buffers()
    starts = np.frombuffer(offsets, np.int32)[text.offset : text.offset + len(text) + 1]
    bytes_ = np.frombuffer(b"" if content is None else content, np.uint8)
    return starts, bytes_[starts[0] : starts[-1]]


def as_text(values: pa.Array) -> pa.Array:
    """Return a column of any type as text; whole floats as whole numbers.

    Parameters
    ----------
    values
        Column of any Arrow type that can be written as text.

    Returns
    -------
    pa.Array
        string; empty text and NaN (no value, in tables of numbers) become null.
    """
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if pa.types.is_list(values.type) or pa.types.is_large_list(values.type):
        values = pc.binary_join(values.cast(pa.list_(pa.string())), ";")
    elif pa.types.is_floating(values.type):
        whole = _flags(
            pc.and_(pc.equal(pc.floor(values), values), pc.less(pc.abs(values), 2.0**53))
        )
        kept = pa.array(np.where(whole, values.to_numpy(zero_copy_only=False), 0.0))
        digits = kept.cast(pa.int64()).cast(pa.string())
        written = pc.if_else(
            pc.is_nan(values), pa.scalar(None, pa.string()), values.cast(pa.string())
        )
        values = pc.if_else(pa.array(whole), digits, written)
    elif pa.types.is_large_string(values.type) or pa.types.is_string_view(values.type):
        values = values.cast(pa.string())
    text = values.cast(pa.string())
    if _is_plain(text):
        return text
    trimmed = pc.utf8_trim_whitespace(text)
    return pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, pa.string()), trimmed)


def _mend(text: pa.Array) -> tuple[pa.Array, npt.NDArray[np.bool_]]:
    if _is_plain(text):
        return text, np.zeros(len(text), dtype=bool)
    broken = _flags(pc.match_substring_regex(text, _CONTROL))
    if broken.any():
        text = pc.replace_substring_regex(text, _CONTROL, "\ufffd")
    if not broken.any() and not pc.any(pc.match_substring_regex(text, _COMPOSABLE)).as_py():
        return text, broken
    return pc.utf8_normalize(text, "NFC"), broken


def _type_id(values: pa.Array, column: Column) -> Typed:
    text = as_text(values)
    if _is_plain(text) and not (_list_bytes(text)[1] == ord("+")).any():
        return text, {}
    faults = {
        "control_characters": _flags(pc.match_substring_regex(text, _CONTROL)),
        "destroyed_id": _flags(pc.match_substring_regex(text, _DESTROYED)),
    }
    if column.required:
        faults["empty"] = _flags(pc.is_null(text))
    return pc.utf8_normalize(text, "NFC"), faults


def _type_text(values: pa.Array, column: Column) -> Typed:
    return _read_each_once(lambda each: _type_each_text(each, column), values)


def _type_each_text(values: pa.Array, column: Column) -> Typed:
    text, broken = _mend(as_text(values))
    told = {_MENDED: broken} if broken.any() else {}
    return text, told | ({"empty": _flags(pc.is_null(text))} if column.required else {})


def _digits(values: pa.Array, unit: str) -> tuple[pa.Array, npt.NDArray[np.bool_]]:
    """Return numbers as plain text, null where they are none, and which are no numbers."""
    text = as_text(values)
    if not pc.all(pc.match_substring_regex(text, _NUMBER)).as_py():
        # Digits as wide as letters, and the unit behind the number: no other reading is possible.
        narrow = pc.utf8_trim_whitespace(pc.utf8_normalize(text, "NFKC"))
        text = pc.if_else(pc.match_substring_regex(text, _WIDE), narrow, text)
        if unit in _UNIT_WORDS:
            text = pc.replace_substring_regex(text, _UNIT_WORDS[unit], r"\1")
    grouped = pc.replace_substring(text, ",", "")
    text = pc.if_else(pc.match_substring_regex(text, _GROUPED), grouped, text)
    good = pc.match_substring_regex(text, _NUMBER)
    bad = _flags(pc.invert(good))
    return pc.if_else(good, text, pa.scalar(None, pa.string())), bad


def _type_number(values: pa.Array, column: Column) -> Typed:
    if pa.types.is_integer(values.type) or pa.types.is_floating(values.type):
        numbers = values.cast(pa.float64(), safe=False)
        bad = np.zeros(len(values), dtype=bool)
    else:
        text, bad = _digits(values, column.unit)
        numbers = text.cast(pa.float64())
    faults = {"not_a_number": bad | _flags(pc.invert(pc.is_finite(numbers)))}
    faults |= _outside(numbers, column)
    if column.required:
        faults["empty"] = _flags(pc.is_null(values))
    return numbers, faults


def _outside(numbers: pa.Array, column: Column) -> dict[str, npt.NDArray[np.bool_]]:
    faults = {}
    if column.minimum is not None:
        below = _flags(pc.less(numbers, column.minimum))
        faults["negative" if column.minimum == 0 else "too_small"] = below
    if column.maximum is not None:
        faults["too_large"] = _flags(pc.greater(numbers, column.maximum))
    return faults


def _type_integer(values: pa.Array, column: Column) -> Typed:
    numbers, faults = _type_number(values, column)
    faults["not_whole"] = _flags(pc.not_equal(pc.floor(numbers), numbers))
    bad = np.logical_or.reduce(list(faults.values()))
    return _without(numbers, bad).cast(_ARROW_TYPES[column.type]), faults


def _without(values: pa.Array, bad: npt.NDArray[np.bool_]) -> pa.Array:
    return pc.if_else(pa.array(~bad), values, pa.scalar(None, values.type))


def _read_each_once(read: Callable[[pa.Array], Typed], values: pa.Array) -> Typed:
    """Read every value that occurs once, and spread what was found to all rows."""
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    sample = values.slice(0, _SAMPLE)
    simple = any(is_type(values.type) for is_type in _SIMPLE)
    if (
        not (simple and len(values))
        or pc.count_distinct(sample, mode="all").as_py() > len(sample) / 2
    ):
        return read(values)
    coded = pc.dictionary_encode(values, null_encoding="encode")
    at = coded.indices
    typed, faults = read(coded.dictionary)
    place = np.asarray(at)
    return typed.take(at), {reason: mask[place] for reason, mask in faults.items()}


def _type_share(values: pa.Array, column: Column) -> Typed:
    return _read_each_once(lambda each: _type_each_share(each, column), values)


def _type_each_share(values: pa.Array, column: Column) -> Typed:
    """Read decimal weights exactly: as decimals, never by way of binary fractions."""
    if pa.types.is_floating(values.type):
        # repr() of a double is the shortest decimal that gives it back: 0.1 stays 0.1.
        values = values.cast(pa.string())
    numbers, faults = _type_number(values, column)
    too_large = _flags(pc.greater_equal(numbers, 2.0**62 / SHARE_UNIT))
    faults["too_large"] = faults.get("too_large", too_large) | too_large
    bad = np.logical_or.reduce(list(faults.values()))
    text, _ = _digits(values, column.unit)
    text = _without(text, bad)
    plain = pc.fill_null(pc.match_substring_regex(text, _PLAIN), True)
    decimals = pc.round(pc.if_else(plain, text, pa.scalar(None, text.type)).cast(_DECIMAL), 9)
    scaled = pc.multiply(decimals.cast(pa.decimal256(38, 9)), pa.scalar(Decimal(SHARE_UNIT)))
    units = scaled.cast(pa.decimal256(38, 0)).cast(pa.int64())
    # A power of ten or a long tail of digits, which Arrow's decimals do not hold: one by one.
    rest = text.filter(pc.invert(plain)).to_pylist()
    exact = [int((Decimal(weight) * SHARE_UNIT).to_integral_value()) for weight in rest]
    return pc.replace_with_mask(units, pc.invert(plain), pa.array(exact, pa.int64())), faults


def _type_choice(values: pa.Array, column: Column, mapping: Mapping[str, str]) -> Typed:
    return _read_each_once(lambda each: _type_each_choice(each, column, mapping), values)


def _type_each_choice(values: pa.Array, column: Column, mapping: Mapping[str, str]) -> Typed:
    text, _ = _mend(as_text(values))
    # A table may have several closed lists; what is meant for another says nothing here.
    meant = {theirs: ours for theirs, ours in mapping.items() if ours in column.choices}
    known = {choice: choice for choice in column.choices} | meant
    at = pc.index_in(text, value_set=pa.array(list(known), pa.string()))
    chosen = pc.take(pa.array(list(known.values()), pa.string()), at)
    faults = {"unknown_choice": _flags(pc.and_(pc.is_valid(text), pc.is_null(at)))}
    if column.required:
        faults["empty"] = _flags(pc.is_null(text))
    return chosen, faults


def _type_geometry(values: pa.Array, column: Column) -> Typed:
    return values.cast(pa.binary()), {"no_geometry": _flags(pc.is_null(values))} if (
        column.required
    ) else {}


_READERS: Mapping[str, Callable[[pa.Array, Column], Typed]] = {
    "id": _type_id,
    "text": _type_text,
    "texts": _type_text,
    "integer": _type_integer,
    "year": _type_integer,
    "number": _type_number,
    "share": _type_share,
    "geometry": _type_geometry,
}


def build_faults(
    table: str, file: pa.Array, line: pa.Array, column: pa.Array, value: pa.Array, reason: pa.Array
) -> pa.Table:
    """Return faults as one table.

    Parameters
    ----------
    table
        Name of the input table.
    file, line, column, value, reason
        One entry a faulty row.

    Returns
    -------
    pa.Table
        FAULTS.
    """
    names = pa.array([table] * len(line), pa.string())
    columns = [names, file, line, column, value, reason]
    return pa.table([c.cast(f.type) for c, f in zip(columns, FAULTS, strict=True)], schema=FAULTS)


def quote_rows(
    table: str, rows: pa.Table, bad: npt.NDArray[np.bool_], *, column: str, reason: str
) -> pa.Table:
    """Return typed rows as faults.

    Parameters
    ----------
    table
        Name of the input table.
    rows
        Typed rows with FILE and LINE.
    bad
        Which of them are faulty.
    column
        Column at fault; its value is quoted.
    reason
        Key below ``row_fault``.

    Returns
    -------
    pa.Table
        FAULTS.
    """
    if not bad.any():
        return FAULTS.empty_table()
    out = rows.select([FILE, LINE, column]).filter(pa.array(bad)).combine_chunks()
    size = out.num_rows
    return build_faults(
        table,
        out[FILE].cast(pa.string()).combine_chunks(),
        out[LINE].combine_chunks(),
        pa.array([column] * size),
        out[column].cast(pa.string()).combine_chunks(),
        pa.array([reason] * size),
    )


def set_aside(
    table: str, rows: pa.Table, bad: npt.NDArray[np.bool_], *, column: str, reason: str
) -> Checked:
    """Move typed rows to the faults, for faults that only show when all rows are known.

    Parameters
    ----------
    table, rows, bad, column, reason
        As for :func:`quote_rows`.

    Returns
    -------
    Checked
        The rows that remain, and the faults.
    """
    faults = quote_rows(table, rows, bad, column=column, reason=reason)
    return Checked(rows.filter(pa.array(~bad)) if bad.any() else rows, faults)


def check_chunk(
    table: Table,
    chunk: Chunk,
    kinds: Mapping[str, str] | None = None,
    factors: Mapping[str, float] | None = None,
) -> Checked:
    """Type the columns of a chunk and set faulty rows aside.

    Parameters
    ----------
    table
        Declaration of the table.
    chunk
        Raw rows under our column names.
    kinds
        The user's values for the columns with a closed list, and what they mean.
    factors
        What numbers of a column are multiplied with, where the file has another unit.

    Returns
    -------
    Checked
        Typed rows and faults; a row with several faults is quoted with the first.

    Raises
    ------
    TableFault
        If a column is of a type that can be read as nothing that the table declares.
    """
    size = chunk.rows.num_rows
    first = np.full(size, -1, dtype=np.int16)
    reasons: list[tuple[str, str]] = []
    typed: dict[str, pa.Array] = {}
    mended: dict[str, int] = {}
    for column in table.columns:
        if column.name not in chunk.rows.column_names:
            continue
        raw = chunk.rows[column.name].combine_chunks()
        try:
            if column.type == "choice":
                values, faults = _type_choice(raw, column, kinds or {})
            else:
                values, faults = _READERS[column.type](raw, column)
        except pa.ArrowException as error:  # nested columns, bytes that are no UTF-8
            raise TableFault(
                "unreadable_column",
                table=f"{table.name} ({chunk.file})",
                column=column.name,
                type=str(raw.type),
            ) from error
        if _MENDED in faults:  # no fault: what was wrong is gone
            mended[column.name] = int(faults.pop(_MENDED).sum())
        if factors and column.name in factors:
            values = pc.multiply(values, factors[column.name])
        typed[column.name] = values
        for reason, mask in faults.items():
            if mask.any():
                first[mask & (first < 0)] = len(reasons)
                reasons.append((column.name, reason))
    files = pa.DictionaryArray.from_arrays(
        pa.array(np.zeros(size, dtype=np.int32)), pa.array([chunk.file])
    )
    rows = pa.table({**typed, FILE: files, LINE: chunk.lines})
    bad = first >= 0
    found = _quote(table.name, chunk, first, reasons) if bad.any() else FAULTS.empty_table()
    mended = {name: count for name, count in mended.items() if count}
    return Checked(rows.filter(pa.array(~bad)) if bad.any() else rows, found, mended)


def _quote(
    table: str, chunk: Chunk, first: npt.NDArray[np.int16], reasons: list[tuple[str, str]]
) -> pa.Table:
    parts = []
    for number in np.unique(first[first >= 0]):
        column, reason = reasons[number]
        at = pa.array(np.flatnonzero(first == number))
        raw = chunk.rows[column].combine_chunks().take(at)
        if pa.types.is_binary(raw.type) or pa.types.is_large_binary(raw.type):
            quoted = pa.nulls(len(raw), pa.string())
        elif pa.types.is_floating(raw.type):
            quoted = raw.cast(pa.string())  # NaN too
        else:
            quoted = as_text(raw)
        parts.append(
            build_faults(
                table,
                pa.array([chunk.file] * len(at)),
                chunk.lines.take(at),
                pa.array([column] * len(at)),
                quoted,
                pa.array([reason] * len(at)),
            )
        )
    return pa.concat_tables(parts).sort_by("line")
