"""Times on roads: by hand, against networkx, and where roads end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clustermap.network.roads import (
    ACCESS_KPH,
    Roads,
    Stops,
    convert_graph,
    count_within,
    find_nearest,
    find_stops,
    join_roads,
    reach_actors,
    reach_back,
)

if TYPE_CHECKING:
    from random import Random

    import numpy.typing as npt

    Positions = npt.NDArray[np.int64]

SIZE = 8
HUNDREDTH_M = 1_111.95
"""A hundredth of a degree of the equator."""

edges = st.lists(
    st.tuples(st.integers(0, SIZE - 1), st.integers(0, SIZE - 1), st.integers(0, 20)), max_size=40
)
places = st.lists(st.tuples(st.integers(0, SIZE - 1), st.integers(0, 9)), min_size=1, max_size=4)


def draw(rows: list[tuple[int, int, int]], size: int = SIZE) -> tuple[Roads, Positions]:
    """Return roads on the equator, and where each of our nodes stands among theirs."""
    source, target, seconds = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    lon = np.arange(size) / 100
    roads = join_roads(lon, 0 * lon, source, target, seconds.astype(float))
    return roads, np.argsort(roads.lon)


def plain(rows: list[tuple[int, int, int]]) -> nx.MultiDiGraph[int]:
    graph = nx.MultiDiGraph()
    graph.add_nodes_from(range(SIZE))
    graph.add_weighted_edges_from(rows, weight="travel_time")
    return graph


def stops(at: Positions, own: list[tuple[int, int]]) -> Stops:
    node, seconds = np.array(own).T
    return Stops(at[node], seconds.astype(float))


@given(edges, places)
def test_the_nearest_is_that_of_networkx(
    rows: list[tuple[int, int, int]], own: list[tuple[int, int]]
) -> None:
    roads, at = draw(rows)
    back = plain(rows).reverse()
    back.add_weighted_edges_from(
        [(SIZE, node, seconds) for node, seconds in own], weight="travel_time"
    )
    wanted = nx.single_source_dijkstra_path_length(back, SIZE, weight="travel_time")
    found = find_nearest(roads, stops(at, own))[at]
    assert found.tolist() == [wanted.get(node, np.inf) for node in range(SIZE)]


@given(edges, places, st.integers(0, 40), st.integers(1, 30))
def test_times_to_each_place_are_those_of_networkx(
    rows: list[tuple[int, int, int]], own: list[tuple[int, int]], limit: int, at_once: int
) -> None:
    roads, at = draw(rows)
    back = plain(rows).reverse()
    for part, times in reach_back(roads, stops(at, own), limit, at_once):
        for (node, access), row in zip(own[part], times, strict=True):
            known = nx.single_source_dijkstra_path_length(back, node, weight="travel_time")
            wanted = [known.get(other, np.inf) + access for other in range(SIZE)]
            assert row[at].tolist() == [t if t <= limit else np.inf for t in wanted]


@given(edges, places, places, st.integers(0, 60))
def test_who_reaches_a_place_is_counted_from_door_to_door(
    rows: list[tuple[int, int, int]],
    own: list[tuple[int, int]],
    others: list[tuple[int, int]],
    limit: int,
) -> None:
    roads, at = draw(rows)
    number = np.arange(1, len(others) + 1)
    graph = plain(rows)
    lengths = dict(nx.all_pairs_dijkstra_path_length(graph, weight="travel_time"))
    near = [
        [lengths[start].get(end, np.inf) + away + access <= limit for start, away in others]
        for end, access in own
    ]
    found = count_within(roads, stops(at, own), stops(at, others), number, limit)
    assert found.tolist() == (np.array(near) @ number).tolist()
    both = np.stack([number, 10 * number], axis=1)
    twice = count_within(roads, stops(at, own), stops(at, others), both, limit)
    assert twice.tolist() == np.stack([found, 10 * found], axis=1).tolist()
    met = {place: set(actors.tolist()) for place, actors in
           reach_actors(roads, stops(at, own), stops(at, others), limit)}  # fmt: skip
    assert met == {n: {m for m, yes in enumerate(row) if yes} for n, row in enumerate(near)}


@given(edges, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(
    rows: list[tuple[int, int, int]], random: Random
) -> None:
    turned = list(rows)
    random.shuffle(turned)
    one, other = draw(rows)[0], draw(turned)[0]
    assert one.lon.tolist() == other.lon.tolist()
    assert one.times.todense().tolist() == other.times.todense().tolist()


def test_a_road_of_no_length_is_a_road() -> None:
    roads, at = draw([(0, 1, 0), (1, 2, 5)], 3)
    assert roads.times.nnz == 2
    assert find_nearest(roads, stops(at, [(2, 0)]))[at].tolist() == [5.0, 5.0, 0.0]


def test_places_come_to_the_nearest_node_within_two_kilometres() -> None:
    # 0 === 1 === 2 and a one-way road to 3, from where nobody returns.
    roads, at = draw([(0, 1, 60), (1, 0, 60), (1, 2, 60), (2, 1, 60), (2, 3, 60)], 4)
    lon = np.array([0.001, 0.009, 0.03, 0.0, 0.0, np.nan])
    lat = np.array([0.0, 0.0, 0.0, 0.017, 0.019, 0.0])
    found = find_stops(roads, lon, lat)
    rank = np.append(np.argsort(at), -1)
    # The third stands on node 3, which is left out: node 2 is 1,112 m away. The fifth is too far.
    assert rank[found.node].tolist() == [0, 1, 2, 0, -1, -1]
    away = np.array([0.1, 0.1, 1.0, 1.7]) * HUNDREDTH_M / (ACCESS_KPH / 3.6)
    assert found.seconds[:4] == pytest.approx(away, rel=1e-4)
    assert np.isinf(found.seconds[4:]).all()


def test_remnants_are_passed_over_and_islands_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    ring = [(0, 1, 9), (1, 2, 9), (2, 0, 9)]
    island = [(3, 4, 9), (4, 5, 9), (5, 3, 9)]
    roads, at = draw([*ring, *island, (6, 7, 9), (7, 6, 9)])
    lon = np.arange(SIZE) / 100
    rank = np.append(np.argsort(at), -1)
    assert rank[find_stops(roads, lon, 0 * lon).node].tolist() == [0, 1, 2, 3, 4, 5, 5, -1]
    monkeypatch.setattr("clustermap.network.roads.FEW_NODES", 2)
    assert rank[find_stops(roads, lon, 0 * lon).node].tolist() == list(range(SIZE))


def test_no_roads_lead_nowhere() -> None:
    none = np.zeros(0)
    roads = join_roads(none, none, *(none.astype(np.int64),) * 2, none)
    found = find_stops(roads, np.zeros(2), np.zeros(2))
    assert found.known.tolist() == [False, False]
    assert find_nearest(roads, found).tolist() == []
    assert count_within(roads, found, found, np.ones(2, np.int64), 60).tolist() == [0, 0]
    apart, at = draw([], 2)
    assert find_nearest(apart, stops(at, [(0, 3)]))[at].tolist() == [3.0, np.inf]


def test_a_graph_of_osmnx_is_taken_over() -> None:
    graph = nx.MultiDiGraph(crs="EPSG:4326")
    graph.add_node(70, x=127.0, y=36.0)
    graph.add_node(50, x=127.1, y=36.0)
    graph.add_edge(70, 50, travel_time=9.0)
    graph.add_edge(70, 50, travel_time=7.5)
    roads = convert_graph(graph)
    assert roads.times.todense()[np.argsort(roads.lon)][:, np.argsort(roads.lon)].tolist() == [
        [0.0, 7.5],
        [0.0, 0.0],
    ]
    graph.add_edge(50, 70, travel_time=-1.0)
    with pytest.raises(ValueError, match="travel_time"):
        convert_graph(graph)
    graph.add_edge(50, 70, length=3.0)
    with pytest.raises(KeyError, match="travel_time"):
        convert_graph(graph)
