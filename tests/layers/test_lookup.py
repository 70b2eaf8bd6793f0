"""Lookup: what a dictionary says, for any texts, and for two texts of one hash."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from clustermap.layers import lookup
from clustermap.layers.lookup import build_lookup, hash_texts, read_words

if TYPE_CHECKING:
    import numpy.typing as npt
    import pytest

texts = st.text(st.characters(blacklist_categories=["Cs"]), max_size=20)


@given(st.lists(texts, unique=True, max_size=30), st.lists(st.none() | texts, max_size=30))
def test_it_finds_what_a_dictionary_finds(known: list[str], asked: list[str | None]) -> None:
    found = build_lookup(pa.array(known, pa.string()))
    place = {text: at for at, text in enumerate(known)}
    wanted = [*asked, *known]
    answer = found.find(pa.array(wanted, pa.string())).tolist()
    assert answer == [-1 if text is None else place.get(text, -1) for text in wanted]


def test_slices_and_large_texts_are_read_where_they_begin() -> None:
    ids = pa.array(["가", "a" * 17, "", "12345678", "123456789"])
    found = build_lookup(ids.slice(1))
    assert found.find(ids.slice(2).cast(pa.large_string())).tolist() == [1, 2, 3]
    assert hash_texts(ids)[3] == hash_texts(ids.slice(3, 1))[0]


def test_texts_of_one_hash_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    def alike(key: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
        return np.full(len(key), 7, dtype=np.uint64)

    monkeypatch.setattr(lookup, "_mix", alike)
    known, asked = (pa.array([letter * 17 for letter in letters]) for letters in ("abc", "cxab"))
    found = build_lookup(known)
    assert found.tables.tolist() == [[3, 3]]  # who has the same hash goes into no other table
    assert found.find(asked).tolist() == [2, -1, 0, 1]


def test_identifiers_that_all_want_one_slot_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookup, "_mix", lambda key: key & np.uint64(0xFF))
    known = [chr(letter) for letter in range(ord("!"), ord("~"))]
    found = build_lookup(pa.array(known))
    assert found.tables[:, 1].tolist() == [*range(len(known), 0, -1)]  # one in each table
    assert len(found.slots) == (1 << found.tables[:, 0]).sum()
    assert found.find(pa.array([*known[::-1], "~"])).tolist() == [*range(len(known))[::-1], -1]


words = st.text("ab\0가", max_size=5)


@given(st.lists(words, min_size=1, max_size=20), st.lists(words, min_size=1, max_size=20))
def test_two_words_and_a_hash_tell_short_texts(one: list[str], other: list[str]) -> None:
    pairs = [(a, b) for a in one for b in other]
    left, right = (read_words(pa.array(side)) for side in zip(*pairs, strict=True))
    short = [len(a.encode()) <= 16 for a, _ in pairs]
    told = left.tell(right).tolist()
    assert told == [a == b and known for (a, b), known in zip(pairs, short, strict=True)]


def test_mapped_arrays_answer_as_well() -> None:
    found = build_lookup(pa.array(["a", "b"]))
    frozen = found.slots.copy()
    frozen.flags.writeable = False
    assert replace(found, slots=frozen).find(pa.array(["b"])).tolist() == [1]


def test_who_finds_its_slot_taken_is_found_in_another_table() -> None:
    known = [f"F{number:07}" for number in range(3_000)]
    found = build_lookup(pa.array(known))
    came = found.tables[:, 1]
    assert came[0] == 3_000
    assert (came[1:] < came[:-1] / 2).all()
    assert found.tables[0, 0] == 13  # 8,192 slots
    assert len(found.positions) == came[1:].sum()
    nobody = [f"G{number:07}" for number in range(3_000)]
    assert found.find(pa.array([*known[::-1], *nobody])).tolist() == [
        *range(2_999, -1, -1),
        *[-1] * 3_000,
    ]
