"""Whether the data decide: a cluster is rated, or it is said why it is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from clustermap.indicators.evidence import link_records, sum_kinds

if TYPE_CHECKING:
    import numpy.typing as npt

    from clustermap.network.counts import Counts
    from clustermap.scores.profile import Profile

NO_RECORDS = "reason.no_records"
TOO_FEW_LINKS = "reason.too_few_links"
TOO_FEW_LINKED = "reason.too_few_linked"
TOO_FEW_PARTS = "reason.too_few_parts"
REASONS = (NO_RECORDS, TOO_FEW_LINKS, TOO_FEW_LINKED, TOO_FEW_PARTS)
"""Why a cluster may not be rated; each is a key of the catalogue."""


def weigh_evidence(counts: Counts, profile: Profile) -> pd.DataFrame:
    """Return what is known of the links of every cluster, over all scored kinds.

    Parameters
    ----------
    counts
        What was counted.
    profile
        Which kinds are scored.

    Returns
    -------
    pd.DataFrame
        Index cluster (all, in order); columns internal, external, abroad, links (internal and
        external), effective (effective links), linked (actors with at least one link of any kind).
    """
    scored = [kind for kind, weight in profile.kinds.items() if weight > 0]
    records = link_records(counts)
    records = records[records["kind"].isin(scored)]
    sums = sum_kinds(records, counts.clusters)
    linked = counts.linked.set_index("cluster")["linked"].reindex(counts.clusters, fill_value=0)
    return sums.rename(columns={"total": "links"}).assign(linked=linked)


def find_reasons(
    evidence: pd.DataFrame, enough_parts: npt.NDArray[np.bool_], profile: Profile
) -> pd.Series[str]:
    """Return why each cluster is not rated, or "" where it is.

    Parameters
    ----------
    evidence
        As :func:`weigh_evidence` returns it.
    enough_parts
        Whether a score can be computed at all, in the order of ``evidence``.
    profile
        The rules.

    Returns
    -------
    pd.Series
        Keys of the catalogue on the index of ``evidence``.
    """
    rules = profile.rating
    found = np.select(
        [
            evidence["links"].to_numpy() == 0,
            evidence["effective"].to_numpy() < rules.min_links,
            evidence["linked"].to_numpy() < rules.min_linked_actors,
            ~enough_parts,
        ],
        list(REASONS),
        default="",
    )
    return pd.Series(found, index=evidence.index, name="reason").astype(str)
