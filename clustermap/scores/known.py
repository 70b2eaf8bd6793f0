"""What is known of every cluster, side by side: the figures that its explanation names.

Rows of the tables are joined once for all clusters; nothing is computed here but ranks of clusters
by their likeness, sums, and counts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from clustermap.indicators.evidence import actors_of
from clustermap.network.shrinkage import ENDLESS, Evidence, Prior, weigh_alone
from clustermap.scores.draws import NULLS
from clustermap.scores.ranks import share_before

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy.typing as npt

    from clustermap.indicators.evidence import Numbers
    from clustermap.network.counts import Counts
    from clustermap.scores.profile import Profile
    from clustermap.scores.score import Scored

    Row = Mapping[str, Any]

PEERS = 3
"""Peers that are named."""

BEYOND = "beyond"
"""Name of the reach beyond the widest local one."""

FENCE, REGION = "fence", "region"
"""Names of the local reaches that are no radius."""

_FEW = np.arange(1.0, 201.0)


@dataclass(frozen=True)
class Peer:
    """A cluster whose parts are like another's.

    Parameters
    ----------
    name
        Its name.
    rank
        Its rank.
    before
        Share of draws in which the other comes before it; NaN without draws.
    """

    name: str
    rank: int
    before: float


@dataclass(frozen=True)
class Known:
    """What is known of one cluster.

    Parameters
    ----------
    score
        Its row of SCORES.
    parts
        Its rows of SUBSCORES, by part.
    near, far
        Its rows of RATIOS under the headline's null, all kinds together: at the reach that decides
        its embeddedness, and beyond; None where there are none.
    others
        As ``near``, under the other nulls.
    independent
        Links of ``links`` as independent ones: each reach over its links per unit.
    links
        Links within the nation: those at the widest local reach and those beyond.
    linked, actors
        Actors with a link, and all.
    members
        Clusters in its group of those that cannot be told apart.
    flags
        Its raised rows of FLAGS.
    abroad
        Its links with each country, the largest first.
    peers
        The rated clusters whose parts are nearest.
    """

    score: Row
    parts: Mapping[str, Row]
    near: Row | None
    far: Row | None
    others: tuple[Row, ...]
    independent: float
    links: float
    linked: int
    actors: int
    members: int
    flags: tuple[Row, ...]
    abroad: tuple[tuple[str, int], ...]
    peers: tuple[Peer, ...]


@dataclass(frozen=True)
class Setting:
    """What holds for all clusters.

    Parameters
    ----------
    profile
        What the score consists of.
    rated
        Scores of the rated, the largest first.
    draws
        Number of draws.
    top
        Clusters that are called the top.
    widest
        Name of the widest local reach.
    any_abroad
        Whether the data hold any link abroad.
    needed
        Independent links that decide a ratio by themselves.
    """

    profile: Profile
    rated: Numbers
    draws: int
    top: int
    widest: str
    any_abroad: bool
    needed: int


def gather_known(
    scored: Scored,
    behind: Mapping[str, pd.DataFrame],
    profile: Profile,
    counts: Counts,
    clusters: pd.DataFrame,
) -> tuple[Setting, dict[str, Known]]:
    """Gather what is known of every cluster.

    Parameters
    ----------
    scored
        Scores and sub-scores.
    behind
        The tables ratios, flags and abroad.
    profile
        What the score consists of.
    counts
        What was counted.
    clusters
        Layer of clusters, index cluster; column name.

    Returns
    -------
    tuple
        What holds for all, and cluster to what is known of it, in the order of the scores.
    """
    scores, parts = scored.scores, _by_part(scored.subscores)
    ratios = _Ratios(behind["ratios"], parts)
    links, independent = ratios.sum_links()
    size = scores["alike"].value_counts().to_dict()
    linked = counts.linked.set_index("cluster")["linked"].to_dict()
    actors = actors_of(counts).to_dict()
    flags, countries = behind["flags"], _by_country(behind["abroad"])
    raised = _by_cluster(_records(flags[flags["raised"] == 1]))
    peers = find_peers(scored, clusters)
    known = {
        str(row["cluster"]): Known(
            score=row,
            parts=parts.get(row["cluster"], {}),
            near=ratios.near(row["cluster"], ratios.null),
            far=ratios.rows.get((row["cluster"], ratios.null, BEYOND)),
            others=ratios.others(row["cluster"]),
            independent=independent.get(row["cluster"], 0.0),
            links=links.get(row["cluster"], 0.0),
            linked=int(linked.get(row["cluster"], 0)),
            actors=int(actors.get(row["cluster"], 0)),
            members=int(size.get(row["alike"], 0)),
            flags=tuple(raised.get(row["cluster"], ())),
            abroad=tuple(countries.get(row["cluster"], ())),
            peers=peers.get(row["cluster"], ()),
        )
        for row in _records(scores)
    }
    setting = Setting(
        profile,
        np.sort(scores["score"].dropna().to_numpy(dtype=float))[::-1],
        0 if scored.drawn is None else len(scored.drawn.scores),
        scored.top,
        ratios.widest,
        bool(countries),
        count_needed(profile.rating.max_width),
    )
    return setting, known


def count_needed(max_width: float) -> int:
    """Return how many independent links decide a ratio by themselves.

    Parameters
    ----------
    max_width
        Widest 90 % interval of the log2 ratio that decides.

    Returns
    -------
    int
        The fewest links with an interval no wider, where places do not vary beyond chance.

    Examples
    --------
    >>> count_needed(2.0), count_needed(1.0)
    (7, 23)
    """
    alone = Evidence(_FEW, _FEW, np.full(len(_FEW), ENDLESS))
    width = weigh_alone(alone, Prior(1.0, 1.0, 1.0, 0.5)).width
    return int(_FEW[min(int((width > max_width).sum()), len(_FEW) - 1)])


def find_peers(scored: Scored, clusters: pd.DataFrame) -> dict[str, tuple[Peer, ...]]:
    """Return the rated clusters whose parts are nearest to each one's own.

    Parameters
    ----------
    scored
        Scores, sub-scores and draws.
    clusters
        Layer of clusters, index cluster; column name.

    Returns
    -------
    dict
        Rated cluster to at most three others: by the mean squared difference of the parts that both
        have; of equal ones the first by id.
    """
    scores = scored.scores[scored.scores["rated"] == 1].set_index("cluster").sort_index()
    if len(scores) < 2:
        return {}
    values = scored.subscores.pivot_table(
        index="cluster", columns="subscore", values="value", aggfunc="first", dropna=False
    )
    away = measure_apart(values.reindex(scores.index).to_numpy(dtype=float))
    nearest, there = _find_nearest(away, min(PEERS, len(scores) - 1))
    before = _share_before(scored, scores.index, nearest)
    ids, ranks = scores.index.to_list(), scores["rank"].to_numpy(dtype=int)
    names = [name_of(clusters, key) for key in ids]
    return {
        key: tuple(
            Peer(names[other], int(ranks[other]), float(before[at, place]))
            for place, other in enumerate(nearest[at])
            if there[at, place]
        )
        for at, key in enumerate(ids)
    }


def _find_nearest(away: Numbers, many: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.bool_]]:
    """Return the nearest of each, of equal ones the first, and whether there are so many."""
    left, rows = away.copy(), np.arange(len(away))
    nearest = np.empty((len(away), many), dtype=np.intp)
    there = np.empty(nearest.shape, dtype=bool)
    for place in range(many):
        nearest[:, place] = at = left.argmin(axis=1)
        there[:, place] = np.isfinite(left[rows, at])
        left[rows, at] = np.inf
    return nearest, there


def measure_apart(values: Numbers) -> Numbers:
    """Return how far apart clusters are: the root of the mean squared difference of their parts.

    Parameters
    ----------
    values
        Clusters x parts; NaN is missing.

    Returns
    -------
    Numbers
        Clusters x clusters, over the parts that both have; infinite where they share none, and of
        each with itself.

    Examples
    --------
    >>> measure_apart(np.array([[1.0, 2.0], [4.0, 6.0], [np.nan, 4.0]])).round(6).tolist()
    [[inf, 3.535534, 2.0], [3.535534, inf, 2.0], [2.0, 2.0, inf]]
    """
    squares, both = np.zeros((2, len(values), len(values)))
    for part in values.T:
        there = ~np.isnan(part)
        shared = there[:, None] & there
        filled = np.where(there, part, 0.0)
        squares += np.where(shared, (filled[:, None] - filled) ** 2, 0.0)
        both += shared
    apart = np.full(squares.shape, np.inf)
    np.divide(squares, both, out=apart, where=both > 0)
    np.fill_diagonal(apart, np.inf)
    return np.asarray(np.sqrt(apart))


def name_of(clusters: pd.DataFrame, key: str) -> str:
    """Return the name of a cluster, its id where it has none.

    Parameters
    ----------
    clusters
        Layer of clusters, index cluster; column name.
    key
        Id.

    Returns
    -------
    str
        What people call it.
    """
    name = clusters["name"].get(key)
    return str(name) if isinstance(name, str) and name else str(key)


class _Ratios:
    """Rows of RATIOS, all kinds together and the boundary as drawn, by cluster, null and reach."""

    def __init__(self, ratios: pd.DataFrame, parts: Mapping[str, Mapping[str, Row]]) -> None:
        drawn = ratios[ratios["boundary"] == "drawn"]
        # Only the headline's ratios are told kind by kind.
        apart = drawn.loc[drawn["kind"] != "", "null"].unique()
        self.null = str(apart[0]) if len(apart) else NULLS[0]
        self.table = drawn[drawn["kind"] == ""]
        self.nulls = [null for null in NULLS if null in set(self.table["null"].unique())]
        local = {str(reach) for reach in self.table["reach"].unique()} - {BEYOND}
        self.widest = max(local, key=_radius, default=FENCE)
        self.rows = {
            (row["cluster"], row["null"], row["reach"]): row for row in _records(self.table)
        }
        self.reach = {
            cluster: found["embeddedness"]["reach"]
            for cluster, found in parts.items()
            if "embeddedness" in found
        }

    def near(self, cluster: str, null: str) -> Row | None:
        return self.rows.get((cluster, null, self.reach.get(cluster, self.widest)))

    def others(self, cluster: str) -> tuple[Row, ...]:
        found = (self.near(cluster, null) for null in self.nulls if null != self.null)
        return tuple(row for row in found if row is not None)

    def sum_links(self) -> tuple[dict[str, float], dict[str, float]]:
        whole = self.table[
            (self.table["null"] == self.null) & self.table["reach"].isin([self.widest, BEYOND])
        ]
        seen = whole.assign(independent=whole["observed"] / whole["design"])
        total = seen.groupby("cluster")[["observed", "independent"]].sum().reset_index()
        ids, links, alone = (total[name].to_list() for name in total.columns)
        return dict(zip(ids, links, strict=True)), dict(zip(ids, alone, strict=True))


def _radius(reach: str) -> float:
    known = {FENCE: 0.0, REGION: math.inf}
    return known[reach] if reach in known else float(reach.split(maxsplit=1)[0])


def _share_before(
    scored: Scored, ids: pd.Index[str], nearest: npt.NDArray[np.intp]
) -> npt.NDArray[np.float64]:
    if scored.drawn is None:
        return np.full(nearest.shape, np.nan)
    place = pd.Index(scored.drawn.clusters).get_indexer(ids)
    first = np.repeat(place, nearest.shape[1])
    return share_before(scored.drawn.ranks, first, place[nearest].ravel()).reshape(nearest.shape)


def _records(table: pd.DataFrame) -> list[Row]:
    # As to_dict("records"), which asks for every text by itself.
    names = table.columns.tolist()
    columns = [table[name].tolist() for name in names]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def _by_cluster(rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["cluster"], []).append(row)
    return found


def _by_part(subscores: pd.DataFrame) -> dict[str, dict[str, Row]]:
    found: dict[str, dict[str, Row]] = {}
    for row in _records(subscores):
        found.setdefault(row["cluster"], {})[row["subscore"]] = row
    return found


def _by_country(abroad: pd.DataFrame) -> dict[str, Sequence[tuple[str, int]]]:
    found: dict[str, list[tuple[str, int]]] = {}
    summed = abroad.groupby(["cluster", "country"], sort=True)["links"].sum().reset_index()
    for row in _records(summed):
        found.setdefault(row["cluster"], []).append((str(row["country"]), int(row["links"])))
    # The largest first; of equal ones the first by name.
    return {cluster: sorted(rows, key=lambda row: -row[1]) for cluster, rows in found.items()}
