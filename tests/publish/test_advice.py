"""Advice leaves without anything that the release withholds elsewhere."""

from __future__ import annotations

from dataclasses import fields
from itertools import pairwise, product
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clustermap.messages import Message, say
from clustermap.pipeline import find
from clustermap.project import open_project
from clustermap.publish.advice import release_intermediaries, release_sites, tell_groups
from clustermap.publish.decision import Advice
from clustermap.publish.diagnosis import WITHHELD
from clustermap.publish.names import MASK
from clustermap.publish.support import find_few_money, release_support
from clustermap.publish.suppression import Rules
from clustermap.publish.withheld import Withheld
from clustermap.selection.diagnosis import join_situations, read_diagnosis
from clustermap.stages.ledger import no_progress
from clustermap.stages.publishing import Findings, release_findings
from tests.small_world import build_small_world, write_csv

if TYPE_CHECKING:
    from pathlib import Path

    from clustermap.publish.release import Release

RULES = Rules()
NUMBERS = ["value", "low", "high", "typical", "basis"]
OF_LINKS = {
    *("internal_below", "support_below", "brokerage_below", "research_below"),
    *("participation_below", "partners_unlinked", "none_abroad", "one_holds_most", "no_effect"),
}


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Findings, Release, Release]:
    """Return what was found, what may leave, and what stays in the house."""
    folder = tmp_path_factory.mktemp("advice")
    world = build_small_world()
    # C1 keeps one firm, linked as its institute is; in C2 one firm is nearly all.
    keep = [row for row in world.firms if not ("00101" <= row["firm"] < "00200")]
    world.firms = [row | ({"employees": 9000} if row["firm"] == "00200" else {}) for row in keep]
    gone = {f"001{n:02d}" for n in range(1, 10)}
    world.pairs = [row for row in world.pairs if not gone & {row["source"], row["target"]}]
    world.institutes = [row | {"fields": "bio;robot"} for row in world.institutes]
    world.project += '[layers.support]\npath = "grants.csv"\nunits = {amount = "1e6 KRW"}\n'
    file = world.write(folder)
    rows = [
        # One firm of C2; four firms of C3; C4 as a whole.
        ("P", "00201", 30, 2018, 2019, "solo", "public"),
        *(("P", f"0030{n}", 10 + n, 2018, 2019, "joint", "public") for n in range(4)),
        ("Q", "C4", 50, 2020, 2022, "joint", "public"),
    ]
    names = ("programme", "beneficiary", "amount", "start", "end", "joint", "funder")
    grants = [dict(zip(names, row, strict=True)) for row in rows]
    (folder / "grants.csv").write_text(write_csv(grants), encoding="utf-8")
    project = open_project(file)
    findings = find(project, strict=True, progress=no_progress)
    publish = project.publish.model_copy(update={"internal": True})
    inside = project.model_copy(update={"publish": publish})
    return findings, release_findings(project, findings), release_findings(inside, findings)


def advice_of(release: Release) -> Advice:
    assert isinstance(release.advice, Advice)
    return release.advice


def test_what_stays_in_the_house_is_told_whole(both: tuple[Findings, Release, Release]) -> None:
    findings, _, inside = both
    for field in fields(Advice):
        told, found = getattr(inside.advice, field.name), findings.advised.tables[field.name]
        if field.name == "missing_links":
            told, found = (table.drop(columns="broker") for table in (told, found))
        pd.testing.assert_frame_equal(told, found)


def test_of_few_links_nothing_is_told(both: tuple[Findings, Release, Release]) -> None:
    findings, outside, _ = both
    rows = advice_of(outside).diagnosis
    own = rows[(rows["cluster"] == "C1") & rows["condition"].isin(OF_LINKS)]
    assert set(own["condition"]) == OF_LINKS
    assert own[["holds", *NUMBERS]].isna().all(axis=None)
    assert set(own["open"]) == {WITHHELD}
    # The internal numbers were there.
    known = findings.advised.tables["diagnosis"]
    known = known[(known["cluster"] == "C1") & known["condition"].isin(OF_LINKS)]
    assert known["basis"].notna().any()
    missing = advice_of(outside).missing_links
    assert "C1" not in {*missing["cluster"], *missing["counterpart"]}


def test_every_number_of_a_condition_is_told_elsewhere(
    both: tuple[Findings, Release, Release],
) -> None:
    _, outside, _ = both
    rows = advice_of(outside).diagnosis.set_index(["condition", "cluster"])
    assert rows.loc["one_holds_most", NUMBERS].isna().all(axis=None)
    assert rows.loc["no_large_firm", "value"].isna().all()
    firms = outside.clusters["firms"].astype(float)
    pd.testing.assert_series_equal(
        rows.loc["institutes_near", "basis"], firms, check_names=False, check_index_type=False
    )
    assert firms.isna().to_dict() == {"C1": True} | {f"C{n}": False for n in range(2, 7)}
    for condition, kind in (("support_below", "support"), ("research_below", "research")):
        ratios = outside.ratios[outside.ratios["kind"] == kind]
        told = rows.loc[condition]
        for name, there in (("basis", "observed"), ("typical", "expected"), ("value", "ratio")):
            for cluster, value in told[name].dropna().items():
                assert value in set(ratios.loc[ratios["cluster"] == cluster, there])
    parts = outside.subscores[outside.subscores["scenario"] == "default"]
    measures = parts.set_index(["subscore", "cluster"])["measure"]
    for condition, part in (
        ("internal_below", "embeddedness"),
        ("participation_below", "participation"),
        ("brokerage_below", "brokerage"),
    ):
        known = rows.loc[condition, "value"].dropna()
        assert known.to_dict() == measures[part].loc[known.index].to_dict()


def test_a_large_firm_is_not_told_where_it_is_nearly_all(
    both: tuple[Findings, Release, Release],
) -> None:
    findings, outside, _ = both
    at = ("no_large_firm", "C2")
    found = findings.advised.tables["diagnosis"].set_index(["condition", "cluster"]).loc[at]
    assert found["holds"] == 0
    assert found["value"] == 9000
    told = advice_of(outside).diagnosis.set_index(["condition", "cluster"]).loc[at]
    assert told[["holds", *NUMBERS]].isna().all()
    assert told["open"] == WITHHELD


def test_situations_follow_from_the_conditions_told(
    both: tuple[Findings, Release, Release],
) -> None:
    rows = advice_of(both[1]).diagnosis
    found = {
        str(key): part.drop_duplicates("cluster")
        .set_index("cluster")
        .astype({"holds": float})
        .drop(columns=["situation", "condition"])
        for key, part in rows[rows["condition"] != ""].groupby("condition")
    }
    pd.testing.assert_frame_equal(join_situations(found), rows, check_dtype=False)


def test_what_is_told_can_be_said(both: tuple[Findings, Release, Release]) -> None:
    for release in both[1:]:
        for of_cluster in read_diagnosis(advice_of(release).diagnosis).values():
            for diagnosis in of_cluster:
                for evidence in diagnosis.evidence:
                    assert isinstance(evidence.told, Message)
                    assert say(evidence.told, "ko").strip()
                    assert "nan" not in say(evidence.told, "en")


def test_money_of_few_firms_is_not_told(both: tuple[Findings, Release, Release]) -> None:
    findings, outside, _ = both
    money = findings.advised.tables["support_measures"].set_index("cluster")["money"]
    assert money.to_dict() == {"C2": 30e6, "C3": 46e6, "C4": 50e6}
    told = advice_of(outside).support_measures.set_index("cluster")
    assert told["money"].dropna().to_dict() == {"C3": 46e6, "C4": 50e6}
    # Nothing runs in C2 and C3, whoever got what there; that is no secret.
    assert told["current"].dropna().to_dict() == {"C2": 0.0, "C3": 0.0, "C4": 50e6}
    assert told["programmes"].isna().to_dict() == {"C2": True, "C3": False, "C4": False}
    thin = advice_of(outside).diagnosis.set_index(["condition", "cluster"]).loc["split_thin"]
    assert thin["holds"].isna().to_dict()["C2"]
    assert thin["holds"].to_dict()["C3"] == 0
    # C5 got nothing, which is no secret.
    assert thin["holds"].to_dict()["C5"] == 0


def test_no_firm_is_named_and_institutes_are_as_they_leave(
    both: tuple[Findings, Release, Release],
) -> None:
    findings, outside, _ = both
    names = set(findings.layers.actors["firms"]["name"].to_pylist())
    names |= set(findings.layers.actors["firms"]["firm"].to_pylist())
    for field in fields(Advice):
        table = getattr(outside.advice, field.name)
        texts = {str(value) for column in table for value in table[column]}
        assert texts.isdisjoint(names)
    shown = set(outside.institutes["name"]) | {MASK, ""}
    assert set(advice_of(outside).missing_links["broker"]) <= shown


def test_without_scored_links_nothing_is_advised(tmp_path: Path) -> None:
    world = build_small_world()
    world.pairs = [row | {"kind": "other"} for row in world.pairs]
    findings = find(open_project(world.write(tmp_path)), strict=True, progress=no_progress)
    assert findings.advised.tables == {}
    assert release_findings(open_project(tmp_path / "project.toml"), findings).advice is None


GRANT = st.tuples(
    st.sampled_from(["a", "b", "c", "d", "e", "u"]),
    st.integers(0, 40),
    st.sampled_from(["P", "Q", "R"]),
    st.sampled_from(["solo", "joint", None]),
    st.sampled_from(["public", "private", None]),
    st.booleans(),
)


def list_grants(rows: list[tuple[Any, ...]]) -> pd.DataFrame:
    names = ["beneficiary", "amount", "programme", "joint", "funder", "runs"]
    frame = pd.DataFrame(rows, columns=names).astype({"amount": float, "runs": bool})
    return frame.assign(cluster="A", firm=frame["beneficiary"] != "u")


@given(st.lists(GRANT, min_size=1, max_size=14))
def test_no_two_sums_of_money_differ_by_that_of_few(rows: list[tuple[Any, ...]]) -> None:
    table = list_grants(rows)
    unsafe = find_few_money(table, RULES)["A"]
    firm, solo = table["firm"], table["joint"] == "solo"
    sums = {
        "money": [firm | ~firm],
        "current": [table["runs"]],
        "leverage": [table["funder"] == "public", table["funder"] == "private"],
        "single_share": [solo & firm, solo | (table["joint"] == "joint")],
    }
    told = [marks for name, own in sums.items() if name not in unsafe for marks in own]
    nothing = firm & ~firm
    differences = list(product(told, [*told, nothing]))
    if "splitting" not in unsafe:
        assert "money" not in unsafe
        apart = [table["programme"] == name for name in "PQR"]
        differences += [*product(apart, [nothing]), *product([firm | ~firm], apart)]
    paid = table["amount"] > 0
    for one, other in differences:
        if (other & ~one & paid).any():
            continue  # the difference is of both signs
        left = table[one & ~other & firm & paid].groupby("beneficiary")["amount"].sum()
        assert left.empty or (len(left) >= 3 and left.max() <= 0.8 * left.sum())


def test_support_is_told_in_coarse_numbers() -> None:
    measures = pd.DataFrame(
        {
            "cluster": ["A", "B"],
            "programmes": [3, 1],
            "money": [90.0, 9.0],
            "current": [30.0, 9.0],
            "splitting": [0.34567, 1.0],
            "single_share": [0.1, 1.0],
            "leverage": [0.0, 0.0],
            "pairs_during": [9, 9],
            "pairs_after": [4, 8],
            "outliving": [4 / 9, 8 / 9],
            "outliving_low": [0.2, 0.7],
            "outliving_high": [0.7, 0.9],
        }
    )
    hidden = pd.DataFrame({"links": [False, False]}, index=["A", "B"])
    nothing = pd.DataFrame()
    withheld = Withheld(hidden, pd.Series(dtype=bool), nothing, nothing, nothing, RULES)
    told = release_support(measures, {"B": ("money", "splitting")}, withheld).set_index("cluster")
    assert told.loc["A", "splitting"] == 0.35
    assert told.loc["A", "outliving"] == 4 / 9
    assert told.loc["B", ["money", "splitting", "programmes"]].isna().all()
    # Nine pairs less eight is one.
    assert told.loc["B", ["pairs_during", "pairs_after", "outliving"]].isna().all()
    assert told.loc["B", "current"] == 9.0


def firms_of(*rows: tuple[str, str, int]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["group", "industries", "firms"]).assign(cluster="A")


def test_sector_groups_do_not_give_industries_away() -> None:
    groups = ["first", "second"]
    # Ten firms of the first group: eight of bio, which is told, and two of robot, which is not.
    firms = firms_of(("first", "bio", 8), ("first", "robot", 2), ("second", "", 6))
    known = {("A", "bio"): True, ("A", "robot"): False}
    shown = tell_groups(firms, known, groups, RULES, total=False)
    assert shown.tolist() == [False, True]
    # All sixteen firms, less the six, less the eight, leave the two.
    shown = tell_groups(firms, known, groups, RULES, total=True)
    assert shown.tolist() == [False, False]
    both_told = {("A", "bio"): True, ("A", "robot"): True}
    assert tell_groups(firms, both_told, groups, RULES, total=True).tolist() == [True, True]


def test_intermediaries_by_hand() -> None:
    columns = ["near_firms", "near_linked", "partners", "joined"]
    roles = ["coordinator", "itinerant", "gateway", "liaison"]
    rows = [(100, 20, 30, 1, 0, 2, 3, 4), (100, 2, 30, 5, 0, 0, 0, 9), (21, 20, 21, 5, 9, 9, 9, 9)]
    bodies = pd.DataFrame(rows, columns=[*columns, *roles]).assign(
        institute=["a", "b", "c"], near_share=0.2, near_low=0.1, near_high=0.3
    )

    class Told:
        institutes = pd.DataFrame({"institute": ["a", "b", "c"]})

    told: Any = Told()
    shown = release_intermediaries(bodies, told, RULES).set_index("institute")
    assert shown.loc["a", columns].tolist() == [100, 20, 30, 1]
    assert shown.loc["a", roles].isna().tolist() == [False, True, False, False]
    # Two of its firms are few; one firm that it is not linked with is.
    assert shown[["near_linked", "near_share"]].isna().all(axis=1).tolist() == [False, True, True]
    assert shown["partners"].isna().tolist() == [False, False, True]
    told.institutes = told.institutes.iloc[:1]
    assert release_intermediaries(bodies, told, RULES)["institute"].tolist() == ["a"]


@given(
    added=st.lists(st.integers(1, 12), min_size=1, max_size=5),
    before=st.integers(0, 20),
    left=st.integers(0, 5),
)
def test_next_sites_leave_no_few(added: list[int], before: int, left: int) -> None:
    turns = sorted(added, reverse=True)
    covered = before + np.cumsum(turns)
    in_all = int(covered[-1]) + left
    sites = pd.DataFrame(
        {
            "turn": range(1, len(turns) + 1),
            "cluster": [f"C{at}" for at in range(len(turns))],
            "added": turns,
            "firms_covered": covered,
            "firms_in_all": in_all,
        }
    )
    told = release_sites(sites, RULES)
    shown = told["added"].notna()
    assert shown.tolist() == [number >= 3 for number in turns]
    known = sorted({*told["firms_covered"].dropna(), *told["firms_in_all"].dropna()})
    # Between two numbers told lies what some turns add, or what remains: never one or two.
    assert all(other - one >= 3 for one, other in pairwise(known))
