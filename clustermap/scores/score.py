"""The score of every cluster: parts, ranks, intervals, and the sentences that explain them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from clustermap.indicators import INDICATORS
from clustermap.indicators.evidence import divide
from clustermap.messages import Message
from clustermap.scores.aggregate import contributions, enough_parts, renormalise, score_parts
from clustermap.scores.explain import explain_clusters
from clustermap.scores.rating import REASONS, find_reasons, weigh_evidence
from clustermap.scores.uncertainty import draw_scores, interval, rank_descending, rank_interval
from clustermap.tables import SCORED_KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from clustermap.indicators.evidence import Numbers
    from clustermap.network.counts import Counts
    from clustermap.scores.goalposts import Goalposts
    from clustermap.scores.profile import Profile
    from clustermap.scores.uncertainty import Draws

    Wide = dict[tuple[str, str], Numbers]


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
        Scores whose interval had to be widened to hold them, see
        :func:`clustermap.scores.uncertainty.interval`.
    """

    scores: pd.DataFrame
    subscores: pd.DataFrame
    explanations: Mapping[str, tuple[Message, ...]]
    notes: tuple[Message, ...]
    unrated: Mapping[str, int] = field(default_factory=dict)
    widened: int = 0


@dataclass(frozen=True)
class _Computed:
    # Everything below is in the order of sorted cluster ids, so that draws do not depend on the
    # order of the layer; drawn values are of the rated clusters only.
    clusters: pd.Index[str]
    parts: Numbers
    weights: Numbers
    rated: npt.NDArray[np.bool_]
    drawn: Draws | None


def score_clusters(
    counts: Counts,
    indicators: pd.DataFrame,
    profile: Profile,
    goalposts: Goalposts,
    *,
    scenario: str = "default",
    draws: int = 1000,
    seed: int = 1,
) -> Scored:
    """Score every cluster.

    Parameters
    ----------
    counts
        What was counted.
    indicators
        The table INDICATORS.
    profile
        What the score consists of.
    goalposts
        The ends that its measures are read between.
    scenario
        Name in the tables.
    draws
        Number of draws behind the intervals; 0 gives none.
    seed
        Seed of the draws. The order of clusters changes nothing.

    Returns
    -------
    Scored
        Tables and explanations.

    Raises
    ------
    TableFault
        If a measure of the profile has no goalpost.
    """
    evidence = weigh_evidence(counts, profile)
    ordered = counts.clusters.sort_values()
    values, basis = (widen_indicators(indicators, ordered, name) for name in ("value", "basis"))
    _add_all_kinds(values, basis, evidence.loc[ordered])
    parts = score_parts(values, profile, goalposts)
    own = np.array([pillar.weight for pillar in profile.pillars])
    reasons = find_reasons(evidence.loc[ordered], enough_parts(parts, own), profile)
    rated = (reasons == "").to_numpy()
    drawn = None
    if draws and rated.any():
        drawn = draw_scores(
            {key: found[rated] for key, found in values.items()},
            {key: found[rated] for key, found in basis.items()},
            profile,
            goalposts,
            draws=draws,
            seed=seed,
        )
    computed = _Computed(ordered, parts, renormalise(~np.isnan(parts), own), rated, drawn)
    scores = _tabulate_scores(computed, reasons, scenario, counts.clusters)
    subscores = _tabulate_parts(computed, evidence, profile, scenario, counts.clusters)
    return Scored(
        scores,
        subscores,
        explain_clusters(scores, subscores, evidence, profile, counts),
        (Message(profile.note),) if profile.note else (),
        {reason: int((reasons == reason).sum()) for reason in REASONS if (reasons == reason).any()},
        _count_widened(computed),
    )


def widen_indicators(indicators: pd.DataFrame, clusters: pd.Index[str], column: str) -> Wide:
    """Return one column of the table INDICATORS as arrays over clusters.

    Parameters
    ----------
    indicators
        The table INDICATORS.
    clusters
        Clusters in the order wanted.
    column
        "value" or "basis".

    Returns
    -------
    dict
        (indicator, kind) to values, sorted by key: those given for clusters, and those given by
        kind for the kinds that are scored.
    """
    kinds = {"": ("",), "kind": SCORED_KINDS, "industry": ()}
    wanted = {(known.key, kind) for known in INDICATORS for kind in kinds[known.by]}
    return {
        key: rows.set_index("cluster")[column].reindex(clusters).to_numpy(dtype=np.float64)
        for key, rows in indicators.groupby(["indicator", "kind"], sort=True)
        if key in wanted
    }


def _add_all_kinds(values: Wide, basis: Wide, evidence: pd.DataFrame) -> None:
    # Under the kind "": links of all scored kinds together, as far as the indicator is there.
    columns = {"internal_links": "internal", "external_links": "external", "abroad_links": "abroad"}
    present = {indicator for indicator, _ in values}
    found = {
        indicator: evidence[column].to_numpy(dtype=np.float64)
        for indicator, column in columns.items()
    }
    found["local_share"] = divide(found["internal_links"], evidence["links"])
    found["ei_index"] = 1 - 2 * found["local_share"]
    for indicator in sorted(present & found.keys()):
        values[indicator, ""] = found[indicator]
        basis[indicator, ""] = evidence["effective"].to_numpy(dtype=np.float64)


def _count_widened(computed: _Computed) -> int:
    if computed.drawn is None:
        return 0
    _, _, widened = interval(computed.drawn.scores, _score(computed))
    return int(widened.sum())


def _score(computed: _Computed) -> Numbers:
    # Summed as the table's contributions are, so that they add up to its logarithm.
    added = contributions(computed.parts, computed.weights)[:, computed.rated]
    score: Numbers = np.exp(np.nansum(added, axis=0))
    return score


def _tabulate_scores(
    computed: _Computed, reasons: pd.Series[str], scenario: str, order: pd.Index[str]
) -> pd.DataFrame:
    rated, size = computed.rated, computed.rated.size
    numbers = {name: np.full(size, np.nan) for name in ("score", "low", "high")}
    ranks = {name: np.zeros(size, np.int64) for name in ("rank", "rank_low", "rank_high")}
    numbers["score"][rated] = _score(computed)
    ranks["rank"][rated] = rank_descending(numbers["score"][rated])
    if computed.drawn is not None:
        drawn = computed.drawn.scores
        ends = interval(drawn, numbers["score"][rated])
        numbers["low"][rated], numbers["high"][rated] = ends[:2]
        ranks["rank_low"][rated], ranks["rank_high"][rated] = rank_interval(
            drawn, ranks["rank"][rated]
        )
    has_ranks = {"rank": rated} | dict.fromkeys(
        ("rank_low", "rank_high"), rated & (computed.drawn is not None)
    )
    table = pd.DataFrame({"scenario": scenario, "cluster": computed.clusters, **numbers})
    for name, found in ranks.items():
        table[name] = pd.array(found, dtype="Int64")
        table.loc[~has_ranks[name], name] = pd.NA
    table["rated"] = rated.astype(np.int64)
    table["reason"] = reasons.to_numpy()
    return _in_order(table, order)


def _tabulate_parts(
    computed: _Computed,
    evidence: pd.DataFrame,
    profile: Profile,
    scenario: str,
    order: pd.Index[str],
) -> pd.DataFrame:
    added = contributions(computed.parts, computed.weights)
    tables = []
    for at, pillar in enumerate(profile.pillars):
        low, high = np.full((2, computed.rated.size), np.nan)
        if computed.drawn is not None:
            low[computed.rated], high[computed.rated], _ = interval(
                computed.drawn.parts[at], computed.parts[at][computed.rated]
            )
        table = pd.DataFrame(
            {
                "scenario": scenario,
                "cluster": computed.clusters,
                "subscore": pillar.key,
                "value": computed.parts[at],
                "low": low,
                "high": high,
                "weight": computed.weights[at],
                "contribution": added[at],
                "basis": evidence["effective"].loc[computed.clusters].to_numpy(dtype=float),
            }
        )
        # What the data cannot decide is not shown as if they did.
        table.loc[~computed.rated, ["value", "weight", "contribution"]] = np.nan
        tables.append(_in_order(table, order))
    keys = [pillar.key for pillar in profile.pillars]
    whole = pd.concat(tables, ignore_index=True)
    place = (order.get_indexer(pd.Index(whole["cluster"])), whole["subscore"].map(keys.index))
    return whole.iloc[np.lexsort(place[::-1])].reset_index(drop=True)


def _in_order(table: pd.DataFrame, order: pd.Index[str]) -> pd.DataFrame:
    return table.set_index("cluster").loc[order].reset_index()[list(table.columns)]
