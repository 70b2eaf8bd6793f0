"""The header of a table that has titles above it: the first line whose names are those wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from clustermap.errors import TableFault
from clustermap.sources.files.source import match_columns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from clustermap.sources.files.source import FileSource, Matched

HEADER_LINES = 30
"""Titles and notes above a header take fewer lines than this."""

_UNFIT = {"missing_column", "not_this_dialect"}
Row = TypeVar("Row")


def find_header(
    source: FileSource, path: Path, rows: Iterable[Row], read_names: Callable[[Row], list[str]]
) -> tuple[Row, Matched]:
    """Return the first row that holds all columns that are wanted, and what is read of them.

    Parameters
    ----------
    source
        What is read.
    path
        The file.
    rows
        Rows from the top of the table.
    read_names
        Returns the names that a row holds.

    Returns
    -------
    tuple
        The row and its columns.

    Raises
    ------
    TableFault
        If no row holds them; told of the row with most names, the first of several. Or if a
        column that is wanted stands in the header twice.
    """
    best: tuple[int, TableFault] | None = None
    for row in rows:
        names = read_names(row)
        try:
            return row, match_columns(source, path, names)
        except TableFault as fault:
            if fault.reason not in _UNFIT:
                raise
            filled = len({name for name in names if name})
            if best is None or filled > best[0]:
                best = filled, fault
    if best is None:
        raise TableFault("empty_layer", table=f"{source.table.name} ({path.name})")
    raise best[1]
