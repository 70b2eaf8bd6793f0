"""JSON records: a list of objects, or one object after the other, read a few thousand at a time.

Python's own decoder is given one object after the other, so that a file of any length takes little
memory. Numbers stay the text that they are written as: an identifier of 19 digits keeps them all.
"""

from __future__ import annotations

import codecs
import json
import re
from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, TypeAlias

import pyarrow as pa

from clustermap.checks import Chunk, build_faults
from clustermap.errors import TableFault
from clustermap.sources.files.geometries import read_geojson
from clustermap.sources.files.source import FileSource, Item, Matched, match_columns
from clustermap.sources.files.text import find_encoding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import TextIO

_BLOCK = 4 << 20
_LARGEST = 64 << 20
"""Characters of one record; one that has not ended by then never will."""
_RECORDS = 20_000
_SAMPLE = 500
"""Records of a chunk, and those from which the columns are known. Whole records are large: beyond
the first, only what is wanted of them is kept."""

_HEAD_BYTES = 1 << 20
_DEEPEST = 20
_QUOTED = 200

_GEOMETRIES = rb"(Multi)?(Point|LineString|Polygon)|GeometryCollection"
_IS_GEOJSON = re.compile(
    rb'"type"\s*:\s*"(FeatureCollection|Feature|Topology)"|"geometryType"\s*:'
    rb'|\A\{\s*"type"\s*:\s*"(' + _GEOMETRIES + rb')"'
)
_HAS_SHAPES = re.compile(rb'"(features|geometry|geometries|coordinates|arcs|objects)"\s*:')
_SPACE = re.compile(r"[ \t\r\n]*")
_STEP = re.compile(r"\.?([^.\[\]]+)|\[(\d+)\]|\[([^\]=]+)=([^\]]*)\]")

Step: TypeAlias = "str | int | tuple[tuple[str, str], ...]"
"""A key, a position in a list, or which keys have which values in an object of a list."""


def read_json(source: FileSource, path: Path) -> Iterator[Item]:
    """Read a .json file: GeoJSON where its beginning says so, else records.

    Parameters
    ----------
    source
        What is read.
    path
        The file.

    Yields
    ------
    Chunk or pa.Table
        Rows, and FAULTS for records that are none.

    Raises
    ------
    TableFault
        If it cannot be read, or lacks a column.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES).removeprefix(codecs.BOM_UTF8).lstrip()
    shapes = _IS_GEOJSON.search(head) and _HAS_SHAPES.search(head)
    records = head.startswith(b"[") or (head.startswith(b"{") and not shapes)
    yield from (read_records if records else read_geojson)(source, path)


def read_records(source: FileSource, path: Path) -> Iterator[Item]:
    """Read JSON records; a nested field is named by its path, e.g. ``locations[0].lat``.

    Parameters
    ----------
    source
        What is read.
    path
        The file.

    Yields
    ------
    Chunk or pa.Table
        Rows, numbered by their record, and FAULTS for records that are none.

    Raises
    ------
    TableFault
        If it is no JSON, is empty, or lacks a column.
    """
    encoding = find_encoding(path, source.encoding, source.table.name)
    with path.open(encoding=encoding, newline="") as file:
        records = _iterate(_Text(file, f"{source.table.name} ({path.name})"))
        first = list(islice(records, _SAMPLE))
        if not first:
            raise TableFault("empty_layer", table=f"{source.table.name} ({path.name})")
        found = _find_names([one.value for one in first if not one.reason], source)
        matched = match_columns(source, path, found, sparse=True)
        every = chain(first, records)
        while read := _read_part(islice(every, _RECORDS), matched.wanted):
            yield _quote(source, path, read.bad)
            yield matched.convert(_build_chunk(source, path, read, matched))


def parse_path(path: str) -> tuple[Step, ...]:
    """Return the steps of a path into a record.

    Parameters
    ----------
    path
        Keys with "." between them; "[0]" for a place in a list, "[key=value]" for the first object
        of a list that has this value there, or has it among several. Of several such conditions
        all must hold.

    Returns
    -------
    tuple
        Steps.

    Examples
    --------
    >>> parse_path("names[lang=ko].value")
    ('names', (('lang', 'ko'),), 'value')
    >>> parse_path("a.b[2]")
    ('a', 'b', 2)
    """
    steps: list[Step] = []
    for key, place, name, value in _STEP.findall(path):
        if name and steps and isinstance(steps[-1], tuple):
            steps[-1] = (*steps[-1], (name, value))
        else:
            steps.append(key or (int(place) if place else ((name, value),)))
    return tuple(steps)


def pick(record: Mapping[str, Any], path: str, steps: tuple[Step, ...]) -> str | None:
    """Return what stands at a path of a record, as text.

    Parameters
    ----------
    record
        An object.
    path
        Path as written; a key of just this name wins.
    steps
        Steps of the path.

    Returns
    -------
    str or None
        Values of a list with ";" between them; None where nothing stands there.

    Examples
    --------
    >>> record = {"names": [{"lang": "en", "value": "A"}, {"lang": "ko", "value": "가"}]}
    >>> pick(record, "n", parse_path("names[lang=ko].value"))
    '가'
    """
    if path in record:
        return _as_text(record[path])
    value: Any = record
    for step in steps:
        if isinstance(step, str):
            value = value.get(step) if isinstance(value, dict) else None
        elif not isinstance(value, list):
            return None
        elif isinstance(step, int):
            value = value[step] if step < len(value) else None
        else:
            value = next((one for one in value if _has_all(one, step)), None)
        if value is None:
            return None
    return _as_text(value)


def _has_all(one: object, wanted: tuple[tuple[str, str], ...]) -> bool:
    if not isinstance(one, dict):
        return False
    for key, value in wanted:
        held = one.get(key)
        if held != value and not (isinstance(held, list) and value in held):
            return False
    return True


def _as_text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list) and not any(isinstance(one, dict | list) for one in value):
        return ";".join(_as_text(one) or "" for one in value)
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    except RecursionError:  # it nests as deeply as could just be read
        return "[…]"


class _Text:
    """A text of JSON values, of which only some lie in memory."""

    def __init__(self, file: TextIO, table: str) -> None:
        self.file, self.table = file, table
        self.text, self.at, self.line, self.ended = "", 0, 1, False
        self.repeated: list[str] = []
        self.decoder = json.JSONDecoder(
            object_pairs_hook=self._build, parse_int=str, parse_float=str, parse_constant=str
        )

    def _build(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        built = dict(pairs)
        if len(built) < len(pairs):
            keys = [key for key, _ in pairs]
            self.repeated.append(next(key for key in built if keys.count(key) > 1))
        return built

    def _load(self) -> None:
        block = self.file.read(max(_BLOCK, len(self.text) - self.at))
        self.line += self.text.count("\n", 0, self.at)
        self.text, self.at, self.ended = self.text[self.at :] + block, 0, not block

    def peek(self) -> str:
        """Return the next character that is no space, "" at the end."""
        while True:
            space = _SPACE.match(self.text, self.at)
            self.at = space.end() if space else self.at
            if self.at < len(self.text) or self.ended:
                return self.text[self.at : self.at + 1]
            self._load()

    def refuse(self, why: str, at: int) -> TableFault:
        row = self.line + self.text.count("\n", 0, at)
        return TableFault("broken_json", table=self.table, row=row, why=why)

    def read_value(self) -> object:
        """Return the next value."""
        while True:
            self.repeated.clear()
            try:
                value, end = self.decoder.raw_decode(self.text, self.at)
            except json.JSONDecodeError as error:
                if self.ended or len(self.text) - self.at > _LARGEST:
                    raise self.refuse(error.msg, error.pos) from None
                self._load()
                continue
            except RecursionError:
                raise self.refuse("nested too deeply", self.at) from None
            if end < len(self.text) or self.ended:
                self.at = end
                return value
            self._load()


@dataclass(frozen=True)
class _Record:
    """A value of the file with its number; why it is no row, and what is at fault."""

    number: int
    value: Any
    reason: str = ""
    cause: str = ""


def _iterate(text: _Text) -> Iterator[_Record]:
    """Yield the values of a list, or those that stand one after the other."""
    listed = text.peek() == "["
    text.at += listed
    number = 0
    while (sign := text.peek()) and not (listed and sign == "]"):
        if listed and number:
            if sign != ",":
                raise text.refuse("',' is missing", text.at)
            text.at += 1
            text.peek()
        number += 1
        value = text.read_value()
        if not isinstance(value, dict):
            cause = "[…]" if isinstance(value, list) else _as_text(value) or ""
            yield _Record(number, value, "not_an_object", cause[:_QUOTED])
        elif text.repeated:
            yield _Record(number, value, "repeated_key", text.repeated[0][:_QUOTED])
        else:
            yield _Record(number, value)
    if listed and not sign:
        raise text.refuse("']' is missing", text.at)
    text.at += listed
    if listed and text.peek():
        raise text.refuse("it goes on after ']'", text.at)


def _find_names(records: Sequence[Mapping[str, Any]], source: FileSource) -> list[str]:
    """Return the names of all fields, those in lists by the first of a list."""
    names: dict[str, None] = {}
    for record in records:
        _add_names(record, "", names, 0)
    for path in source.columns.values():
        steps = parse_path(path)
        if path not in names and any(pick(one, path, steps) is not None for one in records):
            names[path] = None
    return list(names)


def _add_names(value: object, name: str, names: dict[str, None], depth: int) -> None:
    if isinstance(value, dict) and value and depth < _DEEPEST:
        for key, held in value.items():
            _add_names(held, f"{name}.{key}" if name else key, names, depth + 1)
    elif isinstance(value, list) and value and isinstance(value[0], dict) and depth < _DEEPEST:
        _add_names(value[0], f"{name}[0]", names, depth + 1)
    elif value is not None and value != []:
        names[name] = None


@dataclass(frozen=True)
class _Part:
    """What is wanted of some records: numbers, texts by path, and those that are none."""

    numbers: list[int]
    texts: dict[str, list[str | None]]
    bad: list[_Record]

    def __bool__(self) -> bool:
        return bool(self.numbers or self.bad)


def _read_part(records: Iterable[_Record], wanted: Sequence[str]) -> _Part:
    part = _Part([], {path: [] for path in wanted}, [])
    steps = [(path, parse_path(path), texts.append) for path, texts in part.texts.items()]
    for record in records:
        if record.reason:
            part.bad.append(record)
            continue
        part.numbers.append(record.number)
        for path, ways, append in steps:
            append(pick(record.value, path, ways))
    return part


def _build_chunk(source: FileSource, path: Path, part: _Part, matched: Matched) -> Chunk:
    columns = {name: _build_texts(texts) for name, texts in part.texts.items()}
    rows = matched.rename(pa.table(columns))
    # A field that no record here has is none of theirs, as a column that a file lacks.
    empty = [
        ours
        for ours in matched.columns
        if ours not in source.table.required and rows[ours].null_count == rows.num_rows
    ]
    return Chunk(path.name, pa.array(part.numbers, pa.int64()), rows.drop_columns(empty))


def _build_texts(texts: list[str | None]) -> pa.Array:
    try:
        return pa.array(texts, pa.string())
    except UnicodeEncodeError:  # half of a pair of surrogates, which is no character
        mended = [
            text and text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
            for text in texts
        ]
        return pa.array(mended, pa.string())


def _quote(source: FileSource, path: Path, bad: list[_Record]) -> pa.Table:
    return build_faults(
        source.table.name,
        pa.array([path.name] * len(bad), pa.string()),
        pa.array([record.number for record in bad], pa.int64()),
        pa.array([""] * len(bad), pa.string()),
        _build_texts([record.cause for record in bad]),
        pa.array([record.reason for record in bad], pa.string()),
    )
