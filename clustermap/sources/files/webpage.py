"""HTML tables that are named .xls, as portals export them.

The page is parsed as text alone: nothing that it names is fetched, no script of it is run, and no
entity of its own is defined in HTML.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from clustermap.errors import TableFault
from clustermap.sources.files.extra import need_library
from clustermap.sources.files.grid import find_grid, read_grid
from clustermap.sources.files.text import find_encoding

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lxml.etree import _Element

    from clustermap.sources.files.source import FileSource, Item

_MOST_BYTES = 1 << 27
_MOST_CELLS = 20_000_000
_MOST_COLUMNS = 2000
_CHARSET = re.compile(rb"""charset\s*=\s*["']?([\w-]+)""", re.IGNORECASE)
_CP949 = ("euc-kr", "euckr", "ks_c_5601-1987", "ksc5601", "x-windows-949", "ms949")
_HTML = re.compile(rb"<(!doctype\s+html|html|head|meta|body|style|table|!--)", re.IGNORECASE)


def read_webpage(source: FileSource, path: Path, head: bytes) -> Iterator[Item]:
    """Read the tables of an HTML page whose header holds the columns.

    Parameters
    ----------
    source
        What is read.
    path
        The file.
    head
        Its first bytes.

    Yields
    ------
    Chunk
        Rows; the row of a table counts as its line.

    Raises
    ------
    TableFault
        If it is no page, has no such table, is larger than a table can be, is in another encoding,
        or lxml is not installed.
    """
    if not _HTML.search(head):
        raise TableFault("unreadable_file", table=source.table.name, value=path.name, why="")
    if path.stat().st_size > _MOST_BYTES:
        raise TableFault("too_large_workbook", table=source.table.name, value=path.name)
    place = f"{source.table.name} ({path.name})"
    grids, faults = [], []
    for number, rows in enumerate(_read_tables(source, path, head), start=1):
        try:
            grids.append(find_grid(source, path, str(number), rows))
        except TableFault as fault:
            faults.append(fault)
    if not grids:
        raise faults[0] if faults else TableFault("no_table_in_page", table=place)
    for grid in grids:
        yield from read_grid(path, grid)


def _read_tables(source: FileSource, path: Path, head: bytes) -> list[list[list[str]]]:
    with need_library(source, path, "lxml"):
        from lxml import etree  # noqa: PLC0415
    said = _CHARSET.search(head)
    charset = said[1].decode("ascii").lower() if said else ""
    stated = source.encoding or ("cp949" if charset in _CP949 else "")
    encoding = find_encoding(path, stated, source.table.name)
    text = path.read_text(encoding=encoding).replace("\0", "\ufffd")
    parser = etree.HTMLParser(
        encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True, huge_tree=False
    )
    try:
        page = etree.fromstring(text.encode(), parser)
    except etree.XMLSyntaxError as error:
        raise TableFault(
            "unreadable_file", table=source.table.name, value=path.name, why=str(error)
        ) from error
    if page is None:
        return []
    etree.strip_elements(page, "script", "style", with_tail=False)
    return [_read_table(source, path, table) for table in page.iter("table")]


def _read_table(source: FileSource, path: Path, table: _Element) -> list[list[str]]:
    """Return the cells of a table; one that spans rows or columns stands in all of them."""
    rows: list[list[str]] = []
    below: dict[int, tuple[int, str]] = {}
    count = 0
    for line in _find_lines(table):
        row: list[str] = []

        def fill(row: list[str] = row) -> None:
            while len(row) in below:
                left, held = below[len(row)]
                below[len(row)] = (left - 1, held)
                if left == 1:
                    del below[len(row)]
                row.append(held)

        for cell in line:
            if cell.tag not in {"td", "th"}:
                continue
            fill()
            said = " ".join("".join(map(str, cell.itertext())).split())
            deep = _span(cell, "rowspan")
            for _ in range(min(_span(cell, "colspan"), _MOST_COLUMNS - len(row))):
                if deep > 1:
                    below[len(row)] = (deep - 1, said)
                row.append(said)
        fill()
        rows.append(row)
        count += len(row)
        if count > _MOST_CELLS:
            raise TableFault("too_large_workbook", table=source.table.name, value=path.name)
    return rows


def _find_lines(table: _Element) -> Iterator[_Element]:
    """Yield the lines of a table, not those of tables within it."""
    for part in table:
        if part.tag == "tr":
            yield part
        elif part.tag in {"thead", "tbody", "tfoot"}:
            yield from (line for line in part if line.tag == "tr")


def _span(cell: _Element, name: str) -> int:
    text = str(cell.get(name, "1")).strip()
    return max(int(text), 1) if re.fullmatch(r"\d{1,5}", text) else 1
