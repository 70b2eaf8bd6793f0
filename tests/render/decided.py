"""The small world of the page tests with a budget: what two scenarios choose, and what to do.

::

    cost   A 120   B 80   C 60   D 45   E 50   F 30     hundred million won
    worth  A 104   B 76   C 60   D 40   E, F are not rated

With 200 A and B are best (180), hardly better than B, C and D (176): the data do not decide. A rule
asks for B: below 80 nothing can be chosen. With 140 it is B and C, with 200 C has dropped out, with
260 it is back. The second scenario has 180, of which at most a quarter may go to the region of A:
B and C (136) instead of A and C (164).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from clustermap import tables
from clustermap.publish.decision import Advice, Decision
from clustermap.selection.choice import choose, tell_choice
from clustermap.selection.comparators import Setting
from clustermap.selection.portfolio import Problem
from clustermap.selection.rules import Cap, Floor, Ineligible, Must, name_families
from clustermap.selection.tabulate import tabulate_choices
from tests.render.worlds import HOSTILE, hostile_release, large_release, small_release

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clustermap.indicators.evidence import Numbers
    from clustermap.publish.release import Release
    from clustermap.selection.choice import Choice
    from clustermap.selection.rules import Rule

UNIT = 10**8
COSTS = dict(zip("ABCDEF", (120, 80, 60, 45, 50, 30), strict=True))
WORTH = dict(zip("ABCDEF", (104.0, 76.0, 60.0, 40.0, 30.0, 10.0), strict=True))
SECOND = "수도권 밖 우선"
STUCK = "모두 조금씩"
DRAWS = 200


def decide(
    release: Release, *, stuck: bool = False, draws: int = DRAWS, funded: bool = False
) -> Decision:
    """Return what is chosen in the small world.

    Parameters
    ----------
    release
        The small world.
    stuck
        Whether a third scenario is there, whose rules cannot hold together.
    draws
        Draws of the scores; 0 for none.
    funded
        Whether A and D have public money now: 30 and 45.
    """
    now = np.array([{"A": 30.0, "D": 45.0}.get(c, 0.0) for c in map(str, release.clusters.index)])
    ids = [str(cluster) for cluster in release.clusters.index]
    unrated = Ineligible(("E", "F"))
    rules: dict[str, tuple[float, tuple[Rule, ...]]] = {
        "default": (200, (unrated, Floor("1 region min", "대전광역시", ("B",), 1))),
        SECOND: (180, (unrated, Cap("1 region max_share", "경기도", ("A",), 0.25, "share"))),
    }
    if stuck:
        rules[STUCK] = (100, (unrated, Must("A"), Must("B")))
    worth, costs = (np.array([table[c] for c in ids], float) for table in (WORTH, COSTS))
    choices = [
        _choose(release, name, Problem(_array(ids), worth, costs * UNIT, budget * UNIT, own), draws,
                now * UNIT if funded else None)
        for name, (budget, own) in rules.items()
    ]  # fmt: skip
    return join(choices, _rated(release), dict.fromkeys(rules, "balanced"))


def join(choices: Sequence[Choice], rated: np.ndarray, profiles: dict[str, str]) -> Decision:
    """Return choices as a release tells them."""
    found = tabulate_choices(choices, [rated] * len(choices))
    return Decision(
        **found,
        told={choice.scenario: tell_choice(choice) for choice in choices},
        rules={choice.scenario: name_families(choice.problem.all_rules) for choice in choices},
        currency="KRW", capability=0.5, reach="employees", exponent=0.5, profiles=profiles,
    )  # fmt: skip


def decided_release(*, stuck: bool = False, draws: int = DRAWS, funded: bool = False) -> Release:
    """Return the small world with what is chosen in it and what may be done."""
    release = small_release()
    decision = decide(release, stuck=stuck, draws=draws, funded=funded)
    return replace(release, decision=decision, advice=advise())


def stuck_release() -> Release:
    """Return the small world in which the project's own rules cannot hold together."""
    release = small_release()
    ids = [str(cluster) for cluster in release.clusters.index]
    worth, costs = (np.array([table[c] for c in ids], float) for table in (WORTH, COSTS))
    own = (Ineligible(("E", "F")), Must("A"), Must("B"))
    problem = Problem(_array(ids), worth, costs * UNIT, 100.0 * UNIT, own)
    choice = _choose(release, "default", problem, DRAWS)
    return replace(release, decision=join([choice], _rated(release), {"default": "balanced"}))


def hostile_decided() -> Release:
    """Return the hostile world with hostile scenarios, rules, regions, industries and currency."""
    release = hostile_release()
    ids = [str(cluster) for cluster in release.clusters.index]
    count = len(ids)
    generator = np.random.default_rng(5)
    worth, costs = generator.random((2, count)) * 100 + 1
    rated = _rated(release)
    rules = (
        *(Cap(text, text, (ids[at],), 0) for at, text in enumerate(HOSTILE[:6])),
        Floor(HOSTILE[7], HOSTILE[7], tuple(ids), 1),
    )
    names = ("default", *HOSTILE)
    problem = Problem(_array(ids), worth, costs, float(costs.sum() / 2), rules)
    choices = [_choose(release, name, problem, 60 if name == "default" else 0) for name in names]
    decision = join(choices, rated, dict(zip(names, names, strict=True)))
    return replace(release, decision=replace(decision, currency=HOSTILE[0]))


def large_decided(clusters: int = 1900, scenarios: int = 5) -> Release:
    """Return a whole nation with scenarios; what they choose is made up and keeps no rules.

    Solving so many would take minutes: the best for the money is taken instead, which has the shape
    of a solution.
    """
    release = large_release(clusters)
    ids = [str(cluster) for cluster in release.clusters.index]
    names = ["default", *(f"시나리오 {at} (가상)" for at in range(1, scenarios))]
    parts = [_invent(release, ids, name, at) for at, name in enumerate(names)]
    found = {
        name: pd.concat([part[name] for part in parts], ignore_index=True) for name in parts[0]
    }
    return replace(
        release,
        decision=Decision(
            **found,
            told=dict.fromkeys(names, ()),
            rules={},
            currency="KRW", capability=0.5, reach="employees", exponent=0.5,
            profiles=dict.fromkeys(names, "balanced"),
        ),
    )  # fmt: skip


def _array(ids: list[str]) -> np.ndarray:
    return np.array(ids, dtype=object)


def _rated(release: Release) -> np.ndarray:
    own = release.scores[release.scores["scenario"] == "default"].set_index("cluster")
    return np.asarray((own["rated"] == 1).reindex(release.clusters.index).to_numpy(), dtype=bool)


def _choose(
    release: Release, name: str, problem: Problem, draws: int, current: Numbers | None = None
) -> Choice:
    table = release.clusters
    people = table["employees"].to_numpy(dtype=np.float64, na_value=np.nan)
    luck = np.random.default_rng(3).normal(1, 0.05, (draws, len(table)))
    setting = Setting(
        problem.costs,
        problem.worth,
        problem.worth * luck if draws else None,
        [str(region) for region in table["region"]],
        [tuple(part for part in str(own).split(";") if part) for own in table["industries"]],
        table["firms"].to_numpy(dtype=np.float64, na_value=np.nan),
        people,
        problem.worth,
        np.nan_to_num(people),
        current,
    )
    return choose(name, problem, setting, seed=1)


def _invent(release: Release, ids: list[str], name: str, seed: int) -> dict[str, pd.DataFrame]:
    """Return made-up tables of one scenario over a nation."""
    generator = np.random.default_rng(seed)
    count = len(ids)
    costs = np.round(generator.uniform(5, 60, count)) * UNIT
    worth = generator.gamma(2, 400, count)
    order = np.argsort(-worth / costs)
    place = np.empty(count, dtype=int)
    place[order] = np.arange(1, count + 1)
    rated = _rated(release)
    budget = 3_000 * UNIT

    def take(money: float) -> Numbers:
        chosen = np.zeros(count, dtype=bool)
        free = order[rated[order]]
        chosen[free[np.cumsum(costs[free]) <= money]] = True
        # As in optima, a few that stood there with less money make room.
        chosen[order[int(money / UNIT) % 7 :: 60]] = False
        return chosen

    chosen = take(budget)
    share = np.clip(np.where(chosen, 1.1, -0.1) + generator.normal(0, 0.25, count), 0, 1)
    share = np.round(share * DRAWS) / DRAWS * rated
    standing = np.select([share > 0.97, share < 0.03], ["core", "exterior"], "borderline")
    shares = np.arange(1, 21) / 10
    steps = np.array([take(part * budget) for part in shares])
    gone = np.logical_or.accumulate(steps) & ~steps
    at, cluster = np.nonzero(steps | gone)
    scenario = {"scenario": name}
    selection = pd.DataFrame(
        {
            **scenario, "cluster": ids, "selected": chosen.astype(int), "standing": standing,
            "inclusion": share, "inclusion_low": np.maximum(share - 0.04, 0),
            "inclusion_high": np.minimum(share + 0.04, 1), "counted": DRAWS, "gain": worth,
            "cost": costs, "money_order": place, "ineligible": np.where(rated, "", "unrated"),
        }
    )  # fmt: skip
    lacks = np.where(chosen, 0.0, generator.gamma(2, 60, count))
    near = place < 240
    return {
        "selection": selection,
        "portfolios": pd.DataFrame(
            [{
                **scenario, "budget": float(budget), "feasible": 1, "worth": worth[chosen].sum(),
                "spent": costs[chosen].sum(), "chosen": int(chosen.sum()),
                "core": int((chosen & (standing == "core")).sum()),
                "borderline": int((standing == "borderline").sum()), "draws": DRAWS, "proven": 0.0,
                "unrated": int((~rated).sum()), "unrated_firms": 900.0,
                "unrated_cost": float(costs[~rated].sum()), "unrated_chosen": 0,
            }]
        ),
        "rule_prices": pd.DataFrame(
            [{**scenario, "rule": "1 region min", "price": 900.0, "worth_without": 1e5,
              "enter": 4, "leave": 3, "conflict": 0}]
        ),
        "budget_path": pd.DataFrame(
            [
                {**scenario, "budget_share": part, "budget": part * budget, "feasible": 1,
                 "worth": worth[own].sum(), "spent": costs[own].sum(), "chosen": int(own.sum()),
                 "dropped": int(out.sum())}
                for part, own, out in zip(shares, steps, gone, strict=True)
            ]
        ),
        "budget_steps": pd.DataFrame(
            {**scenario, "budget_share": shares[at], "cluster": np.array(ids)[cluster],
             "selected": steps[at, cluster].astype(int), "money_order": place[cluster]}
        ),
        "comparators": pd.DataFrame(
            [
                {**scenario, "comparator": way, "curve": curve, "worth": 9e4 - 7e3 * at,
                 "beaten": np.nan if way == "selection" else 0.93, "spent": float(budget),
                 "reached": 120.0, "firms_reached": 9_000.0, "people_reached": 240_000.0,
                 "hhi_region": 0.2, "top_region": "경기도", "top_region_share": 0.3,
                 "hhi_industry": 0.1, "top_industry": "ind1", "top_industry_share": 0.2}
                for at, way in enumerate(("selection", "equal", "proportional", "top", "random"))
                for curve in ("linear", "root", "threshold")
            ]
        ),
        "why_not": pd.DataFrame(
            {
                **scenario, "cluster": ids, "lacks_least": np.where(rated, lacks / 2, np.nan),
                "lacks": np.where(rated & near, lacks, np.nan),
                "times": np.where(rated & near, 1 + lacks / worth, np.nan),
                "barred": np.where(rated, "", "unrated"),
            }
        ),
    }  # fmt: skip


def advise() -> Advice:
    """Return what may be done in the small world.

    A joins little inside and its support bodies lie idle (seen); B is not in want of anything, C is
    not decided, and of D numbers are withheld.
    """
    none = np.nan
    whole = [
        ("A", "limited_interaction", "", 1, none, none, none, none, none, ""),
        ("A", "limited_interaction", "internal_below", 1, -0.6, -1.1, -0.1, none, 60.0, ""),
        ("A", "limited_interaction", "support_below", 1, -0.9, -1.8, -0.2, 12.0, 5.0, ""),
        ("A", "limited_interaction", "brokerage_below", 0, 0.3, -0.1, 0.7, none, 31.0, ""),
        ("A", "inefficient_markets", "", 0, none, none, none, none, none, ""),
        ("A", "inefficient_markets", "one_holds_most", 0, 0.21, 0.14, 0.3, none, 60.0, ""),
        ("B", "limited_interaction", "", 0, none, none, none, none, none, ""),
        ("B", "limited_interaction", "internal_below", 0, 0.4, 0.1, 0.7, none, 120.0, ""),
        ("B", "missing_customers", "", 1, none, none, none, none, none, ""),
        ("B", "missing_customers", "no_large_firm", 1, 120.0, none, none, 250.0, 70.0, ""),
        ("B", "missing_customers", "none_abroad", 1, 0.0, none, none, 4.5, 90.0, ""),
        ("C", "limited_interaction", "", none, none, none, none, none, none,
         "diagnosis.open.not_decided"),
        ("C", "limited_interaction", "internal_below", none, none, none, none, none, none,
         "diagnosis.open.not_decided"),
        ("D", "inefficient_markets", "", 1, none, none, none, none, none, ""),
        ("D", "inefficient_markets", "one_holds_most", 1, none, none, none, none, none, ""),
    ]  # fmt: skip
    return Advice(
        diagnosis=_table(tables.DIAGNOSIS, whole),
        diffusion=_table(
            tables.DIFFUSION,
            [("A", 2, "", 30, 25, 20, 10, 35), ("B", 3, "", 20, 10, 10, 30, 10),
             ("C", None, "diagnosis.open.not_decided", None, None, None, None, None)],
        ),
        permitted_gaps=_table(
            tables.PERMITTED_GAPS,
            [("A", "bio", "unused", 0), ("A", "26", "needed", 12), ("B", "10", "barred", 3)],
        ),
        missing_links=_table(
            tables.MISSING_LINKS,
            [("A", "u1", "institute", 4200.0, 0.0, 6.5, 0.002, 0.04, "research", "semiconductor",
              "○○대학교", 1, 4),
             ("A", "C", "cluster", 180_000.0, 3.0, 11.0, 0.004, 0.06, "firm_firm", "", "", None,
              None)],
        ),
        intermediaries=_table(
            tables.INTERMEDIARIES, [("s1", 140, 30, 0.21, 0.16, 0.28, 55, 3, 20, 4, 11, 6)]
        ),
        next_sites=_table(tables.NEXT_SITES, [(1, "D", 40, 180, 305), (2, "F", 15, 195, 305)]),
        support_measures=_table(
            tables.SUPPORT_MEASURES,
            [("A", 5, 4.2e9, 1.0e9, 0.21, 0.8, 0.6, 18, 4, 0.22, 0.11, 0.4),
             ("B", 1, 3.0e8, 0.0, 1.0, 0.0, 1.4, None, None, None, None, None)],
        ),
    )  # fmt: skip


def _table(table: tables.Table, rows: Sequence[tuple[object, ...]]) -> pd.DataFrame:
    """Return rows with the columns of a table and the types that its numbers have."""
    frame = pd.DataFrame(rows, columns=[column.name for column in table.columns])
    types = {"integer": "Int64", "number": "float64"}
    return frame.astype(
        {column.name: types[column.type] for column in table.columns if column.type in types}
    )
