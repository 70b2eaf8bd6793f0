"""Validation: counting by hand, records that resume, and small worlds of the same properties."""

from __future__ import annotations

import doctest
import json
import math
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from clustermap.network.comparison import Comparison
from clustermap.network.standardise import NULLS, standardise
from clustermap.sources.world import (
    Edges,
    Expected,
    build_nation,
    count_world,
    draw_edges,
    observe,
    plain,
)
from clustermap.sources.world.expectation import ROWS
from clustermap.tables import KINDS, SHARE_UNIT
from scripts.validation import measures, report
from scripts.validation import visit as visiting
from scripts.validation.measures import (
    condense,
    correlate_with_size,
    count_found,
    mean_with_interval,
    measure_intervals,
    measure_quadrants,
    measure_refit,
    measure_world,
    rank_right,
    ratio_with_interval,
    read_clusters,
)
from scripts.validation.report import PICTURE, read_groups, write_report
from scripts.validation.visit import (
    FENCE,
    OUTSIDE,
    RADII_M,
    Truth,
    compare_with_truth,
    count_far,
    find_true_ratios,
    find_truth,
    list_raw,
    visit_linkage,
    visit_world,
)
from scripts.validation.worlds import NULL, REFIT, Records, World, plan_worlds, visit

if TYPE_CHECKING:
    from pathlib import Path

    from clustermap.sources.world import Nation

CLUSTERS, LINKS = 300, 200_000
KEPT = ("firm_firm",)  # one channel, for the same end


def keep_kinds(edges: Edges) -> Edges:
    kept = np.isin(edges.kind, [KINDS.index(kind) for kind in KEPT])
    return Edges(*(column[kept] for column in vars(edges).values()))


def small_world(seed: int, planted: str = "linkage") -> tuple[World, Nation, Edges]:
    share = 0.0 if planted == NULL else 0.06
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plain, "_SQUARES", 100)  # fewer cells, so that a small world takes seconds
        nation = build_nation(clusters=CLUSTERS, links=LINKS, seed=seed, planted_share=share)
    world = World(seed, planted, "base", LINKS, CLUSTERS)
    return world, nation, keep_kinds(draw_edges(nation, seed))


def visit_small(seed: int, planted: str = "linkage") -> dict[str, Any]:
    world, nation, edges = small_world(seed, planted)
    found = visit_linkage(nation, edges, observe(nation), 10)
    home = nation.roster.cells[nation.roster.cells < CLUSTERS]
    columns = {"actors": np.bincount(home, minlength=CLUSTERS), **found["clusters"]}
    return {
        "world": vars(world),
        "planted": nation.truth["planted"].tolist(),
        "clusters": {name: np.asarray(values).tolist() for name, values in columns.items()},
    }


@pytest.fixture(scope="module")
def small_records() -> list[dict[str, Any]]:
    return [visit_small(1), visit_small(2), visit_small(1, NULL)]


@pytest.mark.parametrize("module", [measures, report, visiting])
def test_examples(module: Any) -> None:
    found = doctest.testmod(module)
    assert (found.failed, found.attempted > 0) == (0, True)


def test_finds_by_hand() -> None:
    planted = [True, False, True, False, False]
    assert count_found([5, 4, 3, 2, 1], planted) == 1
    assert count_found([5, 1, 3, 2, 1], planted) == 2
    assert count_found([np.nan, 4, 3, 2, 1], planted) == 1
    # One place is left for three that score alike, one of them planted.
    assert count_found([5, 1, 1, 1, 0], planted) == pytest.approx(1 + 1 / 3)
    assert count_found([1, 2, 3], [False] * 3) == 0


def test_correlation_with_size_by_hand() -> None:
    actors = pd.Series([10.0, 20.0, 30.0, 40.0])
    assert correlate_with_size(pd.Series([1.0, 4.0, 9.0, np.nan]), actors) == pytest.approx(1)
    assert correlate_with_size(pd.Series([3.0, 1.0, 2.0, 0.0]), actors) == pytest.approx(-0.8)
    assert math.isnan(correlate_with_size(pd.Series([1.0] * 4), actors))


def test_intervals_over_seeds_by_hand() -> None:
    # Student's t with two degrees of freedom: 2.920; the sd of 1, 2, 3 is 1.
    assert mean_with_interval([1, 2, 3]) == pytest.approx(
        (2, 2 - 2.92 / 3**0.5, 2 + 2.92 / 3**0.5), abs=1e-3
    )
    assert mean_with_interval([4, np.nan])[0] == 4
    assert ratio_with_interval([9, 9], [10, 10]) == (0.9, 0.9, 0.9)
    value, low, high = ratio_with_interval([5, 10], [10, 10])
    assert (value, low, high) == (0.75, 0.5, 1.0)
    assert math.isnan(ratio_with_interval([1], [0])[0])


def test_intervals_and_quadrants_by_hand() -> None:
    table = pd.DataFrame(
        {
            "planted": ["both", "internal", "none", "none", "half"],
            "local": [1.0, 1.0, 0.5, 0.0, -0.5],
            "local.low": [0.5, 0.4, 0.1, -0.5, -1.0],
            "local.high": [1.5, 1.5, 0.9, 0.5, 0.2],
            "local.rated": [1, 1, 1, 0, 1],
            "outside.low": [0.5, -0.9, 0.2, -1, -1],
            "outside.high": [1.5, -0.1, 0.5, 1, 1],
            "outside.rated": [1, 1, 1, 1, 1],
            "true_local": [1.0, 1.0, 0.0, 0.0, -1.0],
        }
    )
    found = measure_intervals(table, "local", "local")
    assert found["local.rated"] == pytest.approx(0.8)
    assert found["local.flagged.all"] == 0.5
    assert found["local.flagged.rated"] == found["local.wrong.rated"] == 1.0
    assert found["local.covered.all"] == pytest.approx(4 / 5)
    placed = measure_quadrants(table)
    assert placed["quadrant.placed.twice"] == 0.5  # both, but not half: undecided inside
    assert placed["quadrant.placed.once"] == 1.0  # inside as planted, outside anywhere
    assert (placed["quadrant.placed.typical"], placed["quadrant.right"]) == (0.5, 1.0)


def test_the_oracle_is_told_the_truth() -> None:
    mean, variance = np.full((ROWS, 3), 4.0), np.full((ROWS, 3), 6.0)
    expected = Expected(mean, 10 * mean, variance, 10 * mean)
    truth = Truth(expected, Expected(2 * mean, 10 * mean, variance, mean))
    links = np.arange(3 * 3 * 4, dtype=float).reshape(3, 3, 4)
    seen = Comparison((0, 2), links, links, links, np.ones(links.shape))
    far = np.ones((3, 3))
    found = compare_with_truth(seen, truth, far)
    assert (found.observed[:, :, FENCE] == links[:, :, FENCE]).all()
    assert (found.observed[:, :, OUTSIDE] == 1).all()
    assert (found.expected[:, :-1, FENCE] == 4).all()
    assert (found.squares[:, :-1, FENCE] == 2).all()  # 6 = 4 + 2, what a Poisson count has not
    assert (found.expected[:, -1, FENCE] == 8).all()  # two of the kinds
    assert (found.squares[:, :, OUTSIDE] == 0).all()
    # Links in projects: six links vary like four of their own, so each is worth 4 / 6.
    shares = compare_with_truth(replace(seen, design=np.full(links.shape, 0.8)), truth, far)
    assert (shares.design[:, :, FENCE] == 1.5).all()
    assert (shares.squares == 0).all()
    ratios = find_true_ratios(truth, (0, 2), np.array(["half", "none", "none"]))
    assert (ratios[0] == 0).all()  # all have twice: the typical ones too


def test_truth_by_law_and_by_drawing_anew() -> None:
    nation = build_nation(clusters=40, links=20_000, seed=3, planted_share=0.2)
    truth = find_truth(nation)
    inside, _ = find_true_ratios(truth, (0,), nation.truth["planted"].to_numpy())
    factor = nation.truth["internal_factor"].to_numpy()
    assert inside == pytest.approx(np.log2(factor))
    nation = build_nation(clusters=40, links=20_000, seed=3, law="attachment", planted_share=0.2)
    drawn = find_truth(nation, times=20)
    ratio = drawn.planted.internal[-1].sum() / drawn.typical.internal[-1].sum()
    assert (drawn.by_formula, ratio > 1) == (False, True)
    assert (drawn.typical.external_variance[-1] > 0).all()


def test_links_counted_for_the_oracle_are_those_of_the_run() -> None:
    _, nation, edges = small_world(1)
    kinds = tuple(KINDS.index(kind) for kind in KEPT)
    far = count_far(nation, edges, kinds)
    assert far[:, -1] == pytest.approx(far[:, :-1].sum(axis=1))
    home = (edges.a < len(nation.roster.groups)) & (edges.b < len(nation.roster.groups))
    a, b = (nation.roster.cells[end[home]] for end in (edges.a, edges.b))
    apart = np.linalg.norm(nation.cells.sites_km[a] - nation.cells.sites_km[b], axis=1) > 30
    ends = (a[apart] < CLUSTERS).sum() + (b[apart] < CLUSTERS).sum()
    assert far[:, -1].sum() == ends
    assert edges.credit.min() == SHARE_UNIT
    observed = count_world(observe(nation), edges, RADII_M)
    beyond = observed.drawn.squares.filter(
        (np.asarray(observed.drawn.squares["reach"]) == OUTSIDE)
        & (np.asarray(observed.drawn.squares["kind"]) == -1)
    )
    # By actors instead of centres: much the same.
    assert sum(beyond["credit"].to_pylist()) / SHARE_UNIT == pytest.approx(ends, rel=0.03)


@pytest.mark.slow
def test_the_headline_alone_is_the_headline_among_all() -> None:
    _, nation, edges = small_world(1)
    observed = count_world(observe(nation), edges, RADII_M)
    whole, alone = (standardise(observed, beside=beside) for beside in (True, False))
    assert set(alone.comparisons) == {("mass", "drawn"), ("constrained", "drawn")}
    assert len(whole.comparisons) == len(NULLS) + 2
    assert alone.dispersion.tolist() == whole.dispersion.tolist()
    for variant, comparison in alone.comparisons.items():
        assert (comparison.expected == whole.comparisons[variant].expected).all()


def test_small_worlds_have_the_properties_asked_for(small_records: list[dict[str, Any]]) -> None:
    *planted, nothing = [measure_world(record) for record in small_records]

    def total(name: str) -> float:
        return sum(found[name] for found in planted)

    for axis, count in (("local", "internal"), ("outside", "external")):
        for side in ("most", "least"):
            ours, oracle = (total(f"{axis}.{side}.all.{who}") for who in ("ours", "oracle"))
            assert ours >= 0.9 * oracle - 1
        for score in (count, f"{count}_share", f"{count}_per_actor"):
            assert total(f"{axis}.most.all.ours") > total(f"{axis}.most.all.{score}")
        # A fifth of the clusters is planted: typical ones near them truly have more links, too.
        assert total(f"{axis}.wrong.all") / 2 <= 0.07
        assert 0.8 <= total(f"{axis}.covered.all") / 2 <= 1
        # 300 clusters: a correlation of chance has a standard deviation of 0.06.
        assert abs(nothing[f"size.{axis}"]) < 0.2
        assert nothing[f"size.{count}"] > 0.6
        assert nothing[f"{axis}.flagged.all"] <= 0.1
    assert total("outside.most.all.ours") >= 0.7 * total("outside.most.all.planted")
    assert total("quadrant.placed.typical") <= 0.02


def test_raw_counts_are_those_of_the_edges(small_records: list[dict[str, Any]]) -> None:
    table = read_clusters(small_records[0])
    _, nation, edges = small_world(1)
    home = (edges.a < len(nation.roster.groups)) & (edges.b < len(nation.roster.groups))
    a, b = (nation.roster.cells[end[home]] for end in (edges.a, edges.b))
    inside = np.bincount(a[a == b], minlength=CLUSTERS)[:CLUSTERS]
    assert table["internal"].to_numpy() == pytest.approx(inside)
    across = sum(np.bincount(end[a != b], minlength=CLUSTERS)[:CLUSTERS] for end in (a, b))
    assert table["external"].to_numpy() == pytest.approx(across)
    links = np.arange(2 * 2 * 4, dtype=float).reshape(2, 2, 4)
    raw = list_raw(Comparison((0,), links, links, links, links))
    # Reaches hold all that is nearer: 12 within 30 km less 10 inside and what is beyond.
    assert [raw[name][0] for name in ("internal", "external")] == [4.0, 6.0 - 4.0 + 7.0]


@pytest.mark.parametrize(("planted", "kinds"), measures.ROLES.items())
def test_small_worlds_of_roles(planted: str, kinds: tuple[tuple[str, ...], ...]) -> None:
    worlds = [World(seed, planted, "base", 60_000, 300) for seed in (1, 2)]
    records = [{"world": vars(world), **visit_world(world)} for world in worlds]
    found = [measure_world(record) for record in records]
    assert [record["planted"].count(kinds[0][0]) for record in records] == [9, 9]
    assert [part["roles.most.all.planted"] for part in found] == [9, 9]
    assert all(0 < part["roles.rated"] <= 1 for part in found)
    # The two sorts are told from each other more often than by chance.
    values = pd.concat([read_clusters(record) for record in records])
    most, least = (values.loc[values["planted"] == kind[0], planted].median() for kind in kinds)
    assert most > least


def test_chance_to_rank_right_by_hand() -> None:
    assert rank_right(np.array([3.0, 1.0]), np.array([2.0, 0.0])) == 0.75
    assert rank_right(np.array([1.0, np.nan]), np.array([1.0])) == 0.5
    assert math.isnan(rank_right(np.array([]), np.array([1.0])))


def test_what_a_null_fitted_again_leaves_out_by_hand() -> None:
    columns = {"local.sd": [0.2, 0.2, 0.1], "local.moved": [0.02, 0.06, 9.0]}
    columns |= {"local.rated": [1, 1, 0], "outside.rated": [0, 0, 0]}
    found = measure_refit(pd.DataFrame(columns))
    # A tenth and three tenths of what is believed; their middle widens it by sqrt(1 + 0.2^2) - 1.
    assert found == pytest.approx(
        {
            "refit.local.share": 0.2,
            "refit.local.share_95": 0.29,
            "refit.local.wider": math.sqrt(1.04) - 1,
        }
    )


@pytest.mark.slow
def test_a_null_is_fitted_again_in_a_small_world() -> None:
    record = visit_world(World(1, REFIT, "base", 20_000, 120), times=2)
    table = read_clusters({"world": {"planted": REFIT}, **record})
    assert (table["outside.moved"] > 0).all()
    # What is expected hardly moves beside what chance leaves open.
    rated = table["outside.rated"] == 1
    assert (table["outside.moved"] / table["outside.sd"])[rated].median() < 0.5


def test_the_plan() -> None:
    plan = plan_worlds()
    assert len(plan) == len({world.name for world in plan}) == 8 * 10 + 3 * 3 + 2 * 3 + 1
    assert [world.seed for world in plan] == sorted(world.seed for world in plan)
    assert {world.law for world in plan_worlds(only="capital")} == {"capital"}
    assert len(plan_worlds(only="brokerage")) == 3
    assert len(plan_worlds(2)) == 8 * 2 + 3 * 2 + 2 * 2 + 1


def test_worlds_with_a_record_are_not_visited_again(tmp_path: Path) -> None:
    worlds, records = plan_worlds(1)[:3], Records(tmp_path / "records")
    visited: list[World] = []

    def results(todo: list[World]) -> Any:
        for world in todo:
            visited.append(world)
            if world is worlds[2]:
                yield world, {"error": "it does not settle"}
                continue
            yield world, {"fit": {}}

    lines = list(visit(worlds, records, results))
    assert visited == worlds
    assert lines[0].startswith(f"1/3  {worlds[0].name}  about ")
    assert lines[2] == f"{worlds[2].name} failed: it does not settle"
    assert records.missing(worlds) == [worlds[2]]
    visited.clear()
    assert len(list(visit(worlds, records, results))) == 1
    assert visited == [worlds[2]]
    # A record of another method, or of another world, counts for nothing.
    path = tmp_path / "records" / f"{worlds[0].name}.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"method": 0}))
    (tmp_path / "records" / f"{worlds[1].name}.json").rename(
        path.with_name(f"{worlds[2].name}.json")
    )
    assert records.missing(worlds) == worlds
    assert [file.suffix for file in path.parent.iterdir()] == [".json"] * 2


def test_the_page_rests_on_what_there_is(
    small_records: list[dict[str, Any]], tmp_path: Path
) -> None:
    records = Records(tmp_path / "records")
    plan = [World(seed, "linkage", "base", 300_000) for seed in (1, 2)]
    plan.append(World(1, NULL, "base", 300_000))
    for world, record in zip(plan, small_records, strict=True):
        records.write(world, condense({**record, "world": vars(world)}))
    groups = read_groups(records, plan_worlds())
    assert {name: len(group.records) for name, group in groups.items()} == {
        "linkage-base-300000": 2,
        "null-base-300000": 1,
    }
    told = write_report(records, tmp_path)
    assert told == ["docs/validation.md rests on 3 of 96 worlds"]
    page = (tmp_path / "validation.md").read_text(encoding="utf-8")
    assert "**3 of 96 planned worlds** with 900 clusters" in " ".join(page.split())
    assert "| base, 0.3 M links | 2 of 10 |" in page
    assert "{{" not in page
    assert (tmp_path / PICTURE).read_text(encoding="utf-8").startswith("<svg")
    again = [(tmp_path / name).read_bytes() for name in ("validation.md", PICTURE)]
    write_report(records, tmp_path)
    assert again == [(tmp_path / name).read_bytes() for name in ("validation.md", PICTURE)]


def test_the_command_reports_without_any_record(root: Path, tmp_path: Path) -> None:
    command = [sys.executable, str(root / "scripts" / "validate"), str(tmp_path / "none")]
    done = subprocess.run(  # noqa: S603
        [*command, "--report", "--docs", str(tmp_path)],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert (done.returncode, done.stdout.strip()) == (
        0,
        "docs/validation.md rests on 0 of 96 worlds",
    ), done.stderr
    assert "0 of 0 things asked are reached" in (tmp_path / "validation.md").read_text()
