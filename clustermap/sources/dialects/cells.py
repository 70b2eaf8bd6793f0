"""What publishers put into one cell: years in dates, several names, a point in one field."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clustermap.checks import as_text
from clustermap.sources.dialects.dialect import ALSO

if TYPE_CHECKING:
    from collections.abc import Mapping

    from clustermap.checks import Chunk

_UNION_CODES = {"EL": "GR", "UK": "GB"}
"""Countries that the Union's offices write otherwise than ISO 3166."""

_NUMBER = r"[-+]?[0-9]+\.?[0-9]*(?:[eE][-+]?[0-9]+)?"
_POINT = rf"^[\s(]*(?P<y>{_NUMBER})\s*[,;]\s*(?P<x>{_NUMBER})[\s)]*$"
_SUBCLASS = r"^\s*(?P<code>[A-HY][0-9]{2}[A-Z])"
_YEAR = r"^\s*(?P<year>[0-9]{4})"
_SEVERAL = r"\s*[;|\n]+\s*"


def find_column(rows: pa.Table, *names: str) -> pa.Array:
    """Return the first of several columns that a table has, as text.

    Parameters
    ----------
    rows
        Rows under our names, and theirs after ALSO.
    *names
        Columns of theirs, the best first.

    Returns
    -------
    pa.Array
        Text, trimmed; null where the cell is empty, or none of the columns is there. Where several
        are there, a cell that is empty in one is taken from the next.
    """
    found = pa.nulls(rows.num_rows, pa.string())
    for name in names:
        if ALSO + name in rows.column_names:
            found = pc.coalesce(found, as_text(rows[ALSO + name].combine_chunks()))
    return found


def translate(words: pa.Array, mapping: Mapping[str, str]) -> pa.Array:
    """Return what words mean.

    Parameters
    ----------
    words
        Text.
    mapping
        Word = meaning.

    Returns
    -------
    pa.Array
        Text; null where a word is not known.
    """
    at = pc.index_in(words, value_set=pa.array(list(mapping), pa.string()))
    return pc.take(pa.array(list(mapping.values()), pa.string()), at)


def as_iso(code: str) -> str:
    """Return the code of a country after ISO 3166.

    Parameters
    ----------
    code
        Two letters, perhaps as the Union's offices write them.

    Returns
    -------
    str
        Two letters.

    Examples
    --------
    >>> as_iso("EL"), as_iso("KR")
    ('GR', 'KR')
    """
    return _UNION_CODES.get(code, code)


def read_countries(codes: pa.Array) -> pa.Array:
    """Return codes of countries after ISO 3166.

    Parameters
    ----------
    codes
        Text.

    Returns
    -------
    pa.Array
        Text.
    """
    return pc.coalesce(translate(pc.utf8_upper(codes), _UNION_CODES), codes)


def read_years(dates: pa.Array) -> pa.Array:
    """Return the years with which dates begin.

    Parameters
    ----------
    dates
        Text: 2021-05-01, 2021.05.01, 20210501, 2021.

    Returns
    -------
    pa.Array
        Text; what begins with no year stays as it is, so that the checks find it.

    Examples
    --------
    >>> read_years(pa.array(["2021.05.01", "20210501", "soon", None])).to_pylist()
    ['2021', '2021', 'soon', None]
    """
    years = pc.struct_field(pc.extract_regex(dates, _YEAR), "year")
    return pc.coalesce(years, dates)


def read_subclasses(symbols: pa.Array) -> pa.Array:
    """Return the subclass of the first symbol of a patent classification.

    Parameters
    ----------
    symbols
        Text: symbols of the IPC or CPC, the first one counts.

    Returns
    -------
    pa.Array
        Text of four characters; null where there is no symbol.

    Examples
    --------
    >>> read_subclasses(pa.array(["H01L 21/02 | C30B 25/00", "h01l21", "", None])).to_pylist()
    ['H01L', 'H01L', None, None]
    """
    found = pc.extract_regex(pc.utf8_upper(symbols), _SUBCLASS)
    return pc.struct_field(found, "code")


def read_points(cells: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Return the points of cells that hold latitude and longitude.

    Parameters
    ----------
    cells
        Text: "51.4413,5.4766".

    Returns
    -------
    tuple
        Longitude and latitude as text; a cell that holds no point stands as longitude, so that the
        checks find it.
    """
    found = pc.extract_regex(cells, _POINT)
    lon, lat = (pc.struct_field(found, name) for name in ("x", "y"))
    return pc.coalesce(lon, cells), lat


def split_names(*columns: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Return the names in cells that hold several, each once a row.

    Parameters
    ----------
    *columns
        Text of one length: names with ";", "|" or a line break between them.

    Returns
    -------
    tuple
        Position of the row and name, in order of the rows; a row without any name has one entry,
        null, so that the checks find it.

    Examples
    --------
    >>> rows, names = split_names(pa.array(["a|b; a", None]), pa.array(["c", None]))
    >>> rows.to_pylist(), names.to_pylist()
    ([0, 0, 0, 1], ['a', 'b', 'c', None])
    """
    found = [_split(cells) for cells in columns]
    named = pa.concat_tables(found)
    named = named.append_column("order", pa.array(np.arange(named.num_rows)))
    once = named.group_by(["row", "name"], use_threads=False).aggregate([("order", "min")])
    size = len(columns[0])
    none = np.setdiff1d(np.arange(size), once["row"].to_numpy())
    nobody = {"row": none, "name": pa.nulls(len(none), pa.string()), "order_min": none * 0}
    every = pa.concat_tables([once.select(list(nobody)), pa.table(nobody)])
    every = every.sort_by([("row", "ascending"), ("order_min", "ascending")]).combine_chunks()
    return every["row"].combine_chunks(), every["name"].combine_chunks()


def _split(cells: pa.Array) -> pa.Table:
    parts = pc.split_pattern_regex(cells, _SEVERAL)
    rows = pc.list_parent_indices(parts).cast(pa.int64())
    names = pc.utf8_trim_whitespace(pc.list_flatten(parts))
    return pa.table({"row": rows, "name": names}).filter(pc.not_equal(names, ""))


def add_column(rows: pa.Table, name: str, values: pa.Array) -> pa.Table:
    """Return rows with a column that a dialect makes.

    Parameters
    ----------
    rows
        Rows under our names.
    name
        Our column.
    values
        One entry a row.

    Returns
    -------
    pa.Table
        The rows as they are where the project file says which column of the file this is.
    """
    return rows if name in rows.column_names else rows.append_column(name, values)


def read_stated(rows: pa.Table, cells: list[pa.Array]) -> list[pa.Array]:
    """Return the cells with participants.

    Parameters
    ----------
    rows
        Rows under our names.
    cells
        Cells that a dialect reads.

    Returns
    -------
    list of pa.Array
        Those of the column that the project file states, where it does.
    """
    if "participant" in rows.column_names:
        return [as_text(rows["participant"].combine_chunks())]
    return cells


def repeat_rows(chunk: Chunk, rows: pa.Table, at: pa.Array, names: pa.Array) -> Chunk:
    """Return a chunk in which every row stands once for everyone whom it names.

    Parameters
    ----------
    chunk
        Rows as read.
    rows
        The same rows with what a dialect adds.
    at
        Positions of the rows wanted.
    names
        Participant of each.

    Returns
    -------
    Chunk
        Rows with the column ``participant``, each with the line that it came from.
    """
    several = len(at) - chunk.rows.num_rows
    told = {**chunk.told, "rows_of_several": several}
    others = [name for name in rows.column_names if name != "participant"]
    made = rows.select(others).take(at).append_column("participant", names)
    return replace(chunk, rows=made, lines=chunk.lines.take(at), told=told)
