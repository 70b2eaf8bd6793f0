"""What a run has on disk: its output, all of it new or all old, and what it keeps while it runs."""

from __future__ import annotations

import csv
import errno
import hashlib
import io
import json
import os
import secrets
import shutil
import tempfile
from collections import deque
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from clustermap.errors import TableFault, shorten_path
from clustermap.locks import InUseError, hold, is_left, take_lock
from clustermap.memory import give_back
from clustermap.messages import read_catalogue
from clustermap.network.edges import (
    EDGE_TYPES,
    ROWS_AT_ONCE,
    Edges,
    merge_edges,
    no_edges,
    sort_edges,
)
from clustermap.publish.spreadsheets import defuse_text
from clustermap.side_by_side import go_through
from clustermap.tables import OUTPUT_TABLES, SCHEMA

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from types import TracebackType

    import numpy.typing as npt

    from clustermap.messages import Language

_PROGRAM = "clustermap"
_RUN = "run.json"
_MANIFEST = ".clustermap.json"
_JOURNAL = ".journal.json"
_SCHEMA = {f"{_PROGRAM}:schema": str(SCHEMA)}
_ROW_GROUP = 1_000_000
_WRITERS = 2  # tables written at a time: Arrow works outside Python's lock
_QUARANTINE_COLUMNS = ("file", "line", "column", "value", "reason")
_ENTRIES = (_RUN, "tables", "quarantine", "maps", "export", "report")
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT} if hasattr(errno, "EDQUOT") else {errno.ENOSPC}
_LEAST_FREE = 1 << 16
_SCRATCH = f"{_PROGRAM}-scratch-"


def _replace_file(path: Path, content: bytes) -> None:
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(content)
    part.replace(path)


def _read_geo(frame: gpd.GeoDataFrame) -> pa.Table:
    stream = io.BytesIO()
    frame.to_parquet(stream, index=False, schema_version="1.1.0")
    stream.seek(0)
    return pq.read_table(stream)


def _read_arrow(table: pa.Table | pd.DataFrame) -> pa.Table:
    if not isinstance(table, pd.DataFrame):
        return table
    if any(name is not None and name not in table.columns for name in table.index.names):
        table = table.reset_index()
    if isinstance(table, gpd.GeoDataFrame):
        return _read_geo(table)
    # Whether words are held as categories, and years short, is nothing that a file should tell.
    named = [name for name, type_ in table.dtypes.items() if type_ == "category"]
    words = {name: pa.array(table[name].array).dictionary_decode() for name in named}
    spelt = {str(name): pd.array(column, dtype="str") for name, column in words.items()}
    short = [name for name, type_ in table.dtypes.items() if type_ == "Int16"]
    whole = {str(name): table[name].astype("Int64") for name in short}
    return pa.Table.from_pandas(table.assign(**spelt, **whole), preserve_index=False)


class TypedRows(NamedTuple):
    """Rows that take their types as they are written: of millions, a few at a time.

    Parameters
    ----------
    rows
        The rows.
    schema
        The columns that are written, and their types.
    """

    rows: pa.Table
    schema: pa.Schema

    def cut(self, start: int = 0, rows: int | None = None) -> pa.Table:
        """Return some of the rows in their types.

        Parameters
        ----------
        start
            The first of them.
        rows
            How many; None: all from there on.

        Returns
        -------
        pa.Table
            Those rows.
        """
        return self.rows.select(self.schema.names).slice(start, rows).cast(self.schema)


def _cut_table(table: pa.Table | pd.DataFrame | TypedRows) -> Iterator[pa.Table]:
    """Yield a table as Arrow holds it, as many rows at a time as stand together in a file."""
    if isinstance(table, pd.DataFrame) and not _is_plain(table):
        table = _read_arrow(table)
    many = table.rows.num_rows if isinstance(table, TypedRows) else len(table)
    for start in range(0, max(many, 1), _ROW_GROUP):
        if isinstance(table, TypedRows):
            yield table.cut(start, _ROW_GROUP)
        elif isinstance(table, pd.DataFrame):
            yield _read_arrow(table.iloc[start : start + _ROW_GROUP])
        else:
            yield table.slice(start, _ROW_GROUP)


def _is_plain(table: pd.DataFrame) -> bool:
    """Return whether some rows of a table have the types that all of them have."""
    named = any(name is not None for name in table.index.names)
    objects = any(isinstance(type_, np.dtype) and type_.kind == "O" for type_ in table.dtypes)
    return not (named or objects or isinstance(table, gpd.GeoDataFrame))


def _order(name: str, rows: pa.Table) -> pa.Table:
    declared = {table.name: table for table in OUTPUT_TABLES}.get(name)
    if declared is None:
        return rows
    first = [c.name for c in declared.columns if c.name in rows.column_names]
    return rows.select([*first, *(c for c in rows.column_names if c not in first)])


def take_file(old: Path, new: Path, fits: Callable[[Path], bool]) -> bool:
    """Put a file of the output before into the new one, rather than to write the same again.

    Parameters
    ----------
    old
        The file, if it is there. It gets a second name; where the disk knows no such thing it is
        copied. Nobody writes into our files, they are replaced.
    new
        Where nothing is yet.
    fits
        Whether the file is what would be written.

    Returns
    -------
    bool
        Whether it was taken; else there is still nothing.
    """
    try:
        try:
            os.link(old, new)
        except OSError:
            shutil.copyfile(old, new)
        if fits(new):
            return True
    except OSError:
        pass  # it is written
    new.unlink(missing_ok=True)
    return False


def _take_none(name: str, path: Path) -> bool:  # noqa: ARG001 -- stands for what may take some
    return False


def write_tables(
    tables: Mapping[str, pa.Table | pd.DataFrame | TypedRows],
    folder: Path,
    *,
    metadata: Mapping[str, str],
    take: Callable[[str, Path], bool] = _take_none,
) -> None:
    """Write the tables of a run as Parquet, those with geometry as GeoParquet.

    Parameters
    ----------
    tables
        Name to table. A named index becomes the first columns; a declared table has its columns
        in the order of its declaration.
    folder
        Folder to write ``<name>.parquet`` into.
    metadata
        What each file must say of itself: at least "synthetic" and "version". It stands in the
        file's metadata as ``clustermap:<key>``, beside ``clustermap:schema``.
    take
        Puts the file of a table where it is told, if it is known from before, and returns whether
        it did; such a table is not asked for.
    """
    folder.mkdir(parents=True, exist_ok=True)
    told = {f"{_PROGRAM}:{key}": value for key, value in sorted(metadata.items())}

    def write(name: str) -> None:
        if take(name, folder / f"{name}.parquet"):
            return
        part = folder / f".{name}.parquet.part"
        with ExitStack() as stack:
            writer: pq.ParquetWriter | None = None
            for piece in _cut_table(tables[name]):
                # The bytes must not depend on the chunks that the rows came in.
                rows = _order(name, piece).combine_chunks()
                marks = {**(rows.schema.metadata or {}), **told, **_SCHEMA}
                rows = rows.replace_schema_metadata(marks)
                if writer is None:
                    opened = pq.ParquetWriter(part, rows.schema, compression="zstd")
                    writer = stack.enter_context(opened)
                writer.write_table(rows, row_group_size=_ROW_GROUP)
        part.replace(folder / f"{name}.parquet")
        give_back()

    deque(go_through(write, list(tables), workers=_WRITERS, ahead=_WRITERS), maxlen=0)


def _escape(value: object) -> str:
    """Write what cannot be seen as an escape, so that the cell is whole and on one line."""
    text = "" if value is None else str(value)
    if text.isprintable() and "\\" not in text:
        return text
    return "".join(
        "\\\\" if c == "\\" else c if c.isprintable() else c.encode("unicode_escape").decode()
        for c in text
    )


def _quarantine_rows(faults: pa.Table, language: Language) -> Iterator[list[str]]:
    catalogue = read_catalogue()
    for row in faults.to_pylist():
        text = catalogue.get(f"row_fault.{row['reason']}", {language: ""})[language]
        cells = [*(_escape(row[name]) for name in _QUARANTINE_COLUMNS), text]
        yield [defuse_text(cell) for cell in cells]


def write_quarantine(faults: pa.Table, folder: Path, *, language: Language = "en") -> None:
    r"""Write the rows that were refused, one CSV a table.

    Parameters
    ----------
    faults
        Columns table, file, line, column, value, reason.
    folder
        Folder to write ``<table>.csv`` into: UTF-8 with byte order mark, ``text`` is the reason
        in words. A control character or backslash is written as its escape (``\x00``,
        ``\\``), and an apostrophe stands before what a spreadsheet would run.
    language
        Language of ``text``: "ko" or "en".
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in sorted(set(faults["table"].to_pylist())):
        stream = io.StringIO()
        writer = csv.writer(stream, lineterminator="\r\n")
        writer.writerow([*_QUARANTINE_COLUMNS, "text"])
        refused = faults.filter(pc.equal(faults["table"], name))
        writer.writerows(_quarantine_rows(refused, language))
        _replace_file(folder / f"{name}.csv", stream.getvalue().encode("utf-8-sig"))


def _spell_json(content: Mapping[str, object]) -> bytes:
    text = json.dumps(
        dict(content), sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False, default=dict
    )
    return f"{text}\n".encode()


def write_run(record: Mapping[str, object], path: Path) -> None:
    """Write the record of a run: sorted, without clock times, so that the same run gives it again.

    Parameters
    ----------
    record
        Inputs, parameters, versions; fit for JSON. ``program`` is added: by it we know our own.
    path
        File to write.
    """
    _replace_file(path, _spell_json({**record, "program": _PROGRAM}))


def check_free(path: Path, *, force: bool) -> None:
    """Refuse to write over a project file that somebody may have worked on.

    Parameters
    ----------
    path
        Where one is to be written.
    force
        Whether a file that stands there may be replaced.

    Raises
    ------
    TableFault
        ``project_in_the_way`` if one stands there, or a folder of its name does.
    """
    if path.exists() and not (force and path.is_file()):
        raise TableFault("project_in_the_way", table=path.name, value=str(path.parent))


def write_project(text: str, path: Path, *, force: bool = False) -> None:
    """Write a project file, whole or not at all.

    Parameters
    ----------
    text
        TOML.
    path
        Where to; its folder is made where it is missing.
    force
        Whether a file that stands there may be replaced.

    Raises
    ------
    TableFault
        As check_free.
    """
    check_free(path, force=force)
    path.parent.mkdir(parents=True, exist_ok=True)
    _replace_file(path, text.encode())


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file of any size.

    Parameters
    ----------
    path
        File to read.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _read_ours(path: Path) -> Mapping[str, object] | None:
    """Read a JSON file of ours; None if there is none, or another program made it."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(content, dict) or content.get("program") != _PROGRAM:
        return None
    return content


def _read_manifest(out: Path) -> dict[str, list[str]]:
    """Read which files the last runs made, by top-level entry."""
    content = _read_ours(out / _MANIFEST) or {}
    entries = content.get("entries")
    return dict(entries) if isinstance(entries, dict) else {}


def _list_files(folder: Path) -> list[str]:
    """List what is in a folder, relative to it; links are listed, not followed."""
    return sorted(
        (Path(root) / name).relative_to(folder).as_posix()
        for root, folders, files in os.walk(folder)
        for name in (*files, *(f for f in folders if (Path(root) / f).is_symlink()))
    )


def _is_empty(path: Path) -> bool:
    return not path.exists() or (path.is_dir() and not any(path.iterdir()))


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _move(source: Path, target: Path) -> None:
    source.replace(target)


def _roll_back(out: Path, previous: Path) -> None:
    """Put the old output back; may itself be stopped and begun again."""
    content = _read_ours(previous / _JOURNAL) or {}
    entries = content.get("entries")
    for name, had_old in sorted(entries.items()) if isinstance(entries, dict) else ():
        kept = previous / name
        if kept.exists():
            _remove(out / name)
            _move(kept, out / name)
        elif not had_old:
            _remove(out / name)
    (previous / _JOURNAL).unlink(missing_ok=True)
    shutil.rmtree(previous, ignore_errors=True)


def _recover(out: Path) -> None:
    """Undo what a killed run left half done."""
    for previous in sorted(out.glob(".previous-*")):
        if (previous / _JOURNAL).exists():
            _roll_back(out, previous)
        else:  # it was complete, only the old output was not yet removed
            shutil.rmtree(previous, ignore_errors=True)
    for staging in sorted(out.glob(".staging-*")):
        shutil.rmtree(staging, ignore_errors=True)


def recover(out: Path) -> None:
    """Undo at once what a killed run left half done, rather than when the next output is written.

    Parameters
    ----------
    out
        Folder of the output; it may be missing.

    Raises
    ------
    TableFault
        ``out_busy`` if another run is writing it.
    """
    if out.is_dir():
        with _held(out):
            _recover(out)


def check_writable(out: Path) -> None:
    """Refuse a folder that no output can be written into, before anything is computed.

    Parameters
    ----------
    out
        Folder of the output; where it is missing, the folder that it would be made in is tried.
        Nothing is left there.

    Raises
    ------
    TableFault
        ``out_unwritable`` if nothing can be written there, ``out_not_ours`` if it is a file,
        ``disk_full`` if there is no room.
    """
    out = out.absolute()
    if out.exists() and not out.is_dir():
        raise TableFault("out_not_ours", table=out.name, value=out.name)
    place = next(folder for folder in (out, *out.parents) if folder.exists())
    try:
        Path(tempfile.mkdtemp(prefix=".staging-", dir=place)).rmdir()
    except OSError as error:
        if _is_full(error, place):
            raise TableFault("disk_full", table=out.name) from error
        raise TableFault(
            "out_unwritable", table=out.name, value=shorten_path(out), why=error.strerror
        ) from error


@contextmanager
def _held(out: Path) -> Iterator[None]:
    """Hold the output folder against other runs, and say in one line when its disk is full."""
    try:
        with hold(out):
            yield
    except InUseError as busy:
        raise TableFault("out_busy", table=out.name) from busy


def _is_full(error: BaseException, folder: Path) -> bool:
    """Return whether it was for want of room; some libraries do not say why they failed."""
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno in _NO_ROOM
    try:
        return shutil.disk_usage(folder).free < _LEAST_FREE
    except OSError:
        return False


class Staging:
    """Output of a whole run: written aside, then put in place of the old, all of it or nothing.

    Within ``with Staging(out) as stage:`` everything is written below the folder ``stage``. At the
    end each of its top-level entries replaces the one in ``out``; entries that were not written
    stay, and so do files that others put into our folders. After an exception, or if the program
    is killed (the next run then sees to it), the old output stands as it was.

    Parameters
    ----------
    out
        Folder of the output; it is made where it is missing. Only one run at a time may write it.

    Raises
    ------
    TableFault
        ``out_not_ours`` if something stands in the way which clustermap did not make,
        ``out_in_use`` if another program holds a file open (Windows), ``out_busy`` if another run
        is writing there, ``disk_full`` if there is no room for it.
    """

    def __init__(self, out: Path) -> None:
        self.out = Path(out).absolute()
        self._token = secrets.token_hex(4)
        self._stack = ExitStack()

    @property
    def stage(self) -> Path:
        """Folder to write into."""
        return self.out / f".staging-{self._token}"

    def __enter__(self) -> Path:
        if self.out.exists() and not self.out.is_dir():
            raise TableFault("out_not_ours", table=self.out.name, value=self.out.name)
        with ExitStack() as stack:
            self.out.mkdir(parents=True, exist_ok=True)
            stack.enter_context(_held(self.out))
            _recover(self.out)
            self._check_ours(_ENTRIES)
            self.stage.mkdir()
            self._stack = stack.pop_all()
        return self.stage

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._stack:
            try:
                if kind is None:
                    self._publish()
                elif isinstance(error, Exception):
                    self._tell_full(error)
            except OSError as failed:
                self._tell_full(failed)
                raise
            finally:
                shutil.rmtree(self.stage, ignore_errors=True)

    def _tell_full(self, error: Exception) -> None:
        """Say that the disk is full, if that is why."""
        if not isinstance(error, TableFault) and _is_full(error, self.out):
            raise TableFault("disk_full", table=self.out.name) from error

    def _check_ours(self, names: tuple[str, ...]) -> None:
        manifest = _read_manifest(self.out)
        ran = _read_ours(self.out / _RUN) is not None
        for name in names:
            if not (ran or name in manifest or _is_empty(self.out / name)):
                raise TableFault("out_not_ours", table=self.out.name, value=name)

    def _carry(self, name: str, made: list[str]) -> None:
        """Copy the files of others into the new folder, so that they outlive the old one."""
        old, new = self.out / name, self.stage / name
        if not (old.is_dir() and new.is_dir()):
            return
        for file in set(_list_files(old)) - set(made) - set(_list_files(new)):
            (new / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(old / file, new / file, follow_symlinks=False)

    def _publish(self) -> None:
        names = tuple(sorted(entry.name for entry in self.stage.iterdir()))
        self._check_ours(names)
        manifest = _read_manifest(self.out)
        made = {name: _list_files(self.stage / name) for name in names}
        for name in names:
            self._carry(name, manifest.get(name, []))
        content = {"program": _PROGRAM, "entries": {**manifest, **made}}
        _replace_file(self.stage / _MANIFEST, _spell_json(content))
        self._swap((*names, _MANIFEST))

    def _swap(self, names: tuple[str, ...]) -> None:
        previous = self.out / f".previous-{self._token}"
        had_old = {name: (self.out / name).exists() for name in names}
        journal = {"program": _PROGRAM, "entries": had_old}
        try:
            previous.mkdir()
            _replace_file(previous / _JOURNAL, _spell_json(journal))
        except BaseException:  # nothing was moved yet
            shutil.rmtree(previous, ignore_errors=True)
            raise
        try:
            for name in names:
                if had_old[name]:
                    _move(self.out / name, previous / name)
                _move(self.stage / name, self.out / name)
        except BaseException as error:  # also Ctrl-C: the old output comes back at once
            _roll_back(self.out, previous)
            if isinstance(error, PermissionError):
                raise TableFault("out_in_use", table=self.out.name, value=name) from error
            raise
        (previous / _JOURNAL).unlink()  # from here on the new output counts
        shutil.rmtree(previous, ignore_errors=True)


class _Run:
    """Sorted edges on disk, of which only what is looked at is in memory, and no longer than that.

    A file that stays mapped keeps in memory all that was ever read of it.
    """

    def __init__(self, folder: Path, size: int) -> None:
        self.folder = folder
        self._size = size

    def __len__(self) -> int:
        return self._size

    @property
    def a(self) -> npt.NDArray[np.int32]:
        return self._open("a")

    def part(self, rows: slice) -> Edges:
        return Edges(**{name: self._open(name)[rows] for name in EDGE_TYPES})

    def whole(self) -> Edges:
        return Edges(**{name: self._open(name) for name in EDGE_TYPES})

    def _open(self, name: str) -> npt.NDArray[Any]:
        column: npt.NDArray[Any] = np.load(self.folder / f"{name}.npy", mmap_mode="r")
        return column


def _write_run(folder: Path, size: int, blocks: Iterable[Edges]) -> _Run:
    """Write sorted blocks of edges, one file a column."""
    folder.mkdir()
    with ExitStack() as stack:
        files = {
            name: stack.enter_context((folder / f"{name}.npy").open("wb")) for name in EDGE_TYPES
        }
        for name, type_ in EDGE_TYPES.items():
            said = {"descr": type_.str, "fortran_order": False, "shape": (size,)}
            np.lib.format.write_array_header_1_0(files[name], said)
        for block in blocks:
            for name, column in block.columns().items():
                files[name].write(np.ascontiguousarray(column).data)
    return _Run(folder, size)


@contextmanager
def open_scratch() -> Iterator[Path]:
    """Open a folder for what a run keeps on disk while it runs; it is gone afterwards.

    What killed runs left in the system's place for such files is removed first.

    Yields
    ------
    Path
        Empty folder in that place.

    Raises
    ------
    TableFault
        ``disk_full`` if there is no room for what is kept.
    """
    place = Path(tempfile.gettempdir())
    _clear_scratch(place)
    made = Path(tempfile.mkdtemp(prefix=f"{_PROGRAM}-"))
    # It has its name once it is held: what has it and is not held was left behind.
    lock = take_lock(made)
    folder = made.rename(place / f"{_SCRATCH}{made.name}")
    try:
        yield folder
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise TableFault("disk_full", table=place.name) from error
        raise
    finally:
        # On Windows a file that is still mapped cannot be removed; the system does so later.
        shutil.rmtree(folder, ignore_errors=True)
        if lock is not None:
            os.close(lock)


def _clear_scratch(place: Path) -> None:
    for folder in place.glob(f"{_SCRATCH}*"):
        if not folder.is_symlink() and folder.is_dir() and is_left(folder):
            shutil.rmtree(folder, ignore_errors=True)


class EdgeStore:
    """The coded edge list while it is built: sorted runs on disk, then one sorted list.

    Each column is a file of its own, since a file of several Arrow batches is not one array.

    Parameters
    ----------
    folder
        Folder that exists; nothing else writes there.
    rows
        Edges held in memory at a time.
    """

    def __init__(self, folder: Path, rows: int = ROWS_AT_ONCE) -> None:
        self._folder = folder
        self._rows = rows
        self._waiting: list[Edges] = []
        self._runs: list[_Run] = []
        self._lists = 0

    def add(self, edges: Edges) -> None:
        """Take edges in.

        Parameters
        ----------
        edges
            In any order.
        """
        self._waiting.append(edges)
        if sum(len(part) for part in self._waiting) >= self._rows:
            self._flush()

    def sort(self) -> Edges:
        """Return all edges taken in so far, sorted.

        Returns
        -------
        Edges
            Arrays that lie on disk and are read where they are looked at.
        """
        self._flush()
        if len(self._runs) > 1:
            runs, size = self._runs, sum(len(run) for run in self._runs)
            self._runs = [_write_run(self._new_folder(), size, merge_edges(runs, self._rows))]
            for run in runs:
                shutil.rmtree(run.folder, ignore_errors=True)
        return self._runs[0].whole() if self._runs else no_edges()

    def _flush(self) -> None:
        sorted_ = sort_edges(self._waiting)
        self._waiting = []
        if len(sorted_):
            self._runs.append(_write_run(self._new_folder(), len(sorted_), [sorted_]))

    def _new_folder(self) -> Path:
        self._lists += 1
        return self._folder / f"edges_{self._lists}"
