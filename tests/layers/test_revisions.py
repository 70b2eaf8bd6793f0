"""Revisions of KSIC: what is certain is converted, what was split is shortened, no code is made."""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from clustermap.errors import TableFault
from clustermap.layers.industries import build_taxonomy, code_industries
from clustermap.layers.revisions import AMONG, RAW, build_concordance, convert_codes
from clustermap.project import open_project
from clustermap.sources.concordance import read_concordance
from clustermap.sources.reference import data_root
from clustermap.stages.ledger import Ledger, no_progress
from clustermap.stages.publishing import _inputs
from clustermap.stages.reading import read_layers
from clustermap.store import hash_file
from tests.small_world import build_small_world

if TYPE_CHECKING:
    from pathlib import Path

ROWS = [
    {"revision": "9", "code": "26", "to": "26", "scope": "all"},
    {"revision": "9", "code": "26110", "to": "26111", "scope": "all"},
    {"revision": "9", "code": "26110", "to": "26112", "scope": "all"},
    {"revision": "9", "code": "25942", "to": "25943", "scope": "all"},
    {"revision": "9", "code": "2043", "to": "2042", "scope": "all"},
    {"revision": "9", "code": "32011", "to": "30393", "scope": "all"},
    {"revision": "9", "code": "32011", "to": "31202", "scope": "all"},
    {"revision": "9", "code": "62", "to": "62", "scope": "prefix"},
    {"revision": "9", "code": "620", "to": "620", "scope": "prefix"},
]
SMALL = build_concordance("10", ROWS)


@pytest.mark.parametrize(
    ("code", "revision", "meant", "among", "way"),
    [
        ("26410", "9", "26410", ("26410",), "codes_unchanged"),
        ("26110", "9", "2611", ("26111", "26112"), "codes_shortened"),
        ("2611", "9", "2611", ("2611",), "codes_unchanged"),
        ("261", "9", "261", ("261",), "codes_unchanged"),
        ("25942", "9", "25943", ("25943",), "codes_converted"),
        ("20431", "9", "20421", ("20421",), "codes_converted"),
        ("2043", "9", "2042", ("2042",), "codes_converted"),
        ("32011", "9", "", (), "codes_unknown"),
        ("62010", "9", "620", ("620",), "codes_shortened"),
        ("62999", "9", "62", ("62",), "codes_shortened"),
        ("63000", "9", "", (), "codes_unknown"),
        ("26410", "8", "", (), "codes_unknown"),
        ("26410", "10", "26410", ("26410",), "codes_unchanged"),
    ],
)
def test_what_a_code_means(
    code: str, revision: str, meant: str, among: tuple[str, ...], way: str
) -> None:
    found = SMALL.find(code, revision)
    assert (found.code, found.among, found.way) == (meant, among, way)


def test_rows_of_several_revisions_in_one_table() -> None:
    rows = pa.table(
        {
            "firm": list("abcdefg"),
            "industry": ["26110", "26110", "C25.942", "26410", "99999", None, "26110"],
            "revision": ["9차", "10", "제9차", "9.0", "9", "9", None],
        }
    )
    converted, told = convert_codes(rows, SMALL)
    assert converted["industry"].to_pylist() == [
        *("2611", "26110", "25943", "26410"),
        *(None, None, "26110"),
    ]
    assert converted[RAW].to_pylist() == rows["industry"].to_pylist()
    assert converted[AMONG].to_pylist()[:2] == ["26111|26112", "26110"]
    assert told == {
        "codes_unchanged": 1,
        "codes_converted": 1,
        "codes_shortened": 1,
        "codes_unknown": 1,
        "codes_without_revision": 1,
    }


@pytest.mark.parametrize("revision", ["11", "10", None])
def test_what_is_no_code_is_told_and_kept_as_it_was(revision: str | None) -> None:
    rows = pa.table(
        {
            "industry": ["ZZZ", "전자", "C26110", None],
            "revision": pa.array([revision, revision, "10", revision], pa.string()),
        }
    )
    for table in (rows, rows.drop(["revision"])):
        converted, told = convert_codes(table, SMALL)
        assert converted["industry"].to_pylist() == [None, None, "C26110", None]
        assert converted[RAW].to_pylist() == rows["industry"].to_pylist()
        assert converted[AMONG].to_pylist() == [None, None, "C26110", None]
        assert told["codes_unread"] == 2
        assert sum(told.values()) == 2


def test_tables_of_one_revision_are_let_be() -> None:
    rows = pa.table({"firm": ["a"], "industry": ["26110"], "revision": ["10"]})
    assert convert_codes(rows, SMALL) == (rows, {})
    bare = pa.table({"firm": ["a"], "industry": ["26110"]})
    assert convert_codes(bare, SMALL) == (bare, {})
    none = pa.table({"industry": pa.nulls(1, pa.string()), "revision": pa.nulls(1, pa.string())})
    assert convert_codes(none, SMALL) == (none, {})


def test_an_industry_claims_a_split_code_that_it_claims_whole() -> None:
    claims = [("chips", "2611"), ("memory", "26111"), ("cars", "303"), ("cars", "304")]
    rows = [{"industry": key, "prefix": prefix} for key, prefix in claims]
    taxonomy = build_taxonomy(pa.Table.from_pylist(rows))
    coded = code_industries(pa.array(["26111|26112", "30310|30400", "30310|31202"]), taxonomy)
    assert [coded.groups[number] for number in coded.group] == [(), ("cars",), ()]
    assert [coded.sectors[number] for number in coded.sector] == ["26", "30", "3"]


@pytest.mark.parametrize(
    ("code", "revision", "meant"),
    [
        # Statistics Korea's concordance of 2017: memory and other circuits were one class.
        ("26110", "9", "2611"),
        ("27310", "9", "27193"),  # spectacles became medical
        ("30392", "9", "30"),  # rebuilt parts of cars became a group of their own
        ("29294", "9", "29294"),
        ("58222", "9", "582"),
        ("69110", "9", ""),
        # and of 2024: hydrogen left industrial gases, secondary batteries were split.
        ("20121", "11", "20121"),
        ("20122", "11", "20121"),
        ("28209", "11", "28202"),
        ("28113", "11", "28114"),
        ("29293", "11", "29294"),
        ("10411", "11", "10401"),
        ("10901", "11", "1080"),
        ("21301", "11", "2"),
    ],
)
def test_the_concordance_that_is_shipped(code: str, revision: str, meant: str) -> None:
    found = read_concordance().find(code, revision)
    assert found.code == (meant if len(meant) > 1 else "")


def test_every_row_of_the_concordance_is_a_code() -> None:
    concordance = read_concordance()
    assert set(concordance.moves) == {"9", "11"}
    for moves in concordance.moves.values():
        for start, move in moves.items():
            assert 2 <= len(start) <= 5
            assert start.isdigit()
            assert len(set(move.to)) == len(move.to)
            assert all(len(to) == len(start) or len(move.to) == 1 for to in move.to), start
            if not move.whole:
                assert move.to == (start,)


DIVISIONS = {
    f"{number:02d}"
    for first, last in (
        *((1, 3), (5, 8), (10, 39), (41, 42), (45, 47), (49, 52), (55, 56), (58, 66), (68, 68)),
        *((70, 76), (84, 87), (90, 91), (94, 99)),
    )
    for number in range(first, last + 1)
}
"""Divisions of KSIC revision 10."""


def read_ksic() -> list[dict[str, str]]:
    path = data_root() / "taxonomies" / "ksic_to_10.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_row_of_the_concordance_is_in_itself_sound() -> None:
    rows = read_ksic()
    assert len(rows) == 497
    assert {row["revision"] for row in rows} == {"9", "11"}
    assert {row["scope"] for row in rows} == {"all", "prefix"}
    for row in rows:
        # Digits on both sides, and never into a finer class than the code itself.
        assert re.fullmatch(r"\d{2,5}", row["code"]), row
        assert re.fullmatch(r"\d{2,5}", row["to"]), row
        assert len(row["to"]) <= len(row["code"]), row
        if row["scope"] == "prefix":  # what is only begun begins alike
            assert row["to"] == row["code"], row
        if len(row["to"]) < len(row["code"]):  # a class of five digits, into one that has no parts
            assert (len(row["code"]), len(row["to"]), row["scope"]) == (5, 4, "all"), row
    keys = [(row["revision"], row["code"], row["to"]) for row in rows]
    assert len(set(keys)) == len(keys)
    scopes = {(row["revision"], row["code"]): row["scope"] for row in rows}
    assert all(row["scope"] == scopes[row["revision"], row["code"]] for row in rows)


def test_what_takes_a_codes_place_is_known_to_the_revision_that_is_read() -> None:
    rows = read_ksic()
    moves = {
        revision: {row["code"]: set[str]() for row in rows if row["revision"] == revision}
        for revision in ("9", "11")
    }
    for row in rows:
        moves[row["revision"]][row["code"]].add(row["to"])
    assert len(DIVISIONS) == 77
    # Repair of machines, rental and repair of goods are divisions of their own since revision 10.
    for revision, new in (("9", {"34", "76", "95"}), ("11", set[str]())):
        reached = {to[:2] for tos in moves[revision].values() for to in tos}
        assert reached == DIVISIONS - new, revision


def test_no_strategic_industry_loses_its_codes() -> None:
    concordance = read_concordance()
    path = data_root() / "taxonomies" / "strategic12.csv"
    with path.open(encoding="utf-8", newline="") as file:
        prefixes = sorted({row["prefix"] for row in csv.DictReader(file) if row["prefix"]})
    assert len(prefixes) == 35
    reached = {to for of in concordance.moves.values() for move in of.values() for to in move.to}
    for prefix in prefixes:
        assert any(to.startswith(prefix) or prefix.startswith(to) for to in reached), prefix


def test_a_users_own_concordance_turns_codes_into_the_revision_of_code(tmp_path: Path) -> None:
    world = build_small_world()
    for number, row in enumerate(world.firms):
        row["revision"] = "10" if number % 2 else "11"
    text = "industry,name_ko,name_en,prefix\nchips,칩,Chips,99\n"
    (tmp_path / "mine.csv").write_text(text, encoding="utf-8")
    table = "revision,code,to,scope\n10,26110,99001,all\n10,21210,21210,all\n10,29271,29,prefix\n"
    (tmp_path / "own.csv").write_text(table, encoding="cp949")
    keys = '[industries]\npath = "mine.csv"\ncode = "KSIC11"\nconcordance = "own.csv"\n'
    world.project += keys
    file = world.write(tmp_path)
    project, ledger = open_project(file), Ledger(0.05, strict=False)
    firms = read_layers(project, ledger, no_progress).actors["firms"]
    assert firms["industry"].to_pylist()[:4] == ["26110", "21210", "29271", "99001"]
    entry = ledger.summary()["firms"]  # of ten firms a cluster: 2, 1 and 2 of revision 10
    ways = ("codes_converted", "codes_shortened", "codes_unchanged")
    assert [entry.get(way, 0) for way in ways] == [12, 6, 12]
    places = _inputs(project, ledger, hash_file)
    (named,) = [place for place in places if place["table"] == "concordance"]
    assert named["file"] == "own.csv"
    (tmp_path / "own.csv").write_text(table + "10,x,1,all\n", encoding="utf-8")
    with pytest.raises(TableFault) as fault:
        read_layers(project, Ledger(0.05, strict=False), no_progress)
    assert (fault.value.reason, fault.value.row, fault.value.column) == (
        "bad_concordance",
        5,
        "code",
    )
    file.write_text(file.read_text("utf-8").replace("KSIC11", "NACE"), "utf-8")
    with pytest.raises(TableFault) as fault:
        open_project(file)
    assert "KSIC11" in fault.value.line("en")
