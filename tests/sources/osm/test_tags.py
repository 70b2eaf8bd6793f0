"""The table of tags, and what follows from it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from clustermap.errors import TableFault
from clustermap.sources.osm.tags import (
    LAYERS,
    query_tags,
    read_roads,
    read_tags,
    tags_file,
    wanted_keys,
)

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "key,value,named_like,layer,kind,inside,asked,meaning\n"


def test_the_table_covers_every_layer_and_says_what_each_tag_means() -> None:
    tags = read_tags(commercial=True)
    assert {tag.layer for tag in tags} == set(LAYERS)
    assert all(tag.meaning for tag in tags)
    assert [tag.written for tag in tags if tag.asked] == ["landuse=commercial"]
    assert len(read_tags()) == len(tags) - 1
    assert {"landuse=industrial", "amenity=university", "man_made=works", "office=company"} <= {
        tag.written for tag in tags
    }


@pytest.mark.parametrize(
    "name",
    [
        "Cambridge Science Park",
        "대덕테크노밸리",
        "Technopark Zürich",
        "판교테크노밸리",
        "Sophia Technopole",
    ],
)
def test_a_science_park_is_told_by_its_name(name: str) -> None:
    patterns = {tag.named_like for tag in read_tags() if tag.kind == "science_park"} - {""}
    assert len(patterns) == 1
    assert re.search(patterns.pop(), name, re.IGNORECASE)


@pytest.mark.parametrize("name", ["성서일반산업단지", "Park Lane", "Gewerbepark Nord"])
def test_another_name_makes_no_science_park(name: str) -> None:
    pattern = next(tag.named_like for tag in read_tags() if tag.kind == "science_park")
    assert not re.search(pattern, name, re.IGNORECASE)


def test_queries_and_columns_follow_from_the_table() -> None:
    tags = read_tags()
    query = query_tags(tags)
    assert query["office"] == sorted(tag.value for tag in tags if tag.key == "office")
    assert {*query, "name", "name:en", "industrial"} <= set(wanted_keys(tags))


def test_a_table_of_ones_own_replaces_it(tmp_path: Path) -> None:
    file = tmp_path / "tags.csv"
    file.write_text(HEAD + "craft,brewery,,firms,firm,name,,Beer\n", encoding="utf-8-sig")
    (tag,) = read_tags(file)
    assert (tag.written, tag.layer, tag.inside) == ("craft=brewery", "firms", "name")


@pytest.mark.parametrize(
    ("row", "column", "value"),
    [
        ("craft,it's,,firms,firm,,,", "value", "it's"),
        ('craft,"a""];out;",,firms,firm,,,', "value", 'a"];out;'),
        ('cr"aft,b,,firms,firm,,,', "key", 'cr"aft'),
        ("craft,b,(,firms,firm,,,", "named_like", "("),
        ("craft,b,,shops,firm,,,", "layer", "shops"),
        ("craft,b,,institutes,school,,,", "kind", "school"),
        ("craft,b,,firms,firm,twice,,", "inside", "twice"),
        ("craft,b,,firms,firm,,sometimes,", "asked", "sometimes"),
    ],
)
def test_a_bad_row_is_one_line(tmp_path: Path, row: str, column: str, value: str) -> None:
    file = tmp_path / "tags.csv"
    file.write_text(f"{HEAD}craft,a,,firms,firm,,,\n{row}\n", encoding="utf-8")
    with pytest.raises(TableFault) as caught:
        read_tags(file)
    fault = caught.value
    assert (fault.reason, fault.column, fault.row, fault.value) == (
        "osm_tags_value", column, 3, value,
    )  # fmt: skip


def test_a_table_without_a_column_or_a_row_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "tags.csv"
    file.write_text("key,value\n", encoding="utf-8")
    with pytest.raises(TableFault, match="named_like"):
        read_tags(file)
    file.write_text(HEAD, encoding="utf-8")
    with pytest.raises(TableFault, match=r"tags\.csv"):
        read_tags(file)
    with pytest.raises(TableFault, match=r"nowhere\.csv"):
        read_tags(tmp_path / "nowhere.csv")


def test_every_road_has_a_speed_and_main_roads_are_fewer() -> None:
    drive, main = read_roads("drive"), read_roads("main")
    assert set(main.speeds_kph) < set(drive.speeds_kph)
    assert all(5 <= speed <= 130 for speed in drive.speeds_kph.values())
    assert read_roads("none").speeds_kph == {}


def test_the_filter_and_the_rule_take_the_same_roads() -> None:
    rules = read_roads("main")
    assert rules.takes({"highway": "primary"})
    assert not rules.takes({"highway": "residential"})
    assert not rules.takes({"highway": "primary", "access": "private"})
    written = rules.overpass_filter()
    assert written.startswith('["highway"~"^(motorway|')
    assert '["access"!~"^(private)$"]' in written


def test_the_file_is_shipped() -> None:
    assert tags_file().is_file()
