"""The tables as data: which columns each has, of what type and unit, and what they mean.

Reading, checking, writing and the generated docs page all follow these declarations: a new column
is declared here and nowhere else.
"""

from __future__ import annotations

from clustermap.tables.advice import (
    DIAGNOSIS,
    DIFFUSION,
    INTERMEDIARIES,
    MISSING_LINKS,
    NEXT_SITES,
    PERMITTED_GAPS,
    SUPPORT_MEASURES,
)
from clustermap.tables.choices import (
    ACTOR_TYPES,
    INSTITUTE_TYPES,
    KINDS,
    MONEY_UNITS,
    SCORED_KINDS,
    STANDINGS,
)
from clustermap.tables.columns import DEFAULT_SCENARIO
from clustermap.tables.expected import EXPECTED, NULLS, RATIOS
from clustermap.tables.indicators import INDICATORS, INDUSTRIES
from clustermap.tables.inputs import (
    CLUSTERS,
    COMPLEX_ALIASES,
    DOCUMENTS,
    FIRMS,
    INSTITUTES,
    PAIRS,
    PARTNERS,
    PROJECTS,
    REGIONS,
    SUPPORT,
    TAXONOMY,
)
from clustermap.tables.links import ABROAD_LINKS, BROKERS, FLAGS, FLOWS
from clustermap.tables.places import (
    ASSIGNED_FIRMS,
    ASSIGNED_INSTITUTES,
    COMPLEX_MATCHES,
    DISTRICT_MATCHES,
    MEMBERSHIPS,
)
from clustermap.tables.registry import INPUT_TABLES, LAYERS, LINKAGES, OUTPUT_TABLES
from clustermap.tables.schema import SCHEMA, SHARE_UNIT, Column, Table, Type
from clustermap.tables.scores import QUALITY, SCORES, SENSITIVITY, SUBSCORES
from clustermap.tables.selection import (
    BUDGET_PATH,
    BUDGET_STEPS,
    COMPARATORS,
    PORTFOLIOS,
    RULE_PRICES,
    SELECTION,
    WHY_NOT,
)
from clustermap.tables.travel import NEXT_SITES_BY_KIND, TRAVEL, TRAVEL_FIRMS
from clustermap.tables.whatif import WHATIF

__all__ = [
    "ABROAD_LINKS",
    "ACTOR_TYPES",
    "ASSIGNED_FIRMS",
    "ASSIGNED_INSTITUTES",
    "BROKERS",
    "BUDGET_PATH",
    "BUDGET_STEPS",
    "CLUSTERS",
    "COMPARATORS",
    "COMPLEX_ALIASES",
    "COMPLEX_MATCHES",
    "DEFAULT_SCENARIO",
    "DIAGNOSIS",
    "DIFFUSION",
    "DISTRICT_MATCHES",
    "DOCUMENTS",
    "EXPECTED",
    "FIRMS",
    "FLAGS",
    "FLOWS",
    "INDICATORS",
    "INDUSTRIES",
    "INPUT_TABLES",
    "INSTITUTES",
    "INSTITUTE_TYPES",
    "INTERMEDIARIES",
    "KINDS",
    "LAYERS",
    "LINKAGES",
    "MEMBERSHIPS",
    "MISSING_LINKS",
    "MONEY_UNITS",
    "NEXT_SITES",
    "NEXT_SITES_BY_KIND",
    "NULLS",
    "OUTPUT_TABLES",
    "PAIRS",
    "PARTNERS",
    "PERMITTED_GAPS",
    "PORTFOLIOS",
    "PROJECTS",
    "QUALITY",
    "RATIOS",
    "REGIONS",
    "RULE_PRICES",
    "SCHEMA",
    "SCORED_KINDS",
    "SCORES",
    "SELECTION",
    "SENSITIVITY",
    "SHARE_UNIT",
    "STANDINGS",
    "SUBSCORES",
    "SUPPORT",
    "SUPPORT_MEASURES",
    "TAXONOMY",
    "TRAVEL",
    "TRAVEL_FIRMS",
    "WHATIF",
    "WHY_NOT",
    "Column",
    "Table",
    "Type",
]
