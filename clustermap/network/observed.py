"""Observed: what the null model is held against - members, links and distances of one run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

    from clustermap.layers.cells import Cells
    from clustermap.network.space import Space
    from clustermap.network.strata import Strata

MOVED = ("smaller", "larger")
BOUNDARIES = ("drawn", *MOVED)


@dataclass(frozen=True)
class Boundary:
    """What is counted when clusters end at one boundary.

    Parameters
    ----------
    name
        One of BOUNDARIES.
    members
        int64, shape (cells, strata): actors; rows of cells abroad and of unknown place are zero.
    ends
        From merge_ends.
    squares
        From merge_squares.
    """

    name: str
    members: npt.NDArray[np.int64]
    ends: pa.Table
    squares: pa.Table


@dataclass(frozen=True)
class Observed:
    """What is counted of a run, by the boundary drawn and by two that are moved.

    All boundaries share one coding of cells and one space.

    Parameters
    ----------
    cells
        Cells by any boundary, and which clusters hold them.
    strata
        Strata that the members are told by.
    space
        Distances between the cells.
    radii_m
        Local radii, metres, the first 0 (the fence); empty where what is local ends at the region.
    regions
        int32; region of every cell as a code, -1 where none is known.
    flows
        From merge_flows, over all tables of linkages, by the boundary drawn: of boundaries that are
        moved, nobody asks for the pairs of cells, which are millions.
    drawn
        Counts by the clusters as they are drawn.
    smaller, larger
        Counts by clusters whose boundary is moved inward and outward.
    """

    cells: Cells
    strata: Strata
    space: Space
    radii_m: tuple[float, ...]
    regions: npt.NDArray[np.int32]
    flows: pa.Table
    drawn: Boundary
    smaller: Boundary
    larger: Boundary
