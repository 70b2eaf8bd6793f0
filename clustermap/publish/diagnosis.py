"""Diagnosis as it may leave: conditions keep what the release tells anyway."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from clustermap.publish.secondary import find_few
from clustermap.publish.withheld import find_unsaid_industries
from clustermap.selection.conditions import COLUMNS, LARGE_FIRM, find_widest
from clustermap.tables import SCORED_KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    from clustermap.publish.release import Release
    from clustermap.publish.suppression import Rules
    from clustermap.publish.withheld import Withheld

    Marks = npt.NDArray[np.bool_]
    Conditions = dict[str, pd.DataFrame]

WITHHELD = "diagnosis.open.withheld"
"""Why a condition may not be told; a key of the catalogue."""

_NUMBERS = ("value", "low", "high", "typical", "basis")
_OF_LINKS = (
    *("internal_below", "support_below", "brokerage_below", "research_below"),
    *("participation_below", "partners_unlinked", "none_abroad", "one_holds_most", "no_effect"),
)
_OF_KIND = {"support_below": "support", "research_below": "research"}
_APART = 1.5
"""How far the largest and the least employees that a large firm may have must lie apart; ours."""


def release_conditions(
    diagnosis: pd.DataFrame, support: pd.DataFrame, release: Release, withheld: Withheld
) -> Conditions:
    """Return every condition as it may be told.

    Parameters
    ----------
    diagnosis
        The table DIAGNOSIS.
    support
        The table SUPPORT_MEASURES as it is released.
    release
        What else is told.
    withheld
        What is not.

    Returns
    -------
    dict
        Condition to holds, numbers and what keeps it undecided, on the index of the clusters. It
        keeps the numbers that the release tells; it is undecided where seen or not seen would tell
        of few. What one firm or group holds is never told in numbers, nor how many people the
        largest firm employs.
    """
    rows = diagnosis[diagnosis["condition"] != ""]
    found = {
        str(key): part.drop_duplicates("cluster")
        .set_index("cluster")[list(COLUMNS)]
        .astype({"holds": float, **dict.fromkeys(_NUMBERS, float)})
        for key, part in rows.groupby("condition", sort=False)
    }
    clusters = next(iter(found.values())).index
    hidden, kinds = withheld.hidden.reindex(clusters), withheld.kinds
    employees = _indicator(release.indicators, "employees").reindex(clusters)
    for key, kind in _OF_KIND.items():
        _hide_kind(found[key], release.ratios, kind)
    _blank(found["one_holds_most"], _NUMBERS, where=True)
    _blank(found["institutes_near"], ["basis"], release.clusters["firms"].isna().reindex(clusters))
    _blank(found["no_large_firm"], ["value"], where=True)
    _blank(found["no_large_firm"], ["basis"], employees["basis"].isna())
    _withhold(found["no_large_firm"], hidden["employees"] | hidden["firms"])
    _withhold(found["no_large_firm"], _near_mark(employees["value"], withheld.rules))
    _withhold(found["fields_differ"], _hide_fields(release, withheld).reindex(clusters))
    near, abroad = found["partners_unlinked"], found["none_abroad"]
    _blank(near, ["value", "typical"], _is_few(near["value"], withheld.rules))
    _blank(abroad, _NUMBERS, _is_few(abroad["value"], withheld.rules))
    _blank(abroad, _NUMBERS, _leave_few(abroad, withheld).reindex(clusters, fill_value=False))
    _hide_support(found, support)
    for key in _OF_LINKS:
        _withhold(found[key], hidden["links"])
    for key, kind in _OF_KIND.items():
        at = pd.MultiIndex.from_product([clusters, [kind]])
        _withhold(found[key], kinds.reindex(at).fillna(value=False).to_numpy(dtype=bool))
    return found


def _blank(table: pd.DataFrame, names: Iterable[str], where: npt.ArrayLike) -> None:
    """Leave numbers out of an answer, and keep what it says."""
    marks = np.broadcast_to(np.asarray(where, dtype=bool), len(table))
    table.loc[marks, list(names)] = np.nan


def _withhold(table: pd.DataFrame, where: npt.ArrayLike) -> None:
    """Leave an answer out."""
    marks = np.asarray(where, dtype=bool)
    table.loc[marks, ["holds", *_NUMBERS]] = np.nan
    table.loc[marks, "open"] = WITHHELD


def _is_few(numbers: pd.Series[float], rules: Rules) -> Marks:
    known = numbers.fillna(0).to_numpy(dtype=float)
    return np.asarray((known > 0) & (known < rules.min_firms))


def _indicator(indicators: pd.DataFrame, key: str) -> pd.DataFrame:
    rows = indicators[indicators["indicator"] == key]
    return rows.set_index("cluster")[["value", "basis"]]


def _hide_kind(answer: pd.DataFrame, ratios: pd.DataFrame, kind: str) -> None:
    own = ratios[ratios["kind"] == kind]
    rows = own[own["reach"] == find_widest(own["reach"])].set_index("cluster")
    rows = rows.reindex(answer.index)
    _blank(answer, ["typical", "basis"], rows["observed"].isna())
    _withhold(answer, answer["value"].notna() & rows["ratio"].isna())


def _near_mark(employees: pd.Series[float], rules: Rules) -> Marks:
    """Return where a large firm's employees would be known within a narrow range, were there one.

    A firm that is not nearly all of a cluster has so many employees at most; whether there is one
    makes no difference here, or it would be told by what is left out.
    """
    most = rules.dominance * employees.to_numpy(dtype=float)
    large = employees.to_numpy(dtype=float) >= LARGE_FIRM
    return np.asarray(large & (most < _APART * LARGE_FIRM))


def _hide_fields(release: Release, withheld: Withheld) -> pd.Series[bool]:
    """Return clusters with an industry that they may be specialised in, and that is not told."""
    rows = find_unsaid_industries(release.indicators, withheld)
    return pd.Series(release.clusters.index.isin(rows["cluster"]), release.clusters.index)


def _leave_few(abroad: pd.DataFrame, withheld: Withheld) -> pd.Series[bool]:
    """Return clusters whose links abroad, less those told kind by kind, would be those of few."""
    rows = withheld.indicators
    rows = rows[(rows["indicator"] == "abroad_links") & rows["kind"].isin(SCORED_KINDS)]
    hidden = withheld.kinds.reindex(pd.MultiIndex.from_frame(rows[["cluster", "kind"]]))
    rows = rows[hidden.fillna(value=False).to_numpy(dtype=bool)].fillna({"value": 0.0})
    left = rows.groupby("cluster")["value"].sum()
    marks = find_few(left.to_numpy(dtype=np.int64), withheld.rules.min_firms)
    alone = rows.groupby("cluster").size() == 1
    return (pd.Series(marks, left.index) | alone).reindex(abroad.index, fill_value=False)


def _hide_support(found: Conditions, measures: pd.DataFrame) -> None:
    rows = measures.set_index("cluster")
    thin, after = found["split_thin"], found["no_effect"]
    granted = np.asarray(thin.index.isin(rows.index))
    rows = rows.reindex(thin.index)
    _withhold(thin, granted & rows["splitting"].isna().to_numpy() & thin["value"].notna())
    told = granted & rows["splitting"].notna().to_numpy()
    thin["value"] = thin["value"].where(~told, 1 / rows["splitting"])
    _blank(after, _NUMBERS, granted & rows["outliving"].isna().to_numpy())
