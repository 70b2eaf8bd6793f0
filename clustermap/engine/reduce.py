"""Reduce: every chunk to a part, and parts to one, eight at a time."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from clustermap.engine.parts import Part, open_part, read_part, write_part
from clustermap.memory import give_back

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from clustermap.engine.pools import Pool

C_contra = TypeVar("C_contra", contravariant=True)
C = TypeVar("C")

_TOGETHER = 8
"""Parts that one step of the tree merges."""


class Job(Protocol[C_contra]):
    """What is done with chunks; it is sent to whoever does it, and must be small."""

    def name(self, chunk: C_contra) -> str:
        """Return a name that follows from the content of a chunk and all that is done with it.

        Parameters
        ----------
        chunk
            Reference.

        Returns
        -------
        str
            Fit for the name of a file.
        """

    def tally(self, chunk: C_contra) -> Part:
        """Reduce a chunk.

        Parameters
        ----------
        chunk
            Reference.

        Returns
        -------
        Part
            The same wherever it is computed.
        """

    def merge(self, parts: Sequence[Part]) -> Part:
        """Add parts up.

        Parameters
        ----------
        parts
            Some parts, in the order of their chunks.

        Returns
        -------
        Part
            Without the tables that are not added up.
        """


@dataclass(frozen=True)
class Kept:
    """A part on disk: where, and whether it had to be computed.

    Parameters
    ----------
    path
        Its file.
    computed
        False where an earlier run had left it.
    """

    path: Path
    computed: bool


@dataclass(frozen=True)
class Reduced:
    """What chunks were reduced to.

    Parameters
    ----------
    total
        All parts added up.
    leaves
        Parts of the single chunks, in their order.
    computed
        How many of them were computed; all others were found.
    """

    total: Part
    leaves: tuple[Path, ...]
    computed: int


def keep_tally(job: Job[C], chunk: C, folder: Path) -> Kept:
    """Reduce a chunk to a part on disk, unless that is there.

    Parameters
    ----------
    job
        What is done.
    chunk
        Reference.
    folder
        Folder of all parts.

    Returns
    -------
    Kept
        Where it is.
    """
    path = folder / f"{job.name(chunk)}.part"
    if read_part(path, ()) is not None:
        return Kept(path, computed=False)
    write_part(job.tally(chunk), path)
    give_back()  # a worker near its limit gets nothing to do until it holds less
    return Kept(path, computed=True)


def keep_merged(job: Job[C], paths: Sequence[Path], folder: Path) -> Kept:
    """Add parts on disk up to another, unless that is there.

    Parameters
    ----------
    job
        What is done.
    paths
        Parts.
    folder
        Folder of all parts.

    Returns
    -------
    Kept
        Where it is.
    """
    name = hashlib.sha256("\n".join(path.name for path in paths).encode()).hexdigest()
    path = folder / f"{name}.part"
    if read_part(path, ()) is not None:
        return Kept(path, computed=False)
    write_part(job.merge([open_part(path) for path in paths]), path)
    give_back()
    return Kept(path, computed=True)


def reduce_chunks(
    job: Job[C],
    chunks: Sequence[C],
    folder: Path,
    pool: Pool,
    listen: Callable[[int], None] = lambda _: None,
) -> Reduced:
    """Reduce chunks to one part.

    Parameters
    ----------
    job
        What is done with a chunk, and how parts add up.
    chunks
        References, at least one.
    folder
        Folder that every worker sees; parts that an earlier run left there are not computed again.
    pool
        Who does it.
    listen
        Hears how many chunks are done.

    Returns
    -------
    Reduced
        The same on every engine.
    """
    kept = _gather(pool, keep_tally, [(job, chunk, folder) for chunk in chunks], listen)
    leaves = tuple(one.path for one in kept)
    paths = leaves
    while True:
        groups = [paths[at : at + _TOGETHER] for at in range(0, len(paths), _TOGETHER)]
        merged = _gather(pool, keep_merged, [(job, group, folder) for group in groups])
        paths = tuple(one.path for one in merged)
        if len(paths) == 1:
            computed = sum(one.computed for one in kept)
            return Reduced(open_part(paths[0]), leaves, computed)


def _gather(
    pool: Pool,
    function: Callable[..., Kept],
    calls: Sequence[tuple[object, ...]],
    listen: Callable[[int], None] = lambda _: None,
) -> list[Kept]:
    """Call a function with each of some arguments, and return what it gives in their order."""
    found: dict[int, Kept] = {}
    for at, kept in pool.run(function, calls):
        found[at] = kept
        listen(len(found))
    return [found[at] for at in range(len(calls))]
