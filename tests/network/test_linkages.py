"""Linkages: kinds from the ends, shares of projects, rows set aside, nothing counted twice."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clustermap import tables
from clustermap.checks import Checked, Chunk, check_chunk
from clustermap.layers.actors import Register
from clustermap.network import linkages
from clustermap.network.linkages import (
    EDGES,
    NO_UNIT,
    NO_YEAR,
    Reading,
    code_pairs,
    code_participations,
    derive_kinds,
    expand_projects,
    fits_kind,
)
from clustermap.tables import ACTOR_TYPES, KINDS, SHARE_UNIT

IDS = ["f1", "f2", "f3", "u1", "g1", "h1", "s1", "o1"]
TYPES = [
    "firm",
    "firm",
    "firm",
    "university",
    "public_institute",
    "hospital",
    "support",
    "other",
]
REGISTER = Register(
    pa.array(IDS),
    np.array([ACTOR_TYPES.index(t) for t in TYPES], np.uint8),
    np.zeros(len(IDS), np.int32),
)
CODE = {kind: code for code, kind in enumerate(KINDS)}
Edge = dict[str, Any]


def checked(form: str, **columns: Any) -> Checked:
    rows = pa.table(columns)
    chunk = Chunk("연계.csv", pa.array(range(2, 2 + rows.num_rows)), rows)
    return check_chunk(tables.LINKAGES[form], chunk)


def spell(edges: pa.Table) -> list[Edge]:
    assert edges.schema == EDGES
    return [
        {**edge, "a": IDS[edge["a"]], "b": IDS[edge["b"]], "kind": KINDS[edge["kind"]]}
        for edge in edges.to_pylist()
    ]


def pairs(*rows: tuple[Any, ...], reading: Reading | None = None) -> tuple[list[Edge], Any, int]:
    """Read rows of source, target, kind, weight, year."""
    names = ("source", "target", "kind", "weight", "year")
    columns = {
        name: pa.array([None if r[n] is None else str(r[n]) for r in rows], pa.string())
        for n, name in enumerate(names)
    }
    coded = code_pairs("linkages_1", checked("pairs", **columns), REGISTER, reading or Reading())
    return spell(coded.rows), coded.faults.to_pylist(), coded.left_out


def projects(
    *rows: tuple[Any, ...], reading: Reading | None = None
) -> tuple[list[Edge], list[tuple[int, str, str]], int]:
    """Read rows of project, participant, kind, year."""
    names = ("project", "participant", "kind", "year")
    columns = {
        name: pa.array([None if r[n] is None else str(r[n]) for r in rows], pa.string())
        for n, name in enumerate(names)
    }
    table = checked("projects", **columns)
    coded, faults, left_out = code_participations(
        "linkages_1", table, REGISTER, reading or Reading()
    )
    assert len(rows) == len(coded.unit) + faults.num_rows + left_out
    batches = list(expand_projects(coded, REGISTER))
    edges = pa.concat_tables(batches) if batches else EDGES.empty_table()
    told = [(f["line"], f["value"], f["reason"]) for f in faults.sort_by("line").to_pylist()]
    return spell(edges), told, left_out


I, U, G, H, S, O = (ACTOR_TYPES.index(t) for t in (*dict.fromkeys(TYPES),))  # noqa: E741

#       I            U           G           H           S          O
DERIVED = """
  I     firm_firm    research    research    research    support    firm_firm
  U     research     research    research    research    support    research
  G     research     research    research    research    support    research
  H     research     research    research    research    support    research
  S     support      support     support     support     support    support
  O     firm_firm    research    research    research    support    firm_firm
"""


def test_kinds_follow_from_the_ends() -> None:
    for first, line in zip((I, U, G, H, S, O), DERIVED.split("\n")[1:], strict=False):
        for second, kind in zip((I, U, G, H, S, O), line.split()[1:], strict=True):
            ends = np.array([first], np.uint8), np.array([second], np.uint8)
            assert KINDS[derive_kinds(*ends)[0]] == kind


def test_ends_that_do_not_fit_their_kind() -> None:
    def fits(kind: str, first: int, second: int) -> bool:
        codes = (np.array([code], np.uint8) for code in (CODE[kind], first, second))
        return bool(fits_kind(*codes)[0])

    assert fits("firm_firm", I, I)
    assert not fits("firm_firm", I, O)
    assert not fits("firm_firm", U, I)
    assert fits("research", I, H)
    assert fits("research", U, G)
    assert not fits("research", I, S)
    assert fits("support", S, U)
    assert not fits("support", I, U)
    assert all(fits(kind, I, O) for kind in ("transfer", "mobility", "other"))


def test_rows_of_pairs_become_edges() -> None:
    edges, faults, left_out = pairs(
        ("f1", "f2", None, None, None),
        ("u1", "f1", None, "0.25", 2020),
        ("f1", "u1", "transfer", "2", 2021),
        ("o1", "f1", "firm_firm", "1", 2021),
        ("f1", "f2", None, None, None),  # a second contract between the same two
    )
    one = {"a": "f1", "b": "f2", "kind": "firm_firm", "directed": False}
    one |= {"year": NO_YEAR, "unit": NO_UNIT, "share": SHARE_UNIT}
    assert edges == [
        one,
        one | {"a": "u1", "b": "f1", "kind": "research", "year": 2020, "share": SHARE_UNIT // 4},
        one
        | {"b": "u1", "kind": "transfer", "directed": True, "year": 2021, "share": 2 * SHARE_UNIT},
        one | {"a": "o1", "b": "f1", "year": 2021},
        one,
    ]
    assert (faults, left_out) == ([], 0)


def test_unknown_ends_and_self_links_are_set_aside_once() -> None:
    edges, faults, left_out = pairs(
        ("f1", "f1", None, None, None),
        ("zz", "f1", None, None, None),
        ("f1", "zz", None, None, None),
        ("zz", "zz", None, None, None),
        ("f1", "f2", None, None, None),
        ("f1", "f1", None, None, 1999),
        reading=Reading(since=2000),
    )
    assert len(edges) == 1
    assert left_out == 0
    found = [(f["line"], f["column"], f["value"], f["reason"]) for f in faults]
    assert sorted(found) == [
        (2, "source", "f1", "self_link"),
        (3, "source", "zz", "unknown_actor"),
        (4, "target", "zz", "unknown_actor"),
        (5, "source", "zz", "unknown_actor"),
        (7, "source", "f1", "self_link"),
    ]
    assert {(f["table"], f["file"]) for f in faults} == {("linkages_1", "연계.csv")}


def test_years_outside_are_left_out_and_rows_without_a_year_stay() -> None:
    rows = [("f1", "f2", None, None, year) for year in (2018, 2019, 2020, 2021, None)]
    edges, faults, left_out = pairs(*rows, reading=Reading(since=2019, until=2020))
    assert [edge["year"] for edge in edges] == [2019, 2020, NO_YEAR]
    assert (faults, left_out) == ([], 2)


def test_one_kind_for_all_and_a_direction_that_is_said() -> None:
    row = ("u1", "f1", None, None, None)
    edges, _, _ = pairs(row, reading=Reading(kind="mobility"))
    assert (edges[0]["kind"], edges[0]["directed"]) == ("mobility", True)
    edges, _, _ = pairs(row, reading=Reading(kind="mobility", directed=False))
    assert not edges[0]["directed"]
    edges, _, _ = pairs(row, reading=Reading(directed=True))
    assert (edges[0]["kind"], edges[0]["directed"]) == ("research", True)


def test_a_project_hands_out_shares() -> None:
    #  P1: f1 f2 u1 s1 (4 listed: shares of 1/3)     P2: f1 f2      P3: f3 alone
    rows = [("P1", who, None, 2020) for who in ("s1", "u1", "f2", "f1")]
    rows += [("P2", "f2", None, None), ("P2", "f1", None, None), ("P3", "f3", None, None)]
    edges, faults, _ = projects(*rows)
    third = round(SHARE_UNIT / 3)
    assert [(e["a"], e["b"], e["kind"], e["share"], e["year"]) for e in edges] == [
        ("f1", "f2", "firm_firm", SHARE_UNIT, NO_YEAR),  # of P2: projects of two come first
        ("f1", "f2", "firm_firm", third, 2020),
        ("f1", "u1", "research", third, 2020),
        ("f1", "s1", "support", third, 2020),
        ("f2", "u1", "research", third, 2020),
        ("f2", "s1", "support", third, 2020),
        ("u1", "s1", "support", third, 2020),
    ]
    assert [e["unit"] for e in edges] == [1, *[0] * 6]
    assert faults == []


def documents(*rows: tuple[Any, ...], reading: Reading | None = None) -> list[Edge]:
    """Read rows of document, participant, year."""
    names = ("document", "participant", "year")
    columns = {
        name: pa.array([None if r[n] is None else str(r[n]) for r in rows], pa.string())
        for n, name in enumerate(names)
    }
    table = checked("documents", **columns)
    coded, _, _ = code_participations(
        "linkages_1", table, REGISTER, reading or Reading(), "document"
    )
    return [edge for batch in expand_projects(coded, REGISTER) for edge in spell(batch)]


def test_a_document_hands_out_shares_as_a_project_does() -> None:
    #  D1: f1 f2 u1 (3 authors: shares of 1/2), first year stated 2019     D2: u1 g1
    rows = [("D1", "u1", None), ("D1", "f1", 2019), ("D1", "f2", None)]
    rows += [("D2", "g1", 2021), ("D2", "u1", 2021)]
    edges = documents(*rows)
    half = SHARE_UNIT // 2
    told = [(e["a"], e["b"], e["kind"], e["year"], e["share"], e["unit"]) for e in edges]
    assert told == [
        ("u1", "g1", "research", 2021, SHARE_UNIT, 1),
        ("f1", "f2", "firm_firm", 2019, half, 0),
        ("f1", "u1", "research", 2019, half, 0),
        ("f2", "u1", "research", 2019, half, 0),
    ]
    # Of licences, say, the project file states one kind; documents have no direction either way.
    edges = documents(*rows, reading=Reading(kind="transfer"))
    assert {(e["kind"], e["directed"]) for e in edges} == {("transfer", False)}


def test_unknown_participants_count_among_those_listed() -> None:
    rows = [("P", who, None, None) for who in ("f1", "zz", "f2", "f1", "yy")]
    edges, faults, _ = projects(*rows)
    assert faults == [
        (3, "zz", "unknown_actor"),
        (5, "f1", "repeated_participant"),
        (6, "yy", "unknown_actor"),
    ]
    assert [edge["share"] for edge in edges] == [round(SHARE_UNIT / 3)]  # 4 different ones listed


def test_what_one_row_of_a_project_says_holds_for_all_of_it() -> None:
    rows = [
        ("P", "f1", None, None),
        ("P", "f2", "other", None),
        ("P", "f3", None, 2015),
        ("Q", "f1", None, None),
        ("Q", "f2", None, None),
    ]
    edges, _, _ = projects(*rows)
    told = {(e["a"], e["b"], e["kind"], e["year"]) for e in edges if e["unit"] == 0}
    assert told == {(a, b, "other", 2015) for a, b in (("f1", "f2"), ("f1", "f3"), ("f2", "f3"))}
    assert [(e["kind"], e["year"]) for e in edges if e["unit"] == 1] == [("firm_firm", NO_YEAR)]
    # A project outside the years is left out whole.
    edges, faults, left_out = projects(*rows, reading=Reading(since=2020))
    assert [e["unit"] for e in edges] == [1]
    assert (faults, left_out) == ([], 3)


def test_a_project_has_no_direction() -> None:
    edges, _, _ = projects(("P", "u1", "transfer", None), ("P", "f1", "transfer", None))
    assert [(e["kind"], e["directed"]) for e in edges] == [("transfer", False)]


@pytest.mark.parametrize("most", [1, 2, 3, 100])
def test_projects_stay_whole_in_any_batch(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    sizes = {"P": 4, "Q": 1, "R": 2, "S": 3, "T": 2}
    columns = {
        "project": [name for name, size in sizes.items() for _ in range(size)],
        "participant": [IDS[n] for size in sizes.values() for n in range(size)],
    }
    coded, _, _ = code_participations(
        "linkages_1", checked("projects", **columns), REGISTER, Reading()
    )
    monkeypatch.setattr(linkages, "_PAIRS_A_BATCH", most)
    batches = [batch["unit"].to_pylist() for batch in expand_projects(coded, REGISTER)]
    seen = [unit for batch in batches for unit in set(batch)]
    assert sorted(seen) == [0, 2, 3, 4]
    assert sorted(unit for batch in batches for unit in batch) == [0] * 6 + [2] + [3] * 3 + [4]
    if most == 1:
        assert len(batches) > 2


rows_of_projects = st.lists(
    st.tuples(
        st.sampled_from("PQRS"),
        st.sampled_from([*IDS, "zz"]),
        st.just(None),
        st.just(None),
    ),
    max_size=25,
)


@given(rows_of_projects, st.randoms(use_true_random=False))
def test_row_order_changes_no_link_and_everyone_hands_out_one(
    rows: list[tuple[Any, ...]], chance: Any
) -> None:
    edges, faults, _ = projects(*rows)
    mixed = list(rows)
    chance.shuffle(mixed)
    other, other_faults, _ = projects(*mixed)

    def plain(found: list[Edge]) -> list[tuple[Any, ...]]:
        return sorted((e["a"], e["b"], e["kind"], e["share"]) for e in found)

    assert plain(edges) == plain(other)
    assert len(faults) == len(other_faults)
    listed: dict[str, set[str]] = {}
    for project, who, *_ in rows:
        listed.setdefault(project, set()).add(who)
    known = [len(who - {"zz"}) for who in listed.values()]
    assert len(edges) == sum(k * (k - 1) // 2 for k in known)
    expected = sum(
        k * (k - 1) / 2 / (len(who) - 1)
        for k, who in zip(known, listed.values(), strict=True)
        if len(who) > 1
    )
    assert sum(e["share"] for e in edges) == pytest.approx(expected * SHARE_UNIT, abs=100)
