"""How many of a cluster's actors take part: the share with at least one link."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from clustermap.indicators.evidence import (
    actors_of,
    divide,
    link_records,
    sum_kinds,
    wilson_interval,
)
from clustermap.indicators.record import Indicator

if TYPE_CHECKING:
    from clustermap.indicators.evidence import Numbers
    from clustermap.network.counts import Counts


def participation(counts: Counts) -> pd.DataFrame:
    """Return the share of actors with at least one link, of each kind and of any.

    Parameters
    ----------
    counts
        What was counted.

    Returns
    -------
    pd.DataFrame
        Columns cluster, kind ("" for any kind), value (null without actors), low, high (Wilson
        interval on effective actors, see Notes), basis (effective actors).

    Notes
    -----
    One project links many actors at once, so the information of the actors is scaled by units over
    links where there are fewer units than links: 12 actors in 11 links of 1 project count as
    12/11 actors. But every unit tells of one actor at least: 12 actors in 90 links of 5 projects
    count as 5.
    """
    records = link_records(counts)
    if records.empty:
        return pd.DataFrame(columns=["cluster", "kind", "value", "low", "high", "basis"])
    of_kind = records[["cluster", "kind", "linked", "total", "effective"]]
    sums = sum_kinds(records, counts.clusters)[["total", "effective"]]
    anyone = counts.linked.set_index("cluster")["linked"].reindex(counts.clusters, fill_value=0)
    of_any = sums.assign(kind="", linked=anyone).rename_axis("cluster").reset_index()
    shares = pd.concat([of_any, of_kind], ignore_index=True)
    members = actors_of(counts).reindex(shares["cluster"]).to_numpy(dtype=float)
    value = divide(shares["linked"], members)
    units = np.minimum(members, shares["effective"])
    effective = np.maximum(members * _information(shares), units)
    low, high = wilson_interval(value, effective)
    return shares[["cluster", "kind"]].assign(value=value, low=low, high=high, basis=effective)


def _information(shares: pd.DataFrame) -> Numbers:
    scale = divide(shares["effective"], shares["total"])
    # Without links there is nothing that could tie actors to each other.
    return np.where(np.isnan(scale), 1.0, scale)


FAMILY = (Indicator("participation", participation, "share", "higher", "clustermap", "kind", 0, 1),)
