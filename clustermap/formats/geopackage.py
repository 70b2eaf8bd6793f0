"""GeoPackage: one file with every layer, which QGIS opens coloured by score."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyogrio
import pyogrio.raw
import shapely

from clustermap.formats.delimited import type_name
from clustermap.formats.geometries import free_name, multi_type, promote
from clustermap.formats.layer import FieldName, Layer, Marks, Written
from clustermap.formats.style import draw_score_style
from clustermap.messages import Message, say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from clustermap.messages import Language

    Keep = Callable[[object, Callable[[], NDArray[np.uint8]]], NDArray[np.uint8]]

STEM = "clustermap"
_PLAIN = (-1, 0, 1)  # none, points and lines, as GEOS numbers them
_SHAPES_AT_ONCE = 25_000
"""Shapes that are spelt together: each is a Python object."""
LASTING = (
    *("institutes", "firms", "flows", "cell_flows", "indicators", "industries", "brokers"),
    *("abroad", "flags"),
)
"""Layers that stay the same when only weights change; they come first in the file."""
_VERSION = "1.3"  # QGIS 3.22 and R's sf warn at 1.4
_NO_CLOCK = "1970-01-01T00:00:00.000Z"  # same input, same bytes
_OPTIONS = {
    "OGR_CURRENT_DATE": _NO_CLOCK,
    "OGR_SQLITE_JOURNAL": "MEMORY",
    "OGR_SQLITE_SYNCHRONOUS": "OFF",
}

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
_LAST = """
UPDATE gpkg_contents SET rowid = (SELECT max(rowid) FROM gpkg_contents) + 1 WHERE table_name = ?
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
        spell = _spell if kind == "Unknown" else _spell_several
        rows = rows.append_column(geometry_name, _spell_shapes(layer.geometry, spell))
        options["GEOMETRY_NAME"] = geometry_name
    pyogrio.raw.write_arrow(
        rows,
        path,
        layer=layer.name,
        driver="GPKG",
        geometry_name=geometry_name,
        geometry_type=kind,
        crs=crs,
        dataset_options=None if path.exists() else {"VERSION": _VERSION},
        layer_options=options,
        dataset_metadata=None if path.exists() else _metadata(marks),
    )


def _spell(shapes: NDArray[np.object_]) -> pa.Array:
    return pa.array(shapely.to_wkb(shapes, flavor="iso").tolist(), pa.large_binary())


def _spell_several(shapes: NDArray[np.object_]) -> pa.Array:
    return _spell(promote(shapes))


def _spell_shapes(
    shapes: NDArray[np.object_], spell: Callable[[NDArray[np.object_]], pa.Array] = _spell
) -> pa.Array:
    """Return shapes as GeoPackages hold them, made some at a time: each is a Python object."""
    return pa.concat_arrays([pa.nulls(0, pa.large_binary()), *map(spell, _cut(shapes))])


def _hash_shapes(shapes: NDArray[np.object_]) -> str:
    """Return the hash of shapes: points and lines are all in their corners, others are spelt."""
    kinds = shapely.get_type_id(shapes)
    digest = hashlib.sha256(kinds.tobytes())
    if np.isin(kinds, _PLAIN).all():
        for part in shapely.get_coordinates(shapes, include_z=True, return_index=True):
            digest.update(np.ascontiguousarray(part).data)
        return digest.hexdigest()
    for some in map(_spell, _cut(shapes)):
        for buffer in filter(None, some.buffers()):
            digest.update(buffer)
    return digest.hexdigest()


def _cut(shapes: NDArray[np.object_]) -> Iterator[NDArray[np.object_]]:
    for start in range(0, len(shapes), _SHAPES_AT_ONCE):
        yield shapes[start : start + _SHAPES_AT_ONCE]


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


@contextmanager
def _without_clock() -> Iterator[None]:
    """Have GDAL write no clock times, and wait for no disk: a file that is not whole is left."""
    pyogrio.set_gdal_config_options(_OPTIONS)
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options(dict.fromkeys(_OPTIONS))


@contextmanager
def _open(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA synchronous = OFF")
        database.execute("PRAGMA journal_mode = OFF").fetchall()
        yield database
        database.commit()


def _write_layers(layers: Sequence[Layer], path: Path, marks: Marks) -> None:
    with _without_clock():
        for layer in layers:
            _write_layer(layer, path, marks)


def _write_ground(layers: Sequence[Layer], path: Path, marks: Marks) -> NDArray[np.uint8]:
    _write_layers(layers, path, marks)
    return np.fromfile(path, np.uint8)


def _describe(layer: Layer, marks: Marks) -> tuple[object, ...]:
    """Return all that a layer in a file follows from."""
    shapes = None if layer.geometry is None else _hash_shapes(layer.geometry)
    crs = None if layer.crs is None else layer.crs.to_wkt()
    return layer.name, layer.rows, shapes, crs, describe_layer(layer.name, marks)


def _order(database: sqlite3.Connection, layers: Sequence[Layer]) -> None:
    """List layers in their order: programs that are told none open the first."""
    for layer in layers:
        database.execute(_LAST, (layer.name,))


def _finish(path: Path, layers: Sequence[Layer], marks: Marks) -> None:
    """Add style and labels."""
    with _open(path) as database:
        _order(database, layers)
        for layer in layers:
            if layer.name == "clusters" and layer.geometry is not None:
                _add_style(database, layer, marks)
        _add_labels(database, layers, marks.language)


def keep_nothing(content: object, write: Callable[[], NDArray[np.uint8]]) -> NDArray[np.uint8]:  # noqa: ARG001 -- stands for what keeps
    """Return what is to be written, anew each time.

    Parameters
    ----------
    content
        All that it follows from.
    write
        Writes it.

    Returns
    -------
    numpy.ndarray
        Its bytes.
    """
    return write()


def write_geopackage(
    layers: Sequence[Layer], folder: Path, marks: Marks, keep: Keep = keep_nothing
) -> Written:
    """Write all layers and tables into one GeoPackage (version 1.3).

    Parameters
    ----------
    layers
        Layers and tables.
    folder
        Where the file goes.
    marks
        What the file must carry.
    keep
        Returns what was kept of some content, or computes it and keeps it.

    Returns
    -------
    Written
        File and field names; a GeoPackage holds every cell as it is.
    """
    path = folder / marks.file_name(STEM, ".gpkg")
    # First what no weight changes: of a long file only the rest is written again.
    first = [layer for layer in layers if layer.name in LASTING]
    rest = [layer for layer in layers if layer.name not in LASTING]
    if first:
        content = (_metadata(marks), *(_describe(layer, marks) for layer in first))
        ground = keep(content, lambda: _write_ground(first, path, marks))
        if not path.exists():
            path.write_bytes(ground.data)
        del content, ground  # hundreds of megabytes of a nation
    _write_layers(rest, path, marks)
    _finish(path, layers, marks)
    names = tuple(
        FieldName(f"{path.name}|{layer.name}", column.name, type_name(values.type), column)
        for layer in layers
        for values, column in zip(layer.rows.columns, layer.fields, strict=True)
    )
    return Written((path.name,), names)
