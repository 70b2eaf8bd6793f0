"""Capability: what a cluster can bring to bear, beside how it is linked and never part of that."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from clustermap.scores.aggregate import arithmetic_mean
from clustermap.scores.goalposts import Goalpost, normalise

if TYPE_CHECKING:
    import numpy.typing as npt

    from clustermap.indicators.evidence import Numbers

EMPLOYMENT = Goalpost(10, 100_000, "log")
"""Ends of the employees of a cluster: ours, one complex of a few workshops and the largest."""

SPECIALISATION = Goalpost(0.5, 32, "log")
"""Ends of the best specialisation: ours; four times the nation's share lies in the middle."""

STEADYING_FIRMS = 3.0
"""Firms of an industry at which its quotient is believed half way, on a logarithm; ours."""

MISSING = ("productivity", "rnd", "exports", "growth")
"""What belongs to capability and is not counted yet: sales per employee, research and development,
exports, and any change over years."""


def steady_quotient(quotient: npt.ArrayLike, firms: npt.ArrayLike) -> Numbers:
    """Draw location quotients towards 1 where they rest on few firms.

    ``LQ ** (n / (n + 3))``: the logarithm is believed by half where three firms stand behind it. A
    single firm of a rare industry then does not make a small cluster the most specialised of all.

    Parameters
    ----------
    quotient
        Location quotients.
    firms
        Firms of the industry in the cluster.

    Returns
    -------
    Numbers
        Quotients; 0 where the industry is absent, NaN stays NaN.

    Examples
    --------
    >>> steady_quotient([16.0, 16.0, 0.0], [1, 3, 0]).tolist()
    [2.0, 4.0, 0.0]
    """
    lq, behind = np.asarray(quotient, dtype=np.float64), np.asarray(firms, dtype=np.float64)
    steadied: Numbers = np.where(lq == 0, 0.0, lq ** (behind / (behind + STEADYING_FIRMS)))
    return steadied


def capability(indicators: pd.DataFrame) -> pd.DataFrame:
    """Return the capability of every cluster between fixed goalposts, from 1 to 100.

    It is the mean of two parts, each read on a logarithm: employment (10 employees are 1, 100,000
    are 100) and the best specialisation among the strategic industries (half of the nation's share
    is 1, 32 times is 100), steadied by :func:`steady_quotient`. Productivity, research and
    development, exports and growth belong to it and are not counted yet. Goalposts, steadying and
    the choice of parts are ours. It grows with size and is meant to: it never enters the score of
    linkages.

    Parameters
    ----------
    indicators
        The table INDICATORS.

    Returns
    -------
    pd.DataFrame
        Columns cluster (in the order of the table), value (null where neither part is known), basis
        (firms whose employees are known, or firms with an industry code where there are more),
        parts (number of parts known), employment and specialisation (the parts, 1-100), industry
        (where the best specialisation lies; "" where there is none).
    """
    clusters = pd.Index(indicators["cluster"].unique())
    employees = _of_cluster(indicators, "employees").reindex(clusters)
    best = _best_specialisation(indicators).reindex(clusters)
    parts = np.stack(
        [normalise(employees["value"], EMPLOYMENT), normalise(best["value"], SPECIALISATION)]
    )
    return pd.DataFrame(
        {
            "cluster": clusters,
            "value": arithmetic_mean(parts, [1.0, 1.0]),
            "basis": np.fmax(employees["basis"].to_numpy(), best["basis"].to_numpy()),
            "parts": (~np.isnan(parts)).sum(axis=0),
            "employment": parts[0],
            "specialisation": parts[1],
            "industry": best["industry"].fillna("").to_numpy(dtype=object),
        }
    )


def _of_cluster(indicators: pd.DataFrame, key: str) -> pd.DataFrame:
    return indicators[indicators["indicator"] == key].set_index("cluster")[["value", "basis"]]


def _best_specialisation(indicators: pd.DataFrame) -> pd.DataFrame:
    """Return by cluster the best steadied quotient, its industry and what it rests on."""
    key = ["cluster", "industry"]
    wide = {
        name: indicators[indicators["indicator"] == name].set_index(key)
        for name in ("location_quotient", "industry_firms")
    }
    rows = wide["location_quotient"][["value", "basis"]].copy()
    firms = wide["industry_firms"]["value"].reindex(rows.index)
    rows["value"] = steady_quotient(rows["value"], firms)
    rows = rows.dropna(subset="value").reset_index()
    # Of equal ones the first by name, whatever the order of the table.
    ordered = rows.sort_values(["value", "industry"], ascending=[False, True], kind="stable")
    best = ordered.groupby("cluster").head(1).set_index("cluster")
    return best.assign(industry=best["industry"].where(best["value"] > 0, ""))
