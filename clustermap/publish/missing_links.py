"""Missing links as they may leave: without small numbers, and without names of firms."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa

from clustermap.publish.coded import code_texts
from clustermap.publish.names import MASK
from clustermap.publish.withheld import find_unsaid_industries
from clustermap.selection.fields import split_words
from clustermap.tables import SCORED_KINDS

if TYPE_CHECKING:
    import numpy.typing as npt

    from clustermap.publish.release import Release
    from clustermap.publish.withheld import Withheld

    Marks = npt.NDArray[np.bool_]
    Positions = npt.NDArray[np.int64]

SHARED = "∩"
"""Stands in the name of a cell that several clusters hold."""


def name_brokers(missing: pd.DataFrame, release: Release, withheld: Withheld) -> pd.DataFrame:
    """Return missing links with the names of brokers: institutes as they leave, firms masked.

    Parameters
    ----------
    missing
        The table MISSING_LINKS.
    release
        Institutes that are told; whether all is.
    withheld
        Every actor.

    Returns
    -------
    pd.DataFrame
        ``broker`` is a name, "" where there is none.
    """
    known = withheld.actors.reindex(missing["broker"])
    names = known["name"].fillna("").to_numpy(dtype=object)
    if not release.internal:
        shown = release.institutes.set_index("institute")["name"].reindex(missing["broker"])
        names = shown.fillna(MASK).to_numpy(dtype=object)
    nobody = missing["broker"].fillna("") == ""
    return missing.assign(broker=np.where(nobody, "", names))


def release_missing_links(
    missing: pd.DataFrame, release: Release, withheld: Withheld
) -> pd.DataFrame:
    """Return missing links without rows that tell of few links.

    Parameters
    ----------
    missing
        From :func:`name_brokers`.
    release
        What else is told.
    withheld
        What is not.

    Returns
    -------
    pd.DataFrame
        The table without rows of clusters of which nothing about links may be told, of few links,
        or of links of which those told kind by kind would leave few; without distances from a few
        firms, kinds and fields that are withheld, and the numbers of the broker's own links.
    """
    least = withheld.rules.min_firms
    observed = missing["observed"].to_numpy(dtype=float)
    ends = {"cluster": missing["cluster"], "counterpart": missing["counterpart"]}
    out = (observed > 0) & (observed < least)
    lacking = np.zeros(len(missing), dtype=bool)
    nowhere = np.zeros(len(missing), dtype=bool)
    for end in ends.values():
        out |= _marks(end.map(withheld.hidden["links"]))
        nowhere |= _marks(end.map(withheld.hidden["firms"]))
        pairs = pd.MultiIndex.from_arrays([end, missing["lacking"]])
        lacking |= _marks(withheld.kinds.reindex(pairs))
    both = (missing["counterpart_type"] == "cluster").to_numpy()
    out |= both & (observed > 0) & _leave_few_flows(missing, release, withheld)
    listed = missing["counterpart"].isin(release.institutes["institute"]).to_numpy(dtype=bool)
    frame = missing.assign(
        distance_m=missing["distance_m"].mask(nowhere),
        lacking=missing["lacking"].mask(lacking),
        common=pd.Series(_tell_common(missing, release, withheld), missing.index, dtype=object),
        direct=missing["direct"].astype("Int64").mask(np.ones(len(missing), dtype=bool)),
        contacts=missing["contacts"].astype("Int64").mask(np.ones(len(missing), dtype=bool)),
    )
    return frame[~out & (both | listed)].reset_index(drop=True)


def _marks(values: pd.Series[bool]) -> Marks:
    return np.asarray(values.fillna(value=False), dtype=bool)


def _leave_few_flows(missing: pd.DataFrame, release: Release, withheld: Withheld) -> Marks:
    """Return pairs of clusters whose links, less the flows that are told, would be those of few."""
    one, other = (missing[end].to_numpy(dtype=object) for end in ("cluster", "counterpart"))
    told = pd.Index(pd.unique(np.concatenate([one, other])))
    ends = told.get_indexer(pd.Index(one)), told.get_indexer(pd.Index(other))
    pairs = _number_pairs(*ends, len(told))
    whole, said = (_sum_flows(flows, told, pairs) for flows in (withheld.flows, release.flows))
    left = whole.sub(said, fill_value=0)
    left = left[left > 0]
    groups = left.groupby(left.index // len(SCORED_KINDS))
    number, kinds = (
        found.reindex(pairs, fill_value=0).to_numpy(dtype=float)
        for found in (groups.sum(), groups.size())
    )
    cells = {*pd.unique(withheld.flows["source"]), *pd.unique(withheld.flows["target"])}
    shared = {part for cell in cells if SHARED in cell for part in cell.split(SHARED)}
    held = np.isin(one, list(shared)) | np.isin(other, list(shared))
    return np.asarray(held | ((number > 0) & ((number < withheld.rules.min_firms) | (kinds < 2))))


def _number_pairs(one: Positions, other: Positions, many: int) -> Positions:
    """Return one number for each pair of clusters, whichever comes first."""
    return np.minimum(one, other) * many + np.maximum(one, other)


def _sum_flows(flows: pd.DataFrame, told: pd.Index[str], pairs: Positions) -> pd.Series[float]:
    """Return the scored links of pairs, by the number of the pair times kinds plus kind."""
    kind = code_texts(flows["kind"], pa.array(SCORED_KINDS, pa.large_string()))
    known = pa.array(told, pa.large_string())
    source, target = (code_texts(flows[end], known) for end in ("source", "target"))
    kept = np.flatnonzero((kind >= 0) & (source >= 0) & (target >= 0))
    pair = _number_pairs(source[kept], target[kept], len(told))
    asked = np.isin(pair, pairs)
    key = pair[asked] * len(SCORED_KINDS) + kind[kept[asked]]
    return flows["links"].iloc[kept[asked]].groupby(key).sum()


def _tell_common(missing: pd.DataFrame, release: Release, withheld: Withheld) -> list[list[str]]:
    """Return the fields that both have, without industries that are withheld in either."""
    rows = find_unsaid_industries(release.indicators, withheld)
    unsaid = set(zip(rows["cluster"], rows["industry"], strict=True))
    designated = {
        (cluster, field)
        for cluster, fields in release.clusters["industries"].items()
        for field in split_words(fields)
    }
    unsaid -= designated
    pairs = zip(missing["cluster"], missing["counterpart"], missing["common"], strict=True)
    return [
        [field for field in common if not {(one, field), (other, field)} & unsaid]
        for one, other, common in pairs
    ]
