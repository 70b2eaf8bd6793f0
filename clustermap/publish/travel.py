"""Travel as it may leave: times of places, and of firms only where they are many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from clustermap.messages import Message
from clustermap.publish.secondary import find_few

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from clustermap.publish.suppression import Rules
    from clustermap.selection.advise import Advised

_COUNTS = ("firms", "near_firms", "left_out")
_OF_FIRMS = (*_COUNTS, "median_minutes", "near_share")


@dataclass(frozen=True)
class Travelled:
    """How far institutes are by road.

    Parameters
    ----------
    clusters
        The table TRAVEL; numbers that rest on few firms, or would leave few, are null.
    sites
        The table NEXT_SITES_BY_KIND without numbers of few firms.
    """

    clusters: pd.DataFrame
    sites: pd.DataFrame

    def tell(self, cluster: str) -> tuple[Message, ...]:
        """Say what is known of one cluster.

        Parameters
        ----------
        cluster
            Its identifier.

        Returns
        -------
        tuple of Message
            How far the nearest institute of each kind is, and of which kinds one more would reach
            more firms here than anywhere else.
        """
        near = self.clusters[self.clusters["cluster"] == cluster].to_dict("records")
        here = self.sites[(self.sites["cluster"] == cluster) & self.sites["added"].notna()]
        told = [_tell_near(row) for row in near]
        for site in here.to_dict("records"):
            values = {"kind": Message(f"type.{site['kind']}"), "added": f"{site['added']:,}"}
            told.append(Message("travel.site", values))
        return (*told, Message("travel.free_flow")) if told else ()


def _tell_near(row: Mapping[Hashable, Any]) -> Message:
    kind = {"kind": Message(f"type.{row['kind']}")}
    if pd.isna(row["minutes"]):
        return Message("travel.none", kind)
    values = {**kind, "minutes": f"{row['minutes']:.0f}"}
    if pd.isna(row["near_share"]):
        return Message("travel.near", values)
    return Message("travel.near_firms", {**values, "share": f"{100 * row['near_share']:.0f}"})


def release_travel(advised: Advised, rules: Rules, *, internal: bool) -> Travelled | None:
    """Return what may be told of travel by road.

    Parameters
    ----------
    advised
        All that was measured.
    rules
        When a number is too small.
    internal
        Whether the release stays in the house: nothing is then withheld.

    Returns
    -------
    Travelled or None
        None where no roads were read. Times from a point inside a cluster are told: they follow
        from the map alone. What follows from its firms is told where they are many, those near and
        those not near are each none or many, and the cluster shares no firm with another, whose
        numbers would else give away what lies between.
    """
    if not advised.travel:
        return None
    clusters, sites = advised.travel["travel"], advised.travel["next_sites_by_kind"]
    if internal:
        return Travelled(clusters, sites)
    return Travelled(
        _release_clusters(clusters, advised.sharing, rules), _release_sites(sites, rules)
    )


def _release_clusters(table: pd.DataFrame, sharing: frozenset[str], rules: Rules) -> pd.DataFrame:
    least = rules.min_firms
    firms, near, left_out = (table[name].to_numpy(dtype=np.int64) for name in _COUNTS)
    shares = table["cluster"].isin(sharing).to_numpy(dtype=bool)
    few = shares | find_few(firms, least) | find_few(left_out, least)
    # One kind that is withheld would be found from none of the others: they hold other firms.
    hidden = few | find_few(near, least) | find_few(firms - near, least)
    frame = table.astype(dict.fromkeys(_COUNTS, "Int64"))
    frame.loc[few, ["firms", "left_out"]] = pd.NA
    frame.loc[hidden, "near_firms"] = pd.NA
    frame.loc[hidden, "near_share"] = np.nan
    frame.loc[few | (firms < least), "median_minutes"] = np.nan
    return frame


def _release_sites(table: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    least = rules.min_firms
    names = ["added", "second_added", "firms_covered", "firms_in_all"]
    frame = table.astype(dict.fromkeys(names, "Int64"))
    number = {name: frame[name].fillna(0).to_numpy(dtype=np.int64) for name in names}
    uncovered = number["firms_in_all"] - number["firms_covered"]
    for name in ("added", "second_added"):
        few = find_few(number[name], least) | find_few(uncovered - number[name], least)
        frame[name] = frame[name].mask(few)
    between = find_few(np.abs(number["added"] - number["second_added"]), least)
    frame["second_added"] = frame["second_added"].mask(between)
    few = find_few(number["firms_covered"], least) | find_few(uncovered, least)
    frame["firms_covered"] = frame["firms_covered"].mask(few)
    return frame
