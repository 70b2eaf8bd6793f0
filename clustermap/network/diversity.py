"""Diversity of a cluster's links: how evenly they fall on the kinds of linkage (ours)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import betainc, gammaln, ndtri, xlogy
from scipy.stats import binom, norm, qmc

from clustermap.network.empirical_bayes import Estimate, believe, find_reasons, shrink

if TYPE_CHECKING:
    import numpy.typing as npt

    from clustermap.network.actor_links import Integers, Numbers
    from clustermap.network.posterior import Posterior

KEY = "diversity"
ONE_KIND = "reason.one_kind_only"
DRAWS = 256
SEED = 20081

_CLOSE = 1e-9
"""Cumulative chances so close to a value are left to the exact quantile."""


@dataclass(frozen=True)
class Diversity:
    """Diversity of every cluster.

    Parameters
    ----------
    posterior
        What is believed of log2 of the effective number of kinds over the one expected.
    estimate
        The same before it is shrunk or capped.
    kinds
        Effective number of kinds: 1 where all links are of one kind, the number of kinds where they
        are equal; NaN without links.
    capped
        Whether the cluster has fewer links than expected, so that evenness does not count for it.
    """

    posterior: Posterior
    estimate: Estimate
    kinds: Numbers
    capped: npt.NDArray[np.bool_]


def entropy(counts: npt.ArrayLike) -> Numbers:
    """Return the Shannon entropy of counts, in bits.

    Parameters
    ----------
    counts
        Counts over kinds along the last axis.

    Returns
    -------
    Numbers
        Between 0 and log2 of the number of kinds; NaN where there is nothing.

    References
    ----------
    Shannon, C. E. (1948). A mathematical theory of communication. Bell System Technical Journal
    27, 379-423.

    Examples
    --------
    >>> entropy([[1, 1, 0], [3, 0, 0]]).tolist()
    [1.0, 0.0]
    """
    table = np.asarray(counts, dtype=np.float64)
    whole = table.sum(axis=-1, keepdims=True)
    shares = np.divide(table, whole, out=np.full(table.shape, np.nan), where=whole > 0)
    bits: Numbers = -xlogy(shares, shares).sum(axis=-1) / np.log(2) + 0.0
    return bits


def shrink_shares(counts: npt.ArrayLike, target: npt.ArrayLike) -> Numbers:
    """Return observed shares drawn towards the expected ones, the more the fewer links there are.

    Parameters
    ----------
    counts
        Clusters x kinds.
    target
        Clusters x kinds: expected shares.

    Returns
    -------
    Numbers
        Shares that sum to one; the target where there is at most one link.

    References
    ----------
    Hausser, J. and Strimmer, K. (2009). Entropy inference and the James-Stein estimator, with
    application to nonlinear gene association networks. Journal of Machine Learning Research 10,
    1469-1484.

    Examples
    --------
    >>> shrink_shares([[8.0, 3.0]], [[0.5, 0.5]]).round(4).tolist()
    [[0.64, 0.36]]
    """
    table, wanted = np.asarray(counts, dtype=np.float64), np.asarray(target, dtype=np.float64)
    whole = table.sum(axis=1, keepdims=True)
    shares = np.divide(table, whole, out=np.zeros(table.shape), where=whole > 0)
    noise = 1 - (shares**2).sum(axis=1, keepdims=True)
    distance = (whole - 1) * ((wanted - shares) ** 2).sum(axis=1, keepdims=True)
    weight = np.divide(noise, distance, out=np.ones(whole.shape), where=distance > 0)
    # All links of one kind leave no noise, but a few such links are no proof of that.
    weight = np.clip(np.maximum(weight, 1 / np.maximum(whole, 1)), 0, 1)
    drawn: Numbers = weight * wanted + (1 - weight) * shares
    return drawn


def draw_entropies(links: Integers, shares: npt.ArrayLike) -> tuple[Numbers, Numbers]:
    """Return mean and sd of the entropy of so many links drawn with such shares.

    Every cluster is dealt from the same evenly spread random numbers, so that neither the order of
    clusters nor which others there are changes what is found.

    Parameters
    ----------
    links
        Number of links of each cluster.
    shares
        Clusters x kinds.

    Returns
    -------
    mean : ndarray
        In bits; NaN without links.
    sd : ndarray
        In bits.
    """
    chances = np.asarray(shares, dtype=np.float64)
    clusters, kinds = chances.shape
    if kinds < 2 or not clusters:
        return np.where(links > 0, 0.0, np.nan), np.zeros(clusters)
    rng = np.random.default_rng(SEED)
    uniform = qmc.Sobol(kinds - 1, rng=rng).random(DRAWS)
    counts = np.zeros((DRAWS, clusters, kinds))
    left, rest = np.broadcast_to(links, (DRAWS, clusters)).astype(np.float64), np.ones(clusters)
    for kind in range(kinds - 1):
        chance = np.divide(chances[:, kind], rest, out=np.zeros(clusters), where=rest > 1e-12)
        counts[:, :, kind] = find_quantiles(uniform[:, [kind]], left, np.clip(chance, 0, 1))
        left, rest = left - counts[:, :, kind], rest - chances[:, kind]
    counts[:, :, -1] = left
    # Cluster by cluster: a sum across clusters would depend on their number in the last digit.
    found = np.ascontiguousarray(entropy(counts).T)
    return found.mean(axis=1), found.std(axis=1, ddof=1)


def find_quantiles(uniform: Numbers, trials: Numbers, chance: Numbers) -> Numbers:
    """Return the smallest numbers of successes whose cumulative chance reaches given values.

    What :func:`scipy.stats.binom.ppf` returns, several times as fast for many values: a guess from
    the normal distribution and its skewness is hardly ever wrong by more than one.

    Parameters
    ----------
    uniform
        Cumulative chances, between 0 and 1.
    trials
        Whole numbers.
    chance
        Chance of a success in one trial.

    Returns
    -------
    Numbers
        Between 0 and the number of trials.

    References
    ----------
    Cornish, E. A. and Fisher, R. A. (1938). Moments and cumulants in the specification of
    distributions. Revue de l'Institut International de Statistique 5(4), 307-320.

    Examples
    --------
    >>> find_quantiles(np.array([0.1, 0.5, 0.9]), np.full(3, 4.0), np.full(3, 0.5)).tolist()
    [1.0, 2.0, 3.0]
    """
    z = ndtri(np.clip(uniform, 1e-300, 1 - 1e-16))
    u, n, p, z = np.broadcast_arrays(uniform, trials, chance, z)
    found = np.where(p > 0, n, 0.0)
    open_ = (n > 0) & (p > 0) & (p < 1)
    u, n, p, z = (part[open_] for part in (u, n, p, z))
    guess = n * p + z * np.sqrt(n * p * (1 - p)) + (1 - 2 * p) * (z**2 - 1) / 6 - 0.5
    k = np.clip(np.ceil(guess), 0, n)
    reached = np.where(k < n, betainc(n - np.minimum(k, n - 1), k + 1, 1 - p), 1.0)
    unsure = np.abs(reached - u) < _CLOSE
    at = np.arange(len(u))
    while len(at):  # too few: one more
        at = at[(reached[at] < u[at]) & (k[at] < n[at])]
        k[at] += 1
        reached[at] += _chance_of(k[at], n[at], p[at])
        unsure[at] |= np.abs(reached[at] - u[at]) < _CLOSE
    at = np.arange(len(u))
    while len(at):  # one less would do
        before = reached[at] - _chance_of(k[at], n[at], p[at])
        unsure[at] |= np.abs(before - u[at]) < _CLOSE
        less = (before >= u[at]) & (k[at] > 0)
        at = at[less]
        k[at] -= 1
        reached[at] = before[less]
    k[unsure] = np.clip(binom.ppf(u[unsure], n[unsure], p[unsure]), 0, n[unsure])
    found[open_] = k
    return found


def _chance_of(k: Numbers, n: Numbers, p: Numbers) -> Numbers:
    """Return the chance of k successes."""
    ways = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    return np.asarray(np.exp(ways + k * np.log(p) + (n - k) * np.log1p(-p)))


def diversity(
    observed: npt.ArrayLike,
    expected: npt.ArrayLike,
    linked: Integers,
    *,
    design: npt.ArrayLike = 1.0,
) -> Diversity:
    """Return the diversity of every cluster's links over kinds.

    The entropy of the counts over kinds, in bits, is log2 of an effective number of kinds. From it
    the mean entropy of as many links drawn with the expected shares is taken off: this removes both
    what is typical of the cluster's actors and the bias of entropies of few links (parametric
    bootstrap). The sd is that of links drawn with the observed shares, themselves drawn towards the
    expected ones. A cluster with fewer links than expected in all is at most typical, for low in
    every kind is not diverse.

    Parameters
    ----------
    observed, expected
        Clusters x kinds: links; a kind that the data do not hold is NaN in every cluster.
    linked
        Members with a link.
    design
        Links that weigh as one independent link, one number a cluster (or one for all).

    Returns
    -------
    Diversity
        Measure and belief.
    """
    count, mean = (np.asarray(part, dtype=np.float64) for part in (observed, expected))
    held = ~(np.isnan(count) | np.isnan(mean)).all(axis=0)
    count, mean = np.nan_to_num(count[:, held]), np.nan_to_num(mean[:, held])
    total, typical = count.sum(axis=1), mean.sum(axis=1)
    effective = total / np.maximum(np.broadcast_to(np.asarray(design, float), total.shape), 1)
    links = np.where(total > 0, np.maximum(np.rint(effective), 1), 0).astype(np.int64)
    possible = (links > 0) & ((mean > 0).sum(axis=1) > 1)
    target = np.divide(mean, typical[:, None], out=np.ones_like(mean), where=typical[:, None] > 0)
    value, sd = np.full((2, len(total)), np.nan)
    bits = entropy(count)
    usual, _ = draw_entropies(links[possible], target[possible])
    scaled = count * np.divide(links, total, out=np.zeros_like(total), where=total > 0)[:, None]
    shares = shrink_shares(scaled[possible], target[possible])
    _, sd[possible] = draw_entropies(links[possible], shares)
    value[possible] = bits[possible] - usual
    estimate = Estimate(value, np.where(sd > 0, sd, np.nan), effective)
    value[np.isnan(estimate.sd)] = np.nan
    capped = possible & (total < typical)
    return Diversity(
        posterior=_cap(estimate, linked, capped),
        estimate=estimate,
        kinds=np.exp2(bits),
        capped=capped,
    )


def _cap(estimate: Estimate, linked: Integers, capped: npt.NDArray[np.bool_]) -> Posterior:
    mean, sd = shrink(estimate)
    reason = find_reasons(estimate, linked.astype(np.int64), ONE_KIND)
    free = believe(KEY, mean, sd, estimate.basis, reason)
    # The mean of a normal belief of which all above 0 is counted as 0.
    at = np.divide(mean, sd, out=np.zeros_like(mean), where=sd > 0)
    below = mean * norm.cdf(-at) - sd * norm.pdf(at)
    return type(free)(
        free.key,
        np.where(capped, below, free.value),
        np.where(capped, np.minimum(free.quantiles, 0), free.quantiles),
        free.basis,
        free.decided,
        free.reason,
    )
