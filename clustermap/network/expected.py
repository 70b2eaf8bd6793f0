"""Expected links of every pair of cells, and of every actor, under a null that was fitted.

A cell must not sit in its own null: one that holds more than a fiftieth of a channel's expectation
is compared with a level, a distance law and an exponent that were fitted without it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from clustermap.network.null import Margins, fit_null, same_sector
from clustermap.network.pairs import count_pairs_of_cell

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from clustermap.network.null import Fit
    from clustermap.network.space import Space
    from clustermap.network.strata import Strata

    Numbers = npt.NDArray[np.float64]
    Whole = npt.NDArray[np.int64]
    Positions = npt.NDArray[np.intp]

LARGE_SHARE = 0.02
"""Share of a channel's expectation from which a cell is left out of its own null."""

LEAST_TOLD = 1.0
"""Expected links from which a pair of cells is told without any link observed."""

FEW_LINKS = 100
"""Links of a channel below which nobody is left out: too few to fit a distance law twice."""


_ROWS_AT_ONCE = 64
_KEPT = 1e-12  # smaller shares are what rounding leaves of equal numbers


@dataclass(frozen=True)
class Stage:
    """Where a null is played out: who is where, and how far apart.

    Parameters
    ----------
    members
        int64, cells x strata: actors.
    space
        How far the actors of cells are apart.
    strata
        What the strata are.
    sizes
        Actors of each cell over the mean, as the null was fitted with.
    """

    members: Whole
    space: Space
    strata: Strata
    sizes: Numbers


@dataclass(frozen=True)
class Block:
    """Expected links of one channel between the cells that have actors for it.

    Parameters
    ----------
    rows, columns
        Cells of the first and of the second ends, ascending.
    links
        Rows x columns: links from a first to a second end. A channel without direction has equal
        rows and columns, every link once in either direction, those within a cell once.
    bins
        Factor of each distance bin; says how a near pair's links spread over distance.
    unordered
        Whether the channel has no direction.
    """

    rows: Positions
    columns: Positions
    links: Numbers
    bins: Numbers
    unordered: bool

    def touching(self, cells: int) -> tuple[Numbers, float]:
        """Return the links that touch each cell, and all links.

        Parameters
        ----------
        cells
            Number of cells.

        Returns
        -------
        tuple
            Links by cell, and their number in all.
        """
        inside = np.zeros(cells)
        both = np.intersect1d(self.rows, self.columns, assume_unique=True)
        at = np.searchsorted(self.rows, both), np.searchsorted(self.columns, both)
        inside[both] = self.links[at]
        by_row = np.zeros(cells)
        by_row[self.rows] = self.links.sum(axis=1)
        if self.unordered:
            return by_row, float((by_row.sum() + inside.sum()) / 2)
        total = float(by_row.sum())
        by_row[self.columns] += self.links.sum(axis=0)
        return by_row - inside, total


class PairExpectation:
    """Expected links of every pair of cells, added up over channels.

    Parameters
    ----------
    space
        How far the actors of cells are apart.

    Attributes
    ----------
    links
        Symmetric, cells x cells: links between two cells in any direction; on the diagonal those
        within a cell.
    near
        Near pairs x bins: the same, for the near pairs of the space, by distance bin.
    """

    def __init__(self, space: Space) -> None:
        cells = len(space.bins)
        self.space = space
        self.links = np.zeros((cells, cells))
        self.near = np.zeros(space.shares.shape)

    def add(self, block: Block) -> None:
        """Add the links of one channel.

        Parameters
        ----------
        block
            What is expected of it.
        """
        column = np.full(len(self.links), -1)
        column[block.columns] = np.arange(len(block.columns))
        at, partner, row = self.space.near_of(block.rows)
        there = column[partner] >= 0
        at, partner, row = at[there], partner[there], row[there]
        found = block.links[at, column[partner]]
        if block.unordered:
            found[block.rows[at] != partner] /= 2  # every pair of cells is met twice
        found = np.bincount(row, found, len(self.near))
        held = np.flatnonzero(found)
        by_bin = self.space.shares[held] * block.bins
        self.near[held] += (found[held] / by_bin.sum(axis=1))[:, None] * by_bin
        self._add_links(block)

    def include(self, other: PairExpectation) -> None:
        """Add the links of other channels.

        Parameters
        ----------
        other
            What is expected of them.
        """
        self.links += other.links
        self.near += other.near

    def _add_links(self, block: Block) -> None:
        if block.unordered:
            self._add_table(block.rows, block.columns, block.links)
            return
        inside = np.diag(self.links).copy()
        self._add_table(block.rows, block.columns, block.links)
        self._add_table(block.columns, block.rows, block.links.T)
        added = (np.diag(self.links) - inside) / 2
        np.fill_diagonal(self.links, inside + added)

    def _add_table(self, rows: Positions, columns: Positions, links: Numbers) -> None:
        for part in in_parts(len(rows)):
            self.links[rows[part, None], columns] += links[part]


NO_PAIRS = pd.DataFrame(
    {
        "source": pd.Series(dtype=np.int32),
        "target": pd.Series(dtype=np.int32),
        "kind": pd.Series(dtype=np.uint8),
        "observed": pd.Series(dtype=np.float64),
        "expected": pd.Series(dtype=np.float64),
    }
)
"""Pairs of cells without any row."""


def list_pairs(expected: PairExpectation, observed: Numbers, kind: int) -> pd.DataFrame:
    """Return the pairs of cells that matter: those with a link, or with one expected at least.

    Parameters
    ----------
    expected
        Links of one kind.
    observed
        Cells x cells: links of this kind, the smaller code first.
    kind
        Position in KINDS.

    Returns
    -------
    pd.DataFrame
        As ``NO_PAIRS``: source and target are codes of cells, the smaller first; within a cell they
        are one.
    """
    matter = np.triu((observed > 0) | (expected.links >= LEAST_TOLD))
    source, target = np.nonzero(matter)
    return pd.DataFrame(
        {
            "source": source.astype(np.int32),
            "target": target.astype(np.int32),
            "kind": np.full(len(source), kind, dtype=np.uint8),
            "observed": observed[source, target],
            "expected": expected.links[source, target],
        }
    )


def expect_pairs(fit: Fit, stage: Stage, own: list[tuple[int, Fit]] | None = None) -> Block:
    """Return what a null expects of every pair of cells.

    Parameters
    ----------
    fit
        The null of one channel.
    stage
        Who is where.
    own
        Cells with nulls of their own; where two of them meet, the later one decides.

    Returns
    -------
    Block
        Links of this channel.
    """
    rows = np.flatnonzero(stage.members[:, fit.first].any(axis=1))
    columns = np.flatnonzero(stage.members[:, fit.second].any(axis=1))
    links = _expect(fit, stage, rows, columns)
    block = Block(rows, columns, links, fit.bins, fit.channel.unordered)
    return admit_own(block, stage, own or [])


def admit_own(block: Block, stage: Stage, own: list[tuple[int, Fit]]) -> Block:
    """Return what is expected where some cells have nulls of their own.

    Parameters
    ----------
    block
        What the null of all cells expects.
    stage
        Who is where.
    own
        Cells with nulls of their own; where two of them meet, the later one decides.

    Returns
    -------
    Block
        Links of this channel.
    """
    links = block.links.copy() if own else block.links
    for cell, null in own:
        links[block.rows == cell] = _expect(null, stage, np.array([cell]), block.columns)
        links[:, block.columns == cell] = _expect(null, stage, block.rows, np.array([cell]))
    return replace(block, links=links)


def _expect(fit: Fit, stage: Stage, rows: Positions, columns: Positions) -> Numbers:
    # Ordered pairs; but of a channel without direction each pair within a cell once.
    members, strata, sizes = stage.members, stage.strata, stage.sizes
    weight = sizes**fit.exponent
    first = members[np.ix_(rows, fit.first)] * weight[rows, None] * fit.u
    second = members[np.ix_(columns, fit.second)] * weight[columns, None] * fit.v
    links = np.outer(first.sum(axis=1), second.sum(axis=1))
    alike = same_sector(fit.first, fit.second, strata)
    if alike.any():
        groups = np.unique(strata.sector[strata.sector >= 0])
        one = first @ (strata.sector[fit.first][:, None] == groups)
        other = second @ (strata.sector[fit.second][:, None] == groups)
        links += (fit.same - 1) * (one @ other.T)
    both = np.intersect1d(rows, columns, assume_unique=True)
    at = np.searchsorted(rows, both), np.searchsorted(columns, both)
    if fit.channel.types[0] == fit.channel.types[1]:
        # An actor makes no pair with itself.
        tie = np.where(np.diag(alike), fit.same, 1.0) * fit.u * fit.v
        alone = members[np.ix_(both, fit.first)] @ tie * weight[both] ** 2
        left = links[at] - alone
        # One actor alone in a cell: what is left of it is not a number but how numbers are kept.
        links[at] = np.where(left > _KEPT * alone, left, 0.0)
    if fit.channel.unordered:
        links[at] /= 2
    links = np.maximum(links, 0.0)
    links *= fit.level * kernel_between(fit.bins, stage.space, rows, columns)
    return np.asarray(links)


def in_parts(rows: int) -> Iterator[slice]:
    """Go through the rows of a large table, so few at a time that they stay in the cache.

    Parameters
    ----------
    rows
        Number of rows.

    Yields
    ------
    slice
        The next rows.
    """
    for start in range(0, rows, _ROWS_AT_ONCE):
        yield slice(start, start + _ROWS_AT_ONCE)


def kernel_between(bins: Numbers, space: Space, rows: Positions, columns: Positions) -> Numbers:
    """Return how links fall with distance between cells.

    Parameters
    ----------
    bins
        Factor of each distance bin.
    space
        How far the actors of cells are apart.
    rows, columns
        Cells.

    Returns
    -------
    Numbers
        Rows x columns; for near cells the mean over their pairs of actors.
    """
    kernel = np.empty((len(rows), len(columns)))
    for part in in_parts(len(rows)):
        apart = space.bins.take(rows[part], axis=0).take(columns, axis=1)
        np.take(bins, apart, out=kernel[part], mode="clip")
    column = np.full(len(space.bins), -1)
    column[columns] = np.arange(len(columns))
    at, partner, row = space.near_of(rows)
    there = column[partner] >= 0
    kernel[at[there], column[partner[there]]] = space.shares[row[there]] @ bins
    return np.asarray(kernel)


def kernel_within(bins: Numbers, space: Space) -> Numbers:
    """Return how links fall with distance within cells.

    Parameters
    ----------
    bins
        Factor of each distance bin.
    space
        How far the actors of cells are apart.

    Returns
    -------
    Numbers
        One value a cell.
    """
    everyone = np.arange(len(space.bins))
    kernel = bins[space.bins[everyone, everyone]]
    own = space.near[:, 0] == space.near[:, 1]
    kernel[space.near[own, 0]] = space.shares[own] @ bins
    return np.asarray(kernel)


def leave_out_large(
    fit: Fit,
    expected: Block,
    pairs: Numbers,
    flows: pd.DataFrame,
    stage: Stage,
    *,
    exponent: float | None = None,
) -> list[tuple[int, Fit]]:
    """Return nulls for cells that hold much of a channel, fitted without them.

    Level, distance law and exponent are fitted anew; the strata's activity, which rests on the
    whole nation, is kept.

    Parameters
    ----------
    fit
        The null of one channel.
    expected
        What it expects.
    pairs
        Pairs available to the channel.
    flows
        Its links: source, target, band, links (credit).
    stage
        Who is where.
    exponent
        Exponent of size where it is given; None: fitted anew.

    Returns
    -------
    list
        Cells with their nulls.
    """
    touching, total = expected.touching(len(stage.members))
    own: list[tuple[int, Fit]] = []
    if fit.links < FEW_LINKS:
        return own
    for cell in np.flatnonzero(touching > LARGE_SHARE * total):
        rest = flows[(flows["source"] != cell) & (flows["target"] != cell)]
        if rest["links"].sum() > 0:
            margins = _margins_of_rest(rest, stage)
            gone = count_pairs_of_cell(int(cell), stage.members, stage.space, fit.first, fit.second)
            less = np.maximum(pairs - gone, 0.0)
            found = fit_null(
                fit.channel,
                less,
                margins,
                stage.strata,
                start=fit,
                distance=fit.distance,
                exponent=exponent,
            )
            own.append((int(cell), found))
    return own


def _margins_of_rest(rest: pd.DataFrame, stage: Stage) -> Margins:
    credit = rest["links"].to_numpy(dtype=float)
    sizes = stage.sizes
    size = np.log(sizes[rest["source"].to_numpy()] * sizes[rest["target"].to_numpy()])
    none = np.zeros(0)
    bins = np.bincount(rest["band"].to_numpy(), credit, stage.space.shares.shape[1]).astype(float)
    return Margins(float(credit.sum()), none, none, 0.0, bins, float(credit @ size))


def expect_ends(fit: Fit, stage: Stage) -> Numbers:
    """Return the link-ends that a null expects of one actor, by cell and stratum.

    Parameters
    ----------
    fit
        The null of one channel.
    stage
        Who is where.

    Returns
    -------
    Numbers
        Cells x strata; 0 for strata that the channel does not join.
    """
    weight = stage.sizes**fit.exponent
    tie = np.where(same_sector(fit.first, fit.second, stage.strata), fit.same, 1.0)
    rates = np.zeros(stage.members.shape)
    sides = [(fit.first, fit.u, fit.second, fit.v, tie.T)]
    if not fit.channel.unordered:
        sides.append((fit.second, fit.v, fit.first, fit.u, tie))
    everyone = np.arange(len(stage.members))
    within = (kernel_within(fit.bins, stage.space) * weight)[:, None]
    for own, activity, others, theirs, ties in sides:
        there = np.flatnonzero(stage.members[:, others].any(axis=1))
        reach = kernel_between(fit.bins, stage.space, everyone, there)
        met = stage.members[np.ix_(there, others)] * theirs * weight[there, None]
        expected = reach @ met @ ties
        if fit.channel.types[0] == fit.channel.types[1]:
            # An actor makes no pair with itself.
            there_too = stage.members[:, own] > 0
            expected -= there_too * within * (theirs * np.diag(ties))
            expected = np.maximum(expected, 0.0)
        rates[:, own] += fit.level * activity * weight[:, None] * expected
    return rates
