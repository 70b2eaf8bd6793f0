"""Real clusters of Dask: a scheduler and workers in processes of their own, joined by TCP."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Require

ROOT = Path(__file__).resolve().parents[2]
_SECONDS = 120


@pytest.fixture(scope="session")
def dask(require: Require) -> None:
    """Skip without dask."""
    there = importlib.util.find_spec("distributed") is not None
    require("dask", there, "pip install 'clustermap[distributed]'")


@dataclass
class Cluster:
    """A scheduler and its workers.

    Parameters
    ----------
    folder
        Where they write.
    address
        Of the scheduler.
    processes
        The scheduler first.
    """

    folder: Path
    address: str = ""
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, *arguments: str) -> Path:
        """Start a process of Dask and return where it tells what it does."""
        log = self.folder / f"{len(self.processes)}.log"
        environ = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
        environ["DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES"] = "10"
        command = [sys.executable, "-m", "distributed.cli." + arguments[0], *arguments[1:]]
        with log.open("wb") as file:
            self.processes.append(
                subprocess.Popen(command, stdout=file, stderr=file, env=environ, cwd=self.folder)  # noqa: S603 -- our own
            )
        return log

    def start_scheduler(self, port: int = 0) -> None:
        """Start the scheduler and learn where it listens."""
        log = self.start(
            *("dask_scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard")
        )
        found = wait_for(log, r"Scheduler at:\s+(tcp://\S+)")
        self.address = found[1]

    def start_workers(self, many: int, *options: str) -> None:
        """Start workers and wait until they are there."""
        logs = [
            self.start(
                *("dask_worker", self.address, "--nthreads", "1", "--no-dashboard"),
                *("--local-directory", str(self.folder), *options),
            )
            for _ in range(many)
        ]
        for log in logs:
            wait_for(log, r"Registered to:\s+tcp")

    def stop(self) -> None:
        """End all that still runs, the workers first."""
        for process in reversed(self.processes):
            process.kill()
            process.wait()


def wait_for(log: Path, pattern: str) -> re.Match[str]:
    """Wait until a log says something."""
    for _ in range(_SECONDS * 10):
        found = re.search(pattern, log.read_text(encoding="utf-8", errors="replace"))
        if found is not None:
            return found
        time.sleep(0.1)
    raise TimeoutError(log.read_text(encoding="utf-8", errors="replace"))


@contextmanager
def open_cluster(folder: Path, workers: int, *options: str) -> Iterator[Cluster]:
    """Start a cluster; it is gone afterwards."""
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        cluster = Cluster(folder)
        stack.callback(cluster.stop)
        cluster.start_scheduler()
        cluster.start_workers(workers, *options)
        yield cluster


@pytest.fixture(scope="session")
def cluster(dask: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:  # noqa: ARG001
    """Two workers that Dask starts again when they die."""
    with open_cluster(tmp_path_factory.mktemp("cluster"), 2) as found:
        yield found
