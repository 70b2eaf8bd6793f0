"""Names: one firm under many spellings, none of two firms taken for the other."""

from __future__ import annotations

import unicodedata

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clustermap.layers.actors import AMBIGUOUS_NAME, UNKNOWN_NAME, Register
from clustermap.layers.names import WAYS, NamedRegister, name_register, normalise_names


def normal(name: str | None, *, branches: bool = True, places: tuple[str, ...] = ()) -> str | None:
    names = pa.array([name], pa.string())
    found: list[str | None] = normalise_names(names, branches=branches, places=places).to_pylist()
    return found[0]


@pytest.mark.parametrize(
    "name",
    [
        *("㈜가나정밀", "(주)가나정밀", "가나정밀(주)", "주식회사 가나정밀", "주식 회사 가나정밀"),
        *("가나 정밀", "（주） 가나정밀", "유한회사 가나정밀", "(자)가나정밀", "(사)가나정밀"),
        *("(재)가나정밀", "가나정밀 1공장", "가나정밀1공장", "가나정밀 제2공장", "가나정밀(2공장)"),
        *("가나정밀 포항지점", "가나정밀(주)포항지점", "가나정밀 본사", "가나정밀(본사)"),
        unicodedata.normalize("NFD", "가나정밀 주식회사"),
    ],
)
def test_spellings_of_one_firm(name: str) -> None:
    assert normal(name) == "가나정밀"


@pytest.mark.parametrize(
    "name", ["GANA Co., Ltd.", "Gana Co.,Ltd", "ＧＡＮＡ", "gana inc.", "GANA CORPORATION"]
)
def test_english_spellings(name: str) -> None:
    assert normal(name) == "gana"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("한국유리공장", "한국유리공장"),  # no branch of 한국유리
        ("한국 유리공장", "한국유리공장"),
        ("가나정밀 구미공장", "가나정밀구미공장"),
        ("공장", "공장"),
        ("본사", "본사"),
        ("(주)", "주"),
        ("***", None),
        ("", None),
        (None, None),
        ("3M", "3m"),
        ("가나(GANA)", "가나gana"),
        ("Incheon Steel", "incheonsteel"),
    ],
)
def test_what_is_no_form_stays(name: str | None, expected: str | None) -> None:
    assert normal(name) == expected


def test_a_plant_called_by_a_place_is_known_by_the_place() -> None:
    assert normal("가나정밀 구미공장", places=("구미", "포항")) == "가나정밀"
    assert normal("한국 유리공장", places=("구미", "포항")) == "한국유리공장"


def test_branches_may_stay() -> None:
    assert normal("(주)가나정밀 1공장", branches=False) == "가나정밀1공장"


PARTS = (
    *("가나", "(주)", "㈜", "주식회사", " ", "1", "공장", "제", "본사"),
    *("Co.", ",", "Ltd", "(", ")", "İ", "ß"),
)
NAMES = st.text(max_size=40) | st.lists(st.sampled_from(PARTS), max_size=8).map("".join)


@given(name=NAMES)
def test_a_normal_form_is_its_own(name: str) -> None:
    once = normal(name)
    assert normal(once) == once
    if once is not None:
        assert unicodedata.is_normalized("NFC", once)
        assert not any(letter.isspace() for letter in once)
    # The same however the text is composed, whatever stands around it.
    assert normal(unicodedata.normalize("NFD", name)) == normal(unicodedata.normalize("NFC", name))


@given(names=st.lists(st.text(max_size=8) | st.none(), max_size=10), data=st.data())
def test_the_order_of_names_changes_nothing(names: list[str | None], data: st.DataObject) -> None:
    order = data.draw(st.permutations(range(len(names))))
    found = normalise_names(pa.array(names, pa.string())).to_pylist()
    turned = normalise_names(pa.array([names[n] for n in order], pa.string())).to_pylist()
    assert [found[n] for n in order] == turned


def register(*names: str | None) -> NamedRegister:
    size = len(names)
    ids = pa.array([f"F{n}" for n in range(size)])
    known = Register(ids, np.zeros(size, np.uint8), np.zeros(size, np.int32))
    return name_register(known, pa.array(names, pa.string()), ("구미",))


@pytest.mark.parametrize(
    ("name", "actor", "way"),
    [
        ("(주)가나정밀", 0, "exact"),
        ("가나정밀", 0, "form"),  # the second plant is called otherwise
        ("가나정밀 2공장", 1, "exact"),
        ("가나정밀 주식회사 2공장", 1, "form"),
        ("가나정밀 3공장", AMBIGUOUS_NAME, ""),  # of either
        ("다라전자 구미공장", 2, "branch"),
        ("마바", AMBIGUOUS_NAME, ""),
        ("㈜마바", AMBIGUOUS_NAME, ""),
        ("사아", UNKNOWN_NAME, ""),
        ("***", UNKNOWN_NAME, ""),
        (None, UNKNOWN_NAME, ""),
    ],
)
def test_a_name_means_one_actor_or_none(name: str | None, actor: int, way: str) -> None:
    known = register("(주)가나정밀", "가나정밀 2공장", "다라전자", "마바", "마바", None)
    found, ways = known.find_ways(pa.array([name], pa.string()))
    assert found.tolist() == [actor]
    assert ways.tolist() == [WAYS.index(way) if way else -1]
    assert known.find(pa.array([name], pa.string())).tolist() == [actor]


def test_a_register_without_names_finds_nobody() -> None:
    assert register(None, None).find(pa.array(["가나"])).tolist() == [UNKNOWN_NAME]
    assert register().find(pa.array(["가나"])).tolist() == [UNKNOWN_NAME]
