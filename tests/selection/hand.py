"""Small problems, and what every portfolio of them is worth."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from hypothesis import strategies as st

from clustermap.selection.portfolio import Problem
from clustermap.selection.rules import (
    Cap,
    Exclusive,
    Floor,
    Ineligible,
    Must,
    MustNot,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clustermap.selection.rules import Rule

MOST = 15
"""Clusters that all portfolios can be listed of."""


def make_problem(
    worth: Sequence[float], costs: Sequence[float], budget: float, *rules: Rule
) -> Problem:
    """Return a problem of clusters A, B, C, ..."""
    ids = np.array([chr(ord("A") + at) for at in range(len(worth))], dtype=object)
    return Problem(ids, np.array(worth, float), np.array(costs, float), float(budget), rules)


def probe(budget: float = 20, *rules: Rule) -> Problem:
    """Return the four projects of PROBE 2012, table 1: {A, B, D} are worth 9 for 20."""
    return make_problem([3, 4, 3, 2], [4, 8, 10, 8], budget, *rules)


def named(problem: Problem, chosen: Any) -> str:
    """Return the ids of the chosen, one after the other."""
    return "".join(sorted(problem.clusters[np.asarray(chosen, dtype=bool)]))


def list_portfolios(problem: Problem) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Return every portfolio that keeps the rules, by what each rule says and not by its rows."""
    every = np.array(list(product([False, True], repeat=len(problem.clusters))))
    kept = every @ problem.costs <= problem.budget * (1 + 1e-12)
    for rule in problem.rules:
        kept &= keeps(rule, problem, every)
    return every[kept]


def keeps(rule: Rule, problem: Problem, every: Any) -> Any:
    """Tell which portfolios keep a rule."""
    names = list(problem.clusters)
    if isinstance(rule, Must):
        return every[:, names.index(rule.cluster)]
    if isinstance(rule, MustNot):
        return ~every[:, names.index(rule.cluster)]
    members = rule.members if isinstance(rule, Floor | Cap) else rule.clusters
    inside = np.array([name in members for name in names])
    count = every[:, inside].sum(axis=1)
    if isinstance(rule, Exclusive):
        return count <= 1
    if isinstance(rule, Ineligible):
        return count == 0
    part, whole = every[:, inside] @ problem.costs[inside], every @ problem.costs
    if isinstance(rule, Floor):
        return count >= rule.least if rule.measure == "clusters" else part >= rule.least * whole
    return count <= rule.most if rule.measure == "clusters" else part <= rule.most * whole


@st.composite
def problems(draw: Any, most: int = 8) -> Problem:
    """Draw a problem of whole numbers; shares are eighths, so that no sum is rounded."""
    size = draw(st.integers(1, most))
    ids = [chr(ord("A") + at) for at in range(size)]
    numbers = st.lists(st.integers(0, 30), min_size=size, max_size=size)
    worth, costs = draw(numbers), draw(numbers)
    some = st.lists(st.sampled_from(ids), unique=True, max_size=size).map(tuple)
    one, eighth = st.sampled_from(ids), st.integers(0, 8).map(lambda n: n / 8)
    few = st.integers(0, 3)
    rule = st.one_of(
        st.builds(Floor, st.just("floor"), st.just("g"), some, few, st.just("clusters")),
        st.builds(Floor, st.just("floor share"), st.just("g"), some, eighth, st.just("share")),
        st.builds(Cap, st.just("cap"), st.just("g"), some, few, st.just("clusters")),
        st.builds(Cap, st.just("cap share"), st.just("g"), some, eighth, st.just("share")),
        st.builds(Must, one),
        st.builds(MustNot, one),
        st.builds(Exclusive, some),
        st.builds(Ineligible, some),
    )
    rules = draw(st.lists(rule, max_size=5))
    order = draw(st.permutations(ids))
    budget = draw(st.integers(0, 120))
    return Problem(
        np.array(order, dtype=object),
        np.array(worth, float),
        np.array(costs, float),
        float(budget),
        tuple(rules),
    )
