"""Counting: linkages become edges, edges become flows, and firms become tallies."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clustermap import tables
from clustermap.checks import FAULTS
from clustermap.engine import open_part, reduce_chunks
from clustermap.errors import TableFault
from clustermap.layers.actors import UNKNOWN, UNKNOWN_NAME
from clustermap.memory import give_back
from clustermap.messages import Message
from clustermap.network.changed import NO_CHANGE, ChangedLinks
from clustermap.network.counts import Counts, Evidence, build_counts
from clustermap.network.edges import (
    Edges,
    code_edges,
    count_memberships,
    merge_memberships,
    no_edges,
)
from clustermap.network.flows import (
    Presence,
    count_presence,
    merge_presence,
    name_flows,
)
from clustermap.network.linkages import (
    EDGES,
    NOT_FOUND,
    Participations,
    code_participations,
    expand_projects,
)
from clustermap.network.tallies import count_tallies, merge_tallies
from clustermap.side_by_side import go_through
from clustermap.sources.files import list_references
from clustermap.stages.closed_lists import name_choices
from clustermap.stages.gauge import write_gauge
from clustermap.stages.ledger import Entry, Ledger, Progress
from clustermap.stages.observing import LinkCounts, observe, sum_years, survey_layers
from clustermap.stages.pairs import (
    EDGE_LIST,
    ENDS,
    KEPT,
    LARGEST,
    LEFT_OUT,
    MISFITS,
    READ,
    PairsJob,
    Tallied,
    Terms,
    check_item,
    code_checked,
    count_ways,
    how_to_read,
    read_edges,
    read_terms,
    tally_edges,
    tally_item,
)
from clustermap.stages.rows import (
    THREADS,
    column_or_null,
    file_source,
    linkage_table,
    read_rows,
    read_source,
)
from clustermap.stages.workplace import HERE, Workplace
from clustermap.store import EdgeStore
from clustermap.tables import SHARE_UNIT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pandas as pd

    from clustermap.engine import Pool
    from clustermap.layers.actors import Register
    from clustermap.network.observed import Observed
    from clustermap.project import Linkage, Project
    from clustermap.sources.files import Item
    from clustermap.stages.reading import Layers
    from clustermap.tables import Table

PARTICIPANT = ("participant",)
"""Column of a table of projects or documents that holds actors."""

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

    def let_go(self) -> Network:
        """Return what is asked of a network once it is measured.

        Returns
        -------
        Network
            Without edges, which lie on disk while a run lasts, and without the flows that were held
            against nulls.
        """
        observed = replace(self.observed, flows=self.observed.flows.schema.empty_table())
        return replace(self, edges=no_edges(), observed=observed)


@dataclass
class _Reduced:
    """What is left of one table of linkages once its edges went by."""

    layers: Layers
    counts: LinkCounts
    store: EdgeStore
    first_unit: int
    change: ChangedLinks = NO_CHANGE
    number: int = 0
    units: int = 0
    memberships: list[pa.Table] = field(default_factory=list)
    misfits: int = 0
    largest: int = SHARE_UNIT
    presence: Presence = field(init=False)
    _seen: int = 0

    def __post_init__(self) -> None:
        self.presence = self._find_presence(EDGES.empty_table())

    def _find_presence(self, edges: pa.Table) -> Presence:
        return count_presence(edges, self.layers.register, self.layers.cells)

    def drop_removed(self, edges: pa.Table) -> pa.Table:
        """Return the edges that are still there; every edge of the table passes once, in order."""
        seen, self._seen = self._seen, self._seen + edges.num_rows
        return self.change.drop_removed(self.number, seen, edges)

    def take(self, edges: pa.Table) -> None:
        """Count edges of projects or documents."""
        edges = self.drop_removed(edges)
        self.counts.take(edges)
        self.store.add(code_edges(edges, self.first_unit))
        self.presence = merge_presence(self.presence, self._find_presence(edges))
        self.largest = max(self.largest, int(edges["share"].to_numpy().max(initial=0)))

    def add(self, tallied: Tallied) -> None:
        """Add pairs that were counted."""
        self.counts.join(tallied.counts)
        self.store.add(tallied.edges)
        tallied.mark(self.presence.linked)
        self.misfits += tallied.facts[MISFITS]
        self.largest = max(self.largest, tallied.facts[LARGEST])

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


def _count_pairs(
    table: Table,
    linkage: Linkage,
    reduced: _Reduced,
    ledger: Ledger,
    progress: Progress,
    place: Workplace,
) -> None:
    entry, faults = Entry(), [FAULTS.empty_table()]
    ways = Counter[str]()
    terms, by_file = read_terms(table, linkage), linkage.database is None
    if place.pool is not None and by_file and linkage.match == "id":
        parts = _reduce_elsewhere(terms, linkage, reduced, progress, place.pool, place.folder)
    else:
        parts = _tally_here(terms, linkage, reduced, ledger)
    for part in parts:
        reduced.add(part)
        faults.append(part.faults)
        entry.read += part.facts.get(READ, 0)
        entry.kept += part.facts.get(KEPT, 0)
        entry.left_out += part.facts.get(LEFT_OUT, 0)
        ways.update(part.read_told())
        progress(Message("step.count", {"table": table.name}), entry.read, 0)
        give_back()
    # A project's kind holds for all its pairs; only a pair can contradict its own.
    entry.facts |= {"links_unlike_their_kind": reduced.misfits, **ways}
    with _name_cure(linkage, reduced.layers, pa.concat_tables(faults)) as refused:
        _close(table, reduced, entry, refused, ledger)


def _reduce_elsewhere(
    terms: Terms,
    linkage: Linkage,
    reduced: _Reduced,
    progress: Progress,
    pool: Pool,
    folder: Path,
) -> Iterator[Tallied]:
    """Have a table of pairs counted chunk by chunk, and take in the edges that each chunk left."""
    chunks = list_references(file_source(terms.table, linkage))
    job = PairsJob(terms, write_gauge(reduced.counts.gauge, folder))
    step = Message("step.count", {"table": terms.table.name})

    def listen(done: int) -> None:
        progress(step, done, len(chunks))

    found = reduce_chunks(job, chunks, folder, pool, listen)
    yield Tallied.unpack(found.total, reduced.counts.gauge)
    for leaf in found.leaves:
        reduced.store.add(read_edges(open_part(leaf, (EDGE_LIST,))))


def _tally_here(
    terms: Terms, linkage: Linkage, reduced: _Reduced, ledger: Ledger
) -> Iterator[Tallied]:
    """Count a table of pairs in this process, two chunks at a time."""
    register = reduced.layers.find_register(linkage)
    items = read_source(terms.table, linkage, ledger)
    tally = partial(tally_item, terms, reduced.counts.gauge, register)
    if reduced.change is not NO_CHANGE:
        return (_tally_changed(terms, reduced, register, item) for item in items)
    if linkage.match == "name":
        return map(tally, items)  # its register finds out about names as it is asked
    return go_through(tally, items, workers=THREADS, ahead=THREADS + 1)


def _tally_changed(terms: Terms, reduced: _Reduced, register: Register, item: Item) -> Tallied:
    """Count what a what-if leaves of a chunk."""
    checked, read = check_item(terms, item)
    checked, closed = reduced.change.drop_closed(checked, ENDS, register)
    edges, faults, found = code_checked(terms, checked, register)
    left_out = found.pop(LEFT_OUT, 0) + closed
    facts = {**read, **found, LEFT_OUT: left_out}
    return tally_edges(reduced.drop_removed(edges), reduced.counts.gauge, faults, facts)


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
    with _name_cure(linkage, reduced.layers, faults) as refused:
        _close(table, reduced, entry, refused, ledger)


@contextmanager
def _name_cure(linkage: Linkage, layers: Layers, faults: pa.Table) -> Iterator[pa.Table]:
    """Lend faults; where they stop the run for names of actors or words of kinds, say the cure."""
    try:
        with name_choices(tables.LINKAGES[linkage.form], linkage, faults):
            yield faults
    except TableFault as fault:
        if linkage.match != "id" or not _are_names(faults, layers):
            raise
        values: dict[str, Any] = fault.values
        raise TableFault(
            "ends_are_names",
            table=fault.table,
            column=fault.column,
            row=fault.row,
            value=fault.value,
            **values,
        ) from fault


def _are_names(faults: pa.Table, layers: Layers) -> bool:
    """Return whether most faults are ends that no identifier is, but the name of an actor."""
    unknown = pc.equal(faults["reason"], NOT_FOUND[UNKNOWN])
    names = faults["value"].filter(unknown).combine_chunks()
    found = np.count_nonzero(layers.named.find(names) != UNKNOWN_NAME)
    return bool(found > faults.num_rows / 2)


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
    place: Workplace = HERE,
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
    place
        Where tables of pairs are counted.

    Returns
    -------
    Network
        Counts, flows, what the null model is held against, and the edges.
    """
    survey, store = survey_layers(project, layers), EdgeStore(scratch)
    evidence, linked = [], np.zeros(len(layers.register.cells), dtype=np.uint8)
    counted, memberships, units = [], [_no_memberships(layers)], 0
    for number, linkage in enumerate(project.linkages, start=1):
        table = linkage_table(number, linkage.form)
        by_unit = linkage.form != "pairs"
        link_counts = LinkCounts(survey.gauge, linkage.independent_units, by_unit=by_unit)
        reduced = _Reduced(layers, link_counts, store, units, change, number)
        if linkage.form == "pairs":
            _count_pairs(table, linkage, reduced, ledger, progress, place)
        else:
            _count_projects(table, linkage, reduced, ledger, progress)
        reduced.check_sums(table.name, _LARGEST_SUM // len(project.linkages))
        projects = reduced.presence.units if by_unit else None
        yearly = reduced.counts.sum_years()
        evidence.append(Evidence(yearly, projects, linkage.independent_units))
        linked |= reduced.presence.linked
        counted.append(reduced.counts)
        memberships += reduced.memberships
        units += reduced.units
        give_back()
    if change.added.num_rows:
        reduced = _Reduced(layers, LinkCounts(survey.gauge), store, units)
        reduced.take(change.added)
        evidence.append(Evidence(reduced.counts.sum_years(), None, None))
        linked |= reduced.presence.linked
        counted.append(reduced.counts)
    layers.register.forget()
    with ThreadPoolExecutor(1) as beside:
        listed, tallied = beside.submit(store.sort), beside.submit(_tally, layers)
        observed = observe(survey, counted)
        edges, tallies = listed.result(), tallied.result()
    counted.clear()
    give_back()
    yearly = sum_years(survey, [part.flows for part in evidence])
    with ThreadPoolExecutor(1) as beside:
        flows = beside.submit(name_flows, yearly, layers.cells)
        counts = build_counts(
            [str(key) for key in layers.clusters.index],
            layers.cells,
            layers.register,
            tallies,
            layers.industries.sectors,
            layers.industries.groups,
            evidence,
            linked,
        )
        named = flows.result()
    give_back()
    return Network(counts, named, observed, edges, merge_memberships(memberships))


def _no_memberships(layers: Layers) -> pa.Table:
    none = np.zeros(0, dtype=np.int32)
    nothing = Participations(none, none, none.astype(np.uint8), none.astype(np.int16), none)
    return count_memberships(nothing, layers.register)
