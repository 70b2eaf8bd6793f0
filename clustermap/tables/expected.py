"""Expected links: what is typical of such actors there, and how that was fitted."""

from __future__ import annotations

from clustermap.tables.choices import KINDS
from clustermap.tables.columns import (
    CELL_SOURCE,
    CELL_TARGET,
    CLUSTER,
    HIGH,
    LOW,
    OBSERVED_LINKS,
    TYPICAL_LINKS,
)
from clustermap.tables.schema import Column, Table

RATIOS = Table(
    "ratios",
    "Observed and expected links of one cluster, of one kind, at one reach, under one null.",
    (
        CLUSTER,
        Column("null", "text", "Null that links are expected under.", required=True),
        Column("boundary", "text", "Boundary: drawn, smaller or larger.", required=True),
        Column("kind", "text", "Kind of linkage; '' for all scored kinds.", required=True),
        Column("reach", "text", "Fence, local radius (all that is nearer), beyond.", required=True),
        Column("observed", "number", "Links; of projects and documents in shares.", "links"),
        Column("expected", "number", "Links typical of the same actors there.", "links"),
        Column("allowance", "number", "What expected was multiplied with for circumstances."),
        Column("design", "number", "Links per independent unit."),
        Column("ratio", "number", "Log2 of observed over expected, shrunk.", "log2"),
        LOW,
        HIGH,
        Column("width", "number", "Width of the unshrunk 90 % interval.", "log2"),
        Column("data_weight", "number", "Weight of the cluster's own links.", "share"),
        Column("decided", "integer", "1 if the data decide, else 0; null but for all kinds."),
    ),
    ("cluster", "null", "boundary", "kind", "reach"),
)

NULLS = Table(
    "nulls",
    "How one null was fitted to one channel of linkages.",
    (
        Column("null", "text", "Null: mass, constrained, no_distance, no_size.", required=True),
        Column("channel", "text", "Kind and actor types of the two ends.", required=True),
        Column("links", "number", "Links that it was fitted to; null for constrained.", "links"),
        Column("sweeps", "integer", "Sweeps until nothing changed.", required=True),
        Column("residual", "number", "Largest relative change in the last sweep.", required=True),
        Column("exponent", "number", "Exponent of size; null for constrained."),
        Column("same_sector", "number", "Factor on firms of one sector; null for constrained."),
    ),
    ("null", "channel"),
)

EXPECTED = Table(
    "expected",
    "Observed and expected links of two cells, of one kind, under the mass null.",
    (
        CELL_SOURCE,
        CELL_TARGET,
        Column("kind", "choice", "Kind of linkage.", required=True, choices=KINDS),
        OBSERVED_LINKS,
        TYPICAL_LINKS,
    ),
    ("source", "target", "kind"),
)
