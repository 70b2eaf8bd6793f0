"""clustermap init: from files to a project file that reads them as its author would have said."""

from __future__ import annotations

import json
import re
import shutil
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pytest
from typer.testing import CliRunner

import clustermap
from clustermap.cli import app
from clustermap.errors import TableFault
from clustermap.sources.world import build_world, write_world
from clustermap.stages.counting import count_network
from clustermap.stages.ledger import Ledger, no_progress
from clustermap.stages.reading import read_layers
from clustermap.store import open_scratch
from tests.certain import certain
from tests.small_world import build_small_world

if TYPE_CHECKING:
    from clustermap.project import Project

STATED = {"encoding", "licence", "attribution"}
"""What the demonstration's project file says besides, and readers find out or may do without."""


def call(*arguments: object) -> Any:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def count(project: Project) -> dict[str, Any]:
    """Return what ``check`` tells of the rows, without the scores that it computes besides."""
    ledger = Ledger(project.quality.max_refused, strict=False)
    layers = read_layers(project, ledger, no_progress)
    with open_scratch() as scratch:
        count_network(project, layers, ledger, no_progress, scratch)
    return ledger.summary()


def sections(file: Path) -> dict[str, Any]:
    written = tomllib.loads(file.read_text(encoding="utf-8"))
    tables = {**written["layers"], **{link["form"]: link for link in written["linkages"]}}
    return {
        name: {key: value for key, value in table.items() if key not in STATED}
        for name, table in tables.items()
    }


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    write_world(build_world(clusters=60, firms=2_000, links=4_000, seed=7), folder)
    (folder / "project.toml").rename(folder / "own.toml")
    return folder


def test_the_demonstration_is_read_as_its_own_project_file_says(world: Path) -> None:
    file = clustermap.init_project(world).file
    assert file == world / "project.toml"
    own, found = sections(world / "own.toml"), sections(file)
    del own["clusters"]["crs"]  # a GeoJSON says it itself
    del own["projects"]["kinds"]["인력이동"]  # no row of that file has it
    assert found == own
    written = tomllib.loads(file.read_text(encoding="utf-8"))
    assert written["industries"] == {"path": "strategic12.csv"}
    counts = [count(clustermap.open_project(world / name)) for name in ("own.toml", "project.toml")]
    assert counts[0] == counts[1]
    assert counts[1]["firms"]["kept"] == 2_000


def test_the_files_that_nobody_knows_are_listed(world: Path, tmp_path: Path) -> None:
    draft = clustermap.init_project(tmp_path / "p", [world], language="ko")
    unused = [finding.file for finding in draft.findings if not finding.table]
    assert [Path(file).name for file in unused] == ["truth.csv"]
    text = draft.file.read_text(encoding="utf-8")
    assert "truth.csv: 알아보지 못했습니다. clusters에 가장 가깝지만" in text
    assert repr(draft).endswith("9 files used>") or "of 9 files used" in repr(draft)


def test_the_european_case(cases: Path, tmp_path: Path) -> None:
    data = cases / "eu_semiconductors"
    draft = clustermap.init_project(tmp_path, [data], language="en")
    used = {Path(finding.file).name: finding.table for finding in draft.findings}
    assert used == {
        "clusters_nuts2.geojson": "clusters",
        "firms.csv": "firms",
        "institutes.csv": "institutes",
        "other_orgs.csv": "institutes",
        "participations.csv": "projects",
        "linkages_semis26.csv": "",  # they follow from the participations
        "oracle_nuts2_semis26.csv": "",
    }
    project = clustermap.open_project(draft.file)
    assert project.project.crs == "EPSG:3035"
    assert [path.name for path in certain(project.layers.institutes).path] == [
        "institutes.csv", "other_orgs.csv",
    ]  # fmt: skip
    counts = count(project)
    assert {name: row["kept"] for name, row in counts.items()} == {
        "clusters": 154, "firms": 457, "institutes": 301, "linkages_1": 1_068,
    }  # fmt: skip
    assert (counts["linkages_1"]["projects"], counts["linkages_1"]["links"]) == (26, 40_539)


def test_pairs_of_the_european_case_without_its_projects(cases: Path, tmp_path: Path) -> None:
    data = cases / "eu_semiconductors"
    files = [file for file in data.iterdir() if file.name != "participations.csv"]
    draft = clustermap.init_project(tmp_path, files)
    (linkage,) = clustermap.open_project(draft.file).linkages
    assert linkage.form == "pairs"
    assert linkage.kinds == {
        "firm-firm": "firm_firm", "firm-institute": "research", "institute-institute": "research",
    }  # fmt: skip
    counts = count(clustermap.open_project(draft.file))["linkages_1"]
    assert (counts["read"], counts["kept"]) == (38_572, 38_572)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """Write files in other words than ours, and in cp949."""
    folder = tmp_path / "data"
    build_small_world().write(folder)
    (folder / "project.toml").unlink()
    words = {
        "firms.csv": {"firm": "업체번호", "name": "업체명", "industry": "업종코드"},
        "institutes.csv": {"institute": "기관번호", "name": "기관명", "kind": "기관유형"},
        "pairs.csv": {"source": "보낸곳", "target": "받은곳", "kind": "연계유형"},
    }
    for name, columns in words.items():
        head, _, rows = (folder / name).read_text(encoding="utf-8").partition("\n")
        renamed = ",".join(columns.get(column, column) for column in head.split(","))
        text = f"{renamed}\n{rows.replace('university', '대학').replace('research', '공동연구')}"
        (folder / name).write_text(text, encoding="cp949")
    return folder


def test_the_command_writes_checks_and_says_what_comes_next(small: Path, tmp_path: Path) -> None:
    done = call("init", tmp_path / "p", small, "--language", "en")
    assert done.exit_code == 0, done.output
    file = tmp_path / "p" / "project.toml"
    assert f"clustermap run {file}" in done.output
    assert "../data/firms.csv → firms (6 columns)" in done.output
    for name, kept in (("clusters", 6), ("firms", 60), ("institutes", 6), ("linkages_1", 192)):
        assert [name, str(kept), str(kept)] in [
            line.split()[:3] for line in done.output.split("\n")
        ]
    text = file.read_text(encoding="utf-8")
    assert 'kinds = { "대학" = "university" }' in text
    assert "No file says the coordinate system; with EPSG:5179 100.0 %" in text


def test_it_speaks_to_machines(small: Path, tmp_path: Path) -> None:
    with (small / "pairs.csv").open("a", encoding="cp949") as file:
        file.write("00100,nobody,firm_firm,1,2020\n" * 20)  # more than [quality] allows
    done = call("init", tmp_path / "p", small, "--json", "--language", "en")
    found = json.loads(done.stdout)
    assert found["project"] == str(tmp_path / "p" / "project.toml")
    tables = {finding["file"]: finding["table"] for finding in found["findings"]}
    assert tables == {
        "../data/clusters.geojson": "clusters",
        "../data/firms.csv": "firms",
        "../data/institutes.csv": "institutes",
        "../data/pairs.csv": "pairs",
        "../data/partners.csv": "partners",
    }
    assert found["findings"][1]["columns"]["firm"] == "업체번호"
    # The file stands, and its check says what is wrong with the data.
    assert (done.exit_code, found["summary"]) == (1, None)
    assert "linkages_1" in done.stderr
    assert clustermap.open_project(found["project"]).linkages[0].form == "pairs"


def test_linkages_that_name_their_actors(small: Path, tmp_path: Path) -> None:
    parts = [f"P{n},주식회사 기업{n % 6 + 1}{m},2020" for n in range(12) for m in range(3)]
    (small / "과제.csv").write_text("\n".join(["과제번호,참여기관,연도", *parts]), encoding="cp949")
    project = clustermap.open_project(clustermap.init_project(tmp_path / "p", [small]).file)
    assert {linkage.form: linkage.match for linkage in project.linkages} == {
        "pairs": "id", "projects": "name",
    }  # fmt: skip
    assert project.linkages[1].path == (small / "과제.csv",)
    counts = count(project)["linkages_2"]
    assert (counts["read"], counts["kept"], counts["projects"]) == (36, 36, 12)


def test_registers_of_the_world_in_json(small: Path, tmp_path: Path) -> None:
    def place(number: int) -> dict[str, Any]:
        country = "JP" if number % 3 == 0 else "KR"
        return {"lat": 36.0 + number / 100, "lng": 127.5, "country_code": country}

    ror = [
        {
            "id": f"https://ror.org/0{number}",
            "status": "active",
            "types": ["education"],
            "names": [{"value": f"Univ {number}", "lang": "en", "types": ["ror_display"]}],
            "locations": [{"geonames_details": place(number)}],
        }
        for number in range(12)
    ]
    cordis = [
        {
            "projectID": str(100 + number // 3),
            "organisationID": str(9_000 + number % 8),
            "name": f"BETA {number % 8}",
            "activityType": ("HES", "PRC")[number % 2],
            "city": "SEOUL",
            "country": "AT" if number % 8 == 7 else "KR",
            "nutsCode": "KR1",
            "geolocation": f"{36 + number % 8 / 100},127.5",
            "role": "participant",
        }
        for number in range(24)
    ]
    projects = [
        {"id": str(100 + n), "acronym": "A", "startDate": "2021-01-01", "ecMaxContribution": "1"}
        for n in range(8)
    ]
    for name, rows in {
        "ror.json": ror,
        "organization.json": cordis,
        "project.json": projects,
    }.items():
        (tmp_path / name).write_text(json.dumps(rows), encoding="utf-8")
    clusters = small / "clusters.geojson"
    one = clustermap.init_project(tmp_path / "one", [clusters, tmp_path / "ror.json"])
    counts = count(clustermap.open_project(one.file))
    assert (counts["institutes"]["kept"], counts["partners"]["kept"]) == (8, 4)
    (tmp_path / "ror.json").write_text(json.dumps(ror[1:3]), encoding="utf-8")
    home = clustermap.init_project(tmp_path / "home", [clusters, tmp_path / "ror.json"])
    assert clustermap.open_project(home.file).layers.partners is None
    assert count(clustermap.open_project(home.file))["institutes"]["kept"] == 2
    files = [clusters, tmp_path / "organization.json", tmp_path / "project.json"]
    project = clustermap.open_project(clustermap.init_project(tmp_path / "two", files).file)
    assert project.project.countries == ("KR",)
    counts = count(project)
    kept = {name: row["kept"] for name, row in counts.items() if name != "clusters"}
    assert kept == {"institutes": 4, "firms": 3, "partners": 1, "linkages_1": 24}
    assert counts["linkages_1"]["projects"] == 8


def test_who_is_abroad_is_not_known_outside_korea(tmp_path: Path) -> None:
    ring = [[9.0, 48.0], [9.5, 48.0], [9.5, 48.5], [9.0, 48.5], [9.0, 48.0]]
    shape = {"type": "Polygon", "coordinates": [ring]}
    feature = {"type": "Feature", "properties": {"cluster": "A", "name": "A"}, "geometry": shape}
    (tmp_path / "clusters.geojson").write_text(
        json.dumps({"type": "FeatureCollection", "features": [feature]}), encoding="utf-8"
    )
    heads = "projectID;organisationID;name;activityType;city;country;nutsCode;geolocation;role"
    kinds = ("PRC", "HES", "PRC")
    rows = [f"{n};{n};N{n};{kinds[n % 3]};ULM;DE;DE1;48.2,9.2;x" for n in range(6)]
    (tmp_path / "organization.csv").write_text("\n".join([heads, *rows]), encoding="utf-8")
    file = clustermap.init_project(tmp_path, language="en").file
    assert clustermap.open_project(file).layers.partners is None
    text = file.read_text(encoding="utf-8")
    assert "# [layers.partners]" in text
    assert '# countries = ["KR"]' in text
    assert count(clustermap.open_project(file))["firms"]["kept"] == 4


def test_a_project_file_is_not_written_over(small: Path) -> None:
    file = small / "project.toml"
    file.write_text("mine", encoding="utf-8")
    done = call("init", small, "--language", "en")
    assert done.exit_code == 1
    assert "--force" in done.stderr
    assert file.read_text(encoding="utf-8") == "mine"
    clustermap.init_project(small, force=True)
    firms = certain(clustermap.open_project(file).layers.firms)
    assert firms.path == (small / "firms.csv",)
    assert sorted(path.name for path in small.iterdir() if path.name.startswith(".")) == []


def test_without_clusters_nothing_is_written(small: Path, tmp_path: Path) -> None:
    done = call("init", tmp_path / "p", small / "firms.csv", "--language", "en")
    assert (done.exit_code, done.stderr.count("\n")) == (1, 1)
    assert "no file holds clusters" in done.stderr
    assert not (tmp_path / "p").exists()
    done = call("init", tmp_path / "p", small / "nothing.csv")
    assert done.exit_code == 1
    assert "nothing.csv" in done.stderr


def test_layers_of_a_geopackage(small: Path, tmp_path: Path) -> None:
    clusters = gpd.read_file(small / "clusters.geojson")
    file = tmp_path / "모두.gpkg"
    clusters.to_file(file, layer='단지 "하나"', driver="GPKG")
    spots = clusters.set_geometry(clusters.representative_point())
    spots = spots.rename(columns={"cluster": "업체번호", "name": "업체명"})
    spots.to_file(file, layer="기업", driver="GPKG")
    draft = clustermap.init_project(tmp_path, [file])
    project = clustermap.open_project(draft.file)
    assert project.layers.clusters.layer == '단지 "하나"'
    firms = certain(project.layers.firms)
    assert (firms.layer, firms.crs) == ("기업", None)
    ledger = Ledger(0.05, strict=True)
    read_layers(project, ledger, no_progress)
    assert ledger.summary()["firms"]["assigned_inside"] == 6


@pytest.mark.parametrize(
    "name",
    [
        'a"b.csv', "a#b'.csv", "[x]*.csv", "a\\b.csv", "기업 목록.csv", " .csv ", "기업.csv",
        "a\nb.csv", "a\x7fb.csv", "a\u2028b.csv", "\udcff.csv", "'''.csv", '""".csv', "{0}.csv",
    ],
)  # fmt: skip
def test_hostile_names_of_files(small: Path, tmp_path: Path, name: str) -> None:
    file = tmp_path / "data" / name
    try:
        shutil.copy(small / "firms.csv", file)
    except (OSError, UnicodeEncodeError):
        pytest.skip("this system has no such names")
    draft = clustermap.init_project(tmp_path / "p", [small / "clusters.geojson", file])
    project = clustermap.open_project(draft.file)
    if name.isprintable() and file.suffix == ".csv":
        assert certain(project.layers.firms).path == (file,)
    else:
        assert project.layers.firms is None
        assert [finding.table for finding in draft.findings] == ["clusters", ""]


def test_a_file_named_twice_is_read_once(small: Path, tmp_path: Path) -> None:
    draft = clustermap.init_project(tmp_path, [small, small / "firms.csv"])
    project = clustermap.open_project(draft.file)
    assert certain(project.layers.firms).path == (small / "firms.csv",)


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "project.toml").mkdir()
    with pytest.raises(TableFault) as fault:
        clustermap.init_project(tmp_path, force=True)
    assert fault.value.reason == "project_in_the_way"


def test_the_example_of_the_page(root: Path, small: Path) -> None:
    page = (root / "docs" / "sources" / "init.md").read_text(encoding="utf-8")
    (rows,) = re.findall(r"```csv\n(.*?)```", page, re.DOTALL)
    (section,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    (small / "firms.csv").write_text(rows, encoding="cp949")
    written = clustermap.init_project(small).file.read_text(encoding="utf-8")
    expected = tomllib.loads(section)["layers"]["firms"]
    assert tomllib.loads(written)["layers"]["firms"] == expected
    assert "쓰지 않은 열: 전화" in written
