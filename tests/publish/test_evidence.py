"""What stands behind scores leaves without telling of few links, one actor, or one group."""

from __future__ import annotations

import numpy as np
import pandas as pd

from clustermap.publish.evidence import (
    find_roles,
    find_table,
    release_abroad,
    release_brokers,
    release_flags,
    release_ratios,
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
    rows = [
        (c, null, boundary, kind, reach, links, 4.0, 1.0, 0.5, 0.1, 0.9, 0.8, 0.7, 1)
        for null in ("mass", "constrained")
        for boundary in ("drawn", "larger")
        for kind in ("", "research")
        for c, values in observed.items()
        for reach, links in zip(REACHES, values, strict=True)
    ]
    columns = [
        *("cluster", "null", "boundary", "kind", "reach", "observed", "expected", "design"),
        *("ratio", "low", "high", "width", "data_weight", "decided"),
    ]
    return pd.DataFrame(rows, columns=columns).assign(allowance=1.25)


def shown(frame: pd.DataFrame, cluster: str) -> list[float | None]:
    links = frame.loc[frame["cluster"] == cluster, "observed"]
    return [None if np.isnan(value) else value for value in links]


def test_ratios_are_those_of_the_headline_and_all_kinds() -> None:
    told = release_ratios(ratios(A=(5, 9, 9, 40)), "mass", NOBODY, kinds(), RULES)
    assert told["reach"].to_list() == list(REACHES)
    assert shown(told, "A") == [5, 9, 9, 40]
    assert "null" not in told


def test_no_difference_between_reaches_tells_of_few_links() -> None:
    table = ratios(A=(2, 4, 9, 40), B=(5, 6, 7, 2))
    told = release_ratios(table, "mass", NOBODY, kinds(), RULES)
    # A: two links inside are few; four within 10 km tell no more of them; B: one and two more,
    # where seven are only two more than five; the two beyond take the fence along.
    assert shown(told, "A") == [None, 4, 9, 40]
    assert shown(told, "B") == [None, None, None, None]
    told = release_ratios(table, "mass", NOBODY, kinds(), Rules(min_firms=0))
    assert shown(told, "B") == [5, 6, 7, 2]
    assert told["ratio"].notna().all()


def test_a_total_does_not_give_one_hidden_kind_away() -> None:
    table = ratios(A=(5, 9, 9, 40), B=(5, 9, 9, 40))
    hidden = kinds(A="research other", B="research firm_firm")
    told = release_ratios(table, "mass", NOBODY, hidden, RULES)
    assert shown(told, "A") == [None] * 4  # of the scored kinds research alone is hidden
    assert told["ratio"].notna().all()
    assert shown(told, "B") == [5, 9, 9, 40]


def test_clusters_with_few_linked_actors_tell_nothing() -> None:
    few = pd.Series({"A": True, "B": False})
    told = release_ratios(ratios(A=(5, 9, 9, 40), B=(5, 9, 9, 40)), "mass", few, kinds(), RULES)
    of_a = told["cluster"] == "A"
    assert (
        told.loc[of_a, ["observed", "expected", "allowance", "ratio", "low", "high"]]
        .isna()
        .all(axis=None)
    )
    assert told["decided"].to_list() == [0] * 4 + [1] * 4


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
    empty = {name: find_table({}, name) for name in ("ratios", "brokers", "abroad", "flags")}
    assert len(release_ratios(empty["ratios"], "mass", NOBODY, kinds(), RULES)) == 0
    actors = pd.DataFrame({"name": [], "kind": []})
    assert len(release_brokers(empty["brokers"], actors, NOBODY, internal=False)) == 0
    assert len(release_abroad(empty["abroad"], kinds(), RULES)) == 0
    assert len(release_flags(empty["flags"], NOBODY, RULES, internal=False)) == 0
