"""Differences: which sums may stand beside others, so that none can be subtracted to tell of a few.

Each sum is a row of marks over the same parts. What :mod:`clustermap.publish.secondary` does for
tables with one total, this does for any sums that overlap.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from clustermap.publish.secondary import find_few

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from clustermap.publish.suppression import Rules

    Numbers = npt.NDArray[np.float64]
    Marks = npt.NDArray[np.bool_]

_NOTHING = 1e-9


def follow_from(told: Numbers, asked: Numbers) -> Marks:
    """Return which sums can be found by adding and subtracting those that are told.

    Parameters
    ----------
    told
        Sums told x parts.
    asked
        Sums asked x parts.

    Returns
    -------
    np.ndarray
        bool: whether a sum asked lies in the space that those told span.

    Examples
    --------
    Of three parts the whole and the first two are told: so is the third, not the first.

    >>> told = np.array([[1.0, 1, 1], [1, 1, 0]])
    >>> follow_from(told, np.array([[0.0, 0, 1], [1, 0, 0]])).tolist()
    [True, False]
    """
    _, size, basis = np.linalg.svd(told, full_matrices=False)
    basis = basis[size > _NOTHING]
    left = asked - (asked @ basis.T) @ basis
    return np.asarray(np.abs(left).max(axis=1, initial=0.0) < _NOTHING)


def tell_counts(
    counts: npt.NDArray[np.int64], told: Numbers, more: Numbers, never: Numbers, least: int
) -> Marks:
    """Return which further numbers may be told beside those that are.

    Parameters
    ----------
    counts
        Number of each part; each is of some.
    told
        Sums told x parts.
    more
        Further sums x parts; the largest are told first.
    never
        Sums that may never be told x parts.
    least
        Least number that may be told.

    Returns
    -------
    np.ndarray
        bool: each alone is of many or none, and no number of few among them, nor any that may never
        be told, follows from what is told with them and did not before.

    Examples
    --------
    Seven in all: with the five, the two would be told. Beside nothing the five may be.

    >>> counts, more, nothing = np.array([5, 2]), np.eye(2), np.empty((0, 2))
    >>> tell_counts(counts, np.ones((1, 2)), more, nothing, 3).tolist()
    [False, False]
    >>> tell_counts(counts, nothing, more, nothing, 3).tolist()
    [True, False]
    """
    numbers = np.rint(more @ counts).astype(np.int64)
    few = find_few(numbers, least)
    secret = np.vstack([never, more[few]])
    secret = secret[~follow_from(told, secret)]
    shown = numbers == 0
    for at in np.argsort(-numbers, kind="stable"):
        with_it = np.vstack([told, more[at]])
        if not (few[at] or shown[at] or follow_from(with_it, secret).any()):
            told, shown[at] = with_it, True
    return np.asarray(shown)


def tells_of_few(
    sums: Sequence[Marks], money: Numbers, firms: npt.NDArray[np.object_], rules: Rules
) -> bool:
    """Return whether sums of money, added and subtracted, tell what few firms got.

    Parameters
    ----------
    sums
        Which amounts each sum holds.
    money
        Every amount.
    firms
        Firm that got it; "" for anybody else.
    rules
        How many are few, and what share of one firm is nearly all.

    Returns
    -------
    bool
        True where some of the sums, added and subtracted once each, leave amounts of few firms, or
        of firms of whom one got nearly all, and nothing with the opposite sign.

    Examples
    --------
    Of all four firms and of three of them: the difference is of one.

    >>> from clustermap.publish.suppression import Rules
    >>> money, firms = np.full(4, 10.0), np.array(["a", "b", "c", "d"], dtype=object)
    >>> every, three = np.ones(4, dtype=bool), np.array([True, True, True, False])
    >>> tells_of_few([every], money, firms, Rules())
    False
    >>> tells_of_few([every, three], money, firms, Rules())
    True
    """
    ours = (firms != "") & (money > 0)
    if not ours.any():
        return False
    marks = np.array(sums, dtype=float)[:, ours]
    names, at = np.unique(firms[ours].astype(str), return_inverse=True)
    signs = np.array(list(product((-1.0, 0.0, 1.0), repeat=len(marks))))
    left = signs @ marks
    left = left[(left >= 0).all(axis=1) & (left > 0).any(axis=1)]
    by_firm = np.zeros((len(left), len(names)))
    np.add.at(by_firm.T, at, (left * money[ours]).T)
    got = (by_firm > 0).sum(axis=1)
    most = by_firm.max(axis=1, initial=0.0)
    nearly_all = most > rules.dominance * by_firm.sum(axis=1)
    return bool((find_few(got, rules.min_firms) | nearly_all).any())
