"""Links: what is otherwise of them once tables and links are added, and links removed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa

from clustermap.errors import TableFault
from clustermap.messages import Message
from clustermap.network.changed import ChangedLinks
from clustermap.network.linkages import EDGES
from clustermap.stages.changing.added_links import draw_added
from clustermap.stages.changing.edges import pass_edges
from clustermap.stages.changing.removed_links import find_places, find_removals, remove_links

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clustermap.stages.changing.altered import Setup
    from clustermap.stages.changing.edges import Passed
    from clustermap.stages.changing.removed_links import Places, Removal
    from clustermap.stages.ledger import Progress


def change_links(
    setup: Setup, closed: Sequence[str], progress: Progress, told: list[Message]
) -> ChangedLinks:
    """Say what is otherwise of the links.

    Parameters
    ----------
    setup
        Change; project and layers as they would be.
    closed
        Identifiers of actors that are not there.
    progress
        Hears how far it is, where tables are read once more.
    told
        Sentences; one is added for each group of links added, table added, group removed.

    Returns
    -------
    ChangedLinks
        What to leave out and what to add when links are counted.

    Raises
    ------
    TableFault
        If there are no such actors or links, or an added table has a bad row.
    """
    change = setup.change
    added = pa.concat_tables([EDGES.empty_table(), *draw_added(setup, told)]).combine_chunks()
    gone = ChangedLinks(pa.array(closed, pa.string()))
    if not (change.linkages or change.remove_links):
        return replace(gone, added=added)
    removals = find_removals(setup)
    links, places = _look_through(setup, gone, removals, progress)
    own = _count_own(setup)
    for linkage, found in zip(change.linkages, links[own:], strict=True):
        file = ", ".join(linkage.names)
        told.append(Message("whatif.change.table", {"file": file, "links": f"{found:,}"}))
    return remove_links(setup, replace(gone, added=added), removals, places, told)


def _count_own(setup: Setup) -> int:
    """Return how many tables of linkages the project has without those that are added."""
    return len(setup.project.linkages) - len(setup.change.linkages)


def _look_through(
    setup: Setup, gone: ChangedLinks, removals: Sequence[Removal], progress: Progress
) -> tuple[list[int], list[list[Places]]]:
    """Return how many links each table gives, and where those of each removal stand."""
    links = [0] * len(setup.project.linkages)
    places: list[list[Places]] = [[] for _ in removals]
    own = _count_own(setup)
    for passed in pass_edges(setup.project, setup.layers, gone, progress):
        if passed.number > own:
            _refuse_bad_rows(setup, passed, own)
        links[passed.number - 1] += passed.edges.num_rows
        for removal, found in zip(removals, places, strict=True):
            found.append(find_places(passed, removal))
    return links, places


def _refuse_bad_rows(setup: Setup, passed: Passed, own: int) -> None:
    """Raise where a row of an added table gives no link: nobody would see it in quarantine."""
    for row in passed.faults.sort_by("line").slice(0, 1).to_pylist():
        raise TableFault(
            "change_bad_row",
            table=f"{setup.place('linkages', passed.number - own - 1)} ({row['file']})",
            column=row["column"],
            row=row["line"],
            value=row["value"],
            why=Message(f"row_fault.{row['reason']}"),
        )
