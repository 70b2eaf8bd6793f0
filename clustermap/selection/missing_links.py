"""Missing links: who is near, works in the same fields, and links less than is typical.

A pair is told where so few links are unlikely under the null, so that a pair of whom hardly any
link is typical never is: what is told is where a broker is most likely to find something. It is no
target; two neighbours may have good reasons to have nothing to do with each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import stats

from clustermap.network.actor_links import Membership
from clustermap.network.distinct import count_runs
from clustermap.network.ties import list_partners
from clustermap.tables import KINDS, MISSING_LINKS

if TYPE_CHECKING:
    import numpy.typing as npt
    from scipy import sparse

    from clustermap.scores.parts import Linkages
    from clustermap.selection.names import Named
    from clustermap.selection.near_pairs import NearPairs

    Numbers = npt.NDArray[np.float64]
    Positions = npt.NDArray[np.int64]

RARE = 0.05
"""Chance of so few links in a typical pair up to which a pair is told."""

MOST = 5
"""Pairs of each sort that are told of a cluster."""


def find_missing(pairs: NearPairs, ids: Named, *, both: bool, most: int = MOST) -> pd.DataFrame:
    """Return the pairs with fewer links than is typical, for every cluster those that lack most.

    Pairs whose fields differ are left out, and so are those in which even no link at all would not
    be rare: they could never be told (Tarone 1990). Among all others ``false_share`` is the share
    of chance that one has to reckon with among the pairs no likelier than this one (Benjamini and
    Hochberg 1995). The order, by expected less observed links, is ours.

    Parameters
    ----------
    pairs
        Pairs of clusters with what is near.
    ids
        Identifiers of the other ends by position, which decide between pairs that are alike.
    both
        Whether the other end is a cluster, too, which then is told of this one.
    most
        Pairs that are told of a cluster.

    Returns
    -------
    pd.DataFrame
        Columns of ``pairs.table``, false_share and common; by cluster, what lacks most first.

    References
    ----------
    Benjamini, Y. and Hochberg, Y. (1995). Controlling the false discovery rate: a practical and
    powerful approach to multiple testing. Journal of the Royal Statistical Society B 57(1),
    289-300. Tarone, R. E. (1990). A modified Bonferroni method for discrete data. Biometrics 46(2),
    515-522.
    """
    common = pd.Series(pairs.common, index=pairs.table.index, dtype=object)
    table = pairs.table.assign(common=common)
    table = table[(table["matched"] != 0) & (table["least"] <= RARE)]
    chance = table["probability"].to_numpy(dtype=float)
    adjusted = stats.false_discovery_control(chance) if len(chance) else chance
    told = table.assign(false_share=adjusted)[chance <= RARE]
    if both:
        turned = told.rename(columns={"cluster": "other", "other": "cluster"})
        told = pd.concat([told, turned], ignore_index=True)
    lack = told["expected"] - told["observed"]
    names = ids[told["other"].to_numpy(dtype=np.int64)].astype(str)
    keys = (names, told["probability"], -lack, told["cluster"])
    told = told.iloc[np.lexsort(keys)]
    return told.groupby("cluster").head(most).reset_index(drop=True)


def name_brokers(
    missing: pd.DataFrame, linkages: Linkages, ids: Named, *, both: bool
) -> pd.DataFrame:
    """Name for every pair an actor that could bring its two ends together.

    For an institute it is an actor of the cluster: one that is linked with the institute already,
    of several the one that shares most partners with it; else the one that is linked with most of
    the institute's partners. For a cluster it is whoever is linked with actors of both: the one
    whose fewer links, to either of the two, are most. Of equal ones the first by identifier. The
    rule is ours.

    Parameters
    ----------
    missing
        From :func:`find_missing`.
    linkages
        Edges, and every actor.
    ids
        Identifier of every actor.
    both
        Whether the other end is a cluster.

    Returns
    -------
    pd.DataFrame
        On the index of ``missing``: broker (position; -1 where nobody is linked so), direct (1
        where it is linked with both ends already), contacts (partners through which it reaches the
        institute; of a cluster the fewer of its links).
    """
    register, cells = linkages.register, linkages.observed.cells
    members = Membership(register.cells, cells.held_cell, cells.held_cluster, cells.clusters)
    choose = _between_clusters if both else _to_institutes
    found = choose(missing, linkages.ties, members, ids)
    return pd.DataFrame(found, index=missing.index, columns=["broker", "direct", "contacts"])


def _to_institutes(
    missing: pd.DataFrame, ties: sparse.csr_array, members: Membership, ids: Named
) -> Positions:
    found = np.tile(np.array([-1, 0, 0], dtype=np.int64), (len(missing), 1))
    start, actors = members.list_members()
    cluster, other = (missing[end].to_numpy(dtype=np.int64) for end in ("cluster", "other"))
    known = np.zeros(ties.shape[0], dtype=bool)
    for told in np.unique(cluster).tolist():
        own = actors[start[told] : start[told + 1]]
        member, partner = list_partners(ties, own)
        for row in np.flatnonzero(cluster == told).tolist():
            institute = other[row]
            knows = ties.indices[ties.indptr[institute] : ties.indptr[institute + 1]]
            known[knows] = True
            direct = known[own].astype(np.int64)
            shared = np.bincount(member[known[partner]], minlength=len(own))
            known[knows] = False
            shared[own == institute] = 0  # it is no broker of its own
            best = _first(own, (direct, shared), ids)
            if best >= 0:
                found[row] = own[best], direct[best], shared[best]
    return found


def _between_clusters(
    missing: pd.DataFrame, ties: sparse.csr_array, members: Membership, ids: Named
) -> Positions:
    found = np.tile(np.array([-1, 0, 0], dtype=np.int64), (len(missing), 1))
    start, actors = members.list_members()
    ends = missing[["cluster", "other"]].to_numpy(dtype=np.int64)
    linked = {
        told: _count_partners(ties, actors[start[told] : start[told + 1]])
        for told in np.unique(ends).tolist()
    }
    links = np.zeros(ties.shape[0], dtype=np.int64)
    for told in np.unique(ends[:, 0]).tolist():
        here, number = linked[told]
        links[here] = number
        for row in np.flatnonzero(ends[:, 0] == told).tolist():
            who, there = linked[int(ends[row, 1])]
            counts = np.minimum(links[who], there), np.maximum(links[who], there)
            both = np.flatnonzero(counts[0])
            best = _first(who[both], (counts[0][both], counts[1][both]), ids)
            if best >= 0:
                found[row] = who[both[best]], 1, counts[0][both[best]]
        links[here] = 0
    return found


def _count_partners(
    ties: sparse.csr_array, actors: Positions
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Return everybody who is linked with any of some actors, and with how many of them."""
    _, partner = list_partners(ties, actors)
    partner.sort()
    start, number = count_runs(partner)
    return partner[start].astype(np.int32), number.astype(np.int32)


def _first(who: npt.NDArray[np.integer], counts: tuple[Positions, Positions], ids: Named) -> int:
    """Return where the actor is who has most of the first count, then of the second.

    Of several the first by identifier; -1 where all have none of either.
    """
    if not len(who):
        return -1
    score = counts[0].astype(np.int64) * (int(counts[1].max()) + 1) + counts[1]
    most = score.max()
    if most == 0:
        return -1
    alike = np.flatnonzero(score == most)
    if len(alike) == 1:
        return int(alike[0])
    return int(alike[np.argsort(ids[who[alike]].astype(str), kind="stable")[0]])


def tabulate_missing(
    missing: pd.DataFrame,
    brokers: pd.DataFrame,
    clusters: pd.Index[str],
    ids: Named,
    *,
    both: bool,
) -> pd.DataFrame:
    """Return missing links by name.

    Parameters
    ----------
    missing
        From :func:`find_missing`.
    brokers
        From :func:`name_brokers`.
    clusters
        Ids of the clusters.
    ids
        Identifier of every actor.
    both
        Whether the other end is a cluster.

    Returns
    -------
    pd.DataFrame
        The table MISSING_LINKS.
    """
    names = clusters.to_numpy(dtype=object)
    other = missing["other"].to_numpy(dtype=np.int64)
    broker = brokers["broker"].to_numpy(dtype=np.int64)
    somebody = broker >= 0
    named = np.full(len(broker), None, dtype=object)
    named[somebody] = ids[broker[somebody]]
    kinds = np.array(KINDS, dtype=object)
    table = missing.assign(
        cluster=names[missing["cluster"].to_numpy(dtype=np.int64)],
        counterpart=names[other] if both else ids[other],
        counterpart_type="cluster" if both else "institute",
        lacking=kinds[missing["lacking"].to_numpy(dtype=np.int64)],
        broker=pd.Series(named, missing.index, dtype=object),
        direct=brokers["direct"],
        contacts=brokers["contacts"],
    )
    return table[[column.name for column in MISSING_LINKS.columns]]
