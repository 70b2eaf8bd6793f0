"""Build a whole fictional world from a seed, and draw its linkages anew."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
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
from clustermap.sources.world.companies import SITES, draw_accounts, draw_groups
from clustermap.sources.world.drawing import draw_linkages
from clustermap.sources.world.expectation import expect_links
from clustermap.sources.world.grants import draw_grants
from clustermap.sources.world.law import TYPES, Cells, count_actors, find_squares
from clustermap.sources.world.linkages import (
    count_pairs,
    date_links,
    list_pairs,
    list_participations,
)
from clustermap.sources.world.nation import (
    Nation,
    Partners,
    Traits,
    build_roster,
    build_typical,
    plant_clusters,
    plant_law,
    read_noise,
    set_stage,
    unplant,
)
from clustermap.sources.world.parameters import (
    LEAST_INSTITUTES,
    Parameters,
    choose_law,
    open_stream,
)
from clustermap.sources.world.places import fill_shapes, read_geography

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd

    from clustermap.sources.world.drawing import Stage
    from clustermap.sources.world.law import Law
    from clustermap.sources.world.places import Indices, Numbers

CAPITAL = "서울특별시"
"""Region that holds the headquarters, where a world has a capital."""


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
        By cluster: planted (none, or a kind of PLANTED), internal_factor, external_factor,
        typical_internal, typical_external. The typical ones are the mean links had nothing been
        planted in it, at the level of this world, without partners abroad. They are exact for
        pairs; projects stay some 5 % below them inside the fence, since a small group runs out of
        participants. Where links attract links, and where projects are booked at head offices, no
        formula gives them: they are missing, and ``expect_by_redrawing`` gives them.
    actors
        By actor: actor, type, cell, activity.
    seed
        Seed of everything.
    parameters
        What it was made from.
    grants
        Grants of programmes: programme, beneficiary, amount (KRW), start, end, joint, funder. They
        follow from the linkages, and change none.
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
    grants: pd.DataFrame = field(default_factory=pd.DataFrame)

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
    law: str = "base",
    planted: str = "linkage",
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
    outside, project_share, planted_share, mass, decay_km, near_km, activity, heterogeneity, law
        As in :class:`clustermap.sources.world.Parameters`.
    planted
        What is planted; one of PLANTED.

    Returns
    -------
    World
        Layers, linkages and truth.

    Raises
    ------
    ValueError
        If there are too few clusters, firms or institutes, a share is out of range, or there is
        no law or planting of that name.
    """
    parameters = Parameters(
        clusters,
        firms,
        links,
        max(LEAST_INSTITUTES, round(0.015 * firms)) if institutes is None else institutes,
        max(LEAST_INSTITUTES, round(firms / 300)) if partners is None else partners,
        outside,
        project_share,
        planted_share,
        mass,
        decay_km,
        near_km,
        activity,
        heterogeneity,
        law,
        planted,
    )
    settled = _settle(choose_law(parameters), seed)
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
    nation = read_nation(world)
    if not planted:
        nation = unplant(nation)
    noise = read_noise(nation)
    typical = build_typical(nation, noise)
    law = plant_law(nation, typical)
    drawn = _name_links(world, nation, set_stage(nation, law), seed)
    return replace(drawn, truth=_write_typical(nation, typical, law))


def _settle(parameters: Parameters, seed: int) -> World:
    geography = read_geography()
    rng = open_stream(seed, "clusters")
    outside = round(parameters.outside * parameters.firms)
    sizes = draw_sizes(rng, parameters.clusters, parameters.firms - outside)
    clusters, shapes, sites = draw_clusters(rng, geography, sizes)
    rng = open_stream(seed, "firms")
    homes = np.append(np.repeat(np.arange(len(sizes)), sizes), np.full(outside, -1))
    homes = homes[rng.permutation(len(homes))]
    inside = fill_shapes(rng, shapes, homes[homes >= 0]) + sites[homes[homes >= 0]]
    firms = draw_firms(rng, geography, clusters, homes, inside)
    firms = pd.concat([firms, _draw_companies(firms, parameters, seed)], axis=1)
    rng = open_stream(seed, "institutes")
    institutes, hosts = draw_institutes(
        rng, geography, clusters, shapes, sites, sizes, parameters.institutes
    )
    partners = draw_partners(open_stream(seed, "partners"), parameters.partners)
    actors = _list_actors(firms, institutes, np.append(homes, hosts), clusters["cluster"])
    actors["activity"] = open_stream(seed, "activity").lognormal(
        0, parameters.activity, len(actors)
    )
    return World(
        clusters,
        firms,
        institutes,
        partners,
        pd.DataFrame(),
        pd.DataFrame(),
        plant_clusters(seed, clusters["cluster"], parameters),
        actors,
        seed,
        parameters,
    )


def _draw_companies(firms: pd.DataFrame, parameters: Parameters, seed: int) -> pd.DataFrame:
    regions, region = np.unique(firms["region"].to_numpy(dtype=str), return_inverse=True)
    capital = int(np.flatnonzero(regions == CAPITAL)[0]) if parameters.capital > 0 else -1
    employees = firms["employees"].fillna(0).to_numpy(dtype=float)
    group, site = draw_groups(
        open_stream(seed, "groups"), employees, region, capital, parameters.capital
    )
    names = [f"G{number + 1:06d}" if number >= 0 else "" for number in group]
    accounts = draw_accounts(open_stream(seed, "accounts"), firms["sales"])
    return accounts.assign(group=names, site=np.array(SITES, dtype=object)[site])


def _list_actors(
    firms: pd.DataFrame, institutes: pd.DataFrame, homes: Indices, clusters: pd.Series
) -> pd.DataFrame:
    ours = ["actor", "type", "x", "y"]
    both = [
        firms.rename(columns={"firm": "actor"}).assign(type="firm")[ours],
        institutes.rename(columns={"institute": "actor", "kind": "type"})[ours],
    ]
    actors = pd.concat(both, ignore_index=True)
    x, y = (actors[name].to_numpy() for name in ("x", "y"))
    squares, cell = find_squares(x, y, homes.astype(np.int64), len(clusters))
    names = np.array([*clusters, *squares], dtype=object)
    return actors[["actor", "type"]].assign(cell=names[cell])


def read_nation(world: World) -> Nation:
    """Read a world into arrays.

    Parameters
    ----------
    world
        The world.

    Returns
    -------
    Nation
        Cells, actors and what is planted.
    """
    spots = [world.firms[["x", "y", "region"]], world.institutes[["x", "y", "region"]]]
    spot = pd.concat(spots, ignore_index=True)
    x, y = spot["x"].to_numpy(), spot["y"].to_numpy()
    homes = _find(world.actors["cell"], world.clusters["cluster"])
    squares, cell = find_squares(x, y, homes, len(world.clusters))
    groups = cell * len(TYPES) + _find(world.actors["type"], TYPES)
    order = np.argsort(groups, kind="stable")
    traits = _read_traits(world, x[order], y[order], order)
    activity = world.actors["activity"].to_numpy()[order]
    roster = build_roster(groups[order], activity, traits, world.parameters)
    return Nation(
        _read_cells(world, squares, cell, groups, spot),
        roster,
        traits,
        Partners(
            _find(world.partners["kind"], TYPES).astype(np.uint8),
            tuple(world.partners["country"]),
        ),
        world.truth[["cluster", "planted", "internal_factor", "external_factor"]],
        world.parameters,
        world.seed,
        order,
    )


def _read_cells(
    world: World, squares: tuple[str, ...], cell: Indices, groups: Indices, spot: pd.DataFrame
) -> Cells:
    clusters = len(world.clusters)
    centres = world.clusters.geometry.centroid
    sites = np.column_stack([centres.x, centres.y])
    outside = cell >= clusters
    spots = spot.loc[outside, ["x", "y"]].groupby(cell[outside]).mean().to_numpy()
    where = np.concatenate([sites, spots.reshape(-1, 2)]) / 1000
    regions = sorted({*world.clusters["region"], *spot["region"]})
    known = _find(spot["region"], regions)
    held = np.zeros((clusters + len(squares), len(regions)), dtype=np.int64)
    np.add.at(held, (cell, known), 1)
    region = held.argmax(axis=1)
    region[:clusters] = _find(world.clusters["region"], regions)
    counts = count_actors(groups, clusters + len(squares))
    return Cells((*world.clusters["cluster"], *squares), where, counts, clusters, region)


def _find(values: pd.Series, known: Sequence[str] | pd.Series) -> Indices:
    """Return the positions of values among those known, -1 for all others."""
    return np.asarray(pd.Index(known).get_indexer(pd.Index(values)), dtype=np.int64)


def _read_traits(world: World, x: Numbers, y: Numbers, order: Indices) -> Traits:
    firms = world.firms
    of_group = firms["group"].str[1:].replace("", "0").astype(int) - 1
    columns = (
        firms["employees"].fillna(-1).to_numpy(dtype=np.int64),
        firms["industry"].str[:2].to_numpy(dtype=np.int64),
        of_group.to_numpy(dtype=np.int64),
        _find(firms["site"], SITES),
    )
    nothing = np.full(len(world.institutes), -1)
    employees, sector, group, site = (np.append(column, nothing)[order] for column in columns)
    return Traits(
        x,
        y,
        employees,
        sector.astype(np.int16),
        group.astype(np.int32),
        np.maximum(site, 0).astype(np.uint8),
    )


def _name_links(world: World, nation: Nation, stage: Stage, seed: int) -> World:
    asked = nation.parameters
    pairs, projects = draw_linkages(
        seed, stage, asked.links - asked.project_links, asked.project_links
    )
    rng = open_stream(seed, "years")
    count = int(projects.project.max(initial=-1)) + 1
    years = date_links(rng, len(pairs.source), count, growing=asked.attachment > 0)
    ids = np.concatenate(
        [
            world.actors["actor"].to_numpy(dtype=object)[nation.order],
            world.partners["partner"].to_numpy(dtype=object),
        ]
    )
    listed = list_pairs(rng, pairs, ids, years[0])
    participations = list_participations(rng, projects, ids, years[1])
    grants = draw_grants(
        open_stream(seed, "grants"),
        world.actors,
        world.clusters["cluster"].to_numpy(dtype=object),
        listed,
        participations,
    )
    return replace(world, pairs=listed, participations=participations, grants=grants)


def _write_typical(nation: Nation, typical: Law, law: Law) -> pd.DataFrame:
    expected = expect_links(nation, typical, law)
    return nation.truth.assign(
        typical_internal=expected.internal[-1], typical_external=expected.external[-1]
    )
