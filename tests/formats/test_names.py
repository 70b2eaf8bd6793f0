"""Field names of a shapefile: ten bytes, all different, never cut inside a character."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clustermap.formats.names import short_names


@given(
    st.lists(
        st.text(max_size=30) | st.text("가나다라마바사abcAB_ 1", min_size=8, max_size=14),
        max_size=40,
        unique=True,
    ),
    st.sampled_from(["utf-8", "cp949"]),
)
def test_any_names_become_short_and_different(names: list[str], encoding: str) -> None:
    short = short_names(names, encoding)
    assert list(short) == names
    assert len({field.casefold() for field in short.values()}) == len(names)
    for field in short.values():
        assert 1 <= len(field.encode(encoding)) <= 10
        assert not field[0].isdigit()
        assert field.replace("_", "a").isalnum()


def test_names_that_fit_stay() -> None:
    names = ["cluster", "name_en", "rank_high", "area_km2", "점수"]
    assert short_names(names) == {name: name for name in names}


def test_every_word_leaves_a_trace() -> None:
    short = short_names(["openness_research", "openness_transfer", "rank_highest"])
    assert short["openness_research"] != short["openness_transfer"]
    assert short["rank_highest"] == "rank_highe"


def test_korean_is_cut_between_syllables() -> None:
    assert short_names(["혁신연계점수"], "utf-8")["혁신연계점수"] == "혁신연"
    assert short_names(["혁신연계점수"], "cp949")["혁신연계점수"] == "혁신연계점"


def test_equal_starts_are_numbered() -> None:
    short = short_names(["혁신연계점수", "혁신연계비율", "혁신연"])
    assert short == {"혁신연계점수": "혁신연2", "혁신연계비율": "혁신연3", "혁신연": "혁신연"}


@pytest.mark.parametrize("count", [200])
def test_hundreds_of_equal_starts(count: int) -> None:
    names = [f"indicator_of_something_{i}" for i in range(count)]
    assert len(set(short_names(names).values())) == count
