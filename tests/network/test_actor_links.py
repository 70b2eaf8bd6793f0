"""Links as clusters see them: both ends inside, one, or an actor that two clusters hold."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from clustermap.network.actor_links import ActorLinks, Ends, Membership, list_ends, list_ends_apart
from tests.network.links import draw, write_links


def rows_of(cell: list[int], held: list[tuple[int, int]]) -> set[tuple[int, int, int, bool]]:
    """Return (cluster, actor, partner, own) of the links 0 - 1 and 1 - 2."""
    cells, clusters = np.array(held).T
    members = Membership(np.array(cell), cells, clusters, 2)
    ends = list_ends(write_links([(0, 1), (1, 2)]), members)
    parts = (ends.cluster, ends.actor, ends.partner, ends.own)
    return set(zip(*(part.tolist() for part in parts), strict=True))


def test_a_link_has_an_end_in_each_cluster_that_it_touches() -> None:
    #  cluster 0: 0 - 1   outside: 2
    assert rows_of([0, 0, 5], [(0, 0), (1, 1)]) == {
        (0, 0, 1, True),
        (0, 1, 0, True),
        (0, 1, 2, False),
    }


def test_an_actor_of_two_clusters_is_at_home_in_both() -> None:
    #  cluster 0: 0 1   cluster 1: 1 2   (1 stands in a cell that both hold)
    found = rows_of([0, 7, 1], [(7, 1), (0, 0), (7, 0), (1, 1)])
    assert found == {
        (0, 0, 1, True),
        (0, 1, 0, True),
        (0, 1, 2, False),
        (1, 1, 0, False),
        (1, 1, 2, True),
        (1, 2, 1, True),
    }


def test_single_links_are_units_of_their_own() -> None:
    ends = draw([(0, 1), (0, 1), (0, 2), (1, 2)], [0, 0, 0], 1, unit=[-1, -1, 4, 4]).ends
    of_link = dict(zip(ends.link.tolist(), ends.unit.tolist(), strict=True))
    assert of_link[2] == of_link[3] == 4
    assert len(set(of_link.values())) == 3


def test_direction_is_told_from_each_end() -> None:
    ends = draw([(0, 1), (1, 1)], [0, 0], 1, directed=[True, True]).ends
    assert ends.actor.tolist() == [0, 1]  # the link of 1 with itself is left out
    assert ends.outward.tolist() == [True, False]
    assert ends.inward.tolist() == [False, True]


def test_members_are_counted_in_every_cluster_that_holds_them() -> None:
    members = Membership(np.array([0, 0, 7, 9]), np.array([0, 7, 7]), np.array([0, 0, 1]), 3)
    assert members.count_members().tolist() == [3, 1, 0]


def test_no_links_have_no_ends() -> None:
    assert len(draw([], [0, 0], 1).ends.actor) == 0


def test_members_are_listed_by_cluster() -> None:
    # The last is in no cell at all, the one before in one that nobody holds.
    members = Membership(np.array([7, 0, 0, 9, -1]), np.array([0, 7, 7]), np.array([0, 0, 1]), 3)
    start, actor = members.list_members()
    assert start.tolist() == [0, 3, 4, 4]
    assert actor.tolist() == [0, 1, 2, 0]
    assert members.holds(np.array([0, 1, 1, 2, 0]), np.array([0, 0, 1, 3, 4])).tolist() == [
        *(True, True, False, False, False)
    ]


def tell(ends: Ends) -> Counter[tuple[int, ...]]:
    """Return ends as rows, and units by cluster; single links are units with whatever numbers."""
    columns = (ends.cluster, ends.actor, ends.partner, ends.own, ends.outward, ends.inward)
    units = set(zip(ends.cluster.tolist(), ends.unit.tolist(), strict=True))
    found = Counter(zip(*(column.tolist() for column in columns), strict=True))
    return found + Counter((cluster,) for cluster, _ in units)


@given(
    st.lists(
        st.tuples(st.integers(0, 7), st.integers(0, 7), st.integers(-1, 2), st.booleans()),
        min_size=1,
        max_size=20,
    ),
    st.sets(st.tuples(st.integers(0, 4), st.integers(0, 3)), min_size=1),
    st.integers(1, 12),
)
def test_ends_of_some_clusters_after_the_other_are_all_ends(
    rows: list[tuple[int, int, int, bool]], held: set[tuple[int, int]], at_once: int
) -> None:
    a, b, unit, use = (np.array(column) for column in zip(*rows, strict=True))
    links = ActorLinks(a, b, a > b, unit, np.ones(len(a), np.int64))
    cell, cluster = np.array(sorted(held)).T
    members = Membership(np.array([0, 1, 1, 2, 2, 3, 4, -1]), cell, cluster, 4)
    found, seen = Counter[tuple[int, ...]](), []
    for clusters, ends in list_ends_apart(links, members, use, at_once):
        found += tell(ends)
        seen += range(4)[clusters]
        assert set(ends.cluster.tolist()) <= set(range(4)[clusters])
    assert seen == [0, 1, 2, 3]
    left = ActorLinks(a[use], b[use], a[use] > b[use], unit[use], links.credit[use])
    assert found == tell(list_ends(left, members))
