"""Strategic industries as a whole: size, and whether they keep to some clusters."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from clustermap.indicators import industries
from clustermap.indicators.industries import compute_industries
from clustermap.messages import LANGUAGES, read_catalogue
from clustermap.network.graph import TIES
from clustermap.tables import INDUSTRIES
from tests.indicators.worlds import small_world


def test_industries_by_hand() -> None:
    table = compute_industries(small_world())
    assert list(table) == [column.name for column in INDUSTRIES.columns]
    value = table.set_index(["industry", "indicator"])["value"]
    assert value["chips", "firms"] == 8
    assert value["ships", "employees"] == 50
    # Of 170 employees in chips A has 80, B 60, C 30; of all 330 with a code 200, 100, 30.
    raw = (80 / 170 - 200 / 330) ** 2 + (60 / 170 - 100 / 330) ** 2 + (30 / 170 - 30 / 330) ** 2
    plants = (40**2 + 30**2 + 10**2 + 40**2 + 20**2 + 30**2) / 170**2
    room = 1 - (200**2 + 100**2 + 30**2) / 330**2
    assert value["chips", "raw_concentration"] == pytest.approx(raw, abs=1e-12)
    assert value["chips", "plant_herfindahl"] == pytest.approx(plants, abs=1e-12)
    gamma = (raw - room * plants) / (room * (1 - plants))
    assert value["chips", "ellison_glaeser"] == pytest.approx(gamma, abs=1e-12)
    # No firm of ships stands in a cluster.
    assert value["ships"][["ellison_glaeser", "raw_concentration", "plant_herfindahl"]].isna().all()
    assert table[["low", "high"]].isna().all(axis=None)


def test_the_order_of_clusters_and_rows_changes_nothing() -> None:
    counts = small_world()
    turned = replace(
        counts,
        clusters=counts.clusters[::-1],
        by_sector=counts.by_sector[::-1],
        by_industry=counts.by_industry[::-1],
        nation_by_industry=counts.nation_by_industry[::-1],
    )
    pd.testing.assert_frame_equal(
        compute_industries(turned), compute_industries(counts), check_exact=True
    )


def test_an_industry_of_one_firm_is_not_decided() -> None:
    counts = small_world()
    one = counts.by_industry[counts.by_industry["cluster"] == "C"]
    value = compute_industries(replace(counts, by_industry=one)).set_index(
        ["industry", "indicator"]
    )["value"]
    assert value["chips", "plant_herfindahl"] == 1
    assert np.isnan(value["chips", "ellison_glaeser"])


def test_without_industries_there_are_no_rows() -> None:
    counts = small_world()
    empty = replace(
        counts,
        by_industry=counts.by_industry[:0],
        nation_by_industry=counts.nation_by_industry[:0],
        ties=TIES.empty_table(),
    )
    assert compute_industries(empty).empty


@pytest.mark.parametrize("word", ["label", "meaning", "unit"])
def test_their_words_stand_in_the_catalogue(word: str) -> None:
    for record in industries.FAMILY:
        texts = read_catalogue()[f"industry.{record.key}.{word}"]
        assert all(texts[language] for language in LANGUAGES)
