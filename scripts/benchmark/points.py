"""clustermap's assignment alone: from Parquet to the cluster of every firm."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from clustermap.layers.cells import Place, assign
from clustermap.side_by_side import go_through
from scripts.benchmark.outlines import read_outlines
from scripts.benchmark.tell import Told

if TYPE_CHECKING:
    import numpy.typing as npt

    from clustermap.layers.outlines import Outlines


def place_firms(rows: pa.Table, clusters: Outlines) -> npt.NDArray[np.int32]:
    """Return the position of the cluster of each of some firms, or -1."""
    x, y = (rows[name].to_numpy() for name in ("x", "y"))
    nothing = pa.nulls(len(x), pa.string())
    found = assign(Place(x, y, nothing, nothing), clusters, overlaps="smallest", nearest_m=0.0)
    at = pc.index_in(found.cells.dictionary, value_set=pa.array(clusters.ids))
    codes = np.asarray(pc.fill_null(at, -1), dtype=np.int32)
    return codes.take(np.asarray(found.cells.indices))


def work(folder: Path, out: Path | None) -> Told:
    """Assign all firms to clusters, row group by row group; the next is read meanwhile."""
    told = Told()
    with told.step("clusters"):
        file = pq.ParquetFile(folder / "firms.parquet")
        clusters = read_outlines(folder, file.metadata.num_rows)
    with told.step("firms"):
        read = partial(file.read_row_group, columns=["firm", "x", "y"])
        groups = go_through(read, range(file.num_row_groups), workers=1, ahead=2)
        codes = np.concatenate([place_firms(rows, clusters) for rows in groups])
    told.sums["assigned"] = int((codes >= 0).sum())
    if out is not None:
        np.save(out / "points.npy", codes)
    return told


if __name__ == "__main__":
    work(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None).close()
