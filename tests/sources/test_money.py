"""Money: every unit that a column or a row states, to the last digit."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clustermap import tables
from clustermap.checks import Chunk, check_chunk
from clustermap.sources.files import FileSource, read_chunks
from clustermap.sources.files.money import find_unit, state_money
from clustermap.tables import MONEY_UNITS

if TYPE_CHECKING:
    from pathlib import Path

FIRMS = tables.FIRMS
POWERS = dict(zip(MONEY_UNITS, (0, 3, 4, 6, 7, 8, 9, 10, 11, 12), strict=True))


def read(path: Path, **stated: Any) -> tuple[list[Any], dict[str, int], list[str]]:
    """Return sales, what is told, and the reasons of rows set aside."""
    sales, told, reasons = [], {}, []
    for item in read_chunks(FileSource(FIRMS, (path,), **stated)):
        if isinstance(item, Chunk):
            checked = check_chunk(FIRMS, item, stated.get("kinds"))
            sales += checked.rows["sales"].to_pylist()
            reasons += checked.faults["reason"].to_pylist()
            told |= {fact: rows for fact, rows in item.told.items() if rows}
    return sales, told, reasons


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("매출액(백만원)", "백만원"),
        ("매출액 (단위: 천 원)", "천원"),
        ("매출액[억원]", "억원"),
        ("매출액, 원", "원"),
        ("매출액", ""),
        ("정부지원", ""),
        ("매출액(USD)", ""),
        ("매출액(많은원)", ""),
    ],
)
def test_units_in_names_of_columns(name: str, unit: str) -> None:
    assert find_unit(name) == unit


def test_units_row_by_row(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    rows = [
        "firm,매출액,단위",
        '1,"1,234.5",백만원',
        "2,1.1,천원",
        "3,70,단위: 억 원",
        "4,5,",
        "5,,천원",
        "6,2e3,천원",
        "7,9,달러",
        "8,x,천원",
        "9,-3,(백만원)",
    ]
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    columns = {"sales": "매출액", "money_unit": "단위"}
    sales, told, reasons = read(path, columns=columns)
    assert sales == [1_234_500_000, 1100, 7_000_000_000, 5, None, 2_000_000, -3_000_000]
    assert told == {"money_in_units": 5, "money_without_unit": 1}
    assert sorted(reasons) == ["not_a_number", "unknown_choice"]
    # What the project states wins; its words for units are understood.
    assert read(path, columns=columns, units=frozenset({"sales"}))[0][:3] == [1234.5, 1.1, 70]
    sales, _, reasons = read(path, columns=columns, kinds={"달러": "조원"})
    assert sales[-2:] == [9_000_000_000_000, -3_000_000]
    assert reasons == ["not_a_number"]


def test_a_row_wins_over_the_name_of_its_column(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text("firm,매출액(백만원),단위\n1,2,천원\n2,2,\n", encoding="utf-8")
    columns = {"sales": "매출액(백만원)", "money_unit": "단위"}
    sales, told, _ = read(path, columns=columns)
    assert sales == [2000, 2_000_000]
    assert told == {"money_in_units": 2}


def test_numbers_of_other_types_are_read_alike() -> None:
    rows = pa.table({"sales": [1.1, 2.0, None], "money_unit": ["천원", "천원", "천원"]})
    chunk = Chunk("f.parquet", pa.array([1, 2, 3]), rows)
    stated = state_money(chunk, FIRMS, {"sales": "매출"}, (), {})
    assert check_chunk(FIRMS, stated).rows["sales"].to_pylist() == [1100, 2000, None]


@given(st.decimals(-(10**15), 10**15, places=4), st.sampled_from(MONEY_UNITS))
def test_amounts_are_exact(amount: Decimal, unit: str) -> None:
    rows = pa.table({"firm": ["1"], "sales": [format(amount, "f")], "money_unit": [unit]})
    stated = state_money(Chunk("f", pa.array([1]), rows), FIRMS, {}, (), {})
    assert Decimal(stated.rows["sales"][0].as_py()) == amount.scaleb(POWERS[unit])
