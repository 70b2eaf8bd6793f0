"""How strongly a cluster is tied to the other clusters, and where it stands among them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import networkx as nx
import numpy as np
import pandas as pd

from clustermap.indicators.evidence import divide, link_records, sum_kinds
from clustermap.indicators.record import Indicator
from clustermap.network.graph import join_kinds
from clustermap.network.pagerank import rank_nodes
from clustermap.tables import SCORED_KINDS

if TYPE_CHECKING:
    import numpy.typing as npt

    from clustermap.network.counts import Counts

SAMPLED = "note.sampled_pivots"
"""Said of betweenness where paths were followed from a sample of the clusters only."""

_STEPS = 1_000_000
_FEWEST_PIVOTS = 16
_SEED = 1977


def strength(counts: Counts) -> pd.DataFrame:
    """Return the strength of every cluster: its weighted degree in the cluster network.

    ``s_c = sum over other clusters d of links(c, d)``, both directions and all scored kinds.
    Internal links (self-loops) are left out, links to places outside clusters are not in the
    network.

    Parameters
    ----------
    counts
        What was counted.

    Returns
    -------
    pd.DataFrame
        Columns cluster, value (links; no rows where no linkage was read at all), basis (the same
        links, scaled by the effective share of the cluster's links).

    References
    ----------
    Barrat, A., Barthélemy, M., Pastor-Satorras, R. and Vespignani, A. (2004). The architecture of
    complex weighted networks. Proceedings of the National Academy of Sciences 101(11), 3747-3752.
    """
    records = link_records(counts)
    records = records[records["kind"].isin(SCORED_KINDS)]
    if records.empty:
        return pd.DataFrame(columns=["cluster", "value", "basis"])
    sums = sum_kinds(records, counts.clusters)
    value = _sum_links(counts)
    scale = pd.Series(divide(sums["effective"], sums["total"])).fillna(1).to_numpy()
    return pd.DataFrame({"cluster": counts.clusters, "value": value, "basis": value * scale})


def _sum_links(counts: Counts) -> npt.NDArray[np.float64]:
    """Return the links of every cluster with others."""
    tied = join_kinds(counts.ties, SCORED_KINDS)
    ends, links = (tied[name].to_numpy() for name in ("one", "other")), tied["links"].to_numpy()
    clusters = len(counts.clusters)
    one, other = (np.bincount(end, links, clusters) for end in ends)
    return np.asarray(one + other)


def betweenness(counts: Counts) -> pd.DataFrame:
    """Return the betweenness of every cluster: how often it lies between two others.

    The share of pairs of other clusters whose shortest path leads over it (parts of it where there
    are several), a link's length being 1 over the links of the two clusters. All scored kinds and
    both directions together. In a large network paths are followed from a seeded sample of clusters
    and scaled up; a note then says so.

    Parameters
    ----------
    counts
        What was counted.

    Returns
    -------
    pd.DataFrame
        Columns cluster, value (no rows where no linkage was read at all), basis (links with other
        clusters), note.

    References
    ----------
    Freeman, L. C. (1977). A set of measures of centrality based on betweenness. Sociometry 40(1),
    35-41. Brandes, U. (2001). A faster algorithm for betweenness centrality. Journal of
    Mathematical Sociology 25(2), 163-177.
    """
    graph = _tie_clusters(counts)
    clusters = graph.number_of_nodes()
    pivots = max(_FEWEST_PIVOTS, _STEPS // max(graph.number_of_edges(), 1))
    sampled = pivots < clusters
    found = nx.betweenness_centrality(
        graph, k=pivots if sampled else None, weight="length", seed=_SEED
    )
    value = np.array([found[name] for name in counts.clusters if name in found], dtype=np.float64)
    return _tabulate(counts, value).assign(note=SAMPLED if sampled else "")


def pagerank(counts: Counts) -> pd.DataFrame:
    """Return the PageRank of every cluster: how well it is tied to well-tied clusters.

    The share of time that a walk spends at the cluster which follows links in proportion to their
    number and starts anew anywhere with probability .15. All scored kinds and both directions
    together; internal links are left out.

    Parameters
    ----------
    counts
        What was counted.

    Returns
    -------
    pd.DataFrame
        Columns cluster, value (sums to one; no rows where no linkage was read at all), basis (links
        with other clusters).

    References
    ----------
    Brin, S. and Page, L. (1998). The anatomy of a large-scale hypertextual web search engine.
    Computer Networks and ISDN Systems 30, 107-117.
    """
    if _is_empty(counts):
        return _tabulate(counts, np.zeros(0))
    tied = join_kinds(counts.ties, SCORED_KINDS)
    one, other, links = (tied[name].to_numpy() for name in ("one", "other", "links"))
    return _tabulate(counts, rank_nodes(one, other, links, len(counts.clusters)))


def _is_empty(counts: Counts) -> bool:
    return counts.links[counts.links["kind"].isin(SCORED_KINDS)].empty


def _tie_clusters(counts: Counts) -> nx.Graph[str]:
    """Return the links between clusters, always in the same order; empty without any record."""
    tied: nx.Graph[str] = nx.Graph()
    if _is_empty(counts):
        return tied
    # By name: the order of nodes decides the sample of pivots, that of edges the order of sums.
    order = np.argsort(counts.clusters.to_numpy(dtype=object), kind="stable")
    names = counts.clusters[order].to_list()
    tied.add_nodes_from(names)
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    joined = join_kinds(counts.ties, SCORED_KINDS)
    ends = np.sort([place[joined[name].to_numpy()] for name in ("one", "other")], axis=0)
    rows = np.lexsort(ends[::-1])
    one, other = ends[:, rows].tolist()
    for a, b, links in zip(one, other, joined["links"].to_numpy()[rows].tolist(), strict=True):
        tied.add_edge(names[a], names[b], links=links, length=1 / links)
    return tied


def _tabulate(counts: Counts, found: npt.NDArray[np.float64]) -> pd.DataFrame:
    """Return one value a cluster beside its links with others; nothing of no value at all."""
    names = counts.clusters[: len(found)]
    basis = _sum_links(counts)[: len(found)]
    return pd.DataFrame({"cluster": names.to_numpy(), "value": found, "basis": basis})


FAMILY = (
    Indicator("strength", strength, "links", "higher", "Barrat et al. 2004", minimum=0),
    Indicator("betweenness", betweenness, "share", "neither", "Freeman 1977", minimum=0),
    Indicator("pagerank", pagerank, "share", "neither", "Brin and Page 1998", minimum=0, maximum=1),
)
