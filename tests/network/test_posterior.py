"""Posteriors: quantiles between those that are stored, and the ends of 90 % intervals."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from clustermap.network.posterior import DEVIATE, Posterior, Z, read_quantile


def believe(quantiles: np.ndarray) -> Posterior:
    clusters = quantiles.shape[1]
    return Posterior(
        "openness",
        np.zeros(clusters),
        quantiles,
        np.ones(clusters),
        np.ones(clusters, dtype=bool),
        np.full(clusters, "", dtype=object),
    )


def test_quantiles_are_stored_every_quarter_of_a_deviate() -> None:
    assert Z[[0, 1, 12, 24]].tolist() == [-3.0, -2.75, 0.0, 3.0]
    assert stats.norm.cdf(DEVIATE) == pytest.approx(0.95, abs=1e-15)


def test_a_quantile_lies_on_the_line_between_its_neighbours() -> None:
    bent = np.where(Z < 1, 0.0, 8.0)[:, None]  # a jump between 0.75 and 1
    found = [float(read_quantile(bent, deviate)[0]) for deviate in (0.75, 0.8125, 0.875, 1.0)]
    assert found == pytest.approx([0.0, 2.0, 4.0, 8.0])


def test_both_ends_can_be_read() -> None:
    cubes = (Z**3)[:, None]
    assert read_quantile(cubes, -3.0)[0] == -27.0
    assert read_quantile(cubes, 3.0)[0] == 27.0


def test_interval_of_normal_beliefs() -> None:
    mean, sd = np.array([0.0, 1.0, np.nan]), np.array([1.0, 0.5, 1.0])
    low, high = believe(mean + sd * Z[:, None]).interval()
    np.testing.assert_allclose(low, [-DEVIATE, 1 - 0.5 * DEVIATE, np.nan], rtol=1e-14)
    np.testing.assert_allclose(high, [DEVIATE, 1 + 0.5 * DEVIATE, np.nan], rtol=1e-14)


@given(
    st.lists(st.floats(-50, 50), min_size=len(Z), max_size=len(Z)),
    st.lists(st.floats(-3, 3), min_size=2, max_size=2),
)
def test_a_larger_deviate_never_gives_a_smaller_quantile(
    values: list[float], deviates: list[float]
) -> None:
    quantiles = np.sort(np.array(values))[:, None]
    low, high = (float(read_quantile(quantiles, z)[0]) for z in sorted(deviates))
    assert low <= high + 1e-9
    assert quantiles[0, 0] - 1e-9 <= low
    assert high <= quantiles[-1, 0] + 1e-9
