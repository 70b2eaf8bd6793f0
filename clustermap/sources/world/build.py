"""Build a whole fictional world from a seed, and draw its linkages anew."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from clustermap.sources.world.actors import (
    draw_clusters,
    draw_firms,
    draw_institutes,
    draw_partners,
    draw_sizes,
)
from clustermap.sources.world.expectation import expect_links
from clustermap.sources.world.law import as_factors, build_cells, build_law, plant
from clustermap.sources.world.linkages import count_pairs, draw_pairs, draw_participations
from clustermap.sources.world.places import fill_shapes, read_geography

if TYPE_CHECKING:
    import geopandas as gpd

    from clustermap.sources.world.law import Cells, Law, Roster
    from clustermap.sources.world.places import Numbers

FACTORS = {
    "none": (1.0, 1.0),
    "internal": (2.0, 1.0),
    "external": (1.0, 2.0),
    "both": (2.0, 2.0),
    "half": (0.5, 0.5),
}
"""Planted kinds of cluster: factor on links inside and on links with others."""
_LEAST_FIRMS = 5  # a cluster, outside firms counted in
_LEAST_INSTITUTES = 20
_STAGES = (
    *("clusters", "firms", "institutes", "partners", "activity"),
    *("planting", "noise", "pairs", "projects"),
)


@dataclass(frozen=True)
class Parameters:
    """What a world is made from, besides its seed.

    Parameters
    ----------
    clusters
        Number of clusters.
    firms
        Number of firms.
    links
        Number of linkages, pairs and projects together; a project of k counts k (k - 1) / 2.
    institutes
        Number of institutes and support bodies.
    partners
        Number of partners abroad.
    outside
        Share of firms in no cluster.
    project_share
        Share of the linkages that come from projects.
    planted_share
        Share of the clusters planted, for each of the four kinds.
    mass
        Exponent of the product of sizes.
    decay_km
        Distance over which links fall by e.
    near_km
        Distance at which they are halved besides.
    activity
        Spread (log) of how often actors of one cell are linked.
    heterogeneity
        Variance of a gamma multiplier on every pair of cells; 0 for none.
    """

    clusters: int
    firms: int
    links: int
    institutes: int
    partners: int
    outside: float = 0.24
    project_share: float = 0.5
    planted_share: float = 0.03
    mass: float = 0.9
    decay_km: float = 40.0
    near_km: float = 10.0
    activity: float = 0.8
    heterogeneity: float = 0.0


@dataclass(frozen=True)
class World:
    """A fictional world: layers, linkages and the truth planted in them.

    Parameters
    ----------
    clusters
        Layer of clusters, EPSG:5179.
    firms
        Firms with x, y in EPSG:5179 and sales in KRW.
    institutes
        Institutes and support bodies with x, y in EPSG:5179.
    partners
        Partners abroad.
    pairs
        Linkages as pairs: source, target, kind, weight, year.
    participations
        Linkages as projects: project, participant, kind, year.
    truth
        By cluster: planted (none, internal, external, both, half), internal_factor,
        external_factor, typical_internal, typical_external. The typical ones are the mean links
        had nothing been planted in it, at the level of this world, without partners abroad. They
        are exact for pairs; projects stay some 5 % below them inside the fence, since a small group
        runs out of participants. Where that matters take means of ``redraw_linkages``.
    actors
        By actor: actor, type, cell, activity.
    seed
        Seed of everything.
    parameters
        What it was made from.
    """

    clusters: gpd.GeoDataFrame
    firms: pd.DataFrame
    institutes: pd.DataFrame
    partners: pd.DataFrame
    pairs: pd.DataFrame
    participations: pd.DataFrame
    truth: pd.DataFrame
    actors: pd.DataFrame
    seed: int
    parameters: Parameters

    @property
    def links(self) -> int:
        """Linkages, pairs and pairs of participants together."""
        return len(self.pairs) + count_pairs(self.participations)


def build_world(  # noqa: PLR0913 -- each is one feature of the world
    *,
    clusters: int = 1_900,
    firms: int = 60_000,
    links: int = 150_000,
    seed: int = 1,
    institutes: int | None = None,
    partners: int | None = None,
    outside: float = 0.24,
    project_share: float = 0.5,
    planted_share: float = 0.03,
    mass: float = 0.9,
    decay_km: float = 40.0,
    near_km: float = 10.0,
    activity: float = 0.8,
    heterogeneity: float = 0.0,
) -> World:
    """Build a fictional world on Korea's land.

    Parameters
    ----------
    clusters
        Number of clusters.
    firms
        Number of firms, five a cluster at least.
    links
        Number of linkages, pairs and projects together.
    seed
        Seed: the same gives the same world.
    institutes
        Number of institutes and support bodies; 1.5 % of the firms where not given.
    partners
        Number of partners abroad; one to 300 firms where not given.
    outside
        Share of firms in no cluster.
    project_share
        Share of the linkages that come from projects.
    planted_share
        Share of the clusters planted, for each of the four kinds.
    mass
        Exponent of the product of sizes.
    decay_km
        Distance over which links fall by e.
    near_km
        Distance at which they are halved besides.
    activity
        Spread (log) of how often actors of one cell are linked; the law of cells stays as it is.
    heterogeneity
        Variance of a gamma multiplier on every pair of cells; 0 for none.

    Returns
    -------
    World
        Layers, linkages and truth.

    Raises
    ------
    ValueError
        If there are too few clusters, firms or institutes, or a share is out of range.
    """
    parameters = Parameters(
        clusters,
        firms,
        links,
        max(_LEAST_INSTITUTES, round(0.015 * firms)) if institutes is None else institutes,
        max(_LEAST_INSTITUTES, round(firms / 300)) if partners is None else partners,
        outside,
        project_share,
        planted_share,
        mass,
        decay_km,
        near_km,
        activity,
        heterogeneity,
    )
    _check(parameters)
    settled = _settle(parameters, seed)
    return redraw_linkages(settled, seed=seed)


def redraw_linkages(world: World, *, seed: int, planted: bool = True) -> World:
    """Draw a world's linkages anew: the same actors and places, other links.

    Parameters
    ----------
    world
        The world.
    seed
        Seed of the linkages.
    planted
        Whether the planted clusters keep their factors; without, every cluster is typical.

    Returns
    -------
    World
        The world with other linkages; its truth says what was planted in them.
    """
    asked = world.parameters
    cells, roster = _read_cells(world)
    noise = _draw_noise(world, len(cells.names))
    typical = build_law(
        cells, mass=asked.mass, decay_km=asked.decay_km, near_km=asked.near_km, noise=noise
    )
    truth = world.truth if planted else _write_factors(world.truth.assign(planted="none"))
    factors = {side: truth[f"{side}_factor"].to_numpy() for side in ("internal", "external")}
    law = plant(typical, *as_factors(cells, factors))
    drawn = _draw_linkages(world, law, roster, seed)
    truth = _write_typical(truth, typical, law, drawn)
    return replace(drawn, truth=truth)


def _check(parameters: Parameters) -> None:
    least = {
        "clusters": 2,
        "firms": _LEAST_FIRMS * parameters.clusters,
        "institutes": _LEAST_INSTITUTES,
        "partners": 0,
        "links": 0,
    }
    for name, smallest in least.items():
        if getattr(parameters, name) < smallest:
            raise ValueError(f"{name} = {getattr(parameters, name)}: {smallest} at least")
    most = {"outside": 0.4, "project_share": 1.0, "planted_share": 0.25}
    for name, largest in most.items():
        if not 0 <= getattr(parameters, name) <= largest:
            raise ValueError(f"{name} = {getattr(parameters, name)}: 0 to {largest}")


def _stream(seed: int, stage: str) -> np.random.Generator:
    # A stream of its own for each stage: more links change no place, planting changes no name.
    return np.random.Generator(np.random.PCG64([seed, _STAGES.index(stage)]))


def _settle(parameters: Parameters, seed: int) -> World:
    geography = read_geography()
    rng = _stream(seed, "clusters")
    outside = round(parameters.outside * parameters.firms)
    sizes = draw_sizes(rng, parameters.clusters, parameters.firms - outside)
    clusters, shapes, sites = draw_clusters(rng, geography, sizes)
    rng = _stream(seed, "firms")
    homes = np.append(np.repeat(np.arange(len(sizes)), sizes), np.full(outside, -1))
    homes = homes[rng.permutation(len(homes))]
    inside = fill_shapes(rng, shapes, homes[homes >= 0]) + sites[homes[homes >= 0]]
    firms = draw_firms(rng, geography, clusters, homes, inside)
    rng = _stream(seed, "institutes")
    institutes, hosts = draw_institutes(
        rng, geography, clusters, shapes, sites, sizes, parameters.institutes
    )
    partners = draw_partners(_stream(seed, "partners"), parameters.partners)
    truth = _plant(_stream(seed, "planting"), clusters["cluster"], parameters.planted_share)
    actors = _list_actors(firms, institutes, np.append(homes, hosts))
    actors["activity"] = _stream(seed, "activity").lognormal(0, parameters.activity, len(actors))
    actors["cell"] = build_cells(clusters["cluster"], sites, actors)[2]
    return World(
        clusters,
        firms,
        institutes,
        partners,
        pd.DataFrame(),
        pd.DataFrame(),
        truth,
        actors[["actor", "type", "cell", "activity"]],
        seed,
        parameters,
    )


def _list_actors(firms: pd.DataFrame, institutes: pd.DataFrame, homes: Numbers) -> pd.DataFrame:
    ours = ["actor", "type", "x", "y"]
    both = [
        firms.rename(columns={"firm": "actor"}).assign(type="firm")[ours],
        institutes.rename(columns={"institute": "actor", "kind": "type"})[ours],
    ]
    return pd.concat(both, ignore_index=True).assign(home=homes.astype(np.int64))


def _read_cells(world: World) -> tuple[Cells, Roster]:
    spots = [world.firms[["x", "y"]], world.institutes[["x", "y"]]]
    actors = pd.concat([world.actors, pd.concat(spots, ignore_index=True)], axis=1)
    actors["home"] = pd.Index(world.clusters["cluster"]).get_indexer(actors["cell"])
    centres = world.clusters.geometry.centroid
    sites = np.column_stack([centres.x, centres.y])
    cells, roster, _ = build_cells(world.clusters["cluster"], sites, actors)
    return cells, roster


def _plant(rng: np.random.Generator, clusters: pd.Series, share: float) -> pd.DataFrame:
    planted = np.full(len(clusters), "none", dtype=object)
    each = round(share * len(clusters))
    chosen = rng.permutation(len(clusters))
    for position, kind in enumerate(k for k in FACTORS if k != "none"):
        planted[chosen[position * each : (position + 1) * each]] = kind
    return _write_factors(pd.DataFrame({"cluster": clusters, "planted": planted}))


def _write_factors(truth: pd.DataFrame) -> pd.DataFrame:
    factors = pd.DataFrame(
        [FACTORS[kind] for kind in truth["planted"]],
        columns=["internal_factor", "external_factor"],
        index=truth.index,
    )
    return pd.concat([truth[["cluster", "planted"]], factors], axis=1)


def _draw_noise(world: World, cells: int) -> Numbers | None:
    variance = world.parameters.heterogeneity
    if variance == 0:
        return None
    drawn = _stream(world.seed, "noise").gamma(1 / variance, variance, (cells, cells))
    upper = np.triu(drawn, 1)
    noise = upper + upper.T
    # The diagonal stays: noise on it could not be told from planting.
    np.fill_diagonal(noise, 1.0)
    return noise


def _draw_linkages(world: World, law: Law, roster: Roster, seed: int) -> World:
    asked = world.parameters
    from_projects = round(asked.project_share * asked.links)
    pairs = draw_pairs(
        _stream(seed, "pairs"), law, roster, world.partners, asked.links - from_projects
    )
    participations = draw_participations(
        _stream(seed, "projects"), law, roster, world.partners, from_projects
    )
    return replace(world, pairs=pairs, participations=participations)


def _write_typical(truth: pd.DataFrame, typical: Law, law: Law, world: World) -> pd.DataFrame:
    asked = world.parameters
    from_projects = round(asked.project_share * asked.links)
    inside, across = expect_links(
        typical, law, pairs=asked.links - from_projects, project_links=from_projects
    )
    return truth.assign(
        typical_internal=inside[: len(truth)], typical_external=across[: len(truth)]
    )
