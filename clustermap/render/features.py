"""A release as GeoJSON that is safe to hand on: every text in it is escaped."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from clustermap.render.classes import RAMP, shade_of
from clustermap.render.columns import listed, numbers
from clustermap.render.markup import Words
from clustermap.render.outlines import display_shapes
from clustermap.render.safe import clean_text, escape_text
from clustermap.render.seam import points_inside, seam_of, unwrap, unwrap_land, unwrap_points
from clustermap.tables import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    from clustermap.publish.release import Release

    Shapes = npt.NDArray[np.object_]

Collection = dict[str, Any]
"""A GeoJSON feature collection: longitude and latitude, properties that JSON can hold."""

_HOLLOW = "#5d6570"
_FLOW = "#b4541a"
_INK = "#5b3a29"
_STRONGEST = 300  # pairs of clusters that are drawn
_DETAILS = 250  # of an outline from side to side
_REGION_DETAILS = 1_000
_COAST_DETAILS = 20_000
_DIGITS = 5  # of a degree: about one metre
_DARK = 4  # shades from the dark end on whose fill a white outline is seen


def cluster_features(release: Release) -> Collection:
    """Return the clusters: outlines coloured by the class of their rank.

    Parameters
    ----------
    release
        What may leave the house.

    Returns
    -------
    dict
        Properties cluster, name, kind, region, district, area_km2, firms, employees, rank,
        rank_low, rank_high, score, low, high, note ("not rated", else ""), style. The best come
        last, so that they lie on top.
    """
    table = release.clusters
    scores = release.scores
    own = scores[scores["scenario"] == "default"].set_index("cluster").reindex(table.index)
    decided = (own["rated"] == 1) & own["rank"].notna()
    rated = int(decided.sum())
    unsaid = Words(release.language)("page.card.unrated")
    columns: dict[str, list[Any]] = {"cluster": [_text(str(cluster)) for cluster in table.index]}
    columns["name"] = _names(table, release)
    columns |= {name: _texts(table[name]) for name in ("kind", "region", "district")}
    columns |= {name: numbers(table[name]) for name in ("area_km2", "firms", "employees")}
    figures = ("rank", "rank_low", "rank_high", "score", "low", "high")
    columns |= {name: numbers(own[name].where(decided)) for name in figures}
    columns["note"] = ["" if known else unsaid for known in decided]
    columns["style"] = [
        _hollow() if rank is None else _filled(shade_of(rank, rated)) for rank in columns["rank"]
    ]
    shapes = display_shapes(unwrap(table, seam_of(table)), _DETAILS)
    found = _collect(shapes, columns)
    found["features"].sort(key=lambda one: -(one["properties"]["rank"] or math.inf))
    return found


def institute_features(release: Release) -> Collection:
    """Return the institutes as points.

    Parameters
    ----------
    release
        What may leave the house.

    Returns
    -------
    dict
        Properties institute, name, kind, type (kind in words), cluster (its name), precision_m,
        style; those without a location are left out.
    """
    table = release.institutes
    lon, lat = unwrap_points(table, release.clusters.crs, seam_of(release.clusters))
    known = np.isfinite(lon) & np.isfinite(lat)
    shown = table[known]
    places = np.column_stack([lon[known], lat[known]]).round(_DIGITS).tolist()
    names = dict(zip(release.clusters.index, _names(release.clusters, release), strict=True))
    words = Words(release.language)
    types = {kind: _text(words.name(f"type.{kind}", kind)) for kind in shown["kind"].unique()}
    unnamed = words("page.unnamed")
    columns = {
        "institute": _texts(shown["institute"]),
        "name": [name or unnamed for name in _texts(shown["name"])],
        "kind": _texts(shown["kind"]),
        "type": [types[kind] for kind in listed(shown["kind"])],
        "cluster": [names.get(cluster, "") for cluster in listed(shown["cluster"])],
        "precision_m": numbers(shown["precision_m"]),
        "style": [_dot()] * len(shown),
    }
    points = ({"type": "Point", "coordinates": tuple(place)} for place in places)
    return _join(points, columns)


def flow_features(release: Release) -> Collection:
    """Return the strongest flows between clusters as straight lines.

    Parameters
    ----------
    release
        What may leave the house.

    Returns
    -------
    dict
        Properties source, target (names of the clusters), links (of all kinds and both directions),
        links of each kind by its key, style.
    """
    pairs = _strongest(release)
    points = points_inside(unwrap(release.clusters, seam_of(release.clusters)))
    places = {str(cluster): at for at, cluster in enumerate(release.clusters.index)}
    names = _names(release.clusters, release)
    ends = [[places[cluster] for cluster in pairs[end]] for end in ("low", "high")]
    lines = [
        None if shapely.is_missing(a) or shapely.is_missing(b) else shapely.LineString([a, b])
        for a, b in zip(*(points[end] for end in ends), strict=True)
    ]
    most = pairs["links"].max()
    columns: dict[str, list[Any]] = {
        "source": [names[at] for at in ends[0]],
        "target": [names[at] for at in ends[1]],
        "links": [int(links) for links in pairs["links"]],
    }
    kinds = [kind for kind in KINDS if kind in pairs]
    columns |= {kind: [int(links) for links in pairs[kind]] for kind in kinds}
    columns["style"] = [_line(links / most) for links in pairs["links"]]
    return _collect(lines, columns)


def region_features(release: Release) -> Collection:
    """Return the regions.

    Parameters
    ----------
    release
        What may leave the house.

    Returns
    -------
    dict
        Properties region, name, style; no features where the project has no regions.
    """
    table = release.regions
    if table is None:
        return _collect([], {})
    shapes = display_shapes(unwrap(table, seam_of(release.clusters)), _REGION_DETAILS)
    border = {"color": "#b9b4a6", "weight": 1, "fill": False}
    columns: dict[str, list[Any]] = {
        "region": _texts(table["region"]),
        "name": _names(table, release),
        "style": [border] * len(table),
    }
    return _collect(shapes, columns)


def coast_features(release: Release) -> Collection:
    """Return the land.

    Parameters
    ----------
    release
        What may leave the house.

    Returns
    -------
    dict
        Property style.
    """
    seam = seam_of(release.clusters)
    land = unwrap_land(release.coast, seam)
    shapes = display_shapes(land, _COAST_DETAILS)
    ground = {"color": "#b9c2c9", "weight": 1, "fill": True, "fillColor": "#fbfaf7",
              "fillOpacity": 1}  # fmt: skip
    return _collect(shapes, {"style": [ground] * len(shapes)})


def bounds_of(features: Collection) -> tuple[float, float, float, float] | None:
    """Return west, south, east, north of features.

    Parameters
    ----------
    features
        Of one of the functions above.

    Returns
    -------
    tuple or None
        Degrees; None where there is no feature.
    """
    shapes = [shapely.geometry.shape(feature["geometry"]) for feature in features["features"]]
    if not shapes:
        return None
    west, south, east, north = (float(edge) for edge in shapely.total_bounds(shapes))
    return west, south, east, north


def _strongest(release: Release) -> pd.DataFrame:
    """Return the strongest pairs of clusters: low, high, links, and links of each kind."""
    flows = release.flows
    clusters = release.clusters.index
    apart = flows["source"].isin(clusters) & flows["target"].isin(clusters)
    flows = flows[apart & (flows["source"] != flows["target"]) & (flows["links"] > 0)]
    ends = np.sort(flows[["source", "target"]].astype(str).to_numpy(dtype=object), axis=1)
    pairs = pd.DataFrame(
        {"low": ends[:, 0], "high": ends[:, 1], "kind": flows["kind"], "links": flows["links"]}
    )
    table = pairs.pivot_table(
        index=["low", "high"], columns="kind", values="links", aggfunc="sum", fill_value=0
    )
    table = table.assign(links=table.sum(axis=1)).reset_index()
    table = table.sort_values(["links", "low", "high"], ascending=[False, True, True])
    # The strongest are drawn last, so that no other line lies over them.
    return table.head(_STRONGEST).iloc[::-1]


def _names(table: pd.DataFrame, release: Release) -> list[str]:
    """Return names in the language of the page where there is one, escaped."""
    unnamed = Words(release.language).say("page.unnamed")
    first, second = ("name", "name_en") if release.language == "ko" else ("name_en", "name")
    return [
        _text(a or b or unnamed)
        for a, b in zip(*(map(clean_text, table[name]) for name in (first, second)), strict=True)
    ]


def _text(value: object) -> str:
    return escape_text(clean_text(value))


def _texts(values: pd.Series[Any]) -> list[str]:
    return [_text(value) for value in listed(values)]


def _collect(shapes: Iterable[Any], columns: dict[str, list[Any]]) -> Collection:
    """Return features; a row without a shape is left out."""
    drawn = shapely.transform(np.array([*shapes], dtype=object), lambda c: c.round(_DIGITS))
    shown = ~(shapely.is_missing(drawn) | shapely.is_empty(drawn))
    geometries = (
        shapely.geometry.mapping(shape) if there else None
        for shape, there in zip(drawn, shown.tolist(), strict=True)
    )
    return _join(geometries, columns)


def _join(geometries: Iterable[dict[str, Any] | None], columns: dict[str, list[Any]]) -> Collection:
    rows = (dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True))
    features = [
        {"type": "Feature", "geometry": geometry, "properties": row}
        for geometry, row in zip(geometries, rows, strict=True)
        if geometry is not None
    ]
    return {"type": "FeatureCollection", "features": features}


def _filled(shade: int) -> dict[str, Any]:
    outline = "#ffffff" if shade < _DARK else "#4f6f93"
    return {"color": outline, "weight": 0.8, "fill": True, "fillColor": RAMP[shade],
            "fillOpacity": 0.88}  # fmt: skip


def _hollow() -> dict[str, Any]:
    # Filled with nothing, so that the pointer finds its inside.
    return {"color": _HOLLOW, "weight": 1, "dashArray": "4 3", "fill": True, "fillOpacity": 0}


def _line(share: float) -> dict[str, Any]:
    return {"color": _FLOW, "weight": round(0.7 + 4.3 * math.sqrt(share), 2), "opacity": 0.45}


def _dot() -> dict[str, Any]:
    return {"color": "#ffffff", "weight": 1, "fill": True, "fillColor": _INK, "fillOpacity": 0.9,
            "radius": 3.5}  # fmt: skip
