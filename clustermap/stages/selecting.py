"""Selecting: from scores, costs and the rules of the project file to what each scenario chooses."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from clustermap.errors import TableFault
from clustermap.layers.clusters import find_overlaps
from clustermap.messages import Message
from clustermap.scores.aggregate import geometric_mean
from clustermap.scores.capability import SPECIALISATION, capability
from clustermap.scores.draws import draw_weights, score_draws
from clustermap.scores.goalposts import normalise
from clustermap.selection.choice import choose, tell_choice
from clustermap.selection.comparators import Setting
from clustermap.selection.portfolio import TYPICAL, Problem, value_clusters
from clustermap.selection.rules import Cap, Exclusive, Floor, Ineligible, Must, MustNot
from clustermap.selection.tabulate import tabulate_choices
from clustermap.tables import DEFAULT_SCENARIO

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy.typing as npt

    from clustermap.indicators.evidence import Numbers
    from clustermap.network.counts import Counts
    from clustermap.project import Project, Scenario, Select
    from clustermap.project import Rule as WrittenRule
    from clustermap.scores import Scored
    from clustermap.selection.choice import Choice
    from clustermap.selection.rules import Measure, Rule
    from clustermap.stages.ledger import Progress
    from clustermap.stages.publishing import Findings
    from clustermap.stages.reading import Layers

UNRATED, UNKNOWN_REACH = "unrated", "unknown_reach"
"""Why clusters may not be chosen: keys below ``selection.ineligible`` in the catalogue."""

_SECTION = "select"
_STDOUT = 1  # what the system calls it


@dataclass(frozen=True)
class Selected:
    """What the scenarios choose.

    Parameters
    ----------
    choices
        What each chooses, the project's own first.
    tables
        Name to table: selection, portfolios, rule_prices, budget_path, budget_steps, comparators,
        why_not.
    told
        Scenario to the sentences that say what it chooses and how sure that is.
    """

    choices: tuple[Choice, ...]
    tables: Mapping[str, pd.DataFrame]
    told: Mapping[str, tuple[Message, ...]]


@dataclass(frozen=True)
class _Candidates:
    # Of every cluster, in the order of the layer.
    ids: npt.NDArray[np.object_]
    costs: Numbers
    groups: Mapping[str, list[tuple[str, ...]]]
    firms: Numbers
    people: Numbers
    reach: Numbers
    overlaps: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class _Merits:
    # Scores of the linkages as one scenario has them; draws x clusters, or None without draws.
    linkage: Numbers
    rated: npt.NDArray[np.bool_]
    capability: Numbers
    draws: Numbers | None


def check_selection(project: Project, layers: Layers) -> None:
    """Refuse what [select] and [scenarios] say of clusters, groups and profiles that are not there.

    Parameters
    ----------
    project
        The project file.
    layers
        Clean layers.

    Raises
    ------
    TableFault
        If a cluster, region, industry or kind is not known, or a cluster has no cost.
    """
    select = project.select
    if select is None:
        return
    ids = [str(cluster) for cluster in layers.clusters.index]
    for key in ("must", "must_not"):
        for cluster in getattr(select, key):
            _refuse_unknown(cluster, ids, _SECTION, key)
    labels = list(layers.taxonomy.labels)
    for industry in select.industries:
        _refuse_unknown(industry, labels, _SECTION, "industries")
    known = {**{by: _values(layers, by) for by in ("region", "kind")}, "industry": labels}
    for section, rules in _written_rules(project):
        for number, rule in enumerate(rules, start=1):
            key = f"rules {number}, of"
            if not known[rule.by]:
                raise TableFault("select_no_group", table=section, key=key, value=rule.by)
            for group in rule.of:
                _refuse_unknown(group, known[rule.by], section, key)
    _read_costs(select, layers)


def select_findings(project: Project, findings: Findings, progress: Progress) -> Selected | None:
    """Return what each scenario of a project chooses.

    Parameters
    ----------
    project
        The project file.
    findings
        What the run found.
    progress
        Hears how far it is.

    Returns
    -------
    Selected or None
        None where the project file has no section [select].

    Raises
    ------
    TableFault
        If a scenario names a profile that is not there, or weights a part that its profile has not.
    """
    select = project.select
    if select is None:
        return None
    candidates = _find_candidates(select, findings)
    choices, rated = [], []
    for name, scenario in ((DEFAULT_SCENARIO, None), *project.scenarios.items()):
        merits = _find_merits(project, findings, name, scenario)
        problem, setting = _pose(select, scenario, candidates, merits)

        def tell(step: str, done: int, total: int, name: str = name) -> None:
            progress(Message(f"step.select.{step}", {"scenario": name}), done, total)

        seed = project.project.seed
        with hush_stdout():
            choices.append(choose(name, problem, setting, seed=seed, gap=select.gap, tell=tell))
        rated.append(merits.rated)
    told = {choice.scenario: tell_choice(choice) for choice in choices}
    return Selected(tuple(choices), tabulate_choices(choices, rated), told)


@contextmanager
def hush_stdout() -> Iterator[None]:
    """Keep what compiled code writes to the standard output from whoever reads that.

    HiGHS leaves a line of its own there now and then, whatever it is asked; machines may be reading
    JSON.

    Yields
    ------
    None
        Nothing: the block runs with its standard output thrown away.
    """
    try:
        kept = os.dup(_STDOUT)
    except OSError:  # a program without a console has none
        yield
        return
    with open(os.devnull, "wb") as sink:  # noqa: PTH123 -- no file of ours
        os.dup2(sink.fileno(), _STDOUT)
    try:
        yield
    finally:
        os.dup2(kept, _STDOUT)
        os.close(kept)


def _written_rules(project: Project) -> Iterator[tuple[str, tuple[WrittenRule, ...]]]:
    if project.select is not None:
        yield _SECTION, project.select.rules
    for name, scenario in project.scenarios.items():
        yield f"scenarios.{name}", scenario.rules or ()


def _refuse_unknown(value: str, known: Sequence[str], table: str, key: str) -> None:
    if value not in known:
        near = get_close_matches(value, known, n=3, cutoff=0)
        raise TableFault("select_unknown", table=table, key=key, value=value, near=", ".join(near))


def _values(layers: Layers, column: str) -> list[str]:
    if column not in layers.clusters:
        return []
    return sorted({str(value) for value in layers.clusters[column].dropna()} - {""})


def _read_costs(select: Select, layers: Layers) -> Numbers:
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


def _find_candidates(select: Select, findings: Findings) -> _Candidates:
    layers, counts = findings.layers, findings.network.counts
    clusters = layers.clusters
    ids = clusters.index.to_numpy(dtype=object)
    firms, people = _count_reach(counts, ())
    own = _count_reach(counts, select.industries) if select.industries else (firms, people)
    pairs = find_overlaps(clusters.geometry.to_numpy())
    return _Candidates(
        ids,
        _read_costs(select, layers),
        {
            "region": _single(clusters, "region"),
            "kind": _single(clusters, "kind"),
            "industry": _list_industries(clusters, findings.indicators),
        },
        firms,
        people,
        own[1] if select.reach == "employees" else own[0],
        tuple((str(ids[one]), str(ids[other])) for one, other in pairs),
    )


def _single(clusters: pd.DataFrame, column: str) -> list[tuple[str, ...]]:
    if column not in clusters:
        return [()] * len(clusters)
    return [(str(value),) if value else () for value in clusters[column].fillna("")]


def _count_reach(counts: Counts, industries: Sequence[str]) -> tuple[Numbers, Numbers]:
    """Return firms and employees of every cluster, of some industries or of all."""
    whole = _sum_firms(counts, counts.by_sector)
    if not industries:
        return whole
    chosen = counts.by_industry[counts.by_industry["industry"].isin(industries)]
    # A firm counts in each of its industries, but reaches nobody twice.
    firms, people = _sum_firms(counts, chosen)
    return np.minimum(firms, whole[0]), np.minimum(np.where(firms == 0, 0.0, people), whole[1])


def _sum_firms(counts: Counts, rows: pd.DataFrame) -> tuple[Numbers, Numbers]:
    sums = rows.groupby("cluster")[["firms", "employees", "employed"]].sum()
    sums = sums.reindex(counts.clusters).fillna(0)
    known = (sums["employed"] > 0) | (sums["firms"] == 0)
    people = sums["employees"].where(known).to_numpy(dtype=np.float64)
    return sums["firms"].to_numpy(dtype=np.float64), people


def _list_industries(clusters: pd.DataFrame, indicators: pd.DataFrame) -> list[tuple[str, ...]]:
    """Return the industries of every cluster.

    They are those that it is designated for; without any, the one that it is most specialised in,
    if its share there is larger than the nation's.
    """
    found = capability(indicators).set_index("cluster").reindex(clusters.index)
    alike = normalise([1.0], SPECIALISATION)[0]
    special = found["industry"].where(found["specialisation"] > alike, "").fillna("")
    if "industries" not in clusters:
        return [(industry,) if industry else () for industry in special]
    written = clusters["industries"].fillna("").map(_split)
    return [
        named or ((industry,) if industry else ())
        for named, industry in zip(written, special, strict=True)
    ]


def _split(value: object) -> tuple[str, ...]:
    return tuple(part.strip() for part in str(value).split(";") if part.strip())


def _find_merits(
    project: Project, findings: Findings, name: str, scenario: Scenario | None
) -> _Merits:
    scored = find_scored(project, findings, name, scenario)
    table = scored.scores.set_index("cluster").reindex(findings.layers.clusters.index)
    rated = (table["rated"] == 1).to_numpy()
    linkage = table["score"].to_numpy(dtype=np.float64, na_value=np.nan)
    drawn: Numbers | None = None
    if scored.drawn is not None:
        drawn = scored.drawn.scores.astype(np.float64)
    if scenario is not None and scenario.weights:
        linkage, drawn = _weigh(project, scored, name, scenario, linkage)
    draws = None
    if drawn is not None and scored.drawn is not None and project.select is not None:
        most = project.select.draws
        draws = np.full((min(most, len(drawn)), len(linkage)), TYPICAL)
        places = table.index.get_indexer(pd.Index(scored.drawn.clusters))
        draws[:, places] = drawn[:most]
    can = table["capability"].to_numpy(dtype=np.float64, na_value=np.nan)
    return _Merits(np.where(rated, linkage, TYPICAL), rated, can, draws)


def find_scored(
    project: Project, findings: Findings, name: str, scenario: Scenario | None
) -> Scored:
    """Return the scores by the profile of a scenario.

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
    Scored
        By the profile that it names; weights of its own are not in it.

    Raises
    ------
    TableFault
        If there is no such profile.
    """
    profile = scenario.profile if scenario is not None else None
    if profile is None or profile == project.score.profile:
        return findings.scored
    named = {one.name: one for one in findings.profiles[1:]}
    _refuse_unknown(profile, [project.score.profile, *named], f"scenarios.{name}", "profile")
    return findings.others[list(named).index(profile)]


def _weigh(
    project: Project, scored: Scored, name: str, scenario: Scenario, linkage: Numbers
) -> tuple[Numbers, Numbers | None]:
    """Return scores, and their draws, with other weights of the parts."""
    parts = list(dict.fromkeys(scored.subscores["subscore"]))
    for part in scenario.weights:
        _refuse_unknown(part, parts, f"scenarios.{name}", "weights")
    own = np.array([scenario.weights.get(part, 0.0) for part in parts])
    wide = scored.subscores.pivot_table(
        index="cluster", columns="subscore", values="value", dropna=False
    )
    values = wide.reindex(index=scored.scores["cluster"], columns=parts).to_numpy().T
    weighed = geometric_mean(values, own[:, None])
    told = np.where(np.isnan(weighed), linkage, weighed)
    if scored.drawn is None:
        return told, None
    draws = len(scored.drawn.scores)
    weights = draw_weights(own, draws=draws, seed=project.project.seed)
    return told, score_draws(scored.drawn.parts, weights).astype(np.float64)


def _pose(
    select: Select, scenario: Scenario | None, candidates: _Candidates, merits: _Merits
) -> tuple[Problem, Setting]:
    weigh = {"weight": select.capability, "exponent": select.exponent}
    reach = candidates.reach
    known = ~np.isnan(reach)
    worth = value_clusters(merits.capability, merits.linkage, reach, **weigh)
    draws = None
    if merits.draws is not None:
        draws = np.nan_to_num(value_clusters(merits.capability, merits.draws, reach, **weigh))
    changed = scenario is not None and scenario.rules is not None
    written = scenario.rules if scenario is not None and changed else select.rules
    budget = scenario.budget if scenario is not None else None
    rules = (
        *_bar(select, candidates.ids, merits.rated, known),
        *_read_rules(written or (), candidates),
        *(Exclusive(pair) for pair in candidates.overlaps),
        *(Must(cluster) for cluster in select.must),
        *(MustNot(cluster) for cluster in select.must_not),
    )
    setting = Setting(
        candidates.costs,
        np.nan_to_num(worth),
        draws,
        [region[0] if region else "" for region in candidates.groups["region"]],
        candidates.groups["industry"],
        candidates.firms,
        candidates.people,
        np.nan_to_num(value_clusters(merits.capability, merits.linkage, 1.0, **weigh)),
        np.nan_to_num(reach),
    )
    money = select.budget if budget is None else budget
    return Problem(candidates.ids, setting.worth, candidates.costs, money, rules), setting


def _bar(
    select: Select,
    ids: npt.NDArray[np.object_],
    rated: npt.NDArray[np.bool_],
    known: npt.NDArray[np.bool_],
) -> Iterator[Rule]:
    free = ~np.isin(ids, select.must)
    unrated = ~rated & free if select.unrated == "excluded" else np.zeros(len(ids), dtype=bool)
    for reason, barred in ((UNRATED, unrated), (UNKNOWN_REACH, ~known & free & ~unrated)):
        if barred.any():
            yield Ineligible(tuple(str(cluster) for cluster in ids[barred]), reason)


def _read_rules(written: Sequence[WrittenRule], candidates: _Candidates) -> Iterator[Rule]:
    for number, rule in enumerate(written, start=1):
        groups = candidates.groups[rule.by]
        named = rule.of or sorted({group for own in groups for group in own})
        ends: tuple[tuple[str, float | None, Measure], ...] = (
            ("min", rule.min, "clusters"),
            ("max", rule.max, "clusters"),
            ("min_share", rule.min_share, "share"),
            ("max_share", rule.max_share, "share"),
        )
        for key, end, measure in ends:
            for group in named if end is not None else ():
                inside = [group in own for own in groups]
                members = tuple(str(cluster) for cluster in candidates.ids[inside])
                told = (f"{number} {rule.by} {key}", group, members, float(end or 0))
                yield Floor(*told, measure) if key.startswith("min") else Cap(*told, measure)
