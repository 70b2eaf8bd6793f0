"""What-if from the change file to files and sentences, on the small linked world."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

import clustermap
from clustermap.cli import app
from clustermap.errors import TableFault
from clustermap.messages import say
from clustermap.pipeline import Comparison, compare_whatif
from clustermap.project import Project, open_project
from clustermap.store import write_tables
from clustermap.tables import WHATIF
from tests.stages.test_scoring import linked_world

if TYPE_CHECKING:
    from pathlib import Path

    from clustermap.messages import Message

SELECT = """
[select]
budget = 3
reach = "firms"
draws = 59
[scenarios.open]
weights = { openness = 1, participation = 1 }
"""
TWO_SIDES = [column for column in WHATIF.columns if column.name.endswith("_before")]


def build(folder: Path, more: str = SELECT) -> Project:
    world = linked_world()
    for row in world.clusters:
        row["cost"] = 1
    world.project = world.project.replace("draws = 50", "draws = 60") + more
    return open_project(world.write(folder))


def suppose(project: Project, text: str, name: str = "가정") -> Path:
    file = project.folder / f"{name}.toml"
    file.write_text(f"schema = 1\n{text}", encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return build(tmp_path_factory.mktemp("whatif"))


@pytest.fixture(scope="module")
def unchanged(project: Project) -> Comparison:
    return compare_whatif(project, suppose(project, "", "그대로"))


CHANGES = """
budget = 2
[[close]]
lead_of = "C4"
by = "links"
[[boundaries]]
cluster = "C1"
merge = ["C2"]
[[institutes]]
institute = "NEW"
kind = "university"
cluster = "C3"
[[add_links]]
between = ["NEW", "C3"]
kind = "research"
links = 150
"""


@pytest.fixture(scope="module")
def heard() -> list[Message]:
    return []


@pytest.fixture(scope="module")
def changed(project: Project, unchanged: Comparison, heard: list[Message]) -> Comparison:
    assert unchanged.outputs
    return compare_whatif(
        project,
        suppose(project, CHANGES, "모두"),
        progress=lambda step, _done, _total: heard.append(step),
    )


def test_an_empty_change_changes_nothing_byte_for_byte(
    unchanged: Comparison, tmp_path: Path
) -> None:
    table = unchanged.table
    assert table["cluster"].to_list() == [f"C{n}" for n in range(1, 7)] * 2
    sides = []
    for when in ("before", "after"):
        names = [column.name.removesuffix("_before") for column in TWO_SIDES]
        side = table[[f"{name}_{when}" for name in names]].set_axis(names, axis=1)
        write_tables({"side": side}, tmp_path / when, metadata={})
        sides.append((tmp_path / when / "side.parquet").read_bytes())
    assert sides[0] == sides[1]
    own = table[table["scenario"] == "default"]
    assert (own[["difference", "difference_low", "difference_high", "rank_difference"]] == 0).all(
        axis=None
    )
    assert (own["overlap"] == 1).all()
    assert own["score_before"].notna().all()
    # A scenario that weighs otherwise has a choice and no rank of its own.
    other = table[table["scenario"] == "open"]
    assert other["score_before"].isna().all()
    assert other["selected_before"].notna().all()


def test_everything_is_computed_again(changed: Comparison) -> None:
    own = changed.table[changed.table["scenario"] == "default"].set_index("cluster")
    # C2 is merged away; nobody else is.
    assert own.index[own["rated_after"].isna()].to_list() == ["C2"]
    # The university of C3 with 150 links of its own firms makes it the most linked within, and the
    # one that hangs most on a single member: all in all it loses.
    assert own["embeddedness_after"].idxmax() == "C3"
    assert own["resilience_after"].idxmin() == own["brokerage_after"].idxmin() == "C3"
    assert own.loc["C3", "difference_high"] < 0
    assert own["selected_before"].sum() == 3
    assert own["selected_after"].sum() == 2


def test_the_sentences_name_every_change(changed: Comparison) -> None:
    told = [say(line, "en") for line in changed.told["changes"]]
    assert len(told) == 5
    words = ("budget is 2 instead of 3", "most links in", "C1) takes in", "NEW", "150 links")
    assert all(word in line for word, line in zip(words, told, strict=True))
    scores = " ".join(say(line, "ko") for line in changed.told["scores"])
    assert "단지 3 (C3): 점수" in scores
    assert "합쳐져 따로 없는 클러스터: 단지 2 (C2)" in scores
    assert "[default]" in say(changed.told["portfolio"][0], "ko")


def test_both_sides_are_heard_of(changed: Comparison, heard: list[Message]) -> None:
    keys = [step.key for step in heard]
    assert keys.index("step.read") < keys.index("step.whatif.before")
    assert keys.index("step.whatif.before") < keys.index("step.whatif.after")
    assert changed.name == "모두"
    assert all(say(step, language) for step in heard for language in ("ko", "en"))


def test_results_stand_side_by_side(
    project: Project, unchanged: Comparison, changed: Comparison
) -> None:
    folder = project.project.out / "whatif"
    for done in (unchanged, changed):
        assert {path.relative_to(folder).as_posix() for path in done.outputs} == {
            f"{done.name}/run.json",
            f"{done.name}/run.log",
            f"{done.name}/tables/whatif.parquet",
        }
        assert all(path.is_file() for path in done.outputs)
    written = folder / "모두" / "tables" / "whatif.parquet"
    pd.testing.assert_frame_equal(
        pd.read_parquet(written).astype(object).fillna(-1),
        changed.table.astype(object).fillna(-1),
        check_dtype=False,
    )
    assert pq.read_schema(written).metadata[b"clustermap:synthetic"] == b"false"
    record = json.loads((folder / "모두" / "run.json").read_text(encoding="utf-8"))
    assert record["whatif"]["name"] == "모두"
    assert record["whatif"]["change"]["close"] == [{"lead_of": "C4", "by": "links"}]
    assert record["parameters"]["select"]["budget"] == 2
    assert str(project.folder) not in json.dumps(record)
    # The user's files and the output of runs are not touched.
    assert sorted(path.name for path in project.project.out.iterdir()) == ["whatif"]


def test_a_change_that_cannot_be_made_leaves_the_old_results(
    project: Project, changed: Comparison
) -> None:
    before = {path: path.read_bytes() for path in changed.outputs}
    steps: list[str] = []
    with pytest.raises(TableFault) as caught:
        compare_whatif(
            project,
            suppose(project, '[[close]]\nactor = "nobody"', "모두"),
            progress=lambda step, _done, _total: steps.append(step.key),
        )
    assert "nobody" in caught.value.line("ko")
    assert not any(step.startswith(("step.whatif", "step.score")) for step in steps)
    assert {path: path.read_bytes() for path in changed.outputs} == before


def call(*arguments: object) -> Any:
    return CliRunner().invoke(app, ["whatif", *(str(argument) for argument in arguments)])


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return build(tmp_path_factory.mktemp("small"), "")


def test_the_command_line_says_what_comes_of_it(small: Project) -> None:
    file = suppose(small, "weights_times = { openness = 2 }", "열린 클러스터")
    done = call(small.file, file, "--language", "en", "--out", small.folder / "elsewhere")
    assert (done.exit_code, done.stderr) == (0, "")
    assert "Supposed: 열린 클러스터" in done.stdout
    assert "- The parts of the score weigh otherwise" in done.stdout
    assert "Scores and ranks" in done.stdout
    assert "How to read this" in done.stdout
    assert (small.folder / "elsewhere" / "whatif" / "열린 클러스터" / "run.json").is_file()


def test_machines_read_the_same(small: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    table = pd.DataFrame()
    told = {"changes": (), "limits": ()}
    done = Comparison("a", table, told, {}, [small.folder / "a"])
    monkeypatch.setattr("clustermap.pipeline.compare_whatif", lambda *_, **__: done)
    read = json.loads(call(small.file, suppose(small, ""), "--json").stdout)
    assert read == {
        "name": "a",
        "told": {"changes": [], "limits": []},
        "outputs": [str(small.folder / "a")],
    }
    assert call(small.file, suppose(small, ""), "--quiet").output == ""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("budget = -1", "key budget, value '-1'"),
        ("budget = 1", "no section [select]"),
        ('[[close]]\nlead_of = "C9"', "change.toml [[close]] 1, key lead_of, value 'C9'"),
        ('[[close]]\nlead_of = "\\u001b[31mC9"', "near it:"),
        ('[[add_links]]\nbetween = ["C1", "NEW"]\nkind = "research"', "value 'NEW'"),
        ("[[", "not TOML"),
    ],
)
def test_a_mistake_is_one_line_and_1(small: Project, text: str, words: str) -> None:
    done = call(small.file, suppose(small, text, "change"), "--language", "en")
    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert words in done.stderr
    assert "\x1b" not in done.stderr
    assert not (small.folder / "out").exists()


def test_a_file_that_is_not_there_is_told_before_anything(small: Project) -> None:
    done = call(small.file, small.folder / "no.toml")
    assert (done.exit_code, done.stderr.count("\n")) == (1, 1)
    assert "가정 파일이 없습니다" in done.stderr
    assert call(small.file).exit_code == 2


def test_the_library_takes_a_change_or_its_path(small: Project) -> None:
    change = clustermap.open_change(suppose(small, 'profile = "none"'))
    with pytest.raises(TableFault, match="none"):
        clustermap.compare_whatif(small, change)


def test_a_folder_that_cannot_be_made_is_told_before_anything_is_read(small: Project) -> None:
    elsewhere = small.changed(out=small.file / "out")
    steps: list[str] = []
    with pytest.raises(TableFault) as caught:
        compare_whatif(
            elsewhere,
            suppose(small, '[[close]]\nactor = "nobody"', "그대로"),
            progress=lambda step, _done, _total: steps.append(step.key),
        )
    assert (caught.value.reason, steps) == ("out_unwritable", [])
