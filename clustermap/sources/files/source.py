"""What every reader of a file shares: which columns it wants, and how its rows become ours."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, TypeAlias

import pyarrow as pa

from clustermap.errors import TableFault, shorten
from clustermap.sources.dialects import find_dialect, find_named
from clustermap.sources.dialects.dialect import ALSO
from clustermap.sources.dialects.sorting import keep_countries, keep_kinds
from clustermap.sources.files.money import state_money

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from clustermap.checks import Chunk
    from clustermap.sources.dialects import Dialect
    from clustermap.tables import Table

CHUNK_ROWS = 250_000
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
    kinds
        The user's words for those of our closed lists; they win over a dialect's.
    countries
        Countries of the map; empty: all.
    units
        Columns of money whose unit the project file states: what the file says of them is not
        looked at.
    every
        Whether all columns of the file are wanted, under the file's own names.
    group
        Row group of a Parquet file that is read; None for all.
    """

    table: Table
    paths: tuple[Path, ...]
    columns: Mapping[str, str] = field(default_factory=dict)
    layer: str = ""
    encoding: str = ""
    delimiter: str = ""
    dialect: str = ""
    form: str = ""
    kinds: Mapping[str, str] = field(default_factory=dict)
    countries: frozenset[str] = frozenset()
    units: frozenset[str] = frozenset()
    every: bool = False
    group: int | None = None

    @property
    def spoken(self) -> str:
        """What dialects call the table."""
        return self.form or self.table.name


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
    source
        What is read.
    """

    columns: Mapping[str, str]
    dialect: Dialect | None
    also: tuple[str, ...]
    source: FileSource

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
            return self._state_money(chunk)
        chunk = replace(chunk, crs=chunk.crs or dialect.crs, dialect=dialect.name)
        if dialect.country in self.also:
            abroad = self.source.table.name == "partners"
            column = ALSO + dialect.country
            chunk = keep_countries(chunk, column, self.source.countries, abroad=abroad)
        if dialect.convert is not None:
            chunk = dialect.convert(chunk)
        if dialect.settle is not None:
            return chunk
        return self._state_money(_finish(self.source, dialect, chunk))

    def _state_money(self, chunk: Chunk) -> Chunk:
        source = self.source
        return state_money(chunk, source.table, self.columns, source.units, source.kinds)


def _finish(source: FileSource, dialect: Dialect, chunk: Chunk) -> Chunk:
    """Return a chunk without rows of another table, our columns alone."""
    if dialect.kinds:
        chunk = keep_kinds(chunk, source.table.name, {**dialect.kinds, **source.kinds})
    ours = [name for name in chunk.rows.column_names if not name.startswith(ALSO)]
    return replace(chunk, rows=chunk.rows.select(ours))


def waits_for_others(source: FileSource, chunk: Chunk) -> bool:
    """Return whether the rows of a chunk can only be told when all are known.

    Parameters
    ----------
    source
        What is read.
    chunk
        As a reader gives it.

    Returns
    -------
    bool
        Whether ``settle_chunks`` is to have it.
    """
    dialect = find_named(source.spoken, chunk.dialect) if chunk.dialect else None
    return dialect is not None and dialect.settle is not None


def settle_chunks(source: FileSource, held: Sequence[Chunk]) -> Iterator[Chunk]:
    """Settle the chunks that waited for each other.

    Parameters
    ----------
    source
        What is read.
    held
        Chunks of all files.

    Yields
    ------
    Chunk
        Our columns alone.

    Raises
    ------
    TableFault
        If the files lack what the rows are made of.
    """
    for name in dict.fromkeys(chunk.dialect for chunk in held):
        dialect = find_named(source.spoken, name)
        if dialect is None or dialect.settle is None:
            continue
        for chunk in dialect.settle([one for one in held if one.dialect == name]):
            yield _finish(source, dialect, chunk)


def match_columns(
    source: FileSource, path: Path, found: list[str], *, sparse: bool = False
) -> Matched:
    """Find our columns in a file; a stated or required one must be there.

    Parameters
    ----------
    source
        What is read.
    path
        The file.
    found
        Its columns.
    sparse
        Whether rows further on may have columns that were not found so far: those that need not
        be there are read where they are.

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
        return Matched({n: n for n in found if found.count(n) == 1}, None, (), source)
    dialect = find_dialect(source.spoken, found, source.dialect)
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
        if theirs in found or (sparse and not stated and column.name in theirs_by_ours):
            matched[column.name] = theirs
        elif stated or (column.required and column.name not in makes):
            raise _missing(source, path, (column.name, theirs), found)
        elif sparse and column.name not in makes:
            matched[column.name] = theirs
    there = {_root(name) for name in found} if sparse else set[str]()
    looked = dialect.also if dialect else ()
    also = tuple(name for name in looked if name in found or _root(name) in there)
    return Matched(matched, dialect, also, source)


def _root(name: str) -> str:
    """Return the field of a record in which a nested one lies."""
    return re.split(r"[.\[]", name, maxsplit=1)[0]


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
