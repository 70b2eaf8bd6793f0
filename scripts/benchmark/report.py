"""The page docs/benchmarks_page.md: what was asked of the planner's page, and what it reaches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scripts.benchmark.browser import SLIDES, STEPS, VIEWS
from scripts.benchmark.nation import CLUSTERS, CORNERS, INDUSTRIES, INSTITUTES, LINKS, SCENARIOS
from scripts.benchmark.stock import PLACES
from scripts.benchmark.words import grid, spell

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from scripts.benchmark.browser import Figures

IDLE = 1.0
"""Load of the machine, in cores, below which nothing else is running."""
NOTE = "<!-- Written by scripts/bench_map: run it again instead of changing this page. -->"
SOONER = "sooner"


@dataclass(frozen=True)
class Goal:
    """A figure with what was asked of it.

    Parameters
    ----------
    figure
        Its name among the figures of the planner's page.
    text
        What it is, for readers.
    limit
        What was asked.
    unit
        Unit of both.
    least
        Whether the limit is the least, and not the most.
    """

    figure: str
    text: str
    limit: float
    unit: str
    least: bool = False

    def met(self, value: float) -> bool:
        """Return whether a value is what was asked."""
        return value >= self.limit if self.least else value <= self.limit


GOALS = (
    Goal("size_mb", "one file", 5, "MB"),
    Goal("build_s", "built in Python", 10, "s"),
    Goal("ready_s", "ready", 1.5, "s"),
    Goal(SOONER, "drawn so many times sooner than FastMarkerCluster draws the points", 20, "times",
         least=True),
    Goal("far_ms", "a frame while the whole nation is dragged, median", 33, "ms"),
    Goal("near_ms", "a frame while outlines are dragged, median", 33, "ms"),
    Goal("step_ms", "a step of a weight slider, until map and table are redrawn, median", 40, "ms"),
    Goal("heap_mb", "memory of the scripts after use", 200, "MB"),
)  # fmt: skip

BESIDE = (
    ("size_mb", "file, MB"),
    ("requests", "requests to other hosts"),
    ("build_s", "built in Python, s"),
    ("shown_s", "opened until drawn, s"),
    ("far_ms", "frame, whole nation, median, ms"),
    ("far_95_ms", "frame, whole nation, 95th percentile, ms"),
    ("near_ms", "frame, near, median, ms"),
    ("near_95_ms", "frame, near, 95th percentile, ms"),
    ("heap_mb", "memory of the scripts, MB"),
)
PAGES = {
    "planner": "planner's page",
    "layers": "folium, all layers",
    "points": "folium, firms alone",
}


@dataclass(frozen=True)
class Run:
    """What one run of the script found.

    Parameters
    ----------
    figures
        Page to its figures.
    firms
        Number of firms.
    opened
        How often the planner's page was opened.
    version
        Version of Chromium.
    cores
        Cores of the machine.
    load
        What else was running before, in cores.
    """

    figures: Mapping[str, Figures]
    firms: int
    opened: int
    version: str
    cores: int
    load: float

    @property
    def reached(self) -> Figures:
        """The figures of the planner's page, with what follows from those of others."""
        planner, points = self.figures["planner"], self.figures["points"]
        return {**planner, SOONER: points["shown_s"] / planner["shown_s"]}


def goal_table(run: Run) -> str:
    rows = []
    for goal in GOALS:
        value = run.reached[goal.figure]
        asked = f"at {'least' if goal.least else 'most'} {spell(goal.limit)} {goal.unit}"
        rows.append(
            (
                goal.text,
                asked,
                f"{spell(value)} {goal.unit}",
                "yes" if goal.met(value) else "**no**",
            )
        )
    return grid(("", "asked", "reached", "met"), rows)


def beside_table(run: Run) -> str:
    rows = []
    for figure, text in BESIDE:
        ours, *others = (run.figures[page][figure] for page in PAGES)
        ratios = [f" ({spell(other / ours)} ×)" if ours else "" for other in others]
        told = [spell(other) + ratio for other, ratio in zip(others, ratios, strict=True)]
        rows.append((text, spell(ours), *told))
    return grid(("", *PAGES.values()), rows)


def draw_tables(run: Run) -> str:
    return f"{goal_table(run)}\n\n{beside_table(run)}"


def tell_machine(run: Run) -> str:
    told = f"Measured on {run.cores} cores, no GPU, in Chromium {run.version.partition('.')[0]}"
    if run.load < IDLE:
        return f"{told}, on an otherwise idle machine."
    return (
        f"{told}, **while other programs kept the machine busy** (load {run.load:.1f} on"
        f" {run.cores} cores before the run), so that times are longer than on an idle one. All"
        " columns are of one run, one after the other; the load was not the same throughout."
    )


def tell_missed(run: Run) -> str:
    missed = [goal.text for goal in GOALS if not goal.met(run.reached[goal.figure])]
    if not missed:
        return "All that was asked is reached."
    return f"Not reached: {'; '.join(missed)}."


def draw_page(run: Run) -> str:
    """Return the page."""
    planner = run.figures["planner"]
    return f"""# Speed of the planner's page

{NOTE}

{tell_machine(run)}

## What was asked and what is reached

{goal_table(run)}

{tell_missed(run)}

A slider's first step takes {spell(planner["first_step_ms"])} ms, and 95 % of those that follow at
most {spell(planner["step_95_ms"])} ms; the scripts of the median step take
{spell(planner["step_script_ms"])} ms, the browser's drawing the rest.

## Beside stock folium

In brackets: how many times the figure of the planner's page.

{beside_table(run)}

**The data** are of one nation: {CLUSTERS:,} clusters with outlines of {CORNERS} corners,
{INSTITUTES:,} institutes, {LINKS:,} links between clusters, {run.firms:,} firms. All is fictional.

- **The planner's page** shows all of it, firms as numbers in squares for all firms and for each of
  {INDUSTRIES} strategic industries, and has the ranking with intervals, weight sliders, cards with
  what stands behind each score, what {SCENARIOS} scenarios choose, advice on every cluster, and the
  coast.
- **folium, all layers**: what a user of folium would write for the same map, each kind of thing one
  layer. `GeoJson` of outlines, of institutes (as `CircleMarker`) and of links (as lines), with
  tooltips and a style by score or kind; `FastMarkerCluster` of the firms; `LayerControl`. No
  ranking, no sliders, no cards, no industries.
- **folium, firms alone**: `FastMarkerCluster` of the firms and nothing else, its best case.

Points on folium's pages have {PLACES} decimals; its map tiles come as empty answers at once.

## How it is measured

- **File**: bytes of the one file; for folium without what it loads from other hosts.
- **Built**: from the tables in memory to the bytes of the page; for the planner's page that
  includes counting the firms in squares.
- **Ready**: the page's own mark, set when it can be used, from the start of the navigation; median
  of {run.opened} openings, each in a fresh context without a network.
- **Opened until drawn**: from the start of the navigation to the frame after the first in which all
  is there (for folium: the first clusters of markers). Folium's scripts and styles are answered
  from the disk, everything else at once with nothing, so that no network is waited for. Folium's
  pages are opened once, the planner's {run.opened} times (median).
- **Frames**: the map is dragged by the mouse in {STEPS} steps, from zoom {VIEWS["far"][1]} and from
  zoom {VIEWS["near"][1]}; times between animation frames from the press of the button until the map
  has come to rest and is drawn anew. The browser draws 60 frames a second at most: 16.7 ms is the
  least that can be seen.
- **Slider**: dragged by the mouse; {len(SLIDES) - 1} steps after the first, from the event of the
  slider until the frame with the new map and the new rows of the ranking has been painted.
- **Memory**: objects and buffers of the page's scripts after all of this, garbage collected.

Run it with `python scripts/bench_map`, in the environment of `scripts/test`, which also installs
Chromium and what folium's pages load; `--quick` takes a tenth of the firms and writes no page.
"""


def write_page(run: Run, docs: Path) -> Path:
    """Write the page, and return where."""
    page = docs / "benchmarks_page.md"
    page.write_text(draw_page(run), encoding="utf-8")
    return page
