"""Where a fictional world's clusters and firms lie: on Korea's real land, as dense as a country.

Sites gather around real districts and real industrial places, so that the map looks like Korea's;
which cluster lies where is chance.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from clustermap.sources.reference import data_root, read_coast

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]
    Indices = NDArray[np.int64]

CRS = "EPSG:5179"
_SOUTH_KOREA = "410"
_BOUNDS = (124.0, 33.0, 132.0, 39.0)
_PROVINCES = {
    "서울특별시": 0.08,
    "부산광역시": 0.06,
    "대구광역시": 0.05,
    "인천광역시": 0.06,
    "광주광역시": 0.03,
    "대전광역시": 0.03,
    "울산광역시": 0.04,
    "세종특별자치시": 0.01,
    "경기도": 0.24,
    "강원특별자치도": 0.035,
    "충청북도": 0.06,
    "충청남도": 0.075,
    "전북특별자치도": 0.05,
    "전라남도": 0.05,
    "경상북도": 0.08,
    "경상남도": 0.12,
    "제주특별자치도": 0.01,
}
"""Share of a world's sites by province: roughly that of Korea's manufacturing firms."""
REGIONS = tuple(_PROVINCES)
METROPOLITAN = frozenset(name for name in _PROVINCES if name.endswith(("시", "기도")))
_SCATTERED = 0.08  # share of sites anywhere on the land
_SPREAD_M = {"district": 6_500.0, "complex": 5_000.0}
_MOVED_FROM = {"군위군": "대구광역시"}
_RENAMED = {("인천광역시", "남구"): "미추홀구"}
_TRIES = 200


@dataclass(frozen=True)
class Geography:
    """Korea's land and the places around which things gather.

    Parameters
    ----------
    land
        South Korea with its islands, EPSG:5179.
    districts
        region, district, x, y: centres of the districts, under today's names.
    centres
        x, y, weight, spread_m: what sites gather around.
    """

    land: shapely.MultiPolygon
    districts: pd.DataFrame
    centres: pd.DataFrame


@dataclass(frozen=True)
class Shapes:
    """Star-shaped polygons around (0, 0), one a cluster.

    Parameters
    ----------
    owner
        Cluster of every vertex, ascending.
    corners
        Vertices in metres, going round.
    """

    owner: Indices
    corners: Numbers

    @property
    def radius_m(self) -> Numbers:
        """Largest distance of a vertex from the centre, by cluster."""
        reach = np.hypot(*self.corners.T)
        return np.maximum.reduceat(reach, np.flatnonzero(np.diff(self.owner, prepend=-1)))


@cache
def read_geography() -> Geography:
    """Read the land and the districts from the reference files.

    Returns
    -------
    Geography
        South Korea in EPSG:5179.
    """
    coast = read_coast(_BOUNDS)
    land = coast[coast["country"] == _SOUTH_KOREA].to_crs(CRS).geometry.union_all()
    shapely.prepare(land)
    districts = _read_districts()
    return Geography(land, districts, _read_centres(districts))


def _project(table: pd.DataFrame) -> pd.DataFrame:
    points = gpd.GeoSeries(gpd.points_from_xy(table["lon"], table["lat"]), crs=4326).to_crs(CRS)
    return table.assign(x=points.x.to_numpy(), y=points.y.to_numpy())


def _read_districts() -> pd.DataFrame:
    folder = data_root() / "reference"
    codes = pd.read_csv(folder / "sigungu_codes.csv", dtype=str, keep_default_na=False)
    alias = pd.read_csv(folder / "sido_alias.csv", dtype=str, keep_default_na=False)
    today = dict(zip(alias["name_2018"], alias["name_now"], strict=True))
    codes = codes[codes["lon"] != ""].astype({"lon": float, "lat": float})
    region = codes["sigungu"].map(_MOVED_FROM).fillna(codes["sido"].map(today))
    place = zip(codes["sido"], codes["sigungu"], strict=True)
    district = [_RENAMED.get(names, names[1]) for names in place]
    table = codes.assign(region=region, district=district)[["region", "district", "lon", "lat"]]
    return _project(table).drop(columns=["lon", "lat"]).reset_index(drop=True)


def _read_centres(districts: pd.DataFrame) -> pd.DataFrame:
    path = data_root() / "reference" / "complexes.csv"
    complexes = pd.read_csv(path, dtype={"lon": float, "lat": float}, keep_default_na=False)
    complexes = _project(complexes.rename(columns={"sido": "region"})).assign(what="complex")
    both = pd.concat([districts.assign(what="district"), complexes], ignore_index=True)
    both = both[["region", "what", "x", "y"]]
    # Half of a province's sites gather at its industrial places, half at its towns.
    share = both["region"].map(_PROVINCES) / both.groupby("region")["what"].transform("nunique")
    weight = share / both.groupby(["region", "what"])["x"].transform("size")
    return both.assign(weight=weight / weight.sum(), spread_m=both["what"].map(_SPREAD_M))


def draw_sites(rng: np.random.Generator, geography: Geography, count: int) -> Numbers:
    """Draw points on the land, dense where Korea is dense.

    Parameters
    ----------
    rng
        Source of chance.
    geography
        Land and centres.
    count
        Number of points.

    Returns
    -------
    ndarray
        ``count`` rows of x, y in metres.
    """
    kept = np.empty((0, 2))
    while len(kept) < count:
        wanted = 2 * (count - len(kept)) + 16
        # Rounded first: afterwards a point on the shore could slip into the sea.
        drawn = np.round(_scatter(rng, geography, wanted), 1)
        kept = np.concatenate([kept, drawn[shapely.contains_xy(geography.land, *drawn.T)]])
    return kept[:count]


def _scatter(rng: np.random.Generator, geography: Geography, count: int) -> Numbers:
    centres = geography.centres
    chosen = rng.choice(len(centres), size=count, p=centres["weight"].to_numpy())
    middle = centres[["x", "y"]].to_numpy()[chosen]
    # A spread that varies from point to point gives a dense core and a long tail.
    spread = centres["spread_m"].to_numpy()[chosen] * rng.lognormal(0.0, 0.5, count)
    gathered = middle + rng.standard_normal((count, 2)) * spread[:, None]
    west, south, east, north = geography.land.bounds
    anywhere = rng.uniform((west, south), (east, north), (count, 2))
    # Most of the bounding box is sea: it is drawn more often so that its share of the land is kept.
    on_land = geography.land.area / ((east - west) * (north - south))
    return np.where((rng.random(count) < _SCATTERED / on_land)[:, None], anywhere, gathered)


def draw_shapes(rng: np.random.Generator, area_m2: Numbers) -> Shapes:
    """Draw irregular polygons of given areas around (0, 0).

    Parameters
    ----------
    rng
        Source of chance.
    area_m2
        Area of every polygon.

    Returns
    -------
    Shapes
        Polygons of 8 to 24 vertices.
    """
    corners = rng.integers(8, 25, size=len(area_m2))
    owner = np.repeat(np.arange(len(area_m2)), corners)
    first = np.cumsum(corners) - corners
    nth = np.arange(len(owner)) - first[owner]
    angle = 2 * np.pi * (nth + rng.uniform(0.1, 0.9, len(owner))) / corners[owner]
    phase = rng.uniform(0, 2 * np.pi, (len(area_m2), 2))
    wave = 0.22 * np.cos(2 * angle + phase[owner, 0]) + 0.12 * np.cos(3 * angle + phase[owner, 1])
    reach = 1 + wave + rng.uniform(-0.15, 0.15, len(owner))
    points = np.column_stack([reach * np.cos(angle), reach * np.sin(angle)])
    stretch = rng.uniform(1.0, 1.5, len(area_m2))[owner]
    points *= np.column_stack([stretch, 1 / stretch])
    turn = rng.uniform(0, np.pi, len(area_m2))[owner]
    turned = np.column_stack(
        [
            points[:, 0] * np.cos(turn) - points[:, 1] * np.sin(turn),
            points[:, 0] * np.sin(turn) + points[:, 1] * np.cos(turn),
        ]
    )
    area = shapely.area(shapely.polygons(shapely.linearrings(turned, indices=owner)))
    return Shapes(owner, turned * np.sqrt(area_m2 / area)[owner, None])


def place_shapes(rng: np.random.Generator, geography: Geography, shapes: Shapes) -> Numbers:
    """Find a site on the land for every polygon, so that no two overlap.

    Parameters
    ----------
    rng
        Source of chance.
    geography
        Land and centres.
    shapes
        What is placed; the smaller of two that overlap moves.

    Returns
    -------
    ndarray
        x, y of every centre. Where the land is too full, a few may still overlap.
    """
    radius = shapes.radius_m
    sites = _draw_roomy_sites(rng, geography, radius)
    for _ in range(_TRIES):
        circles = shapely.buffer(shapely.points(sites), radius)
        one, other = shapely.STRtree(circles).query(circles, predicate="intersects")
        clash = one < other
        one, other = one[clash], other[clash]
        if not len(one):
            break
        movers = np.unique(np.where(radius[one] < radius[other], one, other))
        sites[movers] = _draw_roomy_sites(rng, geography, radius[movers])
    return sites


def _draw_roomy_sites(rng: np.random.Generator, geography: Geography, radius: Numbers) -> Numbers:
    sites = np.empty((len(radius), 2))
    homeless = np.arange(len(radius))
    while len(homeless):
        drawn = draw_sites(rng, geography, len(homeless))
        circles = shapely.buffer(shapely.points(drawn), radius[homeless])
        fits = shapely.contains_properly(geography.land, circles)
        sites[homeless[fits]] = drawn[fits]
        homeless = homeless[~fits]
    return sites


def fill_shapes(rng: np.random.Generator, shapes: Shapes, homes: Indices) -> Numbers:
    """Draw points inside the polygons, around (0, 0).

    Parameters
    ----------
    rng
        Source of chance.
    shapes
        Polygons.
    homes
        Polygon of every point.

    Returns
    -------
    ndarray
        x, y of every point relative to its polygon's centre.
    """
    first = np.flatnonzero(np.diff(shapes.owner, prepend=-1))
    last = np.append(first[1:], len(shapes.owner)) - 1
    onward = np.arange(1, len(shapes.owner) + 1)
    onward[last] = first
    here, there = shapes.corners, shapes.corners[onward]
    # A star-shaped polygon is a fan of triangles around its centre; choose one by area.
    fan = np.cumsum(np.abs(here[:, 0] * there[:, 1] - here[:, 1] * there[:, 0]))
    low = np.append(0.0, fan)[first][homes]
    high = fan[last][homes]
    drawn = np.searchsorted(fan, low + rng.random(len(homes)) * (high - low), side="right")
    triangle = np.clip(drawn, first[homes], last[homes])
    inward = np.sqrt(rng.random(len(homes))) * 0.98  # never on the fence itself
    along = rng.random(len(homes))
    return np.asarray(
        inward[:, None] * ((1 - along)[:, None] * here[triangle] + along[:, None] * there[triangle])
    )


def draw_outside(
    rng: np.random.Generator, geography: Geography, polygons: NDArray[np.object_], count: int
) -> Numbers:
    """Draw points on the land outside every polygon.

    Parameters
    ----------
    rng
        Source of chance.
    geography
        Land and centres.
    polygons
        What is avoided.
    count
        Number of points.

    Returns
    -------
    ndarray
        ``count`` rows of x, y in metres.
    """
    tree = shapely.STRtree(polygons)
    kept = np.empty((0, 2))
    while len(kept) < count:
        drawn = draw_sites(rng, geography, count - len(kept) + 16)
        taken = tree.query(shapely.points(drawn), predicate="intersects")[0]
        kept = np.concatenate([kept, np.delete(drawn, taken, axis=0)])
    return kept[:count]


def find_districts(geography: Geography, points: Numbers) -> pd.DataFrame:
    """Find the district whose centre lies nearest.

    Parameters
    ----------
    geography
        Districts.
    points
        x, y in metres.

    Returns
    -------
    pd.DataFrame
        region and district of every point.
    """
    centres = gpd.points_from_xy(geography.districts["x"], geography.districts["y"])
    nearest = np.asarray(shapely.STRtree(list(centres)).nearest(shapely.points(points)))
    return geography.districts[["region", "district"]].take(nearest).reset_index(drop=True)
