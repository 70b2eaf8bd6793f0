"""Analyses by other methods, each against a score by hand."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from clustermap.messages import catalogue
from clustermap.scores.draws import BOUNDARIES, NULLS, Posteriors
from clustermap.scores.methods import FACTORS, Methods, draw_choices, run_analyses
from tests.scores.beliefs import believe, hundred, normal

#        a     b     c
PARTS = [[4.0, 16.0, 64.0], [25.0, 36.0, 1.0]]
EQUAL = np.array([[0.5, 0.5]])
CENTRE = np.zeros((1, 2, 3))


def methods(parts: object = PARTS, weights: np.ndarray = EQUAL) -> Methods:
    return Methods(believe(parts), hundred(2), weights, CENTRE)


def choose(**options: int) -> dict[str, np.ndarray]:
    return {factor: np.array([option]) for factor, option in options.items()}


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({"aggregation": 0}, [10, 24, 8]),
        ({"aggregation": 1}, [14.5, 26, 32.5]),
        ({"weights": 1, "aggregation": 1}, [9.25, 21, 48.25]),
        ({"weights": 1}, [4**0.75 * 25**0.25, 16**0.75 * 36**0.25, 64**0.75]),
        ({"dropped": 1}, [25, 36, 1]),
        ({"dropped": 2}, [4, 16, 64]),
        # Ranks 1, 2, 3 and 2, 3, 1 are worth 1, 50.5, 100 and 50.5, 100, 1.
        ({"normaliser": 1, "aggregation": 1}, [25.75, 75.25, 50.5]),
        ({"normaliser": 1, "dropped": 1}, [50.5, 100, 1]),
        # Mean 28 and standard deviation sqrt((24² + 12² + 36²) / 2) = sqrt(1008).
        (
            {"normaliser": 2, "dropped": 2},
            50.5 + 16.5 * np.array([-24, -12, 36]) / np.sqrt(1008),
        ),
    ],
)
def test_a_choice_gives_the_score_by_hand(options: dict[str, int], wanted: list[float]) -> None:
    weights = np.array([[0.5, 0.5], [0.75, 0.25]])
    found = run_analyses(methods(weights=weights), choose(**options))
    np.testing.assert_allclose(found, [wanted])


def test_a_cluster_without_the_parts_that_are_left_has_no_score() -> None:
    missing = [[4.0, 16.0, 64.0], [25.0, np.nan, 1.0]]
    found = run_analyses(methods(missing), {"dropped": np.arange(3)})
    np.testing.assert_allclose(found, [[10, 16, 8], [25, np.nan, 1], [4, 16, 64]])


def test_only_a_part_that_leaves_a_score_is_dropped() -> None:
    assert methods().droppable == (0, 1)
    assert methods(weights=np.array([[1.0, 0.0]])).droppable == (1,)
    assert methods([PARTS[0], [np.nan] * 3]).droppable == (1,)
    assert methods().options() == {
        "weights": 1,
        "aggregation": 2,
        "normaliser": 3,
        "dropped": 3,
        "null": 1,
        "boundary": 1,
        "data": 1,
    }


def test_null_boundary_and_data_take_the_variant_and_the_draw_chosen() -> None:
    tables = {
        (null, boundary): normal([[10.0 + 20 * at + 5 * to]], [[2.0]])
        for (at, null), (to, boundary) in product(enumerate(NULLS), enumerate(BOUNDARIES))
    }
    posteriors = Posteriors(np.array(["a"], dtype=object), tables)
    deviates = np.array([0.0, 1.0, -0.5]).reshape(3, 1, 1)
    every = Methods(posteriors, hundred(1), np.ones((1, 1)), deviates)
    chosen = np.array(list(product(range(3), repeat=3))).T
    found = run_analyses(every, dict(zip(("null", "boundary", "data"), chosen, strict=True)))
    null, boundary, data = chosen
    np.testing.assert_allclose(
        found[:, 0], 10 + 20 * null + 5 * boundary + 2 * deviates[data, 0, 0]
    )


def test_choices_are_drawn_alike_apart_and_in_a_fixed_order() -> None:
    chosen = draw_choices(methods(), draws=9000, seed=1)
    assert tuple(chosen) == FACTORS
    for factor, number in methods().options().items():
        shares = np.bincount(chosen[factor]) / 9000
        assert shares == pytest.approx([1 / number] * number, abs=0.02)
    pairs = np.bincount(3 * chosen["normaliser"] + chosen["dropped"]) / 9000
    assert pairs == pytest.approx([1 / 9] * 9, abs=0.015)
    for factor, option in draw_choices(methods(), draws=70, seed=1).items():
        np.testing.assert_array_equal(option, chosen[factor][:70])


def test_every_factor_has_a_name_and_a_meaning() -> None:
    wanted = {f"{factor}.{part}" for factor in FACTORS for part in ("label", "meaning")}
    assert set(catalogue("factor")) == wanted
