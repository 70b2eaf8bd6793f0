"""Schema: what a column and a table are, and in which version and unit they are written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Type = Literal["id", "text", "texts", "integer", "number", "share", "year", "choice", "geometry"]

SHARE_UNIT = 10**9
"""Weights are whole numbers of 1e-9, so that sums are exact in any order."""

SCHEMA = 1
"""Version of all tables; it stands in the metadata of every file written."""


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Parameters
    ----------
    name
        Column name, as it stands in our tables.
    type
        "id" and "text" are text; "texts" is a list written with ";"; "share" is a decimal weight
        stored in whole units of 1e-9; "choice" is one of ``choices``; "number" is finite.
    meaning
        One English sentence for the docs.
    unit
        Unit of the values, "" where there is none.
    required
        Whether a user's table must have it (input) or whether it is never null (output).
    choices
        Closed list of a "choice".
    minimum, maximum
        Smallest and largest value allowed.
    """

    name: str
    type: Type
    meaning: str
    unit: str = ""
    required: bool = False
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None


@dataclass(frozen=True)
class Table:
    """One table: its columns, its key, and whether it is read or written.

    Parameters
    ----------
    name
        Table name: section of the project file (input) or file in OUT/tables (output).
    meaning
        What one row is.
    columns
        Columns in the order in which they are written.
    key
        Columns whose values identify a row.
    """

    name: str
    meaning: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]

    def column(self, name: str) -> Column:
        """Return a column by its name.

        Parameters
        ----------
        name
            Column name.

        Returns
        -------
        Column
            The declaration.

        Raises
        ------
        KeyError
            If the table has no such column.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    @property
    def required(self) -> tuple[str, ...]:
        """Names of the required columns."""
        return tuple(column.name for column in self.columns if column.required)
