"""Changed links: which rows and edges a what-if leaves out, and which it adds.

Links are read as they always are; what is changed of them is said here, at one place, and looked at
wherever they go by.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clustermap.layers.actors import UNKNOWN
from clustermap.layers.names import NamedRegister
from clustermap.network.linkages import (
    DIRECTED_KINDS,
    EDGES,
    NO_UNIT,
    NO_YEAR,
    fits_kind,
)
from clustermap.tables import ACTOR_TYPES, KINDS, SHARE_UNIT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from clustermap.checks import Checked
    from clustermap.layers.actors import Register

    Positions = npt.NDArray[np.int64]

_TYPES = len(ACTOR_TYPES)


def _no_ids() -> pa.Array:
    return pa.array([], pa.string())


@dataclass(frozen=True)
class ChangedLinks:
    """What is otherwise of the links of a run.

    Parameters
    ----------
    closed
        Identifiers of actors that are not there: no row that names one counts.
    removed
        Number of a table of linkages, from 1, to the positions of its edges that are left out;
        ascending, counted over all edges that its rows give.
    added
        EDGES beside those of the tables.
    """

    closed: pa.Array = field(default_factory=_no_ids)
    removed: Mapping[int, Positions] = field(default_factory=dict)
    added: pa.Table = field(default_factory=EDGES.empty_table)

    def drop_closed(
        self, checked: Checked, columns: Sequence[str], register: Register | None = None
    ) -> tuple[Checked, int]:
        """Leave the rows out that name a closed actor.

        Parameters
        ----------
        checked
            Typed rows of a table of linkages.
        columns
            Columns that hold actors.
        register
            Where these are looked up; None: by identifier.

        Returns
        -------
        tuple
            The rows that remain, and how many were left out.
        """
        if not len(self.closed):
            return checked, 0
        rows, gone = checked.rows, np.zeros(checked.rows.num_rows, dtype=bool)
        for column in columns:
            ends = rows[column].combine_chunks()
            if isinstance(register, NamedRegister):
                gone |= register.find(ends) == UNKNOWN
                continue
            names = pc.is_in(ends, value_set=self.closed)
            gone |= np.asarray(names.to_numpy(zero_copy_only=False), dtype=bool)
        return replace(checked, rows=rows.filter(pa.array(~gone)).combine_chunks()), int(gone.sum())

    def drop_removed(self, table: int, first: int, edges: pa.Table) -> pa.Table:
        """Leave the edges out that are removed.

        Parameters
        ----------
        table
            Number of the table of linkages, from 1.
        first
            Position of the first of these edges among all of the table.
        edges
            EDGES.

        Returns
        -------
        pa.Table
            EDGES that remain.
        """
        removed = self.removed.get(table)
        if removed is None:
            return edges
        start, stop = np.searchsorted(removed, [first, first + edges.num_rows])
        kept = np.ones(edges.num_rows, dtype=bool)
        kept[removed[start:stop] - first] = False
        return edges.filter(pa.array(kept))


NO_CHANGE = ChangedLinks()
"""Links as the tables give them."""


def match_edges(
    edges: pa.Table, one: npt.NDArray[np.bool_], other: npt.NDArray[np.bool_], kind: str
) -> npt.NDArray[np.bool_]:
    """Return which edges join two groups of actors, whichever way they lead.

    Parameters
    ----------
    edges
        EDGES.
    one, other
        bool; which actors of the register belong to each group.
    kind
        Kind of linkage; "" for every.

    Returns
    -------
    np.ndarray
        bool.
    """
    a, b = edges["a"].to_numpy(), edges["b"].to_numpy()
    matched = (one[a] & other[b]) | (other[a] & one[b])
    if kind:
        matched &= edges["kind"].to_numpy() == KINDS.index(kind)
    return np.asarray(matched, dtype=bool)


def count_possible(
    register: Register, one: Positions, other: Positions, kind: str
) -> npt.NDArray[np.int64]:
    """Count the pairs of actors that a link of a kind can join, by their types.

    Parameters
    ----------
    register
        All actors.
    one, other
        Positions of the actors of two groups.
    kind
        Kind of linkage.

    Returns
    -------
    np.ndarray
        int64, types x types: pairs of one actor from each group, never an actor with itself.

    Examples
    --------
    Two firms and a university; research needs the university.

    >>> from clustermap.layers.actors import Register
    >>> three = Register(pa.array(["f", "g", "u"]), np.array([0, 0, 1], np.uint8), np.zeros(3, int))
    >>> everyone = np.arange(3)
    >>> int(count_possible(three, everyone, everyone, "research").sum())
    4
    """
    sizes = [np.bincount(register.types[group], minlength=_TYPES) for group in (one, other)]
    pairs = np.outer(*sizes).astype(np.int64)
    both = np.bincount(register.types[np.intersect1d(one, other)], minlength=_TYPES)
    pairs[np.diag_indices(_TYPES)] -= both
    first, second = np.indices((_TYPES, _TYPES)).astype(np.uint8)
    kinds = np.full(first.shape, KINDS.index(kind), dtype=np.uint8)
    return np.where(fits_kind(kinds, first, second), pairs, 0)


@dataclass(frozen=True)
class Wanted:
    """Links that are to be added.

    Parameters
    ----------
    links
        How many.
    kind
        Kind of linkage.
    year
        Year; NO_YEAR for none.
    weight
        Weight of each.
    """

    links: int
    kind: str
    year: int = NO_YEAR
    weight: float = 1.0


def draw_links(
    register: Register,
    one: Positions,
    other: Positions,
    wanted: Wanted,
    seed: Sequence[int],
) -> pa.Table:
    """Draw links between two groups of actors, every pair that can have one as likely as another.

    Parameters
    ----------
    register
        All actors.
    one, other
        Positions of the actors of the two groups.
    wanted
        How many, and of what kind.
    seed
        Seed; the order of the actors changes nothing.

    Returns
    -------
    pa.Table
        EDGES from the first group to the second, each a unit of its own.

    Raises
    ------
    ValueError
        If no pair can have a link of this kind.
    """
    possible = count_possible(register, one, other, wanted.kind)
    if not possible.any():
        raise ValueError(f"no pair can have a link of kind {wanted.kind}")
    random = np.random.default_rng(list(seed))
    by_name = np.argsort(np.argsort(np.array(register.ids.to_pylist(), dtype=str), kind="stable"))
    groups = [
        [_of_type(register, group, code, by_name) for code in range(_TYPES)]
        for group in (one, other)
    ]
    chances = possible.ravel() / possible.sum()
    types = random.choice(_TYPES * _TYPES, size=wanted.links, p=chances)
    a, b = np.empty((2, wanted.links), dtype=np.int64)
    for at in np.unique(types):
        first, second = groups[0][at // _TYPES], groups[1][at % _TYPES]
        rows = np.flatnonzero(types == at)
        while len(rows):
            a[rows], b[rows] = random.choice(first, len(rows)), random.choice(second, len(rows))
            rows = rows[a[rows] == b[rows]]  # nobody is linked with himself
    kind, links = KINDS.index(wanted.kind), wanted.links
    columns = (
        a,
        b,
        np.full(links, kind),
        np.full(links, wanted.kind in DIRECTED_KINDS),
        np.full(links, wanted.year),
        np.full(links, NO_UNIT),
        np.full(links, round(wanted.weight * SHARE_UNIT)),
    )
    return pa.table(
        [pa.array(c).cast(f.type) for c, f in zip(columns, EDGES, strict=True)], schema=EDGES
    )


def _of_type(
    register: Register, group: Positions, code: int, by_name: npt.NDArray[np.intp]
) -> Positions:
    members = group[register.types[group] == code]
    return np.asarray(members[np.argsort(by_name[members])])
