"""Parquet and GeoParquet."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from clustermap.checks import Chunk
from clustermap.errors import TableFault
from clustermap.sources.files.geometries import put_geometry
from clustermap.sources.files.source import (
    CHUNK_ROWS,
    FileSource,
    Item,
    check_start,
    match_columns,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def read_parquet(source: FileSource, path: Path) -> Iterator[Item]:
    """Read a Parquet or GeoParquet file.

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
    check_start(source, path, (b"PAR1",))
    try:
        # Pages that carry a checksum are held against it; other damage may read as other values.
        file = pq.ParquetFile(path, page_checksum_verification=True)
    except pa.ArrowInvalid as error:
        raise TableFault(
            "unreadable_file", table=source.table.name, value=path.name, why=str(error)
        ) from error
    names = file.schema_arrow.names
    matched = match_columns(source, path, names)
    try:
        geometry, crs = _find_geoparquet(file.schema_arrow)
    except (ValueError, KeyError, TypeError) as error:
        why = f"GeoParquet: {error}"
        raise TableFault(
            "unreadable_file", table=source.table.name, value=path.name, why=why
        ) from error
    wanted = list(dict.fromkeys([*matched.wanted, *([geometry] if geometry else [])]))
    groups = range(file.num_row_groups) if source.group is None else [source.group]
    start = 1 + sum(file.metadata.row_group(at).num_rows for at in range(min(groups, default=0)))
    for batch in _read_batches(source, path, file, list(groups), wanted):
        rows = pa.table(batch)
        lines = pa.array(np.arange(start, start + rows.num_rows))
        start += rows.num_rows
        raw = matched.rename(rows)
        if geometry:
            raw = put_geometry(source.table, raw, rows[geometry])
        yield matched.convert(Chunk(path.name, lines, raw, crs))


def _read_batches(
    source: FileSource, path: Path, file: pq.ParquetFile, groups: list[int], wanted: list[str]
) -> Iterator[pa.RecordBatch]:
    try:
        yield from file.iter_batches(CHUNK_ROWS, row_groups=groups, columns=wanted)
    except (pa.ArrowException, OSError) as error:  # what its footer promises is not there
        raise TableFault(
            "unreadable_file", table=source.table.name, value=path.name, why=str(error)
        ) from error


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
