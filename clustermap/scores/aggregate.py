"""From measures to parts (arithmetic) and from parts to the score (geometric).

Every function works on the last axis, so that a thousand draws are computed as one value is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from clustermap.indicators import find_indicator
from clustermap.indicators.evidence import divide
from clustermap.scores.goalposts import normalise, steady

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from clustermap.indicators.evidence import Numbers
    from clustermap.scores.goalposts import Goalposts
    from clustermap.scores.profile import Measure, Pillar, Profile

    Values = Mapping[tuple[str, str], Numbers]
    """(indicator, kind) to values, the clusters on the last axis."""

MIN_PRESENT = 0.5
"""Share of the weights whose parts must be there for a score to be given."""


def arithmetic_mean(values: npt.ArrayLike, weights: npt.ArrayLike) -> Numbers:
    """Return the weighted arithmetic mean over the first axis, without what is missing.

    Parameters
    ----------
    values
        Values, the averaged axis first; NaN is missing, and the others' weights are renormalised.
    weights
        One weight for each entry of the first axis.

    Returns
    -------
    Numbers
        Means; NaN where everything is missing.
    """
    table = np.asarray(values, dtype=np.float64)
    shares = renormalise(~np.isnan(table), weights)
    mean: Numbers = (shares * np.nan_to_num(table)).sum(axis=0)
    return np.where(np.isnan(shares[0]), np.nan, mean)


def geometric_mean(values: npt.ArrayLike, weights: npt.ArrayLike) -> Numbers:
    """Return the weighted geometric mean over the first axis, without what is missing.

    Parameters
    ----------
    values
        Positive values, the averaged axis first; NaN is missing.
    weights
        One weight for each entry of the first axis.

    Returns
    -------
    Numbers
        Means; NaN where everything is missing.

    References
    ----------
    As :func:`clustermap.scores.goalposts.normalise`.
    """
    mean: Numbers = np.exp(arithmetic_mean(np.log(np.asarray(values, dtype=np.float64)), weights))
    return mean


def renormalise(present: npt.NDArray[np.bool_], weights: npt.ArrayLike) -> Numbers:
    """Spread weights over what is there.

    Parameters
    ----------
    present
        What is there, the weighted axis first.
    weights
        One weight for each entry of the first axis, or an array that fits ``present``.

    Returns
    -------
    Numbers
        Weights in the shape of ``present`` that sum to one over the first axis: 0 for what is
        missing, NaN throughout where nothing is there.
    """
    given = np.asarray(weights, dtype=np.float64)
    shaped = given.reshape(given.shape + (1,) * (present.ndim - given.ndim))
    kept = np.where(present, shaped, 0.0)
    return divide(kept, kept.sum(axis=0))


def contributions(parts: npt.ArrayLike, weights: npt.ArrayLike) -> Numbers:
    """Return what each part adds to the logarithm of the score: weight x ln(value).

    Parameters
    ----------
    parts
        Values of the parts, parts on the first axis; NaN is missing.
    weights
        Weights in the same shape, as :func:`renormalise` gives them.

    Returns
    -------
    Numbers
        Contributions, NaN for missing parts; the others sum to the logarithm of the score.
    """
    added: Numbers = np.asarray(weights) * np.log(np.asarray(parts, dtype=np.float64))
    return added


def score_parts(values: Values, profile: Profile, goalposts: Goalposts) -> Numbers:
    """Compute every part of the score.

    Parameters
    ----------
    values
        Indicators, the clusters on the last axis.
    profile
        What the parts consist of.
    goalposts
        The ends that measures are read between.

    Returns
    -------
    Numbers
        Parts in the order of the profile on the first axis; NaN where a part is missing.
    """
    return np.stack([_score_part(values, part, profile, goalposts) for part in profile.pillars])


def enough_parts(parts: Numbers, weights: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Tell where enough parts are there for a score.

    Parameters
    ----------
    parts
        Parts x clusters; NaN is missing.
    weights
        Weights of the parts.

    Returns
    -------
    numpy.ndarray
        True where the parts that are there hold at least half of the weight.
    """
    given = np.asarray(weights, dtype=np.float64)
    enough: npt.NDArray[np.bool_] = given @ ~np.isnan(parts) >= MIN_PRESENT * given.sum() - 1e-12
    return enough


def kinds_of(measure: Measure, profile: Profile) -> Mapping[str, float]:
    """Return the kinds that a measure is taken for, with their weights.

    Parameters
    ----------
    measure
        The measure.
    profile
        The profile that it belongs to.

    Returns
    -------
    Mapping
        Kind to weight; ``{"": 1.0}`` where the indicator has no kinds or they are taken together.
    """
    if measure.kinds == "all" or find_indicator(measure.indicator).by != "kind":
        return {"": 1.0}
    return {kind: weight for kind, weight in profile.kinds.items() if weight > 0}


def _score_part(values: Values, part: Pillar, profile: Profile, goalposts: Goalposts) -> Numbers:
    scaled: list[Numbers] = []
    weights: list[float] = []
    for measure in part.measures:
        found = _scale(measure, values, profile, goalposts)
        # A measure weighs the same, however many kinds the data hold.
        share = measure.weight / sum(weight for _, weight in found) if found else 0.0
        scaled += [value for value, _ in found]
        weights += [share * weight for _, weight in found]
    if not scaled:
        return np.full(np.shape(next(iter(values.values()))), np.nan)
    return _mean_in_place(scaled, weights)


def _scale(
    measure: Measure, values: Values, profile: Profile, goalposts: Goalposts
) -> list[tuple[Numbers, float]]:
    found = []
    for kind, weight in kinds_of(measure, profile).items():
        post = goalposts.of(measure.name, kind)
        value = values.get((measure.indicator, kind))
        if value is not None:
            per = values[measure.per, ""] if measure.per else 1.0
            found.append((normalise(steady(value, per, post), post), weight))
    return found


def _mean_in_place(values: Sequence[Numbers], weights: Sequence[float]) -> Numbers:
    # As arithmetic_mean, without stacking: a thousand draws of ten measures would not fit a cache.
    top, below = np.zeros(values[0].shape), np.zeros(values[0].shape)
    for value, weight in zip(values, weights, strict=True):
        present = ~np.isnan(value)
        np.add(top, weight * value, out=top, where=present)
        np.add(below, weight, out=below, where=present)
    return divide(top, below)
