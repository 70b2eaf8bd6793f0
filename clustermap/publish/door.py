"""The door: from the results of a run to the release that pages and files are given."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from clustermap.publish.advice import release_advice
from clustermap.publish.coverage import cover_regions
from clustermap.publish.evidence import (
    find_table,
    release_abroad,
    release_brokers,
    release_flags,
    release_ratios,
)
from clustermap.publish.grounds import Grounds, find_rules
from clustermap.publish.names import mask_names
from clustermap.publish.release import Release
from clustermap.publish.sentences import release_sentences
from clustermap.publish.sheet import release_sheet
from clustermap.publish.suppression import (
    EMPLOYEES_WITHHELD,
    SUPPRESSED,
    Rules,
    find_suppressed,
    hide_clusters,
    hide_kinds,
)
from clustermap.publish.travel import release_travel
from clustermap.publish.withheld import Withheld
from clustermap.scores.rating import TOO_FEW_LINKED
from clustermap.scores.score import join_scenarios
from clustermap.selection.advise import Advised
from clustermap.tables import DEFAULT_SCENARIO

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd

    from clustermap.layers.industries import Taxonomy
    from clustermap.messages import Language, Message
    from clustermap.network.counts import Counts
    from clustermap.publish.sheet import Sheet
    from clustermap.scores import Profile, Scored

_TEXTS = ("name", "name_en", "kind", "region", "district", "industries")
_OF_SCORE = ("score", "low", "high", "rank", "rank_low", "rank_high", "alike", "top_share")
_OF_PART = (
    *("value", "low", "high", "contribution", "basis"),
    *("measure", "measure_low", "measure_high"),
)
_UNDECIDED = "undecided"
_BROKERS = frozenset({"missing_links"})
"""Tables of advice that name a broker."""


@dataclass(frozen=True)
class Results:
    """What a run found, before anything is masked or suppressed.

    Parameters
    ----------
    clusters
        Index cluster; the layer's columns and geometry on the map.
    institutes
        The table of the layer with cell and how.
    firms
        Of the table of the layer what is released, with cell.
    grounds
        What of the release does not depend on weights.
    counts
        The counts of the run.
    indicators
        The table INDICATORS.
    scored
        Scores, subscores and explanations by the project's own profile.
    profiles
        The project's own, then those of ``others``.
    others
        Scores and subscores by every other profile, each a scenario of its name.
    behind
        The tables that stand behind the scores, by their names.
    sheet
        How it scored, with the null of the headline, and what is found of the score.
    taxonomy
        Labels of the strategic industries.
    regions
        Regions on the map, or None.
    coast
        Land in EPSG:4326.
    advised
        What may be done about each cluster, and those behind it.
    """

    clusters: gpd.GeoDataFrame
    institutes: pd.DataFrame
    firms: pd.DataFrame
    grounds: Grounds
    counts: Counts
    indicators: pd.DataFrame
    scored: Scored
    profiles: tuple[Profile, ...]
    others: tuple[Scored, ...]
    behind: Mapping[str, pd.DataFrame]
    sheet: Sheet
    taxonomy: Taxonomy
    regions: gpd.GeoDataFrame | None
    coast: gpd.GeoDataFrame
    advised: Advised = field(default_factory=Advised)


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
    kinds = hide_kinds(results.counts, terms.rules)
    rules = find_rules(terms.rules, internal=terms.internal)
    if terms.internal:
        hidden, kinds = hidden & False, kinds & False
    few, behind = hidden["links"], results.behind
    scores, subscores = join_scenarios([results.scored, *results.others])
    withheld = _find_withheld(scores, hidden, results.profiles)
    indicators, cells = _release_indicators(results, terms)
    institutes, names = _release_institutes(results, terms)
    grounds = results.grounds
    clusters = _release_clusters(results, hidden)
    actors = _name_actors(results)
    release = Release(
        title=terms.title,
        language=terms.language,
        synthetic=terms.synthetic,
        internal=terms.internal,
        attribution=terms.attribution,
        clusters=clusters,
        institutes=institutes,
        firms=_release_firms(results) if terms.internal else None,
        indicators=indicators,
        scores=_release_scores(scores, withheld, hidden, internal=terms.internal),
        subscores=_release_subscores(subscores, few),
        ratios=release_ratios(find_table(behind, "ratios"), results.sheet.null, few, kinds, rules),
        brokers=release_brokers(
            find_table(behind, "brokers"), actors, few, internal=terms.internal
        ),
        abroad=release_abroad(find_table(behind, "abroad"), kinds, rules),
        flags=release_flags(find_table(behind, "flags"), few, rules, internal=terms.internal),
        flows=grounds.flows,
        typical=grounds.tell_typical(find_table(behind, "expected")),
        periods=grounds.periods,
        period_flows=grounds.period_flows,
        years=grounds.years,
        regions_covered=cover_regions(clusters, indicators),
        explanations={},
        industries=results.taxonomy.labels,
        coverage=grounds.coverage,
        regions=results.regions,
        coast=results.coast,
        withheld={
            "cells": cells,
            "flows": grounds.few_flows,
            "names": names,
            "density": grounds.lonely,
        },
        notes=terms.notes,
        version=terms.version,
        rules=terms.rules,
        density=grounds.density,
        sheet=_release_sheet(results, withheld),
        profiles=results.profiles,
    )
    told = release_sentences(results.scored, find_table(behind, "abroad"), few, release)
    unsaid = Withheld(hidden, kinds, results.indicators, grounds.summed, actors, rules)
    advice = release_advice(results.advised, release, unsaid)
    travel = release_travel(results.advised, rules, internal=terms.internal)
    return replace(release, explanations=told, advice=advice, travel=travel)


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


def _find_withheld(
    scores: pd.DataFrame, hidden: pd.DataFrame, profiles: tuple[Profile, ...]
) -> pd.Series[str]:
    """Return why the score of a cluster in a scenario may not be told, "" where it may."""
    few = scores["cluster"].map(hidden["links"]).astype(bool)
    # Named comparators see employees alone, and tell of them.
    employees = scores["cluster"].map(hidden["firms"] | hidden["employees"]).astype(bool)
    scenarios = (DEFAULT_SCENARIO, *(profile.name for profile in profiles[1:]))
    named = zip(scenarios, profiles, strict=False)
    comparators = [scenario for scenario, profile in named if profile.method != "linkage"]
    employees &= scores["scenario"].isin(comparators)
    why = np.select([few, employees], [TOO_FEW_LINKED, EMPLOYEES_WITHHELD], "")
    return pd.Series(why, scores.index, dtype=object).where(scores["rated"] == 1, "")


def _release_scores(
    scores: pd.DataFrame, withheld: pd.Series[str], hidden: pd.DataFrame, *, internal: bool
) -> pd.DataFrame:
    frame = scores.copy()
    few = frame["cluster"].map(hidden["links"]).astype(bool)
    unsaid = withheld != ""
    for name in _OF_SCORE:
        frame[name] = frame[name].mask(unsaid)
    frame["rated"] = frame["rated"].mask(unsaid, 0)
    frame["reason"] = frame["reason"].mask(unsaid, withheld)
    frame["confidence"] = frame["confidence"].mask(unsaid, "")
    frame["quadrant"] = frame["quadrant"].mask(few, _UNDECIDED)
    frame["gap"] = frame["gap"].mask(few)
    if not internal:
        # Employees could be read off it, and so could, to its last digit, an industry of few firms.
        employees = hidden["firms"] | hidden["employees"]
        told = frame["cluster"].map(employees).astype(bool)
        frame["capability"] = frame["capability"].round().mask(told)
    return frame


def _release_subscores(subscores: pd.DataFrame, few: pd.Series[bool]) -> pd.DataFrame:
    frame = subscores.copy()
    hidden = frame["cluster"].map(few).astype(bool)
    frame.loc[hidden, list(_OF_PART)] = np.nan
    frame["decided"] = frame["decided"].mask(hidden, 0)
    frame["reason"] = frame["reason"].mask(hidden, TOO_FEW_LINKED)
    return frame


def _release_sheet(results: Results, withheld: pd.Series[str]) -> Sheet:
    scores, subscores = results.scored.scores, results.scored.subscores
    rated = scores.loc[scores["rated"] == 1, "cluster"]
    weights = subscores.loc[subscores["cluster"].isin(rated), "weight"]
    # The project's own scores come first.
    return release_sheet(results.sheet, weights, int((withheld.iloc[: len(scores)] != "").sum()))


def _name_actors(results: Results) -> pd.DataFrame:
    """Return the name and the type of every actor at home that a table names."""
    told = [find_table(results.behind, "brokers")["actor"]]
    told += [
        results.advised.tables[table]["broker"] for table in _BROKERS & {*results.advised.tables}
    ]
    named = pd.concat(told).dropna().unique()
    firms = results.firms.reindex(columns=["firm", "name"])
    firms = firms[firms["firm"].isin(named)].assign(kind="firm")
    institutes = results.institutes[["institute", "name", "kind"]]
    layers = (firms.set_index("firm"), institutes.set_index("institute"))
    return pd.concat([layer.rename_axis("actor") for layer in layers])


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
    columns = ["firm", "name", "industry", "employees", "x", "y", "precision_m"]
    frame = results.firms.reindex(columns=columns).copy()
    frame[["name", "industry"]] = frame[["name", "industry"]].astype(object).fillna("")
    frame["cluster"] = results.firms["cell"].astype(object).where(inside, "")
    return frame.reset_index(drop=True)
