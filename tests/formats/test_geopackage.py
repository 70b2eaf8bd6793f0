"""GeoPackages of any table: every type and every geometry comes back."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely

from clustermap.checkpoints import hash_value
from clustermap.formats.geopackage import _hash_shapes, write_geopackage
from clustermap.formats.layer import Layer, Marks, build_layer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy.typing as npt

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


class Memory:
    """Keeps what was written, and counts how often that was."""

    def __init__(self) -> None:
        self.known: dict[str, npt.NDArray[np.uint8]] = {}

    def __call__(
        self, content: object, write: Callable[[], npt.NDArray[np.uint8]]
    ) -> npt.NDArray[np.uint8]:
        key = hash_value(content, ())
        if key not in self.known:
            self.known[key] = write()
        return self.known[key]


def lay_out(score: float, flow: float) -> list[Layer]:
    shape = [shapely.Point(0, 0)]
    clusters = gpd.GeoDataFrame({"score": [score]}, geometry=shape, crs=5186)
    flows = gpd.GeoDataFrame({"links": [flow]}, geometry=[shapely.Point(1, 0)], crs=5186)
    named = {"clusters": clusters, "flows": flows, "scores": pd.DataFrame({"score": [score]})}
    return [build_layer(name, frame)[0] for name, frame in named.items()]


def test_layers_that_are_kept_give_the_bytes_of_a_file_written_anew(tmp_path: Path) -> None:
    memory = Memory()
    for score, flow, held in ((1.0, 5.0, 1), (2.0, 5.0, 1), (2.0, 6.0, 2)):
        kept, anew = (tmp_path / f"{name}-{score}-{flow}" for name in ("kept", "anew"))
        for folder in (kept, anew):
            folder.mkdir()
        write_geopackage(lay_out(score, flow), kept, MARKS, memory)
        write_geopackage(lay_out(score, flow), anew, MARKS)
        name = "clustermap.gpkg"
        assert (kept / name).read_bytes() == (anew / name).read_bytes()
        assert gpd.read_file(kept / name, layer="clusters")["score"].tolist() == [score]
        assert gpd.read_file(kept / name, layer="flows")["links"].tolist() == [flow]
        assert len(memory.known) == held


def test_what_marks_a_file_is_part_of_what_its_layers_follow_from(tmp_path: Path) -> None:
    memory = Memory()
    for title in ("a", "b"):
        write_geopackage(lay_out(1, 1), tmp_path, replace(MARKS, title=title), memory)
        (tmp_path / "clustermap.gpkg").unlink()
    assert len(memory.known) == 2


def test_clusters_are_listed_first(tmp_path: Path) -> None:
    write_geopackage(lay_out(1, 1), tmp_path, MARKS)
    listed = pyogrio.list_layers(tmp_path / "clustermap.gpkg")[:, 0].tolist()
    assert listed[:3] == ["clusters", "flows", "scores"]


def test_no_clock_time_is_left_and_none_is_set_for_others(tmp_path: Path) -> None:
    write_geopackage(lay_out(1, 1), tmp_path, MARKS)
    year = f"{dt.datetime.now(dt.UTC).year}-".encode()
    assert year not in (tmp_path / "clustermap.gpkg").read_bytes()
    assert pyogrio.get_gdal_config_option("OGR_CURRENT_DATE") is None


@pytest.mark.parametrize("shape", [shapely.Point, shapely.LineString, shapely.Polygon])
def test_shapes_have_the_same_hash_where_they_are_the_same(shape: Any) -> None:
    def draw(move: float, *more: Any) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
        corners = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0 + move)]
        return np.array([shape(corners[2:] if shape is shapely.Point else corners), *more])

    alike = [_hash_shapes(draw(0.0, None)) for _ in range(2)]
    other = [draw(1e-9, None), draw(0.0), np.array([None, *draw(0.0)]), draw(0.0, shape())]
    other.append(shapely.force_3d(draw(0.0, None), 7.0))
    assert alike[0] == alike[1]
    assert len({alike[0], *map(_hash_shapes, other)}) == 6
