"""A first look at a file: its columns, some rows, and what shapes it holds."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import shapely

from clustermap.checks import Chunk, as_text
from clustermap.errors import TableFault, shorten_path
from clustermap.sources.files import FileSource, list_layers, read_chunks
from clustermap.tables import Column, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy.typing as npt

ROWS = 20_000
"""Rows looked at."""

_ANY = Table("files", "A file that nobody knows yet.", (Column("geometry", "geometry", ""),), ())
_PARTS = (".dbf", ".shx", ".prj", ".cpg", ".sbn", ".sbx", ".qix", ".qpj")
_SHAPES = ("points", "lines", "polygons")


@dataclass(frozen=True)
class Peek:
    """What a file, or a layer of one, holds.

    Parameters
    ----------
    path
        The file.
    layer
        Layer of a file that holds several, else "".
    rows
        The first rows as text, under the file's own names.
    shapes
        "points", "lines", "polygons", or "" where there are none.
    geometry
        Shapes of these rows; empty without.
    crs
        Coordinate system that the file states, "" where it states none.
    """

    path: Path
    layer: str
    rows: pa.Table
    shapes: str
    geometry: npt.NDArray[np.object_]
    crs: str

    @property
    def columns(self) -> list[str]:
        """Columns of the file but for the shapes."""
        return list(self.rows.column_names)


def peek(path: Path) -> Iterator[Peek]:
    """Look at a file, or at every layer of it.

    Parameters
    ----------
    path
        The file.

    Yields
    ------
    Peek
        One a layer.

    Raises
    ------
    TableFault
        If the file or one of its layers cannot be read; the other layers are looked at before.
    """
    source = FileSource(_ANY, (path,), every=True)
    layers = list_layers(path)
    faults = []
    for layer in layers if len(layers) > 1 else [""]:
        try:
            yield _look(replace(source, layer=layer), path)
        except TableFault as fault:
            faults.append(fault)
    if faults:
        raise faults[0]


def list_files(named: Iterable[str | os.PathLike[str]]) -> list[Path]:
    """List the files that are meant.

    Parameters
    ----------
    named
        Files; of a folder its own files are meant, without hidden ones and project files.

    Returns
    -------
    list of Path
        Absolute, each once; what belongs to a shapefile is left to it.

    Raises
    ------
    TableFault
        If there is no such file.
    """
    found: dict[Path, None] = {}
    for name in named:
        path = Path(os.path.normpath(Path(name).absolute()))
        if path.is_dir():
            inside = sorted(file for file in path.iterdir() if file.is_file())
            found |= dict.fromkeys(
                p for p in inside if not p.name.startswith(".") and p.suffix.lower() != ".toml"
            )
        elif path.is_file():
            found[path] = None
        else:
            raise TableFault("init_missing_file", table="init", value=shorten_path(name))
    stems = {path.with_suffix("") for path in found if path.suffix.lower() == ".shp"}
    return [path for path in found if not _is_beside(path, stems)]


def _is_beside(path: Path, stems: set[Path]) -> bool:
    """Return whether a file is a part of a shapefile: "a.dbf" or "a.shp.xml" beside "a.shp"."""
    if path.suffix.lower() in _PARTS:
        return path.with_suffix("") in stems
    return path.name.lower().endswith(".shp.xml")


def peek_all(paths: Iterable[Path]) -> tuple[list[Peek], dict[Path, TableFault]]:
    """Look at files, and go on where one cannot be read.

    Parameters
    ----------
    paths
        Files.

    Returns
    -------
    tuple
        Looks, one a layer; and the faults of the files that cannot be read.
    """
    peeks: list[Peek] = []
    unread: dict[Path, TableFault] = {}
    for path in paths:
        if not path.name.isprintable():  # no project file could name it
            unread[path] = TableFault("hidden_characters", table="init", value=path.name)
            continue
        try:
            peeks += peek(path)
        except TableFault as fault:
            unread[path] = fault
    return peeks, unread


def spell_path(path: Path, folder: Path) -> str:
    """Return a path as a project file has it.

    Parameters
    ----------
    path
        Absolute path of a file.
    folder
        Folder of the project file.

    Returns
    -------
    str
        From the folder, with "/"; absolute where no way leads there (another drive).
    """
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:
        return path.as_posix()


def _look(source: FileSource, path: Path) -> Peek:
    first = Chunk(path.name, pa.array([], pa.int64()), pa.table({}))
    for item in read_chunks(source):
        if isinstance(item, Chunk):
            first = item
            if len(item.lines):
                break
    rows = first.rows.slice(0, ROWS)
    texts, geometry = {}, np.empty(0, dtype=object)
    for name, column in zip(rows.column_names, rows.columns, strict=True):
        values = column.combine_chunks()
        if name == "geometry" and pa.types.is_binary(values.type):
            geometry = shapely.from_wkb(values.to_numpy(zero_copy_only=False), on_invalid="ignore")
            continue
        try:
            texts[name] = as_text(values)
        except pa.ArrowException:  # a column of tables, or of bytes: nothing for us
            continue
    there = geometry[shapely.is_geometry(geometry)]
    dimension = int(shapely.get_dimensions(there).max(initial=-1))
    shapes = _SHAPES[dimension] if dimension >= 0 else ""
    return Peek(path, source.layer, pa.table(texts), shapes, geometry, first.crs)
