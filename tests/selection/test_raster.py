"""Counts in circles: by hand, and against every pair whatever the cells are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clustermap.selection import raster
from clustermap.selection.distance import straight_line
from clustermap.selection.raster import Raster, count_in_circles, lay_raster
from clustermap.selection.reach import Reach, straight_reach

if TYPE_CHECKING:
    import numpy.typing as npt

    from clustermap.selection.distance import Points

    Marks = npt.NDArray[np.bool_]


def _draw(rng: np.random.Generator, many: int, wide: float) -> Points:
    x, y = rng.integers(0, 40, (2, many)) * wide
    return x, y


def test_a_circle_by_hand() -> None:
    # Of 1, 2, 4, 8, 16 firms at 0, 3, 5, 6 and 100 m the circle of 5 m holds the first three.
    asked: list[int] = []

    def near(here: Points, there: Points) -> Marks:
        asked.extend(there[0].astype(int).tolist())
        return np.asarray(np.abs(here[0] - there[0]) <= 5.0)

    points = np.array([0.0, 3.0, 5.0, 6.0, 100.0]), np.zeros(5)
    number = np.array([1, 2, 4, 8, 16])
    middles = np.array([0.0, 50.0]), np.zeros(2)
    found = count_in_circles(middles, (4.9, 5.1), points, number, near)
    assert found.tolist() == [7, 0]
    assert asked == [5]  # only who stands at the limit


def test_cells_are_larger_where_there_would_be_too_many() -> None:
    far = np.array([0.0, 1e12]), np.array([0.0, 1.0])
    found = lay_raster(far, 1.0, 1.0)
    assert found == Raster(0.0, 0.0, 1e12 / found.columns, 1.0, 2, found.columns)
    assert found.columns < 10_000
    assert found.find(far).tolist() == [0, 2 * found.columns - 1]


def test_the_middle_of_a_cell_lies_in_it() -> None:
    cells = Raster(-3.0, 2.0, 0.5, 2.0, 3, 4)
    assert cells.find(cells.list_middles()).tolist() == list(range(12))


@given(st.integers(0, 2**32 - 1), st.integers(1, 12), st.integers(1, 60), st.floats(0.05, 3.0))
def test_counts_are_those_of_every_pair(seed: int, here: int, there: int, wide: float) -> None:
    rng = np.random.default_rng(seed)
    middles, points = _draw(rng, here, wide), _draw(rng, there, wide)
    number = rng.integers(0, 5, (there, 2))
    limit = 5.0 * wide  # 3, 4, 5: on the rim
    every, near = Reach(straight_line(None), limit), straight_reach(None, limit)
    assert near.count(middles, points, number).tolist() == (
        every.count(middles, points, number).tolist()
    )
    assert near.serve(middles, points).tolist() == every.serve(middles, points).tolist()


@pytest.mark.parametrize(("rows", "columns", "at_once"), [(1, 1, 3), (2, 7, 1), (2048, 3, 50)])
def test_neither_cells_nor_parts_change_a_count(
    monkeypatch: pytest.MonkeyPatch, rows: int, columns: int, at_once: int
) -> None:
    rng = np.random.default_rng(5)
    middles, points = _draw(rng, 30, 1.0), _draw(rng, 400, 1.0)
    number = rng.integers(0, 3, 400)
    reach = straight_reach(None, 10.0)
    expected = reach.count(middles, points, number)
    monkeypatch.setattr(raster, "_MOST_ROWS", rows)
    monkeypatch.setattr(raster, "_MOST_COLUMNS", columns)
    monkeypatch.setattr(raster, "_POINTS_AT_ONCE", at_once)
    assert reach.count(middles, points, number).tolist() == expected.tolist()
    assert expected.max() > 20
