"""The header of a table that has titles above it: the line whose names are those wanted."""

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
_ANY = 10**6  # a column that stands there twice says more than one that is missing
Row = TypeVar("Row")


def find_header(
    source: FileSource, path: Path, rows: Iterable[Row], read_names: Callable[[Row], list[str]]
) -> tuple[Row, Matched]:
    """Return the row that holds all columns that are wanted, and what is read of them.

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
        The row with most of our columns, the first of several, and its columns.

    Raises
    ------
    TableFault
        If no row holds those that are wanted; told of the row with most names, the first of
        several. Or if one of them stands in the header twice.
    """
    found: list[tuple[int, Row, Matched]] = []
    faults: list[tuple[int, TableFault]] = []
    for row in rows:
        names = read_names(row)
        try:
            matched = match_columns(source, path, names)
        except TableFault as fault:
            filled = len({name for name in names if name})
            faults.append((filled if fault.reason in _UNFIT else _ANY, fault))
        else:
            # Where all columns are wanted a title has fewest names, and the header is the first row
            # that has as many as any.
            filled = sum(map(bool, names))
            found.append((filled if source.every else len(matched.wanted), row, matched))
    if found:
        _, row, matched = max(found, key=lambda fit: fit[0])
        return row, matched
    if not faults:
        raise TableFault("empty_layer", table=f"{source.table.name} ({path.name})")
    raise max(faults, key=lambda told: told[0])[1]
