"""How many links a cluster has, of each kind, and where they lead: inside, outside, abroad."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from clustermap.indicators.evidence import divide, link_records, wilson_interval
from clustermap.indicators.record import Indicator

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

    from clustermap.indicators.evidence import Numbers
    from clustermap.network.counts import Counts


def external_internal_index(internal: npt.ArrayLike, external: npt.ArrayLike) -> Numbers:
    """Return the E-I index: external minus internal links over all links.

    Parameters
    ----------
    internal, external
        Links with both ends, and with one end, in the group.

    Returns
    -------
    Numbers
        -1 where all links are internal, 1 where all are external; NaN where there is none.

    References
    ----------
    Krackhardt, D. and Stern, R. N. (1988). Informal networks and organizational crises: an
    experimental simulation. Social Psychology Quarterly 51(2), 123-140.

    Examples
    --------
    >>> external_internal_index([3, 0], [1, 0]).tolist()
    [-0.5, nan]
    """
    inside = np.asarray(internal, dtype=np.float64)
    outside = np.asarray(external, dtype=np.float64)
    return divide(outside - inside, outside + inside)


def internal_links(counts: Counts) -> pd.DataFrame:
    """Count the links of each kind with both ends in the cluster.

    Parameters
    ----------
    counts
        What was counted.

    Returns
    -------
    pd.DataFrame
        Columns cluster, kind, value (links), basis (effective links of that kind, internal and
        external).
    """
    return _counted(counts, "internal")


def external_links(counts: Counts) -> pd.DataFrame:
    """Count the links of each kind with one end in the cluster, partners abroad included.

    Parameters
    ----------
    counts
        What was counted.

    Returns
    -------
    pd.DataFrame
        As :func:`internal_links`.
    """
    return _counted(counts, "external")


def abroad_links(counts: Counts) -> pd.DataFrame:
    """Count the links of each kind to partners abroad.

    Where no link abroad was read at all there are no rows: the records do not reach so far.

    Parameters
    ----------
    counts
        What was counted.

    Returns
    -------
    pd.DataFrame
        As :func:`internal_links`.
    """
    found = _counted(counts, "abroad")
    return found if found["value"].any() else found.iloc[:0]


def local_share(counts: Counts) -> pd.DataFrame:
    """Return the share of links of each kind that stay inside: internal / (internal + external).

    Parameters
    ----------
    counts
        What was counted.

    Returns
    -------
    pd.DataFrame
        Columns cluster, kind, value (null without links), low, high (Wilson interval on effective
        links), basis (effective links).
    """
    records = link_records(counts)
    share = divide(records["internal"], records["total"])
    low, high = wilson_interval(share, records["effective"])
    return _by_kind(records, share).assign(low=low, high=high)


def ei_index(counts: Counts) -> pd.DataFrame:
    """Return the E-I index of each kind of linkage.

    Parameters
    ----------
    counts
        What was counted.

    Returns
    -------
    pd.DataFrame
        Columns cluster, kind, value (null without links), basis (effective links).

    References
    ----------
    As :func:`external_internal_index`.
    """
    records = link_records(counts)
    return _by_kind(records, external_internal_index(records["internal"], records["external"]))


def _counted(counts: Counts, column: str) -> pd.DataFrame:
    records = link_records(counts)
    return _by_kind(records, records[column].to_numpy(dtype=float))


def _by_kind(records: pd.DataFrame, value: Numbers) -> pd.DataFrame:
    return records[["cluster", "kind"]].assign(value=value, basis=records["effective"])


FAMILY = (
    Indicator("internal_links", internal_links, "links", "higher", "clustermap", "kind", 0),
    Indicator("external_links", external_links, "links", "higher", "clustermap", "kind", 0),
    Indicator("abroad_links", abroad_links, "links", "higher", "clustermap", "kind", 0),
    Indicator("local_share", local_share, "share", "neither", "clustermap", "kind", 0, 1),
    Indicator("ei_index", ei_index, "ratio", "neither", "Krackhardt and Stern 1988", "kind", -1, 1),
)
