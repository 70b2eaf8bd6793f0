"""Allowances: region, size and sites are allowed for, what a cluster is by itself is not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clustermap.network.allowance import (
    CIRCUMSTANCES,
    LEAST_CLUSTERS,
    LEAST_PAIRS,
    NEIGHBOURS_M,
    Allowance,
    allow_for,
    blur,
    find_allowances,
    find_circumstances,
    fit_allowance,
    share_neighbourhoods,
)
from clustermap.network.comparison import Comparison
from clustermap.network.ratios import gather_evidence
from clustermap.network.shrinkage import ENDLESS
from clustermap.network.strata import BRANCH, HEAD_OFFICE, NOT_A_FIRM, Strata
from clustermap.tables import ACTOR_TYPES
from tests.network.nation import CLUSTERS, count, draw_edges, draw_nation

if TYPE_CHECKING:
    import numpy.typing as npt

    Numbers = npt.NDArray[np.float64]

MANY = 300
FIRM, UNIVERSITY = ACTOR_TYPES.index("firm"), ACTOR_TYPES.index("university")


def none(clusters: int = MANY) -> Numbers:
    return np.zeros((clusters, 0))


def fit(
    seen: Numbers,
    mean: Numbers,
    columns: Numbers | None = None,
    region: npt.NDArray[np.int64] | None = None,
) -> Allowance:
    clusters = len(seen)
    return fit_allowance(
        seen,
        mean,
        np.ones(clusters),
        none(clusters) if columns is None else columns,
        np.full(clusters, -1) if region is None else region,
    )


def test_regions_that_differ_by_chance_alone_are_drawn_to_the_nation() -> None:
    rng = np.random.default_rng(1)
    region = np.arange(MANY) % 10
    mean = np.full(MANY, 30.0)
    found = fit(rng.poisson(mean).astype(float), mean, region=region)
    assert np.abs(found.log_factor).max() < 0.05


def test_regions_that_truly_differ_are_allowed_for() -> None:
    rng = np.random.default_rng(1)
    region = np.arange(MANY) % 10
    true = np.exp(np.linspace(-1, 1, 10))[region]
    mean = np.full(MANY, 50.0)
    found = fit(rng.poisson(mean * true).astype(float), mean, region=region)
    np.testing.assert_allclose(found.log_factor, np.log(true), atol=0.12)
    assert np.median(found.variance) < 0.01


def test_one_outstanding_cluster_is_not_its_regions_allowance() -> None:
    # A region of ten: one has ten times the links of the others, which are typical.
    seen, mean = np.full(MANY, 50.0), np.full(MANY, 50.0)
    region = np.where(np.arange(MANY) < 10, 1, 0)
    seen[0] = 500.0
    found = fit(seen, mean, region=region)
    # It is compared with the nine, which are as the nation. They hear of no more than 105 of its
    # links: (9 x 50 + 105) / 500, where links summed over the region would say 95 / 50.
    assert found.log_factor[0] == pytest.approx(0, abs=0.05)
    assert 0 < found.log_factor[1] < np.log(1.2)


def test_alone_in_its_region_a_cluster_is_compared_with_the_nation() -> None:
    seen, mean = np.full(MANY, 50.0), np.full(MANY, 50.0)
    seen[0] = 200.0
    region = np.where(np.arange(MANY) < 1, 1, 0)
    found = fit(seen, mean, region=region)
    assert found.log_factor[0] == pytest.approx(0, abs=0.05)
    # Of no region is the same.
    assert fit(seen, mean).log_factor[0] == pytest.approx(0, abs=0.05)


def test_what_goes_with_a_column_is_allowed_for() -> None:
    column = np.linspace(-1, 1, MANY)
    column /= column.std()
    mean = np.full(MANY, 100.0)
    found = fit(mean * np.exp(0.3 * column), mean, column[:, None])
    np.testing.assert_allclose(found.log_factor, 0.3 * column, atol=0.01)


def test_nothing_is_allowed_for_where_nothing_is_expected_or_clusters_are_few() -> None:
    mean = np.where(np.arange(MANY) < 50, 0.0, 10.0)
    found = fit(2 * mean, mean)
    assert (found.log_factor[:50] == 0).all()
    assert (found.variance[:50] == 0).all()
    np.testing.assert_allclose(found.log_factor[50:], np.log(2), atol=1e-3)
    few = fit(np.full(LEAST_CLUSTERS - 1, 20.0), np.full(LEAST_CLUSTERS - 1, 10.0))
    assert not few.log_factor.any()
    assert not few.variance.any()
    enough = fit(np.full(LEAST_CLUSTERS, 20.0), np.full(LEAST_CLUSTERS, 10.0))
    np.testing.assert_allclose(enough.log_factor, np.log(2), atol=1e-3)


def test_no_links_at_all_give_a_finite_allowance() -> None:
    found = fit(np.zeros(MANY), np.full(MANY, 3.0), region=np.arange(MANY) % 4)
    assert np.isfinite(found.log_factor).all()
    assert (found.log_factor >= -4).all()


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000))
def test_the_order_and_the_codes_of_regions_mean_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    mean = rng.lognormal(2, 1, 150)
    seen = rng.poisson(mean * rng.gamma(4, 1 / 4, 150)).astype(float)
    region, column = rng.integers(-1, 5, 150), rng.standard_normal((150, 1))
    found = fit(seen, mean, column, region)
    order = rng.permutation(150)
    names = np.append(rng.permutation(50)[:5], -1)
    again = fit(seen[order], mean[order], column[order], names[region[order]])
    np.testing.assert_allclose(again.log_factor, found.log_factor[order], atol=1e-6)
    np.testing.assert_allclose(again.variance, found.variance[order], atol=1e-6)


def test_every_cluster_is_told_what_the_others_say() -> None:
    rng = np.random.default_rng(3)
    mean = rng.lognormal(3, 0.7, MANY)
    seen = rng.poisson(mean * rng.gamma(10, 1 / 10, MANY)).astype(float)
    column, region = rng.standard_normal((MANY, 1)), np.arange(MANY) % 12
    found = fit(seen, mean, column, region)
    for one in (0, 7, 150):
        mean_without = mean.copy()
        # With hardly any expected links it has no say; its factor is what the others give.
        mean_without[one] *= 1e-9
        seen_without = seen.copy()
        seen_without[one] *= 1e-9
        alone = fit(seen_without, mean_without, column, region)
        assert found.log_factor[one] == pytest.approx(alone.log_factor[one], abs=0.01)


def test_circumstances_by_hand() -> None:
    nation = draw_nation()
    observed = count(nation, [draw_edges(nation, links=100)])
    strata = Strata(
        np.array([FIRM, FIRM, FIRM, UNIVERSITY], np.uint8),
        np.zeros(4, np.int8),
        np.array([HEAD_OFFICE, BRANCH, 0, NOT_A_FIRM], np.int16),
    )
    members = np.zeros((len(observed.cells.names), 4), dtype=np.int64)
    members[:CLUSTERS] = [1, 1, 2, 0]
    members[0], members[1] = [2, 0, 2, 6], [0, 0, 0, 3]
    observed = replace(observed, strata=strata, drawn=replace(observed.drawn, members=members))
    found = find_circumstances(observed, ["sites"])
    assert (found.region == -1).all()
    heads, branches = found.columns.T
    # 2 of 4 firms, none of none, 1 of 4 elsewhere.
    raw = np.append([0.5, 0.0], np.full(CLUSTERS - 2, 0.25))
    np.testing.assert_allclose(heads, (raw - raw.mean()) / raw.std())
    raw = np.append([0.0, 0.0], np.full(CLUSTERS - 2, 0.25))
    np.testing.assert_allclose(branches, (raw - raw.mean()) / raw.std())
    found = find_circumstances(observed, ["size", "region"])
    raw = np.log(np.append([10, 3], np.full(CLUSTERS - 2, 4)))
    np.testing.assert_allclose(found.columns[:, 0], (raw - raw.mean()) / raw.std())
    assert found.region.tolist() == observed.regions[:CLUSTERS].tolist()
    # What is the same everywhere is no circumstance.
    members[:CLUSTERS] = [0, 0, 2, 0]
    assert find_circumstances(observed, CIRCUMSTANCES).columns.shape == (CLUSTERS, 0)


def compare(clusters: int = MANY) -> Comparison:
    """Return two kinds at one local reach and beyond; those of region 1 have half the links."""
    rng = np.random.default_rng(5)
    mean = rng.lognormal(4, 0.5, (clusters, 2, 2))
    factor = np.where(np.arange(clusters) % 2 == 1, 0.5, 1.0)[:, None, None]
    seen = np.round(mean * factor)
    both = [np.concatenate([x, x.sum(axis=1, keepdims=True)], axis=1) for x in (seen, mean)]
    return Comparison((0, 1), both[0], both[1], both[1] ** 2 / 10, np.ones(both[0].shape))


def test_a_comparison_that_makes_the_allowance() -> None:
    comparison = compare()
    nation = draw_nation()
    observed = count(nation, [draw_edges(nation, links=100)])
    circumstances = replace(
        find_circumstances(observed, []),
        columns=none(),
        region=np.arange(MANY) % 2,
    )
    allowance = find_allowances(comparison, circumstances)
    assert allowance.log_factor.shape == (MANY, 2, 2)
    found = allow_for(comparison, allowance)
    np.testing.assert_allclose(found.observed / found.expected, 1, atol=0.06)
    np.testing.assert_allclose(found.expected[:, 2], found.expected[:, :2].sum(axis=1))
    # A sum over pairs of cells keeps how far dispersion averages out: E^2 over the sum of squares.
    np.testing.assert_allclose(found.expected**2 / found.squares, 10)
    np.testing.assert_allclose(found.expected / comparison.expected, found.allowance)
    # All kinds share their uncertainty: it is between those of the kinds.
    low, high = (pick(allowance.variance, axis=1) for pick in (np.min, np.max))
    assert (found.variance[:, 2] >= low - 1e-12).all()
    assert (found.variance[:, 2] <= high + 1e-12).all()


def test_what_is_allowed_for_unsurely_counts_as_dispersion() -> None:
    comparison = compare()
    sure = Allowance(np.zeros((MANY, 2, 2)), np.zeros((MANY, 2, 2)))
    unsure = replace(sure, variance=np.full((MANY, 2, 2), 0.1))
    without = np.zeros(3)
    kinds, total = gather_evidence(allow_for(comparison, sure), without, 0)
    assert (kinds.size >= 0.49 * ENDLESS).all()
    kinds, total = gather_evidence(allow_for(comparison, unsure), without, 0)
    # A variance of 0.1 of the logarithm is a gamma factor of shape 10.
    np.testing.assert_allclose(kinds.size, 10)
    np.testing.assert_allclose(total.size, 10)
    # Beside dispersion of one tenth of its square in ten pairs: 1 / (1.1 x 1.01 - 1).
    _, total = gather_evidence(allow_for(comparison, unsure), np.full(3, 0.1), 0)
    np.testing.assert_allclose(total.size, 1 / (1.1 * 1.01 - 1))


def test_neighbours_are_clusters_within_ten_kilometres() -> None:
    nation = draw_nation()
    observed = count(nation, [draw_edges(nation, links=100)])
    near = find_circumstances(observed, []).near
    x, y = (axis[:CLUSTERS] for axis in (observed.space.x, observed.space.y))
    apart = np.hypot(x[:, None] - x, y[:, None] - y)
    assert (near == (apart <= NEIGHBOURS_M) & ~np.eye(CLUSTERS, dtype=bool)).all()
    assert 0 < near.sum() < near.size / 10


def by_twos(clusters: int = MANY) -> npt.NDArray[np.bool_]:
    return np.asarray(np.kron(np.eye(clusters // 2), [[0, 1], [1, 0]]) > 0)


def grow(own: Numbers, seed: int = 6) -> Comparison:
    """Return links of 200 expected each, with a factor of each cluster."""
    mean = np.full((len(own), 1, 1), 200.0)
    seen = np.random.default_rng(seed).poisson(mean[:, 0, 0] * own).astype(float)[:, None, None]
    return Comparison((), seen, mean, mean, np.ones(mean.shape))


def test_what_neighbours_share_is_found_and_what_each_has_alone_is_not() -> None:
    rng = np.random.default_rng(7)
    alone = rng.gamma(25, 1 / 25, MANY)  # a variance of 0.04
    assert share_neighbourhoods(grow(alone), by_twos())[0, 0] < 0.01
    together = np.repeat(rng.gamma(25, 1 / 25, MANY // 2), 2)
    assert share_neighbourhoods(grow(together), by_twos())[0, 0] == pytest.approx(0.04, abs=0.01)


def test_what_chance_makes_is_mostly_nothing() -> None:
    nothing = np.ones(MANY)
    found = [share_neighbourhoods(grow(nothing, seed), by_twos())[0, 0] for seed in range(40)]
    # Above 1.645 standard errors in one of twenty, and then by little: 1 / 200 is chance alone.
    assert np.mean(np.array(found) == 0) > 0.85
    assert max(found) < 1 / 200


def test_of_few_neighbours_nothing_is_said() -> None:
    together = np.repeat([0.5, 1.5], MANY // 2)
    near = by_twos()
    near[2 * (LEAST_PAIRS - 1) :] = False
    near[:, 2 * (LEAST_PAIRS - 1) :] = False
    assert not share_neighbourhoods(grow(together), near).any()


def test_what_neighbours_share_widens_and_moves_nothing() -> None:
    comparison = compare()
    found = blur(comparison, np.full(comparison.expected.shape[1:], 0.1))
    assert found.expected.tobytes() == comparison.expected.tobytes()
    kinds, _ = gather_evidence(found, np.zeros(3), 0)
    np.testing.assert_allclose(kinds.size, 10)
