"""The prior's fit: slopes against differences, and the least cost against another minimiser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, special

from clustermap.network.negative_binomial import ENDLESS, negative_binomial, slope_probability
from clustermap.network.prior import (
    ALIKE_AT_MOST,
    Evidence,
    Prior,
    _Side,
    fit_prior,
    log_marginals,
)

if TYPE_CHECKING:
    import numpy.typing as npt

    Numbers = npt.NDArray[np.float64]

START = np.array([0.0, np.log(4.0), np.log(10.0), 0.0])
OTHER_START = np.array([0.0, np.log(1.5), np.log(45.0), -2.0])
LEAST, MOST = np.array([-4.0, -2.0, 0.0, -6.0]), np.array([4.0, 3.0, 6.0, 6.0])


def read_prior(point: Numbers, most_alike: float) -> Prior:
    typical, wide, ratio = np.exp(np.clip(point[:3], LEAST[:3], MOST[:3]))
    narrow = min(float(wide * ratio), most_alike)
    share = float(special.expit(np.clip(point[3], -6, 6)))
    return Prior(float(typical), narrow, min(float(wide), narrow), share)


def cost(point: Numbers, evidence: Evidence, most_alike: float) -> float:
    logs = log_marginals(evidence, read_prior(point, most_alike))
    return float(0.05 * ((point - START) ** 2).sum() - np.logaddexp(*logs.T).sum())


def cheapest_point(prior: Prior, most_alike: float) -> Numbers:
    """Return the point closest to the start that stands for a prior."""
    wide = np.log(prior.wide)
    ratio = np.log(prior.narrow / prior.wide)
    if prior.narrow >= most_alike * (1 - 1e-8):
        ratio = max(ratio, START[2])
        if prior.wide >= most_alike * (1 - 1e-8):
            wide = max(wide, START[1])
    return np.array([np.log(prior.typical), wide, ratio, special.logit(prior.share)])


def descend_without_slopes(evidence: Evidence, most_alike: float) -> tuple[float, Numbers]:
    options = {"xatol": 1e-4, "fatol": 1e-5, "maxiter": 4000, "maxfev": 4000}
    tries = [
        optimize.minimize(
            cost, start, args=(evidence, most_alike), method="Nelder-Mead", options=options
        )
        for start in (START, OTHER_START)
    ]
    best = min(tries, key=lambda found: float(found.fun))
    return float(best.fun), np.asarray(best.x)


def draw(seed: int, clusters: int, *, share: float = 0.15, size: float = ENDLESS) -> Evidence:
    """Draw clusters of which a share differs much, and all others by a twelfth or so."""
    rng = np.random.default_rng(seed)
    wide = rng.random(clusters) < share
    shape = np.where(wide, 1.5, 150.0)
    theta = rng.gamma(shape) / np.exp(special.digamma(shape))
    mean = rng.lognormal(2.5, 1.3, clusters)
    factor = rng.gamma(size, 1 / size, clusters) if size < ENDLESS else np.ones(clusters)
    seen = rng.poisson(mean * theta * factor).astype(float)
    return Evidence(seen, mean, np.full(clusters, size))


@given(st.floats(0, 500), st.floats(0.01, 500), st.floats(0.05, 1000))
def test_slopes_of_a_probability_are_its_differences(seen: float, mean: float, size: float) -> None:
    step = 1e-4
    found = slope_probability(*(np.array(value) for value in (seen, mean, size)))
    ends = np.exp([-step, step])
    by_mean = np.diff(negative_binomial(np.array(seen), mean * ends, np.array(size)))
    by_size = np.diff(negative_binomial(np.array(seen), np.array(mean), size * ends))
    expected = np.concatenate([by_mean, by_size]) / (2 * step)
    np.testing.assert_allclose(np.stack(found), expected, rtol=1e-5, atol=1e-5)


points = st.tuples(
    *(st.floats(low, high) for low, high in zip(LEAST + 0.1, MOST - 0.1, strict=True))
)


@given(
    points, st.floats(2, 400), st.sampled_from(["held", "free"]), st.sampled_from([ENDLESS, 8.0])
)
def test_slopes_of_the_cost_are_its_differences(
    point: tuple[float, ...], most_alike: float, side: str, size: float
) -> None:
    found = _Side(draw(5, 12, size=size), float(np.log(most_alike)), held=side == "held")
    place, step = np.array(point), 1e-5
    _, slopes = found.weigh(place)
    expected = [
        (found.weigh(place + move)[0] - found.weigh(place - move)[0]) / (2 * step)
        for move in step * np.eye(4)
    ]
    scale = max(1.0, np.abs(slopes).max())
    np.testing.assert_allclose(slopes, expected, atol=1e-5 * scale)


@given(points, st.floats(2, 400))
def test_both_sides_tell_the_cost_of_a_prior(point: tuple[float, ...], most_alike: float) -> None:
    place = np.array(point)
    place[1] = min(place[1], np.log(most_alike))
    evidence, log_most = draw(6, 12), float(np.log(most_alike))
    held = place[1] + place[2] >= log_most
    side = _Side(evidence, log_most, held=bool(held))
    # Costs are told against that of the likelihood at the start.
    start = np.logaddexp(*log_marginals(evidence, read_prior(START, np.inf)).T).sum()
    expected = cost(place, evidence, most_alike) + start
    assert side.weigh(place)[0] == pytest.approx(expected, rel=1e-9, abs=1e-8)


@pytest.mark.parametrize("most_alike", [400.0, 60.0, 3.0])
@pytest.mark.parametrize("clusters", [5, 12, 150])
@pytest.mark.parametrize("size", [ENDLESS, 6.0])
def test_no_cost_is_lower(clusters: int, most_alike: float, size: float) -> None:
    evidence = draw(clusters, clusters, size=size)
    prior = fit_prior(evidence, most_alike)
    found = cost(cheapest_point(prior, most_alike), evidence, most_alike)
    least, _ = descend_without_slopes(evidence, most_alike)
    assert found <= least + 1e-6
    assert prior.wide <= prior.narrow <= most_alike


def test_where_the_old_minimiser_ends_well_both_agree() -> None:
    evidence = draw(1, 300, share=0.3, size=8.0)
    prior = fit_prior(evidence, 400.0)
    assert prior.narrow < 399  # where nothing is at a bound
    _, point = descend_without_slopes(evidence, 400.0)
    old = read_prior(point, 400.0)
    for name in ("typical", "narrow", "wide", "share"):
        assert getattr(prior, name) == pytest.approx(getattr(old, name), rel=1e-3)


def test_slopes_are_nought_where_the_cost_is_least() -> None:
    evidence = draw(1, 300, share=0.3, size=8.0)
    prior = fit_prior(evidence, 400.0)
    side = _Side(evidence, float(np.log(400.0)), held=False)
    _, slopes = side.weigh(cheapest_point(prior, 400.0))
    assert np.abs(slopes).max() < 1e-5


def test_the_largest_shape_is_kept_to_the_last_digit() -> None:
    evidence = draw(2, 300, share=0.1)
    assert fit_prior(evidence, 30.0).narrow == pytest.approx(30.0, rel=1e-8)


@pytest.mark.parametrize("seed", range(4))
def test_no_order_and_no_rounding_changes_the_prior(seed: int) -> None:
    evidence = draw(seed, 150)
    rng = np.random.default_rng(seed)
    order = rng.permutation(150)
    moved = Evidence(
        evidence.observed[order],
        evidence.expected[order] * (1 + 1e-14 * rng.standard_normal(150)),
        evidence.size[order],
    )
    one, two = fit_prior(evidence), fit_prior(moved)
    for name in ("typical", "narrow", "wide", "share"):
        assert getattr(one, name) == pytest.approx(getattr(two, name), rel=1e-7)


@given(st.lists(st.tuples(st.integers(0, 300), st.floats(1e-6, 200)), min_size=5, max_size=12))
def test_every_nation_has_a_prior(rows: list[tuple[int, float]]) -> None:
    seen, mean = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    prior = fit_prior(Evidence(seen, mean, np.full(len(rows), ENDLESS)))
    assert np.exp(-4) * 0.999 <= prior.typical <= np.exp(4) * 1.001
    assert 0.1 < prior.wide <= prior.narrow <= ALIKE_AT_MOST
    assert 0 < prior.share < 1


def test_what_stands_at_every_bound_stays_there() -> None:
    evidence = draw(3, 20)
    for held in (True, False):
        side = _Side(evidence, float(np.log(400.0)), held=held)
        corner = np.array([4.0, 3.0, np.log(400.0) - 3.0, -6.0])
        np.testing.assert_allclose(side.finish(corner), corner, atol=1e-9)


def test_links_beyond_all_measure_have_a_prior() -> None:
    mean = np.array([1.0, 2.0, 5.0, 9.0, 20.0, 40.0])
    many, none = (
        fit_prior(Evidence(mean * times, mean, np.full(6, ENDLESS))) for times in (1e4, 0.0)
    )
    assert many.typical == pytest.approx(np.exp(4))
    assert none.typical == pytest.approx(np.exp(-4))
