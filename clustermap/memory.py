"""Memory: what allocators keep in reserve goes back to the system between large steps.

What a step has freed stays with the process otherwise, in pieces that the next step may not fit
into: after 4 million links that was half as much again as was really held.
"""

from __future__ import annotations

import ctypes
import mmap
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

_LARGE = 8 << 20
_SPARE = 32 << 20
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # as malloc.h numbers them


def part_large() -> None:
    """Give large arrays room of their own from now on, which goes back as soon as they go.

    GNU's C library would learn, from the first large arrays that go, to take the room of up to
    32 MB from what it keeps in reserve; there it stays, in pieces, to the end.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, _LARGE)
        mallopt(_TRIM_THRESHOLD, _SPARE)


def give_back() -> None:
    """Return memory that is free to the system, as far as the allocators in use can."""
    pa.default_memory_pool().release_unused()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # GNU's C library alone has it
        if trim is not None:
            trim(0)


def forget_pages(columns: Iterable[npt.NDArray[Any]]) -> None:
    """Let go of what was read of mapped files: it is read again where it is looked at.

    Parameters
    ----------
    columns
        Arrays; of those that are no files mapped for reading nothing is done.
    """
    advice = getattr(mmap, "MADV_DONTNEED", None)
    for column in columns:
        if advice is None or not isinstance(column, np.memmap) or column.mode != "r":
            continue
        base: object = column.base
        if isinstance(base, mmap.mmap):
            base.madvise(advice)
