"""The mass null: how many links actors of the same mix at the same distances typically have.

It is indirect standardisation with a distance law: between cells a and b one expects

    E_ab = level x sum_st pairs_ab,st u_s v_t w_st x c(distance) x (m_a m_b)^exponent

links of a channel, where strata s and t are of the channel's two actor types, u and v say how
active a stratum is, w whether firms of one sector link more often, c how links fall with distance,
and m is the number of actors of a cell over the mean. It is a log-linear Poisson model of pairs of
actors, fitted by maximum likelihood: links by stratum, by sector, by distance and by size are what
the null says. The null without distance leaves c out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from clustermap.errors import TableFault
from clustermap.network.pairs import SIZE_EXPONENTS, spline_of
from clustermap.tables import ACTOR_TYPES, KINDS

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd
    import pyarrow as pa

    from clustermap.network.pairs import Spline
    from clustermap.network.strata import Strata

    Numbers = npt.NDArray[np.float64]

PRIOR_LINKS = 5.0
"""Links of the typical rate that a stratum is taken to have beside its own."""

TOLERANCE = 1e-8
"""Largest relative change of an expected margin in the last sweep."""

MAX_SWEEPS, LOOSEST = 2_000, 1e-4
"""Sweeps after which a larger change will do, for channels of few links creep; beyond it the run
stops."""

_TYPES = len(ACTOR_TYPES)
_LEAST = 1e-12  # stands for no pair at all where logarithms are taken


@dataclass(frozen=True)
class Channel:
    """A kind of linkage between two types of actors.

    Parameters
    ----------
    kind
        Position in KINDS.
    code
        Code of the channel in the flows.
    """

    kind: int
    code: int

    @property
    def types(self) -> tuple[int, int]:
        """Actor types of the two ends, positions in ACTOR_TYPES."""
        first, second = divmod(self.code % _TYPES**2, _TYPES)
        return first, second

    @property
    def unordered(self) -> bool:
        """Whether its two ends are of one type and have no direction."""
        first, second = self.types
        return self.code < _TYPES**2 and first == second

    @property
    def name(self) -> str:
        """Name for messages, e.g. ``research firm-university``."""
        first, second = self.types
        sign = "-" if self.code < _TYPES**2 else ">"
        return f"{KINDS[self.kind]} {ACTOR_TYPES[first]}{sign}{ACTOR_TYPES[second]}"


@dataclass(frozen=True)
class Margins:
    """What the null is fitted to: the links of one channel, summed up in five ways.

    Parameters
    ----------
    total
        Links.
    first, second
        Links by stratum of their first and second end; both ends together where a channel has no
        direction.
    same
        Links between firms of one sector group.
    bins
        Links by distance bin.
    size
        Sum over links of the logarithm of ``m_a m_b``.
    """

    total: float
    first: Numbers
    second: Numbers
    same: float
    bins: Numbers
    size: float


@dataclass(frozen=True)
class Fit:
    """The null of one channel.

    Parameters
    ----------
    channel
        The channel.
    first, second
        Strata of the two ends.
    level
        Links per pair where all factors are 1.
    u, v
        Activity of the strata.
    same
        Factor on pairs of firms of one sector group.
    bins
        Factor of each distance bin; 1 throughout without distance.
    exponent
        Exponent of size.
    distance
        Whether links fall with distance.
    sweeps
        Sweeps until nothing changed.
    residual
        Largest relative change of an expected margin in the last sweep.
    links
        Links that it was fitted to.
    """

    channel: Channel
    first: npt.NDArray[np.intp]
    second: npt.NDArray[np.intp]
    level: float
    u: Numbers
    v: Numbers
    same: float
    bins: Numbers
    exponent: float
    distance: bool
    sweeps: int
    residual: float
    links: float


def find_channels(ends: pa.Table) -> list[Channel]:
    """Return the channels that the data hold, in a fixed order.

    Parameters
    ----------
    ends
        Links by kind, channel and strata of the two ends.

    Returns
    -------
    list of Channel
        Channels with at least one link.
    """
    found = ends.select(["kind", "channel"]).group_by(["kind", "channel"]).aggregate([])
    codes = zip(found["kind"].to_pylist(), found["channel"].to_pylist(), strict=True)
    return [Channel(kind, code) for kind, code in sorted(codes)]


def sum_margins(
    channel: Channel, flows: pd.DataFrame, ends: pd.DataFrame, strata: Strata, sizes: Numbers
) -> Margins:
    """Sum up the links of a channel as the null sees them.

    Parameters
    ----------
    channel
        The channel.
    flows
        Its flows between cells that the null covers: source, target, band, links (credit).
    ends
        Its links by strata: first, second, links (credit).
    strata
        What the strata are.
    sizes
        Actors of each cell over the mean.

    Returns
    -------
    Margins
        Of this channel.
    """
    one, other = (ends[end].to_numpy() for end in ("first", "second"))
    links = ends["links"].to_numpy(dtype=float)
    many = len(strata.type)
    first, second = (np.bincount(end, links, many).astype(float) for end in (one, other))
    if channel.unordered:
        first = second = first + second
    alike = (strata.sector[one] == strata.sector[other]) & (strata.sector[one] >= 0)
    source, target = (flows[end].to_numpy() for end in ("source", "target"))
    credit = flows["links"].to_numpy(dtype=float)
    bins = np.bincount(flows["band"].to_numpy(), credit).astype(float)
    size = float(credit @ np.log(sizes[source] * sizes[target]))
    own = strata_of(channel, strata)
    return Margins(
        float(links.sum()), first[own[0]], second[own[1]], float(links[alike].sum()), bins, size
    )


def strata_of(
    channel: Channel, strata: Strata
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return the strata of the two ends of a channel.

    Parameters
    ----------
    channel
        The channel.
    strata
        What the strata are.

    Returns
    -------
    tuple
        Positions of strata.
    """
    first, second = channel.types
    return np.flatnonzero(strata.type == first), np.flatnonzero(strata.type == second)


def same_sector(
    fit_first: npt.NDArray[np.intp], fit_second: npt.NDArray[np.intp], strata: Strata
) -> npt.NDArray[np.bool_]:
    """Return which pairs of strata are firms of one sector group.

    Parameters
    ----------
    fit_first, fit_second
        Strata of the two ends.
    strata
        What the strata are.

    Returns
    -------
    np.ndarray
        bool, first x second.
    """
    one, other = strata.sector[fit_first][:, None], strata.sector[fit_second]
    return np.asarray((one == other) & (one >= 0), dtype=bool)


class _Sweeper:
    """Iterative proportional fitting of one channel; see Deming and Stephan (1940)."""

    def __init__(
        self,
        channel: Channel,
        pairs: Numbers,
        margins: Margins,
        alike: npt.NDArray[np.bool_],
        *,
        distance: bool,
    ) -> None:
        self.channel, self.margins, self.distance = channel, margins, distance
        self.alike = alike
        self.half = 0.5 if channel.unordered else 1.0
        counts = pairs
        bins = np.zeros(counts.shape[-1])
        bins[: len(margins.bins)] = margins.bins
        self.by_bin = bins
        if not distance:
            counts, self.by_bin = counts.sum(axis=-1, keepdims=True), bins.sum(keepdims=True)
        self.counts = counts
        self.there = counts[SIZE_EXPONENTS == 0][0] > 0
        self.u, self.v = np.ones(alike.shape[0]), np.ones(alike.shape[1])
        self.same, self.exponent, self.level = 1.0, 0.0, 1.0
        self.bins = np.ones(counts.shape[-1])
        self.fixed: Numbers | None = None

    @cached_property
    def spline(self) -> Spline:
        return spline_of(np.maximum(self.counts, _LEAST))

    def fix(self, exponent: float) -> None:
        """Hold the exponent of size at a value; pairs are weighed by it once."""
        self.exponent = exponent
        counted = self.counts[exponent == SIZE_EXPONENTS]
        self.fixed = counted[0] if len(counted) else self.pairs_now()

    def start(self, fit: Fit) -> None:
        self.bins = fit.bins.copy() if self.distance else self.bins
        self.exponent = fit.exponent

    def pairs_now(self) -> Numbers:
        if self.fixed is not None:
            return self.fixed
        return np.where(self.there, np.exp(self.spline(self.exponent)), 0.0)

    def sweep(self, *, strata: bool, size: bool) -> float:
        """Fit every margin once; return the largest relative change."""
        pairs = self.pairs_now()
        tie = np.where(self.alike, self.same, 1.0)
        before = (self.u.copy(), self.v.copy(), self.same, self.bins.copy(), self.exponent)
        table = tie * (pairs @ self.bins)
        self._set_level(table)
        if strata:
            self._fit_strata(table)
            self._fit_sector(pairs)
        if self.distance:
            self._fit_bins(pairs)
        if size:
            self._fit_size(pairs)
        return self._change(before)

    def _set_level(self, table: Numbers) -> None:
        found = self.half * float(self.u @ table @ self.v)
        self.level = self.margins.total / found if found > 0 else 0.0

    def _fit_strata(self, table: Numbers) -> None:
        reach = table @ self.v
        found = _shrink(self.margins.first, self.level * reach)
        # Half a step where both ends are one: strata that mostly meet their own would otherwise
        # swing between two values for ever.
        self.u = np.sqrt(self.u * found) if self.channel.unordered else found
        self.u *= reach.sum() / max(float(self.u @ reach), _LEAST)
        if self.channel.unordered:
            self.v = self.u
        else:
            reach = self.u @ table
            self.v = _shrink(self.margins.second, self.level * reach)
            self.v *= reach.sum() / max(float(self.v @ reach), _LEAST)
        self._set_level(table)

    def _fit_sector(self, pairs: Numbers) -> None:
        if not self.alike.any():
            return
        table = np.where(self.alike, pairs @ self.bins, 0.0)
        found = self.half * self.level * float(self.u @ table @ self.v)
        self.same = float(_shrink(np.array(self.margins.same), np.array(found)))
        self._set_level(np.where(self.alike, self.same, 1.0) * (pairs @ self.bins))

    def _fit_bins(self, pairs: Numbers) -> None:
        tie = np.where(self.alike, self.same, 1.0)
        weighed = (self.u[:, None] * self.v) * tie
        found = self.half * self.level * np.tensordot(weighed, pairs, 2)
        mean = self.margins.total / max(float(found.sum()), _LEAST)
        # One link's worth of what the neighbouring distances say, so that no bin is ever nought.
        around = neighbours(self.bins, mean)
        self.bins = np.where(found > 0, (self.by_bin + 1) / (found + 1 / around), around)
        # Distances without any pair lie evenly between those with some: this is where the mean of
        # the neighbours would bring them too, one bin a sweep.
        known = np.flatnonzero(found[:-1] > 0)
        if len(known):
            every, logs = np.arange(len(found) - 1), np.log(self.bins[known])
            self.bins[:-1] = np.exp(np.interp(every, known, logs))
        self.bins /= mean
        self._set_level(tie * (pairs @ self.bins))

    def _fit_size(self, pairs: Numbers) -> None:
        tie = np.where(self.alike, self.same, 1.0)
        links = self.half * self.level * pairs * ((self.u[:, None] * self.v) * tie)[:, :, None]
        links *= self.bins
        slope, curve = self.spline(self.exponent, 1), self.spline(self.exponent, 2)
        expected = float((links * slope).sum())
        spread = float((links * (slope**2 + curve)).sum())
        spread -= expected**2 / self.margins.total
        if spread > 0:
            step = (self.margins.size - expected) / (spread + 1)
            self.exponent = float(np.clip(self.exponent + step, *SIZE_EXPONENTS[[0, -1]]))

    def _change(self, before: tuple[Numbers, Numbers, float, Numbers, float]) -> float:
        u, v, same, bins, exponent = before
        changes = (self.u / u, self.v / v, np.array([self.same / same]), self.bins / bins)
        largest = max(float(np.abs(np.log(change)).max(initial=0)) for change in changes)
        return max(largest, abs(self.exponent - exponent))


def _shrink(links: Numbers, expected: Numbers) -> Numbers:
    return np.asarray((links + PRIOR_LINKS) / (expected + PRIOR_LINKS))


def settled(residual: float, sweeps: int) -> bool:
    """Return whether a null may be taken as fitted.

    Parameters
    ----------
    residual
        Largest relative change in the last sweep.
    sweeps
        Sweeps so far.

    Returns
    -------
    bool
        After many sweeps a larger change will do; it is reported in any case.

    Examples
    --------
    >>> [settled(5e-9, 1), settled(5e-5, 1_999), settled(5e-5, 2_000), settled(5e-4, 2_000)]
    [True, False, True, False]
    """
    return residual <= (LOOSEST if sweeps >= MAX_SWEEPS else TOLERANCE)


def neighbours(bins: Numbers, mean: float) -> Numbers:
    """Return what the adjacent distances say of each distance bin.

    Parameters
    ----------
    bins
        Factors of the bins, the last of them of unknown distance.
    mean
        Mean factor, which stands in for neighbours that the unknown distance has none of.

    Returns
    -------
    Numbers
        Geometric means of the two adjacent bins.
    """
    around = np.full(len(bins), max(mean, _LEAST))
    known = np.log(bins[:-1])
    if len(known) > 1:
        padded = np.concatenate([known[1:2], known, known[-2:-1]])
        around[:-1] = np.exp((padded[:-2] + padded[2:]) / 2)
    return around


def fit_null(
    channel: Channel,
    pairs: Numbers,
    margins: Margins,
    strata: Strata,
    *,
    distance: bool = True,
    exponent: float | None = None,
    start: Fit | None = None,
) -> Fit:
    """Fit the mass null of a channel, or the null without distance.

    Parameters
    ----------
    channel
        The channel.
    pairs
        Pairs available to the channel, as :meth:`clustermap.network.pairs.Pairs.of` gives them.
    margins
        Links.
    strata
        What the strata are.
    distance
        Whether links fall with distance.
    exponent
        Exponent of size; None: fitted.
    start
        A fit whose strata are kept: only level, distance and size are fitted then.

    Returns
    -------
    Fit
        The null.

    Raises
    ------
    TableFault
        If it does not converge; the fault names the channel and the residual.

    References
    ----------
    Deming, W. E. and Stephan, F. F. (1940). On a least squares adjustment of a sampled frequency
    table when the expected marginal totals are known. Annals of Mathematical Statistics 11(4),
    427-444.
    """
    first, second = strata_of(channel, strata)
    if start is not None:
        weighed = np.einsum("efsb,fs->eb", pairs, weigh_strata(start, strata))
        return fit_anew(start, weighed, margins, distance=distance, exponent=exponent)
    alike = same_sector(first, second, strata)
    sweeper = _Sweeper(channel, pairs, margins, alike, distance=distance)
    sweeps, residual = _settle(sweeper, exponent, strata=True)
    return Fit(
        channel,
        first,
        second,
        sweeper.level,
        sweeper.u,
        sweeper.v,
        sweeper.same,
        sweeper.bins if distance else np.ones(pairs.shape[-1]),
        sweeper.exponent,
        distance,
        sweeps,
        residual,
        margins.total,
    )


def weigh_strata(fit: Fit, strata: Strata) -> Numbers:
    """Return how active pairs of strata are.

    Parameters
    ----------
    fit
        A null.
    strata
        What the strata are.

    Returns
    -------
    Numbers
        First x second.
    """
    tie = np.where(same_sector(fit.first, fit.second, strata), fit.same, 1.0)
    return np.asarray((fit.u[:, None] * fit.v) * tie)


def fit_anew(
    start: Fit,
    weighed: Numbers,
    margins: Margins,
    *,
    distance: bool | None = None,
    exponent: float | None = None,
) -> Fit:
    """Fit level, distance and size of a null anew, and keep its strata.

    Parameters
    ----------
    start
        The null.
    weighed
        Shape (len(SIZE_EXPONENTS), bins): pairs, each weighed by the activity of its strata.
    margins
        Links.
    distance
        Whether links fall with distance; None: as in the null.
    exponent
        Exponent of size; None: fitted.

    Returns
    -------
    Fit
        The null.

    Raises
    ------
    TableFault
        If it does not converge.
    """
    distance = start.distance if distance is None else distance
    # Where the strata are kept, their pairs are one stratum's.
    alike = np.zeros((1, 1), dtype=bool)
    sweeper = _Sweeper(start.channel, weighed[:, None, None], margins, alike, distance=distance)
    sweeper.start(start)
    sweeps, residual = _settle(sweeper, exponent, strata=False)
    return replace(
        start,
        level=sweeper.level,
        bins=sweeper.bins if distance else np.ones(weighed.shape[-1]),
        exponent=sweeper.exponent,
        distance=distance,
        sweeps=sweeps,
        residual=residual,
        links=margins.total,
    )


def _settle(sweeper: _Sweeper, exponent: float | None, *, strata: bool) -> tuple[int, float]:
    """Sweep until nothing changes; return sweeps and the largest change of the last."""
    if exponent is not None:
        sweeper.fix(exponent)
    residual, sweeps = np.inf, 0
    while not settled(residual, sweeps):
        if sweeps >= MAX_SWEEPS:
            raise TableFault(
                "null_not_converged",
                table=sweeper.channel.name,
                value=f"{residual:.2g}",
                sweeps=sweeps,
            )
        residual = sweeper.sweep(strata=strata, size=exponent is None)
        sweeps += 1
    return sweeps, float(residual)
