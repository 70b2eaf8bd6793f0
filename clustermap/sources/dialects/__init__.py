"""Dialects: how publishers lay out their tables, each recognised by its columns.

A dialect says which of its columns are ours and turns the rest of what it says into our words. A
new one is added as a record in one module here and to ``DIALECTS``; its name and what it is are
messages ``dialect.NAME``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from clustermap.sources.dialects.cells import as_iso
from clustermap.sources.dialects.cordis import CORDIS
from clustermap.sources.dialects.dialect import NO_DIALECT, Dialect
from clustermap.sources.dialects.patents import PATENTS
from clustermap.sources.dialects.projects import PROJECTS
from clustermap.sources.dialects.ror import ROR
from clustermap.tables import ACTOR_TYPES

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = [
    "DIALECTS",
    "NO_DIALECT",
    "Dialect",
    "as_iso",
    "find_dialect",
    "find_named",
    "list_dialects",
    "list_kinds",
]

DIALECTS: tuple[Dialect, ...] = (*ROR, *CORDIS, *PROJECTS, *PATENTS)
"""All that are known; of several that fit a file the one with the longest signature is taken."""


def find_dialect(table: str, found: Collection[str], stated: str = "") -> Dialect | None:
    """Return the dialect of a file.

    Parameters
    ----------
    table
        Our table that is read, or the form of a table of linkages.
    found
        Columns of the file.
    stated
        Dialect that the project file states; "" to recognise it.

    Returns
    -------
    Dialect or None
        None where no dialect fits, or where none is wanted.
    """
    if stated == NO_DIALECT:
        return None
    fits = [
        dialect
        for dialect in DIALECTS
        if dialect.table == table and (dialect.name == stated or dialect.signature <= set(found))
    ]
    if stated:
        fits = [dialect for dialect in fits if dialect.name == stated]
    return max(fits, key=lambda dialect: len(dialect.signature & set(found)), default=None)


def find_named(table: str, name: str) -> Dialect | None:
    """Return a dialect by its name.

    Parameters
    ----------
    table
        Our table that is read, or the form of a table of linkages.
    name
        Name of the dialect.

    Returns
    -------
    Dialect or None
        The first layout of that name: all of them settle in the same way.
    """
    fits = (one for one in DIALECTS if one.table == table and one.name == name)
    return next(fits, None)


def list_kinds(table: str) -> tuple[str, ...]:
    """Return the actor types by which rows are told that belong into a table.

    Parameters
    ----------
    table
        Our table.

    Returns
    -------
    tuple of str
        Empty where no dialect of the table sorts its rows.
    """
    return ACTOR_TYPES if any(one.kinds for one in DIALECTS if one.table == table) else ()


def list_dialects(table: str) -> list[str]:
    """Return what ``dialect`` may be for a table.

    Parameters
    ----------
    table
        Our table, or the form of a table of linkages.

    Returns
    -------
    list of str
        Names, without repetition, and the word for none.
    """
    names = [dialect.name for dialect in DIALECTS if dialect.table == table]
    return [*dict.fromkeys(names), NO_DIALECT]
