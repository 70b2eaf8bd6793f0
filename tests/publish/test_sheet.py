"""What of the score sheet may leave, rule by rule."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from clustermap.messages import Message
from clustermap.publish.sheet import Sheet, release_sheet

QUALITY = pd.DataFrame(
    [
        ("score", "", "alpha", 0.61449),
        ("a", "b", "pearson", np.nan),
        ("a", "score", "weight", 1 / 6),
        ("a", "score", "effect", 0.23684),
    ],
    columns=["part", "other", "statistic", "value"],
)
FINDINGS = (
    Message("quality.weight.as_said"),
    Message("quality.size.free", {"rho": "0.02"}),
)
SENSITIVITY = pd.DataFrame({"factor": ["null"], "total": [0.87654]})
WEIGHTS = pd.Series([0.5, np.nan])


def make(units: int) -> Sheet:
    return Sheet("balanced", "mass", (), 10, units, 384, FINDINGS, QUALITY, SENSITIVITY)


@pytest.mark.parametrize("units", [3, 20])
def test_nothing_withheld_leaves_whole(units: int) -> None:
    left = release_sheet(make(units), WEIGHTS, 0)
    pd.testing.assert_frame_equal(left.quality, QUALITY)
    assert left.findings == FINDINGS


def test_beside_withheld_scores_figures_have_two_decimals() -> None:
    left = release_sheet(make(20), WEIGHTS, 1)
    assert left.quality["value"].tolist()[::2] == [0.61, 0.17]
    assert np.isnan(left.quality["value"][1])
    assert left.quality["value"][3] == 0.24
    assert left.findings == FINDINGS
    assert QUALITY["value"][0] == 0.61449  # the run's own table stays as it was


def test_few_clusters_beside_withheld_scores_tell_nothing() -> None:
    left = release_sheet(make(19), WEIGHTS, 1)
    assert left.quality.empty
    assert list(left.quality.columns) == list(QUALITY.columns)
    assert left.findings == (Message("sheet.words.withheld"),)
    assert (left.profile, left.units, left.analyses) == ("balanced", 19, 384)


def test_a_score_without_weights_tells_none() -> None:
    assert release_sheet(make(20), WEIGHTS.iloc[:0], 0).findings == FINDINGS  # nobody is rated
    left = release_sheet(make(20), WEIGHTS * np.nan, 0)
    assert left.quality["statistic"].tolist() == ["alpha", "pearson"]
    assert left.findings == FINDINGS[1:]
