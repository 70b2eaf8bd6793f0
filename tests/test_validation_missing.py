"""Validation of missing links: what is deleted, how it is ranked, and a small world."""

from __future__ import annotations

import doctest
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from clustermap.selection.near_pairs import INSTITUTE_TYPES
from clustermap.sources.world import Observation, build_nation, draw_edges, observe, plain
from clustermap.sources.world.edges import Edges
from clustermap.tables import KINDS
from scripts.validation import missing
from scripts.validation.missing import (
    PLACES,
    RANKINGS,
    WAYS,
    choose_deleted,
    key_pairs,
    measure_missing,
    precision_at,
    rank_pairs,
)
from scripts.validation.report import PICTURE, missing_part, write_report
from scripts.validation.worlds import MISSING, Records, plan_missing

if TYPE_CHECKING:
    from pathlib import Path

CLUSTERS, LINKS = 200, 60_000


@pytest.fixture(scope="module")
def world() -> tuple[Observation, Edges]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plain, "_SQUARES", 100)  # fewer cells, so that a small world takes seconds
        nation = build_nation(clusters=CLUSTERS, links=LINKS, seed=1)
    edges = draw_edges(nation, 1)
    kept = edges.kind == KINDS.index("research")  # one kind, for the same end
    return observe(nation), Edges(*(column[kept] for column in vars(edges).values()))


def test_examples() -> None:
    found = doctest.testmod(missing)
    assert (found.failed, found.attempted > 0) == (0, True)


def test_pairs_of_links_are_those_of_clusters_and_institutes(
    world: tuple[Observation, Edges],
) -> None:
    seen, edges = world
    keys, actors = key_pairs(edges, seen), len(seen.register.cells)
    table = edges.table()
    for at in range(0, len(keys), len(keys) // 50):
        ends = [int(table[end][at].as_py()) for end in ("a", "b")]
        institutes = [end for end in ends if seen.register.types[end] in INSTITUTE_TYPES]
        others = [end for end in ends if end not in institutes]
        cells = [int(seen.register.cells[end]) for end in others]
        joined = len(institutes) == 1 and cells[0] < CLUSTERS
        assert keys[at] == (cells[0] * actors + institutes[0] if joined else -1)


def test_a_tenth_is_deleted() -> None:
    # Pair 7 has 60 links, pairs 8 and 9 have 20 each; 100 others are of no pair that is near.
    keys = np.repeat([7, 8, 9, 5], [60, 20, 20, 100])
    near = np.array([7, 8, 9])
    scattered = choose_deleted(keys, near, "scattered", seed=1)
    assert scattered.sum() == 10
    assert not scattered[100:].any()
    gone = choose_deleted(keys, near, "pairs", seed=1)
    assert not gone[100:].any()
    whole = {key: gone[keys == key].mean() for key in (7, 8, 9)}
    assert sorted(whole.values()) == [0, 0, 1]


def test_rankings_by_hand() -> None:
    table = pd.DataFrame(
        {"cluster": [0, 1], "other": [1, 0], "distance_m": [5.0, 9.0], "expected": [1.0, 4.0]}
    )
    found = rank_pairs(table, (np.array([10.0, 2.0]), np.array([3.0, 7.0])))
    assert {name: value.tolist() for name, value in found.items()} == {
        "ours": [1.0, 4.0],
        "distance": [-5.0, -9.0],
        "degree": [70.0, 6.0],
    }
    assert np.isnan(precision_at(found["ours"], np.array([True, False]), 3))


def test_pairs_that_lost_all_links_are_found_in_a_small_world(
    world: tuple[Observation, Edges],
) -> None:
    found = measure_missing(*world, "pairs", seed=1)
    assert found["right"] > 20
    # Ten times chance, and more than nearness or numbers of links tell.
    for places in (10, 50):
        ours = found[f"ours.{places}"]
        assert ours > 5 * found[f"chance.{places}"]
        assert ours > max(found[f"distance.{places}"], found[f"degree.{places}"])


def test_the_page_tells_what_was_found(tmp_path: Path) -> None:
    assert missing_part([]) == "No world has been visited yet."
    plan = plan_missing(2, MISSING)
    assert [world.seed for world in plan] == [1, 1, 1, 2, 2, 2]
    assert plan_missing(2, "capital") == []
    records = Records(tmp_path / "records")
    measures = {f"{ranking}.{places}": 0.25 for ranking in RANKINGS for places in PLACES}
    for world, share in zip(plan[::3], (0.5, 1.0), strict=True):
        told = {way: measures | {"ours.10": share, "ours.100": None} for way in WAYS}
        records.write(world, {"missing": told})
    write_report(records, tmp_path)
    page = (tmp_path / "validation.md").read_text(encoding="utf-8")
    assert "In 2 further worlds" in page
    assert "| base | links at random | ours | 75 % | 25 % | - |" in page
    assert "| base | all links of pairs at random | chance | 25 % | 25 % | 25 % |" in page


def test_the_page_is_what_the_records_give(root: Path, tmp_path: Path) -> None:
    write_report(Records(root / "scripts" / "validation" / "records"), tmp_path)
    for name in ("validation.md", PICTURE):
        assert (tmp_path / name).read_bytes() == (root / "docs" / name).read_bytes()
