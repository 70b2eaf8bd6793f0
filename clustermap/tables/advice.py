"""Advice: what each cluster lacks, who could bring it together, and what support did."""

from __future__ import annotations

from clustermap.tables.choices import KINDS
from clustermap.tables.columns import BASIS, CLUSTER, HIGH, LOW, OBSERVED_LINKS, TYPICAL_LINKS
from clustermap.tables.schema import Column, Table

_OPEN = Column("open", "text", "Key of what keeps it undecided; '' else.", required=True)

DIAGNOSIS = Table(
    "diagnosis",
    "One condition of a situation in one cluster, and the situation as a whole.",
    (
        CLUSTER,
        Column("situation", "text", "Situation (page Diagnosis).", required=True),
        Column("condition", "text", "Condition; '' for the whole situation.", required=True),
        Column("holds", "integer", "1 if it is seen, 0 if not; null where the data do not tell."),
        Column("value", "number", "Value."),
        LOW,
        HIGH,
        Column("typical", "number", "What is typical, in the unit of what was counted."),
        BASIS,
        _OPEN,
    ),
    ("cluster", "situation", "condition"),
)

DIFFUSION = Table(
    "diffusion",
    "Level of diffusion programme that fits a cluster, and its firms by sector group.",
    (
        CLUSTER,
        Column("level", "integer", "1 adopt, 2 raise receptor capacity, 3 build capacity."),
        _OPEN,
        Column("specialised_suppliers", "integer", "Firms to address first.", "firms"),
        Column("supplier_dominated", "integer", "Firms to address second.", "firms"),
        Column("scale_intensive", "integer", "Firms that are sources.", "firms"),
        Column("science_based", "integer", "Firms that are sources, near science.", "firms"),
        Column("ungrouped", "integer", "Firms of no group, or without an industry code.", "firms"),
    ),
    ("cluster",),
)

PERMITTED_GAPS = Table(
    "permitted_gaps",
    "An industry in which what is permitted in a cluster and what is there or needed differ.",
    (
        CLUSTER,
        Column("entry", "text", "Industry, or start of industry codes.", required=True),
        Column(
            "difference",
            "choice",
            "Permitted and absent; needed and not permitted; there and not permitted.",
            required=True,
            choices=("unused", "needed", "barred"),
        ),
        Column("present", "integer", "Firms of it in the cluster.", "firms", required=True),
    ),
    ("cluster", "entry", "difference"),
)

MISSING_LINKS = Table(
    "missing_links",
    "A cluster and an institute or cluster near it with fewer links than is typical.",
    (
        CLUSTER,
        Column("counterpart", "id", "Institute or cluster at the other end.", required=True),
        Column(
            "counterpart_type",
            "choice",
            "What the other end is.",
            required=True,
            choices=("institute", "cluster"),
        ),
        Column("distance_m", "number", "Straight line; null where a place is not known well.", "m"),
        OBSERVED_LINKS,
        TYPICAL_LINKS,
        Column("probability", "number", "Chance of so few links in a typical pair.", "share"),
        Column(
            "false_share",
            "number",
            "Share of chance among the pairs told that are no likelier than this one.",
            "share",
        ),
        Column("lacking", "choice", "Kind of linkage that lacks most.", choices=KINDS),
        Column("common", "texts", "Fields of both; empty where those of one are not known."),
        Column("broker", "id", "Actor that could bring them together."),
        Column("direct", "integer", "1 if it is linked with both already, else 0."),
        Column("contacts", "integer", "Partners through which it reaches the other end."),
    ),
    ("cluster", "counterpart"),
)

INTERMEDIARIES = Table(
    "intermediaries",
    "One support body, and whom it brings together.",
    (
        Column("institute", "id", "Identifier.", required=True),
        Column("near_firms", "integer", "Firms within reach.", "firms"),
        Column("near_linked", "integer", "Firms within reach that it is linked with.", "firms"),
        Column("near_share", "number", "Share of the firms within reach.", "share"),
        Column("near_low", "number", "Lower end of its 90 % interval.", "share"),
        Column("near_high", "number", "Upper end of its 90 % interval.", "share"),
        Column("partners", "integer", "Actors that it is linked with.", "actors"),
        Column("joined", "integer", "Clusters that it is linked with.", "clusters"),
        Column("coordinator", "integer", "Pairs not linked with each other, both at its place."),
        Column("itinerant", "integer", "Such pairs, both at one other place."),
        Column("gateway", "integer", "Such pairs, one at its place and one elsewhere."),
        Column("liaison", "integer", "Such pairs at two other places."),
    ),
    ("institute",),
)

NEXT_SITES = Table(
    "next_sites",
    "A cluster where one more support body would reach most firms that none reaches.",
    (
        Column("turn", "integer", "First, second, ... choice.", required=True),
        CLUSTER,
        Column("added", "integer", "Firms that it adds, after those before it.", "firms"),
        Column("firms_covered", "integer", "Firms reached with all choices up to it.", "firms"),
        Column("firms_in_all", "integer", "Firms whose place is known.", "firms"),
    ),
    ("turn",),
)

SUPPORT_MEASURES = Table(
    "support_measures",
    "What support did one cluster get, how split, and what was left of it.",
    (
        CLUSTER,
        Column("programmes", "integer", "Programmes that gave to it.", "programmes"),
        Column("money", "number", "Money granted.", "currency"),
        Column("current", "number", "Public money of the grants that run now.", "currency"),
        Column("splitting", "number", "Herfindahl index of the money over programmes.", "share"),
        Column("single_share", "number", "Share of the money given to single firms.", "share"),
        Column("leverage", "number", "Private money won for one of public money."),
        Column("pairs_during", "integer", "Pairs of beneficiaries linked in a programme.", "pairs"),
        Column("pairs_after", "integer", "Those of them linked after its end, too.", "pairs"),
        Column("outliving", "number", "Share of the pairs still linked after the end.", "share"),
        Column("outliving_low", "number", "Lower end of its 90 % interval.", "share"),
        Column("outliving_high", "number", "Upper end of its 90 % interval.", "share"),
    ),
    ("cluster",),
)
