"""Names: a person's never leaves, an organisation's does."""

from __future__ import annotations

import pandas as pd
import pytest

from clustermap.publish.names import MASK, bears_marker, mask_names

ORGANISATIONS = [
    "(주)가나다",
    "（주）가나다",
    "㈜가나다",
    "주식회사 김철수",
    "서울대학교",
    "삼성전자",
    "한국 전자",
    "대구테크노파크",
    "ACME GmbH",
    "NXP SEMICONDUCTORS AUSTRIA GMBH & CO KG",
    "ASML Netherlands B.V.",
    "Samsung Electronics Co., Ltd.",
    "Université de Paris",
    "Aktiebolaget X AB (publ)",
    "Fraunhofer e.V.",
]
PEOPLE = [
    "김철수",
    "김 철수",
    "전자영",  # 전자 is electronics, and here a family name with a given name
    "전 자영",
    "법인영",
    "남궁민수",
    "Kim Chulsoo",
    "Kim Se Jin",
    "Lee Sa Rang",
    "Park Mi Ae",
    "Kim Yoon Se",
    "Co Young",
    "Sa",
]


@pytest.mark.parametrize("name", ORGANISATIONS)
def test_an_organisation_bears_a_marker(name: str) -> None:
    assert bears_marker(name)


@pytest.mark.parametrize("name", PEOPLE)
def test_a_person_bears_none(name: str) -> None:
    assert not bears_marker(name)


def test_masking_counts_and_leaves_the_unknown_empty() -> None:
    names = pd.Series(["김철수", "(주)가나다", None, "", "Kim Chulsoo"], index=list("abcde"))
    safe, masked = mask_names(names)
    assert safe.to_dict() == {"a": MASK, "b": "(주)가나다", "c": "", "d": "", "e": MASK}
    assert masked == 2
