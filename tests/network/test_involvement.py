"""Participation against what is expected of actors of the same sort."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import nbinom

from clustermap.network.empirical_bayes import TOO_FEW_LINKED, TOO_FEW_LINKS, log_ratio
from clustermap.network.involvement import (
    NOBODY_EXPECTED,
    correlate_kinds,
    expect_linked,
    fit_dispersion,
    fit_dispersion_of_groups,
    involvement,
)


def test_the_zero_term_is_that_of_the_negative_binomial() -> None:
    mean, variance = expect_linked([[6.0, 10.0]], [[3, 20]], 0.7)
    zero = nbinom.pmf(0, 0.7, 0.7 / (0.7 + np.array([2.0, 0.5])))
    assert mean[0] == pytest.approx((np.array([3, 20]) * (1 - zero)).sum(), abs=1e-12)
    assert variance[0] == pytest.approx((np.array([3, 20]) * zero * (1 - zero)).sum(), abs=1e-12)
    poisson, _ = expect_linked([[6.0, 10.0]], [[3, 20]], 1e9)
    assert mean[0] < poisson[0]  # heaps leave more actors without a link
    assert poisson[0] == pytest.approx(3 * (1 - np.exp(-2)) + 20 * (1 - np.exp(-0.5)), abs=1e-6)


@pytest.mark.parametrize("kappa", [0.3, 2.0])
def test_the_dispersion_is_found_again(kappa: float) -> None:
    rng = np.random.default_rng(8)
    mean = rng.uniform(0.1, 4, 20_000)
    degree = rng.negative_binomial(kappa, kappa / (kappa + mean))
    assert fit_dispersion(degree, mean) == pytest.approx(kappa, rel=0.06)


def test_degrees_may_come_counted() -> None:
    degree, mean = np.array([0, 0, 1, 5, 0, 2]), np.array([1.0, 1, 1, 1, 2, 2])
    counted = fit_dispersion([0, 1, 5, 0, 2], [1, 1, 1, 2, 2], [2, 1, 1, 1, 1])
    assert counted == pytest.approx(fit_dispersion(degree, mean), rel=1e-5)
    assert fit_dispersion(degree[::-1], mean[::-1]) == fit_dispersion(degree, mean)
    assert np.isnan(fit_dispersion([0, 0], [1, 1]))


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 4)), min_size=1, max_size=60),
    st.lists(st.sampled_from([0.0, 0.5, 1.0, 2.5]), min_size=5, max_size=5),
)
def test_groups_are_fitted_as_their_actors_are(
    actors: list[tuple[int, int]], expected: list[float]
) -> None:
    degree, group = np.array(actors).T
    mean = np.array(expected)
    found = fit_dispersion_of_groups(degree, group, mean)
    np.testing.assert_equal(found, fit_dispersion(degree, mean[group]))


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.integers(0, 3)), min_size=2))
def test_kinds_go_together_as_their_marks_within_strata_do(
    actors: list[tuple[bool, bool, int]],
) -> None:
    linked = np.array([marks for *marks, _ in actors])
    stratum = np.array([stratum for *_, stratum in actors])
    within = np.zeros((2, 2))
    for own in np.unique(stratum):
        apart = linked[stratum == own] - linked[stratum == own].mean(axis=0)
        within += apart.T @ apart
    scale = np.sqrt(within[0, 0] * within[1, 1])
    expected = max(within[0, 1] / scale, 0) if scale > 1e-9 else 0
    assert correlate_kinds(linked, stratum)[0, 1] == pytest.approx(expected, abs=1e-9)


def test_kinds_that_go_together_by_hand() -> None:
    # One stratum: 1 1, 1 1, 0 0, 0 0 and, in the other, always 1 0: nothing varies there.
    linked = np.array([[1, 1], [1, 1], [0, 0], [0, 0], [1, 0]], dtype=bool)
    found = correlate_kinds(linked, np.array([0, 0, 0, 0, 3]))
    np.testing.assert_allclose(found, 1, atol=1e-12)
    apart = correlate_kinds(~linked ^ [True, False], np.array([0, 0, 0, 0, 3]))
    assert apart[0, 1] == 0  # where one excludes the other nothing is taken off


def test_a_cluster_as_expected_is_at_zero() -> None:
    expected = np.array([[10.0, 4], [20, 8]])
    found = involvement(expected, expected, expected / 2, np.array([9, 9]), weights=[1, 1])
    assert found.posterior.value.tolist() == [0, 0]
    assert found.posterior.decided.tolist() == [True, True]
    assert found.estimate.basis.tolist() == [14, 28]


def test_a_kind_that_is_absent_is_left_out() -> None:
    linked = np.array([[15.0, 0], [5, 0], [10, 0]])
    expected = np.array([[10.0, np.nan]] * 3)
    found = involvement(linked, expected, expected / 2, np.array([9, 9, 9]), weights=[1, 1])
    alone = involvement(
        linked[:, :1], expected[:, :1], expected[:, :1] / 2, np.array([9, 9, 9]), weights=[1]
    )
    np.testing.assert_array_equal(found.posterior.quantiles, alone.posterior.quantiles)


def test_a_scarce_kind_does_not_drown_the_others() -> None:
    expected = np.tile([[40.0, 0.05]], (30, 1))
    linked = np.tile([[40.0, 0.0]], (30, 1))
    linked[0] = [70, 1]
    found = involvement(linked, expected, expected / 2, np.full(30, 9), weights=[1, 1])
    assert found.by_kind[1].value[0] > 1  # one actor where a twentieth is expected
    plain = np.hypot(*(kind.sd[0] for kind in found.by_kind)) / 2
    believed = np.ptp(found.posterior.quantiles[:, 0]) / 6  # from -3 to 3 sd
    assert believed < plain / 2
    assert found.estimate.sd[0] < plain / 5


def test_kinds_that_go_together_tell_less() -> None:
    expected = np.tile([[20.0, 20.0]], (20, 1))
    linked = expected + np.linspace(-8, 8, 20)[:, None]
    parts = (linked, expected, expected / 2, np.full(20, 9))
    apart = involvement(*parts, weights=[1, 1])
    together = involvement(*parts, weights=[1, 1], correlation=np.ones((2, 2)))
    widths = [np.ptp(found.posterior.quantiles, axis=0)[0] for found in (apart, together)]
    assert widths[1] == pytest.approx(np.sqrt(2) * widths[0])
    assert together.estimate.sd[0] > apart.estimate.sd[0]


def test_reasons() -> None:
    expected = np.array([[9.0], [2.0], [0.0], [9.0]])
    linked = np.array([[9.0], [2.0], [0.0], [2.0]])
    found = involvement(linked, expected, expected, np.array([9, 3, 4, 2]), weights=[1])
    assert found.posterior.reason.tolist() == ["", TOO_FEW_LINKS, NOBODY_EXPECTED, TOO_FEW_LINKED]
    assert np.isnan(found.posterior.value).tolist() == [False, False, True, False]


@given(st.permutations(range(6)))
@settings(deadline=None, max_examples=20)
def test_the_order_of_clusters_changes_nothing(order: list[int]) -> None:
    expected = np.array([[9.0, 1], [12, 3], [8, 2], [30, 9], [7, 1], [15, 2]])
    linked = np.array([[5.0, 1], [14, 5], [8, 0], [22, 9], [9, 2], [15, 1]])
    anyone = np.arange(6) + 3
    before = involvement(linked, expected, expected / 2, anyone, weights=[2, 1])
    after = involvement(
        linked[order], expected[order], expected[order] / 2, anyone[order], weights=[2, 1]
    )
    np.testing.assert_array_equal(after.posterior.quantiles, before.posterior.quantiles[:, order])


def test_the_estimate_of_one_kind_is_the_log_ratio() -> None:
    found = involvement([[12.0]], [[9.0]], [[4.0]], np.array([9]), weights=[1])
    value, sd = log_ratio(12, 9, 4)
    assert (found.estimate.value[0], found.estimate.sd[0]) == pytest.approx((value, sd), rel=1e-12)
