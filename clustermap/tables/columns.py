"""Columns that several tables have in common."""

from __future__ import annotations

from clustermap.tables.schema import Column

CLUSTER = Column("cluster", "id", "Cluster.", required=True)

DEFAULT_SCENARIO = "default"
"""Scenario of the project's own profile; the others are named by theirs."""

SCENARIO = Column(
    "scenario",
    "text",
    "Scenario; the project's own is 'default', the others are other profiles, and scenarios of the"
    " project file, by their names.",
    required=True,
)
CELL_SOURCE = Column("source", "text", "Cell of the first actor.", required=True)
CELL_TARGET = Column("target", "text", "Cell of the second actor.", required=True)
LOW = Column("low", "number", "Lower end of the 90 % interval; null where none is given.")
HIGH = Column("high", "number", "Upper end of the 90 % interval; null where none is given.")
BASIS = Column("basis", "number", "What the value rests on: number of firms or links.")
OBSERVED_LINKS = Column(
    "observed", "number", "Links; of projects and documents in shares.", "links"
)
TYPICAL_LINKS = Column(
    "expected", "number", "Links typical of such actors at that distance.", "links"
)
