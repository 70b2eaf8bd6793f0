"""Normalising and aggregating, against typed numbers and a published composite."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clustermap.scores.aggregate import (
    arithmetic_mean,
    contributions,
    enough_parts,
    geometric_mean,
    renormalise,
)
from clustermap.scores.goalposts import Goalpost, normalise
from tests.indicators.oracles import oracle

if TYPE_CHECKING:
    from collections.abc import Callable

points = st.floats(1, 100)


def test_goalposts_clip_and_do_not_move() -> None:
    found = normalise([-1.0, 0.0, 0.25, 0.5, 9.0, np.nan], Goalpost(0, 0.5))
    np.testing.assert_allclose(found, [1, 1, 50.5, 100, 100, np.nan], atol=1e-12)


def test_equal_ratios_are_equal_steps_on_a_logarithm() -> None:
    found = normalise([0.0, 0.01, 0.1, 1.0, 10.0, 50.0], Goalpost(0.01, 10, "log"))
    np.testing.assert_allclose(found, [1, 1, 34, 67, 100, 100], atol=1e-12)


def test_less_is_better_where_low_exceeds_high() -> None:
    np.testing.assert_allclose(normalise([0.0, 1.0, 2.0], Goalpost(2, 0)), [100, 50.5, 1])
    found = normalise([0.1, 1.0, 100.0], Goalpost(10, 0.1, "log"))
    np.testing.assert_allclose(found, [100, 50.5, 1])


def test_means_of_typed_numbers() -> None:
    values = [[4.0, np.nan], [9.0, 9.0]]
    np.testing.assert_allclose(geometric_mean(values, [1, 1]), [6, 9])
    np.testing.assert_allclose(arithmetic_mean(values, [3, 1]), [5.25, 9])
    assert np.isnan(geometric_mean([[np.nan], [np.nan]], [1, 1])).all()


def test_a_score_needs_parts_of_half_the_weight() -> None:
    parts = np.array([[1.0, np.nan, np.nan], [1.0, 1.0, np.nan], [1.0, 1.0, 1.0]])
    assert enough_parts(parts, [0.5, 0.25, 0.25]).tolist() == [True, True, False]


@given(st.lists(st.tuples(points, st.floats(0.01, 1)), min_size=2, max_size=6), st.data())
@settings(deadline=None)
def test_contributions_sum_to_the_log_score(
    drawn: list[tuple[float, float]], data: st.DataObject
) -> None:
    parts, weights = np.array(drawn).T
    missing = data.draw(st.integers(0, len(parts) - 1))
    parts[missing] = np.nan
    shares = renormalise(~np.isnan(parts), weights)
    score = geometric_mean(parts, weights).item()
    assert np.nansum(contributions(parts, shares)) == pytest.approx(np.log(score), abs=1e-12)
    assert np.nanmin(parts) - 1e-9 <= score <= np.nanmax(parts) + 1e-9


@given(st.lists(st.tuples(points, st.floats(0.01, 1)), min_size=2, max_size=6), st.data())
@settings(deadline=None)
def test_a_higher_part_never_lowers_the_score(
    drawn: list[tuple[float, float]], data: st.DataObject
) -> None:
    parts, weights = np.array(drawn).T
    raised = parts.copy()
    at = data.draw(st.integers(0, len(parts) - 1))
    raised[at] = data.draw(st.floats(parts[at], 100))
    before, after = geometric_mean(parts, weights), geometric_mean(raised, weights)
    assert after >= before * (1 - 1e-14)


def test_a_published_composite_by_typed_numbers() -> None:
    # Austria's institutional indicators in the ASEM sustainable connectivity index, and Australia's
    # cost to export and import, of which less is better.
    parts = [100.0, 79.375, 35.4495151169424, 100.0, 64.8, 86.9450549450549]
    assert arithmetic_mean(parts, np.ones(6)).item() == pytest.approx(77.7615950103329, abs=1e-9)
    assert geometric_mean(parts, np.ones(6)).item() == pytest.approx(73.5674419004394, abs=1e-9)
    cost = normalise(364.0, Goalpost(595, 0)).item()
    assert cost == pytest.approx(39.4352941176471, abs=1e-9)


def _asem() -> tuple[pd.DataFrame, pd.DataFrame]:
    meta = pd.read_csv(oracle("composite_asem", "ASEM_iMeta.csv"))
    meta = meta[meta["Type"].isin(["Indicator", "Aggregate"])].set_index("iCode")
    treated = pd.read_csv(oracle("composite_asem", "step_Treated.csv"), index_col="uCode")
    return meta, treated


def test_the_published_normalisation() -> None:
    meta, treated = _asem()
    wanted = pd.read_csv(oracle("composite_asem", "norm_minmax_1_100.csv"), index_col="uCode")
    assert len(wanted.columns) == 49
    for code in wanted:
        least, most = float(treated[code].min()), float(treated[code].max())
        ends = (least, most) if meta["Direction"][code] == 1 else (most, least)
        found = normalise(treated[code].reindex(wanted.index), Goalpost(*ends))
        np.testing.assert_allclose(found, wanted[code], rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "mean"),
    [("agg_minmax1_100_a_amean", arithmetic_mean), ("agg_minmax1_100_a_gmean", geometric_mean)],
)
def test_the_published_aggregation(name: str, mean: Callable[..., np.ndarray]) -> None:
    meta, _ = _asem()
    wanted = pd.read_csv(oracle("composite_asem", f"{name}.csv"), index_col="uCode")
    groups = meta[meta["Parent"].notna()].groupby("Parent").groups
    assert len(groups) == 11
    for parent, codes in groups.items():
        found = mean(wanted[list(codes)].to_numpy().T, meta["Weight"][list(codes)])
        np.testing.assert_allclose(found, wanted[parent], rtol=0, atol=1e-6)
