"""Parts of a score written by hand: what is believed of a few clusters, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from clustermap.network.flags import Flag
from clustermap.network.posterior import Posterior, Z
from clustermap.network.ratios import Ratios
from clustermap.network.shrinkage import Alone, Prior
from clustermap.scores.parts import PARTS, Flags, Parts

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Numbers = npt.NDArray[np.float64]

NAN = float("nan")


def belief(
    value: Sequence[float] | Numbers,
    sd: float = 0.1,
    decided: Sequence[bool] | None = None,
    reason: str = "reason.too_wide",
) -> Posterior:
    """Return normal beliefs with these means; missing and not decided where they are NaN."""
    mean = np.asarray(value, dtype=float)
    there = ~np.isnan(mean) if decided is None else np.asarray(decided, dtype=bool)
    return Posterior(
        "",
        mean,
        mean + sd * Z[:, None],
        np.full(len(mean), 10.0),
        there,
        np.where(there, "", reason).astype(object),
    )


def ratios(
    posterior: Posterior,
    kinds: Sequence[Posterior] = (),
    expected_by_kind: Sequence[Sequence[float]] = (),
    links: Sequence[float] | None = None,
) -> Ratios:
    """Return ratios of one reach around what is believed: ten links where ten are typical."""
    size = len(posterior.value)
    ten = np.full(size, 10.0)
    return Ratios(
        posterior,
        tuple(kinds),
        Alone(np.zeros(size), np.full(size, 1.5), np.full(size, 0.8)),
        ten if links is None else np.asarray(links, dtype=float),
        ten,
        np.array(expected_by_kind, dtype=float),
        Prior(1.0, 1.0, 1.0, 0.5),
        1.0,
        1.0,
    )


def flag(share: Sequence[float], links: int = 10) -> Flag:
    """Return a flag of these shares."""
    shares = np.array(share)
    return Flag(shares, np.full(len(shares), links), np.nan_to_num(shares) > 0.5)


def parts_of(
    posteriors: dict[str, Posterior],
    *,
    reach: Sequence[int] | None = None,
    linked: Sequence[int] | None = None,
    other: dict[tuple[str, str], dict[str, Posterior]] | None = None,
    links: Sequence[float] | None = None,
) -> Parts:
    """Return parts with these beliefs; typical and sure where none is given."""
    size = len(next(iter(posteriors.values())).value)
    sure = belief(np.zeros(size), 0.1)
    variants = {("mass", "drawn"): posteriors, **(other or {})}
    filled = {
        variant: tuple(found.get(part, posteriors.get(part, sure)) for part in PARTS)
        for variant, found in variants.items()
    }
    near, far = filled["mass", "drawn"][:2]
    nothing = flag([NAN] * size)
    return Parts(
        "mass",
        filled,
        np.zeros(size, dtype=np.int64) if reach is None else np.array(reach, dtype=np.int64),
        {("mass", "drawn"): (ratios(near, links=links), ratios(far, links=links))},
        cast("Any", None),
        cast("Any", None),
        cast("Any", None),
        np.full(size, 9) if linked is None else np.array(linked),
        Flags(nothing, nothing, nothing, nothing),
    )
