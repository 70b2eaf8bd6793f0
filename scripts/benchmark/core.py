"""clustermap's core: from Parquet to assignment, flows, the graph of clusters and PageRank.

The functions that ``clustermap run`` calls, for the work that the plain script does: every row of
links is checked and its ends are looked up, but no boundary is moved and no distance measured.
"""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from clustermap.checks import check_chunk
from clustermap.layers.actors import Register, type_codes
from clustermap.layers.cells import ABROAD, Place, assign, build_cells
from clustermap.layers.lookup import build_lookup
from clustermap.memory import give_back
from clustermap.network.flows import keys_by_year, list_yearly, name_flows, orient
from clustermap.network.graph import join_kinds, sum_ties
from clustermap.network.linkages import EDGES, Reading, code_pairs
from clustermap.network.pagerank import rank_actors, rank_nodes
from clustermap.network.running import RunningSums
from clustermap.side_by_side import go_through
from clustermap.sources.files import FileSource, read_chunks
from clustermap.tables import ACTOR_TYPES, PAIRS, SCORED_KINDS
from scripts.benchmark.outlines import read_outlines
from scripts.benchmark.sizes import PRECISION
from scripts.benchmark.tell import Told

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from clustermap.checks import Chunk
    from clustermap.layers.cells import Cells
    from clustermap.layers.outlines import Outlines

    Rows = dict[str, npt.NDArray[np.integer]]

THREADS = 2


def place_actors(folder: Path, clusters: Outlines) -> tuple[Register, Cells]:
    """Read actors and assign them to their cells; meanwhile their identifiers are hashed."""
    layers = {"firm": [], "institute": ["kind"]}
    read = {
        layer: pq.read_table(folder / f"{layer}s.parquet", columns=[layer, "x", "y", *more])
        for layer, more in layers.items()
    }
    partners = pq.read_table(folder / "partners.parquet", columns=["partner"])["partner"]
    columns = [*(rows[layer] for layer, rows in read.items()), partners]
    ids = pa.concat_arrays([column.combine_chunks() for column in columns])
    with ThreadPoolExecutor(1) as pool:
        hashed = pool.submit(build_lookup, ids)
        cells = [assign_layer(rows, clusters) for rows in read.values()]
    cells.append(pa.array([ABROAD] * len(partners)).dictionary_encode())
    types = [type_codes(rows, "firm" if layer == "firm" else "") for layer, rows in read.items()]
    types.append(np.full(len(partners), ACTOR_TYPES.index("other"), dtype=np.uint8))
    known = build_cells(clusters.ids, cells)
    codes = np.concatenate([known.codes(each) for each in cells])
    register = Register(ids, np.concatenate(types), codes)
    register.adopt(hashed.result())
    return register, known


def assign_layer(rows: pa.Table, clusters: Outlines) -> pa.DictionaryArray:
    """Return the cells of a layer of actors."""
    x, y = (rows[name].to_numpy() for name in ("x", "y"))
    nothing = pa.nulls(len(x), pa.string())
    place = Place(x, y, nothing, nothing)
    return assign(place, clusters, overlaps="smallest", nearest_m=0.0).cells


def read_links(folder: Path, register: Register) -> Iterator[tuple[pa.Table, Rows]]:
    """Read, check, code and turn links; yield them, and each as a row of flows."""

    def list_some(chunk: Chunk) -> tuple[pa.Table, Rows]:
        edges = code_pairs("pairs", check_chunk(PAIRS, chunk), register, Reading()).rows
        return edges, list_yearly(edges, orient(edges, register))

    # What actors are looked up by is made before several threads ask for it.
    register.find(pa.nulls(0, pa.string()))
    orient(EDGES.empty_table(), register)
    chunks = read_chunks(FileSource(PAIRS, (folder / "pairs.parquet",)))
    return go_through(list_some, chunks, workers=THREADS, ahead=THREADS + 1)


def work(folder: Path, what: str, out: Path | None) -> Told:
    """Do the work: ``core``, or ``actors``, the core with the PageRank of all actors."""
    told = Told()
    clusters = read_outlines(folder)
    with told.step("points"):
        register, cells = place_actors(folder, clusters)
    with told.step("flows"):
        sums, ends = RunningSums(keys_by_year(len(cells.names)), ["links", "weight"]), []
        for edges, rows in read_links(folder, register):
            sums.add(rows)
            if what == "actors":
                ends.append(edges.select(["a", "b"]))
        register.forget()
        give_back()
        flows = sums.table()
    with told.step("clusters"):
        tied = join_kinds(sum_ties([flows], cells), SCORED_KINDS)
        one, other, links = (tied[name].to_numpy() for name in ("one", "other", "links"))
        size = len(clusters.ids)
        strength = np.bincount(one, links, size) + np.bincount(other, links, size)
        ranked = rank_nodes(one, other, links, size)
    table = pd.DataFrame(
        {"strength": strength, "pagerank": ranked}, index=pd.Index(clusters.ids, name="cluster")
    )
    told.sums |= {
        "assigned": int((register.cells < cells.clusters).sum()),
        "links": int(np.sum(flows["links"])),
        "strength": int(strength.sum()),
    }
    if out is not None:
        name_flows(flows, cells).to_parquet(out / "flows.parquet")
        table.to_parquet(out / "clusters.parquet")
    if what == "actors":
        with told.step("actors"):
            a, b = (pa.concat_tables(ends)[end].to_numpy() for end in ("a", "b"))
            shares = pd.Series(rank_actors(a, b, len(register.cells), tolerance=PRECISION))
        told.sums["actors"] = int(shares.notna().sum())
        if out is not None:
            shares.index = pd.Index(register.ids.to_pylist())
            shares.dropna().to_frame("pagerank").to_parquet(out / "actors.parquet")
    return told


if __name__ == "__main__":
    out = Path(sys.argv[3]) if len(sys.argv) > 3 else None
    work(Path(sys.argv[1]), sys.argv[2], out).close()
