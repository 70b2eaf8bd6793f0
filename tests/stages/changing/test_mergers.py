"""Mergers: one cluster of several, with their firms and grants."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.certain import certain
from tests.small_world import build_small_world, write_csv
from tests.stages.changing.ground import home, members, read, told

if TYPE_CHECKING:
    from pathlib import Path


def test_merged_clusters_are_one(tmp_path: Path) -> None:
    world = build_small_world()
    for row in world.firms:
        row["complex"] = ""
    world.firms[10] |= {"x": "", "y": "", "complex": "C2"}
    world.firms[11] |= {"x": "", "y": "", "complex": "단지 2"}
    two = read(world, tmp_path)
    setup, altered = two.change('[[boundaries]]\ncluster = "C1"\nmerge = ["C2"]')
    assert list(altered.layers.clusters.index) == ["C1", "C3", "C4", "C5", "C6"]
    assert members(altered, "C1") == 22
    assert home(altered, "00200") == home(altered, "00201") == "C1"
    merged = altered.layers.clusters.loc["C1"]
    assert (merged["area_km2"], merged["cost"], merged["industries"]) == (8, 2, "bio")
    assert told(altered) == ["단지 1 (C1) takes in 단지 2 (C2)."]
    # One after the other: all three end up in the last.
    chain = '[[boundaries]]\ncluster="C1"\nmerge=["C2"]\n[[boundaries]]\ncluster="C3"\nmerge=["C1"]'
    _, altered = two.change(chain)
    assert members(altered, "C3") == 33
    assert altered.layers.clusters.loc["C3", "industries"] == "ai;bio"
    assert "C2" in two.refuse(chain + '\n[[boundaries]]\ncluster="C2"\nbuffer_m=1')
    assert len(setup.unassigned.clusters) == 6  # what was read stays as it was


def test_grants_follow_those_who_got_them(tmp_path: Path) -> None:
    world = build_small_world()
    section = '[layers.support]\npath = "grants.csv"\n'
    world.project = world.project.replace("[quality]", f"{section}[quality]")
    grants = [{"programme": "p", "beneficiary": name, "amount": 1} for name in ("C2", "00100")]
    (tmp_path / "grants.csv").write_text(write_csv(grants), encoding="utf-8")
    given = read(world, tmp_path)
    text = '[[boundaries]]\ncluster = "C1"\nmerge = ["C2"]\n'
    _, altered = given.change(text)
    assert certain(altered.layers.grants)["beneficiary"].to_list() == ["C1", "00100"]
    _, altered = given.change(f'{text}[[close]]\nactor = "00100"')
    assert certain(altered.layers.grants)["beneficiary"].to_list() == ["C1"]
    assert altered.ledger.entries["support"].read == 1
    assert altered.ledger.faults().num_rows == 0
