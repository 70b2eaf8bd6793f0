"""Travelling: from roads to travel times of its clusters and firms."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from clustermap.messages import Message
from clustermap.selection.reach import RoadReach
from clustermap.selection.travel import (
    Travel,
    find_sites_by_kind,
    tabulate_firms,
    tabulate_travel,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from clustermap.network.actor_links import Membership
    from clustermap.stages.ledger import Progress
    from clustermap.stages.reading import Layers


@dataclass(frozen=True)
class Travelled:
    """What was measured of travel by road.

    Parameters
    ----------
    tables
        Name to table: travel, travel_firms, next_sites_by_kind; empty where no roads were read.
    sharing
        Clusters that hold a firm together with another.
    """

    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    sharing: frozenset[str] = frozenset()


def build_travel(layers: Layers, members: Membership) -> Travel | None:
    """Return who drives, and on what.

    Parameters
    ----------
    layers
        Clean layers.
    members
        Which clusters hold which actors.

    Returns
    -------
    Travel or None
        None where the project has no roads.
    """
    if layers.roads is None:
        return None
    inside = layers.clusters.geometry.representative_point()
    ids = pd.Index([str(key) for key in layers.clusters.index], name="cluster")
    return Travel(
        layers.register,
        members,
        np.array(layers.register.ids.to_pylist(), dtype=object),
        pd.DataFrame({"x": inside.x.to_numpy(), "y": inside.y.to_numpy()}, index=ids),
        RoadReach(layers.roads, layers.clusters.crs),
    )


def measure_travel(travel: Travel, progress: Progress) -> Travelled:
    """Measure how far institutes are by road, and where the next of each kind would help.

    Parameters
    ----------
    travel
        Who drives.
    progress
        Hears how far it is.

    Returns
    -------
    Travelled
        Its tables.
    """
    tables: dict[str, pd.DataFrame] = {}
    makers = (tabulate_travel, tabulate_firms, find_sites_by_kind)
    names = ("travel", "travel_firms", "next_sites_by_kind")
    for done, (name, make) in enumerate(zip(names, makers, strict=True)):
        progress(Message("step.travel"), done, len(names))
        tables[name] = make(travel)
    progress(Message("step.travel"), len(names), len(names))
    row, cluster = travel.members.holders(travel.firms)
    shared = np.bincount(row, minlength=len(travel.firms))[row] > 1
    sharing = travel.clusters.index[np.unique(cluster[shared])]
    return Travelled(tables, frozenset(sharing))
