"""Rules of others for strong clusters, by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from clustermap.scores import parse_profile, score_linkages
from clustermap.scores.comparators import (
    NOTHING_KNOWN,
    eu_stars,
    score_stars,
    tabulate_industries,
    us_strong,
)
from clustermap.scores.score import Reaches
from tests.indicators.worlds import small_world
from tests.scores.files import balanced, goalposts, profile_text
from tests.scores.hand import belief, parts_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from clustermap.scores import Scored

#  cluster  firms  employees    LQ   share of the cluster
ROWS = {
    "A": (50, 900, 0.9, 0.02),  # the largest, not specialised
    "B": (30, 400, 2.0, 0.30),
    "C": (10, 100, 1.2, 0.10),
    "D": (4, 50, 5.0, 0.90),
    "E": (1, 5, 9.0, 1.00),  # most specialised, but a single firm
    "F": (0, 0, 0.0, 0.00),  # absent: compared with nobody
}
COLUMNS = ["firms", "employees", "location_quotient", "share"]


def table(**changes: tuple[float, ...]) -> pd.DataFrame:
    frame = pd.DataFrame.from_dict({**ROWS, **changes}, orient="index", columns=COLUMNS)
    frame = frame.rename_axis("cluster").reset_index()
    frame.insert(1, "industry", "chips")
    return frame


def test_stars_by_hand() -> None:
    found = eu_stars(table()).set_index("cluster")
    # 90th percentiles over A to E: employees 400 + .6 x 500 = 700, shares .9 + .6 x .1 = .96.
    assert found["size"].to_dict() == {"A": 1, "B": 0, "C": 0, "D": 0, "E": 0, "F": 0}
    assert found["specialisation"].to_dict() == {"A": 0, "B": 1, "C": 0, "D": 1, "E": 1, "F": 0}
    assert found["focus"].to_dict() == {"A": 0, "B": 0, "C": 0, "D": 0, "E": 1, "F": 0}
    assert found["stars"].to_dict() == {"A": 1, "B": 1, "C": 0, "D": 1, "E": 2, "F": 0}


def test_size_is_compared_within_an_industry_and_focus_over_all() -> None:
    other = table(**dict.fromkeys(ROWS, (5, 10.0, 1.0, 2.0))).assign(industry="ships")
    found = eu_stars(pd.concat([table(), other], ignore_index=True))
    found = found.set_index(["industry", "cluster"])
    assert found.loc[("chips", "A"), "size"] == 1
    assert (found.loc["ships", "size"] == 1).all()  # all alike: all reach the percentile
    assert found.loc[("chips", "E"), "focus"] == 0


def test_strong_by_hand() -> None:
    found = us_strong(table()).set_index("cluster")["strong"]
    # Over A to E: LQ from 5 (75th), employees above 50, firms above 4 (25th). E has too few firms
    # and D lies on both percentiles, not above.
    assert found.to_dict() == dict.fromkeys(ROWS, 0)
    found = us_strong(table(D=(5, 60, 5.0, 0.9), C=(4, 50, 1.2, 0.1))).set_index("cluster")
    assert found["strong"].to_dict() == {"A": 0, "B": 0, "C": 0, "D": 1, "E": 0, "F": 0}


def test_a_quotient_below_one_is_never_strong() -> None:
    low = table(**dict.fromkeys("BCDE", (9, 90, 0.5, 0.1)), A=(50, 900, 0.9, 0.02))
    found = us_strong(low).set_index("cluster")["strong"]
    assert found["A"] == 0  # above every percentile
    high = low.assign(location_quotient=low["location_quotient"] * 2)
    assert us_strong(high).set_index("cluster")["strong"]["A"] == 1


def test_what_is_not_known_is_not_judged() -> None:
    unknown = table(B=(30, np.nan, 2.0, 0.3))
    stars = eu_stars(unknown).set_index("cluster")
    assert np.isnan(stars.loc["B", "stars"])
    assert stars.loc["B", "specialisation"] == 1
    assert stars["stars"].notna().sum() == 5
    strong = us_strong(unknown).set_index("cluster")["strong"]
    assert strong.isna().to_dict() == {name: name == "B" for name in ROWS}


@pytest.mark.parametrize("rule", [eu_stars, us_strong])
def test_the_order_of_rows_changes_nothing(
    rule: Callable[[pd.DataFrame], pd.DataFrame],
) -> None:
    frame = table()
    found = rule(frame.sample(frac=1, random_state=1)).sort_index()
    pd.testing.assert_frame_equal(found, rule(frame))


def test_what_the_rules_look_at() -> None:
    found = tabulate_industries(small_world()).set_index(["cluster", "industry"])
    row = found.loc[("A", "chips")]
    assert row[["firms", "employees", "location_quotient", "share"]].to_list() == [3, 80, 2, 0.4]
    # C is counted in firms: one of four.
    row = found.loc[("C", "chips")]
    assert np.isnan(row["employees"])
    assert row["share"] == pytest.approx(1 / 4)
    assert found.loc[("B", "ships"), ["firms", "employees", "share"]].to_list() == [0, 0, 0]
    assert found.loc[("D", "chips"), ["employees", "location_quotient", "share"]].isna().all()


def by_method(name: str) -> Scored:
    counts, parts = small_world(), parts_of({"embeddedness": belief([0.0] * 4)})
    scored = score_linkages(
        counts.clusters, parts, balanced(), goalposts(), Reaches((0.0,)), draws=20
    )
    return score_stars(scored, counts, parse_profile(profile_text(name), name))


def test_stars_as_a_score() -> None:
    found = by_method("eu_stars")
    table = found.scores.set_index("cluster")
    # A: the largest in chips (80 of 80 and 60: the 90th percentile is 78) and twice specialised;
    # B: three times specialised, and its share of 60 % is the largest. C and D: employees unknown.
    assert table["score"].dropna().to_dict() == pytest.approx({"A": 67, "B": 67})
    assert table["rank"].dropna().to_dict() == {"A": 1, "B": 1}
    assert table["rank_high"].dropna().to_dict() == {"A": 2, "B": 2}
    assert table["alike"].dropna().to_dict() == {"A": 1, "B": 1}
    assert table["reason"].tolist() == ["", "", NOTHING_KNOWN, NOTHING_KNOWN]
    assert found.unrated == {NOTHING_KNOWN: 2}


def test_stars_have_no_interval_and_parts_no_weight() -> None:
    found = by_method("us_strong")
    assert found.scores[["low", "high", "top_share"]].isna().all(axis=None)
    assert found.drawn is None
    assert found.scores["score"].head(2).tolist() == [1, 1]  # nobody is strong
    assert found.subscores[["weight", "contribution"]].isna().all(axis=None)
    assert (found.subscores["value"] == 50.5).all()
