"""Gauge: what single links are counted by, and how workers open it from files."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from pyproj import CRS

from clustermap.engine import Side, open_side, write_side
from clustermap.layers.actors import Register
from clustermap.layers.cells import Cells
from clustermap.layers.lookup import Lookup
from clustermap.network.observed import MOVED
from clustermap.network.space import Space
from clustermap.network.units import Reach

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

_ACTORS = ("types", "cells", "x", "y", "precise", "stratum", "placed")
_LOOKUP = ("slots", "tables", "positions", "lengths", "last")
_SPACE = ("edges_m", "bins", "near", "shares", "x", "y")


@dataclass(frozen=True)
class Gauge:
    """What single links are counted by.

    Parameters
    ----------
    registers
        By the name of each boundary: all actors, in the cells that it puts them in.
    cells
        Cells by any boundary.
    space
        Distances between the cells.
    reach
        How far links reach.
    """

    registers: Mapping[str, Register]
    cells: Cells
    space: Space
    reach: Reach

    @cached_property
    def changed(self) -> dict[str, npt.NDArray[np.bool_]]:
        """Who changes the cell, by the name of each moved boundary."""
        drawn = self.registers["drawn"].cells
        return {name: self.registers[name].cells != drawn for name in MOVED}


def write_gauge(gauge: Gauge, folder: Path) -> Path:
    """Write a gauge for workers.

    Parameters
    ----------
    gauge
        What links are counted by; of the register only what that needs.
    folder
        Folder that every worker sees.

    Returns
    -------
    Path
        For :func:`open_gauge`; its name follows from the content.
    """
    drawn, space, cells = gauge.registers["drawn"], gauge.space, gauge.cells
    lookup = drawn.lookup
    arrays = {f"actor_{name}": getattr(drawn, name) for name in _ACTORS}
    arrays |= {
        f"cells_{name}": register.cells
        for name, register in gauge.registers.items()
        if name != "drawn"
    }
    arrays |= {f"lookup_{name}": getattr(lookup, name) for name in _LOOKUP}
    arrays |= {f"space_{name}": getattr(space, name) for name in _SPACE}
    arrays |= {
        "held_cell": cells.held_cell,
        "held_cluster": cells.held_cluster,
        "reach_of_band": gauge.reach.of_band,
        "reach_regions": gauge.reach.regions,
    }
    facts = {
        "boundaries": list(gauge.registers),
        "cells": list(cells.names),
        "clusters": cells.clusters,
        "levels": gauge.reach.levels,
        "crs": "" if space.crs is None else space.crs.to_wkt(),
    }
    return write_side(Side(arrays, {"ids": lookup.ids}, facts), folder)


def open_gauge(path: Path) -> Gauge:
    """Open a gauge that was written.

    Parameters
    ----------
    path
        From :func:`write_gauge`.

    Returns
    -------
    Gauge
        Counts as the one that was written; its arrays lie in their files.
    """
    side = open_side(path)
    arrays, facts = side.arrays, side.facts
    ids = side.texts["ids"]
    parts = (arrays[f"lookup_{name}"] for name in _LOOKUP)
    drawn = Register(ids, **{name: arrays[f"actor_{name}"] for name in _ACTORS})
    drawn.__dict__["lookup"] = Lookup(ids, *parts)  # as it was found: nothing is hashed again
    registers = {
        name: drawn if name == "drawn" else replace(drawn, cells=arrays[f"cells_{name}"])
        for name in facts["boundaries"]
    }
    cells = Cells(
        tuple(facts["cells"]), facts["clusters"], arrays["held_cell"], arrays["held_cluster"]
    )
    crs = CRS.from_user_input(facts["crs"]) if facts["crs"] else None
    space = Space(**{name: arrays[f"space_{name}"] for name in _SPACE}, crs=crs)
    reach = Reach(facts["levels"], arrays["reach_of_band"], arrays["reach_regions"])
    return Gauge(registers, cells, space, reach)
