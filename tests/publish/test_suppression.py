"""Small cells: too few firms, one firm that is nearly all, too few linked actors."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from clustermap.network.counts import Counts
from clustermap.network.graph import TIES
from clustermap.publish.suppression import Rules, find_suppressed, hide_clusters, hide_kinds

#  cluster   firms  employees  largest  small  linked (any, research)
#  A           9      100        20       6      9, 5      nothing is small
#  B           2       50        30       2      2, 2      two firms, two linked
#  C           5      100        81       4      3, 1      one firm is 81 %
#  D           5      100        80       4      0, 0      exactly 80 %: may be told
WORLD = {"A": (9, 100, 20, 6), "B": (2, 50, 30, 2), "C": (5, 100, 81, 4), "D": (5, 100, 80, 4)}
LINKED = {"A": (9, 5), "B": (2, 2), "C": (3, 1), "D": (0, 0)}
INDUSTRIES = [("A", "chips", 2, 30, 20), ("A", "ai", 4, 40, 35), ("D", "chips", 5, 100, 80)]


def counts() -> Counts:
    firms = ["firms", "employees", "largest"]
    by_sector = pd.DataFrame(
        [(cluster, "26", *sums) for cluster, sums in WORLD.items()],
        columns=["cluster", "sector", *firms, "small"],
    )
    by_sector["employed"] = by_sector["firms"]
    links = [(cluster, "research", linked[1]) for cluster, linked in LINKED.items()]
    nothing = pd.DataFrame()
    return Counts(
        clusters=pd.Index(list(WORLD), name="cluster"),
        actors=nothing,
        by_sector=by_sector,
        by_industry=pd.DataFrame(INDUSTRIES, columns=["cluster", "industry", *firms]),
        nation_by_sector=nothing,
        nation_by_industry=nothing,
        links=pd.DataFrame(links, columns=["cluster", "kind", "linked"]),
        linked=pd.DataFrame(
            [(cluster, linked[0]) for cluster, linked in LINKED.items()],
            columns=["cluster", "linked"],
        ),
        ties=TIES.empty_table(),
    )


def suppressed(indicator: str, kind: str = "", industry: str = "", **rules: Any) -> set[str]:
    frame = pd.DataFrame({"cluster": list(WORLD)})
    frame = frame.assign(indicator=indicator, kind=kind, industry=industry)
    hidden = find_suppressed(frame, counts(), Rules(**rules))
    return set(frame["cluster"][hidden])


def test_numbers_of_firms() -> None:
    assert suppressed("firms") == {"B"}
    assert suppressed("firms", min_firms=1) == set()
    assert suppressed("firms", min_firms=6) == {"B", "C", "D"}


@pytest.mark.parametrize(
    "indicator", ["employees", "herfindahl", "krugman_index", "related_variety"]
)
def test_employment_of_few_or_of_one(indicator: str) -> None:
    assert suppressed(indicator) == {"B", "C"}
    assert suppressed(indicator, dominance=0.79) == {"B", "C", "D"}
    assert suppressed(indicator, min_firms=1, dominance=1.0) == set()


def test_employment_in_an_industry() -> None:
    # A has two firms in chips, and one firm is most of its ai; B is small as a whole.
    assert suppressed("location_quotient", industry="chips") == {"A", "B"}
    assert suppressed("location_quotient", industry="ai") == {"A", "B"}
    assert suppressed("location_quotient", industry="bio") == {"B"}


@pytest.mark.parametrize("indicator", ["small_firm_share", "small_firm_employment"])
def test_few_firms_of_a_size(indicator: str) -> None:
    # In D one firm is not small: its employees would be the rest.
    assert suppressed(indicator) == {"B", "C", "D"}
    assert suppressed(indicator, min_firms=4) == {"A", "B", "C", "D"}
    assert suppressed(indicator, min_firms=1, dominance=1.0) == set()


@pytest.mark.parametrize("indicator", ["largest_employer_share", "employer_herfindahl"])
def test_what_tells_of_one_firm_never_leaves(indicator: str) -> None:
    assert suppressed(indicator, min_firms=1, dominance=1.0) == set(WORLD)


def test_links_of_few_actors() -> None:
    assert suppressed("internal_links", kind="research") == {"B", "C"}
    assert suppressed("strength") == {"B"}
    assert suppressed("strength", min_firms=4) == {"B", "C"}


def test_what_a_cluster_itself_hides() -> None:
    hidden = hide_clusters(counts(), Rules())
    assert hidden.to_dict("list") == {
        "firms": [False, True, False, False],
        "employees": [False, True, True, False],
        "links": [False, True, False, False],
    }
    assert list(hidden.index) == list(WORLD)


def linked_by_kind(**linked: int) -> Counts:
    rows = [("A", kind, actors) for kind, actors in linked.items()]
    return replace(counts(), links=pd.DataFrame(rows, columns=["cluster", "kind", "linked"]))


@pytest.mark.parametrize(
    ("linked", "hidden"),
    [
        ({"research": 5, "support": 4, "transfer": 0}, set()),
        # Alone, transfer is the total less the others: the next smallest goes with it.
        ({"research": 5, "support": 4, "transfer": 2}, {"transfer", "support"}),
        ({"research": 4, "support": 4, "transfer": 1}, {"transfer", "research"}),
        # Two small kinds hide each other.
        ({"research": 5, "support": 2, "transfer": 1}, {"transfer", "support"}),
        # A kind without links is no cover.
        ({"research": 2, "support": 0, "transfer": 0}, {"research"}),
    ],
)
def test_a_kind_is_never_hidden_alone(linked: dict[str, int], hidden: set[str]) -> None:
    found = hide_kinds(linked_by_kind(**linked), Rules())
    assert {kind for (_, kind), is_hidden in found.items() if is_hidden} == hidden
