"""What a page carries of a selection: sentences in names and money, rules, and the budget path."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from clustermap.messages import LANGUAGES, Message, say
from clustermap.render.decision import describe_decision, find_terms
from clustermap.render.money import write_money
from clustermap.render.sentences import Sentences
from tests.certain import certain
from tests.render import decided


def describe(release: Any) -> tuple[Any, list[Any]]:
    sentences = Sentences()
    places = {str(cluster): at for at, cluster in enumerate(release.clusters.index)}
    return describe_decision(release, places, sentences), sentences.templates


def read(told: Any, templates: list[Any], language: str) -> str:
    template = templates[told[0]][language]
    texts = told[2] if len(told) > 2 and language == "en" else told[1]
    gaps = [*(texts[at] for at in template["gaps"]), ""]
    return "".join(a + b for a, b in zip(template["fixed"], gaps, strict=True))


def test_sentences_hold_names_labels_and_money() -> None:
    terms = find_terms(decided.small_release(), "KRW")
    message = Message(
        "selection.told.conflict",
        {
            "rules": (
                Message("selection.rule.budget", {"amount": "20,000,000,000"}),
                Message("selection.rule.must", {"cluster": "A"}),
                Message("selection.rule.must", {"cluster": "부산 해양단지 (가상)"}),
                Message("selection.rule.cap_share", {"group": "semiconductor", "end": "25"}),
            )
        },
    )
    told = {language: say(terms.tell(message, language), language) for language in LANGUAGES}
    for words in ("예산 200억 원", "'수원 나노단지 (가상)' 반드시", "'반도체·디스플레이'에"):
        assert words in told["ko"]
    for words in ("KRW 20 bn", "'Suwon Nano Park (fictional)' must", "'부산 해양단지 (가상)' must",
                  "'Semiconductors and displays'"):  # fmt: skip
        assert words in told["en"]
    # What is told plainly already, and a number that is no money, stay.
    plain = Message("selection.told.chosen", {"chosen": 2, "spent": "200억 원"})
    assert terms.tell(plain, "ko") == plain


@pytest.mark.parametrize(
    ("amount", "ko", "en"),
    [
        (0, "0 원", "KRW 0"),
        (9_000, "9,000 원", "KRW 9,000"),
        (50_000_000, "5,000만 원", "KRW 50 m"),
        (99_950_000, "1억 원", "KRW 100 m"),
        (1_250_000_000, "12.5억 원", "KRW 1.3 bn"),
        (999_990_000_000, "1조 원", "KRW 1 tn"),
        (1_234_500_000_000, "1조 2,345억 원", "KRW 1.2 tn"),
    ],
)
def test_money_is_written_in_units_that_are_read(amount: float, ko: str, en: str) -> None:
    assert (write_money(amount, "KRW", "ko"), write_money(amount, "KRW", "en")) == (ko, en)


def test_rules_are_told_as_they_ask_or_as_they_stand() -> None:
    release = decided.decided_release()
    given = certain(release.decision)
    table = given.why_not.copy()
    table.loc[(table["scenario"] == "default") & (table["cluster"] == "C"), "barred"] = (
        "unrated; 1 region min; no such {rule}"
    )
    content, templates = describe(replace(release, decision=replace(given, why_not=table)))
    barred = content["portfolios"][0]["barred"]
    told = [read(rule, templates, "en") for rule in barred["rules"][barred["codes"][2]]]
    assert told == [
        "the 2 clusters that the data do not rate may not be chosen",
        "at least 1 clusters of '대전광역시'",
        "no such {rule}",
    ]
    assert barred["rules"][barred["codes"][0]] == []


def test_what_is_lacked_is_told_of_those_not_chosen_alone() -> None:
    content, _ = describe(decided.decided_release())
    own = content["portfolios"][0]
    assert own["chosen"] == [0, 1]
    assert own["times"] == [None, None, 1.0667, 1.1, None, None]
    assert own["ineligible"]["texts"] == ["", "unrated"]
    assert content["cost"] == [cost * decided.UNIT for cost in decided.COSTS.values()]
    assert content["current"] is None
    funded, _ = describe(decided.decided_release(funded=True))
    assert funded["current"] == [30 * decided.UNIT, 0, 0, 45 * decided.UNIT, 0, 0]


def test_a_scenario_may_weigh_otherwise() -> None:
    release = decided.decided_release()
    given = certain(release.decision)
    table = given.portfolios.assign(capability_weight=[np.nan, 0.8], reach_exponent=[np.nan, 1.0])
    content, _ = describe(replace(release, decision=replace(given, portfolios=table)))
    weighed = [(one["capability"], one["exponent"]) for one in content["portfolios"]]
    assert weighed == [(0.5, 0.5), (0.8, 1.0)]


def test_without_a_decision_there_is_none() -> None:
    assert describe(decided.small_release()) == (None, [])
