"""Tables of industrial complexes: boundaries by DAN_ID, and lists with areas and at best points."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clustermap.sources.dialects.columns import find_words, make_ids, put, take_text
from clustermap.sources.dialects.dialect import ALSO, Dialect

if TYPE_CHECKING:
    from clustermap.checks import Chunk

_MADE = "complex-"
_LARGE = 20_000.0
"""Half of Korea's complexes are smaller than 1 km2: a median above this is no number of 1,000 m2,
and one below it none of m2."""

_AREAS = {
    "지정면적(㎡)": 1e-6,
    "지정면적(m2)": 1e-6,
    "지정면적(m²)": 1e-6,
    "지정면적(제곱미터)": 1e-6,
    "지정면적(천㎡)": 1e-3,
    "지정면적(천m2)": 1e-3,
    "지정면적(천m²)": 1e-3,
    "지정면적(㎢)": 1.0,
    "지정면적(km2)": 1.0,
    "지정면적(km²)": 1.0,
}
_POINTS = {"경도": "위도", "X좌표": "Y좌표", "x좌표": "y좌표", "lon": "lat", "x": "y", "X": "Y"}
_DEGREES = ("경도", "lon")


def _read_numbers(texts: pa.Array) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    plain = pc.replace_substring(texts, ",", "")
    good = find_words(plain, r"^-?\d{1,15}(\.\d{1,20})?$")
    numbers = pc.if_else(good, plain, pa.scalar(None, pa.string())).cast(pa.float64())
    return np.asarray(numbers.to_numpy(zero_copy_only=False), dtype=float)


def _add_area(chunk: Chunk) -> Chunk:
    """Add the designated area in km2, in the unit that the header or, if none, the size tells."""
    rows, told = chunk.rows, dict(chunk.told)
    if "area_km2" in rows.column_names:
        return chunk
    area = np.full(rows.num_rows, np.nan)
    for name, factor in _AREAS.items():
        stated = _read_numbers(take_text(rows, name)) * factor
        area = np.where(np.isnan(area), stated, area)
    bare = _read_numbers(take_text(rows, "지정면적"))
    if (bare > 0).any():
        large = bool(np.median(bare[bare > 0]) > _LARGE)
        told["areas_in_m2" if large else "areas_in_1000_m2"] = int((bare > 0).sum())
        area = np.where(np.isnan(area), bare * (1e-6 if large else 1e-3), area)
    return replace(chunk, rows=put(rows, "area_km2", pa.array(area, from_pandas=True)), told=told)


def _add_points(chunk: Chunk) -> Chunk:
    """Add the points that a list has; with its area a complex is then drawn as a circle."""
    import shapely  # noqa: PLC0415 -- the project file is read without it

    rows = chunk.rows
    if "geometry" in rows.column_names:
        return chunk
    for east, north in _POINTS.items():
        if not {ALSO + east, ALSO + north} <= set(rows.column_names):
            continue
        x, y = (_read_numbers(take_text(rows, name)) for name in (east, north))
        known = ~np.isnan(x) & ~np.isnan(y)
        points = np.full(rows.num_rows, None, dtype=object)
        points[known] = shapely.to_wkb(shapely.points(x[known], y[known]))
        crs = "EPSG:4326" if east in _DEGREES else ""
        told = dict(chunk.told) | {"drawn_as_circles": int(known.sum())}
        rows = put(rows, "geometry", pa.array(points, pa.binary()))
        return replace(chunk, rows=rows, crs=chunk.crs or crs, told=told)
    return chunk


def convert_complexes(chunk: Chunk) -> Chunk:
    """Turn a list of complexes into clusters.

    Parameters
    ----------
    chunk
        Raw rows.

    Returns
    -------
    Chunk
        Rows with an identifier, the designated area and, if the list has points, these.
    """
    rows, told = chunk.rows, dict(chunk.told)
    if "cluster" not in rows.column_names:
        ids = make_ids(rows, ("region", "district", "name", "kind"), _MADE)
        rows, told["ids_made"] = put(rows, "cluster", ids), rows.num_rows
    return _add_points(_add_area(replace(chunk, rows=rows, told=told)))


BOUNDARIES = Dialect(
    "complex_boundaries",
    "clusters",
    frozenset({"DAN_ID", "DAN_NAME"}),
    {"cluster": "DAN_ID", "name": "DAN_NAME", "district": "SIGUNGU_NM", "kind": "TYPE"},
)


def _list_of(*signature: str, region: str, district: str, kind: str, name: str) -> Dialect:
    return Dialect(
        "complexes",
        "clusters",
        frozenset(signature),
        {"name": name, "region": region, "district": district, "kind": kind},
        ("지정면적", *_AREAS, *_POINTS, *_POINTS.values()),
        frozenset({"cluster", "area_km2"}),
        convert=convert_complexes,
    )


COMPLEXES: tuple[Dialect, ...] = (
    BOUNDARIES,
    _list_of(
        "단지명",
        "시도",
        "시군구",
        "유형",
        region="시도",
        district="시군구",
        kind="유형",
        name="단지명",
    ),
    _list_of(
        "단지명",
        "시도명",
        "시군구명",
        "유형",
        region="시도명",
        district="시군구명",
        kind="유형",
        name="단지명",
    ),
    _list_of(
        "단지명",
        "시도",
        "시군구",
        "지정면적",
        region="시도",
        district="시군구",
        kind="유형",
        name="단지명",
    ),
)
