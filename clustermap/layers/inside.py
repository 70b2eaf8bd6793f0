"""Inside: which points lie in which polygons, exactly, without an object for any point.

Squares over the polygons tell most points apart at once: squares that no polygon touches hold no
point of any, squares that lie within a polygon hold only points of it. The exact test is left for
points in squares that a border passes through.
"""

from __future__ import annotations

from dataclasses import dataclass
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


@dataclass(frozen=True)
class Ground:
    """Polygons that points are looked up in, made ready for it; for one thread at a time.

    Parameters
    ----------
    shapes
        Those polygons that hold anything.
    positions
        int64; which of the polygons given they are.
    squares
        Squares over them; None where there are none.
    """

    shapes: npt.NDArray[np.object_]
    positions: Positions
    squares: Squares | None


def lay_ground(shapes: npt.NDArray[np.object_], points: int) -> Ground:
    """Make polygons ready.

    Parameters
    ----------
    shapes
        Polygons; missing and empty ones hold nothing.
    points
        How many points are to be looked up; for few, squares are larger.

    Returns
    -------
    Ground
        For :func:`find_inside`.
    """
    shapes = np.asarray(shapes, dtype=object)
    drawn = np.flatnonzero(~shapely.is_missing(shapes) & ~shapely.is_empty(shapes))
    shapes = shapes[drawn]
    shapely.prepare(shapes)
    return Ground(shapes, drawn, draw_squares(shapes, points) if len(drawn) and points else None)


def find_inside(x: Numbers, y: Numbers, ground: Ground) -> Iterator[tuple[Positions, Positions]]:
    """Find which points lie in which polygons, borders included; some points at once.

    Parameters
    ----------
    x, y
        Points; NaN lies nowhere.
    ground
        Polygons.

    Yields
    ------
    tuple
        Positions of points and of polygons, one entry a match, ordered by point and polygon; all
        matches of a point come at once.

    Examples
    --------
    >>> x, y = np.array([0.5, 7.0, 1.0]), np.array([0.5, 7.0, 1.0])
    >>> ground = lay_ground(np.array([shapely.box(0, 0, 1, 1)]), len(x))
    >>> [(point, polygon)] = find_inside(x, y, ground)
    >>> point.tolist(), polygon.tolist()
    ([0, 2], [0, 0])
    """
    squares = ground.squares
    if squares is None or not len(x):
        return

    # In one thread: prepared polygons build their index when they are first asked, without a lock.
    for start in range(0, len(x), _POINTS_AT_ONCE):
        part = slice(start, start + _POINTS_AT_ONCE)
        point, polygon = _find_matches(x[part], y[part], ground.shapes, squares)
        yield point + start, ground.positions[polygon]


def _find_matches(
    x: Numbers, y: Numbers, shapes: npt.NDArray[np.object_], squares: Squares
) -> tuple[Positions, npt.NDArray[np.unsignedinteger]]:
    square = squares.find(x, y)
    point = np.flatnonzero(square >= 0)
    square = square.take(point)
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
