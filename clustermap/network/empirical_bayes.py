"""How far a measured log ratio is believed: the less the data say, the closer to typical."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize_scalar

from clustermap.network.posterior import DEVIATE, Posterior, Z

if TYPE_CHECKING:
    import numpy.typing as npt

    Numbers = npt.NDArray[np.float64]
    Reasons = npt.NDArray[np.object_]

WIDEST_SD = 1 / DEVIATE
"""Largest sd of a measure on a scale of base 2 whose 90 % interval is narrower than 2."""

MIN_LINKED = 3
"""Actors with a link that a cluster needs for the data to decide."""

MIN_BASIS = 7.0
"""Independent links that a cluster needs: what the width comes to for a plain ratio of counts."""

TOO_FEW_LINKS = "reason.too_few_links"
CHANCE_DECIDES = "reason.chance_decides"
TOO_FEW_LINKED = "reason.too_few_linked"

FEW_CLUSTERS = 30
"""Clusters below which what runs with size cannot be told from what does not."""

_LOG_VARIANCES = (-16.0, 6.0)


@dataclass(frozen=True)
class Estimate:
    """What the data alone say of one measure of every cluster, before anything is shrunk.

    Parameters
    ----------
    value
        One value a cluster, 0 where it is typical; NaN where nothing can be said.
    sd
        Standard deviation that chance alone gives to a typical cluster; NaN with the value.
    basis
        What the value rests on, in independent links (or actors).
    """

    value: Numbers
    sd: Numbers
    basis: Numbers


def log_ratio(
    observed: npt.ArrayLike, expected: npt.ArrayLike, variance: npt.ArrayLike
) -> tuple[Numbers, Numbers]:
    """Return log2 of observed over expected with its standard deviation.

    A count with variance v around a mean E weighs as a Poisson count of mean ``m = E²/v``, in units
    of ``w = v/E``: the ratio is ``log2((O/w + ½) / (m + ½))`` with the standard deviation
    ``1 / (ln 2 sqrt(m + ½))``. The halves keep a count of 0 finite and the mean of the logarithm
    near 0 where nothing is planted.

    Parameters
    ----------
    observed
        Counts.
    expected
        Their means in a typical cluster.
    variance
        Their variances in a typical cluster.

    Returns
    -------
    value : ndarray
        NaN where nothing is expected or nothing can vary.
    sd : ndarray
        NaN with the value.

    Examples
    --------
    >>> value, sd = log_ratio([7.5], [3.5], [3.5])
    >>> value.tolist(), round(float(sd[0]), 4)
    ([1.0], 0.7213)
    """
    count, mean, spread = np.broadcast_arrays(
        *(np.asarray(part, dtype=np.float64) for part in (observed, expected, variance))
    )
    possible = (mean > 0) & (spread > 0)
    unit = np.divide(spread, mean, out=np.full(mean.shape, np.nan), where=possible)
    weight = mean / unit + 0.5
    return np.log2((count / unit + 0.5) / weight), 1 / (np.log(2) * np.sqrt(weight))


def fit_prior(value: Numbers, sd: Numbers) -> float:
    """Return the variance of what is measured among clusters, the noise of measuring taken off.

    With ``value ~ N(0, variance + sd²)`` the likelihood times the variance is maximised. The factor
    keeps the maximum above 0: plain maximum likelihood often lies at 0, where every interval would
    shrink to a point. It matters only where few clusters tell of little variance.

    Parameters
    ----------
    value, sd
        Of the clusters; NaN is left out.

    Returns
    -------
    float
        Variance; 0 without any cluster.

    References
    ----------
    Li, H. and Lahiri, P. (2010). An adjusted maximum likelihood method for solving small area
    estimation problems. Journal of Multivariate Analysis 101(4), 882-892.
    """
    known = np.isfinite(value) & np.isfinite(sd) & (sd > 0)
    if not known.any():
        return 0.0
    # Sorted, so that the sums are the same whatever the order of the clusters.
    order = np.lexsort((sd[known], value[known]))
    squares, noise = value[known][order] ** 2, sd[known][order] ** 2

    def surprise(log_variance: float) -> float:
        total = np.exp(log_variance) + noise
        return float((np.log(total) + squares / total).sum() / 2 - log_variance)

    # The smallest of a grid first: far from the data the curve is flat.
    grid = np.linspace(*_LOG_VARIANCES, 45)
    best = int(np.argmin([surprise(place) for place in grid]))
    around = (grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)])
    found = minimize_scalar(surprise, bounds=around, method="bounded", options={"xatol": 1e-6})
    return float(np.exp(found.x))


def trend_with_size(value: Numbers, sd: Numbers, size: Numbers) -> Numbers:
    """Return what runs with size among all clusters beyond what a null says.

    No one null suits small clusters and large ones alike: what is left of that runs with size and
    would be taken for something of a cluster's own. It is a parabola over the logarithm of size,
    fitted to all clusters by weighted least squares.

    Parameters
    ----------
    value, sd
        Measure of each cluster and its standard deviation; NaN where there is none.
    size
        What the measure of each cluster rests on, e.g. units or members.

    Returns
    -------
    Numbers
        One value a cluster; 0 where fewer than 30 clusters have a measure.
    """
    known = np.flatnonzero(~np.isnan(value) & (size > 0))
    if len(known) < FEW_CLUSTERS:
        return np.zeros(len(value))
    # In one order, whatever that of the clusters is: sums of fractions depend on it.
    known = known[np.lexsort((sd[known], value[known], size[known]))]
    middle = np.log(size[known]).mean()
    log_size = np.log(np.where(size > 0, size, 1.0)) - middle
    table = np.stack([np.ones(len(size)), log_size, log_size**2], axis=1)
    weight = 1 / np.sqrt(sd[known] ** 2 + np.median(sd[known]) ** 2)
    found = np.linalg.lstsq(table[known] * weight[:, None], value[known] * weight, rcond=None)[0]
    return np.asarray(table @ found)


def shrink(estimate: Estimate) -> tuple[Numbers, Numbers]:
    """Return mean and standard deviation of what is believed of a measure.

    ``mean = B value`` and ``sd² = B sd²`` with ``B = v / (v + sd²)``, v the variance of clusters.

    Parameters
    ----------
    estimate
        What the data say.

    Returns
    -------
    mean : ndarray
        Closer to 0 than the value; NaN where it is NaN.
    sd : ndarray
        NaN with the mean.

    References
    ----------
    Efron, B. and Morris, C. (1975). Data analysis using Stein's estimator and its generalizations.
    Journal of the American Statistical Association 70(350), 311-319.
    """
    variance = fit_prior(estimate.value, estimate.sd)
    weight = variance / (variance + estimate.sd**2)
    return weight * estimate.value, np.sqrt(weight) * estimate.sd


def believe(key: str, mean: Numbers, sd: Numbers, basis: Numbers, reason: Reasons) -> Posterior:
    """Return a normal belief in the form that is drawn from.

    Parameters
    ----------
    key
        Name of the measure.
    mean, sd
        Of the belief; NaN where it is missing.
    basis
        What it rests on.
    reason
        Why the data do not decide, "" where they do.

    Returns
    -------
    Posterior
        The belief.
    """
    quantiles = mean[None, :] + Z[:, None] * sd[None, :]
    decided = np.asarray(reason == "", dtype=np.bool_)
    return Posterior(key, mean, quantiles, basis, decided, reason)


def find_reasons(
    estimate: Estimate, linked: npt.NDArray[np.int64], missing: str, *, inside: bool = False
) -> Reasons:
    """Return why the data do not decide, cluster by cluster.

    Parameters
    ----------
    estimate
        What the data say.
    linked
        Actors with a link.
    missing
        Key of the catalogue where the measure is NaN.
    inside
        Whether the measure rests on links inside the cluster alone, so that reasons say so.

    Returns
    -------
    Reasons
        Keys of the catalogue; "" where the unshrunk 90 % interval is narrower than 2, rests on at
        least about 7 independent links, and at least three actors are linked.
    """
    # Without the slack a sd of exactly the widest could fall on either side.
    where = "_inside" if inside else ""
    faults = {
        TOO_FEW_LINKED + where: linked < MIN_LINKED,
        missing: np.isnan(estimate.sd),
        TOO_FEW_LINKS + where: estimate.basis < MIN_BASIS,
        CHANCE_DECIDES: estimate.sd > WIDEST_SD * (1 + 1e-12),
    }
    found = np.select(list(faults.values()), list(faults), default="")
    return found.astype(object)
