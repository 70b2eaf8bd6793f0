"""Whole exports: read back by geopandas, all files or none, the same bytes again."""

from __future__ import annotations

import csv
import sqlite3
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapely

from clustermap.errors import TableFault
from clustermap.formats import FORMATS, write_exports
from clustermap.formats.content import build_layers
from clustermap.formats.layer import _DECLARED, _RELEASED_IN, Layer
from clustermap.messages import read_catalogue
from clustermap.tables import OUTPUT_TABLES

if TYPE_CHECKING:
    from pathlib import Path

    from clustermap.publish.release import Release


def read_rows(path: Path, layer: str | None = None) -> list[dict[str, object]]:
    meta, rows = pyogrio.raw.read_arrow(path, layer=layer)
    return rows.drop_columns(
        [n for n in (meta["geometry_name"] or "wkb_geometry",) if n in rows.column_names]
    ).to_pylist()


def same_shapes(given: Layer, back: gpd.GeoDataFrame) -> bool:
    return all(
        found is None
        if shape is None
        else found.normalize().equals_exact(
            (shape if shape.geom_type == found.geom_type else type(found)([shape])).normalize(), 0
        )
        for shape, found in zip(given.geometry, back.geometry, strict=True)
    )


def test_geopackage_gives_back_everything(release: Release, tmp_path: Path) -> None:
    exported = write_exports(release, tmp_path / "export", formats=["gpkg"])
    path = exported.folder / "clustermap.gpkg"
    for layer in build_layers(release)[0]:
        assert read_rows(path, layer.name) == layer.rows.to_pylist()
        if layer.geometry is not None:
            back = gpd.read_file(path, layer=layer.name)
            assert same_shapes(layer, back)
            assert back.crs == release.clusters.crs
            assert back.geom_type.dropna().str.startswith("Multi").all()
    assert (
        gpd.read_file(path, layer="clusters")["name"].tolist() == release.clusters["name"].tolist()
    )


def test_geopackage_is_what_old_programs_read(release: Release, tmp_path: Path) -> None:
    write_exports(release, tmp_path / "export", formats=["gpkg"])
    with closing(sqlite3.connect(tmp_path / "export/clustermap.gpkg")) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (10300,)
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        styles = database.execute(
            "SELECT f_table_name, f_geometry_column, useAsDefault, styleQML FROM layer_styles"
        ).fetchall()
        column = database.execute(
            "SELECT column_name FROM gpkg_geometry_columns WHERE table_name = 'clusters'"
        ).fetchone()[0]
        labels = database.execute(
            "SELECT column_name, name, description FROM gpkg_data_columns"
            " WHERE table_name = 'clusters' AND column_name IN ('score', 'area_km2')"
        ).fetchall()
    assert labels == [
        ("area_km2", "면적 (km²)", "지정 면적. 없으면 도형의 면적. [km²]"),
        ("score", "점수", "1-100점. 평가하지 않은 곳은 비어 있다. [1-100]"),
    ]
    assert [style[:3] for style in styles] == [("clusters", column, 1)]
    root = ET.fromstring(styles[0][3])  # noqa: S314 -- we wrote it
    renderer = root.find("renderer-v2")
    assert renderer.get("type") == "graduatedSymbol"
    assert "score" in str(renderer.get("attr"))
    symbols = {symbol.get("name") for symbol in renderer.iter("symbol")}
    assert {one.get("symbol") for one in renderer.iter("range")} == symbols
    assert next(renderer.iter("range")).get("label") == "평가하지 않음"


def test_shapefile_gives_back_everything_or_reports_it(release: Release, tmp_path: Path) -> None:
    exported = write_exports(release, tmp_path / "export", formats=["shp"])
    fields = read_csv(exported.folder / "fields.csv")
    changed = {(c.file, c.column, c.row) for c in exported.changes}
    for layer in build_layers(release)[0]:
        table = f"{layer.name}.dbf"
        path = exported.folder / (table if layer.geometry is None else f"{layer.name}.shp")
        names = {row["column"]: row["field"] for row in fields if row["file"] == table}
        assert list(names) == layer.rows.column_names
        for number, (given, back) in enumerate(
            zip(layer.rows.to_pylist(), read_rows(path), strict=True)
        ):
            row = "/".join(str(given[key]) for key in layer.key)
            for column, value in given.items():
                found = back[names[column]]
                if (table, column, row) in changed:
                    assert str(value).startswith(str(found))
                else:
                    spelt = str(value) if isinstance(found, str) else value
                    assert found in (spelt or None, value), (number, column)
        if layer.geometry is not None:
            assert same_shapes(layer, gpd.read_file(path))
    assert [(c.file, c.column, c.row, c.happened) for c in exported.changes] == [
        ("cell_flows", "weight", "A/A/research", "rounded"),
        ("clusters.dbf", "name", "D", "cut"),
        ("clusters.csv", "name", "C", "formula"),
    ]


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def test_csv_gives_back_everything_and_no_formula(release: Release, tmp_path: Path) -> None:
    write_exports(release, tmp_path / "export", formats=[])
    raw = (tmp_path / "export/clusters.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    assert raw.count(b"\r\n") == raw.count(b"\n") == 5
    rows = read_csv(tmp_path / "export/clusters.csv")
    plain, markup, formula, long = release.clusters["name"]
    assert [row["name"] for row in rows] == [plain, markup, f"'{formula}", long]
    assert [row["firms"] for row in rows] == ["9007199254740993", "0", "", "3"]
    frame = pd.read_csv(tmp_path / "export/clusters.csv")
    layer = build_layers(release)[0][0]
    for column in ("score", "density", "area_km2", "openness_firm_firm"):
        given = [value for value in layer.rows[column].to_pylist() if value is not None]
        assert frame[column].dropna().tolist() == given
    assert frame["density"][0] == -0.1
    for path in (tmp_path / "export").glob("*.csv"):
        for row in read_csv(path):
            for cell in row.values():
                assert not cell.startswith(("=", "+", "@", "\t", "\r"))
                assert not cell.startswith("-") or float(cell) < 0


def test_synthetic_is_said_by_every_file(synthetic: Release, tmp_path: Path) -> None:
    exported = write_exports(synthetic, tmp_path / "export")
    assert all("_synthetic." in file for file in exported.files)
    folder = exported.folder
    assert [row["synthetic"] for row in read_csv(folder / "scores_synthetic.csv")] == ["1"] * 5
    assert list(read_csv(folder / "clusters_synthetic.csv")[0])[-1] == "synthetic"
    assert gpd.read_file(folder / "clusters_synthetic.shp")["synthetic"].tolist() == [1] * 4
    with closing(sqlite3.connect(folder / "clustermap_synthetic.gpkg")) as database:
        told = database.execute(
            "SELECT description FROM gpkg_contents WHERE table_name <> 'layer_styles'"
        ).fetchall()
        for (name,) in database.execute("SELECT table_name FROM gpkg_ogr_contents").fetchall():
            if name != "layer_styles":
                marks = database.execute(f'SELECT DISTINCT synthetic FROM "{name}"')  # noqa: S608
                assert marks.fetchall() == [(1,)], name
    assert len(told) == 12
    assert all("SYNTHETIC" in description for (description,) in told)
    assert "SYNTHETIC" in (folder / "README_synthetic.txt").read_text(encoding="utf-8-sig")


def test_real_data_is_not_called_synthetic(release: Release, tmp_path: Path) -> None:
    exported = write_exports(release, tmp_path / "export")
    assert not any("synthetic" in file for file in exported.files)
    assert "SYNTHETIC" not in (exported.folder / "README.txt").read_text(encoding="utf-8-sig")


def test_readme_and_fields_tell_all(release: Release, tmp_path: Path) -> None:
    exported = write_exports(release, tmp_path / "export", encoding="CP949")
    assert sorted(path.name for path in exported.folder.iterdir()) == list(exported.files)
    readme = (exported.folder / "README.txt").read_text(encoding="utf-8-sig")
    assert "산업단지공단, 공공누리 제1유형" in readme
    assert "ODbL" in readme
    assert "cp949" in readme
    assert all(file in readme for file in exported.files if not file.startswith("README"))
    fields = read_csv(exported.folder / "fields.csv")
    area = next(
        row for row in fields if row["file"] == "clusters.dbf" and row["column"] == "area_km2"
    )
    assert area["unit"] == "km²"
    assert area["label_ko"] == "면적 (km²)"
    changes = read_csv(exported.folder / "changes.csv")
    assert {row["happened"] for row in changes} == {"cut", "encoding", "formula", "rounded"}
    assert len(changes) == len(exported.changes)


def test_readme_tells_how_to_read_the_values(release: Release, tmp_path: Path) -> None:
    exported = write_exports(release, tmp_path / "export")
    readme = (exported.folder / "README.txt").read_text(encoding="utf-8-sig")
    korean, english = readme.split("\n\n\n")
    for text in (korean, english):
        assert "EPSG:5179" in text
        assert release.clusters.crs.name in text
        for word in (
            "50.5",
            "capability",
            "gap",
            "expected",
            "low",
            "high",
            "rank_low",
            "rank_high",
            "null",
            "rated = 0",
            "suppressed",
        ):
            assert word in text
        assert "reason_ko" in text
        assert "8,388,608" in text
        assert "fewer than 3" in text or "3곳(건) 미만" in text
        assert "80%" in text
    assert "  - 지표 값 12개: " in korean
    assert "  - 작은 연계 40개: " in korean
    assert "  - 40 small flows: " in english
    assert "  - 3 ships" in english  # unknown to us, but told
    assert "  - 자료에 기록이 전혀 없는 연계 종류:  X." in korean
    assert "  - Kinds of linkage without any record:  X." in english
    assert "ext 외부 연계" in korean
    assert "ff 기업 간 협력" in korean
    assert "re Joint research" in english


def test_readme_of_other_releases(synthetic: Release, tmp_path: Path) -> None:
    own = synthetic.clusters.set_crs("+proj=tmerc +lat_0=1 +lon_0=2", allow_override=True)
    inside = replace(synthetic, internal=True, notes=(), clusters=own)
    exported = write_exports(inside, tmp_path / "export", formats=[])
    readme = (exported.folder / "README_synthetic.txt").read_text(encoding="utf-8-sig")
    assert "등록된 번호 없음" in readme
    assert "no registered code" in readme
    assert "Do not pass it on." in readme
    assert "withheld:" not in readme
    assert "What to know first" not in readme
    assert "ext_ff" not in readme  # no shapefile
    assert "SYNTHETIC data" in readme


def test_same_release_same_bytes(release: Release, tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_exports(release, tmp_path / name)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes(), path.name


def snapshot(folder: Path) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }


@pytest.mark.parametrize("broken", ["gpkg", "shp", "csv"])
def test_a_failure_leaves_the_old_export_whole(
    release: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    write_exports(release, tmp_path / "export")
    before = snapshot(tmp_path)
    true_writer = FORMATS[broken]

    def write_half(layers: tuple[Layer, ...], folder: Path, marks: object, **more: object) -> None:
        true_writer(layers[:1], folder, marks, **more)
        raise OSError("disk full")

    monkeypatch.setitem(FORMATS, broken, write_half)
    with pytest.raises(OSError, match="disk full"):
        write_exports(replace(release, title="other"), tmp_path / "export")
    assert snapshot(tmp_path) == before


def test_old_files_go_and_foreign_files_stay(release: Release, tmp_path: Path) -> None:
    folder = tmp_path / "export"
    write_exports(release, folder)
    (folder / "my.qgz").write_text("mine", encoding="utf-8")
    (folder / "notes").mkdir()
    (folder / "notes/a.txt").write_text("mine too", encoding="utf-8")
    write_exports(replace(release, synthetic=True), folder, formats=["csv"])
    names = {path.name for path in folder.iterdir()}
    assert {"my.qgz", "notes", "clusters_synthetic.csv"} <= names
    assert not {"clustermap.gpkg", "clusters.shp", "clusters.csv"} & names
    assert (folder / "notes/a.txt").read_text(encoding="utf-8") == "mine too"


def test_a_folder_of_others_is_refused(release: Release, tmp_path: Path) -> None:
    (tmp_path / "thesis.docx").write_text("years of work", encoding="utf-8")
    with pytest.raises(TableFault) as caught:
        write_exports(release, tmp_path)
    assert caught.value.reason == "export_not_ours"
    assert snapshot(tmp_path) == {"thesis.docx": b"years of work"}
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(TableFault, match="did not make"):
        write_exports(release, tmp_path / "file")


def test_a_killed_swap_is_recovered(release: Release, tmp_path: Path) -> None:
    folder = tmp_path / "export"
    write_exports(release, folder)
    (folder / "my.qgz").write_text("mine", encoding="utf-8")
    folder.rename(tmp_path / ".export.previous")
    (tmp_path / ".export.new").mkdir()
    write_exports(release, folder)
    assert (folder / "my.qgz").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["export"]


def test_unknown_choices_are_table_faults(release: Release, tmp_path: Path) -> None:
    with pytest.raises(TableFault, match="Choose among gpkg, shp, csv"):
        write_exports(release, tmp_path / "export", formats=["dwg"])
    with pytest.raises(TableFault, match="cannot be written in 'latin1'"):
        write_exports(release, tmp_path / "export", encoding="latin1")
    assert list(tmp_path.iterdir()) == []


def test_column_called_like_our_own(release: Release, tmp_path: Path) -> None:
    more = release.indicators.iloc[:2].assign(indicator=["geom", "fid"])
    exported = write_exports(replace(release, indicators=more), tmp_path / "export")
    back = gpd.read_file(exported.folder / "clustermap.gpkg", layer="clusters")
    assert back["geom"][0] == -0.1
    assert back["fid"][1] == 1e-300
    assert back.geometry[0].geom_type == "MultiPolygon"


def test_every_column_and_fault_has_its_words() -> None:
    words = read_catalogue()
    for table in OUTPUT_TABLES:
        for column in table.columns:
            assert f"column.{column.name}.label" in words
    declared = {(c.name, c.meaning) for table in OUTPUT_TABLES for c in table.columns}
    declared |= {(name, column.meaning) for name, column in _DECLARED.items()}
    declared |= {(column.name, column.meaning) for own in _RELEASED_IN.values() for column in own}
    for key, meaning in words.items():
        if key.startswith("column.") and key.endswith(".meaning"):
            assert (key.split(".")[1], meaning["en"]) in declared
    reasons = [key for key in words if key.startswith(("fault.export_", "fault.out_"))]
    assert {key.rpartition(".")[2] for key in reasons} == {"what", "cure"}
    assert len(reasons) % 2 == 0


def test_line_of_two_centres_is_drawn(release: Release, tmp_path: Path) -> None:
    write_exports(release, tmp_path / "export", formats=["gpkg"])
    flows = gpd.read_file(tmp_path / "export/clustermap.gpkg", layer="flows")
    first = shapely.get_coordinates(flows.geometry[0])
    assert first[0].tolist() == [1_000_500.1, 1_900_500.0]
