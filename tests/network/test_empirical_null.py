"""The empirical null: what typical clusters vary is found, and those out of the ordinary do not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

from clustermap.network.comparison import Comparison
from clustermap.network.empirical_null import (
    LEAST_CLUSTERS,
    LEAST_UNITS,
    admit_spread,
    find_spread,
    find_spreads,
)
from clustermap.network.ratios import believe_ratios, find_ratios, gather_evidence

if TYPE_CHECKING:
    import numpy.typing as npt

    Numbers = npt.NDArray[np.float64]

MANY = 1_000
CHANCE = np.full(MANY, 0.01)


def draw(seed: int, spread: float) -> Numbers:
    return np.random.default_rng(seed).normal(0, np.sqrt(CHANCE + spread))


def grow(own: Numbers, mean: float = 200.0, seed: int = 6) -> Comparison:
    """Return links of two kinds, of as many expected each, with a factor of each cluster."""
    rng = np.random.default_rng(seed)
    expected = np.full((len(own), 3, 1), mean)
    expected[:, 2] = 2 * mean
    seen = rng.poisson(expected[:, :2] * own[:, None, None]).astype(float)
    seen = np.concatenate([seen, seen.sum(axis=1, keepdims=True)], axis=1)
    return Comparison((0, 1), seen, expected, expected**2 / 100, np.ones(seen.shape))


def test_the_spread_of_quantiles_is_found() -> None:
    middle = 0.3 * special.ndtri((np.arange(MANY) + 0.5) / MANY)
    # A variance of .09, of which .01 is chance; its standard error is .09 x sqrt(2 / 1000) x 1.7,
    # for what lies beyond the window is not seen.
    assert find_spread(middle, CHANCE) == pytest.approx(0.08, abs=0.003)


def test_a_spread_that_is_chance_alone_is_mostly_nothing() -> None:
    found = np.array([find_spread(draw(seed, 0.0), CHANCE) for seed in range(40)])
    assert (found == 0).mean() > 0.85
    assert found.max() < 0.001


@pytest.mark.parametrize("share", [0.0, 0.1])
def test_clusters_out_of_the_ordinary_do_not_count(share: float) -> None:
    found = []
    for seed in range(10):
        ratio = draw(seed, 0.02)
        planted = np.random.default_rng(seed + 100).random(MANY) < share
        ratio[planted] += np.log(2) * np.where(np.arange(MANY)[planted] % 3, 1, -1)
        found.append(find_spread(ratio, CHANCE))
    assert np.mean(found) == pytest.approx(0.02, abs=0.002)
    assert np.ptp(found) < 0.015


def test_clusters_of_little_chance_say_more() -> None:
    # Half of the clusters are known ten times worse; they hide what the others show.
    chance = np.where(np.arange(MANY) % 2 == 0, 0.005, 0.5)
    rng = np.random.default_rng(3)
    found = find_spread(rng.normal(0, np.sqrt(chance + 0.01)), chance)
    assert found == pytest.approx(0.01, abs=0.004)


def test_ratios_that_are_all_the_same_have_no_spread() -> None:
    assert find_spread(np.full(MANY, 0.7), CHANCE) == 0


def test_ratios_far_apart_have_the_greatest_spread() -> None:
    assert find_spread(100 * draw(1, 0.0), CHANCE) == 1.0


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1_000), level=st.floats(-3, 3))
def test_the_order_of_clusters_and_the_typical_ratio_mean_nothing(seed: int, level: float) -> None:
    ratio = draw(seed, 0.03)
    order = np.random.default_rng(seed).permutation(MANY)
    found = find_spread(ratio, CHANCE)
    assert find_spread(ratio[order], CHANCE) == pytest.approx(found, abs=1e-9)
    assert find_spread(ratio + level, CHANCE) == pytest.approx(found, abs=1e-9)


def test_spreads_by_kind_and_reach() -> None:
    rng = np.random.default_rng(8)
    alike, apart = grow(np.ones(MANY)), grow(rng.gamma(25, 1 / 25, MANY))
    none = np.zeros(3)
    assert not find_spreads(alike, none).any()
    np.testing.assert_allclose(find_spreads(apart, none), 0.04, atol=0.008)
    # Pairs of cells with a dispersion of 4 in a hundred pairs: a variance of .04 is chance.
    np.testing.assert_allclose(find_spreads(apart, np.full(3, 4.0)), 0, atol=0.006)


def test_what_is_allowed_for_unsurely_is_no_spread() -> None:
    apart = grow(np.random.default_rng(8).gamma(25, 1 / 25, MANY))
    told = Comparison(
        apart.kinds,
        apart.observed,
        apart.expected,
        apart.squares,
        apart.design,
        np.full(apart.expected.shape, 0.04),
    )
    np.testing.assert_allclose(find_spreads(told, np.zeros(3)), 0, atol=0.006)


def test_of_few_clusters_and_of_few_links_nothing_is_said() -> None:
    own = np.random.default_rng(8).gamma(25, 1 / 25, MANY)
    none = np.zeros(3)
    assert find_spreads(grow(own[:LEAST_CLUSTERS]), none).all()
    assert not find_spreads(grow(own[: LEAST_CLUSTERS - 1]), none).any()
    # Of kinds with fewer links expected nothing, of both together something.
    few = find_spreads(grow(own, 0.9 * LEAST_UNITS), none)
    assert not few[:2].any()


def test_a_spread_widens_and_moves_nothing() -> None:
    comparison = grow(np.ones(MANY))
    found = admit_spread(comparison, np.array([[0.04], [0.16], [0.09]]))
    assert found.expected.tobytes() == comparison.expected.tobytes()
    by_kind, total = gather_evidence(found, np.zeros(3), 0)
    # Sizes are one over the variances; of both kinds together the square of (.2 + .4) / 2.
    np.testing.assert_allclose(by_kind.size, np.tile([25, 6.25], (MANY, 1)))
    np.testing.assert_allclose(total.size, 1 / 0.09)
    again = admit_spread(found, np.full((3, 1), 0.01))
    by_kind, _ = gather_evidence(again, np.zeros(3), 0)
    np.testing.assert_allclose(by_kind.size, np.tile([20, 1 / 0.17], (MANY, 1)))


def test_where_nothing_is_expected_nothing_is_added() -> None:
    comparison = grow(np.ones(2), 0.0)
    found = admit_spread(comparison, np.full((3, 1), 0.04))
    np.testing.assert_array_equal(np.asarray(found.variance)[:, 2], 0)


def test_clusters_are_no_more_alike_than_their_spread() -> None:
    comparison = grow(np.ones(MANY))
    assert believe_ratios(comparison, np.zeros(3), 0).prior.narrow > 200
    spread = np.array([[0.0], [0.0], [0.05]])
    found = believe_ratios(admit_spread(comparison, spread), np.zeros(3), 0)
    assert found.prior.narrow == pytest.approx(20)
    # A spread below that of the largest shape, 2,500, leaves it.
    small = believe_ratios(admit_spread(comparison, spread / 200), np.zeros(3), 0)
    assert small.prior.narrow == believe_ratios(comparison, np.zeros(3), 0).prior.narrow


def test_intervals_hold_the_truth_whether_clusters_differ_or_the_null_errs() -> None:
    rng = np.random.default_rng(9)
    factor = rng.gamma(30, 1 / 30, MANY)  # a standard deviation of .26 of log2
    planted = np.arange(MANY) % 20 == 0
    own = factor * np.where(planted, 2.0, 1.0)
    comparison = grow(own)
    spread = find_spreads(comparison, np.zeros(3))
    equal = np.ones(2)
    believed = [
        find_ratios(each, np.zeros(3), 0, equal, key="a").posterior
        for each in (comparison, admit_spread(comparison, spread))
    ]
    (low, high), (wide_low, wide_high) = (each.interval() for each in believed)
    # Typical clusters are typical: without the spread many of them are flagged.
    flagged = ((low > 0) | (high < 0))[~planted].mean()
    assert flagged > 0.3
    assert ((wide_low > 0) | (wide_high < 0))[~planted].mean() < 0.07
    # Or they differ by their factor: that is held, too.
    truth = np.log2(factor / np.exp(np.log(factor).mean()))
    assert ((wide_low <= truth) & (truth <= wide_high))[~planted].mean() > 0.85
    # Twice the links are found as before.
    best = [np.argsort(-each.value)[: planted.sum()] for each in believed]
    assert planted[best[1]].sum() >= planted[best[0]].sum()
