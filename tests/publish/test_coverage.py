"""Coverage by kind, year and region tells of gaps, and of no few links."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from clustermap.publish.coverage import YEARS, count_coverage, count_years, cover_regions
from clustermap.publish.periods import find_periods, release_periods
from clustermap.publish.suppression import Rules

RULES = Rules()
INSIDE = Rules(min_firms=0)
FLOW = ["source", "target", "kind"]


def flows(*rows: tuple[str, str, str, int | None, int]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=[*FLOW, "year", "links"])
    return frame.assign(year=pd.array(frame["year"], dtype="Int64"))


def years_of(table: pd.DataFrame, rules: Rules = RULES) -> pd.DataFrame:
    summed = table.groupby(FLOW)["links"].sum().reset_index()
    released = summed[summed["links"] >= rules.min_firms].reset_index(drop=True)
    periods, by_period = release_periods(table, released, rules)
    return count_years(table, released, periods, by_period, rules)


def said(table: pd.DataFrame) -> dict[tuple[str, int | None], int | None]:
    clear = table.astype(object).where(table.notna(), None)
    return {(row.kind, row.year): row.links for row in clear.itertuples()}


def test_links_of_the_nation_by_kind_and_year() -> None:
    table = flows(
        ("A", "B", "research", 2020, 4), ("A", "outside:1_1", "research", 2020, 5),
        ("A", "B", "research", 2021, 3), ("A", "B", "research", None, 6),
        ("B", "B", "support", 2021, 7),
    )  # fmt: skip
    found = years_of(table)
    assert said(found) == {
        ("research", 2020): 9,
        ("research", 2021): 3,
        ("research", None): 6,
        ("support", 2021): 7,
    }
    assert found.dtypes.astype(str).to_list()[1:] == ["Int64", "Int64"]


def test_a_year_of_few_links_takes_another_along() -> None:
    links = {2019: 1, 2020: 5, 2021: 4, 2022: 9}
    table = flows(
        *(
            ("A", f"outside:{year}_{place}", "research", year, 1)
            for year, many in links.items()
            for place in range(many)
        )
    )
    assert list(said(years_of(table)).values()) == [None, 5, None, 9]
    assert list(said(years_of(table, INSIDE)).values()) == [1, 5, 4, 9]


def test_flows_by_period_leave_no_few_links_of_a_kind() -> None:
    # Nine of the ten links of 2020 are told of A and B: beside the year one would be left.
    rows = [("A", "B", "research", 2020, 9), ("A", "B", "research", 2021, 4)]
    rest = [("A", "C", "research", 2020, 1), ("A", "C", "research", 2021, 5)]
    support = ("A", "C", "support", 2020, 8)
    found = said(years_of(flows(*rows, *rest, support)))
    assert found == {("research", 2020): None, ("research", 2021): None, ("support", 2020): 8}
    more = ("C", "C", "research", 2020, 2)
    assert said(years_of(flows(*rows, *rest, more)))["research", 2020] == 12


def test_without_flows_no_year_is_told() -> None:
    table = flows().astype({"links": "int64"})
    periods, by_period = release_periods(table, table, RULES)
    found = count_years(table, table, periods, by_period, RULES)
    assert found.columns.to_list() == list(YEARS)
    assert len(found) == 0


CELLS = st.sampled_from(["A", "B", "outside:1_1"])
ROWS = st.lists(
    st.tuples(
        CELLS, CELLS, st.sampled_from(["research", "support"]),
        st.one_of(st.none(), st.integers(2015, 2021)), st.integers(1, 4),
    ),
    min_size=1,
    max_size=30,
)  # fmt: skip


def undated_links(released: pd.DataFrame, by_period: pd.DataFrame, kind: str) -> int:
    """Return what the flows that are told by period have more over all years."""
    dated = by_period[by_period["kind"] == kind].groupby(FLOW)["links"].sum()
    return int((released.set_index(FLOW)["links"].reindex(dated.index) - dated).sum())


@settings(max_examples=60)
@given(ROWS)
def test_subtraction_finds_no_few_links(rows: list[tuple[str, str, str, int | None, int]]) -> None:
    table = flows(*rows)
    summed = table.groupby(FLOW)["links"].sum().reset_index()
    released = summed[summed["links"] >= RULES.min_firms].reset_index(drop=True)
    periods, by_period = release_periods(table, released, RULES)
    found = count_years(table, released, periods, by_period, RULES)
    assert (found["links"].dropna() >= RULES.min_firms).all()
    everything = count_coverage(table).set_index("kind")["links"]
    for kind, years in found.groupby("kind"):
        told = years["links"].notna()
        rest = everything[kind] - years["links"].sum()
        assert rest == 0 or rest >= RULES.min_firms or not told.any()
        place = find_periods(years["year"], periods)
        own = by_period[by_period["kind"] == kind].groupby("period")["links"].sum()
        clear = [period for period in range(len(periods)) if told[place == period].all()]
        for period in clear:
            left = years["links"][place == period].sum() - own.get(period, 0)
            assert left == 0 or left >= RULES.min_firms
        undated = undated_links(released, by_period, kind)
        if told[place == -1].all():
            left = years["links"][place == -1].sum() - undated
            assert left == 0 or left >= RULES.min_firms
            clear.append(-1)
        # The other periods together: the total of the kind less the years of those.
        if told.any():
            others = own.drop(clear, errors="ignore").sum() + undated * (-1 not in clear)
            left = everything[kind] - years["links"][np.isin(place, clear)].sum() - others
            assert left == 0 or left >= RULES.min_firms


def test_regions_are_sums_of_what_is_told_of_clusters() -> None:
    clusters = pd.DataFrame(
        {"region": ["N", "N", "S", "", "N"], "firms": pd.array([9, None, None, 4, 5], "Int64")},
        index=pd.Index(list("ABCDE"), name="cluster"),
    )
    links = {"A": (3, 5), "B": (None, None), "C": (None, None), "D": (0, 0), "E": (2, 4)}
    indicators = pd.DataFrame(
        [(c, key, "research", value)
         for c, values in links.items()
         for key, value in zip(("internal_links", "external_links"), values, strict=True)]
        + [("A", "internal_links", "firm_firm", 7.0), ("A", "external_links", "firm_firm", 1.0),
           ("A", "participation", "research", 0.5)],
        columns=["cluster", "indicator", "kind", "value"],
    )  # fmt: skip
    found = cover_regions(clusters, indicators)
    clear = found.astype(object).where(found.notna(), None)
    assert clear.to_numpy().tolist() == [
        ["", 1, 4, "firm_firm", None, 1],
        ["", 1, 4, "research", 0, 0],
        ["N", 3, 14, "firm_firm", 8, 2],
        ["N", 3, 14, "research", 14, 1],
        ["S", 1, None, "firm_firm", None, 1],
        ["S", 1, None, "research", None, 1],
    ]
    assert found["links"].dtype == "Int64"
    turned = cover_regions(clusters.iloc[::-1], indicators.iloc[::-1])
    pd.testing.assert_frame_equal(found, turned)
    assert len(cover_regions(clusters, indicators.iloc[:0])) == 0
