"""The output of a run on disk: the same bytes again, and all of it new or all old."""

from __future__ import annotations

import csv
import errno
import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import types
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

from clustermap import store
from clustermap.errors import TableFault
from clustermap.messages import read_catalogue
from clustermap.network.edges import EDGE_TYPES, Edges
from clustermap.store import (
    EdgeStore,
    Staging,
    check_writable,
    hash_file,
    open_scratch,
    recover,
    write_quarantine,
    write_run,
    write_tables,
)
from clustermap.tables import CLUSTERS, SCORES

if TYPE_CHECKING:
    from clustermap.messages import Language

ROOT = Path(__file__).parents[1]
METADATA = {"synthetic": "true", "version": "0.1.0"}


def make_tables() -> dict[str, object]:
    clusters = gpd.GeoDataFrame(
        {"permitted": ["", "전자"], "name": ["가", "나 🚀"], "own": [1, 2]},
        index=pd.Index(["A", "B"], name="cluster"),
        geometry=[shapely.box(0, 0, 1 / 3, 1), None],
        crs="EPSG:5179",
    )
    scores = pd.DataFrame(
        {
            "rank": pd.array([1, None], dtype="Int64"),
            "cluster": ["A", "B"],
            "score": [1 / 3, None],
            "scenario": ["default"] * 2,
        }
    )
    flows = pa.table({"source": ["A"] * 10, "target": ["B"] * 10, "links": range(10)})
    return {"clusters": clusters, "scores": scores, "flows": flows}


def test_tables_come_back_in_declared_order(tmp_path: Path) -> None:
    given = make_tables()
    write_tables(given, tmp_path / "tables", metadata=METADATA)
    names = sorted(path.name for path in (tmp_path / "tables").iterdir())
    assert names == ["clusters.parquet", "flows.parquet", "scores.parquet"]
    clusters = gpd.read_parquet(tmp_path / "tables/clusters.parquet")
    assert clusters.columns.tolist() == ["cluster", "name", "permitted", "geometry", "own"]
    assert clusters.crs.to_epsg() == 5179
    assert clusters.geometry[0].equals_exact(given["clusters"].geometry.iloc[0], 0)
    assert clusters.geometry[1] is None
    scores = pd.read_parquet(tmp_path / "tables/scores.parquet")
    assert scores.columns.tolist() == ["scenario", "cluster", "score", "rank"]
    assert scores["rank"].dtype == "Int64"
    assert scores["score"][0] == 1 / 3
    assert CLUSTERS.name in given
    assert SCORES.name in given


def test_every_file_says_what_it_is(tmp_path: Path) -> None:
    write_tables(make_tables(), tmp_path, metadata=METADATA)
    for path in tmp_path.iterdir():
        told = pq.read_schema(path).metadata
        assert told[b"clustermap:schema"] == b"1"
        assert told[b"clustermap:synthetic"] == b"true"
        assert told[b"clustermap:version"] == b"0.1.0"


def test_same_tables_same_bytes_however_they_were_chunked(tmp_path: Path) -> None:
    given = make_tables()
    write_tables(given, tmp_path / "one", metadata=METADATA)
    flows = given["flows"]
    assert isinstance(flows, pa.Table)
    again = make_tables() | {"flows": pa.concat_tables([flows.slice(0, 3), flows.slice(3)])}
    write_tables(again, tmp_path / "two", metadata=dict(reversed(METADATA.items())))
    for path in (tmp_path / "one").iterdir():
        assert hash_file(path) == hash_file(tmp_path / "two" / path.name)


def test_quarantine_loses_nothing_and_runs_nothing(tmp_path: Path) -> None:
    values = ["=cmd()", "a\x00b\nc", "back\\slash", None, "-1", "긴" * 10_000, "@x"]
    faults = pa.table(
        {
            "table": ["firms"] * 6 + ["pairs"],
            "file": ["firms.csv"] * 7,
            "line": range(2, 9),
            "column": ["x"] * 7,
            "value": values,
            "reason": ["no_such_reason"] * 7,
        }
    )
    write_quarantine(faults, tmp_path / "quarantine")
    assert sorted(p.name for p in (tmp_path / "quarantine").iterdir()) == ["firms.csv", "pairs.csv"]
    path = tmp_path / "quarantine/firms.csv"
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["value"] for row in rows] == [
        "'=cmd()",
        r"a\x00b\nc",
        r"back\\slash",
        "",
        "'-1",
        "긴" * 10_000,
    ]
    assert [row["line"] for row in rows] == ["2", "3", "4", "5", "6", "7"]
    assert list(rows[0]) == ["file", "line", "column", "value", "reason", "text"]


@pytest.mark.parametrize(("language", "chosen"), [("ko", "ko"), ("en", "en"), (None, "en")])
def test_quarantine_speaks_the_language(
    tmp_path: Path, language: Language | None, chosen: Language
) -> None:
    reason = next(key for key in read_catalogue() if key.startswith("row_fault."))
    faults = pa.table(
        {
            "table": ["firms"] * 2,
            "file": ["firms.csv"] * 2,
            "line": [2, 3],
            "column": ["x"] * 2,
            "value": ["1"] * 2,
            "reason": [reason.removeprefix("row_fault."), "no_such_reason"],
        }
    )
    if language is None:
        write_quarantine(faults, tmp_path)
    else:
        write_quarantine(faults, tmp_path, language=language)
    with (tmp_path / "firms.csv").open(encoding="utf-8-sig", newline="") as stream:
        said = [row["text"] for row in csv.DictReader(stream)]
    assert said == [read_catalogue()[reason][chosen], ""]


def test_record_is_sorted_and_known_again(tmp_path: Path) -> None:
    record = types.MappingProxyType({"b": 1, "a": types.MappingProxyType({"이름": [1, 2.5]})})
    write_run(record, tmp_path / "run.json")
    text = (tmp_path / "run.json").read_bytes().decode("utf-8")
    assert text.endswith("}\n")
    assert "이름" in text
    assert list(json.loads(text)) == ["a", "b", "program"]
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_run({"a": float("nan")}, tmp_path / "run.json")
    assert (tmp_path / "run.json").read_bytes().decode("utf-8") == text
    assert [path.name for path in tmp_path.iterdir()] == ["run.json"]


def test_hash_is_the_sha256(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"x" * 3_000_000)
    assert hash_file(tmp_path / "f") == hashlib.sha256(b"x" * 3_000_000).hexdigest()


def write_output(out: Path, mark: str, *, maps: bool = True) -> None:
    with Staging(out) as stage:
        (stage / "tables").mkdir()
        (stage / f"tables/{mark}.parquet").write_text(mark, encoding="utf-8")
        (stage / "export").mkdir()
        (stage / "export/clusters.csv").write_text(mark, encoding="utf-8")
        if maps:
            (stage / "maps").mkdir()
            (stage / "maps/planner.html").write_text(mark, encoding="utf-8")
        write_run({"mark": mark}, stage / "run.json")


def snapshot(out: Path) -> dict[str, str]:
    return {
        path.relative_to(out).as_posix(): path.read_text(encoding="utf-8")
        for path in out.rglob("*")
        if path.is_file() and not path.relative_to(out).parts[0].startswith(".")
    }


def test_new_output_takes_the_place_of_the_old(tmp_path: Path) -> None:
    out = tmp_path / "deep/out"
    write_output(out, "old")
    write_output(out, "new", maps=False)
    files = snapshot(out)
    assert files.pop("maps/planner.html") == "old"  # not written this time: it stays
    assert set(files) == {"run.json", "tables/new.parquet", "export/clusters.csv"}
    assert files["export/clusters.csv"] == "new"
    assert sorted(p.name for p in out.iterdir() if p.name.startswith(".")) == [".clustermap.json"]


def test_an_exception_leaves_the_old_output_whole(tmp_path: Path) -> None:
    write_output(tmp_path, "old")
    before = snapshot(tmp_path)

    def fail() -> None:
        with Staging(tmp_path) as stage:
            (stage / "run.json").write_text("half", encoding="utf-8")
            raise RuntimeError("stopped")

    with pytest.raises(RuntimeError, match="stopped"):
        fail()
    assert snapshot(tmp_path) == before
    assert not list(tmp_path.glob(".staging-*"))


@pytest.mark.parametrize("step", range(10))
def test_a_file_in_use_leaves_the_old_output_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    write_output(tmp_path, "old")
    before = snapshot(tmp_path)
    moves = iter(range(1000))
    move = store._move

    def refuse(source: Path, target: Path) -> None:
        if next(moves) == step:
            raise PermissionError(13, "in use", str(source))
        move(source, target)

    monkeypatch.setattr(store, "_move", refuse)
    with pytest.raises(TableFault) as caught:
        write_output(tmp_path, "new")
    assert caught.value.reason == "out_in_use"
    assert snapshot(tmp_path) == before
    assert not list(tmp_path.glob(".previous-*"))


def test_ctrl_c_in_the_middle_brings_the_old_output_back_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_output(tmp_path, "old")
    before = snapshot(tmp_path)
    move, moves = store._move, iter(range(1000))

    def interrupt(source: Path, target: Path) -> None:
        if next(moves) == 4:
            raise KeyboardInterrupt
        move(source, target)

    monkeypatch.setattr(store, "_move", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_output(tmp_path, "new")
    assert snapshot(tmp_path) == before


def test_files_of_others_in_our_folders_stay(tmp_path: Path) -> None:
    write_output(tmp_path, "old")
    (tmp_path / "export/mine").mkdir()
    (tmp_path / "export/mine/map.qgz").write_text("mine", encoding="utf-8")
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    write_output(tmp_path, "new")
    write_output(tmp_path, "newer")
    files = snapshot(tmp_path)
    assert files["export/mine/map.qgz"] == "mine"
    assert files["notes.txt"] == "mine"
    assert "tables/old.parquet" not in files


@pytest.mark.parametrize("record", [None, "[]", "{}", '{"program": "other"}', "not json"])
def test_what_we_did_not_make_is_refused(tmp_path: Path, record: str | None) -> None:
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables/thesis.parquet").write_text("years of work", encoding="utf-8")
    if record is not None:
        (tmp_path / "run.json").write_text(record, encoding="utf-8")
    before = snapshot(tmp_path)
    with pytest.raises(TableFault) as caught:
        write_output(tmp_path, "new")
    assert caught.value.reason == "out_not_ours"
    assert snapshot(tmp_path) == before
    assert not list(tmp_path.glob(".staging-*"))


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("", encoding="utf-8")
    with pytest.raises(TableFault, match="did not make"):
        write_output(tmp_path / "out", "new")


def test_an_entry_of_another_name_is_refused_too(tmp_path: Path) -> None:
    (tmp_path / "slides").mkdir()
    (tmp_path / "slides/a.txt").write_text("mine", encoding="utf-8")

    def write_slides() -> None:
        with Staging(tmp_path) as stage:
            (stage / "slides").mkdir()

    with pytest.raises(TableFault, match="did not make 'slides'"):
        write_slides()


def test_without_the_list_of_files_nothing_is_deleted(tmp_path: Path) -> None:
    write_output(tmp_path, "old")
    (tmp_path / ".clustermap.json").unlink()
    write_output(tmp_path, "new")
    assert {"tables/old.parquet", "tables/new.parquet"} <= set(snapshot(tmp_path))


KILLED_RUN = """
import os, signal, sys
from pathlib import Path
from clustermap import store

out, at, what = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
count = 0
true = {name: getattr(store, name) for name in ("_move", "_replace_file")}

def dying(name):
    def act(*arguments):
        global count
        if count == at:
            os.kill(os.getpid(), signal.SIGKILL)
        count += 1
        return true[name](*arguments)
    return act

store._move = dying("_move")
store._replace_file = dying("_replace_file")
with store.Staging(out) as stage:
    if what == "write":
        for folder in ("tables", "export", "maps"):
            (stage / folder).mkdir()
            (stage / folder / "new.txt").write_text("new", encoding="utf-8")
        store.write_run({"mark": "new"}, stage / "run.json")
print(count)
"""


def run_killed(out: Path, at: int, what: str = "write") -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 -- our own interpreter and text
        [sys.executable, "-W", "error", "-c", KILLED_RUN, str(out), str(at), what],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs a signal that cannot be caught")
def test_a_run_killed_anywhere_is_undone_by_the_next(tmp_path: Path) -> None:
    steps = int(run_killed(tmp_path / "whole", 1000).stdout)
    assert steps >= 3 + 5  # three small files, then one move for each entry that is new
    for at in (1, 3, 5, 7, 10):
        out = tmp_path / str(at)
        write_output(out, "old")
        before = snapshot(out)
        assert run_killed(out, at).returncode == -signal.SIGKILL
        kept = [snapshot(out), *(snapshot(folder) for folder in out.glob(".previous-*"))]
        for name, text in before.items():
            assert text in [part.get(name) for part in kept]
        with Staging(out):
            assert snapshot(out) == before
        assert not [*out.glob(".previous-*"), *out.glob(".staging-*")]


@pytest.mark.parametrize("step", range(4))
def test_a_recovery_that_is_itself_stopped_is_begun_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    write_output(tmp_path, "old")
    before = snapshot(tmp_path)
    move, moves = store._move, iter(range(1000))

    def stop(at: int) -> None:
        def act(source: Path, target: Path) -> None:
            if next(moves) == at:
                raise KeyboardInterrupt
            move(source, target)

        monkeypatch.setattr(store, "_move", act)

    stop(6)
    with monkeypatch.context() as killed:
        killed.setattr(store, "_roll_back", lambda *_: None)
        with pytest.raises(KeyboardInterrupt):
            write_output(tmp_path, "new")
    assert snapshot(tmp_path) != before
    moves = iter(range(1000))
    stop(step)
    if step < 3:
        with pytest.raises(KeyboardInterrupt):
            store._recover(tmp_path)
    monkeypatch.setattr(store, "_move", move)
    store._recover(tmp_path)
    assert snapshot(tmp_path) == before
    assert not list(tmp_path.glob(".previous-*"))


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such locks")
def test_two_runs_do_not_write_one_output(tmp_path: Path) -> None:
    with Staging(tmp_path) as stage:
        with pytest.raises(TableFault) as caught:
            write_output(tmp_path, "new")
        assert caught.value.reason == "out_busy"
        with pytest.raises(TableFault):
            recover(tmp_path)
        assert stage.is_dir()
    write_output(tmp_path, "new")
    assert snapshot(tmp_path)["tables/new.parquet"] == "new"


def test_a_folder_is_tried_without_a_trace(tmp_path: Path) -> None:
    check_writable(tmp_path / "not" / "yet" / "there")
    check_writable(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    reasons = {}
    for name in ("file", "file/out"):
        with pytest.raises(TableFault) as caught:
            check_writable(tmp_path / name)
        reasons[name] = caught.value.reason

    def refuse(**_: object) -> str:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(tempfile, "mkdtemp", refuse)
    with pytest.raises(TableFault) as caught:
        check_writable(tmp_path)
    reasons["full"] = caught.value.reason
    assert reasons == {"file": "out_not_ours", "file/out": "out_unwritable", "full": "disk_full"}


@pytest.mark.parametrize("where", ["while it is written", "when it is put in place"])
def test_a_full_disk_is_a_fault_and_leaves_the_old_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    write_output(tmp_path, "old")
    before, names = snapshot(tmp_path), sorted(path.name for path in tmp_path.iterdir())

    def refuse(path: Path, content: bytes) -> None:
        del path, content
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def fail() -> None:
        with Staging(tmp_path) as stage:
            if where.startswith("while"):
                refuse(stage, b"")
            (stage / "run.json").write_text("{}", encoding="utf-8")
            monkeypatch.setattr(store, "_replace_file", refuse)

    with pytest.raises(TableFault) as caught:
        fail()
    assert caught.value.reason == "disk_full"
    assert snapshot(tmp_path) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == names


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such locks")
def test_scratch_of_killed_runs_goes_and_that_of_others_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with open_scratch() as first:
        left = tmp_path / f"{first.name}-left"
        (left / "edges_1").mkdir(parents=True)
        with open_scratch() as second:
            assert sorted(tmp_path.iterdir()) == sorted([first, second])
    assert list(tmp_path.iterdir()) == []


def coded(numbers: list[int]) -> Edges:
    """Return edges from one actor each to actor 9, of one unit each."""
    column = np.array(numbers, np.int32)
    return Edges(
        column,
        np.full_like(column, 9),
        np.zeros(len(column), np.uint8),
        np.zeros(len(column), np.bool_),
        np.zeros(len(column), np.int16),
        column + 100,
        column.astype(np.int64) * 7,
    )


@pytest.mark.parametrize("rows", [1, 2, 3, 100])
def test_edges_are_sorted_on_disk_whatever_is_held_at_once(tmp_path: Path, rows: int) -> None:
    store = EdgeStore(tmp_path, rows)
    assert len(store.sort()) == 0
    for part in ([5, 1], [], [3], [0, 4, 1]):
        store.add(coded(part))
    edges = store.sort()
    assert edges.a.tolist() == [0, 1, 1, 3, 4, 5]
    assert edges.unit.tolist() == [100, 101, 101, 103, 104, 105]
    assert edges.credit.tolist() == [0, 7, 7, 21, 28, 35]
    assert {name: c.dtype for name, c in edges.columns().items()} == dict(EDGE_TYPES)
    assert isinstance(edges.a, np.memmap)
    assert len(list(tmp_path.iterdir())) == 1  # the runs are gone
    store.add(coded([2]))
    assert store.sort().a.tolist() == [0, 1, 1, 2, 3, 4, 5]


def test_what_a_run_keeps_on_disk_is_gone_after_it() -> None:
    with open_scratch() as scratch:
        store = EdgeStore(scratch)
        store.add(coded([1]))
        assert store.sort().a.tolist() == [1]
        assert any(scratch.rglob("*.npy"))
    assert not scratch.exists()
    with pytest.raises(KeyboardInterrupt), open_scratch() as scratch:
        raise KeyboardInterrupt
    assert not scratch.exists()
