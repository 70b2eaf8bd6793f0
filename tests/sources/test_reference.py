"""What the product ships: coast, reference facts, taxonomies, and a source for each."""

from __future__ import annotations

import csv

import pandas as pd
import pytest
import shapely

from clustermap.sources.reference import data_root, read_coast

KOREA = (124.5, 33.0, 132.0, 38.7)
EUROPE = (-11.0, 35.0, 32.0, 71.0)
ISLANDS = {
    "Dokdo": (131.8624, 37.2432),
    "Ulleungdo": (130.86, 37.50),
    "Marado": (126.2685, 33.1185),
    "Jeju": (126.5, 33.4),
}
INDUSTRIES = {
    *("semi_display", "battery", "mobility", "nuclear", "bio", "space"),
    *("hydrogen", "security", "ai", "telecom", "robot_mfg", "quantum"),
}


@pytest.mark.parametrize("bounds", [KOREA, (100.0, 20.0, 150.0, 50.0)], ids=["fine", "coarse"])
@pytest.mark.parametrize("island", ISLANDS)
def test_korea_keeps_its_islands(island: str, bounds: tuple[float, float, float, float]) -> None:
    coast = read_coast(bounds)
    korea = coast.loc[coast["country"] == "410"].geometry.iloc[0]
    assert shapely.dwithin(korea, shapely.Point(*ISLANDS[island]), 1e-6)


def test_coast_is_polygons_in_degrees() -> None:
    coast = read_coast(KOREA)
    assert list(coast.columns) == ["country", "name", "geometry"]
    assert coast.crs.to_epsg() == 4326
    assert set(coast.geom_type) <= {"Polygon", "MultiPolygon"}
    assert coast.is_valid.all()
    assert {"South Korea", "North Korea", "Japan"} <= set(coast["name"])


def test_coast_ends_a_margin_beyond_the_bounds() -> None:
    west, south, east, north = read_coast((126.0, 36.0, 128.0, 37.0)).total_bounds
    assert min(west - 122.0, south - 32.0, 132.0 - east, 41.0 - north) >= 0


def test_coast_goes_on_where_the_fine_one_ends() -> None:
    coast = read_coast(KOREA)
    assert shapely.contains_xy(coast.union_all(), (117.5, 120.0), (35.0, 31.0)).all()
    west, south, east, north = coast.total_bounds
    assert (west, south) == (117.0, 25.5)
    assert (east, north) > (139.0, 46.0)
    china = coast.loc[coast["country"] == "156"]
    assert len(china) == 1
    # No line along the seam.
    seam = shapely.LineString([(118.0, 33.0), (118.0, 37.0)])
    assert shapely.length(shapely.intersection(china.geometry.iloc[0].boundary, seam)) < 0.01


def test_europe_has_a_coast_without_the_date_line_across_it() -> None:
    coast = read_coast(EUROPE)
    assert {"France", "Germany", "Netherlands", "Iceland"} <= set(coast["name"])
    open_sea = shapely.Point(-8.0, 66.0)
    assert not coast.intersects(open_sea).any()


def test_world_reaches_both_ends() -> None:
    coast = read_coast((-180.0, -90.0, 180.0, 90.0))
    assert len(coast) == 254
    russia = coast.loc[coast["name"] == "Russia"].geometry.iloc[0]
    assert shapely.contains_xy(russia, -175.0, 66.5)
    assert shapely.contains_xy(russia, 175.0, 66.5)


def test_a_place_without_land_gives_no_rows() -> None:
    assert len(read_coast((-140.0, -50.0, -135.0, -48.0))) == 0


@pytest.mark.parametrize("bounds", [(130.0, 33.0, 124.0, 39.0), (9e5, 1.4e6, 1e6, 1.5e6)])
def test_bounds_that_are_none_are_refused(bounds: tuple[float, float, float, float]) -> None:
    with pytest.raises(ValueError, match="west, south, east, north"):
        read_coast(bounds)


def test_every_file_has_a_source_and_a_licence() -> None:
    root = data_root()
    with (root / "sources.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    listed = [row["file"] for row in rows]
    shipped = {
        path.relative_to(root).as_posix()
        for path in root.rglob("*")
        if path.is_file() and path.name not in {"README.md", "sources.csv"}
    }
    assert sorted(listed) == sorted(shipped)
    for row in rows:
        assert all(row[column] for column in ("source", "licence", "attribution")), row
        assert None not in row, f"a comma without quotes: {row}"


def test_no_shipped_file_is_large() -> None:
    sizes = {path.name: path.stat().st_size for path in data_root().rglob("*") if path.is_file()}
    assert max(sizes.values()) < 1_500_000, sizes


@pytest.mark.parametrize(("name", "industries"), [("strategic12", 12), ("core3", 3)])
def test_taxonomies_parse(name: str, industries: int) -> None:
    table = pd.read_csv(data_root() / "taxonomies" / f"{name}.csv", dtype=str)
    assert list(table.columns) == ["industry", "name_ko", "name_en", "prefix", "word"]
    assert table["industry"].nunique() == industries
    assert set(table["industry"]) <= INDUSTRIES
    assert table[["industry", "name_ko", "name_en"]].notna().all().all()
    # One claim a row; short words stand within others ("수소" within "과산화수소").
    assert (table["prefix"].isna() ^ table["word"].isna()).all()
    assert table["prefix"].dropna().str.fullmatch(r"\d{2,5}").all()
    assert table["word"].dropna().str.fullmatch(r"\S{3,}").all()
    assert not table.duplicated(["industry", "prefix", "word"]).any()
    assert len(table[["industry", "name_ko", "name_en"]].drop_duplicates()) == industries


@pytest.mark.parametrize(("name", "precision"), [("complexes", 3000), ("institutes", 2000)])
def test_reference_points_say_how_precise_they_are(name: str, precision: int) -> None:
    table = pd.read_csv(data_root() / "reference" / f"{name}.csv")
    assert len(table) == 70
    assert (table["precision_m"] == precision).all()
    assert table["lon"].between(124.5, 132).all()
    assert table["lat"].between(33, 38.7).all()


def test_provinces_lead_from_old_names_to_new() -> None:
    folder = data_root() / "reference"
    alias = pd.read_csv(folder / "sido_alias.csv", dtype=str)
    codes = pd.read_csv(folder / "sigungu_codes.csv", dtype=str)
    today = dict(zip(alias["name_2018"], alias["name_now"], strict=True))
    assert today["강원도"] == "강원특별자치도"
    assert today["전라북도"] == "전북특별자치도"
    assert set(codes["sido"]) == set(today)
    for name in ("complexes", "institutes"):
        assert set(pd.read_csv(folder / f"{name}.csv")["sido"]) <= set(today.values())
