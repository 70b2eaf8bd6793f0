"""What every reader of a file shares: which columns it wants, and how its rows become ours."""

from __future__ import annotations

import codecs
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, TypeAlias

import pyarrow as pa

from clustermap.errors import TableFault, shorten
from clustermap.sources.dialects import find_dialect
from clustermap.sources.dialects.dialect import ALSO

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from clustermap.checks import Chunk
    from clustermap.sources.dialects import Dialect
    from clustermap.tables import Table

CHUNK_ROWS = 500_000
GUESSES = ("utf-8-sig", "cp949")
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
        Our column names to theirs; a column not named here is looked for as the file's dialect
        names it, and else under our name.
    layer
        Layer within a GeoPackage, "" for the only one.
    encoding
        Text encoding, "" for utf-8 and then cp949.
    delimiter
        Delimiter of text files, "" to take it from the header.
    dialect
        Dialect of the files, "" to recognise it by their columns.
    form
        What dialects call the table: its name, or the form of a table of linkages; "": its name.
    every
        Whether all columns of the file are wanted, under the file's own names.
    """

    table: Table
    paths: tuple[Path, ...]
    columns: Mapping[str, str] = field(default_factory=dict)
    layer: str = ""
    encoding: str = ""
    delimiter: str = ""
    dialect: str = ""
    form: str = ""
    every: bool = False


@dataclass(frozen=True)
class Matched:
    """Which columns of a file are read, and what becomes of them.

    Parameters
    ----------
    columns
        Our column = column of the file.
    dialect
        Dialect of the file; None for our own layout.
    also
        Columns of the file that the dialect looks at besides.
    """

    columns: Mapping[str, str]
    dialect: Dialect | None = None
    also: tuple[str, ...] = ()

    @property
    def wanted(self) -> list[str]:
        """Columns of the file that are read, without repetition."""
        return list(dict.fromkeys([*self.columns.values(), *self.also]))

    def rename(self, rows: pa.Table) -> pa.Table:
        """Return rows under our names.

        Parameters
        ----------
        rows
            Rows under the file's names.

        Returns
        -------
        pa.Table
            Our columns, and those that the dialect looks at.
        """
        ours = {ours: rows[theirs] for ours, theirs in self.columns.items()}
        return pa.table(ours | {ALSO + theirs: rows[theirs] for theirs in self.also})

    def convert(self, chunk: Chunk) -> Chunk:
        """Return a chunk whose rows say in our words what they say in the dialect's.

        Parameters
        ----------
        chunk
            Rows from ``rename``.

        Returns
        -------
        Chunk
            Our columns alone.
        """
        dialect = self.dialect
        if dialect is None:
            return chunk
        chunk = replace(chunk, crs=chunk.crs or dialect.crs, dialect=dialect.name)
        if dialect.convert is not None:
            chunk = dialect.convert(chunk)
        ours = [name for name in chunk.rows.column_names if not name.startswith(ALSO)]
        return replace(chunk, rows=chunk.rows.select(ours))


def match_columns(source: FileSource, path: Path, found: list[str]) -> Matched:
    """Find our columns in a file; a stated or required one must be there.

    Parameters
    ----------
    source
        What is read.
    path
        The file.
    found
        Its columns.

    Returns
    -------
    Matched
        What is read of it.

    Raises
    ------
    TableFault
        If a column is missing or stands there twice, or the file is not of the stated dialect.
    """
    if source.every:
        # A name that stands there twice names no column.
        return Matched({name: name for name in found if found.count(name) == 1})
    dialect = find_dialect(source.form or source.table.name, found, source.dialect)
    _refuse_other_dialect(source, path, dialect, found)
    theirs_by_ours, makes = (dialect.columns, dialect.makes) if dialect else ({}, frozenset[str]())
    matched = {}
    for column in source.table.columns:
        if column.type == "geometry":
            continue
        stated = source.columns.get(column.name, "")
        theirs = stated or theirs_by_ours.get(column.name, column.name)
        if found.count(theirs) > 1:
            table = f"{source.table.name} ({path.name})"
            raise TableFault("repeated_column", table=table, column=theirs)
        if theirs in found:
            matched[column.name] = theirs
        elif stated or (column.required and column.name not in makes):
            raise _missing(source, path, (column.name, theirs), found)
    also = tuple(name for name in dialect.also if name in found) if dialect else ()
    return Matched(matched, dialect, also)


def _missing(
    source: FileSource, path: Path, column: tuple[str, str], found: list[str]
) -> TableFault:
    ours, theirs = column
    near = get_close_matches(theirs, found, n=1, cutoff=0.5)
    return TableFault(
        "missing_column",
        table=f"{source.table.name} ({path.name})",
        column=theirs,
        ours=ours,
        found=", ".join(shorten(name, 40) for name in (near or found)[:12]),
    )


def _refuse_other_dialect(
    source: FileSource, path: Path, dialect: Dialect | None, found: list[str]
) -> None:
    """Raise where the project file states a dialect whose columns the file does not have."""
    if dialect is None or not source.dialect:
        return
    lacks = sorted(dialect.signature - set(found))
    if lacks:
        raise TableFault(
            "not_this_dialect",
            table=f"{source.table.name} ({path.name})",
            key="dialect",
            value=source.dialect,
            lacks=", ".join(lacks),
            found=", ".join(shorten(name, 40) for name in found[:12]),
        )


def check_start(source: FileSource, path: Path, starts: tuple[bytes, ...]) -> None:
    """Refuse a file whose first bytes belong to another format, however it is named.

    Parameters
    ----------
    source
        What is read.
    path
        The file.
    starts
        How files of the format may begin, after a byte order mark and white space.

    Raises
    ------
    TableFault
        If it is empty, or of another format.
    """
    with path.open("rb") as file:
        head = file.read(64).removeprefix(codecs.BOM_UTF8).lstrip()
    if not head:
        raise TableFault("empty_layer", table=f"{source.table.name} ({path.name})")
    if not head.startswith(starts):
        raise TableFault("unreadable_file", table=source.table.name, value=path.name, why="")
