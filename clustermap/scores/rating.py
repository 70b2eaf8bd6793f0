"""Whether the data decide: a cluster is rated, or it is said why it is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from clustermap.network.ratios import NOTHING_EXPECTED, PRIOR_OUTWEIGHS, TOO_WIDE

if TYPE_CHECKING:
    import numpy.typing as npt

    from clustermap.scores.parts import Parts
    from clustermap.scores.profile import Profile

NO_RECORDS = "reason.no_records"
TOO_FEW_LINKED = "reason.too_few_linked"
TOO_FEW_PARTS = "reason.too_few_parts"
LOCAL_OPEN = "reason.local_undecided"
BEYOND_OPEN = "reason.beyond_undecided"
REASONS = (NO_RECORDS, TOO_FEW_LINKED, LOCAL_OPEN, BEYOND_OPEN, TOO_FEW_PARTS)
"""Why a cluster may not be rated; each is a key of the catalogue."""

OF_RATIOS = (NOTHING_EXPECTED, TOO_WIDE, PRIOR_OUTWEIGHS)
"""Why a ratio may not be decided."""


def find_reasons(
    parts: Parts, enough: npt.NDArray[np.bool_], profile: Profile
) -> npt.NDArray[np.object_]:
    """Return why each cluster is not rated, or "" where it is.

    A cluster is rated when its links decide both how embedded it is, at some local reach, and how
    open it is, and at least a few of its actors are linked.

    Parameters
    ----------
    parts
        What is believed of the parts.
    enough
        Whether enough parts are there for a score.
    profile
        The rules.

    Returns
    -------
    numpy.ndarray
        Keys of the catalogue.
    """
    embedded, openness = parts.headline[:2]
    links = parts.local[-1].observed + parts.beyond.observed
    faults = {
        NO_RECORDS: links <= 0,
        TOO_FEW_LINKED: parts.linked < profile.rating.min_linked_actors,
        LOCAL_OPEN: ~embedded.decided,
        BEYOND_OPEN: ~openness.decided,
        TOO_FEW_PARTS: ~enough,
    }
    return np.select(list(faults.values()), list(faults), default="").astype(object)
