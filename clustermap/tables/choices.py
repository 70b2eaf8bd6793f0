"""Choices: closed lists of words that tables and code share."""

from __future__ import annotations

ACTOR_TYPES = ("firm", "university", "public_institute", "hospital", "support", "other")
KINDS = ("firm_firm", "research", "support", "transfer", "mobility", "other")
SCORED_KINDS = KINDS[:-1]
"""Kinds of linkage that enter scores; "other" is kept and shown, never scored."""

STANDINGS = ("core", "borderline", "exterior", "undrawn")
