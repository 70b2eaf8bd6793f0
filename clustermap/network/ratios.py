"""The ratio of observed to expected links of every cluster, by reach, as far as it can be believed.

Embeddedness is the ratio at the local reaches, openness the ratio beyond them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from clustermap.network.posterior import Posterior
from clustermap.network.shrinkage import (
    ALIKE_AT_MOST,
    ENDLESS,
    MAX_WIDTH,
    MIN_WEIGHT,
    Alone,
    Evidence,
    OwnFactors,
    Prior,
    combine_kinds,
    find_belief,
    find_own_factors,
    fit_alike,
    fit_prior,
    join_sizes,
    loosen,
    size_of_sum,
    weigh_alone,
)

if TYPE_CHECKING:
    import numpy.typing as npt

    from clustermap.network.comparison import Comparison

    Numbers = npt.NDArray[np.float64]

NOTHING_EXPECTED = "reason.nothing_expected"
TOO_WIDE = "reason.too_wide"
PRIOR_OUTWEIGHS = "reason.prior_outweighs"
REASONS = (NOTHING_EXPECTED, TOO_WIDE, PRIOR_OUTWEIGHS)
"""Why a ratio may not be decided; each is a key of the catalogue."""


@dataclass(frozen=True)
class Ratios:
    """Ratios of all clusters at one reach.

    Parameters
    ----------
    posterior
        Weighted mean over kinds of the log2 ratio.
    kinds
        One for each kind: its own log2 ratio, leaning on the cluster's other kinds.
    alone
        What the data of each cluster say without the others.
    observed, expected
        Independent links of all kinds together; expected are those of the typical cluster.
    expected_by_kind
        The same by kind, clusters x kinds.
    prior
        What all clusters say; its typical ratio is 1, as expected links were brought to it.
    typical
        What expected links were multiplied with: the typical cluster over the nation's mean.
    alike
        How alike the kinds of a cluster are.
    """

    posterior: Posterior
    kinds: tuple[Posterior, ...]
    alone: Alone
    observed: Numbers
    expected: Numbers
    expected_by_kind: Numbers
    prior: Prior
    typical: float
    alike: float


def gather_evidence(
    comparison: Comparison, dispersion: Numbers, reach: int
) -> tuple[Evidence, Evidence]:
    """Return the evidence at one reach: by kind, and of all kinds together.

    Parameters
    ----------
    comparison
        Observed and expected links.
    dispersion
        Of pairs of cells by kind, the last of all kinds together.
    reach
        Local reach, or the one beyond.

    Returns
    -------
    tuple
        Clusters x kinds; and clusters. In independent units: both sides over links per unit.
    """
    design, expected = comparison.design[:, :, reach], comparison.expected[:, :, reach]
    size = np.stack(
        [
            size_of_sum(expected[:, kind], comparison.squares[:, kind, reach], phi)
            for kind, phi in enumerate(dispersion)
        ],
        axis=1,
    )
    if comparison.variance is not None:
        unsure = np.maximum(comparison.variance[:, :, reach], 1 / ENDLESS)
        size = join_sizes(size, 1 / unsure)
    seen, expected = comparison.observed[:, :, reach] / design, expected / design
    by_kind = Evidence(seen[:, :-1], expected[:, :-1], size[:, :-1])
    return by_kind, Evidence(seen[:, -1], expected[:, -1], size[:, -1])


@dataclass(frozen=True)
class Believed:
    """What is believed of the links of all clusters at one reach, whatever the kinds weigh.

    Parameters
    ----------
    total
        Independent links of all kinds together, against those of the typical cluster.
    expected_by_kind
        The same by kind, clusters x kinds.
    own
        Of every kind, given what it has in common with the others.
    kinds
        Mean and quantiles of each kind's own log2 ratio, where they are wanted.
    alone
        What the data of each cluster say without the others.
    prior
        What all clusters say; its typical ratio is 1.
    typical
        What expected links were multiplied with: the typical cluster over the nation's mean.
    alike
        How alike the kinds of a cluster are.
    """

    total: Evidence
    expected_by_kind: Numbers
    own: OwnFactors
    kinds: tuple[tuple[Numbers, Numbers], ...]
    alone: Alone
    prior: Prior
    typical: float
    alike: float


def believe_ratios(
    comparison: Comparison, dispersion: Numbers, reach: int, *, by_kind: bool = False
) -> Believed:
    """Find what is to be believed of all clusters at one reach, before kinds are weighed.

    Parameters
    ----------
    comparison
        Observed and expected links.
    dispersion
        Of pairs of cells by kind, the last of all kinds together.
    reach
        Local reach, or the one beyond.
    by_kind
        Whether each kind's own ratio is wanted, too.

    Returns
    -------
    Believed
        For :func:`weigh_ratios`.
    """
    kinds, total = gather_evidence(comparison, dispersion, reach)
    alike = fit_alike(kinds)
    total = loosen(total, kinds, alike)
    found = fit_prior(total, _limit_alikeness(comparison, reach))
    prior = replace(found, typical=1.0)
    kinds = replace(kinds, expected=kinds.expected * found.typical)
    total = replace(total, expected=total.expected * found.typical)
    own = find_own_factors(kinds, find_belief(total, prior), alike)
    one = np.eye(kinds.expected.shape[1] if by_kind else 0)
    return Believed(
        total,
        kinds.expected,
        own,
        tuple(combine_kinds(own, only) for only in one),
        weigh_alone(total, prior),
        prior,
        found.typical,
        alike,
    )


def _limit_alikeness(comparison: Comparison, reach: int) -> float:
    # A gamma distribution of shape a has a logarithm with a variance of about 1 / a.
    spread = 0.0 if comparison.spread is None else float(comparison.spread[-1, reach])
    return min(ALIKE_AT_MOST, 1 / max(spread, 1 / ENDLESS))


def weigh_ratios(
    believed: Believed,
    weights: Numbers,
    *,
    key: str,
    max_width: float = MAX_WIDTH,
    min_weight: float = MIN_WEIGHT,
) -> Ratios:
    """Return the ratios of all clusters at one reach, by what the kinds weigh.

    Parameters
    ----------
    believed
        What is believed at this reach.
    weights
        One weight for each kind of the comparison.
    key
        Name of the measure.
    max_width, min_weight
        When data decide: width of the unshrunk 90 % interval of the log2 ratio, and weight of the
        data beside what all clusters say.

    Returns
    -------
    Ratios
        Of all clusters; by kind where it was asked for.
    """
    total, alone = believed.total, believed.alone
    decided, reason = _decide(total, alone, max_width, min_weight)

    def posterior(name: str, value: Numbers, quantiles: Numbers) -> Posterior:
        return Posterior(name, value, quantiles, total.observed, decided, reason)

    return Ratios(
        posterior(key, *combine_kinds(believed.own, weights)),
        tuple(posterior(f"{key}.{kind}", *own) for kind, own in enumerate(believed.kinds)),
        alone,
        total.observed,
        total.expected,
        believed.expected_by_kind,
        believed.prior,
        believed.typical,
        believed.alike,
    )


def find_ratios(
    comparison: Comparison,
    dispersion: Numbers,
    reach: int,
    weights: Numbers,
    *,
    key: str,
    max_width: float = MAX_WIDTH,
    min_weight: float = MIN_WEIGHT,
    by_kind: bool = False,
) -> Ratios:
    """Find what is to be believed of the ratios of all clusters at one reach.

    Parameters
    ----------
    comparison, dispersion, reach
        As for :func:`believe_ratios`.
    weights, key, max_width, min_weight
        As for :func:`weigh_ratios`.
    by_kind
        Whether each kind's own ratio is wanted, too.

    Returns
    -------
    Ratios
        Of all clusters.
    """
    believed = believe_ratios(comparison, dispersion, reach, by_kind=by_kind)
    return weigh_ratios(believed, weights, key=key, max_width=max_width, min_weight=min_weight)


def _decide(
    total: Evidence, alone: Alone, max_width: float, min_weight: float
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.object_]]:
    faults = [total.expected <= 0, ~(alone.width <= max_width), ~(alone.weight >= min_weight)]
    reason = np.select(faults, list(REASONS), default="").astype(object)
    return reason == "", reason
