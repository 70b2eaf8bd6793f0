"""Sums that overlap: what is told beside what, checked by listing all differences."""

from __future__ import annotations

from itertools import product

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from clustermap.publish.differences import follow_from, tell_counts, tells_of_few
from clustermap.publish.suppression import Rules

RULES = Rules()
NOTHING = np.empty((0, 3))


def test_what_can_be_found_by_hand() -> None:
    # From all, the first two and the last two follow the middle and both ends.
    told = np.array([[1.0, 1, 1], [1, 1, 0], [0, 1, 1]])
    assert follow_from(told, np.eye(3)).all()
    assert not follow_from(told[:1], np.eye(3)).any()
    assert not follow_from(NOTHING, np.eye(3)).any()


def test_the_largest_numbers_are_told_first() -> None:
    # Of 20 in all, 12 and 6 would leave 2: the 12 are told.
    counts = np.array([12, 6, 2])
    shown = tell_counts(counts, np.ones((1, 3)), np.eye(3), NOTHING, 3)
    assert shown.tolist() == [True, False, False]
    assert tell_counts(counts, NOTHING, np.eye(3), NOTHING, 3).tolist() == [True, True, False]


def test_none_is_told_as_none() -> None:
    more = np.array([[0.0, 0, 0], [1, 1, 1]])
    shown = tell_counts(np.array([4, 5, 6]), np.empty((0, 3)), more, NOTHING, 3)
    assert shown.tolist() == [True, True]


@given(
    counts=st.lists(st.integers(1, 9), min_size=2, max_size=5),
    data=st.data(),
)
def test_no_number_of_few_follows_from_what_is_told(counts: list[int], data: st.DataObject) -> None:
    size = len(counts)
    row = st.lists(st.booleans(), min_size=size, max_size=size)
    rows = st.lists(row, min_size=1, max_size=4)
    told, more = (np.array(data.draw(rows), dtype=float) for _ in range(2))
    numbers = more @ np.array(counts)
    shown = tell_counts(np.array(counts), told, more, np.empty((0, size)), 3)
    assert not shown[(numbers > 0) & (numbers < 3)].any()
    before, after = told, np.vstack([told, more[shown]])
    for secret in more[(numbers > 0) & (numbers < 3)]:
        # A sum that is among others in their space adds nothing to their rank.
        known = [
            np.linalg.matrix_rank(np.vstack([have, secret])) == np.linalg.matrix_rank(have)
            for have in (before, after)
        ]
        assert known[1] <= known[0]


@given(
    grants=st.lists(st.tuples(st.sampled_from("abcde"), st.integers(0, 50)), max_size=8),
    data=st.data(),
)
def test_no_difference_is_money_of_few(grants: list[tuple[str, int]], data: st.DataObject) -> None:
    firms = np.array([firm for firm, _ in grants], dtype=object)
    money = np.array([amount for _, amount in grants], dtype=float)
    row = st.lists(st.booleans(), min_size=len(grants), max_size=len(grants))
    sums = [np.array(marks, dtype=bool) for marks in data.draw(st.lists(row, max_size=3))]
    if not sums or tells_of_few(sums, money, firms, RULES):
        return
    for one, other in product(sums, [*sums, np.zeros(len(grants), dtype=bool)]):
        left = one & ~other
        if (other & ~one & (money > 0)).any():
            continue  # the difference is of both signs
        got = {firm: money[left & (firms == firm)].sum() for firm in "abcde"}
        known = [amount for amount in got.values() if amount > 0]
        assert not known or (len(known) >= 3 and max(known) <= 0.8 * sum(known))
