"""Patents as documents: applicants as KIPRIS lists them, and as OECD REGPAT and PATSTAT do.

Inventors are not read. An applicant without a corporate marker may be a person: such names are left
out and counted, here as on every page.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from clustermap.checks import as_text
from clustermap.publish.names import bears_marker
from clustermap.sources.dialects.cells import (
    add_column,
    find_column,
    read_stated,
    read_subclasses,
    read_years,
    repeat_rows,
    split_names,
)
from clustermap.sources.dialects.dialect import Dialect
from clustermap.sources.dialects.settling import settle_parts
from clustermap.sources.dialects.sorting import leave_out

if TYPE_CHECKING:
    from collections.abc import Mapping

    from clustermap.checks import Chunk

_APPLICANTS = ("출원인", "출원인명", "출원인 명칭")
_DATES = ("출원일자", "출원일", "appln_filing_year", "app_year", "appln_filing_date")
_CLASSES = ("IPC분류", "IPC 분류", "IPC코드", "IPC", "ipc_class_symbol", "ipc", "CPC", "cpc")
_PERSON = "INDIVIDUAL"
"""What the sector of PATSTAT says of a natural person."""


def _convert_applicants(chunk: Chunk) -> Chunk:
    """Make of every patent a row for every applicant."""
    at, names = split_names(*read_stated(chunk.rows, [find_column(chunk.rows, *_APPLICANTS)]))
    return _leave_people_out(repeat_rows(chunk, _add_facts(chunk).rows, at, names))


def _convert_persons(chunk: Chunk) -> Chunk:
    """Keep of the rows of applicants and inventors the applicants that are organisations."""
    applicant = find_column(chunk.rows, "applt_seq_nr")
    chunk = leave_out(chunk, pc.fill_null(pc.not_equal(applicant, "0"), True), "inventors_left_out")
    return _leave_people_out(_add_facts(chunk))


def _convert_facts(chunk: Chunk) -> Chunk:
    """Keep what a file beside says of patents: year and field."""
    return _add_facts(chunk)


def _add_facts(chunk: Chunk) -> Chunk:
    rows = chunk.rows
    rows = add_column(rows, "year", read_years(find_column(rows, *_DATES)))
    rows = add_column(rows, "field", read_subclasses(find_column(rows, *_CLASSES)))
    return replace(chunk, rows=rows)


def _leave_people_out(chunk: Chunk) -> Chunk:
    """Leave out names without a corporate marker, and whom a sector says to be a person."""
    names = as_text(chunk.rows["participant"].combine_chunks())
    names = pc.coalesce(find_column(chunk.rows, "psn_name", "person_name", "app_name"), names)
    sector = pc.utf8_upper(find_column(chunk.rows, "psn_sector"))
    distinct = pc.unique(names.drop_null())
    marked = [name for name in distinct.to_pylist() if bears_marker(name)]
    bears = pc.is_in(names, value_set=pa.array(marked, pa.string()))
    told = pc.if_else(pc.equal(sector, "UNKNOWN"), pa.scalar(None, pa.string()), sector)
    known = pc.not_equal(told, _PERSON)
    # An empty cell names no person: the checks find it.
    return leave_out(
        chunk, pc.or_(pc.coalesce(known, bears), pc.is_null(names)), "persons_left_out"
    )


def _declare(name: str, signature: set[str], columns: Mapping[str, str]) -> Dialect:
    return Dialect(
        name,
        "documents",
        frozenset({columns["document"], *signature}),
        columns,
        also=(
            *_DATES,
            *_CLASSES,
            "applt_seq_nr",
            "psn_sector",
            "psn_name",
            "person_name",
            "app_name",
        ),
        makes=frozenset({"year", "field"}),
        convert=_convert_persons,
        settle=partial(settle_parts, by="document"),
    )


_PATSTAT = tuple(
    _declare(
        "patstat", {"applt_seq_nr", *names}, {"document": "appln_id", "participant": names[-1]}
    )
    for names in (("person_name",), ("person_name", "psn_name"))
)
_REGPAT = _declare(
    "regpat", {"app_name", "reg_code"}, {"document": "appln_id", "participant": "app_name"}
)

PATENTS = (
    *(
        Dialect(
            "kipris",
            "documents",
            frozenset({"출원번호", applicant}),
            {"document": "출원번호"},
            also=(*_APPLICANTS, *_DATES, *_CLASSES),
            makes=frozenset({"participant", "year", "field"}),
            convert=_convert_applicants,
            settle=partial(settle_parts, by="document"),
        )
        for applicant in _APPLICANTS
    ),
    *_PATSTAT,
    _REGPAT,
    *(
        Dialect(
            name,
            "documents",
            frozenset(signature),
            {"document": "appln_id"},
            also=(*_DATES, *_CLASSES),
            makes=frozenset({"participant", "year", "field"}),
            convert=_convert_facts,
            settle=partial(settle_parts, by="document"),
        )
        for name, signature in (
            ("patstat", {"appln_id", "appln_filing_year", "appln_auth"}),
            ("regpat", {"appln_id", "app_year"}),
        )
    ),
)
"""Tables of applicants, and of REGPAT and PATSTAT the tables with the years beside them."""
