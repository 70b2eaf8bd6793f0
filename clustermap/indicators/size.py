"""How large a cluster is: actors, firms and persons employed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from clustermap.indicators.evidence import actors_of
from clustermap.indicators.record import Indicator

if TYPE_CHECKING:
    from clustermap.network.counts import Counts


def actors(counts: Counts) -> pd.DataFrame:
    """Count the actors of all types.

    Parameters
    ----------
    counts
        What was counted.

    Returns
    -------
    pd.DataFrame
        Columns cluster, value (actors), basis (the same number).
    """
    found = actors_of(counts).to_numpy(dtype=float)
    return pd.DataFrame({"cluster": counts.clusters, "value": found, "basis": found})


def firms(counts: Counts) -> pd.DataFrame:
    """Count the firms.

    Parameters
    ----------
    counts
        What was counted.

    Returns
    -------
    pd.DataFrame
        Columns cluster, value (firms), basis (the same number).
    """
    found = firms_of(counts)["firms"].to_numpy(dtype=float)
    return pd.DataFrame({"cluster": counts.clusters, "value": found, "basis": found})


def employees(counts: Counts) -> pd.DataFrame:
    """Sum the persons employed in the firms whose employees are known.

    Parameters
    ----------
    counts
        What was counted.

    Returns
    -------
    pd.DataFrame
        Columns cluster, value (persons; null where no firm's employees are known), basis (firms
        whose employees are known).
    """
    found = firms_of(counts)
    known = found["employed"].to_numpy(dtype=float)
    persons = np.where(known > 0, found["employees"].to_numpy(dtype=float), np.nan)
    return pd.DataFrame({"cluster": counts.clusters, "value": persons, "basis": known})


def firms_of(counts: Counts) -> pd.DataFrame:
    """Return firms, employees and firms with known employees of each cluster.

    Parameters
    ----------
    counts
        What was counted.

    Returns
    -------
    pd.DataFrame
        Columns firms, employees, employed (int64) on the index of all clusters; every firm counts
        once, whatever the number of its industries.
    """
    columns = ["firms", "employees", "employed"]
    found = counts.by_sector.groupby("cluster")[columns].sum()
    return found.reindex(counts.clusters, fill_value=0).astype("int64")


FAMILY = (
    Indicator("actors", actors, "actors", "neither", "clustermap", minimum=0),
    Indicator("firms", firms, "firms", "neither", "clustermap", minimum=0),
    Indicator("employees", employees, "persons", "neither", "clustermap", minimum=0),
)
