"""Scoring: the profile that the project names, and every other, applied to what was counted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from clustermap.indicators.evidence import actors_of
from clustermap.messages import Message
from clustermap.network.standardise import standardise
from clustermap.scores import Scored, score_linkages
from clustermap.scores.axes import find_confidence, find_gap
from clustermap.scores.capability import capability
from clustermap.scores.comparators import score_stars
from clustermap.scores.explain import explain_clusters
from clustermap.scores.parts import tabulate_brokers
from clustermap.scores.quality import assess_score
from clustermap.scores.score import Reaches, score_nothing, tell_note
from clustermap.scores.tabulate import (
    tabulate_abroad,
    tabulate_expected,
    tabulate_flags,
    tabulate_nulls,
    tabulate_quality,
    tabulate_ratios,
    tabulate_sensitivity,
)
from clustermap.stages.profiles import read_others, read_profile
from clustermap.tables import DEFAULT_SCENARIO, KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import numpy.typing as npt
    import pandas as pd

    from clustermap.layers.actors import Register
    from clustermap.network.counts import Counts
    from clustermap.network.standardise import Standardised
    from clustermap.project import Project
    from clustermap.scores.goalposts import Goalposts
    from clustermap.scores.parts import Parts
    from clustermap.scores.profile import Profile
    from clustermap.scores.quality import QualitySheet
    from clustermap.stages.counting import Network
    from clustermap.stages.ledger import Progress
    from clustermap.stages.measuring import Measured
    from clustermap.stages.reading import Layers


@dataclass(frozen=True)
class Assessment:
    """The score of a run and all that stands behind it.

    Parameters
    ----------
    scored
        Scores, sub-scores, explanations by the project's own profile.
    profiles
        The project's own, then those of ``others``.
    others
        Scores and sub-scores by every other profile that ships, each a scenario of its name;
        without explanations, and without draws unless a scenario selects by them.
    tables
        The other tables by their names: ratios, nulls, expected, brokers, abroad, flags,
        quality, sensitivity.
    quality
        The quality sheet; None where nothing is scored.
    """

    scored: Scored
    profiles: tuple[Profile, ...]
    others: tuple[Scored, ...]
    tables: Mapping[str, pd.DataFrame]
    quality: QualitySheet | None = None


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
    found: Measured,
    progress: Progress,
    weights: Mapping[str, float] | None = None,
) -> Assessment:
    """Score the clusters as the project's profile says, and as every other one would.

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
    found
        What was measured, as every profile weighs kinds.
    progress
        Hears how far it is.
    weights
        Part of the score to its weight, instead of the weights of the project's own profile.

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
    (own, goalposts), others_rules = read_profile(project), read_others(project)
    rules = ((own if weights is None else own.weigh(weights), goalposts), *others_rules)
    profiles = tuple(profile for profile, _ in rules)
    profile, ids = profiles[0], network.counts.clusters
    measured, indicators = tuple(found.parts[one.name] for one in profiles), found.indicators
    linked = _score_linkages(project, ids, rules, measured)
    headline = standardised.comparisons.get((standardised.headline, "drawn"))
    kinds = () if headline is None else headline.kinds
    finish = partial(_finish, network.counts, indicators, kinds)
    scored, *others = map(finish, linked, profiles, measured)
    others = [_lighten(project, *pair) for pair in zip(others, profiles[1:], strict=True)]
    parts = measured[0]
    abroad = {"abroad": tabulate_abroad(network.flows, layers.cells, ids)}
    if parts is None:
        return Assessment(scored, profiles, tuple(others), abroad)
    sheet = assess_score(scored.scores, scored.subscores, profile, actors_of(network.counts))
    tables = {
        "ratios": tabulate_ratios(ids, standardised, parts, Reaches(project.score.radii_m)),
        "nulls": tabulate_nulls(standardised),
        "expected": tabulate_expected(standardised, network.observed.cells),
        "brokers": tabulate_brokers(parts, ids, _name_brokers(parts, layers.register)),
        **abroad,
        "flags": tabulate_flags(ids, parts),
        "quality": tabulate_quality(sheet),
        "sensitivity": tabulate_sensitivity(scored, project.project.seed),
    }
    explained = explain_clusters(scored, tables, profile, network.counts, layers.clusters)
    progress(Message("step.score"), 1, 1)
    return Assessment(
        replace(scored, explanations=explained), profiles, tuple(others), tables, sheet
    )


def _name_brokers(parts: Parts, register: Register) -> npt.NDArray[np.object_]:
    """Return the ids of actors by position, of brokers alone: there are millions of actors."""
    names = np.empty(len(register.ids), dtype=object)
    at = parts.brokerage.brokers["actor"].unique()
    names[at] = register.ids.take(pa.array(at)).to_numpy(zero_copy_only=False)
    return names


def _lighten(project: Project, other: Scored, profile: Profile) -> Scored:
    # Draws are many numbers: only a scenario that selects by them needs them.
    drawn = profile.name in {scenario.profile for scenario in project.scenarios.values()}
    return replace(other, explanations={}, drawn=other.drawn if drawn else None)


def _score_linkages(
    project: Project,
    ids: pd.Index[str],
    rules: tuple[tuple[Profile, Goalposts], ...],
    measured: tuple[Parts | None, ...],
) -> Iterator[Scored]:
    """Yield the linkage score by every profile; alike profiles share one, under their own names."""
    done: list[tuple[Profile, Scored]] = []
    for (profile, goalposts), parts in zip(rules, measured, strict=True):
        scenario = profile.name if done else DEFAULT_SCENARIO
        bare = replace(profile, name="", method="linkage", industries=(), note="")
        scored = next((scored for other, scored in done if other == bare), None)
        if parts is None:
            scored = score_nothing(ids, profile, scenario)
        elif scored is None:
            scored = score_linkages(
                ids,
                parts,
                profile,
                goalposts,
                Reaches(project.score.radii_m),
                scenario=scenario,
                draws=project.score.draws,
                seed=project.project.seed,
            )
        else:
            scored = replace(
                scored,
                scores=scored.scores.assign(scenario=scenario),
                subscores=scored.subscores.assign(scenario=scenario),
                notes=tell_note(profile, parts.null),
            )
        done.append((bare, scored))
        yield scored


def _finish(
    counts: Counts,
    indicators: pd.DataFrame,
    kinds: tuple[int, ...],
    linked: Scored,
    profile: Profile,
    parts: Parts | None,
) -> Scored:
    if parts is None:
        return _add_axes(linked, indicators, profile, None, ())
    scored = linked if profile.method == "linkage" else score_stars(linked, counts, profile)
    return _add_axes(scored, indicators, profile, parts, kinds)


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
