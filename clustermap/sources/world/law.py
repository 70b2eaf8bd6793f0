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
import pandas as pd

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
_WITHIN_GRID_KM = 5.2  # mean distance of two points in a 10-km square


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
    """

    names: tuple[str, ...]
    sites_km: Numbers
    counts: NDArray[np.float64]
    clusters: int


@dataclass(frozen=True)
class Roster:
    """The actors sorted by cell and type, so that one of a group is found at once.

    Parameters
    ----------
    ids
        Identifier of every actor.
    groups
        ``cell * len(TYPES) + type`` of every actor, ascending.
    activity
        Relative chance that an actor is the one linked.
    """

    ids: NDArray[np.object_]
    groups: Indices
    activity: Numbers

    @cached_property
    def _reach(self) -> Numbers:
        return np.append(0.0, np.cumsum(self.activity))

    def draw(self, rng: np.random.Generator, cell: Indices, kind: Indices) -> Indices:
        """Draw an actor of given cells and types; each such group must hold one.

        Parameters
        ----------
        rng
            Source of chance.
        cell
            Cell of every draw.
        kind
            Type of every draw.

        Returns
        -------
        ndarray
            Positions in the roster.
        """
        first, last = self._span(cell, kind)
        low, high = self._reach[first], self._reach[last + 1]
        drawn = np.searchsorted(self._reach, low + rng.random(len(cell)) * (high - low), "right")
        return np.asarray(np.clip(drawn - 1, first, last))

    def step_on(self, actors: Indices) -> Indices:
        """Return the next actor of the same cell and type, going round.

        Parameters
        ----------
        actors
            Positions in the roster.

        Returns
        -------
        ndarray
            Positions in the roster.
        """
        group = self.groups[actors]
        first = np.searchsorted(self.groups, group, "left")
        last = np.searchsorted(self.groups, group, "right") - 1
        return np.asarray(np.where(actors == last, first, actors + 1))

    def _span(self, cell: Indices, kind: Indices) -> tuple[Indices, Indices]:
        group = cell * len(TYPES) + kind
        first = np.searchsorted(self.groups, group, "left")
        return first, np.searchsorted(self.groups, group, "right") - 1


@dataclass(frozen=True)
class Law:
    """Pull between cells per pair of actors, and who is there.

    Parameters
    ----------
    pull
        Square and symmetric, one row a cell.
    counts
        Actors by cell and type.
    """

    pull: Numbers
    counts: Numbers

    def reach(self, lead: int, partner: int) -> Numbers:
        """Return the links that one actor of a type has with another type, by its cell.

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
        summed = self.pull @ self.counts[:, partner]
        if lead == partner:
            summed = np.maximum(summed - np.diag(self.pull), 0.0)
        return np.asarray(summed)


def build_cells(
    clusters: pd.Series, sites: Numbers, actors: pd.DataFrame
) -> tuple[Cells, Roster, pd.Series]:
    """Put every actor into its cell.

    Parameters
    ----------
    clusters
        Cluster ids.
    sites
        x, y of the clusters in metres.
    actors
        actor, type, home (number of the cluster, -1 for none), x, y, activity.

    Returns
    -------
    cells : Cells
        Clusters and squares.
    roster : Roster
        Actors by cell and type.
    names : pd.Series
        Cell name of every actor, in the order given.
    """
    column = np.floor(actors["x"] / _GRID_M).astype(int).astype(str)
    row = np.floor(actors["y"] / _GRID_M).astype(int).astype(str)
    outside = (actors["home"] < 0).to_numpy()
    squares, square = np.unique(("outside:" + column + "_" + row)[outside], return_inverse=True)
    cell = actors["home"].to_numpy().copy()
    cell[outside] = len(clusters) + square
    names = (*clusters, *map(str, squares))
    kind = pd.Index(TYPES).get_indexer(pd.Index(actors["type"]))
    group = cell * len(TYPES) + kind
    counts = np.bincount(group, minlength=len(names) * len(TYPES)).reshape(-1, len(TYPES))
    spots = actors.loc[outside, ["x", "y"]].groupby(square).mean().to_numpy()
    where = np.concatenate([sites, spots.reshape(-1, 2)]) / 1000
    order = np.argsort(group, kind="stable")
    roster = Roster(
        actors["actor"].to_numpy(dtype=object)[order],
        group[order],
        actors["activity"].to_numpy()[order],
    )
    cells = Cells(names, where, counts.astype(float), len(clusters))
    return cells, roster, pd.Series(np.array(names, dtype=object)[cell], index=actors.index)


def build_law(
    cells: Cells, *, mass: float, decay_km: float, near_km: float, noise: Numbers | None = None
) -> Law:
    """Build the law without any planting.

    Parameters
    ----------
    cells
        Where how many actors are.
    mass
        Exponent of the product of sizes.
    decay_km
        Distance over which links fall by e.
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
    x, y = cells.sites_km.T
    apart = np.hypot(x[:, None] - x, y[:, None] - y)
    own = 0.05 * np.sqrt(size) + 0.5
    own[cells.clusters :] = _WITHIN_GRID_KM
    np.fill_diagonal(apart, own)
    pull = np.exp(-apart / decay_km) / (1 + apart / near_km)
    scale = size ** (mass - 1)
    pull *= scale[:, None] * scale
    if noise is not None:
        pull *= noise
    return Law(pull, cells.counts)


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
    np.fill_diagonal(pull, np.diag(law.pull) * internal)
    return Law(pull, law.counts)


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
    total = np.maximum(law.counts.sum(axis=0), 1)
    rate = PARTNERS_OF_LEAD[lead] / total
    columns = [rate[kind] * law.reach(lead, kind) for kind in range(len(TYPES))]
    return np.column_stack(columns)


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
