"""Bars and intervals on an axis, drawn by style alone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from clustermap.render.markup import element, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_NEAR = 0.5  # percent of an axis: a label this near to its end stands inside
_GRAIN = 1e-9  # percent

NOTHING = "–"
"""Stands where there is no number."""


@dataclass(frozen=True)
class Axis:
    """An axis on which bars start at zero.

    Parameters
    ----------
    low, high
        Its ends; low is not above zero.
    """

    low: float
    high: float

    def place(self, value: float) -> float:
        """Return where a value lies, in percent of the axis.

        Parameters
        ----------
        value
            A value; beyond an end it lies at that end.

        Returns
        -------
        float
            Between 0 and 100.
        """
        return 100 * (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)


def two(value: float) -> str:
    """Return a number to two decimals.

    Parameters
    ----------
    value
        The number.

    Returns
    -------
    str
        With a true minus sign; a dash for NaN.

    Examples
    --------
    >>> two(-0.126), two(-0.001), two(float("nan"))
    ('−0.13', '0.00', '–')
    """
    if math.isnan(value):
        return NOTHING
    return f"{value:.2f}".replace("-0.00", "0.00").replace("-", "−")


def percent(share: float) -> str:
    """Return a share in whole percent, without its sign.

    Parameters
    ----------
    share
        The share.

    Returns
    -------
    str
        With a true minus sign; a dash for NaN.

    Examples
    --------
    >>> percent(0.254), percent(0.585), percent(0.285), percent(float("nan"))
    ('25', '59', '29', '–')
    """
    # Half up, as the scripts of the pages round; Python would round to even. The grain keeps halves
    # that are not exact in binary: 100 x 0.285 is a little less than 28.5.
    return NOTHING if math.isnan(share) else f"{_round_up(100 * share + _GRAIN)}".replace("-", "−")


def _round_up(value: float) -> int:
    return math.floor(value + 0.5)


def portion(share: float) -> str:
    """Return a share of draws in whole percent, without its sign.

    Parameters
    ----------
    share
        The share, 0-1.

    Returns
    -------
    str
        As :func:`percent`, but that only all is 100 and only none is 0.

    Examples
    --------
    >>> portion(0.998), portion(1.0), portion(0.004), portion(0.0)
    ('>99', '100', '<1', '0')
    """
    told = percent(share)
    if told == "100" and share < 1:
        return ">99"
    return "<1" if told == "0" and share > 0 else told


def bar(axis: Axis, value: float, kind: str) -> str:
    """Return a bar from zero to a value.

    Parameters
    ----------
    axis
        Where it lies.
    value
        Its end; none is drawn for NaN.
    kind
        Class of the style sheet.

    Returns
    -------
    str
        Markup.
    """
    return "" if math.isnan(value) else _span(axis, min(value, 0), max(value, 0), f"fill {kind}")


def whisker(axis: Axis, low: float, high: float) -> str:
    """Return the line of an interval.

    Parameters
    ----------
    axis
        Where it lies.
    low, high
        Ends of the interval; none is drawn for NaN.

    Returns
    -------
    str
        Markup.
    """
    return "" if math.isnan(low + high) else _span(axis, low, high, "interval")


def track(axis: Axis, *drawn: str) -> str:
    """Return a row in which bars lie, with a line at zero.

    Parameters
    ----------
    axis
        Where they lie.
    *drawn
        What :func:`bar` and :func:`whisker` return.

    Returns
    -------
    str
        Markup that readers of screens pass over: the numbers stand beside it.
    """
    zero = element("i", class_="zero", style=f"left:{axis.place(0):.2f}%")
    return element("div", *drawn, zero, class_="track", aria_hidden="true")


def ticks(axis: Axis, marks: Iterable[tuple[float, str]]) -> str:
    """Return the labels of an axis.

    Parameters
    ----------
    axis
        The axis.
    marks
        Values and how they are written.

    Returns
    -------
    str
        Markup.
    """
    told = (
        element("i", text(said), style=f"left:{at:.2f}%", class_=_side(at))
        for at, said in ((axis.place(value), said) for value, said in marks)
    )
    return element("div", *told, class_="ticks", aria_hidden="true")


def span_all(values: Sequence[float], least: float) -> Axis:
    """Return an axis that holds all values.

    Parameters
    ----------
    values
        What is drawn on it; NaN is passed over.
    least
        Its upper end, unless a value lies beyond.

    Returns
    -------
    Axis
        From zero or the lowest value.
    """
    known = [value for value in values if not math.isnan(value)]
    return Axis(min([0.0, *known]), max([least, *known]))


def _side(at: float) -> str:
    """Return at which end of the axis a label stands, so that none reaches beyond it."""
    return "start" if at < _NEAR else "end" if at > 100 - _NEAR else "inside"


def _span(axis: Axis, low: float, high: float, kind: str) -> str:
    left, right = axis.place(low), axis.place(high)
    return element("i", class_=kind, style=f"left:{left:.2f}%;width:{right - left:.2f}%")
