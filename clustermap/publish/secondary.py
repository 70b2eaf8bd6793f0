"""Secondary suppression: what else is left out, so that no sum gives away what is hidden.

A count that is too small is hidden; beside a total it would be what the others leave. So more is
hidden with it, smallest first, until what can be found by adding and subtracting is nothing or
many (Handbook on Statistical Disclosure Control, chapter 4).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    Whole = npt.NDArray[np.int64]
    Marks = npt.NDArray[np.bool_]
    Known = tuple[Marks, Whole, Marks]

_LAST = np.iinfo(np.int64).max


def find_few(counts: Whole, least: int) -> Marks:
    """Return which counts are of some, but of few.

    Parameters
    ----------
    counts
        Whole numbers of any shape.
    least
        Least number that may be told.

    Returns
    -------
    np.ndarray
        bool, of the same shape.

    Examples
    --------
    >>> find_few(np.array([0, 2, 3]), 3).tolist()
    [False, True, False]
    """
    return (counts > 0) & (counts < least)


def hide_few(counts: Whole, least: int) -> Marks:
    """Return which counts are hidden where the total of each row is known.

    Parameters
    ----------
    counts
        Rows of counts.
    least
        Least number that may be told.

    Returns
    -------
    np.ndarray
        bool: counts of few, and the next smallest until those hidden are many together.

    Examples
    --------
    Beside a total of 12, the 2 alone would be what 4 and 6 leave.

    >>> hide_few(np.array([[2, 4, 6], [0, 4, 6]]), 3).tolist()
    [[True, True, False], [False, False, False]]
    """
    return _cover(find_few(counts, least), counts, lambda h: _sum_to_few(h, counts, least))


def tell_reaches(local: Whole, beyond: Whole, least: int) -> Marks:
    """Return at which reaches the links of each cluster may be told.

    Parameters
    ----------
    local
        Clusters x local reaches: links, each reach holding those of the reach within it.
    beyond
        Links beyond the widest local reach.
    least
        Least number that may be told.

    Returns
    -------
    np.ndarray
        bool, clusters x local reaches and beyond: no two reaches differ by few, nor a reach and
        all links.

    Examples
    --------
    Six are one more than five; of eleven links in all, nine would leave two.

    >>> tell_reaches(np.array([[5, 6, 9]]), np.array([2]), 3).tolist()
    [[True, False, False, False]]
    """
    told = np.zeros((len(local), local.shape[1] + 1), dtype=bool)
    everything, shown = local[:, -1] + beyond, np.zeros_like(beyond)
    for at, links in enumerate(local.T):
        told[:, at] = ~(find_few(links - shown, least) | find_few(everything - links, least))
        shown = np.where(told[:, at], links, shown)
    told[:, -1] = ~find_few(beyond, least)
    return told


def tell_kinds(local: Whole, beyond: Whole, totals: Marks, never: Marks, least: int) -> Marks:
    """Return at which reaches the links of each cluster may be told kind by kind.

    Beside the total, what is told of a reach is each kind that is told, and the sum of the others.
    Of two reaches the differences can be found, too, of every group of kinds that is a sum at both.

    Parameters
    ----------
    local
        Clusters x kinds x local reaches: links, each reach holding those of the reach within it.
    beyond
        Clusters x kinds: links beyond the widest local reach.
    totals
        Clusters x reaches: where the total over kinds is told, as of :func:`tell_reaches`; where it
        is not, neither is any kind.
    never
        Clusters x kinds: what may not be told at any reach.
    least
        Least number that may be told.

    Returns
    -------
    np.ndarray
        bool, clusters x kinds x reaches.

    Examples
    --------
    Two links of the first kind go, and the second with them; at the wider reach all may be told.

    >>> local, beyond = np.array([[[2, 6], [4, 9], [7, 7]]]), np.array([[9, 9, 9]])
    >>> totals, never = np.ones((1, 3), dtype=bool), np.zeros((1, 3), dtype=bool)
    >>> tell_kinds(local, beyond, totals, never, 3)[0].tolist()
    [[False, True, True], [False, True, True], [True, True, True]]
    """
    told = np.zeros((*beyond.shape, local.shape[2] + 1), dtype=bool)
    everything, shown = local[:, :, -1] + beyond, np.zeros_like(beyond)
    always = np.ones(len(beyond), dtype=bool)
    known: list[Known] = [(np.zeros_like(never), shown, always), (never, everything, always)]
    for at in range(local.shape[2]):
        links, total = local[:, :, at], totals[:, at]
        hidden = never | find_few(links - shown, least) | find_few(everything - links, least)
        hidden = _cover(hidden, links, partial(_differ_by_few, tuple(known), links, total, least))
        told[:, :, at] = ~hidden & total[:, None]
        shown = np.where(told[:, :, at], links, shown)
        known.append((hidden, links, total))
    hidden = never | find_few(beyond, least)
    hidden = _cover(hidden, beyond, lambda h: _sum_to_few(h, beyond, least))
    told[:, :, -1] = ~hidden & totals[:, -1, None]
    return told


def _differ_by_few(
    known: tuple[Known, ...], links: Whole, total: Marks, least: int, hidden: Marks
) -> Marks:
    """Return where the sum of what is hidden differs by few from that at another reach."""
    found = np.zeros(len(links), dtype=bool)
    for others, there, told in known:
        more = np.abs(links - there)
        # Sums that have a kind in common are told apart at neither reach.
        joined = (hidden & others).any(axis=1)
        few = [_sum_to_few(kinds, more, least) for kinds in (hidden | others, hidden, others)]
        found |= np.where(joined, few[0], few[1] | few[2]) & told & total
    return found


def _sum_to_few(hidden: Marks, counts: Whole, least: int) -> Marks:
    return find_few(np.where(hidden, counts, 0).sum(axis=1), least)


def _cover(hidden: Marks, counts: Whole, tells: Callable[[Marks], Marks]) -> Marks:
    """Hide the next smallest count of every row that tells too much; what is none hides little."""
    hidden = hidden.copy()
    for _ in range(hidden.shape[1]):
        rows = np.flatnonzero(tells(hidden))
        if not len(rows):
            break
        order = np.where(counts[rows] > 0, counts[rows], _LAST - 1)
        hidden[rows, np.where(hidden[rows], _LAST, order).argmin(axis=1)] = True
    return hidden
