"""What all clusters together say of the ratio of one: fitted by maximum likelihood.

The likelihood is smooth but for one kink: beyond the largest shape allowed, the narrow part stays
as it is. Each side of the kink is descended by itself, with slopes in closed form.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from scipy import optimize, special

from clustermap.network.negative_binomial import (
    join_sizes,
    negative_binomial,
    slope_probability,
)

if TYPE_CHECKING:
    import numpy.typing as npt

    Numbers = npt.NDArray[np.float64]

ALIKE_AT_MOST = 2_500.0
"""Largest shape: clusters are never taken to be more alike than to 2 %."""

_MIN_CLUSTERS = 5
_START = np.array([0.0, np.log(4.0), np.log(10.0), 0.0])
_OTHER_START = np.array([0.0, np.log(1.5), np.log(45.0), -2.0])
_LEAST, _MOST = np.array([-4.0, -2.0, 0.0, -6.0]), np.array([4.0, 3.0, 6.0, 6.0])
# Of the prior: log of the typical ratio, log shape of the wide gamma, log of how much narrower the
# narrow one is, logit of the share of the wide one.

_PULL = 0.05  # so weak that a few clusters overrule it: no shape runs away for want of data
_TIE = 1e-6  # of log likelihood: far above rounding, far below anything that data can tell
_FLAT, _STEPS, _ROUNDS = 1e-10, 300, 9  # of the descent
_PRECISE = 1e-12
_TOUCH = 1e-7
_DIGITS = 9  # of the logs: what lies beyond depends on the machine


@dataclass(frozen=True)
class Evidence:
    """Observed and expected links of clusters, in independent units.

    Parameters
    ----------
    observed, expected
        Clusters, or clusters x kinds; expectation 0 where there is no pair.
    size
        Size of the negative binomial, in the same shape; ENDLESS without dispersion.
    """

    observed: Numbers
    expected: Numbers
    size: Numbers


@dataclass(frozen=True)
class Prior:
    """What all clusters together say of one: a mixture of two gamma distributions.

    Parameters
    ----------
    typical
        Geometric mean of both: the ratio of the typical cluster. A scale of logarithms is then the
        same for clusters of few links and of many: knowing nothing means typical.
    narrow, wide
        Their shapes; the larger, the more alike clusters are.
    share
        Share of clusters of the wide one.
    """

    typical: float
    narrow: float
    wide: float
    share: float

    @property
    def shapes(self) -> Numbers:
        """Shapes of the two."""
        return np.array([self.narrow, self.wide])

    @property
    def rates(self) -> Numbers:
        """Rates of the two."""
        return np.exp(special.digamma(self.shapes)) / self.typical

    @property
    def rate(self) -> float:
        """Expected links that knowing clusters out of the ordinary is worth: the wide one's rate.

        The narrow one is a hypothesis (that a cluster is ordinary) which links confirm or refute;
        it is the wide one that they are weighed against.

        Returns
        -------
        float
            In expected links.
        """
        return float(self.rates[1])


def fit_prior(evidence: Evidence, alike_at_most: float = ALIKE_AT_MOST) -> Prior:
    """Fit what all clusters together say of one, by maximum likelihood.

    Parameters
    ----------
    evidence
        Links of all clusters, kinds together.
    alike_at_most
        Largest shape.

    Returns
    -------
    Prior
        Where there are too few clusters to fit anything, four links' worth of the typical ratio.

    References
    ----------
    DuMouchel, W. (1999). Bayesian data mining in large frequency tables, with an application to the
    FDA spontaneous reporting system. The American Statistician 53(3), 177-190. Clayton, D. and
    Kaldor, J. (1987). Empirical Bayes estimates of age-standardized relative risks for use in
    disease mapping. Biometrics 43(3), 671-681. Kraft, D. (1988). A software package for sequential
    quadratic programming. DFVLR-FB 88-28 (how it is descended).
    """
    there = evidence.expected > 0
    if there.sum() < _MIN_CLUSTERS:
        return _as_prior(_START, alike_at_most)
    told = Evidence(evidence.observed[there], evidence.expected[there], evidence.size[there])
    sides = [_Side(told, float(np.log(alike_at_most)), held=held) for held in (True, False)]
    found = [side.descend(start) for start, side in product((_START, _OTHER_START), sides)]
    best = min(cost for cost, _ in found) + _TIE
    chosen = next(at for at, (cost, _) in enumerate(found) if cost <= best)
    point = sides[chosen % len(sides)].finish(found[chosen][1])
    return _as_prior(point, alike_at_most)


def _as_prior(point: Numbers, alike_at_most: float) -> Prior:
    typical, wide, ratio = np.exp(np.clip(point[:3], _LEAST[:3], _MOST[:3]))
    share = special.expit(np.clip(point[3], _LEAST[3], _MOST[3]))
    narrow = min(float(wide * ratio), alike_at_most)
    return Prior(float(typical), narrow, min(float(wide), narrow), float(share))


class _Side:
    """The surprise at the links of all clusters on one side of the largest shape.

    Held at it, the shape of the narrow part would be larger if it were free to; where the two sides
    meet they agree.
    """

    def __init__(self, evidence: Evidence, most_alike: float, *, held: bool) -> None:
        self.evidence, self.most_alike, self.held = evidence, most_alike, held
        self.highest = _MOST.copy()
        self.highest[1] = min(_MOST[1], most_alike)
        # Told against one prior: sums of what cancels would hide the last digits.
        self.level = np.logaddexp(*log_marginals(evidence, _as_prior(_START, np.inf)).T)

    def descend(self, start: Numbers) -> tuple[float, Numbers]:
        """Return the least cost and where it is, as precisely as costs can tell."""
        first = np.clip(start, _LEAST, self.highest)
        edge = self.most_alike - first[1]
        first[2] = max(first[2], edge) if self.held else min(first[2], edge)
        ends = (self.most_alike, np.inf) if self.held else (-np.inf, self.most_alike)
        cost, point = np.inf, first
        for _ in range(_ROUNDS):
            found = self._search(point, ends)
            point, before = np.clip(found.x, _LEAST, self.highest), cost
            cost = self.weigh(point)[0]
            if before - cost < _TIE:
                break
        return cost, point

    def _search(self, first: Numbers, ends: tuple[float, float]) -> optimize.OptimizeResult:
        # Brought to slopes of one and less: of a million, no step is found.
        scale = max(1.0, float(np.abs(self.weigh(first)[1]).max()))

        def weigh(point: Numbers) -> tuple[float, Numbers]:
            cost, slopes = self.weigh(point)
            return cost / scale, slopes / scale

        return optimize.minimize(
            weigh,
            first,
            jac=True,
            method="SLSQP",
            bounds=optimize.Bounds(_LEAST, self.highest),
            constraints=optimize.LinearConstraint([[0.0, 1.0, 1.0, 0.0]], *ends),
            options={"ftol": _FLAT, "maxiter": _STEPS},
        )

    def finish(self, point: Numbers) -> Numbers:
        """Return where the slopes are nought, but for what stands at a bound.

        Near its least the cost changes less than its last digit, and slopes still tell.
        """
        edge = abs(self._pass_edge(point)) < _TOUCH
        inner = (point > _LEAST + _TOUCH) & (point < self.highest - _TOUCH)
        inner[2] &= not edge
        if not inner.any():
            return np.round(point, _DIGITS)

        def move(values: Numbers) -> Numbers:
            moved = point.copy()
            moved[inner] = values
            if edge:
                moved[2] = self.most_alike - moved[1]
            return moved

        def slope(values: Numbers) -> Numbers:
            slopes = self.weigh(move(values))[1]
            slopes[1] -= slopes[2] if edge else 0.0
            return np.asarray(slopes[inner])

        with np.errstate(all="ignore"):  # steps too far are taken back
            found = optimize.root(slope, point[inner], options={"xtol": _PRECISE})
        flatter = np.abs(found.fun).max() <= np.abs(slope(point[inner])).max()
        better = move(found.x) if flatter else point
        return np.round(better if self._holds(better) else point, _DIGITS)

    def _pass_edge(self, point: Numbers) -> float:
        return float(point[1] + point[2]) - self.most_alike

    def _holds(self, point: Numbers) -> bool:
        beyond = self._pass_edge(point) * (-1 if self.held else 1)
        return bool(((point >= _LEAST) & (point <= self.highest)).all() and beyond < _TOUCH)

    def weigh(self, point: Numbers) -> tuple[float, Numbers]:
        """Return the cost of a point, and its slopes."""
        logs, slopes = self._tell(point)
        away = point - _START
        return float(_PULL * (away**2).sum() - logs.sum()), 2 * _PULL * away - slopes

    def _tell(self, point: Numbers) -> tuple[Numbers, Numbers]:
        # Log probability of every cluster's links, and the slopes of their sum.
        typical, wide, ratio, logit = (float(value) for value in point)
        narrow = self.most_alike if self.held else wide + ratio
        share = float(special.expit(logit))
        of_narrow, of_wide = self._tell_part(typical, narrow), self._tell_part(typical, wide)
        one, other = of_narrow[0] + np.log1p(-share), of_wide[0] + np.log(share)
        logs = np.logaddexp(one, other)
        is_wide = np.exp(other - logs)
        # Sums of the library of linear algebra would depend on how many cores it takes.
        by_typical = ((1 - is_wide) * of_narrow[1] + is_wide * of_wide[1]).sum()
        by_narrow = 0.0 if self.held else ((1 - is_wide) * of_narrow[2]).sum()
        by_wide = (is_wide * of_wide[2]).sum() + by_narrow
        slopes = np.array([by_typical, by_wide, by_narrow, (is_wide - share).sum()])
        return logs - self.level, slopes

    def _tell_part(self, typical: float, log_shape: float) -> tuple[Numbers, Numbers, Numbers]:
        # Log probability under one gamma, and its slopes by the logs of typical ratio and shape.
        evidence, shape = self.evidence, np.exp(log_shape)
        mean = evidence.expected * np.exp(typical + log_shape - special.psi(shape))
        size = join_sizes(evidence.size, shape)
        logs = negative_binomial(evidence.observed, mean, size)
        by_mean, by_size = slope_probability(evidence.observed, mean, size)
        of_mean = 1 - shape * special.polygamma(1, shape)
        return logs, by_mean, by_mean * of_mean + by_size * (1 - size / evidence.size)


def log_marginals(evidence: Evidence, prior: Prior) -> Numbers:
    """Return how likely links are under each part of a prior.

    Parameters
    ----------
    evidence
        Links of clusters.
    prior
        What all clusters say.

    Returns
    -------
    Numbers
        Log of weight times probability under the narrow and the wide part, clusters x 2.
    """
    parts = [
        np.log(share)
        + negative_binomial(
            evidence.observed, evidence.expected * (shape / rate), join_sizes(evidence.size, shape)
        )
        for shape, rate, share in zip(
            prior.shapes, prior.rates, (1 - prior.share, prior.share), strict=True
        )
    ]
    return np.stack(parts, axis=1)
