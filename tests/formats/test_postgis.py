"""Exports into a real PostGIS: everything comes back, only our own is replaced, all or nothing."""

# ruff: noqa: S608 -- statements are put together from our own texts

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd
import psycopg
import pytest
import shapely
from typer.testing import CliRunner

from clustermap import database
from clustermap.cli import app
from clustermap.database import Address, parse_address
from clustermap.errors import TableFault
from clustermap.formats.content import build_layers
from clustermap.formats.layer import LAYER_NAMES
from clustermap.formats.postgis import Database, open_export
from clustermap.store import Staging
from tests.certain import certain
from tests.formats.conftest import make_release
from tests.postgres import PASSWORD, Server
from tests.render.decided import decided_release
from tests.small_world import build_small_world

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from clustermap.publish.release import Release

SCHEMA = "clustermap"
HOSTILE = 'ours"; drop schema public cascade; --가'


@pytest.fixture(scope="module")
def base(server: Server) -> Iterator[str]:
    """Make a database of this module's own."""
    with server.make("exports") as database:
        yield database


@pytest.fixture
def sql(server: Server, base: str) -> Iterator[Any]:
    """Run SQL in it as superuser; the schema of the export is gone after each test."""
    with server.connect(base) as connection:
        yield connection.execute
        connection.execute(f"drop schema if exists {SCHEMA} cascade")


@pytest.fixture
def address(server: Server, base: str) -> Address:
    return certain(parse_address(server.url(base)))


def write(address: Address, release: Release, schema: str = SCHEMA) -> tuple[str, ...]:
    with open_export(address, schema) as opened:
        return opened.write(release)


def refuse(address: Address, release: Release, reason: str, schema: str = SCHEMA) -> TableFault:
    with pytest.raises(TableFault) as caught:
        write(address, release, schema)
    assert caught.value.reason == reason
    assert "\n" not in caught.value.line("ko") + caught.value.line("en")
    return caught.value


def everything(sql: Any, schema: str = SCHEMA) -> dict[str, list[Any]]:
    """Return every row of every table, with comments."""
    names = sql(
        "select c.relname, obj_description(c.oid) from pg_class c where c.relkind = 'r'"
        " and c.relnamespace = %s::regnamespace order by 1",
        ('"{}"'.format(schema.replace('"', '""')),),
    ).fetchall()
    return {
        name: [comment, *sql(f'select t::text from {schema}."{name}" t order by 1').fetchall()]
        for name, comment in names
    }


# What is written


@pytest.mark.parametrize("made", [make_release, decided_release])
def test_everything_comes_back(address: Address, sql: Any, made: Callable[[], Release]) -> None:
    release = made()
    layers, _ = build_layers(release)
    assert write(address, release) == tuple(layer.name for layer in layers)
    for layer in layers:
        found = sql(f"select * from {SCHEMA}.{layer.name}")
        names = [column.name for column in found.description]
        back = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
        assert len(back) == layer.rows.num_rows
        shapes = [row.pop("geom", None) for row in back]
        plain = layer.rows.to_pylist()
        order = [plain.index(row) for row in back]
        assert sorted(order) == list(range(len(plain)))
        if layer.geometry is None:
            assert shapes == [None] * len(plain)
            continue
        for at, found_shape in zip(order, shapes, strict=True):
            given = layer.geometry[at]
            assert (found_shape is None) == (given is None)
            if given is not None:
                read = shapely.from_wkb(found_shape)
                assert read.geom_type.startswith("Multi")
                assert read.normalize().equals(given.normalize())
                assert shapely.get_srid(read) == 5179


def test_geometries_are_declared_and_indexed(address: Address, sql: Any, release: Release) -> None:
    write(address, release)
    kinds = sql(
        "select f_table_name, type, srid from geometry_columns where f_table_schema = %s", (SCHEMA,)
    ).fetchall()
    assert sorted(kinds) == [
        ("clusters", "MULTIPOLYGON", 5179),
        ("flows", "MULTILINESTRING", 5179),
        ("institutes", "MULTIPOINT", 5179),
    ]
    indexes = sql(
        "select tablename, indexdef from pg_indexes where schemaname = %s", (SCHEMA,)
    ).fetchall()
    assert {name for name, made in indexes if "USING gist (geom)" in made} == {
        "clusters",
        "flows",
        "institutes",
    }


def test_tables_have_their_keys(address: Address, sql: Any, release: Release) -> None:
    layers, _ = build_layers(release)
    write(address, release)
    keys = sql(
        "select c.relname, array_agg(a.attname::text order by k.n) from pg_index i"
        " cross join unnest(i.indkey) with ordinality k(key, n)"
        " join pg_class c on c.oid = i.indrelid"
        " join pg_attribute a on a.attrelid = c.oid and a.attnum = k.key"
        " where i.indisprimary and c.relnamespace = %s::regnamespace group by 1",
        (SCHEMA,),
    ).fetchall()
    assert {name: tuple(key) for name, key in keys} == {
        layer.name: layer.key for layer in layers if layer.key
    }


def test_rows_that_a_key_does_not_tell_apart_are_kept(
    address: Address, sql: Any, release: Release
) -> None:
    twice = pd.concat([release.subscores, release.subscores], ignore_index=True)
    write(address, replace(release, subscores=twice))
    assert sql(f"select count(*) from {SCHEMA}.subscores").fetchone() == (2,)
    primary = "select 1 from pg_index where indisprimary and indrelid = %s::regclass"
    assert sql(primary, (f"{SCHEMA}.subscores",)).fetchone() is None
    write(address, release)
    assert sql(primary, (f"{SCHEMA}.subscores",)).fetchone() == (1,)


def test_comments_say_what_things_are(address: Address, sql: Any, release: Release) -> None:
    layers, _ = build_layers(release)
    write(address, release)
    for layer in layers:
        name = f"{SCHEMA}.{layer.name}"
        (told,) = sql("select obj_description(%s::regclass)", (name,)).fetchone()
        assert "SYNTHETIC" not in told
        assert "산업단지공단, 공공누리 제1유형" in told
        assert "© OpenStreetMap contributors, ODbL" in told
        columns = dict(
            sql(
                "select attname, col_description(attrelid, attnum) from pg_attribute"
                " where attrelid = %s::regclass and attnum > 0 and not attisdropped",
                (name,),
            ).fetchall()
        )
        assert all(columns.values()), layer.name
    (area,) = sql(
        "select col_description(attrelid, attnum) from pg_attribute"
        " where attrelid = %s::regclass and attname = 'area_km2'",
        (f"{SCHEMA}.clusters",),
    ).fetchone()
    assert area.splitlines()[0] == "면적 (km²) / Area (km²) [km²]"
    assert "지정 면적. 없으면 도형의 면적." in area


def test_made_up_data_say_so(address: Address, sql: Any, synthetic: Release) -> None:
    for name in write(address, synthetic):
        told = sql("select obj_description(%s::regclass)", (f"{SCHEMA}.{name}",)).fetchone()[0]
        assert "SYNTHETIC" in told.splitlines()[0]
        ones = sql(f"select distinct synthetic from {SCHEMA}.{name}").fetchall()
        assert ones in ([(1,)], []), name


@pytest.mark.parametrize("schema", [HOSTILE, "산업 단지", "%s {0} $1"])
def test_schemas_of_any_name(address: Address, sql: Any, release: Release, schema: str) -> None:
    quoted = '"{}"'.format(schema.replace('"', '""'))
    for _ in range(2):
        write(address, release, schema)
        assert sql(f"select count(*) from {quoted}.clusters").fetchone() == (4,)
    sql(f"drop schema {quoted} cascade")


# What was there


def test_what_rests_on_our_tables_lives_on(address: Address, sql: Any, release: Release) -> None:
    write(address, release)
    sql(f"create view {SCHEMA}.best as select cluster, score from {SCHEMA}.clusters")
    sql("create role visitor")
    sql(f"grant select on {SCHEMA}.clusters to visitor")
    scores = release.scores.assign(score=release.scores["score"] / 2)
    write(address, replace(release, scores=scores))
    best = sql(f"select cluster, score from {SCHEMA}.best where score is not null order by 2")
    assert best.fetchall() == [("B", 16.65), ("A", 40.6)]
    allowed = sql(f"select has_table_privilege('visitor', '{SCHEMA}.clusters', 'select')")
    assert allowed.fetchone() == (True,)
    sql("drop owned by visitor")
    sql("drop role visitor")


def test_columns_that_change_make_a_table_anew(
    address: Address, sql: Any, release: Release, synthetic: Release
) -> None:
    write(address, release)
    sql(f"create view {SCHEMA}.best as select score from {SCHEMA}.clusters")
    before = everything(sql)
    fault = refuse(address, synthetic, "database_depends")
    assert "clusters" in str(fault)
    assert everything(sql) == before
    sql(f"drop view {SCHEMA}.best")
    write(address, synthetic)
    assert sql(f"select distinct synthetic from {SCHEMA}.clusters").fetchall() == [(1,)]


@pytest.mark.parametrize(
    "made",
    [
        "table {}.clusters (cluster text)",
        "view {}.scores as select 1 as score",
        "sequence {}.flags",
        "table {}.firms (firm text)",
    ],
)
def test_what_is_not_ours_is_never_touched(
    address: Address, sql: Any, release: Release, made: str
) -> None:
    sql(f"create schema {SCHEMA}")
    sql(f"create {made.format(SCHEMA)}")
    if made.startswith("table"):
        sql(f"comment on table {made.split()[1].format(SCHEMA)} is 'clustermap export'")
    refuse(address, release, "database_not_ours")
    found = sql(
        "select count(*) from pg_class where relkind in ('r', 'v', 'S') and relnamespace ="
        " %s::regnamespace",
        (SCHEMA,),
    )
    assert found.fetchone() == (1,)


def test_other_tables_beside_ours_stay(address: Address, sql: Any, release: Release) -> None:
    sql(f"create schema {SCHEMA}")
    sql(f"create table {SCHEMA}.notes as select '메모' as note")
    for _ in range(2):
        write(address, release)
    assert sql(f"select note from {SCHEMA}.notes").fetchall() == [("메모",)]


def test_firms_that_may_no_longer_leave_are_removed(
    address: Address, sql: Any, release: Release
) -> None:
    firms = pd.DataFrame({"firm": ["1"], "name": ["가"], "x": [1.0], "y": [2.0], "cluster": ["A"]})
    assert "firms" in write(address, replace(release, firms=firms))
    assert "firms" in everything(sql)
    assert "firms" not in write(address, release)
    assert "firms" not in everything(sql)
    assert set(everything(sql)) == {layer.name for layer in build_layers(release)[0]}


# All or nothing


def test_readers_see_the_old_until_the_new_counts(
    address: Address, sql: Any, release: Release
) -> None:
    write(address, release)
    before = everything(sql)
    scores = release.scores.assign(score=1.0)
    with open_export(address, SCHEMA) as opened:
        opened.write(replace(release, scores=scores))
        assert everything(sql) == before
    assert everything(sql) != before


def test_a_failure_leaves_the_old_tables_whole(
    address: Address, sql: Any, release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(address, release)
    before = everything(sql)
    done = []

    def fail(layer: Any, *_: Any) -> None:
        done.append(layer.name)
        if len(done) > 5:
            raise OSError("no space")

    monkeypatch.setattr(Database, "_comment", lambda _, *given: fail(*given))
    with pytest.raises(OSError, match="no space"):
        write(address, replace(release, synthetic=True))
    assert len(done) == 6
    assert everything(sql) == before


def test_a_server_that_refuses_leaves_the_old_tables_whole(
    address: Address, sql: Any, release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(address, release)
    before = everything(sql)
    monkeypatch.setattr(database, "STATEMENT_TIMEOUT", "1ms")
    monkeypatch.setattr(
        Database, "_index", lambda self, *_, **__: self._execute("select pg_sleep(9)")
    )
    refuse(address, replace(release, synthetic=True), "database_timeout")
    assert everything(sql) == before


KILLED = """
import sys, time
sys.path.insert(0, {root!r})
from clustermap.database import parse_address
from clustermap.formats.postgis import open_export
from tests.formats.conftest import make_release
with open_export(parse_address({url!r}), {schema!r}) as opened:
    opened.write(make_release())
    print("written", flush=True)
    time.sleep(60)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there are no signals")
def test_a_kill_leaves_the_old_tables_whole(
    server: Server, address: Address, sql: Any, synthetic: Release, root: Path
) -> None:
    write(address, synthetic)
    before = everything(sql)
    code = KILLED.format(root=str(root), url=server.url("exports"), schema=SCHEMA)
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=root) as writer:  # noqa: S603
        said = writer.stdout.readline() if writer.stdout else b""
        assert said.strip() == b"written"
        writer.send_signal(signal.SIGKILL)
    for _ in range(100):  # until the server has seen that nobody is there
        gone = "select count(*) from pg_stat_activity where application_name = 'clustermap'"
        if sql(gone).fetchone() == (0,):
            break
        time.sleep(0.1)
    assert everything(sql) == before
    write(address, synthetic)


def test_two_exports_at_once_do_not_mix(
    address: Address, sql: Any, release: Release, synthetic: Release
) -> None:
    write(address, release)
    with open_export(address, SCHEMA) as slow:
        slow.check()
        write(address, synthetic)
        after = everything(sql)
        with pytest.raises(psycopg.Error):
            slow.write(release)
    assert everything(sql) == after


# Refusals


def test_a_database_without_postgis(server: Server, release: Release) -> None:
    address = certain(parse_address(server.url("postgres")))
    refuse(address, release, "database_no_postgis")


def test_a_system_that_the_server_does_not_know(
    address: Address, sql: Any, release: Release
) -> None:
    sql("delete from spatial_ref_sys where srid = 5179")
    refuse(address, release, "database_no_srid")
    assert sql("select 1 from pg_namespace where nspname = %s", (SCHEMA,)).fetchone() is None
    sql(
        "insert into spatial_ref_sys (srid, auth_name, auth_srid, srtext, proj4text) values"
        " (5179, 'EPSG', 5179, '', '+proj=tmerc +lat_0=38 +lon_0=127.5 +k=0.9996 +x_0=1000000"
        " +y_0=2000000 +ellps=GRS80 +units=m')"
    )
    write(address, release)


def test_tables_that_others_hold(
    server: Server, address: Address, sql: Any, release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(address, release)
    monkeypatch.setitem(database._SETTINGS, "lock_timeout", "50ms")
    with server.connect("exports") as other, other.transaction():
        other.execute(f"lock table {SCHEMA}.scores")
        refuse(address, release, "database_in_use")
    assert "scores" in everything(sql)


def test_rights_that_are_wanting(
    server: Server, base: str, sql: Any, release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    sql("create role writer login password 'pw'")
    monkeypatch.setenv("PGPASSWORD", "pw")
    address = certain(parse_address(server.url(base, "writer")))
    refuse(address, release, "database_denied")
    sql(f"create schema {SCHEMA} authorization writer")
    assert "clusters" in write(address, release)
    sql("drop owned by writer cascade")
    sql("drop role writer")


def test_a_connection_that_breaks(address: Address, sql: Any, release: Release) -> None:
    write(address, release)
    before = everything(sql)
    end = "select pg_terminate_backend(pid) from pg_stat_activity where application_name = %s"

    def write_and_break() -> None:
        with open_export(address, SCHEMA) as opened:
            opened.write(release)
            sql(end, ("clustermap",))

    with pytest.raises(TableFault) as caught:
        write_and_break()
    assert caught.value.reason == "database_lost"
    assert everything(sql) == before


# Whole runs


@pytest.fixture
def project(server: Server, base: str, sql: Any, tmp_path: Path) -> Iterator[Path]:
    world = build_small_world()
    sql(f"create role exporter login password '{PASSWORD.replace(chr(39), '')}'")
    sql(f"grant create on database {base} to exporter")
    url = server.url(base, "exporter")
    world.project += f'[export]\nformats = []\n[export.postgis]\nurl = "{url}"\n'
    yield world.write(tmp_path)
    sql("drop owned by exporter cascade; drop role exporter")


def test_an_export_goes_to_files_and_database(
    server: Server, project: Path, sql: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    done = CliRunner().invoke(app, ["export", str(project), "--language", "en", "--verbose"])
    assert done.exit_code == 0, done.output
    place = server.url("exports").replace("postgres@", "")
    assert f"Wrote 12 tables to schema {SCHEMA} of {place}." in done.stdout
    assert sql(f"select count(*) from {SCHEMA}.clusters").fetchone() == (6,)
    out = project.parent / "out"
    record = json.loads((out / "run.json").read_text(encoding="utf-8"))
    assert record["export"]["postgis"]["database"] == place
    assert set(record["export"]["postgis"]["tables"]) < set(LAYER_NAMES) - {"firms"}
    assert record["parameters"]["export"]["postgis"] == {"schema": SCHEMA, "url": place}
    told = done.output.encode()
    told += b"".join(path.read_bytes() for path in out.rglob("*") if path.is_file())
    for secret in (PASSWORD, "s3cret", "exporter"):
        assert secret.encode() not in told


def test_files_and_database_are_written_together_or_not(
    project: Path, sql: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = project.parent / "out"
    done = CliRunner().invoke(app, ["export", str(project), "--language", "en"])
    assert done.exit_code == 1
    assert "PGPASSWORD" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not out.exists()
    monkeypatch.setenv("PGPASSWORD", PASSWORD)

    def full(_: Staging) -> None:
        raise OSError(28, "no space left")

    with monkeypatch.context() as patched:
        patched.setattr(Staging, "_publish", full)
        assert CliRunner().invoke(app, ["export", str(project)]).exit_code == 1
    assert sql("select 1 from pg_namespace where nspname = %s", (SCHEMA,)).fetchone() is None
    sql(f"create schema {SCHEMA} create table clusters (cluster text)")
    sql(f"grant all on schema {SCHEMA} to exporter")
    done = CliRunner().invoke(app, ["export", str(project), "--language", "en"])
    assert done.exit_code == 1
    assert f"{SCHEMA}.clusters" in done.stderr
    assert not (out / "export").exists()


def test_what_is_not_exported_opens_no_database(project: Path) -> None:
    done = CliRunner().invoke(app, ["score", str(project)])
    assert done.exit_code == 0, done.output
