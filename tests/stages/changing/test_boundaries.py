"""Boundaries: moved by metres or drawn in a file."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pytest
import shapely

from clustermap.stages.changing import Altered
from tests.small_world import SOUTH, WEST, build_small_world
from tests.stages.changing.ground import Ground, home, members, read, told

if TYPE_CHECKING:
    from pathlib import Path


def test_a_wider_boundary_takes_in_who_stood_outside(tmp_path: Path) -> None:
    world = build_small_world()
    world.firms[0] |= {"x": WEST - 300, "y": SOUTH + 1000}
    wide = read(world, tmp_path)
    setup, altered = wide.change('[[boundaries]]\ncluster = "C1"\nbuffer_m = 400')
    before = Altered(setup.project, setup.layers, wide.ledger)
    assert (members(before, "C1"), members(altered, "C1")) == (10, 11)
    assert home(altered, "00100") == "C1"
    # A square of 2 km with a margin of 400 m: 4 + 4 x .8 + a circle of .4 km (of 64 corners).
    area = altered.layers.clusters.loc["C1", "area_km2"]
    assert area == pytest.approx(4 + 3.2 + np.pi * 0.16, abs=0.005)
    assert told(altered) == [
        "The boundary of 단지 1 (C1) moves outward by 400.0 m: 4.00 km² become 7.70 km²."
    ]
    _, back = wide.change('[[boundaries]]\ncluster = "C1"\nbuffer_m = -900')
    assert members(back, "C1") == 1  # of the firms at y 1000, x -300, 250, 400 .. the one at 1000


def test_a_boundary_comes_from_a_file(ground: Ground) -> None:
    shapes = {
        "C1": shapely.box(WEST, SOUTH, WEST + 1000, SOUTH + 2000),
        "C9": shapely.Point(WEST, SOUTH),
    }
    frame = gpd.GeoDataFrame(
        {"cluster": list(shapes)}, geometry=list(shapes.values()), crs="EPSG:5179"
    )
    path = ground.folder / "half.geojson"
    path.write_text(frame.to_json(drop_id=True), encoding="utf-8")
    text = '[[boundaries]]\ncluster = "C1"\npath = "half.geojson"\ncrs = "EPSG:5179"'
    _, altered = ground.change(text)
    # Firms stand at x = 100, 250, ..., 1450; seven of ten are within 1000, and so is I1 at 50.
    assert members(altered, "C1") == 8
    assert altered.layers.clusters.loc["C1", "area_km2"] == 2
    assert "C2" in altered.layers.clusters.index
    line = ground.refuse(text.replace("C1", "C2"))
    assert "half.geojson" in line
    assert "(0 found)" in line
    frame.drop(columns="cluster").to_file(path, driver="GeoJSON")
    assert "(2 found)" in ground.refuse(text)
    frame.iloc[1:].to_file(path, driver="GeoJSON")
    line = ground.refuse(text.replace('"C1"', '"C3"'))
    assert "(0 found)" in line
    frame.iloc[1:].drop(columns="cluster").to_file(path, driver="GeoJSON")
    line = ground.refuse(text)
    assert line.startswith("change.toml [[boundaries]] 1: it holds points or lines")


def test_clusters_that_may_not_overlap_are_told_before_anything(ground: Ground) -> None:
    layers = ground.project.layers
    clusters = layers.clusters.model_copy(update={"overlaps": "error"})
    strict = ground.project.model_copy(
        update={"layers": layers.model_copy(update={"clusters": clusters})}
    )
    text = '[[boundaries]]\ncluster = "C1"\nbuffer_m = 9000'
    assert "overlap" in replace(ground, project=strict).refuse(text)
