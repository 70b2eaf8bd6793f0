"""Prices of rules, the budget path of PROBE, and who would be phased out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, reject, settings

from clustermap.selection.budget import (
    SHARES,
    list_phase_out,
    order_by_value_for_money,
    price_rules,
    tabulate_path,
    tabulate_steps,
    trace_budget,
)
from clustermap.selection.portfolio import Problem, solve
from clustermap.selection.rules import Cap, Floor, Ineligible, Must, MustNot
from tests.certain import certain
from tests.selection.hand import list_portfolios, make_problem, named, probe, problems


@given(problem=problems())
@settings(max_examples=40)
def test_a_price_is_the_difference_of_two_optima(problem: Problem) -> None:
    if (best := solve(problem)) is None:
        reject()
    prices = price_rules(problem, best)
    assert tuple(prices["rule"]) == problem.families
    for rule, price, value in prices[["rule", "price", "value"]].itertuples(index=False):
        free = problem.without(rule)
        optimum = (list_portfolios(free) @ problem.worth).max()
        assert (value, price) == (optimum, optimum - best.value)
        assert price >= 0


def test_prices_of_probe_by_hand() -> None:
    # Without rules {A, B, D} is worth 9 for 20. C is forced in: {B, C} is worth 7. Without A
    # barred {A, C} is worth 6: no more; without C forced {B, D} is worth 6.
    problem = probe(20, Must("C"), MustNot("A"), Cap("cap", "g", ("B",), 1))
    best = certain(solve(problem))
    assert (named(problem, best.chosen), best.value) == ("BC", 7)
    heard: list[tuple[int, int]] = []
    prices = price_rules(problem, best, listen=lambda *at: heard.append(at))
    assert prices["rule"].tolist() == ["must C", "must_not A", "cap"]
    assert prices["price"].tolist() == [0, 0, 0]
    assert heard == [(1, 3), (2, 3), (3, 3)]
    problem = probe(20, Must("C"))
    best = certain(solve(problem))
    (price,) = price_rules(problem, best).to_dict("records")
    assert price == {
        "rule": "must C",
        "price": 2,
        "value": 9,
        "enter": 2,
        "leave": 1,
        "entering": ("A", "D"),
    }


def test_a_rule_of_several_groups_is_priced_as_a_whole() -> None:
    floors = (Floor("one each", "N", ("C",), 1), Floor("one each", "S", ("D",), 1))
    problem = make_problem([5, 4, 1, 1], [1, 1, 1, 1], 2, *floors)
    best = certain(solve(problem))
    (price,) = price_rules(problem, best).to_dict("records")
    assert (price["rule"], price["price"], price["enter"], price["leave"]) == ("one each", 7, 2, 2)
    assert price_rules(probe(), best).empty


def test_the_path_of_probe_drops_out() -> None:
    # Budgets 20, 22 and 30: {A, B, D}, then {A, B, C} without D, then all.
    problem = probe(20)
    path = trace_budget(problem, shares=(1.5, 1.0, 1.1))
    assert path.budgets == pytest.approx((20, 22, 30))
    assert [named(problem, one) for one in path.chosen] == ["ABD", "ABC", "ABCD"]
    assert [named(problem, one) for one in path.dropped] == ["", "D", ""]
    assert path.order.tolist() == [1, 2, 3, 4]
    table = tabulate_path(path)
    assert table["share"].tolist() == [1.0, 1.1, 1.5]
    assert table["value"].tolist() == [9, 10, 12]
    assert table["cost"].tolist() == [20, 22, 30]
    assert table["clusters"].tolist() == [3, 3, 4]
    assert table["dropped"].tolist() == [0, 1, 0]
    steps = tabulate_steps(path)
    at = steps[steps["share"] == 1.1]
    assert dict(zip(at["cluster"], at["selected"], strict=True)) == {"A": 1, "B": 1, "C": 1, "D": 0}
    assert steps.set_index(["share", "cluster"]).loc[(1.1, "D"), "value_for_money"] == 4


def test_where_rules_leave_nothing_the_path_says_so() -> None:
    path = trace_budget(probe(20, Must("C")), shares=(0.25, 0.5, 1.0))
    table = tabulate_path(path)
    assert table["feasible"].tolist() == [0, 1, 1]
    assert table["value"].isna().tolist() == [True, False, False]
    assert path.dropped.sum() == 0
    # Nobody drops out where nothing is possible at all.
    problem = make_problem([1, 1], [1, 2], 4, Floor("f", "g", ("B",), 0.9, "share"))
    assert trace_budget(problem, shares=(0.25, 1.0)).dropped.sum() == 0


@given(problem=problems(most=6))
@settings(max_examples=15)
def test_the_path_never_falls(problem: Problem) -> None:
    table = tabulate_path(trace_budget(problem))
    assert table["share"].tolist() == list(SHARES)
    assert (SHARES[0], SHARES[-1], len(SHARES)) == (0.1, 2.0, 20)
    values = table["value"].to_numpy()
    known = values[~np.isnan(values)]
    assert (np.diff(known) >= 0).all()
    # What is possible with some money stays possible with more.
    assert (np.diff(table["feasible"]) >= 0).all()


def test_value_for_money_of_what_is_free() -> None:
    problem = make_problem([0, 3, 6, 1], [0, 1, 2, 0], 1)
    assert order_by_value_for_money(problem).tolist() == [4, 2, 2, 1]


def test_who_is_funded_and_not_chosen_is_phased_out() -> None:
    problem = probe()
    best = certain(solve(problem))
    found = list_phase_out(problem, [5, np.nan, 7, 0], best.chosen, [1, 0.9, 0.1, 0.6])
    assert found.to_dict("records") == [
        {"cluster": "C", "money": 7.0, "value": 3.0, "inclusion": 0.1}
    ]
    nobody = np.zeros(4, dtype=bool)
    all_ = list_phase_out(problem, [5, 6, 7, 0], nobody, [0.1, 0.1, 0, 0])
    assert all_["cluster"].tolist() == ["C", "B", "A"]


def test_who_may_not_be_chosen_has_no_place_by_value_for_money() -> None:
    # For a unit of money: A 3/4, B 4/8, C 3/10, D 2/8.
    assert order_by_value_for_money(probe(20, Ineligible(("B",)))).tolist() == [1, 0, 2, 3]
    assert order_by_value_for_money(probe(20)).tolist() == [1, 2, 3, 4]
