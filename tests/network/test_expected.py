"""Expected links by hand: every pair of actors once, every link once, no cell in its own null."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clustermap.network.expected import (
    LARGE_SHARE,
    ROWS_AT_ONCE,
    Block,
    Kernel,
    PairExpectation,
    Stage,
    expect_ends,
    expect_pairs,
    in_parts,
    kernel_between,
    kernel_within,
    leave_out_large,
)
from clustermap.network.null import Channel, Fit, Margins, fit_null, strata_of, sum_margins
from clustermap.network.pairs import count_pairs, relative_sizes
from clustermap.network.strata import NOT_A_FIRM, Strata
from tests.network.plain import (
    DIRECTED,
    FIELDS,
    FIRM,
    FIRMS_AND_UNIVERSITIES,
    MEMBERS,
    ORIENTED,
    SPACE,
    TWO_SECTORS,
    UNIVERSITY,
    UNORDERED,
    A,
    B,
    C,
    count_gone,
    draw_chance_space,
    list_flows,
    list_pairs,
)

if TYPE_CHECKING:
    import numpy.typing as npt

    from clustermap.network.space import Space

CHANNELS = pytest.mark.parametrize("channel", [UNORDERED, ORIENTED, DIRECTED], ids=lambda c: c.name)
STRATA = Strata(
    np.array([FIRM, FIRM, FIRM, UNIVERSITY, UNIVERSITY], np.uint8),
    np.array([0, 1, 0, 0, 1], np.int8),
    np.array([0, 0, 1, NOT_A_FIRM, NOT_A_FIRM], np.int16),
)
BINS = np.array([4.0, 2.0, 1.0, 3.0])


def write_fit(
    channel: Channel, strata: Strata, u: npt.ArrayLike, v: npt.ArrayLike, exponent: float = 0.0
) -> Fit:
    """Return a null with a tenth of a link a pair, where firms of one sector have three times."""
    first, second = strata_of(channel, strata)
    rates = np.asarray(u, dtype=float), np.asarray(v, dtype=float)
    return Fit(channel, first, second, 0.1, *rates, 3.0, BINS, exponent, True, 1, 0.0, 1.0)


def stand(members: npt.NDArray[np.int64], space: Space, strata: Strata) -> Stage:
    return Stage(members, space, strata, relative_sizes(members))


def draw_stage(seed: int, cells: int) -> Stage:
    rng = np.random.default_rng(seed)
    members = rng.integers(0, 5, (cells, len(STRATA)))
    return stand(members, draw_chance_space(rng, cells), STRATA)


def draw_fit(seed: int, channel: Channel) -> Fit:
    rng = np.random.default_rng(seed)
    first, second = strata_of(channel, STRATA)
    u = rng.lognormal(size=len(first))
    v = u if channel.unordered else rng.lognormal(size=len(second))
    return write_fit(channel, STRATA, u, v, exponent=-0.2)


def add_up(block: Block, space: Space) -> PairExpectation:
    expected = PairExpectation(space)
    expected.add(block)
    return expected


def test_distances_by_hand() -> None:
    # Between A and B half of the pairs are in the first bin, half in the second; so on.
    cells = np.arange(4)
    kernel = kernel_between(BINS, SPACE, cells, cells)
    assert kernel.tolist() == [[4, 3, 1, 3], [3, 4, 1, 3], [1, 1, 3.5, 3], [3, 3, 3, 3]]
    assert kernel_within(BINS, SPACE).tolist() == np.diag(kernel).tolist()
    some = kernel_between(BINS, SPACE, np.array([B, C]), np.array([A, C]))
    assert some.tolist() == [[3, 1], [1, 3.5]]


@given(seed=st.integers(0, 10**6), cells=st.integers(1, 70))
def test_few_rows_at_a_time_are_the_table(seed: int, cells: int) -> None:
    space = draw_chance_space(np.random.default_rng(seed), cells)
    kernel, every = Kernel(BINS, space), np.arange(cells)
    rows = [kernel.rows(part).copy() for part in in_parts(cells)]
    whole = kernel_between(BINS, space, every, every)
    np.testing.assert_allclose(np.concatenate(rows), whole, rtol=1e-14)
    for part in in_parts(cells):
        for found, wanted in zip(space.near_beside(part), space.near_of(every[part]), strict=True):
            assert found.tolist() == wanted.tolist()


@CHANNELS
@given(seed=st.integers(0, 10**6), cells=st.integers(2, 40))
def test_links_beside_cells_are_those_in_either_direction(
    channel: Channel, seed: int, cells: int
) -> None:
    stage, fit = draw_stage(seed, cells), draw_fit(seed, channel)
    large = [(1, replace(fit, level=7.0)), (0, replace(fit, level=3.0))]
    block = expect_pairs(fit, stage, large)
    table = np.zeros((cells, cells))
    table[np.ix_(block.rows, block.columns)] = block.links
    inside = np.diag(table).copy()
    table = table if channel.unordered else table + table.T
    np.fill_diagonal(table, inside)
    rows = [block.beside(part).copy() for part in in_parts(cells)]
    np.testing.assert_allclose(np.concatenate(rows), table, rtol=1e-9, atol=1e-12)


@CHANNELS
def test_only_cells_that_are_asked_for_are_looked_at(channel: Channel) -> None:
    stage, fit = draw_stage(4, 70), draw_fit(4, channel)
    block = expect_pairs(fit, stage)
    whole, asked = add_up(block, stage.space), np.array([1, 3])
    some = PairExpectation(stage.space, asked)
    some.add(block)
    some.include(some)
    assert some.links[asked].tolist() == (2 * whole.links[asked]).tolist()
    assert not some.links[ROWS_AT_ONCE:].any()
    touched = np.isin(stage.space.near, asked).any(axis=1)
    np.testing.assert_allclose(some.near[touched], 2 * whole.near[touched], rtol=1e-12)


def test_links_without_direction_by_hand() -> None:
    fit = write_fit(UNORDERED, TWO_SECTORS, [1, 2], [1, 2])
    block = expect_pairs(fit, stand(MEMBERS, SPACE, TWO_SECTORS))
    assert block.rows.tolist() == block.columns.tolist() == [A, B, C]
    # Pairs times u v times 3 within a sector: within A 3 pairs s-s, and 3 s-t; t is alone there.
    within = {A: 3 * 3 + 3 * 2, B: 1 * 3, C: 1 * 4 * 3}
    # A-B: 6 s-s, 2 t-s; A-C: 6 s-t, 2 t-t; B-C: 4 s-t.
    a_b, a_c, b_c = 6 * 3 + 2 * 2, 6 * 2 + 2 * 4 * 3, 4 * 2
    expected = [
        [4.0 * within[A], 3.0 * a_b, 1.0 * a_c],
        [3.0 * a_b, 4.0 * within[B], 1.0 * b_c],
        [1.0 * a_c, 1.0 * b_c, 3.5 * within[C]],
    ]
    np.testing.assert_allclose(block.links, 0.1 * np.array(expected), rtol=1e-12)


def test_links_from_one_type_to_another_by_hand() -> None:
    fit = write_fit(ORIENTED, FIRMS_AND_UNIVERSITIES, [2], [5])
    block = expect_pairs(fit, stand(MEMBERS, SPACE, FIRMS_AND_UNIVERSITIES))
    # Firms live in A (3) and B (2), universities in A (1) and C (2).
    assert (block.rows.tolist(), block.columns.tolist()) == ([A, B], [A, C])
    np.testing.assert_allclose(block.links, [[3 * 4, 6 * 1], [2 * 3, 4 * 1]], rtol=1e-12)


def test_links_with_a_direction_by_hand() -> None:
    fit = write_fit(DIRECTED, TWO_SECTORS, [1, 2], [1, 5])
    block = expect_pairs(fit, stand(MEMBERS, SPACE, TWO_SECTORS))
    # Ordered pairs: within A 6 s>s, 3 s>t and 3 t>s; A>B 6 s>s, 2 t>s; B>A 6 s>s, 2 s>t; ...
    a_a, b_b, c_c = 6 * 3 + 3 * 5 + 3 * 2, 2 * 3, 2 * 10 * 3
    a_b, b_a = 6 * 3 + 2 * 2, 6 * 3 + 2 * 5
    a_c, c_a = 6 * 5 + 2 * 10 * 3, 6 * 2 + 2 * 10 * 3
    b_c, c_b = 4 * 5, 4 * 2
    expected = [[4 * a_a, 3 * a_b, a_c], [3 * b_a, 4 * b_b, b_c], [c_a, c_b, 3.5 * c_c]]
    np.testing.assert_allclose(block.links, 0.1 * np.array(expected), rtol=1e-12)
    expected_of_pairs = add_up(block, SPACE).links
    assert expected_of_pairs[A, B] == pytest.approx(0.3 * (a_b + b_a))
    assert expected_of_pairs[A, A] == pytest.approx(0.4 * a_a)
    assert (expected_of_pairs == expected_of_pairs.T).all()


def test_large_cells_weigh_by_the_exponent() -> None:
    stage = stand(MEMBERS, SPACE, TWO_SECTORS)
    plain = expect_pairs(write_fit(UNORDERED, TWO_SECTORS, [1, 2], [1, 2]), stage)
    fit = write_fit(UNORDERED, TWO_SECTORS, [1, 2], [1, 2], exponent=0.5)
    weight = np.sqrt([1.5, 0.75, 0.75])
    weighed = expect_pairs(fit, stage)
    np.testing.assert_allclose(weighed.links, plain.links * np.outer(weight, weight), rtol=1e-12)


def test_near_pairs_spread_over_distance_by_hand() -> None:
    fit = write_fit(UNORDERED, TWO_SECTORS, [1, 2], [1, 2])
    expected = add_up(expect_pairs(fit, stand(MEMBERS, SPACE, TWO_SECTORS)), SPACE)
    # Rows A-A, A-B, B-B, C-C: half of A-B's pairs have 4, half 2 times as many links.
    a_b, c_c = expected.links[A, B], expected.links[C, C]
    np.testing.assert_allclose(
        expected.near,
        [
            [expected.links[A, A], 0, 0, 0],
            [a_b * 4 / 6, a_b * 2 / 6, 0, 0],
            [expected.links[B, B], 0, 0, 0],
            [c_c * 3 / 3.5, c_c * 0.5 / 3.5, 0, 0],
        ],
        rtol=1e-12,
    )


@CHANNELS
@given(seed=st.integers(0, 10**6), cells=st.integers(1, 6))
def test_every_pair_of_actors_counts_once(channel: Channel, seed: int, cells: int) -> None:
    stage, fit = draw_stage(seed, cells), draw_fit(seed, channel)
    pairs = list_pairs(stage.members, stage.space, channel, STRATA)
    u, v = np.zeros(5), np.zeros(5)
    u[fit.first], v[fit.second] = fit.u, fit.v
    links = fit.level * pairs["pairs"] * u[pairs["first"]] * v[pairs["second"]]
    links *= np.where(pairs["same"], fit.same, 1.0) * fit.bins[pairs["band"]]
    links *= np.exp(fit.exponent * pairs["size"])
    by_cells = np.zeros((cells, cells))
    one, other = pairs["source"].to_numpy(), pairs["target"].to_numpy()
    np.add.at(by_cells, (np.minimum(one, other), np.maximum(one, other)), links)
    block = expect_pairs(fit, stage)
    expected = add_up(block, stage.space)
    np.testing.assert_allclose(np.triu(expected.links), by_cells, rtol=1e-9, atol=1e-12)
    near = stage.space.near
    np.testing.assert_allclose(expected.near.sum(axis=1), expected.links[*near.T], atol=1e-12)
    # Links that touch a cell: those with others, and those within it once.
    touching, total = block.touching(cells)
    np.testing.assert_allclose(touching, expected.links.sum(axis=1), rtol=1e-9, atol=1e-12)
    assert total == pytest.approx(links.sum(), rel=1e-9)
    # Every link has two ends, and some actor has each of them.
    ends = expect_ends(fit, stage)
    assert (stage.members * ends).sum() == pytest.approx(2 * links.sum(), rel=1e-9, abs=1e-12)
    assert (ends >= 0).all()


@CHANNELS
def test_expected_links_are_as_many_as_there_are(channel: Channel) -> None:
    stage = draw_stage(3, 6)
    pairs = list_pairs(stage.members, stage.space, channel, STRATA)
    drawn = pairs.assign(links=np.random.default_rng(3).poisson(pairs["pairs"] * 2.0))
    margins = sum_margins(channel, drawn, drawn, STRATA, stage.sizes)
    available = count_pairs(stage.members, stage.space).of(*strata_of(channel, STRATA))
    fit = fit_null(channel, available, margins, STRATA, exponent=0.0)
    expected = add_up(expect_pairs(fit, stage), stage.space)
    assert np.triu(expected.links).sum() == pytest.approx(drawn["links"].sum(), rel=1e-9)


def test_the_ends_of_one_actor_by_hand() -> None:
    ends = expect_ends(
        write_fit(UNORDERED, TWO_SECTORS, [1, 2], [1, 2]), stand(MEMBERS, SPACE, TWO_SECTORS)
    )
    # An s of A: 2 other s and 1 t there, 2 s of B, 2 t of C.
    assert ends[A, 0] == pytest.approx(0.1 * (4 * (2 * 3 + 1 * 2) + 3 * 2 * 3 + 1 * 2 * 2))
    # The only t of A meets no other t there.
    assert ends[A, 1] == pytest.approx(0.1 * 2 * (4 * 3 + 3 * 2 + 1 * 2 * 2 * 3))
    # Were there a t in B it would meet both s of B.
    assert ends[B, 1] == pytest.approx(0.1 * 2 * (4 * 2 + 3 * (3 + 2 * 3) + 1 * 2 * 2 * 3))
    one_way = expect_ends(
        write_fit(ORIENTED, FIRMS_AND_UNIVERSITIES, [2], [5]),
        stand(MEMBERS, SPACE, FIRMS_AND_UNIVERSITIES),
    )
    np.testing.assert_allclose(one_way[[A, B], 0], [4 + 2, 3 + 2], rtol=1e-12)
    np.testing.assert_allclose(one_way[[A, C], 1], [3 * 4 + 2 * 3, 3 + 2], rtol=1e-12)


def observe_large(channel: Channel) -> tuple[Stage, Fit, pd.DataFrame, npt.NDArray[np.float64]]:
    """Draw a nation of sixty small cells and one of a hundred actors that has far more links."""
    rng = np.random.default_rng(8)
    members = rng.integers(1, 4, (61, len(STRATA)))
    members[17] = 20
    stage = stand(members, draw_chance_space(rng, 61), STRATA)
    law = replace(draw_fit(8, channel), level=1.0)
    flows = list_flows(expect_pairs(law, stage), stage.space)
    large = (flows["source"] == 17) | (flows["target"] == 17)
    flows["links"] = rng.poisson(flows["links"] * np.where(large, 2.0, 1.0)).astype(float)
    pairs = count_pairs(members, stage.space).of(law.first, law.second)
    strata = list_pairs(members, stage.space, channel, STRATA).drop_duplicates(["first", "second"])
    share = flows["links"].sum() / len(strata)
    ends = strata[["first", "second"]].assign(links=share)
    margins = sum_margins(channel, flows, ends, STRATA, stage.sizes)
    return stage, fit_null(channel, pairs, margins, STRATA), flows, pairs


@CHANNELS
@pytest.mark.parametrize("exponent", [None, 0.0])
def test_a_large_cell_does_not_sit_in_its_own_null(
    channel: Channel, exponent: float | None
) -> None:
    stage, fit, flows, pairs = observe_large(channel)
    block = expect_pairs(fit, stage)
    touching, total = block.touching(61)
    assert np.flatnonzero(touching > LARGE_SHARE * total).tolist().count(17) == 1
    own = dict(leave_out_large(fit, block, pairs, flows, stage, exponent=exponent))
    assert set(own) == set(np.flatnonzero(touching > LARGE_SHARE * total).tolist())
    # Directly: links and pairs without the cell; sizes, strata and sectors as they were.
    rest = flows[(flows["source"] != 17) & (flows["target"] != 17)]
    log_size = np.log(stage.sizes[rest["source"]] * stage.sizes[rest["target"]])
    by_bin = np.bincount(rest["band"], rest["links"], 4)
    none = np.zeros(0)
    margins = Margins(rest["links"].sum(), none, none, 0.0, by_bin, float(rest["links"] @ log_size))
    gone = count_gone(17, stage.members, stage.space).of(fit.first, fit.second)
    direct = fit_null(channel, pairs - gone, margins, STRATA, start=fit, exponent=exponent)
    assert own[17].level == pytest.approx(direct.level, rel=1e-9)
    assert own[17].exponent == pytest.approx(direct.exponent, abs=1e-9)
    np.testing.assert_allclose(own[17].bins, direct.bins, rtol=1e-9)
    assert own[17].u.tolist() == fit.u.tolist()
    assert (own[17].exponent == 0.0) == (exponent == 0.0)


@CHANNELS
def test_only_the_large_cell_is_expected_anew(channel: Channel) -> None:
    stage, fit, flows, pairs = observe_large(channel)
    block = expect_pairs(fit, stage)
    nulls = dict(leave_out_large(fit, block, pairs, flows, stage))
    mended = expect_pairs(fit, stage, [(17, nulls[17])])
    rows, columns = block.rows != 17, block.columns != 17
    both = np.ix_(rows, columns)
    assert mended.links[both].tolist() == block.links[both].tolist()
    alone = expect_pairs(nulls[17], stage)
    np.testing.assert_allclose(mended.links[~rows], alone.links[~rows], rtol=1e-12)
    np.testing.assert_allclose(mended.links[:, ~columns], alone.links[:, ~columns], rtol=1e-12)
    # It has twice the links that are typical: less is expected of it once it is left out.
    seen = flows.loc[(flows["source"] == 17) | (flows["target"] == 17), "links"].sum()
    (with_it, _), (without, _) = block.touching(61), mended.touching(61)
    assert without[17] < with_it[17] < seen


def test_nothing_is_left_out_where_nothing_else_is_left() -> None:
    stage = stand(MEMBERS, SPACE, TWO_SECTORS)
    fit = write_fit(UNORDERED, TWO_SECTORS, [1, 2], [1, 2])
    flows = pd.DataFrame(
        {"source": [A, A], "target": [A, B], "band": [0, 0], "links": [500.0, 100.0]}
    )
    pairs = count_pairs(MEMBERS, SPACE).counts
    found = dict(leave_out_large(fit, expect_pairs(fit, stage), pairs, flows, stage))
    assert not found  # a channel of a single link is not fitted twice
    many = replace(fit, links=600.0)
    found = dict(leave_out_large(many, expect_pairs(many, stage), pairs, flows, stage))
    assert set(found) == {B, C}  # without A no link is left


def test_links_of_channels_add_up() -> None:
    first = expect_pairs(
        write_fit(UNORDERED, TWO_SECTORS, [1, 2], [1, 2]), stand(MEMBERS, SPACE, TWO_SECTORS)
    )
    second = expect_pairs(
        write_fit(DIRECTED, TWO_SECTORS, [1, 2], [1, 5]), stand(MEMBERS, SPACE, TWO_SECTORS)
    )
    one, other, both = add_up(first, SPACE), add_up(second, SPACE), add_up(first, SPACE)
    both.add(second)
    joined = add_up(first, SPACE)
    joined.include(other)
    for found in (both, joined):
        np.testing.assert_allclose(found.links, one.links + other.links, rtol=1e-12)
        np.testing.assert_allclose(found.near, one.near + other.near, rtol=1e-12)
    assert both.links[FIELDS].tolist() == [0] * 4
