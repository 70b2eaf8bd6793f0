"""Engines: the same function over chunks of a long table - here, in processes, or on Dask.

A chunk is a reference; whoever works on it reads it for itself. What it was reduced to is a file
named by everything that it follows from, so that whatever was computed once is never computed
again. Sums are whole numbers: every engine and every chunking gives the same tables.
"""

from __future__ import annotations

from clustermap.engine.parts import Part, open_part, read_part, write_part
from clustermap.engine.pools import ENGINES, SERIAL, Engine, EngineName, Pool, open_pool
from clustermap.engine.reduce import Job, Reduced, reduce_chunks
from clustermap.engine.side import Side, open_side, write_side

__all__ = [
    "ENGINES",
    "SERIAL",
    "Engine",
    "EngineName",
    "Job",
    "Part",
    "Pool",
    "Reduced",
    "Side",
    "open_part",
    "open_pool",
    "open_side",
    "read_part",
    "reduce_chunks",
    "write_part",
    "write_side",
]
