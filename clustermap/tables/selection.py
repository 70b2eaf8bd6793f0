"""Selection: what each scenario chooses under its budget and rules, and at what price."""

from __future__ import annotations

from clustermap.tables.choices import STANDINGS
from clustermap.tables.columns import CLUSTER, SCENARIO
from clustermap.tables.inputs import CLUSTERS
from clustermap.tables.schema import Column, Table

SELECTION = Table(
    "selection",
    "What one scenario chooses of one cluster, and how sure that is.",
    (
        SCENARIO,
        CLUSTER,
        Column("selected", "integer", "1 if it is chosen, else 0; null where nothing can be."),
        Column(
            "standing",
            "choice",
            "Whether it surely belongs to the best portfolio, surely not, or neither; 'undrawn'"
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
        SCENARIO,
        Column("budget", "number", "What may be spent.", "currency", required=True),
        Column("feasible", "integer", "1 if the rules leave a portfolio, else 0.", required=True),
        Column("worth", "number", "What the portfolio is worth: the sum of its gains."),
        Column("spent", "number", "What it costs.", "currency"),
        Column("chosen", "integer", "Clusters chosen.", required=True),
        Column("core", "integer", "Clusters chosen that surely belong.", required=True),
        Column("borderline", "integer", "Clusters of which neither is sure.", required=True),
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
        SCENARIO,
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
        SCENARIO,
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
        SCENARIO,
        Column("budget_share", "number", "Share of the budget; 1 is all.", "share", required=True),
        CLUSTER,
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
        SCENARIO,
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
        SCENARIO,
        CLUSTER,
        Column("lacks_least", "number", "What it would have to be worth more at the very least."),
        Column("lacks", "number", "What it would have to be worth more; null if not computed."),
        Column("times", "number", "What its worth would have to be multiplied with."),
        Column("barred", "text", "Rules that bar it, '; ' between; '' for none.", required=True),
        Column(
            "freed_by",
            "text",
            "Rules without any one of which it would be chosen, '; ' between; '' for none.",
            required=True,
        ),
    ),
    ("scenario", "cluster"),
)
