"""The planner's page in a real browser, offline."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from clustermap.render.planner import draw_planner
from clustermap.render.safe import clean_text
from tests.chromium import wait_until
from tests.render import worlds

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Require
    from tests.render.conftest import Visit

    Go = Callable[..., Visit]


def test_opens_without_a_word(visit: Go, small_page: bytes) -> None:
    seen = visit(small_page)
    assert seen.state(".counts") == {
        "clusters": 6, "rated": 4, "unrated": 2, "institutes": 5, "flows": 6, "firms": 0,
    }  # fmt: skip
    drawn = seen.state(".drawn")
    assert (drawn["circles"], drawn["hollow"], drawn["flows"], drawn["rows"]) == (6, 2, 4, 4)
    assert seen.page.title() == "[합성 데이터] 시험 지도"
    seen.assert_quiet()


def unfold(page: Any) -> None:
    """Open every part of the card."""
    page.evaluate("document.querySelectorAll('#card details').forEach(one => { one.open = true })")


def test_row_opens_the_card(visit: Go, small_page: bytes) -> None:
    seen = visit(small_page)
    page = seen.page
    page.click("text=대전 연구특구 (가상)")
    assert seen.state(".selected") == "B"
    card = page.inner_text("#card")
    for words in ("Daejeon Research Zone (fictional)", "4개 중 2위", "90\u202f% 구간 1–3위"):
        assert words in card
    unfold(page)
    card = page.inner_text("#card")
    for words in ("68", "공동연구", "수원 나노단지 (가상)", "위치를 모르는 곳", "가나대학교",
                  "반도체·디스플레이"):  # fmt: skip
        assert words in card
    page.click("#card >> text=수원 나노단지 (가상)")
    unfold(page)
    card = page.inner_text("#card")
    assert seen.state(".selected") == "A"
    assert "독일" in card
    assert "클러스터 밖 (경기도 용인시)" in card
    assert "가중치 33\u202f%" in card
    seen.assert_quiet()


def test_first_glance(visit: Go, small_page: bytes) -> None:
    """Rank with its interval, one word, three axes, three reasons; the rest one click deeper."""
    seen = visit(small_page)
    page = seen.page
    page.evaluate("cm.select('A')")
    assert page.inner_text("#card-rank") == "4개 중 1위"
    assert page.inner_text("#confidence") == "신뢰도 보통"
    assert page.locator("#axes .part-name").all_inner_texts() == [
        "연계 점수", "역량", "부족한 근거리 연계",
    ]  # fmt: skip
    assert page.locator("#axes b").all_inner_texts() == ["71.5", "81", "3"]
    assert page.locator("#three li").all_inner_texts() == [
        "10 km 이내 연계: 통상의 2.00배 (1.41–2.83배)",
        "10 km 너머 (국내) 연계: 통상과 다르다고 말할 수 없음 (1.19배, 1.00–1.41배)",
        "안팎을 잇는 역할: 100점에 76점으로 일반적인 수준보다 뚜렷이 높음",
    ]  # fmt: skip
    assert page.locator("#card details[open]").count() == 0
    assert "본사 이름으로" in page.inner_text("#flags")
    page.click("#fold-parts summary")
    page.evaluate("cm.select('B')")
    assert page.locator("#card details[open]").get_attribute("id") == "fold-parts"
    page.evaluate("cm.select('F')")
    # Where hardly any link is known, a gap of nearly nothing would read as if nothing lacked.
    assert page.locator("#axes b").all_inner_texts() == ["판단하기 어려움"] * 3
    seen.assert_quiet()


def test_card_shows_parts_and_evidence(visit: Go, small_page: bytes) -> None:
    seen = visit(small_page)
    page = seen.page
    page.evaluate("cm.select('A')")
    unfold(page)
    card = page.inner_text("#card")
    for words in ("10 km 이내", "2.00배", "1.41–2.83", "10 km 너머 (국내)", "1.19배", "대학 · ○○○",
                  "바깥 지식을 들여옴", "가중치 33\u202f%"):  # fmt: skip
        assert words in card
    names = page.locator("#parts .part-name").all_inner_texts()
    assert names == ["지역 내 결속", "외부 개방성", "참여 저변", "연계의 다양성",
                     "안팎을 잇는 역할", "회복력"]  # fmt: skip
    assert page.locator("#parts .typical").count() == 6
    assert page.locator("#parts .open").count() == 0
    assert "기록이 전혀 없는 연계 종류: 지원, 인력이동" in page.inner_text("#open")
    page.evaluate("cm.select('D')")
    assert page.locator("#parts .open .part-name").all_inner_texts() == ["안팎을 잇는 역할"]
    assert "판단하기 어려움" in page.inner_text("#parts .open")
    assert "안팎을 잇는 역할" in page.inner_text("#fold-open")
    assert page.inner_text(".ratios tbody").split() == [
        "모든", "종류", "비공개", "0.71배", "0.42–1.19", "–", "–",
    ]  # fmt: skip
    assert page.locator("#flags").count() == 0
    page.evaluate("cm.select('B')")
    page.evaluate("cm.setLanguage('en')")
    card = page.inner_text("#card")
    for words in ("Links beyond 10 km: × 2.38 of typical", "confidence: medium", "within 10 km",
                  "× 0.60", "carries knowledge out"):  # fmt: skip
        assert words in card
    seen.assert_quiet()


def test_no_text_of_the_card_is_cut_off(visit: Go, small_page: bytes) -> None:
    for width, height in ((1440, 900), (390, 844)):
        seen = visit(small_page, width, height)
        for language in ("ko", "en"):
            seen.page.evaluate(f"cm.setLanguage('{language}')")
            for cluster in "ABD":
                seen.page.evaluate(f"cm.select('{cluster}')")
                unfold(seen.page)
                wide = seen.page.evaluate(
                    "[...document.querySelectorAll('#card *')].filter(one =>"
                    " one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 0"
                    " && !one.closest('.scroll, header')).map(one => one.textContent)"
                )
                assert wide == []
        seen.assert_quiet()


def test_circle_opens_the_card_and_finds_the_row(visit: Go, small_page: bytes) -> None:
    seen = visit(small_page)
    point = seen.page.evaluate("cm.windowPoint('D')")
    seen.page.mouse.move(point["x"], point["y"])
    assert "부산 해양단지" in seen.page.inner_text("#tip")
    assert "4 (3–4)" in seen.page.inner_text("#tip")
    seen.page.mouse.click(point["x"], point["y"])
    assert seen.state(".selected") == "D"
    assert seen.page.inner_text("tr[aria-current] th button") == "부산 해양단지 (가상)"
    assert seen.page.inner_text("#card-name") == "부산 해양단지 (가상)"
    seen.assert_quiet()


def test_suppressed_and_unrated_say_so(visit: Go, small_page: bytes) -> None:
    seen = visit(small_page)
    seen.page.evaluate("cm.select('E')")
    unfold(seen.page)
    card = seen.page.inner_text("#card")
    assert "평가하지 않음" in card
    assert "비공개 (기업이나 연계 주체가 적음)" in card
    seen.page.evaluate("cm.setLanguage('en')")
    card = seen.page.inner_text("#card")
    assert "Not rated" in card
    assert "withheld (few firms or linked actors)" in card
    seen.page.fill("#search", "fictional")
    assert "Not rated (2)" in seen.page.inner_text("#rows tr.group")
    seen.assert_quiet()


def test_language_switches_everything(visit: Go, small_page: bytes) -> None:
    seen = visit(small_page)
    page = seen.page
    page.evaluate("cm.select('A')")
    unfold(page)
    page.click("[data-language=en]")
    assert page.get_attribute("html", "lang") == "en"
    assert page.title() == "[Synthetic data] 시험 지도"
    text = page.inner_text("body")
    for words in ("Ranking", "4 rated · 2 not rated", "Suwon Nano Park (fictional)", "Legend",
                  "Joint research", "Rank 1 of 4", "90\u202f% interval 1–2"):  # fmt: skip
        assert words in text
    for words in ("순위", "범례", "공동연구", "점수"):
        assert words not in text
    page.click("[data-language=ko]")
    assert "4개 중 1위" in page.inner_text("#card")
    seen.assert_quiet()


def test_keyboard_alone(visit: Go, small_page: bytes) -> None:
    seen = visit(small_page)
    page = seen.page
    page.focus("#search")
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('#rows') !== null"):
            break
    assert page.evaluate("document.activeElement.textContent") == "수원 나노단지 (가상)"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert seen.state(".selected") == "C"
    page.keyboard.press("End")
    assert page.evaluate("document.activeElement.textContent") == "부산 해양단지 (가상)"
    page.keyboard.press("Escape")
    assert seen.state(".selected") is None
    assert page.evaluate("document.activeElement.textContent") == "구미 전자단지 (가상)"
    seen.assert_quiet()


def test_search(visit: Go, small_page: bytes) -> None:
    seen = visit(small_page)
    for words, found in (
        ("대전", 1), ("gumi", 1), ("GUMI", 1), ("가상", 6), ("없는 이름", 0), ("경기도 수원", 1),
        ("경기 수원", 1), ("나노 단지", 1), ("수원나노단지", 1), ("대전 유성구 연구개발 특구", 1),
        ("수원 구미", 0), ("gyeonggi", 0), ("ㄷㅈ", 6), ("ㄴㄴㄷㅈ", 1), ("수ㅇ", 1), ("  ", 4),
    ):  # fmt: skip
        seen.page.fill("#search", words)
        assert seen.state(".drawn.rows") == found, words
    seen.page.fill("#search", "ㄷㅈ")  # all hold it, in "단지"; one begins with it
    assert seen.page.locator("#rows th button").first.inner_text() == "대전 연구특구 (가상)"
    seen.page.fill("#search", "없는 이름")
    assert seen.page.inner_text("#search-found") == "찾은 클러스터가 없습니다."
    seen.assert_quiet()


@pytest.mark.parametrize(
    ("rated", "classes"),
    [
        (1, [0]),
        (3, [0, 2, 2]),
        (4, [0, 1, 2, 2]),
        (8, [0, 0, 1, 1, 2, 2, 2, 2]),
        (100, [0, 1, *[2] * 3, *[3] * 5, *[4] * 15, *[5] * 25, *[6] * 50]),
    ],
)
def test_classes_of_ranks(visit: Go, small_page: bytes, rated: int, classes: list[int]) -> None:
    found = visit(small_page).page.evaluate(
        f"Array.from({{length: {rated}}}, (_, at) => cm.classOf(at + 1, {rated}))"
    )
    assert found == classes


def test_legend_holds_only_classes_that_occur(visit: Go, small_page: bytes) -> None:
    seen = visit(small_page)
    assert seen.page.locator(".ramp > span").all_inner_texts() == [
        "상위 25\u202f%", "상위 50\u202f%", "그 밖", "평가하지 않음",
    ]  # fmt: skip
    assert seen.page.evaluate("cm.colourOf(cm.model.rated[0]) === cm.RAMP[0]")
    seen.assert_quiet()


def test_buttons_zoom_around_the_selected_cluster(visit: Go, small_page: bytes) -> None:
    seen = visit(small_page)
    page = seen.page
    page.evaluate("cm.select('D')")
    assert not page.evaluate("cm.byId('legend-fold').open")
    before = page.evaluate("cm.windowPoint('D')")
    card = page.locator("#card").bounding_box()
    assert before["x"] < card["x"]
    for button in ("#zoom-in", "#zoom-in", "#zoom-out"):
        page.click(button)
        after = page.evaluate("cm.windowPoint('D')")
        assert abs(after["x"] - before["x"]) < 2
        assert abs(after["y"] - before["y"]) < 2
    page.evaluate("cm.select(null)")
    assert page.evaluate("cm.byId('legend-fold').open")
    seen.assert_quiet()


def test_map_ends_where_the_land_ends(visit: Go, small_page: bytes) -> None:
    seen = visit(small_page)
    page = seen.page
    for view in ("[60, 100], 3", "[10, 160], 8", "[36, 128], 1"):
        page.evaluate(f"cm.map.setView({view}, {{animate: false}})")
        page.wait_for_timeout(100)
        west, south, east, north = page.evaluate("cm.payload.frame")
        shown = page.evaluate("cm.map.getBounds().toBBoxString()").split(",")
        seen_west, seen_south, seen_east, seen_north = (float(edge) for edge in shown)
        assert west - 0.1 <= seen_west < seen_east <= east + 0.1
        assert south - 0.1 <= seen_south < seen_north <= north + 0.1
    seen.assert_quiet()


def test_partners_outside_are_one_line(visit: Go) -> None:
    world = worlds.small_release()
    squares = pd.DataFrame(
        [("A", f"outside:{n}_-{n}", "research", 5) for n in range(95, 135)],
        columns=["source", "target", "kind", "links"],
    ).assign(weight=0)
    seen = visit(draw_planner(replace(world, flows=pd.concat([world.flows, squares]))))
    seen.page.evaluate("cm.select('A')")
    unfold(seen.page)
    rows = seen.page.locator("#card .partners").first.locator("tbody tr").all_inner_texts()
    assert [row.split() for row in rows if "클러스터 밖" in row] == [
        ["클러스터", "밖", "200"], ["클러스터", "밖", "(경기도", "용인시)", "14"],
    ]  # fmt: skip
    seen.assert_quiet()


def test_no_data_on_partners_abroad_is_said(visit: Go) -> None:
    world = worlds.small_release()
    seen = visit(draw_planner(replace(world, abroad=world.abroad.iloc[:0])))
    seen.page.evaluate("cm.select('A')")
    unfold(seen.page)
    assert "해외 상대 자료가 없습니다." in seen.page.inner_text("#card")
    seen.assert_quiet()


def test_language_outlives_a_reload(visit: Go, small_page: bytes) -> None:
    seen = visit(small_page)
    page = seen.page
    page.click("[data-language=en]")
    page.focus(".skip")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "ranking"
    page.reload()
    wait_until(page, "window.cm && cm.state && cm.state.ready")
    assert page.get_attribute("html", "lang") == "en"
    assert seen.state(".language") == "en"
    assert seen.complaints == []


def test_legend_switches_what_is_drawn(visit: Go, small_page: bytes) -> None:
    seen = visit(small_page)
    page = seen.page
    assert seen.state(".drawn.institutes") == 4  # two stand on one point
    page.uncheck("#show-institutes")
    page.uncheck("#show-firm_firm")
    wait_until(page, "cm.state.drawn.institutes === 0 && cm.state.drawn.flows === 2")
    assert "대학" not in page.inner_text("#legend")
    seen.assert_quiet()


def test_outlines_and_names_from_near(visit: Go, small_page: bytes) -> None:
    seen = visit(small_page)
    seen.page.evaluate("cm.map.setView([36.37, 127.36], 12, {animate: false})")
    drawn = seen.state(".drawn")
    assert (drawn["circles"], drawn["polygons"], drawn["labels"]) == (0, 1, 1)
    assert drawn["institutes"] == 3
    point = seen.page.evaluate("cm.windowPoint('B')")
    seen.page.mouse.click(point["x"] + 20, point["y"] + 20)
    assert seen.state(".selected") == "B"
    seen.assert_quiet()


def test_firms_are_dots_where_internal(visit: Go) -> None:
    seen = visit(draw_planner(worlds.internal_release()))
    seen.page.evaluate("cm.map.setView([36.37, 127.36], 13, {animate: false})")
    assert seen.state(".drawn.firms") == 2
    assert "내부용" in seen.page.inner_text("header.bar")
    seen.assert_quiet()


def test_about_and_data_show_notes_coverage_and_withheld(visit: Go, small_page: bytes) -> None:
    seen = visit(small_page)
    seen.page.click("#open-about")
    about = seen.page.inner_text("#about")
    for words in ("구간이 겹치는 클러스터", "합성 데이터", "독립적인 연계",
                  "Natural Earth, public domain", "0.1.0"):  # fmt: skip
        assert words in about
    seen.page.keyboard.press("Escape")
    assert not seen.page.is_visible("#about")
    seen.page.click("#tab-coverage")
    data = seen.page.inner_text("#view-coverage")
    for words in ("2015–2022", "연도 없음", "기록 없음", "지표 값 12개 비공개 (전체 ",
                  "연계 40줄 비공개 (전체 48)", "이름 3개 비공개"):  # fmt: skip
        assert words in data
    seen.assert_quiet()


def test_phone(visit: Go, small_page: bytes) -> None:
    seen = visit(small_page, 390, 844)
    page = seen.page
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.evaluate("cm.select('A')")
    box = page.locator("#card").bounding_box()
    assert box["y"] > 200
    assert box["y"] + box["height"] <= 844
    page.evaluate("cm.setLanguage('en')")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    seen.assert_quiet()


def test_hostile_names_are_shown_and_nothing_else(visit: Go, hostile_page: bytes) -> None:
    seen = visit(hostile_page)
    page = seen.page
    shown = page.evaluate("cm.tableClusters().map(one => one.name)")
    rated = [text for at, text in enumerate(worlds.HOSTILE) if page.evaluate(
        f"cm.model.clusters[{at}].rated")]  # fmt: skip
    assert shown == [clean_text(text) for text in rated]
    assert page.locator("#rows th button").first.inner_text() == worlds.HOSTILE[0]
    for language in ("en", "ko"):
        page.evaluate(f"cm.setLanguage('{language}')")
        for place in range(len(worlds.HOSTILE)):
            page.evaluate(f"cm.select(cm.model.clusters[{place}].id)")
            unfold(page)
        for view in page.evaluate("[...cm.views.keys()]"):
            page.evaluate(f"cm.show('{view}')")
        page.evaluate("cm.show('ranking')")
    page.evaluate("cm.select(cm.model.clusters[0].id)")
    unfold(page)
    card = page.inner_text("#card")
    for text in ("<img src=x onerror=alert(1)>", "{{ 7*7 }}", "</script>", "${1}", "=cmd()", "🧪"):
        assert text in card
    for zoom in (5, 9, 12, 14):
        page.evaluate(f"cm.map.setView([36.0, 126.5], {zoom}, {{animate: false}})")
        page.mouse.move(900, 480 + zoom)
    page.evaluate("cm.openAbout()")
    assert "{{ 7*7 }}" in page.inner_text("#about")
    assert "49" not in page.inner_text("#about")
    assert page.locator("img").count() == 0
    page.keyboard.press("Escape")
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    seen.assert_quiet()


def test_nothing_at_all(visit: Go) -> None:
    """A release without clusters still opens."""
    world = worlds.small_release()
    empty = replace(
        world, clusters=world.clusters.iloc[:0], scores=world.scores.iloc[:0],
        subscores=world.subscores.iloc[:0], indicators=world.indicators.iloc[:0],
        flows=world.flows.iloc[:0], institutes=world.institutes.iloc[:0], explanations={},
        coverage=world.coverage.iloc[:0], notes=(), attribution=(),
    )  # fmt: skip
    seen = visit(draw_planner(empty))
    assert seen.state(".counts.clusters") == 0
    seen.assert_quiet()


def test_a_nation_is_ready_soon(visit: Go, large_page: bytes) -> None:
    seen = visit(large_page)
    ready = seen.page.evaluate("performance.getEntriesByName('ready')[0].startTime")
    assert ready < 3000
    assert seen.state(".drawn.circles") > 1800
    assert seen.state(".drawn.flows") == 100
    seen.assert_quiet()


def test_print(visit: Go, small_page: bytes) -> None:
    seen = visit(small_page)
    seen.page.evaluate("cm.select('A')")
    before = seen.page.evaluate("[cm.map.getZoom(), cm.map.getCenter()]")
    assert seen.page.pdf(prefer_css_page_size=True).startswith(b"%PDF")
    assert seen.page.locator("img").count() == 0
    assert seen.page.evaluate("[cm.map.getZoom(), cm.map.getCenter()]") == before
    seen.page.emulate_media(media="print")
    assert seen.page.is_visible("#watermark")
    assert not seen.page.is_visible("#search")
    seen.page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert seen.page.get_attribute("#print-map", "src").startswith("data:image/png;base64,")
    assert seen.page.locator("#print-map").bounding_box()["width"] > 600
    assert "평가된 4개 가운데 위 4개만" in seen.page.inner_text("#print-cut")
    seen.assert_quiet()


def test_printed_map_is_not_blank(
    visit: Go, require: Require, large_page: bytes, tmp_path: Path
) -> None:
    """Poppler draws what the browser prints; one sheet without a card, two with one."""
    pdftoppm = shutil.which("pdftoppm") or ""
    require("pdftoppm", bool(pdftoppm), "apt-get install poppler-utils")
    seen = visit(large_page)
    (tmp_path / "sheet.pdf").write_bytes(seen.page.pdf(prefer_css_page_size=True))
    subprocess.run(  # noqa: S603
        [pdftoppm, "-r", "60", str(tmp_path / "sheet.pdf"), str(tmp_path / "sheet")], check=True
    )
    sheets = sorted(tmp_path.glob("sheet-*.ppm"))
    assert len(sheets) == 1
    kind, size, _, pixels = sheets[0].read_bytes().split(b"\n", 3)
    assert kind == b"P6"
    width, height = (int(number) for number in size.split())
    picture = np.frombuffer(pixels, dtype=np.uint8).reshape(height, width, 3)
    middle = picture[height // 8 : height // 3, width // 4 : 3 * width // 4]
    assert len(np.unique(middle.reshape(-1, 3), axis=0)) > 200
    blue = (middle[:, :, 2].astype(int) - middle[:, :, 0]) > 40
    assert blue.mean() > 0.02
    seen.assert_quiet()
