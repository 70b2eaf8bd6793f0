"""Areas and their tiles."""

from __future__ import annotations

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from clustermap.sources.osm.area import Area, box_area, union_area


def test_tiles_cover_the_area_and_are_no_larger_than_asked_for() -> None:
    area = box_area((127.0, 36.0, 127.9, 36.5))
    tiles = area.tiles(20)
    # 0.9 degrees are at most 81.1 km wide at 36 degrees north (5 tiles), 0.5 are 55.7 km (3).
    assert len(tiles) == 15
    assert shapely.union_all(tiles).equals(area.shape)
    sides = [(b[2] - b[0], b[3] - b[1]) for b in (tile.bounds for tile in tiles)]
    assert max(width for width, _ in sides) == pytest.approx(0.18)
    assert max(height for _, height in sides) == pytest.approx(0.5 / 3, abs=1e-6)


@given(
    st.floats(-170, 160), st.floats(-70, 60), st.floats(0.001, 1.5), st.floats(0.001, 1.5),
    st.floats(5, 50),
)  # fmt: skip
def test_any_box_is_covered(
    west: float, south: float, wide: float, high: float, side: float
) -> None:
    area = box_area((west, south, west + wide, south + high))
    covered = shapely.union_all(area.tiles(side)).buffer(3e-6)
    assert covered.covers(area.shape)


def test_tiles_without_any_of_the_area_are_left_out() -> None:
    corners = [(10, 50, 10.01, 50.01), (11, 51, 11.01, 51.01)]
    area = union_area(corners, "two", margin_km=0)
    tiles = area.tiles(5)
    assert len(tiles) == 2
    assert [tile.area for tile in tiles] == pytest.approx([1e-4, 1e-4], rel=1e-3)


def test_a_margin_is_as_wide_in_the_north_as_in_the_south() -> None:
    for south in (0.0, 60.0):
        area = union_area([(10.0, south, 10.1, south + 0.1)], "one", margin_km=1)
        bare = union_area([(10.0, south, 10.1, south + 0.1)], "one", margin_km=0)
        km = bare.km2**0.5
        west, south_edge, east, north = area.bounds
        assert north - south_edge == pytest.approx(0.1 + 2 / 111.32, rel=1e-4)
        ratio = {0.0: 1.0, 60.0: 2.0}[south]
        assert east - west == pytest.approx(0.1 + ratio * 2 / 111.32, rel=0.01), km


def test_the_size_is_that_on_the_ellipsoid() -> None:
    assert box_area((0, 0, 1, 1)).km2 == pytest.approx(12_308.8, rel=1e-3)
    two = Area(shapely.union_all([shapely.box(0, 0, 1, 1), shapely.box(2, 0, 3, 1)]), "two")
    assert two.km2 == pytest.approx(24_617.6, rel=1e-3)
