"""Pairs of actors that could be linked: how many there are of each strata and distance.

The nulls of :mod:`clustermap.network.expected` are fitted to these few numbers instead of millions
of cell pairs, which changes nothing about what they find: links are compared with pairs by stratum,
distance bin and size, and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import interpolate

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from clustermap.network.space import Space

    Numbers = npt.NDArray[np.float64]

SIZE_EXPONENTS = np.array([-0.6, -0.4, -0.2, -0.1, 0.0, 0.1, 0.2, 0.4, 0.6])
"""Exponents of size that pairs are counted at; between them they are read off a spline."""


@dataclass(frozen=True)
class Pairs:
    """Pairs of actors by strata and distance bin, weighted by the size of their cells.

    Parameters
    ----------
    counts
        Shape (len(SIZE_EXPONENTS), S, S, bins): ordered pairs of two different actors, the first of
        one stratum and the second of another, in a distance bin, each weighted by
        ``(m_a m_b)^exponent``.
    """

    counts: Numbers

    def of(self, first: npt.NDArray[np.intp], second: npt.NDArray[np.intp]) -> Numbers:
        """Return the pairs of some strata with some others.

        Parameters
        ----------
        first, second
            Strata.

        Returns
        -------
        Numbers
            Shape (len(SIZE_EXPONENTS), first, second, bins).
        """
        return self.counts[:, first][:, :, second]

    def less(self, other: Pairs) -> Pairs:
        """Return these pairs without some of them.

        Parameters
        ----------
        other
            What to leave out.

        Returns
        -------
        Pairs
            The rest.
        """
        return Pairs(np.maximum(self.counts - other.counts, 0.0))


def relative_sizes(members: npt.NDArray[np.int64]) -> Numbers:
    """Return the actors of each cell over the mean of all cells that have any.

    Parameters
    ----------
    members
        Actors by cell and stratum.

    Returns
    -------
    Numbers
        One value a cell; 1 for cells without actors, which no pair ever uses.
    """
    actors = members.sum(axis=1)
    there = actors > 0
    return np.where(there, actors / actors[there].mean(), 1.0) if there.any() else actors + 1.0


def distance_masks(space: Space) -> Iterator[tuple[int, Numbers]]:
    """Go through the distance bins, each as the share of every cell pair's actors in it.

    Parameters
    ----------
    space
        How far the actors of cells are apart.

    Yields
    ------
    tuple
        Bin, and a symmetric matrix cells x cells of shares between 0 and 1.
    """
    near_a, near_b = space.near.T
    far = np.ones(space.bins.shape, dtype=bool)
    far[near_a, near_b] = far[near_b, near_a] = False
    for number in range(space.shares.shape[1]):
        mask = ((space.bins == number) & far).astype(np.float64)
        mask[near_a, near_b] = mask[near_b, near_a] = space.shares[:, number]
        yield number, mask


def count_pairs(
    members: npt.NDArray[np.int64], space: Space, exponents: Numbers = SIZE_EXPONENTS
) -> Pairs:
    """Count the pairs available by strata and distance.

    Within a cell an actor makes no pair with itself: ``n_s n_t`` pairs of two strata and
    ``n_s (n_s - 1)`` ordered pairs within one.

    Parameters
    ----------
    members
        int64, cells x strata.
    space
        How far the actors of cells are apart.
    exponents
        Exponents of size.

    Returns
    -------
    Pairs
        Over all cells.
    """
    strata, bins = members.shape[1], space.shares.shape[1]
    counts = np.zeros((len(exponents), strata, strata, bins))
    held = np.flatnonzero(members.sum(axis=1) > 0)
    actors = members[held].astype(np.float64)
    size = relative_sizes(members)[held]
    weighted = np.concatenate([actors * size[:, None] ** e for e in exponents], axis=1)
    for number, mask in distance_masks(space):
        part = mask[np.ix_(held, held)]
        if not part.any():
            continue
        reached = part @ weighted
        own = np.diag(part)
        for at, exponent in enumerate(exponents):
            block = slice(at * strata, (at + 1) * strata)
            table = weighted[:, block].T @ reached[:, block]
            table[np.diag_indices(strata)] -= (own * size ** (2 * exponent)) @ actors
            counts[at, :, :, number] = table
    return Pairs(np.maximum(counts, 0.0))


def count_pairs_of_cell(
    cell: int, members: npt.NDArray[np.int64], space: Space, exponents: Numbers = SIZE_EXPONENTS
) -> Pairs:
    """Count the pairs that have at least one end in a cell.

    Parameters
    ----------
    cell
        Its code.
    members, space, exponents
        As for :func:`count_pairs`.

    Returns
    -------
    Pairs
        Ordered pairs from the cell, to the cell, and within it once.
    """
    strata, bins = members.shape[1], space.shares.shape[1]
    actors = members.astype(np.float64)
    size = relative_sizes(members)
    shares = shares_of_cell(cell, space)
    counts = np.zeros((len(exponents), strata, strata, bins))
    own = actors[cell]
    for at, exponent in enumerate(exponents):
        weight = size**exponent
        reached = (shares * weight[:, None]).T @ actors  # bins x strata
        out = weight[cell] * own[:, None, None] * reached.T[None, :, :]
        inside = weight[cell] ** 2 * shares[cell] * (own[:, None] * own)[:, :, None]
        inside[np.arange(strata), np.arange(strata)] += (
            weight[cell] ** 2 * own[:, None] * shares[cell]
        )
        # Pairs within stand in both directions' sums; an actor is no pair with itself.
        counts[at] = out + out.transpose(1, 0, 2) - inside
    return Pairs(np.maximum(counts, 0.0))


def shares_of_cell(cell: int, space: Space) -> Numbers:
    """Return which share of a cell's pairs with every cell lies in which distance bin.

    Parameters
    ----------
    cell
        Its code.
    space
        How far the actors of cells are apart.

    Returns
    -------
    Numbers
        Cells x bins.
    """
    cells, bins = len(space.bins), space.shares.shape[1]
    shares = np.zeros((cells, bins))
    shares[np.arange(cells), space.bins[cell]] = 1.0
    for side in (0, 1):
        at = np.flatnonzero(space.near[:, side] == cell)
        shares[space.near[at, 1 - side]] = space.shares[at]
    return shares


def spline_of(counts: Numbers, exponents: Numbers = SIZE_EXPONENTS) -> interpolate.CubicSpline:
    """Return the logarithm of pairs as a smooth function of the exponent of size.

    Parameters
    ----------
    counts
        Positive; exponents on the first axis.
    exponents
        Exponents of size.

    Returns
    -------
    scipy.interpolate.CubicSpline
        Maps an exponent to log pairs; its derivative is the mean log size of the pairs.
    """
    return interpolate.CubicSpline(exponents, np.log(counts), axis=0)
