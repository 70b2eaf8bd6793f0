"""How sure a choice is: in how many draws of the scores a cluster belongs to the best portfolio.

A cluster is core where it surely belongs, exterior where it surely does not, and borderline else.
About a borderline cluster the data do not decide if its share of draws is near one half; the others
lean one way, but not surely. The words are those of Robust Portfolio Modelling, where core projects
stand in every portfolio that is not dominated and exterior ones in none; here they rest on draws of
the scores instead of all scores that are possible, and on the optimum of each.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import beta

from clustermap.messages import Message
from clustermap.selection.portfolio import EXACT, solve
from clustermap.side_by_side import do_each

if TYPE_CHECKING:
    import numpy.typing as npt

    from clustermap.indicators.evidence import Numbers
    from clustermap.selection.portfolio import Flags, Problem
    from clustermap.side_by_side import Listen

STANDINGS = ("core", "borderline", "exterior")

CORE = 0.95
"""Share of draws that a core cluster stands in, by the lower bound."""

EXTERIOR = 0.05
"""Share of draws that an exterior cluster stands in, by the upper bound."""

CONFIDENCE = 0.95
"""Confidence of each of the two bounds."""

FEWEST = 59
"""Draws that a cluster needs to be core when it stands in all of them: ``0.05 ** (1 / 59) > 0.95``.
"""

EVEN = (0.2, 0.8)
"""Shares of draws, ends included, between which the data do not decide about a borderline cluster.
"""

NAMED = 10
"""Clusters that are named where the data do not decide."""


@dataclass(frozen=True)
class Standings:
    """How the clusters stand.

    Parameters
    ----------
    clusters
        Ids.
    inclusion
        Share of draws in whose optimum each stands.
    low, high
        Lower and upper 95 % bound of that share.
    standing
        "core", "borderline" or "exterior".
    counted
        Draws that each was free in; clusters that were decided early have fewer than the others.
    draws
        Number of draws.
    gap
        Relative gap that the optima were proven to.
    """

    clusters: npt.NDArray[np.object_]
    inclusion: Numbers
    low: Numbers
    high: Numbers
    standing: npt.NDArray[np.object_]
    counted: npt.NDArray[np.int64]
    draws: int
    gap: float = EXACT


def bound_share(hits: npt.ArrayLike, trials: npt.ArrayLike) -> tuple[Numbers, Numbers]:
    """Return the lower and the upper 95 % bound of Clopper and Pearson, each on its own.

    Parameters
    ----------
    hits
        Number of hits.
    trials
        Number of trials, at least one.

    Returns
    -------
    tuple of Numbers
        A share below the first, or above the second, would give such hits in less than 5 % of
        cases. Together they hold a share in at least 90 %.

    References
    ----------
    Clopper, C. J. and Pearson, E. S. (1934). The use of confidence or fiducial limits illustrated
    in the case of the binomial. Biometrika 26(4), 404-413.

    Examples
    --------
    >>> low, high = bound_share([59, 58, 0], 59)
    >>> low.round(4).tolist(), high.round(4).tolist()
    ([0.9505, 0.9221, 0.0], [1.0, 0.9991, 0.0495])
    """
    k, n = np.broadcast_arrays(np.asarray(hits, float), np.asarray(trials, float))
    with np.errstate(invalid="ignore"):
        low = np.where(k == 0, 0.0, beta.ppf(1 - CONFIDENCE, np.maximum(k, 1), n - k + 1))
        high = np.where(k == n, 1.0, beta.ppf(CONFIDENCE, k + 1, np.maximum(n - k, 1)))
    return low, high


def find_standings(
    problem: Problem,
    draws: Numbers,
    *,
    gap: float = EXACT,
    settle: bool = True,
    listen: Listen | None = None,
) -> Standings | None:
    """Return how clusters stand over draws of what they are worth.

    Half way (after 59 draws at least) one look is taken: clusters that stood in all draws so far,
    or in none, and are decided by that, are held there from then on, which makes the other half
    fast. The look is a single one, so that it does not decide by being repeated. What the rules
    leave possible stays possible, since every portfolio so far had these clusters that way.

    Parameters
    ----------
    problem
        The problem; its own values do not matter.
    draws
        Draws x clusters: what clusters are worth.
    gap
        As for :func:`clustermap.selection.portfolio.solve`.
    settle
        Whether clusters are held once they are decided.
    listen
        Hears how many draws are done.

    Returns
    -------
    Standings or None
        None where the rules leave no portfolio.

    Raises
    ------
    ValueError
        If there is no draw.

    References
    ----------
    Liesio, J., Mild, P. and Salo, A. (2007). Preference programming for robust portfolio modeling
    and project selection. European Journal of Operational Research 181(3), 1488-1505.
    Liesio, J., Mild, P. and Salo, A. (2008). Robust portfolio modeling with incomplete cost
    information and project interdependencies. European Journal of Operational Research 190(3),
    679-695.
    """
    if not len(draws):
        raise ValueError("no draws")
    hits = np.zeros(len(problem.clusters), dtype=np.int64)
    held_in, held_out = np.zeros((2, len(hits)), dtype=bool)
    counted = np.zeros(len(hits), dtype=np.int64)
    # A draw of single precision is as good as any, but sums are made in double.
    drawn = [replace(problem, worth=np.asarray(values, dtype=np.float64)) for values in draws]
    look = max(len(draws) // 2, FEWEST)
    for start, half in ((0, drawn[:look]), (look, drawn[look:])):
        hear = None if listen is None else partial(_hear, listen, start, len(drawn))
        work = partial(solve, gap=gap, inside=held_in, outside=held_out)
        found = [one for one in do_each(work, half, hear) if one is not None]
        if len(found) < len(half):
            return None
        free = ~(held_in | held_out)
        hits += free * np.sum([one.chosen for one in found], axis=0, dtype=np.int64)
        counted += free * len(found)
        if settle:
            held_in, held_out = _settle(hits, counted)
    low, high = bound_share(hits, counted)
    standing = name_standings(low, high)
    return Standings(
        problem.clusters, hits / counted, low, high, standing, counted, len(draws), gap
    )


def name_standings(low: npt.ArrayLike, high: npt.ArrayLike) -> npt.NDArray[np.object_]:
    """Return how clusters stand by the bounds of their share of draws.

    Parameters
    ----------
    low, high
        Lower and upper bounds.

    Returns
    -------
    numpy.ndarray
        "core" where the lower is at least 0.95, "exterior" where the upper is at most 0.05, else
        "borderline".

    Examples
    --------
    >>> name_standings([0.97, 0.3, 0.0], [1.0, 0.6, 0.01]).tolist()
    ['core', 'borderline', 'exterior']
    """
    sure, unsure, never = STANDINGS
    cases = [np.asarray(low) >= CORE, np.asarray(high) <= EXTERIOR]
    return np.select(cases, [sure, never], unsure).astype(object)


def is_even(inclusion: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Return for which shares of draws the data do not decide about a borderline cluster.

    Parameters
    ----------
    inclusion
        Shares of draws; NaN is none.

    Returns
    -------
    numpy.ndarray
        Whether each lies in ``EVEN``.

    Examples
    --------
    >>> is_even([0.81, 0.8, 0.5, 0.2, 0.19]).tolist()
    [False, True, True, True, False]
    """
    share = np.asarray(inclusion, dtype=np.float64)
    return np.asarray((share >= EVEN[0]) & (share <= EVEN[1]))


def tell_standings(standings: Standings, chosen: Flags) -> tuple[Message, ...]:
    """Say on how much of a choice the data decide, and between which clusters they do not.

    Parameters
    ----------
    standings
        How the clusters stand.
    chosen
        Whether each is chosen.

    Returns
    -------
    tuple
        How many of the chosen are core, by how many draws; then of which borderline clusters the
        data do not decide, those nearest to one half of the draws first; then how many others
        lean one way.
    """
    core = int((chosen & (standings.standing == STANDINGS[0])).sum())
    open_ = standings.standing == STANDINGS[1]
    counts = {"core": core, "chosen": int(chosen.sum()), "draws": standings.draws}
    told = [Message("selection.standing.core", counts)]
    even = open_ & is_even(standings.inclusion)
    if even.any():
        order = np.lexsort((standings.clusters.astype(str), np.abs(standings.inclusion - 0.5)))
        first = tuple(str(standings.clusters[at]) for at in order if even[at])
        values = {"clusters": first[:NAMED], "count": len(first), "named": len(first[:NAMED])}
        all_named = len(first) <= NAMED
        told.append(Message(f"selection.standing.{'undecided' if all_named else 'many'}", values))
    if leaning := int((open_ & ~even).sum()):
        told.append(Message("selection.standing.leaning", {"count": leaning}))
    return tuple(told)


def _hear(listen: Listen, before: int, total: int, done: int, _: int) -> None:
    listen(before + done, total)


def _settle(hits: npt.NDArray[np.int64], counted: npt.NDArray[np.int64]) -> tuple[Flags, Flags]:
    standing = name_standings(*bound_share(hits, counted))
    return (
        (standing == STANDINGS[0]) & (hits == counted),
        (standing == STANDINGS[2]) & (hits == 0),
    )
