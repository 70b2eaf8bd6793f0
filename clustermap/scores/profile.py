"""What a score consists of: its parts, their measures and weights, and when a cluster is rated."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from clustermap.indicators import INDICATORS
from clustermap.messages import catalogue
from clustermap.scores.document import Section, parse_document
from clustermap.tables import SCORED_KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping

Kinds = Literal["each", "all"]

TOGETHER = ("internal_links", "external_links", "abroad_links", "local_share", "ei_index")
"""Indicators by kind that can be taken over all scored kinds together."""

MAX_WEIGHT = 0.5
"""No part may outweigh all others together."""

_SLACK = 1e-9  # a third written as 0.3333 three times must still count as shares of one


@dataclass(frozen=True)
class Measure:
    """One measure of a part of the score.

    Parameters
    ----------
    indicator
        Key of an indicator; one that is given by kind is measured for each scored kind.
    per
        Key of an indicator that it is divided by, e.g. "actors"; "" for none.
    weight
        Weight within its part.
    kinds
        Of an indicator that is given by kind: "each" reads every scored kind between the goalposts
        and averages; "all" takes all scored kinds together, so that few links of many kinds weigh
        no more than they are.
    """

    indicator: str
    per: str = ""
    weight: float = 1.0
    kinds: Kinds = "each"

    @property
    def name(self) -> str:
        """Name under which its goalposts stand.

        Returns
        -------
        str
            The indicator and what it is divided by, e.g. ``internal_links_per_actors``.
        """
        return f"{self.indicator}_per_{self.per}" if self.per else self.indicator


@dataclass(frozen=True)
class Pillar:
    """One part of the score (a sub-score).

    Parameters
    ----------
    key
        Key in tables and, below ``subscore``, in the catalogue.
    weight
        Share of the score; the weights of all parts sum to one.
    measures
        Its measures, averaged arithmetically.
    """

    key: str
    weight: float
    measures: tuple[Measure, ...]


@dataclass(frozen=True)
class RatingRules:
    """When the data decide.

    Parameters
    ----------
    min_links
        Effective links of scored kinds that a rated cluster has at least.
    min_linked_actors
        Actors with at least one link that a rated cluster has at least.
    """

    min_links: float = 7.0
    min_linked_actors: float = 3.0


@dataclass(frozen=True)
class Profile:
    """A way to score.

    Parameters
    ----------
    name
        Name of the profile.
    pillars
        Parts of the score.
    goalposts
        Name of the goalposts that its measures are read on.
    kinds
        Weight of each scored kind of linkage where a measure is given by kind.
    rating
        When a cluster is rated.
    note
        Key of a remark in the catalogue that must stand beside the score; "" for none.
    """

    name: str
    pillars: tuple[Pillar, ...]
    goalposts: str
    kinds: Mapping[str, float] = field(default_factory=lambda: dict.fromkeys(SCORED_KINDS, 1.0))
    rating: RatingRules = field(default_factory=RatingRules)
    note: str = ""


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
    document.allow({"schema", "goalposts", "note", "rating", "kinds", "pillars"})
    return Profile(
        name=name,
        pillars=_parse_pillars(document),
        goalposts=document.text("goalposts"),
        kinds=_parse_kinds(document.section("kinds")),
        rating=_parse_rating(document.section("rating")),
        note=document.text("note", ""),
    )


def _parse_rating(section: Section) -> RatingRules:
    rules = RatingRules()
    section.allow({"min_links", "min_linked_actors"})
    return RatingRules(
        section.number("min_links", rules.min_links, minimum=0),
        section.number("min_linked_actors", rules.min_linked_actors, minimum=0),
    )


def _parse_kinds(section: Section) -> dict[str, float]:
    section.allow(SCORED_KINDS)
    kinds = {kind: section.number(kind, 1.0, minimum=0) for kind in SCORED_KINDS}
    if not any(kinds.values()):
        raise section.fault("profile_no_weight", ", ".join(kinds), 0)
    return kinds


def _parse_pillars(document: Section) -> tuple[Pillar, ...]:
    pillars = [_parse_pillar(section) for section in document.sections("pillars")]
    keys = [pillar.key for pillar in pillars]
    for key in keys:
        if keys.count(key) > 1:
            raise document.fault("profile_twice", "pillars", key)
    total = sum(pillar.weight for pillar in pillars)
    if total <= 0:
        raise document.fault("profile_no_weight", "pillars", total)
    for pillar in pillars:
        if pillar.weight > total * (MAX_WEIGHT + _SLACK):
            share = f"{100 * pillar.weight / total:.0f}"
            raise document.fault("profile_heavy_pillar", "weight", pillar.key, share=share)
    return tuple(Pillar(part.key, part.weight / total, part.measures) for part in pillars)


def _parse_pillar(section: Section) -> Pillar:
    section.allow({"key", "weight", "measures"})
    measures = tuple(_parse_measure(part) for part in section.sections("measures"))
    if not any(measure.weight for measure in measures):
        raise section.fault("profile_no_weight", "measures", 0)
    key, named = section.text("key"), catalogue("subscore")
    if f"{key}.label" not in named:
        known = ", ".join(sorted({name.split(".")[0] for name in named}))
        raise section.fault("profile_unnamed", "key", key, known=known)
    return Pillar(key, section.number("weight", 1.0, minimum=0), measures)


def _parse_measure(section: Section) -> Measure:
    section.allow({"indicator", "per", "weight", "kinds"})
    by_key = {known.key: known.by for known in INDICATORS}
    for_clusters = [key for key, by in by_key.items() if not by]
    measured = [key for key, by in by_key.items() if by != "industry"]
    indicator, per = section.text("indicator"), section.text("per", "")
    if indicator not in measured:
        raise section.fault("profile_indicator", "indicator", indicator, known=", ".join(measured))
    if per and per not in for_clusters:
        raise section.fault("profile_indicator", "per", per, known=", ".join(for_clusters))
    return Measure(
        indicator,
        per,
        section.number("weight", 1.0, minimum=0),
        _parse_together(section, indicator),
    )


def _parse_together(section: Section, indicator: str) -> Kinds:
    kinds = section.text("kinds", "each")
    if kinds == "each":
        return "each"
    if kinds != "all" or indicator not in TOGETHER:
        known = ", ".join(("each", "all") if indicator in TOGETHER else ("each",))
        raise section.fault("profile_kinds", "kinds", kinds, known=known)
    return "all"
