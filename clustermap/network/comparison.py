"""Observed beside expected links: what nulls give and what beliefs start from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Comparison:
    """Observed and expected links of all clusters under one null and one boundary.

    All arrays but the spread have the shape (clusters, kinds + 1, reaches): the last kind is all
    kinds together; local reaches hold all that is nearer, the last reach is what lies beyond them.

    Parameters
    ----------
    kinds
        Kinds that are scored and that the data hold, positions in KINDS.
    observed, expected
        Links; of projects and documents in shares.
    squares
        Sums over pairs of cells of squares of expected links.
    design
        Links per independent unit.
    variance
        Variance of the logarithm of expected links, as far as what was allowed for is not known
        for sure; None where nothing was.
    allowance
        What expected links were multiplied with for the clusters' circumstances; None where nothing
        was allowed for.
    spread
        Kinds + 1 x reaches: what typical clusters vary beyond chance, variance of the logarithm;
        None where it was not looked for.
    """

    kinds: tuple[int, ...]
    observed: Numbers
    expected: Numbers
    squares: Numbers
    design: Numbers
    variance: Numbers | None = None
    allowance: Numbers | None = None
    spread: Numbers | None = None
