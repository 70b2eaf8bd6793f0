"""The cluster network as a networkx graph: clusters as nodes, one edge a kind and channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import networkx as nx
import numpy as np
import pandas as pd
import pyarrow as pa

from clustermap.network.flows import channel_name
from clustermap.tables import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

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
        From merge_flows.
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
    rows = pa.concat_tables(flows).select([*_KEYS, "links", "weight"])
    frame = rows.to_pandas().groupby(_KEYS).sum().reset_index()
    held = pd.DataFrame({"cell": cells.held_cell, "cluster": cells.held_cluster})
    for end in ("source", "target"):
        frame = frame.merge(held.rename(columns={"cell": end, "cluster": f"{end}_cluster"}), on=end)
    frame = frame.groupby(["source_cluster", "target_cluster", "kind", "channel"])[
        ["links", "weight"]
    ].sum()
    names = np.array(list(ids), dtype=object)
    for (source, target, kind, channel), (links, weight) in zip(
        frame.index, frame.to_numpy().tolist(), strict=True
    ):
        facts = {"kind": KINDS[kind], "channel": channel_name(channel)}
        graph.add_edge(
            names[source],
            names[target],
            key=(facts["kind"], facts["channel"]),
            links=links,
            weight=weight,
            **facts,
        )
    return graph


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
