"""Scoring: the profile that the project names, applied to what was counted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING

import numpy as np

from clustermap.errors import TableFault
from clustermap.indicators.evidence import actors_of
from clustermap.messages import Message
from clustermap.network.standardise import standardise
from clustermap.scores import Scored, parse_goalposts, parse_profile, score_linkages
from clustermap.scores.axes import find_confidence, find_gap
from clustermap.scores.capability import capability
from clustermap.scores.comparators import score_stars
from clustermap.scores.explain import explain_clusters
from clustermap.scores.parts import Linkages, measure_parts, tabulate_brokers
from clustermap.scores.quality import assess_score
from clustermap.scores.score import Reaches, score_nothing
from clustermap.scores.tabulate import (
    tabulate_abroad,
    tabulate_expected,
    tabulate_flags,
    tabulate_nulls,
    tabulate_quality,
    tabulate_ratios,
    tabulate_sensitivity,
)
from clustermap.sources.reference import data_root
from clustermap.tables import KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from clustermap.network.standardise import Standardised
    from clustermap.project import Project
    from clustermap.scores.goalposts import Goalposts
    from clustermap.scores.parts import Parts
    from clustermap.scores.profile import Profile
    from clustermap.scores.quality import QualitySheet
    from clustermap.stages.counting import Network
    from clustermap.stages.ledger import Progress
    from clustermap.stages.reading import Layers


@dataclass(frozen=True)
class Assessment:
    """The score of a run and all that stands behind it.

    Parameters
    ----------
    scored
        Scores, sub-scores, explanations.
    tables
        The other tables by their names: ratios, nulls, expected, brokers, abroad, flags,
        quality, sensitivity.
    quality
        The quality sheet; None where nothing is scored.
    """

    scored: Scored
    tables: Mapping[str, pd.DataFrame]
    quality: QualitySheet | None = None


def _read_named(folder: str, name: str) -> str:
    """Return the text of a file of ours: a profile or goalposts, chosen by its name."""
    files = {path.stem: path for path in sorted((data_root() / folder).glob("*.toml"))}
    if name not in files:
        near = get_close_matches(name, files, n=1)
        others = [other for other in files if other not in near]
        raise TableFault(
            "unknown_profile",
            table="score",
            key="profile",
            value=name,
            known=", ".join([*near, *others]),
        )
    return files[name].read_text(encoding="utf-8")


def read_profile(project: Project) -> tuple[Profile, Goalposts]:
    """Return the profile that a project names, and its goalposts.

    Parameters
    ----------
    project
        The project file.

    Returns
    -------
    tuple
        Profile and goalposts.

    Raises
    ------
    TableFault
        If there is no such profile, or it is faulty.
    """
    name = project.score.profile
    profile = parse_profile(_read_named("profiles", name), name)
    return profile, parse_goalposts(_read_named("goalposts", profile.goalposts), profile.goalposts)


def standardise_links(project: Project, network: Network, progress: Progress) -> Standardised:
    """Compare links with what is expected under the nulls.

    Parameters
    ----------
    project
        The project file.
    network
        What was counted.
    progress
        Hears how far it is.

    Returns
    -------
    Standardised
        Observed and expected links.

    Raises
    ------
    TableFault
        If a null does not converge.
    """
    step = Message("step.expect")
    return standardise(
        network.observed,
        headline=project.score.null,
        circumstances=project.score.allow_for,
        listen=lambda done, total: progress(step, done, total),
    )


def assess_clusters(
    project: Project,
    layers: Layers,
    network: Network,
    standardised: Standardised,
    indicators: pd.DataFrame,
    progress: Progress,
) -> Assessment:
    """Score the clusters as the project's profile says.

    Parameters
    ----------
    project
        The project file.
    layers
        Clean layers.
    network
        What was counted.
    standardised
        Observed and expected links.
    indicators
        The table INDICATORS.
    progress
        Hears how far it is.

    Returns
    -------
    Assessment
        Scores and what stands behind them.

    Raises
    ------
    TableFault
        If there is no such profile, or it is faulty.
    """
    progress(Message("step.score"), 0, 1)
    profile, goalposts = read_profile(project)
    ids = network.counts.clusters
    reaches = Reaches(project.score.radii_m)
    linkages = Linkages(network.observed, standardised, network.edges, layers.register)
    parts = measure_parts(linkages, profile)
    abroad = {"abroad": tabulate_abroad(network.flows, layers.cells, ids)}
    if parts is None:
        scored = score_nothing(ids, profile)
        return Assessment(_add_axes(scored, indicators, profile, None, ()), abroad)
    scored = score_linkages(
        ids,
        parts,
        profile,
        goalposts,
        reaches,
        draws=project.score.draws,
        seed=project.project.seed,
    )
    if profile.method != "linkage":
        scored = score_stars(scored, network.counts, profile)
    headline = standardised.comparisons[standardised.headline, "drawn"]
    scored = _add_axes(scored, indicators, profile, parts, headline.kinds)
    sheet = assess_score(scored.scores, scored.subscores, profile, actors_of(network.counts))
    names = np.array(layers.register.ids.to_pylist(), dtype=object)
    tables = {
        "ratios": tabulate_ratios(ids, standardised, parts, reaches),
        "nulls": tabulate_nulls(standardised),
        "expected": tabulate_expected(standardised, network.observed.cells),
        "brokers": tabulate_brokers(parts, ids, names),
        **abroad,
        "flags": tabulate_flags(ids, parts),
        "quality": tabulate_quality(sheet),
        "sensitivity": tabulate_sensitivity(scored, project.project.seed),
    }
    explained = explain_clusters(scored, tables, profile, network.counts, layers.clusters)
    progress(Message("step.score"), 1, 1)
    return Assessment(replace(scored, explanations=explained), tables, sheet)


def _add_axes(
    scored: Scored,
    indicators: pd.DataFrame,
    profile: Profile,
    parts: Parts | None,
    kinds: tuple[int, ...],
) -> Scored:
    scores = scored.scores
    chosen = indicators
    if profile.industries:
        other = (indicators["industry"] != "") & ~indicators["industry"].isin(profile.industries)
        chosen = indicators[~other]
    can = capability(chosen).set_index("cluster")["value"]
    gap = np.full(len(scores), np.nan)
    if parts is not None:
        gap = find_gap(parts, np.array([profile.kinds.get(KINDS[kind], 0.0) for kind in kinds]))
        # Drawn from hardly any links it lies near nought, as if nothing lacked.
        gap = np.where(scores["rated"] == 1, gap, np.nan)
    axes = scores.assign(
        capability=can.reindex(scores["cluster"]).to_numpy(dtype=float),
        gap=gap,
        confidence=find_confidence(
            *(
                scores[end].to_numpy(dtype=float, na_value=np.nan)
                for end in ("low", "high", "rank_low", "rank_high")
            )
        ),
    )
    return replace(scored, scores=axes)
