"""Fictional worlds from a seed: for the demonstration, tests, validation and benchmarks.

Real boundaries, registers and linkages of Korea may not be passed on, and invented links on real
names would be quoted as findings. So a world lies on Korea's real land and everything else in it is
invented: every cluster's name ends with "(가상)". Some clusters are planted with more or fewer
links than typical, so that what the tool finds can be held against what is there.
"""

from clustermap.sources.world.build import (
    FACTORS,
    Parameters,
    World,
    build_world,
    redraw_linkages,
)
from clustermap.sources.world.write import write_world

__all__ = ["FACTORS", "Parameters", "World", "build_world", "redraw_linkages", "write_world"]
