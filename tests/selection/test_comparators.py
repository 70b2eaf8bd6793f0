"""Comparators: money given out in simpler ways, and what it brings by three curves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from clustermap.selection.comparators import (
    CURVES,
    Setting,
    compare,
    draw_portfolios,
    herfindahl,
    respond,
    share_out,
    take_top,
)
from clustermap.selection.portfolio import solve
from clustermap.selection.rules import Must
from tests.certain import certain
from tests.selection.hand import keeps, make_problem, probe

SHARES = arrays(float, st.integers(1, 8), elements=st.floats(0, 3))
NEEDS = st.lists(st.integers(0, 50), min_size=1, max_size=8)


def test_the_whole_need_brings_the_whole_by_every_curve() -> None:
    assert [respond([0, 1], curve).tolist() for curve in CURVES] == [[0, 1]] * 3
    # A third of three times 0.5 computed with rounding is one half all the same.
    assert respond(3 * 0.1 / 0.6, "threshold").tolist() == 1


@given(share=SHARES)
def test_more_money_brings_no_less(share: np.ndarray) -> None:
    for curve in CURVES:
        ordered = respond(np.sort(share), curve)
        assert (np.diff(ordered) >= 0).all()
        assert ((ordered >= 0) & (ordered <= 1)).all()
    assert (respond(share, "root") >= respond(share, "linear")).all()


@given(needs=NEEDS, budget=st.integers(0, 300), seed=st.integers(0, 9))
def test_all_money_is_given_out_and_nobody_gets_more_than_the_need(
    needs: list[int], budget: int, seed: int
) -> None:
    weights = np.random.default_rng(seed).integers(0, 4, len(needs))
    money, need = share_out(needs, weights, budget), np.array(needs)
    assert (money <= need).all()
    assert (money[weights == 0] == 0).all()
    assert money.sum() == pytest.approx(min(budget, need[weights > 0].sum()))
    # Whoever gets less than the need gets the same for a unit of weight, and nobody more.
    short = (weights > 0) & (money < need - 1e-9)
    rates = money[short] / weights[short]
    assert rates == pytest.approx(rates[:1].repeat(len(rates)))
    if short.any():
        full = (weights > 0) & ~short
        assert (money[full] <= weights[full] * rates[0] + 1e-9).all()


def test_the_first_by_rank_get_all_as_far_as_the_money_goes() -> None:
    problem = probe(20)
    everyone = np.ones(4, dtype=bool)
    # By worth: B (8), then A and C tie at 3: A (4) by its name; C (10) is too dear, D (8) is not.
    assert take_top(problem.worth, problem, everyone).tolist() == [4, 8, 0, 8]
    assert take_top([1, 2, 3, 4], problem, everyone).tolist() == [0, 0, 10, 8]
    assert take_top([1, 2, 3, 4], problem, ~(problem.clusters == "D")).tolist() == [0, 8, 10, 0]
    assert take_top([1, 2, 3, 4], probe(5), everyone).tolist() == [4, 0, 0, 0]
    assert take_top([1, 2, 3, 4], probe(3), everyone).tolist() == [0, 0, 0, 0]


def test_random_portfolios_keep_the_rules_and_the_seed() -> None:
    problem = probe(20, Must("C"))
    money = draw_portfolios(problem, count=30, seed=3)
    assert money.shape == (30, 4)
    assert keeps(Must("C"), problem, money > 0).all()
    assert (money.sum(axis=1) <= 20).all()
    assert set(map(tuple, money)) == {(4, 0, 10, 0), (0, 8, 10, 0), (0, 0, 10, 8)} - {
        row for row in [(4, 0, 10, 0)] if row not in set(map(tuple, money))
    }
    order = [2, 0, 3, 1]
    moved = make_problem([1] * 4, [1] * 4, 20)
    moved = type(moved)(
        problem.clusters[order], problem.worth[order], problem.costs[order], 20.0, problem.rules
    )
    assert draw_portfolios(moved, count=30, seed=3).tolist() == money[:, order].tolist()
    assert draw_portfolios(problem, count=30, seed=4).tolist() != money.tolist()
    assert draw_portfolios(probe(2, Must("C")), count=3, seed=1).shape == (0, 4)


def test_concentration_by_hand() -> None:
    assert herfindahl([1, 1, 2], [("A",), ("B",), ()]) == (0.375, "", 0.5)
    assert herfindahl([3, 1], [("B", "A"), ("A",)]) == (0.625 * 0.625 + 0.375 * 0.375, "A", 0.625)
    index, group, share = herfindahl([0, 0], [("A",), ("B",)])
    assert np.isnan(index)
    assert (group, np.isnan(share)) == ("", True)


def setting() -> Setting:
    problem = probe()
    draws = np.array([problem.worth, [3, 4, 3, 0], [0, 0, 9, 0]], dtype=float)
    return Setting(
        problem.costs,
        problem.worth,
        draws,
        ("N", "N", "S", ""),
        (("x",), ("x", "y"), ("y",), ()),
        np.array([10, 20, 30, np.nan]),
        np.array([100, 200, 300, 400]),
        np.ones(4),
        np.ones(4),
    )


def test_selection_and_equal_split_by_hand() -> None:
    problem, known = probe(), setting()
    best = certain(solve(problem))
    money = {
        "selection": np.where(best.chosen, problem.costs, 0),
        "equal": share_out(problem.costs, np.ones(4), 20),
    }
    table = compare(money, known).set_index(["comparator", "curve"])
    # 4 meets the first need; the others get 16 / 3 each.
    part = 16 / 3
    parts = np.array([1, part / 8, part / 10, part / 8])
    assert table.loc[("equal", "linear"), "value"] == pytest.approx(problem.worth @ parts)
    assert table.loc[("equal", "root"), "value"] == pytest.approx(problem.worth @ np.sqrt(parts))
    assert table.loc[("equal", "threshold"), "value"] == 12
    assert table.xs("selection")["value"].tolist() == [9, 9, 9]
    assert table.xs("selection")["beaten"].isna().all()
    # Draws by the first curve: 9 against 8.6; 7 against 7.27; 0 against 4.8.
    assert table.loc[("equal", "linear"), "beaten"] == pytest.approx(1 / 3)
    assert table.loc[("equal", "threshold"), "beaten"] == 0
    first = table.loc[("selection", "linear")]
    assert (first["money"], first["clusters"], first["firms"], first["employees"]) == (
        *(20, 3, 30),
        700,
    )
    # Money of A and B, 12 of 20, is of N; D has no region.
    assert first["hhi_region"] == pytest.approx(0.6**2 + 0.4**2)
    assert (first["top_region"], first["top_region_share"]) == ("N", 0.6)
    # A gives 4 to x, B 4 to each, D 8 to none: of equal ones the first by name.
    assert (first["top_industry"], first["top_industry_share"]) == ("", 0.4)
    assert first["hhi_industry"] == pytest.approx(2 * 0.4**2 + 0.2**2)


def test_several_portfolios_are_told_by_their_means() -> None:
    known = setting()
    one = np.array([4.0, 8, 0, 8])
    both = np.array([one, [0, 0, 10, 8.0]])
    table = compare({"selection": one, "random": both}, known).set_index(["comparator", "curve"])
    row = table.loc[("random", "linear")]
    assert (row["value"], row["money"], row["clusters"]) == ((9 + 5) / 2, 19, 2.5)
    assert row["top_region"] == ""
    # Ties count half: 9 and 9, 9 and 5; 7 and 7, 7 and 3; 0 and 0, 0 and 9.
    assert row["beaten"] == pytest.approx((0.5 + 1 + 0.5 + 1 + 0.5 + 0) / 6)
    without = compare({"a": one, "b": both}, replace(known, draws=None))
    assert without["beaten"].isna().all()


def test_what_costs_nothing_has_its_need() -> None:
    none = np.full(2, np.nan)
    costs, worth = np.array([0.0, 2.0]), np.array([5.0, 1.0])
    free = Setting(costs, worth, None, ("", ""), ((), ()), none, none, none, none)
    table = compare({"selection": np.zeros(2)}, free)
    assert table["value"].tolist() == [5, 5, 5]
