"""What stands behind the scores, as it may leave: ratios, brokers, pairs of cells, warnings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from clustermap.publish.coded import FlowCodes, find_codes, sum_codes
from clustermap.publish.names import MASK
from clustermap.publish.secondary import tell_kinds, tell_reaches
from clustermap.tables import (
    ABROAD_LINKS,
    BROKERS,
    EXPECTED,
    FLAGS,
    KINDS,
    RATIOS,
    SCORED_KINDS,
    SHARE_UNIT,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from clustermap.publish.suppression import Rules

BEYOND = "beyond"
"""Reach of the links that are not local."""

ROLES = ("gatekeeper", "representative", "either")

TYPICAL = ("low", "high", "kind", "observed", "expected")
"""Columns of observed and typical links of pairs of cells."""

_TABLES = {
    "ratios": RATIOS,
    "brokers": BROKERS,
    "abroad": ABROAD_LINKS,
    "flags": FLAGS,
    "expected": EXPECTED,
}
_COUNTS = ("observed", "expected", "design")
_BELIEFS = ("ratio", "low", "high", "width", "data_weight")
_RATIO_COLUMNS = ("cluster", "kind", "reach", *_COUNTS, "allowance", *_BELIEFS, "decided")
_OF_ONE = ("one_group", "foreign")
"""Warnings whose share would tell of one business group, or of one partner abroad."""


def find_table(behind: Mapping[str, pd.DataFrame], name: str) -> pd.DataFrame:
    """Return a table that stands behind the scores.

    Parameters
    ----------
    behind
        The tables of a run by their names.
    name
        "ratios", "brokers", "abroad", "flags" or "expected".

    Returns
    -------
    pd.DataFrame
        The table; without rows where the run has none, since nothing was scored.
    """
    columns = [column.name for column in _TABLES[name].columns]
    return behind.get(name, pd.DataFrame(columns=columns))


def release_ratios(
    ratios: pd.DataFrame, null: str, few: pd.Series[bool], kinds: pd.Series[bool], rules: Rules
) -> pd.DataFrame:
    """Return observed and expected links at every reach, of all scored kinds together and of each.

    Numbers of links are left out where they would tell of a few: at a reach that differs from the
    one within it, or from all links, by less than the least number; where one scored kind alone is
    hidden, so that the total would give it away; and of a kind wherever differences between kinds
    and reaches would (:mod:`clustermap.publish.secondary`). Of kinds that are hidden, nothing is
    told.

    Parameters
    ----------
    ratios
        The table RATIOS.
    null
        Null of the headline.
    few
        Clusters of which nothing about links may be told.
    kinds
        Kinds that are hidden, by cluster and kind.
    rules
        When a number is too small.

    Returns
    -------
    pd.DataFrame
        Columns cluster, kind ("" for all scored kinds together, which come first), reach, observed,
        expected, design, allowance, ratio, low, high, width, data_weight, decided (the last three
        null of a kind); the reaches of a cluster from the fence outwards.
    """
    own = (ratios["null"] == null) & (ratios["boundary"] == "drawn")
    frame = ratios.loc[own, list(_RATIO_COLUMNS)]
    listed = [kind for kind in KINDS if kind in set(frame["kind"].unique())]
    frame["kind"] = pd.Categorical(frame["kind"], ["", *listed])
    frame = frame.sort_values("kind", kind="stable", ignore_index=True).astype({"kind": object})
    if frame.empty:
        return frame
    scored = kinds[kinds.index.get_level_values("kind").isin(listed or SCORED_KINDS)]
    alone = _mark(frame["cluster"], scored.groupby(level="cluster").sum() == 1)
    by_kind = (frame["kind"] != "").to_numpy()
    hidden = _mark(frame["cluster"], few) | (by_kind & (alone | _mark_kinds(frame, kinds)))
    counts = hidden | alone | ~_tell_counts(frame, kinds, rules.min_firms)
    frame.loc[counts, list(_COUNTS)] = np.nan
    frame.loc[hidden, ["allowance", *_BELIEFS]] = np.nan
    frame["decided"] = frame["decided"].mask(hidden & ~by_kind, 0)
    return frame


def _mark(clusters: pd.Series[str], marks: pd.Series[bool]) -> npt.NDArray[np.bool_]:
    return np.asarray(clusters.map(marks).fillna(value=False), dtype=bool)


def _mark_kinds(rows: pd.DataFrame, kinds: pd.Series[bool]) -> npt.NDArray[np.bool_]:
    keys = pd.MultiIndex.from_frame(rows[["cluster", "kind"]])
    return np.asarray(kinds.reindex(keys).fillna(value=False), dtype=bool)


def _tell_counts(
    frame: pd.DataFrame, kinds: pd.Series[bool], min_links: int
) -> npt.NDArray[np.bool_]:
    """Return of every row whether its number of links tells of no few, however they are added."""
    columns = ("cluster", "kind", "reach")
    places, names = zip(*(pd.factorize(frame[column]) for column in columns), strict=True)
    links = np.zeros([len(each) for each in names], dtype=np.int64)
    # Whole units, as shares were added: no rounding is taken for a link.
    links[places] = np.rint(frame["observed"].to_numpy(dtype=float) * SHARE_UNIT)
    least, (of_all, of_kinds) = min_links * SHARE_UNIT, (links[:, 0], links[:, 1:])
    pairs = pd.MultiIndex.from_product([names[0], names[1][1:]], names=["cluster", "kind"])
    never = _mark_kinds(pairs.to_frame(), kinds).reshape(of_kinds.shape[:2])
    told = np.zeros(links.shape, dtype=bool)
    told[:, 0] = tell_reaches(of_all[:, :-1], of_all[:, -1], least)
    told[:, 1:] = tell_kinds(of_kinds[..., :-1], of_kinds[..., -1], told[:, 0], never, least)
    return told[places]


def release_brokers(
    brokers: pd.DataFrame, actors: pd.DataFrame, few: pd.Series[bool], *, internal: bool
) -> pd.DataFrame:
    """Return the first brokers of every cluster by their type and role.

    Parameters
    ----------
    brokers
        The table BROKERS.
    actors
        Every actor: index its id, columns name and kind (actor type).
    few
        Clusters of which nothing about links may be told.
    internal
        Whether the output stays in the house, with names and numbers.

    Returns
    -------
    pd.DataFrame
        Columns cluster, place (1 for the first), name (masked), type, role, and the numbers roles,
        gatekeeper, representative, either (null unless internal: they are those of one actor).
    """
    kept = brokers[~_mark(brokers["cluster"], few)]
    known = actors.reindex(kept["actor"])
    numbers = kept[["roles", *ROLES]].astype("Int64")
    frame = pd.DataFrame(
        {
            "cluster": kept["cluster"].to_numpy(dtype=object),
            "place": kept.groupby("cluster", sort=False).cumcount().to_numpy() + 1,
            "name": known["name"].fillna("").to_numpy(dtype=object) if internal else MASK,
            "type": known["kind"].fillna("other").to_numpy(dtype=object),
            "role": find_roles(kept),
        }
    )
    shown = numbers if internal else numbers.mask(np.ones(numbers.shape, dtype=bool))
    return pd.concat([frame, shown.reset_index(drop=True)], axis=1)


def find_roles(brokers: pd.DataFrame) -> npt.NDArray[np.object_]:
    """Return in one word what each broker mostly is.

    Parameters
    ----------
    brokers
        Columns gatekeeper, representative, either.

    Returns
    -------
    np.ndarray
        "gatekeeper" or "representative" where more than half of its roles are; else "either".
    """
    counts = brokers[list(ROLES)].to_numpy(dtype=float)
    mostly = 2 * counts > counts.sum(axis=1, keepdims=True)
    return np.select([mostly[:, 0], mostly[:, 1]], ROLES[:2], ROLES[2]).astype(object)


def release_abroad(abroad: pd.DataFrame, kinds: pd.Series[bool], rules: Rules) -> pd.DataFrame:
    """Return links with partners abroad by country, under the rules of any other links.

    Parameters
    ----------
    abroad
        The table ABROAD_LINKS.
    kinds
        Kinds that are hidden, by cluster and kind.
    rules
        When a number is too small.

    Returns
    -------
    pd.DataFrame
        The table without the rows that may not leave.
    """
    hidden = _mark_kinds(abroad, kinds)
    small = (abroad["links"] < rules.min_firms).to_numpy(dtype=bool)
    return abroad[~(hidden | small)].reset_index(drop=True)


def release_typical(
    expected: pd.DataFrame, flows: pd.DataFrame, released: pd.DataFrame
) -> pd.DataFrame:
    """Return observed and typical links of the pairs of cells whose flows are released.

    What is typical of two cells has no direction, while flows may have one; so it is told of the
    pair. ``observed`` are the links of both directions, counted as the nulls count them: one for
    each row of a table of pairs, its share for each pair of a project's or document's participants.
    It is neither ``links`` of the flows (one for each pair of participants, too) nor ``weight`` (of
    pairs their own weight), and no whole number. ``expected`` is what the mass null gives for such
    actors at that distance, without allowances.

    Parameters
    ----------
    expected
        The table EXPECTED.
    flows
        Flows over all years and channels: source, target, kind, links.
    released
        Those of them that leave.

    Returns
    -------
    pd.DataFrame
        Columns low, high (the two cells, as texts are sorted; one cell twice for links within it),
        kind, observed (null where a flow of the pair is withheld), expected; a row for every pair
        and kind with a released flow of which the null says anything: not with cells abroad, and
        not of kinds that are not scored.
    """
    if released.empty or expected.empty:
        return pd.DataFrame(columns=list(TYPICAL))
    names = FlowCodes.of(released)
    told, links = sum_codes(names.code(released, turn=True), links=_whole(released["links"]))
    codes = names.code(expected, turn=True)
    rows = np.flatnonzero(find_codes(codes, told) >= 0)
    rows = rows[np.argsort(codes[rows])]
    at = find_codes(codes[rows], told)
    every = find_codes(names.code(flows, turn=True), told)
    there = np.bincount(every[every >= 0], _whole(flows["links"])[every >= 0], len(told))
    observed, typical = (expected[name].to_numpy(dtype=float)[rows] for name in TYPICAL[3:])
    whole = links["links"][at] == there[at]
    return names.name(told[at], TYPICAL[:3]).assign(
        observed=np.where(whole, observed, np.nan), expected=typical
    )


def _whole(values: pd.Series[int]) -> npt.NDArray[np.int64]:
    return np.asarray(values, dtype=np.int64)


def release_flags(
    flags: pd.DataFrame, few: pd.Series[bool], rules: Rules, *, internal: bool
) -> pd.DataFrame:
    """Return what may mislead about the links of a cluster.

    Parameters
    ----------
    flags
        The table FLAGS.
    few
        Clusters of which nothing about links may be told.
    rules
        When a number is too small.
    internal
        Whether the output stays in the house.

    Returns
    -------
    pd.DataFrame
        The table; without shares that rest on few links or tell of one group or partner.
    """
    frame = flags.copy()
    hidden = _mark(frame["cluster"], few)
    small = (frame["links"] > 0) & (frame["links"] < rules.min_firms)
    told = hidden | small | (frame["flag"].isin(_OF_ONE) & (not internal))
    frame["share"] = frame["share"].mask(told)
    frame["links"] = frame["links"].astype("Int64").mask(told)
    frame["raised"] = frame["raised"].mask(hidden, 0)
    return frame
