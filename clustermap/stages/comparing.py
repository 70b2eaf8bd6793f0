"""Comparing: the clusters of a run beside those of a changed one, and what is to be said of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from clustermap.messages import Message
from clustermap.scores.draws import draw_parts, draw_weights, score_draws, score_interval
from clustermap.scores.profile import PARTS
from clustermap.stages.candidates import find_scored
from clustermap.tables import DEFAULT_SCENARIO, WHATIF

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy.typing as npt

    from clustermap.indicators.evidence import Numbers
    from clustermap.project import Project
    from clustermap.scores import Scored
    from clustermap.scores.score import Drawn
    from clustermap.stages.publishing import Findings
    from clustermap.stages.selecting import Selected

_SHOWN = 0.05  # a smaller difference of scores is nought as it is shown
_TOLD, _NAMED = 3, 12
_SCORES = ("score", "low", "high", "rank", "rank_low", "rank_high", "rated", "capability", "gap")
_CHOICES = ("selected", "standing", "inclusion")
_BEFORE, _AFTER = "before", "after"


@dataclass(frozen=True)
class Seen:
    """One side of a comparison.

    Parameters
    ----------
    project
        The project file.
    findings
        What the run found.
    selected
        What its scenarios choose; None where nothing is chosen.
    """

    project: Project
    findings: Findings
    selected: Selected | None


def compare_findings(before: Seen, after: Seen) -> pd.DataFrame:
    """Set the clusters of a run beside those of a changed one.

    Parameters
    ----------
    before, after
        The two runs.

    Returns
    -------
    pd.DataFrame
        The table WHATIF: every scenario of the project file, every cluster that there was. Where a
        scenario weighs parts otherwise than its profile there is a choice and no rank.
    """
    ids = before.findings.layers.clusters.index
    scenarios = [DEFAULT_SCENARIO, *before.project.scenarios]
    parts = []
    for name in scenarios:
        table = pd.DataFrame({"scenario": name, "cluster": ids.astype(object)})
        scored = [_find_scored(side, name) for side in (before, after)]
        for when, side, one in zip((_BEFORE, _AFTER), (before, after), scored, strict=True):
            for column, values in _columns(side, name, one, ids):
                table[f"{column}_{when}"] = values
        seed = before.project.project.seed
        parts.append(_add_differences(table, (scored[0], scored[1]), seed))
    return pd.concat(parts, ignore_index=True)[[column.name for column in WHATIF.columns]]


def _find_scored(side: Seen, name: str) -> Scored | None:
    scenario = side.project.scenarios.get(name)
    if scenario is not None and scenario.weights:
        return None
    return find_scored(side.project, side.findings, name, scenario)[0]


def _columns(
    side: Seen, name: str, scored: Scored | None, ids: pd.Index[str]
) -> Iterator[tuple[str, Any]]:
    whole = {"rank", "rank_low", "rank_high", "rated", "selected"}
    scores = parts = chosen = pd.DataFrame()
    if scored is not None:
        scores = scored.scores.set_index("cluster")
        parts = scored.subscores.pivot_table(
            index="cluster", columns="subscore", values="value", dropna=False
        )
    if side.selected is not None:
        selection = side.selected.tables["selection"]
        chosen = selection[selection["scenario"] == name].set_index("cluster")
    for table, columns in ((scores, _SCORES), (parts, PARTS), (chosen, _CHOICES)):
        held = table.reindex(ids)
        for column in columns:
            values = held[column] if column in held else pd.Series(np.nan, ids)
            if column == "standing":
                found = values.astype(object)
                yield column, found.where(found.notna(), None).array
            else:
                typed = values.astype("Int64") if column in whole else values.astype("float64")
                yield column, typed.array


def _add_differences(
    table: pd.DataFrame, sides: tuple[Scored | None, Scored | None], seed: int
) -> pd.DataFrame:
    difference = table["score_after"] - table["score_before"]
    low, high = _difference_interval(table, difference, sides, seed)
    low_before, high_before, low_after, high_after = (
        table[f"rank_{end}_{when}"] for when in (_BEFORE, _AFTER) for end in ("low", "high")
    )
    overlap = (low_before <= high_after) & (low_after <= high_before)
    return table.assign(
        difference=difference,
        difference_low=low,
        difference_high=high,
        rank_difference=table["rank_after"] - table["rank_before"],
        overlap=overlap.astype("Int64"),
    )


def _difference_interval(
    table: pd.DataFrame,
    difference: pd.Series[float],
    sides: tuple[Scored | None, Scored | None],
    seed: int,
) -> tuple[pd.Series[float], pd.Series[float]]:
    """Return what lies between draws that were made by the same random numbers."""
    low, high = np.full((2, len(table)), np.nan)
    drawn = [side.drawn for side in sides if side is not None and side.drawn is not None]
    # Comparators have no draws of their own, and so no interval.
    ends = ["low_before", "high_before", "low_after", "high_after"]
    told = table[ends].notna().all(axis=1) & difference.notna()
    at = np.flatnonzero(told.to_numpy())
    if len(drawn) == len(sides) and len(at):
        clusters = table["cluster"].to_numpy(dtype=object)[at]
        alike = np.array_equal(drawn[0].clusters, drawn[1].clusters)
        before, after = (_draw_among(one, clusters, None if alike else seed) for one in drawn)
        low[at], high[at], _ = score_interval(after - before, difference.to_numpy()[at])
    return pd.Series(low, table.index), pd.Series(high, table.index)


def _draw_among(drawn: Drawn, clusters: npt.NDArray[np.object_], seed: int | None) -> Numbers:
    """Return the draws of some clusters, drawn again among these alone where there is a seed.

    Who else is rated moves the random numbers of a cluster, so that draws of different clusters do
    not go together.
    """
    places = pd.Index(drawn.clusters).get_indexer(pd.Index(clusters))
    if seed is None:
        return drawn.scores[:, places].astype(np.float64)
    believed = drawn.posteriors
    variants = {variant: known[:, :, places] for variant, known in believed.variants.items()}
    among = replace(believed, clusters=clusters, variants=variants)
    ends = replace(drawn.ends, low=drawn.ends.low[:, places], high=drawn.ends.high[:, places])
    draws = len(drawn.scores)
    parts = draw_parts(among, ends, draws=draws, seed=seed)
    weights = draw_weights(drawn.weights, draws=draws, seed=seed)
    return score_draws(parts, weights).astype(np.float64)


def tell_comparison(
    table: pd.DataFrame, before: Seen, after: Seen
) -> Mapping[str, tuple[Message, ...]]:
    """Say what a change does.

    Parameters
    ----------
    table
        From :func:`compare_findings`.
    before, after
        The two runs.

    Returns
    -------
    Mapping
        Heading to sentences: scores, then what each scenario chooses, then what was not computed.
    """
    names = _call(before)
    own = table[table["scenario"] == DEFAULT_SCENARIO].set_index("cluster")
    told = {"scores": tuple(_tell_scores(own, names, before.project.score.draws))}
    if before.selected is not None and after.selected is not None:
        told["portfolio"] = tuple(
            message
            for name, rows in table.groupby("scenario", sort=False)
            for message in _tell_choice(str(name), rows.set_index("cluster"), names, after)
        )
    told["limits"] = (Message("whatif.told.limits"),)
    return told


def _call(side: Seen) -> dict[str, str]:
    named = side.findings.layers.clusters["name"]
    return {str(key): f"{name} ({key})" for key, name in named.items()}


def _list(clusters: Sequence[str], names: Mapping[str, str]) -> tuple[object, ...]:
    """Return the names of clusters, the first of them where there are many."""
    shown = [names[cluster] for cluster in clusters[:_NAMED]]
    more = len(clusters) - len(shown)
    return (*shown, Message("whatif.more", {"more": f"{more:,}"})) if more else tuple(shown)


def _tell_scores(own: pd.DataFrame, names: Mapping[str, str], draws: int) -> Iterator[Message]:
    size = own["difference"].abs()
    moved = own[size >= _SHOWN]
    both = int(own["difference"].notna().sum())
    apart = int((own["overlap"] == 0).sum())
    if moved.empty:
        yield Message("whatif.told.same", {"clusters": f"{both:,}"})
    else:
        values = {"moved": f"{len(moved):,}", "clusters": f"{both:,}", "draws": f"{draws:,}"}
        yield Message("whatif.told.moved", values)
        decided = "apart" if apart else "overlap"
        yield Message(f"whatif.told.{decided}", {"apart": f"{apart:,}"})
    order = moved.assign(size=size.reindex(moved.index)).sort_values(
        ["size", "cluster"], ascending=[False, True]
    )
    for cluster, row in order.head(_TOLD).iterrows():
        yield _tell_cluster(names[str(cluster)], row)
    for key, change in (("rated", 1), ("unrated", -1)):
        turned = own.index[(own["rated_after"] - own["rated_before"]) == change]
        if len(turned):
            found = {"clusters": _list([*turned], names), "count": f"{len(turned):,}"}
            yield Message(f"whatif.told.{key}", found)
    gone = own.index[own["rated_after"].isna()]
    if len(gone):
        yield Message("whatif.told.gone", {"clusters": _list([*gone], names)})


def _tell_cluster(name: str, row: pd.Series) -> Message:
    values: dict[str, object] = {
        "cluster": name,
        "before": f"{row['score_before']:.1f}",
        "after": f"{row['score_after']:.1f}",
        "difference": f"{row['difference']:+.1f}",
        "rank_before": _rank(row, _BEFORE),
        "rank_after": _rank(row, _AFTER),
    }
    if pd.isna(row["difference_low"]) or pd.isna(row["overlap"]):
        return Message("whatif.told.cluster_undrawn", values)
    values["low"], values["high"] = (f"{row[f'difference_{end}']:+.1f}" for end in ("low", "high"))
    decided = "undecided" if row["overlap"] else "decided"
    if values["rank_before"] == values["rank_after"]:
        decided = "same"
    said = {"decided": Message(f"whatif.rank.{decided}"), "cause": _tell_cause(row)}
    return Message("whatif.told.cluster", {**values, **said})


def _tell_cause(row: pd.Series) -> Message:
    """Say which part changes most, or that only its weights do."""
    parts = {part: (row[f"{part}_before"], row[f"{part}_after"]) for part in PARTS}
    known = {part: both for part, both in parts.items() if not any(map(pd.isna, both))}
    most = max(known, key=lambda part: abs(known[part][1] - known[part][0]))
    before, after = (f"{value:.1f}" for value in known[most])
    if before == after:
        return Message("whatif.cause.weights")
    part = Message(f"subscore.{most}.label")
    return Message("whatif.cause.part", {"part": part, "before": before, "after": after})


def _rank(row: pd.Series, when: str) -> str:
    rank, low, high = (row[f"{name}_{when}"] for name in ("rank", "rank_low", "rank_high"))
    return f"{rank}" if pd.isna(low) else f"{rank} ({low}–{high})"


def _tell_choice(
    name: str, rows: pd.DataFrame, names: Mapping[str, str], after: Seen
) -> Iterator[Message]:
    said = {"scenario": name}
    none = [when for when in (_BEFORE, _AFTER) if rows[f"selected_{when}"].isna().all()]
    if none:
        yield Message(f"whatif.told.impossible_{'_'.join(none)}", said)
        return
    was, is_ = ((rows[f"selected_{when}"].fillna(0) == 1) for when in (_BEFORE, _AFTER))
    entered, left = rows.index[is_ & ~was], rows.index[was & ~is_]
    totals = {"before": f"{was.sum():,}", "after": f"{is_.sum():,}"}
    if not len(entered) and not len(left):
        yield Message("whatif.told.same_choice", {**said, **totals})
    else:
        yield Message("whatif.told.choice", {**said, **totals})
    for key, clusters in (("entered", entered), ("left", left)):
        if len(clusters):
            listed = {"clusters": _list([*clusters], names), "count": f"{len(clusters):,}"}
            yield Message(f"whatif.told.{key}", {**said, **listed})
    yield from _tell_doubt(said, rows, [*entered, *left], names, after)


def _tell_doubt(
    said: Mapping[str, str],
    rows: pd.DataFrame,
    turned: Sequence[str],
    names: Mapping[str, str],
    after: Seen,
) -> Iterator[Message]:
    """Say between which clusters the data do not decide, those that come or go first."""
    standings = rows[["standing_before", "standing_after"]]
    if (standings == "undrawn").any(axis=None):
        yield Message("whatif.told.undrawn", said)
        return
    select = after.project.select
    most = min(select.draws, after.project.score.draws) if select else 0
    draws = {"draws": f"{most:,}"}
    open_ = (standings == "borderline").any(axis=1)
    doubtful = [cluster for cluster in turned if open_[cluster]]
    if doubtful:
        listed = {"clusters": _list(doubtful, names), "count": f"{len(doubtful):,}"}
        yield Message("whatif.told.doubtful", {**said, **listed, **draws})
    elif turned:
        yield Message("whatif.told.clear", {**said, **draws})
    counts = {
        when: f"{(standings[f'standing_{when}'] == 'borderline').sum():,}"
        for when in (_BEFORE, _AFTER)
    }
    yield Message("whatif.told.borderline", {**said, **counts, **draws})
