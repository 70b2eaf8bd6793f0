"""What stands beside an export: what the files are, whose data they show, what each field is."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from clustermap.errors import one_line
from clustermap.formats.names import ALL_KINDS, INDICATOR_CODES, KIND_CODES
from clustermap.messages import LANGUAGES, Message, read_catalogue, say
from clustermap.publish.spreadsheets import defuse_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from clustermap.formats.cells import Change
    from clustermap.formats.layer import FieldName, Marks, Written
    from clustermap.messages import Language
    from clustermap.publish.release import Release

_FIELD_COLUMNS = (
    *("file", "field", "column", "label_ko", "label_en", "type", "unit"),
    *("meaning_ko", "meaning_en"),
)
_OTHER_WITHHELD = "export.withheld.other"
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


def _codes(language: Language) -> Message:
    words = read_catalogue()
    indicators = [
        f"{code} {words[f'indicator.{indicator}.label'][language]}"
        for indicator, code in INDICATOR_CODES.items()
    ]
    kinds = [f"{code} {words[f'kind.{kind}'][language]}" for kind, code in KIND_CODES.items()]
    values = {"indicators": indicators, "kinds": kinds, "all": ALL_KINDS}
    return Message("export.readme.codes", values)


def _crs(release: Release) -> Message:
    crs = release.clusters.crs
    authority = crs.to_authority()
    code: object = Message("export.readme.crs_without_code")
    return Message(
        "export.readme.crs",
        {"name": one_line(crs.name), "code": ":".join(authority) if authority else code},
    )


def _withheld(release: Release) -> Iterable[Message]:
    """Say what was withheld, each with its number."""
    for what, count in sorted(release.withheld.items()):
        key = f"export.withheld.{what}"
        known = key in read_catalogue()
        yield Message(key if known else _OTHER_WITHHELD, {"what": one_line(what), "count": count})


def _how_to_read(release: Release) -> Iterable[tuple[Message, Iterable[Message]]]:
    """Yield what a reader must know, each with the points below it."""
    if release.notes:
        yield Message("export.readme.notes"), release.notes
    if release.decision is not None:
        own = release.decision.portfolios["scenario"].iloc[0]
        yield Message("export.readme.decision"), release.decision.told[own]
    yield _crs(release), ()
    yield Message("export.readme.score"), ()
    yield Message("export.readme.interval"), ()
    yield Message("export.readme.ranks"), ()
    yield Message("export.readme.weights"), ()
    yield Message("export.readme.words"), ()
    yield Message("export.readme.empty"), ()
    if release.internal:
        yield Message("export.readme.internal"), ()
    else:
        rules = release.rules
        limits = {"min": rules.min_firms, "share": f"{100 * rules.dominance:g}"}
        yield Message("export.readme.withheld", limits), _withheld(release)


def _formats(written: Written, marks: Marks, language: Language) -> Iterable[Message]:
    endings = {f".{file.rpartition('.')[2]}" for file in written.files}
    if ".gpkg" in endings:
        yield Message("export.readme.format_gpkg")
    if ".shp" in endings:
        yield Message("export.readme.format_shp", {"encoding": marks.encoding})
        yield _codes(language)
    yield Message("export.readme.format_csv")


def _paragraphs(
    written: Written, changes: int, marks: Marks, release: Release, language: Language
) -> Iterable[str]:
    def told(key: str, **values: object) -> str:
        return say(Message(f"export.readme.{key}", values), language)

    yield marks.title
    if marks.synthetic:
        yield say(Message("export.synthetic"), language)
    yield told("made", version=marks.version)
    for message, points in _how_to_read(release):
        yield say(message, language)
        yield from (f"  - {one_line(say(point, language))}" for point in points)
    yield told("fields", file=marks.file_name("fields", ".csv"))
    yield from (say(message, language) for message in _formats(written, marks, language))
    if changes:
        yield told("changes", count=changes, file=marks.file_name("changes", ".csv"))
    yield told("sources")
    yield from (f"  - {line}" for line in marks.attribution)
    yield told("files")
    yield from (f"  - {file}" for file in written.files)


def write_readme(
    written: Written, changes: int, folder: Path, marks: Marks, release: Release
) -> str:
    """Write what the files are and how to read them, in Korean and in English.

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
    release
        What was exported: its coordinate system, its notes, what it withholds.

    Returns
    -------
    str
        Name of the file.
    """
    path = folder / marks.file_name("README", ".txt")
    parts = [
        "\n".join(_paragraphs(written, changes, marks, release, language)) for language in LANGUAGES
    ]
    # Windows Notepad shows Korean rightly in any version only after a byte order mark.
    path.write_bytes(("\n\n\n".join(parts) + "\n").encode("utf-8-sig"))
    return path.name
