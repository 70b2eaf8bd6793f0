"""Laws of fictional worlds: values by hand, and means of links drawn anew against the formula."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from clustermap.sources.world import (
    LAWS,
    build_nation,
    build_world,
    draw_edges,
    expect,
    expect_by_redrawing,
    merge_redrawn,
    observe,
    read_nation,
    redraw,
)
from clustermap.sources.world.companies import HEADQUARTERS, PLANT, draw_groups, find_offices
from clustermap.sources.world.drawing import draw_linkages
from clustermap.sources.world.expectation import ROWS, find_far, has_formula
from clustermap.sources.world.law import CHANNELS, FIRM, TYPES, Cells, build_law
from clustermap.sources.world.nation import (
    Nation,
    Partners,
    Traits,
    build_roster,
    build_typical,
    draw_decay,
    draw_noise,
    set_stage,
    write_factors,
)
from clustermap.sources.world.parameters import Parameters, open_stream
from clustermap.sources.world.plain import (
    MARGIN,
    draw_plain_sizes,
    draw_sites,
    radius_m,
    scale_sizes,
)
from clustermap.sources.world.redrawing import SHARE, count_sides
from clustermap.tables import SCORED_KINDS, SHARE_UNIT

if TYPE_CHECKING:
    from numpy.typing import NDArray

FIRM_FIRM = SCORED_KINDS.index("firm_firm")


def two_clusters(links: int = 1_000, *, plants: bool = False) -> Nation:
    """Two firms in A and three in B, 30 km apart; with plants, A's second firm is B's first's."""
    firms = np.array([2, 3])
    counts = np.zeros((2, len(TYPES)))
    counts[:, FIRM] = firms
    groups = np.repeat(np.arange(2), firms) * len(TYPES) + FIRM
    group = np.array([-1, 0, 0, -1, -1]) if plants else np.full(5, -1)
    site = np.array([0, PLANT, HEADQUARTERS, 0, 0]) if plants else np.zeros(5)
    nothing = np.zeros(5)
    traits = Traits(
        nothing,
        nothing,
        np.ones(5, dtype=np.int64),
        np.zeros(5, dtype=np.int16),
        group.astype(np.int32),
        site.astype(np.uint8),
    )
    parameters = Parameters(2, 5, links, 20, 0, project_share=0.0, mass=1.0)
    parameters = replace(parameters, capital=0.5 if plants else 0.0)
    truth = pd.DataFrame({"cluster": ["A", "B"], "planted": "none"})
    return Nation(
        Cells(("A", "B"), np.array([[0.0, 0.0], [30.0, 0.0]]), counts, 2, np.zeros(2, dtype=int)),
        build_roster(groups, np.ones(5), traits, parameters),
        traits,
        Partners(np.zeros(0, dtype=np.uint8), ()),
        write_factors(truth),
        parameters,
        1,
        np.arange(5),
    )


def pull(distance_km: float, decay_km: float = 40.0) -> float:
    return math.exp(-distance_km / decay_km) / (1 + distance_km / 10)


def tell_apart(
    one: NDArray[np.float64], other: NDArray[np.float64], variance: NDArray[np.float64]
) -> tuple[float, float]:
    """Mean and mean square of the standardised differences."""
    z = (one - other) / np.sqrt(variance)
    return float(z.mean()), float((z**2).mean())


def test_pull_by_hand() -> None:
    counts = np.zeros((2, len(TYPES)))
    counts[:, FIRM] = [100, 400]
    cells = Cells(("A", "B"), np.array([[0.0, 0.0], [30.0, 0.0]]), counts, 2, np.arange(2))
    law = build_law(cells, mass=0.9, decay_km=40.0, near_km=10.0)
    # exp(-30/40) / (1 + 30/10) * 40000^-0.1; within A actors are 0.05 * 10 + 0.5 = 1 km apart.
    assert law.pull[0, 1] == pytest.approx(0.472367 / 4 * 0.346572, rel=1e-5)
    assert law.pull[0, 0] == pytest.approx(0.975310 / 1.1 * 0.398107, rel=1e-5)
    mixed = build_law(cells, mass=0.9, decay_km=np.array([20.0, 60.0]), near_km=10.0)
    assert mixed.pull[0, 1] == pytest.approx(law.pull[0, 1])  # the mean of 20 and 60 is 40
    assert mixed.pull[0, 0] == pytest.approx(law.pull[0, 0] * math.exp(1 / 40 - 1 / 20))


def test_expectation_by_hand() -> None:
    inside = [0.05 * math.sqrt(2) + 0.5, 0.05 * math.sqrt(3) + 0.5]
    # Ordered pairs of actors: 2 within A, 6 within B, 12 between.
    parts = np.array([2 * pull(inside[0]), 6 * pull(inside[1]), 12 * pull(30.0)])
    parts = 1_000 * parts / parts.sum()
    found = expect(two_clusters())
    assert found.internal[-1] == pytest.approx(parts[:2])
    assert found.external[-1] == pytest.approx([parts[2], parts[2]])
    firm_firm = CHANNELS["firm_firm", FIRM, FIRM]
    among_firms = sum(s for (_, a, b), s in CHANNELS.items() if a == b == FIRM)
    assert found.internal[FIRM_FIRM] == pytest.approx(parts[:2] * firm_firm / among_firms)
    assert found.internal_variance[-1] == pytest.approx(parts[:2] * (1 - parts[:2] / 1_000))
    assert (expect(two_clusters(), beyond_km=31.0).external == 0).all()


def test_links_of_plants_are_booked_at_the_head_office() -> None:
    nation = two_clusters(plants=True)
    # Both firms of A are drawn: the plant with 4 of 5, and its links go to B with 0.8.
    away = 0.8 * 0.8
    both = build_typical(nation)
    inside = both.own * [2, 6]
    across = 2 * both.pull[0, 1] * 6
    total = inside.sum() + across
    found = expect(nation)
    stays = 1 - away
    assert found.internal[-1, 0] == pytest.approx(1_000 * inside[0] * stays**2 / total)
    moved = inside[0] * away**2 + across * away + inside[1]
    assert found.internal[-1, 1] == pytest.approx(1_000 * moved / total)


def test_noise_has_its_variance_and_none_on_the_diagonal() -> None:
    noise = draw_noise(np.random.default_rng(1), 400, 0.25)
    apart = noise[np.triu_indices(400, 1)]
    assert (np.diag(noise) == 1).all()
    assert (noise == noise.T).all()
    assert apart.mean() == pytest.approx(1.0, abs=0.01)
    assert apart.var() == pytest.approx(0.25, abs=0.01)


def test_decay_differs_by_region_and_lies_in_its_range() -> None:
    nation = build_nation(clusters=100, links=10, law="regional_decay")
    decay = np.asarray(draw_decay(nation))
    by_region = pd.Series(decay).groupby(nation.cells.regions).nunique()
    assert (by_region == 1).all()
    assert len(by_region) == 16
    assert 20 <= decay.min() < 30
    assert 50 < decay.max() <= 80


@pytest.mark.parametrize(
    "law",
    ["base", "regional_decay", "capital", pytest.param("heterogeneity", marks=pytest.mark.slow)],
)
def test_formula_is_the_mean_of_links_drawn_anew(law: str) -> None:
    nation = build_nation(clusters=60, links=6_000, law=law, seed=4, planted_share=0.1)
    exact, times = expect(nation), 100
    drawn = expect_by_redrawing(nation, times)
    for side in ("internal", "external"):
        mean = getattr(exact, side)
        variance = getattr(exact, f"{side}_variance")
        enough = (mean > 1) & (times * mean > 30)
        z, square = tell_apart(getattr(drawn, side)[enough], mean[enough], variance[enough] / times)
        assert abs(z) < 4 / math.sqrt(enough.sum())
        assert 0.6 < square < 1.5
        ratio = getattr(drawn, f"{side}_variance")[enough] / variance[enough]
        assert np.median(ratio) == pytest.approx(1.0, abs=0.1)


def test_what_is_planted_is_expected_where_it_is_asked_for() -> None:
    nation = two_clusters()
    planted = write_factors(pd.DataFrame({"cluster": ["A", "B"], "planted": ["internal", "half"]}))
    nation = replace(nation, truth=planted)
    typical, found = expect(nation), expect(nation, planted=True)
    assert found.internal[-1] / typical.internal[-1] == pytest.approx([2.0, 0.5])
    assert found.external[-1] / typical.external[-1] == pytest.approx([0.5, 0.5])
    assert found.internal[-1].sum() + found.external[-1, 0] == pytest.approx(1_000)


@pytest.mark.parametrize("law", ["base", "attachment"])
def test_what_is_planted_is_drawn_anew_where_it_is_asked_for(law: str) -> None:
    nation = build_nation(clusters=40, links=20_000, seed=3, law=law, planted_share=0.2)
    typical, found = (expect_by_redrawing(nation, 30, planted=planted) for planted in (False, True))
    twice = nation.truth["planted"].isin(["internal", "both"]).to_numpy()
    half = (nation.truth["planted"] == "half").to_numpy()
    for which, least, most in ((twice, 1.5, 4.0), (half, 0.2, 0.7)):
        ratio = found.internal[-1, which].sum() / typical.internal[-1, which].sum()
        assert least < ratio < most
    if law == "base":
        ratio = found.internal[-1, twice].sum() / typical.internal[-1, twice].sum()
        assert ratio == pytest.approx(2, rel=0.05)


def test_external_links_beyond_a_distance() -> None:
    nation = build_nation(clusters=60, links=6_000, seed=4)
    exact, times = expect(nation, beyond_km=50.0), 50
    drawn = expect_by_redrawing(nation, times, beyond_km=50.0)
    assert (exact.external[-1] < expect(nation).external[-1]).all()
    mean, variance = exact.external[-1], exact.external_variance[-1]
    z, square = tell_apart(drawn.external[-1], mean, variance / times)
    assert abs(z) < 0.5
    assert 0.5 < square < 1.7


@pytest.mark.slow
@pytest.mark.parametrize("beyond_km", [0.0, 50.0])
def test_growth_by_cells_is_growth_by_actors(beyond_km: float) -> None:
    nation = build_nation(clusters=40, links=6_000, law="attachment", seed=2, planted_share=0.0)
    fast = expect_by_redrawing(nation, 200, beyond_km=beyond_km)
    far, times = find_far(nation, beyond_km), 40
    stage = set_stage(nation, build_typical(nation))
    counted = [
        np.stack(count_sides(stage, draw_linkages(7, stage, 6_000, 0, number), far))[:, :-1, :40]
        for number in range(times)
    ]
    slow = np.mean(counted, axis=0).sum(axis=1)
    for number, side in enumerate(("internal", "external")):
        mean = getattr(fast, side)[-1]
        variance = getattr(fast, f"{side}_variance")[-1]
        z, square = tell_apart(slow[number], mean, variance * (1 / times + 1 / 200))
        assert abs(z) < 0.6
        assert 0.4 < square < 1.8


def test_links_attract_links() -> None:
    plain, rich = (
        expect_by_redrawing(build_nation(clusters=60, links=20_000, law=law, seed=3), 40)
        for law in ("base", "attachment")
    )
    enough = plain.external[-1] > 20
    spread = [np.median((e.external_variance[-1] / e.external[-1])[enough]) for e in (plain, rich)]
    assert spread[0] == pytest.approx(1.0, abs=0.2)
    assert spread[1] > 1.5
    actors = [
        np.bincount(np.append(e.a, e.b)).max()
        for e in (
            draw_edges(build_nation(clusters=60, links=20_000, law=law, seed=3), 1)
            for law in ("base", "attachment")
        )
    ]
    assert actors[1] > actors[0]


def test_parts_of_a_redrawing_merge_to_the_whole() -> None:
    for law in ("projects", "attachment"):
        nation = build_nation(clusters=30, links=2_000, law=law)
        whole = redraw(nation, range(20), seed=5)
        parts = merge_redrawn(
            [redraw(nation, range(10, 20), seed=5), redraw(nation, range(10), seed=5)]
        )
        assert whole.times == parts.times == 20
        for name in ("internal", "external", "internal_squares", "external_squares"):
            assert (getattr(whole, name) == getattr(parts, name)).all()
        assert (whole.internal[:-1].sum(axis=0) == whole.internal[-1]).all()
    with pytest.raises(ValueError, match="multiple of 10"):
        redraw(nation, range(3, 20))


def test_what_has_no_formula_is_missing() -> None:
    for law in LAWS:
        nation = build_nation(clusters=30, links=100, law=law)
        assert has_formula(nation) == (law not in ("attachment", "projects"))
        assert np.isnan(expect(nation).internal).all() != has_formula(nation)
    world = build_world(clusters=30, firms=1_000, links=2_000, law="attachment")
    assert world.truth["typical_internal"].isna().all()
    assert expect_by_redrawing(world, 10).internal.shape == (ROWS, 30)


def test_projects_are_typical_as_drawn_anew() -> None:
    world = build_world(clusters=600, firms=24_000, links=100_000, law="projects", seed=3)
    drawn = expect_by_redrawing(world, 4)
    assert world.parameters.project_share == 1.0
    # The formula leaves out that small groups run out of participants.
    ratio = drawn.internal[-1].sum() / world.truth["typical_internal"].sum()
    assert 0.85 < ratio < 1.0
    assert drawn.external[-1].sum() == pytest.approx(
        world.truth["typical_external"].sum(), rel=0.08
    )


def test_links_of_projects_are_counted_as_edges_are() -> None:
    nation = build_nation(clusters=40, links=4_000, law="projects", planted_share=0.0)
    seen = observe(nation)
    home, names = seen.register.cells, np.array(seen.cells.names)
    abroad = np.char.startswith(names, "abroad:")[home]
    counts = np.zeros((25, 2))
    for seed in range(25):
        edges = draw_edges(nation, seed)
        here = ~(abroad[edges.a] | abroad[edges.b])
        a, b = home[edges.a[here]], home[edges.b[here]]
        within = ((a == b) & (a < 40)).sum()
        counts[seed] = within, (a < 40).sum() + (b < 40).sum() - 2 * within
    drawn = expect_by_redrawing(nation, 50)
    assert counts[:, 0].mean() == pytest.approx(drawn.internal[-1].sum(), rel=0.05)
    assert counts[:, 1].mean() == pytest.approx(drawn.external[-1].sum(), rel=0.05)


def test_pairs_of_projects_count_their_shares_where_it_is_asked_for() -> None:
    nation = build_nation(clusters=40, links=20_000, seed=3, law="projects", planted_share=0)
    whole, shares = (redraw(nation, range(10), shares=shares) for shares in (False, True))
    assert (whole.unit, shares.unit) == (1, SHARE)
    mean, part = whole.expected().external[-1], shares.expected().external[-1]
    assert ((part > 0) & (part < mean)).all()
    edges = [draw_edges(nation, seed) for seed in range(10)]
    home = len(nation.roster.groups)
    total = 0.0
    for drawn in edges:
        here = (drawn.a < home) & (drawn.b < home)
        a, b = (nation.roster.cells[end[here]] for end in (drawn.a, drawn.b))
        credit = drawn.credit[here] / SHARE_UNIT
        for end in (a, b):
            total += credit[(a != b) & (end < nation.cells.clusters)].sum() / len(edges)
    assert part.sum() == pytest.approx(total, rel=0.01)
    merged = merge_redrawn([shares, redraw(nation, range(10, 20), shares=True)])
    assert merged.unit == SHARE
    assert merged.expected().external[-1].sum() == pytest.approx(total, rel=0.01)


def test_sizes_of_the_plain() -> None:
    sizes = draw_plain_sizes(np.random.default_rng(1), 100_000)
    assert sizes.min() == 13  # ceil of a little more than 12
    assert sizes.max() <= 30 * 300 + 13
    assert np.median(sizes) == pytest.approx(12.5 + 30 * (2 ** (1 / 1.1) - 1), rel=0.02)


def test_the_world_of_validation_has_its_size() -> None:
    nation = build_nation()
    assert nation.cells.clusters == 1_900
    assert 950 < len(nation.cells.names) - 1_900 <= 1_000
    assert len(nation.roster.groups) > 200_000
    assert nation.truth["planted"].value_counts()["both"] == 57
    assert len(nation.cells.regions) == len(nation.cells.names)


def test_sizes_are_scaled_to_a_number_of_firms() -> None:
    """One firm each, and 7 more in shares of 1.75, 0.875 and 4.375."""
    assert scale_sizes(np.array([20, 10, 50]), 10).tolist() == [3, 2, 5]
    sizes = draw_plain_sizes(np.random.default_rng(2), 500)
    scaled = scale_sizes(sizes, 1_000_003)
    assert (scaled.sum(), scaled.argmax()) == (1_000_003, sizes.argmax())


def test_a_denser_world_of_clusters_apart() -> None:
    asked = {"clusters": 100, "links": 0, "seed": 4}
    usual, dense = (
        build_nation(**asked),
        build_nation(**asked, firms=20_000, outside=0.4, apart=True),
    )
    firms = dense.cells.counts[:, FIRM]
    assert (firms.sum(), firms[:100].sum()) == (20_000, 12_000)
    radius = radius_m(draw_plain_sizes(open_stream(4, "clusters"), 100))
    home = dense.roster.cells
    inside = home < 100
    site = dense.cells.sites_km[home[inside]] * 1000
    away = np.hypot(dense.traits.x[inside] - site[:, 0], dense.traits.y[inside] - site[:, 1])
    assert (away <= radius[home[inside]] * (1 + 1e-9)).all()  # as large as with fewer firms
    apart = np.hypot(*(dense.cells.sites_km[:100, None] - dense.cells.sites_km[None, :100]).T)
    np.fill_diagonal(apart, np.inf)
    assert (apart * 1000 >= MARGIN * (radius[:, None] + radius)).all()
    assert usual.cells.counts[:100, FIRM].sum() == pytest.approx(
        0.76 * usual.cells.counts[:, FIRM].sum(), abs=1
    )


def test_no_room_for_clusters_is_told() -> None:
    with pytest.raises(ValueError, match="no room"):
        draw_sites(np.random.default_rng(1), np.full(10, 200_000.0), apart=True)
    with pytest.raises(ValueError, match="firms = 3: 50 at least"):
        build_nation(clusters=10, firms=3)


def test_groups_have_one_head_office() -> None:
    rng = np.random.default_rng(1)
    regions = rng.integers(0, 5, 4_000)
    group, site = draw_groups(rng, rng.lognormal(2, 1, 4_000), regions, capital=3, share=0.6)
    heads = pd.Series(group[site == HEADQUARTERS]).value_counts()
    assert (heads == 1).all()
    assert set(group[site == PLANT]) <= set(heads.index)
    assert ((group >= 0) == (site > 0)).all()
    assert (regions[site == HEADQUARTERS] == 3).mean() == pytest.approx(0.6, abs=0.01)
    office = find_offices(group, site)
    plants = np.flatnonzero(site == PLANT)
    assert (group[office[plants]] == group[plants]).all()
    assert (site[office[plants]] == HEADQUARTERS).all()
    assert (office[site != PLANT] == np.flatnonzero(site != PLANT)).all()


def test_head_offices_gather_in_the_capital() -> None:
    world = build_world(clusters=100, firms=6_000, links=100, law="capital")
    firms = world.firms
    heads = firms[firms["site"] == "headquarters"]
    assert (heads["region"] == "서울특별시").mean() == pytest.approx(0.6, abs=0.05)
    assert set(firms["site"]) == {"", "headquarters", "plant"}
    assert ((firms["group"] == "") == (firms["site"] == "")).all()
    base = build_world(clusters=100, firms=6_000, links=100)
    heads = base.firms[base.firms["site"] == "headquarters"]
    assert (heads["region"] == "서울특별시").mean() < 0.2


def test_accounts_are_below_sales() -> None:
    firms = build_world(clusters=60, firms=2_000, links=10).firms
    known = firms.dropna(subset=["sales"])
    assert firms.loc[firms["sales"].isna(), ["exports", "rnd"]].isna().all().all()
    for name in ("exports", "rnd"):
        assert (known[name] <= known["sales"]).all()
        assert 0.1 < (known[name] > 0).mean() < 0.7


@pytest.mark.parametrize("wrong", [{"law": "chaos"}, {"planted": "roses"}])
def test_unknown_laws_and_plantings_are_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong.values()))):
        build_world(clusters=60, firms=2_000, links=100, **wrong)


def test_a_law_is_recorded() -> None:
    for law, changes in LAWS.items():
        nation = read_nation(build_world(clusters=30, firms=1_000, links=100, law=law))
        assert nation.parameters.law == law
        for name, value in changes.items():
            assert getattr(nation.parameters, name) == value
