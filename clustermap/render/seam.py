"""The meridian at which a map is cut, so that places on both sides of the 180th lie together."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from clustermap.layers.projection import LONLAT, transform

if TYPE_CHECKING:
    import numpy.typing as npt

    Shapes = npt.NDArray[np.object_]

_HALF_WORLD = 180.0
_ROUND = np.array([360.0, 0.0])  # once around the world


def find_seam(lon: npt.ArrayLike) -> float:
    """Return the meridian at which a map of places is cut.

    Parameters
    ----------
    lon
        Longitudes of the places in degrees.

    Returns
    -------
    float
        -180; only where the places lie on both sides of the 180th meridian, so that they would
        span more than half of the world, the middle of the widest gap between them, if they then
        span less.

    Examples
    --------
    >>> find_seam([126.9, 129.1])
    -180.0
    >>> find_seam([178.0, -178.0])
    0.0
    """
    known = np.unique(np.asarray(lon, dtype=np.float64))
    known = known[np.isfinite(known)]
    if len(known) < 2 or known[-1] - known[0] <= _HALF_WORLD:
        return -_HALF_WORLD
    gaps = np.diff(known)
    widest = int(np.argmax(gaps))
    if 360 - gaps[widest] >= _HALF_WORLD:
        return -_HALF_WORLD
    return float((known[widest] + known[widest + 1]) / 2)


def seam_of(clusters: gpd.GeoDataFrame) -> float:
    """Return the meridian at which the map of a release is cut.

    Parameters
    ----------
    clusters
        Clusters of the release.

    Returns
    -------
    float
        As :func:`find_seam` finds it for points inside the clusters.
    """
    return find_seam(shapely.get_x(points_inside(clusters)))


def unwrap(layer: gpd.GeoDataFrame | gpd.GeoSeries, seam: float) -> gpd.GeoDataFrame:
    """Return a layer in degrees, what lies west of the seam moved once around the world.

    Parameters
    ----------
    layer
        Places in any known coordinate system, none so large that the seam runs through it.
    seam
        From :func:`find_seam`.

    Returns
    -------
    geopandas.GeoDataFrame
        Only the shapes, in EPSG:4326, longitudes from the seam to 360 degrees east of it.
    """
    shapes = layer.geometry.to_crs("EPSG:4326")
    if seam > -_HALF_WORLD:
        moved = shapely.transform(
            shapes.to_numpy(),
            lambda corners: np.where(corners < (seam, -np.inf), corners + _ROUND, corners),
        )
        shapes = gpd.GeoSeries(moved, index=shapes.index, crs=shapes.crs)
    return gpd.GeoDataFrame(geometry=shapes)


def unwrap_points(
    table: pd.DataFrame, crs: CRS, seam: float
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the points of a table as :func:`unwrap` does: of many, no shapes are made.

    Parameters
    ----------
    table
        Columns x and y; null where a point is not known.
    crs
        Coordinate system of x and y.
    seam
        From :func:`find_seam`.

    Returns
    -------
    tuple
        Longitudes from the seam to 360 degrees east of it, and latitudes; NaN where there is no
        point.
    """
    x, y = (pd.to_numeric(table[name]).to_numpy(np.float64, na_value=np.nan) for name in "xy")
    known = np.isfinite(x) & np.isfinite(y)
    whole_x, whole_y = (np.where(known, axis, np.nan) for axis in (x, y))
    lon, lat = transform(whole_x, whole_y, crs, CRS(LONLAT))
    return np.where(lon < seam, lon + 360.0, lon), lat


def unwrap_land(land: gpd.GeoDataFrame, seam: float) -> gpd.GeoDataFrame:
    """Return land as :func:`unwrap` does, cut where it lies on both sides of the seam.

    Parameters
    ----------
    land
        Polygons in EPSG:4326.
    seam
        From :func:`find_seam`.

    Returns
    -------
    geopandas.GeoDataFrame
        Only the shapes.
    """
    if seam <= -_HALF_WORLD:
        return land
    west, east = (
        shapely.intersection(land.geometry.to_numpy(), shapely.box(left, -90, right, 90))
        for left, right in ((-_HALF_WORLD, seam), (seam, _HALF_WORLD))
    )
    moved = shapely.transform(west, lambda corners: corners + _ROUND)
    return gpd.GeoDataFrame(geometry=[*moved, *east], crs=land.crs)


def points_inside(layer: gpd.GeoDataFrame) -> Shapes:
    """Return a point inside each shape.

    Parameters
    ----------
    layer
        Shapes in any known coordinate system.

    Returns
    -------
    numpy.ndarray
        Points in EPSG:4326.
    """
    points = layer.geometry.representative_point().to_crs("EPSG:4326")
    return cast("Shapes", points.to_numpy())
