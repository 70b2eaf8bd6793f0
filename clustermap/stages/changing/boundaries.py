"""Boundaries: clusters that are moved outward or inward, drawn anew, or merged."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from clustermap.checks import FAULTS, Checked
from clustermap.errors import TableFault
from clustermap.layers import projection
from clustermap.layers.clusters import clean_polygons
from clustermap.messages import Message
from clustermap.stages.changing.mergers import merge_clusters, move_in, replace_shape
from clustermap.stages.changing.names import call_cluster, require_cluster
from clustermap.stages.rows import read_rows
from clustermap.tables import CLUSTERS, Column, Table

if TYPE_CHECKING:
    import geopandas as gpd

    from clustermap.change import Boundary
    from clustermap.stages.changing.altered import Setup
    from clustermap.stages.reading import Unassigned

_OUTLINE = Table(
    "boundaries",
    "Another boundary.",
    (Column("cluster", "id", "Cluster."), CLUSTERS.column("geometry")),
    ("cluster",),
)
_TEXTS = (".csv", ".tsv", ".tab", ".txt")  # formats that hold no polygons


def change_clusters(setup: Setup, told: list[Message]) -> Unassigned:
    """Give clusters their other boundaries, one after the other.

    Parameters
    ----------
    setup
        Change and layers.
    told
        Sentences; one is added for each boundary.

    Returns
    -------
    Unassigned
        Layers as they were read, with other clusters; firms and grants of merged ones follow.

    Raises
    ------
    TableFault
        If there is no such cluster, nothing is left of it, or a file holds no polygon of it.
    """
    if not setup.change.boundaries:
        return setup.unassigned
    frame, homes = setup.unassigned.clusters.copy(), dict[str, str]()
    for number, boundary in enumerate(setup.change.boundaries):
        table = setup.place("boundaries", number)
        cluster = require_cluster(boundary.cluster, frame, table, "cluster")
        if boundary.merge:
            frame, joined = merge_clusters(frame, cluster, boundary.merge, table)
            homes |= dict.fromkeys(joined, cluster)
            named = call_cluster(frame, cluster)
            others = tuple(call_cluster(setup.unassigned.clusters, other) for other in joined)
            told.append(Message("whatif.change.merge", {"cluster": named, "others": others}))
        else:
            shape = _draw_boundary(setup, frame, cluster, boundary, table)
            told.append(_redraw(frame, cluster, boundary, shape))
    return move_in(replace(setup.unassigned, clusters=frame), setup.layers.actors, homes)


def _redraw(
    frame: gpd.GeoDataFrame, cluster: str, boundary: Boundary, shape: shapely.Geometry
) -> Message:
    """Replace a polygon and its area, in place; where it moves, a designated area moves along."""
    key = "path" if boundary.path is not None else "buffer_m"
    before = float(frame.loc[cluster, "area_km2"])
    drawn, now = (
        float(projection.areas_km2(np.array([one]), frame.crs)[0])
        for one in (frame.geometry[cluster], shape)
    )
    after = now if key == "path" else before * now / drawn
    replace_shape(frame, cluster, shape)
    frame.loc[cluster, "area_km2"] = after
    areas = {"before": f"{before:,.2f}", "after": f"{after:,.2f}"}
    values = {"cluster": call_cluster(frame, cluster), **areas, "moved": boundary.buffer_m or 0}
    return Message(f"whatif.change.{key}", values)


def _draw_boundary(
    setup: Setup, frame: gpd.GeoDataFrame, cluster: str, boundary: Boundary, table: str
) -> shapely.Geometry:
    if boundary.path is not None:
        return _read_boundary(setup, cluster, boundary, table)
    shape, metres = np.array([frame.geometry[cluster]]), np.array([boundary.buffer_m])
    moved: shapely.Geometry = projection.buffer_m(shape, metres, frame.crs)[0]
    if shapely.is_empty(moved):
        raise TableFault("change_no_area", table=table, key="buffer_m", value=boundary.buffer_m)
    return moved


def _read_boundary(setup: Setup, cluster: str, boundary: Boundary, table: str) -> shapely.Geometry:
    declared = replace(_OUTLINE, name=table)  # faults name the section
    rows, file_crs = _read_polygon(declared, cluster, boundary)
    own = pa.array([cluster])
    if "cluster" in rows.column_names:
        rows = rows.set_column(rows.column_names.index("cluster"), "cluster", own)
    else:
        rows = rows.append_column("cluster", own)
    crs = setup.unassigned.clusters.crs
    found = projection.check_crs(boundary.crs or file_crs, table)
    checked = Checked(rows.combine_chunks(), FAULTS.empty_table())
    outline: shapely.Geometry = clean_polygons(declared, checked, found, crs).frame.geometry.iloc[0]
    return outline


def _read_polygon(declared: Table, cluster: str, boundary: Boundary) -> tuple[pa.Table, str]:
    """Return the one row of a file that is of a cluster, and the coordinate system of the file."""
    table, path = declared.name, boundary.path
    if path is not None and path.suffix.lower() in _TEXTS:
        raise TableFault("no_geometry_column", table=table, column="geometry")
    read = read_rows(declared, boundary.source, _listen_to_nothing)
    rows = read.checked.rows
    if "geometry" not in rows.column_names:
        raise TableFault("no_geometry_column", table=table, column="geometry")
    if "cluster" in rows.column_names and rows["cluster"].null_count < rows.num_rows:
        rows = rows.filter(pc.fill_null(pc.equal(rows["cluster"], cluster), False))
    if rows.num_rows != 1:
        name = path.name if path is not None else ""
        raise TableFault(
            "change_which_polygon", table=table, key="path", value=name, found=rows.num_rows
        )
    return rows, read.crs


def _listen_to_nothing(step: Message, done: int, total: int, /) -> None:
    """One polygon is read at once."""
