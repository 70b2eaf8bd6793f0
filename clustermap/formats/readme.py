"""What stands beside an export: what the files are, whose data they show, what each field is."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from clustermap.errors import one_line
from clustermap.messages import LANGUAGES, Message, say
from clustermap.publish.spreadsheets import defuse_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from clustermap.formats.cells import Change
    from clustermap.formats.content import FieldName, Marks, Written
    from clustermap.messages import Language

_FIELD_COLUMNS = (
    *("file", "field", "column", "label_ko", "label_en", "type", "unit"),
    *("meaning_ko", "meaning_en"),
)
_CHANGE_COLUMNS = ("file", "column", "row", "value_start", "happened", "meaning")


def _write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows([defuse_text(one_line(cell)) for cell in row] for row in rows)
    path.write_bytes(text.getvalue().encode("utf-8-sig"))
    return path.name


def write_fields(names: Sequence[FieldName], folder: Path, marks: Marks) -> str:
    """Write the list of fields: how each column is called in each file, and what it is.

    Parameters
    ----------
    names
        What the formats wrote.
    folder
        Folder of the export.
    marks
        What the files must carry.

    Returns
    -------
    str
        Name of the file.
    """
    rows = (
        (
            name.file,
            name.field,
            name.column.name,
            name.column.label["ko"],
            name.column.label["en"],
            name.type,
            name.column.unit,
            name.column.meaning["ko"],
            name.column.meaning["en"],
        )
        for name in names
    )
    return _write_csv(folder / marks.file_name("fields", ".csv"), _FIELD_COLUMNS, rows)


def write_changes(changes: Sequence[Change], folder: Path, marks: Marks) -> str:
    """Write the list of cells that a file could not hold as they were.

    Parameters
    ----------
    changes
        Every one of them.
    folder
        Folder of the export.
    marks
        What the files must carry.

    Returns
    -------
    str
        Name of the file.
    """
    rows = (
        (
            change.file,
            change.column,
            change.row,
            change.start,
            change.happened,
            say(Message(f"export.change.{change.happened}"), marks.language),
        )
        for change in changes
    )
    return _write_csv(folder / marks.file_name("changes", ".csv"), _CHANGE_COLUMNS, rows)


def _paragraphs(
    written: Written, endings: set[str], changes: int, marks: Marks, language: Language
) -> Iterable[str]:
    def told(key: str, **values: object) -> str:
        return say(Message(f"export.readme.{key}", values), language)

    yield marks.title
    if marks.synthetic:
        yield say(Message("export.synthetic"), language)
    yield told("made", version=marks.version)
    yield told("fields", file=marks.file_name("fields", ".csv"))
    for ending in (".gpkg", ".shp", ".csv"):
        if ending in endings:
            yield told(f"format{ending.replace('.', '_')}", encoding=marks.encoding)
    yield told("empty")
    if changes:
        yield told("changes", count=changes, file=marks.file_name("changes", ".csv"))
    yield told("sources")
    yield from (f"  - {line}" for line in marks.attribution)
    yield told("files")
    yield from (f"  - {file}" for file in written.files)


def write_readme(written: Written, changes: int, folder: Path, marks: Marks) -> str:
    """Write what the files are, in Korean and in English.

    Parameters
    ----------
    written
        What the formats wrote.
    changes
        Number of cells changed.
    folder
        Folder of the export.
    marks
        What the files must carry.

    Returns
    -------
    str
        Name of the file.
    """
    endings = {f".{file.rpartition('.')[2]}" for file in written.files}
    path = folder / marks.file_name("README", ".txt")
    parts = ["\n".join(_paragraphs(written, endings, changes, marks, one)) for one in LANGUAGES]
    # Windows Notepad shows Korean rightly in any version only after a byte order mark.
    path.write_bytes(("\n\n\n".join(parts) + "\n").encode("utf-8-sig"))
    return path.name
