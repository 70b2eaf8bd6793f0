"""Flows: every link once, oriented as its channel says, the same in any order and chunking."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clustermap.layers.actors import Register
from clustermap.layers.cells import build_cells
from clustermap.network.flows import (
    channel_name,
    count_flows,
    count_presence,
    count_yearly,
    mark_kind,
    merge_flows,
    merge_presence,
    merge_yearly,
    name_flows,
)
from clustermap.network.linkages import EDGES, NO_YEAR
from clustermap.network.space import Ground, build_edges, build_space
from clustermap.tables import ACTOR_TYPES, FLOWS, KINDS, SHARE_UNIT
from tests.network.worlds import METRES, World, draw

HALF = SHARE_UNIT // 2
EXPECTED = [
    # source, target, kind, channel, year, links, weight
    ("A", "A", "firm_firm", "firm-firm", 2020, 1, SHARE_UNIT),
    ("A", "A", "firm_firm", "firm-firm", 2021, 1, SHARE_UNIT),
    ("A", "A", "research", "firm-university", None, 1, HALF),  # f1-u1 of J
    ("A", "B", "firm_firm", "firm-firm", 2020, 1, SHARE_UNIT),  # f3-f1, by name
    ("A", "B", "firm_firm", "firm-firm", None, 1, HALF),  # f1-f3 of J
    ("A", "B", "support", "firm-support", 2020, 1, SHARE_UNIT),
    ("A", "abroad:US", "research", "university-other", 2020, 1, SHARE_UNIT),
    ("B", "A", "research", "firm-university", None, 1, HALF),  # from firm to university
    ("B", "A", "transfer", "firm>firm", None, 1, SHARE_UNIT),  # f3 gives
    ("C", "outside:1_1", "firm_firm", "firm-firm", None, 1, SHARE_UNIT),
]


def flows(world: World) -> pa.Table:
    parts = [
        count_flows(part, world.register, world.space) for part in (world.pairs, world.project)
    ]
    return merge_flows(parts)


def yearly(world: World) -> pa.Table:
    return merge_yearly(
        [count_yearly(part, world.register) for part in (world.pairs, world.project)]
    )


def told(found: Any) -> list[tuple[Any, ...]]:
    rows = found.astype(object).where(found.notna(), None).itertuples(index=False, name=None)
    return list(rows)


def test_every_link_is_counted_once() -> None:
    world = draw()
    named = name_flows(yearly(world), world.cells)
    assert told(named) == EXPECTED
    assert list(named.columns) == [column.name for column in FLOWS.columns]
    assert named["links"].sum() == world.pairs.num_rows + world.project.num_rows


def test_bands_and_credits_by_hand() -> None:
    world = draw()
    rows = flows(world).to_pandas().query("kind < 2")  # firm_firm and research
    ends = world.space.edges_m / 1000
    told = {
        (
            world.cells.names[row.source],
            world.cells.names[row.target],
            channel_name(row.channel),
            ends[row.band] if row.band < len(ends) else None,
            row.credit,
        )
        for row in rows.itertuples()
    }
    assert told == {
        ("A", "A", "firm-firm", 1, 2 * SHARE_UNIT),  # 300 m, in 2020 and in 2021
        ("A", "A", "firm-university", 1, HALF),
        ("A", "B", "firm-firm", 8.5, SHARE_UNIT + HALF),  # f1-f3, and the same in J
        ("A", "abroad:US", "university-other", None, SHARE_UNIT),
        ("B", "A", "firm-university", 8.5, HALF),
        ("C", "outside:1_1", "firm-firm", 40, SHARE_UNIT),
    }


def test_a_pair_has_the_credit_of_one_whatever_it_weighs() -> None:
    heavy = [(0, 1, 0, False, NO_YEAR, -1, 7 * SHARE_UNIT), (0, 1, 0, False, NO_YEAR, 3, HALF)]
    found = count_yearly(table(heavy), REGISTER)
    assert found["weight"].to_pylist() == [7 * SHARE_UNIT + HALF]
    assert count_flows(table(heavy), REGISTER, SPACE)["credit"].to_pylist() == [SHARE_UNIT + HALF]


@pytest.mark.parametrize("order", [("C", "B", "A"), ("B", "A", "C")])
def test_the_order_of_clusters_changes_no_flow(order: tuple[str, ...]) -> None:
    world = draw(order)
    assert told(name_flows(yearly(world), world.cells)) == EXPECTED


def test_channels_are_told_apart() -> None:
    names = [channel_name(code) for code in range(2 * len(ACTOR_TYPES) ** 2)]
    assert len(set(names)) == len(names)
    assert names[0] == "firm-firm"
    assert names[1] == "firm-university"
    assert names[len(ACTOR_TYPES) ** 2] == "firm>firm"


def test_no_edges_make_no_flows() -> None:
    world = draw()
    none = count_flows(EDGES.empty_table(), world.register, world.space)
    assert none.num_rows == 0
    assert merge_flows([none, flows(world)]).equals(flows(world))
    none = count_yearly(EDGES.empty_table(), world.register)
    assert merge_yearly([none, yearly(world)]).equals(yearly(world))
    assert told(name_flows(none, world.cells)) == []


def test_presence_marks_actors_and_counts_projects() -> None:
    world = draw()
    found = merge_presence(
        *(count_presence(e, world.register, world.cells) for e in (world.pairs, world.project))
    )
    marked = {
        name: {world.register.ids[int(who)].as_py() for who in np.flatnonzero(found.linked & bit)}
        for name, bit in zip(KINDS, map(mark_kind, range(len(KINDS))), strict=True)
    }
    assert marked == {
        "firm_firm": {"f1", "f2", "f3", "f4", "f5"},
        "research": {"f1", "u1", "f3", "p1"},
        "support": {"s1", "f2"},
        "transfer": {"f1", "f3"},
        "mobility": set(),
        "other": set(),
    }
    # J links firms and research in A and in B, once each; pairs belong to no project.
    assert found.units.tolist() == [[1, 1, 0, 0, 0, 0], [1, 1, 0, 0, 0, 0], [0] * 6]


def test_a_zone_counts_a_project_of_two_of_its_pieces_once() -> None:
    world = draw(joint=True)  # u1 of J stands in A ∩ B, f1 in A, f3 in B
    found = count_presence(world.project, world.register, world.cells)
    assert found.units[:2, :2].tolist() == [[1, 1], [1, 1]]


N = 8
REGISTER = Register(
    pa.array([str(n) for n in range(N)]),
    np.arange(N).astype(np.uint8) % len(ACTOR_TYPES),
    (np.arange(N) % 5).astype(np.int32),
    np.arange(N) * 4000.0,
    np.zeros(N),
    np.arange(N) != 3,
    np.where(np.arange(N) % 5 == 4, -1, np.arange(N) % 3).astype(np.int16),
)
CELLS = build_cells(
    ["0", "1", "2"], [pa.array(["0", "1", "2", "outside:x", "abroad:y"]).dictionary_encode()]
)
NOWHERE = np.full(5, np.nan)
SPACE = build_space(
    [REGISTER.cells], REGISTER, Ground(NOWHERE, NOWHERE, NOWHERE, METRES), build_edges(), seed=1
)
edges = st.lists(
    st.tuples(
        st.integers(0, N - 1),
        st.integers(0, N - 1),
        st.integers(0, len(KINDS) - 1),
        st.booleans(),
        st.sampled_from([NO_YEAR, 2020, 2021]),
        st.just(-1),
        st.integers(0, 2**50),
    ).filter(lambda edge: edge[0] != edge[1]),
    max_size=30,
)


def table(rows: list[tuple[Any, ...]]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [()] * len(EDGES)
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, EDGES, strict=True)], EDGES)


@settings(max_examples=80, deadline=None)
@given(edges, st.lists(st.integers(0, 30), max_size=4), st.randoms(use_true_random=False))
def test_any_chunking_order_and_grouping_is_equal(
    rows: list[tuple[Any, ...]], cuts: list[int], chance: Any
) -> None:
    presence = count_presence(table(rows), REGISTER, CELLS)
    mixed = list(rows)
    chance.shuffle(mixed)
    bounds = [0, *sorted(min(cut, len(rows)) for cut in cuts), len(rows)]
    parts = [table(mixed[a:b]) for a, b in pairwise(bounds)]
    for count, merge in (
        (lambda part: count_flows(part, REGISTER, SPACE), merge_flows),
        (lambda part: count_yearly(part, REGISTER), merge_yearly),
    ):
        whole, counted = count(table(rows)), list(map(count, parts))
        chance.shuffle(counted)
        left = counted[0]
        for part in counted[1:]:
            left = merge([left, part])
        for merged in (merge(counted), left):
            assert merged.schema == whole.schema
            assert merged.combine_chunks().equals(whole.combine_chunks())
    seen = [count_presence(part, REGISTER, CELLS) for part in parts]
    joined = seen[0]
    for one in seen[1:]:
        joined = merge_presence(joined, one)
    assert (joined.linked == presence.linked).all()
    assert whole["links"].to_numpy().sum() == len(rows)  # those of count_yearly
    assert whole["weight"].to_numpy().sum() == sum(row[-1] for row in rows)


@settings(max_examples=50, deadline=None)
@given(edges)
def test_turning_an_undirected_edge_changes_nothing(rows: list[tuple[Any, ...]]) -> None:
    turned = [row if row[3] else (row[1], row[0], *row[2:]) for row in rows]
    assert count_flows(table(turned), REGISTER, SPACE).equals(
        count_flows(table(rows), REGISTER, SPACE)
    )
    assert count_yearly(table(turned), REGISTER).equals(count_yearly(table(rows), REGISTER))
