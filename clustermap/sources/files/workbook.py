"""Workbooks of spreadsheets: .xlsx, and .xls, which is a workbook or a page that calls itself one.

Formulas and macros are never run: a cell holds the value that was saved with it.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from typing import TYPE_CHECKING

from clustermap.errors import TableFault
from clustermap.sources.files.extra import need_library
from clustermap.sources.files.grid import Grid, find_grid, read_grid
from clustermap.sources.files.webpage import read_webpage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import ModuleType
    from typing import IO

    import python_calamine

    from clustermap.sources.files.source import FileSource, Item

_WORKBOOK, _ARCHIVE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PK\x03\x04"
_MOST_BYTES = 1 << 30
"""A workbook that unfolds to more is refused; one of a million rows takes less."""

_MOST_CELLS = 40_000_000
_BLOCK = 1 << 24
_OVERLAP = 64
# A sheet is held as a full rectangle up to its farthest cell: these tell how far that is. Programs
# write references in one way, which is found fast; whoever writes them otherwise waits longer.
_USUAL = (
    re.compile(rb'r="([A-Za-z]{2,3})\d'),
    re.compile(rb'r="[A-Za-z]{0,3}(\d{4,})"'),
)
_UNUSUAL = (
    re.compile(rb"""r\s*=\s*["']([A-Za-z]{2,3})\d"""),
    re.compile(rb"""r\s*=\s*["'][A-Za-z]{0,3}(\d{4,})["']"""),
)
_SIGNS = (b"r='", *(b"r" + space + b"=" for space in (b" ", b"\t", b"\n", b"\r")))
_SIGNS += tuple(b"r=" + space for space in (b" ", b"\t", b"\n", b"\r"))
_NARROW, _LOW = 26, 999


def read_workbook(source: FileSource, path: Path) -> Iterator[Item]:
    """Read a sheet of a workbook, or an HTML table that is named as one.

    Parameters
    ----------
    source
        What is read; ``layer`` names the sheet where several hold the columns.
    path
        The file.

    Yields
    ------
    Chunk
        Rows.

    Raises
    ------
    TableFault
        If it is none of these, is locked, holds a sheet of macros, unfolds to too much, has no
        header, or python-calamine is not installed.
    """
    with path.open("rb") as file:
        head = file.read(1024)
    if head.startswith(_ARCHIVE):
        _check_size(source, path)
    elif not head.startswith(_WORKBOOK):
        yield from read_webpage(source, path, head)
        return
    with need_library(source, path, "python-calamine"):
        import python_calamine as calamine  # noqa: PLC0415
    try:
        with calamine.CalamineWorkbook.from_path(path) as book:
            grid = _find_sheet(source, path, book, calamine)
            yield from read_grid(path, grid)
    except calamine.PasswordError as error:
        raise TableFault("locked_file", table=source.table.name, value=path.name) from error
    except calamine.CalamineError as error:
        if "macrosheets/" in str(error):  # what spreadsheets name the folder of such sheets
            raise TableFault("macro_sheet", table=source.table.name, value=path.name) from error
        raise _unreadable(source, path, str(error)) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # what a broken file makes of the library
            raise
        raise _unreadable(source, path, "") from error


def _unreadable(source: FileSource, path: Path, why: str) -> TableFault:
    return TableFault("unreadable_file", table=source.table.name, value=path.name, why=why)


def _find_sheet(
    source: FileSource,
    path: Path,
    book: python_calamine.CalamineWorkbook,
    calamine: ModuleType,
) -> Grid:
    """Return the sheet that the project file names, or the only one that holds the columns."""
    shown = [
        sheet.name
        for sheet in book.sheets_metadata
        if sheet.visible == calamine.SheetVisibleEnum.Visible
    ]
    place = f"{source.table.name} ({path.name})"
    if source.layer:
        if source.layer not in book.sheet_names:
            raise TableFault(
                "missing_layer",
                table=place,
                key="layer",
                value=source.layer,
                found=", ".join(book.sheet_names[:12]),
            )
        shown = [source.layer]
    found: list[Grid] = []
    faults: list[TableFault] = []
    for name in shown:
        rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
        try:
            found.append(find_grid(source, path, name, rows))
        except TableFault as fault:
            faults.append(fault)
    if len(found) > 1:
        names = ", ".join(grid.name for grid in found[:12])
        raise TableFault("which_layer", table=place, key="layer", found=names)
    if found:
        return found[0]
    # A sheet without a row says less than one that lacks a column.
    faults.append(TableFault("empty_layer", table=place))
    raise min(faults, key=lambda fault: fault.reason == "empty_layer")


def _check_size(source: FileSource, path: Path) -> None:
    """Refuse a workbook that is no archive, or would unfold to more than a table can be."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if sum(member.file_size for member in members) > _MOST_BYTES:
                raise _too_large(source, path)
            for member in members:  # a sheet may bear any name
                with archive.open(member) as file:
                    if _count_cells(file) > _MOST_CELLS:
                        raise _too_large(source, path)
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,  # what zipfile says of a compression that it does not know
        RuntimeError,  # and of an archive with a password
        OSError,
    ) as error:
        raise _unreadable(source, path, str(error)) from error


def _too_large(source: FileSource, path: Path) -> TableFault:
    return TableFault("too_large_workbook", table=source.table.name, value=path.name)


def _count_cells(file: IO[bytes]) -> int:
    """Return how many cells the rectangle around all cells of a sheet may have.

    It is read to its end, which also tells whether it is as long as the archive says.
    """
    letters, rows, rest = set[bytes](), _LOW, b""
    while block := file.read(_BLOCK):
        text = rest + block
        column, row = _UNUSUAL if any(sign in text for sign in _SIGNS) else _USUAL
        letters |= set(column.findall(text))
        rows = max(rows, max(map(int, set(row.findall(text))), default=0))
        rest = text[-_OVERLAP:]
    return rows * max(map(_number_column, letters), default=_NARROW)


def _number_column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - ord("A") + 1
    return number
