"""ROR, the Research Organization Registry: its dump as JSON or CSV, version 1 or 2 of its schema.

Its coordinates are those of the town, so that every place has a precision of 10 km.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clustermap.sources.dialects.cells import add_column, find_column
from clustermap.sources.dialects.dialect import KIND, Dialect
from clustermap.sources.dialects.sorting import leave_out

if TYPE_CHECKING:
    from collections.abc import Mapping

    from clustermap.checks import Chunk

TOWN_PRECISION_M = 10_000.0
"""Korean institutes of the register stand 6 km from their place in the median (14 checked)."""

_KINDS = {
    "education": "university",
    "healthcare": "hospital",
    "company": "firm",
    "facility": "public_institute",
    "government": "public_institute",
    "nonprofit": "other",
    "archive": "other",
    "other": "other",
    "funder": "other",
}
"""Of several types that an organisation has, the first in this order says what it is."""

_KO = r"(?:^|; )ko: (?P<name>[^;]*?)(?:, [^;]*)?(?:;|$)"
_LABELS = ("names[types=label][lang=ko].value", "labels[iso639=ko].label")
_LABELS_CSV = ("names.types.label", "labels")


def _find_kinds(types: pa.Array) -> pa.Array:
    """Return of every list of types the first by the order of _KINDS."""
    kinds = pa.nulls(len(types), pa.string())
    words = pc.utf8_lower(types)
    for kind in _KINDS:
        here = pc.match_substring_regex(words, rf"(?:^|;)\s*{kind}\s*(?:;|$)")
        found = pc.if_else(here, pa.scalar(kind), pa.scalar(None, pa.string()))
        kinds = pc.coalesce(kinds, found)
    return pc.coalesce(kinds, words)


def _find_names(chunk: Chunk, country: str) -> pa.Array:
    """Return names; of an organisation in Korea the Korean one, where it has one."""
    names = chunk.rows["name"].combine_chunks()
    listed = pc.struct_field(pc.extract_regex(find_column(chunk.rows, *_LABELS_CSV), _KO), "name")
    korean = pc.coalesce(find_column(chunk.rows, *_LABELS), listed)
    in_korea = pc.equal(find_column(chunk.rows, country), "KR")
    return pc.if_else(pc.fill_null(in_korea, False), pc.coalesce(korean, names), names)


def _convert(chunk: Chunk, table: str, country: str) -> Chunk:
    status = pc.utf8_lower(find_column(chunk.rows, "status"))
    chunk = leave_out(chunk, pc.fill_null(pc.equal(status, "active"), True), "rows_inactive")
    rows = chunk.rows
    if "name" in rows.column_names:
        at = rows.column_names.index("name")
        rows = rows.set_column(at, "name", _find_names(chunk, country))
    rows = rows.append_column(KIND, _find_kinds(find_column(rows, "types")))
    if table != "partners":
        precision = pa.array(np.full(rows.num_rows, TOWN_PRECISION_M))
        rows = add_column(rows, "precision_m", precision)
    return replace(chunk, rows=rows)


def _declare(table: str, signature: set[str], columns: Mapping[str, str], country: str) -> Dialect:
    return Dialect(
        "ror",
        table,
        frozenset({"id", "status", *signature}),
        {table[:-1]: "id", **columns},
        also=("status", "types", country, *_LABELS, *_LABELS_CSV),
        makes=frozenset({"country", "kind"} if table == "partners" else {"precision_m", "kind"})
        - ({"kind"} if table == "firms" else set()),
        crs="EPSG:4326",
        convert=lambda chunk: _convert(chunk, table, country),
        country=country,
        kinds=_KINDS,
    )


_V2 = "locations[0].geonames_details"
_V2_CSV = "locations.geonames_details"
_V1_COUNTRY = "country.country_code"
_LAYOUTS = (
    (
        {"names[0].value", f"{_V2}.lat"},
        {"name": "names[types=ror_display].value", "x": f"{_V2}.lng", "y": f"{_V2}.lat"},
        f"{_V2}.country_code",
    ),
    (
        {"names.types.ror_display", f"{_V2_CSV}.lat"},
        {"name": "names.types.ror_display", "x": f"{_V2_CSV}.lng", "y": f"{_V2_CSV}.lat"},
        f"{_V2_CSV}.country_code",
    ),
    (
        {"name", "addresses[0].lat", _V1_COUNTRY},
        {"name": "name", "x": "addresses[0].lng", "y": "addresses[0].lat"},
        _V1_COUNTRY,
    ),
)

ROR = tuple(
    _declare(table, *layout) for table in ("institutes", "firms", "partners") for layout in _LAYOUTS
)
"""Version 2 as JSON and as CSV, and version 1, whose CSV names fields as its JSON does."""
