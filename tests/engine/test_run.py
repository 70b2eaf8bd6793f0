"""A whole run from the command line: whichever engine counts, the output is the same bytes."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from clustermap.cli import app
from clustermap.engine import reduce_chunks
from clustermap.stages import counting
from tests.engine.test_engines import write_world
from tests.stages.test_keeping import SELECT
from tests.stages.test_scoring import linked_world

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from clustermap.engine import Pool
    from clustermap.engine.reduce import Reduced
    from clustermap.sources.files import FileSource
    from clustermap.stages.pairs import PairsJob
    from tests.engine.conftest import Cluster

FILES = {"run.json", ".clustermap.json"}
CHUNKS = 6  # three groups of rows of each of two files


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a world whose clusters are rated and chosen from; some of its pairs are faulty."""
    world = linked_world()
    world.project += SELECT
    rows = -(-len(world.pairs) // CHUNKS)
    return write_world(tmp_path_factory.mktemp("whole"), rows, 2, world)


@pytest.fixture(scope="module")
def serial(file: Path) -> dict[str, bytes]:
    return run(file, "serial")


@pytest.fixture
def workers(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Hear of every table that others count: the process of one of them, and how many chunks."""
    heard = []

    def listen(
        job: PairsJob,
        chunks: list[FileSource],
        folder: Path,
        pool: Pool,
        progress: Callable[[int], None],
    ) -> Reduced:
        ((_, process),) = pool.run(os.getpid, [()])
        found = reduce_chunks(job, chunks, folder, pool, progress)
        heard.append((process, found.computed))
        return found

    monkeypatch.setattr(counting, "reduce_chunks", listen)
    return heard


def run(file: Path, engine: str, *more: str) -> dict[str, bytes]:
    """Run everything anew and return all files of the output but the log, which tells the time."""
    out = file.parent / engine
    asked = ["run", str(file), "--out", str(out), "--no-checkpoints", "--engine", engine, *more]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 0, done.output
    files = {path.relative_to(out).as_posix(): path for path in out.rglob("*") if path.is_file()}
    del files["run.log"]
    return {name: path.read_bytes() for name, path in files.items()}


def assert_same(files: dict[str, bytes], others: dict[str, bytes]) -> None:
    assert files.keys() == others.keys()
    assert [name for name in files if files[name] != others[name]] == []


def test_a_run_writes_what_is_compared(serial: dict[str, bytes]) -> None:
    folders = {name.partition("/")[0] for name in serial}
    assert folders == {"export", "maps", "quarantine", "report", "tables"} | FILES
    told = json.loads(serial["run.json"])["tables"]["linkages_1"]
    assert told["quarantined"] == 4


def assert_elsewhere(workers: list[tuple[int, int]]) -> None:
    ((process, chunks),) = workers
    assert process != os.getpid()
    assert chunks == CHUNKS


def test_processes_write_the_same_files(
    file: Path, serial: dict[str, bytes], workers: list[tuple[int, int]]
) -> None:
    assert_same(run(file, "processes"), serial)
    assert_elsewhere(workers)


def test_dask_writes_the_same_files(
    file: Path, serial: dict[str, bytes], cluster: Cluster, workers: list[tuple[int, int]]
) -> None:
    assert_same(run(file, "dask", "--scheduler", cluster.address), serial)
    assert_elsewhere(workers)
