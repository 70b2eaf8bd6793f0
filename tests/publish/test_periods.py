"""Flows by period: whole or not at all, and never of few links."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from clustermap.publish.periods import PERIOD_FLOWS, cut_years, find_periods, release_periods
from clustermap.publish.suppression import Rules

RULES = Rules()
FLOW = ["source", "target", "kind"]


def flows(*rows: tuple[str, str, int | None, int], kind: str = "research") -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["source", "target", "year", "links"])
    return frame.assign(kind=kind, year=pd.array(frame["year"], dtype="Int64"))


def over_all_years(frame: pd.DataFrame, least: int = 3) -> pd.DataFrame:
    summed = frame.groupby(FLOW)["links"].sum().reset_index()
    return summed[summed["links"] >= least].reset_index(drop=True)


def test_years_are_cut_into_equal_periods() -> None:
    years = pd.Series(pd.array([*range(2012, 2024), None], dtype="Int64"))
    # Twelve years: four periods of three; eleven of them: the last has one less.
    assert cut_years(years) == ((2012, 2014), (2015, 2017), (2018, 2020), (2021, 2023))
    assert cut_years(years.iloc[:11])[-1] == (2021, 2022)
    assert cut_years(years.iloc[:5]) == tuple((year, year) for year in range(2012, 2017))
    assert cut_years(years.iloc[-1:]) == ()
    # A year that stands alone far back is one year, not a century.
    assert cut_years(pd.Series([1850, 2020, 2021, 2022]), most=2) == ((1850, 2020), (2021, 2022))


def test_every_year_has_its_period() -> None:
    years = pd.Series(pd.array([2014, 2012, None, 2023], dtype="Int64"))
    assert find_periods(years, ((2012, 2013), (2014, 2022), (2023, 2023))).tolist() == [1, 0, -1, 2]
    assert find_periods(years.iloc[2:3], ()).tolist() == [-1]


def test_a_flow_is_told_by_period_or_it_is_not() -> None:
    table = flows(
        *(("A", "B", 2020, 4), ("A", "B", 2021, 3)),  # told
        *(("A", "C", 2020, 9), ("A", "C", 2022, 2)),  # two in a period are few
        *(("B", "A", 2020, 5), ("B", "A", None, 2)),  # two without a date would be the rest
        *(("B", "C", 2022, 3), ("B", "C", None, 3)),  # told; three have no date
        ("C", "C", 2020, 2),  # withheld over all years
    )
    periods, told = release_periods(table, over_all_years(table), RULES)
    assert periods == ((2020, 2020), (2021, 2021), (2022, 2022))
    assert told.columns.to_list() == list(PERIOD_FLOWS)
    assert told.drop(columns="kind").to_numpy().tolist() == [
        ["A", "B", 0, 4],
        ["A", "B", 1, 3],
        ["B", "C", 2, 3],
    ]
    _, inside = release_periods(table, over_all_years(table, 0), Rules(min_firms=0))
    assert inside["links"].sum() == table["links"].sum() - 5
    assert len(inside) == 7


def test_years_and_channels_of_a_period_are_added_up() -> None:
    years = [(2000 + at, 1) for at in range(10)]
    table = flows(*(("A", "B", year, links) for year, links in years for _ in range(2)))
    periods, told = release_periods(table, over_all_years(table), RULES)
    assert len(periods) == 5
    assert told["links"].to_list() == [4] * 5


def test_without_years_there_are_no_periods() -> None:
    table = flows().astype({"links": "int64"})
    assert release_periods(table, table, RULES)[0] == ()
    undated = flows(("A", "B", None, 9))
    periods, told = release_periods(undated, over_all_years(undated), RULES)
    assert (periods, len(told)) == ((), 0)


CELLS = st.sampled_from(["A", "B", "C"])
YEARS = st.one_of(st.none(), st.integers(2010, 2021))
ROWS = st.lists(st.tuples(CELLS, CELLS, YEARS, st.integers(1, 5)), min_size=1, max_size=30)


@settings(max_examples=40)
@given(ROWS)
def test_nothing_of_few_leaves_and_sums_agree(rows: list[tuple[str, str, int | None, int]]) -> None:
    table = flows(*rows)
    released = over_all_years(table)
    periods, told = release_periods(table, released, RULES)
    assert (told["links"] >= RULES.min_firms).all()
    assert told["period"].between(0, len(periods) - 1).all()
    all_years = released.set_index(FLOW)["links"]
    dated = told.groupby(FLOW)["links"].sum()
    undated = all_years.reindex(dated.index) - dated
    assert ((undated == 0) | (undated >= RULES.min_firms)).all()
    # What is told is what there is.
    years = table["year"].to_numpy(dtype=float, na_value=np.nan)
    for row in told.itertuples():
        first, last = periods[row.period]
        own = (table[FLOW] == [row.source, row.target, row.kind]).all(axis=1).to_numpy()
        assert row.links == table["links"][own & (years >= first) & (years <= last)].sum()
    _, again = release_periods(table.iloc[::-1], released, RULES)
    pd.testing.assert_frame_equal(told, again)
