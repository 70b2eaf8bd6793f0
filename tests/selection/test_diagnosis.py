"""Situations: Kleene's logic, one diagnosis by hand, and words in both languages."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest

from clustermap.messages import LANGUAGES, Message, say
from clustermap.selection.conditions import CONDITIONS
from clustermap.selection.diagnosis import (
    OECD_1999,
    OURS,
    SITUATIONS,
    Situation,
    join_conditions,
    read_diagnosis,
    tabulate_diagnosis,
)
from clustermap.tables import DIAGNOSIS
from tests.selection.test_conditions import draw_findings

NAN = float("nan")


def test_what_is_not_known_does_not_hide_what_fails() -> None:
    values = (0.0, 1.0, NAN)
    pairs = np.array(list(product(values, values)))
    found = join_conditions([pairs[:, 0], pairs[:, 1]])
    assert found.tolist() == pytest.approx(
        [0, 0, 0, 0, 1, NAN, 0, NAN, NAN],
        nan_ok=True,
    )


def test_a_diagnosis_by_hand() -> None:
    table = tabulate_diagnosis(draw_findings())
    assert list(table) == [column.name for column in DIAGNOSIS.columns]
    whole = table[table["condition"] == ""].set_index(["situation", "cluster"])["holds"]
    told = {
        key: [None if pd.isna(v) else int(v) for v in whole[key]] for key in whole.index.levels[0]
    }
    assert told == {
        # Fewer links inside and, of support bodies or brokers, few brokers.
        "limited_interaction": [1, None],
        "institutional_mismatch": [1, 0],
        # B takes part less than typical, but too few partners are near to tell.
        "information_failure": [0, None],
        "missing_customers": [0, None],
        "inefficient_markets": [1, None],
        "government_failure": [1, 0],
    }
    open_ = table.set_index(["cluster", "situation", "condition"])["open"]
    assert open_["B", "information_failure", ""] == "diagnosis.open.few_near"
    assert open_["A", "limited_interaction", ""] == ""


def test_a_diagnosis_is_said_with_its_numbers() -> None:
    found = read_diagnosis(tabulate_diagnosis(draw_findings()))
    assert list(found) == ["A", "B"]
    first, *_ = found["A"]
    assert (first.situation.key, first.state) == ("limited_interaction", "seen")
    assert [each.holds for each in first.evidence] == [True, False, True]
    assert say(first.evidence[0].told, "en") == (
        "Links near by are 0.50 times what is typical (90 % interval 0.35–0.71)."
    )
    assert "16건" in say(first.evidence[1].told, "ko")
    assert [each.state for each in found["B"]] == [
        *("undecided", "not_seen", "undecided", "undecided", "undecided", "not_seen")
    ]
    assert found["B"][0].evidence[0].told.key == "diagnosis.open.not_decided"


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda situation: situation.key)
def test_every_situation_has_its_words(situation: Situation) -> None:
    messages = (situation.seen, situation.failure, *situation.answers)
    assert len(messages) == 2 + situation.responses
    for message, language in product(messages, LANGUAGES):
        assert len(say(message, language)) > 3
    assert {key for group in situation.conditions for key in group} <= set(CONDITIONS)


def test_every_condition_belongs_to_one_situation() -> None:
    used = [key for each in SITUATIONS for group in each.conditions for key in group]
    assert sorted(used) == sorted(CONDITIONS)


def test_what_is_ours_and_what_is_not_is_said() -> None:
    assert "clustermap" in say(Message(OURS), "ko")
    assert all("OECD" in say(Message(OECD_1999), language) for language in LANGUAGES)
