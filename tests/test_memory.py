"""Memory: what was read of a mapped file is let go of, and read again where it is looked at."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from clustermap.memory import forget_pages

MB = 1 << 20


def read_mapped_mb() -> float:
    """Return how much of mapped files this process holds."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssFile")) / 1024


@pytest.mark.skipif(sys.platform != "linux", reason="what is held is told by Linux alone")
def test_pages_that_were_read_are_let_go_of(tmp_path: Path) -> None:
    np.save(tmp_path / "links.npy", np.arange(8 * MB))
    links = np.load(tmp_path / "links.npy", mmap_mode="r")
    total = int(links.sum())
    before = read_mapped_mb()
    forget_pages([np.zeros(3), links])
    assert before - read_mapped_mb() > 50
    assert int(links.sum()) == total


def test_what_was_written_into_a_copy_stays(tmp_path: Path) -> None:
    np.save(tmp_path / "links.npy", np.arange(MB))
    links = np.load(tmp_path / "links.npy", mmap_mode="c")
    links[5] = -1
    forget_pages([links])
    assert links[5] == -1
