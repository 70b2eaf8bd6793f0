"""Points: where actors stand of whom only a complex or a district is known, and how precisely."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from clustermap.layers import projection
from clustermap.layers.actors import PRECISE_M

if TYPE_CHECKING:
    import geopandas as gpd
    import numpy.typing as npt

    from clustermap.layers.cells import Assignment

    Numbers = npt.NDArray[np.float64]
    Marks = npt.NDArray[np.bool_]


class Points(NamedTuple):
    """Points on the map, one entry an actor or a place; NaN where unknown.

    Parameters
    ----------
    x, y
        On the map.
    precision_m
        How far from there it may be, metres; NaN where it is exact.
    """

    x: Numbers
    y: Numbers
    precision_m: Numbers


def find_middles(clusters: gpd.GeoSeries) -> Points:
    """Return a point in each cluster, as precise as the cluster is wide.

    Parameters
    ----------
    clusters
        Polygons on the map.

    Returns
    -------
    Points
        The centroid, or a point of the surface where the centroid lies outside; precise to the
        farthest corner.
    """
    shapes, crs = clusters.to_numpy(), clusters.crs
    centres = shapely.centroid(shapes)
    outside = ~shapely.intersects(shapes, centres)
    centres[outside] = shapely.point_on_surface(shapes[outside])
    x, y = shapely.get_x(centres), shapely.get_y(centres)
    corners, of = shapely.get_coordinates(shapes, return_index=True)
    away = projection.distances_m(x[of], y[of], corners[:, 0], corners[:, 1], crs)
    radius_m = np.zeros(len(shapes))
    np.maximum.at(radius_m, of, away)
    return Points(x, y, radius_m)


def read_points(rows: pa.Table) -> Points:
    """Return the points that rows state.

    Parameters
    ----------
    rows
        Typed rows, x and y on the map where they have them.

    Returns
    -------
    Points
        NaN where a column is missing.
    """
    return Points(
        *(
            np.array(rows[name].to_numpy(), dtype=float)
            if name in rows.column_names
            else np.full(rows.num_rows, np.nan)
            for name in Points._fields
        )
    )


def fill_points(
    own: Points, district: Points, assigned: Assignment, clusters: gpd.GeoSeries
) -> tuple[Points, Marks]:
    """Return a point for every actor: its own, else its complex's, else its district's.

    Parameters
    ----------
    own
        What the rows state.
    district
        Points of the districts of the rows.
    assigned
        Cells of the rows, and how they were found.
    clusters
        Polygons on the map, index cluster.

    Returns
    -------
    tuple
        Points, and whose point is not its own.
    """
    lacks = np.isnan(own.x) | np.isnan(own.y)
    by_complex = lacks & _found(assigned, "complex")
    by_district = lacks & _found(assigned, "district") & np.isfinite(district.x)
    filled = Points(*(part.copy() for part in own))
    for part, given in zip(filled, district, strict=True):
        part[by_district] = given[by_district]
    if by_complex.any():
        cells = assigned.cells.take(pa.array(np.flatnonzero(by_complex))).cast(pa.string())
        named = pa.array([str(key) for key in clusters.index], pa.string())
        at = pc.index_in(cells, value_set=named).to_numpy(zero_copy_only=False).astype(np.int64)
        wanted, of = np.unique(at, return_inverse=True)
        middles = find_middles(clusters.iloc[wanted])
        for part, given in zip(filled, middles, strict=True):
            part[by_complex] = given[of]
    return filled, by_complex | by_district


def _found(assigned: Assignment, how: str) -> Marks:
    found = pc.equal(assigned.how.cast(pa.string()), how)
    return np.asarray(found.to_numpy(zero_copy_only=False), dtype=bool)


def are_coarse(points: Points) -> Marks:
    """Return which points are known, but too roughly to measure metres from.

    Parameters
    ----------
    points
        Of actors.

    Returns
    -------
    np.ndarray
        bool; where the precision is worse than 2 km.

    Examples
    --------
    >>> nan = np.nan
    >>> are_coarse(Points(np.ones(3), np.array([1, 1, nan]), np.array([nan, 2001, 9e9]))).tolist()
    [False, True, False]
    """
    return np.asarray(
        np.isfinite(points.x) & np.isfinite(points.y) & (points.precision_m > PRECISE_M), dtype=bool
    )
