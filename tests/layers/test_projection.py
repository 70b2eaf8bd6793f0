"""Coordinate systems: named or refused, fit for the place, exact on the ellipsoid."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from pyproj import CRS, Geod

from clustermap.errors import TableFault
from clustermap.layers import projection

BESSEL = (
    'PROJCS["Bessel_1841_Transverse_Mercator",GEOGCS["GCS_Bessel_1841",DATUM["D_Bessel_1841",'
    'SPHEROID["Bessel_1841",6377397.155,299.1528128]],PRIMEM["Greenwich",0.0],'
    'UNIT["Degree",0.0174532925199433]],PROJECTION["Transverse_Mercator"],'
    'PARAMETER["False_Easting",200000.0],PARAMETER["False_Northing",500000.0],'
    'PARAMETER["Central_Meridian",127.0028902777778],PARAMETER["Scale_Factor",1.0],'
    'PARAMETER["Latitude_Of_Origin",38.0],UNIT["Meter",1.0]]'
)
SEOUL = np.array([126.98]), np.array([37.57])
BERLIN = np.array([13.4]), np.array([52.5])


def refuse(text: str) -> TableFault:
    with pytest.raises(TableFault) as caught:
        projection.check_crs(text, "firms")
    return caught.value


def test_a_system_without_a_code_is_refused_with_its_cure() -> None:
    # Korean 1985 with or without its datum shift: 398 m apart.
    fault = refuse(BESSEL)
    assert (fault.reason, fault.value) == ("unnamed_crs", "Bessel_1841_Transverse_Mercator")
    assert 'crs = "EPSG:..."' in str(fault)
    assert "EPSG:5174" in str(fault)


@pytest.mark.parametrize("code", [2097, 3035, 4326, 5174, 5179, 5181, 5186])
@pytest.mark.parametrize("dress", ["WKT1_GDAL", "WKT1_ESRI", "WKT2_2019"])
def test_a_system_that_says_which_it_is_is_taken(code: int, dress: str) -> None:
    written = CRS.from_epsg(code).to_wkt(dress)
    assert projection.name_crs(projection.check_crs(written, "firms")) == f"EPSG:{code}"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "unknown_crs"),
        ("UTM-K", "bad_crs"),
        ("EPSG:99999999", "bad_crs"),
        ("EPSG:4978", "bad_crs"),  # metres from the earth's centre
        ("EPSG:5701", "bad_crs"),  # heights
    ],
)
def test_what_is_no_system_of_maps_is_refused(text: str, reason: str) -> None:
    assert refuse(text).reason == reason


@pytest.mark.parametrize(
    ("code", "place", "fitting"),
    [
        ("EPSG:3035", SEOUL, "EPSG:5179"),
        ("EPSG:5179", BERLIN, "EPSG:3035"),
        ("EPSG:3857", SEOUL, "EPSG:5179"),  # the web's map: a kilometre is 1.25 km
        ("EPSG:5179", (np.array([-118.2]), np.array([34.1])), "EPSG:32611"),  # Los Angeles
    ],
)
def test_an_unfit_system_names_one_that_fits(
    code: str, place: tuple[np.ndarray, np.ndarray], fitting: str
) -> None:
    with pytest.raises(TableFault) as caught:
        projection.check_fit(CRS(code), *place, "project")
    assert (caught.value.reason, caught.value.values["fitting"]) == ("unfit_crs", fitting)
    projection.check_fit(CRS(fitting), *place, "project")  # as it says


@pytest.mark.parametrize("code", ["EPSG:5174", "EPSG:5179", "EPSG:5186", "EPSG:4326"])
def test_korean_systems_fit_korea(code: str) -> None:
    projection.check_fit(CRS(code), *SEOUL, "project")


def test_eastings_come_first() -> None:
    # The origin of EPSG:5179: 127.5 E 38 N is 1,000,000 east 2,000,000 north.
    x, y = projection.transform(
        np.array([127.5, np.nan]), np.array([38.0, 38.0]), CRS("EPSG:4326"), CRS("EPSG:5179")
    )
    assert (round(float(x[0])), round(float(y[0]))) == (1_000_000, 2_000_000)
    assert np.isnan([x[1], y[1]]).all()


def test_a_point_without_a_place_is_lost_in_both_coordinates() -> None:
    x, y = projection.transform(
        np.array([500.0]), np.array([95.0]), CRS("EPSG:4326"), CRS("EPSG:5179")
    )
    assert np.isnan([x[0], y[0]]).all()


def test_an_area_across_the_date_line() -> None:
    lon, lat = np.array([179.0, -179.0, 0.0]), np.zeros(3)
    assert projection.lies_in(lon, lat, (170, -10, -170, 10)).tolist() == [True, True, False]


def test_areas_are_square_kilometres_in_any_unit() -> None:
    square = np.array([shapely.box(0, 0, 2000, 3000)], dtype=object)
    assert projection.areas_km2(square, CRS("EPSG:5179")).tolist() == [6.0]
    feet = shapely.transform(square, lambda c: c / 0.3048006096)
    assert projection.areas_km2(feet, CRS("EPSG:2263"))[0] == pytest.approx(6.0, rel=1e-6)
    # A degree at the equator: 111.3195 km of longitude, 110.5744 km of latitude.
    degree = np.array([shapely.box(10, 0, 11, 1)], dtype=object)
    assert projection.areas_km2(degree, CRS("EPSG:4326"))[0] == pytest.approx(12_308.8, rel=1e-4)


@pytest.mark.parametrize("code", ["EPSG:5179", "EPSG:4326", "EPSG:2263"])
def test_circles_have_their_radius_in_metres(code: str) -> None:
    crs = CRS(code)
    at = {"EPSG:4326": (127.5, 37.5), "EPSG:5179": (1e6, 2e6), "EPSG:2263": (980_000, 200_000)}
    points = np.array([shapely.Point(at[code])], dtype=object)
    circle = projection.circles(points, np.array([1000.0]), crs)
    assert projection.areas_km2(circle, crs)[0] == pytest.approx(np.pi, rel=0.01)
    if crs.is_geographic:
        corners = shapely.get_coordinates(circle)
        metres = Geod(ellps="WGS84").inv(*np.broadcast_to(at[code], corners.shape).T, *corners.T)[2]
        assert metres == pytest.approx(1000.0)
