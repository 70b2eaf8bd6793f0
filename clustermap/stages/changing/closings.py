"""Closings: firms, institutes and partners that there would not be, and what goes with them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clustermap.errors import TableFault
from clustermap.messages import Message
from clustermap.network.changed import NO_CHANGE, ChangedLinks
from clustermap.stages.assigning import ACTORS, join_actors
from clustermap.stages.changing.edges import pass_edges
from clustermap.stages.changing.names import (
    call_cluster,
    find_members,
    near_actors,
    require_cluster,
)
from clustermap.stages.rows import column_or_null
from clustermap.tables import ACTOR_TYPES

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    import numpy.typing as npt

    from clustermap.change import Closing
    from clustermap.checks import Checked
    from clustermap.stages.changing.altered import Setup
    from clustermap.stages.ledger import Progress
    from clustermap.stages.reading import Layers, Unassigned

    Positions = npt.NDArray[np.int64]

_FIRM = ACTOR_TYPES.index("firm")


def find_closed(setup: Setup, progress: Progress, told: list[Message]) -> tuple[str, ...]:
    """Find the actors that close.

    Parameters
    ----------
    setup
        Change and layers.
    progress
        Hears how far it is, where links are counted to find a lead.
    told
        Sentences; one is added for each actor.

    Returns
    -------
    tuple
        Identifiers, each once, in the order of the change file.

    Raises
    ------
    TableFault
        If there is no such actor or cluster, or no lead in it.
    """
    closings = setup.change.close
    degrees: Positions | None = None
    if any(closing.lead_of and closing.by == "links" for closing in closings):
        degrees = _count_degrees(setup, progress)
    closed: list[str] = []
    for number, closing in enumerate(closings):
        table = setup.place("close", number)
        if closing.actor is not None:
            _require_actor(setup, closing.actor, table)
            actor, line = closing.actor, Message("whatif.change.close", {"actor": closing.actor})
        else:
            by = degrees if closing.by == "links" else None
            actor, line = _find_lead(setup, closing, table, by, closed)
        closed.append(actor)
        told.append(line)
    return tuple(dict.fromkeys(closed))


def drop_actors(unassigned: Unassigned, closed: Sequence[str]) -> Unassigned:
    """Leave actors out, and what was granted to them.

    Parameters
    ----------
    unassigned
        Layers as they were read.
    closed
        Identifiers of actors.

    Returns
    -------
    Unassigned
        Layers without them; a layer without rows is none.
    """
    if not closed:
        return unassigned
    actors = {}
    for name, (checked, read) in unassigned.actors.items():
        ids = checked.rows[ACTORS[name]].combine_chunks()
        there = pc.invert(pc.is_in(ids, value_set=pa.array(closed, pa.string())))
        rows = checked.rows.filter(there).combine_chunks()
        gone = checked.rows.num_rows - rows.num_rows
        if rows.num_rows:
            actors[name] = (replace(checked, rows=rows), read - gone)
    return replace(unassigned, actors=actors, grants=_take_back(unassigned.grants, closed))


def name_closed(setup: Setup, closed: Sequence[str]) -> pa.Array:
    """Return the names of actors that close.

    Parameters
    ----------
    setup
        Change and layers.
    closed
        Identifiers of actors.

    Returns
    -------
    pa.Array
        Text; null where an actor has no name.
    """
    there = pc.is_in(setup.layers.register.ids, value_set=pa.array(closed, pa.string()))
    return join_actors(setup.layers.actors, "name", pa.string()).filter(there)


def _take_back(
    grants: tuple[Checked, int] | None, closed: Sequence[str]
) -> tuple[Checked, int] | None:
    """Leave the grants out that went to closed actors; a table without any is none."""
    if grants is None:
        return None
    checked, read = grants
    rows, left = ChangedLinks(pa.array(closed, pa.string())).drop_closed(checked, ["beneficiary"])
    return (rows, read - left) if rows.rows.num_rows else None


def _require_actor(setup: Setup, actor: str, table: str) -> None:
    """Raise where an actor is neither there nor founded by the same change."""
    new = {institute.institute for institute in setup.change.institutes}
    ids = setup.layers.register.ids
    if actor not in new and pc.index(ids, actor).as_py() < 0:
        near = near_actors(actor, ids, new)
        raise TableFault("change_unknown_actor", table=table, key="actor", value=actor, near=near)


# The lead firm of a cluster


def _find_lead(
    setup: Setup,
    closing: Closing,
    table: str,
    degrees: Positions | None,
    closed: Collection[str],
) -> tuple[str, Message]:
    """Return the firm of a cluster with most employees or links; of equals the first by name."""
    cluster = require_cluster(str(closing.lead_of), setup.layers.clusters, table, "lead_of")
    sizes = _size_firms(setup.layers, cluster, degrees)
    left = [(-size, name) for name, size in sizes.items() if name not in closed]
    if not left:
        raise TableFault(
            "change_no_lead", table=table, key="lead_of", value=closing.lead_of, by=closing.by
        )
    size, lead = min(left)
    # What one firm has is for nobody outside the house.
    internal = setup.project.publish.internal
    shown = Message(f"whatif.size.{closing.by}", {"actor": lead, "size": f"{-size:,}"})
    named = call_cluster(setup.layers.clusters, cluster)
    values = {"cluster": named, "actor": shown if internal else lead}
    return lead, Message(f"whatif.change.lead_by_{closing.by}", values)


def _size_firms(layers: Layers, cluster: str, degrees: Positions | None) -> dict[str, int]:
    """Return the firms of a cluster with their links, or else employees, where they have any."""
    register = layers.register
    # Firms are the first of the register, where there are any.
    rows = layers.actors.get("firms", pa.table({}))
    members = np.flatnonzero(find_members(layers, cluster) & (register.types == _FIRM))
    members = members[members < rows.num_rows]
    names = register.ids.take(pa.array(members)).to_pylist()
    if degrees is None:
        people = pc.fill_null(column_or_null(rows, "employees", pa.int64()), -1)
        sizes = np.asarray(people.to_numpy(zero_copy_only=False))[members]
        known = sizes >= 0
    else:
        sizes = degrees[members]
        known = sizes > 0
    return {name: int(size) for name, size, there in zip(names, sizes, known, strict=True) if there}


def _count_degrees(setup: Setup, progress: Progress) -> Positions:
    counted = np.zeros(len(setup.layers.register.cells), dtype=np.int64)
    for passed in pass_edges(setup.project, setup.layers, NO_CHANGE, progress):
        for end in ("a", "b"):
            counted += np.bincount(passed.edges[end].to_numpy(), minlength=len(counted))
    return counted
