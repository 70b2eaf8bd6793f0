"""Candidates of a selection: what each cluster costs, reaches and merits, as far as may be told.

A selection is computed from what the release tells of clusters. Whoever reads it can compute it
again, and nothing that was withheld can be read off sums, prices or who is chosen.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from clustermap.errors import TableFault
from clustermap.layers.clusters import find_overlaps
from clustermap.publish.suppression import Rules, class_size, hide_industries
from clustermap.scores.aggregate import geometric_mean
from clustermap.scores.capability import SPECIALISATION, capability
from clustermap.scores.draws import draw_weights, score_draws
from clustermap.scores.goalposts import normalise
from clustermap.selection.portfolio import TYPICAL
from clustermap.tables import DEFAULT_SCENARIO

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from clustermap.indicators.evidence import Numbers
    from clustermap.network.counts import Counts
    from clustermap.project import Project, Scenario, Select
    from clustermap.publish.release import Release
    from clustermap.scores import Scored
    from clustermap.stages.publishing import Findings
    from clustermap.stages.reading import Layers

    Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Candidates:
    """What is known of every cluster, in the order of the layer.

    Parameters
    ----------
    ids
        Identifiers.
    costs
        What supporting them costs.
    groups
        "region", "kind" and "industry" to the groups that each belongs to.
    firms, people
        Firms and employees; NaN where unknown. What the release withholds is the middle of its size
        class.
    reach
        Those of them that support is to reach.
    overlaps
        Pairs that share ground.
    current
        Public money that each has now, as far as it is told; None where no grants were read.
    """

    ids: npt.NDArray[np.object_]
    costs: Numbers
    groups: Mapping[str, list[tuple[str, ...]]]
    firms: Numbers
    people: Numbers
    reach: Numbers
    overlaps: tuple[tuple[str, str], ...]
    current: Numbers | None = None


@dataclass(frozen=True)
class Merits:
    """Scores of every cluster as one scenario has them.

    Parameters
    ----------
    linkage
        Linkage scores; typical where the release does not rate.
    rated
        Where it does.
    capability
        Capability as released; the median of that where it is withheld, NaN where it is not known.
    draws
        Draws x clusters of the linkage scores; None without draws.
    """

    linkage: Numbers
    rated: Flags
    capability: Numbers
    draws: Numbers | None


def read_costs(select: Select, layers: Layers) -> Numbers:
    """Return what every cluster costs.

    Parameters
    ----------
    select
        Section [select].
    layers
        Clean layers.

    Returns
    -------
    Numbers
        Costs, in the order of the layer.

    Raises
    ------
    TableFault
        If one has none.
    """
    clusters = layers.clusters
    costs = np.full(len(clusters), np.nan)
    if "cost" in clusters:
        costs = clusters["cost"].to_numpy(dtype=np.float64, na_value=np.nan)
    if select.cost is not None:
        costs = np.where(np.isnan(costs), select.cost, costs)
    if np.isnan(costs).any():
        missing = np.flatnonzero(np.isnan(costs))
        raise TableFault(
            "select_no_cost",
            table="clusters",
            column="cost",
            value=clusters.index[missing[0]],
            missing=len(missing),
        )
    return costs


def find_candidates(select: Select, findings: Findings, release: Release) -> Candidates:
    """Return what is known of every cluster.

    Parameters
    ----------
    select
        Section [select].
    findings
        What the run found.
    release
        What of it may be told.

    Returns
    -------
    Candidates
        In the order of the layer of clusters.
    """
    counts, clusters = findings.network.counts, release.clusters
    ids = clusters.index.to_numpy(dtype=object)
    firms, people = _count_all(counts, clusters)
    own = (firms, people)
    if select.industries:
        rules = Rules(min_firms=0) if release.internal else release.rules
        own = _count_industries(counts, select.industries, rules, own)
    pairs = find_overlaps(findings.layers.clusters.geometry.to_numpy())
    return Candidates(
        ids,
        read_costs(select, findings.layers),
        {
            "region": _single(clusters, "region"),
            "kind": _single(clusters, "kind"),
            "industry": _list_industries(clusters, release.indicators),
        },
        firms,
        people,
        own[1] if select.reach == "employees" else own[0],
        tuple((str(ids[one]), str(ids[other])) for one, other in pairs),
        find_current(release),
    )


def find_current(release: Release) -> Numbers | None:
    """Return the public money that every cluster has now.

    It is that of :func:`clustermap.selection.support.find_running`: grants that run in the last
    year in which any starts, whole amounts, each counted once however many clusters hold who got
    it.

    Parameters
    ----------
    release
        What may be told.

    Returns
    -------
    Numbers or None
        In the order of the layer of clusters; 0 where none is known or it is withheld, and None
        where no grants were read.
    """
    if release.advice is None or release.advice.support_measures.empty:
        return None
    money = release.advice.support_measures.set_index("cluster")["current"].astype(float)
    return np.asarray(money.reindex(release.clusters.index).fillna(0.0), dtype=np.float64)


def find_merits(
    project: Project,
    findings: Findings,
    release: Release,
    name: str,
    scenario: Scenario | None,
) -> Merits:
    """Return the scores of every cluster as one scenario has them.

    Parameters
    ----------
    project
        The project file.
    findings
        What the run found.
    release
        What of it may be told.
    name
        Name of the scenario.
    scenario
        What it changes; None for the project's own.

    Returns
    -------
    Merits
        In the order of the layer of clusters.

    Raises
    ------
    TableFault
        If the scenario names a profile that is not there, or weights a part that its profile has
        not.
    """
    scored, scenario_name = find_scored(project, findings, name, scenario)
    rows = release.scores[release.scores["scenario"] == scenario_name]
    table = rows.set_index("cluster").reindex(release.clusters.index)
    rated = (table["rated"] == 1).to_numpy()
    linkage = table["score"].to_numpy(dtype=np.float64, na_value=np.nan)
    drawn = None if scored.drawn is None else scored.drawn.scores.astype(np.float64)
    if scenario is not None and scenario.weights:
        linkage, drawn = _weigh(project, scored, name, scenario, table)
    draws = None
    if drawn is not None and scored.drawn is not None and project.select is not None:
        most = project.select.draws
        draws = np.full((min(most, len(drawn)), len(linkage)), TYPICAL)
        draws[:, table.index.get_indexer(pd.Index(scored.drawn.clusters))] = drawn[:most]
        draws[:, ~rated] = TYPICAL
    can = _find_capability(scored, table)
    return Merits(np.where(rated, linkage, TYPICAL), rated, can, draws)


def _find_capability(scored: Scored, table: pd.DataFrame) -> Numbers:
    """Return capability as far as it is told; what is withheld counts as the median of that."""
    told = table["capability"].to_numpy(dtype=np.float64, na_value=np.nan)
    inside = scored.scores.set_index("cluster")["capability"].reindex(table.index)
    withheld = np.isnan(told) & inside.notna().to_numpy()
    # Its own linkage score in its place would make a gift of what is withheld, or a fine.
    middle = np.nanmedian(told) if (~np.isnan(told)).any() else np.nan
    return np.where(withheld, middle, told)


def refuse_unknown(
    value: str,
    known: Sequence[str],
    table: str,
    key: str,
    called: Mapping[str, str] | None = None,
) -> None:
    """Refuse a name that is not there.

    Parameters
    ----------
    value
        The name.
    known
        Those that are there.
    table, key
        Where it stands in the project file.
    called
        What they are called otherwise: a name to one of them.

    Raises
    ------
    TableFault
        If it is none of them; the nearest are told.
    """
    if value not in known:
        by_name = [(called or {})[name] for name in get_close_matches(value, called or {}, n=3)]
        near = by_name or get_close_matches(value, known, n=3, cutoff=0)
        raise TableFault("select_unknown", table=table, key=key, value=value, near=", ".join(near))


def _single(clusters: pd.DataFrame, column: str) -> list[tuple[str, ...]]:
    return [(str(value),) if value else () for value in clusters[column]]


def _count_all(counts: Counts, clusters: pd.DataFrame) -> tuple[Numbers, Numbers]:
    sums = _sum_firms(counts.by_sector).reindex(clusters.index).fillna(0)
    firms = sums["firms"].to_numpy(dtype=np.float64)
    people = sums["employees"].to_numpy(dtype=np.float64)
    unknown = (sums["employed"] == 0).to_numpy() & (firms > 0)
    told = [clusters[name].notna().to_numpy() for name in ("firms", "employees")]
    people = np.where(told[1], people, class_size(people))
    return np.where(told[0], firms, class_size(firms)), np.where(unknown, np.nan, people)


def _count_industries(
    counts: Counts, industries: Sequence[str], rules: Rules, whole: tuple[Numbers, Numbers]
) -> tuple[Numbers, Numbers]:
    """Return firms and employees of some industries; a firm of two of them reaches nobody twice."""
    rows = counts.by_industry[counts.by_industry["industry"].isin(industries)]
    hidden = hide_industries(rows, rules)
    sums = _sum_firms(rows, by=["cluster", "industry"])
    for name in ("firms", "employees"):
        own = hidden[name].reindex(sums.index).to_numpy(dtype=bool)
        sums[name] = np.where(own, class_size(sums[name].to_numpy(dtype=np.float64)), sums[name])
    sums = sums.groupby("cluster").sum().reindex(counts.clusters).fillna(0)
    firms, people = (sums[name].to_numpy(dtype=np.float64) for name in ("firms", "employees"))
    unknown = (sums["employed"] == 0).to_numpy() & (firms > 0)
    people = np.where(unknown, np.nan, people)
    # Where the whole is a class, its part may not be surer than that.
    return np.minimum(firms, whole[0]), np.minimum(np.where(firms == 0, 0.0, people), whole[1])


def _sum_firms(rows: pd.DataFrame, by: Sequence[str] = ("cluster",)) -> pd.DataFrame:
    return rows.groupby(list(by))[["firms", "employees", "employed"]].sum()


def _list_industries(clusters: pd.DataFrame, indicators: pd.DataFrame) -> list[tuple[str, ...]]:
    """Return the industries of every cluster.

    They are those that it is designated for; without any, the one that it is most specialised in,
    if its share there is larger than the nation's.
    """
    found = capability(indicators).set_index("cluster").reindex(clusters.index)
    alike = normalise([1.0], SPECIALISATION)[0]
    special = found["industry"].where(found["specialisation"] > alike, "").fillna("")
    written = clusters["industries"].map(_split)
    return [
        named or ((industry,) if industry else ())
        for named, industry in zip(written, special, strict=True)
    ]


def _split(value: object) -> tuple[str, ...]:
    return tuple(part.strip() for part in str(value).split(";") if part.strip())


def find_scored(
    project: Project, findings: Findings, name: str, scenario: Scenario | None
) -> tuple[Scored, str]:
    """Return the scores of a scenario, and what the table of scores calls them.

    Parameters
    ----------
    project
        The project file.
    findings
        What the run found.
    name
        Name of the scenario.
    scenario
        Its section of the project file; None for the project's own.

    Returns
    -------
    tuple
        Scores by the profile that it names, without weights of its own, and their scenario.

    Raises
    ------
    TableFault
        If there is no such profile.
    """
    profile = scenario.profile if scenario is not None else None
    if profile is None or profile == project.score.profile:
        return findings.scored, DEFAULT_SCENARIO
    named = {one.name: one for one in findings.profiles[1:]}
    refuse_unknown(profile, [project.score.profile, *named], f"scenarios.{name}", "profile")
    return findings.others[list(named).index(profile)], profile


def _weigh(
    project: Project, scored: Scored, name: str, scenario: Scenario, table: pd.DataFrame
) -> tuple[Numbers, Numbers | None]:
    """Return scores, and their draws, with other weights of the parts."""
    parts = list(dict.fromkeys(scored.subscores["subscore"]))
    for part in scenario.weights:
        refuse_unknown(part, parts, f"scenarios.{name}", "weights")
    own = np.array([scenario.weights.get(part, 0.0) for part in parts])
    wide = scored.subscores.pivot_table(
        index="cluster", columns="subscore", values="value", dropna=False
    )
    values = wide.reindex(index=table.index, columns=parts).to_numpy().T
    weighed = geometric_mean(values, own[:, None])
    linkage = table["score"].to_numpy(dtype=np.float64, na_value=np.nan)
    told = np.where(np.isnan(weighed), linkage, weighed)
    if scored.drawn is None:
        return told, None
    draws = len(scored.drawn.scores)
    weights = draw_weights(own, draws=draws, seed=project.project.seed)
    return told, score_draws(scored.drawn.parts, weights).astype(np.float64)
