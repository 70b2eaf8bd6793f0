"""Who is linked with whom in a fictional world, as positions: the one place where links are drawn.

Links are drawn given their number: first the cell and type of one end, then the cell of the other,
then the two actors. Partners abroad are numbered after the actors of the roster.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from clustermap.sources.world.law import (
    ABROAD_SHARE,
    ABROAD_TYPES,
    CHANNELS,
    FIRM,
    HOSPITAL,
    LEADS,
    PAIRS_A_PROJECT,
    PUBLIC,
    SIZE_SHARE,
    SIZES,
    SUPPORT,
    TYPES,
    UNIVERSITY,
    reach_by_type,
    weigh_channels,
    weigh_leads,
)
from clustermap.sources.world.parameters import open_stream
from clustermap.tables import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from clustermap.sources.world.law import Law
    from clustermap.sources.world.places import Indices, Numbers
    from clustermap.sources.world.roster import Roster

YEARS = np.arange(2018, 2025)
CHANNEL_KINDS = np.array([KINDS.index(kind) for kind, _, _ in CHANNELS], dtype=np.uint8)
"""Kind of every channel, as a position in KINDS."""
UNSTATED = len(KINDS)
"""Kind of a project that the reader has to derive."""
BATCHES = 20
"""Rounds in which links are drawn where links attract links."""
_EMPTY_KINDS = 0.3
_TRANSFER_PROJECTS = 0.08
_GROWTH = 1.06
_GIVE_WAY = 8  # doubles still left after so many rounds are dropped: the group is too small


@dataclass(frozen=True)
class Pairs:
    """Links between two actors.

    Parameters
    ----------
    source, target
        Positions in the roster; a partner abroad comes after all actors.
    channel
        Position in CHANNELS.
    """

    source: Indices
    target: Indices
    channel: Indices


@dataclass(frozen=True)
class Projects:
    """Participations, ordered by project, its lead first.

    Parameters
    ----------
    project
        Number of the project.
    actor
        Position in the roster; a partner abroad comes after all actors.
    kind
        Kind of the project, by participation: position in KINDS, or UNSTATED.
    """

    project: Indices
    actor: Indices
    kind: NDArray[np.uint8]


def share_channels() -> Numbers:
    """Return the share of the pairs by channel.

    Returns
    -------
    ndarray
        In the order of CHANNELS; they sum to one.
    """
    share = np.array(list(CHANNELS.values()))
    return np.asarray(share / share.sum())


@dataclass(frozen=True)
class Stage:
    """What links are drawn from.

    Parameters
    ----------
    law
        How many links cells have with each other.
    roster
        Who lives there.
    partners
        Type of every partner abroad, as a position in TYPES.
    attachment
        What one link adds to the chance of the next.
    channels
        Share of the pairs by channel; a sum below one makes them fewer than asked.
    leads
        The same of the projects, by type of their lead.
    """

    law: Law
    roster: Roster
    partners: NDArray[np.uint8]
    attachment: float = 0.0
    channels: Numbers = field(default_factory=share_channels)
    leads: Numbers = field(default_factory=lambda: LEADS / LEADS.sum())


def keep_level(stage: Stage, world: Law) -> Stage:
    """Return a stage at the level of a world that has other links besides.

    A world has as many links as asked. So what is planted in some clusters leaves fewer for all
    others, and what is typical in it is not what it would be with nothing planted.

    Parameters
    ----------
    stage
        What links are drawn from.
    world
        Law of the world whose level it takes.

    Returns
    -------
    Stage
        As many links as asked, but for those that the world has besides.
    """
    law = stage.law
    return replace(
        stage,
        channels=stage.channels * _ratio(weigh_channels(law), weigh_channels(world)),
        leads=stage.leads * _ratio(weigh_leads(law), weigh_leads(world)),
    )


def _ratio(one: Numbers, other: Numbers) -> Numbers:
    return np.divide(one, other, out=np.ones_like(one), where=other > 0)


class Ends:
    """Cells of links' ends: the sums over a law that every draw needs, made once.

    Parameters
    ----------
    law
        The law.
    """

    def __init__(self, law: Law) -> None:
        self._law = law
        self._tables: dict[int, tuple[Indices, Numbers]] = {}
        self._reach: dict[tuple[int, int], Numbers] = {}

    def weigh(self, lead: int, partner: int) -> Numbers:
        """Return the links of all actors of a type with another type, by cell.

        Parameters
        ----------
        lead
            Type of the actors.
        partner
            Type of their partners.

        Returns
        -------
        ndarray
            Relative to each other.
        """
        if (lead, partner) not in self._reach:
            self._reach[lead, partner] = self._law.mass[:, lead] * self._law.reach(lead, partner)
        return self._reach[lead, partner]

    def _table(self, kind: int) -> tuple[Indices, Numbers]:
        if kind not in self._tables:
            mass = self._law.mass[:, kind]
            held = np.flatnonzero(mass > 0)
            full = len(held) == len(mass)
            reach = self._law.pull.copy() if full else self._law.pull.take(held, axis=1)
            reach *= mass[held]
            reach = reach.reshape(-1)
            self._tables[kind] = held, np.cumsum(reach, out=reach)
        return self._tables[kind]

    def draw_leads(self, rng: np.random.Generator, weight: Numbers, count: int) -> Indices:
        """Draw the cells of leads, ascending.

        Parameters
        ----------
        rng
            Source of chance.
        weight
            Links by cell, relative to each other.
        count
            How many.

        Returns
        -------
        ndarray
            Cells.
        """
        many = (
            rng.multinomial(count, weight / weight.sum()) if count else np.zeros(len(weight), int)
        )
        return np.repeat(np.arange(len(weight)), many)

    def draw_partners(
        self, rng: np.random.Generator, cell: Indices, lead: int, partner: int, *, alike: bool
    ) -> Indices:
        """Draw the cell of a partner for every lead.

        Parameters
        ----------
        rng
            Source of chance.
        cell
            Cell of every lead, ascending.
        lead
            Type of the leads.
        partner
            Type of the partners.
        alike
            Whether nothing tells leads of one cell apart, so that partners may be handed out in
            any order, which is faster.

        Returns
        -------
        ndarray
            Cell of every partner.
        """
        held, reach = self._table(partner)
        last = (cell + 1) * len(held) - 1
        low = np.where(cell > 0, reach[np.maximum(last - len(held), 0)], 0.0)
        span = reach[last] - low
        found = np.empty(len(cell), dtype=np.int64)
        open_ = np.arange(len(cell))
        while len(open_):
            target = low[open_] + rng.random(len(open_)) * span[open_]
            if alike:
                target.sort()
            drawn = np.minimum(np.searchsorted(reach, target, "right"), last[open_]) % len(held)
            found[open_] = drawn = held[drawn]
            # Nobody is linked with itself: one draw in n inside the own group is drawn again.
            own = np.flatnonzero(drawn == cell[open_]) if lead == partner else open_[:0]
            alone = rng.random(len(own)) * self._law.counts[drawn[own], partner] < 1
            open_ = open_[own[alone]]
        return found


def draw_years(rng: np.random.Generator, count: int) -> Indices:
    """Draw the years of links; there are more of them from year to year.

    Parameters
    ----------
    rng
        Source of chance.
    count
        How many.

    Returns
    -------
    ndarray
        Years, ascending.
    """
    weight = _GROWTH ** np.arange(len(YEARS))
    return np.repeat(YEARS, rng.multinomial(count, weight / weight.sum()))


def draw_linkages(
    seed: int, stage: Stage, links: int, project_links: int, *numbers: int
) -> tuple[Pairs, Projects]:
    """Draw all links of a world.

    Parameters
    ----------
    seed
        Seed of the links.
    stage
        What they are drawn from.
    links
        Links between two actors.
    project_links
        Links from projects.
    *numbers
        Which repetition.

    Returns
    -------
    tuple
        Pairs and projects; where links attract links, those of later years come later.
    """
    rng = open_stream(seed, "pairs", *numbers)
    if stage.attachment > 0:
        rounds = list(grow(rng, stage, links, project_links))
        return _join([pairs for pairs, _ in rounds]), _string([found for _, found in rounds])
    ends = Ends(stage.law)
    pairs = draw_pairs(rng, stage, links, ends)
    return pairs, draw_projects(open_stream(seed, "projects", *numbers), stage, project_links, ends)


def draw_pairs(
    rng: np.random.Generator, stage: Stage, links: int, ends: Ends | None = None
) -> Pairs:
    """Draw links between two actors.

    Parameters
    ----------
    rng
        Source of chance.
    stage
        What they are drawn from.
    links
        How many.
    ends
        Sums over the law, where they are at hand already.

    Returns
    -------
    Pairs
        In the order of their channels, and of their cells within.
    """
    if links == 0:
        return _join([])
    ends = Ends(stage.law) if ends is None else ends
    share = stage.channels
    share = share * [ends.weigh(lead, partner).sum() > 0 for _, lead, partner in CHANNELS]
    many = rng.multinomial(round(links * stage.channels.sum()), share / share.sum())
    drawn = [
        _draw_channel(rng, stage, ends, channel, count)
        for channel, count in enumerate(many)
        if count
    ]
    return _join(drawn)


def _join(drawn: list[Pairs]) -> Pairs:
    none = np.zeros(0, dtype=np.int64)
    return Pairs(
        np.concatenate([none, *(pairs.source for pairs in drawn)]),
        np.concatenate([none, *(pairs.target for pairs in drawn)]),
        np.concatenate([none, *(pairs.channel for pairs in drawn)]),
    )


def _draw_channel(
    rng: np.random.Generator, stage: Stage, ends: Ends, channel: int, count: int
) -> Pairs:
    _, lead, partner = list(CHANNELS)[channel]
    cell = ends.draw_leads(rng, ends.weigh(lead, partner), count)
    other = ends.draw_partners(rng, cell, lead, partner, alike=True)
    roster, within = stage.roster, cell == other
    source = roster.draw(rng, cell, np.full(count, lead), within)
    target = roster.draw(rng, other, np.full(count, partner), within)
    target = roster.draw_other(rng, target, source)
    source, target = _book(rng, stage, source, target)
    abroad = _draw_abroad(rng, stage, np.full(count, partner))
    target = np.where(abroad < 0, target, abroad)
    return Pairs(source, target, np.full(count, channel))


def _book(
    rng: np.random.Generator, stage: Stage, source: Indices, target: Indices
) -> tuple[Indices, Indices]:
    one, other = stage.roster.book(rng, source), stage.roster.book(rng, target)
    # A link within a firm would be booked at one and the same office: it stays where it is.
    same = one == other
    return np.where(same, source, one), np.where(same, target, other)


def _draw_abroad(rng: np.random.Generator, stage: Stage, types: Indices) -> Indices:
    """Draw a partner abroad for some ends; -1 stands for the others."""
    found = np.full(len(types), -1)
    chosen = rng.random(len(types)) < ABROAD_SHARE
    for kind in ABROAD_TYPES:
        pool = np.flatnonzero(stage.partners == kind)
        rows = np.flatnonzero(chosen & (types == kind))
        if len(pool) and len(rows):
            # A few partners abroad are known to everybody: rank to the power -1.
            known = 1 / np.arange(1, len(pool) + 1)
            drawn = rng.choice(pool, size=len(rows), p=known / known.sum())
            found[rows] = len(stage.roster.groups) + drawn
    return found


def draw_projects(
    rng: np.random.Generator, stage: Stage, links: int, ends: Ends | None = None
) -> Projects:
    """Draw projects of 2 to 10 participants.

    Parameters
    ----------
    rng
        Source of chance.
    stage
        What they are drawn from.
    links
        Pairs of participants aimed at, over all projects.
    ends
        Sums over the law, where they are at hand already.

    Returns
    -------
    Projects
        Participations by project.
    """
    law, roster = stage.law, stage.roster
    count = round(links / PAIRS_A_PROJECT * stage.leads.sum())
    if count == 0:
        return _string([])
    ends = Ends(law) if ends is None else ends
    share = stage.leads * (law.counts.sum(axis=0) > 0)
    many = rng.multinomial(count, share / share.sum())
    size = rng.choice(SIZES, size=count, p=SIZE_SHARE)
    lead = np.repeat(np.arange(len(TYPES)), many)
    pulls = [reach_by_type(law, kind) for kind in range(len(TYPES))]
    cell = np.concatenate(
        [
            ends.draw_leads(rng, law.mass[:, kind] * pulls[kind].sum(axis=1), number)
            for kind, number in enumerate(many)
        ]
    )
    owner = np.repeat(np.arange(count), size - 1)
    reach = np.cumsum(np.stack(pulls)[lead[owner], cell[owner]], axis=1)
    partner = (rng.random((len(owner), 1)) * reach[:, -1:] >= reach).sum(axis=1)
    other = _draw_guests(rng, ends, lead[owner], cell[owner], partner)
    alone = np.zeros(count, dtype=bool)
    leader = roster.draw(rng, cell, lead, alone)
    member = roster.draw(rng, other, partner, other == cell[owner])
    member = roster.draw_other(rng, member, leader[owner])
    leader, member = roster.book(rng, leader), roster.book(rng, member)
    return _finish(rng, stage, owner, leader, member)


def _draw_guests(
    rng: np.random.Generator, ends: Ends, lead: Indices, cell: Indices, partner: Indices
) -> Indices:
    found = np.empty(len(cell), dtype=np.int64)
    for one in range(len(TYPES)):
        for other in range(len(TYPES)):
            rows = np.flatnonzero((lead == one) & (partner == other))
            if len(rows):
                # Guests of one project must not be sorted into the same cells.
                found[rows] = ends.draw_partners(rng, cell[rows], one, other, alike=False)
    return found


def _finish(
    rng: np.random.Generator, stage: Stage, owner: Indices, leader: Indices, member: Indices
) -> Projects:
    project = np.concatenate([np.arange(len(leader)), owner])
    actor = np.concatenate([leader, member])
    _part_doubles(stage.roster, project, actor, len(leader))
    types = stage.roster.types[actor].astype(np.int64)
    abroad = _draw_abroad(rng, stage, types)
    abroad[: len(leader)] = -1
    actor = np.where(abroad < 0, actor, abroad)
    order = np.argsort(project, kind="stable")
    project, actor, types = project[order], actor[order], types[order]
    once = np.zeros(len(project), dtype=bool)
    once[np.unique(_pair(project, actor), return_index=True)[1]] = True
    project, actor, types = project[once], actor[once], types[once]
    return Projects(project, actor, _state_kinds(rng, project, types, len(leader))[project])


def _pair(project: Indices, actor: Indices) -> Indices:
    return np.asarray(project * (int(actor.max(initial=0)) + 1) + actor)


def _part_doubles(roster: Roster, project: Indices, actor: Indices, leads: int) -> None:
    """Let a participant drawn twice for one project give way to the next of its group."""
    rows = np.arange(len(project))
    for _ in range(_GIVE_WAY):
        key = _pair(project[rows], actor[rows])
        order = np.argsort(key, kind="stable")
        double = rows[order[1:][key[order][1:] == key[order][:-1]]]
        if not len(double):
            break
        double = double[double >= leads]
        actor[double] = roster.step_on(actor[double])
        again = np.zeros(leads, dtype=bool)
        again[project[double]] = True
        rows = rows[again[project[rows]]]


def _state_kinds(
    rng: np.random.Generator, project: Indices, types: Indices, count: int
) -> NDArray[np.uint8]:
    has = np.zeros((count, len(TYPES)), dtype=bool)
    has[project, types] = True
    academic = has[:, [UNIVERSITY, PUBLIC, HOSPITAL]].any(axis=1)
    kind = np.where(academic, KINDS.index("research"), KINDS.index("firm_firm"))
    kind = np.where(has[:, SUPPORT], KINDS.index("support"), kind)
    chance = rng.random(count)
    kind = np.where(chance < _EMPTY_KINDS, UNSTATED, kind)
    known = has[:, FIRM] & academic & ~has[:, SUPPORT] & (chance > 1 - _TRANSFER_PROJECTS)
    return np.where(known, KINDS.index("transfer"), kind).astype(np.uint8)


def _string(drawn: list[Projects]) -> Projects:
    none, first = np.zeros(0, dtype=np.int64), 0
    numbers = [none]
    for projects in drawn:
        numbers.append(projects.project + first)
        first = int(numbers[-1].max(initial=first - 1)) + 1
    return Projects(
        np.concatenate(numbers),
        np.concatenate([none, *(projects.actor for projects in drawn)]),
        np.concatenate([none.astype(np.uint8), *(projects.kind for projects in drawn)]),
    )


def grow(
    rng: np.random.Generator, stage: Stage, links: int, project_links: int
) -> Iterator[tuple[Pairs, Projects]]:
    """Draw links in rounds, where who has links attracts more of them.

    Every link adds ``attachment`` to the chance of its two actors, whose chance is one on average
    at the start, and by that to what their cell attracts (initial attractiveness and rich get
    richer). An actor is judged by all its links, those within and those across its cell.

    Parameters
    ----------
    rng
        Source of chance.
    stage
        What they are drawn from.
    links
        Links between two actors.
    project_links
        Links from projects.

    Yields
    ------
    tuple
        Pairs and projects of a round.
    """
    many = len(stage.roster.groups)
    held = np.zeros(many)
    for batch in range(BATCHES):
        now = attract(stage, held)
        pairs = draw_pairs(rng, now, _part(links, batch))
        projects = draw_projects(rng, now, _part(project_links, batch))
        yield pairs, projects
        size = np.bincount(projects.project)
        ends = np.concatenate([pairs.source, pairs.target, projects.actor])
        weight = np.ones(len(ends))
        weight[2 * len(pairs.source) :] = size[projects.project] - 1
        held += np.bincount(ends, weights=weight, minlength=many)[:many]


def _part(total: int, batch: int) -> int:
    return total * (batch + 1) // BATCHES - total * batch // BATCHES


def attract(stage: Stage, held: Numbers) -> Stage:
    """Return what the next round is drawn from.

    Parameters
    ----------
    stage
        What the first round was drawn from.
    held
        Links of every actor so far.

    Returns
    -------
    Stage
        Without attachment: it holds for one round.
    """
    roster, law = stage.roster, stage.law
    gained = stage.attachment * held
    grown = replace(roster, inside=roster.inside + gained, outside=roster.outside + gained)
    cells, types = law.counts.shape
    mass = law.counts + np.bincount(roster.groups, weights=gained, minlength=cells * types).reshape(
        cells, types
    )
    return replace(stage, law=replace(law, mass=mass), roster=grown, attachment=0.0)
