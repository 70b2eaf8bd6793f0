"""Why a cluster scores as it does: a few sentences, the most important first.

Every number in them stands in a table, or follows from numbers of tables:

- rank, score, group, share of analyses, capability, gap: SCORES. How many stand in one group or
  have one score is counted there.
- value of a part and its interval: SUBSCORES. What the score and rank would be with another value
  of a part: the score's logarithm without the part's contribution and with its weight times the
  logarithm of the typical value instead; the rank is counted among the scores of the others.
- links, those that are typical, and their ratio: RATIOS, all kinds together, the boundary as drawn,
  at the reach that SUBSCORES names; ``ratio`` there is a logarithm to base 2. Independent links are
  ``observed / design``; links in all are those at the widest local reach and those beyond. How wide
  an interval is and what its records weigh: ``width`` and ``data_weight`` there, against the rules
  of the profile; how many typical links would weigh enough follows from them.
- peers: the distance of the parts in SUBSCORES, and the draws behind SCORES.
- warnings: FLAGS. Links abroad: ABROAD_LINKS, summed over kinds.
- actors and linked actors: the indicators of these names, which come from the same counts.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from clustermap.messages import Message
from clustermap.network.ratios import PRIOR_OUTWEIGHS, TOO_WIDE
from clustermap.scores.goalposts import HIGHEST, LOWEST
from clustermap.scores.known import BEYOND, FENCE, REGION, gather_known
from clustermap.scores.rating import BEYOND_OPEN, LOCAL_OPEN, NO_RECORDS, TOO_FEW_LINKED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import pandas as pd

    from clustermap.network.counts import Counts
    from clustermap.scores.known import Known, Peer, Setting
    from clustermap.scores.profile import Profile
    from clustermap.scores.score import Scored

    Row = Mapping[str, Any]

TYPICAL = (LOWEST + HIGHEST) / 2
"""Value of a part, and so score, of what is typical."""

NEARLY_ALL = 0.9
"""Share of links from which they are called independent of each other."""

FEW_RATED = 10
"""Below so many rated clusters a rank says little."""

WORTH_TELLING = math.log(1.05)
"""Factor of an allowance (log) from which it is told."""

WORTH_POINTS = 0.5
"""Points from what is typical below which it is not told what they do."""

COUNTRIES = 3
"""Countries that are named."""

SECTIONS = ("why", "change", "peers", "beside", "missing")
"""Sections of an explanation, in their order; the second part of a sentence's key names its own."""

_SLACK = 1e-9


def explain_clusters(
    scored: Scored,
    behind: Mapping[str, pd.DataFrame],
    profile: Profile,
    counts: Counts,
    clusters: pd.DataFrame,
) -> dict[str, tuple[Message, ...]]:
    """Explain the score of every cluster.

    Parameters
    ----------
    scored
        Scores and sub-scores.
    behind
        The tables that stand behind them: ratios, flags and abroad are read.
    profile
        What the score consists of.
    counts
        What was counted.
    clusters
        Layer of clusters, index cluster.

    Returns
    -------
    dict
        Cluster to sentences: why it has its rank, what would change it, its nearest peers, what
        stands beside, and how sure this is. For a cluster that is not rated: why, and what would
        rate it. For a named comparator: its stars.
    """
    setting, known = gather_known(scored, behind, profile, counts, clusters)
    explain = _explain if profile.method == "linkage" else _explain_stars
    return {key: tuple(explain(cluster, setting)) for key, cluster in known.items()}


def group_sentences(sentences: Iterable[Message]) -> dict[str, tuple[Message, ...]]:
    """Put the sentences of an explanation into its sections.

    Parameters
    ----------
    sentences
        Sentences of one cluster.

    Returns
    -------
    dict
        Section, one of ``SECTIONS``, to its sentences; sections without any are left out. Remarks
        that belong to no section stand in the first.

    Examples
    --------
    >>> found = group_sentences([Message("explain.peers.nearest"), Message("note.withheld")])
    >>> [(section, len(said)) for section, said in found.items()]
    [('why', 1), ('peers', 1)]
    """
    found: dict[str, list[Message]] = {section: [] for section in SECTIONS}
    for sentence in sentences:
        section = sentence.key.split(".")[1]
        found[section if section in found else SECTIONS[0]].append(sentence)
    return {section: tuple(said) for section, said in found.items() if said}


def _explain(known: Known, setting: Setting) -> Iterator[Message]:
    if not known.score["rated"]:
        yield from _explain_unrated(known, setting)
        return
    yield from _rank(known, setting)
    yield from _quadrant(known)
    yield from _ratios(known, setting)
    yield from _compare_parts(known)
    yield from _change(known, setting)
    yield from _compare_nulls(known)
    yield from _name_peers(known.peers)
    yield from _beside(known, setting)
    yield from _missing(known, setting)


def _rank(known: Known, setting: Setting) -> Iterator[Message]:
    row = known.score
    values = {
        "rated": _whole(len(setting.rated)),
        "rank": _whole(row["rank"]),
        "score": _decimal(row["score"]),
        "typical": _decimal(TYPICAL),
    }
    if math.isnan(row["low"]):
        yield Message("explain.why.rank_only", values)
    else:
        ends = {name: _whole(row[name]) for name in ("rank_low", "rank_high")}
        ends |= {name: _decimal(row[name]) for name in ("low", "high")}
        yield Message("explain.why.rank", values | ends)
        key = "explain.why.alike" if known.members > 1 else "explain.why.by_itself"
        if setting.top == 1:
            key = f"{key}_first"
        group = {
            "group": _whole(row["alike"]),
            "members": _whole(known.members),
            "share": _percent(row["top_share"]),
            "draws": _whole(setting.draws),
            "top": _whole(setting.top),
        }
        yield Message(key, group)
    if len(setting.rated) < FEW_RATED:
        yield Message("explain.why.few_rated", {"rated": _whole(len(setting.rated))})


def _quadrant(known: Known) -> Iterator[Message]:
    quadrant = known.score["quadrant"]
    if quadrant != "undecided":
        yield Message(f"explain.why.{quadrant}")
        return
    axes = [known.parts[key] for key in ("embeddedness", "openness") if key in known.parts]
    # As the quadrant itself: an end of an interval that is 0 is beyond what is typical for nobody.
    unclear = [part for part in axes if part["measure_low"] <= 0 <= part["measure_high"]]
    if unclear:
        yield Message("explain.why.undecided", {"parts": tuple(map(_label, unclear))})


def _ratios(known: Known, setting: Setting) -> Iterator[Message]:
    for name, part, row in (
        ("near", "embeddedness", known.near),
        ("far", "openness", known.far),
    ):
        decided = part in known.parts and known.parts[part]["decided"]
        if decided and row is not None and not math.isnan(row["ratio"]):
            links = {"observed": _links(row["observed"]), "expected": _decimal(row["expected"])}
            null = Message(f"explain.null.{row['null']}")
            place = _place(row["reach"], setting)
            values = {"place": place, "null": null, **links, **_ratio(row)}
            yield Message(f"explain.why.{name}", values)
            if abs(math.log(row["allowance"])) > WORTH_TELLING:
                plain = _times(row["ratio"] + math.log2(row["allowance"]))
                yield Message("explain.why.allowed", {"place": place, "ratio": plain})
    told = [row for row in (known.near, known.far) if row is not None]
    factors = [abs(math.log(row["allowance"])) for row in told]
    if any(factors) and max(factors) <= WORTH_TELLING:
        yield Message("explain.why.allowed_little")


def _compare_parts(known: Known) -> Iterator[Message]:
    best, above = _choose(_valued(known), 1)
    worst, below = _choose(_valued(known), -1)
    if best is not None:
        key = "strongest" if above else "none_strong"
        yield Message(f"explain.why.{key}", _against_typical(best))
    if worst is not None and worst is not best:
        key = "weakest" if below else "none_weak"
        yield Message(f"explain.why.{key}", _against_typical(worst))


def _choose(parts: Sequence[Row], sign: int) -> tuple[Row | None, bool]:
    # The part farthest above (1) or below (-1) what is typical, those clearly so before others.
    end = "low" if sign > 0 else "high"
    clear = [part for part in parts if sign * (part[end] - TYPICAL) > 0]
    return max(clear or parts, key=lambda part: sign * part["value"], default=None), bool(clear)


def _against_typical(part: Row) -> dict[str, Message | str]:
    value = {"value": _decimal(part["value"])}
    points = Message("explain.word.points", value)
    if not math.isnan(part["low"]):
        ends = {name: _decimal(part[name]) for name in ("low", "high")}
        points = Message("explain.word.points_between", value | ends)
    return {"part": _label(part), "value": points, "typical": _decimal(TYPICAL)}


def _change(known: Known, setting: Setting) -> Iterator[Message]:
    there = _valued(known)
    weakest = min(there, key=lambda part: part["value"], default=None)
    if weakest is not None and weakest["value"] < TYPICAL - WORTH_POINTS:
        yield _suppose("explain.change.weakest", weakest, known, setting)
    elif weakest is not None:
        strongest = max(there, key=_gain)
        if strongest["value"] > TYPICAL + WORTH_POINTS:
            yield _suppose("explain.change.strongest", strongest, known, setting)


def _gain(part: Row) -> float:
    """Return what a part adds to the score's logarithm beyond what a typical one would."""
    return float(part["contribution"] - part["weight"] * math.log(TYPICAL))


def _suppose(key: str, part: Row, known: Known, setting: Setting) -> Message:
    """Say what score and rank would be if a part were typical."""
    score = known.score["score"]
    changed = math.exp(math.log(score) - _gain(part))
    above = int((setting.rated > changed + _SLACK).sum()) - int(score > changed + _SLACK)
    rank, now = _whole(1 + above), _whole(known.score["rank"])
    values = {
        "value": _decimal(part["value"]),
        "typical": _decimal(TYPICAL),
        "score": _decimal(changed),
        "now": now,
    }
    if rank == now:
        return Message(f"{key}_same_rank", {"part": _label(part), **values})
    return Message(key, {"part": _label(part), **values, "rank": rank})


def _compare_nulls(known: Known) -> Iterator[Message]:
    there = [row for row in known.others if not math.isnan(row["ratio"])]
    if known.near is None or math.isnan(known.near["ratio"]) or not there:
        return
    own = _read(known.near)
    otherwise = [row for row in there if _read(row) != own]
    for row in otherwise:
        null = Message(f"explain.null.{row['null']}")
        yield Message("explain.change.null", {"null": null, **_ratio(row)})
    if not otherwise:
        ratios = tuple(
            Message(
                "explain.word.null_ratio",
                {"null": Message(f"explain.null.{row['null']}"), "ratio": _times(row["ratio"])},
            )
            for row in there
        )
        yield Message("explain.change.nulls_agree", {"ratios": ratios})


def _name_peers(peers: Sequence[Peer]) -> Iterator[Message]:
    named = []
    for peer in peers:
        values = {"name": peer.name, "rank": _whole(peer.rank)}
        if math.isnan(peer.before):
            named.append(Message("explain.word.peer_only", values))
        else:
            named.append(Message("explain.word.peer", {**values, "share": _percent(peer.before)}))
    if named:
        yield Message("explain.peers.nearest", {"peers": tuple(named)})


def _beside(known: Known, setting: Setting) -> Iterator[Message]:
    can, gap = known.score["capability"], known.score["gap"]
    if not math.isnan(can):
        yield Message("explain.beside.capability", {"value": f"{can:.0f}"})
    if known.score["rated"] and not math.isnan(gap):
        said = _decimal(gap)
        key = "explain.beside.gap" if said != _decimal(0.0) else "explain.beside.no_gap"
        yield Message(key, {"value": said})
    for flag in known.flags:
        values = {"share": _percent(flag["share"]), "links": _whole(flag["links"])}
        yield Message(f"explain.beside.{flag['flag']}", values)
    # Where the data hold no partner abroad, their number is unknown and not nought.
    if known.abroad:
        countries = tuple(
            Message("explain.word.country", {"country": country, "links": _whole(links)})
            for country, links in known.abroad[:COUNTRIES]
        )
        total = _whole(sum(links for _, links in known.abroad))
        yield Message("explain.beside.abroad", {"links": total, "countries": countries})
    elif setting.any_abroad:
        yield Message("explain.beside.none_abroad")


def _missing(known: Known, setting: Setting) -> Iterator[Message]:
    row = known.score
    if row["confidence"]:
        values: dict[str, Message | str] = {
            "word": Message(f"explain.word.{row['confidence']}"),
            "width": _decimal(row["high"] - row["low"]),
            "span": _percent((row["rank_high"] - row["rank_low"]) / len(setting.rated)),
            "links": _links(known.links),
            "linked": _whole(known.linked),
            "actors": _whole(known.actors),
        }
        # Shares of projects are smaller than links: their units may outnumber them.
        free = known.independent >= NEARLY_ALL * known.links
        if free:
            yield Message("explain.missing.confidence_free", values)
        else:
            values["independent"] = _links(known.independent)
            yield Message("explain.missing.confidence", values)
    parts = known.parts.values()
    absent = tuple(_label(part) for part in parts if math.isnan(part["value"]))
    if absent:
        yield Message("note.missing_parts", {"parts": absent})
    yield from _reasons(parts)


def _reasons(parts: Iterable[Row]) -> Iterator[Message]:
    for part in parts:
        if part["reason"]:
            values = {"part": _label(part), "reason": Message(str(part["reason"]))}
            yield Message("explain.missing.part", values)


def _explain_unrated(known: Known, setting: Setting) -> Iterator[Message]:
    reason = str(known.score["reason"])
    yield Message("explain.why.too_few_to_tell", {"reason": Message(reason)})
    yield from _ratios(known, setting)
    yield from _beside(known, setting)
    if reason == NO_RECORDS:
        yield _what_rates(setting)
    elif reason == TOO_FEW_LINKED:
        yield _linked(known, setting)
    elif reason in {LOCAL_OPEN, BEYOND_OPEN}:
        for part, row in (("embeddedness", known.near), ("openness", known.far)):
            if row is not None and not known.parts.get(part, {}).get("decided", 1):
                yield from _decide(row, str(known.parts[part]["reason"]), setting)
    else:
        yield from _reasons(known.parts.values())


def _what_rates(setting: Setting) -> Message:
    values = {
        "place": _place(setting.widest, setting),
        "needed": _whole(setting.needed),
        "min_linked": _rule(setting.profile.rating.min_linked_actors),
    }
    return Message("explain.missing.no_links", values)


def _linked(known: Known, setting: Setting) -> Message:
    rule = setting.profile.rating.min_linked_actors
    values = {
        "linked": _whole(known.linked),
        "actors": _whole(known.actors),
        "min_linked": _rule(rule),
        "more": _whole(math.ceil(rule - known.linked)),
    }
    # Linked actors are counted with those who have partners abroad only, the rule's are not.
    enough = known.linked >= rule
    return Message(f"explain.missing.{'linked_at_home' if enough else 'linked'}", values)


def _decide(row: Row, reason: str, setting: Setting) -> Iterator[Message]:
    rules, independent = setting.profile.rating, row["observed"] / row["design"]
    if math.isnan(independent):
        return
    seen = {
        "place": _place(row["reach"], setting),
        "observed": _links(row["observed"]),
        "independent": _links(independent),
    }
    more = math.ceil(setting.needed - independent - _SLACK)
    if reason == TOO_WIDE and more > 0:
        needed = {"needed": _whole(setting.needed), "more": _whole(more)}
        yield Message("explain.missing.links", {**seen, **needed})
    elif reason == TOO_WIDE and not math.isnan(row["width"]):
        ends = {"factor": _decimal(2 ** row["width"]), "allowed": _links(2**rules.max_width)}
        yield Message("explain.missing.spread", {**seen, **ends})
    elif reason == PRIOR_OUTWEIGHS and rules.min_weight < 1:
        yield Message("explain.missing.weight", {**seen, **_weigh(row, rules.min_weight)})


def _weigh(row: Row, needed: float) -> dict[str, str]:
    # A weight of w is E / (E + b): for a half, E must grow by (1 - w) / w; by more where places
    # differ beyond chance.
    own = row["data_weight"]
    enough = row["expected"] * (1 - own) / own * needed / (1 - needed)
    return {
        "expected": _decimal(row["expected"]),
        "weight": _percent(own),
        "needed": _percent(needed),
        "enough": _whole(math.ceil(enough - _SLACK)),
    }


def _explain_stars(known: Known, setting: Setting) -> Iterator[Message]:
    row = known.score
    if not row["rated"]:
        yield Message("explain.why.too_few_to_tell", {"reason": Message(str(row["reason"]))})
        return
    share = (row["score"] - LOWEST) / (HIGHEST - LOWEST)
    values = {
        "score": _links(row["score"]),
        "rank": _whole(row["rank"]),
        "rated": _whole(len(setting.rated)),
        "same": _whole(known.members),
        "stars": _whole(round(3 * share)),
    }
    if setting.profile.method == "eu_stars":
        yield Message("explain.why.stars", values)
    else:
        yield Message(f"explain.why.{'strong' if share > 0 else 'not_strong'}", values)


def _valued(known: Known) -> list[Row]:
    return [part for part in known.parts.values() if not math.isnan(part["value"])]


def _read(row: Row) -> str:
    return "more" if row["low"] > 0 else "fewer" if row["high"] < 0 else "open"


def _ratio(row: Row) -> dict[str, Message | str]:
    ends: dict[str, Message | str] = {name: _times(row[name]) for name in ("ratio", "low", "high")}
    return {**ends, "reading": Message(f"explain.word.{_read(row)}")}


def _place(reach: str, setting: Setting) -> Message:
    start = "beyond_" if reach == BEYOND else ""
    named = setting.widest if reach == BEYOND else reach
    kind = named if named in {FENCE, REGION} else "radius"
    return Message(f"explain.word.place_{start}{kind}", {"radius": named})


def _label(part: Row) -> Message:
    return Message(f"subscore.{part['subscore']}.label")


def _whole(value: float) -> str:
    return f"{int(value):,}"


def _decimal(value: float) -> str:
    return f"{value:,.1f}"


def _links(value: float) -> str:
    return f"{value:,.1f}".removesuffix(".0")


def _times(log2: float) -> str:
    return f"{2**log2:,.2f}"


def _rule(value: float) -> str:
    return f"{value:,g}"


def _percent(share: float) -> str:
    return f"{100 * share:.1f}".removesuffix(".0") + "%"
