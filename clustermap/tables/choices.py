"""Choices: closed lists of words that tables and code share."""

from __future__ import annotations

ACTOR_TYPES = ("firm", "university", "public_institute", "hospital", "support", "other")
INSTITUTE_TYPES = ACTOR_TYPES[1:]
KINDS = ("firm_firm", "research", "support", "transfer", "mobility", "other")
SCORED_KINDS = KINDS[:-1]
"""Kinds of linkage that enter scores; "other" is kept and shown, never scored."""

STANDINGS = ("core", "borderline", "exterior", "undrawn")

MONEY_UNITS = (
    "원",
    "천원",
    "만원",
    "백만원",
    "천만원",
    "억원",
    "십억원",
    "백억원",
    "천억원",
    "조원",
)
"""Units that Korean tables state money in; a project's ``kinds`` may say what others mean."""
