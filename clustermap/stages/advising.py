"""Advising: from what was counted and scored to what may be done about each cluster."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa

from clustermap.messages import Message
from clustermap.network.actor_links import Membership
from clustermap.scores.parts import Linkages
from clustermap.selection.advise import (
    Advised,
    Groundwork,
    Material,
    finish_advice,
    prepare_advice,
)
from clustermap.selection.diffusion import parse_groups
from clustermap.selection.support import hold_grants
from clustermap.sources.reference import data_root
from clustermap.stages.rows import column_or_null
from clustermap.stages.travelling import Travelled, build_travel, measure_travel

if TYPE_CHECKING:
    from collections.abc import Mapping

    from clustermap.network.standardise import Standardised
    from clustermap.stages.counting import Network
    from clustermap.stages.ledger import Progress
    from clustermap.stages.measuring import Measured
    from clustermap.stages.reading import Layers
    from clustermap.stages.scoring import Assessment

GROUPS = "pavitt.csv"


@dataclass(frozen=True)
class Prepared:
    """What of advice does not depend on what parts of the score weigh.

    Parameters
    ----------
    ground
        Tables, and what a diagnosis reads; None where no links are scored.
    grants, firms
        As in :class:`clustermap.selection.advise.Advised`.
    travelled
        Travel by road.
    """

    ground: Groundwork | None = None
    grants: pd.DataFrame | None = None
    firms: pd.DataFrame = field(default_factory=pd.DataFrame)
    travelled: Travelled = field(default_factory=Travelled)


def prepare_findings(
    layers: Layers,
    network: Network,
    standardised: Standardised,
    indicators: pd.DataFrame,
    progress: Progress,
) -> Prepared:
    """Return what of advice does not depend on what parts of the score weigh.

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
    progress
        Hears how far it is.

    Returns
    -------
    Prepared
        Without ground where the data hold no links of the kinds that are scored.
    """
    headline = standardised.comparisons.get((standardised.headline, "drawn"))
    ids = pd.Index([str(key) for key in layers.clusters.index], name="cluster")
    cells, register = layers.cells, layers.register
    members = Membership(register.cells, cells.held_cell, cells.held_cluster, cells.clusters)
    travel = build_travel(layers, members)
    driven = Travelled() if travel is None else measure_travel(travel, progress)
    if headline is None or not headline.kinds:
        return Prepared(travelled=driven)
    groups = _read_groups()
    held = _hold_firms(layers, members, ids)
    ground = prepare_advice(
        Material(
            layers.clusters,
            Linkages(network.observed, standardised, network.edges, register),
            {"indicators": indicators},
            network.counts.by_sector,
            _list_fields(layers),
            list(zip(held["cluster"], held["code"], strict=True)),
            layers.taxonomy,
            groups,
            layers.grants,
            travel,
        )
    )
    grants = layers.grants
    if grants is not None:
        grants = hold_grants(grants, ids, register, members)
        grants["cluster"] = ids.to_numpy()[grants["cluster"].to_numpy(dtype=np.int64)]
    return Prepared(ground, grants, _count_firms(held, layers, groups), driven)


def advise_findings(
    layers: Layers, network: Network, measured: Measured, assessed: Assessment, progress: Progress
) -> Advised:
    """Return what may be done about each cluster.

    Parameters
    ----------
    layers
        Clean layers.
    network
        What was counted.
    measured
        What was measured, whatever it weighs.
    assessed
        Scores and what stands behind them.
    progress
        Hears how far it is.

    Returns
    -------
    Advised
        Without tables where the data hold no links of the kinds that are scored, but for those of
        travel where roads were read.
    """
    prepared = measured.advice
    driven = prepared.travelled
    if prepared.ground is None:
        return Advised(travel=driven.tables, sharing=driven.sharing)
    progress(Message("step.advise"), 0, 1)
    tables = {
        **assessed.tables,
        "subscores": assessed.scored.subscores,
        "indicators": measured.indicators,
    }
    ids = pd.Index([str(key) for key in layers.clusters.index], name="cluster")
    by_sector = network.counts.by_sector
    found = finish_advice(prepared.ground, ids, tables, by_sector, _read_groups())
    progress(Message("step.advise"), 1, 1)
    return Advised(found, prepared.grants, prepared.firms, driven.tables, driven.sharing)


def _read_groups() -> dict[str, str]:
    return dict(parse_groups((data_root() / "taxonomies" / GROUPS).read_text(encoding="utf-8")))


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
