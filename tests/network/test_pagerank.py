"""PageRank of actors: by hand, against networkx, and whatever the order of links."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clustermap.network.pagerank import TOLERANCE, rank_actors, rank_nodes

LINKS = st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=30)


def ends(links: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    a, b = np.array(links, dtype=np.int32).reshape(-1, 2).T
    return a, b


def test_a_star_by_hand() -> None:
    """Hub h = .15 / 4 + .85 (1 - h): .8875 / 1.85; the rest falls to its three points."""
    found = rank_actors(*ends([(0, 1), (2, 0), (0, 3)]), 5)
    hub = 0.8875 / 1.85
    assert found[:4] == pytest.approx([hub, *[(1 - hub) / 3] * 3], abs=1e-9)
    assert np.isnan(found[4])


def test_nobody_is_linked() -> None:
    assert np.isnan(rank_actors(*ends([]), 3)).all()
    assert np.isnan(rank_actors(*ends([(1, 1)]), 3)).all()


@given(LINKS)
def test_as_networkx_has_it(links: list[tuple[int, int]]) -> None:
    apart = [link for link in links if link[0] != link[1]]
    graph: nx.MultiGraph[int] = nx.MultiGraph(apart)
    found = rank_actors(*ends(links), 8)
    assert set(np.flatnonzero(~np.isnan(found)).tolist()) == set(graph)
    if apart:
        wanted = nx.pagerank(graph, tol=TOLERANCE / len(graph), max_iter=1_000)
        assert {node: found[node] for node in graph} == pytest.approx(wanted, abs=1e-9)
        assert np.nansum(found) == pytest.approx(1)


@given(LINKS, st.permutations(range(30)))
def test_neither_order_nor_direction_matters(
    links: list[tuple[int, int]], order: list[int]
) -> None:
    other = [links[at][:: 1 if at % 2 else -1] for at in order if at < len(links)]
    found, again = (rank_actors(*ends(each), 8) for each in (links, other))
    np.testing.assert_allclose(found, again, atol=1e-12)


@given(st.dictionaries(st.tuples(st.integers(0, 6), st.integers(0, 6)), st.integers(1, 9)))
def test_a_small_network_as_networkx_has_it(drawn: dict[tuple[int, int], int]) -> None:
    links = {(a, b): many for (a, b), many in drawn.items() if a < b}
    graph: nx.Graph[int] = nx.Graph()
    graph.add_nodes_from(range(7))
    graph.add_weighted_edges_from((a, b, many) for (a, b), many in links.items())
    found = rank_nodes(*ends(list(links)), np.array(list(links.values()), np.int64), 7)
    wanted = nx.pagerank(graph, tol=1e-14, max_iter=1_000)
    assert dict(enumerate(found)) == pytest.approx(wanted, abs=1e-12)


def test_too_few_steps_are_told() -> None:
    with pytest.raises(ArithmeticError, match="still changes"):
        rank_actors(*ends([(0, 1), (1, 2)]), 3, tolerance=0)
