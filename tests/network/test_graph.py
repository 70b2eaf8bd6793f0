"""The cluster network: no parallel link lost, both directions added up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from clustermap.network.flows import count_yearly
from clustermap.network.graph import TIES, build_network, join_kinds, sum_ties
from clustermap.tables import KINDS, SHARE_UNIT
from tests.network.worlds import draw

if TYPE_CHECKING:
    from collections.abc import Iterable

    import networkx as nx


NAMES = ("A", "B", "C")


def ties(*, joint: bool = False) -> pa.Table:
    world = draw(joint=joint)
    flows = [count_yearly(e, world.register) for e in (world.pairs, world.project)]
    return sum_ties(flows, world.cells)


def network(*, joint: bool = False) -> nx.MultiDiGraph[str]:
    return build_network(NAMES, ties(joint=joint))


def joined(rows: pa.Table, kinds: Iterable[str]) -> dict[tuple[str, str], int]:
    one, other, links, _ = (column.to_pylist() for column in join_kinds(rows, kinds).columns)
    pairs = zip([NAMES[a] for a in one], [NAMES[b] for b in other], strict=True)
    return dict(zip(pairs, links, strict=True))


def test_kinds_and_channels_stay_apart_and_years_add_up() -> None:
    graph = network()
    assert list(graph.nodes) == ["A", "B", "C"]  # also a cluster without any link
    edges = {(s, t, kind): d["links"] for s, t, (kind, _), d in graph.edges(keys=True, data=True)}
    assert edges == {
        ("A", "A", "firm_firm"): 2,
        ("A", "A", "research"): 1,
        ("A", "B", "firm_firm"): 2,
        ("A", "B", "support"): 1,
        ("B", "A", "research"): 1,
        ("B", "A", "transfer"): 1,
    }
    facts = graph["A"]["B"]["firm_firm", "firm-firm"]
    assert facts == {
        "kind": "firm_firm",
        "channel": "firm-firm",
        "links": 2,
        "weight": SHARE_UNIT * 3 // 2,
    }
    assert all(type(d["links"]) is int for *_, d in graph.edges(data=True))


def test_joining_adds_both_directions() -> None:
    rows = ties()
    assert joined(rows, KINDS) == {("A", "B"): 5}  # two kinds each way; loops are left out
    assert joined(rows, ["transfer"]) == {("A", "B"): 1}
    assert joined(rows, []) == {}
    graph = network()
    graph.add_edge("A", "B", key=("transfer", "firm>firm"), kind="transfer", links=7, weight=0)
    # The trap: of two edges with one key, networkx's to_undirected() keeps one direction.
    kept = graph.to_undirected()["A"]["B"]["transfer", "firm>firm"]["links"]
    assert kept in {1, 7}
    row = [[0], [1], [KINDS.index("transfer")], [0], [7], [0]]
    more = pa.table([pa.array(c, f.type) for c, f in zip(row, TIES, strict=True)], TIES)
    assert joined(pa.concat_tables([rows, more]), ["transfer"]) == {("A", "B"): 8}


def test_a_piece_of_two_clusters_stands_at_both() -> None:
    graph = network(joint=True)
    # In J, u1 stands in A and B, f1 in A, f3 in B.
    links = {(s, t): d["links"] for s, t, d in graph.edges(data=True) if d["kind"] == "research"}
    assert links == {("A", "A"): 1, ("A", "B"): 1, ("B", "A"): 1, ("B", "B"): 1}


def test_no_linkages_leave_the_clusters() -> None:
    world = draw()
    graph = build_network(NAMES, sum_ties([], world.cells))
    assert (graph.number_of_nodes(), graph.number_of_edges()) == (3, 0)
