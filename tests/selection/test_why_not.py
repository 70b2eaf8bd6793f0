"""Why not: the gap that brings a cluster in, its bound, and the rules that bar it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, reject, settings

from clustermap.messages import say
from clustermap.selection.portfolio import Portfolio, Problem, solve
from clustermap.selection.rules import Cap, Exclusive, Ineligible, Must, MustNot
from clustermap.selection.why_not import (
    bound_gaps,
    explain_absence,
    tabulate_absence,
    tell_absence,
)
from tests.certain import certain
from tests.selection.hand import list_portfolios, make_problem, probe, problems


@given(problem=problems(most=6))
@settings(max_examples=40)
def test_a_gap_is_exactly_what_brings_a_cluster_in(problem: Problem) -> None:
    if (best := solve(problem)) is None:
        reject()
    every, bound = list_portfolios(problem), bound_gaps(problem, best)
    for at, cluster in enumerate(problem.clusters):
        missing = explain_absence(problem, best, cluster)
        with_it = every[every[:, at]]
        if not len(with_it):
            assert np.isnan(missing.gap)
            assert missing.barred
            continue
        lacking = best.value - (with_it @ problem.worth).max()
        assert missing.gap == lacking
        assert bound[at] <= lacking + 1e-6
        # With a unit more than that it is chosen, with a unit less (costs are whole) it is not.
        raised = problem.worth.copy()
        raised[at] += lacking + 1
        richer = certain(solve(replace(problem, worth=raised)))
        assert richer.chosen[at]
        if lacking > 1:
            raised[at] -= 2
            poorer = certain(solve(replace(problem, worth=raised)))
            assert not poorer.chosen[at]


@given(problem=problems(most=6))
@settings(max_examples=30)
def test_rules_that_bar_a_cluster_could_not_be_fewer(problem: Problem) -> None:
    if (best := solve(problem)) is None:
        reject()
    for at, cluster in enumerate(problem.clusters):
        barred = explain_absence(problem, best, cluster).barred
        for left_out in barred:
            kept = tuple(rule for rule in barred if rule is not left_out)
            money = problem.budget if problem.all_rules[0] in kept else problem.costs.sum()
            rules = tuple(rule for rule in kept if rule in problem.rules)
            fewer = replace(problem, budget=float(money), rules=rules)
            assert list_portfolios(fewer)[:, at].any()


def test_the_gap_of_probe_by_hand() -> None:
    # {A, B, D} is worth 9; with C the best is {B, C}, worth 7: C would have to be worth 5, not 3.
    problem = probe()
    best = certain(solve(problem))
    missing = explain_absence(problem, best, "C")
    assert (missing.gap, missing.factor) == (2, pytest.approx(5 / 3))
    assert "66.7 %" in say(tell_absence(missing)[0], "en")
    assert explain_absence(problem, best, "A").gap == 0
    # The relaxed optimum is {A, B} and 0.8 of C, worth 9.4; C is in it, so the bound says nothing.
    assert bound_gaps(problem, best).tolist() == [0, 0, 0, 0]
    with pytest.raises(ValueError, match="'E'"):
        explain_absence(problem, best, "E")


def test_the_bound_says_something_where_parts_are_out() -> None:
    # The relaxed optimum is the first five and half of the sixth, at 5 for a unit of money: 42.5.
    # Without parts it is 40. J (1) loses 4 of the first when forced in: it lacks 1.5 at least.
    problem = make_problem(list(range(10, 0, -1)), [1] * 10, 5.5)
    best = certain(solve(problem))
    assert best.value == 40
    assert bound_gaps(problem, best) == pytest.approx([0] * 8 + [0.5, 1.5])
    # Exactly it lacks 5: it would take the place of the fifth, worth 6.
    assert explain_absence(problem, best, "J").gap == 5


def test_rules_are_named() -> None:
    rules = (Must("A"), Exclusive(("A", "B")), Ineligible(("C",), "unrated"), MustNot("D"))
    problem = make_problem([1, 9, 9, 9, 9, 1], [1, 1, 1, 1, 99, 1], 2, *rules)
    best = certain(solve(problem))
    told = explain_absence(problem, best, "B").barred
    assert [rule.family for rule in told] == ["must A", "overlaps"]
    assert say(tell_absence(explain_absence(problem, best, "B"))[0], "en") == (
        "It cannot be chosen while these rules hold together: 'A' must be chosen, at most one of "
        "the clusters that share ground: A, B."
    )
    table = tabulate_absence(problem, best).set_index("cluster")
    assert table["barred"].to_dict() == {
        "A": "",
        "B": "must A; overlaps",
        "C": "unrated",
        "D": "must_not D",
        "E": "budget",
        "F": "",
    }
    assert table["gap"].dropna().to_dict() == {"A": 0, "F": 0}
    assert table["gap_bound"].isna().to_dict() == {
        key: bool(bars) for key, bars in table["barred"].items()
    }


def test_only_the_nearest_are_exact() -> None:
    problem = make_problem([*range(10, 1, -1), 0], [1] * 10, 5.5)
    best = certain(solve(problem))
    heard: list[tuple[int, int]] = []
    table = tabulate_absence(problem, best, nearest=2, listen=lambda *at: heard.append(at))
    # By the bound all but I (2) and J (0) are as near; F (5) and G (4) are worth most for money.
    unknown = [np.nan] * 3
    assert table["gap_bound"].to_numpy() == pytest.approx([0] * 8 + [0.5, 2.5])
    assert table["gap"].to_numpy() == pytest.approx([*[0] * 5, 1, 2, *unknown], nan_ok=True)
    assert table["factor"].to_numpy() == pytest.approx([*[1] * 5, 1.2, 1.5, *unknown], nan_ok=True)
    assert heard == [(1, 2), (2, 2)]
    # What is worth nothing has no factor, but a gap on demand.
    nothing = explain_absence(problem, best, "J")
    assert (nothing.gap, np.isnan(nothing.factor)) == (6, True)
    assert "no multiple" in say(tell_absence(nothing)[0], "en")


def test_a_tie_is_called_one() -> None:
    problem = make_problem([2, 2], [1, 1], 1, Cap("cap", "g", ("A", "B"), 1))
    best = certain(solve(problem))
    (left_out,) = problem.clusters[~best.chosen]
    missing = explain_absence(problem, best, left_out)
    assert (missing.gap, missing.factor) == (0, 1)
    assert "tie" in say(tell_absence(missing)[0], "en")


def test_a_portfolio_that_is_not_the_best_is_found_out() -> None:
    problem = probe()
    greedy = Portfolio(np.array([True, True, False, False]), 7.0, 12.0, 0.0)
    with pytest.raises(ArithmeticError, match="worth 9"):
        explain_absence(problem, greedy, "D")
