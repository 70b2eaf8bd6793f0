"""A real browser without a network, for pages that planners open."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CHROMIUM = Path("/usr/bin/chromium")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextmanager
def open_page(
    file: Path, require: Callable[[str, bool, str], None], *, width: int = 1440, height: int = 900
) -> Iterator[tuple[Any, list[str]]]:
    """Open a file; the log holds every request, console message, error and dialog it causes."""
    require("chromium", CHROMIUM.exists(), "apt-get install chromium")
    from playwright.sync_api import sync_playwright

    log: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(QUIET))
        context = browser.new_context(
            viewport={"width": width, "height": height}, offline=True, service_workers="block"
        )
        page = context.new_page()
        opened = file.as_uri()
        page.on("request", lambda r: None if r.url == opened else log.append(f"request {r.url}"))
        page.on("console", lambda m: log.append(f"console {m.type}: {m.text}"))
        page.on("pageerror", lambda e: log.append(f"error {e}"))
        page.on("dialog", lambda d: (log.append(f"dialog {d.message}"), d.dismiss()))
        page.goto(opened)
        page.wait_for_function("window.cm && cm.state && cm.state.ready")
        yield page, log
        browser.close()
