"""The coded edge list: turned, sorted, merged from any runs, and who takes part in what."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clustermap.network.edges import (
    EDGE_TYPES,
    Edges,
    code_edges,
    count_memberships,
    merge_edges,
    merge_memberships,
    no_edges,
    sort_edges,
)
from clustermap.network.linkages import EDGES, NO_UNIT, NO_YEAR, Participations
from clustermap.tables import ACTOR_TYPES, KINDS, SHARE_UNIT
from tests.network.worlds import draw

Row = tuple[Any, ...]


def rows(edges: Edges) -> list[Row]:
    return list(zip(*(column.tolist() for column in edges.columns().values()), strict=True))


def list_edges(some: list[Row]) -> Edges:
    columns = list(zip(*some, strict=True)) or [()] * len(EDGE_TYPES)
    types = EDGE_TYPES.items()
    return Edges(**{n: np.array(c, t) for (n, t), c in zip(types, columns, strict=True)})


def test_edges_by_hand() -> None:
    world = draw()
    pairs, project = code_edges(world.pairs), code_edges(world.project, first_unit=5)
    names = world.register.ids.to_pylist()
    told = [
        (names[a], names[b], KINDS[kind], directed, year, unit, credit / SHARE_UNIT)
        for a, b, kind, directed, year, unit, credit in rows(sort_edges([project, pairs]))
    ]
    assert told == [
        ("f1", "f2", "firm_firm", False, 2020, NO_UNIT, 1),
        ("f1", "f2", "firm_firm", False, 2021, NO_UNIT, 1),
        ("f1", "u1", "research", False, NO_YEAR, 5, 0.5),
        ("f1", "f3", "firm_firm", False, NO_YEAR, 5, 0.5),
        ("f1", "f3", "firm_firm", False, 2020, NO_UNIT, 1),  # the file says f3, f1
        ("f2", "s1", "support", False, 2020, NO_UNIT, 1),
        ("u1", "f3", "research", False, NO_YEAR, 5, 0.5),
        ("u1", "p1", "research", False, 2020, NO_UNIT, 1),
        ("f3", "f1", "transfer", True, NO_YEAR, NO_UNIT, 1),  # from f3 to f1 it stays
        ("f4", "f5", "firm_firm", False, NO_YEAR, NO_UNIT, 1),
    ]


def test_a_pair_counts_one_whatever_it_weighs() -> None:
    heavy = pa.table([[0], [1], [0], [False], [0], [NO_UNIT], [9 * SHARE_UNIT]], EDGES)
    assert code_edges(heavy).credit.tolist() == [SHARE_UNIT]


entry = st.tuples(
    st.integers(0, 9),
    st.sampled_from([0, 1, 5, 2**31 - 1]),
    st.integers(0, len(KINDS) - 1),
    st.booleans(),
    st.sampled_from([NO_YEAR, 1800, 2200]),
    st.sampled_from([NO_UNIT, 0, 2**31 - 1]),
    st.integers(1, SHARE_UNIT),
)


@given(
    st.lists(entry, max_size=40),
    st.lists(st.integers(0, 40), max_size=4),
    st.integers(1, 12),
    st.randoms(use_true_random=False),
)
def test_any_runs_merge_to_the_same_list(
    some: list[Row], cuts: list[int], block: int, chance: Any
) -> None:
    # In order of a, b, kind, year, unit; then of what is left.
    order = sorted(some, key=lambda e: (e[0], e[1], e[2], e[4], e[5], e[3], e[6]))
    mixed = list(some)
    chance.shuffle(mixed)
    bounds = [0, *sorted(min(cut, len(some)) for cut in cuts), len(some)]
    parts = [list_edges(mixed[start:stop]) for start, stop in pairwise(bounds)]
    assert rows(sort_edges(parts)) == order
    blocks = list(merge_edges([sort_edges([part]) for part in parts], block))
    assert rows(sort_edges(blocks)) == order
    assert [row for part in blocks for row in rows(part)] == order
    # All edges of one first actor stand in one block, and no block is empty.
    firsts = [set(part.a.tolist()) for part in blocks]
    assert all(firsts)
    assert sum(map(len, firsts)) == len({row[0] for row in some})


def test_no_runs_are_no_edges() -> None:
    assert list(merge_edges([])) == []
    assert list(merge_edges([no_edges()])) == []
    found = sort_edges([])
    assert {name: column.dtype for name, column in found.columns().items()} == dict(EDGE_TYPES)
    assert len(found) == 0


@pytest.mark.parametrize("first", [0, 3])
def test_memberships_by_hand(first: int) -> None:
    world = draw()
    names = world.register.ids.to_pylist()
    who = ["f1", "f2", "u1", "f3", "f1"]  # unit 0: f1 f2 u1 f3, unit 1: f1
    takes_part = Participations(
        np.array([0, 0, 0, 0, 1], np.int32),
        np.array([names.index(name) for name in who], np.int32),
        np.zeros(5, np.uint8),
        np.zeros(5, np.int16),
        np.array([4, 1], np.int32),
    )
    found = count_memberships(takes_part, world.register, first)
    firm, university = (ACTOR_TYPES.index(name) for name in ("firm", "university"))
    a, b = (world.cells.names.index(name) for name in "AB")
    assert [tuple(row.values()) for row in found.to_pylist()] == [
        (first, a, firm, 2),
        (first, a, university, 1),
        (first, b, firm, 1),
        (first + 1, a, firm, 1),
    ]
    assert merge_memberships([found.slice(2), found.slice(0, 2)]).equals(found)
