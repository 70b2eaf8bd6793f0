"""Ratios: when data decide and why not, what a project weighs, and that no data mean typical."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import special

from clustermap.network.comparison import Comparison
from clustermap.network.ratios import (
    NOTHING_EXPECTED,
    PRIOR_OUTWEIGHS,
    REASONS,
    TOO_WIDE,
    find_ratios,
    gather_evidence,
)
from clustermap.network.shrinkage import ENDLESS, LN2

if TYPE_CHECKING:
    import numpy.typing as npt

    Numbers = npt.NDArray[np.float64]

NO_DISPERSION = np.zeros(3)
EVEN = np.ones(2)


def compare(
    observed: npt.ArrayLike, expected: npt.ArrayLike, design: npt.ArrayLike = 1.0
) -> Comparison:
    """Return two kinds of linkage at one local reach and beyond; the same numbers at both."""
    sides = []
    for values in (observed, expected):
        kinds = np.asarray(values, dtype=float)
        both = np.column_stack([kinds, kinds.sum(axis=1)])
        sides.append(np.repeat(both[:, :, None], 2, axis=2))
    seen, mean = sides
    units = np.broadcast_to(np.reshape(design, (-1, 1, 1)), seen.shape).astype(float)
    return Comparison((0, 1), seen, mean, mean**2, units)


def draw(seed: int = 1, clusters: int = 200) -> tuple[Numbers, Numbers]:
    """Draw a nation of clusters of which one in ten has three times the typical links."""
    rng = np.random.default_rng(seed)
    mean = np.column_stack([rng.lognormal(3, 1, clusters), rng.lognormal(2, 1, clusters)])
    factor = np.where(np.arange(clusters) % 10 == 0, 3.0, 1.0)
    own = rng.gamma(20, 1 / 20, mean.shape)
    return rng.poisson(mean * factor[:, None] * own).astype(float), mean


def test_evidence_is_told_in_independent_links() -> None:
    # Six links in units of three, ten in units of one; four and five were expected.
    comparison = compare([[2, 4], [5, 5]], [[1, 3], [2, 3]], [3, 1])
    kinds, total = gather_evidence(comparison, np.array([0.5, 0.0, 0.25]), 1)
    np.testing.assert_allclose(kinds.observed, [[2 / 3, 4 / 3], [5, 5]])
    np.testing.assert_allclose(kinds.expected, [[1 / 3, 1], [2, 3]])
    np.testing.assert_allclose(total.observed, [2, 10])
    np.testing.assert_allclose(total.expected, [4 / 3, 5])
    # One pair of cells each: sizes are those of single pairs.
    np.testing.assert_allclose(kinds.size, [[2, ENDLESS], [2, ENDLESS]])
    np.testing.assert_allclose(total.size, [4, 4])


def test_reasons() -> None:
    seen, mean = draw()
    seen[:4], mean[:4] = [[0, 0], [3, 0], [2, 2], [8, 4]], [[0, 0], [3, 1], [1e-3, 0], [0.2, 0.1]]
    found = find_ratios(compare(seen, mean), NO_DISPERSION, 0, EVEN, key="openness", min_weight=0.7)
    reason = found.posterior.reason
    assert reason[:4].tolist() == [NOTHING_EXPECTED, TOO_WIDE, TOO_WIDE, PRIOR_OUTWEIGHS]
    assert set(reason) <= {"", *REASONS}
    assert found.posterior.decided.tolist() == (reason == "").tolist()
    alone = found.alone
    rated = (found.expected > 0) & (alone.width <= 2) & (alone.weight >= 0.7)
    assert found.posterior.decided.tolist() == rated.tolist()
    assert 0.5 < found.posterior.decided.mean() < 1


def test_who_decides_can_be_asked_otherwise() -> None:
    seen, mean = draw()
    comparison = compare(seen, mean)
    found = [
        find_ratios(comparison, NO_DISPERSION, 0, EVEN, key="a", max_width=width, min_weight=weight)
        for width, weight in ((2.0, 0.5), (1.0, 0.5), (2.0, 0.95), (np.inf, 0.0))
    ]
    decided = [ratios.posterior.decided for ratios in found]
    assert decided[3].all()
    for stricter in decided[1:3]:
        assert stricter.sum() < decided[0].sum()
        assert not (stricter & ~decided[0]).any()
    for ratios in found[1:]:
        np.testing.assert_array_equal(ratios.posterior.value, found[0].posterior.value)


def test_who_stands_out_is_found_and_the_rest_is_typical() -> None:
    seen, mean = draw()
    found = find_ratios(compare(seen, mean), NO_DISPERSION, 1, EVEN, key="openness")
    out = np.arange(200) % 10 == 0
    low, high = found.posterior.interval()
    known = found.posterior.decided & (mean.sum(axis=1) > 20)
    assert (low[out & known] > 0).mean() > 0.9
    assert ((low <= 0) & (high >= 0))[~out & known].mean() > 0.85
    assert found.posterior.value[out & known].mean() == pytest.approx(np.log2(3), abs=0.25)
    assert found.posterior.key == "openness"
    assert found.posterior.basis.tolist() == seen.sum(axis=1).tolist()
    assert 10 < found.alike < 80  # 20 was drawn


def test_expected_links_are_those_of_the_typical_cluster() -> None:
    seen, mean = draw()
    one, two = (
        find_ratios(compare(seen, mean * level), NO_DISPERSION, 0, EVEN, key="a")
        for level in (1.0, 2.0)
    )
    assert one.prior.typical == two.prior.typical == 1.0
    assert two.typical == pytest.approx(one.typical / 2, rel=1e-2)
    np.testing.assert_allclose(one.expected, mean.sum(axis=1) * one.typical)
    np.testing.assert_allclose(one.expected_by_kind, mean * one.typical)
    # Whatever level the nation is told at, ratios are relative to its typical cluster.
    np.testing.assert_allclose(two.posterior.value, one.posterior.value, atol=0.02)


def test_no_data_mean_typical() -> None:
    seen, mean = draw()
    seen[7] = mean[7] = 0
    found = find_ratios(compare(seen, mean), NO_DISPERSION, 0, EVEN, key="a")
    value, (low, high) = found.posterior.value[7], found.posterior.interval()
    # A kind's own factor has mean 1: the mean of its logarithm is a little below nought.
    own = (special.digamma(found.alike) - np.log(found.alike)) / LN2
    assert value == pytest.approx(own, abs=0.01)
    assert abs(value) < 0.06
    assert low[7] < 0 < high[7]
    # It is as wide as clusters differ: no interval of a cluster with data is wider than that.
    assert high[7] - low[7] > np.median(high - low)
    assert (found.posterior.decided[7], found.posterior.reason[7]) == (False, NOTHING_EXPECTED)
    assert np.isnan(found.alone.log2_ratio[7])


def test_links_of_one_large_project_count_as_about_one() -> None:
    seen, mean = draw()
    seen[5], mean[5] = [40, 20], [20, 10]
    apart = find_ratios(compare(seen, mean), NO_DISPERSION, 0, EVEN, key="a")
    design = np.ones(200)
    design[5] = 60  # all of one project
    joint = find_ratios(compare(seen, mean, design), NO_DISPERSION, 0, EVEN, key="a")
    assert (apart.observed[5], joint.observed[5]) == (60, 1)
    assert (apart.posterior.decided[5], joint.posterior.decided[5]) == (True, False)
    assert joint.posterior.reason[5] == TOO_WIDE
    # The ratio is 2 either way; it is hardly believed of a single project.
    assert joint.alone.log2_ratio[5] == pytest.approx(apart.alone.log2_ratio[5], abs=0.05)
    assert abs(joint.posterior.value[5]) < abs(apart.posterior.value[5]) / 2
    spread = [np.diff(ratios.posterior.interval(), axis=0)[0, 5] for ratios in (apart, joint)]
    assert spread[1] > spread[0]
    others = np.arange(200) != 5
    assert joint.observed[others].tolist() == apart.observed[others].tolist()


def test_dispersion_makes_ratios_less_certain() -> None:
    seen, mean = draw()
    plain, dispersed = (
        find_ratios(compare(seen, mean), phi, 0, EVEN, key="a")
        for phi in (NO_DISPERSION, np.full(3, 0.5))
    )
    some = seen.sum(axis=1) > 0
    assert (dispersed.alone.width[some] > plain.alone.width[some]).all()
    assert dispersed.posterior.decided.sum() < plain.posterior.decided.sum()


def test_every_kind_leans_on_its_cluster() -> None:
    seen, mean = draw()
    seen[3], mean[3] = [90, 0], [30, 0]  # no pair of the second kind, thrice the first
    found = find_ratios(compare(seen, mean), NO_DISPERSION, 0, EVEN, key="openness", by_kind=True)
    assert [kind.key for kind in found.kinds] == ["openness.0", "openness.1"]
    first, second = (kind.value[3] for kind in found.kinds)
    assert first == pytest.approx(np.log2(3), abs=0.35)
    assert 0.4 * first < second < first
    low, high = (np.stack(ends) for ends in zip(*(k.interval() for k in found.kinds), strict=True))
    assert high[1, 3] - low[1, 3] > high[0, 3] - low[0, 3]
    # Together they are the mean of both.
    assert found.posterior.value[3] == pytest.approx((first + second) / 2, abs=1e-9)
    plain = find_ratios(compare(seen, mean), NO_DISPERSION, 0, EVEN, key="openness")
    assert plain.kinds == ()


def test_the_order_of_clusters_changes_nothing() -> None:
    seen, mean = draw()
    order = np.random.default_rng(9).permutation(200)
    one = find_ratios(compare(seen, mean), NO_DISPERSION, 0, EVEN, key="a")
    two = find_ratios(compare(seen[order], mean[order]), NO_DISPERSION, 0, EVEN, key="a")
    np.testing.assert_allclose(two.posterior.value, one.posterior.value[order], atol=1e-3)
    assert two.posterior.reason.tolist() == one.posterior.reason[order].tolist()
