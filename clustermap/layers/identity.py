"""Identifiers: every one stands for one row; a duplicated one stands for none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clustermap.checks import Checked, set_aside
from clustermap.layers.lookup import hash_texts

if TYPE_CHECKING:
    import numpy.typing as npt


def find_duplicates(ids: pa.Array) -> npt.NDArray[np.bool_]:
    """Return which identifiers occur more than once.

    Parameters
    ----------
    ids
        Text without nulls.

    Returns
    -------
    np.ndarray
        bool; every row of a duplicated identifier is marked.
    """
    hashes = hash_texts(ids)
    ordered = np.sort(hashes)
    again = ordered[1:][ordered[1:] == ordered[:-1]]
    if not len(again):
        return np.zeros(len(ids), dtype=bool)
    marked = np.isin(hashes, again)
    # What shares a hash is looked at itself: texts that differ may, once in billions.
    codes = np.asarray(pc.dictionary_encode(ids.filter(pa.array(marked))).indices)
    marked[marked] = np.bincount(codes)[codes] > 1
    return marked


def set_duplicates_aside(table: str, rows: pa.Table, key: str) -> Checked:
    """Move every row of a duplicated identifier to the faults.

    Parameters
    ----------
    table
        Name of the input table.
    rows
        Typed rows with FILE and LINE.
    key
        Column of the identifier.

    Returns
    -------
    Checked
        Rows that remain, and the faults.
    """
    bad = find_duplicates(rows[key].combine_chunks())
    return set_aside(table, rows, bad, column=key, reason="duplicate_id")
