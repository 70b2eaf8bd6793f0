"""What other scenarios and profiles would choose."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from clustermap.render.bars import NOTHING, Axis, bar, percent, ticks, track, two
from clustermap.render.markup import element, quiet, text
from clustermap.render.memo.brief import BORDERLINE, CORE, EXTERIOR, read_number
from clustermap.render.memo.grid import draw_mark, draw_table, name_case
from clustermap.render.safe import clean_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clustermap.render.memo.brief import Brief, Row

_LEANINGS = ("linkage", "capability", "reach", "cost")
_CORRELATION = Axis(-1, 1)
_ENDS = ((-1.0, "−1"), (0.0, "0"), (1.0, "1"))
_WIDE = 4  # scenarios beside the project's own in one table
_MANY = 60  # clusters that scenarios are compared by


def draw_scenarios(brief: Brief) -> str:
    """Draw the scenarios side by side.

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
    rows = brief.decision.portfolios.to_dict("records")
    told = [quiet(words("memo.sensitivity.lead"))]
    if len(rows) > 1:
        own, *others = rows
        starts = range(0, len(others), _WIDE)
        beside = [[own, *others[start : start + _WIDE]] for start in starts]
        told += [_draw_figures(brief, some) for some in beside]
        told.append(quiet(words("memo.sensitivity.worth_note")))
        told += [_draw_choices(brief, some) for some in beside]
    else:
        told.append(quiet(words("memo.sensitivity.none")))
    told += [_draw_leaning(brief), _draw_profiles(brief), _tell_reach(brief)]
    return "".join(told)


def name_scenario(brief: Brief, scenario: object) -> str:
    """Return the name of a scenario.

    Parameters
    ----------
    brief
        What the memo is written from.
    scenario
        Its name in the tables (user text, but for the project's own).

    Returns
    -------
    str
        Plain text.
    """
    if str(scenario) == brief.scenario:
        return brief.words.say("memo.sensitivity.own")
    return clean_text(scenario)


def _selected(brief: Brief, scenario: str) -> set[str]:
    rows = brief.decision.selection
    found = rows[(rows["scenario"] == scenario) & (rows["selected"] == 1)]
    return {str(one) for one in found["cluster"]}


def _draw_figures(brief: Brief, rows: Sequence[Row]) -> str:
    words, money = brief.words, brief.money
    own = {case.cluster for case in brief.chosen}
    heads = [(words("memo.sensitivity.figure"), "")]
    heads += [(text(name_scenario(brief, row["scenario"])), "number") for row in rows]

    def line(key: str, told: list[str]) -> list[str]:
        return [words(f"memo.sensitivity.{key}", unit=money.unit), *told]

    def count(row: Row, name: str) -> str:
        return f"{int(row[name]):,}" if row["feasible"] == 1 else NOTHING

    profiles = [
        brief.name_profile(brief.decision.profiles.get(str(row["scenario"]), "")) for row in rows
    ]
    shared = [
        f"{len(own & _selected(brief, str(row['scenario']))):,}"
        if row["feasible"] == 1
        else NOTHING
        for row in rows
    ]
    table = [
        line("profile", [text(name) or NOTHING for name in profiles]),
        line(
            "capability",
            [text(percent(read_number(row["capability_weight"]))) for row in rows],
        ),
        line("reach", [text(_tell_exponent(read_number(row["reach_exponent"]))) for row in rows]),
        line("budget", [text(money.number(read_number(row["budget"]))) for row in rows]),
        line("spent", [text(money.number(read_number(row["spent"]))) for row in rows]),
        line("chosen", [count(row, "chosen") for row in rows]),
        line("core", [count(row, "core") if row["draws"] > 0 else NOTHING for row in rows]),
        line("borderline", [count(row, "borderline") if row["draws"] > 0 else NOTHING
                            for row in rows]),
        line("shared", shared),
    ]  # fmt: skip
    return element("div", draw_table(heads, table, "scenarios"), class_="scroll")


def _tell_exponent(exponent: float) -> str:
    return NOTHING if math.isnan(exponent) else f"{exponent:g}"


def _draw_choices(brief: Brief, rows: Sequence[Row]) -> str:
    """Draw the clusters that not all scenarios choose."""
    words = brief.words
    names = [str(row["scenario"]) for row in rows if row["feasible"] == 1]
    chosen = {name: _selected(brief, name) for name in names}
    if len(names) < 2:
        return ""
    always = set.intersection(*chosen.values())
    differ = set.union(*chosen.values()) - always
    told = [
        element("h3", words("memo.sensitivity.differ")),
        quiet(
            words("memo.sensitivity.always", clusters=f"{len(always):,}")
            if always
            else words("memo.sensitivity.none_always")
        ),
    ]
    if not differ:
        return "".join((*told, quiet(words("memo.sensitivity.same"))))
    order = sorted(differ, key=lambda one: (-sum(one in found for found in chosen.values()), one))
    marks = {name: _read_marks(brief, name) for name in names}
    heads = [(words("memo.portfolio.cluster"), "who")]
    heads += [(text(name_scenario(brief, name)), "middle") for name in names]
    cells = [
        [
            name_case(brief.cases[one], whole=False) if one in brief.cases else text(one),
            *(_draw_choice(brief, marks[name].get(one, "out")) for name in names),
        ]
        for one in order[:_MANY]
    ]
    told.append(element("div", draw_table(heads, cells, "choices"), class_="scroll"))
    if len(order) > _MANY:
        told.append(quiet(words("memo.more", more=f"{len(order) - _MANY:,}")))
    return "".join(told)


def _read_marks(brief: Brief, scenario: str) -> dict[str, str]:
    rows = brief.decision.selection
    marks = {
        (1, CORE): "core", (1, BORDERLINE): "within", (1, EXTERIOR): "within",
        (0, BORDERLINE): "without", (0, CORE): "without",
    }  # fmt: skip
    found = rows[rows["scenario"] == scenario]
    return {
        str(cluster): marks.get((chosen, standing), "chosen" if chosen else _name_away(why))
        for cluster, chosen, standing, why in zip(
            found["cluster"],
            (found["selected"] == 1).fillna(False).astype(int),
            found["standing"],
            found["ineligible"],
            strict=True,
        )
    }


def _name_away(why: object) -> str:
    return "barred" if clean_text(why) else "out"


def _draw_choice(brief: Brief, mark: str) -> str:
    return draw_mark(mark, brief.words.say(f"memo.mark.{mark}"))


def _draw_profiles(brief: Brief) -> str:
    """Draw how many of the chosen are among as many best by every profile."""
    words, scores = brief.words, brief.release.scores
    own = {case.cluster for case in brief.chosen}
    scenarios = ("default", *(profile.name for profile in brief.release.profiles[1:]))
    rows = []
    for scenario, profile in zip(scenarios, brief.release.profiles, strict=False):
        found = scores[(scores["scenario"] == scenario) & (scores["rated"] == 1)]
        if found["rank"].isna().all():
            continue
        best = found.sort_values(["rank", "cluster"])["cluster"].head(len(own))
        shared = len(own & {str(one) for one in best})
        rows.append(
            [text(brief.name_profile(profile.name)), f"{shared:,}",
             text(f"{percent(shared / len(own))}\u202f%") if own else NOTHING]
        )  # fmt: skip
    if not rows or not own:
        return ""
    heads = [
        (words("memo.sensitivity.profile_head"), ""),
        (words("memo.sensitivity.profile_shared", clusters=f"{len(own):,}"), "number"),
        (words("memo.sensitivity.profile_share"), "number"),
    ]
    return "".join(
        (
            element("h3", words("memo.sensitivity.profiles")),
            quiet(words("memo.sensitivity.profiles_note")),
            draw_table(heads, rows, "profiles"),
        )
    )


def _tell_reach(brief: Brief) -> str:
    words = brief.words
    exponent = brief.decision.exponent
    told = [
        words(
            "memo.sensitivity.exponent",
            reach=words.say(f"memo.reach.{brief.decision.reach}"),
            exponent=f"{exponent:g}",
            times=f"{4**exponent:.3g}",
        )
    ]
    others = {read_number(one) for one in brief.decision.portfolios["reach_exponent"]} - {exponent}
    varied = any(not math.isnan(one) for one in others)
    told.append(words(f"memo.sensitivity.exponent_{'varied' if varied else 'alone'}"))
    return element("h3", words("memo.sensitivity.exponent_title")) + quiet(*told)


def _draw_leaning(brief: Brief) -> str:
    """Draw what the order by value for money goes with."""
    words = brief.words
    found = {name: read_number(brief.whole[f"leaning_{name}"]) for name in _LEANINGS}
    if all(math.isnan(rho) for rho in found.values()):
        return ""
    rows = (
        element(
            "li",
            element("span", words(f"memo.leaning.{name}")),
            track(_CORRELATION, bar(_CORRELATION, rho, "against" if rho < 0 else "with")),
            element("p", element("b", text(two(rho)))),
        )
        for name, rho in found.items()
    )
    ends = element("li", element("span"), ticks(_CORRELATION, _ENDS), element("p"), class_="ends")
    return "".join(
        (
            element("h3", words("memo.leaning.title")),
            quiet(words("memo.leaning.note")),
            element("ul", *rows, ends, class_="axes leaning"),
        )
    )
