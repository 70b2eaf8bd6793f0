"""Places: where every firm and institute stands, and which cells a cluster holds."""

from __future__ import annotations

from clustermap.tables.columns import CLUSTER
from clustermap.tables.inputs import FIRMS, INSTITUTES
from clustermap.tables.schema import Column, Table

_CELL = Column("cell", "text", "Cell that it belongs to.", required=True)
_HOW = Column(
    "how",
    "choice",
    "How it was assigned.",
    required=True,
    choices=("inside", "complex", "nearest", "grid", "region", "abroad", "unknown"),
)

_CONVERTED = (
    Column("industry_raw", "text", "Industry code of the file, where revisions were converted."),
    Column(
        "industry_among",
        "text",
        "Codes that it may mean in the revision that is read, joined by |.",
    ),
)

ASSIGNED_FIRMS = Table(
    "firms",
    "A firm and where it stands.",
    (*FIRMS.columns, *_CONVERTED, _CELL, _HOW),
    ("firm",),
)

ASSIGNED_INSTITUTES = Table(
    "institutes",
    "An institute and where it stands.",
    (*INSTITUTES.columns, _CELL, _HOW),
    ("institute",),
)

MEMBERSHIPS = Table(
    "memberships",
    "A cell that a cluster holds.",
    (_CELL, CLUSTER),
    ("cell", "cluster"),
)
