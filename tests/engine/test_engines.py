"""Engines: a project counted on each of them, in any chunks, gives the same tables and faults."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from clustermap.engine import Engine
from clustermap.errors import TableFault
from clustermap.network.observed import BOUNDARIES
from clustermap.project import open_project
from clustermap.stages.counting import Network, count_network
from clustermap.stages.ledger import Ledger, no_progress
from clustermap.stages.reading import read_layers
from clustermap.stages.workplace import HERE, PARTS, clear_parts, open_workplace
from tests.small_world import SmallWorld, build_small_world

if TYPE_CHECKING:
    from tests.engine.conftest import Cluster


def write_world(folder: Path, rows: int, files: int = 1, world: SmallWorld | None = None) -> Path:
    """Write a small world with its pairs as Parquet, some of them faulty, in groups of rows."""
    world = world or build_small_world()
    pairs = [{**row, "year": str(row["year"])} for row in world.pairs]
    pairs[7]["source"] = "nobody"
    pairs[50]["weight"] = "-1"
    pairs[51]["target"] = pairs[51]["source"]
    pairs[120]["kind"] = "barter"
    project = world.write(folder)
    text = project.read_text(encoding="utf-8")
    path = next(line for line in text.splitlines() if "pairs" in line and line.startswith("path"))
    names = [f"pairs{at}.parquet" for at in range(files)]
    project.write_text(text.replace(path, f"path = {names!r}"), encoding="utf-8")
    for name, part in zip(names, np.array_split(np.arange(len(pairs)), files), strict=True):
        table = pa.Table.from_pylist([pairs[at] for at in part])
        pq.write_table(table, folder / name, row_group_size=rows)
    return project


def count(project: Path, engine: Engine | None = None) -> tuple[Network, Ledger]:
    opened = open_project(project)
    ledger = Ledger(opened.quality.max_refused, strict=False)
    layers = read_layers(opened, ledger, no_progress)
    scratch = Path(tempfile.mkdtemp(dir=project.parent))
    where = nullcontext(HERE) if engine is None else open_workplace(engine, opened.project.out)
    with where as place:
        return count_network(opened, layers, ledger, no_progress, scratch, place=place), ledger


def assert_same(one: tuple[Network, Ledger], other: tuple[Network, Ledger]) -> None:
    (first, told), (second, told_again) = one, other
    assert first.flows.equals(second.flows)
    assert first.counts.links.equals(second.counts.links)
    assert first.counts.linked.equals(second.counts.linked)
    flows = [network.observed.flows.combine_chunks() for network in (first, second)]
    assert flows[0].equals(flows[1])
    for boundary in BOUNDARIES:
        for name in ("ends", "squares"):
            tables = [getattr(getattr(n.observed, boundary), name) for n in (first, second)]
            assert tables[0].combine_chunks().equals(tables[1].combine_chunks())
    for name, column in first.edges.columns().items():
        assert np.array_equal(column, second.edges.columns()[name])
    assert told.faults().equals(told_again.faults())
    assert told.summary() == told_again.summary()


def test_processes_give_the_same_tables_and_faults(tmp_path: Path) -> None:
    project = write_world(tmp_path, 40)
    here = count(project)
    reasons = here[1].summary()["linkages_1"]["reasons"]
    assert reasons == {"negative": 1, "self_link": 1, "unknown_actor": 1, "unknown_choice": 1}
    assert here[1].faults()["line"].to_pylist() == [8, 51, 52, 121]
    assert_same(here, count(project, Engine("processes")))


@pytest.mark.parametrize(("rows", "files"), [(1, 1), (10, 3)])
def test_any_chunks_give_the_same_tables(tmp_path: Path, rows: int, files: int) -> None:
    whole = count(write_world(tmp_path / "whole", 1000))
    parts = count(write_world(tmp_path / "parts", rows, files))
    assert whole[0].flows.equals(parts[0].flows)
    assert whole[0].counts.links.equals(parts[0].counts.links)


def test_dask_gives_the_same_tables_and_faults(cluster: Cluster, tmp_path: Path) -> None:
    project = write_world(tmp_path, 30, 2)
    here = count(project)
    engine = Engine("dask", cluster.address)
    assert_same(here, count(project, engine))
    parts = open_project(project).project.out / PARTS
    before = {path: path.stat().st_mtime_ns for path in parts.glob("*.part")}
    assert len(before) == 8 + 1  # four groups of rows of each file, and their sum
    with ExitStack() as stack:
        place = stack.enter_context(open_workplace(engine, parts.parent))
        opened = open_project(project)
        ledger = Ledger(opened.quality.max_refused, strict=False)
        layers = read_layers(opened, ledger, no_progress)
        (tmp_path / "again").mkdir()
        again = count_network(opened, layers, ledger, no_progress, tmp_path / "again", place=place)
    assert_same(here, (again, ledger))
    assert before == {path: path.stat().st_mtime_ns for path in parts.glob("*.part")}
    clear_parts(parts.parent)
    assert not parts.exists()


def test_a_corrupt_file_is_named(cluster: Cluster, tmp_path: Path) -> None:
    project = write_world(tmp_path, 30, 2)
    broken = tmp_path / "pairs1.parquet"
    content = bytearray(broken.read_bytes())
    content[4:400] = bytes(396)  # its footer still promises rows
    broken.write_bytes(bytes(content))
    for engine in (None, Engine("dask", cluster.address)):
        with pytest.raises(TableFault) as told:
            count(project, engine)
        assert told.value.reason == "unreadable_file"
        assert "pairs1.parquet" in told.value.line("en")
