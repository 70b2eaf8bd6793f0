"""OpenStreetMap: industrial areas, institutes, firms and roads, by network or from an extract.

By either way the same elements become the same layers: one table says which tags count, and only
the way to the elements differs. What is taken, and what is not, stands in docs/sources.
"""

from clustermap.sources.osm.area import Area, box_area, union_area
from clustermap.sources.osm.asked import Asked, Server
from clustermap.sources.osm.tags import ATTRIBUTION, LICENCE, Tag, read_tags

__all__ = [
    "ATTRIBUTION",
    "LICENCE",
    "Area",
    "Asked",
    "Server",
    "Tag",
    "box_area",
    "read_tags",
    "union_area",
]
