"""Ends: links between strata by hand, turned as flows are, nothing of whom no place is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from clustermap.network.ends import count_ends, merge_ends
from clustermap.network.flows import channel_name
from clustermap.tables import ACTOR_TYPES, KINDS, SHARE_UNIT
from tests.network.worlds import World, draw

if TYPE_CHECKING:
    import pyarrow as pa

HALF = SHARE_UNIT // 2


def told(ends: pa.Table, world: World) -> set[tuple[Any, ...]]:
    """Return kind, channel, types of the two strata, links and credit."""
    types = [ACTOR_TYPES[code] for code in world.strata.type]
    return {
        (
            KINDS[row["kind"]],
            channel_name(row["channel"]),
            types[row["first"]],
            types[row["second"]],
            row["links"],
            row["credit"],
        )
        for row in ends.to_pylist()
    }


def test_ends_by_hand() -> None:
    world = draw()
    pairs, project = (count_ends(edges, world.register) for edges in (world.pairs, world.project))
    assert told(pairs, world) == {
        ("firm_firm", "firm-firm", "firm", "firm", 4, 4 * SHARE_UNIT),
        ("transfer", "firm>firm", "firm", "firm", 1, SHARE_UNIT),
        ("support", "firm-support", "firm", "support", 1, SHARE_UNIT),
    }  # u1-p1 leads abroad
    assert told(project, world) == {
        ("firm_firm", "firm-firm", "firm", "firm", 1, HALF),
        ("research", "firm-university", "firm", "university", 2, 2 * HALF),
    }
    both = merge_ends([project, pairs])
    assert told(both, world) >= {("firm_firm", "firm-firm", "firm", "firm", 5, 9 * HALF)}
    assert both.equals(merge_ends([pairs, project]))
