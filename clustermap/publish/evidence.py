"""What stands behind the scores, as it may leave: ratios, brokers, partners abroad, warnings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from clustermap.publish.names import MASK
from clustermap.tables import ABROAD_LINKS, BROKERS, FLAGS, RATIOS, SCORED_KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from clustermap.publish.suppression import Rules

BEYOND = "beyond"
"""Reach of the links that are not local."""

ROLES = ("gatekeeper", "representative", "either")

_TABLES = {"ratios": RATIOS, "brokers": BROKERS, "abroad": ABROAD_LINKS, "flags": FLAGS}
_COUNTS = ("observed", "expected", "design")
_BELIEFS = ("ratio", "low", "high", "width", "data_weight")
_RATIO_COLUMNS = ("cluster", "reach", *_COUNTS, "allowance", *_BELIEFS, "decided")
_OF_ONE = ("one_group", "foreign")
"""Warnings whose share would tell of one business group, or of one partner abroad."""


def find_table(behind: Mapping[str, pd.DataFrame], name: str) -> pd.DataFrame:
    """Return a table that stands behind the scores.

    Parameters
    ----------
    behind
        The tables of a run by their names.
    name
        "ratios", "brokers", "abroad" or "flags".

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
    """Return observed and expected links of all scored kinds together, at every reach.

    Numbers of links are left out where they would tell of a few: at a reach that differs from the
    one within it by less than the least number of links, and where one scored kind alone is hidden,
    so that the total would give it away.

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
        Columns cluster, reach, observed, expected, design, allowance, ratio, low, high, width,
        data_weight, decided; the reaches of a cluster from the fence outwards.
    """
    own = (ratios["null"] == null) & (ratios["boundary"] == "drawn") & (ratios["kind"] == "")
    frame = ratios.loc[own, list(_RATIO_COLUMNS)].reset_index(drop=True)
    if frame.empty:
        return frame
    scored = kinds[kinds.index.get_level_values("kind").isin(SCORED_KINDS)]
    alone = scored.groupby(level="cluster").sum() == 1
    hidden = _mark(frame["cluster"], few)
    counts = hidden | _mark(frame["cluster"], alone) | _tell_of_few(frame, rules.min_firms)
    frame.loc[counts, list(_COUNTS)] = np.nan
    frame.loc[hidden, ["allowance", *_BELIEFS]] = np.nan
    frame["decided"] = frame["decided"].mask(hidden, 0)
    return frame


def _mark(clusters: pd.Series[str], marks: pd.Series[bool]) -> npt.NDArray[np.bool_]:
    return np.asarray(clusters.map(marks).fillna(value=False), dtype=bool)


def _tell_of_few(frame: pd.DataFrame, least: int) -> npt.NDArray[np.bool_]:
    """Mark links that differ from those of the next smaller reach shown by some, but by few."""
    reaches = list(frame["reach"].drop_duplicates())
    wide = frame.pivot_table(index="cluster", columns="reach", values="observed", sort=False)
    observed = wide.reindex(columns=reaches).to_numpy(dtype=float)
    small = np.zeros(observed.shape, dtype=bool)
    shown = np.zeros(len(wide))
    last = np.full(len(wide), -1)
    for at, reach in enumerate(reaches):
        links = observed[:, at]
        more = links if reach == BEYOND else links - shown
        small[:, at] = (more > 0) & (more < least)
        if reach == BEYOND:
            # With the total of all links, the widest reach that is shown would give it away.
            both = small[:, at] & (last >= 0)
            small[both, last[both]] = True
        else:
            last = np.where(small[:, at], last, at)
            shown = np.where(small[:, at], shown, links)
    place = wide.index.get_indexer(pd.Index(frame["cluster"]))
    return small[place, [reaches.index(reach) for reach in frame["reach"]]]


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
    keys = pd.MultiIndex.from_frame(abroad[["cluster", "kind"]])
    hidden = kinds.reindex(keys).fillna(value=False).to_numpy(dtype=bool)
    small = (abroad["links"] < rules.min_firms).to_numpy(dtype=bool)
    return abroad[~(hidden | small)].reset_index(drop=True)


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
