"""What is withheld from a release: what everything told beside it is checked against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from clustermap.publish.suppression import SUPPRESSED
from clustermap.selection.fields import FEW_FIRMS

if TYPE_CHECKING:
    import pandas as pd

    from clustermap.publish.suppression import Rules


@dataclass(frozen=True)
class Withheld:
    """What a release does not tell, and all that it is told by.

    Parameters
    ----------
    hidden
        What may not be told of each cluster, of
        :func:`clustermap.publish.suppression.hide_clusters`.
    kinds
        Kinds of linkage that are hidden, by cluster and kind.
    indicators
        The table INDICATORS, whole.
    flows
        Flows over all years: source, target, kind, links.
    actors
        Every actor: index its id, columns name and kind (actor type).
    rules
        When a number is too small.
    """

    hidden: pd.DataFrame
    kinds: pd.Series[bool]
    indicators: pd.DataFrame
    flows: pd.DataFrame
    actors: pd.DataFrame
    rules: Rules


def find_unsaid_industries(told: pd.DataFrame, withheld: Withheld) -> pd.DataFrame:
    """Return the industries that clusters may be specialised in, and that are not told.

    Parameters
    ----------
    told
        The table INDICATORS as it is released.
    withheld
        The whole of it.

    Returns
    -------
    pd.DataFrame
        Columns cluster, industry: so many firms that they may be a field of the cluster.
    """
    rows = told[told["indicator"] == "location_quotient"]
    unsaid = rows.loc[rows["note"] == SUPPRESSED, ["cluster", "industry"]]
    firms = withheld.indicators[withheld.indicators["indicator"] == "industry_firms"]
    firms = firms.loc[firms["value"] >= FEW_FIRMS, ["cluster", "industry"]]
    return unsaid.merge(firms, on=["cluster", "industry"])
