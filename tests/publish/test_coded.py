"""Cells and kinds as numbers: compared as their names are, and named again."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from clustermap.publish.coded import (
    FlowCodes,
    code_texts,
    find_codes,
    sort_texts,
    starts_with,
    sum_codes,
)

FLOW = ["source", "target", "kind"]
TEXTS = st.sampled_from(["가", "나", "a", "B", "b:1", "b:2", "Z"])
ROWS = st.lists(st.tuples(TEXTS, TEXTS, TEXTS, st.integers(0, 9)), min_size=1, max_size=30)


def table(rows: list[tuple[str, str, str, int]], *, words: bool) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=[*FLOW, "links"])
    return frame.astype(dict.fromkeys(FLOW, "category")) if words else frame


@settings(max_examples=60)
@given(ROWS, st.booleans())
def test_sums_by_number_are_sums_by_name(
    rows: list[tuple[str, str, str, int]],
    words: bool,  # noqa: FBT001
) -> None:
    frame = table(rows, words=words)
    names = FlowCodes.of(frame)
    codes, sums = sum_codes(names.code(frame), links=frame["links"].to_numpy())
    found = names.name(codes).assign(**sums)
    plain = frame.astype(dict.fromkeys(FLOW, "str"))
    pd.testing.assert_frame_equal(found, plain.groupby(FLOW)["links"].sum().reset_index())


@settings(max_examples=60)
@given(ROWS, ROWS, st.booleans())
def test_turned_pairs_have_one_number_and_strangers_none(
    rows: list[tuple[str, str, str, int]],
    others: list[tuple[str, str, str, int]],
    words: bool,  # noqa: FBT001
) -> None:
    names = FlowCodes.of(table(rows, words=words))
    cells = {end for source, target, *_ in rows for end in (source, target)}
    kinds = {kind for _, _, kind, _ in rows}
    found = names.code(table(others, words=words), turn=True)
    back = names.code(table([(b, a, kind, n) for a, b, kind, n in others], words=words), turn=True)
    assert found.tolist() == back.tolist()
    known = [{a, b} <= cells and kind in kinds for a, b, kind, _ in others]
    assert (found >= 0).tolist() == known
    told = names.name(found[found >= 0], ("low", "high", "kind")).to_numpy().tolist()
    pairs = zip(others, known, strict=True)
    assert told == [[*sorted((a, b)), kind] for (a, b, kind, _), there in pairs if there]


def test_texts_are_numbered_in_their_order_and_missing_ones_are_not() -> None:
    known = sort_texts(pd.Series(["b", "a"]), pd.Series(["c", "a"], dtype="category"))
    assert known.to_pylist() == ["a", "b", "c"]
    for texts in (pd.Series(["c", None, "x", "a"]), pd.Categorical(["c", None, "x", "a"])):
        assert code_texts(pd.Series(texts), known).tolist() == [2, -1, -1, 0]


def test_starts_are_found_in_texts_and_in_categories() -> None:
    texts = pd.Series(["abroad:JP", "A", "outside:1_2", "A"])
    for column in (texts, texts.astype("category")):
        found = starts_with(column, ("abroad:", "outside:"))
        assert found.tolist() == [True, False, True, False]


def test_nothing_is_found_among_nothing() -> None:
    nothing = np.zeros(0, dtype=np.int64)
    assert find_codes(np.array([1, 2]), nothing).tolist() == [-1, -1]
    codes, sums = sum_codes(nothing, links=nothing)
    assert (codes.tolist(), sums["links"].tolist()) == ([], [])
    empty = table([], words=False).astype({"links": "int64"})
    assert len(FlowCodes.of(empty).code(empty)) == 0
