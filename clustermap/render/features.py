"""A release as GeoJSON that is safe to hand on: every text in it is escaped."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from clustermap.render.markup import Words
from clustermap.render.outlines import display_shapes
from clustermap.render.safe import clean_text, escape_text
from clustermap.tables import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    from clustermap.publish.release import Release

    Shapes = npt.NDArray[np.object_]

Collection = dict[str, Any]
"""A GeoJSON feature collection: longitude and latitude, properties that JSON can hold."""

RAMP = ("#08204f", "#163f7d", "#2c62a8", "#4f87c6", "#7eabd9", "#aecbe8", "#d7e4f2")
"""Shades of the classes of ranks, best first, as on the planner's page."""

MANY = (1, 2, 5, 10, 25, 50), (0, 1, 2, 3, 4, 5, 6)
"""Percent of the rated clusters at which classes end, and the shade of each class."""
FEW = (25, 50), (0, 3, 5)
"""The same where so few are rated that the best hundredth is nobody."""

_MANY_FROM = 100
_HOLLOW = "#5d6570"
_FLOW = "#b4541a"
_INK = "#5b3a29"
_STRONGEST = 300  # pairs of clusters that are drawn
_DETAILS = 250  # of an outline from side to side
_REGION_DETAILS = 1_000
_COAST_DETAILS = 20_000
_DIGITS = 5  # of a degree: about one metre
_DARK = 4  # shades from the dark end on whose fill a white outline is seen
_HALF_WORLD = 180.0
_ROUND = np.array([360.0, 0.0])  # once around the world


def classes_of(rated: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the classes of ranks for so many rated clusters.

    Parameters
    ----------
    rated
        How many clusters are rated.

    Returns
    -------
    tuple
        Percent of the rated at which classes end, and the place in :data:`RAMP` of each class and
        of those below the last.
    """
    return FEW if rated < _MANY_FROM else MANY


def shade_of(rank: int, rated: int) -> int:
    """Return the shade of a rank.

    Parameters
    ----------
    rank
        From 1, the best.
    rated
        How many clusters are rated.

    Returns
    -------
    int
        Place in :data:`RAMP`.

    Examples
    --------
    >>> [shade_of(rank, 4) for rank in (1, 2, 3, 4)]
    [0, 3, 5, 5]
    """
    shares, shades = classes_of(rated)
    within = (place for place, share in enumerate(shares) if 100 * rank <= share * rated)
    return shades[0] if rank == 1 else shades[next(within, len(shares))]


def find_seam(lon: npt.ArrayLike) -> float:
    """Return the meridian at which a map of places is cut.

    Parameters
    ----------
    lon
        Longitudes of the places in degrees.

    Returns
    -------
    float
        -180; only where the places lie on both sides of the 180th meridian, so that they would
        span more than half of the world, the middle of the widest gap between them, if they then
        span less.

    Examples
    --------
    >>> find_seam([126.9, 129.1])
    -180.0
    >>> find_seam([178.0, -178.0])
    0.0
    """
    known = np.unique(np.asarray(lon, dtype=np.float64))
    known = known[np.isfinite(known)]
    if len(known) < 2 or known[-1] - known[0] <= _HALF_WORLD:
        return -_HALF_WORLD
    gaps = np.diff(known)
    widest = int(np.argmax(gaps))
    if 360 - gaps[widest] >= _HALF_WORLD:
        return -_HALF_WORLD
    return float((known[widest] + known[widest + 1]) / 2)


def seam_of(clusters: gpd.GeoDataFrame) -> float:
    """Return the meridian at which the map of a release is cut.

    Parameters
    ----------
    clusters
        Clusters of the release.

    Returns
    -------
    float
        As :func:`find_seam` finds it for points inside the clusters.
    """
    return find_seam(shapely.get_x(_inside(clusters)))


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
    columns |= {name: _numbers(table[name]) for name in ("area_km2", "firms", "employees")}
    figures = ("rank", "rank_low", "rank_high", "score", "low", "high")
    columns |= {name: _numbers(own[name].where(decided)) for name in figures}
    columns["note"] = ["" if known else unsaid for known in decided]
    columns["style"] = [
        _hollow() if rank is None else _filled(shade_of(rank, rated)) for rank in columns["rank"]
    ]
    shapes = display_shapes(_unwrap(table, seam_of(table)), _DETAILS)
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
    x, y = (pd.to_numeric(table[name]).to_numpy(np.float64, na_value=np.nan) for name in "xy")
    known = np.isfinite(x) & np.isfinite(y)
    shown = table[known]
    points = gpd.GeoDataFrame(
        geometry=gpd.points_from_xy(x[known], y[known]), crs=release.clusters.crs
    )
    unwrapped = _unwrap(points, seam_of(release.clusters)).geometry.to_numpy()
    names = dict(zip(release.clusters.index, _names(release.clusters, release), strict=True))
    words = Words(release.language)
    types = {kind: _text(words.name(f"type.{kind}", kind)) for kind in shown["kind"].unique()}
    unnamed = words("page.unnamed")
    columns = {
        "institute": _texts(shown["institute"]),
        "name": [name or unnamed for name in _texts(shown["name"])],
        "kind": _texts(shown["kind"]),
        "type": [types[kind] for kind in shown["kind"]],
        "cluster": [names.get(cluster, "") for cluster in shown["cluster"]],
        "precision_m": _numbers(shown["precision_m"]),
        "style": [_dot()] * len(shown),
    }
    return _collect(unwrapped, columns)


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
    points = _inside(_unwrap(release.clusters, seam_of(release.clusters)))
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
    shapes = display_shapes(_unwrap(table, seam_of(release.clusters)), _REGION_DETAILS)
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
    land = release.coast
    if seam > -_HALF_WORLD:
        # Land, unlike a cluster, may lie on both sides of the seam: cut there, then moved.
        west, east = (
            shapely.intersection(land.geometry.to_numpy(), shapely.box(left, -90, right, 90))
            for left, right in ((-_HALF_WORLD, seam), (seam, _HALF_WORLD))
        )
        moved = shapely.transform(west, lambda corners: corners + _ROUND)
        land = gpd.GeoDataFrame(geometry=[*moved, *east], crs=land.crs)
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


def _unwrap(layer: gpd.GeoDataFrame, seam: float) -> gpd.GeoDataFrame:
    """Return a layer in degrees, what lies west of the seam moved once around the world."""
    shapes = layer.geometry.to_crs("EPSG:4326")
    if seam > -_HALF_WORLD:
        moved = shapely.transform(
            shapes.to_numpy(),
            lambda corners: np.where(corners < (seam, -np.inf), corners + _ROUND, corners),
        )
        shapes = gpd.GeoSeries(moved, index=shapes.index, crs=shapes.crs)
    return gpd.GeoDataFrame(geometry=shapes)


def _inside(layer: gpd.GeoDataFrame) -> Shapes:
    """Return a point inside each shape, in degrees."""
    points = layer.geometry.representative_point().to_crs("EPSG:4326")
    return cast("Shapes", points.to_numpy())


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


def _texts(values: Iterable[object]) -> list[str]:
    return [_text(value) for value in values]


def _numbers(values: pd.Series[Any]) -> list[float | int | None]:
    plain = pd.to_numeric(values).to_numpy(np.float64, na_value=np.nan).tolist()
    return [None if not math.isfinite(v) else int(v) if v == int(v) else round(v, 3) for v in plain]


def _collect(shapes: Iterable[Any], columns: dict[str, list[Any]]) -> Collection:
    """Return features; a row without a shape is left out."""
    drawn = shapely.transform(np.array([*shapes], dtype=object), lambda c: c.round(_DIGITS))
    rows = (dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True))
    features = [
        {"type": "Feature", "geometry": shapely.geometry.mapping(shape), "properties": row}
        for shape, row in zip(drawn, rows, strict=True)
        if shape is not None and not shape.is_empty
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
