"""A session of measurements: worlds are drawn once, jobs are measured round by round.

All that is large happens in other processes: see ``measure``.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scripts.benchmark.jobs import JOBS, PAIRS, PREPARED, restore, set_stage
from scripts.benchmark.measure import Taken, measure
from scripts.benchmark.sizes import LINKS, MARK

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Figures = dict[str, Any]

FIGURES = "figures.json"
ROOT = Path(__file__).resolve().parents[2]


class UnlikeError(Exception):
    """Two sides that do the same work found something else."""


def call(arguments: Sequence[str]) -> str:
    """Run a module of ours in a process of its own, and return what it tells."""
    command = [sys.executable, "-m", *arguments]
    done = subprocess.run(  # noqa: S603 -- our own
        command, cwd=ROOT, stdout=subprocess.PIPE, check=True, encoding="utf-8"
    )
    return done.stdout


def check_sums(taken: dict[str, list[Taken]]) -> None:
    """Refuse figures of jobs that did not do the same work.

    Raises
    ------
    UnlikeError
        If two rounds of a job, or ours and the plain one, found something else.
    """
    of_job = {name: [one.sums for one in every if not one.code] for name, every in taken.items()}
    for name, sums in of_job.items():
        if any(one != sums[0] for one in sums):
            raise UnlikeError(f"{name}: rounds differ: {sums}")
    for ours, plain in PAIRS.items():
        both = [of_job.get(name) for name in (ours, plain)]
        if all(both) and both[0][0] != both[1][0]:
            raise UnlikeError(f"{ours} and {plain} differ: {both[0][0]}, {both[1][0]}")


class Session:
    """Measurements that are kept in a folder.

    Parameters
    ----------
    folder
        Where worlds and figures lie; made where it is missing.
    tell
        Hears how far it is.
    """

    def __init__(self, folder: Path, tell: Callable[[str], None]) -> None:
        self.folder = folder.resolve()
        self.tell = tell
        self.number = time.time_ns()
        self._last: tuple[Path, str] | None = None
        self.folder.mkdir(parents=True, exist_ok=True)

    def read(self) -> dict[str, Figures]:
        """Return the figures of all sizes that were measured."""
        file = self.folder / FIGURES
        return json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}

    def measure(self, size: str, jobs: Sequence[str], rounds: int) -> None:
        """Measure jobs on a world, and keep the figures beside those of other jobs."""
        world = self._draw(size)
        jobs = [job for job in jobs if size in JOBS[job].sizes and self._prepare(job, world)]
        taken: dict[str, list[Taken]] = {job: [] for job in jobs}
        for number in range(1, rounds + 1):
            for job in jobs:
                if not any(one.code for one in taken[job]):
                    taken[job].append(self._take(f"{size} {number}/{rounds}", job, world))
        check_sums(taken)
        facts = {**_describe(), "rounds": rounds, "session": self.number}
        self._keep(size, {job: {**facts, "taken": taken[job]} for job in jobs}, {})
        self._keep(size, {}, self._compare(world, jobs))

    def _draw(self, size: str) -> Path:
        world = self.folder / size
        if not (world / MARK).exists():
            self.tell(f"{size}: drawing the world ...")
        call(["scripts.benchmark.world", size, str(world)])
        return world

    def _prepare(self, job: str, world: Path) -> bool:
        """Do what has to be done before a job; return whether it can be measured."""
        if job not in PREPARED or (world / LINKS).exists():
            return True
        self.tell(f"{world.name}: {PREPARED[job].text} ...")
        try:
            call(PREPARED[job].spell(world)[2:])
        except subprocess.CalledProcessError:
            self.tell(f"{world.name}: {JOBS[job].text} cannot be measured")
            return False
        return True

    def _compare(self, world: Path, jobs: Sequence[str]) -> Figures:
        """Let both sides write what they find, unmeasured, and hold one against the other."""
        pairs = [pair for pair in PAIRS.items() if set(pair) <= {*jobs}]
        if "actors" in jobs:  # does all that the core does
            pairs = [pair for pair in pairs if pair[0] != "core"]
        if not pairs:
            return {}
        with tempfile.TemporaryDirectory(dir=self.folder) as out:
            for side in range(2):
                (Path(out) / str(side)).mkdir()
                for pair in pairs:
                    self.tell(f"{world.name}: {JOBS[pair[side]].text}, to compare ...")
                    command = JOBS[pair[side]].spell(world, Path(out) / str(side))
                    call(command[2:])
            told = call(["scripts.benchmark.agreement", *(f"{out}/{side}" for side in range(2))])
        found: Figures = json.loads(told)
        return found

    def _take(self, where: str, job: str, world: Path) -> Taken:
        if job == "rerun" and self._last != (world, "run"):
            self.tell(f"{where}: {JOBS['run'].text}, so that it can run again ...")
            set_stage("run", world)
            call(JOBS["run"].spell(world)[2:])
        set_stage(job, world)
        taken = measure(JOBS[job].spell(world), ROOT)
        self._last = world, job
        restore(world)
        ended = f"FAILED ({taken.code})" if taken.code else ""
        self.tell(
            f"{where} {job}: {taken.wall_s:.1f} s, CPU {taken.cpu_s:.1f} s,"
            f" {taken.memory / 1e9:.2f} GB (others {taken.others:.1f} cores) {ended}"
        )
        return taken

    def _keep(self, size: str, jobs: Figures, agreement: Figures) -> None:
        figures = self.read()
        kept = figures.setdefault(size, {"jobs": {}, "agreement": {}})
        kept["agreement"] |= agreement
        for job, facts in jobs.items():
            kept["jobs"][job] = {**facts, "taken": [one.write() for one in facts["taken"]]}
        file = self.folder / FIGURES
        unfinished = file.with_name(f".{FIGURES}.part")
        unfinished.write_text(json.dumps(figures, indent=1), encoding="utf-8")
        unfinished.replace(file)


def _describe() -> Figures:
    """Return what the figures were measured with."""
    from importlib.metadata import version

    libraries = ("numpy", "pandas", "geopandas", "shapely", "pyarrow", "networkx", "scipy")
    return {
        "cores": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in libraries},
    }
