"""Coordinate systems: which one a layer is in, whether it fits the place, and the way to the map's.

Longitude comes before latitude and easting before northing everywhere (``always_xy``).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import shapely
from pyproj import CRS, Geod, Proj, Transformer
from pyproj.aoi import AreaOfInterest
from pyproj.database import query_utm_crs_info
from pyproj.exceptions import CRSError

from clustermap.errors import TableFault
from clustermap.side_by_side import do_each

if TYPE_CHECKING:
    import numpy.typing as npt
    from shapely.geometry.base import BaseGeometry

Floats: TypeAlias = "npt.NDArray[np.float64]"
Bounds: TypeAlias = "tuple[float, float, float, float]"
"""West, south, east, north, in degrees."""

LONLAT = "EPSG:4326"
_POINTS_AT_ONCE = 250_000
_MARGIN_DEGREES = 5.0
"""How far outside its area of use a coordinate system, or outside the map a point, is let be."""
_CORNERS = 64  # of a circle: its area is then short by 0.2 %
_STEP = 0.01  # degrees
_STRETCH = 0.05
"""Distances may be wrong by this share at most; national and continental grids stay below .02."""


def check_crs(text: str, table: str) -> CRS:
    """Return a coordinate system that says which one it is.

    A .prj without an authority's code can be one of several systems some hundred metres apart, so
    it is refused rather than guessed.

    Parameters
    ----------
    text
        Code ("EPSG:5179") or definition (WKT, PROJJSON).
    table
        Table or file it belongs to, for the fault.

    Returns
    -------
    CRS
        The system, found in the authority's register.

    Raises
    ------
    TableFault
        If the text is empty, no coordinate system, or one without a code.
    """
    if not text:
        raise TableFault("unknown_crs", table=table, key="crs")
    try:
        crs = CRS.from_user_input(text)
        named = crs.to_json_dict().get("id")  # what the text says, before any likeness is sought
        authority = (named["authority"], str(named["code"])) if named else crs.to_authority()
        if authority is None:
            raise TableFault("unnamed_crs", table=table, key="crs", value=crs.name)
        crs = CRS.from_authority(*authority)
    except CRSError:
        raise TableFault("bad_crs", table=table, key="crs", value=text) from None
    if not (crs.is_geographic or crs.is_projected):  # heights, or metres from the earth's centre
        raise TableFault("bad_crs", table=table, key="crs", value=text)
    return crs


@cache
def _transformer(source: CRS, target: CRS) -> Transformer:
    return Transformer.from_crs(source, target, always_xy=True)


def transform(x: Floats, y: Floats, source: CRS, target: CRS) -> tuple[Floats, Floats]:
    """Return points in another coordinate system.

    Parameters
    ----------
    x, y
        Coordinates; NaN where unknown.
    source, target
        Systems.

    Returns
    -------
    tuple
        x and y; NaN where they were or where the point has no place in the target.
    """
    if source == target:
        return x, y
    moved = np.full((2, len(x)), np.nan)

    def move(start: int) -> None:
        part = slice(start, start + _POINTS_AT_ONCE)
        there = np.stack(_transformer(source, target).transform(x[part], y[part]))
        np.copyto(moved[:, part], there, where=np.isfinite(there).all(axis=0))

    do_each(move, range(0, len(x), _POINTS_AT_ONCE))
    return moved[0], moved[1]


def transform_shapes(
    shapes: npt.NDArray[np.object_], source: CRS, target: CRS
) -> npt.NDArray[np.object_]:
    """Return shapes in another coordinate system.

    Parameters
    ----------
    shapes
        Geometries.
    source, target
        Systems.

    Returns
    -------
    np.ndarray
        New geometries; None where a corner has no place in the target.
    """
    if source == target:
        return shapes
    corners, of_shape = shapely.get_coordinates(shapes, return_index=True)
    moved = np.column_stack(transform(corners[:, 0], corners[:, 1], source, target))
    lost = np.zeros(len(shapes), dtype=bool)
    lost[of_shape[np.isnan(moved).any(axis=1)]] = True
    there = shapes.copy()
    there[lost] = None
    return np.asarray(shapely.set_coordinates(there, moved[~lost[of_shape]]), dtype=object)


def lies_in(
    lon: Floats, lat: Floats, bounds: Bounds, margin: float = _MARGIN_DEGREES
) -> npt.NDArray[np.bool_]:
    """Return which points lie within bounds, a margin added.

    Parameters
    ----------
    lon, lat
        Degrees.
    bounds
        West, south, east, north; an area across the date line has west > east.
    margin
        Degrees added on every side.

    Returns
    -------
    np.ndarray
        bool; False where a coordinate is NaN.
    """
    west, south, east, north = bounds
    after_west, before_east = lon >= west - margin, lon <= east + margin
    in_lon = after_west | before_east if west > east else after_west & before_east
    return np.asarray(in_lon & (lat >= south - margin) & (lat <= north + margin), dtype=bool)


def check_fit(crs: CRS, lon: Floats, lat: Floats, table: str) -> None:
    """Refuse a map projection that is not made for the place or not true to length there.

    Parameters
    ----------
    crs
        The map's coordinate system.
    lon, lat
        Where the clusters lie, degrees.
    table
        Table at fault.

    Raises
    ------
    TableFault
        If most clusters lie outside its area of use, or it stretches lengths there (the web's
        Mercator does in Korea by a quarter); a system that fits is named.
    """
    area = crs.area_of_use
    outside = area is not None and lies_in(lon, lat, area.bounds).mean() < 0.5
    if not outside and _stretch(crs, float(np.nanmedian(lon)), float(np.nanmedian(lat))) < _STRETCH:
        return
    raise TableFault(
        "unfit_crs", table=table, key="crs", value=name_crs(crs), fitting=suggest_crs(lon, lat)
    )


def _stretch(crs: CRS, lon: float, lat: float) -> float:
    """Return by what share a projection stretches or shrinks lengths at a place."""
    if crs.is_geographic:
        return 0.0
    scale = Proj(crs).get_factors(lon, lat)
    return max(abs(scale.meridional_scale - 1), abs(scale.parallel_scale - 1))


def name_crs(crs: CRS) -> str:
    """Return the code of a coordinate system.

    Parameters
    ----------
    crs
        The system.

    Returns
    -------
    str
        E.g. "EPSG:5179".
    """
    authority = crs.to_authority()
    return ":".join(authority) if authority else str(crs.name)


def suggest_crs(lon: Floats, lat: Floats) -> str:
    """Return a metric system that fits a place.

    Parameters
    ----------
    lon, lat
        Points, degrees.

    Returns
    -------
    str
        The national grid of Korea, Europe's equal-area grid, or the UTM zone of the median point.
    """
    east, north = float(np.nanmedian(lon)), float(np.nanmedian(lat))
    for code in ("EPSG:5179", "EPSG:3035"):
        area = CRS.from_user_input(code).area_of_use
        if (
            area is not None
            and area.west <= east <= area.east
            and area.south <= north <= area.north
        ):
            return code
    spot = AreaOfInterest(east, north, east, north)
    zones = query_utm_crs_info("WGS 84", spot)
    return f"EPSG:{zones[0].code}" if zones else LONLAT


def unit_m(crs: CRS) -> float:
    """Return how many metres a unit of a projected system is.

    Parameters
    ----------
    crs
        A projected system.

    Returns
    -------
    float
        1 for metres, about 0.3048 for feet.
    """
    return float(crs.axis_info[0].unit_conversion_factor)


def circles(points: npt.NDArray[np.object_], radius_m: Floats, crs: CRS) -> npt.NDArray[np.object_]:
    """Return circles around points; on the ellipsoid where the system is geographic.

    Parameters
    ----------
    points
        Points.
    radius_m
        Radius of each, metres.
    crs
        Their system.

    Returns
    -------
    np.ndarray
        Polygons.
    """
    if not crs.is_geographic:
        return np.asarray(shapely.buffer(points, radius_m / unit_m(crs)), dtype=object)
    geod = crs.get_geod() or Geod(ellps="WGS84")
    azimuth = np.tile(np.arange(0.0, 360.0, 360.0 / _CORNERS), (len(points), 1))
    lon, lat = (np.broadcast_to(c[:, None], azimuth.shape) for c in _coordinates(points))
    metres = np.broadcast_to(radius_m[:, None], azimuth.shape)
    east, north, _ = geod.fwd(lon, lat, azimuth, metres)
    return np.asarray(shapely.polygons(np.stack([east, north], axis=-1)), dtype=object)


def _coordinates(points: npt.NDArray[np.object_]) -> tuple[Floats, Floats]:
    return shapely.get_x(points), shapely.get_y(points)


def buffer_m(
    shapes: npt.NDArray[np.object_], distance_m: Floats, crs: CRS
) -> npt.NDArray[np.object_]:
    """Return polygons whose borders are moved.

    Parameters
    ----------
    shapes
        Polygons.
    distance_m
        How far each is moved, metres; outward where positive.
    crs
        Their system.

    Returns
    -------
    np.ndarray
        Polygons; empty where no area is left.
    """
    if not crs.is_geographic:
        return np.asarray(shapely.buffer(shapes, distance_m / unit_m(crs)), dtype=object)
    geod = crs.get_geod() or Geod(ellps="WGS84")
    moved = [_buffer(*pair, geod) for pair in zip(shapes, distance_m, strict=True)]
    return np.array(moved, dtype=object)


def _buffer(shape: BaseGeometry, metres: float, geod: Geod) -> BaseGeometry:
    """Return a polygon whose border is moved on a plane that touches the ellipsoid there."""
    lon, lat = shapely.get_coordinates(shapely.centroid(shape))[0]
    gaps = geod.inv([lon, lon], [lat, lat], [lon + _STEP, lon], [lat, lat + _STEP])[2]
    scale = np.array(gaps) / _STEP  # metres a degree, east and north
    flat = shapely.transform(shape, lambda c: c * scale)
    return shapely.transform(shapely.buffer(flat, metres), lambda c: c / scale)


def areas_km2(shapes: npt.NDArray[np.object_], crs: CRS) -> Floats:
    """Return areas of polygons; on the ellipsoid where the system is geographic.

    Parameters
    ----------
    shapes
        Polygons.
    crs
        Their system.

    Returns
    -------
    np.ndarray
        Square kilometres.
    """
    if not crs.is_geographic:
        return np.asarray(shapely.area(shapes) * unit_m(crs) ** 2 / 1e6, dtype=float)
    geod = crs.get_geod() or Geod(ellps="WGS84")
    return np.array([abs(geod.geometry_area_perimeter(shape)[0]) / 1e6 for shape in shapes])


def distances_m(x: Floats, y: Floats, to_x: Floats, to_y: Floats, crs: CRS) -> Floats:
    """Return distances between points; on the ellipsoid where the system is geographic.

    Parameters
    ----------
    x, y, to_x, to_y
        Points, arrays of one shape; NaN where unknown.
    crs
        Their system.

    Returns
    -------
    np.ndarray
        Metres; NaN where a point is unknown.
    """
    if not crs.is_geographic:
        return np.sqrt((x - to_x) ** 2 + (y - to_y) ** 2) * unit_m(crs)
    geod = crs.get_geod() or Geod(ellps="WGS84")
    known = np.isfinite(x) & np.isfinite(y) & np.isfinite(to_x) & np.isfinite(to_y)
    metres = np.full(len(x), np.nan)
    metres[known] = geod.inv(x[known], y[known], to_x[known], to_y[known])[2]
    return metres
