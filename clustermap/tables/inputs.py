"""Inputs: the tables that a project file names."""

from __future__ import annotations

from clustermap.tables.choices import ACTOR_TYPES, KINDS, MONEY_UNITS
from clustermap.tables.schema import Column, Table

_X = Column("x", "number", "Easting or longitude in the layer's coordinate system.", "CRS unit")
_Y = Column("y", "number", "Northing or latitude in the layer's coordinate system.", "CRS unit")
_COMPLEX = Column("complex", "text", "Identifier or name of the cluster that it stands in.")
_REGION = Column("region", "text", "Region (e.g. province) that it lies in.")
_DISTRICT = Column("district", "text", "District within the region.")
_ADDRESS = Column("address", "text", "Address; its province and district are read.")
_PRECISION = Column(
    "precision_m", "number", "Precision of the location; empty means exact.", "m", minimum=0
)
_MONEY_UNIT = Column(
    "money_unit",
    "choice",
    "Unit of the row's money, where units differ from row to row.",
    choices=MONEY_UNITS,
)
_YEAR = Column("year", "year", "Calendar year of the linkage.", minimum=1800, maximum=2200)
_FIELD = Column("field", "text", "Technology field.")
_KIND = Column("kind", "choice", "Kind of linkage.", choices=KINDS)

CLUSTERS = Table(
    "clusters",
    "An industrial complex, research zone, techno-park or region.",
    (
        Column("cluster", "id", "Identifier.", required=True),
        Column("name", "text", "Name.", required=True),
        Column("name_en", "text", "Name in English."),
        Column("kind", "text", "Kind of cluster, e.g. national industrial complex."),
        _REGION,
        _DISTRICT,
        Column("area_km2", "number", "Designated area; else the polygon's.", "km²", minimum=0),
        Column("cost", "number", "Cost of a support package.", "currency", minimum=0),
        Column("industries", "texts", "Strategic industries that it is designated for."),
        Column("permitted", "texts", "Industries permitted to settle."),
        Column("geometry", "geometry", "Polygon.", required=True),
    ),
    ("cluster",),
)

INSTITUTES = Table(
    "institutes",
    "A university, public research institute, hospital or support body.",
    (
        Column("institute", "id", "Identifier.", required=True),
        Column("name", "text", "Name.", required=True),
        Column("kind", "choice", "Actor type.", required=True, choices=ACTOR_TYPES),
        _X,
        _Y,
        _COMPLEX,
        _REGION,
        _DISTRICT,
        _ADDRESS,
        _PRECISION,
        Column("fields", "texts", "Fields of work."),
    ),
    ("institute",),
)

FIRMS = Table(
    "firms",
    "An establishment of a firm.",
    (
        Column("firm", "id", "Identifier.", required=True),
        Column("name", "text", "Name."),
        Column("industry", "text", "Industry code, e.g. KSIC revision 10."),
        Column("revision", "text", "Revision of the industry code."),
        Column("employees", "integer", "Persons employed.", "persons", minimum=0, maximum=10**7),
        Column("sales", "number", "Sales.", "currency"),
        Column("exports", "number", "Exports.", "currency"),
        Column("rnd", "number", "Research and development spending.", "currency"),
        Column("founded", "year", "Year founded.", minimum=1000, maximum=2200),
        Column("group", "id", "Business group that the firm belongs to."),
        Column("site", "text", "Kind of site, e.g. headquarters or plant."),
        _X,
        _Y,
        _COMPLEX,
        _REGION,
        _DISTRICT,
        _ADDRESS,
        _PRECISION,
        Column("products", "text", "What it makes; industries may claim words of it."),
        _MONEY_UNIT,
    ),
    ("firm",),
)

PARTNERS = Table(
    "partners",
    "An actor outside the map, e.g. a partner abroad.",
    (
        Column("partner", "id", "Identifier.", required=True),
        Column("name", "text", "Name."),
        Column("country", "text", "Country, as a code or a name.", required=True),
        Column("kind", "choice", "Actor type.", choices=ACTOR_TYPES),
        _X,
        _Y,
    ),
    ("partner",),
)

REGIONS = Table(
    "regions",
    "A region, for rules and for the basemap.",
    (
        Column("region", "id", "Identifier.", required=True),
        Column("name", "text", "Name."),
        Column("name_en", "text", "Name in English."),
        Column("geometry", "geometry", "Polygon.", required=True),
    ),
    ("region",),
)

PAIRS = Table(
    "pairs",
    "One knowledge flow between two actors.",
    (
        Column("source", "id", "Actor that it comes from.", required=True),
        Column("target", "id", "Actor that it goes to.", required=True),
        _KIND,
        Column("weight", "share", "Weight or project size; 1 where absent.", minimum=0),
        _YEAR,
        _FIELD,
    ),
    (),
)

PROJECTS = Table(
    "projects",
    "One participation of an actor in a project.",
    (
        Column("project", "id", "Project.", required=True),
        Column("participant", "id", "Actor that takes part.", required=True),
        _KIND,
        _YEAR,
        _FIELD,
    ),
    ("project", "participant"),
)

DOCUMENTS = Table(
    "documents",
    "One part of an actor in a document that has several authors, e.g. a patent or a paper.",
    (
        Column("document", "id", "Document.", required=True),
        Column("participant", "id", "Actor that takes part.", required=True),
        _YEAR,
        _FIELD,
    ),
    ("document", "participant"),
)

TAXONOMY = Table(
    "taxonomy",
    "One thing that a strategic industry claims: codes, a word of products, or a firm.",
    (
        Column("industry", "id", "Strategic industry.", required=True),
        Column("name_ko", "text", "Name in Korean."),
        Column("name_en", "text", "Name in English."),
        Column("prefix", "text", "Start of the industry codes claimed; the longest decides."),
        Column("word", "text", "Word claimed where a firm's products have it, spaces aside."),
        Column("firm", "id", "Identifier of a firm claimed."),
    ),
    (),
)

COMPLEX_ALIASES = Table(
    "aliases",
    "Another name of a cluster.",
    (
        Column("cluster", "text", "Identifier or name of the cluster.", required=True),
        Column("alias", "text", "Another name of it.", required=True),
    ),
    (),
)

SUPPORT = Table(
    "support",
    "One grant of a programme to a beneficiary.",
    (
        Column("programme", "id", "Programme that the money comes from.", required=True),
        Column("beneficiary", "id", "Firm, institute or cluster that gets it.", required=True),
        Column("amount", "number", "Money granted.", "currency", minimum=0),
        _MONEY_UNIT,
        Column("start", "year", "First year of the grant.", minimum=1800, maximum=2200),
        Column("end", "year", "Last year of the grant.", minimum=1800, maximum=2200),
        Column(
            "joint",
            "choice",
            "Whether several beneficiaries act together.",
            choices=("joint", "solo"),
        ),
        Column("funder", "choice", "Who pays.", choices=("public", "private")),
    ),
    (),
)
