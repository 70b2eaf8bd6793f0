"""Warnings on clusters whose links say less than they seem: head offices, a group, one partner."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from clustermap.network.distinct import count_runs
from clustermap.network.resilience import join_groups

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from clustermap.network.actor_links import Ends, Integers, Marks, Numbers

HALF = 0.5
"""Share of a cluster's links above which a warning stands."""

FEW = 3
"""Links below which a share says nothing and no warning stands."""


@dataclass(frozen=True)
class Flag:
    """A warning on clusters.

    Parameters
    ----------
    share
        Share of the links in question; NaN where there are none.
    links
        Number of links that it is a share of.
    flagged
        Whether the share is above a half, of at least three links.
    """

    share: Numbers
    links: npt.NDArray[np.int64]
    flagged: Marks

    def part(self, clusters: slice) -> Flag:
        """Return the warning on some clusters.

        Parameters
        ----------
        clusters
            Which.

        Returns
        -------
        Flag
            On those.
        """
        return Flag(self.share[clusters], self.links[clusters], self.flagged[clusters])


def join_flags(parts: Sequence[Flag]) -> Flag:
    """Return a warning on all clusters from that on some of them after the other.

    Parameters
    ----------
    parts
        Warnings on different clusters, in order.

    Returns
    -------
    Flag
        On all of them.
    """
    columns = (np.concatenate([getattr(part, c.name) for part in parts]) for c in fields(Flag))
    return Flag(*columns)


def _flag(part: npt.NDArray[np.int64], links: npt.NDArray[np.int64]) -> Flag:
    share = np.divide(part, links, out=np.full(len(links), np.nan), where=links > 0)
    return Flag(share, links, (links >= FEW) & (2 * part > links))


def _first_ends(ends: Ends) -> Marks:
    """Mark each link once in every cluster that it touches: an internal one has two rows there."""
    return ~ends.own | (ends.actor < ends.partner)


def _largest(cluster: Integers, holder: Integers, clusters: int) -> npt.NDArray[np.int64]:
    """Return the most rows that one holder has in each cluster."""
    order = np.lexsort((holder, cluster))
    start, rows = count_runs(cluster[order], holder[order])
    most = np.zeros(clusters, dtype=np.int64)
    np.maximum.at(most, cluster[order][start], rows)
    return most


def headquarters_flag(ends: Ends, left_out: Marks, clusters: int) -> Flag:
    """Return the share of a cluster's links that goes when head offices are left out.

    Patents and research are often booked at the head office of a firm with several sites, wherever
    the work was done.

    Parameters
    ----------
    ends
        From :func:`clustermap.network.actor_links.list_ends`.
    left_out
        Whether an actor is left out: a head office, or any site of a firm with several.
    clusters
        Number of clusters.

    Returns
    -------
    Flag
        Links with such an actor at either end, over all links that touch the cluster.
    """
    once = _first_ends(ends)
    touched = once & (left_out[ends.actor] | left_out[ends.partner])
    links, part = (np.bincount(ends.cluster[kept], minlength=clusters) for kept in (once, touched))
    return _flag(part, links)


def group_flag(ends: Ends, group: npt.NDArray[np.int32], clusters: int) -> tuple[Flag, Flag]:
    """Return the shares of a cluster's internal links that stay inside business groups.

    Parameters
    ----------
    ends
        From :func:`clustermap.network.actor_links.list_ends`.
    group
        Business group of each actor, -1 for none.
    clusters
        Number of clusters.

    Returns
    -------
    any_group : Flag
        Internal links with both ends in the same group, whichever.
    one_group : Flag
        The most that a single group has of them.
    """
    first, second = group[ends.actor], group[ends.partner]
    once = ends.own & _first_ends(ends)
    inside = once & (first >= 0) & (first == second)
    links = np.bincount(ends.cluster[once], minlength=clusters)
    any_group = np.bincount(ends.cluster[inside], minlength=clusters)
    largest = _largest(ends.cluster[inside], first[inside].astype(np.int64), clusters)
    return _flag(any_group, links), _flag(largest, links)


def foreign_flag(ends: Ends, abroad: Marks, group: npt.NDArray[np.int32], clusters: int) -> Flag:
    """Return the share of a cluster's links abroad that hang on one partner.

    Parameters
    ----------
    ends
        From :func:`clustermap.network.actor_links.list_ends`.
    abroad
        Whether an actor is abroad.
    group
        Business group of each actor, -1 for none; partners of a group count as one.
    clusters
        Number of clusters.

    Returns
    -------
    Flag
        Links with the foreign partner (or group) that has most, over all links abroad.
    """
    leaving = abroad[ends.partner] & ~ends.own
    cluster, partner = ends.cluster[leaving], join_groups(group, ends.partner[leaving])
    links = np.bincount(cluster, minlength=clusters)
    return _flag(_largest(cluster, partner, clusters), links)
