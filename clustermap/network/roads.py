"""Roads: how long it takes to drive from anywhere to the nearest of many places.

Times are those of an empty road: no congestion, no turns, no public transport. A place that stands
beside the road reaches its nearest node in a straight line at ``ACCESS_KPH``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph
from scipy.spatial import cKDTree

if TYPE_CHECKING:
    from collections.abc import Iterator

    import networkx as nx
    import numpy.typing as npt

    Numbers = npt.NDArray[np.float64]
    Positions = npt.NDArray[np.int64]
    Marks = npt.NDArray[np.bool_]

ACCESS_KPH = 20.0
"""Speed between a place and the nearest node of the roads; ours."""

FAR_M = 2_000.0
"""A place farther than this from any node of the roads is left out; ours."""

FEW_NODES = 100
"""Roads of fewer nodes that lead to each other are taken for remnants, not for islands; ours."""

_EARTH_M = 6_371_009.0
_AT_ONCE = 8_000_000


@dataclass(frozen=True)
class Roads:
    """Roads as a graph.

    Parameters
    ----------
    lon, lat
        Nodes, degrees.
    times
        Seconds from node (row) to node (column) along the fastest road that joins them.
    """

    lon: Numbers
    lat: Numbers
    times: sparse.csr_array


@dataclass(frozen=True)
class Stops:
    """Places on the roads.

    Parameters
    ----------
    node
        Node of each place; -1 where none is near.
    seconds
        Time between the place and its node; inf where none is near.
    """

    node: Positions
    seconds: Numbers

    @property
    def known(self) -> Marks:
        """Which places are on the roads."""
        return np.asarray(self.node >= 0)

    def take(self, at: Positions) -> Stops:
        """Return some of the places.

        Parameters
        ----------
        at
            Their positions.

        Returns
        -------
        Stops
            These, in this order.
        """
        return Stops(self.node[at], self.seconds[at])


def join_roads(
    lon: Numbers, lat: Numbers, source: Positions, target: Positions, seconds: Numbers
) -> Roads:
    """Join nodes and edges to a graph.

    Parameters
    ----------
    lon, lat
        Nodes, degrees.
    source, target
        Ends of each edge, as positions of nodes; it is driven from the first to the second only.
    seconds
        Time of each edge, finite and not negative.

    Returns
    -------
    Roads
        Of parallel edges the fastest is kept. Nodes are put in an order in which neighbours stand
        near each other (reverse Cuthill-McKee): it does not depend on theirs, unless two nodes
        share one spot.

    Examples
    --------
    Five nodes in a row, 60 s a step, the last of them one-way; a slower road beside the first::

        0 === 1 === 2 === 3 --> 4

    >>> at = np.array([0.0, 0.01, 0.02, 0.03, 0.04])
    >>> pairs = [(0, 1), (1, 0), (1, 2), (2, 1), (2, 3), (3, 2), (3, 4), (0, 1)]
    >>> source, target = np.array(pairs).T
    >>> roads = join_roads(at, 0 * at, source, target, np.array([60.0] * 7 + [90.0]))
    >>> found = find_nearest(roads, Stops(np.array([np.argmin(roads.lon)]), np.array([5.0])))
    >>> found[np.argsort(roads.lon)].tolist()
    [5.0, 65.0, 125.0, 185.0, inf]
    """
    size = len(lon)
    spatial = np.lexsort((lat, lon)).astype(np.int64)
    roads = _link(lon[spatial], lat[spatial], _ranks(spatial)[source], _ranks(spatial)[target],
                  seconds)  # fmt: skip
    if not size:
        return roads
    found = csgraph.reverse_cuthill_mckee(sparse.csr_array(roads.times), symmetric_mode=False)
    order = np.asarray(found).astype(np.int64)
    times = sparse.coo_array(roads.times)
    rank = _ranks(order)
    rows, columns = rank[times.coords[0]], rank[times.coords[1]]
    return _link(roads.lon[order], roads.lat[order], rows, columns, times.data)


def _ranks(order: Positions) -> Positions:
    ranks = np.empty(len(order), dtype=np.int64)
    ranks[order] = np.arange(len(order))
    return ranks


def _link(
    lon: Numbers, lat: Numbers, source: Positions, target: Positions, seconds: Numbers
) -> Roads:
    order = np.lexsort((seconds, target, source))
    source, target, seconds = source[order], target[order], seconds[order]
    first = np.ones(len(order), dtype=bool)
    first[1:] = (np.diff(source) != 0) | (np.diff(target) != 0)
    first &= source != target
    size = len(lon)
    starts = np.concatenate([[0], np.cumsum(np.bincount(source[first], minlength=size))])
    # Built by hand, since a road of no length is a road: nothing may drop its zero.
    parts = (seconds[first], target[first].astype(np.int32), starts.astype(np.int32))
    return Roads(lon, lat, sparse.csr_array(parts, shape=(size, size)))


def convert_graph(graph: nx.MultiDiGraph[int], weight: str = "travel_time") -> Roads:
    """Take roads over from OSMnx.

    Parameters
    ----------
    graph
        Nodes with x and y in degrees; edges with times in seconds.
    weight
        Attribute of the edges.

    Returns
    -------
    Roads
        The same.

    Raises
    ------
    KeyError
        If a node has no place or an edge has no time: osmnx.routing.add_edge_speeds and
        add_edge_travel_times give it one.
    ValueError
        If a time is negative or not finite.
    """
    at = {node: position for position, node in enumerate(graph)}
    spots = np.array([(spot["x"], spot["y"]) for _, spot in graph.nodes(data=True)], dtype=float)
    rows = [(at[u], at[v], float(road[weight])) for u, v, road in graph.edges(data=True)]
    source, target, seconds = np.array(rows, dtype=float).reshape(-1, 3).T
    if not (np.isfinite(seconds).all() and (seconds >= 0).all()):
        raise ValueError(f"edges need a finite {weight} that is not negative")
    lon, lat = spots.reshape(-1, 2).T
    return join_roads(lon, lat, source.astype(np.int64), target.astype(np.int64), seconds)


def _on_globe(lon: Numbers, lat: Numbers) -> Numbers:
    east, north = np.radians(lon), np.radians(lat)
    flat = np.cos(north)
    return _EARTH_M * np.column_stack([flat * np.cos(east), flat * np.sin(east), np.sin(north)])


def find_stops(roads: Roads, lon: Numbers, lat: Numbers) -> Stops:
    """Find the node that each place is nearest to.

    Parameters
    ----------
    roads
        The roads. Nodes of pieces of fewer than ``FEW_NODES`` nodes that lead to each other are
        passed over, such as a car park that is cut off or the end of a one-way road at the edge of
        the map; where all pieces are so small, all but those of the largest size.
    lon, lat
        Places, degrees; NaN where unknown.

    Returns
    -------
    Stops
        The nodes, in a straight line at most ``FAR_M`` away.
    """
    node = np.full(len(lon), -1, dtype=np.int64)
    seconds = np.full(len(lon), np.inf)
    kept = _find_whole(roads)
    known = np.flatnonzero(np.isfinite(lon) & np.isfinite(lat))
    if len(kept) and len(known):
        tree = cKDTree(_on_globe(roads.lon[kept], roads.lat[kept]))
        found = tree.query(_on_globe(lon[known], lat[known]), distance_upper_bound=FAR_M)
        away, nearest = (np.asarray(part) for part in found)
        near = np.isfinite(away)
        node[known[near]] = kept[nearest[near]]
        seconds[known[near]] = away[near] / (ACCESS_KPH / 3.6)
    return Stops(node, seconds)


def _find_whole(roads: Roads) -> Positions:
    if not len(roads.lon):
        return np.zeros(0, dtype=np.int64)
    _, piece = csgraph.connected_components(roads.times, connection="strong")
    sizes = np.bincount(piece)
    return np.flatnonzero(sizes[piece] >= min(FEW_NODES, int(sizes.max())))


def _lead_back(roads: Roads, stops: Stops) -> sparse.csr_array:
    """Return the roads against their direction, with one more node for each stop."""
    size, more = len(roads.lon), len(stops.node)
    back = sparse.csr_array(roads.times.T)
    starts = np.concatenate([back.indptr, back.indptr[-1] + np.arange(1, more + 1)])
    parts = (
        np.concatenate([back.data, stops.seconds]),
        np.concatenate([back.indices, stops.node]).astype(np.int32),
        starts.astype(np.int32),
    )
    return sparse.csr_array(parts, shape=(size + more, size + more))


def find_nearest(roads: Roads, stops: Stops) -> Numbers:
    """Return how long it takes from every node to the nearest of several places.

    Parameters
    ----------
    roads
        The roads.
    stops
        The places; those that are on no road are passed over.

    Returns
    -------
    np.ndarray
        Seconds; inf where no road leads to any. One search for all places: Dijkstra's from all of
        them at once, against the direction of the roads.

    References
    ----------
    Dijkstra, E. W. (1959). A note on two problems in connexion with graphs. Numerische Mathematik
    1, 269-271.
    """
    size = len(roads.lon)
    stops = stops.take(np.flatnonzero(stops.known))
    if not len(stops.node):
        return np.full(size, np.inf)
    graph, sources = _lead_back(roads, stops), size + np.arange(len(stops.node))
    found = csgraph.dijkstra(graph, indices=sources, min_only=True)
    return np.asarray(found[:size], dtype=float)


def reach_back(
    roads: Roads, stops: Stops, limit_s: float, at_once: int = _AT_ONCE
) -> Iterator[tuple[slice, Numbers]]:
    """Yield how long it takes from every node to each of several places.

    Parameters
    ----------
    roads
        The roads.
    stops
        The places, all on the roads.
    limit_s
        Longest time, s.
    at_once
        Numbers that are held at a time.

    Yields
    ------
    tuple
        Which places, and for each of them (row) the seconds from every node (column); inf where it
        is more than ``limit_s``.
    """
    size, number = len(roads.lon), len(stops.node)
    graph = _lead_back(roads, stops)
    step = max(1, at_once // max(size, 1))
    for start in range(0, number, step):
        part = slice(start, min(start + step, number))
        sources = size + np.arange(part.start, part.stop)
        found = csgraph.dijkstra(graph, indices=sources, limit=limit_s)
        yield part, np.asarray(found[:, :size], dtype=float)


def count_within(
    roads: Roads, places: Stops, actors: Stops, number: Positions, limit_s: float
) -> Positions:
    """Count who can drive to each of several places in a given time.

    Parameters
    ----------
    roads
        The roads.
    places
        Where they drive to.
    actors
        Where they start.
    number
        How many start at each: whole numbers, one column or several.
    limit_s
        Longest time from door to door, s.

    Returns
    -------
    np.ndarray
        int64: places x columns; 0 for a place on no road.
    """
    found = np.zeros((len(places.node), *number.shape[1:]), dtype=np.int64)
    for place, near in reach_actors(roads, places, actors, limit_s):
        found[place] = number[near].sum(axis=0)
    return found


def reach_actors(
    roads: Roads, places: Stops, actors: Stops, limit_s: float
) -> Iterator[tuple[int, Positions]]:
    """Yield who can drive to each of several places in a given time.

    Parameters
    ----------
    roads, places, actors, limit_s
        As for :func:`count_within`.

    Yields
    ------
    tuple
        Position of a place on the roads, and of the actors that reach it, in no order.
    """
    on_road = np.flatnonzero(places.known)
    own = np.argsort(actors.node, kind="stable")[int((~actors.known).sum()) :]
    seconds = actors.seconds[own]
    nodes, first, size = np.unique(actors.node[own], return_index=True, return_counts=True)
    for part, times in reach_back(roads, places.take(on_road), limit_s):
        for place, row in zip(on_road[part].tolist(), times, strict=True):
            times_there = row[nodes]
            met = np.flatnonzero(times_there <= limit_s)
            many = size[met]
            ends = np.cumsum(many)
            at = np.arange(ends[-1] if len(ends) else 0) + np.repeat(first[met] - ends + many, many)
            near = np.repeat(times_there[met], many) + seconds[at] <= limit_s
            yield place, own[at[near]]
