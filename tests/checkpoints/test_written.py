"""Files that need not be written again: known by a key, trusted by their hash."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from clustermap.checkpoints import WrittenFiles
from clustermap.store import hash_file, take_file

if TYPE_CHECKING:
    from pathlib import Path


def test_a_file_is_known_by_its_key_and_trusted_by_its_content(tmp_path: Path) -> None:
    table, memory = tmp_path / "firms", tmp_path / "written.json"
    table.write_bytes(b"rows")
    written = WrittenFiles(memory, "one", hash_file)
    assert not written.knows("firms")
    written.remember({"firms": table})
    again = WrittenFiles(memory, "one", hash_file)
    assert again.holds("firms", table)
    assert not again.holds("flows", table)
    assert not WrittenFiles(memory, "other", hash_file).knows("firms")
    table.write_bytes(b"changed")
    assert again.knows("firms")
    assert not again.holds("firms", table)


@pytest.mark.parametrize("content", ["", "[]", '{"key": "one"}', '{"key": "one", "files": 3}'])
def test_a_damaged_memory_is_as_none(tmp_path: Path, content: str) -> None:
    memory = tmp_path / "written.json"
    memory.write_text(content, encoding="utf-8")
    assert not WrittenFiles(memory, "one", hash_file).knows("firms")


def test_a_file_is_taken_only_if_it_fits(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    assert not take_file(old, new, lambda _: True)
    old.write_bytes(b"rows")
    assert not take_file(old, new, lambda _: False)
    assert not new.exists()
    assert take_file(old, new, lambda file: file.read_bytes() == b"rows")
    assert new.read_bytes() == b"rows"


def test_where_files_have_one_name_it_is_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError("no links here")

    monkeypatch.setattr("clustermap.store.os.link", refuse)
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_bytes(b"rows")
    assert take_file(old, new, lambda _: True)
    assert (new.read_bytes(), new.stat().st_ino != old.stat().st_ino) == (b"rows", True)
