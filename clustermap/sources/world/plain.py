"""Fictional worlds for validation: on a plain instead of Korea's land, at once as arrays.

Clusters of heavy-tailed size lie anywhere on a square of 400 km, all others live in squares of
10 km between them. Nothing has a name, so that many large worlds can be drawn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from clustermap.sources.world.actors import choose_countries
from clustermap.sources.world.companies import draw_groups
from clustermap.sources.world.law import (
    ABROAD_TYPES,
    FIRM,
    TYPES,
    Cells,
    area_km2,
    count_actors,
    find_squares,
)
from clustermap.sources.world.nation import (
    Nation,
    Partners,
    Traits,
    build_roster,
    plant_clusters,
)
from clustermap.sources.world.parameters import Parameters, choose_law, open_stream

if TYPE_CHECKING:
    from clustermap.sources.world.places import Indices, Numbers

_SIDE_M = 400_000.0
_REGIONS = 4  # a side, so that a region is a square of 100 km
_CAPITAL = 5  # one of the four in the middle
_TAIL = 1.1
_SCALE, _LEAST = 30.0, 12.0
_TAIL_END = 300.0  # the tail is cut here: the largest cluster holds some 3 % of all actors
_SQUARES = 1_000
_GRID_M = 10_000.0
_INSTITUTES = 0.015
_INSTITUTE_SHARE = np.array([0.0, 0.28, 0.25, 0.13, 0.34])
_HOSTED = 0.6  # of the institutes stand in clusters
_PARTNER_SHARE = (0.55, 0.28, 0.17)
_DIVISIONS = np.arange(10, 36)
_TRIES = 200  # to find room for clusters
_LEADING = 0.4  # of a cluster's firms are in its leading division
MARGIN = 1.25
"""Times its radius that a cluster keeps free of others, where they lie apart."""


@dataclass(frozen=True)
class Discs:
    """Where clusters lie on the plain.

    Parameters
    ----------
    sites
        x, y of their centres, in metres.
    radius_m
        Their radii, in metres.
    """

    sites: Numbers
    radius_m: Numbers


def draw_plain_sizes(rng: np.random.Generator, clusters: int) -> Indices:
    """Draw cluster sizes as in the finding that the scores are built around.

    Parameters
    ----------
    rng
        Source of chance.
    clusters
        Number of clusters.

    Returns
    -------
    ndarray
        ceil(30 p + 12) firms, p of a Pareto distribution with exponent 1.1 that starts at nought
        and is cut at 300.
    """
    beyond = (1 + _TAIL_END) ** -_TAIL
    tail = (1 - rng.random(clusters) * (1 - beyond)) ** (-1 / _TAIL) - 1
    return np.asarray(np.ceil(tail * _SCALE + _LEAST), dtype=np.int64)


def scale_sizes(sizes: Indices, firms: int) -> Indices:
    """Return sizes in the same proportions that sum to a given number of firms.

    Parameters
    ----------
    sizes
        Firms in every cluster.
    firms
        Firms in all of them together, at least one a cluster.

    Returns
    -------
    ndarray
        One firm at least in every cluster; what is left over goes to the largest remainders.
    """
    spare = firms - len(sizes)
    exact = sizes / sizes.sum() * spare
    scaled = np.floor(exact).astype(np.int64)
    scaled[np.argsort(scaled - exact, kind="stable")[: spare - int(scaled.sum())]] += 1
    return np.asarray(scaled + 1)


def draw_sites(rng: np.random.Generator, reach: Numbers, *, apart: bool) -> Numbers:
    """Draw where clusters lie, anywhere on the plain.

    Parameters
    ----------
    rng
        Source of chance.
    reach
        Metres around its site that every cluster may take up.
    apart
        Whether no two of them may overlap; the smaller of two that do is then drawn anew.

    Returns
    -------
    ndarray
        x, y of every site, in metres.

    Raises
    ------
    ValueError
        If there is no room for all of them to lie apart.
    """
    sites = rng.uniform(0, _SIDE_M, (len(reach), 2))
    for _ in range(_TRIES if apart else 0):
        tree = cKDTree(sites)
        near = tree.query_pairs(2 * float(reach.max()), output_type="ndarray")
        one, other = near.T
        close = np.hypot(*(sites[one] - sites[other]).T) < reach[one] + reach[other]
        again = np.unique(np.where(reach[one] < reach[other], one, other)[close])
        if not len(again):
            return np.asarray(sites)
        sites[again] = rng.uniform(0, _SIDE_M, (len(again), 2))
    if apart:
        raise ValueError(f"{len(reach)} clusters: no room for them to lie apart")
    return np.asarray(sites)


def build_nation(  # noqa: PLR0913 -- each is one feature of the world
    *,
    clusters: int = 1_900,
    links: int = 300_000,
    seed: int = 1,
    law: str = "base",
    planted: str = "linkage",
    planted_share: float = 0.03,
    project_share: float = 0.0,
    firms: int | None = None,
    outside: float = 0.24,
    apart: bool = False,
) -> Nation:
    """Build a fictional world on a plain.

    Parameters
    ----------
    clusters
        Number of clusters.
    links
        Number of linkages, pairs and projects together.
    seed
        Seed: the same gives the same world.
    law
        Name of the law; one of LAWS.
    planted
        What is planted; one of PLANTED.
    planted_share
        Share of the clusters planted, for each kind that is planted; 0 for a null world.
    project_share
        Share of the linkages that come from projects.
    firms
        Number of firms, the more of them the denser the clusters; where not given, some 75 a
        cluster.
    outside
        Share of the firms that live in no cluster.
    apart
        Whether no two clusters overlap.

    Returns
    -------
    Nation
        Cells and actors, ready for links to be drawn.

    Raises
    ------
    ValueError
        If there are fewer than two clusters, too few firms or no room for clusters to lie apart,
        a share is out of range, or there is no law or planting of that name.
    """
    sizes = draw_plain_sizes(open_stream(seed, "clusters"), clusters)
    reach = radius_m(sizes)
    if firms is None:
        firms = int(sizes.sum()) + round(int(sizes.sum()) * outside / (1 - outside))
    else:
        sizes = scale_sizes(sizes, firms - round(firms * outside))
    institutes = max(20, round(_INSTITUTES * firms))
    partners = max(20, round(firms / 300))
    parameters = choose_law(
        Parameters(
            clusters,
            firms,
            links,
            institutes,
            partners,
            outside,
            project_share,
            planted_share,
            law=law,
            planted=planted,
        )
    )
    rng = open_stream(seed, "clusters", 1)
    sites = draw_sites(rng, MARGIN * reach, apart=apart)
    return _settle(parameters, seed, sizes, Discs(sites, reach))


def _settle(parameters: Parameters, seed: int, sizes: Indices, discs: Discs) -> Nation:
    clusters, sites = parameters.clusters, discs.sites
    homes, types = _draw_homes(open_stream(seed, "institutes"), parameters, sizes)
    points = _draw_points(open_stream(seed, "firms"), discs, homes)
    squares, cell = find_squares(points[:, 0], points[:, 1], homes, clusters)
    groups = cell * len(TYPES) + types
    order = np.argsort(groups, kind="stable")
    groups, points = groups[order], points[order]
    counts = count_actors(groups, clusters + len(squares))
    where = _find_sites(sites, points, groups // len(TYPES), clusters + len(squares))
    columns = np.clip(where * 1000 // (_SIDE_M / _REGIONS), 0, _REGIONS - 1).astype(np.int64)
    names = (*(f"C{number:04d}" for number in range(1, clusters + 1)), *squares)
    cells = Cells(names, where, counts, clusters, columns[:, 0] * _REGIONS + columns[:, 1])
    traits = _draw_traits(parameters, seed, points, groups, cells)
    activity = open_stream(seed, "activity").lognormal(0, parameters.activity, len(groups))
    return Nation(
        cells,
        build_roster(groups, activity, traits, parameters),
        traits,
        _draw_partners(open_stream(seed, "partners"), parameters.partners),
        plant_clusters(seed, pd.Series(names[:clusters]), parameters),
        parameters,
        seed,
        np.arange(len(groups)),
    )


def _draw_homes(
    rng: np.random.Generator, parameters: Parameters, sizes: Indices
) -> tuple[Indices, Indices]:
    """Return the cluster (-1: none) and the type of every actor, firms first."""
    away = parameters.firms - int(sizes.sum())
    firms = np.append(np.repeat(np.arange(len(sizes)), sizes), np.full(away, -1))
    count, kinds = parameters.institutes, np.arange(1, len(TYPES))
    # Two of every type at least, so that every channel has both its ends.
    drawn = rng.choice(len(TYPES), size=count - 2 * len(kinds), p=_INSTITUTE_SHARE)
    weight = np.sqrt(sizes)
    hosts = rng.choice(len(sizes), size=count, p=weight / weight.sum())
    homes = np.append(firms, np.where(rng.random(count) < _HOSTED, hosts, -1))
    return homes, np.concatenate([np.full(len(firms), FIRM), kinds, kinds, drawn])


def _draw_points(rng: np.random.Generator, discs: Discs, homes: Indices) -> Numbers:
    points = np.empty((len(homes), 2))
    inside = homes >= 0
    reach = discs.radius_m[homes[inside]] * np.sqrt(rng.random(int(inside.sum())))
    turn = rng.uniform(0, 2 * np.pi, len(reach))
    points[inside, 0] = discs.sites[homes[inside], 0] + reach * np.cos(turn)
    points[inside, 1] = discs.sites[homes[inside], 1] + reach * np.sin(turn)
    side = int(_SIDE_M / _GRID_M)
    squares = rng.choice(side * side, size=min(_SQUARES, side * side), replace=False)
    # Some squares are towns and most are countryside.
    weight = rng.lognormal(0.0, 1.0, len(squares))
    away = int((~inside).sum())
    square = rng.choice(squares, size=away, p=weight / weight.sum())
    corner = np.column_stack([square // side, square % side]) * _GRID_M
    points[~inside] = corner + rng.uniform(0, _GRID_M, (away, 2))
    return points


def radius_m(sizes: Indices) -> Numbers:
    """Return the radius of clusters, which are discs.

    Parameters
    ----------
    sizes
        Firms in every cluster.

    Returns
    -------
    ndarray
        Metres; their area is that on Korea's land.
    """
    return np.asarray(np.sqrt(area_km2(sizes) * 1e6 / np.pi))


def _find_sites(sites: Numbers, points: Numbers, cell: Indices, cells: int) -> Numbers:
    many = np.maximum(np.bincount(cell, minlength=cells), 1)
    mean = [np.bincount(cell, weights=axis, minlength=cells) / many for axis in points.T]
    where = np.column_stack(mean)
    where[: len(sites)] = sites
    return np.asarray(where / 1000)


def _draw_traits(
    parameters: Parameters, seed: int, points: Numbers, groups: Indices, cells: Cells
) -> Traits:
    rng = open_stream(seed, "firms", 1)
    count = len(groups)
    firm = groups % len(TYPES) == FIRM
    persons = np.minimum(np.ceil(rng.lognormal(2.0, 1.25, count)), 9_000)
    employees = np.where(firm, persons, -1).astype(np.int64)
    cell = groups // len(TYPES)
    leading = rng.choice(_DIVISIONS, size=len(cells.names))[cell]
    national = rng.choice(_DIVISIONS, size=count)
    leads = (rng.random(count) < _LEADING) & (cell < cells.clusters)
    sector = np.where(firm, np.where(leads, leading, national), -1).astype(np.int16)
    group, site = np.full(count, -1, dtype=np.int32), np.zeros(count, dtype=np.uint8)
    capital = _CAPITAL if parameters.capital > 0 else -1
    group[firm], site[firm] = draw_groups(
        open_stream(seed, "groups"),
        employees[firm].astype(float),
        cells.regions[cell[firm]],
        capital,
        parameters.capital,
    )
    return Traits(points[:, 0], points[:, 1], employees, sector, group, site)


def _draw_partners(rng: np.random.Generator, count: int) -> Partners:
    types = rng.choice(ABROAD_TYPES, size=count, p=_PARTNER_SHARE).astype(np.uint8)
    return Partners(types, tuple(choose_countries(rng, count)))
