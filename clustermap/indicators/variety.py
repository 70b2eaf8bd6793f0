"""Related and unrelated variety: many industries of one kind, or industries of many kinds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from clustermap.indicators.concentration import shannon_entropy
from clustermap.indicators.evidence import divide
from clustermap.indicators.record import Indicator
from clustermap.indicators.specialisation import UNITS, choose_unit, division_tables

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt
    import pandas as pd

    from clustermap.indicators.evidence import Numbers
    from clustermap.network.counts import Counts

SECTIONS = {
    "A": (1, 3),  # agriculture, forestry and fishing
    "B": (5, 8),  # mining
    "C": (10, 34),  # manufacturing
    "D": (35, 35),  # electricity, gas, steam
    "E": (36, 39),  # water, waste
    "F": (41, 42),  # construction
    "G": (45, 47),  # trade
    "H": (49, 52),  # transport
    "I": (55, 56),  # accommodation and food
    "J": (58, 63),  # information and communication
    "K": (64, 66),  # finance
    "L": (68, 68),  # real estate
    "M": (70, 73),  # professional, scientific and technical services
    "N": (74, 76),  # business facilities, business support, rental
    "O": (84, 84),  # public administration
    "P": (85, 85),  # education
    "Q": (86, 87),  # health and social work
    "R": (90, 91),  # arts, sports, recreation
    "S": (94, 96),  # membership organisations, repair, personal services
    "T": (97, 98),  # households
    "U": (99, 99),  # international bodies
}
"""First and last division of each section of the Korean Standard Industrial Classification,
revision 10 (Statistics Korea, 2017)."""


def unrelated_variety(employment: npt.ArrayLike, groups: Sequence[str]) -> Numbers:
    """Return the unrelated variety of every region: the entropy between groups of industries.

    ``sum_g P_g log2(1 / P_g)``, P_g being the share of group g.

    Parameters
    ----------
    employment
        Employment, regions x industries.
    groups
        Group of each industry.

    Returns
    -------
    Numbers
        Bits, one value a region: 0 where one group is all there is; NaN where it is empty.

    References
    ----------
    Frenken, K., Van Oort, F. and Verburg, T. (2007). Related variety, unrelated variety and
    regional economic growth. Regional Studies 41(5), 685-697.

    Examples
    --------
    >>> unrelated_variety([[1, 1, 2, 0], [1, 1, 1, 1]], ["C", "C", "J", "J"]).tolist()
    [1.0, 1.0]
    """
    return shannon_entropy(_sum_groups(np.asarray(employment, dtype=np.float64), groups))


def related_variety(employment: npt.ArrayLike, groups: Sequence[str]) -> Numbers:
    """Return the related variety of every region: the weighted entropy within groups.

    ``sum_g P_g H_g`` with ``H_g = sum_(i in g) (p_i / P_g) log2(P_g / p_i)``. Related and unrelated
    variety add up to the entropy over industries.

    Parameters
    ----------
    employment
        Employment, regions x industries.
    groups
        Group of each industry.

    Returns
    -------
    Numbers
        Bits, one value a region: 0 where no group has more than one industry; NaN where it is
        empty.

    References
    ----------
    As :func:`unrelated_variety`.

    Examples
    --------
    >>> related_variety([[1, 1, 2, 0], [1, 1, 1, 1]], ["C", "C", "J", "J"]).tolist()
    [0.5, 1.0]
    """
    table = np.asarray(employment, dtype=np.float64)
    sums = _sum_groups(table, groups)
    _, place = np.unique(np.asarray(groups, dtype=str), return_inverse=True)
    everything = table.sum(axis=1)
    # H_g weighted by P_g, industry by industry: p_i log2(P_g / p_i).
    rarer = np.ones_like(table)
    np.divide(sums[:, place], table, out=rarer, where=table > 0)
    found = divide((table * np.log2(rarer)).sum(axis=1), everything)
    return np.where(everything == 0, np.nan, found)


def section_of(division: str) -> str:
    """Return the section of an industry division.

    Parameters
    ----------
    division
        Two digits, e.g. "26".

    Returns
    -------
    str
        Letter of the section; "" where the classification has no such division.

    Examples
    --------
    >>> section_of("26"), section_of("62"), section_of("77")
    ('C', 'J', '')
    """
    if not (division.isascii() and division.isdecimal()):
        return ""
    number = int(division)
    for section, (first, last) in SECTIONS.items():
        if first <= number <= last:
            return section
    return ""


def variety_between_sections(counts: Counts) -> pd.DataFrame:
    """Return the unrelated variety of every cluster: the entropy between sections of industry.

    ``sum_g P_g log2(1 / P_g)``, P_g being the share of section g.
    Sections and divisions are those of KSIC revision 10; Frenken, Van Oort and Verburg use
    divisions where this uses sections, and five digits where this uses divisions, so values are
    lower than theirs. Divisions that the classification does not know are left out, as are firms
    without an industry code. Few firms cannot be of many sections: compare clusters of like size.

    Parameters
    ----------
    counts
        What was counted.

    Returns
    -------
    pd.DataFrame
        Columns cluster, value (bits; null where no firm has a code of a known division), basis
        (firms with an industry code, and with known employees where employees are counted), note.

    References
    ----------
    Frenken, K., Van Oort, F. and Verburg, T. (2007). Related variety, unrelated variety and
    regional economic growth. Regional Studies 41(5), 685-697.
    """
    return _vary(counts, unrelated_variety)


def variety_within_sections(counts: Counts) -> pd.DataFrame:
    """Return the related variety of every cluster: the entropy of divisions within sections.

    ``sum_g P_g H_g``, P_g being the share of section g and H_g the entropy of its divisions.
    What is counted is as in the unrelated variety.

    Parameters
    ----------
    counts
        What was counted.

    Returns
    -------
    pd.DataFrame
        As :func:`variety_between_sections`.

    References
    ----------
    Frenken, K., Van Oort, F. and Verburg, T. (2007). Related variety, unrelated variety and
    regional economic growth. Regional Studies 41(5), 685-697.
    """
    return _vary(counts, related_variety)


def _sum_groups(table: Numbers, groups: Sequence[str]) -> Numbers:
    names, place = np.unique(np.asarray(groups, dtype=str), return_inverse=True)
    sums = np.zeros((table.shape[0], len(names)))
    np.add.at(sums.T, place, table.T)
    return sums


def _vary(
    counts: Counts, variety: Callable[[npt.ArrayLike, Sequence[str]], Numbers]
) -> pd.DataFrame:
    tables = division_tables(counts)
    known = [division for division in tables["firms"] if section_of(str(division))]
    sections = [section_of(str(division)) for division in known]
    found = [variety(tables[unit][known].to_numpy(dtype=float), sections) for unit in UNITS]
    return choose_unit(counts, *found)


_SOURCE = "Frenken, Van Oort and Verburg 2007"
FAMILY = (
    Indicator("unrelated_variety", variety_between_sections, "bits", "neither", _SOURCE, minimum=0),
    Indicator("related_variety", variety_within_sections, "bits", "neither", _SOURCE, minimum=0),
)
