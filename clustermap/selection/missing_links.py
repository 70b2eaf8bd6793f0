"""Missing links: who is near, works in the same fields, and links less than is typical.

A pair is told where so few links are unlikely under the null, so that a pair of whom hardly any
link is typical never is: what is told is where a broker is most likely to find something. It is no
target; two neighbours may have good reasons to have nothing to do with each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import sparse, stats

from clustermap.network.actor_links import Membership
from clustermap.network.roles import adjacency
from clustermap.tables import KINDS, MISSING_LINKS

if TYPE_CHECKING:
    import numpy.typing as npt

    from clustermap.scores.parts import Linkages
    from clustermap.selection.near_pairs import NearPairs

    Numbers = npt.NDArray[np.float64]
    Positions = npt.NDArray[np.int64]
    Names = npt.NDArray[np.object_]

RARE = 0.05
"""Chance of so few links in a typical pair up to which a pair is told."""

MOST = 5
"""Pairs of each sort that are told of a cluster."""


def find_missing(pairs: NearPairs, ids: Names, *, both: bool, most: int = MOST) -> pd.DataFrame:
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
    missing: pd.DataFrame, linkages: Linkages, ids: Names, *, both: bool
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
    edges, register = linkages.edges, linkages.register
    kinds = linkages.standardised.comparisons[linkages.standardised.headline, "drawn"].kinds
    use = np.isin(edges.kind, kinds)
    ties = adjacency(edges.a[use], edges.b[use], len(register.cells))
    ties = ((ties + ties.T) > 0).astype(np.int64)
    cells = linkages.observed.cells
    members = Membership(register.cells, cells.held_cell, cells.held_cluster, cells.clusters)
    choose = _between_clusters if both else _to_institutes
    found = choose(missing, ties, members, ids)
    return pd.DataFrame(found, index=missing.index, columns=["broker", "direct", "contacts"])


def _to_institutes(
    missing: pd.DataFrame, ties: sparse.csr_array, members: Membership, ids: Names
) -> Positions:
    found = np.tile(np.array([-1, 0, 0], dtype=np.int64), (len(missing), 1))
    cluster = missing["cluster"].to_numpy(dtype=np.int64)
    others = missing["other"].to_numpy(dtype=np.int64)
    for institute in np.unique(others).tolist():
        partners = ties[[institute]]
        shared, direct = (
            np.asarray(reached.toarray()).ravel() for reached in (partners @ ties, partners)
        )
        shared[institute] = direct[institute] = 0  # it is no broker of its own
        who = np.flatnonzero((shared > 0) | (direct > 0))
        at, held = members.holders(who)
        for row in np.flatnonzero(others == institute):
            here = who[at[held == cluster[row]]]
            if len(here):
                best = _first(here, (direct[here], shared[here]), ids)
                found[row] = best, direct[best], shared[best]
    return found


def _between_clusters(
    missing: pd.DataFrame, ties: sparse.csr_array, members: Membership, ids: Names
) -> Positions:
    found = np.tile(np.array([-1, 0, 0], dtype=np.int64), (len(missing), 1))
    everyone = np.arange(len(members.cell))
    row, cluster = members.holders(everyone)
    belongs = sparse.csr_array(
        (np.ones(len(row), np.int64), (row, cluster)), shape=(len(everyone), members.clusters)
    )
    linked = (ties @ belongs).tocsc()
    ends = missing[["cluster", "other"]].to_numpy(dtype=np.int64)
    for at, (one, other) in enumerate(ends):
        first, second = (
            linked.indices[linked.indptr[c] : linked.indptr[c + 1]] for c in (one, other)
        )
        who, left, right = np.intersect1d(first, second, return_indices=True)
        if len(who):
            counts = [
                linked.data[linked.indptr[c] : linked.indptr[c + 1]][place]
                for c, place in ((one, left), (other, right))
            ]
            fewer, more = np.minimum(*counts), np.maximum(*counts)
            best = _first(who.astype(np.int64), (fewer, more), ids)
            found[at] = best, 1, fewer[who == best][0]
    return found


def _first(who: Positions, counts: tuple[Positions, Positions], ids: Names) -> int:
    """Return who has most of the first count, then of the second, then the first identifier."""
    most = max(zip(*(count.tolist() for count in counts), strict=True))
    alike = (counts[0] == most[0]) & (counts[1] == most[1])
    return int(min(who[alike].tolist(), key=lambda actor: str(ids[actor])))


def tabulate_missing(
    missing: pd.DataFrame,
    brokers: pd.DataFrame,
    clusters: pd.Index[str],
    ids: Names,
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
    names = clusters.to_numpy()
    other = missing["other"].to_numpy(dtype=np.int64)
    broker = brokers["broker"].to_numpy(dtype=np.int64)
    kinds = np.array(KINDS, dtype=object)
    table = missing.assign(
        cluster=names[missing["cluster"].to_numpy(dtype=np.int64)],
        counterpart=(names if both else ids)[other],
        counterpart_type="cluster" if both else "institute",
        lacking=kinds[missing["lacking"].to_numpy(dtype=np.int64)],
        broker=pd.Series(
            [None if at < 0 else str(ids[at]) for at in broker], missing.index, dtype=object
        ),
        direct=brokers["direct"],
        contacts=brokers["contacts"],
    )
    return table[[column.name for column in MISSING_LINKS.columns]]
