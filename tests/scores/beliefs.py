"""Small sets of beliefs with known centres and spreads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from clustermap.network.posterior import Z
from clustermap.scores.draws import Posteriors
from clustermap.scores.normalisers import Ends

if TYPE_CHECKING:
    import numpy.typing as npt

    Numbers = npt.NDArray[np.float64]

ACROSS = (("mass", "drawn"),)


def normal(mean: npt.ArrayLike, sd: npt.ArrayLike) -> Numbers:
    """Return quantiles of normal beliefs, parts x len(Z) x clusters, from parts x clusters."""
    spread = np.broadcast_to(sd, np.shape(mean))
    return np.asarray(mean)[:, None, :] + spread[:, None, :] * Z[:, None]


def believe(
    mean: npt.ArrayLike,
    sd: npt.ArrayLike = 0.0,
    clusters: list[str] | None = None,
    variants: tuple[tuple[str, str], ...] = ACROSS,
) -> Posteriors:
    """Return normal beliefs, the same under every variant; clusters a, b, c unless named."""
    ids = clusters or [chr(ord("a") + at) for at in range(np.shape(mean)[1])]
    tables = {variant: normal(mean, sd) for variant in variants}
    return Posteriors(np.array(ids, dtype=object), tables)


def hundred(parts: int) -> Ends:
    """Return goalposts that leave a value between 1 and 100 as it is."""
    ends = np.ones((parts, 1)), np.full((parts, 1), 100.0)
    return Ends(*ends, np.zeros(parts, dtype=bool))
