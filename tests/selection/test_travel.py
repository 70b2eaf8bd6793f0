"""Reach by road answers as that by straight line does, and sites are those of the plain greedy."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS
from scipy import sparse

from clustermap.network.actor_links import Membership
from clustermap.network.roads import join_roads
from clustermap.selection.intermediaries import choose_sites
from clustermap.selection.reach import RoadReach
from clustermap.selection.travel import (
    Travel,
    find_road_sites,
    find_sites_by_kind,
    tabulate_firms,
    tabulate_travel,
)
from clustermap.tables import NEXT_SITES_BY_KIND, TRAVEL, TRAVEL_FIRMS
from tests.selection.worlds import write_register

DEGREES = CRS.from_user_input("EPSG:4326")
SIZE = 9
STEP = 0.03
"""Degrees between nodes: nobody comes to the road at a node but its own."""

edges = st.lists(
    st.tuples(st.integers(0, SIZE - 1), st.integers(0, SIZE - 1), st.integers(1, 30)), max_size=40
)
actors = st.lists(st.integers(0, SIZE - 1), min_size=1, max_size=12)


def reach_by(rows: list[tuple[int, int, int]], minutes: float = 30) -> RoadReach:
    source, target, wanted = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    lon = np.arange(SIZE) * STEP
    # One slow street joins all, so that no node is a remnant.
    along = np.arange(SIZE - 1)
    source, target = (
        np.concatenate([source, along, along + 1]),
        np.concatenate([target, along + 1, along]),
    )
    seconds = np.append(60.0 * wanted, np.full(2 * len(along), 3_600.0))
    return RoadReach(join_roads(lon, 0 * lon, source, target, seconds), DEGREES, minutes)


def travel_of(reach: RoadReach, firms: list[int], bodies: list[int]) -> Travel:
    types = ["firm"] * len(firms) + ["support"] * len(bodies)
    cells = [at % 3 for at in range(len(types))]
    register = write_register(types, cells, [STEP * at for at in [*firms, *bodies]])
    members = Membership(register.cells, np.arange(2), np.arange(2), 2)
    names = np.array(register.ids.to_pylist(), dtype=object)
    sites = pd.DataFrame(
        {"x": np.arange(SIZE)[::-1] * STEP, "y": 0.0}, index=[f"S{n}" for n in range(SIZE)]
    )
    return Travel(register, members, names, sites, reach)


@settings(max_examples=30)
@given(edges, actors, actors)
def test_all_answers_agree(
    rows: list[tuple[int, int, int]], here: list[int], there: list[int]
) -> None:
    reach = reach_by(rows)
    places, points = ((STEP * np.array(at), np.zeros(len(at))) for at in (here, there))
    pairs = [(a, b) for a in range(len(here)) for b in range(len(there))]
    first, second = np.array(pairs).T
    held = reach.holds(
        (places[0][first], places[1][first]), (points[0][second], points[1][second])
    ).reshape(len(here), len(there))
    number = np.arange(1, len(there) + 1)
    assert reach.count(places, points, number).tolist() == (held @ number).tolist()
    assert reach.serve(places, points).tolist() == held.any(axis=0).tolist()
    assert held[np.array(here)[:, None] == np.array(there)].all()


@settings(max_examples=10)
@given(edges, actors, st.lists(st.integers(0, SIZE - 1), max_size=3))
def test_sites_are_those_of_the_plain_greedy(
    rows: list[tuple[int, int, int]], firms: list[int], bodies: list[int]
) -> None:
    reach = reach_by(rows)
    travel = travel_of(reach, firms, bodies)
    where = travel.clusters["x"].to_numpy(), np.zeros(SIZE)
    own, nothing = STEP * np.array(firms), np.zeros(len(firms))
    covers = np.array([
        reach.holds((np.full(len(firms), x), nothing), (own, nothing)) for x in where[0]
    ])  # fmt: skip
    served = reach.serve((STEP * np.array(bodies), np.zeros(len(bodies))), (own, nothing))
    left = (~served).astype(np.int64)
    wanted = choose_sites(sparse.csr_array(covers.astype(np.int64)), left, 5)
    found = find_road_sites(travel)
    assert found["cluster"].tolist() == [f"S{site}" for site in wanted]
    assert found["firms_covered"].tolist() == (served.sum() + found["added"].cumsum()).tolist()
    assert (found["firms_in_all"] == len(firms)).all()
    by_kind = find_sites_by_kind(travel)
    if bodies and wanted:
        gains = np.sort(covers @ left)[::-1]
        (row,) = by_kind.to_dict("records")
        assert (row["cluster"], row["added"]) == (found["cluster"][0], found["added"][0])
        assert (row["second_added"], row["ties"]) == (gains[1], (gains == gains[0]).sum() - 1)
    else:
        assert by_kind.empty


def test_nobody_drives_where_there_is_no_road() -> None:
    none = np.zeros(0)
    roads = join_roads(none, none, *(none.astype(np.int64),) * 2, none)
    travel = travel_of(RoadReach(roads, DEGREES), [0, 1], [2])
    assert travel.kinds == ()
    for table, declared in (
        (tabulate_travel(travel), TRAVEL),
        (find_sites_by_kind(travel), NEXT_SITES_BY_KIND),
    ):
        assert list(table) == [column.name for column in declared.columns]
        assert table.empty
    firms = tabulate_firms(travel)
    assert list(firms) == [column.name for column in TRAVEL_FIRMS.columns]
    assert firms.drop(columns="firm").isna().all(axis=None)
    assert find_road_sites(travel).empty
