"""The doubly constrained null: sums are kept, and migration in Austria is as spint fits it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize

from clustermap.errors import TableFault
from clustermap.network import constrained
from clustermap.network.constrained import (
    MAX_SWEEPS,
    PATIENCE,
    TOLERANCE,
    balance,
    doubly_constrained,
    expect_constrained,
)
from clustermap.network.expected import PairExpectation
from tests.indicators.oracles import oracle
from tests.network.plain import (
    AROUND,
    DIRECTED,
    FAR,
    NEAR,
    ORIENTED,
    SPACE,
    UNORDERED,
    A,
    B,
    C,
    draw_chance_space,
)

if TYPE_CHECKING:
    from clustermap.network.null import Channel
    from clustermap.network.space import Space

CHANNELS = pytest.mark.parametrize("channel", [UNORDERED, ORIENTED, DIRECTED], ids=lambda c: c.name)

FLOWS = pd.DataFrame(
    {
        "source": [A, A, A, A, B, C],
        "target": [A, B, B, C, C, C],
        "band": [NEAR, NEAR, AROUND, FAR, FAR, NEAR],
        "links": [5.0, 2.0, 1.0, 4.0, 1.0, 3.0],
    }
)


def draw_flows(seed: int, space: Space) -> pd.DataFrame:
    """Draw links where their cells can have them: near pairs in a bin that has a share."""
    rng = np.random.default_rng(seed)
    rows = np.sort(rng.integers(0, len(space.bins), (40, 2)), axis=1).astype(np.int32)
    band, near = space.bins[*rows.T], space.find_near(*rows.T)
    band[near >= 0] = space.shares[near[near >= 0]].argmax(axis=1)
    links = rng.integers(1, 20, 40).astype(float)
    return pd.DataFrame({"source": rows[:, 0], "target": rows[:, 1], "band": band, "links": links})


def test_factors_by_hand() -> None:
    # Where all distances are alike flows are products of sums over their total.
    found = balance(np.ones((2, 3)), [6, 4], [5, 3, 2])
    flows = found.origins[:, None] * found.destinations
    np.testing.assert_allclose(flows, [[3, 1.8, 1.2], [2, 1.2, 0.8]], rtol=1e-12)
    # Half the flow over the border, squared odds 4: x / (10 - x) = 2 where x stays at home.
    found = balance([[2, 1], [1, 2]], [10, 10], [10, 10])
    flows = found.origins[:, None] * found.destinations * [[2, 1], [1, 2]]
    np.testing.assert_allclose(flows, [[20 / 3, 10 / 3], [10 / 3, 20 / 3]], rtol=1e-9)


def test_who_has_no_flow_gets_none() -> None:
    found = balance(np.ones((2, 2)), [3, 0], [3, 0])
    assert (found.origins[1], found.destinations[1]) == (0, 0)


def test_sums_that_cannot_be_kept_are_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constrained, "MAX_SWEEPS", 50)
    with pytest.raises(TableFault) as caught:
        balance([[1, 0], [1, 0]], [1, 1], [1, 1])  # nothing leads to the second
    assert (caught.value.reason, caught.value.table) == ("null_not_converged", "doubly constrained")
    assert float(str(caught.value.value)) > 0.1
    assert "50 sweeps" in caught.value.line()


def test_beta_of_a_law_is_found() -> None:
    distances = np.array([[0.0, 10, 40], [10, 0, 25], [40, 25, 0]])
    flows = np.outer([4.0, 2, 1], [3.0, 1, 2]) * np.exp(-0.03 * distances)
    fitted, beta = doubly_constrained(flows, distances)
    np.testing.assert_allclose(fitted, flows, rtol=1e-9)
    assert beta == pytest.approx(-0.03, rel=1e-9)


def test_migration_in_austria() -> None:
    table = pd.read_csv(oracle("gravity", "austria.csv"))
    fitted_by_spint = pd.read_csv(oracle("gravity", "austria_od_doubly_expected.csv"))
    flows, distances = (table[name].to_numpy(float).reshape(9, 9) for name in ("Data", "Dij"))
    apart = ~np.eye(len(flows), dtype=bool)
    fitted, beta = doubly_constrained(flows, distances, possible=apart)
    expected = fitted_by_spint["spint_doubly_exp_yhat"].to_numpy()
    # spint prints five decimals.
    np.testing.assert_allclose(fitted[apart], expected, rtol=1e-5, atol=5e-6)
    np.testing.assert_allclose(fitted.sum(axis=0), (flows * apart).sum(axis=0), rtol=1e-9)
    np.testing.assert_allclose(fitted.sum(axis=1), (flows * apart).sum(axis=1), rtol=1e-9)
    assert (fitted * distances)[apart].sum() == pytest.approx((flows * distances)[apart].sum())
    assert fitted[0, 1:4] == pytest.approx([978.98828, 2260.03279, 104.03874], rel=1e-5)
    assert beta < 0


def test_four_places_are_as_likely_as_can_be() -> None:
    flows = np.array([[0.0, 30, 10, 5], [20, 0, 20, 8], [15, 15, 0, 30], [2, 9, 40, 0]])
    distances = np.array([[0.0, 1, 2, 6], [1, 0, 3, 4], [2, 3, 0, 1], [6, 4, 1, 0]])
    apart = distances > 0
    fitted, beta = doubly_constrained(flows, distances, possible=apart)
    origin, destination = np.nonzero(apart)
    place = np.eye(4)
    design = np.column_stack([place[origin], place[destination], distances[apart]])
    found = optimize.minimize(
        lambda at: float(np.exp(design @ at).sum() - flows[apart] @ (design @ at)),
        np.zeros(9),
        jac=lambda at: design.T @ (np.exp(design @ at) - flows[apart]),
        hess=lambda at: (design.T * np.exp(design @ at)) @ design,
        method="trust-exact",
        options={"gtol": 1e-9},
    )
    np.testing.assert_allclose(fitted[apart], np.exp(design @ found.x), rtol=1e-7)
    assert beta == pytest.approx(found.x[-1], rel=1e-7)
    assert fitted[~apart].tolist() == [0] * 4


@CHANNELS
@pytest.mark.parametrize("times", [1, 10**8])
def test_links_of_cells_and_bins_are_kept(channel: Channel, times: int) -> None:
    many = FLOWS.assign(links=FLOWS["links"] * times)
    block, sweeps, residual = expect_constrained(channel, many, SPACE)
    assert residual <= TOLERANCE
    assert sweeps > 1
    expected = PairExpectation(SPACE)
    expected.add(block)
    # A: five within, three with B, four with C; and so on.
    touching, total = block.touching(4)
    if channel.unordered:
        ends = touching + np.diag(expected.links)
        np.testing.assert_allclose(ends / times, [10 + 3 + 4, 3 + 1, 4 + 1 + 6, 0], atol=1e-4)
    else:
        np.testing.assert_allclose(block.links.sum(axis=1) / times, [12, 1, 3], atol=1e-4)
        np.testing.assert_allclose(block.links.sum(axis=0) / times, [5, 3, 8], atol=1e-4)
    assert total / times == pytest.approx(16, abs=1e-4)
    far = expected.links[A, C] + expected.links[B, C]
    by_bin = np.array([*expected.near.sum(axis=0)[:2], far]) / times
    # A link's worth of smoothness: nothing beside many links, less than a link beside few.
    np.testing.assert_allclose(by_bin, [10, 1, 5], atol=1e-4 if times > 1 else 1)
    assert (np.abs(by_bin - [10, 1, 5]).max() > 0.1) == (times == 1)


@CHANNELS
@given(seed=st.integers(0, 10**6))
def test_sums_are_kept_in_any_nation(channel: Channel, seed: int) -> None:
    space = draw_chance_space(np.random.default_rng(seed), 8)
    flows = draw_flows(seed, space)
    block, _, residual = expect_constrained(channel, flows, space)
    assert residual <= TOLERANCE
    rows, columns = (np.bincount(flows[end], flows["links"], 8) for end in ("source", "target"))
    found = block.links.copy()
    if channel.unordered:
        rows = columns = rows + columns
        found[np.diag_indices(len(found))] *= 2
        np.testing.assert_allclose(found, found.T, rtol=1e-3, atol=1e-4 * rows.max())
    largest = 2 * TOLERANCE * rows.max()
    np.testing.assert_allclose(found.sum(axis=1), rows[block.rows], atol=largest)
    np.testing.assert_allclose(found.sum(axis=0), columns[block.columns], atol=largest)


@CHANNELS
def test_mixing_steps_leads_to_where_single_steps_lead(
    channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constrained, "TOLERANCE", 1e-9)
    space = draw_chance_space(np.random.default_rng(5), 8)
    flows = draw_flows(5, space)
    mixed, quick, _ = expect_constrained(channel, flows, space)
    monkeypatch.setattr(constrained._Memory, "mix", lambda _, _before, after: after)
    plain, slow, _ = expect_constrained(channel, flows, space)
    np.testing.assert_allclose(mixed.links, plain.links, rtol=1e-6)
    assert quick < slow


def test_a_channel_of_few_cells_settles_after_a_long_way() -> None:
    # All links but one lead to one hospital: distance and sums of cells say nearly the same, and
    # where they part is a long way off.
    bins = np.full((5, 5), 10, dtype=np.uint8)
    for source, row in {0: (28, 20), 2: (28, 0), 3: (22, 26), 4: (27, 20)}.items():
        bins[source, [1, 2]] = row
    shares = np.zeros((1, 33))
    shares[0, [0, 1, 2]] = 0.9, 0.05, 0.05
    space = replace(SPACE, bins=bins, near=np.array([[2, 2]], dtype=np.int32), shares=shares)
    flows = pd.DataFrame(
        {
            "source": [0, 2, 3, 4],
            "target": [2, 2, 1, 2],
            "band": [20, 0, 22, 20],
            "links": [3.5, 24.7, 1.0, 0.8],
        }
    )
    block, sweeps, residual = expect_constrained(ORIENTED, flows, space)
    assert MAX_SWEEPS / 20 < sweeps < MAX_SWEEPS * PATIENCE
    assert residual <= TOLERANCE
    np.testing.assert_allclose(block.links.sum(axis=1), [3.5, 24.7, 1.0, 0.8], atol=1e-4)
    np.testing.assert_allclose(block.links.sum(axis=0), [1.0, 29.0], atol=1e-4)


def test_no_end_is_a_fault_with_what_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constrained, "MAX_SWEEPS", 2)
    monkeypatch.setattr(constrained, "PATIENCE", 1)
    with pytest.raises(TableFault) as caught:
        expect_constrained(UNORDERED, FLOWS, SPACE)
    assert caught.value.reason == "null_not_converged"
    assert caught.value.table == "firm_firm firm-firm"
    assert float(str(caught.value.value)) > TOLERANCE
