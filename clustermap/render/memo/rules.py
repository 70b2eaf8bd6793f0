"""Rules of a scenario as people read them, and what each costs."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from clustermap.render.bars import NOTHING, bar, percent, span_all, track
from clustermap.render.markup import element, join_list, quiet, text
from clustermap.render.memo.brief import read_number
from clustermap.render.memo.grid import draw_table
from clustermap.render.safe import clean_text

if TYPE_CHECKING:
    from clustermap.render.memo.brief import Brief, Row

_WRITTEN = re.compile(r"(\d+) (region|industry|kind) (min|max|min_share|max_share)")
_OF_ONE = re.compile(r"(must|must_not) (.+)", re.DOTALL)
_OURS = ("budget", "overlaps", "unrated", "unknown_reach")


def name_rule(brief: Brief, written: object) -> str:
    """Return what a rule says.

    Parameters
    ----------
    brief
        What the memo is written from.
    written
        The rule as the tables call it.

    Returns
    -------
    str
        Plain text; what is no rule of ours stays as it was written.
    """
    words, told = brief.words, str(written)
    if told in _OURS:
        return words.say(f"memo.rule.{told}", amount=brief.money.say(float(brief.whole["budget"])))
    if found := _WRITTEN.fullmatch(told):
        group = words.say(f"memo.rule.by_{found[2]}")
        return words.say(f"memo.rule.{found[3]}", number=found[1], group=group)
    if found := _OF_ONE.fullmatch(told):
        return words.say(f"memo.rule.{found[1]}", cluster=brief.name(found[2]))
    return clean_text(written)


def tell_conflict(brief: Brief) -> str:
    """Return the rules that cannot hold together.

    Parameters
    ----------
    brief
        What the memo is written from; its rules leave no portfolio.

    Returns
    -------
    str
        Markup.
    """
    rules = brief.of(brief.decision.rule_prices)
    named = [text(name_rule(brief, rule)) for rule in rules.loc[rules["conflict"] == 1, "rule"]]
    told = brief.decision.told.get(brief.scenario, ())
    return join_list(named, "conflict") + "".join(
        element("p", brief.words.tell(message), class_="quiet") for message in told
    )


def draw_prices(brief: Brief) -> str:
    """Draw what each rule costs.

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
    rows = brief.of(brief.decision.rule_prices).to_dict("records")
    if not rows:
        return quiet(words("memo.prices.none"))
    worth = read_number(brief.whole["worth"])
    shares = [read_number(row["price"]) / worth if worth > 0 else math.nan for row in rows]
    axis = span_all(shares, 0.1)
    found = sorted(zip(shares, rows, strict=True), key=_dearest)
    heads = [
        (words("memo.prices.rule"), ""),
        (words("memo.prices.price"), "bar-cell"),
        (words("memo.prices.enter"), "number"),
        (words("memo.prices.leave"), "number"),
    ]
    cells = [
        (
            text(name_rule(brief, row["rule"])),
            track(axis, bar(axis, share, "core"))
            + element("span", _tell_share(share), class_="told"),
            _count(row["enter"]),
            _count(row["leave"]),
        )
        for share, row in found
    ]
    return (
        element("p", words("memo.prices.lead"), class_="quiet")
        + draw_table(heads, cells, "rules")
        + quiet(words("memo.prices.note"))
    )


def _dearest(found: tuple[float, Row]) -> tuple[float, str]:
    share, row = found
    return (0.0 if math.isnan(share) else -share), str(row["rule"])


def _tell_share(share: float) -> str:
    if math.isnan(share):
        return NOTHING
    told = percent(share) if share >= 0.1 or share == 0 else f"{100 * share:.1f}"
    return text(f"{told}\u202f%")


def _count(value: object) -> str:
    number = read_number(value)
    return NOTHING if math.isnan(number) else text(f"{number:,.0f}")
