"""Travel by road: how far institutes are, and where the next of each kind would help most."""

from __future__ import annotations

from clustermap.tables.choices import INSTITUTE_TYPES
from clustermap.tables.columns import CLUSTER
from clustermap.tables.schema import Column, Table

_KIND = Column("kind", "choice", "Kind of institute.", required=True, choices=INSTITUTE_TYPES)

TRAVEL = Table(
    "travel",
    "Travel time by road from one cluster to the nearest institute of one kind.",
    (
        CLUSTER,
        _KIND,
        Column("minutes", "number", "From a point inside; null where no road leads there.", "min"),
        Column("firms", "integer", "Firms of the cluster that stand at a road.", "firms"),
        Column("median_minutes", "number", "Median over these firms; null as before.", "min"),
        Column("near_firms", "integer", "Firms within 30 minutes.", "firms"),
        Column("near_share", "number", "Share of the firms that stand at a road.", "share"),
        Column(
            "left_out",
            "integer",
            "Firms whose place is not known well, or over 2 km from any road.",
            "firms",
        ),
    ),
    ("cluster", "kind"),
)

TRAVEL_FIRMS = Table(
    "travel_firms",
    "Travel time by road from one firm to the nearest institute of each kind.",
    (
        Column("firm", "id", "Identifier.", required=True),
        Column("to_road", "number", "Part of it to the roads; null where none is near.", "min"),
        *(
            Column(f"to_{kind}", "number", f"To the nearest of kind {kind}; null if none.", "min")
            for kind in INSTITUTE_TYPES
        ),
    ),
    ("firm",),
)

NEXT_SITES_BY_KIND = Table(
    "next_sites_by_kind",
    "The cluster where one more institute of a kind would reach most firms that none reaches.",
    (
        _KIND,
        CLUSTER,
        Column("added", "integer", "Firms that it adds within 30 minutes.", "firms"),
        Column("ties", "integer", "Other clusters that would add as many.", "clusters"),
        Column("second", "id", "Cluster that is next best; null where there is one only."),
        Column("second_added", "integer", "Firms that this one would add.", "firms"),
        Column("firms_covered", "integer", "Firms within 30 minutes of one already.", "firms"),
        Column("firms_in_all", "integer", "Firms that stand at a road.", "firms"),
    ),
    ("kind",),
)
