"""In a nation in which nothing is planted no measure favours anybody: neither large nor small."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.stats import spearmanr

from clustermap.network.brokerage import brokerage
from clustermap.network.diversity import diversity
from clustermap.network.involvement import expect_linked, fit_dispersion, involvement
from clustermap.network.posterior import DEVIATE
from clustermap.network.resilience import resilience
from tests.network.links import draw_null

if TYPE_CHECKING:
    import numpy.typing as npt

    from clustermap.network.empirical_bayes import Estimate
    from clustermap.network.posterior import Posterior

SEEDS = [1, 2, 3]


def check_null(estimate: Estimate, posterior: Posterior, size: npt.NDArray[np.int64]) -> None:
    """Check where the data decide: mean near 0, 90 % intervals that cover 0, size tells nothing."""
    rated = posterior.decided
    assert rated.sum() >= 60
    value, sd = estimate.value[rated], estimate.sd[rated]
    # A mean of n values of known sd: four standard errors, or what no reader would notice.
    assert abs(value.mean()) < max(4 * sd.mean() / np.sqrt(rated.sum()), 0.05)
    covered = (np.abs(value) < DEVIATE * sd).mean()
    assert abs(covered - 0.9) < 4 * np.sqrt(0.09 / rated.sum())
    assert abs(spearmanr(value, size[rated]).statistic) < 4 / np.sqrt(rated.sum())
    # What is believed is drawn closer to typical, and no interval is a point.
    low, high = posterior.interval()
    assert np.abs(posterior.value[rated]).mean() < np.abs(value).mean() / 2
    assert (low[rated] < high[rated]).all()
    assert ((low[rated] <= 0) & (high[rated] >= 0)).mean() > 0.85  # capped ones end at 0


@pytest.mark.parametrize(("units", "partners"), [(60_000, 2), (15_000, 4)])
@pytest.mark.parametrize("seed", SEEDS)
def test_brokerage_and_resilience(seed: int, units: int, partners: int) -> None:
    drawing = draw_null(seed, units=units, partners=partners)
    ends, members = drawing.ends, drawing.members
    size = members.count_members()
    actors = len(members.cell)
    found = brokerage(ends, np.zeros(actors, dtype=np.uint8), members.clusters)
    check_null(found.estimate, found.posterior, size)
    kept = resilience(ends, members, np.full(actors, -1, dtype=np.int32))
    check_null(kept.estimate, kept.posterior, size)
    assert kept.concentration == pytest.approx(0.5, rel=0.1)


@pytest.mark.parametrize("seed", SEEDS)
def test_participation_and_diversity(seed: int) -> None:
    #            firms  universities        per actor; kappa .5, 1, 2 by kind
    rates = np.array([[0.4, 1.0], [0.1, 2.0], [0.1, 0.5]])
    kappas = (0.5, 1.0, 2.0)
    rng = np.random.default_rng(seed)
    size = np.minimum(np.ceil(rng.pareto(1.1, 250) * 30 + 12), 3000).astype(int)
    universities = rng.binomial(size, 0.1)
    members = np.stack([size - universities, universities], axis=1)
    cluster = np.repeat(np.arange(250), size)
    first = np.cumsum(size) - size
    is_university = np.arange(len(cluster)) - first[cluster] < universities[cluster]
    degrees = [
        rng.negative_binomial(k, k / (k + rate[is_university.astype(int)]))
        for k, rate in zip(kappas, rates, strict=True)
    ]
    linked = np.stack([np.bincount(cluster, d > 0) for d in degrees], axis=1)
    fitted = [
        fit_dispersion(d, rate[is_university.astype(int)])
        for d, rate in zip(degrees, rates, strict=True)
    ]
    np.testing.assert_allclose(fitted, kappas, rtol=0.35)
    moments = [
        expect_linked(members * rate, members, k) for rate, k in zip(rates, fitted, strict=True)
    ]
    expected, variance = (np.stack(part, axis=1) for part in zip(*moments, strict=True))
    anyone = np.bincount(cluster, np.sum(degrees, axis=0) > 0).astype(int)
    took_part = involvement(linked, expected, variance, anyone, weights=[1, 1, 1])
    check_null(took_part.estimate, took_part.posterior, size)
    usual = members @ rates.T
    mixed = diversity(rng.poisson(usual), usual, anyone)
    check_null(mixed.estimate, mixed.posterior, size)


def test_raw_counts_would_favour_the_large() -> None:
    drawing = draw_null(1)
    size = drawing.members.count_members()
    types = np.zeros(len(drawing.members.cell), dtype=np.uint8)
    found = brokerage(drawing.ends, types, drawing.members.clusters)
    assert spearmanr(found.observed, size).statistic > 0.7
