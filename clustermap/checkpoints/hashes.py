"""Hashes of files, each computed once as long as the system says that it is the same file.

A file of two gigabytes takes seconds; its size, its times and its number on the disk take none.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

_SETTLED_NS = 3_000_000_000
"""A file that changed later than this before it was hashed may change again at the same time."""


class Fingerprints:
    """SHA-256 of files, remembered in a file.

    Parameters
    ----------
    memory
        JSON file that they are remembered in; a damaged one is as none.
    hash_file
        Returns the SHA-256 of a file.
    """

    def __init__(self, memory: Path, hash_file: Callable[[Path], str]) -> None:
        self._memory = memory
        self._hash_file = hash_file
        self._known = self._recall()
        self._seen: dict[Path, list[int]] = {}
        self._new = False

    def find(self, path: Path) -> str:
        """Return the SHA-256 of a file.

        Parameters
        ----------
        path
            The file.

        Returns
        -------
        str
            64 hexadecimal digits.
        """
        look = self._seen[path] = _look_at(path)
        known = self._known.get(str(path))
        if known is not None and known[0] == look:
            return known[1]
        now = time.time_ns()
        digest = self._hash_file(path)
        if max(look[1:3]) + _SETTLED_NS < now:
            self._known[str(path)] = (look, digest)
            self._new = True
        return digest

    @property
    def unchanged(self) -> bool:
        """Whether every file looks as it did when it was hashed."""
        try:
            return all(_look_at(path) == look for path, look in self._seen.items())
        except OSError:
            return False

    def remember(self) -> None:
        """Write down what was hashed anew.

        Raises
        ------
        OSError
            If that cannot be written.
        """
        if not self._new or not self._memory.parent.is_dir():
            return
        part = self._memory.with_name(f".{self._memory.name}-{secrets.token_hex(4)}.part")
        try:
            part.write_text(json.dumps(self._known, indent=1), encoding="utf-8")
            part.replace(self._memory)
        finally:
            part.unlink(missing_ok=True)
        self._new = False

    def _recall(self) -> dict[str, tuple[list[int], str]]:
        try:
            told = json.loads(self._memory.read_text(encoding="utf-8"))
            return {
                str(path): ([int(number) for number in look], str(digest))
                for path, (look, digest) in told.items()
            }
        except (OSError, ValueError, TypeError, AttributeError, RecursionError):
            return {}


def _look_at(path: Path) -> list[int]:
    seen = path.stat()
    return [seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns, seen.st_ino, seen.st_dev]


def hash_sources(root: Path, rooms: Iterable[str], pattern: str = "*.py") -> str:
    """Return the SHA-256 of source files, by their names and their content.

    Parameters
    ----------
    root
        Folder that they lie below.
    rooms
        Folders and files in it.
    pattern
        What files of folders are called.

    Returns
    -------
    str
        64 hexadecimal digits: another version of a stage has another one.
    """
    whole = hashlib.sha256()
    for room in sorted(rooms):
        top = root / room
        for file in sorted(top.rglob(pattern)) if top.is_dir() else [top]:
            if file.is_file():
                whole.update(f"{file.relative_to(root).as_posix()}\0".encode())
                whole.update(hashlib.sha256(file.read_bytes()).digest())
    return whole.hexdigest()
