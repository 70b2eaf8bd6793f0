"""Running sums: what one sum of all rows is, in any parts, taken away again where asked."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clustermap.network import running
from clustermap.network.running import PACKED, Key, Keys, RunningSums
from clustermap.network.sums import merge_rows, sum_rows

KEYS = Keys((Key("a", np.dtype(np.int32), 5), Key("b", np.dtype(np.int8), 256, -128)))
Row = tuple[int, int, int, int]
rows = st.lists(
    st.tuples(
        st.integers(0, 4), st.integers(-128, 127), st.integers(0, 2), st.integers(-(2**40), 2**40)
    ),
    max_size=25,
)


def columns(some: list[Row]) -> dict[str, np.ndarray]:
    types = {"a": np.int32, "b": np.int8, "n": np.int64, "w": np.int64}
    listed = list(zip(*some, strict=True)) or [()] * 4
    return {name: np.array(c, t) for (name, t), c in zip(types.items(), listed, strict=True)}


def whole(some: list[Row]) -> pa.Table:
    return sum_rows(pa.table(columns(some)), ["a", "b"])


@given(st.lists(rows, min_size=1, max_size=5), st.integers(1, 30), st.integers(1, 30))
def test_parts_come_to_the_sum_of_all(drawn: list[list[Row]], wait: int, most: int) -> None:
    sums, elsewhere = RunningSums(KEYS, ["n", "w"]), RunningSums(KEYS, ["n", "w"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(running, "_WAITING", wait)
        patch.setattr(running, "ROWS_AT_ONCE", most)
        patch.setattr(running, "_KEYS_AT_ONCE", most)
        for part in drawn[1:]:
            sums.add(columns(part))
        elsewhere.add(columns(drawn[0]))
        sums.take(elsewhere.pack())
        found = sums.table()
    assert found.equals(whole([row for part in drawn for row in part]))
    packed = [RunningSums(KEYS, ["n", "w"]) for _ in drawn]
    for one, part in zip(packed, drawn, strict=True):
        one.add(columns(part))
    assert merge_rows([one.pack() for one in packed], [PACKED]).equals(sums.pack())


few_ways = st.lists(
    st.tuples(st.integers(0, 4), st.integers(-128, 127), st.just(1), st.sampled_from([5, 7, 9])),
    max_size=25,
)
many_ways = st.lists(
    st.tuples(st.integers(0, 4), st.just(3), st.just(1), st.integers(0, 11)), max_size=25
)


@given(st.lists(few_ways | many_ways, min_size=2, max_size=6), st.integers(1, 30))
def test_rows_of_few_ways_and_of_too_many_come_to_one_sum(
    drawn: list[list[Row]], most: int
) -> None:
    sums, others = RunningSums(KEYS, ["n", "w"]), RunningSums(KEYS, ["n", "w"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(running, "_KEYS_AT_ONCE", most)
        patch.setattr(running, "_UNSORTED", 2 * most)
        for turn, part in enumerate(drawn):
            (sums, others)[turn % 2].add(columns(part))
        sums.join(others)
        found = sums.table()
    assert found.equals(whole([row for part in drawn for row in part]))


def test_keys_that_leave_no_room_for_ways_are_summed_as_they_come() -> None:
    sums = RunningSums(Keys((Key("a", np.dtype(np.int64), 2**62),)), ["n"])
    for _ in range(2):
        sums.add({"a": np.array([2**61, 5, 5]), "n": np.array([1, 1, 1])})
    assert sums.table().to_pydict() == {"a": [5, 2**61], "n": [4, 2]}


@given(rows, rows)
def test_what_is_taken_away_is_gone(kept: list[Row], gone: list[Row]) -> None:
    sums = RunningSums(KEYS, ["n", "w"])
    sums.add(columns(kept + gone))
    sums.add(columns(gone), sign=-1)
    found = sums.table().to_pandas().query("n != 0 or w != 0")
    wanted = whole(kept).to_pandas().query("n != 0 or w != 0")
    assert found.to_numpy().tolist() == wanted.to_numpy().tolist()


def test_keys_say_how_many_they_can_tell_apart() -> None:
    assert [key.bits for key in KEYS.columns] == [3, 8]
    with pytest.raises(ValueError, match="too many values"):
        Keys((Key("a", np.dtype(np.int64), 2**40), Key("b", np.dtype(np.int64), 2**30)))
