"""The doubly constrained null: where links would lead, given how many every cell has.

It keeps the links that leave and reach every cell, and so answers another question than the mass
null: orientation, given activity. Seen from it more links inside are fewer links outside.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from clustermap.errors import TableFault
from clustermap.network.expected import ROWS_AT_ONCE, Block, Desk, in_parts, kernel_within
from clustermap.network.null import MAX_SWEEPS, neighbours

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt
    import pandas as pd

    from clustermap.network.null import Channel
    from clustermap.network.space import Space

    Numbers = npt.NDArray[np.float64]

TOLERANCE = 1e-6
"""Largest relative deviation of a sum that is kept."""

FEW_PAIRS, PATIENCE = 2_500, 50
"""Between so few pairs of cells sweeps cost little, and so many times as many may be needed: where
few cells hold all links, distance and sums of cells say nearly the same."""

_LEAST = 1e-300
_LONGEST_STEP = 2.0  # in logarithms: what goes farther may go astray


@dataclass(frozen=True)
class Balance:
    """Balancing factors of a doubly constrained model.

    Parameters
    ----------
    origins, destinations
        Factors A_i O_i and B_j D_j of the cells.
    sweeps
        Sweeps until all sums were kept.
    residual
        Largest deviation of a sum, relative to the largest sum.
    """

    origins: Numbers
    destinations: Numbers
    sweeps: int
    residual: float


def balance(
    deterrence: npt.ArrayLike,
    origins: npt.ArrayLike,
    destinations: npt.ArrayLike,
    *,
    tolerance: float = 1e-10,
    start: Balance | None = None,
) -> Balance:
    """Find the factors by which a deterrence matrix keeps given sums.

    Parameters
    ----------
    deterrence
        f(d_ij), origins x destinations; 0 where no flow is possible.
    origins, destinations
        Sums of the rows and of the columns; they must have one total.
    tolerance
        Largest deviation of a row's sum, relative to the largest.
    start
        Factors to begin with.

    Returns
    -------
    Balance
        Factors a, b such that ``a_i b_j f(d_ij)`` has these sums.

    Raises
    ------
    TableFault
        If it does not converge; the fault names the residual.

    References
    ----------
    Wilson, A. G. (1970). Entropy in Urban and Regional Modelling. Pion, London.

    Examples
    --------
    >>> found = balance([[1, 1], [1, 1]], [30, 10], [20, 20])
    >>> (found.origins[:, None] * found.destinations).round(6).tolist()
    [[15.0, 15.0], [5.0, 5.0]]
    """
    kernel = np.asarray(deterrence, dtype=np.float64)
    rows, columns = (np.asarray(sums, dtype=np.float64) for sums in (origins, destinations))
    b = np.ones(len(columns)) if start is None else start.destinations
    largest = max(float(rows.max(initial=0)), _LEAST)
    a = np.zeros(len(rows))
    residual = np.inf
    for sweep in range(1, MAX_SWEEPS + 1):
        reach = kernel @ b
        residual = float(np.abs(a * reach - rows).max(initial=0)) / largest
        a = _over(rows, reach)
        b = _over(columns, a @ kernel)
        if residual <= tolerance:
            return Balance(a, b, sweep, residual)
    raise TableFault(
        "null_not_converged",
        table="doubly constrained",
        value=f"{residual:.2g}",
        sweeps=MAX_SWEEPS,
    )


def doubly_constrained(
    flows: npt.ArrayLike, distances: npt.ArrayLike, *, possible: npt.ArrayLike | None = None
) -> tuple[Numbers, float]:
    """Fit a doubly constrained gravity model with exponential distance decay.

    ``T_ij = A_i O_i B_j D_j exp(beta d_ij)`` by Poisson maximum likelihood: the sums of rows and
    columns and the total distance travelled are those of the flows.

    Parameters
    ----------
    flows
        Flows from origins to destinations.
    distances
        Their distances, in the same shape.
    possible
        Which flows are part of the model; by default all.

    Returns
    -------
    tuple
        Fitted flows (0 where none is possible) and beta.

    Raises
    ------
    TableFault
        If it does not converge.

    References
    ----------
    As :func:`balance`. Flowerdew, R. and Aitkin, M. (1982). A method of fitting the gravity model
    based on the Poisson distribution. Journal of Regional Science 22(2), 191-202.
    """
    table = np.asarray(flows, dtype=np.float64)
    there = np.ones(table.shape, bool) if possible is None else np.asarray(possible, dtype=bool)
    table = np.where(there, table, 0.0)
    scale = float(np.asarray(distances, dtype=np.float64)[there].mean())
    apart = np.where(there, np.asarray(distances, dtype=np.float64) / scale, 0.0)
    travelled, beta, found = float((table * apart).sum()), 0.0, None
    for _ in range(MAX_SWEEPS):
        found = balance(
            np.where(there, np.exp(beta * apart), 0.0),
            table.sum(axis=1),
            table.sum(axis=0),
            tolerance=1e-13,
            start=found,
        )
        fitted = np.outer(found.origins, found.destinations) * np.where(
            there, np.exp(beta * apart), 0.0
        )
        # Distance left over once rows and columns have taken their part: what beta moves.
        left = _residual_distance(apart, fitted)
        step = (travelled - float((fitted * apart).sum())) / float((fitted * left**2).sum())
        beta += step
        if abs(step) < 1e-12:
            return fitted, beta / scale
    raise TableFault(
        "null_not_converged", table="doubly constrained", value=f"{step:.2g}", sweeps=MAX_SWEEPS
    )


def _residual_distance(apart: Numbers, weight: Numbers) -> Numbers:
    left = apart.copy()
    for _ in range(50):
        left = left - _over((weight * left).sum(axis=1), weight.sum(axis=1))[:, None]
        left = left - _over((weight * left).sum(axis=0), weight.sum(axis=0))
    return left


def expect_constrained(
    channel: Channel, flows: pd.DataFrame, space: Space
) -> tuple[Block, int, float]:
    """Return what the doubly constrained null expects of every pair of cells.

    Links by distance bin are kept, too, as far as a link's worth of smoothness allows.

    Parameters
    ----------
    channel
        The channel.
    flows
        Its links: source, target, band, links.
    space
        How far the actors of cells are apart.

    Returns
    -------
    tuple
        Expected links, sweeps, and the largest deviation of a sum or relative change of a factor.

    Raises
    ------
    TableFault
        If it does not converge.
    """
    cells, bins = space.bins.shape[0], space.shares.shape[1]
    source, target = flows["source"].to_numpy(), flows["target"].to_numpy()
    credit = flows["links"].to_numpy(dtype=float)
    rows, columns = (np.bincount(end, credit, cells).astype(np.float64) for end in (source, target))
    if channel.unordered:
        rows = columns = rows + columns
    by_bin = np.bincount(flows["band"].to_numpy(), credit, bins)
    one, other = np.flatnonzero(rows > 0), np.flatnonzero(columns > 0)
    kernel = _Kernel(space, one, other)
    wanted = by_bin * (2.0 if channel.unordered else 1.0)
    factor, b, memory = np.ones(bins), np.ones(len(other)), _Memory()
    sweep, residual, balanced = 0, np.inf, b
    most = MAX_SWEEPS * (PATIENCE if kernel.bins.size <= FEW_PAIRS else 1)
    while residual > TOLERANCE:
        if sweep == most:
            raise TableFault(
                "null_not_converged", table=channel.name, value=f"{residual:.2g}", sweeps=sweep
            )
        sweep += 1
        kept = factor
        a, reached = kernel.balance(factor, rows[one], b)
        balanced = _over(columns[other], reached)
        by_row, found = kernel.sums(factor, a, balanced)
        better = _fit_bins(wanted, found, factor)
        off = float(np.abs(a * by_row - rows[one]).max() / rows.max())
        residual = max(off, float(np.abs(np.log(better / factor)).max()))
        before = np.log(np.concatenate([factor, b]))
        after = np.log(np.concatenate([better, balanced]))
        following = np.exp(memory.mix(before, after))
        factor, b = np.split(following / following[0], [bins])
    forth, back = np.zeros((2, cells, 1))
    forth[one, 0], back[other, 0] = a, balanced
    inside = forth[:, 0] * back[:, 0] * kernel_within(kept, space)
    inside *= 0.5 if channel.unordered else 1.0
    block = Block(one, other, forth, back, inside, 1.0, kept, space, channel.unordered)
    return block, sweep, float(residual)


def _fit_bins(wanted: npt.ArrayLike, found: Numbers, factor: Numbers) -> Numbers:
    # One link's worth of what the neighbouring distances say: few links in a bin of few pairs can
    # not be had exactly while all sums of cells are kept.
    links = np.asarray(wanted, dtype=np.float64)
    around = neighbours(factor, float(_over(links.sum(), (found * factor).sum())))
    better = (links + 1) / (found + 1 / around)
    return np.asarray(better * (factor[0] / better[0]))


class _Memory:
    """Anderson's mixing of the last steps (Walker and Ni 2011).

    Plain fitting takes five times as many sweeps: distance and sums of cells say much the same.
    """

    def __init__(self, depth: int = 6) -> None:
        self.depth = depth
        self.points: list[Numbers] = []
        self.steps: list[Numbers] = []

    def mix(self, before: Numbers, after: Numbers) -> Numbers:
        self.points.append(after)
        self.steps.append(after - before)
        del self.points[: -self.depth - 1], self.steps[: -self.depth - 1]
        if len(self.steps) < 3:
            return after
        changes = np.diff(np.stack(self.steps), axis=0).T
        moves = np.diff(np.stack(self.points), axis=0).T
        share = np.linalg.lstsq(changes, self.steps[-1], rcond=1e-8)[0]
        move = -np.asarray(moves @ share)
        longest = float(np.abs(move).max())
        if longest <= _LONGEST_STEP:
            return np.asarray(after + move)
        # The way is long where few links leave distance and sums of cells hardly apart: as far as
        # is safe towards where it leads, and what is remembered no longer holds there.
        self.points.clear()
        self.steps.clear()
        return np.asarray(after + move * (_LONGEST_STEP / longest))


class _Kernel:
    """Deterrence between some cells, and sums by distance bin.

    It goes through the table of cells a few rows at a time, which stay in the cache, twice a sweep.
    """

    def __init__(
        self, space: Space, one: npt.NDArray[np.intp], other: npt.NDArray[np.intp]
    ) -> None:
        self.shares = space.shares
        column = np.full(len(space.bins), -1)
        column[other] = np.arange(len(other))
        at, partner, row = space.near_of(one)
        there = column[partner] >= 0
        self.row, self.column, self.pair = at[there], column[partner[there]], row[there]
        # Near pairs have a bin of their own, which holds none of them.
        self.bins = space.bins[np.ix_(one, other)]
        self.bins[self.row, self.column] = self.near = space.shares.shape[1]
        self.desk = Desk(len(other))

    def balance(self, factor: Numbers, rows: Numbers, b: Numbers) -> tuple[Numbers, Numbers]:
        """Return factors of rows that give these sums, and what columns then have but for b."""
        a, reached, far = np.empty(len(rows)), np.zeros(len(b)), np.append(factor, 0.0)
        near = (self.shares @ factor)[self.pair]
        for part, span in self.parts():
            kernel = self.desk.look_up(far, self.bins[part])
            kernel[self.row[span] - part.start, self.column[span]] = near[span]
            a[part] = _over(rows[part], kernel @ b)
            reached += a[part] @ kernel
        return a, reached

    def sums(self, factor: Numbers, a: Numbers, b: Numbers) -> tuple[Numbers, Numbers]:
        """Return what rows have but for a; and flows by bin, were there no distance law."""
        codes = self.near + 1
        met = np.empty((len(a), codes))
        drawn, row = np.tile(b, ROWS_AT_ONCE), codes * np.arange(ROWS_AT_ONCE)[:, None]
        for part, _ in self.parts():
            at = self.desk.spread(self.bins[part])
            at += row[: len(at)]
            found = np.bincount(at.ravel(), drawn[: at.size], len(at) * codes)
            met[part] = found.reshape(len(at), codes)
        far, near = met[:, :-1], b[self.column]
        by_pair = np.bincount(self.pair, a[self.row] * near, len(self.shares))
        by_row = np.bincount(self.row, near * (self.shares @ factor)[self.pair], len(a))
        return far @ factor + by_row, a @ far + by_pair @ self.shares

    def parts(self) -> Iterator[tuple[slice, slice]]:
        """Go through the rows, few at a time, and through their near pairs."""
        for part in in_parts(len(self.bins)):
            yield part, slice(*np.searchsorted(self.row, [part.start, part.stop]))


def _over(numerator: npt.ArrayLike, denominator: npt.ArrayLike) -> Numbers:
    above, below = np.broadcast_arrays(
        np.asarray(numerator, dtype=np.float64), np.asarray(denominator, dtype=np.float64)
    )
    quotient = np.zeros(above.shape)
    np.divide(above, below, out=quotient, where=below > 0)
    return quotient
