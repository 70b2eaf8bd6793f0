"""The left side of the page: weights, profiles, quadrants, filters, the unrated, what is saved."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from clustermap.layers.industries import CodedIndustries
from clustermap.publish.density import count_density
from clustermap.render.planner import draw_planner
from clustermap.scores.aggregate import contributions, enough_parts, renormalise
from clustermap.scores.profile import PARTS
from tests.chromium import wait_until
from tests.render import worlds

if TYPE_CHECKING:
    from collections.abc import Callable

    from clustermap.publish.release import Release
    from tests.render.conftest import Visit

    Go = Callable[..., Visit]


def gappy_release() -> tuple[Release, Any]:
    """Return a nation in which the data leave parts of many clusters open, and its parts."""
    world = worlds.large_release(clusters=150, institutes=5, flows=100)
    parts = world.subscores.copy()
    open_ = np.random.default_rng(3).random(len(parts)) < 0.35
    parts["decided"] = np.where(open_, 0, 1)
    scores = world.scores.assign(rated=1, reason="", rank=range(1, 151), score=50.0)
    values = parts["value"].where(parts["decided"] == 1).to_numpy().reshape(150, len(PARTS)).T
    return replace(world, subscores=parts, scores=scores), values


def test_scores_with_other_weights_are_those_of_python(visit: Go) -> None:
    """A hundred random weight vectors, among them such as leave parts out altogether."""
    world, values = gappy_release()
    seen = visit(draw_planner(world))
    rng = np.random.default_rng(4)
    vectors = rng.random((100, len(PARTS))) * (rng.random((100, len(PARTS))) > 0.2)
    vectors = vectors[vectors.sum(axis=1) > 0]
    found = seen.page.evaluate("vectors => vectors.map(cm.scoreWith)", vectors.tolist())
    assert len(found) > 95
    some = 0
    for weights, scores in zip(vectors, found, strict=True):
        shares = renormalise(~np.isnan(values), weights)
        wanted = np.exp(np.nansum(contributions(values, shares), axis=0))
        wanted[~enough_parts(values, weights)] = np.nan
        given = np.array([np.nan if score is None else score for score in scores])
        np.testing.assert_allclose(given, wanted, rtol=1e-9, atol=0)
        some += int(np.isnan(wanted).sum())
    assert some > 100
    seen.assert_quiet()


def test_a_slider_ranks_anew(visit: Go, small_page: bytes) -> None:
    seen = visit(small_page)
    page = seen.page
    page.click("#weights-fold summary")
    assert page.locator("#weights output").all_inner_texts() == ["17\u202f%"] * 6
    assert [one["id"] for one in page.evaluate("cm.tableClusters()")] == ["A", "B", "C", "D"]
    # A leads by embeddedness alone; B by openness.
    page.evaluate("cm.useWeights([0.5, 4, 1, 1, 1, 1])")
    assert page.locator("#rows th button").first.inner_text() == "대전 연구특구 (가상)"
    assert page.inner_text("#weights-name") == "내가 정한 가중치"
    assert page.evaluate("cm.model.rated[0].rankLow") == 1
    low, score, high = page.evaluate(
        "(({low, score, high}) => [low, score, high])(cm.model.rated[0])"
    )
    assert low < score < high
    page.focus("#weight-0")
    page.keyboard.press("End")
    assert page.is_visible("#weights-own")
    assert page.evaluate("Math.max(...cm.state.weights) / cm.state.weights.reduce((a, b) => a + b)"
                         ) <= 0.5 + 1e-9  # fmt: skip
    page.click("#weights-reset")
    assert seen.state(".weights") is None
    assert page.evaluate("cm.model.rated.map(one => one.score)") == [71.5, 68.2, 44, 21.3]
    seen.assert_quiet()


def test_the_reader_s_intervals_resemble_those_of_the_run(visit: Go) -> None:
    """The page knows only the interval of each part; its own are estimated from these."""
    world = worlds.large_release(clusters=200, institutes=5, flows=100)
    seen = visit(draw_planner(world))
    found = seen.page.evaluate(
        "(cm.useWeights([1, 1, 1, 1, 1, 1]),"
        " cm.model.rated.map(one => [one.score, one.low, one.high]))"
    )
    score, low, high = np.array(found).T
    assert ((low <= score) & (score <= high)).all()
    # Six parts of 18 points each, equally weighed: about 18 / sqrt(6) wide where all are free.
    assert 0.6 < np.median(high - low) / (18 / np.sqrt(6)) < 1.4
    seen.assert_quiet()


def test_quadrants_count_and_lead_to_the_ranking(visit: Go, small_page: bytes) -> None:
    seen = visit(small_page)
    page = seen.page
    page.click("#tab-quadrants")
    assert seen.state(".drawn.points") == 4
    counts = page.locator(".quadrant-counts b").all_inner_texts()
    assert counts == ["1", "0", "1", "0", "2"]
    page.click("[data-quadrant=global]")
    assert seen.state(".view") == "ranking"
    assert page.locator("#rows th button").all_inner_texts() == ["대전 연구특구 (가상)"]
    page.click("#clear-filters")
    assert seen.state(".drawn.rows") == 4
    seen.assert_quiet()


def test_filters(visit: Go, small_page: bytes) -> None:
    seen = visit(small_page)
    page = seen.page
    page.select_option("#filter-kind", "국가산단")
    assert page.locator("#rows th button").all_inner_texts() == [
        "수원 나노단지 (가상)", "구미 전자단지 (가상)",
    ]  # fmt: skip
    page.select_option("#filter-region", "경기도")
    assert seen.state(".drawn.rows") == 1
    assert page.inner_text("#search-found") == "1개 찾음"
    page.click("#clear-filters")
    page.evaluate("cm.filter('industry', 'semiconductor')")
    # Designated for it, or specialised in it; F is so and stands below, not rated.
    assert page.evaluate("cm.tableClusters().map(one => one.id)") == ["A", "B", "C", "D", "F"]
    seen.assert_quiet()


def test_the_unrated_have_a_view_of_their_own(visit: Go) -> None:
    seen = visit(draw_planner(worlds.large_release(clusters=60)))
    page = seen.page
    page.click("#tab-unrated")
    text = page.inner_text("#view-unrated")
    unrated = seen.state(".counts.unrated")
    assert f"60개 가운데 {unrated}개는" in text
    firms = page.evaluate("cm.model.unrated.map(one => one.firms)")
    assert f"{sum(firms):,}개" in text
    shown = page.evaluate(
        "[...document.querySelectorAll('#view-unrated li small')].map(one => one.textContent)"
    )
    assert shown[:3] == [f"기업 {count:,}개" for count in sorted(firms, reverse=True)[:3]]
    first = page.locator("#view-unrated li button").first
    name = first.inner_text()
    first.click()
    assert page.evaluate("cm.selected().name") == name
    assert page.evaluate("cm.selected().firms") == max(firms)
    assert "평가하지 않음" in page.inner_text("#card")
    seen.assert_quiet()


def test_the_address_keeps_what_was_chosen(visit: Go, small_page: bytes) -> None:
    seen = visit(small_page)
    page = seen.page
    page.evaluate("cm.setLanguage('en')")
    page.evaluate("cm.useWeights([0.5, 4, 1, 1, 1, 1])")
    page.evaluate("cm.filter('kind', '국가산단')")
    page.evaluate("cm.show('unrated')")
    page.evaluate("cm.select('C')")
    page.evaluate("cm.map.setView([36.1, 128.4], 10, {animate: false})")
    page.wait_for_timeout(300)  # it is written when steps have come to an end
    address = page.evaluate("window.location.href")
    wanted = page.evaluate("({...cm.state, drawn: null, counts: null, hovered: null})")
    again = visit(small_page)
    again.page.goto("about:blank")
    again.page.goto(address)
    wait_until(again.page, "window.cm && cm.state && cm.state.ready")
    assert (
        again.page.evaluate("({...cm.state, drawn: null, counts: null, hovered: null})") == wanted
    )
    assert again.page.evaluate("[cm.map.getZoom(), cm.map.getCenter().lat]") == pytest.approx(
        [10, 36.1], abs=1e-3
    )
    seen.assert_quiet()


@pytest.mark.parametrize(
    "hash_", ["#weights=1,x", "#weights=" + "9," * 900, "#view=%3Cimg%3E&cluster=<b>",
              "#map=NaN,1,2", "#profile=__proto__&kind=nothing", "#%E0%A4%A"],
)  # fmt: skip
def test_a_broken_address_does_no_harm(visit: Go, small_page: bytes, hash_: str) -> None:
    seen = visit(small_page)
    seen.page.evaluate(f"window.location.hash = {hash_!r}")
    seen.page.wait_for_timeout(50)
    assert seen.state(".counts.rated") == 4
    assert (seen.state(".weights"), seen.state(".view"), seen.state(".selected")) == (
        None, "ranking", None,
    )  # fmt: skip
    assert seen.complaints == []


def test_an_address_that_was_set_is_read_and_not_written_over(visit: Go, small_page: bytes) -> None:
    seen = visit(small_page)
    told = seen.page.evaluate(
        "cm.search('x'); location.hash = '#cluster=B'; cm.keepAddress(false); location.hash"
    )
    assert told == "#cluster=B"
    wait_until(seen.page, "cm.state.selected === 'B' && cm.state.search === ''")
    seen.assert_quiet()


def test_the_saved_table_is_the_one_that_is_shown(visit: Go, small_page: bytes) -> None:
    seen = visit(small_page)
    page = seen.page
    page.fill("#search", "단지")
    with page.expect_download() as download:
        page.click("#save-table")
    assert download.value.suggested_filename == "clustermap_ranking_synthetic.csv"
    text = download.value.path().read_bytes()
    assert text.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(text.decode("utf-8-sig"), newline="")))
    assert [row["cluster"] for row in rows] == ["A", "C", "D", "E", "F"]
    assert rows[0]["name"] == "수원 나노단지 (가상)"
    assert [float(rows[0][name]) for name in ("rank", "rank_low", "rank_high", "score")] == [
        1, 1, 2, 71.5,
    ]  # fmt: skip
    assert {row["synthetic"] for row in rows} == {"1"}
    seen.assert_quiet()


def test_no_cell_of_the_saved_table_is_a_formula(visit: Go, hostile_page: bytes) -> None:
    seen = visit(hostile_page)
    text = seen.page.evaluate("cm.writeTable(cm.model.clusters)")
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    assert len(rows) == len(worlds.HOSTILE) + 1
    names = [row[rows[0].index("name")] for row in rows[1:]]
    assert "'=cmd()" in names
    assert not [cell for row in rows for cell in row if cell[:1] in set("=+@\t\r")]


def test_rows_are_drawn_where_they_are_looked_at(visit: Go, large_page: bytes) -> None:
    seen = visit(large_page)
    page = seen.page
    rated = seen.state(".counts.rated")
    assert page.locator("#rows tr[data-place]").count() < 40
    page.focus("#rows button[tabindex='0']")
    page.keyboard.press("End")
    last = page.evaluate("cm.model.rated.at(-1).name")
    assert page.evaluate("document.activeElement.textContent") == last
    row = page.evaluate("document.activeElement.closest('tr').getAttribute('aria-rowindex')")
    assert int(row) == rated + 1
    page.keyboard.press("Home")
    assert page.evaluate("document.activeElement.textContent") == page.evaluate(
        "cm.model.rated[0].name"
    )
    middle = page.evaluate("cm.model.rated[500].id")
    page.evaluate("id => cm.select(id)", middle)
    assert page.is_visible("tr[aria-current] button")
    seen.assert_quiet()


def test_the_answer_at_first_glance(visit: Go, small_page: bytes) -> None:
    """A and B lie above typical with their intervals, C does not, D lies below."""
    seen = visit(small_page)
    page = seen.page
    assert page.locator("#answer li b").all_inner_texts() == ["2", "1", "1", "2"]
    page.click("[data-standing=below]")
    assert [one["id"] for one in page.evaluate("cm.tableClusters()")] == ["D"]
    assert page.evaluate("[...cm.foundPlaces()]") == [3]
    page.click("[data-standing=below]")
    assert seen.state(".drawn.rows") == 4
    page.click("[data-standing=unrated]")
    assert seen.state(".view") == "unrated"
    page.click("#tab-ranking")
    page.evaluate("cm.useScenario('eu_stars')")
    # Stars know no typical cluster.
    assert not page.is_visible("#answer")
    assert page.evaluate("cm.model.rated.map(one => one.rank)") == [1, 2, 2]
    assert page.inner_text("#weights-name") == "유럽식 별점"
    seen.assert_quiet()


def test_profiles_side_by_side(visit: Go, small_page: bytes) -> None:
    seen = visit(small_page)
    page = seen.page
    page.click("#tab-compare")
    rows = page.locator("#compare-table tbody tr").all_inner_texts()
    assert [row.split()[-2:] for row in rows][3] == ["3–4", "–"]
    page.click("#compare-table thead button >> nth=1")
    assert seen.state(".scenario") == "eu_stars"
    page.evaluate("cm.select('A')")
    page.click("#fold-profiles summary")
    ranks = page.locator("#fold-profiles tbody tr").all_inner_texts()
    assert [row.split("\t")[1] for row in ranks] == ["4개 중 1위", "3개 중 1위"]
    seen.assert_quiet()


def test_years_narrow_the_flows(visit: Go, small_page: bytes) -> None:
    seen = visit(small_page)
    page = seen.page
    periods = page.evaluate("cm.model.periods")
    assert len(periods) > 1
    whole = seen.state(".drawn.flows")
    page.select_option("#period", "0")
    wait_until(page, f"cm.state.drawn.flows < {whole}")
    told = page.evaluate("cm.flowsShown().every(pair => cm.linksOf(pair) > 0)")
    assert told
    assert "기간별 수를 공개할 수 있는" in page.inner_text("#legend")
    seen.assert_quiet()


def test_density_is_one_click_away(visit: Go) -> None:
    world = worlds.small_release()
    lon, lat = np.random.default_rng(5).normal([[127.4], [36.4]], 0.2, (2, 500))
    nobody = np.zeros(500, dtype=np.int16)
    industries = CodedIndustries(((),), nobody, ("",), nobody)
    density = count_density(lon, lat, industries, world.rules)
    seen = visit(draw_planner(replace(world, density=density)))
    page = seen.page
    assert seen.state(".drawn.squares") == 0
    page.check("#show-density")
    wait_until(page, "cm.state.drawn.squares > 0")
    here = page.evaluate("cm.densityAt(cm.containerPoint(cm.worldX(127.4), cm.worldY(36.4)))")
    assert here["firms"] >= 3
    seen.assert_quiet()


def test_no_slider_makes_a_part_outweigh_the_rest(visit: Go, small_page: bytes) -> None:
    seen = visit(small_page)
    page = seen.page
    page.click("#weights-fold summary")
    for at in range(6):
        page.focus(f"#weight-{at}")
        page.keyboard.press("Home")
        shares = page.evaluate(
            "(w => w.map(one => one / w.reduce((a, b) => a + b)))"
            "(cm.state.weights || cm.weightsOf(cm.scenario()))"
        )
        assert max(shares) <= 0.5 + 1e-9
    assert page.is_visible("#weights-held")
    assert page.evaluate("cm.byId('profile').selectedOptions[0].textContent") == "내가 정한 가중치"
    assert not page.is_visible("#profile-meaning")
    seen.assert_quiet()


def test_the_map_answers_too(visit: Go, small_page: bytes) -> None:
    """Asked for those below, the circles take the colours of the answer."""
    seen = visit(small_page)
    page = seen.page
    assert page.evaluate("cm.showsStanding()") is False
    page.click("[data-standing=below]")
    assert page.evaluate("cm.showsStanding()") is True
    assert page.input_value("#colour") == "standing"
    page.click("#clear-filters")
    page.select_option("#colour", "standing")
    assert "점수가 통상보다 뚜렷이 낮음" in page.inner_text("#legend")
    seen.assert_quiet()


def test_a_line_says_whom_it_joins(visit: Go, small_page: bytes) -> None:
    seen = visit(small_page)
    page = seen.page
    pair = page.evaluate("(({source, target}) => [source, target])(cm.flowsShown()[0])")
    ends = [page.evaluate(f"cm.windowPoint(cm.model.clusters[{place}].id)") for place in pair]
    found = ""
    for step in range(1, 60):
        x = ends[0]["x"] + (ends[1]["x"] - ends[0]["x"]) / 2 + 3 * (step - 30)
        page.mouse.move(x, (ends[0]["y"] + ends[1]["y"]) / 2)
        if page.is_visible("#tip"):
            found = page.inner_text("#tip")
            if " – " in found:
                break
    names = [page.evaluate(f"cm.model.clusters[{place}].name") for place in pair]
    assert any(name in found for name in names)
    assert "건" in found
    seen.assert_quiet()


def test_the_way_back(visit: Go, small_page: bytes) -> None:
    seen = visit(small_page)
    page = seen.page
    page.evaluate("cm.select('A')")
    page.evaluate("cm.show('unrated')")
    page.evaluate("cm.select('E')")
    page.go_back()
    wait_until(page, "cm.state.selected === 'A'")
    assert seen.state(".view") == "unrated"
    page.go_back()
    wait_until(page, "cm.state.view === 'ranking'")
    assert seen.complaints == []


def test_the_unrated_are_listed_whatever_score_is_asked_for(visit: Go, small_page: bytes) -> None:
    seen = visit(small_page)
    page = seen.page
    page.evaluate("cm.filter('standing', 'below')")
    page.click("#tab-unrated")
    assert page.locator("#view-unrated li").count() == 2
    page.evaluate("cm.filter('region', '제주도')")
    assert page.locator("#view-unrated li").count() == 1
    assert "조건: 제주도" in page.inner_text("#view-unrated")
    seen.assert_quiet()


def test_enter_opens_the_first_that_is_found(visit: Go, small_page: bytes) -> None:
    seen = visit(small_page)
    page = seen.page
    page.fill("#search", "반도체")
    assert page.evaluate("cm.tableClusters().map(one => one.id)") == ["A", "B", "C", "D", "F"]
    page.fill("#search", "구미")
    page.press("#search", "Enter")
    assert seen.state(".selected") == "C"
    page.press("#search", "ArrowDown")
    assert page.evaluate("document.activeElement.textContent") == "구미 전자단지 (가상)"
    seen.assert_quiet()


def test_controls_of_map_profile_and_lists(visit: Go) -> None:
    seen = visit(draw_planner(worlds.large_release(clusters=150, institutes=20, flows=300)))
    page = seen.page
    zoom = page.evaluate("cm.map.getZoom()")
    page.click("#zoom-in")
    assert page.evaluate("cm.map.getZoom()") == pytest.approx(zoom + 1)
    page.click("#whole")
    assert page.evaluate("cm.map.getZoom()") == pytest.approx(zoom)
    page.click("#legend summary")
    assert not page.is_visible("#show-institutes")
    page.click("#first-note button")
    assert page.is_visible("#about")
    page.click("#about .close")
    page.click("#tab-unrated")
    shown = page.locator("#view-unrated li").count()
    page.click("#view-unrated section > button")
    assert page.locator("#view-unrated li").count() > shown
    assert page.locator("#view-unrated li").count() == seen.state(".counts.unrated")
    with page.expect_download() as download:
        page.click("#view-unrated .tool")
    assert download.value.suggested_filename == "clustermap_unrated_synthetic.csv"
    lines = download.value.path().read_text(encoding="utf-8-sig").splitlines()
    assert len(lines) == 1 + seen.state(".counts.unrated")
    seen.assert_quiet()


def test_the_profile_is_chosen_from_a_list(visit: Go, small_page: bytes) -> None:
    seen = visit(small_page)
    page = seen.page
    page.click("#weights-fold summary")
    page.select_option("#profile", "eu_stars")
    assert seen.state(".scenario") == "eu_stars"
    assert page.locator("#weight-0").count() == 0
    page.select_option("#profile", "default")
    assert page.locator("#weight-0").count() == 1
    assert page.evaluate("cm.model.rated.map(one => one.id)") == ["A", "B", "C", "D"]
    seen.assert_quiet()
