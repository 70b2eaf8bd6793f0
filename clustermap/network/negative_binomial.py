"""Negative binomial counts: how likely they are, and how that changes with mean and size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import special

if TYPE_CHECKING:
    import numpy.typing as npt

    Numbers = npt.NDArray[np.float64]

ENDLESS = 1e12
"""Size of a negative binomial that is a Poisson distribution in all but name."""


def negative_binomial(observed: Numbers, mean: Numbers, size: Numbers) -> Numbers:
    """Return the log probability of counts, up to the factorial of the count.

    Parameters
    ----------
    observed
        Counts; they need not be whole.
    mean
        Means, positive.
    size
        Sizes v; the variance is ``m + m^2 / v``.

    Returns
    -------
    Numbers
        ``log G(O + v) - log G(v) + O log(m / (v + m)) - v log(1 + m / v)``, G being the gamma
        function; Poisson as v grows.

    Examples
    --------
    >>> found = negative_binomial(np.array(2.0), np.array(3.0), np.array([4.0, 1e12]))
    >>> (np.exp(found) / 2).round(6).tolist()
    [0.195837, 0.224042]
    """
    v = np.minimum(size, 1e9)  # beyond, differences of the gamma function are lost
    start = np.where(
        v < 1e6,
        special.gammaln(observed + v) - special.gammaln(v),
        observed * np.log(v),
    )
    return np.asarray(start + observed * np.log(mean / (v + mean)) - v * np.log1p(mean / v))


def slope_probability(observed: Numbers, mean: Numbers, size: Numbers) -> tuple[Numbers, Numbers]:
    """Return the slopes of the log probability of counts by the logarithms of mean and size.

    Parameters
    ----------
    observed, mean
        As for :func:`negative_binomial`.
    size
        Sizes, below a million: beyond, differences of the digamma function are lost.

    Returns
    -------
    tuple of Numbers
        ``v (O - m) / (v + m)``; and v times ``P(O + v) - P(v) - log(1 + m / v)`` less the first, P
        being the digamma function.

    Examples
    --------
    >>> slopes = slope_probability(np.array(2.0), np.array(3.0), np.array(4.0))
    >>> [round(float(slope), 6) for slope in slopes]
    [-0.571429, 0.132965]
    """
    by_mean = size * (observed - mean) / (size + mean)
    steps = special.psi(observed + size) - special.psi(size)
    return by_mean, size * (steps - np.log1p(mean / size)) - by_mean


def join_sizes(one: npt.ArrayLike, other: npt.ArrayLike) -> Numbers:
    """Return the size of a negative binomial with two independent gamma factors.

    Parameters
    ----------
    one, other
        Sizes of the two.

    Returns
    -------
    Numbers
        ``1 / ((1 + 1 / one)(1 + 1 / other) - 1)``: relative variances of factors multiply.
    """
    first, second = 1 / np.asarray(one, dtype=float), 1 / np.asarray(other, dtype=float)
    return np.asarray(1 / (first + second + first * second))
