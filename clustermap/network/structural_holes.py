"""Structural holes around an actor: Burt's constraint and effective size (Burt 1992)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

if TYPE_CHECKING:
    import numpy.typing as npt

    Numbers = npt.NDArray[np.float64]

_BLOCK = 65_536


def ties(
    source: npt.ArrayLike, target: npt.ArrayLike, nodes: int, weight: npt.ArrayLike = 1.0
) -> sparse.csr_array:
    """Return how strongly any two nodes are tied, both directions added up.

    Parameters
    ----------
    source, target
        Ends of the edges; repeated edges add up, loops do not count.
    nodes
        Number of nodes.
    weight
        Weight of each edge.

    Returns
    -------
    sparse.csr_array
        Symmetric, nodes x nodes.
    """
    a, b = (np.asarray(end, dtype=np.int64) for end in (source, target))
    strength = np.broadcast_to(np.asarray(weight, dtype=np.float64), a.shape)
    apart = (a != b) & (strength > 0)
    a, b, strength = a[apart], b[apart], strength[apart]
    both = (np.concatenate([strength, strength]), (np.r_[a, b], np.r_[b, a]))
    tied = sparse.csr_array(both, shape=(nodes, nodes))
    tied.sum_duplicates()
    return tied


def constraint(tied: sparse.csr_array) -> Numbers:
    """Return Burt's constraint: how far a node's partners are partners of each other.

    ``c_i = sum_j (p_ij + sum_q p_iq p_qj)²`` over the partners j of i, with p_ij the share of j in
    the ties of i. Only partners count: others that i reaches over q add nothing.

    Parameters
    ----------
    tied
        From :func:`ties`.

    Returns
    -------
    Numbers
        One value a node; NaN where it has no partner.

    References
    ----------
    Burt, R. S. (1992). Structural Holes: The Social Structure of Competition. Harvard University
    Press.

    Examples
    --------
    >>> star = ties([0, 0, 0, 0], [1, 2, 3, 4], 5)
    >>> constraint(star).tolist()
    [0.25, 1.0, 1.0, 1.0, 1.0]
    """
    shares = _divide_rows(tied, tied.sum(axis=1))
    found = np.full(tied.shape[0], np.nan)
    for rows in _blocks(tied.shape[0]):
        own = shares[rows]
        over = (own + own @ shares).multiply(own > 0)
        found[rows] = over.multiply(over).sum(axis=1)
    return np.where(np.diff(tied.indptr) > 0, found, np.nan)


def effective_size(tied: sparse.csr_array) -> Numbers:
    """Return the number of partners that are not redundant.

    ``e_i = sum_j (1 - sum_q p_iq m_jq)`` over the partners j of i, with p_iq the share of q in the
    ties of i and m_jq the tie of j and q over the strongest tie of j.

    Parameters
    ----------
    tied
        From :func:`ties`.

    Returns
    -------
    Numbers
        One value a node; NaN where it has no partner.

    References
    ----------
    As :func:`constraint`.

    Examples
    --------
    >>> triangle_and_one = ties([0, 0, 1, 0], [1, 2, 2, 3], 4)
    >>> round(float(effective_size(triangle_and_one)[0]), 4)  # 3 - 2/3
    2.3333
    """
    shares = _divide_rows(tied, tied.sum(axis=1))
    marginal = _divide_rows(tied, tied.max(axis=1).toarray().ravel()).T.tocsr()
    partners = np.diff(tied.indptr)
    found = partners.astype(np.float64)
    for rows in _blocks(tied.shape[0]):
        redundant = (shares[rows] @ marginal).multiply(tied[rows] > 0)
        found[rows] -= redundant.sum(axis=1)
    return np.where(partners > 0, found, np.nan)


def _divide_rows(matrix: sparse.csr_array, divisor: npt.ArrayLike) -> sparse.csr_array:
    by = np.asarray(divisor, dtype=np.float64)
    inverse = np.divide(1.0, by, out=np.zeros(len(by)), where=by > 0)
    data = matrix.data * np.repeat(inverse, np.diff(matrix.indptr))
    return sparse.csr_array((data, matrix.indices, matrix.indptr), shape=matrix.shape)


def _blocks(rows: int) -> list[slice]:
    """Return rows in blocks: products of a whole large network would not fit in memory."""
    return [slice(start, min(start + _BLOCK, rows)) for start in range(0, rows, _BLOCK)]
