"""Small cells are suppressed: too few firms, or one firm that is nearly all of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    import numpy.typing as npt

    from clustermap.network.counts import Counts

SUPPRESSED = "suppressed"
EMPLOYEES_WITHHELD = "reason.employees_withheld"
"""Why a score that follows from employees may not be told; a key of the catalogue."""

_OF_EMPLOYMENT = frozenset(
    {
        *("employees", "herfindahl", "krugman_index", "related_variety", "unrelated_variety"),
        *("location_quotient", "symmetric_location_quotient"),
        *("small_firm_share", "small_firm_employment"),
    }
)
_OF_SMALL_FIRMS = frozenset({"small_firm_share", "small_firm_employment"})
_OF_ONE_FIRM = frozenset({"largest_employer_share", "employer_herfindahl"})
"""With the employees of the cluster they tell, or nearly tell, those of its largest firm."""


@dataclass(frozen=True)
class Rules:
    """When a cell is too small to be shown.

    Parameters
    ----------
    min_firms
        Cells with fewer firms (but at least one) are suppressed.
    dominance
        Cells in which the largest firm holds a larger share of the employees are suppressed.
    """

    min_firms: int = 3
    dominance: float = 0.8


DEFAULT_RULES = Rules()


def _is_small(count: pd.Series[int], rules: Rules) -> pd.Series[bool]:
    return (count > 0) & (count < rules.min_firms)


def _find_small(rows: pd.DataFrame, by: list[str], rules: Rules) -> pd.DataFrame:
    """Return, by cell, whether it has too few firms and whether its employees may be told."""
    sums = {"firms": "sum", "employees": "sum", "largest": "max"}
    cells = rows.groupby(by, sort=True).agg(sums)
    few = _is_small(cells["firms"], rules)
    dominated = cells["largest"] > rules.dominance * cells["employees"]
    return pd.DataFrame({"few": few, "hidden": few | dominated})


def _find_few_of_a_size(counts: Counts, rules: Rules) -> pd.Series[bool]:
    """Return, by cluster, whether few firms are small or few are not: shares would tell of them."""
    sums = counts.by_sector.groupby("cluster", sort=True)[["employed", "small"]].sum()
    return _is_small(sums["small"], rules) | _is_small(sums["employed"] - sums["small"], rules)


def _marked(keys: pd.DataFrame, marks: pd.Series[bool]) -> pd.Series[bool]:
    """Return the mark of each row's cell, False where the cell has none."""
    index = pd.MultiIndex.from_frame(keys) if keys.shape[1] > 1 else pd.Index(keys.iloc[:, 0])
    found = marks.reindex(index)
    return pd.Series(found.fillna(False).to_numpy(dtype=bool), index=keys.index)


def hide_kinds(counts: Counts, rules: Rules) -> pd.Series[bool]:
    """Return the kinds of linkage whose figures may not be told of a cluster.

    Where one kind alone is hidden, the total over kinds would give it away by subtraction; the
    next smallest is then hidden with it (secondary suppression: Handbook on Statistical Disclosure
    Control, chapter 4).

    Parameters
    ----------
    counts
        Counts of the run.
    rules
        When a cell is too small.

    Returns
    -------
    pd.Series
        bool, index cluster and kind.
    """
    linked = counts.links.set_index(["cluster", "kind"])["linked"].sort_index()
    hidden = _is_small(linked, rules)
    alone = hidden.groupby("cluster").transform("sum") == 1
    others = linked[alone & ~hidden & (linked > 0)].reset_index()
    second = others.sort_values(["linked", "kind"]).groupby("cluster").head(1)
    return hidden | hidden.index.isin(pd.MultiIndex.from_frame(second[["cluster", "kind"]]))


def find_suppressed(indicators: pd.DataFrame, counts: Counts, rules: Rules) -> pd.Series[bool]:
    """Return which indicator values may not leave.

    Parameters
    ----------
    indicators
        The table INDICATORS.
    counts
        What they were computed from.
    rules
        When a cell is too small.

    Returns
    -------
    pd.Series
        bool, on the index of ``indicators``.
    """
    clusters = _find_small(counts.by_sector, ["cluster"], rules)
    industries = _find_small(counts.by_industry, ["cluster", "industry"], rules)
    kinds = hide_kinds(counts, rules)
    any_kind = counts.linked.set_index("cluster")["linked"]
    of_employment = indicators["indicator"].isin(_OF_EMPLOYMENT)
    of_one_firm = indicators["indicator"].isin(_OF_ONE_FIRM)
    by_industry = indicators["industry"] != ""
    by_kind = indicators["kind"] != ""
    cluster, pair = indicators[["cluster"]], indicators[["cluster", "industry"]]
    hidden = of_employment & ~by_industry & _marked(cluster, clusters["hidden"])
    hidden |= of_one_firm
    of_small_firms = indicators["indicator"].isin(_OF_SMALL_FIRMS)
    hidden |= of_small_firms & _marked(cluster, _find_few_of_a_size(counts, rules))
    hidden |= by_industry & _marked(pair, industries["hidden"])
    # A share of employment in an industry tells of the whole's employees too.
    hidden |= by_industry & _marked(cluster, clusters["few"])
    hidden |= (indicators["indicator"] == "firms") & _marked(cluster, clusters["few"])
    hidden |= by_kind & _marked(indicators[["cluster", "kind"]], kinds)
    of_links = ~of_employment & ~of_one_firm & ~by_industry & (indicators["indicator"] != "firms")
    return hidden | (of_links & ~by_kind & _marked(cluster, _is_small(any_kind, rules)))


def hide_clusters(counts: Counts, rules: Rules) -> pd.DataFrame:
    """Return what may not be told of each cluster.

    Parameters
    ----------
    counts
        Counts of the run.
    rules
        When a cell is too small.

    Returns
    -------
    pd.DataFrame
        Index cluster; bool columns firms (their number), employees, links.
    """
    small = _find_small(counts.by_sector, ["cluster"], rules).reindex(counts.clusters)
    linked = counts.linked.set_index("cluster")["linked"].reindex(counts.clusters)
    return pd.DataFrame(
        {
            "firms": small["few"].fillna(value=False).astype(bool),
            "employees": small["hidden"].fillna(value=False).astype(bool),
            "links": _is_small(linked, rules),
        }
    )


def hide_industries(rows: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """Return what may not be told of an industry in a cluster.

    Parameters
    ----------
    rows
        Firms by cluster and industry: cluster, industry, firms, employees, largest.
    rules
        When a cell is too small.

    Returns
    -------
    pd.DataFrame
        Index cluster and industry; bool columns firms (their number), employees.
    """
    small = _find_small(rows, ["cluster", "industry"], rules)
    return small.rename(columns={"few": "firms", "hidden": "employees"})


def class_size(numbers: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return the middle of the size class of numbers that may not be told themselves.

    Classes are 1-4, 5-9, 10-19, 20-49, 50-99, 100-199, 200-499, ... (1-2-5 series); their middle is
    the geometric mean of their two ends.

    Parameters
    ----------
    numbers
        Counts, at least 0.

    Returns
    -------
    ndarray
        At most 2.24 times the number and at least 0.55 of it; 0 stays 0.

    Examples
    --------
    >>> class_size([0, 1, 4, 7, 480, 20_000]).round(1).tolist()
    [0.0, 2.2, 2.2, 7.1, 316.2, 31622.8]
    """
    values = np.asarray(numbers, dtype=np.float64)
    powers = 10.0 ** np.arange(0, 10)
    ends = np.concatenate([[1.0], np.outer(powers, [5.0, 10.0, 20.0]).ravel()])
    at = np.searchsorted(ends, values, side="right")
    middle = np.sqrt(ends[at - 1] * ends[np.minimum(at, len(ends) - 1)])
    return np.where(values < 1, 0.0, middle)
