"""Roles of brokers between groups (Gould and Fernandez 1989), exact on large directed networks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    Numbers = npt.NDArray[np.float64]
    Counts = npt.NDArray[np.int64]

ROLES = ("w_I", "w_O", "b_IO", "b_OI", "b_O", "t")
"""Coordinator, itinerant (consultant), representative, gatekeeper, liaison, and all of them."""

_BLOCK = 65_536


@dataclass(frozen=True)
class Moments:
    """What a random network of the same density leads one to expect of each role.

    Parameters
    ----------
    mean, sd
        One row a node (or one row for the whole network), one column a role.
    """

    mean: Numbers
    sd: Numbers


def adjacency(source: npt.ArrayLike, target: npt.ArrayLike, nodes: int) -> sparse.csr_array:
    """Return a directed network as a matrix of 0 and 1.

    Parameters
    ----------
    source, target
        Ends of the edges; repeated edges count once, loops not at all.
    nodes
        Number of nodes.

    Returns
    -------
    sparse.csr_array
        int64, nodes x nodes.
    """
    a, b = (np.asarray(end, dtype=np.int64) for end in (source, target))
    apart = a != b
    a, b = a[apart], b[apart]
    found = sparse.csr_array((np.ones(len(a), np.int64), (a, b)), shape=(nodes, nodes))
    found.sum_duplicates()
    found.data[:] = 1
    return found


def broker_roles(network: sparse.csr_array, group: npt.ArrayLike) -> Counts:
    """Return how often every node stands in each role between two others that are not tied.

    A path ``i -> j -> k`` without ``i -> k`` is a role of j. Its name follows from the groups of
    i, j, k: A A A coordinator (w_I), A B A itinerant (w_O), A A B representative (b_IO), A B B
    gatekeeper (b_OI), A B C liaison (b_O). For groups g of i and h of k::

        in_j(g) out_j(h) - [g = h] mutual_j(g) - #{i in g, k in h: i -> j -> k and i -> k}

    Parameters
    ----------
    network
        From :func:`adjacency`.
    group
        Group of each node, any integers.

    Returns
    -------
    Counts
        Nodes x roles, in the order of ``ROLES``.

    References
    ----------
    Gould, R. V. and Fernandez, R. M. (1989). Structures of mediation: a formal approach to
    brokerage in transaction networks. Sociological Methodology 19, 89-126.

    Examples
    --------
    >>> path = adjacency([0, 1, 1], [1, 2, 3], 4)  # 0 -> 1 -> 2 and 1 -> 3; 2 is of another group
    >>> broker_roles(path, [0, 0, 1, 0])[1].tolist()
    [1, 0, 1, 0, 0, 2]
    """
    _, code = np.unique(np.asarray(group), return_inverse=True)
    same, other = _split(network, code)
    own_in, own_out = same.sum(axis=0), same.sum(axis=1)
    far_in, far_out = other.sum(axis=0), other.sum(axis=1)
    back = other.multiply(other.T).sum(axis=1)
    groups = sparse.csr_array(
        (np.ones(len(code), np.int64), (np.arange(len(code)), code)),
        shape=(len(code), int(code.max(initial=0)) + 1),
    )
    to_and_fro = (other.T @ groups).multiply(other @ groups).sum(axis=1)
    coordinator = own_in * own_out - same.multiply(same.T).sum(axis=1)
    itinerant = to_and_fro - back - _closed(other, same, other)
    both_far = far_in * far_out - back - _closed(other, network, other)
    roles = (
        coordinator - _closed(same, network, same),
        itinerant,
        own_in * far_out - _closed(same, network, other),
        far_in * own_out - _closed(other, network, same),
        both_far - itinerant,
    )
    counted = np.stack([*roles, np.sum(roles, axis=0)], axis=1)
    return counted.astype(np.int64)


def _split(
    network: sparse.csr_array, code: npt.NDArray[np.int64]
) -> tuple[sparse.csr_array, sparse.csr_array]:
    """Return the edges within groups and those between groups."""
    edges = network.tocoo()
    a, b = edges.coords
    within = code[a] == code[b]
    same, other = (
        sparse.csr_array((edges.data[kept], (a[kept], b[kept])), shape=network.shape)
        for kept in (within, ~within)
    )
    return same, other


def _closed(first: sparse.csr_array, across: sparse.csr_array, second: sparse.csr_array) -> Counts:
    """Return #{i, k: i -> j in first, j -> k in second, i -> k in across} of every j."""
    into = first.T.tocsr()
    # Rows in blocks: the product of a whole large network would not fit in memory.
    blocks = [
        (into[start : start + _BLOCK] @ across).multiply(second[start : start + _BLOCK]).sum(axis=1)
        for start in range(0, into.shape[0], _BLOCK)
    ]
    counted: Counts = np.concatenate(blocks or [np.zeros(0)]).astype(np.int64)
    return counted


def expected_roles(network: sparse.csr_array, group: npt.ArrayLike) -> Moments:
    """Return mean and sd of every node's roles if edges fell anywhere with the same density.

    With d the density, every ordered pair i, k of the role's groups is a role with probability
    ``d² (1 - d)``; two pairs that share one of them covary by ``d³ (1 - d)³``.

    Parameters
    ----------
    network
        From :func:`adjacency`.
    group
        Group of each node.

    Returns
    -------
    Moments
        Nodes x roles; a sd of 0 where the role is impossible.

    References
    ----------
    As :func:`broker_roles`.
    """
    _, code = np.unique(np.asarray(group), return_inverse=True)
    size = np.bincount(code).astype(np.float64)
    own, everybody = size - 1, float(size.sum())
    far = everybody - size

    def elsewhere(power: Callable[[Numbers], Numbers]) -> Numbers:
        each = power(size)
        rest: Numbers = each.sum() - each
        return rest

    # Ordered pairs (i, k) of each role, and ordered pairs of such pairs that share one end.
    there_and_back = elsewhere(lambda n: n * (n - 1))
    pairs = np.stack(
        [own * (own - 1), there_and_back, own * far, own * far, far**2 - elsewhere(np.square)]
    )
    rest = far[:, None] - size[None, :]
    liaison = size[None, :] * rest * (rest - 1)
    shared = np.stack(
        [
            2 * own * (own - 1) * (own - 2),
            2 * elsewhere(lambda n: n * (n - 1) * (n - 2)),
            *[own * far * (far - 1) + far * own * (own - 1)] * 2,
            2 * (liaison.sum(axis=1) - np.diag(liaison)),
        ]
    )
    whole = everybody - 1
    pairs = np.concatenate([pairs, [np.full_like(size, whole * (whole - 1))]])
    shared = np.concatenate([shared, [np.full_like(size, 2 * whole * (whole - 1) * (whole - 2))]])
    density = network.nnz / (everybody * (everybody - 1))
    role = density**2 * (1 - density)
    mean = pairs * role
    variance = mean * (1 - role) + shared * (density * (1 - density)) ** 3
    return Moments(mean.T[code], np.sqrt(np.maximum(variance, 0)).T[code])
