"""Registry: every table that is read or written, in the order of the docs and of a run."""

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

LAYERS = {table.name: table for table in (CLUSTERS, INSTITUTES, FIRMS, PARTNERS, REGIONS, SUPPORT)}
LINKAGES = {table.name: table for table in (PAIRS, PROJECTS, DOCUMENTS)}
INPUT_TABLES = (*LAYERS.values(), *LINKAGES.values(), TAXONOMY, COMPLEX_ALIASES)

OUTPUT_TABLES = (
    CLUSTERS,
    ASSIGNED_FIRMS,
    ASSIGNED_INSTITUTES,
    MEMBERSHIPS,
    COMPLEX_MATCHES,
    DISTRICT_MATCHES,
    FLOWS,
    INDICATORS,
    INDUSTRIES,
    SCORES,
    SUBSCORES,
    RATIOS,
    NULLS,
    EXPECTED,
    BROKERS,
    ABROAD_LINKS,
    FLAGS,
    QUALITY,
    SENSITIVITY,
    SELECTION,
    PORTFOLIOS,
    RULE_PRICES,
    BUDGET_PATH,
    BUDGET_STEPS,
    COMPARATORS,
    WHY_NOT,
    DIAGNOSIS,
    DIFFUSION,
    PERMITTED_GAPS,
    MISSING_LINKS,
    INTERMEDIARIES,
    NEXT_SITES,
    SUPPORT_MEASURES,
    TRAVEL,
    TRAVEL_FIRMS,
    NEXT_SITES_BY_KIND,
    WHATIF,
)
