"""The command line: one verb a library function; its words, progress and exit codes.

Exit codes: 0 done, 1 a table fault or a file that cannot be read or written, 2 wrong usage, 70 a
bug in clustermap, 130 stopped from the keyboard. A fault is one line on stderr.
"""

from __future__ import annotations

import json as json_format
import locale
import logging
import math
import os
import re
import sys
import warnings
from collections import Counter
from contextlib import contextmanager
from enum import StrEnum
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from clustermap.errors import TableFault, one_line, shorten
from clustermap.messages import Message, say

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pandas as pd
    from rich.console import Console

    from clustermap.messages import Language
    from clustermap.pipeline import Comparison, Draft, Progress, Run
    from clustermap.project import Project
    from clustermap.sources.osm.write import Fetched

_FAULT, _BUG, _STOPPED = 1, 70, 130
_WAYS = ("higher", "lower", "neither")  # directions of indicators
_WIDTH = 160
_LONGEST = 300  # characters of a bug that fit a line
_BEST = 10  # clusters shown after score
_LANGUAGE_KEY = re.compile(r"^[^#\n]*\blanguage\s*=\s*[\"'](ko|en)[\"']", re.MULTILINE)
_log = logging.getLogger("clustermap")


class Worked(StrEnum):
    """Engines that tables of pairs are counted on."""

    serial = "serial"
    processes = "processes"
    dask = "dask"


class Spoken(StrEnum):
    """Languages that the command line speaks."""

    ko = "ko"
    en = "en"


def _system_language() -> Language:
    name = locale.getlocale()[0] or ""
    return "ko" if name.lower().startswith("ko") else "en"


def _help(key: str) -> str:
    return say(Message(f"cli.help.{key}"), _system_language())


app = typer.Typer(
    name="clustermap",
    help=_help("clustermap"),
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

ProjectFile = Annotated[Path, typer.Argument(metavar="PROJECT", help=_help("project"))]
Out = Annotated[Path | None, typer.Option("--out", metavar="DIR", help=_help("out"))]
Strict = Annotated[bool, typer.Option("--strict", help=_help("strict"))]
Afresh = Annotated[bool, typer.Option("--no-checkpoints", help=_help("no_checkpoints"))]
Tongue = Annotated[
    Spoken | None, typer.Option("--language", metavar="ko|en", help=_help("language"))
]
Json = Annotated[bool, typer.Option("--json", help=_help("json"))]
Quiet = Annotated[bool, typer.Option("--quiet", help=_help("quiet"))]
Verbose = Annotated[bool, typer.Option("--verbose", help=_help("verbose"))]


class Voice:
    """What a verb says: results on stdout, faults and progress on stderr.

    Parameters
    ----------
    language
        Language asked for; None leaves it to the project file, then to the system.
    json
        Whether stdout is for machines.
    quiet
        Whether nothing is said but faults.
    verbose
        Whether the log, and the traceback of a bug, go to stderr.
    """

    def __init__(
        self,
        language: Spoken | None,
        *,
        json: bool = False,
        quiet: bool = False,
        verbose: bool = False,
    ) -> None:
        self.chosen: Language | None = language.value if language else None
        self.language: Language = self.chosen or _system_language()
        self.json = json
        self.quiet = quiet
        self.verbose = verbose

    def open(self, file: Path, out: Path | None, *, afresh: bool = False) -> Project:
        """Open a project file and speak its language from then on.

        Parameters
        ----------
        file
            The project file.
        out
            Output folder from the command line, if one is given.
        afresh
            Whether nothing is taken from checkpoints, and none are written.

        Returns
        -------
        Project
            The project, with what the command line changes.

        Raises
        ------
        TableFault
            If the project file cannot be used.
        """
        from clustermap.project import open_project  # noqa: PLC0415 -- --help stays light

        self.language = self.chosen or _written_language(file) or self.language
        kept = False if afresh else None
        project = open_project(file).changed(out=out, language=self.chosen, checkpoints=kept)
        self.language = project.project.language
        return project

    def tell(self, message: Message) -> None:
        """Say a message on stdout, unless stdout is for machines or nobody listens.

        Parameters
        ----------
        message
            Key and values.
        """
        if not self.json and not self.quiet:
            _console().print(one_line(say(message, self.language)))

    def tell_json(self, content: object) -> None:
        """Write what machines read, where they asked for it.

        Parameters
        ----------
        content
            Anything that JSON can hold.
        """
        if self.json:
            # ASCII alone: a Windows console in code page 949 cannot spoil it.
            sys.stdout.write(json_format.dumps(content, indent=2, allow_nan=False) + "\n")

    def tell_table(
        self, heads: Sequence[str], rows: Sequence[Sequence[object]], *, texts: int = 1
    ) -> None:
        """Show rows below heads, where somebody listens.

        Parameters
        ----------
        heads
            Keys below ``cli.head`` in the catalogue.
        rows
            What stands in the cells, which may be user text.
        texts
            How many columns, from the first, hold text; the others' numbers stand to the right.
        """
        from rich.table import Table  # noqa: PLC0415
        from rich.text import Text  # noqa: PLC0415

        if self.json or self.quiet or not rows:
            return
        table = Table(box=None, pad_edge=False)
        for at, head in enumerate(heads):
            word = say(Message(f"cli.head.{head}"), self.language)
            table.add_column(word, justify="right" if at >= texts else "left", overflow="fold")
        for row in rows:
            table.add_row(*(Text(one_line(str(cell))) for cell in row))
        _console().print(table)

    def fail(self, line: str, code: int) -> NoReturn:
        """Say a fault in one line on stderr and end with an exit code.

        Parameters
        ----------
        line
            The fault.
        code
            Exit code.

        Raises
        ------
        Exit
            Always.
        """
        _console(stderr=True).print(one_line(f"clustermap: {line}"))
        raise typer.Exit(code)

    @contextmanager
    def faults(self) -> Iterator[None]:
        """Turn whatever goes wrong inside into one line and an exit code.

        Yields
        ------
        None
            Nothing: the block runs with the log set up.
        """
        with _logged(verbose=self.verbose):
            try:
                yield
            except typer.Exit:
                raise
            except TableFault as fault:
                self.fail(fault.line(self.language), _FAULT)
            except KeyboardInterrupt:
                self.fail(say(Message("cli.stopped"), self.language), _STOPPED)
            except OSError as error:
                _log.debug("the system refused", exc_info=True)
                values = {"file": error.filename or "", "why": error.strerror or error}
                self.fail(say(Message("cli.system", values), self.language), _FAULT)
            except Exception as error:  # noqa: BLE001 -- no traceback ever reaches a user unasked
                _log.debug("a bug", exc_info=True)
                what = shorten(f"{type(error).__name__}: {error}", _LONGEST)
                self.fail(say(Message("cli.bug", {"what": what}), self.language), _BUG)

    @contextmanager
    def progress(self) -> Iterator[Progress | None]:
        """Show a progress bar on stderr while the block runs.

        Yields
        ------
        Progress or None
            What the pipeline calls after each step; None where nobody watches.
        """
        from rich import progress as bars  # noqa: PLC0415

        console = _console(stderr=True)
        if self.json or self.quiet or not console.is_terminal:
            yield None
            return
        step_column = bars.TextColumn("{task.description}", markup=False)
        columns = (step_column, bars.BarColumn(), bars.TimeElapsedColumn())
        with bars.Progress(*columns, console=console, transient=True) as shown:
            task = shown.add_task("", total=None)

            def show(step: Message, done: int, total: int) -> None:
                words = one_line(say(step, self.language))
                shown.update(task, description=words, completed=done, total=total or None)

            yield show


def _console(*, stderr: bool = False) -> Console:
    from rich.console import Console  # noqa: PLC0415 -- --help stays light

    # User data may hold what looks like markup: nothing here is ever read as such.
    console = Console(stderr=stderr, markup=False, emoji=False, highlight=False, soft_wrap=True)
    if not console.is_terminal:  # a file or a pipe has room: 80 columns would break names
        console.width = _WIDTH
    return console


@contextmanager
def _logged(*, verbose: bool) -> Iterator[None]:
    shown = logging.StreamHandler(sys.stderr) if verbose else logging.NullHandler()
    shown.setFormatter(logging.Formatter("%(asctime)s %(name)s %(levelname)s %(message)s"))
    level = _log.level
    _log.addHandler(shown)
    _log.setLevel(logging.DEBUG if verbose else level)
    try:
        yield
    finally:
        _log.removeHandler(shown)
        _log.setLevel(level)


def _written_language(file: Path) -> Language | None:
    """Find the language of a project file that may be too broken to be opened."""
    try:
        found = _LANGUAGE_KEY.search(file.read_text(encoding="utf-8", errors="replace"))
    except (OSError, ValueError):
        return None
    return "en" if found and found.group(1) == "en" else "ko"


def _tell_run(voice: Voice, run: Run, before: Mapping[str, Any] | None = None) -> None:
    """Tell what a run found; for machines in one piece with what came before it."""
    pages = {"page": run.page, "explore": run.explore_page, "sheet": run.sheet, "memo": run.memo}
    drawn = {name: str(path) if path else None for name, path in pages.items()}
    selected = _say_selected(voice, run)
    outputs = [*map(str, run.outputs)]
    content = {**(before or {}), "summary": run.summary, **drawn, "outputs": outputs}
    voice.tell_json({**content, "selected": selected} if selected else content)
    _tell_rows(voice, run.summary["tables"])
    for line in run.faults:
        voice.tell(line)
    for line in run.kept:
        voice.tell(line)
    _tell_rated(voice, run.summary)
    for scenario, sentences in selected.items():
        for sentence in sentences:
            voice.tell(Message("cli.selected", {"scenario": scenario, "line": sentence}))
    for name, path in pages.items():
        if path:
            voice.tell(Message(f"cli.{name}", {"path": path}))
    others = Counter(path.parent for path in run.outputs if path not in pages.values())
    for folder, files in sorted(others.items()):
        voice.tell(Message("cli.files", {"folder": folder, "files": files}))
    written = run.record.get("export", {}).get("postgis")
    if written:
        voice.tell(Message("cli.postgis", {**written, "tables": len(written["tables"])}))


def _say_selected(voice: Voice, run: Run) -> dict[str, list[str]]:
    """Say what scenarios choose, with money as people read it."""
    if run.selected is None:
        return {}
    from clustermap.render.decision import find_terms  # noqa: PLC0415 -- help comes without it

    terms = find_terms(run.release, run.selected.decision.currency) if run.release else None
    language = voice.language
    return {
        name: [say(terms.tell(line, language) if terms else line, language) for line in lines]
        for name, lines in run.selected.told.items()
    }


def _tell_rated(voice: Voice, summary: Mapping[str, Any]) -> None:
    """Say how many clusters the data decide, and why they do not decide the others."""
    from clustermap.stages.ledger import none_placed  # noqa: PLC0415 -- help comes without it

    values = {"rated": summary["rated"], "clusters": summary["clusters"]}
    voice.tell(Message("cli.rated", values))
    unrated = summary["unrated"]
    if not summary["rated"] and none_placed(summary["tables"].get("firms", {})):
        unrated = {"summary.no_firm_placed": summary["clusters"]}  # more links would change nothing
    for reason, clusters in unrated.items():
        why = {"clusters": f"{clusters:,}", "why": Message(reason)}
        voice.tell(Message("summary.unrated", why))


def _tell_rows(voice: Voice, tables: Mapping[str, Mapping[str, int]]) -> None:
    heads = ["read", "kept", "quarantined", "left_out", "assigned"]
    rows = {name: {**counts, **_assigned(counts)} for name, counts in tables.items()}
    # Rows are left out only where a project asks for some years; it is no column for the others.
    if not any(counts.get("left_out") for counts in rows.values()):
        heads.remove("left_out")
    cells = [
        (name, *(f"{counts[head]:,}" if head in counts else "" for head in heads))
        for name, counts in rows.items()
    ]
    voice.tell_table(("table", *heads), cells)


def _assigned(counts: Mapping[str, int]) -> dict[str, int]:
    ways = [f"assigned_{way}" for way in ("inside", "complex", "nearest")]
    known = any(fact.startswith("assigned_") for fact in counts)
    return {"assigned": sum(counts.get(way, 0) for way in ways)} if known else {}


def _carry_out(
    voice: Voice,
    stage: str,
    file: Path,
    out: Path | None,
    *,
    strict: bool,
    afresh: bool,
    **more: object,
) -> Run:
    """Open a project, let the pipeline do one of its functions, and tell what came of it."""
    project = voice.open(file, out, afresh=afresh)
    from clustermap import pipeline  # noqa: PLC0415 -- a broken project file is told at once

    with voice.progress() as progress:
        done: Run = getattr(pipeline, stage)(project, strict=strict, progress=progress, **more)
    _tell_run(voice, done)
    return done


def _tell_best(voice: Voice, scores: pd.DataFrame, clusters: pd.DataFrame) -> None:
    names = dict(zip(clusters["cluster"], clusters["name"], strict=True))
    rated = scores[scores["rated"] == 1].sort_values(["rank", "cluster"])
    best = rated.head(_BEST)
    ranks = zip(best["rank"], best["rank_low"], best["rank_high"], strict=True)
    shown = [f"{rank:.0f} ({low:.0f}-{high:.0f})" for rank, low, high in ranks]
    values = [f"{score:.1f}" for score in best["score"]]
    named = [names[cluster] for cluster in best["cluster"]]
    rows = [*zip(best["cluster"], named, values, shown, strict=True)]
    voice.tell_table(("cluster", "name", "score", "rank"), rows, texts=2)


def _tell_chosen(voice: Voice, selection: pd.DataFrame, clusters: pd.DataFrame) -> None:
    """Show what the project's own scenario chooses: the surest first, never as a bare list."""
    names = dict(zip(clusters["cluster"], clusters["name"], strict=True))
    own = selection[(selection["scenario"] == "default") & (selection["selected"] == 1)]
    own = own.sort_values(["inclusion", "cluster"], ascending=[False, True])
    words = [say(Message(f"standing.{key}"), voice.language) for key in own["standing"]]
    bounds = ("inclusion", "inclusion_low", "inclusion_high")
    shares = [_write_share(*row) for row in zip(*(own[name] for name in bounds), strict=True)]
    named = [names[cluster] for cluster in own["cluster"]]
    costs = [f"{cost:,.0f}" for cost in own["cost"]]
    rows = [*zip(own["cluster"], named, words, shares, costs, strict=True)]
    voice.tell_table(("cluster", "name", "standing", "share", "cost"), rows, texts=3)


def _write_share(share: float, low: float, high: float) -> str:
    from clustermap.render.bars import portion  # noqa: PLC0415 -- help comes without it

    return "" if math.isnan(share) else f"{portion(share)} % ({portion(low)}-{portion(high)})"


def _show_version(asked: bool) -> None:  # noqa: FBT001 -- typer calls it so
    if asked:
        from clustermap import __version__  # noqa: PLC0415

        typer.echo(f"clustermap {__version__}")
        raise typer.Exit


@app.callback()
def _clustermap(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help=_help("version")),
    ] = False,
) -> None:
    """Carry what holds for all verbs."""


@app.command("run", help=_help("run"))
def _run(  # noqa: PLR0913 -- an option each
    project: ProjectFile,
    *,
    out: Out = None,
    strict: Strict = False,
    no_checkpoints: Afresh = False,
    engine: Annotated[
        Worked, typer.Option("--engine", metavar="serial|processes|dask", help=_help("engine"))
    ] = Worked.serial,
    scheduler: Annotated[
        str, typer.Option("--scheduler", metavar="ADDRESS", help=_help("scheduler"))
    ] = "",
    language: Tongue = None,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Read, check, score, draw and export: everything that a project asks for."""
    voice = Voice(language, json=json, quiet=quiet, verbose=verbose)
    if scheduler and engine is not Worked.dask:
        _misuse("scheduler_without_dask", "--scheduler")
    with voice.faults():
        from clustermap.engine import Engine  # noqa: PLC0415 -- loads Arrow

        where = Engine(engine.value, scheduler)
        _carry_out(
            *(voice, "run", project, out), strict=strict, afresh=no_checkpoints, engine=where
        )


@app.command("check", help=_help("check"))
def _check(
    project: ProjectFile,
    *,
    strict: Strict = False,
    no_checkpoints: Afresh = False,
    language: Tongue = None,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Read, check and assign; write nothing."""
    voice = Voice(language, json=json, quiet=quiet, verbose=verbose)
    with voice.faults():
        _carry_out(voice, "check_project", project, None, strict=strict, afresh=no_checkpoints)
        voice.tell(Message("cli.checked"))


@app.command("score", help=_help("score"))
def _score(
    project: ProjectFile,
    *,
    out: Out = None,
    strict: Strict = False,
    no_checkpoints: Afresh = False,
    language: Tongue = None,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Write the tables and show the best clusters with the intervals of their ranks."""
    voice = Voice(language, json=json, quiet=quiet, verbose=verbose)
    with voice.faults():
        done = _carry_out(
            voice, "score_clusters", project, out, strict=strict, afresh=no_checkpoints
        )
        _tell_best(voice, done.scores, done.tables["clusters"])


@app.command("select", help=_help("select"))
def _select(
    project: ProjectFile,
    *,
    out: Out = None,
    strict: Strict = False,
    no_checkpoints: Afresh = False,
    language: Tongue = None,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Write the tables, and tell what every scenario chooses and how sure that is."""
    voice = Voice(language, json=json, quiet=quiet, verbose=verbose)
    with voice.faults():
        done = _carry_out(
            voice, "select_clusters", project, out, strict=strict, afresh=no_checkpoints
        )
        if done.selected is not None:
            _tell_chosen(voice, done.selected.tables["selection"], done.tables["clusters"])


@app.command("map", help=_help("map"))
def _map(
    project: ProjectFile,
    *,
    out: Out = None,
    strict: Strict = False,
    no_checkpoints: Afresh = False,
    language: Tongue = None,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Draw the map page and the score sheet."""
    voice = Voice(language, json=json, quiet=quiet, verbose=verbose)
    with voice.faults():
        _carry_out(voice, "draw_map", project, out, strict=strict, afresh=no_checkpoints)


@app.command("export", help=_help("export"))
def _export(
    project: ProjectFile,
    *,
    out: Out = None,
    strict: Strict = False,
    no_checkpoints: Afresh = False,
    language: Tongue = None,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Write the files for GIS programs and spreadsheets."""
    voice = Voice(language, json=json, quiet=quiet, verbose=verbose)
    with voice.faults():
        _carry_out(voice, "write_exports", project, out, strict=strict, afresh=no_checkpoints)


@app.command("report", help=_help("report"))
def _report(
    project: ProjectFile,
    *,
    out: Out = None,
    strict: Strict = False,
    no_checkpoints: Afresh = False,
    language: Tongue = None,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Write the decision memo, and tell what every scenario chooses."""
    voice = Voice(language, json=json, quiet=quiet, verbose=verbose)
    with voice.faults():
        _carry_out(voice, "write_report", project, out, strict=strict, afresh=no_checkpoints)


@app.command("explain", help=_help("explain"))
def _explain(
    project: ProjectFile,
    cluster: Annotated[str, typer.Argument(metavar="CLUSTER", help=_help("cluster"))],
    *,
    no_checkpoints: Afresh = False,
    language: Tongue = None,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Say why a cluster has its score."""
    voice = Voice(language, json=json, verbose=verbose)
    with voice.faults():
        opened = voice.open(project, None, afresh=no_checkpoints)
        from clustermap import pipeline  # noqa: PLC0415

        sections = pipeline.explain_cluster(opened, cluster, voice.language)
        voice.tell_json({"cluster": cluster, "sections": sections})
        for heading, sentences in sections.items():
            for line in (heading, *(f"- {sentence}" for sentence in sentences)):
                voice.tell(Message("cli.line", {"line": line}))


@app.command("whatif", help=_help("whatif"))
def _whatif(  # noqa: PLR0913 -- an option each
    project: ProjectFile,
    change: Annotated[Path, typer.Argument(metavar="CHANGE", help=_help("change"))],
    *,
    out: Out = None,
    strict: Strict = False,
    no_checkpoints: Afresh = False,
    language: Tongue = None,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Suppose a change, compute everything again, and say what comes of it."""
    voice = Voice(language, json=json, quiet=quiet, verbose=verbose)
    with voice.faults():
        opened = voice.open(project, out, afresh=no_checkpoints)
        from clustermap import change as changes  # noqa: PLC0415

        supposed = changes.open_change(change)  # told before anything heavy is loaded
        from clustermap import pipeline  # noqa: PLC0415

        with voice.progress() as progress:
            done = pipeline.compare_whatif(opened, supposed, strict=strict, progress=progress)
        _tell_comparison(voice, done)


def _tell_comparison(voice: Voice, done: Comparison) -> None:
    told = {
        part: [say(line, voice.language) for line in lines] for part, lines in done.told.items()
    }
    outputs = [*map(str, done.outputs)]
    voice.tell_json({"name": done.name, "told": told, "outputs": outputs})
    for part, lines in told.items():
        voice.tell(Message(f"whatif.heading.{part}", {"name": done.name}))
        for line in lines:
            voice.tell(Message("cli.whatif.line", {"line": line}))
    for folder, files in sorted(Counter(path.parent for path in done.outputs).items()):
        voice.tell(Message("cli.files", {"folder": folder, "files": files}))


@app.command("indicators", help=_help("indicators"))
def _indicators(*, language: Tongue = None, json: Json = False, verbose: Verbose = False) -> None:
    """List the indicators with unit, direction and paper."""
    voice = Voice(language, json=json, verbose=verbose)
    with voice.faults():
        from clustermap import pipeline  # noqa: PLC0415

        found = pipeline.list_indicators(voice.language)
        voice.tell_json(found)
        heads = ("key", "label", "unit", "better", "source")
        ways = {way: say(Message(f"cli.better.{way}"), voice.language) for way in _WAYS}
        rows = [{**record, "better": ways[str(record["better"])]} for record in found]
        voice.tell_table(
            heads, [[record[head] for head in heads] for record in rows], texts=len(heads)
        )


@app.command("init", help=_help("init"))
def _init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help=_help("init_folder"))],
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="FILES", help=_help("files"))
    ] = None,
    *,
    force: Annotated[bool, typer.Option("--force", help=_help("force"))] = False,
    language: Tongue = None,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Write a project file that reads the files, and check them with it."""
    voice = Voice(language, json=json, quiet=quiet, verbose=verbose)
    with voice.faults():
        from clustermap import pipeline  # noqa: PLC0415

        draft = pipeline.init_project(folder, files or (), language=voice.language, force=force)
        found = _tell_draft(voice, draft)
        try:
            opened = voice.open(draft.file, None)
            with voice.progress() as progress:
                done = pipeline.check_project(opened, progress=progress)
        except TableFault:
            voice.tell_json({**found, "summary": None})  # the file stands, whatever the check says
            raise
        _tell_run(voice, done, found)
        voice.tell(Message("cli.init.next", {"file": draft.file}))


def _tell_draft(voice: Voice, draft: Draft) -> dict[str, Any]:
    """Tell what was made of every file, and return it for machines."""
    records = []
    for finding in draft.findings:
        lines = [say(message, voice.language) for message in finding.told]
        records.append(
            {
                "file": finding.file,
                "layer": finding.layer,
                "table": finding.table,
                "dialect": finding.dialect,
                "columns": dict(finding.columns),
                "told": lines,
            }
        )
        way = "dialect" if finding.dialect else "used" if finding.table else "unused"
        values = {
            "file": finding.name,
            "table": finding.table,
            "dialect": finding.dialect,
            "columns": len(finding.columns),
            "why": lines[0] if lines else "",
        }
        voice.tell(Message(f"cli.init.{way}", values))
        for line in lines if finding.table else lines[1:]:
            voice.tell(Message("cli.init.told", {"line": line}))
    voice.tell(Message("cli.init.written", {"file": draft.file}))
    return {"project": str(draft.file), "findings": records}


@app.command("demo", help=_help("demo"))
def _demo(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help=_help("folder"))] = Path("demo"),
    *,
    seed: Annotated[int, typer.Option("--seed", metavar="NUMBER", min=0, help=_help("seed"))] = 1,
    language: Tongue = None,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Make a fictional world and run everything on it."""
    voice = Voice(language, json=json, quiet=quiet, verbose=verbose)
    with voice.faults():
        from clustermap import pipeline  # noqa: PLC0415

        with voice.progress() as progress:
            done = pipeline.demo(folder, seed=seed, language=voice.chosen, progress=progress)
        _tell_run(voice, done)


fetching = typer.Typer(
    name="fetch",
    help=_help("fetch"),
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.add_typer(fetching)


class RoadClasses(StrEnum):
    """Roads that are fetched."""

    drive = "drive"
    main = "main"
    none = "none"


def _misuse(key: str, option: str) -> NoReturn:
    raise typer.BadParameter(
        say(Message(f"cli.usage.{key}"), _system_language()), None, None, option
    )


def _read_bbox(text: str) -> tuple[float, float, float, float]:
    try:
        west, south, east, north = (float(side) for side in text.split(","))
    except ValueError:
        _misuse("osm_bbox", "--bbox")
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        _misuse("osm_bbox", "--bbox")
    return west, south, east, north


@fetching.callback()
def _fetch() -> None:
    """Hold the verbs that fetch, of which there may be one alone."""


@fetching.command("osm", help=_help("osm"))
def _fetch_osm(  # noqa: PLR0913 -- an option each
    folder: Annotated[Path, typer.Argument(metavar="DIR", help=_help("osm_folder"))],
    *,
    place: Annotated[str, typer.Option("--place", metavar="NAME", help=_help("osm_place"))] = "",
    bbox: Annotated[str, typer.Option("--bbox", metavar="W,S,E,N", help=_help("osm_bbox"))] = "",
    clusters: Annotated[
        Path | None, typer.Option("--clusters", metavar="PROJECT", help=_help("osm_clusters"))
    ] = None,
    file: Annotated[
        list[Path] | None, typer.Option("--file", metavar="FILE", help=_help("osm_file"))
    ] = None,
    roads: Annotated[
        RoadClasses, typer.Option("--roads", metavar="drive|main|none", help=_help("osm_roads"))
    ] = RoadClasses.drive,
    commercial: Annotated[bool, typer.Option("--commercial", help=_help("osm_commercial"))] = False,
    tags: Annotated[
        Path | None, typer.Option("--tags", metavar="FILE", help=_help("osm_tags"))
    ] = None,
    overpass: Annotated[
        str,
        typer.Option(
            "--overpass", metavar="URL", envvar="CLUSTERMAP_OVERPASS", help=_help("osm_overpass")
        ),
    ] = "https://overpass-api.de/api",
    nominatim: Annotated[
        str,
        typer.Option(
            "--nominatim", metavar="URL", envvar="CLUSTERMAP_NOMINATIM", help=_help("osm_nominatim")
        ),
    ] = "https://nominatim.openstreetmap.org/",
    contact: Annotated[
        str,
        typer.Option(
            "--contact", metavar="TEXT", envvar="CLUSTERMAP_CONTACT", help=_help("osm_contact")
        ),
    ] = "",
    own_server: Annotated[bool, typer.Option("--own-server", help=_help("osm_own"))] = False,
    timeout: Annotated[
        float, typer.Option("--timeout", metavar="SECONDS", min=1, help=_help("osm_timeout"))
    ] = 180,
    tile_km: Annotated[
        float, typer.Option("--tile-km", metavar="KM", min=0.5, max=50, help=_help("osm_tile"))
    ] = 20,
    most_tiles: Annotated[
        int, typer.Option("--most-tiles", metavar="NUMBER", min=1, help=_help("osm_most_tiles"))
    ] = 100,
    language: Tongue = None,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Make layers and roads of OpenStreetMap."""
    places = [given for given in (place.strip(), bbox, clusters) if given]
    if len(places) > 1 or not (places or file):
        _misuse("osm_where", "--place")
    bounds = _read_bbox(bbox) if bbox else None
    for option, address in (("--overpass", overpass), ("--nominatim", nominatim)):
        if not address.startswith(("http://", "https://")):
            _misuse("osm_address", option)
    voice = Voice(language, json=json, quiet=quiet, verbose=verbose)
    with voice.faults():
        from clustermap import pipeline  # noqa: PLC0415 -- --help stays light
        from clustermap.sources.osm import Asked, Server  # noqa: PLC0415

        asked = Asked(
            place=place.strip(),
            bbox=bounds,
            clusters=clusters,
            files=tuple(file or ()),
            roads=roads.value,
            commercial=commercial,
            tags=tags,
            tile_km=tile_km,
            most_tiles=most_tiles,
        )
        server = Server(overpass, nominatim, contact, timeout, own_server)
        with voice.progress() as progress:
            done = pipeline.fetch_osm(
                folder, asked, server=server, language=voice.language, progress=progress
            )
        _tell_fetched(voice, done)


def _tell_fetched(voice: Voice, done: Fetched) -> None:
    facts = done.facts
    voice.tell_json({"facts": facts, "outputs": [*map(str, done.outputs)]})
    told = {"source": facts["source"], "date": facts["data_until"]}
    voice.tell(Message("osm.told.date" if facts["data_until"] else "osm.told.undated", told))
    rows = [
        (layer, kind, f"{count:,}")
        for layer, counts in facts["layers"].items()
        for kind, count in (counts.get("by_kind") or {"": counts["kept"]}).items()
    ]
    voice.tell_table(("layer", "kind", "rows"), rows, texts=2)
    for layer, counts in facts["layers"].items():
        for key in ("made_valid", "part_of_another", "unnamed"):
            if counts.get(key):
                values = {"layer": layer, "count": f"{counts[key]:,}"}
                voice.tell(Message(f"osm.told.{key}", values))
    if facts.get("broken_elements"):
        voice.tell(Message("osm.told.broken", {"count": f"{facts['broken_elements']:,}"}))
    if "nodes" in facts["roads"]:
        numbers = {name: f"{facts['roads'][name]:,}" for name in ("nodes", "edges")}
        voice.tell(Message("osm.told.roads", numbers))
    voice.tell(Message("osm.told.uneven"))
    if done.project is None:
        voice.tell(Message("osm.told.no_clusters"))
    else:
        if done.kept_project:
            voice.tell(Message("osm.told.kept_project", {"project": done.project}))
        voice.tell(Message("osm.told.linkages", {"project": done.project}))
    values = {"attribution": facts["attribution"], "licence": facts["licence"]}
    voice.tell(Message("osm.told.attribution", values))
    for folder, files in sorted(Counter(path.parent for path in done.outputs).items()):
        voice.tell(Message("cli.files", {"folder": folder, "files": files}))


def _keep_output_ours() -> None:
    """Give what compiled libraries print by themselves nowhere to go; it would spoil --json."""
    stream = sys.stdout
    if not isinstance(stream, TextIOWrapper) or stream.fileno() != 1:
        return
    stream.flush()
    ours = os.dup(1)
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        os.dup2(nowhere.fileno(), 1)
    sys.stdout = os.fdopen(
        ours,
        "w",
        encoding=stream.encoding,
        errors=stream.errors,
        buffering=1 if stream.line_buffering else -1,
    )


def main() -> None:
    """Run the command line, as ``clustermap`` and ``python -m clustermap`` do."""
    _keep_output_ours()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a console that lacks a letter shows "?"
            stream.reconfigure(errors="replace")
    if not sys.warnoptions:  # warnings of other packages tell our users nothing
        warnings.simplefilter("ignore")
    app(prog_name="clustermap")
