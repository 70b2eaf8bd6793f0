"""What a score consists of: its parts and their weights, kinds, and when a cluster is rated."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from clustermap.scores.document import Section, parse_document
from clustermap.tables import SCORED_KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping

Method = Literal["linkage", "eu_stars", "us_strong"]
METHODS: tuple[Method, ...] = ("linkage", "eu_stars", "us_strong")

PARTS = (
    "embeddedness",
    "openness",
    "participation",
    "diversity",
    "brokerage",
    "resilience",
)
"""Parts of the linkage score, A to F, in the order in which tables and pages show them."""

MAX_WEIGHT = 0.5
"""No part may outweigh all others together."""

_SLACK = 1e-9  # a third written as 0.3333 three times must still count as shares of one


@dataclass(frozen=True)
class RatingRules:
    """When the data decide.

    Parameters
    ----------
    max_width
        Widest 90 % interval of the unshrunk log2 ratio of observed to expected links.
    min_weight
        Least weight that a cluster's own links have beside what is known of all clusters.
    min_linked_actors
        Actors with at least one link that a rated cluster has at least.
    """

    max_width: float = 2.0
    min_weight: float = 0.5
    min_linked_actors: float = 3.0


@dataclass(frozen=True)
class Profile:
    """A way to score.

    Parameters
    ----------
    name
        Name of the profile.
    method
        "linkage": the weighted geometric mean of the parts; else one of the named comparators.
    parts
        Part to its share of the score, in the order of ``PARTS``; the shares sum to one.
    goalposts
        Name of the goalposts that the parts are read between.
    kinds
        Weight of each scored kind of linkage.
    industries
        Strategic industries that capability looks at; empty for all.
    rating
        When a cluster is rated.
    note
        Key of a remark in the catalogue that must stand beside the score; "" for none.
    """

    name: str
    method: Method
    parts: Mapping[str, float]
    goalposts: str
    kinds: Mapping[str, float] = field(default_factory=lambda: dict.fromkeys(SCORED_KINDS, 1.0))
    industries: tuple[str, ...] = ()
    rating: RatingRules = field(default_factory=RatingRules)
    note: str = ""

    def weigh(self, weights: Mapping[str, float]) -> Profile:
        """Return the profile with other weights of the parts.

        Parameters
        ----------
        weights
            Part to weight, not all 0; parts left out have none.

        Returns
        -------
        Profile
            Otherwise the same; the shares sum to one.
        """
        total = sum(weights.values())
        parts = {part: weights[part] / total for part in PARTS if weights.get(part, 0) > 0}
        return replace(self, parts=parts)


def parse_profile(text: str, name: str) -> Profile:
    """Parse a profile.

    Parameters
    ----------
    text
        Text of a file in data/profiles.
    name
        Name of the profile, for faults and tables.

    Returns
    -------
    Profile
        The profile, with the weights of its parts summing to one.

    Raises
    ------
    TableFault
        If a key is missing or unknown, a value is no good, or one part outweighs all others.
    """
    document = parse_document(text, f"profile {name}")
    document.allow(
        {"schema", "method", "goalposts", "note", "rating", "kinds", "parts", "industries"}
    )
    return Profile(
        name=name,
        method=_parse_method(document),
        parts=_parse_parts(document.section("parts")),
        goalposts=document.text("goalposts"),
        kinds=_parse_kinds(document.section("kinds")),
        industries=document.texts("industries"),
        rating=_parse_rating(document.section("rating")),
        note=document.text("note", ""),
    )


def _parse_method(document: Section) -> Method:
    written = document.text("method", "linkage")
    for method in METHODS:
        if method == written:
            return method
    raise document.fault("profile_method", "method", written, known=", ".join(METHODS))


def _parse_rating(section: Section) -> RatingRules:
    rules = RatingRules()
    section.allow({"max_width", "min_weight", "min_linked_actors"})
    return RatingRules(
        section.number("max_width", rules.max_width, minimum=0),
        section.number("min_weight", rules.min_weight, minimum=0),
        section.number("min_linked_actors", rules.min_linked_actors, minimum=0),
    )


def _parse_kinds(section: Section) -> dict[str, float]:
    section.allow(SCORED_KINDS)
    kinds = {kind: section.number(kind, 1.0, minimum=0) for kind in SCORED_KINDS}
    if not any(kinds.values()):
        raise section.fault("profile_no_weight", ", ".join(kinds), 0)
    return kinds


def _parse_parts(section: Section) -> dict[str, float]:
    section.allow(PARTS)
    weights = {part: section.number(part, 1.0, minimum=0) for part in PARTS}
    total = sum(weights.values())
    if total <= 0:
        raise section.fault("profile_no_weight", ", ".join(weights), 0)
    for part, weight in weights.items():
        if weight > total * (MAX_WEIGHT + _SLACK):
            share = f"{100 * weight / total:.0f}"
            raise section.fault("profile_heavy_pillar", part, weight, share=share)
    return {part: weight / total for part, weight in weights.items() if weight > 0}
