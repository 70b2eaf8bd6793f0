"""Counting: linkages become edges, edges become flows, and firms become tallies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from clustermap.checks import FAULTS, check_chunk
from clustermap.errors import TableFault
from clustermap.messages import Message
from clustermap.network.counts import Counts, Evidence, build_counts
from clustermap.network.flows import (
    Presence,
    count_presence,
    merge_presence,
    name_flows,
)
from clustermap.network.linkages import (
    EDGES,
    Reading,
    code_pairs,
    code_participations,
    expand_projects,
    fits_kind,
)
from clustermap.network.tallies import count_tallies, merge_tallies
from clustermap.sources.files import read_chunks
from clustermap.stages.ledger import Entry, Ledger, Progress
from clustermap.stages.observing import LinkCounts, Survey, observe, survey_layers
from clustermap.stages.reading import (
    Layers,
    column_or_null,
    file_source,
    linkage_table,
    read_rows,
)
from clustermap.tables import KINDS, SHARE_UNIT

if TYPE_CHECKING:
    import pandas as pd

    from clustermap.network.observed import Observed
    from clustermap.project import Linkage, Project
    from clustermap.tables import Table

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
    """

    counts: Counts
    flows: pd.DataFrame
    observed: Observed


@dataclass
class _Reduced:
    """What is left of one table of linkages once its edges went by."""

    counts: LinkCounts
    presence: Presence
    misfits: int = 0
    largest: int = SHARE_UNIT

    def take(self, edges: pa.Table, layers: Layers) -> None:
        register = layers.register
        self.counts.take(edges)
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


def _start(survey: Survey, linkage: Linkage) -> _Reduced:
    layers = survey.layers
    presence = count_presence(EDGES.empty_table(), layers.register, layers.cells)
    return _Reduced(LinkCounts(survey, linkage.independent_units), presence)


def _reading(linkage: Linkage) -> Reading:
    return Reading(linkage.kind or "", linkage.directed, linkage.since, linkage.until)


def _count_pairs(
    table: Table, linkage: Linkage, survey: Survey, ledger: Ledger, progress: Progress
) -> _Reduced:
    layers = survey.layers
    reduced, faults, entry = _start(survey, linkage), [FAULTS.empty_table()], Entry()
    for item in read_chunks(file_source(table, linkage)):
        if isinstance(item, pa.Table):
            faults.append(item)
            entry.read += item.num_rows
            continue
        checked = check_chunk(table, item, linkage.kinds)
        coded = code_pairs(table.name, checked, layers.register, _reading(linkage))
        reduced.take(coded.rows, layers)
        faults.append(coded.faults)
        entry.read += item.rows.num_rows
        entry.kept += coded.rows.num_rows
        entry.left_out += coded.left_out
        progress(Message("step.count", {"table": table.name}), entry.read, 0)
    # A project's kind holds for all its pairs; only a pair can contradict its own.
    entry.facts |= {"links_unlike_their_kind": reduced.misfits}
    _close(table, reduced, entry, pa.concat_tables(faults), ledger)
    return reduced


def _count_projects(
    table: Table, linkage: Linkage, survey: Survey, ledger: Ledger, progress: Progress
) -> _Reduced:
    layers = survey.layers
    rows, by = read_rows(table, linkage, progress), table.key[0]
    projects, faults, left_out = code_participations(
        table.name, rows.checked, layers.register, _reading(linkage), by
    )
    reduced = _start(survey, linkage)
    for edges in expand_projects(projects, layers.register):
        reduced.take(edges, layers)
        progress(Message("step.count", {"table": table.name}), reduced.edges, 0)
    units = len(np.unique(projects.unit))
    entry = Entry(rows.read, len(projects.unit), left_out, {f"{by}s": units})
    _close(table, reduced, entry, faults, ledger)
    return reduced


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


def count_network(project: Project, layers: Layers, ledger: Ledger, progress: Progress) -> Network:
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

    Returns
    -------
    Network
        Counts, flows, and what the null model is held against.
    """
    survey = survey_layers(project, layers)
    evidence, linked = [], np.zeros((len(KINDS), len(layers.register.cells)), dtype=bool)
    counted = []
    for number, linkage in enumerate(project.linkages, start=1):
        table = linkage_table(number, linkage.form)
        count = _count_pairs if linkage.form == "pairs" else _count_projects
        reduced = count(table, linkage, survey, ledger, progress)
        reduced.check_sums(table.name, _LARGEST_SUM // len(project.linkages))
        units = None if linkage.form == "pairs" else reduced.presence.units
        flows = reduced.counts.flows["drawn"].sum()
        evidence.append(Evidence(flows, units, linkage.independent_units))
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
    return Network(counts, name_flows(observed.drawn.flows, layers.cells), observed)
