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

HIGH_LINKS = 30.0
"""Effective links that high confidence takes."""

STRONG, WEAK = 50.0, 100 / 3
"""A part below the first is not called strong; one below the second is low, whatever the median."""

HIGH = 200 / 3
"""A part from here on holds nothing back, even below the median."""

NEAR_MEDIAN = 5.0
"""Points from which a difference from the median is worth a sentence."""

FEW_RATED = 10
"""Below so many rated clusters a rank says little."""

INTERNAL_FLOOR = 7.0
"""Effective internal links from which it is said how local a cluster is."""


@dataclass(frozen=True)
class _Setting:
    # What every sentence is set against: the rules, and the middle of the rated clusters.
    profile: Profile
    rated: int
    parts: Mapping[str, float]
    local_share: float
    any_abroad: bool


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
        Cluster to sentences: its rank; its strongest and its weakest part and the one farthest from
        the median of the rated clusters; where its links lead; how sure this is and what it rests
        on.
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
        bool(evidence["abroad"].sum() > 0),
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
    if setting.rated < FEW_RATED:
        yield Message("explain.few_rated", {"rated": _whole(setting.rated)})
    yield from _compare_parts(there, setting)
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
                "effective": _worth(row["effective"]),
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


def _compare_parts(parts: Sequence[Row], setting: _Setting) -> Iterator[Message]:
    best = max(parts, key=lambda part: part["value"])
    worst = min(parts, key=lambda part: part["value"])
    key = "explain.strongest" if best["value"] >= STRONG else "explain.none_strong"
    yield Message(key, _against_median(best, setting))
    if all(_is_no_burden(part, setting) for part in parts):
        low = worst["value"] < WEAK
        yield Message(
            "explain.lowest_everywhere" if low else "explain.nothing_weak",
            _against_median(worst, setting),
        )
    else:
        yield Message("explain.weakest", _against_median(worst, setting))
    if setting.rated < FEW_RATED:
        return
    farthest = max(parts, key=lambda part: abs(part["value"] - setting.parts[part["subscore"]]))
    beyond = farthest["value"] - setting.parts[farthest["subscore"]]
    if abs(beyond) >= NEAR_MEDIAN:
        key = "explain.farthest_above" if beyond > 0 else "explain.farthest_below"
        compared = _against_median(farthest, setting)
        yield Message(key, {**compared, "points": _decimal(abs(beyond))})


def _is_no_burden(part: Row, setting: _Setting) -> bool:
    return bool(part["value"] >= min(setting.parts[part["subscore"]], HIGH))


def _against_median(part: Row, setting: _Setting) -> dict[str, Message | str]:
    return {
        "part": _label(part),
        "value": _decimal(part["value"]),
        "median": _decimal(setting.parts[part["subscore"]]),
    }


def _direction(row: Row, setting: _Setting) -> Message:
    links: dict[str, object] = {
        name: _whole(row[name]) for name in ("links", "internal", "external")
    }
    # Where the data hold no partner abroad, their number is unknown and not nought.
    abroad = Message("explain.abroad", {"links": _whole(row["abroad"])})
    links["abroad"] = abroad if setting.any_abroad else ""
    shares = {"share": _percent(row["share"]), "median": _percent(setting.local_share)}
    worth = row["effective"] / row["links"]
    expected = setting.local_share * row["effective"]
    key = "explain.typical"
    if row["share_high"] < setting.local_share and expected >= INTERNAL_FLOOR:
        key = "explain.long_distance"
    elif row["internal"] * worth < INTERNAL_FLOOR:
        key = "explain.few_internal"
    elif row["share_low"] > setting.local_share:
        key = "explain.local"
    # What reads alike is not set apart.
    if shares["share"] == shares["median"] and key != "explain.few_internal":
        key = "explain.typical"
    if key == "explain.few_internal" and row["internal"] >= INTERNAL_FLOOR:
        key = "explain.few_internal_of_projects"
        links["worth"] = _worth(row["internal"] * worth)
    return Message(key, links | shares)


def _confidence(row: Row) -> Message:
    width = float(row["high"] - row["low"])
    word = "high" if width <= HIGH_WIDTH else "medium" if width <= MEDIUM_WIDTH else "low"
    if word == "high" and row["effective"] < HIGH_LINKS:
        word = "medium"  # near the end of the scale an interval is narrow, whatever the records
    return Message(
        "explain.confidence.sentence",
        {
            "word": Message(f"explain.confidence.{word}"),
            "width": _decimal(width),
            "links": _whole(row["links"]),
            "effective": _worth(row["effective"]),
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


def _worth(value: float) -> str:
    return f"{value:,.1f}".removesuffix(".0")


def _rule(value: float) -> str:
    return f"{value:,g}"


def _percent(share: float) -> str:
    return f"{100 * share:.1f}%"
