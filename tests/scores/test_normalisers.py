"""Three scales from 1 to 100, by typed numbers and by a published composite."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from clustermap.scores.goalposts import Goalpost, normalise
from clustermap.scores.normalisers import (
    NORMALISERS,
    Ends,
    by_deviation,
    by_goalposts,
    by_rank,
    place_between,
)
from tests.indicators.oracles import oracle

POSTS = [Goalpost(0, 0.5), Goalpost(0.01, 10, "log"), Goalpost(2, 0), Goalpost(10, 0.1, "log")]
places = hnp.arrays(
    np.float64,
    st.tuples(st.integers(1, 3), st.integers(1, 6)),
    elements=st.sampled_from([np.nan, -3.0, 0.0, 0.25, 0.5, 4.0]),
)


def test_goalposts_as_arrays_read_as_one_by_one() -> None:
    values = np.array([-1.0, 0.0, 0.01, 0.1, 0.25, 1.0, 50.0, np.nan])
    found = by_goalposts(place_between(np.tile(values, (3, 4, 1)), Ends.of(POSTS)))
    for part, post in enumerate(POSTS):
        np.testing.assert_allclose(found[2, part], normalise(values, post), rtol=1e-13)
    assert found[0, 0, 4] == 50.5


def test_ranks_are_spread_evenly_and_ties_share_the_smallest() -> None:
    found = by_rank(np.array([[0.1, 0.4, 0.4, 0.9, np.nan, -7.0], [5.0, *[np.nan] * 5]]))
    np.testing.assert_allclose(found[0], [25.75, 50.5, 50.5, 100, np.nan, 1])
    np.testing.assert_allclose(found[1], [50.5, *[np.nan] * 5])


def test_deviations_of_typed_numbers() -> None:
    # Mean 3, variance (4 + 1 + 0 + 1 + 4) / 4 = 2.5; a standard deviation is worth 16.5.
    found = by_deviation(np.array([1.0, 2.0, 3.0, 4.0, 5.0, np.nan]))
    step = 16.5 / np.sqrt(2.5)
    wanted = [50.5 - 2 * step, 50.5 - step, 50.5, 50.5 + step, 50.5 + 2 * step, np.nan]
    np.testing.assert_allclose(found, wanted)
    # Where all are equal, or there is one only, nobody deviates.
    assert by_deviation(np.array([[2.0, 2.0], [7.0, np.nan]]))[:, 0].tolist() == [50.5, 50.5]
    # One of a hundred lies 9.9 standard deviations off, beyond the end of the scale.
    assert by_deviation(np.array([1.0] + [0.0] * 99))[0] == 100


@given(places, st.sampled_from(list(NORMALISERS.values())), st.permutations(range(6)))
@settings(deadline=None)
def test_every_scale_keeps_its_ends_the_order_and_what_is_missing(
    placed: np.ndarray, normaliser: object, order: list[int]
) -> None:
    before = placed.copy()
    found = normaliser(placed)
    np.testing.assert_array_equal(placed, before)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(placed))
    assert ((found >= 1) & (found <= 100) | np.isnan(found)).all()
    for row, scaled in zip(placed, found, strict=True):
        there = ~np.isnan(row)
        assert (np.diff(scaled[there][np.argsort(row[there])]) >= 0).all()
    kept = [at for at in order if at < placed.shape[1]]
    np.testing.assert_allclose(normaliser(placed[:, kept]), found[:, kept], rtol=1e-12)


def _treated() -> tuple[pd.DataFrame, pd.Series[int]]:
    meta = pd.read_csv(oracle("composite_asem", "ASEM_iMeta.csv")).set_index("iCode")
    treated = pd.read_csv(oracle("composite_asem", "step_Treated.csv"), index_col="uCode")
    return treated, meta["Direction"]


def _placed(column: pd.Series[float], direction: int) -> np.ndarray:
    low, high = (column.min(), column.max())[::direction]
    return place_between(column.to_numpy()[None], Ends.of([Goalpost(low, high)]))


@pytest.mark.parametrize("name", ["norm_rank", "norm_zscore_10_2"])
def test_the_published_ranks_and_deviations(name: str) -> None:
    treated, direction = _treated()
    wanted = pd.read_csv(oracle("composite_asem", f"{name}.csv"), index_col="uCode")
    assert wanted.shape == (51, 49)
    # One column holds values that are printed as equal and were ranked as different.
    for code in wanted.columns.drop("TolMin" if name == "norm_rank" else []):
        placed = _placed(treated[code].reindex(wanted.index), int(direction[code]))
        theirs = wanted[code].to_numpy()
        if name == "norm_rank":
            scaled = 1 + 99 * (theirs - 1) / (np.isfinite(theirs).sum() - 1)
            np.testing.assert_allclose(by_rank(placed)[0], scaled, rtol=0, atol=1e-9)
        else:
            scaled = (50.5 + 16.5 * (theirs - 10) / 2).clip(1, 100)
            np.testing.assert_allclose(by_deviation(placed)[0], scaled, rtol=0, atol=1e-6)
