"""What a cluster is specialised in: location quotients of industries, and how concentrated it is.

The upper half are kernels on region x industry tables, the lower half applies them to the counts.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from clustermap.indicators.evidence import divide
from clustermap.indicators.record import Indicator
from clustermap.indicators.size import firms_of

if TYPE_CHECKING:
    import numpy.typing as npt

    from clustermap.indicators.evidence import Numbers
    from clustermap.network.counts import Counts

KNOWN_SHARE = 0.5
"""Share of a cluster's firms whose employees must be known for it to be counted in employees."""

IN_FIRMS = "note.counted_in_firms"
UNITS = ("employees", "firms")
"""What industries are counted in."""


def location_quotient(
    employment: npt.ArrayLike,
    *,
    regions: npt.ArrayLike | None = None,
    industries: npt.ArrayLike | None = None,
    total: float | None = None,
) -> Numbers:
    """Return the location quotient of every region and industry.

    ``LQ = (e_ic / E_c) / (E_i / E)``: the share of industry i in region c over its share in all.

    Parameters
    ----------
    employment
        Employment, regions x industries.
    regions, industries, total
        Totals E_c, E_i and E; by default the sums of the table, so that its regions are all there
        is. Give them where industries overlap or where there is more outside the regions.

    Returns
    -------
    Numbers
        Quotients, regions x industries: 1 where the industry is as present as everywhere; NaN where
        the region or the industry is empty.

    References
    ----------
    Farhauer, O. and Kröll, A. (2013). Standorttheorien: Regional- und Stadtökonomik in Theorie und
    Praxis. Springer.

    Examples
    --------
    >>> location_quotient([[30, 10], [30, 90]]).tolist()
    [[2.0, 0.4], [0.6666666666666666, 1.2]]
    """
    table = np.asarray(employment, dtype=np.float64)
    by_region = table.sum(axis=1) if regions is None else np.asarray(regions, dtype=np.float64)
    by_industry = table.sum(axis=0) if industries is None else np.asarray(industries, dtype=float)
    everything = float(table.sum()) if total is None else total
    return divide(divide(table, by_region[:, None]), divide(by_industry, everything))


def symmetric_location_quotient(quotient: npt.ArrayLike) -> Numbers:
    """Return location quotients on a scale that is symmetric around its neutral value.

    ``(LQ - 1) / (LQ + 1)``: -1 where the industry is absent, 0 where it is as present as
    everywhere, towards 1 where it is found nowhere else.

    Parameters
    ----------
    quotient
        Location quotients.

    Returns
    -------
    Numbers
        Values in [-1, 1); NaN stays NaN.

    References
    ----------
    Laursen, K. (2015). Revealed comparative advantage and the alternatives as measures of
    international specialization. Eurasian Business Review 5(1), 99-115.

    Examples
    --------
    >>> symmetric_location_quotient([0.0, 1.0, 3.0]).tolist()
    [-1.0, 0.0, 0.5]
    """
    lq = np.asarray(quotient, dtype=np.float64)
    return divide(lq - 1, lq + 1)


def herfindahl(employment: npt.ArrayLike) -> Numbers:
    """Return the Herfindahl index of every region over its industries.

    ``H_c = sum_i (e_ic / E_c)²``: 1 where one industry is all there is, 1/n where n are equal.

    Parameters
    ----------
    employment
        Employment, regions x industries.

    Returns
    -------
    Numbers
        One value a region; NaN where it is empty.

    References
    ----------
    Herfindahl, O. C. (1959). Copper Costs and Prices: 1870-1957. Johns Hopkins Press.

    Examples
    --------
    >>> herfindahl([[1, 1], [4, 0]]).tolist()
    [0.5, 1.0]
    """
    table = np.asarray(employment, dtype=np.float64)
    everything = table.sum(axis=1)
    shares = divide(table, everything[:, None])
    # A table without industries has an empty sum, which is no index of 0.
    return np.where(everything == 0, np.nan, (shares * shares).sum(axis=1))


def industry_quotients(counts: Counts) -> pd.DataFrame:
    """Return the location quotient of every cluster and strategic industry.

    The denominator is all firms read, inside and outside clusters. Firms without an industry code
    are left out of all shares. Employees are counted where they are known for at least half of a
    cluster's firms, else firms; numerator and denominator always count the same.

    Parameters
    ----------
    counts
        What was counted.

    Returns
    -------
    pd.DataFrame
        Columns cluster, industry, value (null where no firm has an industry code), basis (firms of
        the cluster with an industry code, and with known employees where employees are counted),
        note.

    References
    ----------
    As :func:`location_quotient`.
    """
    nation = counts.nation_by_industry.set_index("industry").sort_index()
    regions = coded_firms(counts)
    read = counts.nation_by_sector[counts.nation_by_sector["sector"] != ""]
    present = counts.by_industry.set_index(["cluster", "industry"])
    whole = pd.MultiIndex.from_product([counts.clusters, nation.index])
    quotients: dict[str, Numbers] = {}
    for unit in UNITS:
        table = present[unit].reindex(whole, fill_value=0).to_numpy(dtype=float)
        quotients[unit] = location_quotient(
            table.reshape(len(counts.clusters), len(nation)),
            regions=regions[unit],
            industries=nation[unit],
            total=float(read[unit].sum()),
        )
    in_persons = _counted_in_employees(counts)
    value = np.where(in_persons[:, None], quotients["employees"], quotients["firms"])
    return pd.DataFrame(
        {
            "cluster": np.repeat(counts.clusters.to_numpy(), len(nation)),
            "industry": np.tile(nation.index.to_numpy(), len(counts.clusters)),
            "value": value.ravel(),
            "basis": np.repeat(_basis(in_persons, regions), len(nation)),
            "note": np.repeat(_note(in_persons, regions["firms"]), len(nation)),
        }
    )


def industry_firms(counts: Counts) -> pd.DataFrame:
    """Count the firms of every cluster in every strategic industry.

    A firm counts fully in each industry that it belongs to.

    Parameters
    ----------
    counts
        What was counted.

    Returns
    -------
    pd.DataFrame
        Columns cluster, industry, value (firms; null where no firm has an industry code), basis
        (the cluster's firms with an industry code).
    """
    nation = np.sort(counts.nation_by_industry["industry"].to_numpy(dtype=str))
    whole = pd.MultiIndex.from_product(
        [counts.clusters, nation.astype(object)], names=["cluster", "industry"]
    )
    present = counts.by_industry.set_index(["cluster", "industry"])["firms"]
    coded = np.repeat(coded_firms(counts)["firms"].to_numpy(dtype=float), len(nation))
    found = present.reindex(whole, fill_value=0).to_numpy(dtype=float)
    value = np.where(coded > 0, found, np.nan)
    return whole.to_frame(index=False).assign(value=value, basis=coded)


def symmetric_industry_quotients(counts: Counts) -> pd.DataFrame:
    """Return the symmetric location quotient of every cluster and strategic industry.

    Parameters
    ----------
    counts
        What was counted.

    Returns
    -------
    pd.DataFrame
        As :func:`industry_quotients`.

    References
    ----------
    As :func:`symmetric_location_quotient`.
    """
    quotients = industry_quotients(counts)
    return quotients.assign(value=symmetric_location_quotient(quotients["value"]))


def sector_concentration(counts: Counts) -> pd.DataFrame:
    """Return the Herfindahl index of every cluster over industry divisions.

    Firms without an industry code are left out. Employees or firms are counted as in
    :func:`industry_quotients`.

    Parameters
    ----------
    counts
        What was counted.

    Returns
    -------
    pd.DataFrame
        Columns cluster, value, basis (firms with an industry code, and with known employees where
        employees are counted), note.

    References
    ----------
    As :func:`herfindahl`.
    """
    tables = division_tables(counts)
    return choose_unit(counts, *(herfindahl(tables[unit]) for unit in UNITS))


def division_tables(counts: Counts) -> dict[str, pd.DataFrame]:
    """Return employees and firms of every cluster by industry division.

    Parameters
    ----------
    counts
        What was counted.

    Returns
    -------
    dict
        Unit of ``UNITS`` to a table of clusters (all, in order) x divisions (sorted); firms without
        an industry code are left out.
    """
    coded = counts.by_sector[counts.by_sector["sector"] != ""]
    return {
        unit: coded.pivot_table(
            index="cluster", columns="sector", values=unit, aggfunc="sum", fill_value=0
        ).reindex(counts.clusters, fill_value=0)
        for unit in UNITS
    }


def choose_unit(counts: Counts, in_employees: Numbers, in_firms: Numbers) -> pd.DataFrame:
    """Choose for every cluster between a value counted in employees and one counted in firms.

    Parameters
    ----------
    counts
        What was counted.
    in_employees, in_firms
        One value a cluster, counted in either unit.

    Returns
    -------
    pd.DataFrame
        Columns cluster, value, basis (firms with an industry code, and with known employees where
        employees are counted), note: in employees where they are known for at least half of a
        cluster's firms, else in firms.
    """
    in_persons = _counted_in_employees(counts)
    regions = coded_firms(counts)
    return pd.DataFrame(
        {
            "cluster": counts.clusters,
            "value": np.where(in_persons, in_employees, in_firms),
            "basis": _basis(in_persons, regions),
            "note": _note(in_persons, regions["firms"]),
        }
    )


def coded_firms(counts: Counts) -> pd.DataFrame:
    """Return firms with an industry code, their employees, and those with known employees.

    Parameters
    ----------
    counts
        What was counted.

    Returns
    -------
    pd.DataFrame
        As :func:`clustermap.indicators.size.firms_of`.
    """
    coded = counts.by_sector[counts.by_sector["sector"] != ""]
    return firms_of(replace(counts, by_sector=coded))


def _counted_in_employees(counts: Counts) -> npt.NDArray[np.bool_]:
    found = coded_firms(counts)
    known = found["employed"].to_numpy() >= KNOWN_SHARE * found["firms"].to_numpy()
    return np.asarray(known & (found["employees"].to_numpy() > 0), dtype=np.bool_)


def _basis(in_persons: npt.NDArray[np.bool_], coded: pd.DataFrame) -> Numbers:
    return np.where(in_persons, coded["employed"], coded["firms"]).astype(np.float64)


def _note(in_persons: npt.NDArray[np.bool_], firms: pd.Series[int]) -> npt.NDArray[np.object_]:
    in_firms = ~in_persons & (firms.to_numpy() > 0)
    return np.where(in_firms, IN_FIRMS, "").astype(object)


FAMILY = (
    Indicator(
        "industry_firms",
        industry_firms,
        "firms",
        "neither",
        "clustermap",
        by="industry",
        minimum=0,
    ),
    Indicator(
        "location_quotient",
        industry_quotients,
        "ratio",
        "neither",
        "Farhauer and Kröll 2013",
        by="industry",
        minimum=0,
    ),
    Indicator(
        "symmetric_location_quotient",
        symmetric_industry_quotients,
        "ratio",
        "neither",
        "Laursen 2015",
        by="industry",
        minimum=-1,
        maximum=1,
    ),
    Indicator(
        "herfindahl",
        sector_concentration,
        "share",
        "neither",
        "Herfindahl 1959",
        minimum=0,
        maximum=1,
    ),
)
