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
    choices=("inside", "complex", "nearest", "grid", "district", "region", "abroad", "unknown"),
)
_ACTORS = Column("actors", "integer", "Firms and institutes that state it.", required=True)
_NOTE = Column("note", "text", "Why it was not matched, or only in part; '' where it was.")

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

COMPLEX_MATCHES = Table(
    "complex_matches",
    "What actors state as their complex, and which cluster that was taken to mean.",
    (
        Column("layer", "text", "Layer of the rows.", required=True),
        Column("text", "text", "What the rows state.", required=True),
        Column("cluster", "id", "Cluster that it means; null where none is matched."),
        Column(
            "how",
            "choice",
            "How it was matched.",
            required=True,
            choices=("identifier", "name", "alias", "normal", "individual", "unmatched"),
        ),
        _ACTORS,
        _NOTE,
    ),
    (),
)

DISTRICT_MATCHES = Table(
    "district_matches",
    "What rows state as their region, district and address, and which place that was taken to be.",
    (
        Column("layer", "text", "Layer of the rows.", required=True),
        Column("text", "text", "What the rows state.", required=True),
        Column("region", "text", "Region as it is called today; null where it is not known."),
        Column("district", "text", "District as it is called today; null where it is not known."),
        Column(
            "how",
            "choice",
            "How it was matched.",
            required=True,
            choices=("names", "codes", "address", "unmatched"),
        ),
        _ACTORS,
        _NOTE,
    ),
    (),
)
