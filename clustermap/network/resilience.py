"""Resilience of clusters: what is left of a cluster's own network when its strongest member goes.

A project or document is one unit, whatever the number of its partners; it holds together the m
members that it has in the cluster by m - 1 ties. Members of one business group count as one.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse
from scipy.optimize import minimize_scalar
from scipy.special import gammaln

from clustermap.network.distinct import count_runs, distinct_rows
from clustermap.network.empirical_bayes import (
    Estimate,
    believe,
    find_reasons,
    shrink,
    trend_with_size,
)
from clustermap.side_by_side import go_through

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from clustermap.network.actor_links import Ends, Integers, Membership, Numbers
    from clustermap.network.posterior import Posterior

KEY = "resilience"
NO_NETWORK = "reason.no_internal_network"
SEED = 20140114

_MOST_DRAWS, _FEWEST_DRAWS, _SLOTS = 64, 20, 40_000
_ROUNDS, _BY_CHANCES = 200, 20
_AT_ONCE = 1_000_000
_WORKERS = 2  # draws of a cluster of a hundred thousand members take some 100 MB


@dataclass(frozen=True)
class Teams:
    """Which members of a cluster meet in which of its units.

    Parameters
    ----------
    cluster
        Position of the cluster.
    members
        Number of its members, those without links included.
    sizes
        Members in each unit, at least two, ascending.
    who
        Members in the units, unit after unit, as numbers from 0.
    """

    cluster: int
    members: int
    sizes: Integers
    who: Integers


@dataclass(frozen=True)
class Resilience:
    """Resilience of every cluster.

    Parameters
    ----------
    posterior
        What is believed of the log odds of being retained, less those of typical clusters.
    estimate
        The same before it is shrunk.
    ties, part
        Shares retained of its internal ties and of the largest connected part; NaN without ties.
    expected
        What typical clusters of as many members and units retain: the mean of both shares.
    concentration
        How alike members are in typical clusters: infinite where all have the same chance of a
        link; small where few have most.
    hierarchy
        Slope of log degree on log rank: 0 where all members have as many units, the more negative
        the more they hang on few; NaN below three linked members.
    assortativity
        Correlation of the numbers of partners at both ends of a tie; NaN where it is not defined.
    """

    posterior: Posterior
    estimate: Estimate
    ties: Numbers
    part: Numbers
    expected: Numbers
    concentration: float
    hierarchy: Numbers
    assortativity: Numbers


def join_groups(
    group: npt.NDArray[np.int32], actors: Integers | None = None
) -> npt.NDArray[np.int64]:
    """Return one number for the actors of a business group, its own for every other actor.

    Parameters
    ----------
    group
        Group of each actor, -1 for none.
    actors
        Whom it is asked of, by default of everybody.

    Returns
    -------
    ndarray
        int64, one number an actor.

    Examples
    --------
    >>> join_groups(np.array([-1, 7, -1, 7])).tolist()
    [0, 11, 2, 11]
    """
    who = np.arange(len(group)) if actors is None else actors.astype(np.int64)
    own = group if actors is None else group[actors]
    return np.where(own >= 0, len(group) + own.astype(np.int64), who)


def list_teams(ends: Ends, members: Membership, entity: npt.NDArray[np.int64]) -> list[Teams]:
    """Return the units of every cluster in which members of it meet.

    Parameters
    ----------
    ends
        From :func:`clustermap.network.actor_links.list_ends`.
    members
        Which clusters hold which actors.
    entity
        From :func:`join_groups`; links inside one business group are left out.

    Returns
    -------
    list of Teams
        Of each cluster that has such units, in order.
    """
    return form_teams(ends, count_entities(members, entity), entity)


def count_entities(members: Membership, entity: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return how many members every cluster has, a business group counted once.

    Parameters
    ----------
    members, entity
        As for :func:`list_teams`.

    Returns
    -------
    ndarray
        One number a cluster.
    """
    alone = entity < len(entity)
    # Who is in no cell is in cell -1, and held by nobody.
    cells = 2 + max(int(cell.max(initial=-1)) for cell in (members.cell, members.held_cell))
    of_cell = np.bincount(members.cell[alone] + 1, minlength=cells)[1:]
    each = np.bincount(members.held_cluster, of_cell[members.held_cell], members.clusters)
    grouped = np.flatnonzero(~alone)
    row, holder = members.holders(grouped)
    held, _ = distinct_rows((holder, entity[grouped[row]]))
    return each.astype(np.int64) + np.bincount(held, minlength=members.clusters)


def form_teams(
    ends: Ends, members: npt.NDArray[np.int64], entity: npt.NDArray[np.int64]
) -> list[Teams]:
    """Return the units in which members of clusters meet, of the clusters that ends are given of.

    Parameters
    ----------
    ends
        As for :func:`list_teams`.
    members
        From :func:`count_entities`.
    entity
        As for :func:`list_teams`.

    Returns
    -------
    list of Teams
        As for :func:`list_teams`.
    """
    own = np.flatnonzero(ends.own)
    actor, partner = entity[ends.actor[own]], entity[ends.partner[own]]
    apart = actor != partner
    inside = own[apart]
    cluster, unit, who = distinct_rows((ends.cluster[inside], ends.unit[inside], actor[apart]))
    starts = np.searchsorted(cluster, np.arange(len(members) + 1))
    return [
        _form_team(at, int(members[at]), unit[start:stop], who[start:stop])
        for at, (start, stop) in enumerate(pairwise(starts))
        if stop > start
    ]


def _form_team(cluster: int, members: int, unit: Integers, who: Integers) -> Teams:
    _, size = count_runs(unit)
    # Units of a size stay whole: the sort is stable and they came one after the other.
    order = np.argsort(np.repeat(size, size), kind="stable")
    _, code = np.unique(who, return_inverse=True)
    return Teams(cluster, members, np.sort(size), code[order])


def fit_concentration(teams: list[Teams]) -> float:
    """Return how evenly units fall to the members of typical clusters.

    The units of a cluster fall to its members as a Dirichlet-multinomial with the same
    concentration a for every member of every cluster; a is fitted by maximum likelihood.

    Parameters
    ----------
    teams
        From :func:`list_teams`.

    Returns
    -------
    float
        Concentration between 0.001 and 1000.
    """
    members = np.array([team.members for team in teams], dtype=np.float64)
    slots = np.array([len(team.who) for team in teams], dtype=np.float64)
    order = np.lexsort((slots, members))
    members, slots = members[order], slots[order]
    degrees = np.concatenate([np.bincount(team.who) for team in teams])
    degree, times = np.unique(degrees, return_counts=True)

    def surprise(log_concentration: float) -> float:
        a = np.exp(log_concentration)
        whole = gammaln(members * a) - gammaln(slots + members * a)
        own = times * (gammaln(degree + a) - gammaln(a))
        return -float(whole.sum() + own.sum())

    ends = (np.log(1e-3), np.log(1e3))
    found = minimize_scalar(surprise, bounds=ends, method="bounded", options={"xatol": 1e-6})
    return float(np.exp(found.x))


def retained(
    who: Integers, sizes: Integers, members: int, leaver: Integers
) -> tuple[Numbers, Numbers]:
    """Return the shares of ties and of the largest connected part that one leaver leaves.

    A unit of m members holds m - 1 ties, and one less without the leaver. The largest part is
    compared with what it was without the leaver himself, so that a part that stays whole counts 1.

    Parameters
    ----------
    who
        Draws x slots: members in the units, unit after unit.
    sizes
        Slots of each unit.
    members
        Number of members.
    leaver
        Who leaves, one a draw.

    Returns
    -------
    ties : ndarray
        One share a draw.
    part : ndarray
        One share a draw.

    Examples
    --------
    >>> star = np.array([[0, 1, 0, 2, 0, 3]])  # 0-1, 0-2, 0-3
    >>> [share.tolist() for share in retained(star, np.array([2, 2, 2]), 4, np.array([0]))]
    [[0.0], [0.3333333333333333]]
    >>> [share.tolist() for share in retained(star, np.array([2, 2, 2]), 4, np.array([3]))]
    [[0.6666666666666667], [1.0]]
    """
    ties = who.shape[1] - len(sizes)
    gone = who == leaver[:, None]
    before, after = _largest_parts(who, sizes, members, gone)
    kept = 1 - gone.sum(axis=1) / ties
    return kept, np.minimum(1.0, after / np.maximum(before - 1, 1))


def _largest_parts(
    who: Integers, sizes: Integers, members: int, gone: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the members in the largest connected part of every draw, with the leaver and without.

    Without, the leaver stands alone; with him, the parts that his partners are in are one.
    """
    draws = len(who)
    draw = np.arange(draws)[:, None]
    unit = np.repeat(np.arange(len(sizes)), sizes) + draw * len(sizes)
    left = np.zeros(draws * len(sizes), dtype=bool)
    left[unit[gone]] = True
    stay = ~gone
    person, unit = (who + draw * members)[stay], unit[stay]
    of_draw = person // members
    part, size = _find_parts(person, unit, draws * members)
    # Who is in no unit stands alone.
    after = np.ones(draws, dtype=np.int64)
    np.maximum.at(after, of_draw, size[part])
    near = left[unit]
    of_draw, joined = distinct_rows((of_draw[near], part[near]))
    together = 1 + np.bincount(of_draw, size[joined], draws).astype(np.int64)
    return np.maximum(together, after), after


def _find_parts(
    person: Integers, unit: Integers, people: int
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
    """Return the connected part that each entry of a unit is in, and how many are in each part."""
    seen = np.zeros(people, dtype=bool)
    seen[person] = True
    # Few of all are in a unit: a graph of these alone is several times as small.
    code = (np.cumsum(seen, dtype=np.int32) - 1)[person]
    nodes = int(code.max(initial=-1)) + 1
    # Members of a unit hang together like a chain, each with the next.
    met = np.flatnonzero(unit[1:] == unit[:-1])
    edges = (np.ones(len(met)), (code[met], code[met + 1]))  # as the library wants them
    graph = sparse.coo_array(edges, shape=(nodes, nodes)).tocsr()
    _, part = sparse.csgraph.connected_components(graph, directed=False)
    return part[code], np.bincount(part)


def draw_teams(team: Teams, concentration: float, draws: int, rng: np.random.Generator) -> Integers:
    """Draw who meets in the units of a typical cluster with as many members and such units.

    Parameters
    ----------
    team
        Number of members and sizes of the units.
    concentration
        From :func:`fit_concentration`.
    draws
        Number of draws.
    rng
        Where the draws come from.

    Returns
    -------
    Integers
        Draws x slots; nobody is twice in one unit.
    """
    chances = rng.gamma(concentration, size=(draws, team.members)) + 1e-300
    chances /= chances.sum(axis=1, keepdims=True)
    slots = int(team.sizes.sum())
    degrees = rng.multinomial(slots, chances)
    everyone = np.tile(np.arange(team.members), draws)
    who = rng.permuted(np.repeat(everyone, degrees.ravel()).reshape(draws, slots), axis=1)
    # A draw per row: adding the row's number makes one ascending scale of all of them.
    scale = (np.cumsum(chances, axis=1) + np.arange(draws)[:, None]).ravel()
    for attempt in range(_ROUNDS):
        draw, slot = _find_twice(who, team.sizes)
        if not len(draw):
            break
        if attempt < _BY_CHANCES:
            place = np.searchsorted(scale, draw + rng.random(len(draw)), side="right")
            who[draw, slot] = np.minimum(place - draw * team.members, team.members - 1)
        else:  # those with any chance to speak of are in the unit already
            who[draw, slot] = rng.integers(team.members, size=len(draw))
    return who


def _find_twice(who: Integers, sizes: Integers) -> tuple[Integers, Integers]:
    """Return draw and slot of those that stand in their unit already."""
    found = np.zeros(who.shape, dtype=bool)
    start = 0
    for size, units in zip(*np.unique(sizes, return_counts=True), strict=True):
        stop = start + size * units
        block = who[:, start:stop].reshape(len(who), units, size)
        twice = np.zeros(block.shape, dtype=bool)
        if size == 2:  # most units by far
            twice[:, :, 1] = block[:, :, 0] == block[:, :, 1]
        else:
            order = np.argsort(block, axis=2, kind="stable")
            ranked = np.take_along_axis(block, order, axis=2)
            same = ranked[:, :, 1:] == ranked[:, :, :-1]
            np.put_along_axis(twice, order[:, :, 1:], same, axis=2)
        found[:, start:stop] = twice.reshape(len(who), -1)
        start = stop
    draw, slot = np.nonzero(found)
    return draw, slot


def _odds(ties: Numbers, part: Numbers) -> Numbers:
    """Return the log odds of being retained: the two shares are never both 0 or both 1."""
    share = (ties + part) / 2
    return np.log(share / (1 - share))


def _observe(team: Teams) -> tuple[float, float]:
    """Return the shares that the strongest member leaves; the mean over equally strong ones."""
    degree = np.bincount(team.who)
    strongest = np.flatnonzero(degree == degree.max())
    ties = 1 - degree.max() / (len(team.who) - len(team.sizes))
    parts = [
        retained(np.tile(team.who, (len(some), 1)), team.sizes, len(degree), some)[1]
        for some in _split(strongest, len(team.who))
    ]
    return float(ties), float(np.concatenate(parts).mean())


def _split(leavers: Integers, slots: int) -> Iterator[Integers]:
    step = max(1, _AT_ONCE // slots)
    for start in range(0, len(leavers), step):
        yield leavers[start : start + step]


def _expect(team: Teams, concentration: float) -> tuple[float, float, float]:
    """Return mean share, mean odds and their sd in typical clusters of the same units."""
    slots = len(team.who)
    draws = int(np.clip(_SLOTS // max(slots, team.members), _FEWEST_DRAWS, _MOST_DRAWS))
    sizes, times = np.unique(team.sizes, return_counts=True)
    # The seed follows from the cluster itself, so that the order of clusters changes nothing.
    rng = np.random.default_rng([SEED, team.members, *sizes.tolist(), *times.tolist()])
    who = draw_teams(team, concentration, draws, rng)
    cells = (np.arange(draws)[:, None] * team.members + who).ravel()
    degree = np.bincount(cells, minlength=draws * team.members).reshape(draws, team.members)
    ties, part = retained(who, team.sizes, team.members, degree.argmax(axis=1))
    odds = _odds(np.clip(ties, 0, 1 - 1 / slots), part)
    return (
        float((ties + part).mean() / 2),
        float(odds.mean()),
        # A mean of few draws is not exact itself.
        float(odds.std(ddof=1) * np.sqrt(1 + 1 / draws)),
    )


def resilience(ends: Ends, members: Membership, group: npt.NDArray[np.int32]) -> Resilience:
    """Return the resilience of every cluster.

    The strongest member is the one in most units (the strongest business group where groups are
    known). What it leaves is the mean of two shares: of the ties inside the cluster, and of their
    largest connected part. It is read as log odds, which know no floor and no ceiling, so that half
    the loss weighs alike in small clusters and in large, less the mean log odds of typical
    clusters: as many members, as many units of the same sizes, members as unlike each other as in
    all clusters, and who meets whom drawn at random. What still runs with size among all clusters
    is taken off (:func:`clustermap.network.empirical_bayes.trend_with_size`). The sd is that of
    typical clusters, whose strongest members differ: it stays wide where one actor alone decides.

    Parameters
    ----------
    ends
        From :func:`clustermap.network.actor_links.list_ends`.
    members
        Which clusters hold which actors.
    group
        Business group of each actor, -1 for none.

    Returns
    -------
    Resilience
        Measure, belief and descriptions.

    References
    ----------
    Crespo, J., Suire, R. and Vicente, J. (2014). Lock-in or lock-out? How structural properties of
    knowledge networks affect regional resilience. Journal of Economic Geography 14(1), 199-219.
    The measure is ours.
    """
    entity = join_groups(group)
    teams = list_teams(ends, members, entity)
    return judge_teams(teams, assortativity(ends, members.clusters, entity))


def judge_teams(teams: list[Teams], alike: Numbers) -> Resilience:
    """Return the resilience of every cluster from the units in which its members meet.

    Parameters
    ----------
    teams
        From :func:`list_teams`, of all clusters.
    alike
        From :func:`assortativity`, one value a cluster.

    Returns
    -------
    Resilience
        Measure, belief and descriptions.
    """
    clusters = len(alike)
    columns = np.full((7, clusters), np.nan)
    units, linked = np.zeros((2, clusters))
    concentration = fit_concentration(teams) if teams else np.nan
    looked = go_through(lambda team: _look(team, concentration), teams, workers=_WORKERS)
    for team, found in zip(teams, looked, strict=True):
        columns[:, team.cluster] = found
        units[team.cluster], linked[team.cluster] = len(team.sizes), int(team.who.max()) + 1
    ties, part, odds, expected, usual, sd, slope = columns
    value = odds - usual
    fixed = ~(sd > 1e-9)  # nothing could have come out otherwise
    value[fixed], sd[fixed] = np.nan, np.nan
    value = value - trend_with_size(value, sd, units)
    estimate = Estimate(value, sd, units)
    believed, spread = shrink(estimate)
    reason = find_reasons(estimate, linked.astype(np.int64), NO_NETWORK, inside=True)
    return Resilience(
        posterior=believe(KEY, believed, spread, units, reason),
        estimate=estimate,
        ties=ties,
        part=part,
        expected=expected,
        concentration=concentration,
        hierarchy=slope,
        assortativity=alike,
    )


def _look(team: Teams, concentration: float) -> tuple[float, ...]:
    """Return what a cluster retains, as shares and log odds; what typical ones do; its slope."""
    ties, part = _observe(team)
    return (
        ties,
        part,
        float(_odds(np.array(ties), np.array(part))),
        *_expect(team, concentration),
        hierarchy_slope(np.bincount(team.who)),
    )


def hierarchy_slope(degree: Integers) -> float:
    """Return the slope of log degree on log rank, by least squares.

    Parameters
    ----------
    degree
        Degrees of the linked members of a cluster.

    Returns
    -------
    float
        0 or negative; NaN below three members.

    References
    ----------
    As :func:`resilience`.

    Examples
    --------
    >>> round(hierarchy_slope(np.array([3, 6, 2])), 9)  # 6 over the rank
    -1.0
    >>> hierarchy_slope(np.array([3, 3, 3]))
    0.0
    """
    if len(degree) < 3:
        return np.nan
    y = np.log(np.sort(degree)[::-1])
    x = np.log(np.arange(1, len(degree) + 1))
    x = x - x.mean()
    slope = float((x * (y - y.mean())).sum() / (x * x).sum())
    return min(slope, 0.0)


def assortativity(ends: Ends, clusters: int, entity: npt.NDArray[np.int64]) -> Numbers:
    """Return whether members with many partners in the cluster are tied to their like.

    Parameters
    ----------
    ends
        From :func:`clustermap.network.actor_links.list_ends`.
    clusters
        Number of clusters.
    entity
        From :func:`join_groups`.

    Returns
    -------
    Numbers
        Correlation of the numbers of partners over the ties inside each cluster; NaN where all
        ends have as many.

    References
    ----------
    Newman, M. E. J. (2002). Assortative mixing in networks. Physical Review Letters 89, 208701.
    """
    own = np.flatnonzero(ends.own)
    one, other = entity[ends.actor[own]], entity[ends.partner[own]]
    apart = one != other
    cluster, one, other = distinct_rows((ends.cluster[own[apart]], one[apart], other[apart]))
    _, partners = count_runs(cluster, one)
    mine = np.repeat(partners, partners)
    back = np.lexsort((one, other, cluster))  # the same ties, read from their other ends
    theirs = np.empty_like(mine)
    theirs[back] = mine

    def total(values: Integers) -> npt.NDArray[np.object_]:
        sums = np.zeros(clusters, dtype=np.int64)
        np.add.at(sums, cluster, values)
        return sums.astype(object)  # whole numbers of any length: their products may be long

    count, whole = total(np.ones_like(mine)), total(mine)
    squares, products = count * total(mine * mine), count * total(mine * theirs)
    spread, together = squares - whole**2, products - whole**2
    found = [a / b if b else np.nan for a, b in zip(together, spread, strict=True)]
    return np.array(found, dtype=np.float64)
