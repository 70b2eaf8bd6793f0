"""Strata: type, size class and sector group; thin divisions share one; who takes part at all."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from clustermap.layers.industries import CodedIndustries
from clustermap.network.strata import (
    BRANCH,
    HEAD_OFFICE,
    KEPT_SECTORS,
    LEFT_OUT,
    NO_SECTOR,
    NOT_A_FIRM,
    OTHER_SECTORS,
    assign_strata,
    count_members,
    find_sites,
    group_sectors,
)
from clustermap.network.tallies import UNKNOWN_SIZE
from clustermap.tables import ACTOR_TYPES
from tests.network.worlds import draw

FIRM, UNIVERSITY = ACTOR_TYPES.index("firm"), ACTOR_TYPES.index("university")


def divisions(firms: list[int]) -> CodedIndustries:
    """Return firms of divisions "01", "02", ..., as many as listed; the first are without code."""
    names = ("", *(f"{number:02d}" for number in range(1, len(firms))))
    sector = np.repeat(np.arange(len(firms)), firms).astype(np.int16)
    return CodedIndustries(((),), np.zeros(len(sector), np.int16), names, sector)


def test_the_divisions_with_most_firms_keep_their_own_group() -> None:
    # 2 without a code; 21 divisions: "01" has 1 firm, "02" and "03" two each, all others three.
    firms = [2, 1, 2, 2, *[3] * 18]
    found = group_sectors(divisions(firms))
    groups = [int(found[start]) for start in np.cumsum([0, *firms])[:-1]]
    # Of the two with two firms the first code is kept.
    assert groups == [NO_SECTOR, OTHER_SECTORS, 0, OTHER_SECTORS, *range(1, KEPT_SECTORS)]


def test_few_divisions_are_all_kept() -> None:
    assert group_sectors(divisions([0, 1, 4])).tolist() == [0, 1, 1, 1, 1]
    assert group_sectors(divisions([2])).tolist() == [NO_SECTOR] * 2


def test_strata_by_hand() -> None:
    #        0          1     2     3           4 (abroad)
    types = np.array([UNIVERSITY, FIRM, FIRM, FIRM, FIRM], np.uint8)
    employees = pa.array([10, None, 12], pa.int64())
    industries = divisions([1, 2])  # the first of the layer's three firms has no code
    held = np.array([True, True, True, True, False])
    strata, stratum = assign_strata(types, employees, industries, np.array([1, 2, 3]), held)
    told = list(
        zip(strata.type.tolist(), strata.size_class.tolist(), strata.sector.tolist(), strict=True)
    )
    assert told == [
        (FIRM, 1, 0),
        (FIRM, 1, NO_SECTOR),
        (FIRM, UNKNOWN_SIZE, 0),
        (UNIVERSITY, UNKNOWN_SIZE, NOT_A_FIRM),
    ]
    assert stratum.tolist() == [3, 1, 2, 0, -1]


def test_sites_of_firms_with_several_are_strata_of_their_own() -> None:
    # A firm of four sites, one of two, one that is alone in its group, one without any, a clinic.
    types = np.array([FIRM] * 8 + [ACTOR_TYPES.index("hospital")], np.uint8)
    group = np.array([5, 5, 5, 5, 2, 2, 7, -1, 5], np.int32)
    site = np.array([1, 2, 2, 2, 2, 1, 1, 0, 1], np.uint8)
    sites = find_sites(types, group, site)
    head, branch = HEAD_OFFICE, BRANCH
    assert sites.kind.tolist() == [head, branch, branch, branch, branch, head, 0, 0, 0]
    # The clinic is of the group, too: five sites are in the class from four, two in the first.
    assert (sites.size_class[0], sites.size_class[5]) == (2, 0)
    employees = pa.array([10, 60, 10, 10, None, 10, 10, 10], pa.int64())
    everyone = np.ones(9, bool)
    strata, stratum = assign_strata(
        types, employees, divisions([0, 8]), np.arange(8), everyone, sites
    )
    told = [
        (int(strata.size_class[at]), int(strata.sector[at])) for at in stratum if at != LEFT_OUT
    ]
    assert told == [
        *[(2, head), (2, branch), (1, branch), (1, branch), (UNKNOWN_SIZE, branch), (0, head)],
        *[(1, 0), (1, 0), (UNKNOWN_SIZE, NOT_A_FIRM)],
    ]


def test_head_offices_that_most_firms_are_called_are_no_stratum() -> None:
    # A register that calls every single firm a head office tells nothing.
    types, group = np.zeros(4, np.uint8), np.full(4, -1, np.int32)
    assert find_sites(types, group, np.array([1, 1, 1, 2], np.uint8)).kind.tolist() == [
        *[0, 0, 0],
        BRANCH,
    ]
    found = find_sites(types, group, np.array([1, 1, 0, 0], np.uint8))
    assert found.kind.tolist() == [HEAD_OFFICE, HEAD_OFFICE, 0, 0]
    assert found.size_class.tolist() == [UNKNOWN_SIZE] * 4


def test_members_of_cells_leave_out_who_is_abroad() -> None:
    world = draw()
    members = count_members(
        world.register.cells, world.register.stratum, (len(world.cells.names), len(world.strata))
    )
    by_type = {
        name: dict(zip(world.strata.type.tolist(), row.tolist(), strict=True))
        for name, row in zip(world.cells.names, members, strict=True)
    }
    support = ACTOR_TYPES.index("support")
    assert by_type == {
        "A": {FIRM: 2, UNIVERSITY: 1, support: 0},
        "B": {FIRM: 1, UNIVERSITY: 0, support: 1},
        "C": {FIRM: 1, UNIVERSITY: 0, support: 0},
        "abroad:US": {FIRM: 0, UNIVERSITY: 0, support: 0},
        "outside:1_1": {FIRM: 1, UNIVERSITY: 0, support: 0},
    }
    assert members.dtype == np.int64
