"""Gaps: filled by the mean of a group, or the unit left out."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from clustermap.scores.impute import impute_mean, screen_units

NAN = np.nan
TABLE = pd.DataFrame(
    {"x": [1.0, 3.0, NAN, 10.0, NAN], "y": [NAN, NAN, NAN, 7.0, 9.0]}, index=list("abcde")
)
GROUPS = pd.Series(["p", "p", "p", "q", "q"], index=list("abcde"))


def test_a_gap_gets_the_mean_of_its_group() -> None:
    found = impute_mean(TABLE, GROUPS)
    assert found["x"].tolist() == [1, 3, 2, 10, 10]
    # Nobody in group p has y: there is nothing to put in.
    np.testing.assert_array_equal(found["y"], [NAN, NAN, NAN, 7, 9])


def test_without_groups_it_is_the_mean_of_all() -> None:
    found = impute_mean(TABLE)
    np.testing.assert_allclose(found["x"], [1, 3, 14 / 3, 10, 14 / 3])
    assert found["y"].tolist() == [8, 8, 8, 7, 9]


def test_a_unit_without_a_group_is_left_as_it_is() -> None:
    found = impute_mean(TABLE, GROUPS.drop("c"))
    assert found.loc["c"].isna().all()
    assert TABLE.loc["c"].isna().all()


def test_groups_are_found_by_name() -> None:
    pd.testing.assert_frame_equal(impute_mean(TABLE, GROUPS[::-1]), impute_mean(TABLE, GROUPS))


def test_units_with_too_few_data_are_left_out() -> None:
    assert list(screen_units(TABLE, 0.5).index) == ["a", "b", "d", "e"]
    assert list(screen_units(TABLE).index) == ["d"]
    assert list(screen_units(TABLE[[]]).index) == list(TABLE.index)


cells = st.one_of(st.floats(-100, 100), st.just(NAN))


@given(st.lists(st.tuples(cells, cells, st.sampled_from("pq")), min_size=1, max_size=12), st.data())
@settings(deadline=None)
def test_what_is_there_stays_and_row_order_changes_nothing(
    rows: list[tuple[float, float, str]], data: st.DataObject
) -> None:
    table = pd.DataFrame(rows, columns=["x", "y", "group"])
    groups, values = table["group"], table[["x", "y"]]
    found = impute_mean(values, groups)
    there = values.notna().to_numpy()
    np.testing.assert_array_equal(found.to_numpy()[there], values.to_numpy()[there])
    places = data.draw(st.permutations(range(len(rows))))
    shuffled = impute_mean(values.iloc[places], groups).sort_index()
    pd.testing.assert_frame_equal(shuffled, found, check_exact=True)
