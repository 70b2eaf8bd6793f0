"""Who lives in a fictional world: clusters, firms, institutes and partners abroad."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from clustermap.sources.world.law import area_km2
from clustermap.sources.world.names import (
    name_clusters,
    name_firms,
    name_institutes,
    name_partners,
)
from clustermap.sources.world.places import (
    CRS,
    METROPOLITAN,
    Geography,
    Shapes,
    draw_outside,
    draw_shapes,
    fill_shapes,
    find_districts,
    place_shapes,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from clustermap.sources.world.places import Indices, Numbers

STRATEGIC_CODES = {
    "semi_display": ("26111", "26112", "26121", "26129", "26211", "26212", "29271", "29272"),
    "battery": ("28201", "28202"),
    "mobility": ("30110", "30121", "30201", "30310", "30320", "30331", "30332", "30392", "30399"),
    "nuclear": ("25130", "28111"),
    "bio": ("21101", "21102", "21210", "21300", "27111", "27112", "70113"),
    "space": ("31111", "31114", "31310", "31322"),
    "hydrogen": ("20121", "28114", "35200"),
    "security": ("58221", "62021"),
    "ai": ("58222", "62010", "63112"),
    "telecom": ("26410", "26421", "26429", "61220"),
    "robot_mfg": ("29280", "29222", "29223", "29120", "29163", "29199"),
    "quantum": ("27212", "27213", "27215", "70111"),
}
"""Industry codes (KSIC revision 10) by strategic industry."""
_STRATEGIC_SHARE = {
    "semi_display": 0.16,
    "battery": 0.06,
    "mobility": 0.2,
    "nuclear": 0.03,
    "bio": 0.1,
    "space": 0.06,
    "hydrogen": 0.03,
    "security": 0.04,
    "ai": 0.08,
    "telecom": 0.06,
    "robot_mfg": 0.15,
    "quantum": 0.03,
}
ORDINARY_CODES = (
    *("10711", "10742", "13213", "16101", "17222", "18111", "22231", "22232", "22241", "23322"),
    *("24112", "25111", "25911", "25912", "25914", "25922", "25923", "25924", "28123", "46539"),
)
_KIND_SHARE = {
    "국가": 0.03,
    "일반": 0.53,
    "농공": 0.33,
    "도시첨단": 0.04,
    "연구개발특구": 0.02,
    "외국인투자지역": 0.025,
    "경제자유구역": 0.015,
    "자유무역지역": 0.01,
}
_LARGE_KINDS = ("국가", "연구개발특구", "경제자유구역")
_INSTITUTE_SHARE = {"university": 0.28, "public_institute": 0.25, "hospital": 0.13, "support": 0.34}
_PARTNER_SHARE = {"firm": 0.55, "university": 0.28, "public_institute": 0.17}
_COUNTRIES = {
    "US": 0.24,
    "JP": 0.16,
    "CN": 0.14,
    "DE": 0.1,
    "TW": 0.06,
    "NL": 0.04,
    "FR": 0.05,
    "GB": 0.05,
    "VN": 0.04,
    "SG": 0.03,
    "IN": 0.03,
    "SE": 0.02,
    "CA": 0.02,
    "IL": 0.02,
}
_TAIL = 1.1  # Pareto exponent of cluster sizes
_TAIL_END = 60.0  # the tail is cut here: a country's largest complex holds some 1 % of its firms
_TAIL_START = 0.4
_SMALLEST = 3


def draw_sizes(rng: np.random.Generator, clusters: int, firms: int) -> Indices:
    """Draw heavy-tailed cluster sizes that sum to a given number of firms.

    Parameters
    ----------
    rng
        Source of chance.
    clusters
        Number of clusters.
    firms
        Firms in all of them together, at least three a cluster.

    Returns
    -------
    ndarray
        Firms in every cluster, in no order.
    """
    beyond = (1 + _TAIL_END) ** -_TAIL
    tail = (1 - rng.random(clusters) * (1 - beyond)) ** (-1 / _TAIL) - 1 + _TAIL_START
    spare = firms - _SMALLEST * clusters
    exact = tail / tail.sum() * spare
    sizes = np.floor(exact).astype(np.int64)
    largest_rest = np.argsort(sizes - exact, kind="stable")[: spare - int(sizes.sum())]
    sizes[largest_rest] += 1
    return np.asarray(sizes + _SMALLEST)


def _choose(
    rng: np.random.Generator, shares: dict[str, float], count: int, factor: Numbers | None = None
) -> list[str]:
    weight = np.tile(list(shares.values()), (count, 1)) * (1.0 if factor is None else factor)
    reach = np.cumsum(weight, axis=1)
    drawn = (rng.random(count) * reach[:, -1])[:, None]
    names = list(shares)
    return [names[i] for i in (drawn >= reach).sum(axis=1)]


def draw_clusters(
    rng: np.random.Generator, geography: Geography, sizes: Indices
) -> tuple[gpd.GeoDataFrame, Shapes, Numbers]:
    """Draw the clusters: place, shape, kind, names, cost and designation.

    Parameters
    ----------
    rng
        Source of chance.
    geography
        Land and districts.
    sizes
        Firms in every cluster.

    Returns
    -------
    clusters : gpd.GeoDataFrame
        The layer, EPSG:5179.
    shapes : Shapes
        Polygons around (0, 0).
    sites : ndarray
        x, y of every centre.
    """
    area_m2 = area_km2(sizes) * rng.lognormal(0.0, 0.35, len(sizes)) * 1e6
    shapes = draw_shapes(rng, area_m2)
    sites = place_shapes(rng, geography, shapes)
    places = find_districts(geography, sites)
    corners = np.round(shapes.corners + sites[shapes.owner], 2)
    polygons = shapely.polygons(shapely.linearrings(corners, indices=shapes.owner))
    kinds = _draw_kinds(rng, sizes, places["region"].isin(METROPOLITAN).to_numpy())
    cost = (15 + 0.6 * sizes) * rng.lognormal(0.0, 0.3, len(sizes))
    table = pd.concat([name_clusters(rng, kinds), places], axis=1)
    table = table.assign(
        cluster=[f"C{number:04d}" for number in range(1, len(sizes) + 1)],
        kind=kinds,
        area_km2=np.round(shapely.area(polygons) / 1e6, 3),
        cost=np.round(cost).astype(np.int64) * 10**8,
        industries=_draw_designations(rng, len(sizes)),
    )
    order = ["cluster", "name", "name_en", "kind", "region", "district", "area_km2", "cost"]
    clusters = gpd.GeoDataFrame(table[[*order, "industries"]], geometry=polygons, crs=CRS)
    return clusters, shapes, sites


def _draw_kinds(
    rng: np.random.Generator, sizes: Indices, metropolitan: NDArray[np.bool_]
) -> list[str]:
    factor = np.ones((len(sizes), len(_KIND_SHARE)))
    relative = sizes / sizes.mean()
    for column, kind in enumerate(_KIND_SHARE):
        if kind in _LARGE_KINDS:
            factor[:, column] = np.minimum(relative**1.5, 40)
        elif kind == "농공":
            factor[:, column] = np.where(metropolitan, 0.3, 1.7) / np.maximum(relative, 1)
        elif kind == "도시첨단":
            factor[:, column] = np.where(metropolitan, 1.6, 0.4)
    return _choose(rng, _KIND_SHARE, len(sizes), factor)


def _draw_designations(rng: np.random.Generator, count: int) -> list[str]:
    first = _choose(rng, _STRATEGIC_SHARE, count)
    second = _choose(rng, _STRATEGIC_SHARE, count)
    chance = rng.random(count)
    return [
        "" if c > 0.22 else a if c > 0.07 or a == b else f"{a};{b}"
        for a, b, c in zip(first, second, chance, strict=True)
    ]


def draw_firms(
    rng: np.random.Generator,
    geography: Geography,
    clusters: gpd.GeoDataFrame,
    homes: Indices,
    inside: Numbers,
) -> pd.DataFrame:
    """Draw the firms, each in its cluster or in none.

    Parameters
    ----------
    rng
        Source of chance.
    geography
        Land and districts.
    clusters
        The clusters.
    homes
        Cluster of every firm by number, -1 for none.
    inside
        x, y of those that have one.

    Returns
    -------
    pd.DataFrame
        firm, name, industry, revision, employees, sales (KRW), founded, region, x, y.
    """
    count = len(homes)
    points = np.empty((count, 2))
    points[homes >= 0] = inside
    away = int((homes < 0).sum())
    points[homes < 0] = draw_outside(rng, geography, clusters.geometry.array, away)
    points = np.round(points, 1)
    industries, codes = _draw_industries(rng, clusters["industries"].tolist(), homes)
    employees = np.minimum(np.ceil(rng.lognormal(2.0, 1.25, count)), 9_000)
    sales = employees * rng.lognormal(np.log(2.2e8), 0.7, count)
    founded = 2023 - np.floor(np.minimum(rng.gamma(2.0, 7.0, count), 70))
    return pd.DataFrame(
        {
            "firm": [f"F{number:07d}" for number in range(1, count + 1)],
            "name": name_firms(rng, industries, persons=0.03),
            "industry": codes,
            "revision": "10",
            "employees": _leave_out(rng, employees, 0.04),
            "sales": _leave_out(rng, np.round(sales / 1e6) * 1e6, 0.25),
            "founded": _leave_out(rng, founded, 0.02),
            "region": find_districts(geography, points)["region"],
            "x": points[:, 0],
            "y": points[:, 1],
        }
    )


def _leave_out(rng: np.random.Generator, values: Numbers, share: float) -> pd.Series:
    kept = pd.Series(values).astype("Int64")
    return kept.mask(rng.random(len(values)) < share)


def _draw_industries(
    rng: np.random.Generator, designated: Sequence[str], homes: Indices
) -> tuple[list[str], list[str]]:
    # Every cluster leans towards one industry, designated or not, so that specialisation exists.
    leaning = _choose(rng, _STRATEGIC_SHARE, len(designated))
    both = zip(designated, leaning, strict=True)
    leads = [own.split(";") if own else [lead] for own, lead in both]
    pull = np.where([bool(own) for own in designated], 0.4, 0.2)
    pull = np.append(pull, 0.0)[homes]
    national = _choose(rng, _STRATEGIC_SHARE, len(homes))
    chance, which, code = rng.random((3, len(homes)))
    industries, codes = [], []
    for i, home in enumerate(homes):
        if chance[i] < pull[i]:
            industry = leads[home][int(which[i] * len(leads[home]))]
        else:
            industry = national[i] if chance[i] < pull[i] + 0.22 else ""
        pool = STRATEGIC_CODES[industry] if industry else ORDINARY_CODES
        industries.append(industry)
        codes.append(pool[int(code[i] * len(pool))])
    return industries, codes


def draw_institutes(
    rng: np.random.Generator,
    geography: Geography,
    clusters: gpd.GeoDataFrame,
    shapes: Shapes,
    sites: Numbers,
    sizes: Indices,
    count: int,
) -> tuple[pd.DataFrame, Indices]:
    """Draw institutes and support bodies, most of them in or near clusters.

    Parameters
    ----------
    rng
        Source of chance.
    geography
        Land and districts.
    clusters
        The clusters.
    shapes
        Their polygons around (0, 0).
    sites
        Their centres.
    sizes
        Their firms.
    count
        Number of institutes.

    Returns
    -------
    institutes : pd.DataFrame
        institute, name, kind, region, fields, x, y.
    homes : ndarray
        Cluster of every institute by number, -1 for none.
    """
    # Two of every type at least, so that every channel has both its ends.
    kinds = [*_INSTITUTE_SHARE, *_INSTITUTE_SHARE]
    kinds += _choose(rng, _INSTITUTE_SHARE, count - len(kinds))
    weight = np.sqrt(sizes)
    hosts = rng.choice(len(sizes), size=count, p=weight / weight.sum())
    homes = np.where(rng.random(count) < 0.6, hosts, -1)
    points = np.empty((count, 2))
    inside = homes >= 0
    points[inside] = fill_shapes(rng, shapes, homes[inside]) + sites[homes[inside]]
    away = int((~inside).sum())
    points[~inside] = draw_outside(rng, geography, clusters.geometry.array, away)
    points = np.round(points, 1)
    fields = _draw_fields(rng, count)
    institutes = pd.DataFrame(
        {
            "institute": [f"I{number:05d}" for number in range(1, count + 1)],
            "name": name_institutes(rng, kinds),
            "kind": kinds,
            "region": find_districts(geography, points)["region"],
            "fields": fields,
            "x": points[:, 0],
            "y": points[:, 1],
        }
    )
    return institutes, homes


def _draw_fields(rng: np.random.Generator, count: int) -> list[str]:
    columns = [_choose(rng, _STRATEGIC_SHARE, count) for _ in range(3)]
    many = rng.integers(1, 4, size=count)
    return [
        ";".join(dict.fromkeys(row[:number]))
        for row, number in zip(zip(*columns, strict=True), many, strict=True)
    ]


def draw_partners(rng: np.random.Generator, count: int) -> pd.DataFrame:
    """Draw partners abroad.

    Parameters
    ----------
    rng
        Source of chance.
    count
        Number of partners.

    Returns
    -------
    pd.DataFrame
        partner, name, country (ISO 3166-1 alpha-2), kind.
    """
    kinds = _choose(rng, _PARTNER_SHARE, count)
    return pd.DataFrame(
        {
            "partner": [f"P{number:04d}" for number in range(1, count + 1)],
            "name": name_partners(rng, kinds),
            "country": choose_countries(rng, count),
            "kind": kinds,
        }
    )


def choose_countries(rng: np.random.Generator, count: int) -> list[str]:
    """Draw the countries of partners abroad.

    Parameters
    ----------
    rng
        Source of chance.
    count
        Number of partners.

    Returns
    -------
    list
        ISO 3166-1 alpha-2.
    """
    return _choose(rng, _COUNTRIES, count)
