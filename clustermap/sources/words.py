"""Words that files have for our columns and kinds: two lists that the product ships."""

from __future__ import annotations

import csv
import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from clustermap.sources.reference import data_root

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE = "(file)"
"""In the place of a column: parts of the names of files that hold the table."""

_BETWEEN = re.compile(r"[\s_\-.·/()\[\]{}<>]+")


def plain(text: str) -> str:
    """Return a word without what people write differently: case, spaces, signs between.

    Parameters
    ----------
    text
        Name of a column, or a value.

    Returns
    -------
    str
        The word as the lists are searched for it.

    Examples
    --------
    >>> plain("좌표정보 (X)"), plain("Firm_ID"), plain("면적(km²)")
    ('좌표정보x', 'firmid', '면적km2')
    """
    return _BETWEEN.sub("", unicodedata.normalize("NFKC", text).casefold())


@dataclass(frozen=True)
class Words:
    """The words of both lists, plain.

    Parameters
    ----------
    columns
        Table and column of ours to the words for it, the likeliest first; FILE in the place of a
        column: parts of names of files.
    kinds
        "actor", "linkage", "joint" or "funder" to word to choice.
    """

    columns: Mapping[tuple[str, str], tuple[str, ...]]
    kinds: Mapping[str, Mapping[str, str]]

    def of(self, table: str, column: str) -> tuple[str, ...]:
        """Return the words for a column of ours, its own name first.

        Parameters
        ----------
        table, column
            Ours.

        Returns
        -------
        tuple of str
            Plain words.
        """
        return tuple(dict.fromkeys([plain(column), *self.columns.get((table, column), ())]))

    def rarity(self, word: str) -> float:
        """Return how much a word tells of the table: 1 where it stands for one table alone.

        Parameters
        ----------
        word
            Plain word.

        Returns
        -------
        float
            One over the number of tables that have a column for it.
        """
        tables = {
            table
            for (table, column), words in self.columns.items()
            if column != FILE and word in words
        }
        return 1 / max(len(tables), 1)


@cache
def read_words() -> Words:
    """Read both lists.

    Returns
    -------
    Words
        Of ``data/reference/column_words.csv`` and ``kind_words.csv``.
    """
    folder = data_root() / "reference"
    with (folder / "column_words.csv").open(encoding="utf-8", newline="") as file:
        columns = {
            (row["table"], row["column"]): tuple(map(plain, row["words"].split("|")))
            for row in csv.DictReader(file)
        }
    kinds: dict[str, dict[str, str]] = {}
    with (folder / "kind_words.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            for word in (row["choice"], *row["words"].split("|")):
                kinds.setdefault(row["column"], {})[plain(word)] = row["choice"]
    return Words(columns, kinds)
