"""Selecting: from scores, costs and the rules of the project file to what each scenario chooses."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from clustermap.errors import TableFault
from clustermap.messages import Message
from clustermap.publish.decision import Decision
from clustermap.selection.choice import choose, tell_choice
from clustermap.selection.comparators import Setting
from clustermap.selection.leaning import find_leaning, tell_leaning
from clustermap.selection.portfolio import Problem, find_conflict, solve, value_clusters
from clustermap.selection.rules import (
    Cap,
    Exclusive,
    Floor,
    Ineligible,
    Must,
    MustNot,
    name_families,
)
from clustermap.selection.tabulate import tabulate_choices
from clustermap.selection.why_not import explain_absence, tell_absence
from clustermap.stages.candidates import find_candidates, find_merits, read_costs, refuse_unknown
from clustermap.stages.keeping import SELECTION
from clustermap.tables import DEFAULT_SCENARIO

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy.typing as npt
    import pandas as pd

    from clustermap.indicators.evidence import Numbers
    from clustermap.project import Project, Scenario, Select
    from clustermap.project import Rule as WrittenRule
    from clustermap.publish.release import Release
    from clustermap.selection.choice import Choice
    from clustermap.selection.portfolio import Flags
    from clustermap.selection.rules import Measure, Rule
    from clustermap.stages.candidates import Candidates, Merits
    from clustermap.stages.keeping import Checkpoints
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
    decision
        All of that as pages, the memo and files are given it.
    """

    choices: tuple[Choice, ...]
    tables: Mapping[str, pd.DataFrame]
    told: Mapping[str, tuple[Message, ...]]
    decision: Decision


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
    called = {str(name): str(key) for key, name in layers.clusters["name"].items() if name}
    for key in ("must", "must_not"):
        for cluster in getattr(select, key):
            refuse_unknown(cluster, ids, _SECTION, key, called)
    labels = list(layers.taxonomy.labels)
    named = {name: key for key, own in layers.taxonomy.labels.items() for name in own.values()}
    for industry in select.industries:
        refuse_unknown(industry, labels, _SECTION, "industries", named)
    known = {**{by: _values(layers, by) for by in ("region", "kind")}, "industry": labels}
    for section, rules in _written_rules(project):
        for number, rule in enumerate(rules, start=1):
            key = f"rules {number}, of"
            if not known[rule.by]:
                raise TableFault("select_no_group", table=section, key=key, value=rule.by)
            for group in rule.of:
                refuse_unknown(group, known[rule.by], section, key)
    read_costs(select, layers)


def select_findings(
    project: Project,
    findings: Findings,
    release: Release,
    progress: Progress,
    kept: Checkpoints | None = None,
) -> Selected | None:
    """Return what each scenario of a project chooses.

    Parameters
    ----------
    project
        The project file.
    findings
        What the run found.
    release
        What of it may be told; what may not does not decide.
    progress
        Hears how far it is.
    kept
        Choices of runs before; None for none.

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
    choices, rated, terms = [], [], []
    for posed in _pose_all(project, select, findings, release):
        choices.append(_choose(project, select, posed, progress, kept))
        rated.append(posed.merits.rated)
        terms.append(_tell_terms(posed))
    tables = tabulate_choices(choices, rated, terms)
    names = _name_clusters(release.clusters)
    told = {
        choice.scenario: tuple(
            rename(line, names)
            for line in (
                *tell_choice(choice),
                *_tell_unrated(choice, known),
                *_tell_order(choice, own),
            )
        )
        for choice, own, known in zip(choices, terms, rated, strict=True)
    }
    decision = _decide(project, select, choices, tables, told, names)
    return Selected(tuple(choices), tables, told, decision)


def _choose(
    project: Project,
    select: Select,
    posed: _Posed,
    progress: Progress,
    kept: Checkpoints | None,
) -> Choice:
    name, seed, gap = posed.name, project.project.seed, select.gap

    def tell(step: str, done: int, total: int) -> None:
        progress(Message(f"step.select.{step}", {"scenario": name}), done, total)

    def compute() -> Choice:
        with hush_stdout():
            return choose(name, posed.problem, posed.setting, seed=seed, gap=gap, tell=tell)

    if kept is None:
        return compute()
    content = (name, posed.problem, posed.setting, seed, gap)
    return kept.take_alike(SELECTION, content, compute, 1 + len(project.scenarios))


def _decide(
    project: Project,
    select: Select,
    choices: list[Choice],
    tables: Mapping[str, pd.DataFrame],
    told: Mapping[str, tuple[Message, ...]],
    names: Mapping[str, str],
) -> Decision:
    rules = {
        choice.scenario: {
            family: rename(name, names)
            for family, name in name_families(choice.problem.all_rules).items()
        }
        for choice in choices
    }
    profiles = {name: one.profile for name, one in project.scenarios.items() if one.profile}
    own = dict.fromkeys((choice.scenario for choice in choices), project.score.profile)
    return Decision(
        **tables,
        told=told,
        rules=rules,
        currency=project.project.currency,
        capability=select.capability,
        reach=select.reach,
        exponent=select.exponent,
        industries=select.industries,
        unrated=select.unrated,
        must=select.must,
        must_not=select.must_not,
        profiles={**own, **profiles},
    )


def _tell_unrated(choice: Choice, rated: Flags) -> tuple[Message, ...]:
    count = 0 if choice.best is None else int((choice.best.chosen & ~rated).sum())
    return (Message("selection.told.unrated", {"count": count}),) if count else ()


def _tell_order(choice: Choice, terms: Mapping[str, float]) -> tuple[Message, ...]:
    return () if choice.best is None else tell_leaning(terms)


def _name_clusters(clusters: pd.DataFrame) -> dict[str, str]:
    """Return what to call each cluster: its name, and its identifier where two share the name."""
    shared = clusters["name"].duplicated(keep=False) | (clusters["name"] == "")
    return {
        str(cluster): f"{name} ({cluster})".strip() if twice else name
        for cluster, name, twice in zip(clusters.index, clusters["name"], shared, strict=True)
    }


def rename(message: Message, names: Mapping[str, str]) -> Message:
    """Return a sentence with the names of clusters in the place of their identifiers.

    Parameters
    ----------
    message
        The sentence; its values ``cluster`` and ``clusters`` hold identifiers.
    names
        Identifier to name.

    Returns
    -------
    Message
        The same sentence, also within sentences.
    """

    def call(key: str, value: object) -> object:
        if isinstance(value, Message):
            return rename(value, names)
        if isinstance(value, tuple):
            return tuple(call(key.removesuffix("s"), one) for one in value)
        return names.get(str(value), value) if key == "cluster" else value

    values = dict(message.values)
    return Message(message.key, {key: call(key, value) for key, value in values.items()})


def explain_choice(
    project: Project, findings: Findings, release: Release, cluster: str
) -> tuple[Message, ...]:
    """Say of one cluster what it lacks to be chosen, exactly, in every scenario.

    Parameters
    ----------
    project
        The project file.
    findings
        What the run found.
    release
        What of it may be told.
    cluster
        The cluster.

    Returns
    -------
    tuple
        One sentence a scenario; none where nothing is to be chosen.
    """
    select = project.select
    if select is None:
        return ()
    names, told = _name_clusters(release.clusters), []
    for posed in _pose_all(project, select, findings, release):
        with hush_stdout():
            lines = _explain_absence(posed.problem, cluster, select.gap)
        values = {"scenario": posed.name}
        told += [
            Message("selection.explain.line", {**values, "line": rename(line, names)})
            for line in lines
        ]
    return tuple(told)


def _explain_absence(problem: Problem, cluster: str, gap: float) -> tuple[Message, ...]:
    best = solve(problem, gap=gap)
    if best is None:
        rules = tuple(rule.name for rule in find_conflict(problem))
        return (Message("selection.told.conflict", {"rules": rules}),)
    if best.chosen[problem.clusters == cluster].any():
        return (Message("selection.explain.chosen", {"budget": f"{problem.budget:,.15g}"}),)
    return tell_absence(explain_absence(problem, best, cluster, gap=gap))


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


def _values(layers: Layers, column: str) -> list[str]:
    if column not in layers.clusters:
        return []
    return sorted({str(value) for value in layers.clusters[column].dropna()} - {""})


@dataclass(frozen=True)
class _Posed:
    # What one scenario chooses from.
    name: str
    problem: Problem
    setting: Setting
    merits: Merits
    reach: Numbers
    weigh: Mapping[str, float]


def _pose_all(
    project: Project, select: Select, findings: Findings, release: Release
) -> Iterator[_Posed]:
    candidates = find_candidates(select, findings, release)
    for name, scenario in ((DEFAULT_SCENARIO, None), *project.scenarios.items()):
        merits = find_merits(project, findings, release, name, scenario)
        weigh = _weigh(select, scenario)
        problem, setting = _pose(select, scenario, candidates, merits)
        yield _Posed(name, problem, setting, merits, candidates.reach, weigh)


def _pose(
    select: Select, scenario: Scenario | None, candidates: Candidates, merits: Merits
) -> tuple[Problem, Setting]:
    weigh = _weigh(select, scenario)
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
        candidates.current,
    )
    money = select.budget if budget is None else budget
    return Problem(candidates.ids, setting.worth, candidates.costs, money, rules), setting


def _weigh(select: Select, scenario: Scenario | None) -> dict[str, float]:
    """Return what worth is declared by."""
    own = {"weight": select.capability, "exponent": select.exponent}
    if scenario is None:
        return own
    other = {"weight": scenario.capability, "exponent": scenario.exponent}
    return {name: own[name] if value is None else value for name, value in other.items()}


def _tell_terms(posed: _Posed) -> dict[str, float]:
    """Return what worth was declared by, and what the order that it gives leans on."""
    problem = posed.problem
    barred = [rule.clusters for rule in problem.rules if isinstance(rule, Ineligible)]
    eligible = ~np.isin(problem.clusters, [cluster for own in barred for cluster in own])
    known = {
        "linkage": posed.merits.linkage,
        "capability": posed.merits.capability,
        "reach": posed.reach,
        "cost": problem.costs,
    }
    leaning = find_leaning(problem, eligible, known)
    return {
        "capability_weight": posed.weigh["weight"],
        "reach_exponent": posed.weigh["exponent"],
        **{f"leaning_{name}": value for name, value in leaning.items()},
    }


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


def _read_rules(written: Sequence[WrittenRule], candidates: Candidates) -> Iterator[Rule]:
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
