"""Composites of several levels, and trees that are none."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from clustermap.errors import TableFault
from clustermap.scores.aggregate import geometric_mean
from clustermap.scores.hierarchy import aggregate_levels
from clustermap.scores.outranking import copeland

NAN = np.nan
#        index
#       /     \
#    links    law
#    /   \
#  road  rail
TABLE = pd.DataFrame({"road": [1.0, 8.0], "rail": [4.0, NAN], "law": [9.0, 2.0]}, index=["a", "b"])
PARENTS = {"links": "index", "law": "index", "road": "links", "rail": "links"}


def test_levels_are_built_from_below() -> None:
    found = aggregate_levels(TABLE, PARENTS)
    assert found["links"].tolist() == [2.5, 8]
    assert found["index"].tolist() == [5.75, 5]
    assert "index" not in TABLE


def test_weights_count_among_siblings() -> None:
    weights = {"road": 3, "rail": 1, "links": 2, "law": 1}
    found = aggregate_levels(TABLE, PARENTS, weights)
    assert found["links"].tolist() == [1.75, 8]
    np.testing.assert_allclose(found["index"], [12.5 / 3, 6])


def test_other_means_take_the_place_of_the_arithmetic_one() -> None:
    found = aggregate_levels(TABLE, PARENTS, mean=geometric_mean)
    np.testing.assert_allclose(found["index"], [18**0.5, 4])
    assert aggregate_levels(TABLE, PARENTS, mean=copeland)["links"].tolist() == [-1, 1]


def test_the_order_of_the_tree_changes_nothing() -> None:
    turned = dict(reversed(PARENTS.items()))
    shuffled = aggregate_levels(TABLE[["law", "rail", "road"]], turned)
    pd.testing.assert_frame_equal(
        shuffled[["links", "index"]], aggregate_levels(TABLE, PARENTS)[["links", "index"]]
    )


@pytest.mark.parametrize(
    ("parents", "weights", "reason"),
    [
        (PARENTS | {"index": "links"}, None, "hierarchy_cycle"),
        (PARENTS | {"sea": "links"}, None, "hierarchy_member"),
        (PARENTS | {"rail": "road"}, None, "hierarchy_twice"),
        (PARENTS, {"road": 1, "rail": 1, "links": 1}, "hierarchy_weight"),
        (PARENTS, {"road": 1, "rail": -1, "links": 1, "law": 1}, "hierarchy_weight"),
    ],
)
def test_what_is_no_tree_is_refused(
    parents: dict[str, str], weights: dict[str, float] | None, reason: str
) -> None:
    with pytest.raises(TableFault) as fault:
        aggregate_levels(TABLE, parents, weights)
    assert fault.value.reason == reason
    assert fault.value.column in fault.value.line()
