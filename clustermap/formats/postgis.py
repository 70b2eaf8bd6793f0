"""PostGIS: the tables of an export in a schema of a database, all of them in one transaction.

A table is known as ours by the last line of its comment; nothing else is ever replaced. Rows of a
table whose columns stay are exchanged in place, so that views on it and rights to it live on, and
who reads meanwhile sees the old rows until the new ones count.
"""

from __future__ import annotations

import io
import re
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.csv
import shapely

from clustermap.database import find_postgis, open_database
from clustermap.errors import TableFault, one_line
from clustermap.formats.cells import TEXT, TIME
from clustermap.formats.content import build_layers
from clustermap.formats.delimited import spell_times
from clustermap.formats.geometries import free_name, multi_type, promote
from clustermap.formats.geopackage import describe_layer
from clustermap.formats.layer import LAYER_NAMES, Field, Layer, Marks

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from psycopg import sql
    from pyproj import CRS

    from clustermap.database import Address, Connection
    from clustermap.publish.release import Release

_PLACE = "export.postgis"
_OURS = re.compile(r"\[clustermap export ([0-9a-f]{64})\]\Z")
_BLOCK = 100_000
_TYPES = {
    pa.bool_(): "boolean",
    pa.int64(): "bigint",
    pa.float64(): "double precision",
    pa.date32(): "date",
    TIME: "timestamp with time zone",
    TEXT: "text",
}


@dataclass(frozen=True)
class _Shape:
    """Geometry of a table.

    Parameters
    ----------
    name
        Name of its column.
    kind
        Type with its coordinate system, e.g. "MultiPolygon,5179".
    wkb
        Hexadecimal WKB with the coordinate system, null where there is none.
    """

    name: str
    kind: str
    wkb: pa.Array


@dataclass(frozen=True)
class Database:
    """A schema that tables are written to; nothing counts before its block ends well.

    Parameters
    ----------
    connection
        Within a transaction.
    address
        Where it lies.
    schema
        Schema of the tables.
    postgis
        Schema that PostGIS was installed in.
    """

    connection: Connection
    address: Address
    schema: str
    postgis: str

    def write(self, release: Release) -> tuple[str, ...]:
        """Write every layer and table of a release, and remove ours that it no longer has.

        Parameters
        ----------
        release
            What may leave the house.

        Returns
        -------
        tuple of str
            Names of the tables.

        Raises
        ------
        TableFault
            If something that is not ours has a name of theirs.
        """
        layers, _ = build_layers(release)
        marks = _read_marks(release)
        there = self.check()
        self._make_schema()
        written = {layer.name for layer in layers}
        for name, own in there.items():
            if own is not None and name in LAYER_NAMES and name not in written:
                self._execute("drop table {}", self._named(name))
        for layer in layers:
            self._write_layer(layer, marks, there.get(layer.name))
        return tuple(layer.name for layer in layers)

    def check(self) -> dict[str, str | None]:
        """Refuse a schema in which something that is not ours has the name of a table of ours.

        Returns
        -------
        dict
            What the schema holds, and how our tables were defined; None for what is not ours.

        Raises
        ------
        TableFault
            If there is such a thing.
        """
        there = self._list_tables()
        foreign = sorted(name for name in LAYER_NAMES if there.get(name, "") is None)
        if foreign:
            found = f"{self.schema}.{foreign[0]}"
            raise TableFault("database_not_ours", table=_PLACE, value=found)
        return there

    def _execute(self, statement: str, *parts: sql.Composable) -> None:
        from psycopg import sql  # noqa: PLC0415

        self.connection.execute(sql.SQL(statement).format(*parts))

    def _named(self, table: str) -> sql.Identifier:
        from psycopg import sql  # noqa: PLC0415

        return sql.Identifier(self.schema, table)

    def _make_schema(self) -> None:
        from psycopg import sql  # noqa: PLC0415

        asked = "select 1 from pg_namespace where nspname = %s"
        if self.connection.execute(asked, (self.schema,)).fetchone() is None:
            self._execute("create schema {}", sql.Identifier(self.schema))

    def _list_tables(self) -> dict[str, str | None]:
        rows = self.connection.execute(
            "select c.relname, c.relkind = 'r', obj_description(c.oid, 'pg_class') from pg_class c"
            " join pg_namespace n on n.oid = c.relnamespace where n.nspname = %s",
            (self.schema,),
        ).fetchall()
        marks = {
            name: _OURS.search(comment or "") if table else None for name, table, comment in rows
        }
        return {name: mark[1] if mark else None for name, mark in marks.items()}

    def _write_layer(self, layer: Layer, marks: Marks, own: str | None) -> None:
        shape = _find_shape(layer, self._find_srid(layer.crs) if layer.crs else 0)
        columns = _define(layer, shape)
        keyed = _has_key(layer)
        defined = sha256(repr((columns, keyed and layer.key)).encode()).hexdigest()
        if own == defined:
            self._execute("delete from {}", self._named(layer.name))
        else:
            if own is not None:
                self._execute("drop table {}", self._named(layer.name))
            self._create(layer, columns, shape)
        self._copy(layer, shape, [name for name, _ in columns])
        if own != defined:
            self._index(layer, shape, keyed=keyed)
        self._comment(layer, shape, marks, defined)
        self._execute("analyze {}", self._named(layer.name))

    def _create(
        self, layer: Layer, columns: Sequence[tuple[str, str]], shape: _Shape | None
    ) -> None:
        from psycopg import sql  # noqa: PLC0415

        spelt = []
        for name, kind in columns:
            type_: sql.Composable = sql.SQL(kind)
            if shape is not None and name == shape.name:
                geometry = sql.Identifier(self.postgis, "geometry")
                type_ = sql.SQL("{}({})").format(geometry, type_)
            spelt.append(sql.SQL("{} {}").format(sql.Identifier(name), type_))
        self._execute("create table {} ({})", self._named(layer.name), sql.SQL(", ").join(spelt))

    def _copy(self, layer: Layer, shape: _Shape | None, columns: Sequence[str]) -> None:
        from psycopg import sql  # noqa: PLC0415

        rows = _spell_rows(layer, shape)
        listed = sql.SQL(", ").join(map(sql.Identifier, columns))
        command = sql.SQL("copy {} ({}) from stdin (format csv)")
        with (
            self.connection.cursor() as cursor,
            cursor.copy(command.format(self._named(layer.name), listed)) as copy,
        ):
            for first in range(0, rows.num_rows, _BLOCK):
                block = io.BytesIO()
                options = pyarrow.csv.WriteOptions(include_header=False)
                pyarrow.csv.write_csv(rows.slice(first, _BLOCK), block, options)
                copy.write(block.getvalue())

    def _index(self, layer: Layer, shape: _Shape | None, *, keyed: bool) -> None:
        from psycopg import sql  # noqa: PLC0415

        named = self._named(layer.name)
        listed = sql.SQL(", ").join(map(sql.Identifier, layer.key))
        if keyed:
            self._execute("alter table {} add primary key ({})", named, listed)
        elif layer.key:
            self._execute("create index on {} ({})", named, listed)
        if shape is not None:
            self._execute("create index on {} using gist ({})", named, sql.Identifier(shape.name))

    def _comment(self, layer: Layer, shape: _Shape | None, marks: Marks, defined: str) -> None:
        from psycopg import sql  # noqa: PLC0415

        named = self._named(layer.name)
        told = _describe(layer.name, marks, defined)
        self._execute("comment on table {} is {}", named, sql.Literal(told))
        for field in layer.fields:
            column = sql.Identifier(self.schema, layer.name, field.name)
            self._execute("comment on column {} is {}", column, sql.Literal(_say_field(field)))
        if shape is not None:
            column = sql.Identifier(self.schema, layer.name, shape.name)
            told = describe_layer(layer.name, marks)
            self._execute("comment on column {} is {}", column, sql.Literal(told))

    def _find_srid(self, crs: CRS) -> int:
        from psycopg import sql  # noqa: PLC0415

        authority, code = crs.to_authority() or ("", "0")
        listed = sql.Identifier(self.postgis, "spatial_ref_sys")
        asked = sql.SQL("select srid from {} where auth_name = %s and auth_srid::text = %s")
        found = self.connection.execute(asked.format(listed), (authority, code)).fetchone()
        if found is None:
            raise TableFault("database_no_srid", table=_PLACE, value=crs.name)
        return int(found[0])


@contextmanager
def open_export(address: Address, schema: str) -> Iterator[Database]:
    """Open a database to write an export to; what was written counts once the block ends well.

    Parameters
    ----------
    address
        Where it lies.
    schema
        Schema of the tables; it is made where it is missing.

    Yields
    ------
    Database
        To write a release to.

    Raises
    ------
    TableFault
        If the database cannot be opened, has no PostGIS, or refuses something; it then stands as it
        was.
    """
    with open_database(address, _PLACE, write=True) as connection:
        postgis = find_postgis(connection)
        if postgis is None:
            raise TableFault("database_no_postgis", table=_PLACE, value=address.shown)
        yield Database(connection, address, schema, postgis)


def _read_marks(release: Release) -> Marks:
    return Marks(
        title=one_line(release.title),
        language=release.language,
        synthetic=release.synthetic,
        encoding="utf-8",
        attribution=tuple(one_line(line) for line in release.attribution),
        version=release.version,
    )


def _find_shape(layer: Layer, srid: int) -> _Shape | None:
    if layer.geometry is None:
        return None
    kind = multi_type(layer.geometry)
    shapes = layer.geometry if kind == "Unknown" else promote(layer.geometry)
    kind = "Geometry" if kind == "Unknown" else kind.replace(" ", "")
    wkb = shapely.to_wkb(shapely.set_srid(shapes, srid), hex=True, include_srid=True)
    name = free_name("geom", layer.rows.column_names)
    return _Shape(name, f"{kind},{srid}", pa.array(wkb, pa.large_string()))


def _define(layer: Layer, shape: _Shape | None) -> list[tuple[str, str]]:
    """Return the columns of a table with their types, as its definition and its marks have them."""
    columns = [(column.name, _TYPES[column.type]) for column in layer.rows.schema]
    return [*columns, (shape.name, shape.kind)] if shape else columns


def _has_key(layer: Layer) -> bool:
    """Return whether the key of a layer tells its rows apart."""
    if not layer.key:
        return False
    keys = layer.rows.select(layer.key)
    whole = all(column.null_count == 0 for column in keys.columns)
    return whole and keys.group_by(list(layer.key)).aggregate([]).num_rows == keys.num_rows


def _spell_rows(layer: Layer, shape: _Shape | None) -> pa.Table:
    rows = layer.rows
    for at, column in enumerate(rows.schema):
        if column.type == TIME:
            rows = rows.set_column(at, column.name, spell_times(rows.column(at)))
    return rows.append_column(shape.name, shape.wkb) if shape else rows


def _describe(layer: str, marks: Marks, defined: str) -> str:
    """Return the comment of a table; its last line tells that it is ours, and how it was made."""
    made = f"{marks.title} (clustermap {marks.version})"
    mark = f"[clustermap export {defined}]"
    return "\n".join([describe_layer(layer, marks), made, *marks.attribution, mark])


def _say_field(field: Field) -> str:
    unit = f" [{field.unit}]" if field.unit else ""
    label = f"{field.label['ko']} / {field.label['en']}{unit}"
    meanings = [field.meaning[language] for language in ("ko", "en")]
    return "\n".join([label, *dict.fromkeys(text for text in meanings if text)])
