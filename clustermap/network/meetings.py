"""Expected links of chosen pairs: of two cells, or of a cell with a single actor.

A null expects links of every pair of cells; where few pairs are asked for, and among them single
institutes, all of them need not be made.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from clustermap.network.null import same_sector

if TYPE_CHECKING:
    import numpy.typing as npt

    from clustermap.network.expected import Stage
    from clustermap.network.null import Fit

    Numbers = npt.NDArray[np.float64]
    Positions = npt.NDArray[np.integer]


@dataclass(frozen=True)
class Meetings:
    """Pairs of a cell with whoever stands in another one, or in the same.

    Parameters
    ----------
    cell
        First cell of each pair.
    other
        Cell that those at the other end stand in.
    members
        int64, rows x strata: who may stand at the other end.
    row
        Row of ``members`` of each pair.
    """

    cell: Positions
    other: Positions
    members: npt.NDArray[np.int64]
    row: Positions


def meet_cells(stage: Stage, cell: Positions, other: Positions) -> Meetings:
    """Return pairs of different cells.

    Parameters
    ----------
    stage
        Who is where.
    cell, other
        The two cells of each pair.

    Returns
    -------
    Meetings
        With all members of both.
    """
    return Meetings(cell, other, stage.members, other)


def meet_actors(stage: Stage, cell: Positions, other: Positions, stratum: Positions) -> Meetings:
    """Return pairs of a cell and a single actor.

    Parameters
    ----------
    stage
        Who is where.
    cell
        Cell of each pair.
    other, stratum
        Cell and stratum of the actor of each pair.

    Returns
    -------
    Meetings
        Where the actor stands in the cell itself it is no partner of its own.
    """
    one_each = np.eye(stage.members.shape[1], dtype=np.int64)
    return Meetings(cell, other, one_each, stratum)


def expect_meetings(fit: Fit, stage: Stage, meetings: Meetings) -> Numbers:
    """Return what a null expects of chosen pairs, in both directions.

    Parameters
    ----------
    fit
        The null of one channel.
    stage
        Who is where.
    meetings
        The pairs.

    Returns
    -------
    Numbers
        Links, one value a pair.
    """
    cell, other, row = meetings.cell, meetings.other, meetings.row
    sides = [(fit.first, fit.u, fit.second, fit.v)]
    if not fit.channel.unordered:
        sides.append((fit.second, fit.v, fit.first, fit.u))
    links = np.zeros(len(cell))
    single = meetings.members is not stage.members
    for here, active, there, theirs in sides:
        tie = np.where(same_sector(here, there, stage.strata), fit.same, 1.0)
        sent = stage.members[:, here] * active
        met = meetings.members[:, there] * theirs
        # What all strata send to each stratum of the other end, their sectors included.
        links += np.einsum("ij,ij->i", (sent @ tie)[cell], met[row])
        if single and fit.channel.types[0] == fit.channel.types[1]:
            itself = met[row] @ (active * np.diag(tie))
            links -= np.where(cell == other, itself, 0.0)
    weight = stage.sizes**fit.exponent
    links *= fit.level * weight[cell] * weight[other]
    return np.asarray(np.maximum(links, 0.0) * kernel_of_pairs(fit.bins, stage, cell, other))


def kernel_of_pairs(bins: Numbers, stage: Stage, cell: Positions, other: Positions) -> Numbers:
    """Return how links fall with distance in chosen pairs of cells.

    Parameters
    ----------
    bins
        Factor of each distance bin.
    stage
        Who is where.
    cell, other
        The two cells of each pair.

    Returns
    -------
    Numbers
        One value a pair; for near cells the mean over their pairs of actors.
    """
    space = stage.space
    kernel = bins[space.bins[cell, other]]
    row = space.find_near(cell.astype(np.int32), other.astype(np.int32))
    near = row >= 0
    kernel[near] = space.shares[row[near]] @ bins
    return np.asarray(kernel)
