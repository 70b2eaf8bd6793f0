"""The same score by other methods: every choice that could have been made otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from clustermap.scores.aggregate import arithmetic_mean
from clustermap.scores.draws import BLOCK, read_variants, stack_variants, stream
from clustermap.scores.normalisers import NORMALISERS, place_between
from clustermap.side_by_side import do_each

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from clustermap.indicators.evidence import Numbers
    from clustermap.scores.draws import Posteriors
    from clustermap.scores.normalisers import Ends

    Chosen = Mapping[str, npt.NDArray[np.intp]]
    """Factor to the number of the option that each analysis takes."""

AGGREGATIONS = ("geometric", "arithmetic")
"""Means that the parts are taken together by, the one of the headline first."""

FACTORS = ("weights", "aggregation", "normaliser", "dropped", "null", "boundary", "data")
"""What is chosen; each has a name and a meaning in the catalogue below ``factor``."""

_FIRST_STREAM = 16  # streams of drawn choices, beyond those of the draws


@dataclass(frozen=True)
class Methods:
    """What an analysis can choose from.

    Parameters
    ----------
    posteriors
        What is believed, under every null and boundary that may be chosen.
    ends
        Goalposts of the parts.
    weights
        Sets x parts: weights of the parts that may be chosen, e.g. those of several experts or
        those of :func:`clustermap.scores.draws.draw_weights`.
    deviates
        Draws x parts x clusters: what the data leave open, as
        :func:`clustermap.scores.draws.draw_deviates` gives it. A single draw of zeros takes the
        middle of what is believed.
    """

    posteriors: Posteriors
    ends: Ends
    weights: Numbers
    deviates: Numbers

    @property
    def droppable(self) -> tuple[int, ...]:
        """Parts that may be left out: without them there is still a score."""
        weighed, there = np.min(self.weights, axis=0) > 0, self.posteriors.present.any(axis=1)
        counts = np.asarray(weighed & there)
        return tuple(part for part in range(counts.size) if np.delete(counts, part).any())

    def options(self) -> dict[str, int]:
        """Return how many options there are of every factor.

        Returns
        -------
        dict
            Every one of ``FACTORS`` to a number. Option 0 is that of the headline, except of
            weights and data, which have none.
        """
        numbers = (
            len(self.weights),
            len(AGGREGATIONS),
            len(NORMALISERS),
            1 + len(self.droppable),
            len(self.posteriors.nulls),
            len(self.posteriors.boundaries),
            len(self.deviates),
        )
        return dict(zip(FACTORS, numbers, strict=True))


def draw_choices(methods: Methods, *, draws: int, seed: int) -> Chosen:
    """Choose methods at random, every option of a factor as often as the others.

    Parameters
    ----------
    methods
        What there is to choose from.
    draws
        Number of analyses; fewer are the first of more.
    seed
        Seed.

    Returns
    -------
    Mapping
        Every one of ``FACTORS`` to one option an analysis, drawn independently.

    References
    ----------
    As :func:`clustermap.scores.draws.draw_weights`.
    """
    return {
        factor: (stream(seed, _FIRST_STREAM + at).random(draws) * number).astype(np.intp)
        for at, (factor, number) in enumerate(methods.options().items())
    }


def run_analyses(methods: Methods, chosen: Chosen) -> Numbers:
    """Score the clusters by the methods chosen.

    Parameters
    ----------
    methods
        What there is to choose from.
    chosen
        Factors to the options taken, one an analysis; option 0 where a factor is not named.

    Returns
    -------
    Numbers
        Analyses x clusters; NaN where all parts that a cluster has are left out. Scores by
        different normalisers are on different scales: compare their ranks only.
    """
    analyses = max(len(option) for option in chosen.values())
    taken = {factor: np.zeros(analyses, np.intp) for factor in FACTORS} | dict(chosen)
    tables = stack_variants(methods.posteriors, methods.posteriors.nulls)
    variant = taken["null"] * tables.shape[1] + taken["boundary"]
    flat, weights = tables.reshape(-1, *tables.shape[2:]), _weigh(methods, taken)
    scores = np.empty((analyses, tables.shape[-1]))

    def analyse(start: int) -> None:
        block = slice(start, start + BLOCK)
        values = read_variants(flat, variant[block], methods.deviates[taken["data"][block]])
        parts = _normalise(place_between(values, methods.ends), taken["normaliser"][block])
        scores[block] = _aggregate(parts, weights[block], taken["aggregation"][block])

    do_each(analyse, range(0, analyses, BLOCK))
    return scores


def _weigh(methods: Methods, taken: Chosen) -> Numbers:
    weights = np.array(methods.weights, dtype=np.float64)[taken["weights"]]
    # The first option leaves nothing out.
    for at, part in enumerate(methods.droppable, start=1):
        weights[taken["dropped"] == at, part] = 0
    return weights


def _normalise(placed: Numbers, option: npt.NDArray[np.intp]) -> Numbers:
    parts = np.empty_like(placed)
    for at, normaliser in enumerate(NORMALISERS.values()):
        parts[option == at] = normaliser(placed[option == at])
    return parts


def _aggregate(parts: Numbers, weights: Numbers, option: npt.NDArray[np.intp]) -> Numbers:
    logs = option == AGGREGATIONS.index("geometric")
    parts[logs] = np.log(parts[logs])
    scores = arithmetic_mean(parts.swapaxes(0, 1), weights.T[:, :, None])
    scores[logs] = np.exp(scores[logs])
    return scores
