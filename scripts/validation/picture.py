"""The picture of power, as an SVG that is written by hand: the same numbers give the same file."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

COLOURS = ("#1b6ca8", "#c8553d", "#4f772d")  # told apart by colour-blind readers, and by shape
DASHES = ("", "7 4", "2 3")
WIDTH, HEIGHT, PANEL = 860, 360, 320
_LEFT, _TOP, _BETWEEN, _TALL = 60, 46, 430, 230


def draw_panel(
    title: str, axis: str, ticks: Sequence[str], lines: Mapping[str, Sequence[float]], left: int
) -> list[str]:
    """Draw shares between 0 and 1 over a few classes.

    Parameters
    ----------
    title
        What is shown.
    axis
        What the classes are.
    ticks
        Names of the classes.
    lines
        Name to one share a class; NaN leaves a gap.
    left
        Where the panel begins.

    Returns
    -------
    list of str
        Elements of an SVG.
    """

    def x(place: float) -> float:
        return left + PANEL * (place + 0.5) / len(ticks)

    def y(share: float) -> float:
        return _TOP + _TALL * (1 - share)

    parts = [text(left, _TOP - 22, title, "start", bold=True)]
    for share in (0, 0.25, 0.5, 0.75, 1):
        at = y(share)
        parts.append(
            f'<line x1="{left}" x2="{left + PANEL}" y1="{at:.1f}" y2="{at:.1f}" stroke="#ddd"/>'
        )
        parts.append(text(left - 8, at + 4, f"{100 * share:.0f} %", "end"))
    parts += [text(x(i), _TOP + _TALL + 18, tick, "middle") for i, tick in enumerate(ticks)]
    parts.append(text(left + PANEL / 2, _TOP + _TALL + 38, axis, "middle"))
    for (name, shares), colour, dash in zip(lines.items(), COLOURS, DASHES, strict=False):
        points = [(x(i), y(share)) for i, share in enumerate(shares) if not np.isnan(share)]
        if not points:
            continue
        path = " ".join(f"{a:.1f},{b:.1f}" for a, b in points)
        parts.append(
            f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2.5" '
            f'stroke-dasharray="{dash}"/>'
        )
        parts += [f'<circle cx="{a:.1f}" cy="{b:.1f}" r="4" fill="{colour}"/>' for a, b in points]
        row = list(lines).index(name)
        down = _TOP + _TALL - 14 - 18 * (len(lines) - 1 - row)
        parts.append(
            f'<line x1="{left + PANEL - 150}" x2="{left + PANEL - 120}" y1="{down}" y2="{down}" '
            f'stroke="{colour}" stroke-width="2.5" stroke-dasharray="{dash}"/>'
        )
        parts.append(text(left + PANEL - 112, down + 4, name, "start"))
    return parts


def text(x: float, y: float, words: str, anchor: str, *, bold: bool = False) -> str:
    """Return words at a place.

    Parameters
    ----------
    x, y
        The place.
    words
        What is written.
    anchor
        start, middle or end.
    bold
        Whether it is a title.
    """
    weight = ' font-weight="bold"' if bold else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{weight}>{escape(words)}</text>'


def draw_power(
    panels: Sequence[tuple[str, str, Sequence[str], Mapping[str, Sequence[float]]]],
) -> str:
    """Draw two panels beside each other.

    Parameters
    ----------
    panels
        Title, axis, names of the classes, and lines of each.

    Returns
    -------
    str
        SVG.
    """
    parts: list[str] = []
    for number, (title, axis, ticks, lines) in enumerate(panels):
        parts += draw_panel(title, axis, ticks, lines, _LEFT + _BETWEEN * number)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12" fill="#222">'
    )
    return (
        "\n".join([head, '<rect width="100%" height="100%" fill="#fff"/>', *parts, "</svg>"]) + "\n"
    )
