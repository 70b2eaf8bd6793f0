"""Indicators of clusters, and of industries as a whole."""

from __future__ import annotations

from clustermap.tables.columns import BASIS, CLUSTER, HIGH, LOW
from clustermap.tables.schema import Column, Table

INDICATORS = Table(
    "indicators",
    "One value of one indicator for one cluster.",
    (
        CLUSTER,
        Column("indicator", "text", "Indicator (page Indicators).", required=True),
        Column("kind", "text", "Kind of linkage; '' where it has none.", required=True),
        Column("industry", "text", "Strategic industry; '' where it has none.", required=True),
        Column("value", "number", "Value; null where the data give none."),
        LOW,
        HIGH,
        BASIS,
        Column("note", "text", "Key of a remark in the catalogue.", required=True),
    ),
    ("cluster", "indicator", "kind", "industry"),
)

INDUSTRIES = Table(
    "industries",
    "One indicator of one strategic industry over the whole nation.",
    (
        Column("industry", "text", "Strategic industry.", required=True),
        Column("indicator", "text", "Indicator.", required=True),
        Column("value", "number", "Value."),
        LOW,
        HIGH,
    ),
    ("industry", "indicator"),
)
