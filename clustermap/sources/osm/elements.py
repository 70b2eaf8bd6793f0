"""From elements of the map to layers: which tag decides, what is an area, what is told twice."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from clustermap.layers.projection import LONLAT, areas_km2
from clustermap.sources.osm.tags import LAYERS, NAMES, TOLD, wanted_keys

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from clustermap.sources.osm.tags import Tag

Shapes: TypeAlias = "npt.NDArray[np.object_]"
Flags: TypeAlias = "npt.NDArray[np.bool_]"

ID = "element"
"""Column of the elements: "node/1", "way/2", "relation/3"."""

IDS = {"clusters": "cluster", "institutes": "institute", "firms": "firm"}
COLUMNS = {
    "clusters": ("cluster", "name", "name_en", "kind", "tag", "named", *TOLD),
    "institutes": ("institute", "name", "name_en", "kind", "precision_m", "tag", "named", *TOLD),
    "firms": ("firm", "name", "name_en", "precision_m", "tag", "named", *TOLD),
}
"""Columns of the layers, beside their geometry."""

MEANINGS = {
    "cluster": "Identifier in the map: way/… or relation/….",
    "institute": "Identifier in the map: node/…, way/… or relation/….",
    "firm": "Identifier in the map: node/…, way/… or relation/….",
    "name": "Name; of an unnamed cluster or institute its tag and identifier, of a firm nothing.",
    "name_en": "Name in English, or the international one, where the map has it.",
    "kind": "Kind of cluster, or actor type.",
    "precision_m": "Radius of a circle as large as the area that the point stands for (m);"
    " empty for what is a point in the map.",
    "tag": "Tag that decided.",
    "named": "1 where the map has a name, else 0.",
    "industrial": "Value of the tag industrial, e.g. port, for whoever wants to leave some out.",
    "product": "Value of the tag product.",
}
"""What the columns of the layers mean."""

_CRS = CRS.from_user_input(LONLAT)
_NAMED_EN = ("name:en", "int_name")


@dataclass(frozen=True)
class MadeLayers:
    """The layers that elements became.

    Parameters
    ----------
    frames
        By name of the layer: its rows with geometry in longitude and latitude; empty layers too.
    facts
        By layer: what became of the elements (kept, kinds, and why others are not rows).
    """

    frames: Mapping[str, gpd.GeoDataFrame]
    facts: Mapping[str, Mapping[str, int]]


def make_layers(
    elements: gpd.GeoDataFrame, tags: Sequence[Tag], within: shapely.Geometry | None = None
) -> MadeLayers:
    """Make the layers from elements of the map.

    Parameters
    ----------
    elements
        Column element, a column for every key that occurs, geometry in longitude and latitude; an
        element that came with several tiles stands several times.
    tags
        The table of tags; the first row that fits decides. An element may be a cluster and an
        actor, but only one actor.
    within
        Where to look; None for everywhere.

    Returns
    -------
    MadeLayers
        Clusters as polygons, actors as points, in the order of their identifiers.
    """
    elements = _prepare(elements, tags)
    # Sources begin an outline at other corners: equal ones become equal.
    shapes = shapely.normalize(_close_rings(elements.geometry.to_numpy()))
    areas = shapely.get_dimensions(shapes) == 2
    frames, facts = {}, {}
    actors = [tag for tag in tags if tag.layer != "clusters"]
    first = _decide(elements, actors)
    for layer in LAYERS:
        if layer == "clusters":
            rows, listed = (
                _decide(elements, wanted := [t for t in tags if t.layer == layer]),
                wanted,
            )
        else:
            mine = np.array([tag.layer == layer for tag in actors] + [False])
            rows, listed = np.where(mine[first], first, -1), actors
        chosen = np.flatnonzero(rows >= 0)
        part = elements.iloc[chosen]
        decided = [listed[row] for row in rows[chosen]]
        make = _make_clusters if layer == "clusters" else _make_actors
        frames[layer], facts[layer] = make(
            layer, part, shapes[chosen], areas[chosen], decided, within
        )
    return MadeLayers(frames, facts)


def _prepare(elements: gpd.GeoDataFrame, tags: Sequence[Tag]) -> gpd.GeoDataFrame:
    elements = elements.drop_duplicates(ID).copy()
    for key in wanted_keys(tags):
        if key not in elements.columns:
            elements[key] = None
    if elements.empty:
        return elements.reset_index(drop=True)
    parts = elements[ID].str.split("/", expand=True)
    order = np.lexsort((parts[1].astype("int64"), parts[0]))
    return elements.iloc[order].reset_index(drop=True)


def _close_rings(shapes: Shapes) -> Shapes:
    """Return shapes with closed lines as areas: for all tags of the table they outline one."""
    shapes = shapes.copy()
    lines = shapely.get_type_id(shapes) == shapely.GeometryType.LINESTRING
    rings = lines & shapely.is_closed(shapes) & (shapely.get_num_coordinates(shapes) > 3)
    corners, of_ring = shapely.get_coordinates(shapes[rings], return_index=True)
    shapes[rings] = shapely.polygons(shapely.linearrings(corners, indices=of_ring))
    return shapes


def _decide(elements: gpd.GeoDataFrame, tags: Sequence[Tag]) -> npt.NDArray[np.int64]:
    """Return the row of the table that decides each element, -1 where none fits."""
    decided = np.full(len(elements), -1)
    names = elements[[name for name in NAMES if name in elements]].fillna("").agg(" ".join, axis=1)
    for row, tag in enumerate(tags):
        fits = (elements[tag.key].astype(object) == tag.value).to_numpy(dtype=bool)
        if tag.named_like:
            pattern = re.compile(tag.named_like, re.IGNORECASE)
            open_rows = np.flatnonzero(fits & (decided < 0))
            named = [bool(pattern.search(names.iloc[at].strip())) for at in open_rows]
            fits = np.zeros(len(elements), dtype=bool)
            fits[open_rows[np.array(named, dtype=bool)]] = True
        decided[fits & (decided < 0)] = row
    return decided


def _first_name(part: gpd.GeoDataFrame, names: Sequence[str]) -> pd.Series[str]:
    """Return the first name of each element, empty where it has none."""
    found = pd.Series("", index=part.index, dtype=object)
    for name in names:
        said = part[name].fillna("").astype(str).str.split().str.join(" ")
        found = found.where(found != "", said)
    return found


def _describe(
    layer: str, part: gpd.GeoDataFrame, decided: Sequence[Tag]
) -> tuple[pd.DataFrame, pd.Series[str]]:
    """Return the columns that all layers share, and the names as the map has them."""
    own = _first_name(part, NAMES)
    tags = pd.Series([tag.written for tag in decided], index=part.index, dtype=object)
    frame = pd.DataFrame({IDS[layer]: part[ID]}, index=part.index)
    # Clusters and institutes must have names: what stands in for one is plainly none.
    frame["name"] = own.where(own != "", tags + " " + part[ID])
    if layer == "firms":
        frame["name"] = own.replace("", None)
    frame["name_en"] = _first_name(part, _NAMED_EN).replace("", None)
    if "kind" in COLUMNS[layer]:
        frame["kind"] = pd.Series([tag.kind for tag in decided], index=part.index, dtype=object)
    frame["tag"] = tags
    frame["named"] = (own != "").astype("int8")
    for key in TOLD:
        frame[key] = part[key].astype(object)
    return frame, own


def _make_clusters(
    layer: str,
    part: gpd.GeoDataFrame,
    shapes: Shapes,
    areas: Flags,
    decided: Sequence[Tag],
    within: shapely.Geometry | None,
) -> tuple[gpd.GeoDataFrame, dict[str, int]]:
    facts: Counter[str] = Counter(elements=len(part), no_area=int((~areas).sum()))
    frame, _ = _describe(layer, part, decided)
    valid = shapes.copy()
    broken = areas & ~shapely.is_valid(shapes)
    valid[broken] = _keep_areas(shapely.make_valid(shapes[broken], method="structure"))
    facts["made_valid"] = int(broken.sum())
    empty = areas & (shapely.is_empty(valid) | (shapely.area(valid) == 0))
    facts["no_area"] += int(empty.sum())
    kept = areas & ~empty
    if within is not None:
        shapely.prepare(within)
        there = shapely.intersects(valid, within)
        facts["elsewhere"] = int((kept & ~there).sum())
        kept &= there
    twice = _same_shape(valid, kept)
    facts["twice"] = int(twice.sum())
    kept &= ~twice
    return _finish(COLUMNS[layer], frame, valid, kept, facts)


def _keep_areas(shapes: Shapes) -> Shapes:
    """Return the areas of shapes: mending an outline may leave lines beside them."""
    kept = [
        shapely.union_all([piece for piece in shapely.get_parts(shape) if piece.area > 0])
        for shape in shapes
    ]
    return np.asarray(shapely.normalize(np.array(kept, dtype=object)), dtype=object)


def _same_shape(shapes: Shapes, kept: Flags) -> Flags:
    """Return which areas have the very outline of one before: a relation and its only way."""
    rows = np.flatnonzero(kept)
    outlines = pd.Series(shapely.to_wkb(shapely.normalize(shapes[rows])), index=rows)
    twice = np.zeros(len(shapes), dtype=bool)
    twice[outlines.index[outlines.duplicated()]] = True
    return twice


def _make_actors(
    layer: str,
    part: gpd.GeoDataFrame,
    shapes: Shapes,
    areas: Flags,
    decided: Sequence[Tag],
    within: shapely.Geometry | None,
) -> tuple[gpd.GeoDataFrame, dict[str, int]]:
    facts: Counter[str] = Counter(elements=len(part))
    frame, own = _describe(layer, part, decided)
    kept = areas | (shapely.get_type_id(shapes) == shapely.GeometryType.POINT)
    broken = areas & ~shapely.is_valid(shapes)
    shapes = shapes.copy()
    shapes[broken] = _keep_areas(shapely.make_valid(shapes[broken], method="structure"))
    facts["made_valid"] = int(broken.sum())
    kept &= ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    facts["no_place"] = int((~kept).sum())
    points = shapes.copy()
    points[kept & areas] = shapely.point_on_surface(shapes[kept & areas])
    if within is not None:
        shapely.prepare(within)
        there = shapely.intersects(points, within)
        facts["elsewhere"] = int((kept & ~there).sum())
        kept &= there
    inner = _parts_of_others(points, shapes, kept & areas, kept, own.to_numpy(), decided)
    facts["part_of_another"] = int(inner.sum())
    kept &= ~inner
    frame["precision_m"] = _radii(shapes, kept & areas)
    return _finish(COLUMNS[layer], frame, points, kept, facts)


def _radii(shapes: Shapes, areas: Flags) -> npt.NDArray[np.float64]:
    """Return how far an actor may be from the point that stands for its area, NaN for points."""
    radii = np.full(len(shapes), np.nan)
    radii[areas] = np.ceil(1000 * np.sqrt(areas_km2(shapes[areas], _CRS) / np.pi))
    return radii


def _parts_of_others(
    points: Shapes,
    shapes: Shapes,
    areas: Flags,
    kept: Flags,
    names: npt.NDArray[np.object_],
    decided: Sequence[Tag],
) -> Flags:
    """Return which actors lie in a larger one that they are a part of."""
    size = np.where(areas, shapely.area(shapes), 0.0)
    holders, inner = np.flatnonzero(areas), np.flatnonzero(kept)
    parts = np.zeros(len(shapes), dtype=bool)
    if not len(holders):
        return parts
    at, of = shapely.STRtree(shapes[holders]).query(points[inner], predicate="intersects")
    at, of = inner[at], holders[of]
    # Of two with one outline, the first in order stays.
    larger = (size[of] > size[at]) | ((size[of] == size[at]) & (of < at))
    rules = np.array([tag.inside for tag in decided], dtype=object)
    kinds = np.array([tag.kind for tag in decided], dtype=object)
    folded = np.array([name.casefold() for name in names], dtype=object)
    same_name = (folded[at] == folded[of]) & (folded[at] != "")
    part = (rules[at] == "part") & (kinds[at] == kinds[of])
    parts[at[larger & (part | ((rules[at] == "name") & same_name))]] = True
    return parts


def _finish(
    columns: Sequence[str], frame: pd.DataFrame, shapes: Shapes, kept: Flags, facts: Counter[str]
) -> tuple[gpd.GeoDataFrame, dict[str, int]]:
    made = gpd.GeoDataFrame(
        frame.loc[kept, [*columns]], geometry=shapes[kept], crs=LONLAT
    ).reset_index(drop=True)
    facts["kept"] = len(made)
    facts["unnamed"] = int((made["named"] == 0).sum())
    return made, {name: count for name, count in facts.items() if count or name == "kept"}
