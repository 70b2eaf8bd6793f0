"""Why a cluster scores as it does: a few sentences, the most important first.

Every number in them stands in a table, or is a median, sum or difference of such numbers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from clustermap.indicators.evidence import actors_of, divide, wilson_interval
from clustermap.messages import Message

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pandas as pd

    from clustermap.network.counts import Counts
    from clustermap.scores.profile import Profile

    Row = Mapping[str, Any]

HIGH_WIDTH, MEDIUM_WIDTH = 8.0, 16.0
"""Widths of the score's 90 % interval, in points, up to which confidence is high and medium."""


@dataclass(frozen=True)
class _Setting:
    # What every sentence is set against: the rules, and the middle of the rated clusters.
    profile: Profile
    rated: int
    parts: Mapping[str, float]
    local_share: float


def explain_clusters(
    scores: pd.DataFrame,
    subscores: pd.DataFrame,
    evidence: pd.DataFrame,
    profile: Profile,
    counts: Counts,
) -> dict[str, tuple[Message, ...]]:
    """Explain the score of every cluster.

    Parameters
    ----------
    scores, subscores
        The tables SCORES and SUBSCORES of one scenario.
    evidence
        Links of every cluster, as :func:`clustermap.scores.rating.weigh_evidence` returns them.
    profile
        What the score consists of.
    counts
        What was counted.

    Returns
    -------
    dict
        Cluster to sentences: its rank; what lifts it and what holds it back most, against the
        median of the rated clusters; where its links lead; how sure this is and what it rests on.
        For a cluster that is not rated: why, and what would rate it.
    """
    share = divide(evidence["internal"], evidence["links"])
    share_low, share_high = wilson_interval(share, evidence["effective"])
    known = evidence.assign(
        actors=actors_of(counts), share=share, share_low=share_low, share_high=share_high
    )
    rows = scores.set_index("cluster").join(known)
    setting = _Setting(
        profile,
        int(rows["rated"].sum()),
        {
            str(part): float(m)
            for part, m in subscores.groupby("subscore")["value"].median().items()
        },
        float(rows.loc[rows["rated"] == 1, "share"].median()),
    )
    parts: dict[str, list[Row]] = {}
    for part in _records(subscores):
        parts.setdefault(part["cluster"], []).append(part)
    return {
        row["cluster"]: tuple(
            _explain_rated(row, parts[row["cluster"]], setting)
            if row["rated"]
            else _explain_unrated(row, setting)
        )
        for row in _records(rows.reset_index())
    }


def _records(table: pd.DataFrame) -> list[Row]:
    return cast("list[Row]", table.to_dict("records"))


def _explain_rated(row: Row, parts: Sequence[Row], setting: _Setting) -> Iterator[Message]:
    there = [part for part in parts if not math.isnan(part["value"])]
    missing = tuple(_label(part) for part in parts if math.isnan(part["value"]))
    yield _rank(row, setting)
    yield from _lift_and_hold(there, setting)
    yield _direction(row, setting)
    if not math.isnan(row["low"]):
        yield _confidence(row)
    if missing:
        yield Message("note.missing_parts", {"parts": missing})


def _explain_unrated(row: Row, setting: _Setting) -> Iterator[Message]:
    rules, reason = setting.profile.rating, str(row["reason"])
    yield Message("explain.too_few_to_tell", {"reason": Message(reason)})
    missing_links = math.ceil(rules.min_links - row["effective"])
    missing_linked = math.ceil(rules.min_linked_actors - row["linked"])
    if missing_links > 0:
        key = "from_none" if not row["links"] else "needed"
        if row["effective"] < row["links"]:
            key = "needed_of_projects"
        yield Message(
            f"explain.links.{key}",
            {
                "links": _whole(row["links"]),
                "effective": _decimal(row["effective"]),
                "min_links": _rule(rules.min_links),
                "more": _whole(missing_links),
            },
        )
    if missing_linked > 0:
        yield Message(
            "explain.linked.needed",
            {
                "linked": _whole(row["linked"]),
                "actors": _whole(row["actors"]),
                "min_linked": _rule(rules.min_linked_actors),
                "more": _whole(missing_linked),
            },
        )


def _rank(row: Row, setting: _Setting) -> Message:
    values = {
        "rated": _whole(setting.rated),
        "rank": _whole(row["rank"]),
        "score": _decimal(row["score"]),
    }
    if math.isnan(row["low"]):
        return Message("explain.rank_only", values)
    ends = {name: _whole(row[name]) for name in ("rank_low", "rank_high")}
    ends |= {name: _decimal(row[name]) for name in ("low", "high")}
    return Message("explain.rank", values | ends)


def _lift_and_hold(parts: Sequence[Row], setting: _Setting) -> Iterator[Message]:
    def beyond(part: Row) -> float:
        # What the part adds to the log score beyond what the median value would add.
        middle = setting.parts[part["subscore"]]
        return float(part["weight"] * math.log(part["value"] / middle))

    best, worst = max(parts, key=beyond), min(parts, key=beyond)
    for key, part, found in (
        ("explain.lifts", best, beyond(best) > 0),
        ("explain.holds_back", worst, beyond(worst) < 0),
    ):
        if found:
            numbers = {
                "value": _decimal(part["value"]),
                "median": _decimal(setting.parts[part["subscore"]]),
            }
            yield Message(key, {"part": _label(part), **numbers})


def _direction(row: Row, setting: _Setting) -> Message:
    key = "explain.typical"
    if row["share_low"] > setting.local_share:
        key = "explain.local"
    elif row["share_high"] < setting.local_share:
        key = "explain.long_distance"
    links = {name: _whole(row[name]) for name in ("links", "internal", "external", "abroad")}
    shares = {"share": _percent(row["share"]), "median": _percent(setting.local_share)}
    return Message(key, links | shares)


def _confidence(row: Row) -> Message:
    width = float(row["high"] - row["low"])
    word = "high" if width <= HIGH_WIDTH else "medium" if width <= MEDIUM_WIDTH else "low"
    return Message(
        "explain.confidence.sentence",
        {
            "word": Message(f"explain.confidence.{word}"),
            "width": _decimal(width),
            "links": _whole(row["links"]),
            "effective": _decimal(row["effective"]),
            "linked": _whole(row["linked"]),
            "actors": _whole(row["actors"]),
        },
    )


def _label(part: Row) -> Message:
    return Message(f"subscore.{part['subscore']}.label")


def _whole(value: float) -> str:
    return f"{int(value):,}"


def _decimal(value: float) -> str:
    return f"{value:,.1f}"


def _rule(value: float) -> str:
    return f"{value:,g}"


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"
