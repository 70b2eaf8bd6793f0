"""Flows by periods of years, as far as no period tells of few links."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from clustermap.publish.secondary import find_few

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

    from clustermap.publish.suppression import Rules

PERIOD_FLOWS = ("source", "target", "kind", "period", "links")
"""Columns of flows by period."""

_FLOW = ["source", "target", "kind"]
_MOST = 5
_UNDATED = -1


def cut_years(years: pd.Series[int], most: int = _MOST) -> tuple[tuple[int, int], ...]:
    """Cut the years that there are into consecutive periods of equal numbers of years.

    Where they do not divide, the last periods have one year less.

    Parameters
    ----------
    years
        Years, in any order and often; null where none is known.
    most
        Most periods wanted.

    Returns
    -------
    tuple
        First and last year of every period; none without years.

    Examples
    --------
    >>> import pandas as pd
    >>> cut_years(pd.Series([2018, 2012, 2015, 2016, 2017, 2012]), most=2)
    ((2012, 2016), (2017, 2018))
    """
    known = np.unique(years.dropna().to_numpy(dtype=np.int64))
    if not len(known):
        return ()
    long = -(-len(known) // most)
    parts = np.array_split(known, -(-len(known) // long))
    return tuple((int(part[0]), int(part[-1])) for part in parts)


def find_periods(
    years: pd.Series[int], periods: tuple[tuple[int, int], ...]
) -> npt.NDArray[np.int64]:
    """Return the period that each year lies in.

    Parameters
    ----------
    years
        Years; null where none is known.
    periods
        From :func:`cut_years` of the same years.

    Returns
    -------
    np.ndarray
        int64; place of the period, -1 where no year is known.
    """
    known = years.notna().to_numpy()
    ends = np.array([last for _, last in periods], dtype=np.int64)
    places = np.full(len(years), _UNDATED, dtype=np.int64)
    places[known] = np.searchsorted(ends, years[known].to_numpy(dtype=np.int64))
    return places


def release_periods(
    flows: pd.DataFrame, released: pd.DataFrame, rules: Rules
) -> tuple[tuple[tuple[int, int], ...], pd.DataFrame]:
    """Return the released flows by period.

    A flow is told by period or it is not: were one period left out of it, the rest would give it
    away.

    Parameters
    ----------
    flows
        The table FLOWS.
    released
        Flows over all years that leave: source, target, kind, links.
    rules
        When a number is too small.

    Returns
    -------
    tuple
        First and last year of every period; and columns source, target, kind, period (place in the
        list), links (int64, above 0). Flows with few links in any period, or with few undated ones,
        are not in it; what a flow in it has more over all years has no date.
    """
    periods = cut_years(flows["year"])
    wanted = released[_FLOW].astype(flows.dtypes[_FLOW].to_dict())
    kept = flows[[*_FLOW, "year", "links"]].merge(wanted, on=_FLOW)
    kept["period"] = find_periods(kept["year"], periods)
    sums = kept.groupby([*_FLOW, "period"], sort=True, observed=True)["links"].sum()
    parts = sums.reset_index().astype(released.dtypes[_FLOW].to_dict())
    parts["few"] = find_few(parts["links"].to_numpy(dtype=np.int64), rules.min_firms)
    whole = ~parts.groupby(_FLOW)["few"].transform("any").to_numpy(dtype=bool)
    dated = (parts["period"] != _UNDATED).to_numpy()
    return periods, parts.loc[whole & dated, list(PERIOD_FLOWS)].reset_index(drop=True)
