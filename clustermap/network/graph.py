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


TIES = pa.schema(
    [
        *((name, pa.int32()) for name in ("source", "target")),
        *((name, pa.uint8()) for name in ("kind", "channel")),
        *((name, pa.int64()) for name in ("links", "weight")),
    ]
)
"""Links between clusters by their positions, kind and channel; weight in 1e-9."""


def sum_ties(flows: Sequence[pa.Table], cells: Cells) -> pa.Table:
    """Return the links between clusters over all years.

    Kinds and channels stay apart. A link inside a cluster ties it to itself. Where a cell lies in
    several clusters, its links stand at each.

    Parameters
    ----------
    flows
        From merge_yearly.
    cells
        Which clusters hold which cells.

    Returns
    -------
    pa.Table
        TIES, one row a combination, sorted.
    """
    if not flows:
        return TIES.empty_table()
    held = np.zeros(len(cells.names), dtype=bool)
    held[cells.held_cell] = True
    rows = merge_rows([_find_held(part, held) for part in flows], _KEYS)
    # The rows of a cell's links are repeated for every cluster that holds it.
    for end in ("source", "target"):
        row, cluster = find_holders(rows[end].to_numpy(), cells)
        at = rows.column_names.index(end)
        rows = rows.take(pa.array(row)).set_column(at, end, pa.array(cluster))
    return sum_rows(rows, _KEYS)


def _find_held(flows: pa.Table, held: npt.NDArray[np.bool_]) -> pa.Table:
    """Return the rows of TIES whose cells lie in clusters, both of them."""
    there = [held.take(flows[end].to_numpy()) for end in ("source", "target")]
    return flows.select(TIES.names).filter(pa.array(there[0] & there[1]))


def build_network(ids: Sequence[str], ties: pa.Table) -> nx.MultiDiGraph[str]:
    """Return the network of clusters.

    A MultiDiGraph keeps kinds and channels apart, which a plain DiGraph would overwrite.

    Parameters
    ----------
    ids
        Identifiers of the clusters.
    ties
        From :func:`sum_ties`.

    Returns
    -------
    nx.MultiDiGraph
        Edge key (kind, channel); attributes kind, channel, links, weight (1e-9).
    """
    graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()
    graph.add_nodes_from(ids)
    source, target, kind, channel, links, weight = (c.to_numpy().tolist() for c in ties.columns)
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


def join_kinds(ties: pa.Table, kinds: Iterable[str]) -> pa.Table:
    """Return the links between different clusters over some kinds, both directions together.

    networkx's own to_undirected() keeps one direction's weight only.

    Parameters
    ----------
    ties
        From :func:`sum_ties`.
    kinds
        Kinds of linkage that count.

    Returns
    -------
    pa.Table
        one, other (int32; positions of two clusters, the smaller first), links, weight (int64);
        one row a pair, sorted.
    """
    source, target, kind = (ties[name].to_numpy() for name in ("source", "target", "kind"))
    wanted = np.isin(kind, [KINDS.index(name) for name in kinds]) & (source != target)
    ends = source[wanted], target[wanted]
    rows = {"one": np.minimum(*ends), "other": np.maximum(*ends)}
    rows |= {name: ties[name].to_numpy()[wanted] for name in ("links", "weight")}
    return sum_rows(pa.table(rows), ["one", "other"])
