"""The page for everybody: axe-core's WCAG 2 AA rules, keyboard, zoom, little motion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.javascript_tools import AXE

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Require
    from tests.render.conftest import Visit

    Go = Callable[..., Visit]

RULES = "{ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }"


def find_violations(page: Any) -> list[str]:
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate(f"axe.run(document, {RULES})")
    return [
        f"{one['id']}: {node['html'][:120]} {node['failureSummary']}"
        for one in found["violations"]
        for node in one["nodes"]
    ]


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize(("width", "height"), [(1440, 900), (390, 844)], ids=["desk", "phone"])
def test_no_rule_is_broken(
    visit: Go, require: Require, small_page: bytes, width: int, height: int, language: str
) -> None:
    require("javascript", AXE.exists(), "scripts/test installs axe-core with npm")
    seen = visit(small_page, width, height)
    page = seen.page
    page.evaluate(f"cm.setLanguage('{language}')")
    assert find_violations(page) == []
    page.evaluate("cm.select('A')")
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    for view in page.evaluate("[...cm.views.keys()]"):
        page.evaluate(f"cm.show('{view}')")
        assert find_violations(page) == [], view
    page.evaluate("cm.openAbout()")
    assert find_violations(page) == []
    seen.assert_quiet()


def test_keyboard_from_search_to_the_printed_card(visit: Go, small_page: bytes) -> None:
    seen = visit(small_page)
    page = seen.page

    def press_until(key: str, test: str) -> None:
        for _ in range(60):
            if page.evaluate(test):
                return
            page.keyboard.press(key)
        raise AssertionError(test)

    press_until("Tab", "document.activeElement.id === 'search'")
    page.keyboard.type("ㄱㅁ ㅈㅈ")
    press_until("Tab", "document.activeElement.closest('#rows') !== null")
    page.keyboard.press("Enter")
    assert seen.state(".selected") == "C"
    press_until("Tab", "document.activeElement.closest('#card summary') !== null")
    page.keyboard.press("Enter")
    assert page.locator("#card details[open]").count() == 1
    page.evaluate("window.print = () => { window.printed = true }")
    press_until("Shift+Tab", "document.activeElement.id === 'print'")
    page.keyboard.press("Enter")
    assert page.evaluate("window.printed")
    pdf = page.pdf(prefer_css_page_size=True)
    assert pdf.startswith(b"%PDF")
    assert pdf.count(b"/Type /Page\n") >= 2 or pdf.count(b"/Type /Page") >= 3
    seen.assert_quiet()


def test_twice_the_size_of_text(visit: Go, small_page: bytes) -> None:
    """At 200 % a window of 1,280 pixels is one of 640: everything is there, nothing sideways."""
    seen = visit(small_page, 640, 450)
    page = seen.page
    assert page.evaluate("document.documentElement.scrollWidth") <= 640
    page.evaluate("cm.select('A')")
    for language in ("ko", "en"):
        page.evaluate(f"cm.setLanguage('{language}')")
        assert page.evaluate("document.documentElement.scrollWidth") <= 640
        assert page.locator("#card-rank").is_visible()
    seen.assert_quiet()


def test_little_motion_where_it_is_asked_for(visit: Go, small_page: bytes) -> None:
    seen = visit(small_page)  # visits ask for it
    page = seen.page
    page.evaluate("cm.select('A')")
    page.click(".near")
    zoom = page.evaluate("[cm.map.getZoom(), cm.map._animatingZoom || false]")
    assert zoom == [12, False]
    assert page.evaluate("cm.map._panAnim ? cm.map._panAnim._inProgress || false : false") is False
    seen.assert_quiet()
