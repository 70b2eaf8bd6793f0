"""Pairs of actors that could be linked: how many there are of each strata and distance.

The nulls of :mod:`clustermap.network.expected` are fitted to these few numbers instead of millions
of cell pairs, which changes nothing about what they find: links are compared with pairs by stratum,
distance bin and size, and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import interpolate, sparse

from clustermap.side_by_side import WORKERS, go_through

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from clustermap.network.space import Space

    Numbers = npt.NDArray[np.float64]
    Positions = npt.NDArray[np.intp]

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


def distance_masks(space: Space, cells: Positions) -> Iterator[sparse.csr_array]:
    """Go through the distance bins, each as the share of every cell pair's actors in it.

    Parameters
    ----------
    space
        How far the actors of cells are apart.
    cells
        Cells wanted, ascending.

    Yields
    ------
    sparse.csr_array
        Of these cells, symmetric: shares between 0 and 1.
    """
    place = np.full(len(space.bins), -1)
    place[cells] = np.arange(len(cells))
    near, shares = place[space.near], space.shares
    near, shares = near[(near >= 0).all(axis=1)], shares[(near >= 0).all(axis=1)]
    bins = space.bins.take(cells, axis=0).take(cells, axis=1).astype(np.int16)
    bins[near[:, 0], near[:, 1]] = bins[near[:, 1], near[:, 0]] = -1
    # Sorted once by bin, rows ascending within: a look at all pairs for each bin took longer.
    order = np.argsort(bins, axis=None, kind="stable")
    starts = np.searchsorted(bins.ravel()[order], np.arange(shares.shape[1] + 1))
    twice = near[:, 0] != near[:, 1]
    for number in range(shares.shape[1]):
        row, column = np.divmod(order[starts[number] : starts[number + 1]], len(cells))
        own = np.flatnonzero(shares[:, number])
        other = own[twice[own]]
        one, two = near[own].T
        back, forth = near[other].T
        value = np.concatenate([np.ones(len(row)), shares[own, number], shares[other, number]])
        at = np.concatenate([row, one, forth]), np.concatenate([column, two, back])
        yield sparse.csr_array((value, at), shape=bins.shape)


def count_pairs(members: npt.NDArray[np.int64], space: Space) -> Pairs:
    """Count the pairs available by strata and distance.

    Within a cell an actor makes no pair with itself: ``n_s n_t`` pairs of two strata and
    ``n_s (n_s - 1)`` ordered pairs within one.

    Parameters
    ----------
    members
        int64, cells x strata.
    space
        How far the actors of cells are apart.

    Returns
    -------
    Pairs
        Over all cells.
    """
    strata = members.shape[1]
    held = np.flatnonzero(members.sum(axis=1) > 0)
    actors = members[held].astype(np.float64)
    size = relative_sizes(members)[held]
    weighted = [actors * size[:, None] ** exponent for exponent in SIZE_EXPONENTS]

    def count(mask: sparse.csr_array) -> Numbers:
        own, found = mask.diagonal(), np.zeros((len(SIZE_EXPONENTS), strata, strata))
        if not mask.nnz:
            return found
        # One half of a symmetric matrix says all of it.
        half = (sparse.triu(mask, 1) + sparse.diags_array(own / 2)).tocsr()
        for at, (exponent, ends) in enumerate(zip(SIZE_EXPONENTS, weighted, strict=True)):
            met = ends.T @ (half @ ends)
            found[at] = met + met.T
            found[at][np.diag_indices(strata)] -= (own * size ** (2 * exponent)) @ actors
        return found

    # Masks are large: few are made before the first is counted.
    masks = distance_masks(space, held)
    counts = np.stack(list(go_through(count, masks, ahead=WORKERS)), axis=-1)
    return Pairs(np.maximum(counts, 0.0))


def weigh_pairs_of_cell(
    cell: int,
    members: npt.NDArray[np.int64],
    space: Space,
    first: npt.NDArray[np.intp],
    second: npt.NDArray[np.intp],
    weight: Numbers,
) -> Numbers:
    """Count the pairs that have at least one end in a cell, each weighed by its strata.

    Parameters
    ----------
    cell
        Its code.
    members, space
        As for :func:`count_pairs`.
    first, second
        Strata of the two ends.
    weight
        First x second: weight of a pair of two strata.

    Returns
    -------
    Numbers
        Shape (len(SIZE_EXPONENTS), bins), over all strata: ordered pairs from the cell and to it,
        and those within it once.
    """
    size, shares = relative_sizes(members), shares_of_cell(cell, space)
    own, other = members[cell, first] @ weight, weight @ members[cell, second]
    # Pairs within stand in both sums; an actor is no pair with itself.
    met = members[:, second] @ own + members[:, first] @ other
    met[cell] -= own @ members[cell, second]
    met[cell] -= members[cell, first] @ np.where(first[:, None] == second, weight, 0).sum(axis=1)
    by_size = size ** SIZE_EXPONENTS[:, None]
    return np.asarray(by_size[:, [cell]] * ((by_size * np.maximum(met, 0.0)) @ shares))


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
    _, partner, row = space.near_of(np.array([cell]))
    shares[partner] = space.shares[row]
    return shares


_WEIGHTS = interpolate.CubicSpline(SIZE_EXPONENTS, np.eye(len(SIZE_EXPONENTS)))


@dataclass(frozen=True)
class Spline:
    """The logarithm of pairs as a smooth function of the exponent of size.

    Parameters
    ----------
    logs
        Its values; exponents of size on the first axis.
    """

    logs: Numbers

    def __call__(self, exponent: float, derivative: int = 0) -> Numbers:
        """Return log pairs, or how they change.

        Parameters
        ----------
        exponent
            Exponent of size.
        derivative
            0 for log pairs; 1 for the first derivative, which is the mean log size of the pairs.

        Returns
        -------
        Numbers
            One value for each of the pairs.
        """
        # A spline is a weighted mean of its knots, with the same weights for all pairs.
        return np.asarray(np.tensordot(_WEIGHTS(exponent, derivative), self.logs, 1))


def spline_of(counts: Numbers) -> Spline:
    """Return the logarithm of pairs as a smooth function of the exponent of size.

    Parameters
    ----------
    counts
        Positive; exponents of size on the first axis.

    Returns
    -------
    Spline
        Maps an exponent to log pairs; its derivative is the mean log size of the pairs.
    """
    return Spline(np.log(counts))
