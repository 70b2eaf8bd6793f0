"""The change file: what it accepts, and the one line that each mistake ends in."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clustermap.change import AddedLinks, Boundary, Change, names_a_folder, open_change
from clustermap.errors import TableFault
from clustermap.project import list_keys

if TYPE_CHECKING:
    from pathlib import Path


def write(folder: Path, text: str, name: str = "철수.toml") -> Path:
    for file in ("wider.geojson", "links.csv"):
        (folder / file).write_text("", encoding="utf-8")
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def refuse(folder: Path, text: str) -> TableFault:
    with pytest.raises(TableFault) as caught:
        open_change(write(folder, f"schema = 1\n{text}"))
    line = caught.value.line("en")
    assert "\n" not in line
    assert "\n" not in caught.value.line("ko")
    return caught.value


def test_an_empty_change_has_the_name_of_its_file(tmp_path: Path) -> None:
    change = open_change(write(tmp_path, "schema = 1\n"))
    assert (change.title, change.parameters()) == ("철수", {"schema": 1})
    assert (change.close, change.institutes, change.weights) == ((), (), {})


def test_all_kinds_of_change_are_read(tmp_path: Path) -> None:
    text = """
schema = 1
name = "모두"
budget_times = 0.5
profile = "core_technology"
weights_times = { openness = 2 }
[[close]]
lead_of = "C1"
by = "links"
[[close]]
actor = "F1"
[[institutes]]
institute = "NEW"
kind = "university"
cluster = "C2"
fields = ["반도체"]
[[boundaries]]
cluster = "C3"
path = "wider.geojson"
crs = "EPSG:5179"
[[boundaries]]
cluster = "C4"
merge = ["C5"]
[[add_links]]
between = ["NEW", "C1"]
kind = "research"
links = 50
year = 2025
[[remove_links]]
of = "C6"
kind = "transfer"
[[linkages]]
path = "links.csv"
form = "pairs"
"""
    change = open_change(write(tmp_path, text))
    assert change.title == "모두"
    assert [closing.by for closing in change.close] == ["links", "employees"]
    assert change.institutes[0].fields == ("반도체",)
    assert change.boundaries[0].source.path == (tmp_path / "wider.geojson",)
    assert change.boundaries[0].source.crs == "EPSG:5179"
    assert change.boundaries[1].merge == ("C5",)
    assert (change.add_links[0].between, change.add_links[0].weight) == (("NEW", "C1"), 1)
    assert change.remove_links[0].links is None
    assert change.linkages[0].path == (tmp_path / "links.csv",)
    told = change.parameters()
    assert told["boundaries"][0]["path"] == "wider.geojson"  # nothing of this machine
    assert told["linkages"][0]["path"] == ["links.csv"]
    assert told["weights_times"] == {"openness": 2}


def test_the_keys_are_listed_for_the_docs() -> None:
    assert {"between", "kind", "links"} <= set(list_keys(("add_links",), Change))
    assert {"path", "form", "kinds"} <= set(list_keys(("linkages",), Change))


MISTAKES = {
    "unknown section": ("[[closing]]\nactor = 'F1'", "key closing", "Did you mean 'close'"),
    "unknown key": (
        "[[close]]\nlead = 'C1'",
        "[[close]] 1, key lead",
        "Did you mean 'lead_of'",
    ),
    "schema": ("schemas = 1", "key schemas", "Did you mean 'schema'"),
    "both ways": ("budget = 1\nbudget_times = 2", "key budget_times", "exclude each other"),
    "both weights": (
        "weights = {openness = 1, diversity = 1}\nweights_times = {openness = 2}",
        "key weights_times",
        "exclude each other",
    ),
    "no budget": ("budget = 0", "key budget, value '0'", "> 0"),
    "infinite": ("budget = inf", "key budget, value 'inf'", "number"),
    "text": ("budget = '1e9'", "key budget", "number without quotes"),
    "unknown part": ("weights = {opennes = 1}", "opennes", "openness"),
    "negative": ("weights_times = {openness = -1}", "openness", "≥ 0"),
    "nothing weighs": ("weights = {openness = 0}", "key weights", "Expected"),
    "one part weighs all": ("weights = {openness = 1}", "key weights", "Expected"),
    "no one": ("[[close]]", "[[close]] 1, key actor", "either actor or lead_of"),
    "two": ("[[close]]\nactor='F'\nlead_of='C'", "[[close]] 1", "either actor or lead_of"),
    "by": ("[[close]]\nactor='F'\nby='links'", "[[close]] 1, key by", "exclude each other"),
    "no place": (
        "[[institutes]]\ninstitute='N'\nkind='university'",
        "[[institutes]] 1",
        "cluster, or x and y",
    ),
    "half a place": (
        "[[institutes]]\ninstitute='N'\nkind='university'\nx=1",
        "[[institutes]] 1",
        "cluster, or x and y",
    ),
    "two places": (
        "[[institutes]]\ninstitute='N'\nkind='university'\nx=1\ny=1\ncluster='C'",
        "[[institutes]] 1, key cluster",
        "exclude each other",
    ),
    "kind of actor": (
        "[[institutes]]\ninstitute='N'\nkind='school'\ncluster='C'",
        "school",
        "univ",
    ),
    "no kind": ("[[institutes]]\ninstitute='N'\ncluster='C'", "key kind", "docs/change_file.md"),
    "one end": (
        "[[add_links]]\nbetween=['A']\nkind='research'",
        "[[add_links]] 1, key between",
        "two identifiers",
    ),
    "three ends": ("[[remove_links]]\nbetween=['A','B','C']", "key between", "two identifiers"),
    "kind of link": ("[[add_links]]\nbetween=['A','B']\nkind='love'", "love", "firm_firm"),
    "no links": ("[[add_links]]\nbetween=['A','B']\nkind='research'\nlinks=0", "value '0'", "≥ 1"),
    "too many links": (
        "[[add_links]]\nbetween=['A','B']\nkind='research'\nlinks=100000000",
        "key links",
        "≤ 1e+06",
    ),
    "all links": ("[[remove_links]]", "[[remove_links]] 1", "at least one of between, of and kind"),
    "which links": ("[[remove_links]]\nbetween=['A','B']\nof='A'", "key of", "exclude"),
    "second section": (
        "[[close]]\nactor='F'\n[[close]]\nactor=''",
        "[[close]] 2, key actor",
        "not empty",
    ),
    "no boundary": ("[[boundaries]]\ncluster='C'", "[[boundaries]] 1", "one of path, buffer_m"),
    "two boundaries": (
        "[[boundaries]]\ncluster='C'\nbuffer_m=1\nmerge=['D']",
        "key merge",
        "exclude each other",
    ),
    "file not there": (
        "[[boundaries]]\ncluster='C'\npath='no.geojson'",
        "no.geojson",
        "folder of the change file",
    ),
    "absolute": ("[[boundaries]]\ncluster='C'\npath='/etc/passwd'", "/etc/passwd", "no absolute"),
    "home": ("[[linkages]]\npath='~/links.csv'\nform='pairs'", "~/links.csv", "no absolute paths"),
    "drive": ("[[linkages]]\npath='C:\\links.csv'\nform='pairs'", "C:\\links.csv", "no absolute"),
    "list of paths": (
        "[[linkages]]\npath=['links.csv', '/links.csv']\nform='pairs'",
        "/links.csv",
        "no absolute paths",
    ),
    "web": (
        "[[linkages]]\npath='https://a.b/c.csv'\nform='pairs'",
        "https",
        "Addresses on the web",
    ),
    "virtual": ("[[linkages]]\npath='/vsicurl/x'\nform='pairs'", "/vsicurl", "virtual paths"),
    "columns": (
        "[[linkages]]\npath='links.csv'\nform='pairs'\ncolumns={from='a'}",
        "[[linkages]] 1",
        "no such column",
    ),
    "up": ("name = '../../etc'", "key name", "a folder can have"),
    "device": ("name = 'NUL.txt'", "key name", "a folder can have"),
    "hidden": ("name = '.git'", "key name", "a folder can have"),
    "control": ('name = "a\\u0007b"', "key name", "a folder can have"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_one_line_with_place_and_cure(tmp_path: Path, name: str) -> None:
    text, place, cure = MISTAKES[name]
    line = refuse(tmp_path, text).line("en")
    assert line.startswith("철수.toml")
    assert place in line
    assert cure in line


def test_files_that_are_none(tmp_path: Path) -> None:
    for path, words in (
        (tmp_path / "no.toml", "There is no change file here"),
        (tmp_path, "The change file cannot be read"),
    ):
        with pytest.raises(TableFault) as caught:
            open_change(path)
        assert words in caught.value.line("en")
    with pytest.raises(TableFault) as caught:
        open_change(write(tmp_path, "schema = 1\n[[close]\n"))
    assert (caught.value.reason, caught.value.row) == ("project_not_toml", 2)


def test_a_file_whose_name_no_folder_can_have_needs_a_name(tmp_path: Path) -> None:
    file = write(tmp_path, "schema = 1\n", "con.toml")
    with pytest.raises(
        TableFault, match=r"key name, value 'con': .* a name that a folder can have"
    ):
        open_change(file)
    assert open_change(write(tmp_path, 'schema = 1\nname = "a"\n', "con.toml")).title == "a"


@pytest.mark.parametrize("name", ["앵커기업 철수", "a.b", "50 % more (links)", "É"])
def test_plain_names_name_a_folder(name: str) -> None:
    assert names_a_folder(name)


@given(name=st.text(max_size=12))
@settings(max_examples=300)
def test_what_names_a_folder_stays_in_it(
    tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    if names_a_folder(name):
        base = tmp_path_factory.getbasetemp() / "named"
        (base / name).mkdir(parents=True, exist_ok=True)
        assert (base / name).resolve().parent == base.resolve()


PLAIN = st.one_of(
    st.booleans(),
    st.integers(-(2**62), 2**62),
    st.floats(),
    st.sampled_from(["C1", "", "research", "wider.geojson", "../x", "\u202e", "lead_of"]),
)
VALUES = st.recursive(PLAIN, lambda value: st.lists(value, max_size=3), max_leaves=4)
KEYS = sorted({*Change.model_fields, *AddedLinks.model_fields, *Boundary.model_fields, "x"})
SECTIONS = st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=4)


def spell(value: object) -> str:
    """Write a value as TOML does."""
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{key} = {spell(part)}' for key, part in value.items())} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(spell, value))}]"
    return json.dumps(value) if isinstance(value, bool | str) else str(value)


@given(
    keys=st.dictionaries(st.sampled_from(KEYS), VALUES | SECTIONS | st.lists(SECTIONS), max_size=5)
)
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_keys_are_read_or_told_in_one_line(tmp_path: Path, keys: dict[str, object]) -> None:
    lines = [f"{key} = {spell(value)}" for key, value in keys.items()]
    try:
        open_change(write(tmp_path, "\n".join(["schema = 1", *lines])))
    except TableFault as fault:
        line = fault.line("en")
        assert line.isprintable()
        assert line.startswith("철수.toml")


@given(text=st.text(max_size=60))
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_read_or_told_in_one_line(tmp_path: Path, text: str) -> None:
    file = tmp_path / "any.toml"
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        open_change(file)
    except TableFault as fault:
        assert fault.line("ko").count("\n") == 0  # noqa: PT017 -- every fault is looked at
