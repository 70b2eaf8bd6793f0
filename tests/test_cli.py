"""The command line: light help, exit codes, one line a fault, nothing of the user's interpreted."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from typer.testing import CliRunner

import clustermap
from clustermap.cli import app
from clustermap.errors import TableFault
from clustermap.messages import Message
from clustermap.pipeline import Draft
from clustermap.publish.decision import Decision
from clustermap.stages.proposing import Finding
from clustermap.stages.selecting import Selected

if TYPE_CHECKING:
    from collections.abc import Callable


VERBS = (
    *("run", "check", "score", "select", "map", "export", "report"),
    *("explain", "whatif", "indicators", "init", "demo"),
)
STAGES = (
    *("run", "check_project", "score_clusters", "select_clusters", "draw_map", "write_exports"),
    "write_report",
)
HEAVY = {"numpy", "pandas", "geopandas", "pyarrow", "folium", "networkx", "scipy", "shapely"}
NOTHING = Decision(
    *(pd.DataFrame() for _ in range(7)),
    told={},
    rules={},
    currency="KRW",
    capability=0.5,
    reach="employees",
    exponent=0.5,
)
ROOT = Path(__file__).parent.parent
NASTY = "[red]나쁜[/red] \x1b[31m이름\n:smile:"


@dataclass(frozen=True)
class FakeRun:
    page: Path | None
    outputs: list[Path]
    summary: dict[str, Any] = field(default_factory=dict)
    faults: list[Message] = field(default_factory=list)
    scores: pd.DataFrame = field(default_factory=pd.DataFrame)
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    sheet: Path | None = None
    explore_page: Path | None = None
    selected: Selected | None = None
    memo: Path | None = None
    release: Any = None
    record: dict[str, Any] = field(default_factory=dict)
    kept: tuple[Message, ...] = ()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "clusters.geojson").write_text("", encoding="utf-8")
    file = tmp_path / "project.toml"
    text = '[project]\nname = "A"\nlanguage = "en"\n[layers.clusters]\npath = "clusters.geojson"\n'
    file.write_text(f"schema = 1\n{text}", encoding="utf-8")
    return file


@pytest.fixture
def pipeline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """Stand in for the pipeline: every stage returns the same small run."""
    page = tmp_path / "out" / "maps" / "planner.html"
    scores = pd.DataFrame(
        {
            "scenario": "default",
            "cluster": ["b", NASTY, "c"],
            "score": [60.26, 70.04, None],
            "rank": pd.array([2, 1, None], dtype="Int64"),
            "rank_low": pd.array([1, 1, None], dtype="Int64"),
            "rank_high": pd.array([3, 2, None], dtype="Int64"),
            "rated": [1, 1, 0],
        }
    )
    counts = {"read": 5000, "kept": 4, "quarantined": 1, "assigned_inside": 2, "assigned_grid": 9}
    tables = [page.parents[1] / "tables" / f"{name}.parquet" for name in "ab"]
    run = FakeRun(
        page,
        [page, page.with_name("explore.html"), page.with_name("sheet.html"), *tables],
        {"tables": {NASTY: counts}, "rated": 2, "clusters": 3, "unrated": {}},
        [Message("cli.line", {"line": NASTY})],
        scores,
        {"clusters": pd.DataFrame({"cluster": scores["cluster"], "name": ["Beta", "Alpha", ""]})},
        page.with_name("sheet.html"),
        page.with_name("explore.html"),
    )
    fake: Any = ModuleType("clustermap.pipeline")
    for stage in STAGES:
        setattr(fake, stage, lambda _project, **_options: run)
    fake.init_project = lambda _folder, _files, **_options: Draft(
        page.parents[2] / "project.toml", (Finding("a.csv", table="firms"), Finding(NASTY))
    )
    fake.demo = lambda _folder, **_options: run
    fake.explain_cluster = lambda _project, cluster, language: {
        f"why {cluster}": [f"{cluster} {language} {NASTY}"]
    }
    record = {"key": "reach", "unit": "", "better": "higher", "source": "Paper 2001"}
    labels = {"ko": "도달", "en": "Reach"}
    fake.list_indicators = lambda language: [{**record, "label": labels[language]}]
    monkeypatch.setitem(sys.modules, "clustermap.pipeline", fake)
    monkeypatch.setattr(clustermap, "pipeline", fake, raising=False)
    return fake


def call(*arguments: object) -> Any:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_help_pulls_in_nothing_heavy(root: Path) -> None:
    code = (
        "import sys, clustermap, clustermap.cli\n"
        "sys.argv = ['clustermap', 'run', '--help']\n"
        "try: clustermap.cli.main()\n"
        "except SystemExit: pass\n"
        "print('\\n' + ' '.join(sys.modules))"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=root, capture_output=True, check=True)  # noqa: S603
    text = done.stdout.decode()
    assert "--strict" in text
    loaded = {name.partition(".")[0] for name in text.splitlines()[-1].split()}
    assert not loaded & HEAVY
    assert "clustermap.project" not in text


def test_module_and_version_run(root: Path) -> None:
    command = [sys.executable, "-m", "clustermap", "--version"]
    done = subprocess.run(command, cwd=root, capture_output=True, check=True)  # noqa: S603
    assert done.stdout.decode().strip() == f"clustermap {clustermap.__version__}"


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(verb: str) -> None:
    done = call(verb, "--help")
    assert done.exit_code == 0
    assert "--verbose" in done.output


def test_no_other_verb_is_listed() -> None:
    assert [command.name for command in app.registered_commands] == list(VERBS)


@pytest.mark.parametrize(
    "arguments",
    [
        *(["nothing"], ["run"], ["run", "a", "--draws", "1"], ["run", "a", "--engine", "spark"]),
        ["run", "a", "--scheduler", "tcp://127.0.0.1:8786"],  # of which engine?
    ],
)
def test_wrong_usage_is_2(arguments: list[str]) -> None:
    assert call(*arguments).exit_code == 2


@pytest.mark.parametrize("verb", ["run", "check", "score", "select", "map", "export", "report"])
def test_a_table_fault_is_one_line_and_1(project: Path, verb: str) -> None:
    project.write_text(project.read_text(encoding="utf-8") + "kind = 1\n", encoding="utf-8")
    done = call(verb, project)
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("clustermap: project.toml [layers.clusters], key kind")
    assert done.stderr.count("\n") == 1


def test_a_fault_speaks_the_language_of_the_project(project: Path) -> None:
    project.write_text('schema = 2\n[project]\nlanguage = "ko"\n', encoding="utf-8")
    assert "쓸 수 없는 값입니다" in call("check", project).stderr
    assert "cannot be used" in call("check", project, "--language", "en").stderr


def test_run_says_what_it_read_and_wrote(project: Path, pipeline: ModuleType) -> None:  # noqa: ARG001
    done = call("run", project)
    assert (done.exit_code, done.stderr) == (0, "")
    assert re.search(
        r"read +kept +quarantined +assigned to clusters\n.*5,000 +4 +1 +2\n", done.stdout
    )
    for page in ("planner.html", "explore.html", "sheet.html"):
        assert str(project.parent / "out" / "maps" / page) in done.stdout
    assert f"{project.parent / 'out' / 'maps'}: " not in done.stdout  # each is told by name
    assert f"{project.parent / 'out' / 'tables'}: 2" in done.stdout


def test_user_text_is_never_interpreted(project: Path, pipeline: ModuleType) -> None:  # noqa: ARG001
    shown = call("run", project).stdout
    assert shown.count("[red]나쁜[/red]") == 2
    assert ":smile:" in shown
    assert "\x1b" not in shown
    shown = call("init", project.parent).stdout
    assert shown.count("[red]나쁜[/red]") == 3
    assert "\x1b" not in shown


def test_json_is_all_that_stdout_holds(project: Path, pipeline: ModuleType) -> None:  # noqa: ARG001
    for verb in ("run", "check", "score", "select", "map", "export", "report"):
        told = json.loads(call(verb, project, "--json").stdout)
        assert told["summary"]["tables"][NASTY]["kept"] == 4
        assert told["page"].endswith("planner.html")
        assert told["explore"].endswith("explore.html")
        assert told["sheet"].endswith("sheet.html")
    assert json.loads(call("explain", project, "c1", "--json").stdout)["cluster"] == "c1"
    assert json.loads(call("indicators", "--json").stdout)[0]["key"] == "reach"
    told = json.loads(call("init", project.parent, "--json").stdout)
    assert [finding["table"] for finding in told["findings"]] == ["firms", ""]
    assert told["summary"]["tables"][NASTY]["kept"] == 4
    assert json.loads(call("demo", project.parent / "demo", "--json").stdout)["summary"]


def test_quiet_says_nothing(project: Path, pipeline: ModuleType) -> None:  # noqa: ARG001
    assert call("score", project, "--quiet").output == ""


def test_score_shows_the_best_with_rank_intervals(project: Path, pipeline: ModuleType) -> None:  # noqa: ARG001
    shown = call("score", project).stdout
    assert re.search(r"Alpha +70\.0 +1 \(1-2\)[\s\S]+Beta +60\.3 +2 \(1-3\)", shown)
    assert "2 of 3" in shown


def test_report_says_where_the_memo_is(project: Path, pipeline: ModuleType) -> None:
    memo = project.parent / "out" / "report" / "memo.html"
    run = replace(pipeline.run(project), memo=memo, outputs=[memo])
    pipeline.write_report = lambda *_, **__: run
    shown = call("report", project).stdout
    assert shown.count(str(memo.parent)) == 1
    assert f"Decision memo: {memo}" in shown
    assert json.loads(call("report", project, "--json").stdout)["memo"] == str(memo)
    assert json.loads(call("run", project, "--json").stdout)["memo"] is None


def test_report_without_a_budget_is_one_line(project: Path) -> None:
    done = call("report", project)
    assert (done.exit_code, done.stdout) == (1, "")
    assert "[select]" in done.stderr
    assert done.stderr.count("\n") == 1


def test_select_says_what_each_scenario_chooses(project: Path, pipeline: ModuleType) -> None:
    run = pipeline.run(project)
    told = {
        "default": (Message("selection.told.chosen", {"chosen": 3, "spent": "1,000"}),),
        NASTY: (Message("selection.told.undrawn"),),
    }
    table = pd.DataFrame(
        {
            "scenario": "default",
            "cluster": ["b", "c", NASTY],
            "selected": [1, 1, 0],
            "standing": ["borderline", "core", "exterior"],
            "inclusion": [0.585, 1.0, 0.0],
            "inclusion_low": [0.525, 0.97, 0.0],
            "inclusion_high": [0.645, 0.999, 0.01],
            "cost": [400.0, 600.0, 1.0],
        }
    )
    selected = Selected((), {"selection": table}, told, NOTHING)
    pipeline.select_clusters = lambda *_, **__: replace(run, selected=selected)
    shown = call("select", project).stdout
    assert "[default] Under the budget and the rules 3 clusters are worth most" in shown
    assert "they cost 1,000" in shown
    # The surest first, what is not chosen not at all, and halves up as on the pages.
    row = re.compile(r"^([bc]) .*(core|borderline) +(\d+ % \(\S+\)) +(\d+)", re.MULTILINE)
    rows = row.findall(shown)
    assert rows == [
        ("c", "core", "100 % (97->99)", "600"),
        ("b", "borderline", "59 % (53-65)", "400"),
    ]
    read = json.loads(call("select", project, "--json").stdout)["selected"]
    assert read["default"][0] in shown
    assert "[[red]나쁜[/red]" in shown
    assert "\x1b" not in shown


def test_out_and_language_change_the_project(project: Path, pipeline: ModuleType) -> None:
    seen: list[Any] = []
    run = pipeline.run

    def note(opened: object, **options: object) -> object:
        seen.append((opened, options["strict"]))
        return run(opened)

    pipeline.run = note
    done = call("run", project, "--out", project.parent / "x", "--language", "ko", "--strict")
    ((opened, strict),) = seen
    assert opened.project.out == project.parent / "x"
    assert (opened.project.language, strict) == ("ko", True)
    assert "지도 페이지" in done.stdout


def test_indicators_and_explain_speak_both_languages(project: Path, pipeline: ModuleType) -> None:  # noqa: ARG001
    assert "도달" in call("indicators", "--language", "ko").stdout
    assert "Reach" in call("indicators", "--language", "en").stdout
    assert "why c1\n- c1 en" in call("explain", project, "c1").stdout


@pytest.mark.slow
def test_the_real_case_runs_from_the_command_line(
    cases: Path, root: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(cases / "eu_semiconductors", tmp_path, dirs_exist_ok=True)
    shutil.copy(root / "tests" / "cases" / "eu_semiconductors" / "project.toml", tmp_path)
    command = [sys.executable, "-m", "clustermap", "run", str(tmp_path / "project.toml"), "--json"]
    subprocess.run(command, cwd=root, check=True)  # noqa: S603
    shown = capfd.readouterr()
    told = json.loads(shown.out)
    assert shown.err == ""
    assert told["summary"]["tables"]["clusters"]["kept"] == 154
    assert told["page"] in told["outputs"]
    assert all(Path(path).is_file() for path in told["outputs"])


FAILURES: dict[str, tuple[Callable[[], Exception | KeyboardInterrupt], int, str]] = {
    "fault": (lambda: TableFault("project_missing", table="x"), 1, "x: There is no project"),
    "disk": (lambda: OSError(28, "No space left on device", "out/a"), 1, "out/a (No space"),
    "stopped": (KeyboardInterrupt, 130, "Stopped"),
    "bug": (lambda: ValueError("[bold]odd\n"), 70, "ValueError: [bold]odd"),
}


@pytest.mark.parametrize("name", FAILURES)
def test_failures_are_one_line(project: Path, pipeline: ModuleType, name: str) -> None:
    make, code, words = FAILURES[name]

    def fail(_project: object, **_options: object) -> object:
        raise make()

    pipeline.run = fail
    done = call("run", project)
    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (code, "", 1)
    assert words in done.stderr


@pytest.mark.parametrize(
    ("place", "rated", "said"),
    [
        ("district", 0, "Not rated, 3: nothing says of any firm in which cluster it stands;"),
        ("inside", 0, "Not rated, 2: there is no record of any scored kind of linkage;"),
        ("district", 1, "Not rated, 2: there is no record of any scored kind of linkage;"),
    ],
)
def test_more_links_are_not_asked_for_where_no_firm_stands_in_a_cluster(
    project: Path, pipeline: ModuleType, place: str, rated: int, said: str
) -> None:
    firms = {"read": 5, "kept": 5, "quarantined": 0, f"assigned_{place}": 5}
    summary = {"tables": {"firms": firms}, "rated": rated, "clusters": 3}
    summary["unrated"] = {"reason.no_records": 2}
    pipeline.check_project = lambda _project, **_options: FakeRun(None, [], summary)
    done = call("check", project, "--language", "en")
    lines = [line for line in done.stdout.splitlines() if line.startswith("Not rated")]
    assert len(lines) == 1
    assert lines[0].startswith(said)


def test_verbose_shows_the_traceback_of_a_bug(project: Path, pipeline: ModuleType) -> None:
    def fail(_project: object, **_options: object) -> object:
        raise ValueError("odd")

    pipeline.run = fail
    assert "Traceback" in call("run", project, "--verbose").stderr
    assert "Traceback" not in call("run", project).stderr


def test_what_libraries_print_by_themselves_does_not_spoil_the_output() -> None:
    code = """
import os, sys
from clustermap import cli
sys.argv = ["clustermap", "--version"]
def show(**_):
    os.write(1, b"a compiled library's own line\\n")
    print("ours: 클러스터")
cli.app = show
cli.main()
"""
    done = subprocess.run(  # noqa: S603 -- our own words
        [sys.executable, "-c", code], capture_output=True, check=True, encoding="utf-8"
    )
    assert done.stdout == "ours: 클러스터\n"


def test_the_command_line_begins_where_ctrl_c_is_heard() -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert scripts["scripts"] == {"clustermap": "clustermap.__main__:main"}


@pytest.mark.parametrize("how", ["script", "module"])
def test_ctrl_c_during_imports_ends_without_a_word(how: str, tmp_path: Path) -> None:
    # A module that the command line imports, and that is stopped while it is imported.
    (tmp_path / "typer.py").write_text("raise KeyboardInterrupt", encoding="utf-8")
    script = "from clustermap.__main__ import main; main()"
    way = {"script": ["-c", script], "module": ["-m", "clustermap", "--version"]}[how]
    done = subprocess.run(  # noqa: S603 -- our own words
        [sys.executable, *way],
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])},
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"")
