"""Sizes of firms: shares of classes, the largest, and how concentrated employment is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clustermap.indicators import compute_indicators
from clustermap.indicators.size_structure import (
    RARELY_KNOWN,
    employer_herfindahl,
    largest_share,
    size_class_shares,
)
from tests.indicators.worlds import small_world


def test_a_size_belongs_to_the_class_that_it_starts() -> None:
    firms, employees = size_class_shares([0, 9, 10, 49, 50, 249, 250, 1000])
    assert firms.tolist() == [0.25] * 4
    np.testing.assert_allclose(employees * 1617, [9, 59, 299, 1250])


def test_nobody_is_no_share() -> None:
    firms, employees = size_class_shares([0, 0])
    assert firms.tolist() == [1, 0, 0, 0]
    assert np.isnan(employees).all()
    assert np.isnan([largest_share([]), employer_herfindahl([]), largest_share([0])]).all()


@given(st.lists(st.integers(0, 10**7), min_size=1, max_size=50))
@settings(deadline=None)
def test_the_largest_bounds_the_index(sizes: list[int]) -> None:
    largest, index = largest_share(sizes), employer_herfindahl(sizes)
    if sum(sizes):
        assert largest**2 - 1e-12 <= index <= largest + 1e-12


def test_where_few_sizes_are_known_a_note_says_so() -> None:
    table = compute_indicators(small_world())
    rows = table[table["indicator"] == "largest_employer_share"].set_index("cluster")
    assert rows["note"].to_dict() == {"A": "", "B": "", "C": RARELY_KNOWN, "D": RARELY_KNOWN}
    assert rows.loc["A", "value"] == pytest.approx(0.4, abs=1e-12)
