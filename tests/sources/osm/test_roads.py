"""Roads as a graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from clustermap.errors import TableFault
from clustermap.sources.osm.roads import Ways, build_graph, clip_ways, merge_ways, read_graph
from clustermap.sources.osm.tags import read_roads

if TYPE_CHECKING:
    from pathlib import Path

RULES = read_roads("drive")

# On the equator, a hundredth of a degree is 1,112 m on OSMnx's sphere of 6,371,009 m:
#
#   1 --- 2 --- 3 ==> 4       5 --- 6
HUNDREDTH_M = 1_111.95
NODES = {
    1: (0.0, 0.0),
    2: (0.01, 0.0),
    3: (0.02, 0.0),
    4: (0.03, 0.0),
    5: (1.0, 0.0),
    6: (1.01, 0.0),
}
WAYS = Ways(
    NODES,
    {
        10: ([1, 2, 3], {"highway": "primary", "name": 'A "B" <c> & d\x07'}),
        11: ([3, 4], {"highway": "residential", "oneway": "yes", "maxspeed": "50"}),
        12: ([5, 6], {"highway": "motorway", "maxspeed": "signals"}),
    },
)


def test_lengths_speeds_and_times() -> None:
    graph = build_graph(WAYS, RULES, "")
    assert graph
    # Node 2 is no junction; both ways along 1-3 and 5-6, one along 3-4.
    assert sorted((u, v) for u, v, _ in graph.edges) == [(1, 3), (3, 1), (3, 4), (5, 6), (6, 5)]
    main, street, far = (graph.edges[edge] for edge in ((1, 3, 0), (3, 4, 0), (5, 6, 0)))
    assert main["length"] == pytest.approx(2 * HUNDREDTH_M, rel=1e-5)
    assert (main["speed_kph"], street["speed_kph"]) == (60, 50)
    assert main["travel_time"] == pytest.approx(2 * HUNDREDTH_M / (60 / 3.6), rel=1e-5)
    assert main["name"] == 'A "B" <c> & d '
    # "signals" is no number: the class decides. An island stays.
    assert far["speed_kph"] == 100


def test_no_road_is_no_graph() -> None:
    assert build_graph(Ways({}, {}), RULES, "") is None


def test_tiles_are_merged_and_clipped_whole() -> None:
    one = Ways({n: NODES[n] for n in (1, 2, 3)}, {10: WAYS.ways[10]})
    other = Ways({n: NODES[n] for n in (1, 2, 3, 4)}, {10: WAYS.ways[10], 11: WAYS.ways[11]})
    merged = merge_ways([one, other])
    assert merged.ways.keys() == {10, 11}
    clipped = clip_ways(merged, (-0.001, -0.001, 0.001, 0.001))
    assert clipped.ways.keys() == {10}
    assert clipped.nodes.keys() == {1, 2, 3}
    assert clip_ways(merged, None) == merged


@pytest.mark.parametrize(
    "content",
    [
        "",
        "<html>",
        "{}",
        '<graphml xmlns="http://graphml.graphdrawing.org/xmlns"><graph/></graphml>',
    ],
)
def test_another_file_is_no_graph(tmp_path: Path, content: str) -> None:
    file = tmp_path / "roads.graphml"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(TableFault) as caught:
        read_graph(file, RULES)
    assert caught.value.reason == "unreadable_file"


def test_a_missing_graph_is_told(tmp_path: Path) -> None:
    with pytest.raises(TableFault, match=r"none\.graphml"):
        read_graph(tmp_path / "none.graphml", RULES)
