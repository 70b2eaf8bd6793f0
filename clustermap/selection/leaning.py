"""Leaning: what the order of clusters by value for money goes with.

Worth is declared as merit times reach to an exponent. Which of these the order follows depends on
how much each differs between clusters: where employees differ a hundredfold and merit by a third,
size decides, whatever the weights say. That is told beside every portfolio.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import spearmanr

from clustermap.messages import Message

if TYPE_CHECKING:
    from collections.abc import Mapping

    from clustermap.indicators.evidence import Numbers
    from clustermap.selection.portfolio import Flags, Problem

_FEWEST = 5
"""Clusters that may be chosen; with fewer a single one makes the correlation."""


def find_leaning(
    problem: Problem, eligible: Flags, known: Mapping[str, Numbers]
) -> dict[str, float]:
    """Return how far the order by value for money goes with what is known of clusters.

    Parameters
    ----------
    problem
        What is chosen from.
    eligible
        Clusters that may be chosen.
    known
        Name to one number a cluster; NaN where it is not known.

    Returns
    -------
    dict
        Name to Spearman's rank correlation with worth for a unit of money among the eligible, from
        -1 to 1; NaN with fewer than five clusters, or where all are alike.

    References
    ----------
    Spearman, C. (1904). The proof and measurement of association between two things. American
    Journal of Psychology 15(1), 72-101.

    Examples
    --------
    >>> from clustermap.selection.portfolio import Problem
    >>> ids, costs = np.array(list("ABCDEFGHIJ"), dtype=object), np.repeat([1.0, 4.0], 5)
    >>> problem = Problem(ids, np.arange(10.0, 0.0, -1.0), costs, 2.0)
    >>> known = {"reach": np.arange(10.0, 0.0, -1.0), "cost": costs}
    >>> every = np.ones(10, dtype=bool)
    >>> {name: round(r, 2) for name, r in find_leaning(problem, every, known).items()}
    {'reach': 1.0, 'cost': -0.87}
    """
    free = problem.costs == 0
    for_money = np.where(free, np.inf, problem.worth / np.where(free, 1.0, problem.costs))
    return {name: _correlate(for_money[eligible], own[eligible]) for name, own in known.items()}


def tell_leaning(terms: Mapping[str, float]) -> tuple[Message, ...]:
    """Say what the order leans on.

    Parameters
    ----------
    terms
        Columns of PORTFOLIOS: leaning_linkage, leaning_capability, leaning_reach, leaning_cost.

    Returns
    -------
    tuple
        One sentence with what is known of the four; none where nothing is.
    """
    told = tuple(
        Message(f"selection.leaning.{name}", {"value": f"{terms[f'leaning_{name}']:+.2f}"})
        for name in ("linkage", "capability", "reach", "cost")
        if not np.isnan(terms[f"leaning_{name}"])
    )
    return (Message("selection.told.leaning", {"parts": told}),) if told else ()


def _correlate(order: Numbers, other: Numbers) -> float:
    told = ~np.isnan(other)
    left, right = order[told], other[told]
    if len(left) < _FEWEST or np.ptp(right) == 0 or (left == left[0]).all():
        return float("nan")
    return float(spearmanr(left, right).statistic)
