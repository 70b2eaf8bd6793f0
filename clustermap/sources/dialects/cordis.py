"""CORDIS, the research projects of the European Union: organisations and projects as published.

The file of organisations has a row for every part of an organisation in a project. It gives actors
(each once) and parts in projects; years stand in the file of projects.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clustermap.sources.dialects.cells import (
    add_column,
    find_column,
    read_points,
    read_years,
)
from clustermap.sources.dialects.dialect import ALSO, KIND, Dialect
from clustermap.sources.dialects.settling import (
    commonest,
    first_of_each,
    join_chunks,
    part_chunks,
    settle_parts,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clustermap.checks import Chunk

SHARED_BY = 3
"""Organisations on one point from which on it is taken for a town's, not for theirs."""

SHARED_PRECISION_M = 10_000.0
FAR_PRECISION_M = 100_000.0
"""Precision of a shared point; of one whose organisations name as many towns, the second: those
whose address was not found stand in the middle of their country."""

_KINDS = {
    "HES": "university",
    "REC": "public_institute",
    "PRC": "firm",
    "PUB": "other",
    "OTH": "other",
}
_TOLD = {
    "name": "actors_of_several_names",
    ALSO + "geolocation": "actors_of_several_points",
    ALSO + "activityType": "actors_of_several_kinds",
}
"""Columns whose cells are told where rows of one organisation say several things."""


def _convert_projects(chunk: Chunk) -> Chunk:
    years = read_years(find_column(chunk.rows, "startDate"))
    return replace(chunk, rows=add_column(chunk.rows, "year", years))


def _settle_actors(chunks: Sequence[Chunk], table: str) -> list[Chunk]:
    """Return every organisation once, with what most of its rows say of it."""
    rows, key = join_chunks(chunks), table[:-1]
    own = [n for n in rows.column_names if not n.startswith(ALSO * 2) and n != key]
    whole = rows.filter(first_of_each(rows, [key]))
    facts = {"rows_of_same_actor": rows.num_rows - whole.num_rows}
    for name in own:
        found, several = commonest(rows, key, name)
        at = pc.index_in(whole[key], value_set=found[key].combine_chunks())
        values = pc.take(found[name].combine_chunks(), at)
        # A row without an identifier is an actor of its own, and a fault of its own.
        alone = pc.is_null(whole[key])
        values = pc.if_else(alone, whole[name], values)
        whole = whole.set_column(whole.column_names.index(name), name, values)
        if name in _TOLD:
            facts[_TOLD[name]] = several
    whole = _add_kinds(whole)
    if table != "partners":
        whole, shared = _add_points(whole.combine_chunks())
        facts["actors_on_shared_points"] = shared
    return part_chunks(whole, chunks, facts)


def _add_kinds(rows: pa.Table) -> pa.Table:
    kinds = pc.utf8_upper(find_column(rows, "activityType"))
    return rows.append_column(KIND, pc.fill_null(kinds, "OTH"))


def _add_points(rows: pa.Table) -> tuple[pa.Table, int]:
    """Add points with their precision; return also how many organisations share theirs."""
    points = find_column(rows, "geolocation")
    lon, lat = read_points(points)
    spots = pa.table({"point": points, "town": pc.utf8_upper(find_column(rows, "city"))})
    counted = spots.group_by("point", use_threads=False).aggregate(
        [([], "count_all"), ("town", "count_distinct")]
    )
    at = pc.index_in(points, value_set=counted["point"].combine_chunks())
    sharing, towns = (
        np.asarray(counted[name].combine_chunks().take(at))
        for name in ("count_all", "town_count_distinct")
    )
    shared = (sharing >= SHARED_BY) & points.is_valid().to_numpy(zero_copy_only=False)
    metres = np.where(towns >= SHARED_BY, FAR_PRECISION_M, SHARED_PRECISION_M)
    precision = pa.array(np.where(shared, metres, np.nan), from_pandas=True)
    for name, values in (("x", lon), ("y", lat), ("precision_m", precision)):
        rows = add_column(rows, name, values)
    return rows, int(shared.sum())


def _declare_actors(table: str, key: str, signature: set[str]) -> Dialect:
    columns = {table[:-1]: key, "name": "name"}
    if table != "partners":
        columns["region"] = "nutsCode"
    makes = {
        "institutes": {"kind", "x", "y", "precision_m"},
        "firms": {"x", "y", "precision_m"},
        "partners": {"kind", "country"},
    }
    return Dialect(
        "cordis",
        table,
        frozenset({"projectID", "activityType", key, *signature}),
        columns,
        also=("activityType", "geolocation", "city", "country"),
        makes=frozenset(makes[table]),
        crs="EPSG:4326",
        country="country",
        kinds=_KINDS,
        settle=partial(_settle_actors, table=table),
    )


def _declare_parts(key: str, signature: set[str]) -> Dialect:
    return Dialect(
        "cordis",
        "projects",
        frozenset({"projectID", "activityType", key, *signature}),
        {"project": "projectID", "participant": key},
        settle=partial(settle_parts, by="project"),
    )


_LAYOUTS: tuple[tuple[str, set[str]], ...] = (
    ("organisationID", {"role"}),
    ("id", {"endOfParticipation"}),
)

CORDIS = (
    *(
        _declare_actors(table, *layout)
        for table in ("institutes", "firms", "partners")
        for layout in _LAYOUTS
    ),
    *(_declare_parts(*layout) for layout in _LAYOUTS),
    Dialect(
        "cordis",
        "projects",
        frozenset({"id", "acronym", "startDate", "ecMaxContribution"}),
        {"project": "id"},
        also=("startDate",),
        makes=frozenset({"participant", "year"}),
        convert=_convert_projects,
        settle=partial(settle_parts, by="project"),
    ),
)
"""Files of organisations as they are since 2021 and were before, and of projects."""
