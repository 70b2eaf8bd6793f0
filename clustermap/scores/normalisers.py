"""Three ways of reading measures on one scale from 1 to 100: goalposts, ranks, deviations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from clustermap.indicators.evidence import divide
from clustermap.scores.goalposts import HIGHEST, LOWEST
from clustermap.scores.ranks import rank_draws

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy.typing as npt

    from clustermap.indicators.evidence import Numbers
    from clustermap.scores.goalposts import Goalpost

MIDDLE = (LOWEST + HIGHEST) / 2

REACH = 3.0
"""Standard deviations from the mean at which the scale of :func:`by_deviation` ends."""


@dataclass(frozen=True)
class Ends:
    """The goalposts of all parts as arrays.

    Parameters
    ----------
    low, high
        Parts x 1, or parts x clusters where the goalposts of a part differ by cluster (a local
        radius has its own).
    logarithmic
        One bool a part: whether equal ratios count as equal steps.
    """

    low: Numbers
    high: Numbers
    logarithmic: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, posts: Sequence[Goalpost]) -> Ends:
        """Return the goalposts of parts that are each read on one.

        Parameters
        ----------
        posts
            One goalpost a part.

        Returns
        -------
        Ends
            The same as arrays.
        """
        return cls(
            np.array([[post.low] for post in posts]),
            np.array([[post.high] for post in posts]),
            np.array([post.transform == "log" for post in posts]),
        )


def place_between(values: npt.ArrayLike, ends: Ends) -> Numbers:
    """Say how far each value lies on the way from the low to the high goalpost.

    Parameters
    ----------
    values
        (..., parts, clusters); NaN is missing.
    ends
        The goalposts.

    Returns
    -------
    Numbers
        0 at the low goalpost, 1 at the high one, and beyond them as far as the value goes; only
        what is read as a logarithm stops at its smaller end, since a count of zero has none.

    Examples
    --------
    >>> ends = Ends(np.array([[0.0], [1.0]]), np.array([[4.0], [100.0]]), np.array([False, True]))
    >>> place_between([[6.0], [10.0]], ends).tolist()
    [[1.5], [0.5]]
    """
    placed, logs = np.array(values, dtype=np.float64), ends.logarithmic
    low, high = ends.low.copy(), ends.high.copy()
    if logs.any():
        smaller = np.minimum(low[logs], high[logs])
        placed[..., logs, :] = np.log(np.maximum(placed[..., logs, :], smaller))
        low[logs], high[logs] = np.log(low[logs]), np.log(high[logs])
    placed -= low
    placed /= high - low
    return placed


def by_goalposts(placed: Numbers) -> Numbers:
    """Read places between fixed goalposts, as :func:`clustermap.scores.goalposts.normalise` does.

    Parameters
    ----------
    placed
        As :func:`place_between` gives them.

    Returns
    -------
    Numbers
        ``1 + 99 x``, clipped to [1, 100].

    References
    ----------
    As :func:`clustermap.scores.goalposts.normalise`.
    """
    scaled = np.clip(placed, 0, 1)
    scaled *= HIGHEST - LOWEST
    scaled += LOWEST
    return scaled


def by_rank(placed: Numbers) -> Numbers:
    """Read places by their ranks among the clusters: 1 for the lowest, 100 for the highest.

    ``1 + 99 (r - 1) / (n - 1)`` with r the rank from below among the n clusters that are there;
    ties share the smallest. A single cluster stands in the middle.

    Parameters
    ----------
    placed
        As :func:`place_between` gives them.

    Returns
    -------
    Numbers
        Values between 1 and 100; NaN stays NaN.

    References
    ----------
    As :func:`clustermap.scores.goalposts.normalise`.

    Examples
    --------
    >>> by_rank(np.array([0.3, np.nan, 0.1, 7.0])).tolist()
    [50.5, nan, 1.0, 100.0]
    """
    there = ~np.isnan(placed)
    # Missing ones come after all others, so that they move no rank.
    above = rank_draws(np.where(there, -placed, -np.inf)) - 1
    share = divide(above, there.sum(axis=-1, keepdims=True) - 1)
    return np.where(there, LOWEST + (HIGHEST - LOWEST) * np.nan_to_num(share, nan=0.5), np.nan)


def by_deviation(placed: Numbers) -> Numbers:
    """Read places by their distance from the clusters' mean in standard deviations (z).

    The scale is ours: the mean stands in the middle, three standard deviations (ddof 1) on either
    side reach the ends, and what lies beyond is clipped, so that a geometric mean can be taken.

    Parameters
    ----------
    placed
        As :func:`place_between` gives them.

    Returns
    -------
    Numbers
        Values between 1 and 100; NaN stays NaN; the middle where all clusters are equal.

    References
    ----------
    As :func:`clustermap.scores.goalposts.normalise`.

    Examples
    --------
    >>> by_deviation(np.array([0.1, 0.2, 0.3])).round(6).tolist()
    [34.0, 50.5, 67.0]
    """
    there = ~np.isnan(placed)
    number = there.sum(axis=-1, keepdims=True)
    apart = placed - divide(np.nansum(placed, axis=-1, keepdims=True), number)
    variance = divide(np.nansum(apart * apart, axis=-1, keepdims=True), number - 1)
    z = np.nan_to_num(divide(apart, np.sqrt(variance)), nan=0.0)
    scaled = np.clip(MIDDLE + (HIGHEST - LOWEST) / 2 / REACH * z, LOWEST, HIGHEST)
    return np.where(there, scaled, np.nan)


NORMALISERS: Mapping[str, Callable[[Numbers], Numbers]] = {
    "goalposts": by_goalposts,
    "rank": by_rank,
    "deviation": by_deviation,
}
"""Name to function, the one of the headline first."""
