"""The dBASE table of a shapefile, written byte by byte so that nothing is lost unsaid.

GDAL cuts field names inside a character, drops the rest of a text at the first character that the
encoding lacks, turns long integers into inexact numbers and writes numbers with 15 decimals. Here
every cell is either written exactly or reported.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clustermap.errors import TableFault
from clustermap.formats.cells import TEXT, TIME, Change, row_id, start
from clustermap.formats.delimited import spell_times

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from clustermap.formats.cells import Happened

LONGEST_TEXT = 254
LARGEST_FILE = 2**31 - 1
_INTEGER_DIGITS = 18  # GDAL reads a wider whole number as an inexact one
_NUMBER_WIDTH, _NUMBER_DECIMALS = 24, 15  # 24 characters hold every double exactly
_BLOCK = 65_536
_DATE = (80, 1, 1)  # a fixed "last update": same input, same bytes
_LANGUAGE_DRIVER = {"utf-8": 0, "cp949": 0x4E}
_LARGEST_HEADER = _LARGEST_RECORD = 2**16 - 1


@dataclass(frozen=True)
class DbfField:
    """One field of the table.

    Parameters
    ----------
    name
        Field name, at most ten bytes.
    column
        The column's values.
    kind
        dBASE type: C text, N number, L boolean, D date.
    width
        Bytes a cell.
    decimals
        Digits after the point that are declared; more or fewer may be written.
    """

    name: str
    column: pa.ChunkedArray
    kind: str
    width: int
    decimals: int = 0


def encode_text(text: str, encoding: str) -> tuple[bytes, list[Happened]]:
    """Encode a text as the table holds it.

    Parameters
    ----------
    text
        A cell's text.
    encoding
        "utf-8" or "cp949".

    Returns
    -------
    bytes
        At most 254 bytes, whole characters only; "?" for a character that the encoding lacks.
    list
        What was changed.
    """
    happened: list[Happened] = []
    try:
        encoded = text.encode(encoding)
    except UnicodeEncodeError:
        happened.append("encoding")
        encoded = text.encode(encoding, errors="replace")
    if len(encoded) > LONGEST_TEXT:
        happened.append("cut")
        whole = encoded[:LONGEST_TEXT].decode(encoding, errors="ignore")
        encoded = whole.encode(encoding)
    if encoded.startswith(b" ") or encoded.endswith(b" "):
        happened.append("spaces")
    return encoded, happened


def _spell(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Write as text what dBASE has no type for."""
    if column.type == TIME:
        return spell_times(column)
    if column.type == pa.int64() and _longest(column.cast(TEXT)) > _INTEGER_DIGITS:
        return column.cast(TEXT)
    return column


def _longest(column: pa.ChunkedArray) -> int:
    return pc.max(pc.binary_length(column)).as_py() or 0


def _text_width(column: pa.ChunkedArray, encoding: str) -> int:
    if encoding == "utf-8":
        return max(1, min(LONGEST_TEXT, _longest(column)))
    sizes = (len(encode_text(t, encoding)[0]) for t in column.to_pylist() if t is not None)
    return max(1, max(sizes, default=1))


def declare_field(name: str, column: pa.ChunkedArray, encoding: str) -> DbfField:
    """Choose type and width of a field.

    Parameters
    ----------
    name
        Field name, at most ten bytes.
    column
        Values, of a type of :func:`~clustermap.formats.cells.clean_columns`.
    encoding
        "utf-8" or "cp949".

    Returns
    -------
    DbfField
        The field; whole numbers of more than 18 digits and times are text.
    """
    spelt = _spell(column)
    if spelt.type == pa.bool_():
        return DbfField(name, spelt, "L", 1)
    if spelt.type == pa.int64():
        return DbfField(name, spelt, "N", _INTEGER_DIGITS)
    if spelt.type == pa.float64():
        return DbfField(name, spelt, "N", _NUMBER_WIDTH, _NUMBER_DECIMALS)
    if spelt.type == pa.date32():
        return DbfField(name, spelt, "D", 8)
    return DbfField(name, spelt, "C", _text_width(spelt, encoding))


def _spell_numbers(values: pa.Array, width: int) -> Iterator[bytes]:
    for text in values.cast(pa.string()).to_pylist():
        # Arrow writes -0.0000012345678901234567 in full, which an exponent makes shorter.
        spelt = text if len(text or "") <= width else repr(float(text))
        yield (spelt or "").encode().rjust(width)


def _cells(field: DbfField, values: pa.Array, encoding: str) -> Iterator[bytes]:
    match field.kind:
        case "L":
            for value in values.to_pylist():
                yield b"?" if value is None else b"FT"[value : value + 1]
        case "N":
            yield from _spell_numbers(values, field.width)
        case "D":
            for text in values.cast(pa.string()).to_pylist():
                yield (text or "").replace("-", "").encode().ljust(8)
        case _:
            for text in values.to_pylist():
                yield encode_text(text or "", encoding)[0].ljust(field.width)


def _records(fields: Sequence[DbfField], first: int, encoding: str) -> bytes:
    blocks = [field.column.slice(first, _BLOCK).combine_chunks() for field in fields]
    length = len(blocks[0])
    parts = [np.full((length, 1), ord(" "), dtype=np.uint8)]  # not deleted
    for field, block in zip(fields, blocks, strict=True):
        cells = b"".join(_cells(field, block, encoding))
        parts.append(np.frombuffer(cells, dtype=np.uint8).reshape(length, field.width))
    return np.hstack(parts).tobytes()


def _header(fields: Sequence[DbfField], rows: int, encoding: str) -> bytes:
    header_size = 32 + 32 * len(fields) + 1
    record_size = 1 + sum(field.width for field in fields)
    head = struct.pack("<4BIHH", 3, *_DATE, rows, header_size, record_size)
    head += bytes(17) + bytes([_LANGUAGE_DRIVER[encoding]]) + bytes(2)
    for field in fields:
        name = field.name.encode(encoding).ljust(11, b"\0")
        head += name + field.kind.encode() + bytes(4)
        head += bytes([field.width, field.decimals]) + bytes(14)
    return head + b"\r"


def check_size(table: str, fields: Sequence[DbfField], rows: int) -> None:
    """Refuse a table that dBASE cannot hold.

    Parameters
    ----------
    table
        Name of the layer.
    fields
        Its fields.
    rows
        Number of rows.

    Raises
    ------
    TableFault
        ``export_too_many_columns`` or ``export_too_large``.
    """
    record = 1 + sum(field.width for field in fields)
    header = 33 + 32 * len(fields)
    if header > _LARGEST_HEADER or record > _LARGEST_RECORD:
        raise TableFault("export_too_many_columns", table=table, columns=len(fields))
    if header + record * rows > LARGEST_FILE:
        raise TableFault("export_too_large", table=table, rows=rows)


def write_dbf(path: Path, fields: Sequence[DbfField], encoding: str) -> None:
    """Write a dBASE table.

    Parameters
    ----------
    path
        File to write.
    fields
        At least one field; all of the same length.
    encoding
        "utf-8" or "cp949".
    """
    rows = len(fields[0].column)
    with path.open("wb") as stream:
        stream.write(_header(fields, rows, encoding))
        for first in range(0, rows, _BLOCK):
            stream.write(_records(fields, first, encoding))
        stream.write(b"\x1a")


def list_changes(
    file: str,
    rows: pa.Table,
    key: Sequence[str],
    texts: Sequence[tuple[str, pa.ChunkedArray]],
    encoding: str,
) -> list[Change]:
    """List every cell that the table cannot hold as it is.

    Parameters
    ----------
    file
        File, as changes name it.
    rows
        The layer's rows, for the identifiers.
    key
        Columns whose values identify a row.
    texts
        Column names with their text.
    encoding
        "utf-8" or "cp949".

    Returns
    -------
    list of Change
        Column by column.
    """
    changes: list[Change] = []
    for name, column in texts:
        for row in _suspects(column, encoding):
            text = column[row].as_py()
            changes += [
                Change(file, name, row_id(rows, key, row), start(text), happened)
                for happened in encode_text(text, encoding)[1]
            ]
    return changes


def _suspects(column: pa.ChunkedArray, encoding: str) -> list[int]:
    """Find the few cells that need a second look, without making a text of every cell."""
    suspect = pc.or_(
        pc.greater(pc.binary_length(column), LONGEST_TEXT),
        pc.match_substring_regex(column, "^ | $"),
    )
    if encoding != "utf-8":
        suspect = pc.or_(suspect, pc.match_substring_regex(column, r"[^\x00-\x7f]"))
    rows: list[int] = pc.indices_nonzero(pc.fill_null(suspect, fill_value=False)).to_pylist()
    return rows
