"""Field names of a shapefile: ten bytes, all different, never cut inside a character."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clustermap.formats.names import INDICATOR_CODES, KIND_CODES, _coded, short_names
from clustermap.messages import read_catalogue
from clustermap.tables import KINDS


@given(
    st.lists(
        st.text(max_size=30)
        | st.tuples(st.text("ab1_가", max_size=9), st.sampled_from(KINDS)).map("_".join)
        | st.text("가나다라마바사abcAB_ 1", min_size=8, max_size=14),
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
        assert field == field.encode(encoding)[:10].decode(encoding)  # ten bytes hold all of it
        assert not field[0].isdigit()
        assert field.replace("_", "a").isalnum()


def test_a_name_that_is_too_long_fills_the_ten_bytes_it_may_take() -> None:
    long = ["a" * 30, "가나다라마바사", "employees_total"]
    assert list(short_names(long, "utf-8").values()) == ["a" * 10, "가나다", "emplo_tota"]
    assert list(short_names(long, "cp949").values()) == ["a" * 10, "가나다라마", "emplo_tota"]


def test_names_that_fit_stay() -> None:
    names = ["cluster", "name_en", "rank_high", "area_km2", "점수"]
    assert short_names(names) == {name: name for name in names}


def test_score_columns_stay_telling() -> None:
    names = ["top_share", "quadrant", "capability", "gap", "confidence", "alike", "data_weight"]
    assert list(short_names(names).values()) == [*names[:-1], "data_weigh"]
    parts = ["part_embeddedness", "part_openness", "part_participation", "part_diversity",
             "part_brokerage", "part_resilience", "participation"]  # fmt: skip
    assert list(short_names(parts).values()) == [
        "part_embed", "part_openn", "part_parti", "part_diver", "part_broke", "part_resil",
        "par_all",
    ]  # fmt: skip
    ends = short_names(["quadrant_ko", "quadrant_en", "measure_low", "measure_high"])
    assert list(ends.values()) == ["quadran_ko", "quadran_en", "measur_low", "measu_high"]


def test_indicators_have_fixed_codes() -> None:
    names = ["external_links_firm_firm", "ei_index_research", "local_share_other", "participation"]
    assert list(short_names(names).values()) == ["ext_ff", "ei_re", "loc_ot", "par_all"]
    every = [f"{indicator}_{kind}" for indicator in INDICATOR_CODES for kind in KIND_CODES]
    short = short_names([*every, *INDICATOR_CODES])
    assert all(short[name] in (name, _coded(name, "utf-8")) for name in short)  # none is numbered
    assert set(KIND_CODES) == set(KINDS)
    assert {key for key in INDICATOR_CODES if f"indicator.{key}.label" in read_catalogue()} == set(
        INDICATOR_CODES
    )


def test_any_other_indicator_keeps_its_start_and_the_code_of_its_kind() -> None:
    short = short_names(
        ["reciprocity_mobility", "betweenness_of_firms_mobility", "혁신도_mobility"]
    )
    assert list(short.values()) == ["recipro_mo", "be_of_f_mo", "혁신_mo"]


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
