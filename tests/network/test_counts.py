"""Counts of clusters: internal and external links, actors, firms, units, all by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from clustermap.layers.industries import CodedIndustries
from clustermap.network.counts import Counts, Evidence, build_counts
from clustermap.network.flows import (
    count_presence,
    count_yearly,
    merge_presence,
    merge_yearly,
    name_flows,
)
from clustermap.network.linkages import EDGES
from clustermap.network.tallies import UNKNOWN_SIZE, count_tallies, merge_tallies
from clustermap.tables import ACTOR_TYPES, SHARE_UNIT
from tests.network.worlds import ACTORS, World, draw

HALF = SHARE_UNIT // 2
#                   f1    f2    u1  f3  s1  f4   f5   p1
EMPLOYEES = pa.array([30, None, None, 0, None, 300, 1000, None], pa.int64())
INDUSTRIES = CodedIndustries(
    groups=((), ("ai", "chips"), ("chips",)),
    group=np.array([1, 2, 0, 2, 0, 0, 1, 0], np.int16),
    sectors=("", "26", "28"),
    sector=np.array([1, 1, 0, 2, 0, 0, 1, 0], np.int16),
)


def tally(world: World) -> pa.Table:
    abroad = np.array([cell.startswith("abroad:") for _, cell in ACTORS.values()])
    here = np.flatnonzero(~abroad)
    coded = CodedIndustries(
        INDUSTRIES.groups, INDUSTRIES.group[here], INDUSTRIES.sectors, INDUSTRIES.sector[here]
    )
    cells, types = world.register.cells[here], world.register.types[here]
    return count_tallies(cells, types, EMPLOYEES.take(pa.array(here)), coded)


def count(world: World, units: int | None = None, *, linked: bool = True) -> Counts:
    presence = [
        count_presence(e, world.register, world.cells) for e in (world.pairs, world.project)
    ]
    flows = [count_yearly(e, world.register) for e in (world.pairs, world.project)]
    evidence = [Evidence(flows[0], None, units), Evidence(flows[1], presence[1].units, None)]
    return build_counts(
        ("A", "B", "C"),
        world.cells,
        world.register,
        tally(world),
        INDUSTRIES.sectors,
        INDUSTRIES.groups,
        evidence if linked else [],
        merge_presence(*presence).linked if linked else np.zeros(len(ACTORS), np.uint8),
    )


def links(counts: Counts) -> dict[tuple[str, str], tuple[Any, ...]]:
    """Return internal, external, abroad, linked, units by cluster and kind."""
    keys = counts.links.set_index(["cluster", "kind"])
    columns = ["internal", "external", "abroad", "linked", "units"]
    return {key: tuple(row) for key, row in zip(keys.index, keys[columns].to_numpy(), strict=True)}


def test_links_of_clusters_by_hand() -> None:
    counts = count(draw())
    assert links(counts) == {
        #                    internal external abroad linked units
        ("A", "firm_firm"): (2, 2, 0, 2, 4.0),  # 3 pairs + project J
        ("A", "research"): (1, 2, 1, 2, 2.0),  # u1-p1, and J: f1-u1, f3-u1
        ("A", "support"): (0, 1, 0, 1, 1.0),
        ("A", "transfer"): (0, 1, 0, 1, 1.0),
        ("B", "firm_firm"): (0, 2, 0, 1, 2.0),
        ("B", "research"): (0, 1, 0, 1, 1.0),
        ("B", "support"): (0, 1, 0, 1, 1.0),
        ("B", "transfer"): (0, 1, 0, 1, 1.0),
        ("C", "firm_firm"): (0, 1, 0, 1, 1.0),
        ("C", "research"): (0, 0, 0, 0, 0.0),
        ("C", "support"): (0, 0, 0, 0, 0.0),
        ("C", "transfer"): (0, 0, 0, 0, 0.0),
    }
    weights = counts.links.set_index(["cluster", "kind"])
    assert weights.loc[("A", "research"), "internal_weight"] == HALF
    assert weights.loc[("A", "research"), "external_weight"] == SHARE_UNIT + HALF
    assert weights.loc[("A", "firm_firm"), "external_weight"] == SHARE_UNIT + HALF
    assert counts.linked.set_index("cluster")["linked"].to_dict() == {"A": 3, "B": 2, "C": 1}
    assert counts.links["internal"].dtype == np.int64


def test_counts_are_those_of_the_flows() -> None:
    world = draw()
    counts = count(world)
    flows = merge_yearly([count_yearly(e, world.register) for e in (world.pairs, world.project)])
    named = name_flows(flows, world.cells)
    by_hand = counts.links.groupby("cluster")[["internal", "external"]].sum()
    for cluster in ("A", "B", "C"):
        source, target = named["source"] == cluster, named["target"] == cluster
        assert by_hand.loc[cluster, "internal"] == named["links"][source & target].sum()
        assert by_hand.loc[cluster, "external"] == named["links"][source ^ target].sum()
    # Without the two links that leave the clusters the world is closed: each external link has
    # two ends, so internal + external / 2 is every link.
    leaving = 2
    assert by_hand["internal"].sum() + (by_hand["external"].sum() - leaving) / 2 + leaving == 10


def test_stated_units_scale_pairs_and_leave_projects() -> None:
    # 7 pairs from 2 independent units: each pair is worth 2/7; J stays one project.
    scaled = links(count(draw(), units=2))
    assert scaled["A", "firm_firm"][-1] == pytest.approx(3 * 2 / 7 + 1)
    assert scaled["C", "firm_firm"][-1] == pytest.approx(2 / 7)
    assert scaled["A", "support"][-1] == pytest.approx(2 / 7)
    # More units than links: a link cannot be worth more than itself.
    assert links(count(draw(), units=1000)) == links(count(draw()))


def test_a_zone_holds_the_links_of_its_pieces() -> None:
    found = links(count(draw(joint=True)))
    # u1 stands in A and B: f1-u1 is internal to A and external to B, f3-u1 the other way round.
    assert found["A", "research"] == (1, 2, 1, 2, 2.0)
    assert found["B", "research"] == (1, 2, 1, 2, 2.0)
    assert found["A", "firm_firm"] == (2, 2, 0, 2, 4.0)


def test_actors_and_firms_of_clusters_and_of_the_nation() -> None:
    counts = count(draw())
    actors = counts.actors.set_index(["cluster", "type"])["actors"].to_dict()
    assert actors == {
        ("A", "firm"): 2,
        ("A", "university"): 1,
        ("B", "firm"): 1,
        ("B", "support"): 1,
        ("C", "firm"): 1,
    }
    columns = ["firms", "employees", "employed", "largest"]
    by_sector = counts.by_sector.set_index(["cluster", "sector"])[columns]
    assert by_sector.T.to_dict("list") == {
        ("A", "26"): [2, 30, 1, 30],
        ("B", "28"): [1, 0, 1, 0],  # nobody is a number, unknown is none
        ("C", ""): [1, 300, 1, 300],
    }
    by_industry = counts.by_industry.set_index(["cluster", "industry"])[columns]
    assert by_industry.T.to_dict("list") == {
        ("A", "ai"): [1, 30, 1, 30],
        ("A", "chips"): [2, 30, 1, 30],  # f1 counts fully in both
        ("B", "chips"): [1, 0, 1, 0],
    }
    nation = counts.nation_by_industry.set_index("industry")[columns]
    assert nation.T.to_dict("list") == {"ai": [2, 1030, 2, 1000], "chips": [4, 1030, 3, 1000]}
    assert counts.nation_by_sector["firms"].sum() == 5


def test_sizes_of_firms_by_hand() -> None:
    counts = count(draw())
    columns = ["employees_squared", "small", "small_employees"]
    by_sector = counts.by_sector.set_index(["cluster", "sector"])[columns]
    # f1 has 30 employees, f2's are unknown, f3 has none, f4 300.
    assert by_sector.T.to_dict("list") == {
        ("A", "26"): [900, 1, 30],
        ("B", "28"): [0, 1, 0],
        ("C", ""): [90000, 0, 0],
    }
    nation = counts.nation_by_industry.set_index("industry")[columns]
    assert nation.T.to_dict("list") == {"ai": [1000900, 1, 30], "chips": [1000900, 2, 30]}
    assert set(counts.by_industry[columns].dtypes) == {np.dtype(np.int64)}


def test_squares_of_the_largest_firms_are_exact() -> None:
    most = 10**7
    firms = 90_000  # the sum is above what a float holds to the unit
    persons = pa.array([most] * firms + [most - 1])
    nowhere = np.zeros(firms + 1, np.int32), np.zeros(firms + 1, np.uint8)
    found = count_tallies(*nowhere, persons, None)
    assert found["employees_squared"].to_pylist() == [firms * most**2 + (most - 1) ** 2]


def test_a_zone_holds_the_actors_of_its_pieces() -> None:
    actors = count(draw(joint=True)).actors.set_index(["cluster", "type"])["actors"]
    assert actors[["A", "B"]].xs("university", level="type").to_dict() == {"A": 1, "B": 1}


def test_no_linkages_are_no_kinds() -> None:
    counts = count(draw(), linked=False)
    assert counts.links.empty
    assert list(counts.links.columns) == list(count(draw()).links.columns)
    assert counts.linked["linked"].to_list() == [0, 0, 0]


def test_linkages_whose_rows_all_fell_are_no_kinds_either() -> None:
    world = draw()
    none = EDGES.empty_table()
    counts = build_counts(
        ("A", "B", "C"),
        world.cells,
        world.register,
        tally(world),
        INDUSTRIES.sectors,
        INDUSTRIES.groups,
        [Evidence(count_yearly(none, world.register), None, 26)],
        count_presence(none, world.register, world.cells).linked,
    )
    assert counts.links.empty
    assert counts.network.number_of_edges() == 0


def test_tallies_by_hand() -> None:
    tallies = tally(draw()).to_pylist()
    large = {"cell": 2, "type": 0, "size_class": 3, "sector": 0, "group": 0}
    sums = {"actors": 1, "employees": 300, "employed": 1, "employees_squared": 90000}
    assert large | sums | {"largest": 300} in tallies
    classes = {row["size_class"] for row in tallies if ACTOR_TYPES[row["type"]] == "university"}
    assert classes == {UNKNOWN_SIZE}
    bounds = pa.array([0, 9, 10, 49, 50, 249, 250, None], pa.int64())
    nobody = np.zeros(8, np.int32), np.zeros(8, np.uint8)
    found = count_tallies(*nobody, bounds, None)
    assert found["size_class"].to_pylist() == [0, 1, 2, 3, UNKNOWN_SIZE]
    assert found["actors"].to_pylist() == [2, 2, 2, 1, 1]
    assert found["largest"].to_pylist() == [9, 49, 249, 250, 0]
    assert found["employees_squared"].to_pylist() == [81, 2501, 64501, 62500, 0]


def test_tallies_are_equal_in_any_chunks() -> None:
    chance = np.random.default_rng(1)
    size = 400
    cells = chance.integers(0, 5, size).astype(np.int32)
    types = chance.integers(0, 6, size).astype(np.uint8)
    persons = pa.array(chance.integers(0, 400, size), mask=chance.random(size) < 0.3)
    whole = count_tallies(cells, types, persons, None)
    for trial in range(20):
        order = chance.permutation(size)
        parts = np.split(order, np.sort(chance.integers(0, size, 1 + trial % 4)))
        counted = [
            count_tallies(cells[p], types[p], persons.take(pa.array(p)), None) for p in parts
        ]
        one = counted[0]
        for other in counted[1:]:
            one = merge_tallies([other, one])
        for merged in (one, merge_tallies(counted)):
            assert merged.combine_chunks().equals(whole.combine_chunks())
