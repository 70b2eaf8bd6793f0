"""Cells: text is looked at once where it is said once, and mended alike either way."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pytest

from clustermap.formats.cells import CONTROL, Change, clean_columns, holds


@pytest.mark.parametrize(
    ("texts", "found"),
    [(["판교", "대덕"], False), (["판교", "대\x07덕"], True), ([None], False), ([], False)],
)
def test_texts_and_categories_hold_the_same(texts: list[str | None], *, found: bool) -> None:
    plain = pa.chunked_array([pa.array(texts, pa.large_string())])
    assert holds(plain, CONTROL) is found
    assert holds(plain.dictionary_encode(), CONTROL) is found


@pytest.mark.parametrize("kind", ["object", "str", "category"])
def test_a_control_character_is_replaced_and_told(kind: str) -> None:
    frame = pd.DataFrame({"key": ["a", "b"], "name": pd.Series(["대\x07덕", "판교"], dtype=kind)})
    rows, changes = clean_columns("clusters", frame, ["key"])
    assert rows["name"].to_pylist() == ["대�덕", "판교"]
    assert changes == [Change("clusters", "name", "a", "대 덕", "control")]


def test_a_category_that_no_row_has_changes_nothing() -> None:
    names = pd.Categorical(["판교"], categories=["판교", "\x00"])
    rows, changes = clean_columns("clusters", pd.DataFrame({"name": names}), [])
    assert (rows["name"].to_pylist(), changes) == (["판교"], [])
