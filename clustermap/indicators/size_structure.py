"""Whether a cluster is made of many small firms or hangs on a large one.

The upper part are kernels on the sizes of firms, the lower part applies them to the counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from clustermap.indicators.evidence import divide
from clustermap.indicators.record import Indicator
from clustermap.indicators.specialisation import KNOWN_SHARE
from clustermap.network.tallies import SIZE_CLASSES

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from clustermap.indicators.evidence import Numbers
    from clustermap.network.counts import Counts

RARELY_KNOWN = "note.employees_rarely_known"

_SUMS = ["firms", "employees", "employed", "employees_squared", "small", "small_employees"]


def size_class_shares(
    sizes: npt.ArrayLike, bounds: Sequence[int] = SIZE_CLASSES
) -> tuple[Numbers, Numbers]:
    """Return the shares of size classes in firms and in employees.

    Parameters
    ----------
    sizes
        Employees of each firm.
    bounds
        Lower bounds of the classes, ascending; by default micro, small, medium and large firms.

    Returns
    -------
    tuple of Numbers
        Shares of each class in the number of firms, and in their employees; NaN where there is
        none.

    References
    ----------
    Commission Recommendation 2003/361/EC of 6 May 2003 concerning the definition of micro, small
    and medium-sized enterprises (of its criteria, the head count alone is used).

    Examples
    --------
    >>> firms, employees = size_class_shares([5, 5, 40, 150])
    >>> firms.tolist(), employees.tolist()
    ([0.5, 0.25, 0.25, 0.0], [0.05, 0.2, 0.75, 0.0])
    """
    persons = np.asarray(sizes, dtype=np.int64)
    place = np.searchsorted(np.asarray(bounds), persons, side="right") - 1
    of_class = place[:, None] == np.arange(len(bounds))
    employees = (of_class * persons[:, None]).sum(axis=0)
    return divide(of_class.sum(axis=0), persons.size), divide(employees, persons.sum())


def largest_share(sizes: npt.ArrayLike) -> float:
    """Return the share of the largest firm in the employees of all.

    Parameters
    ----------
    sizes
        Employees of each firm.

    Returns
    -------
    float
        A share; NaN where there is nobody.

    Examples
    --------
    >>> largest_share([10, 30, 60])
    0.6
    """
    persons = np.asarray(sizes, dtype=np.int64)
    return divide(persons.max(initial=0), persons.sum()).item()


def employer_herfindahl(sizes: npt.ArrayLike) -> float:
    """Return the Herfindahl index of firms over their shares in the employees of all.

    Parameters
    ----------
    sizes
        Employees of each firm.

    Returns
    -------
    float
        1 where one firm employs all, 1/n where n are equally large; NaN where there is nobody.

    References
    ----------
    Herfindahl, O. C. (1959). Copper Costs and Prices: 1870-1957. Johns Hopkins Press.

    Examples
    --------
    >>> employer_herfindahl([20, 50, 20, 10])
    0.34
    """
    persons = np.asarray(sizes, dtype=np.int64)
    whole = float(persons.sum())
    return divide((persons * persons).sum(), whole * whole).item()


def largest_employer(counts: Counts) -> pd.DataFrame:
    """Return the share of the largest firm in the employees of every cluster.

    Parameters
    ----------
    counts
        What was counted.

    Returns
    -------
    pd.DataFrame
        Columns cluster, value (null where employees are known for fewer than half of the firms, so
        that the largest known may not be the largest), basis (firms whose employees are known),
        note.
    """
    found = _firms(counts)
    return _tabulate(found, divide(found["largest"], found["employees"]))


def employer_concentration(counts: Counts) -> pd.DataFrame:
    """Return the Herfindahl index of every cluster over the employees of its firms.

    Parameters
    ----------
    counts
        What was counted.

    Returns
    -------
    pd.DataFrame
        As :func:`largest_employer`.

    References
    ----------
    Herfindahl, O. C. (1959). Copper Costs and Prices: 1870-1957. Johns Hopkins Press.
    """
    found = _firms(counts)
    whole = found["employees"].to_numpy(dtype=float)
    return _tabulate(found, divide(found["employees_squared"], whole * whole))


def small_firms(counts: Counts) -> pd.DataFrame:
    """Return the share of firms with fewer than 50 employees, of those whose size is known.

    Parameters
    ----------
    counts
        What was counted.

    Returns
    -------
    pd.DataFrame
        As :func:`largest_employer`.

    References
    ----------
    Commission Recommendation 2003/361/EC of 6 May 2003 concerning the definition of micro, small
    and medium-sized enterprises (of its criteria, the head count alone is used).
    """
    found = _firms(counts)
    return _tabulate(found, divide(found["small"], found["employed"]))


def small_firm_employees(counts: Counts) -> pd.DataFrame:
    """Return the share of employees who work in firms with fewer than 50 employees.

    Parameters
    ----------
    counts
        What was counted.

    Returns
    -------
    pd.DataFrame
        As :func:`largest_employer`.

    References
    ----------
    Commission Recommendation 2003/361/EC of 6 May 2003 concerning the definition of micro, small
    and medium-sized enterprises (of its criteria, the head count alone is used).
    """
    found = _firms(counts)
    return _tabulate(found, divide(found["small_employees"], found["employees"]))


def _firms(counts: Counts) -> pd.DataFrame:
    found = counts.by_sector.groupby("cluster").agg(
        {**dict.fromkeys(_SUMS, "sum"), "largest": "max"}
    )
    return found.reindex(counts.clusters, fill_value=0).astype("int64")


def _tabulate(found: pd.DataFrame, value: Numbers) -> pd.DataFrame:
    firms, known = found["firms"].to_numpy(), found["employed"].to_numpy()
    rarely = known < KNOWN_SHARE * firms
    return pd.DataFrame(
        {
            "cluster": found.index,
            "value": np.where(rarely, np.nan, value),
            "basis": known.astype(np.float64),
            "note": np.where(rarely, RARELY_KNOWN, "").astype(object),
        }
    )


FAMILY = (
    Indicator(
        "largest_employer_share",
        largest_employer,
        "share",
        "neither",
        "clustermap",
        minimum=0,
        maximum=1,
    ),
    Indicator(
        "employer_herfindahl",
        employer_concentration,
        "index",
        "neither",
        "Herfindahl 1959",
        minimum=0,
        maximum=1,
    ),
    Indicator(
        "small_firm_share",
        small_firms,
        "share",
        "neither",
        "2003/361/EC",
        minimum=0,
        maximum=1,
    ),
    Indicator(
        "small_firm_employment",
        small_firm_employees,
        "share",
        "neither",
        "2003/361/EC",
        minimum=0,
        maximum=1,
    ),
)
