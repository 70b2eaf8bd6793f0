"""The tables as data: which columns each has, of what type and unit, and what they mean.

Reading, checking, writing and the generated docs page all follow these declarations: a new column
is declared here and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Type = Literal["id", "text", "texts", "integer", "number", "share", "year", "choice", "geometry"]

ACTOR_TYPES = ("firm", "university", "public_institute", "hospital", "support", "other")
KINDS = ("firm_firm", "research", "support", "transfer", "mobility", "other")
SCORED_KINDS = KINDS[:-1]
"""Kinds of linkage that enter scores; "other" is kept and shown, never scored."""

SHARE_UNIT = 10**9
"""Weights are whole numbers of 1e-9, so that sums are exact in any order."""

SCHEMA = 1
"""Version of the tables below; it stands in the metadata of every file written."""


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Parameters
    ----------
    name
        Column name, as it stands in our tables.
    type
        "id" and "text" are text; "texts" is a list written with ";"; "share" is a decimal weight
        stored in whole units of 1e-9; "choice" is one of ``choices``; "number" is finite.
    meaning
        One English sentence for the docs.
    unit
        Unit of the values, "" where there is none.
    required
        Whether a user's table must have it (input) or whether it is never null (output).
    choices
        Closed list of a "choice".
    minimum, maximum
        Smallest and largest value allowed.
    """

    name: str
    type: Type
    meaning: str
    unit: str = ""
    required: bool = False
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None


@dataclass(frozen=True)
class Table:
    """One table: its columns, its key, and whether it is read or written.

    Parameters
    ----------
    name
        Table name: section of the project file (input) or file in OUT/tables (output).
    meaning
        What one row is.
    columns
        Columns in the order in which they are written.
    key
        Columns whose values identify a row.
    """

    name: str
    meaning: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]

    def column(self, name: str) -> Column:
        """Return a column by its name.

        Parameters
        ----------
        name
            Column name.

        Returns
        -------
        Column
            The declaration.

        Raises
        ------
        KeyError
            If the table has no such column.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    @property
    def required(self) -> tuple[str, ...]:
        """Names of the required columns."""
        return tuple(column.name for column in self.columns if column.required)


_X = Column("x", "number", "Easting or longitude in the layer's coordinate system.", "CRS unit")
_Y = Column("y", "number", "Northing or latitude in the layer's coordinate system.", "CRS unit")
_REGION = Column("region", "text", "Region (e.g. province) that it lies in.")
_PRECISION = Column(
    "precision_m", "number", "Precision of the location; empty means exact.", "m", minimum=0
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
        Column("district", "text", "District within the region."),
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
        _REGION,
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
        Column("complex", "text", "Identifier or name of the cluster that it stands in."),
        _REGION,
        _PRECISION,
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
    "One code prefix that a strategic industry claims.",
    (
        Column("industry", "id", "Strategic industry.", required=True),
        Column("name_ko", "text", "Name in Korean."),
        Column("name_en", "text", "Name in English."),
        Column("prefix", "text", "Start of the industry codes claimed; the longest decides."),
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

LAYERS = {table.name: table for table in (CLUSTERS, INSTITUTES, FIRMS, PARTNERS, REGIONS, SUPPORT)}
LINKAGES = {table.name: table for table in (PAIRS, PROJECTS, DOCUMENTS)}
INPUT_TABLES = (*LAYERS.values(), *LINKAGES.values(), TAXONOMY)

_CLUSTER = Column("cluster", "id", "Cluster.", required=True)
_CELL_SOURCE = Column("source", "text", "Cell of the first actor.", required=True)
_CELL_TARGET = Column("target", "text", "Cell of the second actor.", required=True)
_LOW = Column("low", "number", "Lower end of the 90 % interval; null where none is given.")
_HIGH = Column("high", "number", "Upper end of the 90 % interval; null where none is given.")
_BASIS = Column("basis", "number", "What the value rests on: number of firms or links.")
_LINKS = Column("links", "integer", "Links, each counted once.", "links", required=True)
_WEIGHT = Column("weight", "integer", "Sum of weights or shares.", "1e-9", required=True)
_CELL = Column("cell", "text", "Cell that it belongs to.", required=True)
_HOW = Column(
    "how",
    "choice",
    "How it was assigned.",
    required=True,
    choices=("inside", "complex", "nearest", "grid", "region", "abroad", "unknown"),
)
DEFAULT_SCENARIO = "default"
"""Scenario of the project's own profile; the others are named by theirs."""

_SCENARIO = Column(
    "scenario",
    "text",
    "Scenario; the project's own is 'default', the others are other profiles, and scenarios of the"
    " project file, by their names.",
    required=True,
)

INDICATORS = Table(
    "indicators",
    "One value of one indicator for one cluster.",
    (
        _CLUSTER,
        Column("indicator", "text", "Indicator (page Indicators).", required=True),
        Column("kind", "text", "Kind of linkage; '' where it has none.", required=True),
        Column("industry", "text", "Strategic industry; '' where it has none.", required=True),
        Column("value", "number", "Value; null where the data give none."),
        _LOW,
        _HIGH,
        _BASIS,
        Column("note", "text", "Key of a remark in the catalogue.", required=True),
    ),
    ("cluster", "indicator", "kind", "industry"),
)
SCORES = Table(
    "scores",
    "The score of one cluster in one scenario.",
    (
        _SCENARIO,
        _CLUSTER,
        Column("score", "number", "Score; null where not rated.", "1-100", minimum=1, maximum=100),
        _LOW,
        _HIGH,
        Column("rank", "integer", "Rank among the rated; ties share the smallest."),
        Column("rank_low", "integer", "Best rank of the 90 % interval."),
        Column("rank_high", "integer", "Worst rank of the 90 % interval."),
        Column("alike", "integer", "Group of neighbouring ranks that cannot be told apart."),
        Column(
            "top_share",
            "number",
            "Share of analyses in which it is among the top tenth of the rated.",
            "share",
            minimum=0,
            maximum=1,
        ),
        Column(
            "quadrant",
            "choice",
            "Linked locally and beyond more or less than is typical, where both are decided.",
            required=True,
            choices=("local_global", "local", "global", "neither", "undecided"),
        ),
        Column("rated", "integer", "1 if the data decide, else 0.", required=True),
        Column("reason", "text", "Key of the reason where it is not rated.", required=True),
        Column("capability", "number", "What it can bring to bear, apart from links.", "1-100"),
        Column("gap", "number", "What is missing of typical links with near partners.", "0-100"),
        Column("confidence", "text", "high, medium or low; '' without a score.", required=True),
    ),
    ("scenario", "cluster"),
)
SUBSCORES = Table(
    "subscores",
    "One part of a cluster's score.",
    (
        _SCENARIO,
        _CLUSTER,
        Column("subscore", "text", "Part of the score.", required=True),
        Column("value", "number", "Value on the fixed goalposts.", "1-100"),
        _LOW,
        _HIGH,
        Column("weight", "number", "Weight after missing parts are left out.", minimum=0),
        Column("contribution", "number", "Weight times log value; they sum to the log score."),
        _BASIS,
        Column("measure", "number", "What was measured: log2 of observed over expected.", "log2"),
        Column("measure_low", "number", "Lower end of its 90 % interval.", "log2"),
        Column("measure_high", "number", "Upper end of its 90 % interval.", "log2"),
        Column("reach", "text", "Local reach that decides embeddedness; '' else.", required=True),
        Column("decided", "integer", "1 if the data decide the measure, else 0.", required=True),
        Column("reason", "text", "Key of the reason where they do not.", required=True),
    ),
    ("scenario", "cluster", "subscore"),
)
RATIOS = Table(
    "ratios",
    "Observed and expected links of one cluster, of one kind, at one reach, under one null.",
    (
        _CLUSTER,
        Column("null", "text", "Null that links are expected under.", required=True),
        Column("boundary", "text", "Boundary: drawn, smaller or larger.", required=True),
        Column("kind", "text", "Kind of linkage; '' for all scored kinds.", required=True),
        Column("reach", "text", "Fence, local radius (all that is nearer), beyond.", required=True),
        Column("observed", "number", "Links; of projects and documents in shares.", "links"),
        Column("expected", "number", "Links typical of the same actors there.", "links"),
        Column("allowance", "number", "What expected was multiplied with for circumstances."),
        Column("design", "number", "Links per independent unit."),
        Column("ratio", "number", "Log2 of observed over expected, shrunk.", "log2"),
        _LOW,
        _HIGH,
        Column("width", "number", "Width of the unshrunk 90 % interval.", "log2"),
        Column("data_weight", "number", "Weight of the cluster's own links.", "share"),
        Column("decided", "integer", "1 if the data decide, else 0; null but for all kinds."),
    ),
    ("cluster", "null", "boundary", "kind", "reach"),
)
BROKERS = Table(
    "brokers",
    "One of the first brokers of a cluster.",
    (
        _CLUSTER,
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
        _CLUSTER,
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
        _CLUSTER,
        Column("flag", "text", "headquarters, groups, one_group or foreign.", required=True),
        Column("share", "number", "Share of its links that the flag speaks of.", "share"),
        Column("links", "integer", "Links that the share is taken of.", "links"),
        Column("raised", "integer", "1 if more than half of at least three links.", required=True),
    ),
    ("cluster", "flag"),
)
QUALITY = Table(
    "quality",
    "How one part of the score goes together with another, with the score, and with size.",
    (
        Column("part", "text", "Part of the score; 'score' for all.", required=True),
        Column("other", "text", "What it is set against.", required=True),
        Column(
            "statistic",
            "text",
            "spearman, weight, effect, present, ...",
            required=True,
        ),
        Column("value", "number", "Value; null where nothing can be said."),
    ),
    ("part", "other", "statistic"),
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
_OBSERVED = Column("observed", "number", "Links; of projects and documents in shares.", "links")
_EXPECTED = Column("expected", "number", "Links typical of such actors at that distance.", "links")
EXPECTED = Table(
    "expected",
    "Observed and expected links of two cells, of one kind, under the mass null.",
    (
        _CELL_SOURCE,
        _CELL_TARGET,
        Column("kind", "choice", "Kind of linkage.", required=True, choices=KINDS),
        _OBSERVED,
        _EXPECTED,
    ),
    ("source", "target", "kind"),
)
SENSITIVITY = Table(
    "sensitivity",
    "How far one choice moves ranks: Sobol indices of the mean shift in rank.",
    (
        Column("factor", "text", "What is varied.", required=True),
        Column("first", "number", "First-order index."),
        Column("first_low", "number", "Lower end of its 90 % interval."),
        Column("first_high", "number", "Upper end of its 90 % interval."),
        Column("total", "number", "Total index."),
        Column("total_low", "number", "Lower end of its 90 % interval."),
        Column("total_high", "number", "Upper end of its 90 % interval."),
    ),
    ("factor",),
)
FLOWS = Table(
    "flows",
    "Links between two cells of one kind, channel and year.",
    (
        _CELL_SOURCE,
        _CELL_TARGET,
        Column("kind", "choice", "Kind of linkage.", required=True, choices=KINDS),
        Column("channel", "text", "Actor types of the two ends.", required=True),
        Column("year", "integer", "Year; null where none is given."),
        _LINKS,
        _WEIGHT,
    ),
    ("source", "target", "kind", "channel", "year"),
)
ASSIGNED_FIRMS = Table(
    "firms", "A firm and where it stands.", (*FIRMS.columns, _CELL, _HOW), ("firm",)
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
    (_CELL, _CLUSTER),
    ("cell", "cluster"),
)
INDUSTRIES = Table(
    "industries",
    "One indicator of one strategic industry over the whole nation.",
    (
        Column("industry", "text", "Strategic industry.", required=True),
        Column("indicator", "text", "Indicator.", required=True),
        Column("value", "number", "Value."),
        _LOW,
        _HIGH,
    ),
    ("industry", "indicator"),
)
STANDINGS = ("core", "borderline", "exterior", "undrawn")
SELECTION = Table(
    "selection",
    "What one scenario chooses of one cluster, and how sure that is.",
    (
        _SCENARIO,
        _CLUSTER,
        Column("selected", "integer", "1 if it is chosen, else 0; null where nothing can be."),
        Column(
            "standing",
            "choice",
            "Whether it surely belongs to the best portfolio, surely not, or undecided; 'undrawn'"
            " where there are no draws of the scores.",
            required=True,
            choices=STANDINGS,
        ),
        Column(
            "inclusion",
            "number",
            "Share of draws of the scores in whose best portfolio it stands.",
            "share",
            minimum=0,
            maximum=1,
        ),
        Column("inclusion_low", "number", "Lower 95 % bound of that share.", "share"),
        Column("inclusion_high", "number", "Upper 95 % bound of that share.", "share"),
        Column("counted", "integer", "Draws that the share rests on."),
        Column("gain", "number", "What it is worth: merit times reach to an exponent."),
        CLUSTERS.column("cost"),
        Column("current", "number", "Public money that it has now, as far as told.", "currency"),
        Column("money_order", "integer", "Place by what it is worth for a unit of money."),
        Column("ineligible", "text", "Why it may not be chosen; '' where it may.", required=True),
    ),
    ("scenario", "cluster"),
)
PORTFOLIOS = Table(
    "portfolios",
    "The best portfolio of one scenario as a whole.",
    (
        _SCENARIO,
        Column("budget", "number", "What may be spent.", "currency", required=True),
        Column("feasible", "integer", "1 if the rules leave a portfolio, else 0.", required=True),
        Column("worth", "number", "What the portfolio is worth: the sum of its gains."),
        Column("spent", "number", "What it costs.", "currency"),
        Column("chosen", "integer", "Clusters chosen.", required=True),
        Column("core", "integer", "Clusters chosen that surely belong.", required=True),
        Column("borderline", "integer", "Clusters that are undecided.", required=True),
        Column("draws", "integer", "Draws of the scores behind the standings.", required=True),
        Column("proven", "number", "Relative gap that optima are proven to; 0: exactly.", "share"),
        Column("unrated", "integer", "Clusters that the data do not rate.", required=True),
        Column("unrated_firms", "number", "Firms in them."),
        Column("unrated_cost", "number", "What they would cost.", "currency"),
        Column("unrated_chosen", "integer", "How many of them are chosen.", required=True),
        Column("capability_weight", "number", "Weight of capability in merit.", "share"),
        Column("reach_exponent", "number", "Exponent of reach."),
        *(
            Column(f"leaning_{name}", "number", f"Rank correlation of value for money with {of}.")
            for name, of in (
                ("linkage", "the linkage score"),
                ("capability", "capability"),
                ("reach", "reach"),
                ("cost", "cost"),
            )
        ),
    ),
    ("scenario",),
)
RULE_PRICES = Table(
    "rule_prices",
    "What one rule of one scenario costs.",
    (
        _SCENARIO,
        Column("rule", "text", "Rule as it was written.", required=True),
        Column("price", "number", "What the best portfolio without it is worth more."),
        Column("worth_without", "number", "What the best portfolio without it is worth."),
        Column("enter", "integer", "Clusters that would come in without it."),
        Column("leave", "integer", "Clusters that would go without it."),
        Column(
            "conflict",
            "integer",
            "1 if it is one of the rules that cannot hold together, none of which could be spared.",
            required=True,
        ),
    ),
    ("scenario", "rule"),
)
BUDGET_PATH = Table(
    "budget_path",
    "What one scenario chooses with a share of its budget.",
    (
        _SCENARIO,
        Column("budget_share", "number", "Share of the budget; 1 is all.", "share", required=True),
        Column("budget", "number", "What may be spent.", "currency", required=True),
        Column("feasible", "integer", "1 if the rules leave a portfolio, else 0.", required=True),
        Column("worth", "number", "What the portfolio is worth: the sum of its gains."),
        Column("spent", "number", "What it costs.", "currency"),
        Column("chosen", "integer", "Clusters chosen.", required=True),
        Column("dropped", "integer", "Clusters chosen for less money and not here.", required=True),
    ),
    ("scenario", "budget_share"),
)
BUDGET_STEPS = Table(
    "budget_steps",
    "A cluster that is chosen with a share of the budget, or has dropped out.",
    (
        _SCENARIO,
        Column("budget_share", "number", "Share of the budget; 1 is all.", "share", required=True),
        _CLUSTER,
        Column(
            "selected", "integer", "1 if it is chosen; 0: for less money it was.", required=True
        ),
        Column("money_order", "integer", "Place by what it is worth for a unit of money."),
    ),
    ("scenario", "budget_share", "cluster"),
)
COMPARATORS = Table(
    "comparators",
    "What money brings that is given out in one way, by one response to part of what is needed.",
    (
        _SCENARIO,
        Column(
            "comparator",
            "choice",
            "Way: the portfolio, an equal split, by size, by rank, at random, as now.",
            required=True,
            choices=("selection", "equal", "proportional", "top", "random", "current"),
        ),
        Column(
            "curve",
            "choice",
            "Part f of the need brings f, the root of f, or all from one half on.",
            required=True,
            choices=("linear", "root", "threshold"),
        ),
        Column("worth", "number", "What it is worth in all.", required=True),
        Column(
            "beaten",
            "number",
            "Share of draws in which the portfolio is worth more; ties count half.",
            "share",
            minimum=0,
            maximum=1,
        ),
        Column("spent", "number", "Money given out.", "currency", required=True),
        Column("reached", "number", "Clusters that get any.", required=True),
        Column("firms_reached", "number", "Firms in them.", required=True),
        Column("people_reached", "number", "Employees in them.", "persons", required=True),
        Column("hhi_region", "number", "Sum of squared shares of the regions in the money."),
        Column("top_region", "text", "Region that gets most; '' for none.", required=True),
        Column("top_region_share", "number", "Its share of the money.", "share"),
        Column("hhi_industry", "number", "Sum of squared shares of the industries."),
        Column("top_industry", "text", "Industry that gets most; '' for none.", required=True),
        Column("top_industry_share", "number", "Its share of the money.", "share"),
    ),
    ("scenario", "comparator", "curve"),
)
WHY_NOT = Table(
    "why_not",
    "What one cluster lacks to be chosen in one scenario.",
    (
        _SCENARIO,
        _CLUSTER,
        Column("lacks_least", "number", "What it would have to be worth more at the very least."),
        Column("lacks", "number", "What it would have to be worth more; null if not computed."),
        Column("times", "number", "What its worth would have to be multiplied with."),
        Column("barred", "text", "Rules that bar it, '; ' between; '' for none.", required=True),
    ),
    ("scenario", "cluster"),
)
_OPEN = Column("open", "text", "Key of what keeps it undecided; '' else.", required=True)
DIAGNOSIS = Table(
    "diagnosis",
    "One condition of a situation in one cluster, and the situation as a whole.",
    (
        _CLUSTER,
        Column("situation", "text", "Situation (page Diagnosis).", required=True),
        Column("condition", "text", "Condition; '' for the whole situation.", required=True),
        Column("holds", "integer", "1 if it is seen, 0 if not; null where the data do not tell."),
        Column("value", "number", "Value."),
        _LOW,
        _HIGH,
        Column("typical", "number", "What is typical, in the unit of what was counted."),
        _BASIS,
        _OPEN,
    ),
    ("cluster", "situation", "condition"),
)
DIFFUSION = Table(
    "diffusion",
    "Level of diffusion programme that fits a cluster, and its firms by sector group.",
    (
        _CLUSTER,
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
        _CLUSTER,
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
        _CLUSTER,
        Column("counterpart", "id", "Institute or cluster at the other end.", required=True),
        Column(
            "counterpart_type",
            "choice",
            "What the other end is.",
            required=True,
            choices=("institute", "cluster"),
        ),
        Column("distance_m", "number", "Straight line; null where a place is not known well.", "m"),
        _OBSERVED,
        _EXPECTED,
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
        _CLUSTER,
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
        _CLUSTER,
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


def _twice(name: str, type_: Type, meaning: str, unit: str = "") -> tuple[Column, Column]:
    """Return a column before and after a change."""
    told = meaning[0].lower() + meaning[1:]
    return (
        Column(f"{name}_before", type_, f"Before: {told}", unit),
        Column(f"{name}_after", type_, f"After: {told}", unit),
    )


WHATIF = Table(
    "whatif",
    "What one change does to one cluster in one scenario; stands in OUT/whatif/NAME/tables.",
    (
        _SCENARIO,
        _CLUSTER,
        *_twice("score", "number", "Score; null where not rated.", "1-100"),
        *_twice("low", "number", "Lower end of its 90 % interval.", "1-100"),
        *_twice("high", "number", "Upper end of its 90 % interval.", "1-100"),
        Column("difference", "number", "Score after the change less the score before."),
        Column(
            "difference_low",
            "number",
            "Lower end of the 90 % interval of the difference, by the same random numbers.",
        ),
        Column("difference_high", "number", "Upper end of that interval."),
        *_twice("rank", "integer", "Rank among the rated; ties share the smallest."),
        *_twice("rank_low", "integer", "Best rank of the 90 % interval."),
        *_twice("rank_high", "integer", "Worst rank of the 90 % interval."),
        Column("rank_difference", "integer", "Rank after less rank before; below 0 is better."),
        Column(
            "overlap",
            "integer",
            "1 if the intervals of the ranks overlap, so that the data do not decide whether the"
            " rank changes; else 0; null where either is not there.",
        ),
        *_twice("rated", "integer", "1 if the data decide, 0 if not; null: there is no cluster."),
        *_twice("embeddedness", "number", "Local embeddedness.", "1-100"),
        *_twice("openness", "number", "Openness.", "1-100"),
        *_twice("participation", "number", "Participation.", "1-100"),
        *_twice("diversity", "number", "Diversity of knowledge flows.", "1-100"),
        *_twice("brokerage", "number", "Brokerage.", "1-100"),
        *_twice("resilience", "number", "Resilience.", "1-100"),
        *_twice("capability", "number", "What it can bring to bear, apart from links.", "1-100"),
        *_twice("gap", "number", "What is missing of typical links with near partners.", "0-100"),
        *_twice("selected", "integer", "1 if it is chosen, 0 if not; null where nothing can be."),
        *_twice("standing", "text", "Core, borderline, exterior or undrawn."),
        *_twice("inclusion", "number", "Share of draws in whose best portfolio it is.", "share"),
    ),
    ("scenario", "cluster"),
)
OUTPUT_TABLES = (
    CLUSTERS,
    ASSIGNED_FIRMS,
    ASSIGNED_INSTITUTES,
    MEMBERSHIPS,
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
    WHATIF,
)
