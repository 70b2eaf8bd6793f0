"""Secondary suppression: whatever is added and subtracted, nothing comes out that is of few."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from clustermap.publish.secondary import find_few, hide_few, tell_kinds, tell_reaches

if TYPE_CHECKING:
    import numpy.typing as npt

    Numbers = npt.NDArray[np.int64]
    Marks = npt.NDArray[np.bool_]

LEAST = 3
KINDS, REACHES = 4, 3  # and beyond
FEW_LINKS = st.sampled_from([0, 0, 1, 2, 3, 4, 9])
RINGS = arrays(np.int64, (KINDS, REACHES + 1), elements=FEW_LINKS)
NEVER = st.sets(st.integers(0, KINDS - 1)).filter(lambda kinds: len(kinds) != 1)


@pytest.mark.parametrize(
    ("counts", "hidden"),
    [
        ([0, 3, 9], []),
        ([2, 5, 4, 0], [0, 2]),  # beside the total the 2 would be what 5 and 4 leave
        ([1, 1, 9, 5], [0, 1, 3]),  # of two there are still few
        ([2, 2, 9], [0, 1]),
        ([2, 0], [0, 1]),  # nothing covers it: all goes
    ],
)
def test_small_counts_take_others_along(counts: list[int], hidden: list[int]) -> None:
    found = hide_few(np.array([counts]), LEAST)
    assert np.flatnonzero(found[0]).tolist() == hidden


@given(arrays(np.int64, (3, 5), elements=FEW_LINKS))
def test_beside_the_total_nothing_of_few_is_left(counts: Numbers) -> None:
    hidden = hide_few(counts, LEAST)
    assert not find_few(counts[~hidden], LEAST).any()
    rest = np.where(hidden, counts, 0).sum(axis=1)
    assert (~find_few(rest, LEAST) | hidden.all(axis=1)).all()
    assert not hidden[~find_few(counts, LEAST).any(axis=1)].any()


def told_of(rings: Numbers, never: set[int]) -> tuple[Numbers, Marks, Marks]:
    """Return links within each reach and beyond, and where totals and kinds are told."""
    local, beyond = rings[:, :-1].cumsum(axis=1), rings[:, -1]
    totals = tell_reaches(local.sum(axis=0)[None], beyond.sum(keepdims=True), LEAST)
    marks = np.isin(np.arange(KINDS), list(never))[None]
    kinds = tell_kinds(local[None], beyond[None], totals, marks, LEAST)
    return np.column_stack([local, beyond]), totals[0], kinds[0]


@given(RINGS)
def test_no_two_reaches_differ_by_few(rings: Numbers) -> None:
    links, totals, _ = told_of(rings, set())
    summed = links.sum(axis=0)
    told = [0, *summed[:-1][totals[:-1]]]
    assert not any(0 < wide - near < LEAST for near, wide in combinations(told, 2))
    everything = summed[-2] + summed[-1]
    assert not any(0 < everything - near < LEAST for near in told[1:])
    assert not (totals[-1] and 0 < summed[-1] < LEAST)


def known_sums(totals: Marks, kinds: Marks) -> Numbers:
    """Return what is told as sums of cells: one row a number, one column a kind and ring."""
    within = np.tri(REACHES + 1, dtype=np.int64)
    within[-1] = np.eye(REACHES + 1)[-1]  # beyond holds nothing of the reaches
    rows = [np.tile(within[at], KINDS) for at in np.flatnonzero(totals)]
    rows += [np.kron(np.eye(KINDS)[kind], within[at]) for kind, at in np.argwhere(kinds)]
    return np.array(rows, dtype=np.int64).reshape(-1, KINDS * (REACHES + 1))


def wanted_sums() -> Numbers:
    """Return the sums that must not be found: of any kinds, between any two reaches, or beyond."""
    spans = [np.eye(REACHES + 1)[a:b].sum(axis=0) for a, b in combinations(range(REACHES + 1), 2)]
    spans.append(np.eye(REACHES + 1)[-1])
    groups = [np.array(list(np.binary_repr(n, KINDS)), dtype=int) for n in range(1, 2**KINDS)]
    return np.array([np.kron(group, span) for group in groups for span in spans], dtype=np.int64)


WANTED = wanted_sums()


@settings(max_examples=300)
@given(RINGS, NEVER)
def test_no_sum_that_can_be_found_is_of_few(rings: Numbers, never: set[int]) -> None:
    _, totals, kinds = told_of(rings, never)
    known = known_sums(totals, kinds)
    # What is told spans a space; a sum in it follows from what is told, any other does not.
    span = np.linalg.pinv(known) @ known
    found = np.abs(WANTED @ span - WANTED).max(axis=1) < 1e-9
    assert not find_few(WANTED[found] @ rings.ravel(), LEAST).any()


@given(RINGS, NEVER)
def test_beside_all_links_no_kind_is_of_few(rings: Numbers, never: set[int]) -> None:
    links, totals, kinds = told_of(rings, never)
    everything = rings.sum(axis=1)
    assert not kinds[sorted(never)].any()
    assert not (kinds & ~totals).any()
    for at in range(REACHES):
        outside = everything - links[:, at]
        assert not find_few(outside[kinds[:, at]], LEAST).any()
        if totals[at]:
            assert not find_few(outside[~kinds[:, at]].sum(keepdims=True), LEAST).any()


@given(RINGS)
def test_where_nothing_is_few_all_is_told(rings: Numbers) -> None:
    _, totals, kinds = told_of(rings * LEAST, set())
    assert totals.all()
    assert kinds.all()


@given(arrays(np.int64, (5, KINDS, REACHES + 1), elements=FEW_LINKS), st.permutations(range(5)))
def test_clusters_do_not_depend_on_each_other(rings: Numbers, order: list[int]) -> None:
    local, beyond = rings[..., :-1].cumsum(axis=2), rings[..., -1]
    totals = tell_reaches(local.sum(axis=1), beyond.sum(axis=1), LEAST)
    never = np.zeros(beyond.shape, dtype=bool)
    found = tell_kinds(local, beyond, totals, never, LEAST)
    turned = tell_kinds(local[order], beyond[order], totals[order], never, LEAST)
    np.testing.assert_array_equal(found[order], turned)


def test_a_kind_that_is_not_told_covers_another_at_every_reach() -> None:
    #            fence  10 km  beyond
    # first        1      5      9      one link inside
    # second       4      4      9      goes with it at the fence
    # third        7      8      9      one more within 10 km
    rings = np.array([[1, 4, 0, 9], [4, 0, 0, 9], [7, 1, 0, 9], [0, 0, 0, 0]])
    _, totals, kinds = told_of(rings, set())
    assert totals.all()
    assert kinds[:, 0].tolist() == [False, False, True, True]
    # At 10 km the 1 more of the third needs a cover; joined with the first two at the fence, the
    # three have 4 + 0 + 1 more.
    assert kinds[:, 1].tolist() == [True, False, False, True]
    assert kinds[:, 3].all()
