"""Shapefiles that every GIS program opens, and that say what they could not hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyogrio.raw
import pyproj
import shapely
from pyproj.enums import WktVersion

from clustermap.errors import TableFault
from clustermap.formats.dbf import (
    LARGEST_FILE,
    DbfField,
    check_size,
    declare_field,
    list_changes,
    write_dbf,
)
from clustermap.formats.delimited import type_name
from clustermap.formats.geometries import promote
from clustermap.formats.layer import FieldName, Layer, Marks, Written
from clustermap.formats.names import short_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

_CODE_PAGE = {"utf-8": "UTF-8", "cp949": "949"}
_FAMILY = {
    0: "points",
    4: "points",
    1: "lines",
    2: "lines",
    5: "lines",
    3: "polygons",
    6: "polygons",
}
_TYPE = {"points": "Point", "lines": "LineString", "polygons": "Polygon"}
_MISSING = -1
_LEAST_CONFIDENCE = 70  # as pyproj's own: below, a likeness is no identity


def _prj(layer: Layer) -> str:
    """WKT 1 with authority codes: QGIS and R do not recognise EPSG:5179 or 5186 by less."""
    crs = pyproj.CRS.from_user_input(layer.crs)
    code = crs.to_epsg(min_confidence=_LEAST_CONFIDENCE)
    try:
        known = pyproj.CRS.from_epsg(code) if code else crs
        return known.to_wkt(WktVersion.WKT1_GDAL)
    except pyproj.exceptions.CRSError as error:
        raise TableFault("export_crs_unfit", table=layer.name, value=crs.name) from error


def _families(name: str, geometry: NDArray[np.object_]) -> list[tuple[str, NDArray[np.intp]]]:
    """Split by family of geometry, since a shapefile holds one; missing goes with the first."""
    kinds = np.asarray(shapely.get_type_id(geometry)).tolist()
    for row, kind in enumerate(kinds):
        if kind not in _FAMILY and kind != _MISSING:
            found = geometry[row].geom_type
            raise TableFault("export_geometry_kind", table=name, row=row + 1, value=found)
    families = {_FAMILY[kind] for kind in kinds if kind != _MISSING} or {"points"}
    ordered = [family for family in _TYPE if family in families]
    given = [_FAMILY.get(kind, ordered[0]) for kind in kinds]
    return [
        (family, np.array([i for i, f in enumerate(given) if f == family], dtype=np.intp))
        for family in ordered
    ]


def _promoted(geometry: NDArray[np.object_], family: str) -> tuple[NDArray[np.object_], str]:
    kind = _TYPE[family]
    present = geometry[~shapely.is_missing(geometry)]
    if family == "points" and (shapely.get_type_id(present) != 0).any():
        kind = "MultiPoint"
        geometry = promote(geometry)
    if shapely.has_z(present).any():
        return shapely.force_3d(geometry), f"{kind} Z"
    return geometry, kind


def _write_geometry(path: Path, geometry: NDArray[np.object_], family: str, prj: str) -> None:
    geometry, kind = _promoted(geometry, family)
    wkb = shapely.to_wkb(geometry, flavor="iso").tolist()
    pyogrio.raw.write_arrow(
        pa.table({"geometry": pa.array(wkb, pa.large_binary())}),
        path,
        driver="ESRI Shapefile",
        geometry_name="geometry",
        geometry_type=kind,
        crs=prj,
        encoding="UTF-8",
    )


def _check_geometry(name: str, geometry: NDArray[np.object_]) -> None:
    coordinates = int(shapely.get_num_coordinates(geometry).sum())
    parts = int(np.maximum(shapely.get_num_geometries(geometry), 0).sum())
    if 16 * coordinates + 8 * parts + 64 * len(geometry) > LARGEST_FILE:
        raise TableFault("export_too_large", table=name, rows=len(geometry))


def _declare(layer: Layer, encoding: str) -> list[DbfField]:
    short = short_names(layer.rows.column_names, encoding)
    return [
        declare_field(short[name], layer.rows.column(name), encoding)
        for name in layer.rows.column_names
    ]


def _pick(fields: Sequence[DbfField], rows: NDArray[np.intp]) -> list[DbfField]:
    if len(rows) == len(fields[0].column):
        return list(fields)
    return [
        DbfField(f.name, f.column.take(pa.array(rows)), f.kind, f.width, f.decimals) for f in fields
    ]


def _tell(file: str, layer: Layer, fields: Sequence[DbfField], encoding: str) -> Written:
    columns = layer.rows.column_names
    texts = [(n, f.column) for n, f in zip(columns, fields, strict=True) if f.kind == "C"]
    names = tuple(
        FieldName(file, field.name, type_name(field.column.type), column)
        for field, column in zip(fields, layer.fields, strict=True)
    )
    changes = list_changes(file, layer.rows, layer.key, texts, encoding)
    return Written((), names, tuple(changes))


def _write_table(layer: Layer, fields: Sequence[DbfField], folder: Path, marks: Marks) -> Written:
    path = folder / marks.file_name(layer.name, ".dbf")
    write_dbf(path, fields, marks.encoding)
    code_page = path.with_suffix(".cpg")
    code_page.write_text(_CODE_PAGE[marks.encoding], encoding="ascii")
    told = _tell(path.name, layer, fields, marks.encoding)
    return Written((path.name, code_page.name), told.names, told.changes)


def _write_features(
    layer: Layer, fields: Sequence[DbfField], folder: Path, marks: Marks
) -> Iterator[Written]:
    geometry = np.asarray(layer.geometry)
    prj = _prj(layer)
    families = _families(layer.name, geometry)
    for family, rows in families:
        name = layer.name if len(families) == 1 else f"{layer.name}_{family}"
        path = folder / marks.file_name(name, ".shp")
        _write_geometry(path, geometry[rows], family, prj)
        path.with_suffix(".prj").write_text(prj, encoding="ascii")
        part = Layer(name, layer.rows.take(pa.array(rows)), layer.fields, layer.key)
        told = _write_table(part, _pick(fields, rows), folder, marks)
        others = tuple(path.with_suffix(ending).name for ending in (".shp", ".shx", ".prj"))
        yield Written((*others, *told.files), told.names, told.changes)


def write_shapefiles(layers: Sequence[Layer], folder: Path, marks: Marks) -> Written:
    """Write one shapefile a layer, and a dBASE table where there is no geometry.

    Parameters
    ----------
    layers
        Layers and tables; a layer of several families of geometry gives a file for each.
    folder
        Where the files go.
    marks
        What the files must carry; its encoding is the one of the text.

    Returns
    -------
    Written
        Files, field names, and every cell that was cut or lacks a character.

    Raises
    ------
    TableFault
        Before anything is written, if a layer is too large or wide, or its geometry is unfit.
    """
    declared = [(layer, _declare(layer, marks.encoding)) for layer in layers]
    for layer, fields in declared:
        check_size(layer.name, fields, layer.rows.num_rows)
        if layer.geometry is not None:
            _check_geometry(layer.name, layer.geometry)
            _prj(layer)
            _families(layer.name, layer.geometry)
    parts: list[Written] = []
    for layer, fields in declared:
        if layer.geometry is None:
            parts.append(_write_table(layer, fields, folder, marks))
        else:
            parts += _write_features(layer, fields, folder, marks)
    return Written.join(parts)
