"""Names: what stands for a cluster, and what for an actor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.small_world import build_small_world
from tests.stages.changing.ground import read

if TYPE_CHECKING:
    from pathlib import Path


def test_a_name_of_two_things_must_say_which(tmp_path: Path) -> None:
    world = build_small_world()
    world.institutes[0]["institute"] = "C1"
    for row in world.pairs:
        row |= {end: "C1" for end in ("source", "target") if row[end] == "I1"}
    both = read(world, tmp_path)
    line = both.refuse('[[remove_links]]\nof = "C1"')
    assert 'Write "cluster:C1" or "actor:C1"' in line
    sizes = []
    for name in ("actor:C1", "cluster:C1"):
        _, altered = both.change(f'[[remove_links]]\nof = "{name}"')
        sizes.append(sum(len(at) for at in altered.links.removed.values()))
    # Ten links with its firms; all of its firms: 10 within, 10 with the body, 20 with C2 and C6, 2
    # abroad, and four of projects of which I1 is not known any more.
    assert sizes[0] == 10
    assert sizes[1] > 40
