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
        Rows of the countries of the map, or those of all others; the rest is counted as elsewhere.

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
    at_home = pc.fill_null(pc.is_in(found, value_set=pa.array(sorted(countries))), False)
    return leave_out(chunk, pc.invert(at_home) if abroad else at_home)


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
    meant = translate(words, kinds)
    if table != "firms":
        kept = [name for name in rows.column_names if name not in {"kind", KIND}]
        rows = rows.select(kept).append_column("kind", pc.coalesce(meant, words))
        chunk = replace(chunk, rows=rows)
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
    facts = {**chunk.facts, fact: chunk.facts.get(fact, 0) + left}
    return replace(chunk, rows=rows, lines=lines, facts=facts)
