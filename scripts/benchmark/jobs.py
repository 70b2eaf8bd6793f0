"""What is measured: each job is a process of its own."""

from __future__ import annotations

import re
import shutil
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scripts.benchmark.sizes import FILES, LINKS, MARK, PROJECT, SIZES

if TYPE_CHECKING:
    from pathlib import Path

OTHER_WEIGHTS = "core_technology"
"""Profile with other weights than the one that a project has where it names none."""


@dataclass(frozen=True)
class Job:
    """A process that is measured.

    Parameters
    ----------
    text
        What it does, for readers.
    command
        Arguments of Python; ``{folder}`` is where the world lies.
    sizes
        Worlds that it is measured on.
    checked
        Whether it writes what it found into a folder named last, to be held against others.
    """

    text: str
    command: tuple[str, ...]
    sizes: tuple[str, ...] = tuple(SIZES)
    checked: bool = False

    def spell(self, folder: Path, out: Path | None = None) -> list[str]:
        """Return the command."""
        told = [part.format(folder=folder) for part in self.command]
        return [sys.executable, "-m", *told, *([] if out is None else [str(out)])]


_OURS = "scripts.benchmark."
JOBS = {
    "read_points": Job(
        "read only: clusters and firms", (f"{_OURS}floor", "{folder}", "points")
    ),
    "points": Job("clustermap: assignment", (f"{_OURS}points", "{folder}"), checked=True),
    "plain_points": Job(
        "plain: `geopandas.sjoin`", (f"{_OURS}plain", "{folder}", "points"), checked=True
    ),
    "read_core": Job("read only: all files", (f"{_OURS}floor", "{folder}", "core")),
    "core": Job("clustermap: core", (f"{_OURS}core", "{folder}", "core"), checked=True),
    "plain_core": Job(
        "plain: sjoin, merge, groupby, graph of clusters", (f"{_OURS}plain", "{folder}", "core"),
        checked=True,
    ),
    "actors": Job(
        "clustermap: core and PageRank of all actors", (f"{_OURS}core", "{folder}", "actors"),
        ("S", "M"), checked=True,
    ),
    "plain_actors": Job(
        "plain: the same, with a graph of all actors", (f"{_OURS}plain", "{folder}", "actors"),
        ("S", "M"), checked=True,
    ),
    "run": Job("`clustermap run`", ("clustermap", "run", f"{{folder}}/{PROJECT}")),
    "rerun": Job(
        "`clustermap run` again, with other weights", ("clustermap", "run", f"{{folder}}/{PROJECT}")
    ),
    "advised": Job(
        "`clustermap run` with advice as well", ("clustermap", "run", f"{{folder}}/{PROJECT}")
    ),
    "roles": Job("brokerage and resilience alone", (f"{_OURS}roles", "{folder}")),
    "roads": Job(
        "reading 1 million road edges, and all searches on them",
        (f"{_OURS}roads", "--edges", "1000000", "--told"), ("M",),
    ),
}  # fmt: skip
"""Jobs by their names, in the order in which a round measures them."""

PREPARED = {"roles": Job("coding the links", (f"{_OURS}roles", "{folder}", "prepare"))}
"""What has to be done once before a job can be measured, unless LINKS is there."""
PAIRS = {"points": "plain_points", "core": "plain_core", "actors": "plain_actors"}
"""Jobs that do the same work, ours first."""


def clear(folder: Path) -> None:
    """Remove all that runs have left in a world's folder: results, and what they keep."""
    kept = {*(f"{name}.parquet" for name in FILES), MARK, PROJECT, LINKS, "strategic12.csv"}
    for path in folder.iterdir():
        if path.name not in kept:
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def change(project: str, *, profile: str | None, advice: bool) -> str:
    """Return a project file with a profile of weights, or without any, and with advice or not."""
    bare = re.sub(r"^(profile|advice) = .*\n", "", project, flags=re.MULTILINE)
    said = [f'profile = "{profile}"'] if profile else []
    said += [] if advice else ["advice = false"]
    return bare.replace("[score]\n", "\n".join(["[score]", *said, ""]))


def set_stage(job: str, folder: Path) -> None:
    """Bring a world's folder into the state that a job starts from."""
    if job in {"run", "advised"}:
        clear(folder)
    profile = OTHER_WEIGHTS if job == "rerun" else None
    _change(folder, profile=profile, advice=job == "advised")


def restore(folder: Path) -> None:
    """Give a world its own project file again."""
    _change(folder, profile=None, advice=False)


def _change(folder: Path, *, profile: str | None, advice: bool) -> None:
    file = folder / PROJECT
    text = file.read_text(encoding="utf-8")
    wanted = change(text, profile=profile, advice=advice)
    if text != wanted:
        file.write_text(wanted, encoding="utf-8")
