"""Reduce: the same from any chunks, nothing computed twice, faults that tell where."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clustermap.engine import (
    Engine,
    Part,
    Side,
    open_part,
    open_pool,
    open_side,
    read_part,
    reduce_chunks,
    write_part,
    write_side,
)
from clustermap.errors import TableFault
from tests.engine.sums import SumJob, sum_of, write_chunks

if TYPE_CHECKING:
    from pathlib import Path


def make_job(folder: Path, *, deadly: str = "") -> SumJob:
    (folder / "log").mkdir()
    (folder / "parts").mkdir()
    return SumJob(folder / "log", deadly=deadly)


@pytest.mark.parametrize("chunks", [1, 8, 9, 70])
def test_all_chunks_are_added_up_in_their_order(tmp_path: Path, chunks: int) -> None:
    job, paths = make_job(tmp_path), write_chunks(tmp_path / "in", chunks)
    heard: list[int] = []
    with open_pool(Engine()) as pool:
        found = reduce_chunks(job, paths, tmp_path / "parts", pool, heard.append)
    assert found.total.facts == {"sum": sum_of(chunks)}
    numbers = found.total.tables["numbers"]["n"].to_pylist()
    assert numbers == [at + step for at in range(chunks) for step in range(3)]
    assert (found.computed, len(found.leaves)) == (chunks, chunks)
    assert heard == list(range(1, chunks + 1))


def test_what_was_computed_is_found_again(tmp_path: Path) -> None:
    job, paths = make_job(tmp_path), write_chunks(tmp_path / "in", 5)
    with open_pool(Engine()) as pool:
        reduce_chunks(job, paths[:3], tmp_path / "parts", pool)
        assert job.computed() == ["c00.txt", "c01.txt", "c02.txt"]
        paths[1].write_text("100", encoding="utf-8")  # another content is another part
        found = reduce_chunks(job, paths, tmp_path / "parts", pool)
        again = reduce_chunks(job, paths, tmp_path / "parts", pool)
    assert (found.computed, again.computed) == (3, 0)
    assert found.total.facts["sum"] == again.total.facts["sum"] == sum_of(5) - 6 + 100
    assert len(job.computed()) == 6


def test_a_part_that_cannot_be_read_is_computed_again(tmp_path: Path) -> None:
    job, paths = make_job(tmp_path), write_chunks(tmp_path / "in", 2)
    with open_pool(Engine()) as pool:
        whole = reduce_chunks(job, paths, tmp_path / "parts", pool)
        torn = whole.leaves[1]
        torn.write_bytes(torn.read_bytes()[:40])
        again = reduce_chunks(job, paths, tmp_path / "parts", pool)
    assert (again.computed, again.total.facts["sum"]) == (1, sum_of(2))


def test_processes_do_what_this_process_does(tmp_path: Path) -> None:
    job, paths = make_job(tmp_path), write_chunks(tmp_path / "in", 10)
    with open_pool(Engine("processes")) as pool:
        found = reduce_chunks(job, paths, tmp_path / "parts", pool)
        assert found.total.facts == {"sum": sum_of(10)}
        assert found.total.tables["numbers"].num_rows == 30
        paths[4].write_text("four", encoding="utf-8")
        with pytest.raises(TableFault) as told:
            reduce_chunks(job, paths, tmp_path / "parts", pool)
    assert (told.value.reason, told.value.value) == ("unreadable_file", "c04.txt")


def test_a_process_that_dies_is_told_and_what_was_done_is_kept(tmp_path: Path) -> None:
    job, paths = make_job(tmp_path, deadly="c03.txt"), write_chunks(tmp_path / "in", 6)
    with open_pool(Engine("processes")) as pool, pytest.raises(TableFault) as told:
        reduce_chunks(job, paths, tmp_path / "parts", pool)
    assert told.value.reason == "engine_lost"
    with open_pool(Engine()) as pool:
        found = reduce_chunks(job, paths, tmp_path / "parts", pool)
    assert found.total.facts["sum"] == sum_of(6)
    assert found.computed < 6  # those that were done before stood there


def test_parts_come_back_as_they_were(tmp_path: Path) -> None:
    tables = {
        "empty": pa.table({"a": np.zeros(0, np.int32)}),
        "rows": pa.table({"a": [1, 2], "b": ["가", None]}),
    }
    write_part(Part(tables, {"rows": 2}), tmp_path / "one.part")
    found = open_part(tmp_path / "one.part")
    assert found.facts == {"rows": 2}
    assert all(found.tables[name].equals(table) for name, table in tables.items())
    assert list(open_part(tmp_path / "one.part", ("rows",)).tables) == ["rows"]
    assert read_part(tmp_path / "other.part") is None
    assert [path.name for path in tmp_path.iterdir()] == ["one.part"]


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(-(2**62), 2**62), max_size=5), st.lists(st.text(), max_size=5))
def test_side_tables_are_named_by_what_they_hold(
    tmp_path_factory: pytest.TempPathFactory, numbers: list[int], texts: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("side")
    texts = [text for text in texts if text.isprintable()]
    side = Side({"n": np.array(numbers, np.int64)}, {"t": pa.array(texts, pa.string())}, {"k": 1})
    path = write_side(side, folder)
    assert write_side(side, folder) == path
    assert write_side(Side(side.arrays, side.texts, {"k": 2}), folder) != path
    found = open_side(path)
    assert found.arrays["n"].tolist() == numbers
    assert (found.texts["t"].to_pylist(), found.facts) == (texts, {"k": 1})
