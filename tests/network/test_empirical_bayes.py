"""How far a measure is believed: shrinking, prior and the reasons for not deciding."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clustermap.network.empirical_bayes import (
    CHANCE_DECIDES,
    TOO_FEW_LINKED,
    TOO_FEW_LINKS,
    WIDEST_SD,
    Estimate,
    believe,
    find_reasons,
    fit_prior,
    log_ratio,
    shrink,
)
from clustermap.network.posterior import DEVIATE


def test_what_is_expected_is_zero() -> None:
    value, sd = log_ratio([4, 0, 9], [4, 4, 0], [4, 4, 1])
    assert value[0] == 0
    assert value[1] == pytest.approx(np.log2(0.5 / 4.5))
    assert np.isnan([value[2], sd[2]]).all()


def test_a_variance_of_twice_the_mean_weighs_half() -> None:
    doubled, sd = log_ratio([16.0], [8.0], [16.0])
    plain, wanted = log_ratio([8.0], [4.0], [4.0])
    assert (doubled[0], sd[0]) == (plain[0], wanted[0])


def test_the_prior_is_what_noise_leaves_of_the_spread() -> None:
    rng = np.random.default_rng(5)
    noise = rng.uniform(0.2, 0.6, 4000)
    value = rng.normal(0, np.sqrt(0.3**2 + noise**2))
    assert np.sqrt(fit_prior(value, noise)) == pytest.approx(0.3, abs=0.02)


def test_the_prior_never_falls_to_a_point() -> None:
    still = fit_prior(np.zeros(50), np.full(50, 0.5))
    assert 0 < still < 0.05
    assert fit_prior(np.array([np.nan]), np.array([np.nan])) == 0


def test_shrinking_by_hand() -> None:
    # Ten at 1 and ten at -1, all with sd 1/2: the slope of v times the likelihood of 20 is 0 where
    # 1/v - 10/(v + 1/4) + 10/(v + 1/4)² = 0, which is 9 v² - 8 v - 1/16 = 0.
    value = np.repeat([1.0, -1.0], 10)
    estimate = Estimate(value, np.full(20, 0.5), np.full(20, 9.0))
    v = fit_prior(value, estimate.sd)
    assert v == pytest.approx((8 + np.sqrt(66.25)) / 18, abs=1e-6)
    mean, sd = shrink(estimate)
    assert mean[0] == pytest.approx(v / (v + 0.25))
    assert sd[0] == pytest.approx(0.5 * np.sqrt(v / (v + 0.25)))


def test_a_belief_is_a_straight_line_in_its_deviates() -> None:
    belief = believe("x", np.array([1.0]), np.array([2.0]), np.array([9.0]), np.array([""], object))
    low, high = belief.interval()
    assert (low[0], high[0]) == pytest.approx((1 - 2 * DEVIATE, 1 + 2 * DEVIATE), abs=1e-12)
    assert belief.decided.tolist() == [True]


def test_reasons_by_case() -> None:
    estimate = Estimate(
        np.array([0.0, 0, 0, np.nan, 0]),
        np.array([WIDEST_SD, 0.7, 0.1, np.nan, 0.1]),
        np.array([20.0, 20, 20, 20, 6]),
    )
    found = find_reasons(estimate, np.array([3, 3, 2, 9, 9]), "reason.x")
    assert found.tolist() == ["", CHANCE_DECIDES, TOO_FEW_LINKED, "reason.x", TOO_FEW_LINKS]


@given(
    st.lists(st.tuples(st.floats(-3, 3), st.floats(0.05, 2)), min_size=2, max_size=30),
    st.integers(0, 99),
)
@settings(deadline=None, max_examples=40)
def test_the_order_of_clusters_changes_no_digit(
    pairs: list[tuple[float, float]], seed: int
) -> None:
    value, sd = np.array(pairs).T
    order = np.random.default_rng(seed).permutation(len(value))
    assert fit_prior(value[order], sd[order]) == fit_prior(value, sd)
