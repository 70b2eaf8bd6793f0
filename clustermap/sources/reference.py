"""Where the files live that the product ships, and the coast lines and places among them."""

from __future__ import annotations

import gzip
import io
from functools import cache
from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely

from clustermap.layers.gazetteer import Gazetteer, build_gazetteer

Bounds = tuple[float, float, float, float]
"""West, south, east, north in degrees."""

NEAR_KOREA: Bounds = (118.0, 28.0, 138.0, 46.0)
"""What the fine coast covers; scripts/make_coast cuts it there."""
_COLUMNS = ("country", "name", "geometry")
_LEAST_MARGIN = 4.0  # degrees


def data_root() -> Path:
    """Return the folder of the files that the product ships.

    Returns
    -------
    Path
        ``clustermap/_data`` in a wheel, ``data`` beside the package in a checkout.

    Raises
    ------
    FileNotFoundError
        If neither is there: the installation is damaged.
    """
    package = Path(__file__).resolve().parent.parent
    for folder in (package / "_data", package.parent / "data"):
        if (folder / "sources.csv").is_file():
            return folder
    raise FileNotFoundError(f"clustermap's own data are missing beside {package}: reinstall it")


def read_coast(bounds: Bounds) -> gpd.GeoDataFrame:
    """Read the land around a place: fine near Korea, coarser in the rest of the world.

    The margin is as wide as the place on every side, and at least four degrees, so that a page
    that shows the place never shows where the land was cut.

    Parameters
    ----------
    bounds
        West, south, east, north of the map, in degrees.

    Returns
    -------
    gpd.GeoDataFrame
        One row a country, by its number: country (ISO 3166-1 numeric, "" where it has none),
        name (English), geometry (polygons, EPSG:4326), cropped to the bounds and a margin.

    Raises
    ------
    ValueError
        If the bounds are no degrees or not in the order west, south, east, north.
    """
    west, south, east, north = bounds
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise ValueError(f"bounds {bounds} are not west, south, east, north in degrees")
    margin = max(_LEAST_MARGIN, east - west, north - south)
    window = shapely.box(west - margin, south - margin, east + margin, north + margin)
    fine = shapely.box(*NEAR_KOREA)
    if fine.covers(shapely.box(*bounds)):
        near = _crop(_read_land("korea"), shapely.intersection(window, fine))
        far = _crop(_read_land("world"), shapely.difference(window, fine))
        land = pd.concat([near, far], ignore_index=True)
        return land.dissolve(by=["country", "name"], dropna=False).reset_index()[list(_COLUMNS)]
    return _crop(_read_land("world"), window)


def _crop(land: gpd.GeoDataFrame, window: shapely.Geometry) -> gpd.GeoDataFrame:
    land = land[land.intersects(window)].copy()
    land.geometry = _keep_polygons(shapely.intersection(land.geometry.array, window))
    return land[~land.geometry.is_empty].reset_index(drop=True)


def _read_land(name: str) -> gpd.GeoDataFrame:
    packed = (data_root() / "basemap" / f"{name}.geojson.gz").read_bytes()
    land = gpd.read_file(io.BytesIO(gzip.decompress(packed)), engine="pyogrio")
    return land[list(_COLUMNS)]


def _keep_polygons(geometry: gpd.array.GeometryArray) -> gpd.array.GeometryArray:
    # A window that touches a coast leaves points and lines behind, which no map can fill.
    return gpd.array.from_shapely(
        [
            shape
            if shape.geom_type.endswith("Polygon")
            else shapely.union_all([p for p in shapely.get_parts(shape) if p.area > 0])
            for shape in geometry
        ],
        crs=4326,
    )


@cache
def read_gazetteer() -> Gazetteer:
    """Read the Korean provinces and districts with their names and codes.

    Returns
    -------
    Gazetteer
        As they are called today.
    """
    folder = data_root() / "reference"
    names = ("sido_alias", "sigungu_codes", "district_aliases")
    provinces, districts, aliases = (_read_texts(folder / f"{name}.csv") for name in names)
    return build_gazetteer(provinces, districts, aliases)


@cache
def read_complex_aliases() -> tuple[tuple[str, str], ...]:
    """Read under which other names Korean complexes are known.

    Returns
    -------
    tuple
        Name and other name.
    """
    table = _read_texts(data_root() / "reference" / "complex_aliases.csv")
    return tuple(zip(table["complex"], table["alias"], strict=True))


def _read_texts(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
