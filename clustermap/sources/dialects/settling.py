"""What can only be told when all rows are known: years from a file beside, actors in many rows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clustermap.checks import as_text
from clustermap.errors import TableFault

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clustermap.checks import Chunk

AT = "@@at"
"""Position of a row among all; FROM: of the chunk that it came from."""
FROM = "@@from"
LINE = "@@line"


def join_chunks(chunks: Sequence[Chunk]) -> pa.Table:
    """Return the rows of chunks as one table that knows where each came from.

    Parameters
    ----------
    chunks
        Rows under our names.

    Returns
    -------
    pa.Table
        Text columns, with AT, FROM and LINE; a column that a chunk lacks is null there.
    """
    parts = []
    for number, chunk in enumerate(chunks):
        texts = {name: as_text(chunk.rows[name].combine_chunks()) for name in _names(chunk)}
        origin = pa.array(np.full(chunk.rows.num_rows, number, dtype=np.int32))
        parts.append(pa.table({**texts, FROM: origin, LINE: chunk.lines.cast(pa.int64())}))
    rows = pa.concat_tables(parts, promote_options="default").combine_chunks()
    return rows.append_column(AT, pa.array(np.arange(rows.num_rows)))


def _names(chunk: Chunk) -> list[str]:
    return list(chunk.rows.column_names)


def part_chunks(rows: pa.Table, chunks: Sequence[Chunk], facts: dict[str, int]) -> list[Chunk]:
    """Return rows by the chunk that they came from.

    Parameters
    ----------
    rows
        Rows of ``join_chunks``, fewer or changed.
    chunks
        The chunks.
    facts
        What is to be told of all of them.

    Returns
    -------
    list of Chunk
        One for every chunk, what is to be told with the first.
    """
    own = [name for name in rows.column_names if name not in {AT, FROM, LINE}]
    parted = []
    for number, chunk in enumerate(chunks):
        here = rows.filter(pc.equal(rows[FROM], number))
        told = {**chunk.told, **({} if number else facts)}
        lines = here[LINE].combine_chunks()
        parted.append(replace(chunk, rows=here.select(own), lines=lines, told=told))
    return parted


def first_of_each(rows: pa.Table, keys: Sequence[str]) -> pa.Array:
    """Return which rows are the first with their keys.

    Parameters
    ----------
    rows
        Rows with AT.
    keys
        Columns.

    Returns
    -------
    pa.Array
        bool; true where a key is null, as such rows are no rows of the same.
    """
    first = rows.group_by(list(keys), use_threads=False).aggregate([(AT, "min")])
    mask = np.zeros(rows.num_rows, dtype=bool)
    places = np.flatnonzero(np.isin(rows[AT].to_numpy(), first[f"{AT}_min"].to_numpy()))
    mask[places] = True
    for key in keys:
        mask |= rows[key].is_null().to_numpy()
    return pa.array(mask)


def settle_parts(chunks: Sequence[Chunk], by: str) -> list[Chunk]:
    """Give parts in projects or documents what a file beside says of these.

    Parameters
    ----------
    chunks
        Chunks with the column ``participant``, and those without it, that say ``year`` and
        ``field`` of projects or documents. Of several such rows the first counts.
    by
        "project" or "document".

    Returns
    -------
    list of Chunk
        Parts, each once: an organisation may stand in a project by several roles.

    Raises
    ------
    TableFault
        If no file names a participant.
    """
    parts = [chunk for chunk in chunks if "participant" in chunk.rows.column_names]
    beside = [chunk for chunk in chunks if "participant" not in chunk.rows.column_names]
    if not parts:
        raise TableFault("no_participants", table=chunks[0].file, column="participant")
    rows = join_chunks(parts)
    once = first_of_each(rows, [by, "participant"])
    facts = {"rows_repeated": rows.num_rows - (pc.sum(once).as_py() or 0)}
    rows = rows.filter(once)
    if beside:
        said = join_chunks(beside)
        facts["rows_beside"] = said.num_rows
        for name in ("year", "field"):
            rows = _fill(rows, said, by, name)
    if "year" not in rows.column_names or rows["year"].null_count:
        years = rows["year"].null_count if "year" in rows.column_names else rows.num_rows
        facts["rows_without_year"] = years
    return part_chunks(rows, parts, facts)


def _fill(rows: pa.Table, said: pa.Table, by: str, name: str) -> pa.Table:
    """Fill a column of rows with what is said of their project or document."""
    if name not in said.column_names:
        return rows
    known = said.filter(pc.is_valid(said[name]))
    known = known.filter(first_of_each(known, [by])).combine_chunks()
    at = pc.index_in(rows[by].combine_chunks(), value_set=known[by].combine_chunks())
    values = pc.take(known[name].combine_chunks(), at)
    if name not in rows.column_names:
        return rows.append_column(name, values)
    whole = pc.coalesce(rows[name].combine_chunks(), values)
    return rows.set_column(rows.column_names.index(name), name, whole)


def commonest(rows: pa.Table, key: str, column: str) -> tuple[pa.Table, int]:
    """Return of every actor what most of its rows say.

    Parameters
    ----------
    rows
        Rows with text columns.
    key
        Column of the actor.
    column
        Column that is asked for; empty cells say nothing.

    Returns
    -------
    tuple
        Columns key and column, one row an actor, the first in alphabetical order where as many
        rows say one thing as another; and how many actors have rows that say several things.

    Examples
    --------
    >>> rows = pa.table({"k": ["1", "1", "1", "2"], "v": ["b", "a", "b", None]})
    >>> found, several = commonest(rows, "k", "v")
    >>> found.to_pylist(), several
    ([{'k': '1', 'v': 'b'}], 1)
    """
    said = rows.select([key, column]).filter(
        pc.and_(pc.is_valid(rows[key]), pc.is_valid(rows[column]))
    )
    counts = said.group_by([key, column], use_threads=False).aggregate([([], "count_all")])
    order = [(key, "ascending"), ("count_all", "descending"), (column, "ascending")]
    counts = counts.sort_by(order).combine_chunks()
    first = np.zeros(counts.num_rows, dtype=bool)
    if counts.num_rows:
        keys = counts[key].combine_chunks()
        first[0] = True
        first[1:] = pc.not_equal(keys[1:], keys[:-1]).to_numpy(zero_copy_only=False)
    found = counts.filter(pa.array(first)).select([key, column])
    again = counts.filter(pa.array(~first))[key]
    return found, int(pc.count_distinct(again).as_py())
