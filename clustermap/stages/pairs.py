"""Pairs: a chunk of a table of pairs, from its file to counts; the same on every engine."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from importlib.metadata import version
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa

from clustermap.checks import FAULTS, Checked, check_chunk
from clustermap.engine import Part
from clustermap.layers.names import WAYS, NamedRegister
from clustermap.network.edges import EDGE_TYPES, Edges, code_edges, no_edges, sort_edges
from clustermap.network.linkages import EDGES, Reading, code_pairs, fits_kind
from clustermap.network.running import PACKED
from clustermap.network.sums import merge_rows
from clustermap.sources.files import hash_chunk, read_chunks
from clustermap.stages.gauge import open_gauge
from clustermap.stages.observing import LinkCounts
from clustermap.stages.rows import note_dialect
from clustermap.tables import SHARE_UNIT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from clustermap.layers.actors import Register
    from clustermap.project import Linkage
    from clustermap.sources.files import FileSource, Item
    from clustermap.stages.gauge import Gauge
    from clustermap.tables import Table

ENDS = ("source", "target")
"""Columns of a table of pairs that hold actors."""

READ, KEPT, LEFT_OUT, LINKS, MISFITS, LARGEST = (
    *("read", "kept", "left_out", "links", "misfits", "largest"),
)
_TOLD = "told:"
EDGE_LIST = "edges"
_FAULTS, _LINKED = "faults", "linked"
_NOT_COUNTED = (EDGE_LIST, _FAULTS, _LINKED)


def how_to_read(linkage: Linkage) -> Reading:
    """Return how the rows of a table of linkages are to be read.

    Parameters
    ----------
    linkage
        Its section of the project file.

    Returns
    -------
    Reading
        Kind, direction and years.
    """
    return Reading(linkage.kind or "", linkage.directed, linkage.since, linkage.until)


def count_ways(rows: pa.Table, columns: Sequence[str], register: Register) -> Counter[str]:
    """Return how many ends of linkages were found by their names, by way.

    Parameters
    ----------
    rows
        Typed rows of a table of linkages.
    columns
        Columns that hold actors.
    register
        Where they are looked up.

    Returns
    -------
    Counter
        "names_" and the way to the number of ends; empty where identifiers are looked up.
    """
    found = Counter[str]()
    if isinstance(register, NamedRegister):
        for column in columns:
            way = register.find_ways(rows[column].combine_chunks())[1]
            found.update({f"names_{name}": int((way == at).sum()) for at, name in enumerate(WAYS)})
    return found


class Terms(NamedTuple):
    """How a table of pairs is read.

    Parameters
    ----------
    table
        Its declaration.
    kinds
        The user's words for kinds.
    reading
        Kind, direction and years.
    """

    table: Table
    kinds: Mapping[str, str]
    reading: Reading


def read_terms(table: Table, linkage: Linkage) -> Terms:
    """Return how a table of pairs is read.

    Parameters
    ----------
    table
        Its declaration.
    linkage
        Its section of the project file.

    Returns
    -------
    Terms
        See there.
    """
    return Terms(table, dict(linkage.kinds), how_to_read(linkage))


def check_item(terms: Terms, item: Item) -> tuple[Checked, dict[str, int]]:
    """Type the rows of a chunk.

    Parameters
    ----------
    terms
        How it is read.
    item
        What a reader gave.

    Returns
    -------
    tuple
        Rows and faults; numbers for the ledger.
    """
    if isinstance(item, pa.Table):
        nothing = pa.table({name: pa.nulls(0, pa.string()) for name in ENDS})
        return Checked(nothing, item), {READ: item.num_rows}
    told = {_TOLD + fact: rows for fact, rows in note_dialect(item).items()}
    return check_chunk(terms.table, item, terms.kinds), {READ: item.rows.num_rows, **told}


def code_checked(
    terms: Terms, checked: Checked, register: Register
) -> tuple[pa.Table, pa.Table, dict[str, int]]:
    """Turn typed rows of pairs into coded edges.

    Parameters
    ----------
    terms
        How they are read.
    checked
        Rows and faults.
    register
        Where their ends are looked up.

    Returns
    -------
    tuple
        EDGES, FAULTS, and numbers for the ledger.
    """
    ways = {_TOLD + way: ends for way, ends in count_ways(checked.rows, ENDS, register).items()}
    if not checked.rows.num_rows:
        return no_rows(), checked.faults, ways
    coded = code_pairs(terms.table.name, checked, register, terms.reading)
    facts = {KEPT: coded.rows.num_rows, LEFT_OUT: coded.left_out, **ways}
    return coded.rows, coded.faults, facts


def no_rows() -> pa.Table:
    """Return a table of edges without any.

    Returns
    -------
    pa.Table
        EDGES.
    """
    return EDGES.empty_table()


class Tallied(NamedTuple):
    """What some rows of pairs were reduced to, where they were read.

    Parameters
    ----------
    counts
        By boundary.
    marks
        Who is linked: actor (int32), kinds (uint8; a bit for each kind), one row an actor.
    edges
        The links themselves, in the order of the rows.
    faults
        FAULTS.
    facts
        Numbers for the ledger.
    """

    counts: LinkCounts
    marks: pa.Table
    edges: Edges
    faults: pa.Table
    facts: Mapping[str, int]

    def pack(self) -> Part:
        """Return the same as tables, without the links themselves.

        Returns
        -------
        Part
            For :meth:`unpack`, and to be added to others.
        """
        tables = {**self.counts.pack(), _LINKED: self.marks, _FAULTS: self.faults}
        return Part(tables, {**self.facts, LINKS: self.counts.links})

    @classmethod
    def unpack(cls, part: Part, gauge: Gauge) -> Tallied:
        """Return what a part holds.

        Parameters
        ----------
        part
            From :meth:`pack`, or of several added up.
        gauge
            What its links were counted by.

        Returns
        -------
        Tallied
            Without edges.
        """
        counts = LinkCounts(gauge)
        counts.add(part.tables, part.facts[LINKS])
        return cls(counts, part.tables[_LINKED], no_edges(), part.tables[_FAULTS], part.facts)

    def read_told(self) -> dict[str, int]:
        """Return what is to be told of how rows were read.

        Returns
        -------
        dict
            For the ledger.
        """
        told = self.facts.items()
        return {name.removeprefix(_TOLD): rows for name, rows in told if name.startswith(_TOLD)}

    def mark(self, marks: npt.NDArray[np.uint8]) -> None:
        """Enter who is linked.

        Parameters
        ----------
        marks
            uint8, one entry an actor: a bit for each kind; changed in place.
        """
        actor, kinds = (self.marks[name].to_numpy() for name in ("actor", "kinds"))
        marks[actor] |= kinds


def tally_edges(
    edges: pa.Table, gauge: Gauge, faults: pa.Table, facts: Mapping[str, int]
) -> Tallied:
    """Reduce edges of pairs.

    Parameters
    ----------
    edges
        EDGES.
    gauge
        What they are counted by.
    faults
        FAULTS of the rows that they come from.
    facts
        What else is to be told of these rows.

    Returns
    -------
    Tallied
        See there.
    """
    counts = LinkCounts(gauge)
    counts.take(edges)
    types = gauge.registers["drawn"].types
    kind = edges["kind"].to_numpy()
    ends = [edges[end].to_numpy() for end in ("a", "b")]
    misfits = int((~fits_kind(kind, *(types[end] for end in ends))).sum())
    largest = int(edges["share"].to_numpy().max(initial=SHARE_UNIT))
    found = {**facts, MISFITS: misfits, LARGEST: largest}
    return Tallied(counts, _mark(ends, kind), code_edges(edges), faults, found)


def _mark(ends: Sequence[npt.NDArray[np.int32]], kind: npt.NDArray[np.uint8]) -> pa.Table:
    """Return which actors have links, a bit of ``kinds`` for each kind."""
    actor = np.concatenate(ends).astype(np.int64) << 8 | np.tile(kind, 2)
    actor.sort()  # faster than np.unique, which hashes
    return _join_marks(actor >> 8, np.left_shift(1, actor & 255).astype(np.uint8))


def _join_marks(actor: npt.NDArray[np.int64], kinds: npt.NDArray[np.uint8]) -> pa.Table:
    """Return marks of one row an actor; ``actor`` is sorted."""
    if not len(actor):
        return pa.table({"actor": np.zeros(0, np.int32), "kinds": np.zeros(0, np.uint8)})
    first = np.flatnonzero(np.concatenate([[True], np.diff(actor) != 0]))
    joined = np.bitwise_or.reduceat(kinds, first)
    return pa.table({"actor": actor[first].astype(np.int32), "kinds": joined})


def read_edges(part: Part) -> Edges:
    """Return the edges of a part.

    Parameters
    ----------
    part
        From :meth:`PairsJob.tally`.

    Returns
    -------
    Edges
        Sorted.
    """
    listed = part.tables[EDGE_LIST]
    return Edges(**{name: listed[name].to_numpy() for name in EDGE_TYPES})


def tally_item(terms: Terms, gauge: Gauge, register: Register, item: Item) -> Tallied:
    """Reduce some rows of pairs as a reader gives them.

    Parameters
    ----------
    terms
        How they are read.
    gauge
        What links are counted by.
    register
        Where their ends are looked up.
    item
        Rows.

    Returns
    -------
    Tallied
        With faults and numbers for the ledger.
    """
    checked, read = check_item(terms, item)
    edges, faults, found = code_checked(terms, checked, register)
    return tally_edges(edges, gauge, faults, {**read, **found})


def merge_parts(parts: Sequence[Part]) -> Part:
    """Add parts up; lists of edges stay where they are.

    Parameters
    ----------
    parts
        From :meth:`Tallied.pack`, or added up already.

    Returns
    -------
    Part
        The same for every order and grouping, but for the order of faults.
    """
    counted = [name for name in parts[0].tables if name not in _NOT_COUNTED]
    tables = {name: merge_rows([part.tables[name] for part in parts], [PACKED]) for name in counted}
    marks = pa.concat_tables([part.tables[_LINKED] for part in parts])
    actor, kinds = (marks[name].to_numpy() for name in ("actor", "kinds"))
    order = np.argsort(actor, kind="stable")
    tables[_LINKED] = _join_marks(actor[order].astype(np.int64), kinds[order])
    tables[_FAULTS] = pa.concat_tables([part.tables[_FAULTS] for part in parts])
    facts = Counter[str]()
    for part in parts:
        facts.update({name: n for name, n in part.facts.items() if name != LARGEST})
    return Part(tables, {**facts, LARGEST: max(part.facts[LARGEST] for part in parts)})


@dataclass(frozen=True)
class PairsJob:
    """What workers do with the chunks of a table of pairs.

    Parameters
    ----------
    terms
        How it is read.
    side
        Where the gauge is, from write_gauge.
    """

    terms: Terms
    side: Path

    def name(self, chunk: FileSource) -> str:
        """Return a name that follows from the bytes of a chunk and all that is done with them.

        Parameters
        ----------
        chunk
            A file, or a row group of it.

        Returns
        -------
        str
            64 hexadecimal digits.
        """
        said = {
            "columns": dict(chunk.columns),
            "how": [chunk.encoding, chunk.delimiter, chunk.dialect, chunk.layer, chunk.group],
            "file": chunk.paths[0].name,  # faults name it
            "table": self.terms.table.name,
            "kinds": dict(self.terms.kinds),
            "reading": repr(self.terms.reading),
            "side": self.side.name,
            "versions": [version(name) for name in ("clustermap", "numpy", "pyarrow")],
        }
        found = hashlib.sha256(json.dumps(said, sort_keys=True).encode())
        found.update(hash_chunk(chunk))
        return found.hexdigest()

    def tally(self, chunk: FileSource) -> Part:
        """Reduce a chunk.

        Parameters
        ----------
        chunk
            A file, or a row group of it.

        Returns
        -------
        Part
            As :meth:`Tallied.pack`, and the edges, sorted.
        """
        gauge = _open_once(self.side)
        register = gauge.registers["drawn"]
        tally = partial(tally_item, self.terms, gauge, register)
        parts, listed = [tally(FAULTS.empty_table()).pack()], []
        for item in read_chunks(chunk):
            tallied = tally(item)
            parts.append(tallied.pack())
            listed.append(tallied.edges)
        whole = merge_parts(parts)
        edges = pa.table(sort_edges(listed).columns())
        return replace(whole, tables={**whole.tables, EDGE_LIST: edges})

    def merge(self, parts: Sequence[Part]) -> Part:
        """Add parts up.

        Parameters
        ----------
        parts
            Of some chunks.

        Returns
        -------
        Part
            Without edges.
        """
        return merge_parts(parts)


@lru_cache(maxsize=1)
def _open_once(side: Path) -> Gauge:
    return open_gauge(side)
