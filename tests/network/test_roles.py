r"""Roles of brokers, counted by hand and against the roles that other programs print."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clustermap.network import roles
from clustermap.network.roles import ROLES, adjacency, broker_pairs, broker_roles, expected_roles
from clustermap.network.ties import tie_actors
from tests.indicators.oracles import oracle

if TYPE_CHECKING:
    import numpy.typing as npt

NETWORKS = ["Cheyenne", "LakePomona"]
WORDS = {  # groups of i, j, k -> role
    (0, 0, 0): "w_I",
    (0, 1, 0): "w_O",
    (0, 0, 1): "b_IO",
    (0, 1, 1): "b_OI",
    (0, 1, 2): "b_O",
}

edges_of = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=40)
groups_of = st.lists(st.integers(-2, 1), min_size=7, max_size=7)


def count_by_hand(edges: set[tuple[int, int]], group: list[int]) -> npt.NDArray[np.int64]:
    counted = np.zeros((len(group), len(ROLES)), dtype=np.int64)
    for i, j, k in permutations(range(len(group)), 3):
        if (i, j) in edges and (j, k) in edges and (i, k) not in edges:
            seen = [group[i], group[j], group[k]]
            pattern = tuple(list(dict.fromkeys(seen)).index(one) for one in seen)
            counted[j, ROLES.index(WORDS[pattern])] += 1
            counted[j, -1] += 1
    return counted


def read(name: str, part: str) -> pd.DataFrame:
    return pd.read_csv(oracle("brokerage", f"emon_{name}_{part}.csv"), index_col=0)


def test_every_role_once() -> None:
    #  group 0: a b    group 1: c d    group 2: e        b stands between
    #
    #  a -> b -> f (0 0 0)   c -> b -> d (1 0 1)   a -> b -> d (0 0 1)   c -> b -> f (1 0 0)
    #  c -> b -> e (1 0 2)   a -> b -> e (0 0 2)
    a, b, c, d, e, f = range(6)
    network = adjacency([a, c, b, b, b], [b, b, f, d, e], 6)
    found = dict(zip(ROLES, broker_roles(network, [0, 0, 1, 1, 2, 0])[b].tolist(), strict=True))
    assert found == {"w_I": 1, "w_O": 1, "b_IO": 2, "b_OI": 1, "b_O": 1, "t": 6}


def test_a_tie_past_the_broker_ends_the_role() -> None:
    closed = adjacency([0, 1, 0], [1, 2, 2], 3)
    assert broker_roles(closed, [0, 0, 1]).sum() == 0
    back_only = adjacency([0, 1, 2], [1, 2, 0], 3)  # 2 -> 0 does not pass 1 by
    assert broker_roles(back_only, [0, 0, 1])[1].tolist() == [0, 0, 1, 0, 0, 1]


def test_loops_and_repeated_edges_do_not_count() -> None:
    plain = adjacency([0, 1], [1, 2], 3)
    noisy = adjacency([0, 0, 1, 1, 2], [1, 1, 2, 1, 2], 3)
    assert (plain != noisy).nnz == 0


@given(edges_of, groups_of)
@settings(deadline=None, max_examples=60)
def test_sparse_counting_is_counting_triples(
    edges: list[tuple[int, int]], group: list[int]
) -> None:
    source, target = ([edge[end] for edge in edges] for end in (0, 1))
    found = broker_roles(adjacency(source, target, len(group)), group)
    np.testing.assert_array_equal(found, count_by_hand(set(edges), group))


@given(edges_of, groups_of, st.permutations(range(7)))
@settings(deadline=None, max_examples=40)
def test_other_numbers_for_the_same_nodes_change_nothing(
    edges: list[tuple[int, int]], group: list[int], number: list[int]
) -> None:
    ends = np.array(edges, dtype=int).reshape(-1, 2)
    before = broker_roles(adjacency(ends[:, 0], ends[:, 1], 7), group)
    moved = np.array(number)[ends[::-1]]
    renamed = np.zeros(7, dtype=int)
    renamed[number] = group
    after = broker_roles(adjacency(moved[:, 0], moved[:, 1], 7), renamed)
    np.testing.assert_array_equal(after[number], before)


@given(edges_of, st.lists(st.integers(0, 3), min_size=7, max_size=7), st.permutations(range(7)))
@settings(deadline=None, max_examples=60)
def test_pairs_without_direction_are_roles_in_both_orders(
    edges: list[tuple[int, int]], group: list[int], order: list[int]
) -> None:
    one, other = np.array(edges, dtype=np.int32).reshape(-1, 2).T
    ties = tie_actors(one, other, 7)
    both = broker_roles(ties.astype(np.int64), group)
    expected = np.stack([both[:, 0], both[:, 1], both[:, 2] + both[:, 3], both[:, 4]], axis=1) // 2
    brokers = order[:4]
    np.testing.assert_array_equal(broker_pairs(ties, brokers, group), expected[brokers])


def test_pairs_are_counted_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    # Everybody knows everybody but 3 and 4, who are of two groups: only between them is a pair.
    one, other = np.triu_indices(5, 1)
    kept = (one != 3) | (other != 4)
    ties = tie_actors(one[kept].astype(np.int32), other[kept].astype(np.int32), 5)
    for at_once in (500_000, 1):
        monkeypatch.setattr(roles, "_PAIRS_AT_ONCE", at_once)
        found = broker_pairs(ties, [0, 1, 2, 3, 4], [0, 1, 3, 1, 2])
        assert found.tolist() == [[0, 0, 0, 1], [0, 0, 1, 0], [0, 0, 0, 1], [0] * 4, [0] * 4]
    assert broker_pairs(ties, [], [0] * 5).shape == (0, 4)


def test_expected_roles_by_hand() -> None:
    # 3 nodes of one group, 3 of 6 edges: d = 1/2, 2 ordered pairs each, d²(1-d) = 1/8 each.
    found = expected_roles(adjacency([0, 1, 2], [1, 2, 0], 3), [0, 0, 0])
    assert found.mean[0].tolist() == [0.25, 0, 0, 0, 0, 0.25]
    assert found.sd[0, 0] == pytest.approx(np.sqrt(2 / 8 * 7 / 8), abs=1e-15)
    assert found.sd[0, 1:5].tolist() == [0, 0, 0, 0]


def test_one_broker_of_the_published_network_by_typed_numbers() -> None:
    # Search and rescue at Cheyenne, all 14 organisations; node 7 is the sheriff of the county.
    adjacent = {
        1: "011110111110 01", 2: "101000111100 01", 3: "110111111111 10", 4: "011000101100 00",
        5: "000000110000 10", 6: "000000000000 00", 7: "001000010111 10", 8: "110111101111 11",
        9: "100001110100 11", 10: "000000101000 00", 11: "000000101100 11", 12: "001000111000 00",
        13: "001000111111 00", 14: "100010010000 00",
    }  # fmt: skip
    matrix = np.array([[int(c) for c in row.replace(" ", "")] for row in adjacent.values()])
    sponsors = ["S", "S", "S", "F", "P", "P", "C", "CC", "T", "T", "C", "C", "P", "P"]
    source, target = np.nonzero(matrix)
    found = broker_roles(adjacency(source, target, 14), [ord(s[-1]) + len(s) for s in sponsors])
    assert found[6].tolist() == [2, 0, 4, 11, 11, 28]
    assert found.sum(axis=0).tolist() == [3, 15, 32, 31, 115, 196]


@pytest.mark.parametrize("name", NETWORKS)
def test_roles_of_the_published_networks(name: str) -> None:
    source, target = np.nonzero(read(name, "adj").to_numpy())
    group = pd.factorize(read(name, "nodes")["sponsorship"])[0]
    network = adjacency(source, target, len(group))
    found, expected = broker_roles(network, group), expected_roles(network, group)
    raw, z, whole = (
        read(name, "brokerage_raw"),
        read(name, "brokerage_z"),
        read(name, "brokerage_global"),
    )
    assert list(raw) == list(ROLES)
    np.testing.assert_array_equal(found, raw)
    np.testing.assert_array_equal(found.sum(axis=0), whole["raw"])
    np.testing.assert_allclose(expected.mean.sum(axis=0), whole["exp"], rtol=1e-12)
    possible = expected.sd > 0
    np.testing.assert_array_equal(possible, z.notna())
    standard = (found - expected.mean)[possible] / expected.sd[possible]
    np.testing.assert_allclose(standard, z.to_numpy()[possible], rtol=0, atol=1e-12)
