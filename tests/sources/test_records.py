"""JSON records: lists and lines, nested fields, and whatever is hostile ends in one line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pyarrow as pa
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clustermap import tables
from clustermap.errors import TableFault
from clustermap.sources.files import FileSource, read_chunks, records
from clustermap.sources.files.records import parse_path, pick

if TYPE_CHECKING:
    from pathlib import Path

    from clustermap.tables import Table

Rows = dict[int, dict[str, Any]]


def read(
    path: Path, table: Table = tables.FIRMS, **stated: Any
) -> tuple[Rows, list[tuple[int, str, str]]]:
    """Return rows by their number, and records that are no rows."""
    rows: Rows = {}
    faults: list[tuple[int, str, str]] = []
    for item in read_chunks(FileSource(table, (path,), **stated)):
        if isinstance(item, pa.Table):
            columns = (item[name].to_pylist() for name in ("line", "value", "reason"))
            faults += list(zip(*columns, strict=True))
        else:
            found = zip(item.lines.to_pylist(), item.rows.to_pylist(), strict=True)
            rows |= {line: {k: v for k, v in row.items() if v is not None} for line, row in found}
    return rows, faults


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def refuse(path: Path, reason: str, **stated: Any) -> TableFault:
    with pytest.raises(TableFault) as caught:
        read(path, **stated)
    assert caught.value.reason == reason
    assert path.name in str(caught.value)
    assert "\n" not in str(caught.value)
    return caught.value


FIRMS = [{"firm": "007", "name": "㈜가", "employees": 5}, {"firm": "008", "name": "나"}]
ROWS = {1: {"firm": "007", "name": "㈜가", "employees": "5"}, 2: {"firm": "008", "name": "나"}}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949"])
@pytest.mark.parametrize("indent", [None, 2])
def test_a_list_and_lines_say_the_same(tmp_path: Path, encoding: str, indent: int | None) -> None:
    whole = json.dumps(FIRMS, ensure_ascii=False, indent=indent)
    lines = "\r\n".join(json.dumps(one, ensure_ascii=False) for one in FIRMS)
    for name, text in (
        ("a.json", whole),
        ("b.json", lines),
        ("c.jsonl", lines),
        ("d.ndjson", whole),
    ):
        assert read(write(tmp_path / name, text, encoding)) == (ROWS, [])


def test_records_are_told_from_geojson_by_what_they_hold(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame(
        {"firm": ["1"]}, geometry=[shapely.Point(127.5, 36.5)], crs="EPSG:4326"
    )
    rows, _ = read(write(tmp_path / "a.json", frame.to_json()))
    assert rows == {1: {"firm": "1", "x": 127.5, "y": 36.5}}
    for text in ('{"firm": "1", "type": "Feature"}', '{"firm": "1", "features": ["a"]}'):
        assert read(write(tmp_path / "c.json", text))[0] == {1: {"firm": "1"}}
    place = '{"firm": "1", "place": {"type": "Point", "coordinates": [127.5, 36.5]}}'
    columns = {"x": "place.coordinates[0]", "y": "place.coordinates[1]"}
    rows, _ = read(write(tmp_path / "b.json", place), columns=columns)
    assert rows == {1: {"firm": "1", "x": "127.5", "y": "36.5"}}


def test_numbers_stay_as_they_are_written(tmp_path: Path) -> None:
    text = '[{"firm": 3120010000000000001, "sales": 0.1, "rnd": 1e400, "exports": NaN}]'
    rows, _ = read(write(tmp_path / "a.json", text))
    assert rows[1] == {
        "firm": "3120010000000000001",
        "sales": "0.1",
        "rnd": "1e400",
        "exports": "NaN",
    }
    digits = "9" * 10_000
    rows, _ = read(write(tmp_path / "b.json", f'[{{"firm": "1", "sales": {digits}}}]'))
    assert rows[1]["sales"] == digits


def test_fields_are_named_by_their_path() -> None:
    record = {
        "id": "1",
        "a.b": "key with a dot",
        "a": {"b": "nested", "c": [{"d": 1}, {"d": 2, "e": ["x", "y"]}]},
        "types": ["one", "two"],
        "none": None,
        "yes": True,
        "mixed": [{"k": "가"}],
    }
    wanted = {
        "a.b": "key with a dot",
        "a.c[1].d": "2",
        "a.c[e=y].d": "2",
        "a.c[d=2][e=x].e": "x;y",
        "a.c[9].d": None,
        "a.c[e=z].d": None,
        "a.c.d": None,
        "types": "one;two",
        "types[1]": "two",
        "types[a=b]": None,
        "none": None,
        "none.more": None,
        "yes": "true",
        "mixed": '[{"k":"가"}]',
    }
    numbers = json.loads(json.dumps(record), parse_int=str)
    assert {path: pick(numbers, path, parse_path(path)) for path in wanted} == wanted


def test_a_field_may_be_missing_here_and_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "_SAMPLE", 1)
    monkeypatch.setattr(records, "_RECORDS", 2)
    text = "".join(
        json.dumps({"firm": str(n)} | ({"name": "a"} if n > 3 else {})) for n in range(6)
    )
    rows, _ = read(write(tmp_path / "a.jsonl", text))
    assert [row.get("name") for row in rows.values()] == [None] * 4 + ["a"] * 2
    fault = refuse(write(tmp_path / "b.json", '[{"no": 1, "frim": 2}]'), "missing_column")
    assert "frim" in str(fault)
    refuse(write(tmp_path / "c.json", json.dumps(FIRMS)), "missing_column", columns={"site": "s.t"})


def test_values_that_are_no_records_are_quarantined(tmp_path: Path) -> None:
    text = '[5, {"firm": "1"}, "hello", [1, {"a": 2}], null, {"firm": "2", "name": 1, "name": 2}]'
    rows, faults = read(write(tmp_path / "a.json", text))
    assert rows == {2: {"firm": "1"}}
    assert faults == [
        (1, "5", "not_an_object"),
        (3, "hello", "not_an_object"),
        (4, "[…]", "not_an_object"),
        (5, "", "not_an_object"),
        (6, "name", "repeated_key"),
    ]


DEEP = 100_000


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ('[{"firm": "1"},\n{"firm": "2"\n', 3),
        ('[{"firm": "1"},\n{"firm": 2x}]', 2),
        ('[{"firm": "1"}\n{"firm": "2"}]', 2),
        ('[{"firm": "1"}]\n\n[{"firm": "2"}]', 3),
        ('[{"firm": "1"},\n', 2),
        ('[{"firm": "1"}', 1),
        ('{"firm": "1"}\n{"firm": "un', 2),
        ('[{"firm": "1"},\n{"a": ' + "[" * DEEP + "]" * DEEP + "}]", 2),
        ('[{"firm": "1"},\n' + '{"a":' * DEEP, 2),
        ('[{"firm": "1"},\n{"firm": "\x00"}]', 2),
        ("[nul", 1),
    ],
)
def test_broken_json_is_one_line(tmp_path: Path, text: str, row: int) -> None:
    assert refuse(write(tmp_path / "a.json", text), "broken_json").row == row


def test_at_no_depth_is_there_anything_but_a_row_or_a_line(tmp_path: Path) -> None:
    ends = set()
    for depth in (*range(940, 1000), 200_000):
        deep = "[" * depth + "1" + "]" * depth
        path = write(tmp_path / "a.json", f'[{{"firm": "1", "name": {deep}}}]')
        try:
            ends |= set(read(path)[0])
        except TableFault as fault:
            ends.add(fault.reason)
    assert ends == {1, "broken_json"}


@pytest.mark.parametrize("text", ["[]", "[ \n ]", "", "\ufeff"])
def test_an_empty_list_is_no_table(tmp_path: Path, text: str) -> None:
    refuse(write(tmp_path / "a.jsonl", text), "empty_layer")


def test_a_record_that_never_ends_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "_BLOCK", 16)
    monkeypatch.setattr(records, "_LARGEST", 1000)
    text = '[{"firm": "1", "name": "' + "a" * 5000 + '"}]'
    assert refuse(write(tmp_path / "a.json", text), "broken_json").row == 1


def test_signs_that_are_no_text_are_told_as_unreadable(tmp_path: Path) -> None:
    text = r'[{"firm": "1", "name": "a\u0000b"}, {"firm": "2", "name": "\ud83d x \ud83d\ude00"}]'
    rows, _ = read(write(tmp_path / "a.json", text))
    assert [row["name"] for row in rows.values()] == ["a\x00b", "\ufffd x \U0001f600"]


names = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), max_size=12)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(
    found=st.lists(st.fixed_dictionaries({"firm": names, "name": names}), min_size=1, max_size=9),
    block=st.integers(1, 40),
    indent=st.sampled_from([None, 1]),
    lines=st.booleans(),
)
def test_blocks_change_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    found: list[dict[str, str]],
    block: int,
    indent: int | None,
    *,
    lines: bool,
) -> None:
    monkeypatch.setattr(records, "_BLOCK", block)
    texts = [json.dumps(one, ensure_ascii=block % 2 == 0, indent=indent) for one in found]
    text = "\n".join(texts) if lines else f"[{','.join(texts)}]"
    rows, faults = read(write(tmp_path / "a.jsonl", text), encoding="utf-8")
    assert list(rows.values()) == found
    assert faults == []
