"""The whole product on one screen: sources, layers, network, indicators, scores, pages, files."""

from __future__ import annotations

import html
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from difflib import get_close_matches
from functools import cached_property, partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from clustermap.change import Change, open_change
from clustermap.collecting import collect_seldom
from clustermap.engine import SERIAL, Engine, EngineName
from clustermap.errors import TableFault
from clustermap.formats import write_exports as _write_files
from clustermap.indicators import list_indicators as _indicator_records
from clustermap.memory import give_back, part_large
from clustermap.messages import Language, Message, say
from clustermap.project import Project, open_project
from clustermap.publish.suppression import Rules
from clustermap.publish.travel import release_travel
from clustermap.render.decision import find_terms
from clustermap.render.explore import build_explore, draw_explore
from clustermap.render.memo.document import draw_memo
from clustermap.render.notebook import frame_page
from clustermap.render.planner import draw_planner
from clustermap.render.sheet import draw_sheet
from clustermap.scores.explain import group_sentences
from clustermap.side_by_side import do_each, one_core_each
from clustermap.sources.peek import list_files, peek_all, spell_path
from clustermap.stages.advising import advise_findings
from clustermap.stages.changing import Altered, Setup, apply_change
from clustermap.stages.comparing import Seen, compare_findings, tell_comparison
from clustermap.stages.counting import count_network
from clustermap.stages.fetching import fetch_osm
from clustermap.stages.keeping import (
    GROUNDS,
    LAYERS,
    NULLS,
    PARTS,
    TALLIES,
    Checkpoints,
    Counted,
    open_checkpoints,
)
from clustermap.stages.ledger import Ledger, Progress, no_progress, say_facts, say_quarantine
from clustermap.stages.measuring import Measured, measure_clusters
from clustermap.stages.profiles import read_profile
from clustermap.stages.proposing import Finding, propose
from clustermap.stages.publishing import (
    Findings,
    LateTables,
    build_record,
    list_tables,
    prepare_release,
    read_layer,
    release_findings,
)
from clustermap.stages.reading import read_layers, read_unassigned, settle_layers
from clustermap.stages.scoring import assess_clusters, standardise_links
from clustermap.stages.selecting import (
    Selected,
    check_selection,
    explain_choice,
    select_findings,
)
from clustermap.stages.workplace import clear_parts, open_workplace
from clustermap.store import (
    Staging,
    check_free,
    check_writable,
    open_scratch,
    recover,
    take_file,
    write_project,
    write_quarantine,
    write_run,
    write_tables,
)
from clustermap.tables import DEFAULT_SCENARIO

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    import networkx as nx
    import pandas as pd

    from clustermap.formats.postgis import Database
    from clustermap.network.counts import Counts
    from clustermap.publish.release import Release
    from clustermap.render.explore import ExploreMap

__all__ = [
    "Comparison",
    "Draft",
    "Progress",
    "Run",
    "check_project",
    "compare_whatif",
    "demo",
    "draw_map",
    "explain_cluster",
    "fetch_osm",
    "init_project",
    "list_indicators",
    "run",
    "score_clusters",
    "select_clusters",
    "write_exports",
    "write_report",
]

TABLES, MAP, EXPORT, SELECT, REPORT, WHATIF = (
    *("tables", "map", "export", "select", "report", "whatif"),
)
LASTING = ("expected", "firms", "flows", "institutes")
"""Long tables that follow from what is kept of the stage PARTS: written once, whatever weighs."""
_WRITERS = 1  # kinds of output at a time, beside the files for GIS programs
PAGES = {"planner": draw_planner, "explore": draw_explore, "sheet": draw_sheet}


@dataclass(frozen=True)
class Run:
    """What a run found and wrote.

    Parameters
    ----------
    summary
        Fit for JSON: what became of the rows of every table, clusters and rated clusters.
    record
        What run.json holds.
    tables
        Every table of the run by its name.
    counts
        What was counted of clusters.
    outputs
        Files written.
    page
        The planner's page, if it was drawn.
    explore_page
        The map for analysts, if it was drawn.
    sheet
        The score sheet for analysts, if it was drawn.
    memo
        The decision memo, if it was drawn.
    faults
        One sentence for everything that a reader of the results should know of the data: why rows
        were set aside, what was mended, whether hardly any actor lies in a cluster.
    release
        What may leave the house: pages, files and ``explore`` are drawn from it; None where the
        data were only checked.
    shown
        What a notebook shows: "planner", or "explore".
    selected
        What the scenarios choose under their budgets; None where that was not asked for.
    kept
        One sentence for every stage that was taken from a checkpoint, or whose checkpoint could not
        be used or written.
    """

    summary: Mapping[str, Any]
    record: Mapping[str, Any]
    tables: Mapping[str, pd.DataFrame]
    counts: Counts
    outputs: list[Path] = field(default_factory=list)
    page: Path | None = None
    explore_page: Path | None = None
    sheet: Path | None = None
    faults: list[Message] = field(default_factory=list)
    release: Release | None = None
    shown: Literal["planner", "explore"] = "planner"
    selected: Selected | None = None
    memo: Path | None = None
    kept: tuple[Message, ...] = ()

    @property
    def network(self) -> nx.MultiDiGraph[str]:
        """The cluster network."""
        return self.counts.network

    @property
    def scores(self) -> pd.DataFrame:
        """The project's own scores: those rows of the table SCORES; it holds every profile's."""
        scores = self.tables["scores"]
        return scores[scores["scenario"] == DEFAULT_SCENARIO]

    @cached_property
    def explore(self) -> ExploreMap | None:
        """The map for analysts as a folium map to go on with; None without ``release``."""
        return None if self.release is None else build_explore(self.release)

    def __repr__(self) -> str:
        rated, clusters = self.summary["rated"], self.summary["clusters"]
        return f"<Run: {rated} of {clusters} clusters rated, {len(self.outputs)} files>"

    def _repr_html_(self) -> str:
        """Show the page in a notebook."""
        if self.shown == "explore" and self.explore is not None:
            return self.explore._repr_html_()
        if self.page is None:
            return f"<pre>{html.escape(repr(self.summary))}</pre>"
        return frame_page(self.page.read_text(encoding="utf-8"), repr(self))


def run(
    project: Project,
    *,
    strict: bool = False,
    progress: Progress | None = None,
    engine: Engine | EngineName = "serial",
) -> Run:
    """Do everything that a project asks for: read, check, score, choose, draw, export, report.

    Parameters
    ----------
    project
        From open_project.
    strict
        Whether the first faulty row stops the run.
    progress
        Hears how far the run is.
    engine
        Where tables of pairs are counted: "serial" (in this process), "processes" (on this
        machine), "dask", or an Engine that names a scheduler. Every engine gives the same tables.

    Returns
    -------
    Run
        What was found and written.

    Raises
    ------
    TableFault
        If a table as a whole is at fault; nothing is written then.
    """
    outputs = {TABLES, MAP, EXPORT, SELECT, REPORT}
    where = engine if isinstance(engine, Engine) else Engine(engine)
    return _carry_out(project, outputs, strict=strict, progress=progress, engine=where)


def find(
    project: Project,
    *,
    strict: bool,
    progress: Progress,
    engine: Engine = SERIAL,
    kept: Checkpoints | None = None,
) -> Findings:
    """Read, count and score a project: everything that is known before anything leaves.

    Parameters
    ----------
    project, strict, progress, engine
        As for :func:`run`.
    kept
        Checkpoints of runs before; None opens those beside the output.

    Returns
    -------
    Findings
        What was found; of the output nothing is written.

    Raises
    ------
    TableFault
        If a table as a whole is at fault.
    """
    read_profile(project)  # a wrong name is told before anything long
    kept = kept or open_checkpoints(project, strict=strict, progress=progress)

    def read(narrowed: Project) -> Altered:
        ledger = Ledger(project.quality.max_refused, strict)
        return Altered(project, read_layers(narrowed, ledger, progress), ledger)

    return _measure(project, read, kept, progress, engine=engine)


@one_core_each()
def _measure(
    project: Project,
    read: Callable[[Project], Altered],
    kept: Checkpoints,
    progress: Progress,
    weights: Mapping[str, float] | None = None,
    engine: Engine = SERIAL,
) -> Findings:
    """Count and score layers that are read, as they are or as they would be."""
    with open_scratch() as scratch, kept.settled():

        def count(narrowed: Project) -> Counted:
            ledger, layers = (altered := read(narrowed)).ledger, altered.layers
            check_selection(project, layers)  # before anything long
            with open_workplace(engine, project.project.out) as place:
                counted = count_network(
                    narrowed, layers, ledger, progress, scratch, altered.links, place
                )
            return Counted(ledger, layers, counted)

        counted = kept.take(TALLIES, count)
        layers, network = counted.layers, counted.network
        check_selection(project, layers)
        expected = kept.take(NULLS, lambda own: standardise_links(own, network, progress))

        def measure(narrowed: Project) -> Measured:
            advice = narrowed.score.advice
            return measure_clusters(layers, network, expected, progress, advice=advice)

        measured = kept.take(PARTS, measure)
        assessed = assess_clusters(project, layers, network, expected, measured, progress, weights)
        advised = advise_findings(layers, network, measured, assessed, progress)
    return Findings(
        counted.ledger,
        replace(layers, moved={}),
        network.let_go(),
        measured.indicators,
        assessed.scored,
        assessed.tables,
        assessed.quality,
        assessed.profiles,
        assessed.others,
        advised=advised,
    )


def _release(project: Project, findings: Findings, kept: Checkpoints) -> Release:
    """Return what may leave, with what of it was kept."""
    if "expected" not in findings.behind:
        # A profile may score none of the kinds that there are: such a release holds less.
        return release_findings(project, findings)
    grounds = kept.take(GROUNDS, lambda own: prepare_release(own, findings))
    return release_findings(project, findings, grounds)


@collect_seldom()
def _carry_out(
    project: Project,
    outputs: Collection[str],
    *,
    strict: bool,
    progress: Progress | None,
    engine: Engine = SERIAL,
) -> Run:
    listen = progress or no_progress
    began = datetime.now(UTC)
    part_large()
    if outputs:
        check_writable(project.project.out)
    with _open_database(project, outputs) as database:  # its faults are told before anything long
        if database is not None:
            database.check()
    if outputs:
        recover(project.project.out)  # what a killed run left is undone before anything long
    kept = open_checkpoints(project, strict=strict, progress=listen, write=bool(outputs))
    findings = find(project, strict=strict, progress=listen, engine=engine, kept=kept)
    record = build_record(project, findings, kept.hash_file)
    if not outputs:
        return replace(_close(findings, record, []), kept=tuple(kept.told))
    release = _release(project, findings, kept)
    selected = None
    if SELECT in outputs:
        selected = select_findings(project, findings, release, listen, kept)
    if selected is not None:
        findings = replace(findings, selected=selected.tables)
        release = replace(release, decision=selected.decision)
    asked = set(outputs) - ({REPORT} if release.decision is None else set())
    record["wrote"] = steps = [step for step in (TABLES, MAP, EXPORT, REPORT) if step in asked]
    record["withheld"] = dict(release.withheld)
    out = project.project.out
    # The database counts last: it stays as it was where files cannot be put in place.
    with _open_database(project, steps) as database, Staging(out) as stage:
        writing = partial(_write, project, findings, release, stage, database, kept)
        record |= _write_each(writing, _tell(steps, listen))
        kept.settle()
        write_run(record, stage / "run.json")
        _write_log(stage / "run.log", began, kept.told)
        files = sorted(out / p.relative_to(stage) for p in stage.rglob("*") if p.is_file())
    clear_parts(out)  # the run is whole: nothing of it has to be found again
    closed = _close(findings, record, files)
    return replace(closed, release=release, selected=selected, kept=tuple(kept.told))


def _tell(steps: Sequence[str], listen: Progress) -> Iterator[str]:
    """Yield the kinds of output, each told when it is begun."""
    for done, step in enumerate(steps, start=1):
        listen(Message("step.write", {"what": Message(f"what.{step}")}), done, len(steps))
        yield step


def _write_each(writing: Callable[[str], dict[str, Any]], steps: Iterable[str]) -> dict[str, Any]:
    """Write every kind of output, side by side, and return what run.json holds of them."""
    told = list(steps)
    with ThreadPoolExecutor(_WRITERS) as pool:
        beside = [pool.submit(writing, step) for step in told if step != EXPORT]
        # GDAL hands us its errors in this thread alone; in others it prints them.
        record = writing(EXPORT) if EXPORT in told else {}
        give_back()  # of layers that are written, while pages are still drawn
        for one in beside:
            record |= one.result()
    return record


def _write(
    project: Project,
    findings: Findings,
    release: Release,
    stage: Path,
    database: Database | None,
    kept: Checkpoints,
    step: str,
) -> dict[str, Any]:
    """Write one kind of output, and return what run.json holds of it."""
    if step == TABLES:
        _write_tables(project, findings, stage, kept)
    elif step == MAP:
        _write_pages(release, stage / "maps", PAGES)
    elif step == REPORT:
        _write_pages(release, stage / "report", {"memo": draw_memo})
    else:
        return {"export": _write_exports(project, release, stage / "export", database, kept)}
    return {}


def _write_pages(
    release: Release, folder: Path, pages: Mapping[str, Callable[[Release], bytes]]
) -> None:
    folder.mkdir()
    mark = "_synthetic" if release.synthetic else ""

    def write(name: str) -> None:
        (folder / f"{name}{mark}.html").write_bytes(pages[name](release))

    do_each(write, list(pages))


@contextmanager
def _open_database(project: Project, steps: Collection[str]) -> Iterator[Database | None]:
    """Open the database that an export goes to as well, None where none is asked for."""
    asked = project.export.postgis
    if asked is None or EXPORT not in steps:
        yield None
        return
    from clustermap.formats.postgis import open_export  # noqa: PLC0415 -- an extra

    with open_export(asked.url, asked.schema_) as database:
        yield database


def _write_exports(
    project: Project,
    release: Release,
    folder: Path,
    database: Database | None,
    kept: Checkpoints,
) -> dict[str, Any]:
    export, keep = project.export, partial(kept.take_alike, LAYERS, most=1)
    made = _write_files(
        release, folder, formats=export.formats, encoding=export.encoding, keep=keep
    )
    written = {"files": list(made.files), "changes": len(made.changes)}
    if database is None:
        return written
    tables = list(database.write(release))
    place = {"database": database.address.shown, "schema": database.schema}
    return {**written, "postgis": {**place, "tables": tables}}


def _write_tables(project: Project, findings: Findings, stage: Path, kept: Checkpoints) -> None:
    section = project.project
    marks = {"synthetic": str(section.synthetic).lower(), "version": version("clustermap")}
    tables = list_tables(findings)
    actors = {name: partial(read_layer, findings.layers, name) for name in ("firms", "institutes")}
    others = {name: tables[name] for name in tables if name not in actors}
    folder, written = stage / TABLES, kept.open_written(PARTS, marks)

    def take(name: str, path: Path) -> bool:
        old = project.project.out / TABLES / path.name
        if written is None or name not in LASTING or not written.knows(name):
            return False
        return take_file(old, path, lambda file: written.holds(name, file))

    write_tables(LateTables({**actors, **others}), folder, metadata=marks, take=take)
    if written is not None:
        files = {name: folder / f"{name}.parquet" for name in LASTING}
        kept.note_written(written, {n: file for n, file in files.items() if file.is_file()})
    faults = findings.ledger.faults()
    write_quarantine(faults, stage / "quarantine", language=section.language)


def _write_log(path: Path, began: datetime, told: Iterable[Message]) -> None:
    ended = datetime.now(UTC)
    lines = [
        f"began {began.isoformat(timespec='seconds')}",
        f"ended {ended.isoformat(timespec='seconds')}",
        f"took {(ended - began).total_seconds():.1f} s",
        *(say(message, "en") for message in told),
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _close(findings: Findings, record: Mapping[str, Any], written: list[Path]) -> Run:
    scores = findings.scored.scores
    unrated = scores.loc[scores["rated"] == 0, "reason"].value_counts()
    summary = {
        "tables": record["tables"],
        "clusters": len(scores),
        "rated": int(scores["rated"].sum()),
        "unrated": {str(reason): int(count) for reason, count in sorted(unrated.items())},
    }
    faults = [*say_facts(record["tables"]), *say_quarantine(findings.ledger.faults())]
    pages = {path.stem.partition("_")[0]: path for path in written if path.suffix == ".html"}
    return Run(
        summary,
        record,
        list_tables(findings),
        findings.network.counts,
        outputs=written,
        page=pages.get("planner"),
        explore_page=pages.get("explore"),
        sheet=pages.get("sheet"),
        memo=pages.get("memo"),
        faults=faults,
    )


def check_project(
    project: Project, *, strict: bool = False, progress: Progress | None = None
) -> Run:
    """Read and check a project's data; write nothing.

    Parameters
    ----------
    project, strict, progress
        As for :func:`run`.

    Returns
    -------
    Run
        What was found.

    Raises
    ------
    TableFault
        If a table as a whole is at fault.
    """
    return _carry_out(project, set(), strict=strict, progress=progress)


def score_clusters(
    project: Project, *, strict: bool = False, progress: Progress | None = None
) -> Run:
    """Score a project's clusters and write the tables.

    Parameters
    ----------
    project, strict, progress
        As for :func:`run`.

    Returns
    -------
    Run
        What was found and written.

    Raises
    ------
    TableFault
        If a table as a whole is at fault; nothing is written then.
    """
    return _carry_out(project, {TABLES}, strict=strict, progress=progress)


def select_clusters(
    project: Project, *, strict: bool = False, progress: Progress | None = None
) -> Run:
    """Choose the clusters that are worth most under a project's budget and rules.

    Parameters
    ----------
    project
        The project file, with a section [select].
    strict, progress
        As for :func:`run`.

    Returns
    -------
    Run
        What was found and written; ``selected`` holds what every scenario chooses, how sure that
        is, what rules cost, and why the other clusters are not chosen.

    Raises
    ------
    TableFault
        If there is no section [select], or a table as a whole is at fault; nothing is written then.
    """
    _require_select(project)
    return _carry_out(project, {TABLES, SELECT}, strict=strict, progress=progress)


def write_report(
    project: Project, *, strict: bool = False, progress: Progress | None = None
) -> Run:
    """Choose under a project's budget and rules, and write the decision memo.

    Parameters
    ----------
    project
        The project file, with a section [select].
    strict, progress
        As for :func:`run`.

    Returns
    -------
    Run
        What was found; ``memo`` is the file, in Korean and English, to be read or printed on A4.

    Raises
    ------
    TableFault
        If there is no section [select], or a table as a whole is at fault; nothing is written then.
    """
    _require_select(project)
    return _carry_out(project, {SELECT, REPORT}, strict=strict, progress=progress)


def _require_select(project: Project) -> None:
    if project.select is None:
        raise TableFault("select_missing", table=project.file.name, key="select")


def draw_map(project: Project, *, strict: bool = False, progress: Progress | None = None) -> Run:
    """Draw the pages of a project: the planner's, and the map and score sheet for analysts.

    Parameters
    ----------
    project, strict, progress
        As for :func:`run`.

    Returns
    -------
    Run
        What was found; ``page``, ``explore_page`` and ``sheet`` are the files. A notebook shows
        ``explore``, a folium map that takes further layers.

    Raises
    ------
    TableFault
        If a table as a whole is at fault; nothing is written then.

    Notes
    -----
    ``explore.layers`` holds the layers, and the ``data`` of each are GeoJSON with escaped texts.
    Texts of your own are not: folium runs ``{{ }}`` in them and shows them as markup.
    ``explore.save`` writes what folium would, ``explore.draw`` a page that fetches nothing.

    Examples
    --------
    >>> drawn = draw_map(open_project("project.toml"))  # doctest: +SKIP
    >>> site = folium.Marker([36.4, 127.4], tooltip="our site")  # doctest: +SKIP
    >>> drawn.explore.add_child(site)  # doctest: +SKIP
    >>> drawn.explore.save("with_our_site.html")  # doctest: +SKIP
    """
    drawn = _carry_out(project, {MAP}, strict=strict, progress=progress)
    return replace(drawn, shown="explore")


def write_exports(
    project: Project, *, strict: bool = False, progress: Progress | None = None
) -> Run:
    """Write a project's files for GIS programs and spreadsheets.

    Parameters
    ----------
    project, strict, progress
        As for :func:`run`.

    Returns
    -------
    Run
        What was found and written.

    Raises
    ------
    TableFault
        If a table as a whole is at fault; nothing is written then.
    """
    return _carry_out(project, {EXPORT}, strict=strict, progress=progress)


def explain_cluster(
    project: Project, cluster: str, language: Language | None = None
) -> dict[str, list[str]]:
    """Say why a cluster has its score.

    Parameters
    ----------
    project
        From open_project.
    cluster
        Identifier, or exact name where it is unique.
    language
        "ko" or "en"; None for the project's own.

    Returns
    -------
    dict
        Heading to sentences, the most important first: why it has its rank, what would change it,
        its nearest peers, what stands beside the score, and what is missing to decide; with a
        section [select], whether it is chosen, and exactly what it lacks else.

    Raises
    ------
    TableFault
        If there is no such cluster, or a table as a whole is at fault.
    """
    findings = find(project, strict=False, progress=no_progress)
    names = findings.layers.clusters["name"]
    found = [key for key in names.index if key == cluster]
    found = found or [key for key, name in names.items() if name == cluster]
    if len(found) != 1:
        near = get_close_matches(cluster, [*map(str, names.index), *names.dropna()], n=3, cutoff=0)
        raise TableFault(
            "unknown_cluster",
            table="clusters",
            column="cluster",
            value=cluster,
            near=", ".join(near),
        )
    tongue = language or project.project.language
    told = findings.scored.explanations[found[0]]
    sections = [
        (Message(f"explain.heading.{name}"), own) for name, own in group_sentences(told).items()
    ]
    if travelled := release_travel(findings.advised, Rules(), internal=True):
        sections.append((Message("travel.heading"), travelled.tell(str(found[0]))))
    if project.select is not None:
        release = release_findings(project, findings)
        terms = find_terms(release, project.project.currency)
        choice = explain_choice(project, findings, release, str(found[0]))
        told_choice = tuple(terms.tell(line, tongue) for line in choice)
        sections.append((Message("selection.explain.heading"), told_choice))
    return {say(head, tongue): [say(line, tongue) for line in own] for head, own in sections}


@dataclass(frozen=True)
class Comparison:
    """What a change does.

    Parameters
    ----------
    name
        Name of the change.
    table
        The table WHATIF: every cluster in every scenario, before and after.
    told
        Heading to sentences: what was changed, what comes of it, and how to read that.
    record
        What run.json of the comparison holds.
    outputs
        Files written.
    """

    name: str
    table: pd.DataFrame
    told: Mapping[str, tuple[Message, ...]]
    record: Mapping[str, Any]
    outputs: list[Path] = field(default_factory=list)

    def __repr__(self) -> str:
        return f"<Comparison {self.name!r}: {len(self.table)} rows, {len(self.outputs)} files>"


@collect_seldom()
def compare_whatif(
    project: Project,
    change: Change | str | os.PathLike[str],
    *,
    strict: bool = False,
    progress: Progress | None = None,
) -> Comparison:
    """Suppose a change, compute everything again, and compare.

    Both sides are computed in full, with the same seed, or taken from checkpoints as far as nothing
    changed. The user's files are never touched.

    Parameters
    ----------
    project
        From open_project.
    change
        The change file, or its path.
    strict, progress
        As for :func:`run`.

    Returns
    -------
    Comparison
        What was found and written to OUT/whatif/NAME.

    Raises
    ------
    TableFault
        If the change cannot be made, or a table as a whole is at fault; nothing is written then.
    """
    listen, began = progress or no_progress, datetime.now(UTC)
    opened = change if isinstance(change, Change) else open_change(change)
    check_writable(project.project.out / WHATIF)
    read_profile(project)
    ledger = Ledger(project.quality.max_refused, strict)
    unassigned = read_unassigned(project, ledger, listen)
    other = ledger.fork()
    layers = settle_layers(project, unassigned, ledger, listen)
    altered = apply_change(Setup(project, opened, unassigned, layers), other, listen)
    for side in (Altered(project, layers, ledger), altered):
        check_selection(side.project, side.layers)  # both, before anything long
    kept = open_checkpoints(project, strict=strict, progress=listen)
    before = _see(Altered(project, layers, ledger), "before", listen, kept)
    after = _see(altered, "after", listen, kept.change(altered.project, alike=opened.only_terms))
    table = compare_findings(before, after)
    told = {"changes": altered.told, **tell_comparison(table, before, after)}
    record = build_record(altered.project, after.findings, kept.hash_file)
    record[WHATIF] = {"name": opened.title, "change": opened.parameters()}
    done = Comparison(opened.title, table, told, record)
    return replace(done, outputs=_write_comparison(project, done, began, kept.told))


def _see(altered: Altered, when: str, progress: Progress, kept: Checkpoints) -> Seen:
    def tell(step: Message, done: int, total: int, /) -> None:
        progress(Message(f"step.whatif.{when}", {"step": step}), done, total)

    project = altered.project
    findings = _measure(project, lambda _: altered, kept, tell, altered.weights)
    if project.select is None:
        return Seen(project, findings, None)
    with kept.settled():
        release = _release(project, findings, kept)
        return Seen(project, findings, select_findings(project, findings, release, tell, kept))


def _write_comparison(
    project: Project, done: Comparison, began: datetime, told: Iterable[Message]
) -> list[Path]:
    section = project.project
    out = section.out / WHATIF
    marks = {"synthetic": str(section.synthetic).lower(), "version": version("clustermap")}
    with Staging(out) as stage:
        folder = stage / done.name
        write_tables({WHATIF: done.table}, folder / TABLES, metadata=marks)
        write_run(done.record, folder / "run.json")
        _write_log(folder / "run.log", began, told)
        return sorted(out / p.relative_to(stage) for p in stage.rglob("*") if p.is_file())


def list_indicators(language: Language = "en") -> list[dict[str, object]]:
    """List the indicators.

    Parameters
    ----------
    language
        Language of the labels.

    Returns
    -------
    list
        Key, label, unit, better, source and by of each.
    """
    return [
        {
            name: say(fact, language) if isinstance(fact, Message) else fact
            for name, fact in record.items()
        }
        for record in _indicator_records()
    ]


@dataclass(frozen=True)
class Draft:
    """A project file that was written from a first look at files.

    Parameters
    ----------
    file
        The project file.
    findings
        What was made of every file.
    """

    file: Path
    findings: tuple[Finding, ...]

    def __repr__(self) -> str:
        used = sum(bool(finding.table) for finding in self.findings)
        return f"<Draft {str(self.file)!r}: {used} of {len(self.findings)} files used>"


def init_project(
    folder: str | os.PathLike[str],
    files: Iterable[str | os.PathLike[str]] = (),
    *,
    language: Language = "ko",
    force: bool = False,
) -> Draft:
    """Look at files and write a project file that reads them, to be checked by its reader.

    Parameters
    ----------
    folder
        Where project.toml goes; made where it is missing.
    files
        Files, or folders whose files are meant; none: those of ``folder``.
    language
        Language of the comments, and of the project.
    force
        Whether a project file that stands there is replaced.

    Returns
    -------
    Draft
        The file, and what was made of each of the files; open_project opens it.

    Raises
    ------
    TableFault
        If a file is not there, no file holds clusters, or a project file stands there already;
        nothing is written then.
    """
    target = Path(os.path.normpath(Path(folder).absolute()))
    file = target / "project.toml"
    check_free(file, force=force)  # before anything long
    paths = list_files(files or [target])
    peeks, unread = peek_all(paths)
    names = {path: spell_path(path, target) for path in paths}
    found = propose(peeks, unread, names, name=target.name, language=language)
    write_project(found.text, file, force=force)
    return Draft(file, found.findings)


def demo(
    folder: Path,
    *,
    seed: int = 1,
    language: Language | None = None,
    progress: Progress | None = None,
) -> Run:
    """Make a fictional world in a folder and run everything on it.

    Parameters
    ----------
    folder
        Where the world and its results go.
    seed
        Seed of the world.
    language
        Language that its page opens in; None for Korean, as its project file says.
    progress
        Hears how far the run is.

    Returns
    -------
    Run
        What was found and written.
    """
    from clustermap.sources.world import build_world, write_world  # noqa: PLC0415 -- demo only

    listen = progress or no_progress
    listen(Message("step.world"), 0, 1)
    file = write_world(build_world(seed=seed), folder)
    listen(Message("step.world"), 1, 1)
    return run(open_project(file).changed(language=language), progress=progress)
