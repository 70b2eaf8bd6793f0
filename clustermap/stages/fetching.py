"""Fetching: layers from OpenStreetMap, by network or from an extract on disk."""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd

from clustermap import tables
from clustermap.errors import TableFault, one_line
from clustermap.layers import projection
from clustermap.layers.clusters import clean_polygons
from clustermap.messages import Message
from clustermap.sources.osm import extract, write
from clustermap.sources.osm.area import Area, box_area, union_area
from clustermap.sources.osm.asked import Asked, Server
from clustermap.sources.osm.elements import ID, MadeLayers, make_layers
from clustermap.sources.osm.overpass import Tiles, find_place
from clustermap.sources.osm.roads import (
    Ways,
    build_graph,
    clip_ways,
    merge_ways,
    read_graph,
    write_graph,
)
from clustermap.sources.osm.tags import (
    ATTRIBUTION,
    LICENCE,
    query_tags,
    read_roads,
    read_tags,
    tags_file,
    wanted_keys,
)
from clustermap.stages.ledger import no_progress
from clustermap.stages.rows import read_rows

if TYPE_CHECKING:
    from pathlib import Path

    import networkx as nx

    from clustermap.messages import Language
    from clustermap.sources.osm.tags import RoadRules, Tag
    from clustermap.stages.ledger import Progress

GRAPHML = ".graphml"


def fetch_osm(
    folder: Path,
    asked: Asked,
    *,
    server: Server | None = None,
    language: Language = "ko",
    progress: Progress | None = None,
) -> write.Fetched:
    """Make layers and roads of OpenStreetMap, and a project file that reads them.

    Parameters
    ----------
    folder
        Where to write; made if it is not there. Answers of servers are kept in its folder cache,
        so that a second call asks only for what is missing.
    asked
        Where to look and what for.
    server
        Servers that are asked; None for the public ones.
    language
        Language of the project file.
    progress
        Hears how far it is.

    Returns
    -------
    Fetched
        What was found and written.

    Raises
    ------
    TableFault
        If a server or a file does not give what is asked, or the area is too large.
    """
    listen = progress or no_progress
    server = server or Server()
    write.refuse_others(folder)
    tags = read_tags(asked.tags, commercial=asked.commercial)
    rules = None if asked.roads == "none" else read_roads(asked.roads)
    area = _find_area(folder, asked, server, listen)
    source: _Extracts | _Online
    if asked.files:
        source = _Extracts(asked, area, tags, rules)
    else:
        source = _Online(folder / "cache", asked, _need(area), tags, rules, server)
    elements = source.elements(listen)
    made = make_layers(elements, tags, area.shape if area else None)
    listen(Message("osm.step.roads"), 0, 0)
    graph = source.graph()
    if graph is None and all(frame.empty for frame in made.frames.values()):
        raise TableFault("osm_nothing", table="osm", value=area.label if area else "")
    facts = _tell(source, area, made, graph, asked)
    return _write(folder, made, graph, facts, _label(asked, area), language)


def _need(area: Area | None) -> Area:
    if area is None:
        raise TableFault("osm_no_area", table="osm")
    return area


def _label(asked: Asked, area: Area | None) -> str:
    return area.label if area else ", ".join(path.name for path in asked.files)


def _find_area(folder: Path, asked: Asked, server: Server, listen: Progress) -> Area | None:
    """Return where to look; None where a file is taken whole."""
    if asked.bbox:
        return box_area(asked.bbox)
    if asked.clusters:
        return _find_clusters(asked.clusters, listen)
    if not asked.place:
        return None
    listen(Message("osm.step.place"), 0, 0)
    return find_place(asked.place, server, folder / "cache" / "places")


def _find_clusters(file: Path, listen: Progress) -> Area:
    """Return where the clusters of a project lie."""
    from clustermap.project import open_project  # noqa: PLC0415 -- pydantic only where it is used

    project = open_project(file)
    layer = project.layers.clusters
    rows = read_rows(tables.CLUSTERS, layer, listen)
    crs = projection.check_crs(layer.crs or rows.crs, "clusters")
    lonlat = projection.check_crs(projection.LONLAT, "clusters")
    clean = clean_polygons(tables.CLUSTERS, rows.checked, crs, lonlat)
    return union_area(clean.frame.geometry.bounds.to_numpy().tolist(), project.project.name)


class _Extracts:
    """Files on disk.

    Parameters
    ----------
    asked
        Where to look and what for.
    area
        Where to look; None for everywhere.
    tags, rules
        What counts.
    """

    def __init__(
        self, asked: Asked, area: Area | None, tags: tuple[Tag, ...], rules: RoadRules | None
    ) -> None:
        self.graphs = [path for path in asked.files if path.name.lower().endswith(GRAPHML)]
        self.maps = [path for path in asked.files if extract.is_extract(path)]
        for path in asked.files:
            if path not in {*self.graphs, *self.maps}:
                known = ", ".join([*extract.ENDINGS, GRAPHML])
                raise TableFault("unknown_format", table="osm", value=path.name, known=known)
        if len(self.graphs) > 1:
            raise TableFault("osm_two_graphs", table="osm", value=self.graphs[1].name)
        self.bounds = area.bounds if area else None
        self.tags = tags
        self.rules = rules
        self.broken = 0

    def elements(self, listen: Progress) -> gpd.GeoDataFrame:
        query, keys = query_tags(self.tags), wanted_keys(self.tags)
        none = pd.DataFrame(columns=[ID, *keys])
        parts = [gpd.GeoDataFrame(none, geometry=gpd.GeoSeries([], crs=projection.LONLAT))]
        for done, path in enumerate(self.maps):
            listen(Message("osm.step.elements"), done, len(self.maps))
            found, broken = extract.read_elements(path, query, keys, self.bounds)
            self.broken += broken
            parts.append(found)
        return gpd.GeoDataFrame(pd.concat(parts[1:] or parts, ignore_index=True))

    def graph(self) -> nx.MultiDiGraph[int] | None:
        if self.graphs:
            return read_graph(self.graphs[0], self.rules or read_roads("drive"), self.dates()[1])
        if self.rules is None:
            return None
        parts = (extract.read_ways(path, self.rules, self.bounds) for path in self.maps)
        roads = clip_ways(merge_ways(parts), self.bounds)
        return build_graph(roads, self.rules, self.dates()[1])

    def dates(self) -> tuple[str, str]:
        found = sorted(date for path in self.maps if (date := extract.read_date(path)))
        return (found[0], found[-1]) if found else ("", "")

    def facts(self) -> dict[str, Any]:
        files = [
            {"file": one_line(path.name), "sha256": _hash(path)}
            for path in (*self.maps, *self.graphs)
        ]
        return {"files": files, "broken_elements": self.broken}


class _Online:
    """Answers of an Overpass server.

    Parameters
    ----------
    cache
        Folder of answers.
    asked
        Where to look and what for.
    area
        Where to look.
    tags, rules
        What counts.
    server
        Who is asked.
    """

    def __init__(
        self,
        cache: Path,
        asked: Asked,
        area: Area,
        tags: tuple[Tag, ...],
        rules: RoadRules | None,
        server: Server,
    ) -> None:
        boxes = area.tiles(asked.tile_km)
        if len(boxes) > asked.most_tiles:
            raise TableFault(
                "osm_too_large",
                table="osm",
                value=area.label,
                km2=f"{area.km2:,.0f}",
                tiles=f"{len(boxes):,}",
                most=f"{asked.most_tiles:,}",
            )
        self.tiles = Tiles(boxes, server, cache)
        self.bounds = area.bounds
        self.tags = tags
        self.rules = rules
        self.query = query_tags(tags)
        self.asked = 0

    def elements(self, listen: Progress) -> gpd.GeoDataFrame:
        self.asked = self.tiles.download(self.query, self.rules, listen)
        return self.tiles.read_elements(self.query, wanted_keys(self.tags), listen)

    def graph(self) -> nx.MultiDiGraph[int] | None:
        if self.rules is None:
            return None
        roads: Ways = clip_ways(merge_ways(self.tiles.read_ways(self.rules)), self.bounds)
        return build_graph(roads, self.rules, self.dates()[1])

    def dates(self) -> tuple[str, str]:
        roads = [self.rules] if self.rules else []
        return self.tiles.read_dates([self.query, *roads])

    def facts(self) -> dict[str, Any]:
        return {"overpass": self.tiles.server.overpass, "tiles": len(self.tiles.boxes)}


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _tell(
    source: _Extracts | _Online,
    area: Area | None,
    made: MadeLayers,
    graph: nx.MultiDiGraph[int] | None,
    asked: Asked,
) -> dict[str, Any]:
    """Return what fetch.json holds; no clock time, so that equal data give equal files."""
    first, last = source.dates()
    layers = {
        name: {
            **made.facts[name],
            **{f"by_{k}": v for k, v in write.count_kinds(frame, ("kind", "tag")).items()},
        }
        for name, frame in made.frames.items()
    }
    roads = {"nodes": len(graph), "edges": graph.number_of_edges()} if graph is not None else {}
    return {
        "source": "OpenStreetMap",
        "attribution": ATTRIBUTION,
        "licence": LICENCE,
        "copyright": write.COPYRIGHT,
        "data_from": first,
        "data_until": last,
        **source.facts(),
        "area": {"label": one_line(area.label), "bounds": [*area.bounds], "km2": round(area.km2, 3)}
        if area
        else None,
        "tags": {
            "file": (asked.tags or tags_file()).name,
            "sha256": _hash(asked.tags or tags_file()),
        },
        "layers": layers,
        "roads": {"asked": asked.roads, **roads},
        "versions": {name: version(name) for name in ("osmnx", "pyogrio", "shapely")},
    }


def _write(
    folder: Path,
    made: MadeLayers,
    graph: nx.MultiDiGraph[int] | None,
    facts: dict[str, Any],
    label: str,
    language: Language,
) -> write.Fetched:
    project = folder / write.PROJECT_FILE
    kept = project.exists()
    has_clusters = not made.frames["clusters"].empty
    with write.staged(folder) as stage:
        write.write_facts(facts, stage / write.FACTS_FILE)
        if any(not frame.empty for frame in made.frames.values()):
            write.write_layers(made.frames, stage / write.LAYERS_FILE)
        if graph is not None:
            write_graph(graph, stage / write.ROADS_FILE)
        if has_clusters and not kept:
            text = write.spell_project(made.frames, label, language, roads=graph is not None)
            (stage / write.PROJECT_FILE).write_text(text, encoding="utf-8", newline="\n")
        names = sorted(path.name for path in stage.iterdir())
    outputs = [folder / name for name in names]
    return write.Fetched(facts, outputs, project if has_clusters else None, kept)
