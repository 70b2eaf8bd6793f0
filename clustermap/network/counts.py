"""What was counted: the small integer tables that every indicator starts from.

Millions of firms and linkages are reduced to these tables once; indicators, scores and pages never
see a single firm or link.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import networkx as nx
    import pandas as pd


@dataclass(frozen=True)
class Counts:
    """The counts of a run, per cluster and for all that was read ("the nation").

    All counts are int64. A table over (cluster, x) holds only rows with a count above zero, except
    ``links``, which has one row for every cluster and every kind that the data hold at all (a kind
    without records anywhere is absent: missing, not zero).

    Parameters
    ----------
    clusters
        Identifiers of all clusters, in the order of the layer; named "cluster".
    actors
        Columns cluster, type (actor type), actors.
    by_sector
        Firms by industry division: cluster, sector (first two characters of the industry code,
        "" where the firm has none), firms, employees, employed (firms whose employees are known),
        largest (employees of the largest firm).
    by_industry
        Firms by strategic industry, a firm counting fully in each industry that it belongs to:
        cluster, industry, firms, employees, employed, largest.
    nation_by_sector, nation_by_industry
        The same over every firm read, inside and outside clusters, without the column cluster.
    links
        Columns cluster, kind, internal, external (links with both ends, or one end, in the
        cluster; external includes abroad), abroad (external links to partners abroad),
        internal_weight, external_weight (1e-9), linked (actors of the cluster with at least one
        link of that kind), units (independent units behind the links, float: distinct projects, or
        links scaled by the stated number of independent units).
    linked
        Columns cluster, linked: actors of the cluster with at least one link of any kind.
    network
        The cluster network: clusters as nodes; one edge a kind and channel with links and weight.
    """

    clusters: pd.Index[str]
    actors: pd.DataFrame
    by_sector: pd.DataFrame
    by_industry: pd.DataFrame
    nation_by_sector: pd.DataFrame
    nation_by_industry: pd.DataFrame
    links: pd.DataFrame
    linked: pd.DataFrame
    network: nx.MultiDiGraph[str]
