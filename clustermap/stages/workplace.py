"""Workplace: who counts the long tables of a run, and the folder that they leave parts in."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from clustermap.engine import open_pool

if TYPE_CHECKING:
    from collections.abc import Iterator

    from clustermap.engine import Engine, Pool

PARTS = ".parts"
"""Folder in that of the results; it is gone once a run is whole."""


@dataclass(frozen=True)
class Workplace:
    """Where long tables are counted.

    Parameters
    ----------
    pool
        Who counts them chunk by chunk; None: this process, without leaving anything behind.
    folder
        Folder that every worker sees, for parts that a later run finds.
    """

    pool: Pool | None = None
    folder: Path = Path()


HERE = Workplace()


@contextmanager
def open_workplace(engine: Engine, out: Path) -> Iterator[Workplace]:
    """Start an engine.

    Parameters
    ----------
    engine
        Which.
    out
        Folder of the results.

    Yields
    ------
    Workplace
        Parts of an earlier run that was ended from outside are still in its folder.
    """
    if engine.name == "serial":
        yield HERE
        return
    with open_pool(engine) as pool:
        folder = out / PARTS
        folder.mkdir(parents=True, exist_ok=True)
        yield Workplace(pool, folder.absolute())


def clear_parts(out: Path) -> None:
    """Remove the parts of a run that is whole.

    Parameters
    ----------
    out
        Folder of the results.
    """
    shutil.rmtree(out / PARTS, ignore_errors=True)
