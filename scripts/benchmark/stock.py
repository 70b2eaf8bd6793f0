"""The same nation on stock folium, and the files that its pages ask the network for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import folium
import geopandas as gpd
import numpy as np
import shapely
from folium.plugins import FastMarkerCluster

from tests.javascript_tools import FOLDER

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from scripts.benchmark.nation import Nation

PLACES = 5
"""Decimals of a degree, about a metre: folium writes as many as it is given."""
COLOURS = {
    "firm_firm": "#e69f00", "research": "#009e73", "support": "#56b4e9", "transfer": "#d55e00",
    "mobility": "#cc79a7",
}  # fmt: skip
_cluster_fast: Callable[..., folium.Element] = FastMarkerCluster  # which declares no types
_MODULES = FOLDER / "node_modules"
FILES: Mapping[str, Path] = {
    path.name: path
    for path in (
        _MODULES / "leaflet" / "dist" / "leaflet.js",
        _MODULES / "leaflet" / "dist" / "leaflet.css",
        _MODULES / "leaflet.markercluster" / "dist" / "leaflet.markercluster.js",
        _MODULES / "leaflet.markercluster" / "dist" / "MarkerCluster.css",
        _MODULES / "leaflet.markercluster" / "dist" / "MarkerCluster.Default.css",
        _MODULES / "leaflet.awesome-markers" / "dist" / "leaflet.awesome-markers.js",
        _MODULES / "leaflet.awesome-markers" / "dist" / "leaflet.awesome-markers.css",
    )
}


def serve(route: Any) -> None:
    """Answer a request of a page: with the file that npm installed, or with nothing."""
    name = route.request.url.rpartition("/")[2]
    if name in FILES:
        route.fulfill(path=FILES[name])
    else:
        route.fulfill(status=200, body="")


def _empty_map() -> folium.Map:
    return folium.Map(location=[36.3, 127.8], zoom_start=7)


def _points(nation: Nation) -> folium.Element:
    spots = np.round(np.column_stack((nation.lat, nation.lon)), PLACES)
    return _cluster_fast(spots.tolist(), name="firms")


def _clusters(nation: Nation) -> folium.GeoJson:
    scores = nation.release.scores.set_index("cluster")[["score", "rank"]]
    columns = ["name", "employees", "geometry"]
    layer = nation.release.clusters[columns].join(scores).to_crs("EPSG:4326")
    layer.geometry = shapely.set_precision(layer.geometry, 10**-PLACES)
    shown = ["name", "rank", "score", "employees"]
    return folium.GeoJson(
        layer.astype({"employees": float, "rank": float}),
        name="clusters",
        style_function=lambda feature: {
            "weight": 1,
            "fillOpacity": 0.8,
            "color": "#08306b" if (feature["properties"]["rank"] or 1e9) <= 100 else "#6baed6",
        },
        tooltip=folium.GeoJsonTooltip(shown),
    )


def _institutes(nation: Nation) -> folium.GeoJson:
    table = nation.release.institutes
    spots = gpd.GeoSeries.from_xy(table["x"], table["y"], crs=nation.release.clusters.crs)
    layer = gpd.GeoDataFrame(table[["name", "kind"]], geometry=spots.to_crs("EPSG:4326"))
    layer.geometry = shapely.set_precision(layer.geometry, 10**-PLACES)
    return folium.GeoJson(
        layer,
        name="institutes",
        marker=folium.CircleMarker(radius=3, weight=1, color="#5b3a29", fill=True),
        tooltip=folium.GeoJsonTooltip(["name", "kind"]),
    )


def _links(nation: Nation) -> folium.GeoJson:
    centres = nation.release.clusters.geometry.centroid.to_crs("EPSG:4326")
    flows = nation.release.flows
    flows = flows[flows["source"].isin(centres.index) & flows["target"].isin(centres.index)]
    ends = [
        np.column_stack((centres.x.loc[flows[side]], centres.y.loc[flows[side]]))
        for side in ("source", "target")
    ]
    lines = shapely.linestrings(np.round(np.stack(ends, axis=1), PLACES))
    return folium.GeoJson(
        gpd.GeoDataFrame(flows[["kind", "links"]], geometry=lines, crs="EPSG:4326"),
        name="links",
        style_function=lambda feature: {
            "weight": min(5, 0.5 + feature["properties"]["links"] / 50),
            "color": COLOURS[feature["properties"]["kind"]],
        },
        tooltip=folium.GeoJsonTooltip(["kind", "links"]),
    )


def draw_points(nation: Nation) -> bytes:
    """Draw the firms alone, as points."""
    page = _empty_map()
    _points(nation).add_to(page)
    return bytes(page.get_root().render(), "utf-8")


def draw_layers(nation: Nation) -> bytes:
    """Draw clusters, institutes, links and firms, each as the layer that folium has for it."""
    page = _empty_map()
    for layer in (_clusters(nation), _institutes(nation), _links(nation), _points(nation)):
        layer.add_to(page)
    folium.LayerControl().add_to(page)
    return bytes(page.get_root().render(), "utf-8")
