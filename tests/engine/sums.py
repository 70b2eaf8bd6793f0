"""A job to test engines with: numbers of a text file added up, slowly where that is asked for."""

from __future__ import annotations

import hashlib
import os
import signal
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from clustermap.engine import Part
from clustermap.errors import TableFault

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@dataclass(frozen=True)
class SumJob:
    """Adds the numbers of files up.

    Parameters
    ----------
    log
        Folder that gets an entry for every chunk that is computed.
    seconds
        How long each chunk takes.
    deadly
        Chunk whose worker is killed, the first time that it is computed; "" for none.
    megabytes
        Memory that each chunk takes for a moment.
    """

    log: Path
    seconds: float = 0.0
    deadly: str = ""
    megabytes: int = 0

    def name(self, chunk: Path) -> str:
        return hashlib.sha256(chunk.name.encode() + chunk.read_bytes()).hexdigest()

    def tally(self, chunk: Path) -> Part:
        mark = self.log / f"{chunk.name}-{os.getpid()}-{time.time_ns()}"
        first = not list(self.log.glob(f"{chunk.name}-*"))
        mark.touch()
        if chunk.name == self.deadly and first:
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(self.seconds)
        block = np.ones(self.megabytes * 2**17)
        try:
            numbers = [int(text) for text in chunk.read_text(encoding="utf-8").split()]
        except ValueError as error:
            raise TableFault(
                "unreadable_file", table="numbers", value=chunk.name, why=""
            ) from error
        return Part({"numbers": pa.table({"n": numbers})}, {"sum": sum(numbers), "of": len(block)})

    def merge(self, parts: Sequence[Part]) -> Part:
        joined = pa.concat_tables([part.tables["numbers"] for part in parts])
        return Part({"numbers": joined}, {"sum": sum(part.facts["sum"] for part in parts)})

    def computed(self) -> list[str]:
        """Return the chunks that were computed, each as often as it was begun."""
        return sorted(mark.name.split("-")[0] for mark in self.log.iterdir())


def write_chunks(folder: Path, chunks: int) -> list[Path]:
    """Write chunk n with the numbers n, n + 1 and n + 2."""
    folder.mkdir(parents=True)
    found = []
    for at in range(chunks):
        path = folder / f"c{at:02}.txt"
        path.write_text(f"{at} {at + 1} {at + 2}", encoding="utf-8")
        found.append(path)
    return found


def sum_of(chunks: int) -> int:
    """Return what they add up to: three times the sum of all n, and three a chunk."""
    return 3 * chunks * (chunks - 1) // 2 + 3 * chunks
