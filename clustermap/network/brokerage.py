"""Brokerage of clusters: who brings knowledge from outside to the cluster, and the other way.

Roles are counted on units (projects, documents, single links), not on the cliques that a project
makes of its partners: bringing together two partners of one project is no brokerage.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from clustermap.network.distinct import count_runs, distinct_rows
from clustermap.network.empirical_bayes import Estimate, believe, find_reasons, log_ratio, shrink
from clustermap.tables import ACTOR_TYPES

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from clustermap.network.actor_links import Ends, Integers, Marks, Numbers
    from clustermap.network.posterior import Posterior

KEY = "brokerage"
NOBODY_CAN = "reason.nobody_can_broker"

_OWN_OUT, _OWN_IN, _FAR_OUT, _FAR_IN = 1, 2, 4, 8
_OWN, _FAR, _ALL = 3, 12, 15
_FITS = 30


@dataclass(frozen=True)
class Brokerage:
    """Brokerage of every cluster.

    Parameters
    ----------
    posterior
        What is believed of log2 of observed over expected roles.
    estimate
        The same before it is shrunk.
    observed, expected
        Roles of the cluster's members, and what dealing its units at random gives, nobody meeting
        itself.
    by_type
        Clusters x actor types: share of the roles held by actors of a type; NaN without roles.
    largest
        Share of the roles that the first broker holds; NaN without roles.
    brokers
        The first brokers of each cluster: columns cluster (position), actor (position), roles,
        gatekeeper, representative, either; most roles first.
    """

    posterior: Posterior
    estimate: Estimate
    observed: npt.NDArray[np.int64]
    expected: Numbers
    by_type: Numbers
    largest: Numbers
    brokers: pd.DataFrame


def count_roles(ends: Ends) -> pd.DataFrame:
    """Return the roles of every linked member of every cluster.

    With u_j units in which j meets somebody of its own cluster, x_j units in which it meets
    somebody outside and b_j units that do both, j can pass knowledge between ``u_j x_j - b_j``
    pairs of units: a unit does not broker with itself. A pair is a gatekeeper's where knowledge can
    only come in (outside -> j -> own), a representative's where it can only go out, and "either"
    where no link is directed: there the two roles coincide and are counted once. Where links lead
    only to j or only away from it, a pair is a role by its units but has no name.

    Parameters
    ----------
    ends
        From :func:`clustermap.network.actor_links.list_ends`.

    Returns
    -------
    pd.DataFrame
        One row a cluster and member with a link, sorted: cluster, actor, units, own, far, both
        (units as above), roles, gatekeeper, representative, either; all int64.

    References
    ----------
    Gould, R. V. and Fernandez, R. M. (1989). Structures of mediation: a formal approach to
    brokerage in transaction networks. Sociological Methodology 19, 89-126. Counting them on units
    is ours.
    """
    first, flags, cluster, actor = _meet(ends)

    def add(met: Marks) -> npt.NDArray[np.int64]:
        # Rows of a member stand together, and every member has some.
        sums = np.add.reduceat(met, first, dtype=np.int64) if len(first) else np.zeros(0, np.int64)
        return np.asarray(sums)

    def count(wanted: int) -> npt.NDArray[np.int64]:
        return add((flags & wanted) == wanted)

    inside, outside = (flags & _OWN) > 0, (flags & _FAR) > 0
    own, far, both = add(inside), add(outside), add(inside & outside)
    either = count(_OWN) * count(_FAR) - count(_ALL)
    inward = count(_OWN_OUT) * count(_FAR_IN) - count(_OWN_OUT | _FAR_IN)
    outward = count(_OWN_IN) * count(_FAR_OUT) - count(_OWN_IN | _FAR_OUT)
    return pd.DataFrame(
        {
            "cluster": cluster,
            "actor": actor,
            "units": np.diff(first, append=len(flags)),
            "own": own,
            "far": far,
            "both": both,
            "roles": own * far - both,
            "gatekeeper": inward - either,
            "representative": outward - either,
            "either": either,
        },
        dtype="int64",
    )


def _meet(ends: Ends) -> tuple[Integers, Integers, Integers, Integers]:
    """Return what every member does in each of its units, and where each member's units start.

    Third and fourth are cluster and actor of every member.
    """
    # A byte is enough, and there are millions of ends.
    out, back = np.array([[_FAR_OUT, _OWN_OUT], [_FAR_IN, _OWN_IN]], dtype=np.uint8)
    flags = out[ends.own.view(np.uint8)] * ends.outward
    flags |= back[ends.own.view(np.uint8)] * ends.inward
    cluster, actor, unit, met = distinct_rows((ends.cluster, ends.actor, ends.unit, flags))
    met = met.astype(np.uint8)
    start, _ = count_runs(cluster, actor, unit)
    met = np.bitwise_or.reduceat(met, start) if len(start) else met
    cluster, actor = cluster[start], actor[start]
    first, _ = count_runs(cluster, actor)
    return first, met, cluster[first], actor[first]


def expect_roles(roles: pd.DataFrame, clusters: int) -> tuple[Numbers, Numbers]:
    """Return mean and variance of a cluster's roles if its units were dealt at random.

    Every member keeps the number of its units, and the cluster keeps how many lead inside, outside
    and both: so neither its size nor its internal and external links, and with them distances, can
    make it look like a broker. With N units of members, U inside, X outside and B both, of which
    member j holds n_j, ``mean = (U X - B) sum n_j (n_j - 1) / (N (N - 1))``. The variance is that
    of a sum over pairs under random dealing (Mantel 1967), exact like the mean.

    Parameters
    ----------
    roles
        From :func:`count_roles`.
    clusters
        Number of clusters.

    Returns
    -------
    mean : ndarray
        One value a cluster; 0 where no role is possible.
    variance : ndarray
        One value a cluster.

    References
    ----------
    Mantel, N. (1967). The detection of disease clustering and a generalized regression approach.
    Cancer Research 27(2), 209-220.
    """
    total = partial(_add_up, roles["cluster"].to_numpy(), clusters)
    n = roles["units"].astype("float64")
    own, far, both = (total(roles[part].astype("float64")) for part in ("own", "far", "both"))
    inside, outside = own - both, far - both
    pairs, triples = total(n * (n - 1)), total(n * (n - 1) ** 2)
    # Weight of a pair of units: 1 where both do both, else a half where it leads in and out.
    weight_in, weight_out = (outside + both) / 2, (inside + both) / 2
    weight_both = (inside + outside) / 2 + np.maximum(both - 1, 0)
    first = inside * weight_in + outside * weight_out + both * weight_both
    squared = (inside * outside + (inside + outside) * both) / 2 + both * np.maximum(both - 1, 0)
    third = inside * weight_in**2 + outside * weight_out**2 + both * weight_both**2
    two, three, four = (_falling(total(n), length) for length in (2, 3, 4))
    mean = pairs * first / two
    second_moment = (
        2 * pairs * squared / two
        + 4 * (triples - pairs) * (third - squared) / three
        + (pairs**2 + 2 * pairs - 4 * triples) * (first**2 + 2 * squared - 4 * third) / four
    )
    variance = second_moment - mean**2
    # What rounding leaves of a variance of 0.
    return mean, np.where(variance > 1e-9 * mean**2 + 1e-12, variance, 0.0)


def meet_others(roles: pd.DataFrame, clusters: int) -> Numbers:
    """Return by what factor roles become fewer because nobody meets itself.

    Dealing units freely, a member with a third of them would meet itself in every third unit inside
    the cluster. So the chance that a unit of j leads inside is made smaller by j's share of the
    other units, ``1 - (n_j - 1) / (N - 1)``, against the chance that it leads outside, and both are
    scaled until the cluster's totals are kept.

    Parameters
    ----------
    roles
        From :func:`count_roles`.
    clusters
        Number of clusters.

    Returns
    -------
    Numbers
        One factor a cluster, at most about 1; 1 where no role is possible.
    """
    # Members with as many units have the same chances. Sorted, so that the sums are the same to the
    # last digit whatever the numbers of the actors.
    whom = ["cluster", "units"]
    table = roles.groupby(whom, sort=True)[["own", "far", "both"]].sum().reset_index()
    cluster = table["cluster"].to_numpy()
    alike = roles.groupby(whom, sort=True).size().to_numpy(dtype=np.float64)
    total = partial(_add_up, cluster, clusters)
    each, own, far, both = (
        table[name].to_numpy(dtype=np.float64) for name in ("units", "own", "far", "both")
    )
    n = alike * each
    whole = total(n)
    lean = 1 - (each - 1) / np.maximum(whole[cluster] - 1, 1)
    # Units that lead inside only, outside only, and both: the totals, and the scale of each.
    wanted = np.stack([total(own - both), total(far - both), total(both)])
    scale = wanted.copy()
    tilt = np.stack([lean, np.ones_like(lean), lean])
    chance = np.zeros_like(tilt)
    for _ in range(_FITS):
        chance = scale[:, cluster] * tilt
        chance = _divide(chance, chance.sum(axis=0), 0.0)
        scale = scale * _divide(wanted, np.stack([total(n * part) for part in chance]), 0.0)
    pairs = n * (each - 1)
    fitted = total(pairs * (chance[0] + chance[2]) * (chance[1] + chance[2]))
    free = total(pairs) * (wanted[0] + wanted[2]) * (wanted[1] + wanted[2])
    return _divide(fitted * whole**2, free, 1.0)


def _add_up(cluster: Integers, clusters: int, values: npt.ArrayLike) -> Numbers:
    """Return the sum of values by cluster."""
    return np.bincount(cluster, values, clusters).astype(np.float64)


def _divide(above: Numbers, below: Numbers, otherwise: float) -> Numbers:
    above, below = np.broadcast_arrays(above, below)
    quotient: Numbers = np.full(above.shape, otherwise)
    np.divide(above, below, out=quotient, where=below > 0)
    return quotient


def _falling(number: Numbers, length: int) -> Numbers:
    """Return n (n - 1) ... of some length; 1 where it is 0, for what it divides is 0 too."""
    product = np.prod([number - k for k in range(length)], axis=0)
    return np.where(number < length, 1.0, product)


def brokerage(
    ends: Ends, types: npt.NDArray[np.uint8], clusters: int, *, top: int = 5
) -> Brokerage:
    """Return the brokerage of every cluster.

    Parameters
    ----------
    ends
        From :func:`clustermap.network.actor_links.list_ends`.
    types
        Type of each actor, as coded by ``ACTOR_TYPES``.
    clusters
        Number of clusters.
    top
        Brokers listed a cluster.

    Returns
    -------
    Brokerage
        Measure, belief, shares and brokers.

    Notes
    -----
    With degrees kept, dealing at random is nearly the best that members can do: u_j x_j is largest
    where everybody's contacts lead inside and outside in the same proportion. So the measure falls
    far below 0 where those who know the outside are not those who know their neighbours, and hardly
    rises above it. Whether few members hold the roles is said by ``largest`` and ``brokers``.

    References
    ----------
    Graf, H. (2011). Gatekeepers in regional networks of innovators. Cambridge Journal of Economics
    35(1), 173-198. The measure is ours.
    """
    return judge_roles(count_roles(ends), types, clusters, top=top)


def judge_roles(
    roles: pd.DataFrame, types: npt.NDArray[np.uint8], clusters: int, *, top: int = 5
) -> Brokerage:
    """Return the brokerage of every cluster from the roles of its members.

    Parameters
    ----------
    roles
        From :func:`count_roles`.
    types, clusters, top
        As for :func:`brokerage`.

    Returns
    -------
    Brokerage
        Measure, belief, shares and brokers.
    """
    return weigh_roles(sum_roles(roles, types, clusters, top=top))


@dataclass(frozen=True)
class RoleSums:
    """Roles of clusters, no more member by member.

    Parameters
    ----------
    observed, expected, variance
        Roles of the cluster's members, and what dealing its units at random gives.
    units, linked
        Units of its members, and how many members have some.
    by_type, largest, brokers
        As of :class:`Brokerage`.
    """

    observed: npt.NDArray[np.int64]
    expected: Numbers
    variance: Numbers
    units: Numbers
    linked: npt.NDArray[np.int64]
    by_type: Numbers
    largest: Numbers
    brokers: pd.DataFrame


def join_roles(parts: Sequence[tuple[slice, RoleSums]]) -> RoleSums:
    """Return the roles of all clusters from those of some after the other.

    Parameters
    ----------
    parts
        Clusters, and roles that are complete for these; in order.

    Returns
    -------
    RoleSums
        Of all of them.
    """

    def join(name: str) -> npt.NDArray[Any]:
        return np.concatenate([getattr(sums, name)[clusters] for clusters, sums in parts])

    return RoleSums(
        observed=join("observed"),
        expected=join("expected"),
        variance=join("variance"),
        units=join("units"),
        linked=join("linked"),
        by_type=join("by_type"),
        largest=join("largest"),
        brokers=pd.concat([sums.brokers for _, sums in parts], ignore_index=True),
    )


def sum_roles(
    roles: pd.DataFrame, types: npt.NDArray[np.uint8], clusters: int, *, top: int = 5
) -> RoleSums:
    """Return the roles of every cluster from those of its members.

    Parameters
    ----------
    roles, types, clusters, top
        As for :func:`judge_roles`.

    Returns
    -------
    RoleSums
        Of all clusters.
    """
    cluster = roles["cluster"].to_numpy()
    observed = np.zeros(clusters, dtype=np.int64)
    np.add.at(observed, cluster, roles["roles"].to_numpy())
    mean, variance = expect_roles(roles, clusters)
    by_type, largest = _shares(roles, observed, types)
    return RoleSums(
        observed=observed,
        expected=mean * meet_others(roles, clusters),
        variance=variance,
        units=np.bincount(cluster, roles["units"], clusters).astype(np.float64),
        linked=np.bincount(cluster, minlength=clusters),
        by_type=by_type,
        largest=largest,
        brokers=_first(roles, top),
    )


def weigh_roles(sums: RoleSums) -> Brokerage:
    """Return the brokerage of every cluster from its roles.

    Parameters
    ----------
    sums
        From :func:`sum_roles`.

    Returns
    -------
    Brokerage
        Measure, belief, shares and brokers.
    """
    estimate = Estimate(*log_ratio(sums.observed, sums.expected, sums.variance), sums.units)
    reason = find_reasons(estimate, sums.linked, NOBODY_CAN, inside=True)
    return Brokerage(
        posterior=believe(KEY, *shrink(estimate), sums.units, reason),
        estimate=estimate,
        observed=sums.observed,
        expected=sums.expected,
        by_type=sums.by_type,
        largest=sums.largest,
        brokers=sums.brokers,
    )


def _shares(
    roles: pd.DataFrame, observed: npt.NDArray[np.int64], types: npt.NDArray[np.uint8]
) -> tuple[Numbers, Numbers]:
    """Return the shares of roles by type, and that of the first broker."""
    held = np.zeros((len(observed), len(ACTOR_TYPES)), dtype=np.int64)
    most = np.zeros(len(observed), dtype=np.int64)
    cluster, count = roles["cluster"].to_numpy(), roles["roles"].to_numpy()
    np.add.at(held, (cluster, types[roles["actor"].to_numpy()]), count)
    np.maximum.at(most, cluster, count)
    whole = np.where(observed > 0, observed, np.nan)
    return held / whole[:, None], most / whole


def _first(roles: pd.DataFrame, top: int) -> pd.DataFrame:
    columns = ["cluster", "actor", "roles", "gatekeeper", "representative", "either"]
    brokers = roles.loc[roles["roles"] > 0, columns]
    ordered = brokers.sort_values(["cluster", "roles", "actor"], ascending=[True, False, True])
    return ordered.groupby("cluster").head(top).reset_index(drop=True)
