"""The portfolio: the clusters that are worth most together, under a budget and rules.

What a cluster is worth is declared, not estimated: ``merit x reach^r``, where merit is a weighted
mean of its capability and of its linkage score, and reach are the people or firms that support
would meet. Nothing here says what support would bring about.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import csr_array

from clustermap.selection.rules import Budget, Row

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt

    from clustermap.indicators.evidence import Numbers
    from clustermap.selection.rules import Rule

    Flags = npt.NDArray[np.bool_]

EXACT = 0.0
"""Relative gap up to which an optimum is proven: none."""

CAPABILITY_WEIGHT = 0.5
"""Weight of capability in merit; the linkage score has the rest."""

REACH_EXPONENT = 0.5
"""Exponent of reach: four times the people count twice."""

TYPICAL = 50.5
"""Linkage score of what is typical, which clusters that the data do not rate count with, if at all.
"""

_SCALE = 1000.0  # the largest value and every row are scaled, so that the solver's tolerances fit
_SLACK = 1e-12  # sums of doubles
_ROUNDING = 1e-8  # HiGHS proves worths scaled to 1000 to a millionth
_CUTS = 200
_CORE = 0.003  # what holding clusters may lose at first, of the relaxed optimum
_WIDER = 4.0
_HALF = 0.5
_OPTIMAL, _INFEASIBLE = 0, 2


@dataclass(frozen=True)
class Problem:
    """What is to be chosen from, and how.

    Parameters
    ----------
    clusters
        Ids of the clusters, all different.
    worth
        What each is worth, at least 0.
    costs
        What each costs, at least 0.
    budget
        What may be spent.
    rules
        The other rules.

    Raises
    ------
    ValueError
        If lengths differ, ids are repeated, or a number is negative or not finite.
    """

    clusters: npt.NDArray[np.object_]
    worth: Numbers
    costs: Numbers
    budget: float
    rules: tuple[Rule, ...] = ()

    def __post_init__(self) -> None:
        if not 0 < len(self.clusters) == len(self.worth) == len(self.costs):
            raise ValueError("clusters, worth and costs differ in length, or there are none")
        if len(set(self.clusters)) < len(self.clusters):
            raise ValueError("a cluster stands there twice")
        for name, numbers in (("worth", self.worth), ("costs", self.costs)):
            if not (np.isfinite(numbers) & (np.asarray(numbers) >= 0)).all():
                raise ValueError(f"not all {name} finite and at least 0")
        if not self.budget >= 0:
            raise ValueError(f"a budget of {self.budget}")

    @property
    def all_rules(self) -> tuple[Rule, ...]:
        """The budget and the other rules."""
        return (Budget(self.budget), *self.rules)

    @property
    def families(self) -> tuple[str, ...]:
        """Names of the rules as they were written, the budget left out, in their order."""
        return tuple(dict.fromkeys(rule.family for rule in self.rules))

    def without(self, family: str) -> Problem:
        """Return the problem without one rule as it was written.

        Parameters
        ----------
        family
            Name of the rule.

        Returns
        -------
        Problem
            The same with fewer rules.
        """
        kept = tuple(rule for rule in self.rules if rule.family != family)
        return replace(self, rules=kept)


@dataclass(frozen=True)
class Portfolio:
    """An optimal portfolio.

    Parameters
    ----------
    chosen
        Whether each cluster is chosen.
    value, cost
        Sums over the chosen.
    gap
        Relative gap between its value and what the solver proved that no portfolio exceeds.
    """

    chosen: Flags
    value: float
    cost: float
    gap: float


@dataclass(frozen=True)
class Relaxed:
    """The optimum where parts of clusters could be chosen: an upper bound.

    Parameters
    ----------
    value
        No portfolio is worth more.
    lost
        What is lost at least of ``value`` when a cluster that is left out there is forced in; 0 for
        those of which a part is in.
    """

    value: float
    lost: Numbers


@dataclass(frozen=True)
class _Model:
    # Clusters in the order of their ids and rows in the order of what they hold, so that the order
    # of the input changes nothing; rows of one cluster have become bounds.
    order: npt.NDArray[np.intp]
    matrix: csr_array
    low: Numbers
    high: Numbers
    least: Numbers
    most: Numbers


def value_clusters(
    capability: npt.ArrayLike,
    linkage: npt.ArrayLike,
    reach: npt.ArrayLike,
    *,
    weight: float = CAPABILITY_WEIGHT,
    exponent: float = REACH_EXPONENT,
) -> Numbers:
    """Return what clusters are worth: ``merit x reach^exponent``.

    Merit is the weighted mean of capability and linkage score; where one of them is not known, the
    other stands for both. Form and default weights are ours, declared and not estimated: 80 points
    of a hamlet are not 80 points of a large complex.

    Parameters
    ----------
    capability
        Capability, 1-100; NaN where it is not known.
    linkage
        Linkage scores, 1-100, (clusters,) or (draws, clusters); NaN where there is none.
    reach
        People or firms that support would meet; NaN where that is not known.
    weight
        Weight of capability.
    exponent
        Exponent of reach.

    Returns
    -------
    Numbers
        In the shape of ``linkage``; NaN where nothing can be said.

    Examples
    --------
    >>> value_clusters([60.0, 40.0, np.nan], [80.0, 60.0, 50.0], [100.0, 400.0, 0.0]).tolist()
    [700.0, 1000.0, 0.0]
    """
    can, linked = np.broadcast_arrays(np.asarray(capability, float), np.asarray(linkage, float))
    merit = weight * can + (1 - weight) * linked
    merit = np.where(np.isnan(can), linked, np.where(np.isnan(linked), can, merit))
    worth: Numbers = merit * np.asarray(reach, dtype=np.float64) ** exponent
    return worth


def solve(
    problem: Problem,
    *,
    gap: float = EXACT,
    inside: npt.ArrayLike | None = None,
    outside: npt.ArrayLike | None = None,
) -> Portfolio | None:
    """Return the portfolio that is worth most.

    The optimum is found by branch and cut (HiGHS) and checked again in full precision: what meets a
    rule only by the solver's tolerance is cut off. Of portfolios that are worth the same one is
    returned, whatever the order of clusters and rules.

    Parameters
    ----------
    problem
        The problem.
    gap
        Relative gap up to which the optimum has to be proven; 0 for exactly.
    inside, outside
        Clusters that are held in, or out, in addition to the rules.

    Returns
    -------
    Portfolio or None
        None where the rules leave no portfolio.

    Raises
    ------
    ArithmeticError
        If the solver gives up.

    Notes
    -----
    Most clusters are decided by the relaxed optimum: forcing them the other way would lose more
    than the best portfolio does. Those are held, and the rest, the core, is searched (Balas and
    Zemel 1980). The optimum of the core is that of the whole if it is within what holding lost,
    which is checked; else more clusters are let free.

    References
    ----------
    Balas, E. and Zemel, E. (1980). An algorithm for large zero-one knapsack problems. Operations
    Research 28(5), 1130-1154.

    Huangfu, Q. and Hall, J. A. J. (2018). Parallelizing the dual revised simplex method.
    Mathematical Programming Computation 10, 119-142.

    Examples
    --------
    The four projects of Lourenco, Morton and Bana e Costa (2012), PROBE: with a budget of 20, the
    order of value for money takes the first two, worth 7.

    >>> values, costs = np.array([3.0, 4.0, 3.0, 2.0]), np.array([4.0, 8.0, 10.0, 8.0])
    >>> best = solve(Problem(np.array(list("1234"), dtype=object), values, costs, 20.0))
    >>> best.chosen.tolist(), best.value, best.cost
    ([True, True, False, True], 9.0, 20.0)
    """
    model = _hold(_build_model(problem, problem.all_rules), inside, outside)
    scaled = problem.worth[model.order] * (_SCALE / _largest(problem))
    found = _search_core(model, scaled, gap)
    if found is None:
        return None
    chosen, proven = np.zeros(len(found[0]), dtype=bool), found[1]
    chosen[model.order] = found[0]
    value, cost = (float(np.sum(part[chosen])) for part in (problem.worth, problem.costs))
    return Portfolio(chosen, value, cost, proven)


def check_bound(value: float, bound: float, gap: float) -> None:
    """Refuse an optimum that another shows to be none.

    Every rule left out, cluster held or unit of money more is a check of the solver for free.

    Parameters
    ----------
    value
        Worth of a portfolio of the narrower problem.
    bound
        What the solver calls the optimum of the wider one.
    gap
        Relative gap up to which optima are proven.

    Raises
    ------
    ArithmeticError
        If the narrower problem has the better portfolio.
    """
    if value > bound + (gap + _ROUNDING) * abs(value):
        raise ArithmeticError(f"the solver missed a portfolio worth {value}: it found {bound}")


def relax(problem: Problem) -> Relaxed | None:
    """Return the optimum where parts of clusters could be chosen.

    Parameters
    ----------
    problem
        The problem.

    Returns
    -------
    Relaxed or None
        None where even then the rules leave nothing.

    Raises
    ------
    ArithmeticError
        If the solver gives up.
    """
    model, top = _build_model(problem, problem.all_rules), _largest(problem)
    found = _relax(model, problem.worth[model.order] * (_SCALE / top))
    if found is None:
        return None
    lost = np.zeros(len(found.entering))
    lost[model.order] = found.entering * top / _SCALE
    return Relaxed(found.value * top / _SCALE, lost)


def find_conflict(problem: Problem) -> tuple[Rule, ...]:
    """Return rules that cannot hold together, none of which could be spared.

    A deletion filter: rules are left out, first many at a time and then one by one, and stay out
    where the others still leave no portfolio. Without any single one of those that are returned
    there is a portfolio. There may be other such sets.

    Parameters
    ----------
    problem
        A problem, the budget being one of its rules.

    Returns
    -------
    tuple
        The rules, in the order of the problem; empty where there is a portfolio.

    References
    ----------
    Chinneck, J. W. and Dravnieks, E. W. (1991). Locating minimal infeasible constraint sets in
    linear programs. ORSA Journal on Computing 3(2), 157-168.

    Examples
    --------
    >>> from clustermap.selection.rules import Exclusive, Must
    >>> rules = (Must("A"), Must("B"), Must("C"), Exclusive(("A", "C")))
    >>> ids, ones = np.array(list("ABC"), dtype=object), np.ones(3)
    >>> [rule.family for rule in find_conflict(Problem(ids, ones, ones, 9.0, rules))]
    ['must A', 'must C', 'overlaps']
    """
    kept: Sequence[Rule] = problem.all_rules
    if _holds(problem, kept):
        return ()
    size = len(kept)
    while size:
        start = 0
        while start < len(kept):
            fewer = (*kept[:start], *kept[start + size :])
            if _holds(problem, fewer):
                start += size
            else:
                kept = fewer
        size //= 2
    return tuple(kept)


def _holds(problem: Problem, rules: Sequence[Rule]) -> bool:
    model = _build_model(problem, rules)
    return _search(model, np.zeros(len(model.order)), EXACT) is not None


def _largest(problem: Problem) -> float:
    return float(problem.worth.max()) or 1.0


def _build_model(problem: Problem, rules: Iterable[Rule]) -> _Model:
    order = np.argsort(np.asarray(problem.clusters, dtype=str), kind="stable")
    at = {cluster: place for place, cluster in enumerate(problem.clusters[order])}
    costs = np.asarray(problem.costs, dtype=np.float64)[order]
    least, most = np.zeros(len(order)), np.ones(len(order))
    rows = []
    for row in (row for rule in rules for row in rule.rows(at, costs)):
        if len(row.places) == 1:
            place, coefficient = row.places[0], row.coefficients[0]
            if not row.low <= 0 <= row.high:
                least[place] = 1.0
            if not row.low <= coefficient <= row.high:
                most[place] = 0.0
        else:
            rows.append(row)
    return _Model(order, *_lay_out(rows, len(order)), least, most)


def _lay_out(rows: list[Row], size: int) -> tuple[csr_array, Numbers, Numbers]:
    def content(row: Row) -> tuple[float, float, bytes, bytes]:
        return row.low, row.high, row.places.tobytes(), row.coefficients.tobytes()

    rows = sorted(rows, key=content)
    places = np.concatenate([row.places for row in rows] or [np.empty(0, np.intp)])
    numbers = np.concatenate([np.empty(0), *(row.coefficients for row in rows)])
    starts = np.concatenate([[0], np.cumsum([len(row.places) for row in rows], dtype=np.int64)])
    matrix = csr_array((numbers, places, starts), shape=(len(rows), size))
    return matrix, np.array([row.low for row in rows]), np.array([row.high for row in rows])


def _scale(model: _Model) -> tuple[csr_array, Numbers, Numbers]:
    """Return the rows with 1 for their largest coefficients."""
    counts = np.diff(model.matrix.indptr)
    row = np.repeat(np.arange(len(counts)), counts)
    width = np.zeros(len(counts))
    np.maximum.at(width, row, np.abs(model.matrix.data))
    width[width == 0] = 1.0
    matrix = model.matrix.copy()
    matrix.data /= width[row]
    return matrix, model.low / width, model.high / width


def _hold(model: _Model, inside: npt.ArrayLike | None, outside: npt.ArrayLike | None) -> _Model:
    least, most = model.least, model.most
    if inside is not None:
        least = np.maximum(least, np.asarray(inside, dtype=bool)[model.order])
    if outside is not None:
        most = np.minimum(most, ~np.asarray(outside, dtype=bool)[model.order])
    return replace(model, least=least, most=most)


@dataclass(frozen=True)
class _Relaxed:
    # In the order of the model: what is lost at least when what is out is forced in, and the other
    # way round.
    value: float
    entering: Numbers
    leaving: Numbers


def _relax(model: _Model, values: Numbers) -> _Relaxed | None:
    if (model.least > model.most).any():
        return None
    matrix, low, high = _scale(model)
    upper, lower = np.isfinite(high), np.isfinite(low)
    # The declared types of linprog() know no sparse matrices, and it takes none without rows.
    rows: Any = _stack(matrix[upper], -matrix[lower])
    ends = np.concatenate([high[upper], -low[lower]])
    found = linprog(
        -values,
        A_ub=rows if len(ends) else None,
        b_ub=ends if len(ends) else None,
        bounds=list(zip(model.least, model.most, strict=True)),
        method="highs",
    )
    if found.status == _INFEASIBLE:
        return None
    if found.status != _OPTIMAL or found.fun is None:
        raise ArithmeticError(found.message)
    free = model.least < model.most
    entering = np.where(free, np.maximum(found.lower.marginals, 0.0), 0.0)
    leaving = np.where(free, np.maximum(-found.upper.marginals, 0.0), 0.0)
    return _Relaxed(-float(found.fun), entering, leaving)


def _search_core(model: _Model, values: Numbers, gap: float) -> tuple[Flags, float] | None:
    """Search among the clusters that the relaxed optimum leaves open."""
    bound = _relax(model, values)
    if bound is None:
        return None
    lose = _CORE * bound.value
    while 0 < lose < bound.value:
        least = np.where(bound.leaving > lose, 1.0, model.least)
        most = np.where(bound.entering > lose, 0.0, model.most)
        found = _search(replace(model, least=least, most=most), values, gap)
        # What was held the other way is worth less than the bound without what that loses.
        rest = bound.value * (1 + _ROUNDING) - lose
        if found is not None and values[found[0]].sum() >= rest:
            return found
        lose *= _WIDER
    return _search(model, values, gap)


def _search(model: _Model, values: Numbers, gap: float) -> tuple[Flags, float] | None:
    """Return what is chosen, and the gap that is proven; None where nothing can be."""
    if (model.least > model.most).any():
        return None
    for _ in range(_CUTS):
        # milp() takes no matrix without rows.
        limits = LinearConstraint(*_scale(model))
        found = milp(
            -values,
            integrality=np.ones(len(values), dtype=np.int64),
            bounds=Bounds(model.least, model.most),
            constraints=limits if len(model.low) else None,
            options={"mip_rel_gap": gap},
        )
        if found.status == _INFEASIBLE:
            return None
        if found.status != _OPTIMAL or found.x is None or found.mip_gap is None:
            raise ArithmeticError(found.message)
        chosen = np.asarray(found.x > _HALF)
        if not _breaks(model, chosen):
            return chosen, float(found.mip_gap)
        model = _cut_off(model, chosen)
    raise ArithmeticError("the solver's tolerance hides the optimum")


def _breaks(model: _Model, chosen: Flags) -> bool:
    sums, sizes = model.matrix @ chosen.astype(float), abs(model.matrix) @ chosen.astype(float)
    # Whole numbers are added exactly: of such a budget not a single unit is overdrawn.
    whole = np.ones(len(sums), dtype=bool)
    counts = np.diff(model.matrix.indptr)
    broken = model.matrix.data != np.round(model.matrix.data)
    whole[np.repeat(np.arange(len(counts)), counts)[broken]] = False
    slack = np.where(whole, 0.0, _SLACK * sizes)
    return bool(((sums > model.high + slack) | (sums < model.low - slack)).any())


def _cut_off(model: _Model, chosen: Flags) -> _Model:
    """Return the model without one portfolio: at least one cluster must be otherwise."""
    cut = csr_array(np.where(chosen, 1.0, -1.0)[None, :])
    return replace(
        model,
        matrix=_stack(model.matrix, cut),
        low=np.append(model.low, -np.inf),
        high=np.append(model.high, chosen.sum() - 1.0),
    )


def _stack(above: csr_array, below: csr_array) -> csr_array:
    indptr = np.concatenate([above.indptr, above.indptr[-1] + below.indptr[1:]])
    numbers = (
        np.concatenate([above.data, below.data]),
        np.concatenate([above.indices, below.indices]),
        indptr,
    )
    return csr_array(numbers, shape=(above.shape[0] + below.shape[0], above.shape[1]))
