"""Decisions and advice for the tests of the memo: chosen in a drawn nation, some told by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from clustermap.messages import Message
from clustermap.publish.decision import Advice, Decision
from clustermap.selection.comparators import Setting, compare, share_out
from clustermap.selection.diagnosis import SITUATIONS
from clustermap.selection.portfolio import TYPICAL, value_clusters
from clustermap.tables import (
    DIAGNOSIS,
    DIFFUSION,
    INTERMEDIARIES,
    MISSING_LINKS,
    NEXT_SITES,
    SUPPORT_MEASURES,
)
from tests.certain import certain
from tests.render import worlds

if TYPE_CHECKING:
    from clustermap.publish.release import Release

SEED = 3


STEPS = tuple(percent / 100 for percent in range(10, 201, 10))
NAMES = {"value": "worth", "money": "spent", "clusters": "reached", "firms": "firms_reached",
         "employees": "people_reached"}  # fmt: skip
ROOM = 5
"""Clusters of each kind that the data do not decide: chosen, and left out."""


def _set(release: Release, draws: int) -> tuple[Any, Setting]:
    """Return which clusters may be chosen, and what is known of all."""
    layer = release.clusters
    scores = release.scores[release.scores["scenario"] == "default"].set_index("cluster")
    scores = scores.reindex(layer.index)
    rated = (scores["rated"] == 1).to_numpy()
    linkage = np.where(rated, scores["score"].to_numpy(float), TYPICAL)
    can = scores["capability"].to_numpy(float)
    people = layer["employees"].to_numpy(dtype=float, na_value=0)
    firms = layer["firms"].to_numpy(dtype=float, na_value=0)
    rng = np.random.default_rng(SEED)
    drawn = np.clip(linkage + rng.normal(0, 6, (max(draws, 1), len(layer))), 1, 100)
    costs = 1e8 * np.ceil(5 + np.sqrt(people) / 3)
    return rated, Setting(
        costs,
        np.where(rated, value_clusters(can, linkage, people), 0.0),
        value_clusters(can, drawn, people) if draws else None,
        [str(one) for one in layer["region"]],
        [tuple(str(one).split(";")) if one else () for one in layer["industries"]],
        firms,
        people,
        value_clusters(can, linkage, 1.0),
        people,
        np.where(np.arange(len(layer)) % 4 == 0, costs / 2, 0.0),
    )


def _fill(setting: Setting, budget: float) -> Any:
    """Return the clusters that the budget reaches for, the best for their money first."""
    chosen, left = np.zeros(len(setting.costs), dtype=bool), budget
    for at in np.argsort(-setting.worth / setting.costs, kind="stable"):
        if setting.worth[at] > 0 and setting.costs[at] <= left:
            chosen[at], left = True, left - setting.costs[at]
    return chosen


def decide(release: Release, share: float, *, draws: int = 80, other: str = "") -> Decision:
    """Choose greedily with a share of what all would cost; another scenario has less money.

    The last ``ROOM`` clusters chosen and the first ``ROOM`` left out are not decided.
    """
    posed = [("default", share)] + ([(other, 0.9 * share)] if other else [])
    found = [_decide(release, name, of, draws) for name, of in posed]
    tables = {name: pd.concat([one[name] for one in found], ignore_index=True) for name in found[0]}
    rules = {
        "unrated": Message("selection.ineligible.unrated", {"count": 9}),
        "1 region min": Message("selection.rule.floor_clusters", {"group": "북부", "end": 2}),
    }
    return Decision(
        **tables,
        told={name: (Message("selection.told.undrawn"),) for name, _ in posed},
        rules={name: rules for name, _ in posed},
        currency="KRW",
        capability=0.5,
        reach="employees",
        exponent=0.5,
        profiles={name: "balanced" for name, _ in posed},
    )


def _decide(release: Release, scenario: str, share: float, draws: int) -> dict[str, pd.DataFrame]:
    rated, setting = _set(release, draws)
    ids = [str(one) for one in release.clusters.index]
    budget = float(np.round(share * setting.costs.sum(), -8))
    chosen = _fill(setting, budget)
    worth = float(setting.worth[chosen].sum())
    order = np.argsort(-setting.worth / setting.costs, kind="stable")
    inside = [at for at in order if chosen[at]]
    outside = [at for at in order if not chosen[at] and rated[at]]
    inclusion = np.where(chosen, 1.0, 0.0)
    inclusion[inside[-ROOM:]] = np.linspace(0.9, 0.6, len(inside[-ROOM:]))
    inclusion[outside[:ROOM]] = np.linspace(0.5, 0.1, len(outside[:ROOM]))
    standing = np.where(inclusion == 1, "core", np.where(inclusion == 0, "exterior", "borderline"))
    selection = pd.DataFrame(
        {
            "cluster": ids, "selected": chosen.astype(int),
            "standing": standing if draws else "undrawn",
            "inclusion": inclusion if draws else np.nan,
            "inclusion_low": np.clip(inclusion - 0.08, 0, 1) if draws else np.nan,
            "inclusion_high": np.clip(inclusion + 0.08, 0, 1) if draws else np.nan,
            "counted": draws, "gain": setting.worth, "cost": setting.costs,
            "current": setting.current,
            "money_order": np.argsort(order), "ineligible": np.where(rated, "", "unrated"),
        }
    )  # fmt: skip
    whole = {
        "budget": budget, "feasible": 1, "worth": worth, "spent": setting.costs[chosen].sum(),
        "chosen": chosen.sum(), "core": (chosen & (standing == "core")).sum() if draws else 0,
        "borderline": (standing == "borderline").sum() if draws else 0, "draws": draws,
        "proven": 0.0, "unrated": (~rated).sum(), "unrated_firms": setting.firms[~rated].sum(),
        "unrated_cost": setting.costs[~rated].sum(), "unrated_chosen": 0,
        "capability_weight": 0.5, "reach_exponent": 0.5, "leaning_linkage": 0.42,
        "leaning_capability": 0.31, "leaning_reach": 0.87, "leaning_cost": -0.65,
    }  # fmt: skip
    prices = pd.DataFrame(
        [("unrated", 0.1 * worth, 1.1 * worth, 3, 2, 0), ("1 region min", 0.0, worth, 0, 0, 0)],
        columns=["rule", "price", "worth_without", "enter", "leave", "conflict"],
    )
    lacks = np.where(chosen, 0.0, np.nan)
    lacks[outside[:12]] = np.linspace(0.01, 0.5, len(outside[:12])) * setting.worth[outside[:12]]
    why_not = pd.DataFrame(
        {"cluster": ids, "lacks_least": 0.0, "lacks": lacks,
         "times": 1 + lacks / np.where(rated, setting.worth, np.nan),
         "barred": np.where(rated, "", "unrated")}
    )  # fmt: skip
    path, steps = _walk(setting, ids, budget)
    tables = {
        "selection": selection,
        "portfolios": pd.DataFrame([whole]),
        "rule_prices": prices,
        "budget_path": path,
        "budget_steps": steps,
        "comparators": compare(_ways(setting, rated, chosen, budget), setting).rename(
            columns=NAMES
        ),
        "why_not": why_not,
    }
    return {name: table.assign(scenario=scenario) for name, table in tables.items()}


def _ways(setting: Setting, rated: Any, chosen: Any, budget: float) -> dict[str, Any]:
    costs = setting.costs
    return {
        "selection": np.where(chosen, costs, 0.0),
        "equal": share_out(costs, rated, budget),
        "proportional": share_out(costs, np.where(rated, setting.size, 0.0), budget),
        "top": np.where(_fill(replace(setting, worth=setting.merit), budget), costs, 0.0),
        "random": np.stack([np.where(np.roll(chosen, at), costs, 0.0) for at in (3, 7)]),
        "current": setting.current,
    }


def _walk(setting: Setting, ids: list[str], budget: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the path of the budget; with a tenth of it no portfolio keeps the rules."""
    rows, steps, before = [], [], np.zeros(len(ids), dtype=bool)
    for share in STEPS:
        feasible = share > STEPS[0]
        now = _fill(setting, share * budget) & feasible
        before |= now
        out = before & ~now
        worth = setting.worth[now].sum() if feasible else np.nan
        rows.append((share, share * budget, int(feasible), worth, setting.costs[now].sum(),
                     now.sum(), out.sum()))  # fmt: skip
        steps += [(share, one, int(now[at])) for at, one in enumerate(ids) if before[at]]
    names = ["budget_share", "budget", "feasible", "worth", "spent", "chosen", "dropped"]
    path = pd.DataFrame(rows, columns=names)
    return path, pd.DataFrame(steps, columns=["budget_share", "cluster", "selected"])


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
        [(one, 3, 4e8 + 1e8 * at, 2e8, 0.4, 0.7, 0.3, 12, 5, 0.42, 0.2, 0.66)
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


def decided_release(
    clusters: int = 40, *, draws: int = 80, share: float = 0.3, rename: bool = False
) -> Release:
    """Return a drawn nation with what is chosen in it and what may be done about each cluster.

    With ``rename`` the ids of its clusters are hostile texts.
    """
    nation = worlds.large_release(clusters, 60, 400)
    layer = nation.clusters
    seats = layer.geometry.centroid
    regions = np.where(seats.y > seats.y.median(), "북부", "남부")
    industries = [("ind1", "ind2", "")[at % 3] for at in range(clusters)]
    nation = replace(nation, clusters=layer.assign(region=regions, industries=industries))
    if rename:
        nation = _rename_clusters(nation)
    decision = decide(nation, share, draws=draws, other="지역 배분 없음")
    return replace(nation, decision=decision, advice=advise(nation))


def _rename_clusters(release: Release) -> Release:
    old = [str(one) for one in release.clusters.index]
    texts = [f"{at}{text}" for at, text in enumerate(worlds.HOSTILE * 9)]
    names = dict(zip(old, texts, strict=False))
    frames: dict[str, Any] = {}
    for name in ("scores", "subscores", "ratios", "flows", "indicators", "institutes"):
        table = getattr(release, name)
        ends = [column for column in ("cluster", "source", "target") if column in table]
        frames[name] = table.assign(
            **{column: table[column].astype(object).replace(names) for column in ends}
        )
    return replace(release, clusters=release.clusters.rename(index=names), **frames)


def infeasible_release() -> Release:
    """Return a nation in which one cluster must be chosen that the budget does not reach for."""
    nation = decided_release(12)
    decision = decide(nation, 0.3)
    nothing = {"feasible": 0, "worth": np.nan, "spent": np.nan, "chosen": 0, "core": 0,
               "borderline": 0, "draws": 0}  # fmt: skip
    one = str(nation.clusters.index[0])
    conflict = pd.DataFrame(
        {"scenario": "default", "rule": ["budget", f"must {one}"], "price": np.nan,
         "worth_without": np.nan, "enter": pd.NA, "leave": pd.NA, "conflict": 1}
    )  # fmt: skip
    blank = {"standing": "undrawn", "inclusion": np.nan, "selected": pd.NA}
    decision = replace(
        decision,
        portfolios=decision.portfolios.assign(**nothing),
        selection=decision.selection.assign(**blank),
        rule_prices=conflict,
        budget_path=decision.budget_path.iloc[:0],
        budget_steps=decision.budget_steps.iloc[:0],
        comparators=decision.comparators.iloc[:0],
        why_not=decision.why_not.iloc[:0],
        rules={"default": {f"must {one}": Message("selection.rule.must", {"cluster": "가온"})}},
    )
    return replace(nation, decision=decision)


def hostile_release() -> Release:
    """Return a decided nation with hostile texts in every field that a user fills."""
    texts = list(worlds.HOSTILE)
    nation = decided_release(2 * len(texts), rename=True, share=0.5)
    layer = nation.clusters.copy()
    for column in ("name", "name_en", "kind", "region", "district", "industries"):
        layer[column] = texts * 2
    many = texts * 9
    scores = nation.scores.assign(reason=many[: len(nation.scores)])
    return replace(
        nation,
        title=" ".join(texts[:6]),
        attribution=tuple(texts),
        clusters=layer,
        scores=scores,
        coverage=nation.coverage.assign(kind=texts[: len(nation.coverage)]),
        institutes=nation.institutes.assign(name=many[: len(nation.institutes)]),
        notes=tuple(Message("page.card.outside_place", {"place": text}) for text in texts),
        industries={text: {"ko": text, "en": text} for text in texts},
        decision=_rename_decision(certain(nation.decision), texts),
        advice=_rename_advice(certain(nation.advice), texts),
        version=texts[2],
    )


def _rename_decision(decision: Decision, texts: list[str]) -> Decision:
    """Call the other scenario, every rule, every group and the currency by hostile texts."""
    names = {name: texts[1] for name in decision.told if name != "default"}
    frames: dict[str, pd.DataFrame] = {}
    for name in ("selection", "portfolios", "rule_prices", "budget_path", "budget_steps",
                 "comparators", "why_not"):  # fmt: skip
        table = getattr(decision, name)
        frames[name] = table.assign(scenario=table["scenario"].replace(names))
    prices = pd.concat([frames["rule_prices"]] * len(texts), ignore_index=True)
    own = frames["why_not"]
    frames["rule_prices"] = prices.assign(rule=(texts * 9)[: len(prices)])
    frames["why_not"] = own.assign(barred=(texts * 9)[: len(own)])
    frames["comparators"] = frames["comparators"].assign(top_region=texts[0], top_industry=texts[1])
    return replace(
        decision,
        **frames,
        told={names.get(name, name): told for name, told in decision.told.items()},
        rules={"default": {texts[0]: Message("selection.rule.must", {"cluster": texts[0]})}},
        profiles={names.get(name, name): texts[2] for name in decision.profiles},
        currency=texts[0],
        industries=tuple(texts),
    )


def _rename_advice(advice: Advice, texts: list[str]) -> Advice:
    """Call everybody who could bring others together by hostile texts."""
    many = texts * 99
    count = len(advice.missing_links)
    missing = advice.missing_links.assign(
        broker=many[:count], common=[(text,) for text in many[:count]]
    )
    return replace(advice, missing_links=missing)
