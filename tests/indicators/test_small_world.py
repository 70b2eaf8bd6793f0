"""The indicators of a world small enough to be counted by hand."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from clustermap.indicators import compute_indicators, find_indicator, list_indicators
from clustermap.indicators.specialisation import IN_FIRMS
from tests.indicators.worlds import CLUSTERS, EXPECTED, small_world

if TYPE_CHECKING:
    import pandas as pd

KEY = ["cluster", "indicator", "kind", "industry"]


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return compute_indicators(small_world()).set_index(KEY)


@pytest.mark.parametrize("key", EXPECTED, ids="-".join)
def test_every_value_is_the_one_counted_by_hand(table: pd.DataFrame, key: tuple[str, ...]) -> None:
    value, basis = EXPECTED[key]
    row = table.loc[key]
    assert row["basis"] == pytest.approx(basis, abs=1e-12)
    if value is None:
        assert math.isnan(row["value"])
    else:
        assert row["value"] == pytest.approx(value, abs=1e-12)


def test_the_table_is_in_cluster_order_with_unique_keys(table: pd.DataFrame) -> None:
    assert list(dict.fromkeys(table.index.get_level_values("cluster"))) == list(CLUSTERS)
    assert table.index.is_unique


def test_only_shares_of_records_have_an_interval(table: pd.DataFrame) -> None:
    with_interval = table[table["low"].notna()].index.get_level_values("indicator").unique()
    assert set(with_interval) == {"local_share", "participation"}
    inside = table.dropna(subset=["low", "value"])
    assert (inside["low"] <= inside["value"]).all()
    assert (inside["value"] <= inside["high"]).all()


def test_links_of_one_project_are_one_observation(table: pd.DataFrame) -> None:
    # 2 of 4 links, all of one project: the interval of 0.5 of 1, not of 2 of 4.
    row = table.loc[("A", "local_share", "research", "")]
    assert (row["low"], row["high"]) == pytest.approx((0.0727606, 0.9272394), abs=1e-6)


def test_a_note_says_where_firms_were_counted(table: pd.DataFrame) -> None:
    assert table.loc[("C", "location_quotient", "", "chips"), "note"] == IN_FIRMS
    assert table.loc[("A", "location_quotient", "", "chips"), "note"] == ""


def test_a_kind_without_records_has_no_rows(table: pd.DataFrame) -> None:
    assert set(table.index.get_level_values("kind")) == {"", "firm_firm", "research"}


def test_the_list_names_every_indicator() -> None:
    rows = list_indicators()
    assert len(rows) == len({row["key"] for row in rows})
    assert find_indicator("strength").source == "Barrat et al. 2004"
    with pytest.raises(KeyError):
        find_indicator("none")
