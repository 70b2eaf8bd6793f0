"""Ties: who is linked with whom at all, whatever the links say and however many they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from clustermap.network.distinct import distinct

if TYPE_CHECKING:
    import numpy.typing as npt

    Positions = npt.NDArray[np.int64]

_HALF = 32


def tie_actors(
    one: npt.NDArray[np.int32], other: npt.NDArray[np.int32], actors: int
) -> sparse.csr_array:
    """Return who is linked with whom, as a symmetric matrix.

    Parameters
    ----------
    one, other
        Ends of the links; links of an actor with itself count as none.
    actors
        Number of actors.

    Returns
    -------
    sparse.csr_array
        int8 of ones, actors x actors, sorted: small, for there may be millions of both.

    Examples
    --------
    >>> ends = np.array([0, 1, 0], np.int32), np.array([1, 0, 2], np.int32)
    >>> tie_actors(*ends, 3).toarray().tolist()
    [[0, 1, 1], [1, 0, 0], [1, 0, 0]]
    """
    apart = one != other
    one, other = one[apart], other[apart]
    pairs = np.minimum(one, other).astype(np.int64)
    pairs <<= _HALF
    pairs |= np.maximum(one, other)
    del one, other
    pairs = distinct(pairs, in_place=True)
    high = pairs.astype(np.int32)  # the lower half
    pairs >>= _HALF
    starts = np.concatenate([[0], np.cumsum(np.bincount(pairs, minlength=actors))])
    del pairs
    if 2 * len(high) < 2**31:
        starts = starts.astype(np.int32)  # else scipy makes all of it twice as large
    upper = sparse.csr_array((np.ones(len(high), np.int8), high, starts), shape=(actors, actors))
    return sparse.csr_array(upper + upper.T.tocsr())


def list_partners(ties: sparse.csr_array, actors: Positions) -> tuple[Positions, Positions]:
    """Return the partners of some actors, one after the other.

    Parameters
    ----------
    ties
        From :func:`tie_actors`.
    actors
        Positions, with repetition if wanted.

    Returns
    -------
    row : ndarray
        Position in ``actors``, ascending.
    partner : ndarray
        Whom that actor is tied with, ascending in each row.
    """
    first = ties.indptr[actors].astype(np.int64)
    times = ties.indptr[actors + 1] - first
    row = np.repeat(np.arange(len(actors)), times)
    within = np.arange(len(row)) - np.repeat(np.cumsum(times) - times, times)
    return row, ties.indices[first[row] + within].astype(np.int64)
