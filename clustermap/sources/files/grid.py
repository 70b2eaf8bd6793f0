"""Tables held whole as rows of cells: sheets of workbooks, tables of HTML pages."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from itertools import islice, zip_longest
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pyarrow as pa

from clustermap.checks import Chunk
from clustermap.sources.files.header import HEADER_LINES, find_header
from clustermap.sources.files.source import CHUNK_ROWS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from clustermap.sources.files.source import FileSource, Matched

Cell: TypeAlias = "str | float | bool | dt.date | dt.time | dt.datetime | dt.timedelta"
_EXACT = 10**15
"""Spreadsheets keep 15 digits of a number: what is longer has lost its end."""


@dataclass(frozen=True)
class Grid:
    """A table below its header.

    Parameters
    ----------
    name
        Name of the sheet.
    rows
        Rows of cells, header and titles included, from row 1 on.
    header
        Position of the header.
    matched
        What is read of its columns.
    """

    name: str
    rows: Sequence[Sequence[Cell]]
    header: int
    matched: Matched


def write_cell(cell: Cell) -> str:
    """Return a cell as text.

    Parameters
    ----------
    cell
        As the reader of a workbook gives it.

    Returns
    -------
    str
        Whole numbers without a point; numbers of 16 and more digits as the spreadsheet keeps
        them, with an exponent, so that no identifier made of them passes for whole.

    Examples
    --------
    >>> [write_cell(cell) for cell in (26110.0, 0.5, 3.120012345678901e18, True)]
    ['26110', '0.5', '3.120012345678901e+18', 'TRUE']
    """
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, int | float):
        if abs(cell) >= _EXACT:
            return np.format_float_scientific(cell, trim="-", exp_digits=2)
        return str(int(cell)) if cell == int(cell) else repr(float(cell))
    if isinstance(cell, dt.datetime) and cell.time() == dt.time():
        return cell.date().isoformat()
    return str(cell)


def read_names(row: Sequence[Cell]) -> list[str]:
    """Return the names of columns in a row.

    Parameters
    ----------
    row
        Cells.

    Returns
    -------
    list of str
        Names on one line each, "" for none.
    """
    return [" ".join(write_cell(cell).split()) for cell in row]


def find_grid(source: FileSource, path: Path, name: str, rows: Sequence[Sequence[Cell]]) -> Grid:
    """Find the header of a table that may have titles above it.

    Parameters
    ----------
    source
        What is read.
    path
        The file.
    name
        Name of the sheet.
    rows
        Rows of cells from row 1 on.

    Returns
    -------
    Grid
        The table.

    Raises
    ------
    TableFault
        If no row near the top holds the columns that are wanted.
    """
    filled = ((at, names) for at, row in enumerate(rows) if any(names := read_names(row)))
    (at, _), matched = find_header(source, path, islice(filled, HEADER_LINES), lambda row: row[1])
    return Grid(name, rows, at, matched)


def read_grid(path: Path, grid: Grid) -> Iterator[Chunk]:
    """Read the rows below the header.

    Parameters
    ----------
    path
        The file.
    grid
        The table.

    Yields
    ------
    Chunk
        Rows that hold anything, with the number of each; at least one chunk.
    """
    names = read_names(grid.rows[grid.header])
    places = {name: names.index(name) for name in grid.matched.wanted}
    start = grid.header + 1
    for first in range(start, max(len(grid.rows), start + 1), CHUNK_ROWS):
        rows = grid.rows[first : first + CHUNK_ROWS]
        held = [at for at, row in enumerate(rows) if any(cell != "" for cell in row)]
        # Rows of an HTML table may be shorter than its header.
        columns = list(zip_longest(*(rows[at] for at in held), fillvalue=""))
        table = {
            name: pa.array(
                [write_cell(cell) for cell in columns[at]]
                if at < len(columns)
                else [""] * len(held),
                pa.string(),
            )
            for name, at in places.items()
        }
        lines = pa.array([first + at + 1 for at in held], pa.int64())
        chunk = Chunk(path.name, lines, grid.matched.rename(pa.table(table)))
        yield grid.matched.convert(chunk)
