"""The capability of clusters, by hand."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clustermap.indicators import compute_indicators
from clustermap.scores.capability import MISSING, capability, steady_quotient
from clustermap.tables import FIRMS
from tests.indicators.worlds import small_world


def test_capability_of_the_small_world() -> None:
    found = capability(compute_indicators(small_world())).set_index("cluster")
    employment = 1 + 99 * math.log(200 / 10) / math.log(10_000)
    assert found.loc["A", "employment"] == pytest.approx(employment, abs=1e-9)
    # LQ 2 from three firms: half of its logarithm.
    specialisation = 1 + 99 * math.log(2**0.5 / 0.5) / math.log(64)
    assert found.loc["A", "specialisation"] == pytest.approx(specialisation, abs=1e-9)
    assert found.loc["A", "value"] == pytest.approx((employment + specialisation) / 2, abs=1e-9)
    assert found.loc["A", ["basis", "parts", "industry"]].to_list() == [8, 2, "chips"]
    # LQ 3 from two firms: two fifths of its logarithm.
    specialisation = 1 + 99 * math.log(3**0.4 / 0.5) / math.log(64)
    assert found.loc["B", "specialisation"] == pytest.approx(specialisation, abs=1e-9)
    # D has neither employees nor codes.
    assert np.isnan(found.loc["D", "value"])
    assert found.loc["D", ["parts", "industry"]].to_list() == [0, ""]


def test_no_firm_in_any_industry_is_the_low_end() -> None:
    table = compute_indicators(small_world())
    of_industry = table["indicator"].isin(["location_quotient", "industry_firms"])
    table.loc[of_industry & (table["cluster"] == "A"), "value"] = 0.0
    found = capability(table).set_index("cluster")
    assert found.loc["A", ["specialisation", "industry"]].to_list() == [1, ""]


def test_one_known_part_is_said_to_be_one() -> None:
    table = compute_indicators(small_world())
    found = capability(table[table["indicator"] == "employees"]).set_index("cluster")
    assert found.loc["A", "parts"] == 1
    assert found.loc["A", "value"] == found.loc["A", "employment"]
    assert np.isnan(found.loc["A", "specialisation"])


def test_the_order_of_rows_changes_nothing() -> None:
    table = compute_indicators(small_world())
    found = capability(table.sample(frac=1, random_state=1))
    wanted = capability(table).set_index("cluster").loc[found["cluster"]].reset_index()
    pd.testing.assert_frame_equal(found, wanted, check_exact=True)


def test_what_is_missing_is_named() -> None:
    assert {"rnd", "exports"} <= set(MISSING) & {column.name for column in FIRMS.columns}
    assert "productivity" in MISSING


@given(st.floats(0.01, 1000), st.integers(1, 10**6))
@settings(deadline=None)
def test_steadying_keeps_the_side_and_more_firms_keep_more(quotient: float, firms: int) -> None:
    few, more = steady_quotient([quotient, quotient], [firms, firms + 1])
    assert abs(math.log(few)) <= abs(math.log(more)) + 1e-12 <= abs(math.log(quotient)) + 2e-12
    assert (few - 1) * (quotient - 1) >= 0
