"""Why not this cluster: what it lacks to be chosen, or which rules bar it.

A cluster that is left out would come in if it were worth more by ``gap``: the worth of the best
portfolio less that of the best one that holds the cluster. That is exact, since raising what a
cluster is worth raises all portfolios with it alike and no other.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from clustermap.messages import Message
from clustermap.selection.portfolio import EXACT, check_bound, find_conflict, relax, solve
from clustermap.selection.rules import Must
from clustermap.side_by_side import do_each

if TYPE_CHECKING:
    from clustermap.indicators.evidence import Numbers
    from clustermap.selection.portfolio import Portfolio, Problem
    from clustermap.selection.rules import Rule
    from clustermap.side_by_side import Listen

NEAREST = 100
"""Clusters whose gap is computed exactly."""


@dataclass(frozen=True)
class Missing:
    """What one cluster lacks.

    Parameters
    ----------
    cluster
        The cluster.
    gap
        What it would have to be worth more to be chosen; 0 where it is, or could as well be,
        chosen; NaN where rules bar it.
    factor
        What its worth would have to be multiplied with; NaN where rules bar it or it is worth
        nothing.
    barred
        Rules that keep it out together; without any one of them some portfolio could hold it.
    """

    cluster: str
    gap: float
    factor: float
    barred: tuple[Rule, ...] = ()


def bound_gaps(problem: Problem, best: Portfolio) -> Numbers:
    """Return for every cluster what it lacks at least, from the relaxed problem.

    The relaxed optimum with the cluster forced in is at most ``relaxed - lost``, where ``lost`` is
    its reduced cost, and no portfolio with the cluster is worth more; so the gap is at least
    ``best - (relaxed - lost)``. The bound may be 0 for clusters that do lack something.

    Parameters
    ----------
    problem
        The problem.
    best
        Its optimum.

    Returns
    -------
    Numbers
        At least 0; 0 for the chosen.
    """
    relaxed = relax(problem)
    if relaxed is None:
        return np.zeros(len(problem.clusters))
    least = relaxed.lost - (relaxed.value - best.value)
    return np.where(best.chosen, 0.0, np.maximum(least, 0.0))


def explain_absence(
    problem: Problem, best: Portfolio, cluster: str, *, gap: float = EXACT
) -> Missing:
    """Return exactly what one cluster lacks to be chosen.

    Parameters
    ----------
    problem
        The problem.
    best
        Its optimum.
    cluster
        The cluster.
    gap
        As for :func:`clustermap.selection.portfolio.solve`.

    Returns
    -------
    Missing
        The gap, or the rules that bar it.

    Raises
    ------
    ValueError
        If there is no such cluster.
    ArithmeticError
        If the best portfolio turns out not to be the best.
    """
    at = _place(problem, cluster)
    if best.chosen[at]:
        return Missing(cluster, 0.0, 1.0)
    inside = np.zeros(len(problem.clusters), dtype=bool)
    inside[at] = True
    held = solve(problem, gap=gap, inside=inside)
    if held is None:
        return Missing(cluster, np.nan, np.nan, _find_bars(problem, cluster))
    check_bound(held.value, best.value, gap)
    lacking, worth = max(0.0, best.value - held.value), float(problem.worth[at])
    return Missing(cluster, lacking, (worth + lacking) / worth if worth > 0 else np.nan)


def tabulate_absence(
    problem: Problem,
    best: Portfolio,
    *,
    nearest: int = NEAREST,
    gap: float = EXACT,
    listen: Listen | None = None,
) -> pd.DataFrame:
    """Return what every cluster lacks: a bound for all, exactly for the nearest.

    Parameters
    ----------
    problem
        The problem.
    best
        Its optimum.
    nearest
        Number of clusters with an exact gap: those not chosen with the smallest bound for their
        worth, barred ones left out; of equal ones those that are worth most for their money.
    gap
        As for :func:`clustermap.selection.portfolio.solve`.
    listen
        Hears how many are done.

    Returns
    -------
    pd.DataFrame
        One row a cluster in the order of the problem: cluster, gap_bound, gap, factor (null where
        not computed), barred (names of the rules that bar it, "; " between; "" for none).
    """
    bound = bound_gaps(problem, best)
    barred = _find_single_bars(problem)
    exact, factor = np.full((2, len(bound)), np.nan)
    exact[best.chosen], factor[best.chosen] = 0.0, 1.0
    order = _order_nearest(problem, bound, best.chosen | (barred != ""))[:nearest]
    explain = partial(explain_absence, problem, best, gap=gap)
    found = do_each(explain, [str(problem.clusters[at]) for at in order], listen)
    for at, missing in zip(order, found, strict=True):
        exact[at], factor[at] = missing.gap, missing.factor
        barred[at] = "; ".join(dict.fromkeys(rule.family for rule in missing.barred))
    return pd.DataFrame(
        {
            "cluster": problem.clusters,
            "gap_bound": np.where(barred == "", bound, np.nan),
            "gap": exact,
            "factor": factor,
            "barred": barred,
        }
    )


def find_freed(absence: pd.DataFrame, prices: pd.DataFrame) -> pd.DataFrame:
    """Add the rules without any one of which a cluster would be chosen.

    Parameters
    ----------
    absence
        As :func:`tabulate_absence`.
    prices
        As :func:`clustermap.selection.budget.price_rules`.

    Returns
    -------
    pd.DataFrame
        With a column freed_by: names of rules, "; " between; "" for none.

    Examples
    --------
    >>> absence = pd.DataFrame({"cluster": ["A", "B"]})
    >>> prices = pd.DataFrame({"rule": ["1 region max"], "entering": [("B",)]})
    >>> find_freed(absence, prices)["freed_by"].tolist()
    ['', '1 region max']
    """
    freed: dict[str, list[str]] = {}
    for rule, entering in zip(prices["rule"], prices["entering"], strict=True):
        for cluster in entering:
            freed.setdefault(cluster, []).append(rule)
    told = ["; ".join(freed.get(cluster, [])) for cluster in absence["cluster"]]
    return absence.assign(freed_by=told)


def tell_absence(missing: Missing) -> tuple[Message, ...]:
    """Say why a cluster is not chosen.

    Parameters
    ----------
    missing
        What it lacks.

    Returns
    -------
    tuple
        One sentence.
    """
    if missing.barred:
        names = tuple(rule.name for rule in missing.barred)
        return (Message("selection.why_not.barred", {"rules": names}),)
    if missing.gap == 0:
        return (Message("selection.why_not.level"),)
    if np.isnan(missing.factor):
        return (Message("selection.why_not.nothing"),)
    more = f"{100 * (missing.factor - 1):.3g}"
    return (Message("selection.why_not.gap", {"percent": more}),)


def _place(problem: Problem, cluster: str) -> int:
    found = np.flatnonzero(problem.clusters == cluster)
    if not len(found):
        raise ValueError(f"no cluster {cluster!r}")
    return int(found[0])


def _find_bars(problem: Problem, cluster: str) -> tuple[Rule, ...]:
    # With the cluster forced in there is no portfolio; the rules beside that are what bars it.
    forced = Must(cluster)
    asked = replace(problem, rules=(forced, *problem.rules))
    return tuple(rule for rule in find_conflict(asked) if rule is not forced)


def _find_single_bars(problem: Problem) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    """Return the first rule that by itself keeps a cluster out, "" where none does."""
    at = {cluster: place for place, cluster in enumerate(problem.clusters)}
    barred = np.full(len(at), "", dtype=object)
    for rule in problem.all_rules:
        for row in rule.rows(at, problem.costs):
            if (
                len(row.places) == 1
                and row.coefficients[0] > row.high
                and not barred[row.places[0]]
            ):
                barred[row.places[0]] = rule.family
    dear = (problem.costs > problem.budget) & (barred == "")
    barred[dear] = problem.all_rules[0].family
    return barred


def _order_nearest(
    problem: Problem, bound: Numbers, out: np.ndarray[tuple[int], np.dtype[np.bool_]]
) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    worth = np.where(problem.worth > 0, problem.worth, np.nan)
    relative = np.nan_to_num(bound / worth, nan=np.inf)
    for_money = problem.costs / np.where(problem.worth > 0, problem.worth, 1e-300)
    order = np.lexsort((problem.clusters.astype(str), for_money, relative))
    return order[~out[order] & np.isfinite(relative[order])]
