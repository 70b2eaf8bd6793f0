"""Composites of several levels: indicators into pillars, pillars into sub-indices, up to an index.

For general tables; the score of clusters has its own two levels in its profile.
"""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from clustermap.errors import TableFault
from clustermap.scores.aggregate import arithmetic_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd

    from clustermap.indicators.evidence import Numbers


def aggregate_levels(
    table: pd.DataFrame,
    parents: Mapping[str, str],
    weights: Mapping[str, float] | None = None,
    mean: Callable[..., Numbers] = arithmetic_mean,
) -> pd.DataFrame:
    """Aggregate normalised indicators level by level.

    Parameters
    ----------
    table
        Units x indicators, normalised; NaN is missing.
    parents
        Indicator or aggregate to the aggregate that it belongs to; what is nobody's child is the
        top. Indicators of the table that are not named are carried along and count for nothing.
    weights
        Indicator or aggregate to its weight within its parent; equal where not given.
    mean
        :func:`clustermap.scores.aggregate.arithmetic_mean`,
        :func:`clustermap.scores.aggregate.geometric_mean` (of positive values), or
        :func:`clustermap.scores.outranking.copeland`: a function of values (indicators first) and
        weights.

    Returns
    -------
    pd.DataFrame
        The table with a column for every aggregate, each level after the one below it.

    Raises
    ------
    TableFault
        If an aggregate is part of itself, a member has no column, an aggregate has the name of an
        indicator, or a weight is negative or missing.

    References
    ----------
    Nardo, M., Saisana, M., Saltelli, A., Tarantola, S., Hoffmann, A. and Giovannini, E. (2008).
    Handbook on Constructing Composite Indicators: Methodology and User Guide. OECD and JRC.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"road": [10.0], "rail": [20.0], "law": [40.0]})
    >>> parents = {"road": "links", "rail": "links", "links": "index", "law": "index"}
    >>> aggregate_levels(table, parents).to_dict("records")
    [{'road': 10.0, 'rail': 20.0, 'law': 40.0, 'links': 15.0, 'index': 27.5}]
    """
    children: dict[str, list[str]] = {}
    for child, parent in parents.items():
        children.setdefault(parent, []).append(child)
    found = table.copy()
    for name in _bottom_up(children):
        if name not in children:
            if name not in found:
                raise TableFault("hierarchy_member", table="hierarchy", column=name)
            continue
        if name in table:
            raise TableFault("hierarchy_twice", table="hierarchy", column=name)
        members = sorted(children[name])
        shares = [_weight_of(member, weights) for member in members]
        found[name] = mean(found[members].to_numpy(dtype=float).T, shares)
    return found


def _bottom_up(children: Mapping[str, list[str]]) -> list[str]:
    try:
        return list(TopologicalSorter(children).static_order())
    except CycleError as cycle:
        raise TableFault("hierarchy_cycle", table="hierarchy", column=cycle.args[1][0]) from cycle


def _weight_of(member: str, weights: Mapping[str, float] | None) -> float:
    if weights is None:
        return 1.0
    weight = weights.get(member)
    if weight is None or not weight >= 0:
        raise TableFault("hierarchy_weight", table="hierarchy", column=member, value=weight)
    return float(weight)
