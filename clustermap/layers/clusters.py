"""Clusters: polygons made valid, brought to the map's system, and held against each other."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from pyproj import CRS

from clustermap.checks import FILE, LINE, Checked, set_aside
from clustermap.errors import TableFault
from clustermap.layers import projection
from clustermap.layers.cells import ABROAD, JOINT, OUTSIDE
from clustermap.layers.identity import set_duplicates_aside
from clustermap.messages import Message

if TYPE_CHECKING:
    import numpy.typing as npt
    from shapely.geometry.base import BaseGeometry

    from clustermap.tables import Table

_NEAR_DEGREES = 0.5
"""A layer farther outside the map's area of use than this is looked at with swapped axes."""
_DOUBTFUL, _DOUBTFUL_M = 0.2, 500.0
_SLIVER = 1e-6
"""Overlaps below this share of the smaller polygon come from drawing, not from designation."""
_UNUSABLE = "unusable_polygon"


@dataclass(frozen=True)
class CleanPolygons:
    """A polygon layer that holds.

    Parameters
    ----------
    frame
        One row a polygon, index the table's key, geometry in the map's coordinate system.
    faults
        FAULTS: rows set aside.
    made_valid
        How many polygons had to be made valid.
    """

    frame: gpd.GeoDataFrame
    faults: pa.Table
    made_valid: int


def _as_areas(
    shapes: npt.NDArray[np.object_], area_km2: npt.NDArray[np.float64], crs: CRS
) -> npt.NDArray[np.object_]:
    """Return shapes with circles of the stated area for points."""
    points = (shapely.get_type_id(shapes) == shapely.GeometryType.POINT) & (area_km2 > 0)
    radius_m = np.sqrt(area_km2[points] * 1e6 / np.pi)
    drawn = shapes.copy()
    drawn[points] = projection.circles(shapes[points], radius_m, crs)
    return drawn


def _only_polygons(shape: BaseGeometry) -> BaseGeometry:
    """Return the areas of what make_valid() left, without its lines and points."""
    if shape.geom_type in {"Polygon", "MultiPolygon"}:
        return shape
    parts = [part for part in shapely.get_parts(shape) if part.geom_type.endswith("Polygon")]
    return shapely.union_all(parts) if parts else shapely.Polygon()


def make_valid(
    shapes: npt.NDArray[np.object_],
) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.bool_]]:
    """Return valid polygons, and which were not.

    Parameters
    ----------
    shapes
        Polygons, some of which may cross themselves; None or coordinates that are not finite
        are let be.

    Returns
    -------
    tuple
        Polygons (empty where no area is left) and which of them were mended.
    """
    broken = _are_finite(shapes) & ~shapely.is_valid(shapes)
    mended = shapes.copy()
    mended[broken] = [_only_polygons(s) for s in shapely.make_valid(shapes[broken])]
    return mended, np.asarray(broken)


def _are_finite(shapes: npt.NDArray[np.object_]) -> npt.NDArray[np.bool_]:
    """Return which shapes are drawn, and every corner of them somewhere."""
    # Bounds pass over corners that are not a number; they are none where nothing is drawn.
    corners, of = shapely.get_coordinates(shapes, return_index=True)
    finite = np.asarray(np.isfinite(shapely.bounds(shapes)).all(axis=1))
    finite[of[~np.isfinite(corners).all(axis=1)]] = False
    return finite


def clean_polygons(table: Table, checked: Checked, found_crs: CRS, crs: CRS) -> CleanPolygons:
    """Return the polygons of a layer that can be used, in the map's coordinate system.

    Parameters
    ----------
    table
        CLUSTERS or REGIONS.
    checked
        Typed rows with WKB in ``geometry``.
    found_crs
        Coordinate system of the layer.
    crs
        Coordinate system of the map.

    Returns
    -------
    CleanPolygons
        Polygons, faults and how many were made valid.

    Raises
    ------
    TableFault
        If the layer is empty, lies elsewhere than its coordinate system says, or is swapped.
    """
    own = _set_reserved_aside(table, checked.rows)
    unique = set_duplicates_aside(table.name, own.rows, table.key[0])
    rows = unique.rows
    shapes = shapely.from_wkb(
        rows["geometry"].combine_chunks().to_numpy(zero_copy_only=False), on_invalid="ignore"
    )
    shapes, broken = make_valid(shapely.force_2d(shapes))
    found = pa.concat_tables([checked.faults, own.faults, unique.faults])
    nowhere = ~_are_finite(shapes)
    if nowhere.all():
        held = set_aside(table.name, rows, nowhere, column=table.key[0], reason=_UNUSABLE)
        raise _tell_all_refused(table, pa.concat_tables([found, held.faults]))
    _refuse_misplaced(table.name, shapes, found_crs, crs)
    shapes = projection.transform_shapes(shapes, found_crs, crs)
    if "area_km2" in rows.column_names:
        shapes = _as_areas(shapes, rows["area_km2"].to_numpy(), crs)
    shapes, broken_again = make_valid(shapes)
    bad = _unusable(shapes)
    held = set_aside(
        table.name, rows.drop(["geometry"]), bad, column=table.key[0], reason=_UNUSABLE
    )
    frame = gpd.GeoDataFrame(
        held.rows.drop([FILE, LINE]).to_pandas(), geometry=shapes[~bad], crs=crs
    ).set_index(table.key[0])
    faults = pa.concat_tables([found, held.faults])
    if frame.empty:
        drawn = ~shapely.is_missing(shapes) & ~shapely.is_empty(shapes)
        if drawn.any():
            raise TableFault("not_polygons", table=table.name)
        raise _tell_all_refused(table, faults)
    made_valid = int(((broken | broken_again) & ~bad).sum())
    return CleanPolygons(_fill_area(table, frame, crs), faults, made_valid)


def _tell_all_refused(table: Table, faults: pa.Table) -> TableFault:
    """Return the fault of a layer whose every row is refused: what most of them have."""
    if not faults.num_rows:
        return TableFault("empty_layer", table=table.name)
    reasons = sorted(
        Counter(faults["reason"].to_pylist()).items(), key=lambda one: (-one[1], one[0])
    )
    reason, refused = reasons[0]
    alike = faults.filter(pc.equal(faults["reason"], reason))
    first = alike.slice(0, 1).to_pylist()[0]
    files = alike.filter(pc.equal(alike["value"], first["value"]))["file"].unique().to_pylist()
    twice = reason == "duplicate_id" and len(files) > 1
    return TableFault(
        "all_in_several_files" if twice else "all_refused",
        table=table.name if twice else f"{table.name} ({first['file']})",
        column=first["column"],
        row=None if twice else first["line"],
        value=first["value"],
        why=Message(f"row_fault.{reason}"),
        files=", ".join(files),
        refused=refused,
        read=faults.num_rows,
    )


def _set_reserved_aside(table: Table, rows: pa.Table) -> Checked:
    """Set clusters aside whose identifiers are the names of cells in the background."""
    key = table.key[0]
    reserved = rf"^({OUTSIDE}|{ABROAD})|{JOINT.strip()}"
    bad = pc.match_substring_regex(rows[key], reserved).to_numpy()
    return set_aside(table.name, rows, bad & (key == "cluster"), column=key, reason="reserved_id")


def _unusable(shapes: npt.NDArray[np.object_]) -> npt.NDArray[np.bool_]:
    kinds = shapely.get_type_id(shapes)
    polygons = (kinds == shapely.GeometryType.POLYGON) | (
        kinds == shapely.GeometryType.MULTIPOLYGON
    )
    return np.asarray(~polygons | shapely.is_empty(shapes) | ~_are_finite(shapes), dtype=bool)


def _fill_area(table: Table, frame: gpd.GeoDataFrame, crs: CRS) -> gpd.GeoDataFrame:
    if any(column.name == "area_km2" for column in table.columns):
        drawn = projection.areas_km2(frame.geometry.to_numpy(), crs)
        frame["area_km2"] = frame.get("area_km2", pd.Series(np.nan, frame.index)).fillna(
            pd.Series(drawn, frame.index)
        )
    return frame


def _refuse_misplaced(table: str, shapes: npt.NDArray[np.object_], found: CRS, crs: CRS) -> None:
    """Raise where the layer cannot lie where its coordinates and the map's system say."""
    middle = shapely.bounds(shapes[_are_finite(shapes)])
    x, y = (middle[:, 0] + middle[:, 2]) / 2, (middle[:, 1] + middle[:, 3]) / 2
    lonlat = CRS.from_user_input(projection.LONLAT)
    lon, lat = projection.transform(x, y, found, lonlat)
    if found.is_projected and (np.abs(x) <= 180).all() and (np.abs(y) <= 90).all():
        raise TableFault(
            "degrees_in_metres", table=table, key="crs", value=projection.name_crs(found)
        )
    if not _lies_well(lon, lat, crs):
        swapped = projection.transform(y, x, found, lonlat)
        if _lies_well(*swapped, crs):
            raise TableFault("swapped_axes", table=table, column="geometry")
    if np.isnan(lon).mean() > 0.5:
        raise TableFault(
            "misplaced_layer", table=table, key="crs", value=projection.name_crs(found)
        )
    projection.check_fit(crs, lon, lat, "project")


def _lies_well(lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64], crs: CRS) -> bool:
    """Return whether most of a layer lies where the map's system is made for."""
    area = None if crs.is_geographic else crs.area_of_use
    bounds = area.bounds if area else (-180.0, -90.0, 180.0, 90.0)
    return bool(projection.lies_in(lon, lat, bounds, margin=_NEAR_DEGREES).mean() >= 0.5)


def find_overlaps(shapes: npt.NDArray[np.object_]) -> npt.NDArray[np.int64]:
    """Return the pairs of polygons that share ground.

    Parameters
    ----------
    shapes
        Polygons of one layer.

    Returns
    -------
    np.ndarray
        Shape (pairs, 2): positions, the smaller first; slivers below a millionth of the smaller
        polygon are no overlap.
    """
    tree = shapely.STRtree(shapes)
    first, second = tree.query(shapes, predicate="intersects")
    once = first < second
    first, second = first[once], second[once]
    shared = shapely.area(shapely.intersection(shapes[first], shapes[second]))
    smaller = np.minimum(shapely.area(shapes[first]), shapely.area(shapes[second]))
    overlap = np.asarray(shared > _SLIVER * smaller)
    return np.column_stack([first[overlap], second[overlap]])


def refuse_overlaps(frame: gpd.GeoDataFrame, pairs: npt.NDArray[np.int64]) -> None:
    """Raise where clusters overlap and the project file says that they may not.

    Parameters
    ----------
    frame
        Clusters.
    pairs
        From :func:`find_overlaps`.

    Raises
    ------
    TableFault
        If there is a pair; the first is named.
    """
    if len(pairs):
        one, other = frame.index[pairs[0, 0]], frame.index[pairs[0, 1]]
        raise TableFault(
            "overlapping_clusters",
            table="clusters",
            column="cluster",
            value=one,
            other=other,
            pairs=len(pairs),
        )


def move_boundaries(clusters: gpd.GeoSeries, *, outward: bool) -> npt.NDArray[np.object_]:
    """Return clusters whose boundary is moved as far as it may be in doubt.

    That is by a fifth of the radius of a circle of the same area, at most 500 m. A strip so narrow
    that nothing of it would be left stays as it is drawn.

    Parameters
    ----------
    clusters
        Polygons on the map.
    outward
        Whether they grow; else they shrink.

    Returns
    -------
    np.ndarray
        Polygons.
    """
    shapes, crs = clusters.to_numpy(), clusters.crs
    radius_m = np.sqrt(projection.areas_km2(shapes, crs) / np.pi) * 1000
    metres = np.minimum(_DOUBTFUL * radius_m, _DOUBTFUL_M) * (1 if outward else -1)
    moved = projection.buffer_m(shapes, metres, crs)
    return np.where(shapely.is_empty(moved), shapes, moved)
