"""Dialects: files of publishers, recognised by their columns."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from clustermap.checks import Chunk
from clustermap.errors import TableFault
from clustermap.messages import LANGUAGES, Message, say
from clustermap.project import open_project
from clustermap.sources import dialects
from clustermap.sources.dialects import Dialect, find_dialect, list_dialects
from clustermap.sources.files import FileSource, read_chunks
from clustermap.tables import FIRMS, LAYERS, LINKAGES

if TYPE_CHECKING:
    from pathlib import Path


def count_people(chunk: Chunk) -> Chunk:
    men, women = (chunk.rows[name].cast(pa.int64()) for name in ("@남", "@여"))
    rows = chunk.rows.append_column("employees", pc.add(men, women))
    kept = pc.not_equal(rows["name"], "대학")
    return replace(
        chunk,
        rows=rows.filter(kept),
        lines=chunk.lines.filter(kept.combine_chunks()),
        elsewhere=rows.num_rows - (pc.sum(kept).as_py() or 0),
    )


WORKS = Dialect(
    "works",
    "firms",
    frozenset({"번호", "상호"}),
    {"firm": "번호", "name": "상호"},
    also=("남", "여", "없음"),
    makes=frozenset({"employees"}),
    crs="EPSG:5174",
    convert=count_people,
)
LONG = replace(WORKS, name="long", signature=frozenset({"번호", "상호", "남"}), convert=None)
DECLARED = dialects.DIALECTS
ROWS = "번호,상호,남,여\n1,가,2,3\n2,대학,1,1\n"


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dialects, "DIALECTS", (WORKS,))


def read(path: Path, **how: object) -> list[Chunk]:
    items = read_chunks(replace(FileSource(FIRMS, (path,)), **how))
    return [item for item in items if isinstance(item, Chunk) and item.rows.num_rows]


def test_columns_are_named_and_turned_into_ours(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text(ROWS, encoding="cp949")
    (chunk,) = read(path)
    assert chunk.rows.to_pylist() == [{"firm": "1", "name": "가", "employees": 5}]
    assert (chunk.dialect, chunk.crs, chunk.elsewhere) == ("works", "EPSG:5174", 1)
    assert chunk.lines.to_pylist() == [2]


def test_what_the_project_says_wins(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text(ROWS, encoding="utf-8")
    (chunk,) = read(path, columns={"firm": "남"})
    assert chunk.rows["firm"].to_pylist() == ["2"]
    with pytest.raises(TableFault) as fault:
        read(path, dialect="none")
    assert "'firm'" in str(fault.value)


def test_a_stated_dialect_that_does_not_fit_is_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text("firm,name\n1,a\n", encoding="utf-8")
    assert read(path)[0].dialect == ""
    with pytest.raises(TableFault) as fault:
        read(path, dialect="works")
    assert "번호, 상호" in str(fault.value)


def test_the_longest_signature_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dialects, "DIALECTS", (WORKS, LONG))
    assert find_dialect("firms", ["번호", "상호", "남"]) is LONG
    assert find_dialect("firms", ["번호", "상호"]) is WORKS
    assert find_dialect("firms", ["번호", "상호", "남"], "works") is WORKS
    assert find_dialect("institutes", ["번호", "상호"]) is None
    assert list_dialects("firms") == ["works", "long", "none"]
    assert list_dialects("pairs") == ["none"]


def test_the_project_file_knows_the_names(tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_text(ROWS, encoding="utf-8")
    text = (
        'schema = 1\n[project]\nname = "p"\n[layers.clusters]\npath = "f.csv"\n'
        '[layers.firms]\npath = "f.csv"\ndialect = "wroks"\n'
    )
    (tmp_path / "p.toml").write_text(text, encoding="utf-8")
    with pytest.raises(TableFault) as fault:
        open_project(tmp_path / "p.toml")
    assert "works" in str(fault.value)


def test_every_dialect_names_columns_of_its_table() -> None:
    for dialect in [*DECLARED, WORKS]:
        ours = {column.name for column in {**LAYERS, **LINKAGES}[dialect.table].columns}
        assert set(dialect.columns) | dialect.makes <= ours, dialect.name
        theirs = {*dialect.columns.values(), *dialect.also}
        assert dialect.signature & theirs, dialect.name


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_dialect_has_a_name_for_people(language: str) -> None:
    names = {dialect.name for dialect in DECLARED}
    said = {say(Message(f"dialect.{name}"), language) for name in names}
    assert len(said) == len(names)
