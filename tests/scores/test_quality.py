"""The quality sheet: its figures by hand, and the sentences that follow from them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from clustermap.messages import LANGUAGES, Message, say
from clustermap.scores.quality import (
    QualitySheet,
    assess_quality,
    assess_score,
    cronbach_alpha,
    main_effect,
)
from tests.scores.files import balanced

NAN = np.nan
tables = arrays.arrays(
    np.float64, st.tuples(st.integers(3, 12), st.integers(2, 4)), elements=st.integers(0, 9)
)


def draw_parts(units: int = 200, seed: int = 1) -> pd.DataFrame:
    """Parts a and b that are nearly one, c that has nothing to do with them."""
    random = np.random.default_rng(seed)
    a, c = random.normal(50, 10, (2, units))
    b = a + random.normal(0, 2, units)
    return pd.DataFrame({"a": a, "b": b, "c": c}, index=[f"u{at:03d}" for at in range(units)])


def keys(sheet: QualitySheet) -> list[str]:
    return [finding.key for finding in sheet.findings]


def test_alpha_of_typed_numbers() -> None:
    # Variances 1, 1 and 4; the sums 4, 8 and 12 have variance 16: 3/2 (1 - 6/16).
    assert cronbach_alpha([[1, 1, 2], [2, 2, 4], [3, 3, 6]]) == pytest.approx(0.9375)
    assert cronbach_alpha([[1, 1], [2, 2], [3, 3], [9, NAN]]) == pytest.approx(1)
    # Two parts that vary alike but independently have nothing in common.
    assert cronbach_alpha([[0, 0], [0, 1], [1, 0], [1, 1]]) == pytest.approx(0)
    assert np.isnan(cronbach_alpha([[1], [2], [3]]))
    assert np.isnan(cronbach_alpha([[1, 3], [2, 2], [3, 1]]))


def test_main_effects_of_typed_numbers() -> None:
    # Around their means the products sum to 4 + 0 + 0 + 2 + 2 = 8, both squares to 10.
    assert main_effect([1, 2, 3, 4, 5], [1, 3, 2, 5, 4]) == pytest.approx(0.64)
    assert main_effect([1, 2, 3, NAN], [2, 1, 3, 100]) == pytest.approx(0.25)
    assert np.isnan(main_effect([1, 1, 1], [1, 2, 3]))
    assert np.isnan(main_effect([1, 2], [1, 2]))
    assert np.isnan(main_effect([1, 2, 3], [1, 2, 3], curved=True))


def test_a_curve_sees_what_a_line_does_not() -> None:
    x = np.linspace(-1, 1, 41)
    assert main_effect(x, x**2) == pytest.approx(0, abs=1e-12)
    assert main_effect(x, x**2, curved=True) > 0.95
    assert main_effect(x, 3 - 2 * x, curved=True) == pytest.approx(1)
    # Two values only: there is nothing to bend between.
    steps = np.repeat([0.0, 1.0], 5)
    y = np.arange(10.0)
    assert main_effect(steps, y, curved=True) == pytest.approx(main_effect(steps, y))


@given(tables, st.data())
@settings(deadline=None)
def test_effects_are_shares(table: np.ndarray, data: st.DataObject) -> None:
    x, y = table[:, 0], table[:, 1]
    line, curve = main_effect(x, y), main_effect(x, y, curved=True)
    places = data.draw(st.permutations(range(len(x))))
    np.testing.assert_array_equal(main_effect(x[places], y[places]), line)
    if not np.isnan(line):
        assert line == pytest.approx(np.corrcoef(x, y)[0, 1] ** 2)
    if not np.isnan(curve):
        assert 0 <= line <= curve <= 1


def test_correlations_are_those_of_pandas() -> None:
    parts = draw_parts(50).mask(lambda table: table > 62)
    sheet = assess_quality(parts, draw_parts(50)["a"], {"a": 1, "b": 1, "c": 1})
    pd.testing.assert_frame_equal(sheet.pearson, parts.corr())
    pd.testing.assert_frame_equal(sheet.spearman, parts.corr("spearman"))


def test_parts_that_are_one_count_for_more_than_their_weight() -> None:
    parts = draw_parts()
    score = parts.mean(axis=1)
    sheet = assess_quality(parts, score, {"a": 2, "b": 2, "c": 2}, pd.Series(1.0, parts.index))
    assert sheet.units == 200
    assert sheet.weights["nominal"].tolist() == pytest.approx([1 / 3] * 3)
    assert sheet.weights["effective"].sum() == pytest.approx(1)
    assert sheet.weights["effective"]["c"] < 0.2
    assert sheet.weights["effective"]["a"] > 0.4
    np.testing.assert_allclose(
        sheet.weights["main_effect"], [np.corrcoef(parts[p], score)[0, 1] ** 2 for p in parts]
    )
    assert keys(sheet)[0] == "quality.pair.same"
    assert keys(sheet).count("quality.weight.less") == 1
    assert sheet.size.isna().all()
    said = [say(finding, "en") for finding in sheet.findings]
    assert said[0] == "a and b say nearly the same (r = 0.98): consider merging them."
    assert any(text.startswith("c counts for only") for text in said)


def test_parts_apart_count_as_they_should() -> None:
    random = np.random.default_rng(2)
    parts = pd.DataFrame(random.normal(50, 10, (400, 4)), columns=list("abcd"))
    size = pd.Series(random.pareto(1, 400))
    sheet = assess_quality(parts, parts.mean(axis=1), dict.fromkeys("abcd", 0.25), size)
    assert keys(sheet) == ["quality.alpha.low", "quality.weight.as_said", "quality.size.free"]
    assert list(sheet.size.index) == ["score", *"abcd"]


def test_size_is_found_in_the_score_and_in_parts() -> None:
    parts = draw_parts(100)
    parts["c"] = -parts["a"]
    score = parts["a"]
    sheet = assess_quality(parts, score, {"a": 1, "b": 1, "c": 1}, np.exp(parts["a"]))
    assert sheet.size["score"] == pytest.approx(1)
    assert sheet.size["c"] == pytest.approx(-1)
    assert keys(sheet)[:3] == [f"quality.pair.{key}" for key in ("against", "same", "against")]
    assert {"quality.size.follows", "quality.size.part_against"} <= set(keys(sheet))
    assert "quality.weight.against" in keys(sheet)
    other = assess_quality(parts, -score, {"a": 1, "b": 1, "c": 1}, np.exp(parts["a"]))
    assert "quality.size.against" in keys(other)


def test_a_part_that_few_units_have_is_named_and_left_out() -> None:
    parts = draw_parts().assign(d=np.arange(200.0))
    whole = assess_quality(parts[["a", "b", "c"]], parts["a"], dict.fromkeys("abc", 1.0))
    parts.loc[parts.index[19:], "d"] = NAN
    sheet = assess_quality(parts, parts["a"], dict.fromkeys("abcd", 1.0))
    assert "quality.rare" in keys(sheet)
    (found,) = (finding for finding in sheet.findings if finding.key == "quality.rare")
    assert found.values == {"part": "d", "units": "19", "all": "200"}  # noqa: PD011 - a message
    assert sheet.spearman["d"].isna().all()
    assert np.isnan(sheet.weights.loc["d", "effective"])
    assert sheet.alpha == whole.alpha
    assert sheet.weights.loc["d", "present"] == pytest.approx(19 / 200)
    assert sheet.weights.loc["a", "present"] == 1
    # Twenty are told of; alpha rests on parts that half of the units have.
    parts["d"] = parts["d"].where(parts["d"].notna(), NAN)
    parts.loc[parts.index[19], "d"] = 7.0
    sheet = assess_quality(parts, parts["a"], dict.fromkeys("abcd", 1.0))
    assert "quality.rare" not in keys(sheet)
    assert sheet.spearman.loc["d", "d"] == 1
    assert sheet.weights.loc["d", "nominal"] == pytest.approx(20 / 200 / 4)
    assert sheet.weights.loc["a", "nominal"] == pytest.approx((20 / 4 + 180 / 3) / 200)
    assert sheet.alpha == whole.alpha


def test_units_without_a_score_are_left_out() -> None:
    parts = draw_parts(30)
    score = parts["a"].copy()
    score.iloc[:25] = NAN
    sheet = assess_quality(parts, score, {"a": 1, "b": 1, "c": 1})
    assert sheet.units == 5
    assert sheet.size.empty
    assert keys(sheet)[0] == "quality.few"
    nobody = assess_quality(parts, score * NAN, {"a": 1, "b": 1, "c": 1}, score)
    assert nobody.units == 0
    assert nobody.pearson.isna().all(axis=None)
    assert keys(nobody) == []


def test_row_order_changes_nothing() -> None:
    parts = draw_parts(40)
    size = parts["c"] ** 2
    one = assess_quality(parts, parts["a"], {"a": 1, "b": 1, "c": 1}, size)
    places = np.random.default_rng(1).permutation(40)
    mixed = parts.iloc[places]
    other = assess_quality(mixed, mixed["a"], {"a": 1, "b": 1, "c": 1}, size)
    for name in ("pearson", "spearman", "weights"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name), check_exact=True)
    assert one.alpha == other.alpha
    assert one.findings == other.findings


def test_the_sheet_of_a_score_names_its_parts() -> None:
    profile = balanced()
    random = np.random.default_rng(1)
    clusters = [f"c{at}" for at in range(30)]
    names = list(profile.parts)
    wide = pd.DataFrame(random.uniform(1, 100, (30, 6)), index=clusters, columns=names)
    wide[names[1]] = wide[names[0]] + random.normal(0, 1, 30)
    wide.iloc[3:, 2] = NAN
    rated = pd.Series([0, *[1] * 29], index=clusters)
    score = wide.mean(axis=1).where(rated == 1)
    scores = pd.DataFrame({"cluster": clusters, "score": score, "rated": rated})
    subscores = wide.rename_axis("cluster").reset_index()
    subscores = subscores.melt("cluster", var_name="subscore", value_name="value")
    sheet = assess_score(scores, subscores, profile, pd.Series(range(30), index=clusters))
    assert sheet.units == 29
    assert list(sheet.weights.index) == names
    assert np.isnan(sheet.pearson.loc[names[2], names[0]])
    pair = next(found for found in sheet.findings if found.key == "quality.pair.same")
    for language in LANGUAGES:
        assert say(Message(f"subscore.{names[0]}.label"), language) in say(pair, language)


@given(tables)
@settings(deadline=None)
def test_every_sheet_can_be_said(table: np.ndarray) -> None:
    parts = pd.DataFrame(table, columns=list("abcd")[: table.shape[1]])
    sheet = assess_quality(parts, parts.mean(axis=1), dict.fromkeys("abcd", 1.0), parts["a"])
    for finding in sheet.findings:
        for language in LANGUAGES:
            assert "nan" not in say(finding, language)
    assert sheet.pearson.abs().max(axis=None) <= 1 or sheet.pearson.isna().all(axis=None)
