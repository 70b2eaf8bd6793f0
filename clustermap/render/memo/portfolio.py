"""The portfolio: what surely belongs, and between which clusters the data do not decide."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

from clustermap.render.markup import element, quiet, text
from clustermap.render.memo.brief import BORDERLINE, UNDRAWN, read_number
from clustermap.render.memo.grid import (
    PLACE,
    decimal,
    draw_mark,
    draw_share,
    draw_table,
    name_case,
    tell_known,
    tell_share,
)
from clustermap.render.memo.ground import draw_nation, list_marks, number_cases
from clustermap.render.memo.rules import name_rule
from clustermap.render.memo.sureness import define_standings, tell_crossed, tell_even

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clustermap.render.memo.brief import Brief, Case
    from clustermap.render.memo.ground import Ground

_GROUPS = ("core", "within", "chosen", "without")
_AWAY = ("out", "barred")
_SURENESS = ("out", "undecided", "undrawn", "ineligible")
_NEAREST = 12
_MOST = 20


def draw_portfolio(brief: Brief) -> str:
    """Draw the clusters chosen, and those that might be, grouped by how sure that is.

    Parameters
    ----------
    brief
        What the memo is written from.

    Returns
    -------
    str
        Markup.
    """
    words = brief.words
    groups = group_cases(brief)
    lead = "memo.portfolio.lead" if brief.drawn else "memo.portfolio.undrawn"
    told = [quiet(words(lead))]
    if brief.drawn:
        told.insert(0, quiet(*define_standings(brief), words("memo.portfolio.varied")))
        told.append(quiet(tell_crossed(brief, groups["within"], groups["without"])))
    told += [_draw_group(brief, mark, groups) for mark in _GROUPS if groups[mark]]
    return "".join((*told, _tell_rest(brief, groups)))


def group_cases(brief: Brief) -> dict[str, list[Case]]:
    """Return all clusters by their mark, the surest first.

    Parameters
    ----------
    brief
        What the memo is written from.

    Returns
    -------
    dict
        Mark to clusters.
    """
    groups: dict[str, list[Case]] = {mark: [] for mark in (*_GROUPS, *_AWAY)}
    chosen = brief.chosen
    for case in chosen:
        groups[case.mark].append(case)
    for case in brief.cases.values():
        if not case.selected:
            groups[case.mark].append(case)
    groups["without"].sort(key=_likeliest)
    return groups


def _likeliest(case: Case) -> tuple[float, str]:
    return -case.inclusion, case.cluster


def _draw_group(brief: Brief, mark: str, groups: dict[str, list[Case]]) -> str:
    words, cases = brief.words, groups[mark]
    cost = math.fsum(case.cost for case in cases if not math.isnan(case.cost))
    values = {"clusters": len(cases), "cost": brief.money.say(cost)}
    head = element(
        "h3",
        draw_mark(mark),
        words(f"memo.group.{mark}.title", clusters=len(cases)),
    )
    lead = [words(f"memo.group.{mark}.lead")]
    if mark in {"within", "without"}:
        lead += tell_even(brief, cases)
    numbers = number_cases(brief)
    heads = [
        (words("memo.portfolio.number"), PLACE),
        (words("memo.portfolio.cluster"), "who"),
        *([(words("memo.portfolio.share"), "bar-cell")] if brief.drawn else []),
        (words("memo.portfolio.merit"), "number"),
        (words("memo.portfolio.worth"), "number"),
        (words("memo.portfolio.cost", unit=brief.money.unit), "number"),
    ]
    rows = [_draw_case(brief, case, str(numbers.get(case.cluster, ""))) for case in cases]
    blank = [""] * (len(heads) - 3)
    worth = math.fsum(case.gain for case in cases if not math.isnan(case.gain))
    foot = ["", words("memo.portfolio.sum", **values), *blank[1:],
            _tell_worth(brief, worth) if mark != "without" else "",
            text(brief.money.number(cost))]  # fmt: skip
    kind = f"cases group-{mark}"
    return element(
        "div", head, quiet(*lead), draw_table(heads, rows, kind, foot=foot), class_="group"
    )


def _draw_case(brief: Brief, case: Case, number: str) -> Sequence[str]:
    return (
        text(number),
        name_case(case),
        *([draw_share(case)] if brief.drawn else []),
        tell_known(brief.words, case.merit),
        _tell_worth(brief, case.gain),
        text(brief.money.number(case.cost)),
    )


def _tell_worth(brief: Brief, gain: float) -> str:
    worth = read_number(brief.whole["worth"])
    return decimal(100 * gain / worth if worth > 0 else math.nan)


def _tell_rest(brief: Brief, groups: dict[str, list[Case]]) -> str:
    words = brief.words
    rest, barred = (len(groups[mark]) for mark in _AWAY)
    told = []
    if rest:
        key = "memo.portfolio.rest" if brief.drawn else "memo.portfolio.rest_undrawn"
        told.append(draw_mark("out") + words(key, clusters=f"{rest:,}"))
    if barred:
        told.append(draw_mark("barred") + words("memo.portfolio.barred", clusters=f"{barred:,}"))
    return element("p", " ".join(told), class_="rest") if told else ""


def draw_map(brief: Brief, ground: Ground) -> str:
    """Draw the map of the portfolio with its key.

    Parameters
    ----------
    brief
        What the memo is written from.
    ground
        What maps are drawn from.

    Returns
    -------
    str
        Markup.
    """
    words = brief.words
    shown = list_marks(brief, (*_GROUPS, *_AWAY))
    key = (element("span", draw_mark(mark), words(f"memo.mark.{mark}")) for mark in shown)
    return element("p", *key, class_="key") + element("figure", draw_nation(brief, ground))


def draw_nearest(brief: Brief) -> str:
    """Draw the clusters that are nearly chosen, and what each lacks.

    Parameters
    ----------
    brief
        What the memo is written from.

    Returns
    -------
    str
        Markup.
    """
    words = brief.words
    left_out = [case for case in brief.cases.values() if not case.selected]
    # Without draws nobody is known to be borderline.
    left_out = [case for case in left_out if case.standing in {BORDERLINE, UNDRAWN}]
    near = sorted((case for case in left_out if not math.isnan(case.lacks)), key=_nearest)
    if not near:
        return quiet(words("memo.nearest.none"))
    heads = [
        (words("memo.portfolio.cluster"), "who"),
        *([(words("memo.nearest.share"), "number")] if brief.drawn else []),
        (words("memo.nearest.why"), "wide"),
        (words("memo.portfolio.cost", unit=brief.money.unit), "number"),
    ]
    rows = [
        (
            draw_mark(case.mark, words.say(f"memo.mark.{case.mark}")) + name_case(case),
            *([tell_share(case)] if brief.drawn else []),
            tell_lacking(brief, case),
            text(brief.money.number(case.cost)),
        )
        for case in near[:_NEAREST]
    ]
    return quiet(words("memo.nearest.lead")) + draw_table(heads, rows, "cases nearest")


def _nearest(case: Case) -> tuple[float, float, str]:
    return (math.inf if math.isnan(case.times) else case.times), case.lacks, case.cluster


def tell_lacking(brief: Brief, case: Case) -> str:
    """Return what a cluster lacks to be chosen.

    Parameters
    ----------
    brief
        What the memo is written from.
    case
        The cluster.

    Returns
    -------
    str
        Markup.
    """
    words = brief.words
    if case.barred:
        rules = [name_rule(brief, rule) for rule in case.barred.split("; ")]
        return words("selection.why_not.barred", rules=", ".join(rules))
    if case.lacks == 0:
        return words("selection.why_not.level")
    if math.isnan(case.times):
        return words("selection.why_not.nothing")
    more = decimal(100 * (case.times - 1))
    return words("memo.nearest.gap", percent="<0.1" if more == "0.0" else more)


def list_supported(brief: Brief) -> list[Case]:
    """Return the clusters that have public money now and are not chosen.

    Parameters
    ----------
    brief
        What the memo is written from.

    Returns
    -------
    list
        Those that surely do not belong first, then those with most money; empty where no support
        is known.
    """
    if not brief.feasible:
        return []
    kept = [case for case in brief.cases.values() if not case.selected and case.current > 0]
    return sorted(kept, key=_by_sureness)


def _by_sureness(case: Case) -> tuple[int, float, str]:
    return _SURENESS.index(_sureness(case)), -case.current, case.cluster


def draw_supported(brief: Brief) -> str:
    """Draw the clusters that have public money now and are not chosen, by how sure that is.

    Parameters
    ----------
    brief
        What the memo is written from.

    Returns
    -------
    str
        Markup.
    """
    words = brief.words
    found = list_supported(brief)
    money = math.fsum(case.current for case in found)
    kept = sum(case.current > 0 for case in brief.chosen)
    lead = words("memo.supported.lead", clusters=f"{len(found):,}", money=brief.money.say(money))
    if kept:
        lead += " " + words("memo.supported.kept", kept=f"{kept:,}")
    heads = [
        (words("memo.portfolio.cluster"), "who"),
        (words("memo.supported.standing"), "wide"),
        *([(words("memo.nearest.share"), "number")] if brief.drawn else []),
        (words("memo.supported.money", unit=brief.money.unit), "number"),
    ]
    rows = [
        (
            draw_mark(case.mark) + name_case(case),
            words(f"memo.supported.{_sureness(case)}"),
            *([tell_share(case)] if brief.drawn else []),
            text(brief.money.number(case.current)),
        )
        for case in found[:_MOST]
    ]
    counts = Counter(_sureness(case) for case in found)
    sums = [
        words(
            "memo.supported.count",
            standing=words.say(f"memo.supported.{one}"),
            clusters=f"{counts[one]:,}",
        )
        for one in _SURENESS
        if counts[one]
    ]
    more = len(found) - _MOST
    beyond = [quiet(words("memo.more", more=f"{more:,}"))] if more > 0 else []
    caution = element("p", words("memo.supported.caution"), class_="caution")
    table = draw_table(heads, rows, "cases supported")
    return "".join((quiet(lead, *sums), caution, table, *beyond))


def _sureness(case: Case) -> str:
    if case.ineligible:
        return "ineligible"
    if case.standing == UNDRAWN:
        return "undrawn"
    return "undecided" if case.mark == "without" else "out"
