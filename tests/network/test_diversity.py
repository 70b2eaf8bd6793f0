"""How evenly links fall on kinds, against what is typical of the cluster's actors."""

from __future__ import annotations

from math import comb, log2

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from clustermap.network.diversity import (
    ONE_KIND,
    diversity,
    draw_entropies,
    entropy,
    find_quantiles,
    shrink_shares,
)
from clustermap.network.empirical_bayes import TOO_FEW_LINKED, TOO_FEW_LINKS

NINE = np.full(3, 9)


def test_entropy_by_hand() -> None:
    assert entropy([2, 1, 1]) == 1.5
    assert entropy([5, 5, 5, 5]) == 2
    assert np.isnan(entropy([0, 0]))


def test_drawn_entropies_by_hand() -> None:
    # Of n links with chances 1/4 and 3/4 the mean entropy is a sum over the binomial.
    links = 6
    mean, sd = draw_entropies(np.array([links, 1]), [[0.25, 0.75], [0.25, 0.75]])
    chance = [comb(links, k) * 0.25**k * 0.75 ** (links - k) for k in range(links + 1)]
    bits = [-sum(p * log2(p) for p in (k / links, 1 - k / links) if p) for k in range(links + 1)]
    wanted = sum(c * b for c, b in zip(chance, bits, strict=True))
    assert mean[0] == pytest.approx(wanted, abs=0.01)
    assert sd[0] == pytest.approx(
        np.sqrt(sum(c * (b - wanted) ** 2 for c, b in zip(chance, bits, strict=True))), abs=0.01
    )
    assert (mean[1], sd[1]) == (0, 0)  # one link has no entropy


def test_draws_depend_on_the_cluster_alone() -> None:
    shares = np.array([[0.2, 0.3, 0.5], [0.6, 0.3, 0.1], [1, 0, 0]])
    links = np.array([9, 40, 7])
    mean, sd = draw_entropies(links, shares)
    for at in range(3):
        alone = draw_entropies(links[[at]], shares[[at]])
        assert (alone[0][0], alone[1][0]) == (mean[at], sd[at])


@given(st.lists(st.integers(0, 50), min_size=3, max_size=3))
@settings(deadline=None)
def test_shrunk_shares_lie_between_observed_and_expected(counts: list[int]) -> None:
    target = np.array([[0.5, 0.3, 0.2]])
    found = shrink_shares([counts], target)
    assert found.sum() == pytest.approx(1)
    observed = np.array([counts]) / max(sum(counts), 1) if sum(counts) else target
    assert (found >= np.minimum(observed, target) - 1e-12).all()
    assert (found <= np.maximum(observed, target) + 1e-12).all()


def test_two_links_of_one_kind_are_no_proof() -> None:
    assert shrink_shares([[2.0, 0.0]], [[0.5, 0.5]]).tolist() == [[0.75, 0.25]]


def test_more_even_than_expected_is_diverse() -> None:
    expected = np.array([[90.0, 10]] * 3)
    observed = np.array([[60.0, 60], [90, 10], [110, 1]])
    found = diversity(observed, expected, NINE)
    assert found.kinds[0] == 2
    assert found.estimate.value[0] == pytest.approx(1 - 0.4618, abs=0.01)  # H(.9, .1) = .4690
    assert found.estimate.value[1] == pytest.approx(0, abs=0.02)
    assert found.estimate.value[2] < -0.3
    low, high = found.posterior.interval()
    assert low[0] > 0 > high[2]
    assert found.posterior.decided.tolist() == [True] * 3


def test_low_in_every_kind_is_not_diverse() -> None:
    observed = np.array([[40.0, 40], [160, 160], [8, 1]])
    expected = np.array([[90.0, 10], [180, 20], [90, 10]])
    found = diversity(observed, expected, NINE)
    assert found.capped.tolist() == [True, False, True]
    assert found.estimate.value[0] > 0.4
    assert found.posterior.quantiles[:, 0].max() == 0
    assert -0.01 < found.posterior.value[0] <= 0
    assert found.posterior.value[1] > 0.4
    # A cap takes nothing off what is below: its mean is that of the half that is left.
    free = diversity(observed, expected / 20, NINE).posterior.quantiles[:, 2]
    np.testing.assert_array_equal(
        found.posterior.quantiles[:, 2] <= np.maximum(free, 0), np.ones(25, dtype=bool)
    )


def test_a_design_effect_widens() -> None:
    observed, expected = np.array([[60.0, 60]] * 3), np.array([[90.0, 10]] * 3)
    plain, tied = (diversity(observed, expected, NINE, design=d) for d in (1, [4, 4, 4]))
    assert tied.estimate.basis[0] == 30
    assert tied.estimate.sd[0] > 1.5 * plain.estimate.sd[0]


def test_a_kind_that_is_absent_is_left_out() -> None:
    observed = np.array([[60.0, np.nan, 60], [40, np.nan, 4], [9, np.nan, 9]])
    expected = np.array([[90.0, np.nan, 10]] * 3)
    found = diversity(observed, expected, NINE).posterior.quantiles
    alone = diversity(observed[:, [0, 2]], expected[:, [0, 2]], NINE).posterior.quantiles
    np.testing.assert_array_equal(found, alone)


def test_reasons() -> None:
    observed = np.array([[30.0, 30], [2, 2], [30, 30], [0, 0], [30, 0]])
    expected = np.array([[90.0, 10], [3, 1], [90, 10], [90, 10], [90, 0]])
    found = diversity(observed, expected, np.array([9, 4, 2, 3, 9])).posterior
    assert found.reason.tolist() == ["", TOO_FEW_LINKS, TOO_FEW_LINKED, ONE_KIND, ONE_KIND]
    assert np.isnan(found.value).tolist() == [False, False, False, True, True]


@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from([1.0, 7.0, 300.0, 20_000.0, 5e6]),
    st.sampled_from([1e-6, 0.003, 0.2, 0.5, 1.0]),
)
@settings(deadline=None, max_examples=40)
def test_quantiles_are_those_of_the_library(seed: int, most: float, likely: float) -> None:
    rng = np.random.default_rng(seed)
    uniform, chance = rng.random((40, 1)), rng.random(25) * likely
    uniform[:3, 0], chance[:2] = [1e-12, 0.5, 1 - 1e-12], [0.0, 1.0]
    trials = np.floor(rng.random((40, 25)) * (most + 1))
    wanted = np.clip(binom.ppf(uniform, trials, chance), 0, trials)
    np.testing.assert_array_equal(find_quantiles(uniform, trials, chance), wanted)


def test_quantiles_at_a_step_are_those_of_the_library() -> None:
    # The chance of 0 and of 0 or 1 of two is met exactly: no more than that is needed.
    steps = np.array([0.25, 0.25 + 1e-15, 0.75, 0.75 - 1e-15, 1.0, 0.0])
    found = find_quantiles(steps, np.full(6, 2.0), np.full(6, 0.5))
    assert found.tolist() == binom.ppf(steps, 2, 0.5).clip(0, 2).tolist()
