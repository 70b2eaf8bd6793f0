"""Squares of the map: the quadtree of the web's Mercator map, and what it holds on every level."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Whole = npt.NDArray[np.int64]

COARSEST, FINEST = 11, 16
"""Levels: on level n the world is 2^n squares wide. At zoom z of a map whose tiles are 256 pixels
wide, a square of level z + 4 is 16 pixels wide; in Korea 16 km on level 11 and 0.5 km on 16."""

_EDGE = 85.0511287798  # degrees north and south: up to here Mercator's map is a square
_SPREAD = (
    (8, 0x00FF00FF),
    (4, 0x0F0F0F0F),
    (2, 0x33333333),
    (1, 0x55555555),
)


def locate_squares(lon: Floats, lat: Floats) -> Whole:
    """Return the finest square in which each point lies.

    Parameters
    ----------
    lon, lat
        Degrees in EPSG:4326; NaN where unknown.

    Returns
    -------
    np.ndarray
        Morton codes on the level FINEST; -1 where a point is unknown or off Mercator's map.

    Examples
    --------
    On level 16 the point of no longitude and no latitude is the corner of the square 32768, 32768.

    >>> [place.tolist() for place in split_codes(locate_squares(np.zeros(1), np.zeros(1)))]
    [[32768], [32768]]
    """
    wide = 1 << FINEST
    known = (np.abs(lon) <= 180) & (np.abs(lat) <= _EDGE)
    sine = np.sin(np.radians(np.where(known, lat, 0.0)))
    right = np.floor((np.where(known, lon, 0.0) / 360 + 0.5) * wide)
    down = np.floor((0.5 - np.arctanh(sine) / (2 * np.pi)) * wide)
    x, y = (np.clip(steps, 0, wide - 1).astype(np.int64) for steps in (right, down))
    return np.where(known, join_codes(x, y), -1)


def join_codes(x: npt.NDArray[np.integer], y: npt.NDArray[np.integer]) -> Whole:
    """Return Morton codes: the bits of column and row by turns, the row's before the column's.

    Parameters
    ----------
    x, y
        Columns from the west and rows from the north, from 0 to 2^16 - 1.

    Returns
    -------
    np.ndarray
        Codes; a code shifted right by two bits is that of the square around it, and its last two
        bits tell which quarter it is there: 0 north-west, 1 north-east, 2 south-west, 3 south-east.

    Examples
    --------
    Column 3 is 011 and row 4 is 100: by turns 10 01 01.

    >>> int(join_codes(np.array([3]), np.array([4]))[0])
    37
    """
    column, row = x.astype(np.int64), y.astype(np.int64)
    for shift, mask in _SPREAD:
        column, row = (column | column << shift) & mask, (row | row << shift) & mask
    return column | row << 1


def split_codes(codes: Whole) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Return columns and rows of Morton codes.

    Parameters
    ----------
    codes
        As :func:`join_codes` returns them.

    Returns
    -------
    tuple
        Columns and rows.
    """
    gather = [(1, 0x33333333), (2, 0x0F0F0F0F), (4, 0x00FF00FF), (8, 0x0000FFFF)]
    column, row = codes & 0x55555555, codes >> 1 & 0x55555555
    for shift, mask in gather:
        column, row = (column | column >> shift) & mask, (row | row >> shift) & mask
    return column.astype(np.int32), row.astype(np.int32)


@dataclass(frozen=True)
class Level:
    """The squares of a level that hold any firm.

    Parameters
    ----------
    codes
        Morton codes, rising.
    firms
        int32, shape (squares, groups): firms of each group.
    quarters
        int32, shape (squares, 4): place of each quarter on the next finer level, -1 where it is
        empty; without rows on the finest level.
    """

    codes: Whole
    firms: npt.NDArray[np.int32]
    quarters: npt.NDArray[np.int32]


def build_levels(codes: Whole, group: npt.NDArray[np.integer], groups: int) -> list[Level]:
    """Count firms in squares, from the finest level to the coarsest.

    Parameters
    ----------
    codes
        Square of each firm on the finest level.
    group
        Group of each firm.
    groups
        Number of groups.

    Returns
    -------
    list
        Levels from COARSEST to FINEST.
    """
    keys, counts = np.unique(codes * groups + group, return_counts=True)
    squares, place = np.unique(keys // groups, return_inverse=True)
    firms = np.zeros((len(squares), groups), dtype=np.int32)
    firms[place, keys % groups] = counts
    levels = [Level(squares, firms, np.zeros((0, 4), dtype=np.int32))]
    for _ in range(FINEST - COARSEST):
        levels.append(_coarsen(levels[-1]))
    return levels[::-1]


def _coarsen(finer: Level) -> Level:
    around = finer.codes >> 2
    codes, first, place = np.unique(around, return_index=True, return_inverse=True)
    firms = np.add.reduceat(finer.firms, first, axis=0) if len(first) else finer.firms
    quarters = np.full((len(codes), 4), -1, dtype=np.int32)
    quarters[place, finer.codes & 3] = np.arange(len(around), dtype=np.int32)
    return Level(codes, firms, quarters)
