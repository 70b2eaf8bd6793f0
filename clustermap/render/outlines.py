"""Outlines for display: longitudes and latitudes to about a metre, packed into little text."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import geopandas as gpd
    import numpy.typing as npt

    Steps = npt.NDArray[np.int64]

UNIT = 100_000
"""Steps a degree: one step is about one metre."""


def display_shapes(layer: gpd.GeoDataFrame, details: int) -> npt.NDArray[np.object_]:
    """Return the shapes of a layer in EPSG:4326, without detail that no screen shows.

    Parameters
    ----------
    layer
        Polygons in any known coordinate system.
    details
        How many details a shape may show from side to side: what is smaller is left out.

    Returns
    -------
    numpy.ndarray
        Shapely geometries, one a row; None where there is none.
    """
    shapes = layer.geometry.to_crs("EPSG:4326").to_numpy()
    west, south, east, north = shapely.bounds(shapes).T
    across = np.fmax(east - west, north - south)
    tolerance = np.fmax(np.nan_to_num(across) / details, 1 / UNIT)
    simplified: npt.NDArray[np.object_] = shapely.simplify(shapes, tolerance)
    return simplified


def pack_outlines(shapes: Iterable[shapely.Geometry | None]) -> str:
    """Pack the rings of shapes into text.

    Parameters
    ----------
    shapes
        Polygons and multipolygons in EPSG:4326; None and other types have no rings.

    Returns
    -------
    str
        Base64 of numbers of variable length (seven bits a byte, lowest first): for each shape its
        number of rings, for each ring its number of corners, then for each corner the step from
        the corner before (longitude, latitude; zigzag). The last corner of a ring, which repeats
        its first, is left out.
    """
    numbers: list[Steps] = []
    last = np.zeros((1, 2), dtype=np.int64)
    for shape in shapes:
        rings = [steps for ring in _rings(shape) if len(steps := _steps(ring)) > 2]
        numbers.append(np.array([len(rings)], dtype=np.int64))
        for steps in rings:
            moves = np.diff(steps, axis=0, prepend=last)
            numbers.extend((np.array([len(steps)], dtype=np.int64), _zigzag(moves.ravel())))
            last = steps[-1:]
    return pack_numbers(np.concatenate(numbers) if numbers else np.zeros(0, dtype=np.int64))


def pack_points(lon: npt.ArrayLike, lat: npt.ArrayLike) -> str:
    """Pack points into text.

    Parameters
    ----------
    lon, lat
        Degrees in EPSG:4326, finite.

    Returns
    -------
    str
        As :func:`pack_outlines` writes the corners of one ring, without their number.
    """
    steps = np.rint(np.column_stack((lon, lat)).astype(np.float64) * UNIT).astype(np.int64)
    moves = np.diff(steps, axis=0, prepend=np.zeros((1, 2), dtype=np.int64))
    return pack_numbers(_zigzag(moves.ravel()))


def pack_numbers(numbers: Steps) -> str:
    """Pack whole numbers into text, small ones into little of it.

    Parameters
    ----------
    numbers
        Numbers from 0 to 2^35 - 1.

    Returns
    -------
    str
        Base64 of numbers of variable length (seven bits a byte, lowest first).
    """
    parts = (numbers[:, None] >> (7 * np.arange(5))) & 0x7F
    needed = 1 + np.sum(numbers[:, None] >= (1 << (7 * np.arange(1, 5))), axis=1)
    place = np.arange(5)[None, :]
    coded = (parts | np.where(place < needed[:, None] - 1, 0x80, 0)).astype(np.uint8)
    return b64encode(coded[place < needed[:, None]].tobytes()).decode("ascii")


def _rings(shape: shapely.Geometry | None) -> Iterator[npt.NDArray[np.float64]]:
    for part in shapely.get_parts(shape) if shape is not None else ():
        if isinstance(part, shapely.Polygon):
            for ring in (part.exterior, *part.interiors):
                yield shapely.get_coordinates(ring)


def _steps(ring: npt.NDArray[np.float64]) -> Steps:
    steps = np.rint(ring[:-1] * UNIT).astype(np.int64)
    moved = np.any(np.diff(steps, axis=0, prepend=steps[-1:]) != 0, axis=1)
    return steps[moved]


def _zigzag(moves: Steps) -> Steps:
    return (moves << 1) ^ (moves >> 63)
