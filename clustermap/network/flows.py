"""Flows: links between cells by kind and channel, in whole numbers that merge.

The null model is held against flows by distance over all years; what is told of them is told by
year. No one needs both at once, and a table by both would be larger than the two together.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa

from clustermap.network.linkages import NO_UNIT, NO_YEAR
from clustermap.network.running import Key, Keys
from clustermap.network.sums import merge_rows, order_rows, sum_rows
from clustermap.tables import ACTOR_TYPES, KINDS, SHARE_UNIT

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from clustermap.layers.actors import Register
    from clustermap.layers.cells import Cells
    from clustermap.network.space import Space

_TYPES = len(ACTOR_TYPES)
_Whole = TypeVar("_Whole", bound=np.signedinteger)
UNORDERED = [code * _TYPES + code for code in range(_TYPES)]
"""Codes of channels that have no direction: within one type, of a kind without one."""

_PLACES = ["source", "target", "kind", "channel"]
_BY_BAND = [*_PLACES, "band"]
_BY_YEAR = [*_PLACES, "year"]


def channel_name(code: int) -> str:
    """Return the name of a channel.

    Parameters
    ----------
    code
        As in count_flows.

    Returns
    -------
    str
        "firm-university" where the channel joins, "firm>university" where it leads.
    """
    directed, types = divmod(code, _TYPES**2)
    first, second = divmod(types, _TYPES)
    return f"{ACTOR_TYPES[first]}{'>' if directed else '-'}{ACTOR_TYPES[second]}"


@dataclass(frozen=True)
class Oriented:
    """Edges turned as their channels lead.

    Parameters
    ----------
    a, b
        int32; positions of the first and the second actor.
    source, target
        int32; their cells.
    kind
        uint8; position in KINDS.
    channel
        uint8; as in channel_name.
    credit
        int64; 1e-9: one for a pair, its share for a pair of a project's or document's participants.
    """

    a: npt.NDArray[np.int32]
    b: npt.NDArray[np.int32]
    source: npt.NDArray[np.int32]
    target: npt.NDArray[np.int32]
    kind: npt.NDArray[np.uint8]
    channel: npt.NDArray[np.uint8]
    credit: npt.NDArray[np.int64]

    def part(self, rows: npt.NDArray[np.bool_]) -> Oriented:
        """Return some of the edges.

        Parameters
        ----------
        rows
            Which.

        Returns
        -------
        Oriented
            Those edges.
        """
        return Oriented(*(getattr(self, field.name).compress(rows) for field in fields(self)))


def orient(edges: pa.Table, register: Register) -> Oriented:
    """Turn edges as their channels lead.

    A channel of two actor types runs from the first type to the second; a channel within one type
    has no direction unless its kind is directed, and is turned by the codes of its cells.

    Parameters
    ----------
    edges
        EDGES.
    register
        Types and cells of the actors.

    Returns
    -------
    Oriented
        One entry an edge.
    """
    a, b, kind, directed, unit, share = (
        edges[name].to_numpy() for name in ("a", "b", "kind", "directed", "unit", "share")
    )
    # Type and cell in one number: it is smaller for the end that comes first.
    place, bits = register.typed_cells
    one, other = place.take(a), place.take(b)
    turn = ~directed & (one > other)
    (a, b), (one, other) = exchange(a, b, turn), exchange(one, other, turn)
    first, second = ((end >> bits).astype(np.uint8) for end in (one, other))
    source, target = (end & ((1 << bits) - 1) for end in (one, other))
    channel = directed * np.uint8(_TYPES**2) + first * np.uint8(_TYPES) + second
    credit = np.where(unit == NO_UNIT, SHARE_UNIT, share)
    return Oriented(a, b, source, target, kind, channel, credit)


def exchange(
    one: npt.NDArray[_Whole], other: npt.NDArray[_Whole], turn: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[_Whole], npt.NDArray[_Whole]]:
    """Exchange the entries of two columns where asked.

    By bits, without asking for every entry: where it is a toss-up that takes several times as long.

    Parameters
    ----------
    one, other
        Whole numbers of one type.
    turn
        Where.

    Returns
    -------
    tuple
        Both columns.

    Examples
    --------
    >>> one, other = np.array([1, 2]), np.array([3, 4])
    >>> [column.tolist() for column in exchange(one, other, np.array([True, False]))]
    [[3, 2], [1, 4]]
    """
    moved = (one ^ other) & -turn.astype(one.dtype)
    turned = one ^ moved, other ^ moved
    return np.asarray(turned[0], one.dtype), np.asarray(turned[1], other.dtype)


def count_flows(edges: pa.Table, register: Register, space: Space) -> pa.Table:
    """Count links between cells by distance, over all years.

    Parameters
    ----------
    edges
        EDGES.
    register
        Types, cells and places of the actors.
    space
        Distances between the cells.

    Returns
    -------
    pa.Table
        source, target (int32 cells), kind (uint8), channel (uint8), band (uint8; bin of the
        distance), credit (int64); one row a combination.
    """
    turned = orient(edges, register)
    bands = space.find_bands(turned.a, turned.b, register)
    return sum_rows(pa.table(list_flows(turned, bands)), _BY_BAND)


def list_flows(turned: Oriented, bands: npt.NDArray[np.uint8]) -> dict[str, npt.NDArray[Any]]:
    """Return every link as a row of flows by distance.

    Parameters
    ----------
    turned, bands
        From :func:`orient` and :meth:`Space.find_bands`.

    Returns
    -------
    dict
        The columns of :func:`count_flows`, before they are added up.
    """
    return {**_place(turned), "band": bands, "credit": turned.credit}


def count_yearly(edges: pa.Table, register: Register) -> pa.Table:
    """Count links between cells by year.

    Parameters
    ----------
    edges
        EDGES.
    register
        Types and cells of the actors.

    Returns
    -------
    pa.Table
        source, target (int32 cells), kind (uint8), channel (uint8), year (int16), links, weight
        (int64); one row a combination.
    """
    turned = orient(edges, register)
    return sum_rows(pa.table(list_yearly(edges, turned)), _BY_YEAR)


def list_yearly(edges: pa.Table, turned: Oriented) -> dict[str, npt.NDArray[Any]]:
    """Return every link as a row of flows by year.

    Parameters
    ----------
    edges
        EDGES.
    turned
        The same, from :func:`orient`.

    Returns
    -------
    dict
        The columns of :func:`count_yearly`, before they are added up.
    """
    return {
        **_place(turned),
        "year": edges["year"].to_numpy(),
        "links": np.ones(edges.num_rows, dtype=np.int64),
        "weight": edges["share"].to_numpy(),
    }


def keys_by_band(cells: int) -> Keys:
    """Return what tells flows by distance apart, for running sums.

    Parameters
    ----------
    cells
        Number of cells.

    Returns
    -------
    Keys
        The keys of :func:`count_flows`.
    """
    return Keys((*_place_keys(cells), Key("band", np.dtype(np.uint8), 256)))


def keys_by_year(cells: int) -> Keys:
    """Return what tells flows by year apart, for running sums.

    Parameters
    ----------
    cells
        Number of cells.

    Returns
    -------
    Keys
        The keys of :func:`count_yearly`.
    """
    return Keys((*_place_keys(cells), Key("year", np.dtype(np.int16), 2**16, -(2**15))))


def _place_keys(cells: int) -> list[Key]:
    ends = [Key(name, np.dtype(np.int32), cells) for name in _PLACES[:2]]
    return [*ends, *(Key(name, np.dtype(np.uint8), 256) for name in _PLACES[2:])]


def _place(turned: Oriented) -> dict[str, npt.NDArray[np.integer]]:
    return {name: getattr(turned, name) for name in _PLACES}


def merge_flows(flows: Sequence[pa.Table]) -> pa.Table:
    """Add flows up.

    Parameters
    ----------
    flows
        Results of count_flows, at least one.

    Returns
    -------
    pa.Table
        One table of the same form; the same for every order and grouping.
    """
    return merge_rows(flows, _BY_BAND)


def merge_yearly(flows: Sequence[pa.Table]) -> pa.Table:
    """Add flows by year up.

    Parameters
    ----------
    flows
        Results of count_yearly, at least one.

    Returns
    -------
    pa.Table
        One table of the same form; the same for every order and grouping.
    """
    return merge_rows(flows, _BY_YEAR)


def name_flows(flows: pa.Table, cells: Cells) -> pd.DataFrame:
    """Return flows with names instead of codes.

    Parameters
    ----------
    flows
        From merge_yearly.
    cells
        Names of the cells.

    Returns
    -------
    pd.DataFrame
        The table FLOWS, sorted by its key; names as categories, which sort as they do.
    """
    source, target, kind, channel, year = (flows[key].to_numpy() for key in _BY_YEAR)
    cell_names, ranks = _rank(cells.names)
    # A channel without direction is written in the order of the names, whatever the codes were.
    source, target = ranks[source], ranks[target]
    turn = (source > target) & np.isin(channel, UNORDERED)
    source, target = np.where(turn, target, source), np.where(turn, source, target)
    kind_names, kind_ranks = _rank(KINDS)
    channel_names, channel_ranks = _rank([channel_name(n) for n in range(2 * _TYPES**2)])
    kind, channel = kind_ranks[kind], channel_ranks[channel]
    last = np.where(year == NO_YEAR, np.iinfo(np.int16).max, year)
    order = order_rows([source, target, kind, channel, last])
    named = {
        "source": (source, cell_names),
        "target": (target, cell_names),
        "kind": (kind, kind_names),
        "channel": (channel, channel_names),
    }
    columns: dict[str, object] = {
        name: pd.Categorical.from_codes(codes[order], categories=names)
        for name, (codes, names) in named.items()
    }
    columns["year"] = pd.arrays.IntegerArray(year[order], last[order] != year[order])
    columns |= {name: flows[name].to_numpy()[order] for name in ("links", "weight")}
    return pd.DataFrame(columns, copy=False)


def _rank(names: Sequence[str]) -> tuple[pd.Index[str], npt.NDArray[np.int32]]:
    """Return names in their order, and the place of each by its code."""
    ranks = np.empty(len(names), dtype=np.int32)
    ranks[sorted(range(len(names)), key=names.__getitem__)] = np.arange(len(names))
    return pd.Index(sorted(names)), ranks


@dataclass(frozen=True)
class Presence:
    """Who takes part at all, and in how many independent units.

    Parameters
    ----------
    linked
        uint8, one entry an actor: a bit for each kind of which it has a link.
    units
        int64, shape (clusters, kinds): distinct projects with a link of the kind at the cluster.
    """

    linked: npt.NDArray[np.uint8]
    units: npt.NDArray[np.int64]


def mark_kind(kind: int) -> np.uint8:
    """Return the bit that stands for a kind.

    Parameters
    ----------
    kind
        Position in KINDS.

    Returns
    -------
    np.uint8
        A power of two.
    """
    return np.uint8(1 << int(kind))


def count_presence(edges: pa.Table, register: Register, cells: Cells) -> Presence:
    """Find the actors with links and count the projects of each cluster.

    Parameters
    ----------
    edges
        EDGES; all edges of a project in one chunk.
    register
        Cells of the actors.
    cells
        Which clusters hold which cells.

    Returns
    -------
    Presence
        Of this chunk; see merge_presence.
    """
    linked = np.zeros(len(register.cells), dtype=np.uint8)
    ends = [edges[name].to_numpy() for name in ("a", "b")]
    kind, unit = edges["kind"].to_numpy(), edges["unit"].to_numpy()
    for code in np.unique(kind):
        of_kind = kind == code
        for end in ends:
            linked[end[of_kind]] |= mark_kind(code)
    units = np.zeros((cells.clusters, len(KINDS)), dtype=np.int64)
    of_unit = unit != NO_UNIT
    if of_unit.any():
        rows = np.concatenate(
            [np.column_stack([unit, register.cells[e], kind])[of_unit] for e in ends]
        )
        distinct = pd.DataFrame(np.unique(rows, axis=0), columns=["unit", "cell", "kind"])
        held = pd.DataFrame({"cell": cells.held_cell, "cluster": cells.held_cluster})
        there = distinct.merge(held, on="cell").drop_duplicates(["unit", "cluster", "kind"])
        np.add.at(units, (there["cluster"].to_numpy(), there["kind"].to_numpy()), 1)
    return Presence(linked, units)


def merge_presence(one: Presence, other: Presence) -> Presence:
    """Join what two chunks say.

    Parameters
    ----------
    one, other
        Of chunks that share no project.

    Returns
    -------
    Presence
        Of both.
    """
    return Presence(one.linked | other.linked, one.units + other.units)
