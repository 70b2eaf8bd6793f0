"""Conditions of situations: two clusters by hand, what is not decided, and any order of rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from clustermap.messages import LANGUAGES, read_catalogue
from clustermap.network.resilience import join_groups
from clustermap.selection import conditions
from clustermap.selection.conditions import CONDITIONS, Findings, count_holders
from tests.network.links import draw

NAN = float("nan")
CLUSTERS = pd.Index(["A", "B"], name="cluster")


def part(cluster: str, name: str, measure: float, half: float, *, decided: int) -> dict[str, Any]:
    return {
        "scenario": "default",
        "cluster": cluster,
        "subscore": name,
        "measure": measure,
        "measure_low": measure - half,
        "measure_high": measure + half,
        "basis": 20.0,
        "decided": decided,
    }


def ratio(cluster: str, kind: str, observed: float, expected: float) -> dict[str, Any]:
    value = np.log2(observed / expected)
    place = {"null": "mass", "boundary": "drawn", "kind": kind, "reach": "30 km"}
    numbers = {"observed": observed, "expected": expected, "design": 2.0}
    return {
        "cluster": cluster,
        **place,
        **numbers,
        "ratio": value,
        "low": value - 0.5,
        "high": value + 0.5,
    }


def indicator(
    cluster: str, name: str, value: float, basis: float, kind: str = ""
) -> dict[str, Any]:
    return {"cluster": cluster, "indicator": name, "kind": kind, "value": value, "basis": basis}


def near(cluster: str, kind: str, observed: float, matched: float) -> dict[str, Any]:
    told = {"observed": observed, "expected": 1.0, "least": 0.5, "matched": matched}
    return {"cluster": cluster, "type": kind, **told}


def draw_findings() -> Findings:
    subscores = [
        part("A", "embeddedness", -1.0, 0.5, decided=1),
        part("B", "embeddedness", -1.0, 0.5, decided=0),
        part("A", "participation", -0.2, 0.5, decided=1),
        part("B", "participation", -0.6, 0.5, decided=1),
        part("A", "brokerage", -2.0, 1.0, decided=1),
        part("B", "brokerage", NAN, NAN, decided=0),
    ]
    other = part("B", "embeddedness", -9.0, 0.5, decided=1) | {"scenario": "core_technology"}
    # Of 16 typical links, two a unit, 8 are independent; of 12 six, which decide nothing.
    ratios = [
        ratio("A", "research", 4.0, 16.0),
        ratio("B", "research", 4.0, 12.0),
        ratio("A", "support", 16.0, 16.0),
        ratio("A", "support", 1.0, 99.0) | {"reach": "fence"},
        ratio("A", "support", 1.0, 99.0) | {"reach": "beyond"},
        ratio("A", "support", 1.0, 99.0) | {"boundary": "larger"},
    ]
    indicators = [
        indicator("A", "firms", 40, 40),
        indicator("B", "firms", 40, 40),
        indicator("A", "employees", 1_000, 40),
        indicator("B", "employees", 1_000, 19),
        indicator("A", "largest_employer_share", 0.25, 40),
        indicator("B", "largest_employer_share", 0.1, 19),
        *(indicator(c, "internal_links", 0, 0, "research") for c in "AB"),
        indicator("A", "external_links", 60, 60, "research"),
        indicator("A", "external_links", 30, 30, "support"),
        indicator("B", "external_links", 10, 5, "research"),
        indicator("A", "abroad_links", 10, 60, "research"),
        indicator("B", "abroad_links", 0, 5, "research"),
        indicator("B", "abroad_links", 9, 9, "other"),
    ]
    institutes = [
        *(near("A", "university", 0.0, 0.0) for _ in range(3)),
        near("A", "hospital", 1.0, 1.0),
        near("A", "university", 0.0, NAN),
        *(near("A", "support", 0.0, 1.0) for _ in range(5)),
        near("B", "support", 0.0, 1.0),
    ]
    support = {
        "cluster": ["A"],
        "splitting": [0.25],
        "programmes": [9],
        "outliving": [0.2],
        "pairs_during": [20],
    }
    return Findings(
        CLUSTERS,
        pd.DataFrame([*subscores, other]),
        pd.DataFrame(ratios),
        pd.DataFrame(indicators),
        pd.DataFrame(institutes),
        pd.DataFrame({"units": [20.0, 3.0], "share": [0.9, 2 / 3]}, index=CLUSTERS),
        pd.DataFrame(support),
    )


EXPECTED = {
    # 2 to the -0.5 is below 1; B's links decide nothing, and other scenarios are not read.
    "internal_below": (1, NAN),
    # As many as typical; B has no links with support bodies at all.
    "support_below": (0, NAN),
    "brokerage_below": (1, NAN),
    "institutes_near": (1, 0),
    "research_below": (1, NAN),
    # One of four shares a field; none that researches is near B.
    "fields_differ": (1, NAN),
    "participation_below": (0, 1),
    # One of seven is linked where 3.5 are typical: exp(-3.5) x 4.5 = .136; .5 tells nothing.
    "partners_unlinked": (0, NAN),
    # A quarter of 1,000 is 250; the largest of half of the firms need not be the largest.
    "no_large_firm": (0, NAN),
    # A tenth of the nation's links: .9 to the 5th is .59.
    "none_abroad": (0, NAN),
    "one_holds_most": (1, NAN),
    "split_thin": (1, 0),
    # A fifth of twenty pairs: Wilson's interval ends at .37.
    "no_effect": (1, NAN),
}


@pytest.mark.parametrize("key", CONDITIONS)
def test_conditions_by_hand(key: str) -> None:
    found = CONDITIONS[key](draw_findings())
    assert found["holds"].tolist() == pytest.approx(EXPECTED[key], nan_ok=True)
    assert (found["open"] != "").tolist() == np.isnan(EXPECTED[key]).tolist()


def test_numbers_by_hand() -> None:
    known = draw_findings()
    found = {key: function(known).loc["A"] for key, function in CONDITIONS.items()}
    ends = found["internal_below"][["value", "low", "high", "basis"]]
    assert ends.tolist() == [-1.0, -1.5, -0.5, 20.0]
    assert found["research_below"][["value", "typical", "basis"]].tolist() == [-2.0, 16.0, 4.0]
    assert found["fields_differ"][["value", "basis"]].tolist() == [0.25, 4.0]
    assert found["partners_unlinked"][["value", "typical", "basis"]].tolist() == [1.0, 3.5, 7.0]
    assert found["none_abroad"][["value", "typical"]].tolist() == [10.0, 9.0]
    assert found["split_thin"][["value", "basis"]].tolist() == [4.0, 9.0]
    # z² = 2.7055: (.9 + z²/40) / (1 + z²/20) = .8523, and .1294 / (1 + z²/20) = .1140 around it.
    low, high = found["one_holds_most"][["low", "high"]]
    assert (low, high) == pytest.approx((0.7383, 0.9663), abs=5e-4)


def test_none_of_many_links_leads_abroad() -> None:
    known = draw_findings()
    rows = known.indicators
    more = (rows["cluster"] == "B") & (rows["indicator"] == "external_links")
    # A tenth and less of 30 independent links: .9 to the 30th is .04; of 28 it would be .0523.
    for basis, holds in ((30.0, 1.0), (28.0, NAN)):
        changed = rows.assign(basis=rows["basis"].where(~more, basis))
        found = conditions.none_abroad(Findings(CLUSTERS, *[known.subscores] * 2, changed))
        assert found["holds"].tolist() == pytest.approx([0.0, holds], nan_ok=True)


def test_what_was_not_read_is_not_decided() -> None:
    known = draw_findings()
    bare = Findings(CLUSTERS, known.subscores, known.ratios, known.indicators)
    for key in ("institutes_near", "fields_differ", "partners_unlinked"):
        assert CONDITIONS[key](bare)["open"].tolist() == [conditions.NO_NEAR] * 2
    for key in ("split_thin", "no_effect"):
        assert CONDITIONS[key](bare)["open"].tolist() == [conditions.NO_SUPPORT] * 2
    assert np.isnan(CONDITIONS["one_holds_most"](bare)["holds"]).all()


@pytest.mark.parametrize("key", CONDITIONS)
def test_the_order_of_rows_changes_nothing(key: str) -> None:
    known = draw_findings()
    turned = Findings(
        CLUSTERS,
        *(table.iloc[::-1] for table in (known.subscores, known.ratios, known.indicators)),
        known.near.iloc[::-1] if known.near is not None else None,
        known.holders,
        known.support,
    )
    pd.testing.assert_frame_equal(CONDITIONS[key](turned), CONDITIONS[key](known))


def test_holders_are_counted_by_units_and_groups() -> None:
    # Actors 0-3 in the first cluster, 4 in the second; 2 and 3 are of one group. Two links make the
    # project 7, all others are units of their own.
    drawing = draw(
        [(0, 1), (0, 2), (0, 4), (1, 3), (2, 3)], [0, 0, 0, 0, 1], 2, unit=[7, 7, -1, -1, -1]
    )
    group = np.array([-1, -1, 5, 5, -1], dtype=np.int32)
    firms = np.array([True] * 5)
    found = count_holders(drawing.ends, join_groups(group), firms, CLUSTERS)
    # Units 7, 0-4, 1-3, 2-3: the group takes part in three of them, 0 and 1 in two.
    assert found["units"].tolist() == [4.0, 1.0]
    assert found["share"].tolist() == [0.75, 1.0]
    # Were the group of 2 and 3 no firms, 1 would be first with 7 and 1-3, as 0 with 7 and 0-4.
    firms[2:4] = False
    assert count_holders(drawing.ends, join_groups(group), firms, CLUSTERS)["share"]["A"] == 0.5
    none = count_holders(draw([], [0, 1], 2).ends, join_groups(group[:2]), firms, CLUSTERS)
    assert none["units"].tolist() == [0.0, 0.0]
    assert none["share"].isna().all()


@pytest.mark.parametrize("key", CONDITIONS)
def test_every_condition_has_its_words(key: str) -> None:
    words = read_catalogue()
    for name in ("label", "told"):
        assert set(words[f"condition.{key}.{name}"]) == set(LANGUAGES)


@pytest.mark.parametrize("reason", conditions.REASONS)
def test_every_reason_has_its_words(reason: str) -> None:
    assert set(read_catalogue()[reason]) == set(LANGUAGES)
