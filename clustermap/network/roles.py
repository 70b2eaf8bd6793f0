"""Roles of brokers between groups (Gould and Fernandez 1989), exact on large directed networks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from clustermap.network.distinct import count_runs, distinct
from clustermap.network.ties import list_partners

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    Numbers = npt.NDArray[np.float64]
    Counts = npt.NDArray[np.int64]

ROLES = ("w_I", "w_O", "b_IO", "b_OI", "b_O", "t")
"""Coordinator, itinerant (consultant), representative, gatekeeper, liaison, and all of them."""

PLACES = ("coordinator", "itinerant", "gateway", "liaison")
"""Roles where ties have no direction: both partners in the broker's group, both in one other, one
in the broker's and one elsewhere (representative and gatekeeper at once), both in two others."""

_BLOCK = 65_536
_PAIRS_AT_ONCE = 500_000


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


def broker_pairs(ties: sparse.csr_array, brokers: npt.ArrayLike, group: npt.ArrayLike) -> Counts:
    """Return how many pairs of partners that are not tied some nodes stand between, by place.

    The roles of :func:`broker_roles` for ties without direction, in which every pair counts once:
    pairs of partners by their groups, less those that are tied.

    Parameters
    ----------
    ties
        From :func:`clustermap.network.ties.tie_actors`.
    brokers
        Positions of the nodes that are asked for, each once.
    group
        Group of each node, whole numbers from 0.

    Returns
    -------
    Counts
        Brokers x roles, in the order of ``PLACES``.

    Examples
    --------
    >>> from clustermap.network.ties import tie_actors
    >>> star = tie_actors(np.array([0, 0, 0, 1]), np.array([1, 2, 3, 2]), 4)
    >>> broker_pairs(star, [0], [0, 0, 0, 7]).tolist()  # 1-3 and 2-3; 1 and 2 are tied
    [[0, 0, 2, 0]]
    """
    codes = np.asarray(group, dtype=np.int64)
    nodes = np.asarray(brokers, dtype=np.int64)
    row, partner = list_partners(ties, nodes)
    own = np.bincount(row[codes[partner] == codes[nodes[row]]], minlength=len(nodes))
    far = np.bincount(row, minlength=len(nodes)) - own
    at, _, members = _count_groups(row, codes[partner], codes[nodes])
    alike = np.zeros(len(nodes), dtype=np.int64)
    np.add.at(alike, at, members * (members - 1) // 2)
    pairs = np.stack([own * (own - 1) // 2, alike, own * far, far * (far - 1) // 2 - alike], axis=1)
    return pairs - _count_closed(ties, nodes, (row, partner), codes)


def _count_groups(row: Counts, group: Counts, home: Counts) -> tuple[Counts, Counts, Counts]:
    """Return row, group and number of the partners in every group but that of the broker."""
    away = group != home[row]
    row, group = row[away], group[away]
    order = np.lexsort((group, row))
    start, members = count_runs(row[order], group[order])
    return row[order][start], group[order][start], members


def _count_closed(
    ties: sparse.csr_array, nodes: Counts, linked: tuple[Counts, Counts], group: Counts
) -> Counts:
    """Return how many pairs of partners are tied, by place."""
    row, partner = linked
    who = distinct(partner)
    at = np.searchsorted(who, partner)
    # Brokers of each partner, and as one number each partner with its brokers.
    brokers = sparse.csr_array(
        (np.ones(len(row), np.int8), (at, row)), shape=(len(who), len(nodes))
    )
    known = np.repeat(np.arange(len(who)), np.diff(brokers.indptr)) * len(nodes) + brokers.indices
    one, other = _turn(ties[who][:, who], np.diff(brokers.indptr))
    counted = np.zeros((len(nodes), len(PLACES)), dtype=np.int64)
    for start in range(0, len(one), _PAIRS_AT_ONCE):
        part = slice(start, start + _PAIRS_AT_ONCE)
        # Whoever is tied to the end with fewer brokers may be tied to the other one, too.
        at, broker = list_partners(brokers, one[part])
        sought = other[part][at] * len(nodes) + broker
        both = np.searchsorted(known, sought)
        closed = np.flatnonzero(known[np.minimum(both, len(known) - 1)] == sought)
        at, broker = at[closed], broker[closed]
        first, second = who[one[part][at]], who[other[part][at]]
        place = _place(group[nodes[broker]], group[first], group[second])
        np.add.at(counted, (broker, place), 1)
    return counted


def _turn(ties: sparse.csr_array, brokers: Counts) -> tuple[Counts, Counts]:
    """Return the ends of ties: the one with fewer brokers, and the other, by which they stand."""
    one, other = sparse.triu(ties, format="coo").coords
    fewer = brokers[one] <= brokers[other]
    one, other = np.where(fewer, one, other), np.where(fewer, other, one)
    # What is looked up one after the other then lies close together.
    order = np.argsort(other)
    return one[order].astype(np.int64), other[order].astype(np.int64)


def _place(home: Counts, one: Counts, other: Counts) -> Counts:
    """Return the role, as a position in PLACES, of brokers between pairs of groups."""
    inside = (one == home).astype(np.int64) + (other == home)
    apart = np.where(one == other, PLACES.index("itinerant"), PLACES.index("liaison"))
    gateway, coordinator = PLACES.index("gateway"), PLACES.index("coordinator")
    return np.where(inside == 2, coordinator, np.where(inside == 1, gateway, apart))


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
