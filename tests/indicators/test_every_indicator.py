"""What holds for every indicator, whatever it measures."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clustermap.indicators import INDICATORS, Indicator, compute_indicators
from clustermap.indicators.evidence import divide, wilson_interval
from clustermap.indicators.linkage import external_internal_index
from clustermap.indicators.specialisation import herfindahl, location_quotient
from clustermap.messages import LANGUAGES, read_catalogue
from clustermap.network.graph import TIES
from clustermap.tables import INDICATORS as TABLE
from tests.indicators.worlds import small_world

if TYPE_CHECKING:
    from clustermap.network.counts import Counts

TABLES = [
    *("actors", "by_sector", "by_industry", "nation_by_sector", "nation_by_industry"),
    *("links", "linked"),
]

every = pytest.mark.parametrize("indicator", INDICATORS, ids=lambda indicator: indicator.key)
counts_of = st.lists(st.integers(0, 10**6), min_size=2, max_size=8)


def shuffle(counts: Counts, seed: int) -> Counts:
    shuffled = {name: getattr(counts, name).sample(frac=1, random_state=seed) for name in TABLES}
    order = np.random.default_rng(seed).permutation(counts.ties.num_rows)
    return replace(counts, **shuffled, ties=counts.ties.take(pa.array(order)))


def rename(counts: Counts) -> Counts:
    names = {name: f"new {name}" for name in counts.clusters}
    renamed = {
        name: getattr(counts, name).assign(cluster=getattr(counts, name)["cluster"].map(names))
        for name in TABLES
        if "cluster" in getattr(counts, name)
    }
    return replace(
        counts,
        **renamed,
        clusters=counts.clusters.map(names).rename("cluster"),
    )


@every
def test_values_lie_in_the_declared_range(indicator: Indicator) -> None:
    value = indicator.function(small_world())["value"].dropna()
    assert np.isfinite(value).all()
    assert indicator.minimum is None or (value >= indicator.minimum).all()
    assert indicator.maximum is None or (value <= indicator.maximum).all()


@every
def test_the_key_is_the_declared_one(indicator: Indicator) -> None:
    found = indicator.function(small_world())
    key = [name for name in ("cluster", indicator.by) if name]
    assert {"kind", "industry"} & set(found) == {indicator.by} - {""}
    assert not found.duplicated(key).any()
    assert {"value", "basis"} <= set(found)


@every
@pytest.mark.parametrize("seed", [1, 2])
def test_row_order_changes_nothing(indicator: Indicator, seed: int) -> None:
    counts = small_world()
    pd.testing.assert_frame_equal(
        indicator.function(shuffle(counts, seed)), indicator.function(counts), check_exact=True
    )


@every
def test_renaming_clusters_only_renames(indicator: Indicator) -> None:
    counts = small_world()
    found, before = indicator.function(rename(counts)), indicator.function(counts)
    assert list(found["cluster"]) == [f"new {name}" for name in before["cluster"]]
    pd.testing.assert_frame_equal(found.drop(columns="cluster"), before.drop(columns="cluster"))


@every
@pytest.mark.parametrize("word", ["label", "meaning", "unit"])
def test_its_words_stand_in_the_catalogue(indicator: Indicator, word: str) -> None:
    texts = read_catalogue()[f"indicator.{indicator.key}.{word}"]
    assert all(texts[language] for language in LANGUAGES)


@every
def test_counts_without_any_record_give_no_error(indicator: Indicator) -> None:
    counts = small_world()
    empty = replace(
        counts,
        **{name: getattr(counts, name).iloc[:0] for name in TABLES},
        ties=TIES.empty_table(),
    )
    value = indicator.function(empty)["value"].astype(float)
    assert not np.isinf(value).any()
    assert not value.fillna(0).any()


def test_the_table_has_the_declared_columns_and_types() -> None:
    table = compute_indicators(small_world())
    assert list(table) == [column.name for column in TABLE.columns]
    assert not table.duplicated(list(TABLE.key)).any()
    for column in TABLE.columns:
        assert (table[column.name].dtype == np.float64) == (column.type == "number")


def test_shuffled_counts_give_the_same_table() -> None:
    counts = small_world()
    pd.testing.assert_frame_equal(
        compute_indicators(shuffle(counts, 3)), compute_indicators(counts), check_exact=True
    )


@given(counts_of, st.integers(1, 1000))
@settings(deadline=None)
def test_location_quotients_do_not_depend_on_the_unit(row: list[int], factor: int) -> None:
    employment = np.array([row, row[::-1]], dtype=float)
    np.testing.assert_allclose(
        location_quotient(employment * factor), location_quotient(employment), rtol=1e-12
    )


@given(counts_of)
@settings(deadline=None)
def test_herfindahl_lies_between_equal_and_single(row: list[int]) -> None:
    index = herfindahl([row]).item()
    if sum(row) == 0:
        assert np.isnan(index)
    else:
        exact = sum(Fraction(each, sum(row)) ** 2 for each in row)
        assert index == pytest.approx(float(exact), rel=1e-12)
        assert Fraction(1, len(row)) <= exact <= 1


@given(st.integers(0, 10**9), st.integers(0, 10**9))
@settings(deadline=None)
def test_the_ei_index_is_the_local_share_turned_round(internal: int, external: int) -> None:
    share = divide(internal, internal + external).item()
    found = external_internal_index(internal, external).item()
    np.testing.assert_allclose(found, 1 - 2 * share, rtol=0, atol=1e-12)


@given(st.floats(0, 1), st.floats(0.01, 1e6), st.floats(1.01, 100))
@settings(max_examples=200, deadline=None)
def test_more_trials_narrow_the_interval(share: float, trials: float, factor: float) -> None:
    low, high = wilson_interval(share, trials)
    closer_low, closer_high = wilson_interval(share, trials * factor)
    assert 0 <= low <= share + 1e-9
    assert share - 1e-9 <= high <= 1
    assert closer_high - closer_low <= high - low + 1e-12
