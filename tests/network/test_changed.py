"""Changed links: what is left out and drawn, on a handful of actors.

Actors, and the group they belong to::

    0 f1  firm        1 f2  firm        2 u  university      3 s  support
    one = {f1, f2}    other = {u, s}
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clustermap.checks import FAULTS, Checked
from clustermap.layers.actors import Register
from clustermap.network.changed import (
    NO_CHANGE,
    ChangedLinks,
    Wanted,
    count_possible,
    draw_links,
    match_edges,
)
from clustermap.network.linkages import EDGES
from clustermap.tables import KINDS, SHARE_UNIT

FIRMS, BODIES = np.array([0, 1]), np.array([2, 3])
REGISTER = Register(
    pa.array(["f1", "f2", "u", "s"]), np.array([0, 0, 1, 4], np.uint8), np.zeros(4, np.int32)
)


def edges(*rows: tuple[int, int, str]) -> pa.Table:
    columns = (
        [a for a, _, _ in rows],
        [b for _, b, _ in rows],
        [KINDS.index(kind) for _, _, kind in rows],
        [False] * len(rows),
        [0] * len(rows),
        [-1] * len(rows),
        [SHARE_UNIT] * len(rows),
    )
    return pa.table(
        [pa.array(c).cast(f.type) for c, f in zip(columns, EDGES, strict=True)], schema=EDGES
    )


def ends(found: pa.Table) -> list[tuple[int, int]]:
    return list(zip(found["a"].to_pylist(), found["b"].to_pylist(), strict=True))


@pytest.mark.parametrize(
    ("kind", "within", "across"),
    # Two firms: 2 ordered pairs; two firms with university and support body: 4 pairs.
    [("firm_firm", 2, 0), ("research", 0, 2), ("support", 0, 2), ("transfer", 2, 4)],
)
def test_pairs_that_can_have_a_link(kind: str, within: int, across: int) -> None:
    assert count_possible(REGISTER, FIRMS, FIRMS, kind).sum() == within
    assert count_possible(REGISTER, FIRMS, BODIES, kind).sum() == across


def test_links_are_drawn_among_those_pairs_alone() -> None:
    found = draw_links(REGISTER, FIRMS, BODIES, Wanted(200, "research", 2025, 0.5), (1, 2))
    assert set(ends(found)) == {(0, 2), (1, 2)}
    assert found["year"].unique().to_pylist() == [2025]
    assert found["share"].unique().to_pylist() == [SHARE_UNIT // 2]
    assert found["unit"].unique().to_pylist() == [-1]
    assert found["directed"].unique().to_pylist() == [False]
    inside = draw_links(REGISTER, FIRMS, FIRMS, Wanted(50, "transfer"), (1, 2))
    assert set(ends(inside)) == {(0, 1), (1, 0)}
    assert inside["directed"].unique().to_pylist() == [True]


def test_every_pair_is_as_likely_as_another() -> None:
    found = draw_links(REGISTER, np.arange(4), np.arange(4), Wanted(12_000, "other"), (1,))
    drawn, counts = np.unique(ends(found), axis=0, return_counts=True)
    assert len(drawn) == 12  # ordered pairs of four actors
    assert np.abs(counts - 1000).max() < 5 * np.sqrt(1000)


def test_the_order_of_actors_changes_no_draw() -> None:
    back = pa.array([3, 2, 1, 0])
    turned = Register(REGISTER.ids.take(back), REGISTER.types[::-1], REGISTER.cells)
    wanted = Wanted(30, "research")
    one = ends(draw_links(REGISTER, FIRMS, BODIES, wanted, (7,)))
    other = ends(draw_links(turned, np.array([3, 2]), np.array([1, 0]), wanted, (7,)))
    assert one == [(3 - a, 3 - b) for a, b in other]


def test_nobody_is_linked_with_himself() -> None:
    alone = np.array([0])
    with pytest.raises(ValueError, match="no pair"):
        draw_links(REGISTER, alone, alone, Wanted(1, "firm_firm"), (1,))


def test_edges_match_whichever_way_they_lead() -> None:
    found = edges((0, 2, "research"), (2, 0, "research"), (0, 1, "firm_firm"), (2, 3, "support"))
    one, other = np.isin(np.arange(4), FIRMS), np.isin(np.arange(4), BODIES)
    assert match_edges(found, one, other, "").tolist() == [True, True, False, False]
    assert match_edges(found, one, one, "").tolist() == [False, False, True, False]
    assert match_edges(found, other, np.ones(4, bool), "support").tolist() == [False] * 3 + [True]


def test_rows_of_the_closed_are_left_out() -> None:
    rows = pa.table({"source": ["f1", "f2", "u"], "target": ["u", "u", "f1"]})
    checked = Checked(rows, FAULTS.empty_table())
    gone = ChangedLinks(closed=pa.array(["f1"]))
    left, count = gone.drop_closed(checked, ("source", "target"))
    assert (left.rows.to_pylist(), count) == ([{"source": "f2", "target": "u"}], 2)
    assert NO_CHANGE.drop_closed(checked, ("source", "target")) == (checked, 0)


@given(
    size=st.integers(0, 40),
    cuts=st.lists(st.integers(0, 40), max_size=4),
    removed=st.sets(st.integers(0, 39)),
)
def test_however_edges_come_in_the_same_go(size: int, cuts: list[int], removed: set[int]) -> None:
    whole = edges(*((0, 1 + at % 3, "other") for at in range(size)))
    whole = whole.set_column(4, EDGES[4], pa.array(range(size), pa.int16()))  # tells edges apart
    places = np.array(sorted(at for at in removed if at < size), dtype=np.int64)
    change = ChangedLinks(removed={2: places})
    bounds = [0, *sorted(min(cut, size) for cut in cuts), size]
    parts = [
        change.drop_removed(2, start, whole.slice(start, stop - start))
        for start, stop in pairwise(bounds)
    ]
    left = [year for part in parts for year in part["year"].to_pylist()]
    assert left == [at for at in range(size) if at not in removed]
    assert change.drop_removed(1, 0, whole) is whole
