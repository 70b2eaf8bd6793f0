"""Side by side: the same work on many things at once, each as if it were alone."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from threadpoolctl import threadpool_limits

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

Listen = Callable[[int, int], None]
"""Hears how many are done, and of how many."""

Given = TypeVar("Given")
Found = TypeVar("Found")

WORKERS = 4
"""Threads: solvers and long loops over arrays work outside Python's lock, so that they share the
cores of the machine."""


@contextmanager
def one_core_each() -> Iterator[None]:
    """Keep libraries of linear algebra to one core a call while this lasts.

    Work is shared among the cores here, thing by thing; a library that shared it once more would
    stand in its own way, and add up in an order that the number of cores decides.

    Yields
    ------
    None
        Nothing.
    """
    with threadpool_limits(limits=1, user_api="blas"):
        yield


def go_through(
    work: Callable[[Given], Found],
    given: Iterable[Given],
    *,
    workers: int = WORKERS,
    ahead: int | None = None,
) -> Iterator[Found]:
    """Do the same work on each of several things, some at once, and give what each call returned.

    Parameters
    ----------
    work
        What is done; calls must not depend on each other.
    given
        What it is done with; asked for the next thing as results are taken.
    workers
        Threads.
    ahead
        How many calls are begun before the first result is taken; it bounds how many results wait
        in memory. None: all of them.

    Yields
    ------
    Found
        In the order of ``given``: the same for any number of threads.

    Examples
    --------
    >>> list(go_through(abs, [3, -1, 2], ahead=1))
    [3, 1, 2]
    """
    todo = iter(given)
    with ThreadPoolExecutor(workers) as pool:
        pending: deque[Future[Found]] = deque(pool.submit(work, one) for one in islice(todo, ahead))
        try:
            while pending:
                found = pending.popleft().result()
                pending.extend(pool.submit(work, one) for one in islice(todo, 1))
                yield found
                del found  # it may be large: it is not held while the next one is waited for
        finally:
            for one in pending:
                one.cancel()  # after a fault nobody waits for the rest


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
    # For one thing no thread is worth its start.
    through = go_through(work, given) if len(given) > 1 else map(work, given)
    for done, one in enumerate(through, start=1):
        found.append(one)
        if listen is not None:
            listen(done, len(given))
    return found
