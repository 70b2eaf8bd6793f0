"""CSV that spreadsheets open rightly: Korean legible, no cell taken for a formula."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from clustermap.formats.cells import TEXT, TIME, Change, holds, row_id, start
from clustermap.formats.layer import FieldName, Layer, Marks, Written
from clustermap.publish.spreadsheets import FORMULA, defuse_text
from clustermap.side_by_side import do_each

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import BinaryIO

_BOM = b"\xef\xbb\xbf"  # without it Excel reads Korean as another encoding
_BLOCK = 100_000
_NAMES = {pa.bool_(): "boolean", pa.int64(): "integer", pa.float64(): "number", TEXT: "text"}


def defuse(values: pa.ChunkedArray) -> tuple[pa.ChunkedArray, list[int]]:
    """Put an apostrophe before text that a spreadsheet would take for a formula.

    Parameters
    ----------
    values
        Text without control characters.

    Returns
    -------
    pa.ChunkedArray
        The safe text.
    list of int
        Rows changed. Taking one apostrophe off gives the value back.
    """
    if not holds(values, FORMULA):
        return values, []
    dangerous = pc.fill_null(pc.match_substring_regex(values, FORMULA), fill_value=False)
    return pc.replace_substring_regex(values, FORMULA, r"'\1"), pc.indices_nonzero(
        dangerous
    ).to_pylist()


def type_name(kind: pa.DataType) -> str:
    """Return what the list of fields calls a type.

    Parameters
    ----------
    kind
        Type of a column of a layer.

    Returns
    -------
    str
        "text", "integer", "number", "boolean", "date" or "time".
    """
    return _NAMES.get(kind, "time" if kind == TIME else "date")


def spell_times(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Write times as ISO 8601 text.

    Parameters
    ----------
    values
        Timestamps in UTC.

    Returns
    -------
    pa.ChunkedArray
        E.g. ``2026-01-31T09:30:00.000Z``.
    """
    # strftime needs a time-zone database, which Windows lacks: the naive type does not.
    return pc.strftime(values.cast(pa.timestamp("ms")), "%Y-%m-%dT%H:%M:%SZ").cast(TEXT)


def _write_rows(rows: pa.Table, stream: BinaryIO) -> None:
    options = pyarrow.csv.WriteOptions(include_header=False)
    for first in range(0, rows.num_rows, _BLOCK):
        block = io.BytesIO()
        pyarrow.csv.write_csv(rows.slice(first, _BLOCK), block, options)
        # No cell holds a line break (cells are cleaned), so each one here ends a row.
        stream.write(block.getvalue().replace(b"\n", b"\r\n"))


def _header(names: Sequence[str]) -> tuple[list[str], bytes]:
    safe = [defuse_text(name) for name in names]
    quoted = ",".join('"{}"'.format(name.replace('"', '""')) for name in safe)
    return safe, f"{quoted}\r\n".encode()


def _write_layer(layer: Layer, path: Path) -> Written:
    columns: dict[str, pa.ChunkedArray] = {}
    changes: list[Change] = []
    for name in layer.rows.column_names:
        values = layer.rows.column(name)
        if values.type == TIME:
            values = spell_times(values)
        if values.type == TEXT:
            safe, changed = defuse(values)
            changes += [
                Change(
                    path.name,
                    name,
                    row_id(layer.rows, layer.key, row),
                    start(values[row].as_py()),
                    "formula",
                )
                for row in changed
            ]
            values = safe
        columns[name] = values
    header, line = _header(layer.rows.column_names)
    with path.open("wb") as stream:
        stream.write(_BOM + line)
        _write_rows(pa.table(columns), stream)
    kinds = [type_name(column.type) for column in layer.rows.columns]
    names = tuple(
        FieldName(path.name, field, kind, column)
        for field, kind, column in zip(header, kinds, layer.fields, strict=True)
    )
    return Written((path.name,), names, tuple(changes))


def write_csv(layers: Sequence[Layer], folder: Path, marks: Marks) -> Written:
    """Write every layer's attributes as CSV (RFC 4180, UTF-8 with byte order mark).

    Parameters
    ----------
    layers
        Layers and tables.
    folder
        Where the files go.
    marks
        What the files must carry.

    Returns
    -------
    Written
        Files, field names, and the cells that got an apostrophe.
    """

    def write(layer: Layer) -> Written:
        return _write_layer(layer, folder / marks.file_name(layer.name, ".csv"))

    return Written.join(do_each(write, layers))
