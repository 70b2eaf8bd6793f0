"""Scores and their parts, and how sure and how sound they are."""

from __future__ import annotations

from clustermap.tables.columns import BASIS, CLUSTER, HIGH, LOW, SCENARIO
from clustermap.tables.schema import Column, Table

SCORES = Table(
    "scores",
    "The score of one cluster in one scenario.",
    (
        SCENARIO,
        CLUSTER,
        Column("score", "number", "Score; null where not rated.", "1-100", minimum=1, maximum=100),
        LOW,
        HIGH,
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
        SCENARIO,
        CLUSTER,
        Column("subscore", "text", "Part of the score.", required=True),
        Column("value", "number", "Value on the fixed goalposts.", "1-100"),
        LOW,
        HIGH,
        Column("weight", "number", "Weight after missing parts are left out.", minimum=0),
        Column("contribution", "number", "Weight times log value; they sum to the log score."),
        BASIS,
        Column("measure", "number", "What was measured: log2 of observed over expected.", "log2"),
        Column("measure_low", "number", "Lower end of its 90 % interval.", "log2"),
        Column("measure_high", "number", "Upper end of its 90 % interval.", "log2"),
        Column("reach", "text", "Local reach that decides embeddedness; '' else.", required=True),
        Column("decided", "integer", "1 if the data decide the measure, else 0.", required=True),
        Column("reason", "text", "Key of the reason where they do not.", required=True),
    ),
    ("scenario", "cluster", "subscore"),
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
