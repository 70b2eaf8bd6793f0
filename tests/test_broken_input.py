"""Broken input: a table fault is one line and exit 1, a row fault steps aside; nothing is lost."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING

import pytest
import shapely
from typer.testing import CliRunner

from clustermap.cli import app
from tests.small_world import SOUTH, WEST, SmallWorld, build_small_world

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Breaking = "Callable[[SmallWorld], None]"
COUNTS = {"clusters": 6, "institutes": 6, "firms": 60, "partners": 1, "linkages_1": 192}


def run(file: Path, *options: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["run", str(file), "--language", "en", *options])
    return done.exit_code, done.stdout, done.stderr


def read_quarantine(out: Path, table: str) -> list[dict[str, str]]:
    with (out / "quarantine" / f"{table}.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_small_world_runs_whole(tmp_path: Path) -> None:
    status, _, _ = run(build_small_world().write(tmp_path))
    assert status == 0
    record = json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))
    read = {name: entry["read"] for name, entry in record["tables"].items()}
    kept = {name: entry["kept"] for name, entry in record["tables"].items()}
    assert read == kept == COUNTS
    assert list((tmp_path / "out" / "quarantine").iterdir()) == []


# Table faults: one line that names table, column, value and cure; exit 1; nothing written.


def replace(old: str, new: str) -> Callable[[SmallWorld], None]:
    def break_project(world: SmallWorld) -> None:
        assert old in world.project
        world.project = world.project.replace(old, new, 1)

    return break_project


def swap_firms(world: SmallWorld) -> None:
    for row in world.firms:
        row["x"], row["y"] = row["y"], row["x"]


def drop_column(world: SmallWorld) -> None:
    for row in world.pairs:
        row["tarket"] = row.pop("target")


def swap_clusters(world: SmallWorld) -> None:
    for row in world.clusters:
        row["geometry"] = shapely.transform(row["geometry"], lambda c: c[:, ::-1])


def spoil_most(world: SmallWorld) -> None:
    for row in world.firms[:20]:
        row["employees"] = -1


def empty_polygons(world: SmallWorld) -> None:
    for row in world.clusters:
        row["geometry"] = shapely.Polygon()


TABLE_FAULTS: dict[str, tuple[Callable[[SmallWorld], None], tuple[str, ...]]] = {
    "missing file": (replace("firms.csv", "firm.csv"), ("layers.firms", "firm.csv")),
    "missing column": (drop_column, ("linkages_1", "target", "tarket", "columns = {")),
    "unknown CRS of a layer": (
        replace('path = "firms.csv"\ncrs = "EPSG:5179"', 'path = "firms.csv"'),
        ("firms", "crs", "EPSG:4326"),
    ),
    "no such CRS": (
        replace('path = "firms.csv"\ncrs = "EPSG:5179"', 'path = "firms.csv"\ncrs = "EPSG:0"'),
        ("firms", "crs", "EPSG:0"),
    ),
    "unfit CRS": (
        replace('crs = "EPSG:5179"\nlanguage', 'crs = "EPSG:3035"\nlanguage'),
        ("project", "crs", "EPSG:3035", 'crs = "EPSG:5179"'),
    ),
    "another layer's CRS": (
        replace('path = "firms.csv"\ncrs = "EPSG:5179"', 'path = "firms.csv"\ncrs = "EPSG:5186"'),
        ("firms", "crs", "EPSG:5186"),
    ),
    "swapped points": (swap_firms, ("firms", "x, y", "swapped")),
    "swapped polygons": (swap_clusters, ("clusters", "swapped")),
    "unknown key": (
        replace("max_refused = 0.2", "max_refuse = 0.2"),
        ("quality", "max_refuse", "max_refused"),
    ),
    "not TOML": (replace("schema = 1", "schema = = 1"), ("project.toml", "row 2")),
    "too many faults": (
        spoil_most,
        ("firms", "employees", "20 of 60", "33.3 %", "it is negative", "max_refused"),
    ),
    "empty layer": (empty_polygons, ("clusters", "none of the 6 rows", "it has no geometry")),
    "wrong encoding": (
        replace('path = "firms.csv"', 'path = "firms.csv"\nencoding = "ascii"'),
        ("firms", "row 2", "ascii"),
    ),
    "a path of the web": (
        replace('path = "firms.csv"', 'path = "https://example.org/firms.csv"'),
        ("layers.firms", "https://example.org/firms.csv"),
    ),
    "a virtual path": (
        replace('path = "firms.csv"', 'path = "/vsizip/firms.zip"'),
        ("layers.firms", "/vsizip/firms.zip"),
    ),
    "unknown profile": (
        replace("draws = 50", 'draws = 50\nprofile = "balancd"'),
        ("score", "profile", "balancd", "balanced"),
    ),
}


@pytest.mark.parametrize("name", TABLE_FAULTS)
def test_table_fault(tmp_path: Path, name: str) -> None:
    break_it, words = TABLE_FAULTS[name]
    world = build_small_world()
    break_it(world)
    file = world.write(tmp_path)
    before = sorted(path.name for path in tmp_path.iterdir())
    status, stdout, stderr = run(file)
    assert (status, stdout) == (1, "")
    assert len(stderr.strip().splitlines()) == 1, stderr
    for word in words:
        assert word in stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_table_fault_leaves_the_old_output_whole(tmp_path: Path) -> None:
    world = build_small_world()
    assert run(world.write(tmp_path))[0] == 0
    old = {p: p.read_bytes() for p in (tmp_path / "out").rglob("*") if p.is_file()}
    swap_firms(world)
    assert run(world.write(tmp_path))[0] == 1
    assert {p: p.read_bytes() for p in (tmp_path / "out").rglob("*") if p.is_file()} == old


def test_an_output_folder_that_cannot_be_made_is_told_before_anything_is_read(
    tmp_path: Path,
) -> None:
    world = build_small_world()
    swap_firms(world)  # which would be told once firms are read
    file = world.write(tmp_path)
    status, stdout, stderr = run(file, "--out", str(tmp_path / "firms.csv" / "out"))
    assert (status, stdout, len(stderr.strip().splitlines())) == (1, "", 1)
    assert "firms.csv/out': the output folder cannot be made or written (Not a dir" in stderr
    assert "nothing was computed" in stderr


@pytest.mark.parametrize("content", [b"", b"firm,name,x,y\n"])
def test_empty_file(tmp_path: Path, content: bytes) -> None:
    file = build_small_world().write(tmp_path)
    (tmp_path / "firms.csv").write_bytes(content)
    status, _, stderr = run(file)
    assert status == 1
    assert "firms" in stderr
    assert "no usable row" in stderr


def test_latin_text_in_no_korean_encoding(tmp_path: Path) -> None:
    file = build_small_world().write(tmp_path)
    (tmp_path / "firms.csv").write_bytes(b"firm,name\nF1,caf\xe9\xff\nF2,b\n")
    status, _, stderr = run(file)
    assert status == 1
    assert "firms (firms.csv), row 2" in stderr
    assert "neither UTF-8 nor CP949" in stderr


def test_korean_files_in_cp949_give_the_same_tables(tmp_path: Path) -> None:
    world = build_small_world()
    run(world.write(tmp_path / "utf8"))
    file = world.write(tmp_path / "cp949")
    for name in ("firms", "institutes", "partners", "pairs"):
        path = tmp_path / "cp949" / f"{name}.csv"
        path.write_bytes(path.read_text(encoding="utf-8").encode("cp949"))
    assert run(file)[0] == 0
    for path in sorted((tmp_path / "utf8" / "out" / "tables").iterdir()):
        assert path.read_bytes() == (tmp_path / "cp949" / "out" / "tables" / path.name).read_bytes()


# Row faults: the row is in quarantine with file, line, column, value and reason; exit 0.


def put(table: str, row: int, **values: object) -> Callable[[SmallWorld], None]:
    def spoil(world: SmallWorld) -> None:
        getattr(world, table)[row].update(values)

    return spoil


def repeat_firm(world: SmallWorld) -> None:
    world.firms.append(dict(world.firms[3]))
    world.pairs = [p for p in world.pairs if "00103" not in (p["source"], p["target"])]


BOWTIE_LINE = shapely.LineString([(WEST, SOUTH), (WEST + 10, SOUTH)])
FIRST_FIRM = ("firms", "firms.csv", "2")
ROW_FAULTS: dict[
    str, tuple[Callable[[SmallWorld], None], str, tuple[tuple[str, str, str, str], ...]]
] = {
    "duplicate ids": (
        repeat_firm,
        "firms",
        (("5", "firm", "00103", "duplicate_id"), ("62", "firm", "00103", "duplicate_id")),
    ),
    "unknown end": (
        put("pairs", 0, target="nobody"),
        "linkages_1",
        (("2", "target", "nobody", "unknown_actor"),),
    ),
    "self-link": (
        put("pairs", 1, target="00100"),
        "linkages_1",
        (("3", "source", "00100", "self_link"),),
    ),
    "negative weight": (
        put("pairs", 2, weight="-0.5"),
        "linkages_1",
        (("4", "weight", "'-0.5", "negative"),),
    ),
    "NaN weight": (
        put("pairs", 2, weight="NaN"),
        "linkages_1",
        (("4", "weight", "NaN", "not_a_number"),),
    ),
    "unknown kind": (
        put("pairs", 2, kind="friendship"),
        "linkages_1",
        (("4", "kind", "friendship", "unknown_choice"),),
    ),
}
SPOILT_FIRMS: dict[str, tuple[dict[str, object], tuple[str, str, str]]] = {
    "negative employees": ({"employees": -4}, ("employees", "'-4", "negative")),
    "NaN employees": ({"employees": "nan"}, ("employees", "nan", "not_a_number")),
    "half a person": ({"employees": "2.5"}, ("employees", "2.5", "not_whole")),
    "the origin": ({"x": 0, "y": 0}, ("x, y", "0, 0", "origin_coordinate")),
    "half a coordinate": ({"y": ""}, ("x, y", "950100, ", "half_coordinate")),
    "swapped": ({"x": 1_951_000, "y": 950_100}, ("x, y", "1951000, 950100", "swapped_coordinate")),
    "words for numbers": ({"x": "here"}, ("x", "here", "not_a_number")),
    "an id out of a spreadsheet": (
        {"firm": "3.12001e+18"},
        ("firm", "3.12001e+18", "destroyed_id"),
    ),
    "no id": ({"firm": ""}, ("firm", "", "empty")),
}


@pytest.mark.parametrize("name", ROW_FAULTS)
def test_row_fault(tmp_path: Path, name: str) -> None:
    spoil, table, expected = ROW_FAULTS[name]
    world = build_small_world()
    spoil(world)
    file = world.write(tmp_path)
    status, stdout, _ = run(file)
    assert status == 0
    rows = read_quarantine(tmp_path / "out", table)
    found = tuple((row["line"], row["column"], row["value"], row["reason"]) for row in rows)
    assert found == expected
    assert stdout.count(" set aside - ") == len({reason for *_, reason in expected})


@pytest.mark.parametrize("name", SPOILT_FIRMS)
def test_faulty_firm(tmp_path: Path, name: str) -> None:
    values, (column, value, reason) = SPOILT_FIRMS[name]
    world = build_small_world()
    world.firms[0].update(values)
    status, _, _ = run(world.write(tmp_path))
    assert status == 0
    (row,) = read_quarantine(tmp_path / "out", "firms")
    assert (row["file"], row["line"]) == ("firms.csv", "2")
    assert (row["column"], row["value"], row["reason"]) == (column, value, reason)
    record = json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))
    firms = record["tables"]["firms"]
    assert firms["read"] == firms["kept"] + firms["quarantined"] == 60
    # Whoever is set aside takes its linkages along, and they are all accounted for.
    links = record["tables"]["linkages_1"]
    assert links["read"] == links["kept"] + links["quarantined"] == COUNTS["linkages_1"]
    assert links["reasons"] == {"unknown_actor": links["quarantined"]}


@pytest.mark.parametrize(
    ("shape", "reason"),
    [
        (shapely.Polygon(), "no_geometry"),
        (BOWTIE_LINE, "unusable_polygon"),
        (None, "no_geometry"),
    ],
)
def test_unusable_polygon(tmp_path: Path, shape: shapely.Geometry | None, reason: str) -> None:
    world = build_small_world()
    world.clusters[5]["geometry"] = shape
    assert run(world.write(tmp_path))[0] == 0
    (row,) = read_quarantine(tmp_path / "out", "clusters")
    assert (row["line"], row["reason"]) == ("6", reason)


def test_self_crossing_polygon_is_made_valid(tmp_path: Path) -> None:
    world = build_small_world()
    x, y = WEST, SOUTH
    bowtie = shapely.Polygon([(x, y), (x + 2000, y + 2000), (x + 2000, y), (x, y + 2000)])
    world.clusters[0]["geometry"] = bowtie
    assert run(world.write(tmp_path))[0] == 0
    record = json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))
    assert record["tables"]["clusters"]["made_valid"] == 1
    assert record["tables"]["clusters"]["kept"] == 6


def test_strict_turns_the_first_row_fault_into_a_table_fault(tmp_path: Path) -> None:
    world = build_small_world()
    world.firms[7]["employees"] = -1
    status, stdout, stderr = run(world.write(tmp_path), "--strict")
    assert (status, stdout) == (1, "")
    assert "firms (firms.csv), column employees, row 9, value '-1'" in stderr
    assert not (tmp_path / "out").exists()


def test_same_input_same_bytes(tmp_path: Path) -> None:
    world = build_small_world()
    for name in ("one", "other"):
        assert run(world.write(tmp_path / name))[0] == 0
    one, other = tmp_path / "one" / "out", tmp_path / "other" / "out"
    names = sorted(p.relative_to(one) for p in one.rglob("*") if p.is_file())
    assert names == sorted(p.relative_to(other) for p in other.rglob("*") if p.is_file())
    # run.log tells the time; GeoPackage and shapefile are equal in content.
    loose = {".log", ".gpkg", ".dbf"}
    for name in names:
        if name.suffix not in loose:
            assert (one / name).read_bytes() == (other / name).read_bytes(), name
