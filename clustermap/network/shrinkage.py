"""Observed over expected, shrunk: how far a ratio is to be believed, and with what interval.

Links of a cluster are negative binomial with mean ``E theta`` and the dispersion that pairs of
cells show among themselves. Over clusters theta follows a mixture of two gamma distributions
(DuMouchel 1999): most clusters are much alike, some are not; one gamma for both would pull the few
that stand out to the many. Kinds of linkage share their cluster's theta: ``theta_k = theta eta_k``
with ``eta_k ~ Gamma(s, s)``. All of it is fitted by maximum likelihood to all clusters (empirical
Bayes). So few links say little, a kind with few links leans on its cluster's other kinds, and many
links speak for themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import optimize, special

from clustermap.network.gamma import spread_points, trigamma
from clustermap.network.mixtures import mix_normals
from clustermap.network.negative_binomial import ENDLESS, join_sizes, negative_binomial
from clustermap.network.posterior import DEVIATE
from clustermap.network.prior import ALIKE_AT_MOST, Evidence, Prior, fit_prior, log_marginals

if TYPE_CHECKING:
    import numpy.typing as npt

    Numbers = npt.NDArray[np.float64]

LN2 = float(np.log(2.0))

MAX_WIDTH = 2.0
"""Widest 90 % interval of the unshrunk log2 ratio by which data decide (about 7 links)."""

MIN_WEIGHT = 0.5
"""Least weight that a cluster's own data must have beside what all clusters say."""

_PAIRS_AT_ONCE = 50_000
"""Pairs of cells that are looked at together: so few stay in the cache."""

_POINTS = 25
"""Equally likely points that stand for a gamma distribution."""

_MIN_CLUSTERS = 5
_ALIKE, _MOST_ALIKE = 20.0, 1e4
# How alike kinds are where nothing says so.


@dataclass(frozen=True)
class Belief:
    """What is believed of the ratios of clusters: a mixture of two gamma distributions for each.

    Parameters
    ----------
    weight, shape, rate
        Clusters x 2; the weights of a cluster sum to 1.
    """

    weight: Numbers
    shape: Numbers
    rate: Numbers

    @property
    def log_mean(self) -> Numbers:
        """Mean of the natural logarithm of theta, one value a cluster."""
        means = special.digamma(self.shape) - np.log(self.rate)
        return np.asarray((self.weight * means).sum(axis=1))

    def points(self) -> tuple[Numbers, Numbers]:
        """Return equally likely values of each part, and their weights.

        Returns
        -------
        tuple
            Values and weights, clusters x points; a cluster's weights sum to 1.
        """
        values = spread_points(self.shape, _POINTS) / self.rate[:, :, None]
        weights = np.repeat(self.weight / _POINTS, _POINTS, axis=1)
        return values.reshape(len(values), -1), weights


def estimate_dispersion(observed: Numbers, expected: Numbers, *, design: float = 1.0) -> float:
    """Estimate the dispersion of pairs of cells around what is expected of them.

    Moments of ``Var O = E + phi E^2``, weighted with ``1 / (1 + phi E)^2``: pairs of few links say
    little of it, and pairs of many would otherwise say everything.

    Parameters
    ----------
    observed
        Links of pairs of cells.
    expected
        What a null that keeps the cells' own totals expects of them, so that the cells' own ratios
        are not taken for dispersion.
    design
        Links per independent unit.

    Returns
    -------
    float
        phi, at least 0.
    """
    there = expected > 0
    seen, mean = (observed, expected) if there.all() else (observed[there], expected[there])
    del there
    phi, terms = 0.5, np.empty(len(mean))
    parts = [slice(at, at + _PAIRS_AT_ONCE) for at in range(0, len(mean), _PAIRS_AT_ONCE)]
    for _ in range(6):
        # Pairs are millions: what is worked out of them stays near the processor, but for its sum.
        for some in parts:
            weight = 1 / (1 + phi * mean[some]) ** 2
            terms[some] = weight * ((seen[some] - mean[some]) ** 2 - design * mean[some])
        excess = float(terms.sum())
        for some in parts:
            terms[some] = 1 / (1 + phi * mean[some]) ** 2 * mean[some] ** 2
        phi = max(excess / max(float(terms.sum()), 1e-300), 0.0)
    return phi


def size_of_sum(expected: Numbers, squares: Numbers, dispersion: float) -> Numbers:
    """Return the size of the negative binomial of a sum over pairs of cells.

    Parameters
    ----------
    expected
        Sums of E.
    squares
        Sums of E^2.
    dispersion
        phi of one pair.

    Returns
    -------
    Numbers
        ``(sum E)^2 / (phi sum E^2)``: many small pairs average their dispersion out.
    """
    below = dispersion * np.asarray(squares)
    size = np.full(np.shape(expected), ENDLESS)
    np.divide(np.asarray(expected) ** 2, below, out=size, where=below > 0)
    return np.asarray(np.clip(size, 1e-6, ENDLESS))


def loosen(total: Evidence, by_kind: Evidence, alike: float) -> Evidence:
    """Return the evidence of all kinds together, as uncertain as kinds of their own make it.

    Parameters
    ----------
    total
        All kinds together, one value a cluster.
    by_kind
        Clusters x kinds.
    alike
        How alike the kinds of a cluster are, see :func:`fit_alike`.

    Returns
    -------
    Evidence
        Smaller sizes: a sum of few kinds says less of what they share.
    """
    squares = (by_kind.expected**2).sum(axis=1)
    own = size_of_sum(by_kind.expected.sum(axis=1), squares, 1 / alike)
    return Evidence(total.observed, total.expected, join_sizes(total.size, own))


def find_belief(evidence: Evidence, prior: Prior) -> Belief:
    """Return what is believed of every cluster's ratio.

    Parameters
    ----------
    evidence
        Links, kinds together.
    prior
        What all clusters say.

    Returns
    -------
    Belief
        Dispersion takes information away: as if fewer links had been counted among fewer pairs.

    Examples
    --------
    With a single gamma of shape 4, whose rate is exp(digamma(4)) = 3.512, ten links where five were
    expected are believed to be (4 + 10) / (3.512 + 5) times the typical number:

    >>> ten = Evidence(np.array([10.0]), np.array([5.0]), np.array([ENDLESS]))
    >>> found = find_belief(ten, Prior(1.0, 4.0, 4.0, 0.5))
    >>> round(float((found.shape / found.rate)[0, 0]), 3)
    1.645
    """
    seen = np.where(evidence.expected > 0, evidence.observed, 0.0)[:, None]
    expected = np.maximum(evidence.expected, 1e-300)[:, None]
    logs = log_marginals(Evidence(seen[:, 0], expected[:, 0], evidence.size), prior)
    weight = np.exp(logs - np.logaddexp(*logs.T)[:, None])
    worth = _worth(seen, expected, evidence.size[:, None], prior)
    return Belief(weight, prior.shapes + seen * worth, prior.rates + expected * worth)


def _worth(seen: Numbers, expected: Numbers, size: Numbers, prior: Prior) -> Numbers:
    # What share of its links a cluster has left once dispersion has taken its part. It solves
    # w = 1 / (1 + E theta / v), theta being what is then believed: (a + O w) / (b + E w).
    square = expected * (1 + seen / size)
    linear = prior.rates + expected * (prior.shapes / size - 1)
    root = np.sqrt(linear**2 + 4 * square * prior.rates)
    # Of two ways to write the positive root the one that subtracts nothing.
    return np.where(
        linear > 0,
        2 * prior.rates / (root + linear),
        (root - linear) / np.maximum(2 * square, 1e-300),
    )


def fit_alike(by_kind: Evidence) -> float:
    """Fit how alike the kinds of a cluster are, by maximum likelihood.

    Given how many links a cluster has in all, their kinds are Dirichlet-multinomial around the
    expected mix.

    Parameters
    ----------
    by_kind
        Clusters x kinds.

    Returns
    -------
    float
        Shape of the gamma distribution of a kind's factor around its cluster's; between 0.1 and
        10,000.
    """
    if (by_kind.expected > 0).any(axis=0).sum() < 2:
        return _MOST_ALIKE  # a single kind is its cluster's all
    total = by_kind.expected.sum(axis=1)
    use = (total > 0) & ((by_kind.expected > 0).sum(axis=1) > 1)
    seen = np.where(by_kind.expected > 0, by_kind.observed, 0.0)[use]
    if len(seen) < _MIN_CLUSTERS or seen.sum() <= 0:
        return _ALIKE
    mix = by_kind.expected[use] / total[use, None]
    kinds = (mix > 0).sum(axis=1)

    def cost(log_alike: float) -> float:
        whole = np.exp(log_alike) * kinds
        parts = np.maximum(whole[:, None] * mix, 1e-12)
        found = special.gammaln(parts + seen) - special.gammaln(parts)
        ends = special.gammaln(whole) - special.gammaln(whole + seen.sum(axis=1))
        return float(-found.sum() - ends.sum() + 0.05 * (log_alike - np.log(_ALIKE)) ** 2)

    bounds = (np.log(0.1), np.log(_MOST_ALIKE))
    found = optimize.minimize_scalar(cost, bounds=bounds, method="bounded")
    return float(np.exp(found.x))


@dataclass(frozen=True)
class OwnFactors:
    """What is believed of every kind of a cluster's links, given what they have in common.

    Parameters
    ----------
    mass
        Clusters x points: probability of each value of the common factor.
    common
        Clusters x points: logarithm of the common factor.
    mean, variance
        Kinds x clusters x points: of the logarithm of the kind's own factor.
    """

    mass: Numbers
    common: Numbers
    mean: Numbers
    variance: Numbers


def find_own_factors(by_kind: Evidence, belief: Belief, alike: float) -> OwnFactors:
    """Return what is believed of the kinds, whatever they weigh.

    Given the cluster's common factor, a kind's own is gamma with shape ``s + O_k`` and rate
    ``s + E_k theta``, whose logarithm has mean and variance in closed form.

    Parameters
    ----------
    by_kind
        Links, clusters x kinds; kinds without expectation lean on the common factor alone.
    belief
        Of the common factor.
    alike
        How alike the kinds of a cluster are.

    Returns
    -------
    OwnFactors
        Of every kind.
    """
    theta, mass = belief.points()
    kinds = by_kind.expected.shape[1]
    mean, variance = np.empty((2, kinds, *theta.shape))
    for kind in range(kinds):
        seen, expected, size = (
            values[:, kind, None] for values in (by_kind.observed, by_kind.expected, by_kind.size)
        )
        worth = 1 / (1 + expected * theta / size)
        shape = alike + np.where(expected > 0, seen, 0.0) * worth
        mean[kind] = special.digamma(shape) - np.log(alike + expected * theta * worth)
        variance[kind] = trigamma(shape)
    return OwnFactors(mass, np.log(theta), mean, variance)


def combine_kinds(own: OwnFactors, weights: Numbers) -> tuple[Numbers, Numbers]:
    """Return the weighted mean over kinds of the log2 ratios: mean and quantiles.

    It is a mixture of normals over the common factor.

    Parameters
    ----------
    own
        What is believed of the kinds.
    weights
        One weight a kind.

    Returns
    -------
    tuple
        Means (clusters), and quantiles at ``Z`` (len(Z) x clusters), of the log2 ratio.
    """
    mean, variance = own.common.copy(), np.zeros(own.common.shape)
    for kind, share in enumerate(np.asarray(weights) / np.sum(weights)):
        mean += share * own.mean[kind]
        variance += share**2 * own.variance[kind]
    return _blur(own.mass, mean / LN2, np.sqrt(variance) / LN2)


def _blur(mass: Numbers, mean: Numbers, spread: Numbers) -> tuple[Numbers, Numbers]:
    # Points stand for a continuum: each is blurred by the usual distance between them.
    centre = (mass * mean).sum(axis=1)
    around = (mean - centre[:, None]) ** 2
    blur = np.sqrt((mass * around).sum(axis=1) / _POINTS)[:, None]
    spread = np.sqrt(spread**2 + blur**2) + 1e-12
    return centre, mix_normals(mass, mean, spread)


@dataclass(frozen=True)
class Alone:
    """What the data of each cluster say without the others.

    Parameters
    ----------
    log2_ratio
        Observed over expected; -inf where nothing was observed, NaN where nothing is expected.
    width
        Width of the 90 % interval of the log2 ratio; infinite where nothing was observed.
    weight
        The data's own weight beside what all clusters say.
    """

    log2_ratio: Numbers
    width: Numbers
    weight: Numbers

    @property
    def decides(self) -> npt.NDArray[np.bool_]:
        """Whether the interval is narrow enough and the data outweigh the prior."""
        return np.asarray((self.width <= MAX_WIDTH) & (self.weight >= MIN_WEIGHT), dtype=bool)


def weigh_alone(evidence: Evidence, prior: Prior) -> Alone:
    """Return what the data of each cluster say without the others.

    Parameters
    ----------
    evidence
        Links, kinds together.
    prior
        What all clusters say, for the weight only.

    Returns
    -------
    Alone
        Ratios, widths and weights.

    Examples
    --------
    Seven links decide, six do not quite:

    >>> some = Evidence(np.array([6.0, 7.0]), np.array([6.0, 7.0]), np.array([ENDLESS, ENDLESS]))
    >>> found = weigh_alone(some, Prior(1.0, 4.0, 4.0, 0.5))
    >>> found.width.round(3).tolist(), found.decides.tolist()
    ([2.008, 1.85], [False, True])
    """
    seen, expected, size = evidence.observed, evidence.expected, evidence.size
    there, some = expected > 0, (expected > 0) & (seen > 0)
    ratio = np.full(len(seen), np.nan)
    ratio[there] = -np.inf
    ratio[some] = np.log2(seen[some] / expected[some])
    # Seen on a flat scale of logarithms, theta is gamma with the links as its shape.
    shape = seen[some] / (1 + seen[some] / size[some])
    low, high = (special.gammaincinv(shape, special.ndtr(end)) for end in (-DEVIATE, DEVIATE))
    width = np.full(len(seen), np.inf)
    width[some] = np.log2(np.maximum(high, 1e-300) / np.maximum(low, 1e-300))
    informed = expected / (1 + expected / size)
    return Alone(ratio, width, informed / (informed + prior.rate))


__all__ = [
    "ALIKE_AT_MOST",
    "ENDLESS",
    "LN2",
    "MAX_WIDTH",
    "MIN_WEIGHT",
    "Alone",
    "Belief",
    "Evidence",
    "OwnFactors",
    "Prior",
    "combine_kinds",
    "estimate_dispersion",
    "find_belief",
    "find_own_factors",
    "fit_alike",
    "fit_prior",
    "join_sizes",
    "loosen",
    "negative_binomial",
    "size_of_sum",
    "weigh_alone",
]
