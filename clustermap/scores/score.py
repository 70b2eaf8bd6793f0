"""The score of every cluster: parts, ranks, intervals, and the tables that show them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from clustermap.messages import Message
from clustermap.scores.aggregate import contributions, enough_parts, renormalise
from clustermap.scores.draws import (
    Posteriors,
    draw_parts,
    draw_weights,
    score_draws,
    score_interval,
)
from clustermap.scores.normalisers import Ends, by_goalposts, place_between
from clustermap.scores.profile import PARTS
from clustermap.scores.ranks import (
    group_alike,
    rank_draws,
    rank_interval,
    share_in_top,
)
from clustermap.scores.rating import NO_RECORDS, REASONS, find_reasons
from clustermap.tables import DEFAULT_SCENARIO

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from clustermap.indicators.evidence import Numbers
    from clustermap.network.posterior import Posterior
    from clustermap.scores.goalposts import Goalposts
    from clustermap.scores.parts import Parts
    from clustermap.scores.profile import Profile

TOP_SHARE = 0.1
"""Share of the rated clusters that are called the top."""

NEAR_M = 15_000.0
"""Widest radius of a local reach that has the goalposts of a near one."""

QUADRANTS = ("local_global", "local", "global", "neither", "undecided")


@dataclass(frozen=True)
class Scored:
    """The scores of one scenario.

    Parameters
    ----------
    scores, subscores
        The tables SCORES and SUBSCORES, in cluster order.
    explanations
        Cluster to the sentences that explain its score, most important first.
    notes
        What must be said beside every score of this profile.
    unrated
        Reason to the number of clusters that are not rated for it.
    widened
        Scores whose interval had to be widened to hold them.
    top
        Number of clusters that are called the top.
    drawn
        What the draws were made from; None where nothing is rated or there are no draws.
    """

    scores: pd.DataFrame
    subscores: pd.DataFrame
    explanations: Mapping[str, tuple[Message, ...]]
    notes: tuple[Message, ...]
    unrated: Mapping[str, int] = field(default_factory=dict)
    widened: int = 0
    top: int = 0
    drawn: Drawn | None = None


@dataclass(frozen=True)
class Drawn:
    """Draws of the rated clusters.

    Parameters
    ----------
    clusters
        Ids of the rated clusters.
    posteriors, ends, weights
        What was drawn from: beliefs, goalposts, and the profile's weights of the parts.
    parts
        Parts x draws x clusters.
    scores
        Draws x clusters.
    ranks
        Draws x clusters.
    """

    clusters: npt.NDArray[np.object_]
    posteriors: Posteriors
    ends: Ends
    weights: Numbers
    parts: npt.NDArray[np.float32]
    scores: npt.NDArray[np.float32]
    ranks: npt.NDArray[np.int32]


@dataclass(frozen=True)
class Reaches:
    """The local reaches of a run.

    Parameters
    ----------
    radii_m
        Radii of the local reaches, the first 0 (the fence); empty where regions decide.
    """

    radii_m: tuple[float, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Names for tables: "fence", "10 km", "region"."""
        if not self.radii_m:
            return ("fence", "region")
        return ("fence", *(f"{radius / 1000:g} km" for radius in self.radii_m[1:]))

    @property
    def cases(self) -> tuple[str, ...]:
        """Cases of the goalposts: "", "near" or "wide"."""
        if not self.radii_m:
            return ("", "wide")
        return ("", *("near" if r <= NEAR_M else "wide" for r in self.radii_m[1:]))


def score_linkages(
    ids: pd.Index[str],
    parts: Parts,
    profile: Profile,
    goalposts: Goalposts,
    reaches: Reaches,
    *,
    scenario: str = DEFAULT_SCENARIO,
    draws: int = 1000,
    seed: int = 1,
) -> Scored:
    """Score every cluster by its linkages.

    The score is the weighted geometric mean of the parts on a scale from 1 to 100; 50.5 is typical.
    Parts that a cluster's records do not decide are left out, and the weights of the others raised.

    Parameters
    ----------
    ids
        Ids of the clusters, in the order of the layer.
    parts
        What is believed of the parts.
    profile
        What the score consists of.
    goalposts
        The ends that parts are read between.
    reaches
        The local reaches.
    scenario
        Name in the tables.
    draws
        Number of draws behind the intervals; 0 gives none.
    seed
        Seed of the draws. The order of clusters changes nothing.

    Returns
    -------
    Scored
        Tables; explanations are added by :mod:`clustermap.scores.explain`.

    Raises
    ------
    TableFault
        If a part has no goalpost.
    """
    keys = tuple(profile.parts)
    headline = tuple(parts.headline[PARTS.index(key)] for key in keys)
    ends = read_ends(goalposts, keys, reaches, parts.reach)
    # What a cluster's records cannot tell is left out rather than move its rank.
    told = np.stack([np.where(part.decided, part.value, np.nan) for part in headline])
    values = by_goalposts(place_between(told, ends))
    own = np.array(list(profile.parts.values()))
    reasons = find_reasons(parts, enough_parts(values, own), profile)
    weights = renormalise(~np.isnan(values), own)
    case = _Case(ids, parts, keys, headline, ends, own, values, weights, reasons)
    drawn = _draw(case, draws, seed) if draws and case.rated.any() else None
    return Scored(
        _tabulate_scores(case, drawn).assign(scenario=scenario),
        _tabulate_parts(case, drawn, reaches).assign(scenario=scenario),
        {},
        tell_note(profile, parts.null),
        {reason: int((reasons == reason).sum()) for reason in REASONS if (reasons == reason).any()},
        0 if drawn is None else int(score_interval(drawn.scores, case.score)[2].sum()),
        count_top(int(case.rated.sum())),
        drawn,
    )


@dataclass(frozen=True)
class _Case:
    # One scenario: parts in the order of the profile, clusters in the order of the layer.
    ids: pd.Index[str]
    parts: Parts
    keys: tuple[str, ...]
    headline: tuple[Posterior, ...]
    ends: Ends
    own: Numbers
    placed: Numbers
    weights: Numbers
    reasons: npt.NDArray[np.object_]

    @property
    def rated(self) -> npt.NDArray[np.bool_]:
        return np.asarray(self.reasons == "", dtype=bool)

    @property
    def score(self) -> Numbers:
        """Scores of the rated, summed as the table's contributions are: they add up exactly."""
        added = contributions(self.placed[:, self.rated], self.weights[:, self.rated])
        return np.asarray(np.exp(np.nansum(added, axis=0)))


def score_nothing(ids: pd.Index[str], profile: Profile, scenario: str = DEFAULT_SCENARIO) -> Scored:
    """Return the scores of a run without any linkage that is scored: nobody is rated.

    Parameters
    ----------
    ids
        Ids of the clusters.
    profile
        What a score would consist of.
    scenario
        Name in the tables.

    Returns
    -------
    Scored
        Tables with a reason for every cluster.
    """
    none = dict.fromkeys(("score", "low", "high"), np.nan)
    ranks = {
        name: pd.array([pd.NA] * len(ids), dtype="Int64")
        for name in ("rank", "rank_low", "rank_high", "alike")
    }
    scores = pd.DataFrame({"scenario": scenario, "cluster": ids, **none, **ranks}).assign(
        top_share=np.nan, quadrant="undecided", rated=0, reason=NO_RECORDS
    )
    keys = tuple(profile.parts)
    whole = dict.fromkeys(("value", "low", "high", "weight", "contribution"), np.nan)
    measures = dict.fromkeys(("measure", "measure_low", "measure_high"), np.nan)
    subscores = pd.DataFrame(
        {
            "scenario": scenario,
            "cluster": np.repeat(ids.to_numpy(), len(keys)),
            "subscore": np.tile(np.array(keys, dtype=object), len(ids)),
            **whole,
            "basis": 0.0,
            **measures,
            "reach": "",
            "decided": 0,
            "reason": NO_RECORDS,
        }
    )
    note = tell_note(profile)
    why = (Message("explain.why.too_few_to_tell", {"reason": Message(NO_RECORDS)}),)
    return Scored(scores, subscores, dict.fromkeys(ids, why), note, {NO_RECORDS: len(ids)})


def join_scenarios(scenarios: Sequence[Scored]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the scores of several scenarios, one below the other.

    Parameters
    ----------
    scenarios
        In the order of the tables, the project's own first.

    Returns
    -------
    tuple
        The tables SCORES and SUBSCORES.
    """
    scores = pd.concat([one.scores for one in scenarios], ignore_index=True)
    return scores, pd.concat([one.subscores for one in scenarios], ignore_index=True)


def tell_note(profile: Profile, null: str = "mass") -> tuple[Message, ...]:
    """Return what must be said beside every score of a profile.

    Parameters
    ----------
    profile
        The profile.
    null
        Null of the headline, which a score of linkages compares with.

    Returns
    -------
    tuple
        One sentence, or none.
    """
    if not profile.note:
        return ()
    named = {"null": Message(f"explain.null.{null}")} if profile.method == "linkage" else {}
    return (Message(profile.note, named),)


def count_top(rated: int) -> int:
    """Return how many clusters are called the top: a tenth of the rated, at least one.

    Parameters
    ----------
    rated
        Number of rated clusters.

    Returns
    -------
    int
        0 where none is rated.
    """
    return max(1, round(TOP_SHARE * rated)) if rated else 0


def read_ends(
    goalposts: Goalposts, keys: tuple[str, ...], reaches: Reaches, reach: npt.NDArray[np.int64]
) -> Ends:
    """Return the goalposts of the parts of every cluster.

    Parameters
    ----------
    goalposts
        The goalposts.
    keys
        Parts.
    reaches
        The local reaches, each of which has its own goalposts of embeddedness.
    reach
        Local reach of each cluster.

    Returns
    -------
    Ends
        Parts x clusters.
    """
    lows, highs = np.zeros((2, len(keys), len(reach)))
    for row, key in enumerate(keys):
        cases = reaches.cases if key == "embeddedness" else ("",)
        posts = [goalposts.of(key, case) for case in cases]
        at = reach if key == "embeddedness" else np.zeros(len(reach), dtype=np.int64)
        lows[row] = np.array([post.low for post in posts])[at]
        highs[row] = np.array([post.high for post in posts])[at]
    return Ends(lows, highs, np.zeros(len(keys), dtype=bool))


def _draw(case: _Case, draws: int, seed: int) -> Drawn:
    rated, variants = case.rated, case.parts.variants
    tables = {}
    for null in sorted({null for null, _ in variants}):
        for boundary in sorted({boundary for _, boundary in variants}):
            # Only the headline's null is computed for boundaries that are moved.
            found = variants.get((null, boundary), variants[null, "drawn"])
            table = np.stack([found[PARTS.index(key)].quantiles for key in case.keys])
            told = ~np.isnan(case.placed)[:, None]
            tables[null, boundary] = np.where(told, table, np.nan)[:, :, rated]
    clusters = case.ids.to_numpy(dtype=object)[rated]
    posteriors = Posteriors(clusters, tables, case.parts.null)
    ends = Ends(case.ends.low[:, rated], case.ends.high[:, rated], case.ends.logarithmic)
    parts = draw_parts(posteriors, ends, draws=draws, seed=seed)
    scores = score_draws(parts, draw_weights(case.own, draws=draws, seed=seed))
    return Drawn(clusters, posteriors, ends, case.own, parts, scores, rank_draws(scores))


def find_quadrants(local: Posterior, beyond: Posterior) -> npt.NDArray[np.object_]:
    """Place clusters by embeddedness and openness, where the intervals of both decide.

    Parameters
    ----------
    local, beyond
        What is believed of embeddedness and of openness.

    Returns
    -------
    numpy.ndarray
        Values of ``QUADRANTS``; "undecided" where either 90 % interval holds the typical value.
    """
    (a_low, a_high), (b_low, b_high) = local.interval(), beyond.interval()
    cases = [
        (a_low > 0) & (b_low > 0),
        (a_low > 0) & (b_high < 0),
        (a_high < 0) & (b_low > 0),
        (a_high < 0) & (b_high < 0),
    ]
    found = np.select(cases, list(QUADRANTS[:4]), default=QUADRANTS[4]).astype(object)
    return np.where(local.decided & beyond.decided, found, QUADRANTS[4])


def _tabulate_scores(case: _Case, drawn: Drawn | None) -> pd.DataFrame:
    rated, size = case.rated, len(case.ids)
    numbers = {name: np.full(size, np.nan) for name in ("score", "low", "high", "top_share")}
    whole = ("rank", "rank_low", "rank_high", "alike")
    ranks = {name: np.zeros(size, np.int64) for name in whole}
    numbers["score"][rated] = case.score
    if rated.any():
        ranks["rank"][rated] = rank_draws(case.score[None])[0]
    if drawn is not None:
        numbers["low"][rated], numbers["high"][rated], _ = score_interval(drawn.scores, case.score)
        best, worst = rank_interval(drawn.ranks, ranks["rank"][rated])
        ranks["rank_low"][rated], ranks["rank_high"][rated] = best, worst
        ranks["alike"][rated] = group_alike(drawn.ranks, drawn.clusters)
        numbers["top_share"][rated] = share_in_top(drawn.ranks, count_top(int(rated.sum())))
    table = pd.DataFrame({"scenario": "", "cluster": case.ids})
    for name in ("score", "low", "high"):
        table[name] = numbers[name]
    for name in whole:
        known = rated & (name == "rank" or drawn is not None)
        table[name] = pd.array(ranks[name], dtype="Int64")
        table.loc[~known, name] = pd.NA
    table["top_share"] = numbers["top_share"]
    table["quadrant"] = find_quadrants(*case.parts.headline[:2])
    return table.assign(rated=rated.astype(np.int64), reason=case.reasons)


def _tabulate_parts(case: _Case, drawn: Drawn | None, reaches: Reaches) -> pd.DataFrame:
    added, rated = contributions(case.placed, case.weights), case.rated
    names = np.array(reaches.names, dtype=object)[case.parts.reach]
    tables = []
    for at, (key, part) in enumerate(zip(case.keys, case.headline, strict=True)):
        low, high = np.full((2, len(case.ids)), np.nan)
        if drawn is not None:
            low[rated], high[rated], _ = score_interval(drawn.parts[at], case.placed[at][rated])
        measure_low, measure_high = part.interval()
        table = pd.DataFrame(
            {
                "scenario": "",
                "cluster": case.ids,
                "subscore": key,
                "value": case.placed[at],
                "low": low,
                "high": high,
                "weight": case.weights[at],
                "contribution": added[at],
                "basis": part.basis,
                "measure": part.value,
                "measure_low": measure_low,
                "measure_high": measure_high,
                "reach": names if key == "embeddedness" else "",
                "decided": part.decided.astype(np.int64),
                "reason": part.reason,
            }
        )
        # What the data cannot decide is not shown as if they did.
        table.loc[~rated, ["value", "weight", "contribution"]] = np.nan
        tables.append(table)
    whole = pd.concat(tables, ignore_index=True)
    place = np.tile(np.arange(len(case.ids)), len(case.keys))
    return whole.iloc[np.argsort(place, kind="stable")].reset_index(drop=True)
