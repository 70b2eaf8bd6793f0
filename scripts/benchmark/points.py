"""clustermap's assignment alone: from Parquet to the cluster of every firm."""

from __future__ import annotations

import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from clustermap.layers.cells import Place, assign
from scripts.benchmark.tell import Told


def work(folder: Path, out: Path | None) -> Told:
    """Assign all firms to clusters."""
    told = Told()
    with told.step("read"):
        clusters = gpd.read_parquet(folder / "clusters.parquet").set_index("cluster")
        file = pq.ParquetFile(folder / "firms.parquet")
        # Row group by row group, as a run does: reading all at once holds the file's pages as well.
        groups = range(file.num_row_groups)
        firms = pa.concat_tables(file.read_row_group(n, ["firm", "x", "y"]) for n in groups)
        x, y = (firms[name].to_numpy() for name in ("x", "y"))
        nothing = pa.nulls(len(x), pa.string())
        place = Place(x, y, nothing, nothing)
    with told.step("assign"):
        found = assign(place, clusters, overlaps="smallest", nearest_m=0.0)
        at = pc.index_in(found.cells.dictionary, value_set=pa.array(clusters.index))
        codes = np.asarray(pc.fill_null(at, -1))[np.asarray(found.cells.indices)]
    told.sums["assigned"] = int((codes >= 0).sum())
    if out is not None:
        np.save(out / "points.npy", codes.astype(np.int32))
    return told


if __name__ == "__main__":
    work(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None).close()
