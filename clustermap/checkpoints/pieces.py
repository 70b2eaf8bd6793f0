"""The hash of a long file: that of the hashes of its pieces, which all cores may compute."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from clustermap.side_by_side import go_through

if TYPE_CHECKING:
    from pathlib import Path

PIECE = 1 << 26
"""Bytes of a piece."""

DIGEST = hashlib.sha256().digest_size
_READ = 1 << 22  # bytes read at a time: they are read and not mapped, so that they are let go


class PieceHash:
    """SHA-256 of the SHA-256 of every piece of what is written.

    Examples
    --------
    >>> hashed = PieceHash()
    >>> hashed.update(b"rows")
    >>> inner = hashlib.sha256(b"rows").digest()
    >>> hashed.digest == hashlib.sha256(inner).digest()
    True
    """

    def __init__(self) -> None:
        self._whole, self._piece, self._room = hashlib.sha256(), hashlib.sha256(), PIECE

    def update(self, block: bytes | memoryview) -> None:
        """Take bytes in.

        Parameters
        ----------
        block
            The next ones.
        """
        left = memoryview(block)
        while len(left) >= self._room:
            self._piece.update(left[: self._room])
            self._whole.update(self._piece.digest())
            left = left[self._room :]
            self._piece, self._room = hashlib.sha256(), PIECE
        self._piece.update(left)
        self._room -= len(left)

    @property
    def digest(self) -> bytes:
        """The hash of all that was taken in."""
        whole = self._whole.copy()
        if self._room < PIECE:
            whole.update(self._piece.digest())
        return whole.digest()


def hash_pieces(path: Path, size: int) -> bytes:
    """Return the hash of the first bytes of a file.

    Parameters
    ----------
    path
        The file.
    size
        How many bytes.

    Returns
    -------
    bytes
        As of :class:`PieceHash`.
    """

    def hash_piece(start: int) -> bytes:
        own, left = hashlib.sha256(), min(PIECE, size - start)
        with path.open("rb") as file:
            file.seek(start)
            while left > 0 and (part := file.read(min(left, _READ))):
                own.update(part)
                left -= len(part)
        return own.digest()

    return hashlib.sha256(b"".join(go_through(hash_piece, range(0, size, PIECE)))).digest()
