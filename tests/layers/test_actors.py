"""Points of actors: brought to the map, faulty ones aside, a layer that lies elsewhere refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyproj import CRS

from clustermap import tables
from clustermap.checks import Checked, Chunk, check_chunk
from clustermap.errors import TableFault
from clustermap.layers import identity
from clustermap.layers.actors import (
    Home,
    Register,
    group_codes,
    place_points,
    precise_points,
    site_codes,
    type_codes,
)
from clustermap.layers.identity import find_duplicates, set_duplicates_aside
from clustermap.layers.lookup import build_lookup
from clustermap.tables import ACTOR_TYPES

LONLAT, GRID = CRS("EPSG:4326"), CRS("EPSG:5179")
KOREA = Home(GRID, (126.0, 34.0, 129.5, 38.0))
EUROPE = Home(CRS("EPSG:3035"), (-9.0, 36.0, 30.0, 66.0))
SEOUL = (126.98, 37.57)


def checked(points: list[tuple[Any, Any]], **columns: Any) -> Checked:
    ids = [f"F{n}" for n in range(len(points))]
    x, y = (pa.array([p[n] for p in points], pa.float64()) for n in (0, 1))
    rows = pa.table({"firm": ids, "x": x, "y": y, **columns})
    chunk = Chunk("공장.csv", pa.array(range(2, 2 + len(ids))), rows)
    return check_chunk(tables.FIRMS, chunk)


def place(points: list[tuple[Any, Any]], found: CRS = LONLAT, home: Home = KOREA) -> Checked:
    return place_points("firms", checked(points), found, home)


def refuse(points: list[tuple[Any, Any]], found: CRS = LONLAT, home: Home = KOREA) -> str:
    with pytest.raises(TableFault) as caught:
        place(points, found, home)
    return caught.value.reason


def faults(placed: Checked) -> list[tuple[int, str, str, str]]:
    found = placed.faults.sort_by("line").to_pylist()
    return [(f["line"], f["column"], f["value"], f["reason"]) for f in found]


def test_points_come_to_the_map_easting_first() -> None:
    placed = place([(127.5, 38.0), SEOUL])
    assert placed.rows["x"][0].as_py() == pytest.approx(1_000_000, abs=0.01)
    assert placed.rows["y"][0].as_py() == pytest.approx(2_000_000, abs=0.01)
    assert placed.faults.num_rows == 0


def test_faulty_points_step_aside_with_both_coordinates() -> None:
    good = [SEOUL] * 5
    points = [*good, (0, 0), (127.0, None), (None, 37.0), (37.5, 127.0), (None, None), (500, 95)]
    placed = place(points)
    assert faults(placed) == [
        (7, "x, y", "0, 0", "origin_coordinate"),
        (8, "x, y", "127, ", "half_coordinate"),
        (9, "x, y", ", 37", "half_coordinate"),
        (10, "x, y", "37.5, 127", "swapped_coordinate"),
        (12, "x, y", "500, 95", "impossible_coordinate"),
    ]
    # No coordinate at all is no fault: something else may tell where it is.
    assert placed.rows["firm"].to_pylist() == ["F0", "F1", "F2", "F3", "F4", "F9"]
    assert placed.rows["x"].null_count == 1


def test_a_far_point_is_no_fault() -> None:
    placed = place([SEOUL, SEOUL, (139.7, 35.7)])  # a branch in Tokyo
    assert placed.faults.num_rows == 0
    assert np.isfinite(placed.rows["x"].to_numpy()).all()


def test_a_layer_with_swapped_columns_is_refused() -> None:
    assert refuse([(37.5, 127.0)] * 3) == "swapped_axes"
    assert refuse([(52.5, 13.4)] * 3, home=EUROPE) in {"swapped_axes", "misplaced_layer"}
    # Northings given as eastings.
    assert refuse([(1_950_000, 950_000)] * 3, GRID) in {"swapped_axes", "misplaced_layer"}


def test_degrees_declared_as_metres_are_refused() -> None:
    assert refuse([SEOUL] * 3, GRID) == "degrees_in_metres"
    assert refuse([(950_000, 1_950_000)] * 3, LONLAT) == "misplaced_layer"


def test_a_point_that_the_table_lacks_half_of_is_half_a_coordinate() -> None:
    rows = checked([SEOUL, SEOUL])
    half = Checked(rows.rows.drop(["y"]), rows.faults)
    placed = place_points("firms", half, LONLAT, KOREA)
    assert [reason for *_, reason in faults(placed)] == ["half_coordinate"] * 2


def test_types_come_from_the_kind_or_are_fixed() -> None:
    rows = pa.table({"kind": pa.array(["support", None, "university"])})
    assert [ACTOR_TYPES[code] for code in type_codes(rows)] == ["support", "other", "university"]
    assert [ACTOR_TYPES[code] for code in type_codes(rows, "firm")] == ["firm"] * 3
    assert [ACTOR_TYPES[code] for code in type_codes(rows.drop(["kind"]))] == ["other"] * 3


def test_the_register_finds_positions() -> None:
    nobody = np.zeros(3, np.uint8), np.zeros(3, np.int32)
    register = Register(pa.array(["b", "007", "7"]), *nobody)
    assert register.find(pa.array(["7", "b", "9", "007", None])).tolist() == [2, 0, -1, 1, -1]


def test_a_lookup_built_meanwhile_is_asked_until_it_is_forgotten() -> None:
    ids, types, cells = pa.array(["a", "b"]), np.zeros(2, np.uint8), np.zeros(2, np.int32)
    register = Register(ids, types, cells)
    register.adopt(build_lookup(pa.array(["b", "a"])))
    assert register.find(pa.array(["a", "b"])).tolist() == [1, 0]
    register.forget()
    assert register.find(pa.array(["a", "b"])).tolist() == [0, 1]


def test_every_row_of_a_duplicated_identifier_is_marked() -> None:
    assert find_duplicates(pa.array(["a", "b", "a", "c", "a"])).tolist() == [1, 0, 1, 0, 1]
    assert find_duplicates(pa.array([], pa.string())).tolist() == []
    assert find_duplicates(pa.array(["a", "b", ""])).tolist() == [0, 0, 0]


def test_texts_that_share_a_hash_are_no_duplicates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "hash_texts", lambda ids: np.array([len(i.as_py()) for i in ids]))
    assert find_duplicates(pa.array(["a", "b", "cc", "b", "dd"])).tolist() == [0, 1, 0, 1, 0]
    rows = checked([SEOUL] * 2).rows
    twice = pa.concat_tables([rows, rows.slice(1)])
    held = set_duplicates_aside("firms", twice, "firm")
    assert held.rows["firm"].to_pylist() == ["F0"]
    assert held.faults["line"].to_pylist() == [3, 3]


def test_what_a_register_is_not_told_is_unknown() -> None:
    nobody = np.zeros(2, np.uint8), np.zeros(2, np.int32)
    register = Register(pa.array(["a", "b"]), *nobody, stratum=np.array([4, 5], np.int16))
    assert np.isnan([register.x, register.y]).all()
    assert register.precise.tolist() == [False, False]
    assert register.stratum.tolist() == [4, 5]
    assert register.group.tolist() == [-1, -1]
    assert register.site.tolist() == [0, 0]


def test_sites_are_headquarters_or_others() -> None:
    said = [" 본사", "본점", "HQ", "head_office", "Headquarters", "공장", "R&D", "", None]
    assert site_codes(pa.array(said)).tolist() == [1, 1, 1, 1, 1, 2, 2, 0, 0]
    assert site_codes(pa.nulls(1, pa.string())).tolist() == [0]


def test_groups_are_numbered_by_name() -> None:
    assert group_codes(pa.array(["나", None, "가", "나"])).tolist() == [1, -1, 0, 1]
    assert group_codes(pa.nulls(2, pa.string())).tolist() == [-1, -1]


def test_a_place_known_to_2_km_is_precise() -> None:
    nan = np.nan
    x, y = np.array([1.0, 1, 1, nan, 1]), np.array([1.0, 1, 1, 1, nan])
    precision = np.array([nan, 2000, 2000.1, nan, nan])
    assert precise_points(x, y, precision).tolist() == [True, True, False, False, False]
