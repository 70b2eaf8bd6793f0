"""Draws: their means and variances are those that the records allow."""

from __future__ import annotations

import numpy as np
import pytest

from clustermap.scores.uncertainty import (
    draw_counts,
    draw_shares,
    draw_weights,
    interval,
    rank_descending,
    rank_interval,
)
from tests.scores.files import balanced

DRAWS = 40_000


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(7)


def test_independent_links_vary_as_poisson(random: np.random.Generator) -> None:
    drawn = draw_counts(np.array([0.0, 4.0, 100.0]), np.ones(3), DRAWS, random)
    np.testing.assert_allclose(drawn.mean(axis=0), [0, 4, 100], rtol=0.01)
    np.testing.assert_allclose(drawn.var(axis=0), [0, 4, 100], rtol=0.05)


def test_links_of_few_projects_vary_as_the_projects(random: np.random.Generator) -> None:
    # 60 links of 5 projects: relative variance 1/5, not 1/60.
    count, units = 60.0, 5.0
    drawn = draw_counts(np.array([count]), np.array([count / units]), DRAWS, random)
    assert drawn.mean() == pytest.approx(count, rel=0.02)
    assert drawn.var() / count**2 == pytest.approx(1 / units, rel=0.05)


def test_a_few_links_of_large_projects_have_at_least_one_behind_them(
    random: np.random.Generator,
) -> None:
    # 5 of 1,000 links of 8 projects: 0.04 projects by proportion, but there is one.
    drawn = draw_counts(np.array([5.0, 1.0]), np.array([125.0, 125.0]), DRAWS, random)
    np.testing.assert_allclose(drawn.mean(axis=0), [5, 1], rtol=0.03)
    np.testing.assert_allclose(drawn.var(axis=0) / [25, 1], [1, 1], rtol=0.05)


def test_shares_keep_their_mean_and_narrow_with_trials(random: np.random.Generator) -> None:
    share, trials = np.array([0.0, 0.3, 0.3, 1.0, np.nan]), np.array([9.0, 10.0, 1000.0, 9.0, 9.0])
    drawn = draw_shares(share, trials, DRAWS, random)
    np.testing.assert_allclose(drawn.mean(axis=0), share, rtol=0.02)
    np.testing.assert_allclose(drawn.var(axis=0)[1:3], 0.21 / (trials[1:3] + 1), rtol=0.05)


def test_equal_weights_vary_by_a_quarter(random: np.random.Generator) -> None:
    drawn = draw_weights(balanced(), DRAWS, random)
    np.testing.assert_allclose(drawn.sum(axis=1), 1)
    np.testing.assert_allclose(drawn.mean(axis=0), 0.25, rtol=0.01)
    np.testing.assert_allclose(drawn.std(axis=0), 0.25 * 0.25, rtol=0.03)


def test_ties_share_the_smallest_rank() -> None:
    assert rank_descending(np.array([5.0, 9.0, 5.0, 1.0])).tolist() == [2, 1, 2, 4]


def test_intervals_hold_the_value() -> None:
    drawn = np.tile(np.arange(101.0)[:, None], 2)
    low, high = interval(drawn, np.array([50.0, 200.0]))
    np.testing.assert_allclose([low, high], [[5, 5], [95, 200]])
    best, worst = rank_interval(np.array([[2.0, 1.0]] * 20), np.array([1, 1]))
    assert (best.tolist(), worst.tolist()) == ([1, 1], [1, 2])
