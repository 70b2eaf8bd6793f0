"""A first look at a file: its columns, some rows, and what shapes it holds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pyarrow as pa
import shapely

from clustermap.checks import Chunk, as_text
from clustermap.sources.files import FileSource, list_layers, read_chunks
from clustermap.tables import Column, Table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy.typing as npt

ROWS = 20_000
"""Rows looked at."""

_ANY = Table("files", "A file that nobody knows yet.", (Column("geometry", "geometry", ""),), ())
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
    geometry: npt.NDArray[object]
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
        If the file cannot be read.
    """
    source = FileSource(_ANY, (path,), every=True)
    layers = list_layers(path)
    for layer in layers if len(layers) > 1 else [""]:
        yield _look(replace(source, layer=layer), path)


def _look(source: FileSource, path: Path) -> Peek:
    first = next(
        (item for item in read_chunks(source) if isinstance(item, Chunk) and len(item.lines)),
        Chunk(path.name, pa.array([], pa.int64()), pa.table({})),
    )
    rows = first.rows.slice(0, ROWS)
    geometry = (
        shapely.from_wkb(rows["geometry"].to_numpy(), on_invalid="ignore")
        if "geometry" in rows.column_names
        else pa.array([]).to_numpy(zero_copy_only=False).astype(object)
    )
    names = [name for name in rows.column_names if name != "geometry"]
    texts = {name: as_text(rows[name].combine_chunks()) for name in names}
    kinds = shapely.get_dimensions(geometry[geometry != None]) if len(geometry) else []  # noqa: E711
    shapes = _SHAPES[max(int(max(kinds)), 0)] if len(kinds) else ""
    return Peek(path, source.layer, pa.table(texts), shapes, geometry, first.crs)
