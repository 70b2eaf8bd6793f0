"""A selection on the planner's page: question, budget, standings, side by side, why not."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from clustermap.messages import Message
from clustermap.render.money import write_money
from clustermap.render.planner import draw_planner
from clustermap.render.safe import clean_text
from clustermap.selection.comparators import share_out
from tests.certain import certain
from tests.javascript_tools import AXE
from tests.render import decided, worlds
from tests.render.test_accessibility import find_violations

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Require
    from tests.render.conftest import Visit

    Go = Callable[..., Visit]

THIN = "\u202f"
PERCENT = f"{THIN}%"


@pytest.fixture(scope="module")
def page_of() -> Callable[[str], bytes]:
    """Return pages by name, each drawn once."""
    makers = {
        "small": lambda: decided.decided_release(stuck=True),
        "two": decided.decided_release,
        "stuck": decided.stuck_release,
        "undrawn": lambda: decided.decided_release(draws=0),
        "hostile": decided.hostile_decided,
        "large": decided.large_decided,
        "funded": lambda: decided.decided_release(funded=True),
    }
    drawn: dict[str, bytes] = {}

    def find(name: str) -> bytes:
        if name not in drawn:
            drawn[name] = draw_planner(makers[name]())
        return drawn[name]

    return find


@pytest.fixture
def chosen(visit: Go, page_of: Callable[[str], bytes]) -> Callable[..., Visit]:
    """Open a page and ask for the selection."""

    def go(name: str = "small", width: int = 1440, height: int = 900) -> Visit:
        seen = visit(page_of(name), width, height)
        seen.page.click("#ask-selected")
        return seen

    return go


def rows(page: Any) -> list[tuple[str, str]]:
    """Return headings and clusters of the list, with the words beside them."""
    return page.evaluate(
        "[...document.querySelectorAll('#rows tr:not(.spacer)')].map(row => row.className"
        " ? ['', row.querySelector('b').textContent]"
        " : [row.querySelector('th button').textContent, row.querySelector('.score').innerText])"
    )


def words(text: str) -> str:
    """Return a text in one line; thin spaces stay."""
    return re.sub(r"[ \n\t]+", " ", text).strip()


def wait_for(page: Any, test: str) -> None:
    for _ in range(100):
        if page.evaluate(test):
            return
        page.wait_for_timeout(50)
    raise AssertionError(test)


def card(page: Any, cluster: str) -> list[str]:
    page.evaluate(f"cm.select('{cluster}')")
    page.evaluate("document.getElementById('fold-choice').open = true")
    return page.locator("#choice-card > .reasons li").all_inner_texts()


# --- without a decision


def test_without_a_decision_nothing_of_it_is_there(visit: Go, small_page: bytes) -> None:
    seen = visit(small_page)
    page = seen.page
    page.evaluate("location.hash = '#lang=ko&ask=selected&budget=0.7'")
    page.evaluate("cm.select('A')")
    assert page.locator("#tab-choices, #fold-choice").count() == 0
    assert page.locator("#asks:visible, #choice:visible, #view-choices:visible").count() == 0
    assert seen.state(".question") == "score"
    assert page.evaluate("cm.payload.decision") is None
    page.evaluate("cm.ask('selected', 'default')")
    assert seen.state(".question") == "score"
    head = page.evaluate("cm.writeTable([])")
    assert "scenario" not in head
    assert head.strip().endswith("profile,synthetic")
    seen.assert_quiet()


# --- what is chosen


def test_the_selection_is_told_by_groups(chosen: Callable[..., Visit]) -> None:
    seen = chosen()
    page = seen.page
    assert page.inner_text("#choice-lead") == "예산 200억 원으로 2곳 선정, 200억 원 사용"
    assert page.evaluate("cm.statuses()") == [
        "unsure", "core", "open", "open", "barred", "barred",
    ]  # fmt: skip
    found = [(name, words(told)) for name, told in rows(page)]
    assert found == [
        ("", "확실 1곳"), ("대전 연구특구 (가상)", f"확실 100{THIN}%"),
        ("", "경계 · 선정 1곳"), ("수원 나노단지 (가상)", f"경계 74{THIN}%"),
        ("", "경계 · 미선정 2곳"), ("구미 전자단지 (가상)", f"경계 27{THIN}%"),
        ("부산 해양단지 (가상)", f"경계 27{THIN}%"),
        ("", "대상 아님 2곳"), ("제주 첨단단지 (가상)", "대상 아님"),
        ("강릉 소재단지 (가상)", "대상 아님"),
    ]  # fmt: skip
    assert page.locator("#choice-told [data-status] b").all_inner_texts() == ["1", "1", "2", "2"]
    places = page.locator("#rows th small").all_inner_texts()
    assert "비용 80억 원 · 연구개발특구 · 대전광역시 유성구" in places
    assert "더 적은 예산에서는 선정 · 비용 60억 원 · 국가산단 · 경상북도 구미시" in places
    # Only those that may be chosen have a place.
    assert page.locator("#rows td.rank b").all_inner_texts() == ["2", "4", "1", "3"]
    assert "지원의 효과는 추정하지 않았습니다" in page.inner_text("#choice")
    assert page.inner_text("#head-first") == "비용 대비 순위"
    assert not page.is_visible("#answer")
    assert not page.is_visible("#weights-fold")
    assert seen.state(".drawn.circles") == 6
    assert seen.state(".drawn.flows") == 0
    legend = page.locator("#legend .ramp").inner_text().split("\n")
    assert [word for word in legend if word] == [
        "확실",
        "경계 · 선정",
        "경계 · 미선정",
        "대상 아님",
    ]
    page.click("#ask-score")
    assert page.inner_text("#head-first") == "순위"
    assert page.is_visible("#answer")
    assert page.is_visible("#weights-fold")
    assert page.locator("#rows th button").first.inner_text() == "수원 나노단지 (가상)"
    seen.assert_quiet()


def test_a_status_narrows_list_and_map(chosen: Callable[..., Visit]) -> None:
    seen = chosen()
    page = seen.page
    page.click("[data-status=open]")
    assert [name for name, _ in rows(page) if name] == [
        "구미 전자단지 (가상)", "부산 해양단지 (가상)",
    ]  # fmt: skip
    assert page.evaluate("[...cm.foundPlaces()]") == [2, 3]
    assert page.evaluate("document.activeElement.dataset.status") == "open"
    assert page.get_attribute("[data-status=open]", "aria-pressed") == "true"
    # The numbers stay those of the whole, so that one can go from one to the next.
    assert page.locator("#choice-told [data-status] b").all_inner_texts() == ["1", "1", "2", "2"]
    page.select_option("#filter-choice", "core")
    assert [name for name, _ in rows(page) if name] == ["대전 연구특구 (가상)"]
    page.click("#ask-1")
    assert seen.state(".filters.choice") == ""
    page.click("[data-status=core]")
    assert len([name for name, _ in rows(page) if name]) == 2
    page.click("#ask-score")
    assert seen.state(".filters.choice") == ""
    assert page.evaluate("cm.choicesOf('choice')") == []
    assert page.locator("#filter-choice").count() == 0
    seen.assert_quiet()


def test_search_and_filters_narrow_a_selection(chosen: Callable[..., Visit]) -> None:
    seen = chosen()
    page = seen.page
    page.fill("#search", "ㅅㅇ ㄴㄴ")
    assert rows(page)[0] == ["", "경계 · 선정 1곳"]
    assert [name for name, _ in rows(page) if name] == ["수원 나노단지 (가상)"]
    page.keyboard.press("Enter")
    assert seen.state(".selected") == "A"
    page.fill("#search", "")
    page.select_option("#filter-kind", "국가산단")
    assert [name for name, _ in rows(page)] == [
        "", "수원 나노단지 (가상)", "", "구미 전자단지 (가상)",
    ]  # fmt: skip
    # The numbers stay those of all; what was found is said beside them.
    assert page.locator("#choice-told [data-status] b").all_inner_texts() == ["1", "1", "2", "2"]
    assert page.inner_text("#choice-found") == "찾은 2곳: 경계 · 선정 1곳, 경계 · 미선정 1곳"
    page.select_option("#filter-region", "경상북도")
    assert page.inner_text("#choice-found") == "찾은 1곳: 경계 · 미선정"
    page.click("#clear-filters")
    assert page.locator("#choice-found").count() == 0
    assert seen.state(".drawn.rows") == 6
    seen.assert_quiet()


def test_tips_tell_whether_a_cluster_is_chosen(chosen: Callable[..., Visit]) -> None:
    seen = chosen()
    page = seen.page
    point = page.evaluate("cm.windowPoint('C')")
    page.mouse.move(point["x"], point["y"])
    assert f"경계 · 미선정 · 200회 모의계산에서 27{THIN}%" in page.inner_text("#tip")
    page.mouse.click(point["x"], point["y"])
    assert seen.state(".selected") == "C"
    seen.assert_quiet()


# --- the budget


def test_every_stop_of_the_budget_is_what_the_tables_say(visit: Go) -> None:
    release = decided.decided_release(stuck=True)
    given = certain(release.decision)
    seen = visit(draw_planner(release))
    path, steps = given.budget_path, given.budget_steps
    some = 0
    for place, scenario in enumerate(given.portfolios["scenario"]):
        stops = seen.page.evaluate(
            f"cm.stopsOf(cm.payload.decision.portfolios[{place}]).map(stop => [stop.share,"
            " stop.budget, stop.feasible, stop.spent, [...stop.chosen], [...stop.dropped]])"
        )
        own = path[path["scenario"] == scenario]
        if own.empty:
            assert [stop[4:] for stop in stops] == [[[], []]]
            continue
        for stop, row in zip(stops, own.itertuples(), strict=True):
            at = steps[(steps["scenario"] == scenario) & (steps["budget_share"] == stop[0])]
            told = [
                {"ABCDEF".index(c) for c in at.loc[at["selected"] == value, "cluster"]}
                for value in (1, 0)
            ]
            assert [set(stop[4]), set(stop[5])] == told
            assert stop[:3] == [row.budget_share, row.budget, bool(row.feasible)]
            assert stop[3] == (None if np.isnan(row.spent) else row.spent)
            some += len(told[1])
    assert some > 5
    seen.assert_quiet()


def test_the_slider_stops_where_was_computed(chosen: Callable[..., Visit]) -> None:
    seen = chosen()
    page = seen.page
    assert page.inner_text("#budget-value") == "200억 원"
    assert page.get_attribute("#budget", "aria-valuetext") == "200억 원, 2곳 선정"
    assert not page.is_visible("#budget-reset")
    assert page.locator("#choice .remark").count() == 0
    page.focus("#budget")
    page.keyboard.press("ArrowLeft")
    assert seen.state(".budget") == 8
    assert page.evaluate("document.activeElement.id") == "budget"
    assert page.inner_text("#budget-value") == "180억 원"
    assert page.inner_text("#choice-lead") == "예산 180억 원으로 2곳 선정, 140억 원 사용"
    # Standings were computed for the scenario's own budget alone.
    assert page.evaluate("cm.statuses()") == [
        "out", "chosen", "chosen", "out", "barred", "barred",
    ]  # fmt: skip
    remarks = page.locator("#choice .remark").all_inner_texts()
    # B and C are worth 136 against the 180 of A and B.
    assert remarks[0] == (
        f"프로젝트 기본안의 예산에 견주어 가치 −24{PERCENT}, 1곳이 들어오고 1곳이 빠집니다."
    )
    assert "예산 200억 원에서만 계산했습니다" in remarks[1]
    assert page.locator("#rows .whisker").count() == 0
    page.keyboard.press("ArrowRight")
    assert seen.state(".budget") is None
    page.keyboard.press("ArrowRight")
    assert page.evaluate("cm.statuses()") == [
        "chosen", "chosen", "dropped", "out", "barred", "barred",
    ]  # fmt: skip
    assert ["", "빠짐 1곳"] in rows(page)
    page.keyboard.press("Home")
    assert page.inner_text("#choice-lead").startswith("예산 20억 원으로는 규칙을 모두 지킬 수 없어")
    assert page.get_attribute("#budget", "aria-valuetext") == "20억 원, 규칙을 지킬 수 없음"
    assert "chosen" not in page.evaluate("cm.statuses()")
    page.keyboard.press("End")
    assert page.evaluate("cm.statuses().slice(0, 4)") == ["chosen"] * 4
    assert page.input_value("#budget-count") == "19"
    counts = page.locator("#budget-count option").all_inner_texts()
    assert (counts[8], counts[19]) == ("2곳 (180억 원)", "4곳 (400억 원)")
    assert page.locator("#budget-count option[disabled]").count() == 3
    page.select_option("#budget-count", "14")
    assert page.inner_text("#budget-value") == "300억 원"
    assert page.input_value("#budget") == "14"
    page.click("#budget-reset")
    assert seen.state(".budget") is None
    assert page.evaluate("document.activeElement.id") == "budget"
    assert page.input_value("#budget") == "9"
    seen.assert_quiet()


def test_the_scenario_s_own_budget_is_a_stop_in_any_case(visit: Go) -> None:
    release = decided.decided_release()
    given = certain(release.decision)
    path = given.budget_path
    steps = given.budget_steps
    decision = replace(
        given,
        budget_path=path[path["budget_share"] != 1],
        budget_steps=steps[steps["budget_share"] != 1],
    )
    seen = visit(draw_planner(replace(release, decision=decision)))
    page = seen.page
    page.click("#ask-selected")
    stops = page.evaluate(
        "cm.stopsOf(cm.portfolio()).map(stop => [stop.share, stop.own, [...stop.chosen],"
        " [...stop.dropped]])"
    )
    assert len(stops) == 20
    assert stops[9] == [1, True, [0, 1], [2]]
    assert [stop[0] for stop in stops] == sorted(stop[0] for stop in stops)
    assert page.input_value("#budget") == "9"
    assert page.inner_text("#choice-lead") == "예산 200억 원으로 2곳 선정, 200억 원 사용"
    seen.assert_quiet()


def test_a_filter_goes_where_no_cluster_fits_any_more(chosen: Callable[..., Visit]) -> None:
    seen = chosen()
    page = seen.page
    page.click("[data-status=core]")
    page.evaluate("cm.useBudget(12)")
    assert seen.state(".filters.choice") == ""
    assert seen.state(".drawn.rows") == 6
    seen.assert_quiet()


def test_money_is_written_as_python_does(visit: Go) -> None:
    release = decided.decided_release()
    given = certain(release.decision)
    odd = replace(release, decision=replace(given, currency="<b>$"))
    page = visit(draw_planner(odd)).page
    rng = np.random.default_rng(1)
    amounts = [0.0, 0.4, 9_999.5, 99_999_999.0, 1e8, 999.95e9, 1e12, 1.00005e12, *range(5, 60, 7)]
    amounts += np.round(10 ** rng.uniform(2, 14, 200)).tolist()
    for currency in ("<b>$", "만원", "EUR", "KRW"):
        page.evaluate("code => { cm.payload.decision.currency = code; }", currency)
        for language in ("ko", "en"):
            page.evaluate(f"cm.setLanguage('{language}')")
            told = page.evaluate("amounts => amounts.map(cm.money)", amounts)
            assert told == [write_money(amount, currency, language) for amount in amounts]
        assert len(set(told)) > 150


# --- equal split


def test_money_is_shared_out_as_python_does(visit: Go, page_of: Callable[[str], bytes]) -> None:
    page = visit(page_of("small")).page
    rng = np.random.default_rng(2)
    full = 0
    for many in (1, 2, 7, 60, 1900):
        costs = np.round(rng.gamma(1.5, 40, many), 2) * (rng.random(many) > 0.1)
        weights = np.where(rng.random(many) > 0.3, rng.choice([1.0, 2.5], many), 0.0)
        for budget in (0.0, float(costs.sum() / 3), float(costs.sum() * 2)):
            given = page.evaluate(
                "([costs, weights, budget]) => cm.shareOut(costs, weights, budget)",
                [costs.tolist(), weights.tolist(), budget],
            )
            wanted = share_out(costs, weights, budget)
            np.testing.assert_allclose(given, wanted, rtol=1e-10, atol=1e-12)
            full += int((wanted == costs).sum())
    assert full > 500


def test_the_equal_split_is_that_of_the_comparators(visit: Go) -> None:
    release = decided.decided_release()
    given = certain(release.decision)
    seen = visit(draw_planner(release))
    page = seen.page
    page.click("#ask-equal")
    money = page.evaluate("cm.equalMoney()")
    # 45 is all that D needs; the others have a third of the rest.
    np.testing.assert_allclose(np.array(money) / decided.UNIT, [155 / 3] * 3 + [45, 0, 0])
    table = given.comparators
    own = table[(table["comparator"] == "equal") & (table["scenario"] == "default")]
    assert sum(money) == pytest.approx(own["spent"].iloc[0])
    share = page.evaluate("[0, 1, 2, 3].map(cm.equalShare)")
    worth = sum(part * decided.WORTH[c] for part, c in zip(share, "ABCD", strict=True))
    assert worth == pytest.approx(own["worth"].iloc[0])
    assert page.evaluate("cm.statuses()") == ["part", "half", "half", "whole", "barred", "barred"]
    assert page.inner_text("#choice-lead") == (
        f"예산 200억 원을 4곳에 똑같이 나누면 한 곳에 최대 51.7억 원, 필요액의 75{THIN}%(중앙값)"
    )
    assert not page.is_visible("#choice-budget")
    assert [name for name, _ in rows(page)][:5] == [
        "", "부산 해양단지 (가상)", "", "대전 연구특구 (가상)", "구미 전자단지 (가상)",
    ]  # fmt: skip
    assert words(rows(page)[1][1]) == f"45억 원 100{THIN}%"
    assert seen.state(".drawn.circles") == 6
    seen.assert_quiet()


def test_money_now_is_held_against_the_selection(
    visit: Go, page_of: Callable[[str], bytes]
) -> None:
    seen = visit(page_of("funded"))
    page = seen.page
    page.click("#ask-current")
    assert page.evaluate("cm.statuses()") == ["kept", "joins", "none", "leaves", "none", "none"]
    assert page.inner_text("#choice-lead").startswith("지금 2곳이 공공 지원금 75억 원을 받고")
    found = [(name, words(told)) for name, told in rows(page)]
    assert found[:6] == [
        ("", "지원 중 · 선정 1곳"), ("수원 나노단지 (가상)", f"30억 원 25{PERCENT} · 경계"),
        ("", "지원 중 · 미선정 1곳"), ("부산 해양단지 (가상)", f"45억 원 100{PERCENT} · 경계"),
        ("", "새로 선정 1곳"), ("대전 연구특구 (가상)", f"0 원 0{PERCENT} · 확실"),
    ]  # fmt: skip
    assert page.inner_text("#choice .remark") == (
        "현재 지원 75억 원은 선정 예산 200억 원과 다른 돈입니다."
        " 두 금액의 가치를 그대로 견줄 수 없습니다."
    )
    assert "지금 공공 지원금 45억 원을 받고 있습니다. 선정 예산과는 다른 돈입니다." in card(
        page, "D"
    )
    table = {row["cluster"]: row for row in read_csv(page)}
    assert (table["D"]["question"], table["D"]["money"]) == ("current", "4500000000")
    address = page.evaluate("location.hash")
    page.click("#tab-choices")
    worth = page.locator("#choice-worth tbody tr").all_inner_texts()
    assert not any(words(row).startswith("현재 지원") for row in worth)
    other = page.locator("#choice-worth-other tbody tr").all_inner_texts()
    assert [words(row).startswith("현재 지원") for row in other] == [True]
    assert "우세" not in other[0]
    assert "다른 돈: 현재 지원 75억 원" in page.inner_text("#choices-body")
    page.evaluate("cm.ask('score', 'default')")
    page.wait_for_timeout(300)  # what was being written into the address is written
    page.evaluate("address => { location.hash = address }", address)
    wait_for(page, "cm.state.question === 'current'")
    assert seen.complaints == []


# --- scenarios side by side


def test_scenarios_switch_map_and_list(chosen: Callable[..., Visit]) -> None:
    seen = chosen()
    page = seen.page
    page.click("#ask-1")
    assert seen.state(".portfolio") == decided.SECOND
    assert page.evaluate("document.activeElement.id") == "ask-1"
    assert page.evaluate("cm.statuses()") == [
        "exterior", "core", "core", "dropped", "barred", "barred",
    ]  # fmt: skip
    assert page.inner_text("#budget-value") == "180억 원"
    page.evaluate("cm.useBudget(3)")
    page.click("#ask-2")
    assert seen.state(".budget") is None
    assert page.evaluate("cm.statuses().slice(0, 4)") == ["out"] * 4
    seen.assert_quiet()


def test_key_figures_side_by_side(chosen: Callable[..., Visit]) -> None:
    seen = chosen()
    page = seen.page
    page.click("#choice-more")
    assert seen.state(".view") == "choices"
    scenarios = [words(one) for one in page.locator("#choice-scenarios tbody tr").all_inner_texts()]
    assert (
        scenarios[0] == "프로젝트 기본안 평가 기준: 균형형 2 200억 원 200억 원 1 3 200회 모의계산"
    )
    assert "불가능" in scenarios[2]
    told = page.locator("#choice-sentences li").all_inner_texts()
    assert told[0].startswith(
        "주어진 예산과 규칙에서 가치가 가장 큰 조합은 클러스터 2곳이며 200억 원"
    )
    assert told[2] == (
        f"다음 3곳은 선정할지를 데이터만으로 가릴 수 없습니다(선정 비율 20~80{THIN}%): "
        "수원 나노단지 (가상), 구미 전자단지 (가상), 부산 해양단지 (가상)."
    )
    worth = [words(one) for one in page.locator("#choice-worth tbody tr").all_inner_texts()]
    assert worth[0] == (
        f"선정: 프로젝트 기본안 0.97배 우세 10{THIN}% 0.80배 우세 0{THIN}% 1.02배 우세 74{THIN}%"
    )
    assert worth[1].startswith("선정: 수도권 밖 우선 0.82배")
    assert worth[2].startswith(f"균등 배분 1.00배 선정 우세 10{THIN}%")
    assert [row.split(" ")[0] for row in worth[3:]] == ["규모에", "평점", "무작위"]
    assert page.inner_text("#choice-ahead") == (
        "'프로젝트 기본안'의 가치를 균등 배분과 견주면 3가지 가정 가운데 "
        "1가지에서 확실히 낮음, 2가지에서 가릴 수 없음."
    )
    assert "지원의 효과는 추정하지 않았습니다" in page.inner_text("#choices-body")
    assert words(page.locator("#choice-reach tbody tr").first.inner_text()) == (
        f"선정: 프로젝트 기본안 2 200 21,000 경기도 60{THIN}% 집중도 0.52 "
        f"반도체·디스플레이 80{THIN}% 집중도 0.68"
    )
    page.click("#choice-scenarios button >> nth=1")
    assert seen.state(".portfolio") == decided.SECOND
    prices = page.locator("#choice-prices tbody tr").all_inner_texts()
    assert [words(text) for text in prices] == [
        f"연계 기록이 부족해 평가되지 않은 클러스터 2곳은 제외 +7.4{THIN}% 1 / 0",
        f"지원금의 최대 25{THIN}%까지만 '경기도'에 +21{THIN}% 1 / 1",
    ]
    page.click("#choice-scenarios button >> nth=2")
    text = page.inner_text("#choices-body")
    assert "예산 100억 원, '수원 나노단지 (가상)' 반드시 포함" in text
    assert "함께 지킬 수 없는 규칙" in text
    page.evaluate("cm.setLanguage('en')")
    assert "Rules that cannot hold together" in page.inner_text("#choices-body")
    page.evaluate("cm.ask('selected', 'default')")
    assert "Suwon Nano Park (fictional), Gumi Electronics" in page.inner_text("#choice-sentences")
    assert "they cost KRW 20 bn" in page.inner_text("#choice-sentences")
    seen.assert_quiet()


def test_what_is_worth_nothing_has_no_ratio(visit: Go) -> None:
    release = decided.decided_release()
    given = certain(release.decision)
    table = given.comparators.copy()
    nothing = (table["comparator"] == "equal") & (table["curve"] == "threshold")
    table.loc[nothing, "worth"] = 0.0
    decision = replace(given, comparators=table)
    page = visit(draw_planner(replace(release, decision=decision))).page
    page.click("#tab-choices")
    worth = page.locator("#choice-worth tbody tr").all_inner_texts()
    assert "균등은 0" in worth[0]
    assert words(worth[2]) == (
        f"균등 배분 1.00배 선정 우세 10{THIN}% 1.00배 선정 우세 0{THIN}% 0 선정 우세 74{THIN}%"
    )
    assert "Infinity" not in page.inner_text("#choices-body")


# --- why not


def test_the_card_says_why_and_why_not(chosen: Callable[..., Visit]) -> None:
    seen = chosen()
    page = seen.page
    assert card(page, "B") == [
        "200회 모의계산에서 선정 비율 100 % (95 % 신뢰한계 97 %–100 %). "
        "처음 100회로 분명해 그 뒤로는 고정했습니다.".replace(" %", PERCENT),
        "예산 80억 원부터 선정됩니다. (계산한 예산 20단계 기준)",
        "비용 80억 원 · 비용 대비 순위: 대상 4곳 중 2위",
        f"균등 배분이면 51.7억 원, 필요액의 65{THIN}%를 받습니다.",
    ]
    assert page.inner_text(".choice-verdict b") == "확실"
    told = card(page, "C")
    # 60 for 60 against the 104 for 120 of A, the least of the chosen.
    assert told[0] == (
        "비용 60억 원에 종사자 9,000명: 같은 돈으로 견준 가치는 선정된 곳 가운데 가장 낮은 곳의"
        " 1.2배이지만, 규칙이나 남은 돈에 맞지 않아 빠졌습니다."
    )
    assert told[1] == f"가치가 지금보다 6.7{THIN}% 더 높아야 선정됩니다 (1.07배)."
    assert told[2].startswith(f"200회 모의계산에서 선정 비율 27{THIN}%")
    assert told[3].startswith(f"선정 비율이 20~80{THIN}%여서")
    assert told[4].startswith("예산 140억 원부터 선정되지만 200억 원~240억 원에서는 빠집니다.")
    assert card(page, "E")[0] == "선정 대상이 아닙니다: 연계 기록이 부족해 평가되지 않았습니다."
    table = page.locator(".by-scenario tbody tr").all_inner_texts()
    assert [words(row) for row in table] == [
        f"프로젝트 기본안 대상 아님 0{THIN}%", f"{decided.SECOND} 대상 아님 0{THIN}%",
        f"{decided.STUCK} 불가능 –",
    ]  # fmt: skip
    page.click("#ask-1")
    assert (
        f"다음 규칙을 함께 지키면 들어갈 수 없습니다: 지원금의 최대 25{THIN}%까지만 '경기도'에."
    ) in card(page, "A")
    assert f"가치가 지금보다 50{THIN}% 더 높아야 선정됩니다 (1.50배)." in card(page, "D")
    page.evaluate("cm.useBudget(17)")
    assert page.inner_text(".choice-verdict b") == "선정"
    assert page.inner_text(".other-budget") == "예산 180억 원에서는: 빠짐"
    page.click(".by-scenario button >> nth=0")
    assert seen.state(".portfolio") == "default"
    page.evaluate("cm.setLanguage('en')")
    assert card(page, "C")[1].startswith("Its worth would have to be 6.7")
    assert "The effect of support is not estimated" in page.inner_text("#choice-card")
    seen.assert_quiet()


def test_bounds_and_ties_are_told_as_such(visit: Go) -> None:
    release = decided.decided_release()
    given = certain(release.decision)
    table = given.why_not.set_index("cluster").copy()
    own = table["scenario"] == "default"
    table.loc[own & (table.index == "C"), ["lacks_least", "lacks", "times"]] = [0, 0, 1.0]
    table.loc[own & (table.index == "D"), ["lacks_least", "lacks", "times"]] = [6, np.nan, np.nan]
    decision = replace(given, why_not=table.reset_index())
    page = visit(draw_planner(replace(release, decision=decision))).page
    assert card(page, "C")[1].startswith("가치가 똑같은 다른 조합에는 들어갑니다")
    # 6 of the 40 that it is worth.
    assert card(page, "D")[1].startswith(f"가치가 적어도 15{THIN}% 더 높아야 합니다")
    table.loc[own & (table.index == "D"), "lacks_least"] = 0
    decision = replace(given, why_not=table.reset_index())
    page = visit(draw_planner(replace(release, decision=decision))).page
    assert card(page, "D")[1] == "얼마나 모자라는지는 계산하지 않았습니다."


def test_the_fold_opens_for_who_asks_and_stays_as_it_is_left(
    visit: Go, page_of: Callable[[str], bytes]
) -> None:
    seen = visit(page_of("small"))
    page = seen.page
    page.evaluate("cm.select('A')")
    assert page.locator("#card details[open]").count() == 0
    assert page.inner_text("#fold-choice summary small") == "경계 · 선정"
    page.click("#ask-selected")
    assert page.locator("#fold-choice[open]").count() == 1
    assert page.evaluate("document.querySelector('#card header').nextElementSibling.id") == (
        "fold-choice"
    )
    page.click("#fold-choice summary")
    page.evaluate("cm.select('B')")
    assert page.locator("#fold-choice[open]").count() == 0
    seen.assert_quiet()


def test_the_rules_and_what_the_order_leans_on_stand_above_the_list(visit: Go) -> None:
    release = decided.decided_release()
    given = certain(release.decision)
    table = given.portfolios.assign(
        leaning_linkage=0.05, leaning_capability=0.4, leaning_reach=0.5, leaning_cost=-0.3
    )

    def draw(**changed: Any) -> Any:
        decision = replace(given, portfolios=table.assign(**changed))
        page = visit(draw_planner(replace(release, decision=decision))).page
        page.click("#ask-selected")
        return page

    page = draw()
    assert page.inner_text("#choice-rules") == (
        "규칙: 연계 기록이 부족해 평가되지 않은 클러스터 2곳은 제외 · '대전광역시'에서 최소 1곳"
    )
    # By score A and B are first, and both are chosen.
    assert page.inner_text("#choice-leaning") == (
        "이 선정은 주로 규모, 역량, 낮은 비용이 정했고 연계 점수는 거의 정하지 않았습니다:"
        " 점수 상위 2곳 가운데 2곳 포함. 연계 점수로 보기"
    )
    page.click("#to-score")
    assert page.evaluate("cm.state.question") == "score"
    page = draw(leaning_linkage=-0.6)
    assert page.inner_text("#choice-leaning").startswith(
        "이 선정은 주로 낮은 연계 점수, 규모, 역량, 낮은 비용이 정했습니다"
    )
    page = draw(leaning_capability=0.1, leaning_reach=np.nan, leaning_cost=0.0)
    assert page.inner_text("#choice-leaning").startswith("비용 대비 순서를 뚜렷이 정하는 것이 없고")
    page.click("#ask-equal")
    assert page.locator("#choice-rules, #choice-leaning").count() == 0


def test_the_rule_without_which_it_would_be_chosen_is_named(visit: Go) -> None:
    release = decided.decided_release()
    given = certain(release.decision)
    table = given.why_not.copy()
    own = table["scenario"] == "default"
    table["freed_by"] = ""
    table.loc[own & (table["cluster"] == "C"), "freed_by"] = "1 region max; unrated"
    table.loc[own & (table["cluster"] == "D"), "freed_by"] = "1 region max"
    cap = Message(
        "selection.rule.cap_clusters_each_many",
        {"group": ("경기도",), "end": "1", "count": 17,
         "by": Message("selection.by.region", {"count": 17})},
    )  # fmt: skip
    rules = {**given.rules["default"], "1 region max": cap}
    decision = replace(given, why_not=table, rules={**given.rules, "default": rules})
    # D lies where one is chosen, so that its own group is full; C does not.
    clusters = release.clusters.copy()
    clusters.loc["D", "region"] = "경기도"
    page = visit(draw_planner(replace(release, decision=decision, clusters=clusters))).page
    assert card(page, "D")[1] == "이 규칙이 없으면 선정됩니다: '경기도'에서 최대 1곳."
    assert card(page, "C")[1] == (
        "다음 가운데 어느 규칙 하나만 없어도 선정됩니다: 시도 17곳마다 최대 1곳 · "
        "연계 기록이 부족해 평가되지 않은 클러스터 2곳은 제외."
    )
    assert not any("없으면" in line for line in card(page, "B"))
    clusters["employees"] = np.nan
    page = visit(draw_planner(replace(release, decision=decision, clusters=clusters))).page
    assert card(page, "D")[0].startswith(
        "비용 45억 원에 종사자 비공개(크기 급간의 중앙값으로 계산): "
    )


def test_a_heading_says_where_a_smaller_share_is_chosen(visit: Go) -> None:
    release = decided.decided_release()
    given = certain(release.decision)
    table = given.selection.copy()
    own = table["scenario"] == "default"
    told = {}
    for share in (0.9, 0.3):
        table.loc[own & (table["cluster"] == "D"), "inclusion"] = share
        table.loc[own & (table["cluster"] == "C"), "inclusion"] = 0.1
        decision = replace(given, selection=table)
        page = visit(draw_planner(replace(release, decision=decision))).page
        page.click("#ask-selected")
        told[share] = page.locator("#rows tr.group small").all_inner_texts()[1]
        undecided = [any("가릴 수" in line for line in card(page, one)) for one in "CD"]
        assert undecided == [False, share == 0.3]
    assert "남은 돈에 맞는 조합이 정합니다" in told[0.9]
    assert "남은 돈" not in told[0.3]


def test_particles_fit_what_stands_before_them(visit: Go, page_of: Callable[[str], bytes]) -> None:
    page = visit(page_of("small")).page
    spent = {"51.7억 원": "51.7억 원을", "EUR 3": "EUR 3을", "2": "2를", "서울": "서울을",
             "단지 (가상)": "단지 (가상)를", "경기도": "경기도를", "―": "―을(를)",
             "EUR": "EUR을(를)"}  # fmt: skip
    for text, wanted in spent.items():
        told = page.evaluate(
            "budget => cm.say('page.choice.lead_equal', { budget, count: 1 })", text
        )
        assert told.startswith(f"예산 {wanted} 1곳")
    for text, wanted in {"서울": "서울로", "부산": "부산으로", "대구": "대구로"}.items():
        told = page.evaluate("budget => cm.say('page.choice.lead_none', { budget })", text)
        assert told.startswith(f"예산 {wanted}는")


@pytest.mark.parametrize(
    ("share", "told"),
    [
        (0, "0"),
        (0.004, "<1"),
        (0.005, "1"),
        (0.285, "29"),
        (0.994, "99"),
        (0.996, ">99"),
        (1, "100"),
    ],
)
def test_shares_are_rounded_half_up(
    visit: Go, page_of: Callable[[str], bytes], share: float, told: str
) -> None:
    page = visit(page_of("small")).page
    assert page.evaluate(f"cm.wholePercent({share})") == f"{told}{PERCENT}"


def test_about_begins_with_the_selection(visit: Go, page_of: Callable[[str], bytes]) -> None:
    page = visit(page_of("small")).page
    page.evaluate("cm.openAbout()")
    assert page.locator("#about h3").first.inner_text() == "선정을 읽는 법"
    lines = page.locator(".about-selection li").all_inner_texts()
    assert [line.split(":")[0] for line in lines] == ["비용", "가치", "선정", "확실"]
    assert "여기서 추정하지 않았습니다" in lines[0]
    assert "200회 모의계산" in lines[3]


# --- nothing can be chosen; nothing is drawn


@pytest.mark.parametrize("language", ["ko", "en"])
def test_rules_that_cannot_hold_together(chosen: Callable[..., Visit], language: str) -> None:
    seen = chosen("stuck")
    page = seen.page
    page.evaluate(f"cm.setLanguage('{language}')")
    assert page.evaluate("cm.statuses()") == ["out"] * 4 + ["barred"] * 2
    remark = page.inner_text("#choice .remark")
    assert ("예산 100억 원" if language == "ko" else "a budget of KRW 10 bn") in remark
    assert ("수원 나노단지" if language == "ko" else "Suwon Nano Park") in remark
    assert not page.is_visible("#choice-budget")
    assert seen.state(".drawn.circles") == 6
    assert page.evaluate("cm.model.clusters.filter(one => cm.isChosen(cm.statusOf(one)))") == []
    lines = card(page, "A")
    assert ("규칙을 함께 지킬 수 없어" if language == "ko" else "cannot hold together") in lines[0]
    page.click("#tab-choices")
    assert page.locator("#choice-worth, #choice-prices").count() == 0
    assert seen.complaints == []


def test_without_draws_nothing_is_called_sure(chosen: Callable[..., Visit]) -> None:
    seen = chosen("undrawn")
    page = seen.page
    assert page.evaluate("cm.statuses()") == [
        "chosen", "chosen", "dropped", "out", "barred", "barred",
    ]  # fmt: skip
    assert "모의계산하지 않아" in page.inner_text("#choice .remark")
    assert any("알 수 없습니다" in line for line in card(page, "A"))
    page.click("#tab-choices")
    first = page.locator("#choice-scenarios tbody tr").first.inner_text().split()
    assert first[-2:] == ["–", "–"]
    assert page.locator("#choice-ahead").count() == 0
    assert "우세" not in page.inner_text("#choice-worth tbody")
    seen.assert_quiet()


# --- taking it along


def test_the_address_keeps_question_scenario_and_budget(
    visit: Go, page_of: Callable[[str], bytes]
) -> None:
    seen = visit(page_of("small"))
    page = seen.page
    page.click("#ask-selected")
    page.click("#ask-1")
    page.evaluate("cm.useBudget(6)")
    page.evaluate("cm.filter('choice', 'chosen')")
    wait_for(page, "location.hash.includes('budget=')")
    address = page.evaluate("location.hash")
    page.click("#ask-score")
    assert "ask" not in page.evaluate("location.hash")
    page.evaluate(f"location.hash = {address!r}")
    wait_for(page, "cm.state.question === 'selected'")
    state = seen.state()
    assert (state["portfolio"], state["budget"]) == (decided.SECOND, 6)
    assert state["filters"]["choice"] == "chosen"
    page.evaluate("cm.ask('equal', 'default')")
    page.go_back()
    wait_for(page, "cm.state.question === 'selected'")
    # What is not known there is as when the page was opened.
    page.evaluate("location.hash = '#ask=selected&scenario=nobody&budget=0.123&choice=none'")
    wait_for(page, "cm.state.portfolio === 'default'")
    state = seen.state()
    assert (state["question"], state["budget"], state["filters"]["choice"]) == (
        "selected",
        None,
        "",
    )
    page.evaluate("location.hash = '#ask=everything'")
    wait_for(page, "cm.state.question === 'score'")
    assert seen.complaints == []


def read_csv(page: Any) -> list[dict[str, str]]:
    text = page.evaluate("cm.writeTable(cm.tableClusters())")
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


def test_the_saved_table_holds_what_was_asked(chosen: Callable[..., Visit]) -> None:
    seen = chosen()
    page = seen.page
    table = {row["cluster"]: row for row in read_csv(page)}
    assert list(table) == ["B", "A", "C", "D", "E", "F"]
    keys = ("question", "scenario", "budget", "currency", "status", "selected", "dropped",
            "inclusion", "draws", "cost", "money", "value_for_money", "worth_times")  # fmt: skip
    assert [table["C"][key] for key in keys] == [
        "selected", "default", "20000000000", "KRW", "open", "0", "1", "0.265", "200",
        "6000000000", "0", "1", "1.0667",
    ]  # fmt: skip
    assert table["B"]["money"] == "8000000000"
    page.evaluate("cm.useBudget(14)")
    table = {row["cluster"]: row for row in read_csv(page)}
    assert (table["C"]["selected"], table["C"]["inclusion"], table["C"]["status"]) == (
        "1", "", "chosen",
    )  # fmt: skip
    page.click("#ask-equal")
    table = {row["cluster"]: row for row in read_csv(page)}
    assert (table["D"]["status"], table["D"]["money"]) == ("whole", "4500000000")
    page.click("#ask-score")
    assert "question" not in read_csv(page)[0]
    seen.assert_quiet()


def test_paper_holds_the_whole_selection(chosen: Callable[..., Visit]) -> None:
    seen = chosen()
    page = seen.page
    page.evaluate("cm.select('C')")
    page.emulate_media(media="print")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert [name for name, _ in rows(page) if name] == [
        "대전 연구특구 (가상)", "수원 나노단지 (가상)", "구미 전자단지 (가상)",
        "부산 해양단지 (가상)",
    ]  # fmt: skip
    assert page.inner_text("#print-cut") == "목록 6곳 가운데 4곳을 인쇄합니다. 예산 안 선정."
    assert page.is_visible("#choice-lead")
    assert not page.is_visible("#asks")
    assert not page.is_visible("#budget")
    assert page.is_visible("#choice-card")
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert seen.state(".drawn.rows") == 6
    pdf = page.pdf(prefer_css_page_size=True)
    assert pdf.startswith(b"%PDF")
    assert seen.complaints == []


# --- for everybody


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize(("width", "height"), [(1440, 900), (390, 844)], ids=["desk", "phone"])
@pytest.mark.parametrize("name", ["small", "stuck", "funded"])
def test_no_rule_of_access_is_broken(
    chosen: Callable[..., Visit],
    require: Require,
    name: str,
    width: int,
    height: int,
    language: str,
) -> None:
    require("javascript", AXE.exists(), "scripts/test installs axe-core with npm")
    seen = chosen(name, width, height)
    page = seen.page
    page.evaluate(f"cm.setLanguage('{language}')")
    assert find_violations(page) == []
    if name == "small":
        page.evaluate("cm.useBudget(10)")
        page.evaluate("cm.filter('choice', 'dropped')")
    page.evaluate("cm.select('C')")
    assert find_violations(page) == []
    page.evaluate("cm.show('choices')")
    assert find_violations(page) == []
    page.evaluate("cm.show('ranking')")
    other = "current" if name == "funded" else "equal"
    page.evaluate(f"cm.ask('{other}', 'default')")
    assert find_violations(page) == []
    assert seen.complaints == []


def test_keyboard_alone(visit: Go, page_of: Callable[[str], bytes]) -> None:
    seen = visit(page_of("small"))
    page = seen.page

    def press_until(key: str, test: str) -> None:
        for _ in range(60):
            if page.evaluate(test):
                return
            page.keyboard.press(key)
        raise AssertionError(test)

    press_until("Tab", "document.activeElement.id === 'ask-selected'")
    page.keyboard.press("Enter")
    assert seen.state(".question") == "selected"
    press_until("Tab", "document.activeElement.id === 'budget'")
    page.keyboard.press("ArrowRight")
    press_until("Tab", "document.activeElement.dataset.status === 'dropped'")
    page.keyboard.press("Enter")
    assert [name for name, _ in rows(page) if name] == ["구미 전자단지 (가상)"]
    page.keyboard.press("Enter")
    press_until("Tab", "document.activeElement.closest('#rows') !== null")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.textContent") == "구미 전자단지 (가상)"
    page.keyboard.press("Home")
    assert page.evaluate("document.activeElement.textContent") == "대전 연구특구 (가상)"
    page.keyboard.press("End")
    assert page.evaluate("document.activeElement.textContent") == "강릉 소재단지 (가상)"
    page.keyboard.press("Enter")
    assert seen.state(".selected") == "F"
    press_until("Tab", "document.activeElement.closest('#fold-choice summary') !== null")
    page.keyboard.press("Enter")
    assert page.locator("#fold-choice[open]").count() == 0
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.textContent") == "강릉 소재단지 (가상)"
    assert seen.complaints == []


@pytest.mark.parametrize("name", ["small", "hostile"])
@pytest.mark.parametrize("width", [390, 640, 1440])
def test_nothing_runs_over_the_edge(chosen: Callable[..., Visit], name: str, width: int) -> None:
    seen = chosen(name, width, 844)
    page = seen.page
    for language in ("ko", "en"):
        page.evaluate(f"cm.setLanguage('{language}')")
        for question in ("score", "selected", "equal"):
            page.evaluate(f"cm.ask('{question}', 'default')")
            for view in ("ranking", "choices"):
                page.evaluate(f"cm.show('{view}')")
                assert page.evaluate("document.documentElement.scrollWidth") <= width
                over = page.evaluate(
                    "[...document.querySelectorAll('#asks, #choice, #choice *, #choices-body > p,"
                    " #choices-body li, #rows td.score, #rows td.rank')]"
                    ".filter(one => one.clientWidth > 0"
                    " && one.scrollWidth > one.clientWidth + 1).map(one => one.className)"
                )
                assert over == []
    seen.assert_quiet()


def test_hostile_names_are_shown_and_nothing_else(chosen: Callable[..., Visit]) -> None:
    seen = chosen("hostile")
    page = seen.page
    names = page.evaluate("cm.payload.decision.portfolios.map(one => one.name)")
    assert names == ["default", *(clean_text(text) for text in worlds.HOSTILE)]
    options = page.locator("#ask-other option").all_inner_texts()
    assert options[1] == "<img src=x onerror=alert(1)>"
    for language in ("en", "ko"):
        page.evaluate(f"cm.setLanguage('{language}')")
        for place in range(len(worlds.HOSTILE)):
            page.select_option("#ask-other", str(place + 1))
            assert seen.state(".portfolio") == names[place + 1]
            page.evaluate(f"cm.select(cm.model.clusters[{place}].id)")
            page.evaluate("cm.show('choices')")
            page.evaluate("cm.show('ranking')")
    text = page.evaluate("cm.show('choices'), document.getElementById('choices-body').innerText")
    for part in ("<img src=x onerror=alert(1)>", "</script><script>", "{{ 7*7 }}", "${1}"):
        assert part in text
    page.evaluate("cm.show('ranking')")
    for row in read_csv(page):
        assert not row["scenario"].startswith(("=", "+", "-", "@"))
    wait_for(page, "location.hash.includes('scenario=')")
    address = page.evaluate("location.hash")
    page.evaluate("cm.ask('score', 'default')")
    wait_for(page, "!location.hash.includes('scenario=')")
    page.wait_for_timeout(400)  # the page keeps its address a fifth of a second after a change
    page.evaluate("address => { location.hash = address }", address)
    wait_for(page, "cm.state.question === 'selected'")
    assert seen.state(".portfolio") == names[-1]
    assert page.locator("#asks img, #choice img, #choices-body img, #card img").count() == 0
    assert seen.complaints == []


# --- a nation


def test_a_nation_of_1900_in_five_scenarios(
    chosen: Callable[..., Visit], page_of: Callable[[str], bytes]
) -> None:
    release = decided.large_decided()
    added = len(page_of("large")) - len(draw_planner(replace(release, decision=None)))
    assert 0 < added < 150_000
    seen = chosen("large")
    page = seen.page
    assert page.evaluate("performance.getEntriesByName('ready')[0].startTime") < 4000
    assert page.locator("#rows tr").count() < 60
    assert page.locator("#ask-other option").count() == 5
    assert seen.state(".drawn.rows") == 1900
    # A step of the slider follows at once, also where a cluster's card is open.
    page.evaluate("cm.select(cm.tableClusters()[3].id)")
    took = page.evaluate(
        "(() => { const times = []; for (let at = 0; at < 20; at += 1) {"
        " const start = performance.now(); cm.useBudget(at); times.push(performance.now() - start);"
        " } return times.sort((a, b) => a - b)[10]; })()"
    )
    assert took < 200
    counts = page.evaluate(
        "cm.stopsOf(cm.portfolio()).map(stop => [stop.chosen.size, stop.dropped.size])"
    )
    decision = certain(release.decision)
    path = decision.budget_path[decision.budget_path["scenario"] == "default"]
    assert counts == path[["chosen", "dropped"]].to_numpy().tolist()
    page.select_option("#ask-other", "4")
    assert page.evaluate("cm.stop().chosen.size") == int(decision.portfolios["chosen"].iloc[4])
    page.click("#ask-equal")
    assert seen.state(".drawn.rows") == 1900
    seen.assert_quiet()
