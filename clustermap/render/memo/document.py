"""The decision memo: one file to print, in both languages, no script."""

from __future__ import annotations

from importlib import resources
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
from clustermap.render.planner import page_title

if TYPE_CHECKING:
    from collections.abc import Iterator

    from clustermap.messages import Language
    from clustermap.publish.release import Release
    from clustermap.render.memo.brief import Brief
    from clustermap.render.memo.ground import Ground

STYLES = ("base.css", "sheet.css", "memo.css")

_NAMES: dict[Language, str] = {"ko": "한국어", "en": "English"}
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_LONGEST_LINE = 1000


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
    own = briefs[release.language]
    ground = survey(release)
    head = (
        '<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{text(page_title(release))} · {own.words('memo.title')}</title>\n"
    )
    folder = resources.files("clustermap.render") / "page"
    styles = (f"<style>{(folder / name).read_text(encoding='utf-8')}</style>\n" for name in STYLES)
    switches = (_draw_switch(language, release.language) for language in LANGUAGES)
    store = draw_store(ground, number_cases(own), own.cases) if own.feasible else ""
    pages = (f"\n{_draw_page(brief, ground)}" for brief in briefs.values())
    page = element(
        "html",
        "\n",
        element("head", "\n", head, *styles),
        "\n",
        element("body", "\n", element("main", *switches, store, *pages), class_="sheet memo"),
        "\n",
        lang=release.language,
    )
    return f"<!DOCTYPE html>\n{page}\n".encode()


def _draw_switch(language: Language, chosen: Language) -> str:
    """Return what shows one language and hides the other; labels on both pages press it."""
    marks = {"checked": "checked"} if language == chosen else {}
    place = {"type": "radio", "name": "language", "id": f"show-{language}", "class_": "unseen"}
    return element("input", **place, aria_label=_NAMES[language], **marks)


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
        _draw_head(brief),
        draw_summary(brief),
        _draw_contents(brief, keys),
        *drawn,
        _draw_foot(brief),
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


def _draw_head(brief: Brief) -> str:
    release, words = brief.release, brief.words
    labels = (
        element("label", text(name), for_=f"show-{language}", lang=language, class_="tool")
        for language, name in _NAMES.items()
    )
    marks = [
        element("p", words(key), class_="mark")
        for key, shown in (
            ("page.synthetic", release.synthetic),
            ("page.internal_long", release.internal),
        )
        if shown
    ]
    if release.synthetic:
        marks.append(element("p", words("page.synthetic"), class_="watermark", aria_hidden="true"))
    return element(
        "header",
        element("div", *labels, class_="languages"),
        element("p", words("memo.title"), class_="kicker"),
        element("h1", text(release.title)),
        *marks,
    )


def _draw_foot(brief: Brief) -> str:
    release = brief.release
    lines = [text(line, _LONGEST_LINE) for line in dict.fromkeys(release.attribution)]
    made = brief.words("page.made_with", version=release.version)
    return element("footer", quiet(" · ".join([*lines, made])))
