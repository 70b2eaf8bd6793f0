"""Indicators on a common scale: the normalisations of the Handbook, for general tables.

All but the goalposts move when a unit joins or leaves. The score of clusters is therefore read
between fixed goalposts (:func:`between_goalposts`), and nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import stats

from clustermap.indicators.evidence import divide
from clustermap.scores.goalposts import normalise as between_goalposts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy.typing as npt

    from clustermap.indicators.evidence import Numbers

__all__ = [
    "above_or_below_mean",
    "bands",
    "between_goalposts",
    "denominate",
    "min_max",
    "normalise_table",
    "rank",
    "relate_to",
    "z_score",
]

PERCENTILES = (15.0, 25.0, 65.0, 85.0, 95.0)
"""Percentiles between the bands of the Handbook's example."""

BANDS = (0.0, 20.0, 40.0, 60.0, 80.0, 100.0)
"""What the bands of the Handbook's example count as."""


def min_max(
    values: npt.ArrayLike, low: float = 0.0, high: float = 100.0, *, direction: int = 1
) -> Numbers:
    """Read an indicator between the least and the largest value of the sample.

    ``low + (high - low) (x - min) / (max - min)``.

    Parameters
    ----------
    values
        Values of one indicator; NaN is missing and stays so.
    low, high
        What the worst and the best unit get.
    direction
        -1 where less is better.

    Returns
    -------
    Numbers
        Values in [low, high]; NaN throughout where all values are the same.

    References
    ----------
    Nardo, M., Saisana, M., Saltelli, A., Tarantola, S., Hoffmann, A. and Giovannini, E. (2008).
    Handbook on Constructing Composite Indicators: Methodology and User Guide. OECD and JRC.

    Examples
    --------
    >>> min_max([2, 4, 6, float("nan")]).tolist()
    [0.0, 50.0, 100.0, nan]
    >>> min_max([2, 4, 6], 1, 100, direction=-1).tolist()
    [100.0, 50.5, 1.0]
    """
    x = direction * np.asarray(values, dtype=np.float64)
    there = x[~np.isnan(x)]
    if not there.size:
        return x
    share = divide(x - there.min(), there.max() - there.min())
    # A sum of rounded terms may end beyond the scale by 1e-14.
    return np.clip(low + (high - low) * share, min(low, high), max(low, high))


def z_score(
    values: npt.ArrayLike, mean: float = 0.0, deviation: float = 1.0, *, direction: int = 1
) -> Numbers:
    """Read an indicator in standard deviations of the sample from its mean.

    ``mean + deviation (x - average) / s``, with n - 1 below the fraction of s².

    Parameters
    ----------
    values
        Values of one indicator; NaN is missing and stays so.
    mean, deviation
        Mean and standard deviation to be given.
    direction
        -1 where less is better.

    Returns
    -------
    Numbers
        Values; NaN throughout where all values are the same or there is but one.

    References
    ----------
    Nardo, M. et al. (2008), as :func:`min_max`.

    Examples
    --------
    >>> z_score([1, 3, 5]).tolist()
    [-1.0, 0.0, 1.0]
    >>> z_score([1, 3, 5], 10, 2, direction=-1).tolist()
    [12.0, 10.0, 8.0]
    """
    x = direction * np.asarray(values, dtype=np.float64)
    # Sorted, so that the order of units does not change the last digit.
    there = np.sort(x[~np.isnan(x)])
    if there.size < 2 or there[0] == there[-1]:
        return np.full(x.shape, np.nan)
    found: Numbers = mean + deviation * divide(x - there.mean(), there.std(ddof=1))
    return found


def rank(values: npt.ArrayLike, *, direction: int = 1) -> Numbers:
    """Rank units from the least value; ties share the smallest rank.

    Parameters
    ----------
    values
        Values of one indicator; NaN is missing and stays so.
    direction
        1: the largest value gets the largest rank, as an indicator of which more is better; -1: the
        largest value is number 1, as in a league table of scores.

    Returns
    -------
    Numbers
        Ranks from 1; NaN for what is missing.

    References
    ----------
    Nardo, M. et al. (2008), as :func:`min_max`.

    Examples
    --------
    >>> rank([5, 1, 5, float("nan")]).tolist()
    [2.0, 1.0, 2.0, nan]
    >>> rank([5, 1, 5], direction=-1).tolist()
    [1.0, 3.0, 1.0]
    """
    x = direction * np.asarray(values, dtype=np.float64)
    found = np.full(x.shape, np.nan)
    present = ~np.isnan(x)
    found[present] = stats.rankdata(x[present], method="min")
    return found


def bands(
    values: npt.ArrayLike,
    percentiles: npt.ArrayLike = PERCENTILES,
    counts_as: npt.ArrayLike = BANDS,
    *,
    direction: int = 1,
) -> Numbers:
    """Put units in bands between percentiles of the sample (a categorical scale).

    A value at a percentile belongs to the band above it.

    Parameters
    ----------
    values
        Values of one indicator; NaN is missing and stays so.
    percentiles
        Percentiles between the bands, increasing.
    counts_as
        What each band counts as, the lowest first: one more than there are percentiles.
    direction
        -1 where less is better.

    Returns
    -------
    Numbers
        What each unit's band counts as; NaN for what is missing.

    References
    ----------
    Nardo, M. et al. (2008), as :func:`min_max`; the bands that stand there as an example are the
    default.

    Examples
    --------
    >>> bands([1, 2, 3, 4, 5, float("nan")], [25, 75], [0, 1, 2]).tolist()
    [0.0, 1.0, 1.0, 2.0, 2.0, nan]
    """
    x = direction * np.asarray(values, dtype=np.float64)
    present = ~np.isnan(x)
    found = np.full(x.shape, np.nan)
    if present.any():
        between = np.percentile(x[present], np.asarray(percentiles, dtype=np.float64))
        band = np.searchsorted(between, x[present], side="right")
        found[present] = np.asarray(counts_as, dtype=np.float64)[band]
    return found


def relate_to(
    values: npt.ArrayLike, reference: float, *, centred: bool = False, direction: int = 1
) -> Numbers:
    """Read an indicator as a multiple of a reference: a target, a year or a leading unit.

    ``x / reference``, or ``(x - reference) / reference`` where it is centred.

    Parameters
    ----------
    values
        Values of one indicator; NaN is missing and stays so.
    reference
        What they are held against.
    centred
        Whether the reference itself counts as 0 rather than as 1.
    direction
        -1 where less is better. The fraction is then turned over (ours: the Handbook is silent).

    Returns
    -------
    Numbers
        Multiples; NaN where zero stands below the fraction.

    References
    ----------
    Nardo, M. et al. (2008), as :func:`min_max`.

    Examples
    --------
    >>> relate_to([5, 10, 20], 10).tolist()
    [0.5, 1.0, 2.0]
    >>> relate_to([5, 10, 20], 10, centred=True).tolist()
    [-0.5, 0.0, 1.0]
    >>> relate_to([5, 10, 20], 10, direction=-1).tolist()
    [2.0, 1.0, 0.5]
    """
    x = np.asarray(values, dtype=np.float64)
    found = divide(x, reference) if direction > 0 else divide(reference, x)
    return found - 1 if centred else found


def above_or_below_mean(
    values: npt.ArrayLike, margin: float = 0.0, *, direction: int = 1
) -> Numbers:
    """Say only whether a unit lies above, around or below the mean of the sample.

    With ``w = x / average``: 1 where ``w > 1 + margin``, -1 where ``w < 1 - margin``, else 0.

    Parameters
    ----------
    values
        Values of one indicator; NaN is missing and stays so.
    margin
        Share of the mean around it that counts as neither.
    direction
        -1 where less is better.

    Returns
    -------
    Numbers
        -1, 0 or 1; NaN for what is missing, and throughout where the mean is zero.

    References
    ----------
    Nardo, M. et al. (2008), as :func:`min_max`.

    Examples
    --------
    >>> above_or_below_mean([1, 9, 11, 19], 0.2).tolist()
    [-1.0, 0.0, 0.0, 1.0]
    """
    x = np.asarray(values, dtype=np.float64)
    there = np.sort(x[~np.isnan(x)])
    if not there.size:
        return x
    w = divide(x, there.mean())
    side = (w > 1 + margin).astype(np.float64) - (w < 1 - margin)
    return np.where(np.isnan(w), np.nan, direction * side + 0.0)  # no -0


def denominate(
    table: pd.DataFrame, denominators: pd.DataFrame, per: Mapping[str, str]
) -> pd.DataFrame:
    """Divide indicators by the size of units, so that large and small ones can be compared.

    Parameters
    ----------
    table
        Units x indicators.
    denominators
        Units x denominators (population, area ...), on an index that holds the table's.
    per
        Indicator to the denominator that it is divided by; the others are left as they are.

    Returns
    -------
    pd.DataFrame
        The table; NaN where the denominator is zero or missing.

    Raises
    ------
    KeyError
        If an indicator or a denominator that is named is not there.

    Examples
    --------
    >>> table = pd.DataFrame({"trade": [10.0, 10.0], "index": [1.0, 2.0]}, index=["a", "b"])
    >>> size = pd.DataFrame({"gdp": [100.0, 20.0]}, index=["a", "b"])
    >>> denominate(table, size, {"trade": "gdp"}).to_numpy().tolist()
    [[0.1, 1.0], [0.5, 2.0]]
    """
    beside = denominators.reindex(table.index)
    columns = {
        name: divide(table[name].to_numpy(dtype=np.float64), beside[below].to_numpy(dtype=float))
        for name, below in per.items()
    }
    return table.assign(**columns)


def normalise_table(
    table: pd.DataFrame,
    normaliser: Callable[..., Numbers],
    directions: Mapping[str, int] | None = None,
) -> pd.DataFrame:
    """Normalise every indicator of a table.

    Parameters
    ----------
    table
        Units x indicators; NaN is missing.
    normaliser
        A function of this module that takes values and a direction, e.g. :func:`min_max`, or one
        made of it by functools.partial.
    directions
        Indicator to -1 where less is better; those not named count as 1.

    Returns
    -------
    pd.DataFrame
        The table on the common scale.

    Examples
    --------
    >>> table = pd.DataFrame({"speed": [1.0, 2.0], "cost": [5.0, 9.0]})
    >>> normalise_table(table, min_max, {"cost": -1}).to_numpy().tolist()
    [[0.0, 100.0], [100.0, 0.0]]
    """
    toward = directions or {}
    columns = {
        name: normaliser(
            table[name].to_numpy(dtype=np.float64, na_value=np.nan),
            direction=int(toward.get(name, 1)),
        )
        for name in table.columns
    }
    return pd.DataFrame(columns, index=table.index, columns=table.columns)
