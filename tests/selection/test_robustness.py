"""Standings: bounds of shares, draws that decide, and Robust Portfolio Modelling by brute force."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from clustermap.messages import say
from clustermap.selection.portfolio import solve
from clustermap.selection.robustness import (
    FEWEST,
    Standings,
    bound_share,
    find_standings,
    name_standings,
    tell_standings,
)
from clustermap.selection.rules import Must
from tests.certain import certain
from tests.selection.hand import list_portfolios, make_problem, problems

if TYPE_CHECKING:
    from clustermap.selection.portfolio import Problem


def test_bounds_are_those_of_clopper_and_pearson() -> None:
    for hits, trials in ((0, 59), (1, 59), (58, 59), (59, 59), (100, 200)):
        test = binomtest(hits, trials, alternative="greater")
        low = test.proportion_ci(confidence_level=0.95, method="exact").low
        high = binomtest(hits, trials, alternative="less").proportion_ci(0.95, "exact").high
        found = bound_share([hits], [trials])
        assert found[0][0] == pytest.approx(low, abs=1e-12)
        assert found[1][0] == pytest.approx(high, abs=1e-12)


def test_fifty_nine_draws_are_the_fewest_that_decide() -> None:
    assert name_standings(*bound_share([FEWEST, 0], FEWEST)).tolist() == ["core", "exterior"]
    fewer = FEWEST - 1
    assert name_standings(*bound_share([fewer, 0], fewer)).tolist() == ["borderline"] * 2


def core_indices(problem: Problem, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Return the core index: the share of portfolios not dominated in which each project stands.

    The definition of Liesio, Mild and Salo over scores between bounds: one portfolio dominates
    another if it is worth at least as much by all scores that are possible and more by some. What
    two portfolios share cancels, so the least difference takes the one's own projects at their
    lowest and the other's own at their highest scores.
    """
    every = list_portfolios(problem).astype(float)

    def least_difference(one: np.ndarray, other: np.ndarray) -> float:
        own, its = np.maximum(one - other, 0), np.maximum(other - one, 0)
        return float(own @ low - its @ high)

    def dominated(at: int) -> bool:
        return any(
            least_difference(one, every[at]) >= 0 > least_difference(every[at], one)
            for one in every
        )

    kept = np.array([not dominated(at) for at in range(len(every))])
    return every[kept].mean(axis=0)


def test_the_core_index_of_three_projects_by_hand() -> None:
    # Two of three can be had. A is surely the best; B and C overlap: {A, B} and {A, C} are left.
    problem = make_problem([9, 4, 4], [1, 1, 1], 2)
    index = core_indices(problem, np.array([8.0, 3.0, 2.0]), np.array([9.0, 5.0, 4.0]))
    assert index.tolist() == [1, 0.5, 0.5]
    # C always below B: it stands in no portfolio that is not dominated.
    index = core_indices(problem, np.array([8.0, 3.0, 1.0]), np.array([9.0, 5.0, 2.0]))
    assert index.tolist() == [1, 1, 0]


@given(problem=problems(most=6), seed=st.integers(0, 99), spread=st.integers(1, 8))
@settings(max_examples=40)
def test_core_projects_stand_in_every_draw_and_exterior_ones_in_none(
    problem: Problem, seed: int, spread: int
) -> None:
    assume(len(list_portfolios(problem)) > 0)
    low, high = problem.worth + 1, problem.worth + 1 + spread
    index = core_indices(problem, low, high)
    draws = np.random.default_rng(seed).uniform(low, high, (20, len(low)))
    found = certain(find_standings(problem, draws))
    assert (found.inclusion[index == 1] == 1).all()
    assert (found.inclusion[index == 0] == 0).all()


def drawn_world(spread: float, draws: int = 118) -> tuple[Problem, np.ndarray]:
    random = np.random.default_rng(7)
    worth, costs = random.uniform(1, 10, 24), random.integers(1, 9, 24)
    problem = make_problem(worth.tolist(), costs.tolist(), 40)
    return problem, worth * np.exp(random.normal(0, spread, (draws, 24)))


def test_draws_without_doubt_decide_everything() -> None:
    problem, draws = drawn_world(0.0)
    best, found = certain(solve(problem)), certain(find_standings(problem, draws))
    assert set(found.standing[best.chosen]) == {"core"}
    assert set(found.standing[~best.chosen]) == {"exterior"}
    assert found.inclusion.tolist() == best.chosen.astype(float).tolist()


def test_what_is_decided_half_way_is_held_and_nothing_else() -> None:
    problem, draws = drawn_world(0.1)
    held = certain(find_standings(problem, draws))
    free = certain(find_standings(problem, draws, settle=False))
    assert (held.draws, set(free.counted)) == (118, {118})
    early = held.counted == 59
    assert 0 < early.sum() < 24
    assert set(held.counted) == {59, 118}
    assert set(held.inclusion[early]) <= {0.0, 1.0}
    assert set(held.standing[early]) <= {"core", "exterior"}
    # Every optimum is counted in full where nobody is held.
    each = [solve(make_problem(list(draw), problem.costs.tolist(), 40)) for draw in draws]
    share = np.mean([one.chosen for one in each if one is not None], axis=0)
    assert free.inclusion.tolist() == share.tolist()
    assert held.standing.tolist() == free.standing.tolist()


def test_progress_is_told_and_rules_that_leave_nothing_end_it() -> None:
    problem, draws = drawn_world(0.1, 3)
    heard: list[tuple[int, int]] = []
    found = find_standings(problem, draws, listen=lambda *at: heard.append(at))
    assert certain(found).draws == 3
    assert heard == [(1, 3), (2, 3), (3, 3)]
    barred = make_problem([1, 1], [5, 5], 8, Must("A"), Must("B"))
    assert find_standings(barred, np.ones((2, 2))) is None
    with pytest.raises(ValueError, match="no draws"):
        find_standings(problem, draws[:0])


def standings(inclusion: list[float], standing: list[str]) -> Standings:
    ids = np.array([f"C{at:02}" for at in range(len(inclusion))], dtype=object)
    share, none = np.array(inclusion), np.zeros(len(inclusion))
    counted = np.full(len(inclusion), 200)
    return Standings(ids, share, none, none, np.array(standing, dtype=object), counted, 200)


def test_where_the_data_do_not_decide_it_is_said() -> None:
    kinds = ["core", "borderline", "borderline", "borderline", "borderline", "exterior"]
    found = standings([1, 0.9, 0.4, 0.8, 0.09, 0], kinds)
    told = tell_standings(found, np.array([True, True, False, False, False, False]))
    core, undecided, leaning = (say(line, "en") for line in told)
    assert core.startswith("Of the 2 clusters chosen, 1 surely belong")
    assert "200 draws" in core
    assert undecided == (
        "Of 2 the data do not decide whether they belong (share of draws 20–80 %): C02, C03."
    )
    assert leaning.startswith("2 other borderline clusters lean one way")
    many = standings([0.5] * 12, ["borderline"] * 12)
    last = say(tell_standings(many, np.ones(12, dtype=bool))[-1], "ko")
    assert last.startswith("12곳은 선정할지를 데이터만으로 가릴 수 없습니다")
    assert last.count("C") == 10
    clear = standings([1, 0.9], ["core", "borderline"])
    keys = [line.key for line in tell_standings(clear, np.array([True, True]))]
    assert keys == ["selection.standing.core", "selection.standing.leaning"]
    settled = standings([1, 0], ["core", "exterior"])
    assert len(tell_standings(settled, np.array([True, False]))) == 1
