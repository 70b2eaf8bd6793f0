"""Travel: how far institutes are by road, for clusters and firms, and where the next would help.

Times are those of an empty road: no congestion, no public transport.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from clustermap.indicators.evidence import divide
from clustermap.network.roads import Stops, count_within, find_nearest, reach_actors
from clustermap.network.strata import LEFT_OUT
from clustermap.tables import (
    ACTOR_TYPES,
    INSTITUTE_TYPES,
    NEXT_SITES,
    NEXT_SITES_BY_KIND,
    TRAVEL,
    TRAVEL_FIRMS,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from clustermap.layers.actors import Register
    from clustermap.network.actor_links import Membership
    from clustermap.selection.reach import RoadReach

    Numbers = npt.NDArray[np.float64]
    Positions = npt.NDArray[np.int64]
    Marks = npt.NDArray[np.bool_]
    Names = npt.NDArray[np.object_]


@dataclass(frozen=True)
class Travel:
    """Everything that drives, and where to.

    Parameters
    ----------
    register
        Every actor.
    members
        Which clusters hold which actors.
    names
        Identifier of every actor.
    clusters
        A point inside of each cluster: x, y on the index cluster, in the order of the run.
    reach
        What is near by road.
    """

    register: Register
    members: Membership
    names: Names
    clusters: pd.DataFrame
    reach: RoadReach
    _times: dict[str, Numbers] = field(default_factory=dict, repr=False)

    @cached_property
    def firms(self) -> Positions:
        """All firms that take part."""
        register = self.register
        firm = register.types == ACTOR_TYPES.index("firm")
        return np.flatnonzero(firm & (register.stratum != LEFT_OUT))

    @cached_property
    def _stops(self) -> Stops:
        """Every actor on the roads, then every cluster."""
        register = self.register
        x, y = (np.where(register.precise, v, np.nan) for v in (register.x, register.y))
        own = (self.clusters[name].to_numpy(dtype=float) for name in ("x", "y"))
        east, north = (np.append(a, b) for a, b in zip((x, y), own, strict=True))
        return self.reach.stop((east, north))

    @cached_property
    def firm_stops(self) -> Stops:
        """Where the firms come onto the roads."""
        return self._stops.take(self.firms)

    @cached_property
    def cluster_stops(self) -> Stops:
        """Where the clusters do."""
        return self._stops.take(len(self.register.types) + np.arange(len(self.clusters)))

    @cached_property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of institute of which one stands on the roads."""
        return tuple(kind for kind in INSTITUTE_TYPES if self._institutes(kind).known.any())

    def _institutes(self, kind: str) -> Stops:
        register = self.register
        own = (register.types == ACTOR_TYPES.index(kind)) & (register.stratum != LEFT_OUT)
        return self._stops.take(np.flatnonzero(own))

    def time(self, kind: str, stops: Stops) -> Numbers:
        """Return how long it takes to the nearest institute of a kind.

        Parameters
        ----------
        kind
            Kind of institute.
        stops
            From where.

        Returns
        -------
        np.ndarray
            Seconds from door to door; inf where no road leads.
        """
        if kind not in self._times:
            self._times[kind] = find_nearest(self.reach.roads, self._institutes(kind))
        there = self._times[kind]
        found = np.full(len(stops.node), np.inf)
        found[stops.known] = there[stops.node[stops.known]] + stops.seconds[stops.known]
        return found

    def near(self, kind: str) -> Marks:
        """Return which firms have an institute of a kind within reach.

        Parameters
        ----------
        kind
            Kind of institute.

        Returns
        -------
        np.ndarray
            bool.
        """
        return np.asarray(self.time(kind, self.firm_stops) <= self.reach.limit_s)


def _minutes(seconds: Numbers) -> Numbers:
    return np.where(np.isfinite(seconds), seconds / 60, np.nan)


def tabulate_travel(travel: Travel) -> pd.DataFrame:
    """Return how far the nearest institute of each kind is from each cluster and its firms.

    Parameters
    ----------
    travel
        Who drives.

    Returns
    -------
    pd.DataFrame
        The table TRAVEL, in the order of the clusters and of the kinds. Firms that stand far from
        any road, or whose place is not known well, are counted as left out; one from which no road
        leads to such an institute counts as farther than any other.
    """
    ids = travel.clusters.index
    row, cluster = travel.members.holders(travel.firms)
    known = travel.firm_stops.known[row]
    on_road = np.bincount(cluster[known], minlength=len(ids))
    off_road = np.bincount(cluster[~known], minlength=len(ids))
    parts = []
    for kind in travel.kinds:
        seconds = travel.time(kind, travel.firm_stops)
        held = pd.Series(seconds[row[known]]).groupby(cluster[known])
        near = travel.near(kind)[row]
        near_firms = np.bincount(cluster[near], minlength=len(ids))
        parts.append(
            pd.DataFrame(
                {
                    "cluster": ids.to_numpy(dtype=object),
                    "kind": kind,
                    "minutes": _minutes(travel.time(kind, travel.cluster_stops)),
                    "firms": on_road,
                    "median_minutes": _minutes(
                        np.asarray(held.median().reindex(range(len(ids))), dtype=np.float64)
                    ),
                    "near_firms": near_firms,
                    "near_share": divide(near_firms, on_road),
                    "left_out": off_road,
                }
            )
        )
    names = [column.name for column in TRAVEL.columns]
    if not parts:
        return pd.DataFrame(columns=names)
    table = pd.concat(parts).sort_index(kind="stable")[names]
    return table.reset_index(drop=True)


def tabulate_firms(travel: Travel) -> pd.DataFrame:
    """Return how far the nearest institute of each kind is from each firm.

    Parameters
    ----------
    travel
        Who drives.

    Returns
    -------
    pd.DataFrame
        The table TRAVEL_FIRMS, by identifier: minutes, null where no road leads there.
    """
    columns = {
        f"to_{kind}": _minutes(travel.time(kind, travel.firm_stops))
        if kind in travel.kinds
        else np.full(len(travel.firms), np.nan)
        for kind in INSTITUTE_TYPES
    }
    access = _minutes(travel.firm_stops.seconds)
    table = pd.DataFrame({"firm": travel.names[travel.firms], "to_road": access, **columns})
    names = [column.name for column in TRAVEL_FIRMS.columns]
    return table[names].sort_values("firm", kind="stable").reset_index(drop=True)


def _candidates(travel: Travel) -> tuple[Names, Stops]:
    """Return the clusters by identifier."""
    order = np.argsort(travel.clusters.index.to_numpy(dtype=object), kind="stable")
    return travel.clusters.index.to_numpy(dtype=object)[order], travel.cluster_stops.take(order)


def find_sites_by_kind(travel: Travel) -> pd.DataFrame:
    """Return where one more institute of each kind would reach most firms that none reaches.

    Parameters
    ----------
    travel
        Who drives.

    Returns
    -------
    pd.DataFrame
        The table NEXT_SITES_BY_KIND: the candidate (a cluster) that adds most firms, exactly, for
        every kind that any firm lacks; of equal ones the first by identifier, and how many others
        add as many; the next best. A kind of which there is no institute on the roads is missing.

    References
    ----------
    Church, R. and ReVelle, C. (1974). The maximal covering location problem. Papers of the Regional
    Science Association 32, 101-118.
    """
    ids, sites = _candidates(travel)
    firms, reach = travel.firm_stops, travel.reach
    open_ = np.zeros((len(firms.node), len(travel.kinds)), dtype=np.int64)
    for at, kind in enumerate(travel.kinds):
        open_[:, at] = ~travel.near(kind)
    added = count_within(reach.roads, sites, firms, open_, reach.limit_s)
    rows = []
    for kind, gains in zip(travel.kinds, added.T, strict=True):
        if not len(gains) or gains.max() == 0:
            continue
        order = np.argsort(-gains, kind="stable")
        best, second = int(order[0]), (int(order[1]) if len(order) > 1 else None)
        rows.append(
            {
                "kind": kind,
                "cluster": ids[best],
                "added": int(gains[best]),
                "ties": int((gains == gains[best]).sum()) - 1,
                "second": None if second is None else ids[second],
                "second_added": None if second is None else int(gains[second]),
                "firms_covered": int(travel.near(kind).sum()),
                "firms_in_all": int(firms.known.sum()),
            }
        )
    table = pd.DataFrame(rows, columns=[column.name for column in NEXT_SITES_BY_KIND.columns])
    return table.astype({"second_added": "Int64"})


def find_road_sites(travel: Travel, number: int = 5) -> pd.DataFrame:
    """Return where further support bodies would reach most firms that none reaches, by road.

    Parameters
    ----------
    travel
        Who drives.
    number
        Sites wanted.

    Returns
    -------
    pd.DataFrame
        The table NEXT_SITES: each site is the best after those before it, counted firm by firm.

    References
    ----------
    Church, R. and ReVelle, C. (1974), as :func:`find_sites_by_kind`. Minoux, M. (1978). Accelerated
    greedy algorithms for maximizing submodular set functions. In: Stoer, J. (ed.), Optimization
    Techniques, Springer, 234-243: what a site adds can only become less, so that most need not be
    counted again.
    """
    ids, sites = _candidates(travel)
    near = (
        travel.near("support") if "support" in travel.kinds else np.zeros(len(travel.firms), bool)
    )
    left = np.flatnonzero(travel.firm_stops.known & ~near)
    firms, before = travel.firm_stops.take(left), int(near.sum())
    rows = []
    for turn, (site, added) in enumerate(_choose(travel, sites, firms, number), start=1):
        before += added
        rows.append((turn, ids[site], added, before, int(travel.firm_stops.known.sum())))
    return pd.DataFrame(rows, columns=[column.name for column in NEXT_SITES.columns])


def _choose(travel: Travel, sites: Stops, firms: Stops, number: int) -> Iterator[tuple[int, int]]:
    """Yield the sites that add most, one after the other, and how many firms each adds."""
    roads, limit_s = travel.reach.roads, travel.reach.limit_s
    left = np.ones(len(firms.node), dtype=np.int64)
    most = count_within(roads, sites, firms, left, limit_s)
    waiting = [(-int(added), site) for site, added in enumerate(most) if added]
    heapq.heapify(waiting)
    near: dict[int, Positions] = {}
    for _ in range(number):
        while waiting:
            _, site = waiting[0]
            if site not in near:
                found = reach_actors(roads, sites.take(np.array([site])), firms, limit_s)
                near[site] = next(found)[1]
            added = int(left[near[site]].sum())
            if -waiting[0][0] == added:
                break
            if added:
                heapq.heapreplace(waiting, (-added, site))
            else:
                heapq.heappop(waiting)
        if not waiting:
            return
        heapq.heappop(waiting)
        left[near[site]] = 0
        yield site, added
