"""From measures to parts (arithmetic) and from parts to the score (geometric).

Every function works on the last axis, so that a thousand draws are computed as one value is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from clustermap.indicators.evidence import divide

if TYPE_CHECKING:
    import numpy.typing as npt

    from clustermap.indicators.evidence import Numbers

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
