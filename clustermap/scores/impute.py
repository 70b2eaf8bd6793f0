"""What is missing: units with too little data, and means put in place of single gaps.

For general tables of indicators. The score of clusters imputes nothing: a part that is missing is
left out and the weights of the others are renormalised.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from clustermap.indicators.evidence import Numbers

MIN_DATA = 0.9
"""Share of the indicators that a unit must have to be kept."""


def impute_mean(table: pd.DataFrame, groups: pd.Series | None = None) -> pd.DataFrame:
    """Put the mean of the units of the same group in place of what is missing.

    Parameters
    ----------
    table
        Units x indicators; NaN is missing.
    groups
        Group of every unit, on the index of the table; a unit without a group is left as it is.
        Without groups the mean is that of all units.

    Returns
    -------
    pd.DataFrame
        The table without gaps, but for indicators that nobody in the group has. Values that are
        there are not touched.

    References
    ----------
    Nardo, M., Saisana, M., Saltelli, A., Tarantola, S., Hoffmann, A. and Giovannini, E. (2008).
    Handbook on Constructing Composite Indicators: Methodology and User Guide. OECD and JRC.
    Single imputation by unconditional means, here within groups. It makes units look more alike
    than they are, and takes no account of what is uncertain.

    Examples
    --------
    >>> table = pd.DataFrame({"speed": [1.0, 3.0, None, 10.0]}, index=["a", "b", "c", "d"])
    >>> impute_mean(table, pd.Series(["x", "x", "x", "y"], index=table.index))["speed"].tolist()
    [1.0, 3.0, 2.0, 10.0]
    """
    values = table.astype(np.float64)
    found = values.to_numpy(copy=True)
    for members in _members(table, groups):
        filled = found[members]
        gaps = np.isnan(filled)
        filled[gaps] = np.broadcast_to(_means(filled), filled.shape)[gaps]
        found[members] = filled
    return pd.DataFrame(found, index=table.index, columns=table.columns)


def screen_units(table: pd.DataFrame, min_data: float = MIN_DATA) -> pd.DataFrame:
    """Leave out units that have too few of the indicators.

    Parameters
    ----------
    table
        Units x indicators; NaN is missing.
    min_data
        Share of the indicators that a unit must have.

    Returns
    -------
    pd.DataFrame
        The rows of the table that have at least that share.

    References
    ----------
    Nardo, M. et al. (2008), as :func:`impute_mean`.

    Examples
    --------
    >>> table = pd.DataFrame({"x": [1.0, 2.0], "y": [1.0, None]}, index=["a", "b"])
    >>> list(screen_units(table).index), list(screen_units(table, 0.5).index)
    (['a'], ['a', 'b'])
    """
    if not len(table.columns):
        return table.copy()
    return table[table.notna().mean(axis=1) >= min_data]


def _members(table: pd.DataFrame, groups: pd.Series | None) -> list[np.ndarray]:
    if groups is None:
        return [np.arange(len(table))]
    aligned = groups.reindex(table.index)
    return [np.flatnonzero(aligned == group) for group in aligned.dropna().unique()]


def _means(values: Numbers) -> Numbers:
    # Summed in order of size, so that the order of units does not change the last digit.
    ordered = np.sort(values, axis=0)
    present = (~np.isnan(ordered)).sum(axis=0)
    means = np.full(values.shape[1], np.nan)
    np.divide(np.nansum(ordered, axis=0), present, out=means, where=present > 0)
    return means
