"""Advice: all tables of what to do about each cluster, from what a run has counted and scored."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa

from clustermap.network.actor_links import ActorLinks, Membership, list_ends_apart
from clustermap.network.resilience import join_groups
from clustermap.selection.conditions import Findings, count_holders
from clustermap.selection.diagnosis import tabulate_diagnosis
from clustermap.selection.diffusion import tabulate_diffusion
from clustermap.selection.fields import find_fields
from clustermap.selection.intermediaries import (
    SQUARE_M,
    find_next_sites,
    find_unreached,
    score_intermediaries,
)
from clustermap.selection.missing_links import find_missing, name_brokers, tabulate_missing
from clustermap.selection.names import Names
from clustermap.selection.near_pairs import pair_clusters, pair_institutes
from clustermap.selection.permitted import find_permitted_gaps
from clustermap.selection.reach import straight_reach
from clustermap.selection.support import measure_support
from clustermap.selection.travel import find_road_sites
from clustermap.tables import ACTOR_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from clustermap.layers.industries import Taxonomy
    from clustermap.scores.parts import Linkages
    from clustermap.selection.fields import Fields
    from clustermap.selection.near_pairs import NearPairs
    from clustermap.selection.travel import Travel


@dataclass(frozen=True)
class Material:
    """What advice rests on.

    Parameters
    ----------
    clusters
        Layer of clusters, index cluster, in the order of the run; columns industries and permitted
        (lists) where it has them.
    linkages
        Observed and expected links, edges, and every actor.
    tables
        The tables subscores, ratios and indicators of the run.
    by_sector
        Firms by industry division: cluster, sector, firms.
    institutes
        Identifier and fields of every institute.
    firms
        Cluster and industry code of every firm in a cluster, or how many firms there are of each.
    taxonomy
        Strategic industries.
    groups
        Industry division to sector group.
    grants
        Rows of the table SUPPORT; None where none was read.
    travel
        Who drives where; None where no roads were read, and straight lines stand for them.
    """

    clusters: pd.DataFrame
    linkages: Linkages
    tables: Mapping[str, pd.DataFrame]
    by_sector: pd.DataFrame
    institutes: Iterable[tuple[str, object]]
    firms: Iterable[tuple[str, str]] | Mapping[tuple[str, str], int]
    taxonomy: Taxonomy
    groups: Mapping[str, str]
    grants: pd.DataFrame | None = None
    travel: Travel | None = None


@dataclass(frozen=True)
class Advised:
    """What may be done about each cluster, and what publishing has to know of those behind it.

    Parameters
    ----------
    tables
        Name to table: diagnosis, diffusion, permitted_gaps, missing_links, intermediaries,
        next_sites, and support_measures where grants were read; empty where no links are scored.
    grants
        Grants by the clusters that hold who got them, of
        :func:`clustermap.selection.support.hold_grants`; None where none were read.
    firms
        Firms in clusters by sector group and industries: cluster, group, industries (";"-joined),
        firms.
    travel
        Name to table: travel, travel_firms, next_sites_by_kind; empty where no roads were read.
    sharing
        Clusters that hold a firm together with another.
    """

    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    grants: pd.DataFrame | None = None
    firms: pd.DataFrame = field(default_factory=pd.DataFrame)
    travel: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    sharing: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Groundwork:
    """What of advice does not depend on what parts of the score weigh.

    Parameters
    ----------
    tables
        PERMITTED_GAPS, MISSING_LINKS, INTERMEDIARIES, NEXT_SITES by their names, and
        SUPPORT_MEASURES where grants were read.
    near, holders
        What a diagnosis reads, see :class:`clustermap.selection.conditions.Findings`.
    """

    tables: Mapping[str, pd.DataFrame]
    near: pd.DataFrame
    holders: pd.DataFrame


def prepare_advice(material: Material) -> Groundwork:
    """Return what of advice does not depend on what parts of the score weigh.

    Parameters
    ----------
    material
        What a run has counted; of its tables, indicators are enough.

    Returns
    -------
    Groundwork
        For :func:`finish_advice`.
    """
    linkages, ids = material.linkages, pd.Index(material.clusters.index, name="cluster")
    names, members = Names(linkages.register.ids), _members(linkages)
    fields = _find_fields(material)
    given = {}
    if material.grants is not None:
        scored = linkages.edges.part(np.flatnonzero(linkages.scored))
        given["support_measures"] = measure_support(
            material.grants, ids, linkages.register, members, scored
        )
    bodies, sites = _find_bodies(material, members, names, ids)
    # Pairs take much memory, and so does what is found of bodies: one after the other.
    near = pair_institutes(linkages, fields)
    gaps = find_permitted_gaps(material.clusters, material.firms, material.taxonomy)
    tables = {
        "permitted_gaps": gaps,
        "missing_links": _tell_missing(near, linkages, fields, ids, names),
        "intermediaries": bodies,
        "next_sites": sites,
        **given,
    }
    holders = _count_holders(linkages, members, ids)
    return Groundwork(tables, _name_near(near, ids, linkages), holders)


def finish_advice(
    ground: Groundwork,
    clusters: pd.Index[str],
    tables: Mapping[str, pd.DataFrame],
    by_sector: pd.DataFrame,
    groups: Mapping[str, str],
) -> dict[str, pd.DataFrame]:
    """Return all tables of what to do about each cluster.

    Parameters
    ----------
    ground
        From :func:`prepare_advice`.
    clusters
        Ids of the clusters.
    tables, by_sector, groups
        As in :class:`Material`.

    Returns
    -------
    dict
        As :func:`advise_clusters`.
    """
    known = Findings(
        pd.Index(clusters, name="cluster"),
        tables["subscores"],
        tables["ratios"],
        tables["indicators"],
        ground.near,
        ground.holders,
        ground.tables.get("support_measures"),
    )
    return {
        "diagnosis": tabulate_diagnosis(known),
        "diffusion": tabulate_diffusion(known, by_sector, groups),
        **ground.tables,
    }


def advise_clusters(material: Material) -> dict[str, pd.DataFrame]:
    """Return all tables of what to do about each cluster.

    Parameters
    ----------
    material
        What a run has counted and scored; its data hold at least one kind of linkage that is
        scored.

    Returns
    -------
    dict
        The tables DIAGNOSIS, DIFFUSION, PERMITTED_GAPS, MISSING_LINKS, INTERMEDIARIES, NEXT_SITES
        by their names, and SUPPORT_MEASURES where grants were read.
    """
    ground, clusters = prepare_advice(material), material.clusters.index
    return finish_advice(ground, clusters, material.tables, material.by_sector, material.groups)


def _find_fields(material: Material) -> Fields:
    told = list(material.institutes)
    keys = [key for key, _ in told]
    at = material.linkages.register.find(pa.array(keys, pa.string()))
    positions = dict(zip(keys, at.tolist(), strict=True))
    return find_fields(material.clusters, material.tables["indicators"], told, positions)


def _members(linkages: Linkages) -> Membership:
    cells = linkages.observed.cells
    return Membership(linkages.register.cells, cells.held_cell, cells.held_cluster, cells.clusters)


def _count_holders(linkages: Linkages, members: Membership, ids: pd.Index[str]) -> pd.DataFrame:
    register, edges = linkages.register, linkages.edges
    links = ActorLinks(edges.a, edges.b, edges.directed, edges.unit, edges.credit)
    firm = register.types == ACTOR_TYPES.index("firm")
    entity = join_groups(register.group)
    parts = [
        count_holders(ends, entity, firm, ids).iloc[clusters]
        for clusters, ends in list_ends_apart(links, members, linkages.scored)
    ]
    return pd.concat(parts)


def _name_near(near: NearPairs, ids: pd.Index[str], linkages: Linkages) -> pd.DataFrame:
    types = np.array(ACTOR_TYPES, dtype=object)
    table = near.table
    return table.assign(
        cluster=ids.to_numpy()[table["cluster"].to_numpy()],
        type=types[linkages.register.types[table["other"].to_numpy()]],
    )


def _tell_missing(
    near: NearPairs, linkages: Linkages, fields: Fields, ids: pd.Index[str], names: Names
) -> pd.DataFrame:
    parts, clusters = [], ids.to_numpy(dtype=object)
    for both, pairs in ((False, near), (True, pair_clusters(linkages, fields))):
        missing = find_missing(pairs, clusters if both else names, both=both)
        brokers = name_brokers(missing, linkages, names, both=both)
        parts.append(tabulate_missing(missing, brokers, ids, names, both=both))
    joined = pd.concat(parts, ignore_index=True)
    order = np.argsort(ids.get_indexer(pd.Index(joined["cluster"])), kind="stable")
    return joined.iloc[order].reset_index(drop=True)


def _find_bodies(
    material: Material, members: Membership, names: Names, ids: pd.Index[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    linkages, travel = material.linkages, material.travel
    space, register = linkages.observed.space, linkages.register
    straight = straight_reach(space.crs)
    bodies = score_intermediaries(
        register,
        members,
        linkages.edges,
        names,
        straight if travel is None else travel.reach,
        ties=linkages.ties,
    )
    if travel is not None:
        return bodies, find_road_sites(travel)
    # A degree is about 100 km: squares need not be exact.
    degrees = space.crs is not None and space.crs.is_geographic
    open_ = find_unreached(register, straight, SQUARE_M / 100_000 if degrees else SQUARE_M)
    candidates = pd.DataFrame(
        {"x": space.x[: len(ids)], "y": space.y[: len(ids)]}, index=ids
    ).dropna()
    sites = find_next_sites(open_, candidates, straight)
    return bodies, sites
