"""At the door: every row read is typed exactly or set aside with its reason."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clustermap import tables
from clustermap.checks import FAULTS, FILE, LINE, Checked, Chunk, check_chunk, set_aside
from clustermap.errors import TableFault
from clustermap.messages import LANGUAGES, Message, read_catalogue, say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from clustermap.tables import Table

FIRMS, PAIRS, INSTITUTES = tables.FIRMS, tables.PAIRS, tables.INSTITUTES


def check(table: Table, kinds: Mapping[str, str] | None = None, **columns: Any) -> Checked:
    rows = pa.table(columns)
    lines = pa.array(np.arange(2, 2 + rows.num_rows))
    return check_chunk(table, Chunk("자료.csv", lines, rows), kinds)


def faults(checked: Checked) -> list[tuple[int, str, str | None, str]]:
    return [(f["line"], f["column"], f["value"], f["reason"]) for f in checked.faults.to_pylist()]


def weigh(*weights: Any, type_: pa.DataType | None = None) -> Checked:
    size = len(weights)
    return check(PAIRS, source=["a"] * size, target=["b"] * size, weight=pa.array(weights, type_))


def test_identifiers_are_text_whatever_the_file_made_of_them() -> None:
    written = ["007", "3120010000000000001", "0130H0", " 12 ", "가"]
    assert check(FIRMS, firm=written).rows["firm"].to_pylist() == [
        "007",
        "3120010000000000001",
        "0130H0",
        "12",
        "가",
    ]
    assert check(FIRMS, firm=[891270824, 10**18]).rows["firm"].to_pylist() == [
        "891270824",
        "1000000000000000000",
    ]
    # A column of whole numbers with a gap comes as floats.
    assert check(FIRMS, firm=[12.0, 13.0]).rows["firm"].to_pylist() == ["12", "13"]
    assert check(FIRMS, firm=pa.array(["a"]).dictionary_encode()).rows["firm"].to_pylist() == ["a"]


def test_composed_and_decomposed_hangul_are_one_identifier() -> None:
    decomposed = "\u1100\u1161"
    assert check(FIRMS, firm=[decomposed]).rows["firm"].to_pylist() == ["\uac00"]


def test_destroyed_and_broken_identifiers_are_set_aside() -> None:
    checked = check(FIRMS, firm=["3.12001e+18", "3.12001E+18", "a\tb", " ", None, "1e5"])
    assert faults(checked) == [
        (2, "firm", "3.12001e+18", "destroyed_id"),
        (3, "firm", "3.12001E+18", "destroyed_id"),
        (4, "firm", "a\tb", "control_characters"),
        (5, "firm", None, "empty"),
        (6, "firm", None, "empty"),
    ]
    assert checked.rows["firm"].to_pylist() == ["1e5"]
    # The same damage where the file holds numbers: 2^53 is where floats stop being exact.
    lost = check(FIRMS, firm=[3.12001e18, float("nan"), 7.0])
    assert faults(lost) == [
        (2, "firm", "3.12001e+18", "destroyed_id"),
        (3, "firm", "nan", "empty"),
    ]
    assert lost.rows["firm"].to_pylist() == ["7"]


def test_weights_are_exact_in_units_of_a_billionth() -> None:
    checked = weigh("0.1", "1,234.5", ".5", "1e-9", "1.5e-9", "0.333333333333333333333333", None)
    units = [100_000_000, 1_234_500_000_000, 500_000_000, 1, 2, 333_333_333, None]
    assert checked.rows["weight"].to_pylist() == units
    # 0.1 + 0.2 is 0.3 here, also where the file holds binary floats.
    assert weigh(0.1, 0.2, 0.3).rows["weight"].to_pylist() == [10**8, 2 * 10**8, 3 * 10**8]
    assert weigh(1, 2).rows["weight"].to_pylist() == [10**9, 2 * 10**9]
    assert weigh(Decimal("0.10")).rows["weight"].to_pylist() == [10**8]
    assert weigh("0." + "1" * 40, "1e-40").rows["weight"].to_pylist() == [111_111_111, 0]


@given(
    st.decimals(min_value=0, max_value=10**9, allow_nan=False, allow_infinity=False)
    | st.integers(0, 10**9).map(Decimal)
)
def test_any_weight_is_its_decimal_rounded_to_nine_places(weight: Decimal) -> None:
    exact = weight.scaleb(9).quantize(Decimal(1), rounding=ROUND_HALF_EVEN)
    assert weigh(str(weight)).rows["weight"].to_pylist() == [int(exact)]


@given(st.floats(min_value=0, max_value=10**9, allow_nan=False))
def test_a_float_is_the_shortest_decimal_that_gives_it_back(weight: float) -> None:
    assert weigh(weight).rows["weight"].equals(weigh(repr(weight)).rows["weight"])


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("12명", 12),
        ("1,234 명", 1234),
        (" 12 ", 12),
        ("１２", 12),
        ("１，２３４명", 1234),
        ("12인", 12),
        ("12²", None),
        ("①②", None),
        ("명", None),
        ("12명 3", None),
        ("약 12명", None),
    ],
)
def test_employees_as_korean_tables_write_them(written: str, read: int | None) -> None:
    rows = pa.table({"firm": ["a", "b"], "employees": [written, "7"]})
    found = check_chunk(tables.FIRMS, Chunk("f.csv", pa.array([2, 3]), rows))
    assert found.rows["employees"].to_pylist() == ([7] if read is None else [read, 7])
    assert found.faults["reason"].to_pylist() == (["not_a_number"] if read is None else [])


def test_a_unit_behind_a_number_that_counts_no_persons_is_no_number() -> None:
    assert faults(weigh("12명")) == [(2, "weight", "12명", "not_a_number")]
    assert weigh("１２").rows["weight"].to_pylist() == [12_000_000_000]


def test_weights_that_are_none_are_set_aside() -> None:
    written = ["-1", "nan", "inf", "1e999", "9e9", "1,23", "many", "-0.0000000001"]
    assert faults(weigh(*written)) == [
        (2, "weight", "-1", "negative"),
        (3, "weight", "nan", "not_a_number"),
        (4, "weight", "inf", "not_a_number"),
        (5, "weight", "1e999", "not_a_number"),
        (6, "weight", "9e9", "too_large"),  # 9e18 units: twice would overflow
        (7, "weight", "1,23", "not_a_number"),
        (8, "weight", "many", "not_a_number"),
        (9, "weight", "-0.0000000001", "negative"),
    ]
    assert faults(weigh(float("nan"), -1.5, float("inf"))) == [
        (2, "weight", "nan", "not_a_number"),
        (3, "weight", "-1.5", "negative"),
        (4, "weight", "inf", "not_a_number"),
    ]


def test_employees_are_whole_and_not_negative() -> None:
    written = ["1,234", "12.0", "", "-3", "1.5", "NaN", "10000001", "12곳"]
    checked = check(FIRMS, firm=list("abcdefgh"), employees=written)
    assert checked.rows["employees"].to_pylist() == [1234, 12, None]
    assert [reason for *_, reason in faults(checked)] == [
        "negative",
        "not_whole",
        "not_a_number",
        "too_large",
        "not_a_number",
    ]
    floats = check(FIRMS, firm=["a", "b", "c"], employees=[3.0, None, float("nan")])
    assert floats.rows["employees"].to_pylist() == [3, None]
    assert faults(floats) == [(4, "employees", "nan", "not_a_number")]


def test_years_have_a_range() -> None:
    checked = check(FIRMS, firm=["a", "b", "c", "d"], founded=["1987", "", "999", "1e10"])
    assert checked.rows["founded"].to_pylist() == [1987, None]
    assert [reason for *_, reason in faults(checked)] == ["too_small", "too_large"]


def test_kinds_are_ours_or_said_by_the_project_file() -> None:
    checked = check(
        INSTITUTES,
        {"대학": "university"},
        institute=["1", "2", "3", "4"],
        name=["가", "나", "다", "라"],
        kind=["대학", "hospital", "학교", None],
    )
    assert checked.rows["kind"].to_pylist() == ["university", "hospital"]
    assert faults(checked) == [
        (4, "kind", "학교", "unknown_choice"),
        (5, "kind", None, "empty"),
    ]
    # Where the kind may be left out, an empty one is no fault.
    empty = check(PAIRS, source=["a"], target=["b"], kind=[""])
    assert empty.rows["kind"].to_pylist() == [None]


def test_control_characters_in_names_are_mended_and_counted() -> None:
    checked = check(FIRMS, firm=["a", "b"], name=["가\x00나", "다"])
    assert checked.rows["name"].to_pylist() == ["가\ufffd나", "다"]
    assert checked.mended == {"name": 1}


def test_a_row_with_several_faults_is_quoted_once_with_the_first() -> None:
    checked = check(PAIRS, source=["", "a"], target=["", "b"], weight=["x", "1"])
    assert faults(checked) == [(2, "source", None, "empty")]
    assert checked.rows[LINE].to_pylist() == [3]
    assert checked.rows[FILE].to_pylist() == ["자료.csv"]


def test_lists_become_text() -> None:
    checked = check(
        INSTITUTES,
        institute=["1", "2"],
        name=["a", "b"],
        kind=["other", "other"],
        fields=[["AI", "바이오"], None],
    )
    assert checked.rows["fields"].to_pylist() == ["AI;바이오", None]


@pytest.mark.parametrize("name", [pa.array([{"a": 1}]), pa.array([b"\xff\xfe"])])
def test_a_column_that_is_no_text_stops_the_run(name: pa.Array) -> None:
    with pytest.raises(TableFault, match=r"firms \(자료.csv\), column name: .* cannot be read"):
        check(FIRMS, firm=["a"], name=name)


def test_amounts_in_another_unit_are_multiplied() -> None:
    chunk = Chunk("f.csv", pa.array([2]), pa.table({"firm": ["a"], "sales": ["1,500"]}))
    assert check_chunk(FIRMS, chunk, factors={"sales": 1e6}).rows["sales"].to_pylist() == [1.5e9]


def test_an_empty_chunk_is_typed() -> None:
    checked = check(FIRMS, firm=pa.array([], pa.string()), employees=pa.array([], pa.string()))
    assert checked.rows.schema.field("employees").type == pa.int64()
    assert checked.rows.num_rows == checked.faults.num_rows == 0
    assert check(FIRMS, firm=pa.nulls(2)).faults["reason"].to_pylist() == ["empty", "empty"]


def test_setting_aside_quotes_and_keeps_the_rest() -> None:
    rows = check(FIRMS, firm=["a", "b", "c"]).rows
    held = set_aside("firms", rows, np.array([False, True, False]), column="firm", reason="empty")
    assert held.rows["firm"].to_pylist() == ["a", "c"]
    assert faults(held) == [(3, "firm", "b", "empty")]
    assert held.faults.schema == FAULTS


garbage = st.one_of(
    st.none(),
    st.text(max_size=8),
    st.sampled_from(
        ["1", "-1", "nan", "1,000", "1e5", "3.1e+18", "firm_firm", "2020", "0.1", "１"]
    ),
)
columns = st.one_of(
    st.lists(garbage, min_size=6, max_size=6).map(lambda v: pa.array(v, pa.string())),
    st.lists(st.none() | st.floats(), min_size=6, max_size=6).map(
        lambda v: pa.array(v, pa.float64())
    ),
    st.lists(st.none() | st.integers(-(2**63), 2**63 - 1), min_size=6, max_size=6).map(
        lambda v: pa.array(v, pa.int64())
    ),
    st.lists(st.booleans(), min_size=6, max_size=6).map(pa.array),
)
textual = [t for t in tables.INPUT_TABLES if all(c.type != "geometry" for c in t.columns)]


@settings(max_examples=200)
@given(st.data())
def test_nothing_is_lost_whatever_the_columns_hold(data: st.DataObject) -> None:
    table = data.draw(st.sampled_from(textual))
    held = {c.name: data.draw(columns) for c in table.columns}
    checked = check(table, **held)
    kept, set_by = checked.rows[LINE].to_pylist(), checked.faults["line"].to_pylist()
    assert sorted(kept + set_by) == list(range(2, 8))
    assert {f"row_fault.{r}" for r in checked.faults["reason"].to_pylist()} <= set(read_catalogue())
    for column in table.columns:
        values = checked.rows[column.name].to_pylist()
        if column.required:
            assert None not in values
        if column.type in {"number", "share", "integer", "year"}:
            low = -np.inf if column.minimum is None else column.minimum
            assert all(v is None or (np.isfinite(v) and v >= low) for v in values)
        if column.type == "choice":
            assert set(values) <= {*column.choices, None}


def test_every_reason_is_said_in_both_languages() -> None:
    for key in read_catalogue():
        if key.startswith("row_fault."):
            assert all(say(Message(key), language).endswith(".") for language in LANGUAGES)
