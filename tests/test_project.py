"""The project file: what it accepts, and the one line that each mistake ends in."""

from __future__ import annotations

import json
import pickle
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clustermap.errors import TableFault
from clustermap.project import list_keys, open_project
from tests.certain import certain

if TYPE_CHECKING:
    from pathlib import Path

HEAD = """
schema = 1
[project]
name = "반도체"
[layers.clusters]
path = "clusters.geojson"
"""
PAIRS = """
[[linkages]]
path = "links.csv"
form = "pairs"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("clusters.geojson", "firms.csv", "b2.csv", "b1.csv", "._b3.csv", "links.csv"):
        (tmp_path / name).write_text("", encoding="utf-8")
    return tmp_path


def write(folder: Path, text: str) -> Path:
    file = folder / "project.toml"
    file.write_text(text, encoding="utf-8")
    return file


def refuse(folder: Path, text: str) -> TableFault:
    with pytest.raises(TableFault) as refused:
        open_project(write(folder, text))
    return refused.value


def test_defaults_are_those_of_the_design(folder: Path) -> None:
    project = open_project(write(folder, HEAD))
    assert project.schema_ == 1
    assert project.project.out == folder / "out"
    assert (project.project.crs, project.project.language) == ("EPSG:5179", "ko")
    assert (project.project.seed, project.project.currency) == (1, "KRW")
    assert not project.project.synthetic
    assert project.layers.clusters.path == (folder / "clusters.geojson",)
    assert project.layers.clusters.overlaps == "smallest"
    assert project.layers.firms is None
    assert project.linkages == ()
    assert project.assign.nearest_m == 0
    assert (project.score.profile, project.score.draws) == ("balanced", 1000)
    assert (project.publish.min_firms, project.publish.dominance) == (3, 0.8)
    assert project.quality.max_refused == 0.05
    assert (project.folder, project.file) == (folder, folder / "project.toml")


def test_a_byte_order_mark_is_no_fault(folder: Path) -> None:
    file = write(folder, "")
    file.write_bytes(b"\xef\xbb\xbf" + HEAD.encode())
    assert open_project(str(file)).project.name == "반도체"


def test_files_lists_and_globs_are_found(folder: Path) -> None:
    (folder / "more").mkdir()
    (folder / "more" / "deep.csv").write_text("", encoding="utf-8")
    text = f'{HEAD}[layers.firms]\npath = ["firms.csv", "b*.csv", "b1.csv", "**/deep.csv"]\n'
    firms = certain(open_project(write(folder, text)).layers.firms)
    names = [path.relative_to(folder).as_posix() for path in firms.path]
    assert names == ["firms.csv", "b1.csv", "b2.csv", "more/deep.csv"]


def test_a_file_named_like_a_glob_is_that_file(folder: Path) -> None:
    (folder / "firms[1].csv").write_text("", encoding="utf-8")
    firms = certain(
        open_project(write(folder, f'{HEAD}[layers.firms]\npath = "firms[1].csv"')).layers.firms
    )
    assert firms.path == (folder / "firms[1].csv",)


def test_paths_count_from_the_project_file(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder, HEAD)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    assert open_project("../project.toml").layers.clusters.path == (folder / "clusters.geojson",)


def test_units_are_factors(folder: Path) -> None:
    text = f'{HEAD}[layers.firms]\npath = "firms.csv"\nunits = {{ sales = "1e6 KRW" }}'
    firms = certain(open_project(write(folder, text)).layers.firms)
    assert firms.factors == {"sales": 1e6}


def test_linkages_keep_what_is_said(folder: Path) -> None:
    text = PAIRS + 'kinds = { "firm-firm" = "firm_firm" }\ndirected = true\nsince = 2019\n'
    (linkage,) = open_project(write(folder, HEAD + text)).linkages
    assert (linkage.form, linkage.kinds) == ("pairs", {"firm-firm": "firm_firm"})
    assert (linkage.directed, linkage.since, linkage.until) == (True, 2019, None)


def test_documents_take_one_kind_or_that_of_their_ends(folder: Path) -> None:
    documents = PAIRS.replace('"pairs"', '"documents"')
    text = HEAD + documents + 'kind = "transfer"\n' + documents
    stated, derived = open_project(write(folder, text)).linkages
    assert (stated.form, stated.kind, derived.kind) == ("documents", "transfer", None)


def test_local_links_end_at_radii_or_at_the_region(folder: Path) -> None:
    assert open_project(write(folder, HEAD)).score.radii_m == (0, 10_000, 30_000)
    text = HEAD + "[score]\nlocal_m = [0, 2.5e3]\n"
    assert open_project(write(folder, text)).score.radii_m == (0, 2500)
    text = HEAD + '[score]\nlocal_by = "region"\nnull = "constrained"\n'
    score = open_project(write(folder, text)).score
    assert (score.radii_m, score.null) == ((), "constrained")


FAULTS = {
    "unknown key": ('[layers.firms]\npth = "firms.csv"', "project_unknown_key", "path"),
    "unknown section": ("[scoring]\ndraws = 1", "project_unknown_key", "score"),
    "stage that does not exist": ("[whatever]\npath = 1", "project_unknown_key", "Known here"),
    "layer that does not exist": ("[layers.suport]\n", "project_unknown_key", "support"),
    "null that is none": ('[score]\nnull = "gravity"', "project_bad_value", "no_distance"),
    "radii that start nowhere": ("[score]\nlocal_m = [10000]", "project_bad_value", "[0, 10000"),
    "no radii": ("[score]\nlocal_m = []", "project_bad_value", "[0, 10000"),
    "radii that fall": ("[score]\nlocal_m = [0, 3, 2]", "project_bad_value", "ascending from 0"),
    "radii that stay": ("[score]\nlocal_m = [0, 3, 3]", "project_bad_value", "ascending from 0"),
    "seven radii": ("[score]\nlocal_m = [0,1,2,3,4,5,6]", "project_bad_value", "up to 6"),
    "radii and regions": (
        '[score]\nlocal_m = [0, 5000]\nlocal_by = "region"',
        "project_either",
        "Keep one",
    ),
    "kinds where none are": (
        '[layers.regions]\npath = "firms.csv"\nkinds = { a = "firm" }',
        "project_unknown_key",
        "columns",
    ),
    "coordinate system of what has no place": (
        '[layers.support]\npath = "firms.csv"\ncrs = "EPSG:4326"',
        "project_unknown_key",
        "columns",
    ),
    "kind of none of its lists": (
        '[layers.support]\npath = "firms.csv"\nkinds = { "공동" = "together" }',
        "project_bad_value",
        "joint, solo, public, private",
    ),
    "missing key": ('[layers.firms]\nencoding = "cp949"', "project_missing_key", "path"),
    "unknown column": (
        '[layers.firms]\npath = "firms.csv"\ncolumns = { emplyees = "a" }',
        "project_unknown_column",
        "employees",
    ),
    "unknown kind": (
        '[layers.institutes]\npath = "b1.csv"\nkinds = { "대학" = "univ" }',
        "project_bad_value",
        "university",
    ),
    "form that is none": (PAIRS.replace('"pairs"', '"papers"'), "project_bad_value", "documents"),
    "direction of documents": (
        PAIRS.replace('"pairs"', '"documents"') + "directed = true",
        "project_bad_value",
        "no direction",
    ),
    "kinds of documents": (
        PAIRS.replace('"pairs"', '"documents"') + 'kinds = { a = "other" }',
        "project_unknown_key",
        "kind",
    ),
    "kind of documents that is none": (
        PAIRS.replace('"pairs"', '"documents"') + 'kind = "patent"',
        "project_bad_value",
        "transfer",
    ),
    "not repeated": (PAIRS.replace("[[", "[").replace("]]", "]"), "project_bad_value", "[["),
    "kind and kinds": (
        PAIRS + 'kind = "transfer"\nkinds = { a = "other" }',
        "project_conflict",
        "kind",
    ),
    "kind that is none": (PAIRS + 'kind = "friend"', "project_bad_value", "mobility"),
    "years": (PAIRS + "since = 2020\nuntil = 2010", "project_bad_value", "since"),
    "number as text": ('[assign]\nnearest_m = "5"', "project_bad_value", "number"),
    "infinite": ("[assign]\nnearest_m = inf", "project_bad_value", "number"),
    "negative": ("[assign]\nnearest_m = -1", "project_bad_value", "≥ 0"),
    "fraction": ("[score]\ndraws = 1.5", "project_bad_value", "whole number"),
    "truth as number": ("[publish]\ninternal = 1", "project_bad_value", "true"),
    "units where none are": (
        '[layers.institutes]\npath = "b1.csv"\nunits = { x = "1e6 KRW" }',
        "project_unknown_key",
        "columns",
    ),
    "units of no money": (
        '[layers.firms]\npath = "firms.csv"\nunits = { employees = "1e6 KRW" }',
        "project_bad_value",
        "sales",
    ),
    "unit that is none": (
        '[layers.firms]\npath = "firms.csv"\nunits = { sales = "million" }',
        "project_bad_value",
        "1e6 KRW",
    ),
    "unit of another currency": (
        '[layers.firms]\npath = "firms.csv"\nunits = { sales = "1e3 EUR" }',
        "project_bad_value",
        "KRW",
    ),
    "encoding": (
        '[layers.firms]\npath = "firms.csv"\nencoding = "cp9499"',
        "project_bad_value",
        "cp949",
    ),
    "delimiter": (
        '[layers.firms]\npath = "firms.csv"\ndelimiter = "::"',
        "project_bad_value",
        "one character",
    ),
    "format": ('[export]\nformats = ["dwg"]', "project_bad_value", "gpkg"),
    "no path": ("[layers.firms]\npath = []", "project_bad_value", "path"),
    "path of control characters": (
        '[layers.firms]\npath = "a\\u0000b"',
        "project_bad_value",
        "path",
    ),
    "missing file": ('[layers.firms]\npath = "none.csv"', "project_missing_file", "folder"),
    "endless name": (f'[layers.firms]\npath = "{"x" * 5000}"', "project_missing_file", "folder"),
    "a folder": ('[layers.firms]\npath = "./"', "project_folder", '"./*.csv"'),
    "empty glob": ('[layers.firms]\npath = "c*.csv"', "project_empty_glob", "pattern"),
    "bad glob": ('[layers.firms]\npath = "**.csv"', "project_empty_glob", "pattern"),
    "several for one": ('[industries]\npath = "b*.csv"', "project_bad_value", "one file"),
    "address": ('[layers.firms]\npath = "https://a/b.csv"', "project_path_refused", "Download"),
    "database in a list": (
        '[layers.firms]\npath = ["postgresql://a/b"]',
        "project_database_address",
        "one address alone",
    ),
    "database of industries": (
        '[industries]\npath = "postgresql://a/b"',
        "project_database_address",
        "[[linkages]]",
    ),
    "database without table": (
        '[layers.firms]\npath = "postgresql://a/b"',
        "project_database_table",
        "schema.table",
    ),
    "table and query": (
        '[layers.firms]\npath = "postgresql://a/b"\ntable = "t"\nquery = "select 1"',
        "project_database_table",
        "either",
    ),
    "query of a file": (
        '[layers.firms]\npath = "firms.csv"\nquery = "select 1"',
        "project_database_only",
        "postgresql://",
    ),
    "layer of a database": (
        '[layers.firms]\npath = "postgresql://a/b"\ntable = "t"\nlayer = "t"',
        "project_file_only",
        "Take it out",
    ),
    "address with a password": (
        '[layers.firms]\npath = "postgresql://u:secret@a/b"\ntable = "t"',
        "project_database_password",
        "PGPASSWORD",
    ),
    "selection without advice": (
        "[score]\nadvice = false\n[select]\nbudget = 1",
        "project_either",
        "score.advice = false and select exclude each other",
    ),
    "export with a password": (
        '[export.postgis]\nurl = "postgresql://u:secret@a/b"',
        "project_database_password",
        "PGPASSWORD",
    ),
    "export to a file": (
        '[export.postgis]\nurl = "out.gpkg"',
        "project_database_address",
        "postgresql://",
    ),
    "export to a number": ("[export.postgis]\nurl = 1", "project_bad_value", "text"),
    "schema of the system": (
        '[export.postgis]\nurl = "postgresql://a/b"\nschema = "pg_catalog"',
        "project_bad_value",
        "63 bytes",
    ),
    "virtual": ('[layers.firms]\npath = "/vsicurl/a"', "project_path_refused", "Download"),
    "virtual by a detour": (
        f'[layers.firms]\npath = "{"../" * 40}vsizip/a"',
        "project_path_refused",
        "Download",
    ),
    "not TOML": ("x = ", "project_not_toml", "row 7"),
    "key twice": ("[project]\n", "project_not_toml", "row 7"),
    "nested without end": ("a = " + "[" * 5000, "project_not_toml", "TOML"),
    "digits without end": ("a = " + "1" * 5000, "project_not_toml", "TOML"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_every_mistake_is_one_line_with_its_cure(folder: Path, name: str) -> None:
    text, reason, cure = FAULTS[name]
    fault = refuse(folder, HEAD + text)
    assert fault.reason == reason
    assert fault.line("en").startswith("project.toml")
    assert cure in fault.line("en")
    for line in (fault.line("ko"), fault.line("en")):
        assert line.isprintable()
        assert len(line) < 500


def test_a_fault_names_section_key_and_value(folder: Path) -> None:
    fault = refuse(folder, f'{HEAD}{PAIRS}{PAIRS}directed = "yes"')
    assert fault.table == "project.toml [[linkages]] 2"
    assert (fault.key, fault.value) == ("directed", "yes")
    fault = refuse(folder, f'{HEAD}[layers.institutes]\npath = "b1.csv"\nkinds = {{ a = "b" }}')
    assert fault.table == "project.toml [layers.institutes]"
    assert (fault.key, fault.value) == ("kinds.a", "b")


def test_schema_and_clusters_are_required(folder: Path) -> None:
    assert refuse(folder, HEAD.replace("schema = 1", "")).key == "schema"
    assert refuse(folder, HEAD.replace("schema = 1", "schema = 2")).value == 2
    fault = refuse(folder, 'schema = 1\n[project]\nname = "a"\n[layers]\n')
    assert (fault.table, fault.key) == ("project.toml [layers]", "clusters")


def test_other_encodings_are_named(folder: Path) -> None:
    file = write(folder, "")
    file.write_bytes(HEAD.encode("cp949"))
    with pytest.raises(TableFault) as refused:
        open_project(file)
    assert (refused.value.reason, refused.value.row) == ("project_not_utf8", 4)


def test_a_missing_project_and_a_folder_are_faults(folder: Path) -> None:
    with pytest.raises(TableFault, match=r"none\.toml"):
        open_project(folder / "none.toml")
    with pytest.raises(TableFault) as refused:
        open_project(folder)
    assert refused.value.reason in {"project_missing", "project_unreadable"}


def test_parameters_hold_no_machine_path(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside") / "firms.csv"
    outside.write_text("", encoding="utf-8")
    text = f"{HEAD}[layers.firms]\npath = '{outside}'\n{PAIRS}"
    parameters = open_project(write(folder, text)).parameters()
    written = json.dumps(parameters)
    assert str(folder) not in written
    assert str(outside.parent) not in written
    assert parameters["layers"]["clusters"]["path"] == ["clusters.geojson"]
    assert parameters["layers"]["firms"]["path"] == ["firms.csv"]
    assert parameters["score"] == {
        "profile": "balanced",
        "draws": 1000,
        "null": "mass",
        "allow_for": ["region", "size", "sites"],
        "local_m": [0, 10_000, 30_000],
        "local_by": None,
        "advice": True,
    }


def test_a_project_is_frozen_copied_and_sent_to_workers(folder: Path) -> None:
    project = open_project(write(folder, HEAD))
    with pytest.raises(ValueError, match="frozen"):
        project.project.seed = 2
    changed = project.changed(out=folder / "x" / ".." / "y", language="en")
    assert (changed.project.out, changed.project.language) == (folder / "y", "en")
    assert (project.project.out, changed.file) == (folder / "out", project.file)
    again = pickle.loads(pickle.dumps(changed))  # noqa: S301 -- our own bytes
    assert (again, again.folder) == (changed, folder)


def test_list_keys_names_what_a_section_takes() -> None:
    assert "overlaps" in list_keys(("layers", "clusters"))
    assert "kinds" not in list_keys(("layers", "regions"))
    assert "kinds" in list_keys(("layers", "institutes"))
    assert list(list_keys(()))[:2] == ["schema", "project"]


words = st.text(st.characters(codec="utf-8"), max_size=8)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)


@given(value=values, key=st.sampled_from(["project", "layers", "linkages", "score", "export", "x"]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
def test_nothing_but_faults_comes_out(folder: Path, key: str, value: object) -> None:
    # TOML has no null; JSON's other values are TOML's inline values but for the tables.
    file = write(folder, f"schema = 1\n{key} = {_inline(value)}\n")
    with pytest.raises(TableFault) as refused:
        open_project(file)
    assert refused.value.line("ko").isprintable()


def _inline(value: object) -> str:
    if isinstance(value, dict):
        pairs = (f"{json.dumps(k)} = {_inline(part)}" for k, part in value.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_inline, value)) + "]"
    if isinstance(value, float):
        return repr(value)
    return '""' if value is None else json.dumps(value)
