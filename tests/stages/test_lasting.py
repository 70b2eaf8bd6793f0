"""Long tables and grounds of a release are taken from the run before where nothing changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clustermap import pipeline
from clustermap.messages import Message
from clustermap.stages.keeping import GROUNDS, PARTS
from tests.certain import certain
from tests.stages.test_keeping import build, snapshot

if TYPE_CHECKING:
    from pathlib import Path

    from clustermap.project import Project


def weigh_otherwise(project: Project) -> Project:
    score = project.score.model_copy(update={"profile": "core_technology"})
    return project.model_copy(update={"score": score})


def without_checkpoints(project: Project, out: Path) -> Project:
    section = project.project.model_copy(update={"checkpoints": False, "out": out})
    return project.model_copy(update={"project": section})


def number_of(project: Project, name: str) -> int:
    return (project.project.out / "tables" / f"{name}.parquet").stat().st_ino


def test_the_grounds_of_a_release_are_keyed_by_the_rules_of_publishing() -> None:
    assert set(GROUNDS.uses) == {*PARTS.uses, "publish"}
    assert GROUNDS.rooms == PARTS.rooms


def test_tables_that_no_weight_changes_are_taken_and_their_bytes_are_the_same(
    tmp_path: Path,
) -> None:
    project = build(tmp_path)
    pipeline.run(project)
    before = {name: number_of(project, name) for name in (*pipeline.LASTING, "scores")}
    other = weigh_otherwise(project)
    pipeline.run(other)
    assert len([*tmp_path.glob(".out.checkpoints/layers-*")]) == 1
    after = {name: number_of(project, name) for name in before}
    assert {name for name in before if before[name] == after[name]} == set(pipeline.LASTING)
    anew = without_checkpoints(other, tmp_path / "anew")
    pipeline.run(anew)
    own, fresh = snapshot(project.project.out), snapshot(anew.project.out)
    records = {"run.json", ".clustermap.json"}
    assert own.keys() == fresh.keys()
    assert {name for name in own if own[name] != fresh[name]} <= records


def test_layers_of_the_geopackage_are_kept_and_a_damaged_file_of_them_is_written_again(
    tmp_path: Path,
) -> None:
    project = build(tmp_path)
    pipeline.write_exports(project)
    before = snapshot(project.project.out)
    (kept,) = tmp_path.glob(".out.checkpoints/layers-*")
    whole = kept.read_bytes()
    kept.write_bytes(whole[:-1] + b"?")
    told = pipeline.write_exports(project).kept
    assert [m for m in told if m.key == "checkpoint.damaged"] == [
        Message("checkpoint.damaged", {"stage": Message("stage.layers")})
    ]
    assert kept.read_bytes() == whole
    assert snapshot(project.project.out) == before


def test_a_table_that_somebody_changed_is_written_again(tmp_path: Path) -> None:
    project = build(tmp_path)
    pipeline.score_clusters(project)
    before = snapshot(project.project.out)
    table = project.project.out / "tables" / "firms.parquet"
    table.write_bytes(table.read_bytes()[:-1] + b"?")
    (project.project.out / "tables" / "flows.parquet").unlink()
    pipeline.score_clusters(project)
    assert snapshot(project.project.out) == before


def test_what_marks_the_files_is_part_of_what_they_follow_from(tmp_path: Path) -> None:
    project = build(tmp_path)
    pipeline.score_clusters(project)
    before = number_of(project, "firms")
    section = project.project.model_copy(update={"synthetic": not project.project.synthetic})
    pipeline.score_clusters(project.model_copy(update={"project": section}))
    assert number_of(project, "firms") != before


def test_other_rules_of_publishing_lay_other_grounds(tmp_path: Path) -> None:
    project = build(tmp_path)
    first = certain(pipeline.draw_map(project).release)
    publish = project.publish.model_copy(update={"min_firms": 50})
    stricter = certain(pipeline.draw_map(project.model_copy(update={"publish": publish})).release)
    assert len(stricter.flows) < len(first.flows)
