"""Participation of clusters: how many members take part at all, against members of their sort."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import gammaln

from clustermap.network.distinct import count_runs
from clustermap.network.empirical_bayes import (
    Estimate,
    believe,
    find_reasons,
    log_ratio,
    shrink,
    trend_with_size,
)

if TYPE_CHECKING:
    import numpy.typing as npt

    from clustermap.network.actor_links import Integers, Numbers
    from clustermap.network.posterior import Posterior

KEY = "participation"
NOBODY_EXPECTED = "reason.nobody_expected"

_KAPPAS = (1e-3, 1e4)


@dataclass(frozen=True)
class Involvement:
    """Participation of every cluster.

    Parameters
    ----------
    posterior
        What is believed of log2 of observed over expected members with links, over all kinds.
    estimate
        All kinds taken together, before anything is shrunk.
    by_kind
        Each kind of its own, before anything is shrunk.
    expected
        Clusters x kinds: members that one would expect to have a link of the kind.
    """

    posterior: Posterior
    estimate: Estimate
    by_kind: tuple[Estimate, ...]
    expected: Numbers


def fit_dispersion(degree: npt.ArrayLike, mean: npt.ArrayLike, times: npt.ArrayLike = 1) -> float:
    """Return how evenly the links of a kind fall to actors of whom one expects the same.

    The links of an actor are negative binomial with the mean expected and a size kappa that is the
    same for all: Poisson where it is large, most links with few actors where it is small. Fitted by
    maximum likelihood over the actors of the whole nation.

    Parameters
    ----------
    degree
        Links of an actor, 0 included.
    mean
        Links expected of it; the mean over its stratum will do where nothing better is known.
    times
        Number of actors with this degree and mean.

    Returns
    -------
    float
        kappa, between 0.001 and 10,000; NaN without any link.

    References
    ----------
    Lawless, J. F. (1987). Negative binomial and mixed Poisson regression. Canadian Journal of
    Statistics 15(3), 209-225.
    """
    d, m, n = np.broadcast_arrays(
        *(np.atleast_1d(np.asarray(part, dtype=np.float64)) for part in (degree, mean, times))
    )
    kept = (m > 0) & (n > 0)
    d, m, n = d[kept], m[kept], n[kept]
    if not (d > 0).any():
        return np.nan
    # Of whom one expects the same, only how many they are and their links in all matter.
    return _fit_dispersion(_add_alike(m, n, n * d), _add_alike(d, n))


def fit_dispersion_of_groups(degree: Integers, group: Integers, mean: Numbers) -> float:
    """Return how evenly the links of a kind fall, from millions of actors in a few groups.

    What :func:`fit_dispersion` returns, without sorting the actors.

    Parameters
    ----------
    degree
        Links of an actor, 0 included.
    group
        Group of an actor, from 0.
    mean
        Links expected of an actor of each group.

    Returns
    -------
    float
        As :func:`fit_dispersion`.

    Examples
    --------
    >>> degree, group = np.array([0, 5, 2, 0]), np.array([0, 0, 2, 2])
    >>> mean = np.array([1.0, 7.0, 2.0])
    >>> fit_dispersion_of_groups(degree, group, mean) == fit_dispersion(degree, mean[group])
    True
    """
    actors = np.bincount(group, minlength=len(mean)).astype(np.float64)
    links = np.bincount(group, degree, len(mean)).astype(np.float64)
    held = (mean > 0) & (actors > 0)
    times = np.bincount(degree[held[group]])
    if len(times) < 2:
        return np.nan
    there = np.flatnonzero(times)
    return _fit_dispersion(
        _add_alike(mean[held], actors[held], links[held]),
        (there.astype(np.float64), times[there].astype(np.float64)),
    )


def _fit_dispersion(expected: tuple[Numbers, ...], observed: tuple[Numbers, ...]) -> float:
    """Return kappa from means, with their actors and links, and from degrees with their actors."""
    (mean, actors, links), (degree, times) = expected, observed

    def surprise(log_kappa: float) -> float:
        k = np.exp(log_kappa)
        # m / (k + m) and k / (k + m) in logarithms that hold for large k as well.
        zero = -k * (actors * np.log1p(mean / k)).sum()
        more = (times * (gammaln(degree + k) - gammaln(k))).sum()
        return -float(zero + more - (links * np.log(k + mean)).sum())

    ends = (np.log(_KAPPAS[0]), np.log(_KAPPAS[1]))
    found = minimize_scalar(surprise, bounds=ends, method="bounded", options={"xatol": 1e-6})
    return float(np.exp(found.x))


def _add_alike(key: Numbers, *values: Numbers) -> tuple[Numbers, ...]:
    """Return the different keys, ascending, and the sums of what stands beside them."""
    order = np.argsort(key)
    start, _ = count_runs(key[order])
    return key[order][start], *(np.add.reduceat(value[order], start) for value in values)


def expect_linked(
    ends: npt.ArrayLike, members: npt.ArrayLike, kappa: float
) -> tuple[Numbers, Numbers]:
    """Return mean and variance of the number of members with at least one link of a kind.

    A member of whom lambda links are expected has none with probability
    ``(1 + lambda / kappa) ** -kappa``: more often than ``exp(-lambda)``, for links fall in heaps.

    Parameters
    ----------
    ends
        Clusters x strata: link ends that the null expects at the members of a stratum.
    members
        Clusters x strata: number of members.
    kappa
        From :func:`fit_dispersion`.

    Returns
    -------
    mean : ndarray
        One value a cluster.
    variance : ndarray
        One value a cluster, of independent members.

    Examples
    --------
    >>> mean, variance = expect_linked([[4.0, 0.0]], [[4, 9]], 1.0)  # each of 4 with chance 1/2
    >>> mean.tolist(), variance.tolist()
    ([2.0], [1.0])
    """
    count = np.asarray(members, dtype=np.float64)
    expected = np.asarray(ends, dtype=np.float64)
    each = np.divide(expected, count, out=np.zeros(count.shape), where=count > 0)
    linked = -np.expm1(-kappa * np.log1p(each / kappa))
    return (count * linked).sum(axis=-1), (count * linked * (1 - linked)).sum(axis=-1)


def correlate_kinds(linked: npt.NDArray[np.bool_], stratum: Integers) -> Numbers:
    """Return how far taking part in one kind goes with taking part in another.

    Parameters
    ----------
    linked
        Actors x kinds: whether an actor has a link of the kind.
    stratum
        Stratum of each actor.

    Returns
    -------
    Numbers
        Kinds x kinds: correlation among actors of the same stratum, never below 0; 1 on the
        diagonal.
    """
    size = np.bincount(stratum)
    kinds = linked.shape[1]
    sums = np.zeros((len(size), kinds))
    both = np.zeros((kinds, kinds), dtype=np.int64)
    # Whole numbers until the last step: the order of the actors changes nothing.
    for at, column in enumerate(linked.T):
        sums[:, at] = np.bincount(stratum[column], minlength=len(size))
        both[at] = [np.count_nonzero(column & other) for other in linked.T]
    sums, size = sums[size > 0], size[size > 0]
    common = both - np.einsum("sk,sl->kl", sums, sums / size[:, None])
    spread = np.sqrt(np.maximum(np.diag(common), 0))
    scale = np.outer(spread, spread)
    found = np.divide(common, scale, out=np.zeros_like(common), where=scale > 0)
    np.fill_diagonal(found, 1.0)
    correlation: Numbers = np.clip(found, 0.0, 1.0)
    return correlation


def involvement(
    linked: npt.ArrayLike,
    expected: npt.ArrayLike,
    variance: npt.ArrayLike,
    anyone: Integers,
    *,
    weights: npt.ArrayLike,
    correlation: npt.ArrayLike | None = None,
) -> Involvement:
    """Return the participation of every cluster.

    Each kind is measured as log2 of observed over expected members with a link and shrunk by
    itself, so that a kind with few records does not drown the others; what is believed of the
    kinds is averaged. What runs with the expected number among all clusters is taken off. Whether
    the data decide is asked of all kinds taken together.

    Parameters
    ----------
    linked
        Clusters x kinds: members with at least one link of the kind.
    expected, variance
        Clusters x kinds: from :func:`expect_linked`; the variance times a design effect where links
        are not independent. A kind that the data do not hold is NaN.
    anyone
        Members with a link of any kind.
    weights
        Weight of each kind.
    correlation
        From :func:`correlate_kinds`; by default kinds are taken for independent.

    Returns
    -------
    Involvement
        Measure and belief.
    """
    count, mean, spread = (
        np.asarray(part, dtype=np.float64) for part in (linked, expected, variance)
    )
    kinds = count.shape[1]
    between = np.eye(kinds) if correlation is None else np.asarray(correlation, dtype=np.float64)
    by_kind = tuple(_measure(count[:, at], mean[:, at], spread[:, at]) for at in range(kinds))
    beliefs = [shrink(estimate) for estimate in by_kind]
    means = np.stack([mean for mean, _ in beliefs], axis=1)
    sds = np.stack([sd for _, sd in beliefs], axis=1)
    known = ~np.isnan(means)
    share = np.asarray(weights, dtype=np.float64) * known
    whole = share.sum(axis=1, keepdims=True)
    share = np.divide(share, whole, out=np.full(share.shape, np.nan), where=whole > 0)
    believed = (share * np.where(known, means, 0)).sum(axis=1)
    sd = _combine(share * np.where(known, sds, 0), between)
    estimate = _together(count, mean, spread, np.asarray(weights) > 0, between)
    reason = find_reasons(estimate, anyone.astype(np.int64), NOBODY_EXPECTED)
    posterior = believe(KEY, believed, sd, estimate.basis, reason)
    return Involvement(posterior, estimate, by_kind, mean)


def _measure(count: Numbers, mean: Numbers, spread: Numbers) -> Estimate:
    """Return log2 of observed over expected, less what runs with size among all clusters."""
    value, sd = log_ratio(count, mean, spread)
    return Estimate(value - trend_with_size(value, sd, np.nan_to_num(mean)), sd, mean)


def _combine(parts: Numbers, between: Numbers) -> Numbers:
    """Return the sd of a sum of parts with some correlation between them."""
    sd: Numbers = np.sqrt(np.einsum("ck,kl,cl->c", parts, between, parts))
    return sd


def _together(
    count: Numbers,
    mean: Numbers,
    spread: Numbers,
    scored: npt.NDArray[np.bool_],
    between: Numbers,
) -> Estimate:
    held = scored & ~np.isnan(mean)
    linked, expected = (np.where(held, part, 0).sum(axis=1) for part in (count, mean))
    total = _combine(np.sqrt(np.where(held, spread, 0)), between) ** 2
    return Estimate(*log_ratio(linked, expected, total), expected)
