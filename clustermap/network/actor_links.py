"""Links between actors as seen from the clusters that hold them: who meets whom, in what unit."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    Numbers: TypeAlias = npt.NDArray[np.float64]
    Integers: TypeAlias = npt.NDArray[np.integer]
    Marks: TypeAlias = npt.NDArray[np.bool_]

_PARTS = 16

ENDS_AT_ONCE = 2_000_000
"""Ends of links that are listed at a time where clusters are looked at one after the other."""


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
        first, times, clusters = self._by_cell
        cells = self.cell[actors]
        if self._only is not None:
            cluster = self._only[cells]
            row = np.flatnonzero(cluster >= 0)
            return row, cluster[row]
        many = times[cells]
        row = np.repeat(np.arange(len(cells)), many)
        within = np.arange(len(row)) - np.repeat(np.cumsum(many) - many, many)
        return row, clusters[first[cells[row]] + within]

    @cached_property
    def _by_cell(self) -> tuple[Integers, Integers, Integers]:
        """Of every cell the first of its clusters, and their number; and all of them in a row."""
        order = np.lexsort((self.held_cluster, self.held_cell))
        # One more than there are: nobody holds who is in no cell, which is -1.
        size = 2 + max(int(cells.max(initial=-1)) for cells in (self.cell, self.held_cell))
        times = np.bincount(self.held_cell, minlength=size)
        first = np.cumsum(times) - times
        return first, times.astype(np.int32), self.held_cluster[order].astype(np.int64)

    @cached_property
    def _only(self) -> Integers | None:
        """The cluster of every cell, -1 for none; None where a cell is held by several."""
        _, times, clusters = self._by_cell
        if times.max(initial=0) > 1:
            return None
        only = np.full(len(times), -1, dtype=np.int64)
        only[times > 0] = clusters
        return only

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
        first, times, clusters = self._by_cell
        cells = self.cell[actors]
        if self._only is not None:
            return np.asarray(self._only[cells] == cluster)
        many = times[cells]
        found, at = np.zeros(len(cells), dtype=bool), first[cells]
        for turn in range(int(many.max(initial=0))):
            held = np.flatnonzero(many > turn)
            found[held] |= clusters[at[held] + turn] == cluster[held]
        return found

    def part(self, first: int, stop: int) -> Membership:
        """Return which actors some clusters hold.

        Parameters
        ----------
        first, stop
            The first of the clusters, and the first after them.

        Returns
        -------
        Membership
            Clusters keep their numbers.
        """
        kept = (self.held_cluster >= first) & (self.held_cluster < stop)
        held = self.held_cell[kept], self.held_cluster[kept]
        return Membership(self.cell, *held, self.clusters)

    def list_members(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return the actors of every cluster.

        Returns
        -------
        start : ndarray
            Where the actors of each cluster start, and after the last where all of them end.
        actor : ndarray
            Actors, cluster after cluster, ascending in each.
        """
        actor, cluster = self.holders(np.arange(len(self.cell)))
        start = np.concatenate([[0], np.cumsum(np.bincount(cluster, minlength=self.clusters))])
        # Numbers of two bytes are sorted by their digits: clusters are mostly so few.
        few = self.clusters <= np.iinfo(np.uint16).max
        cluster = cluster.astype(np.uint16 if few else np.int64)
        return start, actor[np.argsort(cluster, kind="stable")].astype(np.int64)

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
    return _list_ends(links, members, np.flatnonzero(links.a != links.b))


def _list_ends(links: ActorLinks, members: Membership, kept: Integers) -> Ends:
    a, b, unit = links.a[kept], links.b[kept], links.unit[kept].astype(np.int64)
    fresh = int(unit.max(initial=-1)) + 1
    number = _narrow(np.where(unit < 0, fresh + np.arange(len(unit)), unit))
    kept = _narrow(kept)
    sides = [(*members.holders(actor), actor, partner) for actor, partner in ((a, b), (b, a))]
    row = np.concatenate([row for row, *_ in sides])
    cluster = _narrow(np.concatenate([cluster for _, cluster, *_ in sides]))
    partner = np.concatenate([partner[row] for row, _, _, partner in sides])
    from_a = np.arange(len(row)) < len(sides[0][0])
    one_way = links.directed[kept][row]
    return Ends(
        cluster=cluster,
        actor=np.concatenate([actor[row] for row, _, actor, _ in sides]),
        partner=partner,
        link=kept[row],
        unit=number[row],
        own=members.holds(cluster, partner),
        outward=from_a | ~one_way,
        inward=~from_a | ~one_way,
    )


def _narrow(values: Integers) -> Integers:
    """Return whole numbers in half the memory where they fit: there may be tens of millions."""
    fits = int(values.max(initial=0)) < 2**31
    return values.astype(np.int32 if fits else np.int64, copy=False)


def list_ends_apart(
    links: ActorLinks, members: Membership, use: Marks, rows: int = ENDS_AT_ONCE
) -> Iterator[tuple[slice, Ends]]:
    """Yield the ends of links for some clusters after the other.

    Ends take several times the memory of links, and what is counted of a cluster mostly needs its
    own alone.

    Parameters
    ----------
    links, members
        As for :func:`list_ends`.
    use
        Which of the links count.
    rows
        About how many ends are listed at a time; all ends of one cluster stay together.

    Yields
    ------
    tuple
        Clusters, and the ends that they hold.
    """
    # One more than there are: nobody holds who is in no cell, which is -1.
    cells = 2 + max(int(cell.max(initial=-1)) for cell in (members.cell, members.held_cell))
    ends = np.zeros(cells, dtype=np.int64)
    for end in (links.a, links.b):
        own = np.bincount(end, minlength=len(members.cell))
        np.add.at(ends, members.cell, own)
    of_cluster = np.bincount(members.held_cluster, ends[members.held_cell], members.clusters)
    before = np.cumsum(of_cluster) - of_cluster
    bounds = np.searchsorted(before, np.arange(0, before[-1] + rows, rows))
    parts = list(pairwise(np.unique([*bounds.tolist(), members.clusters]).tolist()))
    for start in range(0, len(parts), _PARTS):
        some = parts[start : start + _PARTS]
        seen = _see_parts(links, members, use, some)
        for at, (first, stop) in enumerate(some):
            kept = np.flatnonzero((seen & np.uint16(1 << at)) != 0)
            yield slice(first, stop), _list_ends(links, members.part(first, stop), kept)


def _see_parts(
    links: ActorLinks, members: Membership, use: Marks, parts: Sequence[tuple[int, int]]
) -> npt.NDArray[np.uint16]:
    """Return which parts of the clusters see each link, a bit for each of them."""
    cells = 2 + max(int(cell.max(initial=-1)) for cell in (members.cell, members.held_cell))
    held = np.zeros(cells, dtype=np.uint16)
    for at, (first, stop) in enumerate(parts):
        held[members.part(first, stop).held_cell] |= np.uint16(1 << at)
    holding = held[members.cell]
    seen = holding[links.a]
    seen |= holding[links.b]
    seen[~use | (links.a == links.b)] = 0
    return np.asarray(seen)
