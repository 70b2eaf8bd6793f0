"""How far a score and a rank could be otherwise: draws of the records and of the weights."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

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

THIRD = 1 / 3
"""Trials added to either side of a share, so that the median of a beta is the share."""

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
    """Draw scores: records varied as far as they could be otherwise, and weights.

    Every draw is centred: its median is what was counted, on whatever scale it is read. Links are
    lognormal, with as many independent observations behind them as effective links (links of one
    project count as one), and one more, see :func:`clustermap.scores.goalposts.steady`. Internal
    links, links with other clusters, other links at home and links abroad are drawn apart; shares
    follow from them. Participation is beta on its effective number of actors. Weights are Dirichlet
    around the profile's.

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
    # The fastest generator: drawing is half the work.
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
    for indicator, kind in values:
        if indicator == "participation":
            drawn[indicator, kind] = draw_shares(
                values[indicator, kind], basis[indicator, kind], draws, random
            )
        elif indicator == "internal_links":
            drawn |= _draw_links(values, basis, kind, draws, random)
    return drawn


def draw_counts(
    count: Numbers, inflation: Numbers, draws: int, random: np.random.Generator
) -> Numbers:
    """Draw counts whose median is the count.

    Parameters
    ----------
    count
        Counts.
    inflation
        Links per independent observation, at least 1.
    draws
        Number of draws.
    random
        Generator.

    Returns
    -------
    Numbers
        Draws x counts, above -1: one added, they are lognormal with ``count + 1`` as their median,
        and the variance of their logarithm is one over ``count / inflation + 1``.
    """
    spread = 1 / np.sqrt(count / inflation + 1)
    drawn: Numbers = (count + 1) * np.exp(spread * random.standard_normal((draws, count.size))) - 1
    return drawn


def draw_shares(
    share: Numbers, trials: Numbers, draws: int, random: np.random.Generator
) -> Numbers:
    """Draw shares from beta distributions with the medians of those given, nearly.

    A third of a trial on either side gives the beta distribution the share as its median; to within
    0.01 where at least two trials went either way.

    Parameters
    ----------
    share
        Shares between 0 and 1; NaN stays as it is.
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
    known = ~np.isnan(share) & (trials > 0)
    p, n = share[known], trials[known]
    drawn[:, known] = random.beta(p * n + THIRD, (1 - p) * n + THIRD, (draws, p.size))
    return drawn


def interval(drawn: Numbers, value: Numbers) -> tuple[Numbers, Numbers, npt.NDArray[np.bool_]]:
    """Return the 90 % interval of draws, corrected for bias.

    Where more draws lie on one side of the value than on the other, the quantiles are shifted:
    with ``z0`` the normal quantile of the share of draws below the value (ties count half), the
    ends are the quantiles ``Phi(2 z0 - 1.645)`` and ``Phi(2 z0 + 1.645)`` of the draws. As a last
    resort, where a value lies beyond nearly all draws, the interval is widened to hold it.

    Parameters
    ----------
    drawn
        Draws on the first axis.
    value
        The value computed from what was counted.

    Returns
    -------
    tuple
        Lower ends, upper ends, and where they had to be widened.

    References
    ----------
    Efron, B. (1987). Better bootstrap confidence intervals. Journal of the American Statistical
    Association 82(397), 171-185.
    """
    last = len(drawn) - 1
    # Ends of draws beyond all others are no quantiles of anything: one draw stays on either side.
    below = ((drawn < value).mean(axis=0) + (drawn <= value).mean(axis=0)) / 2
    bias = 2 * special.ndtri(below.clip(0.5 / len(drawn), 1 - 0.5 / len(drawn)))
    ordered = np.sort(drawn, axis=0)
    low, high = (
        _quantile(ordered, last * special.ndtr(bias + end)) for end in special.ndtri(_ENDS)
    )
    # A tie may differ from the value by rounding.
    slack = 1e-9 * np.abs(value)
    widened = (low > value + slack) | (high < value - slack)
    return np.minimum(low, value), np.maximum(high, value), widened


def rank_interval(
    drawn: Numbers, rank: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the 90 % interval of ranks, widened to hold the rank; ties share the smallest.

    Draws are centred, so ranks are not shifted as :func:`interval` shifts: the best of many is best
    by luck too, and a shift towards its rank would hide it.

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
    places = (math.floor(_ENDS[0] * (len(drawn) - 1)), math.ceil(_ENDS[1] * (len(drawn) - 1)))
    low, high = np.partition(ranks, places, axis=0)[list(places)]
    return np.minimum(low, rank), np.maximum(high, rank)


def _quantile(ordered: Numbers, place: Numbers) -> Numbers:
    before = np.floor(place).astype(np.int64)
    share = place - before
    columns = np.arange(ordered.shape[1])
    after = np.minimum(before + 1, len(ordered) - 1)
    found: Numbers = (1 - share) * ordered[before, columns] + share * ordered[after, columns]
    return found


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
) -> dict[tuple[str, str], Numbers]:
    internal, external = values["internal_links", kind], values["external_links", kind]
    abroad = values.get(("abroad_links", kind), np.zeros_like(external))
    inflation = np.nan_to_num(
        divide(internal + external, basis["internal_links", kind]), nan=1.0
    ).clip(min=1)
    # Links with other clusters are some of those at home: both rise and fall together.
    strength = np.zeros_like(external)
    if not kind:
        strength = values.get(("strength", ""), strength)
    home = external - abroad
    tied = np.minimum(strength, home)
    inside, between, rest, foreign = (
        draw_counts(count, inflation, draws, random)
        for count in (internal, strength, home - tied, abroad)
    )
    outside = np.nan_to_num(divide(tied, strength)) * between + rest + foreign
    total = (inside.clip(min=0) + outside).clip(min=0)
    share = divide(inside.clip(min=0), total).clip(max=1)
    # A draw without any link says nothing of where links lead.
    share = np.where(np.isnan(share), divide(internal, internal + external), share)
    drawn = {
        ("strength", kind): between,
        ("internal_links", kind): inside,
        ("local_share", kind): share,
        ("ei_index", kind): 1 - 2 * share,
        ("external_links", kind): outside,
        ("abroad_links", kind): foreign,
    }
    # What the data do not hold is not drawn either.
    return {key: found for key, found in drawn.items() if key in values}
