"""Comparing units in pairs: the Handbook's example, ties, gaps, and what no rule may break."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from clustermap.scores.normalise import rank
from clustermap.scores.outranking import copeland, outranking_matrix

NAN = np.nan
# The Handbook's countries A, B, C by output, unemployment, waste, inequality and crime; of all but
# output less is better, and waste weighs double.
HANDBOOK = np.array(
    [
        [25000, 45000, 20000],
        [-0.15, -0.10, -0.08],
        [-0.4, -0.7, -0.35],
        [-9.2, -13.2, -5.3],
        [-40, -52, -80],
    ]
)
WEIGHTS = [1, 1, 2, 1, 1]

tables = arrays.arrays(
    np.float64,
    st.tuples(st.integers(1, 5), st.integers(1, 7)),
    elements=st.one_of(st.integers(0, 4).map(float), st.just(NAN)),
)


def test_the_outranking_matrix_of_the_handbook() -> None:
    third = 1 / 3
    wanted = [[NAN, 2 * third, third], [third, NAN, third], [2 * third, 2 * third, NAN]]
    np.testing.assert_allclose(outranking_matrix(HANDBOOK, WEIGHTS), wanted)
    scores = copeland(HANDBOOK, WEIGHTS)
    assert scores.tolist() == [0, -2, 2]
    assert rank(scores, direction=-1).tolist() == [2, 3, 1]


def test_a_strength_makes_up_for_no_weakness() -> None:
    # The mean would put the first at the top for one enormous value.
    assert copeland([[1e6, 2, 3], [1, 2, 3], [1, 2, 3]], [1, 1, 1]).tolist() == [-2, 0, 2]


def test_equal_votes_are_a_tie_whatever_their_rounding() -> None:
    values = [[2, 1], [2, 1], [1, 2]]
    assert 0.1 + 0.2 > 0.3
    assert copeland(values, [0.1, 0.2, 0.3]).tolist() == [0, 0]


def test_what_is_missing_does_not_vote() -> None:
    values = [[1, 2, NAN, NAN], [5, NAN, 4, NAN]]
    matrix = outranking_matrix(values, [1, 3])
    np.testing.assert_array_equal(matrix[0], [NAN, 0, 1, NAN])
    # The second and the third have nothing in common: neither wins.
    assert np.isnan(matrix[1, 2])
    np.testing.assert_array_equal(copeland(values, [1, 3]), [0, 1, -1, NAN])


@given(tables, st.data())
@settings(deadline=None)
def test_wins_are_losses_of_others_and_order_changes_nothing(
    table: np.ndarray, data: st.DataObject
) -> None:
    indicators, units = table.shape
    weights = data.draw(st.lists(st.integers(1, 5), min_size=indicators, max_size=indicators))
    scores = copeland(table, weights)
    assert np.nansum(scores) == 0
    assert (np.abs(scores[~np.isnan(scores)]) < units).all()
    places = data.draw(st.permutations(range(units)))
    np.testing.assert_array_equal(copeland(table[:, places], weights), scores[places])
    matrix = outranking_matrix(table, weights)
    known = ~np.isnan(matrix)
    np.testing.assert_allclose((matrix + matrix.T)[known], 1)


@given(tables.filter(lambda table: not np.isnan(table).any()), st.data())
@settings(deadline=None)
def test_a_better_value_never_lowers_the_unit(table: np.ndarray, data: st.DataObject) -> None:
    weights = np.arange(1, len(table) + 1)
    at = (
        data.draw(st.integers(0, table.shape[0] - 1)),
        data.draw(st.integers(0, table.shape[1] - 1)),
    )
    raised = table.copy()
    raised[at] += data.draw(st.integers(0, 5))
    assert copeland(raised, weights)[at[1]] >= copeland(table, weights)[at[1]]
