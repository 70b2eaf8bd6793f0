"""Outliers: found by skewness and kurtosis, pulled in one by one, or else read on a logarithm.

For general tables of indicators. The score of clusters reads its measures between fixed goalposts,
which clip, and needs none of this.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from scipy import stats

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from clustermap.indicators.evidence import Numbers

Treatment = Literal["none", "winsorised", "log"]

_LOG_OFFSET = 0.01
_SAME = 1e-12  # values of one size up to rounding have no shape


@dataclass(frozen=True)
class OutlierRule:
    """When an indicator has outliers, and how far it may be changed.

    Parameters
    ----------
    skewness
        Absolute skewness above which it has outliers, if its kurtosis is too large as well.
    kurtosis
        Excess kurtosis above which it has outliers, if its skewness is too large as well.
    points
        Most values that may be winsorised.
    """

    skewness: float = 2.0
    kurtosis: float = 3.5
    points: int = 5

    def broken_by(self, values: npt.ArrayLike) -> bool:
        """Tell whether an indicator has outliers.

        Parameters
        ----------
        values
            Values of one indicator; NaN is missing.

        Returns
        -------
        bool
            True if both limits are exceeded; False also where it cannot be decided.
        """
        beyond = abs(skewness(values)) > self.skewness and kurtosis(values) > self.kurtosis
        return bool(beyond)


RULE = OutlierRule()
"""The limits that the field uses: 2 for skewness, 3.5 for kurtosis, five points."""


@dataclass(frozen=True)
class Treated:
    """A table without outliers, and what was done to it.

    Parameters
    ----------
    table
        Units x indicators, with outliers treated.
    log
        One row an indicator: indicator, treatment ("none", "winsorised", "log"), points (values
        changed by winsorising), skewness_before, kurtosis_before, skewness_after, kurtosis_after,
        passes (1 if it has no outliers any more).
    """

    table: pd.DataFrame
    log: pd.DataFrame


def skewness(values: npt.ArrayLike) -> float:
    """Return the sample skewness of an indicator.

    ``G1 = sqrt(n (n-1)) / (n-2) · m3 / m2^1.5``, with m2 and m3 the central moments.

    Parameters
    ----------
    values
        Values of one indicator; NaN is missing.

    Returns
    -------
    float
        Skewness; NaN for fewer than three values and where all are the same.

    References
    ----------
    Joanes, D. N. and Gill, C. A. (1998). Comparing measures of sample skewness and kurtosis. The
    Statistician 47(1), 183-189.

    Examples
    --------
    Around their mean of 2, these lie at -1, -1, -1 and 3: m2 = 3 and m3 = 6.

    >>> round(skewness([1, 1, 1, 5, float("nan")]), 12)
    2.0
    """
    return _shape(values, 3, stats.skew)


def kurtosis(values: npt.ArrayLike) -> float:
    """Return the sample excess kurtosis of an indicator.

    ``G2 = (n-1) / ((n-2) (n-3)) · ((n+1) g2 + 6)`` with ``g2 = m4 / m2² - 3``.

    Parameters
    ----------
    values
        Values of one indicator; NaN is missing.

    Returns
    -------
    float
        Kurtosis, 0 for a normal distribution; NaN for fewer than four values and where all are the
        same.

    References
    ----------
    As :func:`skewness`.

    Examples
    --------
    Around their mean of 2, these lie at -1, -1, -1 and 3: m2 = 3 and m4 = 21, so g2 = -2/3.

    >>> round(kurtosis([1, 1, 1, 5]), 12)
    4.0
    """
    return _shape(values, 4, stats.kurtosis)


def winsorise(values: npt.ArrayLike, rule: OutlierRule = RULE) -> tuple[Numbers, int]:
    """Pull outliers in: the most extreme value becomes the next, until there is no outlier.

    Each step works on the side to which the indicator is skewed. Values that share the extreme
    move together; a step that would change more values than allowed is not taken.

    Parameters
    ----------
    values
        Values of one indicator; NaN is missing and stays so.
    rule
        When it has outliers, and how many values may be changed.

    Returns
    -------
    tuple of Numbers and int
        The values, and how many of them were changed.

    References
    ----------
    As :func:`treat_outliers`.

    Examples
    --------
    >>> values, points = winsorise([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 30, 100])
    >>> points, values[-3:].tolist()
    (1, [10.0, 30.0, 30.0])
    """
    given = np.asarray(values, dtype=np.float64)
    found, points = given, 0
    while rule.broken_by(found):
        moved = _move_extreme(found)
        changed = int(np.count_nonzero(moved[~np.isnan(given)] != given[~np.isnan(given)]))
        if changed > rule.points:
            break
        found, points = moved, changed
    return found.copy(), points


def log_transform(values: npt.ArrayLike) -> Numbers:
    """Read an indicator on a logarithm that starts a little below its least value.

    ``ln(x - min + 0.01 (max - min))``; an indicator that is skewed to the left is mirrored:
    ``-ln(max - x + 0.01 (max - min))``. The order of values stays.

    Parameters
    ----------
    values
        Values of one indicator; NaN is missing and stays so.

    Returns
    -------
    Numbers
        Values on the logarithm; NaN throughout where all values are the same.

    References
    ----------
    The logarithm of the JRC's COIN Tool in the form in which the R package COINr has it (its
    functions log_CT and, mirrored, log_CT_plus).

    Examples
    --------
    >>> [round(value, 4) for value in log_transform([0, 0, 0, 99, 100]).tolist()]
    [0.0, 0.0, 0.0, 4.6052, 4.6151]
    """
    x = np.asarray(values, dtype=np.float64)
    there = x[~np.isnan(x)]
    if not there.size or there.min() == there.max():
        return np.full(x.shape, np.nan)
    offset = _LOG_OFFSET * (there.max() - there.min())
    if skewness(there) < 0:
        mirrored: Numbers = -np.log(there.max() - x + offset)
        return mirrored
    found: Numbers = np.log(x - there.min() + offset)
    return found


def treat_outliers(table: pd.DataFrame, rule: OutlierRule = RULE) -> Treated:
    """Treat the outliers of every indicator: winsorise, or read on a logarithm where that fails.

    An indicator with outliers is winsorised; if it still has some when no more values may be
    changed, its original values are read on a logarithm instead.

    Parameters
    ----------
    table
        Units x indicators; NaN is missing.
    rule
        When an indicator has outliers, and how many values may be winsorised.

    Returns
    -------
    Treated
        The table and the log of what was done.

    References
    ----------
    Nardo, M., Saisana, M., Saltelli, A., Tarantola, S., Hoffmann, A. and Giovannini, E. (2008).
    Handbook on Constructing Composite Indicators: Methodology and User Guide. OECD and JRC. The
    limits and the order of steps are those of the R package COINr.

    Examples
    --------
    >>> table = pd.DataFrame({"even": range(12), "far": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 30, 100]})
    >>> found = treat_outliers(table)
    >>> found.log[["indicator", "treatment", "points"]].to_numpy().tolist()
    [['even', 'none', 0], ['far', 'winsorised', 1]]
    """
    columns, rows = {}, []
    for name in table.columns:
        before = table[name].to_numpy(dtype=np.float64, na_value=np.nan)
        after, treatment, points = _treat(before, rule)
        columns[name] = after
        rows.append(
            {
                "indicator": name,
                "treatment": treatment,
                "points": points,
                "skewness_before": skewness(before),
                "kurtosis_before": kurtosis(before),
                "skewness_after": skewness(after),
                "kurtosis_after": kurtosis(after),
                "passes": int(not rule.broken_by(after)),
            }
        )
    heads = ["indicator", "treatment", "points"]
    heads += [f"{what}_{when}" for when in ("before", "after") for what in ("skewness", "kurtosis")]
    treated = pd.DataFrame(columns, index=table.index, columns=table.columns)
    return Treated(treated, pd.DataFrame(rows, columns=[*heads, "passes"]))


def _treat(values: Numbers, rule: OutlierRule) -> tuple[Numbers, Treatment, int]:
    if not rule.broken_by(values):
        return values, "none", 0
    found, points = winsorise(values, rule)
    if rule.broken_by(found):
        return log_transform(values), "log", 0
    return found, "winsorised", points


def _move_extreme(values: Numbers) -> Numbers:
    side = np.sign(skewness(values))
    turned = side * values
    most = np.nanmax(turned)
    return np.where(turned == most, np.nanmax(turned[turned < most]) * side, values)


def _shape(values: npt.ArrayLike, least: int, moment: Callable[..., object]) -> float:
    given = np.asarray(values, dtype=np.float64)
    # Sorted, so that the order of units does not change the last digit.
    x = np.sort(given[~np.isnan(given)])
    if x.size < least or x[-1] - x[0] <= _SAME * np.abs(x).max():
        return np.nan
    return float(np.asarray(moment(x, bias=False)).item())
