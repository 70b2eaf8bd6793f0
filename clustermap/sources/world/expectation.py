"""What a fictional world's law leads one to expect of every cluster, had nothing been planted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from clustermap.sources.world.drawing import CHANNEL_KINDS, share_channels
from clustermap.sources.world.law import (
    ABROAD_SHARE,
    ABROAD_TYPES,
    CHANNELS,
    FIRM,
    LEADS,
    PAIRS_A_PROJECT,
    PARTNERS_OF_LEAD,
    SIZE_SHARE,
    SIZES,
    TYPES,
    measure_km,
    reach_by_type,
    weigh_channels,
)
from clustermap.sources.world.nation import build_typical, plant_law, read_noise
from clustermap.sources.world.roster import BOOKED
from clustermap.tables import SCORED_KINDS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clustermap.sources.world.law import Law
    from clustermap.sources.world.nation import Nation
    from clustermap.sources.world.places import Numbers
    from clustermap.sources.world.roster import Roster

ROWS = len(SCORED_KINDS) + 1
"""One row a scored kind, in their order, and the last one for all kinds together."""


@dataclass(frozen=True)
class Expected:
    """Mean and variance of the links of clusters, had nothing been planted.

    Parameters
    ----------
    internal, external
        Mean links within the fence, and with others of the nation. Shape (kinds + 1, clusters):
        one row for each of SCORED_KINDS, the last for all together. NaN where no formula gives it.
    internal_variance, external_variance
        Their variances, where pairs of cells keep their multiplier for all links.
    """

    internal: Numbers
    external: Numbers
    internal_variance: Numbers
    external_variance: Numbers


def has_formula(nation: Nation) -> bool:
    """Return whether a world's expectation can be written down.

    Parameters
    ----------
    nation
        The world.

    Returns
    -------
    bool
        False where links attract links, and where there are projects: their small groups run out
        of participants. Then ``expect_by_redrawing`` gives it.
    """
    return nation.parameters.attachment == 0 and nation.parameters.project_share == 0


def expect(nation: Nation, *, beyond_km: float = 0.0, planted: bool = False) -> Expected:
    """Return what a world's law leads one to expect of every cluster, had nothing been planted.

    The level is that of the planted world. Where pairs of cells have a multiplier, nobody can know
    it beforehand: the mean is that over all multipliers, and the variance contains theirs.

    Parameters
    ----------
    nation
        The world.
    beyond_km
        External links are those with cells whose centres lie farther than this; 0 for all others.
    planted
        Whether what is planted is to be expected instead: over what is typical, that is the ratio
        that there is to be found, with what other planted clusters add to a cluster's links.

    Returns
    -------
    Expected
        NaN where ``has_formula`` says no.
    """
    if not has_formula(nation):
        nothing = np.full((ROWS, nation.cells.clusters), np.nan)
        return Expected(nothing, nothing, nothing, nothing)
    noise = read_noise(nation)
    typical = build_typical(nation)
    noisy = typical if noise is None else build_typical(nation, noise)
    wanted = plant_law(nation, typical) if planted else typical
    return _sum_pairs(nation, wanted, plant_law(nation, noisy), find_far(nation, beyond_km))


def find_far(nation: Nation, beyond_km: float) -> NDArray[np.bool_]:
    """Return which pairs of cells external links may join.

    Parameters
    ----------
    nation
        The world.
    beyond_km
        Distance of their centres, 0 for any.

    Returns
    -------
    ndarray
        Square, False on the diagonal.
    """
    far = measure_km(nation.cells) > beyond_km
    np.fill_diagonal(far, val=False)
    return far


def list_scales(nation: Nation, law: Law) -> Numbers:
    """Return the mean number of pairs of every channel for one unit of pull between two actors.

    Parameters
    ----------
    nation
        The world.
    law
        Law of the planted world, which sets the level.

    Returns
    -------
    ndarray
        One value a channel; links with partners abroad left out.
    """
    level = weigh_channels(law)
    share = np.where(level > 0, share_channels(), 0.0)
    home = np.array([1 - abroad_share(nation, partner) for _, _, partner in CHANNELS])
    links = nation.parameters.links - nation.parameters.project_links
    return np.asarray(links * share / share.sum() * home / np.where(level > 0, level, 1.0))


def abroad_share(nation: Nation, kind: int) -> float:
    """Return the share of the partners of a type that are abroad.

    Parameters
    ----------
    nation
        The world.
    kind
        Type of the partners.

    Returns
    -------
    float
        0 where there is none abroad.
    """
    there = kind in ABROAD_TYPES and bool((nation.partners.types == kind).any())
    return ABROAD_SHARE if there else 0.0


def _sum_pairs(nation: Nation, typical: Law, planted: Law, far: NDArray[np.bool_]) -> Expected:
    clusters, links = nation.cells.clusters, max(nation.parameters.links, 1)
    inside, across = np.zeros((2, ROWS, len(typical.counts)))
    spread = np.zeros((ROWS, len(typical.counts)))
    scales = list_scales(nation, planted)
    ends = [(lead, partner) for _, lead, partner in CHANNELS]
    moved = _find_moves(nation.roster, len(typical.counts))
    total = np.zeros_like(typical.pull)
    for row in range(ROWS):
        flows = total if row == ROWS - 1 else np.zeros_like(total)
        for channel in np.flatnonzero(row == CHANNEL_KINDS):
            flows += _expect_flows(typical, *ends[channel], scales[channel], moved)
        total += 0.0 if flows is total else flows
        inside[row] = np.diag(flows)
        both = flows + flows.T
        both[~far] = 0.0
        across[row] = both.sum(axis=1)
        spread[row] = nation.parameters.heterogeneity * (both**2).sum(axis=1)
    return Expected(
        inside[:, :clusters],
        across[:, :clusters],
        (inside * (1 - inside / links))[:, :clusters],
        (across * (1 - across / links) + spread)[:, :clusters],
    )


def _find_moves(roster: Roster, cells: int) -> sparse.csr_array | None:
    """Return where links of a cell's firms are booked: the share that goes to every cell."""
    away = np.flatnonzero(roster.office != np.arange(len(roster.office)))
    if not len(away):
        return None
    group = roster.groups[away]
    total = np.bincount(roster.groups, weights=roster.outside)[group]
    share = BOOKED * roster.outside[away] / total
    here, there = roster.cells[away], roster.cells[roster.office[away]]
    stays = 1 - np.bincount(here, weights=share, minlength=cells)
    moved = sparse.csr_array((share, (here, there)), shape=(cells, cells))
    return sparse.csr_array(moved + sparse.diags_array(stays))


def _expect_flows(
    law: Law, lead: int, partner: int, scale: float, moved: sparse.csr_array | None
) -> Numbers:
    flows = law.pull * (scale * law.counts[:, lead])[:, None] * law.counts[:, partner]
    own = scale * law.counts[:, lead] * law.own * law.partners(lead, partner)
    np.fill_diagonal(flows, own)
    if moved is not None and partner == FIRM:
        flows = flows @ moved
    if moved is not None and lead == FIRM:
        flows = moved.T @ flows
    return np.asarray(flows)


def expect_links(nation: Nation, typical: Law, planted: Law) -> Expected:
    """Return the mean links of every cluster in a world of pairs and projects.

    Parameters
    ----------
    nation
        The world.
    typical
        Law without planting, with the multiplier that pairs of cells have in this world.
    planted
        Law of the world, which sets the level.

    Returns
    -------
    Expected
        Only the means for all kinds together, the last row. Projects are taken as if no group ran
        out of participants; NaN where links attract links, and where projects are booked at head
        offices.
    """
    asked, clusters = nation.parameters, nation.cells.clusters
    nothing = np.full((ROWS, clusters), np.nan)
    if asked.attachment > 0 or (asked.capital > 0 and asked.project_share > 0):
        return Expected(nothing, nothing, nothing, nothing)
    pairs = _sum_pairs(nation, typical, planted, find_far(nation, 0.0))
    inside, across = _expect_projects(nation, typical, planted)
    internal, external = nothing.copy(), nothing.copy()
    internal[-1] = pairs.internal[-1] + inside[:clusters]
    external[-1] = pairs.external[-1] + across[:clusters]
    return Expected(internal, external, nothing, nothing)


@dataclass
class _Sums:
    """Links inside and across the fence, by cell."""

    inside: Numbers
    across: Numbers

    def add(self, inside: Numbers, touching: Numbers) -> None:
        """Add links; touching counts an inside link twice."""
        self.inside += inside
        self.across += touching - 2 * inside


def _expect_projects(nation: Nation, typical: Law, planted: Law) -> tuple[Numbers, Numbers]:
    projects = nation.parameters.project_links / PAIRS_A_PROJECT
    sums = _Sums(np.zeros(len(typical.counts)), np.zeros(len(typical.counts)))
    share = LEADS * (typical.counts.sum(axis=0) > 0)
    spokes = float((SIZE_SHARE * (SIZES - 1)).sum())
    rims = float((SIZE_SHARE * (SIZES - 1) * (SIZES - 2) / 2).sum())
    total = np.maximum(typical.counts.sum(axis=0), 1)
    home = np.array([1 - abroad_share(nation, kind) for kind in range(len(TYPES))])
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
    return sums.inside, sums.across
