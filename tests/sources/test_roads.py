"""Roads from files: by hand, against OSMnx, hostile ones, and real ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import networkx as nx
import numpy as np
import osmnx
import pytest

from clustermap.errors import TableFault
from clustermap.messages import LANGUAGES
from clustermap.network.roads import convert_graph
from clustermap.sources.osm.extract import read_ways
from clustermap.sources.osm.roads import build_graph, write_graph
from clustermap.sources.osm.tags import read_roads as read_rules
from clustermap.sources.roads import RoadsRead, find_speeds, read_road_graph
from tests.sources.osm.extracts import find_extracts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from clustermap.network.roads import Roads

KEYS = {"x": "node", "y": "node", "travel_time": "edge", "length": "edge", "maxspeed": "edge",
        "highway": "edge", "crs": "graph"}  # fmt: skip


def spell(content: str, *, directed: bool = True) -> str:
    keys = "".join(
        f'<key id="{name}" for="{of}" attr.name="{name}" attr.type="string"/>\n'
        for name, of in KEYS.items()
    )
    kind = "directed" if directed else "undirected"
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n{keys}'
        f'<graph edgedefault="{kind}">\n{content}</graph></graphml>\n'
    )


def node(name: object, x: object, y: object = 0) -> str:
    return f'<node id="{name}"><data key="x">{x}</data><data key="y">{y}</data></node>\n'


def edge(source: object, target: object, **told: object) -> str:
    values = "".join(f'<data key="{key}">{value}</data>' for key, value in told.items())
    return f'<edge source="{source}" target="{target}" id="0">{values}</edge>\n'


NODES = node("a", 0.0) + node("b", 0.01) + node("c", 0.02)


def read(folder: Path, text: str | bytes, crs: str = "") -> RoadsRead:
    file = folder / "roads.graphml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_road_graph(file, crs)


def list_edges(roads: Roads) -> dict[tuple[float, float], float]:
    times = roads.times.tocoo()
    ends = zip(*(np.round(roads.lon[at], 6).tolist() for at in times.coords), strict=True)
    return dict(zip(ends, times.data.tolist(), strict=True))


def list_faults(found: RoadsRead) -> list[tuple[str, str, str]]:
    rows = found.faults.sort_by([("line", "ascending")]).to_pylist()
    return [(row["column"], row["value"], row["reason"]) for row in rows]


def test_the_fastest_of_parallel_roads_and_one_way(tmp_path: Path) -> None:
    text = spell(
        # Edges may stand before their nodes.
        edge("a", "b", travel_time=90)
        + NODES
        + edge("a", "b", travel_time=60.5)
        + edge("b", "a", travel_time="60.5")
        + edge("b", "c", travel_time=7)
        + edge("b", "b", travel_time=1)
    )
    found = read(tmp_path, text)
    assert list_edges(found.roads) == {(0, 0.01): 60.5, (0.01, 0): 60.5, (0.01, 0.02): 7.0}
    assert (found.read, found.faults.num_rows) == (8, 0)
    assert found.facts == {"road_nodes": 3, "road_edges": 3, "road_times_derived": 0}


def test_a_length_matters_only_where_no_time_is_stated(tmp_path: Path) -> None:
    stated = edge("a", "b", travel_time=5, length="long") + edge("b", "c", travel_time=6, length=-1)
    found = read(tmp_path, spell(NODES + stated))
    assert list_edges(found.roads) == {(0, 0.01): 5.0, (0.01, 0.02): 6.0}
    mixed = stated + edge("c", "b", length=100, maxspeed="36") + edge("b", "a", length="long")
    found = read(tmp_path, spell(NODES + mixed))
    times = {(0, 0.01): 5.0, (0.01, 0.02): 6.0, (0.02, 0.01): 10.0}
    assert list_edges(found.roads) == pytest.approx(times)
    assert list_faults(found) == [("length", "long", "not_a_number")]
    assert found.facts["road_times_derived"] == 1


def test_undirected_roads_lead_both_ways(tmp_path: Path) -> None:
    found = read(tmp_path, spell(NODES + edge("a", "b", travel_time=5), directed=False))
    assert list_edges(found.roads) == {(0, 0.01): 5.0, (0.01, 0): 5.0}


def test_nodes_on_a_grid_are_brought_to_degrees(tmp_path: Path) -> None:
    grid = '<data key="crs">epsg:5179</data>' + node("a", 1_000_000, 2_000_000)
    found = read(tmp_path, spell(grid))
    assert (found.roads.lon[0], found.roads.lat[0]) == pytest.approx((127.5, 38.0), abs=1e-6)
    degrees = read(tmp_path, spell(node("a", 127.5, 38.0)), crs="EPSG:4326")
    assert (degrees.roads.lon[0], degrees.roads.lat[0]) == (127.5, 38.0)


def test_what_is_bad_is_set_aside_with_its_line(tmp_path: Path) -> None:
    text = spell(
        NODES
        + node("a", 9)
        + node("d", "east")
        + node("e", "")
        + node("f", 200)
        + edge("a", "b", travel_time="5 s")
        + edge("a", "c", travel_time="nan")
        + edge("b", "c", travel_time="-1")
        + edge("b", "a", length="inf")
        + edge("c", "a")
        + edge("c", "ghost", travel_time=1)
        + edge("d", "a", travel_time=1)
        + edge("c", "b", travel_time=4)
    )
    found = read(tmp_path, text)
    assert list_edges(found.roads) == {(0.02, 0.01): 4.0}
    assert list_faults(found) == [
        ("id", "a", "duplicate_id"),
        ("x", "east", "not_a_number"),
        ("x", "", "empty"),
        ("x, y", "200.0, 0.0", "impossible_coordinate"),
        ("travel_time", "5 s", "not_a_number"),
        ("travel_time", "nan", "not_a_number"),
        ("travel_time", "-1.0", "negative"),
        ("length", "inf", "not_a_number"),
        ("travel_time", "", "empty"),
        ("target", "ghost", "unknown_node"),
        ("source", "d", "unknown_node"),
    ]
    lines = text.splitlines()
    first = found.faults.sort_by([("line", "ascending")]).to_pylist()[0]
    assert lines[first["line"] - 1] == node("a", 9).strip()
    assert found.read == 7 + 8


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "no element found"),
        (b"<html><body>", "no element found"),
        (b"<html></html>", "<graph>"),
        (b"{}", "not well-formed"),
        (b'<?xml version="1.0" encoding="martian"?><graphml/>', "encoding"),
        (
            b'<!DOCTYPE g [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><graphml><graph>&b;</graph>',
            "DOCTYPE",
        ),
        (
            b'<!DOCTYPE g SYSTEM "file:///etc/passwd"><graphml><graph/></graphml>',
            "DOCTYPE",
        ),
        (spell(NODES).encode()[:-20], "no element found"),
    ],
)
def test_a_hostile_or_broken_file_is_one_line(tmp_path: Path, content: bytes, why: str) -> None:
    with pytest.raises(TableFault) as caught:
        read(tmp_path, content)
    assert caught.value.reason == "unreadable_file"
    assert why in str(caught.value)
    for language in LANGUAGES:
        assert "\n" not in caught.value.line(language)


def test_names_that_are_no_roads(tmp_path: Path) -> None:
    with pytest.raises(TableFault, match=r"none\.graphml"):
        read_road_graph(tmp_path / "none.graphml")
    (tmp_path / "roads.txt").write_text("x", encoding="utf-8")
    with pytest.raises(TableFault) as caught:
        read_road_graph(tmp_path / "roads.txt")
    assert caught.value.reason == "unknown_format"


def test_times_follow_from_lengths_and_speeds_as_osmnx_reads_them(tmp_path: Path) -> None:
    roads = [
        ("50", "primary"),
        ("30 mph", "primary"),
        ("40|60", "primary"),
        (["30", "50"], "residential"),
        ("", "motorway"),
        ("signals", ["primary", "secondary"]),
        ("0", "primary"),
        ("", "no such class"),
    ]
    shown = [tuple(str(value) for value in road) for road in roads]
    assert find_speeds(shown).tolist() == pytest.approx([50, 48.2802, 50, 40, 100, 60, 30, 30])
    # The same through OSMnx, from a file that it wrote itself.
    graph = nx.MultiDiGraph(crs="EPSG:4326")
    for at in range(len(roads) + 1):
        graph.add_node(at, x=at / 100, y=0.0)
    for at, (maxspeed, highway) in enumerate(roads):
        told = {"maxspeed": maxspeed} if maxspeed else {}
        graph.add_edge(at, at + 1, length=1000.0, highway=highway, osmid=at, **told)
    osmnx.save_graphml(graph, tmp_path / "own.graphml")
    found = read_road_graph(tmp_path / "own.graphml")
    assert found.facts["road_times_derived"] == len(roads)
    usual = {**read_rules("drive").speeds_kph, "no such class": 30.0}
    timed = osmnx.routing.add_edge_speeds(graph, hwy_speeds=usual, fallback=30.0)
    timed.edges[6, 7, 0]["speed_kph"] = 30.0  # a limit of 0 would be a road that takes for ever
    timed = osmnx.routing.add_edge_travel_times(timed)
    assert list_edges(found.roads) == pytest.approx(list_edges(convert_graph(timed)))


def test_real_roads_are_read_as_osmnx_reads_them(
    require: Callable[[str, bool, str], None], tmp_path: Path
) -> None:
    extract = find_extracts(require) / "Helsinki.osm.pbf"
    rules = read_rules("drive")
    graph = build_graph(read_ways(extract, rules, None), rules, "")
    assert graph
    write_graph(graph, tmp_path / "roads.graphml")
    found = read_road_graph(tmp_path / "roads.graphml")
    wanted = convert_graph(osmnx.load_graphml(tmp_path / "roads.graphml"))
    for one in (found.roads, read_road_graph(extract).roads):
        np.testing.assert_array_equal(one.lon, wanted.lon)
        np.testing.assert_array_equal(one.lat, wanted.lat)
        np.testing.assert_allclose(one.times.todense(), wanted.times.todense(), rtol=1e-12)
    assert found.faults.num_rows == 0
    assert found.read == len(graph) + graph.number_of_edges()
