"""What rules cost, and what more or less money would choose."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from clustermap.scores.ranks import rank_draws
from clustermap.selection.portfolio import EXACT, Portfolio, check_bound, solve
from clustermap.selection.rules import Ineligible
from clustermap.side_by_side import do_each

if TYPE_CHECKING:
    import numpy.typing as npt

    from clustermap.indicators.evidence import Numbers
    from clustermap.selection.portfolio import Flags, Problem
    from clustermap.side_by_side import Listen

SHARES = tuple(percent / 100 for percent in range(10, 201, 10))
"""Shares of the budget that are tried, from a tenth to twice."""


@dataclass(frozen=True)
class Path:
    """What would be chosen with more or less money.

    Parameters
    ----------
    clusters
        Ids.
    shares
        Shares of the budget, ascending.
    budgets
        Shares of the budget as money.
    portfolios
        The optimum at each; None where the rules leave no portfolio.
    order
        Place of each cluster by value for money, from 1; ties share the smallest.
    """

    clusters: npt.NDArray[np.object_]
    shares: tuple[float, ...]
    budgets: tuple[float, ...]
    portfolios: tuple[Portfolio | None, ...]
    order: npt.NDArray[np.int64]

    @property
    def chosen(self) -> Flags:
        """Shares x clusters: whether each is chosen; nobody where the rules leave no portfolio."""
        nobody = np.zeros(len(self.clusters), dtype=bool)
        return np.array([nobody if one is None else one.chosen for one in self.portfolios])

    @property
    def dropped(self) -> Flags:
        """Shares x clusters: who stood in an optimum of less money and stands no more."""
        # More money can drop a cluster, since it buys a better combination: who was promised
        # support under a small budget would lose it by a larger one.
        chosen, feasible = self.chosen, [one is not None for one in self.portfolios]
        before = np.vstack([np.zeros_like(chosen[:1]), np.logical_or.accumulate(chosen)[:-1]])
        return np.asarray(before & ~chosen & np.array(feasible)[:, None])


def price_rules(
    problem: Problem, best: Portfolio, *, gap: float = EXACT, listen: Listen | None = None
) -> pd.DataFrame:
    """Return what each rule costs: the worth of the best portfolio without it, less that with it.

    A rule is priced as it was written, for all its groups at once. Prices do not add up: two rules
    may each cost nothing while the other stands.

    Parameters
    ----------
    problem
        The problem.
    best
        Its optimum.
    gap
        As for :func:`clustermap.selection.portfolio.solve`.
    listen
        Hears how many rules are priced.

    Returns
    -------
    pd.DataFrame
        One row a rule in the order of the problem: rule, price, value (without the rule), enter and
        leave (clusters that would come in, or go).

    Raises
    ------
    ArithmeticError
        If the optimum turns out not to be one.
    """
    families = problem.families
    rows = []
    without = [problem.without(family) for family in families]
    found = do_each(partial(solve, gap=gap), without, listen)
    for family, free in zip(families, found, strict=True):
        # With fewer rules there is a portfolio wherever there was one.
        other = best if free is None else free
        check_bound(best.value, other.value, gap)
        rows.append(
            {
                "rule": family,
                "price": other.value - best.value,
                "value": other.value,
                "enter": int((other.chosen & ~best.chosen).sum()),
                "leave": int((best.chosen & ~other.chosen).sum()),
                "entering": tuple(problem.clusters[other.chosen & ~best.chosen]),
            }
        )
    columns = ["rule", "price", "value", "enter", "leave", "entering"]
    return pd.DataFrame(rows, columns=columns)


def order_by_value_for_money(problem: Problem) -> npt.NDArray[np.int64]:
    """Return the place of each cluster by what it is worth for a unit of money, from 1.

    Parameters
    ----------
    problem
        The problem; of its rules those count that say which clusters may not be chosen.

    Returns
    -------
    numpy.ndarray
        Places among those that may be chosen; ties share the smallest. 0 for the others.

    Examples
    --------
    >>> from clustermap.selection.portfolio import Problem
    >>> worth, costs = np.array([3.0, 4.0, 3.0, 2.0]), np.array([4.0, 8.0, 10.0, 8.0])
    >>> problem = Problem(np.array(list("1234"), dtype=object), worth, costs, 20.0)
    >>> order_by_value_for_money(problem).tolist()
    [1, 2, 3, 4]
    """
    barred = [rule.clusters for rule in problem.rules if isinstance(rule, Ineligible)]
    eligible = ~np.isin(problem.clusters, [cluster for own in barred for cluster in own])
    places = np.zeros(len(eligible), dtype=np.int64)
    if eligible.any():
        places[eligible] = rank_draws(_value_for_money(problem.worth, problem.costs)[eligible])
    return places


def trace_budget(
    problem: Problem,
    *,
    shares: tuple[float, ...] = SHARES,
    gap: float = EXACT,
    listen: Listen | None = None,
) -> Path:
    """Return what would be chosen with shares of the budget.

    Parameters
    ----------
    problem
        The problem; its budget is 100 %.
    shares
        Shares of it.
    gap
        As for :func:`clustermap.selection.portfolio.solve`.
    listen
        Hears how many are done.

    Returns
    -------
    Path
        The optimum of each, and the order of value for money beside it.

    Raises
    ------
    ArithmeticError
        If an optimum turns out not to be one.

    References
    ----------
    Lourenco, J. C., Morton, A. and Bana e Costa, C. A. (2012). PROBE: a multicriteria decision
    support system for portfolio robustness evaluation. Decision Support Systems 54(1), 534-550.
    """
    ascending = tuple(sorted(shares))
    budgets = tuple(share * problem.budget for share in ascending)
    steps = [replace(problem, budget=budget) for budget in budgets]
    portfolios = do_each(partial(solve, gap=gap), steps, listen)
    least = 0.0
    for found in portfolios:
        if found is not None:
            check_bound(least, found.value, gap)  # what could be had with less still can
            least = found.value
    order = order_by_value_for_money(problem)
    return Path(problem.clusters, ascending, budgets, tuple(portfolios), order)


def tabulate_path(path: Path) -> pd.DataFrame:
    """Return the path as a table.

    Parameters
    ----------
    path
        From :func:`trace_budget`.

    Returns
    -------
    pd.DataFrame
        One row a share: share, budget, feasible, value, cost, clusters, dropped.
    """
    rows = [
        {
            "share": share,
            "budget": budget,
            "feasible": int(one is not None),
            "value": np.nan if one is None else one.value,
            "cost": np.nan if one is None else one.cost,
            "clusters": int(chosen.sum()),
            "dropped": int(dropped.sum()),
        }
        for share, budget, one, chosen, dropped in zip(
            path.shares, path.budgets, path.portfolios, path.chosen, path.dropped, strict=True
        )
    ]
    return pd.DataFrame(rows)


def tabulate_steps(path: Path) -> pd.DataFrame:
    """Return who stands at each share, and who has dropped out.

    Parameters
    ----------
    path
        From :func:`trace_budget`.

    Returns
    -------
    pd.DataFrame
        Columns share, cluster, selected (1; 0 for one that has dropped out), value_for_money (its
        place in that order); only clusters that are chosen or have dropped out have rows.
    """
    chosen = path.chosen
    at, cluster = np.nonzero(chosen | path.dropped)
    return pd.DataFrame(
        {
            "share": np.array(path.shares)[at],
            "cluster": path.clusters[cluster],
            "selected": chosen[at, cluster].astype(np.int64),
            "value_for_money": path.order[cluster],
        }
    )


def list_phase_out(
    problem: Problem, current: npt.ArrayLike, chosen: Flags, inclusion: npt.ArrayLike
) -> pd.DataFrame:
    """Return who is supported now and is not chosen.

    Parameters
    ----------
    problem
        The problem.
    current
        Money that each has now; NaN or 0 for none.
    chosen
        Whether each is chosen.
    inclusion
        Share of draws in whose optimum each stands.

    Returns
    -------
    pd.DataFrame
        Columns cluster, money, value, inclusion: the surest first, i.e. those that stand in fewest
        draws, then those with most money, then by id.
    """
    money = np.nan_to_num(np.asarray(current, dtype=np.float64))
    table = pd.DataFrame(
        {
            "cluster": problem.clusters,
            "money": money,
            "value": problem.worth,
            "inclusion": np.asarray(inclusion, dtype=np.float64),
        }
    )[(money > 0) & ~chosen]
    order = ["inclusion", "money", "cluster"]
    return table.sort_values(order, ascending=[True, False, True], ignore_index=True)


def _value_for_money(values: Numbers, costs: Numbers) -> Numbers:
    free = np.where(values > 0, np.inf, 0.0)  # what costs nothing comes first if it is worth any
    return np.divide(values, costs, out=free, where=costs > 0)
