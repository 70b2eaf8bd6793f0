"""GeoPackage, GeoJSON and shapefile, read by GDAL."""

from __future__ import annotations

import codecs
import re
import struct
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import shapely

from clustermap.checks import Chunk
from clustermap.errors import TableFault, shorten_path
from clustermap.sources.files.source import (
    CHUNK_ROWS,
    GUESSES,
    FileSource,
    Item,
    check_start,
    match_columns,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from clustermap.tables import Table

_NUL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")
_EUC_KR = ("euc-kr", "euckr", "euc_kr", "51949", "ksc5601", "ks_c_5601-1987")
"""What .cpg files call cp949: as EUC-KR proper, letters that only cp949 has would be lost."""


def _read_geometry(
    source: FileSource, path: Path, encoding: str = "", content: bytes | None = None
) -> Iterator[Item]:
    import pyogrio  # noqa: PLC0415
    from pyogrio.errors import DataLayerError, DataSourceError  # noqa: PLC0415

    opened = content or path
    try:
        layer = _find_layer(source, path, opened)
        facts = pyogrio.read_info(opened, layer=layer, encoding=encoding or None)
        matched = match_columns(source, path, [str(name) for name in facts["fields"]])
        with pyogrio.open_arrow(
            opened,
            layer=layer,
            encoding=encoding or None,
            columns=matched.wanted,
            batch_size=CHUNK_ROWS,
            use_pyarrow=True,
        ) as (meta, reader):
            geometry = meta["geometry_name"] or "wkb_geometry"
            start = 1
            for batch in reader:
                rows = pa.table(batch)
                lines = pa.array(np.arange(start, start + rows.num_rows))
                start += rows.num_rows
                raw = matched.rename(rows)
                if geometry in rows.column_names:
                    raw = put_geometry(source.table, raw, rows[geometry])
                chunk = Chunk(path.name, lines, raw, str(meta["crs"] or ""))
                yield matched.convert(chunk)
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
    if path.suffix.lower() == ".gpkg":
        _refuse_view(source, path, source.layer or layers[0])
    return source.layer or None


def _refuse_view(source: FileSource, path: Path, layer: str) -> None:
    """Raise where a layer is a view: its query is a program, which may compute without end."""
    from pyogrio.raw import read_arrow  # noqa: PLC0415

    _, views = read_arrow(path, sql="SELECT name FROM sqlite_master WHERE type = 'view'")
    # Names in SQLite are the same in capitals.
    if layer.lower() in {str(name).lower() for name in views["name"].to_pylist()}:
        place = f"{source.table.name} ({path.name})"
        raise TableFault("layer_is_view", table=place, key="layer", value=layer)


def list_layers(path: Path) -> list[str]:
    """Return the layers of a GeoPackage.

    Parameters
    ----------
    path
        Any file.

    Returns
    -------
    list of str
        Names; empty for a file of another format, or one that cannot be read.
    """
    import pyogrio  # noqa: PLC0415
    from pyogrio.errors import DataSourceError  # noqa: PLC0415

    if path.suffix.lower() != ".gpkg":
        return []
    try:
        return [str(name) for name, _ in pyogrio.list_layers(path)]
    except DataSourceError:
        return []


def read_geopackage(source: FileSource, path: Path) -> Iterator[Item]:
    """Read a GeoPackage.

    Parameters
    ----------
    source
        What is read.
    path
        The file.

    Yields
    ------
    Chunk
        Rows.

    Raises
    ------
    TableFault
        If it cannot be read, lacks a column, or has several layers and none is stated; or if the
        layer is a view.
    """
    check_start(source, path, (b"SQLite format 3",))
    yield from _read_geometry(source, path)


def read_geojson(source: FileSource, path: Path) -> Iterator[Item]:
    """Read a GeoJSON file.

    Parameters
    ----------
    source
        What is read.
    path
        The file.

    Yields
    ------
    Chunk
        Rows.

    Raises
    ------
    TableFault
        If it cannot be read, or lacks a column.
    """
    check_start(source, path, (b"{",))
    content = path.read_bytes()
    # GDAL ends a text at NUL and drops the rest of it; the sign for "unreadable" keeps the rest.
    mended = _NUL.sub(rb"\1\\ufffd", content) if b"\\u0000" in content else None
    yield from _read_geometry(source, path, content=mended)


def read_shapefile(source: FileSource, path: Path) -> Iterator[Item]:
    """Read a shapefile with the table beside it.

    Parameters
    ----------
    source
        What is read.
    path
        The file.

    Yields
    ------
    Chunk
        Rows.

    Raises
    ------
    TableFault
        If it cannot be read, lacks a column, or its table has not one record a shape.
    """
    check_start(source, path, (b"\x00\x00\x27\x0a",))
    table = _find_sibling(path, ".dbf")
    if table is None:
        missing = str(path.with_suffix(".dbf"))
        raise TableFault("missing_file", table=source.table.name, value=shorten_path(missing))
    _refuse_uneven(source, path, table)
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


def _refuse_uneven(source: FileSource, path: Path, table: Path) -> None:
    """Raise where shapes and records differ in number: GDAL drops what has no partner, unsaid."""
    index = _find_sibling(path, ".shx")
    if index is None:  # GDAL says so
        return
    shapes, records = _count_shapes(index), _count_records(table)
    if shapes != records:
        place = f"{source.table.name} ({path.name})"
        raise TableFault("uneven_shapefile", table=place, shapes=shapes, records=records)


def _count_shapes(index: Path) -> int:
    """Return how many shapes a .shx says there are: its length is stated in words of 16 bits."""
    with index.open("rb") as file:
        (words,) = struct.unpack_from(">24xI", file.read(28).ljust(28, b"\0"))
    return max(int(words) * 2 - 100, 0) // 8


def _count_records(table: Path) -> int:
    """Return how many records a .dbf states, or holds where it is cut."""
    with table.open("rb") as file:
        stated, start, width = struct.unpack_from("<4xIHH", file.read(12).ljust(12, b"\0"))
    held = max(table.stat().st_size - start, 0) // width if width else 0
    return int(min(stated, held))


def _guess_dbf_encoding(path: Path, table: str) -> str:
    """Return the first encoding in which every name and text of a .dbf can be read.

    Only these are looked at: the lengths in its header are bytes that no encoding holds.
    """
    guesses = list(GUESSES)
    for row, text in _dbf_texts(path):
        guesses = [guess for guess in guesses if _is_text(text, guess)]
        if not guesses:
            place = f"{table} ({path.name})"
            raise TableFault("wrong_encoding", table=place, row=row, tried=", ".join(GUESSES))
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
        Rows under our names.
    geometry
        WKB, one a row.

    Returns
    -------
    pa.Table
        The rows with geometry, or with x and y where they lack them.
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
