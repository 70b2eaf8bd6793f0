"""The empirical null: how far typical clusters differ from what is expected, beyond chance.

Most clusters are typical. Where the middle of all log ratios is as narrow as chance makes it, the
null is right for them; where it is wider, typical clusters differ, too: the null misses something
that goes with each of them, or they truly are a little different. No data tell which. So both are
held possible in full: the spread counts as uncertainty of what is expected, and typical clusters
are not taken to be more alike than to this spread.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from scipy import optimize, special

from clustermap.network.posterior import DEVIATE

if TYPE_CHECKING:
    import numpy.typing as npt

    from clustermap.network.comparison import Comparison

    Numbers = npt.NDArray[np.float64]

LEAST_CLUSTERS = 100
"""Clusters whose ratio is known well enough, below which nothing is said of their middle."""

LEAST_UNITS = 10.0
"""Independent links expected of such a cluster: with fewer its log ratio is far from normal."""

_WINDOW = 2.0  # the middle, in standard deviations of typical clusters
_MOST = 1.0  # greatest spread, variance of the logarithm
_ROUNDS = 8
_QUARTILES = 2 * float(special.ndtri(0.75))


def find_spread(log_ratio: Numbers, chance: Numbers) -> float:
    """Find what the middle of log ratios varies beyond chance.

    Ratios within two standard deviations of the median are held to be normal and cut off there, so
    that clusters out of the ordinary do not count; the variance is found by maximum likelihood,
    starting from the quartiles.

    Parameters
    ----------
    log_ratio
        One value a cluster.
    chance
        Variance that chance gives each, positive.

    Returns
    -------
    float
        Variance, 0 where the middle is no wider than chance may have made it: drawn to 0 as
        Breiman's garrote does, by the square of 1.645 standard errors.

    References
    ----------
    Efron, B. (2004). Large-scale simultaneous hypothesis testing: the choice of a null hypothesis.
    Journal of the American Statistical Association 99(465), 96-104 (a null read from the middle of
    all cases). Breiman, L. (1995). Better subset regression using the nonnegative garrote.
    Technometrics 37(4), 373-384. A chance of its own for every case, and the cut, are ours.

    Examples
    --------
    A thousand clusters with a variance of .04, of which .01 is chance; then a tenth of them with
    half or twice the links:

    >>> middle = 0.2 * special.ndtri((np.arange(1000) + 0.5) / 1000)
    >>> round(find_spread(middle, np.full(1000, 0.01)), 3)
    0.029
    >>> middle[::20] += np.log(2)
    >>> middle[10::20] -= np.log(2)
    >>> round(find_spread(middle, np.full(1000, 0.01)), 3)
    0.031
    >>> find_spread(middle, np.full(1000, 0.04)) < 0.003
    True
    """
    off = log_ratio - np.median(log_ratio)
    low, high = np.percentile(off / np.sqrt(chance), [25, 75])
    wider = ((high - low) / _QUARTILES) ** 2
    found = float(np.median(chance)) * max(float(wider) - 1, 0.0)
    apart, error = off**2, np.inf
    for _ in range(_ROUNDS):
        within = apart <= _WINDOW**2 * (chance + found)
        middle = _Middle(apart[within], chance[within], chance[within] + found)
        found, error = middle.fit()
        if found == 0:
            return 0.0
    return found * max(1 - (DEVIATE * error / found) ** 2, 0.0)


class _Middle:
    """Squares of normal deviates, of which those beyond an edge are not seen."""

    def __init__(self, square: Numbers, chance: Numbers, supposed: Numbers) -> None:
        self.square, self.chance = square, chance
        self.edge = _WINDOW * np.sqrt(supposed)

    def fit(self) -> tuple[float, float]:
        """Return the most likely spread and its standard error."""
        if self._slope(0.0).sum() <= 0:
            return 0.0, 0.0
        if self._slope(_MOST).sum() >= 0:
            return _MOST, 0.0
        found = float(optimize.brentq(lambda spread: float(self._slope(spread).sum()), 0.0, _MOST))
        return found, float((self._slope(found) ** 2).sum() ** -0.5)

    def _slope(self, spread: float) -> Numbers:
        # Of the log likelihood: what the square is above its mean among those that are seen.
        variance = self.chance + spread
        end = self.edge / np.sqrt(variance)
        height = np.exp(-(end**2) / 2) / np.sqrt(2 * np.pi)
        mean = 1 - 2 * end * height / (2 * special.ndtr(end) - 1)
        return np.asarray((self.square / variance - mean) / (2 * variance))


def find_spreads(comparison: Comparison, dispersion: Numbers) -> Numbers:
    """Find what typical clusters vary beyond chance, by kind and reach.

    Parameters
    ----------
    comparison
        Observed and expected links, allowances made.
    dispersion
        Of pairs of cells by kind, the last of all kinds together.

    Returns
    -------
    numpy.ndarray
        Kinds + 1 x reaches: variance of the logarithm; 0 where too few clusters have expected links
        enough to tell.
    """
    found = np.zeros(comparison.expected.shape[1:])
    for kind, reach in product(*map(range, found.shape)):
        here = (slice(None), kind, reach)
        units = np.maximum(comparison.design[here], 1e-9)
        told = comparison.expected[here] >= LEAST_UNITS * units
        if told.sum() < LEAST_CLUSTERS:
            continue
        units, mean = units[told], comparison.expected[here][told]
        chance = units / mean + dispersion[kind] * comparison.squares[here][told] / mean**2
        if comparison.variance is not None:
            chance += comparison.variance[here][told]
        seen = np.maximum(comparison.observed[here][told], units / 2)
        found[kind, reach] = find_spread(np.log(seen / mean), chance)
    return found


def admit_spread(comparison: Comparison, spread: Numbers) -> Comparison:
    """Return a comparison that holds possible that typical clusters differ, and that they do not.

    Parameters
    ----------
    comparison
        Observed and expected links.
    spread
        From :func:`find_spreads`.

    Returns
    -------
    Comparison
        Expected links are the same. Their uncertainty grows by the spread; what is missed is taken
        as shared by all kinds, so that of all together it follows from the kinds that a cluster is
        expected to have. The spread itself is kept: clusters are no more alike.
    """
    by_kind = comparison.expected[:, :-1]
    total = by_kind.sum(axis=1, keepdims=True)
    sums = (by_kind * np.sqrt(spread[:-1])).sum(axis=1, keepdims=True)
    shared = np.divide(sums, total, out=np.zeros(total.shape), where=total > 0) ** 2
    own = np.broadcast_to(spread[:-1], by_kind.shape)
    known = comparison.variance
    known = np.zeros(comparison.expected.shape) if known is None else known
    unsure = known + np.concatenate([own, shared], axis=1)
    return replace(comparison, variance=unsure, spread=spread)
