"""Sums: what pandas adds up, for keys of any width and of any sign."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clustermap.network import sums
from clustermap.network.sums import join_parts, merge_rows, order_rows, sum_rows

rows = st.lists(
    st.tuples(
        st.integers(-3, 3),
        st.integers(-(2**31), 2**31 - 1) | st.integers(0, 3),
        st.integers(0, 255),
        st.integers(-(2**40), 2**40),
    ),
    max_size=30,
)


def build(drawn: list[tuple[int, int, int, int]]) -> pa.Table:
    types = {"a": pa.int16(), "b": pa.int32(), "c": pa.uint8(), "n": pa.int64()}
    columns = list(zip(*drawn, strict=True)) or [()] * 4
    return pa.table(
        {name: pa.array(c, type_) for (name, type_), c in zip(types.items(), columns, strict=True)}
    )


@given(rows)
def test_rows_add_up_as_pandas_adds_them(drawn: list[tuple[int, int, int, int]]) -> None:
    table = build(drawn).append_column("one", pa.array(np.ones(len(drawn), np.int64)))
    found = sum_rows(table, ["a", "b", "c"])
    wanted = table.to_pandas().groupby(["a", "b", "c"]).sum().reset_index()
    pd.testing.assert_frame_equal(found.to_pandas(), wanted)
    assert found.schema == table.schema


def test_keys_too_wide_for_one_number() -> None:
    far = [-(2**62), 2**62, -(2**62)]
    table = pa.table({"a": far, "b": [2**62, -(2**62), 2**62], "n": [1, 2, 3]})
    assert sum_rows(table, ["a", "b"])["n"].to_pylist() == [4, 2]
    assert order_rows([table["a"].to_numpy(), table["b"].to_numpy()]).tolist() == [0, 2, 1]


@pytest.mark.parametrize("wide", [1, 2**40])
def test_rows_that_are_equal_stay_in_their_order(wide: int) -> None:
    first, second = np.array([1, 0, 1, 0]) * wide, np.array([0, 1, 0, 0]) * wide
    assert order_rows([first, second]).tolist() == [3, 1, 0, 2]


@given(st.lists(rows, min_size=1, max_size=4), st.integers(1, 40))
def test_sums_add_up_block_by_block(drawn: list[list[tuple[int, ...]]], most: int) -> None:
    keys = ["a", "b", "c"]
    parts = [sum_rows(build(part), keys) for part in drawn]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sums, "ROWS_AT_ONCE", most)
        merged = merge_rows(parts, keys)
    whole = sum_rows(build([row for part in drawn for row in part]), keys)
    assert merged.equals(whole)
    assert merged.num_rows == 0 or merged["n"].num_chunks == 1


def test_parts_are_joined_into_one_chunk() -> None:
    parts = [pa.table({"a": [1, 2], "b": ["x", "y"]}), pa.table({"a": [3]})]
    joined = join_parts(parts)
    assert joined.to_pydict() == {"a": [1, 2, 3], "b": ["x", "y", None]}
    assert [column.num_chunks for column in joined.columns] == [1, 1]
    assert parts == []
