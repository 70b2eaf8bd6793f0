"""The linkages of a fictional world as tables: drawn positions become identifiers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from clustermap.sources.world.drawing import CHANNEL_KINDS, draw_years
from clustermap.tables import KINDS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clustermap.sources.world.drawing import Pairs, Projects
    from clustermap.sources.world.places import Indices

_KINDS = np.array([*KINDS, ""], dtype=object)  # the last is for the reader to derive


def date_links(
    rng: np.random.Generator, pairs: int, projects: int, *, growing: bool
) -> tuple[Indices, Indices]:
    """Draw the years of links.

    Parameters
    ----------
    rng
        Source of chance.
    pairs
        Number of pairs.
    projects
        Number of projects.
    growing
        Whether those drawn later stand in later years.

    Returns
    -------
    tuple
        Year of every pair and of every project.
    """
    years = draw_years(rng, pairs), draw_years(rng, projects)
    if growing:
        return years
    return rng.permutation(years[0]), rng.permutation(years[1])


def list_pairs(
    rng: np.random.Generator, pairs: Pairs, ids: NDArray[np.object_], years: Indices
) -> pd.DataFrame:
    """Return links between two actors as a table.

    Parameters
    ----------
    rng
        Source of chance, for the order of the rows.
    pairs
        Positions.
    ids
        Identifiers of actors and partners abroad, in the order of the positions.
    years
        Year of every pair.

    Returns
    -------
    pd.DataFrame
        source, target, kind, weight, year.
    """
    order = rng.permutation(len(years))
    return pd.DataFrame(
        {
            "source": ids[pairs.source[order]],
            "target": ids[pairs.target[order]],
            "kind": _KINDS[CHANNEL_KINDS[pairs.channel[order]]],
            "weight": 1.0,
            "year": years[order],
        }
    )


def list_participations(
    rng: np.random.Generator, projects: Projects, ids: NDArray[np.object_], years: Indices
) -> pd.DataFrame:
    """Return participations as a table.

    Parameters
    ----------
    rng
        Source of chance, for the order of the projects.
    projects
        Positions.
    ids
        As for :func:`list_pairs`.
    years
        Year of every project.

    Returns
    -------
    pd.DataFrame
        project, participant, kind ("" where the reader derives it), year.
    """
    rank = rng.permutation(len(years))
    order = np.argsort(rank[projects.project], kind="stable")
    number = projects.project[order]
    names = np.array([f"R{place + 1:07d}" for place in rank], dtype=object)
    return pd.DataFrame(
        {
            "project": names[number],
            "participant": ids[projects.actor[order]],
            "kind": _KINDS[projects.kind[order]],
            "year": years[number],
        }
    )


def count_pairs(participations: pd.DataFrame) -> int:
    """Count the pairs of participants over all projects.

    Parameters
    ----------
    participations
        project, participant.

    Returns
    -------
    int
        Sum of k (k - 1) / 2 over the projects.
    """
    size = participations.groupby("project").size()
    return int((size * (size - 1) // 2).sum())
