"""Quantiles of mixtures of normal distributions, of thousands of clusters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from clustermap.network.posterior import Z

if TYPE_CHECKING:
    import numpy.typing as npt

    Numbers = npt.NDArray[np.float64]

_GRID = np.linspace(-6, 6, 97)
"""Where mixtures are looked at, in their standard deviations; between, they are straight."""

_BLOCK = 4  # mixtures at a time, so that all that is needed stays in the cache

# The normal distribution between deviates -8 and 8, beyond which it is at its end: value, first and
# half the second derivative, all in steps. Taylor's series from the nearest errs by 1e-11.
_STEPS, _END = 1024, 8
_NEAR = np.arange(-_END * _STEPS, _END * _STEPS + 1) / _STEPS
_BELOW = special.ndtr(_NEAR)
_SLOPE = np.exp(-(_NEAR**2) / 2) / np.sqrt(2 * np.pi) / _STEPS
_BEND = -_NEAR * _SLOPE / 2 / _STEPS


def mix_normals(mass: Numbers, mean: Numbers, spread: Numbers) -> Numbers:
    """Return the quantiles of mixtures of normal distributions.

    Parameters
    ----------
    mass
        Mixtures x parts: weights, which sum to 1.
    mean, spread
        Mixtures x parts: means and standard deviations, positive.

    Returns
    -------
    Numbers
        Shape (len(Z), mixtures), at ``Z``: linear between the points of a grid with eight to a
        standard deviation of the mixture.

    Examples
    --------
    Two parts that are the same:

    >>> found = mix_normals(np.full((1, 2), 0.5), np.full((1, 2), 3.0), np.full((1, 2), 2.0))
    >>> found[[0, 12, 24], 0].round(9).tolist()
    [-3.0, 3.0, 9.0]
    """
    centre = (mass * mean).sum(axis=1)
    total = np.sqrt((mass * (spread**2 + (mean - centre[:, None]) ** 2)).sum(axis=1))
    # Relative to centre and spread of the mixture.
    mean = (mean - centre[:, None]) / total[:, None]
    precision = total[:, None] / spread
    wanted = special.ndtr(Z)
    quantiles = np.empty((len(Z), len(mass)))
    for start in range(0, len(mass), _BLOCK):
        block = slice(start, start + _BLOCK)
        deviate = _GRID - mean[block, :, None]
        deviate *= precision[block, :, None]
        below = (mass[block, None, :] @ _read_below(deviate))[:, 0]
        for at, chances in enumerate(below, start):
            quantiles[:, at] = np.interp(wanted, chances, _GRID)
    return np.asarray(centre + total * quantiles)


def _read_below(deviate: Numbers) -> Numbers:
    # Chance below standard normal deviates: the library's takes twice the time, all in all.
    place = deviate * _STEPS
    nearest = np.rint(place)
    place -= nearest
    nearest += _END * _STEPS
    at = nearest.astype(np.intp)
    below = _BEND.take(at, mode="clip")
    below *= place
    below += _SLOPE.take(at, mode="clip")
    below *= place
    below += _BELOW.take(at, mode="clip")
    return np.asarray(below)
