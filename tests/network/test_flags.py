r"""Warnings, on one drawn cluster whose links can be counted.

cluster 0: 0 1 2 3 (0, 1 of group 5; 2, 3 of group 6)     cluster 1: 4 5     abroad: 6 7 8

0 - 1, 0 - 1 again, 2 - 3, 1 - 2      inside cluster 0: 3 of 4 inside groups, 2 inside group 5
0 - 4                                 out of it
1 - 6, 2 - 6, 3 - 7, 3 - 8            abroad; 7 and 8 are of group 9
5 - 6, 4 - 6                          of cluster 1, abroad, two links only
"""

from __future__ import annotations

import numpy as np

from clustermap.network.flags import foreign_flag, group_flag, headquarters_flag
from tests.network.links import draw, relabel

ROWS = [(0, 1), (1, 0), (2, 3), (1, 2), (0, 4), (1, 6), (2, 6), (3, 7), (3, 8), (5, 6), (4, 6)]
CELLS = [0, 0, 0, 0, 1, 1, 9, 9, 9]
GROUP = np.array([5, 5, 6, 6, -1, -1, -1, 9, 9], dtype=np.int32)
ABROAD = np.array([False] * 6 + [True] * 3)
WORLD = draw(ROWS, CELLS, 2)


def test_links_of_head_offices() -> None:
    # Cluster 0: of 9 links the head office 1 has 4; with 3 left out too, 7.
    one = np.zeros(9, dtype=bool)
    one[1] = True
    found = headquarters_flag(WORLD.ends, one, 2)
    assert found.links.tolist() == [9, 3]
    assert found.share.tolist() == [4 / 9, 0]
    assert found.flagged.tolist() == [False, False]
    one[3] = True
    more = headquarters_flag(WORLD.ends, one, 2)
    assert (more.share[0], more.flagged[0]) == (7 / 9, True)


def test_a_head_office_at_the_other_end_counts_too() -> None:
    partner = np.zeros(9, dtype=bool)
    partner[6] = True
    found = headquarters_flag(WORLD.ends, partner, 2)
    assert found.share.tolist() == [2 / 9, 2 / 3]
    assert found.flagged.tolist() == [False, True]


def test_links_inside_groups() -> None:
    any_group, one_group = group_flag(WORLD.ends, GROUP, 2)
    assert any_group.links.tolist() == [4, 0]
    assert (any_group.share[0], any_group.flagged[0]) == (0.75, True)
    assert (one_group.share[0], one_group.flagged[0]) == (0.5, False)  # a half is not above it
    assert np.isnan(any_group.share[1])
    assert not any_group.flagged[1]


def test_links_abroad_that_hang_on_one_partner() -> None:
    found = foreign_flag(WORLD.ends, ABROAD, GROUP, 2)
    assert found.links.tolist() == [4, 2]
    assert found.share.tolist() == [0.5, 1]  # 6 has two, and so has the group of 7 and 8
    assert found.flagged.tolist() == [False, False]  # two links are too few to warn of
    apart = foreign_flag(WORLD.ends, ABROAD, np.full(9, -1, dtype=np.int32), 2)
    assert apart.share.tolist() == [0.5, 1]
    joined = np.array([-1] * 6 + [3] * 3, dtype=np.int32)
    assert foreign_flag(WORLD.ends, ABROAD, joined, 2).flagged.tolist() == [True, False]


def test_other_numbers_and_another_order_change_nothing() -> None:
    for seed in range(5):
        moved, number = relabel(WORLD, seed)
        group = np.empty_like(GROUP)
        group[number] = GROUP
        for before, after in zip(
            group_flag(WORLD.ends, GROUP, 2), group_flag(moved.ends, group, 2), strict=True
        ):
            np.testing.assert_array_equal(after.share, before.share)
        before = foreign_flag(WORLD.ends, ABROAD, GROUP, 2)
        np.testing.assert_array_equal(
            foreign_flag(moved.ends, ABROAD, group, 2).share, before.share
        )


def test_no_links_no_warning() -> None:
    ends = draw([], [0, 0], 1).ends
    none = np.full(2, -1, dtype=np.int32)
    flags = (
        headquarters_flag(ends, none > 0, 1),
        *group_flag(ends, none, 1),
        foreign_flag(ends, none > 0, none, 1),
    )
    assert not any(flag.flagged.any() for flag in flags)
    assert all(np.isnan(flag.share).all() for flag in flags)
