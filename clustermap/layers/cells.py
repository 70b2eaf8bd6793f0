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

from clustermap.layers.inside import find_inside
from clustermap.layers.projection import areas_km2, unit_m

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from clustermap.layers.outlines import Outlines

Overlaps = Literal["smallest", "all", "error"]
OUTSIDE = "outside:"
ABROAD = "abroad:"
JOINT = " ∩ "
UNKNOWN = f"{OUTSIDE}unknown"
HOW = ("inside", "complex", "nearest", "grid", "district", "region", "abroad", "unknown")
_NOWHERE = -1
_GRID_M = 10_000
_MANY_SQUARES = 10_000_000
_POINTS_AT_ONCE = 500_000
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
        float64; NaN means exact. None: all are exact.
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
    precision_m: npt.NDArray[np.float64] | None = None
    district: pa.Array | None = None
    individual: npt.NDArray[np.bool_] | None = None

    def take(self, at: npt.NDArray[np.int64]) -> Place:
        """Return what is known of some actors.

        Parameters
        ----------
        at
            Their positions.

        Returns
        -------
        Place
            One entry each.
        """
        rows = pa.array(at)
        return Place(
            self.x[at],
            self.y[at],
            self.complex.take(rows),
            self.region.take(rows),
            None if self.precision_m is None else self.precision_m[at],
            None if self.district is None else self.district.take(rows),
            None if self.individual is None else self.individual[at],
        )


def find_nearest(
    x: npt.NDArray[np.float64],
    y: npt.NDArray[np.float64],
    clusters: Outlines,
    within_m: npt.NDArray[np.float64],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Return the nearest polygon of each point, within a distance.

    Parameters
    ----------
    x, y
        Points on the map.
    clusters
        Whose polygons.
    within_m
        Farthest distance for each point, metres.

    Returns
    -------
    tuple
        Position of the polygon (-1 where none is near enough; the smaller one where two are
        equally near) and the distance in metres (NaN likewise).
    """
    shapes, crs = clusters.shapes, clusters.crs
    reach = _reach(within_m, y, crs)
    boxes = shapely.box(x - reach[0], y - reach[1], x + reach[0], y + reach[1])
    point, polygon = shapely.STRtree(shapes).query(boxes)
    distance = _distances_m(x[point], y[point], shapes[polygon], crs)
    near = distance <= within_m[point]
    point, polygon, distance = point[near], polygon[near], distance[near]
    order = np.lexsort((polygon, clusters.areas[polygon], distance, point))
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


def assign(place: Place, clusters: Outlines, *, overlaps: Overlaps, nearest_m: float) -> Assignment:
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
        Where they lie.
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
    names = list(clusters.ids)
    cells = np.full(size, _NOWHERE, dtype=np.int32)
    how = np.full(size, HOW.index("unknown"), dtype=np.int8)
    several, rough = _take_inside(
        place.x, place.y, place.precision_m, clusters, overlaps, names, cells
    )
    how[cells != _NOWHERE] = HOW.index("inside")
    _take_stated(place, clusters, cells, how)
    located = ~np.isnan(place.x) & ~np.isnan(place.y)
    near, distance_m = _take_near(place, clusters, nearest_m, located, cells, how)
    if place.precision_m is not None:
        located &= ~(place.precision_m > _GRID_M)
    _fill_background(cells, names, how, place, located, clusters.crs)
    named = _name_cells(cells, names)
    metres = np.full(size, np.nan)
    metres[near] = distance_m
    return Assignment(
        named,
        pa.DictionaryArray.from_arrays(pa.array(how), pa.array(HOW)),
        metres,
        several,
        rough,
    )


def _take_inside(
    x: npt.NDArray[np.float64],
    y: npt.NDArray[np.float64],
    precision_m: npt.NDArray[np.float64] | None,
    clusters: Outlines,
    overlaps: Overlaps,
    names: list[str],
    cells: npt.NDArray[np.int32],
) -> tuple[int, int]:
    """Give points in clusters their cells; return how many lie in several, or are too rough.

    Names of pieces of several clusters are added to ``names``.
    """
    several = rough = 0
    pieces: dict[tuple[int, ...], int] = {}
    for point, polygon in find_inside(x, y, clusters.lay_ground(len(x))):
        inside, holder = point, polygon
        if precision_m is not None:
            fits = _find_fitting(precision_m[point], polygon, clusters)
            rough += len(np.setdiff1d(point[~fits], point[fits]))
            inside, holder = point[fits], polygon[fits]
        inside, held_by, many = _settle(inside, holder, clusters, overlaps, names, pieces)
        cells[inside] = held_by
        several += many
    return several, rough


def _take_stated(
    place: Place,
    clusters: Outlines,
    cells: npt.NDArray[np.int32],
    how: npt.NDArray[np.int8],
) -> None:
    """Give actors that lie in no cluster the one that they state."""
    if place.complex.null_count == len(place.complex):
        return
    stated = _find_stated(place.complex, clusters)
    open_ = np.flatnonzero((how == HOW.index("unknown")) & (stated >= 0))
    cells[open_], how[open_] = stated[open_], HOW.index("complex")


def _take_near(
    place: Place,
    clusters: Outlines,
    nearest_m: float,
    located: npt.NDArray[np.bool_],
    cells: npt.NDArray[np.int32],
    how: npt.NDArray[np.int8],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Give actors near a cluster, known well enough, the nearest one; return who, and how far."""
    if nearest_m == 0:
        return np.zeros(0, dtype=np.int64), np.zeros(0)
    near = located & (how == HOW.index("unknown"))
    if place.precision_m is not None:
        near &= ~(place.precision_m > nearest_m)
    if place.individual is not None:
        near &= ~place.individual
    at = np.flatnonzero(near)
    if not len(at):
        return at, np.zeros(0)
    nearest, distance = find_nearest(
        place.x[at], place.y[at], clusters, np.full(len(at), float(nearest_m))
    )
    found = nearest >= 0
    at = at[found]
    cells[at], how[at] = nearest[found], HOW.index("nearest")
    return at, distance[found]


def _find_fitting(
    precision_m: npt.NDArray[np.float64], polygon: npt.NDArray[np.int64], clusters: Outlines
) -> npt.NDArray[np.bool_]:
    """Return which points are known precisely enough for the polygon that they lie in."""
    fits = np.ones(len(polygon), dtype=bool)
    stated = np.flatnonzero(precision_m > 0)
    wanted, of = np.unique(polygon[stated], return_inverse=True)
    areas = areas_km2(clusters.shapes[wanted], clusters.crs)
    fits[stated] = np.pi * (precision_m[stated] / 1000) ** 2 <= areas[of]
    return fits


def _name_cells(cells: npt.NDArray[np.int32], names: list[str]) -> pa.DictionaryArray:
    """Return the cells that occur by their names."""
    coded = pa.array(cells).dictionary_encode()
    used = [UNKNOWN if code == _NOWHERE else names[code] for code in coded.dictionary.to_pylist()]
    return pa.DictionaryArray.from_arrays(coded.indices, pa.array(used, pa.string()))


def reassign(
    place: Place,
    moved: Outlines,
    drawn: Assignment,
    stay: Sequence[str],
    *,
    overlaps: Overlaps,
    nearest_m: float,
) -> pa.DictionaryArray:
    """Give actors their cells by clusters whose boundary is moved.

    Only those are assigned again who lie in another cluster than before.

    Parameters
    ----------
    place
        What is known of each actor.
    moved
        Clusters as they were when ``drawn`` was assigned, with other shapes.
    drawn
        Cells by the boundary drawn.
    stay
        Ways, of HOW; who was assigned in one of them stays in the same cell.
    overlaps, nearest_m
        As for :func:`assign`.

    Returns
    -------
    pa.DictionaryArray
        Name of the cell of every actor.
    """
    how = np.asarray(drawn.how.indices)
    at = np.flatnonzero(~np.isin(how, [HOW.index(way) for way in stay]))
    if nearest_m == 0:
        names = list(moved.ids)
        now = np.full(len(at), _NOWHERE, dtype=np.int32)
        precision_m = None if place.precision_m is None else place.precision_m[at]
        _take_inside(place.x[at], place.y[at], precision_m, moved, overlaps, names, now)
        known = pc.index_in(drawn.cells.dictionary, value_set=pa.array(names, pa.string()))
        codes = np.asarray(pc.fill_null(known, len(names)).to_numpy(zero_copy_only=False))
        before = codes[np.asarray(drawn.cells.indices)[at]]
        before = np.where(how[at] == HOW.index("inside"), before, _NOWHERE)
        at = at[now != before]
    found = assign(place.take(at), moved, overlaps=overlaps, nearest_m=nearest_m).cells
    cells = np.array(drawn.cells.indices)
    cells[at] = np.asarray(found.indices) + len(drawn.cells.dictionary)
    names = pa.concat_arrays([drawn.cells.dictionary.cast(pa.string()), found.dictionary])
    return pa.DictionaryArray.from_arrays(pa.array(cells), names)


def _settle(
    point: npt.NDArray[np.int64],
    polygon: npt.NDArray[np.int64],
    clusters: Outlines,
    overlaps: Overlaps,
    names: list[str],
    pieces: dict[tuple[int, ...], int],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], int]:
    """Return the points in clusters, their cells, and how many of them lie in several clusters.

    Pieces of several clusters that are not among ``pieces`` are added, and their names to
    ``names``.
    """
    again = np.flatnonzero(np.diff(point) == 0)
    if not len(again):
        return point, polygon, 0
    order = np.lexsort((polygon, clusters.areas[polygon], point))
    point, polygon = point[order], polygon[order]
    points, start, count = np.unique(point, return_index=True, return_counts=True)
    cells = polygon[start]
    several = np.flatnonzero(count > 1)
    if overlaps == "all":
        for at in several:
            held = tuple(np.sort(polygon[start[at] : start[at] + count[at]]).tolist())
            if held not in pieces:
                pieces[held] = len(names)
                names.append(JOINT.join(names[one] for one in held))
            cells[at] = pieces[held]
    return points, cells, len(several)


def _find_stated(stated: pa.Array, clusters: Outlines) -> npt.NDArray[np.int64]:
    """Return the cluster that each actor states by identifier, or by a name that is unique."""
    known = clusters.stated
    at = pc.index_in(stated, value_set=pa.array(list(known), pa.string()))
    positions = pc.take(pa.array(list(known.values()), pa.int64()), at)
    return np.asarray(pc.fill_null(positions, -1).to_numpy(zero_copy_only=False))


def _fill_background(
    cells: npt.NDArray[np.int32],
    names: list[str],
    how: npt.NDArray[np.int8],
    place: Place,
    located: npt.NDArray[np.bool_],
    crs: CRS,
) -> None:
    at = np.flatnonzero((how == HOW.index("unknown")) & located)
    side = _GRID_DEGREES if crs.is_geographic else _GRID_M / unit_m(crs)
    corners, number = _find_squares(place.x, place.y, at, side)
    cells[at], how[at] = number + len(names), HOW.index("grid")
    names += [f"{OUTSIDE}{east}_{north}" for east, north in corners]

    if place.region.null_count == len(place.region):
        return
    wholes = {"region": place.region}
    if place.district is not None and place.district.null_count < len(place.district):
        district = pc.binary_join_element_wise(place.region, place.district, " ")
        wholes = {"district": district, **wholes}
    for way, stated in wholes.items():
        known = np.asarray(pc.is_valid(stated).to_numpy(zero_copy_only=False))
        at = np.flatnonzero((how == HOW.index("unknown")) & known)
        coded = stated.take(pa.array(at)).dictionary_encode()
        cells[at] = np.asarray(coded.indices) + len(names)
        names += [f"{OUTSIDE}{name}" for name in coded.dictionary.to_pylist()]
        how[at] = HOW.index(way)


def _find_squares(
    x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], at: npt.NDArray[np.int64], side: float
) -> tuple[list[list[int]], npt.NDArray[np.int64]]:
    """Return the squares that some points lie in, and the position of each point's among them."""
    if not len(at):
        return [], np.zeros(0, dtype=np.int64)
    key, rows = (np.empty(len(at), dtype=np.int64) for _ in "xy")
    for start in range(0, len(at), _POINTS_AT_ONCE):
        part = slice(start, start + _POINTS_AT_ONCE)
        key[part], rows[part] = (np.floor(axis[at[part]] / side) for axis in (x, y))
    west, south = key.min(), rows.min()
    wide, high = key.max() - west + 1, rows.max() - south + 1
    key -= west
    key *= high
    key += rows
    key -= south
    if wide * high > _MANY_SQUARES:
        found, number = np.unique(key, return_inverse=True)
    else:
        used = np.zeros(wide * high, dtype=bool)
        used[key] = True
        found, number = np.flatnonzero(used), (np.cumsum(used) - 1)[key]
    return np.column_stack([found // high + west, found % high + south]).tolist(), number


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
