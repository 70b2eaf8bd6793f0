"""Geometries as files want them."""

from __future__ import annotations

import shapely


def as_multi(geometry: shapely.Geometry | None) -> shapely.Geometry | None:
    """Turn a point, line or polygon into a collection of one.

    Parameters
    ----------
    geometry
        Any geometry, or None.

    Returns
    -------
    shapely.Geometry or None
        MultiPoint, MultiLineString or MultiPolygon; others as they are.
    """
    match geometry:
        case shapely.Point():
            return shapely.MultiPoint([] if geometry.is_empty else [geometry])
        case shapely.LineString():
            return shapely.MultiLineString([] if geometry.is_empty else [geometry])
        case shapely.Polygon():
            return shapely.MultiPolygon([] if geometry.is_empty else [geometry])
        case _:
            return geometry
