"""Graphs in checkpoints are filled when they are looked at, and no earlier."""

from __future__ import annotations

import doctest
from typing import TYPE_CHECKING, Any

import networkx as nx
import pytest

from clustermap.checkpoints import graphs
from clustermap.checkpoints.graphs import add_edges, list_edges, read_later

if TYPE_CHECKING:
    from collections.abc import Callable


def test_the_examples_hold() -> None:
    assert doctest.testmod(graphs) == doctest.TestResults(failed=0, attempted=2)


LOOKS: list[Callable[[Any], object]] = [
    len,
    list,
    lambda graph: graph["a"],
    lambda graph: "a" in graph,
    lambda graph: graph.edges,
    lambda graph: graph.__class__,
    lambda graph: graph.add_node("z"),
    lambda graph: nx.relabel_nodes(graph, {"a": "b"}),
]


@pytest.mark.parametrize("look", LOOKS)
def test_any_look_fills_a_graph_once(look: Callable[[Any], object]) -> None:
    filled: list[int] = []

    def fill(graph: nx.MultiDiGraph[str]) -> None:
        filled.append(1)
        graph.add_edge("a", "b", key="k", links=2)

    graph = read_later(fill)
    assert filled == []
    look(graph)
    look(graph)
    assert filled == [1]
    assert list(graph.edges(keys=True, data=True)) == [("a", "b", "k", {"links": 2})]


def test_edges_are_listed_and_added_in_their_order() -> None:
    graph = nx.MultiDiGraph()
    graph.add_nodes_from(["c", "a", "b"])
    for end, kind in (("b", "x"), ("a", "y"), ("b", "y")):
        graph.add_edge("c", end, key=(kind, 1), kind=kind, links=len(graph.edges))
    keys, table = list_edges(graph)
    assert keys == [("x", 1), ("y", 1)]
    assert table["#target"].tolist() == [2, 2, 1]
    again: nx.MultiDiGraph[str] = nx.MultiDiGraph()
    again.add_nodes_from(graph)
    add_edges(again, keys, table)
    assert list(again.edges(keys=True, data=True)) == list(graph.edges(keys=True, data=True))
