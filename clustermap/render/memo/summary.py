"""The first page: the question, the answer with its uncertainty, what the data do not decide."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from clustermap.render.bars import percent, portion
from clustermap.render.markup import element, join_list, quiet, text
from clustermap.render.memo.brief import read_number
from clustermap.render.memo.comparison import draw_short, read_ways, tell_verdict
from clustermap.render.memo.drawing import measure_text, shorten_label
from clustermap.render.memo.grid import draw_mark
from clustermap.render.memo.portfolio import group_cases
from clustermap.render.memo.rules import name_rule, tell_conflict
from clustermap.render.memo.sureness import define_standings, tell_even, tell_leaning

if TYPE_CHECKING:
    from clustermap.render.memo.brief import Brief, Case

_LISTED = 30  # chosen clusters up to which all are named
_NAME, _PLACE = 17.0, 12.0
_RULES, _RULE = 6, 60.0
_ROOM = {"core": 200.0, "chosen": 300.0, "within": 150.0, "without": 300.0}
"""Widths of names that there is room for, in Korean letters."""

_WIDEST = 30.0
_GAP = 1.5
_CERTAIN = ("core", "within", "chosen")


def draw_summary(brief: Brief) -> str:
    """Draw the first page.

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
    budget = brief.money.say(float(brief.whole["budget"]))
    parts = [
        element("h2", words("memo.summary.title"), class_="unseen"),
        element("p", words("memo.summary.question", budget=budget), class_="question"),
    ]
    parts += _tell_answer(brief) if brief.feasible else _tell_none(brief)
    parts.append(_tell_limits(brief))
    return element("section", *parts, class_="summary", id=f"{words.language}-summary")


def _tell_none(brief: Brief) -> list[str]:
    words = brief.words
    return [
        element("p", words("memo.summary.conflict"), class_="reply"),
        element("h3", words("memo.summary.rules")),
        tell_conflict(brief),
        quiet(words("memo.summary.conflict_note")),
    ]


def _tell_answer(brief: Brief) -> list[str]:
    words = brief.words
    groups = group_cases(brief)
    spent = brief.money.say(read_number(brief.whole["spent"]))
    values = {
        "chosen": len(brief.chosen),
        "spent": spent,
        "core": len(groups["core"]),
        "within": len(groups["within"]),
        "without": len(groups["without"]),
    }
    key = "undrawn"
    if brief.drawn:
        key = "sure" if not groups["within"] else "none_sure" if not groups["core"] else "partly"
    leaning = tell_leaning(brief)
    return [
        element("p", words(f"memo.summary.{key}", **values), class_="reply"),
        _name_rules(brief),
        element("p", leaning, class_="caution leans") if leaning else "",
        # Where all are listed below, their numbers stand there.
        _draw_figures(brief, groups) if len(brief.chosen) > _LISTED else "",
        _draw_split(brief, groups) if brief.drawn else "",
        _name_groups(brief, groups),
        _tell_against(brief),
    ]


def _draw_figures(brief: Brief, groups: dict[str, list[Case]]) -> str:
    words, money = brief.words, brief.money
    budget = money.say(float(brief.whole["budget"]))
    figures = [
        (words("memo.summary.chosen"), text(f"{len(brief.chosen):,}")),
        (words("memo.summary.spent", budget=budget),
         text(money.say(read_number(brief.whole["spent"])))),
    ]  # fmt: skip
    if brief.drawn:
        sure = f"{len(groups['core']):,}"
        open_ = f"{len(groups['within']) + len(groups['without']):,}"
        figures.insert(1, (words("memo.summary.sure_of"), text(sure)))
        figures.insert(2, (words("memo.summary.open"), text(open_)))
    told = (element("div", element("dt", name), element("dd", fact)) for name, fact in figures)
    return element("dl", *told, class_="key-figures")


def _draw_split(brief: Brief, groups: dict[str, list[Case]]) -> str:
    """Draw which part of the money goes where it surely belongs."""
    words = brief.words
    costs = {
        mark: math.fsum(case.cost for case in groups[mark] if not math.isnan(case.cost))
        for mark in ("core", "within")
    }
    budget = float(brief.whole["budget"])
    left = max(0.0, budget - math.fsum(costs.values()))
    pieces = []
    for mark, cost in (*costs.items(), ("left", left)):
        share = cost / budget
        width = f"width:{100 * share:.2f}%"
        pieces.append(element("i", class_=f"piece {mark}", style=width))
    told = [
        element(
            "span", element("i", class_=f"piece {mark}"),
            words(f"memo.summary.money_{mark}", money=brief.money.say(cost),
                  share=percent(cost / budget)),
        )
        for mark, cost in (*costs.items(), ("left", left))
        if cost > 0
    ]  # fmt: skip
    strip = element("div", *pieces, class_="split", aria_hidden="true")
    return strip + element("p", *told, class_="key") + quiet(*define_standings(brief))


def _name_groups(brief: Brief, groups: dict[str, list[Case]]) -> str:
    whole = len(brief.chosen) <= _LISTED
    told = []
    for mark in ("core", "chosen", "within", "without"):
        cases = groups[mark]
        if not cases:
            continue
        count = f"{len(cases):,}"
        head = element(
            "h3", draw_mark(mark), brief.words(f"memo.summary.group_{mark}", clusters=count)
        )
        if mark in {"within", "without"}:
            head += quiet(*tell_even(brief, cases))
        listed = whole and mark != "without"
        inside = _list_all(brief, cases) if listed else _name_some(brief, cases)
        told.append(
            element("div", head, inside, class_=f"{mark} {'listed' if listed else ''}".strip())
        )
    return element("div", *told, class_="groups")


def _list_all(brief: Brief, cases: list[Case]) -> str:
    """List clusters in two columns: name, region and cost, and the share of the borderline ones."""
    unsure = cases[0].mark == "within"
    share = brief.words.say("memo.summary.columns_share") if unsure else ""
    note = brief.words("memo.summary.columns", unit=brief.money.unit, share=share)
    rows = (
        element(
            "li",
            element("span", text(shorten_label(case.name, _NAME)), class_="name"),
            element("small", text(shorten_label(case.place, _PLACE))),
            element("span", text(brief.money.number(case.cost)), class_="cost"),
            element("span", text(f"{portion(case.inclusion)}\u202f%"), class_="share")
            if unsure else "",
        )
        for case in cases
    )  # fmt: skip
    return element("p", note, class_="quiet legend") + element("ol", *rows, class_="all")


def _name_rules(brief: Brief) -> str:
    """Name the rules under which the answer is the answer."""
    found = brief.of(brief.decision.rule_prices)["rule"]
    named = [name_rule(brief, rule) for rule in sorted({str(one) for one in found})]
    if not named:
        return ""
    more = len(named) - _RULES
    named = [shorten_label(one, _RULE) for one in named[:_RULES]]
    if more > 0:
        named.append(brief.words.say("memo.summary.rules_more", more=more))
    return element(
        "p", brief.words("memo.summary.rules_kept", rules="; ".join(named)), class_="kept"
    )


def _name_some(brief: Brief, cases: list[Case]) -> str:
    named, wide = list[str](), 0.0
    for case in cases:
        name = shorten_label(case.name, _WIDEST)
        wide += measure_text(name) + _GAP
        if wide > _ROOM[case.mark]:
            break
        share = f" {portion(case.inclusion)}\u202f%" if case.mark in {"within", "without"} else ""
        named.append(element("span", text(name), element("small", text(share))))
    more = len(cases) - len(named)
    if more > 0:
        named.append(element("span", brief.words("memo.summary.more", more=more)))
    return element("p", *named, class_="names")


def _tell_against(brief: Brief) -> str:
    if not read_ways(brief):
        return ""
    verdict = element("p", brief.words(tell_verdict(brief)))
    table = draw_short(brief) if brief.drawn else ""
    head = element("h3", brief.words("memo.summary.against_title"))
    return element("div", head, verdict, table, class_="against")


def _tell_limits(brief: Brief) -> str:
    words, whole = brief.words, brief.whole
    told = [words("memo.summary.effect")]
    if brief.feasible and not brief.drawn:
        told.append(words("memo.summary.unsure"))
    if int(whole["unrated"]):
        firms = read_number(whole["unrated_firms"])
        values = {
            "clusters": f"{int(whole['unrated']):,}",
            "of": f"{len(brief.cases):,}",
            "firms": "–" if math.isnan(firms) else f"{firms:,.0f}",
        }
        told.append(words(f"memo.summary.unrated_{brief.decision.unrated}", **values))
    told.append(words("memo.summary.declared"))
    head = element("h3", words("memo.summary.limits"))
    return element("div", head, join_list(told, "findings"), class_="limits")
