"""Pools: who does the work - this process, processes of this machine, or workers of Dask."""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib import import_module
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar, get_args

from clustermap.errors import TableFault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

R = TypeVar("R")

EngineName = Literal["serial", "processes", "dask"]
ENGINES: tuple[str, ...] = get_args(EngineName)

_CONNECT = "12 s"
_SETTINGS: Mapping[str, Any] = {
    "distributed.scheduler.worker-ttl": "15 s",  # after which a silent worker is given up
    "distributed.comm.timeouts.tcp": "12 s",  # below 11 s distributed refuses to start
    "distributed.comm.timeouts.connect": "12 s",
    "distributed.scheduler.allowed-failures": 10,
    # Buffers that came over the wire may begin anywhere; Arrow would complain.
    "distributed.nanny.pre-spawn-environ.ACERO_ALIGNMENT_HANDLING": "reallocate",
}


@dataclass(frozen=True)
class Engine:
    """Where long tables are reduced.

    Parameters
    ----------
    name
        One of ENGINES.
    scheduler
        Address of a scheduler of Dask, e.g. tcp://10.0.0.1:8786; "" for workers of this machine.
    """

    name: EngineName = "serial"
    scheduler: str = ""


SERIAL = Engine()


class Pool(Protocol):
    """Calls a function with many arguments, several at a time."""

    def run(
        self, function: Callable[..., R], calls: Sequence[tuple[Any, ...]], /
    ) -> Iterator[tuple[int, R]]:
        """Call a function.

        Parameters
        ----------
        function
            Function of a module, which other processes can import.
        calls
            Arguments of each call.

        Yields
        ------
        tuple
            Position of a call and what it gave, as they are done.
        """


class _Here:
    """One call after the other, in this process."""

    def run(
        self, function: Callable[..., R], calls: Sequence[tuple[Any, ...]], /
    ) -> Iterator[tuple[int, R]]:
        for at, call in enumerate(calls):
            yield at, function(*call)


class _Processes:
    """Processes of this machine."""

    def __init__(self, executor: ProcessPoolExecutor) -> None:
        self._executor = executor

    def run(
        self, function: Callable[..., R], calls: Sequence[tuple[Any, ...]], /
    ) -> Iterator[tuple[int, R]]:
        futures = {self._executor.submit(function, *call): at for at, call in enumerate(calls)}
        try:
            for future in as_completed(futures):
                yield futures[future], future.result()
        except BrokenProcessPool as error:
            raise TableFault("engine_lost", table="processes", why=type(error).__name__) from error
        finally:
            for future in futures:
                future.cancel()


class _Dask:
    """Workers of Dask, wherever they are."""

    def __init__(self, client: object) -> None:
        self._client: Any = client

    def run(
        self, function: Callable[..., R], calls: Sequence[tuple[Any, ...]], /
    ) -> Iterator[tuple[int, R]]:
        distributed: Any = import_module("distributed")
        lost = (
            *(distributed.client.FutureCancelledError, distributed.scheduler.KilledWorker),
            *(distributed.comm.CommClosedError, OSError),
        )
        # Files keep what was done: a task that Dask has lost is done again, or found.
        futures = [self._client.submit(function, *call, pure=False) for call in calls]
        place = {future.key: at for at, future in enumerate(futures)}
        try:
            for future in distributed.as_completed(futures, loop=self._client.loop):
                yield place[future.key], future.result()
                future.release()
        except lost as error:
            raise TableFault("engine_lost", table="dask", why=type(error).__name__) from error
        finally:
            for future in futures:
                future.release()


@contextmanager
def open_pool(engine: Engine) -> Iterator[Pool]:
    """Start an engine, or connect to it.

    Parameters
    ----------
    engine
        Which.

    Yields
    ------
    Pool
        Ends with the context; a cluster that others have started goes on.

    Raises
    ------
    TableFault
        If Dask is not installed, or no scheduler answers there.
    """
    if engine.name == "serial":
        yield _Here()
    elif engine.name == "processes":
        # A process that begins anew has no locks of the threads of this one.
        workers, spawn = os.cpu_count() or 1, get_context("spawn")
        with ProcessPoolExecutor(workers, mp_context=spawn) as executor:
            yield _Processes(executor)
    else:
        with _open_dask(engine.scheduler) as client:
            yield _Dask(client)


@contextmanager
def _open_dask(scheduler: str) -> Iterator[Any]:
    try:
        dask: Any = import_module("dask")  # an extra
        distributed: Any = import_module("distributed")
    except ImportError as error:
        raise TableFault("no_dask", table="dask", key="engine") from error
    with ExitStack() as stack:
        stack.enter_context(dask.config.set(_SETTINGS))
        address: Any = scheduler
        if not scheduler:
            workers = os.cpu_count() or 1
            local = distributed.LocalCluster(
                n_workers=workers, threads_per_worker=1, dashboard_address=":0"
            )
            address = stack.enter_context(local)
        try:
            client = distributed.Client(address, timeout=_CONNECT, set_as_default=False)
        except (OSError, ValueError) as error:
            raise TableFault(
                "no_scheduler", table="dask", key="scheduler", value=scheduler
            ) from error
        yield stack.enter_context(client)
