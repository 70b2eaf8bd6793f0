"""Comparing: before and after by hand, for four clusters.

A keeps its score, B falls by ten in every draw, C is rated only before, D is merged away.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from clustermap.messages import say
from clustermap.network.posterior import Z
from clustermap.scores.draws import Posteriors, draw_parts
from clustermap.scores.normalisers import Ends
from clustermap.scores.profile import PARTS
from clustermap.scores.score import Drawn
from clustermap.stages.comparing import Seen, compare_findings, tell_comparison
from clustermap.tables import WHATIF

DRAWS = 21
GOALPOSTS = (0, 99)  # a measure is the score less one


def score(
    values: dict[str, float | None],
    ranks: dict[str, tuple[int, int, int]],
    shifts: dict[str, float],
) -> Any:
    """Return scores, and draws of one part whose standard deviation is 2."""
    rated = [cluster for cluster, value in values.items() if value is not None]
    known = pd.Series(values, dtype="float64")
    places = pd.DataFrame(ranks, index=["rank", "rank_low", "rank_high"]).T.reindex(known.index)
    scores = pd.DataFrame(
        {
            "scenario": "default",
            "cluster": known.index,
            "score": known.to_numpy(),
            "low": known.to_numpy() - 1.8,
            "high": known.to_numpy() + 1.8,
            **{name: places[name].astype("Int64").to_numpy() for name in places},
            "rated": known.notna().astype(int).to_numpy(),
            "capability": 40.0,
            "gap": 10.0,
        }
    )
    parts = [
        {"cluster": cluster, "subscore": part, "value": known[cluster] + shifts.get(part, 0)}
        for cluster in rated
        for part in PARTS
    ]
    clusters, measure = np.array(rated, dtype=object), known[rated].to_numpy() - 1
    believed = Posteriors(clusters, {("mass", "drawn"): (measure + 2 * Z[:, None])[None]})
    low, high = np.ones((1, len(rated))) * np.array(GOALPOSTS)[:, None, None]
    ends = Ends(low, high, np.zeros(1, dtype=bool))
    drawn = draw_parts(believed, ends, draws=DRAWS, seed=1)
    none = np.zeros((0, 0), np.int32)
    return SimpleNamespace(
        scores=scores,
        subscores=pd.DataFrame(parts),
        drawn=Drawn(clusters, believed, ends, np.ones(1), drawn, drawn[0], none),
    )


def choose(rows: dict[str, tuple[int | None, str]]) -> Any:
    table = pd.DataFrame(
        {
            "scenario": "default",
            "cluster": list(rows),
            "selected": pd.array([chosen for chosen, _ in rows.values()], dtype="Int64"),
            "standing": [standing for _, standing in rows.values()],
            "inclusion": 0.5,
        }
    )
    return SimpleNamespace(tables={"selection": table})


def see(scored: Any, selected: Any, clusters: list[str]) -> Seen:
    names = pd.DataFrame({"name": [f"Place {c}" for c in clusters]}, index=pd.Index(clusters))
    project: Any = SimpleNamespace(
        scenarios={},
        project=SimpleNamespace(seed=1),
        score=SimpleNamespace(profile="balanced", draws=DRAWS),
        select=None if selected is None else SimpleNamespace(draws=200),
    )
    findings: Any = SimpleNamespace(
        layers=SimpleNamespace(clusters=names), scored=scored, profiles=(), others=()
    )
    return Seen(project, findings, selected)


BEFORE = see(
    score(
        {"A": 60.0, "B": 55.0, "C": 50.0, "D": 45.0},
        {"A": (1, 1, 2), "B": (2, 1, 3), "C": (3, 2, 4), "D": (4, 3, 4)},
        {},
    ),
    choose({"A": (1, "core"), "B": (1, "core"), "C": (0, "exterior"), "D": (0, "borderline")}),
    ["A", "B", "C", "D"],
)
AFTER = see(
    score({"A": 60.0, "B": 45.0, "C": None}, {"A": (1, 1, 1), "B": (9, 8, 9)}, {"openness": -7}),
    choose({"A": (1, "core"), "B": (0, "exterior"), "C": (1, "borderline")}),
    ["A", "B", "C"],
)


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return compare_findings(BEFORE, AFTER)


def rows(table: pd.DataFrame, *columns: str) -> list[list[object]]:
    found = table[list(columns)].astype(object)
    return found.where(found.notna(), None).to_numpy().tolist()


def test_every_cluster_that_there_was_has_a_row(table: pd.DataFrame) -> None:
    assert list(table.columns) == [column.name for column in WHATIF.columns]
    assert table["cluster"].to_list() == ["A", "B", "C", "D"]
    assert rows(table, "score_before", "score_after", "difference") == [
        [60, 60, 0],
        [55, 45, -10],
        [50, None, None],
        [45, None, None],
    ]
    assert rows(table, "rated_before", "rated_after") == [[1, 1], [1, 1], [1, 0], [1, None]]


def test_draws_of_the_same_numbers_make_the_difference_clean(table: pd.DataFrame) -> None:
    # Each score alone may be 4 off; the difference is the same in every draw, though C and D, who
    # are drawn before, are not drawn after.
    ends = table[["difference_low", "difference_high"]].to_numpy()
    assert ends[:2].ravel().tolist() == pytest.approx([0, 0, -10, -10], abs=1e-4)
    assert np.isnan(ends[2:]).all()
    before, after = (np.ptp(side.findings.scored.drawn.scores[:, :2]) for side in (BEFORE, AFTER))
    assert min(before, after) > 8


def test_intervals_of_ranks_overlap_or_not(table: pd.DataFrame) -> None:
    assert rows(table, "rank_difference", "overlap") == [[0, 1], [7, 0], [None, None], [None, None]]


def test_parts_and_choices_stand_beside(table: pd.DataFrame) -> None:
    assert rows(table, "openness_before", "openness_after")[:2] == [[60, 53], [55, 38]]
    assert rows(table, "brokerage_before", "brokerage_after")[:2] == [[60, 60], [55, 45]]
    assert rows(table, "selected_before", "selected_after", "standing_after") == [
        [1, 1, "core"],
        [1, 0, "exterior"],
        [0, 1, "borderline"],
        [0, None, None],
    ]


def test_the_sentences_say_what_changed_and_what_is_undecided(table: pd.DataFrame) -> None:
    told = tell_comparison(table, BEFORE, AFTER)
    assert all(say(line, "ko") for lines in told.values() for line in lines)
    assert [say(line, "en") for line in told["scores"]] == [
        (
            "Of 2 clusters that can be compared, 1 change their score by 0.05 or more (21 draws,"
            " the same random numbers before and after)."
        ),
        (
            "For 1 of them the intervals of the rank do not overlap; for the others the data do not"
            " decide whether the rank changes."
        ),
        (
            "Place B (B): score 55.0 → 45.0 (difference -10.0, 90 % interval -10.0 to -10.0), rank"
            " 2 (1–3) → 9 (8–9); the intervals of its rank do not overlap. The part that changes"
            " most: Openness, 55.0 → 38.0."
        ),
        "No longer rated, 1: Place C (C).",
        "No cluster of its own any more: Place D (D).",
    ]
    assert [say(line, "en") for line in told["portfolio"]] == [
        "[default] Chosen: 2 before, 2 after.",
        "[default] Comes in, 1: Place C (C).",
        "[default] Drops out, 1: Place B (B).",
        (
            "[default] Of those that come or go 1 do not surely, being borderline"
            " before or after (21 draws of the scores): Place C (C)."
        ),
        (
            "[default] Borderline clusters, of which neither is sure: 1 before, 1 after (21 draws"
            " of the scores)."
        ),
    ]
    assert "are not estimated" in say(told["limits"][0], "en")


def test_what_is_the_same_is_said_to_be() -> None:
    same = compare_findings(BEFORE, BEFORE)
    told = tell_comparison(same, BEFORE, BEFORE)
    assert [say(line, "en") for line in told["scores"]] == [
        "No score changes by 0.05 or more (4 clusters compared)."
    ]
    assert say(told["portfolio"][0], "en") == "[default] The same 2 clusters are chosen."
    assert (same["overlap"] == 1).all()


def test_a_choice_that_cannot_be_made_is_said_so() -> None:
    nothing = choose(dict.fromkeys("ABCD", (None, "undrawn")))
    stuck = Seen(BEFORE.project, BEFORE.findings, nothing)
    for before, after, words in (
        (BEFORE, stuck, "After the change the rules"),
        (stuck, BEFORE, "Before the change the rules"),
        (stuck, stuck, "Neither before nor after"),
    ):
        told = tell_comparison(compare_findings(before, after), before, after)
        (line,) = told["portfolio"]
        assert words in say(line, "en")


def test_without_a_selection_nothing_is_said_of_one() -> None:
    bare = see(BEFORE.findings.scored, None, ["A", "B", "C", "D"])
    table = compare_findings(bare, bare)
    assert "portfolio" not in tell_comparison(table, bare, bare)
    assert table["selected_before"].isna().all()


def test_scores_without_draws_have_no_interval() -> None:
    scored = score({"A": 60.0}, {"A": (1, 1, 1)}, {})
    scored.drawn = None
    scored.scores[["low", "high", "rank_low", "rank_high"]] = None
    bare = see(scored, None, ["A"])
    moved = see(score({"A": 62.0}, {"A": (1, 1, 1)}, {}), None, ["A"])
    table = compare_findings(bare, moved)
    assert rows(table, "difference", "difference_low", "overlap") == [[2, None, None]]
    told = [say(line, "en") for line in tell_comparison(table, bare, moved)["scores"]]
    assert "nothing can be said of how sure" in told[-1]


def test_a_name_is_put_in_as_it_stands() -> None:
    clusters = BEFORE.findings.layers.clusters
    clusters.loc["B", "name"] = "{x} <b>"
    table = compare_findings(BEFORE, AFTER)
    told = tell_comparison(table, BEFORE, AFTER)
    assert "{x} <b> (B): score" in say(told["scores"][2], "en")
    clusters.loc["B", "name"] = "Place B"
