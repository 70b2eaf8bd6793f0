"""A published composite, step by step: 51 countries by 49 indicators, as COINr computes them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from clustermap.scores.aggregate import arithmetic_mean, geometric_mean
from clustermap.scores.hierarchy import aggregate_levels
from clustermap.scores.impute import impute_mean, screen_units
from clustermap.scores.normalise import denominate, min_max, normalise_table, rank, z_score
from clustermap.scores.treat import kurtosis, skewness, treat_outliers
from tests.indicators.oracles import oracle

if TYPE_CHECKING:
    from collections.abc import Callable

NEAR = 1e-6


def read(name: str) -> pd.DataFrame:
    return pd.read_csv(oracle("composite_asem", f"{name}.csv"), index_col="uCode")


def read_meta() -> pd.DataFrame:
    meta = pd.read_csv(oracle("composite_asem", "ASEM_iMeta.csv"))
    return meta[meta["Type"].isin(["Indicator", "Aggregate"])].set_index("iCode")


def indicators() -> pd.DataFrame:
    meta = read_meta()
    return meta[meta["Type"] == "Indicator"]


def check(found: pd.DataFrame, wanted: pd.DataFrame) -> None:
    assert found.shape == wanted.shape
    pd.testing.assert_frame_equal(
        found.loc[wanted.index, list(wanted)], wanted, rtol=0, atol=NEAR, check_dtype=False
    )


def denominated() -> pd.DataFrame:
    per = indicators()["Denominator"].dropna().to_dict()
    return denominate(read("step_Raw"), read("ASEM_iData"), per)


def imputed() -> pd.DataFrame:
    return impute_mean(denominated(), read("ASEM_iData")["EurAsia_group"])


def test_denominated() -> None:
    check(denominated(), read("step_Denominated"))
    assert denominated()["Flights"]["AUT"] == pytest.approx(29.01725 / 8735.453, abs=1e-15)


def test_imputed_by_the_means_of_europe_and_asia() -> None:
    assert denominated().isna().sum().sum() == 65
    check(imputed(), read("step_Imputed"))


def test_screened() -> None:
    check(screen_units(imputed()), read("step_Screened"))
    # Before imputation two countries would have gone.
    few = denominated().notna().mean(axis=1) < 0.9
    assert set(few.index[few]) == set(denominated().index) - set(screen_units(denominated()).index)
    assert 0 < few.sum() < 10


def test_treated() -> None:
    found = treat_outliers(read("step_Screened"))
    check(found.table, read("step_Treated"))
    log = found.log.set_index("indicator")
    wanted = pd.read_csv(oracle("composite_asem", "treat_details.csv"), index_col="iCode")
    assert list(log.index) == list(wanted.index)
    passed = wanted["check_SkewKurt0.Pass"].astype(bool)
    assert ((log["treatment"] == "none") == passed).all()
    assert (log["treatment"] == "winsorised").sum() == 15
    points = wanted["winsorise.nwin"].fillna(0).astype(int)
    assert log["points"].tolist() == points.tolist()
    for ours, theirs in (("skewness", "Skew"), ("kurtosis", "Kurt")):
        before, after = (wanted[f"check_SkewKurt{step}.{theirs}"] for step in (0, 1))
        np.testing.assert_allclose(log[f"{ours}_before"], before, rtol=0, atol=NEAR)
        np.testing.assert_allclose(log[f"{ours}_after"], after.fillna(before), rtol=0, atol=NEAR)
    assert log["passes"].all()


@pytest.mark.parametrize(
    ("name", "scale"),
    [
        ("step_Normalised", min_max),
        ("norm_minmax_1_100", partial(min_max, low=1, high=100)),
        ("norm_zscore_10_2", partial(z_score, mean=10, deviation=2)),
    ],
)
def test_normalised(name: str, scale: Callable[..., np.ndarray]) -> None:
    directions = indicators()["Direction"].astype(int).to_dict()
    assert sum(direction == -1 for direction in directions.values()) == 14
    check(normalise_table(read("step_Treated"), scale, directions), read(name))


def test_ranked() -> None:
    directions = indicators()["Direction"].astype(int).to_dict()
    treated, wanted = read("step_Treated"), read("norm_rank")
    found = normalise_table(treated, rank, directions).loc[wanted.index]
    # The file has fifteen digits: three values of one column that it shows as tied were not.
    apart = found != wanted
    assert apart.any().to_list().count(True) == 1
    assert set(apart.index[apart["TolMin"]]) == {"BGR", "CZE", "NOR"}
    assert treated["TolMin"]["BGR"] == treated["TolMin"]["GRC"] == treated["TolMin"]["CZE"]
    assert treated["TolMin"]["NOR"] == treated["TolMin"]["JPN"]


@pytest.mark.parametrize(
    ("name", "mean"),
    [
        ("step_Aggregated", arithmetic_mean),
        ("agg_minmax1_100_a_amean", arithmetic_mean),
        ("agg_minmax1_100_a_gmean", geometric_mean),
    ],
)
def test_aggregated(name: str, mean: Callable[..., np.ndarray]) -> None:
    meta = read_meta()
    parents, weights = meta["Parent"].dropna().to_dict(), meta["Weight"].to_dict()
    wanted = read(name)
    check(aggregate_levels(wanted[list(indicators().index)], parents, weights, mean), wanted)


def test_everything_from_raw_to_rank() -> None:
    meta = read_meta()
    treated = treat_outliers(screen_units(imputed())).table
    scaled = normalise_table(treated, min_max, indicators()["Direction"].astype(int).to_dict())
    parents, weights = meta["Parent"].dropna().to_dict(), meta["Weight"].to_dict()
    found = aggregate_levels(scaled, parents, weights)
    check(found, read("step_Aggregated"))
    # The results are printed to two digits.
    wanted = read("results_full").sort_index()
    found = found.sort_index()
    ranks = rank(found["Index"], direction=-1)
    np.testing.assert_array_equal(ranks, wanted["Rank"])
    np.testing.assert_allclose(found[list(wanted)[1:]], wanted.drop(columns="Rank"), atol=0.005001)
    assert found.index[ranks == 1].tolist() == ["CHE"]
    assert found["Index"]["CHE"] == pytest.approx(68.38, abs=0.005)


def test_steps_by_typed_numbers() -> None:
    # Austria's institutional indicators on min-max.
    values = [100, 79.1666666666667, 34.7974900171135, 100, 64.4444444444444, 86.8131868131868]
    table = pd.DataFrame([values], columns=list("abcdef"))
    found = aggregate_levels(table, dict.fromkeys("abcdef", "Instit"))
    assert found["Instit"].item() == pytest.approx(77.5369646569019, abs=1e-9)
    # Australia's costs to export and import lie between 0 and 595; less is better.
    assert min_max([0, 364, 595], direction=-1)[1] == pytest.approx(38.8235294117647, abs=1e-9)


def test_shape_by_typed_numbers() -> None:
    # By the formulas of spreadsheets: n / ((n-1) (n-2)) times the sum of cubed z-scores, and so on.
    values = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 30, 100]
    assert skewness(values) == pytest.approx(3.0632410342395, abs=1e-9)
    assert kurtosis(values) == pytest.approx(9.7413908345691, abs=1e-9)
