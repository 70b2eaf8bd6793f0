"""Libraries that come with an extra: imported where a file needs them, or asked for."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from clustermap.errors import TableFault

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from clustermap.sources.files.source import FileSource


@contextmanager
def need_library(source: FileSource, path: Path, library: str) -> Iterator[None]:
    """Tell of a library that is imported within and is not installed.

    Parameters
    ----------
    source
        What is read.
    path
        The file that needs it.
    library
        Name of the library; the extra "excel" holds it.

    Yields
    ------
    None
        While it is imported.

    Raises
    ------
    TableFault
        If it is not installed.
    """
    try:
        yield
    except ImportError as error:
        raise TableFault(
            "missing_extra",
            table=source.table.name,
            value=path.name,
            extra="excel",
            library=library,
        ) from error
