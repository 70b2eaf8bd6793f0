"""Tables and layers from files: CSV, JSON, Parquet, GeoPackage, shapefile, workbooks.

Every reader yields :class:`~clustermap.checks.Chunk`: raw columns under our names, with file and
line. Points become columns x and y, polygons stay WKB. What a file says is never executed: only
these formats are opened, and only after their first bytes agree with the name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from clustermap.checks import Chunk
from clustermap.errors import TableFault, shorten_path
from clustermap.sources.files.geometries import (
    list_layers,
    read_geojson,
    read_geopackage,
    read_shapefile,
)
from clustermap.sources.files.parquet import read_parquet
from clustermap.sources.files.records import read_json, read_records
from clustermap.sources.files.references import hash_chunk, list_references
from clustermap.sources.files.source import FileSource, Item, settle_chunks, waits_for_others
from clustermap.sources.files.text import find_encoding, read_text
from clustermap.sources.files.workbook import read_workbook

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

__all__ = [
    "FileSource",
    "Item",
    "find_encoding",
    "hash_chunk",
    "list_layers",
    "list_references",
    "read_chunks",
]

_READERS: Mapping[str, Callable[[FileSource, Path], Iterator[Item]]] = {
    ".csv": read_text,
    ".tsv": read_text,
    ".tab": read_text,
    ".txt": read_text,
    ".parquet": read_parquet,
    ".geoparquet": read_parquet,
    ".gpkg": read_geopackage,
    ".geojson": read_geojson,
    ".json": read_json,
    ".jsonl": read_records,
    ".ndjson": read_records,
    ".shp": read_shapefile,
    ".xlsx": read_workbook,
    ".xls": read_workbook,
}


_EXTRACTS = (".pbf", ".osm", ".osm.bz2", ".osm.gz")
"""Extracts of OpenStreetMap: layers have to be made of them first."""


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
    held = []
    for path in source.paths:
        if not path.is_file():
            raise TableFault("missing_file", table=source.table.name, value=shorten_path(path))
        if path.name.lower().endswith(_EXTRACTS):
            raise TableFault("openstreetmap_extract", table=source.table.name, value=path.name)
        reader = _READERS.get(path.suffix.lower())
        if reader is None:
            known = ", ".join(_READERS)
            raise TableFault(
                "unknown_format", table=source.table.name, value=path.name, known=known
            )
        for item in reader(source, path):
            if isinstance(item, Chunk) and waits_for_others(source, item):
                held.append(item)
            else:
                yield item
    yield from settle_chunks(source, held)
