"""Finding: everything that a run learns before anything of it leaves."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from clustermap.errors import TableFault
from clustermap.indicators import compute_indicators
from clustermap.messages import Message
from clustermap.scores import Scored, parse_goalposts, parse_profile, score_clusters
from clustermap.sources.reference import data_root
from clustermap.stages.counting import Network, count_network
from clustermap.stages.ledger import Ledger, Progress
from clustermap.stages.reading import Layers, read_layers

if TYPE_CHECKING:
    import pandas as pd

    from clustermap.project import Project


@dataclass(frozen=True)
class Findings:
    """What a run found.

    Parameters
    ----------
    ledger
        What became of every row.
    layers
        Clean layers, actors in their cells.
    network
        Counts and flows.
    indicators
        The table INDICATORS.
    scored
        Scores, subscores, explanations.
    """

    ledger: Ledger
    layers: Layers
    network: Network
    indicators: pd.DataFrame
    scored: Scored


def _read_named(folder: str, name: str) -> str:
    """Return the text of a file of ours: a profile or goalposts, chosen by its name."""
    files = {path.stem: path for path in sorted((data_root() / folder).glob("*.toml"))}
    if name not in files:
        near = get_close_matches(name, files, n=1)
        raise TableFault(
            "unknown_profile",
            table="score",
            column="profile",
            value=name,
            known=", ".join(near or files),
        )
    return Path(files[name]).read_text(encoding="utf-8")


def _score(project: Project, network: Network, indicators: pd.DataFrame) -> Scored:
    profile = parse_profile(_read_named("profiles", project.score.profile), project.score.profile)
    goalposts = parse_goalposts(_read_named("goalposts", profile.goalposts), profile.goalposts)
    return score_clusters(
        network.counts,
        indicators,
        profile,
        goalposts,
        draws=project.score.draws,
        seed=project.project.seed,
    )


def find(project: Project, *, strict: bool, progress: Progress) -> Findings:
    """Read, count and score a project.

    Parameters
    ----------
    project
        The project file.
    strict
        Whether the first faulty row stops the run.
    progress
        Hears how far it is.

    Returns
    -------
    Findings
        What was found; nothing is written.

    Raises
    ------
    TableFault
        If a table as a whole is at fault.
    """
    ledger = Ledger(project.quality.max_refused, strict)
    layers = read_layers(project, ledger, progress)
    network = count_network(project, layers, ledger, progress)
    indicators = compute_indicators(network.counts)
    progress(Message("step.score"), 0, 1)
    scored = _score(project, network, indicators)
    progress(Message("step.score"), 1, 1)
    return Findings(ledger, layers, network, indicators, scored)
