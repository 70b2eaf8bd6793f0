"""Changing: a change file applied to layers and links that were read; no file of a user is touched.

Everything that a change can be wrong about is told here, before anything long is computed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from clustermap import tables
from clustermap.checks import FAULTS, FILE, LINE, Checked, check_chunk
from clustermap.errors import TableFault
from clustermap.layers import projection
from clustermap.layers.clusters import clean_polygons, find_overlaps, refuse_overlaps
from clustermap.messages import Message
from clustermap.network.changed import (
    NO_CHANGE,
    ChangedLinks,
    Wanted,
    count_possible,
    draw_links,
    match_edges,
)
from clustermap.network.linkages import (
    EDGES,
    NO_YEAR,
    code_pairs,
    code_participations,
    expand_projects,
)
from clustermap.scores.profile import MAX_WEIGHT
from clustermap.sources.files import read_chunks
from clustermap.stages.counting import PAIR_ENDS, PARTICIPANT, how_to_read
from clustermap.stages.reading import (
    ACTORS,
    Layers,
    Unassigned,
    column_or_null,
    file_source,
    linkage_table,
    read_rows,
    settle_layers,
)
from clustermap.stages.scoring import read_profile
from clustermap.tables import ACTOR_TYPES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    import numpy.typing as npt

    from clustermap.change import AddedInstitute, Boundary, Change, Closing, RemovedLinks
    from clustermap.project import Linkage, Project
    from clustermap.stages.ledger import Ledger, Progress

    Flags = npt.NDArray[np.bool_]
    Positions = npt.NDArray[np.int64]

_FIRM = ACTOR_TYPES.index("firm")
_MOST_COMPARED = 100_000
_ADDING, _REMOVING = 1, 2  # streams of random numbers
_OUTLINE = tables.Table(
    "boundaries",
    "Another boundary.",
    (tables.Column("cluster", "id", "Cluster."), tables.CLUSTERS.column("geometry")),
    ("cluster",),
)
_TEXTS = (".csv", ".tsv", ".tab", ".txt")  # formats that hold no polygons
_SUMS, _LISTS = ("area_km2", "cost"), ("industries", "permitted")


@dataclass(frozen=True)
class Altered:
    """What was read for a run, as it is or as it would be.

    Parameters
    ----------
    project
        The project file.
    layers
        Layers, every actor in its cell.
    ledger
        Rows of these layers.
    links
        What is otherwise of the links.
    weights
        Part of the score to its weight; None for the profile's own.
    told
        One sentence for everything that is changed.
    """

    project: Project
    layers: Layers
    ledger: Ledger
    links: ChangedLinks = NO_CHANGE
    weights: Mapping[str, float] | None = None
    told: tuple[Message, ...] = ()


@dataclass(frozen=True)
class Setup:
    """What a change is applied to.

    Parameters
    ----------
    project
        The project file.
    change
        The change file.
    unassigned
        Layers as they were read.
    layers
        The same, every actor in its cell.
    """

    project: Project
    change: Change
    unassigned: Unassigned
    layers: Layers

    def place(self, section: str, number: int) -> str:
        """Name a section of the change file, as faults do.

        Parameters
        ----------
        section
            Name of a section that repeats.
        number
            Which of them, from 0.

        Returns
        -------
        str
            File and section.
        """
        return f"{self.change.file.name} [[{section}]] {number + 1}"


def apply_change(setup: Setup, ledger: Ledger, progress: Progress) -> Altered:
    """Apply a change to what was read.

    Parameters
    ----------
    setup
        Project, change and layers.
    ledger
        Holds the rows of clusters and regions; takes note of those of actors.
    progress
        Hears how far it is.

    Returns
    -------
    Altered
        Layers and links as they would be.

    Raises
    ------
    TableFault
        If the change names what is not there, or cannot be made.
    """
    change = setup.change
    project, weights, told = _change_terms(setup)
    closed = _find_closed(setup, progress, told)
    altered = _change_clusters(setup, told)
    altered = _add_institutes(setup, _drop_actors(altered, closed), told)
    if project.layers.clusters.overlaps == "error" and change.boundaries:
        shapes = altered.clusters.geometry.to_numpy()
        refuse_overlaps(altered.clusters, find_overlaps(shapes))
    layers = settle_layers(project, altered, ledger, progress)
    links = _change_links(replace(setup, project=project, layers=layers), closed, progress, told)
    return Altered(
        project,
        layers,
        ledger,
        links,
        weights,
        tuple(told) or (Message("whatif.change.nothing"),),
    )


# Money, weights, tables


def _change_terms(setup: Setup) -> tuple[Project, Mapping[str, float] | None, list[Message]]:
    project, change, told = setup.project, setup.change, list[Message]()
    if change.profile is not None:
        values = {"before": project.score.profile, "after": change.profile}
        score = project.score.model_copy(update={"profile": change.profile})
        project = project.model_copy(update={"score": score})
        told.append(Message("whatif.change.profile", values))
    if change.budget is not None or change.budget_times is not None:
        project = _change_budget(setup, project, told)
    weights = _change_weights(setup, project, told)
    linkages = (*project.linkages, *change.linkages)
    return project.model_copy(update={"linkages": linkages}), weights, told


def _change_budget(setup: Setup, project: Project, told: list[Message]) -> Project:
    change, select = setup.change, project.select
    if select is None:
        raise TableFault("select_missing", table=project.file.name, key="select")
    times = change.budget_times or 1.0
    money = change.budget if change.budget is not None else select.budget * times
    scenarios = {
        name: one if one.budget is None else one.model_copy(update={"budget": one.budget * times})
        for name, one in project.scenarios.items()
    }
    values = {"before": f"{select.budget:,.15g}", "after": f"{money:,.15g}"}
    told.append(Message("whatif.change.budget", values))
    update = {"select": select.model_copy(update={"budget": money}), "scenarios": scenarios}
    return project.model_copy(update=update)


def _change_weights(
    setup: Setup, project: Project, told: list[Message]
) -> Mapping[str, float] | None:
    change = setup.change
    profile = read_profile(project)[0]  # a wrong name is told before anything long
    if not (change.weights or change.weights_times):
        return None
    key = "weights" if change.weights else "weights_times"
    if profile.method != "linkage":
        raise TableFault(
            "change_no_weights", table=change.file.name, key=key, value=project.score.profile
        )
    times = change.weights_times
    weights = dict(change.weights) or {
        part: weight * times.get(part, 1.0) for part, weight in profile.parts.items()
    }
    total = sum(weights.values())
    if total <= 0 or max(weights.values()) > MAX_WEIGHT * total * (1 + 1e-9):
        expected = Message("project.expected.part_weights")
        shown = ", ".join(f"{part} = {weight:g}" for part, weight in weights.items())
        raise TableFault(
            "project_bad_value", table=change.file.name, key=key, value=shown, expected=expected
        )
    shares = tuple(
        Message(
            "whatif.weight",
            {"part": Message(f"subscore.{part}.label"), "share": f"{100 * weight / total:.0f}"},
        )
        for part, weight in weights.items()
    )
    told.append(Message("whatif.change.weights", {"shares": shares}))
    return weights


# Names


def _name_cluster(name: str, clusters: gpd.GeoDataFrame) -> str | None:
    """Return the cluster of an identifier, or of a name that only one has."""
    if name in clusters.index:
        return name
    named = clusters.index[clusters["name"] == name]
    return str(named[0]) if len(named) == 1 else None


def _require_cluster(name: str, clusters: gpd.GeoDataFrame, table: str, key: str) -> str:
    found = _name_cluster(name, clusters)
    if found is None:
        ids = [*map(str, clusters.index), *clusters["name"].dropna()]
        near = ", ".join(get_close_matches(name, ids, n=3, cutoff=0))
        raise TableFault("change_unknown_cluster", table=table, key=key, value=name, near=near)
    return found


def _near_actors(name: str, ids: pa.Array, others: Collection[str] = ()) -> str:
    known = [*others, *ids.slice(0, _MOST_COMPARED).to_pylist()]
    return ", ".join(get_close_matches(name, known, n=3, cutoff=0))


def _members(layers: Layers, cluster: str) -> Flags:
    cells = layers.cells
    held = cells.held_cell[cells.held_cluster == cells.names.index(cluster)]
    return np.asarray(np.isin(layers.register.cells, held))


def _find_group(layers: Layers, name: str, table: str, key: str) -> Flags:
    """Return the actors that a name stands for: those of a cluster, or one actor."""
    plain = name.removeprefix("cluster:").removeprefix("actor:")
    cluster = None if name.startswith("actor:") else _name_cluster(plain, layers.clusters)
    ids = layers.register.ids
    at = pc.index(ids, plain).as_py()
    if name.startswith("cluster:"):
        at = -1
    if cluster is not None and at >= 0:
        raise TableFault("change_ambiguous", table=table, key=key, value=name)
    if cluster is not None:
        return _members(layers, cluster)
    if at < 0:
        clusters = [*map(str, layers.clusters.index), *layers.clusters["name"].dropna()]
        near = _near_actors(plain, ids, clusters)
        raise TableFault("change_unknown_actor", table=table, key=key, value=name, near=near)
    group = np.zeros(len(ids), dtype=bool)
    group[at] = True
    return group


# Closings


def _find_closed(setup: Setup, progress: Progress, told: list[Message]) -> tuple[str, ...]:
    closings = setup.change.close
    new = {institute.institute for institute in setup.change.institutes}
    degrees: Positions | None = None
    if any(closing.lead_of and closing.by == "links" for closing in closings):
        degrees = _count_degrees(setup, progress)
    closed: list[str] = []
    for number, closing in enumerate(closings):
        table, ids = setup.place("close", number), setup.layers.register.ids
        if closing.actor is not None:
            if closing.actor not in new and pc.index(ids, closing.actor).as_py() < 0:
                near = _near_actors(closing.actor, ids, new)
                raise TableFault(
                    "change_unknown_actor", table=table, key="actor", value=closing.actor, near=near
                )
            closed.append(closing.actor)
            told.append(Message("whatif.change.close", {"actor": closing.actor}))
        else:
            closed.append(_find_lead(setup, closing, table, degrees, closed, told))
    return tuple(dict.fromkeys(closed))


def _find_lead(
    setup: Setup,
    closing: Closing,
    table: str,
    degrees: Positions | None,
    closed: Sequence[str],
    told: list[Message],
) -> str:
    """Return the firm of a cluster with most employees or links; of equals the first by name."""
    layers, register = setup.layers, setup.layers.register
    cluster = _require_cluster(str(closing.lead_of), layers.clusters, table, "lead_of")
    members = np.flatnonzero(_members(layers, cluster) & (register.types == _FIRM))
    rows = layers.actors.get(
        "firms", pa.table({})
    )  # the first of the register, where there are any
    members = members[members < rows.num_rows]
    names = register.ids.take(pa.array(members)).to_pylist()
    if degrees is None:
        people = column_or_null(rows, "employees", pa.int64())
        sizes = np.asarray(pc.fill_null(people, -1).to_numpy(zero_copy_only=False))[members]
        known = sizes >= 0
    else:
        sizes = degrees[members]
        known = sizes > 0
    left = [
        (-int(size), name)
        for size, name, there in zip(sizes, names, known, strict=True)
        if there and name not in closed
    ]
    if not left:
        raise TableFault(
            "change_no_lead", table=table, key="lead_of", value=closing.lead_of, by=closing.by
        )
    size, lead = min(left)
    # What one firm has is for nobody outside the house.
    internal = setup.project.publish.internal
    shown = Message(f"whatif.size.{closing.by}", {"actor": lead, "size": f"{-size:,}"})
    values = {"cluster": _call(layers.clusters, cluster), "actor": shown if internal else lead}
    told.append(Message(f"whatif.change.lead_by_{closing.by}", values))
    return str(lead)


def _count_degrees(setup: Setup, progress: Progress) -> Positions:
    counted = np.zeros(len(setup.layers.register.cells), dtype=np.int64)
    for passed in _pass_edges(setup.project, setup.layers, NO_CHANGE, progress):
        for end in ("a", "b"):
            counted += np.bincount(passed.edges[end].to_numpy(), minlength=len(counted))
    return counted


def _drop_actors(unassigned: Unassigned, closed: Sequence[str]) -> Unassigned:
    if not closed:
        return unassigned
    actors = {}
    for name, (checked, read) in unassigned.actors.items():
        ids = checked.rows[ACTORS[name]].combine_chunks()
        there = pc.invert(pc.is_in(ids, value_set=pa.array(closed, pa.string())))
        rows = checked.rows.filter(there).combine_chunks()
        gone = checked.rows.num_rows - rows.num_rows
        if rows.num_rows:  # a layer without rows is none
            actors[name] = (replace(checked, rows=rows), read - gone)
    return replace(unassigned, actors=actors, grants=_take_back(unassigned.grants, closed))


def _take_back(
    grants: tuple[Checked, int] | None, closed: Sequence[str]
) -> tuple[Checked, int] | None:
    """Leave the grants out that went to closed actors; a table without any is none."""
    if grants is None:
        return None
    checked, read = grants
    rows, left = ChangedLinks(pa.array(closed, pa.string())).drop_closed(checked, ["beneficiary"])
    return (rows, read - left) if rows.rows.num_rows else None


# Boundaries


def _call(clusters: gpd.GeoDataFrame, cluster: str) -> str:
    return f"{clusters.loc[cluster, 'name']} ({cluster})"


def _change_clusters(setup: Setup, told: list[Message]) -> Unassigned:
    if not setup.change.boundaries:
        return setup.unassigned
    frame, homes = setup.unassigned.clusters.copy(), dict[str, str]()
    for number, boundary in enumerate(setup.change.boundaries):
        table = setup.place("boundaries", number)
        cluster = _require_cluster(boundary.cluster, frame, table, "cluster")
        named, before = _call(frame, cluster), float(frame.loc[cluster, "area_km2"])
        if boundary.merge:
            frame, joined = _merge(frame, cluster, boundary, table)
            homes |= {**dict.fromkeys(joined, cluster)}
            others = tuple(_call(setup.unassigned.clusters, other) for other in joined)
            told.append(Message("whatif.change.merge", {"cluster": named, "others": others}))
            continue
        key = "path" if boundary.path is not None else "buffer_m"
        shape = _draw_boundary(setup, frame, cluster, boundary, table)
        drawn, now = (
            float(projection.areas_km2(np.array([one]), frame.crs)[0])
            for one in (frame.geometry[cluster], shape)
        )
        after = now if key == "path" else before * now / drawn
        _replace_shape(frame, cluster, shape)
        frame.loc[cluster, "area_km2"] = after
        values = {"cluster": named, "before": f"{before:,.2f}", "after": f"{after:,.2f}"}
        told.append(Message(f"whatif.change.{key}", {**values, "moved": boundary.buffer_m or 0}))
    homes = {cluster: _follow(cluster, homes) for cluster in homes}
    grants = _regrant(setup.unassigned.grants, homes)
    actors = dict(setup.unassigned.actors)
    if "firms" in actors:
        checked, read = actors["firms"]
        actors["firms"] = (_rehome(checked, setup.layers.actors["firms"], homes), read)
    return replace(setup.unassigned, clusters=frame, actors=actors, grants=grants)


def _follow(cluster: str, homes: Mapping[str, str]) -> str:
    while cluster in homes:
        cluster = homes[cluster]
    return cluster


def _replace_shape(frame: gpd.GeoDataFrame, cluster: str, shape: shapely.Geometry) -> None:
    shapes = frame.geometry.to_numpy().copy()
    shapes[frame.index.get_loc(cluster)] = shape
    frame.geometry = gpd.GeoSeries(shapes, index=frame.index, crs=frame.crs)


def _draw_boundary(
    setup: Setup, frame: gpd.GeoDataFrame, cluster: str, boundary: Boundary, table: str
) -> shapely.Geometry:
    if boundary.path is not None:
        return _read_boundary(setup, cluster, boundary, table)
    shape = np.array([frame.geometry[cluster]])
    moved: shapely.Geometry = projection.buffer_m(shape, np.array([boundary.buffer_m]), frame.crs)[
        0
    ]
    if shapely.is_empty(moved):
        raise TableFault("change_no_area", table=table, key="buffer_m", value=boundary.buffer_m)
    return moved


def _read_boundary(setup: Setup, cluster: str, boundary: Boundary, table: str) -> shapely.Geometry:
    declared = replace(_OUTLINE, name=table)  # faults name the section
    text = boundary.path is not None and boundary.path.suffix.lower() in _TEXTS
    if text:
        raise TableFault("no_geometry_column", table=table, column="geometry")
    read = read_rows(declared, boundary.source, _listen_to_nothing)
    rows = read.checked.rows
    if "geometry" not in rows.column_names:
        raise TableFault("no_geometry_column", table=table, column="geometry")
    if "cluster" in rows.column_names and rows["cluster"].null_count < rows.num_rows:
        rows = rows.filter(pc.fill_null(pc.equal(rows["cluster"], cluster), False))
    if rows.num_rows != 1:
        name = boundary.path.name if boundary.path is not None else ""
        raise TableFault(
            "change_which_polygon", table=table, key="path", value=name, found=rows.num_rows
        )
    own = pa.array([cluster])
    if "cluster" in rows.column_names:
        rows = rows.set_column(rows.column_names.index("cluster"), "cluster", own)
    else:
        rows = rows.append_column("cluster", own)
    crs = setup.unassigned.clusters.crs
    found = projection.check_crs(boundary.crs or read.crs, table)
    checked = Checked(rows.combine_chunks(), FAULTS.empty_table())
    outline: shapely.Geometry = clean_polygons(declared, checked, found, crs).frame.geometry.iloc[0]
    return outline


def _listen_to_nothing(step: Message, done: int, total: int, /) -> None:
    """One polygon is read at once."""


def _merge(
    frame: gpd.GeoDataFrame, cluster: str, boundary: Boundary, table: str
) -> tuple[gpd.GeoDataFrame, list[str]]:
    joined = [_require_cluster(other, frame, table, "merge") for other in boundary.merge]
    if cluster in joined or len(set(joined)) < len(joined):
        raise TableFault("change_merged_twice", table=table, key="merge", value=cluster)
    together = frame.loc[[cluster, *joined]]
    for column in {*_SUMS} & {*frame.columns}:
        frame.loc[cluster, column] = together[column].sum(skipna=False)
    for column in {*_LISTS} & {*frame.columns}:
        parts = [part.strip() for text in together[column].dropna() for part in text.split(";")]
        frame.loc[cluster, column] = ";".join(dict.fromkeys(filter(None, parts))) or None
    _replace_shape(frame, cluster, shapely.union_all(together.geometry.to_numpy()))
    return frame.drop(index=joined), joined


def _rehome(checked: Checked, assigned: pa.Table, homes: Mapping[str, str]) -> Checked:
    """State the cluster that is now there for firms that stated one that is merged away."""
    rows = checked.rows
    if "complex" not in rows.column_names or not homes:
        return checked
    cells = assigned["cell"].combine_chunks().cast(pa.string())
    at = pc.index_in(cells, value_set=pa.array(list(homes)))
    now = pc.take(pa.array(list(homes.values()), pa.string()), at)
    moved = pc.and_(pc.is_valid(at), pc.equal(assigned["how"].cast(pa.string()), "complex"))
    stated = pc.if_else(moved, now, rows["complex"]).combine_chunks()
    place = rows.column_names.index("complex")
    return replace(checked, rows=rows.set_column(place, "complex", stated))


def _regrant(
    grants: tuple[Checked, int] | None, homes: Mapping[str, str]
) -> tuple[Checked, int] | None:
    """Let clusters that take others in have their grants, too."""
    if grants is None or not homes:
        return grants
    checked, read = grants
    given = checked.rows["beneficiary"].combine_chunks()
    at = pc.index_in(given, value_set=pa.array(list(homes)))
    now = pc.take(pa.array(list(homes.values()), pa.string()), at)
    place = checked.rows.column_names.index("beneficiary")
    moved = checked.rows.set_column(place, "beneficiary", pc.if_else(pc.is_valid(at), now, given))
    return replace(checked, rows=moved), read


# Institutes


def _add_institutes(setup: Setup, altered: Unassigned, told: list[Message]) -> Unassigned:
    closed = {closing.actor for closing in setup.change.close}
    new: list[dict[str, object]] = []
    for number, institute in enumerate(setup.change.institutes):
        table, ids = setup.place("institutes", number), setup.layers.register.ids
        taken = {*(row["institute"] for row in new), *setup.layers.clusters.index}
        if institute.institute in taken or pc.index(ids, institute.institute).as_py() >= 0:
            raise TableFault(
                "change_taken", table=table, key="institute", value=institute.institute
            )
        row = _place_institute(institute, altered.clusters, table)
        kind = Message(f"type.{institute.kind}")
        values = {"institute": institute.institute, "kind": kind}
        where = institute.cluster or f"{institute.x:g}, {institute.y:g}"
        told.append(Message("whatif.change.institute", {**values, "where": where}))
        if institute.institute not in closed:
            new.append(row)
    if not new:
        return altered
    typed = {name: pa.array([row[name] for row in new], type_) for name, type_ in _NEW.items()}
    file = pa.array([setup.change.file.name] * len(new)).dictionary_encode()
    rows = pa.table({**typed, FILE: file, LINE: pa.array(range(1, len(new) + 1), pa.int64())})
    found = dict(altered.actors)
    checked, read = found.get("institutes", (Checked(rows.slice(0, 0), FAULTS.empty_table()), 0))
    both = pa.concat_tables(
        [checked.rows, rows.cast(_alike(rows, checked.rows))], promote_options="default"
    )
    whole = replace(checked, rows=both.unify_dictionaries().combine_chunks())
    found["institutes"] = (whole, read + len(new))
    return replace(altered, actors={name: found[name] for name in ACTORS if name in found})


_NEW = {
    "institute": pa.string(),
    "name": pa.string(),
    "kind": pa.string(),
    "x": pa.float64(),
    "y": pa.float64(),
    "fields": pa.string(),
}


def _alike(rows: pa.Table, others: pa.Table) -> pa.Schema:
    """Return the types of rows, as others have them where they have the column."""
    named = {field.name: field.type for field in others.schema}
    return pa.schema([(field.name, named.get(field.name, field.type)) for field in rows.schema])


def _place_institute(
    institute: AddedInstitute, clusters: gpd.GeoDataFrame, table: str
) -> dict[str, object]:
    x, y = institute.x, institute.y
    if institute.cluster is not None:
        cluster = _require_cluster(institute.cluster, clusters, table, "cluster")
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


# Links


@dataclass(frozen=True)
class _Passed:
    # Some edges of one table, the position of the first of them, and rows that give none.
    number: int
    first: int
    edges: pa.Table
    faults: pa.Table


def _pass_edges(
    project: Project, layers: Layers, links: ChangedLinks, progress: Progress
) -> Iterator[_Passed]:
    """Yield the edges of all tables of linkages, in the order in which they are counted."""
    for number, linkage in enumerate(project.linkages, start=1):
        first = 0
        read = _pass_pairs if linkage.form == "pairs" else _pass_projects
        for edges, faults in read(number, linkage, layers, links, progress):
            yield _Passed(number, first, edges, faults)
            first += edges.num_rows


def _pass_pairs(
    number: int, linkage: Linkage, layers: Layers, links: ChangedLinks, progress: Progress
) -> Iterator[tuple[pa.Table, pa.Table]]:
    table, done = linkage_table(number, "pairs"), 0
    for item in read_chunks(file_source(table, linkage)):
        if isinstance(item, pa.Table):
            yield EDGES.empty_table(), item
            continue
        checked, _ = links.drop_closed(check_chunk(table, item, linkage.kinds), PAIR_ENDS)
        coded = code_pairs(table.name, checked, layers.register, how_to_read(linkage))
        done += item.rows.num_rows
        progress(Message("step.count", {"table": table.name}), done, 0)
        yield coded.rows, coded.faults


def _pass_projects(
    number: int, linkage: Linkage, layers: Layers, links: ChangedLinks, progress: Progress
) -> Iterator[tuple[pa.Table, pa.Table]]:
    table = linkage_table(number, linkage.form)
    rows = read_rows(table, linkage, progress).checked
    checked, _ = links.drop_closed(rows, PARTICIPANT)
    how, register = how_to_read(linkage), layers.register
    projects, faults, _ = code_participations(table.name, checked, register, how, table.key[0])
    yield EDGES.empty_table(), faults
    for edges in expand_projects(projects, register):
        yield edges, FAULTS.empty_table()


def _change_links(
    setup: Setup, closed: Sequence[str], progress: Progress, told: list[Message]
) -> ChangedLinks:
    change, layers = setup.change, setup.layers
    gone = ChangedLinks(pa.array(closed, pa.string()))
    parts = [EDGES.empty_table(), *_draw_added(setup, told)]
    added = pa.concat_tables(parts).combine_chunks()
    if not (change.linkages or change.remove_links):
        return replace(gone, added=added)
    wanted = [_find_removal(setup, number) for number in range(len(change.remove_links))]
    found: list[list[_Places]] = [[] for _ in wanted]
    links = [0] * (len(setup.project.linkages) + 1)
    own = len(setup.project.linkages) - len(change.linkages)
    for passed in _pass_edges(setup.project, layers, gone, progress):
        if passed.number > own:
            _refuse_bad_rows(setup, passed, own)
        links[passed.number] += passed.edges.num_rows
        for removal, places in zip(wanted, found, strict=True):
            at = np.flatnonzero(match_edges(passed.edges, *removal)) + passed.first
            places.append(_Places(np.full(len(at), passed.number), at))
    for number, linkage in enumerate(change.linkages, start=own + 1):
        file = ", ".join(path.name for path in linkage.path)
        told.append(Message("whatif.change.table", {"file": file, "links": f"{links[number]:,}"}))
    return _remove(setup, replace(gone, added=added), wanted, found, told)


def _refuse_bad_rows(setup: Setup, passed: _Passed, own: int) -> None:
    """Raise where a row of an added table gives no link: nobody would see it in quarantine."""
    for row in passed.faults.sort_by("line").slice(0, 1).to_pylist():
        raise TableFault(
            "change_bad_row",
            table=f"{setup.place('linkages', passed.number - own - 1)} ({row['file']})",
            column=row["column"],
            row=row["line"],
            value=row["value"],
            why=Message(f"row_fault.{row['reason']}"),
        )


def _draw_added(setup: Setup, told: list[Message]) -> Iterator[pa.Table]:
    layers, seed = setup.layers, setup.project.project.seed
    for number, links in enumerate(setup.change.add_links):
        table = setup.place("add_links", number)
        one, other = (
            np.flatnonzero(_find_group(layers, name, table, "between")) for name in links.between
        )
        if not count_possible(layers.register, one, other, links.kind).any():
            shown = " – ".join(links.between)
            kind = Message(f"kind.{links.kind}")
            raise TableFault("change_no_pair", table=table, key="between", value=shown, kind=kind)
        wanted = Wanted(links.links, links.kind, links.year or NO_YEAR, links.weight)
        values = {
            "links": f"{links.links:,}",
            "kind": Message(f"kind.{links.kind}"),
            "one": links.between[0],
            "other": links.between[1],
        }
        told.append(Message("whatif.change.add_links", values))
        yield draw_links(layers.register, one, other, wanted, (seed, _ADDING, number))


@dataclass(frozen=True)
class _Places:
    # Tables of linkages, and positions of edges there.
    table: Positions
    at: Positions


def _find_removal(setup: Setup, number: int) -> tuple[Flags, Flags, str]:
    """Return the two groups of actors whose links are removed, and of which kind."""
    removal, layers = setup.change.remove_links[number], setup.layers
    table, everyone = setup.place("remove_links", number), np.ones(len(layers.register.ids), bool)
    if removal.between is not None:
        one, other = (_find_group(layers, name, table, "between") for name in removal.between)
    else:
        one = everyone if removal.of is None else _find_group(layers, removal.of, table, "of")
        other = everyone
    return one, other, removal.kind or ""


def _remove(
    setup: Setup,
    links: ChangedLinks,
    wanted: Sequence[tuple[Flags, Flags, str]],
    found: Sequence[Sequence[_Places]],
    told: list[Message],
) -> ChangedLinks:
    """Choose the edges that are removed: what was added last goes first, then as the seed draws."""
    kept = np.ones(links.added.num_rows, dtype=bool)
    none = np.zeros(0, dtype=np.int64)
    table, at = none, none
    for number, (removal, groups, places) in enumerate(
        zip(setup.change.remove_links, wanted, found, strict=True)
    ):
        new = np.flatnonzero(match_edges(links.added, *groups) & kept)
        tables_, positions = (
            np.concatenate([none, *parts])
            for parts in ([p.table for p in places], [p.at for p in places])
        )
        still = ~_stand_in(tables_, positions, table, at)
        tables_, positions = tables_[still], positions[still]
        size = _count_removed(setup, number, len(new) + len(positions))
        latest = min(size, len(new))
        kept[new[len(new) - latest :]] = False
        random = np.random.default_rng([setup.project.project.seed, _REMOVING, number])
        chosen = np.sort(random.choice(len(positions), size - latest, replace=False))
        table, at = np.append(table, tables_[chosen]), np.append(at, positions[chosen])
        told.append(_tell_removal(removal, size))
    removed = {int(one): np.sort(at[table == one]) for one in np.unique(table)}
    return replace(links, removed=removed, added=links.added.filter(pa.array(kept)))


def _stand_in(
    table: Positions, at: Positions, other_table: Positions, other_at: Positions
) -> Flags:
    """Return which places are among others."""
    most = max(at.max(initial=0), other_at.max(initial=0)) + 1
    return np.asarray(np.isin(table * most + at, other_table * most + other_at))


def _count_removed(setup: Setup, number: int, there: int) -> int:
    removal, table = setup.change.remove_links[number], setup.place("remove_links", number)
    if not there:
        shown = " – ".join(removal.between) if removal.between else removal.of or removal.kind
        raise TableFault("change_no_links", table=table, value=shown)
    if removal.links is not None and removal.links > there:
        raise TableFault(
            "change_few_links", table=table, key="links", value=removal.links, there=f"{there:,}"
        )
    return there if removal.links is None else removal.links


def _tell_removal(removal: RemovedLinks, size: int) -> Message:
    kind = Message(f"kind.{removal.kind}") if removal.kind else Message("whatif.any_kind")
    values: dict[str, object] = {"links": f"{size:,}", "kind": kind}
    if removal.between is not None:
        one, other = removal.between
        return Message("whatif.change.remove_between", {**values, "one": one, "other": other})
    if removal.of is not None:
        return Message("whatif.change.remove_of", {**values, "one": removal.of})
    return Message("whatif.change.remove_kind", values)
