"""Rows: a table of the project file read chunk by chunk or whole, typed, with its faults."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pyarrow as pa

from clustermap import tables
from clustermap.checks import FAULTS, Checked, check_chunk
from clustermap.errors import TableFault
from clustermap.messages import Message
from clustermap.network.sums import join_parts
from clustermap.side_by_side import go_through
from clustermap.sources.files import FileSource, read_chunks
from clustermap.stages.ledger import DIALECT, Ledger, Progress, Received

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from clustermap.checks import Chunk
    from clustermap.project import Source
    from clustermap.sources.files import Item
    from clustermap.tables import Table

THREADS = 2
"""Chunks that are looked at at a time; Arrow and numpy let go of Python's lock while they work."""


@dataclass(frozen=True)
class Rows:
    """A table as read: typed rows, faults, and where it says that it lies.

    Parameters
    ----------
    checked
        Typed rows and faults.
    crs
        What the files say of their coordinate system, "" where they say nothing.
    read
        Rows read, faulty ones included.
    facts
        Rows by dialect, and those that belong into another table.
    """

    checked: Checked
    crs: str
    read: int
    facts: Mapping[str, int]


def file_source(
    table: Table, source: Source, countries: frozenset[str] = frozenset()
) -> FileSource:
    """Return which files hold a table, and how they are read.

    Parameters
    ----------
    table
        Declaration of the table.
    source
        Its section of the project file.
    countries
        Countries of the map, for registers of the whole world; empty: all.

    Returns
    -------
    FileSource
        For the readers.
    """
    return FileSource(
        table,
        source.files,
        source.columns,
        source.layer or "",
        source.encoding or "",
        source.delimiter or "",
        source.dialect or "",
        getattr(source, "form", ""),
        source.kinds,
        countries,
        frozenset(getattr(source, "units", ())),
    )


def read_source(
    table: Table,
    source: Source,
    ledger: Ledger | None = None,
    countries: frozenset[str] = frozenset(),
) -> Iterator[Item]:
    """Read a table chunk by chunk, from files or a database.

    Parameters
    ----------
    table
        Declaration of the table.
    source
        Its section of the project file.
    ledger
        Takes note of what was read of a database; files can be looked at again.
    countries
        Countries of the map, for registers of the whole world; empty: all.

    Yields
    ------
    Chunk or pa.Table
        Rows under our names; or FAULTS for lines that could not be read as rows.

    Raises
    ------
    TableFault
        If the files or the database cannot be read.
    """
    if source.database is None:
        yield from read_chunks(file_source(table, source, countries))
        return
    from clustermap.sources.postgis import DatabaseSource, read_database  # noqa: PLC0415 -- an extra

    read = Received()
    asked = source.table or "", source.query or ""
    yield from read_database(DatabaseSource(table, source.database, *asked, source.columns), read)
    if ledger is not None:
        ledger.received[table.name] = read


def note_dialect(chunk: Chunk) -> dict[str, int]:
    """Return what is to be told of how a chunk was read.

    Parameters
    ----------
    chunk
        As a reader gives it.

    Returns
    -------
    dict
        Facts for the ledger: rows by dialect, rows that belong into another table, and what else
        its reader tells.
    """
    facts = {"rows_elsewhere": chunk.elsewhere} if chunk.elsewhere else {}
    facts |= {fact: rows for fact, rows in chunk.told.items() if rows}
    return facts | ({DIALECT + chunk.dialect: chunk.rows.num_rows} if chunk.dialect else {})


def read_rows(
    table: Table,
    source: Source,
    progress: Progress,
    ledger: Ledger | None = None,
    countries: frozenset[str] = frozenset(),
) -> Rows:
    """Read a table whole, chunk by chunk.

    Parameters
    ----------
    table
        Declaration of the table.
    source
        Its section of the project file.
    progress
        Hears how many rows were read.
    ledger
        Takes note of what was read of a database.
    countries
        Countries of the map, for registers of the whole world; empty: all.

    Returns
    -------
    Rows
        Typed rows, faults and number of rows.

    Raises
    ------
    TableFault
        If a file cannot be read, or two files state different coordinate systems.
    """
    parts, faults, systems, read = [], [FAULTS.empty_table()], {}, 0
    mended, facts = Counter[str](), Counter[str]()
    items = read_source(table, source, ledger, countries)

    def check(item: Item) -> tuple[Chunk, Checked] | pa.Table:
        if isinstance(item, pa.Table):
            return item
        return item, check_chunk(table, item, source.kinds, getattr(source, "factors", None))

    for found in go_through(check, items, workers=THREADS, ahead=THREADS + 1):
        if isinstance(found, pa.Table):
            faults.append(found)
            read += found.num_rows
            continue
        item, checked = found
        parts.append(checked.rows)
        faults.append(checked.faults)
        mended.update(checked.mended)
        facts.update(note_dialect(item))
        if {"x", "geometry"} & set(item.rows.column_names):  # others lie nowhere
            systems[item.crs] = item.file
        read += item.rows.num_rows
        progress(Message("step.read", {"table": table.name}), read, 0)
    if len(systems) > 1 and not getattr(source, "crs", None):
        raise TableFault("mixed_crs", table=table.name, key="crs", value=", ".join(systems))
    if read == 0:
        raise TableFault("empty_layer", table=table.name)
    whole = Checked(join_parts(parts), pa.concat_tables(faults), dict(mended))
    return Rows(whole, next(iter(systems), ""), read, dict(facts))


def column_or_null(rows: pa.Table, name: str, type_: pa.DataType) -> pa.Array:
    """Return a column, or as many nulls where the table lacks it.

    Parameters
    ----------
    rows
        Typed rows.
    name
        Column.
    type_
        Type of the nulls.

    Returns
    -------
    pa.Array
        One entry a row.
    """
    if name in rows.column_names:
        return rows[name].combine_chunks()
    return pa.nulls(rows.num_rows, type_)


def linkage_table(number: int, form: str) -> Table:
    """Return the declaration of a table of linkages under a name of its own.

    Parameters
    ----------
    number
        Position among the [[linkages]] of the project file, from 1.
    form
        "pairs", "projects" or "documents".

    Returns
    -------
    Table
        PAIRS, PROJECTS or DOCUMENTS, named e.g. "linkages_1".
    """
    return replace(tables.LINKAGES[form], name=f"linkages_{number}")
