"""Districts: names, codes and addresses as they stand in Korean files, each by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clustermap.layers.districts import (
    BOTH,
    NEITHER,
    NOWHERE,
    Found,
    Stated,
    address_heads,
    find_places,
)
from clustermap.sources.reference import data_root, read_gazetteer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clustermap.layers.gazetteer import System

PLACES = read_gazetteer()


def find(
    region: Sequence[str | None] | None = None,
    district: Sequence[str | None] | None = None,
    address: Sequence[str | None] | None = None,
    system: System | None = None,
) -> Found:
    size = max(len(column or ()) for column in (region, district, address))
    columns = [
        pa.array(list(column) if column else [None] * size, pa.string())
        for column in (region, district, address)
    ]
    return find_places(Stated(*columns), PLACES, system)


def named(found: Found) -> list[str]:
    """Return places as "province district", "" where nothing is known."""
    return [
        f"{PLACES.regions[at]} {PLACES.districts[at]}".strip() if at != NOWHERE else ""
        for at in found.place.tolist()
    ]


def notes(found: Found) -> list[tuple[str, str]]:
    return [(row["how"], row["note"]) for row in found.report.to_pylist()]


@pytest.mark.parametrize(
    ("region", "district", "expected"),
    [
        ("강원도", "고성군", "강원특별자치도 고성군"),
        ("경남", "고성군", "경상남도 고성군"),
        ("전라북도", "익산시", "전북특별자치도 익산시"),
        ("인천광역시", "남구", "인천광역시 미추홀구"),
        ("인천", "미추홀구", "인천광역시 미추홀구"),
        ("경상북도", "군위군", "대구광역시 군위군"),
        ("대구", "군위군", "대구광역시 군위군"),
        ("경상남도", "창원시의창구", "경상남도 창원시 의창구"),
        ("경남", "창원시 의창구", "경상남도 창원시 의창구"),
        ("경남", "의창구", "경상남도 창원시 의창구"),
        ("경남", "창원시", "경상남도 창원시"),
        ("충청북도", "청원군", "충청북도 청주시"),
        ("경상남도", "마산시", "경상남도 창원시"),
        ("세종특별자치시", None, "세종특별자치시 세종시"),
        ("세종시", "세종특별자치시", "세종특별자치시 세종시"),
        ("충청남도", "연기군", "세종특별자치시 세종시"),
        ("제주도", "북제주군", "제주특별자치도 제주시"),
        ("서울", "중구", "서울특별시 중구"),
        ("부산", "중구", "부산광역시 중구"),
        ("Seoul", None, "서울특별시"),
        ("경기도", "경기도 수원시", "경기도 수원시"),
        ("경기도 안산시", None, "경기도 안산시"),
        (None, "수원시 영통구", "경기도 수원시 영통구"),
        ("경기", "광주시", "경기도 광주시"),
        ("광주", "북구", "광주광역시 북구"),
        ("광주시", "북구", "광주광역시 북구"),
        ("경기도", "부천시 원미구", "경기도 부천시 원미구"),
    ],
)
def test_a_place_is_called_as_it_is_today(
    region: str | None, district: str | None, expected: str
) -> None:
    assert named(find([region], [district])) == [expected]


@pytest.mark.parametrize(
    ("region", "district", "expected", "note"),
    [
        (None, "중구", "", "ambiguous"),  # six of them
        (None, "고성군", "", "ambiguous"),
        (None, "광주시", "", "ambiguous"),
        ("수도권", None, "", "unknown"),
        ("수도권", "수원시", "", "unknown"),
        ("부산", "수원시", "부산광역시", "no_such_district"),
    ],
)
def test_what_is_not_certain_is_told(
    region: str | None, district: str | None, expected: str, note: str
) -> None:
    found = find([region], [district])
    assert named(found) == [expected]
    assert notes(found) == [("names" if expected else "unmatched", note)]


def test_there_are_six_districts_of_each_of_two_names() -> None:
    for name in ("동구", "중구"):
        assert sum(district == name for district in PLACES.districts) == 6
        assert len(PLACES.names[name]) == 6


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("경기도 안산시 단원구 신길동 1052", "경기도 안산시 단원구"),
        ("경기도 안산시단원구 신길동 1052", "경기도 안산시 단원구"),
        ("경기도안산시단원구 신길동", "경기도 안산시 단원구"),
        ("(15434) 경기도 시흥시 정왕동 1 외 7필지", "경기도 시흥시"),
        ("[12345] 대한민국 경기도 수원시 권선구 산업로 1", "경기도 수원시 권선구"),
        ("서울 강남구 테헤란로 1", "서울특별시 강남구"),
        ("세종특별자치시 연서면 당산로 1", "세종특별자치시 세종시"),
        ("인천광역시 남구 주안동 12", "인천광역시 미추홀구"),
        ("경북 포항시 남구 철강로 1", "경상북도 포항시 남구"),
        ("경북 포항시 남구(호동) 1", "경상북도 포항시 남구"),
        ("경북 포항시,남구", "경상북도 포항시"),
        ("경기 광주시 오포읍 1", "경기도 광주시"),
        ("강원도 어딘가", "강원특별자치도"),
        ("광주시 오포읍 1", ""),  # the city, or the province?
        ("광주 오포읍 1", ""),
        ("강서구 마곡동 1", ""),  # 서울 or 부산
        ("대구면 저두리 1", ""),  # no province at all
        ("산업로 12", ""),
        ("", ""),
    ],
)
def test_an_address_names_its_district(address: str, expected: str) -> None:
    assert named(find(address=[address])) == [expected]


def test_of_several_addresses_what_they_agree_on_is_taken() -> None:
    found = find(
        address=[
            "경기도 화성시 향남읍 1 / 경기도 화성시 팔탄면 2 외 7필지",
            "경기도 화성시 향남읍 1 / 경기도 평택시 포승읍 2",
            "경기도 화성시 향남읍 1 / 충청남도 당진시 송악읍 2",
        ]
    )
    assert named(found) == ["경기도 화성시", "경기도", ""]
    assert {note for _, note in notes(found)} == {"", "several"}


def test_columns_and_addresses_complete_each_other_or_leave_it_open() -> None:
    found = find(
        ["경기도", "경남", "경기도", None],
        [None, "창원시", "화성시", None],
        ["경기 평택시 1", "창원시 의창구 1", "경기도 평택시 1", "경기도 평택시 1"],
    )
    ward = "경상남도 창원시 의창구"
    assert named(found) == ["경기도 평택시", ward, "경기도", "경기도 평택시"]
    assert ("names", "conflict") in notes(found)


# Codes


@pytest.mark.parametrize("codes", [["26"], ["29", "36"], ["26", "29", "36", "31"]])
def test_codes_of_digits_alone_are_not_read(codes: list[str]) -> None:
    # 울산 or 부산, 세종 or 광주, 전남 or 세종
    found = find(codes)
    assert named(found) == [""] * len(codes)
    assert (found.undecided, found.system) == (BOTH, "")
    assert found.code == min(codes)


def test_a_column_of_codes_is_decided_as_a_whole() -> None:
    kostat = find(["26", "29", "36", "21"])  # 21 is no code of the ministry's
    assert (kostat.system, kostat.undecided) == ("KOSTAT", "")
    assert named(kostat) == ["울산광역시", "세종특별자치시 세종시", "전라남도", "부산광역시"]
    mois = find(["26", "29", "36", "51"])
    assert named(mois) == ["부산광역시", "광주광역시", "세종특별자치시 세종시", "강원특별자치도"]
    assert named(find(["11"])) == ["서울특별시"]  # the same to both


def test_names_beside_them_tell_whose_codes_they_are() -> None:
    assert named(find(["26"], address=["부산 중구 중앙대로 1"])) == ["부산광역시 중구"]
    assert find(["26", "29"], address=["울산 중구 1", None]).system == "KOSTAT"
    assert named(find(["부산"], ["26110"])) == ["부산광역시 중구"]
    # 31110 is 울산 중구 or 과천
    assert find(district=["31110"]).undecided == BOTH
    assert named(find(["경기도"], ["31110"])) == ["경기도 과천시"]
    assert named(find(["울산"], ["31110"])) == ["울산광역시 중구"]


def test_codes_that_were_given_later_are_known() -> None:
    found = find(district=["21310", "21510", "22520", "23090", "37510"])
    counties = ["부산광역시 기장군", "부산광역시 기장군", "대구광역시 군위군"]
    assert named(found) == [*counties, "인천광역시 미추홀구", "대구광역시 군위군"]
    found = find(district=["42110", "51110", "45111", "52111", "27720", "41192", "48120"])
    assert found.system == "MOIS"
    assert named(found) == [
        *["강원특별자치도 춘천시"] * 2,
        *["전북특별자치도 전주시 완산구"] * 2,
        *("대구광역시 군위군", "경기도 부천시 원미구", "경상남도 창원시"),
    ]


def test_the_ministrys_long_codes_begin_with_the_district() -> None:
    assert named(find(district=["2611010100"])) == ["부산광역시 중구"]


def test_a_system_that_is_stated_wins_and_unknown_codes_are_told() -> None:
    assert named(find(["26"], system="KOSTAT")) == ["울산광역시"]
    found = find(["26", "99"], system="MOIS")
    assert named(found) == ["부산광역시", ""]
    assert ("unmatched", "unknown") in notes(found)


def test_codes_that_fit_nobody_are_not_read() -> None:
    found = find(["97", "98"])
    assert (found.undecided, found.code, named(found)) == (NEITHER, "97", ["", ""])


def test_names_that_contradict_codes_leave_the_codes_open() -> None:
    # 21 is 부산 to KOSTAT alone, but the address says 대구.
    found = find(["21"], address=["대구 중구 1"])
    assert (found.system, named(found)) == ("", ["대구광역시 중구"])


def test_a_code_among_names_is_no_name() -> None:
    found = find(["부산", "26"])
    assert named(found) == ["부산광역시", ""]
    assert found.undecided == ""


# Points


def test_a_district_is_never_known_to_two_kilometres() -> None:
    districts = [at for at, name in enumerate(PLACES.districts) if name]
    assert np.isfinite(PLACES.lon[districts]).all()
    assert (PLACES.radius_m[districts] >= 3000).all()
    at = {name: PLACES.districts.index(name) for name in ("강남구", "인제군", "창원시")}
    # 서울's districts lie some kilometres apart, those of 강원 some tens.
    assert 3000 < PLACES.radius_m[at["강남구"]] < 6000
    assert 20_000 < PLACES.radius_m[at["인제군"]] < 30_000
    wards = [n for n, name in enumerate(PLACES.districts) if name.startswith("창원시 ")]
    assert len(wards) == 5
    assert PLACES.radius_m[at["창원시"]] > PLACES.radius_m[wards].max()
    assert 33 < PLACES.lat[districts].min() < PLACES.lat[districts].max() < 38.5


def test_heads_leave_numbers_and_lots_aside() -> None:
    texts = ["경기도 화성시 1", "경기도 화성시 2 외 7필지", None, "  서울  중구 3"]
    assert address_heads(pa.array(texts)).to_pylist() == [
        *["경기도 화성시"] * 2,
        None,
        "서울  중구",
    ]


STATED = st.lists(
    st.tuples(
        st.sampled_from(["서울", "경남", "26", None, "수도권"]),
        st.sampled_from(["중구", "창원시 의창구", None]),
        st.sampled_from(["서울 중구 1", "경남 창원시 2", "어딘가 / 저기", None]),
    ),
    min_size=1,
    max_size=12,
)


@given(rows=STATED, data=st.data())
def test_the_order_of_rows_changes_nothing(
    rows: list[tuple[str | None, ...]], data: st.DataObject
) -> None:
    order = data.draw(st.permutations(range(len(rows))))
    one, other = (
        find(*([row[at] for row in listed] for at in range(3)))
        for listed in (rows, [rows[n] for n in order])
    )
    assert one.place[order].tolist() == other.place.tolist()
    assert one.report.equals(other.report)
    stated = sum(any(row) for row in rows)
    assert sum(one.report["actors"].to_pylist()) == stated


@given(text=st.text(max_size=30))
def test_any_text_can_be_looked_up(text: str) -> None:
    found = find([text], [text], [text])
    assert len(found.place) == 1
    assert NOWHERE <= found.place[0] < len(PLACES.regions)


def test_every_district_of_the_crosswalk_is_found_by_name_and_by_code() -> None:
    codes = pd.read_csv(data_root() / "reference" / "sigungu_codes.csv", dtype=str)
    by_name = find(codes["sido"].tolist(), codes["sigungu"].tolist())
    assert (by_name.place >= 0).all()
    assert np.isfinite(PLACES.lon[by_name.place]).all()
    for column, system in (("kostat2018", "KOSTAT"), ("mois2017", "MOIS"), ("mois2022", "MOIS")):
        known = codes[column].notna().to_numpy()
        by_code = find(district=codes.loc[known, column].tolist())
        assert by_code.system == system
        assert by_code.place.tolist() == by_name.place[known].tolist()


def test_no_name_of_a_district_with_its_province_is_ambiguous() -> None:
    for region, district in zip(PLACES.regions, PLACES.districts, strict=True):
        assert named(find([region], [district])) == [f"{region} {district}".strip()] or (
            region == "세종특별자치시"
        )
