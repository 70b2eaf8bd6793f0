"""A fictional world as arrays: what its links are drawn from, however it was made."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from clustermap.sources.world.companies import HEADQUARTERS, find_offices
from clustermap.sources.world.drawing import Stage
from clustermap.sources.world.law import FIRM, TYPES, as_factors, build_law, plant
from clustermap.sources.world.parameters import FACTORS, PLANTED, open_stream
from clustermap.sources.world.roster import Roster

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clustermap.sources.world.law import Cells, Law
    from clustermap.sources.world.parameters import Parameters
    from clustermap.sources.world.places import Indices, Numbers

_LOUD = 4.0  # times as active as others: sites of large firms, where links are booked
_PULL = 4.0  # added to the pull to other cells where every firm is a head office
_ROLE_SPREAD = 1.5  # log; who meets whom must show in a cluster of some 40 actors
_HUB = 0.6  # chance that the strongest member is a given end of a link inside


@dataclass(frozen=True)
class Traits:
    """What is known of every actor, in the order of the roster.

    Parameters
    ----------
    x, y
        Where it is, in metres.
    employees
        Persons; -1 where unknown and for all but firms.
    sector
        Industry division; -1 where there is none.
    group
        Number of the group of firms, -1 for none.
    site
        Position in SITES: none, headquarters, plant.
    """

    x: Numbers
    y: Numbers
    employees: NDArray[np.int64]
    sector: NDArray[np.int16]
    group: NDArray[np.int32]
    site: NDArray[np.uint8]


@dataclass(frozen=True)
class Partners:
    """Partners abroad.

    Parameters
    ----------
    types
        Position in TYPES.
    countries
        ISO 3166-1 alpha-2.
    """

    types: NDArray[np.uint8]
    countries: tuple[str, ...]


@dataclass(frozen=True)
class Nation:
    """A world without its names: cells, actors, and what is planted in it.

    Parameters
    ----------
    cells
        Clusters and squares.
    roster
        Actors; without what is planted in them.
    traits
        What is known of them.
    partners
        Partners abroad.
    truth
        By cluster: cluster, planted, internal_factor, external_factor.
    parameters
        What it was made from.
    seed
        Seed of everything but the links.
    order
        Row of every actor in the table that it was read from.
    """

    cells: Cells
    roster: Roster
    traits: Traits
    partners: Partners
    truth: pd.DataFrame
    parameters: Parameters
    seed: int
    order: Indices


def write_factors(truth: pd.DataFrame) -> pd.DataFrame:
    """Return what is planted, with its factors.

    Parameters
    ----------
    truth
        cluster and planted.

    Returns
    -------
    pd.DataFrame
        cluster, planted, internal_factor, external_factor.
    """
    factors = pd.DataFrame(
        [FACTORS.get(kind, FACTORS["none"]) for kind in truth["planted"]],
        columns=["internal_factor", "external_factor"],
        index=truth.index,
    )
    return pd.concat([truth[["cluster", "planted"]], factors], axis=1)


def plant_clusters(seed: int, clusters: pd.Series, parameters: Parameters) -> pd.DataFrame:
    """Draw which clusters are planted, whatever their size.

    Parameters
    ----------
    seed
        Seed of the world.
    clusters
        Cluster ids.
    parameters
        What is planted, and how often.

    Returns
    -------
    pd.DataFrame
        cluster, planted, internal_factor, external_factor.
    """
    planted = np.full(len(clusters), "none", dtype=object)
    each = round(parameters.planted_share * len(clusters))
    chosen = open_stream(seed, "planting").permutation(len(clusters))
    for position, kind in enumerate(PLANTED[parameters.planted]):
        planted[chosen[position * each : (position + 1) * each]] = kind
    return write_factors(pd.DataFrame({"cluster": clusters, "planted": planted}))


def unplant(nation: Nation) -> Nation:
    """Return the world with nothing planted in it.

    Parameters
    ----------
    nation
        The world.

    Returns
    -------
    Nation
        The same actors; every cluster is typical.
    """
    return replace(nation, truth=write_factors(nation.truth.assign(planted="none")))


def build_roster(
    groups: Indices, activity: Numbers, traits: Traits, parameters: Parameters
) -> Roster:
    """Build the roster of a world.

    Parameters
    ----------
    groups
        ``cell * len(TYPES) + type`` of every actor, ascending.
    activity
        How often it is linked, against others of its group.
    traits
        What is known of every actor.
    parameters
        Whether links are booked at head offices.

    Returns
    -------
    Roster
        An actor's chance is one on average within its group.
    """
    office = np.arange(len(groups))
    if parameters.capital > 0:
        office = find_offices(traits.group, traits.site)
        activity = activity * np.where(traits.site > 0, _LOUD, 1.0)
    level = level_out(groups, activity)
    return Roster(groups, level, level, office)


def level_out(groups: Indices, activity: Numbers) -> Numbers:
    """Return activity with a mean of one in every group.

    Parameters
    ----------
    groups
        Group of every actor.
    activity
        Above nought.

    Returns
    -------
    ndarray
        In the same order.
    """
    many = np.maximum(np.bincount(groups), 1)
    mean = np.bincount(groups, weights=activity) / many
    return np.asarray(activity / mean[groups])


def draw_noise(rng: np.random.Generator, cells: int, variance: float) -> Numbers:
    """Draw a multiplier of mean one for every pair of cells.

    Parameters
    ----------
    rng
        Source of chance.
    cells
        Number of cells.
    variance
        Variance of the gamma distribution.

    Returns
    -------
    ndarray
        Square and symmetric; one on the diagonal, since noise there could not be told from
        planting.
    """
    noise = np.ones((cells, cells))
    upper = np.triu_indices(cells, 1)
    noise[upper] = rng.gamma(1 / variance, variance, len(upper[0]))
    noise.T[upper] = noise[upper]
    return noise


def draw_decay(nation: Nation) -> Numbers | float:
    """Return the decay of every cell's region.

    Parameters
    ----------
    nation
        The world.

    Returns
    -------
    ndarray or float
        Kilometres by cell; one value where all regions are alike.
    """
    asked = nation.parameters
    if asked.decay_spread == 1:
        return asked.decay_km
    regions = int(nation.cells.regions.max()) + 1
    reach = open_stream(nation.seed, "decay").uniform(-1, 1, regions)
    return np.asarray(asked.decay_km * asked.decay_spread**reach)[nation.cells.regions]


def build_typical(nation: Nation, noise: Numbers | None = None) -> Law:
    """Build the law of a world without what is planted.

    Parameters
    ----------
    nation
        The world.
    noise
        Multiplier of every pair of cells; None for its mean.

    Returns
    -------
    Law
        Typical pull.
    """
    asked, cells = nation.parameters, nation.cells
    law = build_law(
        cells, mass=asked.mass, decay_km=draw_decay(nation), near_km=asked.near_km, noise=noise
    )
    if asked.capital == 0:
        return law
    offices = np.bincount(
        nation.roster.cells[nation.traits.site == HEADQUARTERS], minlength=len(cells.names)
    )
    pull = 1 + _PULL * offices / np.maximum(cells.counts[:, FIRM], 1)
    return plant(law, np.ones(len(cells.names)), pull)


def read_noise(nation: Nation) -> Numbers | None:
    """Return the multiplier of every pair of cells that a world has.

    Parameters
    ----------
    nation
        The world.

    Returns
    -------
    ndarray or None
        None where its law has none.
    """
    variance = nation.parameters.heterogeneity
    if variance == 0:
        return None
    return draw_noise(open_stream(nation.seed, "noise"), len(nation.cells.names), variance)


def plant_law(nation: Nation, typical: Law) -> Law:
    """Return the law of a world with what is planted.

    Parameters
    ----------
    nation
        The world.
    typical
        Its law without.

    Returns
    -------
    Law
        Pull of the planted world.
    """
    factors = {side: nation.truth[f"{side}_factor"].to_numpy() for side in ("internal", "external")}
    if all((values == 1).all() for values in factors.values()):
        return typical
    return plant(typical, *as_factors(nation.cells, factors))


def set_stage(nation: Nation, law: Law) -> Stage:
    """Return what the links of a world are drawn from.

    Parameters
    ----------
    nation
        The world.
    law
        Its law, planted or not.

    Returns
    -------
    Stage
        With the roles that are planted.
    """
    asked = nation.parameters
    a_link = asked.attachment * len(nation.roster.groups) / (2 * max(asked.links, 1))
    return Stage(law, cast_roles(nation), nation.partners.types, a_link)


def cast_roles(nation: Nation) -> Roster:
    """Return the roster with the planted roles; how many links cells have stays as it is.

    For brokerage every actor has two chances, for links within its cell and across. In a typical
    cluster they are independent. Among gatekeepers they are one and the same, kept apart they run
    against each other; each for itself is spread equally in all three. For resilience one firm is
    an end of most links within a concentrated cluster, and all have the same chance in an even one.

    Parameters
    ----------
    nation
        The world.

    Returns
    -------
    Roster
        The same actors.
    """
    roster, planted = nation.roster, nation.parameters.planted
    if planted == "linkage":
        return roster
    kinds = np.full(len(nation.cells.names), "none", dtype=object)
    kinds[: nation.cells.clusters] = nation.truth["planted"]
    kind = kinds[roster.cells]
    if planted == "resilience":
        return replace(roster, inside=_concentrate(roster, kind))
    rng = open_stream(nation.seed, "roles")
    within, across = rng.standard_normal((2, len(kind)))
    across = np.where(kind == "gatekeepers", within, np.where(kind == "apart", -within, across))
    inside, outside = (level_out(roster.groups, np.exp(_ROLE_SPREAD * z)) for z in (within, across))
    return replace(roster, inside=inside, outside=outside)


def _concentrate(roster: Roster, kind: NDArray[np.object_]) -> Numbers:
    inside = np.where(kind == "even", 1.0, roster.inside)
    for cell in np.unique(roster.cells[kind == "concentrated"]):
        group = int(cell) * len(TYPES) + FIRM
        first, last = roster.bounds[group : group + 2]
        firms = inside[first:last]
        hub = int(np.argmax(firms))
        firms[hub] = (firms.sum() - firms[hub]) * _HUB / (1 - _HUB) if len(firms) > 1 else 1.0
    return level_out(roster.groups, inside)
