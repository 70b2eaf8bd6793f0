"""Links as they were counted: between cells, with abroad, by whom, and what may mislead."""

from __future__ import annotations

from clustermap.tables.choices import KINDS
from clustermap.tables.columns import CELL_SOURCE, CELL_TARGET, CLUSTER
from clustermap.tables.schema import Column, Table

_LINKS = Column("links", "integer", "Links, each counted once.", "links", required=True)
_WEIGHT = Column("weight", "integer", "Sum of weights or shares.", "1e-9", required=True)

FLOWS = Table(
    "flows",
    "Links between two cells of one kind, channel and year.",
    (
        CELL_SOURCE,
        CELL_TARGET,
        Column("kind", "choice", "Kind of linkage.", required=True, choices=KINDS),
        Column("channel", "text", "Actor types of the two ends.", required=True),
        Column("year", "integer", "Year; null where none is given."),
        _LINKS,
        _WEIGHT,
    ),
    ("source", "target", "kind", "channel", "year"),
)

BROKERS = Table(
    "brokers",
    "One of the first brokers of a cluster.",
    (
        CLUSTER,
        Column("actor", "id", "Actor.", required=True),
        Column("roles", "integer", "Pairs of units, inside and outside, that it joins."),
        Column("gatekeeper", "integer", "Of directed kinds: what leads in."),
        Column("representative", "integer", "Of directed kinds: what leads out."),
        Column("either", "integer", "Of kinds without direction: both at once."),
    ),
    ("cluster", "actor"),
)

ABROAD_LINKS = Table(
    "abroad",
    "Links of one cluster with partners in one country.",
    (
        CLUSTER,
        Column("country", "text", "Country.", required=True),
        Column("kind", "choice", "Kind of linkage.", required=True, choices=KINDS),
        _LINKS,
        _WEIGHT,
    ),
    ("cluster", "country", "kind"),
)

FLAGS = Table(
    "flags",
    "What may mislead about the links of one cluster.",
    (
        CLUSTER,
        Column("flag", "text", "headquarters, groups, one_group or foreign.", required=True),
        Column("share", "number", "Share of its links that the flag speaks of.", "share"),
        Column("links", "integer", "Links that the share is taken of.", "links"),
        Column("raised", "integer", "1 if more than half of at least three links.", required=True),
    ),
    ("cluster", "flag"),
)
