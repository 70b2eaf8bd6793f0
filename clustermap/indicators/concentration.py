"""How uneven industries are spread: regions against the nation, and industries over regions.

The upper part are kernels on region x industry tables, the lower part applies them to the counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from clustermap.indicators.evidence import divide
from clustermap.indicators.record import Indicator
from clustermap.indicators.specialisation import (
    UNITS,
    choose_unit,
    division_tables,
    location_quotient,
)

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

    from clustermap.indicators.evidence import Numbers
    from clustermap.network.counts import Counts


def binary_location_quotient(employment: npt.ArrayLike) -> Numbers:
    """Tell in which industries every region is specialised: 1 where LQ >= 1, else 0.

    The location quotient of a table is Balassa's index of revealed comparative advantage (RCA).

    Parameters
    ----------
    employment
        Employment, regions x industries.

    Returns
    -------
    Numbers
        0 or 1, regions x industries; NaN where the region or the industry is empty.

    References
    ----------
    Balassa, B. (1965). Trade liberalisation and "revealed" comparative advantage. The Manchester
    School 33(2), 99-123.

    Examples
    --------
    >>> binary_location_quotient([[30, 10], [30, 90]]).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    quotient = location_quotient(employment)
    return np.where(np.isnan(quotient), np.nan, (quotient >= 1).astype(np.float64))


def average_location_quotient(employment: npt.ArrayLike) -> Numbers:
    """Return the mean of every region's location quotients, weighted by its own industries.

    ``sum_i (e_ic / E_c) LQ_ic``: 1 where the region is built as the whole is, else above 1.

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
    O'Donoghue, D. and Gleave, B. (2004). A note on methods for measuring industrial agglomeration.
    Regional Studies 38(4), 419-427.

    Examples
    --------
    >>> average_location_quotient([[30, 10], [30, 90]]).tolist()
    [1.6, 1.0666666666666667]
    """
    table = np.asarray(employment, dtype=np.float64)
    everything = table.sum(axis=1)
    # An industry that is nowhere has no quotient and no weight.
    weighted = np.nan_to_num(divide(table, everything[:, None]) * location_quotient(table))
    return np.where(everything == 0, np.nan, weighted.sum(axis=1))


def hachman_index(employment: npt.ArrayLike) -> Numbers:
    """Return the Hachman index of every region: how like the whole it is built.

    ``1 / sum_i (e_ic / E_c) LQ_ic``, the inverse of :func:`average_location_quotient`.

    Parameters
    ----------
    employment
        Employment, regions x industries.

    Returns
    -------
    Numbers
        1 where the region is built as the whole is, towards 0 the more it differs; NaN where it is
        empty.

    Examples
    --------
    >>> hachman_index([[30, 10], [30, 90]]).tolist()
    [0.625, 0.9375]
    """
    return divide(1.0, average_location_quotient(employment))


def krugman_index(employment: npt.ArrayLike, *, reference: npt.ArrayLike | None = None) -> Numbers:
    """Return the Krugman specialisation index of every region.

    ``K_c = sum_i |e_ic / E_c - e_i / E|``: 0 where the region's industries have the shares of the
    reference, 2 where the two have no industry in common.

    Parameters
    ----------
    employment
        Employment, regions x industries.
    reference
        Employment of the reference by industry; by default the sums of the table, the region
        itself included.

    Returns
    -------
    Numbers
        Values between 0 and 2; NaN where the region or the reference is empty.

    References
    ----------
    Krugman, P. (1991). Geography and Trade. MIT Press.

    Examples
    --------
    >>> krugman_index([[20, 10, 70, 0, 0]], reference=[0, 0, 0, 60, 40]).tolist()
    [2.0]
    >>> krugman_index([[30, 10], [30, 90]]).tolist()
    [0.75, 0.25]
    """
    table = np.asarray(employment, dtype=np.float64)
    whole = table.sum(axis=0) if reference is None else np.asarray(reference, dtype=np.float64)
    everything = table.sum(axis=1)
    apart = np.abs(divide(table, everything[:, None]) - divide(whole, whole.sum()))
    return np.where((everything == 0) | (whole.sum() == 0), np.nan, apart.sum(axis=1))


def specialisation_coefficient(
    employment: npt.ArrayLike, *, reference: npt.ArrayLike | None = None
) -> Numbers:
    """Return the coefficient of specialisation of every region: half of the Krugman index.

    It is the share of a region's employment that would have to change industry for the region to
    be built as the reference is.

    Parameters
    ----------
    employment, reference
        As :func:`krugman_index`.

    Returns
    -------
    Numbers
        Values between 0 and 1; NaN where the region or the reference is empty.

    References
    ----------
    Hoover, E. M. and Giarratani, F. (1984). An Introduction to Regional Economics. Knopf.

    Examples
    --------
    >>> specialisation_coefficient([[30, 10], [30, 90]]).tolist()
    [0.375, 0.125]
    """
    halves: Numbers = krugman_index(employment, reference=reference) / 2
    return halves


def shannon_entropy(employment: npt.ArrayLike) -> Numbers:
    """Return the Shannon entropy of every region over its industries, in bits.

    ``sum_i p_i log2(1 / p_i)``: 0 where one industry is all there is, log2(n) where n are equal.

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
    Shannon, C. E. (1948). A mathematical theory of communication. Bell System Technical Journal
    27, 379-423.

    Examples
    --------
    >>> shannon_entropy([[1, 1, 0], [4, 2, 2], [0, 0, 5]]).tolist()
    [1.0, 1.5, 0.0]
    """
    table = np.asarray(employment, dtype=np.float64)
    everything = table.sum(axis=1)
    shares = np.nan_to_num(divide(table, everything[:, None]))
    rarer = np.ones_like(shares)
    np.divide(1, shares, out=rarer, where=shares > 0)
    return np.where(everything == 0, np.nan, (shares * np.log2(rarer)).sum(axis=1))


def locational_gini(employment: npt.ArrayLike, *, regions: npt.ArrayLike | None = None) -> Numbers:
    """Return the locational Gini coefficient of every industry over regions.

    Regions are lined up by their location quotient; the coefficient is the area between the Lorenz
    curve of the industry's employment over all employment and the diagonal.

    Parameters
    ----------
    employment
        Employment, regions x industries.
    regions
        All employment of each region; by default the sums of the table.

    Returns
    -------
    Numbers
        One value an industry, from 0 (spread as all employment is) towards 1/2 (all in the smallest
        region: Krugman's scale); NaN where the industry is empty.

    References
    ----------
    Krugman, P. (1991). Geography and Trade. MIT Press.

    Examples
    --------
    >>> locational_gini([[30, 10], [30, 90]]).round(12).tolist()
    [0.125, 0.075]
    """
    table = np.asarray(employment, dtype=np.float64)
    totals = table.sum(axis=1) if regions is None else np.asarray(regions, dtype=np.float64)
    table, totals = table[totals > 0], totals[totals > 0]
    order = np.argsort(divide(table, totals[:, None]), axis=0, kind="stable")
    run = divide(totals, totals.sum())[order]
    rise = divide(np.take_along_axis(table, order, axis=0), table.sum(axis=0))
    # Trapezoids below the curve: each starts at the height that all before it have reached.
    below = (run * (np.cumsum(rise, axis=0) - rise / 2)).sum(axis=0)
    return np.where(table.sum(axis=0) == 0, np.nan, 0.5 - below)


def quotient_gini(quotients: npt.ArrayLike) -> Numbers:
    """Return the Gini coefficient of location quotients, every industry or region alike.

    ``sum_k (2k - n - 1) R_k / (n sum_k R_k)``, quotients R in ascending order. Over the industries
    of a region it tells of specialisation, over the regions of an industry of concentration.

    Parameters
    ----------
    quotients
        Quotients, one row a coefficient; any common factor cancels.

    Returns
    -------
    Numbers
        One value a row: 0 where all are equal, (n - 1)/n where one alone is above 0; NaN where all
        are 0.

    References
    ----------
    Farhauer, O. and Kröll, A. (2013). Standorttheorien: Regional- und Stadtökonomik in Theorie und
    Praxis. Springer.

    Examples
    --------
    >>> quotient_gini([[1, 1, 1, 1], [0, 0, 0, 2]]).tolist()
    [0.0, 0.75]
    """
    ordered = np.sort(np.asarray(quotients, dtype=np.float64), axis=1)
    size = ordered.shape[1]
    place = 2 * np.arange(1, size + 1) - size - 1
    return divide((place * ordered).sum(axis=1), size * ordered.sum(axis=1))


@dataclass(frozen=True)
class Agglomeration:
    """The Ellison-Glaeser index of industries, with what it is made of.

    Parameters
    ----------
    gamma
        The index: 0 where plants stand as if each had drawn its region by chance, above where they
        keep together, below where they keep apart.
    raw
        G, the raw geographic concentration.
    herfindahl
        H, the Herfindahl index of the industry over its plants.
    z
        G less its expectation under chance, in standard deviations; NaN where fourth powers are not
        given.
    """

    gamma: Numbers
    raw: Numbers
    herfindahl: Numbers
    z: Numbers


def ellison_glaeser(
    employment: npt.ArrayLike,
    regions: npt.ArrayLike,
    herfindahl: npt.ArrayLike,
    *,
    fourth_powers: npt.ArrayLike | None = None,
) -> Agglomeration:
    """Return the Ellison-Glaeser index of every industry.

    With s the regions' shares of the industry, x their shares of all employment and H the
    Herfindahl index of plants, ``G = sum_c (s_c - x_c)²`` has the expectation
    ``(1 - sum_c x_c²) H`` where plants draw their regions by chance, and

    ``gamma = (G - (1 - sum_c x_c²) H) / ((1 - sum_c x_c²) (1 - H))``.

    Parameters
    ----------
    employment
        Employment, regions x industries.
    regions
        All employment of each region.
    herfindahl
        Sum of the squared shares of plants in the employment of each industry.
    fourth_powers
        Sum of the fourth powers of the same shares, for ``z``.

    Returns
    -------
    Agglomeration
        One value an industry in every part; NaN where the industry is empty, has a single plant, or
        where there is but one region.

    References
    ----------
    Ellison, G. and Glaeser, E. L. (1997). Geographic concentration in U.S. manufacturing
    industries: a dartboard approach. Journal of Political Economy 105(5), 889-927.

    Examples
    --------
    Four equal plants, all in one of two equal regions: G = 0.5, and 0.5 x 0.25 by chance.

    >>> found = ellison_glaeser([[4], [0]], [50, 50], [0.25])
    >>> found.raw.tolist(), found.gamma.tolist()
    ([0.5], [1.0])
    """
    table = np.asarray(employment, dtype=np.float64)
    plants = np.asarray(herfindahl, dtype=np.float64)
    totals = np.asarray(regions, dtype=np.float64)
    x = divide(totals, totals.sum())
    shares = divide(table, table.sum(axis=0))
    raw = ((shares - x[:, None]) ** 2).sum(axis=0)
    raw = np.where(table.sum(axis=0) == 0, np.nan, raw)
    room = 1 - (x**2).sum()
    chance = room * plants
    gamma = divide(raw - chance, room * (1 - plants))
    z = np.full(raw.shape, np.nan)
    if fourth_powers is not None:
        z = divide(raw - chance, _spread(x, plants, np.asarray(fourth_powers, dtype=np.float64)))
    return Agglomeration(gamma, raw, plants, z)


def _spread(x: Numbers, plants: Numbers, fourth: Numbers) -> Numbers:
    # Standard deviation of G where plants draw their regions by chance (Ellison and Glaeser 1997).
    two, three = (x**2).sum(), (x**3).sum()
    variance = plants**2 * (two - 2 * three + two**2) - fourth * (two - 4 * three + 3 * two**2)
    spread: Numbers = np.sqrt(2 * np.maximum(variance, 0))
    return spread


def division_specialisation(counts: Counts) -> pd.DataFrame:
    """Return the Krugman index of every cluster's industry divisions against the nation.

    ``K_c = sum_i |e_ic / E_c - e_i / E|`` over divisions i.
    The reference is all firms read, inside and outside clusters, the cluster itself included. Firms
    without an industry code are left out of both. Employees or firms are counted as in the location
    quotient, the reference in the same unit. A cluster of few firms cannot hold all divisions and
    lies far from the nation by that alone: compare clusters of like size.

    Parameters
    ----------
    counts
        What was counted.

    Returns
    -------
    pd.DataFrame
        Columns cluster, value (null where no firm has an industry code), basis (firms with an
        industry code, and with known employees where employees are counted), note.

    References
    ----------
    Krugman, P. (1991). Geography and Trade. MIT Press.
    """
    nation = counts.nation_by_sector[counts.nation_by_sector["sector"] != ""]
    whole = nation.set_index("sector").sort_index()
    tables = division_tables(counts)
    found = [
        krugman_index(
            tables[unit].reindex(columns=whole.index, fill_value=0), reference=whole[unit]
        )
        for unit in UNITS
    ]
    return choose_unit(counts, *found)


FAMILY = (
    Indicator(
        "krugman_index",
        division_specialisation,
        "index",
        "neither",
        "Krugman 1991",
        minimum=0,
        maximum=2,
    ),
)
