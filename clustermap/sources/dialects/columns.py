"""What several dialects do to raw columns: join texts, fill gaps, make identifiers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from clustermap.checks import as_text
from clustermap.sources.dialects.dialect import ALSO

if TYPE_CHECKING:
    from collections.abc import Sequence

_SEPARATOR = "\x1f"
_HASH_KEY = "clustermap-rows1"
"""Identifiers made of a row stay the same from one release to the next: never change this."""


def take_text(rows: pa.Table, *names: str) -> pa.Array:
    """Return the first of several columns that says something.

    Parameters
    ----------
    rows
        Raw rows.
    *names
        Our columns, or columns of the file, by either name; those that are absent are passed over.

    Returns
    -------
    pa.Array
        string; null where none says anything.
    """
    found = pa.nulls(rows.num_rows, pa.string())
    for name in names:
        for column in (name, ALSO + name):
            if column in rows.column_names:
                found = pc.coalesce(found, as_text(rows[column].combine_chunks()))
    return found


def put(rows: pa.Table, name: str, values: pa.Array) -> pa.Table:
    """Return rows with a column of ours, new or in the place of the one there is.

    Parameters
    ----------
    rows
        Raw rows.
    name
        Our column.
    values
        One entry a row.

    Returns
    -------
    pa.Table
        The rows.
    """
    if name in rows.column_names:
        return rows.set_column(rows.column_names.index(name), name, values)
    return rows.append_column(name, values)


def make_ids(rows: pa.Table, names: Sequence[str], start: str) -> pa.Array:
    """Return identifiers made of what rows say: the same row has the same one in every file.

    Parameters
    ----------
    rows
        Raw rows.
    names
        Columns that tell rows apart, ours or the file's; absent ones are passed over.
    start
        What the identifiers start with, so that they are seen to be made.

    Returns
    -------
    pa.Array
        string; rows that say the same in all columns share one, and null where they say nothing.
    """
    import pandas as pd  # noqa: PLC0415 -- the project file is read without it

    texts = [take_text(rows, name) for name in names]
    said = pc.binary_join_element_wise(*texts, _SEPARATOR, null_handling="replace")
    numbers = pd.util.hash_array(
        said.to_numpy(zero_copy_only=False).astype(object), hash_key=_HASH_KEY, categorize=False
    )
    digits = pa.array(numbers).cast(pa.string())
    ids = pc.binary_join_element_wise(start, pc.utf8_lpad(digits, 20, "0"), "")
    anything = pc.match_substring_regex(said, f"[^{_SEPARATOR}]")
    return pc.if_else(anything, ids, pa.scalar(None, pa.string()))


def find_words(texts: pa.Array, pattern: str) -> pa.Array:
    """Return which texts hold a pattern; those that say nothing do not.

    Parameters
    ----------
    texts
        string.
    pattern
        Regular expression.

    Returns
    -------
    pa.Array
        bool, without nulls.
    """
    return pc.fill_null(pc.match_substring_regex(texts, pattern), False)
