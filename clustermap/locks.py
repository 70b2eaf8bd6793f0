"""Locks: who is at work in a folder, told by the system, which forgets whoever is dead.

A lock lasts as long as its process, however that ends: what nobody holds was left behind. Where a
system or a file server has no such locks (Windows, some network drives) nothing is said to be left
behind.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class InUseError(Exception):
    """Another process holds the lock."""


def take_lock(path: Path) -> int | None:
    """Lock a file or folder until it is closed, or the process ends.

    Parameters
    ----------
    path
        File or folder that exists.

    Returns
    -------
    int or None
        To be closed by ``os.close``; None where there are no locks.

    Raises
    ------
    InUseError
        If another process holds it.
    """
    if os.name == "nt":
        return None
    locks: Any = import_module("fcntl")
    try:
        number = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        locks.flock(number, locks.LOCK_EX | locks.LOCK_NB)
    except BlockingIOError:
        os.close(number)
        raise InUseError(str(path)) from None
    except OSError:  # a file server without locks
        os.close(number)
        return None
    return number


@contextmanager
def hold(path: Path) -> Iterator[None]:
    """Hold the lock of a file or folder while the block runs, where there are locks.

    Parameters
    ----------
    path
        File or folder that exists.

    Yields
    ------
    None
        Nothing.

    Raises
    ------
    InUseError
        If another process holds it.
    """
    number = take_lock(path)
    try:
        yield
    finally:
        if number is not None:
            os.close(number)


def is_left(path: Path) -> bool:
    """Return whether a file or folder that a process holds while it lives was left behind.

    Parameters
    ----------
    path
        What such a process made.

    Returns
    -------
    bool
        False also where it cannot be told.
    """
    try:
        number = take_lock(path)
    except InUseError:
        return False
    if number is None:
        return False
    os.close(number)
    return True
