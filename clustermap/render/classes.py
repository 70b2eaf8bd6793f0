"""Classes of ranks and their shades, the same on every page."""

from __future__ import annotations

RAMP = ("#08204f", "#163f7d", "#2c62a8", "#4f87c6", "#7eabd9", "#aecbe8", "#d7e4f2")
"""Shades of the classes of ranks, best first, as on the planner's page."""

MANY = (1, 2, 5, 10, 25, 50), (0, 1, 2, 3, 4, 5, 6)
"""Percent of the rated clusters at which classes end, and the shade of each class."""
FEW = (25, 50), (0, 3, 5)
"""The same where so few are rated that the best hundredth is nobody."""

MANY_FROM = 100
"""Rated clusters from which they are many."""


def classes_of(rated: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the classes of ranks for so many rated clusters.

    Parameters
    ----------
    rated
        How many clusters are rated.

    Returns
    -------
    tuple
        Percent of the rated at which classes end, and the place in :data:`RAMP` of each class and
        of those below the last.
    """
    return FEW if rated < MANY_FROM else MANY


def shade_of(rank: int, rated: int) -> int:
    """Return the shade of a rank.

    Parameters
    ----------
    rank
        From 1, the best.
    rated
        How many clusters are rated.

    Returns
    -------
    int
        Place in :data:`RAMP`.

    Examples
    --------
    >>> [shade_of(rank, 4) for rank in (1, 2, 3, 4)]
    [0, 3, 5, 5]
    """
    shares, shades = classes_of(rated)
    within = (place for place, share in enumerate(shares) if 100 * rank <= share * rated)
    return shades[0] if rank == 1 else shades[next(within, len(shares))]
