"""Expected links of every pair of cells, and of every actor, under a null that was fitted.

A cell must not sit in its own null: one that holds more than a fiftieth of a channel's expectation
is compared with a level, a distance law and an exponent that were fitted without it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from clustermap.network.null import Margins, fit_anew, same_sector, weigh_strata
from clustermap.network.pairs import weigh_pairs_of_cell

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


ROWS_AT_ONCE = 16
"""Rows of a table of all cells that are looked at together: so few stay in the cache."""

_PAIRS_AT_ONCE = 2_000
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

    A few numbers a cell say all of them; the table of all pairs of cells is large, and made only
    where somebody asks for it.

    Parameters
    ----------
    rows, columns
        Cells of the first and of the second ends, ascending.
    forth, back
        Cells x factors: what a cell sends and what it draws. Links from one cell to another are
        the products of the one's ``forth`` and the other's ``back``, added up, times level and
        distance. A channel without direction has every link once in either direction.
    inside
        Links within each cell, every one once.
    level
        Links per unit where distance does not matter.
    bins
        Factor of each distance bin; says how a near pair's links spread over distance.
    space
        How far the actors of cells are apart.
    unordered
        Whether the channel has no direction.
    own
        Cells with nulls of their own and what these expect; where two of them meet, the later one
        decides.
    """

    rows: Positions
    columns: Positions
    forth: Numbers
    back: Numbers
    inside: Numbers
    level: float
    bins: Numbers
    space: Space
    unordered: bool
    own: tuple[tuple[int, Block], ...] = ()

    @cached_property
    def links(self) -> Numbers:
        """Rows x columns: links from a first to a second end."""
        links = self._between(self.rows, self.columns)
        for cell, null in self.own:
            here = np.array([cell])
            links[self.rows == cell] = null._between(here, self.columns)
            links[:, self.columns == cell] = null._between(self.rows, here)
        return links

    def _between(self, rows: Positions, columns: Positions) -> Numbers:
        links = np.maximum(self.forth[rows] @ self.back[columns].T, 0.0)
        links *= self.level * kernel_between(self.bins, self.space, rows, columns)
        both = np.intersect1d(rows, columns, assume_unique=True)
        links[np.searchsorted(rows, both), np.searchsorted(columns, both)] = self.inside[both]
        return np.asarray(links)

    def beside(self, part: slice) -> Numbers:
        """Return the links of some cells with every cell.

        Parameters
        ----------
        part
            The cells; few, so that they stay in the cache.

        Returns
        -------
        Numbers
            Some cells x cells: links in either direction, those within a cell once. They stand
            where the next ones will.
        """
        cells = np.arange(len(self.space.bins))[part]
        one, other = self._sides
        links = np.matmul(one[part], other, out=self._desk[: len(cells)])
        np.maximum(links, 0.0, out=links)
        if self._is_everywhere_alike:
            links *= self.level * self.bins[0]
        else:
            links *= self._kernel.rows(part)
        links[np.arange(len(cells)), cells] = self.inside[part]
        for cell, beside in self._beside_own:
            links[:, cell] = beside[part]
            links[cells == cell] = beside
        return np.asarray(links)

    @cached_property
    def _sides(self) -> tuple[Numbers, Numbers]:
        if self.unordered:
            return self.forth, np.ascontiguousarray(self.back.T)
        one, other = np.hstack([self.forth, self.back]), np.hstack([self.back, self.forth])
        return one, np.ascontiguousarray(other.T)

    @cached_property
    def _desk(self) -> Numbers:
        return np.empty((ROWS_AT_ONCE, len(self.space.bins)))

    @cached_property
    def _kernel(self) -> Kernel:
        return Kernel(self.level * self.bins, self.space)

    @cached_property
    def _is_everywhere_alike(self) -> bool:
        return bool((self.bins == self.bins[0]).all())

    @cached_property
    def _beside_own(self) -> list[tuple[int, Numbers]]:
        return [(cell, null.beside(slice(cell, cell + 1))[0]) for cell, null in self.own]

    @property
    def parts(self) -> Iterator[slice]:
        """Cells with actors for the channel, few at a time."""
        there = np.zeros(len(self.space.bins), dtype=bool)
        there[self.rows] = there[self.columns] = True
        return (part for part in in_parts(len(there)) if there[part].any())

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
        by_cell, inside = np.zeros(cells), np.zeros(cells)
        for part in self.parts:
            links = self.beside(part)
            by_cell[part] = links.sum(axis=1)
            inside[part] = links[:, part].diagonal()
        return by_cell, float((by_cell.sum() + inside.sum()) / 2)


class PairExpectation:
    """Expected links of every pair of cells, added up over channels.

    Parameters
    ----------
    space
        How far the actors of cells are apart.
    asked
        Cells whose links are asked for; None: all.

    Attributes
    ----------
    links
        Symmetric, cells x cells: links between two cells in any direction; on the diagonal those
        within a cell. Where some cells are asked for, other rows are not to be read.
    near
        Near pairs x bins: the same, for the near pairs of the space, by distance bin.
    """

    def __init__(self, space: Space, asked: Positions | None = None) -> None:
        cells = len(space.bins)
        self.space = space
        self.asked = np.isin(np.arange(cells), np.arange(cells) if asked is None else asked)
        self.links = np.zeros((cells, cells))
        self.near = np.zeros(space.shares.shape)

    def add(self, block: Block) -> None:
        """Add the links of one channel.

        Parameters
        ----------
        block
            What is expected of it.
        """
        rows, near = [np.zeros(0, dtype=np.int64)], [np.zeros(0)]
        for part in filter(self._is_asked, block.parts):
            links = block.beside(part)
            self.links[part] += links
            at, partner, row = self.space.near_beside(part)
            rows.append(row)
            near.append(links[at, partner])
        row, pairs = np.concatenate(rows), len(self.near)
        # Most pairs of cells are met twice.
        times = np.maximum(np.bincount(row, minlength=pairs), 1)
        self._spread(np.bincount(row, np.concatenate(near), pairs) / times, block.bins)

    def include(self, other: PairExpectation) -> None:
        """Add the links of other channels.

        Parameters
        ----------
        other
            What is expected of them.
        """
        for part in filter(self._is_asked, in_parts(len(self.links))):
            self.links[part] += other.links[part]
        self.near += other.near

    def _is_asked(self, part: slice) -> bool:
        return bool(self.asked[part].any())

    def _spread(self, found: Numbers, bins: Numbers) -> None:
        """Spread the links of near pairs over distance."""
        rate = found / (self.space.shares @ bins)
        for part in in_parts(len(rate), _PAIRS_AT_ONCE):
            self.near[part] += rate[part, None] * self.space.shares[part] * bins


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
    forth, back = _list_factors(fit, stage)
    block = Block(
        rows,
        columns,
        forth,
        back,
        _expect_inside(fit, stage, (forth * back).sum(axis=1)),
        fit.level,
        fit.bins,
        stage.space,
        fit.channel.unordered,
    )
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
    return replace(block, own=tuple((cell, expect_pairs(null, stage)) for cell, null in own))


def _list_factors(fit: Fit, stage: Stage) -> tuple[Numbers, Numbers]:
    """Return what every cell sends and draws: all of it, then what firms of one sector add."""
    members = stage.members
    weight = (stage.sizes**fit.exponent)[:, None]
    first = members[:, fit.first] * weight * fit.u
    second = members[:, fit.second] * weight * fit.v
    forth, back = [first.sum(axis=1, keepdims=True)], [second.sum(axis=1, keepdims=True)]
    if same_sector(fit.first, fit.second, stage.strata).any():
        forth.append((fit.same - 1) * (first @ _mark_sectors(stage, fit.first)))
        back.append(second @ _mark_sectors(stage, fit.second))
    return np.hstack(forth), np.hstack(back)


def _mark_sectors(stage: Stage, strata: Positions) -> npt.NDArray[np.bool_]:
    sectors = stage.strata.sector
    return np.asarray(sectors[strata][:, None] == np.unique(sectors[sectors >= 0]))


def _expect_inside(fit: Fit, stage: Stage, met: Numbers) -> Numbers:
    """Return links within each cell, of products of what it sends and draws itself."""
    alone: Numbers | float = 0.0
    if fit.channel.types[0] == fit.channel.types[1]:
        # An actor makes no pair with itself.
        alike = np.diag(same_sector(fit.first, fit.second, stage.strata))
        tie = np.where(alike, fit.same, 1.0) * fit.u * fit.v
        alone = stage.members[:, fit.first] @ tie * stage.sizes ** (2 * fit.exponent)
    left = met - alone
    # One actor alone in a cell: what is left of it is not a number but how numbers are kept.
    links = np.where(left > _KEPT * alone, left, 0.0) * (0.5 if fit.channel.unordered else 1.0)
    return np.asarray(links * fit.level * kernel_within(fit.bins, stage.space))


def in_parts(rows: int, at_once: int = ROWS_AT_ONCE) -> Iterator[slice]:
    """Go through the rows of a large table, so few at a time that they stay in the cache.

    Parameters
    ----------
    rows
        Number of rows.
    at_once
        How many are few.

    Yields
    ------
    slice
        The next rows.
    """
    for start in range(0, rows, at_once):
        yield slice(start, min(start + at_once, rows))


class Kernel:
    """How links fall with distance, told for a few cells at a time.

    Parameters
    ----------
    bins
        Factor of each distance bin.
    space
        How far the actors of cells are apart.
    """

    def __init__(self, bins: Numbers, space: Space) -> None:
        self.bins, self.space = bins, space
        self.near = space.shares @ bins
        self.desk = Desk(len(space.bins))

    def rows(self, part: slice) -> Numbers:
        """Return the kernel between some cells and every cell.

        Parameters
        ----------
        part
            Some cells.

        Returns
        -------
        Numbers
            Some cells x cells; for near cells the mean over their pairs of actors. It stands where
            the next one will.
        """
        kernel = self.desk.look_up(self.bins, self.space.bins[part])
        at, partner, row = self.space.near_beside(part)
        kernel[at, partner] = self.near[row]
        return kernel


class Desk:
    """Room for a few rows of a large table, used again and again: new room takes longer to get.

    Parameters
    ----------
    width
        Columns of the table.
    """

    def __init__(self, width: int) -> None:
        self.found = np.empty((ROWS_AT_ONCE, width))
        self.codes = np.empty((ROWS_AT_ONCE, width), dtype=np.intp)

    def look_up(self, values: Numbers, codes: npt.NDArray[np.uint8]) -> Numbers:
        """Return what codes stand for.

        Parameters
        ----------
        values
            One of each code.
        codes
            A few rows.

        Returns
        -------
        Numbers
            As many; they stand where the next ones will.
        """
        return np.take(values, self.spread(codes), out=self.found[: len(codes)], mode="clip")

    def take(self, table: Numbers, rows: Positions) -> Numbers:
        """Return rows of a table.

        Parameters
        ----------
        table
            Of the same width.
        rows
            A few of its rows.

        Returns
        -------
        Numbers
            As many; they stand where the next ones will.
        """
        return np.take(table, rows, axis=0, out=self.found[: len(rows)], mode="clip")

    def spread(self, codes: npt.NDArray[np.uint8]) -> Positions:
        """Return codes as whole numbers of the machine's width.

        Parameters
        ----------
        codes
            A few rows.

        Returns
        -------
        Positions
            As many; they stand where the next ones will.
        """
        wide = self.codes[: len(codes)]
        np.copyto(wide, codes)
        return wide


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
    kernel = np.take(bins, space.bins[np.ix_(rows, columns)], mode="clip")
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
    weight = weigh_strata(fit, stage.strata)
    weighed = np.einsum("efsb,fs->eb", pairs, weight)
    for cell in np.flatnonzero(touching > LARGE_SHARE * total):
        rest = flows[(flows["source"] != cell) & (flows["target"] != cell)]
        if rest["links"].sum() > 0:
            margins = _margins_of_rest(rest, stage)
            both = fit.first, fit.second
            gone = weigh_pairs_of_cell(int(cell), stage.members, stage.space, *both, weight)
            found = fit_anew(fit, np.maximum(weighed - gone, 0.0), margins, exponent=exponent)
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
    forth, back = _list_factors(fit, stage)
    back[:, 1:] *= fit.same - 1
    sides = [(fit.first, fit.u, fit.v, back)]
    if not fit.channel.unordered:
        sides.append((fit.second, fit.v, fit.u, forth))
    weight = (stage.sizes**fit.exponent)[:, None]
    within = kernel_within(fit.bins, stage.space)[:, None] * weight
    alike = np.diag(same_sector(fit.first, fit.second, stage.strata))
    rates = np.zeros(stage.members.shape)
    reached = np.split(_reach(fit, stage, [met for *_, met in sides]), len(sides), axis=1)
    for (own, activity, theirs, _), met in zip(sides, reached, strict=True):
        expected = np.repeat(met[:, :1], len(own), axis=1)
        if met.shape[1] > 1:
            expected += met[:, 1:] @ _mark_sectors(stage, own).T
        if fit.channel.types[0] == fit.channel.types[1]:
            # An actor makes no pair with itself.
            there_too = stage.members[:, own] > 0
            expected -= there_too * within * (theirs * np.where(alike, fit.same, 1.0))
        rates[:, own] += fit.level * activity * weight * np.maximum(expected, 0.0)
    return rates


def _reach(fit: Fit, stage: Stage, met: list[Numbers]) -> Numbers:
    """Return what every cell meets of what others hold, the nearer the more."""
    kernel, others = Kernel(fit.bins, stage.space), np.hstack(met)
    reached = np.empty(others.shape)
    for part in in_parts(len(others)):
        np.matmul(kernel.rows(part), others, out=reached[part])
    return reached
