"""How far a score and a rank could be otherwise: draws of the records and of the weights."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from clustermap.indicators.evidence import LEVEL, divide
from clustermap.scores.aggregate import geometric_mean, score_parts

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from clustermap.indicators.evidence import Numbers
    from clustermap.scores.aggregate import Values
    from clustermap.scores.goalposts import Goalposts
    from clustermap.scores.profile import Profile

RELATIVE_VARIANCE = 0.0625
"""Variance of an equal weight over its square: one standard deviation is a quarter of it."""

BLOCK = 50
"""Draws computed at a time, so that one block of every indicator stays in the cache."""

_ENDS = ((1 - LEVEL) / 2, (1 + LEVEL) / 2)


@dataclass(frozen=True)
class Draws:
    """Drawn parts and scores.

    Parameters
    ----------
    parts
        Parts x draws x clusters.
    scores
        Draws x clusters.
    """

    parts: Numbers
    scores: Numbers


def draw_scores(
    values: Values,
    basis: Values,
    profile: Profile,
    goalposts: Goalposts,
    *,
    draws: int,
    seed: int,
) -> Draws:
    """Draw scores: records resampled, weights varied.

    Link counts are Poisson around what was counted; where fewer independent units than links stand
    behind them, a gamma-mixed Poisson whose relative variance is one over the units. Internal, home
    and foreign links are drawn apart; shares and strength follow from them. Participation is beta
    on its effective number of actors. Weights are Dirichlet around the profile's.

    Parameters
    ----------
    values
        (indicator, kind) to values of the clusters, in an order that does not depend on the input.
    basis
        (indicator, kind) to what the values rest on, in the same order.
    profile
        What the parts consist of.
    goalposts
        The ends that measures are read between.
    draws
        Number of draws.
    seed
        Seed; equal seeds give equal draws.

    Returns
    -------
    Draws
        Drawn parts and scores.

    References
    ----------
    Saisana, M., Saltelli, A. and Tarantola, S. (2005). Uncertainty and sensitivity analysis
    techniques as tools for the quality assessment of composite indicators. Journal of the Royal
    Statistical Society A 168(2), 307-323.
    """
    for_records, for_weights = np.random.SeedSequence(seed).spawn(2)
    # SFC64 draws Poisson numbers a third faster than the default, and these are half the work.
    records = np.random.Generator(np.random.SFC64(for_records))
    weights = draw_weights(profile, draws, np.random.default_rng(for_weights))
    parts: list[Numbers] = []
    scores: list[Numbers] = []
    for start in range(0, draws, BLOCK):
        block = weights[start : start + BLOCK]
        drawn = draw_values(values, basis, len(block), records)
        parts.append(score_parts(drawn, profile, goalposts))
        scores.append(geometric_mean(parts[-1], block.T[:, :, None]))
    return Draws(np.concatenate(parts, axis=1), np.concatenate(scores))


def draw_weights(profile: Profile, draws: int, random: np.random.Generator) -> Numbers:
    """Draw weights of the parts around the profile's own.

    Parameters
    ----------
    profile
        The profile, with at least two parts.
    draws
        Number of draws.
    random
        Generator.

    Returns
    -------
    Numbers
        Draws x parts; each row sums to one.
    """
    own = np.array([pillar.weight for pillar in profile.pillars])
    concentration = (len(own) - 1) / RELATIVE_VARIANCE - 1
    positive = own > 0
    drawn = np.zeros((draws, len(own)))
    drawn[:, positive] = random.dirichlet(concentration * own[positive], draws)
    return drawn


def draw_values(
    values: Values, basis: Values, draws: int, random: np.random.Generator
) -> Mapping[tuple[str, str], Numbers]:
    """Draw every indicator of linkage once more; what was counted of actors stays.

    Parameters
    ----------
    values, basis
        As in :func:`draw_scores`.
    draws
        Number of draws.
    random
        Generator.

    Returns
    -------
    Mapping
        (indicator, kind) to draws x clusters.
    """
    drawn = {key: np.broadcast_to(value, (draws, value.size)) for key, value in values.items()}
    outward = np.zeros((draws, next(iter(values.values())).size))
    for indicator, kind in values:
        if indicator == "participation":
            drawn[indicator, kind] = draw_shares(
                values[indicator, kind], basis[indicator, kind], draws, random
            )
        elif indicator == "internal_links":
            inside, outside = _draw_links(values, basis, kind, draws, random)
            drawn |= inside | outside
            outward += outside["external_links", kind]
    if ("strength", "") in values:
        drawn["strength", ""] = _draw_strength(values, outward)
    return drawn


def draw_counts(
    count: Numbers, inflation: Numbers, draws: int, random: np.random.Generator
) -> Numbers:
    """Draw counts with the mean of those given.

    Parameters
    ----------
    count
        Counts.
    inflation
        Links per independent unit, at least 1: so many times larger than Poisson's is the variance
        of a draw. But at least one unit stands behind any count above zero, so its relative
        variance is never above one.
    draws
        Number of draws.
    random
        Generator.

    Returns
    -------
    Numbers
        Draws x counts.
    """
    # Poisson adds a relative variance of 1 / count; the gamma factor of mean 1 adds the rest.
    extra = divide(np.minimum(inflation, count) - 1, count)
    tied = extra > 0
    mean = np.broadcast_to(count, (draws, count.size))
    if tied.any():
        mean = mean.copy()
        shape = 1 / extra[tied]
        mean[:, tied] *= random.standard_gamma(shape, (draws, shape.size)) / shape
    return random.poisson(mean).astype(np.float64)


def draw_shares(
    share: Numbers, trials: Numbers, draws: int, random: np.random.Generator
) -> Numbers:
    """Draw shares from beta distributions with the means of those given.

    Parameters
    ----------
    share
        Shares between 0 and 1; 0, 1 and NaN stay as they are.
    trials
        Effective number of trials behind each share.
    draws
        Number of draws.
    random
        Generator.

    Returns
    -------
    Numbers
        Draws x shares.
    """
    drawn = np.broadcast_to(share, (draws, share.size)).copy()
    open_ = (share > 0) & (share < 1) & (trials > 0)
    p, n = share[open_], trials[open_]
    drawn[:, open_] = random.beta(p * n, (1 - p) * n, (draws, p.size))
    return drawn


def interval(drawn: Numbers, value: Numbers) -> tuple[Numbers, Numbers]:
    """Return the 90 % interval of draws, widened to hold the value where it lies outside.

    Where records are few, draws of a logarithm lie lower than the logarithm of what was counted.

    Parameters
    ----------
    drawn
        Draws on the first axis.
    value
        The value computed from what was counted.

    Returns
    -------
    tuple of Numbers
        5 % and 95 % quantiles.
    """
    low, high = np.quantile(drawn, _ENDS, axis=0)
    return np.minimum(low, value), np.maximum(high, value)


def rank_interval(
    drawn: Numbers, rank: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the 90 % interval of ranks, widened as :func:`interval`; ties share the smallest rank.

    Parameters
    ----------
    drawn
        Drawn scores, draws x clusters, without missing ones.
    rank
        Ranks computed from what was counted.

    Returns
    -------
    tuple
        Best and worst rank of each cluster.
    """
    ranks = np.stack([rank_descending(row) for row in drawn])
    # Whole ranks: the lower end is rounded down and the upper end up.
    low, high = (math.floor(_ENDS[0] * (len(drawn) - 1)), math.ceil(_ENDS[1] * (len(drawn) - 1)))
    ordered = np.partition(ranks, (low, high), axis=0)
    return np.minimum(ordered[low], rank), np.maximum(ordered[high], rank)


def rank_descending(scores: Numbers) -> npt.NDArray[np.int64]:
    """Rank scores, the largest first; ties share the smallest rank.

    Parameters
    ----------
    scores
        Scores without missing ones.

    Returns
    -------
    numpy.ndarray
        Ranks from 1.
    """
    ordered = np.sort(scores)
    return scores.size - np.searchsorted(ordered, scores, side="right") + 1


def _draw_links(
    values: Values, basis: Values, kind: str, draws: int, random: np.random.Generator
) -> tuple[dict[tuple[str, str], Numbers], dict[tuple[str, str], Numbers]]:
    internal, external = values["internal_links", kind], values["external_links", kind]
    abroad = values.get(("abroad_links", kind), np.zeros_like(external))
    inflation = np.nan_to_num(
        divide(internal + external, basis["internal_links", kind]), nan=1.0
    ).clip(min=1)
    inside = draw_counts(internal, inflation, draws, random)
    home = draw_counts(external - abroad, inflation, draws, random)
    foreign = draw_counts(abroad, inflation, draws, random)
    outside = home + foreign
    share = divide(inside, inside + outside)
    # A draw without any link says nothing of where links lead.
    share = np.where(np.isnan(share), divide(internal, internal + external), share)
    return (
        {
            ("internal_links", kind): inside,
            ("local_share", kind): share,
            ("ei_index", kind): 1 - 2 * share,
        },
        {("external_links", kind): outside, ("abroad_links", kind): foreign},
    )


def _draw_strength(values: Values, outward: Numbers) -> Numbers:
    # Links with clusters are some of the external links: both rise and fall together.
    own = sum(value for (indicator, _), value in values.items() if indicator == "external_links")
    scale = divide(outward, own)
    return np.where(np.isnan(scale), 1.0, scale) * values["strength", ""]
