"""Why a cluster scores as it does: four clusters by hand, and the words that follow."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd
import pytest

from clustermap.messages import LANGUAGES, Message, say
from clustermap.scores import Scored, parse_profile, score_linkages
from clustermap.scores.explain import SECTIONS, explain_clusters, group_sentences
from clustermap.scores.known import count_needed, find_peers
from clustermap.scores.parts import PARTS
from clustermap.scores.profile import Profile, RatingRules
from clustermap.scores.score import Drawn, Reaches
from clustermap.tables import RATIOS
from tests.indicators.worlds import small_world
from tests.scores.files import balanced, goalposts, profile_text
from tests.scores.hand import NAN, belief, parts_of

if TYPE_CHECKING:
    from clustermap.messages import Language

IDS = ("A", "B", "C", "D")
NAMES = pd.DataFrame({"name": ["Alpha", "Beta", "", None]}, index=pd.Index(IDS, name="cluster"))

SCORES = pd.DataFrame(
    {
        "cluster": IDS,
        "score": [60.0, 40.0, NAN, NAN],
        "low": [55.5, 35.0, NAN, NAN],
        "high": [66.0, 45.0, NAN, NAN],
        "rank": pd.array([1, 2, None, None], dtype="Int64"),
        "rank_low": pd.array([1, 1, None, None], dtype="Int64"),
        "rank_high": pd.array([2, 2, None, None], dtype="Int64"),
        "alike": pd.array([1, 1, None, None], dtype="Int64"),
        "top_share": [0.75, 0.25, NAN, NAN],
        "quadrant": ["local", "undecided", "undecided", "undecided"],
        "rated": [1, 1, 0, 0],
        "reason": ["", "", "reason.local_undecided", "reason.no_records"],
        "capability": [40.25, NAN, 20.0, NAN],
        "gap": [12.5, 0.0, 7.0, NAN],
        "confidence": ["medium", "high", "", ""],
    }
)

# cluster, part, value, its interval, weight, measure and its interval, reach, decided, reason
_WIDE, _LEAN, _FEW = "reason.too_wide", "reason.prior_outweighs", "reason.too_few_linked"
_NOTHING = "reason.nothing_expected"
_PARTS = [
    ("A", "embeddedness", 72, 61, 80, 0.5, 1, 0.5, 1.5, "10 km", 1, ""),
    ("A", "openness", 50, 45, 56, 0.5, -0.5, -1, -0.1, "", 1, ""),
    ("A", "resilience", NAN, NAN, NAN, 0, NAN, NAN, NAN, "", 0, _FEW),
    ("B", "embeddedness", 32, 20, 42, 0.5, -0.4, -0.9, 0.1, "fence", 1, ""),
    ("B", "openness", 50, 45, 56, 0.5, 0, -0.2, 0.2, "", 1, ""),
    ("B", "resilience", NAN, NAN, NAN, 0, NAN, NAN, NAN, "", 0, _FEW),
    ("C", "embeddedness", NAN, NAN, NAN, NAN, 0, -1, 1, "30 km", 0, _WIDE),
    ("C", "openness", NAN, NAN, NAN, NAN, 0, -1, 1, "", 0, _LEAN),
    ("D", "embeddedness", NAN, NAN, NAN, NAN, NAN, NAN, NAN, "30 km", 0, _NOTHING),
]
SUBSCORES = pd.DataFrame(
    _PARTS,
    columns=[
        *("cluster", "subscore", "value", "low", "high", "weight"),
        *("measure", "measure_low", "measure_high", "reach", "decided", "reason"),
    ],
)
SUBSCORES["contribution"] = SUBSCORES["weight"] * np.log(SUBSCORES["value"])

# cluster, null, reach, observed, expected, design, ratio and its interval, width, weight, decided
_RATIOS = [
    ("A", "mass", "10 km", 30, 20, 1.5, 1, 0.5, 1.5, 1.2, 0.9, 1),
    ("A", "mass", "30 km", 40, 25, 2, 1, 0.5, 1.5, 1.1, 0.9, 1),
    ("A", "mass", "beyond", 12.5, 15, 1.25, -0.5, -1, -0.1, 1.5, 0.8, 1),
    ("A", "constrained", "10 km", 30, 60, 1.5, -1, -1.5, -0.5, 1.2, 0.9, 1),
    ("A", "no_distance", "10 km", 30, 15, 1.5, 1, 0.5, 1.5, 1.2, 0.9, 1),
    ("B", "mass", "fence", 9, 12, 1, -0.4, -0.9, 0.1, 1.7, 0.6, 1),
    ("B", "mass", "30 km", 10, 12, 1, -0.4, -0.9, 0.1, 1.7, 0.6, 1),
    ("B", "mass", "beyond", 100, 100, 1, 0, -0.2, 0.2, 0.5, 0.9, 1),
    ("B", "constrained", "fence", 9, 9, 1, 0, -0.4, 0.4, 1.7, 0.6, 1),
    ("C", "mass", "30 km", 6, 6, 2, 0, -1, 1, 3.1, 0.6, 0),
    ("C", "mass", "beyond", 4, 3, 1, 0, -1, 1, 1.9, 0.25, 0),
    ("D", "mass", "30 km", 0, 0, 1, NAN, NAN, NAN, NAN, 0, 0),
]
RATIO_ROWS = pd.DataFrame(
    _RATIOS,
    columns=[
        *("cluster", "null", "reach", "observed", "expected", "design"),
        *("ratio", "low", "high", "width", "data_weight", "decided"),
    ],
).assign(kind="", boundary="drawn", allowance=1.0)
FLAG_ROWS = pd.DataFrame(
    [
        ("A", "headquarters", 0.6, 50, 1),
        ("A", "groups", 0.1, 40, 0),
        ("B", "one_group", 0.75, 9, 1),
    ],
    columns=["cluster", "flag", "share", "links", "raised"],
)
ABROAD = pd.DataFrame(
    [
        ("A", "US", "research", 3),
        ("A", "US", "transfer", 1),
        ("A", "JP", "research", 4),
        ("A", "DE", "research", 1),
        ("A", "CN", "research", 1),
    ],
    columns=["cluster", "country", "kind", "links"],
)


@dataclass
class World:
    """What is explained; each test changes one thing of it."""

    scores: pd.DataFrame = field(default_factory=SCORES.copy)
    parts: pd.DataFrame = field(default_factory=SUBSCORES.copy)
    ratios: pd.DataFrame = field(default_factory=RATIO_ROWS.copy)
    flags: pd.DataFrame = field(default_factory=FLAG_ROWS.copy)
    abroad: pd.DataFrame = field(default_factory=ABROAD.copy)
    profile: Profile = field(default_factory=balanced)
    ranks: tuple[tuple[int, int], ...] = ((1, 2), (1, 2), (1, 2), (2, 1))
    top: int = 1

    def explain(self) -> dict[str, tuple[Message, ...]]:
        """Explain all four clusters."""
        ranks = np.array(self.ranks, np.int32)
        drawn = Drawn(
            np.array(["A", "B"], dtype=object),
            *cast("tuple[Any, Any, Any]", (None, None, None)),
            parts=np.zeros((3, *ranks.shape), np.float32),
            scores=np.zeros(ranks.shape, np.float32),
            ranks=ranks,
        )
        known = drawn if len(ranks) else None
        scored = Scored(self.scores, self.parts, {}, (), top=self.top, drawn=known)
        # One row of a kind tells whose ratios are the headline's.
        one = self.ratios.query("null == 'mass'").head(1).assign(kind="research", ratio=9.0)
        tables = {
            "ratios": pd.concat([self.ratios, one], ignore_index=True),
            "flags": self.flags,
            "abroad": self.abroad,
        }
        return explain_clusters(scored, tables, self.profile, small_world(), NAMES)

    def said(self, cluster: str, language: Language = "en") -> list[str]:
        """Return the sentences of one cluster."""
        return [say(sentence, language) for sentence in self.explain()[cluster]]

    def keys(self, cluster: str) -> list[str]:
        """Return the keys of its sentences."""
        return [sentence.key.removeprefix("explain.") for sentence in self.explain()[cluster]]


def test_a_rated_cluster_in_english() -> None:
    typical = "would be typical (same mix of actors at the same distances)"
    averaged = "Allowing for chance and averaged over kinds of linkage, that is"
    # 2^0.5 = 1.41, 2^1.5 = 2.83, 2^-0.5 = 0.71, 2^-1 = 0.50, 2^-0.1 = 0.93; (72 x 50.5)^(1/2) =
    # 60.3; links 40 + 12.5, independent 40/2 + 12.5/1.25; of four draws A is first in three.
    assert World().said("A") == [
        (
            "Rank 1 of 2 rated clusters (90% interval 1–2). Its score is 60.0 (90% interval"
            " 55.5–66.0),"
            " where 50.5 is typical."
        ),
        (
            "It stands in group 1 from the top: 2 clusters that cannot be told apart from the first"
            " of their group. In 75% of 4 analyses it was first."
        ),
        "Only 2 could be rated, so a rank among them says little.",
        (
            "It has more links than is typical nearby and fewer farther away. Little that is new"
            " comes"
            " in from outside (lock-in risk)."
        ),
        (
            f"Within 10 km it has 30 links where 20.0 {typical}. {averaged} 2.00 times"
            " (90% interval 1.41–2.83): more than is typical."
        ),
        (
            f"Beyond 30 km, within the nation, it has 12.5 links where 15.0 {typical}. {averaged}"
            " 0.71 times (90% interval 0.50–0.93): fewer than is typical."
        ),
        (
            "Its strongest part is Local embeddedness: 72.0 of 100 (90% interval 61.0–80.0),"
            " clearly"
            " above the typical 50.5."
        ),
        (
            "With its boundary moved a little, too, no part is clearly below the typical 50.5. The"
            " lowest is Openness: 50.0 of 100 (90% interval 45.0–56.0)."
        ),
        (
            "Its score rests most on Local embeddedness (at 72.0). Were that at the typical 50.5,"
            " its score would be 50.2; its rank would still be 1."
        ),
        (
            'It matters what links are compared with. By "same total activity", its links nearby'
            " are"
            " 0.50 times the typical number (90% interval 0.35–0.71): fewer than is typical."
        ),
        (
            "The clusters whose parts are most like its own: Beta (rank 2; it comes before that"
            " one in"
            " 75% of analyses)."
        ),
        (
            "Its capability is 40 of 100. It is measured by employment and specialisation and"
            " is no"
            " part of the score."
        ),
        (
            "Of the links that are typical with near partners, 12.5% are missing (the shortfall"
            " averaged over kinds of linkage)."
        ),
        (
            "Take care: 60% of its 50 links are with head offices, and the work may have been done"
            " elsewhere."
        ),
        "Its recorded links abroad: 10 (by country, the largest first: JP 4, US 4, CN 1).",
        (
            "Confidence in the score: medium. Its 90% interval is 10.5 points wide, and the ends of"
            " that of its rank lie 50% of the number of rated clusters apart. It rests on 52.5"
            " links within the nation (those of projects counted in shares), worth 30 independent"
            " observations (links of one project count as one). Actors with a link: 8 of 10."
        ),
        (
            "Left out of the score, since its records cannot tell: Resilience. The weights of the"
            " other"
            " parts were raised accordingly."
        ),
        "Resilience: too few of its actors have a link; links of more actors would rate it.",
    ]


def test_the_ends_of_a_rank_are_told_as_far_apart_as_confidence_has_them() -> None:
    # From the 1st to the 2nd of 2: both ranks, whose difference is 1 of 2.
    told = [line for line in World().said("A", "ko") if line.startswith("점수의 신뢰도")]
    assert len(told) == 1
    assert "순위의 90% 구간은 양 끝의 차이가 평가 대상 수의 50%입니다." in told[0]


def test_a_rated_cluster_in_korean() -> None:
    typical = "'주체 구성과 거리가 같은 클러스터' 기준으로는"
    averaged = "우연을 감안하고 연계 종류별로 평균하면"
    assert World().said("A", "ko")[:11] == [
        (
            "평가 대상 2개 가운데 1위입니다(90% 구간 1–2위). 점수는 60.0점이고(90% 구간"
            " 55.5–66.0점),"
            " 50.5점이 일반적인 수준입니다."
        ),
        (
            "위에서 1번째 묶음에 들어 있습니다(묶음의 첫 클러스터와 앞뒤를 가릴 수 없는 2개)."
            " 다시 계산한"
            " 4번 가운데 75%에서 1위였습니다."
        ),
        "평가할 수 있는 클러스터가 2개뿐이어서 순위만으로는 알 수 있는 것이 적습니다.",
        (
            "가까운 곳과의 연계는 일반적인 수준보다 많고, 먼 곳과의 연계는 적습니다. 새로운 지식이"
            " 밖에서 들어오지 않아 안에 갇힐 위험이 있습니다."
        ),
        (
            f"10 km 안의 연계는 30건입니다. {typical} 20.0건이 일반적입니다. {averaged} 2.00배이며"
            "(90% 구간 1.41–2.83배), 일반적인 수준보다 많습니다."
        ),
        (
            f"30 km 밖의 국내 연계는 12.5건입니다. {typical} 15.0건이 일반적입니다. {averaged}"
            " 0.71배이며(90% 구간 0.50–0.93배), 일반적인 수준보다 적습니다."
        ),
        (
            "가장 강한 부문은 지역 내 결속입니다: 100점 만점에 72.0점(90% 구간 61.0–80.0점)으로,"
            " 일반적인 수준 50.5점보다 뚜렷이 높습니다."
        ),
        (
            "경계를 조금 옮긴 경우까지 보면 일반적인 수준 50.5점보다 뚜렷이 낮은 부문이 없습니다."
            " 가장 낮은 부문은 외부 개방성입니다:"
            " 100점 만점에 50.0점(90% 구간 45.0–56.0점)."
        ),
        (
            "점수를 가장 높이는 부문은 지역 내 결속입니다(72.0점). 이 부문이 일반적인"
            " 수준(50.5점)이라면 점수는 50.2점이 됩니다. 순위는 그래도 1위입니다."
        ),
        (
            "무엇과 견주는지에 따라 달라집니다. '전체 활동량이 같은 클러스터' 기준으로 보면"
            " 가까운 곳과의"
            " 연계는 일반적인 수준의 0.50배이며(90% 구간 0.35–0.71배), 일반적인 수준보다 적습니다."
        ),
        (
            "부문별 점수가 가장 비슷한 클러스터는 다음과 같습니다: Beta(2위, 이 클러스터가 앞선"
            " 비율"
            " 75%)."
        ),
    ]


def test_an_unrated_cluster_is_told_what_would_rate_it() -> None:
    # Three independent links of the seven needed; a weight of a quarter takes three times as many.
    assert World().said("C") == [
        (
            "Not rated: its links nearby are too few to say whether they are more or fewer than is"
            " typical; more independent links would rate it."
        ),
        (
            "Its capability is 20 of 100. It is measured by employment and specialisation and"
            " is no"
            " part of the score."
        ),
        "No link of its actors with partners abroad is recorded.",
        (
            "Within 30 km, links recorded: 6, worth 3 independent observations (links of one"
            " project"
            " count as one). About 7 are needed: independent links still missing to decide: 4."
        ),
        (
            "Beyond 30 km, links recorded: 4; typical would be 3.0. With so few its own records"
            " carry"
            " 25% of the weight where 50% is needed. With more actors or more years of records,"
            " so that"
            " at least about 9 are typical, they would decide."
        ),
    ]
    assert World().said("C", "ko")[3] == (
        "30 km 안의 연계는 6건 기록되어 독립적인 관측 3건에 해당합니다(같은 과제의 연계는 하나의"
        " 관측으로 셉니다). 7건쯤 필요하므로, 독립적인 연계가 4건쯤 더 기록되면 판단할 수 있습니다."
    )


def test_without_records_it_is_said_what_would_be_enough() -> None:
    assert World().said("D")[-1] == (
        "Within 30 km and farther away within the nation, about 7 independent links each (links of"
        " one project count as one observation), of at least 3 actors, would rate it."
    )
    assert World().keys("D") == [
        "why.too_few_to_tell",
        "beside.none_abroad",
        "missing.no_links",
    ]


def test_an_interval_that_spreads_is_told_by_its_factor() -> None:
    world = World()
    row = (world.ratios["cluster"] == "C") & (world.ratios["reach"] == "30 km")
    world.ratios.loc[row, "observed"] = 20.0
    world.ratios.loc[row, "width"] = 3.0
    assert "differ by a factor of 8.0; at most 4 would decide" in world.said("C")[3]


def test_too_few_linked_says_how_many_more() -> None:
    world = World(profile=replace(balanced(), rating=RatingRules(min_linked_actors=6)))
    world.scores.loc[2, "reason"] = "reason.too_few_linked"
    assert world.said("C")[-1] == (
        "Actors with a link: 4 of 4. At least 6 are needed: 2 more would do."
    )
    world.profile = balanced()
    assert world.keys("C")[-1] == "missing.linked_at_home"


def test_parts_that_are_absent_are_named_with_their_reasons() -> None:
    world = World()
    world.scores.loc[3, "reason"] = "reason.too_few_parts"
    assert world.said("D")[-1] == (
        "Local embeddedness: it has no actors between which such links would be typical, so there"
        " is nothing to compare with; more actors would rate it."
    )


def test_an_undecided_place_names_what_is_unclear() -> None:
    said = World().said("B")
    assert said[3] == (
        "Whether it is linked nearby, farther away or both is not decided. Not clearly different"
        " from typical: Local embeddedness, Openness."
    )
    assert said[4].startswith("Inside its boundary it has 9 links where 12.0 would be typical")
    world = World()
    world.parts.loc[3, "measure_high"] = -0.1
    assert world.said("B")[3].endswith("Not clearly different from typical: Openness.")


def test_other_nulls_that_agree_are_one_sentence() -> None:
    agree = [said for said in World().said("B") if said.startswith("Compared in other ways")]
    assert agree == [
        (
            "Compared in other ways, its links nearby read no differently: 1.00 times the typical"
            ' number by "same total activity".'
        )
    ]
    world = World()
    world.ratios = world.ratios.query("null == 'mass'")
    assert not any("null" in key for key in world.keys("B"))


@pytest.mark.parametrize("quadrant", ["local_global", "local", "global", "neither"])
def test_every_quadrant_has_a_sentence(quadrant: str) -> None:
    world = World()
    world.scores["quadrant"] = quadrant
    assert world.keys("B").count(f"why.{quadrant}") == 1
    assert len({world.said("B", language)[3] for language in LANGUAGES}) == 2


def test_the_first_of_a_top_of_one_is_called_the_first() -> None:
    world = World()
    assert "why.alike_first" in world.keys("A")
    assert "why.alike" not in world.keys("A")
    world.top = 2
    assert "it was among the top 2." in world.said("A")[1]


def test_what_would_change_it_by_hand() -> None:
    # B: (50.5 x 50)^(1/2) = 50.2, still behind the 60 of A.
    assert World().said("B")[8].endswith("its score would be 50.2; its rank would still be 2.")
    world = World()
    world.scores.loc[0, "score"] = 45.0
    assert world.said("B")[8].endswith("its score would be 50.2 and its rank 1 (now 2).")
    world = World()
    world.parts.loc[1, "value"] = 60.0  # no part of A is below typical
    assert "change.strongest_same_rank" in world.keys("A")
    assert not any("change.weakest" in key for key in world.keys("A"))
    # Without what embeddedness adds: 60 x (50.5 / 72)^(1/2) = 50.2.
    (said,) = (said for said in world.said("A") if "Its score rests most on" in said)
    assert "on Local embeddedness (at 72.0)" in said
    assert said.endswith("its score would be 50.2; its rank would still be 1.")
    world.scores.loc[1, "score"] = 55.0  # between 50.2 and the 60 of A
    (said,) = (said for said in world.said("A") if "Its rank rests most on" in said)
    assert said.endswith("its score would be 50.2 and its rank 2 (now 1).")


def test_a_part_that_is_not_decided_is_left_out_and_named() -> None:
    world = World()
    blank = ["value", "low", "high", "weight", "contribution"]
    world.parts.loc[1, ["decided", "reason"]] = [0, _WIDE]
    world.parts.loc[1, blank] = NAN
    keys = world.keys("A")
    assert "missing.part" in keys
    assert "why.far" not in keys  # a ratio that is not decided is not told as a finding
    said = world.said("A")
    left_out = "Left out of the score, since its records cannot tell: Openness, Resilience."
    assert any(line.startswith(left_out) for line in said)
    assert not any("Openness (at" in line for line in said)


def test_what_is_allowed_for_is_told_where_it_matters() -> None:
    world = World()
    mine = (world.ratios["cluster"] == "A") & (world.ratios["null"] == "mass")
    world.ratios.loc[mine & (world.ratios["reach"] == "beyond"), "allowance"] = 1.5
    # Its ratio beyond is 0.87 with half as much again expected of its region: 1.31 without.
    (row,) = world.ratios[mine & (world.ratios["reach"] == "beyond")].to_dict("records")
    (said,) = (line for line in world.said("A") if "without that allowance" in line)
    assert f"it would be {1.5 * 2 ** row['ratio']:.2f} times" in said
    assert "why.allowed" not in world.keys("B")
    world.ratios["allowance"] = 0.96  # of a twentieth and less nothing is said
    assert "why.allowed" not in world.keys("A")


def test_without_draws_there_is_no_interval_in_words() -> None:
    world = World(ranks=())
    world.scores[["low", "high", "top_share"]] = NAN
    world.scores["confidence"] = ""
    world.parts[["low", "high"]] = NAN
    keys = world.keys("A")
    assert keys[0] == "why.rank_only"
    assert not {"why.alike", "why.by_itself", "missing.confidence"} & set(keys)
    said = world.said("A")
    assert said[0] == ("Rank 1 of 2 rated clusters. Its score is 60.0, where 50.5 is typical.")
    assert "The clusters whose parts are most like its own: Beta (rank 2)." in said
    assert any("Local embeddedness: 72.0 of 100." in line for line in said)


def test_where_the_data_hold_no_partner_abroad_nothing_is_said_of_them() -> None:
    world = World(abroad=ABROAD.iloc[:0])
    assert not {"beside.abroad", "beside.none_abroad"} & set(world.keys("A"))


def test_flags_that_are_not_raised_are_not_told() -> None:
    assert [key for key in World().keys("A") if key.startswith("beside.g")] == ["beside.gap"]
    assert "beside.one_group" in World().keys("B")
    assert "beside.no_gap" in World().keys("B")


def test_every_sentence_stands_in_a_section_in_their_order() -> None:
    for sentences in World().explain().values():
        grouped = group_sentences(sentences)
        assert list(grouped) == [section for section in SECTIONS if section in grouped]
        assert sorted(map(str, sentences)) == sorted(
            str(m) for said in grouped.values() for m in said
        )


def stars(method: str, scores: list[float]) -> World:
    world = World(profile=parse_profile(profile_text(method), method), ranks=())
    table = world.scores
    table["score"] = scores
    table[["low", "high", "top_share", "gap"]] = NAN
    table["confidence"] = ""
    table["alike"] = table["score"].rank(method="dense", ascending=False).astype("Int64")
    table["rank"] = table["score"].rank(method="min", ascending=False).astype("Int64")
    table["rated"] = table["score"].notna().astype(int)
    table.loc[3, "reason"] = "reason.employees_unknown"
    return world


def test_stars_are_told_shortly() -> None:
    world = stars("eu_stars", [67.0, 67.0, 1.0, NAN])
    assert world.said("B") == [
        (
            "2 of 3 stars, which is a score of 67. Rank 1 of 3 rated clusters; 2 have this score,"
            " itself included."
        )
    ]
    assert world.said("C", "ko") == [
        (
            "별 3개 가운데 0개로 1점입니다. 평가 대상 3개 가운데 3위이고, 점수가 같은 클러스터는"
            " 자신을 포함해 1개입니다."
        )
    ]
    assert world.keys("D") == ["why.too_few_to_tell"]


def test_strong_or_not_is_told_shortly() -> None:
    world = stars("us_strong", [100.0, 1.0, 1.0, NAN])
    assert world.said("A") == [
        "By this rule it is a strong cluster (a score of 100), one of 1 among 3 rated clusters."
    ]
    assert world.said("C") == [
        "By this rule it is not a strong cluster (a score of 1), like 2 of 3 rated clusters."
    ]


def test_how_many_links_decide() -> None:
    assert [count_needed(width) for width in (3.0, 2.0, 1.0, 0.0)] == [3, 7, 23, 200]


def draw_world(size: int) -> tuple[Any, ...]:
    """Return a drawn world of clusters, some with gaps, with the tables that stand behind."""
    random = np.random.default_rng(5)
    ids = pd.Index([f"c{at:04d}" for at in range(size)], name="cluster")
    values = {part: random.normal(0, 0.5, size) for part in PARTS}
    values["brokerage"][random.random(size) < 0.5] = NAN
    decided = random.random(size) < 0.7
    beliefs = {part: belief(mean, 0.3) for part, mean in values.items()}
    beliefs["embeddedness"] = belief(values["embeddedness"], 0.3, decided.tolist())
    parts = parts_of(beliefs, linked=random.integers(1, 9, size).tolist())
    reaches = Reaches((0.0,))
    scored = score_linkages(ids, parts, balanced(), goalposts(), reaches, draws=50)
    scored.scores[["capability", "gap"]] = random.uniform(1, 100, (size, 2))
    scored.scores["confidence"] = np.where(scored.scores["rated"] == 1, "low", "")
    low, high = parts.headline[0].interval()
    rows = pd.DataFrame(
        {
            "cluster": ids,
            "kind": "",
            "boundary": "drawn",
            "observed": random.integers(0, 30, size),
            "expected": random.uniform(0, 20, size),
            "allowance": 1.0,
            "design": 1.5,
            "ratio": np.where(decided, values["embeddedness"], NAN),
            "low": low,
            "high": high,
            "width": np.where(decided, 1.5, NAN),
            "data_weight": 0.4,
            "decided": decided.astype(int),
        }
    )
    ratios = pd.concat(
        [
            rows.assign(null=null, reach=reach, kind=kind)
            for null, kind in (("mass", ""), ("mass", "research"), ("constrained", ""))
            for reach in ("fence", "beyond")
        ],
        ignore_index=True,
    )[[column.name for column in RATIOS.columns]]
    behind = {"ratios": ratios, "flags": FLAG_ROWS.iloc[:0], "abroad": ABROAD.iloc[:0]}
    names = pd.DataFrame({"name": ids}, index=ids)
    counts = replace(small_world(), clusters=ids)
    return scored, behind, balanced(), counts, names


def test_every_place_is_filled_and_no_sentence_speaks_of_what_is_missing() -> None:
    explained = explain_clusters(*draw_world(80))
    assert len(explained) == 80
    for language in LANGUAGES:
        for sentences in explained.values():
            for line in (say(sentence, language) for sentence in sentences):
                assert not re.search(r"\bnan\b|\binf\b|NA|None|[{}]", line), line
                assert line.endswith("."), line


def test_the_order_of_rows_changes_no_sentence() -> None:
    scored, behind, *rest = draw_world(40)
    turned = replace(
        scored,
        scores=scored.scores.iloc[::-1].reset_index(drop=True),
        subscores=scored.subscores.sort_values("cluster", ascending=False, kind="stable"),
    )
    tables = {**behind, "flags": behind["flags"].iloc[::-1], "abroad": behind["abroad"].iloc[::-1]}
    assert explain_clusters(turned, tables, *rest) == explain_clusters(scored, behind, *rest)


def test_peers_are_the_nearest_by_hand() -> None:
    values = {"embeddedness": belief([0.0, 0.1, 0.3, 1.0, 2.0], 0.05)}
    ids = pd.Index(list("abcde"), name="cluster")
    scored = score_linkages(
        ids, parts_of(values), balanced(), goalposts(), Reaches((0.0,)), draws=20
    )
    peers = find_peers(scored, pd.DataFrame({"name": list("ABCDE")}, index=ids))
    assert {key: [peer.name for peer in found] for key, found in peers.items()} == {
        "a": ["B", "C", "D"],
        "b": ["A", "C", "D"],
        "c": ["B", "A", "D"],
        "d": ["C", "B", "A"],  # e is as far as a, which comes first by id
        "e": ["D", "C", "B"],
    }
    assert [peer.rank for peer in peers["e"]] == [2, 3, 4]
    assert peers["a"][0].before + peers["b"][0].before == pytest.approx(1)
    assert peers["a"][2].before < 0.5 < peers["e"][0].before


def test_many_clusters_are_explained_in_seconds() -> None:
    world = draw_world(1900)
    start = time.process_time()
    assert len(explain_clusters(*world)) == 1900
    assert time.process_time() - start < 3
