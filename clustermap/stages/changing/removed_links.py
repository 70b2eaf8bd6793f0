"""Removed links: what was added last goes first, then as the seed draws."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa

from clustermap.errors import TableFault
from clustermap.messages import Message
from clustermap.network.changed import match_edges
from clustermap.stages.changing.names import find_group

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from clustermap.change import RemovedLinks
    from clustermap.network.changed import ChangedLinks
    from clustermap.stages.changing.altered import Setup
    from clustermap.stages.changing.edges import Passed

    Flags = npt.NDArray[np.bool_]
    Positions = npt.NDArray[np.int64]

_STREAM = 2  # of random numbers; added links have another


class Removal(NamedTuple):
    """Which links are removed: those of a kind between two groups of actors.

    Parameters
    ----------
    one, other
        One truth value an actor of the register.
    kind
        Kind of linkage; "" for all.
    """

    one: Flags
    other: Flags
    kind: str


@dataclass(frozen=True)
class Places:
    """Where edges stand.

    Parameters
    ----------
    table
        Numbers of tables of linkages.
    at
        Positions among all edges of these.
    """

    table: Positions
    at: Positions


def find_removals(setup: Setup) -> list[Removal]:
    """Return which links are to be removed.

    Parameters
    ----------
    setup
        Change; layers as they would be.

    Returns
    -------
    list
        One for each section of the change file.

    Raises
    ------
    TableFault
        If there are no such actors.
    """
    return [_find_removal(setup, number) for number in range(len(setup.change.remove_links))]


def find_places(passed: Passed, removal: Removal) -> Places:
    """Return where those edges stand that a removal speaks of.

    Parameters
    ----------
    passed
        Edges of one table.
    removal
        Which of them.

    Returns
    -------
    Places
        Number of the table, and positions there.
    """
    at = np.flatnonzero(match_edges(passed.edges, *removal)) + passed.first
    return Places(np.full(len(at), passed.number), at)


def remove_links(
    setup: Setup,
    links: ChangedLinks,
    removals: Sequence[Removal],
    places: Sequence[Sequence[Places]],
    told: list[Message],
) -> ChangedLinks:
    """Choose the edges that are removed.

    Parameters
    ----------
    setup
        Project and change.
    links
        Links that are added.
    removals
        Which links go, for each section of the change file.
    places
        Where such edges stand in the tables.
    told
        Sentences; one is added for each section.

    Returns
    -------
    ChangedLinks
        The same without what is removed.

    Raises
    ------
    TableFault
        If there are no such links, or fewer than are to go.
    """
    kept, gone = np.ones(links.added.num_rows, dtype=bool), _join([])
    for number, (removal, found) in enumerate(zip(removals, places, strict=True)):
        new = np.flatnonzero(match_edges(links.added, *removal) & kept)
        old = _without(_join(found), gone)
        size = _count_removed(setup, number, len(new) + len(old.at))
        latest = min(size, len(new))
        kept[new[len(new) - latest :]] = False
        gone = _join([gone, _draw(setup, number, old, size - latest)])
        told.append(_tell_removal(setup.change.remove_links[number], size))
    removed = {int(one): np.sort(gone.at[gone.table == one]) for one in np.unique(gone.table)}
    return replace(links, removed=removed, added=links.added.filter(pa.array(kept)))


def _find_removal(setup: Setup, number: int) -> Removal:
    removal, layers = setup.change.remove_links[number], setup.layers
    table, everyone = setup.place("remove_links", number), np.ones(len(layers.register.ids), bool)
    if removal.between is not None:
        one, other = (find_group(layers, name, table, "between") for name in removal.between)
    else:
        one = everyone if removal.of is None else find_group(layers, removal.of, table, "of")
        other = everyone
    return Removal(one, other, removal.kind or "")


def _join(parts: Sequence[Places]) -> Places:
    none = np.zeros(0, dtype=np.int64)
    return Places(
        np.concatenate([none, *(part.table for part in parts)]),
        np.concatenate([none, *(part.at for part in parts)]),
    )


def _without(places: Places, others: Places) -> Places:
    """Return the places that are not among others."""
    most = max(places.at.max(initial=0), others.at.max(initial=0)) + 1
    left = ~np.isin(places.table * most + places.at, others.table * most + others.at)
    return Places(places.table[left], places.at[left])


def _draw(setup: Setup, number: int, places: Places, size: int) -> Places:
    random = np.random.default_rng([setup.project.project.seed, _STREAM, number])
    chosen = np.sort(random.choice(len(places.at), size, replace=False))
    return Places(places.table[chosen], places.at[chosen])


def _count_removed(setup: Setup, number: int, there: int) -> int:
    removal, table = setup.change.remove_links[number], setup.place("remove_links", number)
    if not there:
        shown = " – ".join(removal.between) if removal.between else removal.of or removal.kind
        raise TableFault("change_no_links", table=table, value=shown)
    if removal.links is not None and removal.links > there:
        raise TableFault(
            "change_few_links", table=table, key="links", value=removal.links, there=f"{there:,}"
        )
    return there if removal.links is None else removal.links


def _tell_removal(removal: RemovedLinks, size: int) -> Message:
    kind = Message(f"kind.{removal.kind}") if removal.kind else Message("whatif.any_kind")
    values: dict[str, object] = {"links": f"{size:,}", "kind": kind}
    if removal.between is not None:
        one, other = removal.between
        return Message("whatif.change.remove_between", {**values, "one": one, "other": other})
    if removal.of is not None:
        return Message("whatif.change.remove_of", {**values, "one": removal.of})
    return Message("whatif.change.remove_kind", values)
