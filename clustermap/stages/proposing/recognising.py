"""Which table of ours a file holds, and which of its columns are which of ours."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from clustermap.checks import Chunk, check_chunk
from clustermap.errors import TableFault
from clustermap.messages import Message
from clustermap.sources.dialects import find_dialect
from clustermap.sources.dialects.dialect import ALSO
from clustermap.sources.files.source import FileSource, match_columns
from clustermap.sources.words import FILE, plain
from clustermap.tables import LAYERS, LINKAGES, TAXONOMY, Column, Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from clustermap.sources.dialects import Dialect
    from clustermap.sources.peek import Peek
    from clustermap.sources.words import Words

TABLES: dict[str, Table] = {**LAYERS, **LINKAGES, TAXONOMY.name: TAXONOMY}
CHOICES = {"kind": "actor", "joint": "joint", "funder": "funder"}
"""Columns with a closed list, and the list of words for them; of linkages kind has its own."""

ACTORS = ("firms", "institutes", "partners")
_UNITS = {"백만원": "1e6 KRW", "천원": "1e3 KRW", "억원": "1e8 KRW", "원": "1 KRW"}
_PLACED = ("x", "y")
_HINT = 0.5
_KIND = 3.0  # what the values of a column of kinds say weighs more than any word
_UNIQUE = 0.9
_KNOWN = 0.95
"""Share of the values of an optional closed list that must be understood: below it faults rise."""
_MOST_KINDS = 50
_MOSTLY = 0.95
"""Share of firms among the actors of a table of firms; below it, it is one of institutes."""
_FALSE_FRIENDS = {"firms": 2, "taxonomy": 2, "partners": 2}
"""Columns that must be found where a table requires few, or none that is its alone."""


@dataclass(frozen=True)
class Fit:
    """How a file fits a table of ours.

    Parameters
    ----------
    table
        Our table, or the form of a table of linkages.
    score
        How much speaks for it; higher is better.
    columns
        Our column = column of the file.
    units
        Column of money = its unit in the file.
    kinds
        Value in the file = our choice, where they differ.
    dialect
        Dialect that it is read by; None for words of columns.
    told
        What is to be said of it.
    lacks
        Why it does not fit; None where it does.
    """

    table: str
    score: float = 0.0
    columns: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)
    dialect: Dialect | None = None
    told: tuple[Message, ...] = ()
    lacks: Message | None = None


def recognise(peek: Peek, words: Words) -> list[Fit]:
    """Hold a file against every table of ours.

    Parameters
    ----------
    peek
        A first look at it.
    words
        Words for columns and kinds.

    Returns
    -------
    list of Fit
        The likeliest first; those that do not fit come last, the nearest of them first. A file in a
        publisher's layout fits the tables of that layout alone.
    """
    known = _find_dialects(peek, words)
    if known:
        return known
    fits = [_fit(peek, table, words) for table in TABLES.values()]
    return sorted(fits, key=lambda fit: (fit.lacks is not None, -fit.score))


def _find_dialects(peek: Peek, words: Words) -> list[Fit]:
    """Return the tables that a publisher's file fills; one file may fill several."""
    found = {name: find_dialect(name, peek.columns) for name in TABLES}
    sure = [dialect for dialect in found.values() if dialect]
    best = max(sure, key=lambda dialect: len(dialect.signature), default=None)
    fits = [
        _fit_dialect(peek, TABLES[name], dialect, words)
        for name, dialect in found.items()
        if best and dialect and dialect.name == best.name
    ]
    return [fit for fit in fits if fit is not None]


def _fit_dialect(peek: Peek, table: Table, dialect: Dialect, words: Words) -> Fit | None:
    """Return a file as its publisher's dialect reads it, None where it finds no row for a table."""
    columns = {ours: name for ours, name in dialect.columns.items() if name in peek.columns}
    fit = Fit(table.name, float(len(dialect.signature)), columns, dialect=dialect)
    rows = read_ours(peek, fit)
    none = bool(rows.num_columns) and not rows.num_rows
    if none or _misses_shapes(peek, table, columns):
        return None
    return fit if dialect.convert else _settle_kinds(peek, table, fit, words)


def read_ours(peek: Peek, fit: Fit) -> pa.Table:
    """Return the first rows of a file under our names.

    Parameters
    ----------
    peek
        A first look at it.
    fit
        How it fits.

    Returns
    -------
    pa.Table
        Our columns, not yet typed; none where the dialect cannot read them.
    """
    if fit.dialect is None:
        return pa.table({ours: peek.rows[name] for ours, name in fit.columns.items()})
    source = FileSource(TABLES[fit.table], (peek.path,), dialect=fit.dialect.name)
    lines = pa.array(range(peek.rows.num_rows), pa.int64())
    try:
        matched = match_columns(source, peek.path, peek.columns)
        chunk = Chunk(peek.path.name, lines, matched.rename(peek.rows), peek.crs)
        rows = matched.convert(chunk).rows
    except (TableFault, KeyError, pa.ArrowException):  # columns of tables, of which a look has none
        return pa.table({})
    return rows.select([name for name in rows.column_names if not name.startswith(ALSO)])


def _fit(peek: Peek, table: Table, words: Words) -> Fit:
    columns, units, score = _match(peek, table, words)
    fit = Fit(table.name, score + _hint(peek, table, words), columns, units)
    fit = _name_for_id(peek, table, fit, words)
    required = [column for column in table.columns if column.required]
    missing = [c.name for c in required if c.type != "geometry" and c.name not in fit.columns]
    if missing:
        # The nearest is the one of which most is there.
        there = sum(c.name in fit.columns for c in required)
        return _refuse(fit, Message("init.lacks.columns", {"columns": missing}), bool(there))
    if not peek.rows.num_rows:
        return _refuse(fit, Message("init.lacks.rows"))
    if _misses_shapes(peek, table, columns):
        return _refuse(fit, Message("init.lacks.polygons"))
    if table.name not in {"clusters", "regions"} and peek.shapes == "polygons":
        fit = replace(fit, score=fit.score - _KIND)
    refused = _refuse_unlikely(peek, table, fit)
    return refused or _settle_kinds(peek, table, fit, words)


def _name_for_id(peek: Peek, table: Table, fit: Fit, words: Words) -> Fit:
    """Let names stand for identifiers where a file of actors has none, and no name comes twice."""
    key = table.key[0] if table.key else ""
    name = fit.columns.get("name", "")
    if table.name not in ACTORS or key in fit.columns or words.rarity(plain(name)) < _HINT:
        return fit
    if not name or not is_unique(peek, name):
        return fit
    told = (Message("init.name_is_id", {"column": name}),)
    return replace(fit, columns={key: name, **fit.columns}, told=told)


def is_unique(peek: Peek, column: str) -> bool:
    """Return whether hardly any value of a column comes twice.

    Parameters
    ----------
    peek
        A first look at a file.
    column
        Column of the file.

    Returns
    -------
    bool
        False also where a tenth of the rows is empty.
    """
    values = peek.rows[column].combine_chunks()
    return bool(pc.count_distinct(values).as_py() >= _UNIQUE * max(len(values), 1))


def _refuse(fit: Fit, why: Message, near: bool = True) -> Fit:  # noqa: FBT001, FBT002
    return replace(fit, score=fit.score if near else 0.0, lacks=why)


def _match(peek: Peek, table: Table, words: Words) -> tuple[dict[str, str], dict[str, str], float]:
    """Find our columns among a file's by their words; a column of theirs is used once."""
    theirs = {plain(name): name for name in reversed(peek.columns) if name.strip()}
    columns: dict[str, str] = {}
    units: dict[str, str] = {}
    score = 0.0
    for column in table.columns:
        if column.type == "geometry" or (peek.shapes and column.name in _PLACED):
            continue
        for word in words.of(table.name, column.name):
            named = {
                word: "",
                **({word + unit: unit for unit in _UNITS} if _is_money(column) else {}),
            }
            found = next(
                (n for n in named if n in theirs and theirs[n] not in columns.values()), ""
            )
            if found:
                columns[column.name] = theirs[found]
                score += words.rarity(word)
                if _UNITS.get(named[found], "1 KRW") != "1 KRW":
                    units[column.name] = _UNITS[named[found]]
                break
    if set(columns) & set(_PLACED) and not set(_PLACED) <= set(columns):
        columns = {ours: name for ours, name in columns.items() if ours not in _PLACED}
    return columns, units, score


def _is_money(column: Column) -> bool:
    return column.unit == "currency"


def _hint(peek: Peek, table: Table, words: Words) -> float:
    name = plain(f"{peek.path.stem} {peek.layer}")
    return _HINT * any(word in name for word in words.columns.get((table.name, FILE), ()))


def _misses_shapes(peek: Peek, table: Table, columns: Mapping[str, str]) -> bool:
    """Return whether a table needs areas that a file does not have; points pass with their area."""
    if all(column.type != "geometry" for column in table.columns):
        return False
    return peek.shapes != "polygons" and not (peek.shapes == "points" and "area_km2" in columns)


def _refuse_unlikely(peek: Peek, table: Table, fit: Fit) -> Fit | None:
    """Refuse what has the columns by chance."""
    if len(set(fit.columns.values())) < _FALSE_FRIENDS.get(table.name, 1):
        return _refuse(fit, Message("init.lacks.more"))
    if table.name == "taxonomy" and "prefix" not in fit.columns:
        return _refuse(fit, Message("init.lacks.columns", {"columns": ["prefix"]}))
    if table.name in LAYERS and table.key:
        key = fit.columns[table.key[0]]
        if not is_unique(peek, key):
            return _refuse(fit, Message("init.lacks.unique", {"column": key}))
    if table.name == "partners" and ({"x", "y"} <= set(fit.columns) or peek.shapes):
        # Registers of home have a country and a place, too.
        own = {plain(fit.columns["partner"]), plain(peek.path.stem)}
        if not any(re.search("partner|해외|abroad|foreign", word) for word in own):
            return _refuse(fit, Message("init.lacks.abroad"))
    return None


def list_values(peek: Peek, column: str) -> list[str]:
    """Return the distinct values of a column, as they are read.

    Parameters
    ----------
    peek
        A first look at a file.
    column
        Column of the file.

    Returns
    -------
    list of str
        Without empty ones, in the order in which they come.
    """
    alone = Table(peek.path.name, "", (Column("value", "text", ""),), ())
    values = pc.unique(peek.rows[column].combine_chunks())
    lines = pa.array(range(len(values)), pa.int64())
    read = check_chunk(alone, Chunk(peek.path.name, lines, pa.table({"value": values})))
    return [value for value in pc.unique(read.rows["value"]).to_pylist() if value]


def understand(value: str, meant: Mapping[str, str]) -> tuple[str, bool]:
    """Return what a value of a closed list means.

    Parameters
    ----------
    value
        As the file has it.
    meant
        Plain word to choice.

    Returns
    -------
    tuple
        Choice, "" where the value is not understood; and whether the word stands there whole.

    Examples
    --------
    >>> words = {"대학": "university", "병원": "hospital"}
    >>> understand("대학", words), understand("대학 병원", words), understand("공원", words)
    (('university', True), ('hospital', False), ('', False))
    """
    word = plain(value)
    if word in meant:
        return meant[word], True
    ends = [known for known in meant if len(known) > 1 and word.endswith(known)]
    return (meant[max(ends, key=len)] if ends else ""), False


def _settle_kinds(peek: Peek, table: Table, fit: Fit, words: Words) -> Fit:
    """Say what the values of closed lists mean, and what they say of the table."""
    kinds: dict[str, str] = {}
    told: list[Message] = []
    for column in table.columns:
        if column.type != "choice" or column.name not in fit.columns:
            continue
        lists = "linkage" if table.name in LINKAGES else CHOICES[column.name]
        name = fit.columns[column.name]
        values = list_values(peek, name)
        meant = {value: understand(value, words.kinds[lists]) for value in values}
        unknown = [value for value in values if not meant[value][0]]
        other = "other" if "other" in column.choices else ""
        strange = _share(peek, name, unknown)
        if len(unknown) > _MOST_KINDS or (unknown and not other and strange > 1 - _KNOWN):
            if column.required:
                return _refuse(fit, Message("init.lacks.kinds", {"column": name}))
            columns = {ours: theirs for ours, theirs in fit.columns.items() if ours != column.name}
            fit = replace(fit, columns=columns)
            told.append(Message("init.no_kinds", {"column": name, "values": unknown[:5]}))
            continue
        found = {value: ours or other for value, (ours, _) in meant.items()}
        kinds |= {value: ours for value, ours in found.items() if ours and value != ours}
        told += _tell_kinds(name, meant, other)
    fit = replace(fit, kinds=kinds, told=(*fit.told, *told))
    return replace(fit, score=fit.score + _say_actors(peek, table, words))


def _tell_kinds(column: str, meant: Mapping[str, tuple[str, bool]], other: str) -> list[Message]:
    ends = [value for value, (ours, whole) in meant.items() if ours and not whole]
    unknown = [value for value, (ours, _) in meant.items() if not ours]
    told = []
    if ends:
        told.append(Message("init.kinds_by_ending", {"column": column, "values": ends[:8]}))
    if unknown:
        found = {"column": column, "values": unknown[:8], "other": other or "-"}
        told.append(Message("init.kinds_unknown", found))
    return told


def _share(peek: Peek, column: str, values: list[str]) -> float:
    cells = peek.rows[column].combine_chunks().drop_null()
    if not values or not len(cells):
        return 0.0
    return (pc.sum(pc.is_in(cells, pa.array(values, pa.string()))).as_py() or 0) / len(cells)


def _say_actors(peek: Peek, table: Table, words: Words) -> float:
    """Return what a column of kinds of actors says for or against a table of actors."""
    if table.name not in ACTORS:
        return 0.0
    names = {plain(name): name for name in peek.columns}
    column = next((names[w] for w in words.of("institutes", "kind") if w in names), "")
    if not column:
        return 0.0
    meant = {
        value: understand(value, words.kinds["actor"])[0] for value in list_values(peek, column)
    }
    firms = _share(peek, column, [value for value, ours in meant.items() if ours == "firm"])
    others = _share(peek, column, [v for v, ours in meant.items() if ours not in {"firm", ""}])
    only_firms, not_only = _KIND * (firms >= _MOSTLY), _KIND * (others > 1 - _MOSTLY)
    own = {"firms": only_firms - not_only, "institutes": not_only - only_firms}
    return own.get(table.name, not_only)  # partners abroad are firms or not
