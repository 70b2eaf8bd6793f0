"""From elements to layers, on an invented town."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely import LineString, Point, Polygon, box

from clustermap.sources.osm.elements import ID, make_layers
from clustermap.sources.osm.tags import read_tags

TAGS = read_tags(commercial=True)


def elements(*rows: tuple[str, Any, dict[str, str]]) -> gpd.GeoDataFrame:
    frame = gpd.GeoDataFrame(
        [{ID: name, **tags} for name, _, tags in rows],
        geometry=[shape for _, shape, _ in rows],
        crs=4326,
    )
    return frame.astype({ID: object})


def areas(frame: gpd.GeoDataFrame) -> list[float]:
    found: list[float] = shapely.area(frame.geometry.array).tolist()
    return found


def test_the_first_row_that_fits_decides() -> None:
    made = make_layers(
        elements(
            ("way/2", box(0, 0, 1, 1), {"landuse": "industrial", "name": "North Science Park"}),
            ("way/10", box(2, 0, 3, 1), {"landuse": "industrial", "name": "North"}),
            ("way/3", box(4, 0, 5, 1), {"landuse": "commercial"}),
            ("way/4", box(6, 0, 7, 1), {"landuse": "retail"}),
        ),
        TAGS,
    )
    clusters = made.frames["clusters"]
    # In the order of numbers, not of text.
    assert clusters["cluster"].tolist() == ["way/2", "way/3", "way/10"]
    assert clusters["kind"].tolist() == ["science_park", "commercial", "industrial"]
    assert clusters["tag"].tolist() == [
        "landuse=industrial", "landuse=commercial", "landuse=industrial",
    ]  # fmt: skip
    assert made.frames["institutes"].empty
    assert made.frames["firms"].empty


def test_an_element_may_be_a_cluster_and_an_actor_but_one_actor_only() -> None:
    tags = {"landuse": "industrial", "man_made": "works", "amenity": "university"}
    made = make_layers(elements(("way/1", box(0, 0, 1, 1), tags)), TAGS)
    assert [len(made.frames[name]) for name in ("clusters", "institutes", "firms")] == [1, 1, 0]


def test_names_are_never_invented() -> None:
    made = make_layers(
        elements(
            ("way/1", box(0, 0, 1, 1), {"landuse": "industrial"}),
            ("way/2", box(2, 0, 3, 1), {"landuse": "industrial", "name:en": "East"}),
            ("node/3", Point(0, 0), {"office": "company"}),
            ("node/4", Point(0, 0), {"amenity": "hospital", "name": " A \n B "}),
        ),
        TAGS,
    )
    clusters = made.frames["clusters"]
    assert clusters["name"].tolist() == ["landuse=industrial way/1", "East"]
    assert clusters["named"].tolist() == [0, 1]
    assert clusters["name_en"].tolist() == [None, "East"]
    assert made.frames["firms"]["name"].tolist() == [None]
    assert made.frames["institutes"]["name"].tolist() == ["A B"]
    assert made.facts["clusters"]["unnamed"] == 1


def test_outlines_that_cross_themselves_are_mended_and_counted() -> None:
    bow = Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])
    made = make_layers(elements(("way/1", bow, {"landuse": "industrial"})), TAGS)
    (shape,) = made.frames["clusters"].geometry
    assert made.facts["clusters"]["made_valid"] == 1
    assert shape.is_valid
    assert shape.area == pytest.approx(2.0)  # two triangles, each of a base of 2 and a height of 1


def test_closed_lines_are_areas_and_open_ones_are_not() -> None:
    ring = LineString([(0, 0), (1, 0), (1, 1), (0, 0)])
    made = make_layers(
        elements(
            ("way/1", ring, {"landuse": "industrial"}),
            ("way/2", LineString([(0, 0), (1, 0)]), {"landuse": "industrial"}),
            ("node/3", Point(0, 0), {"landuse": "industrial"}),
            ("way/4", LineString([(0, 0), (1, 0)]), {"man_made": "works"}),
        ),
        TAGS,
    )
    assert made.frames["clusters"]["cluster"].tolist() == ["way/1"]
    assert areas(made.frames["clusters"]) == [0.5]
    assert made.facts["clusters"]["no_area"] == 2
    assert made.facts["firms"] == {"elements": 1, "no_place": 1, "kept": 0}


def test_a_part_of_an_institute_is_not_another_one() -> None:
    university = {"amenity": "university"}
    made = make_layers(
        elements(
            ("way/1", box(0, 0, 4, 4), {**university, "name": "Town"}),
            ("way/2", box(1, 1, 2, 2), {**university, "name": "Library"}),
            ("node/3", Point(3, 3), university),
            ("way/4", box(0, 0, 4, 4), {**university, "name": "Town, again"}),
            ("node/5", Point(3, 3), {"amenity": "hospital"}),
            ("way/6", box(5, 5, 6, 6), {**university, "name": "Far"}),
        ),
        TAGS,
    )
    assert made.frames["institutes"]["institute"].tolist() == ["node/5", "way/1", "way/6"]
    assert made.facts["institutes"]["part_of_another"] == 3


def test_a_firm_inside_another_is_its_own_unless_they_have_one_name() -> None:
    made = make_layers(
        elements(
            ("way/1", box(0, 0, 4, 4), {"man_made": "works", "name": "Alpha"}),
            ("way/2", box(1, 1, 2, 2), {"building": "industrial", "name": "ALPHA"}),
            ("node/3", Point(3, 3), {"office": "company", "name": "Beta"}),
            ("node/4", Point(3, 3), {"office": "company"}),
            ("way/5", box(3, 3, 4, 4), {"building": "industrial"}),  # nobody's name: no firm
        ),
        TAGS,
    )
    assert made.frames["firms"]["firm"].tolist() == ["node/3", "node/4", "way/1"]
    assert made.facts["firms"] == {"elements": 4, "part_of_another": 1, "kept": 3, "unnamed": 1}


def test_an_area_stands_as_a_point_inside_it_with_its_radius() -> None:
    side = 0.01  # 1.1132 km by 1.1057 km at the equator
    horseshoe = box(0, 0, 3 * side, 3 * side) - box(side, side, 2 * side, 4 * side)
    made = make_layers(elements(("way/1", horseshoe, {"amenity": "hospital"})), TAGS)
    (row,) = made.frames["institutes"].to_dict("records")
    assert horseshoe.contains(row["geometry"])
    assert row["precision_m"] == pytest.approx(1000 * np.sqrt(7 * 1.1132 * 1.1057 / np.pi), abs=3)


def test_only_what_lies_in_the_area_is_kept() -> None:
    made = make_layers(
        elements(
            ("way/1", box(0, 0, 2, 2), {"landuse": "industrial"}),  # reaches into it: kept whole
            ("way/2", box(5, 5, 6, 6), {"landuse": "industrial"}),
            ("node/3", Point(1.5, 1.5), {"office": "company"}),
            ("node/4", Point(0.5, 0.5), {"office": "company"}),
        ),
        TAGS,
        box(1, 1, 3, 3),
    )
    assert areas(made.frames["clusters"]) == [4.0]
    assert made.frames["firms"]["firm"].tolist() == ["node/3"]
    assert made.facts["clusters"]["elsewhere"] == made.facts["firms"]["elsewhere"] == 1


def test_what_came_with_two_tiles_or_twice_in_the_map_is_one() -> None:
    rows = [
        ("way/1", box(0, 0, 1, 1), {"landuse": "industrial"}),
        ("relation/1", Polygon([(1, 1), (0, 1), (0, 0), (1, 0)]), {"landuse": "industrial"}),
        ("way/1", box(0, 0, 1, 1), {"landuse": "industrial"}),
    ]
    made = make_layers(elements(*rows), TAGS)
    assert made.frames["clusters"]["cluster"].tolist() == ["relation/1"]
    assert made.facts["clusters"] == {"elements": 2, "twice": 1, "kept": 1, "unnamed": 1}


def test_the_order_of_elements_changes_nothing() -> None:
    rows = [
        ("way/1", box(0, 0, 4, 4), {"amenity": "university", "name": "A"}),
        ("way/2", box(1, 1, 2, 2), {"amenity": "university", "name": "B"}),
        ("way/30", box(0, 0, 4, 4), {"landuse": "industrial"}),
        ("node/4", Point(3, 3), {"office": "company", "name": "C"}),
    ]
    one, other = (make_layers(elements(*order), TAGS) for order in (rows, rows[::-1]))
    for name, frame in one.frames.items():
        assert frame.to_json() == other.frames[name].to_json()
    assert one.facts == other.facts


def test_no_element_at_all_gives_empty_layers() -> None:
    none = gpd.GeoDataFrame({ID: np.array([], dtype=object)}, geometry=[], crs=4326)
    made = make_layers(none, TAGS)
    assert [len(frame) for frame in made.frames.values()] == [0, 0, 0]
