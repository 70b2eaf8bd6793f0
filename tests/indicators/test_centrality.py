r"""Where clusters stand in the cluster network, on drawn networks.

A === B --- C --- D        two links between A and B, one between the others
             \___ E
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from clustermap.indicators import centrality
from clustermap.indicators.centrality import SAMPLED, betweenness, pagerank
from clustermap.network.graph import TIES
from tests.indicators.worlds import small_world, tie

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clustermap.network.counts import Counts

LINKS = [("A", "B", 2), ("B", "C", 1), ("C", "D", 1), ("C", "E", 1), ("C", "C", 9)]


def draw_counts(links: list[tuple[str, str, int]], names: Sequence[str] = "ABCDE") -> Counts:
    ties = tie([(one, other, "firm_firm", many) for one, other, many in links], names)
    return replace(small_world(), clusters=pd.Index(list(names), name="cluster"), ties=ties)


def values(found: pd.DataFrame) -> dict[str, float]:
    return dict(zip(found["cluster"], found["value"], strict=True))


def test_betweenness_by_hand() -> None:
    # Six pairs of others: over B go A with C, D, E; over C go A and B each with D, E, and D with E.
    found = values(betweenness(draw_counts(LINKS)))
    wanted = {"A": 0, "B": 3 / 6, "C": 5 / 6, "D": 0, "E": 0}
    assert found == pytest.approx(wanted, abs=1e-12)


def test_more_links_are_a_shorter_way() -> None:
    #  A - C directly: length 1; over B with three links each: 2/3
    way_round = [("A", "B", 3), ("B", "C", 3), ("A", "C", 1)]
    assert values(betweenness(draw_counts(way_round, "ABC")))["B"] == 1
    assert values(betweenness(draw_counts([*way_round, ("C", "A", 1)], "ABC")))["B"] == 0


def test_equal_ways_share_the_pair() -> None:
    square = [("A", "B", 1), ("B", "C", 1), ("C", "D", 1), ("D", "A", 1)]
    found = values(betweenness(draw_counts(square, "ABCD")))
    assert found == pytest.approx(dict.fromkeys("ABCD", 1 / 6), abs=1e-12)


def test_pagerank_follows_links_in_proportion() -> None:
    # x = .03 + .85 (what neighbours pass on): A gets 2/3 of B, D and E a third of C each.
    found = values(pagerank(draw_counts(LINKS)))
    a, b, c, d, e = (found[name] for name in "ABCDE")
    assert a == pytest.approx(0.03 + 0.85 * b * 2 / 3, abs=1e-12)
    assert b == pytest.approx(0.03 + 0.85 * (a + c / 3), abs=1e-12)
    assert d == e == pytest.approx(0.03 + 0.85 * c / 3, abs=1e-12)
    assert sum(found.values()) == pytest.approx(1, abs=1e-12)


def test_what_it_rests_on_are_links_with_other_clusters() -> None:
    found = betweenness(draw_counts(LINKS))
    assert found["basis"].tolist() == [2, 3, 3, 1, 1]
    assert found["note"].tolist() == [""] * 5


def test_a_sample_says_so_and_comes_close(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    names = [f"c{at:03}" for at in range(120)]
    links = [
        (names[one], names[other], int(count))
        for one, other, count in zip(
            rng.integers(0, 120, 500) // rng.integers(1, 9, 500),
            rng.integers(0, 120, 500),
            rng.integers(1, 9, 500),
            strict=True,
        )
    ]
    world = draw_counts(links, names)
    exact = betweenness(world)
    monkeypatch.setattr(centrality, "_STEPS", 60 * 500)
    sampled = betweenness(world)
    assert set(exact["note"]) == {""}
    assert set(sampled["note"]) == {SAMPLED}
    assert np.corrcoef(exact["value"], sampled["value"])[0, 1] > 0.95
    turned = betweenness(draw_counts(links[::-1], names[::-1]))
    pd.testing.assert_frame_equal(turned[::-1].reset_index(drop=True), sampled, check_exact=True)


def test_without_any_record_there_is_nothing_to_stand_in() -> None:
    none = TIES.empty_table()
    world = replace(small_world(), links=small_world().links.iloc[:0], ties=none)
    assert betweenness(world).empty
    assert pagerank(world).empty
