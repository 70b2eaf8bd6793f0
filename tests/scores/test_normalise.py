"""The normalisations, by numbers that can be checked by hand, and what holds for all of them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clustermap.scores import goalposts
from clustermap.scores.normalise import (
    above_or_below_mean,
    bands,
    between_goalposts,
    denominate,
    min_max,
    normalise_table,
    rank,
    relate_to,
    z_score,
)

if TYPE_CHECKING:
    from collections.abc import Callable

NAN = np.nan
SCALES = {
    "min_max": min_max,
    "min_max_1_100": partial(min_max, low=1, high=100),
    "z_score": z_score,
    "z_score_10_2": partial(z_score, mean=10, deviation=2),
    "rank": rank,
    "bands": bands,
    "relate_to": partial(relate_to, reference=7.5),
    "above_or_below_mean": partial(above_or_below_mean, margin=0.1),
}
every = pytest.mark.parametrize("scale", SCALES.values(), ids=SCALES)
columns = st.lists(
    st.one_of(st.floats(0.5, 1000).map(lambda x: round(x, 2)), st.just(NAN)),
    min_size=1,
    max_size=20,
)


def test_there_is_one_implementation_of_goalposts() -> None:
    assert between_goalposts is goalposts.normalise


def test_values_that_do_not_differ_have_no_place_on_a_scale() -> None:
    assert np.isnan(min_max([3, 3, NAN])).all()
    assert np.isnan(z_score([3, 3, NAN])).all()
    assert np.isnan(z_score([3])).all()
    assert rank([3, 3]).tolist() == [1, 1]


def test_z_scores_of_typed_numbers() -> None:
    # Mean 5; squares 9 + 1 + 1 + 1 + 0 + 0 + 4 + 16 = 32 over n - 1 = 7.
    found = z_score([2, 4, 4, 4, 5, 5, 7, 9])
    np.testing.assert_allclose(found[[0, -1]] ** 2, [9 * 7 / 32, 16 * 7 / 32])


def test_the_bands_of_the_handbook() -> None:
    # Of 101 values from 0 to 100 the percentiles are the values themselves.
    found = bands(range(101))
    for value, band in [(14, 0), (15, 20), (24, 20), (25, 40), (65, 60), (85, 80), (95, 100)]:
        assert found[value] == band
    assert bands(range(101), direction=-1)[[0, 5, 6, 100]].tolist() == [100, 100, 80, 0]


def test_zero_below_a_fraction_is_not_decidable() -> None:
    assert np.isnan(relate_to([1, 2], 0)).all()
    np.testing.assert_array_equal(relate_to([0.0, 2.0], 4, direction=-1), [NAN, 2])
    assert np.isnan(above_or_below_mean([-1, 1])).all()


def test_a_table_is_divided_by_what_is_named() -> None:
    table = pd.DataFrame({"trade": [6.0, 6.0, 6.0], "score": [1.0, 2.0, 3.0]}, index=list("abc"))
    size = pd.DataFrame({"area": [3.0, 0.0]}, index=list("ab"))
    found = denominate(table, size, {"trade": "area"})
    np.testing.assert_array_equal(found["trade"], [2, NAN, NAN])
    assert found["score"].tolist() == [1, 2, 3]
    with pytest.raises(KeyError, match="people"):
        denominate(table, size, {"trade": "people"})


@every
def test_a_scale_keeps_gaps(scale: Callable[..., np.ndarray]) -> None:
    found = scale([1.0, NAN, 2.0, 4.0], direction=1)
    assert np.isnan(found).tolist() == [False, True, False, False]
    np.testing.assert_array_equal(np.delete(found, 1), scale([1.0, 2.0, 4.0], direction=1))
    assert np.isnan(scale([NAN, NAN], direction=1)).tolist() == [True, True]


@every
@given(columns)
@settings(deadline=None)
def test_more_is_never_less(scale: Callable[..., np.ndarray], column: list[float]) -> None:
    given_values = np.array(column)
    order = np.argsort(given_values[~np.isnan(given_values)], kind="stable")
    for direction in (1, -1):
        found = scale(column, direction=direction)[~np.isnan(given_values)][order]
        assert not (direction * np.diff(found) < 0).any()


@every
@given(columns, st.data())
@settings(deadline=None)
def test_the_order_of_units_changes_nothing(
    scale: Callable[..., np.ndarray], column: list[float], data: st.DataObject
) -> None:
    places = data.draw(st.permutations(range(len(column))))
    for direction in (1, -1):
        found = scale(column, direction=direction)
        shuffled = scale(np.array(column)[places], direction=direction)
        np.testing.assert_array_equal(shuffled, found[places])


@given(columns)
@settings(deadline=None)
def test_scales_have_the_range_that_they_declare(column: list[float]) -> None:
    values = np.array(column)
    there = values[~np.isnan(values)]
    if len(set(there)) < 2:
        return
    scaled = min_max(values, 1, 100)
    assert (np.nanmin(scaled), np.nanmax(scaled)) == (1, 100)
    z = z_score(there, 10, 2)
    assert z.mean() == pytest.approx(10)
    assert z.std(ddof=1) == pytest.approx(2)
    assert set(rank(there)) <= set(range(1, len(there) + 1))


def test_a_table_is_normalised_column_by_column() -> None:
    table = pd.DataFrame({"speed": [1, 2, 5], "cost": [5.0, NAN, 9.0]}, index=list("abc"))
    found = normalise_table(table, partial(min_max, low=1, high=100), {"cost": -1})
    assert found["speed"].tolist() == [1, 25.75, 100]
    np.testing.assert_array_equal(found["cost"], [100, NAN, 1])
    assert list(found.index) == list("abc")
