"""Graphs of networkx in a checkpoint: their edges as columns, read when a graph is looked at.

The network of a nation is a million Python objects, and hardly any rerun looks at it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import networkx as nx
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

_ENDS = ("#source", "#target", "#key")


def read_later(fill: Callable[[nx.MultiDiGraph[Any]], None]) -> nx.MultiDiGraph[Any]:
    """Return a graph that is filled when it is first looked at, and then is one like any other.

    As modules that are loaded late (importlib.util.LazyLoader), it wakes up when its first
    attribute is asked for.

    Parameters
    ----------
    fill
        Adds nodes and edges to an empty graph.

    Returns
    -------
    nx.MultiDiGraph
        The graph.

    Examples
    --------
    >>> graph = read_later(lambda empty: empty.add_edge("a", "b"))
    >>> type(graph) is nx.MultiDiGraph, len(graph), type(graph) is nx.MultiDiGraph
    (False, 2, True)
    """
    graph: nx.MultiDiGraph[Any] = object.__new__(_Sleeping)
    object.__setattr__(graph, "fill", fill)
    return graph


def _wake(self: object, name: str) -> object:
    fill = object.__getattribute__(self, "__dict__").pop("fill")
    object.__setattr__(self, "__class__", nx.MultiDiGraph)
    nx.MultiDiGraph.__init__(self)
    fill(self)
    return getattr(self, name)


_Sleeping = type("_Sleeping", (nx.MultiDiGraph,), {"__getattribute__": _wake})


def list_edges(graph: nx.MultiDiGraph[Any]) -> tuple[list[Any], pd.DataFrame]:
    """Return the keys of a graph's edges, each once, and the edges as a table.

    Parameters
    ----------
    graph
        Nodes and edges in their order; every edge has the same attributes.

    Returns
    -------
    tuple
        Different keys; and positions of source, target and key, then the attributes.

    Raises
    ------
    TypeError
        If edges differ in attributes.
    """
    place = {node: at for at, node in enumerate(graph.nodes)}
    ends: list[tuple[int, int, Any]] = []
    facts: list[dict[str, Any]] = []
    for source, row in graph.adjacency():
        for target, links in row.items():
            ends += [(place[source], place[target], key) for key in links]
            facts += links.values()
    names = list(facts[0]) if facts else []
    if len({tuple(of) for of in facts}) > 1:
        raise TypeError("a checkpoint cannot hold a graph whose edges differ in attributes")
    keys = {key: at for at, key in enumerate(dict.fromkeys(key for *_, key in ends))}
    numbers = [(source, target, keys[key]) for source, target, key in ends]
    table = pd.DataFrame(numbers, columns=list(_ENDS), dtype="int64")
    for name in names:
        values = [of[name] for of in facts]
        texts = all(isinstance(value, str) for value in values)
        # A few words, often.
        table[name] = pd.Categorical(values) if texts else pd.Series(values)
    return list(keys), table


def add_edges(graph: nx.MultiDiGraph[Any], keys: Sequence[Any], table: pd.DataFrame) -> None:
    """Add the edges of a table to a graph that has its nodes.

    Parameters
    ----------
    graph
        The graph; changed in place.
    keys, table
        From :func:`list_edges`.
    """
    named: list[Hashable] = list(graph)
    source, target, key = (table[name].tolist() for name in _ENDS)
    facts = table.drop(columns=list(_ENDS))
    rows = facts.to_dict("records") if len(facts.columns) else [{} for _ in source]
    graph.add_edges_from(
        (named[a], named[b], keys[k], of)
        for a, b, k, of in zip(source, target, key, rows, strict=True)
    )
