r"""Brokerage counted by hand on drawn clusters, and its null against every possible deal."""

from __future__ import annotations

from dataclasses import astuple, fields
from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clustermap.network.actor_links import Ends
from clustermap.network.brokerage import (
    NOBODY_CAN,
    brokerage,
    count_roles,
    expect_roles,
    join_roles,
    meet_others,
    sum_roles,
)
from clustermap.network.empirical_bayes import TOO_FEW_LINKED
from clustermap.tables import ACTOR_TYPES
from tests.network.links import Drawing, draw, draw_null, relabel

FIRM, UNIVERSITY = ACTOR_TYPES.index("firm"), ACTOR_TYPES.index("university")

links_of = st.lists(
    st.tuples(st.integers(0, 7), st.integers(0, 7), st.integers(-1, 3), st.booleans()),
    min_size=1,
    max_size=30,
)
CELLS = [0, 0, 0, 1, 1, 1, 9, 9]


def build(rows: list[tuple[int, int, int, bool]]) -> Drawing:
    a, b, unit, directed = zip(*rows, strict=True)
    return draw(list(zip(a, b, strict=True)), CELLS, 2, list(unit), list(directed))


def test_a_broker_by_hand() -> None:
    #  cluster 0:  0 --- 1 === 2        1 meets 0 once, 2 twice, and 5 and 6 outside
    #                   / \
    #  outside:        5   6            1 - 5 and 1 - 6
    roles = count_roles(draw([(0, 1), (1, 2), (2, 1), (1, 5), (6, 1)], [0] * 5 + [9] * 2, 1).ends)
    broker = roles.set_index("actor").loc[1]
    assert broker[["units", "own", "far", "both", "roles"]].tolist() == [5, 3, 2, 0, 6]
    assert broker[["gatekeeper", "representative", "either"]].tolist() == [0, 0, 6]
    assert roles.set_index("actor")["roles"].drop(1).tolist() == [0, 0]


def test_a_project_does_not_broker_with_itself() -> None:
    #  project 3: 0, 1 of the cluster and 5 outside, all pairs; project 4: 0, 1
    rows, unit = [(0, 1), (0, 5), (1, 5), (0, 1)], [3, 3, 3, 4]
    roles = count_roles(draw(rows, [0] * 5 + [9], 1, unit).ends)
    assert roles[["own", "far", "both", "roles"]].to_numpy().tolist() == [[2, 1, 1, 1]] * 2
    alone = count_roles(draw(rows[:3], [0] * 5 + [9], 1, unit[:3]).ends)
    assert alone["roles"].tolist() == [0, 0]


@given(links_of)
def test_clusters_may_be_looked_at_apart(rows: list[tuple[int, int, int, bool]]) -> None:
    ends, types = build(rows).ends, np.full(len(CELLS), FIRM, dtype=np.uint8)
    apart = []
    for cluster in range(2):
        own = ends.cluster == cluster
        some = Ends(*(getattr(ends, column.name)[own] for column in fields(Ends)))
        apart.append((slice(cluster, cluster + 1), sum_roles(count_roles(some), types, 2)))
    *found, brokers = astuple(join_roles(apart))
    *expected, all_brokers = astuple(sum_roles(count_roles(ends), types, 2))
    for own_column, column in zip(found, expected, strict=True):
        np.testing.assert_array_equal(own_column, column)
    pd.testing.assert_frame_equal(brokers, all_brokers)


def test_directed_links_name_the_role() -> None:
    #  5 -> 1 -> 0: knowledge comes in; 0 -> 2 -> 5: it goes out; 5 -> 3 and 0 -> 3: it stays
    rows = [(5, 1), (1, 0), (0, 2), (2, 5), (5, 3), (0, 3)]
    roles = count_roles(draw(rows, [0] * 5 + [9], 1, directed=[True] * 6).ends).set_index("actor")
    names = ["gatekeeper", "representative", "either"]
    assert roles.loc[1, names].tolist() == [1, 0, 0]
    assert roles.loc[2, names].tolist() == [0, 1, 0]
    assert roles.loc[3, [*names, "roles"]].tolist() == [0, 0, 0, 1]


def test_expected_roles_by_hand() -> None:
    # Two members with 2 and 1 units; one unit inside, two outside. Dealt at random, the two units
    # of the first are (in, out) in 2 of 3 deals: mean 2/3, variance 2/3 x 1/3.
    roles = pd.DataFrame(
        {"cluster": [0, 0], "units": [2, 1], "own": [1, 0], "far": [1, 1], "both": [0, 0]}
    )
    mean, variance = expect_roles(roles, 1)
    assert (mean[0], variance[0]) == pytest.approx((2 / 3, 2 / 9), abs=1e-12)


@given(
    st.lists(st.sampled_from([(1, 0), (0, 1), (1, 1)]), min_size=2, max_size=7),
    st.lists(st.integers(0, 2), min_size=7, max_size=7),
)
@settings(deadline=None, max_examples=25)
def test_the_null_is_the_mean_over_every_deal(
    units: list[tuple[int, int]], holder: list[int]
) -> None:
    held = np.array(holder[: len(units)])
    sums = []
    for order in permutations(units):
        own, far = np.array(order).T
        u, x, b = (np.bincount(held, w, minlength=3) for w in (own, far, own * far))
        sums.append((u * x - b).sum())
    own, far = np.array(units).T
    roles = pd.DataFrame(
        {
            "cluster": 0,
            "units": np.bincount(held, minlength=3),
            **{
                name: np.bincount(held, w, minlength=3)
                for name, w in (("own", own), ("far", far), ("both", own * far))
            },
        }
    )
    mean, variance = expect_roles(roles, 1)
    assert mean[0] == pytest.approx(np.mean(sums), abs=1e-9)
    assert variance[0] == pytest.approx(np.var(sums), abs=1e-9)


def test_who_has_most_units_meets_itself_least_by_hand() -> None:
    # Two members with 2 units each are alike: nothing changes. With 3 units and 1, of which
    # 2 lead inside, the odds p/(1-p) and q/(1-q) are as 1/4 to 3/4, and 3p + q = 2.
    even = {"cluster": [0, 0], "units": [2, 2], "own": [1, 1], "far": [1, 1], "both": [0, 0]}
    assert meet_others(pd.DataFrame(even), 1)[0] == pytest.approx(1, abs=1e-9)
    uneven = {"cluster": [0, 0], "units": [3, 1], "own": [2, 0], "far": [1, 1], "both": [0, 0]}
    k = (8 + np.sqrt(8**2 + 4 * 6 * 32)) / 12  # 3k/(4 + k) + 3k/(4 + 3k) = 2: 6k² - 8k - 32 = 0
    p = k / (4 + k)
    assert meet_others(pd.DataFrame(uneven), 1)[0] == pytest.approx(4 * p * (1 - p), abs=1e-9)


@given(links_of, st.integers(0, 99))
@settings(deadline=None, max_examples=40)
def test_other_numbers_and_another_order_change_nothing(
    rows: list[tuple[int, int, int, bool]], seed: int
) -> None:
    drawing = build(rows)
    moved, number = relabel(drawing, seed)
    types = np.zeros(len(CELLS), dtype=np.uint8)
    before, after = (brokerage(one.ends, types, 2) for one in (drawing, moved))
    np.testing.assert_array_equal(after.observed, before.observed)
    np.testing.assert_array_equal(after.posterior.quantiles, before.posterior.quantiles)
    np.testing.assert_array_equal(after.largest, before.largest)
    roles = before.brokers.assign(actor=number[before.brokers["actor"]])
    both = [table.sort_values(["cluster", "actor"]).to_numpy() for table in (roles, after.brokers)]
    np.testing.assert_array_equal(*both)


def test_shares_and_first_brokers() -> None:
    #  cluster 0: university 0 brokers 2 x 2, firm 1 brokers 1 x 1; cluster 1: nobody does
    rows = [(0, 1), (0, 2), (0, 5), (0, 6), (1, 5), (3, 4)]
    drawing = draw(rows, [0, 0, 0, 1, 1, 9, 9], 2)
    types = np.array([UNIVERSITY] + [FIRM] * 6, dtype=np.uint8)
    found = brokerage(drawing.ends, types, 2, top=1)
    assert found.observed.tolist() == [5, 0]
    assert found.by_type[0, [UNIVERSITY, FIRM]].tolist() == [0.8, 0.2]
    assert found.largest[0] == 0.8
    assert np.isnan(found.largest[1])
    assert found.brokers[["cluster", "actor", "roles"]].to_numpy().tolist() == [[0, 0, 4]]
    assert found.posterior.reason.tolist()[1] == f"{TOO_FEW_LINKED}_inside"


def test_a_cluster_without_links_to_the_outside_cannot_be_read() -> None:
    drawing = draw([(0, 1), (1, 2), (2, 0)], [0, 0, 0], 1)
    found = brokerage(drawing.ends, np.zeros(3, dtype=np.uint8), 1).posterior
    assert found.reason.tolist() == [NOBODY_CAN]
    assert np.isnan(found.quantiles).all()


def test_no_links_at_all() -> None:
    found = brokerage(draw([], [0, 1], 2).ends, np.zeros(2, dtype=np.uint8), 2)
    assert found.observed.tolist() == [0, 0]
    assert np.isnan(found.posterior.value).all()
    assert found.brokers.empty


def test_a_cluster_whose_outside_contacts_know_nobody_inside_is_found_out() -> None:
    # Nothing is planted, but in one cluster every other member only has links to the outside.
    drawing = draw_null(2)
    cell, links = drawing.members.cell, drawing.links
    large = int(np.argsort(np.bincount(cell))[-20])
    inside = (cell[links.a] == large) & (cell[links.b] == large)
    for end, other in ((links.a, links.b), (links.b, links.a)):
        apart = (cell[end] == large) & (cell[other] != large)
        end[apart] -= (end[apart] % 2).astype(np.int32)
        end[inside] += (end[inside] % 2 == 0).astype(np.int32)
    types = np.zeros(len(cell), dtype=np.uint8)
    found = brokerage(drawing.ends, types, drawing.members.clusters).posterior
    _, high = found.interval()
    assert np.nanargmin(found.value) == large
    assert high[large] < 0
    assert found.decided[large]
