"""What the planner's page carries: a release as the contract between Python and scripts says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from clustermap.messages import catalogue
from clustermap.network.posterior import DEVIATE
from clustermap.render.advice import describe_advice
from clustermap.render.classes import FEW, MANY, MANY_FROM, RAMP
from clustermap.render.columns import (
    ALL_DIGITS,
    DIGITS,
    FEW_DIGITS,
    coded,
    degrees,
    listed,
    number,
    numbers,
    spread,
    steps,
    texts,
)
from clustermap.render.decision import describe_decision
from clustermap.render.density import pack_density
from clustermap.render.links import (
    describe_abroad,
    describe_brokers,
    describe_flags,
    describe_flows,
    describe_periods,
    describe_ratios,
    describe_reach,
    describe_regions,
    describe_typical,
    describe_years,
    find_widest,
    keep_flows,
)
from clustermap.render.outlines import display_shapes, pack_outlines, pack_points
from clustermap.render.safe import clean_text
from clustermap.render.seam import seam_of, unwrap, unwrap_land, unwrap_points
from clustermap.render.sentences import Sentences, find_activity
from clustermap.scores.aggregate import MIN_PRESENT
from clustermap.scores.axes import (
    CONFIDENCES,
    HIGH_SPAN,
    HIGH_WIDTH,
    MEDIUM_SPAN,
    MEDIUM_WIDTH,
)
from clustermap.scores.explain import TYPICAL
from clustermap.scores.profile import MAX_WEIGHT
from clustermap.tables import ACTOR_TYPES, DEFAULT_SCENARIO, KINDS

if TYPE_CHECKING:
    import geopandas as gpd

    from clustermap.publish.release import Release
    from clustermap.render.contract import (
        About,
        Clusters,
        Coverage,
        Firms,
        Indicator,
        Institutes,
        Maybe,
        Payload,
        Regions,
        Rules,
        Scenario,
        Scores,
        Subscore,
    )
    from clustermap.scores.profile import Profile

    Places = dict[str, int]

WORDS = (
    *("page", "about", "indicator", "subscore", "profile", "reason", "note", "kind", "type"),
    *("reach", "quadrant", "confidence", "flag", "role"),
)
"""Parts of the catalogue that a page carries whole."""

ADVICE_WORDS = (
    *("diagnosis", "situation", "condition", "diffusion", "sector_group", "permitted_gap"),
    *("missing_link", "intermediary"),
)
"""Those that it carries besides where the release holds advice."""

_NAMED = 20_000  # firms up to which a page carries their names
_POINTS = 100_000  # up to which it draws each as a dot; the density of more is shown in squares
_DETAILS = 400  # of a cluster's outline: it is looked at as a whole
_REGION_DETAILS = 2_500
_COAST_DETAILS = 20_000
_LEAST_MARGIN = 4.0  # degrees of land around the clusters, at least; else as many as they span
_SLACK = 0.02  # so that a cut of the land never stands at the very edge of the map
_EDGE = 85.0  # degrees north and south, beyond which Mercator's map has no end


def describe(release: Release) -> Payload:
    """Return everything that the planner's page shows.

    Parameters
    ----------
    release
        What may leave the house.

    Returns
    -------
    Payload
        What :func:`clustermap.render.offline.pack_content` can write.
    """
    clusters = [str(cluster) for cluster in release.clusters.index]
    places = {cluster: place for place, cluster in enumerate(clusters)}
    sentences = Sentences()
    seam = seam_of(release.clusters)
    flows = keep_flows(release, places)
    return {
        "about": _about(release, sentences),
        "rules": _rules(),
        "words": {part: catalogue(part) for part in _parts_of(release)},
        "kinds": list(KINDS),
        "types": list(ACTOR_TYPES),
        "coverage": _coverage(release),
        "clusters": _clusters(release, seam),
        "scenarios": _scenarios(release, places),
        "reach": describe_reach(release, places),
        "widest": find_widest(release),
        "ratios": describe_ratios(release, places),
        "brokers": describe_brokers(release, places),
        "abroad": describe_abroad(release, places),
        "flags": describe_flags(release, places),
        "indicators": _indicators(release, places),
        "industries": {
            clean_text(str(industry)): {name: clean_text(text) for name, text in label.items()}
            for industry, label in release.industries.items()
        },
        "flows": describe_flows(flows, places),
        "typical": describe_typical(release, flows, places),
        "periods": describe_periods(release, flows),
        "years": describe_years(release),
        "regions_covered": describe_regions(release),
        "institutes": _institutes(release, places, seam),
        "firms": _firms(release, seam),
        "density": None if release.density is None else pack_density(release.density),
        "explanations": [
            [sentences.add(message) for message in release.explanations.get(cluster, ())]
            for cluster in clusters
        ],
        "activity": [
            sentences.add(told) if told else None
            for told in (find_activity(release.explanations.get(c, ())) for c in clusters)
        ],
        "advice": describe_advice(release, places),
        "sentences": sentences.templates,
        "coast": pack_outlines(display_shapes(unwrap_land(release.coast, seam), _COAST_DETAILS)),
        "seam": seam,
        "frame": _frame(unwrap(release.clusters, seam), seam),
        "regions": None if release.regions is None else _regions(release.regions, seam),
        "decision": describe_decision(release, places, sentences),
    }


def _parts_of(release: Release) -> tuple[str, ...]:
    return WORDS if release.advice is None else (*WORDS, *ADVICE_WORDS)


def _about(release: Release, sentences: Sentences) -> About:
    return {
        "title": clean_text(release.title),
        "language": release.language,
        "synthetic": release.synthetic,
        "internal": release.internal,
        "attribution": [clean_text(line, 1000) for line in dict.fromkeys(release.attribution)],
        "version": clean_text(release.version),
        "withholding": {
            "min": release.rules.min_firms,
            "share": f"{100 * release.rules.dominance:g}",
        },
        "withheld": {clean_text(key): int(n) for key, n in sorted(release.withheld.items())},
        "totals": {
            "cells": len(release.indicators),
            "flows": len(release.flows) + int(release.withheld.get("flows", 0)),
        },
        "abroad": _knows_abroad(release),
        "notes": [sentences.add(note) for note in release.notes],
    }


def _rules() -> Rules:
    return {
        "least": MIN_PRESENT,
        "z": DEVIATE,
        "most": MAX_WEIGHT,
        "typical": TYPICAL,
        "confidence": {
            "words": list(CONFIDENCES),
            "width": [HIGH_WIDTH, MEDIUM_WIDTH],
            "span": [HIGH_SPAN, MEDIUM_SPAN],
        },
        "ramp": list(RAMP),
        "many": {"shares": list(MANY[0]), "shades": list(MANY[1])},
        "few": {"shares": list(FEW[0]), "shades": list(FEW[1])},
        "many_from": MANY_FROM,
    }


def _coverage(release: Release) -> Coverage:
    table = release.coverage
    return {
        "kind": texts(table["kind"]),
        "links": numbers(table["links"]),
        "inside": numbers(table["inside"]),
        "first_year": numbers(table["first_year"]),
        "last_year": numbers(table["last_year"]),
    }


def _knows_abroad(release: Release) -> bool:
    """Return whether the data hold any partner abroad."""
    counted = release.indicators["indicator"] == "abroad_links"
    values = pd.to_numeric(release.indicators.loc[counted, "value"])
    return bool(len(release.abroad) or (values > 0).any())


def _frame(clusters: gpd.GeoDataFrame, seam: float) -> list[float] | None:
    """Return west, south, east, north of what the map may show: within it the land is whole."""
    # Land is read as far around the clusters as they span (clustermap.sources.reference).
    if clusters.geometry.isna().all() or clusters.geometry.is_empty.all():
        return None
    west, south, east, north = clusters.total_bounds.tolist()
    margin = max(_LEAST_MARGIN, east - west, north - south) * (1 - _SLACK)
    edges = (
        max(seam, west - margin), max(-_EDGE, south - margin),
        min(seam + 360.0, east + margin), min(_EDGE, north + margin),
    )  # fmt: skip
    return [round(edge, 2) for edge in edges]


def _clusters(release: Release, seam: float) -> Clusters:
    table = release.clusters
    shapes = display_shapes(unwrap(table, seam), _DETAILS)
    lon, lat = degrees(shapely.point_on_surface(shapes))
    return {
        "id": [clean_text(str(cluster)) for cluster in table.index],
        "name": texts(table["name"]),
        "name_en": texts(table["name_en"]),
        "kind": coded(table["kind"]),
        "region": coded(table["region"]),
        "district": coded(table["district"]),
        "industries": coded(table["industries"]),
        "area_km2": numbers(table["area_km2"]),
        "firms": numbers(table["firms"]),
        "employees": numbers(table["employees"]),
        "lon": lon,
        "lat": lat,
        "outlines": pack_outlines(shapes),
    }


def _scenarios(release: Release, places: Places) -> list[Scenario]:
    names = list(dict.fromkeys([DEFAULT_SCENARIO, *release.scores["scenario"]]))
    # Of a release without profiles the project's own is known by the name of its scenario alone.
    profiles = dict(zip(names, release.profiles, strict=False))
    return [_scenario(release, name, profiles.get(name), places) for name in names]


def _scenario(release: Release, name: str, profile: Profile | None, places: Places) -> Scenario:
    scores = release.scores[release.scores["scenario"] == name]
    parts = release.subscores[release.subscores["scenario"] == name]
    weighed = profile is not None and profile.method == "linkage"
    return {
        "name": clean_text(name),
        "profile": clean_text(profile.name if profile else name),
        "method": profile.method if profile else "linkage",
        "weights": dict(profile.parts) if profile and weighed else {},
        "scores": _scores(scores, places),
        # Stars and the like repeat the parts of the project's own scenario without weights.
        "subscores": _subscores(parts, places) if weighed or name == DEFAULT_SCENARIO else [],
    }


def _scores(table: pd.DataFrame, places: Places) -> Scores:
    own = table.set_index("cluster").reindex(list(places))
    return {
        "score": numbers(own["score"], ALL_DIGITS),
        "low": numbers(own["low"]),
        "high": numbers(own["high"]),
        "rank": numbers(own["rank"]),
        "rank_low": numbers(own["rank_low"]),
        "rank_high": numbers(own["rank_high"]),
        "rated": numbers(own["rated"]),
        "capability": numbers(own["capability"], FEW_DIGITS),
        "gap": numbers(own["gap"], FEW_DIGITS),
        "reason": coded(own["reason"]),
        "quadrant": coded(own["quadrant"]),
        "confidence": coded(own["confidence"]),
    }


def _subscores(table: pd.DataFrame, places: Places) -> list[Subscore]:
    own = table[table["cluster"].isin(places)]
    return [
        _subscore(subscore, own[own["subscore"] == subscore], places)
        for subscore in own["subscore"].drop_duplicates()
    ]


def _subscore(subscore: str, rows: pd.DataFrame, places: Places) -> Subscore:
    return {
        "subscore": clean_text(subscore),
        # The page computes the score from these with other weights.
        "value": spread(rows, rows["value"], places, ALL_DIGITS),
        "low": spread(rows, rows["low"], places),
        "high": spread(rows, rows["high"], places),
        "weight": spread(rows, rows["weight"], places),
        "contribution": spread(rows, rows["contribution"], places),
        "decided": spread(rows, rows["decided"], places),
        "reason": coded(rows.set_index("cluster")["reason"].reindex(list(places))),
        "measure": spread(rows, rows["measure"], places),
    }


def _indicators(release: Release, places: Places) -> list[Indicator]:
    table = release.indicators[release.indicators["cluster"].isin(places)]
    rated = table["cluster"].isin(_rated(release)).to_numpy()
    table = table.assign(value=pd.to_numeric(table["value"]), rated=rated)
    found: list[Indicator] = []
    for (indicator, kind, industry), rows in table.groupby(
        ["indicator", "kind", "industry"], sort=False
    ):
        noted = rows[rows["note"] != ""]
        column: Indicator = {
            "indicator": clean_text(indicator),
            "kind": clean_text(kind),
            "industry": clean_text(industry),
            "median": _median(rows),
            "value": spread(rows, rows["value"], places, DIGITS),
            "notes": {
                str(places[cluster]): clean_text(note)
                for cluster, note in zip(
                    *(listed(noted[n]) for n in ("cluster", "note")), strict=True
                )
            },
        }
        if rows["low"].notna().any() and rows["high"].notna().any():
            column["low"] = spread(rows, rows["low"], places, DIGITS)
            column["high"] = spread(rows, rows["high"], places, DIGITS)
        found.append(column)
    return found


def _institutes(release: Release, places: Places, seam: float) -> Institutes:
    table = release.institutes
    lon, lat = unwrap_points(table, release.clusters.crs, seam)
    on_map = np.isfinite(lon) & np.isfinite(lat)
    shown = table[on_map]
    return {
        "name": texts(shown["name"]),
        "kind": [ACTOR_TYPES.index(kind) for kind in listed(shown["kind"])],
        "cluster": [places.get(cluster) for cluster in listed(shown["cluster"])],
        "precision_m": numbers(shown["precision_m"]),
        "lon": steps(lon[on_map].tolist()),
        "lat": steps(lat[on_map].tolist()),
        "unplaced": int(len(table) - on_map.sum()),
    }


def _firms(release: Release, seam: float) -> Firms | None:
    firms = release.firms
    if firms is None or len(firms) > _POINTS:
        return None
    lon, lat = unwrap_points(firms, release.clusters.crs, seam)
    on_map = np.isfinite(lon) & np.isfinite(lat)
    return {
        "points": pack_points(lon[on_map], lat[on_map]),
        "unplaced": int(len(firms) - on_map.sum()),
        "name": texts(firms.loc[on_map, "name"]) if on_map.sum() <= _NAMED else None,
    }


def _regions(regions: gpd.GeoDataFrame, seam: float) -> Regions:
    shapes = display_shapes(unwrap(regions, seam), _REGION_DETAILS)
    lon, lat = degrees(shapely.point_on_surface(shapes))
    return {
        "name": texts(regions["name"]),
        "name_en": texts(regions["name_en"]),
        "outlines": pack_outlines(shapes),
        "lon": lon,
        "lat": lat,
    }


def _rated(release: Release) -> set[str]:
    table = release.scores
    own = table[(table["scenario"] == DEFAULT_SCENARIO) & (table["rated"] == 1)]
    return {str(cluster) for cluster in listed(own["cluster"])}


def _median(rows: pd.DataFrame) -> Maybe:
    """Return the median of the rated clusters, which those that are not rated never move."""
    known = rows.loc[rows["rated"], "value"].dropna()
    return None if known.empty else number(float(known.median()))
