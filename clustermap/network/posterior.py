"""What is believed of a measure of every cluster, in a form that can be drawn from at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Numbers = npt.NDArray[np.float64]

Z = np.linspace(-3.0, 3.0, 25)
"""Standard normal deviates that quantiles are stored at: a normal belief is a straight line."""

DEVIATE = 1.6448536269514722
"""Standard normal deviate of the ends of a 90 % interval."""


@dataclass(frozen=True)
class Posterior:
    """What is believed of one measure of every cluster.

    Parameters
    ----------
    key
        Name of the measure.
    value
        One value a cluster: the mean of what is believed; NaN where it is missing.
    quantiles
        Shape (len(Z), clusters): the values below which the measure lies with the probabilities of
        standard normal deviates ``Z``; NaN where it is missing.
    basis
        What the value rests on, in independent links.
    decided
        bool; whether the data decide.
    reason
        Key of the catalogue where they do not, else "".
    """

    key: str
    value: Numbers
    quantiles: Numbers
    basis: Numbers
    decided: npt.NDArray[np.bool_]
    reason: npt.NDArray[np.object_]

    def interval(self) -> tuple[Numbers, Numbers]:
        """Return the ends of the 90 % interval.

        Returns
        -------
        tuple of Numbers
            Lower and upper ends; NaN where the measure is missing.
        """
        low, high = (read_quantile(self.quantiles, end) for end in (-DEVIATE, DEVIATE))
        return low, high


def read_quantile(quantiles: Numbers, deviate: float) -> Numbers:
    """Return the quantile at a standard normal deviate.

    Parameters
    ----------
    quantiles
        Shape (len(Z), ...), at the deviates ``Z``.
    deviate
        Between the first and the last of ``Z``.

    Returns
    -------
    Numbers
        Linear between the deviates stored.

    Examples
    --------
    >>> float(read_quantile(Z[:, None] * 2 + 1, 0.5)[0])
    2.0
    """
    place = (deviate - Z[0]) / (Z[1] - Z[0])
    below = min(int(place), len(Z) - 2)
    share = place - below
    found: Numbers = (1 - share) * quantiles[below] + share * quantiles[below + 1]
    return found
