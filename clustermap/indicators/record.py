"""What is known of an indicator beside its function: label, unit, direction, paper."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from clustermap.network.counts import Counts

Better = Literal["higher", "lower", "neither"]


@dataclass(frozen=True)
class Indicator:
    """One indicator: its function and its record.

    The record feeds scores, the CLI list, the map's legend, the docs page and the tests that hold
    for every indicator. Labels stand in the catalogue under ``indicator.<key>.label``, one-sentence
    explanations under ``indicator.<key>.meaning``, both in Korean and English.

    Parameters
    ----------
    key
        Name in tables and in the catalogue.
    function
        From the counts to columns value, basis on (cluster) or (cluster, kind) or
        (cluster, industry); ``by`` says which.
    unit
        Unit of the value.
    better
        Which direction is better, where that can be said at all.
    minimum, maximum
        Range of the value (None: open).
    source
        The paper or handbook that the formula comes from.
    by
        "" for one value a cluster, else the second key.
    """

    key: str
    function: Callable[[Counts], pd.DataFrame]
    unit: str
    better: Better
    source: str
    by: Literal["", "kind", "industry"] = ""
    minimum: float | None = None
    maximum: float | None = None
