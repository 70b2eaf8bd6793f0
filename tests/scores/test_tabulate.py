"""The tables behind a score, by hand."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

from clustermap.layers.cells import Cells
from clustermap.network.comparison import Comparison
from clustermap.network.expected import NO_PAIRS
from clustermap.scores import score_linkages
from clustermap.scores.parts import Flags
from clustermap.scores.quality import assess_score
from clustermap.scores.score import Reaches
from clustermap.scores.tabulate import (
    tabulate_abroad,
    tabulate_expected,
    tabulate_flags,
    tabulate_nulls,
    tabulate_quality,
    tabulate_ratios,
    tabulate_sensitivity,
)
from clustermap.tables import (
    ABROAD_LINKS,
    EXPECTED,
    FLAGS,
    NULLS,
    QUALITY,
    RATIOS,
    SENSITIVITY,
    Table,
)
from tests.scores.files import balanced, goalposts
from tests.scores.hand import NAN, belief, flag, parts_of, ratios

IDS = pd.Index(["a", "b", "c"], name="cluster")


def columns(table: Table) -> list[str]:
    return [column.name for column in table.columns]


def test_flags_are_a_row_for_each_cluster_and_warning() -> None:
    parts = replace(
        parts_of({"embeddedness": belief([0.0] * 3)}),
        flags=Flags(
            flag([0.6, 0.5, NAN]), flag([0.0] * 3), flag([0.0] * 3), flag([0.2, 0.2, 0.9], 5)
        ),
    )
    found = tabulate_flags(IDS, parts)
    assert list(found.columns) == columns(FLAGS)
    raised = found[found["raised"] == 1]
    assert raised.to_numpy().tolist() == [
        ["a", "headquarters", 0.6, 10, 1],
        ["c", "foreign", 0.9, 5, 1],
    ]
    assert len(found) == 12


def test_links_abroad_are_counted_by_country_at_either_end() -> None:
    flows = pd.DataFrame(
        [
            ("cell a", "abroad:US", "research", 2, 20),
            ("abroad:US", "cell a", "research", 1, 10),
            ("abroad:JP", "cell a", "transfer", 5, 50),
            ("abroad:JP", "shared", "research", 1, 10),
            ("cell a", "cell b", "research", 9, 90),
            ("outside:x", "abroad:US", "research", 7, 70),
        ],
        columns=["source", "target", "kind", "links", "weight"],
    )
    cells: Any = SimpleNamespace(
        names=("cell a", "cell b", "shared", "outside:x"),
        held_cell=np.array([0, 1, 2, 2]),
        held_cluster=np.array([0, 1, 0, 1]),
    )
    found = tabulate_abroad(flows, cells, IDS)
    assert list(found.columns) == columns(ABROAD_LINKS)
    assert found.to_numpy().tolist() == [
        ["a", "JP", "transfer", 5, 50],
        ["a", "US", "research", 3, 30],
        ["a", "JP", "research", 1, 10],
        ["b", "JP", "research", 1, 10],
    ]
    nothing = tabulate_abroad(flows.iloc[4:5], cells, IDS)
    assert (len(nothing), list(nothing.columns)) == (0, columns(ABROAD_LINKS))


def _comparison(observed: float) -> Comparison:
    # Two kinds and their sum, the fence and beyond, for three clusters.
    shape = (3, 3, 2)
    seen = np.full(shape, observed)
    seen[:, -1] *= 2
    expected = np.full(shape, 10.0)
    expected[:, -1] *= 2
    return Comparison((0, 1), seen, expected, expected**2 / 100, np.full(shape, 2.0))


def _ratios() -> pd.DataFrame:
    kinds = belief([0.5] * 3), belief([-0.5] * 3)
    near = ratios(belief([0.1] * 3, 0.2, [True, False, True]), kinds)
    parts = parts_of({"embeddedness": near.posterior})
    far = ratios(belief([0.2] * 3), kinds)
    other = ratios(belief([0.3] * 3)), ratios(belief([0.4] * 3))
    parts = replace(parts, ratios={("mass", "drawn"): (near, far), ("constrained", "drawn"): other})
    standardised: Any = SimpleNamespace(
        headline="mass",
        dispersion=np.zeros(3),
        comparisons={
            ("mass", "drawn"): _comparison(10),
            ("constrained", "drawn"): _comparison(20),
        },
    )
    return tabulate_ratios(IDS, standardised, parts, Reaches((0.0,)))


def test_ratios_are_told_by_kind_under_the_headline_and_together_under_all() -> None:
    found = _ratios()
    assert list(found.columns) == columns(RATIOS)
    keys = ["cluster", "null", "boundary", "kind", "reach"]
    assert not found.duplicated(keys).any()
    one = found[found["cluster"] == "b"].set_index(["null", "kind", "reach"])
    assert len(one) == 2 * 3 + 2
    row = one.loc[("mass", "", "fence")]
    assert row[["observed", "expected", "design", "ratio", "width", "data_weight"]].tolist() == [
        *(20, 20, 2, 0.1, 1.5, 0.8)
    ]
    assert (row["low"], row["high"]) == pytest.approx((0.1 - 0.329, 0.1 + 0.329), abs=1e-3)
    assert row["decided"] == 0
    kind = one.loc[("mass", "firm_firm", "beyond")]
    assert kind[["observed", "expected", "ratio"]].tolist() == [10, 10, 0.5]
    assert kind[["width", "data_weight", "decided"]].isna().all()
    assert one.loc[("constrained", "", "fence"), ["observed", "ratio"]].tolist() == [40, 0.3]


def test_how_nulls_were_fitted() -> None:
    fit = SimpleNamespace(links=12.0, exponent=-0.1, same=1.5)
    standardised: Any = SimpleNamespace(
        convergence={
            ("mass", "firm_firm firm-firm"): (9, 1e-9),
            ("constrained", "firm_firm firm-firm"): (40, 1e-10),
        },
        fits={("mass", "firm_firm firm-firm"): fit},
    )
    found = tabulate_nulls(standardised)
    assert list(found.columns) == columns(NULLS)
    assert found.iloc[0].tolist() == ["mass", "firm_firm firm-firm", 12.0, 9, 1e-9, -0.1, 1.5]
    assert found.loc[1, ["sweeps", "residual"]].tolist() == [40, 1e-10]
    assert found.loc[1, ["links", "exponent", "same_sector"]].isna().all()


def test_pairs_of_cells_by_their_names() -> None:
    own = np.arange(2, dtype=np.int32)
    cells = Cells(("K1", "K2", "outside:1_2"), 2, own, own)
    pairs = NO_PAIRS.copy()
    pairs.loc[0] = [0, 2, 1, 3.0, 1.5]
    standardised: Any = SimpleNamespace(pairs=pairs.astype(NO_PAIRS.dtypes))
    found = tabulate_expected(standardised, cells)
    assert list(found.columns) == columns(EXPECTED)
    assert found.iloc[0].tolist() == ["K1", "outside:1_2", "research", 3.0, 1.5]


def test_the_quality_sheet_as_a_table() -> None:
    ids = pd.Index([f"c{at:02d}" for at in range(12)])
    values = np.linspace(-1, 1, 12)
    parts = parts_of({"embeddedness": belief(values), "openness": belief(values[::-1] / 2)})
    scored = score_linkages(ids, parts, balanced(), goalposts(), Reaches((0.0,)), draws=50)
    sheet = assess_score(
        scored.scores, scored.subscores, balanced(), pd.Series(range(12), index=ids)
    )
    found = tabulate_quality(sheet)
    assert list(found.columns) == columns(QUALITY)
    assert not found.duplicated(["part", "other", "statistic"]).any()
    table = found.set_index(["part", "other", "statistic"])["value"]
    assert table["embeddedness", "openness", "spearman"] == pytest.approx(-1)
    assert table["embeddedness", "score", "weight"] == pytest.approx(1 / 6)
    assert table["openness", "size", "spearman"] == pytest.approx(-1)
    assert table["resilience", "score", "present"] == 1
    # Fifteen pairs twice, alpha, weight, effect and presence of six parts, size of score and parts.
    assert len(found) == 30 + 1 + 18 + 7


def test_sensitivity_needs_ten_rated() -> None:
    for size in (9, 10):
        ids = pd.Index([f"c{at:02d}" for at in range(size)])
        parts = parts_of({"embeddedness": belief(np.linspace(-1, 1, size), 0.4)})
        scored = score_linkages(ids, parts, balanced(), goalposts(), Reaches((0.0,)), draws=20)
        found = tabulate_sensitivity(scored, 1)
        assert list(found.columns) == columns(SENSITIVITY)
        assert (len(found) > 0) == (size == 10)
    assert found["total"].dropna().between(-0.5, 1.5).all()
    without = replace(scored, drawn=cast("Any", None))
    assert tabulate_sensitivity(without, 1).empty
