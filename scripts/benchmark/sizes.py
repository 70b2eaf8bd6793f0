"""How large the worlds are that speed is measured on, and what their folders hold."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Size:
    """How large a world is.

    Parameters
    ----------
    clusters, firms, links
        Numbers of them.
    """

    clusters: int
    firms: int
    links: int


SIZES = {
    "S": Size(100, 50_000, 200_000),
    "M": Size(1_900, 1_000_000, 4_000_000),
    "L": Size(1_900, 6_000_000, 20_000_000),
}
SEED = 1
CORNERS = 90
"""Corners of an outline: as many as those of real complexes have in the mean."""
OUTSIDE = 0.4
"""Share of the firms that belong to no cluster."""
DRAWS = 200
PRECISION = 1e-10
"""How little the PageRank of all actors together may still change."""
FILES = ("clusters", "firms", "institutes", "partners", "pairs")
MARK = "world.json"
PROJECT = "project.toml"
LINKS = "links"
"""Folder of coded links, for what looks at them alone."""
