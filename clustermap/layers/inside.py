"""Inside: which points lie in which polygons, exactly, without an object for any point.

A raster over the polygons tells most points apart at once: squares that no polygon touches hold no
point of any, squares that lie within a polygon hold only points of it. The exact test is left for
points in squares that a border passes through.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    import numpy.typing as npt

    Numbers = npt.NDArray[np.float64]
    Positions = npt.NDArray[np.int64]

_SQUARES = 200_000
"""Most squares that are held against polygons, a square once for each."""
_SQUARES_OF_ALL = 4_000_000
"""Most squares of the whole raster."""
_POINTS_A_SQUARE = 10
_SQUARES_A_POLYGON = 25
"""Squares that each polygon has at least: of fewer, each would be touched by many polygons."""
_POINTS_AT_ONCE = 500_000
_MARGIN = 1e-6
"""A square reaches this share of its side farther, so that no rounding moves a point out of it."""


def find_inside(
    x: Numbers, y: Numbers, shapes: npt.NDArray[np.object_]
) -> tuple[Positions, Positions]:
    """Return which points lie in which polygons, borders included.

    Parameters
    ----------
    x, y
        Points; NaN lies nowhere.
    shapes
        Polygons.

    Returns
    -------
    tuple
        Positions of points and of polygons, one entry a match, ordered by point and polygon.
    """
    nothing = np.zeros(0, dtype=np.int64)
    shapes = np.asarray(shapes, dtype=object)
    drawn = np.flatnonzero(~shapely.is_missing(shapes) & ~shapely.is_empty(shapes))
    if not (len(drawn) and len(x)):
        return nothing, nothing
    shapes = shapes[drawn]
    shapely.prepare(shapes)
    raster = _draw_raster(shapes, len(x))
    points, polygons = [nothing], [nothing]
    for start in range(0, len(x), _POINTS_AT_ONCE):
        part = slice(start, start + _POINTS_AT_ONCE)
        point, polygon = raster.find(x[part], y[part])
        points.append(point + start)
        polygons.append(drawn[polygon])
    return np.concatenate(points), np.concatenate(polygons)


@dataclass(frozen=True)
class _Raster:
    """Squares over polygons; which of them a polygon touches, and which it covers.

    ``number`` holds for every square its number among those touched, -1 for all others. Entries
    from ``first[n]`` to ``first[n + 1]`` belong to square n: a polygon, and whether it covers it.
    """

    shapes: npt.NDArray[np.object_]
    corner: tuple[float, float]
    side: float
    size: tuple[int, int]
    number: npt.NDArray[np.int32]
    first: Positions
    polygon: Positions
    covered: npt.NDArray[np.bool_]

    def find(self, x: Numbers, y: Numbers) -> tuple[Positions, Positions]:
        """Return points and the polygons that they lie in."""
        width, height = self.size
        east, north = (x - self.corner[0]) / self.side, (y - self.corner[1]) / self.side
        there = np.flatnonzero((east >= 0) & (east < width) & (north >= 0) & (north < height))
        column, row = (axis[there].astype(np.int32) for axis in (east, north))
        square = self.number[row * np.int64(width) + column]
        touched = np.flatnonzero(square >= 0)
        point, square = there[touched], square[touched]
        first, many = self.first[square], self.first[square + 1] - self.first[square]
        if many.max(initial=1) > 1:
            before = np.cumsum(many) - many
            first = np.repeat(first - before, many) + np.arange(many.sum())
            point = np.repeat(point, many)
        polygon, hit = self.polygon[first], self.covered[first]
        open_ = np.flatnonzero(~hit)
        open_ = open_[np.argsort(polygon[open_], kind="stable")]  # one polygon after the other
        shapes, at = self.shapes[polygon[open_]], point[open_]
        hit[open_] = shapely.intersects_xy(shapes, x[at], y[at])
        return point[hit], polygon[hit]


def _draw_raster(shapes: npt.NDArray[np.object_], points: int) -> _Raster:
    bounds = shapely.bounds(shapes)
    side, corner = _choose_side(bounds, points), (bounds[:, 0].min(), bounds[:, 1].min())
    spans = np.floor((bounds - np.tile(corner, 2)) / side).astype(np.int64)
    # A border that lies on the line between two squares belongs to both.
    west, south = np.maximum(spans[:, 0] - 1, 0), np.maximum(spans[:, 1] - 1, 0)
    wide, high = spans[:, 2] - west + 2, spans[:, 3] - south + 2
    size = int((west + wide).max()), int((south + high).max())
    many = wide * high
    polygon = np.repeat(np.arange(len(shapes)), many)
    at = np.arange(many.sum()) - np.repeat(np.cumsum(many) - many, many)
    row, column = np.divmod(at, wide[polygon])
    column, row = column + west[polygon], row + south[polygon]
    margin = side * _MARGIN
    squares = shapely.box(
        corner[0] + column * side - margin,
        corner[1] + row * side - margin,
        corner[0] + (column + 1) * side + margin,
        corner[1] + (row + 1) * side + margin,
    )
    touched = shapely.intersects(shapes[polygon], squares)
    polygon, squares = polygon[touched], squares[touched]
    place = row[touched] * size[0] + column[touched]
    covered = shapely.covers(shapes[polygon], squares)
    order = np.lexsort((polygon, place))
    places, first = np.unique(place[order], return_index=True)
    number = np.full(size[0] * size[1], -1, dtype=np.int32)
    number[places] = np.arange(len(places))
    ends = np.append(first, len(order))
    return _Raster(shapes, corner, side, size, number, ends, polygon[order], covered[order])


def _choose_side(bounds: Numbers, points: int) -> float:
    """Return a side of squares so that testing them costs less than testing the points."""
    wide, high = bounds[:, 2] - bounds[:, 0], bounds[:, 3] - bounds[:, 1]
    all_wide, all_high = np.ptp(bounds[:, [0, 2]]), np.ptp(bounds[:, [1, 3]])
    largest = float(max(all_wide, all_high)) or 1.0
    most = max(min(_SQUARES, points // _POINTS_A_SQUARE), _SQUARES_A_POLYGON * len(bounds))
    side = max(
        float(np.sqrt((wide * high).sum() / most)),
        float(np.sqrt(all_wide * all_high / _SQUARES_OF_ALL)),
    )
    side = max(side, largest / _SQUARES_OF_ALL)
    while side < largest and ((wide / side + 3) * (high / side + 3)).sum() > most:
        side *= 1.2
    return side
