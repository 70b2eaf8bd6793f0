"""The words of scores and indicators: complete, and the same places in both languages."""

from __future__ import annotations

import re

import pytest

from clustermap.messages import LANGUAGES, read_catalogue
from clustermap.scores.rating import REASONS
from tests.scores.files import balanced

OURS = ("indicator.", "subscore.", "reason.", "explain.", "note.", "fault.score_", "fault.profile_")


@pytest.mark.parametrize("pillar", balanced().pillars, ids=lambda pillar: pillar.key)
def test_every_part_has_a_name_and_a_meaning(pillar: object) -> None:
    key = getattr(pillar, "key", "")
    assert {f"subscore.{key}.label", f"subscore.{key}.meaning"} <= read_catalogue().keys()


def test_every_reason_has_words_that_need_no_values() -> None:
    for reason in REASONS:
        for language in LANGUAGES:
            assert "{" not in read_catalogue()[reason][language]


@pytest.mark.parametrize(
    "key", [key for key in read_catalogue() if key.startswith((*OURS, "fault.goalposts_"))]
)
def test_both_languages_name_the_same_values(key: str) -> None:
    texts = read_catalogue()[key]
    korean, english = (set(re.findall(r"{(\w+)}", texts[language])) for language in LANGUAGES)
    assert korean == english
    assert re.search("[가-힣]", texts["ko"])
