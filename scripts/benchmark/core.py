"""clustermap's core: from Parquet to assignment, flows, the graph of clusters and PageRank."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from clustermap.indicators.centrality import pagerank, strength
from clustermap.network.pagerank import rank_actors
from clustermap.project import open_project
from clustermap.stages.counting import count_network
from clustermap.stages.ledger import Ledger, no_progress
from clustermap.stages.reading import read_layers
from clustermap.store import open_scratch
from scripts.benchmark.sizes import PRECISION
from scripts.benchmark.tell import Told

if TYPE_CHECKING:
    from clustermap.stages.counting import Network
    from clustermap.stages.reading import Layers


def count(folder: Path, scratch: Path, told: Told) -> tuple[Layers, Network]:
    """Read, assign and count, as a run does before any null."""
    project = open_project(folder / "project.toml")
    ledger = Ledger(project.quality.max_refused, strict=False)
    with told.step("points"):
        layers = read_layers(project, ledger, no_progress)
    with told.step("flows"):
        network = count_network(project, layers, ledger, no_progress, scratch)
    return layers, network


def work(folder: Path, what: str, out: Path | None) -> Told:
    """Do the work: ``core``, or ``actors``, the core with the PageRank of all actors."""
    told = Told()
    with open_scratch() as scratch:
        layers, network = count(folder, scratch, told)
        with told.step("clusters"):
            both = [
                found.set_index("cluster")["value"]
                for found in (strength(network.counts), pagerank(network.counts))
            ]
            table = pd.concat(both, axis=1, keys=["strength", "pagerank"])
        told.sums |= {
            "assigned": int((layers.register.cells < layers.cells.clusters).sum()),
            "links": int(network.flows["links"].sum()),
            "strength": int(table["strength"].sum()),
        }
        if out is not None:
            network.flows.to_parquet(out / "flows.parquet")
            table.to_parquet(out / "clusters.parquet")
        if what == "actors":
            edges, actors = network.edges, len(layers.register.cells)
            with told.step("actors"):
                ranked = pd.Series(rank_actors(edges.a, edges.b, actors, tolerance=PRECISION))
            told.sums["actors"] = int(ranked.notna().sum())
            if out is not None:
                ranked.index = pd.Index(layers.register.ids.to_pylist())
                ranked.dropna().to_frame("pagerank").to_parquet(out / "actors.parquet")
    return told


if __name__ == "__main__":
    out = Path(sys.argv[3]) if len(sys.argv) > 3 else None
    work(Path(sys.argv[1]), sys.argv[2], out).close()
