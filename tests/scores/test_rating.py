"""Who is rated, and the first reason of those who are not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from clustermap.scores.profile import RatingRules
from clustermap.scores.rating import (
    BEYOND_OPEN,
    LOCAL_OPEN,
    NO_RECORDS,
    TOO_FEW_LINKED,
    TOO_FEW_PARTS,
    find_reasons,
)
from tests.scores.files import balanced
from tests.scores.hand import belief, parts_of

ENOUGH = np.array([True, True, True, True, True, False])


def test_every_reason_by_hand() -> None:
    parts = parts_of(
        {
            "embeddedness": belief([0.0] * 6, 0.1, [True, False, True, False, True, True]),
            "openness": belief([0.0] * 6, 0.1, [True, False, True, True, False, True]),
        },
        linked=[3, 0, 2, 3, 3, 3],
        links=[5, 0, 5, 5, 5, 5],
    )
    assert find_reasons(parts, ENOUGH, balanced()).tolist() == [
        "",
        NO_RECORDS,  # and nothing else is said of it
        TOO_FEW_LINKED,
        LOCAL_OPEN,
        BEYOND_OPEN,
        TOO_FEW_PARTS,
    ]


def test_the_profile_says_how_many_must_be_linked() -> None:
    parts = parts_of({"embeddedness": belief([0.0, 0.0])}, linked=[4, 5])
    strict = replace(balanced(), rating=RatingRules(min_linked_actors=5))
    assert find_reasons(parts, ENOUGH[:2], strict).tolist() == [TOO_FEW_LINKED, ""]
