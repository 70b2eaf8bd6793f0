"""What stands beside the score: what is missing of near links, and how sure the score is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from clustermap.indicators.evidence import Numbers
    from clustermap.scores.parts import Parts

HIGH_WIDTH, MEDIUM_WIDTH = 10.0, 20.0
"""Widths of the score's 90 % interval, in points, up to which confidence is high and medium."""

HIGH_SPAN, MEDIUM_SPAN = 0.1, 0.5
"""How far apart the ends of the rank's 90 % interval may lie, as shares of the number rated."""

CONFIDENCES = ("high", "medium", "low")


def find_gap(parts: Parts, weights: Numbers) -> Numbers:
    """Return what is missing of typical links with near partners.

    ``100 x sum over kinds of weight x max(0, 1 - ratio of the kind)``, over the kinds for which the
    cluster has partners within the widest local reach, at that reach; the formula is ours.

    Parameters
    ----------
    parts
        What is believed of the parts.
    weights
        One weight for each kind that the data hold.

    Returns
    -------
    Numbers
        From 0 (no kind is below typical) to 100 (no near link of any kind); NaN where a cluster has
        no near partner for any kind.
    """
    widest = parts.local[-1]
    ratios = 2 ** np.stack([kind.value for kind in widest.kinds], axis=1)
    near = widest.expected_by_kind > 0
    share = np.where(near, np.asarray(weights, dtype=float), 0.0)
    total = share.sum(axis=1)
    missing = (share * np.maximum(0.0, 1 - ratios)).sum(axis=1)
    gap = np.full(len(total), np.nan)
    np.divide(100 * missing, total, out=gap, where=total > 0)
    return gap


def find_confidence(
    low: Numbers, high: Numbers, best: Numbers, worst: Numbers
) -> npt.NDArray[np.object_]:
    """Return one word for how sure a score and its rank are.

    Parameters
    ----------
    low, high
        Ends of the 90 % interval of the score; NaN where it is not rated.
    best, worst
        Ends of the 90 % interval of the rank; NaN where it is not rated.

    Returns
    -------
    numpy.ndarray
        "high" up to 10 points of width and ranks whose ends differ by a tenth of the number rated,
        "medium" up to 20 points and half of that number, else "low"; "" where there is none.
    """
    width = np.asarray(high - low)
    known = ~np.isnan(width)
    span = (worst - best) / max(int(known.sum()), 1)
    sure = (width <= HIGH_WIDTH) & (span <= HIGH_SPAN)
    fairly = (width <= MEDIUM_WIDTH) & (span <= MEDIUM_SPAN)
    found = np.select([sure, fairly], CONFIDENCES[:2], "low")
    return np.where(known, found, "").astype(object)
