"""The decision memo: one file to print, in both languages, no script."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clustermap.messages import LANGUAGES
from clustermap.render.markup import Words, element, quiet, text
from clustermap.render.memo.basis import draw_data, draw_method, draw_silence
from clustermap.render.memo.brief import write_brief
from clustermap.render.memo.budget import draw_path, draw_stays
from clustermap.render.memo.comparison import draw_comparison
from clustermap.render.memo.dossier import collect, draw_cluster, draw_overview
from clustermap.render.memo.ground import draw_store, number_cases, survey
from clustermap.render.memo.missed import draw_missed
from clustermap.render.memo.portfolio import (
    draw_map,
    draw_nearest,
    draw_portfolio,
    draw_supported,
    list_supported,
)
from clustermap.render.memo.rules import draw_prices
from clustermap.render.memo.sensitivity import draw_scenarios
from clustermap.render.memo.summary import draw_summary
from clustermap.render.paper import draw_foot, draw_head, draw_paper, draw_switches

if TYPE_CHECKING:
    from collections.abc import Iterator

    from clustermap.publish.release import Release
    from clustermap.render.memo.brief import Brief
    from clustermap.render.memo.ground import Ground

STYLES = ("base.css", "sheet.css", "memo.css")


def draw_memo(release: Release) -> bytes:
    """Draw the decision memo.

    Parameters
    ----------
    release
        What may leave the house, with a decision; the page holds nothing else.

    Returns
    -------
    bytes
        One HTML file in UTF-8 that opens without a network and without scripts; the same release
        gives the same bytes.

    Raises
    ------
    ValueError
        If the release holds no decision.

    Examples
    --------
    >>> from pathlib import Path
    >>> Path("memo.html").write_bytes(draw_memo(release))  # doctest: +SKIP
    """
    briefs = {language: write_brief(release, Words(language)) for language in LANGUAGES}
    own, ground = briefs[release.language], survey(release)
    store = draw_store(ground, number_cases(own), own.cases) if own.feasible else ""
    pages = (f"\n{_draw_page(brief, ground)}" for brief in briefs.values())
    inside = element("main", *draw_switches(release), store, *pages)
    body = element("body", "\n", inside, class_="sheet memo")
    return draw_paper(release, "memo.title", STYLES, body)


def _draw_page(brief: Brief, ground: Ground) -> str:
    words = brief.words
    sections = list(enumerate(_list_sections(brief, ground), start=1))
    drawn = (
        element(
            "section",
            element("h2", element("b", text(str(number))), words(f"memo.section.{key}")),
            inside,
            id=f"{words.language}-{key}",
            class_=f"part {key}",
        )
        for number, (key, inside) in sections
    )
    keys = [(number, key) for number, (key, _) in sections]
    return element(
        "div",
        draw_head(brief.release, words, "memo.title"),
        draw_summary(brief),
        _draw_contents(brief, keys),
        *drawn,
        draw_foot(brief.release, words),
        class_=f"page in-{words.language}",
        lang=words.language,
    )


def _list_sections(brief: Brief, ground: Ground) -> Iterator[tuple[str, str]]:
    yield "data", draw_data(brief)
    yield "method", draw_method(brief)
    if brief.feasible:
        yield "portfolio", draw_portfolio(brief)
        yield "map", draw_map(brief, ground)
        yield "against", draw_comparison(brief)
        yield "prices", draw_prices(brief)
        yield "budget", draw_path(brief) + draw_stays(brief)
    if brief.feasible or len(brief.decision.portfolios) > 1:
        yield "sensitivity", draw_scenarios(brief)
    if list_supported(brief):
        yield "supported", draw_supported(brief)
    if brief.feasible:
        yield "nearest", draw_nearest(brief)
        yield "missed", draw_missed(brief)
    if brief.chosen:
        yield "clusters", _draw_clusters(brief, ground)
    yield "silence", draw_silence(brief)


def _draw_clusters(brief: Brief, ground: Ground) -> str:
    files = collect(brief)
    pages = (
        draw_cluster(brief, ground, files, case, number)
        for number, case in enumerate(brief.chosen, start=1)
    )
    return "".join((quiet(brief.words("memo.cluster.lead")), draw_overview(brief, files), *pages))


def _draw_contents(brief: Brief, keys: list[tuple[int, str]]) -> str:
    words = brief.words
    tongue = words.language
    items = []
    for number, key in keys:
        link = element("a", words(f"memo.section.{key}"), href=f"#{tongue}-{key}")
        below = ""
        if key == "clusters":
            named = (
                element("li", element("a", element("b", text(str(at))), text(case.name),
                                      href=f"#{tongue}-cluster-{at}"))
                for at, case in enumerate(brief.chosen, start=1)
            )  # fmt: skip
            below = element("ol", *named, class_="named")
        items.append(element("li", element("b", text(str(number))), link, below))
    head = element("h2", words("memo.contents"))
    return element(
        "nav", head, element("ol", *items), class_="contents", aria_label=words.say("memo.contents")
    )
