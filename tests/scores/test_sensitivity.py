"""Sobol' indices against those of a full enumeration, and of choices that change nothing."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest

from clustermap.scores.draws import BOUNDARIES, draw_deviates, draw_weights
from clustermap.scores.methods import Methods, run_analyses
from clustermap.scores.sensitivity import estimate_indices, mean_rank_shift, rank_sensitivity
from tests.scores.beliefs import ACROSS, believe, hundred

CLUSTERS = 12


def world(sets: int = 1, data: int = 1, variants: tuple[tuple[str, str], ...] = ACROSS) -> Methods:
    parts = np.random.default_rng(3).uniform(5, 90, (3, CLUSTERS)) ** [[1.0], [0.7], [1.0]]
    posteriors = believe(parts, 6.0, variants=variants)
    drawn = draw_deviates(posteriors.clusters, 3, draws=data, seed=1)
    weights = draw_weights([1, 1, 1], draws=sets, seed=1)
    return Methods(posteriors, hundred(3), weights, drawn if data > 1 else 0 * drawn)


def headline(methods: Methods) -> np.ndarray:
    return run_analyses(methods, {"aggregation": np.zeros(1, np.intp)})[0]


def exact_indices(methods: Methods) -> pd.DataFrame:
    """Share of variance of conditional means, over every combination of options once."""
    options = {factor: n for factor, n in methods.options().items() if n > 1}
    every = np.array(list(product(*map(range, options.values())))).T
    scores = run_analyses(methods, dict(zip(options, every, strict=True)))
    shifts = mean_rank_shift(headline(methods), scores).reshape(tuple(options.values()))
    rows = []
    for axis in range(shifts.ndim):
        others = tuple(other for other in range(shifts.ndim) if other != axis)
        first = shifts.mean(axis=others).var() / shifts.var()
        total = 1 - shifts.mean(axis=axis).var() / shifts.var()
        rows.append((first, total))
    return pd.DataFrame(rows, columns=["first", "total"], index=list(options))


def test_the_indices_are_those_of_all_combinations() -> None:
    methods = world(sets=4, data=5)
    wanted = exact_indices(methods)
    # Factors act together here, or the test would not tell first from total.
    assert (wanted["total"] - wanted["first"]).max() > 0.05
    found = rank_sensitivity(methods, headline(methods), points=2048, resamples=99, seed=1)
    assert found["factor"].tolist() == ["weights", "aggregation", "normaliser", "dropped", "data"]
    assert found["options"].tolist() == [4, 2, 3, 4, 5]
    np.testing.assert_allclose(found["first"], wanted["first"], atol=0.05)
    np.testing.assert_allclose(found["total"], wanted["total"], atol=0.05)
    for index in ("first", "total"):
        assert (found[f"{index}_low"] < found[index]).all()
        assert (found[index] < found[f"{index}_high"]).all()


def test_a_choice_that_changes_nothing_has_no_effect() -> None:
    methods = world(sets=8, variants=tuple(("mass", boundary) for boundary in BOUNDARIES))
    table = rank_sensitivity(methods, headline(methods), points=32, resamples=9)
    assert table.set_index("factor").loc["boundary"].tolist() == [3, 0, 0, 0, 0, 0, 0]


def test_the_same_seed_gives_the_same_table() -> None:
    methods = world(sets=8, data=8)
    first, again, other = (
        rank_sensitivity(methods, headline(methods), points=16, resamples=20, seed=seed)
        for seed in (1, 1, 2)
    )
    pd.testing.assert_frame_equal(first, again)
    assert (first["total"] != other["total"]).any()


def test_where_no_rank_ever_moves_nothing_can_be_said() -> None:
    # Each cluster is ahead of the next in everything, whatever is chosen.
    parts = np.array([[80.0, 50.0, 20.0], [70.0, 40.0, 10.0]])
    methods = Methods(believe(parts), hundred(2), np.array([[0.5, 0.5]]), np.zeros((1, 2, 3)))
    table = rank_sensitivity(methods, headline(methods), points=16, resamples=9)
    assert table["factor"].tolist() == ["aggregation", "normaliser", "dropped"]
    assert table.drop(columns=["factor", "options"]).isna().all(axis=None)


def test_the_estimator_by_typed_numbers() -> None:
    # f = x1 on points A = (1, -1), B = (-1, 1): factor 1 is everything, factor 2 nothing.
    at_a, at_b = np.array([[1.0, -1.0]]), np.array([[-1.0, 1.0]])
    first, total = estimate_indices(at_a, at_b, np.stack([at_b, at_a]))
    assert first.tolist() == [[2, 0]]
    assert total.tolist() == [[2, 0]]


def test_ranks_shift_among_those_that_are_scored() -> None:
    reference = [40.0, 30.0, 20.0, 10.0]
    scores = [[1.0, 2.0, 3.0, 4.0], [np.nan, 2.0, 3.0, 1.0], [9.0, np.nan, 5.0, np.nan]]
    # 3 + 1 + 1 + 3 of four; the first two of three change places; two in the same order.
    assert mean_rank_shift(reference, scores) == pytest.approx([2, 2 / 3, 0])
