"""Rules of a scenario as people read them, and what each costs."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from clustermap.messages import say
from clustermap.render.bars import NOTHING, bar, percent, span_all, track
from clustermap.render.markup import element, join_list, quiet, text
from clustermap.render.memo.brief import read_number
from clustermap.render.memo.grid import draw_table
from clustermap.render.safe import clean_text

if TYPE_CHECKING:
    from clustermap.render.memo.brief import Brief, Row

_BUDGET = "budget"
_OF_INDUSTRIES = " industry "


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
        Plain text; what no rule is known of stays as it was written.
    """
    words = brief.words
    if written == _BUDGET:
        return words.say("memo.budget", amount=brief.money.say(float(brief.whole["budget"])))
    message = brief.decision.rules.get(brief.scenario, {}).get(str(written))
    if message is None:
        return clean_text(written)
    if _OF_INDUSTRIES in str(written):
        values = {key: _name_industries(brief, value) for key, value in message.values.items()}
        message = replace(message, values=values)
    return say(message, words.language)


def _name_industries(brief: Brief, value: object) -> object:
    if isinstance(value, tuple | list):
        return tuple(_name_industries(brief, one) for one in value)
    if isinstance(value, str) and value in brief.release.industries:
        return brief.name_industry(value)
    return value


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
    return join_list(named, "conflict")


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
