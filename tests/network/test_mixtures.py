"""Mixtures of normals against the plain definition, and gammas against the library's functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats

from clustermap.network.gamma import spread_points, trigamma
from clustermap.network.mixtures import mix_normals
from clustermap.network.posterior import Z

if TYPE_CHECKING:
    import numpy.typing as npt

    Numbers = npt.NDArray[np.float64]

part = st.tuples(st.floats(0.01, 1), st.floats(-4, 4), st.floats(0.05, 3))


def mix_plainly(mass: Numbers, mean: Numbers, spread: Numbers) -> Numbers:
    """Return the quantiles of one mixture, read between points of a grid."""
    centre = mass @ mean
    total = np.sqrt(mass @ (spread**2 + (mean - centre) ** 2))
    places = centre + total * np.linspace(-6, 6, 97)
    below = special.ndtr((places[:, None] - mean) / spread) @ mass
    return np.interp(special.ndtr(Z), below, places)


@given(st.lists(st.lists(part, min_size=3, max_size=3), min_size=1, max_size=7))
def test_quantiles_are_those_of_the_plain_definition(rows: list[list[tuple[float, ...]]]) -> None:
    mass, mean, spread = np.moveaxis(np.array(rows), 2, 0)
    mass = mass / mass.sum(axis=1, keepdims=True)
    found = mix_normals(mass, mean, spread)
    for at, quantiles in enumerate(found.T):
        expected = mix_plainly(mass[at], mean[at], spread[at])
        # Chances are right to 1e-11; where hardly any lie they move a quantile by more.
        np.testing.assert_allclose(quantiles, expected, atol=1e-6)


def test_a_single_normal_by_hand() -> None:
    found = mix_normals(np.array([[1.0]]), np.array([[2.0]]), np.array([[0.5]]))
    np.testing.assert_allclose(found[:, 0], 2 + 0.5 * Z, atol=1e-9)


def test_two_far_parts_by_hand() -> None:
    # A fifth at -10, the rest at 10: the median of the rest's upper five eighths.
    found = mix_normals(np.array([[0.2, 0.8]]), np.array([[-10.0, 10.0]]), np.array([[1.0, 1.0]]))
    assert found[12, 0] == pytest.approx(10 + special.ndtri(0.375), abs=0.2)
    even = mix_normals(np.array([[0.5, 0.5]]), np.array([[-3.0, 3.0]]), np.array([[1.0, 1.0]]))
    np.testing.assert_allclose(even, -even[::-1], atol=1e-9)


@given(st.floats(0.01, 1e6))
def test_the_variance_of_a_log_is_the_trigamma_function(shape: float) -> None:
    found = trigamma(np.array([[shape]]))
    np.testing.assert_allclose(found, special.polygamma(1, shape), rtol=1e-13)


@given(st.floats(0.02, 3e6), st.integers(1, 25))
def test_points_are_quantiles(shape: float, points: int) -> None:
    found = spread_points(np.array([shape, shape]), points)
    shares = (np.arange(points) + 0.5) / points
    assert found.shape == (2, points)
    np.testing.assert_allclose(found[0], special.gammaincinv(shape, shares), rtol=1e-9)
    if shape > 1:
        np.testing.assert_allclose(stats.gamma.cdf(found[1], shape), shares, rtol=1e-7)
