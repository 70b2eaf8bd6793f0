"""Support bodies by hand, roles against the directed count, and the best next sites."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from clustermap.network.actor_links import Membership
from clustermap.selection import intermediaries
from clustermap.selection.distance import find_within, straight_line
from clustermap.selection.intermediaries import (
    choose_sites,
    cover_most,
    find_next_sites,
    find_unreached,
    score_intermediaries,
)
from clustermap.selection.reach import Reach, straight_reach
from clustermap.tables import INTERMEDIARIES, NEXT_SITES
from tests.selection.worlds import write_edges, write_register

if TYPE_CHECKING:
    import pytest

NEAR = straight_reach(None, 10_000.0)
# Firms a, b at 0 and 9 km in cluster 0; c, d at 20 and 21 km in cluster 1; e at 90 km in none; the
# support bodies f at 0 km (cluster 0) and g at 95 km (none).
TYPES = ["firm"] * 5 + ["support"] * 2
PLACES = [0.0, 9_000.0, 20_000.0, 21_000.0, 90_000.0, 0.0, 95_000.0]
CELLS = [0, 0, 1, 1, 2, 0, 2]
REGISTER = write_register(TYPES, CELLS, PLACES)
MEMBERS = Membership(REGISTER.cells, np.arange(2), np.arange(2), 2)
IDS = np.array(REGISTER.ids.to_pylist(), dtype=object)
# f knows all firms but e, and a knows b, so that no pair of f's is at its own place.
LINKS = [(0, 5), (1, 5), (2, 5), (3, 5), (0, 1)]


def test_a_scorecard_by_hand() -> None:
    found = score_intermediaries(REGISTER, MEMBERS, write_edges(LINKS), IDS, NEAR)
    assert list(found) == [column.name for column in INTERMEDIARIES.columns]
    card = found.set_index("institute")
    assert list(card.index) == ["f", "g"]
    # a and b lie within 10 km; c and d are linked but farther.
    assert card.loc["f", ["near_firms", "near_linked", "near_share"]].tolist() == [2, 2, 1.0]
    assert card.loc["f", ["partners", "joined"]].tolist() == [4, 2]
    # Pairs of a, b, c, d that are not linked: c-d (another place), and a, b with c, d.
    roles = ["coordinator", "itinerant", "gateway", "liaison"]
    assert card.loc["f", roles].tolist() == [0, 1, 4, 0]
    assert card.loc["g", ["near_firms", "near_linked", "partners", "joined"]].tolist() == [
        1,
        0,
        0,
        0,
    ]
    assert card.loc["g", "near_low"] == 0.0


def test_roles_by_hand_elsewhere() -> None:
    # Seen from g, outside: a and b at one other place, c at a third, e at its own.
    links = [(0, 6), (1, 6), (2, 6), (4, 6)]
    found = score_intermediaries(REGISTER, MEMBERS, write_edges(links), IDS, NEAR)
    roles = ["coordinator", "itinerant", "gateway", "liaison"]
    assert found.set_index("institute").loc["g", roles].tolist() == [0, 1, 3, 2]


@given(st.sets(st.tuples(st.integers(0, 6), st.integers(0, 6)).filter(lambda p: p[0] < p[1])))
def test_every_open_pair_of_partners_is_one_role(links: set[tuple[int, int]]) -> None:
    edges = write_edges(sorted(links))
    found = score_intermediaries(REGISTER, MEMBERS, edges, IDS, NEAR).set_index("institute")
    for body, at in (("f", 5), ("g", 6)):
        partners = sorted({b if a == at else a for a, b in links if at in (a, b)})
        open_ = sum(pair not in links for pair in combinations(partners, 2))
        roles = found.loc[body, ["coordinator", "itinerant", "gateway", "liaison"]]
        assert (found.loc[body, "partners"], roles.sum()) == (len(partners), open_)


def test_firms_out_of_reach_by_hand() -> None:
    found = find_unreached(REGISTER, NEAR)
    assert found["x"].tolist() == [0.0, 9_000.0, 20_000.0, 21_000.0, 90_000.0]
    assert found["reached"].tolist() == [True, True, False, False, True]
    assert found["firms"].sum() == 5
    nobody = write_register(["firm", "firm"], [0, 0], [100.0, 300.0])
    square = find_unreached(nobody, NEAR)
    assert square.to_numpy().tolist() == [[200.0, 0.0, 2, False]]


def test_next_sites_by_hand() -> None:
    sites = pd.DataFrame({"x": [0.0, 20_000.0, 95_000.0], "y": 0.0}, index=["A", "B", "C"])
    found = find_next_sites(find_unreached(REGISTER, NEAR), sites, NEAR)
    assert list(found) == [column.name for column in NEXT_SITES.columns]
    # Only c and d are reached by none; one site is enough for both.
    assert found.to_numpy().tolist() == [[1, "B", 2, 5, 5]]


def test_few_candidates_are_chosen_exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    # Squares of 5, 6, 6, 5 firms in a row; sites between them. Greedy takes the middle first.
    unreached = pd.DataFrame(
        {"x": [0.0, 2.0, 4.0, 6.0], "y": 0.0, "firms": [5, 6, 6, 5], "reached": False}
    )
    sites = pd.DataFrame({"x": [1.0, 3.0, 5.0], "y": 0.0}, index=["A", "B", "C"])
    reach = Reach(straight_line(None), 1.0)
    best = find_next_sites(unreached, sites, reach, number=2)
    assert best[["cluster", "added", "firms_covered"]].to_numpy().tolist() == [
        ["A", 11, 11],
        ["C", 11, 22],
    ]
    turned = find_next_sites(unreached.iloc[::-1], sites.iloc[::-1], reach, number=2)
    pd.testing.assert_frame_equal(turned, best)
    monkeypatch.setattr(intermediaries, "FEW_VARIABLES", 0)
    greedy = find_next_sites(unreached, sites, reach, number=2)
    assert greedy[["cluster", "added", "firms_covered"]].to_numpy().tolist() == [
        ["B", 12, 12],
        ["A", 5, 17],
    ]


@given(st.lists(st.lists(st.booleans(), min_size=5, max_size=5), min_size=1, max_size=5), st.data())
def test_the_exact_choice_is_that_of_enumeration(
    table: list[list[bool]], data: st.DataObject
) -> None:
    covers = sparse.csr_array(np.array(table, dtype=np.int64))
    firms = np.array(data.draw(st.lists(st.integers(0, 9), min_size=5, max_size=5)))
    number = data.draw(st.integers(1, len(table)))

    def reached(sites: list[int]) -> int:
        return int(firms[np.array(table)[sites].any(axis=0)].sum()) if sites else 0

    most = max(reached(list(sites)) for sites in combinations(range(len(table)), number))
    exact, greedy = cover_most(covers, firms, number), choose_sites(covers, firms, number)
    assert len(exact) <= number
    assert reached(exact) == most
    assert (1 - 1 / np.e) * most - 1e-9 <= reached(greedy) <= most


def test_points_within_a_distance_are_found_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    x, y, to_x, to_y = rng.uniform(0, 10, (4, 30))
    whole = find_within((x, y), (to_x, to_y), straight_line(None), 3.0)
    wanted = np.hypot(x[:, None] - to_x, y[:, None] - to_y) <= 3.0
    assert np.stack(whole[:2]).T.tolist() == np.argwhere(wanted).tolist()
    monkeypatch.setattr("clustermap.selection.distance._AT_ONCE", 40)
    for part, of_whole in zip(
        find_within((x, y), (to_x, to_y), straight_line(None), 3.0), whole, strict=True
    ):
        assert part.tolist() == of_whole.tolist()
    none = np.zeros(0)
    assert [
        len(part) for part in find_within((none, none), (to_x, to_y), straight_line(None), 3.0)
    ] == [0] * 3
    assert len(find_within((x, y), (none, none), straight_line(None), 3.0)[0]) == 0


def test_who_is_known_only_to_the_district_is_near_nobody() -> None:
    coarse = replace(REGISTER, precise=np.array([True, False, True, True, True, True, False]))
    found = score_intermediaries(coarse, MEMBERS, write_edges(LINKS), IDS, NEAR)
    card = found.set_index("institute")
    # b is not known to stand near f, and g is not known to stand anywhere.
    assert card.loc["f", ["near_firms", "near_linked"]].tolist() == [1, 1]
    assert card.loc["g", "near_firms"] == 0
    unreached = find_unreached(coarse, NEAR)
    assert unreached["firms"].sum() == 4
    assert unreached["reached"].sum() == 1


@given(st.integers(0, 2**32 - 1), st.integers(0, 6), st.integers(0, 40))
def test_pairs_on_a_plane_are_those_of_all(seed: int, here: int, there: int) -> None:
    rng = np.random.default_rng(seed)
    ends = [tuple(rng.integers(0, 8, (2, many)).astype(float)) for many in (here, there)]
    for x, _ in ends:
        x[: len(x) // 3] = np.nan
    every = find_within(ends[0], ends[1], straight_line(None), 5.0)
    found = find_within(ends[0], ends[1], straight_line(None), 5.0, 1.0)
    assert [part.tolist() for part in found] == [part.tolist() for part in every]


@given(st.integers(0, 2**32 - 1), st.integers(0, 6), st.integers(1, 40))
def test_on_a_plane_nothing_is_lost_by_not_looking_far(seed: int, bodies: int, firms: int) -> None:
    rng = np.random.default_rng(seed)
    here = tuple(rng.integers(0, 8, (2, bodies)).astype(float))
    there = tuple(rng.integers(0, 8, (2, firms)).astype(float))
    number = rng.integers(0, 5, (firms, 2))
    every, near = Reach(straight_line(None), 5.0), straight_reach(None, 5.0)  # 3, 4, 5: on the rim
    assert near.serve(here, there).tolist() == every.serve(here, there).tolist()
    assert near.count(here, there, number).tolist() == every.count(here, there, number).tolist()
