"""Measuring: what is believed of every cluster before anything is weighed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from clustermap.indicators import compute_indicators
from clustermap.messages import Message
from clustermap.scores.parts import Linkages, Parts, measure_parts
from clustermap.stages.preparing import Prepared, prepare_findings
from clustermap.stages.profiles import read_profiles

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from clustermap.network.standardise import Standardised
    from clustermap.stages.counting import Network
    from clustermap.stages.ledger import Progress
    from clustermap.stages.reading import Layers


@dataclass(frozen=True)
class Measured:
    """What is believed of every cluster before anything is weighed.

    Parameters
    ----------
    indicators
        The table INDICATORS.
    parts
        Name of each profile that ships to the parts of the score, as it weighs kinds; None where
        the data hold no kind that it scores. What parts weigh changes nothing here.
    advice
        What of advice does not depend on weights.
    """

    indicators: pd.DataFrame
    parts: Mapping[str, Parts | None]
    advice: Prepared


def measure_clusters(
    layers: Layers,
    network: Network,
    standardised: Standardised,
    progress: Progress,
    *,
    advice: bool = True,
) -> Measured:
    """Measure every cluster, as every profile that ships weighs kinds of links.

    Parameters
    ----------
    layers
        Clean layers.
    network
        What was counted; its edges are open.
    standardised
        Observed and expected links.
    progress
        Hears how far it is.
    advice
        Whether to look behind scores.

    Returns
    -------
    Measured
        Whatever profile the project names, and whatever parts weigh.

    Raises
    ------
    TableFault
        If a profile is faulty.
    """
    progress(Message("step.measure"), 0, 1)
    indicators = compute_indicators(network.counts)
    profiles = [profile for profile, _ in read_profiles()]
    linkages = Linkages(network.observed, standardised, network.edges, layers.register)
    measured = measure_parts(linkages, profiles)
    parts = {profile.name: own for profile, own in zip(profiles, measured, strict=True)}
    prepared = Prepared()
    if advice:
        prepared = prepare_findings(layers, network, standardised, indicators, progress)
    progress(Message("step.measure"), 1, 1)
    return Measured(indicators, parts, prepared)
