"""Proposing: which table a file is, what its columns and values mean, where its points lie."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyproj
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from clustermap.errors import TableFault
from clustermap.messages import say
from clustermap.sources import dialects
from clustermap.sources.dialects import Dialect
from clustermap.sources.peek import Peek
from clustermap.stages.proposing import Proposal, propose
from clustermap.stages.proposing.spelling import quote, spell_list, spell_mapping

if TYPE_CHECKING:
    from collections.abc import Sequence

NOBODY = np.empty(0, dtype=object)
SQUARES = [
    shapely.box(950_000 + 9_000 * n, 1_950_000, 954_000 + 9_000 * n, 1_954_000) for n in range(3)
]
TEXTS = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=12)


def look(name: str, rows: dict[str, Sequence[str | None]], layer: str = "") -> Peek:
    table = pa.table({key: pa.array(values, pa.string()) for key, values in rows.items()})
    return Peek(Path("/data") / name, layer, table, "", NOBODY, "")


def areas(name: str, rows: dict[str, list[str]], crs: str = "EPSG:5179", layer: str = "") -> Peek:
    found = look(name, rows, layer)
    shapes = np.array(SQUARES[: found.rows.num_rows], dtype=object)
    return Peek(found.path, layer, found.rows, "polygons", shapes, crs)


CLUSTERS = areas("단지.gpkg", {"단지번호": ["1", "2", "3"], "단지명": ["가", "나", "다"]})


def put(*peeks: Peek) -> Proposal:
    everything = (CLUSTERS, *peeks)
    names = {peek.path: f"data/{peek.path.name}" for peek in everything}
    return propose(everything, {}, names, name="p", language="en")


def read(*peeks: Peek) -> dict[str, Any]:
    return tomllib.loads(put(*peeks).text)


def told(proposal: Proposal, file: str) -> str:
    return " ".join(
        say(message, "en")
        for finding in proposal.findings
        if finding.file == f"data/{file}"
        for message in finding.told
    )


def degrees(code: str, number: int = 40) -> tuple[list[str], list[str]]:
    """Return columns of points in the first square, in some system."""
    rng = np.random.default_rng(1)
    x, y = rng.uniform(951_000, 953_000, number), rng.uniform(1_951_000, 1_953_000, number)
    away = pyproj.Transformer.from_crs("EPSG:5179", code, always_xy=True)
    return tuple([str(value) for value in values] for values in away.transform(x, y))


FIRMS = {"업체번호": ["f1", "f2"], "업체명": ["ㄱ", "ㄴ"]}
INSTITUTES = {"기관번호": ["i1", "i2"], "기관명": ["ㄷ", "ㄹ"], "기관유형": ["대학", "연구소"]}


def test_clusters_alone_are_a_project() -> None:
    found = read()
    assert found["layers"] == {
        "clusters": {
            "path": "data/단지.gpkg", "columns": {"cluster": "단지번호", "name": "단지명"},
        }
    }  # fmt: skip
    assert found["project"]["crs"] == "EPSG:5179"


def test_columns_are_found_however_they_are_written() -> None:
    rows = {"업체 번호": ["1"], "Company_Name": ["a"], "매출액(백만원)": ["3"], "종업원 수": ["2"]}
    layer = read(look("x.csv", rows))["layers"]["firms"]
    assert layer["columns"] == {
        "firm": "업체 번호",
        "name": "Company_Name",
        "sales": "매출액(백만원)",
        "employees": "종업원 수",
    }
    assert layer["units"] == {"sales": "1e6 KRW"}


def test_our_own_names_need_no_columns() -> None:
    layer = read(look("x.csv", {"firm": ["1"], "name": ["a"], "employees": ["3"]}))
    assert layer["layers"]["firms"] == {"path": "data/x.csv"}


def test_kinds_are_understood_or_said_to_be_not() -> None:
    rows = {
        "기관번호": ["1", "2", "3", "4"],
        "기관명": list("abcd"),
        "기관유형": ["국립대학교", "university", "동아리", "병원"],
    }
    proposal = put(look("x.csv", rows))
    layer = tomllib.loads(proposal.text)["layers"]["institutes"]
    assert layer["kinds"] == {"국립대학교": "university", "동아리": "other", "병원": "hospital"}
    assert "put down as other, to be checked: 동아리" in told(proposal, "x.csv")
    assert "by how they end, to be checked: 국립대학교" in told(proposal, "x.csv")


def test_the_kinds_decide_between_firms_and_institutes() -> None:
    rows = {"organisationID": ["1", "2"], "name": ["a", "b"]}
    firms = look("a.csv", {**rows, "kind": ["firm", "firm"]})
    others = look("b.csv", {**rows, "kind": ["university", "facility"]})
    layers = read(firms, others)["layers"]
    assert layers["firms"]["path"] == "data/a.csv"
    assert layers["institutes"]["path"] == "data/b.csv"
    assert layers["institutes"]["kinds"] == {"facility": "public_institute"}


def test_a_country_alone_makes_no_partner() -> None:
    rows = {"기관번호": ["1", "2"], "기관명": ["a", "b"], "국가": ["독일", "미국"]}
    assert read(look("x.csv", rows))["layers"]["partners"]["columns"]["country"] == "국가"
    x, y = degrees("EPSG:4326", 2)
    placed = {**rows, "경도": x, "위도": y}
    proposal = put(look("x.csv", placed))
    assert "partners" not in tomllib.loads(proposal.text)["layers"]
    assert "not recognised" in told(proposal, "x.csv")
    assert "partners" in read(look("해외기관.csv", placed))["layers"]
    full = {**placed, "기관유형": ["대학", "연구소"]}
    assert "institutes" in read(look("x.csv", full))["layers"]


def test_files_of_the_same_columns_are_one_list() -> None:
    more = {"업체번호": ["f3"], "업체명": ["ㅁ"]}
    other = {"기업번호": ["f4"], "업체명": ["ㅂ"]}
    proposal = put(look("a.csv", FIRMS), look("b.csv", more), look("c.csv", other))
    layer = tomllib.loads(proposal.text)["layers"]["firms"]
    assert layer["path"] == ["data/a.csv", "data/b.csv"]
    assert "differ from those of a.csv" in told(proposal, "c.csv")


def test_a_column_that_one_file_lacks_is_not_stated() -> None:
    more = {"업체번호": ["f3"], "업체명": ["ㅁ"], "종업원수": ["1"]}
    layer = read(look("a.csv", FIRMS), look("b.csv", more))["layers"]["firms"]
    assert layer["columns"] == {"firm": "업체번호", "name": "업체명"}


def test_a_file_of_regions_beside_the_clusters() -> None:
    regions = areas("시도.gpkg", {"시도코드": ["11", "21"], "시도명": ["서울", "부산"]})
    layers = read(regions)["layers"]
    assert layers["regions"]["columns"] == {"region": "시도코드", "name": "시도명"}
    assert layers["clusters"]["path"] == "data/단지.gpkg"


def test_layers_of_one_geopackage() -> None:
    zones = areas("all.gpkg", {"dan_id": ["1"], "dan_name": ["a"]}, layer="zones")
    spots = look("all.gpkg", FIRMS, layer="firms")
    names = {zones.path: "all.gpkg"}
    text = propose([zones, spots], {}, names, name="p", language="ko").text
    layers = tomllib.loads(text)["layers"]
    assert layers["clusters"]["layer"] == "zones"
    assert (layers["firms"]["path"], layers["firms"]["layer"]) == ("all.gpkg", "firms")


def test_names_stand_for_identifiers_where_there_are_none() -> None:
    rows = {"기관명": ["a", "b"], "기관유형": ["대학", "병원"]}
    pairs = {"보낸기관": ["a"], "받은기관": ["b"], "연계유형": ["공동연구"]}
    found = read(look("x.csv", rows), look("y.csv", pairs))
    assert found["layers"]["institutes"]["columns"]["institute"] == "기관명"
    assert found["linkages"][0]["form"] == "pairs"
    twice = {"기관명": ["a", "a"], "기관유형": ["대학", "병원"]}
    assert "institutes" not in read(look("x.csv", twice))["layers"]


def test_linkages_say_which_column_identifies() -> None:
    firms = {"업체번호": ["1", "2"], "사업자등록번호": ["b1", "b2"], "업체명": ["ㄱ", "ㄴ"]}
    pairs = {"출발": ["b1"], "도착": ["b2"]}
    proposal = put(look("firms.csv", firms), look("links.csv", pairs))
    found = tomllib.loads(proposal.text)
    assert found["layers"]["firms"]["columns"]["firm"] == "사업자등록번호"
    assert "Linkages use the values of '사업자등록번호'" in told(proposal, "firms.csv")


NTIS = {
    "과제고유번호": ["1", "2"],
    "과제수행기관명": ["ㄷ", "ㄹ"],
    "공동연구기관": ["(주)ㄱ;ㄴ", "㈜ㄴ"],
}


@pytest.mark.parametrize("numbered", [True, False])
def test_names_of_actors_of_several_layers_are_matched_by_name(*, numbered: bool) -> None:
    # Whoever leads a project is an institute, whoever takes part in it is a firm.
    own = {name: cells for name, cells in INSTITUTES.items() if numbered or name != "기관번호"}
    proposal = put(look("f.csv", FIRMS), look("i.csv", own), look("ntis.csv", NTIS))
    found = tomllib.loads(proposal.text)
    institute = found["layers"]["institutes"]["columns"]["institute"]
    assert institute == ("기관번호" if numbered else "기관명")
    assert found["layers"]["firms"]["columns"]["firm"] == "업체번호"
    assert found["linkages"][0]["match"] == "name"
    assert "given by name and not by identifier" in told(proposal, "ntis.csv")


def test_identifiers_of_some_unknown_actors_stay_identifiers() -> None:
    links = {"출발": ["f1", "f9"], "도착": ["f2", "f8"]}
    found = read(look("firms.csv", FIRMS), look("links.csv", links))
    assert "match" not in found["linkages"][0]


def test_linkages_of_nobody_are_not_read() -> None:
    proposal = put(look("firms.csv", FIRMS), look("links.csv", {"출발": ["q"], "도착": ["r"]}))
    assert "linkages" not in tomllib.loads(proposal.text)
    assert "None of its actors" in told(proposal, "links.csv")
    assert '# form = "pairs"' in proposal.text


@pytest.mark.parametrize("same", [True, False])
def test_pairs_that_follow_from_projects_are_not_counted_twice(*, same: bool) -> None:
    parts = {"과제번호": ["p", "p", "q"], "참여기관": ["f1", "f2", "f1"]}
    pairs = {"출발": ["f1"], "도착": ["f2" if same else "i1"]}
    proposal = put(
        look("firms.csv", FIRMS),
        look("i.csv", INSTITUTES),
        look("parts.csv", parts),
        look("links.csv", pairs),
    )
    forms = [linkage["form"] for linkage in tomllib.loads(proposal.text)["linkages"]]
    assert forms == (["projects"] if same else ["pairs", "projects"])
    assert ("100%" in told(proposal, "links.csv")) == same


def test_a_taxonomy() -> None:
    rows = {"산업": ["반도체"], "코드앞자리": ["261"]}
    assert read(look("x.csv", rows))["industries"] == {"path": "data/x.csv"}


@pytest.mark.parametrize("code", ["EPSG:4326", "EPSG:5179", "EPSG:5186", "EPSG:5174", "EPSG:5181"])
def test_the_system_that_puts_points_into_clusters(code: str) -> None:
    x, y = degrees(code)
    rows = {
        "업체번호": [str(n) for n in range(len(x))],
        "업체명": ["a"] * len(x),
        "X좌표": x,
        "Y좌표": y,
    }
    proposal = put(look("x.csv", rows))
    layer = tomllib.loads(proposal.text)["layers"]["firms"]
    said = told(proposal, "x.csv")
    if code in {"EPSG:5174", "EPSG:5181"}:  # some hundred metres: squares of 4 km cannot tell
        assert layer["crs"] in {"EPSG:5181", "EPSG:5174", "EPSG:2097"}
        assert code in said
        assert "Some hundred metres cannot be told apart" in said
    else:
        assert layer["crs"] == code
        assert "100.0 % of the points" in said
    assert layer["columns"]["x"] == "X좌표"


def test_northing_first_is_turned_round() -> None:
    x, y = degrees("EPSG:5186")
    rows = {
        "업체번호": [str(n) for n in range(len(x))],
        "업체명": ["a"] * len(x),
        "X좌표": y,
        "Y좌표": x,
    }
    proposal = put(look("x.csv", rows))
    layer = tomllib.loads(proposal.text)["layers"]["firms"]
    assert (layer["crs"], layer["columns"]["x"]) == ("EPSG:5186", "Y좌표")
    assert "x and y were exchanged" in told(proposal, "x.csv")


def test_points_nowhere_near_have_no_system() -> None:
    rows = {**FIRMS, "X좌표": ["1e9", "2e9"], "Y좌표": ["1e9", "x"]}
    proposal = put(look("x.csv", rows))
    assert "crs" not in tomllib.loads(proposal.text)["layers"]["firms"]
    assert "could not be found" in told(proposal, "x.csv")


@pytest.mark.parametrize("stated", ["", 'LOCAL_CS["nowhere"]'])
def test_boundaries_without_a_system_are_guessed_and_said_so(stated: str) -> None:
    clusters = areas("a.shp", {"dan_id": ["1"], "dan_name": ["a"]}, crs=stated)
    proposal = propose([clusters], {}, {clusters.path: "a.shp"}, name="p", language="en")
    assert tomllib.loads(proposal.text)["layers"]["clusters"]["crs"] == "EPSG:5179"
    assert "do not say their coordinate system" in proposal.text
    assert ("without a code" in proposal.text) == bool(stated)


def test_no_clusters_is_a_fault_that_names_the_nearest() -> None:
    near = look("단지목록.csv", {"단지번호": ["1"], "단지명": ["a"]})
    with pytest.raises(TableFault) as fault:
        propose([near], {}, {near.path: "a"}, name="p", language="ko")
    assert (fault.value.reason, fault.value.table) == ("init_near_clusters", "단지목록.csv")
    assert "it has no polygons" in str(fault.value)
    with pytest.raises(TableFault) as fault:
        propose([], {}, {}, name="p", language="ko")
    assert fault.value.reason == "init_no_clusters"


def test_what_could_not_be_read_is_listed() -> None:
    path = Path("/data/x.pdf")
    fault = TableFault("unknown_format", table="x", value="x.pdf", known="csv")
    names = {CLUSTERS.path: "c.gpkg", path: "x.pdf"}
    proposal = propose([CLUSTERS], {path: fault}, names, name="p", language="en")
    assert "# - x.pdf: x, value 'x.pdf': this format cannot be read" in proposal.text
    # No section of the file is there yet that could be taken out.
    empty = TableFault("empty_layer", table="x")
    proposal = propose([CLUSTERS], {path: empty}, names, name="p", language="en")
    assert "# - x.pdf: it has no rows." in proposal.text


WORKS = Dialect(
    "works", "firms", frozenset({"번호", "상호"}), {"firm": "번호", "name": "상호"}, crs="EPSG:5174"
)
PARTS = Dialect(
    "works", "projects", frozenset({"번호", "상호"}), {"project": "상호", "participant": "번호"}
)


def test_a_dialect_is_recognised_for_every_table_that_it_fills(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dialects, "DIALECTS", (WORKS, PARTS))
    proposal = put(look("x.csv", {"번호": ["1"], "상호": ["a"], "X좌표": ["1"], "Y좌표": ["2"]}))
    found = tomllib.loads(proposal.text)
    # Its columns and system are known: nothing of them is stated.
    assert found["layers"]["firms"] == {"path": "data/x.csv"}
    assert found["linkages"] == [{"path": "data/x.csv", "form": "projects"}]
    assert "Recognised as works" in proposal.text
    assert [finding.dialect for finding in proposal.findings] == ["", "works", "works"]


@given(st.dictionaries(TEXTS, TEXTS, min_size=1))
def test_what_is_quoted_comes_back(mapping: dict[str, str]) -> None:
    texts = list(mapping.values())
    assert tomllib.loads(f"a = {spell_mapping(mapping)}")["a"] == mapping
    assert tomllib.loads(f"a = {quote(texts[0])}")["a"] == texts[0]
    back = tomllib.loads(f"a = {spell_list(texts)}")["a"]
    assert back == (texts if len(texts) > 1 else texts[0])


@given(st.text(" _-.()[]{}<>\t\n\r", max_size=5), TEXTS, TEXTS, TEXTS, TEXTS)
def test_hostile_names_stay_names(
    between: str, unused: str, kind: str, file: str, name: str
) -> None:
    column, key = f"기관{between}유형", f"기관번호{between}"
    rows: dict[str, Sequence[str]] = {
        key: ["1", "2"], "기관명": ["a", "b"], column: ["대학", kind], f"\"#'{unused}": ["", ""],
    }  # fmt: skip
    peeks = [CLUSTERS, look("x", rows, layer=file)]
    names = {CLUSTERS.path: "c.gpkg", peeks[1].path: f"a/{file}"}
    text = propose(peeks, {}, names, name=name, language="ko").text
    layers = tomllib.loads(text)["layers"]
    assert all(line.isprintable() for line in text.split("\n"))
    if "institutes" in layers:  # but for paths that no project file can name
        layer = layers["institutes"]
        assert layer["path"] == f"a/{file}"
        assert layer["layer"] == file
        assert layer["columns"] == {"institute": key, "name": "기관명", "kind": column}
        assert layer["kinds"]["대학"] == "university"
        assert len(layer["kinds"]) <= 2
    else:
        assert not file.isprintable()


def test_every_line_of_the_defaults_is_one_of_a_project_file() -> None:
    defaults = put().text.split("# [assign]")[1]
    lines = [line.removeprefix("# ") for line in f"[assign]{defaults}".split("\n")]
    found = tomllib.loads("\n".join(lines))
    assert list(found) == ["assign", "score", "select", "publish", "export", "quality"]
    assert found["score"]["local_m"] == [0, 10_000, 30_000]


def test_what_a_dialect_cannot_read_is_read_by_words(monkeypatch: pytest.MonkeyPatch) -> None:
    empty = replace(
        WORKS,
        signature=frozenset({"업체번호"}),
        columns={"firm": "업체번호"},
        convert=lambda chunk: replace(chunk, rows=chunk.rows.slice(0, 0)),
    )
    monkeypatch.setattr(dialects, "DIALECTS", (empty,))
    layer = read(look("x.csv", FIRMS))["layers"]["firms"]
    assert (layer["dialect"], layer["columns"]["firm"]) == ("none", "업체번호")


def test_a_header_alone_is_no_table() -> None:
    proposal = put(look("x.csv", {"업체번호": [], "업체명": []}))
    assert "it has no rows" in told(proposal, "x.csv")


def test_a_register_of_the_world_says_which_countries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dialects, "DIALECTS", (replace(WORKS, country="나라"),))
    text = put(look("x.csv", {"번호": ["1"], "상호": ["a"], "나라": ["KR"]})).text
    assert '\ncountries = ["KR"]  #' in text
    assert "countries" not in put().text
