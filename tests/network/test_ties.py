"""Ties against a table of who is linked with whom."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from clustermap.network.ties import list_partners, tie_actors

links_of = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=30)


@given(links_of, st.lists(st.integers(0, 6), max_size=9))
def test_ties_are_a_symmetric_table(links: list[tuple[int, int]], asked: list[int]) -> None:
    one, other = np.array(links, dtype=np.int32).reshape(-1, 2).T
    ties = tie_actors(one, other, 7)
    expected = np.zeros((7, 7), dtype=np.int8)
    for a, b in links:
        expected[a, b] = expected[b, a] = int(a != b)
    assert ties.dtype == np.int8
    assert ties.has_sorted_indices
    np.testing.assert_array_equal(ties.toarray(), expected)
    row, partner = list_partners(ties, np.array(asked, dtype=np.int64))
    found = list(zip(row.tolist(), partner.tolist(), strict=True))
    assert found == [
        (at, who) for at, a in enumerate(asked) for who in range(7) if expected[a, who]
    ]
