"""Institutes: universities, research institutes, hospitals and support bodies that are founded."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import shapely

from clustermap.checks import FAULTS, FILE, LINE, Checked
from clustermap.errors import TableFault
from clustermap.messages import Message
from clustermap.stages.assigning import ACTORS
from clustermap.stages.changing.names import require_cluster

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    import geopandas as gpd

    from clustermap.change import AddedInstitute
    from clustermap.stages.changing.altered import Setup
    from clustermap.stages.reading import Unassigned

_COLUMNS = {
    "institute": pa.string(),
    "name": pa.string(),
    "kind": pa.string(),
    "x": pa.float64(),
    "y": pa.float64(),
    "fields": pa.string(),
}


def found_institutes(setup: Setup, unassigned: Unassigned, told: list[Message]) -> Unassigned:
    """Found institutes.

    Parameters
    ----------
    setup
        Change and layers.
    unassigned
        Layers as they would be without them.
    told
        Sentences; one is added for each institute.

    Returns
    -------
    Unassigned
        Layers with them; those that the same change closes are not there.

    Raises
    ------
    TableFault
        If an identifier is taken, or there is no such cluster.
    """
    closed = {closing.actor for closing in setup.change.close}
    new: list[dict[str, object]] = []
    for number, institute in enumerate(setup.change.institutes):
        table = setup.place("institutes", number)
        _refuse_taken(setup, institute, [row["institute"] for row in new], table)
        row = _place_institute(institute, unassigned.clusters, table)
        told.append(_tell_institute(institute))
        if institute.institute not in closed:
            new.append(row)
    if not new:
        return unassigned
    return _add_rows(unassigned, _build_rows(new, setup.change.file.name))


def _refuse_taken(
    setup: Setup, institute: AddedInstitute, new: Collection[object], table: str
) -> None:
    name, ids = institute.institute, setup.layers.register.ids
    if name in {*new, *setup.layers.clusters.index} or pc.index(ids, name).as_py() >= 0:
        raise TableFault("change_taken", table=table, key="institute", value=name)


def _tell_institute(institute: AddedInstitute) -> Message:
    kind = Message(f"type.{institute.kind}")
    where = institute.cluster or f"{institute.x:g}, {institute.y:g}"
    values = {"institute": institute.institute, "kind": kind, "where": where}
    return Message("whatif.change.institute", values)


# Where they stand


def _place_institute(
    institute: AddedInstitute, clusters: gpd.GeoDataFrame, table: str
) -> dict[str, object]:
    x, y = institute.x, institute.y
    if institute.cluster is not None:
        cluster = require_cluster(institute.cluster, clusters, table, "cluster")
        middle = _find_middle(clusters, cluster)
        x, y = float(middle.x), float(middle.y)
    return {
        "institute": institute.institute,
        "name": institute.name or institute.institute,
        "kind": institute.kind,
        "x": x,
        "y": y,
        "fields": ";".join(institute.fields) or None,
    }


def _find_middle(clusters: gpd.GeoDataFrame, cluster: str) -> shapely.Point:
    """Return a point in a cluster, outside of smaller ones within it where there is room."""
    shape = clusters.geometry[cluster]
    others = clusters.geometry.drop(cluster).to_numpy()
    within = others[shapely.intersects(others, shape) & (shapely.area(others) <= shape.area)]
    free = shapely.difference(shape, shapely.union_all(within))
    middle: shapely.Point = shapely.point_on_surface(shape if shapely.is_empty(free) else free)
    return middle


# Rows beside those that were read


def _build_rows(new: Sequence[dict[str, object]], file: str) -> pa.Table:
    typed = {name: pa.array([row[name] for row in new], type_) for name, type_ in _COLUMNS.items()}
    files = pa.array([file] * len(new)).dictionary_encode()
    return pa.table({**typed, FILE: files, LINE: pa.array(range(1, len(new) + 1), pa.int64())})


def _add_rows(unassigned: Unassigned, rows: pa.Table) -> Unassigned:
    nobody = Checked(rows.slice(0, 0), FAULTS.empty_table())
    checked, read = unassigned.actors.get("institutes", (nobody, 0))
    both = pa.concat_tables(
        [checked.rows, rows.cast(_alike(rows, checked.rows))], promote_options="default"
    )
    whole = replace(checked, rows=both.unify_dictionaries().combine_chunks())
    actors = {**unassigned.actors, "institutes": (whole, read + rows.num_rows)}
    # The register numbers actors in the order of their layers.
    return replace(unassigned, actors={name: actors[name] for name in ACTORS if name in actors})


def _alike(rows: pa.Table, others: pa.Table) -> pa.Schema:
    """Return the types of rows, as others have them where they have the column."""
    named = {field.name: field.type for field in others.schema}
    return pa.schema([(field.name, named.get(field.name, field.type)) for field in rows.schema])
