"""Scoring: the profile that the project names, applied to what was counted."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from clustermap.errors import TableFault
from clustermap.messages import Message
from clustermap.scores import Scored, parse_goalposts, parse_profile, score_clusters
from clustermap.sources.reference import data_root

if TYPE_CHECKING:
    import pandas as pd

    from clustermap.project import Project
    from clustermap.stages.counting import Network
    from clustermap.stages.ledger import Progress


def _read_named(folder: str, name: str) -> str:
    """Return the text of a file of ours: a profile or goalposts, chosen by its name."""
    files = {path.stem: path for path in sorted((data_root() / folder).glob("*.toml"))}
    if name not in files:
        near = get_close_matches(name, files, n=1)
        raise TableFault(
            "unknown_profile",
            table="score",
            key="profile",
            value=name,
            known=", ".join(near or files),
        )
    return files[name].read_text(encoding="utf-8")


def score_network(
    project: Project, network: Network, indicators: pd.DataFrame, progress: Progress
) -> Scored:
    """Score the clusters as the project's profile says.

    Parameters
    ----------
    project
        The project file.
    network
        What was counted.
    indicators
        The table INDICATORS.
    progress
        Hears how far it is.

    Returns
    -------
    Scored
        Scores, subscores, explanations.

    Raises
    ------
    TableFault
        If there is no such profile, or it is faulty.
    """
    progress(Message("step.score"), 0, 1)
    profile = parse_profile(_read_named("profiles", project.score.profile), project.score.profile)
    goalposts = parse_goalposts(_read_named("goalposts", profile.goalposts), profile.goalposts)
    scored = score_clusters(
        network.counts,
        indicators,
        profile,
        goalposts,
        draws=project.score.draws,
        seed=project.project.seed,
    )
    progress(Message("step.score"), 1, 1)
    return scored
