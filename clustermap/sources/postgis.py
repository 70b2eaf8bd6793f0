"""Tables and layers from PostGIS, read in chunks by a transaction that cannot write.

Every table or query becomes the chunks that files give: raw columns under our names, with the
number of the row. The server sends them as CSV in one copy, which is parsed a block at a time; the
hash of a source is that of these bytes.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from clustermap.checks import Chunk
from clustermap.database import find_postgis, open_database, tell_refusal
from clustermap.errors import TableFault, shorten
from clustermap.sources.dialects import NO_DIALECT
from clustermap.sources.files.geometries import put_geometry
from clustermap.sources.files.source import FileSource, match_columns

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from psycopg import Copy, Cursor, sql
    from psycopg.rows import TupleRow

    from clustermap.database import Address, Connection
    from clustermap.tables import Table

_BLOCK_BYTES = 16 << 20
_QUERY = "query"  # how a query is called where a file would have its name
_PART = r'("(?:[^"]|"")+"|[^".]+)'
_NAME = re.compile(rf"{_PART}(?:\.{_PART})?", re.DOTALL)
_COMMENT = re.compile(r"\s+|--[^\n]*(?:\n|$)|/\*(?:(?!/\*|\*/).)*\*/", re.DOTALL)
_READS = re.compile(r"(?:\(\s*)*(?:select|with|values|table)\b", re.IGNORECASE)
_RELATIONS = "r", "p", "v", "m", "f"  # tables, partitioned, views, materialised, foreign

_INTEGERS = {20, 21, 23, 26}
_FLOATS = {700, 701}
_BOOLEAN, _MONEY = 16, 790


class Digest(Protocol):
    """Takes note of the bytes that a server sent."""

    def update(self, content: bytes, /) -> None:
        """Take note of some more.

        Parameters
        ----------
        content
            Whole rows of CSV.
        """


@dataclass(frozen=True)
class DatabaseSource:
    """Where a table's rows come from.

    Parameters
    ----------
    table
        Declaration of the table.
    address
        The database.
    relation
        Name of a table or view ("schema.table"), "" where a query is given.
    query
        The user's select, "" where a table is named.
    columns
        Our column names to theirs; a column not named here is looked for under our name.
    """

    table: Table
    address: Address
    relation: str = ""
    query: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """How people know it: the table's name, or "query"."""
        return self.relation or _QUERY

    @property
    def place(self) -> str:
        """Table and source, for faults."""
        return f"{self.table.name} ({shorten(self.name)})"


@dataclass(frozen=True)
class _Column:
    """A column that the server announces.

    Parameters
    ----------
    name
        Its name.
    oid
        Its type in the server's catalogue.
    modifier
        What the server says of the type besides, for geometries their coordinate system.
    """

    name: str
    oid: int
    modifier: int


@dataclass(frozen=True)
class _Types:
    """What must be known of types to write a select.

    Parameters
    ----------
    postgis
        Schema of PostGIS, "" without it.
    arrays, geometries, geographies
        Types in the server's catalogue.
    """

    postgis: str
    arrays: frozenset[int]
    geometries: frozenset[int]
    geographies: frozenset[int]


@dataclass(frozen=True)
class _Plan:
    """What is asked of the server, and what its columns are.

    Parameters
    ----------
    query
        The select that is copied.
    names
        Our column names in its order; a geometry is called "".
    types
        How each is parsed.
    crs
        Coordinate system of the geometry, "" where there is none or it has no system.
    """

    query: sql.Composable
    names: tuple[str, ...]
    types: tuple[pa.DataType, ...]
    crs: str = ""


def read_database(source: DatabaseSource, digest: Digest) -> Iterator[Chunk]:
    """Read a table or query chunk by chunk, as of one moment.

    Parameters
    ----------
    source
        Which database, table or query, and columns.
    digest
        Takes note of every byte of the rows as the server sent them.

    Yields
    ------
    Chunk
        Rows under our names; lines are numbers of rows from 1.

    Raises
    ------
    TableFault
        If the database, the table or a column cannot be found, opened or read, or the query is not
        one select.
    """
    with open_database(source.address, source.place) as connection:
        plan = _plan(source, connection)
        start = 1
        for block in _copy_blocks(source, connection, plan.query):
            digest.update(block)
            rows = _parse(block, plan)
            yield _chunk(source, rows, plan, start)
            start += rows.num_rows
        # The columns are known even where there is no row.
        yield _chunk(source, _no_rows(plan), plan, start)


def _refuse(error: Exception, source: DatabaseSource) -> TableFault:
    """Return the fault of a table or query that the server does not give."""
    from psycopg import Error  # noqa: PLC0415

    if not isinstance(error, Error):  # pragma: no cover -- for the type alone
        raise error
    asked = source.query or source.relation
    reason = "database_query" if source.query else "database_failed"
    if error.sqlstate == "0A000":  # a cursor is refused to what would write
        return TableFault("database_writes", table=source.place, value=asked)
    return tell_refusal(error, source.place, asked, reason)


def _plan(source: DatabaseSource, connection: Connection) -> _Plan:
    base, order = _find_base(source, connection)
    columns = _describe(source, connection, base)
    types = _read_types(connection)
    found = [column.name for column in columns]
    wanted = FileSource(source.table, (), source.columns, dialect=NO_DIALECT)
    matched = match_columns(wanted, Path(source.name), found).columns
    by_name = {column.name: column for column in columns}
    chosen = [by_name[theirs] for theirs in matched.values()]
    spelt = [_spell(column, types) for column in chosen]
    kinds = [_parsed_as(column) for column in chosen]
    names, crs = list(matched), ""
    geometry = _find_geometry(source, columns, types, matched)
    if geometry is not None:
        spelt.append(_spell_geometry(geometry, types))
        names.append("")
        kinds.append(pa.string())
        crs = _find_crs(source, connection, base, geometry, types)
    query = _select(base, spelt, order)
    return _Plan(query, tuple(names), tuple(kinds), crs)


def _select(
    base: sql.Composed, spelt: Sequence[sql.Composable], order: sql.Composable
) -> sql.Composable:
    from psycopg import sql  # noqa: PLC0415

    # A line break after the base: a query may end in a comment.
    listed = sql.SQL(", ").join(spelt)
    return sql.SQL("select {} from ({}\n) as q{}").format(listed, base, order)


# The table or query


def _split_name(relation: str) -> tuple[str, str]:
    """Return schema and table; names may stand in double quotes, as in SQL."""
    found = _NAME.fullmatch(relation)
    parts = [part for part in found.groups() if part] if found else []
    if found:
        parts = [p[1:-1].replace('""', '"') if p.startswith('"') else p for p in parts]
        return ("", parts[0]) if len(parts) == 1 else (parts[0], parts[1])
    schema, point, name = relation.partition(".")
    return (schema, name) if point else ("", relation)


def _find_base(
    source: DatabaseSource, connection: Connection
) -> tuple[sql.Composed, sql.Composable]:
    """Return what is selected from, and the order that makes its rows come the same each time."""
    from psycopg import sql  # noqa: PLC0415

    if source.query:
        return _check_query(source), sql.SQL("")
    schema, name = _split_name(source.relation)
    found = connection.execute(
        "select c.oid, n.nspname, c.relname from pg_class c"
        " join pg_namespace n on n.oid = c.relnamespace"
        " where c.relname = %s and c.relkind = any(%s)"
        " and case when %s = '' then pg_table_is_visible(c.oid) else n.nspname = %s end",
        (name, list(_RELATIONS), schema, schema),
    ).fetchone()
    if found is None:
        raise _missing(source, connection)
    oid, *path = found
    keys = connection.execute(
        "select a.attname from pg_index i"
        " cross join unnest(i.indkey) with ordinality as k(number, place)"
        " join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.number"
        " where i.indrelid = %s and i.indisprimary order by k.place",
        (oid,),
    ).fetchall()
    listed = sql.SQL(", ").join(sql.Identifier("q", key) for (key,) in keys)
    order = sql.SQL(" order by {}").format(listed) if keys else sql.SQL("")
    return sql.SQL("select * from {}").format(sql.Identifier(*path)), order


def _missing(source: DatabaseSource, connection: Connection) -> TableFault:
    rows = connection.execute(
        "select n.nspname || '.' || c.relname from pg_class c"
        " join pg_namespace n on n.oid = c.relnamespace where c.relkind = any(%s)"
        " and n.nspname not in ('pg_catalog', 'information_schema')"
        " and n.nspname not like 'pg\\_toast%%' order by 1 limit 10000",
        (list(_RELATIONS),),
    ).fetchall()
    names = [str(name) for (name,) in rows]
    near = get_close_matches(source.relation, names, n=3, cutoff=0.4) or names[:3]
    return TableFault(
        "database_no_table",
        table=source.place,
        key="table",
        value=source.relation,
        found=", ".join(shorten(name, 60) for name in near),
    )


def _check_query(source: DatabaseSource) -> sql.Composed:
    """Return the user's select as it stands; the server then says whether it is one alone."""
    from psycopg import sql  # noqa: PLC0415

    text = source.query.strip().removesuffix(";").rstrip()
    start = 0
    while found := _COMMENT.match(text, start):
        start = found.end()
    if "\0" in text or not _READS.match(text, start):  # the library would stop reading at NUL
        raise TableFault("database_no_select", table=source.place, key="query", value=source.query)
    return sql.Composed([sql.SQL(text)])


def _describe(source: DatabaseSource, connection: Connection, base: sql.Composed) -> list[_Column]:
    """Return the columns of a table or query; it is refused where it is not one select alone.

    A cursor can be declared for nothing else, and the protocol takes one statement at a time: what
    passes here stays a select also between brackets.
    """
    from psycopg import Error  # noqa: PLC0415

    try:
        with connection.cursor(name="clustermap") as cursor:
            cursor.execute(base)
            return _announced(cursor)
    except Error as error:
        raise _refuse(error, source) from None


def _announced(cursor: Cursor[TupleRow]) -> list[_Column]:
    announced = cursor.pgresult
    if announced is None:  # pragma: no cover -- a select announces its columns
        return []
    return [
        _Column(column.name, column.type_code, announced.fmod(at))
        for at, column in enumerate(cursor.description or [])
    ]


# Columns


def _read_types(connection: Connection) -> _Types:
    postgis = find_postgis(connection) or ""
    rows = connection.execute(
        "select t.oid, t.typname, t.typcategory from pg_type t"
        " join pg_namespace n on n.oid = t.typnamespace"
        " where t.typcategory = 'A' or n.nspname = %s and t.typname in ('geometry', 'geography')",
        (postgis,),
    ).fetchall()
    return _Types(
        postgis,
        frozenset(oid for oid, _, category in rows if category == "A"),
        frozenset(oid for oid, name, _ in rows if name == "geometry"),
        frozenset(oid for oid, name, _ in rows if name == "geography"),
    )


def _spell(column: _Column, types: _Types) -> sql.Composable:
    """Return a column as it is asked for: numbers as they are, everything else as its text."""
    from psycopg import sql  # noqa: PLC0415

    named = sql.Identifier("q", column.name)
    if column.oid in _INTEGERS | _FLOATS | {_BOOLEAN}:
        return named
    if column.oid == _MONEY:  # its text has the signs of the server's language
        return sql.SQL("{}::numeric::text").format(named)
    if column.oid in types.arrays:
        return sql.SQL("array_to_string({}, ';')").format(named)
    return sql.SQL("{}::text").format(named)


def _parsed_as(column: _Column) -> pa.DataType:
    if column.oid in _INTEGERS:
        return pa.int64()
    if column.oid in _FLOATS:
        return pa.float64()
    return pa.bool_() if column.oid == _BOOLEAN else pa.string()


def _find_geometry(
    source: DatabaseSource, columns: Sequence[_Column], types: _Types, matched: Mapping[str, str]
) -> _Column | None:
    """Return the column that holds polygons, or points where x and y are not columns."""
    declared = {column.name: column.type for column in source.table.columns}
    wants_polygons = "geometry" in declared.values()
    if not wants_polygons and ("x" not in declared or "x" in matched):
        return None
    found = [c for c in columns if c.oid in types.geometries | types.geographies]
    stated = source.columns.get("geometry", "") if wants_polygons else ""
    if stated:
        names = [column.name for column in found]
        if stated not in names:
            raise _no_such_geometry(source, stated, names)
        return found[names.index(stated)]
    if len(found) > 1:
        raise TableFault(
            "database_which_geometry",
            table=source.place,
            found=", ".join(shorten(column.name, 40) for column in found),
        )
    if wants_polygons and not found:
        reason = "database_no_geometry" if types.postgis else "database_no_postgis"
        raise TableFault(reason, table=source.place, value=source.address.shown)
    return found[0] if found else None


def _no_such_geometry(source: DatabaseSource, stated: str, names: list[str]) -> TableFault:
    found = ", ".join(shorten(name, 40) for name in names)
    return TableFault(
        "missing_column", table=source.place, column=stated, ours="geometry", found=found
    )


def _as_geometry(column: _Column, types: _Types) -> sql.Composable:
    from psycopg import sql  # noqa: PLC0415

    kind = sql.Identifier(types.postgis, "geometry")
    return sql.SQL("{}::{}").format(sql.Identifier("q", column.name), kind)


def _spell_geometry(column: _Column, types: _Types) -> sql.Composable:
    """Return a geometry as the text of its WKB; arcs become lines, as they do in files."""
    from psycopg import sql  # noqa: PLC0415

    return sql.SQL("encode({}({}({})), 'hex')").format(
        sql.Identifier(types.postgis, "st_asbinary"),
        sql.Identifier(types.postgis, "st_curvetoline"),
        _as_geometry(column, types),
    )


def _find_crs(
    source: DatabaseSource,
    connection: Connection,
    base: sql.Composed,
    column: _Column,
    types: _Types,
) -> str:
    """Return the coordinate system of a geometry: what its type says, or else its values."""
    srid = _declared_srid(connection, column, types) or _used_srid(
        source, connection, base, column, types
    )
    if not srid:
        return ""
    from psycopg import sql  # noqa: PLC0415

    listed = sql.Identifier(types.postgis, "spatial_ref_sys")
    asked = sql.SQL("select auth_name, auth_srid, srtext from {} where srid = %s").format(listed)
    named = connection.execute(asked, (srid,)).fetchone()
    if named is None:
        return f"EPSG:{srid}"
    authority, code, definition = named
    return f"{authority}:{code}" if authority and code else str(definition or "")


def _declared_srid(connection: Connection, column: _Column, types: _Types) -> int:
    from psycopg import sql  # noqa: PLC0415

    told = sql.Identifier(types.postgis, "postgis_typmod_srid")
    asked = sql.SQL("select {}(%s)").format(told)
    found = connection.execute(asked, (column.modifier,)).fetchone()
    return int(found[0]) if found else 0


def _used_srid(
    source: DatabaseSource,
    connection: Connection,
    base: sql.Composed,
    column: _Column,
    types: _Types,
) -> int:
    from psycopg import Error, sql  # noqa: PLC0415

    told = sql.SQL("{}({})").format(
        sql.Identifier(types.postgis, "st_srid"), _as_geometry(column, types)
    )
    named = sql.Identifier("q", column.name)
    asked = sql.SQL("select distinct {} from ({}\n) as q where {} is not null limit 9")
    try:
        rows = connection.execute(asked.format(told, base, named)).fetchall()
    except Error as error:
        raise _refuse(error, source) from None
    found = sorted(int(srid) for (srid,) in rows)
    if len(found) > 1:
        raise TableFault(
            "database_mixed_srid",
            table=source.place,
            column=column.name,
            value=", ".join(map(str, found)),
        )
    return found[0] if found else 0


# Rows


def _copy_blocks(
    source: DatabaseSource, connection: Connection, query: sql.Composable
) -> Iterator[bytes]:
    from psycopg import Error, sql  # noqa: PLC0415

    command = sql.SQL("copy ({}\n) to stdout (format csv)").format(query)
    try:
        with connection.cursor() as cursor, cursor.copy(command) as copy:
            yield from _join_rows(copy)
    except Error as error:
        raise _refuse(error, source) from None


def _join_rows(copy: Copy) -> Iterator[bytes]:
    """Yield what a server sends row by row in blocks of whole rows."""
    rows: list[bytes | bytearray | memoryview] = []
    size = 0
    while row := copy.read():
        rows.append(row)
        size += len(row)
        if size >= _BLOCK_BYTES:
            yield b"".join(rows)
            rows, size = [], 0
    if rows:
        yield b"".join(rows)


def _parse(block: bytes, plan: _Plan) -> pa.Table:
    names = [str(at) for at in range(len(plan.names))]
    return arrow_csv.read_csv(
        io.BytesIO(block),
        read_options=arrow_csv.ReadOptions(
            use_threads=False, block_size=len(block) + 1, column_names=names
        ),
        parse_options=arrow_csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
        convert_options=arrow_csv.ConvertOptions(
            column_types=dict(zip(names, plan.types, strict=True)),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            true_values=["t"],
            false_values=["f"],
        ),
    )


def _no_rows(plan: _Plan) -> pa.Table:
    return pa.table({str(at): pa.array([], type_) for at, type_ in enumerate(plan.types)})


def _chunk(source: DatabaseSource, rows: pa.Table, plan: _Plan, start: int) -> Chunk:
    named = zip(plan.names, rows.columns, strict=True)
    raw = {name: values for name, values in named if name}
    lines = pa.array(np.arange(start, start + rows.num_rows))
    table = pa.table(raw)
    if "" in plan.names:
        table = put_geometry(source.table, table, _read_hex(rows.columns[plan.names.index("")]))
    return Chunk(source.name, lines, table, plan.crs)


def _read_hex(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return WKB written as hexadecimal digits as bytes, all rows at once."""
    filled = pc.fill_null(texts.combine_chunks(), "")
    sizes = pc.binary_length(filled).to_numpy() // 2
    whole = pa.ListArray.from_arrays(pa.array([0, len(filled)], pa.int32()), filled)
    content = bytes.fromhex(pc.binary_join(whole, "")[0].as_py())
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(content)]
    wkb = pa.Array.from_buffers(pa.binary(), len(filled), buffers)
    wkb = pc.if_else(pc.greater(pa.array(sizes), 0), wkb, pa.scalar(None, pa.binary()))
    return pa.chunked_array([wkb])
