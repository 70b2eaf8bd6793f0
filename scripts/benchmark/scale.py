"""The page docs/benchmarks.md: clustermap beside a plain script, from small to large."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan, nan
from statistics import median
from typing import TYPE_CHECKING, Any

from scripts.benchmark.jobs import JOBS, OTHER_WEIGHTS, PAIRS
from scripts.benchmark.measure import LOOK_S
from scripts.benchmark.sizes import CORNERS, DRAWS, OUTSIDE, PRECISION, SEED, SIZES
from scripts.benchmark.words import grid, spell

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    Figures = Mapping[str, Any]
    Find = Callable[[Figures], float | None]

NOTE = "<!-- Written by scripts/bench: run it again instead of changing this page. -->"
NOT_MEASURED = "not measured"
FAILED = "failed"
QUIET = 0.2
"""Cores that others may keep busy on a machine that counts as idle."""


def values(figures: Figures, size: str, job: str, key: str) -> list[float]:
    """Return a figure of a job by round; none where it was not measured, NaN where it failed."""
    taken = figures.get(size, {}).get("jobs", {}).get(job, {}).get("taken", [])
    return [nan] if any(one["code"] for one in taken) else [float(one[key]) for one in taken]


def tell(value: float | None, unit: str = "") -> str:
    """Return a figure in words; nothing where there is none."""
    if value is None or isnan(value):
        return "" if value is None else FAILED
    return f"{spell(value)} {unit}".strip()


def middle(found: Sequence[float]) -> float | None:
    """Return the median, None where there is nothing."""
    return median(found) if found else None


def ratio(figures: Figures, size: str, one: str, other: str, key: str) -> float | None:
    """Return how many times another job's figure one job's is: the median of all rounds.

    Jobs that were not measured beside each other are not compared.
    """
    jobs = figures.get(size, {}).get("jobs", {})
    if jobs.get(one, {}).get("session") != jobs.get(other, {}).get("session"):
        return None
    both = values(figures, size, one, key), values(figures, size, other, key)
    rounds = min(map(len, both))
    return middle([a / b for a, b in zip(both[0][:rounds], both[1][:rounds], strict=True)])


@dataclass(frozen=True)
class Goal:
    """What was asked.

    Parameters
    ----------
    text
        What it is, for readers.
    limit
        What was asked.
    unit
        Unit of both.
    find
        From all figures to the one asked for; None where it was not measured.
    least
        Whether the limit is the least, and not the most.
    """

    text: str
    limit: float
    unit: str
    find: Find
    least: bool = False

    def met(self, value: float) -> bool:
        """Return whether a value is what was asked."""
        return value >= self.limit if self.least else value <= self.limit


def _times(size: str, one: str, other: str, key: str = "wall_s") -> Find:
    return lambda figures: ratio(figures, size, one, other, key)


def _own(size: str, job: str, key: str, scale: float = 1.0) -> Find:
    def find(figures: Figures) -> float | None:
        found = middle(values(figures, size, job, key))
        return None if found is None else found / scale

    return find


def _step(size: str, job: str, step: str) -> Find:
    def find(figures: Figures) -> float | None:
        taken = figures.get(size, {}).get("jobs", {}).get(job, {}).get("taken", [])
        return middle([one["steps"][step] for one in taken if step in one["steps"]])

    return find


def _unlike(size: str, key: str) -> Find:
    return lambda figures: figures.get(size, {}).get("agreement", {}).get(key)


def _growth(figures: Figures) -> float | None:
    small, large = (middle(values(figures, size, "run", "wall_s")) for size in ("M", "L"))
    return None if small is None or large is None else large / small


GB = 1e9
GOALS = (
    Goal("assignment of 6 million points, beside reading alone", 2, "times",
         _times("L", "points", "read_points")),
    Goal("assignment of 6 million points, faster than `geopandas.sjoin`", 5, "times",
         _times("L", "plain_points", "points"), least=True),
    Goal("assignment of 6 million points, memory beside that of sjoin", 1 / 3, "times",
         _times("L", "points", "plain_points", "memory")),
    Goal("points that are assigned unlike sjoin, of 6 million", 0, "points",
         _unlike("L", "points_unlike")),
    Goal("core at L, faster than the plain script", 6, "times",
         _times("L", "plain_core", "core"), least=True),
    Goal("core at L, memory beside that of the plain script", 1 / 4, "times",
         _times("L", "core", "plain_core", "memory")),
    Goal("core at L, beside reading alone", 6, "times", _times("L", "core", "read_core")),
    Goal("core at M with the PageRank of all actors, faster than the plain script", 15, "times",
         _times("M", "plain_actors", "actors"), least=True),
    Goal("`clustermap run` at L", 90, "s", _own("L", "run", "wall_s")),
    Goal("`clustermap run` at L, memory", 3, "GB", _own("L", "run", "memory", GB)),
    Goal("brokerage and resilience at 20 million linkages", 180, "s", _own("L", "roles", "wall_s")),
    Goal("brokerage and resilience at 20 million linkages, memory", 3, "GB",
         _own("L", "roles", "memory", GB)),
    Goal("travel to institutes on 1 million road edges: the search itself, CPU", 30, "s",
         _step("M", "roads", "search")),
    Goal("`clustermap run`, L beside M", 6.5, "times", _growth),
    Goal("`clustermap run` at L again, with other weights", 10, "s", _own("L", "rerun", "wall_s")),
)  # fmt: skip
ALIKE = (
    ("points", "points assigned"),
    ("points_unlike", "of them unlike"),
    ("flows", "flows between clusters (and elsewhere), by kind and year"),
    ("flows_unlike", "of them unlike, in links or in weight"),
    ("strength_unlike", "clusters whose strength is unlike"),
    ("pagerank_apart", "largest difference of a cluster's PageRank"),
    ("actors", "actors with a PageRank"),
    ("actors_unlike", "of them on one side only"),
    ("actors_apart", "largest difference of an actor's PageRank"),
)


def goal_table(figures: Figures) -> str:
    rows = []
    for goal in GOALS:
        value = goal.find(figures)
        asked = f"at {'least' if goal.least else 'most'} {spell(goal.limit)} {goal.unit}"
        met = "" if value is None else "yes" if goal.met(value) else "**no**"
        rows.append((goal.text, asked, tell(value, goal.unit) or NOT_MEASURED, met))
    return grid(("", "asked", "reached", "met"), rows)


def job_table(figures: Figures, size: str) -> str:
    """Return what every job took: the median of its rounds, in brackets the least and the most."""
    rows = []
    for job, about in JOBS.items():
        every = [values(figures, size, job, key) for key in ("wall_s", "cpu_s", "memory")]
        if every[0]:
            every[2] = [value / GB for value in every[2]]
            rows.append((about.text, *map(_span, every)))
    return grid(("", "wall, s", "CPU, s", "peak memory, GB"), rows)


def _span(found: Sequence[float]) -> str:
    told = tell(median(found))
    if len(found) == 1:
        return told
    return f"{told} ({spell(min(found))} to {spell(max(found))})"


def pair_table(figures: Figures, size: str) -> str:
    """Return the ratios of jobs that do the same work, round by round."""
    rows = []
    floors = {"points": "read_points", "core": "read_core"}
    for ours, plain in PAIRS.items():
        found = [ratio(figures, size, plain, ours, key) for key in ("wall_s", "cpu_s", "memory")]
        beside = ratio(figures, size, ours, floors[ours], "wall_s") if ours in floors else None
        if any(value is not None for value in (*found, beside)):
            rows.append((JOBS[ours].text, *map(tell, (*found, beside))))
    heads = ("", "faster, times", "less CPU, times", "less memory, times", "wall, times reading")
    return grid(heads, rows)


def step_table(figures: Figures, size: str) -> str:
    """Return how long the steps of our jobs took."""
    rows = []
    for job, about in JOBS.items():
        taken = figures[size]["jobs"].get(job, {}).get("taken", [])
        if not taken or not taken[0]["steps"] or job.startswith("read"):
            continue
        told = [
            f"{name} {spell(median(one['steps'][name] for one in taken if one['steps']))}"
            for name in taken[0]["steps"]
        ]
        rows.append((about.text, ", ".join(told)))
    return grid(("", "seconds by step"), rows)


def alike_table(figures: Figures) -> str:
    sizes = [size for size in SIZES if figures.get(size, {}).get("agreement")]
    rows = [
        (text, *(_tell_apart(figures[size]["agreement"].get(key)) for size in sizes))
        for key, text in ALIKE
    ]
    return grid(("", *sizes), rows)


def _tell_apart(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.0e}" if 0 < value < 1e-3 else spell(value)


def draw_tables(figures: Figures) -> str:
    parts = [goal_table(figures)]
    for size in SIZES:
        if size in figures:
            parts += [f"{size}:", job_table(figures, size), pair_table(figures, size)]
            parts.append(step_table(figures, size))
    return "\n\n".join([*parts, alike_table(figures)])


def tell_machine(figures: Figures) -> str:
    """Return what the figures were measured on, and whether anything else was running."""
    kept = [facts for size in SIZES for facts in figures.get(size, {}).get("jobs", {}).values()]
    last = kept[-1]
    versions = ", ".join(f"{name} {number}" for name, number in last["versions"].items())
    told = f"Measured on {last['cores']} cores with Python {last['python']}, {versions}"
    busy = {size: tell_others(figures, size) for size in SIZES if size in figures}
    loud = {size: cores for size, cores in busy.items() if cores >= QUIET}
    if not loud:
        return f"{told}, on an otherwise idle machine."
    cores = ", ".join(f"{size} {found:.1f}" for size, found in loud.items())
    return (
        f"{told}. **Other programs kept cores busy meanwhile** (at the median job: {cores}): times"
        " are longer than on an idle machine. Compare CPU times and ratios."
    )


def tell_others(figures: Figures, size: str) -> float:
    """Return how many cores other programs kept busy, at the median job."""
    jobs = figures[size]["jobs"].values()
    return median(one["others"] for facts in jobs for one in facts["taken"])


def tell_missed(figures: Figures) -> str:
    found = [(goal, goal.find(figures)) for goal in GOALS]
    missed = [goal.text for goal, value in found if value is not None and not goal.met(value)]
    unknown = sum(value is None for _, value in found)
    told = [f"Not reached: {'; '.join(missed)}."] if missed else []
    told += [f"Not measured yet: {unknown} of {len(GOALS)}."] if unknown else []
    return " ".join(told) or "All that was asked is reached."


def draw_page(figures: Figures) -> str:
    """Return the page."""
    sizes = grid(
        ("", "clusters", "firms", "linkages"),
        [(n, f"{s.clusters:,}", f"{s.firms:,}", f"{s.links:,}") for n, s in SIZES.items()],
    )
    parts = []
    for size in SIZES:
        if size in figures:
            rounds = max(facts["rounds"] for facts in figures[size]["jobs"].values())
            parts.append(
                f"### {size}\n\nMedian of {rounds} rounds, in brackets the least and the most.\n\n"
                f"{job_table(figures, size)}\n\n{pair_table(figures, size)}\n\n"
                f"{step_table(figures, size)}"
            )
    shown = "\n\n".join(parts)
    return f"""# Speed and memory

{NOTE}

How clustermap does beside what a user would write today, from a small region to more firms and
linkages than a country registers. The planner's page has [figures of its own](benchmarks_page.md).

{tell_machine(figures)}

## What was asked and what is reached

{goal_table(figures)}

{tell_missed(figures)}

## Figures

{shown}

## Both sides find the same

Written out by both sides and held against each other, in a run that is not measured:

{alike_table(figures)}

Every measured run besides tells what it found (points in clusters, links, strength of all
clusters), and figures are refused where two runs tell something else.

## What is measured

{sizes}

**The data** are fictional, drawn with seed {SEED} by `clustermap.sources.world`: clusters of
heavy-tailed size that lie apart from each other, with outlines of {CORNERS} corners;
{OUTSIDE:.0%} of the firms belong to none, and some stand just outside a fence; links follow sizes
and distances, and half of them have an institute at an end. All files are Parquet, identifiers
are texts, row groups hold a million rows.

- **Read only**: the columns that the work needs, decoded from the same files and added up, each
  row group at once, with pyarrow's own threads. Nothing that reads these files can take less.
- **Plain script** ([plain.py](../scripts/benchmark/plain.py)): `geopandas.sjoin` of firms and
  institutes with clusters, two merges of the links with the assignment, one `groupby` to flows by
  kind and year, a networkx graph of the clusters with strength and PageRank. It reads no column
  that it does not need, and checks nothing.
- **Core** ([core.py](../scripts/benchmark/core.py)): the same from the same files by the functions
  that `clustermap run` calls: every row of links is checked, flows are told apart by channel as
  well, and who lies outside gets a square of 10 km. What a run does besides (checks of actors,
  moved boundaries, distances, the sorted list of links) is part of `clustermap run` alone.
- **PageRank of all actors**: firms, institutes and partners with their links, undirected and
  weighted by number; followed on both sides until all shares together change by less than
  {PRECISION:g}. networkx multiplies its own `tol` by the number of nodes and is told so much less.
- **`clustermap run`**: the project file names {DRAWS} draws and GeoPackage, no selection, and no
  advice (`advice = false`); **with advice as well**: diagnosis, support bodies, missing links and
  brokers, which a run works out unless told otherwise.
  **Again, with other weights**: the profile `{OTHER_WEIGHTS}` instead, and the folder as the first
  run left it.
- **Brokerage and resilience alone**: on coded links that lie on disk already.
- **Roads** ([roads.py](../scripts/benchmark/roads.py)): an invented grid of 1 million edges; a
  million firms to the nearest institute of each of six kinds, firms within 30 minutes of 500
  intermediaries and of 1,900 possible sites. Reading GraphML is measured apart, both in CPU time.

## How it is measured

- Every job is a process of its own, from its start to its end, imports included. Rounds measure
  all jobs one after the other, and ratios are taken within a round; the median of rounds counts.
- **CPU**: user and system time of the process and of all that it started.
- **Peak memory**: the kernel's record of the process's resident set. Where it starts others, their
  proportional sets are added up every {LOOK_S:g} s, and the larger figure counts. Pages of mapped
  files count.
- Numerical libraries have one thread; pyarrow has as many as there are cores.

Run it with `python scripts/bench --data FOLDER`, which keeps worlds and figures there; `--sizes`
and `--jobs` measure some of it anew, `--report` writes this page from what is kept, `--quick` takes
size S once and writes no page. L takes the plain script several GB of memory.
"""


def write_page(figures: Figures, docs: Path) -> Path:
    """Write the page, and return where."""
    page = docs / "benchmarks.md"
    page.write_text(draw_page(figures), encoding="utf-8")
    return page
