"""Outlines: what a frame of clusters says, and what is made of it once for several calls."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely

from clustermap.layers.outlines import Outlines, outline

SQUARES = [shapely.box(0, 0, 2, 2), shapely.box(5, 0, 6, 1), shapely.box(8, 0, 9, 1)]


def draw() -> Outlines:
    """Return three clusters; two have the same name, and the name of one is the id of another."""
    frame = gpd.GeoDataFrame(
        {"name": ["판교", "판교", None]},
        geometry=SQUARES,
        crs="EPSG:5179",
        index=["A", "B", "판교"],
    )
    return outline(frame)


def test_a_frame_as_arrays() -> None:
    drawn = draw()
    assert (drawn.ids, drawn.names) == (("A", "B", "판교"), ["판교", "판교", None])
    assert drawn.shapes.tolist() == SQUARES
    assert drawn.crs.to_epsg() == 5179
    assert drawn.areas.tolist() == [4.0, 1.0, 1.0]


def test_names_that_two_clusters_have_tell_none_of_them() -> None:
    crs, shapes = draw().crs, np.array(SQUARES, dtype=object)
    assert draw().stated == {"A": 0, "B": 1, "판교": 2}
    assert Outlines(("A", "B"), ["가", "나"], shapes, crs).stated == {
        "A": 0,
        "B": 1,
        "가": 0,
        "나": 1,
    }
    # An identifier goes before a name.
    assert Outlines(("A", "B"), ["B", "나"], shapes, crs).stated == {"A": 0, "B": 1, "나": 1}


def test_calls_that_share_their_points_share_what_is_laid() -> None:
    drawn = draw()
    assert drawn.lay_ground(10) is not drawn.lay_ground(10)
    shared = Outlines(drawn.ids, drawn.names, drawn.shapes, drawn.crs, points=1_000)
    assert shared.lay_ground(10) is shared.lay_ground(20)
