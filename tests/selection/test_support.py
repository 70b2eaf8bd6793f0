"""Support of clusters by hand: split, won, and what was left of it."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from clustermap.checks import Chunk, check_chunk
from clustermap.network.actor_links import Membership
from clustermap.selection.support import find_running, measure_support
from clustermap.tables import SUPPORT, SUPPORT_MEASURES
from tests.selection.worlds import write_edges, write_register

NAN = float("nan")
CLUSTERS = pd.Index(["A", "B", "C"])
# a, b, c in cluster A, d and e in B, f in none; b is a university.
REGISTER = write_register(
    ["firm", "university", "firm", "firm", "firm", "firm"], [0, 0, 0, 1, 1, 3]
)
OWN = np.arange(3)
MEMBERS = Membership(REGISTER.cells, OWN, OWN, 3)
GRANTS = [
    # programme, beneficiary, amount, start, end, joint, funder
    ("P", "a", 30.0, 2018, 2019, "solo", "public"),
    ("P", "b", 30.0, 2018, 2020, "joint", "public"),
    ("P", "d", 15.0, 2018, 2019, "joint", "public"),
    ("Q", "a", 20.0, 2021, 2030, "joint", "private"),
    ("Q", "c", np.nan, 2021, 2030, "solo", "public"),
    ("R", "A", 20.0, None, None, "solo", "public"),
    ("R", "nobody", 99.0, 2018, 2019, "solo", "public"),
    ("R", "f", 99.0, 2018, 2019, "solo", "public"),
]
# P runs 2018-2020; a-b goes on, a-d and b-d end with it, d-b comes again in 2024.
LINKS = [(0, 1, 2018), (0, 1, 2022), (0, 3, 2020), (1, 3, 2019), (1, 3, 2024), (0, 2, 2023)]
EDGES = write_edges([link[:2] for link in LINKS], [link[2] for link in LINKS])


def write_grants(rows: list[tuple[object, ...]]) -> pd.DataFrame:
    names = ["programme", "beneficiary", "amount", "start", "end", "joint", "funder"]
    return pd.DataFrame(rows, columns=names)


def measure(rows: list[tuple[object, ...]]) -> pd.DataFrame:
    return measure_support(write_grants(rows), CLUSTERS, REGISTER, MEMBERS, EDGES)


def test_measures_by_hand() -> None:
    found = measure(list(GRANTS))
    assert list(found) == [column.name for column in SUPPORT_MEASURES.columns]
    assert found["cluster"].tolist() == ["A", "B"]
    first, second = (found.iloc[at] for at in (0, 1))
    # P 60, Q 20, R 20 of 100.
    assert first[["programmes", "money"]].tolist() == [3, 100.0]
    assert first["splitting"] == pytest.approx(0.36 + 0.04 + 0.04)
    # Of a alone: b is no firm, c's amount is not known, A is no single firm.
    assert first["single_share"] == pytest.approx(0.3)
    assert first["leverage"] == pytest.approx(20 / 80)
    # Pairs in P while it ran: a-b, a-d, b-d; linked later: a-b and b-d. Q has not ended.
    assert first[["pairs_during", "pairs_after"]].tolist() == [3, 2]
    assert first["outliving"] == pytest.approx(2 / 3)
    assert first["outliving_low"] < 0.5 < first["outliving_high"]
    assert second[["programmes", "money", "splitting"]].tolist() == [1, 15.0, 1.0]
    # In 2021, the last year in which any starts, P has ended and Q is private: R is left.
    assert [first["current"], second["current"]] == [20.0, 0.0]
    assert second[["pairs_during", "pairs_after", "leverage"]].tolist() == [2, 1, 0.0]


def test_what_is_not_told_is_not_known() -> None:
    grants = write_grants([("P", "d", np.nan, None, None, None, None)])
    found = measure_support(grants, CLUSTERS, REGISTER, MEMBERS, EDGES).iloc[0]
    assert found["programmes"] == 1
    names = ["money", "splitting", "single_share", "leverage", "outliving", "outliving_low"]
    assert found[names].isna().all()
    bare = grants[["programme", "beneficiary"]]
    again = measure_support(bare, CLUSTERS, REGISTER, MEMBERS, EDGES).iloc[0]
    pd.testing.assert_series_equal(again, found)
    assert measure([]).empty


def test_the_order_of_grants_changes_nothing() -> None:
    rows = [
        ("P", "a", 0.1, 2018, 2019, "solo", "public"),
        *GRANTS[1:3],
        ("Q", "a", 0.7, *GRANTS[3][3:]),
    ]
    first = measure(list(rows))
    for turned in permutations(rows):
        pd.testing.assert_frame_equal(measure(list(turned)), first, check_exact=True)


def test_running_money_is_counted_once() -> None:
    """Two clusters hold a; each has half of what it gets now, and the whole in ``money``."""
    both = Membership(REGISTER.cells, np.array([0, 0, 1]), np.array([0, 1, 1]), 3)
    grants = write_grants(
        [("P", "a", 30.0, 2020, 2022, "solo", "public"), ("P", "B", 5.0, 2021, None, None, None)]
    )
    found = measure_support(grants, CLUSTERS, REGISTER, both, EDGES).set_index("cluster")
    assert found["money"].to_dict() == {"A": 30.0, "B": 35.0}
    assert found["current"].to_dict() == {"A": 15.0, "B": 20.0}


def test_grants_without_years_all_run() -> None:
    grants = write_grants(
        [("P", "d", 7.0, None, None, None, "public"), ("Q", "A", 1.0, *[None] * 4)]
    )
    assert find_running(grants).tolist() == [True, True]
    ended = write_grants(
        [("P", "d", 7.0, 2018, 2019, None, None), ("P", "d", 1.0, 2020, 2021, None, None)]
    )
    assert find_running(ended).tolist() == [False, True]


def test_links_without_years_say_nothing_of_what_outlives() -> None:
    edges = write_edges([link[:2] for link in LINKS])
    found = measure_support(write_grants(list(GRANTS)), CLUSTERS, REGISTER, MEMBERS, edges)
    assert found["pairs_during"].tolist() == [0, 0]
    assert found["outliving"].isna().all()


def test_rows_as_they_are_read_can_be_measured() -> None:
    rows = {
        "programme": ["P", "P", "P"],
        "beneficiary": ["a", "b", "d"],
        "amount": ["30", "10", ""],
        "start": ["2018", "", "2018"],
        "end": ["2020", "2019", "2020"],
        "joint": ["단독", "joint", None],
        "funder": ["public", "private", "public"],
    }
    chunk = Chunk("support.csv", pa.array(range(2, 5)), pa.table(rows))
    checked = check_chunk(SUPPORT, chunk, {"단독": "solo"})
    assert checked.faults.num_rows == 0
    grants = checked.rows.to_pandas()
    found = measure_support(grants, CLUSTERS, REGISTER, MEMBERS, EDGES).set_index("cluster")
    assert found["money"].tolist() == pytest.approx([40.0, NAN], nan_ok=True)
    assert found.loc["A", ["single_share", "leverage"]].tolist() == pytest.approx([0.75, 1 / 3])
    assert found["pairs_during"].tolist() == [3, 2]
