"""What is said of how sure a choice is, and of what the order behind it goes with."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from clustermap.render.bars import percent, two
from clustermap.render.memo.brief import read_number
from clustermap.selection.robustness import EVEN, is_even

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clustermap.render.memo.brief import Brief, Case

_LEANINGS = ("linkage", "capability", "reach", "cost")
_HARDLY = 0.2  # rank correlation below which an order hardly follows a figure


def define_standings(brief: Brief) -> tuple[str, str]:
    """Return when a cluster is core, exterior or borderline, and what a share is a share of.

    Parameters
    ----------
    brief
        What the memo is written from; standings are known.

    Returns
    -------
    tuple
        Two sentences, as markup.
    """
    draws = int(brief.whole["draws"])
    counted = brief.of(brief.decision.selection)["counted"].dropna()
    first = int(counted.min()) if len(counted) else draws
    values = {"draws": f"{draws:,}", "first": f"{first:,}"}
    key = "settled" if 0 < first < draws else "draws"
    return brief.words("memo.define.core"), brief.words(f"memo.define.{key}", **values)


def tell_even(brief: Brief, cases: Sequence[Case]) -> list[str]:
    """Return about how many of some borderline clusters the data do not decide.

    Parameters
    ----------
    brief
        What the memo is written from.
    cases
        Borderline clusters of one mark.

    Returns
    -------
    list
        Sentences, as markup; none for nobody.
    """
    counts = {"high": 0, "even": 0, "low": 0}
    for case in cases:
        leans = "high" if case.inclusion > EVEN[1] else "low"
        counts["even" if is_even(case.inclusion) else leans] += 1
    return [
        brief.words(
            "memo.even.even" if where == "even" else f"memo.even.{cases[0].mark}_{where}",
            clusters=f"{count:,}",
        )
        for where, count in counts.items()
        if count
    ]


def tell_crossed(brief: Brief, within: Sequence[Case], without: Sequence[Case]) -> str:
    """Return why one may be chosen though one that is not has a larger share of draws.

    Parameters
    ----------
    brief
        What the memo is written from.
    within, without
        Borderline clusters that are chosen, and that are not.

    Returns
    -------
    str
        Markup; "" where there are no two such clusters.
    """
    least = min((case.inclusion for case in within), default=math.inf)
    most = max((case.inclusion for case in without), default=-math.inf)
    if not most > least:
        return ""
    return brief.words("memo.even.crossed", least=percent(least), most=percent(most))


def tell_leaning(brief: Brief) -> str:
    """Return what the order by value for money goes with, in plain words.

    Parameters
    ----------
    brief
        What the memo is written from.

    Returns
    -------
    str
        Markup; "" where it is not known.
    """
    words = brief.words
    found = {name: read_number(brief.whole[f"leaning_{name}"]) for name in _LEANINGS}
    known = {name: rho for name, rho in found.items() if not math.isnan(rho)}
    if "linkage" not in known:
        return ""
    parts = [
        words.say("memo.leans.part", name=words.say(f"memo.leaning.{name}"), value=two(rho))
        for name, rho in known.items()
    ]
    strong = sorted(
        (name for name, rho in known.items() if abs(rho) >= _HARDLY and name != "linkage"),
        key=lambda name: -abs(known[name]),
    )
    what = [
        words.say(f"memo.leans.{name}_{'high' if known[name] > 0 else 'low'}") for name in strong
    ]
    key = _name_leaning(known["linkage"], other=bool(what))
    said = words(f"memo.leans.{key}", what=", ".join(what), parts=", ".join(parts))
    return f"{said} {_tell_best(brief)}"


def _name_leaning(linkage: float, *, other: bool) -> str:
    if abs(linkage) < _HARDLY:
        return "hardly" if other else "nothing"
    return "follows" if linkage > 0 else "against"


def _tell_best(brief: Brief) -> str:
    best = best_by_score(brief)[: len(brief.chosen)]
    shared = sum(case.selected for case in best)
    key = "best" if shared else "best_none"
    return brief.words(f"memo.leans.{key}", top=f"{len(best):,}", shared=f"{shared:,}")


def best_by_score(brief: Brief) -> list[Case]:
    """Return the clusters that have a linkage score, the highest first.

    Parameters
    ----------
    brief
        What the memo is written from.

    Returns
    -------
    list
        The clusters.
    """
    known = [case for case in brief.cases.values() if not math.isnan(case.score)]
    return sorted(known, key=_by_score)


def _by_score(case: Case) -> tuple[float, str]:
    return -case.score, case.cluster
