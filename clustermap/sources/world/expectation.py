"""What a fictional world's law leads one to expect of every cell, had nothing been planted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from clustermap.sources.world.law import (
    ABROAD_SHARE,
    ABROAD_TYPES,
    CHANNELS,
    LEADS,
    PAIRS_A_PROJECT,
    PARTNERS_OF_LEAD,
    SIZE_SHARE,
    SIZES,
    TYPES,
    reach_by_type,
)

if TYPE_CHECKING:
    from clustermap.sources.world.law import Law
    from clustermap.sources.world.places import Numbers


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
    _expect_projects(sums, typical, planted, project_links / PAIRS_A_PROJECT)
    return sums.inside, sums.across


def _abroad(kind: int) -> float:
    return ABROAD_SHARE if kind in ABROAD_TYPES else 0.0


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
    share = LEADS * (typical.counts.sum(axis=0) > 0)
    spokes = float((SIZE_SHARE * (SIZES - 1)).sum())
    rims = float((SIZE_SHARE * (SIZES - 1) * (SIZES - 2) / 2).sum())
    total = np.maximum(typical.counts.sum(axis=0), 1)
    home = np.array([1 - _abroad(kind) for kind in range(len(TYPES))])
    squared = typical.pull**2
    for lead, part in enumerate(share / share.sum()):
        n = typical.counts[:, lead]
        level = float((n * reach_by_type(planted, lead).sum(axis=1)).sum())
        reach = reach_by_type(typical, lead).sum(axis=1)
        if level <= 0:
            continue
        scale = projects * part / level
        rate = home * PARTNERS_OF_LEAD[lead] / total
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
