"""Preparing advice: all of it that does not depend on what parts of the score weigh."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from clustermap.network.actor_links import Membership
from clustermap.network.distinct import count_runs
from clustermap.scores.parts import Linkages
from clustermap.selection.advise import Groundwork, Material, prepare_advice
from clustermap.selection.diffusion import parse_groups
from clustermap.selection.support import hold_grants
from clustermap.sources.reference import data_root
from clustermap.stages.rows import column_or_null
from clustermap.stages.travelling import Travelled, build_travel, measure_travel

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from clustermap.network.standardise import Standardised
    from clustermap.stages.counting import Network
    from clustermap.stages.ledger import Progress
    from clustermap.stages.reading import Layers

    Positions = npt.NDArray[np.int64]

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
    groups = read_groups()
    firm, cluster = _hold_firms(layers, members)
    ground = prepare_advice(
        Material(
            layers.clusters,
            Linkages(network.observed, standardised, network.edges, register),
            {"indicators": indicators},
            network.counts.by_sector,
            _list_fields(layers),
            _count_codes(layers, firm, cluster, ids),
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
    firms = _count_firms(layers, firm, cluster, ids, groups)
    return Prepared(ground, grants, firms, driven)


def read_groups() -> dict[str, str]:
    """Return the sector group of each industry division: Pavitt's taxonomy, as it ships.

    Returns
    -------
    dict
        As :func:`clustermap.selection.diffusion.parse_groups`.
    """
    return parse_groups((data_root() / "taxonomies" / GROUPS).read_text(encoding="utf-8"))


def _list_fields(layers: Layers) -> list[tuple[str, object]]:
    rows = layers.actors.get("institutes")
    if rows is None:
        return []
    fields = column_or_null(rows, "fields", pa.string())
    return list(zip(rows["institute"].to_pylist(), fields.to_pylist(), strict=True))


def _hold_firms(layers: Layers, members: Membership) -> tuple[Positions, Positions]:
    """Return position and cluster of every firm in a cluster, once for each that holds it."""
    rows = layers.actors.get("firms")
    # Firms are the first layer of the register where there are any.
    at, cluster = members.holders(np.arange(0 if rows is None else rows.num_rows))
    return at.astype(np.int64), cluster.astype(np.int64)


def _count_codes(
    layers: Layers, firm: Positions, cluster: Positions, ids: pd.Index[str]
) -> dict[tuple[str, str], int]:
    """Return how many firms of each industry code ("" for none) are in each cluster."""
    rows = layers.actors.get("firms")
    if rows is None:
        return {}
    coded = pc.fill_null(column_or_null(rows, "industry", pa.string()), "").dictionary_encode()
    codes = coded.dictionary.to_pylist()
    code = coded.indices.to_numpy(zero_copy_only=False)[firm]
    counted = _count_together(cluster, code, len(codes))
    return {(ids[at], codes[place]): number for at, place, number in counted}


def _count_together(
    one: Positions, other: npt.NDArray[np.integer], others: int
) -> list[tuple[int, int, int]]:
    """Return how often every two of two codes come together."""
    both = np.sort(one * others + other)
    start, number = count_runs(both)
    first, second = np.divmod(both[start], others)
    return list(zip(first.tolist(), second.tolist(), number.tolist(), strict=True))


def _count_firms(
    layers: Layers,
    firm: Positions,
    cluster: Positions,
    ids: pd.Index[str],
    groups: Mapping[str, str],
) -> pd.DataFrame:
    coded = layers.industries
    group = [groups.get(sector, "ungrouped") for sector in coded.sectors]
    industries = [";".join(claim) for claim in coded.groups]
    both = coded.sector[firm].astype(np.int64) * len(industries) + coded.group[firm]
    columns = ["cluster", "group", "industries", "firms"]
    counted = _count_together(cluster, both, len(group) * len(industries))
    rows = [
        (ids[at], group[place // len(industries)], industries[place % len(industries)], number)
        for at, place, number in counted
    ]
    named = pd.DataFrame(rows, columns=columns)
    return named.groupby(columns[:-1], sort=True)["firms"].sum().reset_index()
