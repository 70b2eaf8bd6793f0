"""Reach: who is near a place, in a straight line or by road.

Whoever asks is given the same four answers either way, so that no rule is written twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import pandas as pd

from clustermap.layers.projection import LONLAT, check_crs, transform
from clustermap.network.roads import Roads, Stops, count_within, find_stops, reach_actors
from clustermap.selection.distance import find_within

if TYPE_CHECKING:
    import numpy.typing as npt
    from pyproj import CRS

    from clustermap.selection.distance import Distance, Points

    Numbers = npt.NDArray[np.float64]
    Positions = npt.NDArray[np.int64]
    Marks = npt.NDArray[np.bool_]

REACH_M = 30_000.0
"""Straight line that stands for thirty minutes by road where no roads were read; ours."""

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
    """

    distance: Distance
    limit: float = REACH_M

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
        place, point, _ = find_within(here, there, self.distance, self.limit)
        near = np.zeros((len(here[0]), *number.shape[1:]), dtype=np.int64)
        np.add.at(near, place, number[point])
        return near

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
        _, point, _ = find_within(here, there, self.distance, self.limit)
        return np.isin(np.arange(len(there[0])), point)

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
        served = np.zeros(len(there[0]), dtype=bool)
        for _, near in reach_actors(self.roads, self.stop(here), self.stop(there), self.limit_s):
            served[near] = True
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
