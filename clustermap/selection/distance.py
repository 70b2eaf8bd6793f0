"""How far it is from one place to another: straight lines until roads are known."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from scipy.spatial import cKDTree

from clustermap.layers.projection import distances_m, unit_m

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt
    from pyproj import CRS

    Numbers = npt.NDArray[np.float64]
    Points = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]
    Positions = npt.NDArray[np.int64]

Distance: TypeAlias = "Callable[[Numbers, Numbers, Numbers, Numbers], Numbers]"
"""From x, y and to x, y, arrays of one shape, to distances: metres, or minutes by road."""

WIDER = 1 + 1e-9
"""What may be near is looked for a little farther off, and measured then."""

_AT_ONCE = 2_000_000


def straight_line(crs: CRS | None) -> Distance:
    """Return the function that measures straight lines.

    Parameters
    ----------
    crs
        Coordinate system of the points; None for a plane in metres.

    Returns
    -------
    Distance
        Metres; NaN where a point is unknown.
    """
    return _plane if crs is None else partial(distances_m, crs=crs)


def _plane(x: Numbers, y: Numbers, to_x: Numbers, to_y: Numbers) -> Numbers:
    return np.asarray(np.hypot(x - to_x, y - to_y))


def plane_unit(crs: CRS | None) -> float | None:
    """Return how many metres a unit of a map is; None where the map is no plane.

    Parameters
    ----------
    crs
        Coordinate system; None for a plane in metres.

    Returns
    -------
    float or None
        None for degrees.
    """
    if crs is None:
        return 1.0
    return None if crs.is_geographic else unit_m(crs)


def find_within(
    here: Points, there: Points, distance: Distance, limit: float, unit: float | None = None
) -> tuple[Positions, Positions, Numbers]:
    """Return the pairs of two sets of points that lie within a distance of each other.

    Parameters
    ----------
    here, there
        x and y of the points of each set.
    distance
        How far it is.
    limit
        Farthest distance, in the function's unit.
    unit
        The function's units in a unit of the map, where the map is a plane: who is far off is then
        never measured. None: every pair is.

    Returns
    -------
    tuple
        Positions in the first and in the second set, ordered by them, and the distances.

    Examples
    --------
    >>> x, to_x = np.array([0.0, 9.0]), np.array([1.0, 8.0, 20.0])
    >>> find_within((x, 0 * x), (to_x, 0 * to_x), straight_line(None), 1)[:2]
    (array([0, 1]), array([0, 1]))
    """
    (x, y), (to_x, to_y) = here, there
    if unit is not None:
        one, other = _find_near(here, there, WIDER * limit / unit)
        away = distance(x[one], y[one], to_x[other], to_y[other])
        held = away <= limit
        return one[held], other[held], away[held]
    found = [(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))]
    many = max(len(to_x), 1)
    step = max(1, _AT_ONCE // many)
    for start in range(0, len(x), step):
        part = slice(start, start + step)
        size = len(x[part])
        away = distance(
            np.repeat(x[part], len(to_x)),
            np.repeat(y[part], len(to_x)),
            np.tile(to_x, size),
            np.tile(to_y, size),
        )
        near = np.flatnonzero(away <= limit)
        first, second = np.divmod(near, many)
        found.append((first + start, second, away[near]))
    one, other, away = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return one, other, away


def _find_near(here: Points, there: Points, limit: float) -> tuple[Positions, Positions]:
    """Return the pairs of points of a plane that are about so near, ordered."""
    known = [
        np.flatnonzero(np.isfinite(points[0]) & np.isfinite(points[1])) for points in (here, there)
    ]
    trees = [
        cKDTree(np.column_stack(points)[at])
        for points, at in zip((here, there), known, strict=True)
    ]
    pairs = trees[0].sparse_distance_matrix(trees[1], limit, output_type="ndarray")
    one, other = known[0][pairs["i"]], known[1][pairs["j"]]
    order = np.lexsort((other, one))
    return one[order], other[order]
