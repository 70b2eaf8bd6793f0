"""Memory: what allocators keep in reserve goes back to the system between large steps.

What a step has freed stays with the process otherwise, in pieces that the next step may not fit
into: after 4 million links that was half as much again as was really held.
"""

from __future__ import annotations

import ctypes
import sys

import pyarrow as pa


def give_back() -> None:
    """Return memory that is free to the system, as far as the allocators in use can."""
    pa.default_memory_pool().release_unused()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # GNU's C library alone has it
        if trim is not None:
            trim(0)
