"""Counting: linkages become edges, edges become flows, and firms become tallies."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from clustermap.checks import FAULTS, check_chunk
from clustermap.errors import TableFault
from clustermap.layers.names import WAYS, NamedRegister
from clustermap.messages import Message
from clustermap.network.changed import NO_CHANGE, ChangedLinks
from clustermap.network.counts import Counts, Evidence, build_counts
from clustermap.network.edges import Edges, code_edges, count_memberships, merge_memberships
from clustermap.network.flows import (
    Presence,
    count_presence,
    merge_presence,
    name_flows,
)
from clustermap.network.linkages import (
    EDGES,
    Participations,
    Reading,
    code_pairs,
    code_participations,
    expand_projects,
    fits_kind,
)
from clustermap.network.tallies import count_tallies, merge_tallies
from clustermap.stages.ledger import Entry, Ledger, Progress
from clustermap.stages.observing import LinkCounts, observe, survey_layers
from clustermap.stages.reading import (
    Layers,
    column_or_null,
    linkage_table,
    note_dialect,
    read_rows,
    read_source,
)
from clustermap.store import EdgeStore
from clustermap.tables import KINDS, SHARE_UNIT

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd

    from clustermap.layers.actors import Register
    from clustermap.network.observed import Observed
    from clustermap.project import Linkage, Project
    from clustermap.tables import Table

PAIR_ENDS, PARTICIPANT = ("source", "target"), ("participant",)
"""Columns that hold actors, in tables of pairs and of projects or documents."""

_LARGEST_SUM = 2**62
"""Sums of shares over all tables stay below this, so that int64 never overflows."""


@dataclass(frozen=True)
class Network:
    """What was counted of a run.

    Parameters
    ----------
    counts
        Counts of the clusters.
    flows
        The table FLOWS.
    observed
        What the null model is held against.
    edges
        The coded edge list, on disk while the run lasts.
    memberships
        Participants of projects and documents by cell and type, from merge_memberships.
    """

    counts: Counts
    flows: pd.DataFrame
    observed: Observed
    edges: Edges
    memberships: pa.Table


@dataclass
class _Reduced:
    """What is left of one table of linkages once its edges went by."""

    counts: LinkCounts
    presence: Presence
    store: EdgeStore
    first_unit: int
    change: ChangedLinks = NO_CHANGE
    number: int = 0
    seen: int = 0
    units: int = 0
    memberships: list[pa.Table] = field(default_factory=list)
    misfits: int = 0
    largest: int = SHARE_UNIT

    @property
    def layers(self) -> Layers:
        return self.counts.survey.layers

    def take(self, edges: pa.Table) -> None:
        layers = self.layers
        register = layers.register
        seen, self.seen = self.seen, self.seen + edges.num_rows
        edges = self.change.drop_removed(self.number, seen, edges)
        self.counts.take(edges)
        self.store.add(code_edges(edges, self.first_unit))
        found = count_presence(edges, register, layers.cells)
        self.presence = merge_presence(self.presence, found)
        ends = (register.types[edges[end].to_numpy()] for end in ("a", "b"))
        self.misfits += int((~fits_kind(edges["kind"].to_numpy(), *ends)).sum())
        self.largest = max(self.largest, int(edges["share"].to_numpy().max(initial=0)))

    @property
    def edges(self) -> int:
        return self.counts.links

    def check_sums(self, table: str, limit: int) -> None:
        """Refuse weights whose sum might not fit into 64 bits."""
        if self.largest * self.edges >= limit:
            raise TableFault(
                "weights_too_large",
                table=table,
                column="weight",
                value=f"{self.largest / SHARE_UNIT:g}",
            )


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


def _count_pairs(
    table: Table, linkage: Linkage, reduced: _Reduced, ledger: Ledger, progress: Progress
) -> None:
    register, faults, entry = reduced.layers.find_register(linkage), [FAULTS.empty_table()], Entry()
    ways = Counter[str]()
    for item in read_source(table, linkage, ledger):
        if isinstance(item, pa.Table):
            faults.append(item)
            entry.read += item.num_rows
            continue
        checked = check_chunk(table, item, linkage.kinds)
        checked, closed = reduced.change.drop_closed(checked, PAIR_ENDS, register)
        ways.update(count_ways(checked.rows, PAIR_ENDS, register))
        coded = code_pairs(table.name, checked, register, how_to_read(linkage))
        reduced.take(coded.rows)
        faults.append(coded.faults)
        entry.read += item.rows.num_rows
        entry.kept += coded.rows.num_rows
        entry.left_out += coded.left_out + closed
        ledger.note(table.name, note_dialect(item))
        progress(Message("step.count", {"table": table.name}), entry.read, 0)
    # A project's kind holds for all its pairs; only a pair can contradict its own.
    entry.facts |= {"links_unlike_their_kind": reduced.misfits, **ways}
    _close(table, reduced, entry, pa.concat_tables(faults), ledger)


def _count_projects(
    table: Table, linkage: Linkage, reduced: _Reduced, ledger: Ledger, progress: Progress
) -> None:
    register = reduced.layers.find_register(linkage)
    rows, by = read_rows(table, linkage, progress, ledger), table.key[0]
    checked, closed = reduced.change.drop_closed(rows.checked, PARTICIPANT, register)
    projects, faults, left_out = code_participations(
        table.name, checked, register, how_to_read(linkage), by
    )
    reduced.units = len(projects.listed)
    reduced.memberships.append(count_memberships(projects, register, reduced.first_unit))
    for edges in expand_projects(projects, register):
        reduced.take(edges)
        progress(Message("step.count", {"table": table.name}), reduced.edges, 0)
    units = len(np.unique(projects.unit))
    facts = {**rows.facts, f"{by}s": units, **count_ways(checked.rows, PARTICIPANT, register)}
    entry = Entry(rows.read, len(projects.unit), left_out + closed, facts)
    _close(table, reduced, entry, faults, ledger)


def _close(table: Table, reduced: _Reduced, entry: Entry, faults: pa.Table, ledger: Ledger) -> None:
    entry.facts |= {"links": reduced.edges}
    ledger.close(table.name, entry, faults)


def _tally(layers: Layers) -> pa.Table:
    """Count actors in their cells; partners abroad belong to no stratum of the nation."""
    parts, start = [], 0
    for name, rows in layers.actors.items():
        span = slice(start, start := start + rows.num_rows)
        if name == "partners":
            continue
        employees = column_or_null(rows, "employees", pa.int64()) if name == "firms" else None
        coded = layers.industries if name == "firms" else None
        cells, types = layers.register.cells[span], layers.register.types[span]
        parts.append(count_tallies(cells, types, employees, coded))
    if not parts:
        nobody = np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.uint8)
        parts = [count_tallies(*nobody, None, None)]
    return merge_tallies(parts)


def count_network(
    project: Project,
    layers: Layers,
    ledger: Ledger,
    progress: Progress,
    scratch: Path,
    change: ChangedLinks = NO_CHANGE,
) -> Network:
    """Count the linkages and actors of a project.

    Parameters
    ----------
    project
        The project file.
    layers
        Clean layers, actors in their cells.
    ledger
        Takes note of every row.
    progress
        Hears how far it is.
    scratch
        Empty folder that lives as long as the edges are looked at.
    change
        What a what-if changes of the links.

    Returns
    -------
    Network
        Counts, flows, what the null model is held against, and the edges.
    """
    survey, store = survey_layers(project, layers), EdgeStore(scratch)
    evidence, linked = [], np.zeros((len(KINDS), len(layers.register.cells)), dtype=bool)
    counted, memberships, units = [], [_no_memberships(layers)], 0
    for number, linkage in enumerate(project.linkages, start=1):
        table = linkage_table(number, linkage.form)
        reduced = _Reduced(
            LinkCounts(survey, linkage.independent_units),
            count_presence(EDGES.empty_table(), layers.register, layers.cells),
            store,
            units,
            change,
            number,
        )
        count = _count_pairs if linkage.form == "pairs" else _count_projects
        count(table, linkage, reduced, ledger, progress)
        reduced.check_sums(table.name, _LARGEST_SUM // len(project.linkages))
        projects = None if linkage.form == "pairs" else reduced.presence.units
        flows = reduced.counts.sum("drawn").flows
        evidence.append(Evidence(flows, projects, linkage.independent_units))
        linked |= reduced.presence.linked
        counted.append(reduced.counts)
        memberships += reduced.memberships
        units += reduced.units
    if change.added.num_rows:
        reduced = _Reduced(
            LinkCounts(survey),
            count_presence(EDGES.empty_table(), layers.register, layers.cells),
            store,
            units,
        )
        reduced.take(change.added)
        evidence.append(Evidence(reduced.counts.sum("drawn").flows, None, None))
        linked |= reduced.presence.linked
        counted.append(reduced.counts)
    observed = observe(survey, counted)
    counts = build_counts(
        [str(key) for key in layers.clusters.index],
        layers.cells,
        layers.register,
        _tally(layers),
        layers.industries.sectors,
        layers.industries.groups,
        evidence,
        linked,
    )
    named = name_flows(observed.drawn.flows, layers.cells)
    return Network(counts, named, observed, store.sort(), merge_memberships(memberships))


def _no_memberships(layers: Layers) -> pa.Table:
    none = np.zeros(0, dtype=np.int32)
    nothing = Participations(none, none, none.astype(np.uint8), none.astype(np.int16), none)
    return count_memberships(nothing, layers.register)
