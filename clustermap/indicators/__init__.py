"""Indicators: one family a module, each a function from counts to a column, with its record."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from clustermap.indicators import (
    centrality,
    concentration,
    linkage,
    participation,
    size,
    size_structure,
    specialisation,
    variety,
)
from clustermap.indicators.record import Indicator
from clustermap.messages import Message
from clustermap.tables import INDICATORS as TABLE

if TYPE_CHECKING:
    from clustermap.network.counts import Counts

__all__ = ["INDICATORS", "Indicator", "compute_indicators", "find_indicator", "list_indicators"]

INDICATORS: tuple[Indicator, ...] = (
    *size.FAMILY,
    *size_structure.FAMILY,
    *specialisation.FAMILY,
    *concentration.FAMILY,
    *variety.FAMILY,
    *linkage.FAMILY,
    *participation.FAMILY,
    *centrality.FAMILY,
)
"""Every indicator, in the order in which tables and pages show them."""


def compute_indicators(counts: Counts) -> pd.DataFrame:
    """Compute every indicator of every cluster.

    Parameters
    ----------
    counts
        What was counted.

    Returns
    -------
    pd.DataFrame
        The table INDICATORS, in cluster order, then in the order of ``INDICATORS``, then by kind
        and industry. A kind that the data do not hold at all has no rows.
    """
    long = pd.concat([_long(indicator, counts) for indicator in INDICATORS], ignore_index=True)
    place = {indicator.key: at for at, indicator in enumerate(INDICATORS)}
    order = np.lexsort(
        (
            long["industry"].to_numpy(dtype=str),
            long["kind"].to_numpy(dtype=str),
            long["indicator"].map(place).to_numpy(),
            counts.clusters.get_indexer(pd.Index(long["cluster"])),
        )
    )
    return long.iloc[order].reset_index(drop=True)


def find_indicator(key: str) -> Indicator:
    """Return an indicator by its key.

    Parameters
    ----------
    key
        Key of the indicator.

    Returns
    -------
    Indicator
        Its record.

    Raises
    ------
    KeyError
        If there is no such indicator.
    """
    for indicator in INDICATORS:
        if indicator.key == key:
            return indicator
    raise KeyError(key)


def list_indicators() -> tuple[dict[str, object], ...]:
    """List every indicator with its words, direction, range and source.

    Returns
    -------
    tuple of dict
        One row an indicator: key, label, meaning and unit (messages), by, better, minimum,
        maximum, source.
    """
    return tuple(
        {
            "key": indicator.key,
            **{
                word: Message(f"indicator.{indicator.key}.{word}")
                for word in ("label", "meaning", "unit")
            },
            "by": indicator.by,
            "better": indicator.better,
            "minimum": indicator.minimum,
            "maximum": indicator.maximum,
            "source": indicator.source,
        }
        for indicator in INDICATORS
    )


def _long(indicator: Indicator, counts: Counts) -> pd.DataFrame:
    found = indicator.function(counts).assign(indicator=indicator.key)
    texts = ("cluster", "indicator", "kind", "industry", "note")
    return pd.DataFrame(
        {
            column.name: found.get(column.name, pd.Series("", found.index)).astype(str)
            if column.name in texts
            else found.get(column.name, pd.Series(np.nan, found.index)).astype(float)
            for column in TABLE.columns
        }
    )
