"""Who is linked with whom in a fictional world: a law of mass and distance, with planted excess.

Between cells a and b the mean number of links is proportional to
``n_as n_bt (n_a n_b)^(mass - 1) exp(-d / decay) / (1 + d / near)``, for actor types s and t, with
n the actors of a cell and d the distance of the cells. Planting multiplies it. Links are drawn
from that law given their number: first the cell and type of one end, then the cell of the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from clustermap.sources.world.places import Indices, Numbers

TYPES = ("firm", "university", "public_institute", "hospital", "support")
_FIRM, _UNIVERSITY, _PUBLIC, _HOSPITAL, _SUPPORT = range(5)
CHANNELS = {
    ("firm_firm", _FIRM, _FIRM): 0.40,
    ("research", _FIRM, _UNIVERSITY): 0.12,
    ("research", _FIRM, _PUBLIC): 0.07,
    ("research", _UNIVERSITY, _UNIVERSITY): 0.03,
    ("research", _UNIVERSITY, _PUBLIC): 0.02,
    ("research", _FIRM, _HOSPITAL): 0.015,
    ("research", _UNIVERSITY, _HOSPITAL): 0.015,
    ("support", _SUPPORT, _FIRM): 0.11,
    ("support", _SUPPORT, _UNIVERSITY): 0.02,
    ("transfer", _UNIVERSITY, _FIRM): 0.05,
    ("transfer", _PUBLIC, _FIRM): 0.04,
    ("transfer", _FIRM, _FIRM): 0.01,
    ("mobility", _FIRM, _FIRM): 0.06,
    ("mobility", _UNIVERSITY, _FIRM): 0.03,
    ("mobility", _PUBLIC, _FIRM): 0.01,
}
"""Share of the pairs by kind and actor types (source, target)."""
_LEADS = np.array([0.45, 0.25, 0.15, 0.03, 0.12])
_PARTNERS_OF_LEAD = np.array(
    [
        [0.50, 0.25, 0.12, 0.05, 0.08],
        [0.55, 0.25, 0.12, 0.05, 0.03],
        [0.60, 0.25, 0.10, 0.00, 0.05],
        [0.50, 0.30, 0.20, 0.00, 0.00],
        [0.85, 0.10, 0.00, 0.00, 0.05],
    ]
)
_SIZES = np.arange(2, 11)
_SIZE_SHARE = np.array([0.38, 0.24, 0.15, 0.09, 0.055, 0.035, 0.02, 0.015, 0.015])
_PAIRS_A_PROJECT = float((_SIZE_SHARE * _SIZES * (_SIZES - 1) / 2).sum())
_ABROAD_SHARE = 0.04
_ABROAD_TYPES = (_FIRM, _UNIVERSITY, _PUBLIC)
_EMPTY_KINDS = 0.3  # share of projects whose kind the reader has to derive
_TRANSFER_PROJECTS = 0.08
_YEARS = np.arange(2018, 2025)
_GROWTH = 1.06
_GIVE_WAY = 8  # doubles still left after so many rounds are dropped: the group is too small
_GRID_M = 10_000.0
_WITHIN_GRID_KM = 5.2  # mean distance of two points in a 10-km square


@dataclass(frozen=True)
class Cells:
    """The cells of a world, clusters first, then squares of 10 km outside them.

    Parameters
    ----------
    names
        Cluster ids, then "outside:<column>_<row>".
    sites_km
        x, y of every cell.
    counts
        Actors by cell and type, in the order of TYPES.
    clusters
        Number of clusters.
    """

    names: tuple[str, ...]
    sites_km: Numbers
    counts: NDArray[np.float64]
    clusters: int


@dataclass(frozen=True)
class Roster:
    """The actors sorted by cell and type, so that one of a group is found at once.

    Parameters
    ----------
    ids
        Identifier of every actor.
    groups
        ``cell * len(TYPES) + type`` of every actor, ascending.
    activity
        Relative chance that an actor is the one linked.
    """

    ids: NDArray[np.object_]
    groups: Indices
    activity: Numbers

    @cached_property
    def _reach(self) -> Numbers:
        return np.append(0.0, np.cumsum(self.activity))

    def draw(self, rng: np.random.Generator, cell: Indices, kind: Indices) -> Indices:
        """Draw an actor of given cells and types; each such group must hold one.

        Parameters
        ----------
        rng
            Source of chance.
        cell
            Cell of every draw.
        kind
            Type of every draw.

        Returns
        -------
        ndarray
            Positions in the roster.
        """
        first, last = self._span(cell, kind)
        low, high = self._reach[first], self._reach[last + 1]
        drawn = np.searchsorted(self._reach, low + rng.random(len(cell)) * (high - low), "right")
        return np.asarray(np.clip(drawn - 1, first, last))

    def step_on(self, actors: Indices) -> Indices:
        """Return the next actor of the same cell and type, going round.

        Parameters
        ----------
        actors
            Positions in the roster.

        Returns
        -------
        ndarray
            Positions in the roster.
        """
        group = self.groups[actors]
        first = np.searchsorted(self.groups, group, "left")
        last = np.searchsorted(self.groups, group, "right") - 1
        return np.asarray(np.where(actors == last, first, actors + 1))

    def _span(self, cell: Indices, kind: Indices) -> tuple[Indices, Indices]:
        group = cell * len(TYPES) + kind
        first = np.searchsorted(self.groups, group, "left")
        return first, np.searchsorted(self.groups, group, "right") - 1


@dataclass(frozen=True)
class Law:
    """Pull between cells per pair of actors, and who is there.

    Parameters
    ----------
    pull
        Square and symmetric, one row a cell.
    counts
        Actors by cell and type.
    """

    pull: Numbers
    counts: Numbers

    def reach(self, lead: int, partner: int) -> Numbers:
        """Return the links that one actor of a type has with another type, by its cell.

        Parameters
        ----------
        lead
            Type of the actor.
        partner
            Type of its partners.

        Returns
        -------
        ndarray
            One value a cell; an actor is no partner of its own.
        """
        summed = self.pull @ self.counts[:, partner]
        if lead == partner:
            summed = np.maximum(summed - np.diag(self.pull), 0.0)
        return np.asarray(summed)


def build_cells(
    clusters: pd.Series, sites: Numbers, actors: pd.DataFrame
) -> tuple[Cells, Roster, pd.Series]:
    """Put every actor into its cell.

    Parameters
    ----------
    clusters
        Cluster ids.
    sites
        x, y of the clusters in metres.
    actors
        actor, type, home (number of the cluster, -1 for none), x, y, activity.

    Returns
    -------
    cells : Cells
        Clusters and squares.
    roster : Roster
        Actors by cell and type.
    names : pd.Series
        Cell name of every actor, in the order given.
    """
    column = np.floor(actors["x"] / _GRID_M).astype(int).astype(str)
    row = np.floor(actors["y"] / _GRID_M).astype(int).astype(str)
    outside = (actors["home"] < 0).to_numpy()
    squares, square = np.unique(("outside:" + column + "_" + row)[outside], return_inverse=True)
    cell = actors["home"].to_numpy().copy()
    cell[outside] = len(clusters) + square
    names = (*clusters, *map(str, squares))
    kind = pd.Index(TYPES).get_indexer(pd.Index(actors["type"]))
    group = cell * len(TYPES) + kind
    counts = np.bincount(group, minlength=len(names) * len(TYPES)).reshape(-1, len(TYPES))
    spots = actors.loc[outside, ["x", "y"]].groupby(square).mean().to_numpy()
    where = np.concatenate([sites, spots.reshape(-1, 2)]) / 1000
    order = np.argsort(group, kind="stable")
    roster = Roster(
        actors["actor"].to_numpy(dtype=object)[order],
        group[order],
        actors["activity"].to_numpy()[order],
    )
    cells = Cells(names, where, counts.astype(float), len(clusters))
    return cells, roster, pd.Series(np.array(names, dtype=object)[cell], index=actors.index)


def build_law(
    cells: Cells, *, mass: float, decay_km: float, near_km: float, noise: Numbers | None = None
) -> Law:
    """Build the law without any planting.

    Parameters
    ----------
    cells
        Where how many actors are.
    mass
        Exponent of the product of sizes.
    decay_km
        Distance over which links fall by e.
    near_km
        Distance at which they are halved besides.
    noise
        Square and symmetric multiplier of every pair of cells, if there is any.

    Returns
    -------
    Law
        Typical pull.
    """
    size = cells.counts.sum(axis=1)
    x, y = cells.sites_km.T
    apart = np.hypot(x[:, None] - x, y[:, None] - y)
    own = 0.05 * np.sqrt(size) + 0.5
    own[cells.clusters :] = _WITHIN_GRID_KM
    np.fill_diagonal(apart, own)
    pull = np.exp(-apart / decay_km) / (1 + apart / near_km)
    scale = size ** (mass - 1)
    pull *= scale[:, None] * scale
    if noise is not None:
        pull *= noise
    return Law(pull, cells.counts)


def plant(law: Law, internal: Numbers, external: Numbers) -> Law:
    """Multiply the links of some cells.

    Parameters
    ----------
    law
        Typical law.
    internal
        Factor on the links inside a cell.
    external
        Factor on its links with other cells.

    Returns
    -------
    Law
        Law of the planted world.
    """
    pull = law.pull * external[:, None] * external
    np.fill_diagonal(pull, np.diag(law.pull) * internal)
    return Law(pull, law.counts)


class _Draws:
    """Ends that wait for their partner's cell, so that each type's law is summed up only once."""

    def __init__(self, rng: np.random.Generator, law: Law) -> None:
        self._rng = rng
        self._law = law

    def leads(self, kind: int, weight: Numbers, count: int) -> Indices:
        """Draw cells of leads of a type, by how many links each has."""
        reach = np.cumsum(self._law.counts[:, kind] * weight)
        drawn = np.searchsorted(reach, self._rng.random(count) * reach[-1], "right")
        return np.asarray(np.minimum(drawn, len(reach) - 1))

    def partners(self, cell: Indices, lead: Indices, partner: Indices) -> Indices:
        """Draw the cell of a partner of a type for every lead."""
        found = np.empty(len(cell), dtype=np.int64)
        for kind in range(len(TYPES)):
            rows = np.flatnonzero(partner == kind)
            if len(rows):
                found[rows] = self._partners_of_type(cell[rows], lead[rows], kind)
        return found

    def _partners_of_type(self, cell: Indices, lead: Indices, kind: int) -> Indices:
        many = len(self._law.counts)
        reach = np.cumsum((self._law.pull * self._law.counts[:, kind]).ravel())
        last = (cell + 1) * many - 1
        low = np.where(cell > 0, reach[cell * many - 1], 0.0)
        span = reach[last] - low
        found = np.empty(len(cell), dtype=np.int64)
        open_ = np.arange(len(cell))
        while len(open_):
            target = low[open_] + self._rng.random(len(open_)) * span[open_]
            drawn = np.minimum(np.searchsorted(reach, target, "right"), last[open_]) % many
            found[open_] = drawn
            # Nobody is linked with itself: one draw in n inside the own group is drawn again.
            own = (drawn == cell[open_]) & (lead[open_] == kind)
            alone = self._rng.random(len(open_)) * self._law.counts[drawn, kind] < 1
            open_ = open_[own & alone]
        return found


def _draw_years(rng: np.random.Generator, count: int) -> Indices:
    weight = _GROWTH ** np.arange(len(_YEARS))
    return rng.choice(_YEARS, size=count, p=weight / weight.sum())


def _draw_abroad(
    rng: np.random.Generator, partners: pd.DataFrame, types: Indices
) -> NDArray[np.object_]:
    """Draw a partner abroad for some ends; None stands for the others."""
    found = np.full(len(types), None, dtype=object)
    chosen = rng.random(len(types)) < _ABROAD_SHARE
    for kind in _ABROAD_TYPES:
        pool = partners.loc[partners["kind"] == TYPES[kind], "partner"].to_numpy(dtype=object)
        rows = np.flatnonzero(chosen & (types == kind))
        if len(pool):
            # A few partners abroad are known to everybody: rank to the power -1.
            known = 1 / np.arange(1, len(pool) + 1)
            found[rows] = rng.choice(pool, size=len(rows), p=known / known.sum())
    return found


def draw_pairs(
    rng: np.random.Generator, law: Law, roster: Roster, partners: pd.DataFrame, links: int
) -> pd.DataFrame:
    """Draw linkages as pairs.

    Parameters
    ----------
    rng
        Source of chance.
    law
        Law of the world.
    roster
        Who can be linked.
    partners
        Partners abroad.
    links
        Number of links.

    Returns
    -------
    pd.DataFrame
        source, target, kind, weight, year.
    """
    draws = _Draws(rng, law)
    channels = list(CHANNELS)
    share = np.array(list(CHANNELS.values()))
    channel = np.sort(rng.choice(len(channels), size=links, p=share / share.sum()))
    first = np.array([lead for _, lead, _ in channels])[channel]
    second = np.array([partner for _, _, partner in channels])[channel]
    many = np.bincount(channel, minlength=len(channels))
    cell = np.concatenate(
        [
            draws.leads(lead, law.reach(lead, partner), number)
            for (_, lead, partner), number in zip(channels, many, strict=True)
        ]
    )
    source = roster.draw(rng, cell, first)
    target = roster.draw(rng, draws.partners(cell, first, second), second)
    target = np.where(source == target, roster.step_on(target), target)
    abroad = _draw_abroad(rng, partners, second)
    pairs = pd.DataFrame(
        {
            "source": roster.ids[source],
            "target": np.where(abroad == None, roster.ids[target], abroad),  # noqa: E711
            "kind": np.array([kind for kind, _, _ in channels], dtype=object)[channel],
            "weight": 1.0,
            "year": _draw_years(rng, links),
        }
    )
    return pairs.iloc[rng.permutation(links)].reset_index(drop=True)


def draw_participations(
    rng: np.random.Generator, law: Law, roster: Roster, partners: pd.DataFrame, links: int
) -> pd.DataFrame:
    """Draw linkages as projects of 2 to 10 participants.

    Parameters
    ----------
    rng
        Source of chance.
    law
        Law of the world.
    roster
        Who can be linked.
    partners
        Partners abroad.
    links
        Pairs of participants aimed at, over all projects.

    Returns
    -------
    pd.DataFrame
        project, participant, kind ("" where the reader derives it), year.
    """
    draws = _Draws(rng, law)
    projects = round(links / _PAIRS_A_PROJECT)
    share = _LEADS * (law.counts.sum(axis=0) > 0)
    lead = np.sort(rng.choice(len(TYPES), size=projects, p=share / share.sum()))
    size = rng.choice(_SIZES, size=projects, p=_SIZE_SHARE)
    many = np.bincount(lead, minlength=len(TYPES))
    pulls = [_reach_by_type(law, kind) for kind in range(len(TYPES))]
    cell = np.concatenate(
        [draws.leads(k, pulls[k].sum(axis=1), many[k]) for k in range(len(TYPES))]
    )
    owner = np.repeat(np.arange(projects), size - 1)
    reach = np.cumsum(np.stack(pulls)[lead[owner], cell[owner]], axis=1)
    partner = (rng.random((len(owner), 1)) * reach[:, -1:] >= reach).sum(axis=1)
    found = draws.partners(cell[owner], lead[owner], partner)
    leader = roster.draw(rng, cell, lead)
    member = roster.draw(rng, found, partner)
    member = _part_doubles(roster, leader, owner, member)
    abroad = _draw_abroad(rng, partners, partner)
    members = np.where(abroad == None, roster.ids[member], abroad)  # noqa: E711
    rows = pd.DataFrame(
        {
            "number": np.concatenate([np.arange(projects), owner]),
            "participant": np.concatenate([roster.ids[leader], members]),
            "type": np.concatenate([lead, partner]),
        }
    ).drop_duplicates(["number", "participant"])
    return _finish_projects(rng, rows, projects)


def _part_doubles(roster: Roster, leader: Indices, owner: Indices, member: Indices) -> Indices:
    """Let a participant drawn twice for one project give way to the next of its group."""
    projects = np.concatenate([np.arange(len(leader)), owner])
    actors = np.concatenate([leader, member])
    for _ in range(_GIVE_WAY):
        double = pd.DataFrame({"p": projects, "a": actors}).duplicated().to_numpy()
        if not double.any():
            break
        actors[double] = roster.step_on(actors[double])
    return actors[len(leader) :]


def _reach_by_type(law: Law, lead: int) -> Numbers:
    """Links of one lead by its cell and its partners' type."""
    total = np.maximum(law.counts.sum(axis=0), 1)
    rate = _PARTNERS_OF_LEAD[lead] / total
    columns = [rate[kind] * law.reach(lead, kind) for kind in range(len(TYPES))]
    return np.column_stack(columns)


def _finish_projects(rng: np.random.Generator, rows: pd.DataFrame, projects: int) -> pd.DataFrame:
    number = rows["number"].to_numpy()
    has = np.zeros((projects, len(TYPES)), dtype=bool)
    has[number, rows["type"]] = True
    academic = has[:, [_UNIVERSITY, _PUBLIC, _HOSPITAL]].any(axis=1)
    kind = np.where(has[:, _SUPPORT], "support", np.where(academic, "research", "firm_firm"))
    chance = rng.random(projects)
    kind = np.where(chance < _EMPTY_KINDS, "", kind)
    known = has[:, _FIRM] & academic & ~has[:, _SUPPORT] & (chance > 1 - _TRANSFER_PROJECTS)
    kind = np.where(known, "transfer", kind).astype(object)
    year = _draw_years(rng, projects)
    order = rng.permutation(projects)
    rank = np.empty(projects, dtype=np.int64)
    rank[order] = np.arange(projects)
    ids = np.array([f"R{position + 1:07d}" for position in rank], dtype=object)
    finished = pd.DataFrame(
        {
            "project": ids[number],
            "participant": rows["participant"].to_numpy(),
            "kind": kind[number],
            "year": year[number],
        }
    )
    return finished.iloc[np.argsort(rank[number], kind="stable")].reset_index(drop=True)


@dataclass
class _Sums:
    """Links inside and across the fence, by cell."""

    inside: Numbers
    across: Numbers

    def add(self, inside: Numbers, touching: Numbers) -> None:
        """Add links; touching counts an inside link twice."""
        self.inside += inside
        self.across += touching - 2 * inside


def expect_links(
    typical: Law, planted: Law, *, pairs: int, project_links: int
) -> tuple[Numbers, Numbers]:
    """Return the mean links of every cell had nothing been planted in it.

    Parameters
    ----------
    typical
        Law without planting.
    planted
        Law of the world, which sets the level.
    pairs
        Links drawn as pairs.
    project_links
        Links drawn as projects.

    Returns
    -------
    inside : ndarray
        Mean links inside every cell.
    across : ndarray
        Mean links with all other cells of the nation, partners abroad left out.
    """
    sums = _Sums(np.zeros(len(typical.counts)), np.zeros(len(typical.counts)))
    _expect_pairs(sums, typical, planted, pairs)
    _expect_projects(sums, typical, planted, project_links / _PAIRS_A_PROJECT)
    return sums.inside, sums.across


def _abroad(kind: int) -> float:
    return _ABROAD_SHARE if kind in _ABROAD_TYPES else 0.0


def _expect_pairs(sums: _Sums, typical: Law, planted: Law, links: int) -> None:
    own = np.diag(typical.pull)
    total = sum(CHANNELS.values())
    for (_, lead, partner), share in CHANNELS.items():
        n, m = typical.counts[:, lead], typical.counts[:, partner]
        level = (planted.counts[:, lead] * planted.reach(lead, partner)).sum()
        scale = links * share / total / max(level, 1e-300) * (1 - _abroad(partner))
        inside = scale * n * own * (m - (lead == partner))
        touching = scale * (n * typical.reach(lead, partner) + m * typical.reach(partner, lead))
        sums.add(inside, touching)


def _expect_projects(sums: _Sums, typical: Law, planted: Law, projects: float) -> None:
    share = _LEADS * (typical.counts.sum(axis=0) > 0)
    spokes = float((_SIZE_SHARE * (_SIZES - 1)).sum())
    rims = float((_SIZE_SHARE * (_SIZES - 1) * (_SIZES - 2) / 2).sum())
    total = np.maximum(typical.counts.sum(axis=0), 1)
    home = np.array([1 - _abroad(kind) for kind in range(len(TYPES))])
    squared = typical.pull**2
    for lead, part in enumerate(share / share.sum()):
        n = typical.counts[:, lead]
        level = float((n * _reach_by_type(planted, lead).sum(axis=1)).sum())
        reach = _reach_by_type(typical, lead).sum(axis=1)
        if level <= 0:
            continue
        scale = projects * part / level
        rate = home * _PARTNERS_OF_LEAD[lead] / total
        guests = typical.counts @ rate  # partners that a cell offers to a lead of this type
        own = np.diag(typical.pull)
        spoke = scale * spokes * n * own * (guests - rate[lead])
        met = scale * spokes * guests * (typical.pull @ n)
        led = scale * spokes * n * (typical.pull @ guests - rate[lead] * own)
        sums.add(spoke, met + led - scale * spokes * n * rate[lead] * own)
        # Partners of one lead meet each other: chances of both, given the lead's cell.
        share_of = np.divide(n, reach, out=np.zeros_like(n), where=reach > 0)
        both = (
            guests**2 - (typical.counts == 1) @ rate**2
        )  # the only one of its type meets no other
        rim = scale * rims * both * (squared @ share_of)
        domestic = np.divide(typical.pull @ guests, reach, out=np.zeros_like(n), where=reach > 0)
        meet = scale * rims * guests * 2 * (typical.pull @ (n * domestic))
        sums.add(rim, meet)


def count_pairs(participations: pd.DataFrame) -> int:
    """Count the pairs of participants over all projects.

    Parameters
    ----------
    participations
        project, participant.

    Returns
    -------
    int
        Sum of k (k - 1) / 2 over the projects.
    """
    size = participations.groupby("project").size()
    return int((size * (size - 1) // 2).sum())


def as_factors(cells: Cells, factors: Mapping[str, Numbers]) -> tuple[Numbers, Numbers]:
    """Return the planted factors of all cells; squares outside clusters have none.

    Parameters
    ----------
    cells
        Clusters and squares.
    factors
        internal and external, one value a cluster.

    Returns
    -------
    internal : ndarray
        Factor by cell.
    external : ndarray
        Factor by cell.
    """
    rest = np.ones(len(cells.names) - cells.clusters)
    return np.append(factors["internal"], rest), np.append(factors["external"], rest)
