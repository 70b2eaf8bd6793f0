"""GeoPackage: one file with every layer, which QGIS opens coloured by score."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pyarrow as pa
import pyogrio.raw
import shapely

from clustermap.formats.delimited import type_name
from clustermap.formats.geometries import free_name, multi_type, promote
from clustermap.formats.layer import FieldName, Layer, Marks, Written
from clustermap.formats.style import draw_score_style
from clustermap.messages import Message, say

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from clustermap.messages import Language

STEM = "clustermap"
_VERSION = "1.3"  # QGIS 3.22 and R's sf warn at 1.4
_NO_CLOCK = "1970-01-01T00:00:00.000Z"  # same input, same bytes

_STYLES_TABLE = """
CREATE TABLE layer_styles (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  f_table_catalog TEXT(256), f_table_schema TEXT(256), f_table_name TEXT(256),
  f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT, styleSLD TEXT,
  useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30),
  update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')))
"""
_STYLE_ROW = """
INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column,
  styleName, styleQML, styleSLD, useAsDefault, description, owner, ui, update_time)
VALUES ('', '', ?, ?, 'score', ?, '', 1, ?, '', NULL, ?)
"""
_STYLES_CONTENTS = """
INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change, srs_id)
VALUES ('layer_styles', 'attributes', 'layer_styles', '', ?, 0)
"""
_SCHEMA_TABLES = """
CREATE TABLE gpkg_data_columns (
  table_name TEXT NOT NULL, column_name TEXT NOT NULL, name TEXT, title TEXT, description TEXT,
  mime_type TEXT, constraint_name TEXT,
  CONSTRAINT pk_gdc PRIMARY KEY (table_name, column_name),
  CONSTRAINT gdc_tn UNIQUE (table_name, name));
CREATE TABLE gpkg_data_column_constraints (
  constraint_name TEXT NOT NULL, constraint_type TEXT NOT NULL, value TEXT,
  min NUMERIC, min_is_inclusive BOOLEAN, max NUMERIC, max_is_inclusive BOOLEAN, description TEXT,
  CONSTRAINT gdcc_ntv UNIQUE (constraint_name, constraint_type, value));
"""
_SCHEMA_EXTENSION = """
INSERT INTO gpkg_extensions (table_name, column_name, extension_name, definition, scope)
VALUES (?, NULL, 'gpkg_schema', 'http://www.geopackage.org/spec121/#extension_schema', 'read-write')
"""
_DATA_COLUMN = """
INSERT INTO gpkg_data_columns (table_name, column_name, name, title, description)
VALUES (?, ?, ?, ?, ?)
"""


def describe_layer(layer: str, marks: Marks) -> str:
    """Return what the GeoPackage says of a layer, in both languages.

    Parameters
    ----------
    layer
        Name of the layer.
    marks
        What the files must carry.

    Returns
    -------
    str
        "SYNTHETIC ..." first where the data are made up.
    """
    keys = ["export.synthetic"] if marks.synthetic else []
    keys.append(f"export.layer.{layer}")
    return " ".join(f"{say(Message(key), 'ko')} / {say(Message(key), 'en')}" for key in keys)


def _write_layer(layer: Layer, path: Path, marks: Marks) -> None:
    columns = layer.rows.column_names
    options = {
        "FID": free_name("fid", columns),
        "IDENTIFIER": layer.name,
        "DESCRIPTION": describe_layer(layer.name, marks),
    }
    rows, geometry_name, kind, crs = layer.rows, None, None, None
    if layer.geometry is not None and layer.crs is not None:
        geometry_name = free_name("geom", columns)
        kind, crs = multi_type(layer.geometry), layer.crs.to_wkt()
        shapes = layer.geometry if kind == "Unknown" else promote(layer.geometry)
        wkb = shapely.to_wkb(shapes, flavor="iso").tolist()
        rows = rows.append_column(geometry_name, pa.array(wkb, pa.large_binary()))
        options["GEOMETRY_NAME"] = geometry_name
    pyogrio.raw.write_arrow(
        rows,
        path,
        layer=layer.name,
        driver="GPKG",
        geometry_name=geometry_name,
        geometry_type=kind,
        crs=crs,
        dataset_options={"VERSION": _VERSION},
        layer_options=options,
        dataset_metadata=_metadata(marks),
    )


def _metadata(marks: Marks) -> dict[str, str]:
    told = {
        "TITLE": marks.title,
        "SOFTWARE": f"clustermap {marks.version}",
        "SYNTHETIC": "1" if marks.synthetic else "0",
        "ATTRIBUTION": " | ".join(marks.attribution),
    }
    return {name: value for name, value in told.items() if value}


def _add_style(database: sqlite3.Connection, layer: Layer, marks: Marks) -> None:
    geometry_name = free_name("geom", layer.rows.column_names)
    note = say(Message("export.style.description"), marks.language)
    qml = draw_score_style(marks.language)
    database.execute(_STYLES_TABLE)
    database.execute(_STYLE_ROW, (layer.name, geometry_name, qml, note, _NO_CLOCK))
    database.execute(_STYLES_CONTENTS, (_NO_CLOCK,))
    database.execute("INSERT INTO gpkg_ogr_contents VALUES ('layer_styles', 1)")


def _add_labels(database: sqlite3.Connection, layers: Sequence[Layer], language: Language) -> None:
    """Give the columns labels, which QGIS shows in place of their names."""
    database.executescript(_SCHEMA_TABLES)
    for table in ("gpkg_data_columns", "gpkg_data_column_constraints"):
        database.execute(_SCHEMA_EXTENSION, (table,))
    for layer in layers:
        taken: set[str] = set()
        for field in layer.fields:
            label, meaning = field.label[language], field.meaning[language]
            alias = f"{label} ({field.name})" if label in taken else label
            taken.add(label)
            unit = f" [{field.unit}]" if field.unit else ""
            row = (layer.name, field.name, alias, label, f"{meaning}{unit}".strip() or None)
            database.execute(_DATA_COLUMN, row)


def _finish(path: Path, layers: Sequence[Layer], marks: Marks) -> None:
    """Add style and labels, and take out the clock."""
    with closing(sqlite3.connect(path)) as database:
        for layer in layers:
            if layer.name == "clusters" and layer.geometry is not None:
                _add_style(database, layer, marks)
        _add_labels(database, layers, marks.language)
        database.execute("UPDATE gpkg_contents SET last_change = ?", (_NO_CLOCK,))
        database.execute("UPDATE gpkg_metadata_reference SET timestamp = ?", (_NO_CLOCK,))
        database.commit()
        database.execute("VACUUM")


def write_geopackage(layers: Sequence[Layer], folder: Path, marks: Marks) -> Written:
    """Write all layers and tables into one GeoPackage (version 1.3).

    Parameters
    ----------
    layers
        Layers and tables.
    folder
        Where the file goes.
    marks
        What the file must carry.

    Returns
    -------
    Written
        File and field names; a GeoPackage holds every cell as it is.
    """
    path = folder / marks.file_name(STEM, ".gpkg")
    for layer in layers:
        _write_layer(layer, path, marks)
    _finish(path, layers, marks)
    names = tuple(
        FieldName(f"{path.name}|{layer.name}", column.name, type_name(values.type), column)
        for layer in layers
        for values, column in zip(layer.rows.columns, layer.fields, strict=True)
    )
    return Written((path.name,), names)
