"""Geometries as files want them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

_COLLECT: dict[int, tuple[Callable[..., object], Callable[[], object]]] = {
    0: (shapely.multipoints, shapely.MultiPoint),
    1: (shapely.multilinestrings, shapely.MultiLineString),
    3: (shapely.multipolygons, shapely.MultiPolygon),
}
_MULTI = {
    0: "MultiPoint",
    4: "MultiPoint",
    1: "MultiLineString",
    5: "MultiLineString",
    3: "MultiPolygon",
    6: "MultiPolygon",
}


def free_name(wanted: str, taken: Iterable[str]) -> str:
    """Return a name for a column that no other column has.

    Parameters
    ----------
    wanted
        Name in small letters.
    taken
        Names of the other columns.

    Returns
    -------
    str
        The name, with underscores behind it where it is taken.
    """
    used = {name.casefold() for name in taken}
    while wanted in used:
        wanted += "_"
    return wanted


def multi_type(geometry: NDArray[np.object_]) -> str:
    """Return the type of a layer: one family is promoted to its collection, a mixture stays.

    Parameters
    ----------
    geometry
        Geometries, None where there is none.

    Returns
    -------
    str
        E.g. "MultiPolygon" or "MultiPolygon Z"; "Unknown" for a mixture.
    """
    present = geometry[~shapely.is_missing(geometry)]
    kinds = {_MULTI.get(kind, "") for kind in shapely.get_type_id(present).tolist()} or {
        "MultiPoint"
    }
    kind = kinds.pop() if len(kinds) == 1 else ""
    if not kind:
        return "Unknown"
    return f"{kind} Z" if shapely.has_z(present).any() else kind


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
