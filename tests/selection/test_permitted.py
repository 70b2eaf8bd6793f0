"""Permitted industries against those there and those needed, by hand."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from clustermap.layers.industries import build_taxonomy
from clustermap.selection.permitted import find_permitted_gaps

TAXONOMY = build_taxonomy(
    pa.table({"industry": ["semi", "bio", "bio"], "prefix": ["261", "21", "701"]})
)
CLUSTERS = pd.DataFrame(
    {
        "permitted": [["C26", "10", "bio"], [], ["1"], ["2"]],
        "industries": [["semi"], ["semi"], ["bio", "space"], ["bio"]],
    },
    index=["A", "B", "C", "D"],
)
FIRMS = [
    *[("A", "26110")] * 2,
    *[("A", "29271")] * 3,
    *[("A", "30110")] * 2,
    *[("B", "26110")] * 9,
    *[("C", "21.1")] * 2,
]


def test_gaps_by_hand() -> None:
    found = find_permitted_gaps(CLUSTERS, FIRMS, TAXONOMY)
    assert list(found.itertuples(index=False, name=None)) == [
        # Food and bio are permitted and absent; three machine builders are there and not permitted.
        ("A", "10", "unused", 0),
        ("A", "29", "barred", 3),
        ("A", "bio", "unused", 0),
        # Of B nothing is said. C permits 10 to 19: neither bio (21, 701) nor space.
        ("C", "1", "unused", 0),
        ("C", "bio", "needed", 2),
        ("C", "space", "needed", 0),
        # 2 covers 21, one of the two starts of bio.
        ("D", "2", "unused", 0),
    ]


def test_a_layer_without_permitted_industries_has_no_gaps() -> None:
    assert find_permitted_gaps(CLUSTERS[["industries"]], FIRMS, TAXONOMY).empty


@given(st.permutations(FIRMS))
def test_the_order_of_firms_changes_nothing(firms: list[tuple[str, str]]) -> None:
    expected = find_permitted_gaps(CLUSTERS, FIRMS, TAXONOMY)
    pd.testing.assert_frame_equal(find_permitted_gaps(CLUSTERS, firms, TAXONOMY), expected)
