"""Fetching, as a user does: from a server, from a file, again after a kill; and reading it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pytest
import typer
from typer.testing import CliRunner

import clustermap
from clustermap.cli import app
from clustermap.errors import TableFault
from clustermap.sources.osm import Asked, Server
from clustermap.stages.fetching import fetch_osm
from tests.sources.osm.town import BBOX, DATE, Stub, build_town, serve_town, spell_osm

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OURS = ["fetch.json", "osm.gpkg", "project.toml", "roads.graphml"]
TOWN = ",".join(map(str, BBOX))


@pytest.fixture
def stub() -> Iterator[Stub]:
    with serve_town() as served:
        yield served


@pytest.fixture
def town(tmp_path: Path) -> Path:
    file = tmp_path / "town.osm"
    file.write_text(spell_osm(build_town()), encoding="utf-8")
    return file


def call(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["fetch", "osm", *map(str, arguments)])
    return done.exit_code, done.output


def own(stub: Stub) -> Server:
    return Server(stub.overpass, stub.nominatim, own=True)


def test_a_server_and_a_file_give_the_same_layers(stub: Stub, town: Path, tmp_path: Path) -> None:
    online = fetch_osm(
        tmp_path / "a", Asked(bbox=BBOX, tile_km=1.5, commercial=True), server=own(stub)
    )
    offline = fetch_osm(tmp_path / "b", Asked(bbox=BBOX, files=(town,), commercial=True))
    assert [path.name for path in online.outputs] == OURS
    assert online.facts["data_until"] == DATE
    for fact in ("layers", "roads", "area", "tags", "attribution", "licence"):
        assert online.facts[fact] == offline.facts[fact]
    layers = online.facts["layers"]
    assert layers["clusters"]["by_kind"] == {"commercial": 1, "industrial": 3, "science_park": 1}
    assert layers["institutes"]["by_kind"] == {
        "hospital": 1, "public_institute": 1, "university": 1,
    }  # fmt: skip
    assert layers["firms"]["by_tag"] == {"man_made=works": 1, "office=company": 2}
    assert online.facts["roads"] == {"asked": "drive", "nodes": 4, "edges": 5}
    for layer in ("clusters", "institutes", "firms"):
        one, other = (
            gpd.read_file(tmp_path / name / "osm.gpkg", layer=layer) for name in ("a", "b")
        )
        assert one.to_json() == other.to_json()
    roads = [(tmp_path / name / "roads.graphml").read_text(encoding="utf-8") for name in ("a", "b")]
    assert roads[0].replace(DATE, "") == roads[1]
    assert "© OpenStreetMap contributors" in roads[0]


def test_equal_data_give_equal_files(town: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        fetch_osm(tmp_path / name, Asked(files=(town,)), language="en")
    for name in OURS:
        one, other = ((tmp_path / folder / name).read_bytes() for folder in ("a", "b"))
        assert one == other, name


def test_the_project_file_is_read_and_says_whose_the_data_are(town: Path, tmp_path: Path) -> None:
    fetch_osm(tmp_path / "o", Asked(files=(town,)), language="en")
    project = clustermap.open_project(tmp_path / "o" / "project.toml")
    assert project.linkages == ()
    done = clustermap.check_project(project)
    assert done.summary["clusters"] == 4
    assert done.summary["rated"] == 0
    tables = done.summary["tables"]
    assert {name: tables[name]["quarantined"] for name in tables} == dict.fromkeys(tables, 0)
    # Alpha and Beta lie in the estate in the south-west, the other company nowhere.
    assert tables["firms"]["assigned_inside"] == 2
    assert project.layers.firms
    assert project.layers.firms.attribution == "© OpenStreetMap contributors"
    assert project.layers.firms.licence.startswith("ODbL")


def test_linkages_of_the_user_join_the_identifiers(town: Path, tmp_path: Path) -> None:
    fetch_osm(tmp_path / "o", Asked(files=(town,)), language="en")
    pairs = (
        "from,to,kind\nway/7,way/6,research\nnode/101,way/7,firm_firm\nway/7,node/999,research\n"
    )
    (tmp_path / "o" / "linkages.csv").write_text(pairs, encoding="utf-8")
    file = tmp_path / "o" / "project.toml"
    text = file.read_text(encoding="utf-8")
    assert "# [[linkages]]" in text
    start = text.index("# [[linkages]]")
    example = text[start:].split("\n\n")[0].replace("# ", "")
    quality = "\n[quality]\nmax_refused = 0.5\n"
    file.write_text(f"{text[:start]}{example}{quality}", encoding="utf-8")
    tables = clustermap.check_project(clustermap.open_project(file)).summary["tables"]
    assert (tables["linkages_1"]["kept"], tables["linkages_1"]["quarantined"]) == (2, 1)


def test_the_line_of_attribution_stands_on_what_is_made(town: Path, tmp_path: Path) -> None:
    fetch_osm(tmp_path / "o", Asked(files=(town,)), language="en")
    done = clustermap.draw_map(clustermap.open_project(tmp_path / "o" / "project.toml"))
    line = "© OpenStreetMap contributors · ODbL 1.0"
    assert done.release
    assert any(shown.startswith(line) for shown in done.release.attribution)
    for page in (done.explore_page, done.sheet):
        assert page
        assert line in page.read_text(encoding="utf-8")


def test_a_project_file_that_is_there_stays(town: Path, tmp_path: Path) -> None:
    folder = tmp_path / "o"
    fetch_osm(folder, Asked(files=(town,)))
    (folder / "project.toml").write_text("mine", encoding="utf-8")
    code, output = call("--file", town, folder, "--language", "en", "--roads", "none")
    assert code == 0
    assert "was there already" in output
    assert (folder / "project.toml").read_text(encoding="utf-8") == "mine"
    # Roads that were not asked for this time would not belong to the rest.
    assert not (folder / "roads.graphml").exists()


def test_files_of_others_are_not_written_over(town: Path, tmp_path: Path) -> None:
    (tmp_path / "osm.gpkg").write_text("mine", encoding="utf-8")
    code, output = call("--file", town, tmp_path, "--language", "en")
    assert code == 1
    assert "osm.gpkg" in output
    assert (tmp_path / "osm.gpkg").read_text(encoding="utf-8") == "mine"


def test_the_command_tells_what_it_found(stub: Stub, tmp_path: Path) -> None:
    options = ("--overpass", stub.overpass, "--own-server", "--language", "en")
    code, output = call("--bbox", TOWN, *options, tmp_path / "o")
    assert code == 0
    assert f"as of {DATE}" in output
    assert "clusters: 1 outlines were mended." in output
    assert "institutes: 1 are parts of others" in output
    assert "Roads: 4 junctions, 5 stretches." in output
    assert "is no census" in output
    assert "until [[linkages]] are added" in output
    assert "© OpenStreetMap contributors, ODbL 1.0" in output
    code, output = call("--bbox", TOWN, *options, "--json", tmp_path / "o")
    content: dict[str, Any] = json.loads(output)
    assert content["facts"]["layers"]["clusters"]["kept"] == 4
    assert len(stub.queries) == 2  # the second call asks nobody


def test_a_place_and_clusters_say_where(stub: Stub, town: Path, tmp_path: Path) -> None:
    fetch_osm(tmp_path / "o", Asked(files=(town,)))
    # The clusters of a project, each with a kilometre around it.
    done = fetch_osm(
        tmp_path / "c", Asked(clusters=tmp_path / "o" / "project.toml"), server=own(stub)
    )
    west, south, east, north = done.facts["area"]["bounds"]
    assert (west, south) == (pytest.approx(10.001 - 0.01399, abs=1e-4), pytest.approx(49.99202))
    assert (east, north) == (pytest.approx(10.038 + 0.01399, abs=1e-4), pytest.approx(50.02598))
    assert done.facts["layers"]["clusters"]["kept"] == 4
    assert len(stub.queries) == 2


def test_an_area_without_industrial_land_has_no_project(town: Path, tmp_path: Path) -> None:
    bbox = "10.034,50.011,10.037,50.014"
    code, output = call("--file", town, "--bbox", bbox, tmp_path / "o", "--language", "en")
    assert code == 0
    assert "no project file" in output
    assert sorted(path.name for path in (tmp_path / "o").iterdir()) == ["fetch.json", "osm.gpkg"]
    code, output = call("--file", town, "--bbox", "20,50,21,51", tmp_path / "p", "--language", "en")
    assert code == 1
    assert "nothing here" in output
    assert not (tmp_path / "p").exists()


def test_roads_may_come_from_a_file_of_their_own(town: Path, tmp_path: Path) -> None:
    fetch_osm(tmp_path / "o", Asked(files=(town,)))
    roads = tmp_path / "o" / "roads.graphml"
    done = fetch_osm(tmp_path / "p", Asked(files=(town, roads)))
    assert done.facts["roads"] == {"asked": "drive", "nodes": 4, "edges": 5}
    assert [file["file"] for file in done.facts["files"]] == ["town.osm", "roads.graphml"]
    with pytest.raises(TableFault) as caught:
        fetch_osm(tmp_path / "q", Asked(files=(roads, roads)))
    assert caught.value.reason == "osm_two_graphs"


def test_main_roads_are_fewer(town: Path, tmp_path: Path) -> None:
    done = fetch_osm(tmp_path / "o", Asked(files=(town,), roads="main"))
    assert done.facts["roads"] == {"asked": "main", "nodes": 2, "edges": 2}


def test_a_large_area_is_refused_with_the_cure(stub: Stub, tmp_path: Path) -> None:
    code, output = call("--bbox", "124,33,132,39", "--overpass", stub.overpass, tmp_path / "o",
                        "--language", "en")  # fmt: skip
    assert code == 1
    assert "--file" in output
    assert "1,292 tiles" in output
    assert stub.queries == []


@pytest.mark.parametrize(
    "arguments",
    [
        (), ("--place", " "), ("--place", "a", "--bbox", TOWN), ("--bbox", "1,2,3"),
        ("--bbox", "3,2,1,4"), ("--bbox", "1,2,3,nan"), ("--bbox", "1,2,3,inf"),
        ("--bbox", TOWN, "--overpass", "ftp://x"), ("--bbox", TOWN, "--nominatim", "file:///x"),
        ("--bbox", TOWN, "--roads", "rail"), ("--bbox", TOWN, "--tile-km", "0"),
    ],
)  # fmt: skip
def test_wrong_usage_is_2(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    code, output = call(*arguments, tmp_path / "o")
    assert code == 2
    assert "Traceback" not in output
    assert not (tmp_path / "o").exists()


def test_a_file_of_another_kind_is_one_line(town: Path, tmp_path: Path) -> None:
    other = town.rename(tmp_path / "town.csv")
    code, output = call("--file", other, tmp_path / "o", "--language", "en")
    assert code == 1
    assert output.count("\n") == 1
    assert ".osm.pbf" in output


def test_the_environment_names_the_server(
    stub: Stub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLUSTERMAP_OVERPASS", stub.overpass)
    monkeypatch.setenv("CLUSTERMAP_CONTACT", "planning@example.org")
    code, _ = call("--bbox", TOWN, "--own-server", tmp_path / "o")
    assert code == 0
    assert "planning@example.org" in stub.agents[0]


def test_after_a_kill_only_what_is_missing_is_asked_for(
    stub: Stub, tmp_path: Path, root: Path
) -> None:
    command = [
        sys.executable, "-m", "clustermap", "fetch", "osm", "--bbox", TOWN, "--tile-km", "1.5",
        "--overpass", stub.overpass, "--own-server", "--quiet", str(tmp_path / "o"),
    ]  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": str(root)}
    stub.script += ["", "", "", "hang"]
    with subprocess.Popen(command, env=environment) as first:  # noqa: S603 -- our own command
        assert stub.hung.wait(60)
        first.kill()
    assert not (tmp_path / "o" / "fetch.json").exists()
    assert len(stub.queries) == 4
    done = subprocess.run(command, env=environment, check=False)  # noqa: S603
    assert done.returncode == 0
    assert len(stub.queries) == 4 + 5  # of eight, three had come
    assert sorted(p.name for p in (tmp_path / "o").iterdir() if p.is_file()) == OURS
    assert not [*(tmp_path / "o" / "cache").glob(".*")]


def test_the_command_asks_whom_the_library_asks() -> None:
    verb: Any = typer.main.get_command(app)
    options = {p.name: p.default for p in verb.commands["fetch"].commands["osm"].params}
    server, asked = Server(), Asked()
    assert (options["overpass"], options["nominatim"]) == (server.overpass, server.nominatim)
    assert (options["timeout"], options["own_server"]) == (server.timeout_s, server.own)
    assert (options["tile_km"], options["most_tiles"]) == (asked.tile_km, asked.most_tiles)


def test_a_name_from_a_terminal_stays_one_line(town: Path, tmp_path: Path) -> None:
    odd = town.rename(tmp_path / 'a\x7fb "c".osm')
    done = fetch_osm(tmp_path / "o", Asked(files=(odd,)))
    assert done.facts["files"][0]["file"] == 'a b "c".osm'
    project = clustermap.open_project(tmp_path / "o" / "project.toml")
    assert project.project.name == 'OpenStreetMap: a b "c".osm'
