"""Why a cluster scores as it does: a few sentences, the most important first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clustermap.messages import Message

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from clustermap.network.counts import Counts
    from clustermap.scores.profile import Profile
    from clustermap.scores.score import Scored


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
        The tables that stand behind them.
    profile
        What the score consists of.
    counts
        What was counted.
    clusters
        Layer of clusters, index cluster.

    Returns
    -------
    dict
        Cluster to sentences.
    """
    del behind, profile, counts, clusters
    rated = f"{int(scored.scores['rated'].sum()):,}"
    return {
        str(row.cluster): (
            Message(
                "explain.rank_only",
                {"rank": f"{row.rank:,}", "rated": rated, "score": f"{row.score:.1f}"},
            )
            if row.rated
            else Message("explain.too_few_to_tell", {"reason": Message(str(row.reason))}),
        )
        for row in scored.scores.itertuples()
    }
