"""Drawn parts and scores: what they could be as well, given what is believed of every measure.

The headline interval holds what the data leave open, how the parts are weighted, and where the
boundary of a cluster runs. Choices of method (which null, how to aggregate, how to normalise, which
part to leave out) are not in it: they are in :mod:`clustermap.scores.methods`.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from clustermap.indicators.evidence import LEVEL
from clustermap.network.posterior import Z
from clustermap.scores.aggregate import geometric_mean
from clustermap.scores.normalisers import by_goalposts, place_between

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from clustermap.indicators.evidence import Numbers
    from clustermap.scores.normalisers import Ends

    Singles = npt.NDArray[np.float32]
    """Single precision: on a scale to 100 it errs by 0.000004, and a draw by far more."""

NULLS = ("mass", "constrained", "no_distance", "no_size")
"""What links are expected from."""

BOUNDARIES = ("drawn", "smaller", "larger")
"""Where the boundary of a cluster runs, the one that was drawn first."""

RELATIVE_VARIANCE = 0.0625
"""Variance of an equal weight over its square: one standard deviation is a quarter of it."""

BLOCK = 8
"""Draws computed at a time, so that all that is needed for a block stays in the cache."""

ROUNDING = 1e-6
"""Share of a value that single precision may take or add, with room to spare."""

_ENDS = ((1 - LEVEL) / 2, (1 + LEVEL) / 2)

_DEVIATES, _BOUNDARIES, _NULLS, _WEIGHTS = range(4)
# Each has a stream of its own: more draws only add to those there are, and nothing that one drops
# or adds moves another.


@dataclass(frozen=True)
class Posteriors:
    """What is believed of the parts of every cluster, under every null and boundary computed.

    Parameters
    ----------
    clusters
        Ids of the clusters.
    variants
        (null, boundary) to quantiles, parts x len(Z) x clusters, as
        :class:`clustermap.network.posterior.Posterior` holds them; NaN is missing. Every null has
        the same boundaries, one of them "drawn".
    null
        Null of the headline.

    Raises
    ------
    ValueError
        If a combination of null and boundary or the headline's own is not there, or sizes differ.
    """

    clusters: npt.NDArray[np.object_]
    variants: Mapping[tuple[str, str], Numbers]
    null: str = "mass"

    def __post_init__(self) -> None:
        wanted = set(product({null for null, _ in self.variants}, self.boundaries))
        wanted.add((self.null, BOUNDARIES[0]))
        if absent := sorted(wanted - self.variants.keys()):
            raise ValueError(f"no posteriors for null and boundary {absent}")
        shapes = {table.shape for table in self.variants.values()}
        if len(shapes) > 1 or self.headline.shape[1:] != (len(Z), len(self.clusters)):
            raise ValueError(f"posteriors of shapes {sorted(shapes)}, {len(self.clusters)} ids")

    @property
    def headline(self) -> Numbers:
        """Quantiles under the headline's null and the boundary as drawn."""
        return self.variants[self.null, BOUNDARIES[0]]

    @property
    def present(self) -> npt.NDArray[np.bool_]:
        """Parts x clusters: what the headline has a value of; variants add and take away none."""
        return np.asarray(~np.isnan(self.headline).any(axis=1))

    @property
    def boundaries(self) -> tuple[str, ...]:
        """Boundaries computed, the one that was drawn first."""
        known = {boundary for _, boundary in self.variants}
        return tuple(boundary for boundary in BOUNDARIES if boundary in known)

    @property
    def nulls(self) -> tuple[str, ...]:
        """Nulls computed, the headline's first."""
        known = {null for null, _ in self.variants}
        return (self.null, *(null for null in NULLS if null in known - {self.null}))


def stack_variants(posteriors: Posteriors, nulls: Sequence[str]) -> Numbers:
    """Return the quantiles of several variants, all with the headline's missing parts.

    Whether a part is there is decided once: where a variant has no value, the headline's stands in
    for it, so that no draw is made of fewer parts than the score.

    Parameters
    ----------
    posteriors
        What is believed.
    nulls
        Which nulls, in this order.

    Returns
    -------
    Numbers
        Nulls x boundaries x parts x len(Z) x clusters.
    """
    present = posteriors.present[:, None, :]

    def fill(table: Numbers) -> Numbers:
        gone = np.isnan(table).any(axis=1, keepdims=True)
        return np.where(present, np.where(gone, posteriors.headline, table), np.nan)

    variants, boundaries = posteriors.variants, posteriors.boundaries
    return np.stack(
        [np.stack([fill(variants[null, boundary]) for boundary in boundaries]) for null in nulls]
    )


def read_variants(tables: Numbers, variant: npt.NDArray[np.intp], deviates: Numbers) -> Numbers:
    """Return values at standard normal deviates: linear between the quantiles stored.

    Parameters
    ----------
    tables
        Variants x parts x len(Z) x clusters.
    variant
        Variant of each draw.
    deviates
        Draws x parts x clusters; clipped to the first and the last of ``Z``.

    Returns
    -------
    Numbers
        Draws x parts x clusters.

    Examples
    --------
    What is believed is normal with mean 1 and standard deviation 2.

    >>> tables = (1 + 2 * Z)[None, None, :, None]
    >>> read_variants(tables, np.zeros(3, int), np.array([-0.1, 0, 9])[:, None, None]).ravel()
    array([0.8, 1. , 7. ])
    """
    _, parts, knots, clusters = tables.shape
    place = np.clip(deviates, Z[0], Z[-1])
    place -= Z[0]
    place /= Z[1] - Z[0]
    below = np.minimum(place.astype(np.intp), knots - 2)
    place -= below
    rows = (variant[:, None, None] * parts + np.arange(parts)[:, None]) * knots
    at = (rows + below) * clusters + np.arange(clusters)
    flat = tables.reshape(-1)
    low: Numbers = flat.take(at)
    at += clusters
    low += place * (flat.take(at) - low)
    return low


def draw_deviates(
    clusters: npt.NDArray[np.object_], parts: int, *, draws: int, seed: int
) -> Numbers:
    """Draw standard normal deviates, one for every part of every cluster.

    Parameters
    ----------
    clusters
        Ids of the clusters; whatever their order, each gets the same deviates.
    parts
        Number of parts.
    draws
        Number of draws; fewer are the first of more.
    seed
        Seed.

    Returns
    -------
    Numbers
        Draws x parts x clusters.
    """
    drawn = stream(seed, _DEVIATES).standard_normal((draws, parts, len(clusters)))
    return drawn[..., _places(clusters)]


def draw_parts(
    posteriors: Posteriors,
    ends: Ends,
    *,
    draws: int,
    seed: int,
    nulls: Sequence[str] | None = None,
) -> Singles:
    """Draw the parts of every cluster.

    Every draw takes one of the boundaries for all clusters, each as often as the others, and then a
    value of every part of every cluster from what is believed of it there. Parts are drawn
    independently of each other, since the posteriors say nothing of how their errors go together.

    Parameters
    ----------
    posteriors
        What is believed.
    ends
        Goalposts that the parts are read between.
    draws
        Number of draws; fewer are the first of more.
    seed
        Seed; equal seeds give equal draws, whatever the order of the clusters.
    nulls
        Nulls that every draw takes one of, each as often as the others, where the choice of method
        is to be in the draws; by default the headline's only.

    Returns
    -------
    Singles
        Parts x draws x clusters, between 1 and 100; NaN where the headline has no value.
    """
    chosen = (posteriors.null,) if nulls is None else nulls
    tables = stack_variants(posteriors, chosen)
    boundary = _pick(stream(seed, _BOUNDARIES), tables.shape[1], draws)
    variant = _pick(stream(seed, _NULLS), tables.shape[0], draws) * tables.shape[1] + boundary
    flat = tables.reshape(-1, *tables.shape[2:])
    random, place = stream(seed, _DEVIATES), _places(posteriors.clusters)
    parts = np.empty((flat.shape[1], draws, flat.shape[3]), np.float32)
    for start in range(0, draws, BLOCK):
        block = variant[start : start + BLOCK]
        deviates = random.standard_normal((len(block), len(parts), parts.shape[2]))[..., place]
        found = by_goalposts(place_between(read_variants(flat, block, deviates), ends))
        parts[:, start : start + BLOCK] = found.swapaxes(0, 1)
    return parts


def draw_weights(own: npt.ArrayLike, *, draws: int, seed: int) -> Numbers:
    """Draw weights of the parts around the profile's own.

    Dirichlet with concentration ``(p - 1) / 0.0625 - 1`` for p parts with a weight: one standard
    deviation of an equal weight is a quarter of it.

    Parameters
    ----------
    own
        The profile's weights.
    draws
        Number of draws; fewer are the first of more.
    seed
        Seed.

    Returns
    -------
    Numbers
        Draws x parts; each row sums to one, and parts without a weight stay without.

    References
    ----------
    Saisana, M., Saltelli, A. and Tarantola, S. (2005). Uncertainty and sensitivity analysis
    techniques as tools for the quality assessment of composite indicators. Journal of the Royal
    Statistical Society A 168(2), 307-323.
    """
    given = np.asarray(own, dtype=np.float64)
    share, positive = given / given.sum(), given > 0
    drawn = np.tile(share, (draws, 1))
    if positive.sum() > 1:  # a single part has all the weight in every draw
        concentration = (positive.sum() - 1) / RELATIVE_VARIANCE - 1
        random = stream(seed, _WEIGHTS)
        drawn[:, positive] = random.dirichlet(concentration * share[positive], draws)
    return drawn


def score_draws(parts: Singles, weights: Numbers) -> Singles:
    """Return the score of every draw: the weighted geometric mean of its parts.

    Parameters
    ----------
    parts
        Parts x draws x clusters; NaN is missing, and the others' weights are renormalised.
    weights
        Draws x parts.

    Returns
    -------
    Singles
        Draws x clusters; NaN where every part is missing.
    """
    scores = np.empty(parts.shape[1:], np.float32)
    for start in range(0, len(scores), BLOCK):
        block = slice(start, start + BLOCK)
        scores[block] = geometric_mean(parts[:, block], weights[block].T[:, :, None])
    return scores


def score_interval(
    drawn: npt.ArrayLike, value: npt.ArrayLike
) -> tuple[Numbers, Numbers, npt.NDArray[np.bool_]]:
    """Return the 90 % interval: the 5 % and 95 % quantiles of the draws.

    What is believed has its own centre, so quantiles are not shifted towards the value. A value can
    still lie beyond them: the mean of a score that is clipped at 100 is below 100. The interval is
    then widened to hold it, and it is told where.

    Parameters
    ----------
    drawn
        Draws x clusters; a cluster is missing in all draws or in none.
    value
        The value given for each cluster.

    Returns
    -------
    tuple
        Lower ends, upper ends, and where they had to be widened; NaN where the value is missing.

    Examples
    --------
    >>> low, high, widened = score_interval(np.arange(101.0)[:, None] * [1, 1], [50, 97])
    >>> low.round(9).tolist(), high.round(9).tolist(), widened.tolist()
    ([5.0, 5.0], [95.0, 97.0], [False, True])
    """
    given = np.asarray(value, dtype=np.float64)
    # One cluster after another lies in memory, so that each is read once.
    columns = np.ascontiguousarray(np.asarray(drawn).T, dtype=np.float64)
    low, high = np.full((2, given.size), np.nan)
    there = ~np.isnan(given)
    low[there], high[there] = np.quantile(columns[there], _ENDS, axis=1, overwrite_input=True)
    # Draws of what is known for sure differ from the value by the rounding of single precision.
    slack = ROUNDING * np.abs(given)
    low, high = (np.where(np.abs(end - given) <= slack, given, end) for end in (low, high))
    return np.minimum(low, given), np.maximum(high, given), (low > given) | (high < given)


def stream(seed: int, purpose: int) -> np.random.Generator:
    """Return the random numbers for one purpose.

    Parameters
    ----------
    seed
        Seed of the whole.
    purpose
        Number of the purpose; streams of different purposes are independent.

    Returns
    -------
    numpy.random.Generator
        The fastest generator there is: drawing is a good part of the work.
    """
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence(seed, spawn_key=(purpose,))))


def _pick(random: np.random.Generator, options: int, draws: int) -> npt.NDArray[np.intp]:
    return (random.random(draws) * options).astype(np.intp)


def _places(clusters: npt.NDArray[np.object_]) -> slice | npt.NDArray[np.intp]:
    ids = np.asarray(clusters, dtype=str)
    if (ids[1:] >= ids[:-1]).all():
        return slice(None)  # nothing has to be moved
    return np.argsort(np.argsort(ids, kind="stable"))
