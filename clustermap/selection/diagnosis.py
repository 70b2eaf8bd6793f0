"""From diagnosis to response: which of six situations each cluster is in, and what may help.

What is seen, and the rules by which it is seen, are ours; the failures and the responses are those
of the OECD (1999), Boosting Innovation: The Cluster Approach. That a situation is seen says where
to look; that a response helps is not shown here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np
import pandas as pd

from clustermap.messages import Message
from clustermap.selection.conditions import COLUMNS, CONDITIONS
from clustermap.tables import DIAGNOSIS

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from clustermap.selection.conditions import Findings

    Numbers = npt.NDArray[np.float64]
    Row = Mapping[str, Any]

State = Literal["seen", "not_seen", "undecided"]
OURS, OECD_1999 = "diagnosis.source.ours", "diagnosis.source.oecd_1999"
"""Where what stands on the left, and on the right, comes from; keys of the catalogue."""


@dataclass(frozen=True)
class Situation:
    """One situation that a cluster may be in, with the failure behind it and what may help.

    Parameters
    ----------
    key
        Name in tables and in the catalogue.
    conditions
        All of these groups hold; of each group at least one condition does.
    responses
        Number of responses that the OECD names.
    """

    key: str
    conditions: tuple[tuple[str, ...], ...]
    responses: int

    @property
    def seen(self) -> Message:
        """What we see; ours."""
        return Message(f"situation.{self.key}.seen")

    @property
    def failure(self) -> Message:
        """The failure behind it (OECD 1999)."""
        return Message(f"situation.{self.key}.failure")

    @property
    def answers(self) -> tuple[Message, ...]:
        """What may help (OECD 1999)."""
        return tuple(
            Message(f"situation.{self.key}.response_{number}")
            for number in range(1, self.responses + 1)
        )


SITUATIONS = (
    Situation(
        "limited_interaction", (("internal_below",), ("support_below", "brokerage_below")), 3
    ),
    Situation(
        "institutional_mismatch", (("institutes_near",), ("research_below",), ("fields_differ",)), 4
    ),
    Situation("information_failure", (("participation_below",), ("partners_unlinked",)), 2),
    Situation("missing_customers", (("no_large_firm",), ("none_abroad",)), 2),
    Situation("inefficient_markets", (("one_holds_most",),), 2),
    Situation("government_failure", (("split_thin",), ("no_effect",)), 2),
)
"""The six situations, in the order of the specification."""


@dataclass(frozen=True)
class Evidence:
    """One condition of a situation in one cluster.

    Parameters
    ----------
    condition
        Its key.
    holds
        Whether it is seen; None where the data do not decide.
    told
        Its numbers as a sentence; where it is not decided, why.
    """

    condition: str
    holds: bool | None
    told: Message


@dataclass(frozen=True)
class Diagnosis:
    """What one situation comes to in one cluster.

    Parameters
    ----------
    situation
        The situation.
    state
        seen, not_seen or undecided.
    evidence
        Its conditions with their numbers.
    """

    situation: Situation
    state: State
    evidence: tuple[Evidence, ...]


def join_conditions(groups: list[Numbers]) -> Numbers:
    """Return whether all of several conditions hold, as far as that is known.

    Parameters
    ----------
    groups
        1, 0 or NaN (not known) by cluster.

    Returns
    -------
    Numbers
        0 where one does not hold, else NaN where one is not known, else 1 (Kleene's logic).

    Examples
    --------
    >>> nan = np.nan
    >>> join_conditions([np.array([1.0, 1, nan]), np.array([1.0, nan, 0])]).tolist()
    [1.0, nan, 0.0]
    """
    table = np.stack(groups)
    unknown = np.isnan(table).any(axis=0)
    return np.where((table == 0).any(axis=0), 0.0, np.where(unknown, np.nan, 1.0))


def tabulate_diagnosis(known: Findings) -> pd.DataFrame:
    """Return which situations are seen in every cluster, with the numbers behind them.

    Parameters
    ----------
    known
        The tables of a run.

    Returns
    -------
    pd.DataFrame
        The table DIAGNOSIS: by cluster, situation, condition; the whole situation first.
    """
    return join_situations({key: function(known) for key, function in CONDITIONS.items()})


def join_situations(found: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return which situations are seen, from the conditions.

    Parameters
    ----------
    found
        Every condition by its key: the columns ``COLUMNS`` on the index of the clusters.

    Returns
    -------
    pd.DataFrame
        As :func:`tabulate_diagnosis`.
    """
    clusters = next(iter(found.values())).index
    rows = []
    for situation in SITUATIONS:
        of_groups = [
            # One of a group holds: not all of them fail.
            1 - join_conditions([1 - found[key]["holds"].to_numpy() for key in group])
            for group in situation.conditions
        ]
        whole = pd.DataFrame(index=clusters, columns=list(COLUMNS), dtype=float)
        whole["holds"] = join_conditions(of_groups)
        keys = [key for group in situation.conditions for key in group]
        why = np.full(len(whole), "", dtype=object)
        for key in keys:
            why = np.where(why == "", found[key]["open"], why)
        whole["open"] = np.where(whole["holds"].isna(), why, "")
        for condition, table in (("", whole), *((key, found[key]) for key in keys)):
            rows.append(table.assign(situation=situation.key, condition=condition))
    table = pd.concat(rows).rename_axis("cluster").reset_index()
    order = np.argsort(clusters.get_indexer(pd.Index(table["cluster"])), kind="stable")
    table = table.iloc[order].reset_index(drop=True)
    table["holds"] = table["holds"].astype("Int64")
    return table[[column.name for column in DIAGNOSIS.columns]]


def read_diagnosis(table: pd.DataFrame) -> Mapping[str, tuple[Diagnosis, ...]]:
    """Return the diagnosis of every cluster, ready to be said.

    Parameters
    ----------
    table
        The table DIAGNOSIS.

    Returns
    -------
    dict
        Cluster to its situations, in the order of ``SITUATIONS``.
    """
    rows: dict[tuple[str, str], list[Row]] = {}
    for row in cast("list[Row]", table.to_dict("records")):
        rows.setdefault((row["cluster"], row["situation"]), []).append(row)
    clusters = list(dict.fromkeys(table["cluster"]))
    return {
        cluster: tuple(
            _diagnose(situation, rows[cluster, situation.key]) for situation in SITUATIONS
        )
        for cluster in clusters
    }


def _diagnose(situation: Situation, rows: list[Row]) -> Diagnosis:
    by_key = {str(row["condition"]): row for row in rows}
    evidence = tuple(_tell(key, by_key[key]) for group in situation.conditions for key in group)
    whole = _holds(by_key[""])
    state: State = "undecided" if whole is None else "seen" if whole else "not_seen"
    return Diagnosis(situation, state, evidence)


def _holds(row: Row) -> bool | None:
    return None if pd.isna(row["holds"]) else bool(row["holds"])


def _tell(key: str, row: Row) -> Evidence:
    holds = _holds(row)
    if holds is None:
        return Evidence(key, holds, Message(str(row["open"])))
    numbers = {
        name: _spell(key, name, float(row[name]))
        for name in ("value", "low", "high", "typical", "basis")
    }
    return Evidence(key, holds, Message(_find_sentence(key, row), numbers))


def _find_sentence(key: str, row: Row) -> str:
    """Return the sentence that says as much as the row does: numbers may have been withheld."""
    if not math.isnan(float(row["value"])):
        untold = key in _OF_KINDS and math.isnan(float(row["typical"]))
        return f"condition.{key}.ratio" if untold else f"condition.{key}.told"
    if key == "split_thin" and row["basis"] == 0:
        return "condition.split_thin.none"
    return "condition.untold"


_OF_KINDS = ("support_below", "research_below")
RATIOS = frozenset(
    {
        *("internal_below", "support_below", "brokerage_below", "research_below"),
        "participation_below",
    }
)
"""Conditions whose value is log2 of a ratio to what is typical."""

SHARES = frozenset({"fields_differ", "one_holds_most", "no_effect"})
"""Conditions whose value is a share."""


def _spell(condition: str, name: str, value: float) -> str:
    if math.isnan(value):
        return "–"
    if name in {"value", "low", "high"} and condition in RATIOS:
        return f"{2**value:,.2f}"
    if name in {"value", "low", "high"} and condition in SHARES:
        return f"{100 * value:.0f}%"
    return f"{value:,.1f}".removesuffix(".0")
