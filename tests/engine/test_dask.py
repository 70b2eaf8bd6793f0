"""Dask: real workers over TCP, killed in the middle, short of memory, left by their scheduler."""

from __future__ import annotations

import os
import signal
import threading
import time
from typing import TYPE_CHECKING

import pytest

from clustermap.engine import Engine, open_pool, reduce_chunks
from clustermap.errors import TableFault
from tests.engine.conftest import Cluster, open_cluster
from tests.engine.sums import SumJob, sum_of, write_chunks

if TYPE_CHECKING:
    from pathlib import Path


def make_job(folder: Path, *, seconds: float = 0.0, deadly: str = "", megabytes: int = 0) -> SumJob:
    (folder / "log").mkdir()
    (folder / "parts").mkdir()
    return SumJob(folder / "log", seconds, deadly, megabytes)


def test_a_worker_that_is_killed_costs_its_chunk_alone(cluster: Cluster, tmp_path: Path) -> None:
    job, paths = make_job(tmp_path, deadly="c05.txt"), write_chunks(tmp_path / "in", 12)
    with open_pool(Engine("dask", cluster.address)) as pool:
        found = reduce_chunks(job, paths, tmp_path / "parts", pool)
    assert found.total.facts == {"sum": sum_of(12)}
    numbers = found.total.tables["numbers"]["n"].to_pylist()
    assert numbers == [at + step for at in range(12) for step in range(3)]
    assert job.computed().count("c05.txt") >= 2  # it was begun again, and it ended right
    assert len(found.leaves) == 12


def test_a_fault_of_a_file_comes_back_as_it_was_told(cluster: Cluster, tmp_path: Path) -> None:
    job, paths = make_job(tmp_path), write_chunks(tmp_path / "in", 3)
    paths[1].write_text("one", encoding="utf-8")
    with open_pool(Engine("dask", cluster.address)) as pool, pytest.raises(TableFault) as told:
        reduce_chunks(job, paths, tmp_path / "parts", pool)
    assert (told.value.reason, told.value.value) == ("unreadable_file", "c01.txt")
    assert "c01.txt" in told.value.line("ko")


def test_nobody_at_the_address(dask: None, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001
    monkeypatch.setattr("clustermap.engine.pools._CONNECT", "1 s")
    with (
        pytest.raises(TableFault) as told,
        open_pool(Engine("dask", "tcp://127.0.0.1:9")),
    ):
        pass
    assert (told.value.reason, told.value.value) == ("no_scheduler", "tcp://127.0.0.1:9")


@pytest.mark.slow
def test_a_rerun_resumes_after_the_scheduler_was_killed(dask: None, tmp_path: Path) -> None:  # noqa: ARG001
    job, paths = make_job(tmp_path, seconds=0.5), write_chunks(tmp_path / "in", 30)
    with open_cluster(tmp_path / "one", 2) as first:

        def kill() -> None:
            while len(list((tmp_path / "parts").glob("*.part"))) < 6:
                time.sleep(0.05)
            first.processes[0].send_signal(signal.SIGKILL)

        killer = threading.Thread(target=kill)
        killer.start()
        with pytest.raises(TableFault) as told, open_pool(Engine("dask", first.address)) as pool:
            reduce_chunks(job, paths, tmp_path / "parts", pool)
        killer.join()
    assert told.value.reason == "engine_lost"
    time.sleep(1)
    done = len(list((tmp_path / "parts").glob("*.part")))
    assert 6 <= done < 30
    with (
        open_cluster(tmp_path / "two", 2) as second,
        open_pool(Engine("dask", second.address)) as pool,
    ):
        found = reduce_chunks(job, paths, tmp_path / "parts", pool)
        again = reduce_chunks(job, paths, tmp_path / "parts", pool)
    assert (found.computed, again.computed) == (30 - done, 0)
    assert found.total.facts == again.total.facts == {"sum": sum_of(30)}


@pytest.mark.slow
def test_workers_of_500_mb_do_chunks_that_take_200_mb(dask: None, tmp_path: Path) -> None:  # noqa: ARG001
    job, paths = make_job(tmp_path, megabytes=200), write_chunks(tmp_path / "in", 12)
    with (
        open_cluster(tmp_path / "one", 1, "--memory-limit", "500MB") as cluster,
        open_pool(Engine("dask", cluster.address)) as pool,
    ):
        found = reduce_chunks(job, paths, tmp_path / "parts", pool)
    assert found.total.facts["sum"] == sum_of(12)
    assert found.computed == 12


@pytest.mark.slow
def test_workers_of_this_machine_are_started_where_none_are_named(
    dask: None,  # noqa: ARG001
    tmp_path: Path,
) -> None:
    job, paths = make_job(tmp_path), write_chunks(tmp_path / "in", 4)
    with open_pool(Engine("dask")) as pool:
        found = reduce_chunks(job, paths, tmp_path / "parts", pool)
    assert found.total.facts["sum"] == sum_of(4)
    assert not any(mark.name.split("-")[1] == str(os.getpid()) for mark in job.log.iterdir())
