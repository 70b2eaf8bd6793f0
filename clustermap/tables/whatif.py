"""What-if: every cluster before and after a change."""

from __future__ import annotations

from clustermap.tables.columns import CLUSTER, SCENARIO
from clustermap.tables.schema import Column, Table, Type


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
        SCENARIO,
        CLUSTER,
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
