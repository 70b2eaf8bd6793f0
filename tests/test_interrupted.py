"""A run that is killed anywhere, or whose disk is full: nothing half written, and the next resumes.

Killed runs are processes of their own, ended by a signal that cannot be caught, at moments that a
seed spreads over the time of a whole run.
"""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from clustermap import store
from clustermap.checkpoints import CheckpointFolder
from clustermap.stages.keeping import TYPES
from tests.stages.test_keeping import SELECT
from tests.stages.test_scoring import linked_world

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[1]
MOMENTS = int(os.environ.get("CLUSTERMAP_MOMENTS", "50"))
FULL_MB = 64

pytestmark = pytest.mark.slow


def write_project(folder: Path, *, seed: int = 1) -> Path:
    """Write the linked world; another seed is another output."""
    world = linked_world()
    world.project = world.project.replace('language = "ko"', f'language = "ko"\nseed = {seed}')
    world.project = world.project.replace("draws = 50", "draws = 60") + SELECT
    return world.write(folder)


def start(file: Path, scratch: Path, *more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603 -- our own interpreter
        [sys.executable, "-m", "clustermap", "run", str(file), "--language", "en", *more],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(scratch), "OMP_NUM_THREADS": "1", "PYTHONUTF8": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )


def run(file: Path, scratch: Path, *more: str) -> tuple[int, str, float]:
    """Run to the end; return exit code, what was said on stderr, and seconds."""
    began = time.monotonic()
    _, said = (process := start(file, scratch, *more)).communicate(timeout=300)
    return process.returncode, said, time.monotonic() - began


def snapshot(out: Path) -> dict[str, str]:
    """Return the bytes of every file that users see, but for the log, which tells the time."""
    return {
        path.relative_to(out).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(out.rglob("*"))
        if path.is_file()
        and path.name != "run.log"
        and not path.relative_to(out).parts[0].startswith(".")
    }


def is_whole(out: Path, known: list[dict[str, str]]) -> bool:
    """Return whether a folder holds one of the outputs, all of it.

    Names change one after the other, which takes a millisecond. A run that is killed in it leaves a
    journal by which the next one, before all else, puts the old output back.
    """
    if not list(out.glob(".previous-*/.journal.json")):
        return snapshot(out) in known
    copy = out.with_name("copy")
    shutil.copytree(out, copy)
    try:
        store.recover(copy)
        return snapshot(copy) in known
    finally:
        shutil.rmtree(copy)


def find_left(folder: Path, scratch: Path) -> list[str]:
    """Return what no run that ended well leaves."""
    found = [*scratch.iterdir(), *folder.glob("*.checkpoints-*"), *folder.rglob("*.part")]
    found += [path for path in (folder / "out").glob(".*") if path.name != ".clustermap.json"]
    return sorted(path.name for path in found)


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs a signal that cannot be caught")
def test_killed_at_any_moment_the_output_is_whole_and_the_next_run_resumes(
    tmp_path: Path, scratch: Path
) -> None:
    folders = [tmp_path / "first", tmp_path / "second"]
    outputs, seconds = [], 0.0
    for seed, folder in enumerate(folders, start=1):
        code, said, took = run(write_project(folder, seed=seed), scratch)
        assert code == 0, said
        outputs.append(snapshot(folder / "out"))
        seconds = max(seconds, took)
    old, new = outputs
    assert old != new
    random_ = random.Random(1)  # noqa: S311 -- moments, no secrets
    killed = resumed = 0
    stages: set[str] = set()
    for moment in range(MOMENTS):
        # Old output and old checkpoints stand; the project file asks for another output.
        folder = tmp_path / "work"
        shutil.copytree(folders[0], folder)
        file = write_project(folder, seed=2)
        process = start(file, scratch)
        share = (moment + random_.random()) / MOMENTS
        try:
            process.communicate(timeout=share * seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
        killed += process.returncode == -signal.SIGKILL
        assert is_whole(folder / "out", outputs), f"moment {moment}"
        kept = {path.name for path in (folder / ".out.checkpoints").glob("*.checkpoint")}
        fresh = kept - {p.name for p in (folders[0] / ".out.checkpoints").glob("*.checkpoint")}
        code, said, took = run(file, scratch)
        assert code == 0, said
        if not fresh:
            seconds = took  # a machine is not as fast at all times: the last whole run tells best
        assert snapshot(folder / "out") == new, f"moment {moment}"
        assert find_left(folder, scratch) == []
        told = (folder / "out/run.log").read_text(encoding="utf-8").count("Taken from the check")
        # The grounds of a release are taken without a word.
        worded = {name for name in fresh if not name.startswith("grounds-")}
        assert told == len(worded), f"moment {moment}: {sorted(fresh)}"
        resumed += told > 0
        stages |= {name.partition("-")[0] for name in fresh}
        shutil.rmtree(folder)
    assert killed >= MOMENTS / 2
    assert resumed >= MOMENTS / 10
    assert "tallies" in stages


@contextmanager
def mount(folder: Path, megabytes: int) -> Iterator[None]:
    options = ["-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    subprocess.run(["mount", *options], check=True, capture_output=True)  # noqa: S603, S607
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=False)  # noqa: S603, S607


@pytest.fixture
def small_disk(tmp_path: Path, require: Callable[[str, bool, str], None]) -> Iterator[Path]:
    """Mount a disk of a few megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    try:
        with mount(folder, FULL_MB):
            yield folder
    except (OSError, subprocess.CalledProcessError) as error:
        require("tmpfs", False, f"mounting needs root: {error}")


def fill(disk: Path, left: int) -> Path:
    """Fill a disk up to some bytes."""
    file = disk / "filling"
    with file.open("wb") as opened:
        os.posix_fallocate(opened.fileno(), 0, max(1, shutil.disk_usage(disk).free - left))
    return file


def test_on_a_full_disk_the_old_output_stands_and_one_line_says_so(
    tmp_path: Path, scratch: Path, small_disk: Path
) -> None:
    out = small_disk / "out"
    code, said, _ = run(write_project(tmp_path), scratch, "--out", str(out))
    assert code == 0, said
    old = snapshot(out)
    size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    file = write_project(tmp_path, seed=2)
    for left in (0, 1 << 16, size // 8, size // 2, size - (1 << 17)):
        filling = fill(small_disk, left)
        before = sorted(path.name for path in small_disk.iterdir())
        code, said, _ = run(file, scratch, "--out", str(out))
        assert code == 1, said
        lines = said.strip().splitlines()
        assert len(lines) == 1
        assert "is full; the old output stands." in lines[0]
        assert "Free some space" in lines[0]
        assert snapshot(out) == old
        assert sorted(path.name for path in small_disk.iterdir()) == before
        assert [path.name for path in out.glob(".*")] == [".clustermap.json"]
        assert not list(small_disk.rglob("*.part"))
        assert list(scratch.iterdir()) == []
        filling.unlink()
    code, said, _ = run(file, scratch, "--out", str(out))
    assert code == 0, said
    assert snapshot(out) != old


def test_a_full_disk_for_scratch_is_told_and_no_crash(tmp_path: Path, small_disk: Path) -> None:
    file = write_project(tmp_path)
    fill(small_disk, 1 << 14)
    code, said, _ = run(file, small_disk, "--no-checkpoints")
    assert code == 1, said
    assert "is full; the old output stands." in said
    assert sorted(path.name for path in small_disk.iterdir()) == ["filling"]
    assert not (tmp_path / "out").exists()


def test_a_checkpoint_is_never_half_there(small_disk: Path) -> None:
    folder = CheckpointFolder(small_disk / "c", TYPES)
    folder.keep("nulls", "a" * 64, "small")
    fill(small_disk, 1 << 14)
    with pytest.raises(OSError, match="space"):
        folder.keep("nulls", "b" * 64, ["large" * (1 << 16)])
    assert folder.find("nulls", "a" * 64) == "small"
    assert len(list(folder.path.iterdir())) == 2
