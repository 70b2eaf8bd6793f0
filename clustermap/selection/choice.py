"""The choice of one scenario: the best portfolio and all that must stand beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from clustermap.messages import Message
from clustermap.selection.budget import price_rules, trace_budget
from clustermap.selection.comparators import (
    CURRENT,
    EQUAL,
    PROPORTIONAL,
    RANDOM,
    SELECTED,
    TOP,
    compare,
    draw_portfolios,
    share_out,
    take_top,
)
from clustermap.selection.portfolio import EXACT, find_conflict, solve
from clustermap.selection.robustness import STANDINGS, find_standings, tell_standings
from clustermap.selection.rules import Ineligible
from clustermap.selection.why_not import find_freed, tabulate_absence

if TYPE_CHECKING:
    from clustermap.indicators.evidence import Numbers
    from clustermap.selection.budget import Path
    from clustermap.selection.comparators import Setting
    from clustermap.selection.portfolio import Flags, Portfolio, Problem
    from clustermap.selection.robustness import Standings
    from clustermap.selection.rules import Rule

Tell = Callable[[str, int, int], None]
"""Hears the step, what of it is done and how much there is to do."""

STEPS = ("draws", "prices", "path", "why_not", "random")


@dataclass(frozen=True)
class Choice:
    """What one scenario chooses.

    Parameters
    ----------
    scenario
        Its name.
    problem
        What was chosen from, and how.
    setting
        What is known of the clusters.
    best
        The best portfolio; None where the rules leave none.
    conflict
        Rules that cannot hold together, none of which could be spared; empty where there is a
        portfolio.
    standings
        How sure the choice of each cluster is; None without draws or without a portfolio.
    prices
        As :func:`clustermap.selection.budget.price_rules`.
    path
        What would be chosen with more or less money; None without a portfolio.
    absence
        As :func:`clustermap.selection.why_not.tabulate_absence`.
    compared
        As :func:`clustermap.selection.comparators.compare`.
    gap
        Relative gap that optima are proven to.
    """

    scenario: str
    problem: Problem
    setting: Setting
    best: Portfolio | None
    conflict: tuple[Rule, ...] = ()
    standings: Standings | None = None
    prices: pd.DataFrame = field(default_factory=pd.DataFrame)
    path: Path | None = None
    absence: pd.DataFrame = field(default_factory=pd.DataFrame)
    compared: pd.DataFrame = field(default_factory=pd.DataFrame)
    gap: float = EXACT

    @property
    def ineligible(self) -> dict[str, str]:
        """Clusters that may not be chosen, and what they lack."""
        rules = [rule for rule in self.problem.rules if isinstance(rule, Ineligible)]
        return {cluster: rule.reason for rule in rules for cluster in rule.clusters}


def choose(
    scenario: str,
    problem: Problem,
    setting: Setting,
    *,
    seed: int,
    gap: float = EXACT,
    tell: Tell | None = None,
) -> Choice:
    """Return the best portfolio of a scenario and all that must stand beside it.

    Parameters
    ----------
    scenario
        Its name.
    problem
        What is chosen from, and how.
    setting
        What is known of the clusters.
    seed
        Seed of the random portfolios.
    gap
        As for :func:`clustermap.selection.portfolio.solve`.
    tell
        Hears how far each of ``STEPS`` is.

    Returns
    -------
    Choice
        Where the rules leave no portfolio, which of them conflict, and nothing else.

    Raises
    ------
    ArithmeticError
        If the solver gives up or contradicts itself.
    """
    best = solve(problem, gap=gap)
    if best is None:
        conflict = find_conflict(problem)
        if not conflict:
            raise ArithmeticError("the solver finds no portfolio where there is one")
        return Choice(scenario, problem, setting, None, conflict, gap=gap)
    hear = {step: partial(tell, step) if tell is not None else None for step in STEPS}
    drawn = setting.draws is not None and len(setting.draws) > 0
    prices = price_rules(problem, best, gap=gap, listen=hear["prices"])
    random = draw_portfolios(problem, seed=seed, gap=gap, listen=hear["random"])
    return Choice(
        scenario,
        problem,
        setting,
        best,
        (),
        find_standings(problem, _draws(setting), gap=gap, listen=hear["draws"]) if drawn else None,
        prices,
        trace_budget(problem, gap=gap, listen=hear["path"]),
        find_freed(tabulate_absence(problem, best, gap=gap, listen=hear["why_not"]), prices),
        compare(_give_out(problem, setting, best, random), setting),
        gap,
    )


def tell_choice(choice: Choice) -> tuple[Message, ...]:
    """Say what was chosen and how sure that is.

    Parameters
    ----------
    choice
        The choice.

    Returns
    -------
    tuple
        Where there is no portfolio, which rules cannot hold together; else how many are chosen,
        how many of them are core, between which the data do not decide, who is funded now and would
        not be, and what was left out for want of data.
    """
    if choice.best is None:
        names = tuple(rule.name for rule in choice.conflict)
        return (Message("selection.told.conflict", {"rules": names}),)
    totals = {"chosen": int(choice.best.chosen.sum()), "spent": f"{choice.best.cost:,.15g}"}
    told = [Message("selection.told.chosen", totals)]
    if choice.standings is not None:
        told += tell_standings(choice.standings, choice.best.chosen)
    else:
        told.append(Message("selection.told.undrawn"))
    told += tell_phase_out(choice)
    left_out = [rule for rule in choice.problem.rules if isinstance(rule, Ineligible)]
    return (*told, *(Message("selection.told.left_out", {"rule": rule.name}) for rule in left_out))


def tell_phase_out(choice: Choice) -> tuple[Message, ...]:
    """Say how many clusters are funded now and would not be, and how sure that is.

    Parameters
    ----------
    choice
        The choice, with a portfolio.

    Returns
    -------
    tuple
        Empty where nobody's money is known; the clusters are those of the table SELECTION with
        ``current`` above 0 that are not selected.
    """
    current = choice.setting.current
    if current is None or choice.best is None or not (current > 0).any():
        return ()
    funded = current > 0
    out = funded & ~choice.best.chosen
    barred = out & np.isin(choice.problem.clusters, list(choice.ineligible))
    values = {
        "funded": int(funded.sum()),
        "out": int(out.sum()),
        "money": f"{float(current[out].sum()):,.15g}",
        "barred": int(barred.sum()),
    }
    if choice.standings is None:
        return (Message("selection.told.phase_out_undrawn", values),)
    sure = out & ~barred & (choice.standings.standing == STANDINGS[2])
    values |= {"sure": int(sure.sum()), "open": int((out & ~barred & ~sure).sum())}
    return (Message("selection.told.phase_out", values),)


def _draws(setting: Setting) -> Numbers:
    return np.empty((0, 0)) if setting.draws is None else setting.draws


def _give_out(
    problem: Problem, setting: Setting, best: Portfolio, random: Numbers
) -> dict[str, Numbers]:
    eligible: Flags = np.ones(len(problem.clusters), dtype=bool)
    for rule in problem.rules:
        if isinstance(rule, Ineligible):
            eligible &= ~np.isin(problem.clusters, rule.clusters)
    costs, budget = problem.costs, problem.budget
    ways = {
        SELECTED: np.where(best.chosen, costs, 0.0),
        EQUAL: share_out(costs, eligible, budget),
        PROPORTIONAL: share_out(costs, np.where(eligible, setting.size, 0.0), budget),
        TOP: take_top(setting.merit, problem, eligible),
        RANDOM: random,
    }
    return ways if setting.current is None else {**ways, CURRENT: setting.current}
