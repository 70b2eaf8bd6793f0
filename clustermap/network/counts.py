"""What was counted: the small integer tables that every indicator starts from.

Millions of firms and linkages are reduced to these tables once; indicators, scores and pages never
see a single firm or link.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from clustermap.layers.cells import ABROAD
from clustermap.network.flows import mark_kind
from clustermap.network.graph import build_network, find_holders, sum_ties
from clustermap.network.sums import ROWS_AT_ONCE, sum_rows
from clustermap.network.tallies import SIZE_CLASSES
from clustermap.tables import ACTOR_TYPES, KINDS, SCORED_KINDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import networkx as nx
    import numpy.typing as npt
    import pyarrow as pa

    from clustermap.layers.actors import Register
    from clustermap.layers.cells import Cells

_MEDIUM = SIZE_CLASSES.index(50)
"""First size class above small firms (EU 2003/361/EC)."""

_SCORED = np.bitwise_or.reduce([mark_kind(KINDS.index(kind)) for kind in SCORED_KINDS])


@dataclass(frozen=True)
class Counts:
    """The counts of a run, per cluster and for all that was read ("the nation").

    All counts are int64. A table over (cluster, x) holds only rows with a count above zero, except
    ``links``, which has one row for every cluster and every kind that the data hold at all (a kind
    without records anywhere is absent: missing, not zero).

    Parameters
    ----------
    clusters
        Identifiers of all clusters, in the order of the layer; named "cluster".
    actors
        Columns cluster, type (actor type), actors.
    by_sector
        Firms by industry division: cluster, sector (first two characters of the industry code,
        "" where the firm has none), firms, employees, employed (firms whose employees are known),
        employees_squared (sum of the squared employees of each firm), small (firms known to have
        fewer than 50 employees), small_employees (their employees), largest (employees of the
        largest firm).
    by_industry
        Firms by strategic industry, a firm counting fully in each industry that it belongs to:
        cluster, industry, then as ``by_sector``.
    nation_by_sector, nation_by_industry
        The same over every firm read, inside and outside clusters, without the column cluster.
    links
        Columns cluster, kind, internal, external (links with both ends, or one end, in the
        cluster; external includes abroad), abroad (external links to partners abroad),
        internal_weight, external_weight (1e-9), linked (actors of the cluster with at least one
        link of that kind), units (independent units behind the links, float: distinct projects, or
        links scaled by the stated number of independent units).
    linked
        Columns cluster, linked: actors of the cluster with at least one link of any kind that
        is scored.
    ties
        The cluster network as rows, from :func:`clustermap.network.graph.sum_ties`.
    """

    clusters: pd.Index[str]
    actors: pd.DataFrame
    by_sector: pd.DataFrame
    by_industry: pd.DataFrame
    nation_by_sector: pd.DataFrame
    nation_by_industry: pd.DataFrame
    links: pd.DataFrame
    linked: pd.DataFrame
    ties: pa.Table

    @cached_property
    def network(self) -> nx.MultiDiGraph[str]:
        """The cluster network: clusters as nodes; one edge a kind and channel."""
        return build_network(self.clusters.to_list(), self.ties)


def hold(frame: pd.DataFrame, cells: Cells, column: str) -> pd.DataFrame:
    """Return rows of cells as rows of the clusters that hold them.

    Parameters
    ----------
    frame
        Rows with the code of a cell.
    cells
        Which clusters hold which cells.
    column
        Column of the cell's code; replaced by "cluster" (position).

    Returns
    -------
    pd.DataFrame
        One row a membership; cells that no cluster holds are left out.
    """
    held = pd.DataFrame({column: cells.held_cell, "cluster": cells.held_cluster})
    return frame.merge(held, on=column).drop(columns=column)


@dataclass(frozen=True)
class Evidence:
    """What one table of linkages says: its flows, and how many independent units stand behind.

    Parameters
    ----------
    flows
        From merge_yearly.
    units
        int64, shape (clusters, kinds): distinct projects; None where the rows are pairs.
    independent_units
        Number of independent units that the project file states for pairs; None: every link is one.
    """

    flows: pa.Table
    units: npt.NDArray[np.int64] | None
    independent_units: int | None


def _sum_links(flows: pa.Table, cells: Cells) -> pd.DataFrame:
    """Return links by (cluster, kind)."""
    starts = range(0, max(flows.num_rows, 1), ROWS_AT_ONCE)
    return _add_links([_link_block(flows.slice(at, ROWS_AT_ONCE), cells) for at in starts])


def _add_links(sums: Sequence[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(sums).groupby(["cluster", "kind"]).sum().astype("int64")


def _link_block(flows: pa.Table, cells: Cells) -> pd.DataFrame:
    """Count each flow once for every cluster that it touches, as internal or external."""
    keys = ["source", "target", "kind"]
    frame = sum_rows(flows.select([*keys, "links", "weight"]), keys).to_pandas()
    found = [find_holders(frame[end].to_numpy(), cells) for end in ("source", "target")]
    flow, cluster = (np.concatenate(parts) for parts in zip(*found, strict=True))
    width = max(cells.clusters, 1)
    touched, ends = np.unique(flow * width + cluster, return_counts=True)
    at, inside = touched // width, ends == 2
    leads_abroad = np.array([name.startswith(ABROAD) for name in cells.names])
    abroad = (leads_abroad[frame["source"]] | leads_abroad[frame["target"]])[at]
    links, weight = (frame[name].to_numpy()[at] for name in ("links", "weight"))
    columns = {
        "cluster": touched % width,
        "kind": frame["kind"].to_numpy()[at],
        "internal": np.where(inside, links, 0),
        "external": np.where(inside, 0, links),
        "abroad": np.where(abroad, links, 0),
        "internal_weight": np.where(inside, weight, 0),
        "external_weight": np.where(inside, 0, weight),
    }
    return pd.DataFrame(columns).groupby(["cluster", "kind"]).sum()


def _count_units(
    evidence: Sequence[Evidence], sums: Sequence[pd.DataFrame], index: pd.MultiIndex
) -> pd.Series:
    """Return the independent units behind the links of each (cluster, kind)."""
    units = pd.Series(0.0, index=index)
    for part, links in zip(evidence, sums, strict=True):
        if part.units is None:
            total = int(pc.sum(part.flows["links"]).as_py() or 0)
            stated = total if part.independent_units is None else part.independent_units
            scale = min(1.0, stated / total) if total else 1.0
            found = (links["internal"] + links["external"]) * scale
        else:
            cluster, kind = np.nonzero(part.units)
            at = pd.MultiIndex.from_arrays([cluster, kind], names=index.names)
            found = pd.Series(part.units[cluster, kind].astype(float), index=at)
        units = units.add(found, fill_value=0.0)
    return units.reindex(index)


def _count_linked(
    linked: npt.NDArray[np.bool_], actor_cells: npt.NDArray[np.int32], cells: Cells
) -> npt.NDArray[np.int64]:
    """Return how many actors of each cluster are marked."""
    by_cell = np.bincount(actor_cells[linked], minlength=len(cells.names))
    held = by_cell[cells.held_cell]
    return np.bincount(cells.held_cluster, weights=held, minlength=cells.clusters).astype(np.int64)


def _build_links(
    evidence: Sequence[Evidence], linked: npt.NDArray[np.uint8], register: Register, cells: Cells
) -> pd.DataFrame:
    sums = [_sum_links(part.flows, cells) for part in evidence]
    kinds = sorted({int(k) for part in evidence for k in part.flows["kind"].unique().to_pylist()})
    index = pd.MultiIndex.from_product([range(cells.clusters), kinds], names=["cluster", "kind"])
    frame = _add_links(sums).reindex(index, fill_value=0)
    counts = {
        kind: _count_linked(linked & mark_kind(kind) > 0, register.cells, cells) for kind in kinds
    }
    frame["linked"] = [counts[kind][cluster] for cluster, kind in index]
    frame["units"] = _count_units(evidence, sums, index)
    frame = frame.reset_index()
    frame["kind"] = np.array(KINDS, dtype=object)[frame["kind"].to_numpy()]
    return frame


def _sum_firms(rows: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Return firms summed by some columns."""
    below = rows["size_class"] < _MEDIUM  # the class of unknown size comes last
    rows = rows.assign(
        small=rows["actors"].where(below, 0), small_employees=rows["employees"].where(below, 0)
    )
    sums = dict.fromkeys(
        ("actors", "employees", "employed", "employees_squared", "small", "small_employees"), "sum"
    )
    summed = rows.groupby(by, sort=True).agg({**sums, "largest": "max"})
    return summed.rename(columns={"actors": "firms"}).reset_index()


def build_counts(
    ids: Sequence[str],
    cells: Cells,
    register: Register,
    tallies: pa.Table,
    sectors: Sequence[str],
    groups: Sequence[tuple[str, ...]],
    evidence: Sequence[Evidence],
    linked: npt.NDArray[np.uint8],
) -> Counts:
    """Bring cells, tallies and flows together as counts of clusters.

    Parameters
    ----------
    ids
        Identifiers of the clusters.
    cells
        Which clusters hold which cells.
    register
        Types and cells of all actors.
    tallies
        From merge_tallies.
    sectors, groups
        What the codes ``sector`` and ``group`` of the tallies stand for.
    evidence
        What each table of linkages says.
    linked
        uint8, one entry an actor: a bit for each kind of which it has a link.

    Returns
    -------
    Counts
        The counts of the run.
    """
    names = np.array(list(ids), dtype=object)
    frame = tallies.to_pandas()
    frame["sector"] = np.array(list(sectors), dtype=object)[frame["sector"]]
    frame["industry"] = [groups[code] for code in frame["group"]]
    held = hold(frame, cells, "cell")
    firm = ACTOR_TYPES.index("firm")
    firms, nation = held[held["type"] == firm], frame[frame["type"] == firm]
    claimed = firms.explode("industry").dropna(subset="industry")
    nation_claimed = nation.explode("industry").dropna(subset="industry")
    actors = held.groupby(["cluster", "type"], sort=True)["actors"].sum().reset_index()
    actors["type"] = np.array(ACTOR_TYPES, dtype=object)[actors["type"].to_numpy()]
    links = _build_links(evidence, linked, register, cells) if evidence else _no_links()
    any_linked = _count_linked(linked & _SCORED > 0, register.cells, cells)

    def named(table: pd.DataFrame) -> pd.DataFrame:
        return table.assign(cluster=names[table["cluster"].to_numpy(dtype=int)])

    return Counts(
        clusters=pd.Index(names, name="cluster"),
        actors=named(actors),
        by_sector=named(_sum_firms(firms, ["cluster", "sector"])),
        by_industry=named(_sum_firms(claimed, ["cluster", "industry"])),
        nation_by_sector=_sum_firms(nation, ["sector"]),
        nation_by_industry=_sum_firms(nation_claimed, ["industry"]),
        links=named(links),
        linked=pd.DataFrame({"cluster": names, "linked": any_linked}),
        ties=sum_ties([part.flows for part in evidence], cells),
    )


def _no_links() -> pd.DataFrame:
    """Return the table ``links`` of a run without linkages: no kind has records."""
    whole = ["internal", "external", "abroad", "internal_weight", "external_weight", "linked"]
    frame = pd.DataFrame(0, index=[], columns=["cluster", *whole], dtype="int64")
    frame.insert(1, "kind", pd.Series(dtype=object))
    return frame.assign(units=pd.Series(dtype=float))
