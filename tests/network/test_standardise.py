"""Standardisation: what may not change a ratio does not, and what must not mix stays apart."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from scipy import stats

from clustermap.network import constrained, expected, null
from clustermap.network.expected import PairExpectation
from clustermap.network.null import strata_of, sum_margins
from clustermap.network.pairs import count_pairs, relative_sizes
from clustermap.network.posterior import DEVIATE, read_quantile
from clustermap.network.ratios import gather_evidence
from clustermap.network.shrinkage import (
    combine_kinds,
    estimate_dispersion,
    find_belief,
    find_own_factors,
    fit_prior,
    weigh_alone,
)
from clustermap.network.standardise import (
    NULLS,
    PairLinks,
    read_units,
    split_channels,
    standardise,
)
from clustermap.network.units import ALL_KINDS, Reach
from clustermap.tables import KINDS, SHARE_UNIT
from tests.network.nation import (
    CELLS,
    CLUSTERS,
    Nation,
    count,
    draw_edges,
    draw_nation,
    measure,
    rename,
    repeat_edges,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from clustermap.network.comparison import Comparison
    from clustermap.network.null import Channel, Fit
    from clustermap.network.observed import Observed
    from clustermap.network.standardise import Null, Standardised

FENCE, BEYOND = 0, 3
FIRM_FIRM, RESEARCH, SUPPORT, TRANSFER = range(4)
ALL = 4  # place of all kinds together


@pytest.fixture(scope="module", autouse=True)
def large() -> Iterator[None]:
    """Leave out only the largest cells of their own null: of ninety most hold a fiftieth."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(expected, "LARGE_SHARE", 0.1)
        yield


@pytest.fixture(scope="module")
def nation() -> Nation:
    return draw_nation()


@pytest.fixture(scope="module")
def edges(nation: Nation) -> pa.Table:
    return draw_edges(nation)


@pytest.fixture(scope="module")
def observed(nation: Nation, edges: pa.Table) -> Observed:
    return count(nation, [edges])


@pytest.fixture(scope="module")
def standard(observed: Observed) -> Standardised:
    return standardise(observed)


def ratio(comparison: Comparison, reach: int) -> np.ndarray:
    return comparison.observed[:, ALL, reach] / comparison.expected[:, ALL, reach]


def same(one: Comparison, other: Comparison) -> bool:
    names = ("observed", "expected", "squares", "design")
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in names)


def test_convergence_is_reported_for_every_channel_and_null(standard: Standardised) -> None:
    channels = {
        "firm_firm firm-firm",
        "research firm-university",
        "research university-university",
        "support firm-support",
        "support university-support",
        "support support-support",
        "transfer firm>firm",
    }
    assert set(standard.convergence) == {(n, c) for n in NULLS for c in channels}
    # That the sweeps are those needed: test_as_many_sweeps_are_needed_as_are_reported.
    for (kind_of_null, _), (_, residual) in standard.convergence.items():
        allowed = constrained if kind_of_null == "constrained" else null
        assert 0 <= residual <= allowed.TOLERANCE
    fitted = {n for n in NULLS if n != "constrained"}
    assert set(standard.fits) == {(n, c) for n in fitted for c in channels}
    for (kind_of_null, channel), fit in standard.fits.items():
        assert (fit.channel.name, fit.distance) == (channel, kind_of_null != "no_distance")
        assert (fit.exponent == 0) == (kind_of_null == "no_size")


class Alone:
    """Fits one null to one channel, and nothing beside."""

    def __init__(self, observed: Observed, kind_of_null: str, channel: Channel) -> None:
        self.channel, self.strata, self.space = channel, observed.strata, observed.space
        members = observed.drawn.members
        flows, ends = split_channels(observed, members, [channel])
        self.flows = flows[channel]
        sizes = relative_sizes(members)
        self.margins = sum_margins(channel, self.flows, ends[channel], self.strata, sizes)
        self.pairs = count_pairs(members, self.space).of(*strata_of(channel, self.strata))
        self.distance = kind_of_null != "no_distance"
        self.exponent = 0.0 if kind_of_null == "no_size" else None

    def fit(self) -> Fit:
        return null.fit_null(
            self.channel,
            self.pairs,
            self.margins,
            self.strata,
            distance=self.distance,
            exponent=self.exponent,
        )

    def balance(self) -> tuple[int, float]:
        return constrained.expect_constrained(self.channel, self.flows, self.space)[1:]


def list_reported(
    observed: Observed, standard: Standardised, kind_of_null: Null
) -> list[tuple[Channel, int, float]]:
    """Return the channels that one null was fitted to, with the sweeps and residuals reported."""
    channels = {channel.name: channel for channel in null.find_channels(observed.drawn.ends)}
    return [
        (channels[name], *reached)
        for (of, name), reached in standard.convergence.items()
        if of == kind_of_null
    ]


def largest_change(one: Fit, other: Fit) -> float:
    """Return by how much two fits differ: factors by their ratio, exponents by their difference."""
    parts = [(one.u, other.u), (one.v, other.v), (one.bins, other.bins), (one.same, other.same)]
    changes = [np.abs(np.log(after) - np.log(before)).max() for before, after in parts]
    return float(max(*changes, abs(other.exponent - one.exponent)))


@pytest.mark.parametrize("kind_of_null", [n for n in NULLS if n != "constrained"])
def test_as_many_sweeps_are_needed_as_are_reported(
    observed: Observed,
    standard: Standardised,
    monkeypatch: pytest.MonkeyPatch,
    kind_of_null: Null,
) -> None:
    for channel, sweeps, residual in list_reported(observed, standard, kind_of_null):
        alone = Alone(observed, kind_of_null, channel)
        monkeypatch.setattr(null, "MAX_SWEEPS", sweeps - 1)
        monkeypatch.setattr(null, "LOOSEST", np.inf)  # whatever is reached then will do
        before = alone.fit()
        assert before.sweeps == sweeps - 1
        monkeypatch.setattr(null, "LOOSEST", null.TOLERANCE)
        with pytest.raises(null.TableFault) as caught:
            alone.fit()
        assert (caught.value.table, caught.value.values["sweeps"]) == (channel.name, sweeps - 1)
        assert caught.value.value == f"{before.residual:.2g}"
        assert before.residual > null.TOLERANCE
        monkeypatch.setattr(null, "MAX_SWEEPS", sweeps)
        after = alone.fit()
        assert (after.sweeps, after.residual) == (sweeps, residual)
        assert residual == pytest.approx(largest_change(before, after), abs=1e-12)


def test_as_many_sweeps_of_the_constrained_null_are_needed_as_are_reported(
    observed: Observed, standard: Standardised, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constrained, "PATIENCE", 1)
    for channel, sweeps, residual in list_reported(observed, standard, "constrained"):
        alone = Alone(observed, "constrained", channel)
        monkeypatch.setattr(constrained, "MAX_SWEEPS", sweeps - 1)
        with pytest.raises(null.TableFault) as caught:
            alone.balance()
        assert (caught.value.table, caught.value.values["sweeps"]) == (channel.name, sweeps - 1)
        assert float(str(caught.value.value)) >= constrained.TOLERANCE  # told to two digits
        monkeypatch.setattr(constrained, "MAX_SWEEPS", sweeps)
        assert alone.balance() == (sweeps, residual)


def test_the_null_without_size_is_the_mass_null_with_an_exponent_of_nought(
    observed: Observed, standard: Standardised
) -> None:
    plain = standardise(observed, exponent=0.0, beside=False).comparisons["mass", "drawn"]
    found = standard.comparisons["no_size", "drawn"]
    np.testing.assert_allclose(found.expected, plain.expected, rtol=1e-12)


def test_pairs_that_matter_are_told(standard: Standardised) -> None:
    told, drawn = standard.pairs, standard.comparisons["mass", "drawn"]
    assert (told["source"] <= told["target"]).all()
    assert not told.duplicated(["source", "target", "kind"]).any()
    assert ((told["observed"] > 0) | (told["expected"] >= 1)).all()
    assert (told["observed"] == 0).any()
    # All links of a cluster stand in its pairs; of what is expected only where it is not little.
    for place, kind in enumerate(drawn.kinds):
        part = told[told["kind"] == kind]
        for cluster in (0, 7, 69):
            mine = part[(part["source"] == cluster) | (part["target"] == cluster)]
            whole = drawn.observed[cluster, place]
            ends = whole[2] + whole[BEYOND]
            assert mine["observed"].sum() == pytest.approx(ends, abs=1e-6)
            inside = mine[mine["source"] == mine["target"]]
            assert inside["observed"].sum() == pytest.approx(whole[FENCE], abs=1e-6)
            if len(inside):
                assert inside["expected"].sum() == pytest.approx(
                    drawn.expected[cluster, place, FENCE], rel=1e-9
                )
            reach = drawn.expected[cluster, place, 2] + drawn.expected[cluster, place, BEYOND]
            assert mine["expected"].sum() <= reach + 1e-6


def test_what_is_compared(standard: Standardised) -> None:
    boundaries = [("mass", "smaller"), ("mass", "larger")]
    assert list(standard.comparisons) == [*((n, "drawn") for n in NULLS), *boundaries]
    drawn = standard.comparisons["mass", "drawn"]
    assert drawn.kinds == (FIRM_FIRM, RESEARCH, SUPPORT, TRANSFER)
    assert drawn.expected.shape == (CLUSTERS, 5, 4)
    assert standard.dispersion.shape == (5,)
    # All kinds together are the sum of the kinds, and wider reaches hold the nearer ones.
    for found in (drawn.observed, drawn.expected):
        np.testing.assert_allclose(found[:, ALL], found[:, :ALL].sum(axis=1), rtol=1e-9)
        assert (np.diff(found[:, :, :BEYOND], axis=2) >= -1e-9).all()
    # The moved boundaries are the one drawn here.
    for boundary in ("smaller", "larger"):
        moved = standard.comparisons["mass", boundary]
        np.testing.assert_allclose(moved.expected, drawn.expected, rtol=1e-12)


def test_another_headline_and_who_listens(observed: Observed, standard: Standardised) -> None:
    heard: list[tuple[int, int]] = []
    found = standardise(
        observed, headline="constrained", listen=lambda done, steps: heard.append((done, steps))
    ).comparisons
    many = 7 * 6 + 1  # channels under four nulls and two moved boundaries, and the pairs
    assert heard[0] == (1, many)
    assert heard[-1] == (many, many)
    assert len(heard) == 1 + 4 * 6  # four kinds each time
    assert (np.diff([done for done, _ in heard]) > 0).all()
    assert list(found)[4:] == [("constrained", "smaller"), ("constrained", "larger")]
    drawn = found["constrained", "drawn"]
    assert same(drawn, standard.comparisons["constrained", "drawn"])
    assert same(drawn, found["constrained", "larger"])


def test_the_headline_alone(observed: Observed, standard: Standardised) -> None:
    heard: list[tuple[int, int]] = []
    found = standardise(
        observed, beside=False, listen=lambda done, steps: heard.append((done, steps))
    )
    assert list(found.comparisons) == [("mass", "drawn"), ("constrained", "drawn")]
    for key, comparison in found.comparisons.items():
        assert same(comparison, standard.comparisons[key])
    assert found.dispersion.tobytes() == standard.dispersion.tobytes()
    assert heard[-1] == (7 * 2 + 1, 7 * 2 + 1)


def test_the_constrained_null_keeps_every_clusters_links(standard: Standardised) -> None:
    found = standard.comparisons["constrained", "drawn"]
    # Both ends of links within lie there: they count twice, all others once.
    seen, typical = (
        side[:, :, FENCE] + side[:, :, 2] + side[:, :, BEYOND]
        for side in (found.observed, found.expected)
    )
    np.testing.assert_allclose(typical, seen, rtol=1e-4)


def test_it_turns_more_links_inside_into_fewer_outside(standard: Standardised) -> None:
    found = {}
    for kind_of_null in ("constrained", "mass"):
        comparison = standard.comparisons[kind_of_null, "drawn"]
        inside, outside = (
            np.log(comparison.observed[:, ALL, at].clip(0.5) / comparison.expected[:, ALL, at])
            for at in (FENCE, BEYOND)
        )
        found[kind_of_null] = stats.spearmanr(inside, outside).statistic
    assert found["constrained"] < -0.7
    # Active cells have more of both: only the mass null says so.
    assert found["mass"] > 0.3


def test_twice_the_links_are_the_same_ratio_and_a_narrower_interval(
    nation: Nation, edges: pa.Table, standard: Standardised
) -> None:
    twice = standardise(count(nation, [repeat_edges(edges, 2)]))
    # What is added to links of a stratum or a distance says half as much beside twice the links.
    for kind_of_null in NULLS:
        one, two = (s.comparisons[kind_of_null, "drawn"] for s in (standard, twice))
        np.testing.assert_array_equal(two.observed, 2 * one.observed)
        for reach in range(4):
            np.testing.assert_allclose(ratio(two, reach), ratio(one, reach), rtol=0.03)
    # What is believed of clusters at large is the nation's, not that of links counted twice.
    first, second = (
        gather_evidence(s.comparisons["mass", "drawn"], standard.dispersion, BEYOND)
        for s in (standard, twice)
    )
    prior = fit_prior(first[1])
    alone = [weigh_alone(total, prior).width for _, total in (first, second)]
    assert (alone[1] < alone[0]).all()
    widths = []
    for kinds, total in (first, second):
        _, quantiles = combine_kinds(
            find_own_factors(kinds, find_belief(total, prior), 20.0), np.ones(4)
        )
        low, high = (read_quantile(quantiles, end) for end in (-DEVIATE, DEVIATE))
        widths.append(high - low)
    assert (widths[1] < widths[0]).mean() > 0.95
    assert widths[1].mean() < 0.9 * widths[0].mean()


def test_who_of_a_stratum_has_the_links_changes_nothing(
    nation: Nation, edges: pa.Table, standard: Standardised
) -> None:
    rng = np.random.default_rng(4)
    register = nation.register
    group = np.stack([register.cells, register.stratum, register.x.astype(int)])
    _, which = np.unique(group, axis=1, return_inverse=True)
    number = np.arange(len(which))
    for place in range(which.max() + 1):
        here = np.flatnonzero(which == place)
        number[here] = rng.permutation(here)
    assert (number != np.arange(len(number))).mean() > 0.3
    found = standardise(count(nation, [rename(edges, number)]))
    for key, comparison in standard.comparisons.items():
        assert same(found.comparisons[key], comparison)


def test_the_order_of_actors_changes_nothing(
    nation: Nation, edges: pa.Table, standard: Standardised
) -> None:
    order = np.random.default_rng(6).permutation(len(nation.register.cells))
    register = nation.register
    moved = replace(
        register,
        ids=register.ids.take(pa.array(order)),
        types=register.types[order],
        cells=register.cells[order],
        x=register.x[order],
        y=register.y[order],
        precise=register.precise[order],
        stratum=register.stratum[order],
        group=register.group[order] if len(register.group) else register.group,
        site=register.site[order] if len(register.site) else register.site,
    )
    elsewhere = measure(moved, nation.cells, nation.strata)
    found = standardise(count(elsewhere, [rename(edges, np.argsort(order))]))
    for key, comparison in standard.comparisons.items():
        assert same(found.comparisons[key], comparison)


def test_the_order_and_the_chunks_of_links_change_nothing(
    nation: Nation, edges: pa.Table, standard: Standardised
) -> None:
    mixed = edges.take(pa.array(np.random.default_rng(5).permutation(edges.num_rows)))
    unit = mixed["unit"].to_numpy()
    cuts = np.array([-1, 0, 100, 200, unit.max() + 1])  # a project stays in one chunk
    chunks = [mixed.filter(pa.array((unit >= a) & (unit < b))) for a, b in pairwise(cuts)]
    found = standardise(count(nation, chunks))
    for key, comparison in standard.comparisons.items():
        assert same(found.comparisons[key], comparison)
    assert found.dispersion.tobytes() == standard.dispersion.tobytes()
    assert found.convergence == standard.convergence


def test_a_kind_less_changes_only_its_own_parts(
    nation: Nation, edges: pa.Table, standard: Standardised
) -> None:
    rest = edges.filter(pc.not_equal(edges["kind"], RESEARCH))
    found = standardise(count(nation, [rest]))
    kept = [FIRM_FIRM, SUPPORT, TRANSFER]
    for key, comparison in standard.comparisons.items():
        other = found.comparisons[key]
        assert other.kinds == tuple(kept)
        for name in ("observed", "expected", "squares", "design"):
            one, two = getattr(comparison, name), getattr(other, name)
            assert np.array_equal(one[:, kept], two[:, :3])
            assert not np.array_equal(one[:, ALL], two[:, 3])
    np.testing.assert_array_equal(found.dispersion[:3], standard.dispersion[kept])
    assert set(found.ends) == set(kept)
    for kind in kept:
        np.testing.assert_array_equal(found.ends[kind], standard.ends[kind])


def test_every_link_has_two_ends(standard: Standardised, observed: Observed) -> None:
    flows = observed.flows
    credit, kind = (flows[name].to_numpy() for name in ("credit", "kind"))
    for code, rates in standard.ends.items():
        links = credit[kind == code].sum() / SHARE_UNIT
        ends = (observed.drawn.members * rates).sum()
        assert ends == pytest.approx(2 * links, rel=1e-5)  # between exponents of the spline


def test_a_given_exponent_is_kept(observed: Observed, standard: Standardised) -> None:
    found = standardise(observed, exponent=0.0)
    assert {fit.exponent for fit in found.fits.values()} == {0.0}
    mass = [fit.exponent for (null, _), fit in standard.fits.items() if null == "mass"]
    assert 0.0 not in mass
    one, two = (s.comparisons["mass", "drawn"].expected for s in (found, standard))
    assert not np.allclose(one, two, rtol=1e-3)


def test_no_link_is_expected_without_a_null_that_settles(
    observed: Observed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(null, "MAX_SWEEPS", 1)
    with pytest.raises(null.TableFault) as caught:
        standardise(observed)
    assert caught.value.table == "firm_firm firm-firm"
    assert float(str(caught.value.value)) > null.TOLERANCE


def test_channels_split_what_the_null_covers(nation: Nation, observed: Observed) -> None:
    channels = null.find_channels(observed.drawn.ends)
    members = observed.drawn.members.copy()
    flows, ends = split_channels(observed, members, channels)
    total = observed.flows["credit"].to_numpy().sum() / SHARE_UNIT
    for parts in (flows, ends):
        assert sum(part["links"].sum() for part in parts.values()) == pytest.approx(total)
    members[3] = 0  # as if it lay abroad
    flows, _ = split_channels(observed, members, channels)
    for part in flows.values():
        assert not ((part["source"] == 3) | (part["target"] == 3)).any()
    other = null.Channel(KINDS.index("mobility"), 0)
    flows, ends = split_channels(observed, members, [other])
    assert (len(flows[other]), len(ends[other])) == (0, 0)
    assert nation.cells.clusters == CLUSTERS


def test_links_of_a_unit_by_hand() -> None:
    # One cluster of three has a project with 10 links, the others five pairs and nothing.
    squares = pa.table(
        {
            "cluster": pa.array([0, 1, 0, 1], pa.int32()),
            "kind": pa.array([1, 1, ALL_KINDS, ALL_KINDS], pa.int8()),
            "reach": pa.array([1, 1, 1, 1], pa.uint8()),
            "credit": [10 * SHARE_UNIT, 5 * SHARE_UNIT] * 2,
            "squares": [100 * 10**6, 5 * 10**6] * 2,
        }
    )
    reach = Reach(1, np.array([1, 1, 1, 1], np.uint8), np.zeros(0, np.int32))
    links, design = read_units(squares, [1], 3, reach)
    assert links[:, 0, 1].tolist() == links[:, 1, 1].tolist() == [10, 5, 0]
    usual = 105 / 15
    steady = 5 * usual  # five units of the usual size
    by_hand = [(100 + steady * usual) / (10 + steady), (5 + steady * usual) / (5 + steady), usual]
    np.testing.assert_allclose(design[:, 0, 1], by_hand, rtol=1e-12)
    assert design[:, 0, 0].tolist() == [1, 1, 1]  # nothing is known of links within


def test_dispersion_is_that_of_pairs_of_different_cells(observed: Observed) -> None:
    members = observed.drawn.members
    links = PairLinks(observed.flows, members)
    typical = PairExpectation(observed.space)
    typical.links[:] = np.random.default_rng(7).uniform(0.5, 4, (CELLS, CELLS))
    typical.links += typical.links.T
    seen = np.zeros((CELLS, CELLS))
    for row in observed.flows.to_pylist():
        if row["kind"] in (FIRM_FIRM, SUPPORT):
            at = sorted((row["source"], row["target"]))
            seen[at[0], at[1]] += row["credit"] / SHARE_UNIT
    apart = np.triu_indices(CELLS, 1)
    by_hand = estimate_dispersion(seen[apart], typical.links[apart], design=1.2)
    found = links.disperse([FIRM_FIRM, SUPPORT], typical, 1.2)
    assert found == pytest.approx(by_hand, rel=1e-12)
    assert found > 0
