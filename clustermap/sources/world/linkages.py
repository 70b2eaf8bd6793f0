"""Who is linked with whom in a fictional world: drawn from its law, as pairs and as projects.

Links are drawn given their number: first the cell and type of one end, then the cell of the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

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
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clustermap.sources.world.law import Law, Roster
    from clustermap.sources.world.places import Indices, Numbers

_EMPTY_KINDS = 0.3  # share of projects whose kind the reader has to derive
_TRANSFER_PROJECTS = 0.08
_YEARS = np.arange(2018, 2025)
_GROWTH = 1.06
_GIVE_WAY = 8  # doubles still left after so many rounds are dropped: the group is too small


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
    chosen = rng.random(len(types)) < ABROAD_SHARE
    for kind in ABROAD_TYPES:
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
    projects = round(links / PAIRS_A_PROJECT)
    share = LEADS * (law.counts.sum(axis=0) > 0)
    lead = np.sort(rng.choice(len(TYPES), size=projects, p=share / share.sum()))
    size = rng.choice(SIZES, size=projects, p=SIZE_SHARE)
    many = np.bincount(lead, minlength=len(TYPES))
    pulls = [reach_by_type(law, kind) for kind in range(len(TYPES))]
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


def _finish_projects(rng: np.random.Generator, rows: pd.DataFrame, projects: int) -> pd.DataFrame:
    number = rows["number"].to_numpy()
    has = np.zeros((projects, len(TYPES)), dtype=bool)
    has[number, rows["type"]] = True
    academic = has[:, [UNIVERSITY, PUBLIC, HOSPITAL]].any(axis=1)
    kind = np.where(has[:, SUPPORT], "support", np.where(academic, "research", "firm_firm"))
    chance = rng.random(projects)
    kind = np.where(chance < _EMPTY_KINDS, "", kind)
    known = has[:, FIRM] & academic & ~has[:, SUPPORT] & (chance > 1 - _TRANSFER_PROJECTS)
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
