"""A real browser without a network, for pages that planners open."""

from __future__ import annotations

import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CHROMIUM = Path("/usr/bin/chromium")
DRAWN = "window.cm && cm.state && cm.state.ready"
_QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


_PATIENCE_S, _PAUSE_S = 60.0, 0.05


def wait_until(page: Any, condition: str) -> None:
    """Wait until a condition holds in a page or frame.

    Playwright's own waiting looks again by ``eval``, which the policy of our pages forbids.
    """
    end = time.monotonic() + _PATIENCE_S
    while not page.evaluate(f"!!({condition})"):
        if time.monotonic() > end:
            raise TimeoutError(condition)
        time.sleep(_PAUSE_S)


@contextmanager
def open_browser() -> Iterator[Any]:
    """Open the system's Chromium without a window and without anything that it does of itself."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(_QUIET))
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def browser(require: Callable[[str, bool, str], None]) -> Iterator[Any]:
    require("chromium", CHROMIUM.exists(), "apt-get install chromium")
    pytest.importorskip("playwright.sync_api")
    with open_browser() as opened:
        yield opened


class Visit:
    """A page that was opened from a file, with everything that a page should not do."""

    def __init__(self, page: Any, address: str, ready: str) -> None:
        self.page = page
        self.requests: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", self._dismiss)
        page.goto(address)
        wait_until(page, ready)
        self.requests.remove(address)

    def _dismiss(self, dialog: Any) -> None:
        self.complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def state(self, path: str = "") -> Any:
        return self.page.evaluate(f"cm.state{path}")

    def assert_quiet(self) -> None:
        assert self.requests == []
        assert self.complaints == []


@pytest.fixture
def visit(browser: Any, tmp_path: Path) -> Iterator[Callable[..., Visit]]:
    """Open a page offline at a window size; what it requests and complains of is kept."""
    contexts = []

    def go(
        content: bytes | Path, width: int = 1440, height: int = 900, ready: str = DRAWN
    ) -> Visit:
        file = content if isinstance(content, Path) else tmp_path / "planner.html"
        if isinstance(content, bytes):
            file.write_bytes(content)
        context = browser.new_context(
            viewport={"width": width, "height": height}, offline=True, reduced_motion="reduce"
        )
        contexts.append(context)
        return Visit(context.new_page(), file.as_uri(), ready)

    yield go
    for context in contexts:
        context.close()
