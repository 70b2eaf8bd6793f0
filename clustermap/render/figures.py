"""Figures of the score sheet: choices that move ranks, correlations, weights, size."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from clustermap.render.bars import Axis, bar, percent, span_all, ticks, track, two, whisker
from clustermap.render.markup import element, part, quiet, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from clustermap.render.markup import Words

    Figures = Mapping[tuple[str, str, str], float]

_PALEST = 0.05  # a correlation below this has no colour
_DEEPEST = 0.4  # how much colour a correlation of 1 has: black stays readable on it
_STEP = 0.1  # of the axis of weights
_SLACK = 1e-9
_WHOLE = ((0.0, "0"), (0.25, "0.25"), (0.5, "0.5"), (0.75, "0.75"), (1.0, "1"))
_CORRELATION = Axis(-1, 1)
_ENDS = ((-1.0, "−1"), (0.0, "0"), (1.0, "1"))
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_NONE = math.nan


class _Effect(NamedTuple):
    """One share of one choice, with its interval."""

    value: float
    low: float
    high: float

    @property
    def known(self) -> bool:
        return not math.isnan(self.value)


class _Choice(NamedTuple):
    """A choice with its two effects."""

    factor: str
    total: _Effect
    first: _Effect


def draw_choices(sensitivity: pd.DataFrame, analyses: int, words: Words) -> str:
    """Draw how far each choice moves ranks.

    Parameters
    ----------
    sensitivity
        The table SENSITIVITY.
    analyses
        Analyses that it rests on; 0 if that is not known.
    words
        Language of the page.

    Returns
    -------
    str
        Markup: what moves ranks most, then every choice, the largest total effect first.
    """
    title = words("sheet.choices.title")
    choices = _read_choices(sensitivity)
    if not choices:
        return part(title, quiet(words("sheet.choices.none")))
    if not choices[0].total.known:
        return part(title, quiet(words("sheet.choices.still")))
    notes = [words("sheet.choices.total_note"), words("sheet.choices.share_note")]
    if analyses:
        notes.append(words("sheet.choices.analyses", analyses=f"{analyses:,}"))
    axis = span_all([end for choice in choices for end in (*choice.total, *choice.first)], 1.0)
    rows = (_draw_choice(choice, axis, words) for choice in choices)
    return part(
        title,
        element("p", *_tell_most(choices, words), class_="answer"),
        quiet(*notes),
        _draw_key(("total", "first"), "sheet.choices", words, words("sheet.choices.interval")),
        element("ul", *rows, _draw_axis(axis, _WHOLE), class_="bars choices"),
    )


def _read_choices(sensitivity: pd.DataFrame) -> list[_Choice]:
    numbers = {
        name: pd.to_numeric(sensitivity[name]).to_numpy(np.float64, na_value=np.nan)
        for name in sensitivity.columns
        if name != "factor"
    }
    found = [
        _Choice(
            str(factor),
            *(
                _Effect(*(float(numbers[f"{effect}{end}"][at]) for end in ("", "_low", "_high")))
                for effect in ("total", "first")
            ),
        )
        for at, factor in enumerate(sensitivity["factor"])
    ]
    return sorted(found, key=lambda choice: (not choice.total.known, -choice.total.value))


def _tell_most(choices: list[_Choice], words: Words) -> list[str]:
    first, *others = choices
    told = {
        "factor": _name_factor(first.factor, words),
        "share": percent(first.total.value),
        "low": percent(first.total.low),
        "high": percent(first.total.high),
    }
    near = [
        f"'{_name_factor(other.factor, words)}'"
        for other in others
        if other.total.high >= first.total.low
    ]
    sentences = [words("sheet.choices.most", **told)]
    if near:
        sentences += [" ", words("sheet.choices.overlap", factors=", ".join(near))]
    return sentences


def _name_factor(factor: str, words: Words) -> str:
    return words.name(f"factor.{factor}.label", factor)


def _draw_choice(choice: _Choice, axis: Axis, words: Words) -> str:
    rows = []
    for kind, effect in (("total", choice.total), ("first", choice.first)):
        drawn = bar(axis, effect.value, kind) + whisker(axis, effect.low, effect.high)
        said = element("span", words(f"sheet.choices.{kind}"), class_="unseen")
        rows.append(track(axis, drawn) + element("p", said, " ", _tell_effect(effect, words)))
    return element(
        "li",
        element(
            "div",
            element("h3", text(_name_factor(choice.factor, words))),
            quiet(text(words.name(f"factor.{choice.factor}.meaning", ""))),
        ),
        element("div", *rows, class_="rows"),
    )


def _tell_effect(effect: _Effect, words: Words) -> str:
    if not effect.known:
        return words("sheet.choices.unsaid")
    value = element("b", text(two(effect.value)))
    if math.isnan(effect.low + effect.high):
        return value
    ends = words("sheet.choices.ends", low=two(effect.low), high=two(effect.high))
    return f"{value} {element('small', ends)}"


def draw_correlations(quality: pd.DataFrame, words: Words) -> str:
    """Draw how parts go together, and Cronbach's alpha.

    Parameters
    ----------
    quality
        The table QUALITY.
    words
        Language of the page.

    Returns
    -------
    str
        Markup: one table, Spearman above the diagonal and Pearson below.
    """
    figures = _read_figures(quality)
    between = quality["statistic"].isin(("pearson", "spearman")) & (quality["other"] != "size")
    parts = _list_parts(quality[between])
    title = words("sheet.together.title")
    alpha = _tell_alpha(figures, words)
    if len(parts) < 2:
        return part(title, quiet(words("sheet.together.none")), alpha)
    blank = element("td", class_="corner")
    heads = (
        element("th", element("abbr", text(_letter(at)), title=_name_part(key, words)), scope="col")
        for at, key in enumerate(parts)
    )
    rows = (
        element(
            "tr",
            element(
                "th", element("b", text(_letter(at))), text(_name_part(key, words)), scope="row"
            ),
            *(_draw_cell(figures, parts, at, other) for other in range(len(parts))),
        )
        for at, key in enumerate(parts)
    )
    table = element(
        "table",
        element("caption", words("sheet.together.caption"), class_="unseen"),
        element("thead", element("tr", blank, *heads)),
        element("tbody", *rows),
        class_="correlations",
    )
    notes = _explain("sheet.together.note", quality.loc[between, "value"], words)
    return part(title, notes, element("div", table, class_="scroll"), alpha)


def _draw_cell(figures: Figures, parts: list[str], row: int, column: int) -> str:
    if row == column:
        return element("td", class_="diagonal")
    statistic = "spearman" if row < column else "pearson"
    one, other = sorted((row, column))
    r = figures.get((parts[one], parts[other], statistic), _NONE)
    style = {}
    if abs(r) >= _PALEST:
        colour = "31 79 145" if r > 0 else "217 120 20"
        style["style"] = f"background:rgb({colour} / {100 * _DEEPEST * abs(r):.0f}%)"
    return element("td", text(two(r)), **style)


def _tell_alpha(figures: Figures, words: Words) -> str:
    alpha = figures.get(("score", "", "alpha"), _NONE)
    known = words("sheet.together.alpha_none") if math.isnan(alpha) else text(two(alpha))
    return element(
        "p",
        element("b", words("sheet.together.alpha"), ": ", known),
        " ",
        element("span", words("sheet.together.alpha_note"), class_="quiet"),
        class_="alpha",
    )


def draw_weights(quality: pd.DataFrame, words: Words) -> str:
    """Draw how much parts count beside how much they should.

    Parameters
    ----------
    quality
        The table QUALITY.
    words
        Language of the page.

    Returns
    -------
    str
        Markup.
    """
    figures = _read_figures(quality)
    title = words("sheet.weights.title")
    parts = _list_parts(quality[quality["statistic"] == "weight"])
    shares = [figures.get((key, "score", "effect"), _NONE) for key in parts]
    if all(math.isnan(share) for share in shares):
        return part(title, quiet(words("sheet.weights.none")))
    weights = [figures[key, "score", "weight"] for key in parts]
    highest = max(share for share in (*weights, *shares) if not math.isnan(share))
    steps = max(1, math.ceil(highest / _STEP - _SLACK))
    axis = Axis(0, _STEP * steps)
    rows = (
        element(
            "li",
            element("h3", text(_tell_present(figures, key, words))),
            element(
                "div",
                _draw_share(axis, weight, "nominal", words),
                _draw_share(axis, effect, "effective", words),
                class_="rows",
            ),
        )
        for key, weight, effect in zip(parts, weights, shares, strict=True)
    )
    marks = [(_STEP * at, words.say("sheet.share", value=10 * at)) for at in range(steps + 1)]
    return part(
        title,
        _explain("sheet.weights.note", pd.Series(shares), words),
        _draw_key(("nominal", "effective"), "sheet.weights", words),
        element("ul", *rows, _draw_axis(axis, marks), class_="bars"),
    )


def _tell_present(figures: Figures, key: str, words: Words) -> str:
    name, share = _name_part(key, words), figures.get((key, "score", "present"), _NONE)
    if math.isnan(share):
        return name
    return words.say("sheet.weights.present", name=name, share=percent(share))


def _draw_share(axis: Axis, share: float, kind: str, words: Words) -> str:
    said = element("span", words(f"sheet.weights.{kind}"), class_="unseen")
    value = two(share) if math.isnan(share) else words.say("sheet.share", value=percent(share))
    return track(axis, bar(axis, share, kind)) + element("p", said, " ", text(value))


def draw_sizes(quality: pd.DataFrame, words: Words) -> str:
    """Draw how the score and its parts go with size.

    Parameters
    ----------
    quality
        The table QUALITY.
    words
        Language of the page.

    Returns
    -------
    str
        Markup.
    """
    rows = quality[quality["other"] == "size"]
    figures = _read_figures(rows)
    title = words("sheet.size.title")
    if all(math.isnan(rho) for rho in figures.values()):
        return part(title, quiet(words("sheet.size.none")))
    drawn = (
        element(
            "li",
            element(
                "h3",
                words("sheet.size.score") if key == "score" else text(_name_part(key, words)),
            ),
            element(
                "div",
                track(_CORRELATION, bar(_CORRELATION, rho, "against" if rho < 0 else "with")),
                element("p", text(two(rho))),
                class_="rows",
            ),
        )
        for (key, _, _), rho in figures.items()
    )
    axis = _draw_axis(_CORRELATION, _ENDS)
    return part(
        title,
        _explain("sheet.size.note", rows["value"], words),
        element("ul", *drawn, axis, class_="bars"),
    )


def _read_figures(quality: pd.DataFrame) -> Figures:
    values = pd.to_numeric(quality["value"]).to_numpy(np.float64, na_value=np.nan)
    keys = zip(quality["part"], quality["other"], quality["statistic"], strict=True)
    return dict(zip(keys, map(float, values), strict=True))


def _explain(key: str, values: pd.Series[float], words: Words) -> str:
    """Return what figures are, and what a dash among them means."""
    dash = [words("sheet.dash")] if values.isna().any() else []
    return quiet(words(key), *dash)


def _list_parts(rows: pd.DataFrame) -> list[str]:
    """Return the parts that rows tell of, in the order in which they come."""
    named = [*rows["part"], *rows["other"]]
    return [key for key in dict.fromkeys(map(str, named)) if key != "score"]


def _letter(at: int) -> str:
    return _LETTERS[at] if at < len(_LETTERS) else str(at + 1)


def _name_part(key: str, words: Words) -> str:
    return words.name(f"subscore.{key}.label", key)


def _draw_key(kinds: tuple[str, ...], prefix: str, words: Words, *notes: str) -> str:
    """Return what the colours of bars mean."""
    marks = (
        element("span", element("i", class_=f"fill {kind}"), words(f"{prefix}.{kind}"))
        for kind in kinds
    )
    return element("p", *marks, *(element("span", note) for note in notes), class_="key")


def _draw_axis(axis: Axis, marks: Iterable[tuple[float, str]]) -> str:
    row = element("div", ticks(axis, marks), class_="rows")
    return element("li", element("h3", "&#160;"), row, class_="axis", aria_hidden="true")
