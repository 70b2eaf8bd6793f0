"""Shapefiles read back by GDAL: every value, or a report of the cell."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyogrio
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from clustermap.errors import TableFault
from clustermap.formats import dbf, shapefile
from clustermap.formats.layer import Marks, build_layer

if TYPE_CHECKING:
    from pathlib import Path

    from clustermap.formats.layer import Written

CRS = "EPSG:5186"


def write(frame: pd.DataFrame, folder: Path, encoding: str = "utf-8") -> Written:
    layer, _ = build_layer("mine", frame)
    marks = Marks("t", "en", synthetic=False, encoding=encoding, attribution=(), version="0")
    return shapefile.write_shapefiles([layer], folder, marks)


def points(**columns: object) -> gpd.GeoDataFrame:
    length = len(next(iter(columns.values())))
    shapes = [shapely.Point(i / 3, -i) for i in range(length)]
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=CRS)


def read_columns(path: Path) -> dict[str, list[object]]:
    _, rows = pyogrio.raw.read_arrow(path)
    return {n: c for n, c in rows.to_pydict().items() if n != "wkb_geometry"}


def test_every_type_comes_back(tmp_path: Path) -> None:
    columns = {
        "int": [1, -(10**17) + 1, 10**18 - 1],
        "nullint": pd.array([None, 2**53 + 1, 0], dtype="Int64"),
        "flag": pd.array([True, None, False], dtype="boolean"),
        "float": [1e-300, -2.2250738585072014e-308, 0.1 + 0.2],
        "nullfl": [np.nan, 1.7976931348623157e308, -0.0],
        "date": [dt.date(2026, 1, 31), None, dt.date(1, 1, 1)],
        "text": ["가나다", None, "<img src=x onerror=alert(1)>"],
        "big": [2**63 - 1, 1, -(2**63)],
        "huge": np.array([2**64 - 1, 0, 1], dtype="uint64"),
        "time": pd.to_datetime(["2026-01-02T03:04:05.678Z", None, "1999-12-31T00:00:00.000Z"]),
    }
    written = write(points(**columns), tmp_path)
    assert written.changes == ()
    back = read_columns(tmp_path / "mine.shp")
    assert back == {
        "int": columns["int"],
        "nullint": [None, 2**53 + 1, 0],
        "flag": [True, None, False],
        "float": columns["float"],
        "nullfl": [None, 1.7976931348623157e308, -0.0],
        "date": columns["date"],
        "text": columns["text"],
        "big": [str(2**63 - 1), "1", str(-(2**63))],
        "huge": [str(2**64 - 1), "0", "1"],
        "time": ["2026-01-02T03:04:05.678Z", None, "1999-12-31T00:00:00.000Z"],
    }


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=50))
def test_every_double_fits_the_width(values: list[float]) -> None:
    field = dbf.declare_field("v", pa.chunked_array([pa.array(values)]), "utf-8")
    cells = list(dbf._cells(field, field.column.combine_chunks(), "utf-8"))
    assert {len(cell) for cell in cells} == {24}
    assert [float(cell) for cell in cells] == values


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=400))
def test_text_is_cut_between_characters(text: str) -> None:
    for encoding in ("utf-8", "cp949"):
        encoded, happened = dbf.encode_text(text, encoding)
        assert len(encoded) <= 254
        back = encoded.decode(encoding)
        expected = text.encode(encoding, errors="replace").decode(encoding)
        assert expected.startswith(back)
        assert ("cut" in happened) == (back != expected)
        assert ("encoding" in happened) == (expected != text)


def test_korean_field_names_come_back(tmp_path: Path) -> None:
    for encoding in ("utf-8", "cp949"):
        folder = tmp_path / encoding
        folder.mkdir()
        frame = points(혁신연계점수=["뷁"], 혁신연계비율=["나"])
        written = write(frame, folder, encoding)
        back = gpd.read_file(folder / "mine.shp")
        names = {name.column.name: name.field for name in written.names}
        assert back[names["혁신연계점수"]].tolist() == ["뷁"]
        assert back[names["혁신연계비율"]].tolist() == ["나"]


def test_cp949_lists_every_cell_and_keeps_the_rest(tmp_path: Path) -> None:
    frame = points(text=["한글 ㎢", "앞🚀뒤", "뷁", "ñ끝", "가" * 200])
    written = write(frame, tmp_path, "cp949")
    assert (tmp_path / "mine.cpg").read_text(encoding="ascii") == "949"
    back = gpd.read_file(tmp_path / "mine.shp")
    assert back["text"].tolist() == ["한글 ㎢", "앞?뒤", "뷁", "?끝", "가" * 127]
    assert [(c.file, c.column, c.row, c.happened) for c in written.changes] == [
        ("mine.dbf", "text", "2", "encoding"),
        ("mine.dbf", "text", "4", "encoding"),
        ("mine.dbf", "text", "5", "cut"),
    ]
    (tmp_path / "mine.cpg").unlink()
    assert gpd.read_file(tmp_path / "mine.shp")["text"][2] == "뷁"  # the table says it too


def test_long_text_and_spaces_at_the_end_are_reported(tmp_path: Path) -> None:
    written = write(points(text=["긴" * 5000, "끝 ", " 앞"]), tmp_path)
    assert [(c.row, c.happened) for c in written.changes] == [
        ("1", "cut"),
        ("2", "spaces"),
        ("3", "spaces"),
    ]
    assert gpd.read_file(tmp_path / "mine.shp")["text"].tolist() == ["긴" * 84, "끝", "앞"]


@pytest.mark.parametrize("code", [5179, 5186, 5174, 4326, 3857, 32652])
def test_coordinate_systems_are_recognised(tmp_path: Path, code: int) -> None:
    frame = points(n=[1]).set_crs(code, allow_override=True)
    write(frame, tmp_path)
    assert gpd.read_file(tmp_path / "mine.shp").crs.to_epsg() == code
    prj = (tmp_path / "mine.prj").read_text(encoding="ascii")
    assert prj.startswith(("PROJCS[", "GEOGCS["))
    assert f'AUTHORITY["EPSG","{code}"]' in prj


def test_unfit_coordinate_system_is_a_table_fault(tmp_path: Path) -> None:
    with pytest.raises(TableFault) as caught:
        write(points(n=[1]).set_crs(4979, allow_override=True), tmp_path)
    assert caught.value.reason == "export_crs_unfit"
    assert list(tmp_path.iterdir()) == []


def test_mixed_geometry_is_split_by_family(tmp_path: Path) -> None:
    shapes = [
        shapely.Point(1, 2),
        shapely.box(0, 0, 1, 1),
        None,
        shapely.MultiPoint([[0, 0], [1, 1]]),
        shapely.MultiPolygon([shapely.box(0, 0, 1, 1), shapely.box(5, 5, 6, 6)]),
        shapely.LineString([[0, 0], [1, 1]]),
    ]
    frame = gpd.GeoDataFrame({"n": range(6)}, geometry=shapes, crs=CRS)
    written = write(frame, tmp_path)
    found = {
        path.stem: gpd.read_file(path)["n"].tolist() for path in sorted(tmp_path.glob("*.shp"))
    }
    assert found == {"mine_points": [0, 2, 3], "mine_lines": [5], "mine_polygons": [1, 4]}
    assert sorted(written.files) == sorted(path.name for path in tmp_path.iterdir())
    back = gpd.read_file(tmp_path / "mine_points.shp").geometry
    assert back[2].equals_exact(shapes[3], 0)
    assert back[1] is None


def test_heights_stay(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame({"n": [1]}, geometry=[shapely.Point(1, 2, 3)], crs=CRS)
    write(frame, tmp_path)
    assert gpd.read_file(tmp_path / "mine.shp").geometry[0].z == 3


def test_empty_layer(tmp_path: Path) -> None:
    write(points(n=[1], t=["a"]).iloc[:0], tmp_path)
    back = gpd.read_file(tmp_path / "mine.shp")
    assert len(back) == 0
    assert back.crs.to_epsg() == 5186


@pytest.mark.parametrize(
    ("shape", "reason"),
    [(shapely.GeometryCollection([shapely.Point(0, 0)]), "export_geometry_kind")],
)
def test_unfit_geometry_is_a_table_fault_before_anything_is_written(
    tmp_path: Path, shape: shapely.Geometry, reason: str
) -> None:
    frame = gpd.GeoDataFrame({"n": [1]}, geometry=[shape], crs=CRS)
    with pytest.raises(TableFault) as caught:
        write(frame, tmp_path)
    assert caught.value.reason == reason
    assert list(tmp_path.iterdir()) == []


def test_too_large_or_wide_is_a_table_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wide = pd.DataFrame({f"c{i}": [1] for i in range(2100)})
    with pytest.raises(TableFault, match="2100 columns"):
        write(wide, tmp_path)
    monkeypatch.setattr(dbf, "LARGEST_FILE", 100)
    with pytest.raises(TableFault, match="2 GB"):
        write(pd.DataFrame({"a": [1.0] * 50}), tmp_path)
    monkeypatch.setattr(shapefile, "LARGEST_FILE", 100)
    with pytest.raises(TableFault, match="2 GB"):
        write(points(a=[1, 2]), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_many_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dbf, "_BLOCK", 7)
    frame = pd.DataFrame({"n": range(30), "t": [f"가{i}" for i in range(30)]})
    write(frame, tmp_path)
    back = gpd.read_file(tmp_path / "mine.dbf")
    assert back["n"].tolist() == list(range(30))
    assert back["t"].tolist() == frame["t"].tolist()
