"""PostGIS as a source, on a real server: exact values, hostile names, refusals in one line."""

# ruff: noqa: S608 -- statements are put together from our own texts

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
import shapely
from typer.testing import CliRunner

from clustermap import database, tables
from clustermap.cli import app
from clustermap.database import parse_address
from clustermap.errors import TableFault
from clustermap.pipeline import check_project, compare_whatif
from clustermap.project import open_project
from clustermap.sources import postgis
from clustermap.sources.postgis import DatabaseSource, read_database
from clustermap.stages.ledger import Received
from tests.certain import certain
from tests.postgres import PASSWORD, Server
from tests.small_world import PROJECT, SmallWorld, build_small_world

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from clustermap.checks import Chunk
    from clustermap.tables import Table

HOSTILE = 'x"; drop table firms; --'
POINT = "st_setsrid(st_makepoint(950000, 1950000), 5179)"
PAIRS = tables.PAIRS


@pytest.fixture(autouse=True)
def _no_settings_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("PG")]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="module")
def base(server: Server) -> Iterator[str]:
    """Make a database of this module's own."""
    with server.make("sources") as database:
        yield database


@pytest.fixture
def sql(server: Server, base: str) -> Iterator[Any]:
    """Run SQL in it as superuser; what stands in public is gone after each test."""
    with server.connect(base) as connection:
        yield connection.execute
        connection.execute("drop schema if exists ours cascade")
        connection.execute("drop owned by reader" if _has_reader(connection) else "select 1")
        for (name,) in connection.execute(
            "select format('%I.%I', schemaname, tablename) from pg_tables"
            " where schemaname = 'public' and tablename <> 'spatial_ref_sys'"
        ).fetchall():
            connection.execute(f"drop table {name} cascade")


def _has_reader(connection: Any) -> bool:
    return bool(connection.execute("select 1 from pg_roles where rolname='reader'").fetchone())


def source(server: Server, table: Table, *, user: str = "postgres", **asked: Any) -> DatabaseSource:
    address = certain(parse_address(server.url("sources", user)))
    return DatabaseSource(table, address, **asked)


def read(server: Server, table: Table, **asked: Any) -> tuple[list[Chunk], str]:
    """Return the chunks, and the hash of what was read."""
    digest = Received()
    chunks = list(read_database(source(server, table, **asked), digest))
    return chunks, digest.sha256


def rows(server: Server, table: Table, **asked: Any) -> list[dict[str, Any]]:
    chunks, _ = read(server, table, **asked)
    found = pa.concat_tables([chunk.rows for chunk in chunks], promote_options="default")
    listed: list[dict[str, Any]] = found.to_pylist()
    return listed


def refuse(server: Server, reason: str, table: Table = tables.FIRMS, **asked: Any) -> TableFault:
    with pytest.raises(TableFault) as caught:
        read(server, table, **asked)
    assert caught.value.reason == reason
    lines = [caught.value.line(language) for language in ("ko", "en")]
    assert all("\n" not in line for line in lines)
    return caught.value


# Values


def test_values_come_as_they_are(server: Server, sql: Any) -> None:
    sql(
        "create table firms (firm bigint, name text, industry char(8), employees int2,"
        " sales numeric(40, 4), exports float8, rnd float4, founded date, grp uuid, site text[],"
        " complex jsonb, region money, x float8, y numeric)"
    )
    sql(
        "insert into firms values"
        " (3120010000000000001, '㈜뷁 \"가\", 나''다' || chr(10) || chr(13) || chr(9) || '\\.',"
        "  '261', 7, 123456789012345678901234567890.1234, 0.1, 0.1, '1998-03-01',"
        "  'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', array['가', null, 'b;c'],"
        "  '{\"가\": [1]}', 1234.5, 1e300, 'NaN'),"
        " (2, '', null, null, null, 'NaN', '-Infinity', 'infinity', null, '{}', null, null,"
        " 5e-324, null)"
    )
    columns = {"group": "grp"}
    first, second = rows(server, tables.FIRMS, relation="public.firms", columns=columns)
    assert first == {
        "firm": 3120010000000000001,
        "name": '㈜뷁 "가", 나\'다\n\r\t\\.',
        "industry": "261",
        "employees": 7,
        "sales": "123456789012345678901234567890.1234",
        "exports": 0.1,
        "rnd": 0.1,
        "founded": "1998-03-01",
        "group": "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
        "site": "가;b;c",
        "complex": '{"가": [1]}',
        "region": "1234.50",
        "x": 1e300,
        "y": "NaN",
    }
    assert second["exports"] != second["exports"]
    del second["exports"]
    assert second == dict.fromkeys(first.keys() - {"exports"}) | {
        "firm": 2,
        "name": "",
        "rnd": float("-inf"),
        "founded": "infinity",
        "site": "",
        "x": 5e-324,
    }


def test_settings_of_users_and_servers_change_no_value(
    server: Server, sql: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sql("create table t (source text, target timestamptz, weight float8, kind bytea)")
    sql("insert into t values ('a', '2020-05-01 00:00+09', 1/3::float8, '\\x00ff')")
    asked = {"relation": "t"}
    plain = rows(server, PAIRS, **asked)
    assert plain == [
        {"source": "a", "target": "2020-04-30 15:00:00+00", "weight": 1 / 3, "kind": "\\x00ff"}
    ]
    options = "-c datestyle=german -c timezone=Asia/Seoul -c extra_float_digits=-3"
    monkeypatch.setenv("PGOPTIONS", f"{options} -c bytea_output=escape")
    monkeypatch.setenv("PGCLIENTENCODING", "euc_kr")
    assert rows(server, PAIRS, **asked) == plain


def test_blocks_change_nothing(server: Server, sql: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    sql(
        "create table firms as select i as firm, repeat('가', i % 7) || chr(10) as name,"
        f" case when i % 3 > 0 then {POINT} end as geom from generate_series(1, 500) i"
    )
    whole, digest = read(server, tables.FIRMS, relation="firms")
    monkeypatch.setattr(postgis, "_BLOCK_BYTES", 999)
    parts, again = read(server, tables.FIRMS, relation="firms")
    assert len(whole) == 2
    assert len(parts) > 20
    assert again == digest
    one, other = (pa.concat_tables([chunk.rows for chunk in c]) for c in (whole, parts))
    assert one.equals(other)
    lines = [line for chunk in parts for line in chunk.lines.to_pylist()]
    assert lines == list(range(1, 501))
    assert {chunk.file for chunk in parts} == {"firms"}
    assert one.slice(0, 3).to_pylist() == [
        {"firm": 1, "name": "가\n", "x": 950000.0, "y": 1950000.0},
        {"firm": 2, "name": "가가\n", "x": 950000.0, "y": 1950000.0},
        {"firm": 3, "name": "가가가\n", "x": None, "y": None},
    ]


def test_the_hash_is_that_of_the_rows_in_the_order_of_the_key(server: Server, sql: Any) -> None:
    sql("create table pairs (id int primary key, source text, target text, weight numeric(9, 1))")
    sql("insert into pairs select i, 's' || i, '가,', i / 10.0 from generate_series(1, 50) i")
    _, digest = read(server, PAIRS, relation="pairs")
    sent = "".join(f's{i},"가,",{i / 10}\n' for i in range(1, 51))
    assert digest == sha256(sent.encode()).hexdigest()
    sql("update pairs set weight = weight where id < 20")  # moves them behind the others
    assert read(server, PAIRS, relation="pairs")[1] == digest
    sql("update pairs set weight = 0 where id = 7")
    assert read(server, PAIRS, relation="pairs")[1] != digest


def test_a_table_without_rows_has_its_columns(server: Server, sql: Any) -> None:
    sql("create table firms (firm text, geom geometry(Point, 5179))")
    (chunk,), _ = read(server, tables.FIRMS, relation="firms")
    assert chunk.rows.column_names == ["firm", "x", "y"]
    assert (chunk.rows.num_rows, chunk.crs) == (0, "EPSG:5179")


def test_one_column_of_nulls_keeps_its_rows(server: Server, sql: Any) -> None:
    sql("create table taxonomy as select null::text as industry from generate_series(1, 3)")
    assert rows(server, tables.TAXONOMY, relation="taxonomy") == [{"industry": None}] * 3


@pytest.mark.parametrize(
    "made",
    [
        "view firms as select * from real_firms",
        "materialized view firms as select * from real_firms",
        "table firms partition of real_firms default",
    ],
)
def test_views_and_partitions_are_read(server: Server, sql: Any, made: str) -> None:
    parted = " partition by list (name)" if "partition" in made else ""
    sql(f"create table real_firms (firm text, name text){parted}")
    if "partition" in made:
        sql(f"create {made}")
    sql("insert into real_firms values ('1', '가')")
    if "partition" not in made:
        sql(f"create {made}")
    try:
        for relation in ("firms", "public.real_firms"):
            assert rows(server, tables.FIRMS, relation=relation) == [{"firm": "1", "name": "가"}]
    finally:
        sql("drop table real_firms cascade")


# Names


@pytest.mark.parametrize("name", [HOSTILE, "기업 (2024)", "a.b", 'quo"te', "%s {0} $1", "Firms"])
def test_hostile_names_are_names(server: Server, sql: Any, name: str) -> None:
    quoted = '"{}"'.format(name.replace('"', '""'))
    sql("create table firms (firm text)")
    sql(f"create schema ours create table {quoted} (firm text, {quoted} text)")
    sql(f"insert into ours.{quoted} values ('1', '가')")
    columns = {"name": name}
    for relation in (f'"ours".{quoted}', *([] if "." in name else [f"ours.{name}"])):
        found = rows(server, tables.FIRMS, relation=relation, columns=columns)
        assert found == [{"firm": "1", "name": "가"}]
    sql(f"alter table ours.{quoted} rename column firm to f2")
    fault = refuse(server, "missing_column", relation=f"ours.{quoted}", columns=columns)
    assert fault.column == "firm"
    assert sql("select count(*) from firms").fetchone() == (0,)


def test_a_geometry_of_a_hostile_name(server: Server, sql: Any) -> None:
    quoted = '"{}"'.format(HOSTILE.replace('"', '""'))
    sql(f"create table t (firm text, {quoted} geometry)")
    sql(f"insert into t values ('1', {POINT})")
    assert rows(server, tables.FIRMS, relation="t") == [{"firm": "1", "x": 950000, "y": 1950000}]


def test_a_schema_before_the_dot_and_the_search_path_without(server: Server, sql: Any) -> None:
    sql("create table firms (firm text)")
    sql("create schema ours create table firms (firm text)")
    sql("insert into public.firms values ('public')")
    sql("insert into ours.firms values ('ours')")
    assert rows(server, tables.FIRMS, relation="firms") == [{"firm": "public"}]
    assert rows(server, tables.FIRMS, relation="ours.firms") == [{"firm": "ours"}]


def test_a_missing_table_names_those_near(server: Server, sql: Any) -> None:
    sql("create table firms (firm text)")
    fault = refuse(server, "database_no_table", relation="public.Firms")
    assert "public.firms" in str(fault)
    refuse(server, "database_failed", relation="fir\0ms")
    sql("create type mood as enum ('a')")
    sql("create sequence numbers")
    refuse(server, "database_no_table", relation="numbers")
    sql("drop sequence numbers")
    sql("drop type mood")


# Geometry


def polygon(side: float) -> str:
    return f"st_makeenvelope(0, 0, {side}, {side}, 5186)"


def test_polygons_are_wkb_with_their_system(server: Server, sql: Any) -> None:
    sql("create table clusters (cluster text, name text, geom geometry(MultiPolygon, 5186))")
    sql(f"insert into clusters values ('a', 'A', st_multi({polygon(2)})), ('b', 'B', null)")
    chunks, _ = read(server, tables.CLUSTERS, relation="clusters")
    assert {chunk.crs for chunk in chunks} == {"EPSG:5186"}
    first, second = chunks[0].rows["geometry"].to_pylist()
    assert shapely.from_wkb(first).equals(shapely.box(0, 0, 2, 2))
    assert second is None


@pytest.mark.parametrize(
    ("geometry", "x", "crs"),
    [
        (POINT, 950000, "EPSG:5179"),
        ("st_setsrid(st_makepoint(127, 37, 5), 4326)", 127, "EPSG:4326"),
        ("st_setsrid(st_makepoint(127, 37), 4326)::geography", 127, "EPSG:4326"),
        ("st_setsrid(st_makepoint(1, 2), 0)", 1, ""),
        ("st_multi(st_setsrid(st_makepoint(1, 2), 102008))", 1, "ESRI:102008"),
        ("st_geomfromtext('CURVEPOLYGON(CIRCULARSTRING(0 0,2 0,2 2,0 2,0 0))', 5179)", 1, ""),
        ("null::geometry", None, ""),
    ],
)
def test_points_become_x_and_y(
    server: Server, sql: Any, geometry: str, x: float | None, crs: str
) -> None:
    sql("select 1")
    query = f"select 'a' as firm, {geometry} as geom"
    chunks, _ = read(server, tables.FIRMS, query=query)
    (found,) = chunks[0].rows.to_pylist()
    assert found["x"] == (None if x is None else pytest.approx(x))
    if "CURVE" not in geometry:
        assert chunks[0].crs == crs
        assert chunks[-1].crs == crs


def test_systems_are_of_the_whole_column(
    server: Server, sql: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgis, "_BLOCK_BYTES", 10)
    sql("create table firms (firm text primary key, geom geometry)")
    sql("insert into firms select lpad(i::text, 9, '0') from generate_series(1, 9) i")
    sql(f"update firms set geom = {POINT} where firm = '000000009'")
    chunks, _ = read(server, tables.FIRMS, relation="firms")
    assert {chunk.crs for chunk in chunks} == {"EPSG:5179"}
    sql("update firms set geom = st_setsrid(st_makepoint(127, 37), 4326) where firm < '000000003'")
    fault = refuse(server, "database_mixed_srid", relation="firms")
    assert (fault.column, fault.value) == ("geom", "4326, 5179")


def test_stated_coordinates_win_over_a_geometry(server: Server, sql: Any) -> None:
    sql(f"create table firms as select 1 as firm, 5.5 as x, 6 as y, {POINT} as geom")
    assert rows(server, tables.FIRMS, relation="firms") == [{"firm": 1, "x": "5.5", "y": 6}]


def test_several_geometries_are_told_apart(server: Server, sql: Any) -> None:
    sql(
        "create table clusters as select 'a' as cluster, 'A' as name,"
        f" {polygon(2)} as small, {polygon(3)} as large"
    )
    fault = refuse(server, "database_which_geometry", tables.CLUSTERS, relation="clusters")
    assert "small, large" in str(fault)
    columns = {"geometry": "large"}
    (row,) = rows(server, tables.CLUSTERS, relation="clusters", columns=columns)
    assert shapely.from_wkb(row["geometry"]).area == 9
    columns = {"geometry": "largest"}
    refuse(server, "missing_column", tables.CLUSTERS, relation="clusters", columns=columns)


def test_polygons_need_a_geometry_and_postgis(server: Server, sql: Any) -> None:
    sql("create table clusters (cluster text, name text)")
    refuse(server, "database_no_geometry", tables.CLUSTERS, relation="clusters")
    address = certain(parse_address(server.url("postgres")))
    query = "select 'a' as cluster, 'A' as name"
    with pytest.raises(TableFault) as caught:
        list(read_database(DatabaseSource(tables.CLUSTERS, address, query=query), Received()))
    assert caught.value.reason == "database_no_postgis"
    query = "select 'a' as source, 'b' as target"
    (chunk, _) = read_database(DatabaseSource(PAIRS, address, query=query), Received())
    assert chunk.rows.to_pylist() == [{"source": "a", "target": "b"}]


def test_postgis_in_a_schema_of_its_own(server: Server) -> None:
    with server.make("elsewhere", "") as elsewhere:
        with server.connect(elsewhere) as connection:
            connection.execute('create schema "GIS 확장"')
            connection.execute('create extension postgis schema "GIS 확장"')
        address = certain(parse_address(server.url(elsewhere)))
        query = 'select 1 as firm, "GIS 확장".st_makepoint(1, 2) as geom'
        chunk, _ = read_database(DatabaseSource(tables.FIRMS, address, query=query), Received())
        assert chunk.rows.to_pylist() == [{"firm": 1, "x": 1, "y": 2}]


# Queries


@pytest.mark.parametrize(
    "query",
    [
        "select source, target from pairs",
        "  -- 설명; with a ;\n/* and ' \" */ SELECT source, target from pairs;\n",
        "with p as (select * from pairs) select * from p",
        "select source, ';' as target from pairs -- end; drop table pairs",
        "(select source, target from pairs) union all (select null, null where false)",
        "values_ union select * from pairs",
        "select source, target from pairs where source not like '%s{}' and target <> '%(x)s'",
        "table pairs",
    ],
)
def test_queries_that_read_are_read(server: Server, sql: Any, query: str) -> None:
    sql("create table pairs (source text, target text)")
    sql("insert into pairs values ('a', ';')")
    if query.startswith("values_"):
        refuse(server, "database_no_select", PAIRS, query=query)
        return
    chunks, _ = read(server, PAIRS, query=query)
    assert chunks[0].rows.to_pylist() == [{"source": "a", "target": ";"}]
    assert chunks[0].file == "query"


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("drop table firms", "database_no_select"),
        (" ", "database_no_select"),
        ("select 'a' as firm\0; drop table firms", "database_no_select"),
        ("-- select", "database_no_select"),
        ("delete from firms returning firm", "database_no_select"),
        ("copy firms to '/tmp/x'", "database_no_select"),
        ("select firm from firms; drop table firms", "database_query"),
        ("select 1 as firm; select 2 as firm", "database_query"),
        ("select 1 as firm) as q; drop table firms; --", "database_query"),
        ("select 1 as firm) to program 'touch /tmp/clustermap_was_here' --", "database_query"),
        ("select 1 as firm) as q) to stdout; drop table firms; --", "database_query"),
        ("select firm into other from firms", "database_query"),
        ("select firm from", "database_query"),
        ("select nothing as firm from firms", "database_query"),
        ("select 1/0 as firm", "database_query"),
        ("select 1 as firm /*", "database_query"),
        ("select $1 as firm", "database_query"),
        ("with d as (delete from firms returning firm) select firm from d", "database_writes"),
        ("select firm from firms for update", "database_writes"),
        ("select wipe() as firm", "database_writes"),
        ("select nextval('numbers') as firm", "database_writes"),
        (
            "select set_config('transaction_read_only', 'off', false) as firm, wipe() as name",
            "database_query",
        ),
    ],
)
def test_queries_that_do_more_are_refused(
    server: Server, sql: Any, query: str, reason: str
) -> None:
    sql("create table firms as select 'a' as firm")
    sql("create sequence if not exists numbers")
    sql(
        "create or replace function wipe() returns int language sql volatile as"
        " 'delete from public.firms; select 1'"
    )
    refuse(server, reason, query=query)
    assert sql("select firm from firms").fetchall() == [("a",)]
    assert sql("select is_called from numbers").fetchone() == (False,)
    sql("drop sequence numbers")
    sql("drop function wipe()")


def test_a_query_may_not_last_for_ever(
    server: Server, sql: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sql("select 1")
    asked = {"query": "select pg_sleep(20)::text as firm"}
    monkeypatch.setattr(database, "STATEMENT_TIMEOUT", "50ms")
    fault = refuse(server, "database_timeout", **asked)
    assert "PGOPTIONS" in str(fault)
    monkeypatch.undo()
    monkeypatch.setenv("PGOPTIONS", "-c statement_timeout=60")  # what a user sets holds
    refuse(server, "database_timeout", **asked)


def test_a_server_that_goes_away_is_told(server: Server, sql: Any) -> None:
    sql("select 1")
    query = "select pg_terminate_backend(pg_backend_pid())::text as firm"
    refuse(server, "database_lost", query=query)


def test_whoever_stops_reading_lets_the_server_go(
    server: Server, sql: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgis, "_BLOCK_BYTES", 10)
    query = "select i::text as firm from generate_series(1, 1000000) i"
    reading = read_database(source(server, tables.FIRMS, query=query), Received())
    assert next(reading).rows.num_rows > 0
    reading.close()
    open_ones = "select count(*) from pg_stat_activity where application_name = 'clustermap'"
    for _ in range(100):
        if sql(open_ones).fetchone() == (0,):
            break
        time.sleep(0.1)
    assert sql(open_ones).fetchone() == (0,)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("select pg_terminate_backend(pg_backend_pid())::text as firm", "connection"),
        ("select 1/(i - 5000) as firm from generate_series(1, 9000) i", "division by zero"),
        ("select firm from firms; drop table firms", "semicolon"),
    ],
)
def test_what_a_server_says_is_one_line_on_the_terminal(
    server: Server, sql: Any, tmp_path: Path, root: Path, query: str, said: str
) -> None:
    load(sql, build_small_world())
    text = of_database(server.url("sources"))
    asked = 'table = "public.firms"\ncolumns = { name = "회사명" }'
    assert asked in text
    file = tmp_path / "project.toml"
    file.write_text(text.replace(asked, f'query = "{query}"'), encoding="utf-8")
    command = [sys.executable, "-m", "clustermap", "check", str(file), "--language", "en"]
    done = subprocess.run(  # noqa: S603 -- our own command
        command, cwd=root, capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert said in done.stderr
    assert "postgres@" not in done.stderr + done.stdout


def test_a_table_that_is_locked_is_not_waited_for(
    server: Server, sql: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sql("create table firms (firm text)")
    monkeypatch.setitem(database._SETTINGS, "lock_timeout", "50ms")
    with server.connect("sources") as other, other.transaction():
        other.execute("lock table firms")
        refuse(server, "database_in_use", relation="firms")


def test_text_that_is_none_is_told(server: Server) -> None:
    with server.make("plain", "encoding 'SQL_ASCII' locale 'C' template template0") as plain:
        with server.connect(plain) as connection:
            connection.execute("create table pairs (source text, target bytea)")
            connection.execute(
                "insert into pairs values ('a', '\\xc7d1'), (convert_from('\\xb0a1',"
                " 'SQL_ASCII'), '\\x00')"
            )
        address = certain(parse_address(server.url(plain)))
        with pytest.raises(TableFault) as caught:
            list(read_database(DatabaseSource(PAIRS, address, relation="pairs"), Received()))
        assert caught.value.reason == "database_text"


# Doors and keys


@pytest.fixture
def reader(sql: Any) -> Any:
    """Make a role that may read one table, and must say its password."""
    if not sql("select 1 from pg_roles where rolname = 'reader'").fetchone():
        quoted = PASSWORD.replace("'", "''")
        sql(f"create role reader login password '{quoted}'")
    sql("create table firms as select 'a' as firm")
    sql("create table secrets as select 'a' as firm")
    sql("grant select on firms to reader")
    return sql


def test_the_password_comes_from_the_environment_alone(
    server: Server, reader: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    reader("select 1")
    asked = {"relation": "firms", "user": "reader"}
    refuse(server, "database_password", **asked)
    monkeypatch.setenv("PGPASSWORD", "wrong")
    fault = refuse(server, "database_password", **asked)
    assert "PGPASSWORD" in str(fault)
    assert "reader" not in str(fault)
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    assert rows(server, tables.FIRMS, **asked) == [{"firm": "a"}]
    monkeypatch.delenv("PGPASSWORD")
    file = tmp_path / "pass"
    escaped = PASSWORD.replace("\\", "\\\\").replace(":", "\\:")
    file.write_text(f"127.0.0.1:{server.port}:*:reader:{escaped}\n", encoding="utf-8")
    file.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(file))
    assert rows(server, tables.FIRMS, **asked) == [{"firm": "a"}]


def test_everything_else_may_come_from_the_environment(
    server: Server, reader: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    reader("select 1")
    bare = certain(parse_address("postgresql:///"))
    of_bare = DatabaseSource(tables.FIRMS, bare, relation="firms")
    for name, value in {
        "PGHOST": "127.0.0.1",
        "PGPORT": str(server.port),
        "PGUSER": "reader",
        "PGDATABASE": "sources",
        "PGPASSWORD": PASSWORD,
    }.items():
        monkeypatch.setenv(name, value)
    assert next(iter(read_database(of_bare, Received()))).rows.to_pylist() == [{"firm": "a"}]
    for name in ("PGHOST", "PGPORT", "PGUSER", "PGDATABASE"):
        monkeypatch.delenv(name)
    services = tmp_path / "services"
    services.write_text(
        f"[gis]\nhost=127.0.0.1\nport={server.port}\nuser=reader\ndbname=sources\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("PGSERVICEFILE", str(services))
    named = certain(parse_address("postgresql:///?service=gis"))
    of_service = DatabaseSource(tables.FIRMS, named, relation="firms")
    assert next(iter(read_database(of_service, Received()))).rows.to_pylist() == [{"firm": "a"}]


def test_rights_that_are_wanting_are_told(
    server: Server, reader: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader("select 1")
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    fault = refuse(server, "database_denied", relation="secrets", user="reader")
    assert "select" in str(fault)
    refuse(server, "database_denied", query="select firm from secrets", user="reader")


def test_a_server_or_database_that_is_not_there(server: Server, sql: Any) -> None:
    sql("select 1")
    for text in ("postgresql://127.0.0.1:1/gis", server.url("없음")):
        address = certain(parse_address(text))
        with pytest.raises(TableFault) as caught:
            list(read_database(DatabaseSource(PAIRS, address, relation="t"), Received()))
        assert caught.value.reason == "database_closed"
        assert "\n" not in str(caught.value)
        assert "postgres@" not in str(caught.value)


def test_a_right_password_is_not_blamed_for_what_else_is_wrong(
    server: Server, reader: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    reader("alter role reader nologin")
    fault = refuse(server, "database_closed", relation="firms", user="reader")
    reader("alter role reader login")
    assert '"…"' in str(fault)
    assert "reader" not in str(fault)
    nowhere = certain(parse_address(server.url("nowhere", "reader")))
    with pytest.raises(TableFault, match="nowhere") as caught:
        list(read_database(DatabaseSource(PAIRS, nowhere, relation="t"), Received()))
    assert caught.value.reason == "database_closed"


def test_a_column_that_stands_there_twice_is_told(server: Server, sql: Any) -> None:
    sql("select 1")
    fault = refuse(server, "repeated_column", query="select 1 as firm, 2 as firm, 3 as name")
    assert fault.column == "firm"
    found = rows(server, tables.FIRMS, query="select 1 as firm, 2 as other, 3 as other")
    assert found == [{"firm": 1}]


# Whole runs


def load(sql: Any, world: SmallWorld) -> None:
    """Put a world into tables: Korean names for some columns, geometry for coordinates."""
    sql("create table clusters (cluster text, name text, geom geometry(Polygon, 5179))")
    for row in world.clusters:
        values = row["cluster"], row["name"], row["geometry"].wkt
        sql("insert into clusters values (%s, %s, st_geomfromtext(%s, 5179))", values)
    for name, rows_ in (("institutes", world.institutes), ("firms", world.firms)):
        plain = [column for column in rows_[0] if column not in {"x", "y"}]
        kinds = {"employees": "int", "name": "varchar(99)"}
        spelt = ", ".join(f'"{column}" {kinds.get(column, "text")}' for column in plain)
        sql(f"create table {name} ({spelt}, geom geometry(Point, 5179))")
        places = ", ".join(["%s"] * len(plain))
        for row in rows_:
            point = f"st_setsrid(st_makepoint({row['x']}, {row['y']}), 5179)"
            sql(f"insert into {name} values ({places}, {point})", [row[c] for c in plain])
    sql('alter table firms rename name to "회사명"')
    sql("create table partners (partner text, name text, country text)")
    for row in world.partners:
        sql("insert into partners values (%s, %s, %s)", list(row.values()))
    sql(
        "create table pairs (n serial primary key, source text, target text, kind text,"
        " weight numeric, year int)"
    )
    for row in world.pairs:
        sql(
            "insert into pairs (source, target, kind, weight, year) values (%s, %s, %s, %s, %s)",
            list(row.values()),
        )


def of_database(url: str) -> str:
    """Return the small world's project file with tables of a database for its files."""
    text = PROJECT.replace('crs = "EPSG:5179"\n[layers', "[layers").replace(
        'crs = "EPSG:5179"\nlanguage', 'crs = "EPSG:5179"\nlanguage'
    )
    for name in ("clusters.geojson", "institutes.csv", "firms.csv", "partners.csv"):
        table = name.partition(".")[0]
        text = text.replace(f'path = "{name}"', f'path = "{url}"\ntable = "public.{table}"')
    text = text.replace(
        'table = "public.firms"', 'table = "public.firms"\ncolumns = { name = "회사명" }'
    )
    query = "select source, target, kind, weight, year from pairs order by n"
    return text.replace('path = "pairs.csv"', f'path = "{url}"\nquery = "{query}"')


def test_a_database_gives_what_files_give(
    server: Server, reader: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    world = build_small_world()
    reader("drop table firms")
    load(reader, world)
    reader("grant select on all tables in schema public to reader")
    file = world.write(tmp_path / "files")
    assert CliRunner().invoke(app, ["score", str(file), "--json"]).exit_code == 0
    world.project = of_database(server.url("sources", "reader"))
    bare = tmp_path / "bare"
    bare.mkdir()
    (bare / "project.toml").write_text(world.project, encoding="utf-8")
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    done = CliRunner().invoke(app, ["score", str(bare / "project.toml"), "--verbose"])
    assert done.exit_code == 0, done.output
    written = sorted((tmp_path / "files" / "out" / "tables").iterdir())
    assert len(written) > 5
    for path in written:
        assert (bare / "out" / "tables" / path.name).read_bytes() == path.read_bytes(), path.name
    record = json.loads((bare / "out" / "run.json").read_text(encoding="utf-8"))
    shown = server.url("sources").replace("postgres@", "")
    firms = next(entry for entry in record["inputs"] if entry["table"] == "firms")
    assert (firms["database"], firms["relation"]) == (shown, "public.firms")
    assert len(firms["sha256"]) == 64
    assert firms["bytes"] > 1000
    links = next(entry for entry in record["inputs"] if entry["table"] == "linkages_1")
    assert links["query"].startswith("select source")
    assert record["parameters"]["layers"]["firms"]["path"] == shown
    told = done.output.encode() + b"".join(
        path.read_bytes() for path in (bare / "out").rglob("*") if path.is_file()
    )
    for secret in (PASSWORD, "s3cret", "reader"):
        assert secret.encode() not in told


def test_kinds_units_and_crs_hold_as_for_files(server: Server, sql: Any, tmp_path: Path) -> None:
    load(sql, build_small_world())
    sql("update institutes set kind = '대학' where kind = 'university'")
    sql("alter table firms add sales numeric default 2.5")
    sql("alter table firms alter geom type geometry using st_setsrid(geom, 0)")
    text = of_database(server.url("sources")).replace(
        'table = "public.institutes"',
        'table = "public.institutes"\nkinds = { "대학" = "university" }',
    )
    file = tmp_path / "project.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(TableFault) as caught:
        check_project(open_project(file))
    assert (caught.value.reason, caught.value.table) == ("unknown_crs", "firms")
    added = 'columns = { name = "회사명" }\ncrs = "EPSG:5179"\nunits = { sales = "1e6 KRW" }'
    file.write_text(text.replace('columns = { name = "회사명" }', added), encoding="utf-8")
    found = check_project(open_project(file))
    assert found.summary["tables"]["institutes"]["quarantined"] == 0
    firms = found.tables["firms"]
    assert set(firms["sales"]) == {2_500_000}
    assert set(firms["how"]) == {"inside"}


@pytest.mark.slow
def test_what_if_reads_the_database_too(server: Server, sql: Any, tmp_path: Path) -> None:
    world = build_small_world()
    load(sql, world)
    change = tmp_path / "change.toml"
    change.write_text(
        f'schema = 1\n[[close]]\nactor = "{world.firms[0]["firm"]}"\n', encoding="utf-8"
    )
    of_files = compare_whatif(open_project(world.write(tmp_path / "files")), change)
    (tmp_path / "bare").mkdir()
    file = tmp_path / "bare" / "project.toml"
    file.write_text(of_database(server.url("sources")), encoding="utf-8")
    compared = compare_whatif(open_project(file), change)
    assert compared.table.equals(of_files.table)
    assert all(len(entry["sha256"]) == 64 for entry in compared.record["inputs"])


def test_a_row_that_is_bad_is_named_by_table_and_row(
    server: Server, sql: Any, tmp_path: Path
) -> None:
    world = build_small_world()
    load(sql, world)
    sql("update firms set employees = -1 where firm = %s", (world.firms[3]["firm"],))
    file = tmp_path / "project.toml"
    file.write_text(of_database(server.url("sources")), encoding="utf-8")
    done = CliRunner().invoke(app, ["check", str(file), "--language", "en"])
    assert done.exit_code == 0, done.output
    assert "public.firms" in done.stdout
    assert "employees" in done.stdout


@pytest.mark.parametrize("verb", ["check", "run"])
def test_faults_are_one_line_and_exit_1(
    server: Server, sql: Any, tmp_path: Path, verb: str
) -> None:
    load(sql, build_small_world())
    sql("drop table partners")
    file = tmp_path / "project.toml"
    file.write_text(of_database(server.url("sources")), encoding="utf-8")
    done = CliRunner().invoke(app, [verb, str(file), "--language", "en"])
    assert done.exit_code == 1
    assert len(done.stderr.splitlines()) == 1
    assert "public.partners" in done.stderr
    assert not (tmp_path / "out").exists()


def test_without_the_driver_the_cure_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    file = tmp_path / "project.toml"
    file.write_text(of_database("postgresql://127.0.0.1:1/gis"), encoding="utf-8")
    done = CliRunner().invoke(app, ["check", str(file), "--language", "en"])
    assert done.exit_code == 1
    assert 'pip install "clustermap[postgis]"' in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_example_of_the_docs_is_one(
    server: Server, reader: Any, root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    page = (root / "docs" / "sources" / "postgis.md").read_text(encoding="utf-8")
    example, export = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    (grants,) = re.findall(r"```sql\n(.*?)```", page, re.DOTALL)
    reader("drop table firms")
    load(reader, build_small_world())
    reader(grants.replace("planner", "reader").partition(";")[2])
    place = "postgresql://planner@gis.example:5432/region"
    assert example.count(place) == 5
    text = (example + export).replace(place, server.url("sources", "reader"))
    file = tmp_path / "project.toml"
    file.write_text(text, encoding="utf-8")
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    done = CliRunner().invoke(app, ["check", str(file), "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)["summary"]["tables"]
    assert {name: entry["kept"] for name, entry in found.items()} == {
        "clusters": 6, "institutes": 6, "firms": 60, "partners": 1, "linkages_1": 192,
    }  # fmt: skip
