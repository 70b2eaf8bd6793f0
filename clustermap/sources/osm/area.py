"""Where to look: an area and the tiles that it is asked for in."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import shapely
from pyproj import CRS

from clustermap.layers.projection import LONLAT, areas_km2

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shapely.geometry.base import BaseGeometry

    from clustermap.layers.projection import Bounds

_DEGREE_KM = 111.32
_DECIMALS = 6  # of a degree, as in the queries: about a tenth of a metre


@dataclass(frozen=True)
class Area:
    """Where to look.

    Parameters
    ----------
    shape
        Polygon in longitude and latitude.
    label
        What it is called.
    """

    shape: BaseGeometry
    label: str

    @property
    def bounds(self) -> Bounds:
        """West, south, east, north in degrees."""
        west, south, east, north = (round(float(v), _DECIMALS) for v in self.shape.bounds)
        return west, south, east, north

    @property
    def km2(self) -> float:
        """Its size, square kilometres."""
        shapes = np.array([*shapely.get_parts(self.shape)], dtype=object)
        return float(areas_km2(shapes, CRS.from_user_input(LONLAT)).sum())

    def tiles(self, side_km: float) -> list[BaseGeometry]:
        """Return the boxes that cover the area, none larger than asked for.

        Parameters
        ----------
        side_km
            Longest side of a box, kilometres.

        Returns
        -------
        list
            Boxes from the south-west to the north-east; each no larger than what it covers.
        """
        west, south, east, north = self.bounds
        rows = max(1, math.ceil((north - south) * _DEGREE_KM / side_km))
        widest = math.cos(math.radians(min(abs(south), abs(north)) if south * north > 0 else 0.0))
        columns = max(1, math.ceil((east - west) * _DEGREE_KM * widest / side_km))
        lon, lat = np.linspace(west, east, columns + 1), np.linspace(south, north, rows + 1)
        shapely.prepare(self.shape)
        found = []
        for row, column in product(range(rows), range(columns)):
            box = shapely.box(lon[column], lat[row], lon[column + 1], lat[row + 1])
            part = shapely.intersection(box, self.shape)
            if shapely.area(part) > 0:
                found.append(shapely.box(*np.round(part.bounds, _DECIMALS)))
        return found


def box_area(bbox: Bounds, label: str = "") -> Area:
    """Return a box as an area.

    Parameters
    ----------
    bbox
        West, south, east, north in degrees.
    label
        What it is called; the numbers where it is "".

    Returns
    -------
    Area
        The box.
    """
    return Area(shapely.box(*bbox), label or ",".join(f"{side:g}" for side in bbox))


def union_area(boxes: Iterable[Bounds], label: str, margin_km: float = 1.0) -> Area:
    """Return boxes, each a little widened, as one area.

    Parameters
    ----------
    boxes
        West, south, east, north in degrees.
    label
        What it is called.
    margin_km
        What is added on every side, kilometres.

    Returns
    -------
    Area
        Their union.
    """
    sides = np.array([*boxes], dtype=float).reshape(-1, 4)
    up = margin_km / _DEGREE_KM
    across = up / np.maximum(np.cos(np.radians(np.abs(sides[:, [1, 3]]).max(axis=1))), 0.01)
    grown = shapely.box(
        sides[:, 0] - across, sides[:, 1] - up, sides[:, 2] + across, sides[:, 3] + up
    )
    return Area(shapely.union_all(grown), label)
