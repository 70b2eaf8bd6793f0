"""PageRank of actors: who is linked with the well linked, among millions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

if TYPE_CHECKING:
    import numpy.typing as npt

    Numbers = npt.NDArray[np.float64]

DAMPING = 0.85
"""Share of steps that follow a link; all others start anew anywhere."""
TOLERANCE = 1e-10
_ROUNDS = 1_000


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
    start = linked / max(int(linked.sum()), 1)
    share = start
    for _ in range(_ROUNDS):
        passed = np.divide(share, degree, out=np.zeros(actors), where=linked)
        walked = DAMPING * (forth @ passed + back @ passed) + (1 - DAMPING) * start
        change = float(np.abs(walked - share).sum())
        share = walked
        if change < tolerance or not linked.any():
            return np.where(linked, share, np.nan)
    raise ArithmeticError(f"PageRank still changes by {change:g}")


def _half(a: npt.NDArray[np.int32], b: npt.NDArray[np.int32], actors: int) -> sparse.csr_array:
    """Return the links in one direction only, repeated ones beside each other: half the memory."""
    apart = a != b
    a, b = a[apart], b[apart]
    if (np.diff(a) < 0).any():
        order = np.argsort(a, kind="stable")
        a, b = a[order], b[order]
    bounds = np.append(0, np.cumsum(np.bincount(a, minlength=actors)))
    return sparse.csr_array((np.ones(len(b)), b, bounds), shape=(actors, actors))
