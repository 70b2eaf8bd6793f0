"""How strongly a cluster is tied to the other clusters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from clustermap.indicators.evidence import divide, link_records, sum_kinds
from clustermap.indicators.record import Indicator
from clustermap.tables import SCORED_KINDS

if TYPE_CHECKING:
    from clustermap.network.counts import Counts


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
    return pd.DataFrame(
        {"cluster": counts.clusters, "value": value.to_numpy(), "basis": value.to_numpy() * scale}
    )


def _sum_links(counts: Counts) -> pd.Series[float]:
    tied = dict.fromkeys(counts.clusters, 0)
    for one, other, edge in counts.network.edges(data=True):
        if one != other and edge["kind"] in SCORED_KINDS and one in tied and other in tied:
            tied[one] += edge["links"]
            tied[other] += edge["links"]
    return pd.Series(tied, dtype=float)


FAMILY = (Indicator("strength", strength, "links", "higher", "Barrat et al. 2004", minimum=0),)
