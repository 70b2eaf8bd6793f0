"""Brokerage and resilience alone, on links that lie coded on disk."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from clustermap.network.actor_links import ActorLinks, Membership, list_ends
from clustermap.network.brokerage import brokerage
from clustermap.network.resilience import resilience
from scripts.benchmark.sizes import LINKS
from scripts.benchmark.tell import Told

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    Arrays = Mapping[str, npt.NDArray[np.generic]]


def prepare(folder: Path) -> None:
    """Code the links of a world and leave them on disk."""
    from clustermap.project import open_project
    from clustermap.stages.counting import count_network
    from clustermap.stages.ledger import Ledger, no_progress
    from clustermap.stages.reading import read_layers
    from clustermap.store import open_scratch

    project = open_project(folder / "project.toml")
    ledger = Ledger(project.quality.max_refused, strict=False)
    with open_scratch() as scratch:
        layers = read_layers(project, ledger, no_progress)
        network = count_network(project, layers, ledger, no_progress, scratch)
        register, cells, edges = layers.register, layers.cells, network.edges
        arrays = {
            **{name: getattr(edges, name) for name in ("a", "b", "directed", "unit", "credit")},
            **{name: getattr(register, name) for name in ("cells", "types", "group")},
            **{name: getattr(cells, name) for name in ("held_cell", "held_cluster")},
            "clusters": np.array(cells.clusters),
        }
        unfinished = folder / f".{LINKS}.part"
        unfinished.mkdir(exist_ok=True)
        for name, array in arrays.items():
            np.save(unfinished / f"{name}.npy", array)
        unfinished.rename(folder / LINKS)


def read(folder: Path) -> Arrays:
    """Open the coded links."""
    return {path.stem: np.load(path, mmap_mode="r") for path in (folder / LINKS).glob("*.npy")}


def work(folder: Path) -> Told:
    """Measure brokerage and resilience of all clusters."""
    told = Told()
    with told.step("read"):
        kept = read(folder)
        clusters = int(kept["clusters"])
        members = Membership(kept["cells"], kept["held_cell"], kept["held_cluster"], clusters)
        columns = (kept[name] for name in ("a", "b", "directed", "unit", "credit"))
        links = ActorLinks(*columns)
    with told.step("ends"):
        ends = list_ends(links, members)
    with told.step("brokerage"):
        brokers = brokerage(ends, kept["types"], clusters)
    with told.step("resilience"):
        resilient = resilience(ends, members, kept["group"])
    told.sums |= {
        "roles": int(brokers.observed.sum()),
        "retained": float(np.nansum(resilient.ties)),
    }
    return told


if __name__ == "__main__":
    if sys.argv[2:] == ["prepare"]:
        prepare(Path(sys.argv[1]))
    else:
        work(Path(sys.argv[1])).close()
