"""Advising: from what was counted and scored to what may be done about each cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa

from clustermap.messages import Message
from clustermap.network.actor_links import Membership
from clustermap.scores.parts import Linkages
from clustermap.selection.advise import Advised, Material, advise_clusters
from clustermap.selection.diffusion import parse_groups
from clustermap.selection.support import hold_grants
from clustermap.sources.reference import data_root
from clustermap.stages.rows import column_or_null

if TYPE_CHECKING:
    from collections.abc import Mapping

    from clustermap.network.standardise import Standardised
    from clustermap.stages.counting import Network
    from clustermap.stages.ledger import Progress
    from clustermap.stages.reading import Layers
    from clustermap.stages.scoring import Assessment

GROUPS = "pavitt.csv"


def advise_findings(
    layers: Layers,
    network: Network,
    standardised: Standardised,
    indicators: pd.DataFrame,
    assessed: Assessment,
    progress: Progress,
) -> Advised:
    """Return what may be done about each cluster.

    Parameters
    ----------
    layers
        Clean layers.
    network
        What was counted; its edges are still open.
    standardised
        Observed and expected links.
    indicators
        The table INDICATORS.
    assessed
        Scores and what stands behind them.
    progress
        Hears how far it is.

    Returns
    -------
    Advised
        Without tables where the data hold no links of the kinds that are scored.
    """
    headline = standardised.comparisons.get((standardised.headline, "drawn"))
    if headline is None or not headline.kinds:
        return Advised()
    progress(Message("step.advise"), 0, 1)
    ids = pd.Index([str(key) for key in layers.clusters.index], name="cluster")
    cells, register = layers.cells, layers.register
    members = Membership(register.cells, cells.held_cell, cells.held_cluster, cells.clusters)
    groups = parse_groups((data_root() / "taxonomies" / GROUPS).read_text(encoding="utf-8"))
    held = _hold_firms(layers, members, ids)
    tables = advise_clusters(
        Material(
            layers.clusters,
            Linkages(network.observed, standardised, network.edges, register),
            {
                **assessed.tables,
                "subscores": assessed.scored.subscores,
                "indicators": indicators,
            },
            network.counts.by_sector,
            _list_fields(layers),
            list(zip(held["cluster"], held["code"], strict=True)),
            layers.taxonomy,
            groups,
            layers.grants,
        )
    )
    grants = layers.grants
    if grants is not None:
        grants = hold_grants(grants, ids, register, members)
        grants["cluster"] = ids.to_numpy()[grants["cluster"].to_numpy(dtype=np.int64)]
    progress(Message("step.advise"), 1, 1)
    return Advised(tables, grants, _count_firms(held, layers, groups))


def _list_fields(layers: Layers) -> list[tuple[str, object]]:
    rows = layers.actors.get("institutes")
    if rows is None:
        return []
    fields = column_or_null(rows, "fields", pa.string())
    return list(zip(rows["institute"].to_pylist(), fields.to_pylist(), strict=True))


def _hold_firms(layers: Layers, members: Membership, ids: pd.Index[str]) -> pd.DataFrame:
    """Return the position, cluster and industry code ("" for none) of every firm in a cluster."""
    rows = layers.actors.get("firms")
    if rows is None:
        return pd.DataFrame({"firm": [], "cluster": [], "code": []})
    codes = column_or_null(rows, "industry", pa.string()).to_numpy(zero_copy_only=False)
    # Firms are the first layer of the register where there are any.
    at, cluster = members.holders(np.arange(rows.num_rows))
    held = {"firm": at, "cluster": ids.to_numpy(dtype=object)[cluster], "code": codes[at]}
    return pd.DataFrame(held).fillna({"code": ""})


def _count_firms(held: pd.DataFrame, layers: Layers, groups: Mapping[str, str]) -> pd.DataFrame:
    coded, at = layers.industries, held["firm"].to_numpy(dtype=np.int64)
    group = [groups.get(sector, "ungrouped") for sector in coded.sectors]
    industries = [";".join(claim) for claim in coded.groups]
    named = pd.DataFrame(
        {
            "cluster": held["cluster"].to_numpy(dtype=object),
            "group": np.array(group, dtype=object)[coded.sector[at]],
            "industries": np.array(industries, dtype=object)[coded.group[at]],
        }
    )
    return named.groupby(list(named), sort=True).size().rename("firms").reset_index()
