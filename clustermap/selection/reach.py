"""Reach: who is near a place, in a straight line or by road.

Whoever asks is given the same four answers either way, so that no rule is written twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from clustermap.layers.projection import LONLAT, check_crs, transform
from clustermap.network.roads import Roads, Stops, count_within, find_stops, reach_actors
from clustermap.selection.distance import WIDER, find_within, plane_unit, straight_line
from clustermap.selection.raster import count_in_circles, lay_raster

if TYPE_CHECKING:
    import numpy.typing as npt
    from pyproj import CRS

    from clustermap.selection.distance import Distance, Points

    Numbers = npt.NDArray[np.float64]
    Positions = npt.NDArray[np.int64]
    Marks = npt.NDArray[np.bool_]

REACH_M = 30_000.0
"""Straight line that stands for thirty minutes by road where no roads were read; ours."""

_CELLS = 32
"""Cells along the radius within which somebody is served; ours."""

REACH_MINUTES = 30.0
"""How far by road is near; ours."""


class Nearness(Protocol):
    """Who is near a place."""

    def count(self, here: Points, there: Points, number: Positions) -> Positions:
        """Count who is near each place.

        Parameters
        ----------
        here
            x and y of the places, on the map.
        there
            x and y of those who may be near.
        number
            How many are at each of these, one column or several.

        Returns
        -------
        np.ndarray
            int64: how many are near, a row a place.
        """

    def serve(self, here: Points, there: Points) -> Marks:
        """Return who is near any of several places.

        Parameters
        ----------
        here, there
            As for count.

        Returns
        -------
        np.ndarray
            bool, by ``there``.
        """

    def holds(self, here: Points, there: Points) -> Marks:
        """Return which pairs are near each other.

        Parameters
        ----------
        here, there
            The place, and who may be near, of each pair: arrays of one length.

        Returns
        -------
        np.ndarray
            bool.
        """


@dataclass(frozen=True)
class Reach:
    """What is near in a straight line.

    Parameters
    ----------
    distance
        How far it is from place to place.
    limit
        How far is near, in the function's unit.
    unit
        The function's units in a unit of the map, where the map is a plane: who is far off is then
        never measured. None: every pair is.
    """

    distance: Distance
    limit: float = REACH_M
    unit: float | None = None

    def count(self, here: Points, there: Points, number: Positions) -> Positions:
        """Count who is near each place.

        Parameters
        ----------
        here, there, number
            As for Nearness.

        Returns
        -------
        np.ndarray
            int64.
        """
        if self.unit is None:
            there, number = merge_points(there, number)
            near = np.zeros((len(here[0]), *number.shape[1:]), dtype=np.int64)
            place, point, _ = find_within(here, there, self.distance, self.limit)
            np.add.at(near, place, number[point])
            return near
        near = np.zeros((len(here[0]), *number.shape[1:]), dtype=np.int64)
        placed, known = (np.flatnonzero(np.isfinite(x) & np.isfinite(y)) for x, y in (here, there))
        if len(placed) and len(known):
            places, points = (here[0][placed], here[1][placed]), (there[0][known], there[1][known])
            radii = self._radii(self.unit)
            near[placed] = count_in_circles(places, radii, points, number[known], self.holds)
        return near

    def _radii(self, unit: float) -> tuple[float, float]:
        """Return how far on the map is near for sure, and from where on for sure it is not."""
        return self.limit / unit / WIDER, self.limit / unit * WIDER

    def serve(self, here: Points, there: Points) -> Marks:
        """Return who is near any of several places.

        Parameters
        ----------
        here, there
            As for Nearness.

        Returns
        -------
        np.ndarray
            bool.
        """
        if self.unit is None:
            at, points = number_points(there)
            _, point, _ = find_within(here, points, self.distance, self.limit)
            return np.asarray(np.isin(at, point))
        served = np.zeros(len(there[0]), dtype=bool)
        if len(here[0]) and len(served):
            tree = cKDTree(np.column_stack(here))
            sure, most = self._radii(self.unit)
            # Where a cell as a whole is served, or is not, its points need not be looked at.
            raster = lay_raster(there, most / _CELLS, most / _CELLS)
            cell, half = raster.find(there), np.hypot(raster.width, raster.height) / 2
            away, _ = tree.query(np.column_stack(raster.list_middles()))
            served = (away <= sure - half)[cell]
            some = np.flatnonzero(~served & (away <= most + half)[cell])
            _, nearest = tree.query(np.column_stack(there)[some])
            of = np.asarray(nearest, dtype=np.int64)
            served[some] = self.holds((here[0][of], here[1][of]), (there[0][some], there[1][some]))
        return served

    def holds(self, here: Points, there: Points) -> Marks:
        """Return which pairs are near each other.

        Parameters
        ----------
        here, there
            As for Nearness.

        Returns
        -------
        np.ndarray
            bool.
        """
        return np.asarray(self.distance(*here, *there) <= self.limit)


def straight_reach(crs: CRS | None, limit: float = REACH_M) -> Reach:
    """Return what is near in a straight line on a map.

    Parameters
    ----------
    crs
        Coordinate system of the map; None for a plane in metres.
    limit
        How far is near, metres.

    Returns
    -------
    Reach
        On a plane it looks at no pair that is far apart.
    """
    return Reach(straight_line(crs), limit, plane_unit(crs))


@dataclass(frozen=True)
class RoadReach:
    """What is near by road: who can drive to a place in half an hour.

    Parameters
    ----------
    roads
        The roads.
    crs
        Coordinate system of the map.
    minutes
        How far is near.
    """

    roads: Roads
    crs: CRS
    minutes: float = REACH_MINUTES

    @property
    def limit_s(self) -> float:
        """How far is near, s."""
        return 60 * self.minutes

    def stop(self, points: Points) -> Stops:
        """Find the nodes of the roads that points on the map are nearest to.

        Parameters
        ----------
        points
            x and y.

        Returns
        -------
        Stops
            See :func:`clustermap.network.roads.find_stops`.
        """
        lonlat = transform(*points, self.crs, check_crs(LONLAT, "roads"))
        return find_stops(self.roads, *lonlat)

    def count(self, here: Points, there: Points, number: Positions) -> Positions:
        """Count who is near each place.

        Parameters
        ----------
        here, there, number
            As for Nearness.

        Returns
        -------
        np.ndarray
            int64.
        """
        there, number = merge_points(there, number)
        return count_within(self.roads, self.stop(here), self.stop(there), number, self.limit_s)

    def serve(self, here: Points, there: Points) -> Marks:
        """Return who is near any of several places.

        Parameters
        ----------
        here, there
            As for Nearness.

        Returns
        -------
        np.ndarray
            bool.
        """
        at, points = number_points(there)
        served = np.zeros(len(points[0]), dtype=np.bool_)
        for _, near in reach_actors(self.roads, self.stop(here), self.stop(points), self.limit_s):
            served[near] = True
        return served[at]

    def holds(self, here: Points, there: Points) -> Marks:
        """Return which pairs are near each other.

        Parameters
        ----------
        here, there
            As for Nearness.

        Returns
        -------
        np.ndarray
            bool.
        """
        found = np.zeros(len(here[0]), dtype=bool)
        place, places = number_points(here)
        actor, actors = number_points(there)
        order = np.argsort(place, kind="stable")
        starts = np.searchsorted(place[order], np.arange(len(places[0]) + 1))
        stops = self.stop(places), self.stop(actors)
        for at, near in reach_actors(self.roads, *stops, self.limit_s):
            own = order[starts[at] : starts[at + 1]]
            found[own] = np.isin(actor[own], near)
        return found


def number_points(points: Points) -> tuple[Positions, Points]:
    """Give numbers to points, equal ones the same.

    Parameters
    ----------
    points
        x and y; NaN where unknown.

    Returns
    -------
    tuple
        Number of each point, and the points by their numbers.

    Examples
    --------
    >>> number_points((np.array([2.0, 1.0, 2.0]), np.array([0.0, 0.0, 0.0])))[0].tolist()
    [1, 0, 1]
    """
    frame = pd.DataFrame({"x": points[0], "y": points[1]})
    grouped = frame.groupby(["x", "y"], sort=True, dropna=False)
    number = np.asarray(grouped.ngroup(), dtype=np.int64)
    spots = frame.assign(number=number).drop_duplicates("number").sort_values("number")
    x, y = (np.asarray(spots[name], dtype=np.float64) for name in ("x", "y"))
    return number, (x, y)


def merge_points(points: Points, number: Positions) -> tuple[Points, Positions]:
    """Bring together those who are at the same point.

    Parameters
    ----------
    points
        x and y; NaN where unknown.
    number
        How many are at each, one column or several.

    Returns
    -------
    tuple
        Points that all differ, and how many are at each of them.

    Examples
    --------
    >>> at = np.array([2.0, 1.0, 2.0]), np.array([0.0, 0.0, 0.0])
    >>> points, number = merge_points(at, np.array([1, 5, 2]))
    >>> points[0].tolist(), number.tolist()
    ([1.0, 2.0], [5, 3])
    """
    at, different = number_points(points)
    together = np.zeros((len(different[0]), *number.shape[1:]), dtype=np.int64)
    np.add.at(together, at, number)
    return different, together
