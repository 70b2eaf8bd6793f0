"""Cells: the one place that every actor belongs to - a cluster, the background, or abroad.

Where clusters may overlap and all of them are to hold an actor, the cells are the pieces of the
base partition, and a cluster holds several of them: a zone then holds its complexes' actors.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from pyproj import CRS, Geod

from clustermap.layers.projection import areas_km2, unit_m

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    import numpy.typing as npt

Overlaps = Literal["smallest", "all", "error"]
OUTSIDE = "outside:"
ABROAD = "abroad:"
JOINT = " ∩ "
UNKNOWN = f"{OUTSIDE}unknown"
HOW = ("inside", "complex", "nearest", "grid", "district", "region", "abroad", "unknown")
_GRID_M = 10_000
_GRID_DEGREES = 0.1
_DEGREE_M = 110_574.0  # a degree of latitude at the equator, the shortest there is


@dataclass(frozen=True)
class Assignment:
    """Where the actors of a layer belong.

    Parameters
    ----------
    cells
        Name of the cell of every actor (dictionary of text).
    how
        How it was found (dictionary of text, values of HOW).
    nearest_m
        float64; distance to the cluster where assigned to the nearest, else NaN.
    several
        How many points lie in more than one cluster.
    rough
        How many points lie in a cluster but are known too roughly to be put there.
    """

    cells: pa.DictionaryArray
    how: pa.DictionaryArray
    nearest_m: npt.NDArray[np.float64]
    several: int
    rough: int = 0


@dataclass(frozen=True)
class Place:
    """What is known of where actors are, one entry an actor.

    Parameters
    ----------
    x, y
        float64 on the map; NaN where unknown.
    complex
        Identifier or name of a cluster; null where none is given.
    region
        Region; null where none is given.
    precision_m
        float64; NaN means exact.
    district
        District within the region; null where none is given. None: none is given at all.
    individual
        bool; whether an actor is said to stand in no cluster, so that it goes to the nearest of
        none. None: of no actor is that said.
    """

    x: npt.NDArray[np.float64]
    y: npt.NDArray[np.float64]
    complex: pa.Array
    region: pa.Array
    precision_m: npt.NDArray[np.float64]
    district: pa.Array | None = None
    individual: npt.NDArray[np.bool_] | None = None


def find_inside(
    x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], shapes: npt.NDArray[np.object_]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return which points lie in which polygons, borders included.

    Points are sorted once, so that each polygon looks only at those in its own strip, and no point
    ever becomes an object.

    Parameters
    ----------
    x, y
        Points; NaN lies nowhere.
    shapes
        Polygons.

    Returns
    -------
    tuple
        Positions of points and of polygons, one entry a match, ordered by polygon.
    """
    order = np.argsort(x, kind="stable")
    sorted_x, sorted_y = x[order], y[order]
    points, polygons = [], []
    shapely.prepare(shapes)
    for number, (west, south, east, north) in enumerate(shapely.bounds(shapes)):
        start, stop = np.searchsorted(sorted_x, [west, east], side="left")
        stop += np.searchsorted(sorted_x[stop:], east, side="right")
        strip = np.arange(start, stop)
        strip = strip[(sorted_y[strip] >= south) & (sorted_y[strip] <= north)]
        hit = strip[shapely.intersects_xy(shapes[number], sorted_x[strip], sorted_y[strip])]
        points.append(np.sort(order[hit]))
        polygons.append(np.full(len(hit), number))
    return np.concatenate(points), np.concatenate(polygons)


def find_nearest(
    x: npt.NDArray[np.float64],
    y: npt.NDArray[np.float64],
    clusters: gpd.GeoSeries,
    within_m: npt.NDArray[np.float64],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Return the nearest polygon of each point, within a distance.

    Parameters
    ----------
    x, y
        Points on the map.
    clusters
        Polygons on the map.
    within_m
        Farthest distance for each point, metres.

    Returns
    -------
    tuple
        Position of the polygon (-1 where none is near enough; the smaller one where two are
        equally near) and the distance in metres (NaN likewise).
    """
    shapes = clusters.to_numpy()
    crs = clusters.crs
    reach = _reach(within_m, y, crs)
    boxes = shapely.box(x - reach[0], y - reach[1], x + reach[0], y + reach[1])
    point, polygon = shapely.STRtree(shapes).query(boxes)
    distance = _distances_m(x[point], y[point], shapes[polygon], crs)
    near = distance <= within_m[point]
    point, polygon, distance = point[near], polygon[near], distance[near]
    order = np.lexsort((polygon, shapely.area(shapes[polygon]), distance, point))
    first = order[np.unique(point[order], return_index=True)[1]]
    nearest = np.full(len(x), -1)
    nearest[point[first]] = polygon[first]
    metres = np.full(len(x), np.nan)
    metres[point[first]] = distance[first]
    return nearest, metres


def _reach(
    within_m: npt.NDArray[np.float64], y: npt.NDArray[np.float64], crs: CRS
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the distance in units of the map, eastward and northward."""
    if not crs.is_geographic:
        units = within_m / unit_m(crs)
        return units, units
    north = within_m / _DEGREE_M
    return north / np.maximum(np.cos(np.radians(np.abs(y) + north)), 0.01), north


def _distances_m(
    x: npt.NDArray[np.float64],
    y: npt.NDArray[np.float64],
    shapes: npt.NDArray[np.object_],
    crs: CRS,
) -> npt.NDArray[np.float64]:
    points = shapely.points(x, y)
    if not crs.is_geographic:
        return np.asarray(shapely.distance(points, shapes) * unit_m(crs))
    geod = crs.get_geod() or Geod(ellps="WGS84")
    ends = np.array([_nearest_end(*pair) for pair in zip(shapes, x, y, strict=True)]).reshape(-1, 2)
    return np.asarray(geod.inv(x, y, ends[:, 0], ends[:, 1])[2], dtype=float)


def _nearest_end(shape: shapely.Polygon, lon: float, lat: float) -> tuple[float, float]:
    """Return the point of a polygon nearest to another, on a plane that touches there."""
    scale = np.array([np.cos(np.radians(lat)), 1.0])
    flat = shapely.transform(shape, lambda c: (c - [lon, lat]) * scale)
    end = shapely.get_coordinates(shapely.shortest_line(flat, shapely.Point(0, 0)))[0]
    return tuple(end / scale + [lon, lat])


def assign(
    place: Place, clusters: gpd.GeoDataFrame, *, overlaps: Overlaps, nearest_m: float
) -> Assignment:
    """Give every actor its cell.

    A point inside a cluster belongs to it, unless the circle in which the actor is known to be is
    larger than the cluster; else the stated complex decides, then the nearest cluster within
    ``nearest_m`` (only for points known at least that precisely), then the 10-km square (only for
    points known to 10 km), then the district, then the region, then "outside:unknown".

    Parameters
    ----------
    place
        What is known of each actor.
    clusters
        Index cluster; name and geometry on the map.
    overlaps
        Which cluster holds a point that lies in several: the smallest, or all of them.
    nearest_m
        How far outside a cluster a point may lie and still belong to it.

    Returns
    -------
    Assignment
        Cell and way for every actor.
    """
    size = len(place.x)
    names = np.full(size, UNKNOWN, dtype=object)
    how = np.full(size, HOW.index("unknown"), dtype=np.int8)
    metres = np.full(size, np.nan)
    ids = clusters.index.to_numpy()
    point, polygon = find_inside(place.x, place.y, clusters.geometry.to_numpy())
    fits = _find_fitting(place.precision_m[point], polygon, clusters)
    rough = len(np.setdiff1d(point[~fits], point[fits]))
    point, polygon = point[fits], polygon[fits]
    inside, held_by, several = _settle(point, polygon, clusters, overlaps)
    names[inside], how[inside] = held_by, HOW.index("inside")

    stated = _find_stated(place.complex, clusters)
    open_ = (how == HOW.index("unknown")) & (stated >= 0)
    names[open_], how[open_] = ids[stated[open_]], HOW.index("complex")

    located = ~np.isnan(place.x) & ~np.isnan(place.y)
    precise = ~(place.precision_m > nearest_m)
    if place.individual is not None:
        precise &= ~place.individual
    at = np.flatnonzero((how == HOW.index("unknown")) & located & precise)
    if nearest_m > 0 and len(at):
        nearest, distance = find_nearest(
            place.x[at], place.y[at], clusters.geometry, np.full(len(at), float(nearest_m))
        )
        found = nearest >= 0
        at = at[found]
        names[at], how[at], metres[at] = ids[nearest[found]], HOW.index("nearest"), distance[found]

    located &= ~(place.precision_m > _GRID_M)
    _fill_background(names, how, place, located, clusters.crs)
    return Assignment(
        pa.array(names, pa.string()).dictionary_encode(),
        pa.DictionaryArray.from_arrays(pa.array(how), pa.array(HOW)),
        metres,
        several,
        rough,
    )


def _find_fitting(
    precision_m: npt.NDArray[np.float64], polygon: npt.NDArray[np.int64], clusters: gpd.GeoDataFrame
) -> npt.NDArray[np.bool_]:
    """Return which points are known precisely enough for the polygon that they lie in."""
    fits = np.ones(len(polygon), dtype=bool)
    stated = np.flatnonzero(precision_m > 0)
    wanted, of = np.unique(polygon[stated], return_inverse=True)
    areas = areas_km2(clusters.geometry.to_numpy()[wanted], clusters.crs)
    fits[stated] = np.pi * (precision_m[stated] / 1000) ** 2 <= areas[of]
    return fits


def _settle(
    point: npt.NDArray[np.int64],
    polygon: npt.NDArray[np.int64],
    clusters: gpd.GeoDataFrame,
    overlaps: Overlaps,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.object_], int]:
    """Return the points in clusters, their cells, and how many of them lie in several clusters."""
    ids, area = clusters.index.to_numpy(), shapely.area(clusters.geometry.to_numpy())
    order = np.lexsort((polygon, area[polygon], point))
    point, polygon = point[order], polygon[order]
    points, start, count = np.unique(point, return_index=True, return_counts=True)
    cells = ids[polygon[start]]
    several = np.flatnonzero(count > 1)
    if overlaps == "all":
        for at in several:
            held = np.sort(polygon[start[at] : start[at] + count[at]])
            cells[at] = JOINT.join(ids[held])
    return points, cells, len(several)


def _find_stated(stated: pa.Array, clusters: gpd.GeoDataFrame) -> npt.NDArray[np.int64]:
    """Return the cluster that each actor states by identifier, or by a name that is unique."""
    known = {name: at for at, name in enumerate(clusters.index)}
    unique = clusters["name"][~clusters["name"].duplicated(keep=False)]
    for name, key in zip(unique, unique.index, strict=True):
        known.setdefault(name, clusters.index.get_loc(key))
    at = pc.index_in(stated, value_set=pa.array(list(known), pa.string()))
    positions = pc.take(pa.array(list(known.values()), pa.int64()), at)
    return np.asarray(pc.fill_null(positions, -1).to_numpy(zero_copy_only=False))


def _fill_background(
    names: npt.NDArray[np.object_],
    how: npt.NDArray[np.int8],
    place: Place,
    located: npt.NDArray[np.bool_],
    crs: CRS,
) -> None:
    at = np.flatnonzero((how == HOW.index("unknown")) & located)
    side = _GRID_DEGREES if crs.is_geographic else _GRID_M / unit_m(crs)
    squares = np.column_stack([np.floor(place.x[at] / side), np.floor(place.y[at] / side)])
    corners, number = np.unique(squares.astype(np.int64), axis=0, return_inverse=True)
    labels = np.array([f"{OUTSIDE}{east}_{north}" for east, north in corners], dtype=object)
    names[at], how[at] = labels[number.reshape(-1)], HOW.index("grid")

    wholes = {"region": place.region}
    if place.district is not None:
        district = pc.binary_join_element_wise(place.region, place.district, " ")
        wholes = {"district": district, **wholes}
    for way, stated in wholes.items():
        known = np.asarray(pc.is_valid(stated).to_numpy(zero_copy_only=False))
        at = np.flatnonzero((how == HOW.index("unknown")) & known)
        names[at] = [f"{OUTSIDE}{name}" for name in stated.take(pa.array(at)).to_pylist()]
        how[at] = HOW.index(way)


@dataclass(frozen=True)
class Cells:
    """All cells of a run and the clusters that hold them.

    Parameters
    ----------
    names
        Names by code: clusters in their order, then all others sorted.
    clusters
        Number of clusters.
    held_cell, held_cluster
        int32; code of a cell and position of a cluster that holds it, one entry a membership.
    """

    names: tuple[str, ...]
    clusters: int
    held_cell: npt.NDArray[np.int32]
    held_cluster: npt.NDArray[np.int32]

    def codes(self, cells: pa.DictionaryArray) -> npt.NDArray[np.int32]:
        """Return the codes of named cells.

        Parameters
        ----------
        cells
            Names.

        Returns
        -------
        np.ndarray
            int32.
        """
        at = pc.index_in(cells.dictionary, value_set=pa.array(self.names, pa.string()))
        codes = np.asarray(at.to_numpy(zero_copy_only=False), dtype=np.int32)
        return codes.take(np.asarray(cells.indices))


def build_cells(ids: Sequence[str], found: Sequence[pa.DictionaryArray]) -> Cells:
    """Return the cells of a run, numbered.

    Parameters
    ----------
    ids
        Identifiers of the clusters.
    found
        Names of the cells of every layer's actors.

    Returns
    -------
    Cells
        The same for any order of the actors.
    """
    own = np.arange(len(ids), dtype=np.int32)
    return extend_cells(Cells(tuple(ids), len(ids), own, own), found)


def extend_cells(cells: Cells, found: Sequence[pa.DictionaryArray]) -> Cells:
    """Return cells with those added that are not among them; no code changes.

    Parameters
    ----------
    cells
        Cells with codes already.
    found
        Names of cells, of which some may be new.

    Returns
    -------
    Cells
        New names follow in their own order.
    """
    known = cells.names
    position = {name: number for number, name in enumerate(known[: cells.clusters])}
    new = sorted({name for named in found for name in named.dictionary.to_pylist()} - set(known))
    held = list(zip(cells.held_cell.tolist(), cells.held_cluster.tolist(), strict=True))
    for code, name in enumerate(new, start=len(known)):
        parts = name.split(JOINT)
        if all(part in position for part in parts):
            held += [(code, position[part]) for part in parts]
    cell, cluster = np.array(held, dtype=np.int32).reshape(-1, 2).T
    return Cells((*known, *new), cells.clusters, cell, cluster)
