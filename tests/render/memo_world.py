"""Decisions and advice for the tests of the memo: chosen in a drawn nation, some told by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from clustermap.messages import Message
from clustermap.publish.decision import Advice, Decision
from clustermap.selection.choice import choose, tell_choice
from clustermap.selection.comparators import Setting
from clustermap.selection.diagnosis import SITUATIONS
from clustermap.selection.portfolio import TYPICAL, Problem, value_clusters
from clustermap.selection.rules import Cap, Floor, Ineligible, Must
from clustermap.selection.tabulate import tabulate_choices
from clustermap.tables import (
    DIAGNOSIS,
    DIFFUSION,
    INTERMEDIARIES,
    MISSING_LINKS,
    NEXT_SITES,
    SUPPORT_MEASURES,
)
from tests.render import worlds

if TYPE_CHECKING:
    from clustermap.publish.release import Release
    from clustermap.selection.choice import Choice
    from clustermap.selection.rules import Rule

SEED = 3


def _pose(
    release: Release, budget: float, rules: tuple[Rule, ...], draws: int, spread: float
) -> tuple[Problem, Setting]:
    layer = release.clusters
    ids = layer.index.to_numpy(dtype=object)
    scores = release.scores[release.scores["scenario"] == "default"].set_index("cluster")
    scores = scores.reindex(layer.index)
    rated = (scores["rated"] == 1).to_numpy()
    linkage = np.where(rated, scores["score"].to_numpy(float), TYPICAL)
    can = scores["capability"].to_numpy(float)
    people = layer["employees"].astype("Float64").to_numpy(dtype=float, na_value=np.nan)
    firms = layer["firms"].astype("Float64").to_numpy(dtype=float, na_value=np.nan)
    reach = np.nan_to_num(people)
    rng = np.random.default_rng(SEED)
    drawn = np.clip(linkage + rng.normal(0, spread, (max(draws, 1), len(ids))), 1, 100)
    worth = np.nan_to_num(value_clusters(can, linkage, reach))
    costs = 1e8 * np.ceil(5 + np.sqrt(reach) / 3)
    unrated = tuple(str(one) for one in ids[~rated])
    barred = (Ineligible(unrated),) if unrated else ()
    setting = Setting(
        costs,
        worth,
        np.nan_to_num(value_clusters(can, drawn, reach)) if draws else None,
        [str(one) for one in layer["region"]],
        [tuple(str(one).split(";")) if one else () for one in layer["industries"]],
        firms,
        people,
        np.nan_to_num(value_clusters(can, linkage, 1.0)),
        reach,
        np.where(np.arange(len(ids)) % 4 == 0, costs / 2, 0.0),
    )
    return Problem(ids, worth, costs, budget, (*barred, *rules)), setting


def group_rules(release: Release, least: float = 1, most: float = 0.4) -> tuple[Rule, ...]:
    """Return at least so many clusters of every region, and at most that share of money to one."""
    regions = release.clusters["region"]
    rules: list[Rule] = []
    for name in sorted({str(one) for one in regions}):
        members = tuple(str(one) for one in regions.index[regions == name])
        rules.append(Floor("1 region min", name, members, least))
        rules.append(Cap("2 region max_share", name, members, most, "share"))
    return tuple(rules)


def decide(
    release: Release,
    budget: float,
    *,
    rules: tuple[Rule, ...] = (),
    draws: int = 80,
    others: tuple[str, ...] = ("지역 배분 없음",),
    spread: float = 6.0,
) -> Decision:
    """Choose under a budget; each other scenario has no rules and nine tenths of the money."""
    layer = release.clusters
    posed = [("default", budget, rules), *((name, 0.9 * budget, ()) for name in others)]
    choices: list[Choice] = []
    for name, money, own in posed:
        problem, setting = _pose(release, money, own, draws, spread)
        choices.append(choose(name, problem, setting, seed=SEED))
    scores = release.scores[release.scores["scenario"] == "default"].set_index("cluster")
    rated = (scores["rated"].reindex(layer.index) == 1).to_numpy()
    tables = tabulate_choices(choices, [rated] * len(choices))
    return Decision(
        **tables,
        told={choice.scenario: tell_choice(choice) for choice in choices},
        rules={
            choice.scenario: {rule.family: rule.name for rule in choice.problem.rules}
            for choice in choices
        },
        currency="KRW",
        capability=0.5,
        reach="employees",
        exponent=0.5,
        profiles={choice.scenario: "balanced" for choice in choices},
    )


def advise(release: Release) -> Advice:
    """Return advice for every cluster: the first two situations seen, the others not decided."""
    ids = [str(one) for one in release.clusters.index]
    names = [column.name for column in DIAGNOSIS.columns]
    rows = [_condition(one, key, seen) for one in ids for key, seen in _conditions()]
    diagnosis = pd.DataFrame(rows, columns=names)
    diffusion = pd.DataFrame(
        [(one, at % 4 or pd.NA, "" if at % 4 else "diagnosis.open.not_decided", 12, 30, 8, 5, 3)
         for at, one in enumerate(ids)],
        columns=[column.name for column in DIFFUSION.columns],
    )  # fmt: skip
    body = str(release.institutes["institute"].iloc[0])
    missing = pd.DataFrame(
        [row for at, one in enumerate(ids) for row in _lacking(one, body, ids[at - 1])],
        columns=[column.name for column in MISSING_LINKS.columns],
    )
    support = pd.DataFrame(
        [(one, 3, 4e8 + 1e8 * at, 0.4, 0.7, 0.3, 12, 5, 0.42, 0.2, 0.66)
         for at, one in enumerate(ids) if at % 3 == 0],
        columns=[column.name for column in SUPPORT_MEASURES.columns],
    )  # fmt: skip
    bodies = pd.DataFrame(
        [(body, 40, 8, 0.2, 0.1, 0.32, 20, 3, 4, 1, 7, 2)],
        columns=[column.name for column in INTERMEDIARIES.columns],
    )
    sites = pd.DataFrame(
        [(1, ids[0], 25, 60, 200)], columns=[column.name for column in NEXT_SITES.columns]
    )
    return Advice(
        diagnosis=diagnosis.astype({"holds": "Int64"}),
        diffusion=diffusion.astype({"level": "Int64"}),
        missing_links=missing,
        intermediaries=bodies,
        next_sites=sites,
        support_measures=support,
    )


def _conditions() -> list[tuple[tuple[str, str], int | None]]:
    told: list[tuple[tuple[str, str], int | None]] = []
    for at, situation in enumerate(SITUATIONS):
        seen = 1 if at < 2 else 0 if at < 4 else None
        keys = [key for group in situation.conditions for key in group]
        told += [((situation.key, key), seen) for key in ("", *keys)]
    return told


def _condition(cluster: str, key: tuple[str, str], seen: int | None) -> tuple[Any, ...]:
    numbers = (-0.75, -1.25, -0.25, 12.0, 7.0) if key[1] else (np.nan,) * 5
    why = "" if seen is not None else "diagnosis.open.no_support"
    return (cluster, *key, pd.NA if seen is None else seen, *numbers, why)


def _lacking(cluster: str, body: str, other: str) -> list[tuple[Any, ...]]:
    return [
        (cluster, body, "institute", 8200.0, 0.0, 4.1, 0.01, 0.3, "research", ("C26",),
         "○○○대학교", 1, pd.NA),
        (cluster, other, "cluster", np.nan, 2.0, 7.5, 0.03, 0.4, "firm_firm", (), "", pd.NA, pd.NA),
    ]  # fmt: skip


def decided_release(clusters: int = 40, *, draws: int = 80, share: float = 0.3) -> Release:
    """Return a drawn nation with what is chosen in it and what may be done about each cluster."""
    nation = worlds.large_release(clusters, 60, 400)
    layer = nation.clusters
    seats = layer.geometry.centroid
    regions = np.where(seats.y > seats.y.median(), "북부", "남부")
    layer = layer.assign(
        region=regions,
        industries=["ind1", "ind2", ""] * (clusters // 3) + ["ind1"] * (clusters % 3),
    )
    nation = replace(nation, clusters=layer)
    problem, _ = _pose(nation, 1.0, (), 0, 1.0)
    budget = float(np.round(share * problem.costs.sum(), -9))
    decision = decide(nation, budget, rules=group_rules(nation, 2, 0.6), draws=draws)
    return replace(nation, decision=decision, advice=advise(nation))


def infeasible_release() -> Release:
    """Return a nation in which one cluster must be chosen that the budget does not reach for."""
    nation = decided_release(12)
    one = str(nation.clusters.index[0])
    decision = decide(nation, 1e8, rules=(Must(one),), others=())
    return replace(nation, decision=decision)


def hostile_release() -> Release:
    """Return a decided nation with hostile texts in every field that a user fills."""
    nation = decided_release(len(worlds.HOSTILE) + 3)
    assert nation.decision is not None
    texts = list(worlds.HOSTILE)
    decision = replace(
        nation.decision,
        currency=texts[0],
        industries=tuple(texts),
        profiles=dict.fromkeys(nation.decision.profiles, texts[1]),
    )
    layer = nation.clusters.copy()
    for column in ("name", "name_en", "kind", "region", "district", "industries"):
        layer[column] = (texts * 2)[: len(layer)]
    return replace(
        nation,
        title=" ".join(texts[:6]),
        attribution=tuple(texts),
        clusters=layer,
        institutes=nation.institutes.assign(name=(texts * 9)[: len(nation.institutes)]),
        notes=tuple(Message("page.card.outside_place", {"place": text}) for text in texts),
        decision=rename_decision(decision, texts),
        advice=rename_advice(nation.advice, texts),
        version=texts[2],
    )


def rename_decision(decision: Decision, texts: list[str]) -> Decision:
    """Call every scenario but the project's own, every rule and every group by hostile texts."""
    names = {name: texts[1] for name in decision.told if name != "default"}
    own = decision.rule_prices["rule"].size
    frames: dict[str, pd.DataFrame] = {}
    for name in ("selection", "portfolios", "rule_prices", "budget_path", "budget_steps",
                 "comparators", "why_not"):  # fmt: skip
        frames[name] = getattr(decision, name).assign(
            scenario=lambda table: table["scenario"].replace(names)
        )
    frames["rule_prices"] = frames["rule_prices"].assign(rule=(texts * 3)[:own])
    frames["why_not"] = frames["why_not"].assign(barred=texts[0])
    frames["comparators"] = frames["comparators"].assign(top_region=texts[0], top_industry=texts[1])
    told = {
        names.get(name, name): (Message("selection.told.left_out", {"rule": texts[0]}),)
        for name in decision.told
    }
    profiles = {names.get(name, name): texts[2] for name in decision.profiles}
    return replace(decision, **frames, told=told, profiles=profiles)


def rename_advice(advice: Advice | None, texts: list[str]) -> Advice:
    """Call everybody who could bring others together by hostile texts."""
    assert advice is not None
    count = len(advice.missing_links)
    missing = advice.missing_links.assign(
        broker=(texts * 9)[:count], common=[(text,) for text in (texts * 9)[:count]]
    )
    return replace(advice, missing_links=missing)
