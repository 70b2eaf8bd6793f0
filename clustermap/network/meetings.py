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
    """Pairs of a cell with all who stand in another one, or with one actor in any.

    Parameters
    ----------
    cell
        First cell of each pair.
    other
        Cell that those at the other end stand in.
    stratum
        Stratum of the actor at the other end; None where all who stand there are meant.
    """

    cell: Positions
    other: Positions
    stratum: Positions | None = None


@dataclass(frozen=True)
class _Side:
    """Strata of one end with their activity, and of the other with theirs."""

    here: npt.NDArray[np.intp]
    active: Numbers
    there: npt.NDArray[np.intp]
    theirs: Numbers


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
    cell, other = meetings.cell, meetings.other
    sides = [_Side(fit.first, fit.u, fit.second, fit.v)]
    if not fit.channel.unordered:
        sides.append(_Side(fit.second, fit.v, fit.first, fit.u))
    links = np.zeros(len(cell))
    for side in sides:
        tie = np.where(same_sector(side.here, side.there, stage.strata), fit.same, 1.0)
        # What all strata send to each stratum of the other end, their sectors included.
        sent = (stage.members[:, side.here] * side.active) @ tie * side.theirs
        if meetings.stratum is None:
            links += np.einsum("ij,ij->i", sent[cell], stage.members[:, side.there][other])
            continue
        place = np.full(len(stage.strata), -1)
        place[side.there] = np.arange(len(side.there))
        at = place[meetings.stratum]
        met = np.flatnonzero(at >= 0)
        links[met] += sent[cell[met], at[met]]
        if fit.channel.types[0] == fit.channel.types[1]:
            # An actor makes no pair with itself.
            own = met[cell[met] == other[met]]
            links[own] -= (side.active * side.theirs * np.diag(tie))[at[own]]
    some = np.flatnonzero(links > 0)
    cell, other, weight = cell[some], other[some], stage.sizes**fit.exponent
    found = np.zeros(len(links))
    found[some] = fit.level * links[some] * weight[cell] * weight[other]
    found[some] *= kernel_of_pairs(fit.bins, stage, cell, other)
    return found


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
