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


def test_drawn_links_have_what_was_counted_as_their_median(random: np.random.Generator) -> None:
    count = np.array([0.0, 4.0, 100.0, 60.0, 5.0])
    drawn = draw_counts(count, np.array([1.0, 1.0, 1.0, 12.0, 125.0]), DRAWS, random)
    np.testing.assert_allclose(np.median(drawn, axis=0) + 1, count + 1, rtol=0.03)
    # 60 links of 5 projects: 5 observations and one, not 61; 5 links of 125 a project: 1.04.
    variance = np.log(drawn + 1).var(axis=0)
    np.testing.assert_allclose(variance, [1, 1 / 5, 1 / 101, 1 / 6, 1 / 1.04], rtol=0.05)


def test_drawn_shares_have_the_share_as_their_median(random: np.random.Generator) -> None:
    share = np.array([0.0, 0.1, 0.3, 0.3, 0.5, 1.0, np.nan])
    trials = np.array([9.0, 20.0, 10.0, 1000.0, 2.0, 9.0, 9.0])
    drawn = draw_shares(share, trials, DRAWS, random)
    np.testing.assert_allclose(np.median(drawn, axis=0), share, atol=0.015)
    assert drawn[:, 2].std() == pytest.approx(np.sqrt(0.21 / 11), rel=0.1)
    assert drawn[:, 3].std() == pytest.approx(np.sqrt(0.21 / 1001), rel=0.05)


def test_equal_weights_vary_by_a_quarter(random: np.random.Generator) -> None:
    drawn = draw_weights(balanced(), DRAWS, random)
    np.testing.assert_allclose(drawn.sum(axis=1), 1)
    np.testing.assert_allclose(drawn.mean(axis=0), 0.25, rtol=0.01)
    np.testing.assert_allclose(drawn.std(axis=0), 0.25 * 0.25, rtol=0.03)


def test_ties_share_the_smallest_rank() -> None:
    assert rank_descending(np.array([5.0, 9.0, 5.0, 1.0])).tolist() == [2, 1, 2, 4]


def test_a_bias_of_the_draws_is_corrected(random: np.random.Generator) -> None:
    # Draws a third of a standard deviation low: the interval lies so much higher than theirs.
    drawn = random.normal(-1 / 3, 1, (DRAWS, 1))
    low, high, _ = interval(drawn, np.zeros(1))
    np.testing.assert_allclose([low[0], high[0]], [1 / 3 - 1.645, 1 / 3 + 1.645], atol=0.05)


def test_intervals_hold_the_value() -> None:
    drawn = np.tile(np.arange(101.0)[:, None], 2)
    low, high, widened = interval(drawn, np.array([50.0, 200.0]))
    np.testing.assert_allclose([low[0], high[0]], [5, 95])
    assert low[1] <= 100
    assert high[1] == 200
    assert widened.tolist() == [False, True]
    best, worst = rank_interval(np.array([[2.0, 1.0]] * 20), np.array([1, 1]))
    assert (best.tolist(), worst.tolist()) == ([1, 1], [1, 2])
