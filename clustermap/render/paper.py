"""Pages for paper: one file in both languages without a script, as the sheet and the memo are."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

from clustermap.messages import LANGUAGES
from clustermap.render.markup import Words, element, quiet, text
from clustermap.render.planner import page_title

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clustermap.messages import Language
    from clustermap.publish.release import Release

_NAMES: dict[Language, str] = {"ko": "한국어", "en": "English"}
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_LONGEST_LINE = 1000


def draw_paper(release: Release, kind: str, styles: Sequence[str], *body: str) -> bytes:
    """Draw a whole file.

    Parameters
    ----------
    release
        What the page shows.
    kind
        Message that says what kind of page this is.
    styles
        Files of styles in the order in which they apply.
    *body
        The body of the page: an element.

    Returns
    -------
    bytes
        HTML in UTF-8 that asks nothing of a network and allows no script.
    """
    head = (
        '<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{text(page_title(release))} · {Words(release.language)(kind)}</title>\n"
    )
    folder = resources.files("clustermap.render") / "page"
    rules = (f"<style>{(folder / name).read_text(encoding='utf-8')}</style>\n" for name in styles)
    page = element(
        "html",
        "\n",
        element("head", "\n", head, *rules),
        "\n",
        *body,
        "\n",
        lang=release.language,
    )
    return f"<!DOCTYPE html>\n{page}\n".encode()


def draw_switches(release: Release) -> list[str]:
    """Draw what shows one language and hides the other: labels on both pages press it.

    Parameters
    ----------
    release
        What the page shows, its own language first.

    Returns
    -------
    list of str
        One element a language, to stand before the pages.
    """
    return [_draw_switch(language, release.language) for language in LANGUAGES]


def _draw_switch(language: Language, chosen: Language) -> str:
    marks = {"checked": "checked"} if language == chosen else {}
    place = {"type": "radio", "name": "language", "id": f"show-{language}", "class_": "unseen"}
    return element("input", **place, aria_label=_NAMES[language], **marks)


def draw_head(release: Release, words: Words, kind: str, *lead: str) -> str:
    """Draw the head of one language's page: languages, title, and what the data are.

    Parameters
    ----------
    release
        What the page shows.
    words
        Language of the page.
    kind
        Message that says what kind of page this is.
    *lead
        Elements below the title.

    Returns
    -------
    str
        An element.
    """
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
        element("p", words(kind), class_="kicker"),
        element("h1", text(release.title)),
        *marks,
        *lead,
    )


def draw_foot(release: Release, words: Words, *before: str) -> str:
    """Draw the foot of one language's page: whose data these are, and what made the page.

    Parameters
    ----------
    release
        What the page shows.
    words
        Language of the page.
    *before
        Elements above.

    Returns
    -------
    str
        An element.
    """
    lines = [text(line, _LONGEST_LINE) for line in dict.fromkeys(release.attribution)]
    made = words("page.made_with", version=release.version)
    return element("footer", *before, quiet(" · ".join([*lines, made])))
