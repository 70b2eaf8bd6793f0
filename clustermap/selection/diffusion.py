"""Diffusion: which level of programme fits a cluster, and which of its firms to address.

The three levels are those of the OECD (1997), Diffusing Technology to Industry: adopt specific
technologies, raise the capacity to receive, build the capacity to innovate. The four sector groups
are those of Pavitt (1984). The rule for the level and the mapping of divisions to groups are ours.
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from clustermap.selection.conditions import participation_below, research_below
from clustermap.tables import DIFFUSION

if TYPE_CHECKING:
    from collections.abc import Mapping

    from clustermap.selection.conditions import Findings

ADDRESS_FIRST, ADDRESS_SECOND = "specialised_suppliers", "supplier_dominated"
SOURCES = ("scale_intensive", "science_based")
GROUPS = (ADDRESS_FIRST, ADDRESS_SECOND, *SOURCES)
"""Sector groups after Pavitt, in the order in which their firms are addressed."""


def parse_groups(text: str) -> dict[str, str]:
    r"""Return the sector group of each industry division.

    Parameters
    ----------
    text
        A table with the columns division and group, as CSV.

    Returns
    -------
    dict
        First two characters of the industry code to group.

    Raises
    ------
    ValueError
        If a group is none of ``GROUPS``, or a division stands there twice.

    Examples
    --------
    >>> parse_groups("division,group\n29,specialised_suppliers\n")
    {'29': 'specialised_suppliers'}
    """
    groups: dict[str, str] = {}
    for row in csv.DictReader(text.splitlines()):
        division, group = row["division"], row["group"]
        if group not in GROUPS or division in groups:
            raise ValueError(f"division {division}: {group} is no sector group, or it stands twice")
        groups[division] = group
    return groups


def tabulate_diffusion(
    known: Findings, by_sector: pd.DataFrame, groups: Mapping[str, str]
) -> pd.DataFrame:
    """Return the level of diffusion programme of every cluster, and its firms by sector group.

    Level 1 where fewer actors than typical take part, level 2 where as many do and research links
    near by are fewer than typical, level 3 where neither is below typical; none where the data do
    not decide. Specialised suppliers are addressed first, supplier-dominated firms second; the
    others are rather sources of technology.

    Parameters
    ----------
    known
        The tables of a run.
    by_sector
        Firms by industry division: cluster, sector, firms; as in
        :class:`clustermap.network.counts.Counts`.
    groups
        From :func:`parse_groups`.

    Returns
    -------
    pd.DataFrame
        The table DIFFUSION.

    References
    ----------
    OECD (1997). Diffusing technology to industry: government policies and programmes. Paris.
    Pavitt, K. (1984). Sectoral patterns of technical change: towards a taxonomy and a theory.
    Research Policy 13(6), 343-373.
    """
    table = find_level(participation_below(known), research_below(known))
    named = by_sector.assign(group=by_sector["sector"].map(dict(groups)).fillna("ungrouped"))
    firms = named.pivot_table(
        index="cluster", columns="group", values="firms", aggfunc="sum", fill_value=0
    )
    firms = firms.reindex(index=known.clusters, columns=[*GROUPS, "ungrouped"], fill_value=0)
    joined = table.join(firms.astype("int64")).rename_axis("cluster").reset_index()
    return joined[[column.name for column in DIFFUSION.columns]]


def find_level(takes_part_less: pd.DataFrame, researches_less: pd.DataFrame) -> pd.DataFrame:
    """Return the level of diffusion programme that fits.

    Parameters
    ----------
    takes_part_less, researches_less
        Answers of :func:`clustermap.selection.conditions.participation_below` and
        :func:`clustermap.selection.conditions.research_below`.

    Returns
    -------
    pd.DataFrame
        On their index: level (Int64; null where not decided), open.
    """
    less, research = takes_part_less["holds"].to_numpy(), researches_less["holds"].to_numpy()
    level = np.where(less == 1, 1.0, np.where(less == 0, 3.0 - research, np.nan))
    why = np.where(np.isnan(less), takes_part_less["open"], researches_less["open"])
    return pd.DataFrame(
        {
            "level": pd.Series(level, index=takes_part_less.index).astype("Int64"),
            "open": np.where(np.isnan(level), why, ""),
        },
        index=takes_part_less.index,
    )
