"""The folder of checkpoints: whole files of ours, few of them, and nothing left half written."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clustermap.checkpoints import CheckpointFolder, Damaged, Fingerprints, hash_sources
from clustermap.locks import InUseError, hold, is_left
from clustermap.store import hash_file

if TYPE_CHECKING:
    from pathlib import Path

KEY, OTHER = "a" * 64, "b" * 64
posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no such locks")


def files(folder: CheckpointFolder) -> list[str]:
    return sorted(path.name for path in folder.path.iterdir())


@pytest.fixture
def folder(tmp_path: Path) -> CheckpointFolder:
    return CheckpointFolder(tmp_path / ".out.checkpoints", ())


def test_what_is_kept_is_found_under_its_key_alone(folder: CheckpointFolder) -> None:
    folder.keep("nulls", KEY, {"values": np.arange(5.0), "name": "가"})
    found: Any = folder.find("nulls", KEY)
    assert found["values"].tolist() == [0, 1, 2, 3, 4]
    assert found["name"] == "가"
    found["values"][0] = 9  # writes into a copy
    again: Any = folder.find("nulls", KEY)
    assert again["values"][0] == 0
    for stage, key in (("nulls", OTHER), ("tallies", KEY)):
        with pytest.raises(LookupError):
            folder.find(stage, key)
    assert (folder.path / ".gitignore").read_text(encoding="utf-8").endswith("\n*\n")


def test_the_newest_are_kept(folder: CheckpointFolder) -> None:
    for number in range(5):
        folder.keep("nulls", f"{number}" * 64, number)
        folder.keep("selection", f"{number}" * 64, number, most=2)
    kept = [name.partition("-") for name in files(folder) if name.endswith(".checkpoint")]
    assert [key[0] for stage, _, key in kept if stage == "nulls"] == ["3", "4"]
    assert [key[0] for stage, _, key in kept if stage == "selection"] == ["1", "2", "3", "4"]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = CheckpointFolder(tmp_path_factory.mktemp("damage") / "c", ())
    folder.keep("nulls", KEY, {"values": np.arange(50.0), "told": ["a", 1, None]})
    return folder.path


@settings(max_examples=40)
@given(st.data())
def test_whatever_is_damaged_is_told_and_no_traceback(whole: Path, data: st.DataObject) -> None:
    file = next(whole.glob("*.checkpoint"))
    content = file.read_bytes()
    at = data.draw(st.integers(0, len(content) - 1))
    damaged = data.draw(
        st.sampled_from(
            [
                content[:at],
                content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :],
                content[at:],
                b"",
                content + b"x",
            ]
        ).filter(lambda one: one != content)
    )
    file.write_bytes(damaged)
    try:
        with pytest.raises(Damaged):
            CheckpointFolder(whole, ()).find("nulls", KEY)
    finally:
        file.write_bytes(content)


def test_one_renamed_to_another_key_is_refused(folder: CheckpointFolder) -> None:
    folder.keep("nulls", KEY, 1)
    file = next(folder.path.glob("nulls-*"))
    file.rename(file.with_name(f"nulls-{OTHER[:32]}.checkpoint"))
    with pytest.raises(Damaged):
        folder.find("nulls", OTHER)


def test_a_value_that_cannot_be_written_leaves_nothing(
    folder: CheckpointFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.keep("nulls", KEY, 1)
    before = files(folder)
    with pytest.raises(TypeError):
        folder.keep("nulls", OTHER, [np.arange(9), object()])

    def refuse(_: int) -> None:
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(OSError, match="no space"):
        folder.keep("nulls", OTHER, 2)
    assert files(folder) == before


def test_a_folder_of_others_is_left_alone(folder: CheckpointFolder, tmp_path: Path) -> None:
    assert folder.usable
    folder.path.mkdir()
    assert not folder.usable
    (folder.path / ".thesis.part").write_text("years of work", encoding="utf-8")
    folder.clear()
    assert files(folder) == [".thesis.part"]
    (folder.path / ".thesis.part").rename(tmp_path / "thesis")
    folder.path.rmdir()
    folder.keep("nulls", KEY, 1)
    assert folder.usable
    link = CheckpointFolder(tmp_path / "link", ())
    link.path.symlink_to(folder.path, target_is_directory=True)
    assert not link.usable


HOLDER = """
import sys
from pathlib import Path
from clustermap.locks import hold
with hold(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@posix
def test_what_the_living_write_stays_and_what_the_dead_left_goes(folder: CheckpointFolder) -> None:
    folder.keep("nulls", KEY, 1)
    part = folder.path / ".nulls-00.part"
    part.write_bytes(b"half")
    holder = subprocess.Popen(  # noqa: S603 -- our own interpreter and text
        [sys.executable, "-c", HOLDER, str(part)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with holder:
        assert holder.stdout.readline() == b"held\n"
        folder.clear()
        assert part.name in files(folder)
        assert not is_left(part)
        with pytest.raises(InUseError), hold(part):
            pass
        holder.kill()
    folder.clear()
    assert part.name not in files(folder)


@posix
def test_a_folder_that_was_half_made_goes_and_what_others_put_into_one_stays(
    folder: CheckpointFolder,
) -> None:
    half, others = (folder.path.with_name(f"{folder.path.name}-{n}") for n in ("00", "01"))
    for made in (half, others):
        made.mkdir()
    (half / ".gitignore").write_text("", encoding="utf-8")
    (others / "thesis").write_text("years of work", encoding="utf-8")
    folder.clear()
    assert not half.exists()
    assert [path.name for path in others.iterdir()] == ["thesis"]


def test_a_file_is_hashed_once_as_long_as_it_is_the_same(tmp_path: Path) -> None:
    data, memory, asked = tmp_path / "data.csv", tmp_path / "hashes.json", []

    def count(path: Path) -> str:
        asked.append(path.name)
        return hash_file(path)

    data.write_text("old", encoding="utf-8")
    hashes = Fingerprints(memory, count)
    first = hashes.find(data)
    hashes.remember()
    assert Fingerprints(memory, count).find(data) == first
    assert len(asked) == 2  # it was too young to be trusted: it may change within one tick
    _age(data)
    hashes = Fingerprints(memory, count)
    hashes.find(data)
    assert hashes.unchanged


def _age(path: Path) -> None:
    os.utime(path, ns=(0, 0))


def test_an_old_file_is_not_hashed_again_and_a_changed_one_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, memory = tmp_path / "data.csv", tmp_path / "hashes.json"
    data.write_text("old", encoding="utf-8")
    later = max(data.stat().st_mtime_ns, data.stat().st_ctime_ns) + 10**10
    monkeypatch.setattr("clustermap.checkpoints.hashes.time.time_ns", lambda: later)
    hashes = Fingerprints(memory, hash_file)
    first = hashes.find(data)
    hashes.remember()

    def refuse(path: Path) -> str:
        raise AssertionError(path)

    assert Fingerprints(memory, refuse).find(data) == first
    data.write_text("new", encoding="utf-8")
    os.utime(data, ns=(0, 0))  # its age may lie
    assert not hashes.unchanged
    assert Fingerprints(memory, hash_file).find(data) == hash_file(data) != first
    memory.write_text("[1, 2", encoding="utf-8")
    assert Fingerprints(memory, hash_file).find(data) == hash_file(data)


def test_sources_are_told_apart_by_name_and_content(tmp_path: Path) -> None:
    (tmp_path / "room").mkdir()
    (tmp_path / "room/a.py").write_text("1", encoding="utf-8")
    (tmp_path / "b.py").write_text("2", encoding="utf-8")
    rooms = ("room", "b.py")
    first = hash_sources(tmp_path, rooms)
    assert first == hash_sources(tmp_path, rooms[::-1])
    (tmp_path / "room/notes.txt").write_text("3", encoding="utf-8")
    assert hash_sources(tmp_path, rooms) == first
    (tmp_path / "room/a.py").rename(tmp_path / "room/c.py")
    assert hash_sources(tmp_path, rooms) != first
