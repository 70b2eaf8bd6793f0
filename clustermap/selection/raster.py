"""Raster: points of a plane in cells, so that those in a circle are counted without being listed.

A cell that lies in a circle as a whole is counted as one; only the points of cells that the circle
itself passes through are looked at one by one.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy.typing as npt

    from clustermap.selection.distance import Points

    Numbers = npt.NDArray[np.float64]
    Positions = npt.NDArray[np.int64]
    Marks = npt.NDArray[np.bool_]

_ROWS = 96
"""Rows of cells in the radius of a circle."""

_NARROW = 4
"""How many times as high as wide a cell is: a narrow one ends closer to where the circle does."""

_MOST_ROWS, _MOST_COLUMNS = 2_048, 8_192
_ROWS_AT_ONCE, _POINTS_AT_ONCE = 50_000, 100_000
"""Few enough that what is computed of them stays close to the processor."""


@dataclass(frozen=True)
class Raster:
    """Cells of one size, row after row from the lowest y, in each from the lowest x.

    Parameters
    ----------
    x, y
        Corner of the first cell.
    width, height
        Of a cell.
    rows, columns
        How many there are.
    """

    x: float
    y: float
    width: float
    height: float
    rows: int
    columns: int

    def find(self, points: Points) -> Positions:
        """Return the cells that points lie in.

        Parameters
        ----------
        points
            x and y, none outside the raster.

        Returns
        -------
        ndarray
            Positions of the cells.
        """
        row = ((points[1] - self.y) / self.height).astype(np.int64)
        np.minimum(row, self.rows - 1, out=row)
        row *= self.columns
        column = ((points[0] - self.x) / self.width).astype(np.int64)
        row += np.minimum(column, self.columns - 1, out=column)
        return row

    def list_middles(self) -> Points:
        """Return the middles of all cells.

        Returns
        -------
        tuple
            x and y.
        """
        x = self.x + self.width * (np.arange(self.columns) + 0.5)
        y = self.y + self.height * (np.arange(self.rows) + 0.5)
        return np.tile(x, self.rows), np.repeat(y, self.columns)


def lay_raster(points: Points, width: float, height: float) -> Raster:
    """Return a raster that covers points.

    Parameters
    ----------
    points
        x and y; one at least, all known.
    width, height
        Of a cell, more than 0; cells are larger where there would be too many.

    Returns
    -------
    Raster
        Its first corner is that of the points.

    Examples
    --------
    >>> lay_raster((np.array([1.0, 9.0]), np.array([0.0, 3.0])), 2.0, 4.0)
    Raster(x=1.0, y=0.0, width=2.0, height=4.0, rows=1, columns=5)
    """
    (x, y), (right, top) = ([float(end(v)) for v in points] for end in (np.min, np.max))
    columns = min(int((right - x) / width) + 1, _MOST_COLUMNS)
    rows = min(int((top - y) / height) + 1, _MOST_ROWS)
    wide, high = max(width, (right - x) / columns), max(height, (top - y) / rows)
    return Raster(x, y, wide, high, rows, columns)


def count_in_circles(
    middles: Points,
    radii: tuple[float, float],
    points: Points,
    number: Positions,
    near: Callable[[Points, Points], Marks],
) -> Positions:
    """Count who is within a radius of each of some places.

    Parameters
    ----------
    middles
        x and y of the places, all known.
    radii
        Up to where a point is within for sure, and from where on for sure it is not; more than 0.
        What lies between them is left to ``near``.
    points
        x and y of those who may be within; one at least, all known.
    number
        How many are at each of these, one column or several.
    near
        Tells of pairs of a place and a point whether they are near each other.

    Returns
    -------
    ndarray
        int64: how many are within, a row a place.
    """
    height = radii[1] / _ROWS
    held = _Held(points, number, lay_raster(points, height / _NARROW, height))
    found = np.zeros((len(middles[0]), *number.shape[1:]), dtype=np.int64)
    at_once = _ROWS_AT_ONCE // (2 * _ROWS)
    for start in range(0, len(found), at_once):
        some = slice(start, start + at_once)
        x, y = middles[0][some], middles[1][some]
        cells = _cross(held.raster, (x, y), radii)
        found[some] += held.count_runs(cells[..., 1], cells[..., 2]).sum(axis=1)
        for place, point in held.list_points(cells[..., ::2], cells[..., 1::2]):
            to_x, to_y = held.points[0][point], held.points[1][point]
            away = (to_x - x[place]) ** 2 + (to_y - y[place]) ** 2
            within = away <= radii[0] ** 2
            open_ = np.flatnonzero(~within & (away <= radii[1] ** 2))
            at = place[open_]
            within[open_] = near((x[at], y[at]), (to_x[open_], to_y[open_]))
            np.add.at(found[some], place[within], held.number[point[within]])
    return found


class _Held:
    """Points by the cells of a raster."""

    def __init__(self, points: Points, number: Positions, raster: Raster) -> None:
        cell = raster.find(points).astype(np.int32)
        order = np.argsort(cell)
        held = np.bincount(cell, minlength=raster.rows * raster.columns)
        self.raster = raster
        self.points = points[0][order], points[1][order]
        self.number = number[order]
        self._first = np.concatenate([[0], np.cumsum(held)]).astype(np.int32)
        nobody = np.zeros((1, *number.shape[1:]), dtype=np.int64)
        self._before = np.concatenate([nobody, np.cumsum(self.number, axis=0)])

    def count_runs(self, start: Positions, stop: Positions) -> Positions:
        """Return how many are in runs of cells."""
        return np.asarray(self._before[self._first[stop]] - self._before[self._first[start]])

    def list_points(
        self, start: Positions, stop: Positions
    ) -> Iterator[tuple[Positions, Positions]]:
        """Yield the points in runs of cells, so many at once: place of the run, and the point."""
        first = self._first[start].astype(np.int64)
        times = self._first[stop] - first
        held = np.nonzero(times)
        place, first, times = held[0], first[held], times[held]
        after = np.cumsum(times)
        steps = np.arange(0, after[-1:].sum() + 1, _POINTS_AT_ONCE)
        bounds = np.unique([0, *np.searchsorted(after, steps[1:]).tolist(), len(after)])
        for one, end in pairwise(bounds.tolist()):
            row = np.repeat(np.arange(one, end), times[one:end])
            before = after - times
            yield place[row], first[row] + np.arange(len(row)) - (before[row] - before[one])


def _cross(raster: Raster, middles: Points, radii: tuple[float, float]) -> Positions:
    """Return which cells of every row a circle touches and holds: places x rows x 4.

    It touches those from the first to before the last, and holds those between the others.
    """
    x, y = middles[0][:, None] - raster.x, middles[1][:, None] - raster.y
    sure, most = radii
    rows = np.arange(2 * int(most / raster.height) + 3)
    row = np.floor((y - most) / raster.height) + rows
    low = row * raster.height - y
    far = np.maximum(-low, low + raster.height)
    close = np.maximum(0, np.maximum(low, -low - raster.height))
    inner, outer = (
        np.sqrt(np.maximum(radius**2 - off**2, 0)) for radius, off in ((sure, far), (most, close))
    )
    within = np.ceil((x - inner) / raster.width)
    column = np.stack(
        [
            np.floor((x - outer) / raster.width),
            within,
            np.maximum(within, np.floor((x + inner) / raster.width)),
            np.floor((x + outer) / raster.width) + 1,
        ],
        axis=-1,
    )
    there = (row >= 0) & (row < raster.rows)
    column = np.clip(column, 0, raster.columns) + row[..., None] * raster.columns
    return np.where(there[..., None], column, 0).astype(np.int64)
