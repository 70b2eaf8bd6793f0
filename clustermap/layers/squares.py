"""Squares over polygons: which of them a border passes through, and which lie within a polygon.

Borders are followed piece by piece; squares that no border of a polygon meets lie in it whole or
not at all, and a run of them in a row needs one look.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    import numpy.typing as npt

    Shapes = npt.NDArray[np.object_]
    Numbers = npt.NDArray[np.float64]
    Positions = npt.NDArray[np.intp]
    Truths = npt.NDArray[np.bool_]

_SQUARES = 400_000
"""Most squares that are held against polygons, a square once for each."""
_SQUARES_OF_ALL = 4_000_000
"""Most squares of the whole raster."""
_POINTS_A_SQUARE = 10
_SQUARES_A_POLYGON = 25
"""Squares that each polygon has at least: of fewer, each would be touched by many polygons."""
_PIECES = 4_000_000
"""Most pieces that borders are cut into, beside those that they are drawn in."""
_MARGIN = 1e-6
"""A border is this share of a side thick, so that no rounding moves a point over to it."""


@dataclass(frozen=True)
class Squares:
    """Squares and the polygons that have to do with them.

    Parameters
    ----------
    corner
        South-western corner of all.
    side
        Of a square, in units of the map.
    size
        Squares in a row, and rows.
    number
        int32; for every square, row by row, its number among those that a polygon touches, -1 for
        all others.
    first
        Entries from ``first[n]`` to ``first[n + 1]`` belong to square n.
    polygon
        By entry: position of a polygon, as the smallest integers that hold it.
    covered
        By entry: whether the square lies within the polygon; else a border may pass through.
    """

    corner: tuple[float, float]
    side: float
    size: tuple[int, int]
    number: npt.NDArray[np.int32]
    first: npt.NDArray[np.int32]
    polygon: npt.NDArray[np.unsignedinteger]
    covered: Truths

    def find(self, x: Numbers, y: Numbers) -> npt.NDArray[np.int32]:
        """Return the numbers of the squares that points lie in.

        Parameters
        ----------
        x, y
            Points; NaN lies nowhere.

        Returns
        -------
        np.ndarray
            int32; -1 where no polygon touches the square, or there is none.
        """
        wide, high = self.size
        place = self._count(y, 1, high)
        place *= wide
        place += self._count(x, 0, wide)
        return self.number.take(place)

    def _count(self, of: Numbers, axis: int, many: int) -> npt.NDArray[np.int32]:
        """Return the column or row of each point; the outermost hold all that is not on the map.

        No polygon covers one of those, since its border would have to lie beyond: whatever is not
        on the map is left for the exact test at most.
        """
        at = of - self.corner[axis]
        at /= self.side
        np.fmin(np.fmax(at, 0.0, out=at), many - 1.0, out=at)  # what is no number becomes nought
        return at.astype(np.int32)


def draw_squares(shapes: npt.NDArray[np.object_], points: int) -> Squares:
    """Lay squares over polygons.

    Parameters
    ----------
    shapes
        Polygons, none of them missing or empty.
    points
        How many points are to be looked up; for few, squares are larger.

    Returns
    -------
    Squares
        They cover all polygons.

    Examples
    --------
    >>> squares = draw_squares(np.array([shapely.box(0, 0, 1, 1)]), points=1_000)
    >>> squares.size, len(squares.covered), int(squares.covered.sum())
    ((8, 8), 49, 25)
    """
    bounds = shapely.bounds(shapes)
    corner = float(bounds[:, 0].min()), float(bounds[:, 1].min())
    side = _choose_side(bounds, shapely.length(shapes).sum(), points)
    boxes = _lay_boxes((bounds - np.tile(corner, 2)) / side)
    crossed = _find_crossed(shapes, boxes, corner, side)
    covered = _find_covered(shapes, boxes, crossed, corner, side)

    touched = np.flatnonzero(crossed | covered)
    polygon = boxes.polygon[touched]
    size = int((boxes.west + boxes.wide).max()), int((boxes.south + boxes.high).max())
    column, row = boxes.place(touched)
    place = row * size[0] + column
    order = np.argsort(place, kind="stable")
    place, touched = place[order], touched[order]
    first = np.flatnonzero(np.diff(place, prepend=-1))
    number = np.full(size[0] * size[1], -1, dtype=np.int32)
    number[place[first]] = np.arange(len(first))
    ends = np.append(first, len(place)).astype(np.int32)
    return Squares(corner, side, size, number, ends, polygon[order], covered[touched])


@dataclass(frozen=True)
class _Boxes:
    """The squares around every polygon: one box each, row by row, one box after the other."""

    west: Positions
    south: Positions
    wide: Positions
    high: Positions
    start: Positions
    polygon: npt.NDArray[np.unsignedinteger]

    def find(self, of: Positions, column: Positions, row: Positions) -> Positions:
        """Return where a square stands among those of its polygon's box."""
        return self.start[of] + (row - self.south[of]) * self.wide[of] + column - self.west[of]

    def place(self, at: Positions) -> tuple[Positions, Positions]:
        """Return columns and rows of squares."""
        of = self.polygon[at]
        row, column = np.divmod(at - self.start[of], self.wide[of])
        return column + self.west[of], row + self.south[of]

    def row_starts(self) -> Positions:
        """Return where the rows of every box begin."""
        of = np.repeat(np.arange(len(self.high)), self.high)
        row = np.arange(len(of)) - np.repeat(np.cumsum(self.high) - self.high, self.high)
        return self.start[of] + row * self.wide[of]


def _lay_boxes(bounds: Numbers) -> _Boxes:
    """Lay a box around every polygon, a square farther than its bounds; they count in squares."""
    spans = np.floor(bounds).astype(np.intp)
    west, south = np.maximum(spans[:, 0] - 1, 0), np.maximum(spans[:, 1] - 1, 0)
    wide, high = spans[:, 2] - west + 2, spans[:, 3] - south + 2
    many = wide * high
    numbers = np.arange(len(bounds), dtype=np.min_scalar_type(len(bounds)))
    return _Boxes(west, south, wide, high, np.cumsum(many) - many, np.repeat(numbers, many))


def _find_crossed(
    shapes: Shapes, boxes: _Boxes, corner: tuple[float, float], side: float
) -> Truths:
    """Return the squares that a border of the polygon may pass through or touch."""
    crossed = np.zeros(len(boxes.polygon), dtype=bool)
    of, start, end = _cut_borders(shapes, corner, side)
    # A piece is half a side long at most, so that the corners of its box lie in all its squares.
    low = np.floor(np.minimum(start, end) - _MARGIN).astype(np.intp)
    high = np.floor(np.maximum(start, end) + _MARGIN).astype(np.intp)
    np.maximum(low, 0, out=low)
    for column in (low[:, 0], high[:, 0]):
        for row in (low[:, 1], high[:, 1]):
            crossed[boxes.find(of, column, row)] = True
    return crossed


def _cut_borders(
    shapes: Shapes, corner: tuple[float, float], side: float
) -> tuple[Positions, Numbers, Numbers]:
    """Return pieces of all borders: their polygon, start and end, counted in squares."""
    parts, of_part = shapely.get_parts(shapes, return_index=True)
    rings, of_ring = shapely.get_rings(parts, return_index=True)
    at, ring = shapely.get_coordinates(rings, return_index=True)
    at = (at - corner) / side
    line = np.flatnonzero(ring[1:] == ring[:-1])
    way = at[line + 1] - at[line]
    pieces = np.maximum(np.ceil(2 * np.abs(way).max(axis=1)), 1).astype(np.intp)
    piece = np.repeat(np.arange(len(line)), pieces)
    step = np.arange(len(piece)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    way, start = (way / pieces[:, None])[piece], at[line][piece]
    start += way * step[:, None]
    return of_part[of_ring[ring[line]]][piece], start, start + way


def _find_covered(
    shapes: Shapes, boxes: _Boxes, crossed: Truths, corner: tuple[float, float], side: float
) -> Truths:
    """Return the squares that lie within the polygon."""
    begins = ~crossed
    begins[1:] &= crossed[:-1]
    # A row that no border meets yet is outside: nothing of the polygon lies farther west.
    outside = boxes.row_starts()
    begins[outside] = False
    at = np.flatnonzero(begins)
    column, row = boxes.place(at)
    x, y = corner[0] + (column + 0.5) * side, corner[1] + (row + 0.5) * side
    changes = np.zeros(len(crossed), dtype=bool)
    changes[outside] = changes[at] = True
    within = np.zeros(len(crossed), dtype=bool)
    within[at] = shapely.intersects_xy(shapes[boxes.polygon[at]], x, y)
    run = np.cumsum(changes) - 1
    return np.asarray(within[changes][run] & ~crossed, dtype=bool)


def _choose_side(bounds: Numbers, length: float, points: int) -> float:
    """Return a side of squares so that laying them costs less than testing the points."""
    wide, high = bounds[:, 2] - bounds[:, 0], bounds[:, 3] - bounds[:, 1]
    all_wide, all_high = np.ptp(bounds[:, [0, 2]]), np.ptp(bounds[:, [1, 3]])
    largest = float(max(all_wide, all_high)) or 1.0
    most = max(min(_SQUARES, points // _POINTS_A_SQUARE), _SQUARES_A_POLYGON * len(bounds))
    side = max(
        float(np.sqrt((wide * high).sum() / most)),
        float(np.sqrt(all_wide * all_high / _SQUARES_OF_ALL)),
        largest / _SQUARES_OF_ALL,
        2 * length / _PIECES,
    )
    while side < largest and ((wide / side + 3) * (high / side + 3)).sum() > most:
        side *= 1.2
    return side
