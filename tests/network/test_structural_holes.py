r"""Constraint and effective size, by hand and against the numbers of other programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from clustermap.network.structural_holes import constraint, effective_size, ties
from tests.indicators.oracles import oracle

if TYPE_CHECKING:
    from scipy import sparse

LETTERS = "ABCDEFG"


def test_a_triangle_with_a_tail_by_hand() -> None:
    #   1
    #  / \
    # 0 - 2 - 3      p_20 = p_21 = p_23 = 1/3, p_01 = p_02 = 1/2
    found = constraint(ties([0, 0, 1, 2], [1, 2, 2, 3], 4))
    # node 2: partners 0 and 1 (1/3 + 1/3 x 1/2)² each, partner 3 (1/3)²
    assert found[2] == pytest.approx(2 * 0.5**2 + 1 / 9, abs=1e-15)
    # node 0: partner 1 (1/2 + 1/2 x 1/3)², partner 2 (1/2 + 1/2 x 1/2)²; 3 is no partner
    assert found[0] == pytest.approx((2 / 3) ** 2 + 0.75**2, abs=1e-15)
    assert found[3] == 1


def test_without_partners_there_is_no_constraint() -> None:
    alone = ties([0, 2], [1, 2], 3)  # a loop is no partner
    assert np.isnan(constraint(alone)[2])
    assert np.isnan(effective_size(alone)[2])
    assert effective_size(alone)[:2].tolist() == [1, 1]


def test_partners_that_know_each_other_are_redundant() -> None:
    complete = ties([0, 0, 0, 1, 1, 2], [1, 2, 3, 2, 3, 3], 4)
    np.testing.assert_allclose(effective_size(complete), 1, atol=1e-15)
    star = ties([0, 0, 0], [1, 2, 3], 4)
    assert effective_size(star).tolist() == [3, 1, 1, 1]


def test_the_graph_of_borgatti_by_typed_numbers() -> None:
    a, b = zip(*("AB", "AF", "AG", "AE", "EG", "FG", "BG", "BD", "DG", "GC"), strict=True)
    tied = ties([LETTERS.index(x) for x in a], [LETTERS.index(x) for x in b], 7)
    np.testing.assert_allclose(constraint(tied)[[6, 0, 2]], [0.4, 0.595, 1], atol=1e-3)
    np.testing.assert_allclose(effective_size(tied)[[6, 0, 2]], [4.67, 2.5, 1], atol=5e-3)


@pytest.mark.parametrize("name", ["Cheyenne", "LakePomona"])
def test_constraint_of_the_published_networks(name: str) -> None:
    matrix = pd.read_csv(oracle("brokerage", f"emon_{name}_adj.csv"), index_col=0).to_numpy()
    wanted = pd.read_csv(oracle("brokerage", f"emon_{name}_igraph.csv"))
    one_way = constraint(ties(*np.nonzero(matrix), len(matrix)))
    np.testing.assert_allclose(one_way, wanted["constraint_dir"], rtol=0, atol=1e-9)
    both_ways = ties(*np.nonzero(np.triu(matrix | matrix.T)), len(matrix))
    np.testing.assert_allclose(constraint(both_ways), wanted["constraint_und"], rtol=0, atol=1e-9)
    np.testing.assert_array_equal((both_ways > 0).sum(axis=1), wanted["deg_und"])


@pytest.mark.parametrize("weights", ["", "_weighted"])
def test_the_published_small_graphs(weights: str) -> None:
    text = oracle("brokerage", "burt_borgatti1997.json").read_text(encoding="utf-8")
    case: dict[str, Any] = json.loads(text)
    one, other = zip(*case["undirected_edges"], strict=True)
    weight = case["weights"] if weights else 1.0
    letters = ties([LETTERS.index(x) for x in one], [LETTERS.index(x) for x in other], 7, weight)
    places = {letter: at for at, letter in enumerate(LETTERS)}
    _agree(letters, case, f"constraint{weights}", f"effective_size{weights}", places)
    weight = case["directed_weights"] if weights else 1.0
    digits = ties(*zip(*case["directed_edges"], strict=True), 3, weight)
    size = "effective_size_directed" if not weights else ""
    _agree(digits, case, f"constraint_directed{weights}", size, {str(at): at for at in range(3)})


def _agree(
    tied: sparse.csr_array, case: dict[str, Any], first: str, second: str, places: dict[str, int]
) -> None:
    for name, found in ((first, constraint(tied)), (second, effective_size(tied))):
        for node, wanted in case.get(name, {}).items():
            # Some are printed with two decimals.
            assert found[places[node]] == pytest.approx(wanted, abs=6e-3), (name, node)
