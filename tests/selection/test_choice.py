"""The choice of a scenario as a whole, and its tables."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from clustermap.messages import say
from clustermap.selection.choice import STEPS, Choice, choose, tell_choice, tell_phase_out
from clustermap.selection.comparators import Setting
from clustermap.selection.rules import Ineligible, Must, MustNot
from clustermap.selection.tabulate import tabulate_choices, tabulate_selection
from clustermap.tables import OUTPUT_TABLES
from tests.certain import certain
from tests.selection.hand import probe

if TYPE_CHECKING:
    from clustermap.selection.portfolio import Problem


def setting(problem: Problem, draws: np.ndarray | None) -> Setting:
    return Setting(
        problem.costs,
        problem.worth,
        draws,
        ("N", "N", "S", "S"),
        (("x",), ("x",), ("y",), ("y",)),
        np.array([10.0, 20, 30, np.nan]),
        np.array([100.0, 200, 300, 400]),
        np.array([70.0, 60, 50, 40]),
        np.array([1.0, 1, 1, 1]),
        np.array([0.0, 0, 10, 0]),
    )


@pytest.fixture
def chosen() -> Choice:
    # With B left out for want of data {A, C} is best: worth 6 for 14.
    problem = probe(20, Ineligible(("B",), "unrated"))
    draws = np.tile(problem.worth, (59, 1))
    draws[:, 1] = 99  # never chosen, whatever it is worth
    return choose("default", problem, setting(problem, draws), seed=1)


def test_all_that_must_stand_beside_is_there(chosen: Choice) -> None:
    heard: list[tuple[str, int, int]] = []
    again = choose(
        "default",
        chosen.problem,
        chosen.setting,
        seed=1,
        tell=lambda *at: heard.append(at),
    )
    assert {step for step, *_ in heard} == set(STEPS)
    assert [at for at in heard if at[0] == "draws"][-1] == ("draws", 59, 59)
    assert certain(chosen.best).value == 6
    assert certain(chosen.standings).inclusion.tolist() == [1, 0, 1, 0]
    assert chosen.prices.to_dict("records") == [
        {
            "rule": "unrated",
            "price": 3,
            "value": 9,
            "enter": 2,
            "leave": 1,
            "entering": ("B", "D"),
        }
    ]
    assert chosen.absence["freed_by"].tolist() == ["", "unrated", "", "unrated"]
    ways = ["selection", "equal", "proportional", "top", "random", "current"]
    assert chosen.compared["comparator"].drop_duplicates().tolist() == ways
    assert again.compared.equals(chosen.compared)
    # The equal split is over the eligible alone: 20 among three that need 4, 10 and 8.
    equal = chosen.compared.set_index(["comparator", "curve"]).loc[("equal", "linear")]
    assert (equal["clusters"], equal["money"]) == (3, 20)


def test_what_was_chosen_is_told(chosen: Choice) -> None:
    lines = [say(line, "en") for line in tell_choice(chosen)]
    assert lines[0].startswith("Under the budget and the rules 2 clusters are worth most together")
    assert "2 surely belong" in lines[1]
    assert lines[-1] == "Left out: the 1 clusters that the data do not rate may not be chosen."
    problem = chosen.problem
    undrawn = choose("default", problem, setting(problem, None), seed=1)
    assert undrawn.standings is None
    assert "no draws" in say(tell_choice(undrawn)[1], "en")
    assert undrawn.compared["beaten"].isna().all()


def test_who_is_funded_now_and_would_not_be_is_told(chosen: Choice) -> None:
    # B may not be chosen, D never is; of C nothing changes.
    funded = replace(chosen.setting, current=np.array([0.0, 5.0, 10.0, 7.5]))
    (line,) = tell_phase_out(replace(chosen, setting=funded))
    assert say(line, "en") == (
        "Of 3 clusters with public money now, 2 (with 12.5) would not be chosen: of 1 that is sure,"
        " of 0 it is not, and 1 are not eligible."
    )
    assert line in tell_choice(replace(chosen, setting=funded))
    (undrawn,) = tell_phase_out(replace(chosen, setting=funded, standings=None))
    assert undrawn.key == "selection.told.phase_out_undrawn"
    table = tabulate_selection(replace(chosen, setting=funded))
    out = table[(table["current"] > 0) & (table["selected"] == 0)]
    assert out["cluster"].tolist() == ["B", "D"]
    for nobody in (None, np.zeros(4)):
        assert tell_phase_out(replace(chosen, setting=replace(funded, current=nobody))) == ()


def test_tables_are_as_declared(chosen: Choice) -> None:
    problem = probe(20, Must("A"), MustNot("A"))
    none = choose("none", problem, setting(problem, None), seed=1)
    assert none.best is None
    assert "'A' must be chosen, 'A' must not be chosen" in say(tell_choice(none)[0], "en")
    rated = np.array([True, False, True, True])
    tables = tabulate_choices([chosen, none], [rated, rated])
    declared = {table.name: table for table in OUTPUT_TABLES}
    for name, frame in tables.items():
        assert list(frame.columns) == [column.name for column in declared[name].columns]
        for column in declared[name].columns:
            if column.required:
                assert frame[column.name].notna().all(), (name, column.name)
            if column.choices:
                assert set(frame[column.name]) <= set(column.choices)
    selection = tables["selection"].set_index(["scenario", "cluster"])
    assert selection.loc["default"]["selected"].tolist() == [1, 0, 1, 0]
    assert selection.loc["default"]["ineligible"].tolist() == ["", "unrated", "", ""]
    assert selection.loc["none"]["selected"].isna().all()
    assert set(selection.loc["none"]["standing"]) == {"undrawn"}
    whole = tables["portfolios"].set_index("scenario")
    assert whole.loc["default", ["worth", "spent", "chosen", "core"]].tolist() == [6, 14, 2, 2]
    assert whole.loc["default", ["unrated", "unrated_cost", "unrated_chosen"]].tolist() == [1, 8, 0]
    assert whole.loc["default", "proven"] == 0
    assert whole["feasible"].tolist() == [1, 0]
    prices = tables["rule_prices"].set_index(["scenario", "rule"])["conflict"]
    assert prices.to_dict() == {
        ("default", "unrated"): 0,
        ("none", "must A"): 1,
        ("none", "must_not A"): 1,
    }


def test_tables_of_nothing_have_their_columns() -> None:
    problem = probe(2, Must("A"))
    none = choose("none", problem, setting(problem, None), seed=1)
    tables = tabulate_choices([none], [np.ones(4, dtype=bool)])
    assert tables["budget_path"].empty
    assert tables["why_not"].columns.tolist()[:2] == ["scenario", "cluster"]
    assert tables["rule_prices"]["rule"].tolist() == ["budget", "must A"]
