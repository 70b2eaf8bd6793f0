"""Distinct rows against what numpy finds by sorting rows."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from clustermap.network.distinct import count_runs, distinct, distinct_rows

WIDE = (1 << 40) - 1  # two columns of such numbers do not fit into 63 bits
rows_of = st.lists(
    st.tuples(st.sampled_from([0, 1, 5]), st.integers(0, 3), st.sampled_from([0, 2, WIDE]))
)


@given(st.lists(st.integers(-(2**62), 2**62)))
def test_values_are_those_of_a_set(values: list[int]) -> None:
    given_ = np.array(values, dtype=np.int64)
    assert distinct(given_).tolist() == sorted(set(values))
    assert given_.tolist() == values  # in the order that they came in


@given(rows_of)
def test_rows_are_those_of_a_set(rows: list[tuple[int, int, int]]) -> None:
    columns = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    for some in ([0, 1], [1, 0], [0, 1, 2], [2, 1, 2]):
        found = distinct_rows([columns[at] for at in some])
        assert all(column.dtype == np.int64 for column in found)
        expected = sorted({tuple(int(row[at]) for at in some) for row in rows})
        assert list(zip(*(column.tolist() for column in found), strict=True)) == expected


def test_columns_of_small_numbers_do_not_overflow() -> None:
    small = np.array([200, 100], np.uint8)
    first, second = distinct_rows([small, np.array([2**31 - 1, 3], np.int32)])
    assert (first.tolist(), second.tolist()) == ([100, 200], [3, 2**31 - 1])


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2))))
def test_runs_are_as_long_as_they_are(rows: list[tuple[int, int]]) -> None:
    rows = sorted(rows)
    start, length = count_runs(*np.array(rows, dtype=np.int64).reshape(-1, 2).T)
    assert [rows[at] for at in start] == sorted(set(rows))
    assert length.tolist() == [rows.count(row) for row in sorted(set(rows))]
