"""Draws from what is believed: quantiles by hand, and what must not move them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clustermap.network.posterior import DEVIATE, Z
from clustermap.scores.draws import (
    BOUNDARIES,
    NULLS,
    Posteriors,
    draw_deviates,
    draw_parts,
    draw_weights,
    read_variants,
    score_draws,
    score_interval,
    stack_variants,
)
from clustermap.scores.normalisers import Ends
from tests.scores.beliefs import believe, hundred, normal

DRAWS = 20_000
THREE = tuple(("mass", boundary) for boundary in BOUNDARIES)


def test_a_normal_belief_gives_the_interval_of_a_normal() -> None:
    posteriors = believe([[50.0, 30.0], [60.0, 20.0]], [[4.0, 1.0], [0.0, 2.0]])
    parts = draw_parts(posteriors, hundred(2), draws=DRAWS, seed=3)
    low, high, widened = score_interval(parts[0], [50.0, 30.0])
    # The standard error of a 5 % quantile of 20,000 draws is 0.015 standard deviations.
    np.testing.assert_allclose(low, [50 - 4 * DEVIATE, 30 - DEVIATE], atol=4 * 0.06)
    np.testing.assert_allclose(high, [50 + 4 * DEVIATE, 30 + DEVIATE], atol=4 * 0.06)
    assert parts[0].std(axis=0) == pytest.approx([4, 1], rel=0.03)
    # What is known for sure has no width, whatever the precision of the draws.
    low, high, widened = score_interval(parts[1], [60.0, 20.0])
    assert (low[0], high[0], widened.tolist()) == (60, 60, [False, False])


def test_parts_and_clusters_are_drawn_apart() -> None:
    parts = draw_parts(believe(np.full((2, 2), 50.0), 5.0), hundred(2), draws=DRAWS, seed=5)
    found = np.corrcoef(parts.swapaxes(1, 2).reshape(4, DRAWS))
    np.testing.assert_allclose(found, np.eye(4), atol=0.03)


def test_quantiles_are_read_in_a_straight_line_and_end_where_they_end() -> None:
    tables = np.stack([np.arange(25.0), np.arange(25.0) ** 2])[:, None, :, None]
    deviates = np.array([-9.0, -2.875, 0.0, 2.875, 9.0])[:, None, None]
    first = read_variants(tables, np.zeros(5, np.intp), deviates).ravel()
    assert first.tolist() == [0, 0.5, 12, 23.5, 24]
    second = read_variants(tables, np.ones(5, np.intp), deviates).ravel()
    assert second.tolist() == [0, 0.5, 144, (23**2 + 24**2) / 2, 576]


def test_goalposts_are_fixed_logarithmic_and_by_cluster() -> None:
    ends = Ends(
        np.array([[1.0, 1.0], [2.0, 0.0]]),
        np.array([[100.0, 10_000.0], [0.0, 2.0]]),
        np.array([True, False]),
    )
    parts = draw_parts(believe([[10.0, 10.0], [0.5, 0.5]]), ends, draws=2, seed=1)
    # log 10 is half of log 100 and a quarter of log 10,000; 0.5 of 2 counts down, then up.
    wanted = [[50.5, 25.75], [75.25, 25.75]]
    np.testing.assert_allclose(parts, np.repeat(np.array(wanted)[:, None], 2, axis=1), rtol=1e-6)


def test_each_boundary_is_taken_by_a_third_of_draws_for_all_clusters_alike() -> None:
    posteriors = believe([[10.0, 40.0]], clusters=["x", "y"], variants=THREE)
    tables = {key: at + table for at, (key, table) in enumerate(posteriors.variants.items())}
    drawn = draw_parts(Posteriors(posteriors.clusters, tables), hundred(1), draws=DRAWS, seed=2)[0]
    for at in range(3):
        taken = np.isclose(drawn[:, 0], 10 + at)
        assert taken.mean() == pytest.approx(1 / 3, abs=0.015)
        np.testing.assert_allclose(drawn[taken, 1], 40 + at, rtol=1e-6)


def test_boundaries_weights_and_values_are_drawn_apart() -> None:
    tables = {key: normal([[30.0 * at + 20]], [[1.0]]) for at, key in enumerate(THREE)}
    posteriors = Posteriors(np.array(["x"], dtype=object), tables)
    drawn = draw_parts(posteriors, hundred(1), draws=DRAWS, seed=1).ravel()
    boundary = (drawn / 30).astype(int)
    weights = draw_weights([1, 1], draws=DRAWS, seed=1)[:, 0]
    found = np.corrcoef([boundary, drawn - 30 * boundary, weights])
    np.testing.assert_allclose(found, np.eye(3), atol=0.03)


def test_nulls_are_drawn_only_where_they_are_asked_for() -> None:
    tables = {(null, "drawn"): normal([[10.0 + at]], [[0.0]]) for at, null in enumerate(NULLS)}
    posteriors = Posteriors(np.array(["x"], dtype=object), tables, null="constrained")
    assert posteriors.nulls == ("constrained", "mass", "no_distance", "no_size")
    own = draw_parts(posteriors, hundred(1), draws=300, seed=1)
    np.testing.assert_allclose(own, 11, rtol=1e-6)
    every = draw_parts(posteriors, hundred(1), draws=DRAWS, seed=1, nulls=posteriors.nulls)
    shares = np.unique(every.round(3), return_counts=True)[1] / DRAWS
    assert shares == pytest.approx([1 / 4] * 4, abs=0.015)


def test_the_headline_decides_once_what_is_missing() -> None:
    own = normal([[10.0, 20.0, np.nan]], [[0.0] * 3])
    other = normal([[11.0, np.nan, 31.0]], [[0.0] * 3])
    posteriors = Posteriors(
        np.array(["x", "y", "z"], dtype=object),
        {("mass", "drawn"): own, ("mass", "smaller"): other},
    )
    assert posteriors.present.tolist() == [[True, True, False]]
    found = stack_variants(posteriors, ["mass"])[0, :, 0, 12]
    np.testing.assert_array_equal(found, [[10, 20, np.nan], [11, 20, np.nan]])
    drawn = draw_parts(posteriors, hundred(1), draws=50, seed=1)
    assert np.isnan(drawn[0]).all(axis=0).tolist() == [False, False, True]
    assert np.isnan(drawn[0]).any(axis=0).tolist() == [False, False, True]


@pytest.mark.parametrize(
    ("variants", "clusters"),
    [
        ((("mass", "smaller"),), 1),
        ((("constrained", "drawn"),), 1),
        ((("mass", "drawn"), ("mass", "larger"), ("constrained", "drawn")), 1),
        ((("mass", "drawn"),), 2),
    ],
)
def test_incomplete_variants_are_refused(
    variants: tuple[tuple[str, str], ...], clusters: int
) -> None:
    table = normal([[1.0]], [[1.0]])
    ids = np.array(["x", "y"][:clusters], dtype=object)
    with pytest.raises(ValueError, match="posteriors"):
        Posteriors(ids, dict.fromkeys(variants, table))


@given(st.permutations(range(6)), st.integers(0, 99))
@settings(deadline=None, max_examples=20)
def test_the_order_of_clusters_changes_nothing(order: list[int], seed: int) -> None:
    mean = np.linspace(20, 80, 18).reshape(3, 6)
    mean[1, 2] = np.nan
    ids = ["d", "b", "10", "9", "나", "가"]
    ends, weights = hundred(3), draw_weights([1, 2, 1], draws=20, seed=seed)
    parts = draw_parts(believe(mean, 9.0, ids, THREE), ends, draws=20, seed=seed)
    moved = believe(mean[:, order], 9.0, [ids[at] for at in order], THREE)
    again = draw_parts(moved, ends, draws=20, seed=seed)
    np.testing.assert_array_equal(again, parts[..., order])
    scores, after = score_draws(parts, weights), score_draws(again, weights)
    np.testing.assert_array_equal(after, scores[:, order])
    value = scores.mean(axis=0)
    low, high, widened = score_interval(scores, value)
    for one, other in zip(score_interval(after, value[order]), (low, high, widened), strict=True):
        np.testing.assert_array_equal(one, other[order])


@given(st.integers(1, 30), st.integers(0, 30), st.integers(0, 99))
@settings(deadline=None, max_examples=20)
def test_more_draws_only_add_to_those_there_are(few: int, more: int, seed: int) -> None:
    posteriors = believe([[50.0, 40.0], [30.0, 20.0]], 5.0, ["y", "x"], THREE)
    for draws in (few, few + more):
        parts = draw_parts(posteriors, hundred(2), draws=draws, seed=seed)
        weights = draw_weights([0.5, 0.5], draws=draws, seed=seed)
        deviates = draw_deviates(posteriors.clusters, 2, draws=draws, seed=seed)
        scores = score_draws(parts, weights)
        if draws == few:
            first = (parts, weights, deviates, scores)
    np.testing.assert_array_equal(parts[:, :few], first[0])
    for found, wanted in zip((weights, deviates, scores), first[1:], strict=True):
        np.testing.assert_array_equal(found[:few], wanted)


def test_equal_weights_vary_by_a_quarter_and_no_weight_stays_none() -> None:
    drawn = draw_weights([2, 2, 0, 2, 2], draws=40_000, seed=7)
    np.testing.assert_allclose(drawn.sum(axis=1), 1)
    np.testing.assert_allclose(drawn.mean(axis=0), [0.25, 0.25, 0, 0.25, 0.25], rtol=0.01)
    np.testing.assert_allclose(drawn.std(axis=0), [1 / 16, 1 / 16, 0, 1 / 16, 1 / 16], rtol=0.03)
    assert draw_weights([0, 3], draws=2, seed=1).tolist() == [[0, 1], [0, 1]]


def test_the_score_of_a_draw_is_the_weighted_geometric_mean_of_what_is_there() -> None:
    parts = np.array([[[4.0, np.nan, np.nan]], [[9.0, 9.0, np.nan]]], np.float32)
    np.testing.assert_allclose(score_draws(parts, np.array([[0.5, 0.5]])), [[6, 9, np.nan]])
    # 4^0.25 x 9^0.75 = 7.348
    np.testing.assert_allclose(score_draws(parts, np.array([[0.25, 0.75]]))[0, 0], 7.348469)


def test_the_spread_of_a_score_follows_from_its_parts() -> None:
    # d ln S = sum w dp / p: with two parts of 50 and a standard deviation of 1, and equal weights,
    # that of the score is 50 sqrt(2 (0.5 / 50)²) = sqrt(1/2).
    parts = draw_parts(believe([[50.0], [50.0]], 1.0), hundred(2), draws=DRAWS, seed=1)
    scores = score_draws(parts, np.full((DRAWS, 2), 0.5))
    assert scores.std() == pytest.approx(np.sqrt(0.5), rel=0.03)
    low, high, _ = score_interval(scores, [50.0])
    half = DEVIATE * np.sqrt(0.5)
    np.testing.assert_allclose([low[0], high[0]], [50 - half, 50 + half], atol=0.06)


@given(st.lists(st.floats(1, 100, width=32), min_size=2, max_size=40), st.floats(1, 100))
@settings(deadline=None)
def test_an_interval_holds_its_value_and_says_where_it_had_to_be_widened(
    drawn: list[float], value: float
) -> None:
    low, high, widened = (end[0] for end in score_interval(np.array(drawn)[:, None], [value]))
    assert low <= value <= high
    plain = np.quantile(drawn, [0.05, 0.95])
    assert not widened or not plain[0] <= value <= plain[1]
    if not widened:
        np.testing.assert_allclose([low, high], plain, atol=2e-4)


def test_a_missing_value_has_no_interval() -> None:
    drawn = np.column_stack([np.full(9, np.nan), np.arange(9.0)])
    low, high, widened = score_interval(drawn, [np.nan, 4.0])
    np.testing.assert_allclose(low, [np.nan, 0.4])
    np.testing.assert_allclose(high, [np.nan, 7.6])
    assert widened.tolist() == [False, False]


def test_deviates_are_standard_normal_and_belong_to_the_cluster() -> None:
    ids = np.array(["x", "y"], dtype=object)
    drawn = draw_deviates(ids, 2, draws=DRAWS, seed=1)
    assert drawn.mean() == pytest.approx(0, abs=0.02)
    assert drawn.std() == pytest.approx(1, abs=0.02)
    np.testing.assert_array_equal(draw_deviates(ids[::-1], 2, draws=9, seed=1), drawn[:9, :, ::-1])
    parts = draw_parts(believe([[50.0, 50.0]] * 2, 1.0, ["x", "y"]), hundred(2), draws=9, seed=1)
    # The same deviates stand behind drawn parts.
    np.testing.assert_allclose(parts.swapaxes(0, 1), 50 + drawn[:9].clip(Z[0], Z[-1]), rtol=1e-6)
