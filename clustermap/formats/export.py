"""Write the files that GIS programs and spreadsheets open, all of them or none."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from clustermap.errors import TableFault, one_line
from clustermap.formats.content import build_layers
from clustermap.formats.delimited import write_csv
from clustermap.formats.geopackage import STEM, keep_nothing, write_geopackage
from clustermap.formats.layer import LAYER_NAMES, SYNTHETIC_SUFFIX, Marks, Written
from clustermap.formats.readme import write_changes, write_fields, write_readme
from clustermap.formats.shapefile import write_shapefiles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from clustermap.formats.cells import Change
    from clustermap.formats.geopackage import Keep
    from clustermap.publish.release import Release

FORMATS: dict[str, Callable[..., Written]] = {
    "gpkg": write_geopackage,
    "shp": write_shapefiles,
    "csv": write_csv,
}
"""Format to the function that writes it; a new format is one more line."""

ENCODINGS = {"utf-8": "utf-8", "utf8": "utf-8", "cp949": "cp949", "949": "cp949", "euc-kr": "cp949"}
_ALWAYS = "csv"
_KEPT = "gpkg"  # of which layers are kept for the next run
_STEMS = {"README", "fields", "changes", STEM, *LAYER_NAMES} | {
    f"{layer}_{family}" for layer in LAYER_NAMES for family in ("points", "lines", "polygons")
}
_ENDINGS = {
    *(".gpkg", ".gpkg-wal", ".gpkg-shm", ".gpkg-journal", ".csv", ".txt"),
    *(".shp", ".shx", ".dbf", ".prj", ".cpg", ".qix", ".sbn", ".sbx"),
}


@dataclass(frozen=True)
class Exported:
    """What was written, and what could not be written as it was.

    Parameters
    ----------
    folder
        Folder of the export.
    files
        Names of the files, sorted.
    changes
        Every cell that some file could not hold as it was; they also stand in changes.csv.
    """

    folder: Path
    files: tuple[str, ...]
    changes: tuple[Change, ...]


def _is_ours(name: str) -> bool:
    stem, point, ending = name.partition(".")
    return stem.removesuffix(SYNTHETIC_SUFFIX) in _STEMS and f"{point}{ending}" in _ENDINGS


def _list_foreign(folder: Path) -> list[Path]:
    """List what people put into an old export, such as a QGIS project: it must survive."""
    entries = sorted(folder.iterdir()) if folder.is_dir() else []
    foreign = [entry for entry in entries if not _is_ours(entry.name)]
    ours = any(entry.name.startswith("README") and _is_ours(entry.name) for entry in entries)
    if folder.exists() and not folder.is_dir():
        raise TableFault("export_not_ours", table="export", value=folder.name)
    if foreign and not ours:
        raise TableFault("export_not_ours", table="export", value=foreign[0].name)
    return foreign


def _copy(entry: Path, folder: Path) -> None:
    if entry.is_dir() and not entry.is_symlink():
        shutil.copytree(entry, folder / entry.name, symlinks=True)
    else:
        shutil.copy2(entry, folder / entry.name, follow_symlinks=False)


def _swap(new: Path, folder: Path, previous: Path) -> None:
    try:
        if folder.exists():
            folder.rename(previous)
        try:
            new.rename(folder)
        except OSError:
            if previous.exists():
                previous.rename(folder)
            raise
    except PermissionError as error:  # Windows: a program holds a file of the old export open
        raise TableFault("export_in_use", table="export", value=folder.name) from error
    shutil.rmtree(previous, ignore_errors=True)


@contextmanager
def _replacing(folder: Path) -> Iterator[Path]:
    """Give a new folder that takes the place of the old one once everything is written."""
    new = folder.with_name(f".{folder.name}.new")
    previous = folder.with_name(f".{folder.name}.previous")
    if previous.exists() and not folder.exists():  # a run was killed between the two renames
        previous.rename(folder)
    for left_over in (new, previous):
        shutil.rmtree(left_over, ignore_errors=True)
    foreign = _list_foreign(folder)
    new.mkdir(parents=True)
    try:
        yield new
        for entry in foreign:
            _copy(entry, new)
        _swap(new, folder, previous)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _choose_formats(formats: Sequence[str]) -> list[str]:
    for name in formats:
        if name not in FORMATS:
            raise TableFault(
                "export_format", table="export", column="formats", value=name, known=tuple(FORMATS)
            )
    return [name for name in FORMATS if name in {*formats, _ALWAYS}]


def _choose_encoding(encoding: str) -> str:
    if encoding.lower() not in ENCODINGS:
        raise TableFault("export_encoding", table="export", column="encoding", value=encoding)
    return ENCODINGS[encoding.lower()]


def _write_all(
    release: Release, formats: Sequence[str], folder: Path, marks: Marks, keep: Keep
) -> tuple[list[str], tuple[Change, ...]]:
    layers, cleaned = build_layers(release)
    asked = {name: {"keep": keep} if name == _KEPT else {} for name in formats}
    with ThreadPoolExecutor(1) as beside:  # GDAL hands its errors to its own thread: it stays here
        plain = beside.submit(FORMATS[_ALWAYS], layers, folder, marks)
        parts = {
            name: FORMATS[name](layers, folder, marks, **more)
            for name, more in asked.items()
            if name != _ALWAYS
        }
        parts[_ALWAYS] = plain.result()
    written = Written.join(parts[name] for name in formats)
    changes = (*cleaned, *written.changes)
    files = [*written.files, write_fields(written.names, folder, marks)]
    if changes:
        files.append(write_changes(changes, folder, marks))
    files.append(write_readme(written, len(changes), folder, marks, release))
    return sorted(files), changes


def write_exports(
    release: Release,
    folder: Path,
    *,
    formats: Sequence[str] = ("gpkg", "shp"),
    encoding: str = "utf-8",
    keep: Keep = keep_nothing,
) -> Exported:
    """Write a release as files for GIS programs and spreadsheets, all of them or none.

    Parameters
    ----------
    release
        What may leave the house.
    folder
        Folder of the export. An older export in it is replaced whole, once the new one is
        complete; files that others put there are kept.
    formats
        Any of :data:`FORMATS`; CSV is always written.
    encoding
        Encoding of text in shapefiles: "utf-8" or "cp949". GeoPackage and CSV are UTF-8.
    keep
        Returns what was kept of some content, or computes it and keeps it.

    Returns
    -------
    Exported
        The files, and every cell that some file could not hold as it was.

    Raises
    ------
    TableFault
        If a layer cannot be exported, or the folder holds something else; nothing is written.
    """
    chosen = _choose_formats(formats)
    marks = Marks(
        title=one_line(release.title),
        language=release.language,
        synthetic=release.synthetic,
        encoding=_choose_encoding(encoding),
        attribution=tuple(one_line(line) for line in release.attribution),
        version=release.version,
    )
    folder = Path(folder).resolve()
    with _replacing(folder) as new:
        files, changes = _write_all(release, chosen, new, marks, keep)
    return Exported(folder, tuple(files), changes)
