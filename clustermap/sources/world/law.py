"""The law of a fictional world: how many links its cells have with each other, before any is drawn.

Between cells a and b the mean number of links is proportional to
``n_as n_bt (n_a n_b)^(mass - 1) exp(-d / decay) / (1 + d / near)``, for actor types s and t, with
n the actors of a cell and d the distance of the cells. Planting multiplies it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from clustermap.sources.world.places import Indices, Numbers

TYPES = ("firm", "university", "public_institute", "hospital", "support")
FIRM, UNIVERSITY, PUBLIC, HOSPITAL, SUPPORT = range(5)
CHANNELS = {
    ("firm_firm", FIRM, FIRM): 0.40,
    ("research", FIRM, UNIVERSITY): 0.12,
    ("research", FIRM, PUBLIC): 0.07,
    ("research", UNIVERSITY, UNIVERSITY): 0.03,
    ("research", UNIVERSITY, PUBLIC): 0.02,
    ("research", FIRM, HOSPITAL): 0.015,
    ("research", UNIVERSITY, HOSPITAL): 0.015,
    ("support", SUPPORT, FIRM): 0.11,
    ("support", SUPPORT, UNIVERSITY): 0.02,
    ("transfer", UNIVERSITY, FIRM): 0.05,
    ("transfer", PUBLIC, FIRM): 0.04,
    ("transfer", FIRM, FIRM): 0.01,
    ("mobility", FIRM, FIRM): 0.06,
    ("mobility", UNIVERSITY, FIRM): 0.03,
    ("mobility", PUBLIC, FIRM): 0.01,
}
"""Share of the pairs by kind and actor types (source, target)."""
LEADS = np.array([0.45, 0.25, 0.15, 0.03, 0.12])
PARTNERS_OF_LEAD = np.array(
    [
        [0.50, 0.25, 0.12, 0.05, 0.08],
        [0.55, 0.25, 0.12, 0.05, 0.03],
        [0.60, 0.25, 0.10, 0.00, 0.05],
        [0.50, 0.30, 0.20, 0.00, 0.00],
        [0.85, 0.10, 0.00, 0.00, 0.05],
    ]
)
SIZES = np.arange(2, 11)
SIZE_SHARE = np.array([0.38, 0.24, 0.15, 0.09, 0.055, 0.035, 0.02, 0.015, 0.015])
PAIRS_A_PROJECT = float((SIZE_SHARE * SIZES * (SIZES - 1) / 2).sum())
ABROAD_SHARE = 0.04
ABROAD_TYPES = (FIRM, UNIVERSITY, PUBLIC)
_GRID_M = 10_000.0
GRID_SPREAD_M = 5_200.0
"""Mean distance of two points in a 10-km square."""


@dataclass(frozen=True)
class Cells:
    """The cells of a world, clusters first, then squares of 10 km outside them.

    Parameters
    ----------
    names
        Cluster ids, then "outside:<column>_<row>".
    sites_km
        x, y of every cell.
    counts
        Actors by cell and type, in the order of TYPES.
    clusters
        Number of clusters.
    regions
        Region of every cell, by number.
    """

    names: tuple[str, ...]
    sites_km: Numbers
    counts: NDArray[np.float64]
    clusters: int
    regions: Indices


@dataclass(frozen=True)
class Law:
    """Pull between cells per pair of actors, who is there, and how much they attract.

    Parameters
    ----------
    pull
        Square and symmetric, one row a cell.
    counts
        Actors by cell and type.
    mass
        What the actors of a cell and type attract together; their number unless links attract more.
    """

    pull: Numbers
    counts: Numbers
    mass: Numbers

    @cached_property
    def _summed(self) -> Numbers:
        return np.asarray(self.pull @ self.mass)

    @property
    def own(self) -> Numbers:
        """Pull within every cell."""
        return np.diag(self.pull)

    def partners(self, lead: int, partner: int) -> Numbers:
        """Return what the partners of one actor attract within its own cell.

        Parameters
        ----------
        lead
            Type of the actor.
        partner
            Type of its partners.

        Returns
        -------
        ndarray
            One value a cell; an actor is no partner of its own.
        """
        mass = self.mass[:, partner]
        if lead != partner:
            return mass
        return np.asarray(mass - mass / np.maximum(self.counts[:, partner], 1))

    def reach(self, lead: int, partner: int) -> Numbers:
        """Return the links that one actor of a type has with another type, by its cell.

        Parameters
        ----------
        lead, partner
            As for :meth:`partners`.

        Returns
        -------
        ndarray
            One value a cell; an actor is no partner of its own.
        """
        summed = self._summed[:, partner]
        if lead == partner:
            missed = self.mass[:, partner] - self.partners(lead, partner)
            summed = np.maximum(summed - self.own * missed, 0.0)
        return np.asarray(summed)


def find_squares(
    x: Numbers, y: Numbers, homes: Indices, clusters: int
) -> tuple[tuple[str, ...], Indices]:
    """Return the cell of every actor: its cluster, or else the square of 10 km that it lies in.

    Parameters
    ----------
    x, y
        Where the actors are, in metres.
    homes
        Cluster of every actor by number, -1 for none.
    clusters
        Number of clusters.

    Returns
    -------
    names : tuple
        Names of the squares, "outside:<column>_<row>".
    cells : ndarray
        Cell of every actor; squares are numbered after the clusters.
    """
    outside = homes < 0
    column = np.floor(x[outside] / _GRID_M).astype(np.int64)
    row = np.floor(y[outside] / _GRID_M).astype(np.int64)
    squares, square = np.unique(np.column_stack([column, row]), axis=0, return_inverse=True)
    cells = homes.copy()
    cells[outside] = clusters + square.ravel()
    return tuple(f"outside:{one}_{other}" for one, other in squares), cells


def area_km2(firms: Numbers | Indices) -> Numbers:
    """Return how large clusters of so many firms are, but for chance.

    Parameters
    ----------
    firms
        Firms in every cluster.

    Returns
    -------
    ndarray
        Square kilometres.
    """
    return np.asarray(0.08 + 0.018 * firms)


def count_actors(groups: Indices, cells: int) -> Numbers:
    """Count actors by cell and type.

    Parameters
    ----------
    groups
        ``cell * len(TYPES) + type`` of every actor.
    cells
        Number of cells.

    Returns
    -------
    ndarray
        Shape (cells, types).
    """
    counts = np.bincount(groups, minlength=cells * len(TYPES))
    return counts.reshape(-1, len(TYPES)).astype(float)


def measure_km(cells: Cells) -> Numbers:
    """Return how far apart cells are.

    Parameters
    ----------
    cells
        Where they are.

    Returns
    -------
    ndarray
        Square and symmetric; on the diagonal the distance of two actors of one cell.
    """
    x, y = cells.sites_km.T
    apart = np.hypot(x[:, None] - x, y[:, None] - y)
    own = 0.05 * np.sqrt(cells.counts.sum(axis=1)) + 0.5
    own[cells.clusters :] = GRID_SPREAD_M / 1000
    np.fill_diagonal(apart, own)
    return np.asarray(apart)


def build_law(
    cells: Cells,
    *,
    mass: float,
    decay_km: float | Numbers,
    near_km: float,
    noise: Numbers | None = None,
) -> Law:
    """Build the law without any planting.

    Parameters
    ----------
    cells
        Where how many actors are.
    mass
        Exponent of the product of sizes.
    decay_km
        Distance over which links fall by e; where it is given by cell, two cells take the mean.
    near_km
        Distance at which they are halved besides.
    noise
        Square and symmetric multiplier of every pair of cells, if there is any.

    Returns
    -------
    Law
        Typical pull.
    """
    size = cells.counts.sum(axis=1)
    apart = measure_km(cells)
    half = np.broadcast_to(np.asarray(decay_km, dtype=float) / 2, len(size))
    pull = np.exp(-apart / (half[:, None] + half)) / (1 + apart / near_km)
    scale = np.maximum(size, 1) ** (mass - 1)
    pull *= scale[:, None] * scale
    if noise is not None:
        pull *= noise
    return Law(pull, cells.counts, cells.counts)


def plant(law: Law, internal: Numbers, external: Numbers) -> Law:
    """Multiply the links of some cells.

    Parameters
    ----------
    law
        Typical law.
    internal
        Factor on the links inside a cell.
    external
        Factor on its links with other cells.

    Returns
    -------
    Law
        Law of the planted world.
    """
    pull = law.pull * external[:, None] * external
    np.fill_diagonal(pull, law.own * internal)
    return Law(pull, law.counts, law.mass)


def reach_by_type(law: Law, lead: int) -> Numbers:
    """Return the links of one lead by its cell and its partners' type.

    Parameters
    ----------
    law
        The law.
    lead
        Actor type of the lead.

    Returns
    -------
    np.ndarray
        Shape (cells, types).
    """
    total = np.maximum(law.mass.sum(axis=0), 1)
    rate = PARTNERS_OF_LEAD[lead] / total
    columns = [rate[kind] * law.reach(lead, kind) for kind in range(len(TYPES))]
    return np.column_stack(columns)


def weigh_channels(law: Law) -> Numbers:
    """Return the pull of all pairs of actors that a channel may link.

    Parameters
    ----------
    law
        The law.

    Returns
    -------
    ndarray
        One value a channel, in the order of CHANNELS.
    """
    weights = [(law.mass[:, lead] * law.reach(lead, other)).sum() for _, lead, other in CHANNELS]
    return np.array(weights)


def weigh_leads(law: Law) -> Numbers:
    """Return the pull of all guests that leads of projects may have.

    Parameters
    ----------
    law
        The law.

    Returns
    -------
    ndarray
        One value a type of lead.
    """
    weights = [
        (law.mass[:, lead] * reach_by_type(law, lead).sum(axis=1)).sum()
        for lead in range(len(TYPES))
    ]
    return np.array(weights)


def as_factors(cells: Cells, factors: Mapping[str, Numbers]) -> tuple[Numbers, Numbers]:
    """Return the planted factors of all cells; squares outside clusters have none.

    Parameters
    ----------
    cells
        Clusters and squares.
    factors
        internal and external, one value a cluster.

    Returns
    -------
    internal : ndarray
        Factor by cell.
    external : ndarray
        Factor by cell.
    """
    rest = np.ones(len(cells.names) - cells.clusters)
    return np.append(factors["internal"], rest), np.append(factors["external"], rest)
