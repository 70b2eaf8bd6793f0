"""Terms: profile, budget and weights."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.certain import certain
from tests.stages.changing.ground import Ground, told


def test_budgets_and_weights_change_the_project(ground: Ground) -> None:
    _, altered = ground.change("budget_times = 0.5")
    assert certain(altered.project.select).budget == 1.5
    assert altered.project.scenarios["rich"].budget == 3
    assert altered.project.scenarios["open"].budget is None
    assert told(altered) == ["The budget is 1.5 instead of 3."]
    _, altered = ground.change("budget = 5")
    budget = certain(altered.project.select).budget
    assert (budget, altered.project.scenarios["rich"].budget) == (5, 6)
    _, altered = ground.change("weights_times = { openness = 2 }")
    weights = certain(altered.weights)
    assert weights["openness"] == pytest.approx(2 * weights["embeddedness"])
    assert "Openness 29 %" in told(altered)[0]  # two of seven
    _, altered = ground.change("weights = { openness = 1, diversity = 3, brokerage = 2 }")
    assert altered.weights == {"openness": 1, "diversity": 3, "brokerage": 2}
    _, altered = ground.change('profile = "eu_stars"')
    assert altered.project.score.profile == "eu_stars"
    assert told(altered) == ["The profile is eu_stars instead of balanced."]


def test_without_a_budget_none_can_change(ground: Ground) -> None:
    bare = ground.project.model_copy(update={"select": None, "scenarios": {}})
    assert "[select]" in replace(ground, project=bare).refuse("budget_times = 2")
