"""Expected links by reach: by hand on a small map, and summed up just as observed ones are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from clustermap.layers.cells import Cells
from clustermap.network.expected import PairExpectation
from clustermap.network.flows import count_flows
from clustermap.network.reach import sum_by_reach
from clustermap.network.units import ALL_KINDS, build_reach, count_squares
from clustermap.tables import KINDS, SHARE_UNIT
from tests.network.plain import FIELDS, SPACE, A, B, C, hold
from tests.network.worlds import World, draw

if TYPE_CHECKING:
    import pyarrow as pa

    from clustermap.network.units import Reach

RADII = (0.0, 10_000.0, 30_000.0)
NONE = np.zeros(0, np.int32)


def expect() -> PairExpectation:
    """Return links: A-A 4, A-B 6 (half within 10 km), B-B 2, C-C 1, A-C 10, B-C 5, A-fields 7."""
    expected = PairExpectation(SPACE)
    told = {(A, A): 4, (A, B): 6, (B, B): 2, (C, C): 1, (A, C): 10, (B, C): 5, (A, FIELDS): 7}
    for (one, other), links in told.items():
        expected.links[one, other] = expected.links[other, one] = links
    expected.near[:] = [[4, 0, 0, 0], [3, 3, 0, 0], [2, 0, 0, 0], [0.75, 0.25, 0, 0]]
    return expected


# Two zones that share C: the first has A, the second has B.
ZONES = Cells(
    ("A", "B", "A ∩ B", "fields"), 2, np.array([0, 1, 2, 2], np.int32), np.array([0, 1, 0, 1])
)


def test_reaches_by_hand() -> None:
    sums = sum_by_reach(expect(), hold(4, 3), SPACE, build_reach(RADII, SPACE, NONE))
    #   fence  10 km  30 km  beyond; what is within a fence is there however far it is apart
    assert sums.links.tolist() == [[4, 7, 10, 17], [2, 5, 8, 5], [1, 1, 1, 15]]
    # A pair of cells whose actors lie in two levels is one pair; what is within the fence is none.
    assert sums.squares.tolist() == [[0, 9, 36, 100 + 49], [0, 9, 36, 25], [0, 0, 0, 100 + 25]]


def test_the_fence_alone() -> None:
    sums = sum_by_reach(expect(), hold(4, 3), SPACE, build_reach((0.0,), SPACE, NONE))
    assert sums.links.tolist() == [[4, 23], [2, 11], [1, 15]]
    assert sums.squares[A].tolist() == [0, 36 + 100 + 49]


def test_zones_hold_the_links_between_their_cells() -> None:
    sums = sum_by_reach(expect(), ZONES, SPACE, build_reach(RADII, SPACE, NONE))
    within = [4 + 10 + 1, 2 + 5 + 1]
    assert sums.links.tolist() == [
        [within[0], within[0] + 3, within[0] + 6, 5 + 7],
        [within[1], within[1] + 3, within[1] + 6, 10],
    ]
    assert sums.squares.tolist() == [[0, 9, 36, 25 + 49], [0, 9, 36, 100]]


def test_regions() -> None:
    reach = build_reach((), SPACE, np.array([0, 0, 1, -1], np.int32))
    sums = sum_by_reach(expect(), hold(4, 3), SPACE, reach)
    assert sums.links.tolist() == [[4, 10, 17], [2, 8, 5], [1, 1, 15]]
    unknown = build_reach((), SPACE, np.array([-1, -1, -1, -1], np.int32))
    sums = sum_by_reach(expect(), hold(4, 3), SPACE, unknown)
    assert sums.links.tolist() == [[4, 4, 23], [2, 2, 11], [1, 1, 15]]


def test_home_is_the_region_of_the_zone_also_for_its_pieces() -> None:
    # The piece that both share lies where B lies; the fields lie where A lies.
    reach = build_reach((), SPACE, np.array([0, 1, 1, 0], np.int32))
    sums = sum_by_reach(expect(), ZONES, SPACE, reach)
    assert sums.links.tolist() == [[15, 15 + 7, 6 + 5], [8, 8, 6 + 10]]


def test_many_clusters_are_summed_up_as_few_are() -> None:
    rng = np.random.default_rng(2)
    cells = 600  # more than are summed up at a time
    space = type(SPACE)(
        SPACE.edges_m,
        np.full((cells, cells), 2, dtype=np.uint8),
        np.column_stack([np.arange(cells)] * 2).astype(np.int32),
        np.tile([1.0, 0, 0, 0], (cells, 1)),
        SPACE.x,
        SPACE.y,
    )
    expected = PairExpectation(space)
    links = rng.random((cells, cells))
    expected.links[:] = links + links.T
    expected.near[:, 0] = np.diag(expected.links)
    sums = sum_by_reach(expected, hold(cells, 590), space, build_reach(RADII, space, NONE))
    inside = np.diag(expected.links)[:590]
    np.testing.assert_allclose(sums.links[:, :3], np.tile(inside[:, None], 3))
    np.testing.assert_allclose(sums.links[:, 3], expected.links[:590].sum(axis=1) - inside)


def expect_what_is_there(world: World, edges: pa.Table) -> PairExpectation:
    """Return observed links between cells that have members as if they were expected."""
    expected = PairExpectation(world.space)
    flows = count_flows(edges, world.register, world.space)
    for row in flows.to_pylist():
        one, other, links = row["source"], row["target"], row["credit"] / SHARE_UNIT
        scored = KINDS[row["kind"]] != "other"
        abroad = {world.cells.names[one], world.cells.names[other]} & {"abroad:US"}
        if not scored or abroad:
            continue
        expected.links[one, other] += links
        if one != other:
            expected.links[other, one] += links
        (near,) = world.space.find_near(np.array([one]), np.array([other]))
        if near >= 0:
            expected.near[near, row["band"]] += links
    return expected


def reaches(world: World) -> list[Reach]:
    regions = [int("B" not in name) for name in world.cells.names]
    return [
        build_reach(RADII, world.space, NONE),
        build_reach((0.0,), world.space, NONE),
        build_reach((), world.space, np.array(regions, np.int32)),
    ]


@pytest.mark.parametrize("joint", [False, True])
@pytest.mark.parametrize("which", [0, 1, 2], ids=["radii", "fence", "regions"])
@pytest.mark.parametrize("form", ["pairs", "project"])
def test_what_is_expected_is_summed_up_as_what_is_observed(
    form: str, which: int, *, joint: bool
) -> None:
    world = draw(joint=joint)
    edges, reach = getattr(world, form), reaches(world)[which]
    counted = count_squares(edges, world.register, world.cells, world.space, reach)
    observed = np.zeros((world.cells.clusters, reach.levels + 1))
    for row in counted.to_pylist():
        if row["kind"] == ALL_KINDS:
            observed[row["cluster"], row["reach"]] = row["credit"] / SHARE_UNIT
    assert observed.sum() > 0
    expected = expect_what_is_there(world, edges)
    sums = sum_by_reach(expected, world.cells, world.space, reach)
    np.testing.assert_allclose(sums.links, observed, atol=1e-12)
