"""Cluster polygons: made valid and counted, refused where they are none, held to each other."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pytest
import shapely
from pyproj import CRS

from clustermap import tables
from clustermap.checks import FAULTS, Checked, Chunk, check_chunk
from clustermap.errors import TableFault
from clustermap.layers.clusters import (
    CleanPolygons,
    clean_polygons,
    find_overlaps,
    make_valid,
    move_boundaries,
    refuse_overlaps,
)
from clustermap.network.sums import join_parts

KOREA, LONLAT = CRS("EPSG:5179"), CRS("EPSG:4326")
EAST, NORTH = 1_000_000, 2_000_000


def box(west: float, south: float, east: float, north: float) -> shapely.Polygon:
    """Return a rectangle, in kilometres from the origin of Korea's grid."""
    km = [v * 1000 for v in (west, south, east, north)]
    return shapely.box(EAST + km[0], NORTH + km[1], EAST + km[2], NORTH + km[3])


def clean(
    shapes: list[Any],
    ids: list[str] | None = None,
    *,
    found: CRS = KOREA,
    crs: CRS = KOREA,
    **columns: Any,
) -> CleanPolygons:
    ids = ids or [f"C{number}" for number in range(len(shapes))]
    wkb = [s if s is None or isinstance(s, bytes) else shapely.to_wkb(s) for s in shapes]
    rows = {"cluster": ids, "name": ids, "geometry": pa.array(wkb, pa.binary()), **columns}
    chunk = Chunk("단지.gpkg", pa.array(range(1, len(ids) + 1)), pa.table(rows))
    return clean_polygons(tables.CLUSTERS, check_chunk(tables.CLUSTERS, chunk), found, crs)


def reasons(cleaned: CleanPolygons) -> list[tuple[int, str, str]]:
    faults = cleaned.faults.sort_by("line").to_pylist()
    return [(f["line"], f["column"], f["reason"]) for f in faults]


#   a bow tie:  +-. .-+      two triangles of 1 km² each are left of it
#               |  X  |
#               +-' '-+
BOW_TIE = shapely.Polygon(
    [(EAST, NORTH), (EAST + 2000, NORTH + 2000), (EAST + 2000, NORTH), (EAST, NORTH + 2000)]
)


def test_a_bow_tie_is_made_valid_and_counted() -> None:
    cleaned = clean([BOW_TIE, box(5, 5, 6, 6)])
    assert cleaned.made_valid == 1
    assert cleaned.faults.num_rows == 0
    assert cleaned.frame["area_km2"].to_list() == pytest.approx([2.0, 1.0])
    assert cleaned.frame.geometry.is_valid.all()


def test_a_spike_falls_off_what_is_made_valid() -> None:
    spike = shapely.Polygon(
        [
            (EAST, NORTH),
            (EAST + 1000, NORTH),
            (EAST + 1000, NORTH + 1000),
            (EAST + 1000, NORTH + 9000),
            (EAST + 1000, NORTH + 1000),
            (EAST, NORTH + 1000),
        ]
    )
    cleaned = clean([spike])
    assert cleaned.frame.geometry.iloc[0].geom_type == "Polygon"
    assert cleaned.frame["area_km2"].to_list() == [1.0]
    assert cleaned.made_valid == 1


def test_what_is_no_area_is_set_aside() -> None:
    flat = shapely.Polygon([(EAST, NORTH), (EAST + 1, NORTH), (EAST, NORTH)])
    line = shapely.LineString([(EAST, NORTH), (EAST + 1000, NORTH)])
    lost = shapely.Polygon([(np.inf, NORTH), (EAST, NORTH), (EAST, NORTH + 1)])
    shapes = [
        box(0, 0, 1, 1),
        None,
        shapely.Polygon(),
        line,
        flat,
        b"\x01junk",
        lost,
        shapely.Point(EAST, NORTH),
    ]
    cleaned = clean(shapes)
    assert cleaned.frame.index.to_list() == ["C0"]
    assert reasons(cleaned) == [
        (2, "geometry", "no_geometry"),
        *((line_, "cluster", "unusable_polygon") for line_ in range(3, 9)),
    ]
    assert cleaned.made_valid == 0


@pytest.mark.parametrize("lost", [np.nan, np.inf])
@pytest.mark.parametrize("at", [1, 2])
def test_a_polygon_with_a_corner_nowhere_is_set_aside(at: int, lost: float) -> None:
    ring = np.array([(127, 36), (128, 36), (127, 37)], dtype=float)
    ring[at, 0] = lost
    with np.errstate(invalid="ignore"):  # of a ring whose ends are not a number
        nowhere = shapely.Polygon(ring)
        whole = shapely.box(126, 36, 126.5, 36.5)
        parts = [nowhere, shapely.MultiPolygon([whole, nowhere]), whole]
        cleaned = clean(parts, found=LONLAT)
    assert cleaned.frame.index.to_list() == ["C2"]
    assert reasons(cleaned) == [(line, "cluster", "unusable_polygon") for line in (1, 2)]
    assert cleaned.made_valid == 0


def test_a_polygon_off_the_projection_is_set_aside() -> None:
    far = shapely.box(500, 95, 501, 96)
    cleaned = clean([shapely.box(127, 37, 127.1, 37.1), far], found=LONLAT)
    assert reasons(cleaned) == [(2, "cluster", "unusable_polygon")]


def test_every_row_of_a_duplicated_identifier_is_set_aside() -> None:
    cleaned = clean([box(n, 0, n + 1, 1) for n in range(4)], ["a", "b", "a", "c"])
    assert cleaned.frame.index.to_list() == ["b", "c"]
    assert reasons(cleaned) == [(1, "cluster", "duplicate_id"), (3, "cluster", "duplicate_id")]


def test_identifiers_of_background_cells_are_reserved() -> None:
    ids = ["outside:unknown", "abroad:US", "a ∩ b", "inside: outside:", "Abroad"]
    cleaned = clean([box(n, 0, n + 1, 1) for n in range(5)], ids)
    assert cleaned.frame.index.to_list() == ["inside: outside:", "Abroad"]
    assert reasons(cleaned) == [(line, "cluster", "reserved_id") for line in (1, 2, 3)]


def test_a_designated_area_stays_and_a_missing_one_is_measured() -> None:
    cleaned = clean([box(0, 0, 2, 1), box(5, 0, 6, 1)], area_km2=["7.5", ""])
    assert cleaned.frame["area_km2"].to_list() == [7.5, 1.0]


@pytest.mark.parametrize("crs", [KOREA, LONLAT])
def test_a_point_with_an_area_is_a_circle_of_it(crs: CRS) -> None:
    shapes = [shapely.Point(127.5, 37.5), shapely.Point(127.9, 37.5)]
    cleaned = clean(shapes, found=LONLAT, crs=crs, area_km2=["4", ""])
    assert reasons(cleaned) == [(2, "cluster", "unusable_polygon")]
    (circle,) = cleaned.frame.to_crs(KOREA).area
    assert circle == pytest.approx(4e6, rel=0.01)


def test_heights_are_dropped() -> None:
    cleaned = clean([shapely.force_3d(box(0, 0, 1, 1), 12.0)])
    assert not cleaned.frame.geometry.has_z.any()


def test_swapped_polygons_are_told() -> None:
    with pytest.raises(TableFault) as caught:
        clean([shapely.box(37, 127, 38, 128)], found=LONLAT)
    assert caught.value.reason == "swapped_axes"


def test_degrees_called_metres_are_told() -> None:
    with pytest.raises(TableFault) as caught:
        clean([shapely.box(127, 37, 128, 38)], found=KOREA)
    # 127 m east of the origin: the grid says the ocean south of Korea.
    assert caught.value.reason == "degrees_in_metres"


def test_a_map_unfit_for_the_clusters_names_one_that_fits() -> None:
    with pytest.raises(TableFault, match=r'crs = "EPSG:3035" fits'):
        clean([shapely.box(11, 48, 12, 49)], found=LONLAT)


def refuse(*arguments: Any) -> TableFault:
    with pytest.raises(TableFault) as caught:
        clean(*arguments)
    return caught.value


@pytest.mark.parametrize(
    ("shapes", "why"),
    [
        ([shapely.Polygon()], "it is no polygon with an area."),
        ([b"junk"], "it is no polygon with an area."),
        ([None], "it has no geometry."),
    ],
)
def test_a_layer_without_a_usable_polygon_says_why(shapes: list[Any], why: str) -> None:
    fault = refuse(shapes)
    assert (fault.reason, fault.table, fault.row) == ("all_refused", "clusters (단지.gpkg)", 1)
    assert f"none of the 1 rows read can be used; what is wrong with 1 of them: {why}" in str(fault)


def test_a_layer_refused_for_several_reasons_says_what_most_rows_have() -> None:
    fault = refuse([box(n, 0, n + 1, 1) for n in range(3)], ["abroad:US", "b", "b"])
    assert (fault.reason, fault.row, fault.value) == ("all_refused", 2, "b")
    assert "none of the 3 rows" in str(fault)
    assert "with 2 of them: the identifier stands in several rows." in str(fault)


def test_boundaries_that_are_given_twice_name_both_files() -> None:
    wkb = pa.array([shapely.to_wkb(box(n, 0, n + 1, 1)) for n in range(2)], pa.binary())
    rows = pa.table({"cluster": ["100000", "b"], "name": ["a", "b"], "geometry": wkb})
    files = ("단지.shp", "단지.geojson")
    parts = [
        check_chunk(tables.CLUSTERS, Chunk(file, pa.array([1, 2]), rows)).rows for file in files
    ]
    whole = Checked(join_parts(parts), FAULTS.empty_table())
    with pytest.raises(TableFault) as caught:
        clean_polygons(tables.CLUSTERS, whole, KOREA, KOREA)
    fault = caught.value
    assert (fault.reason, fault.value) == ("all_in_several_files", "100000")
    assert "'100000' stands in several files (단지.shp, 단지.geojson)" in fault.line("en")
    assert "'100000'이 여러 파일(단지.shp, 단지.geojson)에 있습니다" in fault.line("ko")
    assert "4 of the 4 rows" in fault.line("en")


def test_overlaps_are_pairs_that_share_ground() -> None:
    #   +--A--+           A and B share a square kilometre, B and C only an edge,
    #   |  +--+--B--+--C--+    D lies in C, E covers A by a sliver
    shapes = [
        box(0, 0, 2, 2),
        box(1, 0, 4, 1),
        box(4, 0, 8, 4),
        box(5, 1, 6, 2),
        box(-3, 0, 0.000001, 2),
    ]
    found = find_overlaps(np.array(shapes, dtype=object))
    assert found.tolist() == [[0, 1], [2, 3]]
    frame = clean(shapes).frame
    with pytest.raises(TableFault) as caught:
        refuse_overlaps(frame, found)
    fault = caught.value
    assert (fault.reason, fault.value, fault.values["other"]) == (
        "overlapping_clusters",
        "C0",
        "C1",
    )
    assert fault.values["pairs"] == 2
    refuse_overlaps(frame, found[:0])


def test_made_valid_marks_which() -> None:
    shapes = np.array([BOW_TIE, None, box(0, 0, 1, 1)], dtype=object)
    mended, broken = make_valid(shapes)
    assert broken.tolist() == [True, False, False]
    assert mended[1] is None
    assert shapes[0] is BOW_TIE  # the input stays as it was


@pytest.mark.parametrize("crs", [KOREA, LONLAT])
def test_boundaries_move_by_a_fifth_of_the_radius_at_most_500_m(crs: CRS) -> None:
    # Squares of 2 and 20 km: a circle of the same area has a radius of 1,128 m and 11.3 km.
    frame = gpd.GeoSeries([box(0, 0, 2, 2), box(30, 0, 50, 20)], crs=KOREA).to_crs(crs)
    for outward, sides in ((False, (1548.6, 19_000)), (True, (2451.4, 21_000))):
        moved = gpd.GeoSeries(move_boundaries(frame, outward=outward), crs=crs)
        west, south, east, north = moved.to_crs(KOREA).bounds.to_numpy().T
        # A square in the map's grid is turned and bent a little in degrees.
        exact = 0.001 if crs == KOREA else 0.005
        assert (east - west).tolist() == pytest.approx(sides, rel=exact)
        assert (north - south).tolist() == pytest.approx(sides, rel=exact)


def test_a_strip_of_which_nothing_would_be_left_stays() -> None:
    # 100 m by 10 km: a circle of the same area has a radius of 564 m, of which a fifth is 113 m.
    strip = gpd.GeoSeries([box(0, 0, 0.1, 10)], crs=KOREA)
    assert move_boundaries(strip, outward=False)[0].equals(strip.iloc[0])
    assert move_boundaries(strip, outward=True)[0].area > strip.iloc[0].area
