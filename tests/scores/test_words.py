"""The words of scores and indicators: complete, and the same places in both languages."""

from __future__ import annotations

import re

import pytest

from clustermap.messages import LANGUAGES, read_catalogue
from clustermap.network import empirical_bayes, ratios
from clustermap.publish.suppression import EMPLOYEES_WITHHELD
from clustermap.scores.comparators import NOTHING_KNOWN
from clustermap.scores.explain import SECTIONS
from clustermap.scores.profile import PARTS
from clustermap.scores.rating import OF_RATIOS, REASONS
from clustermap.tables import DEFAULT_SCENARIO
from tests.scores.files import PROFILES

OURS = (
    "indicator.",
    "subscore.",
    "profile.",
    "reason.",
    "explain.",
    "note.",
    "fault.score_",
    "fault.profile_",
)
_OF_COUNTS = (empirical_bayes.TOO_FEW_LINKED, empirical_bayes.TOO_FEW_LINKS)
OF_PARTS = (
    *_OF_COUNTS,
    *(f"{reason}_inside" for reason in _OF_COUNTS),
    empirical_bayes.CHANCE_DECIDES,
)


@pytest.mark.parametrize("part", PARTS)
def test_every_part_has_a_name_and_a_meaning(part: str) -> None:
    assert {f"subscore.{part}.label", f"subscore.{part}.meaning"} <= read_catalogue().keys()


@pytest.mark.parametrize("name", PROFILES)
def test_every_profile_has_a_name_and_a_meaning(name: str) -> None:
    assert {f"profile.{name}.label", f"profile.{name}.meaning"} <= read_catalogue().keys()


def test_no_profile_has_the_name_of_the_projects_own_scenario() -> None:
    assert DEFAULT_SCENARIO not in PROFILES


@pytest.mark.parametrize(
    "reason",
    [*REASONS, *OF_RATIOS, *ratios.REASONS, *OF_PARTS, NOTHING_KNOWN, EMPLOYEES_WITHHELD],
)
def test_every_reason_has_words_that_need_no_values(reason: str) -> None:
    for language in LANGUAGES:
        assert "{" not in read_catalogue()[reason][language]


def test_every_sentence_of_an_explanation_stands_in_a_section() -> None:
    named = {key.split(".")[1] for key in read_catalogue() if key.startswith("explain.")}
    assert named == {"heading", "word", "null", *SECTIONS}
    headings = {key for key in read_catalogue() if key.startswith("explain.heading.")}
    assert headings == {f"explain.heading.{section}" for section in SECTIONS}


@pytest.mark.parametrize(
    "key", [key for key in read_catalogue() if key.startswith((*OURS, "fault.goalposts_"))]
)
def test_both_languages_name_the_same_values(key: str) -> None:
    texts = read_catalogue()[key]
    korean, english = (set(re.findall(r"{(\w+)}", texts[language])) for language in LANGUAGES)
    assert korean == english
    # Where a sentence is nothing but its values there is nothing to translate.
    assert re.search("[가-힣]", texts["ko"]) or not re.search(
        "[A-Za-z]", re.sub("{.*?}", "", texts["en"])
    )
