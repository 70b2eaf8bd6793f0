"""Conditions of a situation: whether each is seen in a cluster, with its numbers, or not decided.

All rules are ours. Numbers come from the tables of a run; a condition that the data do not decide
is neither seen nor unseen.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import gammaincc

from clustermap.indicators.evidence import divide, wilson_interval
from clustermap.network.distinct import count_runs, distinct_rows
from clustermap.scores.known import BEYOND, FENCE, REGION, count_needed
from clustermap.tables import DEFAULT_SCENARIO, SCORED_KINDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    import numpy.typing as npt

    from clustermap.network.actor_links import Ends

    Numbers = npt.NDArray[np.float64]
    Marks = npt.NDArray[np.bool_]

LARGE_FIRM = 250
"""Employees from which a firm is large (European Commission, Recommendation 2003/361/EC)."""

RARE = 0.05
"""Chance below which what is seen is not put down to chance."""

HALF = 0.5
SPREAD_THIN = 3.0
"""Programmes of one size that money is split as if over, from which it is split thin; ours."""

RESEARCH = ("university", "public_institute", "hospital")
"""Types of institutes that research."""

COLUMNS = ("holds", "value", "low", "high", "typical", "basis", "open")

NOT_DECIDED = "diagnosis.open.not_decided"
FEW_LINKS = "diagnosis.open.few_links"
NO_FIELDS = "diagnosis.open.no_fields"
FEW_NEAR = "diagnosis.open.few_near"
NO_EMPLOYEES = "diagnosis.open.no_employees"
NO_ABROAD = "diagnosis.open.no_abroad"
FEW_ABROAD = "diagnosis.open.few_abroad"
NO_SUPPORT = "diagnosis.open.no_support"
FEW_PAIRS = "diagnosis.open.few_pairs"
NO_NEAR = "diagnosis.open.no_near"
REASONS = (
    *(NOT_DECIDED, FEW_LINKS, NO_FIELDS, FEW_NEAR, NO_EMPLOYEES),
    *(NO_ABROAD, FEW_ABROAD, NO_SUPPORT, FEW_PAIRS, NO_NEAR),
)
"""Why a condition may not be decided; each is a key of the catalogue."""


@dataclass(frozen=True)
class Findings:
    """The tables of a run that a diagnosis reads.

    Parameters
    ----------
    clusters
        Ids of the clusters.
    subscores, ratios, indicators
        The tables of these names.
    near
        Institutes near clusters: cluster (id), type (actor type), observed, expected, least (chance
        of no link in a typical pair), matched (1, 0, NaN); None where nobody's place is known.
    holders
        From :func:`count_holders`, on the index of the clusters.
    support
        The table SUPPORT_MEASURES; None where no support was read.
    """

    clusters: pd.Index[str]
    subscores: pd.DataFrame
    ratios: pd.DataFrame
    indicators: pd.DataFrame
    near: pd.DataFrame | None = None
    holders: pd.DataFrame | None = None
    support: pd.DataFrame | None = None

    def indicator(self, key: str) -> pd.DataFrame:
        """Return value and basis of an indicator of clusters as a whole.

        Parameters
        ----------
        key
            Name of the indicator.

        Returns
        -------
        pd.DataFrame
            On the index of the clusters.
        """
        rows = self.indicators[self.indicators["indicator"] == key]
        return rows.set_index("cluster")[["value", "basis"]].reindex(self.clusters)


def count_holders(
    ends: Ends,
    entity: npt.NDArray[np.int64],
    firms: npt.NDArray[np.bool_],
    clusters: pd.Index[str],
) -> pd.DataFrame:
    """Return the share of a cluster's units that its strongest firm or group takes part in.

    Parameters
    ----------
    ends
        Ends of links as the clusters see them.
    entity
        Number of each actor; actors of one group share it, see
        :func:`clustermap.network.resilience.join_groups`.
    firms
        Which actors are firms; a university that most links lead to is no matter of markets.
    clusters
        Ids of the clusters.

    Returns
    -------
    pd.DataFrame
        On the index of the clusters: units (projects, documents, single links), and share; NaN
        without any.
    """
    many = len(clusters)
    touched, _ = distinct_rows((ends.cluster, ends.unit))
    units = np.bincount(touched, minlength=many)
    firm = firms[ends.actor]
    met = (ends.cluster[firm], entity[ends.actor[firm]], ends.unit[firm])
    cluster, holder, _ = distinct_rows(met)
    start, number = count_runs(cluster, holder)
    most = np.zeros(many, dtype=np.int64)
    np.maximum.at(most, cluster[start], number)
    share = np.where(units > 0, most / np.maximum(units, 1), np.nan)
    return pd.DataFrame({"units": units.astype(float), "share": share}, index=clusters)


def _answer(
    known: Findings, *, holds: npt.ArrayLike, reason: str, **numbers: npt.ArrayLike
) -> pd.DataFrame:
    answer = pd.DataFrame(index=known.clusters)
    answer["holds"] = np.asarray(holds, dtype=float)
    for name in ("value", "low", "high", "typical", "basis"):
        answer[name] = np.asarray(numbers.get(name, np.nan), dtype=float)
    answer["open"] = np.where(answer["holds"].isna(), reason, "")
    return answer[list(COLUMNS)]


def _decide(yes: npt.ArrayLike, decided: npt.ArrayLike) -> Numbers:
    return np.where(np.asarray(decided, dtype=bool), np.asarray(yes, dtype=float), np.nan)


def _part_below(known: Findings, part: str) -> pd.DataFrame:
    table = known.subscores
    rows = table[(table["scenario"] == DEFAULT_SCENARIO) & (table["subscore"] == part)]
    rows = rows.set_index("cluster").reindex(known.clusters)
    return _answer(
        known,
        holds=_decide(rows["measure_high"] < 0, rows["decided"] == 1),
        reason=NOT_DECIDED,
        value=rows["measure"],
        low=rows["measure_low"],
        high=rows["measure_high"],
        basis=rows["basis"],
    )


def internal_below(known: Findings) -> pd.DataFrame:
    """Links near by lie below typical: the interval of embeddedness, where it is decided.

    Parameters
    ----------
    known
        The tables.

    Returns
    -------
    pd.DataFrame
        On the index of the clusters: holds (1, 0, NaN), value, low, high, typical, basis, open (key
        of what keeps it undecided).
    """
    return _part_below(known, "embeddedness")


def participation_below(known: Findings) -> pd.DataFrame:
    """Fewer actors than typical take part, where that is decided.

    Parameters
    ----------
    known
        The tables.

    Returns
    -------
    pd.DataFrame
        As :func:`internal_below`.
    """
    return _part_below(known, "participation")


def brokerage_below(known: Findings) -> pd.DataFrame:
    """Few bring the inside and the outside together, against typical, where that is decided.

    Parameters
    ----------
    known
        The tables.

    Returns
    -------
    pd.DataFrame
        As :func:`internal_below`.
    """
    return _part_below(known, "brokerage")


def _kind_below(known: Findings, kind: str) -> pd.DataFrame:
    table = known.ratios
    told = table[(table["boundary"] == "drawn") & (table["kind"] == kind)]
    widest = find_widest(told["reach"])
    rows = told[told["reach"] == widest].set_index("cluster").reindex(known.clusters)
    links = np.fmax(rows["observed"], rows["expected"]) / rows["design"]
    return _answer(
        known,
        holds=_decide(rows["high"] < 0, links >= count_needed(2.0)),
        reason=FEW_LINKS,
        value=rows["ratio"],
        low=rows["low"],
        high=rows["high"],
        typical=rows["expected"],
        basis=rows["observed"],
    )


def find_widest(reaches: Iterable[str]) -> str:
    """Return the widest reach that is near.

    Parameters
    ----------
    reaches
        As in the table RATIOS, with repetition.

    Returns
    -------
    str
        The fence where there is none.

    Examples
    --------
    >>> find_widest(["30 km", "beyond", "fence", "10 km"]), find_widest([])
    ('30 km', 'fence')
    """
    return max({str(reach) for reach in reaches} - {BEYOND}, key=_radius, default=FENCE)


def _radius(reach: str) -> float:
    known = {FENCE: 0.0, REGION: math.inf}
    return known[reach] if reach in known else float(reach.split(maxsplit=1)[0])


def support_below(known: Findings) -> pd.DataFrame:
    """Links with support bodies near by lie below typical.

    Decided where seven independent links are there or typical: so many decide a ratio alone.

    Parameters
    ----------
    known
        The tables.

    Returns
    -------
    pd.DataFrame
        As :func:`internal_below`.
    """
    return _kind_below(known, "support")


def research_below(known: Findings) -> pd.DataFrame:
    """Research links near by lie below typical; decided as :func:`support_below`.

    Parameters
    ----------
    known
        The tables.

    Returns
    -------
    pd.DataFrame
        As :func:`internal_below`.
    """
    return _kind_below(known, "research")


def _near(known: Findings, types: tuple[str, ...] | None = None) -> pd.DataFrame | None:
    if known.near is None or types is None:
        return known.near
    return known.near[known.near["type"].isin(types)]


def _per_cluster(known: Findings, rows: pd.DataFrame, values: npt.ArrayLike) -> Numbers:
    at = known.clusters.get_indexer(pd.Index(rows["cluster"]))
    order = np.lexsort((np.asarray(values), at))  # sums the same in any order of rows
    summed = np.bincount(at[order], np.asarray(values, dtype=float)[order], len(known.clusters))
    return np.asarray(summed, dtype=np.float64)


def institutes_near(known: Findings) -> pd.DataFrame:
    """Firms are there, and at least one institute that researches is near.

    Parameters
    ----------
    known
        The tables.

    Returns
    -------
    pd.DataFrame
        As :func:`internal_below`.
    """
    rows, firms = _near(known, RESEARCH), known.indicator("firms")["value"]
    if rows is None:
        return _answer(known, holds=np.full(len(known.clusters), np.nan), reason=NO_NEAR)
    number = _per_cluster(known, rows, np.ones(len(rows)))
    holds = _decide((number > 0) & (firms > 0), firms.notna())
    return _answer(known, holds=holds, reason=NO_NEAR, value=number, basis=firms)


def fields_differ(known: Findings) -> pd.DataFrame:
    """Fewer than half of the institutes near that research share a field with the cluster.

    Parameters
    ----------
    known
        The tables.

    Returns
    -------
    pd.DataFrame
        As :func:`internal_below`; not decided where no institute's or not the cluster's fields are
        known.
    """
    rows = _near(known, RESEARCH)
    if rows is None:
        return _answer(known, holds=np.full(len(known.clusters), np.nan), reason=NO_NEAR)
    told = rows[rows["matched"].notna()]
    number = _per_cluster(known, told, np.ones(len(told)))
    share = divide(_per_cluster(known, told, told["matched"]), number)
    holds = _decide(share < HALF, number > 0)
    return _answer(known, holds=holds, reason=NO_FIELDS, value=share, basis=number)


def partners_unlinked(known: Findings) -> pd.DataFrame:
    """Fewer of the institutes near with fields in common are linked than is typical.

    Parameters
    ----------
    known
        The tables.

    Returns
    -------
    pd.DataFrame
        As :func:`internal_below`; a chance of so few by Poisson with the typical number, which is
        somewhat large. Not decided where even none would not be rare.
    """
    if known.near is None:
        return _answer(known, holds=np.full(len(known.clusters), np.nan), reason=NO_NEAR)
    rows = known.near[known.near["matched"] != 0]
    linked = _per_cluster(known, rows, rows["observed"] > 0)
    typical = _per_cluster(known, rows, 1 - rows["least"])
    number = _per_cluster(known, rows, np.ones(len(rows)))
    chance = np.asarray(gammaincc(linked + 1, typical))
    return _answer(
        known,
        holds=_decide(chance <= RARE, np.exp(-typical) <= RARE),
        reason=FEW_NEAR,
        value=linked,
        typical=typical,
        basis=number,
    )


def no_large_firm(known: Findings) -> pd.DataFrame:
    """No firm with 250 employees and more, which might be a lead customer, stands in it.

    Parameters
    ----------
    known
        The tables.

    Returns
    -------
    pd.DataFrame
        As :func:`internal_below`; without any large firm not decided where fewer than half of the
        firms have told their employees.
    """
    employees, share = known.indicator("employees"), known.indicator("largest_employer_share")
    firms = known.indicator("firms")["value"]
    largest = employees["value"] * share["value"]
    # A product of a share and a sum: 250 of 250 may come out a hair below.
    large = largest >= LARGE_FIRM - 1e-6
    decided = large | ((employees["basis"] >= HALF * firms) & (firms > 0))
    return _answer(
        known,
        holds=_decide(~large, decided),
        reason=NO_EMPLOYEES,
        value=largest,
        typical=LARGE_FIRM,
        basis=employees["basis"],
    )


def none_abroad(known: Findings) -> pd.DataFrame:
    """No link leads abroad, though in as many links of the nation some would.

    Parameters
    ----------
    known
        The tables.

    Returns
    -------
    pd.DataFrame
        As :func:`internal_below`; not decided where none is seen and so few links need not have
        any: (1 - share of the nation's links) to the power of the independent links.
    """
    table = known.indicators[known.indicators["kind"].isin(SCORED_KINDS)]

    def total(name: str, column: str = "value") -> Numbers:
        rows = table[table["indicator"] == name]
        return _per_cluster(known, rows, rows[column].fillna(0.0))

    independent, abroad = total("external_links", "basis"), total("abroad_links")
    links = total("internal_links") + total("external_links")
    share = float(abroad.sum() / links.sum()) if links.sum() > 0 else 0.0
    chance = (1 - share) ** independent
    holds = np.where(abroad > 0, 0.0, np.where(chance <= RARE, 1.0, np.nan))
    return _answer(
        known,
        holds=holds,
        reason=FEW_ABROAD if share > 0 else NO_ABROAD,
        value=abroad,
        typical=share * independent,
        basis=independent,
    )


def one_holds_most(known: Findings) -> pd.DataFrame:
    """One firm or group takes part in more than half of the cluster's units.

    Parameters
    ----------
    known
        The tables.

    Returns
    -------
    pd.DataFrame
        As :func:`internal_below`, by Wilson's interval: not decided where it holds one half.
    """
    if known.holders is None:
        return _answer(known, holds=np.full(len(known.clusters), np.nan), reason=NOT_DECIDED)
    held = known.holders.reindex(known.clusters)
    return _share_above(known, held["share"], held["units"], FEW_LINKS)


def _share_above(
    known: Findings, share: pd.Series[float], trials: pd.Series[float], reason: str
) -> pd.DataFrame:
    low, high = wilson_interval(share, trials)
    holds = np.where(low > HALF, 1.0, np.where(high < HALF, 0.0, np.nan))
    return _answer(known, holds=holds, reason=reason, value=share, low=low, high=high, basis=trials)


def split_thin(known: Findings) -> pd.DataFrame:
    """Support is split as if over three programmes of one size and more.

    Parameters
    ----------
    known
        The tables.

    Returns
    -------
    pd.DataFrame
        As :func:`internal_below`; value is the inverse of the Herfindahl index. A cluster without
        support has none that is split.
    """
    if known.support is None:
        return _answer(known, holds=np.full(len(known.clusters), np.nan), reason=NO_SUPPORT)
    rows = known.support.set_index("cluster").reindex(known.clusters)
    as_many = divide(np.ones(len(rows)), rows["splitting"])
    return _answer(
        known,
        holds=(as_many >= SPREAD_THIN - 1e-9).astype(float),
        reason=NO_SUPPORT,
        value=as_many,
        typical=SPREAD_THIN,
        basis=rows["programmes"].fillna(0),
    )


def no_effect(known: Findings) -> pd.DataFrame:
    """Fewer than half of the pairs linked in a programme are still linked after its end.

    Parameters
    ----------
    known
        The tables.

    Returns
    -------
    pd.DataFrame
        As :func:`one_holds_most`. That a link goes on is not shown to be an effect of the support.
    """
    if known.support is None:
        return _answer(known, holds=np.full(len(known.clusters), np.nan), reason=NO_SUPPORT)
    rows = known.support.set_index("cluster").reindex(known.clusters)
    found = _share_above(known, rows["outliving"], rows["pairs_during"].fillna(0), FEW_PAIRS)
    return found.assign(holds=np.where(found["holds"].isna(), np.nan, 1 - found["holds"]))


CONDITIONS: Mapping[str, Callable[[Findings], pd.DataFrame]] = {
    function.__name__: function
    for function in (
        *(internal_below, support_below, brokerage_below),
        *(institutes_near, research_below, fields_differ),
        *(participation_below, partners_unlinked),
        *(no_large_firm, none_abroad),
        *(one_holds_most, split_thin, no_effect),
    )
}
"""Conditions by their keys."""
