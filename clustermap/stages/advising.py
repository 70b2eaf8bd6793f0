"""Advising: from what was counted and scored to what may be done about each cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from clustermap.messages import Message
from clustermap.selection.advise import Advised, finish_advice
from clustermap.stages.preparing import read_groups

if TYPE_CHECKING:
    from clustermap.stages.counting import Network
    from clustermap.stages.ledger import Progress
    from clustermap.stages.measuring import Measured
    from clustermap.stages.reading import Layers
    from clustermap.stages.scoring import Assessment


def advise_findings(
    layers: Layers, network: Network, measured: Measured, assessed: Assessment, progress: Progress
) -> Advised:
    """Return what may be done about each cluster.

    Parameters
    ----------
    layers
        Clean layers.
    network
        What was counted.
    measured
        What was measured, whatever it weighs.
    assessed
        Scores and what stands behind them.
    progress
        Hears how far it is.

    Returns
    -------
    Advised
        Without tables where the data hold no links of the kinds that are scored, but for those of
        travel where roads were read.
    """
    prepared = measured.advice
    driven = prepared.travelled
    if prepared.ground is None:
        return Advised(travel=driven.tables, sharing=driven.sharing)
    progress(Message("step.advise"), 0, 1)
    tables = {
        **assessed.tables,
        "subscores": assessed.scored.subscores,
        "indicators": measured.indicators,
    }
    ids = pd.Index([str(key) for key in layers.clusters.index], name="cluster")
    by_sector = network.counts.by_sector
    found = finish_advice(prepared.ground, ids, tables, by_sector, read_groups())
    progress(Message("step.advise"), 1, 1)
    return Advised(found, prepared.grants, prepared.firms, driven.tables, driven.sharing)
