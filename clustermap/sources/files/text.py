"""Text files: CSV and its like, in whatever encoding, every row with its line."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from clustermap.checks import Chunk, build_faults
from clustermap.errors import TableFault
from clustermap.sources.files.header import HEADER_LINES, find_header
from clustermap.sources.files.source import GUESSES, FileSource, Item, Matched

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import numpy.typing as npt

_BREAK = re.compile(r"\r\n?|\n")
_BLOCK_BYTES = 32 << 20
_DELIMITERS = ",\t;|"
_FEWEST_COLUMNS = 5
"""Of fewer columns, a text over two lines may well have as many commas as a row."""
_HEADER_LINES = 100
"""A header whose quotes do not close within so many lines is none."""


def _decodes(path: Path, encoding: str) -> int | None:
    """Return the line at which a file stops being text in an encoding, None if it never does."""
    decoder = codecs.getincrementaldecoder(encoding)()
    line = 1
    with path.open("rb") as file:
        while block := file.read(1 << 22):
            try:
                decoder.decode(block)
            except UnicodeDecodeError as error:
                return line + block[: error.start].count(b"\n")
            line += block.count(b"\n")
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return line
    return None


def _guess_encodings(path: Path) -> tuple[str, ...]:
    """Return the encodings to try; a spreadsheet's "Unicode text" says by its first bytes so."""
    with path.open("rb") as file:
        wide = file.read(2) in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}
    return ("utf-16",) if wide else GUESSES


def find_encoding(path: Path, stated: str, table: str) -> str:
    """Return the encoding in which a text file can be read whole.

    Parameters
    ----------
    path
        Text file.
    stated
        Encoding that the project file states, or "".
    table
        Table it belongs to, for the fault.

    Returns
    -------
    str
        Name of a Python codec.

    Raises
    ------
    TableFault
        If the file cannot be decoded in the stated encoding, or in none of those tried.
    """
    tried = (stated,) if stated else _guess_encodings(path)
    lines = {}
    for encoding in tried:
        try:
            line = _decodes(path, encoding)
        except LookupError:
            raise TableFault(
                "unknown_encoding", table=f"{table} ({path.name})", key="encoding", value=stated
            ) from None
        if line is None:
            return encoding
        lines[encoding] = line
    table = f"{table} ({path.name})"
    row = max(lines.values())
    if stated:
        raise TableFault("wrong_encoding", table=table, key="encoding", row=row, tried=stated)
    raise TableFault("unknown_text", table=table, row=row)


class _LineCounter:
    """Tells the line of every row of a text file, also past lines that are no rows."""

    def __init__(self, table: str, path: Path, first_row: int, delimiter: str) -> None:
        self.table = table
        self.path = path
        self.delimiter = delimiter
        self.next_row = first_row
        self.breaks = 0  # line breaks within quoted values so far
        self.end = (0, "")  # line and last value of the last row so far
        self.skipped: list[tuple[int, str]] = []

    def skip(self, row: arrow_csv.InvalidRow) -> str:
        self.skipped.append((row.number, row.text))
        return "skip"

    def place(
        self, rows: pa.Table, *, last: bool = False
    ) -> tuple[pa.Array, pa.Table, npt.NDArray[np.bool_]]:
        """Return the line of every row, what is no row as faults, and which rows swallow others.

        pyarrow reads ahead: a line skipped may belong to rows that are still to come.
        """
        skipped = np.array([number for number, _ in self.skipped], dtype=np.int64)
        numbers = np.arange(self.next_row, self.next_row + rows.num_rows + len(skipped))
        numbers = numbers[~np.isin(numbers, skipped)][: rows.num_rows]
        latest = int(numbers[-1]) if len(numbers) else self.next_row - 1
        here = len(skipped) if last else int(np.searchsorted(skipped, latest))
        texts = [text for _, text in self.skipped[:here]]
        breaks = np.zeros(rows.num_rows, dtype=np.int64)
        for column in rows.columns:
            breaks += pc.fill_null(_count_breaks(column), 0).to_numpy()
        every = np.concatenate([numbers, skipped[:here]])
        order = np.argsort(every, kind="stable")
        added = np.concatenate([breaks, _count_breaks(pa.array(texts, pa.string())).to_numpy()])
        before = np.zeros(len(every), dtype=np.int64)
        before[order[1:]] = np.cumsum(added[order])[:-1]
        lines = every + before + self.breaks
        if len(every):
            end = int(order[-1])
            value = rows.columns[-1][end].as_py() if end < rows.num_rows else texts[-1]
            self.end = (int(lines[end]), value)
        self.breaks += int(added.sum())
        self.next_row = int(every.max(initial=self.next_row - 1)) + 1
        del self.skipped[:here]
        # Only a quoted value holds line breaks: likely one quote is open and swallows rows.
        reasons = [
            "quote_over_lines" if _BREAK.search(t) else "wrong_number_of_fields" for t in texts
        ]
        nowhere = [""] * len(texts)
        faults = [self._quote(lines[rows.num_rows :], nowhere, texts, reasons)]
        found = _find_swallowing(rows, np.flatnonzero(breaks), self.delimiter)
        at = np.array(sorted(found), dtype=np.int64)
        columns, values = ([found[row][part] for row in at.tolist()] for part in (0, 1))
        faults.append(self._quote(lines[at], columns, values, ["quote_over_rows"] * len(at)))
        swallowing = np.zeros(rows.num_rows, dtype=bool)
        swallowing[at] = True
        return pa.array(lines[: rows.num_rows]), pa.concat_tables(faults), swallowing

    def _quote(
        self,
        lines: npt.NDArray[np.int64],
        columns: list[str],
        texts: list[str],
        reasons: list[str],
    ) -> pa.Table:
        return build_faults(
            self.table,
            pa.array([self.path.name] * len(lines), pa.string()),
            pa.array(lines),
            pa.array(columns, pa.string()),
            pa.array([text[:200] for text in texts], pa.string()),
            pa.array(reasons, pa.string()),
        )


def _find_swallowing(
    rows: pa.Table, at: npt.NDArray[np.int64], delimiter: str
) -> dict[int, tuple[str, str]]:
    """Return which of some rows hold whole rows in a value: its column, and the value.

    A quote that opens in one row and closes in the same column of a later one leaves the number of
    fields as it was: the value holds the end of a row, perhaps rows, and the beginning of one.
    """
    found: dict[int, tuple[str, str]] = {}
    if rows.num_columns < _FEWEST_COLUMNS:
        return found
    every = rows.num_columns - 1
    for place, (name, column) in enumerate(zip(rows.column_names, rows.columns, strict=True)):
        values = column.take(pa.array(at))
        breaks = _count_breaks(values).to_numpy()
        fields = pc.count_substring(values, delimiter).to_numpy()
        for row in np.flatnonzero((breaks > 0) & (fields == breaks * every)).tolist():
            value = values[row].as_py()
            first, *middle, last = (line.count(delimiter) for line in _BREAK.split(value))
            if (first, last) == (every - place, place) and set(middle) <= {every}:
                found[int(at[row])] = name, value
    return found


def _count_breaks(texts: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    return pc.count_substring_regex(texts, _BREAK.pattern).cast(pa.int64())


@dataclass(frozen=True)
class _Header:
    """Column names and delimiter of a text file, and how many lines they take."""

    names: list[str]
    delimiter: str
    lines: int


def _read_lines(path: Path, encoding: str) -> Iterator[tuple[str, int]]:
    """Yield the lines near the top that hold anything; quoted values may hold line breaks."""
    lines = 0
    with path.open(encoding=encoding, newline="") as file:
        while lines < HEADER_LINES and (header := file.readline()):
            lines += 1
            if not header.strip():
                continue
            while header.count('"') % 2 and lines < _HEADER_LINES and (line := file.readline()):
                header, lines = header + line, lines + 1
            yield header, lines


def _read_headers(source: FileSource, path: Path, encoding: str) -> Iterator[_Header]:
    """Yield those lines as what they would be as headers."""
    tops = list(_read_lines(path, encoding))
    # Where any column will do, no name tells the header from rows that hold other signs.
    stated = source.delimiter or (_settle_delimiter([t for t, _ in tops]) if source.every else "")
    for header, lines in tops:
        delimiter = stated or max(_DELIMITERS, key=header.count)
        try:
            names = _split(header, delimiter)
        except csv.Error:  # a value longer than any name
            continue
        yield _Header([" ".join(name.split()) for name in names], delimiter, lines)


def _settle_delimiter(lines: Sequence[str]) -> str:
    """Return the delimiter by which most lines hold equally many values, and then most values."""
    fits: dict[str, tuple[int, int]] = {}
    for delimiter in _DELIMITERS:
        widths: Counter[int] = Counter()
        for line in lines:
            with suppress(csv.Error):
                widths[len(_split(line, delimiter))] += 1
        several = [(times, width) for width, times in widths.items() if width > 1]
        fits[delimiter] = max(several, default=(0, 0))
    return max(_DELIMITERS, key=lambda delimiter: fits[delimiter])


def _split(line: str, delimiter: str) -> list[str]:
    return next(csv.reader(io.StringIO(line, newline=""), delimiter=delimiter))


def _find_header(source: FileSource, path: Path, encoding: str) -> tuple[_Header, Matched]:
    """Return the header, which titles may stand above, and what is read of its columns."""
    headers = list(_read_headers(source, path, encoding))
    widest = max((len(header.names) for header in headers), default=0)
    if source.delimiter and widest == 1 < len(source.table.required):
        table = f"{source.table.name} ({path.name})"
        raise TableFault(
            "wrong_delimiter", table=table, key="delimiter", delimiter=source.delimiter
        )
    return find_header(source, path, headers, lambda header: header.names)


def read_text(source: FileSource, path: Path) -> Iterator[Item]:
    """Read a text file.

    Parameters
    ----------
    source
        What is read.
    path
        The file.

    Yields
    ------
    Chunk or pa.Table
        Rows, and FAULTS for lines that are no rows.

    Raises
    ------
    TableFault
        If it is no text of the encoding, has no header, or lacks a column.
    """
    encoding = find_encoding(path, source.encoding, source.table.name)
    header, matched = _find_header(source, path, encoding)
    names = header.names
    counter = _LineCounter(source.table.name, path, header.lines + 1, header.delimiter)
    try:
        reader = arrow_csv.open_csv(
            path,
            read_options=arrow_csv.ReadOptions(
                use_threads=False,
                block_size=_BLOCK_BYTES,
                encoding="utf8" if encoding == "utf-8-sig" else encoding,
                column_names=names,
                skip_rows=header.lines,
            ),
            parse_options=arrow_csv.ParseOptions(
                delimiter=header.delimiter,
                newlines_in_values=True,
                ignore_empty_lines=False,
                invalid_row_handler=counter.skip,
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                strings_can_be_null=False,
            ),
        )
        for batch in reader:
            rows = pa.table(batch)
            lines, faults, swallowing = counter.place(rows)
            filled = pc.and_(_are_filled(rows), pa.array(~swallowing))
            yield faults
            rows = matched.rename(rows).filter(filled)
            yield matched.convert(Chunk(path.name, lines.filter(filled), rows))
    except pa.ArrowInvalid as error:
        # A header alone is a table without rows: the ledger says so.
        if not any(words in str(error) for words in ("Empty CSV", "Could not skip initial")):
            raise TableFault(
                "unreadable_file",
                table=source.table.name,
                value=path.name,
                why=str(error).split("\n")[0],
            ) from error
    yield counter.place(pa.table({}), last=True)[1]
    _refuse_open_quote(source, path, *counter.end)
    # The columns are known even where no line was a row.
    none = pa.table(dict.fromkeys(matched.wanted, pa.array([], pa.string())))
    yield matched.convert(Chunk(path.name, pa.array([], pa.int64()), matched.rename(none)))


def _refuse_open_quote(source: FileSource, path: Path, line: int, value: str) -> None:
    """Raise where a quote opens and never closes: it has swallowed every row that followed."""
    if not _BREAK.search(value):
        return
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - 4096, 0))
        tail = file.read().rstrip(b"\r\n\t \0")
    if not tail.endswith(b'"'):
        table = f"{source.table.name} ({path.name})"
        raise TableFault("open_quote", table=table, row=line, value=value)


def _are_filled(rows: pa.Table) -> pa.Array:
    """Return which rows hold anything: an empty line is no row and no loss."""
    filled = np.zeros(rows.num_rows, dtype=bool)
    for column in rows.columns:
        filled |= pc.fill_null(pc.greater(pc.binary_length(column), 0), False).to_numpy()
    return pa.array(filled)
