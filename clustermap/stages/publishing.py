"""Publishing: from findings to a release, and from the release to files on disk."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyproj import CRS

from clustermap import tables
from clustermap.indicators.industries import compute_industries
from clustermap.layers import projection
from clustermap.layers.revisions import AMONG, RAW
from clustermap.messages import Message
from clustermap.network.strata import BRANCH, HEAD_OFFICE
from clustermap.publish.door import Results, Terms, build_release
from clustermap.publish.evidence import find_table
from clustermap.publish.grounds import Grounds, find_rules, lay_grounds, place_firms
from clustermap.publish.sheet import Sheet
from clustermap.publish.suppression import Rules
from clustermap.scores.score import join_scenarios
from clustermap.scores.tabulate import count_analyses
from clustermap.selection.advise import Advised
from clustermap.sources.reference import read_coast
from clustermap.stages.reading import REPEATED, Layers
from clustermap.store import TypedRows, hash_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from clustermap.project import Project, RoadGraph, Source
    from clustermap.publish.release import Release
    from clustermap.scores import Scored
    from clustermap.scores.profile import Profile
    from clustermap.scores.quality import QualitySheet
    from clustermap.stages.counting import Network
    from clustermap.stages.ledger import Ledger

    Hash = Callable[[Path], str]

T = TypeVar("T", bound=pd.DataFrame | TypedRows)

COAST_ATTRIBUTION = "Natural Earth (public domain)"
_PLACES = ("x", "y", "precision_m")
_NAMES = ("firm", "name")
_OF_FIRMS = (*_NAMES, "industry", "employees", *_PLACES, "cell")
_PLAIN = (pa.types.is_string, pa.types.is_large_string, pa.types.is_integer, pa.types.is_floating)
_VERSIONS = ("geopandas", "networkx", "numpy", "pandas", "pyarrow", "pyproj", "scipy", "shapely")


@dataclass(frozen=True)
class Findings:
    """What a run found.

    Parameters
    ----------
    ledger
        What became of every row.
    layers
        Clean layers, actors in their cells.
    network
        Counts and flows.
    indicators
        The table INDICATORS.
    scored
        Scores, subscores, explanations by the project's own profile.
    behind
        The tables that stand behind the scores, by their names.
    quality
        What is found of the score as a composite; None where nothing is scored.
    profiles
        The project's own, then those of ``others``.
    others
        Scores and subscores by every other profile, each a scenario of its name.
    selected
        The tables of what the scenarios choose, by their names; empty where nothing is chosen.
    advised
        What may be done about each cluster; without tables where no links are scored.
    """

    ledger: Ledger
    layers: Layers
    network: Network
    indicators: pd.DataFrame
    scored: Scored
    behind: Mapping[str, pd.DataFrame]
    quality: QualitySheet | None = None
    profiles: tuple[Profile, ...] = ()
    others: tuple[Scored, ...] = ()
    selected: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    advised: Advised = field(default_factory=Advised)


def layer_frame(layers: Layers, name: str) -> pd.DataFrame:
    """Return a layer of actors as the table that is written.

    Parameters
    ----------
    layers
        Clean layers.
    name
        "firms", "institutes" or "partners".

    Returns
    -------
    pd.DataFrame
        Columns of the layer, codes that were converted, cell, how; without rows where the project
        has no such layer.
    """
    table = tables.LAYERS[name]
    columns = [column.name for column in table.columns]
    rows = layers.actors.get(name)
    if rows is None:
        return pd.DataFrame(columns=[*columns, "cell", "how"])
    beside = [column for column in rows.column_names if column.startswith("#")]
    frame: pd.DataFrame = _spell_out(rows.drop(beside)).to_pandas()
    frame = frame.astype({"cell": object, "how": object})
    if "kind" in columns and "kind" not in frame:
        frame["kind"] = "other"
    for point in {"x", "y"} - set(frame.columns):
        frame[point] = float("nan")
    return frame[[name for name in [*columns, RAW, AMONG, "cell", "how"] if name in frame]]


def _spell_out(rows: pa.Table) -> pa.Table:
    """Return rows whose repeated texts are words again."""
    types = {
        field.name: field.type.value_type
        for field in rows.schema
        if field.name in REPEATED and pa.types.is_dictionary(field.type)
    }
    return rows.cast(_retype(rows.schema, types)) if types else rows


def _read_firms(layers: Layers, columns: tuple[str, ...]) -> pd.DataFrame:
    """Return what a release looks at of firms; of millions, texts stay in Arrow as they are."""
    rows = layers.actors.get("firms")
    if rows is None:
        return layer_frame(layers, "firms")
    known = [name for name in columns if name in rows.column_names]
    frame: pd.DataFrame = _spell_out(rows.select(known)).to_pandas()
    unknown = {"x", "y"} & {*columns} - {*known}
    return frame.assign(**dict.fromkeys(sorted(unknown), np.nan))


def read_layer(layers: Layers, name: str) -> TypedRows | pd.DataFrame:
    """Return a layer of actors as :func:`layer_frame` does, in Arrow where that is the same.

    Parameters
    ----------
    layers, name
        As for :func:`layer_frame`.

    Returns
    -------
    TypedRows or pd.DataFrame
        To be written: of millions of actors nothing becomes a Python object.
    """
    rows = layers.actors.get(name)
    if rows is None or not rows.num_rows:
        return layer_frame(layers, name)
    # pandas holds whole numbers of which some are missing as decimals.
    floats = {
        column: pa.float64()
        for column in rows.column_names
        if pa.types.is_integer(rows[column].type) and rows[column].null_count
    }
    first_row = rows.slice(0, 1).cast(_retype(rows.schema, floats))
    first = replace(layers, actors={name: first_row})
    schema = pa.Schema.from_pandas(layer_frame(first, name), preserve_index=False)
    known = {*schema.names} <= {*rows.column_names} and all(map(_is_plain, schema.types))
    if not known or any(map(_holds_nan, rows.select(schema.names).columns)):
        return layer_frame(layers, name)
    return TypedRows(rows, schema)


def _retype(schema: pa.Schema, types: Mapping[str, pa.DataType]) -> pa.Schema:
    return pa.schema([(field.name, types.get(field.name, field.type)) for field in schema])


def _holds_nan(column: pa.ChunkedArray) -> bool:
    """Return whether a number is NaN, which pandas does not tell from a missing one."""
    return bool(pa.types.is_floating(column.type) and pc.any(pc.is_nan(column)).as_py())


def _is_plain(type_: pa.DataType) -> bool:
    return any(is_so(type_) for is_so in _PLAIN)


def _attribution(project: Project) -> tuple[str, ...]:
    sources: list[Source] = [layer for layer in dict(project.layers).values() if layer is not None]
    every: list[Source | RoadGraph] = [*sources, *project.linkages]
    if project.roads is not None:
        every.append(project.roads)
    lines = [
        " · ".join(dict.fromkeys(part for part in (source.attribution, source.licence) if part))
        for source in every
    ]
    return tuple(dict.fromkeys([*(line for line in lines if line), COAST_ATTRIBUTION]))


def _notes(project: Project, network: Network, findings: Findings) -> tuple[Message, ...]:
    notes = list(findings.scored.notes)
    if project.project.synthetic:
        notes.append(Message("note.synthetic"))
    coarse = sum(e.facts.get("coarse_points", 0) for e in findings.ledger.entries.values())
    if coarse:
        notes.append(Message("note.coarse_points", {"actors": f"{coarse:,}"}))
    if findings.advised.travel:
        notes.append(Message("note.roads"))
    present = set(network.flows["kind"].unique())
    missing = [kind for kind in tables.SCORED_KINDS if kind not in present]
    if not present:
        notes.append(Message("note.no_linkages"))
    elif missing:
        names = tuple(Message(f"kind.{kind}") for kind in missing)
        notes.append(Message("note.missing_kind", {"kinds": names}))
    return tuple(notes)


def _known_circumstances(layers: Layers) -> set[str]:
    """Return what the data hold of the circumstances of clusters that can be allowed for."""
    known = {"size"}
    if np.isin(layers.strata.sector, (HEAD_OFFICE, BRANCH)).any():
        known.add("sites")
    if "region" in layers.clusters and layers.clusters["region"].notna().any():
        known.add("region")
    return known


def _draw_up_sheet(project: Project, findings: Findings) -> Sheet:
    score, found = project.score, findings.quality
    known = _known_circumstances(findings.layers)
    allowed = tuple(name for name in score.allow_for if name in known)
    sheet = Sheet(score.profile, score.null, allowed, score.draws)
    if found is None:
        return sheet
    sensitivity = findings.behind["sensitivity"]
    return replace(
        sheet,
        units=found.units,
        analyses=count_analyses(sensitivity),
        findings=found.findings,
        quality=findings.behind["quality"],
        sensitivity=sensitivity,
    )


def prepare_release(project: Project, findings: Findings) -> Grounds:
    """Return what of a release is the same whatever the score weighs.

    Parameters
    ----------
    project
        The project file.
    findings
        What the run found.

    Returns
    -------
    Grounds
        For :func:`release_findings`.
    """
    layers, network, publish = findings.layers, findings.network, project.publish
    rules = _read_rules(project)
    shown = find_rules(rules, internal=publish.internal)
    crs = CRS.from_user_input(layers.clusters.crs)
    return lay_grounds(
        network.flows,
        network.counts,
        find_table(findings.behind, "expected"),
        place_firms(_read_firms(layers, _PLACES), layers.industries, crs, shown),
        rules,
        internal=publish.internal,
    )


def _read_rules(project: Project) -> Rules:
    return Rules(project.publish.min_firms, project.publish.dominance)


def release_findings(
    project: Project, findings: Findings, grounds: Grounds | None = None
) -> Release:
    """Return what may leave of a run.

    Parameters
    ----------
    project
        The project file.
    findings
        What the run found.
    grounds
        From :func:`prepare_release`, of the same project and findings; None to have them laid.

    Returns
    -------
    Release
        For pages and exports.
    """
    layers, network = findings.layers, findings.network
    lonlat = layers.clusters.geometry.to_crs(projection.LONLAT).total_bounds
    west, south, east, north = (float(value) for value in lonlat)
    results = Results(
        clusters=layers.clusters,
        institutes=layer_frame(layers, "institutes"),
        firms=_read_firms(layers, _OF_FIRMS if project.publish.internal else _NAMES),
        grounds=grounds or prepare_release(project, findings),
        counts=network.counts,
        indicators=findings.indicators,
        scored=findings.scored,
        profiles=findings.profiles,
        others=findings.others,
        behind=findings.behind,
        sheet=_draw_up_sheet(project, findings),
        taxonomy=layers.taxonomy,
        regions=layers.regions,
        coast=read_coast((west, south, east, north)),
        advised=findings.advised,
    )
    terms = Terms(
        title=project.project.name,
        language=project.project.language,
        synthetic=project.project.synthetic,
        internal=project.publish.internal,
        attribution=_attribution(project),
        notes=_notes(project, network, findings),
        version=version("clustermap"),
        rules=_read_rules(project),
    )
    return build_release(results, terms)


class LateTables(Mapping[str, T]):
    """Tables by their names, some of which are made when they are asked for.

    Parameters
    ----------
    tables
        Name to table, or to what makes it.
    """

    def __init__(self, tables: Mapping[str, T | Callable[[], T]]) -> None:
        self._tables = dict(tables)

    def __getitem__(self, name: str) -> T:
        """Return a table.

        Parameters
        ----------
        name
            Its name.

        Returns
        -------
        pd.DataFrame or TypedRows
            The same one each time.
        """
        found = self._tables[name]
        if callable(found):
            found = self._tables[name] = found()
        return found

    def __iter__(self) -> Iterator[str]:
        """Yield the names.

        Yields
        ------
        str
            In their order.
        """
        yield from self._tables

    def __len__(self) -> int:
        """Return how many tables there are.

        Returns
        -------
        int
            Those included that are not made yet.
        """
        return len(self._tables)


def list_tables(findings: Findings) -> Mapping[str, pd.DataFrame]:
    """Return every table of a run, as written to OUT/tables.

    Parameters
    ----------
    findings
        What the run found.

    Returns
    -------
    Mapping
        Name of the table to its rows; those of actors are read when they are asked for.
    """
    layers, network = findings.layers, findings.network
    cells = layers.cells
    scores, subscores = join_scenarios([findings.scored, *findings.others])
    memberships = pd.DataFrame(
        {
            "cell": [cells.names[code] for code in cells.held_cell],
            "cluster": [cells.names[code] for code in cells.held_cluster],
        }
    )
    tables = {
        "clusters": layers.clusters.reset_index(),
        "firms": partial(layer_frame, layers, "firms"),
        "institutes": partial(layer_frame, layers, "institutes"),
        "memberships": memberships,
        **layers.matches,
        "flows": network.flows,
        "indicators": findings.indicators,
        "industries": compute_industries(network.counts),
        "scores": scores,
        "subscores": subscores,
        **findings.behind,
        **findings.selected,
        **findings.advised.tables,
        **findings.advised.travel,
    }
    return LateTables(tables)


def _inputs(project: Project, ledger: Ledger, hash_: Hash) -> list[dict[str, Any]]:
    """Return every file and table read, with its hash, licence and owner."""
    named: list[tuple[str, Source]] = [
        (name, layer) for name, layer in dict(project.layers).items() if layer is not None
    ]
    named += [(f"linkages_{n}", linkage) for n, linkage in enumerate(project.linkages, start=1)]
    places: list[tuple[str, dict[str, Any], Source | RoadGraph]] = [
        (name, place, source)
        for name, source in named
        for place in _places(project, name, source, ledger, hash_)
    ]
    clusters = project.layers.clusters
    if clusters.aliases:
        places.append(("aliases", _describe_file(project, clusters.aliases, hash_), clusters))
    if project.roads is not None:
        roads = project.roads
        places.append(("roads", _describe_file(project, roads.path, hash_), roads))
    own = project.industries.concordance
    stated = [{"table": "concordance", **_describe_file(project, own, hash_)}] if own else []
    return [
        {
            "table": name,
            **place,
            "licence": source.licence,
            "attribution": source.attribution,
        }
        for name, place, source in places
    ] + [{**place, "licence": "", "attribution": ""} for place in stated]


def _places(
    project: Project, name: str, source: Source, ledger: Ledger, hash_: Hash
) -> Iterator[dict[str, Any]]:
    """Yield where a table was read from, with the hash of what was read."""
    for path in source.files:
        yield _describe_file(project, path, hash_)
    if source.database is not None:
        asked = {"relation": source.table} if source.table else {"query": source.query}
        read = ledger.received[name]
        shown = source.database.shown
        yield {"database": shown, **asked, "sha256": read.sha256, "bytes": read.bytes}


def _describe_file(project: Project, path: Path, hash_: Hash) -> dict[str, Any]:
    size = path.stat().st_size
    return {"file": project.relative(path), "sha256": hash_(path), "bytes": size}


def build_record(project: Project, findings: Findings, hash_: Hash = hash_file) -> dict[str, Any]:
    """Return run.json: what went in, what became of it, and with what.

    Parameters
    ----------
    project
        The project file.
    findings
        What the run found.
    hash_
        Returns the SHA-256 of a file.

    Returns
    -------
    dict
        Fit for JSON; no clock times and no paths outside the project's folder.
    """
    return {
        "schema": tables.SCHEMA,
        "clustermap": version("clustermap"),
        "project": project.project.name,
        "synthetic": project.project.synthetic,
        "seed": project.project.seed,
        "inputs": _inputs(project, findings.ledger, hash_),
        "tables": findings.ledger.summary(),
        "parameters": project.parameters(),
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in _VERSIONS},
        },
    }
