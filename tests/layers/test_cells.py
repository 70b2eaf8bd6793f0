"""Cells: the same as a spatial join to the last point, the nearest by hand, names in any order."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from clustermap.layers import cells as cells_module
from clustermap.layers import inside as inside_module
from clustermap.layers.cells import (
    JOINT,
    UNKNOWN,
    Assignment,
    Place,
    assign,
    build_cells,
    extend_cells,
    find_nearest,
)
from clustermap.layers.inside import find_inside, lay_ground
from clustermap.layers.outlines import outline

EAST, NORTH = 1_000_000.0, 2_000_000.0


def place(
    points: list[tuple[float, float] | None], *, crs: str = "EPSG:5179", **known: list[Any]
) -> Place:
    """Return actors at points given in kilometres from the origin (in degrees on a globe)."""
    size = len(points)
    xy = np.array([(np.nan, np.nan) if p is None else p for p in points], dtype=float)
    if crs == "EPSG:5179":
        xy = xy.reshape(-1, 2) * 1000 + (EAST, NORTH)
    return Place(
        xy[:, 0],
        xy[:, 1],
        pa.array(known.get("complex", [None] * size), pa.string()),
        pa.array(known.get("region", [None] * size), pa.string()),
        np.array(known.get("precision_m", [np.nan] * size), dtype=float),
    )


def clusters(
    crs: str = "EPSG:5179", **boxes: tuple[float, float, float, float]
) -> gpd.GeoDataFrame:
    scale, shift = (1000.0, (EAST, NORTH)) if crs == "EPSG:5179" else (1.0, (0.0, 0.0))
    shapes = [
        shapely.transform(shapely.box(*box), lambda c: c * scale + shift) for box in boxes.values()
    ]
    frame = gpd.GeoDataFrame({"name": [f"{k} 단지" for k in boxes]}, geometry=shapes, crs=crs)
    return frame.set_index(gpd.pd.Index(list(boxes), name="cluster"))


def told(found: Assignment) -> list[tuple[str, str]]:
    return list(zip(found.cells.to_pylist(), found.how.to_pylist(), strict=True))


#        km  0     2     4     6     8        ZONE holds A and half of B
#        2   +-----ZONE--------+
#            |  +-A-+   +--B---|-----+        C touches nothing
#            |  +---+   +------|-----+
#        0   +-----------------+         C at 20..22
WORLD = {"ZONE": (0, 0, 6, 2), "A": (1, 0.5, 2, 1.5), "B": (4, 0.5, 8, 1.5), "C": (20, 0, 22, 2)}


def test_the_smallest_cluster_holds_a_point() -> None:
    points = [(1.5, 1), (0.5, 1), (5, 1), (7, 1), (21, 1), (2, 1)]
    found = assign(
        place(list(points)), outline(clusters(**WORLD)), overlaps="smallest", nearest_m=0
    )
    cells = ["A", "ZONE", "B", "B", "C", "A"]  # the last lies on A's edge
    assert told(found) == [(cell, "inside") for cell in cells]
    assert found.several == 3
    assert np.isnan(found.nearest_m).all()


def test_the_base_partition_keeps_every_cluster_that_holds_a_point() -> None:
    points = [(1.5, 1), (0.5, 1), (5, 1), (7, 1), (21, 1)]
    frame = clusters(**WORLD)
    found = assign(place(list(points)), outline(frame), overlaps="all", nearest_m=0)
    pieces = ["ZONE ∩ A", "ZONE", "ZONE ∩ B", "B", "C"]
    assert told(found) == [(cell, "inside") for cell in pieces]
    cells = build_cells(list(frame.index), [found.cells])
    assert cells.names == ("ZONE", "A", "B", "C", "ZONE ∩ A", "ZONE ∩ B")
    held = {
        (cells.names[c], cells.names[k])
        for c, k in zip(cells.held_cell, cells.held_cluster, strict=True)
    }
    assert {cell for cell, cluster in held if cluster == "ZONE"} == {"ZONE", "ZONE ∩ A", "ZONE ∩ B"}
    assert {cell for cell, cluster in held if cluster == "A"} == {"A", "ZONE ∩ A"}
    assert cells.codes(found.cells).tolist() == [4, 0, 5, 2, 3]


def test_what_is_known_decides_in_order() -> None:
    frame = clusters(**WORLD)
    given_ = place(
        [(1.5, 1), (30, 1), None, None, None, None, (-7, -12)],
        complex=["C", "C", "B 단지", "nowhere", None, None, None],
        region=["부산", "부산", "부산", "부산", "부산", None, "부산"],
    )
    found = assign(given_, outline(frame), overlaps="smallest", nearest_m=0)
    assert told(found) == [
        ("A", "inside"),  # where it lies wins over what it says
        ("C", "complex"),
        ("B", "complex"),  # by name
        ("outside:부산", "region"),
        ("outside:부산", "region"),
        (UNKNOWN, "unknown"),
        ("outside:99_198", "grid"),  # the 10-km square: 993 km east, 1,988 km north
    ]


@pytest.mark.parametrize("crs", ["EPSG:5179", "EPSG:4326"])
def test_a_rough_point_lies_in_no_cluster_smaller_than_its_circle(crs: str) -> None:
    # A circle as large as BIG (12 x 12 km) has a radius of 6.8 km, one as large as SMALL of 1.1 km.
    big, small = (0.0, 0.0, 12.0, 12.0), (5.0, 5.0, 7.0, 7.0)
    where = 6.0, 6.0
    if crs == "EPSG:4326":  # at the equator a degree is 111 km
        big, small = (0.0, 0.0, 0.108, 0.1086), (0.045, 0.045, 0.063, 0.0631)
        where = 0.054, 0.054
    rough = [np.nan, 0.0, 1_100.0, 1_200.0, 6_700.0, 6_800.0, 10_000.0, 10_001.0, 100_000.0, 1e5]
    given_ = place(
        [where] * 10,
        crs=crs,
        precision_m=rough,
        complex=[None] * 5 + ["SMALL"] + [None] * 4,
        region=["부산"] * 9 + [None],
    )
    found = assign(
        given_, outline(clusters(crs, BIG=big, SMALL=small)), overlaps="smallest", nearest_m=0
    )
    ((square, how),) = {told(found)[6]}
    assert (square.startswith("outside:"), how) == (True, "grid")
    assert told(found) == [
        *[("SMALL", "inside")] * 3,
        *[("BIG", "inside")] * 2,
        ("SMALL", "complex"),  # what is stated is as good as ever
        (square, "grid"),
        *[("outside:부산", "region")] * 2,
        (UNKNOWN, "unknown"),
    ]
    assert (found.several, found.rough) == (3, 5)


def test_a_name_that_two_clusters_bear_names_none() -> None:
    frame = clusters(A=(0, 0, 1, 1), B=(2, 0, 3, 1), C=(4, 0, 5, 1))
    frame["name"] = ["성서", "성서", "A"]
    stated = place([None, None], complex=["성서", "A"])
    found = assign(stated, outline(frame), overlaps="smallest", nearest_m=0)
    # "A" is one cluster's identifier and another's name: the identifier wins.
    assert told(found) == [(UNKNOWN, "unknown"), ("A", "complex")]


def test_the_nearest_within_a_tolerance() -> None:
    #   A 0..1   . 1.4   . 2.0 (tie)   B 3..5
    frame = clusters(B=(3, 0, 5, 1), A=(0, 0, 1, 1))
    points = place([(1.4, 0.5), (2, 0.5), (2.7, 0.5), (1.5, 0.5), (1.51, 0.5), (1, 1)])
    found = assign(points, outline(frame), overlaps="smallest", nearest_m=500)
    assert told(found) == [
        ("A", "nearest"),
        ("outside:100_200", "grid"),
        ("B", "nearest"),
        ("A", "nearest"),  # exactly 500 m
        ("outside:100_200", "grid"),
        ("A", "inside"),
    ]
    assert found.nearest_m == pytest.approx([400, np.nan, 300, 500, np.nan, np.nan], nan_ok=True)
    tied = assign(points, outline(frame), overlaps="smallest", nearest_m=1000)
    assert told(tied)[1] == ("A", "nearest")  # equally near: the smaller one


def test_a_point_known_too_coarsely_is_not_moved_to_the_nearest() -> None:
    frame = clusters(A=(0, 0, 1, 1))
    points = [(1.4, 0.5)] * 3 + [(0.5, 0.5)]
    known = place(list(points), precision_m=[np.nan, 500, 501, 9000])
    found = assign(known, outline(frame), overlaps="smallest", nearest_m=500)
    assert found.how.to_pylist() == ["nearest", "nearest", "grid", "grid"]


def test_the_nearest_is_measured_in_metres_where_the_map_is_in_feet() -> None:
    foot = 1200 / 3937
    frame = gpd.GeoDataFrame(
        {"name": ["A"]}, geometry=[shapely.box(980_000, 200_000, 981_000, 201_000)], crs=2263
    )
    x = np.array([981_000 + 100 / foot, 981_000 + 101 / foot])
    nearest, metres = find_nearest(x, np.full(2, 200_500.0), outline(frame), np.full(2, 100.5))
    assert nearest.tolist() == [0, -1]
    assert metres[0] == pytest.approx(100.0, rel=1e-6)


def test_distances_on_the_globe_are_geodesic() -> None:
    frame = clusters("EPSG:4326", SEOUL=(126.9, 37.4, 127.1, 37.6))
    #           east of it      north of it      off its corner
    points = [(127.2, 37.5), (127.0, 37.65), (127.15, 37.65)]
    nearest_ends = [(127.1, 37.5), (127.0, 37.6), (127.1, 37.6)]
    found = assign(
        place(list(points), crs="EPSG:4326"), outline(frame), overlaps="smallest", nearest_m=20_000
    )
    assert found.how.to_pylist() == ["nearest"] * 3
    geod = Geod(ellps="WGS84")
    expected = [geod.inv(*p, *end)[2] for p, end in zip(points, nearest_ends, strict=True)]
    assert found.nearest_m == pytest.approx(expected, rel=1e-4)
    # Found whatever the direction: a degree of longitude is shorter than one of latitude.
    exact = np.array(expected)
    x, y = np.array(points).T
    for shift, reached in ((1.001, True), (0.999, False)):
        nearest, _ = find_nearest(x, y, outline(frame), exact * shift)
        assert (nearest == 0).all() == reached
        assert (nearest == -1).all() != reached


def test_the_background_of_a_globe_is_tenths_of_degrees() -> None:
    frame = clusters("EPSG:4326", SEOUL=(126.9, 37.4, 127.1, 37.6))
    found = assign(
        place([(-3.75, 40.05)], crs="EPSG:4326"), outline(frame), overlaps="all", nearest_m=0
    )
    assert told(found) == [("outside:-38_400", "grid")]


grid = st.integers(0, 12).map(float)
boxes = st.lists(
    st.tuples(grid, grid, st.integers(1, 6), st.integers(1, 6)).map(
        lambda b: (b[0], b[1], b[0] + b[2], b[1] + b[3])
    ),
    min_size=1,
    max_size=6,
)
points = st.lists(
    st.none() | st.tuples(grid, grid) | st.tuples(st.floats(-1, 13), st.floats(-1, 13)),
    min_size=1,
    max_size=25,
)


@settings(max_examples=100, deadline=None)
@given(boxes, points)
def test_inside_is_what_a_spatial_join_says(
    drawn: list[tuple[float, float, float, float]], at: list[tuple[float, float] | None]
) -> None:
    frame = clusters(**{f"C{n}": box for n, box in enumerate(drawn)})
    where = place(list(at))
    [mine] = find_inside(where.x, where.y, lay_ground(frame.geometry.to_numpy(), len(where.x)))
    dots = gpd.GeoDataFrame(geometry=gpd.points_from_xy(where.x, where.y), crs=frame.crs)
    dots = dots[[p is not None for p in at]]
    joined = gpd.sjoin(dots, frame.reset_index(drop=True), predicate="intersects")
    theirs = zip(joined.index, joined["index_right"], strict=True)
    assert sorted(zip(*(m.tolist() for m in mine), strict=True)) == sorted(theirs)


@settings(max_examples=60, deadline=None)
@given(boxes, points, st.sampled_from(["smallest", "all"]), st.randoms(use_true_random=False))
def test_the_order_of_actors_changes_nothing(
    drawn: list[tuple[float, float, float, float]],
    at: list[tuple[float, float] | None],
    overlaps: Any,
    chance: Any,
) -> None:
    frame = clusters(**{f"C{n}": box for n, box in enumerate(drawn)})
    found = assign(place(list(at)), outline(frame), overlaps=overlaps, nearest_m=700)
    order = list(range(len(at)))
    chance.shuffle(order)
    moved = assign(place([at[n] for n in order]), outline(frame), overlaps=overlaps, nearest_m=700)
    assert told(moved) == [told(found)[n] for n in order]
    ids = list(frame.index)
    assert build_cells(ids, [found.cells]).names == build_cells(ids, [moved.cells]).names


@settings(max_examples=60, deadline=None)
@given(boxes, points)
def test_the_nearest_is_the_least_of_all_distances(
    drawn: list[tuple[float, float, float, float]], at: list[tuple[float, float] | None]
) -> None:
    frame = clusters(**{f"C{n}": box for n, box in enumerate(drawn)})
    where = place([p for p in at if p is not None])
    nearest, metres = find_nearest(where.x, where.y, outline(frame), np.full(len(where.x), 1500.0))
    for x, y, found, distance in zip(where.x, where.y, nearest, metres, strict=True):
        all_ = frame.geometry.distance(shapely.Point(x, y)).to_numpy()
        if found < 0:
            assert all_.min() > 1500
        else:
            assert distance == all_.min() == all_[found]


@pytest.mark.parametrize("overlaps", ["smallest", "all"])
def test_some_points_at_once_get_the_same_cells_as_all(
    overlaps: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    along = [(n / 2, 1.0) for n in range(18)]
    frame, where = clusters(**WORLD), place([*along, None, (30, 30), *along])
    found = assign(where, outline(frame), overlaps=overlaps, nearest_m=0)
    monkeypatch.setattr(cells_module, "_POINTS_AT_ONCE", 7)
    monkeypatch.setattr(inside_module, "_POINTS_AT_ONCE", 7)
    again = assign(where, outline(frame), overlaps=overlaps, nearest_m=0)
    assert again.cells.equals(found.cells)
    assert (told(again), again.several) == (told(found), found.several)
    assert found.several == 2 * (3 + 5)  # along ZONE: in A from 1 to 2, in B from 4 to 6


def test_no_actors_at_all() -> None:
    frame = clusters(A=(0, 0, 1, 1))
    found = assign(place([]), outline(frame), overlaps="all", nearest_m=100)
    assert told(found) == []
    cells = build_cells(["A"], [])
    assert (cells.names, cells.held_cell.tolist(), cells.held_cluster.tolist()) == (
        ("A",),
        [0],
        [0],
    )


def test_more_cells_leave_the_codes_of_the_first_alone() -> None:
    first = build_cells(["B", "A"], [pa.array(["outside:2_2", "A"]).dictionary_encode()])
    more = pa.array(["outside:1_1", f"A{JOINT}B", "outside:2_2", "B"]).dictionary_encode()
    every = extend_cells(first, [more])
    assert first.names == ("B", "A", "outside:2_2")
    assert every.names == ("B", "A", "outside:2_2", f"A{JOINT}B", "outside:1_1")
    assert list(zip(every.held_cell, every.held_cluster, strict=True)) == [
        (0, 0),
        (1, 1),
        (3, 1),
        (3, 0),
    ]
    assert extend_cells(first, []).names == first.names
