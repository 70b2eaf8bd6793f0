"""The page docs/validation.md: what was asked of the scores, and what they reach."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise, product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from clustermap.scores.profile import PARTS
from scripts.validation.measures import (
    ACTOR_BINS,
    AXES,
    EXPECTED_BINS,
    ROLES,
    mean_with_interval,
    ratio_with_interval,
)
from scripts.validation.missing import PLACES, RANKINGS, WAYS
from scripts.validation.picture import draw_power
from scripts.validation.worlds import LINKS, NULL, REFIT, plan_missing, plan_worlds

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from scripts.validation.worlds import Records, World

NOTE = "<!-- Written by scripts/validate: run it again instead of changing this page. -->"
PICTURE = "validation_power.svg"
CAUSES = Path(__file__).with_name("causes.toml")

LEAST_RATIO = 0.9
MOST_FLAGGED = 0.07
COVERED = (0.85, 0.97)
MOST_WITH_SIZE = {"local": 0.1, "outside": 0.1, "score": 0.3}

AXIS_NAMES = {"local": "A local", "outside": "B outside"}
SCORE_NAMES = {**AXIS_NAMES, "score": "linkage score"}
SIDES = {"most": "twice the links", "least": "half the links"}
LAW_NAMES = {
    "base": "base",
    "regional_decay": "decay differs by region",
    "capital": "capital with headquarters",
    "attachment": "links attract links",
    "projects": "projects instead of pairs",
    "heterogeneity": "pairs of places differ",
}
MISSING_NAMES = {"scattered": "links at random", "pairs": "all links of pairs at random"}
RANKING_NAMES = {
    "ours": "ours",
    "distance": "distance alone",
    "degree": "numbers of links alone",
    "chance": "chance",
}
COUNT_NAMES = {
    "internal": "links",
    "internal_share": "share of links (E-I)",
    "internal_per_actor": "links per actor",
    "external": "links",
    "external_share": "share of links (E-I)",
    "external_per_actor": "links per actor",
}


@dataclass(frozen=True)
class Group:
    """Worlds that differ only in their seed, with their measures.

    Parameters
    ----------
    world
        One of them.
    records
        Their records.
    measures
        Measures, one row a world.
    planned
        Number of worlds planned.
    """

    world: World
    records: list[dict[str, Any]]
    measures: pd.DataFrame
    planned: int

    @property
    def title(self) -> str:
        """Law and number of links."""
        return f"{LAW_NAMES[self.world.law]}, {spell_links(self.world.links)}"

    def mean(self, name: str) -> float:
        """Return the mean of a measure over seeds; NaN where there is none."""
        return mean_with_interval(self.measures[name].tolist())[0]

    def ratio(self, axis: str, side: str, basis: str = "rated") -> tuple[float, float, float]:
        """Return our finds over the oracle's, with its interval."""
        start = f"{axis}.{side}.{basis}"
        return ratio_with_interval(
            self.measures[f"{start}.ours"].tolist(), self.measures[f"{start}.oracle"].tolist()
        )


@dataclass(frozen=True)
class Check:
    """One thing that was asked of one group of worlds.

    Parameters
    ----------
    group
        Name of the worlds.
    title
        The same for readers.
    item
        What was asked, as a key.
    asked, reached
        In words.
    passed
        Whether it was reached; None where there is nothing to judge.
    """

    group: str
    title: str
    item: str
    asked: str
    reached: str
    passed: bool | None


def spell_links(links: int) -> str:
    """Return a number of links in words.

    Parameters
    ----------
    links
        Number of links.

    Examples
    --------
    >>> spell_links(300_000), spell_links(4_000_000)
    ('0.3 M links', '4 M links')
    """
    return f"{links / 1e6:g} M links"


def number(value: float, digits: int = 1) -> str:
    """Return a number for a table; a dash where there is none."""
    return "–" if np.isnan(value) else f"{value:.{digits}f}"


def percent(value: float, digits: int = 0) -> str:
    """Return a share for a table."""
    return "–" if np.isnan(value) else f"{100 * value:.{digits}f} %"


def between(found: tuple[float, float, float], digits: int = 2) -> str:
    """Return a value with its interval."""
    value, low, high = found
    if np.isnan(low):
        return number(value, digits)
    return f"{number(value, digits)} ({number(low, digits)} to {number(high, digits)})"


def grid(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = [f"| {' | '.join(heads)} |", f"| --- |{' ---: |' * (len(heads) - 1)}"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def read_groups(records: Records, plan: Sequence[World]) -> dict[str, Group]:
    """Read what there is of the worlds planned.

    Parameters
    ----------
    records
        Records of worlds.
    plan
        The worlds planned.

    Returns
    -------
    dict
        Groups of worlds of which at least one has a record, in the order of the plan.
    """
    found: dict[str, list[tuple[World, dict[str, Any]]]] = defaultdict(list)
    planned: dict[str, int] = defaultdict(int)
    for world in sorted(plan, key=lambda world: (list(LAW_NAMES).index(world.law), world.links)):
        planned[world.group] += 1
        record = records.read(world)
        if record is not None:
            found[world.group].append((world, record))
    groups = {}
    for name, members in found.items():
        table = pd.DataFrame([record["measures"] for _, record in members]).astype(np.float64)
        groups[name] = Group(members[0][0], [r for _, r in members], table, planned[name])
    return groups


def of_kind(groups: Mapping[str, Group], planted: str) -> list[Group]:
    """Return the groups in which one thing is planted."""
    return [group for group in groups.values() if group.world.planted == planted]


def check_linkage(name: str, group: Group) -> list[Check]:
    """Hold a group of worlds with planted linkages against what was asked.

    Parameters
    ----------
    name
        Name of the group.
    group
        The worlds.
    """
    checks = []

    def judge(item: str, asked: str, reached: str, *, passed: bool | None) -> None:
        checks.append(Check(name, group.title, item, asked, reached, passed))

    for axis in AXES:
        for side, words in SIDES.items():
            found = group.ratio(axis, side)
            judge(
                f"finds.{axis}.{side}",
                f"{AXIS_NAMES[axis]}, {words}: finds at least {LEAST_RATIO} of the oracle's",
                between(found),
                passed=None if np.isnan(found[0]) else found[0] >= LEAST_RATIO,
            )
        flagged = max(group.mean(f"{axis}.flagged.{basis}") for basis in ("all", "rated"))
        judge(
            f"flagged.{axis}",
            f"{AXIS_NAMES[axis]}: at most {percent(MOST_FLAGGED)} of typical clusters flagged",
            percent(flagged, 1),
            passed=None if np.isnan(flagged) else flagged <= MOST_FLAGGED,
        )
        covered, theirs = (group.mean(f"{who}{axis}.covered.all") for who in ("", "oracle_"))
        judge(
            f"coverage.{axis}",
            f"{AXIS_NAMES[axis]}: 90 % intervals hold the truth in {percent(COVERED[0])} to "
            f"{percent(COVERED[1])} of clusters",
            f"{percent(covered, 1)} (the oracle's: {percent(theirs, 1)}; ours of planted clusters: "
            f"{percent(group.mean(f'{axis}.covered.planted'), 1)})",
            passed=COVERED[0] <= covered <= COVERED[1],
        )
    return checks


def check_null(name: str, group: Group) -> list[Check]:
    """Hold null worlds against what was asked.

    Parameters
    ----------
    name
        Name of the group.
    group
        The worlds.
    """
    checks = []
    for score, most in MOST_WITH_SIZE.items():
        if f"size.{score}" not in group.measures:
            continue
        found = mean_with_interval(group.measures[f"size.{score}"].tolist())
        checks.append(
            Check(
                name,
                f"nothing planted, {spell_links(group.world.links)}",
                f"size.{score}",
                f"{SCORE_NAMES[score]}: rank correlation with size below {most}",
                between(found),
                None if np.isnan(found[0]) else abs(found[0]) < most,
            )
        )
    return checks


def summary_part(groups: Mapping[str, Group]) -> str:
    """Return the table of what was asked and reached, one row a law."""
    rows = []
    for group in of_kind(groups, "linkage"):
        cells = [group.title, f"{len(group.records)} of {group.planned}"]
        for axis in AXES:
            cells += [between(group.ratio(axis, side)) for side in SIDES]
        cells += [percent(group.mean(f"{axis}.flagged.rated"), 1) for axis in AXES]
        cells += [percent(group.mean(f"{axis}.covered.all"), 1) for axis in AXES]
        rows.append(cells)
    heads = [
        *("law", "worlds"),
        *(
            f"{name[0]}: {words}, ours / oracle"
            for name in AXIS_NAMES.values()
            for words in SIDES.values()
        ),
        *(f"{name[0]}: typical flagged" for name in AXIS_NAMES.values()),
        *(f"{name[0]}: intervals hold" for name in AXIS_NAMES.values()),
    ]
    asked = [
        "*asked*",
        "",
        *[f"*≥ {LEAST_RATIO}*"] * 4,
        *[f"*≤ {percent(MOST_FLAGGED)}*"] * 2,
        *[f"*{percent(COVERED[0])} – {percent(COVERED[1])}*"] * 2,
    ]
    return grid(heads, [asked, *rows])


def misses_part(checks: Sequence[Check]) -> str:
    """Return what was not reached, each with its cause as far as it is known."""
    causes = tomllib.loads(CAUSES.read_text(encoding="utf-8")) if CAUSES.exists() else {}
    missed = [check for check in checks if check.passed is False]
    judged = [check for check in checks if check.passed is not None]
    told = f"{len(judged) - len(missed)} of {len(judged)} things asked are reached."
    if not missed:
        return told
    lines = []
    for check in missed:
        own = causes.get(check.group, {})
        cause = own.get(check.item) or causes.get("every", {}).get(check.item)
        told_cause = cause or "The cause is not known yet."
        lines.append(f"- **{check.title}** – {check.asked}. Reached: {check.reached}. {told_cause}")
    return "\n".join([f"{told} These are not:", "", *lines])


def finds_part(groups: Mapping[str, Group], axis: str, basis: str) -> str:
    """Return what every score finds on one axis."""
    counts = [n for n in COUNT_NAMES if n.startswith({"local": "in", "outside": "ex"}[axis])]
    rows = []
    for group in of_kind(groups, "linkage"):
        for side, words in SIDES.items():
            start = f"{axis}.{side}.{basis}"
            scores = ("planted", "ours", "oracle", *counts)
            rows.append(
                [group.title, words, *(number(group.mean(f"{start}.{name}")) for name in scores)]
            )
    heads = ["law", "planted", "number", "ours", "oracle", *(COUNT_NAMES[name] for name in counts)]
    return grid(heads, rows)


def rated_part(groups: Mapping[str, Group]) -> str:
    """Return how many clusters the data decide, by reach."""
    names = ("local", "local_10km", "local_30km", "outside")
    rows = [
        [group.title, *(percent(group.mean(f"{name}.rated")) for name in names)]
        for group in of_kind(groups, "linkage")
    ]
    return grid(["law", "inside the fence", "within 10 km", "within 30 km", "beyond"], rows)


def quadrants_part(groups: Mapping[str, Group]) -> str:
    """Return how many clusters have a place among the four quadrants."""
    names = ("rated", "placed.twice", "placed.twice_rated", "placed.once", "placed.typical")
    rows = [
        [
            group.title,
            *(percent(group.mean(f"quadrant.{name}"), 1) for name in names),
            percent(group.mean("quadrant.right"), 1),
        ]
        for group in of_kind(groups, "linkage")
    ]
    heads = [
        *("law", "both scores rated", "placed: both or half", "placed: both or half, rated"),
        *("placed: one side planted", "placed: typical", "right among planted and placed"),
    ]
    return grid(heads, rows)


def coverage_part(groups: Mapping[str, Group]) -> str:
    """Return how often intervals hold the truth, by sort of cluster."""
    parts = ("covered.typical", "covered.planted", "covered.rated", "flagged.rated", "wrong.rated")
    names = [f"{axis}.{part}" for axis in AXES for part in parts]
    rows = [
        [group.title, *(percent(group.mean(name), 1) for name in names)]
        for group in of_kind(groups, "linkage")
    ]
    sorts = ("typical", "planted", "rated", "flagged", "flagged wrongly")
    heads = ["law", *(f"{name[0]}: {part}" for name in AXIS_NAMES.values() for part in sorts)]
    return grid(heads, rows)


def size_part(groups: Mapping[str, Group]) -> str:
    """Return what goes with size where nothing is planted."""
    names = {"local": "A, ours", "oracle_local": "A, oracle"}
    names |= {name: f"internal {COUNT_NAMES[name]}" for name in list(COUNT_NAMES)[:3]}
    names |= {"outside": "B, ours", "oracle_outside": "B, oracle"}
    names |= {name: f"external {COUNT_NAMES[name]}" for name in ("external", "external_per_actor")}
    names |= {"score": "linkage score"} | {part: f"its part {part}" for part in PARTS}
    found = of_kind(groups, NULL)
    rows = []
    for name, words in names.items():
        cells = [words]
        for group in found:
            if f"size.{name}" not in group.measures:
                cells += ["–", "–"]
                continue
            cells.append(between(mean_with_interval(group.measures[f"size.{name}"].tolist())))
            cells.append(number(group.mean(f"size_rated.{name}"), 2))
        rows.append(cells)
    heads = ["score"]
    for group in found:
        links = spell_links(group.world.links)
        heads += [f"{links} ({len(group.records)} worlds)", "rated only"]
    return grid(heads, rows)


def spell_bins(ends: Sequence[float]) -> list[str]:
    """Return names of classes.

    Parameters
    ----------
    ends
        Ends of the classes, the last infinite.

    Examples
    --------
    >>> spell_bins([0, 2, 5, np.inf])
    ['0-2', '2-5', '5+']
    """
    return [f"{low:g}+" if np.isinf(high) else f"{low:g}-{high:g}" for low, high in pairwise(ends)]


def list_planted(groups: Mapping[str, Group], axis: str) -> pd.DataFrame:
    """Return the planted clusters of all worlds of the base law."""
    parts = [
        pd.DataFrame(record["power"][axis]).astype(np.float64).assign(links=group.world.links)
        for group in of_kind(groups, "linkage")
        if group.world.law == "base"
        for record in group.records
    ]
    columns = ["actors", "expected", "found", "rated", "width", "links"]
    return pd.concat(parts) if parts else pd.DataFrame(columns=columns, dtype=float)


def power_by(table: pd.DataFrame, column: str, ends: Sequence[float]) -> pd.DataFrame:
    """Return power by classes: number, found, rated, width (median)."""
    places = pd.cut(table[column], list(ends), right=False, labels=spell_bins(ends))
    by_class = table.groupby(places, observed=False)
    return pd.DataFrame(
        {
            "number": by_class.size(),
            "found": by_class["found"].mean(),
            "rated": by_class["rated"].mean(),
            "width": by_class["width"].median(),
        }
    )


def power_part(groups: Mapping[str, Group]) -> tuple[str, str]:
    """Return the tables of power, and their picture."""
    by_expected = {
        axis: power_by(list_planted(groups, axis), "expected", EXPECTED_BINS) for axis in AXES
    }
    heads = ["links expected of a typical cluster"]
    for name in AXIS_NAMES.values():
        heads += [f"{name[0]}: planted", "found", "rated", "width (log2)"]
    rows = []
    for label in spell_bins(EXPECTED_BINS):
        cells = [label]
        for axis in AXES:
            row = by_expected[axis].loc[label]
            cells += [f"{row['number']:.0f}", percent(row["found"]), percent(row["rated"])]
            cells.append(number(row["width"], 2))
        rows.append(cells)
    planted = list_planted(groups, "local")
    by_size = {
        spell_links(links): power_by(planted[planted["links"] == links], "actors", ACTOR_BINS)
        for links in LINKS
    }
    labels = spell_bins(ACTOR_BINS)
    size_rows = [
        [
            label,
            *(
                f"{percent(table.loc[label, 'found'])} of {table.loc[label, 'number']:.0f}"
                for table in by_size.values()
            ),
        ]
        for label in labels
    ]
    picture = draw_power(
        [
            (
                "Found, by links expected of a typical cluster",
                "expected links",
                spell_bins(EXPECTED_BINS),
                {AXIS_NAMES[axis]: table["found"].tolist() for axis, table in by_expected.items()},
            ),
            (
                "Local excess found, by actors of the cluster",
                "actors",
                labels,
                {name: table["found"].tolist() for name, table in by_size.items()},
            ),
        ]
    )
    tables = [grid(heads, rows), grid(["actors", *by_size], size_rows)]
    return "\n\n".join(tables), picture


def roles_part(groups: Mapping[str, Group]) -> str:
    """Return what is found of planted brokers and hubs."""
    rows = []
    for planted, ends in ROLES.items():
        for group in of_kind(groups, planted):
            for side, kinds in zip(("most", "least"), ends, strict=True):
                start = f"roles.{side}"
                cells = [planted, kinds[0]]
                for basis in ("rated", "all"):
                    both = (f"{start}.{basis}.ours", f"{start}.{basis}.planted")
                    cells.append(" of ".join(number(group.mean(name)) for name in both))
                    cells.append(percent(group.mean(f"{start}.{basis}.right")))
                cells.append(percent(group.mean("roles.rated")))
                cells += [number(group.mean("size.roles"), 2), f"{len(group.records)}"]
                rows.append(cells)
    heads = [
        *("part", "planted", "found, rated", "ranked right, rated"),
        *("found, all", "ranked right, all"),
        *("rated", "rank correlation with size", "worlds"),
    ]
    return grid(heads, rows)


def refit_part(groups: Mapping[str, Group]) -> str:
    """Return how much the null moves when it is fitted again."""
    rows = [
        [
            named,
            percent(group.mean(f"refit.{axis}.share")),
            percent(group.mean(f"refit.{axis}.share_95")),
            percent(group.mean(f"refit.{axis}.wider"), 1),
        ]
        for group in of_kind(groups, REFIT)
        for axis, named in (("local", "A, inside"), ("outside", "B, beyond 30 km"))
    ]
    heads = ["score", "middle", "95 % of clusters below", "interval wider by (middle)"]
    return grid(heads, rows)


def missing_part(records: Sequence[Mapping[str, Any]]) -> str:
    """Return how many of the pairs told first had links deleted, by ranking.

    Parameters
    ----------
    records
        Of worlds whose links were deleted.
    """
    rows = []
    laws = [law for law in LAW_NAMES if law in {record["world"]["law"] for record in records}]
    for law, way, ranking in product(laws, WAYS, RANKINGS):
        found = [r["missing"][way] for r in records if r["world"]["law"] == law]
        cells = []
        for places in PLACES:
            values = [part[f"{ranking}.{places}"] for part in found]
            known = [value for value in values if value is not None]
            cells.append(percent(float(np.mean(known))) if known else "-")
        rows.append([LAW_NAMES[law], MISSING_NAMES[way], RANKING_NAMES[ranking], *cells])
    heads = ["law", "deleted", "told first by", *(f"first {places}" for places in PLACES)]
    return grid(heads, rows) if records else "No world has been visited yet."


def page(
    groups: Mapping[str, Group], planned: int, missing: Sequence[Mapping[str, Any]] = ()
) -> tuple[str, str]:
    """Return the page and its picture.

    Parameters
    ----------
    groups
        Groups of worlds.
    planned
        Number of worlds planned.
    missing
        Records of worlds whose links were deleted.
    """
    checks: list[Check] = []
    for name, group in groups.items():
        if group.world.planted == "linkage":
            checks += check_linkage(name, group)
        if group.world.planted == NULL:
            checks += check_null(name, group)
    power, picture = power_part(groups)
    told = sum(len(group.records) for group in groups.values())
    parts = {
        "worlds": f"{told} of {planned}",
        "clusters": f"{sum(r['clusters'] for g in groups.values() for r in g.records):,}",
        "summary": summary_part(groups),
        "misses": misses_part(checks),
        "local_rated": finds_part(groups, "local", "rated"),
        "outside_rated": finds_part(groups, "outside", "rated"),
        "local_all": finds_part(groups, "local", "all"),
        "outside_all": finds_part(groups, "outside", "all"),
        "rated": rated_part(groups),
        "quadrants": quadrants_part(groups),
        "coverage": coverage_part(groups),
        "size": size_part(groups),
        "power": power,
        "picture": PICTURE,
        "roles": roles_part(groups),
        "refit": refit_part(groups),
        "missing": missing_part(missing),
        "missing_worlds": str(len(missing)),
        "note": NOTE,
    }
    template = Path(__file__).with_name("validation.md").read_text(encoding="utf-8")
    for name, text in parts.items():
        template = template.replace(f"{{{{ {name} }}}}", text)
    return template, picture


def write_report(records: Records, docs: Path) -> list[str]:
    """Write the page on what there is of the worlds planned.

    Parameters
    ----------
    records
        Records of worlds.
    docs
        Folder of the page and its picture.

    Returns
    -------
    list of str
        Lines that say what was written.
    """
    plan = plan_worlds()
    groups = read_groups(records, plan)
    deleted = [found for world in plan_missing() if (found := records.read(world)) is not None]
    told, picture = page(groups, len(plan), deleted)
    docs.mkdir(parents=True, exist_ok=True)
    for name, text in (("validation.md", told), (PICTURE, picture)):
        (docs / name).write_text(text, encoding="utf-8", newline="\n")
    worlds = sum(len(group.records) for group in groups.values())
    return [f"docs/validation.md rests on {worlds} of {len(plan)} worlds"]
