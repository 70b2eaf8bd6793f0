"""Geometries as files want them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

_COLLECT: dict[int, tuple[Callable[..., object], Callable[[], object]]] = {
    0: (shapely.multipoints, shapely.MultiPoint),
    1: (shapely.multilinestrings, shapely.MultiLineString),
    3: (shapely.multipolygons, shapely.MultiPolygon),
}


def promote(geometry: NDArray[np.object_]) -> NDArray[np.object_]:
    """Turn points, lines and polygons into collections of one.

    Parameters
    ----------
    geometry
        Geometries, None where there is none.

    Returns
    -------
    numpy.ndarray
        MultiPoint, MultiLineString or MultiPolygon for each; others as they are.
    """
    promoted = geometry.copy()
    kinds = np.asarray(shapely.get_type_id(geometry))
    empty = np.asarray(shapely.is_empty(geometry))
    for kind, (collect, nothing) in _COLLECT.items():
        filled = (kinds == kind) & ~empty
        promoted[filled] = collect(geometry[filled][:, np.newaxis])
        promoted[(kinds == kind) & empty] = nothing()
    return promoted
