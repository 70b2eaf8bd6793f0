"""Allowances: what goes with a cluster's circumstances, and not with the cluster itself.

The mass null says what the same actors typically have at the same distances. What it leaves over
may still go with things that no cluster is to be praised or blamed for: links reach farther in one
region than in another, are booked at head offices, and what is left of size. For every kind and
reach, over all clusters,

    log m_k = log E_k + a + sum_j g_j x_jk + r_region(k)

is fitted as a quasi-likelihood with variance ``d m + s m^2``, d being links per independent unit,
so that a cluster has no more than 1 / s links' say however large it is, and none for what it has
beyond twice the expected links. Regions are drawn to the
nation as far as they differ no more than by chance. Every cluster's allowance is what the *other*
clusters say: alone in its region it is compared with the nation.

What clusters within 10 km of each other still have in common is not taken off, for it may be their
own doing; but it may be none of theirs, and so it counts as uncertainty, beside what typical
clusters vary at all (:mod:`clustermap.network.empirical_null`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from clustermap.network.posterior import DEVIATE
from clustermap.network.strata import BRANCH, HEAD_OFFICE
from clustermap.tables import ACTOR_TYPES

if TYPE_CHECKING:
    from collections.abc import Collection

    import numpy.typing as npt

    from clustermap.network.comparison import Comparison
    from clustermap.network.observed import Observed

    Numbers = npt.NDArray[np.float64]

Circumstance = Literal["region", "size", "sites"]
CIRCUMSTANCES: tuple[Circumstance, ...] = get_args(Circumstance)
"""What can be allowed for: the region, the number of actors, and the shares of head offices and
other sites of firms with several."""

LEAST_CLUSTERS = 100
"""Clusters with expected links below which nothing is allowed for: too few to tell."""

NEIGHBOURS_M = 10_000.0
"""Distance within which clusters are neighbours, metres."""

LEAST_PAIRS = 50
"""Pairs of neighbours below which nothing is said of what they share."""

_FIRM = ACTOR_TYPES.index("firm")
_ALIKE = 1e-9
_ROUNDS = 50
_TAU, _SPREAD = 0.3, 0.0625
_LEAST_TAU, _SPREAD_RANGE = 1e-3, (0.02, 0.25)
_FARTHEST = 4.0  # log; no allowance is greater
_TIMES, _UNITS = 2.0, 5.0  # of what is expected, and units more: with such links a say ends


@dataclass(frozen=True)
class Circumstances:
    """What may be allowed for.

    Parameters
    ----------
    columns
        Clusters x columns, each of mean 0 and standard deviation 1.
    region
        Region of each cluster as a code, -1 where none is known or regions are not allowed for.
    near
        bool, clusters x clusters: which are neighbours; none of itself.
    """

    columns: Numbers
    region: npt.NDArray[np.int64]
    near: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Allowance:
    """What expected links are multiplied with.

    Parameters
    ----------
    log_factor
        Natural logarithm of the factor: a number each.
    variance
        How sure that is: variance of the logarithm.
    """

    log_factor: Numbers
    variance: Numbers


def find_circumstances(observed: Observed, wanted: Collection[Circumstance]) -> Circumstances:
    """Return the circumstances of every cluster.

    Parameters
    ----------
    observed
        Members of cells, strata and regions.
    wanted
        What is to be allowed for.

    Returns
    -------
    Circumstances
        By the boundary drawn.
    """
    cells, strata = observed.cells, observed.strata
    members = np.zeros((cells.clusters, len(strata)))
    np.add.at(members, cells.held_cluster, observed.drawn.members[cells.held_cell])
    columns: list[Numbers] = []
    if "size" in wanted:
        columns.append(np.log(np.maximum(members.sum(axis=1), 1.0)))
    if "sites" in wanted:
        firms = np.maximum(members[:, strata.type == _FIRM].sum(axis=1), 1.0)
        sites = (members[:, strata.sector == site] for site in (HEAD_OFFICE, BRANCH))
        columns += [there.sum(axis=1) / firms for there in sites]
    told = [(values - values.mean()) / values.std() for values in columns if values.std() > _ALIKE]
    table = np.column_stack([np.zeros((cells.clusters, 0)), *told])
    region = np.full(cells.clusters, -1, dtype=np.int64)
    if "region" in wanted:
        region = observed.regions[: cells.clusters].astype(np.int64)
    space, own = observed.space, np.arange(cells.clusters)
    near = space.bins[np.ix_(own, own)] < np.searchsorted(space.edges_m, NEIGHBOURS_M, "right")
    np.fill_diagonal(near, val=False)
    return Circumstances(table, region, near)


def fit_allowance(
    observed: Numbers,
    expected: Numbers,
    design: Numbers,
    columns: Numbers,
    region: npt.NDArray[np.int64],
) -> Allowance:
    """Fit what goes with circumstances.

    Parameters
    ----------
    observed, expected
        Links of every cluster; expectation 0 where there is no pair.
    design
        Links per independent unit.
    columns
        Clusters x columns, standardised.
    region
        Codes, -1 for none.

    Returns
    -------
    Allowance
        Of every cluster what the others say; 0 with variance 0 where nothing is expected, or where
        too few clusters have expected links at all.

    References
    ----------
    Breslow, N. E. and Clayton, D. G. (1993). Approximate inference in generalized linear mixed
    models. Journal of the American Statistical Association 88(421), 9-25 (regions as penalised
    quasi-likelihood).

    Examples
    --------
    Two regions of a hundred clusters each, all of 100 expected links; those of one region have 80
    links, those of the other 125:

    >>> seen, mean = np.repeat([80.0, 125.0], 100), np.full(200, 100.0)
    >>> none, region = np.zeros((200, 0)), np.repeat([0, 1], 100)
    >>> found = fit_allowance(seen, mean, np.ones(200), none, region)
    >>> np.exp(found.log_factor[[0, -1]]).round(2).tolist()
    [0.8, 1.25]
    """
    there = expected > 0
    factor, variance = np.zeros((2, len(expected)))
    if there.sum() >= LEAST_CLUSTERS:
        seen, mean, units = observed[there], expected[there], design[there]
        fitted = _Fit(seen, mean, units, columns[there], region[there])
        factor[there], variance[there] = fitted.carry_out()
    return Allowance(factor, variance)


class _Fit:
    """Newton steps for the coefficients, between them the spread of regions and of clusters."""

    def __init__(
        self,
        seen: Numbers,
        mean: Numbers,
        design: Numbers,
        columns: Numbers,
        region: npt.NDArray[np.int64],
    ) -> None:
        self.seen, self.mean, self.design = seen, mean, np.maximum(design, 1e-9)
        codes = np.unique(region[region >= 0])
        self.member = region[:, None] == codes
        level = np.ones((len(seen), 1))
        self.columns = np.column_stack([level, columns, self.member])
        self.first = self.columns.shape[1] - len(codes)  # of the columns of regions
        self.tau, self.spread = _TAU, _SPREAD

    def carry_out(self) -> tuple[Numbers, Numbers]:
        """Return the log factor of every cluster and its variance, both without the cluster."""
        at = np.zeros(self.columns.shape[1])
        at[0] = np.log(max(self.seen.sum(), 0.5) / self.mean.sum())
        for _ in range(_ROUNDS):
            inverse, slope = self._solve(at)
            at = at + np.clip(inverse @ slope, -1.0, 1.0)
            self._find_spreads(at, inverse)
        inverse, _ = self._solve(at)
        # The nation is the mean of its clusters, not of its regions.
        votes = self._weigh(self._expect(at)) * self._expect(at)
        centre = float(votes @ (self.member @ at[self.first :]) / votes.sum())
        at[0] += centre
        at[self.first :] -= centre
        regional, unsure = self._leave_one_out(at)
        log_factor = self.columns[:, : self.first] @ at[: self.first] + regional
        variance = ((self.columns @ inverse) * self.columns).sum(axis=1)
        clipped = np.asarray(np.clip(log_factor, -_FARTHEST, _FARTHEST), dtype=np.float64)
        return clipped, np.asarray(np.maximum(variance, unsure))

    def _expect(self, at: Numbers) -> Numbers:
        return np.asarray(self.mean * np.exp(np.clip(self.columns @ at, -_FARTHEST, _FARTHEST)))

    def _hear(self, expected: Numbers) -> Numbers:
        # One outstanding cluster must not make its neighbours look poor.
        return np.minimum(self.seen, _TIMES * expected + _UNITS * self.design)

    def _weigh(self, expected: Numbers) -> Numbers:
        return np.asarray(1 / (self.design + self.spread * expected))

    def _solve(self, at: Numbers) -> tuple[Numbers, Numbers]:
        """Return the inverse of the curvature, and the slope."""
        expected = self._expect(at)
        weight = self._weigh(expected)
        # Of columns a weak prior of one per standard deviation; hardly any of the nation's level.
        penalty = np.ones(len(at))
        penalty[0] = 1e-9
        penalty[self.first :] = self.tau**-2
        curve = self.columns.T @ (self.columns * (weight * expected)[:, None])
        inverse = np.asarray(np.linalg.inv(curve + np.diag(penalty)), dtype=np.float64)
        slope = self.columns.T @ (weight * (self._hear(expected) - expected)) - penalty * at
        return inverse, slope

    def _find_spreads(self, at: Numbers, inverse: Numbers) -> None:
        regions = at[self.first :]
        if len(regions):
            square = regions**2 + np.diag(inverse)[self.first :]
            self.tau = max(float(np.sqrt(square.mean())), _LEAST_TAU)
        expected = self._expect(at)
        weight = self._weigh(expected) ** 2
        apart = (self._hear(expected) - expected) ** 2
        excess = float((weight * (apart - self.design * expected)).sum())
        found = excess / max(float((weight * expected**2).sum()), 1e-300)
        self.spread = float(np.clip(found, *_SPREAD_RANGE))

    def _leave_one_out(self, at: Numbers) -> tuple[Numbers, Numbers]:
        # The effect of its region as the other clusters of it have it, by Newton steps; level and
        # columns rest on the whole nation and are kept.
        effect = self.member @ at[self.first :]
        heard = self._hear(self._expect(at))
        expected = self._expect(at) / np.exp(effect)
        weight = self._weigh(expected)
        seen, typical = (self._sum_others(weight * values) for values in (heard, expected))
        precision = np.where(self.member.any(axis=1), self.tau**-2, _LEAST_TAU**-2)
        for _ in range(_ROUNDS):
            links = typical * np.exp(effect)
            step = (seen - links - precision * effect) / (links + precision)
            effect = np.clip(effect + np.clip(step, -1.0, 1.0), -_FARTHEST, _FARTHEST)
        unsure = 1 / (typical * np.exp(effect) + precision)
        return effect, np.where(self.member.any(axis=1), unsure, 0.0)

    def _sum_others(self, values: Numbers) -> Numbers:
        return np.asarray(self.member @ (self.member.T @ values) - values)


def find_allowances(comparison: Comparison, circumstances: Circumstances) -> Allowance:
    """Find what is allowed for, by kind and reach.

    Parameters
    ----------
    comparison
        Observed and expected links.
    circumstances
        Of every cluster.

    Returns
    -------
    Allowance
        Shape (clusters, kinds, reaches).
    """
    clusters, kinds, reaches = comparison.observed.shape
    found = Allowance(*np.zeros((2, clusters, kinds - 1, reaches)))
    for kind, reach in product(range(kinds - 1), range(reaches)):
        here = (slice(None), kind, reach)
        one = fit_allowance(
            comparison.observed[here],
            comparison.expected[here],
            comparison.design[here],
            circumstances.columns,
            circumstances.region,
        )
        found.log_factor[here], found.variance[here] = one.log_factor, one.variance
    return found


def allow_for(comparison: Comparison, allowance: Allowance) -> Comparison:
    """Return a comparison whose expected links make the allowance.

    Parameters
    ----------
    comparison
        Observed and expected links.
    allowance
        From :func:`find_allowances`.

    Returns
    -------
    Comparison
        Expected links of all kinds together are the sum over kinds; their uncertainty is taken as
        shared by all kinds.
    """
    before = comparison.expected
    factor = np.exp(allowance.log_factor)
    by_kind = before[:, :-1] * factor
    total = by_kind.sum(axis=1, keepdims=True)
    spread = (by_kind * np.sqrt(allowance.variance)).sum(axis=1, keepdims=True)
    rate = np.divide(total, before[:, -1:], out=np.ones(total.shape), where=before[:, -1:] > 0)
    blur = np.divide(spread, total, out=np.zeros(total.shape), where=total > 0) ** 2
    return replace(
        comparison,
        expected=np.concatenate([by_kind, total], axis=1),
        squares=comparison.squares * np.concatenate([factor, rate], axis=1) ** 2,
        variance=np.concatenate([allowance.variance, blur], axis=1),
        allowance=np.concatenate([factor, rate], axis=1),
    )


def blur(comparison: Comparison, shared: Numbers) -> Comparison:
    """Return a comparison that is as unsure as what neighbours share makes it.

    Parameters
    ----------
    comparison
        From :func:`allow_for`.
    shared
        From :func:`share_neighbourhoods`.

    Returns
    -------
    Comparison
        Expected links are the same.
    """
    known = comparison.variance
    known = np.zeros(comparison.expected.shape) if known is None else known
    return replace(comparison, variance=known + shared)


def share_neighbourhoods(
    comparison: Comparison, near: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float64]:
    """Return how much of what clusters have beyond expectation they share with their neighbours.

    Links inside two clusters, or beyond the widest local radius, are never the same ones, so that
    chance alone gives neighbours nothing in common.

    Parameters
    ----------
    comparison
        Observed and expected links, allowances made.
    near
        Which clusters are neighbours.

    Returns
    -------
    numpy.ndarray
        Kinds + 1 x reaches: covariance of the relative excess of neighbours, weighted as in
        :func:`fit_allowance` and drawn to 0 as far as chance may have made it; 0 where there are
        too few pairs.

    Examples
    --------
    Neighbours by twos, of 100 expected links each: one pair of three has a fifth more, one a fifth
    fewer, one what is expected. The covariance is 0.0267, of which chance may have made a little.

    >>> from clustermap.network.comparison import Comparison
    >>> seen = np.tile(np.repeat([120.0, 80.0, 100.0], 2), 50)[:, None, None]
    >>> mean, near = np.full(seen.shape, 100.0), np.kron(np.eye(150), [[0, 1], [1, 0]]) > 0
    >>> found = share_neighbourhoods(Comparison((), seen, mean, mean, np.ones(seen.shape)), near)
    >>> round(float(found[0, 0]), 4)
    0.0262
    """
    found = np.zeros(comparison.observed.shape[1:])
    if near.sum() < 2 * LEAST_PAIRS:
        return found
    for kind, reach in product(*map(range, found.shape)):
        here = (slice(None), kind, reach)
        expected, design = comparison.expected[here], comparison.design[here]
        there = expected > 0
        if not there.any():
            continue
        typical = expected * (comparison.observed[here][there].sum() / expected[there].sum())
        heard = np.minimum(comparison.observed[here], _TIMES * typical + _UNITS * design)
        excess = np.where(there, heard / np.maximum(typical, 1e-300) - 1, 0.0)
        weight = np.where(there, typical / (np.maximum(design, 1e-9) + _SPREAD * typical), 0.0)
        excess -= (weight @ excess) / max(weight.sum(), 1e-300)
        found[kind, reach] = _find_covariance(weight * excess, weight, near)
    return found


def _find_covariance(
    excess: npt.NDArray[np.float64],
    weight: npt.NDArray[np.float64],
    near: npt.NDArray[np.bool_],
) -> float:
    """Return the covariance of neighbours, drawn to 0 as far as chance may have made it.

    The square of 1.645 standard errors, by the jackknife over clusters, is set against its own
    (Breiman's garrote): what chance makes in one of twenty cases is 0.
    """
    around, there = near @ excess, near @ weight
    together, pairs = float(excess @ around), float(weight @ there)
    without = (together - 2 * excess * around) / np.maximum(pairs - 2 * weight * there, 1e-300)
    covariance = together / max(pairs, 1e-300)
    if covariance <= 0:
        return 0.0
    error = (weight.size - 1) * float(np.var(without))
    return covariance * max(1 - DEVIATE**2 * error / covariance**2, 0.0)
