"""Edges: those of all tables of linkages, as they pass by when they are counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from clustermap.checks import FAULTS, check_chunk
from clustermap.messages import Message
from clustermap.network.linkages import (
    EDGES,
    code_pairs,
    code_participations,
    expand_projects,
)
from clustermap.stages.counting import PARTICIPANT
from clustermap.stages.pairs import ENDS, how_to_read
from clustermap.stages.rows import linkage_table, read_rows, read_source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from clustermap.network.changed import ChangedLinks
    from clustermap.project import Linkage, Project
    from clustermap.stages.ledger import Progress
    from clustermap.stages.reading import Layers


@dataclass(frozen=True)
class Passed:
    """Some edges of one table of linkages.

    Parameters
    ----------
    number
        Number of the table, from 1.
    first
        Position of the first of these edges among all of the table.
    edges
        EDGES.
    faults
        Rows that give no edge.
    """

    number: int
    first: int
    edges: pa.Table
    faults: pa.Table


def pass_edges(
    project: Project, layers: Layers, links: ChangedLinks, progress: Progress
) -> Iterator[Passed]:
    """Yield the edges of all tables of linkages, in the order in which they are counted.

    Parameters
    ----------
    project
        The project file; its tables are read once more.
    layers
        Layers, every actor in its cell.
    links
        Which actors are closed.
    progress
        Hears how far it is.

    Yields
    ------
    Passed
        Edges and faults, chunk by chunk.
    """
    for number, linkage in enumerate(project.linkages, start=1):
        first = 0
        read = _pass_pairs if linkage.form == "pairs" else _pass_projects
        for edges, faults in read(number, linkage, layers, links, progress):
            yield Passed(number, first, edges, faults)
            first += edges.num_rows


def _pass_pairs(
    number: int, linkage: Linkage, layers: Layers, links: ChangedLinks, progress: Progress
) -> Iterator[tuple[pa.Table, pa.Table]]:
    table, done = linkage_table(number, "pairs"), 0
    for item in read_source(table, linkage):
        if isinstance(item, pa.Table):
            yield EDGES.empty_table(), item
            continue
        register = layers.find_register(linkage)
        found = check_chunk(table, item, linkage.kinds)
        checked, _ = links.drop_closed(found, ENDS, register)
        coded = code_pairs(table.name, checked, register, how_to_read(linkage))
        done += item.rows.num_rows
        progress(Message("step.count", {"table": table.name}), done, 0)
        yield coded.rows, coded.faults


def _pass_projects(
    number: int, linkage: Linkage, layers: Layers, links: ChangedLinks, progress: Progress
) -> Iterator[tuple[pa.Table, pa.Table]]:
    table = linkage_table(number, linkage.form)
    rows = read_rows(table, linkage, progress).checked
    how, register = how_to_read(linkage), layers.find_register(linkage)
    checked, _ = links.drop_closed(rows, PARTICIPANT, register)
    projects, faults, _ = code_participations(table.name, checked, register, how, table.key[0])
    yield EDGES.empty_table(), faults
    for edges in expand_projects(projects, register):
        yield edges, FAULTS.empty_table()
