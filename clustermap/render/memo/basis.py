"""What a decision rests on: the data with their gaps, the method, and what is not shown."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from clustermap.render.bars import NOTHING
from clustermap.render.markup import element, join_list, quiet, text
from clustermap.render.memo.brief import read_number
from clustermap.render.memo.grid import draw_table

if TYPE_CHECKING:
    from clustermap.render.memo.brief import Brief

_NONE_CHOSEN = {"excluded": "out", "typical": "none"}
_WITHHELD = ("cells", "flows", "names", "firms", "density")


def draw_data(brief: Brief) -> str:
    """Draw what the data cover and what they lack.

    Parameters
    ----------
    brief
        What the memo is written from.

    Returns
    -------
    str
        Markup.
    """
    words, release = brief.words, brief.release
    heads = [
        (words("memo.data.kind"), ""),
        (words("memo.data.links"), "number"),
        (words("memo.data.inside"), "number"),
        (words("memo.data.years"), "number"),
    ]
    rows = [
        (
            text(words.name(f"kind.{row['kind']}", row["kind"])),
            text(f"{int(row['links']):,}"),
            text(f"{int(row['inside']):,}"),
            _tell_years(
                read_number(row["first_year"]),
                read_number(row["last_year"]),
                words.say("memo.data.undated"),
            ),
        )
        for row in release.coverage.to_dict("records")
    ]
    table = draw_table(heads, rows, "coverage") if rows else quiet(words("memo.data.no_links"))
    told = [quiet(words("memo.data.lead")), table, element("h3", words("memo.data.gaps"))]
    told.append(join_list(_tell_gaps(brief), "findings"))
    return "".join(told)


def _tell_years(first: float, last: float, undated: str) -> str:
    if math.isnan(first) or math.isnan(last):
        return text(undated)
    return text(f"{first:.0f}–{last:.0f}" if first != last else f"{first:.0f}")


def _tell_gaps(brief: Brief) -> list[str]:
    words, release = brief.words, brief.release
    whole = brief.whole
    unrated = {
        "clusters": f"{int(whole['unrated']):,}",
        "of": f"{len(brief.cases):,}",
        "firms": _count(read_number(whole["unrated_firms"])),
        "cost": brief.money.say(read_number(whole["unrated_cost"])),
    }
    told = [words("memo.data.all_rated")]
    if int(whole["unrated"]):
        told = [words("memo.data.unrated", **unrated)]
        chosen = int(whole["unrated_chosen"])
        key = f"memo.data.unrated_{brief.decision.unrated}"
        if not chosen:
            key = f"memo.data.unrated_{_NONE_CHOSEN[brief.decision.unrated]}"
        told[0] += " " + words(key, chosen=f"{chosen:,}")
        told.append(_tell_reasons(brief))
    if any(
        math.isnan(case.employees + case.firms + case.capability) for case in brief.cases.values()
    ):
        told.append(words("memo.data.replaced"))
    counts = {name: release.withheld.get(name, 0) for name in _WITHHELD}
    hidden = [
        words.say(f"page.withheld.{name}", count=f"{count:,}")
        for name, count in counts.items()
        if count
    ]
    key = "memo.data.withheld" if hidden else "memo.data.nothing_withheld"
    told.append(words(key, what=", ".join(hidden)))
    told += [words.tell(note) for note in release.notes]
    return [one for one in told if one]


def _tell_reasons(brief: Brief) -> str:
    scores = brief.release.scores
    own = scores[(scores["scenario"] == "default") & (scores["rated"] != 1)]
    counts = own["reason"].astype(object).fillna("").value_counts()
    found = sorted(((-int(count), str(reason)) for reason, count in counts.items()))
    told = [
        brief.words.say(
            "memo.data.reason", clusters=f"{-count:,}", reason=brief.words.name(reason, reason)
        )
        for count, reason in found
        if reason
    ]
    return brief.words("memo.data.reasons", reasons=" ".join(told)) if told else ""


def _count(value: float) -> str:
    return NOTHING if math.isnan(value) else f"{value:,.0f}"


def draw_method(brief: Brief) -> str:
    """Draw the method in five sentences.

    Parameters
    ----------
    brief
        What the memo is written from.

    Returns
    -------
    str
        Markup.
    """
    words, decision, sheet = brief.words, brief.decision, brief.release.sheet
    proven = read_number(brief.whole["proven"])
    profile = brief.name_profile(decision.profiles.get(brief.scenario, "") or sheet.profile)
    industries = [brief.name_industry(one) for one in decision.industries]
    reach = words.say(f"memo.reach.{decision.reach}")
    if industries:
        reach = words.say("memo.reach.of", reach=reach, industries=", ".join(industries))
    told = [
        words("memo.method.score", profile=profile or NOTHING),
        words(
            "memo.method.worth",
            capability=f"{100 * decision.capability:.0f}",
            linkage=f"{100 * (1 - decision.capability):.0f}",
            reach=reach,
            exponent=f"{decision.exponent:g}",
        ),
        words(f"memo.method.{_name_proof(brief, proven)}", gap=f"{100 * proven:.2g}"),
        words("memo.method.draws" if brief.drawn else "memo.method.undrawn",
              draws=f"{int(brief.whole['draws']):,}"),
        words("memo.method.effect"),
        words("memo.method.cost"),
    ]  # fmt: skip
    return element("ol", *(element("li", one) for one in told), class_="method")


def _name_proof(brief: Brief, proven: float) -> str:
    if not brief.feasible:
        return "none"
    return "near" if proven > 0 else "best"


def draw_silence(brief: Brief) -> str:
    """Draw what the memo does not show.

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
    keys = ["effect", "response", "capability", "small", "records"]
    if brief.feasible:
        keys.insert(1, "rated" if brief.drawn else "undrawn")
    if brief.release.advice is None:
        keys.append("advice")
    if all(math.isnan(case.current) for case in brief.cases.values()):
        keys.append("support")
    told = [words(f"memo.silence.{key}") for key in keys]
    return join_list(told, "findings") + quiet(words("memo.silence.tables"))
