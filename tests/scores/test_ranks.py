"""Ranks of draws: typed tables, exact shares, and what holds of all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from clustermap.scores.draws import draw_parts
from clustermap.scores.ranks import (
    group_alike,
    rank_draws,
    rank_interval,
    share_before,
    share_in_top,
)
from tests.scores.beliefs import believe, hundred

if TYPE_CHECKING:
    from random import Random

tables = hnp.arrays(
    np.float32,
    st.tuples(st.integers(1, 12), st.integers(1, 6)),
    elements=st.sampled_from([1.0, 2.0, 2.5, 50.0, 100.0]),
)


@given(tables)
@settings(deadline=None)
def test_ranks_are_those_of_scipy(scores: np.ndarray) -> None:
    np.testing.assert_array_equal(rank_draws(scores), stats.rankdata(-scores, method="min", axis=1))


@given(tables)
@settings(deadline=None)
def test_a_rank_interval_holds_the_rank(scores: np.ndarray) -> None:
    ranks, rank = rank_draws(scores), rank_draws(scores.mean(axis=0))
    best, worst = rank_interval(ranks, rank)
    assert (best <= rank).all()
    assert (rank <= worst).all()
    assert (ranks.min(axis=0).clip(max=rank) <= best).all()
    assert (worst <= ranks.max(axis=0).clip(min=rank)).all()


def test_a_rank_interval_leaves_a_twentieth_out_on_either_side() -> None:
    # 101 draws; one cluster takes each rank from 1 to 101 once, another is always 7th.
    ranks = np.stack([np.arange(1, 102), np.full(101, 7)], axis=1).astype(np.int32)
    best, worst = rank_interval(ranks, [50, 5])
    assert best.tolist() == [6, 5]
    assert worst.tolist() == [96, 7]


def test_equal_clusters_are_before_each_other_half_the_time() -> None:
    # The third lies four standard deviations of a difference below the first two.
    posteriors = believe([[60.0, 60.0, 60 - 4 * np.sqrt(2) * 3]], 3.0)
    ranks = rank_draws(draw_parts(posteriors, hundred(1), draws=20_000, seed=4)[0])
    found = share_before(ranks, [0, 1, 0, 2], [1, 0, 2, 0])
    assert found[:2] == pytest.approx([0.5, 0.5], abs=0.015)
    assert found[0] + found[1] == 1
    assert found[2] > 0.9995
    assert found[2] + found[3] == 1
    assert share_in_top(ranks, 1) == pytest.approx([0.5, 0.5, 0], abs=0.015)
    assert share_in_top(ranks, 3).tolist() == [1, 1, 1]
    assert group_alike(ranks, ["a", "b", "c"]).tolist() == [1, 1, 2]


def test_nine_of_ten_rank_intervals_hold_the_true_rank() -> None:
    # True values are normal and observed with noise that differs by cluster; what is believed is
    # their posterior. The true ranks are then as good as one more draw: no correction is needed.
    random = np.random.default_rng(11)
    held = []
    for seed in range(10):
        truth, noise = random.normal(50, 6, 200), random.uniform(1, 9, 200)
        weight = 36 / (36 + noise**2)
        mean = 50 + weight * (random.normal(truth, noise) - 50)
        posteriors = believe(mean[None], 6 * np.sqrt(1 - weight), [f"{c:03}" for c in range(200)])
        ranks = rank_draws(draw_parts(posteriors, hundred(1), draws=400, seed=seed)[0])
        best, worst = rank_interval(ranks, rank_draws(mean))
        held.append(((best <= rank_draws(truth)) & (rank_draws(truth) <= worst)).mean())
    assert np.mean(held) == pytest.approx(0.90, abs=0.02)


def test_a_normal_lead_is_worth_its_normal_probability() -> None:
    # A lead of one standard deviation of the difference: Phi(1) = 0.8413.
    posteriors = believe([[50 + 2 * np.sqrt(2), 50.0]], 2.0)
    ranks = rank_draws(draw_parts(posteriors, hundred(1), draws=20_000, seed=4)[0])
    assert share_before(ranks, [0], [1]).item() == pytest.approx(0.8413, abs=0.011)


@pytest.mark.parametrize(("wins", "groups"), [(18, [1, 1]), (19, [1, 2]), (20, [1, 2])])
def test_a_group_ends_where_its_first_wins_nineteen_of_twenty(wins: int, groups: list[int]) -> None:
    ranks = np.array([[1, 2]] * wins + [[2, 1]] * (20 - wins), np.int32)
    assert group_alike(ranks, ["a", "b"]).tolist() == groups


def test_two_ties_are_worth_one_win() -> None:
    ranks = np.array([[1, 2]] * 18 + [[1, 1]] * 2, np.int32)
    assert share_before(ranks, [0], [1]).item() == 0.95
    assert group_alike(ranks, ["a", "b"]).tolist() == [1, 2]


def test_of_two_with_one_median_the_better_mean_comes_first() -> None:
    # Columns a, b, c: a and b lead in 20 of 40 draws each, but a is third in four. b is always
    # before c, a in 36 of 40 only: whether c is in the group hangs on which of them is first.
    ranks = np.array([[2, 1, 3]] * 16 + [[1, 2, 3]] * 20 + [[3, 1, 2]] * 4, np.int32)
    assert group_alike(ranks, ["a", "b", "c"]).tolist() == [1, 1, 2]


def test_groups_are_told_from_their_first_and_not_from_their_neighbours() -> None:
    # Eleven clusters in a row, each a standard deviation of a difference below the one before:
    # no two neighbours can be told apart (0.84), every second can (0.977).
    mean = 90 - np.arange(11.0)[None] * np.sqrt(2)
    ranks = rank_draws(draw_parts(believe(mean, 1.0), hundred(1), draws=4000, seed=1)[0])
    assert group_alike(ranks, list("abcdefghijk")).tolist() == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6]
    neighbours = share_before(ranks, np.arange(10), np.arange(1, 11))
    assert (neighbours < 0.95).all()


@given(tables, st.randoms(use_true_random=False))
@settings(deadline=None)
def test_the_order_of_clusters_changes_no_rank_and_no_group(
    scores: np.ndarray, random: Random
) -> None:
    order = list(range(scores.shape[1]))
    random.shuffle(order)
    ids = np.array(["c", "a", "10", "9", "가", "나"][: len(order)])
    ranks, moved = rank_draws(scores), rank_draws(scores[:, order])
    np.testing.assert_array_equal(moved, ranks[:, order])
    groups = group_alike(ranks, ids)
    np.testing.assert_array_equal(group_alike(moved, ids[order]), groups[order])
    # Groups are numbered from 1 without a gap, in the order of median ranks.
    assert sorted(set(groups)) == list(range(1, max(groups) + 1))
    medians = np.median(ranks, axis=0)
    for group in range(1, max(groups)):
        assert medians[groups == group].max() <= medians[groups == group + 1].min()
