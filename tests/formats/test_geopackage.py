"""GeoPackages of any table: every type and every geometry comes back."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely

from clustermap.formats.geopackage import write_geopackage
from clustermap.formats.layer import Marks, build_layer

if TYPE_CHECKING:
    from pathlib import Path

MARKS = Marks("t", "en", synthetic=False, encoding="utf-8", attribution=(), version="0")


def write(frame: pd.DataFrame, folder: Path) -> Path:
    layer, _ = build_layer("firms", frame)
    write_geopackage([layer], folder, MARKS)
    return folder / "clustermap.gpkg"


def test_every_type_comes_back(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "int": pd.array([2**63 - 1, None], dtype="Int64"),
            "huge": np.array([2**64 - 1, 0], dtype="uint64"),
            "flag": pd.array([True, None], dtype="boolean"),
            "float": [5e-324, np.nan],
            "date": [dt.date(2026, 1, 31), None],
            "time": pd.to_datetime(["2026-01-02T12:04:05.678+09:00", None]),
            "text": ["", None],
            "한글 열": ["`뷁`", "🚀"],
        }
    )
    _, rows = pyogrio.raw.read_arrow(write(frame, tmp_path))
    back = rows.to_pydict()
    assert back.pop("time")[0] == dt.datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=dt.UTC)
    assert back == {
        "int": [2**63 - 1, None],
        "huge": [str(2**64 - 1), "0"],
        "flag": [True, None],
        "float": [5e-324, None],
        "date": [dt.date(2026, 1, 31), None],
        "text": ["", None],
        "한글 열": ["`뷁`", "🚀"],
    }


def test_one_family_is_promoted(tmp_path: Path) -> None:
    shapes = [shapely.Point(1, 2, 3), None, shapely.MultiPoint([[0, 0, 1], [1, 1, 1]])]
    frame = gpd.GeoDataFrame({"n": range(3)}, geometry=shapes, crs=5186)
    back = gpd.read_file(write(frame, tmp_path)).geometry
    assert back[0].equals_exact(shapely.MultiPoint([shapes[0]]), 0)
    assert back[0].has_z
    assert back[1] is None
    assert back[2].equals_exact(shapes[2], 0)


def test_a_mixture_stays_as_it_is(tmp_path: Path) -> None:
    shapes = [
        shapely.Point(1, 2),
        shapely.box(0, 0, 1, 1),
        None,
        shapely.GeometryCollection([shapely.Point(0, 0)]),
    ]
    frame = gpd.GeoDataFrame({"n": range(4)}, geometry=shapes, crs=5186)
    back = gpd.read_file(write(frame, tmp_path)).geometry
    for found, given in zip(back, shapes, strict=True):
        assert found is given is None or found.equals_exact(given, 0)


def test_empty_shapes_and_no_rows(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame({"n": [1, 2]}, geometry=[shapely.Polygon(), None], crs=5179)
    back = gpd.read_file(write(frame, tmp_path))
    assert back.geometry[0] is None or back.geometry[0].is_empty
    (tmp_path / "none").mkdir()
    back = gpd.read_file(write(frame.iloc[:0], tmp_path / "none"))
    assert len(back) == 0
    assert back.crs.to_epsg() == 5179
