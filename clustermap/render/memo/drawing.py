"""Lines, outlines and labels of drawings that stand in the page as SVG."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import shapely

from clustermap.render.markup import element, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import numpy as np
    import numpy.typing as npt

    Box = tuple[float, float, float, float]

_WIDE, _NARROW = 1.0, 0.56  # widths of letters, in heights
_LONGEST = 15  # wide letters of a label
_LINE = 1.35
_APART = 3.0


class Spot(NamedTuple):
    """A place that is to be labelled."""

    x: float
    y: float
    r: float
    told: str
    kind: str
    size: float
    otherwise: str = ""
    always: bool = False


@dataclass(frozen=True)
class View:
    """What of a plane a drawing shows.

    Parameters
    ----------
    left, top
        Its corner in the plane.
    scale
        Units of the drawing for one of the plane.
    width, height
        Its size in its own units.
    """

    left: float
    top: float
    scale: float
    width: float
    height: float

    @property
    def box(self) -> Box:
        """Ends of the view in the plane: left, top, right, bottom."""
        return (
            self.left,
            self.top,
            self.left + self.width / self.scale,
            self.top + self.height / self.scale,
        )

    def place(self, points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return where points of the plane lie in the drawing.

        Parameters
        ----------
        points
            Points x 2.

        Returns
        -------
        numpy.ndarray
            Points x 2.
        """
        return (points - (self.left, self.top)) * self.scale

    def outline(self, shapes: npt.NDArray[np.object_]) -> str:
        """Return shapes of the plane as the outline of one path.

        Parameters
        ----------
        shapes
            Polygons; what lies outside the view is cut off.

        Returns
        -------
        str
            For the attribute ``d``; "" where nothing lies in the view.
        """
        margin = 4 / self.scale
        left, top, right, bottom = self.box
        ends = (left - margin, top - margin, right + margin, bottom + margin)
        cut = shapely.clip_by_rect(shapes, *ends)
        cut = shapely.simplify(cut, 0.25 / self.scale)
        return "".join(
            f"M{'L'.join(f'{x:.1f} {y:.1f}' for x, y in self.place(ring))}Z" for ring in _rings(cut)
        )


def _rings(shapes: npt.NDArray[np.object_]) -> Iterator[npt.NDArray[np.float64]]:
    for part in shapely.get_parts(shapes[~shapely.is_empty(shapes)]):
        if isinstance(part, shapely.Polygon):
            for ring in (part.exterior, *part.interiors):
                yield shapely.get_coordinates(ring)[:-1]


def frame(box: Box, width: float, tallest: float, margin: float) -> View:
    """Return the view that shows a box of the plane.

    Parameters
    ----------
    box
        Left, top, right, bottom.
    width
        Width of the drawing.
    tallest
        Most that it may be high.
    margin
        Units of the drawing that stay free around the box.

    Returns
    -------
    View
        Centred on the box.
    """
    left, top, right, bottom = box
    across, down = max(right - left, 1e-6), max(bottom - top, 1e-6)
    scale = min((width - 2 * margin) / across, (tallest - 2 * margin) / down)
    height = down * scale + 2 * margin
    middle = (left + right) / 2 - width / 2 / scale, (top + bottom) / 2 - height / 2 / scale
    return View(*middle, scale, width, height)


def draw_outline(outline: str, kind: str) -> str:
    """Return an outline, however long it is.

    Parameters
    ----------
    outline
        From :meth:`View.outline`.
    kind
        Class of the style sheet.

    Returns
    -------
    str
        Markup; "" for an empty outline.
    """
    # The attributes of other elements are cut short, as all texts are.
    return f'<path d="{outline}" class="{kind}"></path>' if outline else ""


def draw_labels(spots: Iterable[Spot], view: View) -> str:
    """Return labels beside their places, those left out that would lie on others.

    Parameters
    ----------
    spots
        Places, the most important first; each keeps its mark free, whether it has a label or not.
    view
        The view of the drawing.

    Returns
    -------
    str
        Markup.
    """
    found = list(spots)
    taken = [(s.x - s.r, s.y - s.r, s.x + s.r, s.y + s.r) for s in found]
    taken.append((view.width * 0.7, view.height - 26, view.width, view.height))  # the scale
    drawn = []
    for spot in found:
        placed = _place_label(spot, taken, view)
        if placed is not None:
            told, (x, y, anchor) = placed
            taken.append(_box_of(x, y, anchor, told, spot.size))
            place = {"x": f"{x:.1f}", "y": f"{y:.1f}", "text_anchor": anchor}
            size = f"{spot.size:g}"
            drawn.append(element("text", text(told), **place, font_size=size, class_=spot.kind))
    return "".join(drawn)


def _place_label(
    spot: Spot, taken: Sequence[Box], view: View
) -> tuple[str, tuple[float, float, str]] | None:
    tried = [shorten_label(one) for one in (spot.told, spot.otherwise) if one]
    for told in tried:
        for place in _try_places(spot):
            if _is_free(_box_of(*place, told, spot.size), taken, view):
                return told, place
    return (tried[0], next(_try_places(spot))) if spot.always and tried else None


def shorten_label(told: str, widest: float = _LONGEST) -> str:
    """Return a label that is not too wide for a drawing.

    Parameters
    ----------
    told
        Its text.
    widest
        Its width in Korean letters.

    Returns
    -------
    str
        The text, cut short where it is wider.
    """
    wide, at = 0.0, 0
    for at, letter in enumerate(told):
        wide += measure_text(letter)
        if wide > widest:
            return f"{told[:at]}…"
    return told


def measure_text(told: str) -> float:
    """Return about how wide a text is.

    Parameters
    ----------
    told
        The text.

    Returns
    -------
    float
        In Korean letters.
    """
    return sum(_WIDE if unicodedata.east_asian_width(one) in "WF" else _NARROW for one in told)


def _try_places(spot: Spot) -> Iterator[tuple[float, float, str]]:
    middle, away = spot.y + spot.size * 0.36, spot.r + _APART
    yield spot.x + away, middle, "start"
    yield spot.x - away, middle, "end"
    yield spot.x, spot.y - away, "middle"
    yield spot.x, spot.y + away + spot.size * 0.75, "middle"
    yield spot.x + away * 0.7, spot.y - away * 0.7, "start"
    yield spot.x - away * 0.7, spot.y - away * 0.7, "end"


def _box_of(x: float, y: float, anchor: str, told: str, size: float) -> Box:
    width = measure_text(told) * size
    left = {"start": x, "end": x - width, "middle": x - width / 2}[anchor]
    return left - 1, y - size * 0.9, left + width + 1, y - size * 0.9 + size * _LINE


def _is_free(box: Box, taken: Iterable[Box], view: View) -> bool:
    left, top, right, bottom = box
    if left < 1 or top < 1 or right > view.width - 1 or bottom > view.height - 1:
        return False
    return all(
        right <= other[0] or left >= other[2] or bottom <= other[1] or top >= other[3]
        for other in taken
    )
