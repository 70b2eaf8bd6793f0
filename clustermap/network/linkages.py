"""Linkages: kinds, and how rows of pairs, projects or documents become coded edges.

Every link is counted once. An edge is a pair of actors by their positions in the register, its
kind, its year, the independent unit that it comes from, and its share in whole units of 1e-9.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clustermap.checks import Checked, quote_rows
from clustermap.layers.actors import AMBIGUOUS_NAME, UNKNOWN, UNKNOWN_NAME
from clustermap.tables import ACTOR_TYPES, KINDS, SHARE_UNIT

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from clustermap.layers.actors import Register

DIRECTED_KINDS = frozenset({"transfer", "mobility"})
"""Kinds whose direction carries meaning, unless the project file says otherwise."""

EDGES = pa.schema(
    [
        ("a", pa.int32()),
        ("b", pa.int32()),
        ("kind", pa.uint8()),
        ("directed", pa.bool_()),
        ("year", pa.int16()),
        ("unit", pa.int32()),
        ("share", pa.int64()),
    ]
)
"""Coded edges: positions of the two actors, kind, year (0: none), unit (-1: none), share (1e-9)."""

NOT_FOUND = {
    UNKNOWN: "unknown_actor",
    AMBIGUOUS_NAME: "ambiguous_name",
    UNKNOWN_NAME: "unknown_name",
}
"""Why an end is none of the actors, by what the register says of it."""

NO_YEAR = 0
NO_UNIT = -1
_PAIRS_A_BATCH = 2_000_000

_Code = TypeVar("_Code", bound=np.integer)
_FIRM, _UNIVERSITY, _PUBLIC, _HOSPITAL, _SUPPORT, _OTHER = range(len(ACTOR_TYPES))
_CODE = {kind: code for code, kind in enumerate(KINDS)}
_IS_DIRECTED = np.array([kind in DIRECTED_KINDS for kind in KINDS])


@dataclass(frozen=True)
class Reading:
    """How the rows of a table of linkages are to be read.

    Parameters
    ----------
    kind
        Kind of every row; "" to take it from the column ``kind`` or, where that is empty, from the
        actor types of the ends.
    directed
        Whether direction carries meaning; None for the kind's own way.
    since, until
        First and last year that counts; None: open. Rows without a year are kept.
    """

    kind: str = ""
    directed: bool | None = None
    since: int | None = None
    until: int | None = None


@dataclass(frozen=True)
class Coded:
    """Rows of linkages as numbers.

    Parameters
    ----------
    rows
        EDGES (pairs) or MEMBERSHIPS (projects).
    faults
        FAULTS: rows whose ends are unknown or the same.
    left_out
        Rows outside the years that count.
    """

    rows: pa.Table
    faults: pa.Table
    left_out: int


def derive_kinds(
    first: npt.NDArray[np.uint8], second: npt.NDArray[np.uint8]
) -> npt.NDArray[np.uint8]:
    """Return the kind that follows from the types of the two ends.

    One end S makes it support; else one end U, G or H makes it research; else it is firm_firm.

    Parameters
    ----------
    first, second
        uint8; actor types.

    Returns
    -------
    np.ndarray
        uint8; position in KINDS.
    """
    support = (first == _SUPPORT) | (second == _SUPPORT)
    institutes = (_UNIVERSITY, _PUBLIC, _HOSPITAL)
    research = np.isin(first, institutes) | np.isin(second, institutes)
    kinds = np.where(support, _CODE["support"], np.where(research, _CODE["research"], 0))
    return kinds.astype(np.uint8)


def fits_kind(
    kind: npt.NDArray[np.uint8], first: npt.NDArray[np.uint8], second: npt.NDArray[np.uint8]
) -> npt.NDArray[np.bool_]:
    """Return whether the ends of an edge are of the types that its kind speaks of.

    Parameters
    ----------
    kind
        uint8; position in KINDS.
    first, second
        uint8; actor types of the ends.

    Returns
    -------
    np.ndarray
        bool; firm_firm wants two firms, research one U, G or H, support one S.
    """
    institutes = (_UNIVERSITY, _PUBLIC, _HOSPITAL)
    research = np.isin(first, institutes) | np.isin(second, institutes)
    support = (first == _SUPPORT) | (second == _SUPPORT)
    firms = (first == _FIRM) & (second == _FIRM)
    needs = {"firm_firm": firms, "research": research, "support": support}
    misfits = [(kind == _CODE[name]) & ~held for name, held in needs.items()]
    return np.asarray(~np.logical_or.reduce(misfits), dtype=bool)


def _years(rows: pa.Table) -> npt.NDArray[np.int16]:
    if "year" not in rows.column_names:
        return np.full(rows.num_rows, NO_YEAR, dtype=np.int16)
    filled = pc.fill_null(rows["year"].combine_chunks(), NO_YEAR)
    return np.asarray(filled.to_numpy(zero_copy_only=False), dtype=np.int16)


def _kinds(rows: pa.Table, reading: Reading) -> npt.NDArray[np.uint8]:
    """Return the stated kind of each row; len(KINDS) where none is stated."""
    if reading.kind:
        return np.full(rows.num_rows, _CODE[reading.kind], dtype=np.uint8)
    if "kind" not in rows.column_names:
        return np.full(rows.num_rows, len(KINDS), dtype=np.uint8)
    at = pc.index_in(rows["kind"].combine_chunks(), value_set=pa.array(KINDS))
    filled = pc.fill_null(at, len(KINDS)).to_numpy(zero_copy_only=False)
    return np.asarray(filled, dtype=np.uint8)


def _in_years(year: npt.NDArray[np.int16], reading: Reading) -> npt.NDArray[np.bool_]:
    since = -(2**15) if reading.since is None else reading.since
    until = 2**15 if reading.until is None else reading.until
    return np.asarray((year == NO_YEAR) | ((year >= since) & (year <= until)), dtype=bool)


def _directed(kind: npt.NDArray[np.uint8], reading: Reading) -> npt.NDArray[np.bool_]:
    if reading.directed is not None:
        return np.full(len(kind), reading.directed)
    return np.asarray(_IS_DIRECTED[kind])


def code_pairs(table: str, checked: Checked, register: Register, reading: Reading) -> Coded:
    """Turn rows of pairs into coded edges.

    Parameters
    ----------
    table
        Name of the table, for the faults.
    checked
        Typed rows of the table PAIRS.
    register
        Every actor known.
    reading
        How the rows are to be read.

    Returns
    -------
    Coded
        Edges, and rows with unknown or equal ends set aside.
    """
    rows = checked.rows
    a, b = (register.find(rows[end].combine_chunks()) for end in ("source", "target"))
    bad = (a < 0) | (b < 0) | (a == b)
    faults = [checked.faults, *(_quote_ends(table, rows, a, b) if bad.any() else [])]
    year = _years(rows)
    counted = ~bad & _in_years(year, reading)
    left_out = int((~bad & ~counted).sum())
    kind, share = _kinds(rows, reading), _weights(rows)
    if not counted.all():
        a, b, year = a[counted], b[counted], year[counted]
        kind, share = kind[counted], share[counted]
    kind = _settle_kinds(kind, a, b, register)
    edges = _build_edges(a, b, kind, _directed(kind, reading), year, None, share)
    return Coded(edges, pa.concat_tables(faults), left_out)


def _quote_ends(
    table: str, rows: pa.Table, a: npt.NDArray[np.int32], b: npt.NDArray[np.int32]
) -> Iterator[pa.Table]:
    """Yield the rows with ends that are not found or the same, each with its first fault."""
    told = np.zeros(rows.num_rows, dtype=bool)
    for column, mask, reason in (
        *(("source", a == code, reason) for code, reason in NOT_FOUND.items()),
        *(("target", b == code, reason) for code, reason in NOT_FOUND.items()),
        ("source", a == b, "self_link"),
    ):
        yield quote_rows(table, rows, mask & ~told, column=column, reason=reason)
        told |= mask


def _settle_kinds(
    kind: npt.NDArray[np.uint8],
    a: npt.NDArray[np.int32],
    b: npt.NDArray[np.int32],
    register: Register,
) -> npt.NDArray[np.uint8]:
    """Return the kinds as stated; those that are not stated follow from the ends."""
    open_ = np.flatnonzero(kind == len(KINDS))
    if len(open_):
        kind = kind.copy()
        kind[open_] = derive_kinds(register.types[a[open_]], register.types[b[open_]])
    return kind


def _weights(rows: pa.Table) -> npt.NDArray[np.int64]:
    if "weight" not in rows.column_names:
        return np.full(rows.num_rows, SHARE_UNIT)
    filled = pc.fill_null(rows["weight"].combine_chunks(), SHARE_UNIT)
    return np.asarray(filled.to_numpy(zero_copy_only=False))


def _build_edges(
    a: npt.NDArray[np.int32],
    b: npt.NDArray[np.int32],
    kind: npt.NDArray[np.uint8],
    directed: npt.NDArray[np.bool_],
    year: npt.NDArray[np.int16],
    unit: npt.NDArray[np.int32] | None,
    share: npt.NDArray[np.int64],
) -> pa.Table:
    units = np.full(len(a), NO_UNIT, dtype=np.int32) if unit is None else unit
    columns = (a, b, kind, directed, year, units, share)
    return pa.table(
        [pa.array(c).cast(f.type) for c, f in zip(columns, EDGES, strict=True)], schema=EDGES
    )


@dataclass(frozen=True)
class Participations:
    """Who takes part in which project or document, as numbers, ordered by it.

    Parameters
    ----------
    unit, actor
        int32; project or document, and position of the participant.
    kind
        uint8; stated kind, len(KINDS) where none is stated.
    year
        int16; NO_YEAR where none is given.
    listed
        int32 per unit; participants listed, unknown ones included: shares are 1/(listed - 1).
    """

    unit: npt.NDArray[np.int32]
    actor: npt.NDArray[np.int32]
    kind: npt.NDArray[np.uint8]
    year: npt.NDArray[np.int16]
    listed: npt.NDArray[np.int32]


def code_participations(
    table: str, checked: Checked, register: Register, reading: Reading, by: str = "project"
) -> tuple[Participations, pa.Table, int]:
    """Turn rows of projects or documents into coded participations.

    A project whose rows state several kinds or years takes the first stated, in order of the file.

    Parameters
    ----------
    table
        Name of the table, for the faults.
    checked
        Typed rows of the table PROJECTS or DOCUMENTS, all of them.
    register
        Every actor known.
    reading
        How the rows are to be read.
    by
        Column of the unit: "project" or "document".

    Returns
    -------
    tuple
        Participations; FAULTS (unknown and repeated participants); rows outside the years.
    """
    rows = checked.rows
    unit = np.asarray(pc.dictionary_encode(rows[by].combine_chunks()).indices)
    year = _one_a_unit(unit, _years(rows), NO_YEAR)
    kind = _one_a_unit(unit, _kinds(rows, reading), len(KINDS))
    actor = register.find(rows["participant"].combine_chunks())
    once = _first_of_each(rows, by, actor)
    counted = _in_years(year, reading)
    bad = counted & (~once | (actor < 0))
    faults = [
        quote_rows(table, rows, counted & mask, column="participant", reason=reason)
        for mask, reason in (
            (~once, "repeated_participant"),
            *((once & (actor == code), reason) for code, reason in NOT_FOUND.items()),
        )
    ]
    listed = np.bincount(unit[once], minlength=int(unit.max(initial=-1)) + 1).astype(np.int32)
    kept = np.flatnonzero(counted & ~bad)
    order = kept[np.lexsort((actor[kept], unit[kept]))]
    coded = Participations(unit[order], actor[order], kind[order], year[order], listed)
    return coded, pa.concat_tables([checked.faults, *faults]), int((~counted).sum())


def _first_of_each(rows: pa.Table, by: str, actor: npt.NDArray[np.int32]) -> npt.NDArray[np.bool_]:
    """Return which rows name a participant of a unit for the first time, however it is spelt."""
    unit, text = (
        np.asarray(pc.dictionary_encode(rows[name].combine_chunks()).indices, dtype=np.int64)
        for name in (by, "participant")
    )
    who = np.where(actor >= 0, actor, actor.max(initial=0) + 1 + text)
    key = unit * (who.max(initial=0) + 1) + who
    once = np.zeros(rows.num_rows, dtype=bool)
    once[np.unique(key, return_index=True)[1]] = True
    return once


def _one_a_unit(
    unit: npt.NDArray[np.int32], values: npt.NDArray[_Code], none: int
) -> npt.NDArray[_Code]:
    """Return for every row the first value stated in its unit."""
    stated = np.flatnonzero(values != none)
    units, first = np.unique(unit[stated], return_index=True)
    chosen = np.full(int(unit.max(initial=-1)) + 1, none, dtype=values.dtype)
    chosen[units] = values[stated[first]]
    return chosen[unit]


def expand_projects(projects: Participations, register: Register) -> Iterator[pa.Table]:
    """Turn projects into the pairs of their participants, some projects at a time.

    Each pair of k participants gets the share 1/(k - 1), so that every participant hands out one.
    A project stays whole within a batch. Who takes part in a project stands on no side of it, so
    that no kind has a direction here.

    Parameters
    ----------
    projects
        Participations, ordered by project.
    register
        Every actor known.

    Yields
    ------
    pa.Table
        EDGES.
    """
    starts = np.flatnonzero(np.diff(projects.unit, prepend=-1))
    sizes = np.diff(np.append(starts, len(projects.unit)))
    pairs = np.cumsum(sizes * (sizes - 1) // 2)
    batch = np.searchsorted(pairs, np.arange(0, pairs[-1] if len(pairs) else 0, _PAIRS_A_BATCH))
    bounds = np.unique(np.append(batch, len(starts)))
    for first, last in pairwise(bounds):
        yield _expand(projects, starts[first:last], sizes[first:last], register)


def _expand(
    projects: Participations,
    starts: npt.NDArray[np.int64],
    sizes: npt.NDArray[np.int64],
    register: Register,
) -> pa.Table:
    lefts, rights = [], []
    for size in np.unique(sizes[sizes > 1]):
        i, j = np.triu_indices(size, k=1)
        begin = starts[sizes == size][:, None]
        lefts.append((begin + i).ravel())
        rights.append((begin + j).ravel())
    left = np.concatenate([*lefts, np.zeros(0, dtype=np.int64)])
    right = np.concatenate([*rights, np.zeros(0, dtype=np.int64)])
    a, b, unit = projects.actor[left], projects.actor[right], projects.unit[left]
    kind = _settle_kinds(projects.kind[left], a, b, register)
    share = np.rint(SHARE_UNIT / (projects.listed[unit] - 1)).astype(np.int64)
    directed = np.zeros(len(kind), dtype=bool)
    return _build_edges(a, b, kind, directed, projects.year[left], unit, share)
