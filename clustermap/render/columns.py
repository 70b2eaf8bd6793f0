"""Columns of a page: numbers and texts in the order of the clusters, as little as they need."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from clustermap.render.outlines import UNIT
from clustermap.render.safe import clean_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from clustermap.render.contract import Coded, Maybe, Numbers

DIGITS = 5
FEW_DIGITS = 3  # of numbers of links, ratios and what is only drawn
ALL_DIGITS = 17  # of what a page computes with


def texts(values: pd.Series[Any]) -> list[str]:
    """Return texts that can be shown.

    Parameters
    ----------
    values
        Values of a table; missing ones are null.

    Returns
    -------
    list of str
        As long as ``values``.
    """
    return [clean_text(value) for value in listed(values)]


def listed(values: pd.Series[Any]) -> list[Any]:
    """Return values as a list, all at once: one by one, those of Arrow take ten times as long.

    Parameters
    ----------
    values
        Values of a table.

    Returns
    -------
    list
        As long as ``values``.
    """
    found: list[Any] = values.to_numpy(dtype=object).tolist()
    return found


def coded(values: pd.Series[Any]) -> Coded:
    """Return texts that repeat as a list of the different ones and a place in it for each.

    Parameters
    ----------
    values
        Values of a table; missing ones are null.

    Returns
    -------
    Coded
        Different texts in sorted order.
    """
    shown = texts(values)
    known = sorted(set(shown))
    place = {text: number for number, text in enumerate(known)}
    return {"texts": known, "codes": [place[text] for text in shown]}


def numbers(values: pd.Series[Any], digits: int = DIGITS) -> Numbers:
    """Return numbers as JSON can write them, null for what is missing.

    Parameters
    ----------
    values
        Values of a table; missing ones are null.
    digits
        Significant digits.

    Returns
    -------
    Numbers
        As long as ``values``.
    """
    plain = pd.to_numeric(values).to_numpy(np.float64, na_value=np.nan)
    return [number(value, digits) for value in plain.tolist()]


def number(value: float, digits: int = DIGITS) -> Maybe:
    """Return one number with so many significant digits.

    Parameters
    ----------
    value
        A number, perhaps not finite.
    digits
        Significant digits.

    Returns
    -------
    Maybe
        None where it is not finite; whole numbers are written as such.
    """
    if not math.isfinite(value):
        return None
    if value == int(value):
        return int(value)
    return value if digits >= ALL_DIGITS else float(f"{value:.{digits}g}")


def spread(
    rows: pd.DataFrame, values: pd.Series[Any], places: Mapping[str, int], digits: int = FEW_DIGITS
) -> Numbers:
    """Return values in the order of the clusters, null where a cluster has none.

    Parameters
    ----------
    rows
        Rows with the column cluster.
    values
        Values of a table; missing ones are null.
    places
        Cluster to its place in the list.
    digits
        Significant digits.

    Returns
    -------
    Numbers
        As long as ``places``.
    """
    found: Numbers = [None] * len(places)
    for cluster, value in zip(listed(rows["cluster"]), numbers(values, digits), strict=True):
        found[places[str(cluster)]] = value
    return found


def degrees(points: Any) -> tuple[Numbers, Numbers]:  # noqa: ANN401 -- an array of shapes
    """Return longitudes and latitudes of points in whole steps.

    Parameters
    ----------
    points
        Points in EPSG:4326; None where there is none.

    Returns
    -------
    tuple of Numbers
        Longitudes and latitudes, null where there is no point.
    """
    return steps(shapely.get_x(points).tolist()), steps(shapely.get_y(points).tolist())


def steps(values: Iterable[float]) -> Numbers:
    """Return degrees in whole steps.

    Parameters
    ----------
    values
        Longitudes or latitudes, as plain numbers.

    Returns
    -------
    Numbers
        As long as ``values``, null where one is not finite.
    """
    return [round(d * UNIT) if math.isfinite(d) else None for d in values]
