"""The tables of a selection: what is chosen, how surely, at what price, and why not the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from clustermap.selection.budget import (
    order_by_value_for_money,
    tabulate_path,
    tabulate_steps,
)
from clustermap.selection.robustness import STANDINGS
from clustermap.tables import (
    BUDGET_PATH,
    BUDGET_STEPS,
    COMPARATORS,
    PORTFOLIOS,
    RULE_PRICES,
    SELECTION,
    WHY_NOT,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy.typing as npt

    from clustermap.selection.choice import Choice
    from clustermap.selection.portfolio import Flags
    from clustermap.tables import Table

UNDRAWN = "undrawn"
"""Standing of clusters where there are no draws."""

_TYPES: dict[str, Any] = {"number": "float64", "integer": "Int64"}  # all others are text


def tabulate_choices(
    choices: Sequence[Choice], rated: Sequence[Flags], terms: Sequence[Mapping[str, float]] = ()
) -> dict[str, pd.DataFrame]:
    """Return the tables of several scenarios, one below the other.

    Parameters
    ----------
    choices
        What each scenario chooses, the project's own first.
    rated
        Of each, which clusters the data rate.
    terms
        Of each, columns of PORTFOLIOS that say what worth it was declared by.

    Returns
    -------
    dict
        Name to table: selection, portfolios, rule_prices, budget_path, budget_steps, comparators,
        why_not.
    """
    makers: dict[Table, Callable[[Choice], pd.DataFrame]] = {
        SELECTION: tabulate_selection,
        RULE_PRICES: tabulate_prices,
        BUDGET_PATH: _tabulate_path,
        BUDGET_STEPS: _tabulate_steps,
        COMPARATORS: _tabulate_comparators,
        WHY_NOT: _tabulate_why_not,
    }
    tables = {
        table.name: _join(table, [make(one).assign(scenario=one.scenario) for one in choices])
        for table, make in makers.items()
    }
    whole = [
        tabulate_portfolio(choice, own).assign(**dict(term))
        for choice, own, term in zip(choices, rated, terms or [{}] * len(choices), strict=True)
    ]
    return {**tables, PORTFOLIOS.name: _join(PORTFOLIOS, whole)}


def tabulate_selection(choice: Choice) -> pd.DataFrame:
    """Return what is chosen, one row a cluster.

    Parameters
    ----------
    choice
        The choice of a scenario.

    Returns
    -------
    pd.DataFrame
        Columns of SELECTION without the scenario.
    """
    problem, found = choice.problem, choice.standings
    reasons = choice.ineligible
    table = pd.DataFrame(
        {
            "cluster": problem.clusters,
            "selected": pd.NA if choice.best is None else choice.best.chosen.astype(np.int64),
            "standing": UNDRAWN,
            "inclusion": np.nan,
            "inclusion_low": np.nan,
            "inclusion_high": np.nan,
            "counted": pd.NA,
            "gain": problem.worth,
            "cost": problem.costs,
            "current": np.nan if choice.setting.current is None else choice.setting.current,
            "money_order": _place(order_by_value_for_money(problem)),
            "ineligible": [reasons.get(cluster, "") for cluster in problem.clusters],
        }
    )
    if found is None:
        return table
    return table.assign(
        standing=found.standing,
        inclusion=found.inclusion,
        inclusion_low=found.low,
        inclusion_high=found.high,
        counted=found.counted,
    )


def _place(order: npt.NDArray[np.int64]) -> pd.Series[int]:
    # Who may not be chosen has no place.
    return pd.Series(order, dtype="Int64").mask(order == 0)


def tabulate_portfolio(choice: Choice, rated: Flags) -> pd.DataFrame:
    """Return the portfolio as a whole, and what is not rated beside it.

    Parameters
    ----------
    choice
        The choice of a scenario.
    rated
        Which clusters the data rate.

    Returns
    -------
    pd.DataFrame
        One row with the columns of PORTFOLIOS.
    """
    best, found, problem = choice.best, choice.standings, choice.problem
    chosen = np.zeros(len(rated), dtype=bool) if best is None else best.chosen
    core, borderline, _ = STANDINGS
    standing = np.full(len(rated), UNDRAWN) if found is None else found.standing
    row = {
        "scenario": choice.scenario,
        "budget": problem.budget,
        "feasible": int(best is not None),
        "worth": np.nan if best is None else best.value,
        "spent": np.nan if best is None else best.cost,
        "chosen": int(chosen.sum()),
        "core": int((chosen & (standing == core)).sum()),
        "borderline": int((standing == borderline).sum()),
        "draws": 0 if found is None else found.draws,
        "proven": np.nan if best is None else best.gap,
        "unrated": int((~rated).sum()),
        "unrated_firms": float(np.nansum(choice.setting.firms[~rated])),
        "unrated_cost": float(problem.costs[~rated].sum()),
        "unrated_chosen": int((chosen & ~rated).sum()),
    }
    return pd.DataFrame([row])


def tabulate_prices(choice: Choice) -> pd.DataFrame:
    """Return the rules with their prices, or those that conflict.

    Parameters
    ----------
    choice
        The choice of a scenario.

    Returns
    -------
    pd.DataFrame
        Columns of RULE_PRICES without the scenario.
    """
    if choice.best is None:
        families = list(dict.fromkeys(rule.family for rule in choice.conflict))
        unknown = {"price": np.nan, "worth_without": np.nan, "enter": pd.NA, "leave": pd.NA}
        return pd.DataFrame({"rule": families, **unknown, "conflict": 1})
    return choice.prices.rename(columns={"value": "worth_without"}).assign(conflict=0)


def _tabulate_path(choice: Choice) -> pd.DataFrame:
    if choice.path is None:
        return pd.DataFrame()
    names = {"share": "budget_share", "value": "worth", "cost": "spent", "clusters": "chosen"}
    return tabulate_path(choice.path).rename(columns=names)


def _tabulate_steps(choice: Choice) -> pd.DataFrame:
    if choice.path is None:
        return pd.DataFrame()
    names = {"share": "budget_share", "value_for_money": "money_order"}
    return tabulate_steps(choice.path).rename(columns=names)


def _tabulate_comparators(choice: Choice) -> pd.DataFrame:
    names = {
        "value": "worth",
        "money": "spent",
        "clusters": "reached",
        "firms": "firms_reached",
        "employees": "people_reached",
    }
    return choice.compared.rename(columns=names)


def _tabulate_why_not(choice: Choice) -> pd.DataFrame:
    names = {"gap_bound": "lacks_least", "gap": "lacks", "factor": "times"}
    return choice.absence.rename(columns=names)


def _join(table: Table, parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return the rows with the declared columns and types, also where there are none."""
    kept = [part for part in parts if len(part)]
    frame = pd.concat(kept, ignore_index=True) if kept else pd.DataFrame()
    types = {column.name: _TYPES.get(column.type, "object") for column in table.columns}
    return frame.reindex(columns=list(types)).astype(types)
