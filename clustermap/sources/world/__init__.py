"""Fictional worlds from a seed: for the demonstration, tests, validation and benchmarks.

Real boundaries, registers and linkages of Korea may not be passed on, and invented links on real
names would be quoted as findings. So a world lies on Korea's real land and everything else in it is
invented: every cluster's name ends with "(가상)". Some clusters are planted with more or fewer
links than typical, so that what the tool finds can be held against what is there.

For validation, which needs many and large worlds, ``build_nation`` draws them on a plain and
without names, ``draw_edges`` their links, ``count_world`` counts them as a run does, ``expect``
and ``expect_by_redrawing`` say what is typical of every cluster.
"""

from clustermap.sources.world.build import World, build_world, read_nation, redraw_linkages
from clustermap.sources.world.edges import Edges, draw_edges
from clustermap.sources.world.expectation import Expected, expect
from clustermap.sources.world.nation import Nation
from clustermap.sources.world.observation import Observation, count_world, observe
from clustermap.sources.world.parameters import FACTORS, LAWS, PLANTED, Parameters
from clustermap.sources.world.plain import build_nation
from clustermap.sources.world.raw import write_raw_files
from clustermap.sources.world.redrawing import (
    Redrawn,
    expect_by_redrawing,
    merge_redrawn,
    redraw,
)
from clustermap.sources.world.write import write_world

__all__ = [
    "FACTORS",
    "LAWS",
    "PLANTED",
    "Edges",
    "Expected",
    "Nation",
    "Observation",
    "Parameters",
    "Redrawn",
    "World",
    "build_nation",
    "build_world",
    "count_world",
    "draw_edges",
    "expect",
    "expect_by_redrawing",
    "merge_redrawn",
    "observe",
    "read_nation",
    "redraw",
    "redraw_linkages",
    "write_raw_files",
    "write_world",
]
