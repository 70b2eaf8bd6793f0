"""What the selection is held against: the same money given out in simpler ways.

Part of what a cluster needs is worth part of what the whole is worth. How large a part nobody
knows, so three curves are always shown: under a single one the winner would be fixed in advance.
All give 1 for the whole need, so that the selection is worth the same by each.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from clustermap.selection.portfolio import EXACT, solve
from clustermap.side_by_side import do_each

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from clustermap.indicators.evidence import Numbers
    from clustermap.selection.portfolio import Flags, Problem
    from clustermap.side_by_side import Listen

Curve = Literal["linear", "root", "threshold"]
CURVES: tuple[Curve, ...] = ("linear", "root", "threshold")
"""Part f of the need is worth f, the root of f, or all from one half on."""

SELECTED, EQUAL, PROPORTIONAL, TOP, RANDOM, CURRENT = COMPARATORS = (
    "selection",
    "equal",
    "proportional",
    "top",
    "random",
    "current",
)

RANDOM_PORTFOLIOS = 20
"""Random portfolios that are averaged."""

_HALF = 0.5


@dataclass(frozen=True)
class Setting:
    """What is known of the clusters, to tell what money reaches.

    Parameters
    ----------
    costs
        What each needs.
    worth
        What each is worth.
    draws
        Draws x clusters: what each is worth; None without draws.
    regions
        Region of each; "" where none is given.
    industries
        Industries of each; empty where it has none.
    firms, people
        Firms and employees of each; NaN where they are not known.
    merit
        What each is ranked by where money goes by rank alone.
    size
        What money is proportional to where it goes by size.
    current
        Money that each has now; None where that is not known.
    """

    costs: Numbers
    worth: Numbers
    draws: Numbers | None
    regions: Sequence[str]
    industries: Sequence[tuple[str, ...]]
    firms: Numbers
    people: Numbers
    merit: Numbers
    size: Numbers
    current: Numbers | None = None


def respond(share: npt.ArrayLike, curve: Curve) -> Numbers:
    """Return what part of a cluster's worth a part of its need brings.

    Parameters
    ----------
    share
        Money over need; more than the need brings no more.
    curve
        "linear" (f), "root" (the root of f) or "threshold" (all from one half on).

    Returns
    -------
    Numbers
        From 0 to 1; 1 for the whole need by every curve.

    Examples
    --------
    >>> [respond([0.25, 0.5, 1.0, 2.0], curve).round(3).tolist() for curve in CURVES]
    [[0.25, 0.5, 1.0, 1.0], [0.5, 0.707, 1.0, 1.0], [0.0, 1.0, 1.0, 1.0]]
    """
    part = np.clip(np.asarray(share, dtype=np.float64), 0.0, 1.0)
    if curve == "root":
        return np.asarray(np.sqrt(part))
    if curve == "threshold":
        # A half that is computed may miss one half by a rounding.
        return np.asarray((part >= _HALF * (1 - 1e-12)).astype(np.float64))
    return part


def share_out(costs: npt.ArrayLike, weights: npt.ArrayLike, budget: float) -> Numbers:
    """Return money given out by weights, to nobody more than the need.

    What some do not need is given out again among the others, so that a comparator does not lose
    for money that it leaves lying.

    Parameters
    ----------
    costs
        Needs.
    weights
        Weights, 0 for those that get nothing: alike for an equal split, size for a proportional
        one.
    budget
        What there is.

    Returns
    -------
    Numbers
        Money of each.

    Examples
    --------
    The first needs only 10; the others have 45 each.

    >>> share_out([10.0, 80.0, 60.0, 9.0], [1.0, 1.0, 1.0, 0.0], 100.0).tolist()
    [10.0, 45.0, 45.0, 0.0]
    """
    need, weight = np.asarray(costs, dtype=np.float64), np.asarray(weights, dtype=np.float64)
    money = np.zeros(len(need))
    open_ = weight > 0
    left = float(budget)
    while open_.any() and left > 0:
        offer = left * weight / weight[open_].sum()
        full = open_ & (need <= offer)
        if not full.any():
            money[open_] = offer[open_]
            break
        money[full] = need[full]
        left -= float(need[full].sum())
        open_ &= ~full
    return money


def take_top(order_by: npt.ArrayLike, problem: Problem, eligible: Flags) -> Numbers:
    """Return money by rank alone: the whole need from the first on, as far as the money goes.

    What no longer fits is passed over, so that the way is not beaten for money left lying.

    Parameters
    ----------
    order_by
        What clusters are ranked by, the largest first; of equal ones the first by id.
    problem
        Costs and budget; its rules are ignored.
    eligible
        Who is ranked.

    Returns
    -------
    Numbers
        Money of each.
    """
    ranked = np.where(eligible, np.asarray(order_by, dtype=np.float64), -np.inf)
    order = np.lexsort((problem.clusters.astype(str), -ranked))[: int(eligible.sum())]
    money, left = np.zeros(len(ranked)), problem.budget
    for at in order:
        if problem.costs[at] <= left:
            money[at] = problem.costs[at]
            left -= problem.costs[at]
    return money


def draw_portfolios(
    problem: Problem,
    *,
    count: int = RANDOM_PORTFOLIOS,
    seed: int,
    gap: float = EXACT,
    listen: Listen | None = None,
) -> Numbers:
    """Return money of random portfolios that keep every rule and use the budget.

    Each is the best by worths drawn at random, uniform for every unit of money, so that neither
    cheap nor dear clusters are favoured. They are not equally likely portfolios: those are not
    known how to draw where rules bind.

    Parameters
    ----------
    problem
        The problem; its own values do not matter.
    count
        Number of portfolios.
    seed
        Seed; the order of clusters changes nothing.
    gap
        As for :func:`clustermap.selection.portfolio.solve`.
    listen
        Hears how many are done.

    Returns
    -------
    Numbers
        Portfolios x clusters; without rows where the rules leave none.
    """
    place = np.argsort(np.argsort(problem.clusters.astype(str), kind="stable"))
    drawn = np.random.default_rng(seed).random((count, len(place)))[:, place]
    lucky = [replace(problem, worth=luck * problem.costs) for luck in drawn]
    best = do_each(partial(solve, gap=gap), lucky, listen)
    found = [np.where(one.chosen, problem.costs, 0.0) for one in best if one is not None]
    return np.array(found).reshape(len(found), len(place))


def herfindahl(money: npt.ArrayLike, groups: Sequence[tuple[str, ...]]) -> tuple[float, str, float]:
    """Return how concentrated money is: sum of squared shares, the largest group and its share.

    Parameters
    ----------
    money
        Money of each cluster.
    groups
        Groups of each; the money of a cluster in several counts for each in equal parts, and that
        of a cluster in none for the group "".

    Returns
    -------
    tuple
        Herfindahl-Hirschman index from 0 to 1, group, share; NaN and "" where there is no money.

    Examples
    --------
    >>> herfindahl([60.0, 20.0, 20.0], [("A",), ("B",), ("A", "B")])
    (0.58, 'A', 0.7)
    """
    sums: dict[str, float] = {}
    for amount, own in zip(np.asarray(money, dtype=np.float64), groups, strict=True):
        for group in own or ("",):
            sums[group] = sums.get(group, 0.0) + float(amount) / len(own or ("",))
    total = sum(sums.values())
    if total <= 0:
        return float("nan"), "", float("nan")
    # Of equal ones the first by name, whatever the order of clusters.
    largest = min(sums, key=lambda group: (-sums[group], group))
    index = sum((sums[group] / total) ** 2 for group in sorted(sums))
    return index, largest, sums[largest] / total


def compare(allocations: Mapping[str, Numbers], setting: Setting) -> pd.DataFrame:
    """Return what money brings and reaches, given out in each of several ways.

    Parameters
    ----------
    allocations
        Name to money: (clusters,), or (portfolios, clusters), of which the mean is told. The first
        is what the others are held against.
    setting
        What is known of the clusters.

    Returns
    -------
    pd.DataFrame
        One row a way and curve, ways without any portfolio left out: comparator, curve, value;
        beaten (share of draws in which the first is worth more; ties count half; null for the first
        itself and without draws), money, clusters, firms and employees (of the clusters that get
        any), hhi_region, top_region, top_region_share, hhi_industry, top_industry,
        top_industry_share.
    """
    first = next(iter(allocations.values()))
    rows = []
    for name, money in allocations.items():
        if not money.size:
            continue
        reached = _reach(np.atleast_2d(money), setting)
        for curve in CURVES:
            beaten = np.nan if money is first else _beat(first, money, setting, curve)
            value = float(np.mean(_worth(money, setting, curve, setting.worth)))
            rows.append(
                {"comparator": name, "curve": curve, "value": value, "beaten": beaten, **reached}
            )
    return pd.DataFrame(rows)


def _parts(money: Numbers, costs: Numbers) -> Numbers:
    # What costs nothing needs nothing: it has its whole need wherever it is given no money.
    return np.divide(money, costs, out=np.ones(np.shape(money)), where=costs > 0)


def _worth(money: Numbers, setting: Setting, curve: Curve, values: Numbers) -> Numbers:
    """Return worths: draws (or one) x portfolios (or one)."""
    response = respond(_parts(np.atleast_2d(money), setting.costs), curve)
    return np.asarray(np.atleast_2d(values) @ response.T)


def _beat(first: Numbers, money: Numbers, setting: Setting, curve: Curve) -> float:
    if setting.draws is None:
        return float("nan")
    own = _worth(first, setting, curve, setting.draws)
    other = _worth(money, setting, curve, setting.draws)
    return float((np.mean(own > other) + np.mean(own >= other)) / 2)


def _reach(money: Numbers, setting: Setting) -> dict[str, float | str]:
    given = money > 0
    regions = [(region,) if region else () for region in setting.regions]
    by_region = [herfindahl(row, regions) for row in money]
    by_industry = [herfindahl(row, setting.industries) for row in money]
    # Of several portfolios the numbers are means, and no group is the largest in all.
    single = len(money) == 1
    return {
        "money": float(money.sum(axis=1).mean()),
        "clusters": float(given.sum(axis=1).mean()),
        "firms": float((given * np.nan_to_num(setting.firms)).sum(axis=1).mean()),
        "employees": float((given * np.nan_to_num(setting.people)).sum(axis=1).mean()),
        "hhi_region": float(np.mean([index for index, _, _ in by_region])),
        "top_region": by_region[0][1] if single else "",
        "top_region_share": float(np.mean([share for _, _, share in by_region])),
        "hhi_industry": float(np.mean([index for index, _, _ in by_industry])),
        "top_industry": by_industry[0][1] if single else "",
        "top_industry_share": float(np.mean([share for _, _, share in by_industry])),
    }
