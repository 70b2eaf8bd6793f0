"""Portfolios: the optimum against every portfolio there is, published optima, and conflicts."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from clustermap.messages import say
from clustermap.selection.portfolio import (
    Problem,
    check_bound,
    find_conflict,
    relax,
    solve,
    value_clusters,
)
from clustermap.selection.rules import (
    Cap,
    Exclusive,
    Floor,
    Ineligible,
    Must,
    MustNot,
    Row,
)
from tests.certain import certain
from tests.indicators.oracles import oracle
from tests.selection.hand import keeps, list_portfolios, make_problem, named, probe, problems

if TYPE_CHECKING:
    from clustermap.selection.rules import Rule


@given(problem=problems())
@settings(max_examples=150)
def test_the_optimum_is_that_of_all_portfolios(problem: Problem) -> None:
    every, best = list_portfolios(problem), solve(problem)
    if best is None:
        assert len(every) == 0
        return
    assert best.value == (every @ problem.worth).max()
    assert best.value == problem.worth[best.chosen].sum()
    assert best.cost == problem.costs[best.chosen].sum() <= problem.budget
    assert best.gap == 0
    assert all(keeps(rule, problem, best.chosen[None])[0] for rule in problem.rules)


@given(problem=problems(most=15))
@settings(max_examples=5)
def test_the_optimum_of_fifteen_is_that_of_all_portfolios(problem: Problem) -> None:
    every, best = list_portfolios(problem), solve(problem)
    found = np.nan if best is None else best.value
    assert found == (every @ problem.worth).max() if len(every) else best is None


@given(problem=problems(), seed=st.integers(0, 99))
@settings(max_examples=40)
def test_the_order_of_clusters_and_rules_changes_nothing(problem: Problem, seed: int) -> None:
    random = np.random.default_rng(seed)
    order = random.permutation(len(problem.clusters))
    rules = tuple(problem.rules[at] for at in random.permutation(len(problem.rules)))
    other = Problem(
        problem.clusters[order], problem.worth[order], problem.costs[order], problem.budget, rules
    )
    one, two = solve(problem), solve(other)
    assert (one is None) == (two is None)
    if one is not None and two is not None:
        assert named(problem, one.chosen) == named(other, two.chosen)


@given(problem=problems(), more=st.integers(0, 60))
@settings(max_examples=60)
def test_more_money_is_never_worth_less(problem: Problem, more: int) -> None:
    if (best := solve(problem)) is None:
        reject()
    richer = certain(solve(replace(problem, budget=problem.budget + more)))
    assert richer.value >= best.value


@given(problem=problems())
@settings(max_examples=60)
def test_nothing_is_worth_more_than_the_relaxed_optimum(problem: Problem) -> None:
    if (best := solve(problem)) is None:
        reject()
    relaxed = certain(relax(problem))
    assert relaxed.value >= best.value - 1e-6
    forced = np.eye(len(problem.clusters), dtype=bool)
    for at, inside in enumerate(forced):
        held = solve(problem, inside=inside)
        if held is not None:
            assert held.value <= relaxed.value - relaxed.lost[at] + 1e-6


@given(problem=problems())
@settings(max_examples=100)
def test_a_conflict_is_irreducible(problem: Problem) -> None:
    conflict = find_conflict(problem)
    assert (len(list_portfolios(problem)) == 0) == bool(conflict)
    assert set(conflict) <= set(problem.all_rules)
    free = replace(problem, budget=float(problem.costs.sum()))
    for left_out in conflict:
        others = [rule for rule in conflict if rule is not left_out]
        budget = problem.budget if problem.all_rules[0] in others else free.budget
        rules = tuple(rule for rule in others if rule in problem.rules)
        assert len(list_portfolios(replace(problem, budget=budget, rules=rules))) > 0


def test_a_conflict_names_its_rules() -> None:
    rules = (
        Cap("cap", "서울", ("A", "B"), 1),
        Must("A"),
        MustNot("D"),
        Floor("floor", "서울", ("A", "B"), 2),
        Must("C"),
    )
    conflict = find_conflict(probe(30, *rules))
    assert [say(rule.name, "en") for rule in conflict] == [
        "at most 1 clusters of '서울'",
        "at least 2 clusters of '서울'",
    ]
    dear = find_conflict(probe(12, Must("A"), Must("C")))
    assert [say(rule.name, "ko") for rule in dear] == [
        "예산 12",
        "'A' 반드시 포함",
        "'C' 반드시 포함",
    ]
    assert find_conflict(probe()) == ()


def test_the_optimum_of_probe_is_not_what_greed_takes() -> None:
    problem = probe()
    best = certain(solve(problem))
    assert (named(problem, best.chosen), best.value, best.cost) == ("ABD", 9, 20)
    greedy = np.cumsum(problem.costs) <= 20  # in the order of value for money
    assert (named(problem, greedy), problem.worth[greedy].sum()) == ("AB", 7)


def test_the_portfolios_of_probe_are_those_published() -> None:
    told = json.loads(oracle("knapsack", "probe2012_table1.json").read_text(encoding="utf-8"))
    worth, costs = np.array(told["v"]), np.array(told["c"])
    assert (worth.tolist(), costs.tolist()) == ([3, 4, 3, 2], [4, 8, 10, 8])
    efficient = {"".join("ABCD"[at - 1] for at in one) for one in told["efficient"]}
    found = set()
    for budget in range(31):
        problem = make_problem(worth.tolist(), costs.tolist(), budget)
        best = certain(solve(problem))
        # Of portfolios of equal worth the cheapest is efficient.
        least = min(one @ costs for one in list_portfolios(problem) if one @ worth == best.value)
        assert best.cost >= least
        found |= {
            named(problem, one)
            for one in list_portfolios(problem)
            if one @ worth == best.value and one @ costs == least
        }
        assert named(problem, best.chosen) in efficient or best.cost > least
    assert found >= efficient
    best = certain(solve(make_problem(worth.tolist(), costs.tolist(), 20)))
    assert (best.value, best.cost) == (told["B20_value"], told["B20_cost"])
    assert best.chosen.tolist() == [at in told["B20_optimal"] for at in (1, 2, 3, 4)]


def read_mknap1() -> list[tuple[float, np.ndarray, np.ndarray, np.ndarray]]:
    """Return the optimum, profits, weights and capacities of each problem."""
    numbers = iter(
        float(word) for word in oracle("knapsack", "mknap1.txt").read_text("utf-8").split()
    )
    found = []
    for _ in range(int(next(numbers))):
        size, limits, optimum = int(next(numbers)), int(next(numbers)), next(numbers)
        profits = np.array([next(numbers) for _ in range(size)])
        weights = np.array([[next(numbers) for _ in range(size)] for _ in range(limits)])
        capacities = np.array([next(numbers) for _ in range(limits)])
        found.append((optimum, profits, weights, capacities))
    return found


class Limit:
    """A budget of its own, e.g. of one of several years."""

    def __init__(self, weights: np.ndarray, capacity: float) -> None:
        self.family, self.weights, self.capacity = f"limit {capacity}", weights, capacity

    def rows(self, at: dict[str, int], costs: np.ndarray) -> list[Row]:
        del costs
        places = np.array([at[f"{n:02}"] for n in range(len(self.weights))])
        order = np.argsort(places)
        return [Row(places[order], self.weights[order], -np.inf, self.capacity)]


def solve_limits(profits: np.ndarray, weights: np.ndarray, capacities: np.ndarray) -> float:
    ids = np.array([f"{n:02}" for n in range(len(profits))], dtype=object)
    limits: Any = [Limit(row, capacity) for row, capacity in zip(weights, capacities, strict=True)]
    best = certain(
        solve(Problem(ids, profits, weights[0], float(capacities[0]), tuple(limits[1:])))
    )
    assert (weights[:, best.chosen].sum(axis=1) <= capacities).all()
    return best.value


def test_an_optimum_with_several_budgets_is_that_published() -> None:
    # The first problem of mknap1 (Petersen 1967), whose optimum is 3800.
    profits = np.array([100, 600, 1200, 2400, 500, 2000.0])
    weights = np.array(
        [
            *([8, 12, 13, 64, 22, 41], [8, 12, 13, 75, 22, 41], [3, 6, 4, 18, 6, 4]),
            *([5, 10, 8, 32, 6, 12], [5, 13, 8, 42, 6, 20], [5, 13, 8, 48, 6, 20]),
            *([0, 0, 0, 0, 8, 0], [3, 0, 4, 0, 8, 0], [3, 2, 4, 0, 8, 4], [3, 2, 4, 8, 8, 4.0]),
        ]
    )
    capacities = np.array([80, 96, 20, 36, 44, 48, 10, 18, 22, 24.0])
    assert solve_limits(profits, weights, capacities) == 3800


def test_optima_of_mknap1_are_those_published() -> None:
    told = read_mknap1()
    assert [optimum for optimum, *_ in told] == [3800, 8706.1, 4015, 6120, 12400, 10618, 16537]
    for optimum, *rest in told:
        assert solve_limits(*rest) == pytest.approx(optimum, abs=1e-9)


def test_a_budget_is_kept_to_the_last_unit() -> None:
    # The solver would let the two pass: their sum is over by a part in a million million.
    costs = [600_000_000_000.0, 400_000_000_001.0, 399_999_999_999.0]
    problem = make_problem([3, 2, 1], costs, 1_000_000_000_000)
    best = certain(solve(problem))
    assert (named(problem, best.chosen), best.value) == ("AC", 4)
    whole = certain(solve(replace(problem, budget=1_000_000_000_001.0)))
    assert named(problem, whole.chosen) == "AB"


def test_an_optimum_that_another_exceeds_is_refused() -> None:
    check_bound(9.0, 9.0, 0.0)
    check_bound(9.05, 9.0, 0.01)
    with pytest.raises(ArithmeticError, match=r"worth 9\.05: it found 9\.0"):
        check_bound(9.05, 9.0, 0.0)


def test_rules_are_written_with_their_ends() -> None:
    problem = make_problem([9, 8, 1, 1], [1, 1, 1, 1], 2)

    def choose(*rules: Rule) -> str:
        best = solve(replace(problem, rules=rules))
        return "none" if best is None else named(problem, best.chosen)

    assert choose() == "AB"
    assert choose(Exclusive(("A", "B"))) in {"AC", "AD"}
    assert choose(MustNot("A"), Must("D")) == "BD"
    assert choose(Ineligible(("A", "B"), "unrated")) == "CD"
    assert choose(Floor("f", "g", ("C", "D"), 1)) in {"AC", "AD"}
    assert choose(Floor("f", "g", ("D",), 0.5, "share")) == "AD"
    assert choose(Cap("f", "g", ("A", "B"), 0.5, "share")) in {"AC", "AD"}
    assert choose(Cap("f", "g", ("A",), 0)) == choose(MustNot("A")) != "AB"
    assert choose(Must("A"), MustNot("A")) == "none"
    assert choose(Floor("f", "g", (), 1)) == "none"
    with pytest.raises(ValueError, match="'E'"):
        choose(Must("E"))


def test_a_problem_must_make_sense() -> None:
    ids = np.array(["A", "B"], dtype=object)
    one = np.ones(2)
    with pytest.raises(ValueError, match="twice"):
        Problem(np.array(["A", "A"], dtype=object), one, one, 1)
    with pytest.raises(ValueError, match="length"):
        Problem(ids, np.ones(3), one, 1)
    with pytest.raises(ValueError, match="worth"):
        Problem(ids, np.array([1, np.nan]), one, 1)
    with pytest.raises(ValueError, match="costs"):
        Problem(ids, one, -one, 1)
    with pytest.raises(ValueError, match="budget"):
        Problem(ids, one, one, -1)
    assert Problem(ids, one, one, 1, (Must("A"), Must("B"), Must("A"))).families == (
        "must A",
        "must B",
    )


def test_what_a_cluster_is_worth() -> None:
    # Of 100 points each, four times the people are worth twice; r = 0 leaves size out of it.
    worth = value_clusters([100.0, 100.0], [100.0, 100.0], [1.0, 4.0])
    assert worth.tolist() == [100, 200]
    assert value_clusters([20.0], [80.0], [9.0], weight=0.25, exponent=0).tolist() == [65]
    # What is not known of merit is left to the other; without either nothing is said.
    some = value_clusters([np.nan, 40.0, np.nan], [60.0, np.nan, np.nan], [1.0, 1.0, 1.0])
    assert some[:2].tolist() == [60, 40]
    assert np.isnan(some[2])
    draws = value_clusters([50.0, 50.0], [[50.0, 70.0], [30.0, 50.0]], [1.0, 1.0])
    assert draws.tolist() == [[50, 60], [40, 50]]
