"""What a page is measured by, in a real browser."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.chromium import DRAWN, Visit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    Figures = dict[str, float]

CLUSTERED = "document.querySelector('.marker-cluster') !== null"
VIEWS = {"far": ([36.3, 127.8], 7), "near": ([37.1, 127.3], 11)}
"""From where the map is dragged: the whole nation, and a part of it in which outlines are seen."""
STEPS = 60
"""Steps of the mouse in which the map is dragged."""
PATIENCE_MS = 900_000

# Marks the frame after the first in which everything is there, so that it has been painted.
_WATCH = """(() => {
  const look = () => {
    const shown = (() => { try { return %s; } catch { return false; } })();
    requestAnimationFrame(shown ? () => performance.mark("shown") : look);
  };
  requestAnimationFrame(look);
})();"""
# A function: a text would have to be evaluated, which the page forbids.
_SHOWN = "() => performance.getEntriesByName('shown').length > 0"
_MARK = "(name) => performance.getEntriesByName(name)[0].startTime"

_TURN_TO = """async ([centre, zoom]) => {
  const map = window[document.querySelector(".folium-map").id];
  map.setView(centre, zoom, { animate: false });
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done, 1000)));
}"""
# Times between frames, from the press of the button until the map has come to rest.
_RECORD = """() => {
  const map = window[document.querySelector(".folium-map").id];
  const frames = [];
  let [before, left] = [null, Infinity];
  map.once("moveend", () => { left = 2; });
  window.recorded = null;
  const look = (now) => {
    if (before !== null) frames.push(now - before);
    before = now;
    left -= 1;
    if (left >= 0) requestAnimationFrame(look);
    else window.recorded = frames;
  };
  requestAnimationFrame(look);
}"""

# Times from each event of the slider to the end of its handlers, and until the frame that follows
# has been painted; both listeners stand outside all others.
_TIME_SLIDER = """() => {
  window.steps = [];
  let [start, handled, before] = [0, 0, ""];
  const rows = document.getElementById("rows");
  window.addEventListener("input", () => {
    before = rows.textContent;
    start = performance.now();
  }, true);
  window.addEventListener("input", () => {
    handled = performance.now();
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      if (rows.textContent === before) throw new Error("the ranking has not been drawn anew");
      window.steps.push([handled - start, performance.now() - start]);
    };
    requestAnimationFrame(() => port2.postMessage(null));
  });
}"""
SLIDE = 0.046
"""A step of a slider as a share of its width: a little less than one of twenty, for the thumb."""
SLIDES = (-1, -2, -3, -4, -5, -4, -3, -2, -1, 1, 2, 3, 4, 5, 4, 3, 2, 1)


@contextmanager
def visit(
    browser: Any, file: Path, shown: str, serve: Callable[[Any], None] | None = None
) -> Iterator[Visit]:
    """Open a file in a fresh context, without a network or with one that is answered here."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, offline=serve is None)
    context.set_default_timeout(PATIENCE_MS)
    context.add_init_script(_WATCH % shown)
    if serve is not None:
        context.route(re.compile("^https?:"), serve)
    yield Visit(context.new_page(), file.as_uri(), _SHOWN)
    context.close()


def read_mark(seen: Visit, name: str) -> float:
    """Return the seconds from the start of the navigation to a mark."""
    return float(seen.page.evaluate(_MARK, name)) / 1000


def drag(seen: Visit, view: str) -> Sequence[float]:
    """Drag the map by the mouse from a view; return the milliseconds between frames."""
    page = seen.page
    page.evaluate(_TURN_TO, list(VIEWS[view]))
    box = page.locator(".folium-map").bounding_box()
    x, y = box["x"] + 0.6 * box["width"], box["y"] + 0.5 * box["height"]
    page.mouse.move(x, y)
    page.evaluate(_RECORD)
    page.mouse.down()
    for step in range(1, STEPS + 1):
        page.mouse.move(x - 4 * step, y - step)
    page.mouse.up()
    frames: list[float] = page.wait_for_function("() => window.recorded").json_value()
    return frames


def measure_frames(seen: Visit) -> Figures:
    """Measure dragging from all views: median and 95th percentile of the time of a frame."""
    figures = {}
    for view in VIEWS:
        frames = drag(seen, view)
        figures[f"{view}_ms"] = float(np.median(frames))
        figures[f"{view}_95_ms"] = float(np.percentile(frames, 95))
    return figures


def slide(seen: Visit) -> list[list[float]]:
    """Drag a weight slider by the mouse; return the milliseconds of script and in all, by step."""
    page = seen.page
    page.click("#weights-fold summary")
    page.wait_for_timeout(1000)
    page.evaluate(_TIME_SLIDER)
    box = page.locator("#weight-0").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for done, step in enumerate(SLIDES, 1):
        page.mouse.move(x + step * SLIDE * box["width"], y)
        page.wait_for_function("(done) => window.steps.length >= done", arg=done)
        page.wait_for_timeout(150)
    page.mouse.up()
    steps: list[list[float]] = page.evaluate("window.steps")
    return steps


def measure_slider(seen: Visit) -> Figures:
    """Measure steps of a weight slider: the first, and the median of those that follow."""
    first, *others = slide(seen)
    handled, shown = np.array(others).T
    return {
        "first_step_ms": float(first[1]),
        "step_ms": float(np.median(shown)),
        "step_95_ms": float(np.percentile(shown, 95)),
        "step_script_ms": float(np.median(handled)),
    }


def measure_heap(seen: Visit) -> float:
    """Return the megabytes that the page's scripts hold, with the buffers of their arrays."""
    session = seen.page.context.new_cdp_session(seen.page)
    session.send("HeapProfiler.collectGarbage")
    used = session.send("Runtime.getHeapUsage")
    return float(used["usedSize"] + used["backingStorageSize"]) / 1e6


def measure_planner(browser: Any, file: Path, runs: int) -> Figures:
    """Measure the planner's page: opened so many times, then used once."""
    ready, shown = [], []
    for _ in range(runs):
        with visit(browser, file, DRAWN) as seen:
            ready.append(read_mark(seen, "ready"))
            shown.append(read_mark(seen, "shown"))
    with visit(browser, file, DRAWN) as seen:
        figures = {**measure_frames(seen), **measure_slider(seen), "heap_mb": measure_heap(seen)}
        seen.assert_quiet()
        figures["requests"] = len(seen.requests)
    return {**figures, "ready_s": float(np.median(ready)), "shown_s": float(np.median(shown))}


def measure_stock(browser: Any, file: Path, serve: Callable[[Any], None]) -> Figures:
    """Measure a page of stock folium, opened once."""
    with visit(browser, file, CLUSTERED, serve) as seen:
        requests = len(seen.requests)
        shown = read_mark(seen, "shown")
        frames = measure_frames(seen)
        return {
            **frames, "shown_s": shown, "requests": requests, "heap_mb": measure_heap(seen),
        }  # fmt: skip
