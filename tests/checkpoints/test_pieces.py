"""The hash of a large file is that of the hashes of its pieces, however it is read or written."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clustermap.checkpoints import pieces

if TYPE_CHECKING:
    from pathlib import Path

SIZE = 8


def plain(content: bytes) -> bytes:
    parts = [content[at : at + SIZE] for at in range(0, len(content), SIZE)]
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).digest()


@given(st.lists(st.binary(max_size=30), max_size=6))
def test_blocks_of_any_size_give_the_hash_of_the_pieces(blocks: list[bytes]) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(pieces, "PIECE", SIZE)
        hashed = pieces.PieceHash()
        for block in blocks:
            hashed.update(block)
        assert hashed.digest == plain(b"".join(blocks))


@pytest.mark.parametrize("size", [0, 1, 7, 8, 9, 16, 20])
def test_a_file_is_hashed_as_far_as_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(pieces, "PIECE", SIZE)
    monkeypatch.setattr(pieces, "_READ", 3)
    content = bytes(range(24))
    (tmp_path / "file").write_bytes(content)
    assert pieces.hash_pieces(tmp_path / "file", size) == plain(content[:size])
