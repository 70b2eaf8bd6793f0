"""Side by side: many problems solved at once, each as if it were alone."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

Listen = Callable[[int, int], None]
"""Hears how many are done, and of how many."""

Given = TypeVar("Given")
Found = TypeVar("Found")

WORKERS = 4
"""Threads: the solver works outside Python's lock, so that they share the cores of the machine."""


def do_each(
    work: Callable[[Given], Found], given: Sequence[Given], listen: Listen | None = None
) -> list[Found]:
    """Do the same work on each of several things, at once.

    Parameters
    ----------
    work
        What is done; calls must not depend on each other.
    given
        What it is done with.
    listen
        Hears how many are done.

    Returns
    -------
    list
        What each call returned, in the order of ``given``: the same for any number of threads.

    Examples
    --------
    >>> do_each(abs, [3, -1, 2])
    [3, 1, 2]
    """
    found = []
    with ThreadPoolExecutor(WORKERS) as pool:
        pending = [pool.submit(work, one) for one in given]
        try:
            for done, one in enumerate(pending, start=1):
                found.append(one.result())
                if listen is not None:
                    listen(done, len(given))
        finally:
            for one in pending:
                one.cancel()  # after a fault nobody waits for the rest
    return found
