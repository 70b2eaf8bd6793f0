"""The mass null: it finds the law that made the links, and is the maximum that it is said to be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy import optimize

from clustermap.errors import TableFault
from clustermap.network import null
from clustermap.network.null import (
    PRIOR_LINKS,
    Channel,
    Margins,
    find_channels,
    fit_null,
    same_sector,
    strata_of,
    sum_margins,
)
from clustermap.network.pairs import SIZE_EXPONENTS, count_pairs, relative_sizes
from clustermap.network.strata import NO_SECTOR, NOT_A_FIRM, Strata
from tests.network.plain import (
    DIRECTED,
    FIRM,
    MEMBERS,
    NEAR,
    ORIENTED,
    TWO_SECTORS,
    UNIVERSITY,
    UNORDERED,
    A,
    B,
    C,
    draw_chance_space,
    list_pairs,
)

if TYPE_CHECKING:
    import numpy.typing as npt

    from clustermap.network.null import Fit
    from clustermap.network.space import Space

    Numbers = npt.NDArray[np.float64]

CHANNELS = pytest.mark.parametrize("channel", [UNORDERED, ORIENTED, DIRECTED], ids=lambda c: c.name)
PLENTY = 1e12  # links, beside which no prior says anything

STRATA = Strata(
    np.array([FIRM, FIRM, FIRM, UNIVERSITY, UNIVERSITY], np.uint8),
    np.array([0, 1, 0, 0, 1], np.int8),
    np.array([0, 0, 1, NOT_A_FIRM, NOT_A_FIRM], np.int16),
)
U = np.array([1.0, 3.0, 0.5, 2.0, 0.7])
V = np.array([0.4, 1.0, 2.5, 1.5, 0.6])
SAME, BINS, EXPONENT = 1.8, np.array([5.0, 2.0, 0.5, 0.25]), -0.13


def draw_nation(cells: int = 7, least: int = 3) -> tuple[npt.NDArray[np.int64], Space]:
    rng = np.random.default_rng(11)
    return rng.integers(least, 7, (cells, len(STRATA))), draw_chance_space(rng, cells)


def expect_by_hand(pairs: pd.DataFrame, channel: Channel) -> Numbers:
    """Return the law's links, in the rows of the pairs."""
    v = U if channel.unordered else V
    tie = np.where(pairs["same"], SAME, 1.0)
    found = pairs["pairs"] * U[pairs["first"]] * v[pairs["second"]] * tie * BINS[pairs["band"]]
    return np.asarray(found * np.exp(EXPONENT * pairs["size"]))


def read_fit(fit: Fit, pairs: pd.DataFrame) -> Numbers:
    """Return what a fit expects, in the rows of the pairs."""
    u, v = np.zeros(9), np.zeros(9)
    u[fit.first], v[fit.second] = fit.u, fit.v
    tie = np.where(pairs["same"], fit.same, 1.0)
    found = pairs["pairs"] * u[pairs["first"]] * v[pairs["second"]] * tie
    found *= fit.bins[pairs["band"]] * np.exp(fit.exponent * pairs["size"])
    return np.asarray(fit.level * found)


def fit_links(
    pairs: pd.DataFrame,
    links: Numbers,
    channel: Channel,
    members: npt.NDArray[np.int64],
    space: Space,
    *,
    distance: bool = True,
    exponent: float | None = None,
) -> tuple[Fit, Margins]:
    told = pairs.assign(links=links)
    margins = sum_margins(channel, told, told, STRATA, relative_sizes(members))
    available = count_pairs(members, space).of(*strata_of(channel, STRATA))
    fit = fit_null(channel, available, margins, STRATA, distance=distance, exponent=exponent)
    return fit, margins


def test_channels() -> None:
    assert (UNORDERED.types, UNORDERED.unordered) == ((FIRM, FIRM), True)
    assert (ORIENTED.types, ORIENTED.unordered) == ((FIRM, UNIVERSITY), False)
    assert (DIRECTED.types, DIRECTED.unordered) == ((FIRM, FIRM), False)
    names = [channel.name for channel in (UNORDERED, ORIENTED, DIRECTED)]
    assert names == ["firm_firm firm-firm", "research firm-university", "transfer firm>firm"]


def test_channels_come_in_one_order() -> None:
    ends = pa.table({"kind": [3, 0, 3, 1], "channel": [36, 0, 36, 1]})
    assert find_channels(ends) == [UNORDERED, ORIENTED, DIRECTED]


def test_firms_of_one_sector_are_alike_and_no_others() -> None:
    sectors = np.array([0, 0, NO_SECTOR, NOT_A_FIRM], np.int16)
    strata = Strata(np.array([FIRM] * 3 + [UNIVERSITY], np.uint8), np.zeros(4, np.int8), sectors)
    found = same_sector(np.arange(4), np.arange(4), strata)
    assert found.tolist() == [
        [True, True, False, False],
        [True, True, False, False],
        [False, False, True, False],
        [False, False, False, False],
    ]


def test_margins_by_hand() -> None:
    # Sizes of A, B and C are 1.5, .75 and .75: within A three links, A-B one, A-C two.
    flows = pd.DataFrame(
        {"source": [A, A, A], "target": [A, B, C], "band": [0, 1, 2], "links": [3.0, 1.0, 2.0]}
    )
    ends = pd.DataFrame({"first": [0, 0, 1], "second": [0, 1, 1], "links": [1.0, 3.0, 2.0]})
    sizes = relative_sizes(MEMBERS)
    size = 3 * np.log(1.5**2) + 3 * np.log(1.5 * 0.75)
    both = sum_margins(UNORDERED, flows, ends, TWO_SECTORS, sizes)
    assert (both.total, both.same, both.size) == (6.0, 3.0, pytest.approx(size))
    assert both.first.tolist() == both.second.tolist() == [2 + 3, 3 + 4]
    assert both.bins.tolist() == [3, 1, 2]
    one_way = sum_margins(DIRECTED, flows, ends, TWO_SECTORS, sizes)
    assert (one_way.first.tolist(), one_way.second.tolist()) == ([4, 2], [1, 5])


@CHANNELS
def test_the_law_that_made_the_links_is_found(channel: Channel) -> None:
    members, space = draw_nation()
    pairs = list_pairs(members, space, channel, STRATA)
    law = expect_by_hand(pairs, channel)
    links = law * PLENTY / law.sum()
    fit, _ = fit_links(pairs, links, channel, members, space)
    np.testing.assert_allclose(read_fit(fit, pairs), links, rtol=1e-6)
    assert fit.exponent == pytest.approx(EXPONENT, abs=1e-6)
    np.testing.assert_allclose(fit.bins / fit.bins[0], BINS / BINS[0], rtol=1e-6)
    np.testing.assert_allclose(fit.u / fit.u[0], U[fit.first] / U[fit.first][0], rtol=1e-6)
    assert (fit.links, fit.residual < null.TOLERANCE) == (links.sum(), True)


@CHANNELS
def test_links_meet_their_sums_up_to_what_is_added(channel: Channel) -> None:
    """A stratum and a sector have five links more, a bin one, at the rate that is typical."""
    members, space = draw_nation(least=1)
    pairs = list_pairs(members, space, channel, STRATA)
    law = expect_by_hand(pairs, channel)
    links = np.random.default_rng(3).poisson(law * 300 / law.sum()).astype(float)
    fit, margins = fit_links(pairs, links, channel, members, space)
    told = pairs.assign(links=read_fit(fit, pairs))
    found = sum_margins(channel, told, told, STRATA, relative_sizes(members))
    assert found.total == pytest.approx(margins.total, rel=1e-7)
    assert found.size == pytest.approx(margins.size, abs=1e-4)
    added = PRIOR_LINKS * (1 - fit.same)
    assert found.same == pytest.approx(margins.same + added, abs=1e-5)
    # Factors are brought to one level, which all links and all that was added have.
    sides = [(found.first, margins.first, fit.u), (found.second, margins.second, fit.v)]
    for expected, seen, rate in sides:
        level = (expected + PRIOR_LINKS * rate) / (seen + PRIOR_LINKS)
        np.testing.assert_allclose(level, level[0], rtol=1e-6)
    known = np.log(fit.bins[:3])
    around = np.exp([known[1], (known[0] + known[2]) / 2, known[1]])
    level = (found.bins[:3] + fit.bins[:3] / around) / (margins.bins[:3] + 1)
    np.testing.assert_allclose(level, level[0], rtol=1e-6)


@CHANNELS
@pytest.mark.parametrize("distance", [True, False])
@pytest.mark.parametrize("exponent", [None, 0.0])
def test_it_is_the_maximum_of_the_likelihood_of_all_pairs(
    channel: Channel, exponent: float | None, *, distance: bool
) -> None:
    members, space = draw_nation(4)
    pairs = list_pairs(members, space, channel, STRATA)
    law = expect_by_hand(pairs, channel)
    drawn = np.random.default_rng(4).poisson(law * 2_000 / law.sum()).astype(float)
    # As many links that the priors do not matter; the maximum stays where it is.
    links = drawn * PLENTY / drawn.sum()
    fit, _ = fit_links(pairs, links, channel, members, space, distance=distance, exponent=exponent)
    own, other = (pd.get_dummies(pairs[end]).to_numpy(float) for end in ("first", "second"))
    columns = [own + other] if channel.unordered else [own, other]
    columns += [pairs[["same"]].to_numpy(float)] if channel is not ORIENTED else []
    columns += [pd.get_dummies(pairs["band"]).to_numpy(float)] if distance else []
    columns += [pairs[["size"]].to_numpy(float)] if exponent is None else []
    design = np.column_stack(columns)
    offset, share = np.log(pairs["pairs"].to_numpy()), links / links.sum()

    def expect(point: Numbers) -> Numbers:
        return np.exp(offset + design @ point)

    # Newton's steps from a crude start; a ridge that vanishes, as some columns say the same.
    point = np.linalg.lstsq(design, np.full(len(share), np.log(1 / len(share))) - offset)[0]
    found = optimize.minimize(
        lambda at: float(expect(at).sum() - share @ (design @ at)),
        point,
        jac=lambda at: design.T @ (expect(at) - share),
        hess=lambda at: (design.T * expect(at)) @ design,
        method="trust-exact",
        options={"gtol": 1e-11},
    )
    best = expect(found.x)
    np.testing.assert_allclose(read_fit(fit, pairs) / links.sum(), best, rtol=1e-6)


def test_without_distance_all_bins_are_one() -> None:
    members, space = draw_nation()
    pairs = list_pairs(members, space, UNORDERED, STRATA)
    links = expect_by_hand(pairs, UNORDERED)
    fit, _ = fit_links(pairs, links, UNORDERED, members, space, distance=False, exponent=0.0)
    assert (fit.bins.tolist(), fit.exponent, fit.distance) == ([1.0] * 4, 0.0, False)
    assert read_fit(fit, pairs).sum() == pytest.approx(links.sum(), rel=1e-7)


def test_one_stratum_by_hand() -> None:
    # Four firms of one cell, six pairs, three links: half a link a pair, whatever is added.
    strata = Strata(np.array([FIRM], np.uint8), np.array([0], np.int8), np.array([0], np.int16))
    members = np.array([[4]])
    space = draw_chance_space(np.random.default_rng(1), 1)
    margins = Margins(3.0, np.array([6.0]), np.array([6.0]), 3.0, np.array([3.0, 0, 0, 0]), 0.0)
    pairs = count_pairs(members, space).counts
    fit = fit_null(UNORDERED, pairs, margins, strata, distance=False)
    assert fit.level * fit.u[0] * fit.v[0] * fit.same == pytest.approx(0.5)


def test_strata_that_meet_their_own_settle() -> None:
    """Two kinds of firms that hardly ever meet: 1,000 pairs of each, 10 of both together."""
    available = np.zeros((len(SIZE_EXPONENTS), 2, 2, 4))
    available[..., NEAR] = [[2_000, 10], [10, 2_000]]
    strata = Strata(TWO_SECTORS.type, TWO_SECTORS.size_class, np.array([-1, -1], np.int16))
    # At 4 u v links a pair of the first, whose u is 4, and of the second, whose u is 1.
    ends = np.array([4 * 4.0 * (2_000 * 4 + 10 * 1), 4 * 1.0 * (10 * 4 + 2_000 * 1)]) * 100
    bins = np.array([ends.sum() / 2, 0, 0, 0])
    margins = Margins(bins.sum(), ends, ends, 0.0, bins, 0.0)
    fit = fit_null(UNORDERED, available, margins, strata)
    assert fit.sweeps < 100
    assert fit.u[0] / fit.u[1] == pytest.approx(4, rel=1e-4)


def test_what_is_given_is_kept_but_for_level_distance_and_size() -> None:
    members, space = draw_nation()
    pairs = list_pairs(members, space, DIRECTED, STRATA)
    law = expect_by_hand(pairs, DIRECTED)
    fit, margins = fit_links(pairs, law * 1e9, DIRECTED, members, space)
    available = count_pairs(members, space).of(fit.first, fit.second)
    twice = Margins(
        margins.total * 2, np.zeros(0), np.zeros(0), 0.0, margins.bins * 2, margins.size * 2
    )
    again = fit_null(DIRECTED, available, twice, STRATA, start=fit)
    assert (again.u.tolist(), again.v.tolist()) == (fit.u.tolist(), fit.v.tolist())
    assert again.same == fit.same
    np.testing.assert_allclose(read_fit(again, pairs), 2 * read_fit(fit, pairs), rtol=1e-6)


def test_a_bin_without_links_keeps_a_little_of_its_neighbours() -> None:
    members, space = draw_nation()
    pairs = list_pairs(members, space, UNORDERED, STRATA)
    links = np.where(pairs["band"] == 1, 0.0, expect_by_hand(pairs, UNORDERED))
    fit, _ = fit_links(pairs, links, UNORDERED, members, space)
    assert 0 < fit.bins[1] < 0.05 * min(fit.bins[0], fit.bins[2])


def test_no_end_is_a_fault_with_what_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(null, "MAX_SWEEPS", 2)
    members, space = draw_nation()
    pairs = list_pairs(members, space, UNORDERED, STRATA)
    with pytest.raises(TableFault) as caught:
        fit_links(pairs, expect_by_hand(pairs, UNORDERED), UNORDERED, members, space)
    fault = caught.value
    assert (fault.reason, fault.table) == ("null_not_converged", "firm_firm firm-firm")
    assert float(str(fault.value)) > null.TOLERANCE
    assert "2 sweeps" in fault.line()
