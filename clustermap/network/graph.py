"""The cluster network as a networkx graph: clusters as nodes, one edge a kind and channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import networkx as nx
import numpy as np
import pyarrow as pa

from clustermap.network.flows import channel_name
from clustermap.network.sums import merge_rows, sum_rows
from clustermap.tables import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt

    from clustermap.layers.cells import Cells

_KEYS = ["source", "target", "kind", "channel"]


def build_network(
    ids: Sequence[str], flows: Sequence[pa.Table], cells: Cells
) -> nx.MultiDiGraph[str]:
    """Return the network of clusters over all years.

    A MultiDiGraph keeps kinds and channels apart, which a plain DiGraph would overwrite. A link
    inside a cluster is a loop at it. Where a cell lies in several clusters, its links
    stand at each.

    Parameters
    ----------
    ids
        Identifiers of the clusters.
    flows
        From merge_yearly.
    cells
        Which clusters hold which cells.

    Returns
    -------
    nx.MultiDiGraph
        Edge key (kind, channel); attributes kind, channel, links, weight (1e-9).
    """
    graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()
    graph.add_nodes_from(ids)
    if not flows:
        return graph
    rows = merge_rows([part.select([*_KEYS, "links", "weight"]) for part in flows], _KEYS)
    # The rows of a cell's links are repeated for every cluster that holds it.
    for end in ("source", "target"):
        row, cluster = find_holders(rows[end].to_numpy(), cells)
        at = rows.column_names.index(end)
        rows = rows.take(pa.array(row)).set_column(at, end, pa.array(cluster))
    rows = sum_rows(rows, _KEYS)
    source, target, kind, channel, links, weight = (c.to_numpy().tolist() for c in rows.columns)
    keys = {
        (kind, channel): (KINDS[kind], channel_name(channel))
        for kind, channel in set(zip(kind, channel, strict=True))
    }
    columns = zip(source, target, kind, channel, links, weight, strict=True)
    graph.add_edges_from(
        (
            ids[source],
            ids[target],
            keys[kind, channel],
            {
                "kind": keys[kind, channel][0],
                "channel": keys[kind, channel][1],
                "links": links,
                "weight": weight,
            },
        )
        for source, target, kind, channel, links, weight in columns
    )
    return graph


def find_holders(
    cell: npt.NDArray[np.int32], cells: Cells
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
    """Return the clusters that hold the cell of each row.

    Parameters
    ----------
    cell
        Code of a cell, one a row.
    cells
        Which clusters hold which cells.

    Returns
    -------
    tuple
        Rows and clusters, one entry a membership; rows of cells that no cluster holds are absent.
    """
    order = np.argsort(cells.held_cell, kind="stable")
    holder = cells.held_cluster[order]
    many = np.bincount(cells.held_cell, minlength=len(cells.names))
    first = np.cumsum(many) - many
    row = np.repeat(np.arange(len(cell)), many[cell])
    before = np.cumsum(many[cell]) - many[cell]
    at = np.arange(len(row)) - np.repeat(before, many[cell]) + first[cell[row]]
    return row, holder[at]


def join_kinds(network: nx.MultiDiGraph[str], kinds: Iterable[str]) -> nx.Graph[str]:
    """Return the undirected network over some kinds, links added up in both directions.

    networkx's own to_undirected() keeps one direction's weight only.

    Parameters
    ----------
    network
        From build_network.
    kinds
        Kinds of linkage that count.

    Returns
    -------
    nx.Graph
        Edge attributes links and weight.
    """
    wanted = set(kinds)
    joined: nx.Graph[str] = nx.Graph()
    joined.add_nodes_from(network.nodes)
    for source, target, facts in network.edges(data=True):
        if facts["kind"] not in wanted:
            continue
        if not joined.has_edge(source, target):
            joined.add_edge(source, target, links=0, weight=0)
        joined[source][target]["links"] += facts["links"]
        joined[source][target]["weight"] += facts["weight"]
    return joined
