"""Support: how a cluster's money is split, what private money it won, and what was left of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa

from clustermap.indicators.evidence import divide, wilson_interval
from clustermap.network.linkages import NO_YEAR
from clustermap.tables import ACTOR_TYPES, SUPPORT_MEASURES

if TYPE_CHECKING:
    import numpy.typing as npt

    from clustermap.layers.actors import Register
    from clustermap.network.actor_links import Membership
    from clustermap.network.edges import Edges

    Numbers = npt.NDArray[np.float64]
    Positions = npt.NDArray[np.int64]

_FIRM = ACTOR_TYPES.index("firm")


def find_running(grants: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Return which grants are public money that is given now.

    Now is the last year in which any grant starts; all grants run where none says when it starts.
    A grant runs until its end, and without one ever since; whole amounts count, not their parts of
    a year. Who pays is public where nothing is said. The rule is ours.

    Parameters
    ----------
    grants
        Columns funder, start and end, null where they are not known.

    Returns
    -------
    np.ndarray
        One mark a grant.

    Examples
    --------
    In 2023 the first has ended, and the third is private.

    >>> years = {"start": [2019, 2021, 2023, None], "end": [2022, 2023, 2024, None]}
    >>> table = pd.DataFrame({**years, "funder": ["public", None, "private", "public"]})
    >>> find_running(table).tolist()
    [False, True, False, True]
    """
    start, end = (grants[name].to_numpy(dtype=float) for name in ("start", "end"))
    now = np.fmax.reduce(start, initial=-np.inf)
    runs = ~(start > now) & ~(end < now)
    return np.asarray(runs & (grants["funder"] != "private").to_numpy(dtype=bool))


def measure_support(
    grants: pd.DataFrame,
    clusters: pd.Index[str],
    register: Register,
    members: Membership,
    edges: Edges,
) -> pd.DataFrame:
    """Measure the support of every cluster.

    Parameters
    ----------
    grants
        Rows of the table SUPPORT. A beneficiary is an actor, or a cluster as a whole; unknown ones
        are left out. What an actor gets is that of every cluster that holds it; of ``current`` each
        of them has an equal part, so that no money is counted twice.
    clusters
        Ids of the clusters.
    register
        Every actor.
    members
        Which clusters hold which actors.
    edges
        Links; those without a year say nothing of what outlives a programme.

    Returns
    -------
    pd.DataFrame
        The table SUPPORT_MEASURES, for clusters with any grant: programmes, money, its Herfindahl
        index over programmes, the share of it that single firms got (of that where it is said),
        private for one of public money, and of the pairs of beneficiaries of one programme that
        were linked while it ran the share that is linked after its end, too. A programme runs from
        the first to the last year of its grants; only those that ended before the last year of
        the links count. Beside it the public money that runs now, of :func:`find_running`.

    Notes
    -----
    That a link goes on after a programme is not shown to be an effect of it.
    """
    held = hold_grants(grants, clusters, register, members)
    money = _sum_money(held, len(clusters))
    pairs = _count_pairs(held, members, edges, len(clusters))
    low, high = wilson_interval(divide(pairs[1], pairs[0]), pairs[0])
    table = money.assign(
        cluster=clusters.to_numpy(),
        pairs_during=pairs[0],
        pairs_after=pairs[1],
        outliving=divide(pairs[1], pairs[0]),
        outliving_low=low,
        outliving_high=high,
    )
    names = [column.name for column in SUPPORT_MEASURES.columns]
    return table.loc[table["programmes"] > 0, names].reset_index(drop=True)


def hold_grants(
    grants: pd.DataFrame, clusters: pd.Index[str], register: Register, members: Membership
) -> pd.DataFrame:
    """Return grants once for every cluster that holds the beneficiary, in a fixed order.

    Parameters
    ----------
    grants, clusters, register, members
        As for :func:`measure_support`.

    Returns
    -------
    pd.DataFrame
        Columns of the table SUPPORT; grant (its position), actor (position of the beneficiary; -1
        for a cluster as a whole), firm (whether it is one), cluster (position), runs (as
        :func:`find_running`), part (1 over the clusters that hold it).
    """
    table = pd.DataFrame({"grant": np.arange(len(grants))})
    for name in ("programme", "beneficiary", "joint", "funder"):
        table[name] = grants[name].to_numpy(dtype=object) if name in grants else None
    for name in ("amount", "start", "end"):
        given = grants[name].to_numpy(dtype=float, na_value=np.nan) if name in grants else np.nan
        table[name] = given
    table["runs"] = find_running(table)
    actor = register.find(pa.array(table["beneficiary"].tolist(), pa.string())).astype(np.int64)
    own = clusters.get_indexer(pd.Index(table["beneficiary"]))
    known = np.flatnonzero(actor >= 0)
    row, cluster = members.holders(actor[known])
    whole = np.flatnonzero((actor < 0) & (own >= 0))
    at = np.concatenate([known[row], whole])
    held = table.iloc[at].assign(actor=actor[at], cluster=np.concatenate([cluster, own[whole]]))
    held["firm"] = (held["actor"] >= 0) & (register.types[held["actor"]] == _FIRM)
    held["part"] = 1 / held.groupby("grant")["grant"].transform("size")
    # Sums of money depend on their order: it is that of the grants' own contents.
    keys = ["cluster", "programme", "beneficiary", "amount", "joint", "funder", "start", "end"]
    return held.sort_values(keys, kind="stable").reset_index(drop=True)


def _sum_money(held: pd.DataFrame, clusters: int) -> pd.DataFrame:
    cluster = held["cluster"].to_numpy(dtype=np.int64)
    amount = held["amount"].to_numpy(dtype=float)
    known = ~np.isnan(amount)

    def total(marks: npt.ArrayLike) -> Numbers:
        counted = np.where(known & np.asarray(marks, dtype=bool), amount, 0.0)
        return np.bincount(cluster, counted, clusters).astype(np.float64)

    money = total(known)
    by_programme = held.assign(amount=np.where(known, amount, 0.0))
    sums = by_programme.groupby(["cluster", "programme"], sort=True)["amount"].sum().reset_index()
    at = sums["cluster"].to_numpy(dtype=np.int64)
    squares = np.bincount(at, sums["amount"].to_numpy() ** 2, clusters)
    firm = held["firm"].to_numpy(dtype=bool)
    current = np.where(known & held["runs"].to_numpy(dtype=bool), amount, 0.0) * held["part"]
    solo, joint = ((held["joint"] == way).to_numpy() for way in ("solo", "joint"))
    public, private = ((held["funder"] == who).to_numpy() for who in ("public", "private"))
    money = np.where(np.bincount(cluster, known, clusters) > 0, money, np.nan)
    return pd.DataFrame(
        {
            "programmes": np.bincount(at, minlength=clusters),
            "money": money,
            "current": np.where(np.isnan(money), np.nan, np.bincount(cluster, current, clusters)),
            "splitting": divide(squares, money**2),
            "single_share": divide(total(solo & firm), total(solo | joint)),
            "leverage": divide(total(private), total(public)),
        }
    )


def _count_pairs(
    held: pd.DataFrame, members: Membership, edges: Edges, clusters: int
) -> npt.NDArray[np.int64]:
    """Return by cluster the pairs linked while a programme ran, and those of them linked after."""
    years = edges.year[edges.year != NO_YEAR]
    last = int(years.max()) if len(years) else 0
    actors = held[held["actor"] >= 0].drop_duplicates("grant")
    window = actors.groupby("programme", sort=True).agg(start=("start", "min"), end=("end", "max"))
    window = window.dropna()
    window = window[window["end"] < last]
    takes_part = actors.loc[actors["programme"].isin(window.index), ["programme", "actor"]]
    takes_part = takes_part.drop_duplicates()
    among = np.zeros(len(members.cell), dtype=bool)
    among[takes_part["actor"].to_numpy(dtype=np.int64)] = True
    use = np.flatnonzero(among[edges.a] & among[edges.b] & (edges.year != NO_YEAR))
    one, other = edges.a[use], edges.b[use]
    links = pd.DataFrame(
        {
            "one": np.minimum(one, other).astype(np.int64),
            "other": np.maximum(one, other).astype(np.int64),
            "year": edges.year[use].astype(np.int64),
        }
    ).drop_duplicates()
    tied = links[links["one"] != links["other"]]
    tied = tied.merge(takes_part, left_on="one", right_on="actor").drop(columns="actor")
    right = ["programme", "actor"]
    tied = tied.merge(takes_part, left_on=["programme", "other"], right_on=right)
    tied = tied.join(window, on="programme")
    tied["during"] = tied["year"].between(tied["start"], tied["end"])
    tied["after"] = tied["year"] > tied["end"]
    pairs = tied.groupby(["programme", "one", "other"])[["during", "after"]].any().reset_index()
    pairs = pairs[pairs["during"]].reset_index(drop=True)
    ends = [members.holders(pairs[end].to_numpy(dtype=np.int64)) for end in ("one", "other")]
    touched = np.concatenate([np.stack(end, axis=1) for end in ends]).reshape(-1, 2)
    row, cluster = np.unique(touched, axis=0).T.astype(np.int64)
    after = pairs["after"].to_numpy(dtype=np.int64)[row]
    counts = np.zeros((2, clusters), dtype=np.int64)
    np.add.at(counts[0], cluster, 1)
    np.add.at(counts[1], cluster, after)
    return counts
