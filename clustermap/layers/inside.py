"""Inside: which points lie in which polygons, exactly, without an object for any point.

Squares over the polygons tell most points apart at once: squares that no polygon touches hold no
point of any, squares that lie within a polygon hold only points of it. The exact test is left for
points in squares that a border passes through.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from clustermap.layers.squares import draw_squares

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from clustermap.layers.squares import Squares

    Numbers = npt.NDArray[np.float64]
    Positions = npt.NDArray[np.int64]

_POINTS_AT_ONCE = 500_000


def find_inside(
    x: Numbers, y: Numbers, shapes: npt.NDArray[np.object_]
) -> Iterator[tuple[Positions, Positions]]:
    """Find which points lie in which polygons, borders included; some points at once.

    Parameters
    ----------
    x, y
        Points; NaN lies nowhere.
    shapes
        Polygons.

    Yields
    ------
    tuple
        Positions of points and of polygons, one entry a match, ordered by point and polygon; all
        matches of a point come at once.

    Examples
    --------
    >>> x, y = np.array([0.5, 7.0, 1.0]), np.array([0.5, 7.0, 1.0])
    >>> [(point, polygon)] = find_inside(x, y, np.array([shapely.box(0, 0, 1, 1)]))
    >>> point.tolist(), polygon.tolist()
    ([0, 2], [0, 0])
    """
    shapes = np.asarray(shapes, dtype=object)
    drawn = np.flatnonzero(~shapely.is_missing(shapes) & ~shapely.is_empty(shapes))
    if not (len(drawn) and len(x)):
        return
    shapes = shapes[drawn]
    shapely.prepare(shapes)
    squares = draw_squares(shapes, len(x))
    for start in range(0, len(x), _POINTS_AT_ONCE):
        part = slice(start, start + _POINTS_AT_ONCE)
        point, polygon = _find_matches(x[part], y[part], shapes, squares)
        yield point + start, drawn[polygon]


def _find_matches(
    x: Numbers, y: Numbers, shapes: npt.NDArray[np.object_], squares: Squares
) -> tuple[Positions, npt.NDArray[np.unsignedinteger]]:
    width, height = squares.size
    east, north = (x - squares.corner[0]) / squares.side, (y - squares.corner[1]) / squares.side
    there = np.flatnonzero((east >= 0) & (east < width) & (north >= 0) & (north < height))
    column, row = (axis[there].astype(np.int32) for axis in (east, north))
    square = squares.number[row * width + column]
    touched = np.flatnonzero(square >= 0)
    point, square = there[touched], square[touched]
    first, many = squares.first[square], squares.first[square + 1] - squares.first[square]
    if many.max(initial=1) > 1:
        before = np.cumsum(many) - many
        first = np.repeat(first - before, many) + np.arange(many.sum())
        point = np.repeat(point, many)
    polygon, hit = squares.polygon[first], squares.covered[first]
    open_ = np.flatnonzero(~hit)
    open_ = open_[np.argsort(polygon[open_], kind="stable")]  # one polygon after the other
    at = point[open_]
    hit[open_] = shapely.intersects_xy(shapes[polygon[open_]], x[at], y[at])
    return point[hit], polygon[hit]
