"""What a dialect is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from clustermap.checks import Chunk

NO_DIALECT = "none"
"""What a project file says where a file is to be read by our own column names."""

ALSO = "@"
"""Before the name of a column of theirs that a dialect looks at and that is none of ours."""

KIND = "@@kind"
"""Column in which ``convert`` leaves what an actor is, in the words of ``Dialect.kinds``."""


@dataclass(frozen=True)
class Dialect:
    """How a publisher lays out a table of ours.

    Parameters
    ----------
    name
        Name, as the project file says it; several layouts of one publisher may share it.
    table
        Our table that it fills ("firms", "institutes", ...), or the form of a table of linkages
        ("pairs", "projects", "documents").
    signature
        Columns by which it is recognised: a file that has all of them is of this dialect.
    columns
        Our column = column of the file; those that a file lacks are left out.
    also
        Columns of the file that ``convert`` looks at; it finds them named ALSO + their name, as far
        as the file has them.
    makes
        Our columns that ``convert`` adds.
    crs
        Coordinate system of its points; "" where the file says it, or has none.
    convert
        From raw rows under our names to raw rows that say the same in our words; a pure function.
        Rows that belong into another table may be left out if ``Chunk.elsewhere`` counts them. One
        row may become several: each has the line that it came from, and each counts as a row read.
    country
        Column of the file with the country of a row, where the file is one of the whole world.
    kinds
        What actors are in the dialect's words = our actor type. Such a file holds firms and
        institutes: rows of actor type firm belong into firms, all others into institutes.
    settle
        From the chunks of all files of the table to those that are read, where rows can only be
        told when all are known: facts from a file beside it, an actor that stands in many rows.
    """

    name: str
    table: str
    signature: frozenset[str]
    columns: Mapping[str, str] = field(default_factory=dict)
    also: tuple[str, ...] = ()
    makes: frozenset[str] = frozenset()
    crs: str = ""
    convert: Callable[[Chunk], Chunk] | None = None
    country: str = ""
    kinds: Mapping[str, str] = field(default_factory=dict)
    settle: Callable[[Sequence[Chunk]], list[Chunk]] | None = None
