"""The score of clusters whose parts are written by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from clustermap.scores import Scored, score_linkages
from clustermap.scores.parts import PARTS, Parts
from clustermap.scores.profile import RatingRules
from clustermap.scores.rating import NO_RECORDS, TOO_FEW_LINKED
from clustermap.scores.score import Reaches, count_top, find_quadrants, score_nothing
from clustermap.tables import SCORES, SUBSCORES, Table
from tests.scores.files import balanced, goalposts
from tests.scores.hand import NAN, belief, parts_of

REACHES = Reaches((0.0, 10_000.0, 30_000.0))
IDS = pd.Index(["a", "b", "c", "d"], name="cluster")
AXES = ["capability", "gap", "confidence"]


def four() -> Parts:
    """Return a: typical; b: best and worst; c: two parts missing; d: nobody linked."""
    return parts_of(
        {
            "embeddedness": belief([0.0, 2.0, 1.0, 0.0]),
            "openness": belief([0.0, -1.5, 0.75, 0.0]),
            "brokerage": belief([0.0, 0.0, NAN, 0.0]),
            "resilience": belief([0.0, 0.0, NAN, 0.0], 0.5),
        },
        linked=[9, 9, 9, 2],
    )


def score(parts: Parts, ids: pd.Index[str] = IDS, draws: int = 200, seed: int = 1) -> Scored:
    return score_linkages(ids, parts, balanced(), goalposts(), REACHES, draws=draws, seed=seed)


def columns(table: Table) -> list[str]:
    return [column.name for column in table.columns]


def test_scores_are_geometric_means_by_hand() -> None:
    found = score(four()).scores.set_index("cluster")
    middle = 50.5
    c = 1 + 99 * 0.75  # twice the typical number, and 2^0.75 times, at ends of 4 and 2.83 times
    wanted = {
        "a": middle,
        "b": (100 * 1 * middle**4) ** (1 / 6),
        "c": (c**2 * middle**2) ** (1 / 4),
    }
    assert found["score"].drop("d").to_dict() == pytest.approx(wanted)
    assert found["rank"].drop("d").to_dict() == {"a": 2, "b": 3, "c": 1}
    assert np.isnan(found.loc["d", "score"])


def test_contributions_sum_to_the_log_score() -> None:
    found = score(four(), draws=0)
    total = found.subscores.groupby("cluster")["contribution"].sum(min_count=1)
    logs = np.log(found.scores.set_index("cluster")["score"].astype(float))
    np.testing.assert_allclose(total, logs, atol=1e-13)
    assert np.isnan(total["d"])


def test_missing_parts_give_their_weight_to_the_others() -> None:
    parts = score(four(), draws=0).subscores.set_index(["cluster", "subscore"])
    assert parts.loc["a", "weight"].tolist() == pytest.approx([1 / 6] * 6)
    weights = parts.loc["c", "weight"].to_dict()
    there = dict.fromkeys(PARTS[:4], 0.25)
    assert weights == pytest.approx({**there, "brokerage": 0, "resilience": 0})
    missing = parts.loc[[("c", "brokerage"), ("c", "resilience")]]
    assert missing[["value", "low", "high", "contribution", "measure"]].isna().all(axis=None)
    assert (missing["decided"] == 0).all()
    assert (missing["reason"] == "reason.too_wide").all()


def test_what_records_do_not_decide_moves_no_rank() -> None:
    told = {name: belief([1.0, 0.5, 0.25]) for name in PARTS[:4]}
    there = belief([0.0, 0.0, -4.0], 0.1, [True, True, False], "reason.too_wide")
    other = belief([0.0, 0.0, 4.0], 0.1, [True, True, False], "reason.too_wide")
    ids = IDS[:3]
    one, two = (score(parts_of({**told, "resilience": last}), ids) for last in (there, other))
    pd.testing.assert_frame_equal(one.scores, two.scores)
    row = one.subscores.set_index(["cluster", "subscore"]).loc[("c", "resilience")]
    assert row[["value", "low", "high", "contribution"]].isna().all()
    # What was measured is shown beside the reason.
    assert (row["measure"], row["weight"], row["reason"]) == (-4.0, 0.0, "reason.too_wide")
    whole = one.subscores.set_index(["cluster", "subscore"]).loc["c", "weight"].to_dict()
    assert whole == pytest.approx({**dict.fromkeys(PARTS[:5], 0.2), "resilience": 0.0})


def test_what_is_not_rated_has_no_figures() -> None:
    scored = score(four())
    row = scored.scores.set_index("cluster").loc["d"]
    assert (row["rated"], row["reason"]) == (0, TOO_FEW_LINKED)
    empty = ["score", "low", "high", "rank", "rank_low", "rank_high", "alike", "top_share"]
    assert row[empty].isna().all()
    parts = scored.subscores.query("cluster == 'd'")
    assert parts[["value", "low", "high", "weight", "contribution"]].isna().all(axis=None)
    assert (parts["measure"] == 0).all()  # what was measured is shown, not what it is worth
    assert scored.unrated == {TOO_FEW_LINKED: 1}
    assert list(scored.drawn.clusters if scored.drawn else ()) == ["a", "b", "c"]


def test_tables_have_the_columns_that_they_should() -> None:
    scored = score(four())
    assert [*scored.scores.columns, *AXES] == columns(SCORES)
    assert list(scored.subscores.columns) == columns(SUBSCORES)
    assert scored.subscores["subscore"].tolist() == list(PARTS) * 4
    assert scored.subscores["cluster"].tolist() == list(np.repeat(IDS, 6))


def test_the_order_of_clusters_changes_nothing() -> None:
    order = np.array([2, 0, 3, 1])
    turned = four()
    turned = replace(
        turned,
        variants={
            variant: tuple(
                replace(
                    part,
                    value=part.value[order],
                    quantiles=part.quantiles[:, order],
                    decided=part.decided[order],
                    reason=part.reason[order],
                )
                for part in found
            )
            for variant, found in turned.variants.items()
        },
        linked=turned.linked[order],
    )
    one, other = score(four()), score(turned, IDS[order])
    for name, key in (("scores", ["cluster"]), ("subscores", ["cluster", "subscore"])):
        left, right = (getattr(each, name).sort_values(key) for each in (one, other))
        pd.testing.assert_frame_equal(
            left.reset_index(drop=True), right.reset_index(drop=True), check_exact=True
        )


def test_without_draws_there_is_a_rank_and_no_interval() -> None:
    scored = score(four(), draws=0)
    table = scored.scores.set_index("cluster")
    assert table["rank"].dropna().to_dict() == {"a": 2, "b": 3, "c": 1}
    uncertain = ["low", "high", "rank_low", "rank_high", "alike", "top_share"]
    assert table[uncertain].isna().all(axis=None)
    assert scored.drawn is None
    assert scored.subscores[["low", "high"]].isna().all(axis=None)


def test_intervals_hold_the_score_and_one_seed_gives_the_same() -> None:
    table = score(four()).scores.head(3)
    assert (table["low"] < table["score"]).all()
    assert (table["score"] < table["high"]).all()
    assert (table["rank_low"] <= table["rank"]).all()
    assert (table["rank"] <= table["rank_high"]).all()
    assert table["alike"].tolist() == [2, 3, 1]  # three scores far apart are three groups
    # The top is one: in few draws a comes before c, in none b.
    a, b, c = table["top_share"]
    assert (a + c, b) == (pytest.approx(1), 0)
    assert c > 0.95
    pd.testing.assert_frame_equal(table, score(four()).scores.head(3), check_exact=True)
    other = score(four(), seed=2).scores.head(3)
    assert (table["low"] != other["low"]).all()


def test_a_boundary_that_moves_widens_the_interval() -> None:
    drawn = {"openness": belief([0.0, 0.3])}
    moved = {("mass", "larger"): {"openness": belief([0.6, 0.9])}}
    ids = IDS[:2]
    still, wide = (score(parts_of(drawn, other=other), ids).scores for other in (None, moved))
    assert still["score"].tolist() == wide["score"].tolist()
    assert (wide["high"] > still["high"] + 1).all()


def test_each_reach_is_read_between_its_own_goalposts() -> None:
    parts = parts_of({"embeddedness": belief([1.25] * 3)}, reach=[0, 1, 2])
    found = score(parts, IDS[:3], draws=0).subscores.query("subscore == 'embeddedness'")
    assert found["reach"].tolist() == ["fence", "10 km", "30 km"]
    ends = np.array([2, 1.5, 1.25])
    np.testing.assert_allclose(found["value"], 1 + 99 * (1.25 + ends) / (2 * ends))


def test_reaches_have_names_and_cases() -> None:
    assert REACHES.names == ("fence", "10 km", "30 km")
    assert REACHES.cases == ("", "near", "wide")
    assert (Reaches(()).names, Reaches(()).cases) == (("fence", "region"), ("", "wide"))


def test_quadrants_by_hand() -> None:
    # 0.1 either way is 0.16 of interval.
    local = belief([1.0, 1, -1, -1, 0.1, 1, 1], 0.1, [True] * 6 + [False])
    beyond = belief([1.0, -1, 1, -1, 1, -0.1, 1], 0.1)
    assert find_quadrants(local, beyond).tolist() == [
        *("local_global", "local", "global", "neither"),
        *("undecided", "undecided", "undecided"),
    ]


def test_rules_are_those_of_the_profile() -> None:
    lax = replace(balanced(), rating=RatingRules(min_linked_actors=2))
    found = score_linkages(IDS, four(), lax, goalposts(), REACHES, draws=0)
    assert found.scores["rated"].tolist() == [1, 1, 1, 1]


@pytest.mark.parametrize(("rated", "top"), [(0, 0), (1, 1), (14, 1), (16, 2), (762, 76)])
def test_the_top_is_a_tenth(rated: int, top: int) -> None:
    assert count_top(rated) == top


def test_without_links_nobody_is_rated_and_it_is_said() -> None:
    scored = score_nothing(IDS, balanced())
    assert (scored.scores["reason"] == NO_RECORDS).all()
    assert scored.scores["rank"].isna().all()
    assert [*scored.scores.columns, *AXES] == columns(SCORES)
    assert list(scored.subscores.columns) == columns(SUBSCORES)
    assert scored.unrated == {NO_RECORDS: 4}
    assert {said[0].key for said in scored.explanations.values()} == {"explain.why.too_few_to_tell"}
