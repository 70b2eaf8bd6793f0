r"""One small world, drawn so that every expected value can be counted by hand.

Four clusters; a number on a line is so many links, * is a link abroad, ~ leads outside clusters:

           research 2                         A  10 actors, 8 firms   internal: firm_firm 4,
      A ================= B                                           research 2
      | \                 |                   B   5 actors, 4 firms   internal: firm_firm 1
      |  \ firm_firm 3    | firm_firm 1
      |   \               |                   C   4 actors, 4 firms   internal: none
      |    +------------- C                   D   2 actors, 2 firms   no link at all
      ~ firm_firm 2
      * firm_firm 1                           D

The research links of A and of B come from one project each; all other links are independent.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa

from clustermap.network.counts import Counts
from clustermap.network.graph import TIES
from clustermap.tables import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

CLUSTERS = ("A", "B", "C", "D")

# cluster: kind: internal, external, abroad, linked, units
_LINKS = {
    ("A", "firm_firm"): (4, 6, 1, 6, 10.0),
    ("A", "research"): (2, 2, 0, 4, 1.0),
    ("B", "firm_firm"): (1, 1, 0, 3, 2.0),
    ("B", "research"): (0, 2, 0, 2, 1.0),
    ("C", "firm_firm"): (0, 4, 0, 4, 4.0),
    ("C", "research"): (0, 0, 0, 0, 0.0),
    ("D", "firm_firm"): (0, 0, 0, 0, 0.0),
    ("D", "research"): (0, 0, 0, 0, 0.0),
}

RANKS = (32600 / 83769, 6900 / 27923, 26480 / 83769)
"""PageRank of A, B and C: the solution of the three equations below, as fractions."""

EXPECTED = {
    # cluster, indicator, kind, industry: value, basis
    ("A", "actors", "", ""): (10, 10),
    ("A", "firms", "", ""): (8, 8),
    ("A", "employees", "", ""): (200, 8),
    ("B", "employees", "", ""): (100, 3),
    ("C", "employees", "", ""): (30, 1),  # known for one firm of four
    ("D", "employees", "", ""): (None, 0),
    # employees: nation 1000, chips 200: (80/200)/(200/1000), (60/100)/(200/1000)
    ("A", "location_quotient", "", "chips"): (2.0, 8),
    ("B", "location_quotient", "", "chips"): (3.0, 3),
    # firms, since employees are known for too few: (1/4)/(8/35); 35 of 40 firms have a code
    ("C", "location_quotient", "", "chips"): (1.09375, 4),
    ("D", "location_quotient", "", "chips"): (None, 0),
    ("A", "symmetric_location_quotient", "", "chips"): (1 / 3, 8),
    ("B", "symmetric_location_quotient", "", "chips"): (1 / 2, 3),
    ("D", "symmetric_location_quotient", "", "chips"): (None, 0),
    # employees 150 and 50 of 200: .75² + .25²
    ("A", "herfindahl", "", ""): (0.625, 8),
    ("B", "herfindahl", "", ""): (1.0, 3),
    ("C", "herfindahl", "", ""): (0.5, 4),  # two divisions of two firms each
    ("D", "herfindahl", "", ""): (None, 0),  # no firm has an industry code
    # 80 of 200; B: 60 of 100; of C employees are known for one firm of four
    ("A", "largest_employer_share", "", ""): (0.4, 8),
    ("B", "largest_employer_share", "", ""): (0.6, 3),
    ("C", "largest_employer_share", "", ""): (None, 1),
    ("D", "largest_employer_share", "", ""): (None, 0),
    ("A", "employer_herfindahl", "", ""): (9400 / 40000, 8),
    ("B", "employer_herfindahl", "", ""): (0.44, 3),
    ("A", "small_firm_share", "", ""): (7 / 8, 8),
    ("B", "small_firm_share", "", ""): (2 / 3, 3),
    ("C", "small_firm_share", "", ""): (None, 1),
    ("A", "small_firm_employment", "", ""): (0.6, 8),
    ("B", "small_firm_employment", "", ""): (0.4, 3),
    ("A", "industry_firms", "", "chips"): (3, 8),
    ("B", "industry_firms", "", "ships"): (0, 4),
    ("D", "industry_firms", "", "chips"): (None, 0),
    # employees: the nation has .4 and .6 of divisions 10 and 26, A .25 and .75
    ("A", "krugman_index", "", ""): (0.3, 8),
    ("B", "krugman_index", "", ""): (0.8, 3),
    # firms: the nation has 20 and 15 of 35, C a half of each
    ("C", "krugman_index", "", ""): (1 / 7, 4),
    ("D", "krugman_index", "", ""): (None, 0),
    # both divisions are manufacturing: one section, so all variety is related
    ("A", "unrelated_variety", "", ""): (0, 8),
    ("A", "related_variety", "", ""): (2 - 0.75 * math.log2(3), 8),
    ("B", "related_variety", "", ""): (0, 3),
    ("C", "related_variety", "", ""): (1, 4),
    ("D", "related_variety", "", ""): (None, 0),
    ("D", "unrelated_variety", "", ""): (None, 0),
    ("A", "internal_links", "firm_firm", ""): (4, 10),
    ("A", "external_links", "firm_firm", ""): (6, 10),
    ("A", "abroad_links", "firm_firm", ""): (1, 10),
    ("A", "external_links", "research", ""): (2, 1),
    ("A", "local_share", "firm_firm", ""): (0.4, 10),
    ("A", "local_share", "research", ""): (0.5, 1),
    ("B", "local_share", "research", ""): (0.0, 1),
    ("C", "local_share", "research", ""): (None, 0),
    ("A", "ei_index", "firm_firm", ""): (0.2, 10),
    ("C", "ei_index", "firm_firm", ""): (1.0, 4),
    ("D", "ei_index", "firm_firm", ""): (None, 0),
    ("A", "participation", "firm_firm", ""): (0.6, 10),
    ("A", "participation", "research", ""): (0.4, 2.5),  # 10 actors x 1 unit / 4 links
    ("A", "participation", "", ""): (0.8, 10),
    ("D", "participation", "", ""): (0.0, 2),
    # strength: A-B research 2, A-C firm_firm 3, B-C firm_firm 1
    ("A", "strength", "", ""): (5, 5 * 11 / 14),
    ("B", "strength", "", ""): (3, 3 * 3 / 4),
    ("C", "strength", "", ""): (4, 4),
    ("D", "strength", "", ""): (0, 0),
    # betweenness: of the 3 pairs without A only B-C leads over it (1/2 + 1/3 against 1)
    ("A", "betweenness", "", ""): (1 / 3, 5),
    ("B", "betweenness", "", ""): (0, 3),
    ("C", "betweenness", "", ""): (0, 4),
    ("D", "betweenness", "", ""): (0, 0),
    # pagerank: D = (.15 + .85 D) / 4 = 1/21, A = 1/21 + .85 (2/3 B + 3/4 C) and so on
    ("A", "pagerank", "", ""): (RANKS[0], 5),
    ("B", "pagerank", "", ""): (RANKS[1], 3),
    ("C", "pagerank", "", ""): (RANKS[2], 4),
    ("D", "pagerank", "", ""): (1 / 21, 0),
}


def tie(links: Iterable[tuple[str, str, str, int]], names: Sequence[str]) -> pa.Table:
    """Return links between named clusters, of a kind each, as ties."""
    rows = [
        (names.index(one), names.index(other), KINDS.index(kind), 0, many, many * 10**9)
        for one, other, kind, many in links
    ]
    columns = list(zip(*rows, strict=True)) or [()] * len(TIES)
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, TIES, strict=True)], TIES)


def draw_ties() -> pa.Table:
    return tie(
        [
            ("A", "A", "firm_firm", 4),
            ("A", "A", "research", 2),
            ("B", "B", "firm_firm", 1),
            ("A", "B", "research", 1),
            ("B", "A", "research", 1),
            ("A", "C", "firm_firm", 3),
            ("C", "B", "firm_firm", 1),
        ],
        CLUSTERS,
    )


def small_world() -> Counts:
    """Return the counts of the world above."""
    columns = [
        *("firms", "employees", "employed", "employees_squared", "small", "small_employees"),
        "largest",
    ]
    by_sector = pd.DataFrame(
        [
            # 80, 40, 10, 10, 10 and 30, 10, 10; of B 60, 20, 20 are known, of C 30
            ("A", "26", 5, 150, 5, 8300, 4, 70, 80),
            ("A", "10", 3, 50, 3, 1100, 3, 50, 30),
            ("B", "26", 4, 100, 3, 4400, 2, 40, 60),
            ("C", "26", 2, 30, 1, 900, 1, 30, 30),
            ("C", "10", 2, 0, 0, 0, 0, 0, 0),
            ("D", "", 2, 0, 0, 0, 0, 0, 0),
        ],
        columns=["cluster", "sector", *columns],
    )
    by_industry = pd.DataFrame(
        [
            # 40, 30, 10 of A, 40, 20 of B, 30 of C
            ("A", "chips", 3, 80, 3, 2600, 3, 80, 40),
            ("B", "chips", 2, 60, 2, 2000, 2, 60, 40),
            ("C", "chips", 1, 30, 1, 900, 1, 30, 30),
        ],
        columns=["cluster", "industry", *columns],
    )
    nation_by_sector = pd.DataFrame(
        [
            ("", 5, 0, 0, 0, 0, 0, 0),
            ("10", 20, 400, 18, 17000, 16, 250, 90),
            ("26", 15, 600, 14, 33000, 9, 230, 80),
        ],
        columns=["sector", *columns],
    )
    nation_by_industry = pd.DataFrame(
        [("chips", 8, 200, 7, 6400, 7, 200, 40), ("ships", 2, 50, 2, 1300, 2, 50, 30)],
        columns=["industry", *columns],
    )
    links = pd.DataFrame(
        [
            (*key, internal, external, abroad, internal * 10**9, external * 10**9, linked, units)
            for key, (internal, external, abroad, linked, units) in _LINKS.items()
        ],
        columns=[
            *("cluster", "kind", "internal", "external", "abroad"),
            *("internal_weight", "external_weight", "linked", "units"),
        ],
    )
    actors = pd.DataFrame(
        [
            ("A", "firm", 8),
            ("A", "university", 2),
            ("B", "firm", 4),
            ("B", "support", 1),
            ("C", "firm", 4),
            ("D", "firm", 2),
        ],
        columns=["cluster", "type", "actors"],
    )
    return Counts(
        clusters=pd.Index(CLUSTERS, name="cluster"),
        actors=actors,
        by_sector=by_sector,
        by_industry=by_industry,
        nation_by_sector=nation_by_sector,
        nation_by_industry=nation_by_industry,
        links=links,
        linked=pd.DataFrame([("A", 8), ("B", 4), ("C", 4)], columns=["cluster", "linked"]),
        ties=draw_ties(),
    )
