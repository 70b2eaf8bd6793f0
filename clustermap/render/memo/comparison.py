"""The portfolio beside simpler ways of giving out the same money."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from clustermap.render.bars import NOTHING, Axis, bar, percent, portion, span_all, track
from clustermap.render.markup import element, join_list, quiet, text
from clustermap.render.memo.brief import read_number
from clustermap.render.memo.grid import decimal, draw_table
from clustermap.render.safe import clean_text
from clustermap.selection.comparators import COMPARATORS, CURRENT, CURVES, EQUAL, RANDOM, TOP

if TYPE_CHECKING:
    from clustermap.render.memo.brief import Brief, Row

_OWN = COMPARATORS[0]
_SURE = 0.95  # share of draws from which one way is said to be worth more


def read_ways(brief: Brief) -> dict[str, dict[str, Row]]:
    """Return the ways of giving out money.

    Parameters
    ----------
    brief
        What the memo is written from.

    Returns
    -------
    dict
        Way to curve to its row of the table COMPARATORS, the portfolio first.
    """
    ways: dict[str, dict[str, Row]] = {}
    for row in brief.of(brief.decision.comparators).to_dict("records"):
        ways.setdefault(str(row["comparator"]), {})[str(row["curve"])] = row
    return {way: ways[way] for way in COMPARATORS if way in ways}


def draw_comparison(brief: Brief) -> str:
    """Draw what the same money is worth if it is given out otherwise, by three responses.

    Parameters
    ----------
    brief
        What the memo is written from.

    Returns
    -------
    str
        Markup.
    """
    words, ways = brief.words, read_ways(brief)
    if not ways:
        return quiet(words("memo.against.none"))
    lead = quiet(words("memo.against.lead"))
    return "".join(
        (
            lead,
            element("p", words(tell_verdict(brief)), class_="answer"),
            _draw_worth(brief, ways),
            quiet(*_list_notes(brief, ways)),
            element("h3", words("memo.against.spread")),
            _draw_spread(brief, ways),
            quiet(words("memo.against.spread_note")),
        )
    )


def _list_notes(brief: Brief, ways: dict[str, dict[str, Row]]) -> list[str]:
    words = brief.words
    notes = [words(f"memo.against.{way}") for way in (RANDOM, TOP) if way in ways]
    if CURRENT in ways:
        amounts = {"current": _tell_spent(brief, ways[CURRENT]),
                   "budget": brief.money.say(float(brief.whole["budget"]))}  # fmt: skip
        notes.append(words("memo.against.current", **amounts))
    return [*notes, words("memo.against.ties")]


def _tell_spent(brief: Brief, rows: dict[str, Row]) -> str:
    return brief.money.say(read_number(rows[min(rows)]["spent"]))


def _find_base(brief: Brief, ways: dict[str, dict[str, Row]], curve: str) -> tuple[str, float]:
    """Return what worth is told in multiples of: the equal split, where it is worth anything."""
    row = ways.get(EQUAL, {}).get(curve)
    equal = math.nan if row is None else read_number(row["worth"])
    return (EQUAL, equal) if equal > 0 else (_OWN, read_number(brief.whole["worth"]))


def tell_verdict(brief: Brief) -> str:
    """Return which sentence says how the portfolio fares.

    Parameters
    ----------
    brief
        What the memo is written from.

    Returns
    -------
    str
        Its key: ahead of all ways by every response, of none, or it depends.
    """
    ahead = [
        _is_ahead(rows[curve], read_number(brief.whole["worth"]))
        for way, rows in _take_same(read_ways(brief)).items()
        if way != _OWN
        for curve in CURVES
        if curve in rows
    ]
    if all(ahead):
        return "memo.against.always"
    return "memo.against.never" if not any(ahead) else "memo.against.depends"


def _take_same(ways: dict[str, dict[str, Row]]) -> dict[str, dict[str, Row]]:
    # Support as it is spends other money, and is no way of giving out this.
    return {way: rows for way, rows in ways.items() if way != CURRENT}


def _is_ahead(row: Row, worth: float) -> bool:
    beaten = read_number(row["beaten"])
    if math.isnan(beaten):
        return worth > read_number(row["worth"])
    return beaten >= _SURE


def _draw_worth(brief: Brief, ways: dict[str, dict[str, Row]]) -> str:
    words = brief.words
    bases = {curve: _find_base(brief, ways, curve) for curve in CURVES}
    axes = {
        curve: span_all(
            [read_number(rows[curve]["worth"]) / base if base > 0 else math.nan
             for rows in ways.values() if curve in rows],
            1.0,
        )
        for curve, (_, base) in bases.items()
    }  # fmt: skip
    heads = [(words("memo.against.way"), "who")]
    for curve in CURVES:
        told = element("b", words(f"memo.curve.{curve}")) + element(
            "small", words(f"memo.curve.{curve}_note")
        )
        if bases[curve][0] == _OWN:
            told += element("small", words("memo.against.based_own"))
        heads.append((told, "bar-cell"))
    rows = []
    for way, by_curve in ways.items():
        drawn = (
            _draw_cell(brief, way, by_curve.get(curve), bases[curve][1], axes[curve])
            for curve in CURVES
        )
        rows.append([_name_way(brief, way, by_curve), *drawn])
    return draw_table(heads, rows, "ways", words("memo.against.caption"))


def _name_way(brief: Brief, way: str, rows: dict[str, Row]) -> str:
    name = brief.words(f"memo.way.{way}")
    if way != CURRENT:
        return name
    spent = brief.words("memo.against.current_spends", current=_tell_spent(brief, rows))
    return name + element("small", spent)


def _draw_cell(brief: Brief, way: str, row: Row | None, base: float, axis: Axis) -> str:
    if row is None or not base > 0:
        return NOTHING
    share = read_number(row["worth"]) / base
    own = element("i", class_="own", style=f"left:{axis.place(1):.2f}%")
    drawn = track(axis, bar(axis, share, "core" if way == _OWN else "other"), own)
    told = element("b", brief.words("memo.against.times", times=decimal(share, 2)))
    if way in {_OWN, CURRENT}:
        return drawn + told
    beaten = read_number(row["beaten"])
    said = (
        brief.words.say("memo.against.beaten", share=portion(beaten))
        if not math.isnan(beaten)
        else ""
    )
    return drawn + told + element("small", text(said))


def _draw_spread(brief: Brief, ways: dict[str, dict[str, Row]]) -> str:
    words, money = brief.words, brief.money
    heads = [
        (words("memo.against.way"), "who"),
        (words("memo.against.reached"), "number"),
        (words("memo.against.firms"), "number"),
        (words("memo.against.people"), "number"),
        (words("memo.against.spent", unit=money.unit), "number"),
        (words("memo.against.region"), "number wide"),
        (words("memo.against.industry"), "number wide"),
    ]
    rows = []
    for way, by_curve in ways.items():
        row = by_curve[min(by_curve)]
        rows.append(
            (
                words(f"memo.way.{way}"),
                decimal(read_number(row["reached"]), 0),
                decimal(read_number(row["firms_reached"]), 0),
                decimal(read_number(row["people_reached"]), 0),
                text(money.number(read_number(row["spent"]))),
                _tell_concentration(brief, row, "region"),
                _tell_concentration(brief, row, "industry"),
            )
        )
    return draw_table(heads, rows, "spread")


def _tell_concentration(brief: Brief, row: Row, by: str) -> str:
    index, share = read_number(row[f"hhi_{by}"]), read_number(row[f"top_{by}_share"])
    if not index > 0:
        return NOTHING
    name = clean_text(row[f"top_{by}"])
    if by == "industry":
        name = brief.name_industry(name)
    name = name or brief.words.say("memo.against.top_unnamed")
    told = element("b", brief.words("memo.against.even", count=decimal(1 / index)))
    return told + element("small", text(f"{name} {percent(share)}\u202f%"))


def draw_short(brief: Brief) -> str:
    """Draw in short in which share of draws the portfolio is worth more than each way.

    Parameters
    ----------
    brief
        What the memo is written from.

    Returns
    -------
    str
        Markup; a list of sentences where there are no draws.
    """
    words, ways = brief.words, read_ways(brief)
    others = {way: rows for way, rows in _take_same(ways).items() if way != _OWN}
    if not others:
        return ""
    if not brief.drawn:
        return join_list([words(tell_verdict(brief))])
    heads = [(words("memo.against.way"), "who")]
    heads += [(words(f"memo.curve.{curve}"), "number") for curve in CURVES]
    rows = [
        [words(f"memo.way.{way}"), *(_tell_beaten(rows.get(curve)) for curve in CURVES)]
        for way, rows in others.items()
    ]
    return draw_table(heads, rows, "short", words("memo.summary.against"))


def _tell_beaten(row: Row | None) -> str:
    share = math.nan if row is None else read_number(row["beaten"])
    if math.isnan(share):
        return NOTHING
    told = text(f"{portion(share)}\u202f%")
    return element("b", told) if share >= _SURE else told
