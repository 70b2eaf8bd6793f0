"""Reading only: decode the same files, touch every column, and do nothing with them.

Whatever has to read these files takes this long at least. Every column that the work needs is
decoded as the work gets it, row group by row group, and added up.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from scripts.benchmark.tell import Told

NEEDED = {
    "clusters": ("cluster", "geometry"),
    "firms": ("firm", "x", "y"),
    "institutes": ("institute", "kind", "x", "y"),
    "partners": ("partner", "kind"),
    "pairs": ("source", "target", "kind", "weight", "year"),
}
"""Columns that assigning actors and counting their links need."""
FILES = {"points": ("clusters", "firms"), "core": tuple(NEEDED)}


def touch(column: pa.Array) -> float:
    """Return a sum over a column: of its numbers, or of the lengths of its texts."""
    if not (pa.types.is_floating(column.type) or pa.types.is_integer(column.type)):
        column = pc.binary_length(column)
    return float(pc.sum(column).as_py() or 0)


def read(folder: Path, what: str) -> Told:
    """Read the files that a piece of work needs."""
    told = Told()
    for name in FILES[what]:
        file = pq.ParquetFile(folder / f"{name}.parquet")
        with told.step(name):
            for group in range(file.num_row_groups):
                rows = file.read_row_group(group, columns=list(NEEDED[name]))
                for column, values in zip(rows.column_names, rows.columns, strict=True):
                    key = f"{name}.{column}"
                    found = sum(touch(chunk) for chunk in values.chunks)
                    told.sums[key] = told.sums.get(key, 0.0) + found
    return told


if __name__ == "__main__":
    read(Path(sys.argv[1]), sys.argv[2]).close()
