"""The benchmark of scale: its worlds, both sides on a small one, what is measured, and the page."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from clustermap.project import open_project
from clustermap.tables import SHARE_UNIT
from scripts.benchmark import agreement, core, floor, jobs, plain, points, roles, scale, session
from scripts.benchmark.measure import Taken, measure
from scripts.benchmark.sizes import FILES, LINKS, PROJECT, Size
from scripts.benchmark.world import write_world

if TYPE_CHECKING:
    from pathlib import Path

SMALL = Size(12, 600, 1_500)
TAKEN = Taken(wall_s=2.0, cpu_s=3.0, memory=1e9, others=0.0, code=0)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_world(SMALL, tmp_path_factory.mktemp("worlds") / "S", print).parent


@pytest.fixture(scope="module")
def sides(world: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    ours, other = (tmp_path_factory.mktemp(name) for name in ("ours", "plain"))
    told = [points.work(world, ours), core.work(world, "actors", ours)]
    other_told = [plain.work(world, what, other) for what in ("points", "actors")]
    assert [one.sums for one in told] == [one.sums for one in other_told]
    return [ours, other]


def test_a_world_has_its_size(world: Path) -> None:
    clusters = gpd.read_parquet(world / "clusters.parquet")
    assert (shapely.get_num_coordinates(clusters.geometry) == 91).all()
    assert shapely.is_valid(clusters.geometry).all()
    one, other = shapely.STRtree(clusters.geometry).query(clusters.geometry, "intersects")
    assert (one == other).all()
    firms, institutes, partners, pairs = (
        pd.read_parquet(world / f"{name}.parquet") for name in FILES[1:]
    )
    assert (len(clusters), len(firms), len(pairs)) == (12, 600, 1_500)
    assert firms["firm"].tolist() == [f"F{number:07d}" for number in range(1, 601)]
    known = {*firms["firm"], *institutes["institute"], *partners["partner"]}
    assert {*pairs["source"], *pairs["target"]} <= known
    assert (pairs["source"] != pairs["target"]).all()
    spots = gpd.GeoSeries.from_xy(firms["x"], firms["y"], crs=clusters.crs)
    inside = spots.intersects(clusters.geometry.union_all()).mean()
    assert 0.5 < inside < 0.62  # of the 60 % that belong to one, some stand outside its fence
    assert open_project(world / PROJECT).project.synthetic


def test_the_same_world_every_time(world: Path, tmp_path: Path) -> None:
    told: list[str] = []
    again = write_world(SMALL, tmp_path / "S", told.append).parent
    assert len(told) == 2
    for name in FILES:
        file = f"{name}.parquet"
        assert (again / file).read_bytes() == (world / file).read_bytes(), name
    assert write_world(SMALL, again, told.append) == again / PROJECT
    assert len(told) == 2  # nothing is drawn again
    write_world(replace(SMALL, links=1_000), again, told.append)
    assert len(pd.read_parquet(again / "pairs.parquet")) == 1_000
    (tmp_path / "M").mkdir()
    (tmp_path / "M" / "thesis.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="something else"):
        write_world(SMALL, tmp_path / "M", told.append)


def test_both_sides_find_the_same(sides: list[Path]) -> None:
    found = agreement.compare(*sides)
    assert (found["points"], found["flows"] > 300, found["actors"] > 300) == (600, True, True)
    assert {found[key] for key in found if key.endswith("_unlike")} == {0}
    assert max(found["pagerank_apart"], found["actors_apart"]) < 1e-9


def test_sides_are_compared_in_what_they_wrote(sides: list[Path], tmp_path: Path) -> None:
    ours, other = tmp_path / "ours", tmp_path / "plain"
    for side, made in zip((ours, other), sides, strict=True):
        side.mkdir()
        (side / "points.npy").write_bytes((made / "points.npy").read_bytes())
    assert agreement.compare(ours, other) == {"points": 600, "points_unlike": 0}


def test_what_is_unlike_is_seen(sides: list[Path], tmp_path: Path) -> None:
    ours, other = sides
    codes = np.load(other / "points.npy")
    codes[3] += 1
    np.save(tmp_path / "points.npy", codes)
    flows = pd.read_parquet(other / "flows.parquet")
    flows.loc[7, "weight"] += 0.5
    flows.to_parquet(tmp_path / "flows.parquet")
    table = pd.read_parquet(other / "clusters.parquet")
    table.iloc[2, :] += 1
    table.to_parquet(tmp_path / "clusters.parquet")
    ranks = pd.read_parquet(other / "actors.parquet")
    ranks.iloc[1:].to_parquet(tmp_path / "actors.parquet")
    found = agreement.compare(ours, tmp_path)
    unlike = {key: value for key, value in found.items() if key.endswith("_unlike")}
    assert unlike == dict.fromkeys(unlike, 1)
    assert found["pagerank_apart"] == pytest.approx(1)


def test_flows_without_direction_are_folded() -> None:
    columns = ["source", "target", "kind", "year", "links", "weight"]
    rows = [
        ("A", "B", "research", 2020, 1, 0.5), ("B", "A", "research", 2020, 2, 1.0),
        ("A", "outside:1_2", "transfer", 2020, 1, 1.0), ("abroad:US", "A", "transfer", 2020, 1, 1),
    ]  # fmt: skip
    folded = agreement.fold(pd.DataFrame(rows, columns=columns), pd.Index(["A", "B"]))
    assert folded.reset_index()[["source", "target", "links", "weight"]].to_numpy().tolist() == [
        [0, 1, 1, 1.0], [1, 0, 1, 1.0], [1, 2, 3, 1.5],
    ]  # fmt: skip


def test_reading_only_touches_every_column(world: Path) -> None:
    told = floor.read(world, "core")
    assert set(told.sums) == {f"{name}.{c}" for name in FILES for c in floor.NEEDED[name]}
    pairs = pd.read_parquet(world / "pairs.parquet")
    assert told.sums["pairs.weight"] == pairs["weight"].sum()
    assert told.sums["firms.firm"] == 600 * len("F0000001")
    assert set(floor.read(world, "points").steps) == {"clusters", "firms"}


def test_roles_are_measured_on_coded_links(world: Path) -> None:
    roles.prepare(world)
    kept = roles.read(world)
    assert (len(kept["a"]), int(kept["clusters"])) == (1_500, 12)
    assert (np.asarray(kept["credit"]) == SHARE_UNIT).all()
    told = roles.work(world)
    assert told.sums["roles"] > 0
    jobs.clear(world)
    assert (world / LINKS).exists()


def test_weights_change_and_change_back(world: Path) -> None:
    (world / "out").mkdir()
    jobs.set_stage("rerun", world)
    assert open_project(world / PROJECT).score.profile == jobs.OTHER_WEIGHTS
    assert (world / "out").exists()
    jobs.restore(world)
    assert open_project(world / PROJECT).score.profile == "balanced"
    assert (world / "out").exists()
    jobs.set_stage("run", world)
    assert not (world / "out").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's own records are read")
def test_a_process_is_measured_with_all_that_it_starts(tmp_path: Path) -> None:
    child = "import time; held = bytearray(100_000_000); time.sleep(0.5)"
    code = (
        "import subprocess, sys\n"
        f"both = [subprocess.Popen([sys.executable, '-c', {child!r}]) for _ in 'ab']\n"
        "[one.wait() for one in both]\n"
        """print('first line'); print('{"steps": {"a": 0.5}, "sums": {"links": 3}}')"""
    )
    taken = measure([sys.executable, "-c", code], tmp_path)
    assert taken.wall_s > 0.5
    assert 0 < taken.cpu_s < 2 * taken.wall_s
    assert taken.memory > 200e6
    assert (taken.steps, taken.sums, taken.code) == ({"a": 0.5}, {"links": 3}, 0)
    failed = measure([sys.executable, "-c", "raise SystemExit(3)"], tmp_path)
    assert (failed.code, failed.sums) == (3, {})


def test_other_work_is_refused() -> None:
    one, other = replace(TAKEN, sums={"links": 3}), replace(TAKEN, sums={"links": 4})
    session.check_sums({"core": [one, one], "plain_core": [one], "run": [TAKEN]})
    session.check_sums({"core": [one], "plain_core": [replace(other, code=1)]})
    with pytest.raises(session.UnlikeError, match="rounds differ"):
        session.check_sums({"core": [one, other]})
    with pytest.raises(session.UnlikeError, match="core and plain_core differ"):
        session.check_sums({"core": [one], "plain_core": [other]})


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's own records are read")
def test_a_session_keeps_what_it_measures(tmp_path: Path) -> None:
    told: list[str] = []
    points_jobs = ["read_points", "points", "plain_points"]
    session.Session(tmp_path, told.append).measure("S", points_jobs, 2)
    session.Session(tmp_path, told.append).measure("S", ["read_core"], 1)
    figures = session.Session(tmp_path, told.append).read()
    assert set(figures["S"]["jobs"]) == {*points_jobs, "read_core"}
    assert figures["S"]["agreement"] == {"points": 50_000, "points_unlike": 0}
    for job in points_jobs:
        assert len(scale.values(figures, "S", job, "wall_s")) == 2
        assert min(scale.values(figures, "S", job, "memory")) > 50e6
    beside = scale.ratio(figures, "S", "plain_points", "points", "cpu_s")
    assert isinstance(beside, float)
    assert scale.ratio(figures, "S", "points", "read_core", "cpu_s") is None
    assert sum(text.startswith("S: drawing") for text in told) == 1
    page = scale.draw_page(figures)
    assert "| read only: all files |" in page
    assert "| points assigned | 50,000 |" in page


def keep(*every: Taken, number: int = 1) -> dict[str, Any]:
    facts = {
        "session": number,
        "cores": 2,
        "python": "3.11",
        "versions": {"numpy": "2"},
        "rounds": len(every),
    }
    return {**facts, "taken": [one.write() for one in every]}


def test_ratios_are_taken_round_by_round() -> None:
    slow = [replace(TAKEN, wall_s=wall) for wall in (8, 30, 6)]
    fast = [replace(TAKEN, wall_s=wall) for wall in (2, 3, 3)]
    figures = {"L": {"jobs": {"plain_core": keep(*slow), "core": keep(*fast)}}}
    assert scale.ratio(figures, "L", "plain_core", "core", "wall_s") == 4  # of 4, 10 and 2
    assert scale.ratio(figures, "L", "core", "read_core", "wall_s") is None
    figures["L"]["jobs"]["read_core"] = keep(TAKEN, number=2)  # of another day
    assert scale.ratio(figures, "L", "core", "read_core", "wall_s") is None
    goal = next(goal for goal in scale.GOALS if goal.text.startswith("core at L, faster"))
    assert (goal.find(figures), goal.met(4), goal.met(6)) == (4, False, True)


def test_the_page_tells_what_is_reached() -> None:
    ours, other = replace(TAKEN, memory=2e8), replace(TAKEN, wall_s=20.0, sums={})
    run = replace(TAKEN, wall_s=80, memory=4e9)
    figures: dict[str, Any] = {
        "M": {"jobs": {"run": keep(replace(run, wall_s=16))}, "agreement": {}},
        "L": {
            "jobs": {
                "points": keep(ours), "plain_points": keep(other), "run": keep(run),
                "roles": keep(replace(TAKEN, code=-9)),
            },
            "agreement": {"points": 6_000_000, "points_unlike": 0, "pagerank_apart": 3e-17},
        },
    }  # fmt: skip
    page = scale.draw_page(figures)
    assert (
        "6 million points, faster than `geopandas.sjoin` | at least 5 times | 10 times | yes |"
        in page
    )
    assert "memory beside that of sjoin | at most 0.33 times | 0.2 times | yes |" in page
    assert "unlike sjoin, of 6 million | at most 0 points | 0 points | yes |" in page
    assert "| `clustermap run` at L, memory | at most 3 GB | 4 GB | **no** |" in page
    assert "| `clustermap run`, L beside M | at most 6.50 times | 5 times | yes |" in page
    assert (
        "| brokerage and resilience at 20 million linkages | at most 180 s | failed | **no**"
        in page
    )
    assert "Not reached: `clustermap run` at L, memory; brokerage and resilience at 20" in page
    assert "Not measured yet: 7 of 15." in page
    assert "| brokerage and resilience alone | failed |" in page
    assert "| largest difference of a cluster's PageRank |  | 3e-17 |" not in page
    assert "| largest difference of a cluster's PageRank | 3e-17 |" in page
    assert "on an otherwise idle machine" in page
    busy = {"L": {"jobs": {"run": keep(replace(run, others=1.3))}, "agreement": {}}}
    assert "Other programs kept cores busy meanwhile" in scale.draw_page(busy)
    assert "L 1.3" in scale.draw_page(busy)


def test_the_page_in_docs_tells_all_goals(root: Path) -> None:
    page = (root / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    assert scale.NOTE in page
    for goal in scale.GOALS:
        assert f"\n| {goal.text} |" in page
