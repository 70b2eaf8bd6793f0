"""What is known of a strategic industry as a whole: its size, and whether its firms keep together.

These are values of industries, not of clusters: they fill the table INDUSTRIES.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from clustermap.indicators import concentration
from clustermap.indicators.evidence import divide
from clustermap.indicators.record import Indicator
from clustermap.indicators.specialisation import coded_firms
from clustermap.tables import INDUSTRIES as TABLE

if TYPE_CHECKING:
    from clustermap.indicators.concentration import Agglomeration
    from clustermap.network.counts import Counts


def firms(counts: Counts) -> pd.DataFrame:
    """Count the firms of every strategic industry, inside and outside clusters.

    Parameters
    ----------
    counts
        What was counted.

    Returns
    -------
    pd.DataFrame
        Columns industry (sorted), value (firms).
    """
    return _tabulate(counts, _nation(counts)["firms"].to_numpy(dtype=float))


def employees(counts: Counts) -> pd.DataFrame:
    """Sum the employees of every strategic industry, inside and outside clusters.

    Parameters
    ----------
    counts
        What was counted.

    Returns
    -------
    pd.DataFrame
        Columns industry (sorted), value (persons; null where no firm's employees are known).
    """
    nation = _nation(counts)
    known = nation["employed"].to_numpy() > 0
    return _tabulate(counts, np.where(known, nation["employees"].to_numpy(dtype=float), np.nan))


def ellison_glaeser(counts: Counts) -> pd.DataFrame:
    """Return the Ellison-Glaeser index of every strategic industry over the clusters.

    ``gamma = (G - (1 - sum_c x_c²) H) / ((1 - sum_c x_c²) (1 - H))`` with
    ``G = sum_c (s_c - x_c)²``: s are the clusters' shares of the industry's employees, x their
    shares of all employees, H is the Herfindahl index of the industry over its firms.
    The regions are the clusters, their size all employees of firms with an industry code; firms
    outside clusters are left out, since what lies outside is not divided into regions. So it tells
    whether an industry keeps to some clusters more than the sizes of its firms explain, not whether
    it keeps to clusters. Where clusters overlap, a firm counts in each that holds it.

    Parameters
    ----------
    counts
        What was counted.

    Returns
    -------
    pd.DataFrame
        Columns industry (sorted), value (null where no employees of the industry are known in
        clusters, where one firm has them all, or where there is one cluster).

    References
    ----------
    Ellison, G. and Glaeser, E. L. (1997). Geographic concentration in U.S. manufacturing
    industries: a dartboard approach. Journal of Political Economy 105(5), 889-927.
    """
    return _tabulate(counts, _over_clusters(counts).gamma)


def raw_concentration(counts: Counts) -> pd.DataFrame:
    """Return G, the raw geographic concentration of every strategic industry over the clusters.

    Parameters
    ----------
    counts
        What was counted.

    Returns
    -------
    pd.DataFrame
        As :func:`ellison_glaeser`.

    References
    ----------
    As :func:`ellison_glaeser`.
    """
    return _tabulate(counts, _over_clusters(counts).raw)


def plant_herfindahl(counts: Counts) -> pd.DataFrame:
    """Return H, the Herfindahl index of every strategic industry over its firms in clusters.

    Parameters
    ----------
    counts
        What was counted.

    Returns
    -------
    pd.DataFrame
        As :func:`ellison_glaeser`.

    References
    ----------
    As :func:`ellison_glaeser`.
    """
    return _tabulate(counts, _over_clusters(counts).herfindahl)


def compute_industries(counts: Counts) -> pd.DataFrame:
    """Compute every indicator of every strategic industry.

    Parameters
    ----------
    counts
        What was counted.

    Returns
    -------
    pd.DataFrame
        The table INDUSTRIES, sorted by industry, then by indicator. No interval is given.
    """
    parts = [record.function(counts).assign(indicator=record.key) for record in FAMILY]
    long = pd.concat(parts, ignore_index=True).assign(low=np.nan, high=np.nan)
    ordered = long.sort_values(list(TABLE.key), ignore_index=True)
    return ordered[[column.name for column in TABLE.columns]]


def _nation(counts: Counts) -> pd.DataFrame:
    return counts.nation_by_industry.set_index("industry").sort_index()


def _tabulate(counts: Counts, value: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({"industry": _nation(counts).index.to_numpy(), "value": value})


def _over_clusters(counts: Counts) -> Agglomeration:
    # Clusters in the order of their names: sums of squares then do not depend on the layer's order.
    regions = coded_firms(counts)["employees"].sort_index()
    industries = _nation(counts).index
    present = counts.by_industry.pivot_table(
        index="cluster", columns="industry", values="employees", aggfunc="sum", fill_value=0
    ).reindex(index=regions.index, columns=industries, fill_value=0)
    squares = counts.by_industry.groupby("industry")["employees_squared"].sum()
    whole = present.sum().to_numpy(dtype=float)
    plants = divide(squares.reindex(industries, fill_value=0).to_numpy(), whole * whole)
    return concentration.ellison_glaeser(present, regions, plants)


FAMILY = (
    Indicator("firms", firms, "firms", "neither", "clustermap", minimum=0),
    Indicator("employees", employees, "persons", "neither", "clustermap", minimum=0),
    Indicator("ellison_glaeser", ellison_glaeser, "index", "neither", "Ellison and Glaeser 1997"),
    Indicator(
        "raw_concentration",
        raw_concentration,
        "index",
        "neither",
        "Ellison and Glaeser 1997",
        minimum=0,
    ),
    Indicator(
        "plant_herfindahl",
        plant_herfindahl,
        "index",
        "neither",
        "Ellison and Glaeser 1997",
        minimum=0,
        maximum=1,
    ),
)
"""Every indicator of an industry: each a function to columns industry and value, its words under
``industry.<key>`` in the catalogue."""
