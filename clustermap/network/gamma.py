"""Gamma distributions, millions at a time: quicker than by the library, to 9 digits."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from scipy import special
from scipy.interpolate import CubicSpline

if TYPE_CHECKING:
    import numpy.typing as npt

    Numbers = npt.NDArray[np.float64]

_SERIES = tuple(special.bernoulli(16)[16:0:-2])  # from the last to the first, odd ones being 0
_FAR = 8  # from here on the series has all digits
_LEAST_SHAPE, _MOST_SHAPE = 0.1, 1e6
_KNOTS = 4000


def trigamma(x: Numbers) -> Numbers:
    """Return the variance of the logarithm of gamma distributions.

    Parameters
    ----------
    x
        Their shapes, positive.

    Returns
    -------
    Numbers
        The second derivative of the log gamma function: by its recurrence up to 8, and Stirling's
        series from there.

    Examples
    --------
    The variance of the logarithm of an exponential distribution is pi^2 / 6:

    >>> float(trigamma(np.array([1.0]))[0] * 6 / np.pi**2).__round__(14)
    1.0
    """
    far, near = x + _FAR, np.zeros_like(x)
    for step in range(_FAR):
        near += 1 / (x + step) ** 2
    square = 1 / far**2
    tail = np.full_like(x, _SERIES[0])
    for term in _SERIES[1:]:
        tail *= square
        tail += term
    return np.asarray(near + (1 + 0.5 / far + tail * square) / far)


def spread_points(shape: Numbers, points: int) -> Numbers:
    """Return equally likely values of gamma distributions of rate 1.

    Parameters
    ----------
    shape
        Their shapes, any number of dimensions.
    points
        How many values of each.

    Returns
    -------
    Numbers
        The quantiles at ``(i + 1/2) / points`` along one dimension more.

    Examples
    --------
    Of an exponential distribution -log(3/4) and -log(1/4):

    >>> spread_points(np.array([1.0]), 2).round(9).tolist()
    [[0.287682072, 1.386294361]]
    """
    inside = (shape >= _LEAST_SHAPE) & (shape <= _MOST_SHAPE)
    found = np.exp(_curve(points)(np.log(np.where(inside, shape, 1.0))))
    found[~inside] = special.gammaincinv(shape[~inside, None], _shares(points))
    return np.asarray(found)


def _shares(points: int) -> Numbers:
    return (np.arange(points) + 0.5) / points


@cache
def _curve(points: int) -> CubicSpline:
    # Logs of quantiles are smooth in the log of the shape.
    logs = np.linspace(np.log(_LEAST_SHAPE), np.log(_MOST_SHAPE), _KNOTS)
    return CubicSpline(logs, np.log(special.gammaincinv(np.exp(logs)[:, None], _shares(points))))
