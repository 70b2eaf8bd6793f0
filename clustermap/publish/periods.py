"""Flows by periods of years, as far as no period tells of few links."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from clustermap.publish.coded import FlowCodes, find_codes, sum_codes
from clustermap.publish.secondary import find_few

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

    from clustermap.publish.suppression import Rules

    Whole = npt.NDArray[np.int64]

PERIOD_FLOWS = ("source", "target", "kind", "period", "links")
"""Columns of flows by period."""

_FLOW = ["source", "target", "kind"]
_MOST = 5
_FLOWS_AT_ONCE = 1_000_000
"""Flows that are looked at together: what is worked out in between takes little room."""

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
    known = np.sort(years.drop_duplicates().dropna().to_numpy(dtype=np.int64))
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


def _code_periods(
    flows: pd.DataFrame, names: FlowCodes, wanted: Whole, periods: tuple[tuple[int, int], ...]
) -> tuple[Whole, Whole]:
    """Return one number for flow and period of each row of a flow that is wanted, and its links."""
    codes, links = ([np.zeros(0, dtype=np.int64)] for _ in range(2))
    for start in range(0, len(flows), _FLOWS_AT_ONCE):
        some = flows.iloc[start : start + _FLOWS_AT_ONCE]
        found = find_codes(names.code(some), wanted)
        kept = np.flatnonzero(found >= 0)
        period = find_periods(some["year"].iloc[kept], periods) - _UNDATED
        codes.append(found[kept] * (len(periods) - _UNDATED) + period)
        links.append(some["links"].to_numpy(dtype=np.int64)[kept])
    return np.concatenate(codes), np.concatenate(links)


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
    names = FlowCodes.of(released)
    wanted = np.sort(names.code(released))
    steps = len(periods) - _UNDATED
    codes, links = _code_periods(flows, names, wanted, periods)
    codes, sums = sum_codes(codes, links=links)
    flow, period = np.divmod(codes, steps)
    few = find_few(sums["links"], rules.min_firms)
    told = ~np.isin(flow, flow[few]) & (period + _UNDATED != _UNDATED)
    parts = names.name(wanted[flow[told]], _FLOW).astype(released.dtypes[_FLOW].to_dict())
    return periods, parts.assign(period=period[told] + _UNDATED, links=sums["links"][told])
