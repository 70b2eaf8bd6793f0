"""Assigning: every actor to its cell, by the boundaries drawn and by moved ones."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clustermap import tables
from clustermap.checks import FILE, LINE
from clustermap.layers.actors import (
    Register,
    group_codes,
    precise_points,
    site_codes,
    type_codes,
)
from clustermap.layers.cells import (
    ABROAD,
    HOW,
    Assignment,
    Cells,
    Place,
    assign,
    build_cells,
    extend_cells,
    reassign,
)
from clustermap.layers.clusters import move_boundaries
from clustermap.layers.lookup import build_lookup
from clustermap.layers.outlines import outline
from clustermap.messages import Message
from clustermap.network.observed import MOVED
from clustermap.side_by_side import do_each
from clustermap.stages.closed_lists import name_choices
from clustermap.stages.ledger import MENDED, Entry
from clustermap.stages.locating import INDIVIDUAL, PLACED, coarse_facts, locate
from clustermap.stages.rows import column_or_null

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    import numpy.typing as npt
    import pandas as pd

    from clustermap.checks import Checked
    from clustermap.layers.outlines import Outlines
    from clustermap.project import Project
    from clustermap.stages.ledger import Ledger, Progress

ACTORS = {"firms": "firm", "institutes": "institute", "partners": "partner"}
"""Layers of actors and the column of their identifiers."""


@dataclass(frozen=True)
class Assigned:
    """Actors in their cells.

    Parameters
    ----------
    clusters, actors, cells, matches
        As in :class:`clustermap.stages.reading.Layers`.
    register
        The same, but for strata: there are none yet.
    rows, drawn
        By layer: rows as they are assigned, and what came of it.
    """

    clusters: gpd.GeoDataFrame
    actors: dict[str, pa.Table]
    register: Register
    cells: Cells
    matches: Mapping[str, pd.DataFrame]
    rows: Mapping[str, pa.Table]
    drawn: Mapping[str, Assignment]


@dataclass(frozen=True)
class Moved:
    """Actors in their cells by boundaries that are moved.

    Parameters
    ----------
    codes
        By the name of a moved boundary: the cell of every actor, int32.
    cells
        Cells by any boundary; those by the boundary drawn come first.
    """

    codes: Mapping[str, npt.NDArray[np.int32]]
    cells: Cells


def assign_actors(
    project: Project,
    clusters: gpd.GeoDataFrame,
    found: Mapping[str, tuple[Checked, int]],
    ledger: Ledger,
    progress: Progress,
) -> Assigned:
    """Assign all actors to their cells by the boundaries drawn, and number them.

    Meanwhile their identifiers are hashed, for links to be looked up.

    Parameters
    ----------
    project
        The project file.
    clusters
        Index cluster; geometry on the map.
    found
        By layer: typed rows on the map with their faults, and how many rows were read.
    ledger
        Takes note of the rows of actors.
    progress
        Hears how far it is.

    Returns
    -------
    Assigned
        See there.
    """
    read = {name: checked.rows for name, (checked, _) in found.items()}
    ids = _join_ids(read)
    with ThreadPoolExecutor(1) as pool:
        hashed = pool.submit(build_lookup, ids)
        held = _place_actors(project, clusters, found, ids, ledger, progress)
    held.register.adopt(hashed.result())
    return held


def _place_actors(
    project: Project,
    clusters: gpd.GeoDataFrame,
    found: Mapping[str, tuple[Checked, int]],
    ids: pa.Array,
    ledger: Ledger,
    progress: Progress,
) -> Assigned:
    read = {name: checked.rows for name, (checked, _) in found.items()}
    located = locate(project, clusters, read)
    assigned, settled = dict[str, Assignment](), dict[str, pa.Table]()
    outlines = outline(located.clusters)
    for number, (name, rows) in enumerate(located.rows.items(), start=1):
        progress(Message("step.assign", {"table": name}), number, len(found))
        assigned[name] = _assign_actors(name, rows, outlines, project)
        settled[name] = located.settle(name, read[name], assigned[name])
        facts = {**located.facts.get(name, {}), **coarse_facts(name, settled[name])}
        layer, faults = getattr(project.layers, name), found[name][0].faults
        with name_choices(tables.LAYERS[name], layer, faults):
            _close_actors(name, found[name], assigned[name], ledger, facts)
    keys = [str(key) for key in located.clusters.index]
    cells = build_cells(keys, [one.cells for one in assigned.values()])
    actors = {
        name: _append_assigned(rows.drop([FILE, LINE]), assigned[name])
        for name, rows in settled.items()
    }
    register = _build_register(ids, actors, cells)
    shared = _share_columns(actors, register)
    return Assigned(
        located.clusters, shared, register, cells, located.tables, located.rows, assigned
    )


def _append_assigned(rows: pa.Table, assigned: Assignment) -> pa.Table:
    rows = rows.append_column("cell", assigned.cells).append_column("how", assigned.how)
    if np.isnan(assigned.nearest_m).all():
        return rows  # nobody was taken in from near by
    return rows.append_column("#nearest_m", pa.array(assigned.nearest_m))


def move_actors(project: Project, held: Assigned) -> Moved:
    """Assign all actors again to clusters whose boundaries are moved.

    Parameters
    ----------
    project
        The project file.
    held
        By the boundaries drawn.

    Returns
    -------
    Moved
        By every moved boundary.
    """
    moved = _move_each(held.rows, held.drawn, held.clusters, project)
    cells = extend_cells(held.cells, [c for parts in moved.values() for c in parts.values()])
    codes = {
        name: np.concatenate(
            [np.zeros(0, np.int32), *(cells.codes(part) for part in parts.values())]
        )
        for name, parts in moved.items()
    }
    return Moved(codes, cells)


def _numbers(rows: pa.Table, name: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    if name in rows.column_names:
        return np.asarray(rows[name].to_numpy(), dtype=float)
    return np.full(rows.num_rows, np.nan)


def _assign_actors(name: str, rows: pa.Table, clusters: Outlines, project: Project) -> Assignment:
    if name == "partners":
        countries = pc.binary_join_element_wise(ABROAD, rows["country"].combine_chunks(), "")
        how = pa.array(np.full(rows.num_rows, HOW.index("abroad"), dtype=np.int8))
        none = np.full(rows.num_rows, np.nan)
        coded = pa.DictionaryArray.from_arrays(how, pa.array(HOW))
        return Assignment(countries.dictionary_encode(), coded, none, 0)
    overlaps = project.layers.clusters.overlaps
    return assign(
        _read_place(rows), clusters, overlaps=overlaps, nearest_m=project.assign.nearest_m
    )


def _read_place(rows: pa.Table) -> Place:
    return Place(
        _numbers(rows, "x"),
        _numbers(rows, "y"),
        column_or_null(rows, "complex", pa.string()),
        column_or_null(rows, "region", pa.string()),
        _numbers(rows, "precision_m") if "precision_m" in rows.column_names else None,
        column_or_null(rows, "district", pa.string()),
        np.asarray(pc.fill_null(column_or_null(rows, INDIVIDUAL, pa.bool_()), False), dtype=bool),
    )


def _move_each(
    rows: Mapping[str, pa.Table],
    drawn: Mapping[str, Assignment],
    clusters: gpd.GeoDataFrame,
    project: Project,
) -> dict[str, dict[str, pa.DictionaryArray]]:
    """Assign all actors again to clusters whose boundary is moved.

    An actor whose complex is stated stays there. Where clusters grow, none takes what another
    holds, unless clusters may share their actors.
    """
    overlaps, nearest_m = project.layers.clusters.overlaps, project.assign.nearest_m

    def move(boundary: str) -> dict[str, pa.DictionaryArray]:
        shapes = move_boundaries(clusters.geometry, outward=boundary == "larger")
        outlines = outline(clusters.set_geometry(shapes, crs=clusters.crs))
        stay = ["complex", "abroad"]
        if boundary == "larger" and overlaps != "all":
            stay += ["inside", "nearest"]
        return {
            name: drawn[name].cells
            if name == "partners"
            else reassign(
                _read_place(table),
                outlines,
                drawn[name],
                stay,
                overlaps=overlaps,
                nearest_m=nearest_m,
            )
            for name, table in rows.items()
        }

    return dict(zip(MOVED, do_each(move, MOVED), strict=True))


def _close_actors(
    name: str,
    found: tuple[Checked, int],
    assigned: Assignment,
    ledger: Ledger,
    stated: Mapping[str, int],
) -> None:
    (checked, read), ways = found, np.bincount(np.asarray(assigned.how.indices), minlength=len(HOW))
    facts = {f"assigned_{way}": int(n) for way, n in zip(HOW, ways, strict=True) if n}
    facts |= stated
    if assigned.several:
        facts["in_several_clusters"] = assigned.several
    if assigned.rough:
        facts["too_rough_for_cluster"] = assigned.rough
    facts |= {f"{MENDED}{column}": count for column, count in checked.mended.items()}
    ledger.close(name, Entry(read, checked.rows.num_rows, 0, facts), checked.faults)


def join_actors(actors: dict[str, pa.Table], name: str, type_: pa.DataType) -> pa.Array:
    """Return a column of all actors, in the order of the register.

    Parameters
    ----------
    actors
        Rows by layer.
    name
        Column; null in layers that lack it.
    type_
        Type of the column.

    Returns
    -------
    pa.Array
        One entry an actor.
    """
    parts = [column_or_null(rows, name, type_).cast(type_) for rows in actors.values()]
    return pa.concat_arrays([pa.nulls(0, type_), *parts])


def _join_ids(actors: Mapping[str, pa.Table]) -> pa.Array:
    """Return the identifiers of all actors, in the order of the register."""
    ids = [rows[ACTORS[name]].combine_chunks() for name, rows in actors.items()]
    return pa.concat_arrays([pa.array([], pa.string()), *ids])


def _code_groups(actors: dict[str, pa.Table]) -> npt.NDArray[np.int32]:
    """Return the business group of everyone, nothing where no group is told of."""
    told = [rows["group"] for rows in actors.values() if "group" in rows.column_names]
    if all(column.null_count == len(column) for column in told):
        return np.zeros(0, dtype=np.int32)
    return group_codes(join_actors(actors, "group", pa.string()))


def _share_columns(actors: dict[str, pa.Table], register: Register) -> dict[str, pa.Table]:
    """Return rows whose identifiers and points are those of the register, not held once more."""
    shared, start = {}, 0
    for name, rows in actors.items():
        span = slice(start, start := start + rows.num_rows)
        columns = {ACTORS[name]: register.ids[span]}
        if name != "partners":  # they have no place in the register, whatever they have here
            columns |= {point: getattr(register, point)[span] for point in ("x", "y")}
        for column in columns.keys() & {*rows.column_names}:
            at = rows.column_names.index(column)
            same = _lay_over(rows[column], columns[column])
            rows = rows.set_column(at, rows.schema.field(at), same)  # noqa: PLW2901 -- as replaced
        shared[name] = rows
    return shared


def _lay_over(
    column: pa.ChunkedArray, values: pa.Array | npt.NDArray[np.float64]
) -> pa.Array | pa.ChunkedArray:
    """Return a column that lies where the same values lie already; NaN stands where none is."""
    if isinstance(values, pa.Array):
        return values
    known = pc.is_valid(column).combine_chunks()
    bits = known.buffers()[1] if column.null_count and not known.offset else None
    if (column.null_count and bits is None) or not pa.types.is_float64(column.type):
        return column
    parts = [bits, pa.py_buffer(values)]
    return pa.Array.from_buffers(column.type, len(values), parts, column.null_count)


def _build_register(ids: pa.Array, actors: dict[str, pa.Table], cells: Cells) -> Register:
    types = [type_codes(rows, "firm" if name == "firms" else "") for name, rows in actors.items()]
    codes = [cells.codes(rows["cell"].combine_chunks()) for rows in actors.values()]
    # A partner abroad has no place on the map, whatever its coordinates mean.
    at_home = {name: rows for name, rows in actors.items() if name != "partners"}
    away = sum(rows.num_rows for name, rows in actors.items() if name == "partners")
    x, y, precision_m = (
        np.append(np.asarray(join_actors(at_home, name, pa.float64())), np.full(away, np.nan))
        for name in ("x", "y", "precision_m")
    )
    return Register(
        ids,
        np.concatenate([np.zeros(0, np.uint8), *types]),
        np.concatenate([np.zeros(0, np.int32), *codes]),
        x,
        y,
        precise_points(x, y, precision_m),
        group=_code_groups(actors),
        site=site_codes(join_actors(actors, "site", pa.string())),
        placed=np.asarray(pc.fill_null(join_actors(actors, PLACED, pa.bool_()), False), dtype=bool),
    )
