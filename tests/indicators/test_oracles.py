"""The kernels against numbers that other programs and textbooks give."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from clustermap.indicators.linkage import external_internal_index
from clustermap.indicators.specialisation import (
    herfindahl,
    location_quotient,
    symmetric_location_quotient,
)
from tests.indicators.oracles import oracle

# First region of the matrix of EconGeo's documentation, with the sums of the whole.
REGION = np.array([[44.0, 63, 8, 83]])
INDUSTRIES = np.array([294.0, 246, 187, 189])


def read(name: str) -> pd.DataFrame:
    return pd.read_csv(oracle("concentration", f"{name}.csv"), index_col=0)


def test_the_textbook_location_quotient() -> None:
    found = location_quotient([[1714]], regions=[79006], industries=[879213], total=15593224)
    assert found.item() == pytest.approx(0.3847623, abs=5e-8)


def test_the_textbook_herfindahl() -> None:
    assert herfindahl([[20, 50, 20, 10]]).item() == pytest.approx(0.34, abs=1e-12)


def test_one_region_by_typed_numbers() -> None:
    found = location_quotient(REGION, industries=INDUSTRIES, total=916)
    wanted = [0.692365835222978, 1.184774575018477, 0.197914978663642, 2.031639142750254]
    np.testing.assert_allclose(found[0], wanted, rtol=0, atol=1e-12)
    assert herfindahl(REGION).item() == pytest.approx(0.327976737067646, abs=1e-12)


def test_the_ei_index_of_catania_by_typed_numbers() -> None:
    # Friendships among 1,958 pupils by four groups: 1,445 stay inside a group, 513 do not.
    assert external_internal_index(1445, 513).item() == pytest.approx(-0.475995914198161, abs=1e-12)


@pytest.mark.parametrize("case", ["A", "LQ"])
def test_location_quotients(case: str) -> None:
    employment = read(f"{case}_input")
    found = location_quotient(employment)
    np.testing.assert_allclose(found, read(f"{case}_location_quotient"), rtol=0, atol=1e-8)
    np.testing.assert_array_equal(found >= 1, read(f"{case}_location_quotient_bin") == 1)
    assert ((symmetric_location_quotient(found) >= 0) == (found >= 1)).all()


def test_numbers_that_follow_from_location_quotients() -> None:
    employment = read("A_input").to_numpy(dtype=float)
    shares = employment / employment.sum(axis=1, keepdims=True)
    average = (shares * location_quotient(employment)).sum(axis=1)
    wanted = read("A_location_quotient_avg")["V1"]
    np.testing.assert_allclose(average, wanted, rtol=0, atol=1e-8)
    np.testing.assert_allclose(1 / average, read("A_hachman")["V1"], rtol=0, atol=1e-8)


def test_herfindahl_of_every_region() -> None:
    found = herfindahl(read("A_input"))
    np.testing.assert_allclose(found, read("A_herfindahl")["V1"], rtol=0, atol=1e-8)


def test_the_textbook_values_to_every_digit() -> None:
    values = json.loads(oracle("concentration", "reat_expected.json").read_text(encoding="utf-8"))
    case = values["locq FK2013"]
    given = case["args"]
    found = location_quotient(
        [[given["e_ij"]]], regions=[given["e_j"]], industries=[given["e_i"]], total=given["e"]
    )
    assert found.item() == pytest.approx(case["value"], abs=1e-12)
    case = values["herf Doersam2004"]
    assert herfindahl([case["x"]]).item() == pytest.approx(case["hhi"], abs=1e-12)


@pytest.mark.parametrize(
    ("case", "attribute"),
    [("WhiteKinship", "gender"), ("Classroom", "gender"), ("EF3", "race")],
)
def test_the_ei_index_of_published_networks(case: str, attribute: str) -> None:
    nodes = pd.read_csv(oracle("homophily", f"{case}_nodes.csv")).set_index("name")[attribute]
    nodes.index = nodes.index.astype(str)
    edges = pd.read_csv(oracle("homophily", f"{case}_edges.csv"), dtype=str)
    same = edges["from"].map(nodes) == edges["to"].map(nodes)
    found = external_internal_index(same.sum(), (~same).sum()).item()
    name = {"WhiteKinship": "White"}.get(case, case)
    wanted = _published(f"{name}_ei")
    assert found == pytest.approx(wanted, abs=1e-6)


def test_the_ei_index_of_a_mixing_matrix() -> None:
    mixing = pd.read_csv(oracle("homophily", "Catania_mixing.csv"), index_col=0).to_numpy()
    inside = np.trace(mixing)
    found = external_internal_index(inside, mixing.sum() - inside).item()
    assert found == pytest.approx(_published("Catania_ei"), abs=1e-6)


def _published(name: str) -> float:
    text = oracle("homophily", "netseg_results.csv").read_text(encoding="utf-8")
    return float(dict(line.split(",") for line in text.split())[name])
