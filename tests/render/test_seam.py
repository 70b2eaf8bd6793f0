"""Points of a table lie on the map where shapes would, whatever the seam."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import CRS

from clustermap.render.seam import unwrap, unwrap_points


@pytest.mark.parametrize("crs", [5179, 4326])
@pytest.mark.parametrize("seam", [-180.0, 0.0, 127.6])
def test_points_lie_where_shapes_do(crs: int, seam: float) -> None:
    places = gpd.GeoSeries(gpd.points_from_xy([126.9, 127.6, 129.1], [37.5, 36, 35.2]), crs=4326)
    points = places.to_crs(crs)
    table = pd.DataFrame({"x": points.x, "y": points.y})
    lon, lat = unwrap_points(table, CRS(crs), seam)
    shapes = unwrap(points, seam).geometry.to_numpy()
    assert lon.tolist() == shapely.get_x(shapes).tolist()
    assert lat.tolist() == shapely.get_y(shapes).tolist()


def test_what_lies_west_of_the_seam_is_moved_once_around_the_world() -> None:
    table = pd.DataFrame({"x": [-178.0, 0.0, 178.0], "y": [1.0, 2.0, 3.0]})
    lon, lat = unwrap_points(table, CRS(4326), 0.0)
    assert lon.tolist() == [182.0, 0.0, 178.0]
    assert lat.tolist() == [1.0, 2.0, 3.0]


def test_where_half_a_point_is_missing_there_is_none() -> None:
    table = pd.DataFrame({"x": [127.0, None, 128.0], "y": [None, 36.0, 37.0]})
    lon, lat = unwrap_points(table.astype("Float64"), CRS(5179), -180.0)
    assert np.isnan(lon[:2]).tolist() == [True, True]
    assert np.isnan(lat[:2]).tolist() == [True, True]
