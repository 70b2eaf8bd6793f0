"""Which rows of a register of all countries and all kinds of actors belong into a table."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from clustermap.checks import as_text
from clustermap.errors import TableFault
from clustermap.sources.dialects.cells import read_countries, translate
from clustermap.sources.dialects.dialect import KIND
from clustermap.tables import ACTOR_TYPES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from clustermap.checks import Chunk


def keep_countries(chunk: Chunk, column: str, countries: frozenset[str], *, abroad: bool) -> Chunk:
    """Leave out the rows of countries that belong into another table.

    Parameters
    ----------
    chunk
        Rows.
    column
        Their column with the country of each.
    countries
        Countries of the map; empty: all.
    abroad
        Whether the table is that of partners abroad.

    Returns
    -------
    Chunk
        Rows of the countries of the map; or those of all others, with the column ``country``. The
        rest is counted as elsewhere.

    Raises
    ------
    TableFault
        If partners are read and nothing says which countries are those of the map.
    """
    if not countries:
        if abroad:
            raise TableFault("countries_unknown", table=f"partners ({chunk.file})", key="countries")
        return chunk
    found = read_countries(as_text(chunk.rows[column].combine_chunks()))
    home = pc.is_in(pc.utf8_upper(found), value_set=pa.array(sorted(countries)))
    if abroad:
        chunk = replace(chunk, rows=_put(chunk.rows, "country", found))
    return leave_out(chunk, pc.invert(home) if abroad else home)


def _put(rows: pa.Table, name: str, values: pa.Array) -> pa.Table:
    others = [other for other in rows.column_names if other != name]
    return rows.select(others).append_column(name, values)


def keep_kinds(chunk: Chunk, table: str, kinds: Mapping[str, str]) -> Chunk:
    """Leave out firms among institutes and institutes among firms.

    Parameters
    ----------
    chunk
        Rows with the column ``kind`` or KIND.
    table
        Our table.
    kinds
        Word = actor type.

    Returns
    -------
    Chunk
        Rows with the column ``kind``, except firms; a word that means nothing stays as it is. The
        rest is counted as elsewhere.
    """
    rows = chunk.rows
    stated = "kind" if "kind" in rows.column_names else KIND
    words = as_text(rows[stated].combine_chunks())
    meant = translate(words, {**dict(zip(ACTOR_TYPES, ACTOR_TYPES, strict=True)), **kinds})
    if table != "firms":
        chunk = replace(chunk, rows=_put(rows, "kind", pc.coalesce(meant, words)))
    if table == "partners":
        return chunk
    firms = pc.fill_null(pc.equal(meant, "firm"), False)
    return leave_out(chunk, firms if table == "firms" else pc.invert(firms))


def leave_out(chunk: Chunk, kept: pa.Array, fact: str = "") -> Chunk:
    """Leave out rows and count them.

    Parameters
    ----------
    chunk
        Rows.
    kept
        Which rows stay.
    fact
        What is told of the others; "": that they belong into another table.

    Returns
    -------
    Chunk
        The rows that stay.
    """
    rows, lines = chunk.rows.filter(kept), chunk.lines.filter(kept)
    left = chunk.rows.num_rows - rows.num_rows
    if not fact:
        return replace(chunk, rows=rows, lines=lines, elsewhere=chunk.elsewhere + left)
    told = {**chunk.told, fact: chunk.told.get(fact, 0) + left}
    return replace(chunk, rows=rows, lines=lines, told=told)
