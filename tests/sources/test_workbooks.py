"""Workbooks and web pages named as such: titles above headers, numbers, and what is no table."""

from __future__ import annotations

import importlib.util
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from clustermap import tables
from clustermap.checks import check_chunk
from clustermap.errors import TableFault
from clustermap.sources.files import FileSource, read_chunks, workbook
from tests.sources.workbooks import OFFICE, write_workbook

if TYPE_CHECKING:
    from tests.conftest import Require

FIRMS = tables.FIRMS
HERE = Path(__file__).parent
HEADER = ["firm", "name", "employees"]
ROWS = [HEADER, ["00012", "가나", 12.0], [None, None, None], ["A-1", "다라", 0.5]]
KEPT = {
    2: {"firm": "00012", "name": "가나", "employees": "12"},
    4: {"firm": "A-1", "name": "다라", "employees": "0.5"},
}


@pytest.fixture(autouse=True)
def _excel(require: Require) -> None:
    for name in ("python_calamine", "lxml"):
        present = importlib.util.find_spec(name) is not None
        require("excel", present, 'pip install "clustermap[excel]"')


def read(path: Path, **stated: Any) -> dict[int, dict[str, Any]]:
    rows: dict[int, dict[str, Any]] = {}
    for item in read_chunks(FileSource(FIRMS, (path,), **stated)):
        if not isinstance(item, pa.Table):
            rows |= dict(zip(item.lines.to_pylist(), item.rows.to_pylist(), strict=True))
    return rows


def refuse(path: Path, reason: str, **stated: Any) -> TableFault:
    with pytest.raises(TableFault) as caught:
        read(path, **stated)
    assert caught.value.reason == reason
    assert "\n" not in caught.value.line("ko") + caught.value.line("en")
    return caught.value


def test_rows_keep_the_numbers_of_the_sheet(tmp_path: Path) -> None:
    assert read(write_workbook(tmp_path / "f.xlsx", {"목록": ROWS})) == KEPT


def test_the_header_is_found_below_titles(tmp_path: Path) -> None:
    titles = [["공장 목록 (2024년)"], [None], ["단위: 명", None, "firm"]]
    path = write_workbook(tmp_path / "f.xlsx", {"목록": [*titles, *ROWS]})
    assert read(path) == {line + 3: row for line, row in KEPT.items()}


def test_a_workbook_without_the_columns_is_refused(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "f.xlsx", {"목록": [["제목"], ["번호", "상호"], [1, "가"]]})
    fault = refuse(path, "missing_column")
    assert fault.values["found"] == "번호, 상호"
    refuse(write_workbook(tmp_path / "e.xlsx", {"목록": []}), "empty_layer")


def test_the_sheet_that_holds_the_columns_is_read(tmp_path: Path) -> None:
    sheets = {"설명": [["읽어 주세요"]], "목록": ROWS, "옛 목록": ROWS}
    path = write_workbook(tmp_path / "f.xlsx", sheets, hidden=["옛 목록"])
    assert read(path) == read(path, layer="옛 목록") == KEPT
    both = write_workbook(tmp_path / "g.xlsx", sheets)
    assert refuse(both, "which_layer").values["found"] == "목록, 옛 목록"
    assert refuse(both, "missing_layer", layer="새 목록").value == "새 목록"


def test_an_identifier_that_lost_digits_is_told(tmp_path: Path) -> None:
    rows = [HEADER, [3120012345678901234.0, "가", 1], [312001234567890.0, "나", 1]]
    path = write_workbook(tmp_path / "f.xlsx", {"목록": rows})
    (chunk,) = [c for c in read_chunks(FileSource(FIRMS, (path,))) if not isinstance(c, pa.Table)]
    checked = check_chunk(FIRMS, chunk)
    assert checked.faults.select(["line", "reason"]).to_pylist() == [
        {"line": 2, "reason": "destroyed_id"}
    ]
    assert checked.rows["firm"].to_pylist() == ["312001234567890"]


def test_an_old_workbook(tmp_path: Path) -> None:
    # Written by xlwt 1.3.0: a title, then the header and two invented firms.
    path = tmp_path / "f.xls"
    path.write_bytes((HERE / "old_workbook.xls").read_bytes())
    assert read(path) == {
        3: {"firm": "F1", "name": "가상정밀", "employees": "12"},
        4: {"firm": "F2", "name": "가상전자", "employees": "7"},
    }


def test_broken_workbooks_are_refused(tmp_path: Path) -> None:
    whole = write_workbook(tmp_path / "f.xlsx", {"목록": ROWS}).read_bytes()
    old = (HERE / "old_workbook.xls").read_bytes()
    for name, content in {
        "cut.xlsx": whole[: len(whole) // 2],
        "other.xlsx": b"PK\x03\x04" + b"x" * 200,
        "cut.xls": old[:700],
        "zeros.xls": old[:8] + b"\0" * 2000,
        "text.xlsx": b"firm,name\n1,a\n",
        "empty.xlsx": b"",
    }.items():
        path = tmp_path / name
        path.write_bytes(content)
        refuse(path, "unreadable_file")
    bad = write_workbook(tmp_path / "x.xlsx", {"목록": "<worksheet><sheetData><row>"})
    assert refuse(bad, "unreadable_file").value == "x.xlsx"


def test_a_workbook_with_a_sheet_of_macros_is_refused_with_a_cure(tmp_path: Path) -> None:
    path = tmp_path / "m.xlsx"
    plain = write_workbook(tmp_path / "f.xlsx", {"Macro1": [["=EXEC()"]], "목록": ROWS})
    # Spreadsheets keep such sheets in a folder of their own, and say by the link what they are.
    ours = (f"{OFFICE}/worksheet", "worksheets/sheet1")
    theirs = (
        "http://schemas.microsoft.com/office/2006/relationships/xlMacrosheet",
        "macrosheets/sheet1",
    )
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            part = old.read(name).decode()
            if name.endswith("workbook.xml.rels"):
                part = part.replace(ours[0], theirs[0], 1).replace(ours[1], theirs[1])
            new.writestr(name.replace(ours[1], theirs[1]), part)
    assert refuse(path, "macro_sheet").line("en") == (
        "firms, value 'm.xlsx': it holds a sheet of macros; such workbooks are not read. "
        "Save the table as .xlsx without macros, or as CSV."
    )


def test_a_workbook_that_unfolds_to_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    far = (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        '<row r="1"><c r="A1"><v>1</v></c></row>'
        '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData></worksheet>'
    )
    for text in (far, far.replace('r="', "r='").replace('"><', "'><"), far.replace("r=", "r\n= ")):
        refuse(write_workbook(tmp_path / "far.xlsx", {"목록": text}), "too_large_workbook")
    wide = [[f"c{number}" for number in range(700)] + HEADER, [1.0] * 700 + ROWS[1]]
    rows = read(write_workbook(tmp_path / "wide.xlsx", {"목록": wide}))
    assert list(rows.values()) == [KEPT[2]]
    monkeypatch.setattr(workbook, "_MOST_BYTES", 10_000)
    path = tmp_path / "bomb.xlsx"
    write_workbook(path, {"목록": ROWS})
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/big.bin", b"\0" * 20_000)
    refuse(path, "too_large_workbook")


PAGE = """<html><head><meta http-equiv="Content-Type" content="text/html; charset=EUC-KR">
<script src="http://example.invalid/x.js">alert("firm")</script></head><body>
<table><tr><td colspan="3">회사 목록</td></tr><tr><th>firm</th><th>name</th><th>employees</th></tr>
<tr><td style="mso-number-format:'@'">0130H0</td><td>  가나&nbsp;다 &amp; 라</td><td>12</td></tr>
<tr><td rowspan="2">005930<td>똠방</td><td>7</td></tr><tr><td>둘째</td><td>8</td></tr>
<tr><td></td><td></td><td></td></tr></table></body></html>"""


def test_a_web_page_that_calls_itself_a_workbook(tmp_path: Path) -> None:
    # 똠 is a letter of cp949 that EUC-KR proper lacks: such pages hold them all the same.
    for encoding in ("cp949", "utf-8"):
        path = tmp_path / f"{encoding}.xls"
        path.write_bytes(PAGE.replace("EUC-KR", encoding).encode(encoding))
        assert read(path) == {
            3: {"firm": "0130H0", "name": "가나 다 & 라", "employees": "12"},
            4: {"firm": "005930", "name": "똠방", "employees": "7"},
            5: {"firm": "005930", "name": "둘째", "employees": "8"},
        }
    path = tmp_path / "f.xls"
    path.write_bytes(PAGE.encode("cp949"))
    assert len(read(path)) == 3


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        ("<html><body><p>로그인해 주세요</p></body></html>", "no_table_in_page"),
        ("<table><tr><td>번호</td></tr></table>", "missing_column"),
        ("<table></table>", "empty_layer"),
        ('<?xml version="1.0"?><Workbook></Workbook>', "unreadable_file"),
        ("firm\tname\n1\t가\n", "unreadable_file"),
    ],
)
def test_pages_without_the_table_are_refused(tmp_path: Path, page: str, reason: str) -> None:
    path = tmp_path / "f.xls"
    path.write_text(page, encoding="utf-8")
    refuse(path, reason)


def test_entities_and_spans_of_a_hostile_page_unfold_to_nothing(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("geheim", encoding="utf-8")
    page = (
        f'<!DOCTYPE html [<!ENTITY x SYSTEM "{secret.as_uri()}"><!ENTITY y "yyyy">]>'
        '<table><tr><td>firm</td><td colspan="99999">name</td></tr>'
        '<tr><td>1</td><td>&x;&y;</td></tr><tr><td rowspan="99999">2</td><td>b</td></tr></table>'
        + "<div>"
        * 5000
    )
    path = tmp_path / "f.xls"
    path.write_text(page, encoding="utf-8")
    fault = refuse(path, "repeated_column")
    assert fault.column == "name"
    path.write_text(page.replace(' colspan="99999"', ""), encoding="utf-8")
    rows = read(path)
    assert rows[3] == {"firm": "2", "name": "b"}
    assert "geheim" not in str(rows)


@pytest.mark.parametrize(("module", "page"), [("python_calamine", ""), ("lxml", "<table></table>")])
def test_a_missing_library_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, page: str
) -> None:
    path = tmp_path / "f.xls"
    path.write_text(page, encoding="utf-8")
    if not page:
        path = write_workbook(tmp_path / "f.xlsx", {"목록": ROWS})
    monkeypatch.setitem(sys.modules, module, None)
    fault = refuse(path, "missing_extra")
    assert 'pip install "clustermap[excel]"' in fault.line("ko")
