"""How a measured process tells what it found, and how long its steps took."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Told:
    """What a process tells in its last line.

    Parameters
    ----------
    steps
        Seconds by step.
    sums
        What every run of it must find alike.
    """

    steps: dict[str, float] = field(default_factory=dict)
    sums: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Measure a step."""
        start = time.perf_counter()
        yield
        self.steps[name] = time.perf_counter() - start

    def close(self) -> None:
        """Print it."""
        print(json.dumps({"steps": self.steps, "sums": self.sums}))
