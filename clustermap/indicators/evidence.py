"""How much the records can bear: effective numbers of links, and intervals of shares."""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    import numpy.typing as npt

    from clustermap.network.counts import Counts

    Numbers = npt.NDArray[np.float64]

LEVEL = 0.90
"""Level of every interval that clustermap gives."""


def divide(numerator: npt.ArrayLike, denominator: npt.ArrayLike) -> Numbers:
    """Divide, with null where the denominator is zero.

    Parameters
    ----------
    numerator, denominator
        Numbers that broadcast against each other.

    Returns
    -------
    Numbers
        The quotient; NaN, never infinite, where the denominator is zero.
    """
    above, below = np.broadcast_arrays(
        np.asarray(numerator, dtype=np.float64), np.asarray(denominator, dtype=np.float64)
    )
    quotient = np.full(above.shape, np.nan)
    np.divide(above, below, out=quotient, where=below != 0)
    return quotient


def wilson_interval(share: npt.ArrayLike, trials: npt.ArrayLike) -> tuple[Numbers, Numbers]:
    """Return the Wilson score interval of a share at the level of 90 %.

    With z the normal quantile, the ends are
    ``(p + z²/2n ± z sqrt(p(1-p)/n + z²/4n²)) / (1 + z²/n)``.

    Parameters
    ----------
    share
        Shares between 0 and 1; NaN gives NaN.
    trials
        Number of independent trials behind each share; it need not be whole.

    Returns
    -------
    tuple of Numbers
        Lower and upper ends; NaN where there are no trials.

    References
    ----------
    Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference.
    Journal of the American Statistical Association 22(158), 209-212.

    Examples
    --------
    >>> low, high = wilson_interval(0.5, 10)
    >>> round(float(low), 4), round(float(high), 4)
    (0.2693, 0.7307)
    """
    z = NormalDist().inv_cdf((1 + LEVEL) / 2)
    p = np.asarray(share, dtype=np.float64)
    n = np.asarray(trials, dtype=np.float64)
    spread = divide(z * z, n)
    centre = (p + spread / 2) / (1 + spread)
    half = np.sqrt(divide(z * z * p * (1 - p), n) + spread * spread / 4) / (1 + spread)
    # Rounding may leave the end of a share of 0 or 1 beyond it by 1e-17.
    return np.clip(centre - half, 0, 1), np.clip(centre + half, 0, 1)


def link_records(counts: Counts) -> pd.DataFrame:
    """Return the links of every cluster and kind with their effective number, in a fixed order.

    Pairs of one project are not independent: where fewer units (projects, documents) than links
    stand behind a number, the units are what it rests on.

    Parameters
    ----------
    counts
        What was counted.

    Returns
    -------
    pd.DataFrame
        ``counts.links`` in cluster order, then by kind, with ``total`` (internal and external
        links) and ``effective`` (the smaller of links and units).
    """
    position = counts.clusters.get_indexer(pd.Index(counts.links["cluster"]))
    order = np.lexsort((counts.links["kind"].to_numpy(dtype=str), position))
    records = counts.links.iloc[order].reset_index(drop=True)
    total = records["internal"] + records["external"]
    return records.assign(total=total, effective=np.minimum(total, records["units"]).astype(float))


def sum_kinds(records: pd.DataFrame, clusters: pd.Index[str]) -> pd.DataFrame:
    """Sum links over kinds, and count what they rest on without counting a project twice.

    One project may hold links of several kinds, and how many do is not counted. So kinds with fewer
    units than links add no more than the largest of them has; kinds of independent links add up.

    Parameters
    ----------
    records
        As :func:`link_records` returns them, or some of its kinds.
    clusters
        All clusters.

    Returns
    -------
    pd.DataFrame
        Columns internal, external, abroad, total (int64) and effective (float) on the index of all
        clusters.
    """
    columns = ["internal", "external", "abroad", "total"]
    sums = pd.DataFrame(0, index=clusters, columns=columns)
    independent = pd.Series(0.0, index=clusters)
    of_projects = pd.Series(0.0, index=clusters)
    # Kind after kind: a grouped sum of floats depends on where a group stands in the table.
    for _, rows in records.groupby("kind", sort=True):
        found = rows.set_index("cluster")[[*columns, "effective"]].reindex(clusters, fill_value=0)
        sums += found[columns]
        tied = found["effective"] < found["total"]
        independent += found["effective"].where(~tied, 0.0)
        of_projects = of_projects.clip(lower=found["effective"].where(tied, 0.0))
    return sums.assign(effective=independent + of_projects)


def actors_of(counts: Counts) -> pd.Series[int]:
    """Return the number of actors of all types in each cluster.

    Parameters
    ----------
    counts
        What was counted.

    Returns
    -------
    pd.Series
        Actors on the index of all clusters, 0 where there is none.
    """
    found = counts.actors.groupby("cluster")["actors"].sum()
    return found.reindex(counts.clusters, fill_value=0).astype("int64")
