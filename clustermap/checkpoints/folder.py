"""The folder that checkpoints lie in: each one file, written whole or not at all, and few of them.

A file is a line that says what it is, blocks of bytes, the tree, where the tree lies, and the
hash of all that. It is mapped into memory: what is not looked at is not loaded.
"""

from __future__ import annotations

import json
import mmap
import os
import secrets
import struct
from contextlib import suppress
from typing import TYPE_CHECKING, BinaryIO

import pyarrow as pa
from pyproj.exceptions import CRSError
from shapely.errors import ShapelyError

from clustermap.checkpoints.pieces import DIGEST, hash_pieces
from clustermap.checkpoints.tree import Sink, pack, unpack
from clustermap.locks import hold, is_left

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_MAGIC = b"clustermap checkpoint 3\n".ljust(64, b"\0")
_PLACE = struct.Struct("<QQ")
_SUFFIX, _PART = ".checkpoint", ".part"
_MARK = ".gitignore"
_MARKED = "# Checkpoints of clustermap: they may be deleted, and are not to be shared.\n*\n"
KEPT = 2
"""Runs whose checkpoints are kept, those used last."""

_BROKEN = (
    OSError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    RecursionError,
    MemoryError,
    struct.error,
    pa.ArrowException,
    ShapelyError,
    CRSError,
)
"""What libraries say of damaged data."""


class Damaged(Exception):  # noqa: N818 -- said of a file
    """A checkpoint that cannot be read."""


class CheckpointFolder:
    """The folder of checkpoints of one output.

    Parameters
    ----------
    path
        Where it is; made when something is kept for the first time.
    types
        Classes that checkpoints may hold.
    """

    def __init__(self, path: Path, types: Iterable[type]) -> None:
        self.path = path
        self._types = tuple(types)

    @property
    def usable(self) -> bool:
        """Whether it is ours, or there is none yet."""
        if not self.path.exists() and not self.path.is_symlink():
            return True
        try:
            mark = (self.path / _MARK).read_text(encoding="utf-8")
        except (OSError, ValueError):
            return False
        return mark == _MARKED and not self.path.is_symlink()

    def find(self, stage: str, key: str) -> object:
        """Return what a stage found before.

        Parameters
        ----------
        stage
            Name of the stage.
        key
            Hash of all that its result depends on.

        Returns
        -------
        object
            What was kept; its large arrays are read where they are looked at.

        Raises
        ------
        LookupError
            If nothing is kept under this key.
        Damaged
            If something is, and cannot be read.
        """
        file = self._file(stage, key)
        if not file.is_file():
            raise LookupError(key)
        try:
            found = self._read(file, key)
            os.utime(file)
        except _BROKEN as error:
            raise Damaged(file.name) from error
        return found

    def keep(self, stage: str, key: str, value: object, most: int = 1) -> None:
        """Keep what a stage found.

        Parameters
        ----------
        stage
            Name of the stage.
        key
            Hash of all that its result depends on.
        value
            What it found.
        most
            How many checkpoints of the stage belong to one run.

        Raises
        ------
        OSError
            If it cannot be written; nothing is left of it then.
        """
        self._prepare()
        part = self.path / f".{stage}-{secrets.token_hex(4)}{_PART}"
        try:
            with part.open("xb") as file, hold(part):
                self._write(file, key, value)
            part.replace(self._file(stage, key))
        finally:
            part.unlink(missing_ok=True)
        _sync_folder(self.path)
        self._drop_old(stage, KEPT * most)

    def clear(self) -> None:
        """Remove what killed runs left half written."""
        if self.usable and self.path.is_dir():
            for part in self.path.glob(f".*{_PART}"):
                if is_left(part):
                    part.unlink(missing_ok=True)
        for made in self.path.parent.glob(f"{self.path.name}-*"):
            if made.is_dir() and not made.is_symlink() and is_left(made):
                _remove_empty(made)

    def _file(self, stage: str, key: str) -> Path:
        return self.path / f"{stage}-{key[:32]}{_SUFFIX}"

    def _prepare(self) -> None:
        if self.path.is_dir():
            return
        # Whole or not at all, as everything else: without its mark it would be nobody's.
        made = self.path.with_name(f"{self.path.name}-{secrets.token_hex(4)}")
        made.mkdir(mode=0o700, parents=True)
        try:
            with hold(made):
                (made / _MARK).write_text(_MARKED, encoding="utf-8")
                made.replace(self.path)
        except OSError:
            _remove_empty(made)
            if not self.path.is_dir():  # another run may have been faster
                raise

    def _write(self, file: BinaryIO, key: str, value: object) -> None:
        sink = Sink(file)
        sink.write(_MAGIC)
        tree = json.dumps({"key": key, "tree": pack(value, self._types, sink)}).encode()
        start = sink.begin()
        sink.write(tree)
        sink.write(_PLACE.pack(start, len(tree)))
        file.write(sink.digest)
        file.flush()
        os.fsync(file.fileno())

    def _read(self, file: Path, key: str) -> object:
        with file.open("rb") as opened:
            digest = hash_pieces(file, os.fstat(opened.fileno()).st_size - DIGEST)
            # Whoever writes into an array writes into a copy, as into one that was computed.
            content = memoryview(mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_COPY))
        body = content[:-DIGEST]
        if bytes(content[: len(_MAGIC)]) != _MAGIC:
            raise ValueError("no checkpoint of this version")
        if digest != bytes(content[-DIGEST:]):
            raise ValueError("not what was written")
        start, size = _PLACE.unpack(body[-_PLACE.size :])

        def give(at: int, length: int) -> memoryview:
            if at < 0 or length < 0 or at + length > start:
                raise ValueError("a block beyond the file")
            return content[at : at + length]

        told = json.loads(bytes(body[start : start + size]))
        if told["key"] != key:
            raise ValueError("of something else")
        return unpack(told["tree"], self._types, give)

    def _drop_old(self, stage: str, most: int) -> None:
        files = [(file.stat().st_mtime_ns, file) for file in self.path.glob(f"{stage}-*{_SUFFIX}")]
        for _, file in sorted(files, reverse=True)[most:]:
            with suppress(OSError):  # Windows: another run still looks at it
                file.unlink()


def _remove_empty(made: Path) -> None:
    """Remove a folder that holds our mark at most."""
    with suppress(OSError):
        if {path.name for path in made.iterdir()} <= {_MARK}:
            (made / _MARK).unlink(missing_ok=True)
            made.rmdir()


def _sync_folder(path: Path) -> None:
    """See that a new name outlives a power cut, where folders can be told to."""
    if os.name != "nt":
        number = os.open(path, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)
