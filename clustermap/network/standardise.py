"""Observed against expected links of every cluster, by kind and reach, under all nulls.

This is indirect standardisation as epidemiology knows it: the links of a cluster over the links
that its mix of actors would have at its distances, were it typical of the nation read in.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from clustermap.network.allowance import (
    CIRCUMSTANCES,
    allow_for,
    blur,
    find_allowances,
    find_circumstances,
    share_neighbourhoods,
)
from clustermap.network.comparison import Comparison
from clustermap.network.constrained import expect_constrained
from clustermap.network.empirical_null import admit_spread, find_spreads
from clustermap.network.expected import (
    NO_PAIRS,
    PairExpectation,
    Stage,
    admit_own,
    expect_ends,
    expect_pairs,
    leave_out_large,
    list_pairs,
)
from clustermap.network.null import find_channels, fit_null, strata_of, sum_margins
from clustermap.network.pairs import count_pairs, relative_sizes
from clustermap.network.reach import Sums, look_around, sum_by_reach
from clustermap.network.shrinkage import estimate_dispersion
from clustermap.network.sums import ROWS_AT_ONCE
from clustermap.network.units import ALL_KINDS, build_reach
from clustermap.side_by_side import go_through
from clustermap.tables import SCORED_KINDS, SHARE_UNIT

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    import numpy.typing as npt
    import pyarrow as pa

    from clustermap.network.allowance import Circumstance, Circumstances
    from clustermap.network.expected import Block
    from clustermap.network.null import Channel, Fit
    from clustermap.network.observed import Boundary, Observed
    from clustermap.network.units import Reach

    Numbers = npt.NDArray[np.float64]
    Whole = npt.NDArray[np.int64]

Null = Literal["mass", "constrained", "no_distance", "no_size"]
NULLS: tuple[Null, ...] = ("mass", "constrained", "no_distance", "no_size")
"""What links are held against; without size is the mass null with an exponent of 0."""

_MICRO = 10**6
_AT_ONCE = 2
"""Kinds of linkage that are looked at at once; each holds tables of all pairs of cells."""

_TYPICAL_UNITS = 5.0
"""Units of the nation's usual size that a cluster's own units are steadied with."""


@dataclass(frozen=True)
class Standardised:
    """What a run's links are compared with.

    Parameters
    ----------
    comparisons
        By null and boundary: the nulls for the boundary drawn, the headline null for those moved.
    headline
        The null of the headline.
    dispersion
        Dispersion of pairs of cells by kind, the last of all kinds together.
    ends
        Kind to the link-ends that the mass null expects of one actor, cells x strata.
    fits
        Null and channel to what was fitted; the doubly constrained null has none.
    convergence
        Null and channel to sweeps and residual.
    pairs
        Observed and expected links of the pairs of cells that matter, under the mass null and the
        boundary drawn; see :func:`clustermap.network.expected.list_pairs`.
    """

    comparisons: dict[tuple[Null, str], Comparison]
    headline: Null
    dispersion: Numbers
    ends: dict[int, Numbers]
    fits: dict[tuple[Null, str], Fit]
    convergence: dict[tuple[Null, str], tuple[int, float]]
    pairs: pd.DataFrame


def standardise(
    observed: Observed,
    *,
    headline: Null = "mass",
    exponent: float | None = None,
    circumstances: Collection[Circumstance] = CIRCUMSTANCES,
    beside: bool = True,
    listen: Callable[[int, int], None] | None = None,
) -> Standardised:
    """Compare the links of every cluster with what is expected under three nulls.

    Parameters
    ----------
    observed
        Members, links and distances of a run.
    headline
        The null that the two moved boundaries are compared under as well.
    exponent
        Exponent of size of the mass null; None: fitted, so that size explains nothing that is left.
    circumstances
        What the mass null allows for, see :mod:`clustermap.network.allowance`.
    beside
        Whether what stands beside the headline is wanted, too: the other nulls and the boundaries
        that are moved. Without it there are the headline null and the doubly constrained one, which
        the dispersion rests on, for the boundary drawn.
    listen
        Hears how many of how many steps are done.

    Returns
    -------
    Standardised
        Observed and expected links.

    Raises
    ------
    TableFault
        If a null does not converge.
    """
    nulls = tuple(null for null in NULLS if beside or null in {headline, "constrained"})
    found = _Run(observed, headline, exponent, nulls, listen).carry_out()
    return _allow(found, find_circumstances(observed, circumstances)) if circumstances else found


def _allow(found: Standardised, circumstances: Circumstances) -> Standardised:
    comparisons = found.comparisons
    if ("mass", "drawn") not in comparisons:
        return found
    drawn = comparisons["mass", "drawn"]
    allowance = find_allowances(drawn, circumstances)
    allowed = allow_for(drawn, allowance)
    shared = share_neighbourhoods(allowed, circumstances.near)
    spread = find_spreads(allowed, found.dispersion)
    # Where a boundary is moved the region and the rest stay what they are.
    unsure = {
        (null, boundary): admit_spread(blur(allow_for(comparison, allowance), shared), spread)
        for (null, boundary), comparison in comparisons.items()
        if null == "mass"
    }
    return replace(found, comparisons=comparisons | unsure)


@dataclass(frozen=True)
class _Case:
    """A null and the boundary that it is held against."""

    null: Null
    boundary: Boundary
    credit: Numbers
    design: Numbers


@dataclass(frozen=True)
class _OfChannel:
    """How a null came by what it expects of one channel."""

    reached: tuple[int, float] = (0, 0.0)
    fit: tuple[Fit, list[tuple[int, Fit]]] | None = None
    rates: Numbers | None = None


@dataclass(frozen=True)
class _OfKind:
    """What a null expects of one kind."""

    expected: PairExpectation
    sums: Sums
    told: pd.DataFrame
    dispersion: float
    channels: dict[Channel, _OfChannel]


class _Run:
    """One standardisation: what all its steps share."""

    def __init__(
        self,
        observed: Observed,
        headline: Null,
        exponent: float | None,
        nulls: tuple[Null, ...],
        listen: Callable[[int, int], None] | None,
    ) -> None:
        self.observed, self.headline, self.exponent = observed, headline, exponent
        self.nulls, moved = nulls, (observed.smaller, observed.larger)
        self.moved = moved if nulls == NULLS else ()
        self.space, self.strata, self.cells = observed.space, observed.strata, observed.cells
        self.reach: Reach = build_reach(observed.radii_m, self.space, observed.regions)
        self.around = look_around(self.cells, self.space, self.reach)
        self.members = observed.drawn.members
        self.sizes = relative_sizes(self.members)
        scored = range(len(SCORED_KINDS))
        self.channels = [c for c in find_channels(observed.drawn.ends) if c.kind in scored]
        self.kinds = tuple(sorted({channel.kind for channel in self.channels}))
        self.ends: dict[int, Numbers] = {}
        self.fits: dict[tuple[Null, Channel], tuple[Fit, list[tuple[int, Fit]]]] = {}
        self.convergence: dict[tuple[Null, str], tuple[int, float]] = {}
        self.listen, self.done = listen, 0
        self.steps = len(self.channels) * (len(nulls) + len(self.moved)) + 1
        self.dispersion = np.zeros(len(self.kinds) + 1)
        self.told: list[pd.DataFrame] = []

    def carry_out(self) -> Standardised:
        drawn = self.observed.drawn
        self.flows, self.of_strata = split_channels(self.observed, self.members, self.channels)
        self.links = PairLinks(self.observed.flows, self.members)
        self.pairs = count_pairs(self.members, self.space)
        self._step(1)
        comparisons = self._compare([(null, drawn) for null in self.nulls])
        # These rest on what was fitted to the boundary drawn.
        comparisons |= self._compare([(self.headline, boundary) for boundary in self.moved])
        fits = {(null, at.name): fit for (null, at), (fit, _) in self.fits.items()}
        return Standardised(
            comparisons,
            self.headline,
            self.dispersion,
            self.ends,
            fits,
            self.convergence,
            pd.concat([NO_PAIRS, *self.told], ignore_index=True),
        )

    def _step(self, steps: int) -> None:
        self.done += steps
        if self.listen:
            self.listen(self.done, self.steps)

    def _compare(
        self, asked: Sequence[tuple[Null, Boundary]]
    ) -> dict[tuple[Null, str], Comparison]:
        cases = [self._open(null, boundary) for null, boundary in asked]
        every = [(case, kind) for case in cases for kind in self.kinds]
        # Tables of all pairs of cells are large: few are made before the first is taken.
        found = go_through(self._expect_kind, every, workers=_AT_ONCE, ahead=_AT_ONCE + 1)
        compared = {}
        for case in cases:
            compared[case.null, case.boundary.name] = self._join(case, found)
        return compared

    def _open(self, null: Null, boundary: Boundary) -> _Case:
        units = read_units(boundary.squares, self.kinds, self.cells.clusters, self.reach)
        return _Case(null, boundary, *units)

    def _join(self, case: _Case, found: Iterator[_OfKind]) -> Comparison:
        """Take what was found of each kind, and add up the kinds."""
        total = self._begin(case)
        sums: list[Sums] = []
        dispersion: list[float] = []
        for kind in self.kinds:
            # What is found is held by no name: its tables go before the next ones are waited for.
            by_reach, spread = self._take(case, kind, next(found), total)
            sums.append(by_reach)
            dispersion.append(spread)
        sums.append(self._sum(total))
        if self._disperses(case):
            usual = float(_usual(case.design)[-1])
            self.dispersion = np.array([*dispersion, self.links.disperse(self.kinds, total, usual)])
        expected = np.stack([each.links for each in sums], axis=1)
        squares = np.stack([each.squares for each in sums], axis=1)
        return Comparison(self.kinds, case.credit, expected, squares, case.design)

    def _take(
        self, case: _Case, kind: int, own: _OfKind, total: PairExpectation
    ) -> tuple[Sums, float]:
        total.include(own.expected)
        if case.boundary is self.observed.drawn:
            self._note(case.null, kind, own)
        self._step(sum(channel.kind == kind for channel in self.channels))
        return own.sums, own.dispersion

    def _begin(self, case: _Case) -> PairExpectation:
        # Clusters are all that matters, but for what is told of pairs and how these disperse.
        told = case.null == "mass" and case.boundary is self.observed.drawn
        every = told or case.null == "constrained"
        return PairExpectation(self.space, None if every else self.cells.held_cell.astype(np.intp))

    def _sum(self, expected: PairExpectation) -> Sums:
        return sum_by_reach(expected, self.cells, self.space, self.reach, self.around)

    def _note(self, null: Null, kind: int, own: _OfKind) -> None:
        self.told.append(own.told)
        for channel, found in own.channels.items():
            self.convergence[null, channel.name] = found.reached
            if found.fit is not None:
                self.fits[null, channel] = found.fit
            if found.rates is not None:
                none = np.zeros(found.rates.shape)
                self.ends[kind] = self.ends.get(kind, none) + found.rates

    def _disperses(self, case: _Case) -> bool:
        return case.null == "constrained" and case.boundary is self.observed.drawn

    def _expect_kind(self, asked: tuple[_Case, int]) -> _OfKind:
        """Add up what one null expects of all channels of one kind."""
        case, kind = asked
        found, channels = self._begin(case), {}
        for channel in self.channels:
            if channel.kind == kind:
                block, channels[channel] = self._expect(case, channel)
                found.add(block)
        sums = self._sum(found)
        told, dispersion = NO_PAIRS, 0.0
        if case.null == "mass" and case.boundary is self.observed.drawn:
            told = list_pairs(found, self.links.table([kind]), kind)
        if self._disperses(case):
            usual = float(_usual(case.design)[self.kinds.index(kind)])
            dispersion = self.links.disperse([kind], found, usual)
        return _OfKind(found, sums, told, dispersion, channels)

    def _expect(self, case: _Case, channel: Channel) -> tuple[Block, _OfChannel]:
        if case.null == "constrained":
            block, *reached = expect_constrained(channel, self.flows[channel], self.space)
            return block, _OfChannel((int(reached[0]), float(reached[1])))
        if case.boundary is self.observed.drawn:
            return self._expect_mass(case, channel)
        fit, own = self.fits[case.null, channel]
        stage = Stage(case.boundary.members, self.space, self.strata, self.sizes)
        return expect_pairs(fit, stage, own), _OfChannel()

    def _expect_mass(self, case: _Case, channel: Channel) -> tuple[Block, _OfChannel]:
        flows = self.flows[channel]
        margins = sum_margins(channel, flows, self.of_strata[channel], self.strata, self.sizes)
        distance = case.null != "no_distance"
        exponent = 0.0 if case.null == "no_size" else self.exponent
        pairs = self.pairs.of(*strata_of(channel, self.strata))
        fit = fit_null(channel, pairs, margins, self.strata, distance=distance, exponent=exponent)
        stage = Stage(self.members, self.space, self.strata, self.sizes)
        found = expect_pairs(fit, stage)
        own = leave_out_large(fit, found, pairs, flows, stage, exponent=exponent)
        found = admit_own(found, stage, own)
        rates = expect_ends(fit, stage) if case.null == "mass" else None
        return found, _OfChannel((fit.sweeps, fit.residual), (fit, own), rates)


def _usual(design: Numbers) -> Numbers:
    """Return the nation's usual links per independent unit beyond all local reaches, by kind."""
    return np.asarray(np.median(design[:, :, -1], axis=0))


def split_channels(
    observed: Observed, members: Whole, channels: Sequence[Channel]
) -> tuple[dict[Channel, pd.DataFrame], dict[Channel, pd.DataFrame]]:
    """Return flows and links by strata of each channel, as far as the null covers them.

    Parameters
    ----------
    observed
        What was counted; the boundary drawn matters.
    members
        Actors by cell and stratum: cells without any, as those abroad, are left out.
    channels
        Channels wanted.

    Returns
    -------
    tuple
        By channel: flows with source, target, band, links; and first, second, links.
    """
    here, flows = members.sum(axis=1) > 0, observed.flows
    there = here[flows["source"].to_numpy()] & here[flows["target"].to_numpy()]
    return (
        _pick(flows, channels, ("source", "target", "band"), there),
        _pick(observed.drawn.ends, channels, ("first", "second")),
    )


def _pick(
    rows: pa.Table,
    channels: Sequence[Channel],
    columns: Sequence[str],
    there: npt.NDArray[np.bool_] | None = None,
) -> dict[Channel, pd.DataFrame]:
    """Return the rows of each channel; millions of all channels together are never copied."""
    codes = rows["kind"].to_numpy().astype(np.int16) << 8 | rows["channel"].to_numpy()
    if there is not None:
        codes[~there] = -1
    picked = {}
    for channel in channels:
        own = np.flatnonzero(codes == (channel.kind << 8 | channel.code))
        found = {name: rows[name].to_numpy()[own] for name in columns}
        links = rows["credit"].to_numpy()[own] / SHARE_UNIT
        picked[channel] = pd.DataFrame(found | {"links": links}, copy=False)
    return picked


def read_units(
    squares: pa.Table, kinds: Sequence[int], clusters: int, reach: Reach
) -> tuple[Numbers, Numbers]:
    """Return observed links of clusters, and links per independent unit.

    Parameters
    ----------
    squares
        From merge_squares.
    kinds
        Kinds wanted; all scored kinds together are added as the last.
    clusters
        Number of clusters.
    reach
        How far links reach.

    Returns
    -------
    tuple
        Links, and links per unit: sum of squared shares of units over sum of shares, steadied with
        a few units of the nation's usual size, since one large project says little of the next.
    """
    shape = (clusters, len(kinds) + 1, reach.levels + 1)
    place = pd.Index([*kinds, ALL_KINDS]).get_indexer(pd.Index(squares["kind"].to_numpy()))
    kept = place >= 0
    at = (squares["cluster"].to_numpy()[kept], place[kept], squares["reach"].to_numpy()[kept])
    links, of_units = np.zeros(shape), np.zeros(shape)
    links[at] = squares["credit"].to_numpy()[kept] / SHARE_UNIT
    of_units[at] = squares["squares"].to_numpy()[kept] / _MICRO
    total, total_of_units = links.sum(axis=0), of_units.sum(axis=0)
    usual = np.divide(total_of_units, total, out=np.ones(total.shape), where=total > 0)
    steady = _TYPICAL_UNITS * usual
    return links, (of_units + steady * usual) / (links + steady)


class PairLinks:
    """Observed links of pairs of cells, and their dispersion around what is expected of them.

    Parameters
    ----------
    flows
        Links of the boundary drawn, from merge_flows.
    members
        Actors by cell and stratum: cells without any are left out.
    """

    def __init__(self, flows: pa.Table, members: Whole) -> None:
        self.here = members.sum(axis=1) > 0
        self.flows = flows

    def _go_through(self, kinds: Sequence[int]) -> Iterator[tuple[Whole, Whole, Numbers]]:
        """Yield pairs of cells, the smaller code first, and their links, of some kinds."""
        for start in range(0, self.flows.num_rows, ROWS_AT_ONCE):
            flows = self.flows.slice(start, ROWS_AT_ONCE)
            source, target = (flows[end].to_numpy() for end in ("source", "target"))
            use = np.isin(flows["kind"].to_numpy(), list(kinds))
            use &= self.here[source] & self.here[target]
            source, target = source[use].astype(np.int64), target[use].astype(np.int64)
            links = flows["credit"].to_numpy()[use] / SHARE_UNIT
            yield np.minimum(source, target), np.maximum(source, target), links

    def above(self, kinds: Sequence[int]) -> Numbers:
        """Return links of every pair of different cells that have actors.

        Parameters
        ----------
        kinds
            Kinds whose links count.

        Returns
        -------
        Numbers
            One value a pair, in the order of :func:`list_above`.
        """
        held, place = int(self.here.sum()), np.cumsum(self.here) - 1
        summed = np.zeros(held * (held - 1) // 2)
        for one, other, links in self._go_through(kinds):
            apart = one != other
            first, second = place[one[apart]], place[other[apart]]
            at = first * (2 * held - first - 1) // 2 + second - first - 1
            np.add.at(summed, at, links[apart])
        return summed

    def table(self, kinds: Sequence[int]) -> Numbers:
        """Return links of every pair of cells.

        Parameters
        ----------
        kinds
            Kinds whose links count.

        Returns
        -------
        Numbers
            Cells x cells, the smaller code first; on the diagonal those within a cell.
        """
        cells = len(self.here)
        summed = np.zeros(cells**2)
        for one, other, links in self._go_through(kinds):
            np.add.at(summed, one * cells + other, links)
        return summed.reshape(cells, cells)

    def disperse(self, kinds: Sequence[int], expected: PairExpectation, design: float) -> float:
        """Return the dispersion of pairs of different cells around what is expected of them.

        Parameters
        ----------
        kinds
            Kinds whose links count.
        expected
            What a null that keeps the cells' totals expects of them.
        design
            Links per independent unit.

        Returns
        -------
        float
            As :func:`clustermap.network.shrinkage.estimate_dispersion`.
        """
        typical = list_above(expected.links, np.flatnonzero(self.here))
        return estimate_dispersion(self.above(kinds), typical, design=design)


def list_above(table: Numbers, held: npt.NDArray[np.intp]) -> Numbers:
    """Return what stands above the diagonal of a table of cells.

    Parameters
    ----------
    table
        Cells x cells.
    held
        Cells wanted, ascending.

    Returns
    -------
    Numbers
        One value a pair of different cells, row by row.
    """
    above, start = np.empty(len(held) * (len(held) - 1) // 2), 0
    for at, cell in enumerate(held, start=1):
        row = table[cell, held[at:]]
        above[start : start + len(row)] = row
        start += len(row)
    return above
