"""Pairs available: counted by hand on a small map, without a cell, and between exponents."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.interpolate import CubicSpline

from clustermap.network.pairs import (
    SIZE_EXPONENTS,
    Pairs,
    count_pairs,
    distance_masks,
    relative_sizes,
    shares_of_cell,
    spline_of,
    weigh_pairs_of_cell,
)
from tests.network.plain import FIELDS, MEMBERS, SPACE, A, B, C, count_gone, draw_chance_space

PLAIN = int(np.flatnonzero(SIZE_EXPONENTS == 0)[0])
BOTH = np.arange(2)


def test_sizes_are_told_by_the_mean_of_cells_with_actors() -> None:
    # 4, 2 and 2 actors: 8/3 a cell; nobody lives in the fields.
    np.testing.assert_allclose(relative_sizes(MEMBERS), [1.5, 0.75, 0.75, 1.0], rtol=1e-15)
    assert relative_sizes(np.zeros((2, 1), dtype=np.int64)).tolist() == [1.0, 1.0]


def test_pairs_by_hand() -> None:
    counts = count_pairs(MEMBERS, SPACE).counts[PLAIN]
    #                   s-s: within A 3 x 2, within B 2 x 1, from A to B and back 2 x 3 x 2
    np.testing.assert_allclose(counts[0, 0], [6 + 2 + 6, 6, 0, 0])
    #                   s-t: within A 3 x 1, from B to A 2 x 1, from A and B to C (3 + 2) x 2
    np.testing.assert_allclose(counts[0, 1], [3 + 1, 1, 10, 0])
    np.testing.assert_allclose(counts[1, 0], counts[0, 1])
    #                   t-t: within C 2 x 1, from A to C and back 2 x 1 x 2; one t in A, no pair
    np.testing.assert_allclose(counts[1, 1], [1.5, 0.5, 4, 0])


def test_pairs_weigh_as_their_cells_sizes() -> None:
    counts = count_pairs(MEMBERS, SPACE).counts
    for at, exponent in enumerate(SIZE_EXPONENTS):
        a, b, c = np.array([1.5, 0.75, 0.75]) ** exponent
        s_s = [6 * a * a + 2 * b * b + 6 * a * b, 6 * a * b, 0, 0]
        s_t = [3 * a * a + a * b, a * b, (3 * a + 2 * b) * 2 * c, 0]
        t_t = [1.5 * c * c, 0.5 * c * c, 4 * a * c, 0]
        np.testing.assert_allclose(counts[at, 0, 0], s_s, rtol=1e-12)
        np.testing.assert_allclose(counts[at, 0, 1], s_t, rtol=1e-12)
        np.testing.assert_allclose(counts[at, 1, 1], t_t, rtol=1e-12, atol=1e-12)


def test_pairs_of_some_strata() -> None:
    pairs = Pairs(np.arange(9 * 3 * 3 * 2, dtype=float).reshape(9, 3, 3, 2))
    found = pairs.of(np.array([0, 2]), np.array([1]))
    assert found.shape == (9, 2, 1, 2)
    assert found[4, 1, 0].tolist() == pairs.counts[4, 2, 1].tolist()


def test_every_pair_of_cells_lies_in_some_bin() -> None:
    everyone = np.arange(len(SPACE.bins))
    masks = np.stack([mask.toarray() for mask in distance_masks(SPACE, everyone)])
    np.testing.assert_allclose(masks.sum(axis=0), 1.0)
    assert masks[:, A, B].tolist() == [0.5, 0.5, 0, 0]
    assert masks[:, B, A].tolist() == [0.5, 0.5, 0, 0]
    assert masks[:, C, FIELDS].tolist() == [0, 0, 0, 1]
    for cell in (A, B, C, FIELDS):
        np.testing.assert_array_equal(shares_of_cell(cell, SPACE), masks[:, cell].T)


def test_pairs_of_a_cell_by_hand() -> None:
    def count(one: int, other: int) -> list[float]:
        weight = np.zeros((2, 2))
        weight[one, other] = 1.0
        return weigh_pairs_of_cell(A, MEMBERS, SPACE, BOTH, BOTH, weight)[PLAIN].tolist()

    assert count(0, 0) == [6 + 6, 6, 0, 0]
    assert count(0, 1) == [3 + 1, 1, 6, 0]
    assert count(1, 1) == [0, 0, 4, 0]


@given(st.integers(0, 10**6), st.integers(1, 6))
def test_pairs_of_a_cell_are_those_that_go_with_it(seed: int, cells: int) -> None:
    rng = np.random.default_rng(seed)
    members, space = rng.integers(0, 4, (cells, 4)), draw_chance_space(rng, cells)
    first, second = np.array([0, 1, 2]), np.array([1, 2, 3])
    weight = rng.lognormal(size=(3, 3))
    gone = count_gone(0, members, space).of(first, second)
    found = weigh_pairs_of_cell(0, members, space, first, second, weight)
    summed = np.einsum("efsb,fs->eb", gone, weight)
    np.testing.assert_allclose(found, summed, rtol=1e-12, atol=1e-9)


@given(st.integers(0, 10**6), st.floats(-0.6, 0.6))
def test_a_spline_is_told_by_its_knots(seed: int, exponent: float) -> None:
    counts = np.random.default_rng(seed).lognormal(size=(len(SIZE_EXPONENTS), 2, 3))
    direct, found = CubicSpline(SIZE_EXPONENTS, np.log(counts)), spline_of(counts)
    for derivative in range(3):
        wanted = direct(exponent, derivative)
        np.testing.assert_allclose(found(exponent, derivative), wanted, rtol=1e-9, atol=1e-9)


@given(st.integers(0, 10**6), st.integers(1, 6))
def test_the_order_of_cells_changes_nothing(seed: int, cells: int) -> None:
    rng = np.random.default_rng(seed)
    members = rng.integers(0, 4, (cells, 2))
    space = draw_chance_space(rng, cells)
    order = rng.permutation(cells)
    place = np.argsort(order)
    near = np.sort(place[space.near], axis=1).astype(np.int32)
    turned = type(space)(
        space.edges_m, space.bins[np.ix_(order, order)], near, space.shares, space.x, space.y
    )
    one, other = count_pairs(members, space), count_pairs(members[order], turned)
    np.testing.assert_allclose(one.counts, other.counts, rtol=1e-12, atol=1e-12)
    # Ordered pairs of s and t are those of t and s.
    np.testing.assert_allclose(one.counts, one.counts.transpose(0, 2, 1, 3), atol=1e-12)


def test_between_exponents_the_spline_says_what_counting_would() -> None:
    rng = np.random.default_rng(5)
    members = np.ceil(rng.pareto(1.1, (300, 1)) * 30 + 12).clip(max=9_000).astype(np.int64)
    bins = rng.integers(0, 4, (300, 300))
    bins = np.triu(bins) + np.triu(bins, 1).T
    size = relative_sizes(members)
    actors = members[:, 0].astype(float)
    space = draw_chance_space(rng, 300)
    spline = spline_of(count_pairs(members, space).counts[:, 0, 0])

    def count(exponent: float) -> list[float]:
        weight = actors * size**exponent
        return [
            weight @ mask @ weight - (mask.diagonal() * size ** (2 * exponent)) @ actors
            for mask in distance_masks(space, np.arange(len(space.bins)))
        ]

    for exponent in SIZE_EXPONENTS:
        np.testing.assert_allclose(np.exp(spline(exponent)), count(exponent), rtol=1e-10)
    for exponent in (-0.15, -0.05, 0.05, 0.15):
        assert np.exp(spline(exponent)) == pytest.approx(count(exponent), rel=1e-4)
    for exponent in (-0.5, -0.3, 0.3, 0.5):  # farther apart, where hardly any nation is
        assert np.exp(spline(exponent)) == pytest.approx(count(exponent), rel=1e-3)
