"""Actors: firms, institutes and partners in one register, each with its type and its place."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyproj import CRS

from clustermap.checks import Checked, quote_rows
from clustermap.errors import TableFault
from clustermap.layers import projection
from clustermap.layers.lookup import Lookup, build_lookup
from clustermap.tables import ACTOR_TYPES

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

POINT = "x, y"
"""Column that a fault of both coordinates names."""

UNKNOWN, AMBIGUOUS_NAME, UNKNOWN_NAME = -1, -2, -3
"""Positions of actors that are not found: an identifier of nobody, a name of several, of nobody."""

SITES = ("unknown", "headquarters", "other")
HEADQUARTERS, OTHER_SITE = SITES.index("headquarters"), SITES.index("other")

_HEADQUARTERS = ("headquarters", "hq", "head office", "본사", "본점")
PRECISE_M = 2000.0
"""Where a point is known no better than this, nothing is measured in metres from it."""

_Points: TypeAlias = "tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]"
_AMONG_DEGREES = 0.3
_HARDLY = 0.1
_MOSTLY = 0.5
"""Share of a layer's points above which a fault of many rows is a fault of the table."""


@dataclass(frozen=True)
class Home:
    """Where the map is: its coordinate system, and where its clusters lie.

    Parameters
    ----------
    crs
        The map's system.
    bounds
        Bounds of the clusters in degrees.
    countries
        Codes of its countries, for registers of the whole world; empty: all.
    """

    crs: CRS
    bounds: projection.Bounds
    countries: frozenset[str] = frozenset()


def place_points(table: str, checked: Checked, found: CRS, home: Home) -> Checked:
    """Bring points to the map's coordinate system and set impossible ones aside.

    Parameters
    ----------
    table
        Name of the input table.
    checked
        Typed rows with x and y in the layer's system; null where unknown.
    found
        Coordinate system of the layer.
    home
        The map.

    Returns
    -------
    Checked
        Rows with x and y on the map, and the faults.

    Raises
    ------
    TableFault
        If most points are swapped, or most lie far from every cluster.
    """
    rows = checked.rows
    x, y = (_column(rows, name) for name in ("x", "y"))
    half = np.isnan(x) != np.isnan(y)
    origin = (x == 0) & (y == 0)
    lonlat = CRS.from_user_input(projection.LONLAT)
    lon, lat = projection.transform(x, y, found, lonlat)
    given = ~(np.isnan(x) | np.isnan(y) | origin)
    possible = np.isfinite(lon) & (np.abs(lat) <= 90) & (np.abs(lon) <= 180)
    degrees = given & found.is_projected & (np.abs(x) <= 180) & (np.abs(y) <= 90)
    near = possible & ~degrees & projection.lies_in(lon, lat, home.bounds)
    swapped = given & ~near & ~degrees
    swapped[swapped] = projection.lies_in(
        *projection.transform(y[swapped], x[swapped], found, lonlat), home.bounds
    )
    if _are_swapped(given, (lon, lat), lambda: projection.transform(y, x, found, lonlat), home):
        raise TableFault("swapped_axes", table=table, column=POINT)
    if degrees.sum() > _MOSTLY * given.sum():
        raise TableFault(
            "degrees_in_metres", table=table, key="crs", value=projection.name_crs(found)
        )
    if (given & ~near).sum() > _MOSTLY * given.sum():
        raise TableFault(
            "misplaced_layer", table=table, key="crs", value=projection.name_crs(found)
        )
    faults = [checked.faults]
    moved_x, moved_y = projection.transform(x, y, found, home.crs)
    impossible = given & (~possible | np.isnan(moved_x))
    moved = _replace(_replace(rows, "x", moved_x), "y", moved_y)
    bad = half | origin | degrees | swapped | impossible
    if not bad.any():
        return Checked(moved, checked.faults, checked.mended)
    quoted = rows.append_column(POINT, _write_points(x, y))
    told = np.zeros(len(x), dtype=bool)
    for mask, reason in (
        (half, "half_coordinate"),
        (origin, "origin_coordinate"),
        (degrees, "degrees_coordinate"),
        (swapped, "swapped_coordinate"),
        (impossible, "impossible_coordinate"),
    ):
        here = mask & ~told
        faults.append(quote_rows(table, quoted, here, column=POINT, reason=reason))
        told |= here
    return Checked(moved.filter(pa.array(~bad)), pa.concat_tables(faults), checked.mended)


def _column(rows: pa.Table, name: str) -> npt.NDArray[np.float64]:
    if name not in rows.column_names:
        return np.full(rows.num_rows, np.nan)
    return np.asarray(rows[name].to_numpy(), dtype=float)


def _replace(rows: pa.Table, name: str, values: npt.NDArray[np.float64]) -> pa.Table:
    column = pa.array(values, from_pandas=True)
    if name in rows.column_names:
        return rows.set_column(rows.column_names.index(name), name, column)
    return rows.append_column(name, column)


def _write_points(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> pa.Array:
    """Return points as people read them: "127.5, 37.5"; an unknown half is left empty."""
    halves = (pc.fill_null(pa.array(v, from_pandas=True).cast(pa.string()), "") for v in (x, y))
    return pc.binary_join_element_wise(*halves, ", ")


def _are_swapped(
    given: npt.NDArray[np.bool_], points: _Points, turn: Callable[[], _Points], home: Home
) -> bool:
    """Return whether a layer lies among the clusters only when its axes are swapped.

    One point may have its twin there by chance, as national grids are nearly square; most of a
    layer has not.
    """
    among = given & projection.lies_in(*points, home.bounds, margin=_AMONG_DEGREES)
    if among.sum() >= _HARDLY * given.sum():
        return False
    swapped = given & projection.lies_in(*turn(), home.bounds, margin=_AMONG_DEGREES)
    return bool(swapped.sum() > _MOSTLY * given.sum())


@dataclass(frozen=True)
class Register:
    """Every actor that a linkage may name, by its position.

    Of the fields after the third, those that are not given are unknown for everyone.

    Parameters
    ----------
    ids
        Identifiers, unique text.
    types
        uint8; position in ACTOR_TYPES.
    cells
        int32; code of the cell that it belongs to.
    x, y
        float64 on the map; NaN where unknown.
    precise
        bool; whether it is known where it stands, to 2 km or better.
    stratum
        int16; stratum that it is compared within; -1 for actors that the null model leaves out
        (partners abroad, and actors of whom no place is known).
    group
        int32; business group; -1: none.
    site
        uint8; position in SITES.
    placed
        bool; whether its point is that of its complex or district and not its own: it tells
        nothing of distances within one cell.
    """

    ids: pa.Array
    types: npt.NDArray[np.uint8]
    cells: npt.NDArray[np.int32]
    x: npt.NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    y: npt.NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    precise: npt.NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))
    stratum: npt.NDArray[np.int16] = field(default_factory=lambda: np.zeros(0, np.int16))
    group: npt.NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    site: npt.NDArray[np.uint8] = field(default_factory=lambda: np.zeros(0, np.uint8))
    placed: npt.NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))

    def __post_init__(self) -> None:
        unknown = {
            "x": np.nan,
            "y": np.nan,
            "precise": False,
            "stratum": -1,
            "group": -1,
            "site": 0,
            "placed": False,
        }
        for name, value in unknown.items():
            given = getattr(self, name)
            if not len(given):
                one = np.array(value, dtype=given.dtype)  # said once for all: it takes no room
                object.__setattr__(self, name, np.broadcast_to(one, len(self.cells)))

    def find(self, ids: pa.Array) -> npt.NDArray[np.int32]:
        """Return the positions of identifiers.

        Parameters
        ----------
        ids
            Text.

        Returns
        -------
        np.ndarray
            int32; -1 where the register does not know it.
        """
        return self.lookup.find(ids)

    @cached_property
    def typed_cells(self) -> tuple[npt.NDArray[np.int32], int]:
        """Type and cell of everyone as one number, the type first; and the bits of the cell."""
        bits = int(self.cells.max(initial=0)).bit_length()
        return self.types.astype(np.int32) << bits | self.cells, bits

    def adopt(self, lookup: Lookup) -> None:
        """Take a lookup of the same identifiers that was built meanwhile.

        Parameters
        ----------
        lookup
            From build_lookup of ``ids``.
        """
        self.__dict__["lookup"] = lookup

    def forget(self) -> None:
        """Give back what was made to look links up: some hundred megabytes of a nation."""
        for name in ("lookup", "typed_cells"):
            self.__dict__.pop(name, None)

    @cached_property
    def lookup(self) -> Lookup:
        """The identifiers, hashed once."""
        return build_lookup(self.ids)


def type_codes(rows: pa.Table, fixed: str = "") -> npt.NDArray[np.uint8]:
    """Return the actor types of rows as codes.

    Parameters
    ----------
    rows
        Typed rows with the column ``kind``, unless the type is fixed.
    fixed
        Actor type of every row, "" to take it from ``kind`` (empty means "other").

    Returns
    -------
    np.ndarray
        uint8; position in ACTOR_TYPES.
    """
    default = ACTOR_TYPES.index(fixed or "other")
    if fixed or "kind" not in rows.column_names:
        return np.full(rows.num_rows, default, dtype=np.uint8)
    at = pc.index_in(rows["kind"].combine_chunks(), value_set=pa.array(ACTOR_TYPES))
    return np.asarray(pc.fill_null(at, default).to_numpy(zero_copy_only=False), dtype=np.uint8)


def precise_points(
    x: npt.NDArray[np.float64],
    y: npt.NDArray[np.float64],
    precision_m: npt.NDArray[np.float64],
) -> npt.NDArray[np.bool_]:
    """Return which points are known well enough to measure distances of actors by.

    Parameters
    ----------
    x, y
        Points; NaN where unknown.
    precision_m
        How precise they are; NaN means exact.

    Returns
    -------
    np.ndarray
        bool.

    Examples
    --------
    >>> nan = np.nan
    >>> precise_points(np.array([1, 1, nan]), np.ones(3), np.array([nan, 2001, nan])).tolist()
    [True, False, False]
    """
    return np.asarray(~np.isnan(x) & ~np.isnan(y) & ~(precision_m > PRECISE_M), dtype=bool)


def group_codes(groups: pa.Array) -> npt.NDArray[np.int32]:
    """Return business groups as codes, numbered in the order of their names.

    Parameters
    ----------
    groups
        Text; null where an actor belongs to none.

    Returns
    -------
    np.ndarray
        int32; -1: none.

    Examples
    --------
    >>> group_codes(pa.array(["b", None, "a", "b"])).tolist()
    [1, -1, 0, 1]
    """
    names = pc.unique(groups.drop_null()).sort()
    at = pc.fill_null(pc.index_in(groups, value_set=names), -1)
    return np.asarray(at.to_numpy(zero_copy_only=False), dtype=np.int32)


def site_codes(sites: pa.Array) -> npt.NDArray[np.uint8]:
    """Return what the rows of firms say of their sites as codes.

    Parameters
    ----------
    sites
        Text as the source has it; null where it says nothing.

    Returns
    -------
    np.ndarray
        uint8; position in SITES.

    Examples
    --------
    >>> site_codes(pa.array(["본사", "Head Office", "plant", None])).tolist()
    [1, 1, 2, 0]
    """
    words = pc.utf8_lower(pc.utf8_trim_whitespace(sites))
    words = pc.replace_substring_regex(words, r"[\s_-]+", " ")
    head = pc.is_in(words, value_set=pa.array(_HEADQUARTERS))
    said = pc.fill_null(pc.not_equal(words, ""), False)
    codes = pc.if_else(head, HEADQUARTERS, pc.if_else(said, SITES.index("other"), 0))
    return np.asarray(codes.to_numpy(zero_copy_only=False), dtype=np.uint8)
