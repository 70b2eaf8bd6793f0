"""Outlines packed into little text, and read back."""

from __future__ import annotations

from base64 import b64decode

import geopandas as gpd
import numpy as np
import shapely

from clustermap.render.outlines import (
    UNIT,
    display_shapes,
    pack_numbers,
    pack_outlines,
    pack_points,
)


def unpack(text: str) -> list[int]:
    numbers, number, shift = [], 0, 0
    for byte in b64decode(text):
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            numbers.append(number)
            number, shift = 0, 0
    return numbers


def unzigzag(number: int) -> int:
    return (number >> 1) ^ -(number & 1)


def test_numbers_come_back() -> None:
    numbers = np.array([0, 1, 127, 128, 16_383, 16_384, 2**28, 2**35 - 1], dtype=np.int64)
    assert unpack(pack_numbers(numbers)) == numbers.tolist()


def test_points_come_back() -> None:
    moves = [unzigzag(n) for n in unpack(pack_points([127.5, 126.25], [37.0, 38.125]))]
    assert moves == [12_750_000, 3_700_000, -125_000, 112_500]


def test_outline_with_a_hole_and_shapes_without_rings() -> None:
    """A square of 2 x 2 degrees with a hole of 1 x 1, then nothing, then a point."""
    square = shapely.box(126, 36, 128, 38).difference(shapely.box(126.5, 36.5, 127.5, 37.5))
    numbers = unpack(pack_outlines([square, None, shapely.Point(1, 1)]))
    assert numbers[0] == 2
    assert numbers[1] == 4
    assert numbers[10] == 4
    assert numbers[19:] == [0, 0]
    assert sum(unzigzag(n) for n in numbers[2:10:2]) % UNIT == 0


def test_a_shape_smaller_than_a_step_has_no_ring() -> None:
    speck = shapely.box(127, 37, 127.000001, 37.000001)
    assert unpack(pack_outlines([speck])) == [0]


def test_display_shapes_keep_the_outline_within_a_detail() -> None:
    """A circle of radius 1,000 m stays a circle to within 1/100 of its width."""
    circle = gpd.GeoDataFrame(geometry=[shapely.Point(950_000, 1_950_000).buffer(1000, 64)],
                              crs="EPSG:5179")  # fmt: skip
    shape = display_shapes(circle, details=100)[0]
    full = circle.to_crs("EPSG:4326").geometry.iloc[0]
    assert shapely.hausdorff_distance(shape, full) < 0.03 / 100
    assert shapely.get_num_coordinates(shape) < 60
