"""Independent units: squares of credits by hand; what shares a project weighs as one."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clustermap.network.linkages import EDGES
from clustermap.network.units import (
    ALL_KINDS,
    build_reach,
    count_squares,
    merge_squares,
    scale_squares,
)
from clustermap.tables import KINDS, SHARE_UNIT
from tests.network.test_flows import CELLS, REGISTER, SPACE
from tests.network.worlds import World, draw

if TYPE_CHECKING:
    from clustermap.network.units import Reach

Told = dict[tuple[str, str], list[tuple[float, float]]]
RADII = (0.0, 10_000.0, 30_000.0)
NONE = np.zeros(0, np.int32)


def tell(squares: pa.Table, world: World, levels: int = 3) -> Told:
    """Return (credit, squares) of every reach by cluster and kind."""
    found: Told = {}
    for row in squares.to_pylist():
        kind = "all" if row["kind"] == ALL_KINDS else KINDS[row["kind"]]
        key = world.cells.names[row["cluster"]], kind
        reaches = found.setdefault(key, [(0.0, 0.0)] * (levels + 1))
        reaches[row["reach"]] = row["credit"] / SHARE_UNIT, row["squares"] / 1e6
    return found


def count(world: World, edges: pa.Table, reach: Reach) -> pa.Table:
    return count_squares(edges, world.register, world.cells, world.space, reach)


def test_pairs_are_units_of_their_own() -> None:
    world = draw()
    reach = build_reach(RADII, world.space, NONE)
    #       fence    10 km    30 km    beyond
    assert tell(count(world, world.pairs, reach), world) == {
        ("A", "firm_firm"): [(2, 2), (3, 3), (3, 3), (0, 0)],
        ("A", "support"): [(0, 0), (0, 0), (0, 0), (1, 1)],  # nobody knows where s1 is
        ("A", "transfer"): [(0, 0), (1, 1), (1, 1), (0, 0)],
        ("A", "all"): [(2, 2), (4, 4), (4, 4), (1, 1)],  # u1-p1 leads abroad
        ("B", "firm_firm"): [(0, 0), (1, 1), (1, 1), (0, 0)],
        ("B", "support"): [(0, 0), (0, 0), (0, 0), (1, 1)],
        ("B", "transfer"): [(0, 0), (1, 1), (1, 1), (0, 0)],
        ("B", "all"): [(0, 0), (2, 2), (2, 2), (1, 1)],
        ("C", "firm_firm"): [(0, 0), (0, 0), (0, 0), (1, 1)],  # 38 km
        ("C", "all"): [(0, 0), (0, 0), (0, 0), (1, 1)],
    }


def test_links_of_one_project_are_one_unit() -> None:
    world = draw()
    reach = build_reach(RADII, world.space, NONE)
    #       f1-u1 inside, f1-f3 and u1-f3 within 10 km: half a credit each
    assert tell(count(world, world.project, reach), world) == {
        ("A", "firm_firm"): [(0, 0), (0.5, 0.25), (0.5, 0.25), (0, 0)],
        ("A", "research"): [(0.5, 0.25), (1, 1), (1, 1), (0, 0)],
        ("A", "all"): [(0.5, 0.25), (1.5, 2.25), (1.5, 2.25), (0, 0)],
        ("B", "firm_firm"): [(0, 0), (0.5, 0.25), (0.5, 0.25), (0, 0)],
        ("B", "research"): [(0, 0), (0.5, 0.25), (0.5, 0.25), (0, 0)],
        ("B", "all"): [(0, 0), (1, 1), (1, 1), (0, 0)],
    }


def test_the_fence_alone() -> None:
    world = draw()
    found = tell(count(world, world.pairs, build_reach((0.0,), world.space, NONE)), world, 1)
    assert found["A", "firm_firm"] == [(2, 2), (1, 1)]


def test_what_is_local_may_end_at_the_region() -> None:
    world = draw()
    #                   A  B  C  US  outside:1_1
    regions = np.array([0, 1, 0, -1, 0], np.int32)
    reach = build_reach((), world.space, regions)
    found = tell(count(world, world.pairs, reach), world, 2)
    assert found["A", "all"] == [(2, 2), (2, 2), (3, 3)]  # f3 and s1 are of another region
    assert found["C", "all"] == [(0, 0), (1, 1), (0, 0)]  # f5 is of the same
    nobody = build_reach((), world.space, np.full(5, -1, np.int32))
    assert tell(count(world, world.pairs, nobody), world, 2)["C", "all"] == [(0, 0), (0, 0), (1, 1)]


def test_a_zone_holds_links_between_its_pieces() -> None:
    world = draw(joint=True)  # u1 stands in A ∩ B
    reach = build_reach(RADII, world.space, NONE)
    found = tell(count(world, world.project, reach), world)
    # f1-u1 is inside A and within 10 km of B; u1-f3 the other way round; both of one project.
    for cluster in ("A", "B"):
        assert found[cluster, "research"] == [(0.5, 0.25), (1, 1), (1, 1), (0, 0)]


def test_stated_units_weigh_what_comes_from_few_projects() -> None:
    world = draw()
    squares = count(world, world.pairs, build_reach(RADII, world.space, NONE))
    scaled = scale_squares(squares, links=7, independent_units=2)
    assert scaled["credit"].equals(squares["credit"])
    assert tell(scaled, world)["A", "firm_firm"][0] == (2, pytest.approx(2 * 7 / 2))
    for units in (None, 7, 100):
        assert scale_squares(squares, links=7, independent_units=units).equals(squares)


edges = st.lists(
    st.tuples(
        st.integers(0, 7),
        st.integers(0, 7),
        st.integers(0, len(KINDS) - 1),
        st.booleans(),
        st.just(0),
        st.integers(-1, 3),
        st.integers(1, SHARE_UNIT),
    ).filter(lambda edge: edge[0] != edge[1]),
    max_size=30,
)


def table(rows: list[tuple[Any, ...]]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [()] * len(EDGES)
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, EDGES, strict=True)], EDGES)


@given(edges, st.lists(st.integers(0, 3), max_size=2), st.randoms(use_true_random=False))
def test_chunks_that_keep_projects_whole_change_nothing(
    rows: list[tuple[Any, ...]], cuts: list[int], chance: Any
) -> None:
    reach = build_reach(RADII, SPACE, NONE)

    def squares(some: list[tuple[Any, ...]]) -> pa.Table:
        return count_squares(table(some), REGISTER, CELLS, SPACE, reach)

    whole = squares(rows)
    mixed = list(rows)
    chance.shuffle(mixed)
    bounds = [-1, *sorted(cuts), 4]
    parts = [squares([r for r in mixed if a <= r[5] < b]) for a, b in pairwise(bounds)]
    assert merge_squares(parts).combine_chunks().equals(whole.combine_chunks())
    assert merge_squares(parts[::-1]).schema == whole.schema


@given(edges)
def test_squares_of_shares_below_one_are_at_most_those_of_one_unit(
    rows: list[tuple[Any, ...]],
) -> None:
    reach = build_reach(RADII, SPACE, NONE)
    found = count_squares(table(rows), REGISTER, CELLS, SPACE, reach).to_pandas()
    # Rounded to thousandths of a link, at most one rounding a unit.
    most = (found["credit"] / 1e6 + 5) ** 2
    assert (found["squares"] <= most).all()
    local = found[found["reach"] < reach.levels].groupby(["cluster", "kind"])["credit"]
    assert local.apply(lambda credit: credit.is_monotonic_increasing).all()
