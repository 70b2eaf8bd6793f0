"""What a selection and advice may tell: the tables that pages, the memo and files are given."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import pandas as pd

from clustermap import tables

if TYPE_CHECKING:
    from collections.abc import Mapping

    from clustermap.messages import Message


def _none(table: tables.Table) -> pd.DataFrame:
    return pd.DataFrame(columns=[column.name for column in table.columns])


@dataclass(frozen=True)
class Decision:
    """What the scenarios choose under their budgets.

    All of it is computed from what the release tells of clusters, so nothing withheld can be read
    off it.

    Parameters
    ----------
    selection, portfolios, rule_prices, budget_path, budget_steps, comparators, why_not
        The tables of these names. The first scenario of ``portfolios`` is the project's own; the
        others are called as the user called them (user text), and so are the rules.
    told
        Scenario to the sentences that say what it chooses and how sure that is.
    rules
        Scenario to what each of its rules asks for, by the name that the tables give it.
    currency
        Of all money (user text).
    capability
        Weight of capability in merit; the linkage score has the rest.
    reach
        "employees" or "firms".
    exponent
        Exponent of reach.
    industries
        Strategic industries whose people or firms count as reach; empty: all.
    unrated
        "excluded" or "typical": what becomes of clusters that the data do not rate.
    must, must_not
        Clusters that are chosen, and that are not, whatever they are worth.
    profiles
        Scenario to the name of the profile that its scores come from.
    """

    selection: pd.DataFrame
    portfolios: pd.DataFrame
    rule_prices: pd.DataFrame
    budget_path: pd.DataFrame
    budget_steps: pd.DataFrame
    comparators: pd.DataFrame
    why_not: pd.DataFrame
    told: Mapping[str, tuple[Message, ...]]
    rules: Mapping[str, Mapping[str, Message]]
    currency: str
    capability: float
    reach: str
    exponent: float
    industries: tuple[str, ...] = ()
    unrated: str = "excluded"
    must: tuple[str, ...] = ()
    must_not: tuple[str, ...] = ()
    profiles: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Advice:
    """What may be done about each cluster, with the numbers behind it.

    Parameters
    ----------
    diagnosis, diffusion, permitted_gaps, intermediaries, next_sites, support_measures
        The tables of these names; numbers that are too small, or that would give such a number
        away, are null.
    missing_links
        The table MISSING_LINKS without small rows; ``broker`` is the masked name (user text) of
        who could bring both together, "" where nobody may be named.
    """

    diagnosis: pd.DataFrame = field(default_factory=partial(_none, tables.DIAGNOSIS))
    diffusion: pd.DataFrame = field(default_factory=partial(_none, tables.DIFFUSION))
    permitted_gaps: pd.DataFrame = field(default_factory=partial(_none, tables.PERMITTED_GAPS))
    missing_links: pd.DataFrame = field(default_factory=partial(_none, tables.MISSING_LINKS))
    intermediaries: pd.DataFrame = field(default_factory=partial(_none, tables.INTERMEDIARIES))
    next_sites: pd.DataFrame = field(default_factory=partial(_none, tables.NEXT_SITES))
    support_measures: pd.DataFrame = field(default_factory=partial(_none, tables.SUPPORT_MEASURES))
