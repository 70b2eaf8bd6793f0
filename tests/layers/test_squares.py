"""Squares: those within a polygon, and those that a border may pass through."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from clustermap.layers import squares as module
from clustermap.layers.squares import Squares, draw_squares


def list_squares(squares: Squares) -> dict[int, dict[tuple[int, int], bool]]:
    """Return by polygon: column and row of its squares, and whether they lie within it."""
    found: dict[int, dict[tuple[int, int], bool]] = {}
    for place in np.flatnonzero(squares.number >= 0):
        row, column = divmod(int(place), squares.size[0])
        number = squares.number[place]
        for entry in range(squares.first[number], squares.first[number + 1]):
            held = found.setdefault(int(squares.polygon[entry]), {})
            assert (column, row) not in held
            held[column, row] = bool(squares.covered[entry])
    return found


def box_of(squares: Squares, column: int, row: int, more: float) -> shapely.Polygon:
    """Return a square, larger on every side by a share of the side."""
    west, south = (
        corner + at * squares.side for corner, at in zip(squares.corner, (column, row), strict=True)
    )
    more *= squares.side
    return shapely.box(
        west - more, south - more, west + squares.side + more, south + squares.side + more
    )


#   0         4    6    8     a ring with an island in its hole, a sliver far longer than a square,
#   +---------+               and a triangle over both
#   | +-----+ |
#   | | [ ] | |    A
#   | +-----+ |   / \.
#   +---------+  /   \.
RING = shapely.union_all(
    [shapely.box(0, 0, 4, 4).difference(shapely.box(1, 1, 3, 3)), shapely.box(1.8, 1.8, 2.2, 2.2)]
)
SLIVER = shapely.Polygon([(0, 0), (9, 6), (9, 6.001)])
TRIANGLE = shapely.Polygon([(3, 0), (7, 0), (5, 3)])


@pytest.mark.parametrize(("points", "within"), [(2_000, 0), (20_000, 209)])
def test_squares_are_as_shapely_finds_them(points: int, within: int) -> None:
    shapes = np.array([RING, SLIVER, TRIANGLE], dtype=object)
    squares = draw_squares(shapes, points)
    found = list_squares(squares)
    for number, shape in enumerate(shapes):
        for column, row in np.ndindex(squares.size):
            covered = found[number].get((column, row))
            if covered is None:
                assert not shape.intersects(box_of(squares, column, row, 0.0))
            elif covered:
                assert shape.covers(box_of(squares, column, row, 0.0))
            else:
                # Pieces of a border are half a side long; a square beside one may count.
                assert shape.boundary.intersects(box_of(squares, column, row, 0.5))
    assert sum(covered for held in found.values() for covered in held.values()) == within


def test_a_square_within_a_polygon_is_known_as_such() -> None:
    squares = draw_squares(np.array([shapely.box(0, 0, 10, 10)], dtype=object), 1_000)
    found = list_squares(squares)[0]
    whole = int(10 / squares.side)
    within = {(column, row) for column in range(1, whole) for row in range(1, whole)}
    assert {at for at, covered in found.items() if covered} == within


def test_borders_of_any_length_are_cut_into_so_many_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    teeth = np.column_stack([np.arange(400) / 400, np.tile([0.1, 1.0], 200)])
    comb = np.array([shapely.Polygon([(0, 0), *teeth, (1, 0)])], dtype=object)
    assert draw_squares(comb, 1_000_000).side < 0.01
    monkeypatch.setattr(module, "_PIECES", 5_000)
    assert draw_squares(comb, 1_000_000).side == 2 * shapely.length(comb[0]) / 5_000
