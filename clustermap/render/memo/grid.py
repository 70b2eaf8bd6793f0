"""Tables, marks and paragraphs that all parts of a memo use."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from clustermap.render.bars import NOTHING, Axis, bar, portion, track, whisker
from clustermap.render.markup import element, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from clustermap.render.markup import Words
    from clustermap.render.memo.brief import Case

SHARE = Axis(0, 1)
PLACE = "place"
"""Class of a column of numbers that stand before the names."""

_DISC = {
    "core": ("circle", {"cx": "6", "cy": "6", "r": "5", "class_": "full"}),
    "within": ("path", {"d": "M6 1a5 5 0 0 0 0 10z", "class_": "full"}),
    "without": ("circle", {"cx": "6", "cy": "6", "r": "1.9", "class_": "full"}),
    "chosen": ("rect", {"x": "1.5", "y": "1.5", "width": "9", "height": "9", "class_": "full"}),
}


def draw_mark(mark: str, name: str = "") -> str:
    """Return the mark of a standing: full, half, dotted, small; told apart without colour.

    Parameters
    ----------
    mark
        From :attr:`clustermap.render.memo.brief.Case.mark`.
    name
        What readers of screens hear; "" where it stands in words beside it.

    Returns
    -------
    str
        Markup.
    """
    ring = element("circle", cx="6", cy="6", r="5", class_="ring")
    full = [element(_DISC[mark][0], **_DISC[mark][1])] if mark in _DISC else []
    inside = full if mark == "chosen" else [ring, *full]
    told = {"role": "img", "aria_label": name} if name else {"aria_hidden": "true"}
    return element("svg", *inside, viewBox="0 0 12 12", class_=f"standing {mark}", **told)


def draw_table(
    heads: Sequence[tuple[str, str]],
    rows: Iterable[Sequence[str]],
    kind: str,
    caption: str = "",
    foot: Sequence[str] = (),
) -> str:
    """Return a table whose first column names the rows, or the second after their numbers.

    Parameters
    ----------
    heads
        Markup and class of each column's head; the class holds for its cells, too.
    rows
        Markup of the cells.
    kind
        Class of the table.
    caption
        Markup of what it shows; "" where a heading says so.
    foot
        Markup of the cells of a last row with sums.

    Returns
    -------
    str
        Markup.
    """
    kinds = [kind_of for _, kind_of in heads]
    head = (element("th", told, scope="col", **_class(of)) for told, of in heads)
    parts = [element("thead", element("tr", *head))]
    if caption:
        parts.insert(0, element("caption", caption))
    parts.append(element("tbody", *(_draw_row(row, kinds) for row in rows)))
    if foot:
        parts.append(element("tfoot", _draw_row(foot, kinds)))
    return element("table", *parts, class_=kind)


def _draw_row(cells: Sequence[str], kinds: Sequence[str]) -> str:
    # A number before the name does not name the row.
    named = 1 if kinds[0] == PLACE else 0
    return element(
        "tr",
        *(
            element("th", cell, scope="row", **_class(kind))
            if at == named
            else element("td", cell, **_class(kind))
            for at, (cell, kind) in enumerate(zip(cells, kinds, strict=True))
        ),
    )


def _class(kind: str) -> dict[str, str]:
    return {"class_": kind} if kind else {}


def draw_share(case: Case) -> str:
    """Return the share of draws in which a cluster is chosen, as a bar with its interval.

    Parameters
    ----------
    case
        The cluster.

    Returns
    -------
    str
        Markup.
    """
    if math.isnan(case.inclusion):
        return NOTHING
    drawn = bar(SHARE, case.inclusion, case.mark) + whisker(SHARE, case.low, case.high)
    return track(SHARE, drawn) + element("span", tell_share(case), class_="told")


def tell_share(case: Case) -> str:
    """Return the share of draws in which a cluster is chosen, in figures.

    Parameters
    ----------
    case
        The cluster.

    Returns
    -------
    str
        Markup.
    """
    ends = f"({portion(case.low)}–{portion(case.high)})"
    return f"{element('b', text(portion(case.inclusion)))} {element('small', text(ends))}"


def name_case(case: Case, *, whole: bool = True) -> str:
    """Return the name of a cluster with where it lies.

    Parameters
    ----------
    case
        The cluster.
    whole
        Whether region and kind stand below it.

    Returns
    -------
    str
        Markup.
    """
    name = element("span", text(case.name), class_="name")
    beside = " · ".join(filter(None, (case.place, case.kind)))
    return name + (element("small", text(beside)) if whole and beside else "")


def tell_known(words: Words, value: float, digits: int = 1) -> str:
    """Return a number of a cluster, or that it is withheld.

    Parameters
    ----------
    words
        Language of the page.
    value
        The number; NaN where it may not be told.
    digits
        Decimals.

    Returns
    -------
    str
        Markup.
    """
    if math.isnan(value):
        return element("small", words("memo.cluster.withheld"))
    return text(decimal(value, digits))


def decimal(value: float, digits: int = 1) -> str:
    """Return a number for a table.

    Parameters
    ----------
    value
        The number.
    digits
        Decimals.

    Returns
    -------
    str
        With a true minus sign; a dash for NaN.
    """
    return NOTHING if math.isnan(value) else f"{value:,.{digits}f}".replace("-", "−")
