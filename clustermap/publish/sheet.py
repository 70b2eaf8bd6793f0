"""What analysts judge a score by, and what of it may leave."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pandas as pd

from clustermap.messages import Message
from clustermap.scores.quality import FEW_UNITS
from clustermap.tables import QUALITY, SENSITIVITY

if TYPE_CHECKING:
    from clustermap.tables import Table

_DIGITS = 2
_OF_WEIGHTS = ("weight", "effect", "present")


def _empty(table: Table) -> pd.DataFrame:
    return pd.DataFrame(columns=[column.name for column in table.columns])


@dataclass(frozen=True)
class Sheet:
    """How a run scored, and what is found of its score.

    Parameters
    ----------
    profile
        Name of the profile.
    null
        What links are held against in the headline; "" where nothing is known of it.
    allow_for
        Circumstances of clusters that the headline allows for.
    draws
        Draws behind the intervals.
    units
        Rated clusters that the quality rests on.
    analyses
        Analyses that the sensitivity rests on.
    findings
        What is found of the quality, in sentences.
    quality, sensitivity
        The tables QUALITY and SENSITIVITY.
    """

    profile: str = ""
    null: str = ""
    allow_for: tuple[str, ...] = ()
    draws: int = 0
    units: int = 0
    analyses: int = 0
    findings: tuple[Message, ...] = ()
    quality: pd.DataFrame = field(default_factory=lambda: _empty(QUALITY))
    sensitivity: pd.DataFrame = field(default_factory=lambda: _empty(SENSITIVITY))


def release_sheet(sheet: Sheet, weights: pd.Series[float], withheld: int) -> Sheet:
    """Return what of a sheet may leave.

    A figure that rests on few clusters, or is told to its last digit, would give away a score that
    is withheld beside the others.

    Parameters
    ----------
    sheet
        What is found.
    weights
        Weights of the parts of the rated clusters; null where the score is not made of parts.
    withheld
        Rated clusters whose scores are withheld.

    Returns
    -------
    Sheet
        Where scores are withheld, figures of the quality to two decimals, or none of them if fewer
        than twenty clusters are rated. Without weights that the score does not have.
    """
    if withheld and sheet.units < FEW_UNITS:
        told = (Message("sheet.words.withheld"),)
        return replace(sheet, findings=told, quality=_empty(QUALITY))
    quality, findings = sheet.quality, sheet.findings
    if len(weights) and weights.isna().all():
        quality = quality[~quality["statistic"].isin(_OF_WEIGHTS)].reset_index(drop=True)
        findings = tuple(one for one in findings if not one.key.startswith("quality.weight."))
    if withheld:
        quality = quality.assign(value=quality["value"].astype(float).round(_DIGITS))
    return replace(sheet, quality=quality, findings=findings)
