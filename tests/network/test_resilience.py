r"""What is left when the strongest goes: drawn networks by hand, and the draws of typical ones."""

from __future__ import annotations

from itertools import pairwise

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clustermap.network.actor_links import Membership
from clustermap.network.empirical_bayes import TOO_FEW_LINKED, TOO_FEW_LINKS
from clustermap.network.resilience import (
    NO_NETWORK,
    Resilience,
    Teams,
    assortativity,
    count_entities,
    draw_teams,
    fit_concentration,
    hierarchy_slope,
    join_groups,
    list_teams,
    resilience,
    retained,
)
from tests.network.links import Drawing, draw, relabel

links_of = st.lists(
    st.tuples(st.integers(0, 7), st.integers(0, 7), st.integers(-1, 2)), min_size=1, max_size=20
)
CELLS = [0, 0, 0, 0, 1, 1, 1, 9]


def look(drawing: Drawing, group: list[int] | None = None) -> Resilience:
    none = [-1] * len(drawing.members.cell)
    return resilience(drawing.ends, drawing.members, np.array(group or none, dtype=np.int32))


def test_two_triangles_and_a_bridge_by_hand() -> None:
    #  0 - 1       4 - 5      2 is in 3 units: of 7 ties 4 are left; of the 5 others, the largest
    #   \ / \     / \ /       part holds 3 (0 and 1 stand alone with each other, 3 4 5 together)
    #    2 --+-- 3 -+         3 is in 3 as well: the same
    rows = [(0, 1), (0, 2), (1, 2), (2, 3), (3, 4), (3, 5), (4, 5)]
    found = look(draw(rows, [0] * 6, 1))
    assert found.ties[0] == pytest.approx(4 / 7)
    assert found.part[0] == pytest.approx(3 / 5)


def test_equally_strong_members_are_averaged() -> None:
    #  0 - 1 - 2 - 3 - 4      1, 2 and 3 have two units each: 3, 2 and 3 of 4 stay together
    found = look(draw(list(pairwise(range(5))), [0] * 5, 1))
    assert found.ties[0] == 0.5
    assert found.part[0] == pytest.approx((3 / 4 + 2 / 4 + 3 / 4) / 3)


def test_a_project_is_held_together_by_one_tie_less_than_members() -> None:
    #  project 1: 0 1 2 3 (3 ties); project 2: 0 4 (1 tie); 0 leaves: 2 of 4 ties, 3 of 4 members
    rows = [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3), (0, 4)]
    found = look(draw(rows, [0] * 5, 1, unit=[1] * 6 + [2]))
    assert (found.ties[0], found.part[0]) == (0.5, 0.75)


def test_a_group_leaves_as_one() -> None:
    #  0 - 1 - 2 - 3, 1 - 4; 0 and 2 are of one group: together in 3 units, like 1
    rows = [(0, 1), (1, 2), (2, 3), (1, 4)]
    apart, together = look(draw(rows, [0] * 5, 1)), look(draw(rows, [0] * 5, 1), [7, -1, 7, -1, -1])
    assert apart.ties[0] == pytest.approx(1 / 4)  # 1 leaves
    assert together.ties[0] == pytest.approx(1 / 4)  # 1 leaves, or the group: of 3 others ...
    assert together.part[0] == pytest.approx((2 / 3 + 2 / 3) / 2)  # ... group and 3, or 1 and 4


def test_links_inside_a_group_hold_nothing() -> None:
    found = look(draw([(0, 1), (2, 3)], [0] * 4, 1), [5, 5, -1, -1])
    assert found.ties[0] == 0
    only = look(draw([(0, 1)], [0, 0], 1), [5, 5])
    assert np.isnan(only.ties[0])


@given(
    st.lists(st.sets(st.integers(0, 7), min_size=2, max_size=4), min_size=1, max_size=8),
    st.lists(st.tuples(st.permutations(range(8)), st.integers(0, 7)), min_size=1, max_size=4),
)
def test_what_is_left_is_that_of_the_graph(
    units: list[set[int]], draws: list[tuple[list[int], int]]
) -> None:
    units = sorted(units, key=len)
    sizes = np.array([len(unit) for unit in units])
    # Every draw has the same units with other members, and a leaver of its own.
    who = np.array([[names[at] for unit in units for at in sorted(unit)] for names, _ in draws])
    ties, part = retained(who, sizes, 8, np.array([leaver for _, leaver in draws]))
    for at, (names, leaver) in enumerate(draws):
        met = [{names[member] for member in unit} for unit in units]
        largest = []
        for gone in (set(), {leaver}):
            graph = nx.Graph()
            graph.add_nodes_from(range(8))
            for team in met:
                nx.add_path(graph, team - gone)
            largest.append(max(len(each) for each in nx.connected_components(graph)))
        held = sum(leaver in team for team in met)
        assert ties[at] == pytest.approx(1 - held / (sizes - 1).sum())
        assert part[at] == min(1.0, largest[1] / max(largest[0] - 1, 1))


def test_group_numbers_never_meet_actor_numbers() -> None:
    assert join_groups(np.array([0, -1, 0, 1], dtype=np.int32)).tolist() == [4, 1, 4, 5]


def test_members_of_a_group_are_counted_once_in_every_cluster() -> None:
    # Cluster 0 holds cells 0 and 1, cluster 1 cell 1 alone; the last two are held by nobody.
    group = np.array([7, 7, -1, 7, 3, -1, 7, -1], dtype=np.int32)
    members = Membership(
        np.array([0, 0, 0, 1, 1, 1, 2, -1]), np.array([0, 1, 1]), np.array([0, 0, 1]), 2
    )
    assert count_entities(members, join_groups(group)).tolist() == [4, 3]
    alone = join_groups(np.full(8, -1, dtype=np.int32))
    assert count_entities(members, alone).tolist() == members.count_members().tolist() == [6, 3]
    assert join_groups(group, np.array([6, 2, 4])).tolist() == [15, 2, 11]


def test_draws_keep_what_they_promise() -> None:
    team = Teams(0, 6, np.array([2, 2, 2, 3, 5]), np.zeros(14, dtype=int))
    who = draw_teams(team, 0.5, 200, np.random.default_rng(1))
    assert who.shape == (200, 14)
    assert (who.min(), who.max()) == (0, 5)
    for start, stop in ((0, 2), (2, 4), (4, 6), (6, 9), (9, 14)):
        ranked = np.sort(who[:, start:stop], axis=1)
        assert (np.diff(ranked, axis=1) > 0).all()


@pytest.mark.parametrize("concentration", [0.3, 2.0])
def test_the_concentration_is_found_again(concentration: float) -> None:
    rng = np.random.default_rng(4)
    teams = []
    for at in range(200):
        chances = rng.dirichlet(np.full(40, concentration))
        who = rng.choice(40, size=120, p=chances)
        teams.append(Teams(at, 40, np.full(60, 2), who))
    assert fit_concentration(teams) == pytest.approx(concentration, rel=0.08)
    assert fit_concentration(teams[::-1]) == fit_concentration(teams)


def test_hierarchy_and_assortativity_by_hand() -> None:
    assert hierarchy_slope(np.array([5, 5, 5, 5])) == 0
    assert np.isnan(hierarchy_slope(np.array([3, 1])))
    #  cluster 0: a star, 3 against 1 at every tie: -1; cluster 1: a ring, all alike: not defined
    #  cluster 2: a path of four, ends 1 2 2 1: the ties 1-2, 2-2, 2-1 give -1/2
    rows = [(0, 1), (0, 2), (0, 3), (4, 5), (5, 6), (6, 4), *pairwise(range(7, 11))]
    drawing = draw([*rows, (1, 0), (0, 11)], [0] * 4 + [1] * 3 + [2] * 4 + [9], 3)
    found = assortativity(drawing.ends, 3, np.arange(12))
    assert found[[0, 2]].tolist() == [-1, -0.5]
    assert np.isnan(found[1])


def test_reasons() -> None:
    #  cluster 0: a pair; cluster 1: a ring of 3; cluster 2: nothing
    found = look(draw([(0, 1), (2, 3), (3, 4), (4, 2)], [0, 0, 1, 1, 1, 2], 3)).posterior
    assert found.reason.tolist()[0] == f"{TOO_FEW_LINKED}_inside"
    assert found.reason.tolist()[1] in {f"{TOO_FEW_LINKS}_inside", NO_NETWORK}
    assert found.reason.tolist()[2] == f"{TOO_FEW_LINKED}_inside"
    assert not found.decided.any()
    empty = look(draw([], [0, 1], 2))
    assert np.isnan(empty.posterior.quantiles).all()


@given(links_of, st.integers(0, 99))
@settings(deadline=None, max_examples=30)
def test_other_numbers_and_another_order_change_nothing(
    rows: list[tuple[int, int, int]], seed: int
) -> None:
    a, b, unit = zip(*rows, strict=True)
    drawing = draw(list(zip(a, b, strict=True)), CELLS, 2, list(unit))
    before, after = look(drawing), look(relabel(drawing, seed)[0])
    for part in ("ties", "expected", "hierarchy", "assortativity"):
        np.testing.assert_array_equal(getattr(after, part), getattr(before, part))
    np.testing.assert_allclose(after.part, before.part, rtol=1e-12)
    np.testing.assert_allclose(
        after.posterior.quantiles, before.posterior.quantiles, rtol=0, atol=1e-9
    )


def test_units_of_a_cluster_are_listed_smallest_first() -> None:
    drawing = draw([(0, 1), (1, 2), (0, 2), (3, 1)], [0] * 4, 1, unit=[0, 0, 0, -1])
    (team,) = list_teams(drawing.ends, drawing.members, np.arange(4))
    assert (team.members, team.sizes.tolist()) == (4, [2, 3])
    assert [sorted(part) for part in np.split(team.who, [2])] == [[1, 3], [0, 1, 2]]
