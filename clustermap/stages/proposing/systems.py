"""The coordinate systems of a proposal: of the map, of the clusters, of actors in columns."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import shapely

from clustermap.layers.projection import check_crs
from clustermap.messages import Message
from clustermap.stages.proposing.grouping import Group, say_crs
from clustermap.stages.proposing.locating import (
    CANDIDATES,
    CLOSE,
    Found,
    fit_map,
    on_globe,
    place_clusters,
    read_points,
    stated_crs,
    try_systems,
)
from clustermap.stages.proposing.recognising import read_ours

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from clustermap.layers.projection import Floats

_LOCATED = ("firms", "institutes")
_FAR = 0.05
"""Below this share inside of clusters, what was found may as well be chance."""


def settle_systems(groups: Sequence[Group]) -> tuple[list[Group], str]:
    """Find the coordinate systems that files do not state.

    Parameters
    ----------
    groups
        Sections, the clusters' among them.

    Returns
    -------
    tuple
        The sections, and the code of a system that suits the map.
    """
    first = next(group for group in groups if group.table == "clusters")
    placed, clusters = _settle_clusters(first)
    system = fit_map(clusters) if len(clusters) else CANDIDATES[1]
    settled = []
    for group in groups:
        if group is first:
            settled.append(placed)
        elif group.table in _LOCATED:
            settled.append(_settle_actors(group, clusters, (*CANDIDATES, system)))
        elif group.table == "regions":
            settled.append(_settle_clusters(group)[0])
        else:
            settled.append(group)
    return settled, system


def _shapes(group: Group) -> npt.NDArray[np.object_]:
    return np.concatenate([np.asarray(peek.geometry, dtype=object) for peek in group.peeks])


def _settle_clusters(group: Group) -> tuple[Group, npt.NDArray[np.object_]]:
    """Return a layer of areas with its system, and the areas in degrees."""
    shapes = _shapes(group)
    stated = say_crs(group)
    if stated:
        return group, on_globe(shapes, check_crs(stated, group.table))
    fitting = place_clusters(shapes)
    if not fitting:
        told = (*group.told, Message("init.crs_unknown"))
        return replace(group, told=told), np.empty(0, dtype=object)
    key = "init.crs_of_areas" if len(fitting) > 1 else "init.crs_of_areas_sure"
    told = (*group.told, Message(key, {"crs": fitting[0], "others": fitting[1:]}))
    settled = replace(group, crs=fitting[0], told=told)
    return settled, on_globe(shapes, check_crs(fitting[0], group.table))


def _settle_actors(
    group: Group, clusters: npt.NDArray[np.object_], systems: Sequence[str]
) -> Group:
    by_shape = bool(group.peeks[0].shapes)
    if say_crs(group):
        return group
    points = _points_of_shapes(group) if by_shape else _points_of_columns(group)
    if points is None:
        where = "x" if by_shape else "complex"
        said = [] if where in group.columns else [Message("init.no_place")]
        return replace(group, told=(*group.told, *said))
    found = try_systems(*points, clusters, systems) if len(clusters) else []
    if by_shape:  # columns can be exchanged, corners of shapes cannot
        found = [one for one in found if not one.swapped]
    if not found:
        return replace(group, told=(*group.told, Message("init.crs_unknown")))
    best = found[0]
    if best.swapped and group.dialect is None:
        group = _swap(group)
    told = (*group.told, *_tell(best, found))
    return replace(group, crs=best.crs, told=told)


def _points_of_shapes(group: Group) -> tuple[Floats, Floats] | None:
    shapes = _shapes(group)
    middles = shapely.centroid(shapes[shapely.is_geometry(shapes)])
    x, y = (
        pa.chunked_array([pa.array(values)])
        for values in (shapely.get_x(middles), shapely.get_y(middles))
    )
    found = read_points(x, y)
    return found if len(found[0]) else None


def _points_of_columns(group: Group) -> tuple[Floats, Floats] | None:
    points = [np.empty((2, 0))]
    for peek, fit in group.members:
        rows = read_ours(peek, fit)
        if {"x", "y"} <= set(rows.column_names):
            points.append(np.stack(read_points(rows["x"], rows["y"])))
    x, y = np.concatenate(points, axis=1)
    return (x, y) if len(x) else None


def _swap(group: Group) -> Group:
    columns = {**group.columns, "x": group.columns["y"], "y": group.columns["x"]}
    return replace(group, columns=columns)


def _tell(best: Found, found: Sequence[Found]) -> list[Message]:
    close = [one for one in found if one.share >= best.share - CLOSE and one != best]
    others = [_say_share(one) for one in close if one.swapped == best.swapped]
    values = {"crs": best.crs, "share": _percent(best.share), "others": others}
    told = [Message("init.crs_guessed_among" if others else "init.crs_guessed", values)]
    if best.swapped:
        told.append(Message("init.crs_swapped"))
    if best.share < _FAR:
        told.append(Message("init.crs_far"))
    return told


def _say_share(one: Found) -> str:
    return f"{one.crs} {_percent(one.share)}"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def is_unnamed(group: Group) -> bool:
    """Return whether files state a coordinate system without a code, which is none.

    Parameters
    ----------
    group
        Files.

    Returns
    -------
    bool
        True also for text that is no coordinate system.
    """
    text = group.peeks[0].crs
    return bool(text) and stated_crs(text) is None
