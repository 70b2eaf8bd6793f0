"""What stands behind scores leaves without telling of few links, one actor, or one group."""

from __future__ import annotations

import numpy as np
import pandas as pd

from clustermap.publish.evidence import (
    TYPICAL,
    find_roles,
    find_table,
    release_abroad,
    release_brokers,
    release_flags,
    release_ratios,
    release_typical,
)
from clustermap.publish.names import MASK
from clustermap.publish.suppression import Rules

RULES = Rules()
REACHES = ("fence", "10 km", "30 km", "beyond")
NOBODY = pd.Series({"A": False, "B": False})


def kinds(**hidden: str) -> pd.Series:
    """Return the hidden kinds of clusters: one cluster a keyword, its kinds joined by spaces."""
    pairs = [(c, kind) for c in ("A", "B") for kind in ("firm_firm", "research", "other")]
    index = pd.MultiIndex.from_tuples(pairs, names=["cluster", "kind"])
    return pd.Series([kind in hidden.get(c, "").split() for c, kind in pairs], index=index)


def ratios(**observed: tuple[float, ...]) -> pd.DataFrame:
    """Return links of clusters at four reaches: a half is of firms, a half is research."""
    rows = [
        (c, null, boundary, kind, reach, links * share, 4.0, 1.0, 0.5, 0.1, 0.9, 0.8, 0.7, 1)
        for null in ("mass", "constrained")
        for boundary in ("drawn", "larger")
        for kind, share in (("research", 0.5), ("firm_firm", 0.5), ("", 1.0))
        for c, values in observed.items()
        for reach, links in zip(REACHES, values, strict=True)
    ]
    columns = [
        *("cluster", "null", "boundary", "kind", "reach", "observed", "expected", "design"),
        *("ratio", "low", "high", "width", "data_weight", "decided"),
    ]
    return pd.DataFrame(rows, columns=columns).assign(allowance=1.25)


def shown(frame: pd.DataFrame, cluster: str, kind: str = "") -> list[float | None]:
    links = frame.loc[(frame["cluster"] == cluster) & (frame["kind"] == kind), "observed"]
    return [None if np.isnan(value) else value for value in links]


def test_ratios_are_those_of_the_headline_all_kinds_first() -> None:
    told = release_ratios(ratios(A=(6, 12, 12, 40)), "mass", NOBODY, kinds(), RULES)
    assert told["reach"].to_list() == list(REACHES) * 3
    assert told["kind"].drop_duplicates().to_list() == ["", "firm_firm", "research"]
    assert shown(told, "A") == [6, 12, 12, 40]
    assert shown(told, "A", "research") == [3, 6, 6, 20]
    assert not {"null", "boundary"} & set(told.columns)


def test_no_difference_between_reaches_tells_of_few_links() -> None:
    table = ratios(A=(2, 4, 9, 40), B=(5, 6, 7, 2))
    told = release_ratios(table, "mass", NOBODY, kinds(), RULES)
    # A: two links inside are few; four within 10 km tell no more of them. B: one and two more, two
    # beyond; of five nine in all leave four.
    assert shown(told, "A") == [None, 4, 9, 40]
    assert shown(told, "B") == [5, None, None, None]
    told = release_ratios(table, "mass", NOBODY, kinds(), Rules(min_firms=0))
    assert shown(told, "B") == [5, 6, 7, 2]
    assert shown(told, "B", "research") == [2.5, 3, 3.5, 1]
    assert told["ratio"].notna().all()


def test_beside_all_links_no_reach_gives_few_beyond_away() -> None:
    # Eleven in all: nine would leave the two beyond, at whichever reach they are told.
    told = release_ratios(ratios(A=(5, 9, 9, 2)), "mass", NOBODY, kinds(), RULES)
    assert shown(told, "A") == [5, None, None, None]


def test_shares_that_add_up_to_as_much_are_no_difference() -> None:
    more = np.nextafter(9.3, 10)
    told = release_ratios(ratios(A=(9.3, more, more, 40)), "mass", NOBODY, kinds(), RULES)
    assert shown(told, "A") == [9.3, more, more, 40]
    assert None not in shown(told, "A", "research")


def test_of_a_kind_few_links_are_covered_by_others() -> None:
    table = ratios(A=(40, 40, 40, 40))
    rows = (table["reach"] == "fence") & (table["kind"] != "")
    table.loc[rows, "observed"] = table.loc[rows, "kind"].map({"research": 1, "firm_firm": 39})
    told = release_ratios(table, "mass", NOBODY, kinds(), RULES)
    assert shown(told, "A") == [40] * 4
    assert shown(told, "A", "research") == [None, 20, 20, 20]
    assert shown(told, "A", "firm_firm") == [None, 20, 20, 20]
    unsaid = told[told["observed"].isna()]
    assert unsaid[["expected", "design"]].isna().all(axis=None)
    assert told["ratio"].notna().all()


def test_a_total_does_not_give_one_hidden_kind_away() -> None:
    table = ratios(A=(6, 12, 12, 40), B=(6, 12, 12, 40))
    hidden = kinds(A="research other", B="research firm_firm")
    told = release_ratios(table, "mass", NOBODY, hidden, RULES)
    assert shown(told, "A") == [None] * 4  # of the scored kinds research alone is hidden
    assert told.loc[told["kind"] == "", "ratio"].notna().all()
    assert shown(told, "B") == [6, 12, 12, 40]
    # Beside that of all kinds, the ratio of firms would tell of the one of research.
    by_kind = told[told["kind"] != ""]
    assert by_kind[["observed", "expected", "ratio", "low", "high"]].isna().all(axis=None)


def test_clusters_with_few_linked_actors_tell_nothing() -> None:
    few = pd.Series({"A": True, "B": False})
    table = ratios(A=(6, 12, 12, 40), B=(6, 12, 12, 40))
    table["decided"] = table["decided"].where(table["kind"] == "").astype("Int64")
    told = release_ratios(table, "mass", few, kinds(), RULES)
    of_a = told["cluster"] == "A"
    assert (
        told.loc[of_a, ["observed", "expected", "allowance", "ratio", "low", "high"]]
        .isna()
        .all(axis=None)
    )
    assert told["decided"].head(8).to_list() == [0] * 4 + [1] * 4
    assert told["decided"].isna().sum() == 16  # of a kind nothing is decided


def test_brokers_keep_type_and_role_outside() -> None:
    brokers = pd.DataFrame(
        [("A", "f1", 9, 6, 2, 1), ("A", "u1", 4, 1, 2, 1), ("B", "f2", 3, 0, 2, 1)],
        columns=["cluster", "actor", "roles", "gatekeeper", "representative", "either"],
    )
    actors = pd.DataFrame(
        {"name": ["가", "나", "다"], "kind": ["firm", "firm", "university"]},
        index=["f1", "f2", "u1"],
    )
    told = release_brokers(brokers, actors, NOBODY, internal=False)
    assert told[["cluster", "place", "name", "type", "role"]].to_numpy().tolist() == [
        ["A", 1, MASK, "firm", "gatekeeper"],
        ["A", 2, MASK, "university", "either"],
        ["B", 1, MASK, "firm", "representative"],
    ]
    assert told[["roles", "either"]].isna().all(axis=None)
    inside = release_brokers(brokers, actors, NOBODY, internal=True)
    assert inside["name"].to_list() == ["가", "다", "나"]
    assert inside["roles"].to_list() == [9, 4, 3]
    few = pd.Series({"A": True, "B": False})
    assert release_brokers(brokers, actors, few, internal=False)["cluster"].to_list() == ["B"]


def test_a_role_is_more_than_half() -> None:
    counts = pd.DataFrame(
        [(2, 1, 0), (2, 1, 1), (0, 2, 1), (0, 0, 5)],
        columns=["gatekeeper", "representative", "either"],
    )
    assert find_roles(counts).tolist() == ["gatekeeper", "either", "representative", "either"]


def test_typical_links_are_told_of_pairs_with_released_flows() -> None:
    #   A --5--> B --4--> A     C --6--> A, A --2--> C withheld     A - A 9     B --7--> abroad
    flows = pd.DataFrame(
        [("A", "B", 5), ("B", "A", 4), ("C", "A", 6), ("A", "C", 2), ("A", "A", 9),
         ("B", "abroad:US", 7), ("B", "C", 1)],
        columns=["source", "target", "links"],
    ).assign(kind="transfer", weight=0)  # fmt: skip
    # Cells are paired in the order of their codes, whatever their names are.
    expected = pd.DataFrame(
        [("B", "A", 8.5, 3.25), ("A", "C", 8.0, 2.5), ("A", "A", 9.0, 12.0), ("B", "C", 1.0, 0.5)],
        columns=["source", "target", "observed", "expected"],
    ).assign(kind="transfer")
    other = expected.assign(kind="research")
    table = pd.concat([other, expected])
    told = release_typical(table, flows, flows[flows["links"] > 2])
    assert told.drop(columns="kind").to_numpy().tolist()[:2] == [
        ["A", "A", 9.0, 12.0],
        ["A", "B", 8.5, 3.25],
    ]
    assert told.loc[2, ["low", "high", "expected"]].to_list() == ["A", "C", 2.5]
    assert np.isnan(told.loc[2, "observed"])  # would be six and the two withheld
    assert set(told["kind"]) == {"transfer"}
    assert len(told) == 3
    whole = release_typical(table, flows, flows)
    assert whole["observed"].to_list() == [9.0, 8.5, 8.0, 1.0]
    assert release_typical(table, flows, flows.iloc[:0]).columns.to_list() == list(TYPICAL)


def test_links_abroad_follow_the_rules_of_links() -> None:
    abroad = pd.DataFrame(
        [("A", "US", "research", 3), ("A", "JP", "research", 2), ("B", "US", "research", 9)],
        columns=["cluster", "country", "kind", "links"],
    ).assign(weight=1)
    told = release_abroad(abroad, kinds(B="research firm_firm"), RULES)
    assert told[["cluster", "country", "links"]].to_numpy().tolist() == [["A", "US", 3]]


def test_warnings_leave_without_the_share_of_one_group() -> None:
    flags = pd.DataFrame(
        [("A", "headquarters", 0.6, 10, 1), ("A", "one_group", 0.7, 10, 1),
         ("A", "foreign", 1.0, 5, 1), ("A", "groups", 0.5, 2, 0), ("B", "headquarters", 0.6, 5, 1)],
        columns=["cluster", "flag", "share", "links", "raised"],
    )  # fmt: skip
    few = pd.Series({"A": False, "B": True})
    told = release_flags(flags, few, RULES, internal=False)
    assert told["share"].isna().to_list() == [False, True, True, True, True]
    assert told["raised"].to_list() == [1, 1, 1, 0, 0]
    inside = release_flags(flags, NOBODY, Rules(min_firms=0), internal=True)
    assert inside["share"].to_list() == [0.6, 0.7, 1.0, 0.5, 0.6]


def test_a_run_without_linkages_has_empty_tables() -> None:
    names = ("ratios", "brokers", "abroad", "flags", "expected")
    empty = {name: find_table({}, name) for name in names}
    assert len(release_ratios(empty["ratios"], "mass", NOBODY, kinds(), RULES)) == 0
    actors = pd.DataFrame({"name": [], "kind": []})
    assert len(release_brokers(empty["brokers"], actors, NOBODY, internal=False)) == 0
    flows = pd.DataFrame([("A", "B", "other", 9)], columns=["source", "target", "kind", "links"])
    assert len(release_typical(empty["expected"], flows, flows)) == 0
    assert len(release_abroad(empty["abroad"], kinds(), RULES)) == 0
    assert len(release_flags(empty["flags"], NOBODY, RULES, internal=False)) == 0
