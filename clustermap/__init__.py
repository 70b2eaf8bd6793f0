"""Score and map the innovation linkages of clusters.

The names below are loaded when they are first used (PEP 562), so that ``import clustermap`` and
``clustermap --help`` cost nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from clustermap.change import open_change
    from clustermap.pipeline import (
        check_project,
        compare_whatif,
        draw_map,
        explain_cluster,
        fetch_osm,
        init_project,
        list_indicators,
        run,
        score_clusters,
        select_clusters,
        write_exports,
        write_report,
    )
    from clustermap.project import open_project

    __version__: str

__all__ = [
    "__version__",
    "check_project",
    "compare_whatif",
    "draw_map",
    "explain_cluster",
    "fetch_osm",
    "init_project",
    "list_indicators",
    "open_change",
    "open_project",
    "run",
    "score_clusters",
    "select_clusters",
    "write_exports",
    "write_report",
]

_HOMES = {"open_project": "project", "open_change": "change"}


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 -- rarely asked

    try:
        return version("clustermap")
    except PackageNotFoundError:  # a checkout that is not installed
        return "0+unknown"


def __getattr__(name: str) -> object:
    if name == "__version__":
        return _version()
    if name in __all__:
        home = _HOMES.get(name, "pipeline")
        return getattr(import_module(f"clustermap.{home}"), name)
    raise AttributeError(f"module 'clustermap' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
