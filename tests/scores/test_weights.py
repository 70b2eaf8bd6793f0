"""Weights from factor analysis: the Handbook's example, and what rotation may not change."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from clustermap.scores.weights import (
    count_factors,
    equal_weights,
    factor_weights,
    varimax,
    weights_from_loadings,
)

# The Handbook's technology achievement index: rotated loadings of patents, royalties, internet,
# exports, telephones, electricity, schooling, university.
LOADINGS = np.array(
    [
        [0.07, 0.97, 0.06, 0.06],
        [0.13, 0.07, -0.07, 0.93],
        [0.79, -0.21, 0.21, 0.42],
        [-0.64, 0.56, -0.04, 0.36],
        [0.37, 0.17, 0.38, 0.68],
        [0.82, -0.04, 0.25, 0.35],
        [0.88, 0.23, -0.09, 0.09],
        [0.08, 0.04, 0.96, 0.04],
    ]
)

loadings_of = arrays.arrays(
    np.float64,
    st.tuples(st.integers(2, 7), st.integers(1, 4)),
    elements=st.integers(-9, 9).map(lambda tenth: tenth / 10),
)


def draw_table(seed: int = 1, units: int = 60) -> pd.DataFrame:
    """Two things, measured three times and twice, with noise."""
    random = np.random.default_rng(seed)
    one, other = random.normal(size=(2, units))
    noise = random.normal(size=(5, units))
    columns = {f"one_{at}": one + 0.5 * noise[at] for at in range(3)}
    columns |= {f"other_{at}": other + 0.4 * noise[3 + at] for at in range(2)}
    return pd.DataFrame(columns)


def criterion(loadings: np.ndarray) -> float:
    scaled = loadings / np.sqrt((loadings**2).sum(axis=1, keepdims=True))
    return float((scaled**2).var(axis=0).sum())


def test_the_weights_of_the_handbook() -> None:
    # 0.97² of 5.5743, the sum of the squared loadings on each indicator's own factor, and so on:
    # exports belong to the second factor, which they explain 0.23 of, and 0.16 of the first.
    found = weights_from_loadings(LOADINGS)
    wanted = [0.17, 0.15, 0.11, 0.06, 0.08, 0.12, 0.14, 0.17]
    np.testing.assert_allclose(found, wanted, rtol=0, atol=0.0055)
    assert found[0] == pytest.approx(0.9409 / 5.5743)
    assert found[3] == pytest.approx(0.3136 / 5.5743)
    assert found.sum() == pytest.approx(1)


def test_the_loadings_of_the_handbook_are_rotated_already() -> None:
    # They stand there with two digits, in another order of factors: 2.64, 1.77, 1.39, 1.19.
    rotated = varimax(LOADINGS)
    np.testing.assert_allclose(np.abs(rotated), np.abs(LOADINGS[:, [0, 3, 1, 2]]), atol=0.03)


def test_how_many_factors() -> None:
    assert count_factors([3.3, 1.7, 1.0, 0.9, 0.5, 0.3, 0.2, 0.1]) == 4
    assert count_factors([2.0, 2.0, 2.0, 2.0]) == 4
    # Two reach 0.9 but explain half; a third is needed for 60 %.
    assert count_factors([1.6, 1.0, 0.8, 0.7, 0.6, 0.5]) == 3


def test_rotation_finds_what_was_mixed() -> None:
    simple = np.array([[0.9, 0.0], [0.8, 0.1], [0.0, 0.7], [0.1, 0.6]])
    for angle in (0.3, 1.1, 2.0):
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        np.testing.assert_allclose(varimax(simple @ turn), varimax(simple), atol=1e-9)
    np.testing.assert_allclose(varimax(simple), simple, atol=0.1)


@given(loadings_of)
@settings(deadline=None)
def test_rotation_keeps_communalities_and_raises_the_criterion(loadings: np.ndarray) -> None:
    rotated = varimax(loadings)
    np.testing.assert_allclose((rotated**2).sum(axis=1), (loadings**2).sum(axis=1), atol=1e-9)
    np.testing.assert_allclose(rotated @ rotated.T, loadings @ loadings.T, atol=1e-9)
    there = (loadings**2).sum(axis=1) > 0
    if there.any():
        assert criterion(rotated[there]) >= criterion(loadings[there]) - 1e-9
    explained = (rotated**2).sum(axis=0)
    assert (np.diff(explained) <= 1e-9).all()


def test_factors_of_a_drawn_table() -> None:
    found = factor_weights(draw_table())
    assert found.weights.sum() == pytest.approx(1)
    assert found.loadings.shape == (5, 2)
    own = found.loadings.abs().idxmax(axis=1)
    assert own.tolist() == ["factor_1"] * 3 + ["factor_2"] * 2
    assert found.eigenvalues.sum() == pytest.approx(5)
    assert found.explained == pytest.approx(found.eigenvalues[:2].sum() / 5)
    # Weights follow squared loadings: none is far from a fifth.
    assert found.weights.between(0.15, 0.25).all()


def test_the_number_of_factors_can_be_given() -> None:
    found = factor_weights(draw_table(), factors=1)
    assert list(found.loadings) == ["factor_1"]
    np.testing.assert_allclose((found.loadings**2).sum(), found.eigenvalues[0])


def test_order_and_scale_change_nothing() -> None:
    table = draw_table()
    weights = factor_weights(table).weights
    shuffled = table.sample(frac=1, random_state=3)[list(table)[::-1]]
    pd.testing.assert_series_equal(
        factor_weights(shuffled).weights[list(table)], weights, check_exact=True
    )
    np.testing.assert_allclose(factor_weights(table * 1000 - 5).weights, weights)
    np.testing.assert_allclose(factor_weights(-table).weights, weights)


def test_units_with_a_gap_are_left_out() -> None:
    table = draw_table()
    gap = pd.concat([table, table.head(1).assign(one_0=np.nan)], ignore_index=True)
    found = factor_weights(gap)
    assert found.units == 60
    pd.testing.assert_series_equal(found.weights, factor_weights(table).weights)


def test_what_cannot_be_weighed_is_not() -> None:
    assert factor_weights(draw_table().head(2)).weights.isna().all()
    assert factor_weights(draw_table().assign(one_0=1.0)).weights.isna().all()


def test_equal_weights_sum_to_one() -> None:
    assert equal_weights("abcd").tolist() == [0.25] * 4
    assert equal_weights([]).empty
