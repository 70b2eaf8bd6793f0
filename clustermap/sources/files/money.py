"""Money: amounts in the unit that their column's name or their row states, as whole amounts.

Korean tables state money in won, thousands or millions, sometimes row by row. All units are powers
of ten, so an amount is moved by its decimal exponent and stays exact.
"""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from clustermap.checks import as_text
from clustermap.tables.choices import MONEY_UNITS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from clustermap.checks import Chunk
    from clustermap.tables import Table

MONEY_UNIT = "money_unit"
_EXPONENTS = dict(zip(MONEY_UNITS, (0, 3, 4, 6, 7, 8, 9, 10, 11, 12), strict=True))
_NAMED = re.compile(r"[(\[,:/]\s*(?:단위\s*[:=]?\s*)?([가-힣 ]*원)\s*[)\]]?$")
_NOISE = r"단위|[\s:=()\[\]]"
_PLAIN = r"^[-+]?(\d+\.?\d*|\.\d+)$"
_GROUPED = r"^[-+]?\d{1,3}(,\d{3})+(\.\d+)?$"
_POWER = r"^[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d{1,3}$"


def find_unit(name: str) -> str:
    """Return the unit of money that the name of a column states.

    Parameters
    ----------
    name
        Name of a column.

    Returns
    -------
    str
        One of MONEY_UNITS, "" where it states none.

    Examples
    --------
    >>> find_unit("매출액(백만원)"), find_unit("수출액 (단위: 천 원)"), find_unit("지원")
    ('백만원', '천원', '')
    """
    named = _NAMED.search(name)
    unit = named[1].replace(" ", "") if named else ""
    return unit if unit in _EXPONENTS else ""


def state_money(
    chunk: Chunk,
    table: Table,
    columns: Mapping[str, str],
    stated: Collection[str],
    kinds: Mapping[str, str],
) -> Chunk:
    """Return a chunk whose amounts of money are whole amounts.

    Parameters
    ----------
    chunk
        Raw rows under our names.
    table
        Declaration of the table.
    columns
        Our column = column of the file, whose name may state a unit.
    stated
        Columns whose unit the project file states; they are let be.
    kinds
        The user's words for units.

    Returns
    -------
    Chunk
        A row's own unit wins over that of a column's name; rows with a unit that is not known keep
        it, and their amounts, for the check that sets them aside. A row that states no unit where
        others do is taken as the column says, or as it stands, and counted.
    """
    rows, told = chunk.rows, dict(chunk.told)
    money = [column.name for column in table.columns if column.unit == "currency"]
    money = [name for name in money if name in rows.column_names and name not in stated]
    units = None
    if MONEY_UNIT in rows.column_names:
        units = _read_units(rows[MONEY_UNIT].combine_chunks(), kinds)
        rows = _put(rows, MONEY_UNIT, units)
        if not money:
            rows = rows.drop([MONEY_UNIT])
    for name in money:
        named = find_unit(columns.get(name, ""))
        if not named and units is None:
            continue  # the amounts stand as they are
        own = pa.nulls(rows.num_rows, pa.string()) if units is None else units
        in_units = pc.fill_null(own, named)
        texts = as_text(rows[name].combine_chunks())
        if units is not None and not named:
            bare = pc.and_(pc.is_valid(texts), pc.is_null(own))
            _count(told, "money_without_unit", bare)
        scaled = _scale(texts, in_units)
        _count(told, "money_in_units", pc.not_equal(scaled, texts))
        rows = _put(rows, name, scaled)
    return replace(chunk, rows=rows, told=told)


def _count(told: dict[str, int], fact: str, flags: pa.Array) -> None:
    told[fact] = told.get(fact, 0) + int(pc.sum(flags).as_py() or 0)


def _put(rows: pa.Table, name: str, values: pa.Array) -> pa.Table:
    return rows.set_column(rows.column_names.index(name), name, values)


def _read_units(raw: pa.Array, kinds: Mapping[str, str]) -> pa.Array:
    """Return units as MONEY_UNITS spells them; others as they stand."""
    texts = as_text(raw)
    plain = pc.replace_substring_regex(texts, _NOISE, "")
    known = {unit: unit for unit in MONEY_UNITS} | {"KRW": "원", "천": "천원", "백만": "백만원"}
    known |= {theirs: unit for theirs, unit in kinds.items() if unit in _EXPONENTS}
    names = pa.array(list(known), pa.string())
    at = pc.coalesce(pc.index_in(texts, value_set=names), pc.index_in(plain, value_set=names))
    # index_in() finds no null; what is not known stays as it is.
    return pc.coalesce(pc.take(pa.array(list(known.values()), pa.string()), at), texts)


def _scale(texts: pa.Array, units: pa.Array) -> pa.Array:
    """Return amounts times their unit: 1.5 in 백만원 is 1.5e6, to the last digit."""
    at = pc.index_in(units, value_set=pa.array(list(_EXPONENTS)))
    exponents = pc.take(pa.array(list(_EXPONENTS.values())), at)
    ungrouped = pc.replace_substring(texts, ",", "")
    plain = pc.if_else(pc.match_substring_regex(texts, _GROUPED), ungrouped, texts)
    moved = pc.binary_join_element_wise(plain, exponents.cast(pa.string()), "e")
    moves = pc.and_kleene(
        pc.match_substring_regex(plain, _PLAIN), pc.fill_null(pc.greater(exponents, 0), False)
    )
    scaled = pc.if_else(pc.fill_null(moves, False), moved, texts)
    powers = pc.and_kleene(pc.match_substring_regex(texts, _POWER), pc.greater(exponents, 0))
    places = pc.indices_nonzero(pc.fill_null(powers, False))
    if not len(places):
        return scaled
    pairs = zip(texts.take(places).to_pylist(), exponents.take(places).to_pylist(), strict=True)
    exact = pa.array([str(Decimal(text).scaleb(power)) for text, power in pairs], pa.string())
    return pc.replace_with_mask(scaled, pc.fill_null(powers, False), exact)
