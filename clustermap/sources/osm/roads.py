"""Roads as a graph: OSMnx builds it from nodes and ways, gives speeds and writes GraphML."""

from __future__ import annotations

import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree.ElementTree import ParseError
from xml.sax.saxutils import quoteattr

from clustermap.errors import TableFault, shorten_path
from clustermap.sources.osm.tags import ATTRIBUTION, LICENCE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import networkx as nx

    from clustermap.layers.projection import Bounds
    from clustermap.sources.osm.tags import RoadRules

FALLBACK_KPH = 30.0
_LETTERS = str.maketrans(dict.fromkeys(range(32), " "))


@dataclass(frozen=True)
class Ways:
    """Roads as the map has them.

    Parameters
    ----------
    nodes
        Number of a node to its longitude and latitude.
    ways
        Number of a way to its nodes in order and its tags.
    """

    nodes: Mapping[int, tuple[float, float]]
    ways: Mapping[int, tuple[list[int], Mapping[str, str]]]


def merge_ways(parts: Iterable[Ways]) -> Ways:
    """Return the roads of several tiles as one.

    Parameters
    ----------
    parts
        Roads of tiles; one that crosses an edge stands in both, whole.

    Returns
    -------
    Ways
        Every node and way once.
    """
    nodes: dict[int, tuple[float, float]] = {}
    ways: dict[int, tuple[list[int], Mapping[str, str]]] = {}
    for part in parts:
        nodes.update(part.nodes)
        ways.update(part.ways)
    return Ways(nodes, ways)


def clip_ways(roads: Ways, bounds: Bounds | None) -> Ways:
    """Return the roads that have a node within bounds, whole.

    Parameters
    ----------
    roads
        Nodes and ways.
    bounds
        West, south, east, north in degrees; None for everywhere.

    Returns
    -------
    Ways
        The same roads from whatever source: servers and drivers cut at an edge differently.
    """
    if bounds is None:
        return roads
    west, south, east, north = bounds
    inside = {
        node
        for node, (lon, lat) in roads.nodes.items()
        if west <= lon <= east and south <= lat <= north
    }
    kept = {number: way for number, way in roads.ways.items() if not inside.isdisjoint(way[0])}
    used = {node for nodes, _ in kept.values() for node in nodes}
    return Ways({node: spot for node, spot in roads.nodes.items() if node in used}, kept)


def build_graph(roads: Ways, rules: RoadRules, date: str) -> nx.MultiDiGraph[int] | None:
    """Build the graph of roads as OSMnx does: simplified, with lengths, speeds and travel times.

    Parameters
    ----------
    roads
        Nodes and ways.
    rules
        Speeds where the map states none.
    date
        Date of the map.

    Returns
    -------
    nx.MultiDiGraph or None
        Nodes with x, y; edges with length (m), speed_kph and travel_time (s). Islands stay. None
        where there is no road.
    """
    if not roads.ways:
        return None
    import osmnx  # noqa: PLC0415 -- 2 seconds

    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        file = Path(folder) / "roads.osm"
        with file.open("w", encoding="utf-8", newline="\n") as written:
            written.writelines(_spell_xml(roads))
        graph = osmnx.graph_from_xml(file, simplify=True, retain_all=True)
        return _finish(graph, rules, date)


def read_graph(path: Path, rules: RoadRules, date: str = "") -> nx.MultiDiGraph[int]:
    """Read roads from GraphML as OSMnx writes it.

    Parameters
    ----------
    path
        File.
    rules
        Speeds where the file and the map state none.
    date
        Date of the map, where it is known.

    Returns
    -------
    nx.MultiDiGraph
        As of :func:`build_graph`.

    Raises
    ------
    TableFault
        If the file is none of that kind.
    """
    import networkx  # noqa: ICN001, PLC0415
    import osmnx  # noqa: PLC0415

    if not path.is_file():
        raise TableFault("missing_file", table="osm", value=shorten_path(path))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            graph = osmnx.load_graphml(path)
            _check_lengths(graph)
            return _finish(graph, rules, date)
    except (KeyError, ValueError, TypeError, ParseError, networkx.NetworkXError) as error:
        why = " ".join(f"GraphML: {error}".split())
        raise TableFault("unreadable_file", table="osm", value=path.name, why=why) from error


def _check_lengths(graph: nx.MultiDiGraph[int]) -> None:
    edges = [edge for *_, edge in graph.edges(data=True)]
    if not edges or not all("length" in edge for edge in edges):
        raise ValueError("no edges with a length")


def _finish(graph: nx.MultiDiGraph[int], rules: RoadRules, date: str) -> nx.MultiDiGraph[int]:
    import osmnx  # noqa: PLC0415

    if graph.number_of_edges():
        graph = osmnx.routing.add_edge_speeds(
            graph, hwy_speeds={**rules.speeds_kph}, fallback=FALLBACK_KPH
        )
        graph = osmnx.routing.add_edge_travel_times(graph)
    # A clock in the file would make two equal downloads differ.
    graph.graph["created_date"] = date
    graph.graph |= {"attribution": ATTRIBUTION, "licence": LICENCE}
    return graph


def write_graph(graph: nx.MultiDiGraph[int], path: Path) -> None:
    """Write roads as GraphML.

    Parameters
    ----------
    graph
        The roads.
    path
        File.
    """
    import osmnx  # noqa: PLC0415

    osmnx.save_graphml(graph, path)


def _spell_xml(roads: Ways) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<osm version="0.6" generator="clustermap">\n'
    for number in sorted(roads.nodes):
        lon, lat = roads.nodes[number]
        yield f'<node id="{number}" lat="{lat:.7f}" lon="{lon:.7f}"/>\n'
    for number in sorted(roads.ways):
        nodes, tags = roads.ways[number]
        yield f'<way id="{number}">'
        yield "".join(f'<nd ref="{node}"/>' for node in nodes)
        yield "".join(f"<tag k={_quote(key)} v={_quote(tags[key])}/>" for key in sorted(tags))
        yield "</way>\n"
    yield "</osm>\n"


def _quote(text: str) -> str:
    return quoteattr(text.translate(_LETTERS))
