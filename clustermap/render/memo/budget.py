"""What more or less money would choose: worth along the budget, and which clusters stand in."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from clustermap.render.bars import percent
from clustermap.render.markup import element, quiet, text
from clustermap.render.memo.brief import read_number
from clustermap.render.memo.grid import draw_mark, draw_table, name_case

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clustermap.render.memo.brief import Brief, Case

_WIDTH, _HEIGHT = 660.0, 250.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 52.0, 612.0, 26.0, 200.0
_CELL, _TALL = 9.0, 12.0
_MANY = 60  # rows of the matrix above which those that never change are left out
_SLACK = 1e-9
_NUMBERED = 24.0  # units between two numbers over the line


class _Step(NamedTuple):
    share: float
    budget: float
    worth: float
    chosen: int
    dropped: int


class _Stay(NamedTuple):
    case: Case
    within: frozenset[int]
    dropped: tuple[int, ...]


def draw_path(brief: Brief) -> str:
    """Draw what the portfolio is worth with more and with less money.

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
    steps = _read_steps(brief)
    whole = read_number(brief.whole["worth"])
    if not steps or not whole > 0:
        return quiet(words("memo.path.none"))
    return "".join(
        (
            quiet(words("memo.path.lead")),
            element("p", *_tell_margin(brief, steps, whole), class_="answer"),
            element("figure", _draw_chart(brief, steps, whole)),
        )
    )


def _read_steps(brief: Brief) -> list[_Step]:
    rows = brief.of(brief.decision.budget_path).sort_values("budget_share").to_dict("records")
    return [
        _Step(
            float(row["budget_share"]),
            float(row["budget"]),
            read_number(row["worth"]) if row["feasible"] == 1 else math.nan,
            int(row["chosen"]),
            int(row["dropped"]),
        )
        for row in rows
    ]


def _tell_margin(brief: Brief, steps: Sequence[_Step], whole: float) -> list[str]:
    words = brief.words
    less = max((step for step in steps if step.share < 1 - _SLACK), default=None)
    more = min((step for step in steps if step.share > 1 + _SLACK), default=None)
    told = []
    if less is not None and not math.isnan(less.worth):
        values = {"money": percent(1 - less.share), "worth": _tenth(1 - less.worth / whole)}
        told.append(words("memo.path.less", **values))
    elif less is not None:
        told.append(words("memo.path.less_none", money=percent(1 - less.share)))
    if more is not None and not math.isnan(more.worth):
        values = {"money": percent(more.share - 1), "worth": _tenth(more.worth / whole - 1)}
        told.append(words("memo.path.more", **values))
    return [" ".join(told)]


def _tenth(share: float) -> str:
    return f"{100 * share:.1f}".removesuffix(".0")


def _draw_chart(brief: Brief, steps: Sequence[_Step], whole: float) -> str:
    words = brief.words
    known = [step for step in steps if not math.isnan(step.worth)]
    last = max(steps[-1].share, 1.0)
    top = max([1.0, *(step.worth / whole for step in known)])

    def across(share: float) -> float:
        return _LEFT + (_RIGHT - _LEFT) * share / last

    def down(share: float) -> float:
        return _BOTTOM - (_BOTTOM - _TOP) * share / top

    drawn = [*_draw_axes(brief, steps, last, top)]
    line = "L".join(f"{across(s.share):.1f} {down(s.worth / whole):.1f}" for s in known)
    here = f"M{across(1):.1f} {_BOTTOM:.1f}V{down(1):.1f}H{_LEFT:g}"
    drawn.append(element("path", d=here, class_="here"))
    drawn.append(element("path", d=f"M{line}", class_="line"))
    before = -math.inf
    for step in known:
        x, y = across(step.share), down(step.worth / whole)
        own = abs(step.share - 1) < _SLACK
        place = {"cx": f"{x:.1f}", "cy": f"{y:.1f}", "r": "5" if own else "3"}
        drawn.append(element("circle", **place, class_="point own" if own else "point"))
        if x - before >= _NUMBERED:
            before = x
            drawn.append(_write(str(step.chosen), x, y - 9, "middle", "count"))
    for step in steps:
        if math.isnan(step.worth):
            x = across(step.share)
            cross = f"M{x - 3:.1f} {_BOTTOM - 3:.1f}l6 6m0-6l-6 6"
            drawn.append(element("path", d=cross, class_="cross"))
    title = element("title", words("memo.path.title"))
    size = f"0 0 {_WIDTH:g} {_HEIGHT:g}"
    return element("svg", title, *drawn, viewBox=size, role="img", class_="chart")


def _draw_axes(brief: Brief, steps: Sequence[_Step], last: float, top: float) -> list[str]:
    words = brief.words
    drawn = []
    budget = float(brief.whole["budget"])
    for quarter in range(int(top * 4 + _SLACK) + 1):
        if top > 2 and quarter % 2:
            continue
        share = quarter / 4
        y = _BOTTOM - (_BOTTOM - _TOP) * share / top
        drawn.append(element("path", d=f"M{_LEFT:g} {y:.1f}H{_RIGHT:g}", class_="rule"))
        drawn.append(_write(f"{percent(share)}\u202f%", _LEFT - 8, y + 3.5, "end", "tick"))
    half = 0
    while half / 2 <= last + _SLACK:
        share = half / 2
        x = _LEFT + (_RIGHT - _LEFT) * share / last
        kind = "tick own" if half == 2 else "tick"
        drawn.append(_write(f"{percent(share)}\u202f%", x, _BOTTOM + 17, "middle", kind))
        money = brief.money.say(budget * share) if half else "0"
        drawn.append(_write(money, x, _BOTTOM + 31, "middle", kind))
        half += 1
    drawn.append(_write(words.say("memo.path.worth"), 4, 12, "start", "axis"))
    drawn.append(_write(words.say("memo.path.budget"), _RIGHT, _HEIGHT - 3, "end", "axis"))
    if any(math.isnan(step.worth) for step in steps):
        drawn.append(_write(words.say("memo.path.cross"), _LEFT, _HEIGHT - 3, "start", "axis"))
    return drawn


def _write(told: str, x: float, y: float, anchor: str, kind: str) -> str:
    return element("text", text(told), x=f"{x:.1f}", y=f"{y:.1f}", text_anchor=anchor, class_=kind)


def draw_stays(brief: Brief) -> str:
    """Draw with which budget each cluster is chosen, and which drop out for more money.

    Parameters
    ----------
    brief
        What the memo is written from.

    Returns
    -------
    str
        Markup; "" where no path is known.
    """
    words = brief.words
    steps = _read_steps(brief)
    shares = [step.share for step in steps]
    stays = _read_stays(brief, shares)
    if not stays:
        return ""
    shown = stays
    notes = [words("memo.stays.lead")]
    if len(stays) > _MANY:
        shown = [stay for stay in stays if stay.dropped or _is_near(stay, shares)][:_MANY]
        notes.append(words("memo.stays.cut", clusters=f"{len(stays) - len(shown):,}"))
    heads = [
        (words("memo.portfolio.cluster"), "who"),
        (
            element("span", words("memo.stays.head"), class_="unseen") + _draw_head(shares),
            "strip-cell",
        ),
        (words("memo.stays.words"), "wide"),
    ]
    rows = [
        (
            draw_mark(stay.case.mark) + name_case(stay.case, whole=False),
            _draw_strip(stay, shares),
            text(_tell_stay(brief, stay, shares)),
        )
        for stay in shown
    ]
    table = draw_table(heads, rows, "stays")
    return element("h3", words("memo.stays.title")) + quiet(*notes) + table


def _read_stays(brief: Brief, shares: Sequence[float]) -> list[_Stay]:
    rows = brief.of(brief.decision.budget_steps).to_dict("records")
    place = {f"{share:.6f}": at for at, share in enumerate(shares)}
    within: dict[str, set[int]] = {}
    dropped: dict[str, set[int]] = {}
    for row in rows:
        at = place.get(f"{float(row['budget_share']):.6f}")
        cluster = str(row["cluster"])
        if at is not None and cluster in brief.cases:
            (within if row["selected"] == 1 else dropped).setdefault(cluster, set()).add(at)
    found = [
        _Stay(brief.cases[one], frozenset(at), tuple(sorted(dropped.get(one, ()))))
        for one, at in within.items()
    ]
    return sorted(found, key=lambda stay: (min(stay.within), -len(stay.within), stay.case.cluster))


def _is_near(stay: _Stay, shares: Sequence[float]) -> bool:
    return any(abs(shares[at] - 1) < 0.35 for at in (min(stay.within),))


def _draw_head(shares: Sequence[float]) -> str:
    marks = []
    for at, share in enumerate(shares):
        if f"{share * 2:.6f}".endswith(".000000"):
            marks.append(
                element(
                    "text", text(percent(share)), x=f"{_CELL * (at + 0.5):.1f}", y="9",
                    text_anchor="middle", class_="own" if abs(share - 1) < _SLACK else "tick",
                )
            )  # fmt: skip
    return _strip(len(shares), marks)


def _draw_strip(stay: _Stay, shares: Sequence[float]) -> str:
    drawn = []
    for at in range(len(shares)):
        x = _CELL * at
        size = {"x": f"{x + 0.5:.1f}", "y": "1", "width": f"{_CELL - 1:g}", "height": "10"}
        kind = "in" if at in stay.within else "lost" if at in stay.dropped else "blank"
        drawn.append(element("rect", **size, class_=kind))
        if kind == "lost":
            drawn.append(element("path", d=f"M{x + 2.5:.1f} 4l4 4m0-4l-4 4", class_="cross"))
    own = next((at for at, share in enumerate(shares) if abs(share - 1) < _SLACK), None)
    if own is not None:
        frame = {"x": f"{_CELL * own - 0.25:.2f}", "y": "0.25"}
        side = {"width": f"{_CELL + 0.5:g}", "height": f"{_TALL - 0.5:g}"}
        drawn.append(element("rect", **frame, **side, class_="frame"))
    return _strip(len(shares), drawn)


def _strip(cells: int, drawn: Sequence[str]) -> str:
    size = {"viewBox": f"-4 0 {_CELL * cells + 8:g} {_TALL:g}"}
    return element("svg", *drawn, **size, class_="strip", aria_hidden="true")


def _tell_stay(brief: Brief, stay: _Stay, shares: Sequence[float]) -> str:
    told = [brief.words.say("memo.stays.from", share=percent(shares[min(stay.within)]))]
    if stay.dropped:
        out = ", ".join(f"{first}–{last}" if first != last else first
                        for first, last in _join_runs(stay.dropped, shares))  # fmt: skip
        told.append(brief.words.say("memo.stays.out", shares=out))
    return " · ".join(told)


def _join_runs(places: Sequence[int], shares: Sequence[float]) -> list[tuple[str, str]]:
    """Return the first and last share of places that follow each other."""
    runs: list[list[int]] = []
    for at in places:
        if runs and runs[-1][-1] == at - 1:
            runs[-1].append(at)
        else:
            runs.append([at])
    return [(percent(shares[run[0]]), percent(shares[run[-1]])) for run in runs]
