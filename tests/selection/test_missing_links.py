"""Missing links: which pairs are told, who could broker, and pairs counted one by one."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from clustermap.network.shrinkage import ENDLESS
from clustermap.selection.fields import Fields
from clustermap.selection.missing_links import find_missing, name_brokers, tabulate_missing
from clustermap.selection.near_pairs import (
    INSTITUTE_TYPES,
    NEAR_M,
    NearPairs,
    lower_tail,
    pair_clusters,
    pair_institutes,
)
from clustermap.tables import KINDS, MISSING_LINKS, SHARE_UNIT
from tests.network.nation import CLUSTERS
from tests.selection.worlds import draw_linkages, tie, write_edges, write_register

if TYPE_CHECKING:
    from clustermap.scores.parts import Linkages

NAN = float("nan")
NAMES = np.array([f"n{at:02d}" for at in range(20)], dtype=object)
UNKNOWN = Fields([frozenset()] * CLUSTERS, {})


@pytest.fixture(scope="module")
def linkages() -> Linkages:
    return draw_linkages(20_000)


def write_pairs(rows: list[tuple[int, int, float, float, float]]) -> NearPairs:
    """Return pairs from cluster, other, observed, expected, matched; Poisson."""
    names = ["cluster", "other", "observed", "expected", "matched"]
    table = pd.DataFrame(rows, columns=names)
    table["distance_m"] = 1_000.0
    table["probability"] = lower_tail(table["observed"], table["expected"], ENDLESS)
    table["least"] = np.exp(-table["expected"])
    table["lacking"] = 1
    return NearPairs(table, tuple(("bio",) if row[4] == 1 else () for row in rows), 0.0, 1.0)


def test_the_chance_of_few_links_is_that_of_the_distributions() -> None:
    for observed, mean in product(range(4), (0.5, 3.0, 9.0)):
        assert lower_tail(observed, mean, ENDLESS) == pytest.approx(
            stats.poisson.cdf(observed, mean)
        )
        for size in (0.3, 2.0, 1e5):
            found = stats.nbinom.cdf(observed, size, size / (size + mean))
            assert lower_tail(observed, mean, size) == pytest.approx(found)


@given(
    st.floats(0, 30),
    st.floats(0, 30),
    st.floats(0, 200),
    st.sampled_from([0.01, 1.0, 50.0, ENDLESS]),
)
def test_more_links_are_never_rarer(one: float, other: float, mean: float, size: float) -> None:
    fewer, more = sorted((one, other))
    chances = lower_tail([fewer, more], mean, size)
    assert 0 <= chances[0] <= chances[1] <= 1


def test_pairs_that_are_told_by_hand() -> None:
    pairs = write_pairs(
        [
            (0, 10, 0.0, 3.0, 1.0),  # exp(-3) = .0498
            (0, 11, 0.0, 2.9, 1.0),  # exp(-2.9) = .0550: not even none would be rare
            (0, 12, 2.0, 9.0, NAN),  # .0062; fields not known
            (0, 13, 0.0, 9.0, 0.0),  # fields differ
            (1, 10, 9.0, 9.0, 1.0),  # as is typical
            (1, 11, 0.0, 4.0, 1.0),  # .0183
        ]
    )
    found = find_missing(pairs, NAMES, both=False)
    assert found[["cluster", "other"]].to_numpy().tolist() == [[0, 12], [0, 10], [1, 11]]
    # Of four pairs that could be told: .0062 x 4, .0183 x 4 / 2, .0498 x 4 / 3.
    assert found["false_share"].tolist() == pytest.approx([0.0249, 0.0664, 0.0366], abs=1e-4)
    assert found["common"].tolist() == [(), ("bio",), ("bio",)]
    assert find_missing(pairs, NAMES, both=False, most=1)["other"].tolist() == [12, 11]
    # Of two that are alike the first by identifier.
    alike = write_pairs([(0, 10, 0.0, 4.0, NAN), (0, 11, 0.0, 4.0, NAN)])
    for ids, first in ((NAMES, 10), (NAMES[::-1], 11)):
        assert find_missing(alike, ids, both=False, most=1)["other"].tolist() == [first]


def test_clusters_are_told_of_each_other() -> None:
    pairs = write_pairs([(0, 1, 0.0, 4.0, NAN), (0, 2, 0.0, 5.0, NAN), (1, 2, 5.0, 5.0, NAN)])
    found = find_missing(pairs, NAMES, both=True)
    assert found[["cluster", "other"]].to_numpy().tolist() == [[0, 2], [0, 1], [1, 0], [2, 0]]
    empty = find_missing(write_pairs([(0, 1, 0.0, 0.1, NAN)]), NAMES, both=True)
    assert empty.empty


def test_brokers_to_an_institute_by_hand() -> None:
    r"""Actors a, b, c in the cluster, the institute u = d, its partners e and f elsewhere.

    a --- e     b --- e     c --- d      the institute d works with e and f, later with c, too
          b --- f
    """
    types = ["firm", "firm", "firm", "university", "firm", "firm"]
    register = write_register(types, [0, 0, 0, 1, 1, 1])
    links = [(0, 4), (1, 4), (1, 5), (3, 4), (3, 5)]
    ids = np.array(register.ids.to_pylist(), dtype=object)
    missing = write_pairs([(0, 3, 0.0, 4.0, 1.0)]).table
    found = name_brokers(missing, tie(register, write_edges(links), 2), ids, both=False)
    # b shares both partners, a one.
    assert found.to_numpy().tolist() == [[1, 0, 2]]
    known = tie(register, write_edges([*links, (2, 3)]), 2)
    assert name_brokers(missing, known, ids, both=False).to_numpy().tolist() == [[2, 1, 0]]
    nobody = name_brokers(missing, tie(register, write_edges([(3, 4)]), 2), ids, both=False)
    assert nobody.to_numpy().tolist() == [[-1, 0, 0]]
    # Other links of two actors alike, the first by identifier.
    alike = tie(register, write_edges([(0, 4), (1, 4), (3, 4)]), 2)
    assert name_brokers(missing, alike, ids, both=False)["broker"].tolist() == [0]
    turned = ids.copy()
    turned[[0, 1]] = turned[[1, 0]]
    assert name_brokers(missing, alike, turned, both=False)["broker"].tolist() == [1]


def test_brokers_between_clusters_by_hand() -> None:
    # a, b | c, d | e and f elsewhere: e knows a, b and c; f knows a, c and d; a knows c.
    register = write_register(["firm"] * 6, [0, 0, 1, 1, 2, 2])
    links = [(0, 4), (1, 4), (2, 4), (0, 5), (2, 5), (3, 5), (0, 2)]
    ids = np.array(register.ids.to_pylist(), dtype=object)
    missing = write_pairs([(0, 1, 1.0, 9.0, 1.0), (1, 0, 1.0, 9.0, 1.0)]).table
    linkages = tie(register, write_edges(links), 2)
    found = name_brokers(missing, linkages, ids, both=True)
    # Both know one there and two here; the first by identifier.
    assert found.to_numpy().tolist() == [[4, 1, 1], [4, 1, 1]]
    table = tabulate_missing(
        find_missing(write_pairs([(0, 1, 1.0, 9.0, 1.0)]), NAMES, both=True),
        found,
        pd.Index(["A", "B"]),
        ids,
        both=True,
    )
    assert list(table) == [column.name for column in MISSING_LINKS.columns]
    assert table[["cluster", "counterpart", "broker", "lacking"]].to_numpy().tolist() == [
        ["A", "B", "e", "research"],
        ["B", "A", "e", "research"],
    ]


def count_one_by_one(linkages: Linkages, cluster: int, actors: list[int]) -> float:
    """Return links of a cluster's members with some actors, going through all edges."""
    edges, cells = linkages.edges, linkages.register.cells
    kinds = linkages.standardised.comparisons["mass", "drawn"].kinds
    found = 0
    for a, b, kind, credit in zip(edges.a, edges.b, edges.kind, edges.credit, strict=True):
        if int(kind) in kinds:
            found += int(credit) * ((cells[a] == cluster) and (b in actors))
            found += int(credit) * ((cells[b] == cluster) and (a in actors))
    return found / SHARE_UNIT


def test_near_institutes_one_by_one(linkages: Linkages) -> None:
    table = pair_institutes(linkages, UNKNOWN).table
    register, space = linkages.register, linkages.observed.space
    institutes = np.flatnonzero(np.isin(register.types, INSTITUTE_TYPES))
    away = np.hypot(
        space.x[:CLUSTERS, None] - register.x[institutes],
        space.y[:CLUSTERS, None] - register.y[institutes],
    )
    assert len(table) == int((away <= NEAR_M).sum())
    assert table["distance_m"].max() <= NEAR_M
    for row in table.iloc[:: len(table) // 10].itertuples():
        assert row.observed == count_one_by_one(linkages, row.cluster, [row.other])
    # Nothing is planted: as many links as are typical, all in all, and few pairs stand out.
    assert table["observed"].sum() == pytest.approx(table["expected"].sum(), rel=0.1)
    told = table[table["least"] <= 0.05]
    assert (told["probability"] <= 0.05).mean() < 0.1
    assert table["matched"].isna().all()


def test_near_clusters_one_by_one(linkages: Linkages) -> None:
    table = pair_clusters(linkages, UNKNOWN).table
    assert (table["cluster"] < table["other"]).all()
    cells = linkages.register.cells
    for row in table.iloc[:: len(table) // 5].itertuples():
        other = np.flatnonzero(cells == row.other).tolist()
        assert row.observed == count_one_by_one(linkages, row.cluster, other)
    pairs = linkages.standardised.pairs
    pairs = pairs[pairs["source"] != pairs["target"]]
    told = pairs.groupby(["source", "target"])[["observed", "expected"]].sum()
    at = pd.MultiIndex.from_frame(table[["cluster", "other"]])
    assert table["observed"].to_numpy() == pytest.approx(
        told["observed"].reindex(at, fill_value=0.0).to_numpy()
    )
    # That table leaves out kinds without a link of which less than one is typical.
    assert table["expected"].sum() > told["expected"].reindex(at, fill_value=0.0).sum()


def test_fields_in_common_are_told(linkages: Linkages) -> None:
    first = int(pair_institutes(linkages, UNKNOWN).table["other"][0])
    cluster = int(pair_institutes(linkages, UNKNOWN).table["cluster"][0])
    own = [frozenset[str]()] * CLUSTERS
    own[cluster] = frozenset({"bio", "space"})
    for fields, matched, common in (
        ({"space", "robot"}, 1.0, ("space",)),
        ({"robot"}, 0.0, ()),
    ):
        found = pair_institutes(linkages, Fields(own, {first: frozenset(fields)}))
        assert (found.table["matched"][0], found.common[0]) == (matched, common)
        assert found.table["matched"].notna().sum() == 1


def test_a_place_not_known_well_has_no_distance(linkages: Linkages) -> None:
    register = linkages.register
    vague = replace(linkages, register=replace(register, precise=np.zeros(len(register.x), bool)))
    found, exact = (pair_institutes(each, UNKNOWN).table for each in (vague, linkages))
    assert found["distance_m"].isna().all()
    pd.testing.assert_frame_equal(
        found.drop(columns="distance_m"), exact.drop(columns="distance_m")
    )


def test_who_is_known_only_to_the_district_misses_nothing(linkages: Linkages) -> None:
    register, table = linkages.register, pair_institutes(linkages, UNKNOWN).table
    first = int(table["other"][0])
    placed, precise = np.zeros(len(register.x), bool), np.ones(len(register.x), bool)
    placed[first] = True
    small = replace(linkages, register=replace(register, placed=placed, precise=precise))
    assert pair_institutes(small, UNKNOWN).table["other"].tolist() == table["other"].tolist()
    precise[first] = False
    wide = replace(linkages, register=replace(register, placed=placed, precise=precise))
    others = table["other"][table["other"] != first]
    assert pair_institutes(wide, UNKNOWN).table["other"].tolist() == others.tolist()


def test_links_that_were_deleted_are_told(linkages: Linkages) -> None:
    register = linkages.register
    table = pair_institutes(linkages, UNKNOWN).table
    surest = table.sort_values("least").iloc[0]
    cluster, other = int(surest["cluster"]), int(surest["other"])
    assert surest["observed"] > 0
    edges, cells = linkages.edges, register.cells
    gone = (cells[edges.a] == cluster) & (edges.b == other)
    gone |= (cells[edges.b] == cluster) & (edges.a == other)
    ids = np.array(register.ids.to_pylist(), dtype=object)
    left = replace(linkages, edges=edges.part(np.flatnonzero(~gone)))
    found = find_missing(pair_institutes(left, UNKNOWN), ids, both=False)
    mine = found[(found["cluster"] == cluster) & (found["other"] == other)]
    assert mine["observed"].tolist() == [0.0]
    assert KINDS[int(mine["lacking"].iloc[0])] in KINDS[:-1]


def test_the_order_of_actors_changes_nothing(linkages: Linkages) -> None:
    number = np.random.default_rng(1).permutation(len(linkages.register.cells))
    moved = draw_linkages(20_000, number)
    tables = []
    for each in (linkages, moved):
        names = np.array(each.register.ids.to_pylist(), dtype=object)
        clusters = pd.Index([f"K{at}" for at in range(CLUSTERS)])
        missing = find_missing(pair_institutes(each, UNKNOWN), names, both=False)
        brokers = name_brokers(missing, each, names, both=False)
        table = tabulate_missing(missing, brokers, clusters, names, both=False)
        tables.append(table)
    assert len(tables[0]) > 3
    pd.testing.assert_frame_equal(*tables, rtol=1e-6)
