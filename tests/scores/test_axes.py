"""What stands beside the score: the gap and the word for how sure it is, by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from clustermap.scores.axes import find_confidence, find_gap
from tests.scores.hand import NAN, belief, parts_of, ratios

if TYPE_CHECKING:
    from clustermap.scores.parts import Parts


def _parts() -> Parts:
    # Ratios of two kinds: a half and a quarter; typical and twice; no partners of the second kind;
    # none of either.
    first, second = belief([-1.0, 0.0, -1.0, -1.0]), belief([-2.0, 1.0, -2.0, -2.0])
    expected = [[5, 5], [5, 5], [5, 0], [0, 0]]
    near = ratios(belief([0.0] * 4), (first, second), expected)
    ignored = ratios(belief([0.0] * 4), (second, first), expected)
    parts = parts_of({"embeddedness": belief([0.0] * 4)})
    return replace(parts, ratios={("mass", "drawn"): (ignored, near, ignored)})


def test_the_gap_is_what_is_missing_of_each_kind() -> None:
    # 100 x (1/2 + 3/4) / 2; more than typical of one kind does not make up for another.
    wanted = [62.5, 0, 50, NAN]
    np.testing.assert_allclose(find_gap(_parts(), np.array([1.0, 1.0])), wanted)


def test_kinds_count_by_their_weight() -> None:
    found = find_gap(_parts(), np.array([3.0, 1.0]))
    np.testing.assert_allclose(found, [100 * (3 * 0.5 + 0.75) / 4, 0, 50, NAN])
    assert find_gap(_parts(), np.array([0.0, 1.0]))[0] == pytest.approx(75)
    assert np.isnan(find_gap(_parts(), np.array([0.0, 1.0]))[2])


def test_confidence_is_a_matter_of_width() -> None:
    low = np.array([40.0, 40.0, 40.0, 40.0, NAN])
    high = np.array([50.0, 50.5, 60.0, 60.5, NAN])
    rank = np.array([1.0, 2.0, 3.0, 4.0, NAN])
    assert find_confidence(low, high, rank, rank).tolist() == [
        "high",
        "medium",
        "medium",
        "low",
        "",
    ]


def test_a_rank_that_could_be_anything_is_not_sure_however_narrow_the_score() -> None:
    low, high = np.full(20, 50.0), np.full(20, 51.0)
    best = np.ones(20)
    # Twenty are rated: a tenth of them are two ranks, half of them ten.
    worst = np.array([1.0, 3.0, 3.5, 11.0, 11.5, *[20.0] * 15])
    found = find_confidence(low, high, best, worst)
    assert found[:5].tolist() == ["high", "high", "medium", "medium", "low"]
    assert set(found[5:]) == {"low"}
