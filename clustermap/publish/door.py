"""The door: from the results of a run to the release that pages and files are given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from clustermap.layers.cells import OUTSIDE
from clustermap.messages import Message
from clustermap.publish.names import mask_names
from clustermap.publish.release import Release
from clustermap.publish.suppression import (
    SUPPRESSED,
    Rules,
    find_suppressed,
    hide_clusters,
    hide_kinds,
)
from clustermap.scores.rating import TOO_FEW_LINKED

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd

    from clustermap.layers.industries import Taxonomy
    from clustermap.messages import Language
    from clustermap.network.counts import Counts
    from clustermap.scores import Scored

_TEXTS = ("name", "name_en", "kind", "region", "district", "industries")


@dataclass(frozen=True)
class Results:
    """What a run found, before anything is masked or suppressed.

    Parameters
    ----------
    clusters
        Index cluster; the layer's columns and geometry on the map.
    institutes, firms
        The tables of the layers with cell and how.
    flows
        The table FLOWS.
    counts
        The counts of the run.
    indicators
        The table INDICATORS.
    scored
        Scores, subscores and explanations.
    taxonomy
        Labels of the strategic industries.
    regions
        Regions on the map, or None.
    coast
        Land in EPSG:4326.
    """

    clusters: gpd.GeoDataFrame
    institutes: pd.DataFrame
    firms: pd.DataFrame
    flows: pd.DataFrame
    counts: Counts
    indicators: pd.DataFrame
    scored: Scored
    taxonomy: Taxonomy
    regions: gpd.GeoDataFrame | None
    coast: gpd.GeoDataFrame


@dataclass(frozen=True)
class Terms:
    """On what terms results leave.

    Parameters
    ----------
    title
        Name of the project.
    language
        Language that pages open in.
    synthetic
        Whether the data are made up.
    internal
        Whether the output stays in the house: nothing is masked or suppressed.
    attribution
        One line a source.
    notes
        Remarks that belong on every page.
    version
        Version of clustermap.
    rules
        When a cell is too small.
    """

    title: str
    language: Language
    synthetic: bool
    internal: bool
    attribution: tuple[str, ...]
    notes: tuple[Message, ...]
    version: str
    rules: Rules


def build_release(results: Results, terms: Terms) -> Release:
    """Return what may leave, and nothing else.

    Parameters
    ----------
    results
        What the run found.
    terms
        On what terms it leaves.

    Returns
    -------
    Release
        Names masked, small cells suppressed, firms only where the output is internal.
    """
    hidden = hide_clusters(results.counts, terms.rules)
    if terms.internal:
        hidden = hidden & False
    indicators, cells = _release_indicators(results, terms)
    institutes, names = _release_institutes(results, terms)
    flows, small_flows = _release_flows(results, terms)
    return Release(
        title=terms.title,
        language=terms.language,
        synthetic=terms.synthetic,
        internal=terms.internal,
        attribution=terms.attribution,
        clusters=_release_clusters(results, hidden),
        institutes=institutes,
        firms=_release_firms(results) if terms.internal else None,
        indicators=indicators,
        scores=_release_scores(results.scored.scores, hidden["links"]),
        subscores=_release_subscores(results.scored.subscores, hidden["links"]),
        flows=flows,
        explanations=_release_explanations(results, hidden["links"]),
        industries=results.taxonomy.labels,
        coverage=count_coverage(results.flows),
        regions=results.regions,
        coast=results.coast,
        withheld={"cells": cells, "flows": small_flows, "names": names},
        notes=terms.notes,
        version=terms.version,
        rules=terms.rules,
    )


def _release_clusters(results: Results, hidden: pd.DataFrame) -> gpd.GeoDataFrame:
    frame = results.clusters.reindex(columns=[*_TEXTS, "area_km2", "geometry"]).copy()
    frame[list(_TEXTS)] = frame[list(_TEXTS)].astype(object).fillna("")
    sums = results.counts.by_sector.groupby("cluster")[["firms", "employees", "employed"]].sum()
    sums = sums.reindex(frame.index).fillna(0).astype("Int64")
    frame["firms"] = sums["firms"].mask(hidden["firms"])
    frame["employees"] = sums["employees"].mask(hidden["employees"] | (sums["employed"] == 0))
    return frame.set_geometry("geometry")


def _release_indicators(results: Results, terms: Terms) -> tuple[pd.DataFrame, int]:
    frame = results.indicators.copy()
    if terms.internal:
        return frame, 0
    hidden = find_suppressed(frame, results.counts, terms.rules)
    frame.loc[hidden, ["value", "low", "high", "basis"]] = np.nan
    frame.loc[hidden, "note"] = SUPPRESSED
    return frame, int(hidden.sum())


def _release_scores(scores: pd.DataFrame, few: pd.Series[bool]) -> pd.DataFrame:
    frame = scores.copy()
    hidden = frame["cluster"].map(few).astype(bool) & (frame["rated"] == 1)
    for name in ("score", "low", "high", "rank", "rank_low", "rank_high"):
        frame[name] = frame[name].mask(hidden)
    frame["rated"] = frame["rated"].mask(hidden, 0)
    frame["reason"] = frame["reason"].mask(hidden, TOO_FEW_LINKED)
    return frame


def _release_subscores(subscores: pd.DataFrame, few: pd.Series[bool]) -> pd.DataFrame:
    frame = subscores.copy()
    hidden = frame["cluster"].map(few).astype(bool)
    frame.loc[hidden, ["value", "low", "high", "contribution", "basis"]] = np.nan
    return frame


def _release_institutes(results: Results, terms: Terms) -> tuple[pd.DataFrame, int]:
    frame = results.institutes
    names, masked = frame["name"].astype(object).fillna(""), 0
    if not terms.internal:
        # The declared type says what the others are; "other" may be anyone.
        anyone = frame["kind"] == "other"
        safe, masked = mask_names(names[anyone])
        names = names.mask(anyone, safe)
    inside = frame["cell"].isin(results.clusters.index)
    shown = pd.DataFrame(
        {
            "institute": frame["institute"],
            "name": names,
            "kind": frame["kind"],
            "x": frame["x"],
            "y": frame["y"],
            "cluster": frame["cell"].where(inside, ""),
            "precision_m": frame.get("precision_m", pd.Series(np.nan, frame.index)),
        }
    )
    return shown.reset_index(drop=True), masked


def _release_firms(results: Results) -> pd.DataFrame:
    inside = results.firms["cell"].isin(results.clusters.index)
    columns = ["firm", "name", "industry", "employees", "x", "y"]
    frame = results.firms.reindex(columns=columns).copy()
    frame[["name", "industry"]] = frame[["name", "industry"]].astype(object).fillna("")
    frame["cluster"] = results.firms["cell"].where(inside, "")
    return frame.reset_index(drop=True)


def _release_flows(results: Results, terms: Terms) -> tuple[pd.DataFrame, int]:
    flows = results.flows
    keys = ["source", "target", "kind"]
    summed = flows.groupby(keys, sort=True)[["links", "weight"]].sum().reset_index()
    # Background squares hold few actors; what runs between them says nothing of a cluster.
    both_outside = summed["source"].str.startswith(OUTSIDE) & summed["target"].str.startswith(
        OUTSIDE
    )
    summed = summed[~both_outside]
    if terms.internal:
        return summed.reset_index(drop=True), 0
    hidden = hide_kinds(results.counts, terms.rules)
    small = summed["links"] < terms.rules.min_firms
    for end in ("source", "target"):
        # What a kind's figures may not tell, its flows may not tell either.
        ends = pd.MultiIndex.from_frame(summed[[end, "kind"]])
        small |= hidden.reindex(ends).fillna(value=False).to_numpy(dtype=bool)
    return summed[~small].reset_index(drop=True), int(small.sum())


def _release_explanations(
    results: Results, few: pd.Series[bool]
) -> Mapping[str, tuple[Message, ...]]:
    withheld = (Message("note.withheld"),)
    return {
        cluster: withheld if few.get(cluster, default=False) else sentences
        for cluster, sentences in results.scored.explanations.items()
    }


def count_coverage(flows: pd.DataFrame) -> pd.DataFrame:
    """Return which kinds and years have records at all.

    Parameters
    ----------
    flows
        The table FLOWS.

    Returns
    -------
    pd.DataFrame
        One row a kind: kind, links, inside (neither end outside or abroad), first_year, last_year.
    """
    abroad = ("abroad:", OUTSIDE)
    inside = ~(
        flows["source"].str.startswith(abroad) | flows["target"].str.startswith(abroad)
    ).astype(bool)
    kinds = flows.assign(inside=flows["links"].where(inside, 0)).groupby("kind", sort=True)
    return kinds.agg(
        links=("links", "sum"),
        inside=("inside", "sum"),
        first_year=("year", "min"),
        last_year=("year", "max"),
    ).reset_index()
