"""Links between actors as seen from the clusters that hold them: who meets whom, in what unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Numbers: TypeAlias = npt.NDArray[np.float64]
    Integers: TypeAlias = npt.NDArray[np.integer]
    Marks: TypeAlias = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class ActorLinks:
    """Links between actors, one row a link (a pair of one project or document is a link).

    Parameters
    ----------
    a, b
        Positions of the actors at the ends.
    directed
        Whether the link leads from a to b only.
    unit
        Project or document that the link comes from; -1 for a link that is a unit of its own.
    credit
        Weight in units of 1e-9.
    """

    a: Integers
    b: Integers
    directed: Marks
    unit: Integers
    credit: Integers


@dataclass(frozen=True)
class Membership:
    """Which clusters hold which actors.

    Parameters
    ----------
    cell
        Cell of each actor.
    held_cell, held_cluster
        Pairs of a cell and a cluster that holds it.
    clusters
        Number of clusters.
    """

    cell: Integers
    held_cell: Integers
    held_cluster: Integers
    clusters: int

    def holders(self, actors: Integers) -> tuple[Integers, Integers]:
        """Return the clusters that hold actors.

        Parameters
        ----------
        actors
            Positions of actors, with repetition if wanted.

        Returns
        -------
        row : ndarray
            Position in ``actors``, once for each cluster that holds the actor, ascending.
        cluster : ndarray
            The cluster.
        """
        order = np.lexsort((self.held_cluster, self.held_cell))
        by_cell, clusters = self.held_cell[order], self.held_cluster[order]
        cells = self.cell[actors]
        first = np.searchsorted(by_cell, cells, side="left")
        times = np.searchsorted(by_cell, cells, side="right") - first
        row = np.repeat(np.arange(len(cells)), times)
        within = np.arange(len(row)) - np.repeat(np.cumsum(times) - times, times)
        return row, clusters[first[row] + within].astype(np.int64)

    def holds(self, cluster: Integers, actors: Integers) -> Marks:
        """Return whether clusters hold actors.

        Parameters
        ----------
        cluster, actors
            Pairs of a cluster and an actor.

        Returns
        -------
        Marks
            True where the cluster holds the actor's cell.
        """
        pairs = np.unique(self.held_cell.astype(np.int64) * self.clusters + self.held_cluster)
        asked = self.cell[actors].astype(np.int64) * self.clusters + cluster
        return np.isin(asked, pairs)

    def count_members(self) -> npt.NDArray[np.int64]:
        """Return the number of actors of each cluster.

        Returns
        -------
        ndarray
            One number a cluster.
        """
        _, cluster = self.holders(np.arange(len(self.cell)))
        return np.bincount(cluster, minlength=self.clusters)


@dataclass(frozen=True)
class Ends:
    """Ends of links, once for each cluster that holds the actor at the end.

    Parameters
    ----------
    cluster, actor, partner
        The cluster, its actor at this end, and the actor at the other end.
    link
        Position of the link.
    unit
        Unit of the link; links without one have a number of their own.
    own
        Whether the cluster holds the partner too.
    outward, inward
        Whether the link leads from the actor, and to it; both where it is not directed.
    """

    cluster: Integers
    actor: Integers
    partner: Integers
    link: Integers
    unit: Integers
    own: Marks
    outward: Marks
    inward: Marks


def list_ends(links: ActorLinks, members: Membership) -> Ends:
    """Return the ends of links as the clusters see them.

    Parameters
    ----------
    links
        All links; those of an actor with itself are left out.
    members
        Which clusters hold which actors.

    Returns
    -------
    Ends
        A link inside a cluster has two rows there, one that leaves it has one.
    """
    kept = np.flatnonzero(links.a != links.b)
    a, b, directed = links.a[kept], links.b[kept], links.directed[kept]
    unit = links.unit[kept].astype(np.int64)
    fresh = int(unit.max(initial=-1)) + 1
    unit = np.where(unit < 0, fresh + np.arange(len(unit)), unit)
    actor, partner = np.concatenate([a, b]), np.concatenate([b, a])
    row, cluster = members.holders(actor)
    from_a = row < len(a)
    at = row % max(len(a), 1)
    return Ends(
        cluster=cluster,
        actor=actor[row].astype(np.int64),
        partner=partner[row].astype(np.int64),
        link=kept[at],
        unit=unit[at],
        own=members.holds(cluster, partner[row]),
        outward=from_a | ~directed[at],
        inward=~from_a | ~directed[at],
    )
