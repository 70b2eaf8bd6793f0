"""The score sheet: one file by which analysts judge the score, in both languages, no script."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clustermap.messages import LANGUAGES
from clustermap.render.figures import (
    draw_choices,
    draw_correlations,
    draw_sizes,
    draw_weights,
)
from clustermap.render.markup import Words, element, join_list, part, quiet, text
from clustermap.render.paper import draw_foot, draw_head, draw_paper, draw_switches

if TYPE_CHECKING:
    import pandas as pd

    from clustermap.publish.release import Release

STYLES = ("base.css", "sheet.css")


def draw_sheet(release: Release) -> bytes:
    """Draw the score sheet.

    Parameters
    ----------
    release
        What may leave the house; the page holds nothing else.

    Returns
    -------
    bytes
        One HTML file in UTF-8 that opens without a network and without scripts; the same release
        gives the same bytes.

    Examples
    --------
    >>> from pathlib import Path
    >>> Path("sheet.html").write_bytes(draw_sheet(release))  # doctest: +SKIP
    """
    pages = (f"\n{_draw_page(release, Words(language))}" for language in LANGUAGES)
    body = element("body", "\n", *draw_switches(release), *pages, "\n", class_="sheet")
    return draw_paper(release, "sheet.subtitle", STYLES, body)


def _draw_page(release: Release, words: Words) -> str:
    sheet = release.sheet
    sections = (
        _tell_basis(release, words),
        _tell_findings(release, words),
        draw_choices(sheet.sensitivity, sheet.analyses, words),
        draw_correlations(sheet.quality, words),
        draw_weights(sheet.quality, words),
        draw_sizes(sheet.quality, words),
    )
    lead = element("p", words("sheet.lead"), class_="lead")
    return element(
        "div",
        draw_head(release, words, "sheet.subtitle", lead),
        element("main", *sections),
        draw_foot(release, words, quiet(words("sheet.tables"))),
        class_=f"page in-{words.language}",
        lang=words.language,
    )


def _tell_basis(release: Release, words: Words) -> str:
    scores = release.scores[release.scores["scenario"] == "default"]
    unrated = scores.loc[scores["rated"] != 1, "reason"]
    counts = {
        "clusters": len(scores),
        "rated": len(scores) - len(unrated),
        "unrated": len(unrated),
    }
    figures = (
        element("div", element("dt", words(f"sheet.basis.{key}")), element("dd", text(f"{n:,}")))
        for key, n in counts.items()
    )
    notes = [words.tell(note) for note in release.notes]
    told = (
        element("div", element("h3", words("sheet.basis.notes")), join_list(notes), class_="notice")
        if notes
        else ""
    )
    return part(
        words("sheet.basis.title"),
        element("dl", *figures, class_="key-figures"),
        _tell_method(release, words),
        _tell_reasons(unrated, words) if len(scores) else quiet(words("sheet.basis.none_rated")),
        told,
    )


def _tell_method(release: Release, words: Words) -> str:
    sheet = release.sheet
    unknown = words.say("sheet.basis.unknown")
    # Of the nulls only this one makes allowances.
    made = sheet.allow_for if sheet.null == "mass" else ()
    allowed = [words.name(f"sheet.allow.{name}", name) for name in made]
    facts = {
        "profile": sheet.profile or unknown,
        "null": words.name(f"explain.null.{sheet.null}", sheet.null or unknown),
        "allow": ", ".join(allowed) or words.say("sheet.basis.allow_nothing"),
        "draws": words.say("sheet.basis.draws_count", draws=f"{sheet.draws:,}")
        if sheet.draws
        else words.say("sheet.basis.draws_none"),
    }
    rows = (
        element("div", element("dt", words(f"sheet.basis.{key}")), element("dd", text(fact)))
        for key, fact in facts.items()
    )
    return element("dl", *rows, class_="facts")


def _tell_reasons(unrated: pd.Series[str], words: Words) -> str:
    if unrated.empty:
        return quiet(words("sheet.basis.all_rated"))
    counts = unrated.astype(object).fillna("").value_counts()
    known = sorted(((int(n), str(reason)) for reason, n in counts.items()), key=_most_first)
    rows = (
        element(
            "tr",
            element("td", text(_capital(_name_reason(reason, words)))),
            element("td", text(f"{number:,}"), class_="number"),
        )
        for number, reason in known
    )
    heads = element(
        "tr",
        element("th", words("sheet.basis.reason"), scope="col"),
        element("th", words("sheet.basis.clusters"), scope="col", class_="number"),
    )
    return element("h3", words("sheet.basis.reasons")) + element(
        "table", element("thead", heads), element("tbody", *rows), class_="reasons"
    )


def _name_reason(reason: str, words: Words) -> str:
    return words.name(reason, reason) if reason else words.say("sheet.basis.reason_none")


def _most_first(found: tuple[int, str]) -> tuple[int, str]:
    return -found[0], found[1]


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def _tell_findings(release: Release, words: Words) -> str:
    sheet = release.sheet
    title = words("sheet.words.title")
    if sheet.findings:
        units = [quiet(words("sheet.words.units", units=f"{sheet.units:,}"))] if sheet.units else []
        found = [words.tell(finding) for finding in sheet.findings]
        return part(title, *units, join_list(found, "findings"))
    key = "sheet.words.none" if sheet.units else "sheet.basis.none_rated"
    return part(title, quiet(words(key)))
