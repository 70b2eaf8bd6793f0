"""Segregation of networks against published values and another program."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clustermap.indicators import homophily
from clustermap.indicators.homophily import (
    assortativity,
    coleman_homophily,
    freeman_segregation,
    mix_links,
    mixing_index,
    spectral_segregation,
)
from tests.indicators.oracles import oracle

# Partnerships of men (rows) and women (columns): Newman 2003, who finds .621.
CATANIA = [[506, 32, 26, 69], [23, 308, 38, 114], [10, 14, 32, 47], [26, 46, 68, 599]]
# White's ten kinship roles, five of women and five of men (Freeman 1978).
ROLES = ["f"] * 5 + ["m"] * 5
TIES = [
    *[(0, 1), (0, 3), (0, 4), (0, 5), (0, 6), (0, 8), (0, 9), (1, 3), (1, 4), (1, 5), (1, 9)],
    *[(2, 4), (3, 5), (4, 5), (4, 6), (5, 6), (5, 8), (5, 9), (6, 8), (6, 9), (7, 8), (7, 9)],
]
CASES = {
    "White": ("WhiteKinship", "gender", False),
    "EF3": ("EF3", "race", False),
    "Classroom": ("Classroom", "gender", True),
}


def read(case: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return sources, targets, groups and the number of members of each group."""
    file, attribute, _ = CASES[case]
    nodes = pd.read_csv(oracle("homophily", f"{file}_nodes.csv"), dtype=str).set_index("name")
    edges = pd.read_csv(oracle("homophily", f"{file}_edges.csv"), dtype=str)
    ends = [nodes.index.get_indexer(pd.Index(edges[end])) for end in ("from", "to")]
    groups = nodes[attribute].to_numpy(dtype=str)
    return ends[0], ends[1], groups, np.unique(groups, return_counts=True)[1]


def published(name: str) -> list[float]:
    text = oracle("homophily", "netseg_results.csv").read_text(encoding="utf-8")
    values = dict(line.split(",") for line in text.split())
    return [float(value) for value in values[name].split(";")]


def test_the_kinship_roles_by_typed_numbers() -> None:
    source, target = np.array(TIES).T
    mixing = mix_links(source, target, ROLES, directed=False)
    assert mixing.tolist() == [[12, 9], [9, 14]]
    assert mixing_index(mixing) == pytest.approx(-2 / 11, abs=1e-12)
    assert assortativity(mixing) == pytest.approx(0.180124223602484, abs=1e-12)
    assert freeman_segregation(mixing, [5, 5]) == pytest.approx(0.2636363636, abs=1e-9)
    wanted = [0.3784935, 0.4923020, 1.0448612, 0.4793474, 0.6327077]
    wanted += [0.4053925, 0.5297216, 1.0159465, 0.7420267, 0.5936214]
    found = spectral_segregation(source, target, ROLES)
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-7)


def test_catania_by_typed_numbers() -> None:
    assert assortativity(CATANIA) == pytest.approx(0.621, abs=5e-4)
    both_ways = np.add(CATANIA, np.transpose(CATANIA))
    assert assortativity(both_ways) == pytest.approx(0.620611789145676, abs=1e-12)
    assert mixing_index(CATANIA) == pytest.approx(-0.475995914198161, abs=1e-12)


@pytest.mark.parametrize("case", CASES)
def test_published_networks(case: str) -> None:
    source, target, groups, sizes = read(case)
    mixing = mix_links(source, target, groups, directed=CASES[case][2])
    assert mixing_index(mixing) == pytest.approx(published(f"{case}_ei")[0], abs=1e-6)
    if case != "EF3":
        # The other program reads every network both ways.
        both_ways = mixing + mixing.T
        assert assortativity(both_ways) == pytest.approx(published(f"{case}_assort")[0], abs=1e-6)
    if case != "Classroom":
        wanted = published(f"{case}_freeman")[0]
        assert freeman_segregation(mixing, sizes) == pytest.approx(wanted, abs=1e-6)


def test_homophily_of_boys_and_girls() -> None:
    source, target, groups, sizes = read("Classroom")
    found = coleman_homophily(mix_links(source, target, groups, directed=True), sizes)
    np.testing.assert_allclose(found, published("Classroom_coleman"), rtol=0, atol=1e-6)


def test_a_published_mixing_matrix() -> None:
    mixing = pd.read_csv(oracle("homophily", "Catania_mixing.csv"), index_col=0).to_numpy()
    np.testing.assert_array_equal(mixing, CATANIA)
    assert assortativity(mixing + mixing.T) == pytest.approx(
        published("Catania_assort")[0], abs=1e-6
    )


@pytest.mark.parametrize("dense", [300, 2])
def test_spectral_segregation_of_every_person(monkeypatch: pytest.MonkeyPatch, dense: int) -> None:
    monkeypatch.setattr(homophily, "_DENSE", dense)
    source, target, groups, _ = read("EF3")
    found = spectral_segregation(source, target, groups)
    wanted = pd.read_csv(oracle("homophily", "EF3_ssi.csv"))["ssi"]
    assert len(found) == len(wanted) == 30
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-6)


def test_spectral_segregation_by_hand() -> None:
    # a-a-b-b and an actor without links: each of the inner ones spends half on the other group,
    # so that of two of a group the matrix is [[0, 1], [1/2, 0]], of eigenvalue sqrt(1/2), whose
    # vector (sqrt 2, 1) is shared out around that value.
    found = spectral_segregation([0, 1, 2], [1, 2, 3], ["a", "a", "b", "b", "b"])
    root = 2**0.5
    outer, inner = 2 / (1 + root), root / (1 + root)
    np.testing.assert_allclose(found, [outer, inner, inner, outer, np.nan], atol=1e-12)


def test_a_pair_linked_twice_weighs_twice_and_self_links_nothing() -> None:
    groups = ["a", "a", "b"]
    # Two thirds of actor 0 go to its own: eigenvalue sqrt(2/3) over the two.
    found = spectral_segregation([0, 1, 0, 2], [1, 0, 2, 2], groups)
    assert found[:2].mean() == pytest.approx((2 / 3) ** 0.5, abs=1e-12)
    assert found[2] == 0


def test_groups_that_could_not_do_otherwise_are_not_judged() -> None:
    nothing = mix_links([], [], ["a", "b"], directed=True)
    assert np.isnan(coleman_homophily(nothing, [1, 1])).all()
    for index in (mixing_index(nothing), assortativity(nothing)):
        assert np.isnan(index)
    assert np.isnan(freeman_segregation(nothing, [1, 1]))
    assert np.isnan(assortativity([[5]]))
    assert np.isnan(freeman_segregation([[5]], [4]))


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), min_size=1, max_size=30))
@settings(deadline=None)
def test_the_order_of_links_and_their_ends_change_nothing(links: list[tuple[int, int]]) -> None:
    groups = list("aabbbccc")
    source, target = np.array(links).T
    found = spectral_segregation(source, target, groups)
    turned = spectral_segregation(target[::-1], source[::-1], groups)
    np.testing.assert_allclose(found, turned, rtol=0, atol=1e-9)
    mixing = mix_links(source, target, groups, directed=True)
    assert mixing.sum() == len(links)
    freeman = freeman_segregation(mixing, [2, 3, 3])
    assert -1 <= freeman <= 1
