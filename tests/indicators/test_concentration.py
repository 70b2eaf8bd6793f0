"""Concentration, relatedness and variety against textbooks and other programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clustermap.indicators.concentration import (
    Agglomeration,
    average_location_quotient,
    binary_location_quotient,
    ellison_glaeser,
    hachman_index,
    krugman_index,
    locational_gini,
    quotient_gini,
    shannon_entropy,
    specialisation_coefficient,
)
from clustermap.indicators.relatedness import (
    Normalisation,
    external_density,
    internal_density,
    relatedness,
    relatedness_density,
)
from clustermap.indicators.specialisation import herfindahl, location_quotient
from clustermap.indicators.variety import SECTIONS, related_variety, section_of, unrelated_variety
from tests.indicators.oracles import oracle

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# The matrix of EconGeo's documentation.
MATRIX = np.array([[44, 63, 8, 83], [48, 42, 10, 1], [74, 54, 96, 16], [39, 26, 28, 13]])
MATRIX = np.vstack([MATRIX, [89, 61, 45, 76]])
TOGETHER = np.array([[0, 10, 1, 5, 5, 9], [10, 8, 0, 1, 5, 7], [1, 0, 0, 9, 4, 4]])
TOGETHER = np.vstack([TOGETHER, [[5, 1, 9, 6, 6, 5], [5, 5, 4, 6, 8, 1], [9, 7, 4, 5, 1, 10]]])
KINDS: dict[Normalisation, str] = {
    "association": "association",
    "cosine": "cosine",
    "jaccard": "jaccard",
    "probability": "prob",
}
tables = st.lists(st.lists(st.integers(0, 10**6), min_size=4, max_size=4), min_size=2, max_size=6)


def read(name: str) -> pd.DataFrame:
    return pd.read_csv(oracle("concentration", f"{name}.csv"), index_col=0)


def expected() -> dict[str, Any]:
    text = oracle("concentration", "reat_expected.json").read_text(encoding="utf-8")
    values: dict[str, Any] = json.loads(text)
    return values


def agglomerate(
    sizes: Sequence[float], places: Sequence[object], totals: pd.Series[float]
) -> Agglomeration:
    """Return the index of one industry from its plants."""
    plants = pd.Series(np.asarray(sizes, dtype=float))
    table = plants.groupby(np.asarray(places)).sum().reindex(totals.index, fill_value=0)
    shares = plants / plants.sum()
    return ellison_glaeser(
        table.to_numpy()[:, None],
        totals,
        [(shares**2).sum()],
        fourth_powers=[(shares**4).sum()],
    )


def test_the_textbook_ellison_glaeser() -> None:
    sizes = [200, 650, 12000, 100, 50, 16000, 13000, 1500, 1500, 25000]
    places = ["Wien"] * 5 + ["Linz"] * 4 + ["Graz"]
    totals = pd.Series({"Wien": 500000.0, "Linz": 400000.0, "Graz": 100000.0})
    found = agglomerate(sizes, places, totals)
    assert found.gamma.item() == pytest.approx(0.0599062841165389, abs=1e-12)
    assert found.raw.item() == pytest.approx(0.1681632653061224, abs=1e-12)
    assert found.herfindahl.item() == pytest.approx(0.2446887755102041, abs=1e-12)
    assert found.z.item() == pytest.approx(0.1959001970261357, abs=1e-12)


def test_ellison_glaeser_of_four_industries() -> None:
    plants = pd.read_csv(oracle("concentration", "FK2014_EGC.csv"))
    totals = plants.groupby("region")["emp_firm"].sum().astype(float)
    case = expected()["ellison.a2 FK2014_EGC.csv"]
    assert len(case["gamma"]) == 4
    for industry, rows in plants.groupby("industry"):
        found = agglomerate(rows["emp_firm"].to_list(), rows["region"].to_list(), totals)
        for part, value in (("gamma", found.gamma), ("G", found.raw), ("HHI", found.herfindahl)):
            assert value.item() == pytest.approx(case[part][industry], abs=1e-12), (industry, part)


def test_ellison_glaeser_is_not_decided_for_one_plant_or_one_region() -> None:
    one_plant = ellison_glaeser([[5], [0]], [10, 30], [1.0])
    assert np.isnan(one_plant.gamma).all()
    assert np.isnan(ellison_glaeser([[5]], [10], [0.5]).gamma).all()
    nowhere = ellison_glaeser([[0], [0]], [10, 30], [np.nan])
    assert np.isnan([nowhere.gamma, nowhere.raw, nowhere.z]).all()


def test_one_matrix_by_typed_numbers() -> None:
    krugman = [0.524965815358828, 0.603138916511738, 0.391703056768559]
    np.testing.assert_allclose(krugman_index(MATRIX)[:3], krugman, rtol=0, atol=1e-12)
    assert hachman_index(MATRIX)[0] == pytest.approx(0.719178139818994, abs=1e-12)
    assert shannon_entropy(MATRIX).round(3).tolist() == [1.721, 1.433, 1.797, 1.907, 1.956]
    gini = [0.05770245, 0.05698379, 0.18123146, 0.19770511]
    np.testing.assert_allclose(locational_gini(MATRIX), gini, rtol=0, atol=1e-8)


def test_textbook_ginis() -> None:
    # Farhauer and Kröll 2013: specialisation of a region, concentration of an industry.
    own, all_regions = [700, 600, 500, 10000, 40000], [30000, 15000, 10000, 60000, 50000]
    found = quotient_gini([np.divide(own, all_regions)]).item()
    assert found == pytest.approx(0.622222222222222, abs=1e-12)
    own, all_industries = [500, 500, 1000, 7000, 1000], [20000, 15000, 20000, 40000, 5000]
    found = quotient_gini([np.divide(own, all_industries)]).item()
    assert found == pytest.approx(0.4068966, abs=5e-8)


@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("krugman_index", krugman_index),
        ("spec_coeff", specialisation_coefficient),
        ("hachman", hachman_index),
        ("location_quotient_avg", average_location_quotient),
        ("herfindahl", herfindahl),
    ],
)
def test_indices_of_every_region(name: str, index: Callable[..., np.ndarray]) -> None:
    np.testing.assert_array_equal(read("A_input"), MATRIX)
    np.testing.assert_allclose(index(read("A_input")), read(f"A_{name}")["V1"], rtol=0, atol=1e-8)


def test_what_the_other_program_rounds() -> None:
    found = shannon_entropy(read("A_input"))
    np.testing.assert_array_equal(found.round(3), read("A_entropy")["V1"])
    wanted = read("A_locational_gini")["Loc_gini"]
    np.testing.assert_allclose(locational_gini(read("A_input")), wanted, rtol=0, atol=1e-8)
    np.testing.assert_array_equal(location_quotient(MATRIX).round(2), read("A_rca"))


@pytest.mark.parametrize("case", ["A", "LQ"])
def test_in_what_regions_are_specialised(case: str) -> None:
    found = binary_location_quotient(read(f"{case}_input"))
    np.testing.assert_array_equal(found, read(f"{case}_location_quotient_bin"))


def test_relatedness_by_typed_numbers() -> None:
    found = {kind: relatedness(TOGETHER, kind)[0, 1].item() for kind in KINDS}
    assert found["association"] == pytest.approx(2.086956521739130, abs=1e-12)
    assert found["cosine"] == pytest.approx(0.3806934938134405, abs=1e-12)
    assert found["jaccard"] == pytest.approx(0.2325581395348837, abs=1e-12)
    assert found["probability"] == pytest.approx(1.701387604070305, abs=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_relatedness_of_every_pair(kind: Normalisation) -> None:
    found = relatedness(read("cooc_input"), kind)
    wanted = read(f"cooc_relatedness_{KINDS[kind]}")
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_relatedness_is_symmetric_and_says_what_it_does_not_know(kind: Normalisation) -> None:
    table = np.pad(TOGETHER, (0, 1))  # a seventh item that never occurs with another
    table[6, 6] = 9
    found = relatedness(table, kind)
    np.testing.assert_array_equal(found, found.T)
    assert np.isnan(found[6, :6]).all()
    np.testing.assert_array_equal(found[:6, :6], relatedness(TOGETHER, kind))


def test_relatedness_density_of_every_region() -> None:
    present, related = read("dens_mat_input"), read("dens_rel_input")
    found = 100 * relatedness_density(present, related)
    np.testing.assert_array_equal(found.round(2), read("dens_relatedness_density"))
    for name, density in (("int", internal_density), ("ext", external_density)):
        found = 100 * density(present, related)
        np.testing.assert_array_equal(found.round(0), read(f"dens_relatedness_density_{name}"))


def test_relatedness_density_by_hand() -> None:
    related = [[0, 3, 1], [3, 0, 0], [0, 0, 0]]
    found = relatedness_density([[0, 1, 0], [1, 0, 1]], related)
    np.testing.assert_allclose(found, [[0.75, 0, np.nan], [0.25, 1, np.nan]])
    inside, outside = (
        density([[0, 1, 0]], related)[0] for density in (internal_density, external_density)
    )
    np.testing.assert_array_equal(inside, [np.nan, 0, np.nan])
    np.testing.assert_array_equal(outside, [0.75, np.nan, np.nan])


def test_variety_by_hand() -> None:
    # 26 and 29 in C, 62 in J: shares 1/4, 1/4, 1/2.
    groups = [section_of(division) for division in ("26", "29", "62")]
    assert groups == ["C", "C", "J"]
    assert unrelated_variety([[1, 1, 2]], groups).tolist() == [1.0]
    assert related_variety([[1, 1, 2]], groups).tolist() == [0.5]
    assert np.isnan(related_variety([[0, 0, 0]], groups)).all()


def test_every_division_is_of_one_section() -> None:
    divisions = [f"{number:02}" for number in range(100)]
    known = [division for division in divisions if section_of(division)]
    assert len(known) == 77  # as many as the classification has
    assert {section_of(division) for division in known} == set(SECTIONS)
    assert [section_of(code) for code in ("", "4", "C2", "44", "٢٦")] == ["", "", "", "", ""]


@given(tables, st.lists(st.sampled_from("ABC"), min_size=4, max_size=4))
@settings(deadline=None)
def test_varieties_add_up_to_the_entropy(table: list[list[int]], groups: list[str]) -> None:
    both = related_variety(table, groups) + unrelated_variety(table, groups)
    np.testing.assert_allclose(both, shannon_entropy(table), rtol=0, atol=1e-9)


@given(tables, st.integers(1, 1000))
@settings(deadline=None)
def test_indices_do_not_depend_on_the_unit(table: list[list[int]], factor: int) -> None:
    employment = np.array(table, dtype=float)
    for index in (krugman_index, hachman_index, shannon_entropy, locational_gini):
        found = index(employment * factor)
        np.testing.assert_allclose(found, index(employment), rtol=0, atol=1e-9)
    krugman = krugman_index(employment)
    assert ((krugman >= 0) & (krugman <= 2 + 1e-12) | np.isnan(krugman)).all()
