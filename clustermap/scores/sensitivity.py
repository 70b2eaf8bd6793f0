"""Which choices move the ranks: Sobol' indices of the mean shift in rank, for analysts."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import stats

from clustermap.indicators.evidence import LEVEL
from clustermap.scores.methods import run_analyses
from clustermap.scores.ranks import rank_draws

if TYPE_CHECKING:
    import numpy.typing as npt

    from clustermap.indicators.evidence import Numbers
    from clustermap.scores.methods import Methods


def mean_rank_shift(reference: npt.ArrayLike, scores: npt.ArrayLike) -> Numbers:
    """Return by how many ranks the clusters move on average.

    ``R = 1/n sum_c |rank_reference(c) - rank(c)|`` over the n clusters that have a score in the
    analysis; the reference is ranked among the same.

    Parameters
    ----------
    reference
        Scores of the headline, one a cluster, without missing ones.
    scores
        Analyses x clusters; NaN is missing.

    Returns
    -------
    Numbers
        One shift an analysis.

    References
    ----------
    Saisana, M., Saltelli, A. and Tarantola, S. (2005). Uncertainty and sensitivity analysis
    techniques as tools for the quality assessment of composite indicators. Journal of the Royal
    Statistical Society A 168(2), 307-323.

    Examples
    --------
    A and B change places; then A, which led, is not scored, and the others stay as they are.

    >>> mean_rank_shift([9, 8, 7], [[8, 9, 7], [np.nan, 8, 7]]).tolist()
    [0.6666666666666666, 0.0]
    """
    found = np.asarray(scores, dtype=np.float64)
    there = ~np.isnan(found)
    # Those that are not there come last in both, where they move no rank.
    before = rank_draws(np.where(there, np.asarray(reference, dtype=np.float64), -np.inf))
    after = rank_draws(np.where(there, found, -np.inf))
    shift: Numbers = np.abs(after - before).sum(axis=1, where=there) / there.sum(axis=1)
    return shift


def rank_sensitivity(
    methods: Methods,
    reference: npt.ArrayLike,
    *,
    points: int = 256,
    resamples: int = 999,
    seed: int = 1,
) -> pd.DataFrame:
    """Return how much of the variance of the mean shift in rank goes back to each factor.

    The first index is the share of the variance that would go if the factor alone were known; the
    total index the share that would stay if all others were known. Where totals exceed first
    indices, factors act together. A choice among many (sets of weights, draws of the data) is one
    factor whose options are numbered in no order.

    Parameters
    ----------
    methods
        What there is to choose from, at least two options of one factor; factors with a single
        option are left out.
    reference
        Scores of the headline, one for each cluster of the posteriors, without missing ones.
    points
        Points of the design, a power of two; ``points x (factors + 2)`` analyses are run.
    resamples
        Bootstrap resamples of the points behind the intervals.
    seed
        Seed of the design and of the resamples.

    Returns
    -------
    pd.DataFrame
        Columns factor, options, first, first_low, first_high, total, total_low, total_high, with
        90 % intervals by the percentiles of the bootstrap; null where no analysis moves a rank
        farther than another. Estimates can lie below 0 or above 1 by chance.

    References
    ----------
    Saltelli, A., Annoni, P., Azzini, I., Campolongo, F., Ratto, M. and Tarantola, S. (2010).
    Variance based sensitivity analysis of model output: design and estimator for the total
    sensitivity index. Computer Physics Communications 181(2), 259-270. And as
    :func:`mean_rank_shift`.
    """
    options = {factor: number for factor, number in methods.options().items() if number > 1}
    numbers = np.array(list(options.values()))[:, None]
    for_design, for_resamples = map(np.random.default_rng, np.random.SeedSequence(seed).spawn(2))
    shifts: list[Numbers] = []

    def shift(at: Numbers) -> Numbers:
        taken = np.minimum((at * numbers).astype(np.intp), numbers - 1)
        scores = run_analyses(methods, dict(zip(options, taken, strict=True)))
        return mean_rank_shift(reference, scores)[None]

    def keep(f_A: Numbers, f_B: Numbers, f_AB: Numbers) -> tuple[Numbers, Numbers]:  # noqa: N803
        shifts.extend((f_A, f_B, f_AB))
        return estimate_indices(f_A, f_B, f_AB)

    uniform: list[Any] = [stats.uniform()] * len(options)
    stats.sobol_indices(func=shift, n=points, dists=uniform, method=keep, rng=for_design)
    return _tabulate(options, shifts, resamples, for_resamples)


def estimate_indices(at_a: Numbers, at_b: Numbers, mixed: Numbers) -> tuple[Numbers, Numbers]:
    """Estimate first and total indices from a design of two samples and their mixtures.

    ``S_i = mean(f_B (f_ABi - f_A)) / V`` and ``T_i = mean((f_A - f_ABi)²) / 2V``, in ABi the i-th
    column of A being that of B.

    Parameters
    ----------
    at_a, at_b
        Outputs x points at A and at B, centred.
    mixed
        Factors x outputs x points at the ABi.

    Returns
    -------
    tuple of Numbers
        First and total indices, outputs x factors; NaN where nothing varies.

    References
    ----------
    As :func:`rank_sensitivity`; table 2, formulas b and f.
    """
    variance = np.var([at_a, at_b], axis=(0, -1))
    known = np.where(variance > 0, variance, np.nan)
    first: Numbers = np.mean(at_b * (mixed - at_a), axis=-1) / known
    total: Numbers = np.mean((at_a - mixed) ** 2, axis=-1) / 2 / known
    return first.T, total.T


def _tabulate(
    options: dict[str, int], shifts: list[Numbers], resamples: int, random: np.random.Generator
) -> pd.DataFrame:
    def indices(drawn: npt.NDArray[np.intp]) -> Numbers:
        return np.stack(estimate_indices(*(found[..., drawn] for found in shifts)))[:, 0]

    points = np.arange(shifts[0].shape[-1])
    first, total = indices(points)
    with warnings.catch_warnings():
        # Points that do not vary have no indices, and the interval none: it is null then.
        warnings.simplefilter("ignore", stats.DegenerateDataWarning)
        # scipy's own bootstrap of Sobol' indices takes no seed.
        found = stats.bootstrap(
            [points],
            indices,
            n_resamples=resamples,
            vectorized=False,
            confidence_level=LEVEL,
            method="percentile",
            rng=random,
        )
    low, high = np.asarray(found.confidence_interval)
    return pd.DataFrame(
        {
            "factor": list(options),
            "options": list(options.values()),
            "first": first,
            "first_low": low[0],
            "first_high": high[0],
            "total": total,
            "total_low": low[1],
            "total_high": high[1],
        }
    )
