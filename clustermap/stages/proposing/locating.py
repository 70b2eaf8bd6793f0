"""Which coordinate system points are in that do not say it: what puts most into clusters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from clustermap.errors import TableFault
from clustermap.layers.projection import (
    LONLAT,
    Floats,
    check_crs,
    suggest_crs,
    transform,
    transform_shapes,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt
    import pyarrow as pa
    from pyproj import CRS

CANDIDATES = ("EPSG:4326", "EPSG:5179", "EPSG:5186", "EPSG:5181", "EPSG:5174", "EPSG:2097")
"""Systems that Korean files come in; of two that do equally well the first is taken."""

CLOSE = 0.05
"""Systems are told of whose share is less than so much below the best."""

_MOST_POINTS = 2_000
_NEAR_DEGREES = 0.5


@dataclass(frozen=True)
class Found:
    """A coordinate system and what speaks for it.

    Parameters
    ----------
    crs
        Its code.
    share
        Share of the points that it puts into a cluster.
    near
        Share that it puts into or near the bounds of all clusters.
    swapped
        Whether the columns are taken the other way round: northing or latitude first.
    """

    crs: str
    share: float
    near: float
    swapped: bool = False


def stated_crs(text: str) -> CRS | None:
    """Return the system that a file states.

    Parameters
    ----------
    text
        What the file says, "" where it says nothing.

    Returns
    -------
    CRS or None
        None where nothing is said, or nothing that names one system.
    """
    try:
        return check_crs(text, "")
    except TableFault:
        return None


def read_points(x: pa.ChunkedArray, y: pa.ChunkedArray) -> tuple[Floats, Floats]:
    """Return columns of text as coordinates.

    Parameters
    ----------
    x, y
        As the file has them.

    Returns
    -------
    tuple
        Those that both are numbers, some thousand at most, from the whole length.
    """
    both = [pd.to_numeric(c.to_pandas(), errors="coerce").to_numpy(float) for c in (x, y)]
    known = np.flatnonzero(np.isfinite(both[0]) & np.isfinite(both[1]))
    some = known[:: max(1, len(known) // _MOST_POINTS)]
    return both[0][some], both[1][some]


def on_globe(shapes: npt.NDArray[np.object_], crs: CRS) -> npt.NDArray[np.object_]:
    """Return shapes in degrees, each valid.

    Parameters
    ----------
    shapes
        Geometries; None where there is none.
    crs
        Their system.

    Returns
    -------
    np.ndarray
        Those that there are and that have a place on earth.
    """
    there = shapes[shapely.is_geometry(shapes) & ~shapely.is_empty(shapes)]
    degrees = transform_shapes(shapely.force_2d(there), crs, check_crs(LONLAT, ""))
    return np.asarray(shapely.make_valid(degrees[shapely.is_geometry(degrees)]), dtype=object)


def try_systems(
    x: Floats, y: Floats, clusters: npt.NDArray[np.object_], systems: Sequence[str]
) -> list[Found]:
    """Try coordinate systems on points.

    Parameters
    ----------
    x, y
        Coordinates.
    clusters
        Shapes in degrees.
    systems
        Codes.

    Returns
    -------
    list of Found
        The best first; those alone that put any point near the clusters.
    """
    tree = shapely.STRtree(clusters)
    bounds = shapely.total_bounds(clusters)
    found = [
        _try(Found(code, 0.0, 0.0, swapped), (y, x) if swapped else (x, y), tree, bounds)
        for swapped in (False, True)
        for code in dict.fromkeys(systems)
    ]
    near = [one for one in found if one.near > 0]
    return sorted(near, key=lambda one: (-one.share, -one.near))


def _try(one: Found, points: tuple[Floats, Floats], tree: shapely.STRtree, bounds: Floats) -> Found:
    lon, lat = transform(*points, check_crs(one.crs, ""), check_crs(LONLAT, ""))
    real = np.isfinite(lon) & np.isfinite(lat) & (np.abs(lon) <= 180) & (np.abs(lat) <= 90)
    spots = shapely.points(lon[real], lat[real])
    inside = np.unique(tree.query(spots, predicate="intersects")[0])
    west, south, east, north = bounds
    around = shapely.box(
        west - _NEAR_DEGREES, south - _NEAR_DEGREES, east + _NEAR_DEGREES, north + _NEAR_DEGREES
    )
    near = int(shapely.intersects(around, spots).sum())
    size = max(len(lon), 1)
    return Found(one.crs, len(inside) / size, near / size, one.swapped)


def place_clusters(shapes: npt.NDArray[np.object_]) -> list[str]:
    """Return the systems that clusters may be in that do not say it.

    Parameters
    ----------
    shapes
        Geometries in their own system.

    Returns
    -------
    list of str
        Codes under which the middle lies where the system is used; degrees alone where they are.
    """
    there = shapes[shapely.is_geometry(shapes) & ~shapely.is_empty(shapes)]
    corners = shapely.get_coordinates(there)
    if not len(corners):
        return []
    x, y = (np.array([value]) for value in np.median(corners, axis=0))
    if np.abs(corners[:, 0]).max() <= 180 and np.abs(corners[:, 1]).max() <= 90:
        return [LONLAT]
    fitting = []
    for code in CANDIDATES[1:]:
        crs = check_crs(code, "")
        (lon,), (lat,) = transform(x, y, crs, check_crs(LONLAT, ""))
        area = crs.area_of_use
        if area and area.west <= lon <= area.east and area.south <= lat <= area.north:
            fitting.append(code)
    return fitting


def fit_map(clusters: npt.NDArray[np.object_]) -> str:
    """Return the system that suits a map of clusters.

    Parameters
    ----------
    clusters
        Shapes in degrees.

    Returns
    -------
    str
        Code of a metric system.
    """
    middles = shapely.centroid(clusters)
    return suggest_crs(shapely.get_x(middles), shapely.get_y(middles))
