"""Clusters with high scores that are not chosen, and what keeps them out."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from clustermap.render.bars import NOTHING, portion
from clustermap.render.markup import element, quiet, text
from clustermap.render.memo.grid import decimal, draw_mark, draw_table, name_case, tell_known
from clustermap.render.memo.rules import name_rule
from clustermap.render.memo.sureness import best_by_score

if TYPE_CHECKING:
    from clustermap.render.memo.brief import Brief, Case

_MOST = 10


def draw_missed(brief: Brief) -> str:
    """Draw the clusters with the highest linkage scores that are not chosen.

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
    found = [case for case in best_by_score(brief) if not case.selected][:_MOST]
    if not found:
        return quiet(words("memo.missed.all"))
    # A table of an older run does not say which rules keep a cluster out.
    freed = "freed_by" in brief.decision.why_not.columns
    reach = brief.decision.reach
    heads = [
        (words("memo.portfolio.cluster"), "who"),
        (words("memo.missed.score"), "number"),
        (words(f"memo.cluster.{reach}"), "number"),
        (words("memo.portfolio.cost", unit=brief.money.unit), "number"),
        (words("memo.missed.money"), "number"),
        *([(words("memo.missed.freed"), "wide")] if freed else []),
        *([(words("memo.nearest.share"), "number")] if brief.drawn else []),
    ]
    money = [case.worth_for_money for case in brief.chosen]
    least = min((one for one in money if not math.isnan(one)), default=math.nan)
    rows = [
        (
            draw_mark(case.mark, words.say(f"memo.mark.{case.mark}")) + name_case(case),
            text(decimal(case.score)),
            tell_known(words, getattr(case, reach), 0),
            text(brief.money.number(case.cost)),
            _tell_times(brief, case, least),
            *([_name_freed(brief, case)] if freed else []),
            *([_tell_share(case)] if brief.drawn else []),
        )
        for case in found
    ]
    lead = quiet(words("memo.missed.lead", clusters=f"{len(found):,}"))
    return lead + element("div", draw_table(heads, rows, "cases missed"), class_="scroll")


def _tell_times(brief: Brief, case: Case, least: float) -> str:
    times = case.worth_for_money / least if least > 0 else math.nan
    if math.isnan(times):
        return text(NOTHING)
    return brief.words("memo.against.times", times=decimal(times, 2))


def _name_freed(brief: Brief, case: Case) -> str:
    if case.ineligible:
        return brief.words("memo.missed.ineligible")
    named = [name_rule(brief, rule) for rule in case.freed]
    return element("small", text("; ".join(named)) if named else brief.words("memo.missed.none"))


def _tell_share(case: Case) -> str:
    return element("b", text(portion(case.inclusion)))
