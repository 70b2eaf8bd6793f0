"""Actors: firms, institutes and partners in one register, each with its type and its place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyproj import CRS

from clustermap.checks import Checked, quote_rows
from clustermap.errors import TableFault
from clustermap.layers import projection
from clustermap.tables import ACTOR_TYPES

if TYPE_CHECKING:
    import numpy.typing as npt

POINT = "x, y"
"""Column that a fault of both coordinates names."""

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
    """

    crs: CRS
    bounds: projection.Bounds


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
    turned = projection.transform(y, x, found, lonlat)
    swapped = given & ~near & ~degrees & projection.lies_in(*turned, home.bounds)
    if _are_swapped(given, (lon, lat), turned, home):
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
    quoted = rows.append_column(POINT, _write_points(x, y))
    rows = _replace(_replace(rows, "x", moved_x), "y", moved_y)
    bad = np.zeros(len(x), dtype=bool)
    for mask, reason in (
        (half, "half_coordinate"),
        (origin, "origin_coordinate"),
        (degrees, "degrees_coordinate"),
        (swapped, "swapped_coordinate"),
        (impossible, "impossible_coordinate"),
    ):
        here = mask & ~bad
        faults.append(quote_rows(table, quoted, here, column=POINT, reason=reason))
        bad |= here
    return Checked(rows.filter(pa.array(~bad)), pa.concat_tables(faults), checked.mended)


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
    given: npt.NDArray[np.bool_], points: _Points, turned: _Points, home: Home
) -> bool:
    """Return whether a layer lies among the clusters only when its axes are swapped.

    One point may have its twin there by chance, as national grids are nearly square; most of a
    layer has not.
    """
    among = given & projection.lies_in(*points, home.bounds, margin=_AMONG_DEGREES)
    swapped = given & projection.lies_in(*turned, home.bounds, margin=_AMONG_DEGREES)
    return bool(among.sum() < _HARDLY * given.sum() and swapped.sum() > _MOSTLY * given.sum())


@dataclass(frozen=True)
class Register:
    """Every actor that a linkage may name, by its position.

    Parameters
    ----------
    ids
        Identifiers, unique text.
    types
        uint8; position in ACTOR_TYPES.
    cells
        int32; code of the cell that it belongs to.
    """

    ids: pa.Array
    types: npt.NDArray[np.uint8]
    cells: npt.NDArray[np.int32]

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
        found = pc.fill_null(pc.index_in(ids, value_set=self.ids), -1)
        return np.asarray(found.to_numpy(zero_copy_only=False), dtype=np.int32)


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
