"""The tutorial: its cells say what they say when they are run, and it reads without that."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

import clustermap
from clustermap.sources.world import build_world, write_raw_files

if TYPE_CHECKING:
    from pathlib import Path

SMALL_KB = 150
PAGES = re.compile(r"\]\(([\w/.]+)\)")


@pytest.fixture(scope="module")
def notebook(root: Path) -> dict[str, Any]:
    text = (root / "docs" / "tutorial.ipynb").read_text(encoding="utf-8")
    return dict(json.loads(text))


def words(notebook: dict[str, Any]) -> str:
    return "\n".join("".join(cell["source"]) for cell in notebook["cells"])


def test_it_reads_on_its_own(notebook: dict[str, Any], root: Path) -> None:
    file = root / "docs" / "tutorial.ipynb"
    assert file.stat().st_size < SMALL_KB * 1_000
    assert "Everything here is invented" in words(notebook)
    assert "지어낸 것" in words(notebook)
    missing = [page for page in PAGES.findall(words(notebook)) if not (file.parent / page).exists()]
    assert missing == []
    said = [
        output
        for cell in notebook["cells"]
        if cell["cell_type"] == "code"
        for output in cell["outputs"]
    ]
    assert {output["output_type"] for output in said} == {"stream", "execute_result"}
    assert len(said) > 15
    # No places of the machine that ran it, no clock, and nothing that went wrong.
    assert re.findall(r"/(?:home|root|tmp|work|usr)/|Traceback|Warning", json.dumps(said)) == []


def test_raw_files_are_recognised_for_what_they_are(tmp_path: Path) -> None:
    world = build_world(clusters=20, firms=400, links=800, seed=3)
    files = write_raw_files(world, tmp_path / "raw")
    again = write_raw_files(world, tmp_path / "again")
    assert [file.read_bytes() for file in files] == [file.read_bytes() for file in again]
    draft = clustermap.init_project(tmp_path, [tmp_path / "raw"])
    found = {finding.file: (finding.table, finding.dialect) for finding in draft.findings}
    assert found == {
        "raw/DAM_DAN.shp": ("clusters", "complex_boundaries"),
        "raw/공장등록현황.csv": ("firms", "factoryon"),
        "raw/국가연구개발과제.csv": ("projects", "ntis"),
        "raw/기관목록.csv": ("institutes", ""),
        "raw/기업간거래_조사.csv": ("pairs", ""),
        "raw/상가업소.csv": ("", ""),
        "raw/해외기관.csv": ("partners", ""),
    }
    matches = {link.form: link.match for link in clustermap.open_project(draft.file).linkages}
    assert matches == {"pairs": "id", "projects": "name"}


@pytest.mark.slow
def test_cells_say_what_they_say_when_they_are_run(root: Path) -> None:
    pytest.importorskip("nbclient")
    done = subprocess.run(  # noqa: S603 -- our own script
        [sys.executable, str(root / "scripts" / "run_tutorial"), "--check"],
        capture_output=True,
        encoding="utf-8",
        check=False,
        env={**os.environ, "PYTHONUTF8": "1"},
    )
    assert done.returncode == 0, done.stderr[-3_000:]
