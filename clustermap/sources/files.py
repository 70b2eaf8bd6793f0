"""Tables and layers from files, read in chunks: CSV, Parquet, GeoPackage, GeoJSON, shapefile.

Every reader yields :class:`~clustermap.checks.Chunk`: raw columns under our names, with file and
line. Points become columns x and y, polygons stay WKB. What a file says is never executed: only
these formats are opened, and only after their first bytes agree with the name.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
import struct
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import shapely
from pyarrow import csv as arrow_csv

from clustermap.checks import Chunk, build_faults
from clustermap.errors import TableFault, shorten

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    import numpy.typing as npt

    from clustermap.tables import Table

CHUNK_ROWS = 500_000
_BLOCK_BYTES = 32 << 20
_NUL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")
_EUC_KR = ("euc-kr", "euckr", "euc_kr", "51949", "ksc5601", "ks_c_5601-1987")
"""What .cpg files call cp949: as EUC-KR proper, letters that only cp949 has would be lost."""

_HEADER_LINES = 100
"""A header whose quotes do not close within so many lines is none."""

_GUESSES = ("utf-8-sig", "cp949")
"""Encodings tried in turn where none is stated: Korean files come in both."""

Item: TypeAlias = "Chunk | pa.Table"
"""Readers yield chunks of rows, and FAULTS for lines that are no rows."""


@dataclass(frozen=True)
class FileSource:
    """Where a table's rows come from.

    Parameters
    ----------
    table
        Declaration of the table.
    paths
        Files, read one after the other.
    columns
        Our column names to theirs; a column not named here is looked for under our name.
    layer
        Layer within a GeoPackage, "" for the only one.
    encoding
        Text encoding, "" for utf-8 and then cp949.
    delimiter
        Delimiter of text files, "" to take it from the header.
    """

    table: Table
    paths: tuple[Path, ...]
    columns: Mapping[str, str] = field(default_factory=dict)
    layer: str = ""
    encoding: str = ""
    delimiter: str = ""


def read_chunks(source: FileSource) -> Iterator[Item]:
    """Read a table chunk by chunk.

    Parameters
    ----------
    source
        Which files and columns.

    Yields
    ------
    Chunk or pa.Table
        Rows under our names; or FAULTS for lines that could not be read as rows.

    Raises
    ------
    TableFault
        If a file is missing, broken, of an unknown format, in another encoding, or lacks a column.
    """
    for path in source.paths:
        if not path.is_file():
            raise TableFault("missing_file", table=source.table.name, value=str(path))
        reader = _READERS.get(path.suffix.lower())
        if reader is None:
            known = ", ".join(_READERS)
            raise TableFault(
                "unknown_format", table=source.table.name, value=path.name, known=known
            )
        yield from reader(source, path)


def _match_columns(source: FileSource, path: Path, found: list[str]) -> dict[str, str]:
    return match_columns(source.table, source.columns, path.name, found)


def match_columns(
    table: Table, columns: Mapping[str, str], name: str, found: list[str]
) -> dict[str, str]:
    """Match our columns with those that there are.

    Parameters
    ----------
    table
        Declaration of the table.
    columns
        Our column names to theirs, where they differ.
    name
        Name of the file, as shown to people.
    found
        Names of its columns.

    Returns
    -------
    dict
        Their column names by ours.

    Raises
    ------
    TableFault
        If a stated or required column is not there, or stands there twice.
    """
    matched = {}
    for column in table.columns:
        if column.type == "geometry":
            continue
        theirs = columns.get(column.name, column.name)
        if found.count(theirs) > 1:
            place = f"{table.name} ({name})"
            raise TableFault("repeated_column", table=place, column=theirs)
        if theirs in found:
            matched[column.name] = theirs
        elif column.name in columns or column.required:
            near = get_close_matches(theirs, found, n=1, cutoff=0.5)
            raise TableFault(
                "missing_column",
                table=f"{table.name} ({name})",
                column=theirs,
                ours=column.name,
                found=", ".join(shorten(name, 40) for name in (near or found)[:12]),
            )
    return matched


def _check_start(source: FileSource, path: Path, starts: tuple[bytes, ...]) -> None:
    """Refuse a file whose first bytes belong to another format, however it is named."""
    with path.open("rb") as file:
        head = file.read(64).removeprefix(codecs.BOM_UTF8).lstrip()
    if not head:
        raise TableFault("empty_layer", table=f"{source.table.name} ({path.name})")
    if not head.startswith(starts):
        raise TableFault("unreadable_file", table=source.table.name, value=path.name, why="")


# Text files


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
    return ("utf-16",) if wide else _GUESSES


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

    def __init__(self, table: str, path: Path, first_row: int) -> None:
        self.table = table
        self.path = path
        self.next_row = first_row
        self.breaks = 0  # line breaks within quoted values so far
        self.end = (0, "")  # line and last value of the last row so far
        self.skipped: list[tuple[int, str]] = []

    def skip(self, row: arrow_csv.InvalidRow) -> str:
        self.skipped.append((row.number, row.text))
        return "skip"

    def place(self, rows: pa.Table, *, last: bool = False) -> tuple[pa.Array, pa.Table]:
        """Return the line of every row, and the lines skipped among them as faults.

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
        return pa.array(lines[: rows.num_rows]), self._quote(lines[rows.num_rows :], texts)

    def _quote(self, lines: npt.NDArray[np.int64], texts: list[str]) -> pa.Table:
        size = len(lines)
        return build_faults(
            self.table,
            pa.array([self.path.name] * size, pa.string()),
            pa.array(lines),
            pa.array([""] * size, pa.string()),
            pa.array([text[:200] for text in texts], pa.string()),
            pa.array(["wrong_number_of_fields"] * size, pa.string()),
        )


def _count_breaks(texts: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    return pc.count_substring_regex(texts, "\r\n?|\n").cast(pa.int64())


@dataclass(frozen=True)
class _Header:
    """Column names and delimiter of a text file, and how many lines they take."""

    names: list[str]
    delimiter: str
    lines: int


def _read_header(source: FileSource, path: Path, encoding: str) -> _Header:
    """Return the first line that is not empty; quoted names may hold line breaks."""
    header, lines = "", 0
    with path.open(encoding=encoding, newline="") as file:
        while not header.strip() or (header.count('"') % 2 and lines < _HEADER_LINES):
            line = file.readline()
            if not line:
                break
            header, lines = (header + line) if header.strip() else line, lines + 1
    if not header.strip():
        raise TableFault("empty_layer", table=f"{source.table.name} ({path.name})")
    delimiter = source.delimiter or max(",\t;|", key=header.count)
    names = next(csv.reader(io.StringIO(header, newline=""), delimiter=delimiter))
    return _Header([" ".join(name.split()) for name in names], delimiter, lines)


def _read_text(source: FileSource, path: Path) -> Iterator[Item]:
    encoding = find_encoding(path, source.encoding, source.table.name)
    header = _read_header(source, path, encoding)
    names = header.names
    if source.delimiter and len(names) == 1 < len(source.table.required):
        table = f"{source.table.name} ({path.name})"
        raise TableFault(
            "wrong_delimiter", table=table, key="delimiter", delimiter=source.delimiter
        )
    matched = _match_columns(source, path, names)
    counter = _LineCounter(source.table.name, path, header.lines + 1)
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
            lines, faults = counter.place(rows)
            filled = _are_filled(rows)
            yield faults
            yield Chunk(path.name, lines.filter(filled), _rename(rows, matched).filter(filled))
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
    none = pa.table(dict.fromkeys(matched, pa.array([], pa.string())))
    yield Chunk(path.name, pa.array([], pa.int64()), none)


def _refuse_open_quote(source: FileSource, path: Path, line: int, value: str) -> None:
    """Raise where a quote opens and never closes: it has swallowed every row that followed."""
    if not re.search(r"[\r\n]", value):
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


def _rename(rows: pa.Table, matched: Mapping[str, str]) -> pa.Table:
    return pa.table({ours: rows[theirs] for ours, theirs in matched.items()})


# Parquet


def _read_parquet(source: FileSource, path: Path) -> Iterator[Item]:
    _check_start(source, path, (b"PAR1",))
    try:
        file = pq.ParquetFile(path)
    except pa.ArrowInvalid as error:
        raise TableFault(
            "unreadable_file", table=source.table.name, value=path.name, why=str(error)
        ) from error
    names = file.schema_arrow.names
    matched = _match_columns(source, path, names)
    try:
        geometry, crs = _find_geoparquet(file.schema_arrow)
    except (ValueError, KeyError, TypeError) as error:
        why = f"GeoParquet: {error}"
        raise TableFault(
            "unreadable_file", table=source.table.name, value=path.name, why=why
        ) from error
    wanted = list(dict.fromkeys([*matched.values(), *([geometry] if geometry else [])]))
    start = 1
    for batch in file.iter_batches(CHUNK_ROWS, columns=wanted):
        rows = pa.table(batch)
        lines = pa.array(np.arange(start, start + rows.num_rows))
        start += rows.num_rows
        raw = _rename(rows, matched)
        if geometry:
            raw = put_geometry(source.table, raw, rows[geometry])
        yield Chunk(path.name, lines, raw, crs)


def _find_geoparquet(schema: pa.Schema) -> tuple[str, str]:
    """Return geometry column and CRS of a GeoParquet file, "" where it is a plain one."""
    metadata = schema.metadata or {}
    if b"geo" not in metadata:
        return "", ""
    geo = json.loads(metadata[b"geo"])
    name = geo["primary_column"]
    column = geo["columns"][name]
    if column["encoding"] != "WKB":
        raise ValueError(f"encoding {column['encoding']!r}, not 'WKB'")
    schema.field(name)  # raises KeyError
    crs = column.get("crs", "OGC:CRS84")  # absent means longitude and latitude; null means unknown
    return name, crs if isinstance(crs, str) else json.dumps(crs) if crs else ""


# Geometry files


def _read_geometry(
    source: FileSource, path: Path, encoding: str = "", content: bytes | None = None
) -> Iterator[Item]:
    import pyogrio  # noqa: PLC0415
    from pyogrio.errors import DataLayerError, DataSourceError  # noqa: PLC0415

    opened = content or path
    try:
        layer = _find_layer(source, path, opened)
        facts = pyogrio.read_info(opened, layer=layer, encoding=encoding or None)
        matched = _match_columns(source, path, [str(name) for name in facts["fields"]])
        wanted = list(dict.fromkeys(matched.values()))
        with pyogrio.open_arrow(
            opened,
            layer=layer,
            encoding=encoding or None,
            columns=wanted,
            batch_size=CHUNK_ROWS,
            use_pyarrow=True,
        ) as (meta, reader):
            geometry = meta["geometry_name"] or "wkb_geometry"
            start = 1
            for batch in reader:
                rows = pa.table(batch)
                lines = pa.array(np.arange(start, start + rows.num_rows))
                start += rows.num_rows
                raw = _rename(rows, matched)
                if geometry in rows.column_names:
                    raw = put_geometry(source.table, raw, rows[geometry])
                yield Chunk(path.name, lines, raw, str(meta["crs"] or ""))
    except (DataSourceError, DataLayerError, UnicodeDecodeError) as error:
        raise TableFault(
            "unreadable_file", table=source.table.name, value=path.name, why=str(error)
        ) from error


def _find_layer(source: FileSource, path: Path, opened: Path | bytes) -> str | None:
    import pyogrio  # noqa: PLC0415

    layers = [str(name) for name, _ in pyogrio.list_layers(opened)]
    if not layers:
        raise TableFault("empty_layer", table=f"{source.table.name} ({path.name})")
    if source.layer and source.layer not in layers:
        raise TableFault(
            "missing_layer",
            table=f"{source.table.name} ({path.name})",
            key="layer",
            value=source.layer,
            found=", ".join(layers[:12]),
        )
    if not source.layer and len(layers) > 1 and path.suffix.lower() == ".gpkg":
        raise TableFault(
            "which_layer",
            table=f"{source.table.name} ({path.name})",
            key="layer",
            found=", ".join(layers[:12]),
        )
    return source.layer or None


def _read_geopackage(source: FileSource, path: Path) -> Iterator[Item]:
    _check_start(source, path, (b"SQLite format 3",))
    yield from _read_geometry(source, path)


def _read_geojson(source: FileSource, path: Path) -> Iterator[Item]:
    _check_start(source, path, (b"{",))
    content = path.read_bytes()
    # GDAL ends a text at NUL and drops the rest of it; the sign for "unreadable" keeps the rest.
    mended = _NUL.sub(rb"\1\\ufffd", content) if b"\\u0000" in content else None
    yield from _read_geometry(source, path, content=mended)


def _read_shapefile(source: FileSource, path: Path) -> Iterator[Item]:
    _check_start(source, path, (b"\x00\x00\x27\x0a",))
    table = _find_sibling(path, ".dbf")
    if table is None:
        missing = str(path.with_suffix(".dbf"))
        raise TableFault("missing_file", table=source.table.name, value=missing)
    page = _find_sibling(path, ".cpg")
    stated = page.read_text(encoding="ascii", errors="replace").strip().lower() if page else ""
    encoding = source.encoding
    if not encoding and stated in _EUC_KR:
        encoding = "cp949"
    elif not encoding and not stated:
        encoding = _guess_dbf_encoding(table, source.table.name)
    yield from _read_geometry(source, path, encoding.replace("utf-8-sig", "utf-8"))


def _find_sibling(path: Path, suffix: str) -> Path | None:
    """Return the file of the same name with another ending, in whatever case it is written."""
    named = (path.with_suffix(suffix), path.with_suffix(suffix.upper()))
    return next((file for file in named if file.is_file()), None)


def _guess_dbf_encoding(path: Path, table: str) -> str:
    """Return the first encoding in which every name and text of a .dbf can be read.

    Only these are looked at: the lengths in its header are bytes that no encoding holds.
    """
    guesses = list(_GUESSES)
    for row, text in _dbf_texts(path):
        guesses = [guess for guess in guesses if _is_text(text, guess)]
        if not guesses:
            place = f"{table} ({path.name})"
            raise TableFault("wrong_encoding", table=place, row=row, tried=", ".join(_GUESSES))
    return guesses[0]


def _dbf_texts(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield the names and cells that are not ASCII, with their row; names stand in row 0."""
    with path.open("rb") as file:
        start, width = struct.unpack_from("<8xHH", file.read(32).ljust(32, b"\0"))
        head = file.read(max(start - 32, 0))
        fields = [head[at : at + 32] for at in range(0, len(head) - 31, 32)]
        yield from ((0, field[:11].split(b"\0")[0]) for field in fields)
        ends = list(accumulate((field[16] for field in fields), initial=1))
        row = 0
        while width and len(block := file.read(width)) == width:
            row += 1
            if not block.isascii():
                yield from ((row, block[left:right]) for left, right in pairwise(ends))


def _is_text(cell: bytes, encoding: str) -> bool:
    """Return whether a cell is text; its last character may be cut by the cell's width."""
    try:
        codecs.getincrementaldecoder(encoding)().decode(cell.rstrip(b" \0"))
    except UnicodeDecodeError:
        return False
    return True


def put_geometry(table: Table, raw: pa.Table, geometry: pa.ChunkedArray) -> pa.Table:
    """Add polygons as WKB, or points as x and y, as the table wants them.

    Parameters
    ----------
    table
        Declaration of the table.
    raw
        Raw rows under our column names.
    geometry
        WKB, one a row.

    Returns
    -------
    pa.Table
        The rows with the column geometry, or with x and y where they lack them.
    """
    wkb = geometry.combine_chunks()
    if isinstance(wkb, pa.ExtensionArray):
        wkb = wkb.storage
    if any(column.type == "geometry" for column in table.columns):
        # A table without columns has no rows to put a geometry beside.
        geometries = pa.table({"geometry": wkb.cast(pa.binary())})
        return (
            raw.append_column("geometry", geometries["geometry"]) if raw.num_columns else geometries
        )
    if "x" in raw.column_names or all(column.name != "x" for column in table.columns):
        return raw
    shapes = shapely.from_wkb(wkb.to_numpy(zero_copy_only=False), on_invalid="ignore")
    # An area stands for its actor at a point inside it; get_x() wants points alone.
    areas = shapely.get_dimensions(shapes) > 0
    shapes[areas] = shapely.point_on_surface(shapes[areas])
    multi = shapely.get_type_id(shapes) == shapely.GeometryType.MULTIPOINT
    shapes[multi] = shapely.get_geometry(shapes[multi], 0)
    x, y = shapely.get_x(shapes), shapely.get_y(shapes)
    raw = raw.append_column("x", pa.array(x, from_pandas=True))
    return raw.append_column("y", pa.array(y, from_pandas=True))


_READERS: Mapping[str, Callable[[FileSource, Path], Iterator[Item]]] = {
    ".csv": _read_text,
    ".tsv": _read_text,
    ".tab": _read_text,
    ".txt": _read_text,
    ".parquet": _read_parquet,
    ".geoparquet": _read_parquet,
    ".gpkg": _read_geopackage,
    ".geojson": _read_geojson,
    ".json": _read_geojson,
    ".shp": _read_shapefile,
}
