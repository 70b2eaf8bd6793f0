"""Mergers: clusters that become one, and what belonged to those that were taken in."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import geopandas as gpd
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from clustermap.errors import TableFault
from clustermap.stages.changing.names import require_cluster

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from clustermap.checks import Checked
    from clustermap.stages.reading import Unassigned

_SUMS, _LISTS = ("area_km2", "cost"), ("industries", "permitted")


def merge_clusters(
    frame: gpd.GeoDataFrame, cluster: str, others: Sequence[str], table: str
) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Let a cluster take others in: their polygons, areas, costs and industries.

    Parameters
    ----------
    frame
        Clusters, by identifier; the one that takes in is changed in place.
    cluster
        Identifier of the cluster that takes in.
    others
        Clusters that it takes in, as the change file has them.
    table
        Section of the change file, for a fault.

    Returns
    -------
    tuple
        Clusters without those that were taken in, and the identifiers of these.

    Raises
    ------
    TableFault
        If one is not there, or stands twice.
    """
    joined = [require_cluster(other, frame, table, "merge") for other in others]
    if cluster in joined or len(set(joined)) < len(joined):
        raise TableFault("change_merged_twice", table=table, key="merge", value=cluster)
    together = frame.loc[[cluster, *joined]]
    for column in {*_SUMS} & {*frame.columns}:
        frame.loc[cluster, column] = together[column].sum(skipna=False)
    for column in {*_LISTS} & {*frame.columns}:
        parts = [part.strip() for text in together[column].dropna() for part in text.split(";")]
        frame.loc[cluster, column] = ";".join(dict.fromkeys(filter(None, parts))) or None
    replace_shape(frame, cluster, shapely.union_all(together.geometry.to_numpy()))
    return frame.drop(index=joined), joined


def replace_shape(frame: gpd.GeoDataFrame, cluster: str, shape: shapely.Geometry) -> None:
    """Give a cluster another polygon, in place.

    Parameters
    ----------
    frame
        Clusters, by identifier.
    cluster
        Identifier.
    shape
        Polygon, in the coordinate system of the clusters.
    """
    shapes = frame.geometry.to_numpy().copy()
    shapes[frame.index.get_loc(cluster)] = shape
    frame.geometry = gpd.GeoSeries(shapes, index=frame.index, crs=frame.crs)


def move_in(
    unassigned: Unassigned, assigned: Mapping[str, pa.Table], homes: Mapping[str, str]
) -> Unassigned:
    """Let firms and grants of clusters that were taken in follow them.

    Parameters
    ----------
    unassigned
        Layers as they were read.
    assigned
        Actors as they stand in the clusters that were read.
    homes
        Cluster that was taken in to the one that took it, which may have been taken in later.

    Returns
    -------
    Unassigned
        Layers whose firms and grants name clusters that are there.
    """
    last = {cluster: _follow(cluster, homes) for cluster in homes}
    actors = dict(unassigned.actors)
    if "firms" in actors:
        checked, read = actors["firms"]
        actors["firms"] = (_rehome(checked, assigned["firms"], last), read)
    return replace(unassigned, actors=actors, grants=_regrant(unassigned.grants, last))


def _follow(cluster: str, homes: Mapping[str, str]) -> str:
    while cluster in homes:
        cluster = homes[cluster]
    return cluster


def _rehome(checked: Checked, assigned: pa.Table, homes: Mapping[str, str]) -> Checked:
    """State the cluster that is now there for firms that stated one that is merged away."""
    if "complex" not in checked.rows.column_names or not homes:
        return checked
    now, moved = _look_up(assigned["cell"].combine_chunks().cast(pa.string()), homes)
    moved = pc.and_(moved, pc.equal(assigned["how"].cast(pa.string()), "complex"))
    return _replace_where(checked, "complex", moved, now)


def _regrant(
    grants: tuple[Checked, int] | None, homes: Mapping[str, str]
) -> tuple[Checked, int] | None:
    """Let clusters that take others in have their grants, too."""
    if grants is None or not homes:
        return grants
    checked, read = grants
    now, moved = _look_up(checked.rows["beneficiary"].combine_chunks(), homes)
    return _replace_where(checked, "beneficiary", moved, now), read


def _look_up(clusters: pa.Array, homes: Mapping[str, str]) -> tuple[pa.Array, pa.Array]:
    """Return the cluster that took each in, and whether one did."""
    at = pc.index_in(clusters, value_set=pa.array(list(homes)))
    return pc.take(pa.array(list(homes.values()), pa.string()), at), pc.is_valid(at)


def _replace_where(checked: Checked, column: str, moved: pa.Array, now: pa.Array) -> Checked:
    rows = checked.rows
    values = pc.if_else(moved, now, rows[column]).combine_chunks()
    return replace(checked, rows=rows.set_column(rows.column_names.index(column), column, values))
