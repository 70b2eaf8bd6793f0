"""What the planner's page carries: a release as columns of numbers and texts."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from clustermap.layers.cells import ABROAD
from clustermap.messages import catalogue
from clustermap.render.outlines import UNIT, display_shapes, pack_outlines, pack_points
from clustermap.render.safe import clean_text
from clustermap.render.sentences import Sentences
from clustermap.tables import ACTOR_TYPES, KINDS

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from clustermap.publish.release import Release

Columns = dict[str, Any]

WORDS = (
    *("page", "about", "indicator", "subscore", "reason", "note", "kind", "type"),
    *("reach", "quadrant", "confidence", "flag", "role"),
)
"""Parts of the catalogue that a page carries whole."""

_STRONGEST = 25  # partners that a page keeps for each cluster
_NATIONAL = 300  # pairs that it keeps for the map of the whole nation
_NAMED = 20_000  # firms up to which a page carries their names
_DIGITS = 5
_FEW_DIGITS = 3  # of parts, numbers of links and ratios
_BROKERS = 3  # that a page names for each cluster
_DETAILS = 400  # of a cluster's outline: it is looked at as a whole
_REGION_DETAILS = 2_500
_COAST_DETAILS = 20_000
_LEAST_MARGIN = 4.0  # degrees of land around the clusters, at least; else as many as they span
_SLACK = 0.02  # so that a cut of the land never stands at the very edge of the map
_EDGE = 85.0  # degrees north and south, beyond which Mercator's map has no end
_SQUARE = r"outside:-?\d+_-?\d+"
_OUTSIDE = "outside:"  # all squares together: their numbers tell a reader nothing


def describe(release: Release) -> Columns:
    """Return everything that the planner's page shows.

    Parameters
    ----------
    release
        What may leave the house.

    Returns
    -------
    dict
        What :func:`clustermap.render.safe.inert_json` can write; ``types.d.ts`` beside the scripts
        declares it. Clusters are known by their place in the list.
    """
    clusters = [str(cluster) for cluster in release.clusters.index]
    places = {cluster: place for place, cluster in enumerate(clusters)}
    sentences = Sentences()
    return {
        "about": _about(release, sentences),
        "words": {part: catalogue(part) for part in WORDS},
        "kinds": list(KINDS),
        "types": list(ACTOR_TYPES),
        "clusters": _clusters(release),
        "scores": _scores(release, clusters),
        "subscores": _subscores(release, places),
        "ratios": _ratios(release, places),
        "brokers": _brokers(release, places),
        "abroad": _abroad(release, places),
        "flags": _flags(release, places),
        "indicators": _indicators(release, places),
        "industries": {
            clean_text(str(industry)): {name: clean_text(text) for name, text in label.items()}
            for industry, label in release.industries.items()
        },
        "flows": _flows(release, places),
        "institutes": _institutes(release, places),
        "firms": None if release.firms is None else _firms(release.firms, release),
        "explanations": [
            [sentences.add(message) for message in release.explanations.get(cluster, ())]
            for cluster in clusters
        ],
        "sentences": sentences.templates,
        "coast": pack_outlines(display_shapes(release.coast, _COAST_DETAILS)),
        "frame": _frame(release.clusters),
        "regions": None if release.regions is None else _regions(release.regions),
    }


def _about(release: Release, sentences: Sentences) -> Columns:
    return {
        "title": clean_text(release.title),
        "language": release.language,
        "synthetic": release.synthetic,
        "internal": release.internal,
        "attribution": [clean_text(line, 1000) for line in dict.fromkeys(release.attribution)],
        "version": clean_text(release.version),
        "rules": {"min": release.rules.min_firms, "share": f"{100 * release.rules.dominance:g}"},
        "withheld": {clean_text(key): int(n) for key, n in sorted(release.withheld.items())},
        "totals": {
            "cells": len(release.indicators),
            "flows": len(release.flows) + int(release.withheld.get("flows", 0)),
        },
        "abroad": _knows_abroad(release),
        "notes": [sentences.add(note) for note in release.notes],
        "coverage": {
            "kind": _texts(release.coverage["kind"]),
            **{
                name: _numbers(release.coverage[name])
                for name in ("links", "inside", "first_year", "last_year")
            },
        },
    }


def _knows_abroad(release: Release) -> bool:
    """Return whether the data hold any partner abroad."""
    counted = release.indicators["indicator"] == "abroad_links"
    values = pd.to_numeric(release.indicators.loc[counted, "value"])
    return bool(len(release.abroad) or (values > 0).any())


def _frame(clusters: gpd.GeoDataFrame) -> list[float] | None:
    """Return west, south, east, north of what the map may show: within it the land is whole."""
    # Land is read as far around the clusters as they span (clustermap.sources.reference).
    if clusters.geometry.isna().all() or clusters.geometry.is_empty.all():
        return None
    west, south, east, north = clusters.to_crs("EPSG:4326").total_bounds.tolist()
    margin = max(_LEAST_MARGIN, east - west, north - south) * (1 - _SLACK)
    edges = (
        max(-180.0, west - margin), max(-_EDGE, south - margin),
        min(180.0, east + margin), min(_EDGE, north + margin),
    )  # fmt: skip
    return [round(edge, 2) for edge in edges]


def _clusters(release: Release) -> Columns:
    table = release.clusters
    shapes = display_shapes(table, _DETAILS)
    columns: Columns = {"id": [clean_text(str(cluster)) for cluster in table.index]}
    columns |= {name: _texts(table[name]) for name in ("name", "name_en")}
    columns |= {name: _coded(table[name]) for name in ("kind", "region", "district", "industries")}
    columns |= {name: _numbers(table[name]) for name in ("area_km2", "firms", "employees")}
    columns |= _degrees(shapely.point_on_surface(shapes))
    columns["outlines"] = pack_outlines(shapes)
    return columns


def _scores(release: Release, clusters: list[str]) -> Columns:
    table = release.scores
    own = table[table["scenario"] == "default"].set_index("cluster").reindex(clusters)
    columns: Columns = {
        name: _numbers(own[name])
        for name in ("score", "low", "high", "rank", "rank_low", "rank_high", "rated")
    }
    columns |= {name: _numbers(own[name], _FEW_DIGITS) for name in ("capability", "gap")}
    columns |= {name: _coded(own[name]) for name in ("reason", "quadrant", "confidence")}
    return columns


def _subscores(release: Release, places: dict[str, int]) -> list[Columns]:
    table = release.subscores
    own = table[(table["scenario"] == "default") & table["cluster"].isin(places)]
    names = ("value", "low", "high", "weight", "contribution", "decided")
    found: list[Columns] = []
    for subscore in own["subscore"].drop_duplicates():
        rows = own[own["subscore"] == subscore]
        column: Columns = {"subscore": clean_text(subscore)}
        column |= {name: _spread_few(rows, rows[name], places) for name in names}
        reasons = rows.set_index("cluster")["reason"].reindex(list(places))
        column["reason"] = _coded(reasons)
        found.append(column)
    return found


def _ratios(release: Release, places: dict[str, int]) -> Columns:
    """Return observed and typical links at the local reach that decides, and beyond."""
    table = release.ratios[(release.ratios["kind"] == "") & release.ratios["cluster"].isin(places)]
    parts = release.subscores
    chosen = parts[(parts["scenario"] == "default") & (parts["reach"] != "")]
    deciding = chosen.drop_duplicates("cluster").set_index("cluster")["reach"]
    reach = deciding.reindex(list(places))
    local = table[table["reach"] == table["cluster"].map(deciding)]
    beyond = table[table["reach"] == "beyond"]
    return {
        "reach": _coded(reach),
        **{
            name: {
                **{key: _spread_few(rows, rows[key], places) for key in ("observed", "expected")},
                # The log2 of the table says nothing to a reader: so many times what is typical.
                **{
                    key: _spread_few(rows, 2 ** rows[key].astype(float), places)
                    for key in ("ratio", "low", "high")
                },
            }
            for name, rows in (("local", local), ("beyond", beyond))
        },
    }


def _brokers(release: Release, places: dict[str, int]) -> Columns:
    rows = release.brokers
    rows = rows[(rows["place"] <= _BROKERS) & rows["cluster"].isin(places)]
    return {
        "cluster": [places[str(cluster)] for cluster in rows["cluster"]],
        **{name: _coded(rows[name]) for name in ("name", "type", "role")},
    }


def _abroad(release: Release, places: dict[str, int]) -> Columns:
    rows = release.abroad
    rows = rows[rows["cluster"].isin(places)]
    return {
        "cluster": [places[str(cluster)] for cluster in rows["cluster"]],
        "country": _coded(rows["country"]),
        "kind": [KINDS.index(kind) for kind in rows["kind"]],
        "links": [int(links) for links in rows["links"]],
    }


def _flags(release: Release, places: dict[str, int]) -> Columns:
    rows = release.flags
    rows = rows[(rows["raised"] == 1) & rows["cluster"].isin(places)]
    return {
        "cluster": [places[str(cluster)] for cluster in rows["cluster"]],
        "flag": _coded(rows["flag"]),
    }


def _indicators(release: Release, places: dict[str, int]) -> list[Columns]:
    table = release.indicators[release.indicators["cluster"].isin(places)]
    rated = _rated(release)
    found: list[Columns] = []
    for key, rows in table.groupby(["indicator", "kind", "industry"], sort=False):
        indicator, kind, industry = key
        noted = rows["note"] != ""
        column: Columns = {
            "indicator": clean_text(indicator),
            "kind": clean_text(kind),
            "industry": clean_text(industry),
            "median": _median(rows, rated),
            "value": _spread(rows["cluster"], rows["value"], places),
            "notes": {
                str(places[cluster]): clean_text(note)
                for cluster, note in zip(
                    rows.loc[noted, "cluster"], rows.loc[noted, "note"], strict=True
                )
            },
        }
        for end in ("low", "high"):
            if rows[end].notna().any():
                column[end] = _spread(rows["cluster"], rows[end], places)
        found.append(column)
    return found


def _flows(release: Release, places: dict[str, int]) -> Columns:
    flows = _strongest(_join_squares(release.flows), places)
    ends = pd.concat([flows["source"], flows["target"]]).drop_duplicates()
    beyond = sorted(str(cell) for cell in ends if cell not in places)
    cells = places | {cell: len(places) + place for place, cell in enumerate(beyond)}
    return {
        # A cell outside is known by its number, so that a name is never read for a cluster's.
        "beyond": [clean_text(cell) for cell in beyond],
        "source": [cells[cell] for cell in flows["source"]],
        "target": [cells[cell] for cell in flows["target"]],
        "kind": [KINDS.index(kind) for kind in flows["kind"]],
        "links": [int(links) for links in flows["links"]],
    }


def _join_squares(flows: pd.DataFrame) -> pd.DataFrame:
    """Return the flows with all squares outside the clusters as one cell."""
    ends = {
        end: flows[end].mask(flows[end].astype(str).str.fullmatch(_SQUARE), _OUTSIDE)
        for end in ("source", "target")
    }
    keys = ["source", "target", "kind"]
    return flows.assign(**ends).groupby(keys, sort=False)["links"].sum().reset_index()


def _strongest(flows: pd.DataFrame, places: dict[str, int]) -> pd.DataFrame:
    """Return the flows that a page has room for: each cluster's and the nation's strongest.

    Of two cells all flows are kept or none, so that their sum on the page is their sum.
    """
    apart = flows[(flows["source"] != flows["target"]) & (flows["links"] > 0)]
    for end in ("source", "target"):  # countries abroad have a list of their own
        apart = apart[~apart[end].astype(str).str.startswith(ABROAD)]
    from_cluster, to_cluster = (apart[end].isin(places) for end in ("source", "target"))
    apart = apart[from_cluster | to_cluster]
    ends = np.sort(apart[["source", "target"]].to_numpy(dtype=object), axis=1)
    pairs = apart.assign(low=ends[:, 0], high=ends[:, 1])
    sums = pairs.groupby(["low", "high"])["links"].sum().reset_index()
    sums = sums.sort_values(["links", "low", "high"], ascending=[False, True, True])
    sums = sums.reset_index(drop=True)
    inside = sums["low"].isin(places) & sums["high"].isin(places)
    cells = pd.concat([sums["low"], sums["high"]]).sort_index(kind="stable")
    near_top = cells.isin(places) & (cells.groupby(cells).cumcount() < _STRONGEST)
    kept = (inside & (inside.cumsum() <= _NATIONAL)) | near_top.groupby(level=0).any()
    found = pairs.merge(sums.loc[kept, ["low", "high"]], on=["low", "high"])
    return found.sort_values(
        ["links", "source", "target", "kind"], ascending=[False, True, True, True]
    )


def _institutes(release: Release, places: dict[str, int]) -> Columns:
    table = release.institutes
    points = _points(table, release)
    on_map = ~(points.is_empty | points.isna()).to_numpy()
    shown = table[on_map]
    return {
        "name": _texts(shown["name"]),
        "kind": [ACTOR_TYPES.index(kind) for kind in shown["kind"]],
        "cluster": [places.get(cluster) for cluster in shown["cluster"]],
        "precision_m": _numbers(shown["precision_m"]),
        **_degrees(points.to_numpy()[on_map]),
        "unplaced": int(len(table) - on_map.sum()),
    }


def _firms(firms: pd.DataFrame, release: Release) -> Columns:
    points = _points(firms, release)
    on_map = ~(points.is_empty | points.isna()).to_numpy()
    shapes = points.to_numpy()[on_map]
    columns: Columns = {
        "points": pack_points(shapely.get_x(shapes), shapely.get_y(shapes)),
        "unplaced": int(len(firms) - on_map.sum()),
        "name": None,
    }
    if on_map.sum() <= _NAMED:
        columns["name"] = _texts(firms.loc[on_map, "name"])
    return columns


def _regions(regions: gpd.GeoDataFrame) -> Columns:
    shapes = display_shapes(regions, _REGION_DETAILS)
    return {
        "name": _texts(regions["name"]),
        "name_en": _texts(regions["name_en"]),
        "outlines": pack_outlines(shapes),
        **_degrees(shapely.point_on_surface(shapes)),
    }


def _points(table: pd.DataFrame, release: Release) -> gpd.GeoSeries:
    x, y = (pd.to_numeric(table[name]).to_numpy(np.float64, na_value=np.nan) for name in "xy")
    known = np.isfinite(x) & np.isfinite(y)
    points = np.full(len(table), None, dtype=object)
    points[known] = shapely.points(x[known], y[known])
    series = gpd.GeoSeries(points, index=table.index, crs=release.clusters.crs)
    return series.to_crs("EPSG:4326")


def _degrees(points: Any) -> Columns:  # noqa: ANN401 -- an array of shapes has no narrower type
    lon, lat = shapely.get_x(points), shapely.get_y(points)
    return {"lon": _steps(lon), "lat": _steps(lat)}


def _steps(degrees: Iterable[float]) -> list[int | None]:
    return [round(d * UNIT) if math.isfinite(d) else None for d in degrees]


def _texts(values: pd.Series[Any]) -> list[str]:
    return [clean_text(value) for value in values]


def _coded(values: pd.Series[Any]) -> Columns:
    """Return texts that repeat as a list of the different ones and a place in it for each."""
    texts = _texts(values)
    known = sorted(set(texts))
    place = {text: number for number, text in enumerate(known)}
    return {"texts": known, "codes": [place[text] for text in texts]}


def _numbers(values: pd.Series[Any], digits: int = _DIGITS) -> list[float | int | None]:
    plain = pd.to_numeric(values).to_numpy(np.float64, na_value=np.nan)
    return [_number(value, digits) for value in plain.tolist()]


def _number(value: float, digits: int = _DIGITS) -> float | int | None:
    if not math.isfinite(value):
        return None
    if value == int(value):
        return int(value)
    return float(f"{value:.{digits}g}")


def _rated(release: Release) -> set[str]:
    table = release.scores
    own = table[(table["scenario"] == "default") & (table["rated"] == 1)]
    return {str(cluster) for cluster in own["cluster"]}


def _median(rows: pd.DataFrame, rated: set[str]) -> float | int | None:
    """Return the median of the rated clusters, which those that are not rated never move."""
    known = pd.to_numeric(rows.loc[rows["cluster"].isin(rated), "value"]).dropna()
    return None if known.empty else _number(float(known.median()))


def _spread_few(
    rows: pd.DataFrame, values: pd.Series[Any], places: dict[str, int]
) -> list[float | int | None]:
    return _spread(rows["cluster"], values, places, _FEW_DIGITS)


def _spread(
    clusters: pd.Series[Any], values: pd.Series[Any], places: dict[str, int], digits: int = _DIGITS
) -> list[float | int | None]:
    """Return values in the order of the clusters, None where there is none."""
    spread: list[float | int | None] = [None] * len(places)
    known: Iterable[tuple[Hashable, float | int | None]] = zip(
        clusters, _numbers(values, digits), strict=True
    )
    for cluster, value in known:
        spread[places[str(cluster)]] = value
    return spread
