"""Kinds of output are written side by side: told in order, and all of them or none."""

from __future__ import annotations

from threading import Barrier
from typing import TYPE_CHECKING, Any

import pytest

from clustermap import pipeline
from clustermap.messages import Message
from tests.stages.test_keeping import build, snapshot

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from clustermap.publish.release import Release


def test_tables_are_written_while_files_are_exported_and_steps_are_told_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = Barrier(2, timeout=60)  # neither passes unless both are at work
    told: list[tuple[object, int, int]] = []
    write_tables, write_exports = pipeline._write_tables, pipeline._write_exports

    def tables(*given: Any) -> None:
        together.wait()
        write_tables(*given)

    def exports(*given: Any) -> dict[str, Any]:
        together.wait()
        return write_exports(*given)

    def listen(step: Message, done: int, total: int, /) -> None:
        if step.key == "step.write":
            told.append((step.values["what"], done, total))

    monkeypatch.setattr(pipeline, "_write_tables", tables)
    monkeypatch.setattr(pipeline, "_write_exports", exports)
    pipeline.run(build(tmp_path), progress=listen)
    steps = ("tables", "map", "export", "report")
    assert told == [(Message(f"what.{name}"), at, 4) for at, name in enumerate(steps, start=1)]


def test_a_fault_in_one_kind_of_output_leaves_the_old_one_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = build(tmp_path)
    pipeline.run(project)
    before = snapshot(project.project.out)

    def fail(release: Release) -> bytes:
        raise RuntimeError(release.title)

    monkeypatch.setitem(pipeline.PAGES, "explore", fail)
    with pytest.raises(RuntimeError, match=project.project.name):
        pipeline.run(project)
    assert snapshot(project.project.out) == before
    assert list(project.project.out.glob(".staging-*")) == []


def test_pages_are_drawn_side_by_side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    together = Barrier(2, timeout=60)

    def wait(draw: Callable[[Release], bytes]) -> Callable[[Release], bytes]:
        def drawn(release: Release) -> bytes:
            together.wait()
            return draw(release)

        return drawn

    for name in ("planner", "explore"):
        monkeypatch.setitem(pipeline.PAGES, name, wait(pipeline.PAGES[name]))
    drawn = pipeline.draw_map(build(tmp_path))
    assert [path.name for path in drawn.outputs if path.suffix == ".html"] == [
        *("explore.html", "planner.html", "sheet.html"),
    ]
