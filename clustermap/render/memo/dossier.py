"""The page of one chosen cluster: where it lies, how it is linked, and what may be done."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from clustermap.messages import read_catalogue
from clustermap.render.bars import NOTHING, Axis, bar, percent, span_all, track, whisker
from clustermap.render.links import join_squares
from clustermap.render.markup import element, join_list, quiet, text
from clustermap.render.memo.brief import read_number, read_radius
from clustermap.render.memo.grid import (
    PLACE,
    decimal,
    draw_mark,
    draw_share,
    draw_table,
    tell_known,
)
from clustermap.render.memo.ground import draw_near
from clustermap.render.safe import clean_text
from clustermap.selection.diagnosis import read_diagnosis

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence
    from typing import Any

    from clustermap.messages import Message
    from clustermap.render.memo.brief import Brief, Case
    from clustermap.render.memo.ground import Ground
    from clustermap.selection.diagnosis import Diagnosis

    Rows = Sequence[Mapping[Hashable, Any]]

_POINTS = Axis(0, 100)
_TYPICAL = 50.5
_PARTNERS, _LACKING, _SEEN = 6, 3, 3
_GROUPS = (
    *("specialised_suppliers", "supplier_dominated", "scale_intensive", "science_based"),
    "ungrouped",
)


@dataclass(frozen=True)
class Files:
    """What the pages of all chosen clusters are written from, by cluster.

    Parameters
    ----------
    parts, ratios, partners, diffusion, lacking, sites
        Rows of each cluster.
    diagnoses
        Situations of each cluster.
    """

    parts: Mapping[str, Rows]
    ratios: Mapping[str, Rows]
    partners: Mapping[str, list[tuple[str, int]]]
    diffusion: Mapping[str, Rows]
    lacking: Mapping[str, Rows]
    sites: Mapping[str, Rows]
    diagnoses: Mapping[str, tuple[Diagnosis, ...]]


def collect(brief: Brief) -> Files:
    """Return what the pages of the chosen clusters are written from.

    Parameters
    ----------
    brief
        What the memo is written from.

    Returns
    -------
    Files
        By cluster.
    """
    release, advice = brief.release, brief.release.advice
    ids = {case.cluster for case in brief.chosen}
    parts = release.subscores[release.subscores["scenario"] == "default"]
    nothing = pd.DataFrame(columns=["cluster"])
    told = advice.diagnosis[advice.diagnosis["cluster"].isin(ids)] if advice else nothing
    return Files(
        _split(parts, ids),
        _split(release.ratios, ids),
        _find_partners(join_squares(release.flows), ids),
        _split(advice.diffusion if advice else nothing, ids),
        _split(advice.missing_links if advice else nothing, ids),
        _split(advice.next_sites if advice else nothing, ids),
        read_diagnosis(told) if len(told) else {},
    )


def _split(table: pd.DataFrame, ids: set[str]) -> dict[str, Rows]:
    found: dict[str, list[Mapping[Hashable, Any]]] = {}
    for row in table[table["cluster"].isin(ids)].to_dict("records"):
        found.setdefault(str(row["cluster"]), []).append(row)
    return dict(found)


def _find_partners(flows: pd.DataFrame, ids: set[str]) -> dict[str, list[tuple[str, int]]]:
    sums: dict[str, dict[str, int]] = {}
    ends = zip(flows["source"], flows["target"], flows["links"], strict=True)
    for source, target, links in ends:
        for own, other in {(source, target), (target, source)}:
            if own in ids and own != other:
                of = sums.setdefault(own, {})
                of[other] = of.get(other, 0) + int(links)
    return {
        own: sorted(found.items(), key=lambda one: (-one[1], one[0])) for own, found in sums.items()
    }


def draw_overview(brief: Brief, files: Files) -> str:
    """Draw what is seen of all chosen clusters, one row each.

    Parameters
    ----------
    brief
        What the memo is written from.
    files
        From :func:`collect`.

    Returns
    -------
    str
        Markup.
    """
    words = brief.words
    heads = [
        (words("memo.portfolio.number"), PLACE),
        (words("memo.portfolio.cluster"), "who"),
        (words("page.card.axis_capability"), "number"),
        (words("page.card.axis_score"), "number"),
    ]
    shown = _list_columns(brief, files)
    heads += [(words(f"memo.cluster.{key}"), kind) for key, kind in shown.items()]
    rows = [
        _list_case(brief, files, case, number, shown)
        for number, case in enumerate(brief.chosen, start=1)
    ]
    notes = [quiet(words("memo.cluster.bars"), *_tell_between(brief))]
    if brief.release.advice is not None:
        notes.append(quiet(*_tell_quiet(brief, files), *_tell_caution(brief, files)))
        notes.append(quiet(*_tell_levels(brief, files)))
    table = element("div", draw_table(heads, rows, "cases overview"), class_="scroll")
    return "".join((table, *notes))


def _list_columns(brief: Brief, files: Files) -> dict[str, str]:
    """Return the columns of the overview that hold anything, with their classes."""
    if brief.release.advice is None:
        return {}
    ids = [case.cluster for case in brief.chosen]
    found = [one.state for case in ids for one in files.diagnoses.get(case, ())]
    held = {
        "failures": ("wide", "seen" in found),
        "open": ("number", "undecided" in found),
        "stage": ("number", bool(_list_levels(files))),
        "lacking": ("wide", any(files.lacking.get(case) for case in ids)),
    }
    return {key: kind for key, (kind, any_of) in held.items() if any_of}


def _list_levels(files: Files) -> list[int]:
    levels = (read_number(rows[0]["level"]) for rows in files.diffusion.values() if rows)
    return sorted({int(level) for level in levels if not math.isnan(level)})


def _tell_between(brief: Brief) -> list[str]:
    """Return which links stand in no column, by the reaches that were used."""
    far = _find_far(brief)
    near = sorted({case.radius for case in brief.chosen if case.radius < far})
    if not near:
        return []
    told = ", ".join(f"{km:g}\u202fkm" for km in near)
    return [brief.words("memo.cluster.between", near=told, far=f"{far:g}")]


def _find_far(brief: Brief) -> float:
    """Return the largest radius of the run; what lies beyond it is "beyond"."""
    radii = (read_radius(reach) for reach in brief.release.ratios["reach"].unique())
    return max((km for km in radii if not math.isnan(km)), default=math.nan)


def _tell_quiet(brief: Brief, files: Files) -> list[str]:
    """Return of how many chosen clusters no situation is seen, said once for all."""
    still = sum(
        not any(one.state == "seen" for one in files.diagnoses.get(case.cluster, ()))
        for case in brief.chosen
    )
    if not still:
        return []
    key = "quiet_all" if still == len(brief.chosen) else "quiet_some"
    return [brief.words(f"memo.cluster.{key}", clusters=f"{still:,}")]


def _tell_levels(brief: Brief, files: Files) -> list[str]:
    words, levels = brief.words, _list_levels(files)
    told = [
        words(
            "memo.cluster.level_means",
            level=words.say(f"diffusion.level_{level}.label"),
            means=words.say(f"diffusion.level_{level}.means"),
        )
        for level in levels
    ]
    return [*told, words("memo.cluster.level_source")] if told else []


def _tell_caution(brief: Brief, files: Files) -> list[str]:
    rows = [row for found in files.lacking.values() for row in found]
    if not rows:
        return [brief.words("memo.cluster.lacking_none")]
    shares = [read_number(row["false_share"]) for row in rows]
    worst = max((share for share in shares if not math.isnan(share)), default=math.nan)
    if math.isnan(worst):
        return []
    return [brief.words("missing_link.caution", share=f"{percent(worst)}\u202f%")]


def _list_case(
    brief: Brief, files: Files, case: Case, number: int, shown: Mapping[str, str]
) -> list[str]:
    words = brief.words
    link = element("a", text(case.name), href=f"#{words.language}-cluster-{number}", class_="name")
    told = [text(str(number)), draw_mark(case.mark) + link,
            tell_known(words, case.capability), decimal(case.score)]  # fmt: skip
    found = files.diagnoses.get(case.cluster, ())
    seen = [words.tell(one.situation.failure) for one in found if one.state == "seen"]
    levels = [read_number(row["level"]) for row in files.diffusion.get(case.cluster, ())]
    names = _name_bodies(brief)
    others = [text(_name_other(brief, row, names)) for row in files.lacking.get(case.cluster, ())]
    cells = {
        "failures": ", ".join(seen) or NOTHING,
        "open": str(sum(one.state == "undecided" for one in found)),
        "stage": decimal(levels[0], 0) if levels else NOTHING,
        "lacking": ", ".join(others[:_LACKING]) or NOTHING,
    }
    return [*told, *(cells[key] for key in shown)]


def _name_bodies(brief: Brief) -> dict[object, object]:
    bodies = brief.release.institutes
    return dict(zip(bodies["institute"], bodies["name"], strict=True))


def _name_other(brief: Brief, row: Mapping[Hashable, Any], names: Mapping[object, object]) -> str:
    return clean_text(names.get(row["counterpart"])) or brief.name(row["counterpart"])


def draw_cluster(brief: Brief, ground: Ground, files: Files, case: Case, number: int) -> str:
    """Draw the page of a cluster.

    Parameters
    ----------
    brief
        What the memo is written from.
    ground
        What maps are drawn from.
    files
        From :func:`collect`.
    case
        The cluster.
    number
        Its number.

    Returns
    -------
    str
        Markup.
    """
    near = element("figure", draw_near(brief, ground, case, number))
    return element(
        "article",
        _draw_head(brief, case, number),
        element("div", near, _draw_axes(brief, case), class_="columns first"),
        element(
            "div",
            _draw_parts(brief, files.parts.get(case.cluster, ())),
            _draw_flows(brief, files, case.cluster),
            class_="columns",
        ),
        _draw_diagnoses(brief, files.diagnoses.get(case.cluster, ())),
        _draw_others(brief, files, case.cluster),
        class_="dossier",
        id=f"{brief.words.language}-cluster-{number}",
    )


def _draw_others(brief: Brief, files: Files, cluster: str) -> str:
    """Draw with whom it is linked and not linked, and which programmes fit, where anything is."""
    lacking = _draw_lacking(brief, files, cluster)
    level = _draw_diffusion(brief, files, cluster)
    partners = _draw_partners(brief, files.partners.get(cluster, []))
    parts = [lacking, level + partners] if lacking else [level, partners]
    held = [element("div", one) for one in parts if one]
    return element("div", *held, class_="columns") if held else ""


def _draw_head(brief: Brief, case: Case, number: int) -> str:
    words, money = brief.words, brief.money
    row = brief.release.clusters.loc[case.cluster]
    facts = [
        (words("memo.cluster.cost"), text(money.say(case.cost))),
        (words("memo.cluster.firms"), tell_known(words, case.firms, 0)),
        (words("memo.cluster.employees"), tell_known(words, case.employees, 0)),
        (words("memo.cluster.area"), text(_area(read_number(row["area_km2"])))),
    ]
    told = (element("div", element("dt", name), element("dd", fact)) for name, fact in facts)
    standing = element(
        "div", draw_mark(case.mark), words(f"memo.mark.{case.mark}"),
        draw_share(case) if brief.drawn else "", class_="chip",
    )  # fmt: skip
    place = " · ".join(filter(None, (case.place, case.kind, case.cluster)))
    title = element("b", text(str(number)), class_="place")
    return element(
        "header",
        element("h3", title, text(case.name)),
        quiet(text(place)),
        element("div", standing, element("dl", *told, class_="facts"), class_="line"),
    )


def _area(area: float) -> str:
    return NOTHING if math.isnan(area) else f"{area:,.3g} km²"


def _draw_axes(brief: Brief, case: Case) -> str:
    words = brief.words
    lines = [
        ("capability", case.capability, math.nan, math.nan, True),
        ("score", case.score, case.score_low, case.score_high, True),
        ("gap", case.gap, math.nan, math.nan, False),
    ]
    rows = []
    for key, value, low, high, points in lines:
        name = words(f"page.card.axis_{key}")
        drawn = ""
        if points and not math.isnan(value):
            drawn = _draw_points(value, low, high, "core" if key == "score" else "other")
        told = element("b", tell_known(words, value))
        if not math.isnan(low + high):
            told += element("small", text(f" ({decimal(low)}–{decimal(high)})"))
        rows.append(element("li", element("span", name), element("p", told), drawn))
    head = element("h4", words("page.card.axes"))
    return element("div", head, element("ul", *rows, class_="axes three"))


def _draw_points(value: float, low: float, high: float, kind: str) -> str:
    mark = element("i", class_="typical", style=f"left:{_TYPICAL:g}%")
    return track(_POINTS, bar(_POINTS, value, kind), whisker(_POINTS, low, high), mark)


def _draw_parts(brief: Brief, rows: Rows) -> str:
    words = brief.words
    told = [element("h4", words("memo.cluster.parts"))]
    for row in rows:
        name = text(words.name(f"subscore.{row['subscore']}.label", row["subscore"]))
        value = read_number(row["value"])
        low, high = read_number(row["low"]), read_number(row["high"])
        if row["decided"] != 1:
            drawn = element("p", words("page.card.part_open"), class_="quiet")
            told.append(element("li", element("span", name), drawn))
            continue
        said = element("b", text(decimal(value, 0)))
        if not math.isnan(low + high):
            said += element("small", text(f" ({decimal(low, 0)}–{decimal(high, 0)})"))
        drawn = _draw_points(value, low, high, "core")
        told.append(element("li", element("span", name), drawn, element("p", said)))
    if not rows:
        return element("div", *told, quiet(words("memo.cluster.no_parts")))
    head, *items = told
    return element("div", head, element("ul", *items, class_="axes"))


def _draw_flows(brief: Brief, files: Files, cluster: str) -> str:
    words = brief.words
    rows = [row for row in files.ratios.get(cluster, ()) if row["kind"]]
    reach = next(
        (str(row["reach"]) for row in files.parts.get(cluster, ()) if row["reach"]), "10 km"
    )
    by_kind: dict[str, dict[str, Mapping[Hashable, Any]]] = {}
    for row in rows:
        by_kind.setdefault(str(row["kind"]), {})[str(row["reach"])] = row
    head = element("h4", words("memo.cluster.flows"))
    if not by_kind:
        return element("div", head, quiet(words("memo.cluster.no_flows")))
    columns = (reach, "beyond")
    axes = {
        name: span_all(
            [read_number(found[name][end]) for found in by_kind.values() if name in found
             for end in ("observed", "expected")], 1.0,
        )
        for name in columns
    }  # fmt: skip
    heads = [
        (words("page.card.kind"), ""),
        *((text(_name_reach(brief, name)), "bar-cell") for name in columns),
    ]
    cells = [
        (
            text(words.name(f"kind.{kind}", kind)),
            *(_draw_flow(brief, found.get(name), axes[name]) for name in columns),
        )
        for kind, found in by_kind.items()
    ]
    return element("div", head, draw_table(heads, cells, "flows"))


def _name_reach(brief: Brief, reach: str) -> str:
    if not math.isnan(km := read_radius(reach)):
        return brief.words.say("reach.radius", km=f"{km:g}")
    if reach == "beyond" and not math.isnan(far := _find_far(brief)):
        return brief.words.say("reach.beyond_radius", km=f"{far:g}")
    return brief.words.name(f"reach.{reach}", reach)


def _draw_flow(brief: Brief, row: Mapping[Hashable, Any] | None, axis: Axis) -> str:
    observed = math.nan if row is None else read_number(row["observed"])
    typical = math.nan if row is None else read_number(row["expected"])
    if math.isnan(observed) or math.isnan(typical):
        return element("small", brief.words("memo.cluster.withheld"))
    mark = element("i", class_="typical", style=f"left:{axis.place(typical):.2f}%")
    told = element("b", text(_links(observed))) + text(f" / {_links(typical)}")
    return track(axis, bar(axis, observed, "core"), mark) + element("span", told, class_="told")


def _links(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:,.1f}"


def _draw_partners(brief: Brief, found: list[tuple[str, int]]) -> str:
    words = brief.words
    head = element("h4", words("memo.cluster.partners"))
    if not found:
        return ""
    told = [
        element("span", text(_name_cell(brief, cell)), " ", element("b", text(f"{links:,}")))
        for cell, links in found[:_PARTNERS]
    ]
    return head + element("p", *told, class_="partners")


def _name_cell(brief: Brief, cell: str) -> str:
    if cell in brief.cases:
        return brief.name(cell)
    where, _, place = cell.partition(":")
    if where == "outside":
        if place in {"", "unknown"}:
            return brief.words.say(f"page.card.outside{'_unknown' if place else ''}")
        return brief.words.say("page.card.outside_place", place=clean_text(place))
    if where == "abroad":
        return brief.words.say("memo.cluster.abroad", country=clean_text(place))
    return clean_text(cell)


def _draw_diagnoses(brief: Brief, found: tuple[Diagnosis, ...]) -> str:
    words = brief.words
    seen = [one for one in found if one.state == "seen"]
    if not seen:
        return ""
    heads = [
        (words("memo.cluster.seen") + _source(brief, "ours"), "wide"),
        (words("memo.cluster.failure") + _source(brief, "oecd"), ""),
        (words("memo.cluster.response") + _source(brief, "oecd"), ""),
    ]
    rows = [_tell_diagnosis(brief, one) for one in seen[:_SEEN]]
    others = quiet(*_name_others(brief, found, seen[_SEEN:]))
    head = element("h4", words("memo.cluster.diagnosis"))
    return element("div", head, draw_table(heads, rows, "diagnoses"), others, class_="diagnosis")


def _name_others(
    brief: Brief, found: tuple[Diagnosis, ...], more: Sequence[Diagnosis]
) -> list[str]:
    words = brief.words
    states = {
        "seen_too": more,
        "undecided": [one for one in found if one.state == "undecided"],
        "not_seen": [one for one in found if one.state == "not_seen"],
    }
    return [
        words(
            f"memo.cluster.{state}",
            failures=", ".join(words.say(f"situation.{one.situation.key}.failure") for one in some),
        )
        for state, some in states.items()
        if some
    ]


def _source(brief: Brief, whose: str) -> str:
    return text(f" ({brief.words.say(f'memo.cluster.source_{whose}')})")


def _tell_diagnosis(brief: Brief, one: Diagnosis) -> tuple[str, str, str]:
    words = brief.words
    known = " ".join(_tell(brief, found.told) for found in one.evidence if found.holds)
    evidence = element("small", known) if known else ""
    answers = text(" · ").join(words.tell(answer) for answer in one.situation.answers)
    return words.tell(one.situation.seen) + evidence, words.tell(one.situation.failure), answers


def _tell(brief: Brief, message: Message) -> str:
    return brief.words.tell(message) if message.key in read_catalogue() else text(message.key)


def _draw_diffusion(brief: Brief, files: Files, cluster: str) -> str:
    words = brief.words
    rows = files.diffusion.get(cluster, ())
    if not rows:
        return ""
    row = rows[0]
    told = [element("h4", words("memo.cluster.level"))]
    level = read_number(row["level"])
    if math.isnan(level):
        told.append(quiet(text(words.name(str(row["open"]), words.say("page.card.part_open")))))
    else:
        told.append(element("p", element("b", words(f"diffusion.level_{level:.0f}.label"))))
    groups = [
        text(f"{words.say(f'sector_group.{name}')} {decimal(read_number(row[name]), 0)}")
        for name in _GROUPS[:2]
        if not math.isnan(read_number(row[name]))
    ]
    if groups:
        told.append(quiet(words("memo.cluster.groups"), ", ".join(groups)))
    told += [
        quiet(words("intermediary.next_site", cluster=brief.name(cluster),
                    added=decimal(read_number(site["added"]), 0)))
        for site in files.sites.get(cluster, ())
    ]  # fmt: skip
    if brief.release.travel is not None:
        told += [quiet(words.tell(line)) for line in brief.release.travel.tell(cluster)]
    return "".join(told)


def _draw_lacking(brief: Brief, files: Files, cluster: str) -> str:
    if brief.release.advice is None:
        return ""
    words = brief.words
    rows = files.lacking.get(cluster, ())
    if not rows:
        return ""
    names = _name_bodies(brief)
    told = [_tell_lacking(brief, row, names) for row in rows[:_LACKING]]
    return element("h4", words("missing_link.title")) + join_list(told, "lacking")


def _tell_lacking(brief: Brief, row: Mapping[Hashable, Any], names: Mapping[object, object]) -> str:
    words = brief.words
    values = {
        "other": _name_other(brief, row, names),
        "observed": _known(read_number(row["observed"])),
        "expected": _known(read_number(row["expected"])),
    }
    told = [element("span", words("missing_link.told", **values))]
    beside = []
    away = read_number(row["distance_m"])
    if not math.isnan(away):
        beside.append(words.say("memo.cluster.away", km=f"{away / 1000:.1f}"))
    if isinstance(row["lacking"], str) and row["lacking"]:
        kind = words.name(f"kind.{row['lacking']}", row["lacking"])
        beside.append(words.say("memo.cluster.lacks_most", kind=kind))
    if broker := clean_text(row["broker"]):
        beside.append(words.say("missing_link.broker", broker=broker))
    if beside:
        told.append(element("small", text(" · ".join(beside))))
    return "".join(told)


def _known(value: float) -> str:
    return NOTHING if math.isnan(value) else _links(value)
