"""A first look at files: columns, rows, shapes, layers, and which files are meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

from clustermap.errors import TableFault
from clustermap.sources.peek import list_files, peek, peek_all, spell_path
from tests.sources.packages import add_view

if TYPE_CHECKING:
    from pathlib import Path

SQUARE = shapely.box(950_000, 1_950_000, 951_000, 1_951_000)


def frame(shape: shapely.Geometry) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"번호": ["1"]}, geometry=[shape], crs="EPSG:5179")


def test_a_text_file_in_cp949(tmp_path: Path) -> None:
    path = tmp_path / "기업.csv"
    path.write_text("업체번호,업체명\n0012,가\n0013,\n", encoding="cp949")
    (found,) = peek(path)
    assert found.columns == ["업체번호", "업체명"]
    assert found.rows.to_pylist()[0] == {"업체번호": "0012", "업체명": "가"}
    assert found.rows["업체명"].null_count == 1
    assert (found.layer, found.shapes, found.crs, len(found.geometry)) == ("", "", "", 0)


def test_every_layer_of_a_geopackage(tmp_path: Path) -> None:
    path = tmp_path / "many.gpkg"
    road = shapely.LineString(SQUARE.exterior)
    for name, shape in (("areas", SQUARE), ("spots", shapely.Point(1, 1)), ("roads", road)):
        frame(shape).to_file(path, layer=name, driver="GPKG")
    found = {one.layer: (one.shapes, one.crs, one.columns) for one in peek(path)}
    assert found == {
        "areas": ("polygons", "EPSG:5179", ["번호"]),
        "spots": ("points", "EPSG:5179", ["번호"]),
        "roads": ("lines", "EPSG:5179", ["번호"]),
    }


def test_layers_beside_a_view_are_looked_at(tmp_path: Path) -> None:
    path = tmp_path / "many.gpkg"
    areas = frame(SQUARE).rename(columns={"번호": "cluster"}).assign(name="a")
    areas.to_file(path, layer="areas", driver="GPKG")
    add_view(path, "areas", "endless")
    areas.to_file(path, layer="more", driver="GPKG")
    found, unread = peek_all([path])
    assert [one.layer for one in found] == ["areas", "more"]
    assert (unread[path].reason, unread[path].value) == ("layer_is_view", "endless")


def test_a_geopackage_with_one_layer_needs_no_name_of_it(tmp_path: Path) -> None:
    path = tmp_path / "one.gpkg"
    frame(SQUARE).to_file(path, layer="areas", driver="GPKG")
    (found,) = peek(path)
    assert found.layer == ""
    assert shapely.equals(found.geometry[0], SQUARE)


def test_a_shapefile_that_does_not_say_its_system(tmp_path: Path) -> None:
    path = tmp_path / "a.shp"
    frame(SQUARE).to_file(path, encoding="utf-8")
    path.with_suffix(".prj").unlink()
    (found,) = peek(path)
    assert (found.shapes, found.crs) == ("polygons", "")


def test_columns_that_nobody_can_name_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a,b,a,geometry\n1,2,3,POINT (1 1)\n", encoding="utf-8")
    (found,) = peek(path)
    assert found.columns == ["b", "geometry"]
    assert found.shapes == ""
    path = tmp_path / "a.parquet"
    rows = {"a": ["x"], "deep": pa.array([{"b": 1}]), "raw": pa.array([b"\xff"])}
    pq.write_table(pa.table(rows), path)
    assert "a" in next(peek(path)).columns
    assert "deep" not in next(peek(path)).columns


def test_a_header_alone_and_a_broken_file(tmp_path: Path) -> None:
    (tmp_path / "head.csv").write_text("a,b\n", encoding="utf-8")
    (tmp_path / "broken.gpkg").write_bytes(b"no")
    (tmp_path / "paper.pdf").write_bytes(b"%PDF")
    found, unread = peek_all(sorted(tmp_path.iterdir()))
    assert [(one.rows.num_rows, one.columns) for one in found] == [(0, ["a", "b"])]
    assert {path.name: fault.reason for path, fault in unread.items()} == {
        "broken.gpkg": "unreadable_file",
        "paper.pdf": "unknown_format",
    }


@pytest.mark.parametrize(
    ("text", "columns", "rows"),
    [
        # Rows hold more of another sign than the header holds of its own.
        ("a,b,c\n1,2,x;y;z;v\n3,4,x;y;z;v\n", ["a", "b", "c"], 2),
        ("a;b;c\n1;2;3,4,5,6\n", ["a", "b", "c"], 1),
        ("Title\na\tb\n1\t2,3,4\n5\t6,7,8\n", ["a", "b"], 2),
        ("a|b\n1|2\n", ["a", "b"], 1),
        ('a,b\n1,"x,y;z"\n', ["a", "b"], 1),
        ("a\n1\n2\n", ["a"], 2),
    ],
)
def test_one_delimiter_is_found_for_the_whole_file(
    tmp_path: Path, text: str, columns: list[str], rows: int
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text, encoding="utf-8")
    (found,) = peek(path)
    assert (found.columns, found.rows.num_rows) == (columns, rows)


def test_which_files_are_meant(tmp_path: Path) -> None:
    names = ("a.shp", "a.dbf", "a.shx", "a.shp.xml", "b.dbf", "c.csv", ".c.csv", "project.toml")
    for name in names:
        (tmp_path / name).write_text("", encoding="utf-8")
    (tmp_path / "out").mkdir()
    found = [path.name for path in list_files([tmp_path, tmp_path / "c.csv"])]
    assert found == ["a.shp", "b.dbf", "c.csv"]
    assert list_files([tmp_path / ".c.csv"]) == [tmp_path / ".c.csv"]
    with pytest.raises(TableFault) as fault:
        list_files([tmp_path / "d.csv"])
    assert fault.value.reason == "init_missing_file"


def test_paths_count_from_the_folder(tmp_path: Path) -> None:
    assert spell_path(tmp_path / "data" / "a.csv", tmp_path) == "data/a.csv"
    assert spell_path(tmp_path / "a.csv", tmp_path / "project") == "../a.csv"


def test_a_path_on_another_drive_is_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_way(*_: object) -> str:
        raise ValueError

    monkeypatch.setattr("clustermap.sources.peek.os.path.relpath", no_way)
    assert spell_path(tmp_path / "a.csv", tmp_path / "b") == (tmp_path / "a.csv").as_posix()
