"""PageRank of actors: who is linked with the well linked, among millions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import LinearOperator, cg

from clustermap.side_by_side import do_each

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    Numbers = npt.NDArray[np.float64]

DAMPING = 0.85
"""Share of steps that follow a link; all others start anew anywhere."""
TOLERANCE = 1e-10
_ROUNDS = 1_000
_BITS = 32


def rank_actors(
    a: npt.NDArray[np.int32],
    b: npt.NDArray[np.int32],
    actors: int,
    *,
    tolerance: float = TOLERANCE,
) -> Numbers:
    """Return the PageRank of every actor that has a link.

    The share of time that a walk spends at the actor which follows links in proportion to their
    number, whatever their direction, and starts anew at any linked actor with probability .15.

    Parameters
    ----------
    a, b
        Positions of the two actors of every link; repeated links add up, those of an actor with
        itself do not count.
    actors
        Number of actors.
    tolerance
        The walk is followed until the shares change by less, all changes added up. networkx stops
        where they change by less than its ``tol`` times the number of nodes: with a million actors
        and its own default, before the order of the first hundred is settled.

    Returns
    -------
    ndarray
        One value an actor, together one; NaN for actors without a link.

    Raises
    ------
    ArithmeticError
        If the shares still change after a thousand steps.

    References
    ----------
    Brin, S. and Page, L. (1998). The anatomy of a large-scale hypertextual web search engine.
    Computer Networks and ISDN Systems 30, 107-117.

    Examples
    --------
    The middle of a chain of three: x = .05 + .85 (1 - x).

    >>> rank_actors(np.array([0, 1]), np.array([1, 2]), 4).round(4).tolist()
    [0.2568, 0.4865, 0.2568, nan]
    """
    forth = _half(a, b, actors)
    back = forth.T
    degree = np.asarray(forth.sum(axis=1) + forth.sum(axis=0))
    linked = degree > 0
    if not linked.any():
        return np.full(actors, np.nan)
    start = linked / int(linked.sum())

    def step(share: Numbers) -> Numbers:
        passed = np.divide(share, degree, out=np.zeros(actors), where=linked)
        one, other = do_each(lambda links: links @ passed, (forth, back))
        return np.asarray(DAMPING * (one + other))

    def walk(share: Numbers) -> Numbers:
        return step(share) + (1 - DAMPING) * start

    share = _settle(walk, _solve(step, np.sqrt(degree), start, tolerance), tolerance)
    return np.where(linked, share, np.nan)


def _solve(
    step: Callable[[Numbers], Numbers], root: Numbers, start: Numbers, tolerance: float
) -> Numbers:
    """Return about the shares that steps do not change, in a few of them.

    On links without direction the steps are symmetric once shares are measured in roots of degrees,
    and conjugate gradients need about a quarter of the steps that following the walk does.
    """
    scale = np.where(root > 0, root, 1.0)

    def left(scaled: Numbers) -> Numbers:
        return scaled - step(scaled * scale) / scale

    size = len(root)
    operator = LinearOperator((size, size), left, dtype=np.float64)
    wanted = (1 - DAMPING) * start / scale
    found, _ = cg(operator, wanted, rtol=max(tolerance / 10, 1e-15), maxiter=_ROUNDS)
    return np.asarray(found * scale)


def _settle(walk: Callable[[Numbers], Numbers], share: Numbers, tolerance: float) -> Numbers:
    """Follow a walk until its shares change by less."""
    change = np.inf
    for _ in range(_ROUNDS):
        walked = walk(share)
        change, share = float(np.abs(walked - share).sum()), walked
        if change < tolerance:
            return share
    raise ArithmeticError(f"PageRank still changes by {change:g}")


def rank_nodes(
    a: npt.NDArray[np.int32],
    b: npt.NDArray[np.int32],
    links: npt.NDArray[np.int64],
    nodes: int,
    *,
    tolerance: float = 1e-13,
) -> Numbers:
    """Return the PageRank of every node of a small network, those without any link included.

    As :func:`rank_actors`, but that a walk may start anew anywhere, and goes on anywhere from a
    node without links: networkx's definition.

    Parameters
    ----------
    a, b
        Positions of two different nodes, every pair once.
    links
        How strongly they are linked.
    nodes
        Number of nodes.
    tolerance
        The walk is followed until the shares change by less, all changes added up.

    Returns
    -------
    ndarray
        One value a node, together one.

    Raises
    ------
    ArithmeticError
        If the shares still change after a thousand steps.

    References
    ----------
    As :func:`rank_actors`.

    Examples
    --------
    >>> rank_nodes(np.array([0]), np.array([1]), np.array([5]), 3).round(4).tolist()
    [0.4651, 0.4651, 0.0698]
    """
    half = sparse.csr_array((links.astype(float), (a, b)), shape=(nodes, nodes))
    both = (half + half.T).tocsr()
    degree = np.asarray(both.sum(axis=1))
    linked = degree > 0

    def walk(share: Numbers) -> Numbers:
        passed = np.divide(share, degree, out=np.zeros(nodes), where=linked)
        anywhere = (1 - DAMPING + DAMPING * share[~linked].sum()) / nodes
        return np.asarray(DAMPING * (both @ passed) + anywhere)

    return _settle(walk, np.full(nodes, 1 / max(nodes, 1)), tolerance)


def _half(a: npt.NDArray[np.int32], b: npt.NDArray[np.int32], actors: int) -> sparse.csr_array:
    """Return the links in one direction only, repeated ones beside each other: half the memory."""
    apart = a != b
    # Both ends as one number: plain numbers are sorted many times as fast as an order is found.
    links = a[apart].astype(np.int64) << _BITS | b[apart]
    links.sort()
    a, b = ((links >> bits).astype(np.int32) for bits in (_BITS, 0))
    bounds = np.append(0, np.cumsum(np.bincount(a, minlength=actors)))
    return sparse.csr_array((np.ones(len(b)), b, bounds), shape=(actors, actors))
