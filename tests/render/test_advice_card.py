"""Diagnosis, responses, missing links and support on the planner's page, in a real browser."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from clustermap.publish.decision import Advice
from clustermap.publish.travel import Travelled
from clustermap.render.offline import read_content
from clustermap.render.planner import draw_planner
from tests.javascript_tools import AXE
from tests.render import advised, worlds
from tests.render.test_accessibility import find_violations

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Require
    from tests.render.conftest import Visit

    Go = Callable[..., Visit]

OPEN = "fold => { document.getElementById(`fold-${fold}`).open = true }"
MOST_ADDED = 300_000
LINES = "cm.state.drawn.missing"


@pytest.fixture(scope="module")
def page_with_advice() -> bytes:
    return draw_planner(advised.advised_release())


def select(page: Any, cluster: str, *folds: str) -> None:
    page.evaluate("id => cm.select(id)", cluster)
    for fold in folds:
        page.evaluate(OPEN, fold)


def await_true(page: Any, test: str) -> None:
    for _ in range(100):
        if page.evaluate(test):
            return
        page.wait_for_timeout(20)
    raise AssertionError(test)


def await_lines(page: Any, count: int) -> None:
    await_true(page, f"{LINES} === {count}")


def lines_of(page: Any, selector: str) -> list[str]:
    return [text.replace("\u202f", " ") for text in page.locator(selector).all_inner_texts()]


def test_nothing_shows_without_advice(visit: Go, small_page: bytes) -> None:
    assert read_content(small_page)["advice"] is None
    assert "situation" not in read_content(small_page)["words"]
    seen = visit(small_page)
    page = seen.page
    select(page, "A")
    assert page.locator("#tab-responses").count() == 0
    assert page.locator("#fold-advice, #fold-missing, #fold-support").count() == 0
    assert "situations_seen" not in page.evaluate("cm.writeTable(cm.model.clusters)")
    page.evaluate("document.getElementById('legend-fold').open = true")
    assert page.locator("#show-missing").count() == 0
    seen.assert_quiet()


def test_empty_advice_shows_nothing_of_a_cluster(visit: Go) -> None:
    seen = visit(draw_planner(replace(worlds.small_release(), advice=Advice())))
    page = seen.page
    select(page, "A")
    assert page.locator("#fold-advice, #fold-missing, #fold-support").count() == 0
    assert page.locator("#tab-responses").count() == 0
    seen.assert_quiet()


def test_what_is_seen_stands_apart_from_the_response(visit: Go, page_with_advice: bytes) -> None:
    seen = visit(page_with_advice)
    page = seen.page
    select(page, "A")
    assert page.inner_text("#fold-advice summary small") == "1가지 나타남"
    page.click("#fold-advice summary")
    assert page.locator("#fold-advice .situation").count() == 1
    block = "#situation-limited_interaction"
    assert page.inner_text(f"{block} .ours h4") == "보이는 것 (판단 규칙은 clustermap의 제안)"
    assert lines_of(page, f"{block} .evidence li") == [
        "가까운 주체끼리의 연계가 일반적인 수준의 0.50배입니다(90% 구간 0.33–0.76).",
        (
            "가까운 지원기관과의 연계는 4건, 일반적인 수준은 11.5건입니다. "
            "보정한 비율은 0.42배(90% 구간 0.25–0.71)입니다."
        ),
        (
            "안팎을 잇는 역할이 일반적인 수준보다 적음 — 이 종류의 독립적인 연계가 너무 적어 "
            "판단할 수 없습니다."
        ),
    ]
    assert page.inner_text(f"{block} .oecd h4") == "실패 유형과 대응 (OECD 1999)"
    assert page.inner_text(f"{block} .oecd .what") == "주체 간 상호작용 부족"
    assert lines_of(page, f"{block} .responses li") == [
        "중개·네트워크 지원기관", "대화와 교류의 장 마련", "네트워크 안에서의 협력 촉진",
    ]  # fmt: skip
    assert "효과" not in page.inner_text(f"{block}")
    assert "도움이 되는지까지 보여 주지는 않습니다" in page.inner_text("#fold-advice .caution")
    assert lines_of(page, "#situations-open li") == [
        (
            "지식 기반과 시장 수요의 제도적 불일치: 이 종류의 독립적인 연계가 너무 적어 판단할 수 "
            "없습니다."
        ),
        "정부의 실패: 지원사업 자료가 없어 판단할 수 없습니다.",
    ]
    assert page.inner_text("#situations-absent") == (
        "나타나지 않은 것: 정보의 실패, 까다로운 고객의 부재, 시장의 비효율"
    )
    assert page.inner_text("#level") == "1단계: 특정 기술 도입"
    assert lines_of(page, "#fold-advice .groups tbody tr") == [
        "전문공급자형(먼저 지원)\t30", "공급자의존형(다음으로 지원)\t25",
        "규모집약형(기술의 원천)\t20", "과학기반형(기술의 원천)\t10", "업종군 없음\t35",
    ]  # fmt: skip
    seen.assert_quiet()


def test_shares_counts_and_what_is_withheld(visit: Go, page_with_advice: bytes) -> None:
    seen = visit(page_with_advice)
    page = seen.page
    page.evaluate("cm.setLanguage('en')")
    select(page, "B", "advice")
    assert lines_of(page, "#fold-advice .evidence li") == [
        "The largest firm has 180 employees (mark: 250; employees of 70 firms are known).",
        "0 links lead abroad; of 90 independent links 4.5 would be typical.",
        (
            "The strongest firm or group takes part in 62 % of 130 projects and links "
            "(90 % interval 55 %–70 %)."
        ),
    ]
    assert page.inner_text("#level") == "Level 3: build innovation capacity"
    assert (
        lines_of(page, "#fold-advice .groups tbody tr")[2] == "Scale-intensive (a source)\twithheld"
    )
    assert page.locator("#fold-advice .groups tbody tr").count() == 4
    select(page, "D")
    assert lines_of(page, "#fold-advice .evidence li") == [
        (
            "Links near by below typical — It is decided on figures that are not told, "
            "since they would tell of a few."
        ),
        (
            "Links with support bodies near by are 0.42 times what is typical "
            "(90 % interval 0.25–0.71)."
        ),
        (
            "Roles between inside and outside are 2.00 times what is typical (90 % interval "
            "1.41–2.83). (not seen)"
        ),
    ]
    select(page, "C")
    assert page.locator("#fold-advice .situation").count() == 0
    assert "Cannot be told: Too few independent links" in page.inner_text("#fold-advice")
    select(page, "F")
    assert page.locator("#fold-advice, #fold-missing").count() == 0
    seen.assert_quiet()


def test_missing_links_are_listed(visit: Go, page_with_advice: bytes) -> None:
    seen = visit(page_with_advice)
    page = seen.page
    select(page, "A")
    assert page.inner_text("#fold-missing summary small") == "3"
    page.click("#fold-missing summary")
    assert lines_of(page, "#missing > li .user:first-child") == [
        "가나대학교", "위치없음", "구미 전자단지 (가상)",
    ]  # fmt: skip
    first, second, third = lines_of(page, "#missing > li")
    for words in ("대학 · 직선 4.2 km", "0건 · 통상 6.5건", "가장 부족한 연계: 공동연구",
                  "공통 분야: 반도체·디스플레이", "○○대학교 (양쪽과 이미 이어짐)"):  # fmt: skip
        assert words in first
    assert second.split("\n") == ["위치없음", "건수 비공개"]
    assert "3건 · 통상 11.0건" in third
    assert "이어 줄" not in third
    assert lines_of(page, "#chance")[0].startswith("우연으로 보기 어렵습니다")
    assert "약 6 %" in lines_of(page, "#chance")[0]
    page.click("#missing button")
    assert seen.state(".selected") == "C"
    assert "약 35 %는 우연" in lines_of(page, "#chance")[0]
    assert "함께 아는 상대 5" in page.inner_text("#missing")
    select(page, "D")
    assert "모두 우연일 수 있습니다" in page.inner_text("#chance")
    assert "약 100 %" in lines_of(page, "#chance")[0]
    assert "공통 분야: bio" in page.inner_text("#missing")
    seen.assert_quiet()


def test_missing_links_are_drawn_while_their_part_stands_open(
    visit: Go, page_with_advice: bytes
) -> None:
    seen = visit(page_with_advice)
    page = seen.page
    select(page, "A")
    page.evaluate("document.getElementById('legend-fold').open = true")
    assert page.evaluate(LINES) == 0
    assert page.locator("#show-missing").count() == 0
    page.click("#fold-missing summary")
    await_lines(page, 2)
    assert "빠진 연계 2곳" in page.inner_text("#legend")
    page.click("#see-missing")
    assert page.evaluate("cm.state.counts.flows") == 6
    point = page.evaluate(
        "(() => { const [a, c] = [cm.windowPoint('A'), cm.windowPoint('C')];"
        " return {x: (a.x + c.x) / 2, y: (a.y + c.y) / 2}; })()"
    )
    card = page.evaluate("document.getElementById('card').getBoundingClientRect().left")
    assert page.evaluate("cm.windowPoint('C').x") < card
    page.mouse.move(point["x"], point["y"])
    assert page.inner_text("#tip").replace("\n", " ") == (
        "구미 전자단지 (가상) 빠진 연계 · 3건 · 통상 11.0건"
    )
    page.click("#show-missing")
    await_lines(page, 0)
    assert "missing" in page.evaluate("decodeURIComponent(location.hash)")
    page.click("#show-missing")
    await_lines(page, 2)
    page.mouse.click(point["x"], point["y"])
    assert seen.state(".selected") == "C"
    await_lines(page, 1)
    page.click("#fold-missing summary")
    await_lines(page, 0)
    seen.assert_quiet()


def test_a_phone_shows_both_ends_above_the_card(visit: Go, page_with_advice: bytes) -> None:
    seen = visit(page_with_advice, 390, 844)
    page = seen.page
    select(page, "A", "missing")
    await_lines(page, 2)
    page.click("#see-missing")
    top = page.evaluate("document.getElementById('card').getBoundingClientRect().top")
    for cluster in ("A", "C"):
        point = page.evaluate("id => cm.windowPoint(id)", cluster)
        assert 86 < point["y"] < top
        assert 0 < point["x"] < 390
    seen.assert_quiet()


def test_support_and_permitted_industries(visit: Go, page_with_advice: bytes) -> None:
    seen = visit(page_with_advice)
    page = seen.page
    page.evaluate("cm.setLanguage('en')")
    select(page, "A", "support")
    assert lines_of(page, "#fold-support .support tbody tr") == [
        "Programmes (all years)\t5", "Money received (sum of all years)\t4,200,000,000",
        "Public money running now\t1,500,000,000", "Split as if over\t4.0 of one size",
        "Given to single firms\t80 %", "Private money for one of public\t0.60",
        "Pairs linked after the end, too\t4 of 18, 22 % (11 %–40 %)",
    ]  # fmt: skip
    assert "not shown to be an effect" in page.inner_text("#fold-support")
    assert lines_of(page, "#gaps li") == [
        "Designated, but not permitted: Semiconductors and displays",
        "Not permitted, but firms of it are there: C26 (12 firms), 10 (3 firms)",
    ]
    select(page, "B")
    assert page.locator("#fold-support .support tbody tr").count() == 5
    assert "No support body is known within 30 km" in page.inner_text("#fold-support")
    assert page.locator("#gaps").count() == 0
    select(page, "C")
    assert lines_of(page, "#gaps li") == ["Permitted, but no firm of it is there: bio"]
    assert page.locator("#fold-support .support").count() == 0
    seen.assert_quiet()


def test_the_nation_at_a_glance(visit: Go, page_with_advice: bytes) -> None:
    seen = visit(page_with_advice)
    page = seen.page
    page.click("#tab-responses")
    assert "클러스터 6곳 가운데 3곳에서" in page.inner_text("#responses-body .lead")
    assert lines_of(page, "#responses-body .dense:not(.bodies) tbody tr") == [
        "주체 간 상호작용 부족\t2\t0\t1", "지식 기반과 시장 수요의 제도적 불일치\t0\t1\t2",
        "정보의 실패\t0\t0\t3", "까다로운 고객의 부재\t1\t0\t2", "시장의 비효율\t1\t0\t2",
        "정부의 실패\t0\t1\t2",
    ]  # fmt: skip
    assert lines_of(page, "#responses-body summary") == [
        "주체 간 상호작용 부족: 2곳", "까다로운 고객의 부재: 1곳", "시장의 비효율: 1곳",
    ]  # fmt: skip
    page.click("#seen-limited_interaction summary")
    assert lines_of(page, "#seen-limited_interaction li") == [
        "수원 나노단지 (가상)\n기업 120개", "부산 해양단지 (가상)\n기업 45개",
    ]  # fmt: skip
    page.click("#seen-limited_interaction li:nth-child(2) button")
    assert seen.state(".selected") == "D"
    assert page.locator("#seen-limited_interaction[open] [aria-current]").count() == 1
    assert lines_of(page, "#sites li") == [
        "부산 해양단지 (가상)\n기업 40개에 새로 닿음",
        "강릉 소재단지 (가상)\n기업 15개에 새로 닿음",
    ]  # fmt: skip
    assert "65 %에 닿습니다" in lines_of(page, "#responses-body")[0]
    assert lines_of(page, ".bodies tbody th") == ["위치없음", "자차테크노파크"]
    assert lines_of(page, ".bodies tbody td") == [
        "300", "비공개", "비공개", "140", "21 %\n16–28 %", "3",
    ]  # fmt: skip
    page.evaluate("cm.filter('region', '경기도')")
    assert "클러스터 1곳 가운데 1곳" in page.inner_text("#responses-body .lead")
    seen.assert_quiet()


def test_a_support_body_tells_whom_it_reaches(visit: Go) -> None:
    world = advised.advised_release()
    inside = world.institutes.assign(cluster=["B", "B", "B", "", "D", ""])
    here = world.clusters.geometry["D"].centroid
    inside.loc[inside["institute"] == "s1", ["x", "y"]] = here.x, here.y + 3000
    seen = visit(draw_planner(replace(world, institutes=inside)))
    page = seen.page
    told = "닿는 거리의 기업 140개 가운데 21 % (16–28 %)와 이어짐 · 클러스터 3곳을 이음"
    select(page, "D", "institutes")
    assert lines_of(page, "#fold-institutes .institute-reach") == [told]
    page.evaluate(OPEN, "support")
    assert lines_of(page, "#bodies-near li > *") == ["자차테크노파크", "직선 3.0 km", told]
    select(page, "B")
    assert page.locator("#fold-institutes .institute-reach").count() == 0
    page.evaluate("cm.select(null)")
    page.evaluate(
        "(() => { const body = cm.bodies.find(one => one.institute).institute;"
        " const scale = 256 * 2 ** cm.map.getZoom();"
        " cm.map.setView(cm.map.unproject([body.x * scale, body.y * scale], cm.map.getZoom()), 13,"
        " {animate: false}); })()"
    )
    box = page.locator(".folium-map").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert told in page.inner_text("#tip").replace("\u202f", " ")
    seen.assert_quiet()


def test_the_saved_table_tells_situations(visit: Go, page_with_advice: bytes) -> None:
    seen = visit(page_with_advice)
    rows = [
        line.split(",")
        for line in seen.page.evaluate("cm.writeTable(cm.model.clusters)").splitlines()
    ]
    at = rows[0].index("situations_seen")
    assert rows[0][at : at + 4] == [
        "situations_seen", "situations_undecided", "diffusion_level", "missing_links",
    ]  # fmt: skip
    assert rows[1][at : at + 4] == [
        "limited_interaction", "institutional_mismatch;government_failure", "1", "3",
    ]  # fmt: skip
    assert rows[2][at : at + 4] == ["missing_customers;inefficient_markets", "", "3", "0"]
    assert rows[3][at : at + 4] == ["", "", "", "1"]
    seen.assert_quiet()


def test_the_address_keeps_missing_links_off(visit: Go, page_with_advice: bytes) -> None:
    seen = visit(page_with_advice)
    page = seen.page
    page.wait_for_timeout(400)  # until the page has kept its own
    page.evaluate("location.hash = '#lang=en&view=responses&cluster=A&switched=~missing'")
    await_true(page, "cm.state.selected === 'A'")
    assert seen.state(".view") == "responses"
    assert seen.state(".shown.missing") is False
    page.click("#fold-missing summary")
    page.wait_for_selector("#show-missing", state="attached")
    assert not page.is_checked("#show-missing")
    assert page.evaluate(LINES) == 0
    seen.assert_quiet()


def test_keyboard(visit: Go, page_with_advice: bytes) -> None:
    seen = visit(page_with_advice)
    page = seen.page

    def press_until(key: str, test: str) -> None:
        for _ in range(60):
            if page.evaluate(test):
                return
            page.keyboard.press(key)
        raise AssertionError(test)

    press_until("Tab", "document.activeElement.id === 'tab-ranking'")
    press_until("ArrowRight", "document.activeElement.id === 'tab-responses'")
    assert seen.state(".view") == "responses"
    press_until("Tab", "document.activeElement.closest('#seen-limited_interaction') !== null")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert seen.state(".selected") == "A"
    page.evaluate("document.getElementById('card').focus()")
    press_until("Tab", "document.activeElement.closest('#fold-missing summary') !== null")
    page.keyboard.press("Enter")
    await_lines(page, 2)
    press_until("Tab", "document.activeElement.closest('#missing button') !== null")
    page.keyboard.press("Enter")
    assert seen.state(".selected") == "C"
    assert page.evaluate("document.activeElement.id") == "card"
    seen.assert_quiet()


def test_paper_shows_every_part(visit: Go, page_with_advice: bytes) -> None:
    seen = visit(page_with_advice)
    page = seen.page
    select(page, "A")
    assert page.locator("#card details[open]").count() == 0
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    for words in ("주체 간 상호작용 부족", "가나대학교", "받은 지원"):
        assert words in page.inner_text("#card")
    assert not page.is_visible("#see-missing")
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    page.emulate_media(media="screen")
    assert page.locator("#card details[open]").count() == 0
    assert page.evaluate(LINES) == 0
    assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF")
    seen.assert_quiet()


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize(("width", "height"), [(1440, 900), (390, 844)], ids=["desk", "phone"])
def test_no_rule_is_broken(
    visit: Go, require: Require, page_with_advice: bytes, width: int, height: int, language: str
) -> None:
    require("javascript", AXE.exists(), "scripts/test installs axe-core with npm")
    seen = visit(page_with_advice, width, height)
    page = seen.page
    page.evaluate(f"cm.setLanguage('{language}')")
    page.evaluate("cm.show('responses')")
    for cluster in ("A", "B") if width > 1000 else ("A",):
        select(page, cluster)
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
        await_lines(page, len(page.evaluate("cm.missingDrawable()")))
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(
            "(() => { const card = document.getElementById('card');"
            " return card.scrollWidth <= card.clientWidth; })()"
        )
        assert find_violations(page) == []
    seen.assert_quiet()


@pytest.mark.slow
def test_where_roads_are_known_the_page_says_so(visit: Go) -> None:
    roads = Travelled(pd.DataFrame(), pd.DataFrame())
    seen = visit(draw_planner(replace(advised.advised_release(), travel=roads)))
    seen.page.evaluate("cm.show('responses')")
    told = seen.page.inner_text("#responses-body")
    assert told.count("도로로 30분") == 2
    assert "직선 30 km" not in told
    seen.assert_quiet()


@pytest.mark.parametrize("language", ["ko", "en"])
def test_hostile_texts_stay_texts(visit: Go, language: str) -> None:
    seen = visit(draw_planner(advised.hostile_advised()))
    page = seen.page
    page.evaluate(f"cm.setLanguage('{language}')")
    page.evaluate("cm.show('responses')")
    for place in range(len(worlds.HOSTILE)):
        page.evaluate("place => cm.select(cm.model.clusters[place].id)", place)
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
        for part in ("card", "responses-body", "legend-body"):
            told = page.inner_text(f"#{part}")
            assert "undefined" not in told
            assert "NaN" not in told
            assert page.locator(f"#{part} img, #{part} script").count() == 0
    page.evaluate("cm.select(cm.model.clusters[0].id)")
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    assert worlds.HOSTILE[0] in page.inner_text("#gaps")
    assert worlds.HOSTILE[0] in page.inner_text("#missing")
    assert page.evaluate("document.documentElement.scrollWidth") <= 1440
    assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF")
    seen.assert_quiet()


def test_a_nation_with_advice(visit: Go, large_page: bytes) -> None:
    """Advice on 1,900 clusters adds little, and all of them can be walked through."""
    page_with = draw_planner(advised.large_advised())
    assert 100_000 < len(page_with) - len(large_page) < MOST_ADDED
    seen = visit(page_with)
    page = seen.page
    page.click("#tab-responses")
    assert "1,900" in page.inner_text("#responses-body .lead")
    page.click("#seen-inefficient_markets summary")
    shown = page.locator("#seen-inefficient_markets li").count()
    assert shown == 12
    page.click("#seen-inefficient_markets button:last-child")
    assert page.locator("#seen-inefficient_markets li").count() > shown
    assert page.locator(".bodies tbody tr").count() == shown
    seen.assert_quiet()


def test_same_bytes(page_with_advice: bytes) -> None:
    assert draw_planner(advised.advised_release()) == page_with_advice
