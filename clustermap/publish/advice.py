"""Advice as it may leave: its numbers are those that the release tells anyway, or of many."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from clustermap.publish.decision import Advice
from clustermap.publish.diagnosis import release_conditions
from clustermap.publish.differences import tell_counts
from clustermap.publish.missing_links import name_brokers, release_missing_links
from clustermap.publish.secondary import find_few
from clustermap.publish.support import find_few_money, release_support
from clustermap.selection.diagnosis import join_situations
from clustermap.selection.diffusion import GROUPS, find_level
from clustermap.selection.fields import split_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from clustermap.publish.release import Release
    from clustermap.publish.suppression import Rules
    from clustermap.publish.withheld import Withheld
    from clustermap.selection.advise import Advised

    Marks = npt.NDArray[np.bool_]

_ROLES = ("coordinator", "itinerant", "gateway", "liaison")
_NEAR_SHARE = ("near_share", "near_low", "near_high")


def release_advice(advised: Advised, release: Release, withheld: Withheld) -> Advice | None:
    """Return what may be told of what to do about each cluster.

    A condition keeps the numbers that the release tells of it, and stays seen or not seen where
    that tells of no few: what a firm or a group of firms holds is never told in numbers, nor how
    many people the largest firm employs, nor what few firms were granted. Situations are joined
    again from what is left.

    Parameters
    ----------
    advised
        All that is advised, and those behind it.
    release
        The release so far.
    withheld
        What it must not tell.

    Returns
    -------
    Advice or None
        All of it where the release is internal; None where nothing is advised.
    """
    tables = advised.tables
    if not tables:
        return None
    missing = name_brokers(tables["missing_links"], release, withheld)
    told = Advice(**{**tables, "missing_links": missing})
    if release.internal:
        return told
    few = find_few_money(advised.grants, withheld.rules)
    told = replace(told, support_measures=release_support(told.support_measures, few, withheld))
    found = release_conditions(told.diagnosis, told.support_measures, release, withheld)
    level = find_level(found["participation_below"], found["research_below"])
    return replace(
        told,
        diagnosis=join_situations(found),
        diffusion=_release_diffusion(told.diffusion, level, advised.firms, release, withheld),
        permitted_gaps=_release_gaps(told.permitted_gaps, release, withheld),
        missing_links=release_missing_links(missing, release, withheld),
        intermediaries=release_intermediaries(told.intermediaries, release, withheld.rules),
        next_sites=release_sites(told.next_sites, withheld.rules),
    )


def _release_diffusion(
    diffusion: pd.DataFrame,
    level: pd.DataFrame,
    firms: pd.DataFrame,
    release: Release,
    withheld: Withheld,
) -> pd.DataFrame:
    names = [*GROUPS, "ungrouped"]
    frame = diffusion.astype(dict.fromkeys(names, "Int64"))
    frame[["level", "open"]] = level.reindex(frame["cluster"])[["level", "open"]].to_numpy()
    frame["level"] = frame["level"].astype("Int64")
    rows = withheld.indicators[withheld.indicators["indicator"] == "industry_firms"]
    told = release.indicators.reindex(rows.index)["value"].notna()
    pairs = zip(rows["cluster"], rows["industry"], strict=True)
    known = dict(zip(pairs, told, strict=True))
    # Plain objects are read in a tenth of the time that a few Arrow strings take.
    plain = firms.astype(dict.fromkeys(("cluster", "group", "industries"), object))
    parts = dict(tuple(plain.groupby("cluster")))
    hidden = np.zeros((len(frame), len(names)), dtype=bool)
    for at, cluster in enumerate(frame["cluster"]):
        if cluster in parts:
            total = bool(release.clusters["firms"].notna().get(cluster, default=False))
            shown = tell_groups(parts[cluster], known, names, withheld.rules, total=total)
            hidden[at] = ~shown
    frame[names] = frame[names].mask(hidden)
    return frame


def tell_groups(
    firms: pd.DataFrame,
    industries: Mapping[tuple[str, str], bool],
    groups: list[str],
    rules: Rules,
    *,
    total: bool,
) -> Marks:
    """Return of which sector groups the firms of one cluster may be told.

    Parameters
    ----------
    firms
        Firms of one cluster: cluster, group, industries (";"-joined), firms.
    industries
        Cluster and strategic industry to whether its number of firms is told.
    groups
        Sector groups.
    rules
        When a number is too small.
    total
        Whether the number of firms in the cluster is told.

    Returns
    -------
    np.ndarray
        bool: groups of many firms, so that beside all firms and those of the industries told, none
        gives away a group of few or an industry that is withheld.
    """
    cluster = str(firms["cluster"].iloc[0])
    sets = [split_words(claim) for claim in firms["industries"]]
    listed = sorted({industry for claim in sets for industry in claim})
    held = np.array([[float(one in claim) for claim in sets] for one in listed])
    held = held.reshape(len(listed), len(firms))
    own = firms["group"].to_numpy(dtype=object)
    known = np.array([industries.get((cluster, one), False) for one in listed], dtype=bool)
    told = np.vstack([np.ones((int(total), len(firms))), held[known]])
    more = np.array([own == group for group in groups], dtype=float)
    counts = firms["firms"].to_numpy(dtype=np.int64)
    return tell_counts(counts, told, more, held[~known], rules.min_firms)


def _release_gaps(gaps: pd.DataFrame, release: Release, withheld: Withheld) -> pd.DataFrame:
    """Return gaps with the numbers of firms that the indicators tell, or none."""
    frame = gaps.astype({"present": "Int64"})
    rows = release.indicators[release.indicators["indicator"] == "industry_firms"]
    told = rows.set_index(["cluster", "industry"])["value"]
    same = told.reindex(pd.MultiIndex.from_frame(frame[["cluster", "entry"]])).to_numpy(dtype=float)
    present = frame["present"].to_numpy(dtype=float)
    unsaid = (present > 0) & (same != present)
    few = (frame["difference"] == "barred") & (present < withheld.rules.min_firms)
    frame["present"] = frame["present"].mask(unsaid)
    return frame[~few].reset_index(drop=True)


def release_intermediaries(bodies: pd.DataFrame, release: Release, rules: Rules) -> pd.DataFrame:
    """Return support bodies with their numbers of many.

    Parameters
    ----------
    bodies
        The table INTERMEDIARIES.
    release
        The institutes that are told.
    rules
        When a number is too small.

    Returns
    -------
    pd.DataFrame
        The table without numbers of few firms or pairs, nor those that would leave few.
    """
    least = rules.min_firms
    names = ["near_firms", "near_linked", "partners", "joined", *_ROLES]
    frame = bodies[bodies["institute"].isin(release.institutes["institute"])]
    numbers = {name: frame[name].to_numpy(dtype=np.int64) for name in names}
    near, linked, partners = (numbers[name] for name in names[:3])
    share = find_few(linked, least) | find_few(near - linked, least) | find_few(near, least)
    known = find_few(partners, least) | find_few(partners - linked, least)
    frame = frame.astype(dict.fromkeys(names, "Int64"))
    frame["near_firms"] = frame["near_firms"].mask(find_few(near, least))
    frame["near_linked"] = frame["near_linked"].mask(share)
    frame.loc[share, list(_NEAR_SHARE)] = np.nan
    frame["partners"] = frame["partners"].mask(known)
    frame["joined"] = frame["joined"].mask(find_few(partners, least))
    for role in _ROLES:
        frame[role] = frame[role].mask(find_few(numbers[role], least))
    return frame.reset_index(drop=True)


def release_sites(sites: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """Return next sites with their numbers of many.

    Parameters
    ----------
    sites
        The table NEXT_SITES.
    rules
        When a number is too small.

    Returns
    -------
    pd.DataFrame
        The table: from the first turn that adds few firms on, none is told that it adds or leaves;
        nor how many firms there are where few remain.
    """
    names = ["added", "firms_covered", "firms_in_all"]
    frame = sites.astype(dict.fromkeys(names, "Int64"))
    numbers = sites[names].astype("int64")
    few = find_few(numbers["added"].to_numpy(), rules.min_firms).cumsum() > 0
    left = (numbers["firms_in_all"] - numbers["firms_covered"]).to_numpy()
    frame.loc[few, ["added", "firms_covered"]] = pd.NA
    frame["firms_in_all"] = frame["firms_in_all"].mask(
        np.full(len(frame), find_few(left[~few], rules.min_firms).any())
    )
    return frame
