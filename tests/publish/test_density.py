"""Firm density: no leaf of few firms, nothing to be found by subtraction, no firm lost."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clustermap.layers.industries import CodedIndustries
from clustermap.publish.density import WHOLE, count_density
from clustermap.publish.squares import COARSEST, FINEST, join_codes, locate_squares, split_codes
from clustermap.publish.suppression import Rules

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from clustermap.publish.density import Density, Leaves

WIDE = 1 << (FINEST - COARSEST)  # finest squares from side to side of a coarsest one
WEST, NORTH = 1746 * WIDE, 793 * WIDE  # the corner of a coarsest square in Korea
NW, NE, SW, SE = 1, 2, 4, 8

Spot = tuple[int, int, int, int]
"""Column and row from the corner above, in finest squares; group; number of firms there."""


def place(column: Any, row: Any) -> tuple[Any, Any]:
    """Return longitude and latitude of the middle of finest squares."""
    world = 1 << FINEST
    lon = 360 * (WEST + np.asarray(column) + 0.5) / world - 180
    lat = np.degrees(np.arctan(np.sinh(np.pi * (1 - 2 * (NORTH + np.asarray(row) + 0.5) / world))))
    return lon, lat


def count(
    spots: Sequence[Spot], groups: tuple[tuple[str, ...], ...] = ((),), least: int = 3
) -> Density:
    table = np.array(spots, dtype=np.int64).reshape(-1, 4)
    table = np.repeat(table, table[:, 3], axis=0)
    group = table[:, 2].astype(np.int16)
    coded = CodedIndustries(groups, group, ("",), np.zeros(len(table), dtype=np.int16))
    return count_density(*place(table[:, 0], table[:, 1]), coded, Rules(min_firms=least))


def told(leaves: Leaves) -> list[tuple[int, int, int, int, int]]:
    """Return leaves as level, column, row (from the corner above), quarters, firms."""
    shift = FINEST - leaves.level.astype(int)
    x, y = leaves.x - (WEST >> shift), leaves.y - (NORTH >> shift)
    columns = (leaves.level, x, y, leaves.quarters, leaves.firms)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def test_lone_firms_are_joined_with_their_neighbours() -> None:
    """Three coarsest squares side by side, 32 finest squares wide each.

    ::

        +-------+-------+   +-------+-------+   +-------+-------+
        |   5   |   1   |   |   1   |   1   |   |       |       |
        +-------+-------+   +-------+-------+   +-------+-------+
        |   4   | 3 . 3 |   |   1   |       |   |   2   |       |
        +-------+-------+   +-------+-------+   +-------+-------+

    The 1 goes with the 4, the least of its neighbours; 5 and the two 3 stand at one spot each.
    """
    first = [(0, 0, 0, 5), (31, 0, 0, 1), (0, 31, 0, 4), (16, 20, 0, 3), (31, 31, 0, 3)]
    second = [(32, 0, 0, 1), (63, 0, 0, 1), (32, 31, 0, 1)]
    density = count([*first, *second, (70, 30, 0, 2)])
    assert list(density.layers) == [None]
    assert told(density.layers[None]) == [
        (11, 0, 0, NE | SW, 5),
        (11, 1, 0, WHOLE, 3),
        (16, 0, 0, WHOLE, 5),
        (16, 16, 20, WHOLE, 3),
        (16, 31, 31, WHOLE, 3),
    ]
    assert density.layers[None].withheld == 2


def test_an_industry_is_not_parted_where_the_rest_would_be_a_few() -> None:
    """In the north-west one firm is not of chips: parted, both layers would tell of it."""
    groups = ((), ("chips",))
    layers = count([(0, 0, 1, 4), (0, 0, 0, 1), (0, 31, 1, 5), (0, 31, 0, 3)], groups).layers
    assert told(layers[None]) == [(16, 0, 0, WHOLE, 5), (16, 0, 31, WHOLE, 8)]
    assert told(layers["chips"]) == [(11, 0, 0, WHOLE, 9)]
    layers = count([(0, 0, 1, 4), (0, 0, 0, 3), (0, 31, 1, 5)], groups).layers
    assert told(layers["chips"]) == [(16, 0, 0, WHOLE, 4), (16, 0, 31, WHOLE, 5)]


def test_an_industry_is_left_out_where_the_rest_of_a_coarsest_square_would_be_a_few() -> None:
    """Nine firms, of which seven are of industries: those of chips, the fewest, are left out."""
    groups = ((), ("ai",), ("chips",))
    layers = count([(0, 0, 0, 2), (0, 0, 1, 4), (0, 0, 2, 3)], groups).layers
    assert told(layers[None]) == [(16, 0, 0, WHOLE, 9)]
    assert told(layers["ai"]) == [(16, 0, 0, WHOLE, 4)]
    assert told(layers["chips"]) == []
    assert layers["chips"].withheld == 3


def test_joined_quarters_are_looked_at_together() -> None:
    """Of ai two firms in each northern quarter; the rest is 1 + 1 in both together.

    ::

        +------------------+------------------+
        | ai 2 chips 3 - 1 | ai 2 chips 3 - 1 |
        +------------------+------------------+
        | ai 3 - 5         |                  |
        +------------------+------------------+
    """
    groups = ((), ("ai",), ("chips",))
    north = [(x, 0, group, firms) for x in (0, 31) for group, firms in ((0, 1), (1, 2), (2, 3))]
    layers = count([*north, (0, 31, 1, 3), (0, 31, 0, 5)], groups).layers
    assert told(layers["chips"]) == [(16, 0, 0, WHOLE, 3), (16, 31, 0, WHOLE, 3)]
    # Parted, ai would be 4 in the north: of 12 firms there, 6 of chips, that leaves 2.
    assert told(layers["ai"]) == [(11, 0, 0, WHOLE, 7)]


def test_internal_output_has_every_finest_square() -> None:
    spots = [(0, 0, 0, 1), (0, 0, 1, 1), (31, 5, 1, 2), (40, 9, 0, 1)]
    layers = count(spots, ((), ("chips",)), least=0).layers
    assert told(layers[None]) == [
        (16, 0, 0, WHOLE, 2), (16, 31, 5, WHOLE, 2), (16, 40, 9, WHOLE, 1),
    ]  # fmt: skip
    assert told(layers["chips"]) == [(16, 0, 0, WHOLE, 1), (16, 31, 5, WHOLE, 2)]


def test_firms_without_a_place_are_counted() -> None:
    none = np.zeros(5, dtype=np.int16)
    coded = CodedIndustries(((), ("chips",)), none, ("",), none)
    lon = np.array([127.0, np.nan, 127.0, 127.0, np.inf])
    density = count_density(lon, np.array([37.0, 37.0, np.nan, 89.0, 37.0]), coded, Rules(0))
    assert density.unplaced == 4
    assert list(density.layers) == [None]  # nobody is of chips
    assert density.layers[None].firms.tolist() == [1]


def test_no_firms() -> None:
    density = count([], ((), ("chips",)))
    assert {key: told(leaves) for key, leaves in density.layers.items()} == {None: []}
    assert (density.unplaced, density.layers[None].withheld) == (0, 0)


def test_squares_are_those_of_tiles() -> None:
    """Seoul's city hall lies in tile 16/55883/25378; the map's corners lie in its corner tiles."""
    codes = locate_squares(
        np.array([126.978, -180.0, 180.0]), np.array([37.5666, 85.0511, -85.0511])
    )
    x, y = split_codes(codes)
    assert x.tolist() == [55883, 0, 65535]
    assert y.tolist() == [25378, 0, 65535]
    assert join_codes(x, y).tolist() == codes.tolist()


GROUPS = ((), ("ai",), ("chips",))
STEPS = st.sampled_from([0, 1, 2, 7, 8, 15, 16, 24, 31])
SPOTS = st.lists(
    st.tuples(STEPS, STEPS, st.integers(0, 2), st.integers(1, 5)), min_size=1, max_size=25
)


def area(leaf: tuple[int, int, int, int, int]) -> Iterable[tuple[int, int]]:
    """Return the finest squares of a leaf."""
    level, x, y, quarters, _ = leaf
    wide = 1 << (FINEST - level)
    for column in range(wide):
        for row in range(wide):
            if wide == 1 or quarters & (1 << (2 * (2 * row >= wide) + (2 * column >= wide))):
                yield x * wide + column, y * wide + row


def differences(density: Density, industries: Iterable[str]) -> Iterable[int]:
    """Return all firms less those of industries, in the least areas for which all are known."""
    graph: nx.Graph[Any] = nx.Graph()
    for layer in (None, *industries):
        for leaf in told(density.layers[layer]):
            node = (layer, *leaf)
            graph.add_node(node, firms=leaf[4] if layer is None else -leaf[4])
            graph.add_edges_from((node, square) for square in area(leaf))
    for part in nx.connected_components(graph):
        yield sum(graph.nodes[node].get("firms", 0) for node in part)


@settings(max_examples=60, deadline=None)
@given(SPOTS, st.integers(2, 4))
def test_nothing_is_found_by_subtraction(spots: list[Spot], least: int) -> None:
    density = count(spots, GROUPS, least)
    industries = [layer for layer in density.layers if layer is not None]
    subsets = [s for size in range(len(industries) + 1) for s in combinations(industries, size)]
    for subset in subsets:
        assert all(rest == 0 or rest >= least for rest in differences(density, subset))


@settings(max_examples=60, deadline=None)
@given(SPOTS, st.integers(0, 4), st.booleans())
def test_leaves_never_overlap_and_hold_every_firm(
    spots: list[Spot],
    least: int,
    several: bool,  # noqa: FBT001 -- drawn
) -> None:
    groups = ((), ("ai",), ("ai", "chips")) if several else GROUPS
    density = count(spots, groups, least)
    for layer, leaves in density.layers.items():
        own = [spot for spot in spots if layer is None or layer in groups[spot[2]]]
        assert leaves.firms.sum() + leaves.withheld == sum(spot[3] for spot in own)
        assert (leaves.firms >= max(1, least)).all()
        squares = {}
        for leaf in told(leaves):
            inside = set(area(leaf))
            assert squares.keys().isdisjoint(inside)
            squares |= dict.fromkeys(inside, leaf)
        for leaf in told(leaves):
            assert leaf[4] == sum(spot[3] for spot in own if squares.get(spot[:2]) == leaf)


@settings(max_examples=20, deadline=None)
@given(SPOTS, st.randoms(use_true_random=False))
def test_order_of_firms_changes_nothing(spots: list[Spot], random: Any) -> None:
    mixed = random.sample(spots, len(spots))
    one, other = count(spots, GROUPS), count(mixed, GROUPS)
    assert list(one.layers) == list(other.layers)
    for layer in one.layers:
        assert told(one.layers[layer]) == told(other.layers[layer])


@pytest.mark.parametrize("least", [0, 3])
def test_many_squares_are_looked_at_in_blocks(monkeypatch: Any, least: int) -> None:
    rng = np.random.default_rng(1)
    spots = [(x, y, group, 1) for x, y, group in rng.integers(0, (256, 256, 3), (3000, 3)).tolist()]
    whole = count(spots, GROUPS, least)
    monkeypatch.setattr("clustermap.publish.density._BLOCK", 7)
    parted = count(spots, GROUPS, least)
    for layer in whole.layers:
        assert told(parted.layers[layer]) == told(whole.layers[layer])
    assert len(told(whole.layers[None])) > 100
