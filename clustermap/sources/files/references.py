"""References: a table cut into parts that can be read apart, each a file or a row group of one."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from clustermap.errors import TableFault

if TYPE_CHECKING:
    from pathlib import Path

    from clustermap.sources.files.source import FileSource

_PARQUET = (".parquet", ".geoparquet")


def list_references(source: FileSource) -> list[FileSource]:
    """Return the parts of a table that can be read apart.

    Parameters
    ----------
    source
        The whole table.

    Returns
    -------
    list
        Row groups of Parquet files, and whole files of other formats.

    Raises
    ------
    TableFault
        If a Parquet file cannot be opened.
    """
    found = []
    for path in source.paths:
        one = replace(source, paths=(path,))
        if path.suffix.lower() in _PARQUET and path.is_file():
            groups = _open(source, path).num_row_groups
            found += [replace(one, group=at) for at in range(groups)]
        else:
            found.append(one)
    return found


def _open(source: FileSource, path: Path) -> pq.FileMetaData:
    try:
        return pq.read_metadata(path)
    except (pa.ArrowException, OSError) as error:
        raise TableFault(
            "unreadable_file", table=source.table.name, value=path.name, why=str(error)
        ) from error


def hash_chunk(chunk: FileSource) -> bytes:
    """Return the SHA-256 of the bytes that a part of a table is read from.

    Parameters
    ----------
    chunk
        From :func:`list_references`.

    Returns
    -------
    bytes
        Of the bytes of a row group and what the file says of it; else of the whole file.
    """
    path = chunk.paths[0]
    if chunk.group is None:
        if not path.is_file():
            return b""
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    footer = _open(chunk, path)
    group = footer.row_group(chunk.group)
    columns = [group.column(at) for at in range(group.num_columns)]
    starts = [c.dictionary_page_offset or c.data_page_offset for c in columns]
    stops = [
        start + column.total_compressed_size for start, column in zip(starts, columns, strict=True)
    ]
    before = sum(footer.row_group(at).num_rows for at in range(chunk.group))
    found = hashlib.sha256(f"{footer.schema.to_arrow_schema()}{before}".encode())
    with path.open("rb") as file:
        file.seek(min(starts))
        left = max(stops) - min(starts)
        while left > 0:
            block = file.read(min(left, 1 << 20))
            if not block:
                break
            found.update(block)
            left -= len(block)
    return found.digest()
