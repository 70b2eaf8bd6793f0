"""Shrinkage: closed forms by hand, fits that find what was drawn, and intervals that cover it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats

from clustermap.network.posterior import DEVIATE, Z, read_quantile
from clustermap.network.shrinkage import (
    ENDLESS,
    LN2,
    Belief,
    Evidence,
    Prior,
    combine_kinds,
    estimate_dispersion,
    find_belief,
    find_own_factors,
    fit_alike,
    fit_prior,
    join_sizes,
    loosen,
    negative_binomial,
    size_of_sum,
    weigh_alone,
)

if TYPE_CHECKING:
    import numpy.typing as npt

    Numbers = npt.NDArray[np.float64]

FOUR = Prior(1.0, 4.0, 4.0, 0.5)  # one gamma of shape 4
RATE = float(np.exp(special.digamma(4)))  # and of geometric mean 1
MIXED = Prior(1.0, 40.0, 1.5, 0.15)
EXACT = 1e9  # kinds as alike as can be: each is the common factor itself


def count(observed: npt.ArrayLike, expected: npt.ArrayLike, size: float = ENDLESS) -> Evidence:
    seen, mean = (np.asarray(values, dtype=float) for values in (observed, expected))
    return Evidence(seen, mean, np.full(seen.shape, size))


def draw_ratios(rng: np.random.Generator, prior: Prior, clusters: int) -> Numbers:
    wide = rng.random(clusters) < prior.share
    shape, rate = prior.shapes[wide.astype(int)], prior.rates[wide.astype(int)]
    return rng.gamma(shape) / rate


def believe(evidence: Evidence, prior: Prior) -> tuple[Numbers, Numbers, Numbers]:
    """Return mean and ends of the 90 % interval of the log2 of the common factor."""
    nothing = Evidence(*(np.zeros((len(evidence.observed), 1)) for _ in range(2)), np.ones((1, 1)))
    nothing = replace(nothing, size=np.full(nothing.observed.shape, ENDLESS))
    value, quantiles = combine_kinds(
        find_own_factors(nothing, find_belief(evidence, prior), EXACT), np.ones(1)
    )
    return value, read_quantile(quantiles, -DEVIATE), read_quantile(quantiles, DEVIATE)


@given(st.integers(0, 60), st.floats(0.01, 50), st.floats(0.05, 1e5))
def test_probabilities_are_those_of_the_textbook(seen: int, mean: float, size: float) -> None:
    found = negative_binomial(np.array(float(seen)), np.array(mean), np.array(size))
    found -= special.gammaln(seen + 1)
    assert found == pytest.approx(stats.nbinom.logpmf(seen, size, size / (size + mean)), abs=1e-7)


@given(st.integers(0, 60), st.floats(0.01, 50))
def test_without_dispersion_counts_are_poisson(seen: int, mean: float) -> None:
    found = negative_binomial(np.array(float(seen)), np.array(mean), np.array(ENDLESS))
    expected = stats.poisson.logpmf(seen, mean)
    assert found - special.gammaln(seen + 1) == pytest.approx(expected, abs=1e-5)


def test_two_dispersions_join_by_hand() -> None:
    # Relative variances 1 and 1/3: (1 + 1)(1 + 1/3) - 1 = 5/3.
    assert join_sizes(1, 3) == pytest.approx(3 / 5)
    assert join_sizes(ENDLESS, 7) == pytest.approx(7)
    assert join_sizes([1.0, 2.0], [2.0, 1.0]).tolist() == pytest.approx([0.5, 0.5])


def test_the_size_of_a_sum_by_hand() -> None:
    # Pairs that expect 1 and 2 links, phi 1/2: (1 + 2)^2 / (1/2 (1 + 4)).
    assert size_of_sum(np.array(3.0), np.array(5.0), 0.5) == pytest.approx(3.6)
    assert size_of_sum(np.array([3.0, 0.0]), np.array([5.0, 0.0]), 0.0).tolist() == [ENDLESS] * 2
    assert size_of_sum(np.array([0.0]), np.array([0.0]), 0.5).tolist() == [ENDLESS]


def test_few_kinds_say_less_of_what_they_share() -> None:
    total = count([4.0, 4.0], [4.0, 4.0])
    by_kind = count([[1.0, 3.0], [4.0, 0.0]], [[1.0, 3.0], [4.0, 0.0]])
    found = loosen(total, by_kind, 20.0)
    # 16 / (10 / 20), and where one kind is all there is 16 / (16 / 20).
    np.testing.assert_allclose(found.size, [32, 20], rtol=1e-9)
    assert (found.observed is total.observed, found.expected is total.expected) == (True, True)


def test_dispersion_of_pairs_is_found() -> None:
    rng = np.random.default_rng(1)
    mean = rng.lognormal(0.0, 1.0, 40_000)
    for phi in (0.05, 0.3, 1.0):
        seen = rng.negative_binomial(1 / phi, 1 / (1 + phi * mean))
        assert estimate_dispersion(seen, mean) == pytest.approx(phi, rel=0.1)
    assert estimate_dispersion(rng.poisson(mean), mean) < 0.01
    # Links that come in threes are no dispersion, once it is known that they do.
    threes = 3.0 * rng.poisson(mean / 3)
    assert estimate_dispersion(threes, mean, design=3.0) < 0.03
    assert estimate_dispersion(threes, mean) > 0.4


def test_dispersion_by_hand() -> None:
    # Two pairs that expect 4: ((7 - 4)^2 - 4 + (1 - 4)^2 - 4) / (16 + 16) = 10 / 32.
    mean = np.array([4.0, 4.0, 0.0])
    assert estimate_dispersion(np.array([7.0, 1.0, 9.0]), mean) == pytest.approx(10 / 32)
    assert estimate_dispersion(np.array([5.0, 3.0, 9.0]), mean) == 0.0


def test_what_a_prior_is_worth() -> None:
    assert FOUR.rates.tolist() == pytest.approx([RATE, RATE])
    assert FOUR.rate == pytest.approx(RATE)
    # Links are weighed against clusters out of the ordinary: shape 2, rate exp(digamma(2)) = 1.526.
    prior = Prior(1.0, 8.0, 2.0, 0.5)
    assert prior.rate == pytest.approx(1.526205111595864)
    assert Prior(2.0, 8.0, 2.0, 0.5).rates == pytest.approx(prior.rates / 2)


def test_a_single_gamma_by_hand() -> None:
    found = find_belief(count([10.0, 0.0], [5.0, 0.0]), FOUR)
    np.testing.assert_allclose(found.shape, [[14, 14], [4, 4]], rtol=1e-9)
    np.testing.assert_allclose(found.rate, [[RATE + 5] * 2, [RATE] * 2], rtol=1e-9)
    np.testing.assert_allclose(found.weight, 0.5, rtol=1e-9)
    expected = special.digamma(14) - np.log(RATE + 5), 0.0
    np.testing.assert_allclose(found.log_mean, expected, atol=1e-9)


def test_dispersion_takes_links_away() -> None:
    # Where theta is believed to be 1 and 5 links are expected, a size of 5 halves what they say.
    found = find_belief(count([5.0], [5.0], 5.0), Prior(1.0, 400.0, 400.0, 0.5))
    own = found.shape - 400
    np.testing.assert_allclose(own, 2.5, rtol=0.01)
    np.testing.assert_allclose(found.rate - np.exp(special.digamma(400)), own, rtol=1e-9)


@given(st.integers(0, 400), st.floats(1e-3, 300), st.floats(0.1, 1e6))
def test_what_dispersion_takes_is_what_is_believed(seen: int, expected: float, size: float) -> None:
    found = find_belief(count([float(seen)], [expected], size), MIXED)
    worth = (found.rate - MIXED.rates) / expected
    theta = found.shape / found.rate
    np.testing.assert_allclose(worth, 1 / (1 + expected * theta / size), rtol=1e-6, atol=1e-9)


def test_links_weigh_the_two_parts() -> None:
    found = find_belief(count([30.0, 10.0], [10.0, 10.0]), MIXED)
    chances = [
        stats.nbinom.pmf(np.array([30, 10]), a, b / (b + 10))
        for a, b in zip(MIXED.shapes, MIXED.rates, strict=True)
    ]
    joint = np.array([0.85, 0.15])[:, None] * chances
    np.testing.assert_allclose(found.weight.T, joint / joint.sum(axis=0), rtol=1e-6)
    assert found.weight[0, 1] > 0.95  # it stands out: one of the few
    assert found.weight[1, 1] < 0.1


def test_points_stand_for_both_parts() -> None:
    belief = Belief(np.array([[0.3, 0.7]]), np.array([[9.0, 2.0]]), np.array([[9.0, 1.0]]))
    values, weights = belief.points()
    assert weights.sum() == pytest.approx(1)
    assert (values * weights).sum() == pytest.approx(0.3 * 1 + 0.7 * 2, rel=0.02)
    below = weights[values < 1.5].sum()
    chance = 0.3 * stats.gamma.cdf(1.5, 9, scale=1 / 9) + 0.7 * stats.gamma.cdf(1.5, 2)
    assert below == pytest.approx(chance, abs=0.02)


@pytest.mark.parametrize("seed", [1, 2])
def test_what_all_clusters_say_is_found(seed: int) -> None:
    rng = np.random.default_rng(seed)
    theta = draw_ratios(rng, replace(MIXED, typical=1.3), 3_000)
    mean = rng.lognormal(3.0, 1.0, 3_000)
    found = fit_prior(count(rng.poisson(mean * theta), mean))
    assert found.typical == pytest.approx(1.3, rel=0.05)
    assert found.share == pytest.approx(0.15, abs=0.06)
    assert found.wide == pytest.approx(MIXED.wide, rel=0.1)
    assert found.narrow == pytest.approx(MIXED.narrow, rel=0.2)


@pytest.mark.parametrize("seed", [1, 2])
def test_clusters_that_are_all_typical_are_found_so(seed: int) -> None:
    rng = np.random.default_rng(seed)
    mean = rng.lognormal(3.0, 1.0, 1_500)
    found = fit_prior(count(rng.poisson(mean), mean))
    assert found.typical == pytest.approx(1.0, abs=0.02)
    assert found.narrow > 100
    value, low, high = believe(count(rng.poisson(mean), mean), found)
    assert np.abs(value).max() < 0.5
    assert ((low <= 0) & (high >= 0)).mean() > 0.95


def test_few_clusters_say_nothing_of_each_other() -> None:
    evidence = count([1.0, 2.0, 50.0, 9.0, 3.0], [1.0, 2.0, 3.0, 4.0, 0.0])
    assert fit_prior(evidence) == Prior(1.0, pytest.approx(40), pytest.approx(4), 0.5)
    kinds = count(np.ones((4, 2)), np.ones((4, 2)))
    assert fit_alike(kinds) == 20.0


@pytest.mark.parametrize("alike", [2.0, 8.0])
def test_how_alike_kinds_are_is_found(alike: float) -> None:
    rng = np.random.default_rng(3)
    own = rng.gamma(alike, 1 / alike, (2_000, 4))
    mean = np.repeat(rng.lognormal(2.5, 0.7, (2_000, 1)), 4, axis=1)
    seen = rng.poisson(mean * own * draw_ratios(rng, MIXED, 2_000)[:, None])
    assert fit_alike(count(seen, mean)) == pytest.approx(alike, rel=0.15)
    same = rng.poisson(mean * draw_ratios(rng, MIXED, 2_000)[:, None])
    assert fit_alike(count(same, mean)) > 100


@pytest.mark.parametrize("size", [ENDLESS, 10.0])
@pytest.mark.parametrize("seed", [1, 2])
def test_intervals_cover_as_often_as_they_say(seed: int, size: float) -> None:
    rng = np.random.default_rng(seed)
    theta = draw_ratios(rng, MIXED, 3_000)
    mean = rng.lognormal(2.0, 1.2, 3_000)
    factor = rng.gamma(size, 1 / size, 3_000) if size < ENDLESS else 1.0
    _, low, high = believe(count(rng.poisson(mean * theta * factor), mean, size), MIXED)
    covered = (np.log2(theta) >= low) & (np.log2(theta) <= high)
    assert covered.mean() == pytest.approx(0.9, abs=0.025)
    large = mean > np.median(mean)
    assert covered[large].mean() == pytest.approx(covered[~large].mean(), abs=0.05)


def test_seven_links_decide_and_six_do_not() -> None:
    seen = np.array([6.0, 7.0])
    found = weigh_alone(count(seen, seen), FOUR)
    low, high = (stats.gamma.ppf(end, seen) for end in (0.05, 0.95))
    np.testing.assert_allclose(found.width, np.log2(high / low), rtol=1e-9)
    assert found.decides.tolist() == [False, True]
    np.testing.assert_allclose(found.weight, seen / (seen + RATE), rtol=1e-9)
    # Seven links beside one expected: they decide, but all clusters together say more.
    assert weigh_alone(count([7.0], [1.0]), FOUR).decides.tolist() == [False]


def test_what_is_missing_is_not_nought() -> None:
    found = weigh_alone(count([0.0, 0.0, 3.0], [5.0, 0.0, 6.0]), FOUR)
    np.testing.assert_array_equal(found.log2_ratio, [-np.inf, np.nan, -1.0])
    assert found.width[:2].tolist() == [np.inf, np.inf]
    assert found.weight[1] == 0
    assert found.decides.tolist() == [False] * 3


def test_dispersion_widens_what_data_say() -> None:
    wide, narrow = (weigh_alone(count([20.0], [20.0], size), FOUR) for size in (5.0, ENDLESS))
    # Twenty links of size 5 are worth four.
    low, high = (stats.gamma.ppf(end, 4) for end in (0.05, 0.95))
    assert wide.width[0] == pytest.approx(np.log2(high / low))
    assert wide.width[0] > narrow.width[0]
    assert wide.weight[0] == pytest.approx(4 / (4 + RATE))


sizes = st.sampled_from([ENDLESS, 50.0, 5.0])


@given(st.integers(0, 400), st.integers(1, 100), st.floats(0.1, 200), sizes)
def test_more_links_never_lower_the_ratio(
    seen: int, more: int, expected: float, size: float
) -> None:
    few, many = believe(count([seen, seen + more], [expected] * 2, size), FOUR)[0]
    assert few < many
    few, many = find_belief(count([seen, seen + more], [expected] * 2), MIXED).log_mean
    assert few < many


@given(st.floats(0.1, 200), st.floats(0.05, 20), st.floats(1.01, 50), sizes)
def test_more_links_at_one_ratio_never_widen_the_interval(
    expected: float, ratio: float, times: float, size: float
) -> None:
    mean = np.array([expected, expected * times])
    evidence = count(mean * ratio, mean, size)
    few, many = weigh_alone(evidence, FOUR).width
    assert many <= few + 1e-9
    few, many = find_belief(evidence, FOUR).shape[:, 0]
    assert many >= few - 1e-9
    _, low, high = believe(evidence, FOUR)
    assert high[1] - low[1] <= (high[0] - low[0]) * (1 + 1e-6)


def test_a_kind_that_is_all_there_is_is_the_belief() -> None:
    evidence = count([10.0, 3.0], [5.0, 6.0])
    belief = find_belief(evidence, FOUR)
    kinds = count([[10.0], [3.0]], [[5.0], [6.0]])
    value, quantiles = combine_kinds(find_own_factors(kinds, belief, EXACT), np.array([7.0]))
    np.testing.assert_allclose(value, belief.log_mean / LN2, atol=0.01)
    shape, rate = belief.shape[:, 0], belief.rate[:, 0]
    exact = np.log2(stats.gamma.ppf(special.ndtr(Z)[:, None], shape, scale=1 / rate))
    inner = np.abs(Z) <= 2
    np.testing.assert_allclose(quantiles[inner], exact[inner], atol=0.05)


def test_a_kind_of_its_own_by_drawing() -> None:
    rng = np.random.default_rng(2)
    belief = find_belief(count([12.0], [8.0]), FOUR)
    kinds = count([[12.0, 0.0]], [[6.0, 2.0]])
    weights = np.array([0.75, 0.25])
    value, quantiles = combine_kinds(find_own_factors(kinds, belief, 5.0), weights)
    theta = rng.gamma(belief.shape[0, 0], 1 / belief.rate[0, 0], 200_000)
    own = [rng.gamma(5 + o) / (5 + e * theta) for o, e in ((np.full(200_000, 12.0), 6.0),)]
    own += [rng.gamma(np.full(200_000, 5.0)) / (5 + 2.0 * theta)]
    drawn = 0.75 * np.log2(theta * own[0]) + 0.25 * np.log2(theta * own[1])
    assert value[0] == pytest.approx(drawn.mean(), abs=0.01)
    for deviate in (-DEVIATE, 0.0, DEVIATE):
        expected = np.quantile(drawn, special.ndtr(deviate))
        assert read_quantile(quantiles, deviate)[0] == pytest.approx(expected, abs=0.04)


def test_kinds_without_pairs_lean_on_the_others() -> None:
    belief = find_belief(count([40.0], [10.0]), FOUR)
    kinds = count([[40.0, 99.0]], [[10.0, 0.0]])  # what has no pair is not looked at
    value, quantiles = combine_kinds(find_own_factors(kinds, belief, 20.0), np.array([0.0, 1.0]))
    expected = belief.log_mean + special.digamma(20) - np.log(20)
    assert value[0] == pytest.approx(expected[0] / LN2, abs=0.01)
    _, of_seen = combine_kinds(find_own_factors(kinds, belief, 20.0), np.array([1.0, 0.0]))
    widths = [np.ptp(q[[0, -1], 0]) for q in (of_seen, quantiles)]
    assert widths[0] < widths[1]
    # Weights are shares: only their proportions matter.
    again, _ = combine_kinds(find_own_factors(kinds, belief, 20.0), np.array([0.0, 8.0]))
    assert again[0] == value[0]


@given(st.lists(st.tuples(st.integers(0, 80), st.floats(0.0, 40)), min_size=1, max_size=5))
def test_quantiles_ascend(rows: list[tuple[int, float]]) -> None:
    seen, expected = (np.array(column, dtype=float)[:, None] for column in zip(*rows, strict=True))
    belief = find_belief(count(seen[:, 0], expected[:, 0]), MIXED)
    value, quantiles = combine_kinds(
        find_own_factors(count(seen, expected), belief, 20.0), np.ones(1)
    )
    assert (np.diff(quantiles, axis=0) > 0).all()
    assert ((quantiles[0] < value) & (value < quantiles[-1])).all()
