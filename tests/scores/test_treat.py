"""Outliers: what has some, what is pulled in, and what is read on a logarithm instead."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clustermap.scores.treat import (
    OutlierRule,
    kurtosis,
    log_transform,
    skewness,
    treat_outliers,
    winsorise,
)

FAR = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 30, 100]
# Five steps to double, ninety-nine steps: a tail too long for five points.
POWERS = [2.0 ** (power / 5) for power in range(100)]

columns = st.lists(
    st.one_of(st.floats(-1000, 1000).map(lambda x: round(x, 3)), st.just(float("nan"))),
    min_size=1,
    max_size=30,
)
heavy = st.lists(st.floats(0.01, 1).map(lambda x: round(x**-3, 3)), min_size=5, max_size=30)


def test_skewness_and_kurtosis_need_values_that_differ() -> None:
    assert np.isnan(skewness([1, 2]))
    assert np.isnan(kurtosis([1, 2, 3]))
    assert np.isnan(skewness([5, 5, 5, 5]))
    assert np.isnan(skewness([]))
    assert skewness([-1, 0, 1]) == 0


def test_both_limits_must_be_exceeded() -> None:
    # The first has skewness 2.0 and kurtosis 4.0: its skewness is not beyond the limit.
    rule = OutlierRule()
    assert not rule.broken_by([1, 1, 1, 5])
    assert OutlierRule(skewness=1.9).broken_by([1, 1, 1, 5])
    assert not OutlierRule(skewness=1.9, kurtosis=4.1).broken_by([1, 1, 1, 5])
    assert rule.broken_by(FAR)


def test_the_low_end_is_pulled_in_where_the_skew_is_negative() -> None:
    values, points = winsorise([-x for x in FAR])
    assert points == 1
    assert values.tolist() == [*(-x for x in FAR[:-1]), -30]


def test_values_that_share_the_extreme_move_together() -> None:
    values, points = winsorise([*range(30), 500, 500])
    assert points == 2
    assert values.tolist() == [*range(30), 29, 29]


def test_no_more_values_change_than_allowed() -> None:
    tied = [*range(30), 500, 500]
    values, points = winsorise(tied, OutlierRule(points=1))
    assert (values.tolist(), points) == (tied, 0)
    _, points = winsorise(POWERS)
    assert points == 5


def test_what_cannot_be_pulled_in_is_read_on_a_logarithm() -> None:
    found = treat_outliers(pd.DataFrame({"up": POWERS, "down": [-x for x in POWERS]}))
    assert found.log["treatment"].tolist() == ["log", "log"]
    assert found.log["passes"].tolist() == [1, 1]
    assert found.log["points"].tolist() == [0, 0]
    np.testing.assert_allclose(found.table["up"], -found.table["down"], rtol=1e-12)
    wanted = np.log(np.array(POWERS) - 1 + 0.01 * (2.0**19.8 - 1))
    np.testing.assert_allclose(found.table["up"], wanted, rtol=1e-12)


def test_a_treatment_that_does_not_help_says_so() -> None:
    # Six values stand far out, together: five points and a logarithm are not enough.
    found = treat_outliers(pd.DataFrame({"x": [*range(100), *range(10_000, 10_006)]}))
    assert found.log["treatment"].tolist() == ["log"]
    assert found.log["passes"].tolist() == [0]


def test_missing_values_stay_missing() -> None:
    found = treat_outliers(pd.DataFrame({"x": [*FAR, np.nan], "none": np.nan}))
    assert found.table["x"].isna().tolist() == [False] * 12 + [True]
    assert found.table["none"].isna().all()
    assert found.log["points"].tolist() == [1, 0]
    assert found.log["skewness_before"].isna().tolist() == [False, True]
    assert found.log["skewness_before"][0] == pytest.approx(skewness(FAR))


def test_a_logarithm_of_values_that_do_not_differ_is_nothing() -> None:
    assert np.isnan(log_transform([3, 3, 3])).all()
    assert np.isnan(log_transform([np.nan])).all()


@given(columns)
@settings(deadline=None)
def test_treating_keeps_the_order_and_the_gaps(column: list[float]) -> None:
    found = treat_outliers(pd.DataFrame({"x": column}))
    before, after = np.array(column), found.table["x"].to_numpy()
    np.testing.assert_array_equal(np.isnan(before), np.isnan(after))
    order = np.argsort(before[~np.isnan(before)], kind="stable")
    assert (np.diff(after[~np.isnan(after)][order]) >= 0).all()


@given(heavy)
@settings(deadline=None)
def test_winsorising_stays_within_the_values_and_the_limit(column: list[float]) -> None:
    values, points = winsorise(column)
    assert points <= 5
    assert points == np.count_nonzero(values != np.array(column))
    assert min(column) <= values.min() <= values.max() <= max(column)
    assert set(values) <= set(column)


@given(heavy, st.integers(0, 999))
@settings(deadline=None)
def test_the_order_of_units_changes_nothing(column: list[float], seed: int) -> None:
    places = np.random.default_rng(seed).permutation(len(column))
    table = pd.DataFrame({"x": column})
    one, other = treat_outliers(table), treat_outliers(table.iloc[places])
    pd.testing.assert_frame_equal(one.table, other.table.sort_index(), check_exact=True)
    pd.testing.assert_frame_equal(one.log, other.log, check_exact=True)
