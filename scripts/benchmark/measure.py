"""What a process takes: wall time, CPU time and memory, its own processes counted in.

Linux alone: the kernel's own records are read. Whoever measures must be small itself, since the
kernel counts what a process was before it became another program.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LOOK_S = 0.1
"""How often the memory of several processes is looked at."""


@dataclass(frozen=True)
class Taken:
    """What a process took.

    Parameters
    ----------
    wall_s
        Seconds from its start to its end.
    cpu_s
        Seconds of all cores, user and system, of it and of all that it started.
    memory
        Bytes at its peak: the kernel's record of one process; where it started others, the largest
        sum of their proportional sets, if that is more.
    others
        Cores that other programs kept busy meanwhile.
    code
        What it ended with; not 0 where it failed.
    steps
        Seconds by step, as it told.
    sums
        What it found, as it told.
    """

    wall_s: float
    cpu_s: float
    memory: float
    others: float
    code: int
    steps: dict[str, float] = field(default_factory=dict)
    sums: dict[str, float] = field(default_factory=dict)

    def write(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self)


def list_family(process: int) -> Iterator[int]:
    """Yield a process and all that it has started and that still run."""
    yield process
    for task in Path(f"/proc/{process}/task").glob("*/children"):
        try:
            children = task.read_text().split()
        except OSError:  # it has ended meanwhile
            continue
        for child in children:
            yield from list_family(int(child))


def read_set(process: int) -> int:
    """Return the bytes of a process, those that it shares divided among all that share them."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:  # it has ended meanwhile
        return 0
    return sum(1024 * int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def read_busy_s() -> float:
    """Return the seconds that all cores have been busy since the machine was started."""
    line = Path("/proc/stat").read_text().partition("\n")[0].split()
    user, nice, system, _, _, *rest = map(int, line[1:9])
    return (user + nice + system + sum(rest)) / os.sysconf("SC_CLK_TCK")


def measure(command: Sequence[str], folder: Path) -> Taken:
    """Run a command and return what it took."""
    several = 0
    with tempfile.TemporaryFile() as told:
        busy, start = read_busy_s(), time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, stdout=told)  # noqa: S603 -- our own
        while True:
            ended, status, used = os.wait4(process.pid, os.WNOHANG)
            if ended:
                break
            family = list(list_family(process.pid))
            if len(family) > 1:
                several = max(several, sum(map(read_set, family)))
            _wait(process.pid, LOOK_S)
        wall_s, busy = time.perf_counter() - start, read_busy_s() - busy
        process.returncode = code = os.waitstatus_to_exitcode(status)
        told.seek(0)
        last = told.read().decode("utf-8", "replace").strip().rpartition("\n")[2]
    cpu_s = used.ru_utime + used.ru_stime
    others = max(0.0, busy - cpu_s) / wall_s
    peak = max(used.ru_maxrss * 1024, several)
    own = json.loads(last) if code == 0 and last.startswith('{"steps"') else {}
    return Taken(wall_s, cpu_s, peak, others, code, **own)


def _wait(process: int, seconds: float) -> None:
    """Wait until a process ends, or so long; its end is seen at once."""
    opened = os.pidfd_open(process)
    try:
        select.select([opened], [], [], seconds)
    finally:
        os.close(opened)
