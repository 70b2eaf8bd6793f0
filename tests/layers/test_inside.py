"""Inside: the same as a spatial join, for winding borders, holes and points on corners."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely

from clustermap.layers import inside
from clustermap.layers.inside import find_inside, lay_ground


def draw_stars(count: int, seed: int) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    """Draw polygons of uneven outline, some over others, every third with a hole."""
    chance = np.random.default_rng(seed)
    turn = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    shapes = []
    for at in range(count):
        middle, radius = chance.uniform(0, 100_000, 2), chance.uniform(100, 9_000)
        away = radius * chance.uniform(0.4, 1, 40)
        ring = middle + np.column_stack([np.cos(turn), np.sin(turn)]) * away[:, None]
        shape = shapely.Polygon(ring)
        if at % 3 == 0:
            shape = shape.difference(shapely.Point(middle).buffer(radius / 5))
        shapes.append(shape)
    return np.array(shapes, dtype=object)


@pytest.mark.parametrize(("points", "at_once"), [(300, 100), (20_000, 500_000)])
def test_all_points_lie_where_a_spatial_join_says(
    points: int, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inside, "_POINTS_AT_ONCE", at_once)
    shapes, chance = draw_stars(60, 5), np.random.default_rng(6)
    corners = shapely.get_coordinates(shapes)[:200]
    x, y = np.concatenate([chance.uniform(-5_000, 105_000, (points, 2)), corners]).T
    dots = gpd.GeoSeries.from_xy(x, y)
    theirs = gpd.GeoSeries(shapes).sindex.query(dots, predicate="intersects").T
    found = list(find_inside(x, y, lay_ground(shapes, len(x))))
    mine = np.concatenate([np.column_stack(part) for part in found])
    assert len(found) == np.ceil(len(x) / at_once)
    assert (mine == theirs[np.lexsort((theirs[:, 1], theirs[:, 0]))]).all()
    assert len(mine) == len(theirs) > 100


def test_nobody_and_nothing() -> None:
    square = shapely.box(0, 0, 1, 1)
    shapes = np.array([None, shapely.Polygon(), square], dtype=object)
    x, y = np.array([0.5, np.nan, 2, 1]), np.array([0.5, 0.5, np.nan, 1])
    [found] = find_inside(x, y, lay_ground(shapes, len(x)))
    assert [part.tolist() for part in found] == [[0, 3], [2, 2]]
    assert list(find_inside(x, y, lay_ground(shapes[:2], len(x)))) == []
    assert list(find_inside(x[:0], y[:0], lay_ground(shapes, 0))) == []
