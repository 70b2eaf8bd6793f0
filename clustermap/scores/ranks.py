"""Ranks of drawn scores: how far a rank could be otherwise, and who cannot be told apart."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from clustermap.indicators.evidence import LEVEL

if TYPE_CHECKING:
    import numpy.typing as npt

    from clustermap.indicators.evidence import Numbers

    Ranks = npt.NDArray[np.int32]

APART = 0.95
"""Share of draws in which one cluster must come before another for them to be told apart."""

_ENDS = ((1 - LEVEL) / 2, (1 + LEVEL) / 2)

_SLACK = 1e-9  # a twentieth of 100 is 4.9999999999999 to a computer


def rank_draws(scores: npt.ArrayLike) -> Ranks:
    """Rank the clusters of every draw, the largest score first; ties share the smallest rank.

    Parameters
    ----------
    scores
        (..., clusters), without missing ones.

    Returns
    -------
    Ranks
        Ranks from 1 in the shape of ``scores``.

    Examples
    --------
    >>> rank_draws([[5.0, 9.0, 5.0, 1.0], [1.0, 2.0, 3.0, 4.0]]).tolist()
    [[2, 1, 2, 4], [4, 3, 2, 1]]
    """
    negative = np.negative(scores)
    order = np.argsort(negative, axis=-1)
    ordered = np.take_along_axis(negative, order, axis=-1)
    places = np.broadcast_to(np.arange(1, negative.shape[-1] + 1, dtype=np.int32), order.shape)
    starts = places.copy()
    starts[..., 1:][ordered[..., 1:] == ordered[..., :-1]] = 0
    np.maximum.accumulate(starts, axis=-1, out=starts)
    ranks = np.empty(order.shape, np.int32)
    np.put_along_axis(ranks, order, starts, axis=-1)
    return ranks


def rank_interval(ranks: Ranks, rank: npt.ArrayLike) -> tuple[Ranks, Ranks]:
    """Return the 90 % interval of ranks, widened to hold the rank.

    Parameters
    ----------
    ranks
        Draws x clusters.
    rank
        Rank of each cluster by its score.

    Returns
    -------
    tuple of Ranks
        Best and worst rank of each cluster. They are ranks that were drawn: of n draws in order,
        those at the places 0.05 (n - 1), rounded down, and 0.95 (n - 1), rounded up.

    References
    ----------
    Goldstein, H. and Spiegelhalter, D. J. (1996). League tables and their limitations: statistical
    issues in comparisons of institutional performance. Journal of the Royal Statistical Society A
    159(3), 385-443.

    Examples
    --------
    >>> best, worst = rank_interval(np.array([[1, 2]] * 30 + [[2, 1]] * 10, np.int32), [1, 2])
    >>> best.tolist(), worst.tolist()
    ([1, 1], [2, 2])
    """
    last = len(ranks) - 1
    places = [math.floor(_ENDS[0] * last + _SLACK), math.ceil(_ENDS[1] * last - _SLACK)]
    # One cluster after another lies in memory, so that each is read once.
    low, high = np.partition(_by_cluster(ranks), places, axis=1)[:, places].T
    own = np.asarray(rank, dtype=np.int32)
    return np.minimum(low, own), np.maximum(high, own)


def share_in_top(ranks: Ranks, count: int) -> Numbers:
    """Return the share of analyses in which each cluster is among the best.

    It is no probability where choices of method are drawn too: nobody knows how often a method is
    right. Readers are told "share of analyses".

    Parameters
    ----------
    ranks
        Analyses x clusters.
    count
        How many are called the best. Ties for the last place are all in.

    Returns
    -------
    Numbers
        One share a cluster.

    Examples
    --------
    >>> share_in_top(np.array([[1, 2, 3], [2, 1, 3]], np.int32), 1).tolist()
    [0.5, 0.5, 0.0]
    """
    share: Numbers = (ranks <= count).mean(axis=0)
    return share


def share_before(ranks: Ranks, first: npt.ArrayLike, second: npt.ArrayLike) -> Numbers:
    """Return how often one cluster comes before another; ties count half.

    Parameters
    ----------
    ranks
        Draws x clusters.
    first, second
        Positions of clusters, one pair an entry.

    Returns
    -------
    Numbers
        One share a pair; those of a pair and of its reverse sum to one.

    Examples
    --------
    >>> share_before(np.array([[1, 2], [1, 1]], np.int32), [0, 1], [1, 0]).tolist()
    [0.75, 0.25]
    """
    before = ranks[:, np.asarray(first, dtype=np.intp)]
    after = ranks[:, np.asarray(second, dtype=np.intp)]
    return _doubled_wins(before, after) / (2 * len(ranks))


def group_alike(ranks: Ranks, clusters: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Put clusters whose order the data do not decide into groups.

    Clusters are taken by their median rank (then by their mean rank, then by id). The first begins
    group 1. Every next one joins the group, unless the *first of the group* comes before it in at
    least 95 % of draws (ties count half): then it begins a new group. The rule is ours. It follows
    the caution of Goldstein and Spiegelhalter that ranks be read with their uncertainty, and not a
    procedure of theirs.

    A group says that none of its members can be told from its first. It says neither that the last
    of one group and the first of the next can be told apart, nor that two members in the middle
    cannot: for two given clusters, see :func:`share_before`. There is no correction for the number
    of comparisons.

    Parameters
    ----------
    ranks
        Draws x clusters.
    clusters
        Ids of the clusters, so that their order changes nothing.

    Returns
    -------
    numpy.ndarray
        Number of the group of each cluster, from 1.

    References
    ----------
    As :func:`rank_interval`.

    Examples
    --------
    A beats the others in each of four draws; B and C take turns.

    >>> ranks = np.array([[1, 2, 3], [1, 3, 2], [1, 2, 3], [1, 3, 2]], np.int32)
    >>> group_alike(ranks, ["A", "B", "C"]).tolist()
    [1, 2, 2]
    """
    columns = _by_cluster(ranks)
    order = np.lexsort(
        (np.asarray(clusters, dtype=str), columns.sum(axis=1), _doubled_medians(columns))
    )
    groups = np.zeros(len(columns), np.int64)
    # Whole numbers: a share of exactly 95 % must not hang on rounding.
    needed = math.ceil(APART * 2 * len(ranks) - _SLACK)
    first, group = order[0], 1
    for cluster in order:
        if _doubled_wins(columns[first], columns[cluster]) >= needed:
            first, group = cluster, group + 1
        groups[cluster] = group
    return groups


def _by_cluster(ranks: Ranks) -> Ranks:
    return np.ascontiguousarray(ranks.T)


def _doubled_wins(first: Ranks, second: Ranks) -> npt.NDArray[np.int64]:
    # Twice the draws in which the first comes before the second, ties once.
    wins: npt.NDArray[np.int64] = (first < second).sum(axis=0) + (first <= second).sum(axis=0)
    return wins


def _doubled_medians(columns: Ranks) -> npt.NDArray[np.int64]:
    middle = [(columns.shape[1] - 1) // 2, columns.shape[1] // 2]
    medians: npt.NDArray[np.int64] = np.partition(columns, middle, axis=1)[:, middle].sum(axis=1)
    return medians
